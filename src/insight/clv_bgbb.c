/* BG/BB (Fader, Hardie and Shang 2010): n opportunities, x taken, the last one at
 * tx; buys with p ~ Beta(alpha, beta), leaves before an opportunity with
 * q ~ Beta(gamma, delta).
 *
 *     L = [ B(alpha+x, beta+n-x) B(gamma, delta+n)
 *           + sum_{i < n-tx} B(alpha+x, beta+tx-x+i) B(gamma+1, delta+tx+i) ]
 *         / (B(alpha, beta) B(gamma, delta))
 */
#include <math.h>

#include "base/maths.h"
#include "insight/clv.h"

enum { MAX_STEPS = 100000, ONE_BY_ONE = 64 };

/* ln B(a, b) and its slopes in a and in b. */
typedef struct beta {
    double log, da, db;
} beta;

static beta log_beta(double a, double b)
{
    double la, lb, lab, da, db, dab;
    kehu__gamma_logs(a, &la, &da);
    kehu__gamma_logs(b, &lb, &db);
    kehu__gamma_logs(a + b, &lab, &dab);
    return (beta){la + lb - lab, da - dab, db - dab};
}

/* The sum over i relative to its first term, and the mean slopes of the terms'
 * logarithms beyond the first one's. */
static double sum_leaving(const double *p, const kehu__clv_row *c, double mean[4])
{
    double term = 1, total = 0, d[4] = {0}, sum[4] = {0};
    const double end = c->t - c->tx;
    for (double i = 0; i < end; i++) {
        const double b = p[1] + c->tx - c->x + i, ab = 1 / (p[0] + p[1] + c->tx + i);
        const double e = p[3] + c->tx + i, ge = 1 / (p[2] + p[3] + c->tx + i + 1);
        total += term;
        for (int k = 0; k < 4; k++)
            sum[k] += term * d[k];
        term *= b * ab * e * ge;
        d[0] -= ab;
        d[1] += 1 / b - ab;
        d[2] -= ge;
        d[3] += 1 / e - ge;
        if (term < 1e-18 * total)
            break;
    }
    for (int k = 0; k < 4; k++)
        mean[k] = total > 0 ? sum[k] / total : 0;
    return total;
}

/* ln L and its slopes; the share of L in which the customer stays. */
static double log_likelihood(const double *p, const kehu__clv_row *c, double slope[4],
                             double *share)
{
    const beta ab = log_beta(p[0], p[1]), gd = log_beta(p[2], p[3]);
    const beta buy = log_beta(p[0] + c->x, p[1] + c->t - c->x);
    const beta stay = log_beta(p[2], p[3] + c->t);
    const double stays = buy.log + stay.log;
    double mean[4], sum = stays;
    const double total = sum_leaving(p, c, mean);
    *share = 1;
    slope[0] = buy.da, slope[1] = buy.db, slope[2] = stay.da, slope[3] = stay.db;
    if (total > 0) {
        const beta last = log_beta(p[0] + c->x, p[1] + c->tx - c->x);
        const beta leave = log_beta(p[2] + 1, p[3] + c->tx);
        const double first[4] = {last.da, last.db, leave.da, leave.db};
        const double leaves = last.log + leave.log + kehu__log(total);
        sum = kehu__clv_join(stays, leaves, share);
        for (int k = 0; k < 4; k++)
            slope[k] = *share * slope[k] + (1 - *share) * (first[k] + mean[k]);
    }
    slope[0] -= ab.da, slope[1] -= ab.db, slope[2] -= gd.da, slope[3] -= gd.db;
    return sum - ab.log - gd.log;
}

void kehu__bgbb_sum(const double *p, const kehu__clv_row *rows, size_t n,
                    kehu__clv_sums *out)
{
    *out = (kehu__clv_sums){0};
    for (size_t i = 0; i < n; i++) {
        double slope[4], share;
        out->value += rows[i].w * log_likelihood(p, &rows[i], slope, &share);
        for (int k = 0; k < 4; k++)
            out->slope[k] += rows[i].w * slope[k];
    }
}

double kehu__bgbb_alive(const double *p, const kehu__clv_row *c)
{
    double slope[4], share;
    (void)log_likelihood(p, c, slope, &share);
    return share;
}

/* ln G(big+1) G(small+g) / (G(small+1) G(big+g)), where g = 1 + extra, as the
 * integral of differences of digamma, so that nothing cancels. */
static double log_ratio(double small, double big, double extra)
{
    const double half = 0.5 * extra;
    double sum = 0;
    for (int j = 0; j < KEHU__CLV_NODES / 2; j++)
        for (int side = -1; side <= 1; side += 2) {
            const double s = half + side * half * kehu__clv_node[j] + 1;
            sum +=
                kehu__clv_weight[j] * (kehu__digamma(small + s) - kehu__digamma(big + s));
        }
    return half * sum;
}

/* The opportunities out of `n` that a customer alive at age t lives to see: the sum
 * over k of G(d+k) G(gamma+d) / (G(d) G(gamma+d+k)), d = delta + t. Some terms one
 * by one, the rest in closed form,
 *
 *     d/(gamma-1) [1 - G(d+n+1) G(gamma+d) / (G(d+1) G(gamma+d+n))]
 */
static double opportunities(const double *p, double t, double n)
{
    const double extra = p[2] - 1;
    double stays = 1, seen = 0, k = 0;
    for (; k < n && k < ONE_BY_ONE && stays > 1e-18 * seen; k++) {
        stays *= (p[3] + t + k) / (p[2] + p[3] + t + k);
        seen += stays;
    }
    if (k < ONE_BY_ONE || k == n)
        return seen;
    const double d = p[3] + t + k, end = d + n - k;
    const double more = extra == 0 ? kehu__digamma(end + 1) - kehu__digamma(d + 1)
                                   : -kehu__expm1(log_ratio(d, end, extra)) / extra;
    return seen + stays * d * more;
}

/* Chance to buy at an opportunity, while alive. */
static double chance(const double *p, const kehu__clv_row *c)
{
    return (p[0] + c->x) / (p[0] + p[1] + c->t);
}

double kehu__bgbb_purchases(const double *p, const kehu__clv_row *c, double horizon)
{
    return chance(p, c) * opportunities(p, c->t, floor(horizon));
}

double kehu__bgbb_discounted(const double *p, const kehu__clv_row *c, int periods,
                             double discount)
{
    double stays = 1, sum = 0;
    for (int k = 0; k < periods; k++) {
        stays *= (p[3] + c->t + k) / (p[2] + p[3] + c->t + k) / (1 + discount);
        sum += stays;
    }
    return chance(p, c) * sum;
}

/* The first opportunity by which half have bought. */
double kehu__bgbb_waiting(const double *p, const kehu__clv_row *c)
{
    const double a = p[0] + c->x, b = p[1] + c->t - c->x;
    double none = 1;
    for (int k = 0; k < MAX_STEPS; k++) {
        none *= (b + k) / (a + b + k);
        if (none <= 0.5)
            return k + 1;
    }
    /* Far out the chance of none falls like (b / (b + k))^a. */
    const double growth = 0.69314718055994530942 / a;
    return growth < 600 ? b * kehu__expm1(growth) : 1e260;
}
