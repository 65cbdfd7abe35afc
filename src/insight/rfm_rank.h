/* insight/rfm_rank.h - exact order statistics of many values without sorting them: they
 * are counted in buckets that widen with the distance from the least value, and only
 * what lies in a bucket that holds a wanted rank is sorted. */
#ifndef KEHU_SRC_INSIGHT_RFM_RANK_H
#define KEHU_SRC_INSIGHT_RFM_RANK_H

#include "base/mem.h"

enum {
    KEHU__RANK_BITS = 6,
    KEHU__RANK_BUCKETS = (65 - KEHU__RANK_BITS) << KEHU__RANK_BITS
};

typedef struct kehu__ranks {
    kehu_allocator alloc;
    const int64_t *x; /* [n] in any order */
    int64_t n, least, most;
    uint32_t shift;                         /* 0: every value has a bucket of its own */
    int64_t before[KEHU__RANK_BUCKETS + 1]; /* values in the buckets before */
    uint8_t is_wanted[KEHU__RANK_BUCKETS];
    int64_t *picked; /* [n_picked] values of the wanted buckets, ascending */
    int64_t n_picked;
} kehu__ranks;

/* Begin with n > 0 values, which must stay. */
void kehu__ranks_begin(kehu__ranks *r, const int64_t *x, int64_t n,
                       const kehu_allocator *alloc);

/* Say all ranks (0..n-1) that are wanted, then find them: false when memory is refused.
 * Time O(n); memory 16 bytes a value in the wanted buckets. */
void kehu__ranks_want(kehu__ranks *r, int64_t rank);
bool kehu__ranks_find(kehu__ranks *r);

/* The value of a wanted rank. */
int64_t kehu__ranks_at(const kehu__ranks *r, int64_t rank);

/* How many values are at most v. O(n) where v is in no wanted bucket. */
int64_t kehu__ranks_up_to(const kehu__ranks *r, int64_t v);

void kehu__ranks_free(kehu__ranks *r);

#endif
