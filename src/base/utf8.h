/* base/utf8.h - UTF-8 one character at a time, safe on any bytes. */
#ifndef KEHU_SRC_BASE_UTF8_H
#define KEHU_SRC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEHU__BAD_BYTE 0xFFFFFFFFu

/* Decode the character at *p (p < end) and step over it. A byte that starts no
 * valid character (overlong, surrogate, beyond U+10FFFF, cut off) gives
 * KEHU__BAD_BYTE and a step of one. */
static inline uint32_t kehu__utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    const ptrdiff_t left = end - *p;
    const uint32_t a = s[0];
    uint32_t c;
    if (a < 0x80) {
        *p += 1;
        return a;
    }
    if (a >= 0xC2 && a <= 0xDF && left >= 2 && (s[1] & 0xC0) == 0x80) {
        *p += 2;
        return (a & 0x1F) << 6 | (s[1] & 0x3Fu);
    }
    if (a >= 0xE0 && a <= 0xEF && left >= 3 && (s[1] & 0xC0) == 0x80 &&
        (s[2] & 0xC0) == 0x80) {
        c = (a & 0x0F) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
        if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) {
            *p += 3;
            return c;
        }
    }
    if (a >= 0xF0 && a <= 0xF4 && left >= 4 && (s[1] & 0xC0) == 0x80 &&
        (s[2] & 0xC0) == 0x80 && (s[3] & 0xC0) == 0x80) {
        c = (a & 0x07) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 |
            (s[3] & 0x3Fu);
        if (c >= 0x10000 && c <= 0x10FFFF) {
            *p += 4;
            return c;
        }
    }
    *p += 1;
    return KEHU__BAD_BYTE;
}

/* Write code point c (valid, not a surrogate) to out[4]; returns 1..4 bytes. */
static inline int kehu__utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Offset of the first invalid byte, or size when all is valid. */
size_t kehu__utf8_valid(const char *text, size_t size);

#endif
