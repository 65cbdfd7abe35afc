/* data/column.h - reading a caller's kehu_column safely. */
#ifndef KEHU_SRC_DATA_COLUMN_H
#define KEHU_SRC_DATA_COLUMN_H

#include <kehu/column.h>

#include <stdbool.h>

/* Check all that later access relies on: type known, length and start not
 * negative, buffers there, offsets rising, category codes inside a dictionary
 * of UTF-8 type. `name` is the argument's name, for messages. Fails with
 * KEHU_ARGUMENT or KEHU_COLUMN; err->where is the row. Time O(length) for text
 * and categories, else O(1). */
kehu_status kehu__column_check(const kehu_column *c, const char *name, kehu_error *err);

/* The same, and the type is one of text (UTF8, LARGE_UTF8, CATEGORY) or of
 * numbers (everything else). */
kehu_status kehu__column_check_text(const kehu_column *c, const char *name,
                                    kehu_error *err);
kehu_status kehu__column_check_number(const kehu_column *c, const char *name,
                                      kehu_error *err);

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

/* Row i of a checked integer, date, time or boolean column; missing is 0. */
int64_t kehu__column_integer(const kehu_column *c, int64_t i);

/* Room for what the next one writes, with the closing NUL. */
enum { KEHU__CELL_BYTES = 48 };

/* Row i of a checked column of numbers as text, and its length: shortest numbers,
 * "true" and "false", ISO dates, ISO times in the zone. Missing is empty. */
int kehu__column_format(char out[KEHU__CELL_BYTES], const kehu_column *c, int64_t i,
                        int32_t zone_minutes);

#endif
