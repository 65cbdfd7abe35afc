/* insight/keys.h - keys, integers or texts, numbered 0, 1, ... in the order in which
 * they are first seen. */
#ifndef KEHU_SRC_INSIGHT_KEYS_H
#define KEHU_SRC_INSIGHT_KEYS_H

#include "base/hash.h"
#include "base/mem.h"
#include "data/builder.h"
#include "data/column.h"

enum { KEHU__KEY_BYTES = 1 << 20, KEHU__NO_KEY = -1 };

/* Where a key is: small, so that a cache line holds eight. */
typedef struct kehu__key_slot {
    uint32_t hash;   /* the high half, all that is needed to place the slot anew */
    uint32_t number; /* 1 + the key's; 0 = free */
} kehu__key_slot;

typedef struct kehu__keys {
    kehu_allocator alloc;
    bool text;
    kehu__key_slot *slots; /* by the highest bits of the hash, so that twice as many
                              slots keep the order of the old ones */
    uint32_t shift;        /* from the hash's high half to the slot */
    size_t n_slots;        /* 0 or a power of two, at most half full */
    uint32_t n;
    int64_t *integers; /* [n] integer keys */
    size_t integers_capacity;
    uint64_t *ends; /* [n] text keys: where each ends in bytes */
    size_t ends_capacity;
    char *bytes;
    size_t bytes_capacity;
} kehu__keys;

static inline kehu__keys kehu__keys_new(const kehu_allocator *a, bool text)
{
    return (kehu__keys){.alloc = *a, .text = text};
}

/* A key to look for: text.bytes NULL is an integer. */
typedef struct kehu__key {
    uint64_t hash;
    int64_t integer;
    kehu__text text;
} kehu__key;

static inline kehu__key kehu__key_integer(int64_t integer)
{
    return (kehu__key){kehu__mix64((uint64_t)integer), integer, {NULL, 0}};
}

static inline kehu__key kehu__key_text(kehu__text text)
{
    return (kehu__key){kehu__hash(text.bytes, (size_t)text.size, 0), 0, text};
}

/* Prefetch a key's slot: for whoever looks for many. */
void kehu__keys_prefetch(const kehu__keys *k, uint64_t hash);

/* Number of a key, KEHU__NO_KEY when it is not there (find) or memory is refused (add,
 * which adds it if it is not there). */
int64_t kehu__keys_find(const kehu__keys *k, const kehu__key *key);
int64_t kehu__keys_add(kehu__keys *k, const kehu__key *key);

/* Key of a number, as it would be looked for. */
kehu__key kehu__keys_at(const kehu__keys *k, uint32_t number);

/* Write it into a column of the type kehu__keys_type() gives. */
kehu_type kehu__keys_type(const kehu__keys *k);
void kehu__keys_write(const kehu__keys *k, uint32_t number, kehu__builder *to,
                      size_t column);

/* Less, equal or greater than 0, as text a is before, equal to or behind text b by
 * bytes. */
int kehu__keys_compare(const kehu__keys *k, uint32_t a, uint32_t b);

/* Put n numbers in the order of their keys (text by bytes); or all numbers: order[k->n].
 * False when memory is refused. */
bool kehu__keys_arrange(const kehu__keys *k, uint32_t *numbers, size_t n);
bool kehu__keys_sort(const kehu__keys *k, uint32_t *order);

/* Forget all keys, but not their memory. */
void kehu__keys_clear(kehu__keys *k);
void kehu__keys_free(kehu__keys *k);

#endif
