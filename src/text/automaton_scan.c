/* The pass over a text. A state follows from the last two symbols alone, unless a
 * longer string is under way, which is rare. So a block is gone through three times:
 * symbols to codes; places where the last one or two symbols begin or end a keyword,
 * each found without waiting for the one before; and only there the automaton. */
#include <string.h>

#include "text/automaton.h"

static uint32_t read_symbols(kehu__scan *s)
{
    const kehu__automaton *a = s->a;
    const char *p = s->at, *end = s->end;
    uint32_t *codes = s->codes + 1, n = 0;
    int64_t *starts = s->starts + KEHU__KEYWORD_SYMBOLS;
    for (; n < KEHU__SCAN_SYMBOLS && p < end; n++) {
        starts[n] = p - s->text;
        codes[n] = kehu__automaton_symbol(a, &p, end);
    }
    starts[n] = p - s->text;
    s->at = p;
    return n;
}

/* Where something is to be done. */
typedef struct place {
    uint32_t state, at, what; /* what: KEHU__ENDS, KEHU__LEADS */
} place;

/* Places whose last two symbols begin a keyword, or whose last one is one. */
static uint32_t find_places(const kehu__scan *s, place *places, uint32_t n)
{
    const uint32_t *first = s->a->first, *pair = s->a->pair, *root = s->a->root;
    const uint8_t *single = s->a->single;
    const uint32_t *codes = s->codes;
    const uint32_t symbol = ((uint32_t)1 << KEHU__SYMBOL_BITS) - 1;
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t before = codes[i], code = codes[i + 1];
        const uint32_t two = first[before] + code, value = pair[two];
        /* All ones where the two are a state, to choose without a branch. */
        const uint32_t is = 0u - ((value & symbol) == before);
        const uint32_t what = (value >> KEHU__SYMBOL_BITS & is) | (single[code] & ~is);
        places[found] = (place){(two & is) | (root[code] & ~is), i, what};
        found += what != 0;
    }
    return found;
}

/* The state after symbol i, where the longest string that can go on is `deep`. */
static uint32_t deep_state(const kehu__scan *s, uint32_t deep, uint32_t i)
{
    const kehu__automaton *a = s->a;
    const uint32_t code = s->codes[i + 1], two = a->first[s->codes[i]] + code;
    const uint32_t symbol = ((uint32_t)1 << KEHU__SYMBOL_BITS) - 1;
    for (uint32_t from = deep; from != 0; from = a->next_deep[from]) {
        const uint32_t to = a->states[from].base + code;
        if (a->states[to].check == from)
            return to;
    }
    return (a->pair[two] & symbol) == s->codes[i] ? two : a->root[code];
}

static void add_hit(kehu__scan *s, uint32_t hit, uint32_t at)
{
    s->hits[s->n_hits] = (kehu__hit){hit, at};
    s->n_hits += hit != 0;
}

bool kehu__scan_next(kehu__scan *s)
{
    const kehu__links *links = s->a->links;
    place places[KEHU__SCAN_SYMBOLS + 1];
    uint32_t n, n_places, next = 0, deep = s->deep;
    if (s->at == s->end)
        return false;
    if (s->n_symbols > 0) { /* not the first block */
        memmove(s->starts, s->starts + s->n_symbols,
                KEHU__KEYWORD_SYMBOLS * sizeof *s->starts);
        s->codes[0] = s->codes[s->n_symbols];
    }
    s->n_hits = 0;
    s->n_symbols = n = read_symbols(s);
    n_places = find_places(s, places, n);
    places[n_places] = (place){0, n, 0};
    for (const place *p = places;; p++) {
        /* Where a longer string is under way, every symbol is looked at. */
        for (; deep != 0 && next < n; next++) {
            const uint32_t state = deep_state(s, deep, next);
            deep = links[state].deep;
            add_hit(s, links[state].hit, next);
        }
        if (p->at == n)
            break;
        if (p->at < next)
            continue;
        if (p->what == KEHU__ENDS) {
            s->hits[s->n_hits++] = (kehu__hit){p->state, p->at};
            continue;
        }
        deep = links[p->state].deep;
        next = p->at + 1;
        add_hit(s, links[p->state].hit, p->at);
    }
    s->deep = next == n ? deep : 0;
    return true;
}
