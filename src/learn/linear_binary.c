/* Two classes: one problem, one weight a feature. Sums run in sixteen parts and
 * are added in a fixed order, so that wide and narrow registers agree. */
#include "learn/linear_block.h"

#include <math.h>
#include <string.h>

static inline float dot(const kehu__solver_rows *r, const float *weights, uint32_t i)
{
    const uint32_t *const columns = r->columns + r->starts[i];
    const float *const values = r->values + r->starts[i];
    const int64_t n = r->ends[i] - r->starts[i];
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

static inline void prefetch_row(const kehu__solver_rows *r, uint32_t i)
{
    __builtin_prefetch(r->columns + r->starts[i]);
    __builtin_prefetch(r->values + r->starts[i]);
    __builtin_prefetch(r->steps[i]);
}

static void pass(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    float *const weights = b->weights;
    int64_t kept = 0;
    float new_max = -INFINITY, new_min = INFINITY, bias_weight = b->bias_weights[0];
    double gain = 0;
    for (int64_t at = 0; at < b->n_active; at++) {
        const uint32_t i = b->order[at];
        const kehu__step *const step = &r->steps[i][0];
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f;
        float alpha = b->alpha[i], grad, projected, next, move;
        if (at + 4 < b->n_active)
            prefetch_row(r, b->order[at + 4]);
        grad = y * (dot(r, weights, i) + r->bias * bias_weight) - 1.0f +
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
        for (int64_t j = r->starts[i]; j < r->ends[i]; j++)
            weights[r->columns[j]] += r->values[j] * move;
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
    double loss = 0, sum = 0, norm, quadratic;
    norm = quadratic = (double)b->bias_weights[0] * (double)b->bias_weights[0];
    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at];
        const kehu__step *const step = &r->steps[i][0];
        const float y = r->labels[i] == 1 ? 1.0f : -1.0f, alpha = b->alpha[i];
        const double a = (double)alpha;
        float slack;
        if (at + 4 < r->n_used)
            prefetch_row(r, r->used[at + 4]);
        slack = 1.0f - y * (dot(r, b->weights, i) + r->bias * b->bias_weights[0]) -
                r->own[i] * alpha;
        slack = slack > 0 ? slack : 0;
        loss += (double)(step->cost * (r->l1_loss ? slack : slack * slack));
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

kehu__kernel kehu__binary_kernel(void)
{
    return (kehu__kernel){pass, objective};
}
