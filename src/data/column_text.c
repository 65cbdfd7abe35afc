/* One cell as text, for callers who do not want to know layouts. */
#include <kehu/column.h>

#include <string.h>

#include "base/error.h"
#include "data/column.h"

static bool is_category(const kehu_column *c)
{
    return c->type >= KEHU_CATEGORY && c->type <= KEHU_CATEGORY16;
}

/* A row as a checked column of its own, a category's as that of its text. Nothing else of
 * the column is looked at, so that a cell costs no more than its text. */
static kehu_status take_cell(const kehu_column *c, int64_t row, kehu_column *cell,
                             kehu_error *err)
{
    if (c == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "column is NULL");
    if (row < 0 || row >= c->length || c->start < 0 || c->start > INT64_MAX - row)
        return kehu__fail(err, KEHU_ARGUMENT, row, "no row %lld in a column of %lld",
                          (long long)row, (long long)c->length);
    *cell = *c;
    cell->start += row;
    cell->length = 1;
    if (!is_category(c) || c->data == NULL)
        return kehu__column_check(cell, "column", err);
    if (!kehu__column_valid(cell, 0))
        return KEHU_OK;
    if (c->dictionary == NULL || is_category(c->dictionary))
        return kehu__fail(err, KEHU_COLUMN, -1, "column has no dictionary of UTF-8 text");
    return take_cell(c->dictionary, kehu__column_code(c, row), cell, err);
}

kehu_status kehu_column_text(const kehu_column *column, int64_t row, char *text,
                             size_t capacity, int64_t *size, kehu_error *err)
{
    char number[KEHU__CELL_BYTES];
    kehu_column cell;
    kehu__text t;
    size_t n;
    if (text == NULL && capacity > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "text is NULL");
    KEHU_TRY(take_cell(column, row, &cell, err));
    t = kehu__type_is_text(cell.type)
            ? kehu__column_text(&cell, 0)
            : (kehu__text){number, kehu__column_format(number, &cell, 0, 0)};
    if (size != NULL)
        *size = kehu__column_valid(&cell, 0) ? t.size : -1;
    if (capacity > 0) {
        n = (size_t)t.size;
        if (n > capacity - 1)
            for (n = capacity - 1; n > 0 && ((unsigned char)t.bytes[n] & 0xC0) == 0x80;)
                n--;
        memcpy(text, t.bytes, n);
        text[n] = '\0';
    }
    return KEHU_OK;
}
