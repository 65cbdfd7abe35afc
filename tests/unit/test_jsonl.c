#include <kehu/csv.h>

#include <stdio.h>
#include <string.h>

#include "data/column.h"
#include "support/kept.h"
#include "support/test.h"

static const kehu_field fields[] = {
    {.name = "id", .type = KEHU_INT64, .flags = KEHU_FIELD_REQUIRED},
    {.name = "name"},
    {.name = "amount", .type = KEHU_INT64, .decimals = 2},
    {.name = "when", .type = KEHU_TIMESTAMP},
    {.name = "good", .type = KEHU_BOOL},
};

static kehu_csv_options options_with(const kehu_allocator *alloc)
{
    return (kehu_csv_options){.size = sizeof(kehu_csv_options),
                              .flags = KEHU_CSV_JSON,
                              .fields = fields,
                              .n_fields = 5,
                              .max_row_bytes = 200,
                              .alloc = alloc};
}

static const char text[] =
    "{\"id\":1,\"name\":\"Ann \\\"A\\\" \\u674e\\ud83d\\ude00\\n\",\"amount\":12.5,"
    "\"when\":\"2024-03-01\",\"good\":true,\"other\":{\"a\":[1,{}]}}\r\n"
    "\n"
    "  {\"good\" : null , \"id\" : \"2\", \"name\":\"\"}\n"
    "{\"id\":3,\"name\":7.50,\"id\":4}\n"
    "{}\n"
    "{\"id\":null}\n"
    "{\"id\":1.5}\n"
    "[1]\n"
    "{\"id\":1\n"
    "{\"id\":01}\n"
    "{\"id\":1,\"name\":\"\\ud83d\"}\n"
    "{\"id\":1,\"name\":[1]}\n"
    "{\"id\":1,\"good\":\"maybe\"}\n"
    "{\"id\":1,\"name\":\"\xFF\"}\n"
    "{\"id\":1,\"other\":\"0123456789012345678901234567890123456789012345678901234567890"
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456789012345678901234567890123456789012345678901234567890\"}\n"
    "{\"id\":5}";

