#include <kehu/csv.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/column.h"
#include "support/test.h"

static kehu_status open_text(kehu_csv **csv, const char *text,
                             const kehu_csv_options *options, kehu_error *err)
{
    return kehu_csv_open_memory(csv, text, strlen(text), NULL, options, err);
}

/* All rows of a text. */
static kehu_table *read_text(const char *text, const kehu_csv_options *options,
                             kehu_csv **csv)
{
    kehu_table *t = NULL;
    kehu_error err;
    if (open_text(csv, text, options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_csv_rest(&t, *csv, NULL), KEHU_OK);
    return t;
}

static void test_csv_detects_the_delimiter(void **state)
{
    static const char *const texts[] = {"a;b,x;c\n1;2;3\n", "a\tb\tc\n1\t2\t3\n",
                                        "a|b|c\n1|2|3\n", "a,b,c\n1,2,3\n"};
    const kehu_csv_options o = {.size = sizeof o, .flags = KEHU_CSV_DETECT};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kehu_csv *csv;
        kehu_table *t = read_text(texts[i], &o, &csv);
        assert_int_equal(kehu_table_column_count(t), 3);
        assert_memory_equal(kehu__column_text(kehu_table_column(t, 2), 0).bytes, "3", 1);
        kehu_table_free(t);
        kehu_csv_free(csv);
    }
}

static void test_csv_infers_the_narrowest_type(void **state)
{
    static const char text[] = "whole,real,day,time,name,zip,none,mixed\n"
                               "1,1,2024-03-01,2024-03-01,a,0123,,5\n"
                               ",2.5,2024/3/2,2024-03-01 12:30,7,0456,,x\n"
                               "-3,1e3,,,b,,,2024-03-01\n"
                               "4.5,x,1,2,3,4,5,6\n";
    static const kehu_type want[] = {KEHU_INT64,     KEHU_FLOAT64, KEHU_DATE32,
                                     KEHU_TIMESTAMP, KEHU_UTF8,    KEHU_UTF8,
                                     KEHU_UTF8,      KEHU_UTF8};
    const kehu_csv_options o = {.size = sizeof o, .infer_rows = 3};
    kehu_csv *csv;
    kehu_table *t = read_text(text, &o, &csv);
    (void)state;
    for (int64_t k = 0; k < 8; k++)
        assert_int_equal(kehu_table_column(t, k)->type, want[k]);
    /* The fourth row came after the types were settled. */
    assert_int_equal(kehu_table_row_count(t), 3);
    assert_int_equal(kehu_csv_reject_count(csv), 1);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_without_a_header_takes_names_from_the_fields(void **state)
{
    static const kehu_field fields[] = {{.name = "id", .type = KEHU_INT64},
                                        {.name = "name"}};
    const kehu_csv_options o = {
        .size = sizeof o, .flags = KEHU_CSV_NO_HEADER, .fields = fields, .n_fields = 2};
    kehu_csv *csv;
    kehu_table *t = read_text("1,a,x\n2,b,y\n", &o, &csv);
    (void)state;
    assert_int_equal(kehu_table_row_count(t), 2);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "id"), 1), 2);
    assert_string_equal(kehu_table_column(t, 2)->name, "3");
    assert_int_equal(kehu_csv_line(csv, 0), 1);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_drops_other_columns_on_request(void **state)
{
    static const kehu_field fields[] = {{.name = "b"}};
    const kehu_csv_options o = {
        .size = sizeof o, .flags = KEHU_CSV_ONLY_FIELDS, .fields = fields, .n_fields = 1};
    kehu_csv *csv;
    kehu_table *t = read_text("a,b,c\n1,2,3\n", &o, &csv);
    (void)state;
    assert_int_equal(kehu_table_column_count(t), 1);
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 0), 0).bytes, "2", 1);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_tells_missing_from_empty(void **state)
{
    static const char *const words[] = {"NA", "-"};
    static const kehu_field fields[] = {{.name = "x", .type = KEHU_FLOAT64}};
    const kehu_csv_options o = {.size = sizeof o,
                                .fields = fields,
                                .n_fields = 1,
                                .missing = words,
                                .n_missing = 2};
    kehu_csv *csv;
    kehu_table *t = read_text("x,t\nNA,NA\n-,\"\"\n,\n\"\",\"NA\"\n 5 , \n", &o, &csv);
    static const int valid_x[] = {0, 0, 0, 0, 1}, valid_t[] = {0, 1, 0, 1, 1};
    (void)state;
    assert_int_equal(kehu_table_row_count(t), 5);
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(kehu__column_valid(kehu_table_column(t, 0), i), valid_x[i]);
        assert_int_equal(kehu__column_valid(kehu_table_column(t, 1), i), valid_t[i]);
    }
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_reads_every_line_end_and_a_last_row_without_one(void **state)
{
    static const char *const texts[] = {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n",
                                        "a,b\r1,2\r3,4",
                                        "\xEF\xBB\xBF\141,b\n1,2\r\n3,4\n\n\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kehu_csv *csv;
        kehu_table *t = read_text(texts[i], NULL, &csv);
        assert_int_equal(kehu_table_row_count(t), 2);
        assert_non_null(kehu_table_find(t, "a"));
        assert_int_equal(kehu__column_text(kehu_table_find(t, "b"), 1).bytes[0], '4');
        assert_int_equal(kehu_csv_line(csv, 1), 3);
        kehu_table_free(t);
        kehu_csv_free(csv);
    }
}

