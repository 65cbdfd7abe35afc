/* The tree as an ONNX graph: texts become their codes by a LabelEncoder a column, all
 * columns one row of doubles, and a TreeEnsemble (ai.onnx.ml, version 5) holds one copy
 * of the tree a class, whose leaves are its probabilities as they are. Field numbers are
 * those of onnx.proto. */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "learn/protobuf.h"
#include "learn/tree_model.h"

enum { IR_VERSION = 10, OPERATORS = 18, ML_OPERATORS = 5 };
enum { FLOAT = 1, UINT8 = 2, INT64 = 7, STRING = 8, DOUBLE = 11 }; /* of tensors */
enum { A_FLOAT = 1, A_INT, A_STRING, A_TENSOR, A_FLOATS = 6, A_INTS, A_STRINGS };
enum { BRANCH_LEQ = 0, BRANCH_LT = 1, BRANCH_MEMBER = 6 };
static const char ML[] = "ai.onnx.ml", PROBABILITIES[] = "probabilities",
                  LABEL[] = "label";

typedef struct onnx {
    const kehu_tree *tree;
    uint32_t *inner; /* [n_nodes] number among the splits */
    uint32_t n_inner;
    kehu__buffer *out;
} onnx;

static kehu__buffer part_of(const onnx *x)
{
    return kehu__buffer_new(&x->out->alloc);
}

/* ---- attributes ---- */

static kehu__buffer attribute(const onnx *x, const char *name, int type)
{
    kehu__buffer a = part_of(x);
    kehu__pb_text(&a, 1, name);
    kehu__pb_int(&a, 20, type);
    return a;
}

static void add_int(const onnx *x, kehu__buffer *node, const char *name, int64_t v)
{
    kehu__buffer a = attribute(x, name, A_INT);
    kehu__pb_int(&a, 3, v);
    kehu__pb_message(node, 5, &a);
}

/* Numbers of the splits, class copy after class copy. */
typedef int64_t (*of_node)(const onnx *x, uint32_t node, uint32_t copy);

static void add_ints(const onnx *x, kehu__buffer *node, const char *name, of_node value)
{
    const kehu_tree *t = x->tree;
    kehu__buffer a = attribute(x, name, A_INTS), packed = part_of(x);
    for (uint32_t k = 0; k < t->classes.n; k++)
        for (uint32_t i = 0; i < t->n_nodes; i++)
            if (t->nodes[i].feature >= 0 || t->n_nodes == 1)
                kehu__pb_varint(&packed, (uint64_t)value(x, i, k));
    kehu__pb_message(&a, 8, &packed);
    kehu__pb_message(node, 5, &a);
}

static void add_tensor(const onnx *x, kehu__buffer *node, const char *name, int type,
                       size_t item, kehu__buffer *raw)
{
    kehu__buffer a = attribute(x, name, A_TENSOR), tensor = part_of(x);
    kehu__pb_int(&tensor, 1, (int64_t)(raw->size / item));
    kehu__pb_int(&tensor, 2, type);
    kehu__pb_message(&tensor, 9, raw);
    kehu__pb_message(&a, 5, &tensor);
    kehu__pb_message(node, 5, &a);
}

/* ---- the tree ---- */

static uint32_t child(const onnx *x, uint32_t node, uint32_t side)
{
    return x->tree->n_nodes == 1 ? 0 : x->tree->nodes[node].left + side;
}

static bool is_leaf(const onnx *x, uint32_t node)
{
    return x->tree->nodes[node].feature < 0;
}

static int64_t place(const onnx *x, uint32_t node, uint32_t copy)
{
    return is_leaf(x, node)
               ? (int64_t)copy * x->tree->summary.n_leaves + x->tree->leaves[node]
               : (int64_t)copy * x->n_inner + x->inner[node];
}

static int64_t true_node(const onnx *x, uint32_t node, uint32_t copy)
{
    return place(x, child(x, node, 0), copy);
}

static int64_t false_node(const onnx *x, uint32_t node, uint32_t copy)
{
    return place(x, child(x, node, 1), copy);
}

static int64_t true_is_leaf(const onnx *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, child(x, node, 0));
}

static int64_t false_is_leaf(const onnx *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, child(x, node, 1));
}

static int64_t feature_of(const onnx *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return is_leaf(x, node) ? 0 : x->tree->nodes[node].feature;
}

static int64_t missing_is_true(const onnx *x, uint32_t node, uint32_t copy)
{
    (void)copy;
    return (x->tree->nodes[node].flags & KEHU__TREE_MISSING_LEFT) != 0;
}

