/* Scoring an ensemble: rows become codes once, then blocks of them go through tree after
 * tree (tree_lanes); single rows walk, eight in step, without a branch, or eight trees of
 * one. */
#include "learn/tree_ensemble.h"

#include <string.h>

#include "base/error.h"
#include "learn/tree_encode.h"
#include "learn/tree_lanes.h"

enum { TOGETHER = 8, TASKS_AT_ONCE = 32 };

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
    if (e->lanes != NULL)
        kehu__lanes_free(e->lanes);
    kehu__free(a, e->lanes, 1, sizeof *e->lanes);
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
    e->lanes = kehu__alloc_zero(&tree->alloc, 1, sizeof *e->lanes);
    if (e->gates == NULL || e->depths == NULL || e->lanes == NULL)
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
            if (!kehu__tree_is_text(&tree->features[g->feature]) &&
                n->flags & KEHU__TREE_MISSING_LEFT)
                g->left_codes[KEHU__LANE_MISSING >> 6] |= UINT64_C(1)
                                                          << (KEHU__LANE_MISSING & 63);
        }
    }
    for (uint32_t t = 0; t < b->n_trees; t++) {
        const uint32_t end = t + 1 < b->n_trees ? b->roots[t + 1] : b->n_nodes;
        for (uint32_t i = b->roots[t]; i < end; i++)
            if (b->nodes[i].depth > e->depths[t])
                e->depths[t] = b->nodes[i].depth;
    }
    return kehu__lanes_make(e->lanes, tree, err);
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

/* What m <= TOGETHER trees from t on say of one row, added in their order. */
static inline void add_trees(const kehu__ensemble *e, uint32_t t, uint32_t m,
                             const uint8_t *codes, double *margins)
{
    uint32_t at[TOGETHER], depth = 0;
    for (uint32_t j = 0; j < m; j++) {
        at[j] = e->trees.roots[t + j];
        depth = e->depths[t + j] > depth ? e->depths[t + j] : depth;
    }
    for (uint32_t d = 0; d < depth; d++)
        for (uint32_t j = 0; j < m; j++)
            at[j] = step(e->gates, at[j], codes);
    for (uint32_t j = 0; j < m; j++)
        margins[(t + j) % e->trees.n_outputs] += e->trees.values[at[j]];
}

