#include "learn/calibrate.h"

#include <math.h>
#include <stdbool.h>

#include "base/maths.h"

enum { MAX_STEPS = 60, PRIOR = 5 /* texts as doubtful as can be, times four */ };

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

/* ---- one class by itself ---- */

/* Log loss of a sigmoid with its first and second derivatives. */
typedef struct loss_at {
    double value, by_slope, by_offset, slope_slope, slope_offset, offset_offset;
} loss_at;

typedef struct one_class {
    const float *margins;
    const int32_t *classes;
    int64_t n;
    uint32_t n_classes, number;
    double target[2]; /* what is aimed at for other classes, for this: short of 0 and 1 */
} one_class;

static void measure(loss_at *at, const one_class *c, kehu__sigmoid s)
{
    /* Keeps the equations of a step solvable. */
    *at = (loss_at){.slope_slope = 1e-12, .offset_offset = 1e-12};
    for (int64_t i = 0; i < c->n; i++) {
        const double m = (double)c->margins[i * c->n_classes + c->number];
        const double target = c->target[(uint32_t)c->classes[i] == c->number];
        const double z = s.slope * m + s.offset, e = kehu__exp(-fabs(z));
        const double p = z < 0 ? e / (1 + e) : 1 / (1 + e), q = p * (1 - p);
        at->value += kehu__log1p(e) + (z < 0 ? -target * z : (1 - target) * z);
        at->by_slope += (p - target) * m;
        at->by_offset += p - target;
        at->slope_slope += q * m * m;
        at->slope_offset += q * m;
        at->offset_offset += q;
    }
}

/* Newton's step, halved until the loss falls; false when it does no more. */
static bool step_down(kehu__sigmoid *s, loss_at *at, const one_class *c)
{
    const double det =
        at->slope_slope * at->offset_offset - at->slope_offset * at->slope_offset;
    const double slope =
        (at->offset_offset * at->by_slope - at->slope_offset * at->by_offset) / det;
    const double offset =
        (at->slope_slope * at->by_offset - at->slope_offset * at->by_slope) / det;
    const double expected = at->by_slope * slope + at->by_offset * offset;
    for (double part = 1; part > 1e-9; part /= 2) {
        const kehu__sigmoid next = {s->slope - part * slope, s->offset - part * offset};
        loss_at there;
        measure(&there, c, next);
        if (there.value < at->value - 1e-4 * part * expected) {
            *s = next;
            *at = there;
            return true;
        }
    }
    return false;
}

kehu__sigmoid kehu__fit_sigmoid(const float *margins, const int32_t *classes, int64_t n,
                                uint32_t n_classes, uint32_t class_number)
{
    one_class c = {margins, classes, n, n_classes, class_number, {0}};
    double n_own = 0, n_other;
    kehu__sigmoid s = {1, 0};
    loss_at at;
    if (n == 0)
        return s;
    for (int64_t i = 0; i < n; i++)
        n_own += (uint32_t)classes[i] == class_number;
    n_other = (double)n - n_own;
    c.target[0] = 1 / (n_other + 2);
    c.target[1] = (n_own + 1) / (n_own + 2);
    s = (kehu__sigmoid){0, kehu__log((n_own + 1) / (n_other + 1))};
    measure(&at, &c, s);
    for (int step = 0; step < MAX_STEPS; step++) {
        if (fabs(at.by_slope) < 1e-5 * n_own && fabs(at.by_offset) < 1e-5 * n_own)
            break;
        if (!step_down(&s, &at, &c))
            break;
    }
    /* Margins that say the contrary say nothing. */
    return s.slope >= 0 ? s : (kehu__sigmoid){0, kehu__log((n_own + 1) / (n_other + 1))};
}

double kehu__fit_shift(const float *margins, const int32_t *classes, int64_t n)
{
    const one_class c = {margins, classes, n, 2, 1, {0, 1}};
    const kehu__sigmoid s = kehu__fit_sigmoid(margins, classes, n, 2, 1);
    loss_at at;
    if (s.slope <= 0)
        return 0;
    measure(&at, &c, s);
    return s.offset / s.slope * at.offset_offset / (at.offset_offset + PRIOR);
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
