#include <kehu/tree.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { N = 600 };

/* Made-up customers: who leaves depends on contract, spend and a gap in it. */
typedef struct customers {
    double spend[N];
    int32_t contract[N], left[N], days[N];
    uint8_t few[N / 8]; /* BOOL */
    kehu_column columns[4], target;
} customers;

static const char contract_bytes[] = "month"
                                     "year"
                                     "two";
static const int32_t contract_offsets[] = {0, 5, 9, 12};
static const kehu_column contracts = {
    .type = KEHU_UTF8, .length = 3, .data = contract_bytes, .offsets = contract_offsets};

static void make_customers(customers *c, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    memset(c, 0, sizeof *c);
    for (int i = 0; i < N; i++) {
        double p;
        c->contract[i] = (int32_t)kehu__random_below(&r, 3);
        c->spend[i] = kehu__random_unit(&r) * 100;
        c->days[i] = 15000 + (int32_t)kehu__random_below(&r, 1000);
        if (kehu__random_below(&r, 2))
            c->few[i / 8] = (uint8_t)(c->few[i / 8] | 1 << i % 8);
        p = c->contract[i] == 0 ? 0.7 : c->spend[i] > 60 ? 0.5 : 0.1;
        if (kehu__random_below(&r, 10) == 0) {
            c->spend[i] = (double)NAN;
            p = 0.9;
        }
        c->left[i] = kehu__random_unit(&r) < p;
    }
    c->columns[0] = (kehu_column){
        .name = "spend", .type = KEHU_FLOAT64, .length = N, .data = c->spend};
    c->columns[1] = (kehu_column){.name = "contract",
                                  .type = KEHU_CATEGORY,
                                  .length = N,
                                  .data = c->contract,
                                  .dictionary = &contracts};
    c->columns[2] =
        (kehu_column){.name = "since", .type = KEHU_DATE32, .length = N, .data = c->days};
    c->columns[3] =
        (kehu_column){.name = "few", .type = KEHU_BOOL, .length = N, .data = c->few};
    c->target =
        (kehu_column){.name = "left", .type = KEHU_INT32, .length = N, .data = c->left};
}

static kehu_tree *train(const customers *c, const kehu_tree_options *options)
{
    kehu_tree *tree = NULL;
    kehu_error err = {0};
    if (kehu_tree_train(&tree, c->columns, 4, &c->target, NULL, NULL, options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return tree;
}

static void test_tree_finds_who_leaves(void **state)
{
    customers c;
    kehu_tree_summary s;
    double p[N][2], hit = 0;
    (void)state;
    make_customers(&c, 1);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_class_count(tree), 2);
    assert_string_equal(kehu_tree_class_name(tree, 0), "0");
    assert_string_equal(kehu_tree_class_name(tree, 1), "1");
    assert_int_equal(kehu_tree_feature_count(tree), 4);
    assert_string_equal(kehu_tree_feature_name(tree, 1), "contract");
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        assert_true(p[i][0] + p[i][1] == 1);
        hit += (p[i][1] > 0.5) == c.left[i];
    }
    assert_true(hit > 0.7 * N);
    kehu_tree_summary_get(tree, &s);
    assert_int_equal(s.n_rows, N);
    assert_int_equal(s.n_leaves, kehu_tree_leaf_count(tree));
    assert_true(s.n_leaves >= 3 && s.depth >= 2);
    assert_true(s.cv_log_loss > 0.3 && s.cv_log_loss < 0.69);
    kehu_tree_free(tree);
}

