/* Building goes from the nodes with most children to those with one. Where 64
 * neighbouring bases are free is found with one look at the bits of taken slots
 * for each child; single children fill the holes, so hardly any slot is lost. */
#include "text/trie.h"

#include "base/error.h"
#include "base/sort.h"

enum { MAX_NODES = 1 << 24 };

typedef struct node {
    uint32_t first, end; /* keys below it */
    uint32_t children, n_children;
    uint32_t base, slot, value;
    uint16_t depth, label; /* labels of the key passed; the step from the parent */
} node;

/* Bits that grow; bits past the end read as zero. */
typedef struct bits {
    uint64_t *words;
    size_t n, capacity;
} bits;

typedef struct builder {
    kehu_allocator alloc;
    const kehu__trie_key *keys;
    node *nodes;
    size_t n_nodes, nodes_capacity;
    bits taken, bases; /* slots in use; bases in use */
    uint32_t n_slots;
} builder;

static uint64_t window(const bits *b, size_t at)
{
    const size_t word = at >> 6;
    const unsigned shift = at & 63;
    uint64_t w = word < b->n ? b->words[word] >> shift : 0;
    if (shift != 0 && word + 1 < b->n)
        w |= b->words[word + 1] << (64 - shift);
    return w;
}

static bool set(builder *t, bits *b, size_t at)
{
    const size_t need = (at >> 6) + 1;
    if (!kehu__grow(&t->alloc, &b->words, &b->capacity, need, sizeof *b->words))
        return false;
    while (b->n < need)
        b->words[b->n++] = 0;
    b->words[at >> 6] |= UINT64_C(1) << (at & 63);
    return true;
}

static unsigned lowest_bit(uint64_t w)
{
    unsigned n = 0;
    while ((w >> n & 1) == 0)
        n++;
    return n;
}

static bool is_page(const node *v)
{
    return v->label >= KEHU__LABEL_PAGES;
}

/* The step from a node towards a key below it. */
static uint32_t step_of(const node *v, const kehu__trie_key *key)
{
    const uint32_t label = key->labels[v->depth];
    if (label < KEHU__LABEL_PAGES)
        return label;
    return is_page(v) ? kehu__label_on_page(label) : kehu__label_page(label);
}

/* The nodes below `at`, appended in label order. */
static kehu_status expand(builder *t, size_t at, kehu_error *err)
{
    const node v = t->nodes[at];
    uint32_t k = v.first;
    if (k < v.end && t->keys[k].length == v.depth)
        t->nodes[at].value = t->keys[k++].value;
    t->nodes[at].children = (uint32_t)t->n_nodes;
    while (k < v.end) {
        const uint32_t label = step_of(&v, &t->keys[k]);
        node child = {.first = k, .depth = v.depth, .label = (uint16_t)label};
        if (!is_page(&child)) /* else the key's label is still to come */
            child.depth++;
        while (k < v.end && step_of(&v, &t->keys[k]) == label)
            k++;
        child.end = k;
        if (t->n_nodes == MAX_NODES)
            return kehu__fail(err, KEHU_LIMIT, -1,
                              "the words need more than %d trie nodes", MAX_NODES);
        if (!kehu__grow(&t->alloc, &t->nodes, &t->nodes_capacity, t->n_nodes + 1,
                        sizeof *t->nodes))
            return kehu__no_memory(err, "the trie");
        t->nodes[t->n_nodes++] = child;
        t->nodes[at].n_children++;
    }
    return KEHU_OK;
}

/* The first base where all children find free slots and the first of them stands
 * in slot `from` or later. */
static uint32_t find_base(const builder *t, const node *v, uint32_t from)
{
    const uint32_t label = t->nodes[v->children].label;
    for (size_t b = from > label ? from - label : 0;; b += 64) {
        uint64_t taken = window(&t->bases, b);
        for (uint32_t k = 0; k < v->n_children && taken != UINT64_MAX; k++)
            taken |= window(&t->taken, b + t->nodes[v->children + k].label);
        if (taken != UINT64_MAX)
            return (uint32_t)b + lowest_bit(~taken);
    }
}

