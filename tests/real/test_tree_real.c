/* The tree scorer on public customer tables: the fixed split of the data's README,
 * everything chosen inside the training rows, one look at the test rows.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. */
#include "support/tree_task.h"

static kehu_binary_evaluation quality_of(const task *t)
{
    uint8_t *asked = calloc((size_t)t->n, 1);
    kehu_binary_evaluation q;
    for (int64_t i = 0; i < t->n; i++)
        asked[i] = is_test_row(i);
    q = quality_of_class(t, 2, 1, asked);
    free(asked);
    return q;
}

static kehu_binary_evaluation run(const char *name, const char *target, const char *drop,
                                  kehu_tree_kind kind)
{
    task t = open_task(name, target, drop);
    kehu_tree *tree = learn(&t, kind);
    const kehu_binary_evaluation q = quality_of(&t);
    report(name, &q, tree);
    kehu_tree_free(tree);
    close_task(&t);
    return q;
}

static void test_tree_on_telco_churn(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/telco_churn", "Churn", "", KEHU_TREE_SINGLE);
    (void)state;
    assert_true(q.auc >= .832);
    assert_true(q.calibration_error <= .025);
}

static void test_tree_on_bank_marketing_without_duration(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/bank_marketing", "y", "duration", KEHU_TREE_SINGLE);
    (void)state;
    assert_true(q.auc >= .796);
    assert_true(q.calibration_error <= .011);
}

static void test_tree_on_adult(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/adult", "income", "fnlwgt", KEHU_TREE_SINGLE);
    (void)state;
    assert_true(q.auc >= .915);
    assert_true(q.calibration_error <= .009);
}

static void test_distilled_tree_on_telco_churn(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/telco_churn", "Churn", "", KEHU_TREE_DISTILLED);
    (void)state;
    assert_true(q.auc >= .846);
    assert_true(q.log_loss <= .424);
    assert_true(q.calibration_error <= .024);
}

static void test_ensemble_on_telco_churn(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/telco_churn", "Churn", "", KEHU_TREE_BEST);
    (void)state;
    assert_true(q.auc >= .848);
    assert_true(q.log_loss <= .421);
}

static void test_ensemble_on_bank_marketing_without_duration(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/bank_marketing", "y", "duration", KEHU_TREE_ENSEMBLE);
    (void)state;
    assert_true(q.auc >= .804);
    assert_true(q.log_loss <= .2765);
}

static void test_ensemble_on_adult(void **state)
{
    const kehu_binary_evaluation q =
        run("tabular/adult", "income", "fnlwgt", KEHU_TREE_ENSEMBLE);
    (void)state;
    assert_true(q.auc >= .930);
    assert_true(q.log_loss <= .275);
}

/* Of equal rows the first counts; the others are looked at by nobody. */
static int64_t drop_duplicates(const task *t, uint8_t *is_first)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->n; i++) {
        is_first[i] = 1;
        for (int64_t j = 0; j < i && is_first[i]; j++) {
            bool same = is_first[j] && t->y[i] == t->y[j];
            for (uint32_t f = 0; same && f < t->n_inputs; f++)
                same = kehu__column_number(&t->inputs[f], i) ==
                       kehu__column_number(&t->inputs[f], j);
            is_first[i] = !same;
        }
        n += is_first[i];
    }
    return n;
}

static void test_tree_on_iranian_churn(void **state)
{
    task t = open_task("canon/iranian_churn", "Churn", "");
    uint8_t *asked = calloc((size_t)t.n, 1);
    kehu_binary_evaluation q;
    int64_t number = 0;
    (void)state;
    assert_int_equal(drop_duplicates(&t, asked), 2850);
    for (int64_t i = 0; i < t.n; i++) { /* the split is of the distinct rows' numbers */
        t.train[i] = asked[i] && !is_test_row(number);
        if (asked[i])
            asked[i] = is_test_row(number++);
    }
    kehu_tree *tree = learn(&t, KEHU_TREE_SINGLE);
    q = quality_of_class(&t, 2, 1, asked);
    report("canon/iranian_churn", &q, tree);
    assert_true(q.auc >= .958);
    kehu_tree_free(tree);
    free(asked);
    close_task(&t);
}

