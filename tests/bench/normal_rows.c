#include "bench/normal_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/maths.h"
#include "base/random.h"
#include "bench/figure.h"

static float normal(kehu__random *r)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += kehu__random_unit(r);
    return (float)sum;
}

void draw_rows(normal_rows *rows)
{
    kehu__random r = kehu__random_seed(50);
    rows->by_column = get((size_t)ROWS * COLUMNS, sizeof *rows->by_column);
    rows->by_row = get((size_t)ROWS * COLUMNS, sizeof *rows->by_row);
    rows->y = get(ROWS, 1);
    for (size_t i = 0; i < ROWS; i++) {
        float *x = rows->by_row + i * COLUMNS;
        for (size_t k = 0; k < COLUMNS; k++) {
            x[k] = normal(&r);
            rows->by_column[k * ROWS + i] = x[k];
        }
        const double logit = (double)(x[0] * x[1] + x[2] - 0.5f * x[3] * x[3]) - 0.3;
        rows->y[i] = kehu__random_unit(&r) < kehu__logistic(logit);
    }
    for (int k = 0; k < COLUMNS; k++) {
        snprintf(rows->names[k], sizeof rows->names[k], "x%d", k);
        rows->columns[k] = (kehu_column){.name = rows->names[k],
                                         .type = KEHU_FLOAT32,
                                         .length = ROWS,
                                         .data = rows->by_column + (size_t)k * ROWS};
        rows->first[k] = (double)rows->by_row[k];
    }
    rows->target =
        (kehu_column){.name = "y", .type = KEHU_UINT8, .length = ROWS, .data = rows->y};
}

void free_rows(normal_rows *rows)
{
    free(rows->by_column);
    free(rows->by_row);
    free(rows->y);
}
