#include "insight/rfm_rank.h"

#include <string.h>

#include "base/sort.h"

enum { STEPS = 1 << KEHU__RANK_BITS, ALONE = 2 * STEPS /* buckets of one value */ };

/* As many steps from each power of two to the next. */
static inline size_t bucket_of(const kehu__ranks *r, int64_t v)
{
    const uint64_t above = (uint64_t)v - (uint64_t)r->least;
    const uint32_t doubled =
        63 - (uint32_t)__builtin_clzll(above | STEPS) - KEHU__RANK_BITS;
    return ((size_t)doubled << KEHU__RANK_BITS) + (size_t)(above >> doubled);
}

void kehu__ranks_begin(kehu__ranks *r, const int64_t *x, int64_t n,
                       const kehu_allocator *alloc)
{
    int64_t odd[KEHU__RANK_BUCKETS] = {0}, least = x[0], most = x[0];
    for (int64_t i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *r = (kehu__ranks){.alloc = *alloc, .x = x, .n = n, .least = least, .most = most};
    /* Counted in two, as many values are one bucket's: a count waits for the last one. */
    for (int64_t i = 0; i + 1 < n; i += 2) {
        r->before[bucket_of(r, x[i]) + 1]++;
        odd[bucket_of(r, x[i + 1])]++;
    }
    if (n % 2 == 1)
        r->before[bucket_of(r, x[n - 1]) + 1]++;
    for (size_t b = 0; b < KEHU__RANK_BUCKETS; b++)
        r->before[b + 1] += r->before[b] + odd[b];
}

/* The last bucket before which there are no more than `rank` values. */
static size_t bucket_at(const kehu__ranks *r, int64_t rank)
{
    size_t low = 0, high = KEHU__RANK_BUCKETS;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (r->before[middle] <= rank)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void kehu__ranks_want(kehu__ranks *r, int64_t rank)
{
    const size_t b = bucket_at(r, rank);
    r->is_wanted[b] = b >= ALONE;
}

bool kehu__ranks_find(kehu__ranks *r)
{
    int64_t n = 0, at = 0, *scratch;
    for (size_t b = ALONE; b < KEHU__RANK_BUCKETS; b++)
        n += r->is_wanted[b] ? r->before[b + 1] - r->before[b] : 0;
    if (n == 0)
        return true;
    r->picked = kehu__alloc(&r->alloc, (size_t)n + 1, sizeof *r->picked);
    scratch = kehu__alloc(&r->alloc, (size_t)n, sizeof *scratch);
    if (r->picked != NULL && scratch != NULL) {
        for (int64_t i = 0; i < r->n; i++) { /* without a branch: one place to spare */
            r->picked[at] = r->x[i];
            at += r->is_wanted[bucket_of(r, r->x[i])];
        }
        kehu__sort_i64(r->picked, scratch, (size_t)n);
    }
    r->n_picked = n;
    kehu__free(&r->alloc, scratch, (size_t)n, sizeof *scratch);
    return r->picked != NULL && scratch != NULL;
}

/* Where a wanted bucket's values begin in picked. */
static int64_t start_of(const kehu__ranks *r, size_t bucket)
{
    int64_t start = 0;
    for (size_t b = ALONE; b < bucket; b++)
        start += r->is_wanted[b] ? r->before[b + 1] - r->before[b] : 0;
    return start;
}

int64_t kehu__ranks_at(const kehu__ranks *r, int64_t rank)
{
    const size_t b = bucket_at(r, rank);
    return b < ALONE ? (int64_t)((uint64_t)r->least + b)
                     : r->picked[start_of(r, b) + rank - r->before[b]];
}

int64_t kehu__ranks_up_to(const kehu__ranks *r, int64_t v)
{
    int64_t n = 0;
    if (v < r->least)
        return 0;
    if (v >= r->most)
        return r->n;
    const size_t b = bucket_of(r, v);
    if (b < ALONE)
        return r->before[b + 1];
    if (!r->is_wanted[b]) {
        for (int64_t i = 0; i < r->n; i++)
            n += r->x[i] <= v;
        return n;
    }
    const int64_t *picked = r->picked + start_of(r, b);
    for (int64_t low = 0, high = r->before[b + 1] - r->before[b]; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        if (picked[middle] <= v)
            low = n = middle + 1;
        else
            high = middle;
    }
    return r->before[b] + n;
}

void kehu__ranks_free(kehu__ranks *r)
{
    kehu__free(&r->alloc, r->picked, (size_t)r->n_picked + 1, sizeof *r->picked);
    r->picked = NULL;
}
