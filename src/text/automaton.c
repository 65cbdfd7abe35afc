#include "text/automaton.h"

#include "base/error.h"
#include "text/automaton_build.h"

/* Places looked at for a state's children before the end is taken. */
enum { TRIES = 2048 };
static const uint32_t NO_STATE = UINT32_MAX;

/* The keywords order[from .. to) share the first `depth` symbols: a state. */
typedef struct part {
    uint32_t from, to, depth, state;
} part;

typedef struct builder {
    kehu__automaton *a;
    const kehu__keyword_codes *keywords;
    uint32_t *free_next, *free_previous; /* ring of free states; the root is its head */
    uint32_t free_word; /* first free state of n_symbols or above, 0 = none */
    size_t next_capacity, previous_capacity;
    size_t state_capacity, end_capacity, deep_capacity, fail_capacity, pair_capacity,
        link_capacity;
    uint32_t *fail; /* [n_states] the longest proper suffix that is a state */
    part *queue;    /* states whose children are still to be placed, breadth first */
    size_t queue_capacity, n_queue;
} builder;

/* Room for states 0 .. need - 1; the new ones join the ring of free ones. */
static bool grow_states(builder *b, size_t need)
{
    kehu__automaton *a = b->a;
    if (need <= a->n_states)
        return true;
    if (need > KEHU__NUMBER ||
        !kehu__grow(&a->alloc, &a->states, &b->state_capacity, need, sizeof *a->states) ||
        !kehu__grow(&a->alloc, &a->ends, &b->end_capacity, need, sizeof *a->ends) ||
        !kehu__grow(&a->alloc, &a->links, &b->link_capacity, need, sizeof *a->links) ||
        !kehu__grow(&a->alloc, &a->pair, &b->pair_capacity, need, sizeof *a->pair) ||
        !kehu__grow(&a->alloc, &a->next_deep, &b->deep_capacity, need,
                    sizeof *a->next_deep) ||
        !kehu__grow(&a->alloc, &b->fail, &b->fail_capacity, need, sizeof *b->fail) ||
        !kehu__grow(&a->alloc, &b->free_next, &b->next_capacity, need,
                    sizeof *b->free_next) ||
        !kehu__grow(&a->alloc, &b->free_previous, &b->previous_capacity, need,
                    sizeof *b->free_previous))
        return false;
    if (a->n_states == 0) {
        a->states[0] = (kehu__state){0, NO_STATE};
        a->links[0] = (kehu__links){0, 0};
        a->pair[0] = KEHU__NUMBER;
        a->ends[0] = (kehu__end){0, 0};
        a->next_deep[0] = b->fail[0] = 0;
        b->free_next[0] = b->free_previous[0] = 0;
        a->n_states = 1;
    }
    for (uint32_t s = a->n_states; s < need; s++) {
        const uint32_t last = b->free_previous[0];
        a->states[s] = (kehu__state){0, NO_STATE};
        a->links[s] = (kehu__links){0, 0};
        a->pair[s] = KEHU__NUMBER;
        a->ends[s] = (kehu__end){0, 0};
        a->next_deep[s] = b->fail[s] = 0;
        b->free_next[last] = s;
        b->free_previous[s] = last;
        b->free_next[s] = 0;
        b->free_previous[0] = s;
        if (b->free_word == 0 && s >= a->n_symbols)
            b->free_word = s;
    }
    a->n_states = (uint32_t)need;
    return true;
}

static void take_state(builder *b, uint32_t s)
{
    if (b->free_word == s)
        b->free_word = b->free_next[s];
    b->free_next[b->free_previous[s]] = b->free_next[s];
    b->free_previous[b->free_next[s]] = b->free_previous[s];
}

/* Symbol number `depth` of a keyword given by its rank. */
static uint32_t code_at(const builder *b, uint32_t rank, uint32_t depth)
{
    return b->keywords->codes[b->keywords->first[b->keywords->order[rank]] + depth];
}

