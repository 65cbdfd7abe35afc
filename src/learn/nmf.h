/* learn/nmf.h - non-negative matrix factorization of sparse rows, X = W H, least
 * squares. H is kept by column: factors[n_columns][k]. */
#ifndef KEHU_SRC_LEARN_NMF_H
#define KEHU_SRC_LEARN_NMF_H

#include <stdbool.h>

#include "base/thread.h"
#include "learn/sparse.h"

enum { KEHU__NMF_MAX = 500 };

/* Fit H. rows are not negative; 1 <= k <= KEHU__NMF_MAX. Each row of H comes out with
 * Euclidean length 1, or all zero. Stops after `passes` or when a pass takes less than
 * 2e-6 of |X|^2 off the squared error. Deterministic for any number of threads. */
kehu_status kehu__nmf_fit(float *factors, const kehu__sparse *rows, uint32_t k,
                          uint32_t passes, const kehu__run *run,
                          const kehu_allocator *alloc, kehu_error *err);

/* A first H for that, into factors that are all zero. False when memory is refused. */
bool kehu__nmf_start(float *factors, const kehu__sparse *rows, uint32_t k,
                     const kehu_allocator *alloc);

/* gram[k][k] = H H'. */
void kehu__nmf_gram(float *gram, const float *factors, uint32_t n_columns, uint32_t k);

/* The weights[k] of one row with H fixed. */
void kehu__nmf_row(float *weights, const uint32_t *columns, const float *values,
                   int64_t n, const float *factors, const float *gram, uint32_t k);

#endif
