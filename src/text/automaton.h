/* text/automaton.h - every one of many keywords found in one pass over a text.
 *
 * Aho and Corasick's automaton (1975) over symbols (text/symbol.h) in a double
 * array (Aoe 1989). Time O(size of the text + matches), whatever the keywords. */
#ifndef KEHU_SRC_TEXT_AUTOMATON_H
#define KEHU_SRC_TEXT_AUTOMATON_H

#include "base/bytes.h"
#include "base/mem.h"
#include "text/symbol.h"

enum {
    KEHU__KEYWORD_SYMBOLS = 64, /* longest keyword */
    KEHU__CHARACTER_PAGES = 0x1100,
    KEHU__DIRECT = 0x10000,   /* characters that have a direct code */
    KEHU__NOT_DIRECT = 0xFFFF /* part of a word, a blank, or no character */
};

/* A state is a string of symbols that begins some keyword; the root, the empty one,
 * is state 0. Child by symbol c: slot base + c, whose check is the state. */
typedef struct kehu__state {
    uint32_t base, check;
} kehu__state;

/* Where a state leads when the text goes on otherwise. */
typedef struct kehu__links {
    uint32_t hit;  /* nearest state, itself or a suffix, that ends a keyword; 0 = none */
    uint32_t deep; /* nearest one, itself or a suffix, of two symbols or more that has
                      children; 0 = none */
} kehu__links;

/* Of a state that ends a keyword. */
typedef struct kehu__end {
    uint32_t keyword;
    uint32_t next; /* the state of the next shorter keyword that ends here; 0 = none */
} kehu__end;

/* What is to be done at a state of one or two symbols, above the number it comes with. */
#define KEHU__ENDS   (UINT32_C(1) << 30) /* it ends a keyword, and that is all */
#define KEHU__LEADS  (UINT32_C(2) << 30) /* something else, see its links */
#define KEHU__NUMBER (KEHU__ENDS - 1)    /* mask of the number */

#define KEHU__TAG 0xFFu /* mask of the part of a code kept as a tag */

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
    uint16_t *direct; /* [KEHU__DIRECT] code of a character as it stands in the text, or
                         KEHU__NOT_DIRECT */
    kehu__symbol_word *words; /* [n_words], codes n_characters .. n_symbols - 1 */
    uint32_t *slots;          /* [n_slots] hash table: index into words + 1 */
    uint32_t n_words, word_capacity, n_slots;
    uint32_t *alone; /* [n_symbols] state after the symbol alone; KEHU__ENDS where it is a
                        keyword */
    uint32_t *bases; /* [n_symbols] base of that state, and the same mark */
    uint8_t *tags;   /* [n_states] of a state of two symbols KEHU__TAG of the code of the
                        first, else KEHU__TAG: small, to pass over most of a text */
    uint32_t *pair;  /* [n_states] of a state of two symbols the code of the first and
                        what is to be done; else KEHU__NUMBER */
    kehu__state *states; /* [n_states] */
    kehu__links *links;  /* [n_states] */
    kehu__end *ends;     /* [n_states] */
    uint32_t *next_deep; /* [n_states] deep of the longest proper suffix */
    uint32_t n_states;
    size_t state_capacity, end_capacity, deep_capacity, pair_capacity, link_capacity;
} kehu__automaton;

/* Keyword i is the bytes starts[i] .. starts[i + 1] - 2, then a NUL; all in the
 * form kehu__keyword_normalize() gives, all different. The bytes are borrowed.
 * Fails with KEHU_NO_MEMORY, KEHU_LIMIT (65,535 different characters). On
 * failure *a is all zero. */
kehu_status kehu__automaton_build(kehu__automaton *a, const char *bytes,
                                  const uint32_t *starts, uint32_t n,
                                  const kehu_allocator *alloc, kehu_error *err);
void kehu__automaton_free(kehu__automaton *a);

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
    const char *start = *p;
    kehu__symbol symbol;
    if (end - start >= 4) {
        const uint32_t w = kehu__load32(start);
        uint32_t code = KEHU__NOT_DIRECT;
        /* Three bytes, 1110xxxx 10xxxxxx 10xxxxxx: nearly all of a Chinese text. */
        if ((w & 0xC0C0F0) == 0x8080E0) {
            code = a->direct[(w & 0x0F) << 12 | (w >> 2 & 0xFC0) | (w >> 16 & 0x3F)];
            *p += 3;
        } else if ((w & 0x80) == 0) {
            code = a->direct[w & 0x7F];
            *p += 1;
        }
        if (code != KEHU__NOT_DIRECT)
            return code;
        *p = start;
    }
    symbol = kehu__symbol_next(p, end);
    if (symbol.kind == KEHU__SYMBOL_WORD)
        return kehu__word_code(a, symbol.hash, start, *p);
    return symbol.kind == KEHU__SYMBOL_BROKEN ? 0 : kehu__character_code(a, symbol.c);
}

/* One text gone through block by block:
 *
 *     kehu__scan_begin(&scan, a, text, size);
 *     while (kehu__scan_next(&scan))
 *         for (uint32_t i = 0; i < scan.n_hits; i++)
 *             for (uint32_t s = scan.hits[i].state; s != 0; s = a->ends[s].next)
 *                 ... keyword a->ends[s].keyword ends at kehu__scan_at(&scan, i, 0) */
enum { KEHU__SCAN_SYMBOLS = 1024 };

typedef struct kehu__hit {
    uint32_t state; /* ends a keyword */
    uint32_t at;    /* symbol of the block */
} kehu__hit;

typedef struct kehu__scan {
    const kehu__automaton *a;
    const char *text, *at, *end;
    uint32_t deep; /* of the last state */
    uint32_t n_symbols, n_hits;
    uint32_t codes[1 + KEHU__SCAN_SYMBOLS]; /* after the last one of the block before */
    kehu__hit hits[KEHU__SCAN_SYMBOLS];
    /* Where symbols start, after as many of the blocks before as a keyword is long. */
    int64_t starts[KEHU__KEYWORD_SYMBOLS + KEHU__SCAN_SYMBOLS + 1];
} kehu__scan;

static inline void kehu__scan_begin(kehu__scan *s, const kehu__automaton *a,
                                    const char *text, int64_t size)
{
    s->a = a;
    s->text = s->at = text;
    s->end = text + size;
    s->deep = s->n_symbols = s->n_hits = 0;
    s->codes[0] = 0;
}

/* Find the hits of the next block, by rising end; false at the end of the text. */
bool kehu__scan_next(kehu__scan *s);

/* Byte offset of the symbol `length` symbols before the end of hit i. */
static inline int64_t kehu__scan_at(const kehu__scan *s, uint32_t i, uint32_t length)
{
    return s->starts[KEHU__KEYWORD_SYMBOLS + s->hits[i].at + 1 - length];
}

#endif
