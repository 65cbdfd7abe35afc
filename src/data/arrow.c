/* Tables as Arrow arrays. Every exported struct has memory of its own and, if it
 * shows buffers, a hold on the table, so a child may be moved out of its parent
 * and released in any order. */
#include <kehu/arrow.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"
#include "data/table.h"

enum { FORMAT_BYTES = 24 };

/* Decimals write theirs into `room`. */
static const char *format_of(const kehu_column *c, char room[FORMAT_BYTES])
{
    static const char *const formats[] = {
        "",  "b", "c", "s",  "i",       "l",       "C",       "S",
        "I", "L", "f", "g",  "tdD",     "tsu:UTC", "u",       "U",
        "i", "C", "S", "vu", "tss:UTC", "tsm:UTC", "tsn:UTC",
    };
    if (c->type < KEHU_DECIMAL32)
        return formats[c->type];
    snprintf(room, FORMAT_BYTES, "d:%d,%d,%d", c->precision, c->scale,
             32 << (c->type - KEHU_DECIMAL32));
    if (c->type == KEHU_DECIMAL128)
        *strrchr(room, ',') = '\0'; /* as everybody writes it */
    return room;
}

/* ---- schemas ---- */

typedef struct schema_memory {
    kehu_allocator alloc;
    char *name; /* [name_bytes] */
    size_t name_bytes;
    char format[FORMAT_BYTES];
    size_t n_children;           /* of both below */
    struct ArrowSchema *schemas; /* the children's structs */
    struct ArrowSchema **children;
    struct ArrowSchema dictionary;
} schema_memory;

static void release_schema(struct ArrowSchema *schema)
{
    schema_memory *m = schema->private_data;
    const kehu_allocator a = m->alloc;
    for (size_t i = 0; m->schemas != NULL && i < m->n_children; i++)
        if (m->schemas[i].release != NULL) /* else moved out */
            m->schemas[i].release(&m->schemas[i]);
    if (m->dictionary.release != NULL)
        m->dictionary.release(&m->dictionary);
    kehu__free(&a, m->schemas, m->n_children, sizeof *m->schemas);
    kehu__free(&a, m->children, m->n_children, sizeof *m->children);
    kehu__free(&a, m->name, m->name_bytes, 1);
    kehu__free(&a, m, 1, sizeof *m);
    schema->release = NULL;
}

/* Without children yet; release works from here on. */
static bool start_schema(struct ArrowSchema *schema, const kehu_allocator *a,
                         const char *name, const char *format, size_t n_children)
{
    schema_memory *m = kehu__alloc_zero(a, 1, sizeof *m);
    if (m == NULL)
        return false;
    m->alloc = *a;
    *schema = (struct ArrowSchema){.format = format,
                                   .flags = ARROW_FLAG_NULLABLE,
                                   .release = release_schema,
                                   .private_data = m};
    m->name_bytes = strlen(name) + 1;
    m->name = kehu__alloc(a, m->name_bytes, 1);
    m->n_children = n_children;
    m->schemas = kehu__alloc_zero(a, n_children, sizeof *m->schemas);
    m->children = kehu__alloc_zero(a, n_children, sizeof *m->children);
    if (m->name == NULL ||
        (n_children > 0 && (m->schemas == NULL || m->children == NULL)))
        return false;
    memcpy(m->name, name, m->name_bytes);
    schema->name = m->name;
    for (size_t i = 0; i < n_children; i++)
        m->children[i] = &m->schemas[i];
    schema->n_children = (int64_t)n_children;
    schema->children = m->children;
    return true;
}

static bool export_column_schema(struct ArrowSchema *schema, const kehu_allocator *a,
                                 const kehu_column *c)
{
    schema_memory *m;
    if (!start_schema(schema, a, c->name == NULL ? "" : c->name, "", 0))
        return false;
    m = schema->private_data;
    schema->format = format_of(c, m->format);
    if (kehu__column_kind(c) != KEHU_CATEGORY)
        return true;
    schema->dictionary = &m->dictionary;
    return export_column_schema(&m->dictionary, a, c->dictionary);
}

/* Whether two columns are exported under one schema. */
static bool same_schema(const kehu_column *a, const kehu_column *b)
{
    char room[2][FORMAT_BYTES];
    if (strcmp(format_of(a, room[0]), format_of(b, room[1])) != 0 ||
        kehu__column_kind(a) != kehu__column_kind(b))
        return false;
    return kehu__column_kind(a) != KEHU_CATEGORY ||
           same_schema(a->dictionary, b->dictionary);
}

