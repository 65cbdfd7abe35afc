/* learn/tree_condition.h - the branches of a split in words and in SQL. */
#ifndef KEHU_SRC_LEARN_TREE_CONDITION_H
#define KEHU_SRC_LEARN_TREE_CONDITION_H

#include "base/buffer.h"
#include "learn/tree_model.h"

/* "age < 30.5 or missing": true for exactly the rows that take the branch. */
void kehu__tree_condition_words(kehu__buffer *out, const kehu_tree *tree, uint32_t node,
                                bool left);

/* A condition true for exactly the rows that go left, never NULL for the others
 * in a way that would count as true. */
void kehu__tree_condition_sql(kehu__buffer *out, const kehu_tree *tree, uint32_t node,
                              char quote);

void kehu__tree_add_number(kehu__buffer *out, double x);

/* Text between quote characters, those inside doubled. */
void kehu__tree_add_quoted(kehu__buffer *out, const char *bytes, size_t size, char quote);

#endif
