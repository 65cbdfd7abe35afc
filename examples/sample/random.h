/* random.h - seeded random numbers for the sample, the same on every machine:
 * integers only (splitmix64, Steele et al. 2014). */
#ifndef SAMPLE_RANDOM_H
#define SAMPLE_RANDOM_H

#include <stdint.h>

typedef struct dice {
    uint64_t state;
} dice;

static inline uint64_t dice_next(dice *d)
{
    uint64_t x = d->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* An own stream for subject `index` of part `part`, so that parts do not
 * disturb each other. */
static inline dice dice_for(uint64_t seed, uint64_t part, uint64_t index)
{
    dice d = {seed * UINT64_C(0xD1342543DE82EF95) + (part << 40) + index};
    d.state = dice_next(&d);
    return d;
}

/* 0..n-1, n > 0. The bias of at most n / 2^32 does not matter here. */
static inline int dice_below(dice *d, int n)
{
    return (int)((dice_next(d) >> 32) * (uint64_t)n >> 32);
}

/* lowest..highest, both included. */
static inline int dice_between(dice *d, int lowest, int highest)
{
    return lowest + dice_below(d, highest - lowest + 1);
}

/* True in `percent` of 100 cases. */
static inline int dice_percent(dice *d, int percent)
{
    return dice_below(d, 100) < percent;
}

/* Index of a share drawn by its weight; the weights' sum must be positive. */
static inline int dice_pick(dice *d, const int *weights, int n)
{
    int sum = 0, i = 0;
    for (int k = 0; k < n; k++)
        sum += weights[k];
    for (int left = dice_below(d, sum); i < n - 1 && left >= weights[i]; i++)
        left -= weights[i];
    return i;
}
#endif
