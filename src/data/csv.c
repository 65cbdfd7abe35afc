#include <kehu/csv.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "data/csv_block.h"
#include "data/jsonl.h"

enum {
    DEFAULT_ROW_BYTES = 1 << 20,
    DEFAULT_BATCH_ROWS = 1 << 16,
    DEFAULT_REJECTS = 100000,
    BATCH_TEXT_BYTES = 1 << 24,
    PROGRESS_BYTES = 1 << 25 /* some ten times a second */
};

/* ---- opening ---- */

static kehu_status check_options(kehu_csv_options *o, kehu_error *err)
{
    const uint32_t flags =
        KEHU_CSV_NO_HEADER | KEHU_CSV_ONLY_FIELDS | KEHU_CSV_DETECT | KEHU_CSV_JSON;
    if (o->delimiter == 0)
        o->delimiter = ',';
    if (o->max_row_bytes == 0)
        o->max_row_bytes = DEFAULT_ROW_BYTES;
    if (o->batch_rows == 0)
        o->batch_rows = DEFAULT_BATCH_ROWS;
    if (o->max_rejects == 0)
        o->max_rejects = DEFAULT_REJECTS;
    if ((o->flags & ~flags) != 0 || o->reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "options.flags has unknown bits: %u",
                          (unsigned)o->flags);
    if (!kehu__delimiter_allowed(o->delimiter))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.delimiter is %u, expected an ASCII character that is "
                          "no quote and no line end",
                          (unsigned)o->delimiter);
    if (o->encoding > KEHU_ENCODING_GB18030)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.encoding is %u, expected 0 to 2",
                          (unsigned)o->encoding);
    if (o->max_row_bytes < 64 || o->max_row_bytes > 1u << 30)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.max_row_bytes is %u, expected 64 to 2^30",
                          (unsigned)o->max_row_bytes);
    if (o->zone_minutes < -1080 || o->zone_minutes > 1080)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.zone_minutes is %d, expected -1080 to 1080",
                          (int)o->zone_minutes);
    if (o->n_missing > 1000 || (o->missing == NULL && o->n_missing > 0))
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "options.missing is NULL or n_missing is %u, expected 0 to 1000",
            (unsigned)o->n_missing);
    for (uint32_t i = 0; i < o->n_missing; i++)
        if (o->missing[i] == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, i, "options.missing[%u] is NULL",
                              (unsigned)i);
    return kehu__fields_check(o->fields, o->n_fields, err);
}

static kehu_status start_quick(kehu_csv *csv, kehu_error *err)
{
    csv->block = kehu__alloc(&csv->alloc, 1, sizeof *csv->block);
    if (csv->block == NULL)
        return kehu__no_memory(err, "reading a file");
    kehu__csv_quick_start(csv);
    return KEHU_OK;
}

kehu_status kehu__csv_open(kehu_csv **out, const kehu__io *io, const char *path,
                           const void *bytes, size_t size,
                           const kehu_csv_options *options, kehu_error *err)
{
    kehu_csv_options o = {0};
    kehu_allocator alloc;
    kehu_status status;
    kehu_csv *csv;
    KEHU_TRY(kehu__options_read(&o, sizeof o, options, err));
    KEHU_TRY(check_options(&o, err));
    alloc = kehu__allocator(o.alloc);
    csv = kehu__alloc_zero(&alloc, 1, sizeof *csv);
    if (csv == NULL)
        return kehu__no_memory(err, "reading a file");
    csv->alloc = alloc;
    csv->options = o;
    csv->rules = (kehu__cell_rules){o.missing, o.n_missing, o.zone_minutes};
    csv->delimiter = (char)o.delimiter;
    csv->line = 1;
    csv->builder = kehu__builder_new(&alloc);
    status = kehu__csv_source_open(&csv->source, io, path, bytes, size, o.encoding,
                                   &alloc, err);
    if (status == KEHU_OK && (!kehu__rejects_init(&csv->rejects, o.max_rejects, &alloc) ||
                              !kehu__rejects_init(&csv->coerced, o.max_rejects, &alloc)))
        status = kehu__no_memory(err, "reading a file");
    if (status == KEHU_OK)
        status = (o.flags & KEHU_CSV_JSON) != 0 ? kehu__jsonl_start(csv, err)
                                                : kehu__csv_read_header(csv, err);
    if (status == KEHU_OK && (o.flags & KEHU_CSV_JSON) == 0)
        status = start_quick(csv, err);
    if (status == KEHU_OK)
        *out = csv;
    else
        kehu_csv_free(csv);
    return status;
}

