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
KEHU__ALWAYS_INLINE void prefetch_codes(const kehu__tree_rows *rows, uint32_t row,
                                        size_t from, size_t to)
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
                prefetch_codes(rows, order[r + AHEAD], from, to);                        \
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

/* One row's first n codes. */
static inline void add_codes(uint16_t *tile, const uint8_t *codes, size_t n)
{
    for (size_t j = 0; j < n; j++)
        tile[CODES * j + codes[j]]++;
}

static void count_tile(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                       uint16_t *tile, size_t from, size_t to)
{
    const size_t n_inputs = inputs_before(rows, to) - 8 * from;
    for (uint32_t r = 0; r < n; r++) {
        const uint8_t *codes = codes_of(rows, order[r]) + 8 * from;
        uint16_t *h = tile;
        if (n - r > AHEAD)
            prefetch_codes(rows, order[r + AHEAD], from, to);
        for (size_t words = n_inputs / 8; words > 0; words--) {
            add_codes(h, codes, 8);
            codes += 8;
            h += 8 * CODES;
        }
        if (n_inputs & 4)
            add_codes(h, codes, 4);
        codes += n_inputs & 4;
        h += CODES * (n_inputs & 4);
        if (n_inputs & 2)
            add_codes(h, codes, 2);
        if (n_inputs & 1)
            add_codes(h + CODES * (n_inputs & 2), codes + (n_inputs & 2), 1);
    }
}

static void count_tiles(const kehu__tree_rows *rows, const uint32_t *order, uint32_t n,
                        uint32_t *h, size_t from, size_t to)
{
    uint16_t tile[8 * TILE_WORDS * CODES];
    const size_t first = inputs_before(rows, from), end = inputs_before(rows, to);
    while (n > 0) {
        const uint32_t some = n < TILE_ROWS ? n : TILE_ROWS;
        memset(tile, 0, (end - first) * CODES * sizeof *tile);
        count_tile(rows, order, some, tile, from, to);
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

/* Words of codes from which counting them is worth starting threads. */
static const size_t LEAST_SHARED = 200000;

/* One histogram counted by several tasks, each some words of inputs: of each class in
 * that one of two leaves which has fewer rows of it. */
typedef struct counting {
    const kehu__tree_grower *g;
    const kehu__tree_rows *rows;
    uint32_t leaf, other; /* may be the same */
    kehu__tree_histogram h;
    size_t words_per_task;
    uint32_t left_out; /* this class is not counted */
} counting;

static uint32_t rows_of_class(const kehu__tree_grower *g, uint32_t leaf, uint32_t k)
{
    const uint32_t *b = kehu__tree_bounds(g, leaf);
    return b[2 * k + 1] - b[2 * k];
}

/* The class is counted in the leaf, not in the other. */
static bool counts_in(const kehu__tree_grower *g, uint32_t leaf, uint32_t other,
                      uint32_t k)
{
    return rows_of_class(g, leaf, k) <= rows_of_class(g, other, k);
}

static kehu__tree_histogram of_class(const kehu__tree_rows *rows, kehu__tree_histogram h,
                                     uint32_t k)
{
    const size_t at = (size_t)k * rows->n_cells;
    if (rows->weights == NULL)
        h.counts += at;
    else
        h.sums += at;
    return h;
}

static void count_words(void *arg, int64_t task)
{
    const counting *c = arg;
    const size_t words = c->rows->stride / 8, from = (size_t)task * c->words_per_task;
    const size_t to = words - from < c->words_per_task ? words : from + c->words_per_task;
    for (uint32_t k = 0; k < c->g->n_classes; k++) {
        const uint32_t leaf = counts_in(c->g, c->leaf, c->other, k) ? c->leaf : c->other;
        const uint32_t *b = kehu__tree_bounds(c->g, leaf);
        if (k != c->left_out)
            kehu__tree_count(c->rows, c->g->order + b[2 * k], b[2 * k + 1] - b[2 * k],
                             of_class(c->rows, c->h, k), from, to);
    }
}

void kehu__tree_count_leaves(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                             uint32_t leaf, uint32_t other, uint32_t left_out,
                             kehu__tree_histogram h)
{
    const size_t words = rows->stride / 8;
    counting c = {g, rows, leaf, other, h, words, left_out};
    memset(h.counts, 0, g->histogram_size * g->cell_size);
    if (g->run == NULL || kehu__run_threads(g->run) == 1 ||
        kehu__tree_rows_of(g, leaf) * words < LEAST_SHARED) {
        count_words(&c, 0);
        return;
    }
    c.words_per_task = 4;
    kehu__parallel(g->run, (int64_t)((words + 3) / 4), count_words, &c);
}

/* Histograms of two leaves: out of that of both and of each class's in one of them. */
void kehu__tree_part_histograms(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                                uint32_t leaf, uint32_t other,
                                kehu__tree_histogram counted, kehu__tree_histogram both)
{
#define PART(type, cells)                                                                \
    for (uint32_t k = 0; k < g->n_classes; k++) {                                        \
        type *one = of_class(rows, counted, k).cells,                                    \
             *two = of_class(rows, both, k).cells;                                       \
        if (counts_in(g, leaf, other, k))                                                \
            for (uint32_t i = 0; i < rows->n_cells; i++)                                 \
                two[i] -= one[i];                                                        \
        else                                                                             \
            for (uint32_t i = 0; i < rows->n_cells; i++) {                               \
                const type rest = two[i] - one[i];                                       \
                two[i] = one[i];                                                         \
                one[i] = rest;                                                           \
            }                                                                            \
    }
    if (rows->weights == NULL) {
        PART(uint32_t, counts)
    } else {
        PART(uint64_t, sums)
    }
#undef PART
}
