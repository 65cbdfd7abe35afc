#include "text/classes.h"

#include <string.h>

#include "base/hash.h"
#include "base/sort.h"

enum { FIRST_SLOTS = 64 };

/* One name while they are gathered; its text stays in the caller's column. */
typedef struct name {
    const char *bytes;
    size_t size;
    uint32_t found; /* in order of first occurrence */
} name;

typedef struct gathering {
    const kehu_allocator *alloc;
    name *names;
    size_t n, capacity;
    uint32_t *slots; /* position in names + 1, 0 = free */
    size_t n_slots;
} gathering;

static uint32_t *slot_of(const gathering *g, const char *bytes, size_t size)
{
    size_t at = (size_t)kehu__hash(bytes, size, 0) & (g->n_slots - 1);
    while (g->slots[at] != 0) {
        const name *const there = &g->names[g->slots[at] - 1];
        if (there->size == size && memcmp(there->bytes, bytes, size) == 0)
            break;
        at = (at + 1) & (g->n_slots - 1);
    }
    return &g->slots[at];
}

static bool grow_slots(gathering *g)
{
    const size_t n = g->n_slots == 0 ? FIRST_SLOTS : g->n_slots * 2;
    uint32_t *const slots = kehu__alloc_zero(g->alloc, n, sizeof *slots);
    if (slots == NULL)
        return false;
    kehu__free(g->alloc, g->slots, g->n_slots, sizeof *slots);
    g->slots = slots;
    g->n_slots = n;
    for (size_t k = 0; k < g->n; k++)
        *slot_of(g, g->names[k].bytes, g->names[k].size) = (uint32_t)k + 1;
    return true;
}

static int64_t count_empty(const kehu_column *labels)
{
    int64_t n = 0;
    for (int64_t i = 0; i < labels->length; i++)
        n += kehu__column_text(labels, i).size == 0;
    return n;
}

static kehu_status check_label(const kehu_column *labels, int64_t i, kehu__text text,
                               kehu_error *err)
{
    if (text.size == 0)
        return kehu__fail(err, KEHU_DATA, i,
                          "the label of row %lld is %s, the first of %lld: train without "
                          "such rows",
                          (long long)i,
                          kehu__column_valid(labels, i) ? "empty" : "missing",
                          (long long)count_empty(labels));
    if (text.size > KEHU__MAX_CLASS_NAME)
        return kehu__fail(err, KEHU_DATA, i,
                          "the label of row %lld has %lld bytes, at most %d are possible",
                          (long long)i, (long long)text.size, KEHU__MAX_CLASS_NAME);
    if (memchr(text.bytes, 0, (size_t)text.size) != NULL)
        return kehu__fail(err, KEHU_DATA, i, "the label of row %lld holds a NUL byte",
                          (long long)i);
    return KEHU_OK;
}

static kehu_status gather(gathering *g, int32_t *numbers, const kehu_column *labels,
                          kehu_error *err)
{
    for (int64_t i = 0; i < labels->length; i++) {
        const kehu__text text = kehu__column_text(labels, i);
        uint32_t *slot;
        KEHU_TRY(check_label(labels, i, text, err));
        if (g->n * 2 >= g->n_slots && !grow_slots(g))
            return kehu__no_memory(err, "the class names");
        slot = slot_of(g, text.bytes, (size_t)text.size);
        if (*slot == 0) {
            if (g->n >= KEHU__MAX_CLASSES)
                return kehu__fail(err, KEHU_LIMIT, i, "more than %d classes",
                                  KEHU__MAX_CLASSES);
            if (!kehu__grow(g->alloc, &g->names, &g->capacity, g->n + 1,
                            sizeof *g->names))
                return kehu__no_memory(err, "the class names");
            g->names[g->n] = (name){text.bytes, (size_t)text.size, (uint32_t)g->n};
            *slot = (uint32_t)++g->n;
        }
        numbers[i] = (int32_t)*slot - 1;
    }
    if (g->n < 2)
        return kehu__fail(err, g->n == 0 ? KEHU_EMPTY : KEHU_ONE_CLASS, -1,
                          g->n == 0 ? "there are no texts" : "all labels are the same");
    return KEHU_OK;
}

static int compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int by_bytes(const void *a, const void *b, void *ctx)
{
    const name *const x = a, *const y = b;
    (void)ctx;
    return compare(x->bytes, x->size, y->bytes, y->size);
}

