/* The models' formulas against slow and plain ones on random parameters:
 * likelihoods by direct sums and fine grids, slopes by differences, expectations
 * by the published closed forms in long double.
 *
 *     test_clv_property [SEED]     default 1, printed */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "insight/clv.h"
#include "support/test.h"

enum { TRIALS = 200 };

static uint64_t seed = 1;

static double between(kehu__random *r, double low, double high)
{
    return low + (high - low) * kehu__random_unit(r);
}

/* Spread evenly in the logarithm. */
static double wide(kehu__random *r, double low, double high)
{
    return exp(between(r, log(low), log(high)));
}

static void check_near(const char *what, double got, double want, double within)
{
    if (!(fabs(got - want) <= within * (fabs(want) > 1e-3 ? fabs(want) : 1e-3)))
        fail_msg("%s: %.15g, expected %.15g", what, got, want);
}

static kehu__clv_row random_row(kehu__random *r, uint32_t model)
{
    kehu__clv_row c = {.w = between(r, 0.5, 3), .m = wide(r, 0.1, 10)};
    c.x = kehu__random_below(r, model == KEHU_BG_BB ? 10 : 30);
    c.t = model == KEHU_BG_BB ? 20 : between(r, 1, 60);
    if (model == KEHU_GAMMA_GAMMA)
        c.x += 1;
    else if (c.x > 0)
        c.tx = model == KEHU_BG_BB
                   ? c.x + kehu__random_below(r, (uint32_t)(c.t - c.x) + 1)
                   : c.t * kehu__random_unit(r);
    return c;
}

static void random_parameters(kehu__random *r, double p[4])
{
    for (int k = 0; k < 4; k++)
        p[k] = wide(r, 0.1, 15);
}

/* ---- Slopes ---- */

static void test_clv_slopes_agree_with_differences(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint32_t model = (uint32_t)trial % (KEHU_GAMMA_GAMMA + 1);
        const kehu__clv_kind *kind = &kehu__clv_kinds[model];
        const kehu__clv_row row = random_row(&r, model);
        kehu__clv_sums at;
        double p[4];
        random_parameters(&r, p);
        kind->sum(p, &row, 1, &at);
        for (uint32_t k = 0; k < kind->n_parameters; k++) {
            const double h = 1e-4 * p[k], was = p[k];
            kehu__clv_sums up, down;
            p[k] = was + h;
            kind->sum(p, &row, 1, &up);
            p[k] = was - h;
            kind->sum(p, &row, 1, &down);
            p[k] = was;
            check_near(kind->title, at.slope[k] * p[k],
                       (up.value - down.value) / (2 * h) * p[k], 2e-5);
        }
    }
}

/* ---- Likelihoods ---- */

/* P(x purchases, the last at tx, alive at y) of an NBD buyer, without what does
 * not hang on the model's dropout: G(r+x)/G(r) alpha^r (alpha+y)^-(r+x). */
static double buying(const double *p, double x, double y)
{
    return exp(lgamma(p[0] + x) - lgamma(p[0]) + p[0] * log(p[1]) -
               (p[0] + x) * log(p[1] + y));
}

static double pareto_by_grid(const double *p, const kehu__clv_row *c, double *alive)
{
    enum { CELLS = 200000 };
    const double s = p[2], beta = p[3];
    double sum = 0;
    const double stays = buying(p, c->x, c->t) * pow(beta / (beta + c->t), s);
    /* Simpson over the time of leaving, in cells that widen like the lesser of
     * alpha + y and beta + y: even ones are too wide where those are small. */
    const double least = (p[1] < beta ? p[1] : beta) + c->tx,
                 end = log1p((c->t - c->tx) / least);
    for (int i = 0; i <= CELLS; i++) {
        const double w = end * i / CELLS, y = c->tx + least * expm1(w);
        const double f = buying(p, c->x, y) * s / beta * pow(beta / (beta + y), s + 1);
        sum += f * least * exp(w) * (i == 0 || i == CELLS ? 1 : i % 2 == 1 ? 4 : 2);
    }
    sum *= end / CELLS / 3;
    *alive = stays / (stays + sum);
    return log(stays + sum);
}

static double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* Each possible end: leaving after purchase x, or staying. */
static double bg_by_sum(const double *p, double e, const kehu__clv_row *c, double *alive)
{
    const double none = exp(log_beta(p[2], p[3] + e) - log_beta(p[2], p[3]));
    const double stays = buying(p, c->x, c->t) * none;
    const double leaves =
        e == 0 ? 0
               : buying(p, c->x, c->tx) *
                     exp(log_beta(p[2] + 1, p[3] + e - 1) - log_beta(p[2], p[3]));
    *alive = stays / (stays + leaves);
    return log(stays + leaves);
}

