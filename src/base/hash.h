/* base/hash.h - hashes for tables, folds and checksums. Same result on every
 * machine. Not for secrets. */
#ifndef KEHU_SRC_BASE_HASH_H
#define KEHU_SRC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Bijective scrambling of 64 bits (splitmix64's finaliser, Steele et al. 2014). */
static inline uint64_t kehu__mix64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* The x that kehu__mix64 made y of. */
static inline uint64_t kehu__unmix64(uint64_t y)
{
    y = (y ^ y >> 31 ^ y >> 62) * 0x319642B2D24D8EC3u;
    y = (y ^ y >> 27 ^ y >> 54) * 0x96DE1B173F119089u;
    return (y ^ y >> 30 ^ y >> 60) - 0x9E3779B97F4A7C15u;
}

/* 64-bit hash of bytes under a seed. */
uint64_t kehu__hash(const void *bytes, size_t size, uint64_t seed);

/* CRC-32C (Castagnoli, RFC 3720) of bytes; crc is 0 or the result so far. */
uint32_t kehu__crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
