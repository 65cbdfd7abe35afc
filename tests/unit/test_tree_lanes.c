/* Ensembles scored by blocks, on every kind of processor, and by SQL: the same as row by
 * row. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/random.h"
#include "learn/tree_ensemble.h"
#include "learn/tree_lanes.h"
#include "support/system.h"
#include "support/test.h"

enum { ROWS = 1700, FEW = 6, MANY = 200 };

/* Two text columns, of few and of many words, and two of numbers; all have gaps. */
typedef struct people {
    double size[ROWS], age[ROWS];
    uint8_t label[ROWS];
    char few_bytes[ROWS * 8], many_bytes[ROWS * 8];
    int32_t few_offsets[ROWS + 1], many_offsets[ROWS + 1];
    char few[ROWS][8], many[ROWS][8];
    kehu_column columns[4], target;
} people;

static void join(char *bytes, int32_t *offsets, char words[][8])
{
    int32_t at = 0;
    for (int i = 0; i < ROWS; i++) {
        offsets[i] = at;
        memcpy(bytes + at, words[i], strlen(words[i]));
        at += (int32_t)strlen(words[i]);
    }
    offsets[ROWS] = at;
}

static void make(people *p, int n_classes)
{
    kehu__random r = kehu__random_seed((uint64_t)n_classes);
    for (int i = 0; i < ROWS; i++) {
        const uint32_t few = (uint32_t)kehu__random_below(&r, FEW),
                       many = (uint32_t)kehu__random_below(&r, MANY);
        p->size[i] = kehu__random_below(&r, 9) == 0 ? (double)NAN : kehu__random_unit(&r);
        p->age[i] = (double)kehu__random_below(&r, 60);
        snprintf(p->few[i], sizeof p->few[i], "%.*s", few == 0 ? 0 : 7, "few  ");
        if (few > 0)
            p->few[i][4] = (char)('a' + few);
        p->many[i][0] = '\0';
        if (many > 0)
            snprintf(p->many[i], sizeof p->many[i], "w%u", (unsigned)many);
        const double sum = (isnan(p->size[i]) ? .7 : p->size[i]) + p->age[i] / 60 +
                           (few % 3) / 3.0 + (many * 7 % 11) / 11.0 +
                           kehu__random_unit(&r);
        p->label[i] = (uint8_t)(n_classes == 2 ? sum > 2.5 : (sum > 2) + (sum > 3));
    }
    join(p->few_bytes, p->few_offsets, p->few);
    join(p->many_bytes, p->many_offsets, p->many);
    p->columns[0] = (kehu_column){
        .name = "size", .type = KEHU_FLOAT64, .length = ROWS, .data = p->size};
    p->columns[1] = (kehu_column){.name = "few",
                                  .type = KEHU_UTF8,
                                  .length = ROWS,
                                  .data = p->few_bytes,
                                  .offsets = p->few_offsets};
    p->columns[2] = (kehu_column){
        .name = "age", .type = KEHU_FLOAT64, .length = ROWS, .data = p->age};
    p->columns[3] = (kehu_column){.name = "many",
                                  .type = KEHU_UTF8,
                                  .length = ROWS,
                                  .data = p->many_bytes,
                                  .offsets = p->many_offsets};
    p->target =
        (kehu_column){.name = "y", .type = KEHU_UINT8, .length = ROWS, .data = p->label};
}

