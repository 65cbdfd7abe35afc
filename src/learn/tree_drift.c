/* Population stability index: sum of (now - then) log(now / then) over groups of
 * values, the inputs' and the scores'. Groups are of some size and shares never
 * zero, or a handful of rows would sound the alarm. */
#include <kehu/tree.h>

#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "learn/tree_ensemble.h"

enum { GROUPS = 10, LEVELS = KEHU__TREE_LEVELS };

/* Index over n groups: then[], now[] are weights of any sum. Half a row is put into
 * every group on both sides. */
static double stability(const double *then, const double *now, uint32_t n)
{
    double sum_then = 0.5 * n, sum_now = 0.5 * n, psi = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum_then += then[i];
        sum_now += now[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        const double a = (then[i] + 0.5) / sum_then, b = (now[i] + 0.5) / sum_now;
        psi += (b - a) * kehu__log(b / a);
    }
    return psi;
}

/* Group of each code: numbers by tenths of the training weight, categories that
 * had a hundredth of it or more alone and the others together, missing apart. */
static uint32_t group_codes(const kehu__tree_feature *f, uint8_t *group)
{
    const uint32_t missing = kehu__tree_missing_code(f);
    double total = 0, within = 0;
    uint32_t n = 0;
    for (uint32_t code = 0; code < missing; code++)
        total += f->code_weight[code];
    if (kehu__tree_is_text(f)) {
        for (uint32_t code = 0; code < missing; code++)
            group[code] =
                (uint8_t)(code < f->n_levels && f->code_weight[code] >= 0.01 * total ? ++n
                                                                                     : 0);
        n++;
    } else {
        for (uint32_t code = 0; code < missing; code++) {
            group[code] = (uint8_t)n;
            within += f->code_weight[code];
            if (within >= total / GROUPS && code + 1 < missing) {
                within = 0;
                n++;
            }
        }
        n++;
    }
    group[missing] = (uint8_t)n;
    return n + 1;
}

typedef struct drifting {
    const kehu_tree *tree;
    const kehu__tree_source *sources;
    int64_t n_rows;
    double *features;
} drifting;

static void drift_of_feature(void *arg, int64_t f)
{
    const drifting *d = arg;
    const kehu__tree_feature *feature = &d->tree->features[f];
    const kehu__tree_source *s = &d->sources[f];
    uint8_t group[256];
    double then[256] = {0}, now[256] = {0};
    const uint32_t n = group_codes(feature, group);
    for (uint32_t code = 0; code < feature->n_codes; code++)
        then[group[code]] += feature->code_weight[code];
    for (int64_t i = 0; i < d->n_rows; i++)
        now[group[kehu__tree_code(feature, s->column, s->dictionary_codes, i)]]++;
    d->features[f] = stability(then, now, n);
}

static double leaf_weight(const kehu_tree *tree, uint32_t node)
{
    double sum = 0;
    for (uint32_t k = 0; k < tree->classes.n; k++)
        sum += tree->weights[(size_t)node * tree->classes.n + k];
    return sum;
}

/* Per class over the five levels; over all leaves. reached[n_nodes] = rows now. */
static void drift_of_scores(const kehu_tree *tree, const double *reached, double *levels)
{
    const uint32_t K = tree->classes.n;
    for (uint32_t k = 0; k < K; k++) {
        double then[LEVELS] = {0}, now[LEVELS] = {0};
        for (uint32_t i = 0; i < tree->n_nodes; i++)
            if (tree->nodes[i].feature < 0) {
                const uint32_t l =
                    kehu__tree_level_of(tree->probabilities[(size_t)i * K + k]);
                then[l] += leaf_weight(tree, i);
                now[l] += reached[i];
            }
        levels[k] = stability(then, now, LEVELS);
    }
}

static kehu_status drift_of_ensemble(const drifting *d, double *levels, kehu_error *err)
{
    const kehu_tree *tree = d->tree;
    const kehu__run run = {0};
    const uint32_t K = tree->classes.n;
    const size_t cells = (size_t)d->n_rows * K;
    double *p = kehu__alloc(&tree->alloc, cells, sizeof *p);
    kehu_status status = p == NULL ? kehu__no_memory(err, "drift")
                                   : kehu__ensemble_score_columns(
                                         tree, d->sources, d->n_rows, true, p, &run, err);
    for (uint32_t k = 0; k < K && status == KEHU_OK; k++) {
        double now[LEVELS] = {0};
        for (int64_t i = 0; i < d->n_rows; i++)
            now[kehu__tree_level_of(p[(size_t)i * K + k])]++;
        levels[k] =
            stability(tree->ensemble->level_weights + (size_t)k * LEVELS, now, LEVELS);
    }
    kehu__free(&tree->alloc, p, cells, sizeof *p);
    return status;
}

kehu_status kehu_tree_drift(const kehu_tree *tree, const kehu_column *columns,
                            uint32_t n_columns, double *features, double *levels,
                            kehu_error *err)
{
    kehu__tree_source *sources;
    drifting d = {.tree = tree, .features = features};
    const kehu__run run = {0};
    double *reached;
    kehu_status status = KEHU_OK;
    if (tree == NULL || features == NULL || levels == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree, features or levels is NULL");
    KEHU_TRY(kehu__tree_sources_open(&sources, &d.n_rows, tree, columns, n_columns, err));
    d.sources = sources;
    reached = kehu__alloc_zero(&tree->alloc, tree->n_nodes, sizeof *reached);
    if (reached == NULL)
        status = kehu__no_memory(err, "drift");
    else if (d.n_rows == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1, "there are no rows to compare");
    if (status == KEHU_OK) {
        kehu__parallel(&run, tree->n_features, drift_of_feature, &d);
    }
    if (status == KEHU_OK && tree->ensemble != NULL)
        status = drift_of_ensemble(&d, levels, err);
    else if (status == KEHU_OK) {
        for (int64_t i = 0; i < d.n_rows; i++)
            reached[kehu__tree_walk(tree, sources, i)]++;
        drift_of_scores(tree, reached, levels);
    }
    kehu__free(&tree->alloc, reached, tree->n_nodes, sizeof *reached);
    kehu__tree_sources_close(sources, tree);
    return status;
}
