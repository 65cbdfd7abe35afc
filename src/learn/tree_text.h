/* learn/tree_text.h - trees as text, one or many. */
#ifndef KEHU_SRC_LEARN_TREE_TEXT_H
#define KEHU_SRC_LEARN_TREE_TEXT_H

#include "base/buffer.h"
#include "learn/tree_model.h"

/* The node that comes after `at` in pre-order; the root after the last. */
uint32_t kehu__tree_next(const kehu__tree_node *nodes, uint32_t root, uint32_t at);

/* The tree below root as nested CASEs without recursion, values[node * stride] at its
 * leaves. */
void kehu__tree_add_case(kehu__buffer *out, const kehu_tree *tree,
                         const kehu__tree_node *nodes, uint32_t root,
                         const double *values, uint32_t stride, char quote);

void kehu__ensemble_add_dump(kehu__buffer *out, const kehu_tree *tree);
void kehu__ensemble_add_sql(kehu__buffer *out, const kehu_tree *tree, char quote);

#endif
