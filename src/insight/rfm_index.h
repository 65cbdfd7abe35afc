/* insight/rfm_index.h - which number the item of a hash has. Open addressing over lines
 * of eight: one look at a cache line finds an item, without a branch that a processor
 * could foresee wrongly. The items are kept elsewhere. */
#ifndef KEHU_SRC_INSIGHT_RFM_INDEX_H
#define KEHU_SRC_INSIGHT_RFM_INDEX_H

#include "base/mem.h"

enum { KEHU__RFM_LANES = 8 };

/* Lanes are filled from the first on; tag 0 = free. */
typedef struct kehu__rfm_line {
    uint32_t tags[KEHU__RFM_LANES]; /* bits of the hashes */
    uint32_t numbers[KEHU__RFM_LANES];
} kehu__rfm_line;

typedef struct kehu__rfm_index {
    kehu__rfm_line *lines; /* [n_lines], on a cache line each */
    size_t n_lines;        /* 0 or a power of two */
    char *memory;
} kehu__rfm_index;

/* Where a search has come to: {.line = kehu__rfm_home()} at its start. */
typedef struct kehu__rfm_probe {
    size_t line;
    uint32_t lane;
} kehu__rfm_probe;

/* Parts are told by the top bits of a hash, lines by those in its middle. */
static inline size_t kehu__rfm_home(const kehu__rfm_index *x, uint64_t hash)
{
    return (size_t)(hash >> 32) & (x->n_lines - 1);
}

static inline uint32_t kehu__rfm_tag(uint64_t hash)
{
    return (uint32_t)hash | 1;
}

/* The next number that may be of this hash, UINT32_MAX when there is no more. */
uint32_t kehu__rfm_index_next(const kehu__rfm_index *x, uint64_t hash,
                              kehu__rfm_probe *probe);

/* Whether there is no room for one more than n items. */
bool kehu__rfm_index_full(const kehu__rfm_index *x, size_t n);
/* Twice the lines, all free; false when refused: nothing has changed then. */
bool kehu__rfm_index_widen(kehu__rfm_index *x, const kehu_allocator *a);
/* Number i, whose item is known to be absent, takes a free lane. */
void kehu__rfm_index_insert(kehu__rfm_index *x, uint64_t hash, uint32_t i);
void kehu__rfm_index_free(kehu__rfm_index *x, const kehu_allocator *a);

#endif
