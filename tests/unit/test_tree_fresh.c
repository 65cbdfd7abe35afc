/* What is asked of a tree with rows whose outcome is known: monotone answers, the worth
 * of columns, and probabilities put right. */
#include <stdio.h>

#include "learn/isotonic.h"
#include "support/tree_rows.h"

/* ---- monotone ---- */

static void test_tree_is_monotone_where_asked(void **state)
{
    static const int8_t rising[4] = {-1, 0, 1, 1};
    kehu_tree_options options = {.size = sizeof options};
    uint32_t n_spend_splits = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        customers c;
        double p[2], before, parts[4];
        make_customers(&c, 30 + seed);
        options.monotone = rising;
        options.n_monotone = 4;
        options.criterion = (kehu_tree_criterion)(seed % 4);
        options.n_folds = seed % 3 == 0 ? 1 : 5;
        kehu_tree *tree = train(&c, &options);
        kehu_tree_importance(tree, parts);
        n_spend_splits += parts[0] > 0 && parts[2] > 0;
        for (int i = 0; i < 40; i++) {
            static const char *const words[] = {"month", "year", "two"};
            double row[4] = {c.spend[i], 0, c.days[i], c.few[i / 8] >> i % 8 & 1};
            const char *const texts[4] = {NULL, words[c.contract[i]], NULL, NULL};
            before = 2;
            for (double spend = -1; spend <= 101; spend += 0.5) {
                row[0] = spend;
                assert_int_equal(kehu_tree_score_row(tree, row, texts, p, NULL), KEHU_OK);
                assert_true(p[1] <= before && p[0] == 1 - p[1]);
                before = p[1];
            }
            row[0] = i % 2 ? (double)NAN : 50;
            before = -1;
            for (double day = 14999; day <= 16001; day += 3) {
                row[2] = day;
                assert_int_equal(kehu_tree_score_row(tree, row, texts, p, NULL), KEHU_OK);
                assert_true(p[1] >= before);
                before = p[1];
            }
        }
        kehu_tree_free(tree);
    }
    assert_true(n_spend_splits >= 3);
}

static void test_tree_without_orders_is_the_free_tree(void **state)
{
    static const int8_t free_all[4] = {0};
    const kehu_tree_options options = {
        .size = sizeof options, .monotone = free_all, .n_monotone = 4};
    customers c;
    (void)state;
    make_customers(&c, 31);
    kehu_tree *a = train(&c, NULL), *b = train(&c, &options);
    memory m = written(a), n = written(b);
    assert_int_equal(m.size, n.size);
    assert_memory_equal(m.bytes, n.bytes, m.size);
    free(m.bytes);
    free(n.bytes);
    kehu_tree_free(a);
    kehu_tree_free(b);
}

static void test_tree_refuses_orders_it_cannot_keep(void **state)
{
    static const int8_t wrong[4] = {0, 0, 2, 0}, text[4] = {0, 1, 0, 0},
                        spend[4] = {1, 0, 0, 0};
    const struct {
        const int8_t *monotone;
        uint32_t n;
        kehu_status status;
        const char *message;
    } cases[] = {
        {spend, 3, KEHU_ARGUMENT, "n_monotone is 3, there are 4 columns"},
        {wrong, 4, KEHU_ARGUMENT, "monotone[2] is 2, expected -1 to 1"},
        {text, 4, KEHU_COLUMN, "column contract is text, which cannot be monotone"},
        {spend, 4, KEHU_ARGUMENT, "monotone is for two classes, the target has 3"},
    };
    customers c;
    (void)state;
    make_customers(&c, 32);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kehu_tree_options options = {.size = sizeof options,
                                           .monotone = cases[i].monotone,
                                           .n_monotone = cases[i].n};
        kehu_tree *tree;
        kehu_error err;
        if (i == 3)
            c.left[0] = 2;
        assert_int_equal(
            kehu_tree_train(&tree, c.columns, 4, &c.target, NULL, NULL, &options, &err),
            cases[i].status);
        assert_string_equal(err.message, cases[i].message);
        assert_null(tree);
    }
}

/* ---- the worth of columns ---- */

