/* Series made from a seed: false alarms stay below what kehu/trend.h says, what is
 * planted is found with its date, and change points are the best of all splits. */
#include <kehu/trend.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/maths.h"
#include "base/random.h"
#include "insight/trend.h"
#include "support/test.h"

enum { DAYS = 365, BASE = 56 };

/* A Poisson count (Knuth), in pieces so that exp does not vanish. */
static int64_t poisson(kehu__random *r, double mean)
{
    int64_t n = 0;
    for (; mean > 0; mean -= 20) {
        const double end = kehu__exp(-(mean < 20 ? mean : 20));
        double product = kehu__random_unit(r);
        for (; product > end; n++)
            product *= kehu__random_unit(r);
    }
    return n;
}

/* Overdispersed: a Poisson number of batches of 1 or 2 with variance 5/3 of the mean. */
static int64_t batches(kehu__random *r, double mean)
{
    return poisson(r, mean / 3) + 2 * poisson(r, mean / 3);
}

typedef struct series {
    int32_t *days;
    int64_t n, capacity;
} series;

static void add_events(series *s, int32_t day, int64_t n)
{
    for (; n > 0; n--) {
        if (s->n == s->capacity) {
            s->capacity = 2 * s->capacity + 1000;
            s->days = realloc(s->days, (size_t)s->capacity * sizeof *s->days);
            assert_non_null(s->days);
        }
        s->days[s->n++] = day;
    }
}

