/* Arbitrary bytes as CSV, the first byte choosing options: reading answers with a
 * status, tables are sound and UTF-8, and what is written back reads the same. */
#include <stdlib.h>
#include <string.h>

#include <kehu/csv.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "data/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_FIELDS = 5 };

static const kehu_field all_fields[N_FIELDS] = {
    {.name = "id", .type = KEHU_INT32, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "amount",
     .type = KEHU_INT64,
     .decimals = 2,
     .flags = KEHU_FIELD_OPTIONAL | KEHU_FIELD_LOOSE},
    {.name = "day", .type = KEHU_DATE32, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "x", .type = KEHU_FLOAT64, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "good", .type = KEHU_BOOL, .flags = KEHU_FIELD_OPTIONAL},
};

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_table(const kehu_table *t)
{
    for (int64_t k = 0; k < kehu_table_column_count(t); k++) {
        const kehu_column *c = kehu_table_column(t, k);
        check(c->length == kehu_table_row_count(t));
        check(kehu__column_check(c, c->name, NULL) == KEHU_OK);
        for (int64_t i = 0; c->type == KEHU_UTF8 && i < c->length; i++) {
            const kehu__text text = kehu__column_text(c, i);
            check(kehu__utf8_valid(text.bytes, (size_t)text.size) == (size_t)text.size);
        }
    }
}

static int gather(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer_add(ctx, bytes, size);
    return 0;
}

/* Text and nothing else: written and read again it is the same. */
static void check_round_trip(const kehu_table *t)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu_csv_options o = {
        .size = sizeof o, .encoding = KEHU_ENCODING_UTF8, .max_row_bytes = 1 << 30};
    kehu__buffer out = kehu__buffer_new(&alloc);
    const kehu_writer writer = {gather, &out};
    kehu_csv *csv = NULL;
    kehu_table *back = NULL;
    check(kehu_table_write_csv(t, &writer, NULL, NULL) == KEHU_OK);
    check(kehu_csv_open_memory(&csv, out.bytes, out.size, NULL, &o, NULL) == KEHU_OK);
    check(kehu_csv_rest(&back, csv, NULL) == KEHU_OK);
    check(kehu_csv_reject_count(csv) == 0);
    check(kehu_table_row_count(back) == kehu_table_row_count(t));
    check(kehu_table_column_count(back) == kehu_table_column_count(t));
    for (int64_t k = 0; k < kehu_table_column_count(t); k++)
        for (int64_t i = 0; i < kehu_table_row_count(t); i++) {
            const kehu__text a = kehu__column_text(kehu_table_column(t, k), i);
            const kehu__text b = kehu__column_text(kehu_table_column(back, k), i);
            check(a.size == b.size && memcmp(a.bytes, b.bytes, (size_t)a.size) == 0);
        }
    kehu_table_free(back);
    kehu_csv_free(csv);
    kehu__buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const missing[] = {"NA", "-"};
    const unsigned how = size > 0 ? data[0] : 0;
    const bool typed = (how & 1) != 0;
    kehu_field fields[N_FIELDS];
    memcpy(fields, all_fields, sizeof fields);
    for (int k = 0; k < N_FIELDS; k++)
        fields[k].flags |= (how >> 7 & 1) * KEHU_FIELD_COERCE;
    const kehu_csv_options o = {.size = sizeof o,
                                .flags = (how >> 1 & 1) * KEHU_CSV_DETECT,
                                .encoding = (how >> 2 & 3) % 3,
                                .fields = typed ? fields : NULL,
                                .n_fields = typed ? N_FIELDS : 0,
                                .infer_rows = (how >> 4 & 1) * 10,
                                .missing = missing,
                                .n_missing = typed ? 2 : 0,
                                .max_row_bytes = (how >> 5 & 1) * 64,
                                .batch_rows = (how >> 6 & 1) * 2};
    kehu_csv *csv;
    kehu_table *t = NULL;
    int64_t rows = 0;
    if (size == 0 || kehu_csv_open_memory(&csv, data + 1, size - 1, NULL, &o, NULL) != 0)
        return 0;
    while (kehu_csv_next(&t, csv, NULL) == KEHU_OK && t != NULL) {
        check_table(t);
        for (int64_t i = 1; i < kehu_table_row_count(t); i++)
            check(kehu_csv_line(csv, i) > kehu_csv_line(csv, i - 1));
        rows += kehu_table_row_count(t);
        if (!typed && o.infer_rows == 0)
            check_round_trip(t);
        kehu_table_free(t);
    }
    check(rows == kehu_csv_row_count(csv));
    check(kehu_csv_rejects(&t, csv, NULL) == KEHU_OK);
    check_table(t);
    check(kehu_table_row_count(t) == kehu_csv_reject_count(csv));
    kehu_table_free(t);
    check(kehu_csv_coerced(&t, csv, NULL) == KEHU_OK);
    check_table(t);
    check(kehu_table_row_count(t) == kehu_csv_coerced_count(csv));
    check(how >> 7 == 1 || kehu_csv_coerced_count(csv) == 0);
    kehu_table_free(t);
    kehu_csv_free(csv);
    return 0;
}
