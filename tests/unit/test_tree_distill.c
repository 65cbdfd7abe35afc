/* A single tree that an ensemble teaches. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>

#include "learn/tree_ensemble.h"
#include "support/tree_rows.h"

static const kehu_tree_options distilled = {
    .size = sizeof distilled, .kind = KEHU_TREE_DISTILLED, .n_folds = 2};

static double loss_on(const kehu_tree *tree, const customers *c, size_t K)
{
    double p[N * 3], loss = 0;
    assert_int_equal(kehu_tree_score(tree, c->columns, 4, p, NULL, NULL), KEHU_OK);
    for (size_t i = 0; i < N; i++)
        loss -= log(p[i * K + (size_t)c->left[i]]) / N;
    return loss;
}

static void test_distilled_tree_learns_what_one_tree_cannot(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 3; n_classes++) {
        const kehu_tree_options boosted = {
            .size = sizeof boosted, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
        const size_t K = (size_t)n_classes;
        customers c, later;
        kehu_tree_info s;
        make_additive(&c, 50, n_classes);
        make_additive(&later, 51, n_classes);
        kehu_tree *one = train(&c, NULL), *many = train(&c, &boosted),
                  *taught = train(&c, &distilled);
        const double loss = loss_on(taught, &later, K);
        assert_true(loss < loss_on(one, &later, K) - 0.01);
        assert_true(loss > loss_on(many, &later, K));
        kehu_tree_get_info(taught, &s);
        assert_int_equal(s.kind, KEHU_TREE_DISTILLED);
        assert_int_equal(s.n_trees, 1);
        assert_int_equal(s.n_rows, N);
        assert_true(s.n_leaves > 8 && s.n_leaves <= 512);
        assert_true(fabs(s.cv_log_loss - loss) < 0.1);
        kehu_tree_free(one);
        kehu_tree_free(many);
        kehu_tree_free(taught);
    }
}

/* The ensemble's probabilities, meant over a leaf's rows, are the leaf's but for the one
 * row of each parent; its weights are those of the rows' own classes. */
