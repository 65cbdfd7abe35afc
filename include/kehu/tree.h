/* kehu/tree.h - decision-tree scorer: from columns of numbers, dates and
 * categories, with gaps anywhere, to a probability for each class, and why.
 *
 *     kehu_tree *tree = NULL;
 *     kehu_error err;
 *     if (kehu_tree_train(&tree, columns, n_columns, &churned, NULL, NULL, NULL,
 *                         &err) != KEHU_OK ||
 *         kehu_tree_score(tree, columns, n_columns, probabilities, NULL, &err) !=
 *             KEHU_OK)
 *         report(err.message);
 *     kehu_tree_free(tree);
 *
 * Columns are matched by name, in any order; further columns are ignored.
 * Numbers of every type and BOOL stand for one another; DATE32 and TIMESTAMP
 * only for themselves; UTF8, LARGE_UTF8 and CATEGORY for one another; in scoring a
 * column whose validity bits are all cleared for anything. NaN, a cleared validity
 * bit and an empty text are all "missing". Infinities are the
 * most extreme numbers.
 *
 * Method: numbers become at most 254 bins (exact midpoints up to that many
 * different values), categories the 253 most frequent levels and one pool for
 * the others. The tree grows best split first, so that every prefix of its
 * splits is a tree; criterion, least leaf weight, number of leaves and
 * shrinkage are chosen together by cross-validated log-loss over folds made
 * by a hash of the row's id, repeated up to four times where rows are few. A node's
 * probabilities move from its parent's towards its own class shares by 1 - k/G, G the
 * split's likelihood-ratio statistic, and one pseudo-row of the parent is added. */
#ifndef KEHU_TREE_H
#define KEHU_TREE_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trained scorer. Immutable: every function taking `const kehu_tree *` may be
 * called from many threads at once without locks. */
typedef struct kehu_tree kehu_tree;

typedef enum kehu_tree_criterion {
    KEHU_TREE_AUTO = 0,  /* the best of the three by cross-validation */
    KEHU_TREE_ENTROPY,   /* information gain */
    KEHU_TREE_GINI,      /* Gini impurity */
    KEHU_TREE_GAIN_RATIO /* gain over split information, among the columns of at
                            least mean gain (Quinlan, C4.5, 1993) */
} kehu_tree_criterion;

/* How probabilities are put right. */
typedef enum kehu_tree_calibration {
    KEHU_TREE_CALIBRATE_BEST = 0, /* the best of the three by cross-validation */
    KEHU_TREE_CALIBRATE_NONE,     /* as learned: as a single tree has them, as an
                                     ensemble was boosted */
    KEHU_TREE_CALIBRATE_SLOPE,    /* proportional to probability^slope * a factor for
                                     each class, slope > 0 (Platt scaling) */
    KEHU_TREE_CALIBRATE_ISOTONIC  /* a rising function for each class */
} kehu_tree_calibration;

