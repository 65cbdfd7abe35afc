/* learn/tree_boost_grow.h - one small regression tree on gradients. */
#ifndef KEHU_SRC_LEARN_TREE_BOOST_GROW_H
#define KEHU_SRC_LEARN_TREE_BOOST_GROW_H

#include "learn/tree_boost.h"

/* A row's gradient and curvature in fixed point. */
typedef struct kehu__boost_row {
    int32_t g, h;
} kehu__boost_row;

typedef struct kehu__boost_cell {
    int64_t g, h;
} kehu__boost_cell;

typedef struct kehu__boost_split {
    int32_t feature;
    uint32_t cut, flags;
    uint64_t left_codes[4];
    double gain;
} kehu__boost_split;

typedef struct kehu__boost_leaf {
    uint32_t node, first, last; /* rows order[first .. last - 1] */
    kehu__boost_cell sum;
    kehu__boost_split split;
} kehu__boost_leaf;

typedef struct kehu__boost_grower {
    kehu_allocator alloc;
    uint32_t n_rows, n_inputs, max_leaves, n_leaves;
    size_t n_cells;
    uint32_t *order, *spill;   /* [n_rows] */
    kehu__boost_row *gathered; /* [n_rows] gradients in the order of the rows */
    kehu__boost_cell *cells;   /* [max_leaves + 1][n_cells] */
    kehu__boost_leaf *leaves;  /* [max_leaves], n_leaves of them of the newest tree */
    uint32_t *columns;         /* [n_inputs] those drawn come first */
    uint32_t n_columns;
} kehu__boost_grower;

kehu_status kehu__boost_grower_init(kehu__boost_grower *g, const kehu__tree_rows *rows,
                                    uint32_t max_leaves, const kehu_allocator *alloc,
                                    kehu_error *err);
void kehu__boost_grower_free(kehu__boost_grower *g);

/* Append one tree grown from the drawn rows to b, which has room for it. */
void kehu__boost_grow(kehu__boost_grower *g, kehu__boosted *b,
                      const kehu__tree_rows *rows, const kehu__boosting *how,
                      const kehu__boost_row *gradients, double scale,
                      const uint32_t *drawn, uint32_t n_drawn, uint64_t seed);

/* Add that tree's values to the drawn rows' margins, [n_outputs] a row, from the first's
 * place on. */
void kehu__boost_add(const kehu__boost_grower *g, const kehu__boosted *b,
                     double *margins);

#endif
