/* CSV against a plain reader of a few lines, on random texts cut out of the
 * characters that matter; and random tables written and read back. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/csv.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "data/column.h"
#include "data/csv_block.h"
#include "support/test.h"

enum { SEED = 4180 };

/* ---- the plain twin: one character after another, RFC 4180 ---- */

typedef struct plain {
    char cells[64][256];
    int n;
    bool good; /* the quotes are right */
    size_t next;
    int lines;
} plain;

static plain plain_row(const char *text, size_t size, size_t at)
{
    plain r = {.good = true};
    for (;;) {
        int n = 0;
        char *cell = r.cells[r.n++];
        if (at < size && text[at] == '"') {
            for (at++;; at++) {
                if (at >= size) {
                    r.good = false;
                    return r;
                }
                if (text[at] == '"') {
                    if (at + 1 >= size || text[at + 1] != '"')
                        break;
                    at++;
                } else if (text[at] == '\n' ||
                           (text[at] == '\r' && (at + 1 >= size || text[at + 1] != '\n')))
                    r.lines++;
                cell[n++] = text[at];
            }
            at++;
        } else
            while (at < size && strchr(",\r\n", text[at]) == NULL)
                cell[n++] = text[at++];
        cell[n] = '\0';
        if (at < size && text[at] == ',') {
            at++;
            continue;
        }
        if (at < size && text[at] != '\r' && text[at] != '\n')
            r.good = false;
        else if (at < size) {
            at += text[at] == '\r' && at + 1 < size && text[at + 1] == '\n' ? 2 : 1;
            r.lines++;
        }
        r.next = at;
        return r;
    }
}

static size_t random_text(kehu__random *r, char *text, size_t most)
{
    static const char *const pieces[] = {",",    ",",   "\"",   "\"",
                                         "\"\"", "\n",  "\r\n", "\r",
                                         "a",    "bc",  "李",   "0123456789abcdefg",
                                         ",\"",  "\",", "x\n"};
    const size_t n_pieces = kehu__random_below(r, 40);
    size_t size = 0;
    for (size_t i = 0; i < n_pieces; i++) {
        const char *p = pieces[kehu__random_below(r, sizeof pieces / sizeof *pieces)];
        if (size + strlen(p) > most)
            break;
        memcpy(text + size, p, strlen(p));
        size += strlen(p);
    }
    return size;
}

static void compare_row(const kehu__csv_row *row, kehu__csv_found found, const char *text,
                        size_t at, const plain *want)
{
    char cell[256];
    assert_int_equal(found == KEHU__CSV_ROW, want->good);
    if (!want->good)
        return;
    assert_int_equal(row->n_cells, want->n);
    assert_int_equal(row->next - text, want->next);
    assert_int_equal(row->n_lines, want->lines);
    assert_true(at <= want->next);
    for (size_t i = 0; i < row->n_cells; i++) {
        size_t n = row->cells[i].size;
        memcpy(cell, row->cells[i].text, n);
        if (row->cells[i].doubled)
            n = kehu__csv_unquote(cell, &row->cells[i]);
        cell[n] = '\0';
        assert_string_equal(cell, want->cells[i]);
    }
}

static void test_scan_agrees_with_the_plain_twin(void **state)
{
    kehu__random r = kehu__random_seed(SEED);
    kehu__csv_cell cells[64];
    kehu__csv_row row = {.cells = cells, .capacity = 64};
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char buffer[256];
        const size_t size = random_text(&r, buffer, sizeof buffer);
        char *text = malloc(size + 1); /* exact, so that a read past it is seen */
        assert_non_null(text);
        memcpy(text, buffer, size);
        for (size_t at = 0; at < size;) {
            const plain want = plain_row(text, size, at);
            const kehu__csv_found found =
                kehu__csv_scan(&row, text + at, text + size, ',', true);
            compare_row(&row, found, text, at, &want);
            /* What is found with more to come is the same, or a cut. */
            if (found == KEHU__CSV_ROW && want.next < size) {
                assert_int_equal(kehu__csv_scan(&row, text + at, text + size, ',', false),
                                 KEHU__CSV_ROW);
                compare_row(&row, KEHU__CSV_ROW, text, at, &want);
            }
            if (!want.good)
                break;
            at = want.next;
        }
        free(text);
    }
}

