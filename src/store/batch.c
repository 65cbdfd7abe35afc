/* A caller's columns checked value by value, and kept as rows or encoded as the payload
 * of a log frame: column count u32; id u32 and bytes u32 a column; the chunks. Columns
 * without any value are left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "base/error.h"
#include "base/utf8.h"
#include "data/column.h"
#include "store/codec.h"
#include "store/rows.h"

static kehu_status full(kehu_error *err)
{
    return kehu__no_memory(err, "the batch");
}

/* Of a text. */
static int64_t most_bytes(uint32_t id)
{
    return id == KEHU__KEY || id == KEHU__SOURCE ? KEHU__MAX_KEY : KEHU__MAX_TEXT;
}

static kehu_status check_text(kehu__text t, const char *name, int64_t row, uint32_t id,
                              kehu_error *err)
{
    const bool is_key = id == KEHU__KEY;
    const int64_t most = most_bytes(id);
    if (t.size > most || (is_key && t.size == 0))
        return kehu__fail(err, KEHU_DATA, row,
                          "%s in row %lld has %lld bytes, expected "
                          "%d to %lld",
                          name, (long long)row, (long long)t.size, is_key,
                          (long long)most);
    if (t.size > 0 && memchr(t.bytes, 0, (size_t)t.size) != NULL)
        return kehu__fail(err, KEHU_DATA, row, "%s in row %lld has a NUL byte", name,
                          (long long)row);
    if (t.size > 0 && kehu__utf8_valid(t.bytes, (size_t)t.size) != (size_t)t.size)
        return kehu__fail(err, KEHU_ENCODING, row, "%s in row %lld is not UTF-8", name,
                          (long long)row);
    return KEHU_OK;
}

/* Sound texts of the usual layout stay where they are: they stand together, and are
 * checked at once. False, and nothing is done, when it takes a look at each. */
static bool borrow_texts(kehu__vector *v, const kehu_column *c, uint32_t id)
{
    const int32_t *at = (const int32_t *)c->offsets + c->start;
    const size_t n = (size_t)c->length, size = (size_t)at[n] - (size_t)at[0];
    if (size == 0 || size > KEHU__MAX_PAYLOAD)
        return false;
    const char *text = (const char *)c->data + at[0];
    bool sound = memchr(text, 0, size) == NULL && kehu__utf8_valid(text, size) == size;
    for (size_t i = 0; sound && i < n; i++) {
        const int64_t bytes = at[i + 1] - at[i];
        sound = bytes <= most_bytes(id) && (id != KEHU__KEY || bytes > 0) &&
                (bytes == 0 || (text[at[i] - at[0]] & 0xC0) != 0x80);
        v->values.pieces[i] =
            (kehu__vector_piece){(uint32_t)(at[i] - at[0]), (uint32_t)bytes};
    }
    if (!sound)
        return false;
    memset(v->missing, 0, n);
    v->bytes = text;
    v->n = (uint32_t)n;
    return true;
}

static kehu_status fill_texts(kehu__vector *v, const kehu_column *c, uint32_t id,
                              kehu_error *err)
{
    if (c->type == KEHU_UTF8 && c->validity == NULL && borrow_texts(v, c, id))
        return KEHU_OK;
    for (int64_t i = 0; i < c->length; i++) {
        kehu__text t;
        if (!kehu__column_valid(c, i)) {
            if (id == KEHU__KEY)
                return kehu__fail(err, KEHU_DATA, i, "%s in row %lld is missing", c->name,
                                  (long long)i);
            if (!kehu__vector_append(v, NULL, 0, 1))
                return full(err);
            continue;
        }
        t = kehu__column_text(c, i);
        KEHU_TRY(check_text(t, c->name, i, id, err));
        if (v->own.size + (size_t)t.size > KEHU__MAX_PAYLOAD)
            return kehu__fail(err, KEHU_LIMIT, i, "%s has more than %d bytes", c->name,
                              KEHU__MAX_PAYLOAD);
        if (!kehu__vector_add_text(v, t.bytes, (size_t)t.size))
            return full(err);
    }
    return KEHU_OK;
}