/* What a handle may hold. */
typedef enum kehu_tree_kind {
    KEHU_TREE_SINGLE = 0, /* one tree, to be read as a whole; a score for each leaf, so
                             that many rows tie: to rank rows, rather BEST */
    KEHU_TREE_ENSEMBLE,   /* some hundred small trees added up: gradient boosting, rounds
                             and size chosen by cross-validation, its probabilities
                             calibrated on held-out rows where that lessens the loss */
    KEHU_TREE_BEST,       /* whichever has the lower cross-validated log-loss */
    KEHU_TREE_DISTILLED   /* one tree that learns from an ensemble's probabilities instead
                             of the classes alone, where its cross-validated log-loss is
                             lower than SINGLE's */
} kehu_tree_kind;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tree_options {
    uint32_t size;                 /* sizeof(kehu_tree_options) */
    kehu_tree_criterion criterion; /* 0 means AUTO; without folds ENTROPY */
    uint32_t max_leaves;           /* 2..65536; 0 means rows / 64, but 128 to 4096,
                                      of a DISTILLED tree rows / 16, but 512 to 4096 */
    uint32_t max_depth;            /* 1..64 splits on a path; 0 means 30 */
    uint32_t n_folds;              /* 2..20, 0 means 5; 1 means no cross-validation:
                                      the tree takes all leaves it may */
    uint32_t n_threads;            /* 0 means 1; never changes the result */
    double min_leaf_weight;        /* > 0: least rows (sum of weights) in a leaf;
                                      0 means chosen among 2, 5, 10, 20, 40, 80 by
                                      cross-validation, without folds 20 */
    double shrinkage;              /* > 0: k of the method; < 0: none; 0 means chosen
                                      by cross-validation, without folds 4 */
    uint64_t seed;                 /* of the folds' hash; every value is fine */
    const double *class_weights;   /* [n_class_weights] finite and > 0, in class order;
                                      NULL means all 1. Probabilities are those of
                                      the reweighted population */
    uint32_t n_class_weights;      /* the number of classes when class_weights is set */
    const kehu_column *classes;    /* text: all class names, in the order wanted; NULL
                                      means those of the target, sorted */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
    double cut_penalty;            /* > 0: a split's gain, in nats, is lessened by so much
                                      times the logarithm of the cuts it was chosen from
                                      (not for Gini); < 0: not at all; 0 means chosen
                                      among 0 and 0.5 by cross-validation, without folds
                                      none */
    const int8_t *monotone;        /* [n_monotone] one a column, for two classes: 1 = the
                                      second never gets less probable as the column's
                                      value rises, all else equal; -1 = never more; 0 =
                                      free, as text columns must be. Missing values have
                                      no place in the order. NULL means all free */
    uint32_t n_monotone;           /* the number of columns when monotone is set */
    kehu_tree_kind kind;           /* 0 means SINGLE; others need two folds or more, and
                                      ENSEMBLE and BEST no monotone columns. Of the
                                      options above an ensemble heeds the folds, seed,
                                      weights, classes */
} kehu_tree_options;

/* Learn a tree. Where no split pays it has a single leaf (kehu_tree_leaf_count): every
 * row gets the classes' shares then, and explaining has no steps. Scores of the rows it
 * was learnt from flatter; kehu/evaluate.h tells what to expect of others.
 *
 * out        receives a new handle, or NULL on failure; free with kehu_tree_free()
 * columns    [n_columns] inputs, each with a name of its own and n values; not kept
 * target     n values, text, integer or BOOL: the class of each row. Class order:
 *            false before true, integers ascending, texts by their bytes
 * row_ids    n values, text or integer: rows with the same id share a fold; NULL
 *            means that each row stands for itself
 * weights    n numbers, finite and >= 0; NULL means 1. Rows of weight 0 are not
 *            looked at, so their target may be missing
 * options    NULL for all defaults
 *
 * Fails with KEHU_ARGUMENT (option out of range, lengths differ), KEHU_COLUMN
 * (column without a name, of an unfit type), KEHU_DUPLICATE (column name twice or
 * the target's), KEHU_EMPTY (no row of positive weight), KEHU_ONE_CLASS,
 * KEHU_DATA (target missing or not in options.classes: err->where is the row; no
 * column with two different values), KEHU_RANGE (weight), KEHU_LIMIT (more than
 * 255 classes, 10000 columns or 2^31 rows; DISTILLED: rows times classes beyond 2^32),
 * KEHU_VERSION, KEHU_NO_MEMORY, KEHU_CANCELLED. Time O(rows columns depth) a tree, some
 * 150 trees for the default options, up to 600 where rows are few; extra memory 2 bytes a
 * cell, 8 bytes a row and thread, histograms. A DISTILLED one takes 2 bytes a cell and 4
 * bytes a row, fold and repeat once more for each class. The same input gives the same
 * bytes for any number of threads. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_train(
    kehu_tree **out, const kehu_column *columns, uint32_t n_columns,
    const kehu_column *target, const kehu_column *row_ids, const kehu_column *weights,
    const kehu_tree_options *options, kehu_error *err);

/* Zero every field you do not care about. The arrays are outputs. */
typedef struct kehu_tree_score_options {
    uint32_t size;                 /* sizeof(kehu_tree_score_options) */
    uint32_t n_threads;            /* 0 means 1; never changes the result */
    uint32_t *leaves;              /* [n] the leaf each row ends in, 0 ..
                                      kehu_tree_leaf_count - 1: a ready-made segment; not
                                      of an ensemble. NULL means not wanted */
    int64_t *unseen;               /* [kehu_tree_feature_count] rows whose category was
                                      not in the training data (0 for columns that had
                                      more than 253 categories there, for which this is
                                      not known); NULL means not wanted */
    int64_t *missing;              /* [kehu_tree_feature_count] rows without a value in a
                                      column that had none missing in training; NULL
                                      means not wanted */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
} kehu_tree_score_options;

