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

/* The second simplified form of a character that stays as it is in some words: 著 in
 * 著名, but 看著 is 看着. 0 = none, as nearly always. Context decides: the splitter
 * tries both. */
static inline uint32_t kehu__simplify_else(uint32_t c)
{
    static const uint16_t pairs[][2] = {
        {0x8457, 0x7740}, /* 著着 */
        {0x77AD, 0x4E86}, /* 瞭了 */
        {0x85C9, 0x501F}, /* 藉借 */
        {0x8986, 0x590D}, /* 覆复 */
        {0x6C88, 0x6C89}, /* 沈沉 */
    };
    const uint64_t lowest_bits =
        UINT64_C(1) << (0x8457 & 63) | UINT64_C(1) << (0x77AD & 63) |
        UINT64_C(1) << (0x85C9 & 63) | UINT64_C(1) << (0x8986 & 63) |
        UINT64_C(1) << (0x6C88 & 63);
    if ((lowest_bits >> (c & 63) & 1) == 0)
        return 0;
    for (int i = 0; i < (int)(sizeof pairs / sizeof pairs[0]); i++)
        if (pairs[i][0] == c)
            return pairs[i][1];
    return 0;
}

/* The i-th traditional character and what it becomes; 0 behind the last. */
uint32_t kehu__traditional(uint32_t i, uint32_t *simplified);

/* All folds of this header. */
static inline uint32_t kehu__fold_all(uint32_t c)
{
    return kehu__simplify(kehu__fold(c));
}
#endif
