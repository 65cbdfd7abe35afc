/* Arrow arrays as tables. Buffers are used where they lie; a column whose layout
 * differs is rewritten into memory of the table. */
#include <kehu/arrow.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"
#include "data/decimal.h"
#include "data/table.h"

/* What a table made from an array has besides. */
typedef struct foreign {
    struct ArrowArray array;
    kehu_column *dictionaries; /* [n], one a column, most of them unused */
    kehu_view_bytes *views;    /* [2 n], the columns' and their dictionaries' */
    size_t n;
} foreign;

static void let_go(kehu_table *table)
{
    foreign *f = table->foreign;
    if (f->array.release != NULL)
        f->array.release(&f->array);
    kehu__free(&table->alloc, f->views, 2 * f->n, sizeof *f->views);
    kehu__free(&table->alloc, f->dictionaries, f->n, sizeof *f->dictionaries);
    kehu__free(&table->alloc, f, 1, sizeof *f);
}

/* One column being taken over. */
typedef struct source {
    const char *name; /* for messages */
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    int64_t first, length;  /* rows first..first+length-1 counted in the buffers */
    kehu_view_bytes *views; /* to fill in if it has any */
} source;

static kehu_status bad_array(const source *s, const char *what, kehu_error *err)
{
    return kehu__fail(err, KEHU_ARGUMENT, -1, "Arrow column %s %s", s->name, what);
}

/* The kehu_type that has a format's layout, 0 when none. */
static kehu_type type_of(const char *format)
{
    static const char letters[] = "bcsilCSILfguU";
    static const kehu_type types[] = {
        KEHU_BOOL,    KEHU_INT8,   KEHU_INT16,     KEHU_INT32,  KEHU_INT64,
        KEHU_UINT8,   KEHU_UINT16, KEHU_UINT32,    KEHU_UINT64, KEHU_FLOAT32,
        KEHU_FLOAT64, KEHU_UTF8,   KEHU_LARGE_UTF8};
    static const struct {
        const char *start; /* a time zone may follow */
        kehu_type type;
    } longer[] = {{"tss:", KEHU_TIMESTAMP_S}, {"tsm:", KEHU_TIMESTAMP_MS},
                  {"tsu:", KEHU_TIMESTAMP},   {"tsn:", KEHU_TIMESTAMP_NS},
                  {"tdD", KEHU_DATE32},       {"vu", KEHU_UTF8_VIEW}};
    const char *letter =
        format[0] != '\0' && format[1] == '\0' ? strchr(letters, format[0]) : NULL;
    if (letter != NULL)
        return types[letter - letters];
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (strncmp(format, longer[i].start, strlen(longer[i].start)) == 0)
            return longer[i].type;
    return (kehu_type)0;
}

/* Buffers that the format promises, lengths that can be. */
static kehu_status check_shape(const source *s, int64_t n_buffers, kehu_error *err)
{
    const struct ArrowArray *a = s->array;
    if (a->release == NULL)
        return bad_array(s, "was released already", err);
    if (a->length < 0 || a->offset < 0 || s->first < a->offset || s->length < 0 ||
        a->length > INT64_MAX / 32 - a->offset ||
        s->first - a->offset > a->length - s->length)
        return bad_array(s, "has an impossible length or offset", err);
    if (a->n_buffers < n_buffers || a->buffers == NULL)
        return bad_array(s, "lacks buffers", err);
    if (a->null_count > 0 && a->buffers[0] == NULL)
        return bad_array(s, "lacks the validity buffer", err);
    return KEHU_OK;
}

static const uint8_t *validity_of(const struct ArrowArray *a)
{
    return a->null_count == 0 ? NULL : a->buffers[0];
}

/* The last buffer has the sizes of those between it and the views. */
static kehu_status take_views(const source *s, kehu_column *c, kehu_error *err)
{
    const struct ArrowArray *a = s->array;
    *s->views = (kehu_view_bytes){.n = a->n_buffers - 3,
                                  .buffers = a->buffers + 2,
                                  .sizes = a->buffers[a->n_buffers - 1]};
    if (s->views->n > 0 && s->views->sizes == NULL)
        return bad_array(s, "lacks buffers", err);
    c->offsets = s->views;
    return KEHU_OK;
}

/* The column over the producer's buffers. Categories are checked when they have their
 * dictionary. */
