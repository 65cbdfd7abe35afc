/* text/duplicate.h - the two halves of kehu/duplicate.h: texts to sets of shingles, and
 * sets to groups. */
#ifndef KEHU_SRC_TEXT_DUPLICATE_H
#define KEHU_SRC_TEXT_DUPLICATE_H

#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"
#include "data/column.h"

/* The shingles of each text as scrambled numbers, rising, each once. Up to three
 * characters different shingles have different numbers; longer ones share one with a
 * chance of 2^-64. */
typedef struct kehu__shingles {
    kehu_allocator alloc;
    int64_t n;       /* texts */
    int64_t *starts; /* [n + 1] where a text's items begin; starts[n] is the capacity */
    int64_t *sizes;  /* [n] how many it has; 0 = no character */
    uint64_t *items;
} kehu__shingles;

kehu_status kehu__shingles_build(kehu__shingles *out, const kehu_column *texts,
                                 uint32_t length, const kehu__run *run,
                                 const kehu_allocator *alloc, kehu_error *err);
void kehu__shingles_free(kehu__shingles *s);

/* Shingles of both texts / shingles of either. */
double kehu__shingles_jaccard(const kehu__shingles *s, int64_t a, int64_t b);

/* Join texts whose sets are equal: form[i] is the first text of i's set. */
kehu_status kehu__duplicate_forms(const kehu__shingles *s, uint32_t *form,
                                  kehu_error *err);

/* Join forms that are similar: group[i] is the first text of i's group. */
kehu_status kehu__duplicate_link(const kehu__shingles *s, const uint32_t *form,
                                 uint32_t *group, double similarity, const kehu__run *run,
                                 kehu_error *err);

#endif
