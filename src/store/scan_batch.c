#include "store/scan_batch.h"

#include <string.h>

#include "base/error.h"

kehu_status kehu__scan_columns_begin(kehu__scan_columns *c, const kehu__rows *rows,
                                     const kehu__schema *schema, kehu_store_part part,
                                     kehu_error *err)
{
    const uint32_t n = rows->n_columns;
    *c = (kehu__scan_columns){.alloc = rows->alloc, .n = n};
    c->columns = kehu__alloc_zero(&c->alloc, n, sizeof *c->columns);
    c->buffers = kehu__alloc_zero(&c->alloc, n, sizeof *c->buffers);
    if (c->columns == NULL || c->buffers == NULL) {
        kehu__free(&c->alloc, c->columns, n, sizeof *c->columns);
        kehu__free(&c->alloc, c->buffers, n, sizeof *c->buffers);
        *c = (kehu__scan_columns){.alloc = rows->alloc};
        return kehu__no_memory(err, "a scan");
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t id = rows->columns[i].id;
        c->columns[i].name = kehu__schema_name(schema, part, id);
        c->columns[i].type = kehu__schema_type(schema, part, id);
    }
    return KEHU_OK;
}

void kehu__scan_columns_free(kehu__scan_columns *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        kehu__free(&c->alloc, c->buffers[i].data, c->buffers[i].data_bytes, 1);
        kehu__free(&c->alloc, c->buffers[i].validity, c->buffers[i].validity_bytes, 1);
    }
    kehu__free(&c->alloc, c->columns, c->n, sizeof *c->columns);
    kehu__free(&c->alloc, c->buffers, c->n, sizeof *c->buffers);
    *c = (kehu__scan_columns){.alloc = c->alloc};
}

static bool fill_validity(const kehu__scan_columns *c, kehu__scan_buffers *b,
                          const kehu__vector *v)
{
    const size_t n_bytes = ((size_t)v->n + 7) / 8;
    if (!kehu__grow(&c->alloc, &b->validity, &b->validity_bytes, n_bytes, 1))
        return false;
    memset(b->validity, 0, n_bytes);
    for (uint32_t i = 0; i < v->n; i++)
        if (!v->missing[i])
            b->validity[i / 8] = (uint8_t)(b->validity[i / 8] | 1u << (i & 7));
    return true;
}

/* Gathered texts lie one behind the other, so their starts are the offsets. */
static void fill_offsets(int32_t *offsets, const kehu__vector *v)
{
    int32_t at = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        offsets[i] = at;
        at += (int32_t)v->values.pieces[i].size;
    }
    offsets[v->n] = at;
}

static bool fill_column(const kehu__scan_columns *c, kehu_column *column,
                        kehu__scan_buffers *b, const kehu__vector *v)
{
    const size_t n = v->n;
    const size_t need = v->storage == KEHU__TEXTS     ? (n + 1) * sizeof(int32_t)
                        : column->type == KEHU_BOOL   ? (n + 7) / 8
                        : column->type == KEHU_DATE32 ? n * sizeof(int32_t)
                                                      : 0;
    column->length = v->n;
    column->validity = NULL;
    column->data = v->values.any;
    if (need > 0 && !kehu__grow(&c->alloc, &b->data, &b->data_bytes, need, 1))
        return false;
    if (v->n_missing > 0) {
        if (!fill_validity(c, b, v))
            return false;
        column->validity = b->validity;
    }
    if (v->storage == KEHU__TEXTS) {
        fill_offsets(b->data, v);
        column->offsets = b->data;
        column->data = v->own.bytes;
    } else if (column->type == KEHU_DATE32) {
        int32_t *days = b->data;
        for (size_t i = 0; i < n; i++)
            days[i] = (int32_t)v->values.ints[i];
        column->data = days;
    } else if (column->type == KEHU_BOOL && n > 0) {
        uint8_t *bits = b->data;
        memset(bits, 0, need);
        for (size_t i = 0; i < n; i++)
            if (v->values.ints[i] != 0)
                bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i & 7));
        column->data = bits;
    }
    return true;
}

kehu_status kehu__scan_columns_fill(kehu__scan_columns *c, const kehu__rows *rows,
                                    kehu_error *err)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (!fill_column(c, &c->columns[i], &c->buffers[i], &rows->columns[i].v))
            return kehu__no_memory(err, "a scan");
    return KEHU_OK;
}
