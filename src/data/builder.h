/* data/builder.h - a table being filled, row by row.
 *
 *     kehu__builder b = kehu__builder_new(&alloc);
 *     kehu__builder_column(&b, "line", KEHU_INT64);
 *     kehu__builder_column(&b, "reason", KEHU_UTF8);
 *     kehu__builder_integer(&b, 0, 17);
 *     kehu__builder_text(&b, 1, "not a number", 12);
 *     kehu__builder_end_row(&b);
 *     status = kehu__builder_finish(&b, &table, err);
 *     kehu__builder_free(&b);
 *
 * Every cell of a row is written, in any order; writing again replaces. Nothing
 * counts before end_row, so a row given up needs no undoing. A refused
 * allocation is remembered until finish or retry. */
#ifndef KEHU_SRC_DATA_BUILDER_H
#define KEHU_SRC_DATA_BUILDER_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "data/table.h"

typedef struct kehu__builder_column {
    char *name; /* owned, name_bytes with its NUL */
    size_t name_bytes;
    kehu_type type;
    size_t width; /* bytes of a value, 0 for bits and text */
    kehu__store store;
    size_t text_bytes; /* of the rows that count */
} kehu__builder_column;

typedef struct kehu__builder {
    kehu_allocator alloc;
    kehu__builder_column *columns;
    size_t n_columns, columns_capacity;
    int64_t n_rows, room; /* rows all columns have room for */
    size_t last_rows;     /* of the last table: the next one is likely to be as long */
    kehu_status failed;   /* KEHU_OK, KEHU_NO_MEMORY or KEHU_LIMIT */
    size_t failed_column; /* of KEHU_LIMIT */
} kehu__builder;

static inline kehu__builder kehu__builder_new(const kehu_allocator *a)
{
    return (kehu__builder){.alloc = *a};
}

/* Add a column, before the first row. Any type but KEHU_CATEGORY. The name is
 * copied. */
void kehu__builder_add(kehu__builder *b, const char *name, kehu_type type);

/* Write a cell. integer is for BOOL (0 or not), whole numbers (in range),
 * DATE32 and TIMESTAMP; number for floats; text for text. */
void kehu__builder_integer(kehu__builder *b, size_t column, int64_t value);
void kehu__builder_number(kehu__builder *b, size_t column, double value);
void kehu__builder_text(kehu__builder *b, size_t column, const char *bytes, size_t size);
void kehu__builder_missing(kehu__builder *b, size_t column);

/* Copy row `row` of a checked column: of the cell's type, or any text to text. */
void kehu__builder_copy(kehu__builder *b, size_t column, const kehu_column *from,
                        int64_t row);

/* More room in every column; false, and remembered, when refused. */
bool kehu__builder_make_room(kehu__builder *b);

static inline bool kehu__builder_have_room(kehu__builder *b)
{
    return b->failed == KEHU_OK && (b->n_rows < b->room || kehu__builder_make_room(b));
}

/* Cells may also come a column at a time: with n_rows on each row in turn. Then, in a
 * column that holds text, each is ended for itself; and `keep` tells how many rows, of
 * which all cells are written, count. */
void kehu__builder_end_cell(kehu__builder *b, size_t column);
void kehu__builder_keep(kehu__builder *b, int64_t n_rows);

/* Mark the next n cells of a column, for which there is room, as not missing. Returns
 * where they stand when they have a fixed width. */
char *kehu__builder_put_rows(kehu__builder *b, size_t column, int64_t n);

/* Room for so many more bytes in a column of UTF8; false when refused or too many. */
bool kehu__builder_text_room(kehu__builder *b, size_t column, size_t size);

/* A cell of UTF8, ended, for which there is room. */
static inline void kehu__builder_put_text(kehu__builder *b, size_t column,
                                          const char *bytes, size_t size)
{
    kehu__builder_column *c = &b->columns[column];
    const int32_t end = (int32_t)(c->text_bytes + size);
    kehu__copy_short(c->store.data + c->text_bytes, bytes, size);
    memcpy(c->store.offsets + (size_t)(b->n_rows + 1) * sizeof end, &end, sizeof end);
    c->text_bytes += size;
}

/* Count the row; false when something failed, and the row does not count. */
bool kehu__builder_end_row(kehu__builder *b);

/* Forget a failure: the row may be written anew. */
void kehu__builder_retry(kehu__builder *b);

/* The failure as a status with its message. */
kehu_status kehu__builder_fail(const kehu__builder *b, kehu_error *err);

/* Hand the rows over as a table and start again with no row and the same
 * columns. On failure *out is NULL and the builder keeps its rows. */
kehu_status kehu__builder_finish(kehu__builder *b, kehu_table **out, kehu_error *err);

/* How a function that fills one table ends: the rows handed over, or the status that
 * says why not (done false: memory was refused elsewhere). The builder is freed. */
kehu_status kehu__builder_end(kehu__builder *b, bool done, kehu_table **out,
                              kehu_error *err);

void kehu__builder_free(kehu__builder *b);

#endif
