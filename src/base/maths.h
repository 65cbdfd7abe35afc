/* base/maths.h - exp and log that give the same bits on every machine, which
 * C libraries do not promise. Errors stay below one unit in the last place.
 * Use these, never exp, log or pow of <math.h>, for anything that reaches a
 * model or a result; sqrt, fabs, floor, ldexp and the like are exact anyway. */
#ifndef KEHU_SRC_BASE_MATHS_H
#define KEHU_SRC_BASE_MATHS_H

#include <float.h>

#if FLT_EVAL_METHOD != 0
/* -fexcess-precision=fast (s390x), -msse2 -mfpmath=sse (32-bit x86) */
#error "this compiler calculates in wider types than float and double"
#endif

double kehu__exp(double x);
double kehu__log(double x);   /* -inf at 0, NaN below */
double kehu__log1p(double x); /* log(1 + x), accurate near 0 */

/* 1 / (1 + exp(-x)), accurate in both tails, never NaN for a number. */
double kehu__logistic(double x);

/* exp(x) - 1, accurate near 0. */
double kehu__expm1(double x);

/* Logarithm of the gamma function and its derivative, x > 0 and below 1e300;
 * errors stay below 1e-14 of max(1, |result|). The first gives both at little
 * more than the price of one; either may be NULL. */
void kehu__gamma_logs(double x, double *log_gamma, double *digamma);
double kehu__lgamma(double x);
double kehu__digamma(double x);

/* 95 % interval of a share seen in n > 0 rows (Wilson 1927), inside 0..1. */
void kehu__wilson(double share, double n, double *low, double *high);

#endif
