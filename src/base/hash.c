#include "base/hash.h"

#include "base/bytes.h"
#include "base/cpu.h"

#define K0 0xA0761D6478BD642Fu
#define K1 0xE7037ED1A0B428DBu

/* High and low half of the 128-bit product, folded: one multiply mixes 16 bytes. */
static uint64_t fold_multiply(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    const uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
    const uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    const uint64_t low = middle << 32 | (uint32_t)ll;
    const uint64_t high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
    return low ^ high;
#endif
}

/* The last n <= 16 bytes as two numbers, zeros behind them: by loads that overlap,
 * as a copy of so few bytes costs more than all the rest. */
static void load_tail(const unsigned char *p, size_t n, uint64_t tail[2])
{
    tail[0] = tail[1] = 0;
    if (n > 8) {
        tail[0] = kehu__load64(p);
        tail[1] = kehu__load64(p + n - 8) >> 8 * (16 - n);
    } else if (n >= 4) {
        tail[0] = kehu__load32(p) | (uint64_t)kehu__load32(p + n - 4) >> 8 * (8 - n)
                                                                             << 32;
    } else
        for (size_t i = 0; i < n; i++)
            tail[0] |= (uint64_t)p[i] << 8 * i;
}

uint64_t kehu__hash(const void *bytes, size_t size, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t tail[2];
    uint64_t h = kehu__mix64(seed ^ size);
    for (; size > 16; size -= 16, p += 16)
        h = fold_multiply(kehu__load64(p) ^ K0 ^ h, kehu__load64(p + 8) ^ K1);
    load_tail(p, size, tail);
    h = fold_multiply(tail[0] ^ K0 ^ h, tail[1] ^ K1);
    return kehu__mix64(h);
}

/* Four bits at a time from a 16-entry table: small, no set-up, and only the
 * fallback where the processor has no instruction for it. */
static uint32_t crc32c_plain(uint32_t crc, const unsigned char *p, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
        0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
        0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
    };
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
/* Where a toolchain switches single features off, SSE 4.2 alone does not bring the
 * instruction along; older compilers do not know its name. */
#if defined(__clang__) || __GNUC__ >= 11
#define CRC32_TARGET __attribute__((target("sse4.2,crc32")))
#else
#define CRC32_TARGET __attribute__((target("sse4.2")))
#endif
CRC32_TARGET static uint32_t crc32c_sse42(uint32_t crc, const unsigned char *p,
                                          size_t size)
{
    uint64_t wide = crc;
    for (; size >= 8; size -= 8, p += 8)
        wide = __builtin_ia32_crc32di(wide, kehu__load64(p));
    for (; size > 0; size--, p++)
        wide = __builtin_ia32_crc32qi((uint32_t)wide, *p);
    return (uint32_t)wide;
}
#endif

uint32_t kehu__crc32c(uint32_t crc, const void *bytes, size_t size)
{
#if defined(__x86_64__)
    if (kehu__cpu() & KEHU__CPU_SSE42)
        return ~crc32c_sse42(~crc, bytes, size);
#endif
    return ~crc32c_plain(~crc, bytes, size);
}
