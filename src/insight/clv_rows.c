/* Rows checked, scaled and grouped. Scaling makes the answer independent of the
 * unit of time and money, and keeps the optimiser among small numbers. */
#include <math.h>

#include "base/error.h"
#include "base/sort.h"
#include "insight/clv.h"

/* Time is scaled to a mean age of this, which suits a start at all ones. */
#define MEAN_AGE 8

kehu_status kehu__clv_check_columns(const kehu_clv_columns *c, uint32_t model,
                                    bool needs_spend, kehu_error *err)
{
    if (c == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL");
    if (c->n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.n is %lld", (long long)c->n);
    if (c->n > 0 && c->frequency == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.frequency is NULL");
    if (c->n > 0 && model != KEHU_GAMMA_GAMMA && (c->recency == NULL || c->age == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.%s is NULL",
                          c->recency == NULL ? "recency" : "age");
    if (c->n > 0 && needs_spend && c->spend == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns.spend is NULL");
    return KEHU_OK;
}

static kehu_status check_times(const kehu__clv_row *r, uint32_t model, int64_t i,
                               kehu_error *err)
{
    if (!(isfinite(r->tx) && r->tx >= 0 && isfinite(r->t) && r->t <= 1e15))
        return kehu__fail(err, KEHU_DATA, i,
                          "recency or age of row %lld is negative, huge or not finite",
                          (long long)i);
    if (r->tx > r->t)
        return kehu__fail(err, KEHU_DATA, i, "recency of row %lld is above its age",
                          (long long)i);
    if (r->x == 0 && r->tx > 0)
        return kehu__fail(err, KEHU_DATA, i,
                          "row %lld has a recency without a repeat purchase",
                          (long long)i);
    if (model == KEHU_BG_BB && (r->t != floor(r->t) || r->tx != floor(r->tx) ||
                                r->t > 1e6 || r->x > r->tx || (r->x > 0 && r->tx == 0)))
        return kehu__fail(err, KEHU_DATA, i,
                          "row %lld is no count of opportunities: needs whole numbers, "
                          "frequency <= recency <= age <= 1000000",
                          (long long)i);
    return KEHU_OK;
}

kehu_status kehu__clv_row_of(kehu__clv_row *row, const kehu_clv_columns *c, int64_t i,
                             uint32_t model, bool needs_spend, kehu_error *err)
{
    *row = (kehu__clv_row){.x = c->frequency[i], .w = 1};
    if (!(row->x >= 0 && row->x <= 2147483648.0 && row->x == floor(row->x)))
        return kehu__fail(err, KEHU_DATA, i,
                          "frequency of row %lld is no whole number from 0 to 2^31",
                          (long long)i);
    if (model != KEHU_GAMMA_GAMMA) {
        row->tx = c->recency[i];
        row->t = c->age[i];
        KEHU_TRY(check_times(row, model, i, err));
    }
    if (needs_spend) {
        row->m = c->spend[i];
        if (!isfinite(row->m))
            return kehu__fail(err, KEHU_DATA, i, "spend of row %lld is not finite",
                              (long long)i);
    }
    return KEHU_OK;
}

static int by_values(const void *a, const void *b, void *ctx)
{
    const kehu__clv_row *s = a, *t = b;
    (void)ctx;
    if (s->x != t->x)
        return s->x < t->x ? -1 : 1;
    if (s->tx != t->tx)
        return s->tx < t->tx ? -1 : 1;
    if (s->t != t->t)
        return s->t < t->t ? -1 : 1;
    if (s->m != t->m)
        return s->m < t->m ? -1 : 1;
    return (s->w > t->w) - (s->w < t->w); /* one order of summation */
}

/* Sorted rows to different ones. */
static void join_equal(kehu__clv_rows *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        kehu__clv_row *last = n > 0 ? &r->rows[n - 1] : NULL;
        if (last != NULL && last->x == r->rows[i].x && last->tx == r->rows[i].tx &&
            last->t == r->rows[i].t && last->m == r->rows[i].m)
            last->w += r->rows[i].w;
        else
            r->rows[n++] = r->rows[i];
    }
    r->n = n;
}

static void scale(kehu__clv_rows *r, uint32_t model)
{
    double age = 0, money = 0;
    for (size_t i = 0; i < r->n; i++) {
        age += r->rows[i].w * r->rows[i].t;
        money += r->rows[i].w * r->rows[i].m;
    }
    r->time_scale = model != KEHU_BG_BB && age > 0 ? age / r->weight / MEAN_AGE : 1;
    r->money_scale = money > 0 ? money / r->weight : 1;
    for (size_t i = 0; i < r->n; i++) {
        r->rows[i].tx /= r->time_scale;
        r->rows[i].t /= r->time_scale;
        r->rows[i].m /= r->money_scale;
    }
}

static kehu_status collect(kehu__clv_rows *out, const kehu_clv_columns *c, uint32_t model,
                           kehu_error *err)
{
    const bool spend = model == KEHU_GAMMA_GAMMA;
    double repeats = 0;
    for (int64_t i = 0; i < c->n; i++) {
        kehu__clv_row row;
        KEHU_TRY(kehu__clv_row_of(&row, c, i, model, spend, err));
        row.w = c->weight != NULL ? c->weight[i] : 1;
        if (!(row.w > 0 && row.w <= 1e15))
            return kehu__fail(err, KEHU_DATA, i,
                              "weight of row %lld is not above 0, huge or not finite",
                              (long long)i);
        if (spend && (row.x == 0 || row.m <= 0)) {
            out->left_out += row.w;
            continue;
        }
        repeats += row.x;
        out->weight += row.w;
        out->rows[out->n++] = row;
    }
    if (!(out->weight > 1))
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "too few customers%s to fit a model: need two",
                          spend ? " with a repeat purchase and spend above 0" : "");
    if (!(repeats > 0))
        return kehu__fail(err, KEHU_DATA, -1,
                          "no customer has a repeat purchase: nothing to fit");
    return KEHU_OK;
}

kehu_status kehu__clv_group(kehu__clv_rows *out, const kehu_clv_columns *c,
                            uint32_t model, const kehu_allocator *a, kehu_error *err)
{
    kehu_status status;
    *out = (kehu__clv_rows){.capacity = (size_t)c->n};
    out->rows = kehu__alloc(a, out->capacity, sizeof *out->rows);
    if (out->rows == NULL && c->n > 0)
        return kehu__no_memory(err, "the customers of a fit");
    status = collect(out, c, model, err);
    if (status == KEHU_OK) {
        kehu__sort(out->rows, out->n, sizeof *out->rows, by_values, NULL);
        join_equal(out);
        scale(out, model);
    } else {
        kehu__free(a, out->rows, out->capacity, sizeof *out->rows);
        out->rows = NULL;
    }
    return status;
}
