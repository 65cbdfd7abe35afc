/* Decimal to double after Lemire, "Number parsing at a gigabyte per second"
 * (2021), but with the error made explicit: the value lies between two 128-bit
 * numbers, and when both round to the same double that is the answer. Else (one
 * in millions) big integers decide. */
#include "base/number.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/digits.h"
#include "base/powers.h"

enum { WORD_DIGITS = 19 };

static int leading_zeros(uint64_t x) /* x > 0 */
{
#if defined(__GNUC__)
    return __builtin_clzll(x);
#else
    int n = 0;
    for (; (x >> 63) == 0; x <<= 1)
        n++;
    return n;
#endif
}

/* A number's text taken apart: (-1)^negative * mantissa * 10^exponent, the
 * mantissa being the first 19 significant digits. */
typedef struct decimal {
    bool negative, truncated; /* truncated: a digit dropped was not 0 */
    uint64_t mantissa;
    int64_t exponent;
    const char *digits, *digits_end; /* with the point, without the exponent */
} decimal;

static bool is_digit(char c)
{
    return (unsigned)(unsigned char)c - '0' < 10;
}

/* The digits of one side of the point. */
static const char *take_digits(decimal *d, int *kept, const char *p, const char *end,
                               bool fraction)
{
    for (; p < end && is_digit(*p); p++) {
        if (*kept < WORD_DIGITS) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
            *kept += d->mantissa != 0;
            d->exponent -= fraction;
        } else {
            d->truncated |= *p != '0';
            d->exponent += !fraction;
        }
    }
    return p;
}

static bool take_exponent(decimal *d, const char *p, const char *end)
{
    int64_t e = 0;
    bool negative = false;
    if (p < end && (*p == '+' || *p == '-'))
        negative = *p++ == '-';
    if (p == end)
        return false;
    for (; p < end && is_digit(*p); p++)
        if (e < INT64_C(100000000000000000))
            e = e * 10 + (*p - '0');
    d->exponent += negative ? -e : e;
    return p == end;
}

static bool take_apart(decimal *d, const char *text, size_t size)
{
    const char *p = text, *end = text + size;
    int kept = 0;
    size_t n_digits;
    *d = (decimal){0};
    if (p < end && (*p == '+' || *p == '-'))
        d->negative = *p++ == '-';
    d->digits = p;
    p = take_digits(d, &kept, p, end, false);
    n_digits = (size_t)(p - d->digits);
    if (p < end && *p == '.') {
        const char *point = p;
        p = take_digits(d, &kept, p + 1, end, true);
        n_digits += (size_t)(p - point - 1);
    }
    d->digits_end = p;
    if (n_digits == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E'))
        return take_exponent(d, p + 1, end);
    return p == end;
}

/* Bits of the double nearest to v * 2^exponent, ties to even. One of v's top two
 * bits is set. */
static uint64_t round_to_bits(kehu__u128 v, int exponent)
{
    const int spare = leading_zeros(v.high);
    const uint64_t high = spare == 0 ? v.high : v.high << spare | v.low >> (64 - spare);
    const int e = exponent + 127 - spare;                   /* of the leading bit */
    const int drop = 64 - 53 + (e < -1022 ? -1022 - e : 0); /* bits that do not fit */
    uint64_t kept, bits, half;
    if (e > 1023)
        return UINT64_C(0x7FF) << 52;
    if (drop > 64)
        return 0;
    kept = drop == 64 ? 0 : high >> drop;
    half = UINT64_C(1) << (drop - 1);
    bits = e < -1022 ? kept : kept + ((uint64_t)(e + 1022) << 52);
    if ((high & half) != 0 &&
        ((high & (half - 1)) != 0 || v.low << spare != 0 || (kept & 1) != 0))
        bits++;
    return bits;
}

/* ---- exact comparison by big integers ---- */

enum {
    BIG_DIGITS = 800, /* a tie between two doubles has at most 767 */
    BIG_WORDS = 128
};

typedef struct big {
    uint32_t words[BIG_WORDS]; /* least first */
    int n;
} big;

static void big_multiply_add(big *b, uint32_t factor, uint32_t carry)
{
    uint64_t c = carry;
    for (int i = 0; i < b->n; i++) {
        c += (uint64_t)b->words[i] * factor;
        b->words[i] = (uint32_t)c;
        c >>= 32;
    }
    if (c != 0) {
        assert(b->n < BIG_WORDS);
        b->words[b->n++] = (uint32_t)c;
    }
}

static void big_times_power_of_five(big *b, int64_t power)
{
    for (; power >= 13; power -= 13)
        big_multiply_add(b, 1220703125, 0); /* 5^13 */
    for (; power > 0; power--)
        big_multiply_add(b, 5, 0);
}

static void big_shift_left(big *b, int64_t bits)
{
    const int words = (int)(bits / 32);
    big_multiply_add(b, UINT32_C(1) << bits % 32, 0);
    assert(b->n + words <= BIG_WORDS);
    memmove(b->words + words, b->words, (size_t)b->n * sizeof *b->words);
    memset(b->words, 0, (size_t)words * sizeof *b->words);
    b->n += words;
}

static int big_compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

/* The digits as a big integer; returns the power of ten it stands for. Digits
 * after the 800th can only tell "more than" from "equal", so one stands for
 * them all. */
static int64_t big_from_digits(big *b, const decimal *d)
{
    int64_t exponent = d->exponent;
    int n = 0;
    bool more = false;
    for (const char *p = d->digits; p < d->digits_end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n < BIG_DIGITS) {
            big_multiply_add(b, 10, (uint32_t)(*p - '0'));
            exponent -= n >= WORD_DIGITS;
            n++;
        } else
            more |= *p != '0';
    }
    if (more) {
        big_multiply_add(b, 10, 1);
        exponent--;
    }
    return exponent;
}