static void test_csv_rejects_each_kind_of_bad_value(void **state)
{
    static const kehu_field fields[] = {
        {.name = "v", .type = KEHU_INT64, .decimals = 2},
        {.name = "i", .type = KEHU_INT8},
        {.name = "u", .type = KEHU_UINT64},
        {.name = "f", .type = KEHU_FLOAT32},
        {.name = "d", .type = KEHU_DATE32},
        {.name = "t", .type = KEHU_TIMESTAMP},
        {.name = "b", .type = KEHU_BOOL},
        {.name = "n", .type = KEHU_FLOAT64},
    };
    static const char text[] =
        "v,i,u,f,d,t,b,n\n"
        "1.005,,,,,,,\n"
        "1e5,,,,,,,\n"
        "99999999999999999999,,,,,,,\n"
        ",128,,,,,,\n"
        ",1.5,,,,,,\n"
        ",,-1,,,,,\n"
        ",,,1e39,,,,\n"
        ",,,,2024-02-30,,,\n"
        ",,,,,25:00,,\n"
        ",,,,,,maybe,\n"
        ",,,,,,,NaN\n"
        ",,,,,,,1e999\n"
        ",,,,,,,\"1,000\"\n"
        "1.5,-128,18446744073709551615,1e38,2024-02-29,2024-01-01,是,1\n";
    static const char *const want[] = {"more decimals than allowed",
                                       "not an amount",
                                       "number too large",
                                       "number out of the column's range",
                                       "not a whole number",
                                       "number out of the column's range",
                                       "number out of the column's range",
                                       "not a date",
                                       "not a date and time",
                                       "not true or false",
                                       "number not finite or too large",
                                       "number not finite or too large",
                                       "not a number"};
    const kehu_csv_options o = {.size = sizeof o, .fields = fields, .n_fields = 8};
    kehu_csv *csv;
    kehu_table *t = read_text(text, &o, &csv), *rejects;
    (void)state;
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_true(kehu__column_number(kehu_table_find(t, "u"), 0) ==
                18446744073709551616.0);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(rejects), 13);
    for (int64_t i = 0; i < 13; i++) {
        const kehu__text reason =
            kehu__column_text(kehu_table_find(rejects, "reason"), i);
        assert_int_equal(reason.size, strlen(want[i]));
        assert_memory_equal(reason.bytes, want[i], (size_t)reason.size);
        assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), i),
                         i + 2);
    }
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_lists_so_many_rejects_and_counts_all(void **state)
{
    static const kehu_field fields[] = {{.name = "x", .type = KEHU_INT64}};
    const kehu_csv_options o = {
        .size = sizeof o, .fields = fields, .n_fields = 1, .max_rejects = 2};
    kehu_csv *csv;
    kehu_table *t = read_text("x\na\nb\nc\n1\n", &o, &csv), *rejects;
    (void)state;
    assert_int_equal(kehu_csv_reject_count(csv), 3);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(rejects), 2);
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_takes_rejects_of_the_caller(void **state)
{
    kehu_csv *csv;
    kehu_table *t = read_text("id\n1\n\n2\n", NULL, &csv), *rejects;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_csv_reject(csv, 1, "id", "unknown customer", "2", NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_reject(csv, 2, "id", "x", NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "row 2 is not in the last table, or reason is NULL");
    assert_int_equal(kehu_csv_reject_count(csv), 1);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), 0), 4);
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_reports_bad_options(void **state)
{
    static const kehu_field no_name[] = {{.name = ""}};
    static const kehu_field category[] = {{.name = "c", .type = KEHU_CATEGORY}};
    static const kehu_field decimals[] = {
        {.name = "d", .type = KEHU_FLOAT64, .decimals = 2}};
    static const kehu_field twice[] = {{.name = "a"}, {.name = "a"}};
    static const kehu_field flags[] = {{.name = "a", .flags = 64}};
    static const char *const null_word[] = {NULL};
    const struct {
        kehu_csv_options o;
        const char *message;
    } cases[] = {
        {{.flags = 99}, "options.flags has unknown bits: 99"},
        {{.delimiter = '"'},
         "options.delimiter is 34, expected an ASCII character that is no quote and no "
         "line end"},
        {{.delimiter = 0x2C0},
         "options.delimiter is 704, expected an ASCII character that is no quote and no "
         "line end"},
        {{.encoding = 3}, "options.encoding is 3, expected 0 to 2"},
        {{.max_row_bytes = 63}, "options.max_row_bytes is 63, expected 64 to 2^30"},
        {{.zone_minutes = 1081}, "options.zone_minutes is 1081, expected -1080 to 1080"},
        {{.n_missing = 1},
         "options.missing is NULL or n_missing is 1, expected 0 to 1000"},
        {{.missing = null_word, .n_missing = 1}, "options.missing[0] is NULL"},
        {{.n_fields = 1}, "fields is NULL or n_fields is 1, expected 0 to 65536"},
        {{.fields = no_name, .n_fields = 1}, "fields[0] has no name"},
        {{.fields = category, .n_fields = 1},
         "field c has type 16, expected BOOL to UTF8"},
        {{.fields = decimals, .n_fields = 1},
         "field d has decimals 2, expected 0 to 18 and INT64"},
        {{.fields = flags, .n_fields = 1}, "field a has unknown flags 64"},
        {{.fields = twice, .n_fields = 2}, "two fields are named a"},
    };
    kehu_csv *csv;
    kehu_error err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kehu_csv_options o = cases[i].o;
        o.size = sizeof o;
        assert_int_equal(open_text(&csv, "a\n1\n", &o, &err), KEHU_ARGUMENT);
        assert_string_equal(err.message, cases[i].message);
        assert_null(csv);
    }
    assert_int_equal(kehu_csv_open(&csv, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_csv_open(NULL, "x", NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_csv_open_memory(&csv, NULL, 1, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_csv_next(NULL, NULL, &err), KEHU_ARGUMENT);
    kehu_csv_free(NULL);
}

static void test_csv_options_of_older_and_newer_callers(void **state)
{
    struct {
        kehu_csv_options o;
        uint64_t unknown;
    } newer = {.o = {.size = sizeof newer}};
    const uint32_t older = sizeof older;
    kehu_csv *csv;
    (void)state;
    assert_int_equal(open_text(&csv, "a\n", &newer.o, NULL), KEHU_OK);
    kehu_csv_free(csv);
    newer.unknown = 1;
    assert_int_equal(open_text(&csv, "a\n", &newer.o, NULL), KEHU_VERSION);
    assert_int_equal(
        open_text(&csv, "a\n", (const kehu_csv_options *)(const void *)&older, NULL),
        KEHU_OK);
    kehu_csv_free(csv);
}

static int stop_at_once(void *ctx, double done, const char *stage)
{
    assert_true(done >= 0 && done <= 1);
    assert_string_equal(stage, "reading");
    return ++*(int *)ctx == 1;
}

static void test_csv_can_be_cancelled_and_goes_on(void **state)
{
    enum { N = 3000000 };
    int calls = 0;
    const kehu_progress progress = {stop_at_once, &calls};
    const kehu_csv_options o = {.size = sizeof o, .progress = &progress};
    FILE *f = fopen("large.csv", "wb");
    kehu_csv *csv;
    kehu_table *t;
    kehu_error err;
    kehu_status status;
    int64_t rows = 0, cancelled = 0;
    (void)state;
    assert_non_null(f);
    fputs("a,b\n", f);
    for (int i = 0; i < N; i++)
        fputs("123456,7890123\n", f);
    fclose(f);
    assert_int_equal(kehu_csv_open(&csv, "large.csv", &o, NULL), KEHU_OK);
    for (;;) {
        status = kehu_csv_next(&t, csv, &err);
        if (status == KEHU_CANCELLED) {
            assert_null(t);
            cancelled++;
            continue;
        }
        assert_int_equal(status, KEHU_OK);
        if (t == NULL)
            break;
        rows += kehu_table_row_count(t);
        kehu_table_free(t);
    }
    assert_int_equal(rows, N);
    assert_int_equal(cancelled, 1);
    kehu_csv_free(csv);
    unlink("large.csv");
}

/* A line of 10 MB between good ones; memory stays that of a row and a batch. */
static void test_csv_passes_over_a_giant_line_in_bounded_memory(void **state)
{
    enum { GIANT = 10000000 };
    faulty counting;
    const kehu_csv_options o = {.size = sizeof o, .alloc = faulty_init(&counting, -1)};
    FILE *f = fopen("giant.csv", "wb");
    kehu_csv *csv;
    kehu_table *t, *rejects;
    (void)state;
    assert_non_null(f);
    fputs("a,b\n1,2\n3,", f);
    for (int i = 0; i < GIANT; i++)
        fputc('x', f);
    fputs("\n5,6\n7,\"", f);
    for (int i = 0; i < GIANT; i++) /* in a quote that is never closed */
        fputc(i % 100 == 99 ? '\n' : i % 100 == 50 ? ',' : 'y', f);
    fputs("\n8,9\n", f);
    fclose(f);
    assert_int_equal(kehu_csv_open(&csv, "giant.csv", &o, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_reject_count(csv), 2);
    assert_int_equal(kehu_table_row_count(t), 3 + GIANT / 100 - 1);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, NULL), KEHU_OK);
    assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), 0), 3);
    assert_int_equal(kehu__column_integer(kehu_table_find(rejects, "line"), 1), 5);
    assert_int_equal(kehu_csv_line(csv, kehu_table_row_count(t) - 1),
                     5 + GIANT / 100 + 1);
    kehu_table_free(rejects);
    kehu_table_free(t);
    kehu_csv_free(csv);
    assert_int_equal(counting.live_blocks, 0);
    unlink("giant.csv");
    assert_true(counting.peak_bytes < 40u << 20); /* 10 MB of rows, with growth */
}

