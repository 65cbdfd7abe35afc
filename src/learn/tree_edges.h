/* learn/tree_edges.h - where a column of numbers is cut into bins. */
#ifndef KEHU_SRC_LEARN_TREE_EDGES_H
#define KEHU_SRC_LEARN_TREE_EDGES_H

#include "base/mem.h"
#include "data/column.h"
#include "learn/tree_feature.h"

/* Ascending edges[*n] with at most KEHU__TREE_MAX_BINS bins between them: every middle of
 * two values of the rows with use[i] != 0 (all when NULL), or so many quantiles of a
 * sample of them. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__tree_edges_learn(double edges[KEHU__TREE_MAX_BINS], uint32_t *n,
                                   const kehu_column *c, const uint8_t *use,
                                   const kehu_allocator *alloc, kehu_error *err);

#endif
