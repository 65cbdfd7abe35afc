/* A log's rows, kept in parts by a hash of their demand. */
#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"
#include "insight/demand.h"

/* Blocks are small where there is little, and never so large that much is in vain. */
enum { FIRST_ROOM = 4, MOST_ROOM = 2048, WRITE_AHEAD = 128 };

/* Memory for blocks comes in pieces that grow with the log, up to what the system gives
 * in large pages, and stays until the log is freed: a fault a block would cost more than
 * filling it. */
struct kehu__demand_piece {
    struct kehu__demand_piece *next;
    size_t bytes; /* behind this */
};

enum { FIRST_PIECE = 4 << 10, MOST_PIECE = 8 << 20, SHARE = 8 /* of what there is */ };

static void *get_bytes(kehu_demands *d, size_t bytes)
{
    kehu__demand_piece *piece = d->pieces;
    if (piece == NULL || piece->bytes - d->piece_used < bytes) {
        size_t room = d->piece_bytes / SHARE;
        room = room < FIRST_PIECE ? FIRST_PIECE : room > MOST_PIECE ? MOST_PIECE : room;
        room = room < bytes ? bytes : room;
        piece = kehu__alloc(&d->alloc, 1, sizeof *piece + room);
        if (piece == NULL)
            return NULL;
        *piece = (kehu__demand_piece){d->pieces, room};
        d->pieces = piece;
        d->piece_bytes += room;
        d->piece_used = 0;
    }
    d->piece_used += bytes;
    return (char *)(piece + 1) + d->piece_used - bytes;
}

static bool add_block(kehu_demands *d, kehu__demand_list *list, size_t item_size)
{
    const size_t had = list->last == NULL ? 0 : list->last->bytes / item_size;
    const size_t room = had == 0 ? FIRST_ROOM : had < MOST_ROOM ? 2 * had : had;
    const size_t bytes = room * item_size;
    kehu__demand_block *block = get_bytes(d, sizeof *block + bytes);
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
static inline void *add_item(kehu_demands *d, kehu__demand_list *list, size_t item_size)
{
    if (list->at == list->end && !add_block(d, list, item_size))
        return NULL;
    char *item = list->at;
    list->at += item_size;
    KEHU__PREFETCH_WRITE(item + WRITE_AHEAD);
    return item;
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
    kehu__demand_row *to = add_item(d, &d->rows[part], sizeof *to);
    if (to == NULL)
        return false;
    *to = *row;
    if (intake == NULL)
        return true;
    kehu__demand_intake *known = add_item(d, &d->intakes[part], sizeof *known);
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
    for (kehu__demand_piece *p = d->pieces, *next; p != NULL; p = next) {
        next = p->next;
        kehu__free(&d->alloc, p, 1, sizeof *p + p->bytes);
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
