/* store/vector.h - one column of rows in memory, as the store works on it.
 *
 * Three kinds of storage serve all types: integers (also booleans, dates and
 * times), doubles and texts. A vector either owns its texts (rows appended to
 * it) or points into the bytes it was decoded from. */
#ifndef KEHU_SRC_STORE_VECTOR_H
#define KEHU_SRC_STORE_VECTOR_H

#include <kehu/column.h>

#include "base/buffer.h"

typedef enum kehu__storage { KEHU__INTS, KEHU__DOUBLES, KEHU__TEXTS } kehu__storage;

/* How values of a type are held. */
kehu__storage kehu__storage_of(kehu_type type);

/* A text: `size` bytes from `at` on in the vector's bytes. */
typedef struct kehu__vector_piece {
    uint32_t at, size;
} kehu__vector_piece;

typedef struct kehu__vector {
    kehu_allocator alloc;
    kehu__storage storage;
    uint32_t n;
    uint32_t n_missing;
    size_t capacity, missing_capacity;
    union {
        int64_t *ints;
        double *doubles;
        kehu__vector_piece *pieces;
        void *any; /* items of 8 bytes whatever the storage */
    } values;
    uint8_t *missing;  /* [n] 1 = no value; the value is then 0 or empty */
    const char *bytes; /* what the pieces refer to: own.bytes or borrowed */
    kehu__buffer own;
} kehu__vector;

kehu__vector kehu__vector_new(const kehu_allocator *alloc, kehu__storage storage);
void kehu__vector_free(kehu__vector *v);

/* Forget all rows, keep the memory. */
void kehu__vector_clear(kehu__vector *v);

/* Room for n rows in all. */
bool kehu__vector_reserve(kehu__vector *v, size_t n);

/* Append rows first..first+n-1 of a vector of the same storage, or n missing
 * values when from is NULL. False when memory is refused or the texts would pass
 * 4 GiB: the vector is then fit only to be cleared or freed. */
bool kehu__vector_append(kehu__vector *v, const kehu__vector *from, uint32_t first,
                         uint32_t n);

/* Append one value; a text is copied. The same failures. */
bool kehu__vector_add_text(kehu__vector *v, const char *bytes, size_t size);
bool kehu__vector_add_int(kehu__vector *v, int64_t value);
bool kehu__vector_add_double(kehu__vector *v, double value);

static inline const char *kehu__vector_text(const kehu__vector *v, uint32_t i,
                                            uint32_t *size)
{
    const kehu__vector_piece p = v->values.pieces[i];
    *size = p.size;
    return p.size == 0 ? "" : v->bytes + p.at;
}

/* Byte order of two texts, the shorter first where one begins the other. */
int kehu__text_order(const char *a, size_t a_size, const char *b, size_t b_size);

#endif