/* Codes of a split's left side, missing aside. */
static void add_members(const kehu_tree *tree, uint32_t node, kehu__buffer *out,
                        uint32_t *n)
{
    const kehu__tree_node *split = &tree->nodes[node];
    const kehu__tree_feature *f = &tree->features[split->feature];
    *n = 0;
    for (uint32_t code = 0; code < kehu__tree_missing_code(f); code++)
        if (kehu__tree_goes_left(split, code)) {
            ++*n;
            if (out != NULL)
                kehu__buffer_double(out, code);
        }
}

static bool asks_text(const kehu_tree *tree, uint32_t node)
{
    return tree->nodes[node].feature >= 0 &&
           kehu__tree_is_text(&tree->features[tree->nodes[node].feature]);
}

/* How a split asks: below a threshold, among some codes; where every value that is
 * there goes left, at most infinity; where none does, below -1, as no code is. */
static uint8_t mode_of(const kehu_tree *tree, uint32_t node, double *threshold)
{
    *threshold = -1;
    if (asks_text(tree, node)) {
        uint32_t n;
        add_members(tree, node, NULL, &n);
        return n > 0 ? BRANCH_MEMBER : BRANCH_LT;
    }
    *threshold = tree->thresholds[node];
    if (!isnan(*threshold))
        return BRANCH_LT;
    *threshold = (double)INFINITY;
    return BRANCH_LEQ;
}

static void add_splits(const onnx *x, kehu__buffer *node)
{
    const kehu_tree *t = x->tree;
    kehu__buffer modes = part_of(x), splits = part_of(x), members = part_of(x);
    for (uint32_t k = 0; k < t->classes.n; k++)
        for (uint32_t i = 0; i < t->n_nodes; i++) {
            double threshold;
            uint32_t n;
            uint8_t mode;
            if (is_leaf(x, i) && t->n_nodes > 1)
                continue;
            mode = mode_of(t, i, &threshold);
            kehu__buffer_u8(&modes, mode);
            kehu__buffer_double(&splits, threshold);
            if (mode == BRANCH_MEMBER) {
                add_members(t, i, &members, &n);
                kehu__buffer_double(&members, (double)NAN);
            }
        }
    add_tensor(x, node, "nodes_modes", UINT8, 1, &modes);
    add_tensor(x, node, "nodes_splits", DOUBLE, 8, &splits);
    if (members.size > 0 || members.failed)
        add_tensor(x, node, "membership_values", DOUBLE, 8, &members);
}

static void add_leaves(const onnx *x, kehu__buffer *node)
{
    const kehu_tree *t = x->tree;
    const uint32_t K = t->classes.n;
    kehu__buffer weights = part_of(x), targets = attribute(x, "leaf_targetids", A_INTS),
                 packed = part_of(x), roots = attribute(x, "tree_roots", A_INTS),
                 first = part_of(x);
    for (uint32_t k = 0; k < K; k++) {
        kehu__pb_varint(&first, (uint64_t)k * (x->n_inner > 0 ? x->n_inner : 1));
        for (uint32_t i = 0; i < t->n_nodes; i++)
            if (is_leaf(x, i)) {
                kehu__buffer_double(&weights, t->probabilities[(size_t)i * K + k]);
                kehu__pb_varint(&packed, k);
            }
    }
    kehu__pb_message(&targets, 8, &packed);
    kehu__pb_message(node, 5, &targets);
    kehu__pb_message(&roots, 8, &first);
    kehu__pb_message(node, 5, &roots);
    add_tensor(x, node, "leaf_weights", DOUBLE, 8, &weights);
}

/* ---- the graph ---- */

static void end_node(kehu__buffer *graph, kehu__buffer *node, const char *type,
                     const char *domain)
{
    kehu__pb_text(node, 4, type);
    kehu__pb_text(node, 7, domain);
    kehu__pb_message(graph, 1, node);
}

static void add_forest(const onnx *x, kehu__buffer *graph)
{
    kehu__buffer node = part_of(x);
    kehu__pb_text(&node, 1, "kehu:row");
    kehu__pb_text(&node, 2, PROBABILITIES);
    add_int(x, &node, "aggregate_function", 1); /* sum */
    add_int(x, &node, "n_targets", x->tree->classes.n);
    add_int(x, &node, "post_transform", 0);
    add_ints(x, &node, "nodes_featureids", feature_of);
    add_ints(x, &node, "nodes_truenodeids", true_node);
    add_ints(x, &node, "nodes_falsenodeids", false_node);
    add_ints(x, &node, "nodes_trueleafs", true_is_leaf);
    add_ints(x, &node, "nodes_falseleafs", false_is_leaf);
    add_ints(x, &node, "nodes_missing_value_tracks_true", missing_is_true);
    add_splits(x, &node);
    add_leaves(x, &node);
    end_node(graph, &node, "TreeEnsemble", ML);
}

