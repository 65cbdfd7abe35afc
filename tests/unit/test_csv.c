#include <kehu/csv.h>

#include <stdio.h>
#include <string.h>

#include "data/column.h"
#include "support/test.h"

static kehu_status open_text(kehu_csv **csv, const char *text,
                             const kehu_csv_options *options, kehu_error *err)
{
    return kehu_csv_open_memory(csv, text, strlen(text), "x.csv", options, err);
}

static kehu_csv *must_open(const char *text, size_t size, const kehu_csv_options *options)
{
    kehu_csv *csv = NULL;
    kehu_error err = {0};
    if (kehu_csv_open_memory(&csv, text, size, "x.csv", options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_non_null(csv);
    return csv;
}

static kehu_table *must_read(kehu_csv *csv)
{
    kehu_table *t = NULL;
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_non_null(t);
    return t;
}

static void assert_text(const kehu_column *c, int64_t row, const char *want)
{
    char got[256];
    kehu__text t;
    assert_non_null(c);
    t = kehu__column_text(c, row);
    assert_true(t.size < (int64_t)sizeof got);
    memcpy(got, t.bytes, (size_t)t.size);
    got[t.size] = '\0';
    assert_string_equal(got, want);
    assert_int_equal(kehu__column_valid(c, row), strcmp(want, "") != 0);
}

/* The reject list as lines of text. */
static void assert_rejects(const kehu_csv *csv, const char *want)
{
    kehu_table *t = NULL;
    char got[4096] = "";
    size_t n = 0;
    assert_int_equal(kehu_csv_rejects(&t, csv, NULL), KEHU_OK);
    for (int64_t i = 0; i < kehu_table_row_count(t); i++) {
        const kehu__text c = kehu__column_text(kehu_table_find(t, "column"), i);
        const kehu__text r = kehu__column_text(kehu_table_find(t, "reason"), i);
        const kehu__text v = kehu__column_text(kehu_table_find(t, "value"), i);
        n += (size_t)snprintf(got + n, sizeof got - n, "%d|%.*s|%.*s|%.*s\n",
                              (int)kehu__column_integer(kehu_table_find(t, "line"), i),
                              (int)c.size, c.bytes, (int)r.size, r.bytes, (int)v.size,
                              v.bytes);
    }
    assert_string_equal(got, want);
    kehu_table_free(t);
}

static void test_csv_without_options_is_all_text(void **state)
{
    static const char text[] = "id,name\n1,Ann\n2,李雷\n";
    kehu_csv *csv = must_open(text, sizeof text - 1, NULL);
    kehu_table *t = must_read(csv);
    (void)state;
    assert_int_equal(kehu_table_row_count(t), 2);
    assert_int_equal(kehu_table_column_count(t), 2);
    assert_int_equal(kehu_table_column(t, 0)->type, KEHU_UTF8);
    assert_text(kehu_table_find(t, "id"), 1, "2");
    assert_text(kehu_table_find(t, "name"), 1, "李雷");
    assert_int_equal(kehu_csv_line(csv, 0), 2);
    assert_int_equal(kehu_csv_line(csv, 1), 3);
    assert_int_equal(kehu_csv_line(csv, 2), 0);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_fields_give_types(void **state)
{
    static const kehu_field fields[] = {
        {.name = "amount", .type = KEHU_INT64, .decimals = 2, .flags = KEHU_FIELD_LOOSE},
        {.name = "day", .type = KEHU_DATE32},
        {.name = "when", .type = KEHU_TIMESTAMP},
        {.name = "x", .type = KEHU_FLOAT64},
        {.name = "good", .type = KEHU_BOOL},
        {.name = "gone", .type = KEHU_INT32, .flags = KEHU_FIELD_OPTIONAL},
    };
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 6, .zone_minutes = 480};
    static const char text[] = "x,when,extra,amount,day,good\r\n"
                               "1.5,2024-03-01 08:00,e,\"1,234.50\",2024/3/1,yes\r\n"
                               ",,,,,\r\n";
    kehu_csv *csv = must_open(text, sizeof text - 1, &options);
    kehu_table *t = must_read(csv);
    (void)state;
    assert_int_equal(kehu_table_column_count(t), 7);
    assert_string_equal(kehu_table_column(t, 6)->name, "extra");
    assert_int_equal(kehu__column_integer(kehu_table_column(t, 0), 0), 123450);
    assert_int_equal(kehu__column_integer(kehu_table_column(t, 1), 0), 19783);
    assert_true(kehu__column_integer(kehu_table_column(t, 2), 0) ==
                INT64_C(19783) * 86400000000);
    assert_true(kehu__column_number(kehu_table_column(t, 3), 0) == 1.5);
    assert_int_equal(kehu__column_integer(kehu_table_column(t, 4), 0), 1);
    for (int64_t k = 0; k < 7; k++)
        assert_false(kehu__column_valid(kehu_table_column(t, k), 1));
    assert_false(kehu__column_valid(kehu_table_column(t, 5), 0));
    assert_int_equal(kehu_csv_reject_count(csv), 0);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_rejects_bad_rows_and_reads_on(void **state)
{
    static const kehu_field fields[] = {
        {.name = "id", .type = KEHU_INT32, .flags = KEHU_FIELD_REQUIRED},
        {.name = "note"},
    };
    const kehu_csv_options options = {.size = sizeof options,
                                      .fields = fields,
                                      .n_fields = 2,
                                      .max_row_bytes = 64,
                                      .encoding = KEHU_ENCODING_UTF8};
    static const char text[] =
        "id,note\n"
        "1,a\n"
        "x,b\n"
        "3\n"
        "4,c,d\n"
        "5,\"e\nf\"\n"
        "\n"
        ",g\n"
        "7,\xFF\xE6\x88\n"
        "8,\"h\"i\n"
        "9,n\0l\n"
        "3000000000,j\n"
        "10,0123456789012345678901234567890123456789012345678901234"
        "567890123456789\n"
        "11,\"open\n"
        "12,k\n";
    kehu_csv *csv = must_open(text, sizeof text - 1, &options);
    kehu_table *t = must_read(csv);
    (void)state;
    assert_int_equal(kehu_table_row_count(t), 3);
    assert_int_equal(kehu__column_integer(kehu_table_column(t, 0), 2), 12);
    assert_text(kehu_table_column(t, 1), 1, "e\nf");
    assert_int_equal(kehu_csv_line(csv, 1), 6);
    assert_rejects(
        csv, "3|id|not a whole number|x\n"
             "4||1 values, expected 2|3 \n"
             "5||3 values, expected 2|4,c,d \n"
             "9|id|value missing|\n"
             "10|note|not valid UTF-8|\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n"
             "11|note|text after the closing quote|h\n"
             "12|note|NUL byte|n l\n"
             "13|id|number out of the column's range|3000000000\n"
             "14||row longer than 64 bytes|10,0123456789012345678901234567890123456\n"
             "15|note|quote not closed|open 12,k \n");
    assert_int_equal(kehu_csv_reject_count(csv), 10);
    assert_int_equal(kehu_csv_row_count(csv), 3);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_tells_what_stops_a_file(void **state)
{
    static const kehu_field fields[] = {{.name = "id"}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 1};
    kehu_csv *csv;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_csv_open(&csv, "no/such.csv", NULL, &err), KEHU_NOT_FOUND);
    assert_string_equal(err.message,
                        "cannot open no/such.csv: no such file or folder (errno 2)");
    assert_int_equal(kehu_csv_open(&csv, "/", NULL, &err), KEHU_IO);
    assert_string_equal(err.message, "cannot read /: it is a folder (errno 21)");
    assert_int_equal(open_text(&csv, "", NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "x.csv is empty");
    assert_int_equal(open_text(&csv, "\n\r\n", NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "x.csv has no row");
    assert_int_equal(open_text(&csv, "\nname\n1\n", &options, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "x.csv, line 2: no column id");
    assert_int_equal(open_text(&csv, "id,a, id \n", NULL, &err), KEHU_DUPLICATE);
    assert_string_equal(err.message, "x.csv, line 1: two columns are named id");
    assert_int_equal(open_text(&csv, "\xFF\xFEi", NULL, &err), KEHU_ENCODING);
    assert_string_equal(
        err.message,
        "x.csv starts like UTF-16 or a binary file, expected UTF-8 or GB18030");
    assert_int_equal(open_text(&csv, "a,\xFF\n", NULL, &err), KEHU_ENCODING);
    assert_string_equal(err.message, "x.csv, line 1: the first row is not valid UTF-8");
    assert_int_equal(open_text(&csv, "a,\"b\n", NULL, &err), KEHU_FORMAT);
    assert_string_equal(err.message, "x.csv, line 1: a quote is not closed");
    assert_int_equal(open_text(&csv, "\n\na,\"b\n", NULL, &err), KEHU_FORMAT);
    assert_string_equal(err.message, "x.csv, line 3: a quote is not closed");
    assert_int_equal(err.where, 2);
    assert_null(csv);
}

/* Text is looked through a chunk at a time; what is bad is still found, and only
 * that, whatever stands around it and wherever chunks end. */
static void test_csv_finds_bad_bytes_in_a_long_file(void **state)
{
    enum { ROWS = 60000, ROW = 16 };
    static char text[4 + ROWS * ROW];
    static const int bad[] = {0, 16000, 16383, 16384, 20001, 32768, 59999};
    (void)state;
    memcpy(text, "a,b\n", 4);
    for (int i = 0; i < ROWS; i++)
        memcpy(text + 4 + i * ROW, "abcdefgh,123456\n", ROW);
    memcpy(text + 4 + 20000 * ROW, "客", 3); /* not ASCII, and good */
    for (int k = 0; k < 7; k++)
        text[4 + bad[k] * ROW + k] = k % 2 == 0 ? '\0' : '\xFF';
    kehu_csv *csv = must_open(text, sizeof text,
                              &(kehu_csv_options){.size = sizeof(kehu_csv_options),
                                                  .encoding = KEHU_ENCODING_UTF8});
    kehu_table *t = must_read(csv), *rejects = NULL;
    assert_int_equal(kehu_table_row_count(t), ROWS - 7);
    assert_text(kehu_table_column(t, 0), 20000 - 4, "客defgh");
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(rejects), 7);
    for (int64_t k = 0; k < 7; k++) {
        assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), k),
                         bad[k] + 2);
        assert_text(kehu_table_find(rejects, "reason"), k,
                    k % 2 == 0 ? "NUL byte" : "not valid UTF-8");
    }
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_without_options_is_all_text),
        cmocka_unit_test(test_csv_fields_give_types),
        cmocka_unit_test(test_csv_rejects_bad_rows_and_reads_on),
        cmocka_unit_test(test_csv_finds_bad_bytes_in_a_long_file),
        cmocka_unit_test(test_csv_tells_what_stops_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
