#include "data/csv_block.h"

#include <string.h>

#include "base/digits.h"
#include "data/date_text.h"

void kehu__csv_quick_start(kehu_csv *csv)
{
    kehu__csv_marks *m = &csv->block->marks;
    m->base = m->to = m->n = m->next = 0;
    m->window = csv->source.moves - 1; /* none are found yet */
    for (size_t i = 0; i < csv->n_targets; i++) {
        kehu__csv_target *t = &csv->targets[i];
        const kehu_type type = kehu__field_type(&t->field);
        t->form = t->column == KEHU__CSV_DROPPED ? KEHU__CSV_SKIP
                  : csv->rules.n_missing > 0     ? KEHU__CSV_ANY
                  : type == KEHU_UTF8            ? KEHU__CSV_TEXT
                  : type == KEHU_DATE32          ? KEHU__CSV_DATE
                  : type == KEHU_TIMESTAMP       ? KEHU__CSV_TIME
                  : type != KEHU_INT64           ? KEHU__CSV_ANY
                  : t->field.decimals == 0       ? KEHU__CSV_WHOLE
                  : t->field.decimals <= 8       ? KEHU__CSV_MONEY
                                                 : KEHU__CSV_ANY;
    }
}

/* ---- Values of the usual form ---- */

static inline int64_t with_sign(uint64_t size, bool negative)
{
    return negative ? -(int64_t)size : (int64_t)size;
}

static inline bool read_whole(const char *from, size_t n, int64_t *v)
{
    uint64_t size;
    const bool negative = *from == '-';
    if (!kehu__short_number(from + negative, n - negative, &size))
        return false;
    *v = with_sign(size, negative);
    return true;
}

/* An amount with exactly as many decimals as its column. */
static inline bool read_amount(const char *from, size_t n, size_t decimals, int64_t *v)
{
    uint64_t size;
    const bool negative = *from == '-';
    if (n < decimals + 2 + negative ||
        !kehu__short_amount(from + negative, n - negative, decimals, &size))
        return false;
    *v = with_sign(size, negative);
    return true;
}

/* ---- Columns ---- */

/* One column of a block on its way into the builder. */
typedef struct reading {
    kehu_csv *csv;
    const kehu__csv_target *target;
    const char *stretch;
    const uint16_t *before,
        *end;       /* of the first row's cell; the next row's is `step` on */
    size_t step, n; /* n rows */
    int64_t n_rows; /* in the builder before the block */
} reading;

/* The cell of the row that is `at` = row * step on. */
static inline const char *cell_of(const reading *r, size_t at, size_t *size)
{
    const uint16_t from = (uint16_t)(r->before[at] + 1);
    *size = (size_t)(r->end[at] - from);
    return r->stretch + from;
}

/* Any cell; false when it is to be rejected, or memory is refused. */
static bool read_any(const reading *r, size_t row)
{
    const kehu__csv_target *t = r->target;
    kehu__builder *b = &r->csv->builder;
    size_t size;
    const char *from = cell_of(r, row * r->step, &size);
    b->n_rows = r->n_rows + (int64_t)row;
    return kehu__cell_read(b, (size_t)t->column, &t->field, &r->csv->rules,
                           (kehu__text){from, (int64_t)size}, from[-1] == '"') == NULL &&
           b->failed == KEHU_OK;
}

/* A column's readers return how many rows they could read. */

static size_t read_wholes(const reading *r, char *values)
{
    int64_t value;
    size_t size;
    for (size_t i = 0, at = 0; i < r->n; i++, at += r->step) {
        const char *from = cell_of(r, at, &size);
        if (size > 0 && read_whole(from, size, &value))
            memcpy(values + i * sizeof value, &value, sizeof value);
        else if (!read_any(r, i))
            return i;
    }
    return r->n;
}

static size_t read_amounts(const reading *r, char *values)
{
    const size_t decimals = (size_t)r->target->field.decimals;
    int64_t value;
    size_t size;
    for (size_t i = 0, at = 0; i < r->n; i++, at += r->step) {
        const char *from = cell_of(r, at, &size);
        if (size > 0 && read_amount(from, size, decimals, &value))
            memcpy(values + i * sizeof value, &value, sizeof value);
        else if (!read_any(r, i))
            return i;
    }
    return r->n;
}