static kehu_status take_in_place(const source *s, kehu_type type, kehu_column *c,
                                 kehu_error *err)
{
    const bool text = type == KEHU_UTF8 || type == KEHU_LARGE_UTF8;
    const struct ArrowArray *a = s->array;
    KEHU_TRY(check_shape(s, text || type == KEHU_UTF8_VIEW ? 3 : 2, err));
    c->type = type;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    c->start = s->first;
    c->validity = validity_of(a);
    c->offsets = text ? a->buffers[1] : NULL;
    c->data = a->buffers[text ? 2 : 1];
    if (type == KEHU_UTF8_VIEW)
        KEHU_TRY(take_views(s, c, err));
    return kehu__column_kind(c) == KEHU_CATEGORY ? KEHU_OK
                                                 : kehu__column_check(c, s->name, err);
}

static kehu_status take_decimals(const source *s, const kehu__decimal *d, kehu_column *c,
                                 kehu_error *err)
{
    c->precision = (int16_t)d->precision;
    c->scale = (int16_t)d->scale;
    return take_in_place(s,
                         d->bits == 32    ? KEHU_DECIMAL32
                         : d->bits == 64  ? KEHU_DECIMAL64
                         : d->bits == 128 ? KEHU_DECIMAL128
                                          : KEHU_DECIMAL256,
                         c, err);
}

/* The validity bits, copied to start at the first row. */
static bool copy_validity(const source *s, const kehu_allocator *a, kehu__store *store,
                          kehu_column *c)
{
    const uint8_t *bits = validity_of(s->array);
    const size_t bytes = (size_t)s->length / 8 + 1;
    if (bits == NULL)
        return true;
    store->validity = kehu__alloc_zero(a, bytes, 1);
    if (store->validity == NULL)
        return false;
    store->validity_capacity = bytes;
    for (int64_t i = 0; i < s->length; i++) {
        const int64_t at = s->first + i;
        if ((bits[at >> 3] >> (at & 7) & 1) != 0)
            store->validity[i >> 3] |= (uint8_t)(1 << (i & 7));
    }
    c->validity = store->validity;
    return true;
}

/* Memory for `width` bytes a row, and the validity. NULL when refused. */
static char *fresh_rows(const source *s, const kehu_allocator *a, kehu__store *store,
                        kehu_column *c, size_t width)
{
    store->data = kehu__alloc_zero(a, (size_t)s->length, width);
    if (store->data == NULL)
        return NULL;
    store->data_capacity = (size_t)s->length * width;
    c->data = store->data;
    return copy_validity(s, a, store, c) ? store->data : NULL;
}

/* Milliseconds become days. */
static kehu_status convert_dates(const source *s, const kehu_allocator *a,
                                 kehu__store *store, kehu_column *c, kehu_error *err)
{
    static const int64_t day = 86400000;
    char *to;
    KEHU_TRY(check_shape(s, 2, err));
    c->type = KEHU_DATE32;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    if (s->array->buffers[1] == NULL)
        return bad_array(s, "lacks buffers", err);
    to = fresh_rows(s, a, store, c, sizeof(int32_t));
    if (to == NULL)
        return kehu__no_memory(err, "an Arrow column");
    for (int64_t i = 0; i < s->length; i++) {
        int64_t v = ((const int64_t *)s->array->buffers[1])[s->first + i];
        int32_t days;
        v = v / day - (v % day < 0);
        if (!kehu__column_valid(c, i))
            continue;
        if (v > INT32_MAX || v < INT32_MIN)
            return kehu__fail(err, KEHU_RANGE, i, "%s has a date out of range", s->name);
        days = (int32_t)v;
        memcpy(to + (size_t)i * sizeof days, &days, sizeof days);
    }
    return KEHU_OK;
}

/* A column of Arrow's type null has no buffers: doubles, all of them missing. */
static kehu_status take_nothing(const source *s, const kehu_allocator *a,
                                kehu__store *store, kehu_column *c, kehu_error *err)
{
    const size_t n = (size_t)s->length;
    if (s->array->release == NULL)
        return bad_array(s, "was released already", err);
    if (s->length < 0 || s->length > INT64_MAX / 32)
        return bad_array(s, "has an impossible length or offset", err);
    c->type = KEHU_FLOAT64;
    c->length = s->length;
    if (n == 0)
        return KEHU_OK;
    store->data = kehu__alloc_zero(a, n, sizeof(double));
    store->validity = kehu__alloc_zero(a, n / 8 + 1, 1);
    store->data_capacity = store->data == NULL ? 0 : n * sizeof(double);
    store->validity_capacity = store->validity == NULL ? 0 : n / 8 + 1;
    if (store->data == NULL || store->validity == NULL)
        return kehu__no_memory(err, "an Arrow column");
    c->data = store->data;
    c->validity = store->validity;
    return KEHU_OK;
}

