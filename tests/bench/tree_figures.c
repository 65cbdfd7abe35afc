#include "bench/tree_figures.h"

#include <kehu/bins.h>

#include <math.h>

#include "base/maths.h"
#include "bench/figure.h"

enum { DEPTH = 8 };

kehu_tree_options one_tree(uint32_t n_threads)
{
    return (kehu_tree_options){.size = sizeof(kehu_tree_options),
                               .criterion = KEHU_TREE_ENTROPY,
                               .max_leaves = 1 << DEPTH,
                               .max_depth = DEPTH,
                               .n_folds = 1,
                               .min_leaf_weight = 20,
                               .shrinkage = -1,
                               .n_threads = n_threads};
}

double log_loss(const double *p, const uint8_t *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum -= kehu__log(fmax(y[i] ? p[2 * i + 1] : p[2 * i], 1e-6));
    return sum / (double)n;
}

void figures_on_bins(const kehu_column *columns, uint32_t n_columns,
                     const kehu_column *target, const kehu_tree_options *options)
{
    const kehu_bins_options how = {.size = sizeof how, .n_threads = options->n_threads};
    kehu_bins *bins;
    kehu_error err;
    double start = cpu_seconds();
    must(kehu_bins_fit(&bins, columns, n_columns, &how, &err), &err);
    figure("bins_s", cpu_seconds() - start);
    for (int i = 0; i < 2; i++) {
        kehu_tree *tree;
        start = cpu_seconds();
        must(kehu_tree_train_bins(&tree, bins, target, NULL, NULL, options, &err), &err);
        if (i == 1)
            figure("tree_s", cpu_seconds() - start);
        kehu_tree_free(tree);
    }
    kehu_bins_free(bins);
}
