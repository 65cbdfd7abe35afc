/* text/automaton.h - every one of many keywords found in one pass over a text.
 *
 * Aho and Corasick's automaton (1975) over symbols (text/symbol.h) in a double
 * array (Aoe 1989). Time O(size of the text + matches), whatever the keywords. */
#ifndef KEHU_SRC_TEXT_AUTOMATON_H
#define KEHU_SRC_TEXT_AUTOMATON_H

#include "base/mem.h"
#include "text/symbol.h"

enum {
    KEHU__KEYWORD_SYMBOLS = 64, /* longest keyword */
    KEHU__CHARACTER_PAGES = 0x1100
};

typedef struct kehu__state {
    uint32_t base, check; /* child by symbol c: slot base + c, whose check is this slot */
    uint32_t fail;        /* longest proper suffix that is a state; 0 is the root */
    uint32_t hit;         /* nearest state, itself first, that ends a keyword; 0 = none */
} kehu__state;

typedef struct kehu__symbol_word {
    uint64_t hash;
    uint32_t at, size; /* its folded UTF-8 among the keywords' bytes */
} kehu__symbol_word;

typedef struct kehu__automaton {
    kehu_allocator alloc;
    const char *bytes;  /* the keywords, borrowed */
    uint32_t n_symbols; /* codes 1 .. n_symbols - 1; 0 stands for any other symbol */
    uint32_t n_characters;
    uint16_t *page_of; /* [KEHU__CHARACTER_PAGES], 0 is the empty page */
    uint16_t *pages;   /* [n_pages][256] code of a folded character */
    uint32_t n_pages;
    kehu__symbol_word *words; /* [n_words], codes n_characters .. n_symbols - 1 */
    uint32_t *slots;          /* [n_slots] hash table: index into words + 1 */
    uint32_t n_words, word_capacity, n_slots;
    uint32_t *root;      /* [n_symbols] state after one symbol */
    kehu__state *states; /* [n_states] */
    uint32_t *keyword;   /* [n_states] that ends here (if hit is the state itself) */
    uint32_t *next_hit;  /* [n_states] the next shorter one's state, 0 = none */
    uint32_t n_states;
    size_t state_capacity, keyword_capacity, hit_capacity;
} kehu__automaton;

/* Keyword i is the bytes starts[i] .. starts[i + 1] - 2, then a NUL; all in the
 * form kehu__keyword_normalize() gives, all different. The bytes are borrowed.
 * Fails with KEHU_NO_MEMORY, KEHU_LIMIT (65,535 different characters). On
 * failure *a is all zero. */
kehu_status kehu__automaton_build(kehu__automaton *a, const char *bytes,
                                  const uint32_t *starts, uint32_t n,
                                  const kehu_allocator *alloc, kehu_error *err);
void kehu__automaton_free(kehu__automaton *a);

/* Bytes of memory the automaton holds. */
size_t kehu__automaton_bytes(const kehu__automaton *a);

/* Write the one form of a keyword into out[size + 1]: folded, blanks at the ends
 * dropped, runs of blanks one blank, then a NUL. Returns the size without the
 * NUL, 0 for nothing but blanks, or SIZE_MAX when bytes are not UTF-8 or there
 * are more than KEHU__KEYWORD_SYMBOLS symbols. */
size_t kehu__keyword_normalize(char *out, const char *text, size_t size);

static inline uint32_t kehu__character_code(const kehu__automaton *a, uint32_t c)
{
    return a->pages[(size_t)a->page_of[c >> 8] << 8 | (c & 0xFF)];
}

/* Code of the word that is text[0 .. end), or 0. */
uint32_t kehu__word_code(const kehu__automaton *a, uint64_t hash, const char *text,
                         const char *end);

/* Code of the symbol at *p, stepping over it. */
static inline uint32_t kehu__automaton_symbol(const kehu__automaton *a, const char **p,
                                              const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    const char *start = *p;
    kehu__symbol symbol;
    /* U+4000 .. U+9FFF, three bytes, never folded: nearly all of a Chinese text. */
    if (s[0] - 0xE4u < 6 && end - *p >= 3 && (s[1] & 0xC0) == 0x80 &&
        (s[2] & 0xC0) == 0x80) {
        *p += 3;
        return kehu__character_code(a, (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 |
                                           (s[2] & 0x3Fu));
    }
    symbol = kehu__symbol_next(p, end);
    if (symbol.kind == KEHU__SYMBOL_WORD)
        return kehu__word_code(a, symbol.hash, start, *p);
    return symbol.kind == KEHU__SYMBOL_BROKEN ? 0 : kehu__character_code(a, symbol.c);
}

/* The state after one more symbol. */
static inline uint32_t kehu__automaton_step(const kehu__automaton *a, uint32_t state,
                                            uint32_t code)
{
    while (state != 0) {
        const uint32_t to = a->states[state].base + code;
        if (a->states[to].check == state)
            return to;
        state = a->states[state].fail;
    }
    return a->root[code];
}

#endif
