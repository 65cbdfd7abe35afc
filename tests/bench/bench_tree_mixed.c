/* Figures of one tree over 1,000,000 rows of ten numbers and ten categories of 2 to 64
 * levels, a tenth missing in five of them: learnt from columns and again from bins.
 *
 *     bench_tree_mixed FOLDER THREADS
 *
 * The matrix is left in FOLDER for the peers, codes as numbers and NaN for missing:
 * x.f32 by rows, y.u8. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/maths.h"
#include "base/random.h"
#include "bench/figure.h"
#include "bench/tree_figures.h"

enum { ROWS = 1000000, NUMBERS = 10, COLUMNS = 20, MOST_LEVELS = 64 };

static const int32_t n_levels[COLUMNS - NUMBERS] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 64};

/* Three columns of numbers and two of categories. */
static bool has_missing(size_t k)
{
    return k < 3 || k == 14 || k == 18;
}

typedef struct mixed_rows {
    float *numbers;    /* [NUMBERS][ROWS], NaN where missing */
    int32_t *codes;    /* [COLUMNS - NUMBERS][ROWS] */
    uint8_t *validity; /* [COLUMNS - NUMBERS][ROWS / 8] */
    float *by_row;     /* [ROWS][COLUMNS], for the peers */
    uint8_t *y;        /* [ROWS] */
    char level_text[MOST_LEVELS * 3], names[COLUMNS][8];
    int32_t offsets[MOST_LEVELS + 1];
    kehu_column levels[COLUMNS - NUMBERS], columns[COLUMNS], target;
} mixed_rows;

static void describe_columns(mixed_rows *rows)
{
    for (int32_t level = 0; level < MOST_LEVELS; level++) {
        char text[8];
        snprintf(text, sizeof text, "l%02d", (int)(level % 100));
        memcpy(rows->level_text + 3 * level, text, 3);
        rows->offsets[level + 1] = 3 * (level + 1);
    }
    for (size_t k = 0; k < COLUMNS; k++) {
        snprintf(rows->names[k], sizeof rows->names[k], "x%02d", (int)(k % 100));
        if (k < NUMBERS) {
            rows->columns[k] = (kehu_column){.name = rows->names[k],
                                             .type = KEHU_FLOAT32,
                                             .length = ROWS,
                                             .data = rows->numbers + k * ROWS};
            continue;
        }
        const size_t c = k - NUMBERS;
        rows->levels[c] = (kehu_column){.type = KEHU_UTF8,
                                        .length = n_levels[c],
                                        .data = rows->level_text,
                                        .offsets = rows->offsets};
        rows->columns[k] = (kehu_column){
            .name = rows->names[k],
            .type = KEHU_CATEGORY,
            .length = ROWS,
            .data = rows->codes + c * ROWS,
            .validity = has_missing(k) ? rows->validity + c * (ROWS / 8) : NULL,
            .dictionary = &rows->levels[c]};
    }
    rows->target =
        (kehu_column){.name = "y", .type = KEHU_UINT8, .length = ROWS, .data = rows->y};
}

static float normal(kehu__random *r)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += kehu__random_unit(r);
    return (float)sum;
}

static void draw_row(mixed_rows *rows, size_t i, double effects[][MOST_LEVELS],
                     kehu__random *r)
{
    float *x = rows->by_row + i * COLUMNS;
    double logit = -0.5;
    for (size_t k = 0; k < NUMBERS; k++) {
        x[k] = normal(r);
        if (has_missing(k) && kehu__random_unit(r) < 0.1)
            x[k] = NAN;
        rows->numbers[k * ROWS + i] = x[k];
    }
    logit += isnan(x[0]) ? 0.7 : (double)x[0] * 0.8;
    logit += (double)(x[4] * x[5]) - (double)(x[6] * x[6]) * 0.3;
    for (size_t c = 0; c < COLUMNS - NUMBERS; c++) {
        const int32_t code = (int32_t)(kehu__random_unit(r) * n_levels[c]);
        const bool missing = has_missing(NUMBERS + c) && kehu__random_unit(r) < 0.1;
        rows->codes[c * ROWS + i] = code;
        x[NUMBERS + c] = missing ? NAN : (float)code;
        if (missing)
            continue;
        rows->validity[c * (ROWS / 8) + i / 8] |= (uint8_t)(1u << i % 8);
        logit += effects[c][code];
    }
    rows->y[i] = kehu__random_unit(r) < kehu__logistic(logit);
}

static void draw_rows(mixed_rows *rows)
{
    kehu__random r = kehu__random_seed(20);
    double effects[COLUMNS - NUMBERS][MOST_LEVELS];
    *rows = (mixed_rows){.numbers = get((size_t)ROWS * NUMBERS, sizeof *rows->numbers),
                         .codes =
                             get((size_t)ROWS * (COLUMNS - NUMBERS), sizeof *rows->codes),
                         .validity = get((size_t)(ROWS / 8) * (COLUMNS - NUMBERS), 1),
                         .by_row = get((size_t)ROWS * COLUMNS, sizeof *rows->by_row),
                         .y = get(ROWS, 1)};
    for (size_t c = 0; c < COLUMNS - NUMBERS; c++)
        for (size_t level = 0; level < MOST_LEVELS; level++)
            effects[c][level] = c % 3 == 0 ? 0.7 * (double)normal(&r) : 0;
    for (size_t i = 0; i < ROWS; i++)
        draw_row(rows, i, effects, &r);
    describe_columns(rows);
}

static void free_rows(mixed_rows *rows)
{
    free(rows->numbers);
    free(rows->codes);
    free(rows->validity);
    free(rows->by_row);
    free(rows->y);
}

int main(int argc, char **argv)
{
    const uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    const kehu_tree_options options = one_tree(threads);
    mixed_rows rows;
    double start, *p;
    kehu_tree *tree;
    kehu_error err;
    if (argc < 3)
        die("usage: bench_tree_mixed FOLDER THREADS");
    draw_rows(&rows);
    keep(argv[1], "x.f32", rows.by_row, (size_t)ROWS * COLUMNS * sizeof *rows.by_row);
    keep(argv[1], "y.u8", rows.y, ROWS);

    start = cpu_seconds();
    must(kehu_tree_train(&tree, rows.columns, COLUMNS, &rows.target, NULL, NULL, &options,
                         &err),
         &err);
    figure("train_s", cpu_seconds() - start);
    p = get(2 * (size_t)ROWS, sizeof *p);
    must(kehu_tree_score(tree, rows.columns, COLUMNS, p, NULL, &err), &err);
    figure("log_loss", log_loss(p, rows.y, ROWS));
    free(p);
    kehu_tree_free(tree);
    figures_on_bins(rows.columns, COLUMNS, &rows.target, &options);
    free_rows(&rows);
    return 0;
}
