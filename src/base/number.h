/* base/number.h - numbers to text and back without the C library's locale.
 * Every double is read as the nearest one (ties to even) and written with the
 * fewest digits that read back as the same bits. */
#ifndef KEHU_SRC_BASE_NUMBER_H
#define KEHU_SRC_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

typedef enum kehu__number {
    KEHU__NUMBER_OK,
    KEHU__NUMBER_BAD,    /* not a number from the first byte to the last */
    KEHU__NUMBER_RANGE,  /* a number, but too large; or nan, inf */
    KEHU__NUMBER_INEXACT /* money with more decimals than the currency has */
} kehu__number;

/* What parse functions accept beyond the plain form. */
enum {
    KEHU__NUMBER_GROUPS = 1, /* "1,234,567.5": commas before every third digit */
    KEHU__NUMBER_WIDE = 2    /* full-width digits, signs, commas and points */
};

/* The whole of text[size] as a number: [+-] digits [. digits] [e [+-] digits],
 * at least one digit before the e. No blanks, no hexadecimal. Too large gives
 * RANGE and an infinity, as do "inf", "infinity" and (NaN) "nan" in any case;
 * too small gives OK and zero or a subnormal. *out is untouched when BAD.
 * Never slower than O(size). */
kehu__number kehu__parse_double(const char *text, size_t size, double *out);

/* The whole of text[size]: [+-] digits. *out is untouched unless OK. */
kehu__number kehu__parse_int64(const char *text, size_t size, int64_t *out);
kehu__number kehu__parse_uint64(const char *text, size_t size, uint64_t *out);

/* Decimal text to minor units: with decimals 2, "-1234.5" is -123450 and
 * "0.125" INEXACT (a rounded amount would be a wrong one). decimals is 0..18;
 * accept is a set of the flags above. *out is untouched unless OK. */
kehu__number kehu__parse_money(const char *text, size_t size, int decimals,
                               unsigned accept, int64_t *out);

/* Rewrite text with the accepted extras as the plain form: plain[capacity]
 * gets the bytes, *plain_size their count. BAD when a comma stands in a wrong
 * place or the plain form does not fit. */
kehu__number kehu__plain_number(const char *text, size_t size, unsigned accept,
                                char *plain, size_t capacity, size_t *plain_size);

/* Room for whatever one of these writes, with the closing NUL. */
enum { KEHU__NUMBER_BYTES = 32 };

/* Shortest text that reads back the same; returns its length. Plain notation
 * from 1e-6 up to below 1e21, "1.5e-7" outside; whole numbers without a point;
 * "nan", "inf", "-inf". */
int kehu__format_double(char out[KEHU__NUMBER_BYTES], double x);
int kehu__format_float(char out[KEHU__NUMBER_BYTES], float x);
int kehu__format_int64(char out[KEHU__NUMBER_BYTES], int64_t x);
int kehu__format_uint64(char out[KEHU__NUMBER_BYTES], uint64_t x);

/* Minor units as decimal text: -123450 with decimals 2 is "-1234.50". */
int kehu__format_money(char out[KEHU__NUMBER_BYTES], int64_t x, int decimals);

/* x with exactly `decimals` (0..9) places: its shortest text rounded, ties away
 * from zero, so that 1.005 becomes "1.01". For tables that people read. Numbers
 * of 1e17 and above are written as by kehu__format_double. */
int kehu__format_fixed(char out[KEHU__NUMBER_BYTES], double x, int decimals);

#endif
