/* Figures of one tree over bench/normal_rows.h: learnt from columns and again from bins,
 * then every row's probability.
 *
 *     bench_tree FOLDER THREADS
 *
 * The matrix is left in FOLDER for the peers: x.f32 by rows, y.u8. */
#include <stdlib.h>

#include "bench/figure.h"
#include "bench/normal_rows.h"
#include "bench/tree_figures.h"

enum { CALLS = 2000 };

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
    const kehu_tree_options options = one_tree(threads);
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
    figure("log_loss", log_loss(p, rows.y, ROWS));
    start = cpu_seconds();
    for (int i = 0; i < CALLS; i++)
        must(kehu_tree_score_row(tree, rows.first, NULL, one, &err), &err);
    figure("row_s", (cpu_seconds() - start) / CALLS);
    kehu_tree_free(tree);
    figures_on_bins(rows.columns, COLUMNS, &rows.target, &options);
    read_all(&rows);
    free(p);
    free_rows(&rows);
    return 0;
}
