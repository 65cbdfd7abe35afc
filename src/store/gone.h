/* store/gone.h - what no snapshot shows any more although files still hold it: rows of
 * erased customers and of withdrawn sources. */
#ifndef KEHU_SRC_STORE_GONE_H
#define KEHU_SRC_STORE_GONE_H

#include "store/marks.h"
#include "store/vector.h"

typedef struct kehu__gone {
    kehu__marks customers, sources;
} kehu__gone;

kehu__gone kehu__gone_new(const kehu_allocator *alloc);
bool kehu__gone_copy(kehu__gone *to, const kehu__gone *from);
void kehu__gone_free(kehu__gone *gone);

/* Is this row's source withdrawn? source is the column of sources, NULL where none of
 * the rows has one. */
bool kehu__gone_source(const kehu__gone *gone, const kehu__vector *source, uint32_t row,
                       uint64_t sequence);

#endif
