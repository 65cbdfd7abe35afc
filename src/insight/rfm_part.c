#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "insight/rfm_base.h"

uint64_t kehu__rfm_hash(uint64_t key, const kehu__text *name)
{
    return name == NULL ? kehu__mix64(key)
                        : kehu__hash(name->bytes, (size_t)name->size, 0);
}

int64_t kehu__rfm_key(const kehu__rfm_customer *c)
{
    return (int64_t)kehu__unmix64(c->hash);
}

static uint64_t order_hash(uint64_t id, uint32_t customer)
{
    return kehu__mix64(id ^ kehu__mix64(customer));
}

/* Copy text to the end of the part's; false when refused. */
static bool keep_text(kehu__rfm_part *p, const kehu_allocator *a, const kehu__text *t,
                      uint64_t *at)
{
    const size_t size = (size_t)t->size;
    if (!kehu__grow(a, &p->text, &p->text_capacity, p->text_size + size + 1, 1))
        return false;
    memcpy(p->text + p->text_size, t->bytes, size);
    *at = p->text_size;
    p->text_size += size;
    return true;
}

static bool same_text(const kehu__rfm_part *p, uint64_t at, uint64_t size,
                      const kehu__text *t)
{
    return size == (uint64_t)t->size && kehu__same_bytes(p->text + at, t->bytes, (size_t)size);
}

bool kehu__rfm_part_is(const kehu__rfm_part *p, uint32_t k, const kehu__text *name)
{
    const kehu__text mine = k < p->n ? kehu__rfm_part_name(p, k) : (kehu__text){"", -1};
    return mine.size == name->size &&
           kehu__same_bytes(mine.bytes, name->bytes, (size_t)mine.size);
}

/* Room for one more customer. */
static bool make_room(kehu__rfm_part *p, const kehu_allocator *a)
{
    if (p->n >> KEHU__RFM_NUMBER_BITS != 0 ||
        !kehu__grow(a, &p->customers, &p->capacity, p->n + 1, sizeof *p->customers))
        return false;
    if (kehu__rfm_index_full(&p->by_key, p->n)) {
        if (!kehu__rfm_index_widen(&p->by_key, a))
            return false;
        for (size_t i = 0; i < p->n; i++)
            kehu__rfm_index_insert(&p->by_key, p->customers[i].hash, (uint32_t)i);
    }
    return true;
}

bool kehu__rfm_part_ready(kehu__rfm_part *p, uint32_t number, const kehu_allocator *a)
{
    if (p->n > 0)
        return true;
    if (!make_room(p, a))
        return false;
    p->customers[0].hash = (uint64_t)(number ^ 1) << (64 - KEHU__RFM_PART_BITS);
    return true;
}

/* The name of the part's next customer; false when refused. */
static bool keep_name(kehu__rfm_part *p, const kehu_allocator *a, const kehu__text *name)
{
    kehu__rfm_text kept = {.size = (uint32_t)name->size};
    uint64_t at;
    if (!kehu__grow(a, &p->names, &p->names_capacity, p->n + 1, sizeof *p->names))
        return false;
    if (kept.size <= KEHU__RFM_SHORT)
        memcpy(kept.bytes, name->bytes, kept.size);
    else if (keep_text(p, a, name, &at))
        memcpy(kept.bytes, &at, sizeof at);
    else
        return false;
    p->names[p->n] = kept;
    return true;
}

static uint32_t add_customer(kehu__rfm_part *p, const kehu_allocator *a, uint64_t hash,
                             const kehu__text *name)
{
    if (!make_room(p, a))
        return UINT32_MAX;
    if (name != NULL && !keep_name(p, a, name))
        return UINT32_MAX;
    kehu__rfm_index_insert(&p->by_key, hash, (uint32_t)p->n);
    p->customers[p->n] = (kehu__rfm_customer){.hash = hash, .last = INT32_MIN};
    return (uint32_t)p->n++;
}

uint32_t kehu__rfm_part_customer(kehu__rfm_part *p, const kehu_allocator *a,
                                 uint64_t hash, const kehu__text *name)
{
    kehu__rfm_probe probe = {.line = kehu__rfm_home(&p->by_key, hash)};
    uint32_t i;
    while (p->n > 0 && (i = kehu__rfm_index_next(&p->by_key, hash, &probe)) != UINT32_MAX)
        if (p->customers[i].hash == hash &&
            (name == NULL || kehu__rfm_part_is(p, i, name)))
            return i;
    return add_customer(p, a, hash, name);
}

static bool add_order(kehu__rfm_part *p, const kehu_allocator *a, uint64_t hash,
                      kehu__rfm_order order, const kehu__text *text)
{
    if (p->n_orders == UINT32_MAX - 1 ||
        !kehu__grow(a, &p->orders, &p->orders_capacity, p->n_orders + 1,
                    sizeof *p->orders) ||
        (text != NULL && !keep_text(p, a, text, &order.at)))
        return false;
    if (kehu__rfm_index_full(&p->by_order, p->n_orders)) {
        if (!kehu__rfm_index_widen(&p->by_order, a))
            return false;
        for (size_t i = 0; i < p->n_orders; i++)
            kehu__rfm_index_insert(&p->by_order,
                                   order_hash(p->orders[i].id, p->orders[i].customer),
                                   (uint32_t)i);
    }
    kehu__rfm_index_insert(&p->by_order, hash, (uint32_t)p->n_orders);
    p->orders[p->n_orders++] = order;
    return true;
}

bool kehu__rfm_part_order(kehu__rfm_part *p, const kehu_allocator *a, uint32_t customer,
                          uint64_t id, const kehu__text *text)
{
    const uint64_t hash = order_hash(id, customer);
    kehu__rfm_probe probe = {.line = kehu__rfm_home(&p->by_order, hash)};
    uint32_t i;
    while (p->n_orders > 0 &&
           (i = kehu__rfm_index_next(&p->by_order, hash, &probe)) != UINT32_MAX) {
        const kehu__rfm_order *o = &p->orders[i];
        if (o->id == id && o->customer == customer &&
            (text == NULL || same_text(p, o->at, o->size, text)))
            return false;
    }
    if (!add_order(p, a, hash,
                   (kehu__rfm_order){.id = id,
                                     .size = text == NULL ? 0 : (uint32_t)text->size,
                                     .customer = customer},
                   text)) {
        p->refused = true;
        return false;
    }
    return true;
}

void kehu__rfm_part_free(kehu__rfm_part *p, const kehu_allocator *a)
{
    kehu__rfm_index_free(&p->by_key, a);
    kehu__rfm_index_free(&p->by_order, a);
    kehu__free(a, p->customers, p->capacity, sizeof *p->customers);
    kehu__free(a, p->names, p->names_capacity, sizeof *p->names);
    kehu__free(a, p->orders, p->orders_capacity, sizeof *p->orders);
    kehu__free(a, p->text, p->text_capacity, 1);
    *p = (kehu__rfm_part){0};
}
