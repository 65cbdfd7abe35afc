/* Customers under a model, row by row. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/maths.h"
#include "insight/clv.h"

static kehu_status check_model(const kehu_clv *clv, bool buying, kehu_error *err)
{
    if (clv == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "the model is NULL");
    if (buying == (clv->fit.model == KEHU_GAMMA_GAMMA))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "the model is %s, expected one of %s",
                          kehu__clv_kinds[clv->fit.model].title,
                          buying ? "buying" : "spend");
    return KEHU_OK;
}

kehu_status kehu__clv_check_call(const kehu_clv *clv, const kehu_clv_columns *c,
                                 bool buying, const double *out, kehu_error *err)
{
    KEHU_TRY(check_model(clv, buying, err));
    KEHU_TRY(kehu__clv_check_columns(c, clv->fit.model, !buying, err));
    if (out == NULL && c->n > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "the output array is NULL");
    return KEHU_OK;
}

static kehu_status check_horizon(double horizon, kehu_error *err)
{
    if (!(horizon >= 0 && horizon <= 1e9))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "horizon is negative, above 1e9 or not finite");
    return KEHU_OK;
}

kehu_status kehu_clv_alive(const kehu_clv *clv, const kehu_clv_columns *columns,
                           double *alive, kehu_error *err)
{
    KEHU_TRY(kehu__clv_check_call(clv, columns, true, alive, err));
    const kehu__clv_kind *kind = &kehu__clv_kinds[clv->fit.model];
    for (int64_t i = 0; i < columns->n; i++) {
        kehu__clv_row row;
        KEHU_TRY(kehu__clv_row_of(&row, columns, i, clv->fit.model, false, err));
        alive[i] = kind->alive(clv->fit.parameter, &row);
    }
    return KEHU_OK;
}

kehu_status kehu_clv_purchases(const kehu_clv *clv, const kehu_clv_columns *columns,
                               double horizon, double *purchases, kehu_error *err)
{
    KEHU_TRY(kehu__clv_check_call(clv, columns, true, purchases, err));
    KEHU_TRY(check_horizon(horizon, err));
    const kehu__clv_kind *kind = &kehu__clv_kinds[clv->fit.model];
    for (int64_t i = 0; i < columns->n; i++) {
        kehu__clv_row row;
        KEHU_TRY(kehu__clv_row_of(&row, columns, i, clv->fit.model, false, err));
        purchases[i] = kind->alive(clv->fit.parameter, &row) *
                       kind->purchases(clv->fit.parameter, &row, horizon);
    }
    return KEHU_OK;
}

kehu_status kehu_clv_waiting(const kehu_clv *clv, const kehu_clv_columns *columns,
                             double *waiting, kehu_error *err)
{
    KEHU_TRY(kehu__clv_check_call(clv, columns, true, waiting, err));
    const kehu__clv_kind *kind = &kehu__clv_kinds[clv->fit.model];
    for (int64_t i = 0; i < columns->n; i++) {
        kehu__clv_row row;
        KEHU_TRY(kehu__clv_row_of(&row, columns, i, clv->fit.model, false, err));
        waiting[i] = kind->waiting(clv->fit.parameter, &row);
    }
    return KEHU_OK;
}

/* E(spend) = p (v + m x) / (p x + q - 1). */
kehu_status kehu__clv_spend_of(const kehu_clv *spends, const kehu_clv_columns *c,
                               int64_t i, double *spend, kehu_error *err)
{
    const double *p = spends->fit.parameter;
    kehu__clv_row row;
    KEHU_TRY(kehu__clv_row_of(&row, c, i, KEHU_GAMMA_GAMMA, true, err));
    /* Money returned as a whole says nothing of the next purchase. */
    const double x = row.m > 0 ? row.x : 0, below = p[0] * x + p[1] - 1;
    if (!(below > 0))
        return kehu__fail(err, KEHU_DATA, i,
                          "row %lld has no finite mean spend under this model: q is too "
                          "small",
                          (long long)i);
    *spend = p[0] * (p[2] + (x > 0 ? row.m * x : 0)) / below;
    if (*spend > DBL_MAX) /* the product alone may be too large */
        *spend = fmin(p[0] * x / below * row.m, DBL_MAX);
    return KEHU_OK;
}

kehu_status kehu_clv_spend(const kehu_clv *spends, const kehu_clv_columns *columns,
                           double *spend, kehu_error *err)
{
    KEHU_TRY(kehu__clv_check_call(spends, columns, false, spend, err));
    for (int64_t i = 0; i < columns->n; i++)
        KEHU_TRY(kehu__clv_spend_of(spends, columns, i, &spend[i], err));
    return KEHU_OK;
}
