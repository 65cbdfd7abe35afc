/* The best split by bounds and a table of logarithms, and by every cut: to the last bit
 * the same. */
#include "base/maths.h"
#include "base/random.h"
#include "learn/tree_grow.h"
#include "support/test.h"

#include <string.h>

enum { INPUTS = 12, CODES = 256, TABLE = 5000 };

typedef struct node {
    kehu__tree_rows rows;
    kehu__tree_input inputs[INPUTS];
    uint32_t offsets[INPUTS], cells[2 * INPUTS * CODES];
    double counts[2];
} node;

static const double units[2] = {1, 1};

/* A node of n rows whose second class is there in so many of 1000, in some inputs more
 * with rising codes. Some codes are empty, some inputs have missing values or are those
 * before once more. */
static void make(node *d, uint32_t n, uint32_t per_mille, kehu__random *r)
{
    *d = (node){.rows = {.n_inputs = INPUTS,
                         .n_classes = 2,
                         .inputs = d->inputs,
                         .offsets = d->offsets,
                         .n_cells = INPUTS * CODES,
                         .weight_unit = 1,
                         .units = units}};
    for (uint32_t i = 0; i < n; i++)
        d->counts[kehu__random_below(r, 1000) < per_mille]++;
    for (uint32_t f = 0; f < INPUTS; f++) {
        uint32_t *cells = d->cells + f * CODES;
        const uint32_t n_codes = f % 3 == 2 ? 5 : 200, missing = n_codes - 1;
        const uint64_t strength = kehu__random_below(r, 12);
        d->inputs[f] = (kehu__tree_input){.n_codes = n_codes, .ordered = f != 7};
        d->offsets[f] = f * CODES;
        if (f == 4 || f == 8) {
            d->inputs[f] = d->inputs[f - 1];
            memcpy(cells, cells - CODES, CODES * sizeof *cells);
            memcpy(cells + d->rows.n_cells, cells + d->rows.n_cells - CODES,
                   CODES * sizeof *cells);
            continue;
        }
        for (uint32_t k = 0; k < 2; k++)
            for (double i = 0; i < d->counts[k]; i++) {
                uint32_t code = (uint32_t)kehu__random_below(r, n_codes - 1);
                if (k == 1 && kehu__random_below(r, 40) < strength)
                    code = n_codes - 2 - code / 2;
                if (f % 2 && kehu__random_below(r, 10) == 0)
                    code = missing;
                cells[k * d->rows.n_cells + (code == 17 ? 16 : code)]++;
            }
    }
}

static void check(node *d, const kehu__tree_growth *how, const double *xlogx)
{
    double work[2 * CODES];
    kehu__tree_split candidates[INPUTS], plain, quick;
    d->rows.n_xlogx = 0;
    d->rows.xlogx = NULL;
    kehu__tree_best_split(&d->rows, how, (kehu__tree_histogram){.counts = d->cells},
                          d->counts, work, candidates, &plain);
    d->rows.n_xlogx = TABLE;
    d->rows.xlogx = xlogx;
    kehu__tree_best_split(&d->rows, how, (kehu__tree_histogram){.counts = d->cells},
                          d->counts, work, candidates, &quick);
    assert_int_equal(quick.feature, plain.feature);
    if (plain.feature < 0)
        return;
    assert_int_equal(quick.cut, plain.cut);
    assert_int_equal(quick.flags, plain.flags);
    assert_memory_equal(quick.left_codes, plain.left_codes, sizeof plain.left_codes);
    assert_memory_equal(&quick.gain, &plain.gain, sizeof plain.gain);
    assert_memory_equal(&quick.share, &plain.share, sizeof plain.share);
}

static void test_split_by_bounds_is_that_of_every_cut(void **state)
{
    static const uint32_t sizes[] = {2, 20, 300, 4000, 9000};
    static const kehu_tree_criterion criteria[] = {KEHU_TREE_ENTROPY,
                                                   KEHU_TREE_GAIN_RATIO};
    static double xlogx[TABLE];
    static node d;
    kehu__random r = kehu__random_seed(8);
    (void)state;
    for (uint32_t i = 2; i < TABLE; i++)
        xlogx[i] = i * kehu__log(i);
    for (uint32_t i = 0; i < 150; i++) {
        const uint32_t per_mille = i % 6 == 0 ? 0 : (uint32_t)kehu__random_below(&r, 600);
        make(&d, sizes[i % 5], per_mille, &r);
        for (uint32_t way = 0; way < 8; way++) {
            const kehu__tree_growth how = {.criterion = criteria[way % 2],
                                           .cut_penalty = way & 2 ? 0.5 : 0,
                                           .min_leaf_weight = way & 4 ? 10 : 0};
            check(&d, &how, xlogx);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_by_bounds_is_that_of_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
