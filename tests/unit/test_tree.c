#include <stdio.h>

#include "support/system.h"
#include "support/tree_rows.h"

static void test_tree_finds_who_leaves(void **state)
{
    customers c;
    kehu_tree_info s;
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
    kehu_tree_get_info(tree, &s);
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

static void test_tree_takes_a_column_without_values_as_of_any_type(void **state)
{
    static const uint8_t none[N / 8 + 1];
    static const int32_t ends[N + 1];
    customers c;
    double p[N][2], q[N][2];
    (void)state;
    make_customers(&c, 2);
    kehu_tree *tree = train(&c, NULL);
    for (int k = 0; k < 2; k++) /* spend is numbers, contract is text */
        c.columns[k].validity = none;
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    c.columns[0] = (kehu_column){.name = c.columns[0].name,
                                 .type = KEHU_UTF8,
                                 .length = N,
                                 .offsets = ends,
                                 .validity = none};
    c.columns[1] = (kehu_column){.name = c.columns[1].name,
                                 .type = KEHU_FLOAT64,
                                 .length = N,
                                 .data = c.spend,
                                 .validity = none};
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, q[0], NULL, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    c.columns[0] =
        (kehu_column){.name = c.columns[0].name,
                      .type = KEHU_CATEGORY,
                      .length = N,
                      .data = ends,
                      .validity = none,
                      .dictionary = &(kehu_column){
                          .type = KEHU_UTF8, .length = 1, .data = "", .offsets = ends}};
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, q[0], NULL, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
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

static kehu_status train_status(const customers *c, uint32_t n_columns,
                                const kehu_column *weights, kehu_tree_options *options,
                                kehu_error *err)
{
    kehu_tree *tree = (kehu_tree *)1;
    kehu_status status;
    if (options != NULL)
        options->size = sizeof *options;
    status = kehu_tree_train(&tree, c->columns, n_columns, &c->target, NULL, weights,
                             options, err);
    if (status != KEHU_OK)
        assert_null(tree);
    kehu_tree_free(tree);
    return status;
}

static void test_tree_refuses_unusable_columns(void **state)
{
    customers c;
    kehu_error err;
    double same[N];
    (void)state;
    make_customers(&c, 6);
    assert_int_equal(train_status(&c, 0, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "there are no columns to learn from");
    c.columns[1].name = NULL;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "column 1 has no name");
    c.columns[1].name = "spend";
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_DUPLICATE);
    assert_string_equal(err.message, "column spend is there twice");
    c.columns[1].name = "left";
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_DUPLICATE);
    assert_string_equal(err.message, "column left is also the target");
    c.columns[1].name = "contract";
    c.columns[1].length = 7;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "column contract has 7 rows, the target has 600");
    for (int i = 0; i < N; i++)
        same[i] = 3;
    c.columns[0].data = same;
    assert_int_equal(train_status(&c, 1, NULL, NULL, &err), KEHU_DATA);
    assert_string_equal(err.message, "no column has two different values");
    for (int i = 0; i < N; i++)
        same[i] = (double)NAN;
    assert_int_equal(train_status(&c, 1, NULL, NULL, &err), KEHU_DATA);
}

static void test_tree_takes_whole_decimals_as_classes(void **state)
{
    customers c;
    kehu_error err;
    (void)state;
    make_customers(&c, 7);
    c.target.type = KEHU_DECIMAL32;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_OK);
    c.target.scale = 2;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_COLUMN);
}