static bool make_room(kehu__classes *c, uint32_t n, size_t n_bytes)
{
    c->n = n;
    c->n_bytes = n_bytes;
    c->bytes = kehu__alloc(&c->alloc, n_bytes, 1);
    c->offsets = kehu__alloc(&c->alloc, n, sizeof *c->offsets);
    if (c->bytes != NULL && c->offsets != NULL)
        return true;
    kehu__classes_free(c);
    return false;
}

/* Keep the names in byte order and say in numbers which each row has. */
static kehu_status settle(kehu__classes *out, gathering *g, int32_t *numbers,
                          int64_t n_rows, kehu_error *err)
{
    size_t n_bytes = 0, at = 0;
    int32_t *const rank = kehu__alloc(g->alloc, g->n, sizeof *rank);
    for (size_t k = 0; k < g->n; k++)
        n_bytes += g->names[k].size + 1;
    if (rank == NULL || !make_room(out, (uint32_t)g->n, n_bytes)) {
        kehu__free(g->alloc, rank, g->n, sizeof *rank);
        return kehu__no_memory(err, "the class names");
    }
    kehu__sort(g->names, g->n, sizeof *g->names, by_bytes, NULL);
    for (size_t k = 0; k < g->n; k++) {
        rank[g->names[k].found] = (int32_t)k;
        out->offsets[k] = at;
        memcpy(out->bytes + at, g->names[k].bytes, g->names[k].size);
        at += g->names[k].size;
        out->bytes[at++] = 0;
    }
    for (int64_t i = 0; i < n_rows; i++)
        numbers[i] = rank[numbers[i]];
    kehu__free(g->alloc, rank, g->n, sizeof *rank);
    return KEHU_OK;
}

kehu_status kehu__classes_from(kehu__classes *out, int32_t *numbers,
                               const kehu_column *labels, const kehu_allocator *alloc,
                               kehu_error *err)
{
    gathering g = {.alloc = alloc};
    kehu_status status;
    *out = (kehu__classes){.alloc = *alloc};
    status = gather(&g, numbers, labels, err);
    if (status == KEHU_OK)
        status = settle(out, &g, numbers, labels->length, err);
    kehu__free(alloc, g.names, g.capacity, sizeof *g.names);
    kehu__free(alloc, g.slots, g.n_slots, sizeof *g.slots);
    return status;
}

void kehu__classes_free(kehu__classes *c)
{
    kehu__free(&c->alloc, c->bytes, c->n_bytes, 1);
    kehu__free(&c->alloc, c->offsets, c->n, sizeof *c->offsets);
    *c = (kehu__classes){.alloc = c->alloc};
}

int32_t kehu__class_find(const kehu__classes *c, const char *bytes, size_t size)
{
    uint32_t low = 0, high = c->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const char *const there = kehu__class_name(c, middle);
        const int order = compare(bytes, size, there, strlen(there));
        if (order == 0)
            return (int32_t)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

void kehu__classes_write(const kehu__classes *c, kehu__buffer *to)
{
    kehu__buffer_u32(to, c->n);
    kehu__buffer_add(to, c->bytes, c->n_bytes);
}

kehu_status kehu__classes_read(kehu__classes *out, const char *bytes, size_t size,
                               const char *name_of_file, const kehu_allocator *alloc,
                               kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    const uint32_t n = kehu__read_u32(&r);
    const size_t n_bytes = (size_t)(r.end - r.at);
    size_t at = 0;
    *out = (kehu__classes){.alloc = *alloc};
    if (r.failed || n < 2 || n > KEHU__MAX_CLASSES || n_bytes < (size_t)n * 2)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the number of classes is wrong",
                          name_of_file);
    if (!make_room(out, n, n_bytes))
        return kehu__no_memory(err, "the class names");
    memcpy(out->bytes, r.at, n_bytes);
    for (uint32_t k = 0; k < n; k++) {
        const char *const end = memchr(out->bytes + at, 0, n_bytes - at);
        bool sound = end != NULL && end > out->bytes + at;
        out->offsets[k] = at;
        sound = sound && (k == 0 || strcmp(kehu__class_name(out, k - 1),
                                           kehu__class_name(out, k)) < 0);
        if (sound)
            at = (size_t)(end - out->bytes) + 1;
        if (!sound || (k == n - 1 && at != n_bytes)) {
            kehu__classes_free(out);
            return kehu__fail(err, KEHU_FORMAT, -1,
                              "%s: the class names are damaged or not in order",
                              name_of_file);
        }
    }
    return KEHU_OK;
}
