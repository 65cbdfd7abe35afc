/* learn/tree_bins.h - what a kehu_bins is made of. */
#ifndef KEHU_SRC_LEARN_TREE_BINS_H
#define KEHU_SRC_LEARN_TREE_BINS_H

#include <kehu/bins.h>

#include "learn/tree_encode.h"

struct kehu_bins {
    kehu_allocator alloc;
    uint32_t n_features;
    kehu__tree_feature *features; /* [n_features] code_weight: rows of each code */
    kehu__tree_codes codes;
};

/* Columns with names of their own, as long as `other` is. */
kehu_status kehu__bins_check_columns(const kehu_column *columns, uint32_t n_columns,
                                     int64_t length, const char *other, kehu_error *err);

/* Room for n_rows rows; the features are to be filled in. */
kehu_status kehu__bins_new(kehu_bins **out, uint32_t n_features, uint32_t n_rows,
                           const kehu_allocator *alloc, kehu_error *err);

/* Bins of the n_rows rows of checked columns with use[i] != 0. */
kehu_status kehu__bins_fit(kehu_bins **out, const kehu_column *columns,
                           uint32_t n_columns, const uint8_t *use, uint32_t n_rows,
                           const kehu__run *run, const kehu_allocator *alloc,
                           kehu_error *err);

/* The same bins of the n_rows rows with use[i] != 0 alone. */
kehu_status kehu__bins_take(kehu_bins **out, const kehu_bins *bins, const uint8_t *use,
                            uint32_t n_rows, const kehu_allocator *alloc,
                            kehu_error *err);

/* sums[n_codes] of the rows' weights, each 1 when NULL, by a column's codes. */
void kehu__bins_weigh(const kehu_bins *bins, uint32_t feature, const uint32_t *weights,
                      uint64_t *sums);

#endif
