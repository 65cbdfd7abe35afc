/* Bins made once: trees learnt from them, kept and got back. */
#include <kehu/bins.h>

#include <stdio.h>
#include <unistd.h>

#include "support/faulty.h"
#include "support/tree_rows.h"

static kehu_bins *bins_of(const customers *c)
{
    kehu_bins *bins = NULL;
    kehu_error err = {0};
    if (kehu_bins_fit(&bins, c->columns, 4, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return bins;
}

static memory bins_written(const kehu_bins *bins)
{
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    assert_int_equal(kehu_bins_write(bins, &writer, NULL), KEHU_OK);
    return m;
}

static void assert_same_tree(kehu_tree *a, kehu_tree *b)
{
    const memory x = written(a), y = written(b);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.bytes, y.bytes, x.size);
    free(x.bytes);
    free(y.bytes);
    kehu_tree_free(a);
    kehu_tree_free(b);
}

static void test_bins_give_the_tree_of_their_columns(void **state)
{
    customers c;
    kehu_tree_options options = {.size = sizeof options, .n_threads = 2};
    double weights[N];
    const kehu_column weight = {.type = KEHU_FLOAT64, .length = N, .data = weights};
    (void)state;
    make_customers(&c, 61);
    for (int i = 0; i < N; i++)
        weights[i] = 1 + i % 3;
    kehu_bins *bins = bins_of(&c);
    for (int kind = KEHU_TREE_SINGLE; kind <= KEHU_TREE_ENSEMBLE; kind++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const kehu_column *w = weighted ? &weight : NULL;
            kehu_tree *a, *b;
            options.kind = (kehu_tree_kind)kind;
            options.n_folds = kind == KEHU_TREE_SINGLE ? 5 : 2;
            assert_int_equal(
                kehu_tree_train(&a, c.columns, 4, &c.target, NULL, w, &options, NULL),
                KEHU_OK);
            assert_int_equal(
                kehu_tree_train_bins(&b, bins, &c.target, NULL, w, &options, NULL),
                KEHU_OK);
            assert_same_tree(a, b);
        }
    kehu_bins_free(bins);
}

static void test_bins_give_a_tree_of_some_of_their_rows(void **state)
{
    customers c;
    kehu_column target, weight;
    uint8_t known[N / 8];
    double weights[N], p[2 * N];
    kehu_tree *tree = NULL;
    kehu_tree_info info;
    (void)state;
    make_customers(&c, 62);
    memset(known, 0x55, sizeof known); /* every second outcome is known */
    for (int i = 0; i < N; i++)
        weights[i] = i % 2 ? 0 : 2;
    target = c.target;
    target.validity = known;
    weight = (kehu_column){.type = KEHU_FLOAT64, .length = N, .data = weights};
    kehu_bins *bins = bins_of(&c);
    kehu_error err = {0};
    assert_int_equal(kehu_tree_train_bins(&tree, bins, &target, NULL, NULL, NULL, &err),
                     KEHU_DATA);
    assert_null(tree);
    assert_int_equal(err.where, 1);
    assert_int_equal(
        kehu_tree_train_bins(&tree, bins, &target, NULL, &weight, NULL, NULL), KEHU_OK);
    kehu_tree_get_info(tree, &info);
    assert_int_equal(info.n_rows, N / 2);
    assert_true(info.weight == N);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p, NULL, NULL), KEHU_OK);
    kehu_tree_free(tree);
    kehu_bins_free(bins);
}

/* Columns of many values each are counted in even places; beside columns of few they are
 * not, and the tree is the same. */
static void test_bins_count_alike_in_even_places_and_others(void **state)
{
    static const double nothing[N] = {0};
    static const char *const names[] = {"a", "b", "c"};
    const kehu_tree_options options = {.size = sizeof options, .seed = 3};
    customers c;
    kehu_column columns[5];
    double wide[2 * N], mixed[2 * N];
    kehu_tree *tree;
    (void)state;
    make_customers(&c, 67);
    columns[0] = c.columns[0];
    columns[1] = c.columns[2];
    for (int k = 0; k < 3; k++)
        columns[2 + k] = (kehu_column){
            .name = names[k], .type = KEHU_FLOAT64, .length = N, .data = nothing};
    for (uint32_t n = 2; n <= 5; n += 3) {
        double *p = n == 2 ? wide : mixed;
        assert_int_equal(
            kehu_tree_train(&tree, columns, n, &c.target, NULL, NULL, &options, NULL),
            KEHU_OK);
        assert_true(kehu_tree_leaf_count(tree) > 2);
        assert_int_equal(kehu_tree_score(tree, columns, n, p, NULL, NULL), KEHU_OK);
        kehu_tree_free(tree);
    }
    assert_memory_equal(wide, mixed, sizeof wide);
}

