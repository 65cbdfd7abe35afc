/* kehu/demand.h - customers' demands from intake to solution: what came in, where it
 * stands, how long replies and solutions took, what is late, who had to ask again.
 *
 * Rows of a log go in, in batches; each says that a demand entered a status. The
 * rows of a demand are put in order and followed through a machine of statuses;
 * rows the machine does not allow are refused one by one, with the reason. Reports
 * are tables as of a moment.
 *
 *     kehu_demands *demands = NULL;
 *     kehu_table *late = NULL;
 *     kehu_error err;
 *     if (kehu_demands_new(&demands, NULL, &err) != KEHU_OK ||
 *         kehu_demands_add(demands, &batch, &err) != KEHU_OK ||
 *         kehu_demands_finish(demands, as_of, NULL, &err) != KEHU_OK ||
 *         kehu_demands_get_table(&late, demands, KEHU_DEMAND_OVERDUE, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(late);
 *     kehu_demands_free(demands);
 *
 * Everything is whole numbers: how rows are cut into batches and the number of
 * threads never change a digit, nor does their order as long as the times of a
 * demand differ. Times are microseconds since 1970 UTC. */
#ifndef KEHU_DEMAND_H
#define KEHU_DEMAND_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The machine of statuses -------------------------------------------- */

/* Which status may follow which. A machine is UTF-8 text, one status a line:
 *
 *     # status: marks -> statuses that may follow
 *     new: open -> assigned, answered, solved, closed
 *     assigned: open -> assigned, answered, solved, closed
 *     answered: open, replied -> assigned, answered, solved, closed
 *     solved: replied, solved -> closed, reopened
 *     closed: final -> reopened
 *     reopened: open -> assigned, answered, solved, closed
 *
 * (this one is the default). The first is the intake, with which every demand
 * begins. Marks, none or several:
 *
 *     open     work is left: the demand ages and can be late
 *     replied  entering it is a reply to the customer
 *     solved   entering it solves the demand, until an open status is entered
 *     final    a demand may stay there for good
 *
 * Every status must be reachable from the first, and from every one a final status
 * must be reachable. Names go up to the colon (: or ：); lists are cut by , or ，;
 * blank lines and lines that start with # are skipped. Immutable: threads may share
 * it. */
typedef struct kehu_demand_machine kehu_demand_machine;

enum {
    KEHU_DEMAND_MAX_STATUSES = 64,
    KEHU_DEMAND_OPEN = 1, /* bits of kehu_demand_machine_get_marks */
    KEHU_DEMAND_REPLIED = 2,
    KEHU_DEMAND_SOLVED = 4,
    KEHU_DEMAND_FINAL = 8
};

/* Text of the default machine, to start from. */
KEHU_API const char *kehu_demand_machine_builtin(void);

/* Parse a machine: size bytes of text, or the file at path. A byte order mark is
 * skipped.
 * Fails with KEHU_FORMAT (a bad line, an unknown mark or status, a status that is
 * never reached or cannot reach a final one: err->where is the line, 0-based, and
 * the message counts from 1), KEHU_ENCODING, KEHU_DUPLICATE (a status twice: the
 * same), KEHU_EMPTY (no status), KEHU_LIMIT (above 64 statuses or 1 MiB),
 * KEHU_NO_MEMORY, and when loading KEHU_NOT_FOUND, KEHU_IO. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demand_machine_read(kehu_demand_machine **out,
                                                              const void *bytes,
                                                              size_t size,
                                                              const kehu_allocator *alloc,
                                                              kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demand_machine_load(kehu_demand_machine **out,
                                                              const char *path,
                                                              const kehu_allocator *alloc,
                                                              kehu_error *err);

/* The text as it was read. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demand_machine_save(
    const kehu_demand_machine *machine, const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demand_machine_write(
    const kehu_demand_machine *machine, const kehu_writer *writer, kehu_error *err);

/* Number of statuses, and of status 0..count-1 in the order of the text its name
 * (NULL outside; borrowed), its marks (0 outside) and whether `to` may follow it. */
KEHU_API int32_t kehu_demand_machine_count(const kehu_demand_machine *machine);
KEHU_API const char *kehu_demand_machine_get_name(const kehu_demand_machine *machine,
                                                  int32_t status);
KEHU_API uint32_t kehu_demand_machine_get_marks(const kehu_demand_machine *machine,
                                                int32_t status);
