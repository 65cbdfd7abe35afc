/* text/segmenter_pairs.h - pairs of labels by hash and displace: a pair's bucket says
 * which of many hashes puts all its pairs into places of their own, so a look-up
 * reads one place, found or not.
 *
 * Source: Belazzougui, Botelho and Dietzfelbinger 2009 (CHD). */
#ifndef KEHU_SRC_TEXT_SEGMENTER_PAIRS_H
#define KEHU_SRC_TEXT_SEGMENTER_PAIRS_H

#include "base/buffer.h"
#include "base/bytes.h"

typedef struct kehu__pairs {
    const char *places; /* [n + 1]: u32 key (0 = free) and more; the last is free */
    const char *shifts; /* u16[n_shifts] */
    uint32_t n, n_shifts;
} kehu__pairs;

static inline uint32_t kehu__pair_key(uint32_t a, uint32_t b)
{
    return a << 16 | b;
}

static inline uint32_t kehu__pair_reduce(uint64_t hash, uint32_t n)
{
    return (uint32_t)((hash >> 32) * n >> 32);
}
static inline uint64_t kehu__pair_hash(uint32_t key)
{
    return key * UINT64_C(0x9E3779B97F4A7C15);
}
static inline uint32_t kehu__pair_shifted(uint64_t hash, uint32_t shift, uint32_t n)
{
    const uint64_t h = hash ^ (shift + UINT64_C(1)) * UINT64_C(0xD6E8FEB86659FD93);
    return kehu__pair_reduce(h * UINT64_C(0xBF58476D1CE4E5B9), n);
}

/* The one place where a pair can be. */
static inline uint32_t kehu__pair_place(const kehu__pairs *p, uint32_t key)
{
    const uint64_t hash = kehu__pair_hash(key);
    const uint32_t bucket = kehu__pair_reduce(hash, p->n_shifts);
    return kehu__pair_shifted(hash, kehu__load16(p->shifts + 2 * (size_t)bucket), p->n);
}

/* Shifts for n different keys, appended to out; *pairs gets the numbers and no
 * addresses. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__pairs_build(kehu__pairs *pairs, const uint32_t *keys, size_t n,
                              kehu__buffer *out, const kehu_allocator *alloc,
                              kehu_error *err);
#endif
