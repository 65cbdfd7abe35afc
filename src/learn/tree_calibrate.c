/* A tree's probabilities put right by fresh outcomes: every node's are mapped alike, so
 * that paths still add up to scores. */
#include <kehu/tree.h>

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "learn/recalibrate.h"
#include "learn/tree_ensemble.h"
#include "learn/tree_target.h"

enum { MAX_FOLDS = 20 };

static kehu_status check_options(kehu_tree_recalibrate_options *o, kehu_error *err)
{
    if ((unsigned)o->method > KEHU_TREE_CALIBRATE_ISOTONIC)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "method is %d, expected 0 to %d",
                          (int)o->method, KEHU_TREE_CALIBRATE_ISOTONIC);
    if (o->n_folds == 0)
        o->n_folds = 5;
    if (o->n_folds < 2 || o->n_folds > MAX_FOLDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_folds is %u, expected 2 to %d",
                          (unsigned)o->n_folds, MAX_FOLDS);
    return KEHU_OK;
}

/* Fresh rows: what the tree says of them and what became of them. */
typedef struct fresh {
    size_t n, cells;
    int64_t n_known; /* rows with a class */
    double loss;     /* mean over them, as the tree is */
    double *probabilities;
    int32_t *labels;
    uint8_t *fold;
    kehu__outcomes outcomes;
} fresh;

static void free_fresh(fresh *x, const kehu_allocator *alloc)
{
    kehu__free(alloc, x->probabilities, x->cells, sizeof *x->probabilities);
    kehu__free(alloc, x->labels, x->n, sizeof *x->labels);
    kehu__free(alloc, x->fold, x->n, 1);
}

static double loss_of(const fresh *x, uint32_t K, int64_t *n_known)
{
    double loss = 0;
    for (size_t i = 0; i < x->n; i++)
        if (x->labels[i] >= 0) {
            loss -= kehu__log(x->probabilities[i * K + (size_t)x->labels[i]]);
            ++*n_known;
        }
    return *n_known > 0 ? loss / (double)*n_known : 0;
}

/* Of one class alone nothing can be learned about what parts them. */
static kehu_status check_outcomes(const fresh *x, const kehu_tree *tree, kehu_error *err)
{
    int32_t first = -1;
    for (size_t i = 0; i < x->n; i++) {
        if (first < 0)
            first = x->labels[i];
        else if (x->labels[i] >= 0 && x->labels[i] != first)
            return KEHU_OK;
    }
    if (first < 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no row has a class");
    return kehu__fail(err, KEHU_ONE_CLASS, -1, "all %lld rows with a class are of %s",
                      (long long)x->n_known,
                      kehu__tree_name(&tree->classes, (uint32_t)first));
}

/* What an ensemble says before its calibration: a new one takes its place. */
static kehu_status score_uncalibrated(const fresh *x, const kehu_tree *tree,
                                      const kehu_column *columns, uint32_t n_columns,
                                      kehu_error *err)
{
    const kehu__run run = {0};
    kehu__tree_source *sources;
    int64_t n_rows = 0;
    kehu_status status;
    KEHU_TRY(kehu__tree_sources_open(&sources, &n_rows, tree, columns, n_columns, err));
    status = kehu__ensemble_score_columns(tree, sources, n_rows, false, x->probabilities,
                                          &run, err);
    kehu__tree_sources_close(sources, tree);
    return status;
}

static kehu_status read_fresh(fresh *x, const kehu_tree *tree, const kehu_column *columns,
                              uint32_t n_columns, const kehu_column *target,
                              const kehu_tree_recalibrate_options *options,
                              const kehu_allocator *alloc, kehu_error *err)
{
    const uint32_t K = tree->classes.n;
    kehu__tree_source *sources;
    int64_t n_rows = 0;
    KEHU_TRY(kehu__tree_sources_open(&sources, &n_rows, tree, columns, n_columns, err));
    kehu__tree_sources_close(sources, tree);
    KEHU_TRY(kehu__tree_outcomes_check(target, n_rows, err));
    x->n = (size_t)n_rows;
    x->cells = x->n * K;
    x->probabilities = kehu__alloc(alloc, x->cells, sizeof *x->probabilities);
    x->labels = kehu__alloc(alloc, x->n, sizeof *x->labels);
    x->fold = kehu__alloc(alloc, x->n, 1);
    if (x->probabilities == NULL || x->labels == NULL || x->fold == NULL)
        return kehu__no_memory(err, "the fresh rows");
    KEHU_TRY(kehu__tree_outcomes_read(x->labels, &tree->classes, target, err));
    KEHU_TRY(kehu_tree_score(tree, columns, n_columns, x->probabilities, NULL, err));
    x->loss = loss_of(x, K, &x->n_known);
    if (tree->ensemble != NULL)
        KEHU_TRY(score_uncalibrated(x, tree, columns, n_columns, err));
    for (size_t i = 0; i < x->n; i++)
        x->fold[i] = (uint8_t)((kehu__mix64(i ^ kehu__mix64(options->seed)) >> 32) %
                               options->n_folds);
    x->outcomes =
        (kehu__outcomes){x->probabilities, x->labels, x->fold, (int64_t)x->n, K};
    return KEHU_OK;
}

/* Choose a method by its held-out losses; what does not gain is not done. */
static kehu_status choose(kehu_tree_recalibration *found, const fresh *x,
                          const kehu_tree_recalibrate_options *options,
                          const kehu_allocator *alloc, kehu_error *err)
{
    double losses[3];
    KEHU_TRY(kehu__calibration_try(losses, &x->outcomes, options->n_folds, alloc, err));
    found->method = options->method;
    if (options->method == KEHU_TREE_CALIBRATE_BEST) {
        int best = 0;
        for (int m = 1; m < 3; m++)
            best = losses[m] < losses[best] ? m : best;
        found->method = (kehu_tree_calibration)(KEHU_TREE_CALIBRATE_NONE + best);
    }
    found->log_loss_after = losses[found->method - KEHU_TREE_CALIBRATE_NONE];
    return KEHU_OK;
}

/* The outcomes run against the scores when no slope above 0 explains them. */
static kehu_status fit(kehu__calibration *c, kehu_tree_recalibration *found,
                       const fresh *x, const kehu_allocator *alloc, kehu_error *err)
{
    const bool is_none = found->method == KEHU_TREE_CALIBRATE_NONE;
    kehu__calibration slope;
    bool refused;
    kehu_status status = kehu__calibration_fit(&slope, KEHU_TREE_CALIBRATE_SLOPE,
                                               &x->outcomes, -1, &refused, alloc, err);
    kehu__calibration_free(&slope);
    KEHU_TRY(status);
    found->refused = refused;
    if (!refused && !is_none) {
        KEHU_TRY(kehu__calibration_fit(c, found->method, &x->outcomes, -1, &refused,
                                       alloc, err));
        found->refused = refused;
    }
    found->method = c->method;
    if (c->method == KEHU_TREE_CALIBRATE_SLOPE)
        found->slope = c->slope.probability;
    if (found->refused)
        found->log_loss_after = found->log_loss_before;
    return KEHU_OK;
}

static void map_nodes(kehu_tree *tree, const kehu__calibration *c)
{
    const uint32_t K = tree->classes.n;
    if (c->method == KEHU_TREE_CALIBRATE_NONE)
        return;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        double *p = tree->probabilities + (size_t)i * K;
        kehu__calibration_apply(c, p);
        kehu__tree_round(p, K);
    }
}

