/* Scoring an ensemble: rows become codes once, then eight of them walk each tree in step,
 * without a branch. */
#include "learn/tree_ensemble.h"

#include <string.h>

#include "base/error.h"
#include "learn/tree_encode.h"

enum { TOGETHER = 8, ROWS_PER_TASK = 512 };

kehu_status kehu__ensemble_new(kehu_tree *tree, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    kehu__ensemble *e = kehu__alloc_zero(a, 1, sizeof *e);
    tree->ensemble = e;
    if (e != NULL) {
        e->trees.alloc = e->calibration.alloc = *a;
        e->calibration.method = KEHU_TREE_CALIBRATE_NONE;
        e->calibration.n_classes = tree->classes.n;
        e->level_weights = kehu__alloc_zero(
            a, (size_t)tree->classes.n * KEHU__TREE_LEVELS, sizeof *e->level_weights);
    }
    return e == NULL || e->level_weights == NULL ? kehu__no_memory(err, "the ensemble")
                                                 : KEHU_OK;
}

void kehu__ensemble_free(kehu_tree *tree)
{
    const kehu_allocator *a = &tree->alloc;
    kehu__ensemble *e = tree->ensemble;
    if (e == NULL)
        return;
    kehu__free(a, e->gates, e->trees.n_nodes, sizeof *e->gates);
    kehu__free(a, e->depths, e->trees.n_trees, sizeof *e->depths);
    kehu__free(a, e->level_weights, (size_t)tree->classes.n * KEHU__TREE_LEVELS,
               sizeof *e->level_weights);
    kehu__boosted_free(&e->trees);
    kehu__calibration_free(&e->calibration);
    kehu__free(a, e, 1, sizeof *e);
    tree->ensemble = NULL;
}

kehu_status kehu__ensemble_finish(kehu_tree *tree, kehu_error *err)
{
    kehu__ensemble *e = tree->ensemble;
    const kehu__boosted *b = &e->trees;
    e->gates = kehu__alloc(&tree->alloc, b->n_nodes, sizeof *e->gates);
    e->depths = kehu__alloc_zero(&tree->alloc, b->n_trees, sizeof *e->depths);
    if (e->gates == NULL || e->depths == NULL)
        return kehu__no_memory(err, "the ensemble");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const kehu__tree_node *n = &b->nodes[i];
        kehu__tree_gate *g = &e->gates[i];
        *g = (kehu__tree_gate){.left = i};
        if (n->feature < 0)
            memset(g->left_codes, 0xFF, sizeof g->left_codes);
        else {
            memcpy(g->left_codes, n->left_codes, sizeof g->left_codes);
            g->feature = (uint32_t)n->feature;
            g->left = n->left;
        }
    }
    for (uint32_t t = 0; t < b->n_trees; t++) {
        const uint32_t end = t + 1 < b->n_trees ? b->roots[t + 1] : b->n_nodes;
        for (uint32_t i = b->roots[t]; i < end; i++)
            if (b->nodes[i].depth > e->depths[t])
                e->depths[t] = b->nodes[i].depth;
    }
    return KEHU_OK;
}

void kehu__ensemble_summarize(kehu_tree *tree)
{
    const kehu__ensemble *e = tree->ensemble;
    kehu_tree_info *s = &tree->summary;
    *s = (kehu_tree_info){.n_rows = s->n_rows,
                          .weight = s->weight,
                          .n_leaves = 1,
                          .cv_log_loss = e->log_loss,
                          .kind = KEHU_TREE_ENSEMBLE,
                          .n_trees = e->trees.n_trees,
                          .calibration = e->calibration.method};
    for (uint32_t t = 0; t < e->trees.n_trees; t++)
        s->depth = e->depths[t] > s->depth ? e->depths[t] : s->depth;
}

kehu_status kehu__ensemble_instead(kehu_tree *tree, kehu_error *err)
{
    KEHU_TRY(kehu__tree_keep_root(tree, err));
    kehu__ensemble_summarize(tree);
    return KEHU_OK;
}

static inline uint32_t step(const kehu__tree_gate *gates, uint32_t at,
                            const uint8_t *codes)
{
    const kehu__tree_gate *g = &gates[at];
    const uint32_t code = codes[g->feature];
    return g->left + !(g->left_codes[code >> 6] >> (code & 63) & 1);
}

/* One tree's part of n <= TOGETHER rows' margins of one output. */
static inline void add_tree(const kehu__ensemble *e, uint32_t t, const uint8_t *codes,
                            size_t stride, uint32_t n, double *margins, size_t step_of)
{
    uint32_t at[TOGETHER];
    for (uint32_t j = 0; j < n; j++)
        at[j] = e->trees.roots[t];
    for (uint32_t d = 0; d < e->depths[t]; d++)
        for (uint32_t j = 0; j < n; j++)
            at[j] = step(e->gates, at[j], codes + j * stride);
    for (uint32_t j = 0; j < n; j++)
        margins[j * step_of] += e->trees.values[at[j]];
}

