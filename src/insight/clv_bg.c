/* BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam et al. 2007). They
 * differ in the number e of times a customer has been able to leave: x or x + 1.
 *
 *     L = G(r+x)/G(r) alpha^r  G(b+e) G(a+b) / (G(b) G(a+b+e))
 *         { (alpha+T)^-(r+x) + [e>0] a/(b+e-1) (alpha+tx)^-(r+x) }
 */
#include <math.h>

#include "base/maths.h"
#include "insight/clv.h"

enum { MAX_TERMS = 200000, REACH = 8, STEPS = 48 };

/* What depends on x alone, kept while x stays the same. */
typedef struct by_x {
    double x;
    double lgr, dr;         /* ln G(r+x)/G(r) and its slope */
    double lgb, da, db;     /* ln G(b+e)G(a+b)/(G(b)G(a+b+e)) and its slopes */
    double leave, at_leave; /* ln a/(b+e-1), 1/(b+e-1) */
} by_x;

typedef struct constants {
    double r, alpha, a, b, log_alpha;
    double lg_r, d_r, lg_b, d_b, lg_ab, d_ab;
} constants;

static constants prepare(const double *p)
{
    constants k = {.r = p[0], .alpha = p[1], .a = p[2], .b = p[3]};
    k.log_alpha = kehu__log(k.alpha);
    kehu__gamma_logs(k.r, &k.lg_r, &k.d_r);
    kehu__gamma_logs(k.b, &k.lg_b, &k.d_b);
    kehu__gamma_logs(k.a + k.b, &k.lg_ab, &k.d_ab);
    return k;
}

static by_x prepare_x(const constants *k, double x, double e)
{
    by_x v = {.x = x};
    double lg_b, d_b, lg_ab, d_ab;
    kehu__gamma_logs(k->r + x, &v.lgr, &v.dr);
    v.lgr -= k->lg_r;
    v.dr -= k->d_r;
    kehu__gamma_logs(k->b + e, &lg_b, &d_b);
    kehu__gamma_logs(k->a + k->b + e, &lg_ab, &d_ab);
    v.lgb = lg_b - k->lg_b - (lg_ab - k->lg_ab);
    v.da = k->d_ab - d_ab;
    v.db = d_b - k->d_b + v.da;
    if (e > 0) {
        v.at_leave = 1 / (k->b + e - 1);
        v.leave = kehu__log(k->a * v.at_leave);
    }
    return v;
}

static void add_row(const constants *k, const by_x *v, double e, const kehu__clv_row *c,
                    kehu__clv_sums *out)
{
    const double at = 1 / (k->alpha + c->tx), aT = 1 / (k->alpha + c->t),
                 rx = k->r + c->x;
    const double log_t = kehu__log(k->alpha + c->tx);
    const double gap = log_t - kehu__log(k->alpha + c->t); /* <= 0 */
    double stays = rx * gap, sum = stays, share = 1;       /* of staying in L */
    if (e > 0)
        sum = kehu__clv_join(stays, v->leave, &share);
    out->value += c->w * (v->lgr + k->r * k->log_alpha - rx * log_t + v->lgb + sum);
    out->slope[0] += c->w * (v->dr + k->log_alpha - log_t + share * gap);
    out->slope[1] += c->w * (k->r / k->alpha - rx * at + share * rx * (at - aT));
    out->slope[2] += c->w * (v->da + (e > 0 ? (1 - share) / k->a : 0));
    out->slope[3] += c->w * (v->db - (e > 0 ? (1 - share) * v->at_leave : 0));
}

static void sum_rows(const double *p, double extra, const kehu__clv_row *rows, size_t n,
                     kehu__clv_sums *out)
{
    const constants k = prepare(p);
    by_x v = {.x = -1};
    *out = (kehu__clv_sums){0};
    for (size_t i = 0; i < n; i++) {
        const double e = rows[i].x + extra;
        if (rows[i].x != v.x)
            v = prepare_x(&k, rows[i].x, e);
        add_row(&k, &v, e, &rows[i], out);
    }
}

void kehu__bg_sum(const double *p, const kehu__clv_row *rows, size_t n,
                  kehu__clv_sums *out)
{
    sum_rows(p, 0, rows, n, out);
}

void kehu__mbg_sum(const double *p, const kehu__clv_row *rows, size_t n,
                   kehu__clv_sums *out)
{
    sum_rows(p, 1, rows, n, out);
}