/* Probability of every class for every row.
 *
 * columns        [n_columns] at least the columns trained on, matched by name
 * probabilities  [n][kehu_tree_class_count], each row sums to 1; n is the length
 *                of the columns. NULL when only the options' arrays are wanted
 * options        NULL for all defaults
 *
 * An unseen category goes with the pool of rare ones, or, at a split that saw
 * none of these, to the child with more training weight; so does a missing value
 * at a split that saw none missing.
 * Fails with KEHU_COLUMN (column missing, twice, or of another type: the message
 * names it), KEHU_ARGUMENT, KEHU_VERSION, KEHU_NO_MEMORY; the outputs are then
 * unspecified. Time O(n depth); extra memory one byte a dictionary entry. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_score(
    const kehu_tree *tree, const kehu_column *columns, uint32_t n_columns,
    double *probabilities, const kehu_tree_score_options *options, kehu_error *err);

/* The same for one row given by value, in the order of kehu_tree_feature_name.
 *
 * numbers  [kehu_tree_feature_count] value of each column of numbers or dates
 *          (days or microseconds as in training), NaN = missing; others not read
 * texts    [kehu_tree_feature_count] NUL-terminated value of each text column,
 *          NULL = missing; others not read. NULL when there is no text column
 * probabilities  [kehu_tree_class_count]
 *
 * Fails with KEHU_ARGUMENT. Allocates nothing. Time O(depth). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_score_row(const kehu_tree *tree,
                                                         const double *numbers,
                                                         const char *const *texts,
                                                         double *probabilities,
                                                         kehu_error *err);

/* What the tree is made of. tree is not NULL, i is in range; names are borrowed, valid
 * while the handle lives. A class's number is its place in the class order, from 0. */
KEHU_API uint32_t kehu_tree_class_count(const kehu_tree *tree);
KEHU_API const char *kehu_tree_class_name(const kehu_tree *tree, uint32_t i);
KEHU_API uint32_t kehu_tree_feature_count(const kehu_tree *tree);
KEHU_API const char *kehu_tree_feature_name(const kehu_tree *tree, uint32_t i);
KEHU_API uint32_t kehu_tree_leaf_count(const kehu_tree *tree);

/* How the tree came about. */
typedef struct kehu_tree_info {
    int64_t n_rows;                /* rows of positive weight it was trained on */
    double weight;                 /* their sum of weights */
    uint32_t n_leaves, depth;      /* a single leaf has depth 0 */
    kehu_tree_criterion criterion; /* chosen or given; AUTO only for an ensemble */
    double min_leaf_weight;
    double shrinkage;                  /* 0 = none */
    double cv_log_loss;                /* mean over the held-out rows; -1 without folds */
    double cut_penalty;                /* 0 = none */
    kehu_tree_kind kind;               /* SINGLE, ENSEMBLE or DISTILLED */
    uint32_t n_trees;                  /* 1 for a single tree */
    kehu_tree_calibration calibration; /* of an ensemble; never BEST */
} kehu_tree_info;

/* Fill *summary. Neither is NULL. */
KEHU_API void kehu_tree_get_info(const kehu_tree *tree, kehu_tree_info *summary);

/* How far a population has moved from the one the tree was trained on: the
 * population stability index, 0 = not at all; customarily 0.1 is worth a look and
 * 0.25 an alarm.
 *
 * columns   as for kehu_tree_score, at least one row
 * features  [kehu_tree_feature_count] of each column, over tenths of its training
 *           values (categories: those of a hundredth or more alone, the others
 *           together; missing apart)
 * levels    [kehu_tree_class_count] of each class's probability, over the levels cut
 *           at .2 .4 .6 .8
 *
 * Half a row is put into every group on both sides, so that an empty one counts
 * without taking over.
 * Fails as kehu_tree_score, and with KEHU_EMPTY. Time O(n (columns + depth)). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_drift(const kehu_tree *tree,
                                                     const kehu_column *columns,
                                                     uint32_t n_columns, double *features,
                                                     double *levels, kehu_error *err);

/* One split on a row's way down. */
typedef struct kehu_tree_step {
    uint32_t node;       /* the split; nodes are numbered from the root's 0 */
    uint32_t feature;    /* the column it asks, 0 .. kehu_tree_feature_count - 1 */
    int32_t went_left;   /* 1 or 0 */
    int32_t was_missing; /* 1: the row has no value there, or a category unseen at
                            training; it went the way the split has for that */
    double probability;  /* of the explained class after the step */
    double change;       /* what the step did to it */
} kehu_tree_step;

