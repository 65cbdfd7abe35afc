/* Cut points from exact order statistics, all in integers: a value is above an
 * edge when it is above at_most, the largest whole number not above it. */
#include <kehu/rfm.h>

#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/mem.h"
#include "base/thread.h"
#include "insight/rfm.h"
#include "insight/rfm_rank.h"

enum { DEFAULT_LEVELS = 5 };

const char *const kehu__rfm_names[KEHU__RFM_COLUMNS] = {"recency_days", "orders",
                                                        "spend"};

static const int64_t *column_of(const kehu_rfm_columns *c, int which)
{
    return which == KEHU_RFM_RECENCY  ? c->recency_days
           : which == KEHU_RFM_ORDERS ? c->orders
                                      : c->spend;
}

/* Spend may be negative: refunds exist. */
static kehu_status check_columns(const kehu_rfm_columns *c, kehu_error *err)
{
    if (c == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL");
    if (c->n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.n is %lld", (long long)c->n);
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        const int64_t *x = column_of(c, k);
        if (x == NULL && c->n > 0)
            return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.%s is NULL",
                              kehu__rfm_names[k]);
        for (int64_t i = 0; k != KEHU_RFM_SPEND && i < c->n; i++)
            if (x[i] < 0)
                return kehu__fail(err, KEHU_DATA, i, "%s of row %lld is %lld",
                                  kehu__rfm_names[k], (long long)i, (long long)x[i]);
    }
    return KEHU_OK;
}

/* floor(m d / q) for 0 <= m <= q <= 10, without leaving 64 bits; *rest is what
 * the floor dropped, in units of 1/q. */
static uint64_t share(uint64_t d, uint64_t m, uint64_t q, uint64_t *rest)
{
    const uint64_t low = d % q * m;
    *rest = low % q;
    return d / q * m + low / q;
}

/* The point a share m/q of the way from `from` to `to`: its floor, and how far
 * beyond it in units of 1/q. */
static int64_t between(int64_t from, int64_t to, uint64_t m, uint64_t q, uint64_t *rest)
{
    return (int64_t)((uint64_t)from + share((uint64_t)to - (uint64_t)from, m, q, rest));
}

/* Where an edge lies: at a rank, or a share of the way to the next one. */
static int64_t rank_of(const kehu_rfm_cuts *c, int64_t n, uint32_t k, uint64_t *part)
{
    if (c->rule == KEHU_RFM_NEAREST_RANK) {
        /* ceil(k n / q) without the product. */
        const uint64_t rank = share((uint64_t)n, k, c->levels, part) + (*part > 0);
        *part = 0;
        return (int64_t)rank - 1;
    }
    return (int64_t)share((uint64_t)(n - 1), k, c->levels, part);
}

/* Edge k of `levels`. */
static void set_edge(kehu_rfm_cuts *c, const kehu__ranks *r, uint32_t k)
{
    const uint64_t q = c->levels;
    uint64_t part, rest = 0;
    int64_t low;
    if (c->rule == KEHU_RFM_EQUAL_WIDTH) {
        low = between(r->least, r->most, k, q, &rest);
    } else {
        const int64_t rank = rank_of(c, r->n, k, &part);
        low = kehu__ranks_at(r, rank);
        if (part > 0)
            low = between(low, kehu__ranks_at(r, rank + 1), part, q, &rest);
    }
    c->edge[k - 1] = (double)low + (double)rest / (double)q;
    c->at_most[k - 1] = low;
    if (c->rule == KEHU_RFM_INTERPOLATED_PLUS_ONE) {
        /* x >= edge + 1 counts as above, so the largest below is ceil(edge). */
        c->edge[k - 1] += 1;
        c->at_most[k - 1] += rest > 0;
    }
}

static bool set_edges(kehu_rfm_cuts *c, kehu__ranks *r)
{
    if (c->given)
        return true;
    for (uint32_t k = 1; k < c->levels && c->rule != KEHU_RFM_EQUAL_WIDTH; k++) {
        uint64_t part;
        const int64_t rank = rank_of(c, r->n, k, &part);
        kehu__ranks_want(r, rank);
        if (part > 0)
            kehu__ranks_want(r, rank + 1);
    }
    if (!kehu__ranks_find(r))
        return false;
    for (uint32_t k = 1; k < c->levels; k++)
        set_edge(c, r, k);
    return true;
}

static void count_grades(kehu_rfm_cuts *c, int which, const kehu__ranks *r)
{
    int64_t before = 0;
    memset(c->count, 0, sizeof c->count);
    c->n = r->n;
    c->least = r->least;
    c->most = r->most;
    c->n_used = 0;
    for (uint32_t step = 0; step < c->levels && r->n > 0; step++) {
        const int64_t up_to =
            step + 1 < c->levels ? kehu__ranks_up_to(r, c->at_most[step]) : r->n;
        c->count[which == KEHU_RFM_RECENCY ? c->levels - 1 - step : step] =
            up_to - before;
        c->n_used += up_to > before;
        before = up_to;
    }
}

