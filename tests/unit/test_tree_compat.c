/* Trees of every released format are read for ever, and the same calls write the same
 * bytes on every machine. tests/compat/tree-1.kehu is what plain_tree() wrote with
 * format 1.0; KEHU_COMPAT_WRITE=1 writes it anew, for a format yet to be released. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>

#include "support/tree_rows.h"

static kehu_tree *plain_tree(customers *c)
{
    const kehu_tree_options options = {.size = sizeof options, .max_leaves = 8};
    kehu_tree *tree = NULL;
    make_customers(c, 99);
    for (int i = 0; i < N; i++)
        c->spend[i] = floor(c->spend[i] / 5);
    c->columns[2] = c->columns[3]; /* without the many dates */
    assert_int_equal(
        kehu_tree_train(&tree, c->columns, 3, &c->target, NULL, NULL, &options, NULL),
        KEHU_OK);
    return tree;
}

static void compat_path(char *path, size_t size)
{
    const char *source = getenv("KEHU_SOURCE");
    snprintf(path, size, "%s/tests/compat/tree-1.kehu", source == NULL ? "." : source);
}

static void test_tree_of_format_1_is_read_and_written_as_ever(void **state)
{
    customers c;
    char path[1024];
    double p[N][2], q[N][2];
    kehu_tree *then;
    kehu_error err;
    memory was, is;
    (void)state;
    kehu_tree *now = plain_tree(&c);
    compat_path(path, sizeof path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_of_format_1_is_read_and_written_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
