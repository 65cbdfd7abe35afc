/* learn/tree_distill.h - a tree that learns from an ensemble's probabilities. */
#ifndef KEHU_SRC_LEARN_TREE_DISTILL_H
#define KEHU_SRC_LEARN_TREE_DISTILL_H

#include "learn/tree_select.h"

/* What a distillation works with; all zero before the first use. */
typedef struct kehu__distilled {
    kehu_allocator alloc;
    kehu__tree_choice choice;
    kehu__tree_grower grower; /* the tree, grown from the lessons */
    kehu__tree_lessons lessons;
    uint32_t n_sets;    /* n_repeats * n_folds and one more, of all rows */
    uint32_t **weights; /* [n_sets] */
    uint8_t *codes, *by_row, *labels, *fold;
    kehu__tree_input *inputs;
    double *units, *margins;
    size_t fold_size, n_margins;
} kehu__distilled;

/* Boost, and grow a tree of the ensemble's probabilities; choose its form by
 * cross-validation in which neither tree nor ensemble sees the rows that judge. No tree
 * is grown where the held-out loss is not below `at_most`: choice.log_loss tells.
 *
 * fold  [n_repeats][n_rows] in 0..n_folds - 1
 *
 * Free d whatever is returned. Fails with KEHU_NO_MEMORY, KEHU_CANCELLED, KEHU_LIMIT
 * (2^32 rows times classes). */
kehu_status kehu__distill(kehu__distilled *d, const kehu__tree_rows *rows,
                          const kehu__tree_grid *grid, const uint8_t *fold,
                          uint32_t n_folds, uint32_t n_repeats, uint64_t seed,
                          double at_most, const kehu__run *run,
                          const kehu_allocator *alloc, kehu_error *err);
void kehu__distilled_free(kehu__distilled *d);

#endif