/* One column of a fit, as a task of its own. */
typedef struct fitting {
    kehu_rfm *rfm;
    const kehu_rfm_columns *columns; /* n is 0 when there is no base */
    kehu_status status[KEHU__RFM_COLUMNS];
} fitting;

static void fit_column(void *arg, int64_t which)
{
    fitting *f = arg;
    kehu_rfm_cuts *c = &f->rfm->cuts[which];
    kehu__ranks *r = kehu__alloc_zero(&f->rfm->alloc, 1, sizeof *r);
    f->status[which] = KEHU_NO_MEMORY;
    if (r == NULL)
        return;
    if (f->columns->n > 0)
        kehu__ranks_begin(r, column_of(f->columns, (int)which), f->columns->n,
                          &f->rfm->alloc);
    if (r->n == 0 || set_edges(c, r)) {
        count_grades(c, (int)which, r);
        f->status[which] = KEHU_OK;
    }
    kehu__ranks_free(r);
    kehu__free(&f->rfm->alloc, r, 1, sizeof *r);
}

/* Levels, rule and the caller's edges of one column into c. */
static kehu_status set_column(kehu_rfm_cuts *c, int which, const kehu_rfm_options *opt,
                              kehu_error *err)
{
    const uint32_t levels[] = {opt->recency_levels, opt->orders_levels,
                               opt->spend_levels};
    const kehu_rfm_edges none = {0}, *e = opt->edges != NULL ? opt->edges : &none;
    const uint32_t counts[] = {e->n_recency_days, e->n_orders, e->n_spend};
    const int64_t *edges[] = {e->recency_days, e->orders, e->spend};
    const uint32_t n = counts[which];
    c->levels = levels[which] != 0 ? levels[which] : n > 0 ? n + 1 : DEFAULT_LEVELS;
    c->rule = opt->rule;
    c->given = n > 0;
    if (c->levels < 2 || c->levels > KEHU_RFM_MAX_LEVELS)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1, "%s has %u levels or edges + 1, expected 2 to %d",
            kehu__rfm_names[which], (unsigned)c->levels, KEHU_RFM_MAX_LEVELS);
    if (n > 0 && n != c->levels - 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "%s has %u edges for %u levels, expected one less",
                          kehu__rfm_names[which], (unsigned)n, (unsigned)c->levels);
    if (n > 0 && edges[which] == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "edges.%s is NULL",
                          kehu__rfm_names[which]);
    for (uint32_t j = 0; j < n; j++) {
        c->edge[j] = (double)edges[which][j];
        c->at_most[j] = edges[which][j];
        if (j > 0 && edges[which][j] < edges[which][j - 1])
            return kehu__fail(err, KEHU_ARGUMENT, (int64_t)j,
                              "edge %u of %s is %lld, below edge %u with %lld",
                              (unsigned)j, kehu__rfm_names[which],
                              (long long)edges[which][j], (unsigned)j - 1,
                              (long long)edges[which][j - 1]);
    }
    return KEHU_OK;
}

/* Options and columns into three columns' settings. */
static kehu_status set_up(kehu_rfm_cuts cuts[KEHU__RFM_COLUMNS],
                          const kehu_rfm_columns *columns, const kehu_rfm_options *opt,
                          kehu_error *err)
{
    bool all_given = true;
    if (opt->rule > KEHU_RFM_EQUAL_WIDTH)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rule is %u, expected 0 to %d",
                          (unsigned)opt->rule, KEHU_RFM_EQUAL_WIDTH);
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        KEHU_TRY(set_column(&cuts[k], k, opt, err));
        all_given = all_given && cuts[k].given;
    }
    if (columns == NULL && all_given)
        return KEHU_OK;
    KEHU_TRY(check_columns(columns, err));
    if (columns->n == 0 && !all_given)
        return kehu__fail(err, KEHU_EMPTY, -1, "no customers to find cut points of");
    return KEHU_OK;
}

kehu_status kehu_rfm_fit(kehu_rfm **out, const kehu_rfm_columns *columns,
                         const kehu_rfm_options *options, kehu_error *err)
{
    static const kehu_rfm_columns nobody = {0};
    kehu_rfm_options opt = {0};
    kehu_rfm_cuts cuts[KEHU__RFM_COLUMNS];
    kehu_allocator alloc;
    fitting f = {.columns = columns != NULL ? columns : &nobody};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    memset(cuts, 0, sizeof cuts);
    KEHU_TRY(set_up(cuts, columns, &opt, err));

    alloc = kehu__allocator(opt.alloc);
    f.rfm = kehu__alloc(&alloc, 1, sizeof *f.rfm);
    if (f.rfm == NULL)
        return kehu__no_memory(err, "cut points");
    f.rfm->alloc = alloc;
    memcpy(f.rfm->cuts, cuts, sizeof cuts);
    const kehu__run run = {.n_threads = opt.n_threads, .executor = opt.executor};
    kehu__parallel(&run, KEHU__RFM_COLUMNS, fit_column, &f);
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++)
        if (f.status[k] != KEHU_OK) {
            kehu_rfm_free(f.rfm);
            return kehu__no_memory(err, "sorting the customers");
        }
    *out = f.rfm;
    return KEHU_OK;
}

