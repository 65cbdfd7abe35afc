/* Figures of one tree over 1,000,000 rows of 50 standard normal numbers, a third
 * of them events.
 *
 *     bench_tree FOLDER THREADS
 *
 * The matrix is made from a seed and left in FOLDER for the peers: x.f32 by rows,
 * y.u8. */
#include <kehu/tree.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/maths.h"
#include "base/random.h"
#include "bench/figure.h"

enum { ROWS = 1000000, COLUMNS = 50, DEPTH = 8, CALLS = 2000 };

static float normal(kehu__random *r)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += kehu__random_unit(r);
    return (float)sum;
}

/* Values column by column for us, row by row for the peers. */
static void draw(float *by_column, float *by_row, uint8_t *y)
{
    kehu__random r = kehu__random_seed(50);
    for (size_t i = 0; i < ROWS; i++) {
        float *x = by_row + i * COLUMNS;
        for (size_t k = 0; k < COLUMNS; k++) {
            x[k] = normal(&r);
            by_column[k * ROWS + i] = x[k];
        }
        const double logit = (double)(x[0] * x[1] + x[2] - 0.5f * x[3] * x[3]) - 0.3;
        y[i] = kehu__random_unit(&r) < kehu__logistic(logit);
    }
}

static double log_loss(const double *p, const uint8_t *y)
{
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum -= kehu__log(fmax(y[i] ? p[2 * i + 1] : p[2 * i], 1e-6));
    return sum / ROWS;
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
    kehu_column columns[COLUMNS], target;
    char names[COLUMNS][8];
    double row[COLUMNS], one[2], start;
    kehu_tree *tree;
    kehu_error err;
    float *by_column = get((size_t)ROWS * COLUMNS, sizeof *by_column);
    float *by_row = get((size_t)ROWS * COLUMNS, sizeof *by_row);
    uint8_t *y = get(ROWS, 1);
    double *p = get(2 * (size_t)ROWS, sizeof *p);
    if (argc < 3)
        die("usage: bench_tree FOLDER THREADS");
    draw(by_column, by_row, y);
    keep(argv[1], "x.f32", by_row, (size_t)ROWS * COLUMNS * sizeof *by_row);
    keep(argv[1], "y.u8", y, ROWS);
    free(by_row);
    for (int k = 0; k < COLUMNS; k++) {
        snprintf(names[k], sizeof names[k], "x%d", k);
        columns[k] = (kehu_column){.name = names[k],
                                   .type = KEHU_FLOAT32,
                                   .length = ROWS,
                                   .data = by_column + (size_t)k * ROWS};
        row[k] = (double)by_column[(size_t)k * ROWS];
    }
    target = (kehu_column){.name = "y", .type = KEHU_UINT8, .length = ROWS, .data = y};

    start = cpu_seconds();
    must(kehu_tree_train(&tree, columns, COLUMNS, &target, NULL, NULL, &options, &err),
         &err);
    figure("train_s", cpu_seconds() - start);
    must(kehu_tree_score(tree, columns, COLUMNS, p, &score, &err), &err);
    start = cpu_seconds();
    must(kehu_tree_score(tree, columns, COLUMNS, p, &score, &err), &err);
    figure("score_s", cpu_seconds() - start);
    figure("log_loss", log_loss(p, y));
    start = cpu_seconds();
    for (int i = 0; i < CALLS; i++)
        must(kehu_tree_score_row(tree, row, NULL, one, &err), &err);
    figure("row_s", (cpu_seconds() - start) / CALLS);
    kehu_tree_free(tree);
    free(p);
    free(y);
    free(by_column);
    return 0;
}
