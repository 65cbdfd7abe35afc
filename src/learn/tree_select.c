#include "learn/tree_select.h"

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"

double kehu__tree_weight_scale(double sum, double largest)
{
    double scale = 0x1p20;
    while (sum * scale > 0x1p52 || largest * scale > 0x1p31)
        scale *= 0.5;
    return scale;
}

/* Twice the log-likelihood ratio of a node's split. */
static double evidence_of(const kehu__tree_rows *rows, const kehu__tree_grower *g,
                          uint32_t node)
{
    const uint32_t K = rows->n_classes, left = g->nodes[node].left;
    const double *counts = g->counts;
    return 2 * (kehu__tree_impurity(rows, KEHU_TREE_ENTROPY, counts + (size_t)node * K) -
                kehu__tree_impurity(rows, KEHU_TREE_ENTROPY, counts + (size_t)left * K) -
                kehu__tree_impurity(rows, KEHU_TREE_ENTROPY,
                                    counts + (size_t)(left + 1) * K));
}

static double weight_of(const kehu__tree_rows *rows, const double *counts)
{
    double n = 0;
    for (uint32_t k = 0; k < rows->n_classes; k++)
        n += counts[k] * rows->units[k];
    return n;
}

static void shrink_node(const kehu__tree_rows *rows, const double *counts,
                        const double *parent_counts, const double *parent, double trust,
                        double *p)
{
    const double n = weight_of(rows, counts), m = weight_of(rows, parent_counts);
    double sum = 0;
    for (uint32_t k = 0; k < rows->n_classes; k++) {
        const double share = counts[k] * rows->units[k] / n,
                     parent_share = parent_counts[k] * rows->units[k] / m;
        double v = parent[k] + (share - parent_share) * trust;
        v = v < 0 ? 0 : v > 1 ? 1 : v;
        p[k] = (n * v + parent[k]) / (n + 1);
        sum += p[k];
    }
    for (uint32_t k = 0; k < rows->n_classes; k++)
        p[k] /= sum;
}

/* How the split of a node orders its children's probabilities of the second class. */
static int8_t order_of(const kehu__tree_rows *rows, const kehu__tree_node *node)
{
    const kehu__tree_input *input = &rows->inputs[node->feature];
    return kehu__tree_parts_values(input, node->cut) ? input->monotone : 0;
}

static double second_class(const double *probabilities, size_t node)
{
    return probabilities[2 * node + 1];
}

/* Where the monotone splits above a node let its probability be: everything on one
 * side of such a split stays on its side of the middle between its two children. */
static void bounds_above(const kehu__tree_rows *rows, const kehu__tree_node *nodes,
                         size_t node, const double *probabilities, double *low,
                         double *high)
{
    *low = 0;
    *high = 1;
    for (; node != 0; node = nodes[node].parent) {
        const kehu__tree_node *parent = &nodes[nodes[node].parent];
        const int8_t order = order_of(rows, parent);
        const double middle = 0.5 * (second_class(probabilities, parent->left) +
                                     second_class(probabilities, parent->left + 1));
        if (order == 0)
            continue;
        if ((order > 0) == (node == parent->left))
            *high = middle < *high ? middle : *high;
        else
            *low = middle > *low ? middle : *low;
    }
}

/* Put a split's children in their order and within the bounds from above. */
static void keep_monotone(const kehu__tree_rows *rows, const kehu__tree_node *nodes,
                          size_t left, double *probabilities)
{
    const size_t parent = nodes[left].parent;
    const int8_t order = order_of(rows, &nodes[parent]);
    double low, high, p[2];
    bounds_above(rows, nodes, parent, probabilities, &low, &high);
    for (size_t i = 0; i < 2; i++) {
        p[i] = second_class(probabilities, left + i);
        p[i] = p[i] < low ? low : p[i] > high ? high : p[i];
    }
    if ((order > 0 && p[0] > p[1]) || (order < 0 && p[0] < p[1]))
        p[0] = p[1] = 0.5 * (p[0] + p[1]);
    for (size_t i = 0; i < 2; i++) {
        probabilities[2 * (left + i)] = 1 - p[i];
        probabilities[2 * (left + i) + 1] = p[i];
    }
}

void kehu__tree_shrink(const kehu__tree_rows *rows, const kehu__tree_grower *g,
                       uint32_t n_nodes, double shrinkage, double *probabilities)
{
    const uint32_t K = rows->n_classes;
    const double n = weight_of(rows, g->counts);
    for (uint32_t k = 0; k < K; k++)
        probabilities[k] = (g->counts[k] * rows->units[k] + 1.0 / K) / (n + 1);
    for (uint32_t left = 1; left < n_nodes; left += 2) {
        const size_t parent = g->nodes[left].parent;
        const double evidence = evidence_of(rows, g, (uint32_t)parent);
        const double trust = evidence > shrinkage ? 1 - shrinkage / evidence : 0;
        for (size_t child = left; child < left + 2; child++)
            shrink_node(rows, g->counts + child * K, g->counts + parent * K,
                        probabilities + parent * K, trust, probabilities + child * K);
        if (rows->any_monotone)
            keep_monotone(rows, g->nodes, left, probabilities);
    }
}