static double bgbb_by_sum(const double *p, const kehu__clv_row *c, double *alive)
{
    const double scale = log_beta(p[0], p[1]) + log_beta(p[2], p[3]);
    const double stays = exp(log_beta(p[0] + c->x, p[1] + c->t - c->x) +
                             log_beta(p[2], p[3] + c->t) - scale);
    double sum = stays;
    for (double n = c->tx; n < c->t; n++) /* leaves after opportunity n */
        sum += exp(log_beta(p[0] + c->x, p[1] + n - c->x) + log_beta(p[2] + 1, p[3] + n) -
                   scale);
    *alive = stays / sum;
    return log(sum);
}

static void test_clv_likelihoods_agree_with_plain_sums(void **state)
{
    kehu__random r = kehu__random_seed(seed + 1);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint32_t model = (uint32_t)trial % KEHU_GAMMA_GAMMA;
        const kehu__clv_kind *kind = &kehu__clv_kinds[model];
        const kehu__clv_row row = random_row(&r, model);
        kehu__clv_sums got;
        double p[4], alive = 0, want = 0;
        random_parameters(&r, p);
        if (model == KEHU_PARETO_NBD)
            want = pareto_by_grid(p, &row, &alive);
        else if (model == KEHU_BG_BB)
            want = bgbb_by_sum(p, &row, &alive);
        else
            want = bg_by_sum(p, row.x + (model == KEHU_MBG_NBD), &row, &alive);
        kind->sum(p, &row, 1, &got);
        check_near(kind->title, got.value / row.w, want, 1e-10);
        check_near("alive", kind->alive(p, &row), alive, 1e-9);
    }
}

/* Where the time of leaving is hardest to sum over: beta far above or below alpha,
 * and little bought. */
static void test_clv_pareto_agrees_with_a_grid_where_it_bends(void **state)
{
    static const double hard[][5] = {{0.284644, 0.105484, 3.1549, 12.019, 25.2236},
                                     {0.161546, 0.105909, 1.30258, 4.23817, 41.1658},
                                     {0.553132, 0.125031, 0.996668, 2.65085, 42.9716},
                                     {0.279085, 0.321634, 0.350621, 0.151061, 1.97371},
                                     {0.114686, 2.17775, 0.135963, 0.103851, 34.5917},
                                     {3.63234, 13.6095, 0.104554, 0.343662, 2.90049}};
    (void)state;
    for (int k = 0; k < 6; k++) {
        const kehu__clv_row row = {.t = hard[k][4], .w = 1};
        kehu__clv_sums got;
        double alive;
        const double want = pareto_by_grid(hard[k], &row, &alive);
        kehu__pareto_sum(hard[k], &row, 1, &got);
        check_near("Pareto/NBD", got.value, want, 1e-12);
        check_near("alive", kehu__pareto_alive(hard[k], &row), alive, 1e-12);
    }
}

/* ---- Expectations ---- */

/* 2F1(a, b; c; z) by its series. */
static long double series(long double a, long double b, long double c, long double z)
{
    long double term = 1, sum = 1;
    for (int k = 0; k < 1000000 && fabsl(term) > 1e-22L * fabsl(sum); k++) {
        term *= (a + k) * (b + k) / (c + k) * z / (k + 1);
        sum += term;
    }
    return sum;
}

/* The closed form of the papers, given that the customer is alive. */
static double bg_closed_form(const double *p, double e, const kehu__clv_row *c, double h)
{
    const long double rho = (long double)p[0] + c->x, b = (long double)p[3] + e,
                      w = (long double)p[2] + b - 1, age = (long double)p[1] + c->t;
    return (double)(w / (p[2] - 1) *
                    (1 - powl(age / (age + h), rho) * series(rho, b, w, h / (age + h))));
}

static void test_clv_purchases_agree_with_the_closed_forms(void **state)
{
    kehu__random r = kehu__random_seed(seed + 2);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint32_t model = trial % 2 == 0 ? KEHU_BG_NBD : KEHU_MBG_NBD;
        const kehu__clv_kind *kind = &kehu__clv_kinds[model];
        const kehu__clv_row row = random_row(&r, model);
        const double h = wide(&r, 0.01, 60);
        double p[4];
        random_parameters(&r, p);
        if (fabs(p[2] - 1) < 0.01)
            p[2] = 1.1;
        p[0] *= trial % 5 == 0 ? 4 : 1; /* some of the hard ones */
        const double want = bg_closed_form(p, row.x + (model == KEHU_MBG_NBD), &row, h);
        check_near("purchases", kind->purchases(p, &row, h), want, 1e-8);
    }
}