static kehu_table *find(const series *s, kehu_trend_report report,
                        const kehu_trend_options *options)
{
    const kehu_column time = {.type = KEHU_DATE32, .length = s->n, .data = s->days};
    kehu_table *t;
    kehu_error err;
    if (kehu_trends_find(&t, report, NULL, &time, 0, DAYS - 1, options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return t;
}

static const int32_t *days_of(const kehu_table *t, const char *column)
{
    return kehu_table_find(t, column)->data;
}

static void test_trend_false_alarms_stay_below_what_is_stated(void **state)
{
    enum { SERIES = 300 };
    static const double week[7] = {1.1, 1.2, 1, 1.1, 1.1, .8, .7};
    static const struct {
        double mean;
        int scatter, weekly;
    } kinds[] = {{20, 0, 0}, {2, 0, 0}, {40, 0, 1}, {20, 1, 1}, {.3, 0, 0}};
    const kehu_trend_options options = {.size = sizeof options,
                                        .false_alarms_per_year = 1};
    kehu__random r = kehu__random_seed(7);
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t bursts = 0, changed = 0;
        for (int i = 0; i < SERIES; i++) {
            series s = {0};
            kehu_table *t;
            for (int32_t day = 0; day < DAYS; day++) {
                const double mean = kinds[k].mean * (kinds[k].weekly ? week[day % 7] : 1);
                add_events(&s, day,
                           kinds[k].scatter ? batches(&r, mean) : poisson(&r, mean));
            }
            t = find(&s, KEHU_TREND_BURSTS, &options);
            bursts += kehu_table_row_count(t);
            kehu_table_free(t);
            t = find(&s, KEHU_TREND_CHANGES, NULL);
            changed += kehu_table_row_count(t) > 0;
            kehu_table_free(t);
            free(s.days);
        }
        const double per_year = (double)bursts / SERIES * 365.25 / (DAYS - BASE);
        printf("%g a day%s%s: %.2f bursts a year (stated 1), %.1f %% of years with a "
               "change (stated 2)\n",
               kinds[k].mean, kinds[k].scatter ? ", scattered" : "",
               kinds[k].weekly ? ", weekly" : "", per_year,
               100.0 * (double)changed / SERIES);
        assert_true(per_year <= 1);
        assert_true(changed <= SERIES / 50);
    }
}

static void test_trend_planted_changes_and_bursts_are_found(void **state)
{
    enum { SERIES = 100, CHANGE = 200, BURST = 300 };
    kehu__random r = kehu__random_seed(8);
    int changes = 0, exact = 0, bursts = 0, dated = 0;
    (void)state;
    for (int i = 0; i < SERIES; i++) {
        series s = {0};
        kehu_table *t;
        for (int32_t day = 0; day < DAYS; day++)
            add_events(&s, day,
                       poisson(&r, day >= BURST && day < BURST + 3 ? 60
                                   : day < CHANGE                  ? 15
                                                                   : 24));
        t = find(&s, KEHU_TREND_CHANGES, NULL);
        for (int64_t k = 0; k < kehu_table_row_count(t); k++) {
            const int32_t off = days_of(t, "day")[k] - CHANGE;
            changes += abs(off) <= 3;
            exact += off == 0;
        }
        kehu_table_free(t);
        t = find(&s, KEHU_TREND_BURSTS, NULL);
        bool found = false; /* a day in between may fall out and make two of it */
        for (int64_t k = 0; k < kehu_table_row_count(t); k++) {
            const int32_t first = days_of(t, "first")[k], last = days_of(t, "last")[k];
            found |= first <= BURST + 2 && last >= BURST;
            dated += first == BURST && last == BURST + 2;
        }
        bursts += found;
        kehu_table_free(t);
        free(s.days);
    }
    printf("of %d: changes within 3 days %d, to the day %d; bursts %d, to the day %d\n",
           SERIES, changes, exact, bursts, dated);
    assert_true(changes >= 90);
    assert_int_equal(bursts, SERIES);
    assert_true(dated >= 95);
}

/* ---- The best of all splits ---- */

static double best_by_trying(const kehu__series *s, int32_t from, int32_t shortest,
                             double penalty)
{
    double best = kehu__series_cost(s, from, s->n);
    for (int32_t at = from + shortest; at <= s->n - shortest; at++) {
        const double found = kehu__series_cost(s, from, at) + penalty +
                             best_by_trying(s, at, shortest, penalty);
        if (found < best)
            best = found;
    }
    return best;
}

static void test_trend_change_points_are_the_best_split(void **state)
{
    enum { N = 16 };
    kehu__random r = kehu__random_seed(9);
    (void)state;
    for (int round = 0; round < 300; round++) {
        int64_t y[N];
        double e[N + 1], sum_y[N + 1], sum_e[N + 1], best[N + 1], cost, penalty;
        int32_t from[N + 1], at[N + 1], n, start = 0;
        const int32_t shortest = 1 + (int32_t)kehu__random_below(&r, 5);
        kehu__series s = {.y = y, .e = e, .sum_y = sum_y, .sum_e = sum_e, .n = N};
        double mean = 5;
        for (int t = 0; t < N; t++) {
            if (kehu__random_below(&r, 5) == 0)
                mean = 20 * kehu__random_unit(&r);
            y[t] = poisson(&r, mean);
        }
        penalty = 8 * kehu__random_unit(&r) + .1;
        kehu__series_prepare(&s, -1, best);
        n = kehu__series_changes(&s, shortest, penalty, best, from, at);
        cost = n * penalty;
        for (int32_t k = 0; k <= n; k++) {
            const int32_t end = k < n ? at[k] : N;
            assert_true(end - start >= shortest);
            cost += kehu__series_cost(&s, start, end);
            start = end;
        }
        assert_true(fabs(cost - best_by_trying(&s, 0, shortest, penalty)) < 1e-9);
    }
}

/* The tail against adding up the other side. */
static void test_trend_tail_of_counts(void **state)
{
    (void)state;
    for (double mean = .2; mean < 60; mean *= 1.7)
        for (double ratio = 1.01; ratio < 5; ratio *= 1.5) {
            const double r = mean / (ratio - 1), q = 1 - 1 / ratio;
            double p = kehu__exp(-r * kehu__log(ratio)), below = 0;
            for (int y = 0; y < 200; y++) {
                if (y > mean && below < .999) {
                    const double tail = kehu__negative_binomial_tail(y, mean, ratio);
                    assert_true(fabs(tail - (1 - below)) < 1e-9);
                }
                below += p;
                p *= (y + r) / (y + 1) * q;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend_false_alarms_stay_below_what_is_stated),
        cmocka_unit_test(test_trend_planted_changes_and_bursts_are_found),
        cmocka_unit_test(test_trend_change_points_are_the_best_split),
        cmocka_unit_test(test_trend_tail_of_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
