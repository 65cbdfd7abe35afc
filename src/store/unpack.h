/* store/unpack.h - whole numbers of equally many bits each, side by side. */
#ifndef KEHU_SRC_STORE_UNPACK_H
#define KEHU_SRC_STORE_UNPACK_H

#include <stddef.h>
#include <stdint.h>

enum { KEHU__WIDEST_PACK = 56 }; /* such a value lies in 8 bytes wherever it begins */

/* Value i is base + scale * bits i*width..(i+1)*width-1, least significant first. */
typedef struct kehu__packed {
    const char *bytes;
    size_t size;
    uint64_t base, scale;
    uint32_t width; /* 0..KEHU__WIDEST_PACK or 64 */
} kehu__packed;

/* Values first..end-1 to values[0..]; all of them lie in the bytes. */
void kehu__unpack(int64_t *values, uint32_t first, uint32_t end, const kehu__packed *p);

#endif