/* At a = 1 the closed form is 0/0; the answer runs on through it. */
static void test_clv_purchases_pass_the_gap(void **state)
{
    const kehu__clv_row row = {.x = 3, .tx = 20, .t = 40, .w = 1};
    const double p[3][4] = {{0.5, 5, 1 - 1e-7, 2}, {0.5, 5, 1, 2}, {0.5, 5, 1 + 1e-7, 2}};
    double n[3];
    (void)state;
    for (int k = 0; k < 3; k++)
        n[k] = kehu__clv_kinds[KEHU_BG_NBD].purchases(p[k], &row, 30);
    check_near("at one", n[1], (n[0] + n[2]) / 2, 1e-12);
    check_near("beside one", n[0], n[1], 1e-6);
}

static void test_clv_purchases_start_at_the_rate(void **state)
{
    kehu__random r = kehu__random_seed(seed + 3);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint32_t model = (uint32_t)trial % KEHU_BG_BB;
        const kehu__clv_kind *kind = &kehu__clv_kinds[model];
        const kehu__clv_row row = random_row(&r, model);
        double p[4];
        random_parameters(&r, p);
        /* A short horizon: (r + x) / (alpha + T) h. */
        check_near("rate", kind->purchases(p, &row, 1e-6) * 1e6,
                   (p[0] + row.x) / (p[1] + row.t), 1e-5);
    }
}

/* BG/BB: the chance to buy at each opportunity that the customer lives to see. */
static void test_clv_opportunities_agree_with_plain_sums(void **state)
{
    static const double horizons[] = {0, 0.9, 1, 63, 64, 65, 200, 20000};
    static const double gammas[] = {0.05, 0.999999, 1, 1.000001, 2.8, 70, 3000};
    static const double ages[] = {0, 6, 5000, 1000000};
    const kehu__clv_kind *kind = &kehu__clv_kinds[KEHU_BG_BB];
    (void)state;
    for (int g = 0; g < 7; g++)
        for (int t = 0; t < 4; t++)
            for (int h = 0; h < 8; h++) {
                const double p[4] = {1.2, 0.75, gammas[g], 0.66};
                const kehu__clv_row row = {.t = ages[t], .w = 1};
                long double stays = 1, seen = 0;
                for (int k = 0; k + 1 <= horizons[h]; k++) {
                    stays *=
                        (p[3] + ages[t] + k) / ((long double)p[2] + p[3] + ages[t] + k);
                    seen += stays;
                }
                check_near("opportunities", kind->purchases(p, &row, horizons[h]),
                           (double)(seen * 1.2L / (1.95L + ages[t])), 1e-11);
            }
}

static void test_clv_discounted_purchases_agree_with_period_after_period(void **state)
{
    static const int periods[] = {0, 1, 8, 9, 52, 365};
    static const double discounts[] = {0, 0.002, 0.3};
    kehu__random r = kehu__random_seed(seed + 4);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint32_t model = (uint32_t)trial % (KEHU_BG_BB + 1);
        const kehu__clv_kind *kind = &kehu__clv_kinds[model];
        const kehu__clv_row row = random_row(&r, model);
        const int n = periods[trial % 6];
        const double discount = discounts[trial / 6 % 3];
        double p[4], before = 0, factor = 1, want = 0;
        random_parameters(&r, p);
        for (int k = 1; k <= n; k++) {
            const double until = kind->purchases(p, &row, k);
            factor /= 1 + discount;
            want += factor * (until - before);
            before = until;
        }
        check_near("discounted", kind->discounted(p, &row, n, discount), want, 1e-8);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clv_slopes_agree_with_differences),
        cmocka_unit_test(test_clv_likelihoods_agree_with_plain_sums),
        cmocka_unit_test(test_clv_pareto_agrees_with_a_grid_where_it_bends),
        cmocka_unit_test(test_clv_purchases_agree_with_the_closed_forms),
        cmocka_unit_test(test_clv_purchases_pass_the_gap),
        cmocka_unit_test(test_clv_purchases_start_at_the_rate),
        cmocka_unit_test(test_clv_opportunities_agree_with_plain_sums),
        cmocka_unit_test(test_clv_discounted_purchases_agree_with_period_after_period),
    };
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
