/* Trees of every released format are read for ever, and the same calls write the same
 * bytes on every machine. tests/compat/tree-1.kehu is what plain_tree() wrote with
 * format 1.0, tree-2.kehu an ensemble, tree-3.kehu a distilled tree; KEHU_COMPAT_WRITE=1
 * writes them anew, for a format yet to be released. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>

#include "support/tree_rows.h"

static kehu_tree *plain_tree(customers *c, kehu_tree_kind kind)
{
    const kehu_tree_options options = {
        .size = sizeof options, .max_leaves = 8, .kind = kind};
    kehu_tree *tree = NULL;
    kehu_tree_info info;
    if (kind == KEHU_TREE_DISTILLED)
        make_additive(c, 99, 2);
    else
        make_customers(c, 99);
    for (int i = 0; i < N; i++)
        c->spend[i] = floor(c->spend[i] / 5);
    c->columns[2] = c->columns[3];    /* without the many dates */
    if (kind == KEHU_TREE_ENSEMBLE) { /* a small file */
        for (int f = 0; f < 3; f++)
            c->columns[f].length = 80;
        c->target.length = 80;
    }
    assert_int_equal(
        kehu_tree_train(&tree, c->columns, 3, &c->target, NULL, NULL, &options, NULL),
        KEHU_OK);
    kehu_tree_get_info(tree, &info);
    assert_int_equal(info.kind, kind);
    return tree;
}

static void compat_path(char *path, size_t size, int number)
{
    const char *source = getenv("KEHU_SOURCE");
    snprintf(path, size, "%s/tests/compat/tree-%d.kehu", source == NULL ? "." : source,
             number);
}

static void check_kind(kehu_tree_kind kind, int number)
{
    customers c;
    char path[1024];
    double p[N][2] = {{0}}, q[N][2] = {{0}};
    kehu_tree *then;
    kehu_error err;
    memory was, is;
    kehu_tree *now = plain_tree(&c, kind);
    compat_path(path, sizeof path, number);
    if (getenv("KEHU_COMPAT_WRITE") != NULL)
        assert_int_equal(kehu_tree_save(now, path, NULL), KEHU_OK);
    if (kehu_tree_load(&then, path, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_tree_score(now, c.columns, 3, p[0], NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tree_score(then, c.columns, 3, q[0], NULL, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    was = written(then);
    is = written(now);
    assert_int_equal(was.size, is.size);
    assert_memory_equal(was.bytes, is.bytes, is.size);
    free(was.bytes);
    free(is.bytes);
    kehu_tree_free(then);
    kehu_tree_free(now);
}

static void test_tree_of_format_1_is_read_and_written_as_ever(void **state)
{
    (void)state;
    check_kind(KEHU_TREE_SINGLE, 1);
}

static void test_ensemble_of_format_1_is_read_and_written_as_ever(void **state)
{
    (void)state;
    check_kind(KEHU_TREE_ENSEMBLE, 2);
}

static void test_distilled_tree_of_format_1_is_read_and_written_as_ever(void **state)
{
    (void)state;
    check_kind(KEHU_TREE_DISTILLED, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_of_format_1_is_read_and_written_as_ever),
        cmocka_unit_test(test_ensemble_of_format_1_is_read_and_written_as_ever),
        cmocka_unit_test(test_distilled_tree_of_format_1_is_read_and_written_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
