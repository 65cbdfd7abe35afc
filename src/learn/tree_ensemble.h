/* learn/tree_ensemble.h - many small trees behind the handle of one. */
#ifndef KEHU_SRC_LEARN_TREE_ENSEMBLE_H
#define KEHU_SRC_LEARN_TREE_ENSEMBLE_H

#include "learn/tree_model.h"
#include "learn/tree_walk.h"

/* An empty ensemble in the tree, with room for its level weights. */
kehu_status kehu__ensemble_new(kehu_tree *tree, kehu_error *err);
void kehu__ensemble_free(kehu_tree *tree);

/* Fill in what follows from the trees. */
kehu_status kehu__ensemble_finish(kehu_tree *tree, kehu_error *err);

/* Of the single tree keep the root alone, and sum up the ensemble. */
kehu_status kehu__ensemble_instead(kehu_tree *tree, kehu_error *err);
void kehu__ensemble_summarize(kehu_tree *tree);

/* Train from prepared rows: cross-validate, calibrate on the held-out rows, boost from
 * all. Where the held-out loss is not below `at_most` (unless negative) no ensemble is
 * left in the tree. */
kehu_status kehu__ensemble_train(kehu_tree *tree, const kehu__tree_rows *rows,
                                 const uint8_t *fold, uint32_t n_folds, uint64_t seed,
                                 double at_most, const kehu__run *run, kehu_error *err);

/* Probabilities [n][classes] of rows of codes [n][stride], calibrated or as boosted. */
void kehu__ensemble_score(const kehu_tree *tree, const uint8_t *codes, size_t stride,
                          int64_t n, bool calibrated, double *probabilities);

/* The same for whole columns; frees nothing of the sources. */
kehu_status kehu__ensemble_score_columns(const kehu_tree *tree,
                                         const kehu__tree_source *sources, int64_t n_rows,
                                         bool calibrated, double *probabilities,
                                         const kehu__run *run, kehu_error *err);

/* p[classes] of margins: calibrated, and whole multiples of 1 / KEHU__TREE_ONE. */
void kehu__ensemble_answer(const kehu_tree *tree, const double *margins, double *p);

/* A step for each column that the row's paths ask, the weightiest first. */
kehu_status kehu__ensemble_explain(const kehu_tree *tree,
                                   const kehu__tree_source *sources, int64_t row,
                                   uint32_t k, kehu_tree_step *steps, uint32_t capacity,
                                   uint32_t *n_steps, double *base, kehu_error *err);

static inline uint32_t kehu__tree_level_of(double p)
{
    return p >= .8 ? 4 : p >= .6 ? 3 : p >= .4 ? 2 : p >= .2 ? 1 : 0;
}

#endif
