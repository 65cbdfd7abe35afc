/* What customers will spend, discounted, and how sure the fits are of it. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "insight/clv.h"

enum { MAX_HORIZON = 10000, NODES = 8 };

/* ---- Purchases of many periods ---- */

/* cos(pi j / 8). */
static const double cosine[NODES + 1] = {
    1, 0.92387953251128675613,  0.70710678118654752440,  0.38268343236508977173,
    0, -0.38268343236508977173, -0.70710678118654752440, -0.92387953251128675613,
    -1};

/* The polynomial through value[j] at node[j], in Newton's form: value becomes its
 * coefficients. */
static void divide_differences(const double *node, double *value)
{
    for (int order = 1; order <= NODES; order++)
        for (int j = NODES; j >= order; j--)
            value[j] = (value[j] - value[j - 1]) / (node[j] - node[j - order]);
}

static double polynomial(const double *node, const double *coefficient, double u)
{
    double sum = coefficient[NODES];
    for (int j = NODES - 1; j >= 0; j--)
        sum = sum * (u - node[j]) + coefficient[j];
    return sum;
}

/* ln((t + 1) / t) = 2 artanh(1 / (2 t + 1)). */
static double log_step(double t)
{
    const double y = 1 / (2 * t + 1), z = y * y;
    return t < 10 ? kehu__log1p(1 / t)
                  : 2 * y * (1 + z * (1.0 / 3 + z * (0.2 + z * (1.0 / 7 + z / 9))));
}

/* Sums what is bought from one period to the next. */
typedef struct running {
    double before, factor, sum;
} running;

static void add_period(running *r, double until, double discount)
{
    r->factor /= 1 + discount;
    if (until > r->before) {
        r->sum += r->factor * (until - r->before);
        r->before = until;
    }
}

double kehu__clv_discounted(double (*purchases)(const double *p, const kehu__clv_row *c,
                                                double horizon),
                            const double *p, const kehu__clv_row *c, double pace,
                            double speed, int periods, double discount)
{
    running r = {.factor = 1};
    double node[NODES + 1], value[NODES + 1], width = speed > 1 ? 1 / speed : 1;
    for (int k = 1, last; k <= periods; k = last + 1) {
        /* The panel begins where the last one ended. */
        const double from = kehu__log1p((k - 1) / pace),
                     end = pace * kehu__expm1(from + width);
        last = end < periods ? (int)end : periods;
        last = last < k ? k : last;
        const double to = kehu__log1p(last / pace);
        width = width < 0.5 ? 2 * width : 1;
        if (last - k < NODES) {
            for (; k <= last; k++)
                add_period(&r, purchases(p, c, k), discount);
            continue;
        }
        node[0] = from;
        value[0] = r.before;
        for (int j = 1; j <= NODES; j++) {
            node[j] = from + (to - from) * 0.5 * (1 - cosine[j]);
            value[j] = purchases(p, c, pace * kehu__expm1(node[j]));
        }
        divide_differences(node, value);
        double u = from;
        for (; k <= last; k++) {
            u += log_step(pace + k - 1);
            add_period(&r, polynomial(node, value, u), discount);
        }
    }
    return r.sum;
}

/* ---- Value ---- */

/* Customers often share their numbers, those who bought once most of all: answers
 * of late, found by a hash. */
enum { MOST_LATE = 1 << 18 };
typedef struct late_answer {
    double x, tx, t, purchases; /* x below 0: none yet */
} late_answer;

/* What both calls are asked about. */
typedef struct question {
    const kehu_clv *clv, *spends;
    const kehu_clv_columns *columns;
    int periods;
    double discount;
    late_answer *late; /* [n_late] */
    size_t n_late;     /* a power of two */
} question;

static late_answer *place_of(question *q, const kehu__clv_row *c)
{
    uint64_t bits[3];
    memcpy(&bits[0], &c->x, sizeof bits[0]);
    memcpy(&bits[1], &c->tx, sizeof bits[1]);
    memcpy(&bits[2], &c->t, sizeof bits[2]);
    return &q->late[kehu__mix64(bits[0] ^ kehu__mix64(bits[1] ^ kehu__mix64(bits[2]))) &
                    (q->n_late - 1)];
}

static kehu_status check_question(const question *q, double horizon, const double *out,
                                  kehu_error *err)
{
    KEHU_TRY(kehu__clv_check_call(q->clv, q->columns, true, out, err));
    KEHU_TRY(kehu__clv_check_call(q->spends, q->columns, false, out, err));
    if (!(horizon >= 0 && horizon <= MAX_HORIZON))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "horizon is not from 0 to %d",
                          MAX_HORIZON);
    if (!(q->discount >= 0 && q->discount <= 1e6))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "discount is not from 0 to 1000000");
    return KEHU_OK;
}

/* Discounted purchases under parameters p. */
static double purchases_of(const question *q, const double *p, const kehu__clv_row *row)
{
    const kehu__clv_kind *kind = &kehu__clv_kinds[q->clv->fit.model];
    return kind->alive(p, row) * kind->discounted(p, row, q->periods, q->discount);
}

static kehu_status start_answers(question *q, double horizon, kehu_error *err)
{
    q->periods = (int)horizon;
    for (q->n_late = 1; q->n_late < MOST_LATE && (int64_t)q->n_late < q->columns->n;)
        q->n_late *= 2;
    q->late = kehu__alloc(&q->clv->alloc, q->n_late, sizeof *q->late);
    if (q->late == NULL)
        return kehu__no_memory(err, "the values of customers");
    for (size_t k = 0; k < q->n_late; k++)
        q->late[k].x = -1;
    return KEHU_OK;
}

