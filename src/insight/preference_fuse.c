/* Multinomial logistic regression of two numbers, the logarithm of the tree's
 * probability and the rules' score, with one weight each for all classes and an
 * offset for each class. Customers no rule speaks for are a group of their own:
 * silence means something else than a weak word. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "insight/preference.h"

enum { ROUNDS = 40, MAX_CLASSES = 255 };

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

static uint32_t group_of(const double *scores, uint32_t n_classes)
{
    for (uint32_t k = 0; k < n_classes; k++)
        if (scores[k] > 0)
            return KEHU_PREFERENCE_SPOKEN;
    return KEHU_PREFERENCE_SILENT;
}

static void fuse_row(const kehu__fusion *f, const double *offsets, const double *scores,
                     const double *p, uint32_t n_classes, double *fused)
{
    for (uint32_t k = 0; k < n_classes; k++)
        fused[k] =
            f->tree_weight * kehu__log(p[k]) + f->rule_weight * scores[k] + offsets[k];
    softmax(fused, n_classes);
}

void kehu__fuse(const kehu_preference *p, const double *scores, double *probabilities,
                int64_t n, uint32_t n_classes)
{
    for (int64_t i = 0; i < n; i++) {
        const double *s = scores + (size_t)i * n_classes;
        double *q = probabilities + (size_t)i * n_classes;
        const uint32_t g = group_of(s, n_classes);
        fuse_row(&p->fusions[g], p->offsets + (size_t)g * n_classes, s, q, n_classes, q);
    }
}

/* Rows to fit on: those of a group (or of both) with a label. */
typedef struct fitting {
    const double *scores, *probabilities;
    const int32_t *labels;
    int64_t n;
    uint32_t n_classes;
    int32_t group; /* -1 = both */
} fitting;

static bool takes_part(const fitting *x, int64_t i)
{
    return x->labels[i] >= 0 &&
           (x->group < 0 ||
            (uint32_t)x->group ==
                group_of(x->scores + (size_t)i * x->n_classes, x->n_classes));
}

/* Loss, gradient and curvature in the two weights, and the classes' sums: expected
 * and seen. */
typedef struct slope {
    double loss, g[2], h[3]; /* h: aa, ab, bb */
    double expected[MAX_CLASSES], seen[MAX_CLASSES];
} slope;

static void slope_at(slope *out, const fitting *x, const kehu__fusion *f,
                     const double *offsets)
{
    const uint32_t K = x->n_classes;
    *out = (slope){0};
    for (int64_t i = 0; i < x->n; i++) {
        const double *s = x->scores + (size_t)i * K,
                     *p = x->probabilities + (size_t)i * K;
        double t[MAX_CLASSES], q[MAX_CLASSES], mean_t = 0, mean_s = 0;
        const int32_t y = x->labels[i];
        if (!takes_part(x, i))
            continue;
        fuse_row(f, offsets, s, p, K, q);
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
static void step_of(const slope *at, const kehu__fusion *f, double step[2])
{
    const bool move_a =
        f->tree_weight > 0 || at->g[0]<0, move_b = f->rule_weight> 0 || at->g[1] < 0;
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
static void move_weights(const fitting *x, kehu__fusion *f, const double *offsets,
                         slope *at)
{
    double step[2];
    step_of(at, f, step);
    for (double size = 1; size > 1e-4; size /= 2) {
        const double a = f->tree_weight - size * step[0],
                     b = f->rule_weight - size * step[1];
        const kehu__fusion to = {a > 0 ? a : 0, b > 0 ? b : 0, 1};
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

static void fit_group(const fitting *x, kehu__fusion *f, double *offsets)
{
    double before = HUGE_VAL;
    slope at;
    *f = (kehu__fusion){1, 0, 1};
    memset(offsets, 0, x->n_classes * sizeof *offsets);
    for (int round = 0; round < ROUNDS; round++) {
        slope_at(&at, x, f, offsets);
        move_weights(x, f, offsets, &at);
        if (round > 2 && before - at.loss <= 1e-9 * at.loss)
            break;
        before = at.loss;
        move_offsets(&at, offsets, x->n_classes);
    }
}

void kehu__fusion_fit(kehu_preference *p, const double *scores,
                      const double *probabilities, const int32_t *labels, int64_t n,
                      uint32_t n_classes, int64_t least)
{
    for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++) {
        fitting x = {scores, probabilities, labels, n, n_classes, (int32_t)g};
        int64_t rows = 0;
        for (int64_t i = 0; i < n; i++)
            rows += takes_part(&x, i);
        if (rows < least)
            x.group = -1;
        fit_group(&x, &p->fusions[g], p->offsets + (size_t)g * n_classes);
    }
}

kehu_status kehu__fusion_start(kehu_preference *p, uint32_t n_classes, kehu_error *err)
{
    const size_t n = (size_t)KEHU_PREFERENCE_GROUPS * n_classes;
    p->offsets = kehu__alloc_zero(&p->alloc, n, sizeof *p->offsets);
    p->n_offsets = (uint32_t)n;
    for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++)
        p->fusions[g] = (kehu__fusion){1, 1, 0};
    return p->offsets == NULL ? kehu__no_memory(err, "the fusion") : KEHU_OK;
}
