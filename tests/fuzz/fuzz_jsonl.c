/* Arbitrary bytes as JSON Lines: reading answers with a status, and what is
 * written of it reads back whole. */
#include <stdlib.h>

#include <kehu/csv.h>

#include "base/buffer.h"
#include "data/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static int gather(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer_add(ctx, bytes, size);
    return 0;
}

/* flags: of the fields. n_left_out: rows rejected, or values made missing. */
static kehu_table *read_all(const void *bytes, size_t size, uint32_t flags,
                            int64_t *n_left_out)
{
    const kehu_field fields[] = {
        {.name = "id", .type = KEHU_INT64, .flags = flags},
        {.name = "name", .flags = flags},
        {.name = "amount", .type = KEHU_FLOAT64, .flags = flags},
        {.name = "when", .type = KEHU_TIMESTAMP, .flags = flags},
        {.name = "good", .type = KEHU_BOOL, .flags = flags},
    };
    const kehu_csv_options o = {.size = sizeof o,
                                .flags = KEHU_CSV_JSON,
                                .fields = fields,
                                .n_fields = 5,
                                .max_row_bytes = 1 << 20};
    kehu_csv *csv;
    kehu_table *t = NULL;
    if (kehu_csv_open_memory(&csv, bytes, size, NULL, &o, NULL) != KEHU_OK)
        return NULL;
    check(kehu_csv_rest(&t, csv, NULL) == KEHU_OK);
    *n_left_out = flags == 0 ? kehu_csv_reject_count(csv) : kehu_csv_coerced_count(csv);
    check(flags != 0 || kehu_csv_coerced_count(csv) == 0);
    kehu_csv_free(csv);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu_write_options o = {.size = sizeof o, .flags = KEHU_WRITE_LINES};
    kehu__buffer out = kehu__buffer_new(&alloc);
    const kehu_writer writer = {gather, &out};
    int64_t n_rejects, n_coerced;
    kehu_table *t = read_all(data, size, 0, &n_rejects), *back;
    if (t == NULL)
        return 0;
    back = read_all(data, size, KEHU_FIELD_COERCE, &n_coerced);
    check(kehu_table_row_count(back) >= kehu_table_row_count(t));
    check((kehu_table_row_count(back) > kehu_table_row_count(t)) <= (n_coerced > 0));
    kehu_table_free(back);
    for (int64_t k = 0; k < kehu_table_column_count(t); k++)
        check(kehu__column_check(kehu_table_column(t, k), "c", NULL) == KEHU_OK);
    check(kehu_table_write_json(t, &writer, &o, NULL) == KEHU_OK);
    if (kehu_table_row_count(t) > 0) {
        back = read_all(out.bytes, out.size, 0, &n_rejects);
        check(back != NULL &&
              kehu_table_row_count(back) + n_rejects == kehu_table_row_count(t));
        kehu_table_free(back);
    }
    kehu_table_free(t);
    kehu__buffer_free(&out);
    return 0;
}