static bool export_schema(struct ArrowSchema *schema, const kehu_table *t)
{
    *schema = (struct ArrowSchema){.release = NULL};
    if (!start_schema(schema, &t->alloc, "", "+s", (size_t)t->n_columns))
        goto failed;
    schema->flags = 0;
    for (int64_t i = 0; i < t->n_columns; i++)
        if (!export_column_schema(schema->children[i], &t->alloc, &t->columns[i]))
            goto failed;
    return true;

failed:
    if (schema->release != NULL)
        schema->release(schema);
    return false;
}

/* ---- arrays ---- */

typedef struct array_memory {
    kehu_allocator alloc;
    kehu_table *table; /* held */
    const void *buffers[3];
    const void **many; /* [n_many], instead of buffers, of texts in views */
    size_t n_many, n_children;
    struct ArrowArray *arrays;
    struct ArrowArray **children;
    struct ArrowArray dictionary;
} array_memory;

static void release_array(struct ArrowArray *array)
{
    array_memory *m = array->private_data;
    const kehu_allocator a = m->alloc;
    kehu_table *table = m->table;
    for (size_t i = 0; m->arrays != NULL && i < m->n_children; i++)
        if (m->arrays[i].release != NULL) /* else moved out */
            m->arrays[i].release(&m->arrays[i]);
    if (m->dictionary.release != NULL)
        m->dictionary.release(&m->dictionary);
    kehu__free(&a, m->arrays, m->n_children, sizeof *m->arrays);
    kehu__free(&a, m->children, m->n_children, sizeof *m->children);
    kehu__free(&a, m->many, m->n_many, sizeof *m->many);
    kehu__free(&a, m, 1, sizeof *m);
    array->release = NULL;
    kehu_table_free(table);
}

static bool start_array(struct ArrowArray *array, const kehu_table *t, int64_t length,
                        size_t n_children)
{
    const kehu_allocator *a = &t->alloc;
    array_memory *m = kehu__alloc_zero(a, 1, sizeof *m);
    if (m == NULL)
        return false;
    m->alloc = *a;
    m->table = kehu__table_hold(t);
    *array = (struct ArrowArray){.length = length,
                                 .n_buffers = 1,
                                 .buffers = m->buffers,
                                 .release = release_array,
                                 .private_data = m};
    m->n_children = n_children;
    m->arrays = kehu__alloc_zero(a, n_children, sizeof *m->arrays);
    m->children = kehu__alloc_zero(a, n_children, sizeof *m->children);
    if (n_children > 0 && (m->arrays == NULL || m->children == NULL))
        return false;
    for (size_t i = 0; i < n_children; i++)
        m->children[i] = &m->arrays[i];
    array->n_children = (int64_t)n_children;
    array->children = m->children;
    return true;
}

static int64_t count_missing(const kehu_column *c)
{
    int64_t n = 0;
    for (int64_t i = 0; c->validity != NULL && i < c->length; i++)
        n += !kehu__column_valid(c, i);
    return n;
}

/* For empty columns: consumers disagree on whether NULL is allowed. */
static const int64_t nothing[1] = {0};

/* Validity, views, the buffers they point into, and the sizes of those. */
static bool export_views(struct ArrowArray *array, array_memory *m, const kehu_column *c)
{
    const kehu_view_bytes *bytes = c->length == 0 ? NULL : c->offsets;
    const size_t n = bytes == NULL ? 0 : (size_t)bytes->n;
    m->n_many = 3 + n;
    m->many = kehu__alloc_zero(&m->alloc, m->n_many, sizeof *m->many);
    if (m->many == NULL)
        return false;
    m->many[0] = c->validity;
    m->many[1] = c->data == NULL ? nothing : c->data;
    for (size_t i = 0; i < n; i++)
        m->many[2 + i] = bytes->buffers[i];
    m->many[2 + n] = n == 0 ? nothing : bytes->sizes;
    array->n_buffers = (int64_t)m->n_many;
    array->buffers = m->many;
    return true;
}

