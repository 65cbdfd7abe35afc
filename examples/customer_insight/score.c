/* --part score: a tree learned on some rows of any table and judged on the others. */
#include "preferences.h"

#include <stdlib.h>
#include <string.h>

enum { TENTHS = 10, MAX_COLUMNS = 1000 };

typedef struct trial {
    kehu_csv *csv;
    kehu_table *table;
    kehu_column inputs[MAX_COLUMNS], target;
    uint32_t n_inputs;
    uint8_t *held_out; /* [n] */
    double *weight;    /* [n] 0 for what is held out */
    kehu_tree *tree;
    double *p; /* [n][classes] */
} trial;

/* Which tenth a row is in: Knuth's multiplicative hash of its number from 0. */
static uint32_t tenth_of(int64_t row)
{
    return (uint32_t)((uint64_t)row * UINT64_C(2654435761) & UINT32_MAX) >> 16;
}

static kehu_status read_table(trial *t, const flags *f, kehu_error *err)
{
    const kehu_field field = {
        .name = f->target, .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED};
    const kehu_csv_options options = {.size = sizeof options,
                                      .fields = &field,
                                      .n_fields = 1,
                                      .infer_rows = 1000,
                                      .progress = &on_stderr};
    step("reading");
    kehu_status status = kehu_csv_open(&t->csv, f->customers, &options, err);
    if (status == KEHU_OK)
        status = kehu_csv_rest(&t->table, t->csv, err);
    TRY(status);
    const int64_t n = kehu_table_row_count(t->table),
                  n_columns = kehu_table_column_count(t->table);
    fprintf(stderr, "%lld rows read, %lld rejected\n", (long long)n,
            (long long)kehu_csv_reject_count(t->csv));
    if (n_columns > MAX_COLUMNS)
        return fail(err, KEHU_LIMIT, "%s has more than %d columns", f->customers,
                    MAX_COLUMNS);
    t->target = *kehu_table_column(t->table, 0);
    for (int64_t c = 1; c < n_columns; c++)
        t->inputs[t->n_inputs++] = *kehu_table_column(t->table, c);
    t->held_out = calloc((size_t)n + 1, 1);
    t->weight = malloc(((size_t)n + 1) * sizeof *t->weight);
    if (t->held_out == NULL || t->weight == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the rows");
    for (int64_t i = 0; i < n; i++) {
        t->held_out[i] = tenth_of(i) % TENTHS < (uint32_t)f->hold_out;
        t->weight[i] = !t->held_out[i];
    }
    return KEHU_OK;
}

static kehu_status learn_and_score(trial *t, const flags *f, kehu_error *err)
{
    const int64_t n = kehu_table_row_count(t->table);
    const kehu_column weights = {
        .name = "weight", .type = KEHU_FLOAT64, .length = n, .data = t->weight};
    const kehu_tree_options options = {
        .size = sizeof options, .n_threads = f->n_threads, .progress = &on_stderr};
    step("learning");
    TRY(kehu_tree_train(&t->tree, t->inputs, t->n_inputs, &t->target, NULL, &weights,
                        &options, err));
    t->p = malloc(((size_t)n * kehu_tree_class_count(t->tree) + 1) * sizeof *t->p);
    if (t->p == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the scores");
    return kehu_tree_score(t->tree, t->inputs, t->n_inputs, t->p, NULL, err);
}

/* quality.csv: the last class against the others, on the rows held out. */
static kehu_status write_quality(const trial *t, outputs *o, kehu_error *err)
{
    const int64_t n = kehu_table_row_count(t->table);
    const uint32_t n_classes = kehu_tree_class_count(t->tree);
    const char *event = kehu_tree_class_name(t->tree, n_classes - 1);
    kehu_binary_evaluation e;
    kehu_tree_info summary;
    FILE *file;
    double *p = malloc(((size_t)n + 1) * sizeof *p);
    uint8_t *happened = malloc((size_t)n + 1);
    int64_t m = 0;
    kehu_status status = KEHU_OK;
    if (p == NULL || happened == NULL)
        status = fail(err, KEHU_NO_MEMORY, "no memory for the quality");
    for (int64_t i = 0; i < n && status == KEHU_OK; i++)
        if (t->held_out[i]) {
            size_t size;
            const char *value = text_at(&t->target, i, &size);
            p[m] = t->p[(size_t)i * n_classes + n_classes - 1];
            happened[m++] = strlen(event) == size && memcmp(event, value, size) == 0;
        }
    if (status == KEHU_OK)
        status = kehu_evaluate_binary(&e, p, happened, m, err);
    if (status == KEHU_OK)
        status = outputs_open(o, &file, "quality.csv", err);
    free(p);
    free(happened);
    TRY(status);
    kehu_tree_get_info(t->tree, &summary);
    fputs(
        "event,trained_on,judged_on,events,auc,log_loss,brier,calibration_error,leaves\n",
        file);
    csv_name(file, true, event);
    csv_count(file, false, n - m);
    csv_count(file, false, e.n);
    csv_count(file, false, e.n_positive);
    csv_real(file, false, e.auc, 4);
    csv_real(file, false, e.log_loss, 4);
    csv_real(file, false, e.brier, 4);
    csv_real(file, false, e.calibration_error, 4);
    csv_count(file, false, summary.n_leaves);
    csv_end(file);
    return KEHU_OK;
}

/* scores.csv: a row for each row of the table. */
static kehu_status write_scores(const trial *t, outputs *o, kehu_error *err)
{
    const uint32_t n_classes = kehu_tree_class_count(t->tree);
    FILE *file;
    TRY(outputs_open(o, &file, "scores.csv", err));
    fputs("row,held_out", file);
    for (uint32_t c = 0; c < n_classes; c++)
        csv_name(file, false, kehu_tree_class_name(t->tree, c));
    csv_end(file);
    for (int64_t i = 0; i < kehu_table_row_count(t->table); i++) {
        csv_count(file, true, i);
        csv_count(file, false, t->held_out[i]);
        for (uint32_t c = 0; c < n_classes; c++)
            csv_real(file, false, t->p[(size_t)i * n_classes + c], 6);
        csv_end(file);
    }
    return KEHU_OK;
}

kehu_status run_score(const flags *f, kehu_error *err)
{
    trial *t = calloc(1, sizeof *t);
    outputs *o = NULL;
    if (t == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the table");
    kehu_status status = read_table(t, f, err);
    if (status == KEHU_OK)
        status = outputs_new(&o, f->out, err);
    if (status == KEHU_OK)
        status = learn_and_score(t, f, err);
    if (status == KEHU_OK)
        status = write_quality(t, o, err);
    if (status == KEHU_OK)
        status = write_scores(t, o, err);
    if (status == KEHU_OK)
        status = outputs_publish(o, err);
    kehu_tree_free(t->tree);
    free(t->p);
    free(t->held_out);
    free(t->weight);
    kehu_table_free(t->table);
    kehu_csv_free(t->csv);
    free(t);
    outputs_free(o);
    return status;
}