KEHU_API int32_t kehu_demand_machine_allows(const kehu_demand_machine *machine,
                                            int32_t from, int32_t to);

/* Release a machine. NULL is allowed. */
KEHU_API void kehu_demand_machine_free(kehu_demand_machine *machine);

/* ---- Intake and tracking ------------------------------------------------ */

/* The rows of a log and what they amount to. Mutable: one thread at a time. */
typedef struct kehu_demands kehu_demands;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_demands_options {
    uint32_t size;                      /* sizeof(kehu_demands_options) */
    uint32_t n_threads;                 /* for finish; 1..256; 0 means 1 */
    int32_t day_offset_minutes;         /* a day starts this much before 0:00 UTC: 480
                                           for China; -1440..1440, default 0 */
    uint32_t reserved;                  /* 0 */
    const kehu_demand_machine *machine; /* copied; NULL means the default */
    const kehu_executor *executor;      /* instead of n_threads; NULL means none */
    const kehu_progress *progress;      /* NULL means none */
    const kehu_allocator *alloc;        /* NULL means the C library */
} kehu_demands_options;

/* One batch of rows: columns of equal length, borrowed for the call. demand and
 * customer keep their kind (integer or text) over all batches. Customer, channel
 * and class are those of a demand's intake row and looked at in rows of the first
 * status alone, which all count towards the limits of add; a missing channel or class
 * is the empty name. */
typedef struct kehu_demand_batch {
    const kehu_column *demand;   /* any integer but UINT64, or text; a missing or empty
                                    one: the row is refused */
    const kehu_column *time;     /* TIMESTAMP, or DATE32: its start; missing, or
                                    not of the years 1 to 9999: refused */
    const kehu_column *status;   /* text: what the demand entered */
    const kehu_column *customer; /* as demand; may be missing, or NULL */
    const kehu_column *channel;  /* text, such as hotline, web or hall; or NULL */
    const kehu_column *class_of; /* text: what the demand is about; or NULL */
} kehu_demand_batch;

/* An empty log. Fails with KEHU_ARGUMENT, KEHU_VERSION, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_new(kehu_demands **out,
                                                      const kehu_demands_options *options,
                                                      kehu_error *err);

/* Add rows, any number of times. Rows of one demand may come in any order; those of
 * one moment are taken in the order in which they were added.
 *
 * Fails with KEHU_ARGUMENT or KEHU_COLUMN (a column missing, of another type, length
 * or kind than before): the log is as before. KEHU_LIMIT (2^32 rows, 1024 channels,
 * 4096 classes, an id above 1 MiB) and KEHU_NO_MEMORY leave some rows in: the log then
 * answers KEHU_POISONED to everything but free.
 * Cost: O(rows); keeps 24 bytes a row, 16 more if it is an intake, and the texts of ids
 * that are texts. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_add(kehu_demands *demands,
                                                      const kehu_demand_batch *batch,
                                                      kehu_error *err);

/* Add all of another log of the same machine and kinds, as if its rows had been added
 * now. Fails with KEHU_ARGUMENT (another machine or kind), and as add. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_merge(kehu_demands *demands,
                                                        const kehu_demands *other,
                                                        kehu_error *err);

typedef enum kehu_demand_period {
    KEHU_DEMAND_DAY = 0,
    KEHU_DEMAND_WEEK, /* from Monday on */
    KEHU_DEMAND_MONTH
} kehu_demand_period;

typedef struct kehu_demand_report_options {
    uint32_t size;               /* sizeof(kehu_demand_report_options) */
    uint32_t period;             /* a kehu_demand_period; default DAY */
    uint32_t reply_within_hours; /* service level of the first reply; 0 means 24 */
    uint32_t solve_within_hours; /* service level of the solution; 0 means 72 */
    uint32_t repeat_within_days; /* a demand repeats one of the same customer and class
                                    that came in at most this long before; 0 means 30 */
} kehu_demand_report_options;

/* Follow every demand up to `as_of`; later rows are left for a later call. May be
 * called again, after more rows or for another moment.
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY, KEHU_CANCELLED; tables are then not to be
 * had. Cost: O(rows); 48 bytes a demand kept. Same result for any n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_demands_finish(kehu_demands *demands, int64_t as_of,
                    const kehu_demand_report_options *options, kehu_error *err);

/* What finish found. */
typedef struct kehu_demand_counts {
    int64_t rows;      /* all rows added */
    int64_t later;     /* rows after as_of */
    int64_t refused;   /* rows refused, see KEHU_DEMAND_REFUSED */
    int64_t demands;   /* demands taken in */
    int64_t open;      /* of these in a status marked open */
    int64_t customers; /* different customers of these */
    int64_t repeats;   /* demands that repeat an earlier one */
} kehu_demand_counts;