static kehu_status recalibrate(kehu_tree **out, const kehu_tree *tree, const fresh *x,
                               const kehu_tree_recalibrate_options *options,
                               kehu_tree_recalibration *found,
                               const kehu_allocator *alloc, kehu_error *err)
{
    kehu__calibration c = {.alloc = *alloc,
                           .n_classes = tree->classes.n,
                           .method = KEHU_TREE_CALIBRATE_NONE};
    kehu_status status;
    found->slope = 1;
    found->log_loss_before = x->loss;
    found->n_rows = x->n_known;
    KEHU_TRY(check_outcomes(x, tree, err));
    KEHU_TRY(choose(found, x, options, alloc, err));
    status = fit(&c, found, x, alloc, err);
    if (status == KEHU_OK)
        status = kehu__tree_copy(out, tree, alloc, err);
    if (status == KEHU_OK && tree->ensemble == NULL)
        map_nodes(*out, &c);
    else if (status == KEHU_OK && !found->refused) {
        const kehu__calibration before = (*out)->ensemble->calibration;
        (*out)->ensemble->calibration = c;
        (*out)->summary.calibration = c.method;
        c = before;
    }
    kehu__calibration_free(&c);
    return status;
}

kehu_status kehu_tree_recalibrate(kehu_tree **out, const kehu_tree *tree,
                                  const kehu_column *columns, uint32_t n_columns,
                                  const kehu_column *target,
                                  const kehu_tree_recalibrate_options *options,
                                  kehu_tree_recalibration *found, kehu_error *err)
{
    kehu_tree_recalibrate_options opt = {0};
    kehu_tree_recalibration done = {0};
    kehu_allocator alloc;
    fresh x = {0};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (tree == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(check_options(&opt, err));
    alloc = kehu__allocator(opt.alloc);
    status = read_fresh(&x, tree, columns, n_columns, target, &opt, &alloc, err);
    if (status == KEHU_OK)
        status = recalibrate(out, tree, &x, &opt, &done, &alloc, err);
    free_fresh(&x, &alloc);
    if (status == KEHU_OK && found != NULL)
        *found = done;
    return status;
}
