#include "learn/tree_plain.h"

#include "base/error.h"
#include "base/prefetch.h"

enum { TOGETHER = 16, FETCHED_AHEAD = 128 };

/* Leaves lead to themselves: nothing is at or above their threshold, which is NaN. */
typedef struct plain_node {
    const void *values;
    double threshold; /* values below go left */
    uint32_t left, missing_right;
} plain_node;

struct kehu__plain {
    bool is_double;
    int64_t n_rows;
    uint32_t depth, n_asked;
    plain_node *nodes;   /* [n_nodes] */
    const void **values; /* [n_features], n_asked are filled: of the columns asked */
};

static kehu_type type_asked(const kehu_tree *tree, const kehu__tree_source *sources)
{
    return tree->nodes[0].feature < 0 ? KEHU_BOOL
                                      : sources[tree->nodes[0].feature].column->type;
}

static bool all_plain(const kehu_tree *tree, const kehu__tree_source *sources)
{
    const kehu_type type = type_asked(tree, sources);
    if (type != KEHU_FLOAT32 && type != KEHU_FLOAT64)
        return false;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const int32_t f = tree->nodes[i].feature;
        if (f >= 0 &&
            (sources[f].column->type != type || sources[f].column->validity != NULL))
            return false;
    }
    return true;
}

static const void *values_of(const kehu_column *c)
{
    return c->type == KEHU_FLOAT64 ? (const void *)((const double *)c->data + c->start)
                                   : (const void *)((const float *)c->data + c->start);
}

static void fill(kehu__plain *p, const kehu_tree *tree, const kehu__tree_source *sources)
{
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const kehu__tree_node *n = &tree->nodes[i];
        const bool is_leaf = n->feature < 0;
        const kehu__tree_node *asks = is_leaf ? &tree->nodes[0] : n;
        const void *values = values_of(sources[asks->feature].column);
        uint32_t known = 0;
        p->nodes[i] = (plain_node){
            .values = values,
            .threshold = is_leaf ? (double)NAN : tree->thresholds[i],
            .left = is_leaf ? i : n->left,
            .missing_right = !is_leaf && (n->flags & KEHU__TREE_MISSING_LEFT) == 0};
        while (known < p->n_asked && p->values[known] != values)
            known++;
        p->values[known] = values;
        p->n_asked = known == p->n_asked ? known + 1 : p->n_asked;
    }
}

kehu_status kehu__plain_open(kehu__plain **out, const kehu_tree *tree,
                             const kehu__tree_source *sources, int64_t n_rows,
                             kehu_error *err)
{
    kehu__plain *p;
    *out = NULL;
    if (n_rows < TOGETHER || !all_plain(tree, sources))
        return KEHU_OK;
    *out = p = kehu__alloc_zero(&tree->alloc, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "scoring");
    p->is_double = type_asked(tree, sources) == KEHU_FLOAT64;
    p->n_rows = n_rows;
    p->depth = tree->summary.depth;
    p->nodes = kehu__alloc(&tree->alloc, tree->n_nodes, sizeof *p->nodes);
    p->values = kehu__alloc(&tree->alloc, tree->n_features, sizeof *p->values);
    if (p->nodes == NULL || p->values == NULL)
        return kehu__no_memory(err, "scoring");
    fill(p, tree, sources);
    return KEHU_OK;
}

void kehu__plain_close(kehu__plain *plain, const kehu_tree *tree)
{
    if (plain != NULL) {
        kehu__free(&tree->alloc, plain->nodes, tree->n_nodes, sizeof *plain->nodes);
        kehu__free(&tree->alloc, plain->values, tree->n_features, sizeof *plain->values);
        kehu__free(&tree->alloc, plain, 1, sizeof *plain);
    }
}

#define DEFINE_WALK(name, type)                                                          \
    static inline void name##_some(const kehu__plain *p, int64_t row, uint32_t n,        \
                                   uint32_t *at)                                         \
    {                                                                                    \
        uint32_t moved = 1;                                                              \
        for (uint32_t j = 0; j < n; j++)                                                 \
            at[j] = 0;                                                                   \
        for (uint32_t d = 0; d < p->depth && moved != 0; d++) {                          \
            moved = 0;                                                                   \
            for (uint32_t j = 0; j < n; j++) {                                           \
                const plain_node *node = &p->nodes[at[j]];                               \
                const double x = (double)((const type *)node->values)[row + j];          \
                const uint32_t right = (uint32_t)(x >= node->threshold) |                \
                                       ((uint32_t)isnan(x) & node->missing_right);       \
                moved |= at[j] ^ (node->left + right);                                   \
                at[j] = node->left + right;                                              \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
    static void name(const kehu__plain *p, int64_t from, int64_t n, uint32_t *at)        \
    {                                                                                    \
        int64_t i = 0;                                                                   \
        for (; i + TOGETHER <= n; i += TOGETHER) {                                       \
            const int64_t ahead = from + i + FETCHED_AHEAD;                              \
            for (uint32_t k = 0; ahead < p->n_rows && k < p->n_asked; k++)               \
                KEHU__PREFETCH((const type *)p->values[k] + ahead);                      \
            name##_some(p, from + i, TOGETHER, at + i);                                  \
        }                                                                                \
        name##_some(p, from + i, (uint32_t)(n - i), at + i);                             \
    }
DEFINE_WALK(walk_floats, float)
DEFINE_WALK(walk_doubles, double)
#undef DEFINE_WALK

void kehu__plain_walk(const kehu__plain *plain, int64_t from, int64_t n, uint32_t *nodes)
{
    if (plain->is_double)
        walk_doubles(plain, from, n, nodes);
    else
        walk_floats(plain, from, n, nodes);
}
