/* The inner loop of training: eight inputs' codes are one load, each code one
 * increment. Many rows are counted in cells of 16 bits first, so that those of 64 inputs
 * stay in the nearest cache whatever the width of a histogram's. */
#include <string.h>

#include "base/prefetch.h"
#include "learn/tree_grow.h"

enum {
    AHEAD = 32,        /* rows whose codes are fetched already: leaves hold them far
                          apart */
    CODES = 256,       /* cells of an input in a tile */
    TILE_WORDS = 8,    /* of eight inputs each: a line of the cache */
    TILE_ROWS = 65535, /* what 16 bits can count */
    LEAST_TILED = 1024 /* rows that are worth adding a tile up */
};

static const uint8_t *codes_of(const kehu__tree_rows *rows, uint32_t row)
{
    return rows->by_row + (size_t)row * rows->stride;
}

/* Fetch what some row ahead has in words from .. to - 1. */
KEHU__ALWAYS_INLINE void fetch(const kehu__tree_rows *rows, uint32_t row, size_t from,
                               size_t to)
{
    const uint8_t *codes = codes_of(rows, row);
    KEHU__PREFETCH(codes + 8 * from);
    KEHU__PREFETCH(codes + 8 * to - 1);
}

static size_t inputs_before(const kehu__tree_rows *rows, size_t word)
{
    return 8 * word < rows->n_inputs ? 8 * word : rows->n_inputs;
}

/* place(f): the first cell of input f. */
#define COUNT_ROWS(name, type, amount, place)                                            \
    static void name(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,     \
                     type *h, size_t from, size_t to)                                    \
    {                                                                                    \
        const size_t end = inputs_before(rows, to);                                      \
        for (uint32_t r = 0; r < n; r++) {                                               \
            const uint8_t *codes = codes_of(rows, order[r]);                             \
            if (n - r > AHEAD)                                                           \
                fetch(rows, order[r + AHEAD], from, to);                                 \
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
#define IN_TILE(f)   (CODES * ((f)-8 * from))
COUNT_ROWS(tree_count_evenly, uint32_t, 1, EVENLY)
COUNT_ROWS(tree_count_anywhere, uint32_t, 1, LOOKED_UP)
COUNT_ROWS(tree_count_tile, uint16_t, 1, IN_TILE)
COUNT_ROWS(tree_weigh_anywhere, uint64_t, rows->weights[order[r]], LOOKED_UP)
#undef COUNT_ROWS
#undef EVENLY
#undef LOOKED_UP
#undef IN_TILE

static void count_tiles(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                        uint32_t *h, size_t from, size_t to)
{
    uint16_t tile[8 * TILE_WORDS * CODES];
    const size_t first = inputs_before(rows, from), end = inputs_before(rows, to);
    while (n > 0) {
        const uint32_t some = n < TILE_ROWS ? n : TILE_ROWS;
        memset(tile, 0, (end - first) * CODES * sizeof *tile);
        tree_count_tile(rows, order, some, tile, from, to);
        for (size_t f = first; f < end; f++)
            for (uint32_t code = 0; code < rows->inputs[f].n_codes; code++)
                h[rows->offsets[f] + code] += tile[(f - first) * CODES + code];
        order += some;
        n -= some;
    }
}

void kehu__tree_count(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                      kehu__tree_histogram h, size_t from, size_t to)
{
    if (rows->weights != NULL)
        tree_weigh_anywhere(rows, order, n, h.sums, from, to);
    else if (n >= LEAST_TILED)
        for (size_t next; from < to; from = next) {
            next = to - from < TILE_WORDS ? to : from + TILE_WORDS;
            count_tiles(rows, order, n, h.counts, from, next);
        }
    else if (rows->even)
        tree_count_evenly(rows, order, n, h.counts, from, to);
    else
        tree_count_anywhere(rows, order, n, h.counts, from, to);
}