static bool place(builder *t, node *v, uint32_t base)
{
    v->base = base;
    if (!set(t, &t->bases, base))
        return false;
    for (uint32_t k = 0; k < v->n_children; k++) {
        node *child = &t->nodes[v->children + k];
        child->slot = base + child->label;
        if (!set(t, &t->taken, child->slot))
            return false;
        if (child->slot >= t->n_slots)
            t->n_slots = child->slot + 1;
    }
    return true;
}

/* Nodes with children by falling number of them, the root first of all. */
static kehu_status place_all(builder *t, kehu_error *err)
{
    uint64_t *order = kehu__alloc(&t->alloc, 2 * t->n_nodes, sizeof *order);
    uint32_t from = 0, last = 0;
    size_t n = 0;
    bool fine = order != NULL;
    for (size_t i = 0; fine && i < t->n_nodes; i++)
        if (t->nodes[i].n_children > 0)
            order[n++] =
                i == 0 ? 0 : (uint64_t)(UINT32_MAX - t->nodes[i].n_children) << 32 | i;
    if (fine)
        kehu__sort_u64(order, order + t->n_nodes, n);
    for (size_t i = 0; fine && i < n; i++) {
        node *v = &t->nodes[(uint32_t)order[i]];
        if (v->n_children != last)
            from = 0;
        last = v->n_children;
        fine = place(t, v, find_base(t, v, from));
        /* Holes that large families left behind are not looked at again by such
         * as large; single children, the bulk of all, fill them. */
        if (v->n_children > 1)
            from = t->nodes[v->children].slot;
        else
            while (window(&t->taken, from) == UINT64_MAX)
                from += 64;
    }
    kehu__free(&t->alloc, order, 2 * t->n_nodes, sizeof *order);
    return fine ? KEHU_OK : kehu__no_memory(err, "the trie");
}

static uint32_t bits_for(uint32_t largest)
{
    uint32_t n = 1;
    while (n < 32 && largest >> n != 0)
        n++;
    return n;
}

static kehu_status write_slots(builder *t, kehu__trie *trie, kehu__buffer *out,
                               uint32_t *places, kehu_error *err)
{
    uint32_t label = 0, base = 0, value = 0;
    size_t size;
    char *slots;
    for (size_t i = 0; i < t->n_nodes; i++) {
        const node *v = &t->nodes[i];
        label = v->label > label ? v->label : label;
        base = v->base > base ? v->base : base;
        value = v->value > value ? v->value : value;
    }
    *trie = (kehu__trie){.n_slots = t->n_slots,
                         .label_bits = bits_for(label),
                         .base_bits = bits_for(base),
                         .value_bits = bits_for(value)};
    trie->slot_bytes = (trie->label_bits + trie->base_bits + trie->value_bits + 7) / 8;
    if (trie->slot_bytes > 8)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "the words need %u-byte slots, 8 is the most",
                          (unsigned)trie->slot_bytes);
    size = (size_t)t->n_slots * trie->slot_bytes + 8;
    if ((slots = kehu__buffer_room(out, size)) == NULL)
        return kehu__no_memory(err, "the trie");
    memset(slots, 0, size);
    for (size_t i = 1; i < t->n_nodes; i++) {
        const node *v = &t->nodes[i];
        const uint64_t s = v->label | (uint64_t)v->base << trie->label_bits |
                           (uint64_t)v->value << (trie->label_bits + trie->base_bits);
        char bytes[8];
        kehu__store64(bytes, s);
        memcpy(slots + (size_t)v->slot * trie->slot_bytes, bytes, trie->slot_bytes);
        if (v->value != 0)
            places[v->first] = v->slot;
    }
    return KEHU_OK;
}

