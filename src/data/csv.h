/* data/csv.h - the inside of a kehu_csv, shared by its parts. */
#ifndef KEHU_SRC_DATA_CSV_H
#define KEHU_SRC_DATA_CSV_H

#include <kehu/csv.h>

#include "data/builder.h"
#include "data/cell.h"
#include "data/csv_row.h"
#include "data/csv_source.h"
#include "data/reject.h"

enum { KEHU__CSV_DROPPED = -1 };

/* The form in which a column's values mostly come. */
typedef enum kehu__csv_form {
    KEHU__CSV_ANY, /* the general way */
    KEHU__CSV_SKIP,
    KEHU__CSV_TEXT,
    KEHU__CSV_WHOLE,
    KEHU__CSV_MONEY,
    KEHU__CSV_DATE,
    KEHU__CSV_TIME
} kehu__csv_form;

/* What becomes of one column of the file. */
typedef struct kehu__csv_target {
    int32_t column;   /* of the table, or KEHU__CSV_DROPPED */
    kehu_field field; /* how to read it; its name is owned by names when unlisted */
    kehu__csv_form form;
} kehu__csv_target;

struct kehu_csv {
    kehu_allocator alloc;
    kehu_csv_options options; /* defaults put in */
    kehu__cell_rules rules;
    kehu__csv_source source;
    char delimiter;
    struct kehu__csv_block *block; /* NULL: rows are not taken quickly */
    kehu__csv_row row;
    int64_t line; /* on which the window starts, from 1 */

    kehu__csv_target *targets; /* [n_targets], one a column of the file */
    size_t n_targets;
    char *names; /* of the file's columns, each with its NUL */
    size_t names_bytes;
    size_t *absent; /* [n_absent] table columns that the file lacks */
    size_t n_absent, absent_capacity;
    char *unquoted; /* scratch for one cell */
    size_t unquoted_capacity;
    bool *seen; /* [n_fields] JSON Lines: the line has the member */

    kehu__builder builder;
    size_t batch_bytes; /* of text in the builder */
    size_t text_bytes;  /* of text in the row being read */
    int64_t *lines;     /* [n_lines] of the rows in the builder or the last table */
    size_t n_lines, lines_capacity;
    bool handed_out; /* lines belong to the last table */
    bool skipping;   /* the rest of a line that is rejected already */
    int64_t n_rows;
    kehu__rejects rejects;
    kehu__rejects coerced; /* values; those of the row being read among them */
    int64_t n_coerced;     /* of rows read well */
    int64_t reported;      /* source.at when progress was last told */
};

/* Find the next row: its cells are in csv->row, or *found is what is wrong with
 * it. Empty lines are skipped. Nothing is consumed. KEHU__CSV_CUT means that the
 * row is longer than max_row_bytes. */
kehu_status kehu__csv_find_row(kehu_csv *csv, kehu__csv_found *found, kehu_error *err);

/* Read the header, match it with the fields, set up targets and builder. */
kehu_status kehu__csv_read_header(kehu_csv *csv, kehu_error *err);

/* Note the form of each column. */
void kehu__csv_quick_start(kehu_csv *csv);

/* Take rows as long as they are of usual form, whole in the window, and the builder
 * has less than so many rows and bytes of text; perhaps none. */
kehu_status kehu__csv_take_quick(kehu_csv *csv, int64_t most_rows, size_t most_bytes,
                                 kehu_error *err);

/* Step to `to` in the window, over n_lines line ends. */
void kehu__csv_consume(kehu_csv *csv, const char *to, int64_t n_lines);

/* The first byte from..to that may not be in a row (NUL, bad text); to when all
 * is well. */
const char *kehu__csv_bad_byte(const char *from, const char *to, bool *nul);

/* A cell's text, valid until the next call; false when memory is refused. */
bool kehu__csv_cell_text(kehu_csv *csv, const kehu__csv_cell *cell, kehu__text *text);

/* Make a value that cannot be read missing, and list it; false when memory is
 * refused. It counts with its row. */
bool kehu__csv_coerce(kehu_csv *csv, size_t column, const char *name, const char *reason,
                      kehu__text value);

/* Count the builder's current row and step to `next`, over n_lines line ends. */
kehu_status kehu__csv_end_row(kehu_csv *csv, const char *next, int64_t n_lines,
                              kehu_error *err);

/* List the current row as rejected and step to `next`; or, for one longer than
 * max_row_bytes, pass over its line. */
kehu_status kehu__csv_reject_row(kehu_csv *csv, const char *column, const char *reason,
                                 kehu__text value, const char *next, int64_t n_lines,
                                 kehu_error *err);
kehu_status kehu__csv_reject_long(kehu_csv *csv, kehu_error *err);

/* For tests: through an io that may fail. */
kehu_status kehu__csv_open(kehu_csv **out, const kehu__io *io, const char *path,
                           const void *bytes, size_t size,
                           const kehu_csv_options *options, kehu_error *err);

#endif