static void name_part(char *name, const char *what, uint32_t f)
{
    char *end = name;
    memcpy(end, "kehu:", 5);
    end += 5;
    memcpy(end, what, strlen(what));
    end += strlen(what);
    end[kehu__format_int64(end, f)] = '\0';
}

/* The text of a column as its code, NaN where it is empty. */
static void add_encoder(const onnx *x, kehu__buffer *graph, uint32_t f)
{
    const kehu__tree_feature *feature = &x->tree->features[f];
    char code[64], number[64];
    kehu__buffer node = part_of(x), keys = attribute(x, "keys_strings", A_STRINGS),
                 values = attribute(x, "values_floats", A_FLOATS), packed = part_of(x),
                 other = attribute(x, "default_float", A_FLOAT), cast = part_of(x);
    name_part(code, "code ", f);
    name_part(number, "number ", f);
    for (uint32_t i = 0; i < feature->n_levels; i++) {
        const kehu__text t = kehu__tree_level(feature, i);
        kehu__pb_bytes(&keys, 9, t.bytes, (size_t)t.size);
        kehu__buffer_float(&packed, (float)i);
    }
    kehu__pb_bytes(&keys, 9, "", 0);
    kehu__buffer_float(&packed, (float)NAN);
    kehu__pb_message(&values, 7, &packed);
    kehu__pb_float(&other, 2, (float)feature->n_levels);
    kehu__pb_bytes(&node, 1, feature->name, feature->name_size);
    kehu__pb_text(&node, 2, code);
    kehu__pb_message(&node, 5, &keys);
    kehu__pb_message(&node, 5, &values);
    kehu__pb_message(&node, 5, &other);
    end_node(graph, &node, "LabelEncoder", ML);
    kehu__pb_text(&cast, 1, code);
    kehu__pb_text(&cast, 2, number);
    add_int(x, &cast, "to", DOUBLE);
    end_node(graph, &cast, "Cast", "");
}

static void add_row(const onnx *x, kehu__buffer *graph)
{
    kehu__buffer node = part_of(x);
    for (uint32_t f = 0; f < x->tree->n_features; f++) {
        const kehu__tree_feature *feature = &x->tree->features[f];
        char number[64];
        if (!kehu__tree_is_text(feature)) {
            kehu__pb_bytes(&node, 1, feature->name, feature->name_size);
            continue;
        }
        add_encoder(x, graph, f);
        name_part(number, "number ", f);
        kehu__pb_text(&node, 1, number);
    }
    kehu__pb_text(&node, 2, "kehu:row");
    add_int(x, &node, "axis", 1);
    end_node(graph, &node, "Concat", "");
}

/* The first of the most probable classes, by its name. */
static void add_label(const onnx *x, kehu__buffer *graph)
{
    kehu__buffer most = part_of(x), gather = part_of(x), names = part_of(x);
    kehu__pb_text(&most, 1, PROBABILITIES);
    kehu__pb_text(&most, 2, "kehu:most");
    add_int(x, &most, "axis", 1);
    add_int(x, &most, "keepdims", 0);
    end_node(graph, &most, "ArgMax", "");
    kehu__pb_text(&gather, 1, "kehu:classes");
    kehu__pb_text(&gather, 1, "kehu:most");
    kehu__pb_text(&gather, 2, LABEL);
    end_node(graph, &gather, "Gather", "");
    kehu__pb_int(&names, 1, x->tree->classes.n);
    kehu__pb_int(&names, 2, STRING);
    for (uint32_t k = 0; k < x->tree->classes.n; k++)
        kehu__pb_text(&names, 6, kehu__tree_name(&x->tree->classes, k));
    kehu__pb_text(&names, 8, "kehu:classes");
    kehu__pb_message(graph, 5, &names);
}

/* A tensor of rows and, unless 0, columns, as input (field 11) or output (12). */
static void add_value(const onnx *x, kehu__buffer *graph, uint32_t field,
                      const char *name, size_t name_size, int type, uint32_t columns)
{
    kehu__buffer value = part_of(x), kind = part_of(x), tensor = part_of(x),
                 shape = part_of(x), rows = part_of(x);
    kehu__pb_text(&rows, 2, "rows");
    kehu__pb_message(&shape, 1, &rows);
    if (columns > 0) {
        kehu__buffer n = part_of(x);
        kehu__pb_int(&n, 1, columns);
        kehu__pb_message(&shape, 1, &n);
    }
    kehu__pb_int(&tensor, 1, type);
    kehu__pb_message(&tensor, 2, &shape);
    kehu__pb_message(&kind, 1, &tensor);
    kehu__pb_bytes(&value, 1, name, name_size);
    kehu__pb_message(&value, 2, &kind);
    kehu__pb_message(graph, field, &value);
}

