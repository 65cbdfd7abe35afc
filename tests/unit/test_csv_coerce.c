/* Values that cannot be read and are made missing: KEHU_FIELD_COERCE. */
#include <kehu/csv.h>

#include <stdio.h>
#include <string.h>

#include "data/column.h"
#include "support/test.h"

static const kehu_field fields[] = {
    {.name = "id", .type = KEHU_INT64},
    {.name = "age", .type = KEHU_INT16, .flags = KEHU_FIELD_COERCE},
    {.name = "day", .type = KEHU_DATE32, .flags = KEHU_FIELD_COERCE},
    {.name = "gone",
     .type = KEHU_FLOAT64,
     .flags = KEHU_FIELD_COERCE | KEHU_FIELD_OPTIONAL}};

static kehu_csv_options options_with(uint32_t flags, const kehu_allocator *alloc)
{
    return (kehu_csv_options){.size = sizeof(kehu_csv_options),
                              .flags = flags,
                              .fields = fields,
                              .n_fields = sizeof fields / sizeof *fields,
                              .alloc = alloc};
}

static void assert_text(const kehu_table *t, const char *column, int64_t row,
                        const char *want)
{
    const kehu__text text = kehu__column_text(kehu_table_find(t, column), row);
    assert_int_equal(text.size, strlen(want));
    assert_memory_equal(text.bytes, want, strlen(want));
}

typedef struct listed {
    int line;
    const char *column, *reason, *value;
} listed;

static void assert_listed(const kehu_table *t, const listed *want, int64_t n)
{
    assert_int_equal(kehu_table_row_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(kehu__column_integer(kehu_table_find(t, "line"), i),
                         want[i].line);
        assert_text(t, "column", i, want[i].column);
        assert_text(t, "reason", i, want[i].reason);
        assert_text(t, "value", i, want[i].value);
    }
}

static const char csv_text[] =
    "id,age,day,note\n"
    "1,30,2024-01-01,a\n"
    "2,unknown,soon,b\n"
    "x,old,2024-01-01,c\n" /* rejected: not among the coerced */
    "4,99999,,d\n"
    "5,,2024-01-02,e\n";
static const listed csv_coerced[] = {
    {3, "age", "not a whole number", "unknown"},
    {3, "day", "not a date", "soon"},
    {5, "age", "number out of the column's range", "99999"}};

static const char json_text[] = "{\"id\":1,\"age\":30,\"day\":\"2024-01-01\"}\n"
                                "{\"id\":2,\"age\":\"unknown\",\"day\":[1]}\n"
                                "{\"age\":true,\"id\":\"x\"}\n"
                                "{\"id\":4,\"age\":99999}\n"
                                "{\"id\":5,\"age\":null,\"day\":\"2024-01-02\"}\n";
static const listed json_coerced[] = {
    {2, "age", "not a whole number", "unknown"},
    {2, "day", "an object or array, expected one value", "[1]"},
    {4, "age", "number out of the column's range", "99999"}};

/* Rows 2 and 4 keep their other values. */
static void assert_rows(const kehu_table *t)
{
    static const bool age[] = {true, false, false, false},
                      day[] = {true, false, false, true};
    static const int id[] = {1, 2, 4, 5};
    assert_int_equal(kehu_table_row_count(t), 4);
    for (int64_t i = 0; i < 4; i++) {
        assert_int_equal(kehu__column_integer(kehu_table_find(t, "id"), i), id[i]);
        assert_int_equal(kehu__column_valid(kehu_table_find(t, "age"), i), age[i]);
        assert_int_equal(kehu__column_valid(kehu_table_find(t, "day"), i), day[i]);
        assert_false(kehu__column_valid(kehu_table_find(t, "gone"), i));
    }
}