static void end_answers(question *q)
{
    kehu__free(&q->clv->alloc, q->late, q->n_late, sizeof *q->late);
}

static kehu_status value_of(question *q, int64_t i, kehu__clv_row *row, double *value,
                            kehu_error *err)
{
    double spend = 0;
    late_answer *late;
    KEHU_TRY(kehu__clv_row_of(row, q->columns, i, q->clv->fit.model, false, err));
    KEHU_TRY(kehu__clv_spend_of(q->spends, q->columns, i, &spend, err));
    late = place_of(q, row);
    if (late->x != row->x || late->tx != row->tx || late->t != row->t)
        *late = (late_answer){row->x, row->tx, row->t,
                              purchases_of(q, q->clv->fit.parameter, row)};
    *value = spend * late->purchases;
    if (*value > DBL_MAX)
        *value = DBL_MAX;
    return KEHU_OK;
}

kehu_status kehu_clv_value(const kehu_clv *clv, const kehu_clv *spends,
                           const kehu_clv_columns *columns, double horizon,
                           double discount, double *value, kehu_error *err)
{
    question q = {.clv = clv, .spends = spends, .columns = columns, .discount = discount};
    kehu_status status = KEHU_OK;
    KEHU_TRY(check_question(&q, horizon, value, err));
    KEHU_TRY(start_answers(&q, horizon, err));
    for (int64_t i = 0; i < columns->n && status == KEHU_OK; i++) {
        kehu__clv_row row;
        status = value_of(&q, i, &row, &value[i], err);
    }
    end_answers(&q);
    return status;
}

/* ---- Interval ---- */

/* Slopes of ln purchases in the logarithms of the parameters, by differences. */
static void purchase_slopes(const question *q, const kehu__clv_row *row, double *slope)
{
    static const double step = 1e-4;
    const uint32_t n = q->clv->fit.n_parameters;
    for (uint32_t k = 0; k < n; k++) {
        double p[KEHU_CLV_MAX_PARAMETERS], log_more, log_less;
        for (uint32_t j = 0; j < n; j++)
            p[j] = q->clv->fit.parameter[j];
        p[k] *= kehu__exp(step);
        log_more = kehu__log(purchases_of(q, p, row));
        p[k] = q->clv->fit.parameter[k] * kehu__exp(-step);
        log_less = kehu__log(purchases_of(q, p, row));
        slope[k] = (log_more - log_less) / (2 * step);
    }
}

/* Of ln spend = ln p + ln(v + m x) - ln(p x + q - 1). */
static void spend_slopes(const question *q, int64_t i, double *slope)
{
    const double *p = q->spends->fit.parameter, m = q->columns->spend[i];
    const double x = m > 0 ? q->columns->frequency[i] : 0;
    const double below = p[0] * x + p[1] - 1;
    slope[0] = 1 - p[0] * x / below;
    slope[1] = -p[1] / below;
    slope[2] = p[2] / (p[2] + (x > 0 ? m * x : 0));
}

static double variance(const kehu_clv *clv, const double *slope)
{
    double sum = 0;
    for (uint32_t j = 0; j < clv->fit.n_parameters; j++)
        for (uint32_t k = 0; k < clv->fit.n_parameters; k++)
            sum += slope[j] * clv->covariance[j][k] * slope[k];
    return sum < 0 ? 0 : sum; /* no number stays none */
}

static kehu_status check_fitted(const kehu_clv *clv, kehu_error *err)
{
    if (!clv->has_covariance)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "the %s model was not fitted, or by an earlier kehu: nothing is "
            "known of how sure its parameters are",
            kehu__clv_kinds[clv->fit.model].title);
    return KEHU_OK;
}

/* What the logarithm of a customer's value may be off by; its factor. */
static double spread_of(const question *q, int64_t i, const kehu__clv_row *row,
                        double deviations)
{
    double slope[KEHU_CLV_MAX_PARAMETERS], sum;
    purchase_slopes(q, row, slope);
    sum = variance(q->clv, slope);
    spend_slopes(q, i, slope);
    return kehu__exp(deviations * sqrt(sum + variance(q->spends, slope)));
}

static kehu_status interval_of(question *q, int64_t i, double deviations, double *low,
                               double *high, kehu_error *err)
{
    kehu__clv_row row;
    double value;
    KEHU_TRY(value_of(q, i, &row, &value, err));
    const double factor =
        value > 0 && deviations > 0 ? spread_of(q, i, &row, deviations) : 1;
    /* Slopes of what is all but zero may be no number: all is possible then. */
    *low = factor >= 1 && factor < HUGE_VAL ? value / factor : 0;
    *high = factor >= 1 && value * factor < HUGE_VAL ? value * factor
            : value > 0                              ? DBL_MAX
                                                     : 0;
    return KEHU_OK;
}

kehu_status kehu_clv_value_interval(const kehu_clv *clv, const kehu_clv *spends,
                                    const kehu_clv_columns *columns, double horizon,
                                    double discount, double deviations, double *low,
                                    double *high, kehu_error *err)
{
    question q = {.clv = clv, .spends = spends, .columns = columns, .discount = discount};
    kehu_status status = KEHU_OK;
    KEHU_TRY(check_question(&q, horizon, low != NULL ? high : NULL, err));
    KEHU_TRY(check_fitted(clv, err));
    KEHU_TRY(check_fitted(spends, err));
    if (!(deviations >= 0 && deviations <= 10))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "deviations is not from 0 to 10");
    KEHU_TRY(start_answers(&q, horizon, err));
    for (int64_t i = 0; i < columns->n && status == KEHU_OK; i++)
        status = interval_of(&q, i, deviations, &low[i], &high[i], err);
    end_answers(&q);
    return status;
}
