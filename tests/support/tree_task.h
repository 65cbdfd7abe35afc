/* support/tree_task.h - a public customer table as a task for the tree scorer: the fixed
 * split of the data's README. */
#ifndef KEHU_TESTS_TREE_TASK_H
#define KEHU_TESTS_TREE_TASK_H

#include <kehu/csv.h>
#include <kehu/evaluate.h>
#include <kehu/tree.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/column.h"
#include "support/real_data.h"
#include "support/test.h"

enum { MAX_COLUMNS = 32 };

static char folder[1024]; /* set by real_data_find */

static inline bool is_test_row(int64_t i)
{
    return ((((uint64_t)i * 2654435761u) & 0xFFFFFFFFu) >> 16) % 10 < 3;
}

static inline kehu_table *read_table(const char *name)
{
    char command[2048];
    size_t capacity = 0, size = 0, got;
    char *bytes = NULL;
    kehu_csv_options options = {.size = sizeof options, .infer_rows = 1000000};
    kehu_csv *csv;
    kehu_table *table = NULL;
    kehu_error err;
    FILE *f;
    snprintf(command, sizeof command, "gzip -dc '%s/%s.csv.gz'", folder, name);
    f = popen(command, "r");
    assert_non_null(f);
    do {
        bytes = realloc(bytes, capacity += 1 << 20);
        size += got = fread(bytes + size, 1, capacity - size, f);
    } while (got > 0);
    assert_int_equal(pclose(f), 0);
    if (kehu_csv_open_memory(&csv, bytes, size, name, &options, &err) != KEHU_OK ||
        kehu_csv_rest(&table, csv, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_csv_reject_count(csv), 0);
    kehu_csv_free(csv);
    free(bytes);
    return table;
}

/* A table, which of its columns are inputs, and its target. */
typedef struct task {
    kehu_table *table;
    kehu_column inputs[MAX_COLUMNS], target;
    uint32_t n_inputs;
    int64_t n;
    double *train; /* weight 1 of the training rows */
    double *p;     /* [n][2] */
    int32_t *y;
} task;

static inline task open_task(const char *name, const char *target, const char *drop)
{
    task t = {.table = read_table(name)};
    t.n = kehu_table_row_count(t.table);
    for (int64_t i = 0; i < kehu_table_column_count(t.table); i++) {
        const kehu_column *c = kehu_table_column(t.table, i);
        if (strcmp(c->name, target) == 0)
            t.target = *c;
        else if (strcmp(c->name, drop) != 0)
            t.inputs[t.n_inputs++] = *c;
    }
    t.train = calloc((size_t)t.n, sizeof *t.train);
    t.p = calloc((size_t)t.n * 2, sizeof *t.p);
    t.y = calloc((size_t)t.n, sizeof *t.y);
    for (int64_t i = 0; i < t.n; i++) {
        t.train[i] = !is_test_row(i);
        t.y[i] = t.target.type == KEHU_INT64
                     ? (int32_t)((const int64_t *)t.target.data)[i]
                     : -1;
    }
    return t;
}

static inline void close_task(task *t)
{
    kehu_table_free(t->table);
    free(t->train);
    free(t->p);
    free(t->y);
}

/* How well p[i * n_classes + k] says y[i] == k, on the rows with is_asked. */
static inline kehu_binary_evaluation quality_of_class(const task *t, uint32_t n_classes,
                                                      uint32_t k, const uint8_t *is_asked)
{
    double *p = calloc((size_t)t->n, sizeof *p);
    uint8_t *y = calloc((size_t)t->n, 1);
    kehu_binary_evaluation q;
    kehu_error err;
    int64_t n = 0;
    for (int64_t i = 0; i < t->n; i++)
        if (is_asked[i]) {
            p[n] = t->p[(size_t)i * n_classes + k];
            y[n++] = t->y[i] == (int32_t)k;
        }
    if (kehu_evaluate_binary(&q, p, y, n, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    free(p);
    free(y);
    return q;
}

static inline kehu_tree *learn(task *t, kehu_tree_kind kind)
{
    const kehu_column weights = {.type = KEHU_FLOAT64, .length = t->n, .data = t->train};
    const kehu_tree_options options = {
        .size = sizeof options, .n_threads = 2, .kind = kind};
    kehu_tree *tree;
    kehu_error err;
    if (kehu_tree_train(&tree, t->inputs, t->n_inputs, &t->target, NULL, &weights,
                        &options, &err) != KEHU_OK ||
        kehu_tree_score(tree, t->inputs, t->n_inputs, t->p, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return tree;
}

static inline void report(const char *name, const kehu_binary_evaluation *q,
                          const kehu_tree *tree)
{
    static const char *const kinds[] = {"plain", "ensemble", "", "distilled"};
    kehu_tree_info s;
    kehu_tree_get_info(tree, &s);
    print_message("%s, %s: AUC %.4f, log-loss %.4f, Brier %.4f, ECE %.4f; %u leaves, "
                  "criterion %d, leaf weight %g, shrinkage %g, CV log-loss %.4f, "
                  "%u trees\n",
                  name, kinds[s.kind], q->auc, q->log_loss, q->brier,
                  q->calibration_error, s.n_leaves, (int)s.criterion, s.min_leaf_weight,
                  s.shrinkage, s.cv_log_loss, s.n_trees);
}

#endif