static void assert_coerces(const char *text, uint32_t flags, const listed *want)
{
    const kehu_csv_options o = options_with(flags, NULL);
    kehu_csv *csv;
    kehu_table *t, *coerced;
    assert_int_equal(kehu_csv_open_memory(&csv, text, strlen(text), NULL, &o, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
    assert_rows(t);
    assert_int_equal(kehu_csv_row_count(csv), 4);
    assert_int_equal(kehu_csv_reject_count(csv), 1);
    assert_int_equal(kehu_csv_coerced_count(csv), 3);
    assert_int_equal(kehu_csv_coerced(&coerced, csv, NULL), KEHU_OK);
    assert_listed(coerced, want, 3);
    kehu_table_free(coerced);
    kehu_table_free(t);
    kehu_csv_free(csv);
}

static void test_csv_coerces_what_cannot_be_read(void **state)
{
    (void)state;
    assert_coerces(csv_text, 0, csv_coerced);
}

static void test_json_lines_coerce_what_cannot_be_read(void **state)
{
    (void)state;
    assert_coerces(json_text, KEHU_CSV_JSON, json_coerced);
}

static void test_csv_lists_so_many_coerced_and_counts_all(void **state)
{
    kehu_csv_options o = options_with(0, NULL);
    kehu_csv *csv;
    kehu_table *t, *coerced;
    (void)state;
    o.max_rejects = 2;
    o.batch_rows = 1;
    assert_int_equal(
        kehu_csv_open_memory(&csv, csv_text, sizeof csv_text - 1, NULL, &o, NULL),
        KEHU_OK);
    for (int64_t rows = 0; rows < 4; rows++) {
        static const int64_t want[] = {0, 2, 3, 3};
        assert_int_equal(kehu_csv_next(&t, csv, NULL), KEHU_OK);
        assert_int_equal(kehu_csv_coerced_count(csv), want[rows]);
        kehu_table_free(t);
    }
    assert_int_equal(kehu_csv_coerced(&coerced, csv, NULL), KEHU_OK);
    assert_listed(coerced, csv_coerced, 2);
    kehu_table_free(coerced);
    kehu_csv_free(csv);
}

static void test_csv_refuses_a_field_to_coerce_and_to_require(void **state)
{
    const kehu_field both = {.name = "id",
                             .type = KEHU_INT64,
                             .flags = KEHU_FIELD_COERCE | KEHU_FIELD_REQUIRED};
    const kehu_csv_options o = {.size = sizeof o, .fields = &both, .n_fields = 1};
    kehu_csv *csv;
    kehu_table *t;
    kehu_error err = {.message = ""};
    (void)state;
    assert_int_equal(kehu_csv_open_memory(&csv, "id\n", 3, NULL, &o, &err),
                     KEHU_ARGUMENT);
    assert_non_null(strstr(err.message, "field id is to be both REQUIRED and COERCE"));
    assert_int_equal(kehu_csv_coerced_count(NULL), 0);
    assert_int_equal(kehu_csv_coerced(&t, NULL, &err), KEHU_ARGUMENT);
}

/* Whichever allocation is refused: read on, each value is listed once. */
static void survive_refusals(const char *text, uint32_t flags, const listed *want)
{
    bool done = false;
    for (long n = 0; !done; n++) {
        faulty f;
        const kehu_csv_options o = options_with(flags, faulty_init(&f, n));
        kehu_csv *csv = NULL;
        kehu_table *t = NULL, *coerced = NULL;
        if (kehu_csv_open_memory(&csv, text, strlen(text), NULL, &o, NULL) == KEHU_OK) {
            if (kehu_csv_rest(&t, csv, NULL) != KEHU_OK) {
                assert_int_equal(kehu_csv_row_count(csv) > 1 ? 2 : 0,
                                 kehu_csv_coerced_count(csv) > 1 ? 2 : 0);
                assert_int_equal(kehu_csv_rest(&t, csv, NULL), KEHU_OK);
            }
            assert_rows(t);
            assert_int_equal(kehu_csv_coerced_count(csv), 3);
            if (kehu_csv_coerced(&coerced, csv, NULL) == KEHU_OK)
                assert_listed(coerced, want, 3);
        }
        done = f.requests <= n;
        kehu_table_free(coerced);
        kehu_table_free(t);
        kehu_csv_free(csv);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        assert_true(n < 1000);
    }
}

static void test_coercing_survives_every_refused_allocation(void **state)
{
    (void)state;
    survive_refusals(csv_text, 0, csv_coerced);
    survive_refusals(json_text, KEHU_CSV_JSON, json_coerced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_coerces_what_cannot_be_read),
        cmocka_unit_test(test_json_lines_coerce_what_cannot_be_read),
        cmocka_unit_test(test_csv_lists_so_many_coerced_and_counts_all),
        cmocka_unit_test(test_csv_refuses_a_field_to_coerce_and_to_require),
        cmocka_unit_test(test_coercing_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
