/* The batch's walk over numbers, on every kind of processor and by two threads: what a
 * single row gets, at thresholds and values of every kind. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu.h"
#include "base/random.h"
#include "learn/tree_model.h"
#include "support/test.h"

enum { ROWS = 9307, SKIPPED = 3, COLUMNS = 6, KINDS = 15 };

static const double kinds[KINDS] = {(double)NAN,
                                    (double)INFINITY,
                                    -(double)INFINITY,
                                    0,
                                    -0.0,
                                    0x1p-149,
                                    -0x1p-149,
                                    0x1p-1074,
                                    -0x1p-1074,
                                    (double)FLT_MAX,
                                    -1e39,
                                    1e39,
                                    1,
                                    -1,
                                    -(double)FLT_MAX};

typedef enum layout { FLOATS, DOUBLES, MIXED } layout;

/* Mixed are a column of floats, some of whole numbers, and doubles with validity bits. */
typedef struct table {
    double doubles[COLUMNS][ROWS];
    float floats[COLUMNS][ROWS];
    int32_t wholes[COLUMNS][ROWS];
    uint8_t valid[ROWS / 8 + 1];
    uint8_t label[ROWS];
    kehu_column columns[COLUMNS], target;
} table;

static layout layout_of(layout of_all, int k)
{
    return of_all != MIXED ? of_all : k == 0 ? FLOATS : k < 3 ? MIXED : DOUBLES;
}

static double value_of(const table *t, layout of_all, int k, int i)
{
    if (of_all == MIXED && k > 3 && (t->valid[i / 8] >> i % 8 & 1) == 0)
        return (double)NAN;
    switch (layout_of(of_all, k)) {
    case FLOATS:
        return (double)t->floats[k][i];
    case DOUBLES:
        return t->doubles[k][i];
    case MIXED:
    default:
        return t->wholes[k][i];
    }
}

static void draw(table *t, kehu__random *r, layout of_all)
{
    static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e", "f"};
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int k = 0; k < COLUMNS; k++) {
            t->doubles[k][i] = kehu__random_unit(r) * 2 - 1;
            t->floats[k][i] = (float)t->doubles[k][i];
            t->wholes[k][i] = (int32_t)(t->doubles[k][i] * 100);
            sum += t->doubles[k][i] * t->doubles[(k + 1) % COLUMNS][i];
        }
        sum += kehu__random_unit(r);
        t->label[i] = (uint8_t)((sum > .2) + (sum > 1));
    }
    for (size_t i = 0; i < sizeof t->valid; i++)
        t->valid[i] = (uint8_t)(kehu__random_below(r, 256) | kehu__random_below(r, 256));
    for (int k = 0; k < COLUMNS; k++) {
        const layout of_this = layout_of(of_all, k);
        t->columns[k] =
            (kehu_column){.name = names[k],
                          .type = of_this == FLOATS    ? KEHU_FLOAT32
                                  : of_this == DOUBLES ? KEHU_FLOAT64
                                                       : KEHU_INT32,
                          .length = ROWS,
                          .data = of_this == FLOATS    ? (const void *)t->floats[k]
                                  : of_this == DOUBLES ? (const void *)t->doubles[k]
                                                       : t->wholes[k],
                          .validity = of_all == MIXED && k > 3 ? t->valid : NULL};
    }
    t->target =
        (kehu_column){.name = "y", .type = KEHU_UINT8, .length = ROWS, .data = t->label};
}

/* Values of every kind in a third of the rows, so that ways stay various. */
static void draw_extremes(table *t, kehu__random *r)
{
    for (int k = 0; k < COLUMNS; k++)
        for (int i = 0; i < ROWS; i++) {
            if (kehu__random_below(r, 3) == 0)
                t->doubles[k][i] = kinds[kehu__random_below(r, KINDS)];
            t->floats[k][i] = (float)t->doubles[k][i];
        }
}

static void draw_thresholds(kehu_tree *tree, kehu__random *r)
{
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        if (tree->nodes[i].feature < 0)
            continue;
        if (kehu__random_below(r, 2) == 0)
            tree->thresholds[i] = kinds[kehu__random_below(r, KINDS)];
        tree->nodes[i].flags =
            (uint32_t)kehu__random_below(r, 2) * KEHU__TREE_MISSING_LEFT;
    }
}

