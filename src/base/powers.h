/* base/powers.h - what reading and writing doubles share: powers of ten to 128
 * bits, and the 128-bit product of two 64-bit numbers. */
#ifndef KEHU_SRC_BASE_POWERS_H
#define KEHU_SRC_BASE_POWERS_H

#include <stdint.h>

enum {
    KEHU__FIRST_POWER = -342,
    KEHU__LAST_POWER = 324,
    KEHU__LAST_EXACT_POWER = 55 /* 0 to here: no bit of the power is cut off */
};

typedef struct kehu__u128 {
    uint64_t high, low;
} kehu__u128;

/* [q - KEHU__FIRST_POWER]: floor of 10^q times the power of two that puts it
 * into [2^127, 2^128). Made by powers.py. */
extern const kehu__u128 kehu__powers_of_ten[KEHU__LAST_POWER - KEHU__FIRST_POWER + 1];

/* floor(log2(10^q)) for |q| <= 1233. */
static inline int kehu__log2_of_power(int q)
{
    return (q * 1741647) >> 19;
}

static inline kehu__u128 kehu__multiply(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 u128;
    const u128 p = (u128)a * b;
    return (kehu__u128){(uint64_t)(p >> 64), (uint64_t)p};
#else
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0;
    const uint64_t middle = (p00 >> 32) + (uint32_t)p01 + (uint32_t)p10;
    return (kehu__u128){a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32),
                        middle << 32 | (uint32_t)p00};
#endif
}

/* floor(g * x / 2^64). */
static inline kehu__u128 kehu__multiply_high(kehu__u128 g, uint64_t x, uint64_t *rest)
{
    const kehu__u128 a = kehu__multiply(g.high, x), b = kehu__multiply(g.low, x);
    const uint64_t low = a.low + b.high;
    *rest = b.low;
    return (kehu__u128){a.high + (low < a.low), low};
}
#endif
