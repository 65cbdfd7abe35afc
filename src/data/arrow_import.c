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
    kehu__store *stores;       /* [n], of dictionaries that had to be copied */
    size_t n;
} foreign;

static void let_go(kehu_table *table)
{
    foreign *f = table->foreign;
    if (f->array.release != NULL)
        f->array.release(&f->array);
    for (size_t i = 0; f->stores != NULL && i < f->n; i++)
        kehu__store_free(&table->alloc, &f->stores[i]);
    kehu__free(&table->alloc, f->stores, f->n, sizeof *f->stores);
    kehu__free(&table->alloc, f->dictionaries, f->n, sizeof *f->dictionaries);
    kehu__free(&table->alloc, f, 1, sizeof *f);
}

/* One column being taken over. */
typedef struct source {
    const char *name; /* for messages */
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    int64_t first, length; /* rows first..first+length-1 counted in the buffers */
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
    const char *letter =
        format[0] != '\0' && format[1] == '\0' ? strchr(letters, format[0]) : NULL;
    if (letter != NULL)
        return types[letter - letters];
    if (strcmp(format, "tdD") == 0)
        return KEHU_DATE32;
    return strncmp(format, "tsu:", 4) == 0 ? KEHU_TIMESTAMP : (kehu_type)0;
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

/* The column over the producer's buffers. */
static kehu_status take_in_place(const source *s, kehu_type type, kehu_column *c,
                                 kehu_error *err)
{
    const bool text = type == KEHU_UTF8 || type == KEHU_LARGE_UTF8;
    const struct ArrowArray *a = s->array;
    KEHU_TRY(check_shape(s, text ? 3 : 2, err));
    c->type = type;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    c->start = s->first;
    c->validity = validity_of(a);
    c->offsets = text ? a->buffers[1] : NULL;
    c->data = a->buffers[text ? 2 : 1];
    return type == KEHU_CATEGORY ? KEHU_OK : kehu__column_check(c, s->name, err);
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

/* Units of other time types: times = value * mul / div. */
typedef struct time_unit {
    const char *format;
    kehu_type to;
    int64_t multiply, divide;
} time_unit;

static const time_unit time_units[] = {
    {"tss:", KEHU_TIMESTAMP, 1000000, 1},
    {"tsm:", KEHU_TIMESTAMP, 1000, 1},
    {"tsn:", KEHU_TIMESTAMP, 1, 1000},
    {"tdm", KEHU_DATE32, 1, 86400000},
};

static kehu_status convert_times(const source *s, const time_unit *unit,
                                 const kehu_allocator *a, kehu__store *store,
                                 kehu_column *c, kehu_error *err)
{
    const size_t width = kehu__type_bytes(unit->to);
    char *to;
    KEHU_TRY(check_shape(s, 2, err));
    c->type = unit->to;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    if (s->array->buffers[1] == NULL)
        return bad_array(s, "lacks buffers", err);
    to = fresh_rows(s, a, store, c, width);
    if (to == NULL)
        return kehu__no_memory(err, "an Arrow column");
    for (int64_t i = 0; i < s->length; i++) {
        int64_t v = ((const int64_t *)s->array->buffers[1])[s->first + i];
        int32_t days;
        if (!kehu__column_valid(c, i))
            continue;
        if (v > INT64_MAX / unit->multiply || v < INT64_MIN / unit->multiply)
            return kehu__fail(err, KEHU_RANGE, i,
                              "Arrow column %s has a time out of range", s->name);
        v *= unit->multiply;
        v = v / unit->divide - (v % unit->divide < 0);
        if (unit->to == KEHU_TIMESTAMP) {
            memcpy(to + (size_t)i * width, &v, sizeof v);
            continue;
        }
        if (v > INT32_MAX || v < INT32_MIN)
            return kehu__fail(err, KEHU_RANGE, i,
                              "Arrow column %s has a date out of range", s->name);
        days = (int32_t)v;
        memcpy(to + (size_t)i * width, &days, sizeof days);
    }
    return KEHU_OK;
}

/* Decimals without digits behind the point become int64, others the nearest double. */
static kehu_status convert_decimals(const source *s, const kehu__decimal *d,
                                    const kehu_allocator *a, kehu__store *store,
                                    kehu_column *c, kehu_error *err)
{
    const size_t width = (size_t)d->bits / 8;
    char *to;
    KEHU_TRY(check_shape(s, 2, err));
    c->type = d->scale == 0 ? KEHU_INT64 : KEHU_FLOAT64;
    c->length = s->length;
    if (s->length == 0)
        return KEHU_OK;
    if (s->array->buffers[1] == NULL)
        return bad_array(s, "lacks buffers", err);
    to = fresh_rows(s, a, store, c, sizeof(int64_t));
    if (to == NULL)
        return kehu__no_memory(err, "an Arrow column");
    for (int64_t i = 0; i < s->length; i++) {
        const char *from =
            (const char *)s->array->buffers[1] + width * (size_t)(s->first + i);
        const double number = kehu__decimal_number(d, from);
        int64_t whole = 0;
        if (!kehu__column_valid(c, i))
            continue;
        if (d->scale == 0 && !kehu__decimal_integer(d, from, &whole))
            return kehu__fail(err, KEHU_RANGE, i,
                              "Arrow column %s has a number beyond 64 bits", s->name);
        memcpy(to + (size_t)i * sizeof whole,
               d->scale == 0 ? (const void *)&whole : (const void *)&number,
               sizeof whole);
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

/* Codes of any whole-number type become int32. */
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

/* A view is 16 bytes: length, then the text, or four bytes of it with the number of
 * a buffer and an offset into that. */
static kehu_status view_text(const source *s, int64_t row, const char **text,
                             int32_t *size, kehu_error *err)
{
    const struct ArrowArray *a = s->array;
    const char *view = (const char *)a->buffers[1] + 16 * (s->first + row);
    const int64_t n_data = a->n_buffers - 3; /* the last buffer has their sizes */
    int32_t number, at;
    memcpy(size, view, sizeof *size);
    *text = view + 4;
    if (*size >= 0 && *size <= 12)
        return KEHU_OK;
    memcpy(&number, view + 8, sizeof number);
    memcpy(&at, view + 12, sizeof at);
    if (*size < 0 || number < 0 || number >= n_data || at < 0 ||
        a->buffers[2 + number] == NULL || a->buffers[a->n_buffers - 1] == NULL ||
        at + (int64_t)*size > ((const int64_t *)a->buffers[a->n_buffers - 1])[number])
        return kehu__fail(err, KEHU_ARGUMENT, row,
                          "Arrow column %s has an impossible view", s->name);
    *text = (const char *)a->buffers[2 + number] + at;
    return KEHU_OK;
}

static kehu_status convert_views(const source *s, const kehu_allocator *a,
                                 kehu__store *store, kehu_column *c, kehu_error *err)
{
    const size_t n = (size_t)s->length;
    int64_t total = 0;
    KEHU_TRY(check_shape(s, 3, err));
    c->type = KEHU_LARGE_UTF8;
    c->length = s->length;
    if (n == 0)
        return KEHU_OK;
    if (s->array->buffers[1] == NULL)
        return bad_array(s, "lacks buffers", err);
    store->offsets = kehu__alloc_zero(a, n + 1, sizeof total);
    if (store->offsets == NULL)
        return kehu__no_memory(err, "an Arrow column");
    store->offsets_capacity = (n + 1) * sizeof total;
    c->offsets = store->offsets;
    if (!copy_validity(s, a, store, c))
        return kehu__no_memory(err, "an Arrow column");
    for (int64_t i = 0; i < s->length; i++) {
        const char *text;
        int32_t size = 0;
        if (kehu__column_valid(c, i))
            KEHU_TRY(view_text(s, i, &text, &size, err));
        if (size > 0) {
            if (!kehu__grow(a, &store->data, &store->data_capacity,
                            (size_t)(total + size), 1))
                return kehu__no_memory(err, "an Arrow column");
            memcpy(store->data + total, text, (size_t)size);
            total += size;
        }
        memcpy(store->offsets + (size_t)(i + 1) * sizeof total, &total, sizeof total);
    }
    c->data = store->data;
    return KEHU_OK;
}

static kehu_status take_category(const source *s, const kehu_allocator *a,
                                 kehu__store *store, kehu_column *words,
                                 kehu__store *words_store, kehu_column *c,
                                 kehu_error *err)
{
    const source inner = {s->name, s->schema->dictionary, s->array->dictionary,
                          s->array->dictionary == NULL ? 0 : s->array->dictionary->offset,
                          s->array->dictionary == NULL ? 0
                                                       : s->array->dictionary->length};
    const kehu_type codes = type_of(s->schema->format);
    kehu_type word_type;
    if (inner.array == NULL || inner.schema->format == NULL)
        return bad_array(s, "lacks its dictionary", err);
    word_type = strcmp(inner.schema->format, "vu") == 0 ? KEHU_LARGE_UTF8
                                                        : type_of(inner.schema->format);
    if ((word_type != KEHU_UTF8 && word_type != KEHU_LARGE_UTF8) ||
        inner.schema->dictionary != NULL || codes < KEHU_INT8 || codes > KEHU_UINT64)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "Arrow column %s is a dictionary of %s by %s, expected text",
                          s->name, inner.schema->format, s->schema->format);
    KEHU_TRY(inner.schema->format[0] == 'v'
                 ? convert_views(&inner, a, words_store, words, err)
                 : take_in_place(&inner, word_type, words, err));
    KEHU_TRY(codes == KEHU_INT32 ? take_in_place(s, KEHU_CATEGORY, c, err)
                                 : convert_codes(s, codes, a, store, c, err));
    c->dictionary = words;
    return kehu__column_check(c, s->name, err);
}

static kehu_status take_column(const source *s, const kehu_allocator *a,
                               kehu__store *store, kehu_column *words,
                               kehu__store *words_store, kehu_column *c, kehu_error *err)
{
    const char *format = s->schema->format;
    kehu__decimal decimal;
    kehu_type type;
    if (s->schema->release == NULL || format == NULL)
        return bad_array(s, "has no schema", err);
    if (s->schema->dictionary != NULL)
        return take_category(s, a, store, words, words_store, c, err);
    if ((type = type_of(format)) != 0)
        return take_in_place(s, type, c, err);
    if (strcmp(format, "vu") == 0)
        return convert_views(s, a, store, c, err);
    if (strcmp(format, "n") == 0)
        return take_nothing(s, a, store, c, err);
    if (kehu__decimal_of(format, &decimal))
        return convert_decimals(s, &decimal, a, store, c, err);
    for (size_t i = 0; i < sizeof time_units / sizeof *time_units; i++)
        if (strncmp(format, time_units[i].format, strlen(time_units[i].format)) == 0)
            return convert_times(s, &time_units[i], a, store, c, err);
    return kehu__fail(err, KEHU_COLUMN, -1,
                      "Arrow column %s has format %s, which kehu "
                      "does not read",
                      s->name, format);
}

/* Rows of a struct array that are missing as a whole have no place in a table. */
static kehu_status check_struct(const struct ArrowSchema *schema,
                                const struct ArrowArray *array, kehu_error *err)
{
    const source s = {"(all)", schema, array, array->offset, array->length};
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
    foreign *f = t->foreign;
    char *name = t->names;
    for (int64_t i = 0; i < t->n_columns; i++) {
        source s = {NULL, schema, array, array->offset, array->length};
        kehu_column *c = &t->columns[i];
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
        c->name = s.name = name;
        name += bytes;
        KEHU_TRY(take_column(&s, &t->alloc, &t->stores[i], &f->dictionaries[i],
                             &f->stores[i], c, err));
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
    f->stores = kehu__alloc_zero(&alloc, n, sizeof *f->stores);
    status = (f->dictionaries == NULL || f->stores == NULL) && n > 0
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
