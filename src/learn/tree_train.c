/* From a caller's columns to a trained tree. */
#include <kehu/bins.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "learn/tree_bins.h"
#include "learn/tree_distill.h"
#include "learn/tree_ensemble.h"
#include "learn/tree_model.h"
#include "learn/tree_select.h"
#include "learn/tree_target.h"

enum {
    MAX_LEAVES = 65536,
    MAX_DEPTH = 64,
    MAX_FOLDS = 20,
    XLOGX_SIZE = 65536,
    MAX_REPEATS = 4,
    REPEATED_ROWS = 160000 /* rows times repeats stay below */
};

/* Everything that training holds for a while. */
typedef struct training {
    kehu_allocator alloc;
    kehu_tree_options options;
    kehu__run run;
    kehu_tree *tree;
    int64_t n_given;    /* rows of the caller's columns */
    uint8_t *use;       /* [n_given] weight above 0 */
    uint32_t n_rows;    /* those of positive weight */
    uint32_t n_repeats; /* of the folds */
    uint8_t *labels, *fold;
    const kehu_bins *bins; /* of the rows of positive weight */
    kehu_bins *own;        /* the same, or NULL where they are the caller's */
    uint32_t *weights;
    uint32_t *offsets; /* [n_features] */
    uint32_t *totals;  /* [rows.n_cells] */
    kehu__tree_input *inputs;
    double *units, *xlogx;
    kehu__tree_rows rows;
} training;

static kehu_status check_options(kehu_tree_options *o, kehu_error *err)
{
    if ((unsigned)o->criterion > KEHU_TREE_GAIN_RATIO)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "criterion is %d, expected 0 to %d",
                          (int)o->criterion, KEHU_TREE_GAIN_RATIO);
    if (o->max_leaves == 1 || o->max_leaves > MAX_LEAVES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "max_leaves is %u, expected 2 to %d",
                          (unsigned)o->max_leaves, MAX_LEAVES);
    if (o->max_depth == 0)
        o->max_depth = 30;
    if (o->max_depth > MAX_DEPTH)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "max_depth is %u, expected 1 to %d",
                          (unsigned)o->max_depth, MAX_DEPTH);
    if (o->n_folds == 0)
        o->n_folds = 5;
    if (o->n_folds > MAX_FOLDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_folds is %u, expected 1 to %d",
                          (unsigned)o->n_folds, MAX_FOLDS);
    if ((unsigned)o->kind > KEHU_TREE_DISTILLED)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "kind is %d, expected 0 to %d",
                          (int)o->kind, KEHU_TREE_DISTILLED);
    if (o->kind != KEHU_TREE_SINGLE && o->n_folds == 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_folds is 1, an ensemble needs cross-validation");
    if (!(o->min_leaf_weight >= 0) || isinf(o->min_leaf_weight))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "min_leaf_weight is negative or not finite");
    if (!isfinite(o->shrinkage))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "shrinkage is not finite");
    if (!isfinite(o->cut_penalty))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "cut_penalty is not finite");
    for (uint32_t k = 0; o->class_weights != NULL && k < o->n_class_weights; k++)
        if (!(o->class_weights[k] > 0) || isinf(o->class_weights[k]))
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "class_weights[%u] is not a positive finite number",
                              (unsigned)k);
    return KEHU_OK;
}

/* Which rows count, and their weights in fixed point. All weights equal means
 * none: plain counts are faster. */