static void test_special_is_found_wherever_it_stands(void **state)
{
    char text[80];
    (void)state;
    for (size_t size = 0; size < sizeof text; size++)
        for (size_t at = 0; at <= size; at++)
            for (int k = 0; k < 4; k++) {
                memset(text, 'x', sizeof text);
                text[at] = ";\"\r\n"[k];
                assert_ptr_equal(kehu__csv_special(text, text + size, ';'), text + at);
            }
}

/* ---- random tables ---- */

static int gather(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer_add(ctx, bytes, size);
    return 0;
}

enum { N_ROWS = 60, N_COLUMNS = 9 };

typedef struct random_table {
    int64_t i64[N_ROWS], money[N_ROWS], time[N_ROWS];
    double f64[N_ROWS];
    float f32[N_ROWS];
    int32_t day[N_ROWS];
    uint64_t u64[N_ROWS];
    char text[N_ROWS * 32];
    int32_t ends[N_ROWS + 1];
    uint8_t bits[N_COLUMNS][N_ROWS / 8 + 1], good[N_ROWS / 8 + 1];
    kehu_column columns[N_COLUMNS];
} random_table;

static const kehu_field table_fields[N_COLUMNS] = {
    {.name = "i64", .type = KEHU_INT64},
    {.name = "money", .type = KEHU_INT64, .decimals = 2},
    {.name = "time", .type = KEHU_TIMESTAMP},
    {.name = "f64", .type = KEHU_FLOAT64},
    {.name = "f32", .type = KEHU_FLOAT32},
    {.name = "day", .type = KEHU_DATE32},
    {.name = "u64", .type = KEHU_UINT64},
    {.name = "good", .type = KEHU_BOOL},
    {.name = "text", .type = KEHU_UTF8},
};

static void fill(random_table *t, kehu__random *r)
{
    int32_t end = 0;
    for (int i = 0; i < N_ROWS; i++) {
        t->i64[i] = (int64_t)kehu__random_next(r) >> kehu__random_below(r, 64);
        t->money[i] = (int64_t)kehu__random_next(r) >> kehu__random_below(r, 64);
        t->u64[i] = kehu__random_next(r) >> kehu__random_below(r, 64);
        /* The years 1 to 9999. */
        t->time[i] = (int64_t)(kehu__random_next(r) % 315537897599000000u) -
                     INT64_C(62135596800000000);
        t->day[i] = (int32_t)kehu__random_below(r, 3652059) - 719162;
        do {
            const uint64_t bits = kehu__random_next(r);
            memcpy(&t->f64[i], &bits, sizeof bits);
        } while (!isfinite(t->f64[i]));
        t->f32[i] = (float)ldexp(kehu__random_unit(r) - 0.5,
                                 (int)kehu__random_below(r, 200) - 100);
        t->ends[i] = end;
        end += (int32_t)random_text(r, t->text + end, 31);
    }
    t->ends[N_ROWS] = end;
    for (int k = 0; k < N_COLUMNS; k++)
        for (size_t i = 0; i < sizeof t->bits[k]; i++)
            t->bits[k][i] = (uint8_t)(kehu__random_next(r) | kehu__random_next(r));
    for (size_t i = 0; i < sizeof t->good; i++)
        t->good[i] = (uint8_t)kehu__random_next(r);
    {
        const void *data[N_COLUMNS] = {t->i64, t->money, t->time, t->f64, t->f32,
                                       t->day, t->u64,   t->good, t->text};
        for (int k = 0; k < N_COLUMNS; k++)
            t->columns[k] = (kehu_column){.name = table_fields[k].name,
                                          .type = table_fields[k].type,
                                          .length = N_ROWS,
                                          .data = data[k],
                                          .offsets = k == 8 ? t->ends : NULL,
                                          .validity = t->bits[k]};
    }
}

