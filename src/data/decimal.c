#include "data/decimal.h"

#include <string.h>

#include "base/number.h"

enum {
    WORDS = 256 / 32,
    DIGITS = 9 * (WORDS + 1),
    TEXT_BYTES = 1 + DIGITS + 1 + KEHU__NUMBER_BYTES /* sign, digits, e, exponent */
};

enum { MOST_EXACT = 22 };
static const double powers[MOST_EXACT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* "12," or "-3": the number and what is behind it, or NULL. */
static const char *read_number(const char *text, int32_t *out)
{
    int64_t value;
    size_t size = text[0] == '-';
    while (text[size] >= '0' && text[size] <= '9')
        size++;
    if (kehu__parse_int64(text, size, &value) != KEHU__NUMBER_OK || value > 10000 ||
        value < -10000)
        return NULL;
    *out = (int32_t)value;
    return text + size;
}

bool kehu__decimal_of(const char *format, kehu__decimal *out)
{
    const char *at;
    *out = (kehu__decimal){.bits = 128};
    if (strncmp(format, "d:", 2) != 0 ||
        (at = read_number(format + 2, &out->precision)) == NULL || *at != ',' ||
        (at = read_number(at + 1, &out->scale)) == NULL)
        return false;
    if (*at == ',' && (at = read_number(at + 1, &out->bits)) == NULL)
        return false;
    return *at == '\0' &&
           (out->bits == 32 || out->bits == 64 || out->bits == 128 || out->bits == 256);
}

/* Magnitude in words, the least significant first; true when negative. */
static bool magnitude(const kehu__decimal *d, const void *value, uint32_t words[WORDS])
{
    static const uint16_t one = 1;
    const bool little_endian = *(const unsigned char *)&one == 1;
    const int n = d->bits / 32;
    bool negative;
    for (int i = 0; i < n; i++)
        memcpy(&words[i], (const char *)value + 4 * (little_endian ? i : n - 1 - i), 4);
    negative = words[n - 1] >> 31;
    for (uint64_t carry = 1, i = 0; negative && i < (uint64_t)n; i++) {
        carry += (uint32_t)~words[i];
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return negative;
}

/* Divide in place by 10^9; the remainder. */
static uint32_t next_digits(uint32_t *words, int n)
{
    uint64_t rest = 0;
    for (int i = n - 1; i >= 0; i--) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    return (uint32_t)rest;
}

bool kehu__decimal_integer(const kehu__decimal *d, const void *value, int64_t *out)
{
    uint32_t words[WORDS] = {0};
    const bool negative = magnitude(d, value, words);
    const uint64_t low = (uint64_t)words[1] << 32 | words[0];
    for (int i = 2; i < d->bits / 32; i++)
        if (words[i] != 0)
            return false;
    if (low > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(~low + 1) : (int64_t)low;
    return true;
}

double kehu__decimal_number(const kehu__decimal *d, const void *value)
{
    uint32_t words[WORDS] = {0};
    char text[TEXT_BYTES];
    double number = 0;
    size_t at = 1 + DIGITS;
    int64_t whole;
    /* Both exact, so their quotient is the nearest. */
    if (d->scale >= 0 && d->scale <= MOST_EXACT &&
        kehu__decimal_integer(d, value, &whole) && whole <= INT64_C(1) << 53 &&
        whole >= -(INT64_C(1) << 53))
        return (double)whole / powers[d->scale];
    text[0] = magnitude(d, value, words) ? '-' : '+';
    while (at > 1) {
        uint32_t digits = next_digits(words, d->bits / 32);
        for (int i = 0; i < 9; i++, digits /= 10)
            text[--at] = (char)('0' + digits % 10);
    }
    at = 1 + DIGITS;
    text[at++] = 'e';
    at += (size_t)kehu__format_int64(text + at, -(int64_t)d->scale);
    kehu__parse_double(text, at, &number);
    return number;
}
