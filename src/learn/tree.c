/* The tree handle itself: its parts, their names and their end. */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/tree_ensemble.h"

kehu_status kehu__tree_names_alloc(kehu__tree_names *names, uint32_t n, size_t size,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    *names = (kehu__tree_names){.n = n};
    names->starts = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *names->starts);
    if (names->starts != NULL)
        names->bytes = kehu__alloc(alloc, size, 1);
    if (names->bytes == NULL) {
        kehu__free(alloc, names->starts, (size_t)n + 1, sizeof *names->starts);
        *names = (kehu__tree_names){0};
        return kehu__no_memory(err, "names");
    }
    names->starts[n] = (uint32_t)size;
    return KEHU_OK;
}

void kehu__tree_names_free(kehu__tree_names *names, const kehu_allocator *alloc)
{
    if (names->starts != NULL)
        kehu__free(alloc, names->bytes, names->starts[names->n], 1);
    kehu__free(alloc, names->starts, (size_t)names->n + 1, sizeof *names->starts);
    *names = (kehu__tree_names){0};
}

kehu_status kehu__tree_alloc_nodes(kehu_tree *tree, uint32_t n_nodes, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    const size_t cells = (size_t)n_nodes * tree->classes.n;
    tree->n_nodes = n_nodes;
    tree->nodes = kehu__alloc_zero(a, n_nodes, sizeof *tree->nodes);
    tree->thresholds = kehu__alloc_zero(a, n_nodes, sizeof *tree->thresholds);
    tree->weights = kehu__alloc_zero(a, cells, sizeof *tree->weights);
    tree->probabilities = kehu__alloc_zero(a, cells, sizeof *tree->probabilities);
    tree->leaves = kehu__alloc_zero(a, n_nodes, sizeof *tree->leaves);
    if (tree->nodes == NULL || tree->thresholds == NULL || tree->weights == NULL ||
        tree->probabilities == NULL || tree->leaves == NULL)
        return kehu__no_memory(err, "the tree");
    return KEHU_OK;
}

void kehu__tree_free_nodes(kehu_tree *tree)
{
    const kehu_allocator *a = &tree->alloc;
    const size_t cells = (size_t)tree->n_nodes * tree->classes.n;
    kehu__free(a, tree->nodes, tree->n_nodes, sizeof *tree->nodes);
    kehu__free(a, tree->thresholds, tree->n_nodes, sizeof *tree->thresholds);
    kehu__free(a, tree->weights, cells, sizeof *tree->weights);
    kehu__free(a, tree->probabilities, cells, sizeof *tree->probabilities);
    kehu__free(a, tree->leaves, tree->n_nodes, sizeof *tree->leaves);
}

kehu_status kehu__tree_keep_root(kehu_tree *tree, kehu_error *err)
{
    const size_t size = tree->classes.n * sizeof(double);
    double weights[KEHU__TREE_MAX_CLASSES], probabilities[KEHU__TREE_MAX_CLASSES];
    memcpy(weights, tree->weights, size);
    memcpy(probabilities, tree->probabilities, size);
    kehu__tree_free_nodes(tree);
    KEHU_TRY(kehu__tree_alloc_nodes(tree, 1, err));
    tree->nodes[0].feature = -1;
    memcpy(tree->weights, weights, size);
    memcpy(tree->probabilities, probabilities, size);
    kehu__tree_finish(tree);
    return KEHU_OK;
}

kehu_status kehu__tree_needs_single(const kehu_tree *tree, const char *what,
                                    kehu_error *err)
{
    if (tree->ensemble == NULL)
        return KEHU_OK;
    return kehu__fail(err, KEHU_ARGUMENT, -1, "an ensemble of %u trees has no %s",
                      (unsigned)tree->summary.n_trees, what);
}

const kehu__tree_node *kehu__tree_node_at(const kehu_tree *tree, uint32_t node,
                                          double *threshold)
{
    const kehu__tree_node *n;
    const kehu__tree_feature *f;
    if (tree->ensemble == NULL) {
        *threshold = tree->thresholds[node];
        return &tree->nodes[node];
    }
    n = &tree->ensemble->trees.nodes[node];
    f = &tree->features[n->feature];
    *threshold = kehu__tree_is_text(f) ? 0
                 : n->cut < f->n_edges ? f->edges[n->cut]
                                       : (double)NAN;
    return n;
}

