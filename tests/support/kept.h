/* support/kept.h - what a kehu_writer writes, kept in memory. */
#ifndef KEHU_TESTS_KEPT_H
#define KEHU_TESTS_KEPT_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* bytes[size] is 0; NULL until something is written; the caller's to free. */
typedef struct kept {
    char *bytes;
    size_t size;
} kept;

/* The function of a writer whose ctx is a kept. */
static inline int keep(void *ctx, const void *from, size_t size)
{
    kept *const k = ctx;
    char *const larger = realloc(k->bytes, k->size + size + 1);
    if (larger == NULL)
        return 1;
    k->bytes = larger;
    memcpy(k->bytes + k->size, from, size);
    k->size += size;
    k->bytes[k->size] = 0;
    return 0;
}

static inline void flip_bit(const kept *k, size_t bit)
{
    k->bytes[bit / 8] = (char)(k->bytes[bit / 8] ^ 1 << bit % 8);
}
#endif
