/* text/symbol.h - the units in which keywords are written and found: a word of
 * a script that puts blanks between words is one unit, every other character is
 * one by itself. So a Latin keyword matches whole words only, a Chinese one any
 * part of a text, and a mixed one ("5g套餐") needs no special rule. */
#ifndef KEHU_SRC_TEXT_SYMBOL_H
#define KEHU_SRC_TEXT_SYMBOL_H

#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"

typedef enum kehu__symbol_kind {
    KEHU__SYMBOL_CHARACTER, /* Chinese, Japanese, Korean, signs, emoji */
    KEHU__SYMBOL_WORD,      /* letters and digits, with ' inside */
    KEHU__SYMBOL_BLANK,     /* any run of blanks */
    KEHU__SYMBOL_BROKEN     /* a byte that is not UTF-8; matches nothing */
} kehu__symbol_kind;

typedef struct kehu__symbol {
    kehu__symbol_kind kind;
    uint32_t c;    /* the folded character; of a word the first one */
    uint64_t hash; /* words: of the folded characters */
} kehu__symbol;

/* Part of a word written with blanks around it? c is folded. */
bool kehu__word_rare(uint32_t c);
static inline bool kehu__word_character(uint32_t c)
{
    if (c < 0xAA)
        return c - 'a' < 26 || c - '0' < 10;
    if (c - 0x2000 < 0xA640 - 0x2000)
        return false;
    return kehu__word_rare(c);
}

static inline bool kehu__blank(uint32_t c)
{
    return c == ' ' || c - '\t' < 5 || c == 0xA0 || c == 0x2028 || c == 0x2029;
}

static inline bool kehu__apostrophe(uint32_t c)
{
    return c == '\'' || c == 0x2019;
}

static inline uint64_t kehu__symbol_hash(uint64_t h, uint32_t c)
{
    return (h ^ c) * 0x9FB21C651E98DF25u ^ h >> 29;
}

/* The next character of a word that has begun, folded, or 0 at its end. */
static inline uint32_t kehu__word_next(const char **p, const char *end)
{
    const char *q = *p, *after;
    uint32_t c;
    if (q == end)
        return 0;
    c = kehu__fold(kehu__utf8_next(&q, end));
    if (kehu__apostrophe(c) && q != end) {
        after = q;
        if (!kehu__word_character(kehu__fold(kehu__utf8_next(&after, end))))
            return 0;
        c = '\'';
    } else if (!kehu__word_character(c))
        return 0;
    *p = q;
    return c;
}

/* Read the symbol at *p (p < end) and step over it. */
static inline kehu__symbol kehu__symbol_next(const char **p, const char *end)
{
    kehu__symbol s = {KEHU__SYMBOL_CHARACTER, kehu__utf8_next(p, end), 0};
    if (s.c == KEHU__BAD_BYTE) {
        s.kind = KEHU__SYMBOL_BROKEN;
        return s;
    }
    s.c = kehu__fold(s.c);
    if (kehu__word_character(s.c)) {
        uint32_t next;
        s.kind = KEHU__SYMBOL_WORD;
        s.hash = kehu__symbol_hash(0, s.c);
        while ((next = kehu__word_next(p, end)) != 0)
            s.hash = kehu__symbol_hash(s.hash, next);
    } else if (kehu__blank(s.c)) {
        s.kind = KEHU__SYMBOL_BLANK;
        s.c = ' ';
        for (const char *q = *p; q != end; *p = q)
            if (!kehu__blank(kehu__fold(kehu__utf8_next(&q, end))))
                break;
    } else if (kehu__apostrophe(s.c))
        s.c = '\'';
    return s;
}

#endif
