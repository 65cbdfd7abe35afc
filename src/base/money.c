/* Amounts of money and the looser spellings of numbers. */
#include <stdbool.h>
#include <string.h>

#include "base/number.h"

/* The ASCII character that the one at p stands for; *step gets its bytes. */
static char plain_character(const char *p, const char *end, unsigned accept, int *step)
{
    const unsigned char *s = (const unsigned char *)p;
    *step = 1;
    if ((accept & KEHU__NUMBER_WIDE) == 0 || end - p < 3)
        return *p;
    if (s[0] == 0xEF && s[1] == 0xBC && s[2] >= 0x8B && s[2] <= 0x99) {
        *step = 3; /* U+FF0B to U+FF19: the forms of '+' to '9' */
        return (char)(s[2] - 0x8B + '+');
    }
    if (s[0] == 0xE2 && s[1] == 0x88 && s[2] == 0x92) {
        *step = 3; /* U+2212, the minus sign */
        return '-';
    }
    return *p;
}

kehu__number kehu__plain_number(const char *text, size_t size, unsigned accept,
                                char *plain, size_t capacity, size_t *plain_size)
{
    const char *p = text, *end = text + size;
    int since_comma = 0; /* digits in the current group */
    int commas = 0, whole = 1, step;
    size_t n = 0;
    for (; p < end; p += step) {
        const char c = plain_character(p, end, accept, &step);
        const int digit = c >= '0' && c <= '9';
        if (c == ',' && (accept & KEHU__NUMBER_GROUPS) != 0 && whole) {
            if (since_comma < 1 || since_comma > 3 || (commas > 0 && since_comma != 3))
                return KEHU__NUMBER_BAD;
            commas++;
            since_comma = 0;
            continue;
        }
        if (whole && !digit && n > 0 && commas > 0 && since_comma != 3)
            return KEHU__NUMBER_BAD;
        whole = whole && (digit || n == 0);
        since_comma += whole && digit;
        if (n == capacity)
            return KEHU__NUMBER_BAD;
        plain[n++] = c;
    }
    if (whole && commas > 0 && since_comma != 3)
        return KEHU__NUMBER_BAD;
    *plain_size = n;
    return KEHU__NUMBER_OK;
}

/* Digits and one point, no exponent: money is written out. */
static kehu__number parse_plain_money(const char *p, const char *end, int decimals,
                                      uint64_t limit, uint64_t *out)
{
    const uint64_t tenth = limit / 10, last = limit % 10;
    uint64_t v = 0;
    int after = -1; /* digits after the point, -1 before it */
    int n_digits = 0, exact = 1, over = 0;
    for (; p < end; p++) {
        const unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (*p == '.' && after < 0) {
            after = 0;
            continue;
        }
        if (digit > 9)
            return KEHU__NUMBER_BAD;
        n_digits = 1;
        if (after >= decimals)
            exact = exact && digit == 0;
        else {
            over |= v > tenth || (v == tenth && digit > last);
            v = v * 10 + digit;
            after += after >= 0;
        }
    }
    if (n_digits == 0)
        return KEHU__NUMBER_BAD;
    for (after = after < 0 ? 0 : after; after < decimals; after++) {
        over |= v > tenth;
        v *= 10;
    }
    *out = v;
    return over ? KEHU__NUMBER_RANGE : exact ? KEHU__NUMBER_OK : KEHU__NUMBER_INEXACT;
}

/* The usual amount: digits, perhaps a point and no more digits than decimals, all
 * so few that nothing can overflow. False: it may still be an amount. */
static bool parse_short_money(const char *p, const char *end, int decimals, uint64_t *out)
{
    static const uint64_t power[9] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    uint64_t v = 0;
    int after = 0;
    if (p == end || end - p > 10 || decimals > 8 || (unsigned)(unsigned char)*p - '0' > 9)
        return false;
    for (; p < end && *p != '.'; p++) {
        const unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    if (p < end) {
        after = (int)(end - p) - 1;
        for (p++; p < end; p++) {
            const unsigned digit = (unsigned)(unsigned char)*p - '0';
            if (digit > 9)
                return false;
            v = v * 10 + digit;
        }
    }
    if (after > decimals)
        return false;
    *out = v * power[decimals - after];
    return true;
}

kehu__number kehu__parse_money(const char *text, size_t size, int decimals,
                               unsigned accept, int64_t *out)
{
    char plain[128];
    const char *end = text + size;
    kehu__number result;
    uint64_t v;
    int negative;
    if (accept != 0) {
        size_t n;
        result = kehu__plain_number(text, size, accept, plain, sizeof plain, &n);
        if (result != KEHU__NUMBER_OK)
            return result;
        text = plain;
        end = plain + n;
    }
    negative = text < end && *text == '-';
    text += negative || (text < end && *text == '+');
    result = parse_short_money(text, end, decimals, &v)
                 ? KEHU__NUMBER_OK
                 : parse_plain_money(text, end, decimals,
                                     (uint64_t)INT64_MAX + (uint64_t)negative, &v);
    if (result == KEHU__NUMBER_OK)
        *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return result;
}
