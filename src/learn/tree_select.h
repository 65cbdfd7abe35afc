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

/* fold[n_repeats][n_rows] in 0..n_folds-1: the folds, made anew for each repeat.
 * The same choice for any number of threads.
 * Fails with KEHU_NO_MEMORY or KEHU_CANCELLED. */
kehu_status kehu__tree_choose(kehu__tree_choice *choice, const kehu__tree_rows *rows,
                              const kehu__tree_grid *grid, const uint8_t *fold,
                              uint32_t n_folds, uint32_t n_repeats, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err);

#endif
