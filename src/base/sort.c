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

static void count_bytes(const uint64_t *keys, size_t n, size_t count[8][256])
{
    memset(count, 0, 8 * sizeof count[0]);
    for (size_t i = 0; i < n; i++)
        for (int b = 0; b < 8; b++)
            count[b][keys[i] >> 8 * b & 255]++;
}

/* Turn counts into starts; false when one bucket holds all, so that this byte
 * needs no pass. */
static int starts(size_t count[256], size_t n)
{
    size_t at = 0;
    for (int d = 0; d < 256; d++) {
        const size_t c = count[d];
        if (c == n)
            return 0;
        count[d] = at;
        at += c;
    }
    return 1;
}

void kehu__sort_pairs(uint64_t *keys, uint32_t *values, uint64_t *key_scratch,
                      uint32_t *value_scratch, size_t n)
{
    size_t count[8][256];
    uint64_t *from = keys, *to = key_scratch;
    uint32_t *vfrom = values, *vto = value_scratch;
    count_bytes(keys, n, count);
    for (int b = 0; b < 8; b++) {
        if (n == 0 || !starts(count[b], n))
            continue;
        for (size_t i = 0; i < n; i++) {
            const size_t at = count[b][from[i] >> 8 * b & 255]++;
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
    size_t count[8][256];
    uint64_t *from = keys, *to = scratch;
    count_bytes(keys, n, count);
    for (int b = 0; b < 8; b++) {
        if (n == 0 || !starts(count[b], n))
            continue;
        for (size_t i = 0; i < n; i++)
            to[count[b][from[i] >> 8 * b & 255]++] = from[i];
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
