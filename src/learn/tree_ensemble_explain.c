/* Why an ensemble says what it says: every split on a row's paths moves the log-odds from
 * its node's value to its child's (Saabas 2014). The moves of each column are summed, and
 * the columns are applied one after the other, the weightiest first, so that the changes
 * of probability add up to the score. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/tree_ensemble.h"

/* One column's part in a row. */
typedef struct part {
    uint32_t feature, node; /* the split that moved class k most, for its words */
    double weight;          /* how far it moved class k against the others */
    double most;            /* of that split */
    bool is_asked;
} part;

typedef struct explaining {
    const kehu_tree *tree;
    uint8_t *codes; /* [features] */
    part *parts;    /* [features] */
    double *moves;  /* [features][n_outputs] */
} explaining;

static int by_weight(const void *a, const void *b, void *ctx)
{
    const part *x = a, *y = b;
    const double p = fabs(x->weight), q = fabs(y->weight);
    (void)ctx;
    return p != q ? (p < q) - (p > q)
                  : (x->feature > y->feature) - (x->feature < y->feature);
}

/* How a move of one output counts for class k: with two outputs or more the others'
 * moves count against it, in equal parts. */
static double sign_of(const kehu_tree *tree, uint32_t output, uint32_t k)
{
    const uint32_t O = tree->ensemble->trees.n_outputs;
    if (O == 1)
        return k == 1 ? 1 : -1;
    return output == k ? 1 : -1.0 / (O - 1);
}

static void walk(explaining *x, uint32_t t, uint32_t k)
{
    const kehu__boosted *b = &x->tree->ensemble->trees;
    const uint32_t O = b->n_outputs, output = t % O;
    uint32_t at = b->roots[t];
    while (b->nodes[at].feature >= 0) {
        const kehu__tree_node *node = &b->nodes[at];
        const uint32_t f = (uint32_t)node->feature;
        const uint32_t next = node->left + !kehu__tree_goes_left(node, x->codes[f]);
        const double move = b->values[next] - b->values[at];
        part *p = &x->parts[f];
        p->is_asked = true;
        p->feature = f;
        p->weight += move * sign_of(x->tree, output, k);
        if (fabs(move) > p->most) {
            p->most = fabs(move);
            p->node = at;
        }
        x->moves[(size_t)f * O + output] += move;
        at = next;
    }
}

/* Margins of a row at the roots: what all trees say of everybody. */
static void add_roots(const kehu__boosted *b, double *margins)
{
    memcpy(margins, b->start, b->n_outputs * sizeof *margins);
    for (uint32_t t = 0; t < b->n_trees; t++)
        margins[t % b->n_outputs] += b->values[b->roots[t]];
}

static kehu_tree_step step_of(const explaining *x, const part *p, double before,
                              double after)
{
    const kehu__tree_node *node = &x->tree->ensemble->trees.nodes[p->node];
    const kehu__tree_feature *f = &x->tree->features[p->feature];
    const uint32_t code = x->codes[p->feature];
    return (kehu_tree_step){
        .node = p->node,
        .feature = p->feature,
        .went_left = kehu__tree_goes_left(node, code),
        .was_missing =
            code == kehu__tree_missing_code(f) ||
            (kehu__tree_is_text(f) && code == f->n_levels && f->code_weight[code] <= 0),
        .probability = after,
        .change = after - before};
}

static kehu_status explain(explaining *x, uint32_t k, double whole, kehu_tree_step *steps,
                           uint32_t capacity, uint32_t *n_steps, double *base,
                           kehu_error *err)
{
    const kehu_tree *tree = x->tree;
    const uint32_t O = tree->ensemble->trees.n_outputs;
    double margins[KEHU__TREE_MAX_CLASSES], p[KEHU__TREE_MAX_CLASSES], before;
    uint32_t n = 0;
    for (uint32_t t = 0; t < tree->ensemble->trees.n_trees; t++)
        walk(x, t, k);
    for (uint32_t f = 0; f < tree->n_features; f++)
        if (x->parts[f].is_asked)
            x->parts[n++] = x->parts[f];
    if (n > capacity)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "capacity is %u, there are %u steps",
                          (unsigned)capacity, (unsigned)n);
    if (n > 0)
        kehu__sort(x->parts, n, sizeof *x->parts, by_weight, NULL);
    add_roots(&tree->ensemble->trees, margins);
    kehu__ensemble_answer(tree, margins, p);
    before = *base = p[k];
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t o = 0; o < O; o++)
            margins[o] += x->moves[(size_t)x->parts[i].feature * O + o];
        kehu__ensemble_answer(tree, margins, p);
        /* Rounding along the way must not keep the last step from the score. */
        if (i + 1 == n)
            p[k] = whole;
        steps[i] = step_of(x, &x->parts[i], before, p[k]);
        before = p[k];
    }
    *n_steps = n;
    return KEHU_OK;
}

kehu_status kehu__ensemble_explain(const kehu_tree *tree,
                                   const kehu__tree_source *sources, int64_t row,
                                   uint32_t k, kehu_tree_step *steps, uint32_t capacity,
                                   uint32_t *n_steps, double *base, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    const uint32_t F = tree->n_features, O = tree->ensemble->trees.n_outputs;
    explaining x = {tree, kehu__alloc(a, F, 1), kehu__alloc_zero(a, F, sizeof *x.parts),
                    kehu__alloc_zero(a, kehu__times(F, O), sizeof *x.moves)};
    kehu_status status = KEHU_OK;
    if (x.codes == NULL || x.parts == NULL || x.moves == NULL)
        status = kehu__no_memory(err, "an explanation");
    if (status == KEHU_OK) {
        double whole[KEHU__TREE_MAX_CLASSES];
        for (uint32_t f = 0; f < F; f++)
            x.codes[f] = (uint8_t)kehu__tree_code(&tree->features[f], sources[f].column,
                                                  sources[f].dictionary_codes, row);
        kehu__ensemble_score(tree, x.codes, F, 1, true, whole);
        status = explain(&x, k, whole[k], steps, capacity, n_steps, base, err);
    }
    kehu__free(a, x.codes, F, 1);
    kehu__free(a, x.parts, F, sizeof *x.parts);
    kehu__free(a, x.moves, (size_t)F * O, sizeof *x.moves);
    return status;
}
