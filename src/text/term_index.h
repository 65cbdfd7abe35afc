/* text/term_index.h - from the key of a term to its number. */
#ifndef KEHU_SRC_TEXT_TERM_INDEX_H
#define KEHU_SRC_TEXT_TERM_INDEX_H

#include "text/terms.h"

#define KEHU__NO_TERM UINT32_MAX

/* One line of memory says all of a term, but four times as much memory as an index. */
typedef struct kehu__term_slot {
    uint64_t key; /* 0 = free; no key is 0 */
    uint32_t term;
    float idf; /* of the term; negative for words */
} kehu__term_slot;

/* The index of a file: a table of open places, of which a key's first follows from its
 * upper half. An entry is six lower bits of the key and the term's number + 1; 0 is free.
 * So most entries of other keys are passed over without a look at their keys. */
static inline size_t kehu__index_place(uint64_t key, uint32_t index_size)
{
    return (size_t)((key >> 32) * index_size >> 32);
}
static inline uint32_t kehu__index_tag(uint64_t key)
{
    return (uint32_t)(key >> 1) << KEHU__TERM_BITS;
}

/* Without a vocabulary: the column of a key, whose lowest bit is the block's. */
static inline uint32_t kehu__hash_column(uint64_t key, uint32_t hash_bits)
{
    return ((uint32_t)(key >> (64 - hash_bits)) & ~UINT32_C(1)) | (uint32_t)(key & 1);
}

/* The term of a key, or KEHU__NO_TERM. */
static inline uint32_t kehu__index_find(const kehu__terms *t, uint64_t key)
{
    const uint32_t tag = kehu__index_tag(key);
    size_t at = kehu__index_place(key, t->index_size);
    for (uint32_t entry; (entry = t->index[at]) != 0;) {
        const uint32_t term = (entry & KEHU__MAX_TERMS) - 1;
        if ((entry ^ tag) >> KEHU__TERM_BITS == 0 && t->keys[term] == key)
            return term;
        at = at + 1 == t->index_size ? 0 : at + 1;
    }
    return KEHU__NO_TERM;
}

/* The slot of a key, or NULL. */
static inline const kehu__term_slot *kehu__slot_find(const kehu__terms *t, uint64_t key)
{
    const size_t mask = (size_t)(UINT64_MAX >> t->shift);
    size_t at = (size_t)(key >> t->shift);
    while (t->slots[at].key != 0) {
        if (t->slots[at].key == key)
            return &t->slots[at];
        at = (at + 1) & mask;
    }
    return NULL;
}

/* Make the table of the keys; false when refused (slots is NULL) or a key is doubled or
 * 0. */
bool kehu__terms_make_table(kehu__terms *terms);

#endif
