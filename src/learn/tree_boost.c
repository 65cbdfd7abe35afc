#include "learn/tree_boost.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "base/random.h"
#include "learn/tree_boost_grow.h"

enum { PATIENCE = 50 };

kehu_status kehu__boosted_init(kehu__boosted *b, uint32_t n_outputs, uint32_t n_trees,
                               uint32_t n_nodes, const kehu_allocator *alloc,
                               kehu_error *err)
{
    *b = (kehu__boosted){.alloc = *alloc,
                         .n_outputs = n_outputs,
                         .tree_capacity = n_trees,
                         .node_capacity = n_nodes};
    b->roots = kehu__alloc(alloc, n_trees, sizeof *b->roots);
    b->nodes = kehu__alloc_zero(alloc, n_nodes, sizeof *b->nodes);
    b->values = kehu__alloc(alloc, n_nodes, sizeof *b->values);
    b->start = kehu__alloc_zero(alloc, n_outputs, sizeof *b->start);
    return b->roots == NULL || b->nodes == NULL || b->values == NULL || b->start == NULL
               ? kehu__no_memory(err, "the ensemble")
               : KEHU_OK;
}

void kehu__boosted_free(kehu__boosted *b)
{
    kehu__free(&b->alloc, b->roots, b->tree_capacity, sizeof *b->roots);
    kehu__free(&b->alloc, b->nodes, b->node_capacity, sizeof *b->nodes);
    kehu__free(&b->alloc, b->values, b->node_capacity, sizeof *b->values);
    kehu__free(&b->alloc, b->start, b->n_outputs, sizeof *b->start);
    *b = (kehu__boosted){.alloc = b->alloc};
}

void kehu__boost_probabilities(const double *margins, uint32_t n_classes, double *p)
{
    double most = margins[0], sum = 0;
    if (n_classes == 2) {
        p[1] = kehu__logistic(margins[0]);
        p[0] = kehu__logistic(-margins[0]);
        return;
    }
    for (uint32_t k = 1; k < n_classes; k++)
        most = margins[k] > most ? margins[k] : most;
    for (uint32_t k = 0; k < n_classes; k++)
        sum += p[k] = kehu__exp(margins[k] - most);
    for (uint32_t k = 0; k < n_classes; k++)
        p[k] /= sum;
}

/* What one boosting works with. */
typedef struct boosting {
    const kehu__tree_rows *rows;
    const kehu__boosting *how;
    const uint8_t *fold;
    int32_t skip;
    double *margins;
    double *weight;             /* [n_rows] of mean 1 over the rows learned from */
    double scale;               /* of the fixed-point gradients */
    kehu__boost_row *gradients; /* [n_outputs][n_rows] */
    uint32_t *drawn;            /* [n_rows] the rows of this round, then the others */
    uint32_t n_drawn;
    kehu__boost_grower grower;
} boosting;

static bool is_held(const boosting *x, uint32_t i)
{
    return x->fold != NULL && x->fold[i] == x->skip;
}

static double row_weight(const kehu__tree_rows *rows, uint32_t i)
{
    return (rows->weights == NULL ? 1 : rows->weights[i]) * rows->units[rows->labels[i]];
}

/* Weights of mean 1, and the log-odds that all rows start from. */
static void start(boosting *x, kehu__boosted *b)
{
    const kehu__tree_rows *rows = x->rows;
    const uint32_t K = rows->n_classes, O = b->n_outputs;
    double seen[KEHU__TREE_MAX_CLASSES], sum = 0, most = 0, n = 0;
    for (uint32_t k = 0; k < K; k++)
        seen[k] = 1.0 / K;
    for (uint32_t i = 0; i < rows->n_rows; i++)
        if (!is_held(x, i)) {
            const double w = row_weight(rows, i);
            sum += w;
            n++;
        }
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        x->weight[i] = row_weight(rows, i) * (n / sum);
        if (!is_held(x, i)) {
            seen[rows->labels[i]] += x->weight[i];
            most = x->weight[i] > most ? x->weight[i] : most;
        }
    }
    x->scale = most > 0x1p8 ? 0x1p28 / most : 0x1p20;
    for (uint32_t o = 0; o < O; o++)
        b->start[o] = O == 1 ? kehu__log(seen[1] / seen[0]) : kehu__log(seen[o] / n);
    for (uint32_t i = 0; i < rows->n_rows; i++)
        memcpy(x->margins + (size_t)i * O, b->start, O * sizeof *b->start);
}

/* floor(x + 0.5), without a call. */
static int32_t rounded(double x)
{
    const int32_t k = (int32_t)(x + 0.5);
    return k - (k > x + 0.5);
}