static void test_csv_memory_is_a_batch_whatever_the_file(void **state)
{
    enum { N = 400000 };
    faulty counting;
    const kehu_csv_options o = {
        .size = sizeof o, .batch_rows = 1000, .alloc = faulty_init(&counting, -1)};
    FILE *f = fopen("long.csv", "wb");
    kehu_csv *csv;
    kehu_table *t;
    int64_t rows = 0;
    (void)state;
    assert_non_null(f);
    fputs("a,b\n", f);
    for (int i = 0; i < N; i++)
        fprintf(f, "%d,some text of a row\n", i);
    fclose(f);
    assert_int_equal(kehu_csv_open(&csv, "long.csv", &o, NULL), KEHU_OK);
    while (kehu_csv_next(&t, csv, NULL) == KEHU_OK && t != NULL) {
        assert_true(kehu_table_row_count(t) <= 1000);
        rows += kehu_table_row_count(t);
        kehu_table_free(t);
    }
    kehu_csv_free(csv);
    unlink("long.csv");
    assert_int_equal(rows, N);
    assert_true(counting.peak_bytes < 2u << 20);
}

/* Every allocation refused once: reading says so and goes on where it was. */
static void test_csv_survives_every_refused_allocation(void **state)
{
    static const char text[] = "id,\"na\"\"me\",x\n1,\"a\"\"b\",2\nbad\n3,c,d\n";
    static const kehu_field fields[] = {{.name = "id", .type = KEHU_INT64},
                                        {.name = "gone", .flags = KEHU_FIELD_OPTIONAL}};
    bool done = false;
    (void)state;
    for (long n = 0; !done; n++) {
        faulty f;
        const kehu_csv_options o = {.size = sizeof o,
                                    .fields = fields,
                                    .n_fields = 2,
                                    .infer_rows = 1,
                                    .alloc = faulty_init(&f, n)};
        kehu_csv *csv = NULL;
        kehu_table *t = NULL, *rejects = NULL;
        kehu_status status = open_text(&csv, text, &o, NULL);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_null(csv);
        } else {
            status = kehu_csv_rest(&t, csv, NULL);
            if (status != KEHU_OK) {
                assert_int_equal(status, KEHU_NO_MEMORY);
                assert_null(t);
                assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
            }
            assert_int_equal(kehu_table_row_count(t), 1);
            assert_memory_equal(kehu__column_text(kehu_table_find(t, "na\"me"), 0).bytes,
                                "a\"b", 3);
            assert_int_equal(kehu_csv_reject_count(csv), 2);
            status = kehu_csv_rejects(&rejects, csv, NULL);
            assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
            assert_true((status == KEHU_OK) == (rejects != NULL));
        }
        done = f.requests <= n;
        kehu_table_free(rejects);
        kehu_table_free(t);
        kehu_csv_free(csv);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_detects_the_delimiter),
        cmocka_unit_test(test_csv_infers_the_narrowest_type),
        cmocka_unit_test(test_csv_without_a_header_takes_names_from_the_fields),
        cmocka_unit_test(test_csv_drops_other_columns_on_request),
        cmocka_unit_test(test_csv_tells_missing_from_empty),
        cmocka_unit_test(test_csv_reads_every_line_end_and_a_last_row_without_one),
        cmocka_unit_test(test_csv_rejects_each_kind_of_bad_value),
        cmocka_unit_test(test_csv_lists_so_many_rejects_and_counts_all),
        cmocka_unit_test(test_csv_takes_rejects_of_the_caller),
        cmocka_unit_test(test_csv_reports_bad_options),
        cmocka_unit_test(test_csv_options_of_older_and_newer_callers),
        cmocka_unit_test(test_csv_can_be_cancelled_and_goes_on),
        cmocka_unit_test(test_csv_passes_over_a_giant_line_in_bounded_memory),
        cmocka_unit_test(test_csv_memory_is_a_batch_whatever_the_file),
        cmocka_unit_test(test_csv_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
