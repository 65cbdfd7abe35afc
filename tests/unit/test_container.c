#include "file/container.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "support/test.h"

static kehu__buffer build(void)
{
    const kehu_allocator a = kehu__allocator(NULL);
    const kehu__section sections[] = {
        {"ABCD", "hello", 5}, {"EFGH", NULL, 0}, {"IJKL", "12345678", 8}};
    kehu__buffer b = kehu__buffer_new(&a);
    kehu__container_build(&b, "TEST", sections, 3);
    assert_false(b.failed);
    return b;
}

static void test_container_gives_back_its_sections(void **state)
{
    kehu__buffer b = build();
    kehu__container c;
    const char *bytes;
    size_t size;
    (void)state;
    assert_int_equal(kehu__container_open(&c, b.bytes, b.size, "TEST", "x", NULL),
                     KEHU_OK);
    assert_true(kehu__container_find(&c, "ABCD", &bytes, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal((bytes - b.bytes) % 8, 0);
    assert_true(kehu__container_find(&c, "EFGH", &bytes, &size));
    assert_int_equal(size, 0);
    assert_false(kehu__container_find(&c, "NONE", &bytes, &size));
    kehu__container_trust(&c, b.bytes, b.size);
    assert_true(kehu__container_find(&c, "IJKL", &bytes, &size));
    assert_memory_equal(bytes, "12345678", 8);
    kehu__buffer_free(&b);
}

static void test_container_refuses_every_cut_and_every_flipped_bit(void **state)
{
    kehu__buffer b = build();
    kehu__container c;
    (void)state;
    for (size_t n = 0; n < b.size; n++)
        assert_int_equal(kehu__container_open(&c, b.bytes, n, "TEST", "x", NULL),
                         KEHU_FORMAT);
    for (size_t bit = 0; bit < 8 * b.size; bit++) {
        b.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu__container_open(&c, b.bytes, b.size, "TEST", "x", NULL),
                             KEHU_OK);
        b.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    kehu__buffer_free(&b);
}

static void test_container_tells_kind_version_and_damage_apart(void **state)
{
    kehu__buffer b = build();
    kehu__container c;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu__container_open(&c, b.bytes, b.size, "RFM1", "m.kehu", &err),
                     KEHU_KIND);
    assert_string_equal(err.message, "m.kehu holds a model of kind TEST, expected RFM1");
    b.bytes[6] = 2;
    assert_int_equal(kehu__container_open(&c, b.bytes, b.size, "TEST", "m.kehu", &err),
                     KEHU_VERSION);
    assert_string_equal(err.message,
                        "m.kehu has format version 2, this kehu reads up to 1");
    kehu__buffer_free(&b);
}

static void test_model_save_replaces_whole_or_not_at_all(void **state)
{
    kehu__buffer b = build();
    kehu_allocator a = kehu__allocator(NULL);
    kehu_error err;
    char *bytes;
    size_t size;
    (void)state;
    assert_int_equal(kehu__model_save(&b, "container_test.kehu", &err), KEHU_OK);
    assert_int_equal(kehu__model_bytes("container_test.kehu", &a, &bytes, &size, &err),
                     KEHU_OK);
    assert_int_equal(size, b.size);
    assert_memory_equal(bytes, b.bytes, size);
    kehu__free(&a, bytes, size, 1);
    assert_int_equal(kehu__model_save(&b, "no_such_folder/x.kehu", &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu__model_bytes("no_such_file", &a, &bytes, &size, &err),
                     KEHU_NOT_FOUND);
    assert_string_equal(err.message,
                        "cannot open no_such_file: no such file or folder (errno 2)");
    assert_int_equal(kehu__model_bytes(".", &a, &bytes, &size, &err), KEHU_IO);
    remove("container_test.kehu");
    kehu__buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_container_gives_back_its_sections),
        cmocka_unit_test(test_container_refuses_every_cut_and_every_flipped_bit),
        cmocka_unit_test(test_container_tells_kind_version_and_damage_apart),
        cmocka_unit_test(test_model_save_replaces_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
