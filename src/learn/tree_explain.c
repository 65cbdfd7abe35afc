/* Why a row has its score, and which columns matter. */
#include <kehu/tree.h>

#include <string.h>

#include "base/error.h"
#include "learn/tree_condition.h"
#include "learn/tree_ensemble.h"

/* The row has nothing in this column that training knew a way for by value. */
static bool has_no_value(const kehu_tree *tree, const kehu__tree_source *s,
                         uint32_t feature, int64_t row)
{
    const kehu__tree_feature *f = &tree->features[feature];
    const uint32_t code = kehu__tree_code(f, s->column, s->dictionary_codes, row);
    return code == kehu__tree_missing_code(f) ||
           (kehu__tree_is_text(f) && code == f->n_levels && f->code_weight[code] <= 0);
}

static kehu_status explain(const kehu_tree *tree, const kehu__tree_source *sources,
                           int64_t row, uint32_t k, kehu_tree_step *steps,
                           uint32_t capacity, uint32_t *n_steps, kehu_error *err)
{
    const uint32_t K = tree->classes.n;
    uint32_t at = 0, n = 0;
    while (tree->nodes[at].feature >= 0) {
        const uint32_t feature = (uint32_t)tree->nodes[at].feature,
                       next = kehu__tree_step(tree, sources, at, row);
        const double before = tree->probabilities[(size_t)at * K + k],
                     after = tree->probabilities[(size_t)next * K + k];
        if (n == capacity)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "capacity is %u, the path is longer", (unsigned)capacity);
        steps[n++] = (kehu_tree_step){
            .node = at,
            .feature = feature,
            .went_left = next == tree->nodes[at].left,
            .was_missing = has_no_value(tree, &sources[feature], feature, row),
            .probability = after,
            .change = after - before};
        at = next;
    }
    *n_steps = n;
    return KEHU_OK;
}

kehu_status kehu_tree_explain(const kehu_tree *tree, const kehu_column *columns,
                              uint32_t n_columns, int64_t row, uint32_t class_number,
                              kehu_tree_step *steps, uint32_t capacity, uint32_t *n_steps,
                              double *base, kehu_error *err)
{
    kehu__tree_source *sources;
    kehu_status status;
    int64_t n_rows = 0;
    if (tree == NULL || n_steps == NULL || base == NULL ||
        (steps == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree, steps, n_steps or base is NULL");
    if (class_number >= tree->classes.n)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "class_number is %u, expected 0 to %u",
                          (unsigned)class_number, (unsigned)tree->classes.n - 1);
    KEHU_TRY(kehu__tree_sources_open(&sources, &n_rows, tree, columns, n_columns, err));
    if (row < 0 || row >= n_rows)
        status = kehu__fail(err, KEHU_ARGUMENT, -1, "row is %lld of %lld rows",
                            (long long)row, (long long)n_rows);
    else if (tree->ensemble != NULL)
        status = kehu__ensemble_explain(tree, sources, row, class_number, steps, capacity,
                                        n_steps, base, err);
    else
        status = explain(tree, sources, row, class_number, steps, capacity, n_steps, err);
    kehu__tree_sources_close(sources, tree);
    if (status == KEHU_OK && tree->ensemble == NULL)
        *base = tree->probabilities[class_number];
    return status;
}

static bool is_split(const kehu_tree *tree, uint32_t node)
{
    const kehu__tree_node *nodes = tree->nodes;
    uint32_t n = tree->n_nodes;
    if (tree->ensemble != NULL) {
        nodes = tree->ensemble->trees.nodes;
        n = tree->ensemble->trees.n_nodes;
    }
    return node < n && nodes[node].feature >= 0;
}

kehu_status kehu_tree_step_text(const kehu_tree *tree, const kehu_tree_step *step,
                                char *text, size_t capacity, size_t *needed,
                                kehu_error *err)
{
    kehu__buffer words;
    size_t n;
    if (tree == NULL || step == NULL || (text == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree, step or text is NULL");
    if (!is_split(tree, step->node))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "node %u is not a split",
                          (unsigned)step->node);
    words = kehu__buffer_new(&tree->alloc);
    kehu__tree_condition_words(&words, tree, step->node, step->went_left != 0);
    if (words.failed) {
        kehu__buffer_free(&words);
        return kehu__no_memory(err, "a condition's text");
    }
    n = words.size;
    if (needed != NULL)
        *needed = n;
    if (capacity > 0) {
        if (n > capacity - 1)
            for (n = capacity - 1;
                 n > 0 && ((unsigned char)words.bytes[n] & 0xC0) == 0x80;)
                n--;
        memcpy(text, words.bytes, n);
        text[n] = '\0';
    }
    kehu__buffer_free(&words);
    return KEHU_OK;
}

void kehu_tree_importance(const kehu_tree *tree, double *importance)
{
    double sum = 0;
    for (uint32_t f = 0; f < tree->n_features; f++)
        importance[f] = 0;
    const kehu__tree_node *nodes =
        tree->ensemble == NULL ? tree->nodes : tree->ensemble->trees.nodes;
    const uint32_t n =
        tree->ensemble == NULL ? tree->n_nodes : tree->ensemble->trees.n_nodes;
    for (uint32_t i = 0; i < n; i++)
        if (nodes[i].feature >= 0) {
            importance[nodes[i].feature] += nodes[i].gain;
            sum += nodes[i].gain;
        }
    for (uint32_t f = 0; sum > 0 && f < tree->n_features; f++)
        importance[f] /= sum;
}
