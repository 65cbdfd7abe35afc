#include "data/builder.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"

static bool is_plain_text(kehu_type type)
{
    return type == KEHU_UTF8 || type == KEHU_LARGE_UTF8;
}

static size_t offset_bytes(kehu_type type)
{
    return type == KEHU_UTF8 ? sizeof(int32_t) : sizeof(int64_t);
}

void kehu__builder_add(kehu__builder *b, const char *name, kehu_type type)
{
    const size_t bytes = strlen(name) + 1;
    kehu__builder_column *c;
    char *copy;
    assert(b->n_rows == 0 && type != KEHU_CATEGORY);
    if (b->failed != KEHU_OK)
        return;
    copy = kehu__alloc(&b->alloc, bytes, 1);
    if (copy == NULL || !kehu__grow(&b->alloc, &b->columns, &b->columns_capacity,
                                    b->n_columns + 1, sizeof *b->columns)) {
        kehu__free(&b->alloc, copy, bytes, 1);
        b->failed = KEHU_NO_MEMORY;
        return;
    }
    memcpy(copy, name, bytes);
    c = &b->columns[b->n_columns++];
    *c = (kehu__builder_column){
        .name = copy, .name_bytes = bytes, .type = type, .width = kehu__type_bytes(type)};
}

/* Growing one column and failing at the next does no harm: capacities are per
 * buffer. */
bool kehu__builder_make_room(kehu__builder *b)
{
    if (b->room > PTRDIFF_MAX / 2) {
        b->failed = KEHU_NO_MEMORY;
        return false;
    }
    const size_t more = (size_t)b->room + (size_t)b->room / 2 + 64;
    const size_t rows = b->room == 0 && b->last_rows > more ? b->last_rows : more;
    for (size_t i = 0; i < b->n_columns; i++) {
        kehu__builder_column *c = &b->columns[i];
        kehu__store *s = &c->store;
        const size_t width = kehu__type_bytes(c->type);
        const bool text = is_plain_text(c->type);
        if (!kehu__grow(&b->alloc, &s->validity, &s->validity_capacity, rows / 8 + 1,
                        1) ||
            (text && !kehu__grow(&b->alloc, &s->offsets, &s->offsets_capacity,
                                 kehu__times(rows + 1, offset_bytes(c->type)), 1)) ||
            (!text &&
             !kehu__grow(&b->alloc, &s->data, &s->data_capacity,
                         width == 0 ? rows / 8 + 1 : kehu__times(rows, width), 1))) {
            b->failed = KEHU_NO_MEMORY;
            return false;
        }
        if (text && b->room == 0)
            memset(s->offsets, 0, offset_bytes(c->type));
    }
    b->room = (int64_t)rows;
    return true;
}

static inline void set_bit(uint8_t *bits, int64_t at, bool value)
{
    const uint8_t bit = (uint8_t)(1u << (at & 7));
    bits[at >> 3] = (uint8_t)(value ? bits[at >> 3] | bit : bits[at >> 3] & ~bit);
}

static void set_end(kehu__builder_column *c, int64_t row, size_t end)
{
    if (c->type == KEHU_UTF8) {
        const int32_t at = (int32_t)end;
        memcpy(c->store.offsets + (size_t)(row + 1) * sizeof at, &at, sizeof at);
    } else {
        const int64_t at = (int64_t)end;
        memcpy(c->store.offsets + (size_t)(row + 1) * sizeof at, &at, sizeof at);
    }
}

static size_t get_end(const kehu__builder_column *c, int64_t row)
{
    int32_t small;
    int64_t large;
    if (c->type == KEHU_UTF8) {
        memcpy(&small, c->store.offsets + (size_t)(row + 1) * sizeof small, sizeof small);
        return (size_t)small;
    }
    memcpy(&large, c->store.offsets + (size_t)(row + 1) * sizeof large, sizeof large);
    return (size_t)large;
}

/* The low `width` bytes of a whole number, in this machine's order. */
static void put_integer(char *to, size_t width, int64_t value)
{
    const int8_t v1 = (int8_t)(uint8_t)value;
    const int16_t v2 = (int16_t)(uint16_t)value;
    const int32_t v4 = (int32_t)(uint32_t)value;
    switch (width) {
    case 1:
        memcpy(to, &v1, 1);
        break;
    case 2:
        memcpy(to, &v2, 2);
        break;
    case 4:
        memcpy(to, &v4, 4);
        break;
    default:
        memcpy(to, &value, 8);
    }
}