static void test_tree_refuses_unusable_targets(void **state)
{
    customers c;
    kehu_error err;
    kehu_tree_options options = {0};
    uint8_t present[N / 8 + 1];
    static const char names[] = "01";
    static const int32_t offsets[] = {0, 1, 1, 2};
    kehu_column classes = {
        .type = KEHU_UTF8, .length = 1, .data = names, .offsets = offsets};
    double real[N] = {0};
    (void)state;
    make_customers(&c, 7);
    memset(present, 0xFF, sizeof present);
    present[1] = 0xF7; /* row 11 */
    present[2] = 0xFC;
    c.target.validity = present;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_DATA);
    assert_string_equal(err.message, "the target is missing in row 11, the first of 3: "
                                     "train without such rows, or give them weight 0");
    assert_int_equal(err.where, 11);
    c.target.validity = NULL;
    options.classes = &classes;
    c.left[0] = 1;
    assert_int_equal(train_status(&c, 4, NULL, &options, &err), KEHU_DATA);
    assert_string_equal(err.message, "the target of row 0 is not in options.classes");
    classes.length = 3;
    assert_int_equal(train_status(&c, 4, NULL, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "options.classes has an empty name or one with a NUL");
    for (int i = 0; i < N; i++)
        c.left[i] = 5;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_ONE_CLASS);
    assert_string_equal(err.message, "all 600 rows are of class 5");
    for (int i = 0; i < N; i++)
        c.left[i] = i;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "the target has more than 255 classes");
    c.target.type = KEHU_FLOAT64;
    c.target.data = real;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_COLUMN);
    assert_string_equal(
        err.message,
        "the target is FLOAT64, expected text, BOOL or integers up to INT64");
    c.target.length = 0;
    for (int i = 0; i < 4; i++)
        c.columns[i].length = 0;
    assert_int_equal(train_status(&c, 4, NULL, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "there are no rows to learn from");
}

static void test_tree_refuses_bad_weights_and_options(void **state)
{
    customers c;
    kehu_error err;
    double w[N] = {0}, class_weights[2] = {1, 0};
    kehu_column weights = {.type = KEHU_FLOAT64, .length = N, .data = w};
    (void)state;
    make_customers(&c, 8);
    assert_int_equal(train_status(&c, 4, &weights, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "every weight is 0");
    w[5] = -1;
    assert_int_equal(train_status(&c, 4, &weights, NULL, &err), KEHU_RANGE);
    assert_string_equal(err.message, "the weight of row 5 is negative or not finite");
    w[5] = (double)NAN;
    assert_int_equal(train_status(&c, 4, &weights, NULL, &err), KEHU_RANGE);
    weights.length = 3;
    assert_int_equal(train_status(&c, 4, &weights, NULL, &err), KEHU_ARGUMENT);

#define REFUSED(text, ...)                                                               \
    do {                                                                                 \
        kehu_tree_options options = {__VA_ARGS__};                                       \
        assert_int_equal(train_status(&c, 4, NULL, &options, &err), KEHU_ARGUMENT);      \
        assert_string_equal(err.message, text);                                          \
    } while (0)
    REFUSED("criterion is 4, expected 0 to 3", .criterion = (kehu_tree_criterion)4);
    REFUSED("max_leaves is 1, expected 2 to 65536", .max_leaves = 1);
    REFUSED("max_depth is 65, expected 1 to 64", .max_depth = 65);
    REFUSED("n_folds is 21, expected 1 to 20", .n_folds = 21);
    REFUSED("min_leaf_weight is negative or not finite", .min_leaf_weight = -1);
    REFUSED("shrinkage is not finite", .shrinkage = (double)NAN);
    REFUSED("cut_penalty is not finite", .cut_penalty = HUGE_VAL);
    REFUSED("class_weights[1] is not a positive finite number",
            .class_weights = class_weights, .n_class_weights = 2);
    class_weights[1] = 2;
    REFUSED("n_class_weights is 1, the target has 2 classes",
            .class_weights = class_weights, .n_class_weights = 1);
#undef REFUSED
}

static int stop(void *ctx, double done, const char *stage)
{
    (void)done;
    (void)stage;
    return --*(int *)ctx == 0;
}

static void test_tree_stops_when_asked(void **state)
{
    customers c;
    kehu_error err;
    (void)state;
    make_customers(&c, 9);
    for (int calls = 1; calls <= 3; calls++) {
        int left = calls;
        const kehu_progress progress = {.report = stop, .ctx = &left};
        kehu_tree_options options = {.progress = &progress};
        assert_int_equal(train_status(&c, 4, NULL, &options, &err), KEHU_CANCELLED);
    }
}

static void test_tree_options_may_be_older_or_newer(void **state)
{
    customers c;
    kehu_tree *tree;
    kehu_error err;
    struct {
        kehu_tree_options known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}};
    const kehu_tree_options older = {.size = offsetof(kehu_tree_options, max_leaves),
                                     .max_leaves = 1};
    (void)state;
    make_customers(&c, 10);
    assert_int_equal(
        kehu_tree_train(&tree, c.columns, 4, &c.target, NULL, NULL, &older, &err),
        KEHU_OK);
    kehu_tree_free(tree);
    assert_int_equal(
        kehu_tree_train(&tree, c.columns, 4, &c.target, NULL, NULL, &newer.known, &err),
        KEHU_OK);
    kehu_tree_free(tree);
    newer.later = 1;
    assert_int_equal(
        kehu_tree_train(&tree, c.columns, 4, &c.target, NULL, NULL, &newer.known, &err),
        KEHU_VERSION);
    assert_null(tree);
}