/* Ids given as integers. */
static kehu_status fill_number_keys(kehu__vector *v, const kehu_column *c,
                                    kehu_error *err)
{
    for (int64_t i = 0; i < c->length; i++) {
        char digits[24];
        int n;
        if (!kehu__column_valid(c, i))
            return kehu__fail(err, KEHU_DATA, i, "%s in row %lld is missing", c->name,
                              (long long)i);
        n = c->type == KEHU_UINT64
                ? snprintf(digits, sizeof digits, "%llu",
                           (unsigned long long)((const uint64_t *)c->data)[c->start + i])
                : snprintf(digits, sizeof digits, "%lld",
                           (long long)kehu__column_integer(c, i));
        if (!kehu__vector_add_text(v, digits, (size_t)n))
            return full(err);
    }
    return KEHU_OK;
}

static kehu_status fill_doubles(kehu__vector *v, const kehu_column *c, kehu_error *err)
{
    for (int64_t i = 0; i < c->length; i++) {
        const double x = kehu__column_number(c, i);
        bool kept;
        if (kehu__column_valid(c, i) && !isfinite(x))
            return kehu__fail(err, KEHU_RANGE, i, "%s in row %lld is not finite", c->name,
                              (long long)i);
        kept = kehu__column_valid(c, i) ? kehu__vector_add_double(v, x)
                                        : kehu__vector_append(v, NULL, 0, 1);
        if (!kept)
            return full(err);
    }
    return KEHU_OK;
}

/* Integers, dates, times, booleans; days turn into microseconds for a time. */
static kehu_status fill_ints(kehu__vector *v, const kehu_column *c, kehu_type type,
                             kehu_error *err)
{
    const int64_t unit =
        type == KEHU_TIMESTAMP && c->type == KEHU_DATE32 ? KEHU__DAY_US : 1;
    const int64_t least = type == KEHU_TIMESTAMP ? KEHU__FIRST_TIME / unit
                          : type == KEHU_DATE32  ? KEHU__FIRST_TIME / KEHU__DAY_US
                                                 : INT64_MIN;
    const int64_t most = type == KEHU_TIMESTAMP ? KEHU__LAST_TIME / unit
                         : type == KEHU_DATE32  ? KEHU__LAST_TIME / KEHU__DAY_US
                                                : INT64_MAX;
    for (int64_t i = 0; i < c->length; i++) {
        const int64_t x = kehu__column_integer(c, i);
        bool kept;
        if (kehu__column_valid(c, i) &&
            (x < least || x > most || (c->type == KEHU_UINT64 && x < 0)))
            return kehu__fail(err, KEHU_RANGE, i, "%s in row %lld is out of range",
                              c->name, (long long)i);
        kept = kehu__column_valid(c, i) ? kehu__vector_add_int(v, x * unit)
                                        : kehu__vector_append(v, NULL, 0, 1);
        if (!kept)
            return full(err);
    }
    return KEHU_OK;
}

static bool is_integer(kehu_type type)
{
    return type >= KEHU_INT8 && type <= KEHU_UINT64;
}

/* May a column of this type fill a field of that type? */
static bool type_fits(kehu_type from, kehu_type to, bool is_key)
{
    if (to == KEHU_UTF8)
        return kehu__type_is_text(from) || (is_key && is_integer(from));
    if (to == KEHU_INT64)
        return is_integer(from);
    if (to == KEHU_FLOAT64)
        return is_integer(from) || from == KEHU_FLOAT32 || from == KEHU_FLOAT64;
    if (to == KEHU_TIMESTAMP)
        return from == KEHU_TIMESTAMP || from == KEHU_DATE32;
    return from == to;
}

static kehu_status fill(kehu__vector *v, const kehu_column *c, uint32_t id,
                        kehu_type type, kehu_error *err)
{
    const bool is_key = id == KEHU__KEY;
    if (!type_fits(kehu__column_kind(c), type, is_key))
        return kehu__fail(err, KEHU_COLUMN, -1, "column %s is %s, which does not fit %s",
                          c->name, kehu__type_name(c->type),
                          is_key ? "a customer id" : kehu__type_name(type));
    if (!kehu__vector_reserve(v, (size_t)c->length))
        return full(err);
    if (is_key && !kehu__type_is_text(c->type))
        return fill_number_keys(v, c, err);
    if (v->storage == KEHU__TEXTS)
        return fill_texts(v, c, id, err);
    if (v->storage == KEHU__DOUBLES)
        return fill_doubles(v, c, err);
    return fill_ints(v, c, type, err);
}