static void test_bins_are_kept_whole(void **state)
{
    customers c;
    const kehu_bins_options two = {.size = sizeof two, .n_threads = 2};
    kehu_tree_options options = {.size = sizeof options, .n_folds = 1};
    char path[] = "/tmp/kehu_bins_XXXXXX";
    const int fd = mkstemp(path);
    kehu_bins *again = NULL;
    kehu_tree *a, *b;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    make_customers(&c, 63);
    kehu_bins *bins = bins_of(&c);
    assert_int_equal(kehu_bins_row_count(bins), N);
    assert_int_equal(kehu_bins_feature_count(bins), 4);
    assert_string_equal(kehu_bins_feature_name(bins, 1), "contract");
    const memory first = bins_written(bins);
    assert_int_equal(kehu_bins_save(bins, path, NULL), KEHU_OK);
    assert_int_equal(kehu_bins_load(&again, path, NULL, NULL), KEHU_OK);
    unlink(path);
    assert_int_equal(
        kehu_tree_train_bins(&a, bins, &c.target, NULL, NULL, &options, NULL), KEHU_OK);
    assert_int_equal(
        kehu_tree_train_bins(&b, again, &c.target, NULL, NULL, &options, NULL), KEHU_OK);
    assert_same_tree(a, b);
    kehu_bins_free(again);
    assert_int_equal(kehu_bins_fit(&again, c.columns, 4, &two, NULL), KEHU_OK);
    const memory second = bins_written(again);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
    kehu_bins_free(again);
    kehu_bins_free(bins);
}

static void test_bins_say_what_is_wrong(void **state)
{
    customers c;
    kehu_bins *bins = NULL;
    kehu_tree *tree = NULL;
    kehu_error err = {0};
    (void)state;
    make_customers(&c, 64);
    assert_int_equal(kehu_bins_fit(&bins, NULL, 0, NULL, &err), KEHU_ARGUMENT);
    c.columns[2].length = N - 1;
    assert_int_equal(kehu_bins_fit(&bins, c.columns, 4, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "column since has 599 rows, the first column has 600");
    c.columns[2].length = N;
    c.columns[2].name = "spend";
    assert_int_equal(kehu_bins_fit(&bins, c.columns, 4, NULL, &err), KEHU_DUPLICATE);
    c.columns[2].name = "since";
    for (int k = 0; k < 4; k++)
        c.columns[k].length = 0;
    assert_int_equal(kehu_bins_fit(&bins, c.columns, 4, NULL, &err), KEHU_EMPTY);
    assert_null(bins);
    for (int k = 0; k < 4; k++)
        c.columns[k].length = N;
    bins = bins_of(&c);
    assert_int_equal(kehu_tree_train_bins(&tree, NULL, &c.target, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    c.target.length = N - 1;
    assert_int_equal(kehu_tree_train_bins(&tree, bins, &c.target, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "the target has 599 rows, the bins have 600");
    c.target.length = N;
    c.target.name = "few";
    assert_int_equal(kehu_tree_train_bins(&tree, bins, &c.target, NULL, NULL, NULL, &err),
                     KEHU_DUPLICATE);
    assert_null(tree);
    kehu_bins_free(bins);
}

static void test_bins_refuse_every_damaged_byte(void **state)
{
    customers c;
    kehu_bins *bins, *read = NULL;
    (void)state;
    make_customers(&c, 65);
    bins = bins_of(&c);
    const memory m = bins_written(bins);
    for (size_t i = 0; i < m.size; i++) {
        m.bytes[i] = (char)(m.bytes[i] ^ 1 << i % 8);
        assert_int_not_equal(kehu_bins_read(&read, m.bytes, m.size, NULL, NULL), KEHU_OK);
        assert_null(read);
        m.bytes[i] = (char)(m.bytes[i] ^ 1 << i % 8);
    }
    for (size_t n = 0; n < m.size; n += 7)
        assert_int_not_equal(kehu_bins_read(&read, m.bytes, n, NULL, NULL), KEHU_OK);
    free(m.bytes);
    kehu_bins_free(bins);
}

/* Make bins of memory that is refused at the n-th request, keep and read them, and learn
 * from some of their rows. */
static kehu_status live(const customers *c, const kehu_column *weight, faulty *f)
{
    const kehu_bins_options options = {.size = sizeof options, .alloc = &f->as_allocator};
    const kehu_tree_options how = {
        .size = sizeof how, .n_folds = 1, .alloc = &f->as_allocator};
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    kehu_bins *bins = NULL, *again = NULL;
    kehu_tree *tree = NULL;
    kehu_status status = kehu_bins_fit(&bins, c->columns, 4, &options, NULL);
    if (status == KEHU_OK)
        status = kehu_bins_write(bins, &writer, NULL);
    if (status == KEHU_OK)
        status = kehu_bins_read(&again, m.bytes, m.size, &f->as_allocator, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_train_bins(&tree, again, &c->target, NULL, weight, &how, NULL);
    kehu_tree_free(tree);
    kehu_bins_free(bins);
    kehu_bins_free(again);
    free(m.bytes);
    return status;
}

static void test_bins_survive_every_refused_allocation(void **state)
{
    customers c;
    faulty f;
    double weights[N];
    const kehu_column weight = {.type = KEHU_FLOAT64, .length = N, .data = weights};
    kehu_status status = KEHU_NO_MEMORY;
    (void)state;
    make_customers(&c, 66);
    for (int i = 0; i < N; i++)
        weights[i] = i % 5;
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty_init(&f, n);
        status = live(&c, &weight, &f);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bins_give_the_tree_of_their_columns),
        cmocka_unit_test(test_bins_give_a_tree_of_some_of_their_rows),
        cmocka_unit_test(test_bins_count_alike_in_even_places_and_others),
        cmocka_unit_test(test_bins_are_kept_whole),
        cmocka_unit_test(test_bins_say_what_is_wrong),
        cmocka_unit_test(test_bins_refuse_every_damaged_byte),
        cmocka_unit_test(test_bins_survive_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
