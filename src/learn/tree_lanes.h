/* learn/tree_lanes.h - an ensemble laid out for 128 rows at once.
 *
 * Every split is one comparison of 128 byte codes; the rows that reach it pass on as
 * masks, and a row's leaf is the sum of the leaves left behind on its right turns
 * (after Lucchese et al., QuickScorer, SIGIR 2015). Codes lie column by column, of the
 * columns asked only; a number that is missing is MISSING. */
#ifndef KEHU_SRC_LEARN_TREE_LANES_H
#define KEHU_SRC_LEARN_TREE_LANES_H

#include "learn/tree_model.h"

enum {
    KEHU__LANE_ROWS = 512, /* of a block, all scored tree after tree */
    KEHU__LANE_WIDTH = 128,
    KEHU__LANE_LEAVES = 64, /* trees of more are walked */
    KEHU__LANE_MISSING = 255
};

typedef struct kehu__lane_node {
    uint32_t place;      /* of the column among those asked */
    uint8_t shift, cut;  /* code + shift, as a byte, <= cut goes left */
    uint8_t n_left;      /* leaves below the left child */
    uint8_t left, right; /* where the children find their rows; of leaves the spare */
    uint32_t set;        /* 1 + place in sets, which then says what goes left; or 0 */
} kehu__lane_node;

typedef struct kehu__lane_tree {
    uint32_t first, n_nodes;
    uint32_t value; /* of its first leaf; leaves come from left to right */
    bool has_sets, is_walked;
} kehu__lane_tree;

/* Bits of the codes that go left, bit b of byte h of half b / 8 for code 16 b + h. */
typedef struct kehu__lane_set {
    uint8_t halves[2][16];
} kehu__lane_set;

typedef struct kehu__lanes {
    kehu_allocator alloc;
    uint32_t n_features, n_trees, n_nodes, n_leaves, n_sets, n_asked;
    uint32_t capacity;      /* of nodes and sets */
    uint32_t *asked;        /* [n_asked] features */
    uint32_t *places;       /* [n_features] the reverse */
    kehu__lane_tree *trees; /* [n_trees] */
    kehu__lane_node *nodes; /* [n_nodes] the inner ones */
    double *values;         /* [n_leaves], and LEAVES more to read beyond */
    kehu__lane_set *sets;   /* [n_sets] */
} kehu__lanes;

/* Lay out the trees of an ensemble whose gates are there. Free whatever is returned. */
kehu_status kehu__lanes_make(kehu__lanes *lanes, const kehu_tree *tree, kehu_error *err);
void kehu__lanes_free(kehu__lanes *lanes);

/* margins[n_outputs][KEHU__LANE_ROWS] of n rows from codes[n_asked][KEHU__LANE_ROWS].
 * Beyond n the codes are anything. */
void kehu__lanes_add_up(const kehu__lanes *lanes, const kehu_tree *tree,
                        const uint8_t *codes, uint32_t n, double *margins);

#endif
