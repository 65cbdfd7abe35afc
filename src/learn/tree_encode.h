/* learn/tree_encode.h - whole columns to byte codes, fast. */
#ifndef KEHU_SRC_LEARN_TREE_ENCODE_H
#define KEHU_SRC_LEARN_TREE_ENCODE_H

#include "base/thread.h"
#include "learn/tree_feature.h"

/* Where the codes go: column by column and row by row. */
typedef struct kehu__tree_codes {
    uint32_t n_rows;    /* rows with use[i] != 0 */
    uint8_t *by_column; /* [n_features][n_rows] */
    uint8_t *by_row;    /* [n_rows][stride], beyond the features zero */
    size_t stride;
} kehu__tree_codes;

/* Codes of the rows with use[i] != 0. columns[n_features] are checked and of the
 * features' kinds and of one length. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__tree_encode(const kehu__tree_codes *codes,
                              const kehu__tree_feature *features, uint32_t n_features,
                              const kehu_column *columns, const uint8_t *use,
                              const kehu__run *run, const kehu_allocator *alloc,
                              kehu_error *err);

/* What coding a column takes: of a CATEGORY column its dictionary's codes, of numbers a
 * table. */
typedef struct kehu__tree_coder kehu__tree_coder;

/* One a feature, columns as above. Close whatever is returned. */
kehu_status kehu__tree_coders_open(kehu__tree_coder **out,
                                   const kehu__tree_feature *features,
                                   uint32_t n_features, const kehu_column *columns,
                                   const kehu_allocator *alloc, kehu_error *err);
void kehu__tree_coders_close(kehu__tree_coder *coders, uint32_t n_features,
                             const kehu_column *columns, const kehu_allocator *alloc);

/* The least float that is not below e, which parts floats as e does; NaN of NaN. */
float kehu__tree_narrowed(double e);

/* Codes of n rows of feature f; a number that is missing gets `missing`. */
void kehu__tree_code_rows(const kehu__tree_coder *coders,
                          const kehu__tree_feature *features, const kehu_column *columns,
                          uint32_t f, int64_t from, uint32_t n, uint8_t missing,
                          uint8_t *codes);

#endif
