/* Fitting: log parameters, mean log-likelihood, sums over blocks of rows. */
#include <kehu/clv.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "insight/clv.h"
#include "learn/bfgs.h"

enum { BLOCK = 1024, FEW_BLOCKS = 16, DEFAULT_ITERATIONS = 500 };

/* Log parameters beyond this have run off: e^20 is half a billion. */
#define LIMIT 20.0

/* Where the optimiser asks for values. */
typedef struct problem {
    const kehu__clv_kind *kind;
    const kehu__clv_rows *rows;
    const kehu__run *run;
    double p[KEHU_CLV_MAX_PARAMETERS];
    kehu__clv_sums *blocks;
    size_t n_blocks;
    kehu_error *err;
    uint32_t max_iterations;
    kehu_status status; /* of the progress callback */
} problem;

static void sum_block(void *arg, int64_t i)
{
    problem *q = arg;
    const size_t from = (size_t)i * BLOCK, left = q->rows->n - from;
    q->kind->sum(q->p, q->rows->rows + from, left < BLOCK ? left : BLOCK, &q->blocks[i]);
}

/* Minus the mean log-likelihood at log parameters x. */
static double mean_loss(void *ctx, const double *x, double *gradient)
{
    static const kehu__run serial = {0};
    problem *q = ctx;
    const uint32_t n = q->kind->n_parameters;
    kehu__clv_sums total = {0};
    for (uint32_t k = 0; k < n; k++)
        q->p[k] = kehu__exp(x[k]);
    kehu__parallel(q->n_blocks < FEW_BLOCKS ? &serial : q->run, (int64_t)q->n_blocks,
                   sum_block, q);
    for (size_t b = 0; b < q->n_blocks; b++) {
        total.value += q->blocks[b].value;
        for (uint32_t k = 0; k < n; k++)
            total.slope[k] += q->blocks[b].slope[k];
    }
    for (uint32_t k = 0; k < n; k++)
        gradient[k] = -total.slope[k] * q->p[k] / q->rows->weight;
    return isnan(total.value) ? HUGE_VAL : -total.value / q->rows->weight;
}

static bool report_progress(void *ctx, int32_t iteration)
{
    problem *q = ctx;
    /* Convergence is geometric: nobody knows how far along this is. */
    q->status = kehu__progress(q->run, 1 - 1 / (1 + iteration / 10.0), "fitting", q->err);
    return q->status == KEHU_OK;
}

static void set_names(kehu_clv_fit_report *f)
{
    const kehu__clv_kind *kind = &kehu__clv_kinds[f->model];
    f->n_parameters = kind->n_parameters;
    memcpy(f->name, kind->names, sizeof f->name);
}

/* Scaled log parameters and their Hessian to a report in the caller's units. */
static void fill_report(kehu_clv *clv, const problem *q, const kehu__bfgs *b,
                        const double *x, double hessian[KEHU__BFGS_MAX][KEHU__BFGS_MAX])
{
    kehu_clv_fit_report *f = &clv->fit;
    const kehu__clv_rows *r = q->rows;
    double inverse[KEHU__BFGS_MAX][KEHU__BFGS_MAX];
    const bool curved = kehu__invert(b->n, hessian, inverse);
    double sum_x = 0;
    for (size_t i = 0; i < r->n; i++)
        sum_x += r->rows[i].w * r->rows[i].x;
    for (uint32_t k = 0; k < b->n; k++) {
        const double unit = (q->kind->time_parameters >> k & 1)    ? r->time_scale
                            : (q->kind->money_parameters >> k & 1) ? r->money_scale
                                                                   : 1;
        f->parameter[k] = kehu__exp(x[k]) * unit;
        f->standard_error[k] =
            curved ? f->parameter[k] * sqrt(inverse[k][k] / r->weight) : 0;
        for (uint32_t j = 0; j < b->n; j++)
            clv->covariance[k][j] =
                curved ? (inverse[k][j] + inverse[j][k]) / (2 * r->weight) : 0;
    }
    clv->has_covariance = curved;
    f->log_likelihood = -b->value * r->weight;
    /* A density per unit: of x purchase times, or of one mean spend. */
    if (q->kind->time_parameters != 0)
        f->log_likelihood -= sum_x * kehu__log(r->time_scale);
    if (q->kind->money_parameters != 0)
        f->log_likelihood -= r->weight * kehu__log(r->money_scale);
    f->n = r->weight;
    f->n_left_out = r->left_out;
    f->n_groups = (int64_t)r->n;
    f->iterations = b->iterations;
    f->gradient = b->slope;
}

