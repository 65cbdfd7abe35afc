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

static kehu_table *read_all(const void *bytes, size_t size, int64_t *n_rejects)
{
    static const kehu_field fields[] = {
        {.name = "id", .type = KEHU_INT64},
        {.name = "name"},
        {.name = "amount", .type = KEHU_FLOAT64},
        {.name = "when", .type = KEHU_TIMESTAMP},
        {.name = "good", .type = KEHU_BOOL},
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
    *n_rejects = kehu_csv_reject_count(csv);
    kehu_csv_free(csv);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu_write_options o = {.size = sizeof o, .flags = KEHU_WRITE_LINES};
    kehu__buffer out = kehu__buffer_new(&alloc);
    const kehu_writer writer = {gather, &out};
    int64_t n_rejects;
    kehu_table *t = read_all(data, size, &n_rejects), *back;
    if (t == NULL)
        return 0;
    for (int64_t k = 0; k < kehu_table_column_count(t); k++)
        check(kehu__column_check(kehu_table_column(t, k), "c", NULL) == KEHU_OK);
    check(kehu_table_write_json(t, &writer, &o, NULL) == KEHU_OK);
    if (kehu_table_row_count(t) > 0) {
        back = read_all(out.bytes, out.size, &n_rejects);
        check(back != NULL &&
              kehu_table_row_count(back) + n_rejects == kehu_table_row_count(t));
        kehu_table_free(back);
    }
    kehu_table_free(t);
    kehu__buffer_free(&out);
    return 0;
}
