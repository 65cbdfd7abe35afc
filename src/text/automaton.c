#include "text/automaton.h"

#include <string.h>

#include "base/error.h"
#include "base/sort.h"

enum {
    TRIES = 2048 /* places looked at for a state's children before the end is taken */
};
static const uint32_t NO_STATE = UINT32_MAX;

/* Is the folded form of the word text[0 .. end) these bytes? */
static bool same_word(const char *folded, uint32_t size, const char *text,
                      const char *end)
{
    const char *f = folded, *f_end = folded + size;
    uint32_t c = kehu__fold(kehu__utf8_next(&text, end));
    while (c != 0 && f != f_end && kehu__utf8_next(&f, f_end) == c)
        c = kehu__word_next(&text, end);
    return c == 0 && f == f_end;
}

size_t kehu__keyword_normalize(char *out, const char *text, size_t size)
{
    const char *p = text, *end = text + size;
    size_t n = 0, symbols = 0;
    bool blank = false;
    while (p != end) {
        const char *at = p;
        const kehu__symbol s = kehu__symbol_next(&p, end);
        if (s.kind == KEHU__SYMBOL_BROKEN)
            return SIZE_MAX;
        if (s.kind == KEHU__SYMBOL_BLANK) {
            blank = n > 0;
            continue;
        }
        symbols += 1 + blank;
        if (symbols > KEHU__KEYWORD_SYMBOLS)
            return SIZE_MAX;
        if (blank)
            out[n++] = ' ';
        blank = false;
        n += (size_t)kehu__utf8_put(out + n, s.c);
        if (s.kind == KEHU__SYMBOL_WORD) {
            kehu__utf8_next(&at, p);
            for (uint32_t c; (c = kehu__word_next(&at, p)) != 0;)
                n += (size_t)kehu__utf8_put(out + n, c);
        }
    }
    out[n] = '\0';
    return n;
}

uint32_t kehu__word_code(const kehu__automaton *a, uint64_t hash, const char *text,
                         const char *end)
{
    if (a->n_slots == 0)
        return 0;
    for (uint32_t at = (uint32_t)hash & (a->n_slots - 1);;
         at = (at + 1) & (a->n_slots - 1)) {
        const kehu__symbol_word *w;
        if (a->slots[at] == 0)
            return 0;
        w = &a->words[a->slots[at] - 1];
        if (w->hash == hash && same_word(a->bytes + w->at, w->size, text, end))
            return a->n_characters + a->slots[at] - 1;
    }
}

/* The keywords order[from .. to) share the first `depth` symbols: a state. */
typedef struct part {
    uint32_t from, to, depth, state;
} part;

typedef struct builder {
    kehu__automaton *a;
    const uint32_t *starts;
    uint32_t n;
    uint32_t *codes; /* symbols of all keywords, one after the other */
    size_t n_codes;
    uint32_t *first;                     /* [n + 1] into codes */
    uint32_t *order;                     /* [n] keywords sorted by their codes */
    uint32_t *free_next, *free_previous; /* ring of free states; the root is its head */
    uint32_t free_word; /* first free state of n_symbols or above, 0 = none */
    size_t next_capacity, previous_capacity;
    size_t state_capacity, keyword_capacity, hit_capacity;
    part *queue; /* states whose children are still to be placed, breadth first */
    size_t queue_capacity, n_queue;
} builder;

static const char *keyword_start(const builder *b, uint32_t i)
{
    return b->a->bytes + b->starts[i];
}

static const char *keyword_end(const builder *b, uint32_t i)
{
    return b->a->bytes + b->starts[i + 1] - 1;
}

static void add_word(kehu__automaton *a, const kehu__symbol *s, const char *text,
                     const char *end)
{
    uint32_t at = (uint32_t)s->hash & (a->n_slots - 1);
    if (kehu__word_code(a, s->hash, text, end) != 0)
        return;
    while (a->slots[at] != 0)
        at = (at + 1) & (a->n_slots - 1);
    a->words[a->n_words] =
        (kehu__symbol_word){s->hash, (uint32_t)(text - a->bytes), (uint32_t)(end - text)};
    a->slots[at] = ++a->n_words;
}

/* False when refused. */
static bool add_character(kehu__automaton *a, uint32_t c)
{
    uint16_t *code;
    if (a->page_of[c >> 8] == 0) {
        uint16_t *pages = kehu__resize(&a->alloc, a->pages, (size_t)a->n_pages << 8,
                                       (size_t)(a->n_pages + 1) << 8, sizeof *pages);
        if (pages == NULL)
            return false;
        memset(pages + ((size_t)a->n_pages << 8), 0, 256 * sizeof *pages);
        a->pages = pages;
        a->page_of[c >> 8] = (uint16_t)a->n_pages++;
    }
    code = &a->pages[(size_t)a->page_of[c >> 8] << 8 | (c & 0xFF)];
    if (*code == 0)
        *code = (uint16_t)a->n_characters++;
    return true;
}

