/* base/maths.h - exp and log that give the same bits on every machine, which
 * C libraries do not promise. Errors stay below one unit in the last place.
 * Use these, never exp, log or pow of <math.h>, for anything that reaches a
 * model or a result; sqrt, fabs, floor, ldexp and the like are exact anyway. */
#ifndef KEHU_SRC_BASE_MATHS_H
#define KEHU_SRC_BASE_MATHS_H

double kehu__exp(double x);
double kehu__log(double x);   /* -inf at 0, NaN below */
double kehu__log1p(double x); /* log(1 + x), accurate near 0 */

/* 1 / (1 + exp(-x)), accurate in both tails, never NaN for a number. */
double kehu__logistic(double x);

#endif
