/* Columns of extreme size or content. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdbool.h>

#include "learn/tree_target.h"
#include "support/faulty.h"
#include "support/tree_rows.h"

/* A million rows, a text of its own in each: nothing to learn from, and no reason to
 * need more memory than the texts themselves do. A number beside it is still found. */
static void test_tree_takes_a_million_categories(void **state)
{
    enum { ROWS = 1000000, BYTES = 8 };
    static const char hex[] = "0123456789abcdef";
    kehu_tree_options options = {
        .size = sizeof options, .criterion = KEHU_TREE_ENTROPY, .n_folds = 1};
    char *bytes = malloc((size_t)ROWS * BYTES);
    int32_t *offsets = malloc((ROWS + 1) * sizeof *offsets);
    float *age = malloc(ROWS * sizeof *age);
    uint8_t *left = malloc(ROWS);
    double parts[2];
    int64_t unseen[2];
    kehu_tree *tree = NULL;
    kehu_error err = {0};
    faulty f;
    const kehu_tree_score_options count = {.size = sizeof count, .unseen = unseen};
    (void)state;
    kehu__random r = kehu__random_seed(71);
    for (int32_t i = 0; i <= ROWS; i++)
        offsets[i] = i * BYTES;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < BYTES; j++)
            bytes[i * BYTES + j] = hex[i * 2654435761u >> 4 * j & 15];
        age[i] = (float)kehu__random_below(&r, 60);
        left[i] = kehu__random_below(&r, 60) < (uint32_t)age[i];
    }
    const kehu_column columns[2] = {
        {.name = "id",
         .type = KEHU_UTF8,
         .length = ROWS,
         .data = bytes,
         .offsets = offsets},
        {.name = "age", .type = KEHU_FLOAT32, .length = ROWS, .data = age}};
    const kehu_column target = {
        .name = "left", .type = KEHU_UINT8, .length = ROWS, .data = left};
    options.alloc = faulty_init(&f, -1);
    if (kehu_tree_train(&tree, columns, 2, &target, NULL, NULL, &options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    kehu_tree_importance(tree, parts);
    assert_true(parts[1] > 0.99);
    assert_true(f.peak_bytes < (size_t)ROWS * 100);
    assert_int_equal(kehu_tree_score(tree, columns, 2, NULL, &count, NULL), KEHU_OK);
    assert_int_equal(unseen[0], 0); /* the pool of rare ones was there in training */
    kehu_tree_free(tree);
    assert_int_equal(f.live_bytes, 0);
    free(bytes);
    free(offsets);
    free(age);
    free(left);
}

/* Floats or doubles alone, with gaps and infinities, some rows in: the batch's way of
 * scoring them gives each row what it gets by itself. */
static void test_tree_scores_plain_columns_as_row_by_row(void **state)
{
    enum { SKIPPED = 3, ROWS = 597 }; /* no multiple of anything */
    static const double extremes[] = {(double)INFINITY, -(double)INFINITY, 0, -0.0};
    double days[N], p[2 * ROWS], one[2], row[2];
    float floats[2][N];
    uint32_t leaves[ROWS];
    const kehu_tree_score_options want = {.size = sizeof want, .leaves = leaves};
    customers c;
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        const bool is_double = seed % 2;
        kehu_tree_options options = {.size = sizeof options, .n_folds = 1};
        kehu_column columns[2];
        kehu_status status = KEHU_NO_MEMORY;
        kehu_tree *tree = NULL;
        faulty f;
        make_customers(&c, 80 + seed);
        for (int i = 0; i < N; i++) {
            days[i] = i % 11 == 0 && seed > 3 ? (double)NAN : c.days[i];
            if (i % 97 == 5)
                c.spend[i] = extremes[i / 97 % 4];
            floats[0][i] = (float)c.spend[i];
            floats[1][i] = (float)days[i];
        }
        for (int k = 0; k < 2; k++) {
            columns[k] = c.columns[2 * k];
            columns[k].type = is_double ? KEHU_FLOAT64 : KEHU_FLOAT32;
            columns[k].data = is_double ? (k == 0 ? c.spend : days) : (void *)floats[k];
        }
        options.alloc = faulty_init(&f, -1);
        assert_int_equal(
            kehu_tree_train(&tree, columns, 2, &c.target, NULL, NULL, &options, NULL),
            KEHU_OK);
        assert_true(kehu_tree_leaf_count(tree) > 5);
        for (int k = 0; k < 2; k++) {
            columns[k].start = SKIPPED;
            columns[k].length = ROWS;
        }
        for (f.requests = f.refuse_at = 0; status == KEHU_NO_MEMORY; f.refuse_at++) {
            const long blocks = f.live_blocks;
            f.requests = 0;
            status = kehu_tree_score(tree, columns, 2, p, &want, NULL);
            assert_int_equal(f.live_blocks, blocks);
        }
        assert_int_equal(status, KEHU_OK);
        assert_true(f.refuse_at > 4);
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < 2; k++)
                row[k] = is_double ? (k == 0 ? c.spend : days)[i + SKIPPED]
                                   : (double)floats[k][i + SKIPPED];
            assert_int_equal(kehu_tree_score_row(tree, row, NULL, one, NULL), KEHU_OK);
            assert_memory_equal(one, p + 2 * i, sizeof one);
            assert_true(leaves[i] < kehu_tree_leaf_count(tree));
        }
        kehu_tree_free(tree);
        assert_int_equal(f.live_blocks, 0);
    }
}

