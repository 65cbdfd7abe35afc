#include "learn/bfgs.h"

#include <math.h>
#include <string.h>

#define FLAT  1e-6
#define STILL 1e-13
#define GOOD  1e-5

enum { MAX_HALVINGS = 40, NEWTON_STEPS = 3 };

#define DISTANCE   1e-4 /* of the gradients that second derivatives are made of */
#define SHORT_STEP (DISTANCE / 100) /* a step that leaves them as they are */

static double largest(uint32_t n, const double *g)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!(fabs(g[i]) <= most))
            most = fabs(g[i]);
    return most;
}

static double dot(uint32_t n, const double *a, const double *b)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

bool kehu__invert(uint32_t n, double a[KEHU__BFGS_MAX][KEHU__BFGS_MAX],
                  double inverse[KEHU__BFGS_MAX][KEHU__BFGS_MAX])
{
    double l[KEHU__BFGS_MAX][KEHU__BFGS_MAX] = {{0}};
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j <= i; j++) {
            const double rest = 0.5 * (a[i][j] + a[j][i]) - dot(j, l[i], l[j]);
            if (i != j)
                l[i][j] = rest / l[j][j];
            else if (rest > 1e-300 && rest > 1e-13 * fabs(a[i][i]))
                l[i][i] = sqrt(rest);
            else
                return false;
        }
    for (uint32_t c = 0; c < n; c++) { /* L L' column = unit vector c */
        double y[KEHU__BFGS_MAX];
        for (uint32_t i = 0; i < n; i++)
            y[i] = ((i == c) - dot(i, l[i], y)) / l[i][i];
        for (uint32_t i = n; i-- > 0;) {
            double sum = y[i];
            for (uint32_t k = i + 1; k < n; k++)
                sum -= l[k][i] * inverse[k][c];
            inverse[i][c] = sum / l[i][i];
        }
    }
    return true;
}

/* One run's state. */
typedef struct search {
    kehu__bfgs *b;
    kehu__smooth f;
    void *ctx;
    double *x;
    double g[KEHU__BFGS_MAX];
    double h[KEHU__BFGS_MAX][KEHU__BFGS_MAX]; /* inverse Hessian, approximately */
} search;

static void forget_curvature(search *s)
{
    memset(s->h, 0, sizeof s->h);
    for (uint32_t i = 0; i < s->b->n; i++)
        s->h[i][i] = 1;
}

static void find_direction(search *s, double *d)
{
    const uint32_t n = s->b->n;
    for (uint32_t i = 0; i < n; i++)
        d[i] = -dot(n, s->h[i], s->g);
    if (!(dot(n, d, s->g) < 0)) {
        forget_curvature(s);
        for (uint32_t i = 0; i < n; i++)
            d[i] = -s->g[i];
    }
}

/* Shrink the step until the value falls enough (Armijo); false when it never
 * does. */
static bool find_step(search *s, const double *d, double *x, double *g, double *value)
{
    const uint32_t n = s->b->n;
    const double most = largest(n, d), slope = dot(n, d, s->g);
    double step = most > 2 ? 2 / most : 1;
    for (int k = 0; k < MAX_HALVINGS; k++, step *= 0.4) {
        for (uint32_t i = 0; i < n; i++)
            x[i] = s->x[i] + step * d[i];
        *value = s->f(s->ctx, x, g);
        if (isfinite(*value) && *value <= s->b->value + 1e-4 * step * slope)
            return true;
    }
    return false;
}

/* The BFGS update of the inverse Hessian by the step t and gradient change y. */
static void update(search *s, const double *t, const double *y)
{
    const uint32_t n = s->b->n;
    const double ty = dot(n, t, y);
    double hy[KEHU__BFGS_MAX], yhy;
    if (!(ty > 1e-18))
        return;
    for (uint32_t i = 0; i < n; i++)
        hy[i] = dot(n, s->h[i], y);
    yhy = dot(n, y, hy);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            s->h[i][j] +=
                (1 + yhy / ty) * t[i] * t[j] / ty - (hy[i] * t[j] + t[i] * hy[j]) / ty;
}

