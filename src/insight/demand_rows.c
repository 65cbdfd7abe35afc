/* A log's rows, kept in parts by a hash of their demand. */
#include "base/error.h"
#include "insight/demand.h"

/* Blocks are small where there is little, and never so large that much is in vain. */
enum { FIRST_ROOM = 4, MOST_ROOM = 2048, ASK_AHEAD = 128 };

static bool add_block(const kehu_allocator *a, kehu__demand_pile *pile, size_t item_size)
{
    const size_t had = pile->last == NULL ? 0 : pile->last->bytes / item_size;
    const size_t room = had == 0 ? FIRST_ROOM : had < MOST_ROOM ? 2 * had : had;
    const size_t bytes = room * item_size;
    kehu__demand_block *block = kehu__alloc(a, 1, sizeof *block + bytes);
    if (block == NULL)
        return false;
    *block = (kehu__demand_block){.bytes = bytes};
    if (pile->last == NULL)
        pile->first = block;
    else
        pile->last->next = block;
    pile->last = block;
    pile->at = (char *)(block + 1);
    pile->end = pile->at + bytes;
    return true;
}

/* Room for the next item; what the one after next will lie in is asked for. */
static inline void *add_item(const kehu_allocator *a, kehu__demand_pile *pile,
                             size_t item_size)
{
    if (pile->at == pile->end && !add_block(a, pile, item_size))
        return NULL;
    char *item = pile->at;
    pile->at += item_size;
    KEHU__ASK_TO_WRITE(item + ASK_AHEAD);
    return item;
}

static void free_pile(const kehu_allocator *a, kehu__demand_pile *pile)
{
    for (kehu__demand_block *b = pile->first, *next; b != NULL; b = next) {
        next = b->next;
        kehu__free(a, b, 1, sizeof *b + b->bytes);
    }
}

size_t kehu__demand_pile_count(const kehu__demand_pile *pile, size_t item_size)
{
    size_t bytes = 0;
    for (const kehu__demand_block *b = pile->first; b != NULL; b = b->next)
        bytes += b->bytes;
    return (bytes - (size_t)(pile->end - pile->at)) / item_size;
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
            free_pile(&d->alloc, &d->rows[p]);
        if (d->intakes != NULL)
            free_pile(&d->alloc, &d->intakes[p]);
    }
    kehu__free(&d->alloc, d->rows, KEHU__DEMAND_PARTS, sizeof *d->rows);
    kehu__free(&d->alloc, d->intakes, KEHU__DEMAND_PARTS, sizeof *d->intakes);
    kehu__free(&d->alloc, d->nobodys, d->nobodys_capacity, sizeof *d->nobodys);
}
