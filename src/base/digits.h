/* base/digits.h - decimal digits eight at a time (Lemire, "Number parsing at a
 * gigabyte per second", 2021). */
#ifndef KEHU_SRC_BASE_DIGITS_H
#define KEHU_SRC_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Eight digits, the first in the lowest byte, to their number: neighbours are put
 * together to twos, fours and eight. The upper half of each byte does not matter. */
static inline uint64_t kehu__join_digits(uint64_t eight)
{
    eight = (eight & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    eight = (eight & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (eight & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

/* The last n (1..8) of the eight bytes before `end`, zeros in place of the others.
 * Clears *good if one is no digit. */
static inline uint64_t kehu__last_digits(const char *end, size_t n, bool *good)
{
    const uint64_t x = (kehu__load64(end - 8) ^ 0x3030303030303030u) & ~(uint64_t)0
                                                                           << 8 * (8 - n);
    *good &= ((x | (x + 0x7676767676767676u)) & 0x8080808080808080u) == 0;
    return kehu__join_digits(x);
}

/* text[n] as a number, if it is 1 to 16 digits; 16 bytes before its end are readable. */
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

#endif
