/* The tree as text: rules for people, a dump for comparing, SQL for databases. */
#include <kehu/tree.h>

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "file/container.h"
#include "learn/tree_condition.h"
#include "learn/tree_text.h"

static void add_fixed(kehu__buffer *out, double x, int decimals)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__buffer_add(out, digits, (size_t)kehu__format_fixed(digits, x, decimals));
}

static void add_integer(kehu__buffer *out, int64_t x)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__buffer_add(out, digits, (size_t)kehu__format_int64(digits, x));
}

static double node_weight(const kehu_tree *tree, uint32_t node)
{
    double sum = 0;
    for (uint32_t k = 0; k < tree->classes.n; k++)
        sum += tree->weights[(size_t)node * tree->classes.n + k];
    return sum;
}

uint32_t kehu__tree_next(const kehu__tree_node *nodes, uint32_t root, uint32_t at)
{
    if (nodes[at].feature >= 0)
        return nodes[at].left;
    while (at != root && nodes[nodes[at].parent].left + 1 == at)
        at = nodes[at].parent;
    return at == root ? root : at + 1;
}

static uint32_t next_in_order(const kehu_tree *tree, uint32_t at)
{
    return kehu__tree_next(tree->nodes, 0, at);
}

static void add_conditions(kehu__buffer *out, const kehu_tree *tree, uint32_t leaf)
{
    uint32_t path[64 + 1], n = 0;
    for (uint32_t at = leaf; at != 0; at = tree->nodes[at].parent)
        path[n++] = at;
    while (n-- > 0) {
        const uint32_t parent = tree->nodes[path[n]].parent;
        kehu__buffer_text(out, "    ");
        kehu__tree_condition_words(out, tree, parent,
                                   tree->nodes[parent].left == path[n]);
        kehu__buffer_text(out, "\n");
    }
}

static void add_rule(kehu__buffer *out, const kehu_tree *tree, uint32_t leaf)
{
    const uint32_t K = tree->classes.n;
    const double weight = node_weight(tree, leaf);
    kehu__buffer_text(out, "leaf ");
    add_integer(out, tree->leaves[leaf]);
    kehu__buffer_text(out, ": ");
    kehu__tree_add_number(out, weight);
    kehu__buffer_text(out, " rows, ");
    add_fixed(out, 100 * weight / tree->summary.weight, 2);
    kehu__buffer_text(out, " %;");
    for (uint32_t k = 0; k < K; k++) {
        kehu__buffer_text(out, k == 0 ? " " : ", ");
        kehu__buffer_text(out, kehu__tree_name(&tree->classes, k));
        kehu__buffer_text(out, " ");
        add_fixed(out, tree->probabilities[(size_t)leaf * K + k], 4);
    }
    kehu__buffer_text(out, "\n");
    add_conditions(out, tree, leaf);
}

static void add_rules(kehu__buffer *out, const kehu_tree *tree)
{
    uint32_t at = 0;
    do {
        if (tree->nodes[at].feature < 0)
            add_rule(out, tree, at);
        at = next_in_order(tree, at);
    } while (at != 0);
}

static void add_dump_node(kehu__buffer *out, const kehu_tree *tree, uint32_t at)
{
    const kehu__tree_node *node = &tree->nodes[at];
    const uint32_t K = tree->classes.n;
    for (uint32_t d = 0; d < node->depth; d++)
        kehu__buffer_text(out, "  ");
    if (at != 0) {
        kehu__tree_condition_words(out, tree, node->parent,
                                   tree->nodes[node->parent].left == at);
        kehu__buffer_text(out, ": ");
    }
    kehu__buffer_text(out, "weight");
    for (uint32_t k = 0; k < K; k++) {
        kehu__buffer_text(out, " ");
        kehu__tree_add_number(out, tree->weights[(size_t)at * K + k]);
    }
    kehu__buffer_text(out, " probability");
    for (uint32_t k = 0; k < K; k++) {
        kehu__buffer_text(out, " ");
        kehu__tree_add_number(out, tree->probabilities[(size_t)at * K + k]);
    }
    if (node->feature >= 0) {
        kehu__buffer_text(out, " gain ");
        kehu__tree_add_number(out, node->gain);
        if (!(node->flags & KEHU__TREE_LEARNED))
            kehu__buffer_text(out, " (no missing value seen)");
    }
    kehu__buffer_text(out, "\n");
}

