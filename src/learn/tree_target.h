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

#endif
