/* kehu/rfm.h - recency / frequency / monetary segmentation.
 *
 * Three steps, each usable alone: transactions -> one row per customer (base),
 * customers -> cut points (rfm), cut points -> grades and reasons.
 *
 *     kehu_rfm_base *base = NULL;
 *     kehu_rfm *rfm = NULL;
 *     kehu_rfm_columns customers;
 *     kehu_column keys;
 *     kehu_error err;
 *     if (kehu_rfm_base_new(&base, as_of_day, NULL, &err) != KEHU_OK ||
 *         kehu_rfm_base_add(base, &batch, &err) != KEHU_OK ||
 *         kehu_rfm_base_finish(base, &customers, &keys, &err) != KEHU_OK ||
 *         kehu_rfm_fit(&rfm, &customers, NULL, &err) != KEHU_OK ||
 *         kehu_rfm_grade(rfm, &customers, grades, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_rfm_free(rfm);
 *     kehu_rfm_base_free(base);
 *
 * Money is int64 minor units (cents) of one currency and every sum is an
 * integer, so the order of the rows, the way they are cut into batches or
 * partitions and the number of threads never change a digit. A day is an int32
 * number of days since 1970-01-01. Segment names: kehu/segment.h.
 *
 * Method: Hughes, "Strategic Database Marketing", 1994, with value edges: equal
 * values always share a grade. */
#ifndef KEHU_RFM_H
#define KEHU_RFM_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Transactions to customers ------------------------------------------ */

/* Running aggregates per customer. Mutable: one thread at a time. */
typedef struct kehu_rfm_base kehu_rfm_base;

/* What a return is worth. A row is a return when its amount is negative or its
 * `returned` value is not zero. */
