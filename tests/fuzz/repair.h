/* fuzz/repair.h - put a container's length and checksums right, so that changed
 * bytes reach the reader behind them. */
#ifndef KEHU_TESTS_REPAIR_H
#define KEHU_TESTS_REPAIR_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

/* A copy to free(), or NULL when it is too short to be a container. */
static inline uint8_t *repair_container(const uint8_t *data, size_t size)
{
    enum {
        HEADER = 32,
        ENTRY = 24,
        TAIL = 8,
        LENGTH_AT = 16,
        COUNT_AT = 24,
        CRC_AT = 28
    };
    uint8_t *bytes;
    uint64_t n_header;
    if (size < HEADER + TAIL || (bytes = malloc(size)) == NULL)
        return NULL;
    memcpy(bytes, data, size);
    n_header = HEADER + (uint64_t)kehu__load32(bytes + COUNT_AT) * ENTRY;
    kehu__store64(bytes + LENGTH_AT, size);
    if (n_header <= size - TAIL) {
        kehu__store32(bytes + CRC_AT, 0);
        kehu__store32(bytes + CRC_AT, kehu__crc32c(0, bytes, (size_t)n_header));
    }
    kehu__store64(bytes + size - TAIL, kehu__hash(bytes, size - TAIL, 0x6B656875));
    return bytes;
}

/* For files whose free() the library's headers have taken away. */
static inline void repair_free(uint8_t *bytes)
{
    free(bytes);
}
#endif
