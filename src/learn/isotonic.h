/* learn/isotonic.h - the rising function that fits outcomes best. */
#ifndef KEHU_SRC_LEARN_ISOTONIC_H
#define KEHU_SRC_LEARN_ISOTONIC_H

#include <stdint.h>

/* From n >= 1 points with x not falling, y = 0 or 1 (or their mean) and weight w > 0,
 * in place, to the knots of a rising function; returns their number, 1 where y does not
 * rise with x at all. Points of equal x share a value. Neighbours that fall are pooled
 * (Ayer et al. 1955), each pool then takes in one row of the overall mean, so that none
 * says 0 or 1, and stands at the mean of its x (Oron and Flournoy 2017). */
uint32_t kehu__isotonic_fit(double *x, double *y, double *w, uint32_t n);

/* The function at one place: straight lines between n >= 1 knots, level beyond them. */
double kehu__isotonic_at(const double *x, const double *y, uint32_t n, double at);

#endif
