#include <math.h>

#include "base/maths.h"
#include "base/sort.h"
#include "insight/trend.h"

enum { WEEK = 7, LEAST_WEEKS = 4, NEW_LEVEL = 14 };

/* ---- Expectations and scatter ---- */

/* Factors of the days of the week, drawn towards 1 as by five events of each day. */
static void weekday_factors(const kehu__series *s, int32_t first, double factor[WEEK])
{
    const double prior = 5;
    double events[WEEK] = {0}, days[WEEK] = {0}, all = 0;
    for (int32_t t = 0; t < s->n; t++) {
        events[(first + t) % WEEK] += (double)s->y[t];
        days[(first + t) % WEEK] += 1;
        all += (double)s->y[t];
    }
    for (int k = 0; k < WEEK; k++)
        factor[k] = (events[k] + prior) / (days[k] * all / s->n + prior);
}

static int by_value(const void *a, const void *b, void *ctx)
{
    const double x = *(const double *)a, y = *(const double *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

/* Differences of neighbours say how counts scatter whatever the level does. Squares
 * above the 95 % quantile count as that: of squares of normal numbers .913 is left. */
static double find_dispersion(const kehu__series *s, double *squares)
{
    const double left = .913;
    double sum = 0, limit;
    int32_t n = 0;
    for (int32_t t = 1; t < s->n; t++) {
        const double y0 = (double)s->y[t - 1], y1 = (double)s->y[t];
        const double e0 = s->e[t - 1], e1 = s->e[t];
        const double rate = (y0 + y1) / (e0 + e1), d = y1 / e1 - y0 / e0;
        if (rate > 0)
            squares[n++] = d * d / (rate * (1 / e0 + 1 / e1));
    }
    if (n == 0)
        return 1;
    kehu__sort(squares, (size_t)n, sizeof *squares, by_value, NULL);
    limit = squares[(n - 1) - n / 20];
    for (int32_t i = 0; i < n; i++)
        sum += squares[i] < limit ? squares[i] : limit;
    sum /= left * n;
    return sum > 1 ? sum : 1;
}

void kehu__series_prepare(kehu__series *s, int32_t weekday, double *scratch)
{
    double factor[WEEK] = {1, 1, 1, 1, 1, 1, 1};
    if (weekday >= 0 && s->n >= LEAST_WEEKS * WEEK)
        weekday_factors(s, weekday, factor);
    s->sum_y[0] = s->sum_e[0] = 0;
    for (int32_t t = 0; t < s->n; t++) {
        s->e[t] = weekday < 0 ? 1 : factor[(weekday + t) % WEEK];
        s->sum_y[t + 1] = s->sum_y[t] + (double)s->y[t];
        s->sum_e[t + 1] = s->sum_e[t] + s->e[t];
    }
    s->dispersion = find_dispersion(s, scratch);
}

double kehu__series_rate(const kehu__series *s, int32_t from, int32_t to)
{
    return (s->sum_y[to] - s->sum_y[from]) / (s->sum_e[to] - s->sum_e[from]);
}

/* ---- Growth ---- */

/* Newton's method on log mu_t = a + b x_t + log e_t, x from -1 to 1. */
kehu__growth kehu__series_growth(const kehu__series *s)
{
    const double most = 20, half = (s->n - 1) / 2.0;
    kehu__growth g = {0, 0, 0};
    double a, b = 0, step = 1, info = 0;
    if (s->sum_y[s->n] <= 0)
        return g;
    a = kehu__log(kehu__series_rate(s, 0, s->n));
    for (int round = 0; round < 100 && step > 1e-12; round++) {
        double u0 = 0, u1 = 0, w0 = 0, w1 = 0, w2 = 0, da, db, det;
        for (int32_t t = 0; t < s->n; t++) {
            const double x = t / half - 1, mu = s->e[t] * kehu__exp(a + b * x);
            const double d = (double)s->y[t] - mu;
            u0 += d;
            u1 += d * x;
            w0 += mu;
            w1 += mu * x;
            w2 += mu * x * x;
        }
        det = w0 * w2 - w1 * w1;
        if (!(det > 0))
            return g;
        da = (w2 * u0 - w1 * u1) / det;
        db = (w0 * u1 - w1 * u0) / det;
        step = fabs(da) > fabs(db) ? fabs(da) : fabs(db);
        a += step > 1 ? da / step : da;
        b += step > 1 ? db / step : db;
        info = det / w0;
    }
    if (step > 1e-9 || fabs(b) > most)
        return g;
    return (kehu__growth){b / half, sqrt(s->dispersion / info) / half, 1};
}

/* ---- Change points ---- */

double kehu__series_cost(const kehu__series *s, int32_t from, int32_t to)
{
    const double y = s->sum_y[to] - s->sum_y[from], e = s->sum_e[to] - s->sum_e[from];
    return y > 0 ? -2 * y * kehu__log(y / e) / s->dispersion : 0;
}

int32_t kehu__series_changes(const kehu__series *s, int32_t shortest, double penalty,
                             double *best, int32_t *from, int32_t *at)
{
    int32_t n = 0;
    best[0] = -penalty;
    from[0] = 0;
    for (int32_t t = 1; t <= s->n; t++) {
        best[t] = (double)INFINITY;
        from[t] = 0;
        for (int32_t k = 0; k <= t - shortest; k++) {
            if (k > 0 && k < shortest)
                continue;
            const double found = best[k] + kehu__series_cost(s, k, t) + penalty;
            if (found < best[t]) {
                best[t] = found;
                from[t] = k;
            }
        }
    }
    if (s->n < shortest)
        return 0;
    for (int32_t t = from[s->n]; t > 0; t = from[t])
        at[n++] = t;
    for (int32_t i = 0; i < n / 2; i++) {
        const int32_t x = at[i];
        at[i] = at[n - 1 - i];
        at[n - 1 - i] = x;
    }
    return n;
}

/* ---- Bursts ---- */

double kehu__negative_binomial_tail(double y, double mean, double ratio)
{
    const double r = mean / (ratio - 1), q = 1 - 1 / ratio;
    double term, sum = 0;
    if (y <= 0)
        return 1;
    if (y <= mean)
        return 1; /* not asked for: no burst */
    term = kehu__exp(kehu__lgamma(r + y) - kehu__lgamma(r) - kehu__lgamma(y + 1) -
                     r * kehu__log(ratio) + y * kehu__log(q));
    for (double k = y; term > sum * 1e-12 && term > 0; k += 1) {
        sum += term;
        term *= (k + r) / (k + 1) * q;
    }
    return sum < 1 ? sum : 1;
}

void kehu__series_bursts(const kehu__series *s, int32_t base, double level, int32_t *in,
                         double *p, double *expected)
{
    const double prior = .5; /* so that a base without events expects a little */
    double y = 0, e = 0;
    int32_t n_in = 0, run = 0;
    for (int32_t t = 0; t < s->n; t++) {
        p[t] = 1;
        expected[t] = 0;
        if (n_in >= base) {
            const double ratio = s->dispersion * (1 + s->e[t] / e);
            expected[t] = (y + prior) / e * s->e[t];
            p[t] = kehu__negative_binomial_tail((double)s->y[t], expected[t], ratio);
        }
        run = p[t] < level ? run + 1 : 0;
        if (run > 0 && run <= NEW_LEVEL)
            continue;
        in[n_in++] = t;
        y += (double)s->y[t];
        e += s->e[t];
        if (n_in > base) {
            y -= (double)s->y[in[n_in - 1 - base]];
            e -= s->e[in[n_in - 1 - base]];
        }
    }
}