/* The value lies between the doubles of `bits` and bits + 1: which is nearer? */
static uint64_t decide_exactly(const decimal *d, uint64_t bits)
{
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int biased = (int)(bits >> 52);
    const uint64_t m = biased == 0 ? fraction : fraction | UINT64_C(1) << 52;
    const int64_t half_exponent = (biased == 0 ? -1074 : biased - 1075) - 1;
    const uint64_t half = 2 * m + 1; /* halfway up, times 2^half_exponent */
    big value = {.n = 0}, middle = {{(uint32_t)half, (uint32_t)(half >> 32)}, 2};
    const int64_t exponent = big_from_digits(&value, d);
    int order;
    if (middle.words[1] == 0)
        middle.n = 1;
    if (exponent >= 0)
        big_times_power_of_five(&value, exponent);
    else
        big_times_power_of_five(&middle, -exponent);
    if (exponent > half_exponent)
        big_shift_left(&value, exponent - half_exponent);
    else
        big_shift_left(&middle, half_exponent - exponent);
    order = big_compare(&value, &middle);
    return bits + (order > 0 || (order == 0 && (bits & 1) != 0));
}

static uint64_t decimal_to_bits(const decimal *d)
{
    const int q = (int)d->exponent, zeros = leading_zeros(d->mantissa);
    const kehu__u128 power = kehu__powers_of_ten[q - KEHU__FIRST_POWER];
    uint64_t rest;
    const kehu__u128 lower = kehu__multiply_high(power, d->mantissa << zeros, &rest);
    const int exponent = 64 - zeros + kehu__log2_of_power(q) - 127;
    const bool exact = q >= 0 && q <= KEHU__LAST_EXACT_POWER;
    kehu__u128 slack = {0, exact ? rest != 0 : 2}, upper;
    uint64_t bits;
    if (d->truncated) { /* the true mantissa is less than one larger; zeros <= 4 */
        const uint64_t extra = power.high << zeros;
        slack.low += UINT64_C(1) << zeros;
        slack.high = zeros == 0 ? 0 : power.high >> (64 - zeros);
        slack.high += extra + slack.low < extra;
        slack.low += extra;
    }
    upper.low = lower.low + slack.low;
    upper.high = lower.high + slack.high + (upper.low < lower.low);
    if (upper.high < lower.high) /* 2^128 and a little more rounds the same */
        upper.high = upper.low = UINT64_MAX;
    bits = round_to_bits(lower, exponent);
    if (round_to_bits(upper, exponent) == bits)
        return bits;
    return decide_exactly(d, bits);
}

/* "nan", "inf", "infinity" in any case: a number, but none to reckon with. */
static bool is_not_finite(const char *text, size_t size, double *out)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    const bool negative = size > 0 && text[0] == '-';
    const bool sign = size > 0 && (text[0] == '-' || text[0] == '+');
    for (int k = 0; k < 3; k++) {
        const size_t length = strlen(words[k]);
        size_t i = 0;
        if (size - sign != length)
            continue;
        while (i < length && (text[sign + i] | 0x20) == words[k][i])
            i++;
        if (i == length) {
            *out = k == 0 ? (double)NAN : negative ? -(double)INFINITY : (double)INFINITY;
            return true;
        }
    }
    return false;
}

kehu__number kehu__parse_double(const char *text, size_t size, double *out)
{
    decimal d;
    uint64_t bits;
    if (!take_apart(&d, text, size))
        return is_not_finite(text, size, out) ? KEHU__NUMBER_RANGE : KEHU__NUMBER_BAD;
    if (d.mantissa == 0 || d.exponent < KEHU__FIRST_POWER)
        bits = 0; /* below 10^19 * 10^-343, which is less than half the smallest */
    else if (d.exponent > 308)
        bits = UINT64_C(0x7FF) << 52;
    else
        bits = decimal_to_bits(&d);
    bits |= (uint64_t)d.negative << 63;
    memcpy(out, &bits, sizeof *out);
    return isinf(*out) ? KEHU__NUMBER_RANGE : KEHU__NUMBER_OK;
}

static bool are_digits(uint64_t eight)
{
    return ((eight & 0xF0F0F0F0F0F0F0F0u) |
            ((eight + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4) ==
           0x3333333333333333u;
}

kehu__number kehu__parse_uint64(const char *text, size_t size, uint64_t *out)
{
    uint64_t v = 0;
    bool over = false;
    size_t i = size > 0 && text[0] == '+';
    if (i == size)
        return KEHU__NUMBER_BAD;
    while (i + 8 <= size && i <= 8 && are_digits(kehu__load64(text + i))) {
        v = v * 100000000 + kehu__join_digits(kehu__load64(text + i)); /* below 10^16 */
        i += 8;
    }
    for (; i < size; i++) {
        const unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9)
            return KEHU__NUMBER_BAD;
        over |= v > UINT64_MAX / 10 || (v == UINT64_MAX / 10 && digit > UINT64_MAX % 10);
        v = v * 10 + digit;
    }
    if (over)
        return KEHU__NUMBER_RANGE;
    *out = v;
    return KEHU__NUMBER_OK;
}

kehu__number kehu__parse_int64(const char *text, size_t size, int64_t *out)
{
    const bool negative = size > 0 && text[0] == '-';
    uint64_t v;
    kehu__number result;
    if (negative && size > 1 && text[1] == '+')
        return KEHU__NUMBER_BAD;
    result = kehu__parse_uint64(text + negative, size - negative, &v);
    if (result != KEHU__NUMBER_OK)
        return result;
    if (v > (uint64_t)INT64_MAX + negative)
        return KEHU__NUMBER_RANGE;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return KEHU__NUMBER_OK;
}
