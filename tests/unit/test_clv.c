#include <kehu/clv.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/maths.h"
#include "base/random.h"
#include "support/kept.h"
#include "support/test.h"

/* What an out parameter holds before a call that must clear it. */
static char not_null;

enum { N = 600, MOST = 40000 };

/* A generated base with the traits of a real one. */
typedef struct world {
    double x[MOST], tx[MOST], t[MOST], m[MOST];
    kehu_clv_columns c;
} world;

/* Buyers with their own rate. They may leave after each purchase, or, for
 * Pareto/NBD, at any time; for BG/BB they buy or not once a period. */
static world *make_world(uint64_t seed, uint32_t model, int n)
{
    world *w = calloc(1, sizeof *w);
    kehu__random r = kehu__random_seed(seed);
    assert_non_null(w);
    for (int i = 0; i < n; i++) {
        const double rate = 0.02 + 0.3 * pow(kehu__random_unit(&r), 3);
        const double leave = pow(kehu__random_unit(&r), 2);
        const double mean = 500 + 4000 * kehu__random_unit(&r);
        const double life = model == KEHU_PARETO_NBD
                                ? -log(1 - kehu__random_unit(&r)) / (0.5 * leave * leave)
                                : HUGE_VAL;
        double sum = 0;
        w->t[i] = model == KEHU_BG_BB ? 12 : 20 + (double)kehu__random_below(&r, 120) / 7;
        for (double at = 0;;) {
            at += model == KEHU_BG_BB ? 1 : -log(1 - kehu__random_unit(&r)) / rate;
            if (at > w->t[i] || at > life)
                break;
            if (model == KEHU_BG_BB && kehu__random_unit(&r) < leave * leave)
                break;
            if (model == KEHU_BG_BB && kehu__random_unit(&r) > 3 * rate)
                continue;
            w->x[i]++;
            w->tx[i] = at;
            sum += mean * (0.5 + kehu__random_unit(&r));
            if (model != KEHU_PARETO_NBD && model != KEHU_BG_BB &&
                kehu__random_unit(&r) < leave)
                break;
        }
        w->m[i] = w->x[i] > 0 ? sum / w->x[i] : 0;
    }
    w->c = (kehu_clv_columns){n, w->x, w->tx, w->t, w->m, NULL};
    return w;
}

static kehu_clv *fit(const kehu_clv_columns *c, uint32_t model)
{
    const kehu_clv_options opt = {.size = sizeof opt, .model = model};
    kehu_clv *clv = NULL;
    kehu_error err;
    if (kehu_clv_fit(&clv, c, &opt, &err) != KEHU_OK)
        fail_msg("model %u: %s", (unsigned)model, err.message);
    return clv;
}

/* ---- Fits ---- */

static void test_clv_every_model_reaches_its_highest_point(void **state)
{
    (void)state;
    for (uint32_t model = 0; model <= KEHU_GAMMA_GAMMA; model++) {
        world *w = make_world(5, model, N);
        kehu_clv *clv = fit(&w->c, model);
        kehu_clv_fit_report r;
        kehu_clv_get_fit(clv, &r);
        assert_int_equal(r.model, model);
        assert_int_equal(r.n_parameters, model == KEHU_GAMMA_GAMMA ? 3 : 4);
        assert_true(r.gradient < 1e-6);
        assert_true(r.n + r.n_left_out == N);
        for (uint32_t k = 0; k < r.n_parameters; k++) {
            assert_non_null(r.name[k]);
            assert_true(r.parameter[k] > 0 && r.standard_error[k] > 0);
        }
        kehu_clv_free(clv);
        free(w);
    }
}

