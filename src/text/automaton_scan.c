/* The pass over a text. A state follows from the last two symbols alone, unless a
 * longer string is under way, which is rare. So a block is gone through three times:
 * symbols to codes; places where the last one or two symbols begin or end a keyword,
 * each found without waiting for the one before, first by tags that stay in the
 * nearest cache; and only there the automaton. */
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
    uint32_t state; /* and what is to be done, as `alone` and `pair` have it */
    uint32_t at;
} place;

/* Symbols that may end such a place, from what is small enough to stay near: all that
 * do, and few others. */
static uint32_t filter(const kehu__scan *s, uint32_t *at, uint32_t n)
{
    const uint32_t *const bases = s->a->bases, *const codes = s->codes;
    const uint8_t *const tags = s->a->tags;
    uint32_t found = 0, before = codes[0], base = bases[before] & KEHU__NUMBER;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t code = codes[i + 1], value = bases[code];
        at[found] = i;
        found += (tags[base + code] == (before & KEHU__TAG)) | value >> 30;
        before = code;
        base = value & KEHU__NUMBER;
    }
    return found;
}

/* Places whose last two symbols begin a keyword, or whose last one is one. */
static uint32_t find_places(const kehu__scan *s, place *places, uint32_t n)
{
    const kehu__automaton *a = s->a;
    uint32_t at[KEHU__SCAN_SYMBOLS], found = 0;
    const uint32_t n_at = filter(s, at, n);
    for (uint32_t i = 0; i < n_at; i++) {
        const uint32_t before = s->codes[at[i]], code = s->codes[at[i] + 1];
        const uint32_t two = (a->bases[before] & KEHU__NUMBER) + code;
        const uint32_t value = a->pair[two];
        /* All ones where the two are a state, to choose without a branch. */
        const uint32_t is = 0u - ((value & KEHU__NUMBER) == before);
        const uint32_t state =
            ((two | (value & ~KEHU__NUMBER)) & is) | (a->alone[code] & ~is);
        places[found] = (place){state, at[i]};
        found += state > KEHU__NUMBER;
    }
    return found;
}

/* The state after symbol i, where the longest string that can go on is `deep`. */
static uint32_t deep_state(const kehu__scan *s, uint32_t deep, uint32_t i)
{
    const kehu__automaton *a = s->a;
    const uint32_t before = s->codes[i], code = s->codes[i + 1];
    const uint32_t two = (a->bases[before] & KEHU__NUMBER) + code;
    for (uint32_t from = deep; from != 0; from = a->next_deep[from]) {
        const uint32_t to = a->states[from].base + code;
        if (a->states[to].check == from)
            return to;
    }
    return (a->pair[two] & KEHU__NUMBER) == before ? two : a->alone[code] & KEHU__NUMBER;
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
    places[n_places] = (place){0, n};
    for (const place *p = places;; p++) {
        uint32_t state;
        /* Where a longer string is under way, every symbol is looked at. */
        for (; deep != 0 && next < n; next++) {
            state = deep_state(s, deep, next);
            deep = links[state].deep;
            add_hit(s, links[state].hit, next);
        }
        if (p->at == n)
            break;
        if (p->at < next)
            continue;
        state = p->state & KEHU__NUMBER;
        if ((p->state & KEHU__LEADS) == 0) {
            s->hits[s->n_hits++] = (kehu__hit){state, p->at};
            continue;
        }
        deep = links[state].deep;
        next = p->at + 1;
        add_hit(s, links[state].hit, p->at);
    }
    s->deep = next == n ? deep : 0;
    return true;
}