static void test_tree_takes_infinities_as_extremes(void **state)
{
    customers c;
    double p[N][2];
    (void)state;
    make_customers(&c, 11);
    for (int i = 0; i < N; i++)
        c.spend[i] = c.left[i] ? (i % 2 ? HUGE_VAL : 5) : -HUGE_VAL;
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        assert_true((p[i][1] > 0.9) == c.left[i]);
    kehu_tree_free(tree);
}

static void test_tree_pools_rare_categories(void **state)
{
    enum { ROWS = 40000 };
    char *bytes = malloc(8 * ROWS);
    int32_t *offsets = malloc((ROWS + 1) * sizeof *offsets), *y = malloc(4 * ROWS);
    double *p = malloc(2 * ROWS * sizeof *p);
    kehu_column column = {.name = "id", .type = KEHU_UTF8, .length = ROWS};
    kehu_column target = {.name = "y", .type = KEHU_INT32, .length = ROWS, .data = y};
    kehu_tree *tree;
    (void)state;
    offsets[0] = 0;
    for (int i = 0; i < ROWS; i++) { /* half the rows in two levels, the rest alone */
        const int n = i % 4 == 0   ? sprintf(bytes + offsets[i], "a")
                      : i % 4 == 1 ? sprintf(bytes + offsets[i], "b")
                                   : sprintf(bytes + offsets[i], "%d", i);
        offsets[i + 1] = offsets[i] + n;
        y[i] = i % 4 == 0;
    }
    column.data = bytes;
    column.offsets = offsets;
    assert_int_equal(kehu_tree_train(&tree, &column, 1, &target, NULL, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_tree_score(tree, &column, 1, p, NULL, NULL), KEHU_OK);
    for (int i = 0; i < ROWS; i++)
        assert_true((p[2 * i + 1] > 0.99) == y[i]);
    kehu_tree_free(tree);
    free(bytes);
    free(offsets);
    free(y);
    free(p);
}

static int refuse(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    (void)bytes;
    (void)size;
    return 1;
}

static void test_tree_comes_back_from_its_bytes_and_its_file(void **state)
{
    customers c;
    double p[N][2], q[N][2];
    kehu_tree *back;
    kehu_error err;
    kehu_tree_info s, t;
    const kehu_writer refusing = {refuse, NULL};
    (void)state;
    make_customers(&c, 12);
    kehu_tree *tree = train(&c, NULL);
    memory m = written(tree), again;
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tree_read(&back, m.bytes, m.size, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_tree_score(back, c.columns, 4, q[0], NULL, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    kehu_tree_get_info(tree, &s);
    kehu_tree_get_info(back, &t);
    assert_memory_equal(&s, &t, sizeof s);
    again = written(back);
    assert_int_equal(again.size, m.size);
    assert_memory_equal(again.bytes, m.bytes, m.size);
    kehu_tree_free(back);
    free(again.bytes);

    assert_int_equal(kehu_tree_save(tree, "tree_test.kehu", &err), KEHU_OK);
    assert_int_equal(kehu_tree_load(&back, "tree_test.kehu", NULL, &err), KEHU_OK);
    again = written(back);
    assert_memory_equal(again.bytes, m.bytes, m.size);
    kehu_tree_free(back);
    free(again.bytes);
    remove("tree_test.kehu");
    assert_int_equal(kehu_tree_load(&back, "no_such_tree.kehu", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_null(back);
    assert_int_equal(kehu_tree_save(tree, "no_such_folder/x.kehu", &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu_tree_write(tree, &refusing, &err), KEHU_IO);
    assert_int_equal(kehu_tree_read(&back, "hello", 5, NULL, &err), KEHU_FORMAT);
    assert_string_equal(err.message, "the model is not a kehu model file");
    memcpy(m.bytes + 8, "RFM1", 4);
    assert_int_not_equal(kehu_tree_read(&back, m.bytes, m.size, NULL, &err), KEHU_OK);
    free(m.bytes);
    kehu_tree_free(tree);
}

static void test_tree_refuses_every_cut_and_every_flipped_bit(void **state)
{
    customers c;
    kehu_tree *back;
    kehu_tree_options options = {
        .size = sizeof options, .n_folds = 1, .max_leaves = 4, .min_leaf_weight = 100};
    (void)state;
    make_customers(&c, 13);
    for (int i = 0; i < N; i++)
        c.spend[i] = floor(c.spend[i] / 25);
    c.columns[2].name = "d";
    kehu_tree *tree = NULL;
    assert_int_equal(
        kehu_tree_train(&tree, c.columns, 2, &c.target, NULL, NULL, &options, NULL),
        KEHU_OK);
    memory m = written(tree);
    kehu_tree_free(tree);
    for (size_t n = 0; n < m.size; n++)
        assert_int_equal(kehu_tree_read(&back, m.bytes, n, NULL, NULL), KEHU_FORMAT);
    for (size_t bit = 0; bit < 8 * m.size; bit++) {
        m.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu_tree_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
        assert_null(back);
        m.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    free(m.bytes);
}

static void test_tree_steps_sum_to_the_score_exactly(void **state)
{
    customers c;
    double p[N][2];
    kehu_tree_step steps[64];
    kehu_error err;
    double base;
    uint32_t n, longest = 0;
    char text[200];
    size_t needed;
    (void)state;
    make_customers(&c, 14);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        for (uint32_t k = 0; k < 2; k++) {
            double forward = 0, backward = 0;
            assert_int_equal(
                kehu_tree_explain(tree, c.columns, 4, i, k, steps, 64, &n, &base, NULL),
                KEHU_OK);
            for (uint32_t s = 0; s < n; s++) {
                forward += steps[s].change;
                backward += steps[n - 1 - s].change;
                assert_int_equal(steps[s].was_missing,
                                 steps[s].feature == 0 && isnan(c.spend[i]));
            }
            assert_true(base + forward == p[i][k]);
            assert_true(base + backward == p[i][k]);
            longest = n > longest ? n : longest;
        }
    assert_true(longest >= 2);
    assert_int_equal(
        kehu_tree_explain(tree, c.columns, 4, 0, 1, steps, 0, &n, &base, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "capacity is 0, the path is longer");
    assert_int_equal(
        kehu_tree_explain(tree, c.columns, 4, N, 1, steps, 64, &n, &base, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "row is 600 of 600 rows");
    assert_int_equal(
        kehu_tree_explain(tree, c.columns, 4, 0, 2, steps, 64, &n, &base, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "class_number is 2, expected 0 to 1");
    steps[0] = (kehu_tree_step){.node = 0, .went_left = 1};
    assert_int_equal(kehu_tree_step_text(tree, steps, text, sizeof text, &needed, &err),
                     KEHU_OK);
    assert_int_equal(needed, strlen(text));
    assert_int_equal(kehu_tree_step_text(tree, steps, text, 5, NULL, &err), KEHU_OK);
    assert_int_equal(strlen(text), 4);
    kehu_tree_free(tree);
}

static void test_tree_words_name_every_kind_of_branch(void **state)
{
    customers c;
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    const kehu_tree_options options = {
        .size = sizeof options, .n_folds = 1, .max_leaves = 6, .min_leaf_weight = 10};
    const kehu_writer refusing = {refuse, NULL};
    double importance[4], sum = 0;
    (void)state;
    make_customers(&c, 15);
    for (int i = 0; i < N; i++) /* contract, then dates, then the yes or no */
        c.left[i] = c.contract[i] == 1 ? c.days[i] >= 15400 : c.few[i / 8] >> i % 8 & 1;
    kehu_tree *tree = train(&c, &options);
    assert_int_equal(kehu_tree_write_rules(tree, &writer, NULL), KEHU_OK);
    assert_non_null(strstr(m.bytes, "contract is year\n"));
    assert_non_null(strstr(m.bytes, "contract is not year\n"));
    assert_non_null(strstr(m.bytes, "since < 2012-0"));
    assert_non_null(strstr(m.bytes, "since >= 2012-0"));
    assert_non_null(strstr(m.bytes, "few is true"));
    assert_non_null(strstr(m.bytes, "few is false"));
    kehu_tree_importance(tree, importance);
    for (int f = 0; f < 4; f++)
        sum += importance[f];
    assert_true(fabs(sum - 1) < 1e-12);
    assert_true(importance[3] > importance[0]);
    m.size = 0;
    assert_int_equal(kehu_tree_write_dump(tree, &writer, NULL), KEHU_OK);
    assert_non_null(strstr(m.bytes, "rows 600\nleaves 6\ncriterion entropy\n"));
    assert_int_equal(kehu_tree_write_sql(tree, 'x', &writer, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_tree_write_onnx(tree, &refusing, NULL), KEHU_IO);
    free(m.bytes);
    kehu_tree_free(tree);
}

/* Train, keep, get back, score and explain, with one request refused. */
static kehu_status whole_life(const customers *c, const kehu_allocator *alloc)
{
    const kehu_tree_options options = {
        .size = sizeof options, .alloc = alloc, .min_leaf_weight = 20, .max_leaves = 8};
    kehu_tree *tree = NULL, *back = NULL;
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    double p[N][2], base;
    kehu_tree_step steps[8];
    char text[99];
    uint32_t n;
    kehu_status status =
        kehu_tree_train(&tree, c->columns, 4, &c->target, NULL, NULL, &options, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_save(tree, "tree_oom.kehu", NULL);
    if (status == KEHU_OK)
        status = kehu_tree_load(&back, "tree_oom.kehu", alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_score(back, c->columns, 4, p[0], NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_explain(back, c->columns, 4, 0, 0, steps, 8, &n, &base, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_step_text(back, steps, text, sizeof text, NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_write_sql(back, 0, &writer, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_write_onnx(back, &writer, NULL);
    if (tree == NULL || back == NULL)
        assert_int_not_equal(status, KEHU_OK);
    kehu_tree_free(tree);
    kehu_tree_free(back);
    free(m.bytes);
    return status;
}

static void test_tree_survives_every_refused_allocation(void **state)
{
    customers c;
    long refuse_at = 0;
    (void)state;
    make_customers(&c, 16);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = whole_life(&c, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 40);
    remove("tree_oom.kehu");
}

/* What the real SQLite makes of the SQL, against kehu_tree_score. */
static void test_tree_sql_scores_the_same_in_sqlite(void **state)
{
    static const char program[] =
        "python3 -c \"import sqlite3, sys; c = sqlite3.connect(':memory:');"
        "c.executescript(open('tree_sql.sql').read());"
        "f = open('tree_sql.txt', 'w');"
        "[print(*('%.17g' % v for v in r), file=f) for r in"
        " c.execute(open('tree_sql.select').read())]\"";
    customers c;
    double p[N][2];
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    FILE *f;
    (void)state;
    if (shell("python3 -c 'import sqlite3'") != 0)
        skip();
    make_customers(&c, 17);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], NULL, NULL), KEHU_OK);
    f = fopen("tree_sql.sql", "w");
    fputs("CREATE TABLE t (i INTEGER, spend REAL, contract TEXT, since TEXT, few "
          "INTEGER);\n",
          f);
    for (int i = 0; i < N; i++) {
        const int year = c.days[i] < 15340 ? 2011 : c.days[i] < 15706 ? 2012 : 2013;
        char spend[40] = "NULL";
        if (!isnan(c.spend[i]))
            snprintf(spend, sizeof spend, "%.17g", c.spend[i]);
        fprintf(f,
                "INSERT INTO t VALUES (%d, %s, '%.*s', date('%d-01-01', '+%d days'), "
                "%d);\n",
                i, spend,
                contract_offsets[c.contract[i] + 1] - contract_offsets[c.contract[i]],
                contract_bytes + contract_offsets[c.contract[i]], year,
                c.days[i] - (year == 2011   ? 14975
                             : year == 2012 ? 15340
                                            : 15706),
                c.few[i / 8] >> i % 8 & 1);
    }
    fclose(f);
    assert_int_equal(kehu_tree_write_sql(tree, 0, &writer, NULL), KEHU_OK);
    f = fopen("tree_sql.select", "w");
    fprintf(f, "SELECT %s FROM t ORDER BY i", m.bytes);
    fclose(f);
    assert_int_equal(system(program), 0);
    f = fopen("tree_sql.txt", "r");
    for (int i = 0; i < N; i++) {
        double q[2];
        assert_int_equal(fscanf(f, "%lf %lf", &q[0], &q[1]), 2);
        assert_true(fabs(q[0] - p[i][0]) < 1e-15 && fabs(q[1] - p[i][1]) < 1e-15);
    }
    fclose(f);
    remove("tree_sql.sql");
    remove("tree_sql.select");
    remove("tree_sql.txt");
    free(m.bytes);
    kehu_tree_free(tree);
}

static void test_tree_drift_is_small_where_nothing_moved(void **state)
{
    customers c, moved;
    double features[4], levels[2];
    kehu_error err;
    (void)state;
    make_customers(&c, 18);
    kehu_tree *tree = train(&c, NULL);
    assert_int_equal(kehu_tree_drift(tree, c.columns, 4, features, levels, &err),
                     KEHU_OK);
    for (int f = 0; f < 4; f++)
        assert_true(features[f] >= 0 && features[f] < 1e-12);
    assert_true(levels[0] < 1e-12 && levels[1] < 1e-12);
    make_customers(&moved, 19);
    for (int i = 0; i < N; i++)
        moved.contract[i] = 0;
    assert_int_equal(kehu_tree_drift(tree, moved.columns, 4, features, levels, &err),
                     KEHU_OK);
    assert_true(features[1] > 1);
    assert_true(features[0] < 0.1 && features[2] < 0.1);
    assert_true(levels[1] > 0.25);
    for (int f = 0; f < 4; f++)
        c.columns[f].length = 0;
    assert_int_equal(kehu_tree_drift(tree, c.columns, 4, features, levels, &err),
                     KEHU_EMPTY);
    assert_string_equal(err.message, "there are no rows to compare");
    kehu_tree_free(tree);
}

/* What the graph says is read by the Python tests; here, what it cannot say. */
static void test_tree_onnx_refuses_names_it_cannot_keep(void **state)
{
    static const char *const names[] = {"label", "probabilities", "kehu:row", "\xff"};
    const kehu_tree_options options = {
        .size = sizeof options, .n_folds = 1, .max_leaves = 4};
    customers c;
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    kehu_error err;
    (void)state;
    make_customers(&c, 20);
    for (int i = 0; i < 4; i++) {
        c.columns[3].name = names[i];
        kehu_tree *tree = train(&c, &options);
        assert_int_equal(kehu_tree_write_onnx(tree, &writer, &err),
                         i < 3 ? KEHU_DUPLICATE : KEHU_ENCODING);
        assert_int_equal(err.where, 3);
        kehu_tree_free(tree);
    }
    assert_int_equal(m.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_finds_who_leaves),
        cmocka_unit_test(test_tree_matches_columns_by_name),
        cmocka_unit_test(test_tree_takes_a_column_without_values_as_of_any_type),
        cmocka_unit_test(test_tree_scores_one_row_as_in_a_batch),
        cmocka_unit_test(test_tree_counts_what_training_never_saw),
        cmocka_unit_test(test_tree_scores_do_not_depend_on_threads),
        cmocka_unit_test(test_tree_refuses_unusable_columns),
        cmocka_unit_test(test_tree_takes_whole_decimals_as_classes),
        cmocka_unit_test(test_tree_refuses_unusable_targets),
        cmocka_unit_test(test_tree_refuses_bad_weights_and_options),
        cmocka_unit_test(test_tree_stops_when_asked),
        cmocka_unit_test(test_tree_options_may_be_older_or_newer),
        cmocka_unit_test(test_tree_takes_infinities_as_extremes),
        cmocka_unit_test(test_tree_pools_rare_categories),
        cmocka_unit_test(test_tree_comes_back_from_its_bytes_and_its_file),
        cmocka_unit_test(test_tree_refuses_every_cut_and_every_flipped_bit),
        cmocka_unit_test(test_tree_steps_sum_to_the_score_exactly),
        cmocka_unit_test(test_tree_words_name_every_kind_of_branch),
        cmocka_unit_test(test_tree_survives_every_refused_allocation),
        cmocka_unit_test(test_tree_sql_scores_the_same_in_sqlite),
        cmocka_unit_test(test_tree_onnx_refuses_names_it_cannot_keep),
        cmocka_unit_test(test_tree_drift_is_small_where_nothing_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