/* Classes far apart, that are rare and come in any order, as integers and as codes of
 * categories, two of which have the same text. */
static void test_tree_target_is_read_value_by_value(void **state)
{
    enum { ROWS = 3000, CLASSES = 7, ENTRIES = 1200 };
    static const int64_t numbers[CLASSES] = {-513, -257, -1, 0, 255, 511, 1023};
    static int64_t values[ROWS];
    static int32_t codes[ROWS], drawn[ROWS], offsets[ENTRIES + 1];
    static char bytes[ENTRIES];
    uint8_t use[ROWS], labels[ROWS];
    const kehu_column words = {
        .type = KEHU_UTF8, .length = ENTRIES, .data = bytes, .offsets = offsets};
    const kehu_column integers = {
        .name = "y", .type = KEHU_INT64, .length = ROWS, .data = values};
    const kehu_column categories = {.name = "y",
                                    .type = KEHU_CATEGORY,
                                    .length = ROWS,
                                    .data = codes,
                                    .dictionary = &words};
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__tree_names names;
    kehu_error err;
    (void)state;
    kehu__random r = kehu__random_seed(5);
    for (int32_t i = 0; i < ENTRIES; i++) {
        bytes[i] = (char)('a' + i % CLASSES);
        offsets[i + 1] = i + 1;
    }
    for (int i = 0; i < ROWS; i++) {
        codes[i] = (int32_t)kehu__random_below(&r, ENTRIES - 1);
        drawn[i] = codes[i] % CLASSES;
        values[i] = numbers[drawn[i]];
        use[i] = i % 5 > 0;
    }
    for (int text = 0; text < 2; text++) {
        const kehu_column *target = text ? &categories : &integers;
        uint32_t n = 0;
        names = (kehu__tree_names){0};
        assert_int_equal(
            kehu__tree_target_read(&names, labels, target, NULL, use, &alloc, &err),
            KEHU_OK);
        assert_int_equal(names.n, CLASSES);
        for (int i = 0; i < ROWS; i++)
            if (use[i])
                assert_int_equal(labels[n++], drawn[i]);
        kehu__tree_names_free(&names, &alloc);
    }
    offsets[ENTRIES] = ENTRIES - 1; /* the last category's text is empty now */
    codes[ROWS - 1] = ENTRIES - 1;
    assert_int_equal(
        kehu__tree_target_read(&names, labels, &categories, NULL, use, &alloc, &err),
        KEHU_DATA);
    assert_string_equal(err.message, "the target is missing in row 2999, the first of 1: "
                                     "train without such rows, or give them weight 0");
    kehu__tree_names_free(&names, &alloc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_takes_a_million_categories),
        cmocka_unit_test(test_tree_scores_plain_columns_as_row_by_row),
        cmocka_unit_test(test_tree_target_is_read_value_by_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