/* A column of the rows with keep[i], numbers as FLOAT64, texts as UTF8. */
static kehu_column gather(const kehu_column *from, const uint8_t *keep)
{
    const bool is_text = kehu__type_is_text(from->type);
    kehu_column c = {.name = from->name, .type = is_text ? KEHU_UTF8 : KEHU_FLOAT64};
    double *x = calloc((size_t)from->length, sizeof *x);
    int32_t *offsets = calloc((size_t)from->length + 1, sizeof *offsets);
    char *bytes = malloc(is_text ? (size_t)from->length * 64 : 1);
    for (int64_t i = 0; i < from->length; i++) {
        if (!keep[i])
            continue;
        if (is_text) {
            const kehu__text t = kehu__column_text(from, i);
            assert_true(t.size < 64);
            memcpy(bytes + offsets[c.length], t.bytes, (size_t)t.size);
            offsets[c.length + 1] = offsets[c.length] + (int32_t)t.size;
        } else
            x[c.length] = kehu__column_number(from, i);
        c.length++;
    }
    c.data = is_text ? (const void *)bytes : x;
    c.offsets = is_text ? offsets : NULL;
    if (is_text)
        free(x);
    else {
        free(bytes);
        free(offsets);
    }
    return c;
}

/* Train on some rows, then ask how far the others are from them. */
static void drift_of(const task *t, const uint8_t *later, double *features,
                     double levels[2])
{
    kehu_column columns[MAX_COLUMNS];
    double *train = calloc((size_t)t->n, sizeof *train);
    const kehu_column weights = {.type = KEHU_FLOAT64, .length = t->n, .data = train};
    const kehu_tree_options options = {.size = sizeof options, .n_threads = 2};
    kehu_tree *tree;
    kehu_error err;
    for (int64_t i = 0; i < t->n; i++)
        train[i] = !later[i];
    for (uint32_t f = 0; f < t->n_inputs; f++)
        columns[f] = gather(&t->inputs[f], later);
    if (kehu_tree_train(&tree, t->inputs, t->n_inputs, &t->target, NULL, &weights,
                        &options, &err) != KEHU_OK ||
        kehu_tree_drift(tree, columns, t->n_inputs, features, levels, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    for (uint32_t f = 0; f < t->n_inputs; f++) {
        union {
            const void *from;
            void *to;
        } data = {columns[f].data}, offsets = {columns[f].offsets};
        free(data.to);
        free(offsets.to);
    }
    kehu_tree_free(tree);
    free(train);
}

static void test_drift_fires_on_the_time_split_and_names_the_inputs(void **state)
{
    task t = open_task("tabular/bank_marketing", "y", "duration");
    uint8_t *later = calloc((size_t)t.n, 1);
    double features[MAX_COLUMNS], levels[2], most = 0;
    const char *moved = "";
    (void)state;
    for (int64_t i = 0; i < t.n; i++)
        later[i] = i >= t.n * 7 / 10;
    drift_of(&t, later, features, levels);
    for (uint32_t f = 0; f < t.n_inputs; f++)
        if (features[f] > most) {
            most = features[f];
            moved = t.inputs[f].name;
        }
    print_message("time split: level PSI %.3f, most moved %s (%.2f)\n", levels[1], moved,
                  most);
    assert_true(levels[1] > 0.25);
    /* The interest rate and its kin fell with the crisis; ages did not. */
    assert_true(strcmp(moved, "euribor3m") == 0 || strcmp(moved, "nr_employed") == 0 ||
                strcmp(moved, "emp_var_rate") == 0 ||
                strcmp(moved, "cons_price_idx") == 0 ||
                strcmp(moved, "cons_conf_idx") == 0);
    for (int64_t i = 0; i < t.n; i++)
        later[i] = is_test_row(i);
    drift_of(&t, later, features, levels);
    most = 0;
    for (uint32_t f = 0; f < t.n_inputs; f++)
        most = features[f] > most ? features[f] : most;
    print_message("hash split: level PSI %.4f, most moved input %.4f\n", levels[1], most);
    assert_true(levels[1] < 0.02);
    assert_true(most < 0.02);
    free(later);
    close_task(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_on_telco_churn),
        cmocka_unit_test(test_tree_on_bank_marketing_without_duration),
        cmocka_unit_test(test_tree_on_adult),
        cmocka_unit_test(test_distilled_tree_on_telco_churn),
        cmocka_unit_test(test_ensemble_on_telco_churn),
        cmocka_unit_test(test_ensemble_on_bank_marketing_without_duration),
        cmocka_unit_test(test_ensemble_on_adult),
        cmocka_unit_test(test_tree_on_iranian_churn),
        cmocka_unit_test(test_drift_fires_on_the_time_split_and_names_the_inputs),
    };
    if (!real_data_find(folder, sizeof folder, "tabular/telco_churn.csv.gz"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