/* Gradient and curvature of the log-loss in a row's margins, of the drawn rows. */
static void find_gradients(boosting *x, uint32_t n_outputs)
{
    const kehu__tree_rows *rows = x->rows;
    const uint32_t K = rows->n_classes;
    for (uint32_t at = 0; at < x->n_drawn; at++) {
        const uint32_t i = x->drawn[at];
        const double *m = x->margins + (size_t)i * n_outputs;
        double p[KEHU__TREE_MAX_CLASSES];
        if (n_outputs == 1)
            p[0] = kehu__logistic(m[0]);
        else
            kehu__boost_probabilities(m, K, p);
        for (uint32_t o = 0; o < n_outputs; o++) {
            const bool is_it = rows->labels[i] == (n_outputs == 1 ? 1 : o);
            const double g = p[o] - is_it;
            double h = p[o] * (1 - p[o]);
            h = n_outputs == 1 ? h : h * K / (K - 1);
            h = h > 1e-6 ? h : 1e-6;
            x->gradients[(size_t)o * rows->n_rows + i] =
                (kehu__boost_row){rounded(g * x->weight[i] * x->scale),
                                  rounded(h * x->weight[i] * x->scale)};
        }
    }
}

/* Rows of one round: each with the same chance, by a hash of its number. */
static void draw_rows(boosting *x, uint32_t round)
{
    const uint64_t seed = kehu__mix64(x->how->seed ^ kehu__mix64(round + 1));
    const uint64_t limit = (uint64_t)(x->how->row_share * 0x1p32);
    uint32_t end = x->rows->n_rows;
    x->n_drawn = 0;
    for (uint32_t i = 0; i < x->rows->n_rows; i++)
        if (!is_held(x, i) && kehu__mix64(seed ^ i) >> 32 < limit)
            x->drawn[x->n_drawn++] = i;
        else
            x->drawn[--end] = i;
}

/* Add the newest tree to the margins: its grower knows the leaves of the drawn rows. */
static void add_tree(const boosting *x, const kehu__boosted *b, uint32_t output)
{
    const kehu__tree_rows *rows = x->rows;
    kehu__boost_add(&x->grower, b, x->margins + output);
    for (uint32_t j = x->n_drawn; j < rows->n_rows; j++) {
        const uint32_t i = x->drawn[j];
        const uint8_t *codes = rows->by_row + (size_t)i * rows->stride;
        uint32_t at = b->roots[b->n_trees - 1];
        while (b->nodes[at].feature >= 0)
            at = b->nodes[at].left +
                 !kehu__tree_goes_left(&b->nodes[at], codes[b->nodes[at].feature]);
        x->margins[(size_t)i * b->n_outputs + output] += b->values[at];
    }
}

static double held_out_loss(const boosting *x, uint32_t n_outputs)
{
    const kehu__tree_rows *rows = x->rows;
    double loss = 0, weight = 0, p[KEHU__TREE_MAX_CLASSES];
    for (uint32_t i = 0; i < rows->n_rows; i++)
        if (is_held(x, i)) {
            const double w = row_weight(rows, i);
            kehu__boost_probabilities(x->margins + (size_t)i * n_outputs, rows->n_classes,
                                      p);
            loss -=
                w * kehu__log(p[rows->labels[i]] > 1e-300 ? p[rows->labels[i]] : 1e-300);
            weight += w;
        }
    return weight > 0 ? loss / weight : 0;
}

/* Tells how far it is where it runs in the teller's thread. */
static kehu_status look(kehu__boost_watch *watch, double done, kehu_error *err)
{
    kehu_status status;
    if (atomic_load(&watch->stopped))
        return KEHU_CANCELLED;
    if (kehu__this_thread() != watch->teller)
        return KEHU_OK;
    status =
        kehu__progress(watch->run, watch->from + watch->share * done, watch->stage, err);
    if (status != KEHU_OK)
        atomic_store(&watch->stopped, true);
    return status;
}

static kehu_status boost(boosting *x, kehu__boosted *b, double *losses, uint32_t *done,
                         kehu__boost_watch *watch, kehu_error *err)
{
    const uint32_t O = b->n_outputs;
    uint32_t best = 0;
    start(x, b);
    for (uint32_t round = 0; round < x->how->n_rounds; round++) {
        if (watch != NULL && round % 8 == 0)
            KEHU_TRY(look(watch, (double)round / x->how->n_rounds, err));
        draw_rows(x, round);
        find_gradients(x, O);
        for (uint32_t o = 0; o < O; o++) {
            kehu__boost_grow(&x->grower, b, x->rows, x->how,
                             x->gradients + (size_t)o * x->rows->n_rows, x->scale,
                             x->drawn, x->n_drawn, kehu__mix64(round * 256 + o));
            add_tree(x, b, o);
        }
        *done = round + 1;
        if (losses == NULL)
            continue;
        losses[round] = held_out_loss(x, O);
        if (losses[round] < losses[best])
            best = round;
        if (round - best >= PATIENCE)
            break;
    }
    return KEHU_OK;
}

