/* Term weights that know the classes. Of a term let f_1 >= f_2 >= ... be the numbers of
 * texts with it, by class. Its inverse gravity moment f_1 / sum_r r f_r is 1 where one
 * class has it alone, and small where all have it alike (Chen, Zhang, Long and Gu,
 * "Turning from TF-IDF to TF-IGM for term weighting in text classification", Expert
 * Systems with Applications 66, 2016). A factor on the weight is 1 + 2 times it, with two
 * more in the denominator: a term of a single text has one class whatever it says. */
#include <math.h>
#include <string.h>

#include "text/svm_model.h"

#define SLOPE  2.0
#define SMOOTH 2.0

/* The classes of the texts of each term: those of column j are classes[starts[j]] to
 * classes[starts[j + 1] - 1]. */
typedef struct lists {
    size_t n_columns, n_entries;
    int64_t *starts; /* [n_columns + 1] */
    int32_t *classes;
    uint32_t *counts; /* [n_classes] scratch, zeros */
    uint32_t *sorted; /* [n_classes] scratch */
} lists;

static bool is_used(const float *weights, int64_t i)
{
    return weights == NULL || weights[i] > 0;
}

static bool make_lists(lists *l, const kehu__svm_training *t)
{
    l->n_columns = t->rows.n_columns;
    l->n_entries = (size_t)t->rows.starts[t->rows.n_rows] + 1;
    l->starts = kehu__alloc_zero(t->alloc, l->n_columns + 2, sizeof *l->starts);
    l->classes = kehu__alloc(t->alloc, l->n_entries, sizeof *l->classes);
    l->counts = kehu__alloc_zero(t->alloc, t->n_classes, 2 * sizeof *l->counts);
    l->sorted = l->counts == NULL ? NULL : l->counts + t->n_classes;
    return l->starts != NULL && l->classes != NULL && l->counts != NULL;
}

static void free_lists(lists *l, const kehu__svm_training *t)
{
    kehu__free(t->alloc, l->starts, l->n_columns + 2, sizeof *l->starts);
    kehu__free(t->alloc, l->classes, l->n_entries, sizeof *l->classes);
    kehu__free(t->alloc, l->counts, t->n_classes, 2 * sizeof *l->counts);
}

/* A counting sort by column: the starts stand one place too high while it runs. */
static void fill_lists(lists *l, const kehu__svm_training *t, const float *weights)
{
    const kehu__sparse *const rows = &t->rows;
    for (int64_t i = 0; i < rows->n_rows; i++)
        for (int64_t j = rows->starts[i]; is_used(weights, i) && j < rows->starts[i + 1];
             j++)
            l->starts[rows->columns[j] + 2]++;
    for (size_t k = 2; k <= l->n_columns + 1; k++)
        l->starts[k] += l->starts[k - 1];
    for (int64_t i = 0; i < rows->n_rows; i++)
        for (int64_t j = rows->starts[i]; is_used(weights, i) && j < rows->starts[i + 1];
             j++)
            l->classes[l->starts[rows->columns[j] + 1]++] = t->labels[i];
}

/* The different counts of one term into sorted[], falling. */
static uint32_t sort_counts(lists *l, size_t column)
{
    uint32_t n = 0;
    for (int64_t j = l->starts[column]; j < l->starts[column + 1]; j++)
        l->counts[l->classes[j]]++;
    for (int64_t j = l->starts[column]; j < l->starts[column + 1]; j++) {
        const uint32_t count = l->counts[l->classes[j]];
        uint32_t at = n;
        if (count == 0)
            continue; /* this class has been here */
        l->counts[l->classes[j]] = 0;
        for (; at > 0 && l->sorted[at - 1] < count; at--)
            l->sorted[at] = l->sorted[at - 1];
        l->sorted[at] = count;
        n++;
    }
    return n;
}

bool kehu__svm_gravity(float *factors, const kehu__svm_training *t, const float *weights)
{
    lists l = {0};
    const bool ok = make_lists(&l, t);
    if (ok)
        fill_lists(&l, t, weights);
    for (size_t j = 0; ok && j < l.n_columns; j++) {
        const uint32_t n = sort_counts(&l, j);
        double moment = 0;
        for (uint32_t r = 0; r < n; r++)
            moment += (double)(r + 1) * (double)l.sorted[r];
        factors[j] =
            n == 0 ? 1 : (float)(1 + SLOPE * (double)l.sorted[0] / (moment + SMOOTH));
    }
    free_lists(&l, t);
    return ok;
}

void kehu__svm_scale_rows(float *values, const kehu__svm_training *t,
                          const float *factors)
{
    const kehu__sparse *const rows = &t->rows;
    for (int64_t i = 0; i < rows->n_rows; i++) {
        float before[KEHU__TERM_BLOCKS] = {0}, after[KEHU__TERM_BLOCKS] = {0};
        for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++) {
            const uint32_t block = kehu__terms_block(t->terms, rows->columns[j]);
            const float v = rows->values[j] * factors[rows->columns[j]];
            before[block] += rows->values[j] * rows->values[j];
            after[block] += v * v;
            values[j] = v;
        }
        for (int b = 0; b < KEHU__TERM_BLOCKS; b++)
            after[b] = after[b] > 0 ? sqrtf(before[b] / after[b]) : 0;
        for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++)
            values[j] *= after[kehu__terms_block(t->terms, rows->columns[j])];
    }
}