static void test_json_lines_are_read_by_fields(void **state)
{
    const kehu_csv_options o = options_with(NULL);
    kehu_csv *csv;
    kehu_table *t, *rejects;
    (void)state;
    assert_int_equal(kehu_csv_open_memory(&csv, text, sizeof text - 1, NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 4);
    assert_int_equal(kehu_table_column_count(t), 5);
    assert_memory_equal(kehu__column_text(kehu_table_find(t, "name"), 0).bytes,
                        "Ann \"A\" 李😀\n", 16);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "amount"), 0), 1250);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "good"), 0), 1);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "id"), 1), 2);
    assert_true(kehu__column_valid(kehu_table_find(t, "name"), 1));
    assert_false(kehu__column_valid(kehu_table_find(t, "good"), 1));
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "id"), 2), 4);
    assert_memory_equal(kehu__column_text(kehu_table_find(t, "name"), 2).bytes, "7.50",
                        4);
    assert_int_equal(kehu_csv_line(csv, 3), 16);
    assert_int_equal(kehu_csv_reject_count(csv), 11);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_json_lines_reject_with_line_and_reason(void **state)
{
    static const struct {
        int line;
        const char *column, *reason;
    } want[] = {
        {5, "id", "value missing"},
        {6, "id", "value missing"},
        {7, "id", "not a whole number"},
        {8, "", "not a JSON object"},
        {9, "", "not valid JSON"},
        {10, "", "not valid JSON"},
        {11, "", "not valid JSON"},
        {12, "name", "an object or array, expected one value"},
        {13, "good", "not true or false"},
        {14, "", "not valid UTF-8"},
        {15, "", "row longer than 200 bytes"},
    };
    kehu_csv_options o = options_with(NULL);
    kehu_csv *csv;
    kehu_table *t, *rejects;
    (void)state;
    o.encoding = KEHU_ENCODING_UTF8;
    assert_int_equal(kehu_csv_open_memory(&csv, text, sizeof text - 1, NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(rejects), sizeof want / sizeof *want);
    for (int64_t i = 0; i < kehu_table_row_count(rejects); i++) {
        const kehu__text c = kehu__column_text(kehu_table_find(rejects, "column"), i);
        const kehu__text r = kehu__column_text(kehu_table_find(rejects, "reason"), i);
        assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), i),
                         want[i].line);
        assert_int_equal(c.size, strlen(want[i].column));
        assert_memory_equal(c.bytes, want[i].column, (size_t)c.size);
        assert_int_equal(r.size, strlen(want[i].reason));
        assert_memory_equal(r.bytes, want[i].reason, (size_t)r.size);
    }
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_json_lines_written_are_read_back(void **state)
{
    const kehu_csv_options o = options_with(NULL);
    const kehu_write_options write = {
        .size = sizeof write, .flags = KEHU_WRITE_LINES, .fields = fields, .n_fields = 5};
    kept first = {0}, second = {0};
    const kehu_writer to_first = {keep, &first}, to_second = {keep, &second};
    kehu_csv *csv;
    kehu_table *t, *back;
    (void)state;
    assert_int_equal(kehu_csv_open_memory(&csv, text, sizeof text - 1, NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    kehu_csv_free(csv);
    assert_int_equal(kehu_table_write_json(t, &to_first, &write, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_open_memory(&csv, first.bytes, first.size, NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&back, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_reject_count(csv), 0);
    kehu_csv_free(csv);
    assert_int_equal(kehu_table_write_json(back, &to_second, &write, NULL), KEHU_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
    kehu_table_free(back);
    kehu_table_free(t);
}

static void test_json_lines_need_fields_and_bytes(void **state)
{
    kehu_csv_options o = options_with(NULL);
    kehu_csv *csv;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_csv_open_memory(&csv, "", 0, "x.jsonl", &o, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "x.jsonl is empty");
    o.n_fields = 0;
    assert_int_equal(kehu_csv_open_memory(&csv, "{}", 2, NULL, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "JSON Lines are read by fields: name them");
    assert_null(csv);
}

static void test_json_nested_deeply_is_refused_not_followed(void **state)
{
    static char deep[100000] = "{\"a\":";
    kehu_csv_options o = options_with(NULL);
    kehu_csv *csv;
    kehu_table *t;
    (void)state;
    o.max_row_bytes = 1 << 20;
    memset(deep + 5, '[', sizeof deep - 5);
    assert_int_equal(kehu_csv_open_memory(&csv, deep, sizeof deep, NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_reject_count(csv), 1);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_json_lines_survive_every_refused_allocation(void **state)
{
    bool done = false;
    (void)state;
    for (long n = 0; !done; n++) {
        faulty f;
        const kehu_csv_options o = options_with(faulty_init(&f, n));
        kehu_csv *csv = NULL;
        kehu_table *t = NULL;
        kehu_status status =
            kehu_csv_open_memory(&csv, text, sizeof text - 1, NULL, &o, NULL);
        if (status == KEHU_OK) {
            status = kehu_csv_rest(&t, csv, NULL);
            if (status != KEHU_OK) {
                assert_int_equal(status, KEHU_NO_MEMORY);
                assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
            }
            assert_int_equal(kehu_table_row_count(t), 4);
            assert_int_equal(kehu_csv_reject_count(csv), 11);
        } else
            assert_int_equal(status, KEHU_NO_MEMORY);
        done = f.requests <= n;
        kehu_table_free(t);
        kehu_csv_free(csv);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_lines_are_read_by_fields),
        cmocka_unit_test(test_json_lines_reject_with_line_and_reason),
        cmocka_unit_test(test_json_lines_written_are_read_back),
        cmocka_unit_test(test_json_lines_need_fields_and_bytes),
        cmocka_unit_test(test_json_nested_deeply_is_refused_not_followed),
        cmocka_unit_test(test_json_lines_survive_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