kehu_status kehu__boost(kehu__boosted *b, const kehu__tree_rows *rows,
                        const kehu__boosting *how, const uint8_t *fold, int32_t skip,
                        double *margins, double *losses, uint32_t *done,
                        kehu__boost_watch *watch, const kehu_allocator *alloc,
                        kehu_error *err)
{
    const uint32_t O = kehu__boost_outputs(rows->n_classes), n = rows->n_rows;
    boosting x = {
        .rows = rows, .how = how, .fold = fold, .skip = skip, .margins = margins};
    kehu_status status =
        kehu__boosted_init(b, O, how->n_rounds * O,
                           how->n_rounds * O * (2 * how->max_leaves - 1), alloc, err);
    x.weight = kehu__alloc(alloc, n, sizeof *x.weight);
    x.gradients = kehu__alloc_zero(alloc, kehu__times(n, O), sizeof *x.gradients);
    x.drawn = kehu__alloc(alloc, n, sizeof *x.drawn);
    if (status == KEHU_OK && (x.weight == NULL || x.gradients == NULL || x.drawn == NULL))
        status = kehu__no_memory(err, "boosting");
    if (status == KEHU_OK)
        status = kehu__boost_grower_init(&x.grower, rows, how->max_leaves, alloc, err);
    if (status == KEHU_OK)
        status = boost(&x, b, losses, done, watch, err);
    kehu__boost_grower_free(&x.grower);
    kehu__free(alloc, x.weight, n, sizeof *x.weight);
    kehu__free(alloc, x.gradients, kehu__times(n, O), sizeof *x.gradients);
    kehu__free(alloc, x.drawn, n, sizeof *x.drawn);
    return status;
}

/* ---- cross-validation ---- */

enum { MAX_ROUNDS = 1000 };

typedef struct crossing {
    const kehu__tree_rows *rows;
    const kehu__boosting *how;
    const uint8_t *fold;
    const kehu_allocator *alloc;
    double *margins; /* [n_folds][n_rows][n_outputs] */
    double *losses;  /* [n_folds][MAX_ROUNDS]; NULL for the second pass */
    uint32_t *done;  /* [n_folds] */
    kehu_status *statuses;
    kehu__boost_watch *watch;
} crossing;

static void boost_fold(void *arg, int64_t f)
{
    const crossing *x = arg;
    const size_t cells =
        (size_t)x->rows->n_rows * kehu__boost_outputs(x->rows->n_classes);
    kehu__boosted b;
    x->done[f] = 0;
    x->statuses[f] = kehu__boost(&b, x->rows, x->how, x->fold, (int32_t)f,
                                 x->margins + (size_t)f * cells,
                                 x->losses == NULL ? NULL : x->losses + f * MAX_ROUNDS,
                                 &x->done[f], x->watch, x->alloc, NULL);
    kehu__boosted_free(&b);
}

/* Part `part` of n_parts in which all folds are boosted. */
static kehu_status boost_folds(const crossing *x, uint32_t n_folds, size_t part,
                               size_t n_parts, const kehu__run *run, kehu_error *err)
{
    kehu__boost_watch watch = {.run = run,
                               .stage = "cross-validation of ensembles",
                               .from = (double)part / (double)n_parts,
                               .share = 1.0 / (double)n_parts,
                               .teller = kehu__this_thread()};
    crossing copy = *x;
    copy.watch = &watch;
    atomic_init(&watch.stopped, false);
    KEHU_TRY(kehu__progress(run, watch.from, watch.stage, err));
    kehu__parallel(run, n_folds, boost_fold, &copy);
    if (atomic_load(&watch.stopped))
        return kehu__fail(err, KEHU_CANCELLED, -1, "stopped by the caller during %s",
                          watch.stage);
    for (uint32_t f = 0; f < n_folds; f++)
        if (x->statuses[f] != KEHU_OK)
            return kehu__no_memory(err, "boosting");
    return KEHU_OK;
}

kehu_status kehu__boost_folds(double *margins, const kehu__tree_rows *rows,
                              const kehu__boosting *how, const uint8_t *fold,
                              uint32_t n_folds, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err)
{
    crossing x = {
        .rows = rows, .how = how, .fold = fold, .alloc = alloc, .margins = margins};
    kehu_status status;
    x.done = kehu__alloc(alloc, n_folds, sizeof *x.done);
    x.statuses = kehu__alloc(alloc, n_folds, sizeof *x.statuses);
    status = x.done == NULL || x.statuses == NULL
                 ? kehu__no_memory(err, "boosting")
                 : boost_folds(&x, n_folds, 0, 1, run, err);
    kehu__free(alloc, x.done, n_folds, sizeof *x.done);
    kehu__free(alloc, x.statuses, n_folds, sizeof *x.statuses);
    return status;
}