/* to[KEHU__RFM_COLUMNS * i] = first + sign * step of x[i], of at most n_edges edges; a
 * constant, so that the steps stand one after the other. */
static inline void grade_column(uint8_t *to, const int64_t *x, int64_t n,
                                const kehu_rfm_cuts *c, uint32_t n_edges, uint32_t first,
                                uint32_t sign)
{
    int64_t edges[KEHU_RFM_MAX_LEVELS];
    for (uint32_t j = 0; j < n_edges; j++)
        edges[j] = j + 1 < c->levels ? c->at_most[j] : INT64_MAX;
    for (int64_t i = 0; i < n; i++) {
        uint32_t step = 0;
        for (uint32_t j = 0; j < n_edges; j++)
            step += x[i] > edges[j];
        to[KEHU__RFM_COLUMNS * i] = (uint8_t)(first + sign * step);
    }
}

kehu_status kehu_rfm_grade(const kehu_rfm *rfm, const kehu_rfm_columns *columns,
                           uint8_t *grades, kehu_error *err)
{
    if (rfm == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rfm is NULL");
    KEHU_TRY(check_columns(columns, err));
    if (grades == NULL && columns->n > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "grades is NULL");
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        const kehu_rfm_cuts *c = &rfm->cuts[k];
        const int64_t *x = column_of(columns, k);
        const uint32_t first = k == KEHU_RFM_RECENCY ? c->levels : 1,
                       sign = k == KEHU_RFM_RECENCY ? UINT32_MAX : 1;
        if (c->levels <= 5)
            grade_column(grades + k, x, columns->n, c, 4, first, sign);
        else
            grade_column(grades + k, x, columns->n, c, 9, first, sign);
    }
    return KEHU_OK;
}

kehu_status kehu_rfm_get_cuts(const kehu_rfm *rfm, kehu_rfm_column column,
                              kehu_rfm_cuts *out, kehu_error *err)
{
    if (rfm == NULL || out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rfm or out is NULL");
    if ((unsigned)column >= KEHU__RFM_COLUMNS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "column is %d, expected 0 to 2",
                          (int)column);
    *out = rfm->cuts[column];
    return KEHU_OK;
}

kehu_status kehu_rfm_explain(const kehu_rfm *rfm, int64_t recency_days, int64_t orders,
                             int64_t spend, kehu_rfm_reason *out, kehu_error *err)
{
    const kehu_rfm_columns one = {1, &recency_days, &orders, &spend};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    kehu_rfm_reason reason = {.value = {recency_days, orders, spend}};
    KEHU_TRY(kehu_rfm_grade(rfm, &one, reason.grade, err));
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        const kehu_rfm_cuts *c = &rfm->cuts[k];
        const uint32_t step = kehu__rfm_step(c, reason.value[k]);
        reason.above[k] = step > 0 ? c->at_most[step - 1] : INT64_MIN;
        reason.at_most[k] = step + 1 < c->levels ? c->at_most[step] : INT64_MAX;
    }
    *out = reason;
    return KEHU_OK;
}

kehu_status kehu_rfm_get_drift(const kehu_rfm *rfm, const kehu_rfm_columns *columns,
                               kehu_rfm_drift *out, kehu_error *err)
{
    kehu_rfm_drift d = {0};
    if (rfm == NULL || out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rfm or out is NULL");
    KEHU_TRY(check_columns(columns, err));
    if (columns->n == 0 || rfm->cuts[0].n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no customers in the %s base",
                          columns->n == 0 ? "later" : "fitted");
    d.n = columns->n;
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        const kehu_rfm_cuts *c = &rfm->cuts[k];
        const int64_t *x = column_of(columns, k);
        const double half = 0.5 * c->levels;
        for (int64_t i = 0; i < d.n; i++) {
            const uint32_t step = kehu__rfm_step(c, x[i]);
            d.count[k][k == KEHU_RFM_RECENCY ? c->levels - 1 - step : step]++;
        }
        for (uint32_t j = 0; j < c->levels; j++) {
            const double p = ((double)c->count[j] + 0.5) / ((double)c->n + half);
            const double q = ((double)d.count[k][j] + 0.5) / ((double)d.n + half);
            d.psi[k] += (q - p) * kehu__log(q / p);
        }
    }
    *out = d;
    return KEHU_OK;
}

void kehu_rfm_free(kehu_rfm *rfm)
{
    if (rfm != NULL) {
        const kehu_allocator alloc = rfm->alloc;
        kehu__free(&alloc, rfm, 1, sizeof *rfm);
    }
}