/* Why a row has its probability: base + the sum of all changes is the score, exactly,
 * in any order of summing. A step between leaves of equal probability has change 0; for
 * people, leave it out.
 *
 * columns    as for kehu_tree_score; row is one of their rows
 * steps      [capacity] receives the path from the root; the summary's depth is
 *            capacity enough for every row. Of an ensemble: a step for each column that
 *            the row's paths ask, the weightiest first, at most
 *            kehu_tree_feature_count; node is the split of that column that moved most
 * n_steps    receives the number of steps
 * base       receives the class's probability over all rows
 *
 * Fails with KEHU_ARGUMENT (row or class out of range, capacity too small),
 * KEHU_COLUMN, KEHU_NO_MEMORY; the outputs are then unspecified. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tree_explain(const kehu_tree *tree, const kehu_column *columns, uint32_t n_columns,
                  int64_t row, uint32_t class_number, kehu_tree_step *steps,
                  uint32_t capacity, uint32_t *n_steps, double *base, kehu_error *err);

/* The condition of a step as words, such as "tenure < 12.5 or missing" or
 * "contract is one of month, two". Holds for every row that took this branch.
 *
 * text      [capacity] receives UTF-8 and a NUL, cut at a whole character
 * needed    receives the bytes of the whole condition without the NUL; may be NULL
 *
 * Fails with KEHU_ARGUMENT (no such split), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_step_text(const kehu_tree *tree,
                                                         const kehu_tree_step *step,
                                                         char *text, size_t capacity,
                                                         size_t *needed, kehu_error *err);

/* importance[kehu_tree_feature_count]: each column's part of all gain of the
 * splits. Sums to 1; all 0 for a single leaf. */
KEHU_API void kehu_tree_importance(const kehu_tree *tree, double *importance);

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tree_permute_options {
    uint32_t size;                 /* sizeof(kehu_tree_permute_options) */
    uint32_t n_repeats;            /* 1..1000 shuffles of each column; 0 means 5 */
    uint64_t seed;                 /* of the shuffles; every value is fine */
    uint32_t n_threads;            /* 0 means 1; never changes the result */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
} kehu_tree_permute_options;

/* What each column is worth on these rows, best ones that training did not see: by how
 * much the mean log-loss rises when the column's values are dealt anew among the rows.
 *
 * columns     as for kehu_tree_score
 * target      as for kehu_tree_train; rows where it is missing are not looked at
 * importance  [kehu_tree_feature_count] mean rise, in nats; about 0 or below where the
 *             column does not help, 0 where the tree does not ask it
 * spread      [kehu_tree_feature_count] standard deviation of the rise over the
 *             shuffles; NULL when not wanted
 *
 * Fails as kehu_tree_score, and with KEHU_COLUMN (target of an unfit type), KEHU_DATA
 * (a class the tree does not know: err->where is the row), KEHU_EMPTY (no row with a
 * class). Time O(n n_repeats depth) a column, extra memory 8 bytes a row and 2 a cell.
 * Source: Breiman, Random forests, 2001. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tree_permute(const kehu_tree *tree, const kehu_column *columns, uint32_t n_columns,
                  const kehu_column *target, const kehu_tree_permute_options *options,
                  double *importance, double *spread, kehu_error *err);

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tree_recalibrate_options {
    uint32_t size;                /* sizeof(kehu_tree_recalibrate_options) */
    kehu_tree_calibration method; /* 0 means BEST */
    uint32_t n_folds;             /* 2..20 by a hash of the row's number; 0 means 5 */
    uint64_t seed;                /* of the hash; every value is fine */
    const kehu_allocator *alloc;  /* of the new handle; NULL means the C library */
} kehu_tree_recalibrate_options;