static bool inside(kehu__bfgs *b, const double *x)
{
    b->outside = -1;
    for (uint32_t i = 0; i < b->n && b->outside < 0; i++)
        if (!(fabs(x[i]) <= b->limit))
            b->outside = (int32_t)i;
    return b->outside < 0;
}

static void descend(search *s)
{
    kehu__bfgs *b = s->b;
    const uint32_t n = b->n;
    double d[KEHU__BFGS_MAX], x[KEHU__BFGS_MAX], g[KEHU__BFGS_MAX];
    bool still = false;
    while (!still && largest(n, s->g) >= FLAT &&
           (uint32_t)b->iterations < b->max_iterations && inside(b, s->x)) {
        double value = 0;
        find_direction(s, d);
        if (!find_step(s, d, x, g, &value))
            return;
        still = fabs(b->value - value) <= STILL * fabs(b->value);
        for (uint32_t i = 0; i < n; i++) {
            d[i] = x[i] - s->x[i];
            x[i] = g[i] - s->g[i];
            s->x[i] += d[i];
            s->g[i] = g[i];
        }
        b->value = value;
        b->iterations++;
        update(s, d, x);
        if (b->step != NULL && !b->step(s->ctx, b->iterations)) {
            b->cancelled = true;
            return;
        }
    }
}

/* Second derivatives from central differences of the gradient. */
static void find_hessian(search *s, double hessian[KEHU__BFGS_MAX][KEHU__BFGS_MAX])
{
    const uint32_t n = s->b->n;
    const double h = DISTANCE;
    double x[KEHU__BFGS_MAX], up[KEHU__BFGS_MAX], down[KEHU__BFGS_MAX];
    for (uint32_t i = 0; i < n; i++) {
        memcpy(x, s->x, n * sizeof *x);
        x[i] = s->x[i] + h;
        s->f(s->ctx, x, up);
        x[i] = s->x[i] - h;
        s->f(s->ctx, x, down);
        for (uint32_t j = 0; j < n; j++)
            hessian[i][j] = (up[j] - down[j]) / (2 * h);
    }
}

/* A Newton step, kept if it flattens the gradient; moved is its largest component. */
static bool polish(search *s, double inverse[KEHU__BFGS_MAX][KEHU__BFGS_MAX],
                   double *moved)
{
    const uint32_t n = s->b->n;
    double x[KEHU__BFGS_MAX], g[KEHU__BFGS_MAX];
    *moved = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double d = -dot(n, inverse[i], s->g);
        if (!(fabs(d) < 0.5))
            return false;
        *moved = fabs(d) > *moved ? fabs(d) : *moved;
        x[i] = s->x[i] + d;
    }
    const double value = s->f(s->ctx, x, g);
    if (!isfinite(value) || !(largest(n, g) < largest(n, s->g)))
        return false;
    memcpy(s->x, x, n * sizeof *x);
    memcpy(s->g, g, n * sizeof *g);
    s->b->value = value;
    return true;
}

bool kehu__bfgs_minimize(kehu__bfgs *b, kehu__smooth f, void *ctx, double *x,
                         double hessian[KEHU__BFGS_MAX][KEHU__BFGS_MAX])
{
    search s = {.b = b, .f = f, .ctx = ctx, .x = x};
    double inverse[KEHU__BFGS_MAX][KEHU__BFGS_MAX];
    bool curved;
    b->iterations = 0;
    b->cancelled = false;
    b->value = f(ctx, x, s.g);
    forget_curvature(&s);
    if (isfinite(b->value))
        descend(&s);
    if (!isfinite(b->value) || !inside(b, x) || b->cancelled) {
        b->slope = largest(b->n, s.g);
        return false;
    }
    find_hessian(&s, hessian);
    curved = kehu__invert(b->n, hessian, inverse);
    for (int k = 0; k < NEWTON_STEPS && curved && largest(b->n, s.g) > 1e-9; k++) {
        double moved;
        if (!polish(&s, inverse, &moved))
            break;
        if (moved < SHORT_STEP)
            continue;
        find_hessian(&s, hessian);
        curved = kehu__invert(b->n, hessian, inverse);
    }
    b->slope = largest(b->n, s.g);
    return curved && inside(b, x) && b->slope < GOOD;
}
