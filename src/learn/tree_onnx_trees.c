/* Trees as a TreeEnsemble (ai.onnx.ml, version 5): of a single tree one copy a class,
 * whose leaves are its probabilities as they are; of an ensemble the trees, added up. */
#include <math.h>

#include "learn/tree_onnx.h"

enum { BRANCH_LEQ = 0, BRANCH_LT = 1, BRANCH_MEMBER = 6 };

typedef struct forest {
    const kehu_tree *tree;
    const kehu__tree_node *nodes;
    uint32_t n_nodes, n_trees, copies;
    const uint32_t *roots; /* [n_trees] */
    uint32_t *inner;       /* [n_nodes] number among the splits */
    uint32_t *leaves;      /* [n_nodes] number among the leaves */
    uint32_t n_inner, n_leaves;
} forest;

static bool is_leaf(const forest *x, uint32_t node)
{
    return x->nodes[node].feature < 0;
}

/* ONNX has no tree without a split: a root alone asks a question with one answer. */
static bool asks(const forest *x, uint32_t node)
{
    return !is_leaf(x, node) || x->nodes[node].depth == 0;
}

static bool asks_text(const forest *x, uint32_t node)
{
    return !is_leaf(x, node) &&
           kehu__tree_is_text(&x->tree->features[x->nodes[node].feature]);
}

static uint32_t child(const forest *x, uint32_t node, uint32_t side)
{
    return is_leaf(x, node) ? node : x->nodes[node].left + side;
}

/* ---- numbers of the splits, copy after copy ---- */

typedef int64_t (*of_node)(const forest *x, uint32_t node, uint32_t copy);

static int64_t place(const forest *x, uint32_t node, uint32_t copy)
{
    return is_leaf(x, node) ? (int64_t)copy * x->n_leaves + x->leaves[node]
                            : (int64_t)copy * x->n_inner + x->inner[node];
}

static int64_t true_node(const forest *x, uint32_t node, uint32_t copy)
{
    return place(x, child(x, node, 0), copy);
}

static int64_t false_node(const forest *x, uint32_t node, uint32_t copy)
{
    return place(x, child(x, node, 1), copy);
}

static int64_t true_is_leaf(const forest *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, child(x, node, 0));
}

static int64_t false_is_leaf(const forest *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, child(x, node, 1));
}

static int64_t feature_of(const forest *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, node) ? 0 : x->nodes[node].feature;
}

static int64_t missing_is_true(const forest *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return (x->nodes[node].flags & KEHU__TREE_MISSING_LEFT) != 0;
}

static void add_ints(const forest *x, kehu__buffer *node, const char *name, of_node value)
{
    kehu__buffer a = kehu__onnx_attribute(node, name, KEHU__ONNX_A_INTS),
                 packed = kehu__onnx_part(node);
    for (uint32_t k = 0; k < x->copies; k++)
        for (uint32_t i = 0; i < x->n_nodes; i++)
            if (asks(x, i))
                kehu__pb_varint(&packed, (uint64_t)value(x, i, k));
    kehu__pb_message(&a, 8, &packed);
    kehu__pb_message(node, 5, &a);
}

/* ---- what the splits ask ---- */

static void add_tensor(kehu__buffer *node, const char *name, int type, size_t item,
                       kehu__buffer *raw)
{
    kehu__buffer a = kehu__onnx_attribute(node, name, KEHU__ONNX_A_TENSOR),
                 tensor = kehu__onnx_part(node);
    kehu__pb_int(&tensor, 1, (int64_t)(raw->size / item));
    kehu__pb_int(&tensor, 2, type);
    kehu__pb_message(&tensor, 9, raw);
    kehu__pb_message(&a, 5, &tensor);
    kehu__pb_message(node, 5, &a);
}

/* Codes of a split's left side, missing aside. */
static void add_members(const forest *x, uint32_t node, kehu__buffer *out, uint32_t *n)
{
    const kehu__tree_node *split = &x->nodes[node];
    const kehu__tree_feature *f = &x->tree->features[split->feature];
    *n = 0;
    for (uint32_t code = 0; code < kehu__tree_missing_code(f); code++)
        if (kehu__tree_goes_left(split, code)) {
            ++*n;
            if (out != NULL)
                kehu__buffer_double(out, code);
        }
}

/* How a split asks: below a threshold, among some codes; where every value that is
 * there goes left, at most infinity; where none does, below -1, as no code is. */
static uint8_t mode_of(const forest *x, uint32_t node, double *threshold)
{
    *threshold = -1;
    if (asks_text(x, node)) {
        uint32_t n;
        add_members(x, node, NULL, &n);
        return n > 0 ? BRANCH_MEMBER : BRANCH_LT;
    }
    *threshold = (double)NAN;
    if (!is_leaf(x, node))
        kehu__tree_node_at(x->tree, node, threshold);
    if (!isnan(*threshold))
        return BRANCH_LT;
    *threshold = (double)INFINITY;
    return BRANCH_LEQ;
}

