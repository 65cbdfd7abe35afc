/* Both sides are in order of customers and times, so they are walked side by side; rows
 * of one customer and time are found by a hash of all their values. */
#include "store/known.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"

typedef struct hashed_row {
    uint64_t hash;
    size_t at; /* in the tail's order */
} hashed_row;

typedef struct knowing {
    kehu__tail *t;
    const kehu__manifest *m;
    uint32_t *ids; /* columns that are compared */
    uint32_t n_ids;
    hashed_row *rows;  /* [t->n] those of one customer and time together, by hash */
    uint8_t *known;    /* [t->n] 0, KNOWN or REPEATED */
    size_t first, end; /* of the customer the walk is at */
} knowing;

enum { KNOWN = 1, REPEATED };

static bool has_value(const kehu__vector *v, uint32_t row)
{
    return v != NULL && !v->missing[row];
}

static uint64_t hash_row(const knowing *k, const kehu__rows *rows, uint32_t row)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < k->n_ids; i++) {
        const kehu__vector *v = kehu__rows_get(rows, k->ids[i]);
        uint32_t size = 8;
        const void *bytes;
        if (!has_value(v, row))
            continue;
        bytes = v->storage == KEHU__TEXTS ? (const void *)kehu__vector_text(v, row, &size)
                                          : &v->values.ints[row];
        hash = kehu__hash(bytes, size, hash + k->ids[i]);
    }
    return hash;
}

static bool same_value(const kehu__vector *a, uint32_t i, const kehu__vector *b,
                       uint32_t j)
{
    uint32_t a_size = 8, b_size = 8;
    const void *x, *y;
    if (!has_value(a, i) || !has_value(b, j))
        return has_value(a, i) == has_value(b, j);
    x = a->storage == KEHU__TEXTS ? (const void *)kehu__vector_text(a, i, &a_size)
                                  : &a->values.ints[i];
    y = b->storage == KEHU__TEXTS ? (const void *)kehu__vector_text(b, j, &b_size)
                                  : &b->values.ints[j];
    return a_size == b_size && (a_size == 0 || memcmp(x, y, a_size) == 0);
}

static bool same_row(const knowing *k, const kehu__rows *a, uint32_t i,
                     const kehu__rows *b, uint32_t j)
{
    for (uint32_t c = 0; c < k->n_ids; c++)
        if (!same_value(kehu__rows_get(a, k->ids[c]), i, kehu__rows_get(b, k->ids[c]), j))
            return false;
    return true;
}