/* Codes that no type of category holds become int32. */
static kehu_status convert_codes(const source *s, kehu_type type, const kehu_allocator *a,
                                 kehu__store *store, kehu_column *c, kehu_error *err)
{
    kehu_column from = {0};
    char *to;
    KEHU_TRY(take_in_place(s, type, &from, err));
    c->type = KEHU_CATEGORY;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    to = fresh_rows(s, a, store, c, sizeof(int32_t));
    if (to == NULL)
        return kehu__no_memory(err, "an Arrow column");
    for (int64_t i = 0; i < s->length; i++) {
        const int64_t v = kehu__column_integer(&from, i);
        const int32_t code = v < 0 || v > INT32_MAX ? -1 : (int32_t)v;
        memcpy(to + (size_t)i * sizeof code, &code, sizeof code);
    }
    return KEHU_OK;
}

/* The category type that reads these codes where they lie, 0 when none. Negative codes
 * of few bits would be read as great ones, so the dictionary must not reach so far. */
static kehu_type category_of(kehu_type codes, int64_t n_words)
{
    if (codes == KEHU_UINT8 || (codes == KEHU_INT8 && n_words <= INT8_MAX + 1))
        return KEHU_CATEGORY8;
    if (codes == KEHU_UINT16 || (codes == KEHU_INT16 && n_words <= INT16_MAX + 1))
        return KEHU_CATEGORY16;
    return codes == KEHU_INT32 || codes == KEHU_UINT32 ? KEHU_CATEGORY : (kehu_type)0;
}

static kehu_status take_category(const source *s, const kehu_allocator *a,
                                 kehu__store *store, kehu_column *words,
                                 kehu_view_bytes *word_views, kehu_column *c,
                                 kehu_error *err)
{
    const struct ArrowArray *dictionary = s->array->dictionary;
    const source inner = {s->name,
                          s->schema->dictionary,
                          dictionary,
                          dictionary == NULL ? 0 : dictionary->offset,
                          dictionary == NULL ? 0 : dictionary->length,
                          word_views};
    const kehu_type codes = type_of(s->schema->format);
    kehu_type word_type, type;
    if (inner.array == NULL || inner.schema->format == NULL)
        return bad_array(s, "lacks its dictionary", err);
    word_type = type_of(inner.schema->format);
    if (!kehu__type_is_text(word_type) || inner.schema->dictionary != NULL ||
        codes < KEHU_INT8 || codes > KEHU_UINT64)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "Arrow column %s is a dictionary of %s by %s, expected text",
                          s->name, inner.schema->format, s->schema->format);
    KEHU_TRY(take_in_place(&inner, word_type, words, err));
    type = category_of(codes, words->length);
    KEHU_TRY(type != 0 ? take_in_place(s, type, c, err)
                       : convert_codes(s, codes, a, store, c, err));
    c->dictionary = words;
    return kehu__column_check(c, s->name, err);
}

static kehu_status take_column(const source *s, kehu_table *t, int64_t i, kehu_error *err)
{
    const char *format = s->schema->format;
    const foreign *f = t->foreign;
    kehu_column *c = &t->columns[i];
    kehu__store *store = &t->stores[i];
    kehu__decimal decimal;
    kehu_type type;
    if (s->schema->release == NULL || format == NULL)
        return bad_array(s, "has no schema", err);
    if (s->schema->dictionary != NULL)
        return take_category(s, &t->alloc, store, &f->dictionaries[i],
                             &f->views[f->n + (size_t)i], c, err);
    if ((type = type_of(format)) != 0)
        return take_in_place(s, type, c, err);
    if (kehu__decimal_of(format, &decimal))
        return take_decimals(s, &decimal, c, err);
    if (strcmp(format, "tdm") == 0)
        return convert_dates(s, &t->alloc, store, c, err);
    if (strcmp(format, "n") == 0)
        return take_nothing(s, &t->alloc, store, c, err);
    return kehu__fail(err, KEHU_COLUMN, -1,
                      "Arrow column %s has format %s, which kehu "
                      "does not read",
                      s->name, format);
}

/* Rows of a struct array that are missing as a whole have no place in a table. */
static kehu_status check_struct(const struct ArrowSchema *schema,
                                const struct ArrowArray *array, kehu_error *err)
{
    const source s = {"(all)", schema, array, array->offset, array->length, NULL};
    const uint8_t *bits;
    KEHU_TRY(check_shape(&s, 1, err));
    if (schema->n_children != array->n_children || schema->n_children < 0 ||
        schema->n_children > INT32_MAX ||
        (schema->n_children > 0 && (schema->children == NULL || array->children == NULL)))
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "the Arrow schema has %lld columns, the array %lld",
                          (long long)schema->n_children, (long long)array->n_children);
    bits = validity_of(array);
    for (int64_t i = 0; bits != NULL && i < array->length; i++) {
        const int64_t at = array->offset + i;
        if ((bits[at >> 3] >> (at & 7) & 1) == 0)
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "row %lld of the Arrow array is missing", (long long)i);
    }
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i] == NULL || array->children[i] == NULL)
            return kehu__fail(err, KEHU_COLUMN, -1, "Arrow column %lld is not there",
                              (long long)i);
    return KEHU_OK;
}

