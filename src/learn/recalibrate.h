/* learn/recalibrate.h - probabilities put right by what happened since. */
#ifndef KEHU_SRC_LEARN_RECALIBRATE_H
#define KEHU_SRC_LEARN_RECALIBRATE_H

#include <kehu/tree.h>

#include "base/mem.h"
#include "learn/fuse.h"

/* A rising function of one class's probability. */
typedef struct kehu__isotonic {
    uint32_t n;
    double *x, *y; /* [n] */
} kehu__isotonic;

/* What is done to a row's probabilities; they sum to 1 again afterwards. */
typedef struct kehu__calibration {
    kehu_allocator alloc;
    uint32_t n_classes;
    kehu_tree_calibration method; /* NONE, SLOPE or ISOTONIC */
    kehu__fuse slope;
    double *offsets;      /* [n_classes] of SLOPE */
    kehu__isotonic *maps; /* ISOTONIC: one a class; of two classes only the second's */
} kehu__calibration;

/* Rows with labels[i] >= 0 and fold[i] != skip (all when fold is NULL). */
typedef struct kehu__outcomes {
    const double *probabilities; /* [n][n_classes], inside 0..1 */
    const int32_t *labels;       /* [n] */
    const uint8_t *fold;         /* [n] */
    int64_t n;
    uint32_t n_classes;
} kehu__outcomes;

/* Fit one method. Where no rising function explains the outcomes, *refused is set and
 * the calibration is NONE. Free whatever is returned. */
kehu_status kehu__calibration_fit(kehu__calibration *c, kehu_tree_calibration method,
                                  const kehu__outcomes *rows, int32_t skip, bool *refused,
                                  const kehu_allocator *alloc, kehu_error *err);
void kehu__calibration_free(kehu__calibration *c);

/* In place, [n_classes]. Order is kept: a class that was more probable in one row than
 * in another is not less so afterwards (of two classes). */
void kehu__calibration_apply(const kehu__calibration *c, double *probabilities);

/* losses[3]: held-out mean log-loss of NONE, SLOPE and ISOTONIC over n_folds. */
kehu_status kehu__calibration_try(double *losses, const kehu__outcomes *rows,
                                  uint32_t n_folds, const kehu_allocator *alloc,
                                  kehu_error *err);

#endif
