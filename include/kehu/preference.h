/* kehu/preference.h - which channel, content or occupation suits each customer:
 * a probability and a level for every class, also for customers of whom it has
 * not been observed yet.
 *
 *     kehu_preference *channel = NULL;
 *     kehu_error err;
 *     if (kehu_preference_train(&channel, columns, n_columns, &main_channel, NULL,
 *                               NULL, &err) != KEHU_OK ||
 *         kehu_preference_score(channel, columns, n_columns, probabilities, levels,
 *                               NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_preference_free(channel);
 *
 * Customers whose class is observed (their dominant channel, their stated
 * occupation) teach one tree for all classes; it then scores everybody. Leave out
 * columns that the observed class was computed from: the tree would only repeat
 * it, and know nothing about the others. */
#ifndef KEHU_PREFERENCE_H
#define KEHU_PREFERENCE_H

#include <kehu/levels.h>
#include <kehu/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trained preference. Immutable: every function taking `const kehu_preference *`
 * may be called from many threads at once without locks. */
typedef struct kehu_preference kehu_preference;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_preference_options {
    uint32_t size;                     /* sizeof(kehu_preference_options) */
    uint32_t reserved;                 /* 0 */
    const kehu_tree_options *tree;     /* how the tree learns; NULL means its defaults */
    const kehu_levels_options *levels; /* where the levels are cut; NULL means .2 .4 .6
                                          .8. QUANTILE and LIFT are fitted on all rows,
                                          observed or not */
    const kehu_allocator *alloc;       /* NULL means the C library; instead of those in
                                          tree and levels */
} kehu_preference_options;

/* Learn a preference.
 *
 * out        receives a new handle, or NULL on failure; free with
 *            kehu_preference_free()
 * columns    [n_columns] as for kehu_tree_train
 * observed   the class of each row: text, integer or BOOL, missing where it is not
 *            known
 * row_ids    as for kehu_tree_train; NULL means that each row stands for itself
 * options    NULL for all defaults
 *
 * Fails as kehu_tree_train (with KEHU_EMPTY when nothing is observed) and as
 * kehu_levels_fit. Cost: kehu_tree_train over the observed rows. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_train(
    kehu_preference **out, const kehu_column *columns, uint32_t n_columns,
    const kehu_column *observed, const kehu_column *row_ids,
    const kehu_preference_options *options, kehu_error *err);

/* Probability and level of every class for every row.
 *
 * columns        as for kehu_tree_score
 * probabilities  [n][kehu_preference_class_count]; NULL when not wanted
 * levels         [n][kehu_preference_class_count] 0 (hardly) to 4 (reliant); NULL when
 *                not wanted
 * options        NULL for all defaults
 *
 * Fails as kehu_tree_score; the outputs are then unspecified. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_preference_score(const kehu_preference *preference, const kehu_column *columns,
                      uint32_t n_columns, double *probabilities, uint8_t *levels,
                      const kehu_tree_score_options *options, kehu_error *err);

/* How many customers are in each level of each class, and how often they turned
 * out to be of it.
 *
 * observed  as for kehu_preference_train, of these rows; a class that training did
 *           not know counts as not known. NULL means none known
 * rows      [kehu_preference_class_count][KEHU_LEVEL_COUNT] receives the table;
 *           its names are borrowed from the handle
 *
 * Fails as kehu_preference_score and with KEHU_COLUMN (observed of an unfit type). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_report(
    const kehu_preference *preference, const kehu_column *columns, uint32_t n_columns,
    const kehu_column *observed, const kehu_tree_score_options *options,
    kehu_level_row *rows, kehu_error *err);

/* The classes, in the order of all tables. preference is not NULL, i in range; the
 * name is borrowed. */
KEHU_API uint32_t kehu_preference_class_count(const kehu_preference *preference);
KEHU_API const char *kehu_preference_class_name(const kehu_preference *preference,
                                                uint32_t i);

/* The parts, borrowed: for kehu_tree_explain, kehu_tree_write_rules,
 * kehu_levels_name and the like. */
KEHU_API const kehu_tree *kehu_preference_tree(const kehu_preference *preference);
KEHU_API const kehu_levels *kehu_preference_levels(const kehu_preference *preference);

/* Keep it and get it back, as kehu_tree_save, _write, _load and _read. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_save(
    const kehu_preference *preference, const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_write(
    const kehu_preference *preference, const kehu_writer *writer, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_load(kehu_preference **out,
                                                          const char *path,
                                                          const kehu_allocator *alloc,
                                                          kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_preference_read(kehu_preference **out,
                                                          const void *bytes, size_t size,
                                                          const kehu_allocator *alloc,
                                                          kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_preference_free(kehu_preference *preference);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_PREFERENCE_H */
