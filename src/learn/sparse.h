/* learn/sparse.h - sparse rows: what the terms of texts, or numbers read from a
 * file, look like to a linear model. */
#ifndef KEHU_SRC_LEARN_SPARSE_H
#define KEHU_SRC_LEARN_SPARSE_H

#include "base/error.h"

/* Compressed sparse rows, borrowed. Row i holds the entries starts[i] to
 * starts[i + 1] - 1; within a row columns rise strictly. */
typedef struct kehu__sparse {
    int64_t n_rows;
    uint32_t n_columns;
    const int64_t *starts; /* [n_rows + 1], starts[0] is 0 */
    const uint32_t *columns;
    const float *values; /* finite */
} kehu__sparse;

/* Check all of the above. Fails with KEHU_ARGUMENT, or KEHU_RANGE for a value
 * that is not finite; err->where is the row. */
kehu_status kehu__sparse_check(const kehu__sparse *rows, kehu_error *err);

#endif