kehu_status kehu__trie_build(kehu__trie *trie, kehu__buffer *out, uint32_t *places,
                             const kehu__trie_key *keys, size_t n,
                             const kehu_allocator *alloc, kehu_error *err)
{
    builder t = {.alloc = *alloc, .keys = keys};
    kehu_status status = KEHU_OK;
    if (!kehu__grow(&t.alloc, &t.nodes, &t.nodes_capacity, 1, sizeof *t.nodes) ||
        !set(&t, &t.taken, 0)) {
        status = kehu__no_memory(err, "the trie");
        goto done;
    }
    t.nodes[t.n_nodes++] = (node){.end = (uint32_t)n};
    for (size_t i = 0; i < t.n_nodes && status == KEHU_OK; i++)
        status = expand(&t, i, err);
    if (status == KEHU_OK)
        status = place_all(&t, err);
    if (status == KEHU_OK)
        status = write_slots(&t, trie, out, places, err);

done:
    kehu__free(&t.alloc, t.nodes, t.nodes_capacity, sizeof *t.nodes);
    kehu__free(&t.alloc, t.taken.words, t.taken.capacity, sizeof *t.taken.words);
    kehu__free(&t.alloc, t.bases.words, t.bases.capacity, sizeof *t.bases.words);
    return status;
}

bool kehu__trie_parents(const kehu__trie *trie, uint32_t *parents, uint32_t *owners)
{
    memset(owners, 0, (size_t)trie->n_slots * sizeof *owners);
    for (uint32_t i = 1; i < trie->n_slots; i++) {
        const kehu__slot s = kehu__trie_slot(trie, i);
        const uint32_t base = kehu__slot_base(trie, s);
        if (kehu__slot_label(trie, s) == 0 || base == 0)
            continue;
        if (base >= trie->n_slots || owners[base] != 0)
            return false;
        owners[base] = i;
    }
    for (uint32_t i = 0; i < trie->n_slots; i++) {
        const uint32_t label = kehu__slot_label(trie, kehu__trie_slot(trie, i));
        parents[i] = 0;
        if (label == 0 || label == i)
            continue; /* empty, or a child of the root */
        if (label > i || owners[i - label] == 0)
            return false;
        parents[i] = owners[i - label];
    }
    return true;
}

static bool pages_fit(const kehu__trie *trie, const uint32_t *parents)
{
    for (uint32_t i = 1; i < trie->n_slots; i++) {
        const kehu__slot s = kehu__trie_slot(trie, i);
        const uint32_t label = kehu__slot_label(trie, s), up = parents[i];
        const bool on_page =
            up != 0 &&
            kehu__slot_label(trie, kehu__trie_slot(trie, up)) >= KEHU__LABEL_PAGES;
        if ((label >= KEHU__LABEL_PAGES &&
             (on_page || label > kehu__label_page(UINT16_MAX) ||
              kehu__slot_value(trie, s) != 0 || kehu__slot_base(trie, s) == 0)) ||
            (on_page && label > KEHU__LABEL_PAGE))
            return false;
    }
    return true;
}

kehu_status kehu__trie_check(const kehu__trie *trie, uint32_t max_length,
                             const kehu_allocator *alloc, kehu_error *err)
{
    const size_t n = trie->n_slots;
    const uint32_t max_depth = 2 * max_length; /* steps */
    uint32_t *parents = kehu__alloc(alloc, 2 * n, sizeof *parents);
    kehu_status status = KEHU_OK;
    if (parents == NULL && n > 0)
        return kehu__no_memory(err, "checking the trie");
    if (!kehu__trie_parents(trie, parents, parents + n))
        status = kehu__fail(err, KEHU_FORMAT, -1, "the trie has a slot without a parent");
    else if (!pages_fit(trie, parents))
        status = kehu__fail(err, KEHU_FORMAT, -1, "the trie has a wrong page of labels");
    /* The second half now holds depths, 0 = not known yet. */
    memset(parents + n, 0, n * sizeof *parents);
    for (uint32_t i = 0; i < n && status == KEHU_OK; i++) {
        uint32_t *const depths = parents + n, steps = 0, at = i;
        for (; at != 0 && depths[at] == 0 && steps <= max_depth; at = parents[at])
            steps++;
        steps += at == 0 ? 0 : depths[at];
        if (steps > max_depth)
            status = kehu__fail(err, KEHU_FORMAT, -1, "the trie is deeper than %u",
                                (unsigned)max_depth);
        for (at = i; status == KEHU_OK && at != 0 && depths[at] == 0; at = parents[at])
            depths[at] = steps--;
    }
    kehu__free(alloc, parents, 2 * n, sizeof *parents);
    return status;
}
