/* learn/linear_block.h - what the parts of the linear solver share: the rows in
 * the solver's shape, and up to sixteen one-vs-rest problems that advance
 * together. */
#ifndef KEHU_SRC_LEARN_LINEAR_BLOCK_H
#define KEHU_SRC_LEARN_LINEAR_BLOCK_H

#include "base/random.h"
#include "learn/linear.h"

/* The constants of one row in one problem; C is the row's own. */
typedef struct kehu__step {
    float diagonal; /* of the dual's quadratic form beyond w: 1 / (2 C) for L2-loss, else
                       0, plus the squares of the features of this row alone */
    float inverse;  /* 1 / (diagonal + squares of the other features and the bias); for
                       the losses that are not hinges that sum itself */
    float upper;    /* bound of the dual variable: C, infinite for L2-loss */
    float cost;     /* C */
} kehu__step;

typedef struct kehu__solver_rows {
    int64_t n_rows, n_used;
    const uint32_t *used;         /* [n_used] rows with a weight, rising */
    uint32_t n_columns;           /* features of two or more rows */
    const int64_t *starts, *ends; /* entries of row i: starts[i] to ends[i] - 1 */
    const uint32_t *columns;
    const float *values;
    const float *own; /* [n_rows] sum of squares of the features of this row alone */
    const int32_t *labels;
    float bias;
    kehu__loss loss;
    kehu__step (*steps)[2]; /* [n_rows] for the row's own class, for the others */
} kehu__solver_rows;

/* Rows are visited in a random order, so what the next ones need is prefetched:
 * first what says where a row is, then the row. */
enum { KEHU__PLACE_AHEAD = 12, KEHU__ROW_AHEAD = 4 };

KEHU__ALWAYS_INLINE void kehu__prefetch_place(const kehu__solver_rows *r, uint32_t i)
{
    KEHU__PREFETCH(r->starts + i);
    KEHU__PREFETCH(r->ends + i);
    KEHU__PREFETCH(r->labels + i);
    KEHU__PREFETCH(r->steps[i]);
}

KEHU__ALWAYS_INLINE void kehu__prefetch_row(const kehu__solver_rows *r,
                                            const float *alpha, uint32_t i)
{
    for (int64_t j = r->starts[i]; j < r->ends[i]; j += KEHU__LANES) {
        KEHU__PREFETCH(r->columns + j);
        KEHU__PREFETCH(r->values + j);
    }
    KEHU__PREFETCH(alpha);
}

/* For the row visited at place `at` of n; lanes of alpha a row. */
KEHU__ALWAYS_INLINE void kehu__prefetch_ahead(const kehu__solver_rows *r,
                                              const uint32_t *order, int64_t at,
                                              int64_t n, const float *alpha, size_t lanes)
{
    if (at + KEHU__PLACE_AHEAD < n)
        kehu__prefetch_place(r, order[at + KEHU__PLACE_AHEAD]);
    if (at + KEHU__ROW_AHEAD < n)
        kehu__prefetch_row(r, alpha + lanes * order[at + KEHU__ROW_AHEAD],
                           order[at + KEHU__ROW_AHEAD]);
}

typedef struct kehu__block {
    const kehu__solver_rows *rows;
    uint32_t first_class, n_lanes; /* n_lanes 0: the binary problem, one lane */
    float *weights;                /* [n_columns][lanes], 64-byte aligned */
    float *alpha; /* [n_rows][lanes] dual variables >= 0; the sign bit marks one that
                     is set aside (shrunk); with all classes at once it is a sign */
    float bias_weights[KEHU__LANES];
    uint32_t *order; /* [n_used] the rows in use; the first n_active take part */
    int64_t n_active;
    kehu__random random;
    /* Bounds of the projected gradient in the last pass and in this one, by lane. */
    float old_max[KEHU__LANES], old_min[KEHU__LANES];
    float new_max[KEHU__LANES], new_min[KEHU__LANES];
    float least_move;   /* smaller changes of a dual variable are not made */
    double gain;        /* the dual's rise in the last pass, at least */
    double check_below; /* look at the gap when the gain is no more; 0 = unknown */
    double primal, dual;
    double wanted_gap;
    uint32_t passes, max_passes;
    bool done, converged;
} kehu__block;

struct kehu__linear_problem {
    kehu_allocator alloc;
    const kehu__sparse *rows;
    const float *row_weights;
    uint32_t n_classes, n_blocks, lanes;
    kehu__solver_rows solver;
    float scale; /* the solved problem's weights times this are the wanted ones */
    /* What solver points to. */
    uint32_t *used;
    float *own, *squares;
    int64_t *ends;
    kehu__step (*steps)[2];
    /* The reduced copy, unless the rows come in the right order. */
    uint32_t *new_column; /* [rows->n_columns], KEHU__SINGLE for a feature of one row */
    int64_t *starts;
    uint32_t *columns;
    float *values;
    int64_t n_kept; /* entries of the copy */
    kehu__block *blocks;
    void **weight_memory, **alpha_memory; /* [n_blocks] unaligned */
};
/* The new number of a feature of one row. */
#define KEHU__SINGLE UINT32_MAX

/* One pass of coordinate descent over the active rows; sets gain, new_max,
 * new_min, order and n_active. */
typedef void kehu__pass(kehu__block *b);
/* Primal and dual value of the block as it stands. */
typedef void kehu__objective(kehu__block *b);

typedef struct kehu__kernel {
    kehu__pass *pass;
    kehu__objective *objective;
} kehu__kernel;

/* The fastest of this processor; all give the same bits. */
kehu__kernel kehu__lanes_kernel(kehu__loss loss);
kehu__kernel kehu__binary_kernel(kehu__loss loss);

/* One coordinate of the logistic loss's dual, all others being fixed: the alpha in 0..C
 * of least a (alpha - old)^2 / 2 + b (alpha - old) + alpha log alpha + (C - alpha) log(C
 * - alpha). */
double kehu__logistic_step(double a, double b, double cost, double old);
/* C log C - alpha log alpha - (C - alpha) log(C - alpha), >= 0. */
double kehu__logistic_entropy(double alpha, double cost);
/* log(1 + exp(-margin)). */
double kehu__logistic_loss(double margin);

/* Check the options and make the constants of each row. */
kehu_status kehu__linear_set_steps(kehu__linear_problem *p,
                                   const kehu__linear_options *options, kehu_error *err);

/* All classes at once; three or more. */
kehu_status kehu__crammer_singer_solve(kehu__linear_problem *p, const kehu__run *run,
                                       kehu_error *err);
/* Put the rows into a new order. */
void kehu__block_shuffle(kehu__block *b);

#endif
