/* base/digits.h - decimal digits eight or sixteen at a time (Lemire, "Number parsing at
 * a gigabyte per second", 2021). */
#ifndef KEHU_SRC_BASE_DIGITS_H
#define KEHU_SRC_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { KEHU__DIGITS_BEFORE = 17 }; /* bytes before a number's end that are read */

/* Eight digits, the first in the lowest byte, to their number: neighbours are put
 * together to twos, fours and eight. The upper half of each byte does not matter. */
static inline uint64_t kehu__join_digits(uint64_t eight)
{
    eight = (eight & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    eight = (eight & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (eight & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

#if defined(__SSE2__)
/* Ones in the last n (0..16) bytes. */
static inline __m128i kehu__last_bytes(size_t n)
{
    static const uint8_t ones[32] = {
        0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    __m128i v;
    memcpy(&v, ones + n, sizeof v);
    return v;
}

/* The values of the sixteen characters before `end`, if they are digits. */
static inline __m128i kehu__digit_values(const char *end)
{
    __m128i v;
    memcpy(&v, end - 16, sizeof v);
    return _mm_sub_epi8(v, _mm_set1_epi8('0'));
}

/* Sixteen digits to their number, as kehu__join_digits does; false if one is none. */
static inline bool kehu__join_sixteen(__m128i digits, uint64_t *out)
{
    const __m128i above = _mm_subs_epu8(digits, _mm_set1_epi8(9));
    const __m128i first = _mm_and_si128(digits, _mm_set1_epi16(0xFF));
    const __m128i twos = _mm_add_epi16(_mm_mullo_epi16(first, _mm_set1_epi16(10)),
                                       _mm_srli_epi16(digits, 8));
    const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eights =
        _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000));
    uint64_t halves;
    memcpy(&halves, &eights, sizeof halves);
    *out = (uint32_t)halves * UINT64_C(100000000) + (halves >> 32);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(above, _mm_setzero_si128())) == 0xFFFF;
}

/* text[n] as a number, if it is 1 to 16 digits. */
static inline bool kehu__short_number(const char *text, size_t n, uint64_t *out)
{
    return n - 1 < 16 &&
           kehu__join_sixteen(
               _mm_and_si128(kehu__digit_values(text + n), kehu__last_bytes(n)), out);
}

/* text[n] as a number of units, if it is 1 to 8 digits, a point and 1 to 8 decimals. */
static inline bool kehu__short_amount(const char *text, size_t n, size_t decimals,
                                      uint64_t *out)
{
    const char *end = text + n;
    if (n - decimals - 2 >= 8 || end[-(ptrdiff_t)decimals - 1] != '.')
        return false;
    /* Those before the point move up to those behind it. */
    const __m128i last = kehu__last_bytes(decimals);
    const __m128i digits =
        _mm_or_si128(_mm_and_si128(last, kehu__digit_values(end)),
                     _mm_andnot_si128(last, kehu__digit_values(end - 1)));
    return kehu__join_sixteen(_mm_and_si128(digits, kehu__last_bytes(n - 1)), out);
}
#else
/* The last n (1..8) of the eight bytes before `end`, zeros in place of the others.
 * Clears *good if one is no digit. */
static inline uint64_t kehu__last_digits(const char *end, size_t n, bool *good)
{
    const uint64_t x = (kehu__load64(end - 8) ^ 0x3030303030303030u) & ~(uint64_t)0
                                                                           << 8 * (8 - n);
    *good &= ((x | (x + 0x7676767676767676u)) & 0x8080808080808080u) == 0;
    return kehu__join_digits(x);
}

static inline bool kehu__short_number(const char *text, size_t n, uint64_t *out)
{
    bool good = true;
    if (n - 1 > 15)
        return false;
    *out = n <= 8 ? kehu__last_digits(text + n, n, &good)
                  : kehu__last_digits(text + n - 8, n - 8, &good) * 100000000 +
                        kehu__last_digits(text + n, 8, &good);
    return good;
}

static inline bool kehu__short_amount(const char *text, size_t n, size_t decimals,
                                      uint64_t *out)
{
    static const uint32_t power[9] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    const char *end = text + n, *point = end - decimals - 1;
    bool good = true;
    if (n - decimals - 2 >= 8 || *point != '.')
        return false;
    *out = kehu__last_digits(point, n - decimals - 1, &good) * power[decimals] +
           kehu__last_digits(end, decimals, &good);
    return good;
}
#endif

#endif