kehu_status kehu_csv_open(kehu_csv **out, const char *path,
                          const kehu_csv_options *options, kehu_error *err)
{
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (path == NULL || path[0] == '\0')
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL or empty");
    return kehu__csv_open(out, &kehu__io_system, path, NULL, 0, options, err);
}

kehu_status kehu_csv_open_memory(kehu_csv **out, const void *bytes, size_t size,
                                 const char *name, const kehu_csv_options *options,
                                 kehu_error *err)
{
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if ((bytes == NULL && size > 0) || size > PTRDIFF_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL or size too large");
    return kehu__csv_open(out, NULL, name == NULL ? "the CSV" : name, bytes, size,
                          options, err);
}

void kehu_csv_free(kehu_csv *csv)
{
    if (csv != NULL) {
        const kehu_allocator a = csv->alloc;
        kehu__csv_source_close(&csv->source);
        kehu__free(&a, csv->block, 1, sizeof *csv->block);
        kehu__free(&a, csv->row.cells, csv->row.capacity, sizeof *csv->row.cells);
        kehu__free(&a, csv->targets, csv->n_targets, sizeof *csv->targets);
        kehu__free(&a, csv->names, csv->names_bytes, 1);
        kehu__free(&a, csv->absent, csv->absent_capacity, sizeof *csv->absent);
        kehu__free(&a, csv->seen, csv->options.n_fields, sizeof *csv->seen);
        kehu__free(&a, csv->unquoted, csv->unquoted_capacity, 1);
        kehu__free(&a, csv->lines, csv->lines_capacity, sizeof *csv->lines);
        kehu__builder_free(&csv->builder);
        kehu__rejects_free(&csv->rejects);
        kehu__rejects_free(&csv->coerced);
        kehu__free(&a, csv, 1, sizeof *csv);
    }
}

/* ---- rows ---- */

void kehu__csv_consume(kehu_csv *csv, const char *to, int64_t n_lines)
{
    csv->source.start = (size_t)(to - csv->source.text);
    csv->line += n_lines;
}

kehu_status kehu__csv_find_row(kehu_csv *csv, kehu__csv_found *found, kehu_error *err)
{
    kehu__csv_source *s = &csv->source;
    const kehu__csv_row *row = &csv->row;
    if (s->text == NULL)
        KEHU_TRY(kehu__csv_source_more(s, err));
    for (;;) {
        const char *from = s->text + s->start;
        *found =
            kehu__csv_scan(&csv->row, from, s->text + s->end, csv->delimiter, s->ended);
        if (*found == KEHU__CSV_CUT && s->end - s->start <= csv->options.max_row_bytes)
            KEHU_TRY(kehu__csv_source_more(s, err));
        else if (*found == KEHU__CSV_ROW && (*from == '\n' || *from == '\r'))
            kehu__csv_consume(csv, row->next, row->n_lines);
        else {
            if (*found == KEHU__CSV_ROW &&
                row->next - from > (ptrdiff_t)csv->options.max_row_bytes)
                *found = KEHU__CSV_CUT;
            return KEHU_OK;
        }
    }
}

bool kehu__csv_cell_text(kehu_csv *csv, const kehu__csv_cell *cell, kehu__text *text)
{
    *text = (kehu__text){cell->text, (int64_t)cell->size};
    if (!cell->doubled)
        return true;
    /* Not in place: after a refused allocation the row is read again. */
    if (!kehu__grow(&csv->alloc, &csv->unquoted, &csv->unquoted_capacity, cell->size, 1))
        return false;
    *text = (kehu__text){csv->unquoted, (int64_t)kehu__csv_unquote(csv->unquoted, cell)};
    return true;
}

/* Skip to the end of the physical line on which a broken row starts. */
static kehu_status skip_line(kehu_csv *csv, kehu_error *err)
{
    kehu__csv_source *s = &csv->source;
    for (;;) {
        const char *from = s->text + s->start, *end = s->text + s->end;
        size_t n = 0;
        while (n < (size_t)(end - from) && from[n] != '\n' && from[n] != '\r')
            n++;
        if (from + n < end && (from[n] == '\n' || from + n + 1 < end || s->ended)) {
            const bool pair =
                from[n] == '\r' && from + n + 1 < end && from[n + 1] == '\n';
            kehu__csv_consume(csv, from + n + 1 + pair, 1);
            break;
        }
        if (s->ended) {
            kehu__csv_consume(csv, end, 0);
            break;
        }
        /* What is skipped need not be kept. */
        s->start += n;
        KEHU_TRY(kehu__csv_source_more(s, err));
    }
    csv->skipping = false;
    return KEHU_OK;
}

static bool list_reject(kehu_csv *csv, const char *column, const char *reason,
                        kehu__text value)
{
    return kehu__rejects_add(&csv->rejects, csv->line, column, reason, value);
}

kehu_status kehu__csv_reject_row(kehu_csv *csv, const char *column, const char *reason,
                                 kehu__text value, const char *next, int64_t n_lines,
                                 kehu_error *err)
{
    if (!list_reject(csv, column, reason, value))
        return kehu__no_memory(err, "the reject report");
    kehu__csv_consume(csv, next, n_lines);
    return KEHU_OK;
}

/* List a row whose end is not sure and pass over its first line. */
static kehu_status reject_line(kehu_csv *csv, const char *column, const char *reason,
                               kehu__text value, kehu_error *err)
{
    if (!list_reject(csv, column, reason, value))
        return kehu__no_memory(err, "the reject report");
    csv->skipping = true;
    return skip_line(csv, err);
}

kehu_status kehu__csv_reject_long(kehu_csv *csv, kehu_error *err)
{
    const kehu__csv_source *s = &csv->source;
    char reason[64];
    snprintf(reason, sizeof reason, "row longer than %u bytes",
             (unsigned)csv->options.max_row_bytes);
    return reject_line(csv, NULL, reason,
                       (kehu__text){s->text + s->start, (int64_t)(s->end - s->start)},
                       err);
}

static const char *column_name(const kehu_csv *csv, size_t i)
{
    return i < csv->n_targets ? csv->targets[i].field.name : NULL;
}

/* A row whose quotes are broken. */
static kehu_status reject_quotes(kehu_csv *csv, kehu__csv_found found, kehu_error *err)
{
    const kehu__csv_row *row = &csv->row;
    const kehu__csv_source *s = &csv->source;
    const size_t last = row->n_cells - 1;
    kehu__text value = {s->text + s->start, (int64_t)(s->end - s->start)};
    if (last < row->capacity)
        value = (kehu__text){row->cells[last].text, (int64_t)row->cells[last].size};
    return reject_line(csv, column_name(csv, last),
                       found == KEHU__CSV_UNCLOSED ? "quote not closed"
                                                   : "text after the closing quote",
                       value, err);
}

const char *kehu__csv_bad_byte(const char *from, const char *to, bool *nul)
{
    const char *zero = memchr(from, '\0', (size_t)(to - from));
    const char *bad = from + kehu__utf8_valid(from, (size_t)(to - from));
    *nul = zero != NULL && zero <= bad;
    return *nul ? zero : bad;
}

static kehu_status reject_bad_byte(kehu_csv *csv, const char *bad, bool nul,
                                   kehu_error *err)
{
    const kehu__csv_row *row = &csv->row;
    size_t i = 0;
    while (i + 1 < row->n_cells && i + 1 < row->capacity &&
           row->cells[i].text + row->cells[i].size <= bad)
        i++;
    return kehu__csv_reject_row(
        csv, column_name(csv, i),
        nul ? "NUL byte" : kehu__csv_source_bad_text(&csv->source),
        (kehu__text){row->cells[i].text, (int64_t)row->cells[i].size}, row->next,
        row->n_lines, err);
}

static kehu_status reject_count(kehu_csv *csv, kehu_error *err)
{
    const kehu__csv_row *row = &csv->row;
    const char *from = csv->source.text + csv->source.start;
    char reason[80];
    snprintf(reason, sizeof reason, "%zu values, expected %zu", row->n_cells,
             csv->n_targets);
    return kehu__csv_reject_row(csv, NULL, reason, (kehu__text){from, row->next - from},
                                row->next, row->n_lines, err);
}

bool kehu__csv_coerce(kehu_csv *csv, size_t column, const char *name, const char *reason,
                      kehu__text value)
{
    kehu__builder_missing(&csv->builder, column);
    return kehu__rejects_add(&csv->coerced, csv->line, name, reason, value);
}

kehu_status kehu__csv_end_row(kehu_csv *csv, const char *next, int64_t n_lines,
                              kehu_error *err)
{
    kehu__builder *b = &csv->builder;
    if (csv->n_lines == csv->lines_capacity &&
        !kehu__grow(&csv->alloc, &csv->lines, &csv->lines_capacity, csv->n_lines + 1,
                    sizeof *csv->lines))
        return kehu__no_memory(err, "a batch of rows");
    if (!kehu__builder_end_row(b)) {
        const kehu_status status = kehu__builder_fail(b, err);
        kehu__builder_retry(b);
        return status;
    }
    csv->lines[csv->n_lines++] = csv->line;
    csv->n_coerced = csv->coerced.count;
    csv->batch_bytes += csv->text_bytes;
    csv->n_rows++;
    kehu__csv_consume(csv, next, n_lines);
    return KEHU_OK;
}

/* Read the cells of a row of the right size into the builder, or reject it. */
static kehu_status take_row(kehu_csv *csv, kehu_error *err)
{
    const kehu__csv_row *row = &csv->row;
    kehu__builder *b = &csv->builder;
    csv->text_bytes = 0;
    for (size_t i = 0; i < csv->n_targets; i++) {
        const kehu__csv_target *t = &csv->targets[i];
        const char *reason;
        kehu__text text;
        if (t->column == KEHU__CSV_DROPPED)
            continue;
        if (!kehu__csv_cell_text(csv, &row->cells[i], &text))
            return kehu__no_memory(err, "a batch of rows");
        reason = kehu__cell_read(b, (size_t)t->column, &t->field, &csv->rules, text,
                                 row->cells[i].quoted);
        csv->text_bytes += (size_t)text.size;
        if (reason == NULL)
            continue;
        if ((t->field.flags & KEHU_FIELD_COERCE) == 0)
            return kehu__csv_reject_row(csv, t->field.name, reason, text, row->next,
                                        row->n_lines, err);
        if (!kehu__csv_coerce(csv, (size_t)t->column, t->field.name, reason, text))
            return kehu__no_memory(err, "the list of coerced values");
    }
    for (size_t i = 0; i < csv->n_absent; i++)
        kehu__builder_missing(b, csv->absent[i]);
    return kehu__csv_end_row(csv, row->next, row->n_lines, err);
}

static kehu_status read_row(kehu_csv *csv, bool *ended, kehu_error *err)
{
    const kehu__csv_row *row = &csv->row;
    kehu__csv_found found;
    const char *from, *bad;
    bool nul;
    if (csv->skipping) /* what was begun before a failed read */
        KEHU_TRY(skip_line(csv, err));
    if ((csv->options.flags & KEHU_CSV_JSON) != 0)
        return kehu__jsonl_read_row(csv, ended, err);
    KEHU_TRY(kehu__csv_find_row(csv, &found, err));
    *ended = found == KEHU__CSV_NONE;
    if (*ended)
        return KEHU_OK;
    if (found == KEHU__CSV_CUT)
        return kehu__csv_reject_long(csv, err);
    if (found != KEHU__CSV_ROW)
        return reject_quotes(csv, found, err);
    from = csv->source.text + csv->source.start;
    if ((size_t)(row->next - csv->source.text) > csv->source.plain) {
        bad = kehu__csv_bad_byte(from, row->next, &nul);
        if (bad < row->next)
            return reject_bad_byte(csv, bad, nul, err);
    }
    return row->n_cells == csv->n_targets ? take_row(csv, err) : reject_count(csv, err);
}

static kehu_status tell_progress(kehu_csv *csv, kehu_error *err)
{
    const kehu__run run = {.progress = csv->options.progress};
    const kehu__csv_source *s = &csv->source;
    if (s->at - csv->reported < PROGRESS_BYTES)
        return KEHU_OK;
    csv->reported = s->at;
    return kehu__progress(&run, s->size > s->at ? (double)s->at / (double)s->size : 1,
                          "reading", err);
}

static kehu_status read_rows(kehu_table **out, kehu_csv *csv, bool all, kehu_error *err)
{
    bool ended = false;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (csv == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "csv is NULL");
    const int64_t most_rows = all ? INT64_MAX : csv->options.batch_rows;
    const size_t most_bytes = all ? SIZE_MAX : BATCH_TEXT_BYTES;
    if (csv->handed_out) {
        csv->handed_out = false;
        csv->n_lines = 0;
        csv->batch_bytes = 0;
    }
    while (!ended && csv->builder.n_rows < most_rows && csv->batch_bytes < most_bytes) {
        KEHU_TRY(tell_progress(csv, err));
        const kehu_status status = read_row(csv, &ended, err);
        kehu__rejects_rewind(&csv->coerced, csv->n_coerced);
        KEHU_TRY(status);
        if (csv->block != NULL && !ended)
            KEHU_TRY(kehu__csv_take_quick(csv, most_rows, most_bytes, err));
    }
    if (csv->builder.n_rows > 0 || all)
        KEHU_TRY(kehu__builder_finish(&csv->builder, out, err));
    csv->handed_out = true;
    return KEHU_OK;
}

kehu_status kehu_csv_next(kehu_table **out, kehu_csv *csv, kehu_error *err)
{
    return read_rows(out, csv, false, err);
}

kehu_status kehu_csv_rest(kehu_table **out, kehu_csv *csv, kehu_error *err)
{
    return read_rows(out, csv, true, err);
}

/* ---- questions ---- */

int64_t kehu_csv_line(const kehu_csv *csv, int64_t row)
{
    if (csv == NULL || !csv->handed_out || row < 0 || row >= (int64_t)csv->n_lines)
        return 0;
    return csv->lines[row];
}

kehu_status kehu_csv_reject(kehu_csv *csv, int64_t row, const char *column,
                            const char *reason, const char *value, kehu_error *err)
{
    const int64_t line = kehu_csv_line(csv, row);
    if (line == 0 || reason == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, row,
                          "row %lld is not in the last table, or reason is NULL",
                          (long long)row);
    if (value == NULL)
        value = "";
    if (!kehu__rejects_add(&csv->rejects, line, column, reason,
                           (kehu__text){value, (int64_t)strlen(value)}))
        return kehu__no_memory(err, "the reject report");
    return KEHU_OK;
}

int64_t kehu_csv_row_count(const kehu_csv *csv)
{
    return csv == NULL ? 0 : csv->n_rows;
}

int64_t kehu_csv_reject_count(const kehu_csv *csv)
{
    return csv == NULL ? 0 : csv->rejects.count;
}

kehu_status kehu_csv_rejects(kehu_table **out, const kehu_csv *csv, kehu_error *err)
{
    if (out == NULL || csv == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or csv is NULL");
    *out = NULL;
    return kehu__rejects_table(&csv->rejects, out, err);
}

int64_t kehu_csv_coerced_count(const kehu_csv *csv)
{
    return csv == NULL ? 0 : csv->n_coerced;
}

kehu_status kehu_csv_coerced(kehu_table **out, const kehu_csv *csv, kehu_error *err)
{
    if (out == NULL || csv == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or csv is NULL");
    *out = NULL;
    return kehu__rejects_table(&csv->coerced, out, err);
}
