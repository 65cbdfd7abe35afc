/* kehu/clv.h - repurchase and customer lifetime value.
 *
 * Transactions become one summary row a customer; a model of buying and leaving
 * is fitted to the rows; then every customer has a probability of being alive,
 * expected purchases, and, with a model of spend, a value.
 *
 *     kehu_clv *buys = NULL, *spends = NULL;
 *     const kehu_clv_options spend = {.size = sizeof spend, .model = KEHU_GAMMA_GAMMA};
 *     if (kehu_clv_fit(&buys, &rows, NULL, &err) != KEHU_OK ||
 *         kehu_clv_fit(&spends, &rows, &spend, &err) != KEHU_OK ||
 *         kehu_clv_alive(buys, &rows, alive, &err) != KEHU_OK ||
 *         kehu_clv_value(buys, spends, &rows, 52, 0.002, value, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_clv_free(spends);
 *     kehu_clv_free(buys);
 *
 * Results are never NaN and never negative. Numbers are the same bits for any
 * number of threads. */
#ifndef KEHU_CLV_H
#define KEHU_CLV_H

#include <kehu/rfm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Transactions to summaries ------------------------------------------ */

/* Purchases of an observation period, being collected. Mutable: one thread at a
 * time. */
typedef struct kehu_clv_base kehu_clv_base;

typedef struct kehu_clv_base_options {
    uint32_t size;               /* sizeof(kehu_clv_base_options) */
    int32_t day_offset_minutes;  /* as in kehu_rfm_base_options */
    double period_days;          /* days in a unit of time, above 0; 0 means 7 */
    const kehu_allocator *alloc; /* NULL means the C library */
} kehu_clv_base_options;

/* One row a customer, borrowed for the call. Times are in any one unit. BG/BB
 * counts opportunities instead: `recency` is the number of the last one taken
 * (0 = none) and `age` how many there were. */
typedef struct kehu_clv_columns {
    int64_t n;
    const double *frequency; /* [n] repeat purchases, whole, 0..2^31; the first
                                purchase is not counted */
    const double *recency;   /* [n] from the first purchase to the last one, 0 when
                                frequency is 0 */
    const double *age;       /* [n] from the first purchase to the end of observation,
                                at least recency */
    const double *spend;     /* [n] mean money of a repeat purchase, in minor units; may
                                be NULL where no spend is asked for */
    const double *weight;    /* [n] customers a row stands for, above 0, when fitting;
                                NULL means 1 each */
} kehu_clv_columns;

/* A base observed up to and including end_day. Purchases of one customer on one
 * day are one purchase, and later days are skipped.
 * Fails with KEHU_ARGUMENT, KEHU_VERSION, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_clv_base_new(kehu_clv_base **out, int32_t end_day,
                  const kehu_clv_base_options *options, kehu_error *err);

/* Add purchases, any number of times, in any order. Only customer, time and
 * amount are read. A missing customer is skipped; returns (negative amounts)
 * lower the money of their day, and a day of returns alone is no purchase.
 * Fails as kehu_rfm_base_add but for future days. Keeps 16 bytes a row. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_base_add(kehu_clv_base *base,
                                                       const kehu_rfm_batch *batch,
                                                       kehu_error *err);

/* The rows, ascending by key (text by bytes); keys may be NULL. Both live until
 * the base changes or is freed. Spend leaves out the first purchase and is 0 for
 * customers without a repeat.
 * Fails with KEHU_EMPTY (no purchase), KEHU_NO_MEMORY. O(rows). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_base_finish(kehu_clv_base *base,
                                                          kehu_clv_columns *columns,
                                                          kehu_column *keys,
                                                          kehu_error *err);

/* Release a base. NULL is allowed. */
KEHU_API void kehu_clv_base_free(kehu_clv_base *base);

/* ---- Models ------------------------------------------------------------- */

/* A fitted model. Immutable: shareable between threads without locks. */
typedef struct kehu_clv kehu_clv;

/* Parameters in the order of kehu_clv_fit_report. */
typedef enum kehu_clv_model {
    KEHU_BG_NBD = 0, /* r, alpha, a, b: leaves after a repeat purchase (Fader, Hardie
                        and Lee 2005, Marketing Science 24) */
    KEHU_MBG_NBD,    /* r, alpha, a, b: may leave after the first purchase too
                        (Batislam, Denizel and Filiztekin 2007) */
    KEHU_PARETO_NBD, /* r, alpha, s, beta: leaves at any time (Schmittlein, Morrison
                        and Colombo 1987) */
    KEHU_BG_BB,      /* alpha, beta, gamma, delta: one opportunity a period (Fader,
                        Hardie and Shang 2010) */
    KEHU_GAMMA_GAMMA /* p, q, v: money of a purchase (Fader and Hardie 2013) */
} kehu_clv_model;

enum { KEHU_CLV_MAX_PARAMETERS = 4 };

