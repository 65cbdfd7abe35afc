/* The text format of libsvm: "label column:value column:value ..." */
#include <kehu/linear.h>

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "file/container.h"
#include "file/io.h"
#include "learn/linear_handle.h"

struct kehu_libsvm {
    kehu_allocator alloc;
    kehu_sparse rows;
    size_t row_capacity, entry_capacity;
    int64_t *starts;
    int32_t *labels;
    uint32_t *columns;
    float *values;
};

typedef struct source {
    const char *name; /* of the file, for messages */
    int64_t line;     /* from 0 */
    kehu_error *err;
} source;

static kehu_status bad(const source *s, kehu_status status, const char *what)
{
    return kehu__fail(s->err, status, s->line, "%s, line %lld: %s", s->name,
                      (long long)s->line + 1, what);
}

/* Room for one more row and entry. */
static kehu_status make_room(kehu_libsvm *d, size_t n_entries, const source *s)
{
    const size_t rows = (size_t)d->rows.n_rows + 2;
    size_t labels = d->row_capacity, columns = d->entry_capacity;
    if (rows > d->row_capacity) {
        if (!kehu__grow(&d->alloc, &d->labels, &labels, rows, sizeof *d->labels))
            return kehu__no_memory(s->err, "the rows");
        /* The arrays of a pair have one capacity; the first goes back if the second
         * is refused. */
        if (!kehu__grow(&d->alloc, &d->starts, &d->row_capacity, rows,
                        sizeof *d->starts)) {
            kehu__free(&d->alloc, d->labels, labels, sizeof *d->labels);
            d->labels = NULL;
            return kehu__no_memory(s->err, "the rows");
        }
    }
    if (n_entries > d->entry_capacity) {
        if (!kehu__grow(&d->alloc, &d->columns, &columns, n_entries, sizeof *d->columns))
            return kehu__no_memory(s->err, "the rows");
        if (!kehu__grow(&d->alloc, &d->values, &d->entry_capacity, n_entries,
                        sizeof *d->values)) {
            kehu__free(&d->alloc, d->columns, columns, sizeof *d->columns);
            d->columns = NULL;
            return kehu__no_memory(s->err, "the rows");
        }
    }
    return KEHU_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static kehu_status read_label(const char *text, size_t size, int32_t *label,
                              const source *s)
{
    double x;
    if (kehu__parse_double(text, size, &x) != KEHU__NUMBER_OK)
        return bad(s, KEHU_FORMAT, "the label is not a number");
    if (!(x >= INT32_MIN && x <= INT32_MAX) || x != floor(x))
        return bad(s, KEHU_DATA, "the label is not a whole number of 32 bits");
    *label = (int32_t)x;
    return KEHU_OK;
}

static kehu_status read_entry(kehu_libsvm *d, size_t n, size_t first, const char *text,
                              size_t size, const source *s)
{
    const char *const colon = memchr(text, ':', size);
    const size_t before = colon == NULL ? 0 : (size_t)(colon - text);
    uint64_t column;
    double value;
    kehu__number status;
    if (colon == NULL)
        return bad(s, KEHU_FORMAT, "column:value expected");
    status = kehu__parse_uint64(text, before, &column);
    if (status == KEHU__NUMBER_BAD)
        return bad(s, KEHU_FORMAT, "a column is not a whole number");
    if (status != KEHU__NUMBER_OK || column < 1 || column > UINT32_MAX - 1)
        return bad(s, KEHU_RANGE, "a column is not in 1 to 4294967294");
    status = kehu__parse_double(colon + 1, size - before - 1, &value);
    if (status == KEHU__NUMBER_BAD)
        return bad(s, KEHU_FORMAT, "a value is not a number");
    if (status != KEHU__NUMBER_OK || !isfinite((float)value))
        return bad(s, KEHU_RANGE, "a value is not finite in single precision");
    if (n > first && d->columns[n - 1] >= (uint32_t)column - 1)
        return bad(s, KEHU_DATA, "columns do not rise");
    d->columns[n] = (uint32_t)column - 1;
    d->values[n] = (float)value;
    if (d->rows.n_columns < column)
        d->rows.n_columns = (uint32_t)column;
    return KEHU_OK;
}

static kehu_status read_line(kehu_libsvm *d, const char *at, const char *end,
                             const source *s)
{
    const size_t first = d->rows.n_rows == 0 ? 0 : (size_t)d->starts[d->rows.n_rows];
    size_t n = first;
    bool labelled = false;
    for (;;) {
        const char *word;
        while (at < end && is_blank(*at))
            at++;
        if (at == end || *at == '#')
            break;
        word = at;
        while (at < end && !is_blank(*at) && *at != '#')
            at++;
        KEHU_TRY(make_room(d, n + 1, s));
        if (labelled)
            KEHU_TRY(read_entry(d, n++, first, word, (size_t)(at - word), s));
        else
            KEHU_TRY(
                read_label(word, (size_t)(at - word), &d->labels[d->rows.n_rows], s));
        labelled = true;
    }
    if (labelled) {
        d->starts[d->rows.n_rows] = (int64_t)first;
        d->starts[++d->rows.n_rows] = (int64_t)n;
    }
    return KEHU_OK;
}

static kehu_status read_named(kehu_libsvm **out, const char *bytes, size_t size,
                              const char *name, const kehu_allocator *alloc,
                              kehu_error *err)
{
    kehu_libsvm *const d = kehu__alloc_zero(alloc, 1, sizeof *d);
    const char *at = bytes;
    source s = {.name = name, .err = err};
    kehu_status status = KEHU_OK;
    if (d == NULL)
        return kehu__no_memory(err, "the rows");
    d->alloc = *alloc;
    for (size_t left = size; left > 0 && status == KEHU_OK; s.line++) {
        const char *const newline = memchr(at, '\n', left);
        const size_t length = newline == NULL ? left : (size_t)(newline - at);
        status = read_line(d, at, at + length, &s);
        at += length + (newline != NULL);
        left -= length + (newline != NULL);
    }
    if (status == KEHU_OK && d->rows.n_rows == 0) {
        status = make_room(d, 0, &s);
        if (status == KEHU_OK)
            d->starts[0] = 0;
    }
    if (status != KEHU_OK) {
        kehu_libsvm_free(d);
        return status;
    }
    d->rows.starts = d->starts;
    d->rows.columns = d->columns;
    d->rows.values = d->values;
    *out = d;
    return KEHU_OK;
}

kehu_status kehu_libsvm_read(kehu_libsvm **out, const void *bytes, size_t size,
                             const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (bytes == NULL && size > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL");
    return read_named(out, bytes, size, "the rows", &a, err);
}

kehu_status kehu_libsvm_load(kehu_libsvm **out, const char *path,
                             const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_status status;
    char *bytes = NULL;
    size_t size = 0;
    if (out == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or path is NULL");
    *out = NULL;
    KEHU_TRY(
        kehu__file_read(&kehu__io_system, path, PTRDIFF_MAX, &a, &bytes, &size, err));
    status = read_named(out, bytes, size, path, &a, err);
    kehu__free(&a, bytes, size, 1);
    return status;
}

const kehu_sparse *kehu_libsvm_rows(const kehu_libsvm *data)
{
    return &data->rows;
}

const int32_t *kehu_libsvm_labels(const kehu_libsvm *data)
{
    return data->labels;
}

void kehu_libsvm_free(kehu_libsvm *d)
{
    if (d != NULL) {
        const kehu_allocator alloc = d->alloc;
        kehu__free(&alloc, d->starts, d->row_capacity, sizeof *d->starts);
        kehu__free(&alloc, d->labels, d->row_capacity, sizeof *d->labels);
        kehu__free(&alloc, d->columns, d->entry_capacity, sizeof *d->columns);
        kehu__free(&alloc, d->values, d->entry_capacity, sizeof *d->values);
        kehu__free(&alloc, d, 1, sizeof *d);
    }
}

/* ---- writing ---- */

enum { FLUSH_BYTES = 1 << 16 };

static void add_row(kehu__buffer *to, const kehu_sparse *rows, int64_t i, int32_t label)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__buffer_add(to, text, (size_t)kehu__format_int64(text, label));
    for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++) {
        kehu__buffer_text(to, " ");
        kehu__buffer_add(to, text,
                         (size_t)kehu__format_int64(text, (int64_t)rows->columns[j] + 1));
        kehu__buffer_text(to, ":");
        kehu__buffer_add(to, text, (size_t)kehu__format_float(text, rows->values[j]));
    }
    kehu__buffer_text(to, "\n");
}

kehu_status kehu_libsvm_write(const kehu_sparse *rows, const int32_t *labels,
                              const kehu_writer *writer, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer text = kehu__buffer_new(&alloc);
    kehu__sparse own;
    kehu_status status = KEHU_OK;
    if (rows == NULL || labels == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rows, labels or writer is NULL");
    own = kehu__sparse_of(rows);
    KEHU_TRY(kehu__sparse_check(&own, err));
    for (int64_t i = 0; i < rows->n_rows && status == KEHU_OK; i++) {
        add_row(&text, rows, i, labels[i]);
        if (text.size < FLUSH_BYTES && i + 1 < rows->n_rows)
            continue;
        status = text.failed ? kehu__no_memory(err, "the text of a row")
                             : kehu__model_write(&text, writer, err);
        text.size = 0;
    }
    kehu__buffer_free(&text);
    return status;
}
