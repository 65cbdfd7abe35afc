/* text/atom.h - what is recognised by rule instead of by dictionary: Latin
 * words, numbers, dates, amounts, links, emoji, marks, blanks, broken bytes. */
#ifndef KEHU_SRC_TEXT_ATOM_H
#define KEHU_SRC_TEXT_ATOM_H

#include <kehu/tokenizer.h>

#include <stdbool.h>

#include "base/utf8.h"
#include "text/normalize.h"

/* What a character can begin or continue. */
typedef enum kehu__class {
    KEHU__CLASS_HAN,
    KEHU__CLASS_DIGIT,
    KEHU__CLASS_LATIN,
    KEHU__CLASS_KANA,
    KEHU__CLASS_HANGUL,
    KEHU__CLASS_LETTER, /* of any other script */
    KEHU__CLASS_MARK,   /* combining: belongs to the character before it */
    KEHU__CLASS_EMOJI,
    KEHU__CLASS_PUNCTUATION,
    KEHU__CLASS_SPACE,
    KEHU__CLASS_CONTROL,
    KEHU__CLASS_BAD
} kehu__class;

kehu__class kehu__class_rare(uint32_t c);

/* Of a folded character or KEHU__BAD_BYTE. */
static inline kehu__class kehu__class_of(uint32_t c)
{
    if (c - 0x4E00 < 0x9FFF - 0x4E00 + 1u)
        return KEHU__CLASS_HAN;
    if (c - 'a' < 26)
        return KEHU__CLASS_LATIN;
    if (c - '0' < 10)
        return KEHU__CLASS_DIGIT;
    if (c - 0x21 < 0x7F - 0x21 || c - 0x3001 < 3) /* 、 。 〃 */
        return KEHU__CLASS_PUNCTUATION;
    return kehu__class_rare(c);
}

/* What a Chinese character means in a number or an amount of money. */
enum {
    KEHU__NUMERAL_NONE = 0, /* 1 to 9: the digits 一 to 九 */
    KEHU__NUMERAL_TWO = 10, /* 两 */
    KEHU__NUMERAL_ZERO,     /* 零 〇 */
    KEHU__NUMERAL_TEN,      /* 十 百 千 万 亿 from here on */
    KEHU__NUMERAL_HUNDRED,
    KEHU__NUMERAL_THOUSAND,
    KEHU__NUMERAL_MYRIAD,
    KEHU__NUMERAL_MYRIAD_MYRIADS,
    KEHU__NUMERAL_YUAN,  /* 元 圆 */
    KEHU__NUMERAL_KUAI,  /* 块 */
    KEHU__NUMERAL_MONEY, /* 钱 */
    KEHU__NUMERAL_YEAR   /* 年 */
};