static int by_hash(const void *a, const void *b, void *ctx)
{
    const hashed_row *x = a, *y = b;
    (void)ctx;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static bool same_in_tail(const knowing *k, size_t i, size_t j)
{
    const kehu__place *a = &k->t->order[i], *b = &k->t->order[j];
    return same_row(k, &k->t->batches[a->set], a->row, &k->t->batches[b->set], b->row);
}

/* Of rows of one customer, time and hash, in order: those that are the same as an earlier
 * one. They come to stand behind the others, of which there are few: the same row may
 * stand in a file a million times. */
static void mark_repeated(knowing *k, size_t first, size_t end)
{
    size_t others = first;
    for (size_t i = first; i < end; i++) {
        const hashed_row row = k->rows[i];
        size_t j = first;
        while (j < others && !same_in_tail(k, row.at, k->rows[j].at))
            j++;
        if (j < others) {
            k->known[row.at] = REPEATED;
            continue;
        }
        k->rows[i] = k->rows[others];
        k->rows[others++] = row;
    }
}

/* Of rows of one customer and time. */
static void sort_by_hash(knowing *k, size_t first, size_t end)
{
    kehu__sort(k->rows + first, end - first, sizeof *k->rows, by_hash, NULL);
    for (size_t from = first, to = first; from < end; from = to) {
        while (to < end && k->rows[to].hash == k->rows[from].hash)
            to++;
        mark_repeated(k, from, to);
    }
}

static void hash_all(knowing *k)
{
    const kehu__tail *t = k->t;
    for (size_t i = 0; i < t->n; i++)
        k->rows[i] =
            (hashed_row){hash_row(k, &t->batches[t->order[i].set], t->order[i].row), i};
    for (size_t first = 0; first < t->n;) {
        size_t end = first + 1;
        while (end < t->n && t->order[end].customer == t->order[first].customer &&
               t->order[end].time == t->order[first].time)
            end++;
        sort_by_hash(k, first, end);
        first = end;
    }
}

static const char *key_at(const kehu__tail *t, size_t i, uint32_t *size)
{
    return kehu__vector_text(kehu__rows_get(&t->batches[t->order[i].set], KEHU__KEY),
                             t->order[i].row, size);
}

/* Step to the tail's rows of a customer of the segments; false when it has none. */
static bool go_to(knowing *k, const char *key, uint32_t key_size)
{
    const kehu__tail *t = k->t;
    int order = -1;
    while (k->first < t->n) {
        uint32_t size;
        const char *own = key_at(t, k->first, &size);
        order = kehu__text_order(own, size, key, key_size);
        if (order >= 0)
            break;
        while (k->end < t->n && t->order[k->end].customer == t->order[k->first].customer)
            k->end++;
        k->first = k->end;
    }
    if (order != 0)
        return false;
    while (k->end < t->n && t->order[k->end].customer == t->order[k->first].customer)
        k->end++;
    return true;
}

/* First of the customer's rows that is not before a time and hash. */
static size_t find(const knowing *k, int64_t time, uint64_t hash)
{
    size_t low = k->first, high = k->end;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int64_t at = k->t->order[middle].time;
        if (at < time || (at == time && k->rows[middle].hash < hash))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Mark the tail's rows that are the same as this one of the segments. */
static void mark_same(knowing *k, const kehu__rows *rows, uint32_t row)
{
    const int64_t time = kehu__rows_get(rows, KEHU__TIME)->values.ints[row];
    const uint64_t hash = hash_row(k, rows, row);
    for (size_t i = find(k, time, hash);
         i < k->end && k->t->order[i].time == time && k->rows[i].hash == hash &&
         k->known[k->rows[i].at] != REPEATED;
         i++) {
        const kehu__place *own = &k->t->order[k->rows[i].at];
        if (same_row(k, &k->t->batches[own->set], own->row, rows, row))
            k->known[k->rows[i].at] = KNOWN;
    }
}

static kehu_status compare_with(knowing *k, kehu__segment *const *segments,
                                uint32_t n_segments, kehu_error *err)
{
    const kehu__range all = {.from = INT64_MIN, .until = INT64_MAX};
    kehu__merge m;
    kehu__merge_rows r = {.n = 1};
    kehu_status status;
    uint64_t erased = 0;
    bool wanted = false;
    KEHU_TRY(kehu__merge_open(&m, &k->t->alloc, segments, n_segments, &k->m->schema,
                              k->ids, k->n_ids, &all, err));
    for (status = KEHU_OK; status == KEHU_OK && r.n > 0 && k->first < k->t->n;) {
        status = kehu__merge_next(&m, &r, err);
        if (status != KEHU_OK || r.n == 0)
            break;
        if (r.new_customer) {
            wanted = go_to(k, r.key, r.key_size);
            erased = kehu__marks_get(&k->m->gone.customers, r.key, r.key_size);
        }
        for (uint32_t i = r.first; wanted && i < r.first + r.n; i++) {
            const uint64_t sequence =
                (uint64_t)kehu__rows_get(r.rows, KEHU__SEQUENCE)->values.ints[i];
            if (sequence > erased &&
                !kehu__gone_source(&k->m->gone, kehu__rows_get(r.rows, KEHU__SOURCE), i,
                                   sequence))
                mark_same(k, r.rows, i);
        }
    }
    kehu__merge_close(&m);
    return status;
}

static void leave_out_known(const knowing *k, int64_t *n_dropped)
{
    size_t n = 0;
    for (size_t i = 0; i < k->t->n; i++)
        if (!k->known[i])
            k->t->order[n++] = k->t->order[i];
    *n_dropped = (int64_t)(k->t->n - n);
    k->t->n = n;
}

kehu_status kehu__tail_drop_known(kehu__tail *t, kehu__segment *const *segments,
                                  uint32_t n_segments, const kehu__manifest *m,
                                  int64_t *n_dropped, kehu_error *err)
{
    const uint32_t end = KEHU__FIRST_FIELD + m->schema.n_fields[KEHU_STORE_EVENTS];
    const size_t n = t->n;
    knowing k = {.t = t, .m = m};
    kehu_status status;
    *n_dropped = 0;
    if (n == 0)
        return KEHU_OK;
    k.ids = kehu__alloc(&t->alloc, end, sizeof *k.ids);
    k.rows = kehu__alloc(&t->alloc, n, sizeof *k.rows);
    k.known = kehu__alloc_zero(&t->alloc, n, 1);
    for (uint32_t id = KEHU__KIND; k.ids != NULL && id < end; id++)
        if (kehu__schema_name(&m->schema, KEHU_STORE_EVENTS, id) != NULL)
            k.ids[k.n_ids++] = id;
    if (k.ids == NULL || k.rows == NULL || k.known == NULL) {
        status = kehu__no_memory(err, "the import");
    } else {
        hash_all(&k);
        status = compare_with(&k, segments, n_segments, err);
        if (status == KEHU_OK)
            leave_out_known(&k, n_dropped);
    }
    kehu__free(&t->alloc, k.ids, end, sizeof *k.ids);
    kehu__free(&t->alloc, k.rows, n, sizeof *k.rows);
    kehu__free(&t->alloc, k.known, n, 1);
    return status;
}