/* The unit of time and money changes the numbers as it must and nothing else. */
static void test_clv_fits_do_not_hang_on_the_unit(void **state)
{
    (void)state;
    for (uint32_t model = 0; model <= KEHU_GAMMA_GAMMA; model++) {
        world *w = make_world(5, model, N);
        kehu_clv *a = fit(&w->c, model), *b;
        kehu_clv_fit_report r, s;
        if (model == KEHU_BG_BB) {
            kehu_clv_free(a);
            free(w);
            continue;
        }
        for (int i = 0; i < N; i++) {
            w->tx[i] *= 4096; /* exact, so that rounding cannot show */
            w->t[i] *= 4096;
            w->m[i] /= 4096;
        }
        b = fit(&w->c, model);
        kehu_clv_get_fit(a, &r);
        kehu_clv_get_fit(b, &s);
        for (uint32_t k = 0; k < r.n_parameters; k++) {
            const bool time =
                strcmp(r.name[k], "alpha") == 0 || strcmp(r.name[k], "beta") == 0;
            const double unit = time                          ? 4096
                                : strcmp(r.name[k], "v") == 0 ? 1.0 / 4096
                                                              : 1;
            assert_true(fabs(s.parameter[k] / (r.parameter[k] * unit) - 1) < 1e-12);
        }
        kehu_clv_free(b);
        kehu_clv_free(a);
        free(w);
    }
}

static void test_clv_weights_stand_for_repeated_rows(void **state)
{
    world *w = make_world(9, 0, N), *half = make_world(9, 0, N);
    double weight[N];
    kehu_clv_fit_report r, s;
    (void)state;
    for (int i = 0; i < N / 2; i++) { /* the first half twice */
        w->x[N / 2 + i] = w->x[i];
        w->tx[N / 2 + i] = w->tx[i];
        w->t[N / 2 + i] = w->t[i];
        weight[i] = 2;
    }
    half->c.n = N / 2;
    half->c.weight = weight;
    kehu_clv *a = fit(&w->c, 0), *b = fit(&half->c, 0);
    kehu_clv_get_fit(a, &r);
    kehu_clv_get_fit(b, &s);
    assert_int_equal(r.n_groups, s.n_groups);
    assert_memory_equal(r.parameter, s.parameter, sizeof r.parameter);
    assert_true(r.log_likelihood == s.log_likelihood);
    kehu_clv_free(b);
    kehu_clv_free(a);
    free(half);
    free(w);
}

/* ---- Data that cannot support a fit ---- */

static void check_failure(const kehu_clv_columns *c, const kehu_clv_options *opt,
                          kehu_status status, int64_t where, const char *message)
{
    kehu_clv *clv = (kehu_clv *)(void *)&not_null;
    kehu_error err = {0};
    assert_int_equal(kehu_clv_fit(&clv, c, opt, &err), status);
    assert_null(clv);
    assert_int_equal(err.where, where);
    assert_string_equal(err.message, message);
}

