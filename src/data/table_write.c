#include "data/table_write.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "data/cell.h"
#include "data/column.h"
#include "data/json.h"
#include "data/sink.h"

/* What a save hands through to its write. */
typedef struct job {
    const kehu_table *table;
    kehu__format format;
    kehu_write_options options; /* defaults put in */
} job;

static kehu_status job_new(job *j, const kehu_table *table, kehu__format format,
                           const kehu_write_options *options, kehu_error *err)
{
    const uint32_t flags =
        KEHU_WRITE_BOM | KEHU_WRITE_CRLF | KEHU_WRITE_GUARD | KEHU_WRITE_LINES;
    kehu_write_options *o = &j->options;
    *j = (job){.table = table, .format = format};
    if (table == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table is NULL");
    KEHU_TRY(kehu__options_read(o, sizeof *o, options, err));
    if (o->delimiter == 0)
        o->delimiter = ',';
    if ((o->flags & ~flags) != 0 || o->reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "options.flags has unknown bits: %u",
                          (unsigned)o->flags);
    if (!kehu__delimiter_allowed(o->delimiter))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.delimiter is %u, expected an ASCII character that is "
                          "no quote and no line end",
                          (unsigned)o->delimiter);
    if (o->zone_minutes < -1080 || o->zone_minutes > 1080)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.zone_minutes is %d, expected -1080 to 1080",
                          (int)o->zone_minutes);
    return kehu__fields_check(o->fields, o->n_fields, err);
}

/* Decimals of a money column, 0 for all others. */
static int decimals_of(const kehu_write_options *o, const kehu_column *c)
{
    for (uint32_t i = 0; kehu__column_kind(c) == KEHU_INT64 && i < o->n_fields; i++)
        if (strcmp(o->fields[i].name, c->name) == 0)
            return o->fields[i].decimals;
    return 0;
}

/* ---- CSV ---- */

static bool needs_quotes(const char *bytes, size_t size, char delimiter)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == delimiter || bytes[i] == '"' || bytes[i] == '\n' ||
            bytes[i] == '\r')
            return true;
    /* A byte-order mark that belongs to the first name is no mark of the file. */
    return size == 0 || (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0);
}

/* = + - @, their full-width forms, and characters that some programs skip. */
static bool looks_like_formula(const char *bytes, size_t size)
{
    static const char *const wide[] = {"＝", "＋", "－", "＠"};
    if (size == 0)
        return false;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (size >= 3 && memcmp(bytes, wide[i], 3) == 0)
            return true;
    return bytes[0] == '=' || bytes[0] == '+' || bytes[0] == '-' || bytes[0] == '@' ||
           (unsigned char)bytes[0] < 0x20;
}

static void put_text(kehu__sink *s, const char *bytes, size_t size,
                     const kehu_write_options *o)
{
    const bool guard =
        (o->flags & KEHU_WRITE_GUARD) != 0 && looks_like_formula(bytes, size);
    if (!needs_quotes(bytes, size, (char)o->delimiter) &&
        !(guard && o->delimiter == '\'')) {
        if (guard)
            kehu__sink_char(s, '\'');
        kehu__sink_add(s, bytes, size);
        return;
    }
    kehu__sink_add(s, guard ? "\"'" : "\"", guard ? 2 : 1);
    for (size_t at = 0; at < size;) {
        const char *quote = memchr(bytes + at, '"', size - at);
        const size_t n = quote == NULL ? size - at : (size_t)(quote + 1 - bytes) - at;
        kehu__sink_add(s, bytes + at, n);
        if (quote != NULL)
            kehu__sink_char(s, '"');
        at += n;
    }
    kehu__sink_char(s, '"');
}

static void put_cell(kehu__sink *s, const kehu_column *c, int64_t row, int decimals,
                     const kehu_write_options *o, bool alone)
{
    char text[KEHU__CELL_BYTES];
    if (!kehu__column_valid(c, row)) {
        if (alone) /* an empty line would be skipped */
            kehu__sink_add(s, "\"\"", 2);
    } else if (kehu__type_is_text(c->type)) {
        const kehu__text t = kehu__column_text(c, row);
        put_text(s, t.bytes, (size_t)t.size, o);
    } else if ((c->type == KEHU_FLOAT64 || c->type == KEHU_FLOAT32) &&
               isnan(kehu__column_number(c, row))) {
        if (alone)
            kehu__sink_add(s, "\"\"", 2);
    } else {
        const int n =
            decimals > 0
                ? kehu__format_money(text, kehu__column_integer(c, row), decimals)
                : kehu__column_format(text, c, row, o->zone_minutes);
        /* A delimiter such as '-' or '5' is allowed, if odd. */
        if (needs_quotes(text, (size_t)n, (char)o->delimiter))
            kehu__sink_char(s, '"');
        kehu__sink_add(s, text, (size_t)n);
        if (needs_quotes(text, (size_t)n, (char)o->delimiter))
            kehu__sink_char(s, '"');
    }
}

