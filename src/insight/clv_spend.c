/* Gamma-Gamma (Fader and Hardie 2013, note 025): the mean m of x purchases is
 * Gamma(p x, n x), n is Gamma(q, v).
 *
 *     L = G(px+q) / (G(px) G(q)) v^q x^px m^(px-1) / (v + m x)^(px+q)
 */
#include "base/maths.h"
#include "insight/clv.h"

void kehu__spend_sum(const double *parameters, const kehu__clv_row *rows, size_t n,
                     kehu__clv_sums *out)
{
    const double p = parameters[0], q = parameters[1], v = parameters[2];
    const double log_v = kehu__log(v);
    double lg_q, d_q, x = -1, log_x = 0, lg = 0, d_px = 0, d_pxq = 0;
    kehu__gamma_logs(q, &lg_q, &d_q);
    *out = (kehu__clv_sums){0};
    for (size_t i = 0; i < n; i++) {
        const kehu__clv_row *c = &rows[i];
        const double px = p * c->x, log_m = kehu__log(c->m), all = v + c->m * c->x,
                     log_all = kehu__log(all);
        if (c->x != x) { /* rows are ascending in x */
            double lg_px, lg_pxq;
            kehu__gamma_logs(px, &lg_px, &d_px);
            kehu__gamma_logs(px + q, &lg_pxq, &d_pxq);
            x = c->x;
            log_x = kehu__log(x);
            lg = lg_pxq - lg_px - lg_q;
        }
        out->value +=
            c->w * (lg + q * log_v + (px - 1) * log_m + px * log_x - (px + q) * log_all);
        out->slope[0] += c->w * x * (d_pxq - d_px + log_m + log_x - log_all);
        out->slope[1] += c->w * (d_pxq - d_q + log_v - log_all);
        out->slope[2] += c->w * (q / v - (px + q) / all);
    }
}
