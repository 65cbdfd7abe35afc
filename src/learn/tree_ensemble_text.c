/* An ensemble as text: its trees one after the other, and SQL that adds them up. */
#include "learn/tree_text.h"

#include <string.h>

#include "base/number.h"
#include "learn/tree_condition.h"

static void add_integer(kehu__buffer *out, int64_t x)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__buffer_add(out, digits, (size_t)kehu__format_int64(digits, x));
}

static void add_pair(kehu__buffer *out, double a, double b)
{
    kehu__buffer_text(out, " ");
    kehu__tree_add_number(out, a);
    kehu__buffer_text(out, " ");
    kehu__tree_add_number(out, b);
}

static void dump_calibration(kehu__buffer *out, const kehu_tree *tree)
{
    static const char *const names[] = {"", "none", "slope", "isotonic"};
    const kehu__calibration *c = &tree->ensemble->calibration;
    kehu__buffer_text(out, "\ncalibration ");
    kehu__buffer_text(out, names[c->method]);
    if (c->method == KEHU_TREE_CALIBRATE_SLOPE) {
        kehu__buffer_text(out, " ");
        kehu__tree_add_number(out, c->slope.probability);
    }
    for (uint32_t k = 0; k < c->n_classes; k++) {
        kehu__buffer_text(out, "\n  ");
        kehu__buffer_text(out, kehu__tree_name(&tree->classes, k));
        if (c->method == KEHU_TREE_CALIBRATE_SLOPE) {
            kehu__buffer_text(out, " ");
            kehu__tree_add_number(out, c->offsets[k]);
        }
        for (uint32_t i = 0; c->maps != NULL && i < c->maps[k].n; i++)
            add_pair(out, c->maps[k].x[i], c->maps[k].y[i]);
    }
}

static void dump_tree(kehu__buffer *out, const kehu_tree *tree, uint32_t t)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    const uint32_t root = b->roots[t];
    uint32_t at = root;
    kehu__buffer_text(out, "tree ");
    add_integer(out, t);
    kehu__buffer_text(out, " of ");
    kehu__buffer_text(
        out, kehu__tree_name(&tree->classes, b->n_outputs == 1 ? 1 : t % b->n_outputs));
    kehu__buffer_text(out, "\n");
    do {
        const kehu__tree_node *node = &b->nodes[at];
        for (uint32_t d = 0; d <= node->depth; d++)
            kehu__buffer_text(out, "  ");
        if (at != root) {
            kehu__tree_condition_words(out, tree, node->parent,
                                       b->nodes[node->parent].left == at);
            kehu__buffer_text(out, ": ");
        }
        kehu__tree_add_number(out, b->values[at]);
        if (node->feature >= 0) {
            kehu__buffer_text(out, " gain ");
            kehu__tree_add_number(out, node->gain);
        }
        kehu__buffer_text(out, "\n");
        at = kehu__tree_next(b->nodes, root, at);
    } while (at != root);
}

void kehu__ensemble_add_dump(kehu__buffer *out, const kehu_tree *tree)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    kehu__buffer_text(out, "rows ");
    add_integer(out, tree->summary.n_rows);
    kehu__buffer_text(out, "\ntrees ");
    add_integer(out, b->n_trees);
    dump_calibration(out, tree);
    kehu__buffer_text(out, "\nstart");
    for (uint32_t o = 0; o < b->n_outputs; o++) {
        kehu__buffer_text(out, " ");
        kehu__tree_add_number(out, b->start[o]);
    }
    kehu__buffer_text(out, "\n");
    for (uint32_t t = 0; t < b->n_trees; t++)
        dump_tree(out, tree, t);
}

/* "m3" and the like: what the inner queries call their columns. */
static void add_name(kehu__buffer *out, const char *letter, uint32_t i)
{
    kehu__buffer_text(out, letter);
    add_integer(out, i);
}

/* Sums in brackets by so many: databases limit the depth of an expression. */
enum { TOGETHER = 64 };

static void add_margin(kehu__buffer *out, const kehu_tree *tree, uint32_t o, char quote)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    uint32_t n = 0;
    kehu__tree_add_number(out, b->start[o]);
    for (uint32_t t = o; t < b->n_trees; t += b->n_outputs, n++) {
        kehu__buffer_text(out, n % TOGETHER > 0 ? "\n+ " : n == 0 ? "\n+ (" : ")\n+ (");
        kehu__tree_add_case(out, tree, b->nodes, b->roots[t], b->values, 1, quote);
    }
    kehu__buffer_text(out, ") AS ");
    add_name(out, "kehu_m", o);
}