static void put_line_end(kehu__sink *s, const kehu_write_options *o)
{
    if ((o->flags & KEHU_WRITE_CRLF) != 0)
        kehu__sink_char(s, '\r');
    kehu__sink_char(s, '\n');
}

static void put_csv(kehu__sink *s, const job *j)
{
    const kehu_write_options *o = &j->options;
    const int64_t n_rows = kehu_table_row_count(j->table);
    const int64_t n = kehu_table_column_count(j->table);
    if ((o->flags & KEHU_WRITE_BOM) != 0)
        kehu__sink_add(s, "\xEF\xBB\xBF", 3);
    for (int64_t k = 0; k < n; k++) {
        const char *name = kehu_table_column(j->table, k)->name;
        if (k > 0)
            kehu__sink_char(s, (char)o->delimiter);
        put_text(s, name, strlen(name), o);
    }
    put_line_end(s, o);
    for (int64_t i = 0; i < n_rows && !s->failed; i++) {
        for (int64_t k = 0; k < n; k++) {
            const kehu_column *c = kehu_table_column(j->table, k);
            if (k > 0)
                kehu__sink_char(s, (char)o->delimiter);
            put_cell(s, c, i, decimals_of(o, c), o, n == 1);
        }
        put_line_end(s, o);
    }
}

/* ---- JSON ---- */

static void put_object(kehu__json *out, const job *j, int64_t row)
{
    const kehu_write_options *o = &j->options;
    const int64_t n = kehu_table_column_count(j->table);
    kehu__json_object(out);
    for (int64_t k = 0; k < n; k++) {
        const kehu_column *c = kehu_table_column(j->table, k);
        const int decimals = decimals_of(o, c);
        kehu__json_key(out, c->name);
        if (decimals > 0 && kehu__column_valid(c, row))
            kehu__json_money(out, kehu__column_integer(c, row), decimals);
        else
            kehu__json_cell(out, c, row, o->zone_minutes);
    }
    kehu__json_end(out);
}

static kehu_status put_json(const job *j, const kehu_writer *writer, kehu_error *err)
{
    const bool lines = (j->options.flags & KEHU_WRITE_LINES) != 0;
    const int64_t n_rows = kehu_table_row_count(j->table);
    kehu__json out;
    kehu__json_init(&out, writer);
    if (!lines)
        kehu__json_array(&out);
    for (int64_t i = 0; i < n_rows && !out.sink.failed; i++) {
        put_object(&out, j, i);
        if (lines)
            kehu__json_line(&out);
    }
    if (!lines) {
        kehu__json_end(&out);
        kehu__json_line(&out);
    }
    return kehu__json_finish(&out, err);
}

/* ---- both ---- */

static kehu_status write_job(const void *ctx, const kehu_writer *writer, kehu_error *err)
{
    const job *j = ctx;
    kehu__sink s;
    if (writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "writer is NULL");
    if (j->format == KEHU__FORMAT_JSON)
        return put_json(j, writer, err);
    kehu__sink_init(&s, writer);
    put_csv(&s, j);
    return kehu__sink_flush(&s, err);
}

kehu_status kehu__table_save(const kehu_table *table, kehu__format format,
                             const kehu__io *io, const char *path,
                             const kehu_write_options *options, kehu_error *err)
{
    job j;
    KEHU_TRY(job_new(&j, table, format, options, err));
    return kehu__sink_save(path, io, write_job, &j, err);
}

kehu_status kehu_table_write_csv(const kehu_table *table, const kehu_writer *writer,
                                 const kehu_write_options *options, kehu_error *err)
{
    job j;
    KEHU_TRY(job_new(&j, table, KEHU__FORMAT_CSV, options, err));
    return write_job(&j, writer, err);
}

kehu_status kehu_table_write_json(const kehu_table *table, const kehu_writer *writer,
                                  const kehu_write_options *options, kehu_error *err)
{
    job j;
    KEHU_TRY(job_new(&j, table, KEHU__FORMAT_JSON, options, err));
    return write_job(&j, writer, err);
}

kehu_status kehu_table_save_csv(const kehu_table *table, const char *path,
                                const kehu_write_options *options, kehu_error *err)
{
    return kehu__table_save(table, KEHU__FORMAT_CSV, &kehu__io_system, path, options,
                            err);
}

kehu_status kehu_table_save_json(const kehu_table *table, const char *path,
                                 const kehu_write_options *options, kehu_error *err)
{
    return kehu__table_save(table, KEHU__FORMAT_JSON, &kehu__io_system, path, options,
                            err);
}
