/* Small random trees against a plain search of all splits, and promises that hold
 * for every input. The seed of a failure is printed. */
#include <kehu/tree.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { MAX_ROWS = 120, MAX_LEVELS = 4, N_INPUTS = 3 };

/* Two columns of numbers with gaps, one of categories. */
typedef struct rows {
    int n, n_classes;
    double x[2][2 * MAX_ROWS], weight[2 * MAX_ROWS];
    int32_t category[2 * MAX_ROWS], y[2 * MAX_ROWS], id[2 * MAX_ROWS];
    uint8_t there[2 * MAX_ROWS / 8 + 1];
    kehu_column inputs[N_INPUTS], target, ids, weights;
} rows;

static const char level_bytes[] = "abcd";
static const int32_t level_offsets[] = {0, 1, 2, 3, 4};
static const kehu_column levels = {
    .type = KEHU_UTF8, .length = 4, .data = level_bytes, .offsets = level_offsets};

static void point_columns(rows *r)
{
    static const char *const names[] = {"x0", "x1", "c"};
    for (int f = 0; f < 2; f++)
        r->inputs[f] = (kehu_column){
            .name = names[f], .type = KEHU_FLOAT64, .length = r->n, .data = r->x[f]};
    r->inputs[2] = (kehu_column){.name = "c",
                                 .type = KEHU_CATEGORY,
                                 .length = r->n,
                                 .data = r->category,
                                 .dictionary = &levels,
                                 .validity = r->there};
    r->target =
        (kehu_column){.name = "y", .type = KEHU_INT32, .length = r->n, .data = r->y};
    r->ids = (kehu_column){.type = KEHU_INT32, .length = r->n, .data = r->id};
    r->weights = (kehu_column){.type = KEHU_FLOAT64, .length = r->n, .data = r->weight};
}

static void make_rows(rows *r, kehu__random *random, int n_classes)
{
    memset(r, 0, sizeof *r);
    r->n = 10 + (int)kehu__random_below(random, MAX_ROWS - 10);
    r->n_classes = n_classes;
    for (int i = 0; i < r->n; i++) {
        for (int f = 0; f < 2; f++)
            r->x[f][i] = kehu__random_below(random, 5) == 0
                             ? (double)NAN
                             : (double)kehu__random_below(random, f == 0 ? 6 : 40);
        r->category[i] = (int32_t)kehu__random_below(random, MAX_LEVELS);
        if (kehu__random_below(random, 6) != 0)
            r->there[i / 8] = (uint8_t)(r->there[i / 8] | 1 << i % 8);
        r->y[i] = (int32_t)kehu__random_below(random, (uint32_t)n_classes);
        if (r->x[0][i] > 3 && kehu__random_below(random, 2))
            r->y[i] = 0;
        r->id[i] = i;
        r->weight[i] = 1;
    }
    for (int k = 0; k < n_classes; k++)
        r->y[k] = k; /* every class is there */
    point_columns(r);
}

static kehu_tree *train(const rows *r, const kehu_column *weights,
                        const kehu_tree_options *options)
{
    kehu_tree *tree = NULL;
    kehu_error err;
    const kehu_status status = kehu_tree_train(&tree, r->inputs, N_INPUTS, &r->target,
                                               &r->ids, weights, options, &err);
    if (status == KEHU_DATA)
        return NULL;
    if (status != KEHU_OK)
        fail_msg("%s", err.message);
    return tree;
}

static double xlogx(double x)
{
    return x > 0 ? x * log(x) : 0;
}

static double impurity(const double *count, int n_classes, kehu_tree_criterion criterion)
{
    double n = 0, sum = 0;
    for (int k = 0; k < n_classes; k++) {
        n += count[k];
        sum += criterion == KEHU_TREE_GINI ? count[k] * count[k] : xlogx(count[k]);
    }
    return n == 0 ? 0 : criterion == KEHU_TREE_GINI ? n - sum / n : xlogx(n) - sum;
}

static bool there(const rows *r, int i)
{
    return r->there[i / 8] >> i % 8 & 1;
}

