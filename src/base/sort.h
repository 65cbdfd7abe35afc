/* base/sort.h - sorting that gives the same order on every machine, which
 * qsort of different C libraries does not where elements compare equal. */
#ifndef KEHU_SRC_BASE_SORT_H
#define KEHU_SRC_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/* In place, n items of `size` bytes (at most 64), O(n log n) always, no
 * allocation. Not stable: compare() should break ties by itself. */
void kehu__sort(void *items, size_t n, size_t size,
                int (*compare)(const void *a, const void *b, void *ctx), void *ctx);

/* Ascending, radix; scratch[n] is overwritten. Numbers must not be NaN;
 * -0.0 comes before 0.0. */
void kehu__sort_u64(uint64_t *keys, uint64_t *scratch, size_t n);
void kehu__sort_i64(int64_t *keys, int64_t *scratch, size_t n);
void kehu__sort_f64(double *keys, double *scratch, size_t n);

/* Stable: keys ascending with each key's value moving along. */
void kehu__sort_pairs(uint64_t *keys, uint32_t *values, uint64_t *key_scratch,
                      uint32_t *value_scratch, size_t n);

/* Map a double to a key whose unsigned order is the number's order, and back. */
uint64_t kehu__order_f64(double x);
double kehu__unorder_f64(uint64_t key);

#endif