/* Number of symbols and of word symbols, repeats included. */
static void count_symbols(const builder *b, size_t *n_symbols, size_t *n_words)
{
    *n_symbols = *n_words = 0;
    for (uint32_t i = 0; i < b->n; i++)
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
            const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
            ++*n_symbols;
            *n_words += s.kind == KEHU__SYMBOL_WORD;
        }
}

/* Give every character and word of the keywords its code. */
static kehu_status make_alphabet(builder *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    size_t n_words;
    count_symbols(b, &b->n_codes, &n_words);
    if (b->n_codes > UINT32_MAX / 4)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "the keywords have %zu symbols, at most "
                          "%u are possible",
                          b->n_codes, UINT32_MAX / 4);
    a->n_pages = 1; /* the empty page */
    a->n_characters = 1;
    a->page_of = kehu__alloc_zero(&a->alloc, KEHU__CHARACTER_PAGES, sizeof *a->page_of);
    a->pages = kehu__alloc_zero(&a->alloc, 256, sizeof *a->pages);
    if (a->page_of == NULL || a->pages == NULL)
        return kehu__no_memory(err, "the keywords' characters");
    if (n_words > 0) {
        a->n_slots = 16;
        while (a->n_slots < 2 * n_words)
            a->n_slots *= 2;
        a->word_capacity = (uint32_t)n_words;
        a->slots = kehu__alloc_zero(&a->alloc, a->n_slots, sizeof *a->slots);
        a->words = kehu__alloc(&a->alloc, n_words, sizeof *a->words);
        if (a->slots == NULL || a->words == NULL)
            return kehu__no_memory(err, "the keywords' words");
    }
    for (uint32_t i = 0; i < b->n; i++)
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
            const char *at = p;
            const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
            if (s.kind == KEHU__SYMBOL_WORD)
                add_word(a, &s, at, p);
            else if (a->n_characters == UINT16_MAX)
                return kehu__fail(err, KEHU_LIMIT, -1,
                                  "the keywords have more than %d different characters",
                                  UINT16_MAX - 1);
            else if (!add_character(a, s.c))
                return kehu__no_memory(err, "the keywords' characters");
        }
    a->n_symbols = a->n_characters + a->n_words;
    return KEHU_OK;
}

static int by_codes(const void *left, const void *right, void *ctx)
{
    const builder *b = ctx;
    const uint32_t x = *(const uint32_t *)left, y = *(const uint32_t *)right;
    const uint32_t nx = b->first[x + 1] - b->first[x], ny = b->first[y + 1] - b->first[y];
    const uint32_t *p = b->codes + b->first[x], *q = b->codes + b->first[y];
    for (uint32_t i = 0; i < nx && i < ny; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return (nx > ny) - (nx < ny);
}

/* The keywords as codes, sorted: the keywords below a state lie side by side. */
static kehu_status encode(builder *b, kehu_error *err)
{
    const kehu_allocator *alloc = &b->a->alloc;
    uint32_t at = 0;
    b->codes = kehu__alloc(alloc, b->n_codes, sizeof *b->codes);
    b->first = kehu__alloc(alloc, (size_t)b->n + 1, sizeof *b->first);
    b->order = kehu__alloc(alloc, b->n, sizeof *b->order);
    if (b->codes == NULL || b->first == NULL || b->order == NULL)
        return kehu__no_memory(err, "the keywords");
    for (uint32_t i = 0; i < b->n; i++) {
        b->first[i] = at;
        b->order[i] = i;
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);)
            b->codes[at++] = kehu__automaton_symbol(b->a, &p, keyword_end(b, i));
    }
    b->first[b->n] = at;
    kehu__sort(b->order, b->n, sizeof *b->order, by_codes, b);
    return KEHU_OK;
}