static void test_clv_fit_says_what_is_wrong(void **state)
{
    const double ok[3] = {1, 1, 1}, zero[3] = {0}, part[3] = {1, 0.5, 1},
                 nan[3] = {1, 1, (double)NAN}, two[3] = {2, 2, 2}, less[3] = {1, -1, 1};
    const kehu_clv_options model = {.size = sizeof model, .model = 5},
                           spend = {.size = sizeof spend, .model = KEHU_GAMMA_GAMMA},
                           bgbb = {.size = sizeof bgbb, .model = KEHU_BG_BB};
    (void)state;
    check_failure(NULL, NULL, KEHU_ARGUMENT, -1, "columns is NULL");
    check_failure(&(kehu_clv_columns){.n = -1}, NULL, KEHU_ARGUMENT, -1,
                  "columns.n is -1");
    check_failure(&(kehu_clv_columns){.n = 3}, NULL, KEHU_ARGUMENT, -1,
                  "columns.frequency is NULL");
    check_failure(&(kehu_clv_columns){3, ok, ok, NULL, NULL, NULL}, NULL, KEHU_ARGUMENT,
                  -1, "columns.age is NULL");
    check_failure(&(kehu_clv_columns){3, ok, ok, ok, NULL, NULL}, &spend, KEHU_ARGUMENT,
                  -1, "columns.spend is NULL");
    check_failure(&(kehu_clv_columns){3, ok, ok, ok, ok, NULL}, &model, KEHU_ARGUMENT, -1,
                  "model is 5, expected 0 to 4");
    check_failure(&(kehu_clv_columns){3, part, ok, ok, ok, NULL}, NULL, KEHU_DATA, 1,
                  "frequency of row 1 is no whole number from 0 to 2^31");
    check_failure(&(kehu_clv_columns){3, nan, ok, ok, ok, NULL}, NULL, KEHU_DATA, 2,
                  "frequency of row 2 is no whole number from 0 to 2^31");
    check_failure(&(kehu_clv_columns){3, ok, less, ok, ok, NULL}, NULL, KEHU_DATA, 1,
                  "recency or age of row 1 is negative, huge or not finite");
    check_failure(&(kehu_clv_columns){3, ok, two, ok, ok, NULL}, NULL, KEHU_DATA, 0,
                  "recency of row 0 is above its age");
    check_failure(&(kehu_clv_columns){3, zero, ok, two, ok, NULL}, NULL, KEHU_DATA, 0,
                  "row 0 has a recency without a repeat purchase");
    check_failure(&(kehu_clv_columns){3, two, ok, two, ok, NULL}, &bgbb, KEHU_DATA, 0,
                  "row 0 is no count of opportunities: needs whole numbers, frequency <= "
                  "recency <= age <= 1000000");
    check_failure(&(kehu_clv_columns){3, ok, ok, two, nan, NULL}, &spend, KEHU_DATA, 2,
                  "spend of row 2 is not finite");
    check_failure(&(kehu_clv_columns){3, ok, ok, two, NULL, less}, NULL, KEHU_DATA, 1,
                  "weight of row 1 is not above 0, huge or not finite");
    check_failure(&(kehu_clv_columns){3, zero, zero, two, NULL, NULL}, NULL, KEHU_DATA,
                  -1, "no customer has a repeat purchase: nothing to fit");
    check_failure(&(kehu_clv_columns){1, ok, ok, two, NULL, NULL}, NULL, KEHU_EMPTY, -1,
                  "too few customers to fit a model: need two");
    check_failure(&(kehu_clv_columns){0}, NULL, KEHU_EMPTY, -1,
                  "too few customers to fit a model: need two");
    check_failure(
        &(kehu_clv_columns){3, ok, ok, two, less, NULL}, &spend, KEHU_DATA, -1,
        "the data cannot support a Gamma-Gamma fit: the likelihood keeps rising "
        "as p runs off");
    check_failure(&(kehu_clv_columns){3, zero, zero, two, ok, NULL}, &spend, KEHU_EMPTY,
                  -1,
                  "too few customers with a repeat purchase and spend above 0 to fit a "
                  "model: need two");
    assert_int_equal(kehu_clv_fit(NULL, NULL, NULL, NULL), KEHU_ARGUMENT);
}

/* Shapes that made other programs stop, overflow or return NaN: each gets a model
 * or a reason. */
static void test_clv_hard_shapes_have_a_defined_answer(void **state)
{
    static double x[N], tx[N], t[N], m[N];
    kehu__random r = kehu__random_seed(3);
    int fitted = 0;
    (void)state;
    for (int shape = 0; shape < 6; shape++)
        for (uint32_t model = 0; model <= KEHU_GAMMA_GAMMA; model++) {
            const kehu_clv_options opt = {.size = sizeof opt, .model = model};
            const kehu_clv_columns c = {N, x, tx, t, m, NULL};
            kehu_clv *clv = NULL;
            kehu_error err = {0};
            for (int i = 0; i < N; i++) {
                const uint32_t u = kehu__random_below(&r, 502);
                x[i] = shape == 0   ? u         /* days of 501, every day one */
                       : shape == 1 ? u % 2     /* recency = age */
                       : shape == 2 ? 200.0 * u /* up to 1e5 purchases */
                       : shape == 3 ? 1         /* all the same */
                       : shape == 4 ? i == 0    /* one buyer */
                                    : u % 7;
                t[i] = shape == 2 ? 100400 : 501;
                tx[i] = x[i] == 0 ? 0 : shape == 0 || shape == 2 ? x[i] : t[i];
                m[i] = shape == 5 ? 1 : 1 + u;
            }
            const kehu_status status = kehu_clv_fit(&clv, &c, &opt, &err);
            if (status == KEHU_OK) {
                kehu_clv_fit_report f;
                kehu_clv_get_fit(clv, &f);
                for (uint32_t k = 0; k < f.n_parameters; k++)
                    assert_true(f.parameter[k] > 0 && isfinite(f.parameter[k]) &&
                                f.standard_error[k] >= 0 &&
                                isfinite(f.standard_error[k]));
                fitted++;
                kehu_clv_free(clv);
            } else {
                assert_true(status == KEHU_DATA || status == KEHU_EMPTY);
                assert_true(err.message[0] != '\0');
                assert_null(clv);
            }
        }
    assert_true(fitted > 0);
}

