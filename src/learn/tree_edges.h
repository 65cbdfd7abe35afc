/* learn/tree_edges.h - where a column of numbers is cut into bins. */
#ifndef KEHU_SRC_LEARN_TREE_EDGES_H
#define KEHU_SRC_LEARN_TREE_EDGES_H

#include "base/mem.h"
#include "data/column.h"

enum { KEHU__TREE_MAX_BINS = 254 };

/* Room to look for edges in, for one column after the other: taking and giving back so
 * much memory for each of them would cost as much as the search. */
typedef struct kehu__tree_sample {
    kehu_allocator alloc;
    size_t room;              /* of values; 0 = nothing taken yet */
    double *values, *scratch; /* [room] */
    uint16_t *buckets;        /* [room] of the values */
    uint32_t *starts;
} kehu__tree_sample;

void kehu__tree_sample_free(kehu__tree_sample *s);

/* Ascending edges[*n] with at most KEHU__TREE_MAX_BINS bins between them: every middle of
 * two values of the rows with use[i] != 0 (all when NULL), or so many quantiles of a
 * sample of them. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__tree_edges_learn(double edges[KEHU__TREE_MAX_BINS], uint32_t *n,
                                   const kehu_column *c, const uint8_t *use,
                                   kehu__tree_sample *s, kehu_error *err);

#endif