/* The columns as a whole: names known and different, lengths equal, needed ones
 * there. ids[] receives each one's column number. */
static kehu_status check_columns(const kehu__schema *schema, kehu_store_part part,
                                 const kehu_column *columns, int64_t n_columns,
                                 uint32_t *ids, kehu_error *err)
{
    bool has_key = false, has_time = part == KEHU_STORE_CUSTOMERS;
    for (int64_t i = 0; i < n_columns; i++) {
        const kehu_column *c = &columns[i];
        if (c->name == NULL)
            return kehu__fail(err, KEHU_COLUMN, -1, "column %lld has no name",
                              (long long)i);
        ids[i] = kehu__schema_find(schema, part, c->name);
        if (ids[i] == UINT32_MAX || ids[i] == KEHU__SEQUENCE)
            return kehu__fail(err, KEHU_COLUMN, -1, "column %s is not declared", c->name);
        for (int64_t k = 0; k < i; k++)
            if (ids[k] == ids[i])
                return kehu__fail(err, KEHU_COLUMN, -1, "column %s is there twice",
                                  c->name);
        KEHU_TRY(kehu__column_check(c, c->name, err));
        if (c->length != columns[0].length)
            return kehu__fail(
                err, KEHU_COLUMN, -1, "column %s has %lld rows, %s has %lld", c->name,
                (long long)c->length, columns[0].name, (long long)columns[0].length);
        has_key = has_key || ids[i] == KEHU__KEY;
        has_time = has_time || ids[i] == KEHU__TIME;
    }
    if (!has_key || !has_time)
        return kehu__fail(err, KEHU_COLUMN, -1, "column %s is missing",
                          has_key ? "time" : "customer");
    if (columns[0].length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "the batch has no rows");
    if (columns[0].length > KEHU__MAX_BATCH_ROWS)
        return kehu__fail(err, KEHU_LIMIT, -1, "the batch has %lld rows, at most %d fit",
                          (long long)columns[0].length, KEHU__MAX_BATCH_ROWS);
    return KEHU_OK;
}

/* An event needs its time; a customer's values may be valid since ever. */
static kehu_status replace_missing_times(kehu__vector *v, kehu_store_part part,
                                         const char *name, kehu_error *err)
{
    for (uint32_t i = 0; i < v->n; i++)
        if (v->missing[i] && part == KEHU_STORE_EVENTS)
            return kehu__fail(err, KEHU_DATA, i, "%s in row %u is missing", name,
                              (unsigned)i);
        else if (v->missing[i]) {
            v->values.ints[i] = KEHU__FIRST_TIME;
            v->missing[i] = 0;
        }
    v->n_missing = 0;
    return KEHU_OK;
}

/* A column's values; texts may stay where they are. */
static kehu_status fill_column(kehu__vector *v, const kehu_column *c, uint32_t id,
                               kehu_store_part part, kehu_type type, kehu_error *err)
{
    KEHU_TRY(fill(v, c, id, type, err));
    return id == KEHU__TIME && v->n_missing > 0
               ? replace_missing_times(v, part, c->name, err)
               : KEHU_OK;
}

static kehu_status add_column(kehu__buffer *out, size_t table, uint32_t *n_kept,
                              const kehu_column *c, uint32_t id, kehu_store_part part,
                              kehu_type type, kehu_error *err)
{
    kehu__vector v = kehu__vector_new(&out->alloc, kehu__storage_of(type));
    kehu_status status = fill_column(&v, c, id, part, type, err);
    const size_t at = out->size;
    if (status == KEHU_OK && v.n_missing < v.n) {
        kehu__vector_encode(&v, out);
        if (out->failed)
            status = full(err);
        else if (out->size - table > KEHU__MAX_PAYLOAD)
            status = kehu__fail(err, KEHU_LIMIT, -1, "the batch has more than %d bytes",
                                KEHU__MAX_PAYLOAD);
        else {
            char *entry = out->bytes + table + 4 + (size_t)*n_kept * 8;
            kehu__store32(entry, id);
            kehu__store32(entry + 4, (uint32_t)(out->size - at));
            *n_kept += 1;
        }
    }
    kehu__vector_free(&v);
    return status;
}