/* First rank after `from` whose symbol at this depth differs. */
static uint32_t group_end(const builder *b, uint32_t from, uint32_t to, uint32_t depth)
{
    const uint32_t code = code_at(b, from, depth);
    while (from < to && code_at(b, from, depth) == code)
        from++;
    return from;
}

/* Are the places of all children free with this base? */
static bool fits(const builder *b, const part *p, uint32_t base)
{
    for (uint32_t i = p->from; i < p->to; i = group_end(b, i, p->to, p->depth)) {
        const uint32_t s = base + code_at(b, i, p->depth);
        if (s < b->a->n_states && (s == 0 || b->a->states[s].check != NO_STATE))
            return false;
    }
    return true;
}

/* First free place that fits. The codes of words are high, so they leave the places
 * below n_symbols to the characters: no base is negative. */
static uint32_t find_base(const builder *b, const part *p)
{
    const uint32_t least = code_at(b, p->from, p->depth);
    uint32_t s = least < b->a->n_characters ? b->free_next[0] : b->free_word;
    for (int i = 0; s != 0 && i < TRIES; i++, s = b->free_next[s])
        if (s >= least && fits(b, p, s - least))
            return s - least;
    return b->a->n_states;
}

/* The longest proper suffix of a state: Aho and Corasick's failure function. */
static uint32_t find_fail(const builder *b, uint32_t parent, uint32_t code)
{
    const kehu__automaton *a = b->a;
    if (parent == 0)
        return 0;
    for (uint32_t from = b->fail[parent]; from != 0; from = b->fail[from]) {
        const uint32_t to = a->states[from].base + code;
        if (a->states[to].check == from)
            return to;
    }
    return a->alone[code];
}

/* Links of the state of a part, just placed; all shorter states are done. */
static void link_state(builder *b, const part *p, bool ends)
{
    kehu__automaton *a = b->a;
    const uint32_t s = p->state, keyword = b->keywords->order[p->from];
    const uint32_t fail =
        find_fail(b, a->states[s].check, code_at(b, p->from, p->depth - 1));
    const bool has_children = p->to - p->from > ends;
    b->fail[s] = fail;
    if (ends)
        a->ends[s] = (kehu__end){keyword, a->links[fail].hit};
    a->next_deep[s] = a->links[fail].deep;
    a->links[s].hit = ends ? s : a->links[fail].hit;
    a->links[s].deep = p->depth >= 2 && has_children ? s : a->links[fail].deep;
    if (p->depth == 2)
        a->pair[s] =
            code_at(b, p->from, 0) | (ends && !has_children ? KEHU__ENDS : KEHU__LEADS);
}

/* Give the children of a state their places and queue them. */
static bool place_children(builder *b, part p)
{
    kehu__automaton *a = b->a;
    const uint32_t base = find_base(b, &p);
    if (!grow_states(b, (size_t)base + a->n_symbols))
        return false;
    a->states[p.state].base = base;
    for (uint32_t i = p.from, end; i < p.to; i = end) {
        const uint32_t code = code_at(b, i, p.depth), s = base + code;
        end = group_end(b, i, p.to, p.depth);
        take_state(b, s);
        a->states[s].check = p.state;
        if (p.state == 0)
            a->alone[code] = s;
        if (!kehu__grow(&a->alloc, &b->queue, &b->queue_capacity, b->n_queue + 1,
                        sizeof *b->queue))
            return false;
        b->queue[b->n_queue++] = (part){i, end, p.depth + 1, s};
    }
    return true;
}

/* What the first look at a text needs, from the finished states. */
static kehu_status make_filter(kehu__automaton *a, kehu_error *err)
{
    a->bases = kehu__alloc(&a->alloc, a->n_symbols, sizeof *a->bases);
    a->tags = kehu__alloc(&a->alloc, a->n_states, sizeof *a->tags);
    if (a->bases == NULL || a->tags == NULL)
        return kehu__no_memory(err, "the automaton");
    for (uint32_t c = 0; c < a->n_symbols; c++) {
        const uint32_t s = a->alone[c];
        const uint32_t mark = s != 0 && a->links[s].hit == s ? KEHU__ENDS : 0;
        a->alone[c] |= mark;
        a->bases[c] = (s == 0 ? 0 : a->states[s].base) | mark;
    }
    for (uint32_t s = 0; s < a->n_states; s++)
        a->tags[s] = (uint8_t)(a->pair[s] & KEHU__TAG);
    return KEHU_OK;
}

