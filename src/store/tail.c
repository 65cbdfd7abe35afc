/* Customers get numbers by a hash table, the few numbers are sorted by id, the many
 * rows are then distributed by counting, and only within a customer whose events
 * came out of order is anything compared. */
#include "store/tail.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"

typedef struct customer {
    const char *key;
    uint32_t size, number;
    uint64_t erased_until;
    size_t n_rows; /* later: where the next row goes */
} customer;

typedef struct customers {
    kehu_allocator alloc;
    customer *items;
    size_t n, capacity;
    uint32_t *slots; /* number + 1, 0 = free */
    size_t n_slots;
} customers;

static void place(customers *c, uint32_t number)
{
    const customer *one = &c->items[number];
    size_t at = (size_t)kehu__hash(one->key, one->size, 0) & (c->n_slots - 1);
    while (c->slots[at] != 0)
        at = (at + 1) & (c->n_slots - 1);
    c->slots[at] = number + 1;
}

static bool make_slots(customers *c)
{
    const size_t wanted = c->n_slots == 0 ? 1024 : c->n_slots * 2;
    uint32_t *slots = kehu__alloc_zero(&c->alloc, wanted, sizeof *slots);
    if (slots == NULL)
        return false;
    kehu__free(&c->alloc, c->slots, c->n_slots, sizeof *c->slots);
    c->slots = slots;
    c->n_slots = wanted;
    for (size_t i = 0; i < c->n; i++)
        place(c, (uint32_t)i);
    return true;
}

/* The number of a customer, UINT32_MAX when memory is refused. */
static uint32_t number_of(customers *c, const char *key, uint32_t size,
                          const kehu__marks *erased)
{
    size_t at;
    if ((c->n + 1) * 2 > c->n_slots && !make_slots(c))
        return UINT32_MAX;
    at = (size_t)kehu__hash(key, size, 0) & (c->n_slots - 1);
    for (; c->slots[at] != 0; at = (at + 1) & (c->n_slots - 1)) {
        const customer *other = &c->items[c->slots[at] - 1];
        if (other->size == size && memcmp(other->key, key, size) == 0)
            return c->slots[at] - 1;
    }
    if (!kehu__grow(&c->alloc, &c->items, &c->capacity, c->n + 1, sizeof *c->items))
        return UINT32_MAX;
    c->items[c->n] =
        (customer){key, size, (uint32_t)c->n, kehu__marks_get(erased, key, size), 0};
    c->slots[at] = (uint32_t)++c->n;
    return (uint32_t)c->n - 1;
}

static int by_key(const void *a, const void *b, void *ctx)
{
    const customer *x = a, *y = b;
    (void)ctx;
    return kehu__text_order(x->key, x->size, y->key, y->size);
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const kehu__tail_row *x = a, *y = b;
    (void)ctx;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->batch != y->batch)
        return x->batch < y->batch ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* All rows that are not erased, as they came, with their customers' numbers. */
static bool collect(const kehu__tail *t, customers *c, const kehu__marks *erased,
                    kehu__tail_row *rows, size_t *n)
{
    *n = 0;
    for (size_t b = 0; b < t->n_batches; b++) {
        const kehu__vector *key = kehu__rows_get(&t->batches[b], KEHU__KEY);
        const int64_t *times = kehu__rows_get(&t->batches[b], KEHU__TIME)->values.ints;
        const uint64_t sequence =
            (uint64_t)kehu__rows_get(&t->batches[b], KEHU__SEQUENCE)->values.ints[0];
        for (uint32_t i = 0; i < t->batches[b].n; i++) {
            uint32_t size;
            const char *text = kehu__vector_text(key, i, &size);
            const uint32_t number = number_of(c, text, size, erased);
            if (number == UINT32_MAX)
                return false;
            if (sequence <= c->items[number].erased_until)
                continue;
            c->items[number].n_rows++;
            rows[(*n)++] = (kehu__tail_row){times[i], number, (uint32_t)b, i};
        }
    }
    return true;
}

/* next[number] is where the next row of that customer goes. */
static void distribute(kehu__tail *t, customers *c, const kehu__tail_row *rows, size_t n,
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
            kehu__sort(t->order + first, end - first, sizeof *t->order, by_time, NULL);
        first = end;
    }
    t->n = n;
}

static kehu_status bring_into_order(kehu__tail *t, size_t total,
                                    const kehu__marks *erased, kehu_error *err)
{
    customers c = {.alloc = t->alloc};
    kehu__tail_row *rows = kehu__alloc(&t->alloc, total, sizeof *rows);
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

kehu_status kehu__tail_sort(kehu__tail *t, const kehu__frame *frames, size_t n_frames,
                            kehu_store_part part, const kehu__schema *schema,
                            const kehu__marks *erased, kehu_error *err)
{
    const kehu__frame_type type =
        part == KEHU_STORE_EVENTS ? KEHU__FRAME_EVENTS : KEHU__FRAME_CUSTOMERS;
    kehu_status status = KEHU_OK;
    size_t total = 0, capacity = 0;
    *t = (kehu__tail){.alloc = schema->alloc};
    for (size_t i = 0; status == KEHU_OK && i < n_frames; i++) {
        size_t size;
        const char *payload = kehu__frame_payload(&frames[i], &size);
        if (frames[i].type != type)
            continue;
        if (!kehu__grow(&t->alloc, &t->batches, &capacity, t->n_batches + 1,
                        sizeof *t->batches))
            status = KEHU_NO_MEMORY;
        else
            status = kehu__batch_read(&t->batches[t->n_batches], schema, part, payload,
                                      size, frames[i].rows, frames[i].sequence);
        if (status == KEHU_OK)
            total += t->batches[t->n_batches++].n;
    }
    t->batch_capacity = capacity;
    if (status == KEHU_NO_MEMORY)
        status = kehu__no_memory(err, "sorting the log");
    else if (status != KEHU_OK)
        status = kehu__fail(err, KEHU_FORMAT, -1, "the log has a batch that cannot be");
    else if (total > 0)
        status = bring_into_order(t, total, erased, err);
    if (status != KEHU_OK)
        kehu__tail_free(t);
    return status;
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
    kehu__place places[KEHU__BLOCK_ROWS];
    kehu__picker p;
    kehu_status status = KEHU_OK;
    if (!kehu__picker_begin(&p, w, t->batches, t->n_batches))
        return kehu__no_memory(err, "sorting the log");
    for (size_t i = 0; status == KEHU_OK && i < t->n;) {
        uint32_t n = 0;
        for (; n < KEHU__BLOCK_ROWS && i < t->n; n++, i++)
            places[n] = (kehu__place){t->order[i].batch, t->order[i].row};
        status = kehu__segment_pick(w, &p, places, n, err);
    }
    kehu__picker_free(&p, w);
    return status;
}