/* One worker's memory, and one fold's answer for each shrinkage and number of
 * splits. */
typedef struct worker {
    kehu__tree_grower grower;
    double *probabilities, *held_out; /* [max_nodes][n_classes] */
} worker;

typedef struct crossing {
    const kehu__tree_rows *rows;
    const kehu__tree_lessons *lessons; /* NULL = the rows teach themselves */
    const kehu__tree_grid *grid;
    const uint8_t *fold;
    uint32_t n_folds, n_parts, n_trials, n_workers, max_leaves;
    worker *workers;
    double *loss; /* [n_trials of a wave][n_parts][n_shrinkages][max_leaves] */
    uint32_t first_trial, n_jobs;
    atomic_uint next_job;
} crossing;

/* Class weights of the held-out rows that pass through each node. */
static void pass_held_out(const crossing *x, worker *w, const uint8_t *folds,
                          uint8_t fold)
{
    const kehu__tree_rows *rows = x->rows;
    const uint32_t K = rows->n_classes;
    const kehu__tree_node *nodes = w->grower.nodes;
    memset(w->held_out, 0, (size_t)w->grower.n_nodes * K * sizeof *w->held_out);
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        const double weight = rows->weights == NULL ? 1 : rows->weights[i];
        const uint8_t *codes = rows->by_row + (size_t)i * rows->stride;
        uint32_t at = 0;
        if (folds[i] != fold)
            continue;
        for (;;) {
            w->held_out[(size_t)at * K + rows->labels[i]] += weight;
            if (nodes[at].feature < 0)
                break;
            at = nodes[at].left +
                 !kehu__tree_goes_left(&nodes[at], codes[nodes[at].feature]);
        }
    }
}

/* Log-loss of what passes through a node if it were a leaf. */
static double node_loss(const crossing *x, const worker *w, uint32_t node)
{
    const uint32_t K = x->rows->n_classes;
    const double *held = w->held_out + (size_t)node * K,
                 *p = w->probabilities + (size_t)node * K;
    double loss = 0;
    for (uint32_t k = 0; k < K; k++)
        if (held[k] > 0)
            loss -= held[k] * x->rows->units[k] * kehu__log(p[k]);
    return loss;
}

/* loss[s] = held-out log-loss of the tree of s splits. */
static void prefix_losses(const crossing *x, const worker *w, double *loss)
{
    const kehu__tree_grower *g = &w->grower;
    uint32_t s = 0;
    loss[0] = node_loss(x, w, 0);
    for (uint32_t left = 1; left < g->n_nodes; left += 2, s++)
        loss[s + 1] = loss[s] + node_loss(x, w, left) + node_loss(x, w, left + 1) -
                      node_loss(x, w, g->nodes[left].parent);
    for (s++; s < x->max_leaves; s++)
        loss[s] = loss[s - 1];
}

static kehu__tree_growth growth_of(const crossing *x, uint32_t trial)
{
    const kehu__tree_grid *grid = x->grid;
    return (kehu__tree_growth){
        .criterion = grid->criteria[trial / grid->n_leaf_weights],
        .cut_penalty = grid->cut_penalties[trial / grid->n_leaf_weights],
        .min_leaf_weight = grid->leaf_weights[trial % grid->n_leaf_weights],
        .max_leaves = x->max_leaves,
        .max_depth = grid->max_depth};
}

static void do_jobs(void *arg, int64_t i)
{
    crossing *x = arg;
    worker *w = &x->workers[i];
    for (;;) {
        const uint32_t job = atomic_fetch_add(&x->next_job, 1);
        const uint32_t part = job % x->n_parts;
        const uint8_t fold = (uint8_t)(part % x->n_folds),
                      *folds = x->fold + (size_t)(part / x->n_folds) * x->rows->n_rows;
        kehu__tree_rows taught = *x->rows;
        const uint8_t *taught_folds = folds;
        kehu__tree_growth how;
        if (job >= x->n_jobs)
            return;
        if (x->lessons != NULL) {
            taught = x->lessons->rows;
            taught.weights = x->lessons->weights[part];
            taught_folds = x->lessons->fold + (size_t)(part / x->n_folds) * taught.n_rows;
        }
        how = growth_of(x, x->first_trial + job / x->n_parts);
        kehu__tree_grow(&w->grower, &taught, &how, taught_folds, fold);
        pass_held_out(x, w, folds, fold);
        for (uint32_t s = 0; s < x->grid->n_shrinkages; s++) {
            kehu__tree_shrink(&taught, &w->grower, w->grower.n_nodes,
                              x->grid->shrinkages[s], w->probabilities);
            prefix_losses(x, w,
                          x->loss +
                              ((size_t)job * x->grid->n_shrinkages + s) * x->max_leaves);
        }
    }
}

