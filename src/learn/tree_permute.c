/* Permutation importance: what a column's values are worth where they stand. Rows are
 * coded once; a shuffle then only asks the nodes, not the columns. */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/random.h"
#include "base/thread.h"
#include "learn/tree_ensemble.h"
#include "learn/tree_target.h"

enum { MAX_REPEATS = 1000 };

typedef struct permuting {
    const kehu_tree *tree;
    const kehu__tree_source *sources;
    const kehu_tree_permute_options *options;
    size_t n_given, n; /* rows, and those of them with a class */
    int32_t *labels;   /* [n_given] */
    uint32_t *rows;    /* [n] */
    uint8_t *codes;    /* [features][n] */
    uint8_t *dealt;    /* [features][n] the same, shuffled */
    double loss, *importance, *spread;
} permuting;

static bool is_asked(const kehu_tree *tree, int64_t f)
{
    const kehu__tree_node *nodes =
        tree->ensemble == NULL ? tree->nodes : tree->ensemble->trees.nodes;
    const uint32_t n =
        tree->ensemble == NULL ? tree->n_nodes : tree->ensemble->trees.n_nodes;
    for (uint32_t i = 0; i < n; i++)
        if (nodes[i].feature == f)
            return true;
    return false;
}

static double ensemble_loss(const permuting *p, int64_t f)
{
    double loss = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint8_t codes[KEHU__TREE_MAX_FEATURES];
        double q[KEHU__TREE_MAX_CLASSES];
        for (uint32_t g = 0; g < p->tree->n_features; g++)
            codes[g] = (g == f ? p->dealt : p->codes)[(size_t)g * p->n + i];
        kehu__ensemble_score(p->tree, codes, 0, 1, true, q);
        loss -= kehu__log(q[p->labels[p->rows[i]]]);
    }
    return loss / (double)p->n;
}

/* Mean log-loss with feature f's values as dealt; with all their own when f is -1. */
static double loss_of(const permuting *p, int64_t f)
{
    const kehu_tree *tree = p->tree;
    double loss = 0;
    if (tree->ensemble != NULL)
        return ensemble_loss(p, f);
    for (size_t i = 0; i < p->n; i++) {
        uint32_t at = 0;
        while (tree->nodes[at].feature >= 0) {
            const int32_t g = tree->nodes[at].feature;
            const uint8_t *codes = g == f ? p->dealt : p->codes;
            at = kehu__tree_step_code(tree, at, codes[(size_t)g * p->n + i]);
        }
        loss -= kehu__log(tree->probabilities[(size_t)at * tree->classes.n +
                                              (size_t)p->labels[p->rows[i]]]);
    }
    return loss / (double)p->n;
}

static void deal(uint8_t *codes, size_t n, kehu__random *random)
{
    for (size_t i = n; i > 1; i--) {
        const uint32_t j = kehu__random_below(random, (uint32_t)i);
        const uint8_t code = codes[i - 1];
        codes[i - 1] = codes[j];
        codes[j] = code;
    }
}

static void code_feature(void *arg, int64_t f)
{
    const permuting *p = arg;
    const kehu__tree_source *s = &p->sources[f];
    uint8_t *codes = p->codes + (size_t)f * p->n;
    for (size_t i = 0; i < p->n; i++)
        codes[i] = (uint8_t)kehu__tree_code(&p->tree->features[f], s->column,
                                            s->dictionary_codes, p->rows[i]);
}

static void permute_feature(void *arg, int64_t f)
{
    const permuting *p = arg;
    const uint32_t n_repeats = p->options->n_repeats;
    uint8_t *dealt = p->dealt + (size_t)f * p->n;
    double sum = 0, squares = 0, variance = 0;
    if (is_asked(p->tree, f)) {
        memcpy(dealt, p->codes + (size_t)f * p->n, p->n);
        for (uint32_t r = 0; r < n_repeats; r++) {
            kehu__random random =
                kehu__random_seed(p->options->seed ^ kehu__mix64((uint64_t)f << 32 | r));
            double rise;
            deal(dealt, p->n, &random);
            rise = loss_of(p, f) - p->loss;
            sum += rise;
            squares += rise * rise;
        }
        if (n_repeats > 1)
            variance = (squares - sum * sum / n_repeats) / (n_repeats - 1);
    }
    p->importance[f] = sum / n_repeats;
    if (p->spread != NULL)
        p->spread[f] = sqrt(variance > 0 ? variance : 0);
}

static kehu_status permute(permuting *p, const kehu_column *target, kehu_error *err)
{
    const kehu_allocator *a = &p->tree->alloc;
    const uint32_t F = p->tree->n_features;
    const kehu__run run = {.n_threads = p->options->n_threads,
                           .executor = p->options->executor};
    p->labels = kehu__alloc(a, p->n_given, sizeof *p->labels);
    p->rows = kehu__alloc(a, p->n_given, sizeof *p->rows);
    if (p->labels == NULL || p->rows == NULL)
        return kehu__no_memory(err, "the rows' classes");
    KEHU_TRY(kehu__tree_outcomes_read(p->labels, &p->tree->classes, target, err));
    for (size_t i = 0; i < p->n_given; i++)
        if (p->labels[i] >= 0)
            p->rows[p->n++] = (uint32_t)i;
    if (p->n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no row has a class");
    p->codes = kehu__alloc(a, F, p->n);
    p->dealt = kehu__alloc(a, F, p->n);
    if (p->codes == NULL || p->dealt == NULL)
        return kehu__no_memory(err, "the binned columns");
    kehu__parallel(&run, F, code_feature, p);
    p->loss = loss_of(p, -1);
    kehu__parallel(&run, F, permute_feature, p);
    return KEHU_OK;
}

kehu_status kehu_tree_permute(const kehu_tree *tree, const kehu_column *columns,
                              uint32_t n_columns, const kehu_column *target,
                              const kehu_tree_permute_options *options,
                              double *importance, double *spread, kehu_error *err)
{
    kehu_tree_permute_options opt = {0};
    permuting p = {
        .tree = tree, .options = &opt, .importance = importance, .spread = spread};
    kehu__tree_source *sources;
    int64_t n_rows = 0;
    kehu_status status;
    if (tree == NULL || importance == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree or importance is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.n_repeats == 0)
        opt.n_repeats = 5;
    if (opt.n_repeats > MAX_REPEATS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_repeats is %u, expected 1 to %d",
                          (unsigned)opt.n_repeats, MAX_REPEATS);
    KEHU_TRY(kehu__tree_sources_open(&sources, &n_rows, tree, columns, n_columns, err));
    p.sources = sources;
    p.n_given = (size_t)n_rows;
    status = kehu__tree_outcomes_check(target, n_rows, err);
    if (status == KEHU_OK)
        status = permute(&p, target, err);
    kehu__free(&tree->alloc, p.labels, p.n_given, sizeof *p.labels);
    kehu__free(&tree->alloc, p.rows, p.n_given, sizeof *p.rows);
    kehu__free(&tree->alloc, p.codes, tree->n_features, p.n);
    kehu__free(&tree->alloc, p.dealt, tree->n_features, p.n);
    kehu__tree_sources_close(sources, tree);
    return status;
}
