#include "learn/tree_ensemble_file.h"
#include "learn/tree_feature_file.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

enum { MAX_KNOTS = 1 << 30, MAX_DEPTH = 64 };

static void write_doubles(kehu__buffer *b, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        kehu__buffer_double(b, x[i]);
}

/* Of two classes only the second has a function of its own. */
static uint32_t first_map(uint32_t n_classes)
{
    return n_classes == 2 ? 1 : 0;
}

static void write_calibration(kehu__buffer *b, const kehu__calibration *c)
{
    kehu__buffer_u32(b, (uint32_t)c->method);
    if (c->method == KEHU_TREE_CALIBRATE_SLOPE) {
        kehu__buffer_double(b, c->slope.probability);
        write_doubles(b, c->offsets, c->n_classes);
    }
    if (c->method != KEHU_TREE_CALIBRATE_ISOTONIC)
        return;
    for (uint32_t k = first_map(c->n_classes); k < c->n_classes; k++) {
        kehu__buffer_u32(b, c->maps[k].n);
        write_doubles(b, c->maps[k].x, c->maps[k].n);
        write_doubles(b, c->maps[k].y, c->maps[k].n);
    }
}

void kehu__ensemble_write(kehu__buffer *b, const kehu_tree *tree)
{
    const kehu__ensemble *e = tree->ensemble;
    const kehu__boosted *t = &e->trees;
    kehu__buffer_u32(b, t->n_trees);
    kehu__buffer_u32(b, t->n_nodes);
    kehu__buffer_double(b, e->log_loss);
    write_doubles(b, t->start, t->n_outputs);
    write_doubles(b, e->level_weights, (size_t)tree->classes.n * KEHU__TREE_LEVELS);
    write_calibration(b, &e->calibration);
    for (uint32_t i = 0; i < t->n_trees; i++)
        kehu__buffer_u32(b, t->roots[i]);
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        kehu__tree_write_node(b, tree, &t->nodes[i]);
        kehu__buffer_double(b, t->values[i]);
    }
}

/* So many finite doubles, rising where asked. */
static bool read_doubles(kehu__reader *r, double *x, size_t n, bool rising)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = kehu__read_double(r);
        if (r->failed || !isfinite(x[i]) || (rising && i > 0 && !(x[i] > x[i - 1])))
            return false;
    }
    return true;
}

static bool are_probabilities(const double *x, size_t n)
{
    return n == 0 || (x[0] >= 0 && x[n - 1] <= 1);
}

static kehu_status read_map(kehu__reader *r, kehu__isotonic *map,
                            const kehu_allocator *alloc, const char *name,
                            kehu_error *err)
{
    const uint32_t n = kehu__read_u32(r);
    if (r->failed || n < 1 || n > MAX_KNOTS || (size_t)n * 16 > (size_t)(r->end - r->at))
        return kehu__tree_damaged(err, name, "its calibration");
    map->x = kehu__alloc(alloc, n, sizeof *map->x);
    map->y = kehu__alloc(alloc, n, sizeof *map->y);
    map->n = n;
    if (map->x == NULL || map->y == NULL)
        return kehu__no_memory(err, "the ensemble");
    if (!read_doubles(r, map->x, n, true) || !are_probabilities(map->x, n) ||
        !read_doubles(r, map->y, n, true) || !are_probabilities(map->y, n))
        return kehu__tree_damaged(err, name, "its calibration");
    return KEHU_OK;
}

static kehu_status read_calibration(kehu__reader *r, kehu__calibration *c,
                                    const char *name, kehu_error *err)
{
    const uint32_t method = kehu__read_u32(r), K = c->n_classes;
    if (r->failed || method < KEHU_TREE_CALIBRATE_NONE ||
        method > KEHU_TREE_CALIBRATE_ISOTONIC)
        return kehu__tree_damaged(err, name, "its calibration");
    c->method = (kehu_tree_calibration)method;
    if (method == KEHU_TREE_CALIBRATE_SLOPE) {
        c->slope.probability = kehu__read_double(r);
        c->offsets = kehu__alloc(&c->alloc, K, sizeof *c->offsets);
        if (c->offsets == NULL)
            return kehu__no_memory(err, "the ensemble");
        if (!(c->slope.probability > 0) || isinf(c->slope.probability) ||
            !read_doubles(r, c->offsets, K, false))
            return kehu__tree_damaged(err, name, "its calibration");
    }
    if (method != KEHU_TREE_CALIBRATE_ISOTONIC)
        return KEHU_OK;
    c->maps = kehu__alloc_zero(&c->alloc, K, sizeof *c->maps);
    if (c->maps == NULL)
        return kehu__no_memory(err, "the ensemble");
    for (uint32_t k = first_map(K); k < K; k++)
        KEHU_TRY(read_map(r, &c->maps[k], &c->alloc, name, err));
    return KEHU_OK;
}

