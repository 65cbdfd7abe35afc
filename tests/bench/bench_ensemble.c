/* Figures of an ensemble that scores bench/normal_rows.h.
 *
 *     bench_ensemble FOLDER train
 *     bench_ensemble FOLDER THREADS
 *
 * The first learns from the first 20,000 rows and leaves ensemble.kehu in FOLDER; the
 * second reads it and scores, rows by column and one row a call. */
#include <kehu/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"
#include "bench/normal_rows.h"
#define KEHU_ALLOW_LIBC_ALLOC
#include "learn/tree_model.h"

enum { TRAIN = 20000, CALLS = 2000 };

static void train(const char *path, normal_rows *rows)
{
    const kehu_tree_options options = {
        .size = sizeof options, .n_folds = 2, .n_threads = 2, .kind = KEHU_TREE_ENSEMBLE};
    kehu_tree *tree;
    kehu_error err;
    for (int k = 0; k < COLUMNS; k++)
        rows->columns[k].length = TRAIN;
    rows->target.length = TRAIN;
    must(kehu_tree_train(&tree, rows->columns, COLUMNS, &rows->target, NULL, NULL,
                         &options, &err),
         &err);
    must(kehu_tree_save(tree, path, &err), &err);
    figure("n_trees", tree->ensemble->trees.n_trees);
    figure("n_leaves",
           (tree->ensemble->trees.n_nodes / (double)tree->ensemble->trees.n_trees + 1) /
               2);
    kehu_tree_free(tree);
}

static void score(const char *path, const normal_rows *rows, uint32_t threads)
{
    const kehu_tree_score_options options = {.size = sizeof options,
                                             .n_threads = threads};
    double *p = get(2 * (size_t)ROWS, sizeof *p), one[2], start;
    kehu_tree *tree;
    kehu_error err;
    must(kehu_tree_load(&tree, path, NULL, &err), &err);
    must(kehu_tree_score(tree, rows->columns, COLUMNS, p, &options, &err), &err);
    start = cpu_seconds();
    must(kehu_tree_score(tree, rows->columns, COLUMNS, p, &options, &err), &err);
    figure("score_s", cpu_seconds() - start);
    start = cpu_seconds();
    for (int i = 0; i < CALLS; i++)
        must(kehu_tree_score_row(tree, rows->first, NULL, one, &err), &err);
    figure("row_s", (cpu_seconds() - start) / CALLS);
    kehu_tree_free(tree);
    free(p);
}

int main(int argc, char **argv)
{
    normal_rows rows;
    char path[4096];
    if (argc < 3)
        die("usage: bench_ensemble FOLDER train|THREADS");
    draw_rows(&rows);
    snprintf(path, sizeof path, "%s/ensemble.kehu", argv[1]);
    if (strcmp(argv[2], "train") == 0)
        train(path, &rows);
    else
        score(path, &rows, (uint32_t)atoi(argv[2]));
    free_rows(&rows);
    return 0;
}
