/* data/csv_marks.h - where the delimiters, quotes and line ends of a text are: found
 * for a stretch at once, cells need no search of their own (Langdale and Lemire,
 * "Parsing gigabytes of JSON per second", 2019, stage 1). */
#ifndef KEHU_SRC_DATA_CSV_MARKS_H
#define KEHU_SRC_DATA_CSV_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEHU__CSV_STRETCH = 1 << 14 };

typedef struct kehu__csv_marks {
    size_t base, to;                    /* offsets of the stretch in the window's text */
    size_t n, next;                     /* of at, and the first that is not used up */
    uint64_t window;                    /* the window's place they belong to */
    bool odd;                           /* there are quotes or CR */
    uint16_t at[KEHU__CSV_STRETCH + 9]; /* [n] behind base, rising, after the byte before
                                         * it (as UINT16_MAX); room to spill */
} kehu__csv_marks;

/* Find the marks of text[base..to), at most KEHU__CSV_STRETCH bytes. */
void kehu__csv_mark(kehu__csv_marks *m, const char *text, size_t base, size_t to,
                    char delimiter);

#endif