/* The number of rounds of least loss, folds weighted by their rows. */
static uint32_t best_rounds(const crossing *x, uint32_t n_folds, double *loss)
{
    double weights[32] = {0}, sum = 0;
    uint32_t best = 0, end = MAX_ROUNDS;
    for (uint32_t i = 0; i < x->rows->n_rows; i++) {
        weights[x->fold[i]] += row_weight(x->rows, i);
        sum += row_weight(x->rows, i);
    }
    for (uint32_t f = 0; f < n_folds; f++)
        end = x->done[f] < end ? x->done[f] : end;
    for (uint32_t r = 0; r < end; r++) {
        double at = 0;
        for (uint32_t f = 0; f < n_folds; f++)
            at += x->losses[(size_t)f * MAX_ROUNDS + r] * weights[f] / sum;
        if (r == 0 || at < *loss) {
            *loss = at;
            best = r + 1;
        }
    }
    return best;
}

static void take_held_out(const crossing *x, double *margins)
{
    const uint32_t O = kehu__boost_outputs(x->rows->n_classes), n = x->rows->n_rows;
    for (uint32_t i = 0; i < n; i++)
        memcpy(margins + (size_t)i * O, x->margins + ((size_t)x->fold[i] * n + i) * O,
               O * sizeof *margins);
}

kehu_status kehu__boost_choose(kehu__boost_choice *choice, const kehu__tree_rows *rows,
                               uint64_t seed, const uint8_t *fold, uint32_t n_folds,
                               double *margins, const kehu__run *run,
                               const kehu_allocator *alloc, kehu_error *err)
{
    static const struct {
        uint32_t leaves;
        double min_hessian;
    } grid[] = {{4, 1}, {8, 1}, {16, 1}, {31, .3}};
    const size_t n_grid = sizeof grid / sizeof *grid;
    const uint32_t O = kehu__boost_outputs(rows->n_classes);
    const size_t cells = (size_t)n_folds * rows->n_rows * O;
    const uint32_t most = KEHU__BOOST_MAX_TREES / O;
    kehu__boosting how = {.n_rounds = most < MAX_ROUNDS ? most : MAX_ROUNDS,
                          .max_depth = 12,
                          .rate = 0.04,
                          .l2 = 1,
                          .row_share = 0.8,
                          .column_share = 0.4,
                          .seed = seed};
    crossing x = {.rows = rows, .how = &how, .fold = fold, .alloc = alloc};
    kehu_status status = KEHU_OK;
    x.margins = kehu__alloc(alloc, cells, sizeof *x.margins);
    x.losses = kehu__alloc(alloc, (size_t)n_folds * MAX_ROUNDS, sizeof *x.losses);
    x.done = kehu__alloc(alloc, n_folds, sizeof *x.done);
    x.statuses = kehu__alloc(alloc, n_folds, sizeof *x.statuses);
    double *const losses = x.losses;
    *choice = (kehu__boost_choice){.log_loss = -1};
    if (x.margins == NULL || x.losses == NULL || x.done == NULL || x.statuses == NULL)
        status = kehu__no_memory(err, "boosting");
    for (size_t g = 0; g < n_grid && status == KEHU_OK; g++) {
        double loss = 0;
        uint32_t rounds;
        how.max_leaves = grid[g].leaves;
        how.min_hessian = grid[g].min_hessian;
        status = boost_folds(&x, n_folds, g, n_grid + 1, run, err);
        if (status != KEHU_OK)
            break;
        rounds = best_rounds(&x, n_folds, &loss);
        if (choice->log_loss < 0 || loss < choice->log_loss) {
            choice->log_loss = loss;
            choice->how = how;
            choice->how.n_rounds = rounds;
        }
    }
    if (status == KEHU_OK && margins != NULL) { /* once more, to the chosen round */
        x.how = &choice->how;
        x.losses = NULL;
        status = boost_folds(&x, n_folds, n_grid, n_grid + 1, run, err);
        if (status == KEHU_OK)
            take_held_out(&x, margins);
    }
    kehu__free(alloc, x.margins, cells, sizeof *x.margins);
    kehu__free(alloc, losses, (size_t)n_folds * MAX_ROUNDS, sizeof *losses);
    kehu__free(alloc, x.done, n_folds, sizeof *x.done);
    kehu__free(alloc, x.statuses, n_folds, sizeof *x.statuses);
    return status;
}
