/* The tree scorer on three public customer tables: the fixed split of the data's
 * README, everything chosen inside the training rows, one look at the test rows.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. */
#include <kehu/csv.h>
#include <kehu/evaluate.h>
#include <kehu/tree.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { MAX_COLUMNS = 32 };

static char folder[1024];

static bool is_test_row(int64_t i)
{
    return ((((uint64_t)i * 2654435761u) & 0xFFFFFFFFu) >> 16) % 10 < 3;
}

static kehu_table *read_table(const char *name)
{
    char command[2048];
    size_t capacity = 0, size = 0, got;
    char *bytes = NULL;
    kehu_csv_options options = {.size = sizeof options, .infer_rows = 1000000};
    kehu_csv *csv;
    kehu_table *table = NULL;
    kehu_error err;
    FILE *f;
    snprintf(command, sizeof command, "gzip -dc '%s/tabular/%s.csv.gz'", folder, name);
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
    assert_int_equal(kehu_csv_n_rejects(csv), 0);
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

static task open_task(const char *name, const char *target, const char *drop)
{
    task t = {.table = read_table(name)};
    t.n = kehu_table_n_rows(t.table);
    for (int64_t i = 0; i < kehu_table_n_columns(t.table); i++) {
        const kehu_column *c = kehu_table_column(t.table, i);
        if (strcmp(c->name, target) == 0)
            t.target = *c;
        else if (strcmp(c->name, drop) != 0)
            t.inputs[t.n_inputs++] = *c;
    }
    assert_int_equal(t.target.type, KEHU_INT64);
    t.train = calloc((size_t)t.n, sizeof *t.train);
    t.p = calloc((size_t)t.n * 2, sizeof *t.p);
    t.y = calloc((size_t)t.n, sizeof *t.y);
    for (int64_t i = 0; i < t.n; i++) {
        t.train[i] = !is_test_row(i);
        t.y[i] = (int32_t)((const int64_t *)t.target.data)[i];
    }
    return t;
}

static void close_task(task *t)
{
    kehu_table_free(t->table);
    free(t->train);
    free(t->p);
    free(t->y);
}

/* Quality on the test rows. */
static kehu_binary_evaluation quality_of(const task *t)
{
    double *p = calloc((size_t)t->n, sizeof *p);
    uint8_t *y = calloc((size_t)t->n, 1);
    kehu_binary_evaluation q;
    kehu_error err;
    int64_t n = 0;
    for (int64_t i = 0; i < t->n; i++)
        if (is_test_row(i)) {
            p[n] = t->p[2 * i + 1];
            y[n++] = (uint8_t)t->y[i];
        }
    if (kehu_evaluate_binary(&q, p, y, n, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    free(p);
    free(y);
    return q;
}

static kehu_binary_evaluation run(const char *name, const char *target, const char *drop)
{
    task t = open_task(name, target, drop);
    const kehu_column weights = {.type = KEHU_FLOAT64, .length = t.n, .data = t.train};
    const kehu_tree_options options = {.size = sizeof options, .n_threads = 2};
    kehu_tree *tree;
    kehu_tree_summary s;
    kehu_error err;
    kehu_binary_evaluation q;
    if (kehu_tree_train(&tree, t.inputs, t.n_inputs, &t.target, NULL, &weights, &options,
                        &err) != KEHU_OK ||
        kehu_tree_score(tree, t.inputs, t.n_inputs, t.p, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    q = quality_of(&t);
    kehu_tree_summary_get(tree, &s);
    print_message("%s: AUC %.4f, log-loss %.4f, Brier %.4f, ECE %.4f; %u leaves, "
                  "criterion %d, leaf weight %g, shrinkage %g, CV log-loss %.4f\n",
                  name, q.auc, q.log_loss, q.brier, q.calibration_error, s.n_leaves,
                  (int)s.criterion, s.min_leaf_weight, s.shrinkage, s.cv_log_loss);
    kehu_tree_free(tree);
    close_task(&t);
    return q;
}

static void test_tree_on_telco_churn(void **state)
{
    const kehu_binary_evaluation q = run("telco_churn", "Churn", "");
    (void)state;
    assert_true(q.auc >= .825);
    assert_true(q.calibration_error <= .03);
}

static void test_tree_on_bank_marketing_without_duration(void **state)
{
    const kehu_binary_evaluation q = run("bank_marketing", "y", "duration");
    (void)state;
    assert_true(q.auc >= .785);
    assert_true(q.calibration_error <= .03);
}

static void test_tree_on_adult(void **state)
{
    const kehu_binary_evaluation q = run("adult", "income", "fnlwgt");
    (void)state;
    assert_true(q.auc >= .909); /* the best of the peers measured */
    assert_true(q.calibration_error <= .01);
}

int main(void)
{
    const char *data = getenv("KEHU_DATA"), *source = getenv("KEHU_SOURCE");
    char path[2048];
    FILE *f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_on_telco_churn),
        cmocka_unit_test(test_tree_on_bank_marketing_without_duration),
        cmocka_unit_test(test_tree_on_adult),
    };
    if (data != NULL)
        snprintf(folder, sizeof folder, "%s", data);
    else
        snprintf(folder, sizeof folder, "%s/../shared/data",
                 source == NULL ? "." : source);
    snprintf(path, sizeof path, "%s/tabular/telco_churn.csv.gz", folder);
    f = fopen(path, "r");
    if (f == NULL) {
        fprintf(stderr, "skipped: no data at %s\n", path);
        return 77;
    }
    fclose(f);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