static kehu_status report_failure(const problem *q, const kehu__bfgs *b, const double *x,
                                  kehu_error *err)
{
    if (b->cancelled)
        return q->status;
    if (b->outside >= 0)
        return kehu__fail(err, KEHU_DATA, -1,
                          "the data cannot support a %s fit: the likelihood keeps rising "
                          "as %s runs off",
                          q->kind->title, q->kind->names[b->outside]);
    if ((uint32_t)b->iterations >= b->max_iterations)
        return kehu__fail(err, KEHU_DATA, -1,
                          "the %s fit has not ended after %d "
                          "iterations",
                          q->kind->title, (int)b->iterations);
    /* Flat in some direction: the parameter farthest out stands for it. */
    uint32_t far = 0;
    for (uint32_t k = 1; k < b->n; k++)
        if (fabs(x[k]) > fabs(x[far]))
            far = k;
    return kehu__fail(err, KEHU_DATA, -1,
                      "the data cannot support a %s fit: the likelihood has no single "
                      "highest point, it is flat as %s runs off",
                      q->kind->title, q->kind->names[far]);
}

static kehu_status maximize(kehu_clv *clv, problem *q, kehu_error *err)
{
    const kehu_clv_fit_report *f = &clv->fit;
    kehu__bfgs b = {.n = q->kind->n_parameters,
                    .max_iterations = q->max_iterations,
                    .limit = LIMIT,
                    .step = report_progress};
    double x[KEHU__BFGS_MAX] = {0}, hessian[KEHU__BFGS_MAX][KEHU__BFGS_MAX];
    if (!kehu__bfgs_minimize(&b, mean_loss, q, x, hessian))
        return report_failure(q, &b, x, err);
    fill_report(clv, q, &b, x, hessian);
    for (uint32_t k = 0; k < b.n; k++)
        if (!kehu__clv_fits(f->parameter[k]) || !isfinite(f->standard_error[k]) ||
            !isfinite(f->log_likelihood))
            return report_failure(q, &b, x, err);
    return KEHU_OK;
}

kehu_status kehu_clv_fit(kehu_clv **out, const kehu_clv_columns *columns,
                         const kehu_clv_options *options, kehu_error *err)
{
    kehu_clv_options opt = {0};
    kehu__clv_rows rows;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.model > KEHU_GAMMA_GAMMA)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "model is %u, expected 0 to %d",
                          (unsigned)opt.model, KEHU_GAMMA_GAMMA);
    KEHU_TRY(
        kehu__clv_check_columns(columns, opt.model, opt.model == KEHU_GAMMA_GAMMA, err));
    const kehu_allocator a = kehu__allocator(opt.alloc);
    const kehu__run run = {opt.n_threads, opt.executor, opt.progress};
    KEHU_TRY(kehu__clv_group(&rows, columns, opt.model, &a, err));
    problem q = {.kind = &kehu__clv_kinds[opt.model],
                 .rows = &rows,
                 .run = &run,
                 .n_blocks = (rows.n + BLOCK - 1) / BLOCK,
                 .err = err,
                 .max_iterations =
                     opt.max_iterations != 0 ? opt.max_iterations : DEFAULT_ITERATIONS};
    kehu_clv *clv = kehu__alloc_zero(&a, 1, sizeof *clv);
    q.blocks = kehu__alloc(&a, q.n_blocks, sizeof *q.blocks);
    if (clv == NULL || q.blocks == NULL) {
        status = kehu__no_memory(err, "a fit");
    } else {
        clv->alloc = a;
        clv->fit.model = opt.model;
        set_names(&clv->fit);
        status = maximize(clv, &q, err);
    }
    if (status == KEHU_OK) {
        *out = clv;
        clv = NULL;
    }
    kehu__free(&a, q.blocks, q.n_blocks, sizeof *q.blocks);
    kehu__free(&a, rows.rows, rows.capacity, sizeof *rows.rows);
    kehu__free(&a, clv, 1, sizeof *clv);
    return status;
}

kehu_status kehu_clv_from_parameters(kehu_clv **out, kehu_clv_model model,
                                     const double *parameters, size_t n,
                                     const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if ((unsigned)model > KEHU_GAMMA_GAMMA)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "model is %d, expected 0 to %d",
                          (int)model, KEHU_GAMMA_GAMMA);
    const kehu__clv_kind *kind = &kehu__clv_kinds[model];
    if (parameters == NULL || n != kind->n_parameters)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has %u parameters, not %zu",
                          kind->title, (unsigned)kind->n_parameters, n);
    for (size_t k = 0; k < n; k++)
        if (!kehu__clv_fits(parameters[k]))
            return kehu__fail(err, KEHU_ARGUMENT, (int64_t)k,
                              "parameter %s is not between 1e-12 and 1e12",
                              kind->names[k]);
    kehu_clv *clv = kehu__alloc_zero(&a, 1, sizeof *clv);
    if (clv == NULL)
        return kehu__no_memory(err, "a model");
    clv->alloc = a;
    clv->fit.model = (uint32_t)model;
    set_names(&clv->fit);
    memcpy(clv->fit.parameter, parameters, n * sizeof *parameters);
    *out = clv;
    return KEHU_OK;
}

void kehu_clv_get_fit(const kehu_clv *clv, kehu_clv_fit_report *out)
{
    *out = clv->fit;
}

void kehu_clv_free(kehu_clv *clv)
{
    if (clv != NULL) {
        const kehu_allocator alloc = clv->alloc;
        kehu__free(&alloc, clv, 1, sizeof *clv);
    }
}
