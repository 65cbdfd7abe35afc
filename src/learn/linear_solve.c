#include "learn/linear.h"

#include <math.h>
#include <string.h>

#include "learn/linear_block.h"

enum { MAX_PASSES = 1000 };
/* Corners and logarithms, where single precision comes less close. */
#define DEFAULT_GAP         1e-6
#define DEFAULT_GAP_OF_REST 1e-4
/* Entries visited between two reports of progress. */
#define WORK_A_ROUND 200000000

static kehu__step step_for(const kehu__linear_problem *p, int64_t i, double cost)
{
    const kehu__loss loss = p->solver.loss;
    const bool is_hinge = loss == KEHU__SQUARED_HINGE || loss == KEHU__HINGE;
    const double d = loss == KEHU__SQUARED_HINGE ? 0.5 / cost : 0;
    const double whole = (double)p->squares[i] + d;
    return (kehu__step){
        .diagonal = (float)((double)p->own[i] + d),
        .inverse = (float)(!is_hinge   ? whole
                           : whole > 0 ? 1 / whole
                                       : 0),
        .upper = loss == KEHU__SQUARED_HINGE ? INFINITY : (float)cost,
        .cost = (float)cost,
    };
}

static kehu_status check_options(const kehu__linear_problem *p,
                                 const kehu__linear_options *o, kehu_error *err)
{
    if (!(o->cost > 0 && o->cost <= 1e9))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the cost is not a number above 0, at most 1e9");
    if (!(o->gap >= 0 && o->gap < 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "the wanted gap is not in 0 to 1");
    for (uint32_t k = 0; o->class_cost != NULL && k < p->n_classes; k++)
        if (!(o->class_cost[k] > 0 && o->class_cost[k] <= 1e9))
            return kehu__fail(err, KEHU_ARGUMENT, k,
                              "the weight of class %u is not above 0, at most 1e9",
                              (unsigned)k);
    return KEHU_OK;
}

kehu_status kehu__linear_set_steps(kehu__linear_problem *p, const kehu__linear_options *o,
                                   kehu_error *err)
{
    /* Two classes at once are one with hinge loss: w_1 = -w_0 = v / 2, where v is the
     * solution for 2 C, and the objective is half of v's. */
    const bool halved = o->loss == KEHU__CRAMMER_SINGER && p->lanes == 1;
    const double cost = halved ? 2 * o->cost : o->cost;
    p->solver.loss = halved ? KEHU__HINGE : o->loss;
    p->scale = halved ? 0.5f : 1;
    KEHU_TRY(check_options(p, o, err));
    for (int64_t at = 0; at < p->solver.n_used; at++) {
        const int64_t i = p->used[at];
        const double weight = p->row_weights == NULL ? 1 : (double)p->row_weights[i];
        const double of_class =
            o->class_cost == NULL ? 1 : o->class_cost[p->solver.labels[i]];
        p->steps[i][0] = step_for(p, i, cost * weight * of_class);
        p->steps[i][1] = step_for(p, i, cost * weight);
    }
    return KEHU_OK;
}

static void take_part_again(kehu__block *b, uint32_t lanes)
{
    const kehu__solver_rows *const r = b->rows;
    b->n_active = r->n_used;
    for (int k = 0; k < KEHU__LANES; k++) {
        b->old_max[k] = INFINITY;
        b->old_min[k] = -INFINITY;
    }
    if (lanes == 1 || r->loss == KEHU__CRAMMER_SINGER)
        return;
    for (size_t at = 0; at < (size_t)r->n_rows * lanes; at++)
        b->alpha[at] = fabsf(b->alpha[at]);
}

/* Start from the last solution, if there is one. */
static void start_block(kehu__linear_problem *p, kehu__block *b, uint32_t number,
                        const kehu__linear_options *o)
{
    const double least = o->cost < 1 ? o->cost : 1;
    memcpy(b->order, p->used, (size_t)p->solver.n_used * sizeof *b->order);
    b->random = kehu__random_seed(kehu__mix64(o->seed) + number);
    b->least_move = (float)(1e-6 * least);
    b->wanted_gap = o->gap > 0                       ? o->gap
                    : o->loss == KEHU__SQUARED_HINGE ? DEFAULT_GAP
                                                     : DEFAULT_GAP_OF_REST;
    b->max_passes = o->max_passes == 0 ? MAX_PASSES : o->max_passes;
    b->passes = 0;
    b->done = b->converged = false;
    b->check_below = 0;
    take_part_again(b, p->lanes);
}

void kehu__block_shuffle(kehu__block *b)
{
    for (int64_t i = 0; i + 1 < b->n_active; i++) {
        const uint32_t left = (uint32_t)(b->n_active - i);
        const int64_t j = i + kehu__random_below(&b->random, left);
        const uint32_t t = b->order[i];
        b->order[i] = b->order[j];
        b->order[j] = t;
    }
}

static void next_bounds(kehu__block *b)
{
    for (int k = 0; k < KEHU__LANES; k++) {
        b->old_max[k] = b->new_max[k] <= 0 ? INFINITY : b->new_max[k];
        b->old_min[k] = b->new_min[k] >= 0 ? -INFINITY : b->new_min[k];
    }
}

typedef struct solve_round {
    kehu__linear_problem *p;
    kehu__kernel kernel;
    uint32_t n_passes;
} solve_round;

/* Gap and gain shrink together: when the gain is so much smaller, the gap may be
 * small enough. */
static void foretell(kehu__block *b)
{
    double ratio = b->wanted_gap * b->primal / (b->primal - b->dual);
    ratio = ratio < 0.1 ? 0.1 : ratio < 0.7 ? ratio : 0.7;
    b->check_below = b->gain * ratio;
}

/* The gain of the last pass foretells the gap; looking at the gap itself costs
 * half a pass, so it is done when it may well be small enough. */
static void run_block(void *arg, int64_t number)
{
    const solve_round *const job = arg;
    kehu__block *const b = &job->p->blocks[number];
    for (uint32_t n = 0; n < job->n_passes && !b->done; n++) {
        kehu__block_shuffle(b);
        job->kernel.pass(b);
        b->passes++;
        next_bounds(b);
        b->dual += b->gain;
        if (b->passes < b->max_passes && b->n_active > 0 &&
            b->gain > (b->check_below > 0 ? b->check_below : b->wanted_gap * b->dual))
            continue;
        job->kernel.objective(b);
        b->converged = b->primal - b->dual <= b->wanted_gap * b->primal;
        b->done =
            b->converged || b->passes >= b->max_passes || !(fabs(b->primal) < INFINITY);
        foretell(b);
        take_part_again(b, job->p->lanes);
    }
}

static kehu_status report_solution(const kehu__linear_problem *p,
                                   kehu__linear_report *report, kehu_error *err)
{
    kehu__linear_report r = {.converged = true};
    for (uint32_t n = 0; n < p->n_blocks; n++) {
        const kehu__block *const b = &p->blocks[n];
        const double gap = b->primal > 0 ? (b->primal - b->dual) / b->primal : 0;
        r.primal += b->primal;
        r.dual += b->dual;
        r.gap = gap > r.gap ? gap : r.gap;
        r.passes = b->passes > r.passes ? b->passes : r.passes;
        r.converged = r.converged && b->converged;
    }
    if (!isfinite(r.primal) || !isfinite(r.dual))
        return kehu__fail(err, KEHU_RANGE, -1,
                          "the values are too large for single precision; scale them");
    r.primal *= (double)p->scale;
    r.dual *= (double)p->scale;
    if (report != NULL)
        *report = r;
    return KEHU_OK;
}

kehu_status kehu__linear_solve(kehu__linear_problem *p,
                               const kehu__linear_options *options, const kehu__run *run,
                               kehu__linear_report *report, kehu_error *err)
{
    const int64_t entries = p->rows->starts[p->rows->n_rows] + p->rows->n_rows;
    const int64_t passes = WORK_A_ROUND / (entries * (int64_t)p->lanes);
    solve_round job = {.p = p, .n_passes = passes < 1 ? 1 : (uint32_t)passes};
    uint32_t n_done = 0;
    KEHU_TRY(kehu__linear_set_steps(p, options, err));
    job.kernel = p->lanes == 1 ? kehu__binary_kernel(p->solver.loss)
                               : kehu__lanes_kernel(p->solver.loss);
    for (uint32_t b = 0; b < p->n_blocks; b++)
        start_block(p, &p->blocks[b], b, options);
    if (p->solver.loss == KEHU__CRAMMER_SINGER) {
        KEHU_TRY(kehu__crammer_singer_solve(p, run, err));
        return report_solution(p, report, err);
    }
    while (n_done < p->n_blocks) {
        kehu__parallel(run, p->n_blocks, run_block, &job);
        n_done = 0;
        for (uint32_t b = 0; b < p->n_blocks; b++)
            n_done += p->blocks[b].done;
        KEHU_TRY(kehu__progress(run, (double)n_done / p->n_blocks, "solving", err));
    }
    return report_solution(p, report, err);
}