static void test_tree_matches_columns_by_name(void **state)
{
    customers c;
    kehu_column shuffled[5];
    double p[N][2], q[N][2];
    kehu_error err;
    (void)state;
    make_customers(&c, 2);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < 4; i++)
        shuffled[4 - i] = c.columns[i];
    shuffled[0] = c.target;
    assert_int_equal(kehu_tree_score(tree, shuffled, 5, q[0], NULL, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);

    assert_int_equal(kehu_tree_score(tree, shuffled, 4, q[0], NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "column spend is missing");
    shuffled[0] = c.columns[2];
    assert_int_equal(kehu_tree_score(tree, shuffled, 5, q[0], NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "column since is there twice");
    shuffled[0] = c.target;
    shuffled[4] = c.columns[1];
    shuffled[4].name = "spend";
    assert_int_equal(kehu_tree_score(tree, shuffled, 5, q[0], NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message,
                        "column spend is CATEGORY, the tree was trained on numbers");
    shuffled[4] = c.columns[0];
    shuffled[4].length = N - 1;
    assert_int_equal(kehu_tree_score(tree, shuffled, 5, q[0], NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "column contract has 600 rows, column spend has 599");
    kehu_tree_free(tree);
}

static void test_tree_scores_one_row_as_in_a_batch(void **state)
{
    customers c;
    double p[N][2], one[2];
    static const char *const words[] = {"month", "year", "two"};
    (void)state;
    make_customers(&c, 3);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        const double numbers[4] = {c.spend[i], 0, c.days[i], c.few[i / 8] >> i % 8 & 1};
        const char *const texts[4] = {NULL, words[c.contract[i]], NULL, NULL};
        assert_int_equal(kehu_tree_score_row(tree, numbers, texts, one, NULL), KEHU_OK);
        assert_memory_equal(one, p[i], sizeof one);
    }
    kehu_tree_free(tree);
}

static void test_tree_counts_what_training_never_saw(void **state)
{
    customers c;
    int64_t unseen[4], missing[4];
    uint32_t leaves[N];
    static const char other_bytes[] = "month"
                                      "lease"
                                      "two";
    static const int32_t other_offsets[] = {0, 5, 10, 13};
    const kehu_column other = {
        .type = KEHU_UTF8, .length = 3, .data = other_bytes, .offsets = other_offsets};
    kehu_tree_score_options options = {
        .size = sizeof options, .unseen = unseen, .missing = missing, .leaves = leaves};
    uint8_t present[N / 8];
    int64_t n_years = 0;
    (void)state;
    make_customers(&c, 4);
    kehu_tree *tree = train(&c, NULL);
    c.columns[1].dictionary = &other;
    memset(present, 0xFF, sizeof present);
    present[0] = 0xFE;
    c.columns[2].validity = present;
    for (int i = 0; i < N; i++)
        n_years += c.contract[i] == 1;
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, NULL, &options, NULL), KEHU_OK);
    assert_int_equal(unseen[1], n_years);
    assert_int_equal(unseen[0], 0);
    assert_int_equal(missing[2], 1);
    assert_int_equal(missing[0], 0); /* training had gaps there */
    for (int i = 0; i < N; i++)
        assert_true(leaves[i] < kehu_tree_leaf_count(tree));
    kehu_tree_free(tree);
}

static void test_tree_scores_do_not_depend_on_threads(void **state)
{
    customers c;
    double p[N][2], q[N][2];
    (void)state;
    make_customers(&c, 5);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    kehu_tree_free(tree);
    for (uint32_t n = 2; n <= 7; n += 5) {
        const kehu_tree_options options = {.size = sizeof options, .n_threads = n};
        const kehu_tree_score_options how = {.size = sizeof how, .n_threads = n};
        tree = train(&c, &options);
        assert_int_equal(kehu_tree_score(tree, c.columns, 4, q[0], &how, NULL), KEHU_OK);
        assert_memory_equal(p, q, sizeof p);
        kehu_tree_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_finds_who_leaves),
        cmocka_unit_test(test_tree_matches_columns_by_name),
        cmocka_unit_test(test_tree_scores_one_row_as_in_a_batch),
        cmocka_unit_test(test_tree_counts_what_training_never_saw),
        cmocka_unit_test(test_tree_scores_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
