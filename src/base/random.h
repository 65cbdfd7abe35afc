/* base/random.h - seeded random numbers, the same on every machine
 * (xoshiro256**, Blackman and Vigna 2021; seeded by splitmix64). */
#ifndef KEHU_SRC_BASE_RANDOM_H
#define KEHU_SRC_BASE_RANDOM_H

#include "base/hash.h"

typedef struct kehu__random {
    uint64_t s[4];
} kehu__random;

static inline kehu__random kehu__random_seed(uint64_t seed)
{
    kehu__random r;
    for (int i = 0; i < 4; i++)
        r.s[i] = kehu__mix64(seed + (uint64_t)i * 0x9E3779B97F4A7C15u);
    return r;
}

static inline uint64_t kehu__random_next(kehu__random *r)
{
    uint64_t *s = r->s;
    const uint64_t x = s[1] * 5, result = (x << 7 | x >> 57) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* Uniform in 0..n-1, n > 0 and below 2^32; exact (Lemire 2019). */
static inline uint32_t kehu__random_below(kehu__random *r, uint32_t n)
{
    uint64_t product = (kehu__random_next(r) >> 32) * n;
    if ((uint32_t)product < n) {
        const uint32_t least = (uint32_t)(0u - n) % n;
        while ((uint32_t)product < least)
            product = (kehu__random_next(r) >> 32) * n;
    }
    return (uint32_t)(product >> 32);
}

/* Uniform in [0, 1), 53 bits. */
static inline double kehu__random_unit(kehu__random *r)
{
    return (double)(kehu__random_next(r) >> 11) * 0x1p-53;
}
#endif