/* Columns that turned out empty leave a gap between table and chunks: close it. */
static void close_gap(kehu__buffer *out, size_t table, int64_t n_columns, uint32_t n_kept)
{
    const size_t chunks = table + 4 + (size_t)n_columns * 8;
    const size_t wanted = table + 4 + (size_t)n_kept * 8;
    kehu__store32(out->bytes + table, n_kept);
    memmove(out->bytes + wanted, out->bytes + chunks, out->size - chunks);
    out->size -= chunks - wanted;
}

/* The columns checked, and their numbers, which the caller frees in any case. */
static kehu_status number_columns(const kehu__schema *schema, kehu_store_part part,
                                  const kehu_column *columns, int64_t n_columns,
                                  uint32_t **ids, kehu_error *err)
{
    *ids = NULL;
    if (columns == NULL || n_columns < 1 ||
        n_columns > KEHU__FIRST_FIELD + KEHU__MAX_FIELDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL or n_columns is %lld",
                          (long long)n_columns);
    *ids = kehu__alloc(&schema->alloc, (size_t)n_columns, sizeof **ids);
    return *ids == NULL ? full(err)
                        : check_columns(schema, part, columns, n_columns, *ids, err);
}

kehu_status kehu__batch_write(kehu__buffer *out, const kehu__schema *schema,
                              kehu_store_part part, const kehu_column *columns,
                              int64_t n_columns, uint32_t *n_rows, kehu_error *err)
{
    const size_t table = out->size;
    uint32_t *ids, n_kept = 0;
    kehu_status status = number_columns(schema, part, columns, n_columns, &ids, err);
    if (status == KEHU_OK && kehu__buffer_room(out, 4 + (size_t)n_columns * 8) == NULL)
        status = full(err);
    for (int64_t i = 0; status == KEHU_OK && i < n_columns; i++)
        status = add_column(out, table, &n_kept, &columns[i], ids[i], part,
                            kehu__schema_type(schema, part, ids[i]), err);
    if (status == KEHU_OK) {
        close_gap(out, table, n_columns, n_kept);
        *n_rows = (uint32_t)columns[0].length;
    }
    kehu__free(&schema->alloc, ids, (size_t)n_columns, sizeof *ids);
    return status;
}

/* Borrowed texts become the vector's own. */
static bool own_texts(kehu__vector *v)
{
    size_t size = 0;
    if (v->storage != KEHU__TEXTS || v->bytes == v->own.bytes)
        return true;
    for (uint32_t i = 0; i < v->n; i++)
        size += v->values.pieces[i].size;
    kehu__buffer_add(&v->own, v->bytes, size);
    v->bytes = v->own.bytes;
    return !v->own.failed;
}

kehu_status kehu__batch_take(kehu__rows *rows, const kehu__schema *schema,
                             kehu_store_part part, const kehu_column *columns,
                             int64_t n_columns, uint64_t sequence, kehu_error *err)
{
    uint32_t *ids;
    kehu_status status = number_columns(schema, part, columns, n_columns, &ids, err);
    *rows = kehu__rows_new(&schema->alloc);
    for (int64_t i = 0; status == KEHU_OK && i < n_columns; i++) {
        const kehu_type type = kehu__schema_type(schema, part, ids[i]);
        kehu__vector *v = kehu__rows_add(rows, ids[i], kehu__storage_of(type));
        status =
            v == NULL ? full(err) : fill_column(v, &columns[i], ids[i], part, type, err);
        if (status == KEHU_OK && !own_texts(v))
            status = full(err);
    }
    if (status == KEHU_OK) {
        rows->n = (uint32_t)columns[0].length;
        status = kehu__rows_number(rows, part, sequence) ? KEHU_OK : full(err);
    }
    if (status != KEHU_OK)
        kehu__rows_free(rows);
    kehu__free(&schema->alloc, ids, (size_t)n_columns, sizeof *ids);
    return status;
}
