#include "insight/keys.h"

#include <string.h>

#include "base/prefetch.h"
#include "base/sort.h"

enum { FIRST_BITS = 6, FIRST_SLOTS = 1 << FIRST_BITS };

static kehu__text text_at(const kehu__keys *k, uint32_t number)
{
    const uint64_t from = number == 0 ? 0 : k->ends[number - 1];
    return (kehu__text){k->bytes == NULL ? "" : k->bytes + from,
                        (int64_t)(k->ends[number] - from)};
}

static bool has_number(const kehu__keys *k, uint32_t number, const kehu__key *key)
{
    if (!k->text)
        return k->integers[number] == key->integer;
    const kehu__text t = text_at(k, number);
    return t.size == key->text.size &&
           (t.size == 0 || memcmp(t.bytes, key->text.bytes, (size_t)t.size) == 0);
}

static bool is_key(const kehu__keys *k, kehu__key_slot slot, const kehu__key *key)
{
    return slot.hash == (uint32_t)(key->hash >> 32) &&
           has_number(k, slot.number - 1, key);
}

static size_t first_slot(const kehu__keys *k, uint64_t hash)
{
    return (size_t)(uint32_t)(hash >> 32) >> k->shift;
}

/* The slot of a key, or the free one where it belongs. */
static kehu__key_slot *find_slot(const kehu__keys *k, const kehu__key *key)
{
    size_t at = first_slot(k, key->hash);
    while (k->slots[at].number != 0 && !is_key(k, k->slots[at], key))
        at = (at + 1) & (k->n_slots - 1);
    return &k->slots[at];
}

void kehu__keys_prefetch(const kehu__keys *k, uint64_t hash)
{
    if (k->n_slots > 0)
        KEHU__PREFETCH(&k->slots[first_slot(k, hash)]);
}

/* Twice the slots. The old ones hold all that is needed to place them anew. */
static bool grow_slots(kehu__keys *k)
{
    const size_t n = k->n_slots == 0 ? FIRST_SLOTS : 2 * k->n_slots;
    kehu__key_slot *slots = kehu__alloc_zero(&k->alloc, n, sizeof *slots);
    if (slots == NULL)
        return false;
    k->shift = k->n_slots == 0 ? 32 - FIRST_BITS : k->shift - 1;
    for (size_t i = 0; i < k->n_slots; i++) {
        size_t at = (size_t)k->slots[i].hash >> k->shift;
        if (k->slots[i].number == 0)
            continue;
        while (slots[at].number != 0)
            at = (at + 1) & (n - 1);
        slots[at] = k->slots[i];
    }
    kehu__free(&k->alloc, k->slots, k->n_slots, sizeof *slots);
    k->slots = slots;
    k->n_slots = n;
    return true;
}

static bool keep(kehu__keys *k, const kehu__key *key)
{
    if (!k->text) {
        if (!kehu__grow(&k->alloc, &k->integers, &k->integers_capacity, (size_t)k->n + 1,
                        sizeof *k->integers))
            return false;
        k->integers[k->n] = key->integer;
        return true;
    }
    const size_t size = (size_t)key->text.size;
    const uint64_t from = k->n == 0 ? 0 : k->ends[k->n - 1];
    if (!kehu__grow(&k->alloc, &k->ends, &k->ends_capacity, (size_t)k->n + 1,
                    sizeof *k->ends) ||
        !kehu__grow(&k->alloc, &k->bytes, &k->bytes_capacity, (size_t)from + size, 1))
        return false;
    if (size > 0)
        memcpy(k->bytes + from, key->text.bytes, size);
    k->ends[k->n] = from + size;
    return true;
}

int64_t kehu__keys_find(const kehu__keys *k, const kehu__key *key)
{
    return k->n_slots == 0 ? KEHU__NO_KEY : (int64_t)find_slot(k, key)->number - 1;
}

