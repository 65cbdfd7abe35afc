/* Distillation: the tree is taught by rows that are partly of each class, as far as an
 * ensemble's probabilities say (Hinton, Vinyals and Dean 2015; Breiman and Shang, Born
 * again trees, 1996). Each row stands there once a class, its weight shared out. */
#include "learn/tree_distill.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/tree_boost.h"

static double base_weight(const kehu__tree_rows *rows, uint32_t i)
{
    return rows->weights == NULL ? 1 : rows->weights[i];
}

/* Weights in fixed point that fit their sums, whatever the class weights. */
static double scale_of(const kehu__tree_rows *rows)
{
    double sum = 0, largest = 0, least = rows->units[0], most = rows->units[0];
    for (uint32_t k = 1; k < rows->n_classes; k++) {
        least = rows->units[k] < least ? rows->units[k] : least;
        most = rows->units[k] > most ? rows->units[k] : most;
    }
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        const double w = base_weight(rows, i) * (most / least);
        sum += w;
        largest = w > largest ? w : largest;
    }
    return kehu__tree_weight_scale(sum, largest);
}

/* weights[n_classes][n_rows]: each row's weight by classes as the margins say. */
static void share_out(uint32_t *weights, const kehu__tree_rows *rows,
                      const double *margins, double scale)
{
    const uint32_t K = rows->n_classes, O = kehu__boost_outputs(K);
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        const double w = base_weight(rows, i) * rows->units[rows->labels[i]] * scale;
        double p[KEHU__TREE_MAX_CLASSES];
        kehu__boost_probabilities(margins + (size_t)i * O, K, p);
        for (uint32_t k = 0; k < K; k++)
            weights[(size_t)k * rows->n_rows + i] =
                (uint32_t)floor(w / rows->units[k] * p[k] + 0.5);
    }
}

static kehu_status alloc_lessons(kehu__distilled *d, const kehu__tree_rows *rows,
                                 uint32_t n_folds, uint32_t n_repeats, kehu_error *err)
{
    const kehu_allocator *a = &d->alloc;
    const uint32_t K = rows->n_classes, F = rows->n_inputs;
    const uint64_t all = (uint64_t)rows->n_rows * K;
    const size_t n = (size_t)all;
    if (all > UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "%lu rows times %u classes, a distilled tree takes 2^32",
                          (unsigned long)rows->n_rows, (unsigned)K);
    d->lessons.rows = *rows;
    d->lessons.rows.n_rows = (uint32_t)n;
    d->fold_size = kehu__times(n, n_repeats);
    d->n_margins =
        kehu__times(kehu__times(n_folds, rows->n_rows), kehu__boost_outputs(K));
    d->n_sets = n_folds * n_repeats + 1;
    d->codes = kehu__alloc(a, n, F);
    d->by_row = kehu__alloc(a, n, rows->stride);
    d->labels = kehu__alloc(a, n, 1);
    d->fold = kehu__alloc(a, d->fold_size, 1);
    d->inputs = kehu__alloc(a, F, sizeof *d->inputs);
    d->units = kehu__alloc(a, K, sizeof *d->units);
    d->margins = kehu__alloc(a, d->n_margins, sizeof *d->margins);
    d->weights = kehu__alloc_zero(a, d->n_sets, sizeof *d->weights);
    if (d->codes == NULL || d->by_row == NULL || d->labels == NULL || d->fold == NULL ||
        d->inputs == NULL || d->units == NULL || d->margins == NULL || d->weights == NULL)
        return kehu__no_memory(err, "distillation");
    for (uint32_t s = 0; s < d->n_sets; s++) {
        d->weights[s] = kehu__alloc(a, n, sizeof **d->weights);
        if (d->weights[s] == NULL)
            return kehu__no_memory(err, "distillation");
    }
    return KEHU_OK;
}

void kehu__distilled_free(kehu__distilled *d)
{
    const kehu_allocator *a = &d->alloc;
    const kehu__tree_rows *r = &d->lessons.rows;
    for (uint32_t s = 0; d->weights != NULL && s < d->n_sets; s++)
        kehu__free(a, d->weights[s], r->n_rows, sizeof **d->weights);
    kehu__free(a, d->weights, d->n_sets, sizeof *d->weights);
    kehu__free(a, d->codes, r->n_rows, r->n_inputs);
    kehu__free(a, d->by_row, r->n_rows, r->stride);
    kehu__free(a, d->labels, r->n_rows, 1);
    kehu__free(a, d->fold, d->fold_size, 1);
    kehu__free(a, d->inputs, r->n_inputs, sizeof *d->inputs);
    kehu__free(a, d->units, r->n_classes, sizeof *d->units);
    kehu__free(a, d->margins, d->n_margins, sizeof *d->margins);
    if (d->grower.alloc.resize != NULL)
        kehu__tree_grower_free(&d->grower);
}

