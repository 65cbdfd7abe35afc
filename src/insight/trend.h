/* insight/trend.h - one series of counts and what is found in it. */
#ifndef KEHU_SRC_INSIGHT_TREND_H
#define KEHU_SRC_INSIGHT_TREND_H

#include <kehu/trend.h>

enum { KEHU__TREND_STEPS = 3660 };

typedef struct kehu__series {
    const int64_t *y; /* [n] events */
    double *e;        /* [n] exposure: 1 on average */
    double *sum_y;    /* [n + 1] of all steps before */
    double *sum_e;    /* [n + 1] */
    int32_t n;
    double dispersion;
} kehu__series;

/* Fill e, the sums and the dispersion; scratch[n]. weekday of step 0 when steps are days,
 * else -1. */
void kehu__series_prepare(kehu__series *s, int32_t weekday, double *scratch);

typedef struct kehu__growth {
    double slope, error; /* of the logarithm a step, and its standard error */
    int found;
} kehu__growth;
kehu__growth kehu__series_growth(const kehu__series *s);

/* Change points, ascending: at[] receives the first steps of new levels; returns how
 * many. best[n + 1] and from[n + 1] are scratch. */
int32_t kehu__series_changes(const kehu__series *s, int32_t shortest, double penalty,
                             double *best, int32_t *from, int32_t *at);

/* Expected events a step between two steps. */
double kehu__series_rate(const kehu__series *s, int32_t from, int32_t to);

/* -2 log likelihood of a level of its own over dispersion, but for what all splits
 * share. */
double kehu__series_cost(const kehu__series *s, int32_t from, int32_t to);

/* Probability of each step's count or more after its base; p[n], 1 for the first. A step
 * whose p is below `level` is kept out of the base as kehu/trend.h says. expected[n];
 * in[n] is scratch. */
void kehu__series_bursts(const kehu__series *s, int32_t base, double level, int32_t *in,
                         double *p, double *expected);

/* P(X >= y) of a negative binomial count of this mean and variance = mean x ratio, ratio
 * above 1. */
double kehu__negative_binomial_tail(double y, double mean, double ratio);

#endif
