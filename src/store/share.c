/* Blocks, in order of their first customers, are counted out to the shares: a share
 * begins with the first customer of its first block. */
#include "store/share.h"

#include <string.h>

#include "base/error.h"
#include "base/sort.h"

enum { MAX_SHARES = 65536 };

typedef struct cut {
    const char *key;
    uint32_t size, rows;
} cut;

static int by_key(const void *a, const void *b, void *ctx)
{
    const cut *x = a, *y = b;
    (void)ctx;
    return kehu__text_order(x->key, x->size, y->key, y->size);
}

static bool in_range(const kehu__range *range, const kehu__block_entry *e)
{
    return (range->first == NULL ||
            kehu__text_order(e->last_key, e->last_size, range->first,
                             strlen(range->first)) >= 0) &&
           (range->last == NULL ||
            kehu__text_order(e->first_key, e->first_size, range->last,
                             strlen(range->last)) <= 0);
}

/* Blocks of the range, sorted. */
static uint32_t find_cuts(cut *cuts, const kehu__range *range,
                          const kehu_snapshot *snapshot, kehu_store_part part,
                          uint64_t *rows)
{
    uint32_t n = 0;
    *rows = 0;
    for (uint32_t i = 0; i < snapshot->n_segments[part]; i++) {
        const kehu__segment *s = snapshot->segments[part][i];
        for (uint32_t b = 0; b < s->n_blocks; b++) {
            const kehu__block_entry *e = &s->blocks[b];
            if (!in_range(range, e))
                continue;
            *rows += e->rows;
            cuts[n++] = (cut){e->first_key, e->first_size, e->rows};
        }
    }
    kehu__sort(cuts, n, sizeof *cuts, by_key, NULL);
    return n;
}

/* The cut before which `rows` rows lie, NULL behind the last. */
static const cut *cut_at(const cut *cuts, uint32_t n, uint64_t rows)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (before >= rows)
            return &cuts[i];
        before += cuts[i].rows;
    }
    return NULL;
}

static const char *copy_key(char *to, const cut *c)
{
    memcpy(to, c->key, c->size);
    to[c->size] = '\0';
    return to;
}

static void narrow(kehu__range *range, kehu__share_keys *keys, const cut *begin,
                   const cut *end)
{
    if (begin != NULL &&
        (range->first == NULL || kehu__text_order(begin->key, begin->size, range->first,
                                                  strlen(range->first)) > 0))
        range->first = copy_key(keys->first, begin);
    if (end != NULL &&
        (range->last == NULL ||
         kehu__text_order(end->key, end->size, range->last, strlen(range->last)) <= 0)) {
        range->last = copy_key(keys->last, end);
        range->before_last = true;
    }
}

kehu_status kehu__share_cut(kehu__range *range, kehu__share_keys *keys,
                            const kehu_snapshot *snapshot, kehu_store_part part,
                            uint32_t share, uint32_t n_shares, kehu_error *err)
{
    size_t capacity = 0;
    uint64_t rows;
    uint32_t n;
    cut *cuts;
    if (n_shares <= 1)
        return KEHU_OK;
    for (uint32_t i = 0; i < snapshot->n_segments[part]; i++)
        capacity += snapshot->segments[part][i]->n_blocks;
    if (capacity == 0)
        return KEHU_OK;
    cuts = kehu__alloc(&snapshot->alloc, capacity, sizeof *cuts);
    if (cuts == NULL)
        return kehu__no_memory(err, "a share");
    n = find_cuts(cuts, range, snapshot, part, &rows);
    if (n > 0) {
        const cut *begin = share == 0 ? cuts : cut_at(cuts, n, rows * share / n_shares);
        const cut *end = cut_at(cuts, n, rows * (share + 1) / n_shares);
        if (begin == NULL) /* nothing is left for it */
            narrow(range, keys, &cuts[0], &cuts[0]);
        else
            narrow(range, keys, share == 0 ? NULL : begin,
                   share + 1 == n_shares ? NULL : end);
        if (begin == NULL)
            range->first = range->last;
    }
    kehu__free(&snapshot->alloc, cuts, capacity, sizeof *cuts);
    return KEHU_OK;
}

kehu_status kehu__share_range(kehu__range *range, kehu__share_keys *keys,
                              const kehu_snapshot *snapshot, kehu_store_part part,
                              const kehu_scan_options *options, kehu_error *err)
{
    const uint32_t n_shares = options->n_shares == 0 ? 1 : options->n_shares;
    if (n_shares > MAX_SHARES || options->share >= n_shares)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "share is %u of %u shares, expected less of at most %d",
                          (unsigned)options->share, (unsigned)n_shares, MAX_SHARES);
    *range = (kehu__range){
        .first = options->first_customer,
        .last = options->last_customer,
        .from = options->from ? options->from_us : INT64_MIN,
        .until = options->until && options->until_us < snapshot->until ? options->until_us
                                                                       : snapshot->until,
    };
    return kehu__share_cut(range, keys, snapshot, part, options->share, n_shares, err);
}
