/* Training an ensemble: its size by cross-validation, its calibration by the margins of
 * rows that their trees did not see. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/tree_ensemble.h"

/* Held-out rows as outcomes to calibrate by. */
typedef struct held_out {
    size_t n;
    uint32_t n_classes;
    double *margins;       /* [n][n_outputs] */
    double *probabilities; /* [n][n_classes] */
    int32_t *labels;
} held_out;

static kehu_status alloc_held_out(held_out *h, const kehu__tree_rows *rows,
                                  const kehu_allocator *alloc, kehu_error *err)
{
    const uint32_t K = rows->n_classes;
    h->n = rows->n_rows;
    h->n_classes = K;
    h->margins =
        kehu__alloc(alloc, kehu__times(h->n, kehu__boost_outputs(K)), sizeof *h->margins);
    h->probabilities = kehu__alloc(alloc, kehu__times(h->n, K), sizeof *h->probabilities);
    h->labels = kehu__alloc(alloc, h->n, sizeof *h->labels);
    return h->margins == NULL || h->probabilities == NULL || h->labels == NULL
               ? kehu__no_memory(err, "the ensemble")
               : KEHU_OK;
}

static void free_held_out(held_out *h, const kehu_allocator *alloc)
{
    kehu__free(alloc, h->margins, h->n * kehu__boost_outputs(h->n_classes),
               sizeof *h->margins);
    kehu__free(alloc, h->probabilities, h->n * h->n_classes, sizeof *h->probabilities);
    kehu__free(alloc, h->labels, h->n, sizeof *h->labels);
}

/* The calibration of least held-out loss; none where the rows are weighted, for the
 * calibration's are not. */
static kehu_status calibrate(kehu_tree *tree, held_out *h, const kehu__tree_rows *rows,
                             const uint8_t *fold, uint32_t n_folds, double *log_loss,
                             kehu_error *err)
{
    const uint32_t K = h->n_classes, O = kehu__boost_outputs(K);
    const kehu__outcomes outcomes = {h->probabilities, h->labels, fold, (int64_t)h->n, K};
    double losses[3];
    int best = 0;
    bool refused;
    for (uint32_t k = 0; k < K; k++)
        if (rows->units[k] != rows->units[0])
            return KEHU_OK;
    if (rows->weights != NULL)
        return KEHU_OK;
    for (size_t i = 0; i < h->n; i++) {
        double *p = h->probabilities + i * K;
        h->labels[i] = rows->labels[i];
        kehu__boost_probabilities(h->margins + i * O, K, p);
        kehu__tree_round(p, K);
    }
    KEHU_TRY(kehu__calibration_try(losses, &outcomes, n_folds, &tree->alloc, err));
    for (int m = 1; m < 3; m++)
        best = losses[m] < losses[best] ? m : best;
    *log_loss = losses[best];
    return kehu__calibration_fit(&tree->ensemble->calibration,
                                 (kehu_tree_calibration)(KEHU_TREE_CALIBRATE_NONE + best),
                                 &outcomes, -1, &refused, &tree->alloc, err);
}

/* Training weight by level of each class's probability, for drift. */
static void weigh_levels(kehu_tree *tree, const kehu__tree_rows *rows)
{
    const uint32_t K = tree->classes.n;
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        double p[KEHU__TREE_MAX_CLASSES];
        const double weight =
            (rows->weights == NULL ? 1 : rows->weights[i]) * rows->weight_unit;
        kehu__ensemble_score(tree, rows->by_row + (size_t)i * rows->stride, rows->stride,
                             1, true, p);
        for (uint32_t k = 0; k < K; k++)
            tree->ensemble
                ->level_weights[k * KEHU__TREE_LEVELS + kehu__tree_level_of(p[k])] +=
                weight;
    }
}

/* Only what is used stays allocated. */
static kehu_status keep_trees(kehu__boosted *to, const kehu__boosted *from,
                              kehu_error *err)
{
    KEHU_TRY(kehu__boosted_init(to, from->n_outputs, from->n_trees, from->n_nodes,
                                &from->alloc, err));
    to->n_trees = from->n_trees;
    to->n_nodes = from->n_nodes;
    memcpy(to->roots, from->roots, from->n_trees * sizeof *to->roots);
    memcpy(to->nodes, from->nodes, from->n_nodes * sizeof *to->nodes);
    memcpy(to->values, from->values, from->n_nodes * sizeof *to->values);
    memcpy(to->start, from->start, from->n_outputs * sizeof *to->start);
    return KEHU_OK;
}

kehu_status kehu__ensemble_train(kehu_tree *tree, const kehu__tree_rows *rows,
                                 const uint8_t *fold, uint32_t n_folds, uint64_t seed,
                                 double at_most, const kehu__run *run, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    kehu__boost_choice choice;
    kehu__boosted b = {.alloc = *a};
    held_out h = {0};
    kehu__boost_watch watch = {
        .run = run, .stage = "boosting", .share = 1, .teller = kehu__this_thread()};
    uint32_t done;
    atomic_init(&watch.stopped, false);
    kehu_status status = alloc_held_out(&h, rows, a, err);
    if (status == KEHU_OK)
        status = kehu__boost_choose(&choice, rows, seed, fold, n_folds, h.margins, run, a,
                                    err);
    if (status == KEHU_OK)
        status = kehu__ensemble_new(tree, err);
    if (status == KEHU_OK)
        status = calibrate(tree, &h, rows, fold, n_folds, &choice.log_loss, err);
    if (status == KEHU_OK && at_most >= 0 && !(choice.log_loss < at_most)) {
        kehu__ensemble_free(tree);
        goto done;
    }
    if (status == KEHU_OK)
        status = kehu__boost(&b, rows, &choice.how, NULL, -1, h.margins, NULL, &done,
                             &watch, a, err);
    if (status == KEHU_OK)
        status = keep_trees(&tree->ensemble->trees, &b, err);
    if (status == KEHU_OK)
        status = kehu__ensemble_finish(tree, err);
    if (status == KEHU_OK) {
        tree->ensemble->log_loss = choice.log_loss;
        weigh_levels(tree, rows);
    }
done:
    kehu__boosted_free(&b);
    free_held_out(&h, a);
    return status;
}
