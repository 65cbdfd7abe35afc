/* data/column.h - reading a caller's kehu_column safely. */
#ifndef KEHU_SRC_DATA_COLUMN_H
#define KEHU_SRC_DATA_COLUMN_H

#include <kehu/column.h>

#include <stdbool.h>

/* Check all that later access relies on: type known, length and start not
 * negative, buffers there, offsets rising, views inside their buffers, category
 * codes inside a dictionary of plain text, times and whole decimals inside 64 bits.
 * `name` is the argument's name, for messages. Fails with KEHU_ARGUMENT, KEHU_COLUMN
 * or KEHU_RANGE; err->where is the row. Time O(length) for text, categories, coarse
 * times and whole decimals, else O(1). */
kehu_status kehu__column_check(const kehu_column *c, const char *name, kehu_error *err);

/* The same, and the type is one of text (plain, in views or by category) or of
 * numbers (everything else). */
kehu_status kehu__column_check_text(const kehu_column *c, const char *name,
                                    kehu_error *err);
kehu_status kehu__column_check_number(const kehu_column *c, const char *name,
                                      kehu_error *err);

/* What the functions below read a checked column as: a type up to KEHU_CATEGORY.
 * Who asks for more than text or numbers asks for this, not for the layout. */
kehu_type kehu__column_kind(const kehu_column *c);

bool kehu__type_is_text(kehu_type type);
const char *kehu__type_name(kehu_type type); /* "FLOAT64"; never NULL */

/* Row i is present. 0 <= i < length, column checked. */
static inline bool kehu__column_valid(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    return c->validity == NULL || (c->validity[at >> 3] >> (at & 7) & 1) != 0;
}

typedef struct kehu__text {
    const char *bytes;
    int64_t size; /* bytes */
} kehu__text;

/* Row i of a checked text column; a missing value is an empty text. */
kehu__text kehu__column_text(const kehu_column *c, int64_t i);

/* Row i of a checked number column; a missing value is NaN. Integers beyond
 * 2^53 are rounded. */
double kehu__column_number(const kehu_column *c, int64_t i);

/* Rows from .. from + n - 1 of the same as doubles. */
void kehu__column_numbers(const kehu_column *c, int64_t from, int64_t n, double *out);

/* Row i of a checked integer, date, time or boolean column; missing is 0. Times are
 * in microseconds whatever their column has. */
int64_t kehu__column_integer(const kehu_column *c, int64_t i);

/* Rows from .. from + n - 1 of the same. */
void kehu__column_integers(const kehu_column *c, int64_t from, int64_t n, int64_t *out);

/* Row i of a checked column of categories, which is there. */
static inline int32_t kehu__column_code(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    return c->type == KEHU_CATEGORY8    ? ((const uint8_t *)c->data)[at]
           : c->type == KEHU_CATEGORY16 ? ((const uint16_t *)c->data)[at]
                                        : ((const int32_t *)c->data)[at];
}

/* Room for what the next one writes, with the closing NUL. */
enum { KEHU__CELL_BYTES = 48 };

/* Row i of a checked column of numbers as text, and its length: shortest numbers,
 * "true" and "false", ISO dates, ISO times in the zone. Missing is empty. */
int kehu__column_format(char out[KEHU__CELL_BYTES], const kehu_column *c, int64_t i,
                        int32_t zone_minutes);

#endif
