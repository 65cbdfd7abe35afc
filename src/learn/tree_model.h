/* learn/tree_model.h - what a kehu_tree is made of. */
#ifndef KEHU_SRC_LEARN_TREE_MODEL_H
#define KEHU_SRC_LEARN_TREE_MODEL_H

#include <kehu/tree.h>

#include "learn/recalibrate.h"
#include "learn/tree_boost.h"
#include "learn/tree_feature.h"
#include "learn/tree_grow.h"

/* Probabilities are whole multiples of 1 / KEHU__TREE_ONE that sum to exactly 1:
 * their sums and differences are exact, so that the steps of a path add up to
 * its score to the last bit. */
#define KEHU__TREE_ONE 0x1p50

/* Names one after the other, each with its NUL. */
typedef struct kehu__tree_names {
    uint32_t n;
    char *bytes;
    uint32_t *starts; /* [n + 1] */
} kehu__tree_names;

enum { KEHU__TREE_LEVELS = 5 };

/* A node as scoring asks it: the child is left + !(bit of the code). Leaves go to
 * themselves. */
typedef struct kehu__tree_gate {
    uint64_t left_codes[4];
    uint32_t feature, left;
} kehu__tree_gate;

/* Trees added up instead of one. */
struct kehu__lanes;

typedef struct kehu__ensemble {
    kehu__boosted trees;
    kehu__calibration calibration;
    double log_loss;        /* held-out mean */
    double *level_weights;  /* [classes][KEHU__TREE_LEVELS] training weight by fifths of
                               the class's probability */
    kehu__tree_gate *gates; /* [trees.n_nodes] */
    uint32_t *depths;       /* [trees.n_trees] */
    struct kehu__lanes *lanes;
} kehu__ensemble;

struct kehu_tree {
    kehu_allocator alloc;
    kehu__ensemble *ensemble; /* NULL = a single tree; with one, the nodes below are a
                                 root alone, with the classes' shares */
    kehu__tree_names classes;
    uint32_t n_features;
    kehu__tree_feature *features; /* [n_features] */
    uint32_t n_nodes;
    kehu__tree_node *nodes; /* [n_nodes], children after their parents */
    double *thresholds;     /* [n_nodes] ordered splits: values below go left; NaN:
                               every value that is present does */
    double *weights;        /* [n_nodes][classes.n] sample weight of each class */
    double *probabilities;  /* [n_nodes][classes.n] */
    uint32_t *leaves;       /* [n_nodes] number of the leaf, in node order */
    kehu_tree_info summary;
};

/* An empty name list for n names of `size` bytes in all, NULs included. */
kehu_status kehu__tree_names_alloc(kehu__tree_names *names, uint32_t n, size_t size,
                                   const kehu_allocator *alloc, kehu_error *err);
void kehu__tree_names_free(kehu__tree_names *names, const kehu_allocator *alloc);
static inline const char *kehu__tree_name(const kehu__tree_names *names, uint32_t i)
{
    return names->bytes + names->starts[i];
}

/* Allocate the arrays of n_nodes nodes; classes must be there. And free them. */
kehu_status kehu__tree_alloc_nodes(kehu_tree *tree, uint32_t n_nodes, kehu_error *err);
void kehu__tree_free_nodes(kehu_tree *tree);

/* Leave the root alone, a leaf. */
kehu_status kehu__tree_keep_root(kehu_tree *tree, kehu_error *err);

/* KEHU_ARGUMENT for an ensemble, which cannot be written as `what`. */
kehu_status kehu__tree_needs_single(const kehu_tree *tree, const char *what,
                                    kehu_error *err);

/* A node by its number, and its threshold as below. */
const kehu__tree_node *kehu__tree_node_at(const kehu_tree *tree, uint32_t node,
                                          double *threshold);

/* Fill in what follows from nodes and features: thresholds, leaf numbers, and
 * the summary's leaf count and depth. */
void kehu__tree_finish(kehu_tree *tree);

/* Round one node's probabilities to multiples of 1 / KEHU__TREE_ONE, at least
 * one each, that sum to 1. */
void kehu__tree_round(double *probabilities, uint32_t n_classes);

/* The same tree once more. */
kehu_status kehu__tree_copy(kehu_tree **out, const kehu_tree *tree,
                            const kehu_allocator *alloc, kehu_error *err);

/* Every needed column found by name and checked: given[f] = the column of
 * feature f, n_rows their common length. */
kehu_status kehu__tree_match(const kehu_tree *tree, const kehu_column *columns,
                             uint32_t n_columns, const kehu_column **given,
                             int64_t *n_rows, kehu_error *err);

#endif
