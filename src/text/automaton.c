#include "text/automaton.h"

#include <string.h>

#include "base/error.h"
#include "base/sort.h"

enum {
    DIRECT = 0x10000,
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
    size_t state_capacity, end_capacity, deep_capacity, fail_capacity, pair_capacity,
        link_capacity;
    uint32_t *fail; /* [n_states] the longest proper suffix that is a state */
    part *queue;    /* states whose children are still to be placed, breadth first */
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

typedef struct counted {
    uint32_t code, n;
} counted;

static int by_falling_count(const void *left, const void *right, void *ctx)
{
    const counted *x = left, *y = right;
    (void)ctx;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Number the characters by falling count in the keywords: what is looked up often
 * then lies together. */
static kehu_status sort_characters(builder *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    const uint32_t n = a->n_characters;
    counted *order = kehu__alloc_zero(&a->alloc, n, sizeof *order);
    uint16_t *rank = kehu__alloc(&a->alloc, n, sizeof *rank);
    if (order != NULL && rank != NULL) {
        for (uint32_t i = 0; i < b->n; i++)
            for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
                const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
                if (s.kind != KEHU__SYMBOL_WORD)
                    order[kehu__character_code(a, s.c)].n++;
            }
        for (uint32_t code = 0; code < n; code++)
            order[code].code = code;
        kehu__sort(order + 1, n - 1, sizeof *order, by_falling_count, NULL);
        for (uint32_t code = 0; code < n; code++)
            rank[order[code].code] = (uint16_t)code;
        for (size_t i = 0; i < (size_t)a->n_pages << 8; i++)
            a->pages[i] = rank[a->pages[i]];
    }
    kehu__free(&a->alloc, order, n, sizeof *order);
    kehu__free(&a->alloc, rank, n, sizeof *rank);
    return order != NULL && rank != NULL
               ? KEHU_OK
               : kehu__no_memory(err, "the keywords' characters");
}

/* Pages whose characters are neither folded nor parts of words: Chinese, Hangul,
 * private use. */
static bool is_plain_page(uint32_t page)
{
    return (page >= 0x31 && page < 0xA6) || (page >= 0xAC && page < 0xD8) ||
           (page >= 0xE0 && page < 0xFB);
}

static uint16_t direct_code(const kehu__automaton *a, uint32_t c)
{
    const uint32_t folded = kehu__fold(c);
    /* Two bytes, or half a pair of UTF-16, are left out. */
    if ((c >= 0x80 && c < 0x800) || (c >= 0xD800 && c < 0xE000) ||
        kehu__word_character(folded) || kehu__blank(folded) || kehu__apostrophe(folded))
        return KEHU__NOT_DIRECT;
    return (uint16_t)kehu__character_code(a, folded);
}

static kehu_status make_direct(kehu__automaton *a, kehu_error *err)
{
    a->direct = kehu__alloc(&a->alloc, DIRECT, sizeof *a->direct);
    if (a->direct == NULL)
        return kehu__no_memory(err, "the keywords' characters");
    for (uint32_t page = 0; page < DIRECT >> 8; page++) {
        uint16_t *to = a->direct + ((size_t)page << 8);
        if (is_plain_page(page))
            memcpy(to, a->pages + ((size_t)a->page_of[page] << 8), 256 * sizeof *to);
        else
            for (uint32_t c = 0; c < 256; c++)
                to[c] = direct_code(a, page << 8 | c);
    }
    return KEHU_OK;
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
    KEHU_TRY(sort_characters(b, err));
    return make_direct(a, err);
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
    const uint32_t s = p->state, keyword = b->order[p->from];
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
    if (b->n > 0 && !place_children(b, (part){0, b->n, 0, 0}))
        return kehu__no_memory(err, "the automaton");
    for (size_t i = 0; i < b->n_queue; i++) {
        part p = b->queue[i];
        const uint32_t keyword = b->order[p.from];
        const bool ends = b->first[keyword + 1] - b->first[keyword] == p.depth;
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
    builder b = {.a = a, .starts = starts, .n = n};
    kehu_status status;
    *a = (kehu__automaton){.alloc = *alloc, .bytes = bytes};
    status = make_alphabet(&b, err);
    if (status == KEHU_OK && n > 0)
        status = encode(&b, err);
    if (status == KEHU_OK)
        status = make_states(&b, err);
    a->state_capacity = b.state_capacity;
    a->end_capacity = b.end_capacity;
    a->deep_capacity = b.deep_capacity;
    a->pair_capacity = b.pair_capacity;
    a->link_capacity = b.link_capacity;
    kehu__free(alloc, b.codes, b.n_codes, sizeof *b.codes);
    kehu__free(alloc, b.first, (size_t)n + 1, sizeof *b.first);
    kehu__free(alloc, b.order, n, sizeof *b.order);
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
    kehu__free(alloc, a->direct, DIRECT, sizeof *a->direct);
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