void kehu_tree_free(kehu_tree *tree)
{
    if (tree == NULL)
        return;
    const kehu_allocator a = tree->alloc;
    kehu__ensemble_free(tree);
    if (tree->features != NULL)
        for (uint32_t f = 0; f < tree->n_features; f++)
            kehu__tree_feature_free(&tree->features[f], &a);
    kehu__free(&a, tree->features, tree->n_features, sizeof *tree->features);
    kehu__tree_free_nodes(tree);
    kehu__tree_names_free(&tree->classes, &a);
    kehu__free(&a, tree, 1, sizeof *tree);
}

void kehu__tree_finish(kehu_tree *tree)
{
    uint32_t n_leaves = 0, depth = 0;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const kehu__tree_node *n = &tree->nodes[i];
        if (n->depth > depth)
            depth = n->depth;
        if (n->feature < 0)
            tree->leaves[i] = n_leaves++;
        else if (!kehu__tree_is_text(&tree->features[n->feature])) {
            const kehu__tree_feature *f = &tree->features[n->feature];
            tree->thresholds[i] = n->cut < f->n_edges ? f->edges[n->cut] : (double)NAN;
        }
    }
    tree->summary.n_leaves = n_leaves;
    tree->summary.depth = depth;
    tree->summary.kind = KEHU_TREE_SINGLE;
    tree->summary.n_trees = 1;
    tree->summary.calibration = KEHU_TREE_CALIBRATE_NONE;
}

void kehu__tree_round(double *probabilities, uint32_t n_classes)
{
    double sum = 0;
    uint32_t largest = 0;
    for (uint32_t k = 0; k < n_classes; k++) {
        double p = floor(probabilities[k] * KEHU__TREE_ONE + 0.5);
        if (!(p >= 1))
            p = 1;
        probabilities[k] = p;
        sum += p;
        if (p > probabilities[largest])
            largest = k;
    }
    probabilities[largest] += KEHU__TREE_ONE - sum;
    for (uint32_t k = 0; k < n_classes; k++)
        probabilities[k] /= KEHU__TREE_ONE;
}

static int64_t find_column(const kehu_column *columns, uint32_t n_columns,
                           const char *name, uint32_t from)
{
    for (uint32_t i = from; i < n_columns; i++)
        if (columns[i].name != NULL && strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

static const char *const kind_names[] = {"numbers", "booleans", "dates (DATE32)",
                                         "times (TIMESTAMP)", "text"};

/* Nothing but missing values: they are missing whatever their type. */
static bool is_void(const kehu_column *c)
{
    for (int64_t i = 0; i < c->length; i++)
        if (kehu__column_valid(c, i))
            return false;
    return true;
}

kehu_status kehu__tree_match(const kehu_tree *tree, const kehu_column *columns,
                             uint32_t n_columns, const kehu_column **given,
                             int64_t *n_rows, kehu_error *err)
{
    if (columns == NULL && n_columns > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL");
    for (uint32_t f = 0; f < tree->n_features; f++) {
        const kehu__tree_feature *feature = &tree->features[f];
        const int64_t at = find_column(columns, n_columns, feature->name, 0);
        if (at < 0)
            return kehu__fail(err, KEHU_COLUMN, -1, "column %s is missing",
                              feature->name);
        if (find_column(columns, n_columns, feature->name, (uint32_t)at + 1) >= 0)
            return kehu__fail(err, KEHU_COLUMN, -1, "column %s is there twice",
                              feature->name);
        KEHU_TRY(kehu__column_check(&columns[at], feature->name, err));
        if (!kehu__tree_kinds_agree(
                feature->kind, kehu__tree_kind_of(kehu__column_kind(&columns[at]))) &&
            !is_void(&columns[at]))
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "column %s is %s, the tree was trained on %s",
                              feature->name, kehu__type_name(columns[at].type),
                              kind_names[feature->kind]);
        if (f > 0 && columns[at].length != *n_rows)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "column %s has %lld rows, column %s has %lld",
                              feature->name, (long long)columns[at].length,
                              tree->features[0].name, (long long)*n_rows);
        *n_rows = columns[at].length;
        given[f] = &columns[at];
    }
    return KEHU_OK;
}

uint32_t kehu_tree_class_count(const kehu_tree *tree)
{
    return tree->classes.n;
}

const char *kehu_tree_class_name(const kehu_tree *tree, uint32_t i)
{
    return kehu__tree_name(&tree->classes, i);
}

uint32_t kehu_tree_feature_count(const kehu_tree *tree)
{
    return tree->n_features;
}

const char *kehu_tree_feature_name(const kehu_tree *tree, uint32_t i)
{
    return tree->features[i].name;
}

uint32_t kehu_tree_leaf_count(const kehu_tree *tree)
{
    return tree->summary.n_leaves;
}

void kehu_tree_get_info(const kehu_tree *tree, kehu_tree_info *summary)
{
    *summary = tree->summary;
}