static kehu_status read_weights(training *t, const kehu_column *weights, kehu_error *err)
{
    double sum = 0, largest = 0, first = 0, scale;
    bool differ = false;
    uint32_t n = 0;
    memset(t->use, 1, (size_t)t->n_given);
    t->n_rows = (uint32_t)t->n_given;
    t->rows.weight_unit = 1;
    if (weights == NULL)
        return KEHU_OK;
    KEHU_TRY(kehu__column_check_number(weights, "weights", err));
    if (weights->length != t->n_given)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "weights has %lld rows, the target has %lld",
                          (long long)weights->length, (long long)t->n_given);
    for (int64_t i = 0; i < t->n_given; i++) {
        const double w = kehu__column_number(weights, i);
        if (!(w >= 0) || isinf(w))
            return kehu__fail(err, KEHU_RANGE, i,
                              "the weight of row %lld is negative or not finite",
                              (long long)i);
        t->use[i] = w > 0;
        if (w > 0) {
            differ |= n > 0 && w != first;
            first = n == 0 ? w : first;
            n++;
        }
        sum += w;
        largest = w > largest ? w : largest;
    }
    t->n_rows = n;
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "every weight is 0");
    if (isinf(sum))
        return kehu__fail(err, KEHU_RANGE, -1, "the weights' sum is infinite");
    if (!differ) {
        t->rows.weight_unit = first;
        return KEHU_OK;
    }
    scale = kehu__tree_weight_scale(sum, largest);
    t->weights = kehu__alloc(&t->alloc, n, sizeof *t->weights);
    if (t->weights == NULL)
        return kehu__no_memory(err, "weights");
    n = 0;
    for (int64_t i = 0; i < t->n_given; i++)
        if (t->use[i]) {
            const double w = floor(kehu__column_number(weights, i) * scale + 0.5);
            t->weights[n++] = w < 1 ? 1 : (uint32_t)w;
        }
    t->rows.weights = t->weights;
    t->rows.weight_unit = 1 / scale;
    return KEHU_OK;
}

static kehu_status read_folds(training *t, const kehu_column *row_ids, kehu_error *err)
{
    uint32_t n = 0;
    if (row_ids != NULL) {
        KEHU_TRY(kehu__column_check(row_ids, "row_ids", err));
        if (kehu__column_kind(row_ids) == KEHU_FLOAT32 ||
            kehu__column_kind(row_ids) == KEHU_FLOAT64)
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "row_ids is %s, expected text or integers",
                              kehu__type_name(row_ids->type));
        if (row_ids->length != t->n_given)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "row_ids has %lld rows, the target has %lld",
                              (long long)row_ids->length, (long long)t->n_given);
    }
    memset(t->fold, 0, (size_t)t->n_rows * t->n_repeats);
    for (int64_t i = 0; t->options.n_folds > 1 && i < t->n_given; i++) {
        uint64_t h;
        if (!t->use[i])
            continue;
        if (row_ids == NULL || !kehu__type_is_text(row_ids->type))
            h = kehu__mix64(
                (uint64_t)(row_ids == NULL ? i : kehu__column_integer(row_ids, i)) ^
                kehu__mix64(t->options.seed));
        else {
            const kehu__text text = kehu__column_text(row_ids, i);
            h = kehu__hash(text.bytes, (size_t)text.size, t->options.seed);
        }
        for (uint32_t r = 0; r < t->n_repeats; r++) {
            t->fold[(size_t)r * t->n_rows + n] =
                (uint8_t)((h >> 32) % t->options.n_folds);
            h = kehu__mix64(h);
        }
        n++;
    }
    return KEHU_OK;
}

/* The tree's columns, with the training weight of each code. */
static kehu_status copy_features(training *t, kehu_error *err)
{
    kehu_tree *tree = t->tree;
    uint32_t n_varied = 0;
    for (uint32_t f = 0; f < tree->n_features; f++) {
        kehu__tree_feature *feature = &tree->features[f];
        uint64_t sums[256];
        uint32_t n_used = 0;
        KEHU_TRY(kehu__tree_feature_copy(feature, &t->bins->features[f], &t->alloc, err));
        if (t->weights != NULL)
            kehu__bins_weigh(t->bins, f, t->weights, sums);
        for (uint32_t code = 0; code < feature->n_codes; code++) {
            n_used += feature->code_weight[code] > 0;
            feature->code_weight[code] =
                (t->weights != NULL ? (double)sums[code] : feature->code_weight[code]) *
                t->rows.weight_unit;
        }
        n_varied += n_used > 1;
    }
    return n_varied > 0
               ? KEHU_OK
               : kehu__fail(err, KEHU_DATA, -1, "no column has two different values");
}