static void assert_same(const kehu_column *a, const kehu_column *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->length, b->length);
    for (int64_t i = 0; i < a->length; i++) {
        assert_int_equal(kehu__column_valid(a, i), kehu__column_valid(b, i));
        if (!kehu__column_valid(a, i))
            continue;
        if (a->type == KEHU_UTF8) {
            const kehu__text x = kehu__column_text(a, i), y = kehu__column_text(b, i);
            assert_int_equal(x.size, y.size);
            assert_memory_equal(x.bytes, y.bytes, (size_t)x.size);
        } else if (a->type == KEHU_FLOAT64 || a->type == KEHU_FLOAT32) {
            const double x = kehu__column_number(a, i), y = kehu__column_number(b, i);
            assert_memory_equal(&x, &y, sizeof x);
        } else
            assert_true(kehu__column_integer(a, i) == kehu__column_integer(b, i));
    }
}

static void test_table_written_is_the_table_read(void **state)
{
    static random_table random;
    static const char delimiters[] = ",;\t|5-e";
    kehu__random r = kehu__random_seed(SEED + 1);
    const kehu_allocator alloc = kehu__allocator(NULL);
    (void)state;
    for (uint32_t round = 0; round < 700; round++) {
        const uint32_t delimiter = (uint32_t)delimiters[round % 7];
        const int32_t zone = (int32_t)(round % 5) * 60 - 120;
        const kehu_write_options write = {.size = sizeof write,
                                          .flags = round & 3,
                                          .delimiter = delimiter,
                                          .zone_minutes = zone,
                                          .fields = table_fields,
                                          .n_fields = N_COLUMNS};
        const kehu_csv_options read = {.size = sizeof read,
                                       .delimiter = delimiter,
                                       .zone_minutes = 77,
                                       .encoding = KEHU_ENCODING_UTF8,
                                       .fields = table_fields,
                                       .n_fields = N_COLUMNS};
        kehu__buffer out = kehu__buffer_new(&alloc);
        const kehu_writer writer = {gather, &out};
        kehu_table *t = NULL, *back = NULL;
        kehu_csv *csv = NULL;
        kehu_error err = {.message = ""};
        fill(&random, &r);
        assert_int_equal(kehu_table_copy(&t, random.columns, N_COLUMNS, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_table_write_csv(t, &writer, &write, NULL), KEHU_OK);
        if (kehu_csv_open_memory(&csv, out.bytes, out.size, NULL, &read, &err) != KEHU_OK)
            fail_msg("%s", err.message);
        assert_int_equal(kehu_csv_rest(&back, csv, NULL), KEHU_OK);
        assert_int_equal(kehu_csv_reject_count(csv), 0);
        for (int k = 0; k < N_COLUMNS; k++) {
            assert_same(kehu_table_column(t, k), &random.columns[k]);
            assert_same(kehu_table_column(t, k), kehu_table_column(back, k));
        }
        kehu_csv_free(csv);
        kehu_table_free(back);
        kehu_table_free(t);
        kehu__buffer_free(&out);
    }
}

/* Whatever the batches, the rows are the same. */
static void test_batches_do_not_change_the_rows(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 2);
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char text[1024] = "a,b\n";
        const size_t size = 4 + random_text(&r, text + 4, sizeof text - 4);
        kehu_csv_options o = {.size = sizeof o, .max_row_bytes = 64};
        kehu_csv *whole, *parts;
        kehu_table *all, *t;
        int64_t at = 0;
        assert_int_equal(kehu_csv_open_memory(&whole, text, size, NULL, &o, NULL), 0);
        o.batch_rows = 1 + kehu__random_below(&r, 3);
        assert_int_equal(kehu_csv_open_memory(&parts, text, size, NULL, &o, NULL), 0);
        assert_int_equal(kehu_csv_rest(&all, whole, NULL), KEHU_OK);
        while (kehu_csv_next(&t, parts, NULL) == KEHU_OK && t != NULL) {
            for (int64_t i = 0; i < kehu_table_row_count(t); i++, at++)
                for (int64_t k = 0; k < 2; k++) {
                    const kehu__text x = kehu__column_text(kehu_table_column(t, k), i);
                    const kehu__text y = kehu__column_text(kehu_table_column(all, k), at);
                    assert_int_equal(x.size, y.size);
                    assert_memory_equal(x.bytes, y.bytes, (size_t)x.size);
                    assert_int_equal(kehu_csv_line(parts, i), kehu_csv_line(whole, at));
                }
            kehu_table_free(t);
        }
        assert_int_equal(at, kehu_table_row_count(all));
        assert_int_equal(kehu_csv_reject_count(parts), kehu_csv_reject_count(whole));
        kehu_table_free(all);
        kehu_csv_free(whole);
        kehu_csv_free(parts);
    }
}

