/* data/csv_row.h - finding the end of a row of CSV and the values in it. */
#ifndef KEHU_SRC_DATA_CSV_ROW_H
#define KEHU_SRC_DATA_CSV_ROW_H

#include <kehu/base.h>

#include <stdbool.h>

typedef struct kehu__csv_cell {
    const char *text; /* inside the quotes, if any */
    size_t size;
    bool quoted, doubled; /* doubled: has quotes written twice */
} kehu__csv_cell;

typedef struct kehu__csv_row {
    kehu__csv_cell *cells; /* [capacity], of which min(n_cells, capacity) are set */
    size_t capacity, n_cells;
    const char *next; /* where the next row starts */
    int64_t n_lines;  /* line ends up to there */
} kehu__csv_row;

typedef enum kehu__csv_found {
    KEHU__CSV_ROW,  /* a whole row, perhaps an empty line (one unquoted, empty cell) */
    KEHU__CSV_CUT,  /* the row may go on after the end */
    KEHU__CSV_NONE, /* no byte is left */
    KEHU__CSV_UNCLOSED, /* the last cell's quote is not closed */
    KEHU__CSV_TRAILING  /* after the last cell's closing quote stands something else */
} kehu__csv_found;

/* Find the row that starts at p. last: nothing comes after end. */
kehu__csv_found kehu__csv_scan(kehu__csv_row *row, const char *p, const char *end,
                               char delimiter, bool last);

/* First byte of p..end that is a, a quote, CR or LF; end if there is none. */
const char *kehu__csv_special(const char *p, const char *end, char a);

/* Write each doubled quote of a quoted cell once; to may be the cell's own text.
 * Returns the size. */
size_t kehu__csv_unquote(char *to, const kehu__csv_cell *cell);

#endif