/* How many rows have each code, which the bins know. */
static kehu_status read_totals(training *t, kehu_error *err)
{
    t->totals = kehu__alloc_zero(&t->alloc, t->rows.n_cells, sizeof *t->totals);
    if (t->totals == NULL)
        return kehu__no_memory(err, "the binned columns");
    for (uint32_t f = 0; f < t->bins->n_features; f++)
        for (uint32_t code = 0; code < t->bins->features[f].n_codes; code++)
            t->totals[t->offsets[f] + code] =
                (uint32_t)t->bins->features[f].code_weight[code];
    t->rows.totals = t->totals;
    return KEHU_OK;
}

/* The bins as inputs of the growing. */
static kehu_status read_bins(training *t, kehu_error *err)
{
    const kehu_bins *bins = t->bins;
    const uint32_t F = bins->n_features;
    uint32_t n_codes = 0;
    t->tree->features = kehu__alloc_zero(&t->alloc, F, sizeof *t->tree->features);
    if (t->tree->features == NULL)
        return kehu__no_memory(err, "the tree");
    t->tree->n_features = F;
    KEHU_TRY(copy_features(t, err));
    t->inputs = kehu__alloc_zero(&t->alloc, F, sizeof *t->inputs);
    t->offsets = kehu__alloc(&t->alloc, F, sizeof *t->offsets);
    if (t->inputs == NULL || t->offsets == NULL)
        return kehu__no_memory(err, "the binned columns");
    for (uint32_t f = 0; f < F; f++) {
        const kehu__tree_feature *feature = &bins->features[f];
        t->inputs[f] =
            (kehu__tree_input){.codes = bins->codes.by_column + (size_t)f * t->n_rows,
                               .n_codes = feature->n_codes,
                               .ordered = !kehu__tree_is_text(feature)};
        n_codes += feature->n_codes;
    }
    /* Cells in even places are found without looking up where: worth a few unused. */
    t->rows.even = n_codes >= 192 * F;
    for (uint32_t f = 0; f < F; f++) {
        t->offsets[f] = t->rows.n_cells;
        t->rows.n_cells += t->rows.even ? 256 : bins->features[f].n_codes;
    }
    t->rows.offsets = t->offsets;
    t->rows.stride = bins->codes.stride;
    t->rows.by_row = bins->codes.by_row;
    return t->weights == NULL ? read_totals(t, err) : KEHU_OK;
}

/* Which columns must have the second class's probability rise or fall with them. */
static kehu_status read_monotone(training *t, kehu_error *err)
{
    const kehu_tree_options *o = &t->options;
    if (o->monotone == NULL)
        return KEHU_OK;
    if (o->n_monotone != t->tree->n_features)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_monotone is %u, there are %u columns",
                          (unsigned)o->n_monotone, (unsigned)t->tree->n_features);
    if (o->kind == KEHU_TREE_ENSEMBLE || o->kind == KEHU_TREE_BEST)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "monotone is for single trees, kind is %d", (int)o->kind);
    for (uint32_t f = 0; f < t->tree->n_features; f++) {
        if (o->monotone[f] < -1 || o->monotone[f] > 1)
            return kehu__fail(err, KEHU_ARGUMENT, f,
                              "monotone[%u] is %d, expected -1 to 1", (unsigned)f,
                              (int)o->monotone[f]);
        if (o->monotone[f] != 0 && !t->inputs[f].ordered)
            return kehu__fail(err, KEHU_COLUMN, f,
                              "column %s is text, which cannot be monotone",
                              t->tree->features[f].name);
        t->inputs[f].monotone = o->monotone[f];
        t->rows.any_monotone |= o->monotone[f] != 0;
    }
    if (t->rows.any_monotone && t->tree->classes.n != 2)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "monotone is for two classes, the target has %u",
                          (unsigned)t->tree->classes.n);
    return KEHU_OK;
}