/* Fails with KEHU_ARGUMENT (finish has not been called since the last add),
 * KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_get_counts(kehu_demands *demands,
                                                             kehu_demand_counts *out,
                                                             kehu_error *err);

/* The reports. Columns demand and customer are INT64 or LARGE_UTF8 as they came in;
 * channel, class and status are text; what ends in _s is whole seconds, rounded down;
 * all counts are INT64. Channels and classes are sorted by the bytes of their names.
 *
 *   COUNTS     period (DATE32, its first day, of the intake), channel, class, status,
 *              demands: one row a combination that occurs, in the order of the columns,
 *              statuses as in the machine
 *   TIMES      channel, class, demands, open,
 *              replied, reply_median_s, reply_p90_s, reply_judged, reply_within,
 *              solved, solve_median_s, solve_p90_s, solve_judged, solve_within:
 *              one row for all, then one a channel, one a class, one a pair; a missing
 *              channel or class stands for all. Times run from the intake to the first
 *              reply, and to the solution that holds at as_of. Quantiles are nearest
 *              ranks: the value at rank ceil(n / 2), ceil(9 n / 10); missing when n is
 *              0. A demand is judged once it is replied to (solved) or its time is up;
 *              within: in time
 *   AGEING     demand, customer, channel, class, status, taken_in (TIMESTAMP), age_s:
 *              the open demands, the oldest first, those of one moment by their ids
 *   OVERDUE    the same and late_s, the seconds beyond the service level of the reply
 *              (when there is none yet) or of the solution, the larger: the open demands
 *              that are late, the latest first, equally late ones by their ids
 *   CLASSES    class, demands, open, customers, repeats: one row a class
 *   CUSTOMERS  customer, demands, open, repeats: one row a customer, ascending
 *   REFUSED    row (counted from 0 over all batches), demand, status, after, reason:
 *              rows refused, ascending. status is missing where it is unknown, after is
 *              the status the demand was in. Reasons: "no demand", "no time",
 *              "unknown status", "before the intake", "not allowed" (by the machine) */
typedef enum kehu_demand_table {
    KEHU_DEMAND_COUNTS = 0,
    KEHU_DEMAND_TIMES,
    KEHU_DEMAND_AGEING,
    KEHU_DEMAND_OVERDUE,
    KEHU_DEMAND_CLASSES,
    KEHU_DEMAND_CUSTOMERS,
    KEHU_DEMAND_REFUSED
} kehu_demand_table;

/* Make a report, the caller's to free. A report without rows has its columns.
 * Fails with KEHU_ARGUMENT (no such report; finish has not been called since the last
 * add), KEHU_NO_MEMORY. Cost: O(demands), REFUSED O(rows); lists O(n log n) at most.
 * TIMES needs 104 bytes a pair of a channel and a class, whether it occurs or not: 440 MB
 * at 1024 channels and 4096 classes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_get_table(kehu_table **out,
                                                            kehu_demands *demands,
                                                            kehu_demand_table report,
                                                            kehu_error *err);

/* Keep a log in a file and get it back, to add, merge or finish further: its rows, names
 * and machine, not what finish made. A log that was read works with one thread and
 * without a listener; merge it into a new one for others. Equal adds give equal bytes.
 * Save and write fail with KEHU_POISONED, KEHU_NO_MEMORY, KEHU_LIMIT (above 4 GiB),
 * KEHU_IO, KEHU_CANCELLED (by the writer); load and read with KEHU_NOT_FOUND, KEHU_IO,
 * KEHU_FORMAT, KEHU_VERSION, KEHU_KIND, KEHU_NO_MEMORY.
 * Cost: 13 bytes a row, 8 a demand, and the ids, in memory twice while written, and 16
 * bytes a row and some 40 a demand besides. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_save(const kehu_demands *demands,
                                                       const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_write(const kehu_demands *demands,
                                                        const kehu_writer *writer,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_load(kehu_demands **out,
                                                       const char *path,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_demands_read(kehu_demands **out,
                                                       const void *bytes, size_t size,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);

/* Release a log. NULL is allowed. */
KEHU_API void kehu_demands_free(kehu_demands *demands);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_DEMAND_H */