/* Sum each combination over the folds, in order, and remember the best. */
static void take_best(const crossing *x, uint32_t n_trials, kehu__tree_choice *choice,
                      double *best)
{
    const uint32_t S = x->grid->n_shrinkages, L = x->max_leaves;
    for (uint32_t t = 0; t < n_trials; t++)
        for (uint32_t s = 0; s < S; s++)
            for (uint32_t q = 0; q < L; q++) {
                double sum = 0;
                for (uint32_t f = 0; f < x->n_parts; f++)
                    sum += x->loss[(((size_t)t * x->n_parts + f) * S + s) * L + q];
                if (choice->log_loss < 0 || sum < *best) {
                    *best = choice->log_loss = sum;
                    choice->growth = growth_of(x, x->first_trial + t);
                    choice->growth.max_leaves = q + 1;
                    choice->shrinkage = x->grid->shrinkages[s];
                }
            }
}

static kehu_status alloc_workers(crossing *x, const kehu_allocator *alloc,
                                 kehu_error *err)
{
    const uint32_t K = x->rows->n_classes;
    x->workers = kehu__alloc_zero(alloc, x->n_workers, sizeof *x->workers);
    if (x->workers == NULL)
        return kehu__no_memory(err, "cross-validation");
    for (uint32_t i = 0; i < x->n_workers; i++) {
        worker *w = &x->workers[i];
        KEHU_TRY(kehu__tree_grower_init(&w->grower,
                                        x->lessons == NULL ? x->rows : &x->lessons->rows,
                                        x->max_leaves, NULL, alloc, err));
        w->probabilities = kehu__alloc(alloc, kehu__times(w->grower.max_nodes, K),
                                       sizeof *w->probabilities);
        w->held_out =
            kehu__alloc(alloc, kehu__times(w->grower.max_nodes, K), sizeof *w->held_out);
        if (w->probabilities == NULL || w->held_out == NULL)
            return kehu__no_memory(err, "cross-validation");
    }
    return KEHU_OK;
}

static void free_workers(crossing *x, const kehu_allocator *alloc)
{
    for (uint32_t i = 0; x->workers != NULL && i < x->n_workers; i++) {
        worker *w = &x->workers[i];
        const size_t cells = (size_t)w->grower.max_nodes * x->rows->n_classes;
        kehu__free(alloc, w->probabilities, cells, sizeof *w->probabilities);
        kehu__free(alloc, w->held_out, cells, sizeof *w->held_out);
        if (w->grower.alloc.resize != NULL)
            kehu__tree_grower_free(&w->grower);
    }
    kehu__free(alloc, x->workers, x->n_workers, sizeof *x->workers);
}

kehu_status kehu__tree_choose(kehu__tree_choice *choice, const kehu__tree_rows *rows,
                              const kehu__tree_lessons *lessons,
                              const kehu__tree_grid *grid, const uint8_t *fold,
                              uint32_t n_folds, uint32_t n_repeats, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err)
{
    /* Trials between two looks at the progress callback. */
    enum { WAVE = 3 };
    crossing x = {.rows = rows,
                  .lessons = lessons,
                  .grid = grid,
                  .fold = fold,
                  .n_folds = n_folds,
                  .n_parts = n_folds * n_repeats,
                  .n_trials = grid->n_criteria * grid->n_leaf_weights,
                  .max_leaves =
                      grid->max_leaves < rows->n_rows ? grid->max_leaves : rows->n_rows};
    const size_t loss_size =
        (size_t)WAVE * n_folds * n_repeats * grid->n_shrinkages * x.max_leaves;
    double best = 0, weight = 0;
    kehu_status status;
    *choice = (kehu__tree_choice){.log_loss = -1};
    x.n_workers = kehu__run_threads(run);
    if (x.n_workers > WAVE * x.n_parts)
        x.n_workers = WAVE * x.n_parts;
    status = alloc_workers(&x, alloc, err);
    if (status != KEHU_OK)
        goto done;
    x.loss = kehu__alloc(alloc, loss_size, sizeof *x.loss);
    if (x.loss == NULL) {
        status = kehu__no_memory(err, "cross-validation");
        goto done;
    }
    for (; x.first_trial < x.n_trials; x.first_trial += WAVE) {
        const uint32_t left = x.n_trials - x.first_trial, n = left < WAVE ? left : WAVE;
        status = kehu__progress(run, (double)x.first_trial / x.n_trials,
                                "cross-validation", err);
        if (status != KEHU_OK)
            goto done;
        x.n_jobs = n * x.n_parts;
        atomic_store(&x.next_job, 0);
        kehu__parallel(run, x.n_workers, do_jobs, &x);
        take_best(&x, n, choice, &best);
    }
    for (uint32_t i = 0; i < rows->n_rows; i++)
        weight +=
            (rows->weights == NULL ? 1 : rows->weights[i]) * rows->units[rows->labels[i]];
    choice->log_loss = best / weight / n_repeats;

done:
    kehu__free(alloc, x.loss, loss_size, sizeof *x.loss);
    free_workers(&x, alloc);
    return status;
}
