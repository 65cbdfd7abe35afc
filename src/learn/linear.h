/* learn/linear.h - linear support vector machines over sparse rows.
 *
 * One-vs-rest: class k against all others, for each k,
 *
 *     min_w  |w|^2 / 2 + sum_i C_i max(0, 1 - y_i w.x_i)^2      (L2-loss; L1: no square;
 *                                                  logistic: log(1 + exp(-y_i w.x_i)))
 *
 * or all classes at once (Crammer and Singer, JMLR 2001),
 *
 *     min_w  sum_k |w_k|^2 / 2 + sum_i C_i max(0, 1 + max_{k != y_i} w_k.x_i -
 * w_{y_i}.x_i)
 *
 * solved in the dual by coordinate descent (Hsieh, Chang, Lin, Keerthi and
 * Sundararajan, "A dual coordinate descent method for large-scale linear SVM",
 * ICML 2008; for the logistic loss Yu, Huang and Lin, "Dual coordinate descent methods
 * for logistic regression and maximum entropy models", Machine Learning 85, 2011; for all
 * at once Keerthi et al., "A sequential dual method for large scale multi-class linear
 * SVMs", KDD 2008). The method is LIBLINEAR's; the layout is not: sixteen classes of a
 * document advance together, weights lie feature by feature, features are
 * numbered by falling document frequency, and a feature of one single document
 * leaves the solver exactly: it only adds to that document's diagonal, and its
 * weight follows from the document's dual variable at the end.
 *
 * Single precision inside, no fused or reordered sums: the same bits with any
 * instruction set and any number of threads.
 *
 *     kehu__linear_problem *p;
 *     kehu__linear *model;
 *     kehu__linear_prepare(&p, &rows, labels, n_classes, NULL, 1, &alloc, err);
 *     kehu__linear_solve(p, &(kehu__linear_options){.cost = 1}, &run, err);
 *     kehu__linear_extract(&model, p, err); */
#ifndef KEHU_SRC_LEARN_LINEAR_H
#define KEHU_SRC_LEARN_LINEAR_H

#include "base/mem.h"
#include "base/prefetch.h"
#include "base/thread.h"
#include "learn/sparse.h"

enum { KEHU__LANES = 16 };

/* Numbered as in kehu/linear.h and kehu/svm.h. */
typedef enum kehu__loss {
    KEHU__SQUARED_HINGE,
    KEHU__HINGE,
    KEHU__LOGISTIC,
    KEHU__CRAMMER_SINGER,
    KEHU__N_LOSSES
} kehu__loss;

typedef struct kehu__linear_options {
    double cost;              /* C, > 0 */
    kehu__loss loss;          /* of a problem solved again: always the same */
    double gap;               /* stop when primal - dual <= gap * primal; 0 means 1e-6 for
                                 the squared hinge, 1e-4 for the others */
    uint32_t max_passes;      /* over the documents; 0 means 1000 */
    uint64_t seed;            /* of the order of the documents */
    const double *class_cost; /* [n_classes] factor on C for the documents of a class;
                                 NULL means 1 for all */
} kehu__linear_options;

/* How a solve ended; sums over the one-vs-rest problems. */
typedef struct kehu__linear_report {
    double primal, dual; /* objective values */
    double gap;          /* (primal - dual) / primal, the largest of a block */
    uint32_t passes;     /* of the block that needed most */
    bool converged;      /* the wanted gap was reached by all */
} kehu__linear_report;

/* Training rows made ready once, solved for several C: each solve starts from
 * the last one's dual variables. */
typedef struct kehu__linear_problem kehu__linear_problem;

/* rows     borrowed until the problem is freed
 * labels   [n_rows] class 0..n_classes-1; borrowed likewise
 * weights  [n_rows] factor on C for each row, >= 0 and finite, 0 leaves a row out;
 *          NULL means 1 for all; borrowed likewise
 * bias     value of a constant feature added to each row, 0 for none
 * alloc    all memory comes from here
 *
 * Fails with KEHU_ONE_CLASS when no two classes have rows, KEHU_ARGUMENT,
 * KEHU_RANGE, KEHU_LIMIT (2^32 rows or more), KEHU_NO_MEMORY. Rows that are
 * numbered by falling document frequency already are not copied. */
kehu_status kehu__linear_prepare(kehu__linear_problem **out, const kehu__sparse *rows,
                                 const int32_t *labels, uint32_t n_classes,
                                 const float *weights, float bias,
                                 const kehu_allocator *alloc, kehu_error *err);

/* Let the first solve start where another model of the same columns and classes is: from
 * the dual variables that its margins speak of. known[n_classes] is 0 for classes it
 * knows nothing of. Not with Crammer and Singer's loss, which starts from nothing. Takes
 * about the time of a pass. Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. */
typedef struct kehu__linear kehu__linear;
kehu_status kehu__linear_begin(kehu__linear_problem *p,
                               const kehu__linear_options *options,
                               const kehu__linear *from, const uint8_t *known,
                               kehu_error *err);

