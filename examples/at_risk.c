/* Three files in, one list out: sort complaints by class, and list the ten customers most
 * likely to leave, each with what it complained about last and the strongest reason.
 *
 *     at_risk customers.csv labelled.csv complaints.csv
 *
 * customers.csv has columns customer_id, left (yes or no) and whatever else is known;
 * labelled.csv has text and class; complaints.csv has customer_id and text, oldest first.
 */
#include <kehu/kehu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = 10, MAX_COLUMNS = 100, MAX_STEPS = 64, CELL = 200 };

/* The cell, whatever type its column was found to have. */
static int is(const kehu_column *c, int64_t row, const char *want)
{
    char text[CELL];
    return kehu_column_text(c, row, text, sizeof text, NULL, NULL) == KEHU_OK &&
           strcmp(text, want) == 0;
}

static int64_t length_of(const kehu_column *c)
{
    return c == NULL ? -1 : c->length;
}

/* A whole file; columns of numbers and dates are found out. */
static kehu_table *load(const char *path, kehu_error *err)
{
    const kehu_csv_options options = {.size = sizeof options, .infer_rows = 1000};
    kehu_csv *csv = NULL;
    kehu_table *t = NULL;
    if (kehu_csv_open(&csv, path, &options, err) == KEHU_OK &&
        kehu_csv_rest(&t, csv, err) == KEHU_OK && kehu_csv_reject_count(csv) > 0)
        fprintf(stderr, "%s: %lld rows rejected\n", path,
                (long long)kehu_csv_reject_count(csv));
    kehu_csv_free(csv);
    return t;
}

/* classes[n] of the complaints, counted on the way. */
static kehu_status sort_complaints(const kehu_svm *svm, const kehu_column *texts,
                                   int32_t *classes, kehu_error *err)
{
    const kehu_status status =
        kehu_svm_predict(svm, texts, NULL, classes, NULL, NULL, err);
    for (uint32_t k = 0; status == KEHU_OK && k < kehu_svm_class_count(svm); k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < texts->length; i++)
            n += classes[i] == (int32_t)k;
        printf("%s\t%lld\n", kehu_svm_class_name(svm, (int32_t)k), (long long)n);
    }
    return status;
}

/* Everything but the id and the target. */
static uint32_t inputs_of(const kehu_table *customers, kehu_column *inputs)
{
    uint32_t n = 0;
    for (int64_t i = 0; i < kehu_table_column_count(customers) && n < MAX_COLUMNS; i++) {
        const kehu_column *c = kehu_table_column(customers, i);
        if (strcmp(c->name, "customer_id") != 0 && strcmp(c->name, "left") != 0)
            inputs[n++] = *c;
    }
    return n;
}

/* The rows of the highest probability among those who are still there, highest first. */
static int most_at_risk(const double *p, const kehu_column *left, int64_t *rows)
{
    int n = 0;
    for (int64_t i = 0; i < left->length; i++) {
        int at = n;
        if (!is(left, i, "no"))
            continue;
        while (at > 0 && p[2 * i + 1] > p[2 * rows[at - 1] + 1])
            at--;
        if (at == TOP)
            continue;
        n = n < TOP ? n + 1 : TOP;
        memmove(rows + at + 1, rows + at, (size_t)(n - 1 - at) * sizeof *rows);
        rows[at] = i;
    }
    return n;
}

static const char *last_complaint(const kehu_svm *svm, const kehu_column *who,
                                  const int32_t *classes, const char *customer)
{
    for (int64_t i = who->length; i-- > 0;)
        if (is(who, i, customer))
            return kehu_svm_class_name(svm, classes[i]);
    return "-";
}

/* The step on the way down the tree that raised the probability most. */
static kehu_status strongest_reason(const kehu_tree *tree, const kehu_column *inputs,
                                    uint32_t n_inputs, int64_t row, char *reason,
                                    size_t capacity, kehu_error *err)
{
    kehu_tree_step steps[MAX_STEPS];
    uint32_t n, best = 0;
    double base;
    const kehu_status status = kehu_tree_explain(tree, inputs, n_inputs, row, 1, steps,
                                                 MAX_STEPS, &n, &base, err);
    strcpy(reason, "-");
    if (status != KEHU_OK || n == 0)
        return status;
    for (uint32_t i = 1; i < n; i++)
        if (steps[i].change > steps[best].change)
            best = i;
    return kehu_tree_step_text(tree, &steps[best], reason, capacity, NULL, err);
}

int main(int argc, char **argv)
{
    kehu_table *customers = NULL, *labelled = NULL, *complaints = NULL;
    const kehu_column *id, *left, *who, *texts;
    kehu_column inputs[MAX_COLUMNS];
    uint32_t n_inputs;
    kehu_svm *svm = NULL;
    kehu_tree *tree = NULL;
    int32_t *classes = NULL;
    double *p = NULL;
    int64_t rows[TOP];
    kehu_error err = {.code = KEHU_ARGUMENT,
                      .message = "usage: at_risk customers.csv labelled.csv "
                                 "complaints.csv"};

    if (argc != 4 || (customers = load(argv[1], &err)) == NULL ||
        (labelled = load(argv[2], &err)) == NULL ||
        (complaints = load(argv[3], &err)) == NULL ||
        kehu_svm_train(&svm, kehu_table_find(labelled, "text"),
                       kehu_table_find(labelled, "class"), NULL, &err) != KEHU_OK)
        goto done;
    id = kehu_table_find(customers, "customer_id");
    left = kehu_table_find(customers, "left");
    who = kehu_table_find(complaints, "customer_id");
    texts = kehu_table_find(complaints, "text");
    n_inputs = inputs_of(customers, inputs);
    classes = calloc((size_t)length_of(texts) + 1, sizeof *classes);
    p = calloc((size_t)length_of(left) + 1, 2 * sizeof *p);
    if (classes == NULL || p == NULL || id == NULL || who == NULL ||
        sort_complaints(svm, texts, classes, &err) != KEHU_OK ||
        kehu_tree_train(&tree, inputs, n_inputs, left, id, NULL, NULL, &err) != KEHU_OK ||
        kehu_tree_score(tree, inputs, n_inputs, p, NULL, &err) != KEHU_OK)
        goto done;
    for (int i = 0, n = most_at_risk(p, left, rows); i < n; i++) {
        char customer[CELL], reason[200];
        if (kehu_column_text(id, rows[i], customer, CELL, NULL, &err) != KEHU_OK ||
            strongest_reason(tree, inputs, n_inputs, rows[i], reason, sizeof reason,
                             &err) != KEHU_OK)
            goto done;
        printf("%s\t%.3f\t%s\t%s\n", customer, p[2 * rows[i] + 1],
               last_complaint(svm, who, classes, customer), reason);
    }
    err.code = KEHU_OK;

done:
    if (err.code != KEHU_OK)
        fprintf(stderr, "%s\n", err.message);
    free(p);
    free(classes);
    kehu_tree_free(tree);
    kehu_svm_free(svm);
    kehu_table_free(complaints);
    kehu_table_free(labelled);
    kehu_table_free(customers);
    return err.code != KEHU_OK;
}
