/* learn/tree_target.h - the column to be learnt, as class numbers. */
#ifndef KEHU_SRC_LEARN_TREE_TARGET_H
#define KEHU_SRC_LEARN_TREE_TARGET_H

#include "learn/tree_model.h"

/* labels[j] = class of the j-th row with use[i] != 0. classes is the caller's
 * list of names or NULL. Statuses as kehu_tree_train. */
kehu_status kehu__tree_target_read(kehu__tree_names *names, uint8_t *labels,
                                   const kehu_column *target, const kehu_column *classes,
                                   const uint8_t *use, const kehu_allocator *alloc,
                                   kehu_error *err);

/* The target of n_rows rows is a sound column of so many, 1 to 2^31 - 1. */
kehu_status kehu__tree_outcomes_check(const kehu_column *target, int64_t n_rows,
                                      kehu_error *err);

/* labels[i] = class of the target's row i, -1 where it is missing. Fails with
 * KEHU_COLUMN (its type) and KEHU_DATA (a class that is not among these). */
kehu_status kehu__tree_outcomes_read(int32_t *labels, const kehu__tree_names *classes,
                                     const kehu_column *target, kehu_error *err);

#endif