static kehu_status check_classes(training *t, kehu_error *err)
{
    const uint32_t K = t->tree->classes.n;
    bool seen[KEHU__TREE_MAX_CLASSES] = {false};
    uint32_t n_seen = 0;
    for (uint32_t i = 0; i < t->n_rows; i++)
        seen[t->labels[i]] = true;
    for (uint32_t k = 0; k < K; k++)
        n_seen += seen[k];
    if (n_seen < 2)
        return kehu__fail(err, KEHU_ONE_CLASS, -1, "all %lld rows are of class %s",
                          (long long)t->n_rows,
                          kehu__tree_name(&t->tree->classes, t->labels[0]));
    if (t->options.class_weights != NULL && t->options.n_class_weights != K)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_class_weights is %u, the target has %u classes",
                          (unsigned)t->options.n_class_weights, (unsigned)K);
    t->units = kehu__alloc(&t->alloc, K, sizeof *t->units);
    if (t->units == NULL)
        return kehu__no_memory(err, "class weights");
    for (uint32_t k = 0; k < K; k++)
        t->units[k] =
            t->rows.weight_unit *
            (t->options.class_weights == NULL ? 1 : t->options.class_weights[k]);
    return KEHU_OK;
}

/* Counts that are whole numbers have their x log x looked up. */
static kehu_status prepare_xlogx(training *t, kehu_error *err)
{
    for (uint32_t k = 0; k < t->tree->classes.n; k++)
        if (t->units[k] != 1 || t->weights != NULL)
            return KEHU_OK;
    t->rows.n_xlogx = t->n_rows < XLOGX_SIZE ? t->n_rows + 1 : XLOGX_SIZE;
    t->xlogx = kehu__alloc_zero(&t->alloc, t->rows.n_xlogx, sizeof *t->xlogx);
    if (t->xlogx == NULL)
        return kehu__no_memory(err, "a table of logarithms");
    for (uint32_t i = 2; i < t->rows.n_xlogx; i++)
        t->xlogx[i] = i * kehu__log(i);
    t->rows.xlogx = t->xlogx;
    return KEHU_OK;
}

static void add_criterion(kehu__tree_grid *grid, kehu_tree_criterion criterion,
                          double penalty, bool fixed)
{
    const bool either = penalty == 0 && !fixed && criterion != KEHU_TREE_GINI;
    for (int with = 0; with <= either; with++) {
        grid->criteria[grid->n_criteria] = criterion;
        grid->cut_penalties[grid->n_criteria++] = penalty > 0 ? penalty : with ? 0.5 : 0;
    }
}

static kehu__tree_grid grid_of(const training *t, bool distilled)
{
    static const double leaf_weights[] = {2, 5, 10, 20, 40, 80};
    static const double shrinkages[] = {0, 2, 4, 6, 8, 12, 16, 24, 32, 48};
    const kehu_tree_options *o = &t->options;
    const bool fixed = o->n_folds == 1;
    /* An ensemble's probabilities are without the noise that few and large leaves,
     * charges for cuts and shrinkage guard against. */
    const uint32_t n_leaf_weights = distilled ? 4 : 6, n_shrinkages = distilled ? 3 : 10,
                   rows_a_leaf = distilled ? 16 : 64,
                   least_leaves = distilled ? 512 : 128;
    const double penalty = distilled && o->cut_penalty == 0 ? -1 : o->cut_penalty;
    kehu__tree_grid grid = {.max_depth = o->max_depth, .max_leaves = o->max_leaves};
    if (grid.max_leaves == 0) {
        grid.max_leaves = t->n_rows / rows_a_leaf;
        if (grid.max_leaves < least_leaves)
            grid.max_leaves = least_leaves;
        if (grid.max_leaves > 4096)
            grid.max_leaves = 4096;
    }
    for (int c = KEHU_TREE_ENTROPY; c <= KEHU_TREE_GAIN_RATIO; c++)
        if (o->criterion == KEHU_TREE_AUTO ? !fixed || c == KEHU_TREE_ENTROPY
                                           : (kehu_tree_criterion)c == o->criterion)
            add_criterion(&grid, (kehu_tree_criterion)c, penalty, fixed);
    if (o->min_leaf_weight > 0 || fixed)
        grid.leaf_weights[grid.n_leaf_weights++] =
            o->min_leaf_weight > 0 ? o->min_leaf_weight : 20;
    else
        while (grid.n_leaf_weights < n_leaf_weights) {
            grid.leaf_weights[grid.n_leaf_weights] = leaf_weights[grid.n_leaf_weights];
            grid.n_leaf_weights++;
        }
    if (o->shrinkage != 0 || fixed)
        grid.shrinkages[grid.n_shrinkages++] = o->shrinkage > 0   ? o->shrinkage
                                               : o->shrinkage < 0 ? 0
                                                                  : 4;
    else
        while (grid.n_shrinkages < n_shrinkages) {
            grid.shrinkages[grid.n_shrinkages] = shrinkages[grid.n_shrinkages];
            grid.n_shrinkages++;
        }
    return grid;
}