static void test_tree_permutation_finds_the_columns_that_count(void **state)
{
    customers c, later;
    double importance[4], spread[4], again[4];
    kehu_tree_permute_options options = {.size = sizeof options, .n_repeats = 8};
    (void)state;
    make_customers(&c, 33);
    make_customers(&later, 34);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_permute(tree, later.columns, 4, &later.target, &options,
                                       importance, spread, NULL),
                     KEHU_OK);
    assert_true(importance[0] > 0.1 && importance[1] > 0.1);
    assert_true(importance[0] > 3 * spread[0] && importance[1] > 3 * spread[1]);
    assert_true(fabs(importance[2]) < 0.03 && fabs(importance[3]) < 0.03);
    options.n_threads = 3;
    assert_int_equal(kehu_tree_permute(tree, later.columns, 4, &later.target, &options,
                                       again, NULL, NULL),
                     KEHU_OK);
    assert_memory_equal(importance, again, sizeof again);
    options.seed = 5;
    assert_int_equal(kehu_tree_permute(tree, later.columns, 4, &later.target, &options,
                                       again, NULL, NULL),
                     KEHU_OK);
    assert_true(again[0] != importance[0] && fabs(again[0] - importance[0]) < 0.1);
    kehu_tree_free(tree);
}

/* Two rows that differ in spend alone: half of the shuffles swap them. */
static void test_tree_permutation_is_the_rise_of_the_loss(void **state)
{
    customers c;
    double p[N][2], importance[4], whole = 0, swapped;
    uint8_t known[N / 8 + 1] = {0};
    kehu_tree_permute_options options = {.size = sizeof options, .n_repeats = 400};
    (void)state;
    make_customers(&c, 35);
    c.contract[1] = c.contract[0] = 1;
    c.days[1] = c.days[0];
    c.few[0] = 0;
    kehu_tree *tree = train(&c, NULL);
    c.spend[0] = 5;
    c.spend[1] = 95;
    c.left[0] = 0;
    c.left[1] = 1;
    known[0] = 3;
    c.target.validity = known;
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    whole = -(log(p[0][0]) + log(p[1][1])) / 2;
    swapped = -(log(p[1][0]) + log(p[0][1])) / 2;
    assert_int_equal(kehu_tree_permute(tree, c.columns, 4, &c.target, &options,
                                       importance, NULL, NULL),
                     KEHU_OK);
    assert_true(swapped > whole);
    assert_true(importance[0] > 0.4 * (swapped - whole) &&
                importance[0] < 0.6 * (swapped - whole));
    assert_true(importance[1] == 0 && importance[2] == 0 && importance[3] == 0);
    kehu_tree_free(tree);
}

