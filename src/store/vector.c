#include "store/vector.h"

#include <string.h>

#include "data/column.h"

kehu__storage kehu__storage_of(kehu_type type)
{
    if (kehu__type_is_text(type))
        return KEHU__TEXTS;
    return type == KEHU_FLOAT64 || type == KEHU_FLOAT32 ? KEHU__DOUBLES : KEHU__INTS;
}

kehu__vector kehu__vector_new(const kehu_allocator *alloc, kehu__storage storage)
{
    return (kehu__vector){
        .alloc = *alloc, .storage = storage, .own = kehu__buffer_new(alloc)};
}

void kehu__vector_free(kehu__vector *v)
{
    kehu__free(&v->alloc, v->values.any, v->capacity, 8);
    kehu__free(&v->alloc, v->missing, v->missing_capacity, 1);
    kehu__buffer_free(&v->own);
    *v = kehu__vector_new(&v->alloc, v->storage);
}

void kehu__vector_clear(kehu__vector *v)
{
    v->n = 0;
    v->n_missing = 0;
    v->own.size = 0;
    v->own.failed = false;
    v->bytes = v->own.bytes;
}

bool kehu__vector_reserve(kehu__vector *v, size_t n)
{
    return n <= UINT32_MAX && kehu__grow(&v->alloc, &v->values.any, &v->capacity, n, 8) &&
           kehu__grow(&v->alloc, &v->missing, &v->missing_capacity, n, 1);
}

static bool append_missing(kehu__vector *v, uint32_t n)
{
    if (!kehu__vector_reserve(v, (size_t)v->n + n))
        return false;
    memset((int64_t *)v->values.any + v->n, 0, (size_t)n * 8);
    memset(v->missing + v->n, 1, n);
    v->n += n;
    v->n_missing += n;
    return true;
}

static bool append_texts(kehu__vector *v, const kehu__vector *from, uint32_t first,
                         uint32_t n)
{
    const kehu__vector_piece *pieces = from->values.pieces + first;
    uint64_t size = 0, at = v->own.size;
    char *bytes;
    for (uint32_t i = 0; i < n; i++)
        size += pieces[i].size;
    if (at + size > UINT32_MAX ||
        (size > 0 && kehu__buffer_room(&v->own, (size_t)size) == NULL))
        return false;
    bytes = v->own.bytes;
    v->bytes = bytes;
    for (uint32_t i = 0; i < n; i++) {
        const kehu__vector_piece p = pieces[i];
        v->values.pieces[v->n + i] = (kehu__vector_piece){(uint32_t)at, p.size};
        if (p.size > 0)
            memcpy(bytes + at, from->bytes + p.at, p.size);
        at += p.size;
    }
    return true;
}

bool kehu__vector_append(kehu__vector *v, const kehu__vector *from, uint32_t first,
                         uint32_t n)
{
    if (n == 0)
        return true;
    if (from == NULL)
        return append_missing(v, n);
    if (!kehu__vector_reserve(v, (size_t)v->n + n))
        return false;
    if (from->storage == KEHU__TEXTS) {
        if (!append_texts(v, from, first, n))
            return false;
    } else
        memcpy(v->values.ints + v->n, from->values.ints + first, (size_t)n * 8);
    if (from->n_missing == 0)
        memset(v->missing + v->n, 0, n);
    else
        for (uint32_t i = 0; i < n; i++) {
            v->missing[v->n + i] = from->missing[first + i];
            v->n_missing += from->missing[first + i];
        }
    v->n += n;
    return true;
}

bool kehu__vector_add_text(kehu__vector *v, const char *bytes, size_t size)
{
    if (v->own.size + size > UINT32_MAX || !kehu__vector_reserve(v, (size_t)v->n + 1))
        return false;
    v->values.pieces[v->n] = (kehu__vector_piece){(uint32_t)v->own.size, (uint32_t)size};
    kehu__buffer_add(&v->own, bytes, size);
    v->bytes = v->own.bytes;
    if (v->own.failed)
        return false;
    v->missing[v->n++] = 0;
    return true;
}

bool kehu__vector_add_int(kehu__vector *v, int64_t value)
{
    if (!kehu__vector_reserve(v, (size_t)v->n + 1))
        return false;
    v->values.ints[v->n] = value;
    v->missing[v->n++] = 0;
    return true;
}

bool kehu__vector_add_double(kehu__vector *v, double value)
{
    if (!kehu__vector_reserve(v, (size_t)v->n + 1))
        return false;
    v->values.doubles[v->n] = value;
    v->missing[v->n++] = 0;
    return true;
}

int kehu__text_order(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const size_t n = a_size < b_size ? a_size : b_size;
    const int order = n == 0 ? 0 : memcmp(a, b, n);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}
