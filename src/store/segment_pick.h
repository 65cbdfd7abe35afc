/* store/segment_pick.h - rows of a segment that are picked one by one from several sets.
 */
#ifndef KEHU_SRC_STORE_SEGMENT_PICK_H
#define KEHU_SRC_STORE_SEGMENT_PICK_H

#include "data/column.h"
#include "store/segment.h"

/* Row `row` of set `set`, its time, and its customer's number: equal numbers are equal
 * ids. */
typedef struct kehu__place {
    int64_t time;
    uint32_t customer, set, row;
} kehu__place;

/* Where a column's values of one set stand. */
typedef struct kehu__source {
    const char *values;     /* of 8 bytes; NULL = all are missing */
    const uint8_t *missing; /* NULL = none is */
    const char *bytes;      /* of texts */
} kehu__source;

typedef struct kehu__picker {
    const kehu__rows *sets;
    size_t n_sets, n_columns, n_texts;
    kehu__source *sources; /* [n_columns][n_sets] */
    kehu__text *texts;     /* [n_texts][KEHU__BLOCK_ROWS] of the next rows; size -1 =
                              missing */
} kehu__picker;

/* Prepare for a writer, which must stay as it is; false when memory is refused. The
 * sets have columns 0 to 2, and each one sequence number for all of its rows; they must
 * outlive the picker. Memory: 24 bytes a set and column. */
bool kehu__picker_begin(kehu__picker *p, const kehu__segment_writer *w,
                        const kehu__rows *sets, size_t n_sets);
void kehu__picker_free(kehu__picker *p, const kehu__segment_writer *w);

/* Add the rows at n places. */
kehu_status kehu__segment_pick(kehu__segment_writer *w, const kehu__picker *p,
                               const kehu__place *places, size_t n, kehu_error *err);

#endif
