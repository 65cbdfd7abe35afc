/* text/trie.h - a packed double array: keys are strings of labels 1..65535,
 * values are numbers from 1 up.
 *
 * Node n with children under labels l stands in slot base(parent) + label(n);
 * a slot holds its own label, the base of its children and its value, packed
 * into as few whole bytes as the three need. No two nodes share a base, so the
 * label alone says whose child a slot is. The root has base 0 and no slot.
 *
 * Labels of KEHU__LABEL_PAGES and above are rare by the way they are given out.
 * Such a one takes two steps, to the node of its page and from there to its
 * place on it: families stay narrow, so they pack close, and labels take 11 bits.
 *
 * Source: Aoe 1989; label check and unique bases as in darts-clone (Yata). */
#ifndef KEHU_SRC_TEXT_TRIE_H
#define KEHU_SRC_TEXT_TRIE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/prefetch.h"

enum {
    KEHU__LABEL_PAGES = 1536, /* the first label of two steps */
    KEHU__LABEL_PAGE = 512,   /* labels on a page */
    KEHU__LABEL_BITS = 11     /* enough for 65535 labels, pages included */
};

typedef struct kehu__trie {
    const char *slots; /* n_slots * slot_bytes, and 8 bytes that may be read */
    uint32_t n_slots, slot_bytes;
    uint32_t label_bits, base_bits, value_bits;
} kehu__trie;

/* A slot's contents. Zero: nothing stands here. */
typedef uint64_t kehu__slot;

static inline kehu__slot kehu__trie_slot(const kehu__trie *t, uint32_t i)
{
    return kehu__load64(t->slots + (size_t)i * t->slot_bytes);
}
static inline uint32_t kehu__slot_label(const kehu__trie *t, kehu__slot s)
{
    return (uint32_t)s & ((1u << t->label_bits) - 1);
}
static inline uint32_t kehu__slot_base(const kehu__trie *t, kehu__slot s)
{
    return (uint32_t)(s >> t->label_bits) & ((1u << t->base_bits) - 1);
}
static inline uint32_t kehu__slot_value(const kehu__trie *t, kehu__slot s)
{
    return (uint32_t)(s >> (t->label_bits + t->base_bits)) & ((1u << t->value_bits) - 1);
}

/* The label of the node of a label's page, and the label below that node. */
static inline uint32_t kehu__label_page(uint32_t label)
{
    return KEHU__LABEL_PAGES + (label - KEHU__LABEL_PAGES) / KEHU__LABEL_PAGE;
}
static inline uint32_t kehu__label_on_page(uint32_t label)
{
    return (label - KEHU__LABEL_PAGES) % KEHU__LABEL_PAGE + 1;
}

/* One step from a node with this base: the slot's number, with the contents in
 * *s; 0 when there is none. */
static inline uint32_t kehu__trie_step(const kehu__trie *t, uint32_t base, uint32_t label,
                                       kehu__slot *s)
{
    const uint32_t i = base + label;
    if (i >= t->n_slots)
        return 0;
    *s = kehu__trie_slot(t, i);
    return kehu__slot_label(t, *s) == label ? i : 0;
}

/* The child of a node with this base under a label (not 0), likewise. Base 0 asks
 * the root. */
static inline uint32_t kehu__trie_child(const kehu__trie *t, uint32_t base,
                                        uint32_t label, kehu__slot *s)
{
    if (label < KEHU__LABEL_PAGES)
        return kehu__trie_step(t, base, label, s);
    if (kehu__trie_step(t, base, kehu__label_page(label), s) == 0)
        return 0;
    return kehu__trie_step(t, kehu__slot_base(t, *s), kehu__label_on_page(label), s);
}

/* Ask for the slot that the first step of kehu__trie_child looks at. */
static inline void kehu__trie_prefetch(const kehu__trie *t, uint32_t base, uint32_t label)
{
    const uint32_t i =
        base + (label < KEHU__LABEL_PAGES ? label : kehu__label_page(label));
    if (i < t->n_slots)
        KEHU__PREFETCH(t->slots + (size_t)i * t->slot_bytes);
}

/* The label of the child in slot *at; *at goes on to its parent. 0 = none. */
static inline uint32_t kehu__trie_label_up(const kehu__trie *t, const uint32_t *parents,
                                           uint32_t *at)
{
    uint32_t label = kehu__slot_label(t, kehu__trie_slot(t, *at)), above;
    *at = parents[*at];
    above = *at == 0 ? 0 : kehu__slot_label(t, kehu__trie_slot(t, *at));
    if (above < KEHU__LABEL_PAGES)
        return label;
    *at = parents[*at];
    return KEHU__LABEL_PAGES + (above - KEHU__LABEL_PAGES) * KEHU__LABEL_PAGE + label - 1;
}

typedef struct kehu__trie_key {
    const uint16_t *labels;
    uint32_t length; /* > 0 */
    uint32_t value;  /* > 0 */
} kehu__trie_key;

/* Build from n > 0 keys, ascending by labels and all different. Appends the
 * slots to out; trie gets the numbers but not the address. places[n] receives
 * the slot of each key. Fails with KEHU_NO_MEMORY or KEHU_LIMIT (above 16
 * million nodes). */
kehu_status kehu__trie_build(kehu__trie *trie, kehu__buffer *out, uint32_t *places,
                             const kehu__trie_key *keys, size_t n,
                             const kehu_allocator *alloc, kehu_error *err);

/* Numbers from outside with which no look-up leaves the slots. */
static inline bool kehu__trie_sizes_fit(const kehu__trie *t)
{
    return t->label_bits >= 1 && t->label_bits <= KEHU__LABEL_BITS && t->base_bits >= 1 &&
           t->base_bits <= 26 && t->value_bits >= 1 && t->value_bits <= 26 &&
           t->slot_bytes == (t->label_bits + t->base_bits + t->value_bits + 7) / 8 &&
           t->n_slots > 1;
}

/* Check slots that came from outside: every label fits its place, pages have no
 * value, and no key is longer than max_length. */
kehu_status kehu__trie_check(const kehu__trie *trie, uint32_t max_length,
                             const kehu_allocator *alloc, kehu_error *err);

/* parents[n_slots]: the slot each slot hangs under, 0 for the root and for
 * empty slots. False when a slot hangs nowhere or two nodes share a base. */
bool kehu__trie_parents(const kehu__trie *trie, uint32_t *parents, uint32_t *owners);
#endif
