/* The inner loop of training: eight inputs' codes are one load, each code one
 * increment. */
#include <string.h>

#include "learn/tree_grow.h"

#if defined(__GNUC__)
#define PREFETCH(at) __builtin_prefetch(at)
#else
#define PREFETCH(at) ((void)0)
#endif

/* Rows ahead whose codes are fetched already: leaves hold them far apart. */
enum { AHEAD = 16 };

#define COUNT_ROWS(type, amount)                                                         \
    static void count_##type(const kehu__tree_rows *rows, const uint32_t *order,         \
                             uint32_t n, type *h, size_t from, size_t to)                \
    {                                                                                    \
        for (uint32_t r = 0; r < n; r++) {                                               \
            const uint8_t *codes = rows->by_row + (size_t)order[r] * rows->stride;       \
            if (n - r > AHEAD) {                                                         \
                const uint8_t *next =                                                    \
                    rows->by_row + (size_t)order[r + AHEAD] * rows->stride;              \
                PREFETCH(next + 8 * from);                                               \
                PREFETCH(next + 8 * to - 1);                                             \
            }                                                                            \
            for (size_t w = from; w < to; w++) {                                         \
                const uint32_t *at = rows->offsets + 8 * w;                              \
                for (size_t j = 0; j < 8; j++)                                           \
                    h[at[j] + codes[8 * w + j]] += (amount);                             \
            }                                                                            \
        }                                                                                \
    }
COUNT_ROWS(uint32_t, 1)
COUNT_ROWS(uint64_t, rows->weights[order[r]])
#undef COUNT_ROWS

void kehu__tree_count(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                      kehu__tree_histogram h, size_t from, size_t to)
{
    if (rows->weights == NULL)
        count_uint32_t(rows, order, n, h.counts, from, to);
    else
        count_uint64_t(rows, order, n, h.sums, from, to);
}