/* The most that one split can gain: every cut with the missing on each side,
 * every subset of the categories (missing is one of them). */
static double plain_best_gain(const rows *r, kehu_tree_criterion criterion, int min_leaf)
{
    double best = 0, all[8] = {0};
    for (int i = 0; i < r->n; i++)
        all[r->y[i]]++;
    for (int f = 0; f < N_INPUTS; f++)
        for (int way = 0; way < (f < 2 ? 2 * 41 : 1 << (MAX_LEVELS + 1)); way++) {
            double left[8] = {0}, right[8], n_left = 0, gain;
            for (int i = 0; i < r->n; i++) {
                const int code = there(r, i) ? r->category[i] : MAX_LEVELS;
                const bool goes = f == 2              ? way >> code & 1
                                  : isnan(r->x[f][i]) ? way % 2
                                                      : r->x[f][i] < way / 2 + 0.5;
                left[r->y[i]] += goes;
                n_left += goes;
            }
            for (int k = 0; k < r->n_classes; k++)
                right[k] = all[k] - left[k];
            if (n_left < min_leaf || r->n - n_left < min_leaf)
                continue;
            gain = impurity(all, r->n_classes, criterion) -
                   impurity(left, r->n_classes, criterion) -
                   impurity(right, r->n_classes, criterion);
            best = gain > best ? gain : best;
        }
    return best;
}

typedef struct memory {
    char *bytes;
    size_t size;
} memory;

static int to_memory(void *ctx, const void *bytes, size_t size)
{
    memory *m = ctx;
    m->bytes = realloc(m->bytes, m->size + size + 1);
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
    m->bytes[m->size] = '\0';
    return 0;
}

/* The root's gain as the dump says it; 0 for a single leaf. */
static double root_gain(const kehu_tree *tree)
{
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    double gain = 0;
    assert_int_equal(kehu_tree_write_dump(tree, &writer, NULL), KEHU_OK);
    const char *at = strstr(m.bytes, " gain ");
    if (at != NULL)
        gain = strtod(at + 6, NULL);
    free(m.bytes);
    return gain;
}

/* Fisher's order holds the best subset of categories for two classes when rows
 * are not smoothed; with smoothing it may miss by little, so categories are
 * checked on equal footing: never more than the plain search, and numbers never
 * less. */
static void test_tree_root_split_is_the_best_there_is(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        kehu__random random = kehu__random_seed(seed);
        rows r;
        const int min_leaf = 1 + (int)kehu__random_below(&random, 5);
        const kehu_tree_criterion criterion =
            seed % 2 ? KEHU_TREE_GINI : KEHU_TREE_ENTROPY;
        const kehu_tree_options options = {.size = sizeof options,
                                           .n_folds = 1,
                                           .max_leaves = 2,
                                           .criterion = criterion,
                                           .min_leaf_weight = min_leaf};
        make_rows(&r, &random, 2);
        kehu_tree *tree = train(&r, NULL, &options);
        const double gain = root_gain(tree),
                     best = plain_best_gain(&r, criterion, min_leaf);
        if (fabs(gain - best) > 1e-9 * (1 + best)) {
            double numbers_only;
            memset(r.there, 0, sizeof r.there);
            numbers_only = plain_best_gain(&r, criterion, min_leaf);
            if (gain > best || gain < numbers_only - 1e-9)
                fail_msg("seed %llu: gain %.12g, best %.12g", (unsigned long long)seed,
                         gain, best);
        }
        kehu_tree_free(tree);
    }
}

static void scores_of(const kehu_tree *tree, const rows *r, double *p)
{
    assert_int_equal(kehu_tree_score(tree, r->inputs, N_INPUTS, p, NULL, NULL), KEHU_OK);
}

/* With the same shrinkage, fewer leaves are the same splits stopped earlier: the
 * path of every row in the small tree begins its path in the large one. */
