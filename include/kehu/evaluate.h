/* kehu/evaluate.h - how good are a classifier's answers, and is one method really
 * better than another?
 *
 * Plain functions over arrays; whoever made the answers does not matter.
 *
 *     kehu_evaluation e;
 *     kehu_mcnemar m;
 *     kehu_error err;
 *     if (kehu_evaluate(&e, truth, svm_classes, n, n_classes, svm_probabilities, NULL,
 *                       NULL, &err) == KEHU_OK &&
 *         kehu_compare(&m, truth, svm_classes, keyword_classes, n, &err) == KEHU_OK)
 *         printf("%.1f %% right, p = %.3f\n", 100 * e.accuracy, m.p_value);
 *
 * Cross-validation: a row's fold is kehu_fold_of(its id, seed, n_folds); each fold is
 * answered by a method that learned from the others, and all rows are evaluated
 * together: kehu_cross_validate(). The fold hangs on the id alone, so it stays when
 * rows are added or reordered. How many more texts would help: kehu_learning_curve(). */
#ifndef KEHU_EVALUATE_H
#define KEHU_EVALUATE_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shares are 0..1, NaN where nothing can be divided by. */
typedef struct kehu_evaluation {
    int64_t n;          /* rows */
    int64_t n_answered; /* of them with an answer, class >= 0 */
    int64_t n_right;    /* of them with the right answer */
    double accuracy;    /* n_right / n: an abstention is not right */
    double coverage;    /* n_answered / n */
    double precision;   /* n_right / n_answered */
    double macro_f1;    /* mean of f1 over the classes that occur in truth or answers */
    double log_loss;    /* mean of -ln(probability of the truth), which is taken as at
                           least 1e-6; NaN without probabilities */
    double calibration_error; /* expected, of the largest probability: 15 bins of equal
                                 width, |mean probability - share right| weighted by
                                 rows; NaN without probabilities */
} kehu_evaluation;

typedef struct kehu_class_evaluation {
    int64_t n_truth;    /* rows of this class */
    int64_t n_answered; /* rows that were given this class */
    int64_t n_right;    /* rows of both */
    double precision;   /* n_right / n_answered */
    double recall;      /* n_right / n_truth */
    double f1;          /* 2 n_right / (n_truth + n_answered) */
} kehu_class_evaluation;

/* Evaluate answers.
 *
 * truth          [n] class 0..n_classes-1
 * answers        [n] class 0..n_classes-1, or -1 for none
 * probabilities  [n][n_classes], 0..1; NULL for none
 * classes        [n_classes] is filled in; NULL when not wanted
 * confusion      [n_classes][n_classes + 1] rows by truth and answer, the last column
 *                for no answer; NULL when not wanted
 *
 * Fails with KEHU_ARGUMENT (err->where is the row of a class out of range),
 * KEHU_RANGE (a probability not in 0..1), KEHU_EMPTY (n is 0), KEHU_NO_MEMORY. Time
 * O(n), with probabilities O(n n_classes). */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_evaluate(kehu_evaluation *out, const int32_t *truth, const int32_t *answers,
              int64_t n, uint32_t n_classes, const float *probabilities,
              kehu_class_evaluation *classes, int64_t *confusion, kehu_error *err);

/* A score for yes or no. */
typedef struct kehu_binary_evaluation {
    int64_t n, n_positive;
    double auc;      /* chance that a random yes scores above a random no, ties count
                        half; NaN when one of them is missing */
    double log_loss; /* mean of -ln(probability of what happened), which is taken as at
                        least 1e-6 */
    double brier;    /* mean of (probability - happened)^2 */
    double calibration_error; /* expected, of the probability of yes: 15 bins of equal
                                 width, |mean probability - share of yes| weighted by
                                 rows */
} kehu_binary_evaluation;

/* Evaluate probabilities[n] of yes, 0..1, against happened[n], 0 or 1.
 * Fails with KEHU_ARGUMENT, KEHU_RANGE (err->where is the row), KEHU_EMPTY,
 * KEHU_NO_MEMORY. Time O(n), extra memory 24 n bytes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_evaluate_binary(kehu_binary_evaluation *out,
                                                          const double *probabilities,
                                                          const uint8_t *happened,
                                                          int64_t n, kehu_error *err);

/* Rows of one group: what was said of them and what happened. */
typedef struct kehu_calibration_row {
    int64_t n, n_positive;
    double mean_probability; /* NaN without rows, like those below */
    double observed_rate;    /* n_positive / n */
    double low, high;        /* 95 % Wilson interval of the observed rate */
} kehu_calibration_row;

/* Do probabilities of yes mean what they say? By size of the probability (the
 * calibration curve), or by groups of the caller's: months, regions, campaigns.
 *
 * rows      [n_groups] is filled in
 * n_groups  1..1000000
 * groups    [n] 0 .. n_groups - 1, or -1: the row is not counted. NULL means n_groups
 *           bins of equal width over 0..1
 *
 * Fails with KEHU_ARGUMENT, KEHU_RANGE (as kehu_evaluate_binary, or a group: err->where
 * is the row). Time O(n). Allocates nothing. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_calibration(
    kehu_calibration_row *rows, uint32_t n_groups, const double *probabilities,
    const uint8_t *happened, const int32_t *groups, int64_t n, kehu_error *err);

/* The rows of highest probability down to some depth. */
typedef struct kehu_gain_row {
    int64_t n;         /* rows down to here */
    double n_positive; /* of them with yes; rows of equal probability share theirs */
    double gain;       /* of all rows with yes; NaN if there is none */
    double lift;       /* rate of yes down to here over that of all rows; NaN likewise */
} kehu_gain_row;

