/* insight.h - what the parts of the main job share. */
#ifndef CUSTOMER_INSIGHT_H
#define CUSTOMER_INSIGHT_H

#include <kehu/kehu.h>

#include <stdbool.h>
#include <stdio.h>

#define DAY_US INT64_C(86400000000)

/* ---- Options: one for each flag ------------------------------------------ */

typedef struct flags {
    const char *part; /* NULL for the whole job, else "rfm", "classify" or "score" */
    const char *customers, *events, *demands, *vocabulary, *page, *out;
    const char *statuses, *answers; /* what became of demands, Kano's questionnaire */
    const char *machine, *weights, *sentiment, *needs; /* texts that people edit */
    const char *spam;   /* the class of the demands that are held back */
    const char *target; /* column of the customers whose value "yes" is to be foreseen */
    const char *texts, *test; /* --part classify */
    const char *customer, *order, *time, *price, *quantity, *cancelled; /* --part rfm */
    const char *returns;
    int32_t decimals, hold_out, as_of_day;
    bool as_of_given, redact;
    uint32_t n_threads, n_folds;
} flags;

/* ---- Failing: a status and one line, as the library does ------------------ */

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
kehu_status
fail(kehu_error *err, kehu_status status, const char *format, ...);

#define TRY(expr)                                                                        \
    do {                                                                                 \
        const kehu_status try_status = (expr);                                           \
        if (try_status != KEHU_OK)                                                       \
            return try_status;                                                           \
    } while (0)

/* ---- Progress on stderr --------------------------------------------------- */

/* Name the step that begins; its progress is then shown under this name. */
void step(const char *name);
extern const kehu_progress on_stderr;

/* ---- Columns -------------------------------------------------------------- */

/* Text of row i; length 0 when it is missing. UTF8 and LARGE_UTF8 columns only. */
const char *text_at(const kehu_column *c, int64_t i, size_t *size);
bool present(const kehu_column *c, int64_t i);
/* Number of row i of a numeric or date column; NaN when it is missing. */
double number_at(const kehu_column *c, int64_t i);

/* Bytes of the longest start of a text that has at most `most` bytes and does not cut a
 * character. */
size_t whole_characters(const char *text, size_t size, size_t most);

/* Rows picked out of batches of one shape, one after the other. */
typedef struct frame frame;
kehu_status frame_new(frame **out, const kehu_column *shape, int64_t n_columns,
                      kehu_error *err);
kehu_status frame_add(frame *f, const kehu_column *columns, int64_t row, kehu_error *err);
int64_t frame_rows(const frame *f);
/* The columns, good until the next row is added or the frame is freed. */
const kehu_column *frame_columns(frame *f, int64_t *n_columns);
const kehu_column *frame_find(frame *f, const char *name);
void frame_free(frame *f);

/* A column of the texts, taken from pointers: for handing results on. */
typedef struct text_list {
    char *bytes;
    int32_t *offsets;
    int64_t n, room;
    size_t size, bytes_room;
} text_list;
kehu_status text_list_add(text_list *l, const char *text, size_t size, kehu_error *err);
kehu_column text_list_column(const text_list *l, const char *name);
void text_list_free(text_list *l);

/* ---- Sets of names -------------------------------------------------------- */

/* Different texts, numbered in the order they were added. */
typedef struct names names;
names *names_new(void); /* NULL: no memory */
/* The number of a text, adding it if need be; -1: no memory. *added may be NULL. */
int64_t names_add(names *set, const char *text, size_t size, bool *added);
int64_t names_find(const names *set, const char *text, size_t size); /* -1: not there */
int64_t names_count(const names *set);
const char *names_get(const names *set, int64_t i); /* NUL-terminated */
void names_free(names *set);

/* ---- Output: files that appear together at the end, or not at all --------- */

typedef struct outputs outputs;
kehu_status outputs_new(outputs **out, const char *folder, kehu_error *err);
/* A new file of this name (a constant), to be written in full with the functions below.
 */
kehu_status outputs_open(outputs *o, FILE **file, const char *name, kehu_error *err);
/* Path of a folder `name` that takes the place of an older one at the end. */
kehu_status outputs_folder(outputs *o, const char **path, const char *name,
                           kehu_error *err);
/* Give all files their names. */
kehu_status outputs_publish(outputs *o, kehu_error *err);
/* What has not been published is removed. */
void outputs_free(outputs *o);

/* A new file of this name that holds a table as CSV. */
kehu_status outputs_table(outputs *o, const kehu_table *table, const char *name,
                          kehu_error *err);

/* Values of a CSV row; the first of a row has first = true. */
void csv_text(FILE *f, bool first, const char *text, size_t size);
void csv_name(FILE *f, bool first, const char *text);
void csv_count(FILE *f, bool first, int64_t n);
void csv_real(FILE *f, bool first, double x, int decimals);
void csv_money(FILE *f, bool first, int64_t minor_units, int decimals);
void csv_end(FILE *f);

/* The day that holds a moment in microseconds, UTC. */
int32_t day_of(int64_t time_us);

/* A day since 1970 as 2025-03-09, and back (false: not a date). */
void day_text(char out[16], int32_t day);
bool day_read(int32_t *day, const char *text);

/* JSON text in quotes. '<' is escaped too, so that it may stand inside a page. */
void json_text(FILE *f, const char *text, size_t size);

#endif
