#include "learn/calibrate.h"

#include <math.h>

#include "base/maths.h"

enum { MAX_STEPS = 60 };

/* First and second derivative of one row's log loss by b = 1 / T: the expected
 * margin less the true one, and the variance of the margin. */
static void add_row(const float *m, uint32_t n_classes, int32_t truth, double b,
                    double *first, double *second)
{
    double sum = 0, mean = 0, square = 0, top = (double)m[0];
    for (uint32_t k = 1; k < n_classes; k++)
        top = (double)m[k] > top ? (double)m[k] : top;
    for (uint32_t k = 0; k < n_classes; k++) {
        const double x = (double)m[k] - top, e = kehu__exp(b * x);
        sum += e;
        mean += e * x;
        square += e * x * x;
    }
    mean /= sum;
    *first += mean - ((double)m[truth] - top);
    *second += square / sum - mean * mean;
}

double kehu__fit_temperature(const float *margins, const int32_t *classes, int64_t n,
                             uint32_t n_classes)
{
    double low = 0.01, high = 100, b = 1;
    for (int step = 0; step < MAX_STEPS && n > 0; step++) {
        double first = 0, second = 0, next;
        for (int64_t i = 0; i < n; i++)
            add_row(margins + i * n_classes, n_classes, classes[i], b, &first, &second);
        if (first > 0)
            high = b;
        else
            low = b;
        next = second > 0 ? b - first / second : 0;
        if (!(next > low && next < high))
            next = sqrt(low * high);
        if (fabs(next - b) <= 1e-9 * b)
            break;
        b = next;
    }
    return 1 / b;
}

void kehu__softmax(const float *margins, uint32_t n_classes, double temperature,
                   float *probabilities)
{
    double sum = 0, top = (double)margins[0];
    for (uint32_t k = 1; k < n_classes; k++)
        top = (double)margins[k] > top ? (double)margins[k] : top;
    for (uint32_t k = 0; k < n_classes; k++) {
        const double e = kehu__exp(((double)margins[k] - top) / temperature);
        probabilities[k] = (float)e;
        sum += (double)probabilities[k];
    }
    for (uint32_t k = 0; k < n_classes; k++)
        probabilities[k] = (float)((double)probabilities[k] / sum);
}
