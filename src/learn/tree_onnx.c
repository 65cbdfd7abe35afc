/* The tree as an ONNX graph: texts become their codes by a LabelEncoder a column, all
 * columns one row of doubles, from which the trees (tree_onnx_trees), and of an ensemble
 * the calibration (tree_onnx_answer), say the probabilities. */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "learn/tree_onnx.h"

enum { IR_VERSION = 10, OPERATORS = 18, ML_OPERATORS = 5 };
static const char PROBABILITIES[] = "probabilities", LABEL[] = "label",
                  ROW[] = "kehu:row";

/* ---- the graph ---- */

/* The text of a column as its code, NaN where it is empty. */
static void add_encoder(kehu__buffer *graph, const kehu_tree *tree, uint32_t f)
{
    const kehu__tree_feature *feature = &tree->features[f];
    const kehu__onnx_name code = kehu__onnx_name_of("code", f),
                          number = kehu__onnx_name_of("number", f);
    kehu__buffer node = kehu__onnx_part(graph),
                 keys = kehu__onnx_attribute(graph, "keys_strings", KEHU__ONNX_A_STRINGS),
                 values =
                     kehu__onnx_attribute(graph, "values_floats", KEHU__ONNX_A_FLOATS),
                 packed = kehu__onnx_part(graph),
                 other = kehu__onnx_attribute(graph, "default_float", KEHU__ONNX_A_FLOAT),
                 cast = kehu__onnx_begin(graph, number.text, code.text, NULL);
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
    kehu__pb_text(&node, 2, code.text);
    kehu__pb_message(&node, 5, &keys);
    kehu__pb_message(&node, 5, &values);
    kehu__pb_message(&node, 5, &other);
    kehu__onnx_end_node(graph, &node, "LabelEncoder", KEHU__ONNX_ML);
    kehu__onnx_add_int(&cast, "to", KEHU__ONNX_DOUBLE);
    kehu__onnx_end_node(graph, &cast, "Cast", "");
}

static void add_row(kehu__buffer *graph, const kehu_tree *tree)
{
    kehu__buffer node = kehu__onnx_part(graph);
    for (uint32_t f = 0; f < tree->n_features; f++) {
        const kehu__tree_feature *feature = &tree->features[f];
        if (!kehu__tree_is_text(feature)) {
            kehu__pb_bytes(&node, 1, feature->name, feature->name_size);
            continue;
        }
        add_encoder(graph, tree, f);
        kehu__pb_text(&node, 1, kehu__onnx_name_of("number", f).text);
    }
    kehu__pb_text(&node, 2, ROW);
    kehu__onnx_add_int(&node, "axis", 1);
    kehu__onnx_end_node(graph, &node, "Concat", "");
}

/* The first of the most probable classes, by its name. */
static void add_label(kehu__buffer *graph, const kehu_tree *tree)
{
    kehu__buffer most = kehu__onnx_begin(graph, "kehu:most", PROBABILITIES, NULL),
                 names = kehu__onnx_part(graph);
    kehu__onnx_add_int(&most, "axis", 1);
    kehu__onnx_add_int(&most, "keepdims", 0);
    kehu__onnx_end_node(graph, &most, "ArgMax", "");
    kehu__onnx_op(graph, "Gather", LABEL, "kehu:classes", "kehu:most");
    kehu__pb_int(&names, 1, tree->classes.n);
    kehu__pb_int(&names, 2, KEHU__ONNX_STRING);
    for (uint32_t k = 0; k < tree->classes.n; k++)
        kehu__pb_text(&names, 6, kehu__tree_name(&tree->classes, k));
    kehu__pb_text(&names, 8, "kehu:classes");
    kehu__pb_message(graph, 5, &names);
}

/* A tensor of rows and, unless 0, columns, as input (field 11) or output (12). */
static void add_value(kehu__buffer *graph, uint32_t field, const char *name,
                      size_t name_size, int type, uint32_t columns)
{
    kehu__buffer value = kehu__onnx_part(graph), kind = kehu__onnx_part(graph),
                 tensor = kehu__onnx_part(graph), shape = kehu__onnx_part(graph),
                 rows = kehu__onnx_part(graph);
    kehu__pb_text(&rows, 2, "rows");
    kehu__pb_message(&shape, 1, &rows);
    if (columns > 0) {
        kehu__buffer n = kehu__onnx_part(graph);
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

static void add_graph(kehu__buffer *out, const kehu_tree *tree)
{
    const uint32_t K = tree->classes.n;
    kehu__buffer graph = kehu__onnx_part(out);
    add_row(&graph, tree);
    if (tree->ensemble == NULL)
        kehu__onnx_add_trees(&graph, tree, ROW, PROBABILITIES);
    else {
        kehu__onnx_add_trees(&graph, tree, ROW, "kehu:sums");
        kehu__onnx_add_answer(&graph, tree, "kehu:sums", PROBABILITIES);
    }
    add_label(&graph, tree);
    kehu__pb_text(&graph, 2, "kehu");
    for (uint32_t f = 0; f < tree->n_features; f++) {
        const kehu__tree_feature *feature = &tree->features[f];
        add_value(&graph, 11, feature->name, feature->name_size,
                  kehu__tree_is_text(feature) ? KEHU__ONNX_STRING : KEHU__ONNX_DOUBLE, 1);
    }
    add_value(&graph, 12, PROBABILITIES, strlen(PROBABILITIES), KEHU__ONNX_DOUBLE, K);
    add_value(&graph, 12, LABEL, strlen(LABEL), KEHU__ONNX_STRING, 0);
    kehu__pb_message(out, 7, &graph);
}

static void add_operators(kehu__buffer *out, const char *domain, int version)
{
    kehu__buffer set = kehu__onnx_part(out);
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
    kehu_status status = KEHU_OK;
    if (tree == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree or writer is NULL");
    KEHU_TRY(check_names(tree, err));
    out = kehu__buffer_new(&tree->alloc);
    kehu__pb_int(&out, 1, IR_VERSION);
    kehu__pb_text(&out, 2, "kehu");
    add_graph(&out, tree);
    add_operators(&out, "", OPERATORS);
    add_operators(&out, KEHU__ONNX_ML, ML_OPERATORS);
    if (out.failed)
        status = kehu__no_memory(err, "the ONNX graph");
    else if (writer->write(writer->ctx, out.bytes, out.size) != 0)
        status = kehu__fail(err, KEHU_IO, -1, "the writer refused %zu bytes", out.size);
    kehu__buffer_free(&out);
    return status;
}
