/* Customers get numbers by a hash table, the few numbers are sorted by id, the many
 * rows are then distributed by counting, and only within a customer whose events
 * came out of order is anything compared. */
#include "store/tail.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "base/sort.h"

enum { GROUP = 64, FEW = 24 };

typedef struct customer {
    const char *key;
    uint32_t size, number;
    uint64_t hash, erased_until;
    size_t n_rows;
} customer;

typedef struct slot {
    uint32_t tag;   /* of the hash's other half */
    uint32_t after; /* number + 1, 0 = free */
} slot;

typedef struct customers {
    kehu_allocator alloc;
    customer *items;
    size_t n, capacity;
    slot *slots;
    size_t n_slots;
} customers;

static slot *home_of(const customers *c, uint64_t hash)
{
    return &c->slots[hash & (c->n_slots - 1)];
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static slot *next_slot(const customers *c, slot *s)
{
    return s + 1 == c->slots + c->n_slots ? c->slots : s + 1;
}

static void place(customers *c, uint32_t number)
{
    const uint64_t hash = c->items[number].hash;
    slot *s = home_of(c, hash);
    while (s->after != 0)
        s = next_slot(c, s);
    *s = (slot){tag_of(hash), number + 1};
}

static bool make_slots(customers *c)
{
    const size_t wanted = c->n_slots == 0 ? 1024 : c->n_slots * 2;
    slot *slots = kehu__alloc_zero(&c->alloc, wanted, sizeof *slots);
    if (slots == NULL)
        return false;
    kehu__free(&c->alloc, c->slots, c->n_slots, sizeof *c->slots);
    c->slots = slots;
    c->n_slots = wanted;
    for (size_t i = 0; i < c->n; i++)
        place(c, (uint32_t)i);
    return true;
}

static bool is_customer(const customers *c, uint32_t number, const char *key,
                        uint32_t size)
{
    const customer *one = &c->items[number];
    return one->size == size && kehu__same_bytes(one->key, key, size);
}

/* The number of a customer, UINT32_MAX when memory is refused. */
static uint32_t number_of(customers *c, const char *key, uint32_t size, uint64_t hash,
                          const kehu__marks *erased)
{
    slot *s;
    if ((c->n + 1) * 2 > c->n_slots && !make_slots(c))
        return UINT32_MAX;
    for (s = home_of(c, hash); s->after != 0; s = next_slot(c, s))
        if (s->tag == tag_of(hash) && is_customer(c, s->after - 1, key, size))
            return s->after - 1;
    if (!kehu__grow(&c->alloc, &c->items, &c->capacity, c->n + 1, sizeof *c->items))
        return UINT32_MAX;
    c->items[c->n] = (customer){
        key, size, (uint32_t)c->n, hash, kehu__marks_get(erased, key, size), 0};
    *s = (slot){tag_of(hash), (uint32_t)++c->n};
    return (uint32_t)c->n - 1;
}

/* Numbers of n (at most GROUP) customers. Each step prefetches for the next one: slots,
 * customers who probably are in them, their ids. */
static bool number_group(customers *c, const kehu__vector *keys, uint32_t first,
                         uint32_t n, const kehu__marks *erased, uint32_t *numbers)
{
    uint64_t hashes[GROUP];
    uint32_t size;
    if (c->n_slots == 0 && !make_slots(c))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const char *key = kehu__vector_text(keys, first + i, &size);
        hashes[i] = kehu__hash(key, size, 0);
        KEHU__PREFETCH(home_of(c, hashes[i]));
    }
    for (uint32_t i = 0; i < n; i++) {
        const slot *s = home_of(c, hashes[i]);
        numbers[i] = s->after == 0 ? UINT32_MAX : s->after - 1;
        if (s->after != 0)
            KEHU__PREFETCH(&c->items[numbers[i]]);
    }
    for (uint32_t i = 0; i < n; i++)
        if (numbers[i] != UINT32_MAX)
            KEHU__PREFETCH(c->items[numbers[i]].key);
    for (uint32_t i = 0; i < n; i++) {
        const char *key = kehu__vector_text(keys, first + i, &size);
        if (numbers[i] == UINT32_MAX || !is_customer(c, numbers[i], key, size))
            numbers[i] = number_of(c, key, size, hashes[i], erased);
        if (numbers[i] == UINT32_MAX)
            return false;
    }
    return true;
}

static int by_key(const void *a, const void *b, void *ctx)
{
    const customer *x = a, *y = b;
    (void)ctx;
    return kehu__text_order(x->key, x->size, y->key, y->size);
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const kehu__place *x = a, *y = b;
    (void)ctx;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->set != y->set)
        return x->set < y->set ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* All rows that are not erased, as they came, with their customers' numbers. */
static bool collect(const kehu__tail *t, customers *c, const kehu__marks *erased,
                    kehu__place *rows, size_t *n)
{
    *n = 0;
    for (size_t b = 0; b < t->n_batches; b++) {
        const kehu__vector *key = kehu__rows_get(&t->batches[b], KEHU__KEY);
        const int64_t *times = kehu__rows_get(&t->batches[b], KEHU__TIME)->values.ints;
        const uint64_t sequence =
            (uint64_t)kehu__rows_get(&t->batches[b], KEHU__SEQUENCE)->values.ints[0];
        for (uint32_t first = 0, m; first < t->batches[b].n; first += m) {
            uint32_t numbers[GROUP];
            m = t->batches[b].n - first < GROUP ? t->batches[b].n - first : GROUP;
            if (!number_group(c, key, first, m, erased, numbers))
                return false;
            for (uint32_t i = 0; i < m; i++) {
                customer *one = &c->items[numbers[i]];
                if (sequence <= one->erased_until)
                    continue;
                one->n_rows++;
                rows[(*n)++] =
                    (kehu__place){times[first + i], numbers[i], (uint32_t)b, first + i};
            }
        }
    }
    return true;
}

