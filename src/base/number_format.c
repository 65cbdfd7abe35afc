/* Double to decimal after Giulietti, "The Schubfach way to render doubles"
 * (2020). */
#include "base/number.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/powers.h"

/* floor(g * x / 2^128), the last bit set when anything much was cut off. */
static uint64_t multiply_to_odd(kehu__u128 g, uint64_t x)
{
    uint64_t rest;
    const kehu__u128 product = kehu__multiply_high(g, x, &rest);
    return product.high | (product.low > 1);
}

/* Shortest decimal digits * 10^exponent that is nearest to c * 2^q among all
 * that round to it; names as in the paper. closer: the double below is only
 * half as far away as the one above. */
static uint64_t shortest(uint64_t c, int q, bool closer, int *exponent)
{
    const bool odd = (c & 1) != 0;
    const int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    const int h = q + kehu__log2_of_power(-k) + 1;
    const kehu__u128 floor_g = kehu__powers_of_ten[-k - KEHU__FIRST_POWER];
    const bool up = -k < 0 || -k > KEHU__LAST_EXACT_POWER; /* the paper rounds up */
    const kehu__u128 g = {floor_g.high + (up && floor_g.low == UINT64_MAX),
                          floor_g.low + up};
    const uint64_t left = multiply_to_odd(g, (4 * c - 2 + closer) << h) + odd;
    const uint64_t v = multiply_to_odd(g, (4 * c) << h);
    const uint64_t right = multiply_to_odd(g, (4 * c + 2) << h) - odd;
    const uint64_t s = v / 4;
    *exponent = k;
    if (s >= 10) {
        const uint64_t t = s / 10;
        const bool below = left <= 40 * t, above = 40 * t + 40 <= right;
        if (below != above) {
            *exponent = k + 1;
            return t + above;
        }
    }
    if ((left <= 4 * s) != (4 * s + 4 <= right))
        return s + (4 * s + 4 <= right);
    return s + (v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1) != 0));
}

/* A positive number's decimal digits and the position of the point before or
 * after them: 0.digits * 10^point. */
typedef struct digits {
    char text[20];
    int n, point;
} digits;

static digits to_digits(uint64_t value, int exponent)
{
    digits d = {.n = 0};
    char reversed[20];
    int n = 0;
    while (value % 10 == 0) {
        value /= 10;
        exponent++;
    }
    for (; value > 0; value /= 10)
        reversed[n++] = (char)('0' + value % 10);
    while (d.n < n) {
        d.text[d.n] = reversed[n - 1 - d.n];
        d.n++;
    }
    d.point = n + exponent;
    return d;
}

static digits digits_of_double(double x) /* finite, positive */
{
    uint64_t bits, c, value;
    int biased, exponent;
    memcpy(&bits, &x, sizeof bits);
    biased = (int)(bits >> 52);
    c = bits & ((UINT64_C(1) << 52) - 1);
    value =
        shortest(biased == 0 ? c : c | UINT64_C(1) << 52,
                 biased == 0 ? -1074 : biased - 1075, c == 0 && biased > 1, &exponent);
    return to_digits(value, exponent);
}

static digits digits_of_float(float x)
{
    uint32_t bits, c;
    uint64_t value;
    int biased, exponent;
    memcpy(&bits, &x, sizeof bits);
    biased = (int)(bits >> 23);
    c = bits & ((UINT32_C(1) << 23) - 1);
    value = shortest(biased == 0 ? c : c | UINT32_C(1) << 23,
                     biased == 0 ? -149 : biased - 150, c == 0 && biased > 1, &exponent);
    return to_digits(value, exponent);
}

static char *put(char *p, const char *from, int n)
{
    if (n > 0) {
        memcpy(p, from, (size_t)n);
        p += n;
    }
    return p;
}

static char *put_zeros(char *p, int n)
{
    for (; n > 0; n--)
        *p++ = '0';
    return p;
}

