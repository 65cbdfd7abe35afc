/* store/page.h - blocks that were read for one customer, kept for the next.
 *
 * A segment's file never changes, so what has been found sound stays so. A page has one
 * owner: the segment, or the reader that took it. Another reader of the same block then
 * reads the file. Thread-safe. */
#ifndef KEHU_SRC_STORE_PAGE_H
#define KEHU_SRC_STORE_PAGE_H

#include "store/segment.h"

enum { KEHU__PAGES_BYTES = 16 << 20, KEHU__PAGE_COLUMNS = 64 }; /* kept by a segment */

typedef struct kehu__page {
    size_t size; /* of the allocation */
    uint32_t block;
    uint64_t verified; /* bit i: the chunk of column i is there and sound */
    char bytes[];      /* the block's */
} kehu__page;

typedef struct kehu__pages {
    size_t page_size;
    uint32_t n;
    _Atomic(kehu__page *) slots[];
} kehu__pages;

/* Room for as many of the segment's blocks as the bytes allow, if any; false when memory
 * is refused. */
bool kehu__pages_begin(kehu__segment *s);
void kehu__pages_free(kehu__segment *s);

static inline bool kehu__has_pages(const kehu__segment *s, const kehu__block_entry *e)
{
    return s->pages != NULL && e->n_columns <= KEHU__PAGE_COLUMNS;
}

/* The page of a block, with nothing verified if it was not kept; NULL when memory is
 * refused. Give it back, or drop it. */
kehu__page *kehu__page_take(const kehu__segment *s, uint32_t block);
void kehu__page_give(const kehu__segment *s, kehu__page *page);
void kehu__page_drop(const kehu_allocator *alloc, kehu__page *page);

#endif
