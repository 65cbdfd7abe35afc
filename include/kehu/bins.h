/* kehu/bins.h - columns made ready for trees once: the edges of each column's bins, or
 * its categories, and one byte a value. The next tree on the same customers, of another
 * target, then costs only its growing.
 *
 *     kehu_bins *bins = NULL;
 *     kehu_error err;
 *     if (kehu_bins_fit(&bins, columns, n_columns, NULL, &err) != KEHU_OK ||
 *         kehu_tree_train_bins(&churn, bins, &churned, NULL, NULL, NULL, &err) !=
 *             KEHU_OK ||
 *         kehu_tree_train_bins(&news, bins, &reads_news, NULL, NULL, NULL, &err) !=
 *             KEHU_OK)
 *         report(err.message);
 *     kehu_bins_free(bins);
 *
 * What the bins are is said in kehu/tree.h; a tree learnt from the bins of all rows is
 * the one kehu_tree_train() learns from their columns, to the last byte. It scores
 * columns, as every tree does. */
#ifndef KEHU_BINS_H
#define KEHU_BINS_H

#include <kehu/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Binned columns. Immutable: every function taking `const kehu_bins *` may be called
 * from many threads at once without locks. */
typedef struct kehu_bins kehu_bins;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_bins_options {
    uint32_t size;                 /* sizeof(kehu_bins_options) */
    uint32_t n_threads;            /* 0 means 1; never changes the result */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_bins_options;

/* Find the bins of columns and put every value into its own.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_bins_free()
 * columns  [n_columns] as for kehu_tree_train, of one length; not kept
 * options  NULL for all defaults
 *
 * Fails with KEHU_ARGUMENT (no columns, lengths differ), KEHU_COLUMN (column without a
 * name, of an unfit type), KEHU_DUPLICATE (column name twice), KEHU_EMPTY (no rows),
 * KEHU_LIMIT (more than 10000 columns or 2^31 rows), KEHU_VERSION, KEHU_NO_MEMORY.
 * Time O(rows columns); the handle holds 2 bytes a value. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_bins_fit(kehu_bins **out,
                                                   const kehu_column *columns,
                                                   uint32_t n_columns,
                                                   const kehu_bins_options *options,
                                                   kehu_error *err);

/* Learn a tree, or an ensemble, from bins instead of columns.
 *
 * target, row_ids, weights  a value for each row of the bins, as for kehu_tree_train
 *
 * Rows of weight 0 are not looked at, but were when the bins were made. Fails as
 * kehu_tree_train does, of what is said there about columns only with KEHU_DUPLICATE (a
 * column is called as the target is) and KEHU_DATA (no column with two different
 * values). Extra memory as there, without the 2 bytes a value unless some weights are
 * 0. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tree_train_bins(kehu_tree **out, const kehu_bins *bins, const kehu_column *target,
                     const kehu_column *row_ids, const kehu_column *weights,
                     const kehu_tree_options *options, kehu_error *err);

/* What there are bins of. bins is not NULL, i is in range; names are borrowed, valid
 * while the handle lives. */
KEHU_API int64_t kehu_bins_row_count(const kehu_bins *bins);
KEHU_API uint32_t kehu_bins_feature_count(const kehu_bins *bins);
KEHU_API const char *kehu_bins_feature_name(const kehu_bins *bins, uint32_t i);

/* Keep bins: as a file (replaced whole or not at all), or through a writer. One byte a
 * value; the same bins give the same bytes on every machine.
 * Fail with KEHU_ARGUMENT, KEHU_IO, KEHU_NOT_FOUND (no such folder), KEHU_LIMIT (above
 * 4 GiB), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_bins_save(const kehu_bins *bins,
                                                    const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_bins_write(const kehu_bins *bins,
                                                     const kehu_writer *writer,
                                                     kehu_error *err);

/* Get them back from a file, or from bytes in memory, which are not kept. Contents are
 * checked to the last value before a handle is returned.
 * Fail with KEHU_NOT_FOUND, KEHU_IO, KEHU_FORMAT (not a kehu file, or damaged),
 * KEHU_KIND (another model), KEHU_VERSION, KEHU_NO_MEMORY; *out is then NULL. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_bins_load(kehu_bins **out, const char *path,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_bins_read(kehu_bins **out, const void *bytes,
                                                    size_t size,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_bins_free(kehu_bins *bins);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_BINS_H */
