#include <kehu/table.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/column.h"
#include "data/json.h"
#include "data/table_write.h"
#include "support/faulty_io.h"
#include "support/test.h"

typedef struct text_out {
    char bytes[4096];
    size_t size;
    long refuse_after; /* calls, -1 = never */
} text_out;

static int keep(void *ctx, const void *bytes, size_t size)
{
    text_out *t = ctx;
    if (t->refuse_after >= 0 && t->refuse_after-- == 0)
        return 1;
    assert_true(t->size + size < sizeof t->bytes);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    t->bytes[t->size] = '\0';
    return 0;
}

/* Three rows; the last one has missing values. */
static kehu_table *sample(const kehu_allocator *alloc)
{
    static const char names[] = "李雷Say \"hi\", bye\n</script>";
    static const int32_t name_ends[] = {0, 6, 19, 29};
    static const uint8_t some = 3;
    static const double spend[] = {19.9, -0.0, 1e300};
    static const int64_t cents[] = {123450, -5, 0};
    static const int32_t days[] = {19783, -1, 0};
    static const int64_t times[] = {1709251200500000, 0, -1};
    static const uint8_t good = 5;
    const kehu_column columns[] = {
        {.name = "name",
         .type = KEHU_UTF8,
         .length = 3,
         .data = names,
         .offsets = name_ends},
        {.name = "spend", .type = KEHU_FLOAT64, .length = 3, .data = spend},
        {.name = "cents",
         .type = KEHU_INT64,
         .length = 3,
         .data = cents,
         .validity = &some},
        {.name = "day",
         .type = KEHU_DATE32,
         .length = 3,
         .data = days,
         .validity = &some},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = 3, .data = times},
        {.name = "good", .type = KEHU_BOOL, .length = 3, .data = &good},
    };
    kehu_table *t = NULL;
    const kehu_status status = kehu_table_copy(&t, columns, 6, alloc, NULL);
    assert_true((status == KEHU_OK) == (t != NULL));
    assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
    return t;
}

static void test_table_copy_owns_everything(void **state)
{
    char name[] = "x";
    int16_t values[] = {9, 1, -2, 3};
    const kehu_column c = {
        .name = name, .type = KEHU_INT16, .length = 3, .data = values, .start = 1};
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, &c, 1, NULL, NULL), KEHU_OK);
    name[0] = 'y';
    values[2] = 7;
    assert_int_equal(kehu_table_row_count(t), 3);
    assert_int_equal(kehu_table_column_count(t), 1);
    assert_ptr_equal(kehu_table_find(t, "x"), kehu_table_column(t, 0));
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "x"), 1), -2);
    assert_null(kehu_table_find(t, "y"));
    assert_null(kehu_table_column(t, 1));
    assert_null(kehu_table_column(t, -1));
    kehu_table_free(t);
    kehu_table_free(NULL);
}