/* Keep what was grown in the tree. */
static kehu_status keep(training *t, const kehu__tree_grower *g,
                        const kehu__tree_rows *taught, const kehu__tree_choice *choice,
                        kehu_error *err)
{
    kehu_tree *tree = t->tree;
    const uint32_t K = tree->classes.n;
    KEHU_TRY(kehu__tree_alloc_nodes(tree, g->n_nodes, err));
    memcpy(tree->nodes, g->nodes, g->n_nodes * sizeof *g->nodes);
    for (size_t i = 0; i < (size_t)g->n_nodes * K; i++)
        tree->weights[i] = g->counts[i] * taught->weight_unit;
    kehu__tree_shrink(taught, g, g->n_nodes, choice->shrinkage, tree->probabilities);
    for (uint32_t i = 0; i < g->n_nodes; i++)
        kehu__tree_round(tree->probabilities + (size_t)i * K, K);
    tree->summary = (kehu_tree_info){.n_rows = t->n_rows,
                                     .criterion = choice->growth.criterion,
                                     .min_leaf_weight = choice->growth.min_leaf_weight,
                                     .shrinkage = choice->shrinkage,
                                     .cv_log_loss = choice->log_loss,
                                     .cut_penalty = choice->growth.cut_penalty};
    for (uint32_t k = 0; k < K; k++)
        tree->summary.weight += tree->weights[k];
    kehu__tree_finish(tree);
    return KEHU_OK;
}

static kehu_status grow_and_keep(training *t, kehu_error *err)
{
    const bool is_root = t->options.kind == KEHU_TREE_ENSEMBLE;
    const kehu__tree_grid grid = grid_of(t, false);
    kehu__tree_choice choice = {.growth = {.criterion = grid.criteria[0],
                                           .cut_penalty = grid.cut_penalties[0],
                                           .max_leaves = grid.max_leaves,
                                           .max_depth = grid.max_depth,
                                           .min_leaf_weight = grid.leaf_weights[0]},
                                .shrinkage = grid.shrinkages[0],
                                .log_loss = -1};
    kehu__tree_grower grower;
    kehu_status status;
    if (is_root)
        choice.growth.max_leaves = 1;
    else if (t->options.n_folds > 1)
        KEHU_TRY(kehu__tree_choose(&choice, &t->rows, NULL, &grid, t->fold,
                                   t->options.n_folds, t->n_repeats, &t->run, &t->alloc,
                                   err));
    status = kehu__progress(&t->run, 1, "growing", err);
    if (status != KEHU_OK)
        return status;
    status = kehu__tree_grower_init(&grower, &t->rows, choice.growth.max_leaves, &t->run,
                                    &t->alloc, err);
    if (status == KEHU_OK) {
        kehu__tree_grow(&grower, &t->rows, &choice.growth, NULL, 0);
        status = keep(t, &grower, &t->rows, &choice, err);
    }
    kehu__tree_grower_free(&grower);
    return status;
}

/* What the nodes weigh by the rows' own classes, not by those they were taught. */
static void weigh_nodes(training *t)
{
    kehu_tree *tree = t->tree;
    const uint32_t K = tree->classes.n;
    memset(tree->weights, 0, (size_t)tree->n_nodes * K * sizeof *tree->weights);
    for (uint32_t i = 0; i < t->n_rows; i++) {
        const uint8_t *codes = t->rows.by_row + (size_t)i * t->rows.stride;
        const double weight =
            (t->weights == NULL ? 1 : t->weights[i]) * t->rows.weight_unit;
        uint32_t at = 0;
        for (;;) {
            const kehu__tree_node *n = &tree->nodes[at];
            tree->weights[(size_t)at * K + t->labels[i]] += weight;
            if (n->feature < 0)
                break;
            at = n->left + !kehu__tree_goes_left(n, codes[n->feature]);
        }
    }
}