static char *put_digits(char *p, const digits *d)
{
    if (d->point > 21 || d->point < -5) {
        p = put(p, d->text, 1);
        if (d->n > 1)
            *p++ = '.';
        p = put(p, d->text + 1, d->n - 1);
        *p++ = 'e';
        return p + kehu__format_int64(p, d->point - 1);
    }
    if (d->point <= 0) {
        p = put_zeros(put(p, "0.", 2), -d->point);
        return put(p, d->text, d->n);
    }
    if (d->n <= d->point)
        return put_zeros(put(p, d->text, d->n), d->point - d->n);
    p = put(p, d->text, d->point);
    *p++ = '.';
    return put(p, d->text + d->point, d->n - d->point);
}

/* Sign, zero and the numbers that are none; NULL when digits are to follow. */
static char *put_special(char *p, double x, char **after_sign)
{
    if (isnan(x))
        return put(p, "nan", 3);
    if (signbit(x))
        *p++ = '-';
    *after_sign = p;
    if (isinf(x))
        return put(p, "inf", 3);
    return x == 0 ? put(p, "0", 1) : NULL;
}

static int finish(char *out, char *end)
{
    *end = '\0';
    return (int)(end - out);
}

int kehu__format_double(char out[KEHU__NUMBER_BYTES], double x)
{
    char *p = out, *end = put_special(out, x, &p);
    if (end == NULL) {
        const digits d = digits_of_double(fabs(x));
        end = put_digits(p, &d);
    }
    return finish(out, end);
}

int kehu__format_float(char out[KEHU__NUMBER_BYTES], float x)
{
    char *p = out, *end = put_special(out, (double)x, &p);
    if (end == NULL) {
        const digits d = digits_of_float(fabsf(x));
        end = put_digits(p, &d);
    }
    return finish(out, end);
}

int kehu__format_uint64(char out[KEHU__NUMBER_BYTES], uint64_t x)
{
    char reversed[20], *p = out;
    int n = 0;
    do
        reversed[n++] = (char)('0' + x % 10);
    while ((x /= 10) > 0);
    while (n > 0)
        *p++ = reversed[--n];
    return finish(out, p);
}

int kehu__format_int64(char out[KEHU__NUMBER_BYTES], int64_t x)
{
    char text[KEHU__NUMBER_BYTES];
    const uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    const int n = kehu__format_uint64(text, size);
    char *p = out;
    if (x < 0)
        *p++ = '-';
    return finish(out, put(p, text, n));
}

static char *put_fraction(char *p, uint64_t x, int decimals)
{
    char text[KEHU__NUMBER_BYTES];
    const int n = kehu__format_uint64(text, x);
    if (decimals == 0)
        return p;
    *p++ = '.';
    return put(put_zeros(p, decimals - n), text, n);
}

static uint64_t power_of_ten(int n)
{
    uint64_t p = 1;
    for (; n > 0; n--)
        p *= 10;
    return p;
}

int kehu__format_money(char out[KEHU__NUMBER_BYTES], int64_t x, int decimals)
{
    const uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    const uint64_t one = power_of_ten(decimals);
    char *p = out;
    assert(decimals >= 0 && decimals <= 18);
    if (x < 0)
        *p++ = '-';
    p += kehu__format_uint64(p, size / one);
    return finish(out, put_fraction(p, size % one, decimals));
}

int kehu__format_fixed(char out[KEHU__NUMBER_BYTES], double x, int decimals)
{
    const uint64_t one = power_of_ten(decimals);
    uint64_t whole = 0, fraction = 0; /* apart: together they may not fit 64 bits */
    digits d = {.n = 0};
    char *p = out;
    assert(decimals >= 0 && decimals <= 9);
    if (!isfinite(x) || fabs(x) >= 1e17)
        return kehu__format_double(out, x);
    if (x != 0)
        d = digits_of_double(fabs(x));
    for (int i = 0; i < d.point; i++)
        whole = whole * 10 + (i < d.n ? (uint64_t)(d.text[i] - '0') : 0);
    for (int i = d.point; i < d.point + decimals; i++)
        fraction = fraction * 10 + (i >= 0 && i < d.n ? (uint64_t)(d.text[i] - '0') : 0);
    if (d.point + decimals >= 0 && d.point + decimals < d.n)
        fraction += d.text[d.point + decimals] >= '5';
    whole += fraction / one;
    fraction %= one;
    if (x < 0 && (whole | fraction) != 0)
        *p++ = '-';
    p += kehu__format_uint64(p, whole);
    return finish(out, put_fraction(p, fraction, decimals));
}
