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
 * Cross-validation: give each row the fold kehu_fold_of(its id, seed, n_folds), train
 * on the others, predict it, and evaluate all rows together. The fold hangs on the
 * id alone, so it stays when rows are added or reordered. */
#ifndef KEHU_EVALUATE_H
#define KEHU_EVALUATE_H

#include <kehu/base.h>

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

#ifdef __cplusplus
}
#endif
#endif /* KEHU_EVALUATE_H */