/* margins[n][n_outputs]: tree after tree over all rows, so that a tree stays in the
 * cache; each row's trees are added in their order. */
static void add_up(const kehu__ensemble *e, const uint8_t *codes, size_t stride,
                   uint32_t n, double *margins)
{
    const uint32_t O = e->trees.n_outputs;
    for (uint32_t i = 0; i < n; i++)
        memcpy(margins + (size_t)i * O, e->trees.start, O * sizeof *margins);
    for (uint32_t t = 0; t < e->trees.n_trees; t++) {
        uint32_t i = 0;
        double *m = margins + t % O;
        for (; i + TOGETHER <= n; i += TOGETHER)
            add_tree(e, t, codes + i * stride, stride, TOGETHER, m + (size_t)i * O, O);
        add_tree(e, t, codes + i * stride, stride, n - i, m + (size_t)i * O, O);
    }
}

void kehu__ensemble_answer(const kehu_tree *tree, const double *margins, double *p)
{
    kehu__boost_probabilities(margins, tree->classes.n, p);
    kehu__tree_round(p, tree->classes.n);
    kehu__calibration_apply(&tree->ensemble->calibration, p);
    kehu__tree_round(p, tree->classes.n);
}

void kehu__ensemble_score(const kehu_tree *tree, const uint8_t *codes, size_t stride,
                          int64_t n, bool calibrated, double *probabilities)
{
    const uint32_t O = tree->ensemble->trees.n_outputs, K = tree->classes.n;
    double margins[TOGETHER * KEHU__TREE_MAX_CLASSES];
    const uint32_t block = KEHU__TREE_MAX_CLASSES / O * TOGETHER;
    for (int64_t i = 0; i < n; i += block) {
        const uint32_t m = n - i < block ? (uint32_t)(n - i) : block;
        add_up(tree->ensemble, codes + (size_t)i * stride, stride, m, margins);
        for (uint32_t j = 0; j < m; j++) {
            double *p = probabilities + ((size_t)i + j) * K;
            if (calibrated)
                kehu__ensemble_answer(tree, margins + (size_t)j * O, p);
            else {
                kehu__boost_probabilities(margins + (size_t)j * O, K, p);
                kehu__tree_round(p, K);
            }
        }
    }
}

typedef struct scoring {
    const kehu_tree *tree;
    const uint8_t *codes;
    size_t stride;
    int64_t n_rows;
    bool calibrated;
    double *probabilities;
} scoring;

static void score_rows(void *arg, int64_t task)
{
    const scoring *s = arg;
    const int64_t from = task * ROWS_PER_TASK, left = s->n_rows - from;
    kehu__ensemble_score(s->tree, s->codes + (size_t)from * s->stride, s->stride,
                         left < ROWS_PER_TASK ? left : ROWS_PER_TASK, s->calibrated,
                         s->probabilities + (size_t)from * s->tree->classes.n);
}

kehu_status kehu__ensemble_score_columns(const kehu_tree *tree,
                                         const kehu__tree_source *sources, int64_t n_rows,
                                         bool calibrated, double *probabilities,
                                         const kehu__run *run, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    const uint32_t F = tree->n_features;
    const size_t n = (size_t)n_rows;
    if (n_rows == 0)
        return KEHU_OK;
    scoring s = {tree, NULL, F, n_rows, calibrated, probabilities};
    kehu_column *columns = kehu__alloc(a, F, sizeof *columns);
    uint8_t *by_column = kehu__alloc(a, n, F), *by_row = kehu__alloc(a, n, F),
            *use = kehu__alloc(a, n, 1);
    const kehu__tree_codes to = {(uint32_t)n, by_column, by_row, F};
    kehu_status status = KEHU_OK;
    if (n_rows > INT32_MAX)
        status =
            kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 2^31 - 1 are possible",
                       (long long)n_rows);
    else if (columns == NULL || by_column == NULL || by_row == NULL || use == NULL)
        status = kehu__no_memory(err, "scoring");
    if (status == KEHU_OK) {
        memset(use, 1, n);
        for (uint32_t f = 0; f < F; f++)
            columns[f] = *sources[f].column;
        status = kehu__tree_encode(&to, tree->features, F, columns, use, run, a, err);
    }
    if (status == KEHU_OK) {
        s.codes = by_row;
        kehu__parallel(run, (n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK, score_rows, &s);
    }
    kehu__free(a, columns, F, sizeof *columns);
    kehu__free(a, by_column, n, F);
    kehu__free(a, by_row, n, F);
    kehu__free(a, use, n, 1);
    return status;
}
