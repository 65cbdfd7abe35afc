/* Pareto/NBD (Schmittlein, Morrison and Colombo 1987). The likelihood is summed
 * over the unknown time of leaving by quadrature,
 *
 *     L = G(r+x)/G(r) alpha^r beta^s
 *         { (alpha+T)^-(r+x) (beta+T)^-s
 *           + s int_tx^T (alpha+y)^-(r+x) (beta+y)^-(s+1) dy }
 *
 * in place of the usual difference of two hypergeometric functions: all terms
 * are positive, nothing cancels, and the slopes are sums over the same nodes. */
#include <math.h>

#include "base/maths.h"
#include "insight/clv.h"

enum { MAX_PANELS = 64 };

/* The integral times (alpha+tx)^(r+x) (beta+tx)^(s+1), and the means of what its
 * logarithm's slopes need. */
typedef struct left {
    double total;
    double log_a, log_b; /* of ln (alpha+y)/(alpha+tx), ln (beta+y)/(beta+tx) */
    double inv_a, inv_b; /* of 1/(alpha+y), 1/(beta+y) */
} left;

static void add_node(const double *p, const kehu__clv_row *c, double a0, double u,
                     double du, left *o)
{
    /* y from u = ln((alpha+y)/(alpha+tx)). */
    const double rx = p[0] + c->x, grow = kehu__expm1(u) * a0;
    const double a = a0 + grow, b0 = p[3] + c->tx, b = b0 + grow;
    const double log_b = kehu__log1p(grow / b0);
    const double f = du * a * kehu__exp(-rx * u - (p[2] + 1) * log_b);
    o->total += f;
    o->log_a += f * u;
    o->log_b += f * log_b;
    o->inv_a += f / a;
    o->inv_b += f / b;
}

/* Panels widen: most of the mass lies within a few 1/rate of tx, and what makes
 * the integrand steep there is left behind as they go. None may be wide against
 * its distance from where beta + y is zero: on the real line before tx when beta
 * is the less, else pi away from it. */
static left integrate(const double *p, const kehu__clv_row *c)
{
    left o = {0};
    const double a0 = p[1] + c->tx, b0 = p[3] + c->tx, rx = p[0] + c->x;
    const double end = kehu__log1p((c->t - c->tx) / a0);
    /* How fast the integrand falls at tx, per unit of u. */
    const double rate = rx - 1 + (p[2] + 1) * a0 / b0;
    double from = 0, width = rate > 1.5 ? 3 / rate : 2;
    if (b0 < a0 && width > 0.9 * b0 / a0)
        width = 0.9 * b0 / a0;
    for (int k = 0; k < MAX_PANELS && from < end; k++) {
        const double to = from + width < end && k + 1 < MAX_PANELS ? from + width : end;
        const double half = 0.5 * (to - from), middle = from + half;
        for (int j = 0; j < KEHU__CLV_NODES / 2; j++) {
            add_node(p, c, a0, middle - half * kehu__clv_node[j],
                     half * kehu__clv_weight[j], &o);
            add_node(p, c, a0, middle + half * kehu__clv_node[j],
                     half * kehu__clv_weight[j], &o);
        }
        if ((rx - 1) * to + (p[2] + 1) * kehu__log1p(kehu__expm1(to) * a0 / b0) > 40)
            break; /* the rest is below the last digit */
        from = to;
        width = width < 1.25 ? 1.6 * width : 2;
    }
    return o;
}

/* Logarithms of the two parts of L, without the factors in front, and the share
 * of the first: staying to the end. */
typedef struct parts {
    double stays, leaves, sum, share;
    left o;
} parts;

static parts split(const double *p, const kehu__clv_row *c)
{
    const double rx = p[0] + c->x;
    parts v = {.o = integrate(p, c), .share = 1};
    v.stays = v.sum = -rx * kehu__log(p[1] + c->t) - p[2] * kehu__log(p[3] + c->t);
    if (v.o.total > 0) {
        v.leaves = kehu__log(p[2] * v.o.total) - rx * kehu__log(p[1] + c->tx) -
                   (p[2] + 1) * kehu__log(p[3] + c->tx);
        v.sum = kehu__clv_join(v.stays, v.leaves, &v.share);
    }
    return v;
}

/* Slopes of v.sum: each part's, weighted by its share. */
static void slopes(const double *p, const kehu__clv_row *c, const parts *v, double d[4])
{
    const double rx = p[0] + c->x, l = 1 - v->share, at = p[1] + c->t, bt = p[3] + c->t;
    d[0] = -v->share * kehu__log(at);
    d[1] = -v->share * rx / at;
    d[2] = -v->share * kehu__log(bt);
    d[3] = -v->share * p[2] / bt;
    if (v->o.total > 0) {
        const double over = l / v->o.total;
        d[0] -= l * kehu__log(p[1] + c->tx) + over * v->o.log_a;
        d[1] -= rx * over * v->o.inv_a;
        d[2] += l / p[2] - l * kehu__log(p[3] + c->tx) - over * v->o.log_b;
        d[3] -= (p[2] + 1) * over * v->o.inv_b;
    }
}

void kehu__pareto_sum(const double *p, const kehu__clv_row *rows, size_t n,
                      kehu__clv_sums *out)
{
    const double log_a = kehu__log(p[1]), log_b = kehu__log(p[3]);
    double lg_r, d_r, lg = 0, d_x = 0, x = -1, d[4];
    kehu__gamma_logs(p[0], &lg_r, &d_r);
    *out = (kehu__clv_sums){0};
    for (size_t i = 0; i < n; i++) {
        const kehu__clv_row *c = &rows[i];
        const parts v = split(p, c);
        if (c->x != x) { /* rows are ascending in x */
            x = c->x;
            kehu__gamma_logs(p[0] + x, &lg, &d_x);
        }
        slopes(p, c, &v, d);
        out->value += c->w * (lg - lg_r + p[0] * log_a + p[2] * log_b + v.sum);
        out->slope[0] += c->w * (d_x - d_r + log_a + d[0]);
        out->slope[1] += c->w * (p[0] / p[1] + d[1]);
        out->slope[2] += c->w * (log_b + d[2]);
        out->slope[3] += c->w * (p[2] / p[3] + d[3]);
    }
}

double kehu__pareto_alive(const double *p, const kehu__clv_row *c)
{
    return split(p, c).share;
}

/* (r+x)/(alpha+T) times the mean time lived within the horizon. */
double kehu__pareto_purchases(const double *p, const kehu__clv_row *c, double horizon)
{
    const double bt = p[3] + c->t, v = p[2] - 1;
    const double shrink = -kehu__log1p(horizon / bt);
    const double lived = bt * (v == 0 ? -shrink : -kehu__expm1(v * shrink) / v);
    return (p[0] + c->x) / (p[1] + c->t) * lived;
}

double kehu__pareto_discounted(const double *p, const kehu__clv_row *c, int periods,
                               double discount)
{
    return kehu__clv_discounted(kehu__pareto_purchases, p, c, p[3] + c->t, p[2], periods,
                                discount);
}