/* Let rows take part that a weight of 0 has left out so far: weights as for
 * kehu__linear_prepare, no row of those in use gets 0. The next solve starts from their
 * dual variables. */
void kehu__linear_admit(kehu__linear_problem *p, const float *weights);

/* Find the dual variables for one C. Memory 64 (n_rows + features of two or more
 * rows) bytes for each sixteen classes; with two classes 4 (...) bytes. On
 * failure the problem can only be freed. Fails with KEHU_ARGUMENT, KEHU_RANGE
 * (the numbers overflow), KEHU_CANCELLED, KEHU_NO_MEMORY. */
kehu_status kehu__linear_solve(kehu__linear_problem *p,
                               const kehu__linear_options *options, const kehu__run *run,
                               kehu__linear_report *report, kehu_error *err);
void kehu__linear_problem_free(kehu__linear_problem *p);

/* Margins of a row that a solved problem has left out or never seen: scores[width].
 * Columns are those of the problem's rows; one that a single row of them has counts for
 * nothing, as its weight is not there yet. */
void kehu__linear_outside_scores(const kehu__linear_problem *p, const uint32_t *columns,
                                 const float *values, int64_t n, float *scores);

/* Weights of a solved problem. With two classes there is one weight a feature
 * (width 1) and a positive score means class 1; else one a class. */
struct kehu__linear {
    kehu_allocator alloc;
    uint32_t n_columns, n_classes;
    uint32_t width;       /* 1, or n_classes */
    uint32_t stride;      /* floats from one feature to the next: 1, 4, 8 or a multiple of
                             16, the padding is zero; width where the weights are borrowed */
    float bias;           /* value of the constant feature, 0 = none */
    const float *weights; /* [n_columns + 1][stride], the last row belongs to the bias;
                             NULL where weights are numbers times scales */
    const float *bias_weights; /* [width] */
    const int8_t *numbers;     /* [n_columns][width], borrowed */
    const uint8_t *exponents;  /* [n_columns] of the scales, borrowed */
    float *own;   /* weights, 64-byte aligned, where the model made them; else NULL */
    void *memory; /* own and room to align them */
};

/* Weights of 8 bits are whole numbers of -127 to 127 times a power of the fourth root of
 * two: kehu__linear_scale(e) is 2^(e / 4 - 40), e is 0..255. */
float kehu__linear_scale(uint32_t exponent);

/* A zero model of the given shape. */
kehu_status kehu__linear_new(kehu__linear **out, uint32_t n_columns, uint32_t n_classes,
                             float bias, const kehu_allocator *alloc, kehu_error *err);
/* A model over borrowed weights: [n_columns + 1][width] floats, or numbers and exponents
 * and the bias's weights. */
kehu_status kehu__linear_over(kehu__linear **out, const kehu__linear *shape,
                              const kehu_allocator *alloc, kehu_error *err);
kehu_status kehu__linear_extract(kehu__linear **out, const kehu__linear_problem *p,
                                 kehu_error *err);
void kehu__linear_free(kehu__linear *model);

/* Weight of a column for class k < width; column n_columns is the bias. */
float kehu__linear_weight(const kehu__linear *model, uint32_t column, uint32_t k);

/* Add to the score of every row, by the bias, which is not 0; of a model of its own
 * weights and two classes. */
static inline void kehu__linear_shift(kehu__linear *model, double by)
{
    if (model->width == 1)
        model->own[(size_t)model->n_columns * model->stride] +=
            (float)(by / (double)model->bias);
}

/* Room for the scores of a row. */
static inline size_t kehu__linear_room(const kehu__linear *model)
{
    return model->width == 1
               ? 1
               : (model->width + (size_t)KEHU__LANES - 1) / KEHU__LANES * KEHU__LANES;
}

/* Prefetch the weights that the score of a row will need. */
KEHU__ALWAYS_INLINE void kehu__linear_prefetch(const kehu__linear *m,
                                               const uint32_t *columns, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        if (columns[j] >= m->n_columns)
            continue;
        else if (m->weights != NULL)
            KEHU__PREFETCH(m->weights + (size_t)columns[j] * m->stride);
        else
            KEHU__PREFETCH(m->numbers + (size_t)columns[j] * m->width);
}

/* Margins of one row: scores[kehu__linear_room], of which the first width have a meaning.
 * Columns beyond the model's are ignored. */
void kehu__linear_score(const kehu__linear *model, const uint32_t *columns,
                        const float *values, int64_t n, float *scores);

/* Margins of class 0..n_classes-1 from the scores: the identity, but with two
 * classes {-s, s}. */
void kehu__linear_margins(const kehu__linear *model, const float *scores, float *margins);

static inline uint32_t kehu__linear_width(uint32_t n_classes)
{
    return n_classes <= 2 ? 1 : n_classes;
}
static inline uint32_t kehu__linear_stride(uint32_t n_classes)
{
    const uint32_t width = kehu__linear_width(n_classes);
    return width == 1 ? 1 : width <= 4 ? 4 : width <= 8 ? 8 : (width + 15) / 16 * 16;
}

#endif
