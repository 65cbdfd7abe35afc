/* GB18030 against Python's codec: tests/golden/gb18030.bin holds two-byte codes of
 * every row, four-byte codes at the ends of runs and beyond the BMP, each followed
 * by a line end; gb18030.txt is the same in UTF-8. Both were made by
 *
 *     codes = [bytes([a, b]) for a in range(0x81, 0xFF, 4) for b in (0x40, 0x7E, 0x80,
 * 0xA1, 0xFE)] codes += [bytes.fromhex(c) for c in "81308130 8130D330 8136A531 8431A439
 * 90308130 95328236 E3329A35".split()] text = "\n".join(c.decode("gb18030") for c in
 * codes)
 */
#include "data/gb18030.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kehu/csv.h>

#include "data/column.h"
#include "support/test.h"

static size_t read_golden(const char *name, char *bytes, size_t capacity)
{
    char path[1024];
    const char *source = getenv("KEHU_SOURCE");
    FILE *f;
    size_t n;
    snprintf(path, sizeof path, "%s/tests/golden/%s", source == NULL ? "." : source,
             name);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(bytes, 1, capacity, f);
    fclose(f);
    assert_true(n > 0 && n < capacity);
    return n;
}

static void test_gb18030_decodes_as_the_standard_codec(void **state)
{
    char from[8192], want[8192], got[16384];
    const size_t size = read_golden("gb18030.bin", from, sizeof from);
    const size_t want_size = read_golden("gb18030.txt", want, sizeof want);
    size_t used, n_bad = 0;
    (void)state;
    assert_int_equal(
        kehu__gb18030_decode(got, sizeof got, from, size, true, &used, &n_bad),
        want_size);
    assert_memory_equal(got, want, want_size);
    assert_int_equal(used, size);
    assert_int_equal(n_bad, 0);
}

/* Cut anywhere, in pieces of any size, the text is the same. */
static void test_gb18030_may_be_cut_anywhere(void **state)
{
    char from[8192], want[16384], got[16384];
    const size_t size = read_golden("gb18030.bin", from, sizeof from);
    size_t used;
    const size_t want_size =
        kehu__gb18030_decode(want, sizeof want, from, size, true, &used, NULL);
    (void)state;
    for (size_t piece = 4; piece < 20; piece++) {
        size_t at = 0, n = 0;
        while (at < size) {
            const size_t left = size - at < piece ? size - at : piece;
            n += kehu__gb18030_decode(got + n, sizeof got - n, from + at, left,
                                      at + left == size, &used, NULL);
            assert_true(used > 0);
            at += used;
        }
        assert_int_equal(n, want_size);
        assert_memory_equal(got, want, n);
    }
}

static void test_gb18030_marks_what_starts_no_character(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xFF",
                                      "\x81",
                                      "\x81\x30",
                                      "\x81\x30\x81",
                                      "\x84\x31\xA5\x30",
                                      "\xE3\x32\x9A\x36",
                                      "\x81\x7F",
                                      "\xFE\xFF",
                                      "\xB0\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char out[64];
        size_t used, n_bad = 0;
        const size_t n = kehu__gb18030_decode(out, sizeof out, bad[i], strlen(bad[i]),
                                              true, &used, &n_bad);
        assert_int_equal(used, strlen(bad[i]));
        assert_true(n_bad > 0);
        assert_int_equal(out[0], KEHU__BAD_MARK);
        assert_true(n > 0);
    }
}

static void test_csv_finds_out_that_a_file_is_gb18030(void **state)
{
    /* 名称,话费 / 信号,"1,5" / a bad byte / 𠀀,2 */
    static const char text[] = "\xC3\xFB\xB3\xC6,\xBB\xB0\xB7\xD1\n"
                               "\xD0\xC5\xBA\xC5,\"1,5\"\n"
                               "\xB0\xFF,3\n"
                               "\x95\x32\x82\x36,2\n";
    kehu_csv *csv;
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_csv_open_memory(&csv, text, sizeof text - 1, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 2);
    assert_int_equal(kehu_csv_reject_count(csv), 1);
    assert_non_null(kehu_table_find(t, "话费"));
    assert_memory_equal(kehu__column_text(kehu_table_find(t, "名称"), 0).bytes, "信号",
                        6);
    assert_memory_equal(kehu__column_text(kehu_table_find(t, "名称"), 1).bytes, "𠀀", 4);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gb18030_decodes_as_the_standard_codec),
        cmocka_unit_test(test_gb18030_may_be_cut_anywhere),
        cmocka_unit_test(test_gb18030_marks_what_starts_no_character),
        cmocka_unit_test(test_csv_finds_out_that_a_file_is_gb18030),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