typedef enum kehu_rfm_returns {
    KEHU_RFM_RETURNS_NET = 0, /* lowers spend; is no order, sets no recency; who only
                                 returned is left out */
    KEHU_RFM_RETURNS_COUNT,   /* a row like any other: order, recency and spend */
    KEHU_RFM_RETURNS_DROP     /* as if the row were not there */
} kehu_rfm_returns;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_rfm_base_options {
    uint32_t size;                 /* sizeof(kehu_rfm_base_options) */
    uint32_t returns;              /* a kehu_rfm_returns; default NET */
    int32_t from_day;              /* first day that counts; 0 means no limit */
    int32_t to_day;                /* last day that counts, at most as_of_day. 0 means
                                      as_of_day, and then a later row is an error */
    int32_t day_offset_minutes;    /* a day of a TIMESTAMP starts this much before 0:00
                                      UTC: 480 for China; -1440..1440, default 0 */
    uint32_t n_threads;            /* 0 means 1; above 256 is 256 */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_rfm_base_options;

/* One batch of transactions: columns of equal length, borrowed for the call.
 * Optional ones may be NULL; customer and order keep their kind (integer or
 * text) and their presence over all batches of a base. */
typedef struct kehu_rfm_batch {
    const kehu_column *customer; /* any integer but UINT64, or text; a missing or
                                    empty one: the row is skipped and counted */
    const kehu_column *time;     /* DATE32 or TIMESTAMP */
    const kehu_column *amount;   /* integers: minor units */
    const kehu_column *order;    /* integers but UINT64, or text; a customer's equal
                                    ids are one order, a missing id is an order by
                                    itself. NULL: each row is an order */
    const kehu_column *returned; /* BOOL or integers, not 0 = a return; or NULL */
    const kehu_column *currency; /* text; must be the same in all rows used; or NULL */
} kehu_rfm_batch;

/* Rows and customers seen so far. */
typedef struct kehu_rfm_base_counts {
    int64_t rows;          /* all rows added */
    int64_t no_customer;   /* skipped: customer missing */
    int64_t before, after; /* skipped: earlier than from_day, later than to_day */
    int64_t returns;       /* returns inside the window, dropped or not */
    int64_t customers;     /* customers finish() will give */
    int64_t only_returned; /* customers it leaves out (RETURNS_NET) */
} kehu_rfm_base_counts;

/* Customers as three parallel columns, borrowed for the call only. */
typedef struct kehu_rfm_columns {
    int64_t n;                   /* number of customers, >= 0 */
    const int64_t *recency_days; /* [n] whole days since the last purchase, >= 0 */
    const int64_t *orders;       /* [n] purchases, >= 0 */
    const int64_t *spend;        /* [n] money in minor units, may be < 0 */
} kehu_rfm_columns;

/* An empty base. as_of_day is "today": recency counts from it.
 * Fails with KEHU_ARGUMENT (option out of range, to_day after as_of_day or
 * before from_day), KEHU_VERSION, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_rfm_base_new(kehu_rfm_base **out, int32_t as_of_day,
                  const kehu_rfm_base_options *options, kehu_error *err);

/* Add transactions, any number of times, in any order.
 *
 * Fails with KEHU_ARGUMENT or KEHU_COLUMN (a column missing, of another type,
 * length or kind than before), KEHU_DATA (time or amount missing, currencies
 * mixed), KEHU_RANGE (a row later than as_of_day while to_day is not set):
 * err->where is the row, and the base is as before. After KEHU_NO_MEMORY or
 * KEHU_CANCELLED some rows may be in: the base then answers KEHU_POISONED to
 * everything but free.
 * Cost: O(rows); keeps 48 to 80 bytes a customer (text keys 32 to 48 more, and
 * their bytes when there are more than 28), 40 to 60 an order where there is an
 * order column; 16 bytes of scratch a row (70 MB at most), 48 with text keys (210 MB).
 * Same result for any n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_add(kehu_rfm_base *base,
                                                       const kehu_rfm_batch *batch,
                                                       kehu_error *err);

/* Add all of another base of the same settings (days, window, offset, returns)
 * and kinds of columns. Orders seen by both count once.
 * Fails with KEHU_ARGUMENT (other settings), KEHU_DATA (other currency),
 * KEHU_LIMIT (2^63 rows or more in all),
 * KEHU_NO_MEMORY (base is then poisoned). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_merge(kehu_rfm_base *base,
                                                         const kehu_rfm_base *other,
                                                         kehu_error *err);

/* The customers, ascending by key (text by bytes), each once.
 *
 * columns  receives arrays that live until the base changes or is freed
 * keys     the same for the keys: INT64 or LARGE_UTF8. NULL if not wanted
 *
 * May be called again after more rows.
 * Fails with KEHU_EMPTY (no purchase in the window), KEHU_RANGE (a customer's
 * spend does not fit 64 bits: err->where is the row), KEHU_NO_MEMORY.
 * Cost: O(customers) for integer keys, O(n log n) at worst for text; 32 bytes a
 * customer kept, 24 more while it works. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_finish(kehu_rfm_base *base,
                                                          kehu_rfm_columns *columns,
                                                          kehu_column *keys,
                                                          kehu_error *err);

/* What has been counted so far. base and out are not NULL. */
KEHU_API void kehu_rfm_base_get_counts(const kehu_rfm_base *base,
                                       kehu_rfm_base_counts *out);

/* Keep a base as a file (kind "RFB1") and get it back, to add or merge further.
 * The bytes depend on the rows added alone, not on their order or partition.
 * alloc NULL means the C library; a read base works with one thread. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_save(const kehu_rfm_base *base,
                                                        const char *path,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_write(const kehu_rfm_base *base,
                                                         const kehu_writer *writer,
                                                         kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_load(kehu_rfm_base **out,
                                                        const char *path,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_base_read(kehu_rfm_base **out,
                                                        const void *bytes, size_t size,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);

/* Release a base. NULL is allowed. */
KEHU_API void kehu_rfm_base_free(kehu_rfm_base *base);

/* ---- Cut points --------------------------------------------------------- */

/* Cut points of three columns. Immutable: every function taking `const kehu_rfm
 * *` may be called from many threads at once without locks. */
typedef struct kehu_rfm kehu_rfm;

enum { KEHU_RFM_MAX_LEVELS = 10 };

typedef enum kehu_rfm_column {
    KEHU_RFM_RECENCY = 0,
    KEHU_RFM_ORDERS = 1,
    KEHU_RFM_SPEND = 2
} kehu_rfm_column;

/* Where the edges of a column with n sorted values lie, k = 1..levels-1. The
 * step of a value is the number of edges strictly below it. */
typedef enum kehu_rfm_rule {
    KEHU_RFM_NEAREST_RANK = 0, /* the value at rank ceil(k n / levels) */
    KEHU_RFM_INTERPOLATED,     /* quantile k/levels of type 7 (Hyndman and Fan 1996) */
    KEHU_RFM_INTERPOLATED_PLUS_ONE, /* that quantile plus one unit, and a value equal
                                       to the edge is already above it: what the R
                                       package rfm does */
    KEHU_RFM_EQUAL_WIDTH            /* least + k (most - least) / levels */
} kehu_rfm_rule;

/* Edges of your own: values of the three columns, rising or equal, 1..9 of them.
 * A count of 0 leaves that column to the rule. */
typedef struct kehu_rfm_edges {
    const int64_t *recency_days, *orders, *spend;
    uint32_t n_recency_days, n_orders, n_spend;
} kehu_rfm_edges;

typedef struct kehu_rfm_options {
    uint32_t size;                 /* sizeof(kehu_rfm_options) */
    uint32_t rule;                 /* a kehu_rfm_rule; default NEAREST_RANK */
    uint32_t recency_levels;       /* grades, 2..10; 0 means 5, or edges + 1 */
    uint32_t orders_levels;        /* the same */
    uint32_t spend_levels;         /* the same */
    uint32_t n_threads;            /* 0 means 1. More than 3 bring nothing */
    const kehu_rfm_edges *edges;   /* NULL: all by the rule */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_rfm_options;

/* Find the cut points of a customer base.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_rfm_free()
 * columns  one customer or more; not kept. May be NULL when all edges are given
 * options  NULL for all defaults
 *
 * Fewer distinct values than grades is no error: edges then coincide and some
 * grades stay empty (kehu_rfm_cuts.count).
 * Fails with KEHU_ARGUMENT (option out of range; edges that fall: err->where is
 * the index), KEHU_EMPTY (no customers), KEHU_DATA (negative recency or orders:
 * err->where is the row), KEHU_VERSION, KEHU_NO_MEMORY.
 * Time O(n), peak extra memory 40 KB and at worst 16 n bytes a thread. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_fit(kehu_rfm **out,
                                                  const kehu_rfm_columns *columns,
                                                  const kehu_rfm_options *options,
                                                  kehu_error *err);

/* Grade customers, of this base or of a later one: grades[3 * i + 0..2] is the
 * R, F and M grade of customer i, 1 (worst) to levels (best). F and M: 1 + step;
 * R: levels - step, as few days are good. Allocates nothing.
 * Fails with KEHU_ARGUMENT or KEHU_DATA; grades is then unspecified. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_grade(const kehu_rfm *rfm,
                                                    const kehu_rfm_columns *columns,
                                                    uint8_t *grades, kehu_error *err);

/* The cut points of one column and how the fitted base fell into them. */
typedef struct kehu_rfm_cuts {
    uint32_t levels;                          /* grades */
    uint32_t rule;                            /* a kehu_rfm_rule */
    uint32_t given;                           /* 1: the edges were the caller's */
    uint32_t n_used;                          /* grades that hold a customer */
    double edge[KEHU_RFM_MAX_LEVELS - 1];     /* [levels - 1] the edge as the rule
                                                 gives it, in the column's unit */
    int64_t at_most[KEHU_RFM_MAX_LEVELS - 1]; /* [levels - 1] largest whole value
                                                 that is not above the edge */
    int64_t count[KEHU_RFM_MAX_LEVELS];       /* [levels] customers with grade 1.. */
    int64_t n;                                /* customers fitted on */
    int64_t least, most;                      /* their values; 0 when n is 0 */
} kehu_rfm_cuts;
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_get_cuts(const kehu_rfm *rfm,
                                                       kehu_rfm_column column,
                                                       kehu_rfm_cuts *out,
                                                       kehu_error *err);

/* Why one customer has these grades: for each column the value, the grade and
 * the edges around it, above < value <= at_most. INT64_MIN and INT64_MAX stand
 * for no edge. */
typedef struct kehu_rfm_reason {
    int64_t value[3];
    int64_t above[3];
    int64_t at_most[3];
    uint8_t grade[3];
} kehu_rfm_reason;
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_explain(const kehu_rfm *rfm,
                                                      int64_t recency_days,
                                                      int64_t orders, int64_t spend,
                                                      kehu_rfm_reason *out,
                                                      kehu_error *err);

/* How far a later base has moved against the cuts: customers per grade, and the
 * population stability index sum((q - p) ln(q / p)) of each column, shares
 * smoothed by half a customer a grade. Custom: below 0.1 stable, above 0.25
 * fit anew. Fails as kehu_rfm_grade, and with KEHU_EMPTY when either base has
 * no customers. */
typedef struct kehu_rfm_drift {
    int64_t n;
    int64_t count[3][KEHU_RFM_MAX_LEVELS];
    double psi[3];
} kehu_rfm_drift;
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_get_drift(const kehu_rfm *rfm,
                                                        const kehu_rfm_columns *columns,
                                                        kehu_rfm_drift *out,
                                                        kehu_error *err);

/* Cut points as a file, kind "RFM1". alloc NULL means the C library. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_save(const kehu_rfm *rfm, const char *path,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_write(const kehu_rfm *rfm,
                                                    const kehu_writer *writer,
                                                    kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_load(kehu_rfm **out, const char *path,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_rfm_read(kehu_rfm **out, const void *bytes,
                                                   size_t size,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_rfm_free(kehu_rfm *rfm);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_RFM_H */
