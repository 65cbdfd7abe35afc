/* data/decimal.h - Arrow's decimal numbers: whole numbers of 32 to 256 bits times a
 * power of ten. */
#ifndef KEHU_SRC_DATA_DECIMAL_H
#define KEHU_SRC_DATA_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct kehu__decimal {
    int32_t precision; /* digits in all */
    int32_t scale;     /* digits behind the point; may be negative */
    int32_t bits;      /* 32, 64, 128 or 256 */
} kehu__decimal;

/* Read a format "d:precision,scale[,bits]"; false when it is none. */
bool kehu__decimal_of(const char *format, kehu__decimal *out);

/* The number at `value`, in this machine's byte order, as the nearest double. */
double kehu__decimal_number(const kehu__decimal *d, const void *value);

/* The same of scale 0 as a whole number; false when it does not fit. */
bool kehu__decimal_integer(const kehu__decimal *d, const void *value, int64_t *out);

#endif