static void test_lanes_score_as_single_rows_on_every_processor(void **state)
{
    static const uint32_t limits[] = {0, KEHU__CPU_AVX2, UINT32_MAX};
    const kehu_tree_options options = {
        .size = sizeof options, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
    static people p;
    static double scores[ROWS * 3], one[3];
    kehu_error err;
    (void)state;
    for (int K = 2; K <= 3; K++) {
        kehu_tree *tree;
        make(&p, K);
        if (kehu_tree_train(&tree, p.columns, 4, &p.target, NULL, NULL, &options, &err) !=
            KEHU_OK)
            fail_msg("%s", err.message);
        assert_true(tree->ensemble->lanes->n_sets > 10);
        assert_true(tree->ensemble->lanes->n_nodes > tree->ensemble->lanes->n_sets + 10);
        p.size[3] = INFINITY;
        p.size[4] = -INFINITY;
        for (int v = 0; v < 3; v++) {
            kehu__cpu_limit(limits[v]);
            memset(scores, 0, sizeof scores);
            assert_int_equal(kehu_tree_score(tree, p.columns, 4, scores, NULL, NULL),
                             KEHU_OK);
            for (int i = 0; i < ROWS; i++) {
                const double numbers[] = {p.size[i], 0, p.age[i], 0};
                const char *const texts[] = {NULL, p.few[i], NULL, p.many[i]};
                assert_int_equal(kehu_tree_score_row(tree, numbers, texts, one, NULL),
                                 KEHU_OK);
                assert_memory_equal(one, scores + i * K, (size_t)K * sizeof *one);
            }
        }
        kehu__cpu_limit(UINT32_MAX);
        kehu_tree_free(tree);
    }
}

/* A model from elsewhere may have trees of more leaves than a block can hold. */
static void test_lanes_walk_what_is_too_large_for_them(void **state)
{
    const kehu_tree_options options = {
        .size = sizeof options, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
    static people p;
    static double before[ROWS * 2], after[ROWS * 2];
    kehu_tree *tree;
    (void)state;
    make(&p, 2);
    assert_int_equal(
        kehu_tree_train(&tree, p.columns, 4, &p.target, NULL, NULL, &options, NULL),
        KEHU_OK);
    assert_int_equal(kehu_tree_score(tree, p.columns, 4, before, NULL, NULL), KEHU_OK);
    for (uint32_t t = 0; t < tree->ensemble->trees.n_trees; t += 2)
        tree->ensemble->lanes->trees[t].is_walked = true;
    assert_int_equal(kehu_tree_score(tree, p.columns, 4, after, NULL, NULL), KEHU_OK);
    assert_memory_equal(before, after, sizeof before);
    kehu_tree_free(tree);
}

static int to_file(void *file, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, file) == size ? 0 : -1;
}

/* The rows as a table, and what to ask of it. */
static void write_sql(const people *p, const kehu_tree *tree)
{
    FILE *f = fopen("tree_lanes.sql", "w");
    const kehu_writer writer = {to_file, f};
    assert_non_null(f);
    fputs("CREATE TABLE t (i INTEGER, size REAL, few TEXT, age REAL, many TEXT);\n", f);
    for (int i = 0; i < ROWS; i++) {
        char size[40] = "NULL";
        if (!isnan(p->size[i]))
            snprintf(size, sizeof size, "%.17g", p->size[i]);
        fprintf(f, "INSERT INTO t VALUES (%d, %s, '%s', %.17g, '%s');\n", i, size,
                p->few[i], p->age[i], p->many[i]);
    }
    fputs("SELECT ", f);
    assert_int_equal(kehu_tree_write_sql(tree, 0, &writer, NULL), KEHU_OK);
    fputs(" FROM t ORDER BY i LIMIT 100", f);
    assert_int_equal(fclose(f), 0);
}

static void compare_with_sqlite(const people *p, const kehu_tree *tree, int K)
{
    static const char program[] =
        "python3 -c \"import sqlite3; c = sqlite3.connect(':memory:');"
        "t, s = open('tree_lanes.sql').read().split(';\\nSELECT');"
        "c.executescript(t + ';');"
        "f = open('tree_lanes.txt', 'w');"
        "[print(*('%.17g' % v for v in r), file=f) for r in c.execute('SELECT' + s)]\"";
    static double scores[ROWS * 3];
    FILE *f;
    write_sql(p, tree);
    assert_int_equal(kehu_tree_score(tree, p->columns, 4, scores, NULL, NULL), KEHU_OK);
    assert_int_equal(system(program), 0);
    f = fopen("tree_lanes.txt", "r");
    assert_non_null(f);
    for (int i = 0; i < 100 * K; i++) {
        double q;
        assert_int_equal(fscanf(f, "%lf", &q), 1);
        assert_true(fabs(q - scores[i]) < 1e-12);
    }
    fclose(f);
    remove("tree_lanes.sql");
    remove("tree_lanes.txt");
}

static void test_ensemble_sql_scores_the_same_in_sqlite(void **state)
{
    const kehu_tree_options options = {
        .size = sizeof options, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
    static people p;
    (void)state;
    if (shell("python3 -c \"import sqlite3; "
              "sqlite3.connect(':memory:').execute('SELECT EXP(1)')\"") != 0)
        skip();
    for (int K = 2; K <= 3; K++) {
        kehu_tree *tree;
        make(&p, K);
        assert_int_equal(
            kehu_tree_train(&tree, p.columns, 4, &p.target, NULL, NULL, &options, NULL),
            KEHU_OK);
        for (int m = KEHU_TREE_CALIBRATE_NONE; m <= KEHU_TREE_CALIBRATE_ISOTONIC; m++) {
            const kehu_tree_recalibrate_options how = {
                .size = sizeof how, .method = (kehu_tree_calibration)m};
            kehu_tree *fresh;
            kehu_tree_info info;
            assert_int_equal(kehu_tree_recalibrate(&fresh, tree, p.columns, 4, &p.target,
                                                   &how, NULL, NULL),
                             KEHU_OK);
            kehu_tree_get_info(fresh, &info);
            assert_int_equal(info.calibration, m);
            compare_with_sqlite(&p, fresh, K);
            kehu_tree_free(fresh);
        }
        kehu_tree_free(tree);
    }
}

static int count_lines(void *lines, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *(uint32_t *)lines += ((const char *)bytes)[i] == '\n';
    return 0;
}

static void test_ensemble_dump_has_a_line_a_node(void **state)
{
    const kehu_tree_options options = {
        .size = sizeof options, .kind = KEHU_TREE_ENSEMBLE, .n_folds = 2};
    static people p;
    uint32_t lines = 0;
    const kehu_writer writer = {count_lines, &lines};
    kehu_tree *tree;
    (void)state;
    make(&p, 2);
    assert_int_equal(
        kehu_tree_train(&tree, p.columns, 4, &p.target, NULL, NULL, &options, NULL),
        KEHU_OK);
    assert_int_equal(kehu_tree_write_dump(tree, &writer, NULL), KEHU_OK);
    assert_int_equal(lines, tree->ensemble->trees.n_nodes + /* a head of */ 6 +
                                tree->ensemble->trees.n_trees);
    kehu_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes_score_as_single_rows_on_every_processor),
        cmocka_unit_test(test_lanes_walk_what_is_too_large_for_them),
        cmocka_unit_test(test_ensemble_sql_scores_the_same_in_sqlite),
        cmocka_unit_test(test_ensemble_dump_has_a_line_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