/* How many of the yes are found among the rows of highest probability: gains and lift
 * at n_groups equal depths (10: tenths), the last of them all rows.
 *
 * rows      [n_groups] is filled in
 * n_groups  1..1000000
 *
 * Fails as kehu_evaluate_binary. Time O(n), extra memory 24 n bytes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gains(kehu_gain_row *rows, uint32_t n_groups,
                                                const double *probabilities,
                                                const uint8_t *happened, int64_t n,
                                                kehu_error *err);

/* McNemar's test of two methods on the same rows. */
typedef struct kehu_mcnemar {
    int64_t both, neither; /* rows both, or neither, answered rightly */
    int64_t only_a, only_b;
    double p_value; /* exact, two-sided: chance of a difference at least as large if
                       both were equally good */
} kehu_mcnemar;

/* Compare answers a[n] and b[n], -1 for none. Fails with KEHU_ARGUMENT, KEHU_EMPTY.
 * Time O(n). Source: McNemar, Psychometrika 1947; exact binomial form. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_compare(kehu_mcnemar *out, const int32_t *truth,
                                                  const int32_t *a, const int32_t *b,
                                                  int64_t n, kehu_error *err);

/* Fold 0..n_folds-1 of a row by the bytes of its id (or of its text, which keeps
 * equal texts together). 0 when n_folds is 0. */
KEHU_API uint32_t kehu_fold_of(const void *id, size_t size, uint64_t seed,
                               uint32_t n_folds);

/* A method that can be tried: anything that learns from some rows and answers others.
 *
 * learn  trains on the n_known rows of known[], rising, and answers the n_asked rows of
 *        asked[], rising: answers[n_asked], a class or -1, and, unless it is NULL,
 *        probabilities[n_asked][n_classes]. What it returns but KEHU_OK, and what it
 *        writes into err, is what the caller gets */
typedef struct kehu_learner {
    void *ctx;
    kehu_status (*learn)(void *ctx, const int64_t *known, int64_t n_known,
                         const int64_t *asked, int64_t n_asked, int32_t *answers,
                         float *probabilities, kehu_error *err);
} kehu_learner;

/* Answer each row by what was learned without its fold.
 *
 * answers        [n] is filled in, ready for kehu_evaluate() and kehu_compare()
 * probabilities  [n][n_classes] likewise; NULL when not wanted
 * ids            text column of length n whose bytes give a row its fold: ids, or the
 *                texts themselves, which keeps equal texts together; NULL for the row's
 *                number
 * n              rows, at least 2
 * n_folds        2..1000; one without rows is passed over
 *
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_EMPTY (all rows are of one fold),
 * KEHU_NO_MEMORY, and as the learner does. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_cross_validate(int32_t *answers, float *probabilities, const kehu_column *ids,
                    int64_t n, uint32_t n_classes, uint32_t n_folds, uint64_t seed,
                    const kehu_learner *learner, kehu_error *err);

/* One step of a learning curve. */
typedef struct kehu_learning_step {
    int64_t n_known; /* rows that were learned from */
    kehu_evaluation evaluation;
} kehu_learning_step;

/* How good is the method with fewer rows? Fold 0 is always asked, and of the others the
 * share that is named is known; a smaller share is part of a larger one.
 *
 * steps   [n_shares] one for each share
 * shares  [n_shares] above 0, at most 1; at least one row is known
 * truth   [n] class 0..n_classes-1
 * ids, n, n_classes, n_folds, seed, learner  as above
 *
 * Fails like kehu_cross_validate() and kehu_evaluate(). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_learning_curve(
    kehu_learning_step *steps, const double *shares, uint32_t n_shares,
    const int32_t *truth, const kehu_column *ids, int64_t n, uint32_t n_classes,
    uint32_t n_folds, uint64_t seed, const kehu_learner *learner, kehu_error *err);

typedef enum kehu_evaluation_format {
    KEHU_EVALUATION_TABLE = 0, /* lines for people, in columns */
    KEHU_EVALUATION_JSON       /* one object on one line */
} kehu_evaluation_format;

/* What is to be written. Zero what is not there. */
typedef struct kehu_evaluation_report {
    uint32_t size;                     /* sizeof(kehu_evaluation_report) */
    int32_t format;                    /* a kehu_evaluation_format */
    const char *name;                  /* of the method; NULL for none */
    const kehu_evaluation *evaluation; /* not NULL */
    uint32_t n_classes;
    const kehu_class_evaluation *classes; /* [n_classes]; NULL for none */
    const int64_t *confusion;             /* [n_classes][n_classes + 1]; NULL for none */
    const char *const *class_names;       /* [n_classes]; NULL for their numbers */
    const kehu_mcnemar *comparison;       /* with another method; NULL for none */
} kehu_evaluation_report;

/* Write an evaluation. The object's keys are the names of the fields above: name, n,
 * n_answered, n_right, accuracy, coverage, precision, macro_f1, log_loss,
 * calibration_error, classes (an array of name, n_truth, ...), confusion (an array a
 * class), comparison (both, neither, only_a, only_b, p_value); NaN is null, numbers are
 * the shortest that read back the same. The table has shares in per cent and "-" for
 * NaN.
 * Fails with KEHU_ARGUMENT, KEHU_IO. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_evaluation_write(
    const kehu_evaluation_report *report, const kehu_writer *writer, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_EVALUATE_H */