/* Room for states 0 .. need - 1; the new ones join the ring of free ones. */
static bool grow_states(builder *b, size_t need)
{
    kehu__automaton *a = b->a;
    if (need <= a->n_states)
        return true;
    if (need > UINT32_MAX / 2 ||
        !kehu__grow(&a->alloc, &a->states, &b->state_capacity, need, sizeof *a->states) ||
        !kehu__grow(&a->alloc, &a->keyword, &b->keyword_capacity, need,
                    sizeof *a->keyword) ||
        !kehu__grow(&a->alloc, &a->next_hit, &b->hit_capacity, need,
                    sizeof *a->next_hit) ||
        !kehu__grow(&a->alloc, &b->free_next, &b->next_capacity, need,
                    sizeof *b->free_next) ||
        !kehu__grow(&a->alloc, &b->free_previous, &b->previous_capacity, need,
                    sizeof *b->free_previous))
        return false;
    if (a->n_states == 0) {
        a->states[0] = (kehu__state){0, NO_STATE, 0, 0};
        a->keyword[0] = a->next_hit[0] = 0;
        b->free_next[0] = b->free_previous[0] = 0;
        a->n_states = 1;
    }
    for (uint32_t s = a->n_states; s < need; s++) {
        const uint32_t last = b->free_previous[0];
        a->states[s] = (kehu__state){0, NO_STATE, 0, 0};
        a->keyword[s] = a->next_hit[s] = 0;
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
    return b->codes[b->first[b->order[rank]] + depth];
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

/* Links of a state just placed: all shorter states are there already. */
static void link_state(kehu__automaton *a, uint32_t parent, uint32_t code, uint32_t s,
                       bool ends, uint32_t keyword)
{
    const uint32_t fail =
        parent == 0 ? 0 : kehu__automaton_step(a, a->states[parent].fail, code);
    a->states[s].fail = fail;
    a->next_hit[s] = a->states[fail].hit;
    a->states[s].hit = ends ? s : a->states[fail].hit;
    a->keyword[s] = ends ? keyword : 0;
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
            a->root[code] = s;
        if (!kehu__grow(&a->alloc, &b->queue, &b->queue_capacity, b->n_queue + 1,
                        sizeof *b->queue))
            return false;
        b->queue[b->n_queue++] = (part){i, end, p.depth + 1, s};
    }
    return true;
}

static kehu_status make_states(builder *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    a->root = kehu__alloc_zero(&a->alloc, a->n_symbols, sizeof *a->root);
    if (a->root == NULL || !grow_states(b, (size_t)a->n_symbols + 1))
        return kehu__no_memory(err, "the automaton");
    if (b->n > 0 && !place_children(b, (part){0, b->n, 0, 0}))
        return kehu__no_memory(err, "the automaton");
    for (size_t i = 0; i < b->n_queue; i++) {
        part p = b->queue[i];
        const uint32_t keyword = b->order[p.from];
        const bool ends = b->first[keyword + 1] - b->first[keyword] == p.depth;
        link_state(a, a->states[p.state].check, code_at(b, p.from, p.depth - 1), p.state,
                   ends, keyword);
        p.from += ends;
        if (p.from < p.to && !place_children(b, p))
            return kehu__no_memory(err, "the automaton");
    }
    return KEHU_OK;
}

kehu_status kehu__automaton_build(kehu__automaton *a, const char *bytes,
                                  const uint32_t *starts, uint32_t n,
                                  const kehu_allocator *alloc, kehu_error *err)
{
    builder b = {.a = a, .starts = starts, .n = n};
    kehu_status status;
    *a = (kehu__automaton){.alloc = *alloc, .bytes = bytes};
    status = make_alphabet(&b, err);
    if (status == KEHU_OK && n > 0)
        status = encode(&b, err);
    if (status == KEHU_OK)
        status = make_states(&b, err);
    a->state_capacity = b.state_capacity;
    a->keyword_capacity = b.keyword_capacity;
    a->hit_capacity = b.hit_capacity;
    kehu__free(alloc, b.codes, b.n_codes, sizeof *b.codes);
    kehu__free(alloc, b.first, (size_t)n + 1, sizeof *b.first);
    kehu__free(alloc, b.order, n, sizeof *b.order);
    kehu__free(alloc, b.free_next, b.next_capacity, sizeof *b.free_next);
    kehu__free(alloc, b.free_previous, b.previous_capacity, sizeof *b.free_previous);
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
    kehu__free(alloc, a->root, a->n_symbols, sizeof *a->root);
    kehu__free(alloc, a->states, a->state_capacity, sizeof *a->states);
    kehu__free(alloc, a->keyword, a->keyword_capacity, sizeof *a->keyword);
    kehu__free(alloc, a->next_hit, a->hit_capacity, sizeof *a->next_hit);
    *a = (kehu__automaton){.n_states = 0};
}

size_t kehu__automaton_bytes(const kehu__automaton *a)
{
    return KEHU__CHARACTER_PAGES * sizeof *a->page_of +
           ((size_t)a->n_pages << 8) * sizeof *a->pages +
           a->word_capacity * sizeof *a->words + a->n_slots * sizeof *a->slots +
           a->n_symbols * sizeof *a->root + a->state_capacity * sizeof *a->states +
           a->keyword_capacity * sizeof *a->keyword +
           a->hit_capacity * sizeof *a->next_hit;
}