static void test_tree_of_fewer_leaves_is_a_prefix(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        kehu__random random = kehu__random_seed(seed);
        rows r;
        kehu_tree_options options = {.size = sizeof options,
                                     .n_folds = 1,
                                     .max_leaves = 12,
                                     .min_leaf_weight = 2,
                                     .shrinkage = 1};
        make_rows(&r, &random, 2 + (int)kehu__random_below(&random, 3));
        kehu_tree *large = train(&r, NULL, &options);
        for (uint32_t leaves = 2; leaves < 12; leaves++) {
            options.max_leaves = leaves;
            kehu_tree *small = train(&r, NULL, &options);
            for (int i = 0; i < r.n; i++) {
                kehu_tree_step a[64], b[64];
                uint32_t na, nb;
                double base_a, base_b;
                assert_int_equal(kehu_tree_explain(small, r.inputs, N_INPUTS, i, 0, a, 64,
                                                   &na, &base_a, NULL),
                                 KEHU_OK);
                assert_int_equal(kehu_tree_explain(large, r.inputs, N_INPUTS, i, 0, b, 64,
                                                   &nb, &base_b, NULL),
                                 KEHU_OK);
                assert_true(base_a == base_b && na <= nb);
                for (uint32_t s = 0; s < na; s++)
                    assert_true(a[s].node == b[s].node &&
                                a[s].probability == b[s].probability);
            }
            kehu_tree_free(small);
        }
        kehu_tree_free(large);
    }
}

static void test_tree_weight_two_is_a_row_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        kehu__random random = kehu__random_seed(seed);
        rows r, twice;
        double p[4 * MAX_ROWS], q[4 * MAX_ROWS];
        const kehu_tree_options options = {.size = sizeof options, .max_leaves = 9};
        make_rows(&r, &random, 2);
        twice = r;
        for (int i = 0; i < r.n; i++) {
            const uint32_t copies = kehu__random_below(&random, 3);
            r.weight[i] = i < 2 ? 1 : copies;
        }
        twice.n = 0;
        memset(twice.there, 0, sizeof twice.there);
        for (int copy = 0; copy < 2; copy++)
            for (int i = 0; i < r.n; i++)
                if (r.weight[i] > copy) {
                    const int n = twice.n++;
                    twice.x[0][n] = r.x[0][i];
                    twice.x[1][n] = r.x[1][i];
                    twice.category[n] = r.category[i];
                    twice.y[n] = r.y[i];
                    twice.id[n] = i;
                    if (there(&r, i))
                        twice.there[n / 8] = (uint8_t)(twice.there[n / 8] | 1 << n % 8);
                }
        point_columns(&r);
        point_columns(&twice);
        kehu_tree *weighted = train(&r, &r.weights, &options),
                  *doubled = train(&twice, NULL, &options);
        if (weighted == NULL || doubled == NULL) {
            assert_true(weighted == doubled);
            continue;
        }
        scores_of(weighted, &r, p);
        scores_of(doubled, &r, q);
        for (int i = 0; i < 2 * r.n; i++)
            if (p[i] != q[i])
                fail_msg("seed %llu, row %d: %.17g %.17g", (unsigned long long)seed,
                         i / 2, p[i], q[i]);
        kehu_tree_free(weighted);
        kehu_tree_free(doubled);
    }
}

static void test_tree_probabilities_sum_to_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        kehu__random random = kehu__random_seed(seed);
        rows r;
        double p[8 * MAX_ROWS];
        const kehu_tree_options options = {
            .size = sizeof options, .max_leaves = 30, .n_folds = 2 + (uint32_t)seed % 4};
        const int K = 2 + (int)kehu__random_below(&random, 6);
        make_rows(&r, &random, K);
        kehu_tree *tree = train(&r, NULL, &options);
        scores_of(tree, &r, p);
        for (int i = 0; i < r.n; i++) {
            double sum = 0;
            for (int k = 0; k < K; k++) {
                assert_true(p[i * K + k] > 0);
                sum += p[i * K + k];
            }
            assert_true(sum == 1);
        }
        kehu_tree_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_root_split_is_the_best_there_is),
        cmocka_unit_test(test_tree_of_fewer_leaves_is_a_prefix),
        cmocka_unit_test(test_tree_weight_two_is_a_row_twice),
        cmocka_unit_test(test_tree_probabilities_sum_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
