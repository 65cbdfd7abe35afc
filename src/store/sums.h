/* store/sums.h - events summed up a customer, as segments keep them beside the rows: who
 * wants every row of every customer summed up need not read the rows.
 *
 * A row a customer, with the columns below; of a segment's rows, all of them, also those
 * that snapshots hide. Sums of several segments add up. */
#ifndef KEHU_SRC_STORE_SUMS_H
#define KEHU_SRC_STORE_SUMS_H

#include "store/rows.h"

/* Amounts add up beyond 64 bits, so that it does not matter in which order. */
typedef struct kehu__wide {
    uint64_t low;
    int64_t high;
} kehu__wide;

static inline void kehu__wide_add(kehu__wide *sum, int64_t x)
{
    const uint64_t low = sum->low + (uint64_t)x;
    sum->high += (x < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
    sum->low = low;
}

/* What n rows of a customer add: their amounts (NULL = none), and their last sequence. */
void kehu__sums_take(kehu__wide *sum, int64_t *last, const int64_t *amount,
                     const int64_t *sequence, uint32_t n);

/* Is it a number of 64 bits? Then (int64_t)low is the number. */
static inline bool kehu__wide_fits(const kehu__wide *sum)
{
    return sum->high == ((int64_t)sum->low < 0 ? -1 : 0);
}

typedef struct kehu__sums {
    kehu__rows rows;   /* key, time (first), sequence (last), and the columns of sums */
    kehu__wide amount; /* of the last row; the column has it missing if beyond 64 bits */
} kehu__sums;

/* Without rows; false when memory is refused. */
bool kehu__sums_begin(kehu__sums *s, const kehu_allocator *alloc);
void kehu__sums_free(kehu__sums *s);

/* Is this the customer of the last row? */
bool kehu__sums_goes_on(const kehu__sums *s, const char *key, size_t size);

/* Add rows first..end-1, all of this customer and in order; false when memory is
 * refused. */
bool kehu__sums_add(kehu__sums *s, const char *key, size_t size, const kehu__rows *rows,
                    uint32_t first, uint32_t end);

#endif
