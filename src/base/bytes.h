/* base/bytes.h - fixed-width little-endian loads and stores at any alignment, and short
 * stretches of bytes without a call. */
#ifndef KEHU_SRC_BASE_BYTES_H
#define KEHU_SRC_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define KEHU__BIG_ENDIAN 1
#else
#define KEHU__BIG_ENDIAN 0
#endif

static inline uint16_t kehu__swap16(uint16_t v)
{
    return (uint16_t)(v << 8 | v >> 8);
}
static inline uint32_t kehu__swap32(uint32_t v)
{
    return v << 24 | (v & 0xFF00) << 8 | (v >> 8 & 0xFF00) | v >> 24;
}
static inline uint64_t kehu__swap64(uint64_t v)
{
    return (uint64_t)kehu__swap32((uint32_t)v) << 32 | kehu__swap32((uint32_t)(v >> 32));
}

#define KEHU__LOAD_STORE(bits)                                                           \
    static inline uint##bits##_t kehu__load##bits(const void *p)                         \
    {                                                                                    \
        uint##bits##_t v;                                                                \
        memcpy(&v, p, sizeof v);                                                         \
        return KEHU__BIG_ENDIAN ? kehu__swap##bits(v) : v;                               \
    }                                                                                    \
    static inline void kehu__store##bits(void *p, uint##bits##_t v)                      \
    {                                                                                    \
        if (KEHU__BIG_ENDIAN)                                                            \
            v = kehu__swap##bits(v);                                                     \
        memcpy(p, &v, sizeof v);                                                         \
    }
KEHU__LOAD_STORE(16)
KEHU__LOAD_STORE(32)
KEHU__LOAD_STORE(64)
#undef KEHU__LOAD_STORE

static inline double kehu__load_double(const void *p)
{
    const uint64_t bits = kehu__load64(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline void kehu__store_double(void *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    kehu__store64(p, bits);
}
static inline float kehu__load_float(const void *p)
{
    const uint32_t bits = kehu__load32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline void kehu__store_float(void *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    kehu__store32(p, bits);
}
/* memcpy, but short values, which most are, without a call: by two copies that
 * overlap. */
static inline void kehu__copy_short(char *to, const char *from, size_t n)
{
    if (n > 32)
        memcpy(to, from, n);
    else if (n >= 16) {
        memcpy(to, from, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* Equal bytes, eight at a time: most values are short, and a call would cost more. */
static inline bool kehu__same_bytes(const char *a, const char *b, size_t n)
{
    uint64_t x, y;
    if (n < 8) {
        while (n > 0 && a[n - 1] == b[n - 1])
            n--;
        return n == 0;
    }
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return x == y;
}

#endif