static size_t read_dates(const reading *r, char *values)
{
    int32_t day;
    size_t size;
    for (size_t i = 0, at = 0; i < r->n; i++, at += r->step) {
        const char *from = cell_of(r, at, &size);
        if (size == 10 && kehu__parse_plain_date(from, &day))
            memcpy(values + i * sizeof day, &day, sizeof day);
        else if (!read_any(r, i))
            return i;
    }
    return r->n;
}

static size_t read_times(const reading *r, char *values)
{
    const int32_t zone = r->csv->rules.zone_minutes;
    int64_t us;
    size_t size;
    for (size_t i = 0, at = 0; i < r->n; i++, at += r->step) {
        const char *from = cell_of(r, at, &size);
        if (size == 19 && kehu__parse_plain_timestamp(from, zone, &us))
            memcpy(values + i * sizeof us, &us, sizeof us);
        else if (!read_any(r, i))
            return i;
    }
    return r->n;
}

static size_t read_texts(const reading *r)
{
    const size_t column = (size_t)r->target->column;
    kehu__builder *b = &r->csv->builder;
    const bool room = kehu__builder_text_room(b, column, KEHU__CSV_STRETCH);
    size_t size;
    kehu__builder_put_rows(b, column, (int64_t)r->n);
    for (size_t i = 0, at = 0; i < r->n; i++, at += r->step) {
        const char *from = cell_of(r, at, &size);
        b->n_rows = r->n_rows + (int64_t)i;
        if (room && size > 0)
            kehu__builder_put_text(b, column, from, size);
        else if (!read_any(r, i))
            return i;
        else
            kehu__builder_end_cell(b, column);
    }
    return r->n;
}

static size_t read_anys(const reading *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!read_any(r, i))
            return i;
        kehu__builder_end_cell(&r->csv->builder, (size_t)r->target->column);
    }
    return r->n;
}

static size_t read_column(const reading *r)
{
    kehu__builder *b = &r->csv->builder;
    if (r->target->form == KEHU__CSV_TEXT)
        return read_texts(r);
    if (r->target->form == KEHU__CSV_ANY)
        return read_anys(r);
    char *values = kehu__builder_put_rows(b, (size_t)r->target->column, (int64_t)r->n);
    return r->target->form == KEHU__CSV_WHOLE   ? read_wholes(r, values)
           : r->target->form == KEHU__CSV_MONEY ? read_amounts(r, values)
           : r->target->form == KEHU__CSV_TIME  ? read_times(r, values)
                                                : read_dates(r, values);
}

void kehu__csv_read_block(kehu_csv *csv, kehu__csv_block *block)
{
    kehu__builder *b = &csv->builder;
    const int64_t n_rows = b->n_rows;
    for (size_t i = 0; i < csv->n_targets; i++) {
        const reading r = {.csv = csv,
                           .target = &csv->targets[i],
                           .stretch = csv->source.text + block->marks.base,
                           .before = block->before + i,
                           .end = block->end + i,
                           .step = csv->n_targets,
                           .n = block->n_rows,
                           .n_rows = n_rows};
        if (r.target->form != KEHU__CSV_SKIP)
            block->n_rows = read_column(&r);
        b->n_rows = n_rows;
    }
    for (size_t i = 0; i < csv->n_absent; i++, b->n_rows = n_rows)
        for (size_t row = 0; row < block->n_rows; row++, b->n_rows++) {
            kehu__builder_missing(b, csv->absent[i]);
            kehu__builder_end_cell(b, csv->absent[i]);
        }
}

size_t kehu__csv_block_text(const kehu_csv *csv, const kehu__csv_block *block)
{
    const size_t n = csv->n_targets, n_cells = block->n_rows * n;
    uint32_t bytes = 0;
    for (size_t at = 0; at < n_cells; at++)
        bytes += (uint16_t)(block->end[at] - block->before[at] - 1);
    for (size_t i = 0; i < n; i++)
        for (size_t at = i; at < n_cells && csv->targets[i].form == KEHU__CSV_SKIP;
             at += n)
            bytes -= (uint16_t)(block->end[at] - block->before[at] - 1);
    return bytes;
}
