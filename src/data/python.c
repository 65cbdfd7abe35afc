#include <kehu/python.h>

#include <kehu/arrow.h>

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"
#include "data/table.h"

/* ---- texts ---- */

typedef struct text_rows {
    kehu_allocator alloc;
    kehu__store store; /* offsets are int64_t until the end */
    size_t bytes;
    uint32_t *points; /* of one text */
    size_t points_capacity;
} text_rows;

/* UTF-8 of n code points, which are no surrogates, at `at`; returns its end. */
static char *encode(char *at, const uint32_t *points, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t c = points[i];
        if (c < 0x80) {
            *at++ = (char)c;
        } else if (c < 0x800) {
            *at++ = (char)(0xC0 | c >> 6);
            *at++ = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        } else {
            *at++ = (char)(0xF0 | c >> 18);
            *at++ = (char)(0x80 | (c >> 12 & 0x3F));
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
    }
    return at;
}

static kehu_status add_text(text_rows *rows, const kehu_python *python, void *text,
                            int64_t row, kehu_error *err)
{
    const ptrdiff_t length = python->text_length(text);
    const size_t n = (size_t)length;
    if (length < 0)
        return kehu__fail(err, KEHU_DATA, row, "row %lld is no text", (long long)row);
    if (!kehu__grow(&rows->alloc, &rows->points, &rows->points_capacity, n + 1,
                    sizeof *rows->points) ||
        !kehu__grow(&rows->alloc, &rows->store.data, &rows->store.data_capacity,
                    rows->bytes + 4 * n + 1, 1))
        return kehu__no_memory(err, "texts");
    if (python->text_copy(text, rows->points, length + 1, 1) == NULL)
        return kehu__fail(err, KEHU_DATA, row, "row %lld cannot be read", (long long)row);
    for (size_t i = 0; i < n; i++)
        if (rows->points[i] - 0xD800 < 0x800)
            return kehu__fail(err, KEHU_ENCODING, row,
                              "row %lld has the surrogate U+%04X at character %lld",
                              (long long)row, (unsigned)rows->points[i], (long long)i);
    rows->bytes = (size_t)(encode(rows->store.data + rows->bytes, rows->points, n) -
                           rows->store.data);
    return KEHU_OK;
}

static void mark_missing(text_rows *rows, int64_t row)
{
    rows->store.validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}

static kehu_status add_texts(text_rows *rows, bool *complete, const kehu_python *python,
                             void *tuple, int64_t n, kehu_error *err)
{
    int64_t *offsets = (void *)rows->store.offsets;
    offsets[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        void *item = python->tuple_item(tuple, (ptrdiff_t)i);
        if (item == python->none) {
            mark_missing(rows, i);
            *complete = false;
        } else {
            KEHU_TRY(add_text(rows, python, item, i, err));
        }
        offsets[i + 1] = (int64_t)rows->bytes;
    }
    return KEHU_OK;
}

/* From int64_t to int32_t where they lie. */
static void narrow(char *offsets, int64_t n)
{
    for (int64_t i = 0; i <= n; i++) {
        int64_t wide;
        int32_t narrow;
        memcpy(&wide, offsets + 8 * i, 8);
        narrow = (int32_t)wide;
        memcpy(offsets + 4 * i, &narrow, 4);
    }
}

static kehu_table *table_of(text_rows *rows, bool complete, int64_t n, const char *name)
{
    const size_t name_bytes = strlen(name) + 1;
    const bool large = rows->bytes > INT32_MAX;
    kehu_table *t = kehu__table_new(&rows->alloc, 1, name_bytes);
    if (t == NULL)
        return NULL;
    memcpy(t->names, name, name_bytes);
    if (!large)
        narrow(rows->store.offsets, n);
    t->n_rows = n;
    t->stores[0] = rows->store;
    t->columns[0] = (kehu_column){.name = t->names,
                                  .type = large ? KEHU_LARGE_UTF8 : KEHU_UTF8,
                                  .length = n,
                                  .data = rows->store.data,
                                  .offsets = rows->store.offsets,
                                  .validity = complete ? NULL : rows->store.validity};
    rows->store = (kehu__store){0};
    return t;
}

kehu_status kehu_python_texts(kehu_table **out, const kehu_python *python, void *tuple,
                              int64_t n, const char *name, const kehu_allocator *alloc,
                              kehu_error *err)
{
    text_rows rows = {.alloc = kehu__allocator(alloc)};
    kehu_status status;
    bool complete = true;
    if (out == NULL || python == NULL || tuple == NULL || name == NULL || n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "out, python, tuple or name is NULL or n is negative");
    *out = NULL;
    rows.store.offsets_capacity = ((size_t)n + 1) * 8;
    rows.store.offsets = kehu__alloc(&rows.alloc, (size_t)n + 1, 8);
    rows.store.validity_capacity = (size_t)n / 8 + 1;
    rows.store.validity = kehu__alloc(&rows.alloc, rows.store.validity_capacity, 1);
    if (rows.store.offsets == NULL || rows.store.validity == NULL) {
        status = kehu__no_memory(err, "texts");
        goto done;
    }
    memset(rows.store.validity, 0xFF, rows.store.validity_capacity);
    status = add_texts(&rows, &complete, python, tuple, n, err);
    if (status == KEHU_OK && (*out = table_of(&rows, complete, n, name)) == NULL)
        status = kehu__no_memory(err, "texts");

done:
    kehu__free(&rows.alloc, rows.points, rows.points_capacity, sizeof *rows.points);
    kehu__store_free(&rows.alloc, &rows.store);
    return status;
}

/* ---- capsules ---- */

/* Written when the package is imported, the same in every interpreter of a process. */
static void *(*_Atomic capsule_pointer)(void *capsule, const char *name);
static const char *(*_Atomic capsule_name)(void *capsule);

void kehu_python_start(const kehu_python *python)
{
    atomic_store(&capsule_pointer, python->capsule_pointer);
    atomic_store(&capsule_name, python->capsule_name);
}

static size_t room_of(const char *name)
{
    if (name != NULL && strcmp(name, "arrow_schema") == 0)
        return sizeof(struct ArrowSchema);
    if (name != NULL && strcmp(name, "arrow_array") == 0)
        return sizeof(struct ArrowArray);
    if (name != NULL && strcmp(name, "arrow_array_stream") == 0)
        return sizeof(struct ArrowArrayStream);
    return 0;
}

void *kehu_python_room(const char *name)
{
    const kehu_allocator a = kehu__allocator(NULL);
    return kehu__alloc_zero(&a, room_of(name), 1);
}

static void release(const char *name, void *in)
{
    struct ArrowSchema *schema = in;
    struct ArrowArray *array = in;
    struct ArrowArrayStream *stream = in;
    if (strcmp(name, "arrow_schema") == 0) {
        if (schema->release != NULL)
            schema->release(schema);
    } else if (strcmp(name, "arrow_array") == 0) {
        if (array->release != NULL)
            array->release(array);
    } else if (stream->release != NULL) {
        stream->release(stream);
    }
}

void kehu_python_drop(void *capsule)
{
    const kehu_allocator a = kehu__allocator(NULL);
    const char *name = atomic_load(&capsule_name)(capsule);
    const size_t size = room_of(name);
    void *in = size == 0 ? NULL : atomic_load(&capsule_pointer)(capsule, name);
    if (in == NULL)
        return;
    release(name, in);
    kehu__free(&a, in, size, 1);
}