/* What a calibration did. */
typedef struct kehu_tree_recalibration {
    int64_t n_rows;               /* rows with a class */
    kehu_tree_calibration method; /* chosen; never BEST */
    int32_t refused;        /* 1: in no rising function of the scores can these outcomes
                               be seen, they run against them. The new tree is as the old;
                               train again */
    double slope;           /* of SLOPE; 1 otherwise */
    double log_loss_before; /* mean over these rows, as the tree was */
    double log_loss_after;  /* the same by cross-validation of the method */
} kehu_tree_recalibration;

/* Put the probabilities right by fresh outcomes, without training again: the splits,
 * the order of customers (of two classes) and all that explains a score stay.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_tree_free()
 * columns  as for kehu_tree_score
 * target   as for kehu_tree_train: what became of each row, missing where not known
 * options  NULL for all defaults
 * found    receives what was done; NULL when not wanted
 *
 * Isotonic functions of more than two classes leave alone a class that no row has.
 * Fails as kehu_tree_permute, and with KEHU_ARGUMENT (option out of range),
 * KEHU_ONE_CLASS (all rows with a class are of one). Time O(n depth + n log n); extra
 * memory some 80 bytes a row. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tree_recalibrate(kehu_tree **out, const kehu_tree *tree, const kehu_column *columns,
                      uint32_t n_columns, const kehu_column *target,
                      const kehu_tree_recalibrate_options *options,
                      kehu_tree_recalibration *found, kehu_error *err);

/* A tree or an ensemble as text, through a writer. Fail with KEHU_ARGUMENT (the rules of
 * an ensemble, too), KEHU_IO, KEHU_NO_MEMORY.
 *
 * _rules  for people: each leaf with its rows, its probabilities and its conditions
 * _dump   for comparing versions: a line a node, all numbers exact
 * _sql    for databases: a nested CASE expression a class, named as the class,
 *         separated by commas, to stand after SELECT. Column names are in quote
 *         characters, '"' (standard, for 0) or '`' (MySQL, Hive). NULL and the
 *         empty text are missing; BOOL columns are 0 or 1; dates are ISO text
 *         ("2024-05-01") or of a date type that compares with it, times the same
 *         with " 13:45:00.000000". Of an ensemble a subquery a class, which adds up
 *         its trees and takes EXP: the last digits may differ from the score's */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_write_rules(const kehu_tree *tree,
                                                           const kehu_writer *writer,
                                                           kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_write_dump(const kehu_tree *tree,
                                                          const kehu_writer *writer,
                                                          kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_write_sql(const kehu_tree *tree,
                                                         char quote,
                                                         const kehu_writer *writer,
                                                         kehu_error *err);

/* The tree as an ONNX model (IR 10, operators 18, ai.onnx.ml 5), whose probabilities are
 * the tree's to the last bit; of an ensemble, calibrated as it is, but for the reader's
 * rounding of its sums. One input a column, by name, of shape [rows, 1]: texts are
 * strings, everything else doubles (BOOL 0 or 1, dates in days, times in microseconds).
 * NaN and the empty string are missing. Outputs: "probabilities", doubles [rows,
 * classes], and "label", the name of the most probable class [rows].
 * Fails with KEHU_ARGUMENT, KEHU_ENCODING (a name or category that is not UTF-8),
 * KEHU_DUPLICATE (a column called "probabilities", "label" or "kehu:..."), KEHU_IO,
 * KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_write_onnx(const kehu_tree *tree,
                                                          const kehu_writer *writer,
                                                          kehu_error *err);

/* Keep a tree: as a file (replaced whole or not at all), or through a writer. The
 * same tree gives the same bytes on every machine.
 * Fail with KEHU_ARGUMENT, KEHU_IO, KEHU_NOT_FOUND (no such folder),
 * KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_save(const kehu_tree *tree,
                                                    const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_write(const kehu_tree *tree,
                                                     const kehu_writer *writer,
                                                     kehu_error *err);

/* Get it back from a file, or from bytes in memory, which are not kept. Contents
 * are checked to the last field before a handle is returned.
 * Fail with KEHU_NOT_FOUND, KEHU_IO, KEHU_FORMAT (not a kehu file, or damaged),
 * KEHU_KIND (another model), KEHU_VERSION, KEHU_NO_MEMORY; *out is then NULL. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_load(kehu_tree **out, const char *path,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tree_read(kehu_tree **out, const void *bytes,
                                                    size_t size,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_tree_free(kehu_tree *tree);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TREE_H */
