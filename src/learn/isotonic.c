#include "learn/isotonic.h"

typedef struct knots {
    double *x, *y, *w;
    uint32_t n;
} knots;

static void merge_last(knots *k)
{
    const uint32_t a = k->n - 2, b = k->n - 1;
    const double w = k->w[a] + k->w[b];
    k->x[a] = (k->x[a] * k->w[a] + k->x[b] * k->w[b]) / w;
    k->y[a] = (k->y[a] * k->w[a] + k->y[b] * k->w[b]) / w;
    k->w[a] = w;
    k->n--;
}

static void add(knots *k, double x, double y, double w)
{
    k->x[k->n] = x;
    k->y[k->n] = y;
    k->w[k->n++] = w;
}

/* Read and write places never cross: what is kept is never longer than what was read. */
static void pool_equal(knots *k, uint32_t n)
{
    double last = 0; /* the x of the points merged, without the mean's rounding */
    k->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double x = k->x[i];
        add(k, x, k->y[i], k->w[i]);
        if (i > 0 && x == last) {
            merge_last(k);
            k->x[k->n - 1] = x;
        }
        last = x;
    }
}

static void pool_falling(knots *k, uint32_t n)
{
    k->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        add(k, k->x[i], k->y[i], k->w[i]);
        while (k->n > 1 && k->y[k->n - 2] >= k->y[k->n - 1])
            merge_last(k);
    }
}

uint32_t kehu__isotonic_fit(double *x, double *y, double *w, uint32_t n)
{
    knots k = {x, y, w, n};
    double sum = 0, weight = 0, mean;
    pool_equal(&k, n);
    pool_falling(&k, k.n);
    for (uint32_t i = 0; i < k.n; i++) {
        sum += y[i] * w[i];
        weight += w[i];
    }
    mean = sum / weight;
    for (uint32_t i = 0; i < k.n; i++) {
        y[i] = (y[i] * w[i] + mean) / (w[i] + 1);
        w[i] += 1;
    }
    pool_falling(&k, k.n);
    return k.n;
}

double kehu__isotonic_at(const double *x, const double *y, uint32_t n, double at)
{
    uint32_t low = 0, high = n; /* knots below `low` are at or below the place */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (x[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return y[0];
    if (low == n)
        return y[n - 1];
    const double value =
        y[low - 1] + (y[low] - y[low - 1]) * ((at - x[low - 1]) / (x[low] - x[low - 1]));
    return value > y[low] ? y[low] : value;
}
