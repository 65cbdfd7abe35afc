/* Two classes: one problem, one weight a feature. Sums run in sixteen parts and
 * are added in a fixed order, so that wide and narrow registers agree. */
#include "base/cpu.h"
#if defined(KEHU__AVX) /* first: it calls malloc, whose name is taken away below */
#include <immintrin.h>
#endif

#include "learn/linear_block.h"

#include <math.h>
#include <string.h>

#include "base/maths.h"

/* The two loops over a row's entries, for n_columns below 2^31. */
typedef struct row_loops {
    float (*dot)(const uint32_t *columns, const float *values, int64_t n,
                 const float *weights);
    void (*add)(const uint32_t *columns, const float *values, int64_t n, float *weights,
                float factor);
} row_loops;

static float plain_dot(const uint32_t *columns, const float *values, int64_t n,
                       const float *weights)
{
    float sums[KEHU__LANES] = {0};
    int64_t j = 0;
    for (; j + KEHU__LANES <= n; j += KEHU__LANES)
        for (int k = 0; k < KEHU__LANES; k++)
            sums[k] += values[j + k] * weights[columns[j + k]];
    for (int k = 0; j + k < n; k++)
        sums[k] += values[j + k] * weights[columns[j + k]];
    for (int half = KEHU__LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sums[k] += sums[k + half];
    return sums[0];
}

static void plain_add(const uint32_t *columns, const float *values, int64_t n,
                      float *weights, float factor)
{
    for (int64_t j = 0; j < n; j++)
        weights[columns[j]] += values[j] * factor;
}

#if defined(KEHU__AVX)
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

/* Up to sixteen entries of a row, and the weights of their columns. */
typedef struct entries {
    __mmask16 in; /* those there are */
    __m512i at;
    __m512 values, weights;
} entries;

TARGET static inline entries avx512_load(const uint32_t *columns, const float *values,
                                         int64_t n, const float *weights)
{
    entries e;
    e.in = (__mmask16)(n < KEHU__LANES ? (1u << n) - 1 : 0xFFFF);
    e.at = _mm512_maskz_loadu_epi32(e.in, columns);
    e.values = _mm512_maskz_loadu_ps(e.in, values);
    e.weights = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), e.in, e.at, weights, 4);
    return e;
}

TARGET static float avx512_dot(const uint32_t *columns, const float *values, int64_t n,
                               const float *weights)
{
    __m512 sums = _mm512_setzero_ps();
    __m256 eight;
    __m128 four;
    for (int64_t j = 0; j < n; j += KEHU__LANES) {
        const entries e = avx512_load(columns + j, values + j, n - j, weights);
        sums = _mm512_mask_add_ps(sums, e.in, sums, _mm512_mul_ps(e.values, e.weights));
    }
    eight = _mm256_add_ps(_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps(sums, 1));
    four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    four = _mm_add_ss(four, _mm_shuffle_ps(four, four, 1));
    return _mm_cvtss_f32(four);
}

/* The columns of a row all differ, so no weight is written twice. */
TARGET static void avx512_add(const uint32_t *columns, const float *values, int64_t n,
                              float *weights, float factor)
{
    const __m512 factors = _mm512_set1_ps(factor);
    for (int64_t j = 0; j < n; j += KEHU__LANES) {
        const entries e = avx512_load(columns + j, values + j, n - j, weights);
        const __m512 more = _mm512_mul_ps(e.values, factors);
        _mm512_mask_i32scatter_ps(weights, e.in, e.at, _mm512_add_ps(e.weights, more), 4);
    }
}
#undef TARGET
#endif

static row_loops loops_for(const kehu__solver_rows *r)
{
#if defined(KEHU__AVX)
    if (kehu__cpu() & KEHU__CPU_AVX512 && r->n_columns <= INT32_MAX)
        return (row_loops){avx512_dot, avx512_add};
#endif
    (void)r;
    return (row_loops){plain_dot, plain_add};
}

static inline float dot(const row_loops *loops, const kehu__solver_rows *r,
                        const float *weights, uint32_t i)
{
    return loops->dot(r->columns + r->starts[i], r->values + r->starts[i],
                      r->ends[i] - r->starts[i], weights);
}

static inline void add(const row_loops *loops, const kehu__solver_rows *r, float *weights,
                       uint32_t i, float factor)
{
    loops->add(r->columns + r->starts[i], r->values + r->starts[i],
               r->ends[i] - r->starts[i], weights, factor);
}

static void pass(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    const row_loops loops = loops_for(r);
    float *const weights = b->weights;
    int64_t kept = 0;
    float new_max = -INFINITY, new_min = INFINITY, bias_weight = b->bias_weights[0];
    double gain = 0;
    for (int64_t at = 0; at < b->n_active; at++) {
        const uint32_t i = b->order[at];
        const kehu__step *const step = &r->steps[i][0];
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f;
        float alpha = b->alpha[i], grad, projected, next, move;
        kehu__prefetch_ahead(r, b->order, at, b->n_active, b->alpha, 1);
        grad = y * (dot(&loops, r, weights, i) + r->bias * bias_weight) - 1.0f +
               step->diagonal * alpha;
        projected = grad;
        if (alpha <= 0) {
            if (grad > b->old_max[0])
                continue;
            projected = grad < 0 ? grad : 0;
        } else if (alpha >= step->upper) {
            if (grad < b->old_min[0])
                continue;
            projected = grad > 0 ? grad : 0;
        }
        b->order[at] = b->order[kept];
        b->order[kept++] = i;
        new_max = projected > new_max ? projected : new_max;
        new_min = projected < new_min ? projected : new_min;
        next = alpha - grad * step->inverse;
        next = next > 0 ? next : 0;
        next = next < step->upper ? next : step->upper;
        move = next - alpha;
        if (move <= b->least_move && move >= -b->least_move)
            continue;
        b->alpha[i] = next;
        gain -= 0.5 * (double)grad * (double)move;
        move *= y;
        bias_weight += r->bias * move;
        add(&loops, r, weights, i, move);
    }
    b->n_active = kept;
    b->new_max[0] = new_max;
    b->new_min[0] = new_min;
    b->bias_weights[0] = bias_weight;
    b->gain = gain;
}