static const char *name_of(const struct ArrowSchema *schema)
{
    return schema->name == NULL ? "" : schema->name;
}

/* Columns over a struct's children, or over the array itself. */
static kehu_status take_columns(kehu_table *t, const struct ArrowSchema *schema,
                                const struct ArrowArray *array, bool is_struct,
                                kehu_error *err)
{
    const foreign *f = t->foreign;
    char *name = t->names;
    for (int64_t i = 0; i < t->n_columns; i++) {
        source s = {NULL, schema, array, array->offset, array->length, &f->views[i]};
        size_t bytes;
        if (is_struct) {
            s.schema = schema->children[i];
            s.array = array->children[i];
            if (s.array->offset < 0 || s.array->offset > INT64_MAX / 2 - array->offset)
                return kehu__fail(err, KEHU_ARGUMENT, -1,
                                  "Arrow column %lld has an impossible offset",
                                  (long long)i);
            s.first = s.array->offset + array->offset;
        }
        bytes = strlen(name_of(s.schema)) + 1;
        memcpy(name, name_of(s.schema), bytes);
        t->columns[i].name = s.name = name;
        name += bytes;
        KEHU_TRY(take_column(&s, t, i, err));
    }
    return KEHU_OK;
}

kehu_status kehu_arrow_import(kehu_table **out, struct ArrowSchema *schema,
                              struct ArrowArray *array, const kehu_allocator *user_alloc,
                              kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(user_alloc);
    size_t n = 1, names_bytes = 0;
    kehu_status status;
    kehu_table *t;
    foreign *f;
    bool is_struct;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (schema == NULL || array == NULL || schema->release == NULL ||
        array->release == NULL || schema->format == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the Arrow schema or array is NULL or was released already");
    is_struct = strcmp(schema->format, "+s") == 0;
    if (is_struct) {
        KEHU_TRY(check_struct(schema, array, err));
        n = (size_t)schema->n_children;
        for (size_t i = 0; i < n; i++)
            names_bytes += strlen(name_of(schema->children[i])) + 1;
    } else
        names_bytes = strlen(name_of(schema)) + 1;
    t = kehu__table_new(&alloc, n, names_bytes);
    f = kehu__alloc_zero(&alloc, 1, sizeof *f);
    if (t == NULL || f == NULL) {
        kehu_table_free(t);
        kehu__free(&alloc, f, 1, sizeof *f);
        return kehu__no_memory(err, "an Arrow table");
    }
    t->n_rows = array->length;
    t->foreign = f;
    t->let_go = let_go;
    f->n = n;
    f->dictionaries = kehu__alloc_zero(&alloc, n, sizeof *f->dictionaries);
    f->views = kehu__alloc_zero(&alloc, 2 * n, sizeof *f->views);
    status = (f->dictionaries == NULL || f->views == NULL) && n > 0
                 ? kehu__no_memory(err, "an Arrow table")
                 : take_columns(t, schema, array, is_struct, err);
    if (status != KEHU_OK) {
        kehu_table_free(t); /* f->array is still empty: the caller keeps it */
        return status;
    }
    f->array = *array; /* moved, as the specification has it */
    array->release = NULL;
    schema->release(schema);
    *out = t;
    return KEHU_OK;
}

static kehu_status stream_fail(struct ArrowArrayStream *stream, int code, kehu_error *err)
{
    const char *message = stream->get_last_error(stream);
    return kehu__fail(err, KEHU_IO, -1, "the Arrow stream failed: %s (errno %d)",
                      message == NULL ? "no message" : message, code);
}

kehu_status kehu_arrow_next(kehu_table **out, struct ArrowArrayStream *stream,
                            const kehu_allocator *alloc, kehu_error *err)
{
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray array = {.release = NULL};
    kehu_status status;
    int code;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (stream == NULL || stream->release == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the Arrow stream is NULL or was released already");
    if ((code = stream->get_next(stream, &array)) != 0)
        return stream_fail(stream, code, err);
    if (array.release == NULL)
        return KEHU_OK;
    if ((code = stream->get_schema(stream, &schema)) != 0)
        status = stream_fail(stream, code, err);
    else
        status = kehu_arrow_import(out, &schema, &array, alloc, err);
    if (array.release != NULL)
        array.release(&array);
    if (schema.release != NULL)
        schema.release(&schema);
    return status;
}
