#include "store/rows.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/codec.h"

enum { TABLE_ENTRY = 8 };

void kehu__rows_free(kehu__rows *rows)
{
    for (uint32_t i = 0; i < rows->n_columns; i++)
        kehu__vector_free(&rows->columns[i].v);
    kehu__free(&rows->alloc, rows->columns, rows->capacity, sizeof *rows->columns);
    *rows = kehu__rows_new(&rows->alloc);
}

void kehu__rows_clear(kehu__rows *rows)
{
    rows->n = 0;
    for (uint32_t i = 0; i < rows->n_columns; i++)
        kehu__vector_clear(&rows->columns[i].v);
}

kehu__vector *kehu__rows_find(const kehu__rows *rows, uint32_t id)
{
    for (uint32_t i = 0; i < rows->n_columns; i++)
        if (rows->columns[i].id == id)
            return &rows->columns[i].v;
    return NULL;
}

const kehu__vector *kehu__rows_get(const kehu__rows *rows, uint32_t id)
{
    const kehu__vector *v = kehu__rows_find(rows, id);
    return v != NULL && v->n == rows->n ? v : NULL;
}

kehu__vector *kehu__rows_add(kehu__rows *rows, uint32_t id, kehu__storage storage)
{
    if (!kehu__grow(&rows->alloc, &rows->columns, &rows->capacity,
                    (size_t)rows->n_columns + 1, sizeof *rows->columns))
        return NULL;
    rows->columns[rows->n_columns] =
        (kehu__rows_column){id, kehu__vector_new(&rows->alloc, storage)};
    return &rows->columns[rows->n_columns++].v;
}

bool kehu__rows_append(kehu__rows *to, const kehu__rows *from, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < to->n_columns; i++) {
        kehu__rows_column *c = &to->columns[i];
        if (!kehu__vector_append(&c->v, kehu__rows_get(from, c->id), first, n))
            return false;
    }
    to->n += n;
    return true;
}

static kehu_status read_columns(kehu__rows *rows, const kehu__schema *schema,
                                kehu_store_part part, const char *payload, size_t size)
{
    kehu__reader r = kehu__reader_new(payload, size);
    const uint32_t n_columns = kehu__read_u32(&r);
    const char *table = NULL;
    if (!r.failed && n_columns <= KEHU__FIRST_FIELD + KEHU__MAX_FIELDS)
        table = kehu__read_bytes(&r, (size_t)n_columns * TABLE_ENTRY);
    if (table == NULL)
        return KEHU_FORMAT;
    for (uint32_t i = 0; i < n_columns; i++) {
        const uint32_t id = kehu__load32(table + (size_t)i * TABLE_ENTRY);
        const uint32_t bytes = kehu__load32(table + (size_t)i * TABLE_ENTRY + 4);
        const char *chunk = kehu__read_bytes(&r, bytes);
        kehu__vector *v;
        if (chunk == NULL || kehu__schema_name(schema, part, id) == NULL ||
            id == KEHU__SEQUENCE || kehu__rows_find(rows, id) != NULL)
            return KEHU_FORMAT;
        v = kehu__rows_add(rows, id,
                           kehu__storage_of(kehu__schema_type(schema, part, id)));
        if (v == NULL)
            return KEHU_NO_MEMORY;
        KEHU_TRY(kehu__vector_decode(v, chunk, bytes, rows->n));
    }
    return r.at == r.end ? KEHU_OK : KEHU_FORMAT;
}

static bool add_constant(kehu__rows *rows, uint32_t id, int64_t value)
{
    kehu__vector *v = kehu__rows_add(rows, id, KEHU__INTS);
    if (v == NULL || !kehu__vector_reserve(v, rows->n))
        return false;
    for (uint32_t i = 0; i < rows->n; i++)
        v->values.ints[i] = value;
    memset(v->missing, 0, rows->n);
    v->n = rows->n;
    return true;
}

bool kehu__rows_number(kehu__rows *rows, kehu_store_part part, uint64_t sequence)
{
    return (part == KEHU_STORE_EVENTS || kehu__rows_find(rows, KEHU__TIME) != NULL ||
            add_constant(rows, KEHU__TIME, KEHU__FIRST_TIME)) &&
           add_constant(rows, KEHU__SEQUENCE, (int64_t)sequence);
}

/* Every row has an id of allowed size and a time. */
static bool keys_sound(const kehu__rows *rows)
{
    const kehu__vector *key = kehu__rows_find(rows, KEHU__KEY);
    const kehu__vector *at = kehu__rows_find(rows, KEHU__TIME);
    if (key == NULL || at == NULL || key->n_missing > 0 || at->n_missing > 0)
        return false;
    for (uint32_t i = 0; i < key->n; i++)
        if (key->values.pieces[i].size == 0 || key->values.pieces[i].size > KEHU__MAX_KEY)
            return false;
    return true;
}

kehu_status kehu__batch_read(kehu__rows *rows, const kehu__schema *schema,
                             kehu_store_part part, const char *payload, size_t size,
                             uint32_t n_rows, uint64_t sequence)
{
    kehu_status status;
    *rows = kehu__rows_new(&schema->alloc);
    rows->n = n_rows;
    status = n_rows == 0 || n_rows > KEHU__MAX_BATCH_ROWS
                 ? KEHU_FORMAT
                 : read_columns(rows, schema, part, payload, size);
    if (status == KEHU_OK && !kehu__rows_number(rows, part, sequence))
        status = KEHU_NO_MEMORY;
    if (status == KEHU_OK && !keys_sound(rows))
        status = KEHU_FORMAT;
    if (status != KEHU_OK)
        kehu__rows_free(rows);
    return status;
}
