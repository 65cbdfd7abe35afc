/* learn/tree_boost.h - small trees added up: gradient boosting over the byte codes that
 * single trees are grown from (Friedman 2001; second-order leaves as Chen and Guestrin
 * 2016). Gradients are fixed-point integers, so that sums do not depend on their order.
 */
#ifndef KEHU_SRC_LEARN_TREE_BOOST_H
#define KEHU_SRC_LEARN_TREE_BOOST_H

#include <stdatomic.h>

#include "base/thread.h"
#include "learn/tree_grow.h"

enum { KEHU__BOOST_MAX_TREES = 60000 };

/* Trees that add up to log-odds: with two classes one output, the second class's; else
 * one a class. Tree t is of output t % n_outputs. */
typedef struct kehu__boosted {
    kehu_allocator alloc;
    uint32_t n_outputs, n_trees, n_nodes;
    uint32_t tree_capacity, node_capacity;
    uint32_t *roots;        /* [n_trees] */
    kehu__tree_node *nodes; /* [n_nodes] left counts from the first tree's first node */
    double *values;         /* [n_nodes] what a row in this node adds */
    double *start;          /* [n_outputs] */
} kehu__boosted;

static inline uint32_t kehu__boost_outputs(uint32_t n_classes)
{
    return n_classes == 2 ? 1 : n_classes;
}

kehu_status kehu__boosted_init(kehu__boosted *b, uint32_t n_outputs, uint32_t n_trees,
                               uint32_t n_nodes, const kehu_allocator *alloc,
                               kehu_error *err);
void kehu__boosted_free(kehu__boosted *b);

/* p[n_classes] of a row's margins[n_outputs]. */
void kehu__boost_probabilities(const double *margins, uint32_t n_classes, double *p);

typedef struct kehu__boosting {
    uint32_t n_rounds, max_leaves, max_depth;
    double rate, min_hessian, l2;
    double row_share, column_share; /* drawn for each tree */
    uint64_t seed;
} kehu__boosting;

/* Progress of some boostings at once, told from one thread and heeded by all. */
typedef struct kehu__boost_watch {
    const kehu__run *run;
    const char *stage;
    double from, share; /* of the whole stage this is */
    uintptr_t teller;   /* kehu__this_thread */
    atomic_bool stopped;
} kehu__boost_watch;

/* Boost from the rows with fold[i] != skip (all when fold is NULL).
 *
 * margins  [n_rows][n_outputs] receives every row's, of the whole ensemble
 * losses   [n_rounds] receives the mean log-loss of the rows with fold[i] == skip after
 *          each round; NULL when not wanted. With it boosting ends when it has not
 *          fallen for long
 * done     receives the number of rounds
 *
 * Free b whatever is returned. Fails with KEHU_NO_MEMORY or KEHU_CANCELLED. */
kehu_status kehu__boost(kehu__boosted *b, const kehu__tree_rows *rows,
                        const kehu__boosting *how, const uint8_t *fold, int32_t skip,
                        double *margins, double *losses, uint32_t *done,
                        kehu__boost_watch *watch, const kehu_allocator *alloc,
                        kehu_error *err);

typedef struct kehu__boost_choice {
    kehu__boosting how;
    double log_loss; /* held-out mean */
} kehu__boost_choice;

/* Boost once for each fold of fold[n_rows] in 0..n_folds - 1, from the other folds' rows.
 * margins[n_folds][n_rows][n_outputs] receives every row's from each. */
kehu_status kehu__boost_folds(double *margins, const kehu__tree_rows *rows,
                              const kehu__boosting *how, const uint8_t *fold,
                              uint32_t n_folds, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err);

/* Choose by cross-validation over fold[n_rows] in 0..n_folds - 1. margins[n_rows]
 * [n_outputs] receives each row's from trees that did not see it; NULL when not wanted.
 */
kehu_status kehu__boost_choose(kehu__boost_choice *choice, const kehu__tree_rows *rows,
                               uint64_t seed, const uint8_t *fold, uint32_t n_folds,
                               double *margins, const kehu__run *run,
                               const kehu_allocator *alloc, kehu_error *err);

#endif
