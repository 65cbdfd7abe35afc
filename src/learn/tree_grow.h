/* learn/tree_grow.h - growing a classification tree over byte codes. Knows
 * neither names nor values.
 *
 * Weights are integers (fixed point), so that every sum is exact and comes out
 * the same in any order: the tree depends neither on the number of threads nor
 * on which child's histogram is counted and which subtracted. */
#ifndef KEHU_SRC_LEARN_TREE_GROW_H
#define KEHU_SRC_LEARN_TREE_GROW_H

#include <kehu/tree.h>

#include "base/mem.h"
#include "base/thread.h"

enum {
    KEHU__TREE_MAX_CLASSES = 255,
    KEHU__TREE_MISSING_LEFT = 1,
    KEHU__TREE_LEARNED = 2
};

/* One column of codes. */
typedef struct kehu__tree_input {
    const uint8_t *codes; /* [n_rows] */
    uint32_t n_codes;     /* the last one means "missing" */
    bool ordered;         /* numbers; else categories */
    int8_t monotone;      /* of two classes the second must get more (1) or less (-1)
                             probable as the codes rise; 0 = free */
} kehu__tree_input;

/* What trees are grown from. */
typedef struct kehu__tree_rows {
    uint32_t n_rows, n_inputs, n_classes;
    const kehu__tree_input *inputs; /* [n_inputs] */
    const uint8_t *by_row;          /* [n_rows][stride] the same codes */
    size_t stride;                  /* a multiple of 8 */
    const uint32_t *offsets;        /* [n_inputs] first cell of each input in a class's
                                       histogram */
    uint32_t n_cells;               /* of one class: sum of n_codes, or if even: */
    bool even;                      /* each input has 256 cells, used or not */
    const uint32_t *totals;         /* [n_cells] rows of each code, all classes together;
                                       NULL = not known */
    const uint8_t *labels;          /* [n_rows] */
    const uint32_t *weights;        /* [n_rows] fixed point; NULL = all 1 */
    double weight_unit;             /* sample weight of 1 */
    const double *units;            /* [n_classes] weight_unit times the class's weight */
    const double *xlogx;            /* [n_xlogx] x log x at integers; used where all units
                                       are 1 */
    uint32_t n_xlogx;
    bool any_monotone; /* some input is not free */
} kehu__tree_rows;

typedef struct kehu__tree_node {
    int32_t feature; /* -1 = leaf */
    uint32_t left;   /* the right child is left + 1 */
    uint32_t parent; /* the root's is 0 */
    uint32_t depth;
    uint32_t cut;           /* ordered inputs: codes 0..cut go left */
    uint32_t flags;         /* KEHU__TREE_MISSING_LEFT; _LEARNED: missing rows were
                               there to learn its way from */
    uint64_t left_codes[4]; /* every code that goes left, missing included */
    double gain;            /* of the split, weighted rows times nats (or Gini) */
} kehu__tree_node;

static inline bool kehu__tree_goes_left(const kehu__tree_node *node, uint32_t code)
{
    return node->left_codes[code >> 6] >> (code & 63) & 1;
}

/* Splits that part values by their order, not the present from the missing ones. */
static inline bool kehu__tree_parts_values(const kehu__tree_input *input, uint32_t cut)
{
    return input->ordered && cut + 2 < input->n_codes;
}

typedef struct kehu__tree_growth {
    kehu_tree_criterion criterion; /* not AUTO */
    uint32_t max_leaves, max_depth;
    double min_leaf_weight;
    double cut_penalty; /* a split gains so much less for each unit of the logarithm of
                           the cuts it was chosen from; not for Gini */
} kehu__tree_growth;

/* Cells of all classes, class after class: plain counts, or sums of weights. */
typedef union kehu__tree_histogram {
    uint32_t *counts; /* where rows.weights is NULL */
    uint64_t *sums;
} kehu__tree_histogram;

/* A split found, or feature -1. */
typedef struct kehu__tree_split {
    int32_t feature;
    uint32_t cut, flags;
    uint64_t left_codes[4];
    double gain;
    double share; /* of the criterion's weight that goes left */
} kehu__tree_split;

