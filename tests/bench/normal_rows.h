/* bench/normal_rows.h - 1,000,000 rows of 50 standard normal numbers, a third of them
 * events, made from a seed. */
#ifndef KEHU_BENCH_NORMAL_ROWS_H
#define KEHU_BENCH_NORMAL_ROWS_H

#include <kehu/column.h>

enum { ROWS = 1000000, COLUMNS = 50 };

typedef struct normal_rows {
    float *by_column; /* [COLUMNS][ROWS] */
    float *by_row;    /* [ROWS][COLUMNS], for the peers */
    uint8_t *y;       /* [ROWS] */
    char names[COLUMNS][8];
    kehu_column columns[COLUMNS], target; /* FLOAT32; UINT8 "y" */
    double first[COLUMNS];                /* the first row */
} normal_rows;

void draw_rows(normal_rows *rows);
void free_rows(normal_rows *rows);

#endif