/* The same rows once for each class. */
static void copy_rows(kehu__distilled *d, const kehu__tree_rows *rows,
                      const uint8_t *fold, uint32_t n_repeats, double scale)
{
    kehu__tree_rows *to = &d->lessons.rows;
    const uint32_t K = rows->n_classes;
    const size_t n = rows->n_rows;
    for (uint32_t k = 0; k < K; k++) {
        memset(d->labels + k * n, (int)k, n);
        memcpy(d->by_row + k * n * rows->stride, rows->by_row, n * rows->stride);
        for (uint32_t r = 0; r < n_repeats; r++)
            memcpy(d->fold + (r * K + k) * n, fold + r * n, n);
        for (uint32_t f = 0; f < rows->n_inputs; f++)
            memcpy(d->codes + ((size_t)f * K + k) * n, rows->inputs[f].codes, n);
        d->units[k] = rows->units[k] / scale;
    }
    for (uint32_t f = 0; f < rows->n_inputs; f++) {
        d->inputs[f] = rows->inputs[f];
        d->inputs[f].codes = d->codes + (size_t)f * to->n_rows;
    }
    to->inputs = d->inputs;
    to->by_row = d->by_row;
    to->labels = d->labels;
    to->units = d->units;
    to->weight_unit = rows->weight_unit / scale;
    to->weights = d->weights[d->n_sets - 1];
    to->totals = NULL;
    to->xlogx = NULL;
    to->n_xlogx = 0;
    d->lessons.fold = d->fold;
    d->lessons.weights = d->weights;
}

/* Ensembles that did not see a fold teach the tree that it judges; one of all rows the
 * tree that is kept. */
static kehu_status teach(kehu__distilled *d, const kehu__tree_rows *rows,
                         const uint8_t *fold, uint32_t n_folds, uint32_t n_repeats,
                         uint64_t seed, double scale, const kehu__run *run,
                         kehu_error *err)
{
    const kehu_allocator *a = &d->alloc;
    const size_t n = rows->n_rows, cells = n * kehu__boost_outputs(rows->n_classes);
    kehu__boost_watch watch = {
        .run = run, .stage = "boosting", .share = 1, .teller = kehu__this_thread()};
    kehu__boost_choice boosted;
    kehu__boosted ensemble = {.alloc = *a};
    kehu_status status;
    uint32_t done;
    atomic_init(&watch.stopped, false);
    KEHU_TRY(kehu__boost_choose(&boosted, rows, seed, fold, n_folds, NULL, run, a, err));
    for (uint32_t r = 0; r < n_repeats; r++) {
        KEHU_TRY(kehu__boost_folds(d->margins, rows, &boosted.how, fold + r * n, n_folds,
                                   run, a, err));
        for (uint32_t f = 0; f < n_folds; f++)
            share_out(d->weights[r * n_folds + f], rows, d->margins + f * cells, scale);
    }
    status = kehu__boost(&ensemble, rows, &boosted.how, NULL, -1, d->margins, NULL, &done,
                         &watch, a, err);
    if (status == KEHU_OK)
        share_out(d->weights[d->n_sets - 1], rows, d->margins, scale);
    kehu__boosted_free(&ensemble);
    return status;
}

kehu_status kehu__distill(kehu__distilled *d, const kehu__tree_rows *rows,
                          const kehu__tree_grid *grid, const uint8_t *fold,
                          uint32_t n_folds, uint32_t n_repeats, uint64_t seed,
                          double at_most, const kehu__run *run,
                          const kehu_allocator *alloc, kehu_error *err)
{
    const double scale = scale_of(rows);
    *d = (kehu__distilled){.alloc = *alloc};
    KEHU_TRY(alloc_lessons(d, rows, n_folds, n_repeats, err));
    copy_rows(d, rows, fold, n_repeats, scale);
    KEHU_TRY(teach(d, rows, fold, n_folds, n_repeats, seed, scale, run, err));
    KEHU_TRY(kehu__tree_choose(&d->choice, rows, &d->lessons, grid, fold, n_folds,
                               n_repeats, run, alloc, err));
    if (!(d->choice.log_loss < at_most))
        return KEHU_OK;
    KEHU_TRY(kehu__tree_grower_init(&d->grower, &d->lessons.rows,
                                    d->choice.growth.max_leaves, run, alloc, err));
    kehu__tree_grow(&d->grower, &d->lessons.rows, &d->choice.growth, NULL, 0);
    return KEHU_OK;
}
