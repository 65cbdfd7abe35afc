/* store/gone.h - what no snapshot shows any more although files still hold it: rows of
 * erased customers and of withdrawn sources. */
#ifndef KEHU_SRC_STORE_GONE_H
#define KEHU_SRC_STORE_GONE_H

#include "store/vector.h"

/* Customers or sources whose rows up to a sequence number are gone, sorted. */
typedef struct kehu__erased {
    char *key;
    uint32_t size;
    uint64_t sequence;
} kehu__erased;

typedef struct kehu__erased_list {
    kehu_allocator alloc;
    kehu__erased *items;
    size_t capacity;
    uint32_t n;
} kehu__erased_list;

/* Add or raise; false when memory is refused. */
bool kehu__erased_add(kehu__erased_list *list, const char *key, size_t size,
                      uint64_t sequence);
/* Undo an add: the key's number as it was before, 0 = it was not there. */
void kehu__erased_restore(kehu__erased_list *list, const char *key, size_t size,
                          uint64_t sequence);
/* Is any of the list at or between two keys? */
bool kehu__erased_between(const kehu__erased_list *list, const char *first,
                          size_t first_size, const char *last, size_t last_size);
/* Rows of this key up to this number are gone; 0 = none are. */
uint64_t kehu__erased_until(const kehu__erased_list *list, const char *key, size_t size);

typedef struct kehu__gone {
    kehu__erased_list customers, sources;
} kehu__gone;

kehu__gone kehu__gone_new(const kehu_allocator *alloc);
bool kehu__gone_copy(kehu__gone *to, const kehu__gone *from);
void kehu__gone_free(kehu__gone *gone);

/* Is this row's source withdrawn? source is the column of sources, NULL where none of
 * the rows has one. */
bool kehu__gone_source(const kehu__gone *gone, const kehu__vector *source, uint32_t row,
                       uint64_t sequence);

#endif
