/* sheet.h - a CSV file being written, and the dirty rows planted into it. */
#ifndef SAMPLE_SHEET_H
#define SAMPLE_SHEET_H

#include <stdio.h>

/* Values of a row that has gone wrong: what is wrong, and its bytes. */
typedef struct dirt {
    const char *reason;
    const char *row; /* without its line end; size bytes, as NUL may be among them */
    size_t size;
} dirt;

#define DIRT(reason, row)                                                                \
    {                                                                                    \
        reason, row, sizeof(row) - 1                                                     \
    }

typedef struct sheet {
    const char *name;
    FILE *file, *truth;
    long line;  /* 1-based line that the next row starts on */
    long rows;  /* good rows so far */
    long every; /* a dirty row follows every so many good ones */
    const dirt *dirt;
    int n_dirt, n_planted;
} sheet;

/* Opens folder/name and writes the header. Says so on stderr when it cannot,
 * and returns 0. */
int sheet_open(sheet *s, const char *folder, const char *name, const char *header);

/* One row, in the format of printf, without its line end; `lines` as many line
 * ends as its quoted texts hold. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void sheet_row(sheet *s, int lines, const char *format, ...);

/* 0 (and a message on stderr) when anything could not be written. */
int sheet_close(sheet *s);
#endif