static void test_tree_outcomes_must_be_known(void **state)
{
    customers c;
    double importance[4];
    kehu_error err;
    kehu_tree *out;
    uint8_t none[N / 8 + 1] = {0};
    const kehu_tree_permute_options too_many = {.size = sizeof too_many,
                                                .n_repeats = 1001};
    const kehu_tree_recalibrate_options folds = {.size = sizeof folds, .n_folds = 1},
                                        method = {.size = sizeof method,
                                                  .method = (kehu_tree_calibration)4};
    (void)state;
    make_customers(&c, 36);
    kehu_tree *tree = train(&c, NULL);
#define BOTH(status, text)                                                               \
    do {                                                                                 \
        assert_int_equal(kehu_tree_permute(tree, c.columns, 4, &c.target, NULL,          \
                                           importance, NULL, &err),                      \
                         status);                                                        \
        assert_string_equal(err.message, text);                                          \
        assert_int_equal(kehu_tree_recalibrate(&out, tree, c.columns, 4, &c.target,      \
                                               NULL, NULL, &err),                        \
                         status);                                                        \
        assert_string_equal(err.message, text);                                          \
        assert_null(out);                                                                \
    } while (0)
    c.left[7] = 2;
    BOTH(KEHU_DATA, "the target of row 7 is not a class of the tree");
    c.target.validity = none;
    BOTH(KEHU_EMPTY, "no row has a class");
    c.target.length = 5;
    BOTH(KEHU_ARGUMENT, "the target has 5 rows, the columns have 600");
    c.target = c.columns[0];
    BOTH(KEHU_COLUMN,
         "the target is FLOAT64, expected text, BOOL or integers up to INT64");
    c.columns[0].name = "other";
    BOTH(KEHU_COLUMN, "column spend is missing");
    c.columns[0].name = "spend";
    c.target.length = 0;
    for (int k = 0; k < 4; k++)
        c.columns[k].length = 0;
    BOTH(KEHU_EMPTY, "there are no rows");
#undef BOTH
    assert_int_equal(kehu_tree_permute(tree, c.columns, 4, &c.target, &too_many,
                                       importance, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_repeats is 1001, expected 1 to 1000");
    assert_int_equal(
        kehu_tree_recalibrate(&out, tree, c.columns, 4, &c.target, &folds, NULL, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_folds is 1, expected 2 to 20");
    assert_int_equal(
        kehu_tree_recalibrate(&out, tree, c.columns, 4, &c.target, &method, NULL, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "method is 4, expected 0 to 3");
    kehu_tree_free(tree);
}

/* ---- probabilities put right ---- */

static double plain_mean(const double *y, const double *w, uint32_t a, uint32_t b)
{
    double sum = 0, weight = 0;
    for (uint32_t i = a; i <= b; i++) {
        sum += y[i] * w[i];
        weight += w[i];
    }
    return sum / weight;
}

/* The isotonic value at i: the largest over starts of the smallest mean over ends. */
static double plain_isotonic(const double *y, const double *w, uint32_t n, uint32_t i)
{
    double largest = -1;
    for (uint32_t a = 0; a <= i; a++) {
        double smallest = 2;
        for (uint32_t b = i; b < n; b++) {
            const double mean = plain_mean(y, w, a, b);
            smallest = mean < smallest ? mean : smallest;
        }
        largest = smallest > largest ? smallest : largest;
    }
    return largest;
}

static void test_isotonic_is_the_largest_of_the_smallest_means(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        kehu__random r = kehu__random_seed(seed);
        const uint32_t n = 1 + kehu__random_below(&r, 30);
        double x[30], y[30], w[30], py[30] = {0}, pw[30] = {0}, px[30], mean, fit[30];
        uint32_t n_places = 0, n_knots, at = 0;
        for (uint32_t i = 0; i < n; i++) {
            x[i] = i == 0 ? 0.1 : x[i - 1] + (kehu__random_below(&r, 3) ? 0.02 : 0);
            y[i] = kehu__random_below(&r, 2);
            w[i] = 1 + kehu__random_below(&r, 3);
            if (i == 0 || x[i] != x[i - 1])
                px[n_places++] = x[i];
            pw[n_places - 1] += w[i];
            py[n_places - 1] += w[i] * y[i];
        }
        for (uint32_t i = 0; i < n_places; i++)
            py[i] /= pw[i];
        mean = plain_mean(y, w, 0, n - 1);
        for (uint32_t i = 0; i < n_places; i++)
            fit[i] = plain_isotonic(py, pw, n_places, i);
        n_knots = kehu__isotonic_fit(x, y, w, n);
        for (uint32_t k = 0; k < n_knots; k++) { /* pools hold one or more plain ones */
            double sum = 0, weight = 0, rows = 0, centre = 0;
            for (; at < n_places && weight + pw[at] <= w[k] + 1e-9 - rows;) {
                const double level = fit[at];
                rows += 1; /* one row of the mean for each plain pool */
                for (; at < n_places && fabs(fit[at] - level) < 1e-12; at++) {
                    sum += pw[at] * py[at];
                    weight += pw[at];
                    centre += pw[at] * px[at];
                }
            }
            assert_true(fabs(w[k] - weight - rows) < 1e-9);
            assert_true(fabs(y[k] - (sum + rows * mean) / w[k]) < 1e-9);
            assert_true(rows > 1 || fabs(x[k] - centre / weight) < 1e-9);
            assert_true(k == 0 || (y[k] > y[k - 1] && x[k] > x[k - 1]));
        }
        assert_int_equal(at, n_places);
        for (double a = 0, before = -1; a < 1; a += 0.01) {
            const double value = kehu__isotonic_at(x, y, n_knots, a);
            assert_true(value >= before && value >= y[0] && value <= y[n_knots - 1]);
            before = value;
        }
    }
}

/* Customers of whom half as many leave as the tree was taught. */
static void make_calmer(customers *c, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    make_customers(c, seed);
    for (int i = 0; i < N; i++)
        if (kehu__random_below(&r, 2))
            c->left[i] = 0;
}

static double loss_on(const kehu_tree *tree, const customers *c)
{
    double p[N][2], loss = 0;
    assert_int_equal(kehu_tree_score(tree, c->columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        loss -= log(p[i][c->left[i]]);
    return loss / N;
}

static void test_tree_recalibrates_without_losing_its_order(void **state)
{
    customers c, calm, later;
    (void)state;
    make_customers(&c, 37);
    make_calmer(&calm, 38);
    make_calmer(&later, 39);
    kehu_tree *tree = train(&c, NULL);
    for (int m = KEHU_TREE_CALIBRATE_BEST; m <= KEHU_TREE_CALIBRATE_ISOTONIC; m++) {
        const kehu_tree_recalibrate_options options = {
            .size = sizeof options, .method = (kehu_tree_calibration)m};
        kehu_tree_recalibration found;
        kehu_tree_step steps[64];
        double p[N][2], q[N][2], base;
        uint32_t n_steps;
        kehu_tree *fresh, *back;
        assert_int_equal(kehu_tree_recalibrate(&fresh, tree, calm.columns, 4,
                                               &calm.target, &options, &found, NULL),
                         KEHU_OK);
        assert_int_equal(found.n_rows, N);
        assert_int_equal(found.refused, 0);
        assert_true(fabs(found.log_loss_before - loss_on(tree, &calm)) < 1e-12);
        if (m == KEHU_TREE_CALIBRATE_NONE)
            assert_true(loss_on(fresh, &later) == loss_on(tree, &later));
        else {
            assert_true(found.log_loss_after < found.log_loss_before - 0.02);
            assert_true(loss_on(fresh, &later) < loss_on(tree, &later) - 0.02);
        }
        if (m == KEHU_TREE_CALIBRATE_SLOPE)
            assert_true(found.slope > 0.3 && found.slope < 2);
        if (m != KEHU_TREE_CALIBRATE_BEST)
            assert_int_equal(found.method, m);
        assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_tree_score(fresh, c.columns, 4, q[0], NULL, NULL), KEHU_OK);
        for (int i = 0; i < N; i++) {
            double sum;
            for (int j = 0; j < i; j++)
                assert_true(p[i][1] <= p[j][1] ? q[i][1] <= q[j][1] : q[i][1] >= q[j][1]);
            assert_int_equal(kehu_tree_explain(fresh, c.columns, 4, i, 1, steps, 64,
                                               &n_steps, &base, NULL),
                             KEHU_OK);
            sum = base;
            for (uint32_t s = 0; s < n_steps; s++)
                sum += steps[s].change;
            assert_true(sum == q[i][1] && q[i][0] + q[i][1] == 1);
        }
        memory bytes = written(fresh);
        assert_int_equal(kehu_tree_read(&back, bytes.bytes, bytes.size, NULL, NULL),
                         KEHU_OK);
        free(bytes.bytes);
        kehu_tree_free(back);
        kehu_tree_free(fresh);
    }
    kehu_tree_free(tree);
}

static void test_tree_refuses_to_turn_its_order_round(void **state)
{
    customers c, odd;
    (void)state;
    make_customers(&c, 40);
    make_customers(&odd, 41);
    for (int i = 0; i < N; i++)
        odd.left[i] = 1 - odd.left[i];
    kehu_tree *tree = train(&c, NULL);
    memory before = written(tree);
    for (int m = KEHU_TREE_CALIBRATE_BEST; m <= KEHU_TREE_CALIBRATE_ISOTONIC; m++) {
        const kehu_tree_recalibrate_options options = {
            .size = sizeof options, .method = (kehu_tree_calibration)m};
        kehu_tree_recalibration found;
        kehu_tree *fresh;
        assert_int_equal(kehu_tree_recalibrate(&fresh, tree, odd.columns, 4, &odd.target,
                                               &options, &found, NULL),
                         KEHU_OK);
        assert_int_equal(found.refused, 1);
        assert_int_equal(found.method, KEHU_TREE_CALIBRATE_NONE);
        assert_true(found.log_loss_after == found.log_loss_before);
        memory after = written(fresh);
        assert_int_equal(after.size, before.size);
        assert_memory_equal(after.bytes, before.bytes, before.size);
        free(after.bytes);
        kehu_tree_free(fresh);
    }
    free(before.bytes);
    kehu_tree_free(tree);
}

static void test_tree_recalibrates_many_classes(void **state)
{
    static const kehu_tree_calibration methods[] = {KEHU_TREE_CALIBRATE_SLOPE,
                                                    KEHU_TREE_CALIBRATE_ISOTONIC};
    customers c, later;
    (void)state;
    make_customers(&c, 42);
    make_customers(&later, 43);
    for (int i = 0; i < N; i++) {
        c.left[i] += c.contract[i] == 2;
        later.left[i] += later.contract[i] == 2;
        if (later.left[i] == 2 && i % 3)
            later.left[i] = 0;
    }
    kehu_tree *tree = train(&c, NULL);
    for (int m = 0; m < 2; m++) {
        const kehu_tree_recalibrate_options options = {.size = sizeof options,
                                                       .method = methods[m]};
        kehu_tree_recalibration found;
        kehu_tree *fresh;
        double p[N][3], seen[3] = {0}, said[3] = {0};
        assert_int_equal(kehu_tree_recalibrate(&fresh, tree, later.columns, 4,
                                               &later.target, &options, &found, NULL),
                         KEHU_OK);
        assert_int_equal(found.method, methods[m]);
        assert_true(found.log_loss_after < found.log_loss_before);
        assert_int_equal(kehu_tree_score(fresh, later.columns, 4, p[0], NULL, NULL),
                         KEHU_OK);
        for (int i = 0; i < N; i++) {
            seen[later.left[i]]++;
            for (int k = 0; k < 3; k++)
                said[k] += p[i][k];
            assert_true(p[i][0] + p[i][1] + p[i][2] == 1);
        }
        for (int k = 0; k < 3; k++)
            assert_true(fabs(said[k] - seen[k]) < 0.02 * N);
        kehu_tree_free(fresh);
    }
    kehu_tree_free(tree);
}

/* What fresh rows do not show is not thereby impossible. */
static void test_tree_recalibrates_without_a_class(void **state)
{
    const kehu_tree_recalibrate_options options = {
        .size = sizeof options, .method = KEHU_TREE_CALIBRATE_ISOTONIC};
    customers c, later;
    kehu_tree_recalibration found;
    kehu_tree *fresh;
    kehu_error err;
    double before[N][3], after[N][3];
    (void)state;
    make_customers(&c, 44);
    make_customers(&later, 45);
    for (int i = 0; i < N; i++)
        c.left[i] += c.contract[i] == 2;
    kehu_tree *tree = train(&c, NULL);
    for (int i = 0; i < N; i++)
        later.left[i] = later.left[i] != 0;
    assert_int_equal(kehu_tree_recalibrate(&fresh, tree, later.columns, 4, &later.target,
                                           &options, &found, NULL),
                     KEHU_OK);
    assert_int_equal(found.method, KEHU_TREE_CALIBRATE_ISOTONIC);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, before[0], NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tree_score(fresh, c.columns, 4, after[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        assert_true(after[i][2] > before[i][2] / 3);
    kehu_tree_free(fresh);

    for (int i = 0; i < N; i++)
        later.left[i] = 1;
    assert_int_equal(kehu_tree_recalibrate(&fresh, tree, later.columns, 4, &later.target,
                                           NULL, NULL, &err),
                     KEHU_ONE_CLASS);
    assert_string_equal(err.message, "all 600 rows with a class are of 1");
    assert_null(fresh);
    kehu_tree_free(tree);
}

/* Permute and recalibrate, with one request refused. */
static kehu_status ask(const customers *c, const void *bytes, size_t size,
                       const kehu_allocator *alloc)
{
    const kehu_tree_recalibrate_options options = {.size = sizeof options,
                                                   .alloc = alloc};
    kehu_tree *tree = NULL, *fresh = NULL;
    double importance[4];
    kehu_status status = kehu_tree_read(&tree, bytes, size, alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_permute(tree, c->columns, 4, &c->target, NULL, importance,
                                   NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_recalibrate(&fresh, tree, c->columns, 4, &c->target, &options,
                                       NULL, NULL);
    kehu_tree_free(tree);
    kehu_tree_free(fresh);
    return status;
}

static void test_tree_questions_survive_every_refused_allocation(void **state)
{
    const kehu_tree_options few = {.size = sizeof few, .max_leaves = 4, .n_folds = 1};
    customers c, calm;
    long refuse_at = 0;
    (void)state;
    make_customers(&c, 44);
    make_calmer(&calm, 45);
    kehu_tree *tree = train(&c, &few);
    memory bytes = written(tree);
    kehu_tree_free(tree);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status =
            ask(&calm, bytes.bytes, bytes.size, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 40);
    free(bytes.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_is_monotone_where_asked),
        cmocka_unit_test(test_tree_without_orders_is_the_free_tree),
        cmocka_unit_test(test_tree_refuses_orders_it_cannot_keep),
        cmocka_unit_test(test_tree_permutation_finds_the_columns_that_count),
        cmocka_unit_test(test_tree_permutation_is_the_rise_of_the_loss),
        cmocka_unit_test(test_tree_outcomes_must_be_known),
        cmocka_unit_test(test_isotonic_is_the_largest_of_the_smallest_means),
        cmocka_unit_test(test_tree_recalibrates_without_losing_its_order),
        cmocka_unit_test(test_tree_refuses_to_turn_its_order_round),
        cmocka_unit_test(test_tree_recalibrates_many_classes),
        cmocka_unit_test(test_tree_recalibrates_without_a_class),
        cmocka_unit_test(test_tree_questions_survive_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
