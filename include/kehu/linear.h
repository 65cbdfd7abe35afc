/* kehu/linear.h - linear support vector machines over rows of numbers, in the file
 * formats of LIBLINEAR and libsvm.
 *
 * For those who already have features, and for checking results with other tools.
 * For texts see kehu/svm.h.
 *
 *     kehu_libsvm *data = NULL;
 *     kehu_linear *model = NULL;
 *     kehu_error err;
 *     if (kehu_libsvm_load(&data, "train.libsvm", NULL, &err) != KEHU_OK ||
 *         kehu_linear_train(&model, kehu_libsvm_rows(data), kehu_libsvm_labels(data),
 *                           NULL, &err) != KEHU_OK ||
 *         kehu_linear_save(model, "train.model", &err) != KEHU_OK)
 *         puts(err.message);
 *     kehu_linear_free(model);
 *     kehu_libsvm_free(data);
 *
 * Numbers are kept in single precision: a weight read from a file is rounded to it.
 * Method: as kehu/svm.h; the objective of LIBLINEAR -s 1 (or 3, 0, 4, by loss) -B bias. */
#ifndef KEHU_LINEAR_H
#define KEHU_LINEAR_H

#include <kehu/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Compressed sparse rows, borrowed: row i holds the entries starts[i] to
 * starts[i + 1] - 1, its columns rise strictly. */
typedef struct kehu_sparse {
    int64_t n_rows;
    uint32_t n_columns;
    const int64_t *starts;   /* [n_rows + 1], the first is 0 */
    const uint32_t *columns; /* 0-based, below n_columns */
    const float *values;     /* finite */
} kehu_sparse;

/* A trained classifier. Immutable: every function taking `const kehu_linear *` may
 * be called from many threads at once without locks. */
typedef struct kehu_linear kehu_linear;

typedef enum kehu_linear_loss {
    KEHU_LINEAR_SQUARED_HINGE = 0, /* L2-loss, LIBLINEAR -s 1 */
    KEHU_LINEAR_HINGE,             /* L1-loss, -s 3 */
    KEHU_LINEAR_LOGISTIC,          /* logistic regression, -s 0 and -s 7 */
    KEHU_LINEAR_CRAMMER_SINGER     /* hinge over all classes at once, -s 4, by one
                                      thread */
} kehu_linear_loss;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_linear_options {
    uint32_t size;                 /* sizeof(kehu_linear_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* NULL means the C library */
    uint64_t seed;                 /* order of the rows in the solver */
    double cost;                   /* C, above 0, at most 1e9; 0 means 1 */
    double bias;   /* value of a constant feature, which has a weight like any other;
                      0 means 1; negative means none */
    double gap;    /* relative duality gap to stop at, above 0, below 1; 0 means 1e-6
                      (1e-4 but with squared hinge) */
    int32_t loss; /* a kehu_linear_loss */
    const float *weights; /* [n_rows] factor on C for each row, >= 0, 0 leaves it out;
                             NULL means 1 for all */
} kehu_linear_options;

/* Train: one-vs-rest, or as the loss says.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_linear_free()
 * rows     rows of numbers
 * labels   [n_rows] any numbers; equal ones are one class
 *
 * Fails with KEHU_ARGUMENT (an option; columns not in order: err->where is the row),
 * KEHU_RANGE (a value not finite, or so large that single precision overflows),
 * KEHU_EMPTY, KEHU_ONE_CLASS, KEHU_LIMIT (65,536 classes or 2^32 rows),
 * KEHU_CANCELLED, KEHU_NO_MEMORY.
 * Time some ten passes of O(entries x classes / 16); extra memory O(entries) and 64
 * bytes a row and column for each 16 classes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_train(kehu_linear **out,
                                                       const kehu_sparse *rows,
                                                       const int32_t *labels,
                                                       const kehu_linear_options *options,
                                                       kehu_error *err);

/* Classify: labels[n_rows] gets the label of the largest margin (equal ones: the
 * smaller label), margins[n_rows][n_classes] the margins in the order of
 * kehu_linear_label; either may be NULL. Columns the model does not know are
 * ignored. Fails with KEHU_ARGUMENT, KEHU_RANGE, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_predict(const kehu_linear *model,
                                                         const kehu_sparse *rows,
                                                         int32_t *labels, float *margins,
                                                         kehu_error *err);

/* How training went; all zero for a model from a file. */
typedef struct kehu_linear_info {
    uint32_t n_classes, n_columns;
    uint32_t passes, converged; /* converged 1: the wanted gap was reached */
    double primal, dual, gap;   /* gap = (primal - dual) / primal */
} kehu_linear_info;
KEHU_API void kehu_linear_get_info(const kehu_linear *model, kehu_linear_info *info);

/* Label of class k, 0 <= k < n_classes; they rise. */
KEHU_API int32_t kehu_linear_label(const kehu_linear *model, uint32_t k);

/* The model as LIBLINEAR's text file, which train and predict of LIBLINEAR read. To a
 * path (replaced as a whole or not at all) or to a writer.
 * Fails with KEHU_ARGUMENT, KEHU_IO, KEHU_LIMIT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_save(const kehu_linear *model,
                                                      const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_write(const kehu_linear *model,
                                                       const kehu_writer *writer,
                                                       kehu_error *err);

/* Read a classifier that LIBLINEAR (or kehu) wrote: any solver but regression and
 * one-class, whose margins decide by the largest. bytes are not kept.
 * Fails with KEHU_NOT_FOUND, KEHU_IO, KEHU_FORMAT (with the line: wrong counts, not
 * a number, another kind of model), KEHU_RANGE (a weight not finite),
 * KEHU_ONE_CLASS, KEHU_DUPLICATE (a label twice), KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_load(kehu_linear **out, const char *path,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_linear_read(kehu_linear **out,
                                                      const void *bytes, size_t size,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_linear_free(kehu_linear *model);

/* Labelled rows from a libsvm file: one row a line, "label column:value ...", columns
 * from 1 and rising, what follows # ignored, empty lines skipped. */
typedef struct kehu_libsvm kehu_libsvm;

/* Fails with KEHU_NOT_FOUND, KEHU_IO, KEHU_FORMAT (not a number, no colon: with the
 * line), KEHU_DATA (columns not rising, a label that is no whole number), KEHU_RANGE
 * (a value not finite, a column of 0 or above 2^32 - 2), KEHU_ARGUMENT,
 * KEHU_NO_MEMORY. err->where is the line, from 0. Memory: the file and 8 bytes an
 * entry. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_libsvm_load(kehu_libsvm **out, const char *path,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_libsvm_read(kehu_libsvm **out,
                                                      const void *bytes, size_t size,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);

/* Valid while data lives; n_columns is the largest column there is. */
KEHU_API const kehu_sparse *kehu_libsvm_rows(const kehu_libsvm *data);
KEHU_API const int32_t *kehu_libsvm_labels(const kehu_libsvm *data); /* [n_rows] */
KEHU_API void kehu_libsvm_free(kehu_libsvm *data);

/* Write rows and labels[n_rows] as a libsvm file. Fails with KEHU_ARGUMENT,
 * KEHU_RANGE, KEHU_IO, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_libsvm_write(const kehu_sparse *rows,
                                                       const int32_t *labels,
                                                       const kehu_writer *writer,
                                                       kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_LINEAR_H */