void kehu__builder_integer(kehu__builder *b, size_t column, int64_t value)
{
    kehu__builder_column *c;
    if (!kehu__builder_have_room(b))
        return;
    c = &b->columns[column];
    set_bit(c->store.validity, b->n_rows, true);
    if (c->type == KEHU_BOOL)
        set_bit((uint8_t *)c->store.data, b->n_rows, value != 0);
    else
        put_integer(c->store.data + (size_t)b->n_rows * c->width, c->width, value);
}

void kehu__builder_number(kehu__builder *b, size_t column, double value)
{
    kehu__builder_column *c;
    if (!kehu__builder_have_room(b))
        return;
    c = &b->columns[column];
    set_bit(c->store.validity, b->n_rows, true);
    if (c->type == KEHU_FLOAT32) {
        const float narrow = (float)value;
        memcpy(c->store.data + (size_t)b->n_rows * sizeof narrow, &narrow, sizeof narrow);
    } else
        memcpy(c->store.data + (size_t)b->n_rows * sizeof value, &value, sizeof value);
}

bool kehu__builder_text_room(kehu__builder *b, size_t column, size_t size)
{
    kehu__builder_column *c = &b->columns[column];
    return size <= INT32_MAX - c->text_bytes &&
           kehu__grow(&b->alloc, &c->store.data, &c->store.data_capacity,
                      c->text_bytes + size, 1);
}

void kehu__builder_text(kehu__builder *b, size_t column, const char *bytes, size_t size)
{
    kehu__builder_column *c;
    size_t most;
    if (!kehu__builder_have_room(b))
        return;
    c = &b->columns[column];
    most = c->type == KEHU_UTF8 ? INT32_MAX : PTRDIFF_MAX;
    if (size > most - c->text_bytes) {
        b->failed = KEHU_LIMIT;
        b->failed_column = column;
        return;
    }
    if (c->text_bytes + size > c->store.data_capacity &&
        !kehu__grow(&b->alloc, &c->store.data, &c->store.data_capacity,
                    c->text_bytes + size, 1)) {
        b->failed = KEHU_NO_MEMORY;
        return;
    }
    set_bit(c->store.validity, b->n_rows, true);
    if (size > 0)
        kehu__copy_short(c->store.data + c->text_bytes, bytes, size);
    set_end(c, b->n_rows, c->text_bytes + size);
}

void kehu__builder_missing(kehu__builder *b, size_t column)
{
    kehu__builder_column *c;
    if (!kehu__builder_have_room(b))
        return;
    c = &b->columns[column];
    if (is_plain_text(c->type))
        kehu__builder_text(b, column, NULL, 0);
    else if (c->type == KEHU_FLOAT32 || c->type == KEHU_FLOAT64)
        kehu__builder_number(b, column, 0);
    else
        kehu__builder_integer(b, column, 0);
    if (b->failed == KEHU_OK)
        set_bit(c->store.validity, b->n_rows, false);
}

void kehu__builder_copy(kehu__builder *b, size_t column, const kehu_column *from,
                        int64_t row)
{
    const kehu_type kind = kehu__column_kind(from);
    if (!kehu__column_valid(from, row))
        kehu__builder_missing(b, column);
    else if (kehu__type_is_text(from->type)) {
        const kehu__text t = kehu__column_text(from, row);
        kehu__builder_text(b, column, t.bytes, (size_t)t.size);
    } else if (kind == KEHU_FLOAT32 || kind == KEHU_FLOAT64)
        kehu__builder_number(b, column, kehu__column_number(from, row));
    else
        kehu__builder_integer(b, column, kehu__column_integer(from, row));
}

void kehu__builder_end_cell(kehu__builder *b, size_t column)
{
    kehu__builder_column *c = &b->columns[column];
    if (is_plain_text(c->type))
        c->text_bytes = get_end(c, b->n_rows);
}

void kehu__builder_keep(kehu__builder *b, int64_t n_rows)
{
    b->n_rows = n_rows - 1;
    for (size_t i = 0; i < b->n_columns; i++)
        kehu__builder_end_cell(b, i);
    b->n_rows = n_rows;
}