static void objective(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    const row_loops loops = loops_for(r);
    double loss = 0, sum = 0, norm, quadratic;
    norm = quadratic = (double)b->bias_weights[0] * (double)b->bias_weights[0];
    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at];
        const kehu__step *const step = &r->steps[i][0];
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f, alpha = b->alpha[i];
        const double a = (double)alpha;
        float slack;
        kehu__prefetch_ahead(r, r->used, at, r->n_used, b->alpha, 1);
        slack = 1.0f -
                y * (dot(&loops, r, b->weights, i) + r->bias * b->bias_weights[0]) -
                r->own[i] * alpha;
        slack = slack > 0 ? slack : 0;
        loss += (double)(step->cost * (r->loss == KEHU__HINGE ? slack : slack * slack));
        sum += a;
        norm += (double)r->own[i] * a * a;
        quadratic += (double)step->diagonal * a * a;
    }
    for (uint32_t j = 0; j < r->n_columns; j++) {
        const double square = (double)b->weights[j] * (double)b->weights[j];
        norm += square;
        quadratic += square;
    }
    b->primal = 0.5 * norm + loss;
    b->dual = sum - 0.5 * quadratic;
}

/* ---- logistic loss ---- */

/* The optimum is alpha = C s(u), s the logistic function, where u is the root of
 * h(u) = u + a (C s(u) - old) + b. h rises, concave above 0 and convex below: from 0, or
 * from any point between 0 and the root, Newton's method comes closer step by step. -b,
 * which is the root when alpha is the optimum already, is such a point or is not used. */
double kehu__logistic_step(double a, double b, double cost, double old)
{
    enum { MOST_STEPS = 50 };
    const bool above = a * (0.5 * cost - old) + b < 0; /* the root is above 0 */
    double u = -b;
    const double h_there = a * (cost * kehu__logistic(u) - old);
    if (above ? u < 0 || h_there > 0 : u > 0 || h_there < 0)
        u = 0;
    for (int n = 0; n < MOST_STEPS; n++) {
        const double s = kehu__logistic(u);
        const double move = (u + a * (cost * s - old) + b) / (1 + a * cost * s * (1 - s));
        u -= move;
        if (fabs(move) <= 1e-9 * (1 + fabs(u)))
            break;
    }
    return cost * kehu__logistic(u);
}

static double part_log(double part, double whole)
{
    return part > 0 ? -part * kehu__log(part / whole) : 0;
}

double kehu__logistic_entropy(double alpha, double cost)
{
    return part_log(alpha, cost) + part_log(cost - alpha, cost);
}

double kehu__logistic_loss(double margin)
{
    return kehu__log1p(kehu__exp(-fabs(margin))) + (margin < 0 ? -margin : 0);
}

static void logistic_pass(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    const row_loops loops = loops_for(r);
    double gain = 0;
    for (int64_t at = 0; at < b->n_active; at++) {
        const uint32_t i = b->order[at];
        const kehu__step *const step = &r->steps[i][0];
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f, alpha = b->alpha[i];
        float grad, move;
        kehu__prefetch_ahead(r, b->order, at, b->n_active, b->alpha, 1);
        grad = y * (dot(&loops, r, b->weights, i) + r->bias * b->bias_weights[0]) +
               step->diagonal * alpha;
        move = (float)kehu__logistic_step((double)step->inverse, (double)grad,
                                          (double)step->cost, (double)alpha) -
               alpha;
        if (move <= b->least_move && move >= -b->least_move)
            continue;
        b->alpha[i] = alpha + move;
        gain += 0.5 * (double)((step->inverse + 4 / step->cost) * move * move);
        move *= y;
        b->bias_weights[0] += r->bias * move;
        add(&loops, r, b->weights, i, move);
    }
    b->gain = gain;
}

static void logistic_objective(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    const row_loops loops = loops_for(r);
    double loss = 0, entropy = 0;
    double norm = (double)b->bias_weights[0] * (double)b->bias_weights[0];
    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at];
        const double cost = (double)r->steps[i][0].cost;
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f, alpha = b->alpha[i];
        const float z =
            y * (dot(&loops, r, b->weights, i) + r->bias * b->bias_weights[0]) +
            r->own[i] * alpha;
        loss += cost * kehu__logistic_loss((double)z);
        entropy += kehu__logistic_entropy((double)alpha, cost);
        norm += (double)r->own[i] * (double)alpha * (double)alpha;
    }
    for (uint32_t j = 0; j < r->n_columns; j++)
        norm += (double)b->weights[j] * (double)b->weights[j];
    b->primal = 0.5 * norm + loss;
    b->dual = entropy - 0.5 * norm;
}

kehu__kernel kehu__binary_kernel(kehu__loss loss)
{
    if (loss == KEHU__LOGISTIC)
        return (kehu__kernel){logistic_pass, logistic_objective};
    return (kehu__kernel){pass, objective};
}
