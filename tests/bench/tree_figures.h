/* bench/tree_figures.h - what the programs that train one tree share. */
#ifndef KEHU_BENCH_TREE_FIGURES_H
#define KEHU_BENCH_TREE_FIGURES_H

#include <kehu/tree.h>

/* One tree of at most 8 cuts above one another, its growth fixed: no cross-validation. */
kehu_tree_options one_tree(uint32_t n_threads);

/* Mean log-loss of n rows of two classes, p[n][2], each at least 1e-6. */
double log_loss(const double *p, const uint8_t *y, size_t n);

/* Bins made once, bins_s, then a tree that only has to grow, tree_s: the second of two,
 * for the pages. */
void figures_on_bins(const kehu_column *columns, uint32_t n_columns,
                     const kehu_column *target, const kehu_tree_options *options);

#endif
