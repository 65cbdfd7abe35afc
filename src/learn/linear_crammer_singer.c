/* All classes at once: the dual variables of a row, one a class, are moved together to
 * the optimum of their own problem,
 *
 *     min  sum_k A a_k^2 / 2 + B_k a_k      a_k <= C for the row's class, else <= 0,
 *                                           sum_k a_k = 0
 *
 * where A = |x|^2 and B_k = w_k.x - A (old a_k) + (1 for the other classes). So
 * a_k = min(bound, (beta - B_k) / A), and beta is such that they add up to 0. */
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "learn/linear_block.h"

/* A row whose variables are all 0 and whose margin is that much larger than needed sits
 * out the passes until the next look at the gap. */
#define AT_EASE 0.05f

typedef struct all_classes {
    kehu__linear_problem *p;
    uint32_t n;                 /* classes */
    float *scores, *old, *next; /* [blocks * lanes] of one row */
    uint64_t *keys, *scratch;   /* [n] of the classes in falling order */
    double gain;
} all_classes;

static void score(const all_classes *job, uint32_t i)
{
    const kehu__solver_rows *const r = &job->p->solver;
    for (uint32_t n = 0; n < job->p->n_blocks; n++) {
        const kehu__block *const b = &job->p->blocks[n];
        float sums[KEHU__LANES];
        float *const alpha = b->alpha + (size_t)KEHU__LANES * i;
        for (int k = 0; k < KEHU__LANES; k++)
            sums[k] = r->bias * b->bias_weights[k] + r->own[i] * alpha[k];
        for (int64_t j = r->starts[i]; j < r->ends[i]; j++) {
            const float *const w = b->weights + (size_t)KEHU__LANES * r->columns[j];
            for (int k = 0; k < KEHU__LANES; k++)
                sums[k] += r->values[j] * w[k];
        }
        memcpy(job->scores + (size_t)KEHU__LANES * n, sums, sizeof sums);
        memcpy(job->old + (size_t)KEHU__LANES * n, alpha, sizeof sums);
    }
}

/* Margin of the row's class over the best of the others. */
static float lead(const all_classes *job, uint32_t own)
{
    float other = -INFINITY;
    for (uint32_t k = 0; k < job->n; k++)
        if (k != own && job->scores[k] > other)
            other = job->scores[k];
    return job->scores[own] - other;
}

/* beta: the classes below their bound are the first ones by falling D_k = B_k, or
 * B_k + A C for the row's own, which is where the bound is reached. */
static double find_beta(const all_classes *job, uint32_t own, double a, double cost)
{
    double sum = -a * cost;
    uint32_t n = 0;
    for (uint32_t k = 0; k < job->n; k++) {
        const double d = (double)job->next[k] + (k == own ? a * cost : 0);
        job->keys[k] = UINT64_MAX - kehu__order_f64(d);
    }
    kehu__sort_u64(job->keys, job->scratch, job->n);
    for (; n < job->n; n++) {
        const double d = kehu__unorder_f64(UINT64_MAX - job->keys[n]);
        if (n > 0 && sum >= n * d)
            break;
        sum += d;
    }
    return sum / n;
}

/* next[] from scores and old. */
static void solve_row(const all_classes *job, uint32_t own, double a, double cost)
{
    double beta;
    for (uint32_t k = 0; k < job->n; k++)
        job->next[k] = job->scores[k] - (float)a * job->old[k] + (k == own ? 0.0f : 1.0f);
    beta = find_beta(job, own, a, cost);
    for (uint32_t k = 0; k < job->n; k++) {
        const double bound = k == own ? cost : 0;
        const double x = (beta - (double)job->next[k]) / a;
        job->next[k] = (float)(x < bound ? x : bound);
    }
}

static void move_row(all_classes *job, uint32_t i, double a)
{
    const kehu__solver_rows *const r = &job->p->solver;
    for (uint32_t n = 0; n < job->p->n_blocks; n++) {
        kehu__block *const b = &job->p->blocks[n];
        float moves[KEHU__LANES] = {0};
        float *const alpha = b->alpha + (size_t)KEHU__LANES * i;
        bool any = false;
        for (uint32_t k = 0; k < b->n_lanes; k++) {
            const float move = job->next[b->first_class + k] - alpha[k];
            if (move <= b->least_move && move >= -b->least_move)
                continue;
            any = true;
            moves[k] = move;
            alpha[k] = job->next[b->first_class + k];
            job->gain += 0.5 * a * (double)move * (double)move;
        }
        if (!any)
            continue;
        for (int k = 0; k < KEHU__LANES; k++)
            b->bias_weights[k] += r->bias * moves[k];
        for (int64_t j = r->starts[i]; j < r->ends[i]; j++) {
            float *const w = b->weights + (size_t)KEHU__LANES * r->columns[j];
            for (int k = 0; k < KEHU__LANES; k++)
                w[k] += r->values[j] * moves[k];
        }
    }
}

