/* text/normalize.h - folding characters that mean the same to one of them.
 * One character in, one character out, so offsets into the text stay true. */
#ifndef KEHU_SRC_TEXT_NORMALIZE_H
#define KEHU_SRC_TEXT_NORMALIZE_H

#include <stdint.h>

/* kehu__fold for what its fast path leaves over. */
uint32_t kehu__fold_rare(uint32_t c);

/* Full width to half width (letters, digits, signs, the wide space) and upper
 * to lower case (Latin up to U+017F, Greek, Cyrillic; Turkish I stays).
 * Anything else, KEHU__BAD_BYTE included, comes back as it is. Folding twice
 * changes nothing more. */
static inline uint32_t kehu__fold(uint32_t c)
{
    if (c < 0xC0)
        return c - 'A' < 26 ? c + 32 : c;
    if (c - 0x3001 < 0xFF01 - 0x3001)
        return c; /* Chinese, Japanese and Korean, nearly all there is */
    return kehu__fold_rare(c);
}

/* Traditional to simplified Chinese, one character for one: 3,000 pairs. Where
 * one traditional character has two simplified ones the usual one is taken;
 * where two words become the same (乾 and 干) so they do on both sides of a
 * comparison. Some 12 steps a call: meant for building tables. */
uint32_t kehu__simplify(uint32_t c);

/* The i-th traditional character and what it becomes; 0 behind the last. */
uint32_t kehu__traditional(uint32_t i, uint32_t *simplified);

/* All folds of this header. */
static inline uint32_t kehu__fold_all(uint32_t c)
{
    return kehu__simplify(kehu__fold(c));
}
#endif
