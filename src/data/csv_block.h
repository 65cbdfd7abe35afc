/* data/csv_block.h - rows of CSV cut into cells, that are read a column at a time. */
#ifndef KEHU_SRC_DATA_CSV_BLOCK_H
#define KEHU_SRC_DATA_CSV_BLOCK_H

#include "data/csv.h"
#include "data/csv_marks.h"

enum { KEHU__CSV_BLOCK = 1024 }; /* rows, at most */

typedef struct kehu__csv_block {
    kehu__csv_marks marks;
    size_t n_rows;
    uint16_t mark[KEHU__CSV_BLOCK]; /* the first one behind each row */
    /* Cells, row after row, stand in the marks' stretch between `before` (a quote when
     * the cell is quoted) and `end`: in the marks themselves, or in own_. */
    const uint16_t *before, *end;
    uint16_t own_before[KEHU__CSV_STRETCH], own_end[KEHU__CSV_STRETCH];
} kehu__csv_block;

/* How cutting ended. */
typedef enum kehu__csv_cut {
    KEHU__CSV_WHOLE_ROW, /* with as many rows as were wanted */
    KEHU__CSV_SHORT,     /* the marks end before the next row */
    KEHU__CSV_UNUSUAL    /* the next row is a matter of the general way */
} kehu__csv_cut;

/* Cut at most `most` (up to KEHU__CSV_BLOCK) rows, from the window's start on. */
kehu__csv_cut kehu__csv_cut_block(const kehu_csv *csv, kehu__csv_block *block,
                                  size_t most);

/* Where row `row` of the block starts; the end of the last one for n_rows. */
size_t kehu__csv_block_start(const kehu_csv *csv, const kehu__csv_block *block,
                             size_t row);

/* Read the cells into the builder's next rows, without counting them. From the first
 * row that is to be rejected, or has no room, the block's rows are left off. */
void kehu__csv_read_block(kehu_csv *csv, kehu__csv_block *block);

/* Bytes of text in the block's rows, without columns that are dropped. */
size_t kehu__csv_block_text(const kehu_csv *csv, const kehu__csv_block *block);

#endif
