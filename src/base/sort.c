#include "base/sort.h"

#include <assert.h>
#include <string.h>

typedef struct order {
    size_t size;
    int (*compare)(const void *a, const void *b, void *ctx);
    void *ctx;
} order;

static void swap(char *a, char *b, size_t size)
{
    char t[64];
    memcpy(t, a, size);
    memcpy(a, b, size);
    memcpy(b, t, size);
}

static void insertion_sort(char *items, size_t n, const order *o)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0; j--) {
            char *b = items + j * o->size, *a = b - o->size;
            if (o->compare(a, b, o->ctx) <= 0)
                break;
            swap(a, b, o->size);
        }
}

static void sift_down(char *items, size_t root, size_t n, const order *o)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && o->compare(items + child * o->size,
                                        items + (child + 1) * o->size, o->ctx) < 0)
            child++;
        if (o->compare(items + root * o->size, items + child * o->size, o->ctx) >= 0)
            return;
        swap(items + root * o->size, items + child * o->size, o->size);
    }
}

static void heap_sort(char *items, size_t n, const order *o)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(items, i, n, o);
    for (size_t end = n; end-- > 1;) {
        swap(items, items + end * o->size, o->size);
        sift_down(items, 0, end, o);
    }
}

/* The middle one of first, middle and last goes to the front as pivot. */
static void choose_pivot(char *items, size_t n, const order *o)
{
    char *first = items, *middle = items + n / 2 * o->size,
         *last = items + (n - 1) * o->size;
    if (o->compare(middle, last, o->ctx) > 0)
        swap(middle, last, o->size);
    if (o->compare(first, middle, o->ctx) < 0)
        swap(first, middle, o->size);
    if (o->compare(first, last, o->ctx) > 0)
        swap(first, last, o->size);
}

/* Quicksort that turns to heap sort when it goes too deep (introsort, Musser
 * 1997). Recurses into the smaller part only. */
static void intro_sort(char *items, size_t n, int depth, const order *o)
{
    while (n > 16) {
        size_t i = 0, j = n;
        if (depth-- == 0) {
            heap_sort(items, n, o);
            return;
        }
        choose_pivot(items, n, o);
        for (;;) {
            do
                i++;
            while (i < n && o->compare(items + i * o->size, items, o->ctx) < 0);
            do
                j--;
            while (o->compare(items + j * o->size, items, o->ctx) > 0);
            if (i >= j)
                break;
            swap(items + i * o->size, items + j * o->size, o->size);
        }
        swap(items, items + j * o->size, o->size);
        if (j < n - j - 1) {
            intro_sort(items, j, depth, o);
            items += (j + 1) * o->size;
            n -= j + 1;
        } else {
            intro_sort(items + (j + 1) * o->size, n - j - 1, depth, o);
            n = j;
        }
    }
    insertion_sort(items, n, o);
}

void kehu__sort(void *items, size_t n, size_t size,
                int (*compare)(const void *a, const void *b, void *ctx), void *ctx)
{
    const order o = {size, compare, ctx};
    int depth = 2;
    assert(size > 0 && size <= 64);
    for (size_t m = n; m > 1; m /= 2)
        depth += 2;
    intro_sort(items, n, depth, &o);
}

uint64_t kehu__order_f64(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

double kehu__unorder_f64(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* How keys are passed over, least significant digits first: only the bits in which
 * they can differ, in digits that are wide where there is much to sort. */
typedef struct digits {
    uint64_t least; /* taken off every key */
    int width, passes;
} digits;

enum { WIDEST = 11, NARROW = 8, MANY = 4096 };

static digits find_digits(const uint64_t *keys, size_t n)
{
    const int widest = n < MANY ? NARROW : WIDEST;
    digits d = {.least = n > 0 ? keys[0] : 0};
    uint64_t most = d.least;
    int bits = 0;
    for (size_t i = 1; i < n; i++) {
        d.least = keys[i] < d.least ? keys[i] : d.least;
        most = keys[i] > most ? keys[i] : most;
    }
    for (uint64_t range = most - d.least; range > 0; range >>= 1)
        bits++;
    d.passes = (bits + widest - 1) / widest;
    d.width = d.passes == 0 ? 0 : (bits + d.passes - 1) / d.passes;
    return d;
}

static size_t digit(const digits *d, uint64_t key, int pass)
{
    return (size_t)((key - d->least) >> pass * d->width) & (((size_t)1 << d->width) - 1);
}

/* Where each digit's keys start; false when one digit has all, so that the pass
 * would change nothing. */
static int find_starts(const digits *d, int pass, const uint64_t *keys, size_t n,
                       size_t start[1 << WIDEST])
{
    size_t at = 0;
    memset(start, 0, sizeof *start << d->width);
    for (size_t i = 0; i < n; i++)
        start[digit(d, keys[i], pass)]++;
    for (size_t k = 0; k < (size_t)1 << d->width; k++) {
        const size_t c = start[k];
        if (c == n)
            return 0;
        start[k] = at;
        at += c;
    }
    return 1;
}

void kehu__sort_pairs(uint64_t *keys, uint32_t *values, uint64_t *key_scratch,
                      uint32_t *value_scratch, size_t n)
{
    const digits d = find_digits(keys, n);
    size_t start[1 << WIDEST];
    uint64_t *from = keys, *to = key_scratch;
    uint32_t *vfrom = values, *vto = value_scratch;
    for (int pass = 0; pass < d.passes; pass++) {
        if (!find_starts(&d, pass, from, n, start))
            continue;
        for (size_t i = 0; i < n; i++) {
            const size_t at = start[digit(&d, from[i], pass)]++;
            to[at] = from[i];
            vto[at] = vfrom[i];
        }
        uint64_t *t = from;
        uint32_t *vt = vfrom;
        from = to, to = t;
        vfrom = vto, vto = vt;
    }
    if (from != keys) {
        memcpy(keys, from, n * sizeof *keys);
        memcpy(values, vfrom, n * sizeof *values);
    }
}

void kehu__sort_u64(uint64_t *keys, uint64_t *scratch, size_t n)
{
    const digits d = find_digits(keys, n);
    size_t start[1 << WIDEST];
    uint64_t *from = keys, *to = scratch;
    for (int pass = 0; pass < d.passes; pass++) {
        if (!find_starts(&d, pass, from, n, start))
            continue;
        for (size_t i = 0; i < n; i++)
            to[start[digit(&d, from[i], pass)]++] = from[i];
        uint64_t *t = from;
        from = to, to = t;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

void kehu__sort_i64(int64_t *keys, int64_t *scratch, size_t n)
{
    uint64_t *u = (uint64_t *)keys;
    for (size_t i = 0; i < n; i++)
        u[i] ^= (uint64_t)1 << 63;
    kehu__sort_u64(u, (uint64_t *)scratch, n);
    for (size_t i = 0; i < n; i++)
        u[i] ^= (uint64_t)1 << 63;
}

void kehu__sort_f64(double *keys, double *scratch, size_t n)
{
    /* Through memcpy, not a cast: the compiler may assume that a double and an
     * integer never share an address. */
    for (size_t i = 0; i < n; i++) {
        const uint64_t key = kehu__order_f64(keys[i]);
        memcpy(&keys[i], &key, sizeof key);
    }
    kehu__sort_u64((void *)keys, (void *)scratch, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t key;
        memcpy(&key, &keys[i], sizeof key);
        keys[i] = kehu__unorder_f64(key);
    }
}
