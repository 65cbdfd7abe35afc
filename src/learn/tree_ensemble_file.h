/* learn/tree_ensemble_file.h - the section of a tree's file that holds an ensemble:
 *
 *   BOOS  trees, nodes u32; held-out log-loss double; a start double an output; a level
 *         weight double a class and fifth; calibration u32; SLOPE: slope and an offset a
 *         class, doubles; ISOTONIC: a class (of two the second alone): knots u32, places
 *         and values, doubles; a root u32 a tree; then nodes as in NODE, numbered through
 *         all trees, each with its value, double */
#ifndef KEHU_SRC_LEARN_TREE_ENSEMBLE_FILE_H
#define KEHU_SRC_LEARN_TREE_ENSEMBLE_FILE_H

#include "file/container.h"
#include "learn/tree_ensemble.h"

void kehu__ensemble_write(kehu__buffer *b, const kehu_tree *tree);

/* Into a tree whose classes, columns and root have been read. */
kehu_status kehu__ensemble_read(kehu__reader r, kehu_tree *tree, const char *name,
                                kehu_error *err);

/* A node of either section, and back: checks the split against its column and leaves
 * place, parent and depth to the caller. */
void kehu__tree_write_node(kehu__buffer *b, const kehu_tree *tree,
                           const kehu__tree_node *node);
bool kehu__tree_read_node(kehu__reader *r, const kehu_tree *tree, kehu__tree_node *node);

#endif