/* The nodes of one tree: children after their parents and inside the tree. */
static bool read_tree(kehu__reader *r, const kehu_tree *tree, uint32_t root, uint32_t end)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    b->nodes[root].parent = root;
    for (uint32_t i = root; i < end; i++) {
        kehu__tree_node *n = &b->nodes[i];
        if ((i > root && n->depth == 0) || !kehu__tree_read_node(r, tree, n))
            return false;
        b->values[i] = kehu__read_double(r);
        if (r->failed || !isfinite(b->values[i]))
            return false;
        if (n->feature < 0)
            continue;
        if (n->left <= i || (n->left - root) % 2 != 1 || n->left >= end - 1 ||
            b->nodes[n->left].depth != 0 || n->depth >= MAX_DEPTH)
            return false;
        for (uint32_t c = n->left; c < n->left + 2; c++) {
            b->nodes[c].parent = i;
            b->nodes[c].depth = n->depth + 1;
        }
    }
    return true;
}

static kehu_status read_trees(kehu__reader *r, kehu_tree *tree, const char *name,
                              kehu_error *err)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    for (uint32_t t = 0; t < b->n_trees; t++) {
        b->roots[t] = kehu__read_u32(r);
        if (r->failed || b->roots[t] >= b->n_nodes ||
            (t == 0 ? b->roots[t] != 0 : b->roots[t] <= b->roots[t - 1]))
            return kehu__tree_damaged(err, name, "its trees");
    }
    for (uint32_t t = 0; t < b->n_trees; t++)
        if (!read_tree(r, tree, b->roots[t],
                       t + 1 < b->n_trees ? b->roots[t + 1] : b->n_nodes))
            return kehu__tree_damaged(err, name, "nodes of its trees");
    return KEHU_OK;
}

kehu_status kehu__ensemble_read(kehu__reader r, kehu_tree *tree, const char *name,
                                kehu_error *err)
{
    const uint32_t K = tree->classes.n, O = kehu__boost_outputs(K);
    const uint32_t n_trees = kehu__read_u32(&r), n_nodes = kehu__read_u32(&r);
    kehu__boosted *b;
    /* A node takes 32 bytes or more, a root four. */
    if (r.failed || n_trees < 1 || n_trees > KEHU__BOOST_MAX_TREES || n_trees % O != 0 ||
        n_nodes < n_trees || n_nodes > (size_t)(r.end - r.at) / 32)
        return kehu__tree_damaged(err, name, "its trees");
    KEHU_TRY(kehu__ensemble_new(tree, err));
    b = &tree->ensemble->trees;
    KEHU_TRY(kehu__boosted_init(b, O, n_trees, n_nodes, &tree->alloc, err));
    b->n_trees = n_trees;
    b->n_nodes = n_nodes;
    tree->ensemble->log_loss = kehu__read_double(&r);
    if (!(tree->ensemble->log_loss >= 0) || isinf(tree->ensemble->log_loss) ||
        !read_doubles(&r, b->start, O, false) ||
        !read_doubles(&r, tree->ensemble->level_weights, (size_t)K * KEHU__TREE_LEVELS,
                      false))
        return kehu__tree_damaged(err, name, "the head of its trees");
    for (size_t i = 0; i < (size_t)K * KEHU__TREE_LEVELS; i++)
        if (tree->ensemble->level_weights[i] < 0)
            return kehu__tree_damaged(err, name, "the head of its trees");
    KEHU_TRY(read_calibration(&r, &tree->ensemble->calibration, name, err));
    KEHU_TRY(read_trees(&r, tree, name, err));
    if (r.failed || r.at != r.end)
        return kehu__tree_damaged(err, name, "its trees");
    KEHU_TRY(kehu__ensemble_finish(tree, err));
    kehu__ensemble_summarize(tree);
    return KEHU_OK;
}
