/* learn/tree_levels.h - the different texts of a column, counted. */
#ifndef KEHU_SRC_LEARN_TREE_LEVELS_H
#define KEHU_SRC_LEARN_TREE_LEVELS_H

#include "base/mem.h"
#include "data/column.h"

typedef struct kehu__tree_level_count {
    kehu__text text; /* borrowed from the column */
    int64_t count;
} kehu__tree_level_count;

typedef struct kehu__tree_levels {
    kehu_allocator alloc;
    kehu__tree_level_count *items; /* in order of first appearance */
    size_t n, capacity;
    uint32_t *slots; /* hash table of 1 + item, 0 = free */
    size_t n_slots;  /* a power of two, or 0 */
} kehu__tree_levels;

/* Count one more of this text. KEHU_LIMIT above 2^31 texts, KEHU_NO_MEMORY. */
kehu_status kehu__tree_levels_add(kehu__tree_levels *levels, kehu__text text,
                                  int64_t count, kehu_error *err);

/* Count the rows with use[i] != 0 (all when NULL) that are not missing. */
kehu_status kehu__tree_levels_add_column(kehu__tree_levels *levels, const kehu_column *c,
                                         const uint8_t *use, kehu_error *err);

void kehu__tree_levels_free(kehu__tree_levels *levels);

#endif
