/* learn/tree_plain.h - the leaves of rows whose values lie in plain arrays of float, or
 * of double, or are turned to such block by block: blocks of rows go down the tree
 * together, without a branch, and what they will ask is prefetched. */
#ifndef KEHU_SRC_LEARN_TREE_PLAIN_H
#define KEHU_SRC_LEARN_TREE_PLAIN_H

#include "learn/tree_walk.h"

typedef struct kehu__plain kehu__plain;

/* Up to n_rooms tasks walk at once. *out is NULL, without an error, where the tree asks
 * text, or so many columns that turning them does not pay. Close with the same tree. */
kehu_status kehu__plain_open(kehu__plain **out, const kehu_tree *tree,
                             const kehu__tree_source *sources, int64_t n_rows,
                             uint32_t n_rooms, kehu_error *err);
void kehu__plain_close(kehu__plain *plain, const kehu_tree *tree);

enum { KEHU__PLAIN_ROWS = 1024 };

/* nodes[n]: where the rows from .. from + n - 1 end, n <= KEHU__PLAIN_ROWS; room <
 * n_rooms is no other task's now. */
void kehu__plain_walk(const kehu__plain *plain, int64_t from, uint32_t n, uint32_t room,
                      uint32_t *nodes);

#endif