#define KEHU__NUMERAL_MAP(X)                                                             \
    X(0x4E00, 1)                            /* 一 */                                    \
    X(0x4E8C, 2)                            /* 二 */                                    \
    X(0x4E09, 3)                            /* 三 */                                    \
    X(0x56DB, 4)                            /* 四 */                                    \
    X(0x4E94, 5)                            /* 五 */                                    \
    X(0x516D, 6)                            /* 六 */                                    \
    X(0x4E03, 7)                            /* 七 */                                    \
    X(0x516B, 8)                            /* 八 */                                    \
    X(0x4E5D, 9)                            /* 九 */                                    \
    X(0x4E24, KEHU__NUMERAL_TWO)            /* 两 */                                    \
    X(0x5169, KEHU__NUMERAL_TWO)            /* 兩 */                                    \
    X(0x96F6, KEHU__NUMERAL_ZERO)           /* 零 */                                    \
    X(0x3007, KEHU__NUMERAL_ZERO)           /* 〇 */                                    \
    X(0x5341, KEHU__NUMERAL_TEN)            /* 十 */                                    \
    X(0x767E, KEHU__NUMERAL_HUNDRED)        /* 百 */                                    \
    X(0x5343, KEHU__NUMERAL_THOUSAND)       /* 千 */                                    \
    X(0x4E07, KEHU__NUMERAL_MYRIAD)         /* 万 */                                    \
    X(0x842C, KEHU__NUMERAL_MYRIAD)         /* 萬 */                                    \
    X(0x4EBF, KEHU__NUMERAL_MYRIAD_MYRIADS) /* 亿 */                                    \
    X(0x5104, KEHU__NUMERAL_MYRIAD_MYRIADS) /* 億 */                                    \
    X(0x5143, KEHU__NUMERAL_YUAN)           /* 元 */                                    \
    X(0x5706, KEHU__NUMERAL_YUAN)           /* 圆 */                                    \
    X(0x5713, KEHU__NUMERAL_YUAN)           /* 圓 */                                    \
    X(0x5757, KEHU__NUMERAL_KUAI)           /* 块 */                                    \
    X(0x584A, KEHU__NUMERAL_KUAI)           /* 塊 */                                    \
    X(0x94B1, KEHU__NUMERAL_MONEY)          /* 钱 */                                    \
    X(0x9322, KEHU__NUMERAL_MONEY)          /* 錢 */                                    \
    X(0x5E74, KEHU__NUMERAL_YEAR)           /* 年 */

static inline uint8_t kehu__numeral(uint32_t c)
{
    /* Nearly all others differ from all of them in one of two parts of their code. */
#define X(numeral, meaning) | UINT64_C(1) << (numeral & 63)
    static const uint64_t low = 0 KEHU__NUMERAL_MAP(X);
#undef X
#define X(numeral, meaning) | UINT64_C(1) << (numeral >> 6 & 63)
    static const uint64_t high = 0 KEHU__NUMERAL_MAP(X);
#undef X
    if ((low >> (c & 63) & high >> (c >> 6 & 63) & 1) == 0)
        return KEHU__NUMERAL_NONE;
    switch (c) {
#define X(numeral, meaning)                                                              \
    case numeral:                                                                        \
        return meaning;
        KEHU__NUMERAL_MAP(X)
#undef X
    default:
        return KEHU__NUMERAL_NONE;
    }
}

/* How many of the n numerals make up one number of three or more characters,
 * or of two before a unit of money, or a year of four digits; 0 when they do not. money
 * says whether the unit is wanted: it is then counted, as 年 always is. *kind is then
 * that of a number, amount or date. */
uint32_t kehu__numeral_run(const uint8_t *numerals, uint32_t n, bool money,
                           kehu_span_kind *kind);

typedef struct kehu__atom {
    const char *end;
    kehu_span_kind kind;
} kehu__atom;

/* The longest atom that begins at p (p < end), at least one character. Looks
 * only forward, so a text may be cut at any atom's start. split_units as in
 * kehu_tokenizer_options. */
kehu__atom kehu__atom_at(const char *p, const char *end, bool split_units);

/* Patterns of atom_number.c; NULL when there is none at p. A digit, a currency
 * sign or a plus stands at p. */
const char *kehu__match_phone(const char *p, const char *end);
const char *kehu__match_date(const char *p, const char *end, bool split_units);
kehu__atom kehu__match_number(const char *p, const char *end, bool split_units);

/* Patterns of atom_link.c; NULL when there is none at p. */
const char *kehu__match_url(const char *p, const char *end);
const char *kehu__match_email(const char *p, const char *end);

/* The folded character at p and the address after it; KEHU__NO_CHAR at end. */
#define KEHU__NO_CHAR 0xFFFFFFFEu
static inline uint32_t kehu__look(const char *p, const char *end, const char **next)
{
    *next = p;
    return p == end ? KEHU__NO_CHAR : kehu__fold(kehu__utf8_next(next, end));
}

static inline bool kehu__is_digit(uint32_t c)
{
    return c - '0' < 10;
}
static inline bool kehu__is_alpha(uint32_t c) /* folded a..z */
{
    return c - 'a' < 26;
}
#endif