/* ---- Scores ---- */

static kehu_clv *known(kehu_clv_model model, const double *p, size_t n)
{
    kehu_clv *clv = NULL;
    assert_int_equal(kehu_clv_from_parameters(&clv, model, p, n, NULL, NULL), KEHU_OK);
    return clv;
}

static void check_near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within * (fabs(want) > 1 ? fabs(want) : 1)))
        fail_msg("%.15g, expected %.15g", got, want);
}

static void test_clv_scores_of_published_customers(void **state)
{
    /* BG/NBD note of Fader, Hardie and Lee: customer 1 of the CDNOW sample with
     * x = 2, tx = 30.43, T = 38.86 is expected to buy 1.226 times in the next 39
     * weeks. */
    const double x[] = {2}, tx[] = {30.43}, t[] = {38.86};
    const kehu_clv_columns c = {1, x, tx, t, NULL, NULL};
    kehu_clv *bg = known(KEHU_BG_NBD, (double[]){0.243, 4.414, 0.793, 2.426}, 4);
    /* p (v + m x) / (p x + q - 1); without a repeat the mean of all. */
    const double x2[] = {2, 0}, m2[] = {22.35, 0};
    const kehu_clv_columns c2 = {2, x2, NULL, NULL, m2, NULL};
    kehu_clv *gg = known(KEHU_GAMMA_GAMMA, (double[]){6.25, 3.74, 15.44}, 3);
    double out[2];
    (void)state;
    assert_int_equal(kehu_clv_purchases(bg, &c, 39, out, NULL), KEHU_OK);
    check_near(out[0], 1.226, 5e-4);
    assert_int_equal(kehu_clv_spend(gg, &c2, out, NULL), KEHU_OK);
    check_near(out[0], 6.25 * (15.44 + 44.7) / (12.5 + 2.74), 1e-14);
    check_near(out[1], 6.25 * 15.44 / 2.74, 1e-14);
    kehu_clv_free(gg);
    kehu_clv_free(bg);
}

static void test_clv_scores_stay_in_range_everywhere(void **state)
{
    static const double xs[] = {0, 1, 5, 161, 1e5}, ts[] = {1e-6, 1, 38.9, 501, 1e6};
    static const double ps[] = {0.01, 0.2426, 1, 4.4, 60};
    (void)state;
    for (int model = 0; model < KEHU_GAMMA_GAMMA; model++)
        for (int s = 0; s < 5 * 5 * 5; s++) {
            const double p[4] = {ps[s % 5], ps[s / 5 % 5], ps[s / 25], ps[(s + 3) % 5]};
            kehu_clv *clv = known((kehu_clv_model)model, p, 4);
            for (int i = 0; i < 25; i++) {
                double x[1] = {xs[i % 5]}, t[1] = {ts[i / 5]}, tx[3], alive, n, more,
                       wait;
                tx[0] = 0, tx[1] = t[0] / 2, tx[2] = t[0];
                if (model == KEHU_BG_BB) {
                    t[0] = ceil(t[0] > 1e4 ? 1e4 : t[0]);
                    tx[1] = ceil(t[0] / 2), tx[2] = t[0];
                }
                for (int k = 0; k < 3; k++) {
                    const kehu_clv_columns c = {1, x, &tx[k], t, NULL, NULL};
                    if ((x[0] == 0) != (tx[k] == 0) ||
                        (model == KEHU_BG_BB && x[0] > tx[k]))
                        continue;
                    assert_int_equal(kehu_clv_alive(clv, &c, &alive, NULL), KEHU_OK);
                    assert_int_equal(kehu_clv_purchases(clv, &c, 10, &n, NULL), KEHU_OK);
                    assert_int_equal(kehu_clv_purchases(clv, &c, 1000, &more, NULL),
                                     KEHU_OK);
                    assert_int_equal(kehu_clv_waiting(clv, &c, &wait, NULL), KEHU_OK);
                    assert_true(alive >= 0 && alive <= 1);
                    assert_true(n >= 0 && isfinite(n));
                    if (!(more >= n * (1 - 1e-6) && isfinite(more)))
                        fail_msg("model %d p %g %g %g %g x %g tx %g t %g: %g then %g",
                                 model, p[0], p[1], p[2], p[3], x[0], tx[k], t[0], n,
                                 more);
                    assert_true(wait > 0 && !isnan(wait));
                }
            }
            kehu_clv_free(clv);
        }
}

