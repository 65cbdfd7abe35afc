/* Columns of extreme size or content. */
#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_takes_a_million_categories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
