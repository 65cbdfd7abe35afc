/* base/sha256.h - SHA-256 (FIPS 180-4) and the keyed hash made of it, HMAC (RFC 2104). */
#ifndef KEHU_SRC_BASE_SHA256_H
#define KEHU_SRC_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct kehu__sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
} kehu__sha256;

void kehu__sha256_begin(kehu__sha256 *h);
void kehu__sha256_add(kehu__sha256 *h, const void *bytes, size_t size);
void kehu__sha256_end(kehu__sha256 *h, uint8_t digest[32]);

/* A key made ready for any number of messages. */
typedef struct kehu__hmac {
    kehu__sha256 inner, outer;
} kehu__hmac;

void kehu__hmac_begin(kehu__hmac *m, const void *key, size_t size);
void kehu__hmac_of(const kehu__hmac *m, const void *bytes, size_t size,
                   uint8_t digest[32]);

#endif