static void test_table_copy_takes_categories_and_empty_tables(void **state)
{
    static const int32_t ends[] = {0, 1, 3};
    static const int32_t codes[] = {1, 0, 1};
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 2, .data = "abb", .offsets = ends};
    const kehu_column c = {
        .type = KEHU_CATEGORY, .length = 3, .data = codes, .dictionary = &words};
    kehu_column none = c;
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, &c, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_column(t, 0)->type, KEHU_UTF8);
    assert_string_equal(kehu_table_column(t, 0)->name, "");
    assert_int_equal(kehu__column_text(kehu_table_column(t, 0), 2).size, 2);
    kehu_table_free(t);
    none.length = 0;
    assert_int_equal(kehu_table_copy(&t, &none, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 0);
    kehu_table_free(t);
    assert_int_equal(kehu_table_copy(&t, NULL, 0, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_column_count(t), 0);
    kehu_table_free(t);
}

static void test_table_copy_refuses_what_is_not_sound(void **state)
{
    static const double x[] = {1, 2};
    kehu_column c[] = {{.name = "a", .type = KEHU_FLOAT64, .length = 2, .data = x},
                       {.name = "b", .type = KEHU_FLOAT64, .length = 1, .data = x}};
    kehu_table *t;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, c, 2, NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "b has 1 rows, expected 2");
    c[1].type = (kehu_type)99;
    assert_int_equal(kehu_table_copy(&t, c, 2, NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "b has unknown type 99");
    assert_int_equal(kehu_table_copy(&t, NULL, 1, NULL, &err), KEHU_ARGUMENT);
    assert_null(t);
    assert_int_equal(kehu_table_copy(NULL, c, 1, NULL, &err), KEHU_ARGUMENT);
}

static void assert_csv(const kehu_table *t, const kehu_write_options *options,
                       const char *want)
{
    text_out out = {.refuse_after = -1};
    const kehu_writer writer = {keep, &out};
    assert_int_equal(kehu_table_write_csv(t, &writer, options, NULL), KEHU_OK);
    assert_string_equal(out.bytes, want);
}

static void assert_json(const kehu_table *t, const kehu_write_options *options,
                        const char *want)
{
    text_out out = {.refuse_after = -1};
    const kehu_writer writer = {keep, &out};
    assert_int_equal(kehu_table_write_json(t, &writer, options, NULL), KEHU_OK);
    assert_string_equal(out.bytes, want);
}

static void test_table_writes_csv(void **state)
{
    static const kehu_field money[] = {
        {.name = "cents", .type = KEHU_INT64, .decimals = 2}};
    const kehu_write_options options = {.size = sizeof options,
                                        .flags = KEHU_WRITE_BOM | KEHU_WRITE_CRLF,
                                        .delimiter = ';',
                                        .zone_minutes = 480,
                                        .fields = money,
                                        .n_fields = 1};
    kehu_table *t = sample(NULL);
    (void)state;
    assert_csv(t, NULL,
               "name,spend,cents,day,time,good\n"
               "李雷,19.9,123450,2024-03-01,2024-03-01T00:00:00.5Z,true\n"
               "\"Say \"\"hi\"\", bye\",-0,-5,1969-12-31,1970-01-01T00:00:00Z,false\n"
               "\"\n</script>\",1e300,,,1969-12-31T23:59:59.999999Z,true\n");
    assert_csv(t, &options,
               "\xEF\xBB\xBFname;spend;cents;day;time;good\r\n"
               "李雷;19.9;1234.50;2024-03-01;2024-03-01T08:00:00.5+08:00;true\r\n"
               "\"Say \"\"hi\"\", bye\";-0;-0.05;1969-12-31;1970-01-01T08:00:00+08:00;"
               "false\r\n"
               "\"\n</script>\";1e300;;;1970-01-01T07:59:59.999999+08:00;true\r\n");
    kehu_table_free(t);
}

static void test_table_guards_against_formulas_on_request(void **state)
{
    static const char text[] = "=1+2-3＝4\"@,safe";
    static const int32_t ends[] = {0, 4, 6, 10, 10, 13, 17};
    const kehu_column c = {
        .name = "t", .type = KEHU_UTF8, .length = 6, .data = text, .offsets = ends};
    const kehu_write_options options = {.size = sizeof options,
                                        .flags = KEHU_WRITE_GUARD};
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, &c, 1, NULL, NULL), KEHU_OK);
    assert_csv(t, NULL, "t\n=1+2\n-3\n＝4\n\"\"\n\"\"\"@,\"\nsafe\n");
    assert_csv(t, &options, "t\n'=1+2\n'-3\n'＝4\n\"\"\n\"\"\"@,\"\nsafe\n");
    kehu_table_free(t);
}

static void test_table_writes_json(void **state)
{
    static const kehu_field money[] = {
        {.name = "cents", .type = KEHU_INT64, .decimals = 2}};
    const kehu_write_options options = {.size = sizeof options,
                                        .flags = KEHU_WRITE_LINES,
                                        .fields = money,
                                        .n_fields = 1};
    kehu_table *t = sample(NULL);
    (void)state;
    assert_json(
        t, NULL,
        "[{\"name\":\"李雷\",\"spend\":19.9,\"cents\":123450,\"day\":\"2024-03-01\","
        "\"time\":\"2024-03-01T00:00:00.5Z\",\"good\":true},"
        "{\"name\":\"Say \\\"hi\\\", bye\",\"spend\":-0,\"cents\":-5,"
        "\"day\":\"1969-12-31\",\"time\":\"1970-01-01T00:00:00Z\",\"good\":false},"
        "{\"name\":\"\\n<\\/script>\",\"spend\":1e300,\"cents\":null,\"day\":null,"
        "\"time\":\"1969-12-31T23:59:59.999999Z\",\"good\":true}]\n");
    kehu_table_free(t);
    {
        static const int64_t cents[] = {5, 0};
        static const uint8_t first = 1;
        const kehu_column c = {.name = "cents",
                               .type = KEHU_INT64,
                               .length = 2,
                               .data = cents,
                               .validity = &first};
        assert_int_equal(kehu_table_copy(&t, &c, 1, NULL, NULL), KEHU_OK);
        assert_json(t, &options, "{\"cents\":0.05}\n{\"cents\":null}\n");
        kehu_table_free(t);
    }
}