static void test_plain_walk_goes_as_single_rows_on_every_processor(void **state)
{
    static const uint32_t limits[] = {0, UINT32_MAX};
    const kehu_tree_score_options two = {.size = sizeof two, .n_threads = 2};
    static table t;
    static double p[ROWS * 3], one[3], row[COLUMNS];
    kehu__random r = kehu__random_seed(11);
    (void)state;
    for (uint32_t turn = 0; turn < 12; turn++) {
        const layout of_all = (layout)(turn % 3);
        /* From a stump to trees deeper than what registers hold. */
        const kehu_tree_options options = {.size = sizeof options,
                                           .n_folds = 1,
                                           .max_leaves = turn < 4 ? 2 + turn : 200,
                                           .max_depth = turn < 8 ? 4 : 14,
                                           .min_leaf_weight = 2};
        kehu_tree *tree;
        kehu_error err;
        draw(&t, &r, of_all);
        if (kehu_tree_train(&tree, t.columns, COLUMNS, &t.target, NULL, NULL, &options,
                            &err) != KEHU_OK)
            fail_msg("%s", err.message);
        assert_true(kehu_tree_leaf_count(tree) > (turn < 4 ? 1 : turn < 8 ? 12 : 64));
        draw_extremes(&t, &r);
        draw_thresholds(tree, &r);
        for (int k = 0; k < COLUMNS; k++) {
            t.columns[k].start = SKIPPED;
            t.columns[k].length = ROWS - SKIPPED;
        }
        for (int v = 0; v < 2; v++) {
            kehu__cpu_limit(limits[v]);
            memset(p, 0, sizeof p);
            assert_int_equal(kehu_tree_score(tree, t.columns, COLUMNS, p, &two, NULL),
                             KEHU_OK);
            for (int i = 0; i < ROWS - SKIPPED; i++) {
                for (int k = 0; k < COLUMNS; k++)
                    row[k] = value_of(&t, of_all, k, i + SKIPPED);
                assert_int_equal(kehu_tree_score_row(tree, row, NULL, one, NULL),
                                 KEHU_OK);
                assert_memory_equal(one, p + i * 3, sizeof one);
            }
        }
        kehu__cpu_limit(UINT32_MAX);
        kehu_tree_free(tree);
    }
}

/* More rows than all tasks of one turn take, turned and as they are. */
static void test_plain_walk_scores_every_row_of_many(void **state)
{
    enum { MANY = 300007 };
    const kehu_tree_options options = {.size = sizeof options, .n_folds = 1};
    const kehu_tree_score_options two = {.size = sizeof two, .n_threads = 2};
    static float size[MANY];
    static int32_t age[MANY];
    static uint8_t label[MANY];
    static double p[MANY * 2], one[2];
    kehu__random r = kehu__random_seed(12);
    (void)state;
    for (int i = 0; i < MANY; i++) {
        size[i] = (float)kehu__random_unit(&r);
        age[i] = (int32_t)kehu__random_below(&r, 90);
        label[i] = (double)size[i] * age[i] + 9 * kehu__random_unit(&r) > 30;
    }
    for (int n_columns = 1; n_columns <= 2; n_columns++) {
        const kehu_column columns[] = {
            {.name = "size", .type = KEHU_FLOAT32, .length = MANY, .data = size},
            {.name = "age", .type = KEHU_INT32, .length = MANY, .data = age}};
        const kehu_column target = {
            .name = "y", .type = KEHU_UINT8, .length = MANY, .data = label};
        const uint32_t n = (uint32_t)n_columns;
        kehu_tree *tree;
        assert_int_equal(
            kehu_tree_train(&tree, columns, n, &target, NULL, NULL, &options, NULL),
            KEHU_OK);
        memset(p, 0, sizeof p);
        assert_int_equal(kehu_tree_score(tree, columns, n, p, &two, NULL), KEHU_OK);
        for (int i = 0; i < MANY; i++) {
            const double row[] = {(double)size[i], age[i]};
            assert_int_equal(kehu_tree_score_row(tree, row, NULL, one, NULL), KEHU_OK);
            if (memcmp(one, p + 2 * i, sizeof one) != 0)
                fail_msg("row %d of %d columns", i, n_columns);
        }
        kehu_tree_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_walk_goes_as_single_rows_on_every_processor),
        cmocka_unit_test(test_plain_walk_scores_every_row_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
