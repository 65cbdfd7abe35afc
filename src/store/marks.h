/* store/marks.h - texts with a number each, sorted: customers and sources with the last
 * sequence number at which they are gone, imports with the rows they have taken. */
#ifndef KEHU_SRC_STORE_MARKS_H
#define KEHU_SRC_STORE_MARKS_H

#include <stdbool.h>

#include "base/mem.h"

typedef struct kehu__mark {
    char *key;
    uint32_t size;
    uint64_t number;
} kehu__mark;

typedef struct kehu__marks {
    kehu_allocator alloc;
    kehu__mark *items;
    size_t capacity;
    uint32_t n;
} kehu__marks;

/* Add, or raise its number; false when memory is refused. */
bool kehu__marks_add(kehu__marks *list, const char *key, size_t size, uint64_t number);
/* Undo an add: the key's number as it was before, 0 = it was not there. */
void kehu__marks_restore(kehu__marks *list, const char *key, size_t size,
                         uint64_t number);
/* Is any of the list at or between two keys? */
bool kehu__marks_between(const kehu__marks *list, const char *first, size_t first_size,
                         const char *last, size_t last_size);
/* 0 = it is not there. */
uint64_t kehu__marks_get(const kehu__marks *list, const char *key, size_t size);
/* On failure, for want of memory, the copy is empty. */
bool kehu__marks_copy(kehu__marks *to, const kehu__marks *from);
void kehu__marks_free(kehu__marks *list);

#endif
