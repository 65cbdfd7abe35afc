/* learn/bfgs.h - the minimum of a smooth function of a few variables. */
#ifndef KEHU_SRC_LEARN_BFGS_H
#define KEHU_SRC_LEARN_BFGS_H

#include <stdbool.h>
#include <stdint.h>

enum { KEHU__BFGS_MAX = 8 };

/* The value at x[n], with its gradient. May be infinite, must not be NaN. */
typedef double (*kehu__smooth)(void *ctx, const double *x, double *gradient);

typedef struct kehu__bfgs {
    uint32_t n, max_iterations;
    double limit; /* stop when a variable leaves -limit..limit */
    double value; /* found: at x */
    double slope; /* found: largest component of the gradient */
    int32_t iterations;
    int32_t outside; /* the variable that left its limits, or -1 */
    bool cancelled;  /* step() said stop */
    bool (*step)(void *ctx, int32_t iteration); /* after each iteration, may be NULL */
} kehu__bfgs;

/* From x to the minimum, in place: BFGS with backtracking (Nocedal and Wright
 * 2006, chapter 6), until the gradient is below 1e-6 or the value stands still
 * to its last digits, then up to three Newton steps. hessian[n][n] receives the
 * second derivatives there. True when the slope is below 1e-5, no variable ran
 * off and the Hessian is positive definite. */
bool kehu__bfgs_minimize(kehu__bfgs *b, kehu__smooth f, void *ctx, double *x,
                         double hessian[KEHU__BFGS_MAX][KEHU__BFGS_MAX]);

/* Inverse of a positive definite matrix by Cholesky; false when it is not. */
bool kehu__invert(uint32_t n, double a[KEHU__BFGS_MAX][KEHU__BFGS_MAX],
                  double inverse[KEHU__BFGS_MAX][KEHU__BFGS_MAX]);

#endif