/* Scratch and result of one growth. Split s makes nodes 2 s + 1 and 2 s + 2, so
 * the first 2 s + 1 nodes are the tree of s splits. */
typedef struct kehu__tree_grower {
    kehu_allocator alloc;
    uint32_t n_nodes, max_nodes;
    kehu__tree_node *nodes; /* [max_nodes] */
    double *counts;         /* [max_nodes][n_classes] fixed-point class weights */

    /* Rows of the open leaves, grouped by class: a leaf's rows of class k are
     * order[first .. last-1] of its bounds' k-th pair. */
    uint32_t max_leaves, n_classes, n_rows, n_inputs;
    uint32_t *order, *spill;  /* [n_rows] */
    uint32_t *bounds;         /* [max_leaves][n_classes][2] */
    kehu__tree_split *splits; /* [max_leaves] */
    uint32_t *leaf_nodes;     /* [max_leaves] */
    int32_t *leaf_histogram;  /* [max_leaves] place in histograms, -1 = none kept */
    size_t histogram_size;    /* cells of one histogram, all classes */
    size_t cell_size;         /* 4 or 8 bytes */
    uint32_t n_histograms, n_free;
    void *histograms;     /* [n_histograms][histogram_size] */
    const kehu__run *run; /* threads for large nodes; NULL = none */
    uint32_t *free_list;  /* [n_histograms] */
    double *work;         /* one input's cells of all classes */
    size_t work_size;
    kehu__tree_split *candidates; /* [n_inputs] */
} kehu__tree_grower;

/* Memory to grow trees of up to max_leaves over these rows. run, which may be NULL,
 * lends its threads. Free whatever is returned. */
kehu_status kehu__tree_grower_init(kehu__tree_grower *g, const kehu__tree_rows *rows,
                                   uint32_t max_leaves, const kehu__run *run,
                                   const kehu_allocator *alloc, kehu_error *err);
void kehu__tree_grower_free(kehu__tree_grower *g);

/* Grow a tree from the rows with fold[i] != skip (all when fold is NULL).
 * Allocates nothing. */
void kehu__tree_grow(kehu__tree_grower *g, const kehu__tree_rows *rows,
                     const kehu__tree_growth *how, const uint8_t *fold, uint8_t skip);

static inline uint32_t *kehu__tree_bounds(const kehu__tree_grower *g, uint32_t leaf)
{
    return g->bounds + (size_t)leaf * g->n_classes * 2;
}

static inline uint32_t kehu__tree_rows_of(const kehu__tree_grower *g, uint32_t leaf)
{
    const uint32_t *b = kehu__tree_bounds(g, leaf);
    uint32_t n = 0;
    for (uint32_t k = 0; k < g->n_classes; k++)
        n += b[2 * k + 1] - b[2 * k];
    return n;
}

/* Into h of each class but `left_out` the rows of that one of two leaves which has fewer
 * of them; the leaves may be the same. */
void kehu__tree_count_leaves(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                             uint32_t leaf, uint32_t other, uint32_t left_out,
                             kehu__tree_histogram h);

/* Out of what that counted and of both leaves' histogram: theirs, the first leaf's in
 * place of the former, the other's of the latter. */
void kehu__tree_part_histograms(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                                uint32_t leaf, uint32_t other,
                                kehu__tree_histogram counted, kehu__tree_histogram both);

/* Count n rows, all of one class, into that class's cells h, for the inputs of words
 * from .. to - 1 (eight inputs a word). */
void kehu__tree_count(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                      kehu__tree_histogram h, size_t from, size_t to);

/* The best split of a node with these class weights (fixed point) and this
 * histogram; writes *best. work holds all classes' cells of the widest input. */
void kehu__tree_best_split(const kehu__tree_rows *rows, const kehu__tree_growth *how,
                           kehu__tree_histogram histogram, const double *counts,
                           double *work, kehu__tree_split *candidates,
                           kehu__tree_split *best);

/* Impurity of class weights in fixed point: entropy or Gini, times weight. */
double kehu__tree_impurity(const kehu__tree_rows *rows, kehu_tree_criterion criterion,
                           const double *counts);

#endif
