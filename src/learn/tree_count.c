/* The inner loop of training: eight inputs' codes are one load, each code one
 * increment. */
#include <string.h>

#include "base/prefetch.h"
#include "learn/tree_grow.h"

/* Rows ahead whose codes are fetched already: leaves hold them far apart. */
enum { AHEAD = 16 };

/* place(f): the first cell of input f. */
#define COUNT_ROWS(name, type, amount, place)                                            \
    static void name(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,     \
                     type *h, size_t from, size_t to)                                    \
    {                                                                                    \
        const size_t end = 8 * to < rows->n_inputs ? 8 * to : rows->n_inputs;            \
        for (uint32_t r = 0; r < n; r++) {                                               \
            const uint8_t *codes = rows->by_row + (size_t)order[r] * rows->stride;       \
            if (n - r > AHEAD) {                                                         \
                const uint8_t *next =                                                    \
                    rows->by_row + (size_t)order[r + AHEAD] * rows->stride;              \
                KEHU__PREFETCH(next + 8 * from);                                         \
                KEHU__PREFETCH(next + 8 * to - 1);                                       \
            }                                                                            \
            size_t f = 8 * from;                                                         \
            for (; f + 8 <= end; f += 8)                                                 \
                for (size_t j = 0; j < 8; j++)                                           \
                    h[place(f + j) + codes[f + j]] += (amount);                          \
            for (; f < end; f++)                                                         \
                h[place(f) + codes[f]] += (amount);                                      \
        }                                                                                \
    }
#define EVENLY(f)    (256 * (f))
#define LOOKED_UP(f) (rows->offsets[f])
COUNT_ROWS(tree_count_evenly, uint32_t, 1, EVENLY)
COUNT_ROWS(tree_count_anywhere, uint32_t, 1, LOOKED_UP)
COUNT_ROWS(tree_weigh_anywhere, uint64_t, rows->weights[order[r]], LOOKED_UP)
#undef COUNT_ROWS
#undef EVENLY
#undef LOOKED_UP

void kehu__tree_count(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                      kehu__tree_histogram h, size_t from, size_t to)
{
    if (rows->weights != NULL)
        tree_weigh_anywhere(rows, order, n, h.sums, from, to);
    else if (rows->even)
        tree_count_evenly(rows, order, n, h.counts, from, to);
    else
        tree_count_anywhere(rows, order, n, h.counts, from, to);
}