static void test_distilled_leaves_have_the_ensembles_mean_and_the_rows_weights(
    void **state)
{
    kehu_tree_options options = {
        .size = sizeof options, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
    customers c;
    double q[N][2], mean[512] = {0}, seen[512] = {0}, n[512] = {0}, p[N][2];
    uint32_t leaves[N];
    const kehu_tree_score_options how = {.size = sizeof how, .leaves = leaves};
    (void)state;
    make_additive(&c, 52, 2);
    kehu_tree *many = train(&c, &options);
    many->ensemble->calibration.method = KEHU_TREE_CALIBRATE_NONE;
    assert_int_equal(kehu_tree_score(many, c.columns, 4, q[0], NULL, NULL), KEHU_OK);
    options.kind = KEHU_TREE_DISTILLED;
    options.shrinkage = -1;
    kehu_tree *taught = train(&c, &options);
    assert_int_equal(kehu_tree_score(taught, c.columns, 4, p[0], &how, NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        n[leaves[i]]++;
        mean[leaves[i]] += q[i][1];
        seen[leaves[i]] += c.left[i];
    }
    for (int i = 0; i < N; i++) {
        const uint32_t leaf = leaves[i];
        assert_true(fabs(p[i][1] - mean[leaf] / n[leaf]) < 1.0 / n[leaf]);
    }
    for (uint32_t i = 0; i < taught->n_nodes; i++)
        if (taught->nodes[i].feature < 0) {
            const uint32_t leaf = taught->leaves[i];
            assert_true(taught->weights[2 * (size_t)i + 1] == seen[leaf]);
            assert_true(taught->weights[2 * (size_t)i] == n[leaf] - seen[leaf]);
        }
    kehu_tree_free(many);
    kehu_tree_free(taught);
}

static void test_distilled_tree_is_the_plain_one_where_it_does_not_pay(void **state)
{
    customers c;
    kehu_tree_info s;
    (void)state;
    make_customers(&c, 55);
    for (int i = 0; i < N; i++)
        c.left[i] = c.contract[i] == 0 && i % 20 != 0;
    const kehu_tree_options plain = {.size = sizeof plain, .n_folds = 2};
    kehu_tree *one = train(&c, &plain), *taught = train(&c, &distilled);
    kehu_tree_get_info(taught, &s);
    assert_int_equal(s.kind, KEHU_TREE_SINGLE);
    memory m = written(one), n = written(taught);
    assert_int_equal(m.size, n.size);
    assert_memory_equal(m.bytes, n.bytes, m.size);
    free(m.bytes);
    free(n.bytes);
    kehu_tree_free(one);
    kehu_tree_free(taught);
}

static void test_distilled_tree_is_the_same_for_any_number_of_threads(void **state)
{
    static const double class_weights[] = {1, 3};
    customers c;
    double given[N];
    const kehu_column weights = {.type = KEHU_FLOAT64, .length = N, .data = given};
    (void)state;
    make_additive(&c, 53, 2);
    for (int i = 0; i < N; i++)
        given[i] = 0.25 * (i % 4);
    for (int weighted = 0; weighted < 2; weighted++) {
        memory m[2] = {{0}};
        for (uint32_t t = 0; t < 2; t++) {
            kehu_tree_options options = distilled;
            kehu_tree *tree;
            options.n_threads = 1 + 2 * t;
            options.class_weights = weighted ? class_weights : NULL;
            options.n_class_weights = 2;
            assert_int_equal(kehu_tree_train(&tree, c.columns, 4, &c.target, NULL,
                                             weighted ? &weights : NULL, &options, NULL),
                             KEHU_OK);
            m[t] = written(tree);
            assert_int_equal(m[t].size, m[0].size);
            assert_memory_equal(m[t].bytes, m[0].bytes, m[0].size);
            kehu_tree_free(tree);
        }
        for (int t = 0; t < 2; t++)
            free(m[t].bytes);
    }
}

static void test_distilled_tree_heeds_the_classes_weights(void **state)
{
    static const double class_weights[] = {1, 4};
    kehu_tree_options options = distilled;
    customers c;
    double p[N][2], sum = 0, expected, yes = 0;
    (void)state;
    make_additive(&c, 54, 2);
    for (int i = 0; i < N; i++)
        yes += c.left[i];
    options.class_weights = class_weights;
    options.n_class_weights = 2;
    kehu_tree *tree = train(&c, &options);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    expected = 4 * yes / (N + 3 * yes);
    for (int i = 0; i < N; i++)
        sum += (c.left[i] ? 4 : 1) * p[i][1] / (N + 3 * yes);
    assert_true(fabs(sum - expected) < 0.02);
    kehu_tree_free(tree);
}

static void test_distilled_tree_is_single_in_all_it_can_do(void **state)
{
    static const int8_t spend[4] = {1, 0, 0, 0};
    kehu_tree_options options = distilled;
    const kehu_tree_recalibrate_options again = {.size = sizeof again,
                                                 .method = KEHU_TREE_CALIBRATE_SLOPE};
    customers c;
    kehu_tree *back, *fresh;
    kehu_tree_info s, t;
    memory rules = {0}, sql = {0}, onnx = {0};
    const kehu_writer to_rules = {to_memory, &rules}, to_sql = {to_memory, &sql},
                      to_onnx = {to_memory, &onnx};
    double p[2], q[2], numbers[4] = {50, NAN, 15500, 1};
    const char *const texts[4] = {NULL, "two", NULL, NULL};
    (void)state;
    make_additive(&c, 57, 2);
    kehu_tree *tree = train(&c, &distilled);
    assert_int_equal(kehu_tree_write_rules(tree, &to_rules, NULL), KEHU_OK);
    assert_int_equal(kehu_tree_write_sql(tree, 0, &to_sql, NULL), KEHU_OK);
    assert_int_equal(kehu_tree_write_onnx(tree, &to_onnx, NULL), KEHU_OK);
    assert_non_null(strstr(rules.bytes, "leaf 9:"));
    memory m = written(tree), n;
    assert_int_equal(kehu_tree_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
    n = written(back);
    assert_int_equal(m.size, n.size);
    assert_memory_equal(m.bytes, n.bytes, m.size);
    kehu_tree_get_info(tree, &s);
    kehu_tree_get_info(back, &t);
    assert_int_equal(t.kind, KEHU_TREE_DISTILLED);
    assert_int_equal(t.n_leaves, s.n_leaves);
    assert_true(t.cv_log_loss == s.cv_log_loss);
    assert_int_equal(
        kehu_tree_recalibrate(&fresh, back, c.columns, 4, &c.target, &again, NULL, NULL),
        KEHU_OK);
    kehu_tree_get_info(fresh, &t);
    assert_int_equal(t.kind, KEHU_TREE_DISTILLED);
    kehu_tree_free(fresh);
    kehu_tree_free(back);
    kehu_tree_free(tree);
    options.monotone = spend;
    options.n_monotone = 4;
    tree = train(&c, &options);
    for (double x = 0; x < 100; x++) { /* more spend, never less probable */
        numbers[0] = x;
        assert_int_equal(kehu_tree_score_row(tree, numbers, texts, q, NULL), KEHU_OK);
        assert_true(x == 0 || q[1] >= p[1]);
        memcpy(p, q, sizeof p);
    }
    kehu_tree_free(tree);
    free(m.bytes);
    free(n.bytes);
    free(rules.bytes);
    free(sql.bytes);
    free(onnx.bytes);
}

static kehu_status small_tree(customers *c, const kehu_allocator *alloc,
                              const kehu_progress *progress)
{
    kehu_tree_options options = distilled;
    kehu_tree *tree = NULL;
    options.alloc = alloc;
    options.progress = progress;
    options.max_leaves = 8;
    options.criterion = KEHU_TREE_ENTROPY;
    options.min_leaf_weight = 2;
    for (int f = 0; f < 2; f++)
        c->columns[f].length = 48;
    c->target.length = 48;
    const kehu_status status =
        kehu_tree_train(&tree, c->columns, 2, &c->target, NULL, NULL, &options, NULL);
    assert_true((tree != NULL) == (status == KEHU_OK));
    kehu_tree_free(tree);
    return status;
}

static void test_distilled_tree_survives_every_refused_allocation(void **state)
{
    customers c;
    long refuse_at = 0;
    (void)state;
    make_additive(&c, 62, 2);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = small_tree(&c, faulty_init(&f, refuse_at), NULL);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 100);
}

static int stop(void *ctx, double done, const char *stage)
{
    (void)done;
    (void)stage;
    return --*(int *)ctx == 0;
}

static void test_distilled_tree_stops_when_asked(void **state)
{
    customers c;
    int calls = 0;
    (void)state;
    make_additive(&c, 63, 2);
    for (;;) {
        int left = ++calls;
        const kehu_progress progress = {.report = stop, .ctx = &left};
        const kehu_status status = small_tree(&c, NULL, &progress);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_CANCELLED);
        assert_int_equal(left, 0);
    }
    assert_true(calls > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distilled_tree_learns_what_one_tree_cannot),
        cmocka_unit_test(
            test_distilled_leaves_have_the_ensembles_mean_and_the_rows_weights),
        cmocka_unit_test(test_distilled_tree_is_the_plain_one_where_it_does_not_pay),
        cmocka_unit_test(test_distilled_tree_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_distilled_tree_heeds_the_classes_weights),
        cmocka_unit_test(test_distilled_tree_is_single_in_all_it_can_do),
        cmocka_unit_test(test_distilled_tree_survives_every_refused_allocation),
        cmocka_unit_test(test_distilled_tree_stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
