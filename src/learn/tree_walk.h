/* learn/tree_walk.h - one row's way from the root to its leaf. */
#ifndef KEHU_SRC_LEARN_TREE_WALK_H
#define KEHU_SRC_LEARN_TREE_WALK_H

#include <math.h>

#include "learn/tree_model.h"

/* Where a feature's values come from. */
typedef struct kehu__tree_source {
    const kehu_column *column;
    uint8_t *dictionary_codes; /* CATEGORY: code of each dictionary entry */
} kehu__tree_source;

/* Match and prepare the columns of a call; close with the same tree. */
kehu_status kehu__tree_sources_open(kehu__tree_source **out, int64_t *n_rows,
                                    const kehu_tree *tree, const kehu_column *columns,
                                    uint32_t n_columns, kehu_error *err);
void kehu__tree_sources_close(kehu__tree_source *sources, const kehu_tree *tree);

/* The child of an inner node for a number (NaN = missing), or a code. */
static inline uint32_t kehu__tree_step_number(const kehu_tree *tree, uint32_t at,
                                              double x)
{
    const kehu__tree_node *n = &tree->nodes[at];
    const bool left = isnan(x) ? (n->flags & KEHU__TREE_MISSING_LEFT) != 0
                               : !(x >= tree->thresholds[at]);
    return n->left + (left ? 0 : 1);
}
static inline uint32_t kehu__tree_step_code(const kehu_tree *tree, uint32_t at,
                                            uint32_t code)
{
    const kehu__tree_node *n = &tree->nodes[at];
    return n->left + (kehu__tree_goes_left(n, code) ? 0 : 1);
}

/* The child of an inner node for row i. */
static inline uint32_t kehu__tree_step(const kehu_tree *tree,
                                       const kehu__tree_source *sources, uint32_t at,
                                       int64_t i)
{
    const int32_t f = tree->nodes[at].feature;
    const kehu__tree_source *s = &sources[f];
    if (kehu__tree_is_text(&tree->features[f]))
        return kehu__tree_step_code(
            tree, at,
            kehu__tree_code(&tree->features[f], s->column, s->dictionary_codes, i));
    return kehu__tree_step_number(tree, at, kehu__column_number(s->column, i));
}

static inline uint32_t kehu__tree_walk(const kehu_tree *tree,
                                       const kehu__tree_source *sources, int64_t i)
{
    uint32_t at = 0;
    while (tree->nodes[at].feature >= 0)
        at = kehu__tree_step(tree, sources, at, i);
    return at;
}

#endif
