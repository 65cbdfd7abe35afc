/* insight/clv.h - the inside of kehu_clv: grouped rows, one set of formulas a
 * model, and what ties them together. */
#ifndef KEHU_SRC_INSIGHT_CLV_H
#define KEHU_SRC_INSIGHT_CLV_H

#include <kehu/clv.h>

#include <math.h>

#include "base/maths.h"
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
    /* Expected purchases within `horizon` of a customer known to be alive; NULL
     * where there are none. */
    double (*purchases)(const double *p, const kehu__clv_row *c, double horizon);
    /* Purchases of each of so many periods, the k-th period's times
     * (1 + discount)^-k, of the same customer. */
    double (*discounted)(const double *p, const kehu__clv_row *c, int periods,
                         double discount);
    /* Shape and rate of the purchase rate of an alive customer. */
    double (*waiting)(const double *p, const kehu__clv_row *c);
} kehu__clv_kind;

extern const kehu__clv_kind kehu__clv_kinds[KEHU_GAMMA_GAMMA + 1];

struct kehu_clv {
    kehu_allocator alloc;
    kehu_clv_fit_report fit; /* names point into the kinds */
    bool has_covariance;     /* false: parameters from elsewhere */
    double covariance[KEHU_CLV_MAX_PARAMETERS][KEHU_CLV_MAX_PARAMETERS]; /* of their
                                                                           logarithms */
};

/* Check row i of the columns for a model; fails with KEHU_DATA. */
kehu_status kehu__clv_row_of(kehu__clv_row *row, const kehu_clv_columns *c, int64_t i,
                             uint32_t model, bool needs_spend, kehu_error *err);
kehu_status kehu__clv_check_columns(const kehu_clv_columns *c, uint32_t model,
                                    bool needs_spend, kehu_error *err);

/* What every score checks first: a model of buying or of spend, its columns, the
 * output. */
kehu_status kehu__clv_check_call(const kehu_clv *clv, const kehu_clv_columns *c,
                                 bool buying, const double *out, kehu_error *err);

/* Expected money of a purchase of row i. Fails with KEHU_DATA. */
kehu_status kehu__clv_spend_of(const kehu_clv *spends, const kehu_clv_columns *c,
                               int64_t i, double *spend, kehu_error *err);

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
double kehu__bg_discounted(const double *p, const kehu__clv_row *c, int periods,
                           double discount);
double kehu__mbg_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__mbg_discounted(const double *p, const kehu__clv_row *c, int periods,
                            double discount);
double kehu__nbd_waiting(const double *p, const kehu__clv_row *c);

void kehu__pareto_sum(const double *p, const kehu__clv_row *rows, size_t n,
                      kehu__clv_sums *out);
double kehu__pareto_alive(const double *p, const kehu__clv_row *c);
double kehu__pareto_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__pareto_discounted(const double *p, const kehu__clv_row *c, int periods,
                               double discount);

void kehu__bgbb_sum(const double *p, const kehu__clv_row *rows, size_t n,
                    kehu__clv_sums *out);
double kehu__bgbb_alive(const double *p, const kehu__clv_row *c);
double kehu__bgbb_purchases(const double *p, const kehu__clv_row *c, double horizon);
double kehu__bgbb_discounted(const double *p, const kehu__clv_row *c, int periods,
                             double discount);
double kehu__bgbb_waiting(const double *p, const kehu__clv_row *c);

void kehu__spend_sum(const double *p, const kehu__clv_row *rows, size_t n,
                     kehu__clv_sums *out);

/* The same for purchases that are a smooth function of u = ln(1 + horizon / pace),
 * near 0 one that changes over 1 / speed: only some periods are asked for, the
 * others interpolated. */
double kehu__clv_discounted(double (*purchases)(const double *p, const kehu__clv_row *c,
                                                double horizon),
                            const double *p, const kehu__clv_row *c, double pace,
                            double speed, int periods, double discount);

/* Gauss-Legendre on [-1, 1] with ten nodes, the positive half. */
enum { KEHU__CLV_NODES = 10 };
extern const double kehu__clv_node[KEHU__CLV_NODES / 2];
extern const double kehu__clv_weight[KEHU__CLV_NODES / 2];

/* ln(e^a + e^b) and the share of e^a in the sum. */
static inline double kehu__clv_join(double a, double b, double *share)
{
    const double less = kehu__exp(-fabs(a - b)), all = 1 + less;
    *share = (a > b ? 1 : less) / all;
    return (a > b ? a : b) + kehu__log(all);
}

/* What a parameter may be, given, fitted or read: beyond these the scores leave
 * the range of a double. */
static inline bool kehu__clv_fits(double parameter)
{
    return parameter > 1e-12 && parameter < 1e12;
}

#endif