static kehu_status make_states(builder *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    a->alone = kehu__alloc_zero(&a->alloc, a->n_symbols, sizeof *a->alone);
    if (a->alone == NULL || !grow_states(b, (size_t)a->n_symbols + 1))
        return kehu__no_memory(err, "the automaton");
    if (b->keywords->n > 0 && !place_children(b, (part){0, b->keywords->n, 0, 0}))
        return kehu__no_memory(err, "the automaton");
    for (size_t i = 0; i < b->n_queue; i++) {
        part p = b->queue[i];
        const uint32_t keyword = b->keywords->order[p.from];
        const bool ends =
            b->keywords->first[keyword + 1] - b->keywords->first[keyword] == p.depth;
        link_state(b, &p, ends);
        p.from += ends;
        if (p.from < p.to && !place_children(b, p))
            return kehu__no_memory(err, "the automaton");
    }
    return make_filter(a, err);
}

kehu_status kehu__automaton_build(kehu__automaton *a, const char *bytes,
                                  const uint32_t *starts, uint32_t n,
                                  const kehu_allocator *alloc, kehu_error *err)
{
    kehu__keyword_codes keywords = {.a = a, .starts = starts, .n = n};
    builder b = {.a = a, .keywords = &keywords};
    kehu_status status;
    *a = (kehu__automaton){.alloc = *alloc, .bytes = bytes};
    status = kehu__keyword_codes_make(&keywords, err);
    if (status == KEHU_OK)
        status = make_states(&b, err);
    a->state_capacity = b.state_capacity;
    a->end_capacity = b.end_capacity;
    a->deep_capacity = b.deep_capacity;
    a->pair_capacity = b.pair_capacity;
    a->link_capacity = b.link_capacity;
    kehu__keyword_codes_free(&keywords);
    kehu__free(alloc, b.free_next, b.next_capacity, sizeof *b.free_next);
    kehu__free(alloc, b.free_previous, b.previous_capacity, sizeof *b.free_previous);
    kehu__free(alloc, b.fail, b.fail_capacity, sizeof *b.fail);
    kehu__free(alloc, b.queue, b.queue_capacity, sizeof *b.queue);
    if (status != KEHU_OK)
        kehu__automaton_free(a);
    return status;
}

void kehu__automaton_free(kehu__automaton *a)
{
    const kehu_allocator *alloc = &a->alloc;
    kehu__free(alloc, a->page_of, KEHU__CHARACTER_PAGES, sizeof *a->page_of);
    kehu__free(alloc, a->pages, (size_t)a->n_pages << 8, sizeof *a->pages);
    kehu__free(alloc, a->words, a->word_capacity, sizeof *a->words);
    kehu__free(alloc, a->slots, a->n_slots, sizeof *a->slots);
    kehu__free(alloc, a->direct, KEHU__DIRECT, sizeof *a->direct);
    kehu__free(alloc, a->alone, a->n_symbols, sizeof *a->alone);
    kehu__free(alloc, a->bases, a->n_symbols, sizeof *a->bases);
    kehu__free(alloc, a->tags, a->n_states, sizeof *a->tags);
    kehu__free(alloc, a->pair, a->pair_capacity, sizeof *a->pair);
    kehu__free(alloc, a->links, a->link_capacity, sizeof *a->links);
    kehu__free(alloc, a->next_deep, a->deep_capacity, sizeof *a->next_deep);
    kehu__free(alloc, a->states, a->state_capacity, sizeof *a->states);
    kehu__free(alloc, a->ends, a->end_capacity, sizeof *a->ends);
    *a = (kehu__automaton){.n_states = 0};
}