static double alive(const double *p, double e, const kehu__clv_row *c)
{
    if (e <= 0)
        return 1;
    const double odds =
        kehu__log(p[2] / (p[3] + e - 1)) +
        (p[0] + c->x) * (kehu__log(p[1] + c->t) - kehu__log(p[1] + c->tx));
    return kehu__logistic(-odds);
}

double kehu__bg_alive(const double *p, const kehu__clv_row *c)
{
    return alive(p, c->x, c);
}

double kehu__mbg_alive(const double *p, const kehu__clv_row *c)
{
    return alive(p, c->x + 1, c);
}

/* sum over k >= 1 of (u)_k (v+1)_{k-1} / (w+1)_{k-1} z^k / k!, 0 <= z < 1. */
static double tail_series(double u, double v, double w, double z)
{
    double term = u * z, sum = term;
    for (int k = 1; k < MAX_TERMS && fabs(term) > 1e-17 * fabs(sum); k++) {
        /* One division, and not in the way of the next term's. */
        term *= (u + k) * (v + k) * z / ((w + k) * (k + 1));
        sum += term;
    }
    return sum;
}

/* The same expectation by quadrature over the chance to leave, whose log odds y
 * have density ~ e^(a y) / (1 + e^y)^(a + B): trapezoids in s, y = mode + width
 * sinh(s), which reach far into both tails. For shapes the series is no good at. */
static double integrate(double a, double big, double rho, double pace)
{
    const double mode = kehu__log(a / big), width = sqrt(1 / a + 1 / big);
    const double top = a * mode - (a + big) * kehu__log1p(a / big);
    double mass = 0, sum = 0;
    for (int k = -REACH * STEPS; k <= REACH * STEPS; k++) {
        const double s = (double)k / STEPS, e = kehu__exp(s),
                     y = mode + width * 0.5 * (e - 1 / e);
        const double soft =
            y > 0 ? y + kehu__log1p(kehu__exp(-y)) : kehu__log1p(kehu__exp(y));
        const double f = kehu__exp(a * y - (a + big) * soft - top) * (e + 1 / e);
        if (f > 0) {
            /* (1 - (1 + p pace)^-rho) / p; its limit at 0 is rho pace. */
            const double p = kehu__exp(y - soft);
            mass += f;
            sum +=
                f * (p * pace < 1e-300 ? rho * pace
                                       : -kehu__expm1(-rho * kehu__log1p(p * pace)) / p);
        }
    }
    return sum / mass;
}

/* Expected purchases in `horizon` of a customer known to be alive. With
 * rho = r + x, B = b + e, C = a + B - 1, z = h / (alpha + T + h):
 *
 *     C/(a-1) [1 - (1-z)^rho 2F1(rho, B; C; z)]
 *
 * after Euler's transformation, which makes the terms small for any x and leaves
 * no 0/0 at a = 1. */
static double purchases(const double *p, double e, const kehu__clv_row *c, double horizon)
{
    const double rho = p[0] + c->x, big = p[3] + e, v = p[2] - 1, w = p[2] + big - 1;
    const double age = p[1] + c->t, z = horizon / (age + horizon);
    const double shrink = -kehu__log1p(horizon / age); /* ln(1 - z) */
    if (v > 10 || w - rho < -5 || z > 0.999)
        return integrate(p[2], big, rho, horizon / age);
    const double grown = kehu__expm1(v * shrink); /* (1-z)^v - 1 */
    const double log_part = v == 0 ? -shrink : -grown / v;
    const double n = w * log_part - (1 + grown) * tail_series(w - rho, v, w, z);
    return n > 0 ? n : 0;
}

double kehu__bg_purchases(const double *p, const kehu__clv_row *c, double horizon)
{
    return purchases(p, c->x, c, horizon);
}

double kehu__mbg_purchases(const double *p, const kehu__clv_row *c, double horizon)
{
    return purchases(p, c->x + 1, c, horizon);
}

double kehu__bg_discounted(const double *p, const kehu__clv_row *c, int periods,
                           double discount)
{
    return kehu__clv_discounted(kehu__bg_purchases, p, c, p[1] + c->t, p[0] + c->x + p[2],
                                periods, discount);
}

double kehu__mbg_discounted(const double *p, const kehu__clv_row *c, int periods,
                            double discount)
{
    return kehu__clv_discounted(kehu__mbg_purchases, p, c, p[1] + c->t,
                                p[0] + c->x + p[2], periods, discount);
}

/* The rate is Gamma(r + x, alpha + T), so the wait is Lomax: its median. */
double kehu__nbd_waiting(const double *p, const kehu__clv_row *c)
{
    return (p[1] + c->t) * kehu__expm1(0.69314718055994530942 / (p[0] + c->x));
}
