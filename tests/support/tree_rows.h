/* support/tree_rows.h - made-up customers for tests of trees. */
#ifndef KEHU_TESTS_TREE_ROWS_H
#define KEHU_TESTS_TREE_ROWS_H

#include <kehu/tree.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/maths.h"
#include "base/random.h"
#include "support/test.h"

enum { N = 600 };

/* Made-up customers: who leaves depends on contract, spend and a gap in it. */
typedef struct customers {
    double spend[N];
    int32_t contract[N], left[N], days[N];
    uint8_t few[N / 8]; /* BOOL */
    kehu_column columns[4], target;
} customers;

static const char contract_bytes[] = "month"
                                     "year"
                                     "two";
static const int32_t contract_offsets[] = {0, 5, 9, 12};
static const kehu_column contracts = {
    .type = KEHU_UTF8, .length = 3, .data = contract_bytes, .offsets = contract_offsets};

static inline void make_customers(customers *c, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    memset(c, 0, sizeof *c);
    for (int i = 0; i < N; i++) {
        double p;
        c->contract[i] = (int32_t)kehu__random_below(&r, 3);
        c->spend[i] = kehu__random_unit(&r) * 100;
        c->days[i] = 15000 + (int32_t)kehu__random_below(&r, 1000);
        if (kehu__random_below(&r, 2))
            c->few[i / 8] = (uint8_t)(c->few[i / 8] | 1 << i % 8);
        p = c->contract[i] == 0 ? 0.7 : c->spend[i] > 60 ? 0.5 : 0.1;
        if (kehu__random_below(&r, 10) == 0) {
            c->spend[i] = (double)NAN;
            p = 0.9;
        }
        c->left[i] = kehu__random_unit(&r) < p;
    }
    c->columns[0] = (kehu_column){
        .name = "spend", .type = KEHU_FLOAT64, .length = N, .data = c->spend};
    c->columns[1] = (kehu_column){.name = "contract",
                                  .type = KEHU_CATEGORY,
                                  .length = N,
                                  .data = c->contract,
                                  .dictionary = &contracts};
    c->columns[2] =
        (kehu_column){.name = "since", .type = KEHU_DATE32, .length = N, .data = c->days};
    c->columns[3] =
        (kehu_column){.name = "few", .type = KEHU_BOOL, .length = N, .data = c->few};
    c->target =
        (kehu_column){.name = "left", .type = KEHU_INT32, .length = N, .data = c->left};
}

/* Whether they leave adds up from every column: more than one tree says briefly. */
static inline void make_additive(customers *c, uint64_t seed, int n_classes)
{
    kehu__random r = kehu__random_seed(seed);
    make_customers(c, seed);
    for (int i = 0; i < N; i++) {
        const double x = (isnan(c->spend[i]) ? -2 : c->spend[i] / 25 - 2) +
                         (c->days[i] - 15500) / 250.0 +
                         (c->few[i / 8] >> i % 8 & 1 ? 1 : -1) + (c->contract[i] - 1);
        c->left[i] = kehu__random_unit(&r) < kehu__logistic(1.5 * x);
        if (n_classes > 2 && c->contract[i] == 1 && kehu__random_below(&r, 2))
            c->left[i] = 2;
    }
}

static inline kehu_tree *train(const customers *c, const kehu_tree_options *options)
{
    kehu_tree *tree = NULL;
    kehu_error err = {0};
    if (kehu_tree_train(&tree, c->columns, 4, &c->target, NULL, NULL, options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return tree;
}

typedef struct memory {
    char *bytes;
    size_t size;
} memory;

static inline int to_memory(void *ctx, const void *bytes, size_t size)
{
    memory *m = ctx;
    m->bytes = realloc(m->bytes, m->size + size + 1);
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
    m->bytes[m->size] = '\0';
    return 0;
}

static inline memory written(const kehu_tree *tree)
{
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    assert_int_equal(kehu_tree_write(tree, &writer, NULL), KEHU_OK);
    return m;
}

#endif