/* EXP of an output's margin, less the first's: with two classes there is one output, the
 * first class's margin is 0. */
static void add_power(kehu__buffer *out, const kehu_tree *tree, uint32_t k)
{
    const kehu__calibration *c = &tree->ensemble->calibration;
    const bool two = tree->ensemble->trees.n_outputs == 1;
    kehu__buffer_text(out, "EXP(");
    if (c->method == KEHU_TREE_CALIBRATE_SLOPE) {
        kehu__tree_add_number(out, c->offsets[k] - c->offsets[0]);
        kehu__buffer_text(out, " + ");
        kehu__tree_add_number(out, c->slope.probability);
        kehu__buffer_text(out, " * ");
    }
    kehu__buffer_text(out, "(");
    if (k == 0)
        kehu__buffer_text(out, "0");
    else {
        add_name(out, "kehu_m", two ? 0 : k);
        if (!two)
            kehu__buffer_text(out, " - kehu_m0");
    }
    kehu__buffer_text(out, "))");
}

static void add_shares(kehu__buffer *out, const kehu_tree *tree)
{
    const uint32_t K = tree->classes.n;
    for (uint32_t k = 0; k < K; k++) {
        kehu__buffer_text(out, k == 0 ? "" : ", ");
        add_power(out, tree, k);
        for (uint32_t j = 0; j < K; j++) {
            kehu__buffer_text(out, j == 0 ? " / (" : " + ");
            add_power(out, tree, j);
        }
        kehu__buffer_text(out, ") AS ");
        add_name(out, "kehu_p", k);
    }
}

/* The rising function of class k at its share: straight lines between knots. */
static void add_map(kehu__buffer *out, const kehu__isotonic *map, uint32_t k)
{
    kehu__buffer_text(out, "CASE");
    for (uint32_t i = 0; i < map->n; i++) {
        kehu__buffer_text(out, " WHEN ");
        add_name(out, "kehu_p", k);
        kehu__buffer_text(out, " < ");
        kehu__tree_add_number(out, map->x[i]);
        kehu__buffer_text(out, " THEN ");
        kehu__tree_add_number(out, map->y[i > 0 ? i - 1 : 0]);
        if (i == 0)
            continue;
        kehu__buffer_text(out, " + (");
        add_name(out, "kehu_p", k);
        kehu__buffer_text(out, " - ");
        kehu__tree_add_number(out, map->x[i - 1]);
        kehu__buffer_text(out, ") * ");
        kehu__tree_add_number(out,
                              (map->y[i] - map->y[i - 1]) / (map->x[i] - map->x[i - 1]));
    }
    kehu__buffer_text(out, " ELSE ");
    kehu__tree_add_number(out, map->y[map->n - 1]);
    kehu__buffer_text(out, " END");
}

static void add_answer(kehu__buffer *out, const kehu_tree *tree, uint32_t k)
{
    const kehu__calibration *c = &tree->ensemble->calibration;
    const uint32_t K = tree->classes.n;
    if (c->method != KEHU_TREE_CALIBRATE_ISOTONIC) {
        add_name(out, "kehu_p", k);
        return;
    }
    if (K == 2) {
        kehu__buffer_text(out, k == 0 ? "1 - " : "");
        add_map(out, &c->maps[1], 1);
        return;
    }
    add_map(out, &c->maps[k], k);
    for (uint32_t j = 0; j < K; j++) {
        kehu__buffer_text(out, j == 0 ? " / (" : " + ");
        add_map(out, &c->maps[j], j);
    }
    kehu__buffer_text(out, ")");
}

void kehu__ensemble_add_sql(kehu__buffer *out, const kehu_tree *tree, char quote)
{
    for (uint32_t k = 0; k < tree->classes.n; k++) {
        const char *name = kehu__tree_name(&tree->classes, k);
        kehu__buffer_text(out, k == 0 ? "(SELECT " : ",\n(SELECT ");
        add_answer(out, tree, k);
        kehu__buffer_text(out, " FROM (SELECT ");
        add_shares(out, tree);
        kehu__buffer_text(out, " FROM (SELECT ");
        for (uint32_t o = 0; o < tree->ensemble->trees.n_outputs; o++) {
            kehu__buffer_text(out, o == 0 ? "" : ",\n");
            add_margin(out, tree, o, quote);
        }
        kehu__buffer_text(out, ") AS kehu_m) AS kehu_p) AS ");
        kehu__tree_add_quoted(out, name, strlen(name), quote);
    }
    kehu__buffer_text(out, "\n");
}
