/* Building the table of pairs: large buckets first, while many places are free. */
#include "text/segmenter_pairs.h"

#include "base/error.h"

enum { SHIFTS = 1 << 16, BUCKET = 4 /* keys in one, on average */ };

typedef struct building {
    const uint32_t *keys;
    uint32_t *starts, *items; /* the keys of a bucket are items[starts[b]] and on */
    uint8_t *taken;           /* [n places] */
    kehu__pairs *pairs;
    char *shifts;
} building;

static void fill_buckets(building *b, size_t n)
{
    const uint32_t n_buckets = b->pairs->n_shifts;
    for (size_t i = 0; i < n; i++)
        b->starts[kehu__pair_reduce(kehu__pair_hash(b->keys[i]), n_buckets) + 2]++;
    for (uint32_t k = 2; k < n_buckets + 2; k++)
        b->starts[k] += b->starts[k - 1];
    for (size_t i = 0; i < n; i++) {
        const uint64_t hash = kehu__pair_hash(b->keys[i]);
        b->items[b->starts[kehu__pair_reduce(hash, n_buckets) + 1]++] = b->keys[i];
    }
}

/* Take places for a bucket's keys under a shift; takes none when one is gone. */
static bool take(building *b, uint32_t bucket, uint32_t shift)
{
    const uint32_t first = b->starts[bucket], end = b->starts[bucket + 1];
    uint32_t i = first;
    for (; i < end; i++) {
        const uint32_t at =
            kehu__pair_shifted(kehu__pair_hash(b->items[i]), shift, b->pairs->n);
        if (b->taken[at])
            break;
        b->taken[at] = 1;
    }
    if (i == end)
        return true;
    while (i-- > first)
        b->taken[kehu__pair_shifted(kehu__pair_hash(b->items[i]), shift, b->pairs->n)] =
            0;
    return false;
}

static bool place_all(building *b)
{
    uint32_t largest = 0;
    for (uint32_t k = 0; k < b->pairs->n_shifts; k++)
        if (b->starts[k + 1] - b->starts[k] > largest)
            largest = b->starts[k + 1] - b->starts[k];
    for (uint32_t size = largest; size > 0; size--)
        for (uint32_t k = 0; k < b->pairs->n_shifts; k++) {
            uint32_t shift = 0;
            if (b->starts[k + 1] - b->starts[k] != size)
                continue;
            while (!take(b, k, shift))
                if (++shift == SHIFTS)
                    return false;
            kehu__store16(b->shifts + 2 * (size_t)k, (uint16_t)shift);
        }
    return true;
}

/* Place the keys; a tenth of the places and more stays free. */
static kehu_status place_with(building *b, size_t n, const kehu_allocator *alloc,
                              kehu_error *err)
{
    kehu_status status = KEHU_OK;
    for (uint32_t places = (uint32_t)(n + n / 9 + 4);; places += places / 8) {
        b->pairs->n = places;
        b->taken = kehu__alloc_zero(alloc, places, 1);
        if (b->taken == NULL)
            status = kehu__no_memory(err, "the pairs");
        const bool done = status != KEHU_OK || place_all(b);
        kehu__free(alloc, b->taken, places, 1);
        if (done)
            return status;
    }
}

kehu_status kehu__pairs_build(kehu__pairs *pairs, const uint32_t *keys, size_t n,
                              kehu__buffer *out, const kehu_allocator *alloc,
                              kehu_error *err)
{
    const uint32_t n_buckets = (uint32_t)(n / BUCKET + 1);
    building b = {.keys = keys, .pairs = pairs};
    kehu_status status = KEHU_OK;
    *pairs = (kehu__pairs){.n_shifts = n_buckets};
    b.starts = kehu__alloc_zero(alloc, (size_t)n_buckets + 2, sizeof *b.starts);
    b.items = kehu__alloc(alloc, n + 1, sizeof *b.items);
    b.shifts = kehu__buffer_room(out, (size_t)n_buckets * 2);
    if (b.starts == NULL || b.items == NULL || b.shifts == NULL)
        status = kehu__no_memory(err, "the pairs");
    if (status == KEHU_OK) {
        memset(b.shifts, 0, (size_t)n_buckets * 2);
        fill_buckets(&b, n);
        status = place_with(&b, n, alloc, err);
    }
    kehu__free(alloc, b.items, n + 1, sizeof *b.items);
    kehu__free(alloc, b.starts, (size_t)n_buckets + 2, sizeof *b.starts);
    return status;
}
