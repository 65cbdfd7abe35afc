/* Stirling's series from 10 on, reached by the recurrence (Abramowitz and Stegun
 * 6.1.15, 6.1.41, 6.3.5, 6.3.18). */
#include <math.h>
#include <stddef.h>

#include "base/maths.h"

enum { FAR = 10 };

void kehu__gamma_logs(double x, double *log_gamma, double *digamma)
{
    /* product = x (x+1) ... and its derivative, until x is far enough. */
    double product = 1, slope = 0, y = x;
    for (; y < FAR; y += 1) {
        slope = slope * y + product;
        product *= y;
    }
    const double l = kehu__log(y), i = 1 / y, z = i * i;
    if (log_gamma != NULL) {
        const double tail =
            i * (1.0 / 12 -
                 z * (1.0 / 360 -
                      z * (1.0 / 1260 -
                           z * (1.0 / 1680 - z * (1.0 / 1188 - z * 691.0 / 360360)))));
        *log_gamma = (y - 0.5) * l - y + 0.91893853320467274178 + tail;
        if (x < FAR)
            *log_gamma -= kehu__log(product);
    }
    if (digamma != NULL) {
        const double tail =
            z * (1.0 / 12 -
                 z * (1.0 / 120 -
                      z * (1.0 / 252 -
                           z * (1.0 / 240 - z * (1.0 / 132 - z * 691.0 / 32760)))));
        *digamma = l - 0.5 * i - tail - slope / product;
    }
}

double kehu__lgamma(double x)
{
    double l;
    kehu__gamma_logs(x, &l, NULL);
    return l;
}

double kehu__digamma(double x)
{
    double d;
    kehu__gamma_logs(x, NULL, &d);
    return d;
}