static bool export_column(struct ArrowArray *array, const kehu_table *t,
                          const kehu_column *c)
{
    const bool offsets = c->type == KEHU_UTF8 || c->type == KEHU_LARGE_UTF8;
    array_memory *m;
    if (!start_array(array, t, c->length, 0))
        return false;
    m = array->private_data;
    array->offset = c->length == 0 ? 0 : c->start;
    array->null_count = count_missing(c);
    if (c->type == KEHU_UTF8_VIEW)
        return export_views(array, m, c);
    array->n_buffers = offsets ? 3 : 2;
    m->buffers[0] = c->validity;
    m->buffers[1] = offsets ? c->offsets : c->data;
    m->buffers[2] = offsets ? c->data : NULL;
    for (int i = 1; i < array->n_buffers; i++)
        if (m->buffers[i] == NULL)
            m->buffers[i] = nothing;
    if (kehu__column_kind(c) != KEHU_CATEGORY)
        return true;
    array->dictionary = &m->dictionary;
    return export_column(&m->dictionary, t, c->dictionary);
}

static bool export_array(struct ArrowArray *array, const kehu_table *t)
{
    *array = (struct ArrowArray){.release = NULL};
    if (!start_array(array, t, t->n_rows, (size_t)t->n_columns))
        goto failed;
    for (int64_t i = 0; i < t->n_columns; i++)
        if (!export_column(array->children[i], t, &t->columns[i]))
            goto failed;
    return true;

failed:
    if (array->release != NULL)
        array->release(array);
    return false;
}

kehu_status kehu_arrow_export(struct ArrowSchema *schema, struct ArrowArray *array,
                              const kehu_table *table, kehu_error *err)
{
    struct ArrowSchema new_schema = {.release = NULL};
    struct ArrowArray new_array = {.release = NULL};
    if (table == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table is NULL");
    if ((schema != NULL && !export_schema(&new_schema, table)) ||
        (array != NULL && !export_array(&new_array, table))) {
        if (new_schema.release != NULL)
            new_schema.release(&new_schema);
        return kehu__no_memory(err, "an Arrow array");
    }
    if (schema != NULL)
        *schema = new_schema;
    if (array != NULL)
        *array = new_array;
    return KEHU_OK;
}

/* ---- streams ---- */

typedef struct stream_memory {
    kehu_allocator alloc;
    kehu_table **tables; /* [n], held */
    size_t n, given;
    const char *error; /* of the last call, or NULL */
} stream_memory;

static int stream_answer(stream_memory *m, bool good)
{
    m->error = good ? NULL : "no memory";
    return good ? 0 : ENOMEM;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    stream_memory *m = stream->private_data;
    return stream_answer(m, export_schema(out, m->tables[0]));
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_memory *m = stream->private_data;
    bool good = true;
    *out = (struct ArrowArray){.release = NULL};
    if (m->given < m->n)
        good = export_array(out, m->tables[m->given]);
    m->given += good && m->given < m->n;
    return stream_answer(m, good);
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    return ((const stream_memory *)stream->private_data)->error;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream_memory *m = stream->private_data;
    const kehu_allocator a = m->alloc;
    for (size_t i = 0; i < m->n; i++)
        kehu_table_free(m->tables[i]);
    kehu__free(&a, m->tables, m->n, sizeof *m->tables);
    kehu__free(&a, m, 1, sizeof *m);
    stream->release = NULL;
}

kehu_status kehu_arrow_export_stream(struct ArrowArrayStream *stream,
                                     const kehu_table *const *tables, int64_t n_tables,
                                     kehu_error *err)
{
    const size_t n = (size_t)n_tables;
    kehu_allocator a;
    stream_memory *m;
    if (stream == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "stream is NULL");
    KEHU_TRY(kehu__tables_check(tables, n_tables, same_schema, err));
    a = tables[0]->alloc;
    m = kehu__alloc_zero(&a, 1, sizeof *m);
    if (m != NULL)
        m->tables = kehu__alloc(&a, n, sizeof *m->tables);
    if (m == NULL || m->tables == NULL) {
        kehu__free(&a, m, 1, sizeof *m);
        return kehu__no_memory(err, "an Arrow stream");
    }
    m->alloc = a;
    m->n = n;
    for (size_t i = 0; i < n; i++)
        m->tables[i] = kehu__table_hold(tables[i]);
    *stream = (struct ArrowArrayStream){.get_schema = stream_schema,
                                        .get_next = stream_next,
                                        .get_last_error = stream_error,
                                        .release = release_stream,
                                        .private_data = m};
    return KEHU_OK;
}