/* ---- rows of usual form, and others among them ---- */

static const kehu_field form_fields[] = {
    {.name = "id", .type = KEHU_INT64},
    {.name = "money", .type = KEHU_INT64, .decimals = 2},
    {.name = "day", .type = KEHU_DATE32},
    {.name = "text", .type = KEHU_UTF8},
    {.name = "small", .type = KEHU_INT16},
    {.name = "absent", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "moment", .type = KEHU_TIMESTAMP},
};

enum { FORM_BYTES = 1 << 21, FORM_LINES = 12000 }; /* more than is read at a time */

/* A file of up to FORM_LINES lines, most of them as their columns want them. */
static size_t random_file(kehu__random *r, char *text)
{
    static const char *const odd[] = {"",
                                      "-",
                                      "-7",
                                      "+5",
                                      "007",
                                      "1234567890123456",
                                      " 12 ",
                                      "12.50",
                                      "-3.25",
                                      "0.5",
                                      ".50",
                                      "12345678901234567",
                                      "1.",
                                      "1.005",
                                      "99999999.99",
                                      "123456789.00",
                                      "2024-02-30",
                                      "2024-02-29",
                                      "20240131",
                                      "2024/1/5",
                                      "2024-01-05 24:00:00",
                                      "2024-01-05 12:30",
                                      "2024-01-05T12:30:4Z",
                                      "\"a,b\"",
                                      "\"a\nb\"",
                                      "\"12\"",
                                      "\"a\"\"b\"",
                                      "\"\"",
                                      "\"x",
                                      "李雷",
                                      "\xFF",
                                      "a\"b",
                                      "40000",
                                      "9x",
                                      "\r",
                                      "1,2",
                                      "\n"};
    size_t size = (size_t)sprintf(text, "id,money,day,dropped,text,small,moment\n");
    const uint32_t kind = kehu__random_below(r, 200);
    const uint32_t n = kind == 0 ? FORM_LINES : kind < 20 ? 800 : 20;
    const uint32_t oddness = 1 + kehu__random_below(r, 200);
    for (uint32_t line = 0; line < n; line++) {
        for (int k = 0; k < 7; k++) {
            const uint64_t x = kehu__random_next(r) >> (32 + kehu__random_below(r, 24));
            char *to = text + size;
            if (kehu__random_below(r, oddness) == 0)
                size += (size_t)sprintf(
                    to, "%s", odd[kehu__random_below(r, sizeof odd / sizeof *odd)]);
            else if (k == 5)
                size += (size_t)sprintf(to, "%d", (int)(x % 30000));
            else if (k == 6)
                size += (size_t)sprintf(to, "2024-%02d-%02d%c%02d:%02d:%02d",
                                        1 + (int)(x % 12), 1 + (int)(x % 28),
                                        x % 2 == 0 ? ' ' : 'T', (int)(x % 24),
                                        (int)(x % 60), (int)(x % 61));
            else if (k == 0) /* up to 19 digits */
                size += (size_t)sprintf(
                    to, "%s%lld", x % 4 == 0 ? "-" : "",
                    (long long)(kehu__random_next(r) >> (1 + kehu__random_below(r, 60))));
            else if (k == 1) /* up to 10 before the point */
                size += (size_t)sprintf(
                    to, "%s%lld.%02d", x % 4 == 0 ? "-" : "",
                    (long long)(kehu__random_next(r) >> (30 + kehu__random_below(r, 32))),
                    (int)(x % 100));
            else if (k == 2)
                size += (size_t)sprintf(to, "2024-%02d-%02d", 1 + (int)(x % 12),
                                        1 + (int)(x % 28));
            else
                size += (size_t)sprintf(to, "%s", x % 2 == 0 ? "宽带又断了" : "\"q\"");
            text[size++] = k < 6 ? ',' : '\n';
        }
        if (kehu__random_below(r, 9) == 0)
            size += (size_t)sprintf(text + size - 1, "\r\n") - 1;
    }
    return size - (kehu__random_below(r, 2) == 0); /* with or without the last line end */
}