static void test_table_write_refuses_bad_options(void **state)
{
    kehu_write_options o = {.size = sizeof o, .flags = 64};
    text_out out = {.refuse_after = -1};
    const kehu_writer writer = {keep, &out};
    kehu_table *t = sample(NULL);
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_table_write_csv(t, &writer, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "options.flags has unknown bits: 64");
    o = (kehu_write_options){.size = sizeof o, .delimiter = '"'};
    assert_int_equal(kehu_table_write_csv(t, &writer, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "options.delimiter is 34, expected an ASCII character "
                        "that is no quote and no line end");
    o = (kehu_write_options){.size = sizeof o, .zone_minutes = 2000};
    assert_int_equal(kehu_table_write_json(t, &writer, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "options.zone_minutes is 2000, expected -1080 to 1080");
    o = (kehu_write_options){.size = 3};
    assert_int_equal(kehu_table_write_json(t, &writer, &o, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_table_write_csv(NULL, &writer, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_table_write_csv(t, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_table_save_json(t, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(out.size, 0);
    kehu_table_free(t);
}

static void test_table_write_reports_a_writer_that_refuses(void **state)
{
    text_out out = {.refuse_after = 0};
    const kehu_writer writer = {keep, &out};
    kehu_table *t = sample(NULL);
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_IO);
    assert_string_equal(err.message, "the writer refused the bytes");
    out.refuse_after = 0;
    assert_int_equal(kehu_table_write_json(t, &writer, NULL, &err), KEHU_IO);
    kehu_table_free(t);
}

static void test_table_save_is_whole_or_not_at_all(void **state)
{
    kehu_table *t = sample(NULL);
    kehu_error err;
    (void)state;
    for (int format = KEHU__FORMAT_CSV; format <= KEHU__FORMAT_JSON; format++)
        for (int fault = 0; fault < 2; fault++) {
            bool failed = true;
            for (long n = 0; failed; n++) {
                faulty_io f;
                kehu_status status;
                unlink("table.out");
                faulty_io_init(&f, n, fault == 0 ? ENOSPC : FAULTY_IO_SHORT, false);
                status = kehu__table_save(t, (kehu__format)format, &f.as_io, "table.out",
                                          NULL, &err);
                failed = f.failed;
                assert_true(status == KEHU_OK ||
                            (status == KEHU_IO && failed && fault == 0));
                assert_int_equal(f.open_files, 0);
                assert_int_not_equal(access("table.out.tmp", F_OK), 0);
                if (status == KEHU_OK)
                    assert_int_equal(access("table.out", F_OK), 0);
                else
                    assert_non_null(strstr(err.message, "disk is full"));
            }
        }
    assert_int_equal(kehu_table_save_csv(t, "table.out", NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_save_json(t, "table.out", NULL, NULL), KEHU_OK);
    unlink("table.out");
    assert_int_equal(kehu_table_save_csv(t, "no/such/folder.csv", NULL, &err),
                     KEHU_NOT_FOUND);
    kehu_table_free(t);
}

static void test_table_copy_survives_every_refused_allocation(void **state)
{
    kehu_table *t = NULL;
    (void)state;
    for (long n = 0; t == NULL; n++) {
        faulty f;
        t = sample(faulty_init(&f, n));
        assert_true(t != NULL || f.live_blocks == 0);
        assert_true(n < 1000);
        kehu_table_free(t);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
}

static void test_table_concat_puts_rows_below_one_another(void **state)
{
    static const int32_t ends[] = {0, 1, 3};
    static const int64_t wide_ends[] = {0, 2};
    static const int32_t codes[] = {1, 0};
    static const uint8_t second = 2;
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 2, .data = "abb", .offsets = ends};
    const kehu_column parts[] = {
        {.name = "x",
         .type = KEHU_CATEGORY,
         .length = 2,
         .data = codes,
         .validity = &second,
         .dictionary = &words},
        {.name = "x",
         .type = KEHU_LARGE_UTF8,
         .length = 1,
         .data = "cc",
         .offsets = wide_ends},
    };
    kehu_table *part[2], *t;
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(kehu_table_copy(&part[i], &parts[i], 1, NULL, NULL), KEHU_OK);
    assert_int_equal(
        kehu_table_concat(&t, (const kehu_table *const *)part, 2, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 3);
    assert_int_equal(kehu_table_column(t, 0)->type, KEHU_UTF8);
    assert_false(kehu__column_valid(kehu_table_column(t, 0), 0));
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 0), 1).bytes, "a", 1);
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 0), 2).bytes, "cc", 2);
    kehu_table_free(t);
    kehu_table_free(part[0]);
    kehu_table_free(part[1]);
}

static void test_table_concat_refuses_tables_that_differ(void **state)
{
    static const int64_t whole[] = {1};
    static const double real[] = {1};
    const kehu_column a = {.name = "a", .type = KEHU_INT64, .length = 1, .data = whole};
    const kehu_column b = {.name = "b", .type = KEHU_INT64, .length = 1, .data = whole};
    const kehu_column c = {.name = "a", .type = KEHU_FLOAT64, .length = 1, .data = real};
    const kehu_column d[] = {a, b};
    kehu_table *first, *other[4] = {NULL}, *t;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_table_copy(&first, &a, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_copy(&other[0], &b, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_copy(&other[1], &c, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_copy(&other[2], d, 2, NULL, NULL), KEHU_OK);
    for (int i = 0; i < 4; i++) {
        const kehu_table *const both[] = {first, other[i]};
        assert_int_equal(kehu_table_concat(&t, both, 2, NULL, &err),
                         i == 3 ? KEHU_ARGUMENT : KEHU_COLUMN);
        assert_int_equal(err.where, 1);
        assert_null(t);
        kehu_table_free(other[i]);
    }
    assert_int_equal(kehu_table_concat(&t, NULL, 0, NULL, NULL), KEHU_ARGUMENT);
    kehu_table_free(first);
}

static void test_table_concat_survives_every_refused_allocation(void **state)
{
    kehu_table *part = sample(NULL), *t = NULL;
    const kehu_table *const both[] = {part, part};
    (void)state;
    for (long n = 0; t == NULL; n++) {
        faulty f;
        const kehu_status status =
            kehu_table_concat(&t, both, 2, faulty_init(&f, n), NULL);
        assert_int_equal(status, t == NULL ? KEHU_NO_MEMORY : KEHU_OK);
        assert_true(n < 1000);
        if (t != NULL)
            assert_int_equal(kehu_table_row_count(t), 6);
        kehu_table_free(t);
        assert_int_equal(f.live_blocks, 0);
    }
    kehu_table_free(part);
}

static void test_json_escapes_what_must_be(void **state)
{
    static const char text[] =
        "\"\\\b\f\n\r\t\x01\x7F</a <!-- <b \xE2\x80\xA8\xE2\x80\xA9"
        "\xF0\x9F\x98\x80\xFF\0x";
    text_out out = {.refuse_after = -1};
    const kehu_writer writer = {keep, &out};
    kehu__json j;
    (void)state;
    kehu__json_init(&j, &writer);
    kehu__json_object(&j);
    kehu__json_key(&j, "a\"b");
    kehu__json_text(&j, text, sizeof text - 1);
    kehu__json_key(&j, "n");
    kehu__json_array(&j);
    kehu__json_number(&j, NAN);
    kehu__json_number(&j, INFINITY);
    kehu__json_number(&j, 0.1);
    kehu__json_fixed(&j, 0.125, 2);
    kehu__json_fixed(&j, NAN, 2);
    kehu__json_integer(&j, INT64_MIN);
    kehu__json_money(&j, -5, 2);
    kehu__json_bool(&j, true);
    kehu__json_string(&j, NULL);
    kehu__json_object(&j);
    kehu__json_end(&j);
    kehu__json_array(&j);
    kehu__json_end(&j);
    kehu__json_end(&j);
    kehu__json_end(&j);
    assert_int_equal(kehu__json_finish(&j, NULL), KEHU_OK);
    assert_string_equal(
        out.bytes,
        "{\"a\\\"b\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F<\\/a \\u003c!-- <b "
        "\\u2028\\u2029\xF0\x9F\x98\x80\xEF\xBF\xBD\\u0000x\","
        "\"n\":[null,null,0.1,0.13,null,-9223372036854775808,-0.05,true,null,{},[]]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_copy_owns_everything),
        cmocka_unit_test(test_table_copy_takes_categories_and_empty_tables),
        cmocka_unit_test(test_table_copy_refuses_what_is_not_sound),
        cmocka_unit_test(test_table_writes_csv),
        cmocka_unit_test(test_table_guards_against_formulas_on_request),
        cmocka_unit_test(test_table_writes_json),
        cmocka_unit_test(test_table_write_refuses_bad_options),
        cmocka_unit_test(test_table_write_reports_a_writer_that_refuses),
        cmocka_unit_test(test_table_save_is_whole_or_not_at_all),
        cmocka_unit_test(test_table_copy_survives_every_refused_allocation),
        cmocka_unit_test(test_table_concat_puts_rows_below_one_another),
        cmocka_unit_test(test_table_concat_refuses_tables_that_differ),
        cmocka_unit_test(test_table_concat_survives_every_refused_allocation),
        cmocka_unit_test(test_json_escapes_what_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
