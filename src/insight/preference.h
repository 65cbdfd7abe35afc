/* insight/preference.h - what a kehu_preference is made of. */
#ifndef KEHU_SRC_INSIGHT_PREFERENCE_H
#define KEHU_SRC_INSIGHT_PREFERENCE_H

#include <kehu/preference.h>

#include "base/mem.h"
#include "learn/fuse.h"

/* One experience rule: what it says about one class, as log-odds. */
typedef struct kehu__experience {
    uint32_t class_number;
    int32_t line; /* in the rules' text, from 1 */
    double weight;
} kehu__experience;

/* How tree and rules become one probability in one group of rows. */
typedef struct kehu__fusion {
    kehu__fuse weights;
    int32_t fitted; /* 1: to observed rows; 0: both are 1, the offsets 0 */
} kehu__fusion;

struct kehu_preference {
    kehu_allocator alloc;
    kehu_tree *tree;
    kehu_levels *levels;
    kehu_segments *rules;          /* the parsed conditions; NULL = no rules */
    kehu__experience *experiences; /* [n_experiences] one a rule */
    uint32_t n_experiences;
    kehu__fusion fusions[KEHU_PREFERENCE_GROUPS];
    double *offsets; /* [KEHU_PREFERENCE_GROUPS][classes]; NULL without rules */
    uint32_t n_offsets;
};

/* Every rule has the form "hall +2: visits >= 3". */
kehu_status kehu__experience_check(const kehu_segments *rules, kehu_error *err);

/* Read class and weight of every rule; each must be of one of the classes. */
kehu_status kehu__experience_read(kehu__experience **out, uint32_t *n_out,
                                  const kehu_segments *rules, const char *const *classes,
                                  uint32_t n_classes, const kehu_allocator *alloc,
                                  kehu_error *err);

/* Class name of a rule without its weight: bytes and size. */
const char *kehu__experience_class(const kehu_segments *rules, uint32_t rule,
                                   size_t *size);

/* scores[n][n_classes] = sum of the weights of the rules that fire. */
kehu_status kehu__experience_scores(const kehu_preference *p, const kehu_column *columns,
                                    uint32_t n_columns, int64_t n, uint32_t n_classes,
                                    double *scores, kehu_error *err);

/* Tree and rules of p for all n rows: probabilities[n][classes]. */
kehu_status kehu__preference_score(const kehu_preference *p, const kehu_column *columns,
                                   uint32_t n_columns, int64_t n, double *probabilities,
                                   const kehu_tree_score_options *options,
                                   kehu_error *err);

/* Learn tree, rules and fusion of an empty p. */
kehu_status kehu__preference_learn(kehu_preference *p, const kehu_column *columns,
                                   uint32_t n_columns, const kehu_column *observed,
                                   const kehu_column *row_ids,
                                   const kehu_preference_options *options,
                                   const kehu_tree_options *how, kehu_error *err);

/* Fuse in place: probabilities[n][n_classes] of the tree become those of both. */
void kehu__preference_fuse(const kehu_preference *p, const double *scores,
                           double *probabilities, int64_t n, uint32_t n_classes);

/* Offsets of 0 and weights of 1. */
kehu_status kehu__fusion_start(kehu_preference *p, uint32_t n_classes, kehu_error *err);

/* The fusions of least log-loss over the rows with label[i] >= 0; a group of fewer
 * than `least` of them gets that of all. Weights are never negative. */
void kehu__fusion_fit(kehu_preference *p, const double *scores,
                      const double *probabilities, const int32_t *labels, int64_t n,
                      uint32_t n_classes, int64_t least);

#endif