/* A tree taught by an ensemble instead of the plain one, where that is better. */
static kehu_status distill(training *t, kehu_error *err)
{
    const kehu__tree_grid grid = grid_of(t, true);
    kehu__distilled d = {0};
    kehu_status status = kehu__distill(
        &d, &t->rows, &grid, t->fold, t->options.n_folds, t->n_repeats, t->options.seed,
        t->tree->summary.cv_log_loss, &t->run, &t->alloc, err);
    if (status == KEHU_OK && d.grower.n_nodes > 0) {
        kehu__tree_free_nodes(t->tree);
        status = keep(t, &d.grower, &d.lessons.rows, &d.choice, err);
        if (status == KEHU_OK) {
            weigh_nodes(t);
            t->tree->summary.kind = KEHU_TREE_DISTILLED;
        }
    }
    kehu__distilled_free(&d);
    return status;
}

/* An ensemble beside, or instead of, the single tree. */
static kehu_status boost(training *t, kehu_error *err)
{
    kehu_tree *tree = t->tree;
    const double at_most =
        t->options.kind == KEHU_TREE_BEST ? tree->summary.cv_log_loss : -1;
    KEHU_TRY(kehu__ensemble_train(tree, &t->rows, t->fold, t->options.n_folds,
                                  t->options.seed, at_most, &t->run, err));
    if (tree->ensemble == NULL)
        return KEHU_OK;
    return kehu__ensemble_instead(tree, err);
}

/* What a call brings: columns, or bins of them. */
typedef struct given {
    const kehu_column *columns;
    uint32_t n_columns;
    const kehu_bins *bins;
    const kehu_column *target, *row_ids, *weights;
} given;

