/* Figures of an ensemble that scores the 1,000,000 rows of 50 numbers bench_tree left.
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
#define KEHU_ALLOW_LIBC_ALLOC
#include "learn/tree_model.h"

enum { ROWS = 1000000, TRAIN = 20000, COLUMNS = 50, CALLS = 2000 };

static void get_bytes(const char *folder, const char *name, void *to, size_t size)
{
    char path[4096];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f == NULL || fread(to, 1, size, f) != size)
        die("the rows of bench_tree cannot be read");
    fclose(f);
}

static void train(const char *path, kehu_column *columns, const uint8_t *y)
{
    const kehu_tree_options options = {
        .size = sizeof options, .n_folds = 2, .n_threads = 2, .kind = KEHU_TREE_ENSEMBLE};
    const kehu_column target = {
        .name = "y", .type = KEHU_UINT8, .length = TRAIN, .data = y};
    kehu_tree *tree;
    kehu_error err;
    for (int k = 0; k < COLUMNS; k++)
        columns[k].length = TRAIN;
    must(kehu_tree_train(&tree, columns, COLUMNS, &target, NULL, NULL, &options, &err),
         &err);
    must(kehu_tree_save(tree, path, &err), &err);
    figure("n_trees", tree->ensemble->trees.n_trees);
    figure("n_leaves",
           (tree->ensemble->trees.n_nodes / (double)tree->ensemble->trees.n_trees + 1) /
               2);
    kehu_tree_free(tree);
}

static void score(const char *path, const kehu_column *columns, uint32_t threads)
{
    const kehu_tree_score_options options = {.size = sizeof options,
                                             .n_threads = threads};
    double *p = get(2 * (size_t)ROWS, sizeof *p), row[COLUMNS], one[2], start;
    kehu_tree *tree;
    kehu_error err;
    must(kehu_tree_load(&tree, path, NULL, &err), &err);
    must(kehu_tree_score(tree, columns, COLUMNS, p, &options, &err), &err);
    start = cpu_seconds();
    must(kehu_tree_score(tree, columns, COLUMNS, p, &options, &err), &err);
    figure("score_s", cpu_seconds() - start);
    for (int k = 0; k < COLUMNS; k++)
        row[k] = (double)((const float *)columns[k].data)[0];
    start = cpu_seconds();
    for (int i = 0; i < CALLS; i++)
        must(kehu_tree_score_row(tree, row, NULL, one, &err), &err);
    figure("row_s", (cpu_seconds() - start) / CALLS);
    kehu_tree_free(tree);
    free(p);
}

int main(int argc, char **argv)
{
    float *by_row = get((size_t)ROWS * COLUMNS, sizeof *by_row);
    float *by_column = get((size_t)ROWS * COLUMNS, sizeof *by_column);
    uint8_t *y = get(ROWS, 1);
    kehu_column columns[COLUMNS];
    char names[COLUMNS][8], path[4096];
    if (argc < 3)
        die("usage: bench_ensemble FOLDER train|THREADS");
    get_bytes(argv[1], "x.f32", by_row, (size_t)ROWS * COLUMNS * sizeof *by_row);
    get_bytes(argv[1], "y.u8", y, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            by_column[k * ROWS + i] = by_row[i * COLUMNS + k];
    free(by_row);
    for (int k = 0; k < COLUMNS; k++) {
        snprintf(names[k], sizeof names[k], "x%d", k);
        columns[k] = (kehu_column){.name = names[k],
                                   .type = KEHU_FLOAT32,
                                   .length = ROWS,
                                   .data = by_column + (size_t)k * ROWS};
    }
    snprintf(path, sizeof path, "%s/ensemble.kehu", argv[1]);
    if (strcmp(argv[2], "train") == 0)
        train(path, columns, y);
    else
        score(path, columns, (uint32_t)atoi(argv[2]));
    free(by_column);
    free(y);
    return 0;
}
