/* Pareto/NBD (Schmittlein, Morrison and Colombo 1987):
 *
 *     L = G(r+x)/G(r) alpha^r beta^s
 *         { (alpha+T)^-(r+x) (beta+T)^-s
 *           + s int_tx^T (alpha+y)^-(r+x) (beta+y)^-(s+1) dy }
 *
 * The integral is a difference of two hypergeometric functions (Fader and Hardie
 * 2005, "A note on deriving the Pareto/NBD model"), by series while alpha and beta are
 * not far apart, else by quadrature. Either way all terms are positive, nothing
 * cancels, and the slopes are sums over the same terms. */
#include <math.h>

#include "base/maths.h"
#include "insight/clv.h"

enum { MAX_PANELS = 64 };

/* The part of L in braces: its logarithm, the share of the first term, which is the
 * chance to have stayed to the end, and the logarithm's slopes. */
typedef struct parts {
    double sum, share, d[4];
} parts;

/* ---- By series ---- */

/* Beyond it quadrature is quicker. */
#define MAX_Z 0.85

/* sum over k of (g)_k / (c)_k z^k, and its slopes divided by itself. */
typedef struct series {
    double sum, by_g, by_c, by_z;
} series;

static series add_terms(double g, double c, double z)
{
    double term = g / c, more_g = 1 / g, more_c = 1 / c; /* term: over z */
    double sum = 0, by_g = 0, by_c = 0, by_z = 0;
    for (int k = 1; k * term > 1e-17 * (1 - z); k++) {
        const double over = 1 / (c + k);
        sum += term;
        by_z += k * term;
        by_g += term * more_g;
        by_c += term * more_c;
        term *= z * (g + k) * over;
        more_g += 1 / (g + k);
        more_c += over;
    }
    const double whole = 1 + z * sum;
    return (series){whole, z * by_g / whole, -z * by_c / whole, by_z / whole};
}

/* int_y^oo (alpha+u)^-(r+x) (beta+u)^-(s+1) du as a share of (alpha+y)^-(r+x)
 * (beta+y)^-s, times s; with its logarithm's slopes. By Euler's transformation, after
 * which the series falls at least as z^k, whatever x is. */
static double tail(const double *p, double x, double y, double d[4])
{
    const double rx = p[0] + x, a = rx + p[2], by_a = 1 / a;
    const double ay = p[1] + y, by = p[3] + y;
    const bool early = p[1] >= p[3];
    const double most = early ? ay : by, least = early ? by : ay;
    const series v = add_terms(early ? rx : p[2] + 1, a + 1, (most - least) / most);
    const double z_most = v.by_z * least / (most * most), z_least = -v.by_z / most;
    d[0] = v.by_c - by_a + (early ? v.by_g : 0);
    d[2] = v.by_c - by_a + 1 / p[2] + (early ? 0 : v.by_g);
    d[1] = early ? z_most : z_least + 1 / ay;
    d[3] = early ? z_least : z_most - 1 / by;
    return p[2] * by_a * v.sum * (early ? 1 : ay / by);
}

/* With F(y) = (alpha+y)^-(r+x) (beta+y)^-s the part in braces is
 * F(T) (1 - tail(T)) + F(tx) tail(tx). */
static parts by_series(const double *p, const kehu__clv_row *c)
{
    const double rx = p[0] + c->x, a0 = p[1] + c->tx, b0 = p[3] + c->tx;
    const double a1 = p[1] + c->t, b1 = p[3] + c->t;
    const double log_a0 = kehu__log(a0), log_b0 = kehu__log(b0);
    const double log_a = kehu__log(a1), log_b = kehu__log(b1);
    const double stays = -rx * log_a - p[2] * log_b;
    const double from = -rx * log_a0 - p[2] * log_b0 - stays; /* F(tx) over F(T) */
    double d0[4], d1[4];
    const double left = tail(p, c->x, c->tx, d0), later = tail(p, c->x, c->t, d1);
    /* Over F(tx), the greater of both. */
    const double end = kehu__exp(-from), kept = end * (1 - later), all = kept + left;
    const double w = kept / all, w0 = left / all, w1 = end * later / all;
    return (parts){.sum = stays + from + kehu__log(all),
                   .share = end / all,
                   .d = {-w * log_a - w0 * log_a0 + w0 * d0[0] - w1 * d1[0],
                         -w * rx / a1 - w0 * rx / a0 + w0 * d0[1] - w1 * d1[1],
                         -w * log_b - w0 * log_b0 + w0 * d0[2] - w1 * d1[2],
                         -w * p[2] / b1 - w0 * p[2] / b0 + w0 * d0[3] - w1 * d1[3]}};
}

/* ---- By quadrature ---- */

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

static parts by_quadrature(const double *p, const kehu__clv_row *c)
{
    const double rx = p[0] + c->x, at = p[1] + c->t, bt = p[3] + c->t;
    const double log_a = kehu__log(at), log_b = kehu__log(bt);
    const left o = integrate(p, c);
    parts v = {.sum = -rx * log_a - p[2] * log_b, .share = 1};
    if (o.total > 0) {
        const double log_a0 = kehu__log(p[1] + c->tx), log_b0 = kehu__log(p[3] + c->tx);
        const double leaves =
            kehu__log(p[2] * o.total) - rx * log_a0 - (p[2] + 1) * log_b0;
        v.sum = kehu__clv_join(v.sum, leaves, &v.share);
        const double l = 1 - v.share, over = l / o.total;
        v.d[0] = -l * log_a0 - over * o.log_a;
        v.d[1] = -rx * over * o.inv_a;
        v.d[2] = l / p[2] - l * log_b0 - over * o.log_b;
        v.d[3] = -(p[2] + 1) * over * o.inv_b;
    }
    v.d[0] -= v.share * log_a;
    v.d[1] -= v.share * rx / at;
    v.d[2] -= v.share * log_b;
    v.d[3] -= v.share * p[2] / bt;
    return v;
}

/* ---- The model ---- */

static parts split(const double *p, const kehu__clv_row *c)
{
    const double apart = fabs(p[1] - p[3]), most = p[1] > p[3] ? p[1] : p[3];
    return apart <= MAX_Z * (most + c->tx) ? by_series(p, c) : by_quadrature(p, c);
}

void kehu__pareto_sum(const double *p, const kehu__clv_row *rows, size_t n,
                      kehu__clv_sums *out)
{
    const double log_a = kehu__log(p[1]), log_b = kehu__log(p[3]);
    double lg_r, d_r, lg = 0, d_x = 0, x = -1;
    kehu__gamma_logs(p[0], &lg_r, &d_r);
    *out = (kehu__clv_sums){0};
    for (size_t i = 0; i < n; i++) {
        const kehu__clv_row *c = &rows[i];
        const parts v = split(p, c);
        if (c->x != x) { /* rows are ascending in x */
            x = c->x;
            kehu__gamma_logs(p[0] + x, &lg, &d_x);
        }
        out->value += c->w * (lg - lg_r + p[0] * log_a + p[2] * log_b + v.sum);
        out->slope[0] += c->w * (d_x - d_r + log_a + v.d[0]);
        out->slope[1] += c->w * (p[0] / p[1] + v.d[1]);
        out->slope[2] += c->w * (log_b + v.d[2]);
        out->slope[3] += c->w * (p[2] / p[3] + v.d[3]);
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