static bool all_zero(const all_classes *job)
{
    bool zero = true;
    for (uint32_t k = 0; k < job->n; k++)
        zero = zero && job->old[k] == 0;
    return zero;
}

static void pass(all_classes *job)
{
    const kehu__solver_rows *const r = &job->p->solver;
    kehu__block *const first = &job->p->blocks[0];
    int64_t kept = 0;
    job->gain = 0;
    for (int64_t at = 0; at < first->n_active; at++) {
        const uint32_t i = first->order[at], own = (uint32_t)r->labels[i];
        const kehu__step *const step = &r->steps[i][0];
        float margin;
        score(job, i);
        margin = lead(job, own);
        if (margin > 1 + AT_EASE && all_zero(job))
            continue;
        first->order[at] = first->order[kept];
        first->order[kept++] = i;
        if (step->inverse <= 0 || (margin >= 1 && all_zero(job)))
            continue;
        solve_row(job, own, (double)step->inverse, (double)step->cost);
        move_row(job, i, (double)step->inverse);
    }
    first->n_active = kept;
}

/* Into the first block; a row without any square has no variables to gain by. */
static void objective(const all_classes *job)
{
    const kehu__solver_rows *const r = &job->p->solver;
    kehu__block *const first = &job->p->blocks[0];
    double loss = 0, sum = 0, norm = 0;
    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at], own = (uint32_t)r->labels[i];
        double slack;
        score(job, i);
        slack = 1 - (double)lead(job, own);
        loss += slack > 0 ? (double)r->steps[i][0].cost * slack : 0;
        for (uint32_t k = 0; k < job->n; k++) {
            const double a = (double)job->old[k];
            norm += (double)r->own[i] * a * a;
            sum -= k == own ? 0 : a;
        }
    }
    for (uint32_t n = 0; n < job->p->n_blocks; n++) {
        const kehu__block *const b = &job->p->blocks[n];
        const size_t size = (size_t)KEHU__LANES * r->n_columns;
        for (size_t j = 0; j < size; j++)
            norm += (double)b->weights[j] * (double)b->weights[j];
        for (int k = 0; k < KEHU__LANES; k++)
            norm += (double)b->bias_weights[k] * (double)b->bias_weights[k];
    }
    first->primal = 0.5 * norm + loss;
    first->dual = sum - 0.5 * norm;
}

static void one_pass(all_classes *job)
{
    kehu__block *const b = &job->p->blocks[0];
    kehu__block_shuffle(b);
    pass(job);
    b->passes++;
    b->dual += job->gain;
    if (b->passes < b->max_passes && b->n_active > 0 &&
        job->gain > (b->check_below > 0 ? b->check_below : b->wanted_gap * b->dual))
        return;
    objective(job);
    b->converged = b->primal - b->dual <= b->wanted_gap * b->primal;
    b->done = b->converged || b->passes >= b->max_passes || !(fabs(b->primal) < INFINITY);
    b->check_below = 0.5 * job->gain;
    memcpy(b->order, job->p->used, (size_t)job->p->solver.n_used * sizeof *b->order);
    b->n_active = job->p->solver.n_used;
}

kehu_status kehu__crammer_singer_solve(kehu__linear_problem *p, const kehu__run *run,
                                       kehu_error *err)
{
    const size_t room = (size_t)p->n_blocks * KEHU__LANES;
    kehu__block *const first = &p->blocks[0];
    all_classes job = {.p = p, .n = p->n_classes};
    kehu_status status = KEHU_OK;
    job.scores = kehu__alloc_zero(&p->alloc, room, 3 * sizeof *job.scores);
    job.keys = kehu__alloc(&p->alloc, p->n_classes, 2 * sizeof *job.keys);
    if (job.scores == NULL || job.keys == NULL)
        status = kehu__no_memory(err, "the margins of a row");
    else {
        job.old = job.scores + room;
        job.next = job.old + room;
        job.scratch = job.keys + p->n_classes;
    }
    while (status == KEHU_OK && !first->done) {
        one_pass(&job);
        status =
            kehu__progress(run, first->passes / (first->passes + 10.0), "solving", err);
    }
    for (uint32_t n = 1; n < p->n_blocks; n++) {
        p->blocks[n].primal = p->blocks[n].dual = 0;
        p->blocks[n].converged = first->converged;
    }
    kehu__free(&p->alloc, job.scores, room, 3 * sizeof *job.scores);
    kehu__free(&p->alloc, job.keys, p->n_classes, 2 * sizeof *job.keys);
    return status;
}
