/* kehu_column_text: a cell as text, of every layout. */
#include <kehu/column.h>
#include <kehu/csv.h>

#include <string.h>

#include "support/test.h"

/* NULL: the cell is missing. */
static void assert_cell(const kehu_column *c, int64_t row, const char *want)
{
    char text[64];
    int64_t size = 0;
    assert_int_equal(kehu_column_text(c, row, text, sizeof text, &size, NULL), KEHU_OK);
    assert_string_equal(text, want == NULL ? "" : want);
    assert_int_equal(size, want == NULL ? -1 : (int64_t)strlen(want));
}

static void test_column_text_of_numbers_and_dates(void **state)
{
    static const uint8_t some = 1 | 4;
    static const int64_t whole[] = {-7, 8, INT64_MIN}, seconds[] = {0, 1, -1};
    static const int32_t days[] = {19783, 0, -1};
    static const double numbers[] = {0.1, 0, 1e300};
    static const uint8_t bits = 1;
    kehu_column c = {.type = KEHU_INT64, .length = 3, .data = whole};
    (void)state;
    assert_cell(&c, 0, "-7");
    assert_cell(&c, 1, "8");
    assert_cell(&c, 2, "-9223372036854775808");
    c.validity = &some;
    assert_cell(&c, 1, NULL);
    assert_cell(&c, 0, "-7");
    c.type = KEHU_FLOAT64;
    c.data = numbers;
    assert_cell(&c, 0, "0.1");
    assert_cell(&c, 2, "1e300");
    c.type = KEHU_DATE32;
    c.data = days;
    assert_cell(&c, 0, "2024-03-01");
    c.type = KEHU_TIMESTAMP_S;
    c.data = seconds;
    assert_cell(&c, 2, "1969-12-31T23:59:59Z");
    c.type = KEHU_BOOL;
    c.data = &bits;
    assert_cell(&c, 0, "true");
    assert_cell(&c, 2, "false");
    c = (kehu_column){
        .type = KEHU_DECIMAL64, .scale = 2, .precision = 10, .length = 1, .data = whole};
    assert_cell(&c, 0, "-0.07");
}

static void test_column_text_of_texts(void **state)
{
    static const char bytes[] = "张三李四";
    static const int32_t ends[] = {0, 6, 6, 12};
    static const int64_t large_ends[] = {0, 6, 6, 12};
    static const uint8_t some = 1 | 2, codes[] = {2, 0, 9};
    static const kehu_view views[] = {{3, "abc", 0, 0}, {12, "", 0, 0}};
    static const void *const buffers[] = {bytes};
    static const int64_t sizes[] = {12};
    const kehu_view_bytes view_bytes = {1, buffers, sizes};
    kehu_column c = {.type = KEHU_UTF8, .length = 2, .start = 1, .data = bytes};
    (void)state;
    c.offsets = ends;
    assert_cell(&c, 0, "");
    assert_cell(&c, 1, "李四");
    c.type = KEHU_LARGE_UTF8;
    c.offsets = large_ends;
    assert_cell(&c, 1, "李四");
    c = (kehu_column){
        .type = KEHU_UTF8_VIEW, .length = 1, .data = views, .offsets = &view_bytes};
    assert_cell(&c, 0, "abc");
    c = (kehu_column){
        .type = KEHU_CATEGORY8,
        .length = 3,
        .data = codes,
        .validity = &some,
        .dictionary = &(kehu_column){
            .type = KEHU_UTF8, .length = 3, .data = bytes, .offsets = ends}};
    assert_cell(&c, 0, "李四");
    assert_cell(&c, 1, "张三");
    assert_cell(&c, 2, NULL); /* its code is not looked at */
}

static void test_column_text_is_cut_at_a_character(void **state)
{
    static const char bytes[] = "张三";
    static const int32_t ends[] = {0, 6};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 1, .data = bytes, .offsets = ends};
    char text[8] = "";
    int64_t size = 0;
    (void)state;
    assert_int_equal(kehu_column_text(&c, 0, text, 6, &size, NULL), KEHU_OK);
    assert_string_equal(text, "张");
    assert_int_equal(size, 6);
    assert_int_equal(kehu_column_text(&c, 0, text, 1, NULL, NULL), KEHU_OK);
    assert_string_equal(text, "");
    size = 0;
    assert_int_equal(kehu_column_text(&c, 0, NULL, 0, &size, NULL), KEHU_OK);
    assert_int_equal(size, 6);
}

static void assert_refused(const kehu_column *c, int64_t row, kehu_status want)
{
    char text[8] = "kept";
    kehu_error err = {.message = ""};
    assert_int_equal(kehu_column_text(c, row, text, sizeof text, NULL, &err), want);
    assert_string_equal(text, "kept");
    assert_true(strlen(err.message) > 0);
}

static void test_column_text_refuses_what_is_not_there(void **state)
{
    static const char bytes[] = "abc";
    static const int32_t falling[] = {0, 3, 1};
    static const uint8_t code = 3;
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 2, .data = bytes, .offsets = falling};
    kehu_column c = words;
    (void)state;
    assert_refused(NULL, 0, KEHU_ARGUMENT);
    assert_refused(&c, -1, KEHU_ARGUMENT);
    assert_refused(&c, 2, KEHU_ARGUMENT);
    assert_refused(&c, 1, KEHU_ARGUMENT);
    assert_cell(&c, 0, "abc"); /* other rows are not looked at */
    c.start = INT64_MAX;
    assert_refused(&c, 1, KEHU_ARGUMENT);
    assert_refused(&c, 0, KEHU_ARGUMENT);
    c = (kehu_column){.type = KEHU_CATEGORY8, .length = 1, .data = &code};
    assert_refused(&c, 0, KEHU_COLUMN);
    c.dictionary = &c;
    assert_refused(&c, 0, KEHU_COLUMN);
    c.dictionary = &words;
    assert_refused(&c, 0, KEHU_ARGUMENT);
    c = (kehu_column){.type = (kehu_type)99, .length = 1, .data = bytes};
    assert_refused(&c, 0, KEHU_COLUMN);
    c = (kehu_column){.type = KEHU_INT64, .length = 1};
    assert_refused(&c, 0, KEHU_ARGUMENT);
    assert_int_equal(kehu_column_text(&words, 0, NULL, 4, NULL, NULL), KEHU_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_column_text_of_numbers_and_dates),
        cmocka_unit_test(test_column_text_of_texts),
        cmocka_unit_test(test_column_text_is_cut_at_a_character),
        cmocka_unit_test(test_column_text_refuses_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
