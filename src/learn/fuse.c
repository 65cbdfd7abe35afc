/* Multinomial logistic regression of two numbers, the logarithm of a probability and a
 * score, with one weight each for all classes and an offset for each class. */
#include "learn/fuse.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/maths.h"

enum { ROUNDS = 40 };

static const double silence[KEHU__FUSE_MAX_CLASSES];

static void softmax(double *v, uint32_t n)
{
    double most = v[0], sum = 0;
    for (uint32_t k = 1; k < n; k++)
        most = v[k] > most ? v[k] : most;
    for (uint32_t k = 0; k < n; k++)
        sum += v[k] = kehu__exp(v[k] - most);
    for (uint32_t k = 0; k < n; k++)
        v[k] /= sum;
}

uint32_t kehu__fuse_group(const double *scores, uint32_t n_classes)
{
    for (uint32_t k = 0; scores != NULL && k < n_classes; k++)
        if (scores[k] > 0)
            return KEHU__FUSE_SPOKEN;
    return KEHU__FUSE_SILENT;
}

void kehu__fuse_row(const kehu__fuse *f, const double *offsets, const double *scores,
                    const double *probabilities, uint32_t n_classes, double *fused)
{
    const double *s = scores == NULL ? silence : scores;
    for (uint32_t k = 0; k < n_classes; k++)
        fused[k] =
            f->probability * kehu__log(probabilities[k]) + f->score * s[k] + offsets[k];
    softmax(fused, n_classes);
}

static const double *scores_of(const kehu__fuse_rows *x, int64_t i)
{
    return x->scores == NULL ? silence : x->scores + (size_t)i * x->n_classes;
}

static bool takes_part(const kehu__fuse_rows *x, int64_t i)
{
    return x->labels[i] >= 0 &&
           (x->group < 0 ||
            (uint32_t)x->group == kehu__fuse_group(scores_of(x, i), x->n_classes));
}

int64_t kehu__fuse_count(const kehu__fuse_rows *rows)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows->n; i++)
        n += takes_part(rows, i);
    return n;
}

/* Loss, gradient and curvature in the two weights, and the classes' sums: expected
 * and seen. */
typedef struct slope {
    double loss, g[2], h[3]; /* h: aa, ab, bb */
    double expected[KEHU__FUSE_MAX_CLASSES], seen[KEHU__FUSE_MAX_CLASSES];
} slope;

static void slope_at(slope *out, const kehu__fuse_rows *x, const kehu__fuse *f,
                     const double *offsets)
{
    const uint32_t K = x->n_classes;
    *out = (slope){0};
    for (int64_t i = 0; i < x->n; i++) {
        const double *s = scores_of(x, i), *p = x->probabilities + (size_t)i * K;
        double t[KEHU__FUSE_MAX_CLASSES], q[KEHU__FUSE_MAX_CLASSES], mean_t = 0,
                                                                     mean_s = 0;
        const int32_t y = x->labels[i];
        if (!takes_part(x, i))
            continue;
        kehu__fuse_row(f, offsets, s, p, K, q);
        for (uint32_t k = 0; k < K; k++) {
            t[k] = kehu__log(p[k]);
            mean_t += q[k] * t[k];
            mean_s += q[k] * s[k];
            out->expected[k] += q[k];
        }
        for (uint32_t k = 0; k < K; k++) {
            out->h[0] += q[k] * (t[k] - mean_t) * (t[k] - mean_t);
            out->h[1] += q[k] * (t[k] - mean_t) * (s[k] - mean_s);
            out->h[2] += q[k] * (s[k] - mean_s) * (s[k] - mean_s);
        }
        out->seen[y]++;
        out->loss -= kehu__log(q[y] > 1e-300 ? q[y] : 1e-300);
        out->g[0] += mean_t - t[y];
        out->g[1] += mean_s - s[y];
    }
}

/* Newton's step in both weights, or in the only one that may move: a weight at
 * its bound of 0 moves inwards only. */
static void step_of(const slope *at, const kehu__fuse *f, double step[2])
{
    const bool move_a = f->probability > 0 || at->g[0] < 0;
    const bool move_b = f->score > 0 || at->g[1] < 0;
    const double ridge = 1e-6, aa = at->h[0] + ridge, bb = at->h[2] + ridge;
    const double determinant = aa * bb - at->h[1] * at->h[1];
    step[0] = step[1] = 0;
    if (move_a && move_b && determinant > 1e-12 * aa * bb) {
        step[0] = (bb * at->g[0] - at->h[1] * at->g[1]) / determinant;
        step[1] = (aa * at->g[1] - at->h[1] * at->g[0]) / determinant;
    } else {
        step[0] = move_a ? at->g[0] / aa : 0;
        step[1] = move_b ? at->g[1] / bb : 0;
    }
}

/* One descent in the weights; the step is halved until the loss falls. */
static void move_weights(const kehu__fuse_rows *x, kehu__fuse *f, const double *offsets,
                         slope *at)
{
    double step[2];
    step_of(at, f, step);
    for (double size = 1; size > 1e-4; size /= 2) {
        const double a = f->probability - size * step[0], b = f->score - size * step[1];
        const kehu__fuse to = {a > 0 ? a : 0, b > 0 ? b : 0};
        slope next;
        slope_at(&next, x, &to, offsets);
        if (next.loss <= at->loss) {
            *f = to;
            *at = next;
            return;
        }
    }
}

/* Offsets move until each class is expected as often as it is seen. One row is
 * added to both, so that a class never seen does not run away. */
static void move_offsets(const slope *at, double *offsets, uint32_t n_classes)
{
    for (uint32_t k = 0; k < n_classes; k++)
        offsets[k] += kehu__log((at->seen[k] + 1) / (at->expected[k] + 1));
}

void kehu__fuse_fit(const kehu__fuse_rows *rows, kehu__fuse *f, double *offsets)
{
    double before = HUGE_VAL;
    slope at;
    *f = (kehu__fuse){1, 0};
    memset(offsets, 0, rows->n_classes * sizeof *offsets);
    for (int round = 0; round < ROUNDS; round++) {
        slope_at(&at, rows, f, offsets);
        move_weights(rows, f, offsets, &at);
        if (round > 2 && before - at.loss <= 1e-9 * at.loss)
            break;
        before = at.loss;
        move_offsets(&at, offsets, rows->n_classes);
    }
}
