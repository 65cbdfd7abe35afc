/* Histograms counted in tiles: as counted one by one, whatever is counted at a time. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "learn/tree_grow.h"
#include "support/test.h"

enum { ROWS = 150000, INPUTS = 70, STRIDE = 72, WORDS = STRIDE / 8 };

typedef struct table {
    kehu__tree_rows rows;
    kehu__tree_input inputs[INPUTS];
    uint32_t offsets[INPUTS];
    uint8_t *by_row;
    uint32_t *order;
} table;

/* Input 0 has one code throughout, more often than 16 bits can count. */
static uint32_t codes_of(uint32_t f)
{
    return f == 0 ? 1 : 2 + f * 254 / INPUTS;
}

static void make(table *t, bool even)
{
    kehu__random r = kehu__random_seed(even);
    *t = (table){.by_row = calloc(ROWS, STRIDE), .order = calloc(ROWS, sizeof *t->order)};
    assert_true(t->by_row != NULL && t->order != NULL);
    t->rows = (kehu__tree_rows){.n_rows = ROWS,
                                .n_inputs = INPUTS,
                                .inputs = t->inputs,
                                .by_row = t->by_row,
                                .stride = STRIDE,
                                .offsets = t->offsets,
                                .even = even};
    for (uint32_t f = 0; f < INPUTS; f++) {
        t->inputs[f] = (kehu__tree_input){.n_codes = codes_of(f)};
        t->offsets[f] = t->rows.n_cells;
        t->rows.n_cells += even ? 256 : codes_of(f);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        t->order[i] = (uint32_t)kehu__random_below(&r, ROWS);
        for (uint32_t f = 0; f < INPUTS; f++)
            t->by_row[(size_t)i * STRIDE + f] =
                (uint8_t)kehu__random_below(&r, codes_of(f));
    }
}

/* n rows, words from .. to - 1 at a time. */
static void check(const table *t, uint32_t n, size_t words)
{
    uint32_t *counted = calloc(t->rows.n_cells, sizeof *counted),
             *expected = calloc(t->rows.n_cells, sizeof *expected);
    assert_true(counted != NULL && expected != NULL);
    for (size_t from = 0; from < WORDS; from += words)
        kehu__tree_count(&t->rows, t->order, n, (kehu__tree_histogram){.counts = counted},
                         from, from + words < WORDS ? from + words : WORDS);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t f = 0; f < INPUTS; f++)
            expected[t->offsets[f] + t->by_row[(size_t)t->order[i] * STRIDE + f]]++;
    assert_memory_equal(counted, expected, t->rows.n_cells * sizeof *counted);
    free(counted);
    free(expected);
}

static void test_counts_are_those_of_one_by_one(void **state)
{
    const uint32_t some[] = {0, 1, 33, 1023, 1024, 65535, 65536, ROWS};
    (void)state;
    for (int even = 0; even < 2; even++) {
        table t;
        make(&t, even != 0);
        for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
            check(&t, some[i], WORDS);
            check(&t, some[i], 1);
            check(&t, some[i], 4);
        }
        free(t.by_row);
        free(t.order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_those_of_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