static kehu_status check_given(const given *g, kehu_error *err)
{
    const kehu_column *target = g->target;
    const uint32_t n = g->bins != NULL ? g->bins->n_features : g->n_columns;
    if (n == 0 || (g->bins == NULL && g->columns == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "there are no columns to learn from");
    KEHU_TRY(kehu__column_check(target, "the target", err));
    if (g->bins == NULL)
        KEHU_TRY(
            kehu__bins_check_columns(g->columns, n, target->length, "the target", err));
    else if (target->length != g->bins->codes.n_rows)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1, "the target has %lld rows, the bins have %lu",
            (long long)target->length, (unsigned long)g->bins->codes.n_rows);
    for (uint32_t f = 0; target->name != NULL && f < n; f++) {
        const char *name =
            g->bins != NULL ? g->bins->features[f].name : g->columns[f].name;
        if (strcmp(name, target->name) == 0)
            return kehu__fail(err, KEHU_DUPLICATE, f, "column %s is also the target",
                              name);
    }
    if (target->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows to learn from");
    if (target->length > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 2^31 - 1 are possible",
                          (long long)target->length);
    return KEHU_OK;
}

/* Bins of the rows of positive weight: of the columns, or out of the caller's. */
static kehu_status get_bins(training *t, const given *g, kehu_error *err)
{
    if (g->bins == NULL)
        KEHU_TRY(kehu__bins_fit(&t->own, g->columns, g->n_columns, t->use, t->n_rows,
                                &t->run, &t->alloc, err));
    else if (t->n_rows < t->n_given)
        KEHU_TRY(kehu__bins_take(&t->own, g->bins, t->use, t->n_rows, &t->alloc, err));
    t->bins = t->own != NULL ? t->own : g->bins;
    return KEHU_OK;
}

static kehu_status train(training *t, const given *g, kehu_error *err)
{
    KEHU_TRY(check_given(g, err));
    t->n_given = g->target->length;
    t->use = kehu__alloc(&t->alloc, (size_t)t->n_given, 1);
    t->tree = kehu__alloc_zero(&t->alloc, 1, sizeof *t->tree);
    if (t->tree != NULL)
        t->tree->alloc = t->alloc;
    if (t->use == NULL || t->tree == NULL)
        return kehu__no_memory(err, "the tree");
    KEHU_TRY(read_weights(t, g->weights, err));
    t->labels = kehu__alloc(&t->alloc, t->n_rows, 1);
    t->n_repeats = t->options.n_folds == 1 ? 1 : REPEATED_ROWS / t->n_rows;
    t->n_repeats = t->n_repeats < 1             ? 1
                   : t->n_repeats > MAX_REPEATS ? MAX_REPEATS
                                                : t->n_repeats;
    t->fold = kehu__alloc(&t->alloc, t->n_rows, t->n_repeats);
    if (t->labels == NULL || t->fold == NULL)
        return kehu__no_memory(err, "the tree");
    KEHU_TRY(kehu__tree_target_read(&t->tree->classes, t->labels, g->target,
                                    t->options.classes, t->use, &t->alloc, err));
    KEHU_TRY(check_classes(t, err));
    KEHU_TRY(read_folds(t, g->row_ids, err));
    KEHU_TRY(get_bins(t, g, err));
    KEHU_TRY(read_bins(t, err));
    KEHU_TRY(read_monotone(t, err));
    KEHU_TRY(prepare_xlogx(t, err));
    t->rows.n_rows = t->n_rows;
    t->rows.n_inputs = t->tree->n_features;
    t->rows.n_classes = t->tree->classes.n;
    t->rows.inputs = t->inputs;
    t->rows.labels = t->labels;
    t->rows.units = t->units;
    KEHU_TRY(grow_and_keep(t, err));
    if (t->options.kind == KEHU_TREE_DISTILLED)
        return distill(t, err);
    return t->options.kind == KEHU_TREE_SINGLE ? KEHU_OK : boost(t, err);
}

static void free_training(training *t)
{
    const kehu_allocator *a = &t->alloc;
    kehu__free(a, t->use, (size_t)t->n_given, 1);
    kehu__free(a, t->labels, t->n_rows, 1);
    kehu__free(a, t->fold, (size_t)t->n_rows * t->n_repeats, 1);
    kehu_bins_free(t->own);
    kehu__free(a, t->totals, t->rows.n_cells, sizeof *t->totals);
    kehu__free(a, t->weights, t->n_rows, sizeof *t->weights);
    if (t->tree != NULL) {
        kehu__free(a, t->inputs, t->tree->n_features, sizeof *t->inputs);
        kehu__free(a, t->offsets, t->tree->n_features, sizeof *t->offsets);
        kehu__free(a, t->units, t->tree->classes.n, sizeof *t->units);
    }
    kehu__free(a, t->xlogx, t->rows.n_xlogx, sizeof *t->xlogx);
}

static kehu_status train_given(kehu_tree **out, const given *g,
                               const kehu_tree_options *options, kehu_error *err)
{
    training t = {0};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&t.options, sizeof t.options, options, err));
    KEHU_TRY(check_options(&t.options, err));
    t.alloc = kehu__allocator(t.options.alloc);
    t.run = (kehu__run){t.options.n_threads, t.options.executor, t.options.progress};
    status = train(&t, g, err);
    free_training(&t);
    if (status == KEHU_OK)
        *out = t.tree;
    else
        kehu_tree_free(t.tree);
    return status;
}

kehu_status kehu_tree_train(kehu_tree **out, const kehu_column *columns,
                            uint32_t n_columns, const kehu_column *target,
                            const kehu_column *row_ids, const kehu_column *weights,
                            const kehu_tree_options *options, kehu_error *err)
{
    const given g = {.columns = columns,
                     .n_columns = n_columns,
                     .target = target,
                     .row_ids = row_ids,
                     .weights = weights};
    return train_given(out, &g, options, err);
}

kehu_status kehu_tree_train_bins(kehu_tree **out, const kehu_bins *bins,
                                 const kehu_column *target, const kehu_column *row_ids,
                                 const kehu_column *weights,
                                 const kehu_tree_options *options, kehu_error *err)
{
    const given g = {
        .bins = bins, .target = target, .row_ids = row_ids, .weights = weights};
    if (out != NULL)
        *out = NULL;
    if (bins == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bins is NULL");
    return train_given(out, &g, options, err);
}
