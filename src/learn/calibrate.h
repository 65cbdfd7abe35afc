/* learn/calibrate.h - margins to probabilities. */
#ifndef KEHU_SRC_LEARN_CALIBRATE_H
#define KEHU_SRC_LEARN_CALIBRATE_H

#include <stdint.h>

/* The temperature T that makes softmax(margins / T) explain the classes best, from
 * margins[n][n_classes] of texts the margins were not trained on. Log loss is
 * convex in 1 / T, which is sought between 1/100 and 100 by Newton's method.
 * 1 when n is 0. (Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
 * networks", ICML 2017.) */
double kehu__fit_temperature(const float *margins, const int32_t *classes, int64_t n,
                             uint32_t n_classes);

/* The probability that a class is right, for itself: 1 / (1 + exp(-(slope m + offset)))
 * of its margin m. slope >= 0. (Platt 1999, by the method of Lin, Lin and Weng, "A note
 * on Platt's probabilistic outputs for support vector machines", Machine Learning 68,
 * 2007.) */
typedef struct kehu__sigmoid {
    double slope, offset;
} kehu__sigmoid;

/* That of one class from margins[n][n_classes] as above; slope 1 and offset 0 when n is
 * 0. */
kehu__sigmoid kehu__fit_sigmoid(const float *margins, const int32_t *classes, int64_t n,
                                uint32_t n_classes, uint32_t class_number);

/* What is to be added to the margins of the second of two classes, margins[n][2] of which
 * the first is less the second, so that the class with the larger one is the more
 * probable: offset / slope of its sigmoid, drawn to 0 where few texts are in doubt, as by
 * a normal prior of standard deviation .45 for the offset. 0 when n is 0. */
double kehu__fit_shift(const float *margins, const int32_t *classes, int64_t n);

/* probabilities[n_classes] = softmax(margins / temperature). */
void kehu__softmax(const float *margins, uint32_t n_classes, double temperature,
                   float *probabilities);

#endif
