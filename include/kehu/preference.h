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
 * it, and know nothing about the others.
 *
 * Experience can be written down as rules, in the language of kehu/segment.h; each
 * line names a class and how much its condition speaks for it, in log-odds (2 makes
 * it some seven times as likely), or against it. Every rule that holds counts:
 *
 *     hall +3: hall_visits >= 3
 *     hall -1: app_days > 10
 *     app +2: app_days > 10 and age < 40
 *
 * Customers that the rules are sure about teach the tree too. The tree then learns
 * from the other columns only, so that it can find those the rules do not reach.
 * Both are fused: a class's probability is proportional to
 * tree^a * exp(b * sum of its rules' weights + c). a and b, never negative, and c, one
 * a class, are those of least log-loss over the observed rows, each scored by a tree
 * that did not see it; apart for rows of which some rule speaks in favour of a class
 * and for silent ones. Where too few rows are observed a and b are 1 and c is 0. */
#ifndef KEHU_PREFERENCE_H
#define KEHU_PREFERENCE_H

#include <kehu/levels.h>
#include <kehu/segment.h>
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
    uint32_t n_folds;                  /* 2..20 of the fusion; 0 means 5 */
    const kehu_tree_options *tree;     /* how the tree learns; NULL means its defaults */
    const kehu_levels_options *levels; /* where the levels are cut; NULL means .2 .4 .6
                                          .8. QUANTILE and LIFT are fitted on all rows,
                                          observed or not */
    const kehu_allocator *alloc;       /* NULL means the C library; instead of those in
                                          tree and levels */
    const kehu_segments *rules;        /* experience, as above; copied. NULL means none */
    double sure;                       /* > 0: a row that is not observed counts as of the
                                          class whose rules lead by so much; < 0: never;
                                          0 means 2 */
} kehu_preference_options;

/* Learn a preference.
 *
 * out        receives a new handle, or NULL on failure; free with
 *            kehu_preference_free()
 * columns    [n_columns] as for kehu_tree_train
 * observed   the class of each row: text, integer or BOOL, missing where it is not
 *            known. With rules: text, or NULL when nothing is observed
 * row_ids    as for kehu_tree_train; NULL means that each row stands for itself
 * options    NULL for all defaults
 *
 * Fails as kehu_tree_train (with KEHU_EMPTY when nothing is observed or sure), as
 * kehu_levels_fit, as kehu_segments_assign, and for rules with KEHU_FORMAT (no class
 * and weight before the colon), KEHU_RANGE (weight beyond 20), KEHU_NOT_FOUND (a
 * class not in tree->classes): the message names the line, err->where is it from 0.
 * Cost: kehu_tree_train over the observed rows, and n_folds more single trees to fit
 * a fusion. */
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

/* Groups of rows that are fused each in their way. */
enum {
    KEHU_PREFERENCE_SILENT = 0, /* no rule speaks in favour of a class */
    KEHU_PREFERENCE_SPOKEN = 1,
    KEHU_PREFERENCE_GROUPS = 2
};

/* How tree and rules are fused in a group: a, b and (offset) c above. fitted is 1
 * when they were fitted to observed rows. Without rules only the tree counts. */
typedef struct kehu_preference_fusion {
    double tree_weight, rule_weight;
    uint32_t n_rules;
    int32_t fitted;
} kehu_preference_fusion;
KEHU_API void kehu_preference_fusion_get(const kehu_preference *preference,
                                         uint32_t group, kehu_preference_fusion *fusion);
KEHU_API double kehu_preference_offset(const kehu_preference *preference, uint32_t group,
                                       uint32_t class_number);

/* A rule that holds for a row. */
typedef struct kehu_preference_rule {
    uint32_t class_number;
    int32_t line; /* of the rules' text, from 1 */
    double weight;
    const char *text; /* the line, borrowed from the handle */
} kehu_preference_rule;

/* The rules that speak for or against a row's classes; with kehu_tree_explain of
 * kehu_preference_tree, all there is to say about its score.
 *
 * fired    [capacity] receives the first of them, in the text's order
 * n_fired  receives their number, which may exceed capacity
 *
 * Fails with KEHU_ARGUMENT (row out of range), KEHU_COLUMN. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_preference_fired(const kehu_preference *preference, const kehu_column *columns,
                      uint32_t n_columns, int64_t row, kehu_preference_rule *fired,
                      uint32_t capacity, uint32_t *n_fired, kehu_error *err);

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