static void add_splits(const forest *x, kehu__buffer *node)
{
    kehu__buffer modes = kehu__onnx_part(node), splits = kehu__onnx_part(node),
                 members = kehu__onnx_part(node);
    for (uint32_t k = 0; k < x->copies; k++)
        for (uint32_t i = 0; i < x->n_nodes; i++) {
            double threshold;
            uint32_t n;
            uint8_t mode;
            if (!asks(x, i))
                continue;
            mode = mode_of(x, i, &threshold);
            kehu__buffer_u8(&modes, mode);
            kehu__buffer_double(&splits, threshold);
            if (mode == BRANCH_MEMBER) {
                add_members(x, i, &members, &n);
                kehu__buffer_double(&members, (double)NAN);
            }
        }
    add_tensor(node, "nodes_modes", KEHU__ONNX_UINT8, 1, &modes);
    add_tensor(node, "nodes_splits", KEHU__ONNX_DOUBLE, 8, &splits);
    if (members.size > 0 || members.failed)
        add_tensor(node, "membership_values", KEHU__ONNX_DOUBLE, 8, &members);
}

/* ---- what the leaves say ---- */

static void add_roots(const forest *x, kehu__buffer *node)
{
    kehu__buffer roots = kehu__onnx_attribute(node, "tree_roots", KEHU__ONNX_A_INTS),
                 packed = kehu__onnx_part(node);
    for (uint32_t k = 0; k < x->copies; k++)
        for (uint32_t t = 0; t < x->n_trees; t++)
            kehu__pb_varint(&packed, (uint64_t)k * x->n_inner + x->inner[x->roots[t]]);
    kehu__pb_message(&roots, 8, &packed);
    kehu__pb_message(node, 5, &roots);
}

/* With two classes an ensemble's trees speak of the second. */
static uint32_t target_of(const forest *x, uint32_t t, uint32_t copy)
{
    const kehu__ensemble *e = x->tree->ensemble;
    return e == NULL ? copy : e->trees.n_outputs == 1 ? 1 : t % e->trees.n_outputs;
}

static double value_of(const forest *x, uint32_t node, uint32_t copy)
{
    const kehu_tree *t = x->tree;
    return t->ensemble != NULL ? t->ensemble->trees.values[node]
                               : t->probabilities[(size_t)node * t->classes.n + copy];
}

static void add_leaves(const forest *x, kehu__buffer *node)
{
    kehu__buffer weights = kehu__onnx_part(node),
                 targets =
                     kehu__onnx_attribute(node, "leaf_targetids", KEHU__ONNX_A_INTS),
                 packed = kehu__onnx_part(node);
    for (uint32_t k = 0; k < x->copies; k++)
        for (uint32_t t = 0; t < x->n_trees; t++) {
            const uint32_t end = t + 1 < x->n_trees ? x->roots[t + 1] : x->n_nodes;
            for (uint32_t i = x->roots[t]; i < end; i++)
                if (is_leaf(x, i)) {
                    kehu__buffer_double(&weights, value_of(x, i, k));
                    kehu__pb_varint(&packed, target_of(x, t, k));
                }
        }
    kehu__pb_message(&targets, 8, &packed);
    kehu__pb_message(node, 5, &targets);
    add_tensor(node, "leaf_weights", KEHU__ONNX_DOUBLE, 8, &weights);
}

/* ---- the node ---- */

static forest forest_of(const kehu_tree *tree)
{
    static const uint32_t first = 0;
    const kehu__ensemble *e = tree->ensemble;
    return e == NULL ? (forest){.tree = tree,
                                .nodes = tree->nodes,
                                .n_nodes = tree->n_nodes,
                                .n_trees = 1,
                                .copies = tree->classes.n,
                                .roots = &first}
                     : (forest){.tree = tree,
                                .nodes = e->trees.nodes,
                                .n_nodes = e->trees.n_nodes,
                                .n_trees = e->trees.n_trees,
                                .copies = 1,
                                .roots = e->trees.roots};
}

static void add_node(const forest *x, kehu__buffer *graph, const char *row,
                     const char *out)
{
    kehu__buffer node = kehu__onnx_begin(graph, out, row, NULL);
    kehu__onnx_add_int(&node, "aggregate_function", 1); /* sum */
    kehu__onnx_add_int(&node, "n_targets", x->tree->classes.n);
    kehu__onnx_add_int(&node, "post_transform", 0);
    add_ints(x, &node, "nodes_featureids", feature_of);
    add_ints(x, &node, "nodes_truenodeids", true_node);
    add_ints(x, &node, "nodes_falsenodeids", false_node);
    add_ints(x, &node, "nodes_trueleafs", true_is_leaf);
    add_ints(x, &node, "nodes_falseleafs", false_is_leaf);
    add_ints(x, &node, "nodes_missing_value_tracks_true", missing_is_true);
    add_splits(x, &node);
    add_roots(x, &node);
    add_leaves(x, &node);
    kehu__onnx_end_node(graph, &node, "TreeEnsemble", KEHU__ONNX_ML);
}

void kehu__onnx_add_trees(kehu__buffer *graph, const kehu_tree *tree, const char *row,
                          const char *out)
{
    const kehu_allocator *a = &tree->alloc;
    forest x = forest_of(tree);
    x.inner = kehu__alloc(a, x.n_nodes, sizeof *x.inner);
    x.leaves = kehu__alloc(a, x.n_nodes, sizeof *x.leaves);
    if (x.inner == NULL || x.leaves == NULL)
        graph->failed = true;
    else {
        for (uint32_t i = 0; i < x.n_nodes; i++) {
            x.inner[i] = asks(&x, i) ? x.n_inner++ : 0;
            x.leaves[i] = is_leaf(&x, i) ? x.n_leaves++ : 0;
        }
        add_node(&x, graph, row, out);
    }
    kehu__free(a, x.inner, x.n_nodes, sizeof *x.inner);
    kehu__free(a, x.leaves, x.n_nodes, sizeof *x.leaves);
}
