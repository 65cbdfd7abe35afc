/* A log's rows, kept in parts by a hash of their demand. */
#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"
#include "insight/demand.h"

/* Blocks are small where there is little, and never so large that much is in vain. */
enum { FIRST_ROOM = 4, MOST_ROOM = 2048, WRITE_AHEAD = 128 };

static bool add_block(const kehu_allocator *a, kehu__demand_list *list, size_t item_size)
{
    const size_t had = list->last == NULL ? 0 : list->last->bytes / item_size;
    const size_t room = had == 0 ? FIRST_ROOM : had < MOST_ROOM ? 2 * had : had;
    const size_t bytes = room * item_size;
    kehu__demand_block *block = kehu__alloc(a, 1, sizeof *block + bytes);
    if (block == NULL)
        return false;
    *block = (kehu__demand_block){.bytes = bytes};
    if (list->last == NULL)
        list->first = block;
    else
        list->last->next = block;
    list->last = block;
    list->at = (char *)(block + 1);
    list->end = list->at + bytes;
    return true;
}

/* Room for the next item; where later ones will lie is prefetched. */
static inline void *add_item(const kehu_allocator *a, kehu__demand_list *list,
                             size_t item_size)
{
    if (list->at == list->end && !add_block(a, list, item_size))
        return NULL;
    char *item = list->at;
    list->at += item_size;
    KEHU__PREFETCH_WRITE(item + WRITE_AHEAD);
    return item;
}

static void free_list(const kehu_allocator *a, kehu__demand_list *list)
{
    for (kehu__demand_block *b = list->first, *next; b != NULL; b = next) {
        next = b->next;
        kehu__free(a, b, 1, sizeof *b + b->bytes);
    }
}

size_t kehu__demand_list_count(const kehu__demand_list *list, size_t item_size)
{
    size_t bytes = 0;
    for (const kehu__demand_block *b = list->first; b != NULL; b = b->next)
        bytes += b->bytes;
    return (bytes - (size_t)(list->end - list->at)) / item_size;
}

bool kehu__demands_keep_row(kehu_demands *d, const kehu__demand_row *row,
                            const kehu__demand_intake *intake)
{
    const size_t part = kehu__mix64((uint64_t)row->demand) % KEHU__DEMAND_PARTS;
    kehu__demand_row *to = add_item(&d->alloc, &d->rows[part], sizeof *to);
    if (to == NULL)
        return false;
    *to = *row;
    if (intake == NULL)
        return true;
    kehu__demand_intake *known = add_item(&d->alloc, &d->intakes[part], sizeof *known);
    if (known != NULL)
        *known = *intake;
    return known != NULL;
}

bool kehu__demands_keep_nobody(kehu_demands *d, uint32_t row)
{
    if (!kehu__grow(&d->alloc, &d->nobodys, &d->nobodys_capacity, d->n_nobodys + 1,
                    sizeof *d->nobodys))
        return false;
    d->nobodys[d->n_nobodys++] = row;
    return true;
}

void kehu__demands_free_rows(kehu_demands *d)
{
    for (size_t p = 0; p < KEHU__DEMAND_PARTS; p++) {
        if (d->rows != NULL)
            free_list(&d->alloc, &d->rows[p]);
        if (d->intakes != NULL)
            free_list(&d->alloc, &d->intakes[p]);
    }
    kehu__free(&d->alloc, d->rows, KEHU__DEMAND_PARTS, sizeof *d->rows);
    kehu__free(&d->alloc, d->intakes, KEHU__DEMAND_PARTS, sizeof *d->intakes);
    kehu__free(&d->alloc, d->nobodys, d->nobodys_capacity, sizeof *d->nobodys);
}

/* ---- Buckets ---- */

bool kehu__demand_buckets_begin(kehu__demand_buckets *b, const kehu_allocator *a,
                                size_t n_items)
{
    enum { FEWEST_BITS = 4 };
    b->n = (size_t)1 << FEWEST_BITS;
    b->shift = 64 - FEWEST_BITS;
    for (; b->n < n_items / 2; b->n *= 2)
        b->shift--;
    if (!kehu__grow(a, &b->ends, &b->capacity, b->n, sizeof *b->ends))
        return false;
    memset(b->ends, 0, b->n * sizeof *b->ends);
    return true;
}

void kehu__demand_buckets_sum(kehu__demand_buckets *b)
{
    uint32_t start = 0;
    for (size_t k = 0; k < b->n; k++) {
        const uint32_t count = b->ends[k];
        b->ends[k] = start;
        start += count;
    }
}