int64_t kehu__keys_add(kehu__keys *k, const kehu__key *key)
{
    kehu__key_slot *slot;
    if (k->n_slots == 0 && !grow_slots(k))
        return KEHU__NO_KEY;
    slot = find_slot(k, key);
    if (slot->number != 0)
        return (int64_t)slot->number - 1;
    if ((size_t)k->n + 1 > k->n_slots / 2 && k->shift > 0) {
        if (!grow_slots(k))
            return KEHU__NO_KEY;
        slot = find_slot(k, key);
    }
    if (k->n == UINT32_MAX - 1 || !keep(k, key))
        return KEHU__NO_KEY;
    *slot = (kehu__key_slot){(uint32_t)(key->hash >> 32), k->n + 1};
    return k->n++;
}

kehu__key kehu__keys_at(const kehu__keys *k, uint32_t number)
{
    return k->text ? kehu__key_text(text_at(k, number))
                   : kehu__key_integer(k->integers[number]);
}

kehu_type kehu__keys_type(const kehu__keys *k)
{
    return k->text ? KEHU_LARGE_UTF8 : KEHU_INT64;
}

void kehu__keys_write(const kehu__keys *k, uint32_t number, kehu__builder *to,
                      size_t column)
{
    if (k->text) {
        const kehu__text t = text_at(k, number);
        kehu__builder_text(to, column, t.bytes, (size_t)t.size);
    } else {
        kehu__builder_integer(to, column, k->integers[number]);
    }
}

int kehu__keys_compare(const kehu__keys *k, uint32_t a, uint32_t b)
{
    const kehu__text x = text_at(k, a), y = text_at(k, b);
    const int64_t both = x.size < y.size ? x.size : y.size;
    const int c = both == 0 ? 0 : memcmp(x.bytes, y.bytes, (size_t)both);
    return c != 0 ? c : (x.size > y.size) - (x.size < y.size);
}

static int by_bytes(const void *a, const void *b, void *ctx)
{
    return kehu__keys_compare(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

bool kehu__keys_arrange(const kehu__keys *k, uint32_t *numbers, size_t n)
{
    if (k->text) {
        kehu__keys table = *k;
        kehu__sort(numbers, n, sizeof *numbers, by_bytes, &table);
        return true;
    }
    uint64_t *keys = kehu__alloc(&k->alloc, n, sizeof *keys);
    uint64_t *scratch = kehu__alloc(&k->alloc, n, sizeof *scratch);
    uint32_t *moved = kehu__alloc(&k->alloc, n, sizeof *moved);
    const bool done = n == 0 || (keys != NULL && scratch != NULL && moved != NULL);
    for (size_t i = 0; done && i < n; i++)
        keys[i] = (uint64_t)k->integers[numbers[i]] ^ (uint64_t)1 << 63;
    if (done && n > 0)
        kehu__sort_pairs(keys, numbers, scratch, moved, n);
    kehu__free(&k->alloc, moved, n, sizeof *moved);
    kehu__free(&k->alloc, scratch, n, sizeof *scratch);
    kehu__free(&k->alloc, keys, n, sizeof *keys);
    return done;
}

bool kehu__keys_sort(const kehu__keys *k, uint32_t *order)
{
    for (uint32_t i = 0; i < k->n; i++)
        order[i] = i;
    return kehu__keys_arrange(k, order, k->n);
}

void kehu__keys_clear(kehu__keys *k)
{
    k->n = 0;
    if (k->n_slots > 0)
        memset(k->slots, 0, k->n_slots * sizeof *k->slots);
}

void kehu__keys_free(kehu__keys *k)
{
    kehu__free(&k->alloc, k->slots, k->n_slots, sizeof *k->slots);
    kehu__free(&k->alloc, k->integers, k->integers_capacity, sizeof *k->integers);
    kehu__free(&k->alloc, k->ends, k->ends_capacity, sizeof *k->ends);
    kehu__free(&k->alloc, k->bytes, k->bytes_capacity, 1);
    *k = kehu__keys_new(&k->alloc, k->text);
}