typedef struct kehu_clv_options {
    uint32_t size;                 /* sizeof(kehu_clv_options) */
    uint32_t model;                /* a kehu_clv_model; default BG/NBD */
    uint32_t max_iterations;       /* 0 means 500 */
    uint32_t n_threads;            /* 0 means 1; above 256 is 256 */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_clv_options;

/* Maximum likelihood.
 *
 * Gamma-Gamma uses the rows with a repeat purchase and spend above 0, and counts
 * the others (kehu_clv_fit_report.n_left_out). Equal rows are grouped first.
 * Fails with KEHU_ARGUMENT (option, column NULL), KEHU_EMPTY (fewer than two
 * customers it can use), KEHU_DATA (a bad row: err->where is it; or data that
 * cannot support the model: no repeat purchase, or a likelihood that keeps
 * rising as a parameter runs off: the message names it), KEHU_CANCELLED,
 * KEHU_VERSION, KEHU_NO_MEMORY.
 * Cost: O(n) to group, then O(different rows) an iteration; 64 n bytes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_fit(kehu_clv **out,
                                                  const kehu_clv_columns *columns,
                                                  const kehu_clv_options *options,
                                                  kehu_error *err);

/* A model of parameters known from elsewhere: n of them, above 0.
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_clv_from_parameters(kehu_clv **out, kehu_clv_model model, const double *parameters,
                         size_t n, const kehu_allocator *alloc, kehu_error *err);

/* What a fit found. Standard errors are from the observed information; 0 for a
 * model that was not fitted. */
typedef struct kehu_clv_fit_report {
    uint32_t model;        /* a kehu_clv_model */
    uint32_t n_parameters; /* 3 or 4 */
    const char *name[KEHU_CLV_MAX_PARAMETERS];
    double parameter[KEHU_CLV_MAX_PARAMETERS];
    double standard_error[KEHU_CLV_MAX_PARAMETERS];
    double log_likelihood;
    double n;           /* customers, weights summed */
    double n_left_out;  /* customers Gamma-Gamma could not use */
    int64_t n_groups;   /* different rows */
    int32_t iterations; /* 0 when not fitted */
    double gradient;    /* largest slope of the mean log-likelihood in log parameters */
} kehu_clv_fit_report;
KEHU_API void kehu_clv_get_fit(const kehu_clv *clv, kehu_clv_fit_report *out);

/* ---- Customers ---------------------------------------------------------- */

/* Each fills one number a row and fails with KEHU_ARGUMENT (another kind of
 * model, NULL) or KEHU_DATA (a bad row: err->where); value also with KEHU_NO_MEMORY.
 * O(n); value allocates up to 32 bytes a row, 8 MiB at most, the others nothing.
 *
 * alive     probability that the customer is still one at the end of observation
 * purchases expected purchases in the time `horizon` after it (BG/BB: that many
 *           opportunities, rounded down)
 * waiting   time until the next purchase that half of such customers, being
 *           alive, stay under (the mean is infinite for many)
 * spend     expected money of a purchase (Gamma-Gamma). KEHU_DATA when q is too
 *           small for a finite mean
 * value     expected money in `horizon` whole periods after the observation, each
 *           period's discounted by (1 + discount)^-k, k = 1.. . A horizon below one
 *           gives 0; at most 10,000. Costs some ten purchases() a row, not one a
 *           period (BG/BB: O(horizon)); errors stay below 1e-8 of the value */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_alive(const kehu_clv *clv,
                                                    const kehu_clv_columns *columns,
                                                    double *alive, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_purchases(const kehu_clv *clv,
                                                        const kehu_clv_columns *columns,
                                                        double horizon, double *purchases,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_waiting(const kehu_clv *clv,
                                                      const kehu_clv_columns *columns,
                                                      double *waiting, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_spend(const kehu_clv *spends,
                                                    const kehu_clv_columns *columns,
                                                    double *spend, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_value(const kehu_clv *clv,
                                                    const kehu_clv *spends,
                                                    const kehu_clv_columns *columns,
                                                    double horizon, double discount,
                                                    double *value, kehu_error *err);

/* How far the value may be off because the fits rest on so many customers and no
 * more: low[i] and high[i] lie `deviations` standard errors of ln value (delta
 * method; the two fits taken as independent) on either side of value[i]; 1.96 holds
 * 95 in 100. What one customer does by chance comes on top. Where a value is so
 * small that no slope can be had, low is 0 and high the largest double.
 *
 * Fails as kehu_clv_value, and with KEHU_ARGUMENT when deviations is not from 0 to
 * 10, or a model has no covariance: its parameters were given, not fitted. Costs
 * nine times kehu_clv_value. Since: 0.1. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_clv_value_interval(const kehu_clv *clv, const kehu_clv *spends,
                        const kehu_clv_columns *columns, double horizon, double discount,
                        double deviations, double *low, double *high, kehu_error *err);

/* Models as files, kind "CLV1". alloc NULL means the C library. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_save(const kehu_clv *clv, const char *path,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_write(const kehu_clv *clv,
                                                    const kehu_writer *writer,
                                                    kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_load(kehu_clv **out, const char *path,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_clv_read(kehu_clv **out, const void *bytes,
                                                   size_t size,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);

/* Release a model. NULL is allowed. */
KEHU_API void kehu_clv_free(kehu_clv *clv);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_CLV_H */