char *kehu__builder_put_rows(kehu__builder *b, size_t column, int64_t n)
{
    const kehu__builder_column *c = &b->columns[column];
    const int64_t end = b->n_rows + n;
    int64_t row = b->n_rows;
    for (; row < end && row % 8 != 0; row++)
        set_bit(c->store.validity, row, true);
    memset(c->store.validity + row / 8, 0xFF, (size_t)(end - row) / 8);
    for (row += (end - row) / 8 * 8; row < end; row++)
        set_bit(c->store.validity, row, true);
    return c->store.data + (size_t)b->n_rows * c->width;
}

bool kehu__builder_end_row(kehu__builder *b)
{
    if (!kehu__builder_have_room(b))
        return false;
    kehu__builder_keep(b, b->n_rows + 1);
    return true;
}

void kehu__builder_retry(kehu__builder *b)
{
    b->failed = KEHU_OK;
}

kehu_status kehu__builder_fail(const kehu__builder *b, kehu_error *err)
{
    if (b->failed == KEHU_LIMIT)
        return kehu__fail(err, KEHU_LIMIT, b->n_rows,
                          "column %s has more than 2 GiB of text in one table",
                          b->columns[b->failed_column].name);
    return kehu__no_memory(err, "a table");
}

static bool all_valid(const uint8_t *bits, int64_t n)
{
    for (int64_t i = 0; i < n / 8; i++)
        if (bits[i] != 0xFF)
            return false;
    return n % 8 == 0 || (~bits[n / 8] & ((1 << n % 8) - 1)) == 0;
}

/* Move a column's memory into the table. */
static void hand_over(const kehu__builder *b, kehu__builder_column *c, kehu_table *table,
                      size_t at, char *name)
{
    kehu__store *s = &table->stores[at];
    *s = c->store;
    c->store = (kehu__store){0};
    c->text_bytes = 0;
    if (s->validity != NULL && all_valid(s->validity, b->n_rows)) {
        kehu__free(&b->alloc, s->validity, s->validity_capacity, 1);
        s->validity = NULL;
    }
    memcpy(name, c->name, c->name_bytes);
    table->columns[at] = (kehu_column){.name = name,
                                       .type = c->type,
                                       .length = b->n_rows,
                                       .data = s->data,
                                       .offsets = s->offsets,
                                       .validity = s->validity};
}

kehu_status kehu__builder_finish(kehu__builder *b, kehu_table **out, kehu_error *err)
{
    const size_t n = b->n_columns;
    size_t names_bytes = 0, at = 0;
    kehu_table *table;
    *out = NULL;
    if (b->failed != KEHU_OK)
        return kehu__builder_fail(b, err);
    for (size_t i = 0; i < n; i++)
        names_bytes += b->columns[i].name_bytes;
    table = kehu__table_new(&b->alloc, n, names_bytes);
    if (table == NULL)
        return kehu__no_memory(err, "a table");
    table->n_rows = b->n_rows;
    for (size_t i = 0; i < n; i++) {
        hand_over(b, &b->columns[i], table, i, table->names + at);
        at += b->columns[i].name_bytes;
    }
    b->last_rows = (size_t)b->n_rows;
    b->n_rows = b->room = 0;
    *out = table;
    return KEHU_OK;
}

void kehu__builder_free(kehu__builder *b)
{
    for (size_t i = 0; i < b->n_columns; i++) {
        kehu__free(&b->alloc, b->columns[i].name, b->columns[i].name_bytes, 1);
        kehu__store_free(&b->alloc, &b->columns[i].store);
    }
    kehu__free(&b->alloc, b->columns, b->columns_capacity, sizeof *b->columns);
    *b = (kehu__builder){.alloc = b->alloc};
}

kehu_status kehu__builder_end(kehu__builder *b, bool done, kehu_table **out,
                              kehu_error *err)
{
    kehu_status status;
    if (!done)
        status = kehu__no_memory(err, "a table");
    else if (b->failed != KEHU_OK)
        status = kehu__builder_fail(b, err);
    else
        status = kehu__builder_finish(b, out, err);
    kehu__builder_free(b);
    return status;
}
