/* text/atom.h - what is recognised by rule instead of by dictionary: Latin
 * words, numbers, dates, amounts, links, emoji, marks, blanks, broken bytes. */
#ifndef KEHU_SRC_TEXT_ATOM_H
#define KEHU_SRC_TEXT_ATOM_H

#include <kehu/tokenizer.h>

#include <stdbool.h>

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
    return c - 0x4E00 < 0x9FFF - 0x4E00 + 1u ? KEHU__CLASS_HAN : kehu__class_rare(c);
}

/* A Chinese numeral: 〇零一二三...十百千万亿两. */
bool kehu__is_numeral(uint32_t c);

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
uint32_t kehu__look(const char *p, const char *end, const char **next);

static inline bool kehu__is_digit(uint32_t c)
{
    return c - '0' < 10;
}
static inline bool kehu__is_alpha(uint32_t c) /* folded a..z */
{
    return c - 'a' < 26;
}
#endif
