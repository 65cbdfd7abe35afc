#include <kehu/linear.h>

#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "learn/linear_handle.h"

enum { MAX_CLASSES = 65535 };

kehu__sparse kehu__sparse_of(const kehu_sparse *rows)
{
    return (kehu__sparse){.n_rows = rows->n_rows,
                          .n_columns = rows->n_columns,
                          .starts = rows->starts,
                          .columns = rows->columns,
                          .values = rows->values};
}

/* ---- labels to class numbers ---- */

static int32_t find_label(const int32_t *labels, uint32_t n, int32_t label)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (labels[middle] == label)
            return (int32_t)middle;
        if (labels[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* The different labels, rising, and each row's place among them. */
static kehu_status list_classes(kehu_linear *model, int32_t *classes,
                                const int32_t *labels, int64_t n, kehu_error *err)
{
    const size_t size = (size_t)n;
    int64_t *const sorted = kehu__alloc(&model->alloc, size, 2 * sizeof *sorted);
    uint32_t n_classes = 0;
    if (sorted == NULL)
        return kehu__no_memory(err, "the labels");
    for (size_t i = 0; i < size; i++)
        sorted[i] = labels[i];
    kehu__sort_i64(sorted, sorted + size, size);
    for (size_t i = 0; i < size; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[n_classes++] = sorted[i];
    if (n_classes >= 2 && n_classes <= MAX_CLASSES) {
        model->labels = kehu__alloc(&model->alloc, n_classes, sizeof *model->labels);
        model->n_labels = n_classes;
        for (uint32_t k = 0; model->labels != NULL && k < n_classes; k++)
            model->labels[k] = (int32_t)sorted[k];
    }
    kehu__free(&model->alloc, sorted, size, 2 * sizeof *sorted);
    if (n_classes < 2)
        return kehu__fail(err, KEHU_ONE_CLASS, -1, "all labels are %d", (int)labels[0]);
    if (n_classes > MAX_CLASSES)
        return kehu__fail(err, KEHU_LIMIT, -1, "%u classes, at most %d",
                          (unsigned)n_classes, MAX_CLASSES);
    if (model->labels == NULL)
        return kehu__no_memory(err, "the labels");
    for (size_t i = 0; i < size; i++)
        classes[i] = find_label(model->labels, n_classes, labels[i]);
    return KEHU_OK;
}

/* ---- training ---- */

static kehu_status read_options(kehu_linear_options *o, const kehu_linear_options *given,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(o, sizeof *o, given, err));
    if (o->cost == 0)
        o->cost = 1;
    if (o->bias == 0)
        o->bias = 1;
    if (!isfinite(o->bias) || o->bias > 1e9)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bias is not finite or above 1e9");
    if (o->loss < 0 || o->loss >= KEHU__N_LOSSES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "loss is %d, expected 0 to %d",
                          (int)o->loss, KEHU__N_LOSSES - 1);
    return KEHU_OK;
}

static kehu_status solve(kehu_linear *model, const kehu__sparse *rows,
                         const int32_t *classes, const kehu_linear_options *o,
                         kehu_error *err)
{
    const kehu__linear_options options = {
        .cost = o->cost, .loss = (kehu__loss)o->loss, .gap = o->gap, .seed = o->seed};
    const kehu__run run = {o->n_threads, o->executor, o->progress};
    kehu__linear_problem *p;
    kehu__linear_report report;
    kehu_status status;
    KEHU_TRY(kehu__linear_prepare(&p, rows, classes, model->n_labels, o->weights,
                                  o->bias > 0 ? (float)o->bias : 0, &model->alloc, err));
    status = kehu__linear_solve(p, &options, &run, &report, err);
    if (status == KEHU_OK)
        status = kehu__linear_extract(&model->weights, p, err);
    kehu__linear_problem_free(p);
    model->loss = o->loss;
    if (status == KEHU_OK)
        model->info = (kehu_linear_info){.passes = report.passes,
                                         .converged = report.converged,
                                         .primal = report.primal,
                                         .dual = report.dual,
                                         .gap = report.gap};
    return status;
}

kehu_status kehu_linear_train(kehu_linear **out, const kehu_sparse *rows,
                              const int32_t *labels, const kehu_linear_options *options,
                              kehu_error *err)
{
    kehu_linear_options o = {0};
    kehu_allocator alloc;
    kehu__sparse own;
    kehu_linear *model = NULL;
    int32_t *classes = NULL;
    kehu_status status;

    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&o, options, err));
    if (rows == NULL || labels == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rows or labels is NULL");
    own = kehu__sparse_of(rows);
    KEHU_TRY(kehu__sparse_check(&own, err));
    if (own.n_rows == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    alloc = kehu__allocator(o.alloc);
    model = kehu__alloc_zero(&alloc, 1, sizeof *model);
    classes = kehu__alloc(&alloc, (size_t)own.n_rows, sizeof *classes);
    if (model != NULL)
        model->alloc = alloc;
    if (model == NULL || classes == NULL) {
        status = kehu__no_memory(err, "the labels");
        goto done;
    }
    status = list_classes(model, classes, labels, own.n_rows, err);
    if (status == KEHU_OK)
        status = solve(model, &own, classes, &o, err);
    if (status == KEHU_OK) {
        *out = model;
        model = NULL;
    }

done:
    kehu__free(&alloc, classes, (size_t)own.n_rows, sizeof *classes);
    kehu_linear_free(model);
    return status;
}

void kehu_linear_free(kehu_linear *model)
{
    if (model != NULL) {
        const kehu_allocator alloc = model->alloc;
        kehu__linear_free(model->weights);
        kehu__free(&alloc, model->labels, model->n_labels, sizeof *model->labels);
        kehu__free(&alloc, model, 1, sizeof *model);
    }
}

kehu_status kehu_linear_predict(const kehu_linear *model, const kehu_sparse *rows,
                                int32_t *labels, float *margins, kehu_error *err)
{
    kehu__sparse own;
    float *scores;
    size_t n_scores;
    if (model == NULL || rows == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "model or rows is NULL");
    own = kehu__sparse_of(rows);
    KEHU_TRY(kehu__sparse_check(&own, err));
    n_scores = kehu__linear_room(model->weights) + (size_t)model->n_labels;
    scores = kehu__alloc(&model->alloc, n_scores, sizeof *scores);
    if (scores == NULL)
        return kehu__no_memory(err, "the margins of a row");
    for (int64_t i = 0; i < own.n_rows; i++) {
        float *const at = scores + kehu__linear_room(model->weights);
        const int64_t first = own.starts[i];
        uint32_t best = 0;
        kehu__linear_score(model->weights, own.columns + first, own.values + first,
                           own.starts[i + 1] - first, scores);
        kehu__linear_margins(model->weights, scores, at);
        for (uint32_t k = 1; k < model->n_labels; k++)
            best = at[k] > at[best] ? k : best;
        if (labels != NULL)
            labels[i] = model->labels[best];
        if (margins != NULL)
            memcpy(margins + i * model->n_labels, at, model->n_labels * sizeof *at);
    }
    kehu__free(&model->alloc, scores, n_scores, sizeof *scores);
    return KEHU_OK;
}

void kehu_linear_get_info(const kehu_linear *model, kehu_linear_info *info)
{
    *info = model->info;
    info->n_classes = model->n_labels;
    info->n_columns = model->weights->n_columns;
}

int32_t kehu_linear_label(const kehu_linear *model, uint32_t k)
{
    return model->labels[k];
}