/* Rows as they came, by time: few are cheaper moved one by one. */
static void sort_by_time(kehu__place *rows, size_t n)
{
    if (n > FEW) {
        kehu__sort(rows, n, sizeof *rows, by_time, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const kehu__place one = rows[i];
        size_t at = i;
        for (; at > 0 && rows[at - 1].time > one.time; at--)
            rows[at] = rows[at - 1];
        rows[at] = one;
    }
}

/* next[number] is where the next row of that customer goes. */
static void distribute(kehu__tail *t, customers *c, const kehu__place *rows, size_t n,
                       size_t *next)
{
    size_t at = 0;
    kehu__sort(c->items, c->n, sizeof *c->items, by_key, NULL);
    for (size_t i = 0; i < c->n; i++) {
        next[c->items[i].number] = at;
        at += c->items[i].n_rows;
    }
    for (size_t i = 0; i < n; i++)
        t->order[next[rows[i].customer]++] = rows[i];
    for (size_t first = 0; first < n;) {
        size_t end = first + 1;
        bool sorted = true;
        for (; end < n && t->order[end].customer == t->order[first].customer; end++)
            sorted = sorted && t->order[end - 1].time <= t->order[end].time;
        if (!sorted)
            sort_by_time(t->order + first, end - first);
        first = end;
    }
    t->n = n;
}

static kehu_status bring_into_order(kehu__tail *t, size_t total,
                                    const kehu__marks *erased, kehu_error *err)
{
    customers c = {.alloc = t->alloc};
    kehu__place *rows = kehu__alloc(&t->alloc, total, sizeof *rows);
    size_t n = 0, *next = NULL, n_next = 0;
    bool done = false;
    t->order = kehu__alloc(&t->alloc, total, sizeof *t->order);
    t->order_capacity = t->order == NULL ? 0 : total;
    if (rows != NULL && t->order != NULL && collect(t, &c, erased, rows, &n)) {
        n_next = c.n;
        next = kehu__alloc(&t->alloc, n_next, sizeof *next);
        if (next != NULL) {
            distribute(t, &c, rows, n, next);
            done = true;
        }
    }
    kehu__free(&t->alloc, next, n_next, sizeof *next);
    kehu__free(&t->alloc, rows, total, sizeof *rows);
    kehu__free(&t->alloc, c.items, c.capacity, sizeof *c.items);
    kehu__free(&t->alloc, c.slots, c.n_slots, sizeof *c.slots);
    return done ? KEHU_OK : kehu__no_memory(err, "sorting the log");
}

kehu_status kehu__tail_sort_rows(kehu__tail *t, kehu__rows *batches, size_t n_batches,
                                 size_t capacity, const kehu__schema *schema,
                                 const kehu__marks *erased, kehu_error *err)
{
    kehu_status status = KEHU_OK;
    size_t total = 0;
    *t = (kehu__tail){.alloc = schema->alloc,
                      .batches = batches,
                      .n_batches = n_batches,
                      .batch_capacity = capacity};
    for (size_t i = 0; i < n_batches; i++)
        total += batches[i].n;
    if (total > 0)
        status = bring_into_order(t, total, erased, err);
    if (status != KEHU_OK)
        kehu__tail_free(t);
    return status;
}

kehu_status kehu__tail_sort(kehu__tail *t, const kehu__frame *frames, size_t n_frames,
                            kehu_store_part part, const kehu__schema *schema,
                            const kehu__marks *erased, kehu_error *err)
{
    const kehu__frame_type type =
        part == KEHU_STORE_EVENTS ? KEHU__FRAME_EVENTS : KEHU__FRAME_CUSTOMERS;
    kehu_status status = KEHU_OK;
    *t = (kehu__tail){.alloc = schema->alloc};
    for (size_t i = 0; status == KEHU_OK && i < n_frames; i++) {
        size_t size;
        const char *payload = kehu__frame_payload(&frames[i], &size);
        if (frames[i].type != type)
            continue;
        if (!kehu__grow(&t->alloc, &t->batches, &t->batch_capacity, t->n_batches + 1,
                        sizeof *t->batches))
            status = KEHU_NO_MEMORY;
        else
            status = kehu__batch_read(&t->batches[t->n_batches], schema, part, payload,
                                      size, frames[i].rows, frames[i].sequence);
        t->n_batches += status == KEHU_OK;
    }
    if (status == KEHU_OK)
        return kehu__tail_sort_rows(t, t->batches, t->n_batches, t->batch_capacity,
                                    schema, erased, err);
    kehu__tail_free(t);
    return status == KEHU_NO_MEMORY
               ? kehu__no_memory(err, "sorting the log")
               : kehu__fail(err, KEHU_FORMAT, -1, "the log has a batch that cannot be");
}

void kehu__tail_free(kehu__tail *t)
{
    for (size_t i = 0; i < t->n_batches; i++)
        kehu__rows_free(&t->batches[i]);
    kehu__free(&t->alloc, t->batches, t->batch_capacity, sizeof *t->batches);
    kehu__free(&t->alloc, t->order, t->order_capacity, sizeof *t->order);
    *t = (kehu__tail){.alloc = t->alloc};
}

kehu_status kehu__tail_write(const kehu__tail *t, kehu__segment_writer *w,
                             kehu_error *err)
{
    kehu__picker p;
    kehu_status status;
    if (!kehu__picker_begin(&p, w, t->batches, t->n_batches))
        return kehu__no_memory(err, "sorting the log");
    status = kehu__segment_pick(w, &p, t->order, t->n, err);
    kehu__picker_free(&p, w);
    return status;
}