static void test_clv_value_is_spend_times_discounted_purchases(void **state)
{
    world *w = make_world(5, KEHU_PARETO_NBD, N);
    kehu_clv *buys = fit(&w->c, KEHU_PARETO_NBD), *spends = fit(&w->c, KEHU_GAMMA_GAMMA);
    double value[N], spend[N], n1[N], n2[N], n3[N];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_clv_value(buys, spends, &w->c, 3, 0.1, value, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_spend(spends, &w->c, spend, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_purchases(buys, &w->c, 1, n1, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_purchases(buys, &w->c, 2, n2, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_purchases(buys, &w->c, 3, n3, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        check_near(value[i],
                   spend[i] * (n1[i] / 1.1 + (n2[i] - n1[i]) / (1.1 * 1.1) +
                               (n3[i] - n2[i]) / (1.1 * 1.1 * 1.1)),
                   1e-10);
    assert_int_equal(kehu_clv_value(buys, spends, &w->c, 1e5, 0.1, value, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "horizon is not from 0 to 10000");
    assert_int_equal(kehu_clv_value(buys, spends, &w->c, 1, -0.1, value, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "discount is not from 0 to 1000000");
    kehu_clv_free(spends);
    kehu_clv_free(buys);
    free(w);
}

/* Drawing customers anew and fitting again spreads ln value as the interval says. */
static void test_clv_interval_is_as_wide_as_refits_spread(void **state)
{
    enum { DRAWS = 200, SHOWN = 5 };
    world *w = make_world(5, KEHU_BG_NBD, N), *drawn = calloc(1, sizeof *drawn);
    kehu_clv *buys = fit(&w->c, KEHU_BG_NBD), *spends = fit(&w->c, KEHU_GAMMA_GAMMA);
    kehu__random r = kehu__random_seed(11);
    kehu_clv_columns shown = w->c;
    double sum[SHOWN] = {0}, square[SHOWN] = {0}, value[SHOWN], low[SHOWN], high[SHOWN];
    (void)state;
    assert_non_null(drawn);
    drawn->c = (kehu_clv_columns){N, drawn->x, drawn->tx, drawn->t, drawn->m, NULL};
    shown.n = SHOWN;
    for (int d = 0; d < DRAWS; d++) {
        for (int i = 0; i < N; i++) {
            const uint32_t k = kehu__random_below(&r, N);
            drawn->x[i] = w->x[k], drawn->tx[i] = w->tx[k];
            drawn->t[i] = w->t[k], drawn->m[i] = w->m[k];
        }
        kehu_clv *b = fit(&drawn->c, KEHU_BG_NBD), *s = fit(&drawn->c, KEHU_GAMMA_GAMMA);
        assert_int_equal(kehu_clv_value(b, s, &shown, 26, 0.002, value, NULL), KEHU_OK);
        for (int i = 0; i < SHOWN; i++) {
            sum[i] += log(value[i]);
            square[i] += log(value[i]) * log(value[i]);
        }
        kehu_clv_free(s);
        kehu_clv_free(b);
    }
    assert_int_equal(kehu_clv_value(buys, spends, &shown, 26, 0.002, value, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_clv_value_interval(buys, spends, &shown, 26, 0.002, 1, low, high, NULL),
        KEHU_OK);
    for (int i = 0; i < SHOWN; i++) {
        const double mean = sum[i] / DRAWS,
                     spread = sqrt(square[i] / DRAWS - mean * mean);
        check_near(log(value[i] / low[i]), log(high[i] / value[i]), 1e-9);
        if (fabs(log(high[i] / value[i]) / spread - 1) > 0.35)
            fail_msg("customer %d: %g, refits spread by %g", i, log(high[i] / value[i]),
                     spread);
    }
    kehu_clv_free(spends);
    kehu_clv_free(buys);
    free(drawn);
    free(w);
}

/* Where the numbers leave the range of a double, the interval ends at the largest
 * one, and is never NaN: for the largest numbers, and for customers so long gone
 * that being alive is next to nothing. */
static void test_clv_interval_is_never_nan(void **state)
{
    enum { LARGE = 5, GONE = 3000, ALL = LARGE + GONE };
    static double x[ALL] = {2147483648.0, 2147483648.0, 1, 2147483648.0, 0};
    static double t[ALL] = {1e-300, 1e15, 1e15, 1e-300, 0}, tx[ALL];
    static double m[ALL] = {DBL_MAX, DBL_MAX, DBL_MAX, DBL_MIN, -DBL_MAX};
    static double low[ALL], high[ALL];
    const kehu_clv_columns c = {ALL, x, tx, t, m, NULL};
    int at_the_end = 0;
    (void)state;
    memcpy(tx, t, sizeof tx);
    for (int i = LARGE; i < ALL; i++) {
        x[i] = 100;
        tx[i] = m[i] = 1;
        t[i] = exp(6 + 4.0 * (i - LARGE) / GONE);
    }
    for (uint32_t model = 0; model < KEHU_BG_BB; model++) {
        world *w = make_world(5, model, N);
        kehu_clv *buys = fit(&w->c, model), *spends = fit(&w->c, KEHU_GAMMA_GAMMA);
        kehu_error err = {0};
        if (kehu_clv_value_interval(buys, spends, &c, 26, 0.01, 2, low, high, &err) !=
            KEHU_OK)
            fail_msg("%s", err.message);
        for (int i = 0; i < ALL; i++) {
            if (!(low[i] >= 0 && low[i] <= high[i] && high[i] <= DBL_MAX))
                fail_msg("model %u, customer %d: %g to %g", model, i, low[i], high[i]);
            at_the_end += high[i] == DBL_MAX;
        }
        kehu_clv_free(spends);
        kehu_clv_free(buys);
        free(w);
    }
    assert_true(at_the_end > 0);
}

static void test_clv_interval_checks_its_arguments(void **state)
{
    world *w = make_world(5, KEHU_BG_NBD, N);
    kehu_clv *buys = fit(&w->c, KEHU_BG_NBD), *spends = fit(&w->c, KEHU_GAMMA_GAMMA),
             *given = known(KEHU_BG_NBD, (double[]){0.2, 4, 0.8, 2.4}, 4);
    double low[N], high[N], value[N];
    kehu_error err;
    (void)state;
    assert_int_equal(
        kehu_clv_value_interval(buys, spends, &w->c, 9, 0, 0, low, high, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_value(buys, spends, &w->c, 9, 0, value, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        assert_true(low[i] == value[i] && high[i] == value[i]);
    assert_int_equal(
        kehu_clv_value_interval(buys, spends, &w->c, 0, 0, 2, low, high, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        assert_true(low[i] == 0 && high[i] == 0);
    assert_int_equal(
        kehu_clv_value_interval(buys, spends, &w->c, 9, 0, 2, NULL, high, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "the output array is NULL");
    assert_int_equal(
        kehu_clv_value_interval(buys, spends, &w->c, 9, 0, 11, low, high, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "deviations is not from 0 to 10");
    assert_int_equal(
        kehu_clv_value_interval(given, spends, &w->c, 9, 0, 2, low, high, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "the BG/NBD model was not fitted, or by an earlier kehu: nothing "
                        "is known of how sure its parameters are");
    kehu_clv_free(given);
    kehu_clv_free(spends);
    kehu_clv_free(buys);
    free(w);
}

static void test_clv_scores_check_their_arguments(void **state)
{
    const double one[1] = {1}, ten[1] = {10};
    const kehu_clv_columns c = {1, one, one, ten, one, NULL},
                           bad = {1, one, ten, one, one, NULL};
    kehu_clv *bg = known(KEHU_BG_NBD, (double[]){0.2, 4, 0.8, 2.4}, 4),
             *gg = known(KEHU_GAMMA_GAMMA, (double[]){0.2, 0.5, 10}, 3),
             *none = (kehu_clv *)(void *)&not_null;
    double out[1];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_clv_alive(NULL, &c, out, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_clv_alive(gg, &c, out, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "the model is Gamma-Gamma, expected one of buying");
    assert_int_equal(kehu_clv_spend(bg, &c, out, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "the model is BG/NBD, expected one of spend");
    assert_int_equal(kehu_clv_alive(bg, &c, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "the output array is NULL");
    assert_int_equal(kehu_clv_waiting(bg, &bad, out, &err), KEHU_DATA);
    assert_int_equal(err.where, 0);
    assert_int_equal(kehu_clv_purchases(bg, &c, (double)NAN, out, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "horizon is negative, above 1e9 or not finite");
    assert_int_equal(kehu_clv_spend(gg, &c, out, &err), KEHU_DATA);
    assert_string_equal(err.message, "row 0 has no finite mean spend under this model: q "
                                     "is too small");
    assert_int_equal(kehu_clv_from_parameters(&none, KEHU_BG_NBD, one, 1, NULL, &err),
                     KEHU_ARGUMENT);
    assert_null(none);
    assert_string_equal(err.message, "BG/NBD has 4 parameters, not 1");
    assert_int_equal(kehu_clv_from_parameters(&none, KEHU_GAMMA_GAMMA,
                                              (double[]){1, -1, 1}, 3, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(err.where, 1);
    assert_string_equal(err.message, "parameter q is not between 1e-12 and 1e12");
    kehu_clv_free(gg);
    kehu_clv_free(bg);
    kehu_clv_free(NULL);
}

/* ---- Files, threads, memory ---- */

static kept written(const kehu_clv *clv)
{
    kept k = {0};
    const kehu_writer w = {keep, &k};
    assert_int_equal(kehu_clv_write(clv, &w, NULL), KEHU_OK);
    return k;
}

static void test_clv_comes_back_and_refuses_damage(void **state)
{
    world *w = make_world(5, 0, N);
    (void)state;
    for (uint32_t model = 0; model <= KEHU_GAMMA_GAMMA; model += KEHU_GAMMA_GAMMA) {
        kehu_clv *clv = fit(&w->c, model), *back = NULL;
        const kept a = written(clv);
        kehu_clv_fit_report r, s;
        assert_int_equal(kehu_clv_read(&back, a.bytes, a.size, NULL, NULL), KEHU_OK);
        const kept b = written(back);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.bytes, b.bytes, a.size);
        free(b.bytes);
        kehu_clv_get_fit(clv, &r);
        kehu_clv_get_fit(back, &s);
        assert_memory_equal(&r, &s, sizeof r);
        kehu_clv_free(back);
        for (size_t n = 0; n < a.size; n++) {
            assert_int_not_equal(kehu_clv_read(&back, a.bytes, n, NULL, NULL), KEHU_OK);
            assert_null(back);
        }
        for (size_t bit = 0; bit < 8 * a.size; bit++) {
            flip_bit(&a, bit);
            assert_int_not_equal(kehu_clv_read(&back, a.bytes, a.size, NULL, NULL),
                                 KEHU_OK);
            flip_bit(&a, bit);
        }
        free(a.bytes);
        kehu_clv_free(clv);
    }
    free(w);
}

/* Enough different rows that the sums are cut into many blocks. */
static void test_clv_threads_give_the_same_bytes(void **state)
{
    world *w = make_world(8, 0, MOST);
    kept one = {0};
    (void)state;
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        const kehu_clv_options opt = {.size = sizeof opt, .n_threads = threads};
        kehu_clv *clv = NULL;
        assert_int_equal(kehu_clv_fit(&clv, &w->c, &opt, NULL), KEHU_OK);
        const kept k = written(clv);
        if (threads > 1) {
            assert_int_equal(k.size, one.size);
            assert_memory_equal(k.bytes, one.bytes, one.size);
            free(k.bytes);
        } else {
            one = k;
        }
        kehu_clv_free(clv);
    }
    free(one.bytes);
    free(w);
}

static int stop(void *ctx, double done, const char *stage)
{
    (void)stage;
    assert_true(done >= 0 && done <= 1);
    return ++*(int *)ctx == 3;
}

static void test_clv_fit_can_be_stopped(void **state)
{
    world *w = make_world(5, 0, N);
    int calls = 0;
    const kehu_progress progress = {stop, &calls};
    const kehu_clv_options opt = {.size = sizeof opt, .progress = &progress};
    (void)state;
    check_failure(&w->c, &opt, KEHU_CANCELLED, -1,
                  "stopped by the caller during fitting");
    free(w);
}

static kehu_status value_with(const kehu_clv *buys, const world *w)
{
    const kehu_clv_columns *c = &w->c;
    kehu_clv *spends = fit(c, KEHU_GAMMA_GAMMA);
    double value[N], high[N];
    kehu_status status = kehu_clv_value(buys, spends, c, 26, 0.01, value, NULL);
    if (status == KEHU_OK)
        status = kehu_clv_value_interval(buys, spends, c, 26, 0.01, 2, value, high, NULL);
    kehu_clv_free(spends);
    return status;
}

static kehu_status whole_life(const world *w, const kehu_allocator *alloc,
                              const char *path)
{
    const kehu_clv_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_clv *clv = (kehu_clv *)(void *)&not_null, *back = (kehu_clv *)(void *)&not_null;
    double alive[N];
    kehu_status status = kehu_clv_fit(&clv, &w->c, &opt, NULL);
    if (status != KEHU_OK) {
        assert_null(clv);
        return status;
    }
    status = kehu_clv_save(clv, path, NULL);
    if (status == KEHU_OK) {
        status = kehu_clv_load(&back, path, alloc, NULL);
        if (status != KEHU_OK)
            assert_null(back);
        else
            status = kehu_clv_alive(back, &w->c, alive, NULL);
        if (status == KEHU_OK)
            status = value_with(back, w);
        kehu_clv_free(back);
    }
    kehu_clv_free(clv);
    return status;
}

static void test_clv_survives_every_refused_allocation(void **state)
{
    world *w = make_world(5, 0, N);
    char path[] = "clv-XXXXXX";
    const int fd = mkstemp(path);
    long n = 0;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        status = whole_life(w, faulty_init(&f, n), path);
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 6);
    remove(path);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clv_every_model_reaches_its_highest_point),
        cmocka_unit_test(test_clv_fits_do_not_hang_on_the_unit),
        cmocka_unit_test(test_clv_weights_stand_for_repeated_rows),
        cmocka_unit_test(test_clv_fit_says_what_is_wrong),
        cmocka_unit_test(test_clv_hard_shapes_have_a_defined_answer),
        cmocka_unit_test(test_clv_scores_of_published_customers),
        cmocka_unit_test(test_clv_scores_stay_in_range_everywhere),
        cmocka_unit_test(test_clv_value_is_spend_times_discounted_purchases),
        cmocka_unit_test(test_clv_interval_is_as_wide_as_refits_spread),
        cmocka_unit_test(test_clv_interval_is_never_nan),
        cmocka_unit_test(test_clv_interval_checks_its_arguments),
        cmocka_unit_test(test_clv_scores_check_their_arguments),
        cmocka_unit_test(test_clv_comes_back_and_refuses_damage),
        cmocka_unit_test(test_clv_threads_give_the_same_bytes),
        cmocka_unit_test(test_clv_fit_can_be_stopped),
        cmocka_unit_test(test_clv_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
