/* Figures of one tree over bench/normal_rows.h: learnt from columns and again from bins,
 * then every row's probability.
 *
 *     bench_tree FOLDER THREADS
 *
 * The matrix is left in FOLDER for the peers: x.f32 by rows, y.u8. */
#include <kehu/bins.h>

#include <math.h>
#include <stdlib.h>

#include "base/maths.h"
#include "bench/figure.h"
#include "bench/normal_rows.h"

enum { DEPTH = 8, CALLS = 2000 };

static double log_loss(const double *p, const uint8_t *y)
{
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum -= kehu__log(fmax(y[i] ? p[2 * i + 1] : p[2 * i], 1e-6));
    return sum / ROWS;
}

/* Bins made once, then a tree that only has to grow; the second of two, for the pages. */
static void train_on_bins(const normal_rows *rows, const kehu_tree_options *options)
{
    const kehu_bins_options how = {.size = sizeof how, .n_threads = options->n_threads};
    kehu_bins *bins;
    kehu_error err;
    double start = cpu_seconds();
    must(kehu_bins_fit(&bins, rows->columns, COLUMNS, &how, &err), &err);
    figure("bins_s", cpu_seconds() - start);
    for (int i = 0; i < 2; i++) {
        kehu_tree *tree;
        start = cpu_seconds();
        must(kehu_tree_train_bins(&tree, bins, &rows->target, NULL, NULL, options, &err),
             &err);
        if (i == 1)
            figure("tree_s", cpu_seconds() - start);
        kehu_tree_free(tree);
    }
    kehu_bins_free(bins);
}

/* What reading every number once costs: the least that scoring all columns can. */
static void read_all(const normal_rows *rows)
{
    const size_t n = (size_t)ROWS * COLUMNS;
    const double start = cpu_seconds();
    float sums[64] = {0}, sum = 0;
    for (size_t i = 0; i + 64 <= n; i += 64)
        for (size_t j = 0; j < 64; j++)
            sums[j] += rows->by_row[i + j];
    for (size_t j = 0; j < 64; j++)
        sum += sums[j];
    figure("read_s", cpu_seconds() - start);
    figure("read_sum", (double)sum); /* so that the reading is not left out */
}

int main(int argc, char **argv)
{
    const uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    const kehu_tree_options options = {.size = sizeof options,
                                       .criterion = KEHU_TREE_ENTROPY,
                                       .max_leaves = 1 << DEPTH,
                                       .max_depth = DEPTH,
                                       .n_folds = 1,
                                       .min_leaf_weight = 20,
                                       .shrinkage = -1,
                                       .n_threads = threads};
    const kehu_tree_score_options score = {.size = sizeof score, .n_threads = threads};
    normal_rows rows;
    double one[2], start;
    kehu_tree *tree;
    kehu_error err;
    double *p = get(2 * (size_t)ROWS, sizeof *p);
    if (argc < 3)
        die("usage: bench_tree FOLDER THREADS");
    draw_rows(&rows);
    keep(argv[1], "x.f32", rows.by_row, (size_t)ROWS * COLUMNS * sizeof *rows.by_row);
    keep(argv[1], "y.u8", rows.y, ROWS);

    start = cpu_seconds();
    must(kehu_tree_train(&tree, rows.columns, COLUMNS, &rows.target, NULL, NULL, &options,
                         &err),
         &err);
    figure("train_s", cpu_seconds() - start);
    must(kehu_tree_score(tree, rows.columns, COLUMNS, p, &score, &err), &err);
    start = cpu_seconds();
    must(kehu_tree_score(tree, rows.columns, COLUMNS, p, &score, &err), &err);
    figure("score_s", cpu_seconds() - start);
    figure("log_loss", log_loss(p, rows.y));
    start = cpu_seconds();
    for (int i = 0; i < CALLS; i++)
        must(kehu_tree_score_row(tree, rows.first, NULL, one, &err), &err);
    figure("row_s", (cpu_seconds() - start) / CALLS);
    kehu_tree_free(tree);
    train_on_bins(&rows, &options);
    read_all(&rows);
    free(p);
    free_rows(&rows);
    return 0;
}