static void add_graph(const onnx *x, kehu__buffer *out)
{
    const kehu_tree *t = x->tree;
    kehu__buffer graph = part_of(x);
    add_row(x, &graph);
    add_forest(x, &graph);
    add_label(x, &graph);
    kehu__pb_text(&graph, 2, "kehu");
    for (uint32_t f = 0; f < t->n_features; f++)
        add_value(x, &graph, 11, t->features[f].name, t->features[f].name_size,
                  kehu__tree_is_text(&t->features[f]) ? STRING : DOUBLE, 1);
    add_value(x, &graph, 12, PROBABILITIES, strlen(PROBABILITIES), DOUBLE, t->classes.n);
    add_value(x, &graph, 12, LABEL, strlen(LABEL), STRING, 0);
    kehu__pb_message(out, 7, &graph);
}

static void add_operators(const onnx *x, kehu__buffer *out, const char *domain,
                          int version)
{
    kehu__buffer set = part_of(x);
    kehu__pb_text(&set, 1, domain);
    kehu__pb_int(&set, 2, version);
    kehu__pb_message(out, 8, &set);
}

/* ---- what ONNX cannot say ---- */

static bool is_utf8(const char *bytes, size_t size)
{
    return kehu__utf8_valid(bytes, size) == size;
}

static kehu_status check_names(const kehu_tree *tree, kehu_error *err)
{
    for (uint32_t k = 0; k < tree->classes.n; k++) {
        const char *name = kehu__tree_name(&tree->classes, k);
        if (!is_utf8(name, strlen(name)))
            return kehu__fail(err, KEHU_ENCODING, k, "the name of class %u is not UTF-8",
                              (unsigned)k);
    }
    for (uint32_t f = 0; f < tree->n_features; f++) {
        const kehu__tree_feature *feature = &tree->features[f];
        if (strcmp(feature->name, PROBABILITIES) == 0 ||
            strcmp(feature->name, LABEL) == 0 || strncmp(feature->name, "kehu:", 5) == 0)
            return kehu__fail(err, KEHU_DUPLICATE, f,
                              "column %s is called as a part of the graph",
                              feature->name);
        if (!is_utf8(feature->name, feature->name_size))
            return kehu__fail(err, KEHU_ENCODING, f, "the name of column %u is not UTF-8",
                              (unsigned)f);
        for (uint32_t i = 0; kehu__tree_is_text(feature) && i < feature->n_levels; i++) {
            const kehu__text t = kehu__tree_level(feature, i);
            if (!is_utf8(t.bytes, (size_t)t.size))
                return kehu__fail(err, KEHU_ENCODING, f,
                                  "column %s has a category that is not UTF-8",
                                  feature->name);
        }
    }
    return KEHU_OK;
}

kehu_status kehu_tree_write_onnx(const kehu_tree *tree, const kehu_writer *writer,
                                 kehu_error *err)
{
    kehu__buffer out;
    onnx x = {.tree = tree, .out = &out};
    kehu_status status = KEHU_OK;
    if (tree == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree or writer is NULL");
    KEHU_TRY(kehu__tree_needs_single(tree, "ONNX graph", err));
    KEHU_TRY(check_names(tree, err));
    out = kehu__buffer_new(&tree->alloc);
    x.inner = kehu__alloc(&tree->alloc, tree->n_nodes, sizeof *x.inner);
    if (x.inner != NULL) {
        for (uint32_t i = 0; i < tree->n_nodes; i++)
            x.inner[i] = tree->nodes[i].feature >= 0 ? x.n_inner++ : 0;
        kehu__pb_int(&out, 1, IR_VERSION);
        kehu__pb_text(&out, 2, "kehu");
        add_graph(&x, &out);
        add_operators(&x, &out, "", OPERATORS);
        add_operators(&x, &out, ML, ML_OPERATORS);
    }
    if (x.inner == NULL || out.failed)
        status = kehu__no_memory(err, "the ONNX graph");
    else if (writer->write(writer->ctx, out.bytes, out.size) != 0)
        status = kehu__fail(err, KEHU_IO, -1, "the writer refused %zu bytes", out.size);
    kehu__free(&tree->alloc, x.inner, tree->n_nodes, sizeof *x.inner);
    kehu__buffer_free(&out);
    return status;
}
