#include <kehu/python.h>

#include <kehu/arrow.h>
#include <kehu/kehu.h>

#include <string.h>

#include "data/column.h"
#include "support/test.h"

/* An interpreter of our own: a tuple is an array of texts, a text ends with 0. */
static const uint32_t none[1] = {0};

static void *tuple_item(void *tuple, ptrdiff_t i)
{
    return ((void **)tuple)[i];
}

static ptrdiff_t text_length(void *text)
{
    const uint32_t *points = text;
    ptrdiff_t n = 0;
    while (points[n] != 0)
        n++;
    return points[0] == 0xFFFFFFFF ? -1 : n; /* "no text" */
}

static uint32_t *text_copy(void *text, uint32_t *out, ptrdiff_t room, int with_nul)
{
    assert_int_equal(with_nul, 1);
    memcpy(out, text, (size_t)room * sizeof *out);
    return out;
}

typedef struct capsule {
    const char *name;
    void *pointer;
} capsule;

static void *capsule_pointer(void *c, const char *name)
{
    assert_string_equal(((capsule *)c)->name, name);
    return ((capsule *)c)->pointer;
}

static const char *capsule_name(void *c)
{
    return ((capsule *)c)->name;
}

static kehu_python interpreter(void)
{
    return (kehu_python){.none = (void *)(uintptr_t)none,
                         .tuple_item = tuple_item,
                         .text_length = text_length,
                         .text_copy = text_copy,
                         .capsule_pointer = capsule_pointer,
                         .capsule_name = capsule_name};
}

static uint32_t latin[] = {'a', 0xE9, 0}, chinese[] = {0x5BA2, 0x20BB7, 0}, empty[] = {0},
                surrogate[] = {'x', 0xDFFF, 0}, number[] = {0xFFFFFFFF, 0};

static kehu_status texts(kehu_table **out, void **tuple, int64_t n,
                         const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_python python = interpreter();
    return kehu_python_texts(out, &python, tuple, n, "texts", alloc, err);
}

static void test_python_texts_become_utf8(void **state)
{
    void *tuple[] = {latin, (void *)(uintptr_t)none, chinese, empty};
    kehu_table *t;
    const kehu_column *c;
    (void)state;
    assert_int_equal(texts(&t, tuple, 4, NULL, NULL), KEHU_OK);
    c = kehu_table_find(t, "texts");
    assert_int_equal(c->type, KEHU_UTF8);
    assert_int_equal(c->length, 4);
    assert_int_equal(kehu__column_text(c, 0).size, 3);
    assert_memory_equal(kehu__column_text(c, 0).bytes, "a\xC3\xA9", 3);
    assert_false(kehu__column_valid(c, 1));
    assert_memory_equal(kehu__column_text(c, 2).bytes, "\xE5\xAE\xA2\xF0\xA0\xAE\xB7", 7);
    assert_true(kehu__column_valid(c, 3));
    assert_int_equal(kehu__column_text(c, 3).size, 0);
    kehu_table_free(t);
    assert_int_equal(texts(&t, tuple, 0, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 0);
    kehu_table_free(t);
}

static void test_python_texts_name_the_row_that_is_none(void **state)
{
    void *half[] = {latin, surrogate}, *mixed[] = {latin, latin, number};
    kehu_table *t;
    kehu_error err;
    (void)state;
    assert_int_equal(texts(&t, half, 2, NULL, &err), KEHU_ENCODING);
    assert_int_equal(err.where, 1);
    assert_string_equal(err.message, "row 1 has the surrogate U+DFFF at character 1");
    assert_null(t);
    assert_int_equal(texts(&t, mixed, 3, NULL, &err), KEHU_DATA);
    assert_int_equal(err.where, 2);
    assert_int_equal(texts(&t, NULL, 3, NULL, &err), KEHU_ARGUMENT);
}

static void test_python_texts_survive_every_refused_allocation(void **state)
{
    void *tuple[] = {latin, chinese};
    kehu_table *t = NULL;
    (void)state;
    for (long n = 0; t == NULL; n++) {
        faulty f;
        const kehu_status status = texts(&t, tuple, 2, faulty_init(&f, n), NULL);
        assert_int_equal(status, t == NULL ? KEHU_NO_MEMORY : KEHU_OK);
        assert_true(n < 100);
        kehu_table_free(t);
        assert_int_equal(f.live_blocks, 0);
    }
}

static void test_python_capsules_release_what_nobody_took(void **state)
{
    static const char *const names[] = {"arrow_schema", "arrow_array",
                                        "arrow_array_stream"};
    const kehu_python python = interpreter();
    const double values[] = {1, 2};
    const kehu_column column = {
        .name = "x", .type = KEHU_FLOAT64, .length = 2, .data = values};
    faulty f;
    kehu_table *t;
    long blocks;
    (void)state;
    kehu_python_start(&python);
    assert_int_equal(kehu_table_copy(&t, &column, 1, faulty_init(&f, 1000), NULL),
                     KEHU_OK);
    blocks = f.live_blocks;
    for (int i = 0; i < 3; i++) {
        capsule c = {names[i], kehu_python_room(names[i])};
        assert_non_null(c.pointer);
        if (i < 2)
            assert_int_equal(kehu_arrow_export(i == 0 ? c.pointer : NULL,
                                               i == 1 ? c.pointer : NULL, t, NULL),
                             KEHU_OK);
        else
            assert_int_equal(kehu_arrow_export_stream(
                                 c.pointer, (const kehu_table *const *)&t, 1, NULL),
                             KEHU_OK);
        assert_true(f.live_blocks > blocks);
        kehu_python_drop(&c);
        assert_int_equal(f.live_blocks, blocks);
        c.pointer = kehu_python_room(names[i]); /* as when somebody has moved it out */
        kehu_python_drop(&c);
    }
    assert_null(kehu_python_room("another"));
    kehu_table_free(t);
    assert_int_equal(f.live_blocks, 0);
}

static void test_python_sizes_are_those_of_the_compiler(void **state)
{
    (void)state;
    assert_int_equal(kehu_abi_number(), KEHU_ABI_NUMBER);
    assert_int_equal(kehu_struct_size("kehu_error"), sizeof(kehu_error));
    assert_int_equal(kehu_struct_size("ArrowArray"), sizeof(struct ArrowArray));
    assert_int_equal(kehu_struct_size("kehu_svm"), 0);
    assert_int_equal(kehu_struct_size(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python_texts_become_utf8),
        cmocka_unit_test(test_python_texts_name_the_row_that_is_none),
        cmocka_unit_test(test_python_texts_survive_every_refused_allocation),
        cmocka_unit_test(test_python_capsules_release_what_nobody_took),
        cmocka_unit_test(test_python_sizes_are_those_of_the_compiler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