static void add_dump(kehu__buffer *out, const kehu_tree *tree)
{
    static const char *const criteria[] = {"", "entropy", "gini", "gain ratio"};
    const kehu_tree_info *s = &tree->summary;
    uint32_t at = 0;
    kehu__buffer_text(out, "rows ");
    add_integer(out, s->n_rows);
    kehu__buffer_text(out, "\nleaves ");
    add_integer(out, s->n_leaves);
    kehu__buffer_text(out, "\ncriterion ");
    kehu__buffer_text(out, criteria[s->criterion]);
    kehu__buffer_text(out, "\nleast leaf weight ");
    kehu__tree_add_number(out, s->min_leaf_weight);
    kehu__buffer_text(out, "\nshrinkage ");
    kehu__tree_add_number(out, s->shrinkage);
    kehu__buffer_text(out, "\nclasses");
    for (uint32_t k = 0; k < tree->classes.n; k++) {
        kehu__buffer_text(out, k == 0 ? " " : ", ");
        kehu__buffer_text(out, kehu__tree_name(&tree->classes, k));
    }
    kehu__buffer_text(out, "\n");
    do {
        add_dump_node(out, tree, at);
        at = next_in_order(tree, at);
    } while (at != 0);
}

static void indent(kehu__buffer *out, uint32_t depth)
{
    kehu__buffer_text(out, "\n");
    for (uint32_t d = 0; d < depth; d++)
        kehu__buffer_text(out, "  ");
}

/* A left child opens its parent's CASE, a right child writes the ELSE, and every END is
 * due after the last right leaf of its CASE. */
void kehu__tree_add_case(kehu__buffer *out, const kehu_tree *tree,
                         const kehu__tree_node *nodes, uint32_t root,
                         const double *values, uint32_t stride, char quote)
{
    uint32_t at = root;
    do {
        const kehu__tree_node *node = &nodes[at];
        if (at != root && nodes[node->parent].left != at) {
            indent(out, node->depth);
            kehu__buffer_text(out, "ELSE ");
        }
        if (node->feature >= 0) {
            kehu__buffer_text(out, "CASE WHEN ");
            kehu__tree_condition_sql(out, tree, at, quote);
            indent(out, node->depth + 1);
            kehu__buffer_text(out, "THEN ");
        } else {
            kehu__tree_add_number(out, values[(size_t)at * stride]);
            for (uint32_t up = at; up != root && nodes[nodes[up].parent].left != up;
                 up = nodes[up].parent)
                kehu__buffer_text(out, " END");
        }
        at = kehu__tree_next(nodes, root, at);
    } while (at != root);
}

static void add_sql(kehu__buffer *out, const kehu_tree *tree, char quote)
{
    for (uint32_t k = 0; k < tree->classes.n; k++) {
        const char *name = kehu__tree_name(&tree->classes, k);
        if (k > 0)
            kehu__buffer_text(out, ",\n");
        kehu__tree_add_case(out, tree, tree->nodes, 0, tree->probabilities + k,
                            tree->classes.n, quote);
        kehu__buffer_text(out, " AS ");
        kehu__tree_add_quoted(out, name, strlen(name), quote);
    }
    kehu__buffer_text(out, "\n");
}

enum { RULES, DUMP, SQL };

static kehu_status write_text(const kehu_tree *tree, int what, char quote,
                              const kehu_writer *writer, kehu_error *err)
{
    kehu__buffer out;
    kehu_status status;
    if (tree == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree or writer is NULL");
    if (what == RULES)
        KEHU_TRY(kehu__tree_needs_single(tree, "rules", err));
    out = kehu__buffer_new(&tree->alloc);
    if (what == RULES)
        add_rules(&out, tree);
    else if (tree->ensemble != NULL && what == DUMP)
        kehu__ensemble_add_dump(&out, tree);
    else if (tree->ensemble != NULL)
        kehu__ensemble_add_sql(&out, tree, quote);
    else if (what == DUMP)
        add_dump(&out, tree);
    else
        add_sql(&out, tree, quote);
    if (out.failed)
        status = kehu__no_memory(err, "the tree's text");
    else if (writer->write(writer->ctx, out.bytes, out.size) != 0)
        status = kehu__fail(err, KEHU_IO, -1, "the writer refused %zu bytes", out.size);
    else
        status = KEHU_OK;
    kehu__buffer_free(&out);
    return status;
}

kehu_status kehu_tree_write_rules(const kehu_tree *tree, const kehu_writer *writer,
                                  kehu_error *err)
{
    return write_text(tree, RULES, 0, writer, err);
}

kehu_status kehu_tree_write_dump(const kehu_tree *tree, const kehu_writer *writer,
                                 kehu_error *err)
{
    return write_text(tree, DUMP, 0, writer, err);
}

kehu_status kehu_tree_write_sql(const kehu_tree *tree, char quote,
                                const kehu_writer *writer, kehu_error *err)
{
    if (quote != 0 && quote != '"' && quote != '`')
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "quote is not 0, a double quote or a backtick");
    return write_text(tree, SQL, quote == 0 ? '"' : quote, writer, err);
}
