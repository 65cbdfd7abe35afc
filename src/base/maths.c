/* Argument reduction and minimax polynomials as in fdlibm (Sun Microsystems,
 * 1993: e_exp.c, e_log.c describe the method), written anew. */
#include "base/maths.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double LN2_HIGH = 6.93147180369123816490e-01; /* low 32 bits zero */
static const double LN2_LOW = 1.90821492927058770002e-10;

/* x 2^k for x in [0.5, 2): by its bits where the result is normal, which costs a
 * fraction of the call. */
static double scale(double x, int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double power;
    if (k < -1020 || k > 1022)
        return ldexp(x, k);
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

/* frexp of x above 0, not infinite. */
static double split(double x, int *k)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (bits >> 52 == 0) /* subnormal */
        return frexp(x, k);
    *k = (int)(bits >> 52) - 1022;
    bits = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1022 << 52;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* c so that exp(r) = 1 + r + r c / (2 - c), Remez for |r| up to 0.5 ln 2. */
static double exp_rest(double r)
{
    const double t = r * r;
    return r - t * (1.66666666666666019037e-01 +
                    t * (-2.77777777770155933842e-03 +
                         t * (6.61375632143793436117e-05 +
                              t * (-1.65339022054652515390e-06 +
                                   t * 4.13813679705723846039e-08))));
}

double kehu__exp(double x)
{
    double k, high, low, r, t, c;
    if (isnan(x))
        return x;
    if (x > 709.782712893383973096)
        return HUGE_VAL;
    if (x < -745.13321910194110842)
        return 0;
    t = x * 1.44269504088896338700 + 0.5;
    k = (int)t; /* towards zero; floor() would be a call */
    if (k > t)
        k -= 1;
    high = x - k * LN2_HIGH;
    low = k * LN2_LOW;
    r = high - low;
    c = exp_rest(r);
    return scale(1 - ((low - r * c / (2 - c)) - high), (int)k);
}

double kehu__expm1(double x)
{
    if (!(fabs(x) < 0.3465)) /* 0.5 ln 2 */
        return kehu__exp(x) - 1;
    const double c = exp_rest(x);
    return x + x * c / (2 - c);
}

/* log((1 + f) 2^k) for 1 + f in [sqrt(1/2), sqrt(2)); low is what 1 + f lost. */
static double log_reduced(double f, double k, double low)
{
    const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    const double series =
        z * (6.666666666666735130e-01 +
             z * (3.999999999940941908e-01 +
                  z * (2.857142874366239149e-01 +
                       z * (2.222219843214978396e-01 +
                            z * (1.818357216161805012e-01 +
                                 z * (1.531383769920937332e-01 +
                                      z * 1.479819860511658591e-01))))));
    return k * LN2_HIGH - ((half - (s * (half + series) + (k * LN2_LOW + low))) - f);
}

double kehu__log(double x)
{
    int k;
    double m;
    if (isnan(x) || x == HUGE_VAL)
        return x;
    if (x <= 0)
        return x == 0 ? -HUGE_VAL : (double)NAN;
    m = split(x, &k);
    if (m < 0.70710678118654752440) {
        m *= 2;
        k--;
    }
    return log_reduced(m - 1, k, 0);
}

double kehu__log1p(double x)
{
    double u;
    if (isnan(x) || x <= -1 || x == HUGE_VAL)
        return kehu__log(1 + x);
    u = 1 + x;
    if (u == 1)
        return x;
    /* The rounding of 1 + x is given back as a first-order term. */
    return kehu__log(u) + (x - (u - 1)) / u;
}

double kehu__logistic(double x)
{
    if (x >= 0)
        return 1 / (1 + kehu__exp(-x));
    const double e = kehu__exp(x);
    return e / (1 + e);
}

void kehu__wilson(double share, double n, double *low, double *high)
{
    const double z = 1.959963984540054, p = share; /* 97.5 % of the normal law */
    const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *low = centre - half > 0 ? centre - half : 0;
    *high = centre + half < 1 ? centre + half : 1;
}