static void add_up_row(const kehu__ensemble *e, const uint8_t *codes, double *margins)
{
    const uint32_t n = e->trees.n_trees;
    uint32_t t = 0;
    memcpy(margins, e->trees.start, e->trees.n_outputs * sizeof *margins);
    for (; n - t >= TOGETHER; t += TOGETHER)
        add_trees(e, t, TOGETHER, codes, margins);
    add_trees(e, t, n - t, codes, margins);
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

static void say(const kehu_tree *tree, const double *margins, bool calibrated, double *p)
{
    if (calibrated)
        kehu__ensemble_answer(tree, margins, p);
    else {
        kehu__boost_probabilities(margins, tree->classes.n, p);
        kehu__tree_round(p, tree->classes.n);
    }
}

void kehu__ensemble_score(const kehu_tree *tree, const uint8_t *codes, size_t stride,
                          int64_t n, bool calibrated, double *probabilities)
{
    const uint32_t O = tree->ensemble->trees.n_outputs, K = tree->classes.n;
    double margins[TOGETHER * KEHU__TREE_MAX_CLASSES];
    const uint32_t block = KEHU__TREE_MAX_CLASSES / O * TOGETHER;
    for (int64_t i = 0; i < n; i += block) {
        const uint32_t m = n - i < block ? (uint32_t)(n - i) : block;
        if (m == 1)
            add_up_row(tree->ensemble, codes + (size_t)i * stride, margins);
        else
            add_up(tree->ensemble, codes + (size_t)i * stride, stride, m, margins);
        for (uint32_t j = 0; j < m; j++) {
            double *p = probabilities + ((size_t)i + j) * K;
            say(tree, margins + (size_t)j * O, calibrated, p);
        }
    }
}

typedef struct scoring {
    const kehu_tree *tree;
    const kehu_column *columns; /* [n_features] */
    const kehu__tree_coder *coders;
    int64_t from, n_rows;
    bool calibrated;
    double *probabilities;
    uint8_t *work; /* [TASKS_AT_ONCE][work_size] codes and margins */
    size_t codes_size, work_size;
} scoring;

static void score_block(void *arg, int64_t task)
{
    const scoring *s = arg;
    const kehu_tree *tree = s->tree;
    const kehu__lanes *lanes = tree->ensemble->lanes;
    const uint32_t O = tree->ensemble->trees.n_outputs;
    const int64_t from = s->from + task * KEHU__LANE_ROWS, left = s->n_rows - from;
    const uint32_t n = left < KEHU__LANE_ROWS ? (uint32_t)left : KEHU__LANE_ROWS;
    const uint32_t n_idle = (KEHU__LANE_ROWS - n) % KEHU__LANE_WIDTH; /* lanes behind n */
    uint8_t *codes = s->work + (size_t)task * s->work_size;
    double *margins = (double *)(void *)(codes + s->codes_size);
    for (uint32_t k = 0; k < lanes->n_asked; k++) {
        const uint32_t f = lanes->asked[k];
        kehu__tree_code_rows(s->coders, tree->features, s->columns, f, from, n,
                             KEHU__LANE_MISSING, codes + (size_t)k * KEHU__LANE_ROWS);
        memset(codes + (size_t)k * KEHU__LANE_ROWS + n, 0, n_idle);
    }
    kehu__lanes_add_up(lanes, tree, codes, n, margins);
    for (uint32_t i = 0; i < n; i++) {
        double m[KEHU__TREE_MAX_CLASSES];
        for (uint32_t o = 0; o < O; o++)
            m[o] = margins[(size_t)o * KEHU__LANE_ROWS + i];
        say(tree, m, s->calibrated,
            s->probabilities + ((size_t)from + i) * tree->classes.n);
    }
}

kehu_status kehu__ensemble_score_columns(const kehu_tree *tree,
                                         const kehu__tree_source *sources, int64_t n_rows,
                                         bool calibrated, double *probabilities,
                                         const kehu__run *run, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    const kehu__lanes *lanes = tree->ensemble->lanes;
    const uint32_t F = tree->n_features;
    const int64_t n_blocks = (n_rows + KEHU__LANE_ROWS - 1) / KEHU__LANE_ROWS;
    const size_t at_once = n_blocks < TASKS_AT_ONCE ? (size_t)n_blocks : TASKS_AT_ONCE;
    kehu__tree_coder *coders = NULL;
    scoring s = {.tree = tree,
                 .n_rows = n_rows,
                 .calibrated = calibrated,
                 .probabilities = probabilities};
    kehu_column *columns = kehu__alloc(a, F, sizeof *columns);
    kehu_status status = KEHU_OK;
    s.codes_size = (size_t)lanes->n_asked * KEHU__LANE_ROWS;
    s.work_size = s.codes_size + (size_t)tree->ensemble->trees.n_outputs *
                                     KEHU__LANE_ROWS * sizeof(double);
    s.work = kehu__alloc(a, at_once, s.work_size);
    if (columns == NULL || (s.work == NULL && n_rows > 0))
        status = kehu__no_memory(err, "scoring");
    for (uint32_t f = 0; f < F && status == KEHU_OK; f++)
        columns[f] = *sources[f].column;
    if (status == KEHU_OK)
        status = kehu__tree_coders_open(&coders, tree->features, F, columns, a, err);
    s.columns = columns;
    s.coders = coders;
    for (int64_t b = 0; b < n_blocks && status == KEHU_OK; b += TASKS_AT_ONCE) {
        s.from = b * KEHU__LANE_ROWS;
        kehu__parallel(run, n_blocks - b < TASKS_AT_ONCE ? n_blocks - b : TASKS_AT_ONCE,
                       score_block, &s);
    }
    kehu__tree_coders_close(coders, F, columns, a);
    kehu__free(a, columns, F, sizeof *columns);
    kehu__free(a, s.work, at_once, s.work_size);
    return status;
}
