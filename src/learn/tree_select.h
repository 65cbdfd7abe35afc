/* learn/tree_select.h - from grown trees to probabilities, and the choice of
 * criterion, leaf weight, leaf count and shrinkage by cross-validation. */
#ifndef KEHU_SRC_LEARN_TREE_SELECT_H
#define KEHU_SRC_LEARN_TREE_SELECT_H

#include "base/thread.h"
#include "learn/tree_grow.h"

/* Probabilities of the first n_nodes nodes, [n_nodes][n_classes]: the class
 * shares of each node, moved from its parent's by the weight 1 - k / G of the
 * evidence G for the parent's split, and one row of the parent's added. */
void kehu__tree_shrink(const kehu__tree_rows *rows, const kehu__tree_grower *g,
                       uint32_t n_nodes, double shrinkage, double *probabilities);

/* A power of two by which weights become integers whose sum stays below 2^52.
 * Each must fit 32 bits as well. */
double kehu__tree_weight_scale(double sum, double largest);

typedef struct kehu__tree_choice {
    kehu__tree_growth growth;
    double shrinkage; /* 0 = none */
    double log_loss;  /* held-out mean; -1 when nothing was held out */
} kehu__tree_choice;

/* What may be chosen: every combination is tried. */
typedef struct kehu__tree_grid {
    kehu_tree_criterion criteria[6];
    double cut_penalties[6]; /* one a criterion */
    double leaf_weights[8], shrinkages[16];
    uint32_t n_criteria, n_leaf_weights, n_shrinkages;
    uint32_t max_leaves, max_depth;
} kehu__tree_grid;

/* Other labels to learn from than those that held-out rows are judged by: softer ones,
 * in which a row is partly of each class. */
typedef struct kehu__tree_lessons {
    kehu__tree_rows rows;     /* one for each class and row, class after class */
    const uint8_t *fold;      /* [n_repeats][rows.n_rows] */
    uint32_t *const *weights; /* [n_repeats * n_folds][rows.n_rows] in each part */
} kehu__tree_lessons;

/* fold[n_repeats][n_rows] in 0..n_folds-1: the folds, made anew for each repeat.
 * Trees grow from the lessons, or from the rows where these are NULL.
 * The same choice for any number of threads.
 * Fails with KEHU_NO_MEMORY or KEHU_CANCELLED. */
kehu_status kehu__tree_choose(kehu__tree_choice *choice, const kehu__tree_rows *rows,
                              const kehu__tree_lessons *lessons,
                              const kehu__tree_grid *grid, const uint8_t *fold,
                              uint32_t n_folds, uint32_t n_repeats, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err);

#endif
