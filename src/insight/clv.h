/* insight/clv.h - the inside of kehu_clv: grouped rows, one set of formulas a
 * model, and what ties them together. */
#ifndef KEHU_SRC_INSIGHT_CLV_H
#define KEHU_SRC_INSIGHT_CLV_H

#include <kehu/clv.h>

#include "base/mem.h"
#include "base/thread.h"

/* A customer's numbers, time and money in any unit. */
typedef struct kehu__clv_row {
    double x;  /* repeat purchases */
    double tx; /* recency */
    double t;  /* age */
    double m;  /* mean spend */
    double w;  /* customers like this */
} kehu__clv_row;

/* Different rows, ascending by x, tx, t, m, with scaled time and money. */
typedef struct kehu__clv_rows {
    kehu__clv_row *rows;
    size_t n, capacity;
    double weight, left_out;
    double time_scale, money_scale; /* original = scaled * scale */
} kehu__clv_rows;

/* Sums over rows: the log-likelihood and its slopes in the parameters. */
typedef struct kehu__clv_sums {
    double value, slope[KEHU_CLV_MAX_PARAMETERS];
} kehu__clv_sums;

/* One kind of model. p are parameters, not logarithms. */
typedef struct kehu__clv_kind {
    const char *title;
    uint32_t n_parameters;
    const char *names[KEHU_CLV_MAX_PARAMETERS];
    uint32_t time_parameters;  /* bit k: parameter k is a time */
    uint32_t money_parameters; /* bit k: parameter k is money */
    /* Log-likelihood of rows[n] (with their weights) and its slopes. Rows are
     * ascending in x. */
    void (*sum)(const double *p, const kehu__clv_row *rows, size_t n,
                kehu__clv_sums *out);
    double (*alive)(const double *p, const kehu__clv_row *c);
    /* Expected purchases within `horizon`, NULL where there are none. */
    double (*purchases)(const double *p, const kehu__clv_row *c, double horizon);
    /* Shape and rate of the purchase rate of an alive customer. */
    double (*waiting)(const double *p, const kehu__clv_row *c);
} kehu__clv_kind;

extern const kehu__clv_kind kehu__clv_kinds[KEHU_GAMMA_GAMMA + 1];

struct kehu_clv {
    kehu_allocator alloc;
    kehu_clv_fit_report fit; /* names point into the kinds */
};

/* Check row i of the columns for a model; fails with KEHU_DATA. */
kehu_status kehu__clv_row_of(kehu__clv_row *row, const kehu_clv_columns *c, int64_t i,
                             uint32_t model, bool needs_spend, kehu_error *err);
kehu_status kehu__clv_check_columns(const kehu_clv_columns *c, uint32_t model,
                                    bool needs_spend, kehu_error *err);

/* Rows for a fit: checked, unusable ones left out, scaled, sorted, equal ones
 * joined. Fails with KEHU_DATA, KEHU_EMPTY, KEHU_NO_MEMORY. */
kehu_status kehu__clv_group(kehu__clv_rows *out, const kehu_clv_columns *c,
                            uint32_t model, const kehu_allocator *a, kehu_error *err);

/* The formulas. */
void kehu__bg_sum(const double *p, const kehu__clv_row *rows, size_t n,
                  kehu__clv_sums *out);
void kehu__mbg_sum(const double *p, const kehu__clv_row *rows, size_t n,
                   kehu__clv_sums *out);
double kehu__bg_alive(const double *p, const kehu__clv_row *c);
double kehu__mbg_alive(const double *p, const kehu__clv_row *c);
double kehu__bg_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__mbg_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__nbd_waiting(const double *p, const kehu__clv_row *c);

void kehu__pareto_sum(const double *p, const kehu__clv_row *rows, size_t n,
                      kehu__clv_sums *out);
double kehu__pareto_alive(const double *p, const kehu__clv_row *c);
double kehu__pareto_purchases(const double *p, const kehu__clv_row *c, double horizon);

void kehu__bgbb_sum(const double *p, const kehu__clv_row *rows, size_t n,
                    kehu__clv_sums *out);
double kehu__bgbb_alive(const double *p, const kehu__clv_row *c);
double kehu__bgbb_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__bgbb_waiting(const double *p, const kehu__clv_row *c);

void kehu__spend_sum(const double *p, const kehu__clv_row *rows, size_t n,
                     kehu__clv_sums *out);

/* What a parameter may be, given, fitted or read: beyond these the scores leave
 * the range of a double. */
static inline bool kehu__clv_fits(double parameter)
{
    return parameter > 1e-12 && parameter < 1e12;
}

#endif