static void assert_same_tables(const kehu_table *a, const kehu_table *b)
{
    assert_int_equal(a == NULL, b == NULL);
    for (int64_t k = 0; a != NULL && k < kehu_table_column_count(a); k++)
        assert_same(kehu_table_column(a, k), kehu_table_column(b, k));
}

static void compare_ways(const char *text, size_t size, const kehu_csv_options *o)
{
    kehu_csv *quick, *general;
    kehu_table *a, *b;
    assert_int_equal(kehu_csv_open_memory(&quick, text, size, NULL, o, NULL), 0);
    assert_int_equal(kehu_csv_open_memory(&general, text, size, NULL, o, NULL), 0);
    kehu__free(&general->alloc, general->block, 1, sizeof *general->block);
    general->block = NULL;
    do {
        assert_int_equal(kehu_csv_next(&a, quick, NULL), KEHU_OK);
        assert_int_equal(kehu_csv_next(&b, general, NULL), KEHU_OK);
        assert_same_tables(a, b);
        for (int64_t i = 0; a != NULL && i < kehu_table_row_count(a); i++)
            assert_int_equal(kehu_csv_line(quick, i), kehu_csv_line(general, i));
        kehu_table_free(a);
        kehu_table_free(b);
    } while (a != NULL);
    assert_int_equal(kehu_csv_rejects(&a, quick, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_rejects(&b, general, NULL), KEHU_OK);
    assert_same_tables(a, b);
    kehu_table_free(a);
    kehu_table_free(b);
    assert_int_equal(kehu_csv_coerced(&a, quick, NULL), KEHU_OK);
    assert_int_equal(kehu_csv_coerced(&b, general, NULL), KEHU_OK);
    assert_same_tables(a, b);
    kehu_table_free(a);
    kehu_table_free(b);
    kehu_csv_free(quick);
    kehu_csv_free(general);
}

static void test_rows_taken_quickly_are_the_rows(void **state)
{
    static const char *const missing[] = {"12", "NULL"};
    static char text[FORM_BYTES];
    kehu__random r = kehu__random_seed(SEED + 3);
    (void)state;
    for (int round = 0; round < 2000; round++) {
        const size_t size = random_file(&r, text);
        kehu_field some_coerce[sizeof form_fields / sizeof *form_fields];
        memcpy(some_coerce, form_fields, sizeof form_fields);
        for (size_t k = 0; round % 2 == 1 && k < sizeof form_fields / sizeof *form_fields;
             k++)
            some_coerce[k].flags |= kehu__random_below(&r, 2) * KEHU_FIELD_COERCE;
        const kehu_csv_options o = {
            .size = sizeof o,
            .fields = some_coerce,
            .n_fields = sizeof form_fields / sizeof *form_fields,
            .encoding = KEHU_ENCODING_UTF8,
            .batch_rows = kehu__random_below(&r, 2) * kehu__random_below(&r, 300),
            .max_row_bytes = kehu__random_below(&r, 4) == 0 ? 84 : 0,
            .missing = missing,
            .n_missing = kehu__random_below(&r, 4) == 0 ? 2 : 0,
            .flags = kehu__random_below(&r, 2) == 0 ? KEHU_CSV_ONLY_FIELDS : 0};
        char *exact = malloc(size); /* so that a read past it is seen */
        assert_non_null(exact);
        memcpy(exact, text, size);
        compare_ways(exact, size, &o);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_agrees_with_the_plain_twin),
        cmocka_unit_test(test_special_is_found_wherever_it_stands),
        cmocka_unit_test(test_table_written_is_the_table_read),
        cmocka_unit_test(test_batches_do_not_change_the_rows),
        cmocka_unit_test(test_rows_taken_quickly_are_the_rows),
    };
    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
