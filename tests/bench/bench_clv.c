/* Figures of lifetime value.
 *
 *     bench_clv ROWS_FILE
 *
 * ROWS_FILE holds frequency, recency, age and spend of the CDNOW sample, one column
 * of doubles after the other. Each fit includes its standard errors. Then a million
 * generated customers are fitted and scored. */
#include <kehu/clv.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "bench/figure.h"

enum { REPEATS = 50, MILLION = 1000000 };

static kehu_clv *fit(const kehu_clv_columns *c, uint32_t model)
{
    const kehu_clv_options options = {.size = sizeof options, .model = model};
    kehu_clv *clv = NULL;
    kehu_error err;
    must(kehu_clv_fit(&clv, c, &options, &err), &err);
    return clv;
}

static void time_fit(const kehu_clv_columns *c, uint32_t model, const char *name,
                     const char *likelihood)
{
    kehu_clv_fit_report report = {0};
    double start;
    kehu_clv_free(fit(c, model));
    start = cpu_seconds();
    for (int k = 0; k < REPEATS; k++) {
        kehu_clv *clv = fit(c, model);
        kehu_clv_get_fit(clv, &report);
        kehu_clv_free(clv);
    }
    figure(name, (cpu_seconds() - start) / REPEATS);
    figure(likelihood, report.log_likelihood);
}

/* ---- A million customers ---- */

/* Marsaglia and Tsang 2000; shapes below one by a power of a uniform number. */
static double draw_gamma(kehu__random *r, double shape)
{
    const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double u = 1 - kehu__random_unit(r),
                     angle = 6.283185307179586 * kehu__random_unit(r);
        const double z = sqrt(-2 * log(u)) * cos(angle), v = pow(1 + c * z, 3);
        if (v > 0 && log(1 - kehu__random_unit(r)) < 0.5 * z * z + d - d * v + d * log(v))
            return d * v * (shape < 1 ? pow(1 - kehu__random_unit(r), 1 / shape) : 1);
    }
}

/* Buyers with the parameters of the CDNOW base, observed for 26 to 39 weeks, whole
 * days, spend in cents. */
static void draw(kehu__random *r, double *x, double *tx, double *t, double *m)
{
    const double rate = draw_gamma(r, 0.2516) / 4.789, a = draw_gamma(r, 0.7234),
                 leave = a / (a + draw_gamma(r, 2.161));
    const double scale = draw_gamma(r, 3.62) / 1498;
    double sum = 0;
    *t = 180 + kehu__random_below(r, 94);
    *x = *tx = 0;
    for (double at = 0;;) {
        at += -log(1 - kehu__random_unit(r)) / rate * 7;
        if (at > *t)
            break;
        *x += 1;
        *tx = ceil(at) < *t ? ceil(at) : *t;
        sum += ceil(draw_gamma(r, 6.28) / scale);
        if (kehu__random_unit(r) < leave)
            break;
    }
    *t /= 7;
    *tx /= 7;
    *m = *x > 0 ? sum / *x : 0;
}

static void time_million(void)
{
    double *rows = get(MILLION, 5 * sizeof *rows), *out = rows + 4 * (size_t)MILLION,
           start;
    const kehu_clv_columns c = {MILLION,
                                rows,
                                rows + MILLION,
                                rows + 2 * (size_t)MILLION,
                                rows + 3 * (size_t)MILLION,
                                NULL};
    kehu__random r = kehu__random_seed(3);
    kehu_clv *buys, *spends;
    kehu_error err;
    for (size_t i = 0; i < MILLION; i++)
        draw(&r, &rows[i], &rows[MILLION + i], &rows[2 * (size_t)MILLION + i],
             &rows[3 * (size_t)MILLION + i]);
    start = cpu_seconds();
    buys = fit(&c, KEHU_BG_NBD);
    figure("million_fit_s", cpu_seconds() - start);
    spends = fit(&c, KEHU_GAMMA_GAMMA);
    figure("million_both_fits_s", cpu_seconds() - start);
    must(kehu_clv_alive(buys, &c, out, &err), &err);
    must(kehu_clv_purchases(buys, &c, 52, out, &err), &err);
    figure("million_fits_alive_expected_s", cpu_seconds() - start);
    must(kehu_clv_value(buys, spends, &c, 52, 0.002, out, &err), &err);
    figure("million_s", cpu_seconds() - start);
    kehu_clv_free(spends);
    kehu_clv_free(buys);
    free(rows);
}

int main(int argc, char **argv)
{
    size_t size;
    double *rows;
    if (argc < 2)
        die("usage: bench_clv ROWS_FILE");
    rows = (double *)(void *)read_whole(argv[1], &size);
    const size_t n = size / (4 * sizeof *rows);
    const kehu_clv_columns c = {(int64_t)n,   rows,         rows + n,
                                rows + 2 * n, rows + 3 * n, NULL};
    time_fit(&c, KEHU_BG_NBD, "bg_nbd_s", "bg_nbd_likelihood");
    time_fit(&c, KEHU_PARETO_NBD, "pareto_nbd_s", "pareto_nbd_likelihood");
    time_fit(&c, KEHU_GAMMA_GAMMA, "gamma_gamma_s", "gamma_gamma_likelihood");
    free(rows);
    time_million();
    return 0;
}
