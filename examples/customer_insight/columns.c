/* Reading single values of columns, and gathering rows into new ones. */
#include "insight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool present(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    return c->validity == NULL || (c->validity[at / 8] >> at % 8 & 1) != 0;
}

const char *text_at(const kehu_column *c, int64_t i, size_t *size)
{
    *size = 0;
    if (c == NULL || (c->type != KEHU_UTF8 && c->type != KEHU_LARGE_UTF8) ||
        !present(c, i))
        return "";
    const int64_t at = c->start + i;
    const bool large = c->type == KEHU_LARGE_UTF8;
    const int64_t from =
        large ? ((const int64_t *)c->offsets)[at] : ((const int32_t *)c->offsets)[at];
    const int64_t to = large ? ((const int64_t *)c->offsets)[at + 1]
                             : ((const int32_t *)c->offsets)[at + 1];
    *size = (size_t)(to - from);
    /* A column of empty texts has no bytes at all. */
    return *size == 0 ? "" : (const char *)c->data + from;
}

size_t whole_characters(const char *text, size_t size, size_t most)
{
    if (size <= most)
        return size;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

double number_at(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    if (!present(c, i))
        return NAN;
    if (c->type == KEHU_FLOAT64)
        return ((const double *)c->data)[at];
    if (c->type == KEHU_DATE32 || c->type == KEHU_INT32)
        return ((const int32_t *)c->data)[at];
    if (c->type == KEHU_INT64 || c->type == KEHU_TIMESTAMP)
        return (double)((const int64_t *)c->data)[at];
    if (c->type == KEHU_BOOL)
        return ((const uint8_t *)c->data)[at / 8] >> at % 8 & 1;
    return NAN;
}

/* Array that grows by half; false when out of memory. */
static bool grow(void *array, size_t *room, size_t need, size_t item)
{
    void **p = array;
    if (need > *room) {
        const size_t wanted = need + need / 2 + 64;
        void *grown = realloc(*p, wanted * item);
        if (grown == NULL)
            return false;
        *p = grown;
        *room = wanted;
    }
    return true;
}

kehu_status text_list_add(text_list *l, const char *text, size_t size, kehu_error *err)
{
    size_t room = (size_t)l->room;
    if (!grow(&l->offsets, &room, (size_t)l->n + 2, sizeof *l->offsets) ||
        !grow(&l->bytes, &l->bytes_room, l->size + size, 1))
        return fail(err, KEHU_NO_MEMORY, "no memory for the texts");
    l->room = (int64_t)room;
    if (l->size + size > INT32_MAX)
        return fail(err, KEHU_LIMIT, "more than 2 GiB of text");
    if (size > 0)
        memcpy(l->bytes + l->size, text, size);
    if (l->n == 0)
        l->offsets[0] = 0;
    l->size += size;
    l->offsets[++l->n] = (int32_t)l->size;
    return KEHU_OK;
}

kehu_column text_list_column(const text_list *l, const char *name)
{
    return (kehu_column){.name = name,
                         .type = KEHU_UTF8,
                         .length = l->n,
                         .data = l->bytes,
                         .offsets = l->n > 0 ? l->offsets : NULL};
}

void text_list_free(text_list *l)
{
    free(l->bytes);
    free(l->offsets);
    *l = (text_list){0};
}

/* One gathered column: texts in a text_list, others as 8-byte or 4-byte values. */
typedef struct cells {
    char *name;
    kehu_type type;
    text_list texts;
    void *values;
    uint8_t *validity;
    size_t room, validity_room;
} cells;

struct frame {
    int64_t n_rows, n_columns;
    cells *cells;
    kehu_column *columns;
};

static size_t width(kehu_type type)
{
    return type == KEHU_DATE32 || type == KEHU_INT32 ? 4 : 8;
}

kehu_status frame_new(frame **out, const kehu_column *shape, int64_t n_columns,
                      kehu_error *err)
{
    frame *f = calloc(1, sizeof *f);
    *out = f;
    if (f == NULL ||
        (f->cells = calloc((size_t)n_columns + 1, sizeof *f->cells)) == NULL ||
        (f->columns = calloc((size_t)n_columns + 1, sizeof *f->columns)) == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the columns");
    f->n_columns = n_columns;
    for (int64_t c = 0; c < n_columns; c++) {
        const size_t size = strlen(shape[c].name) + 1;
        f->cells[c].type = shape[c].type;
        f->cells[c].name = malloc(size);
        if (f->cells[c].name == NULL)
            return fail(err, KEHU_NO_MEMORY, "no memory for the columns");
        memcpy(f->cells[c].name, shape[c].name, size);
    }
    return KEHU_OK;
}

static kehu_status add_cell(cells *to, int64_t n, const kehu_column *from, int64_t row,
                            kehu_error *err)
{
    const bool there = present(from, row);
    if (!grow(&to->validity, &to->validity_room, (size_t)n / 8 + 1, 1))
        return fail(err, KEHU_NO_MEMORY, "no memory for the rows");
    if (n % 8 == 0)
        to->validity[n / 8] = 0;
    to->validity[n / 8] = (uint8_t)(to->validity[n / 8] | (unsigned)there << n % 8);
    if (to->type == KEHU_UTF8) {
        size_t size;
        const char *text = text_at(from, row, &size);
        return text_list_add(&to->texts, text, size, err);
    }
    const size_t w = width(to->type);
    if (!grow(&to->values, &to->room, (size_t)n + 1, w))
        return fail(err, KEHU_NO_MEMORY, "no memory for the rows");
    memcpy((char *)to->values + (size_t)n * w,
           (const char *)from->data + (size_t)(from->start + row) * w, w);
    return KEHU_OK;
}

kehu_status frame_add(frame *f, const kehu_column *columns, int64_t row, kehu_error *err)
{
    for (int64_t c = 0; c < f->n_columns; c++)
        TRY(add_cell(&f->cells[c], f->n_rows, &columns[c], row, err));
    f->n_rows++;
    return KEHU_OK;
}

int64_t frame_rows(const frame *f)
{
    return f->n_rows;
}

const kehu_column *frame_columns(frame *f, int64_t *n_columns)
{
    for (int64_t c = 0; c < f->n_columns; c++) {
        const cells *x = &f->cells[c];
        f->columns[c] = x->type == KEHU_UTF8 ? text_list_column(&x->texts, x->name)
                                             : (kehu_column){.name = x->name,
                                                             .type = x->type,
                                                             .length = f->n_rows,
                                                             .data = x->values};
        f->columns[c].validity = x->validity;
    }
    if (n_columns != NULL)
        *n_columns = f->n_columns;
    return f->columns;
}

const kehu_column *frame_find(frame *f, const char *name)
{
    const kehu_column *columns = frame_columns(f, NULL);
    for (int64_t c = 0; c < f->n_columns; c++)
        if (strcmp(columns[c].name, name) == 0)
            return &columns[c];
    return NULL;
}

void frame_free(frame *f)
{
    if (f == NULL)
        return;
    for (int64_t c = 0; f->cells != NULL && c < f->n_columns; c++) {
        free(f->cells[c].name);
        free(f->cells[c].values);
        free(f->cells[c].validity);
        text_list_free(&f->cells[c].texts);
    }
    free(f->cells);
    free(f->columns);
    free(f);
}
