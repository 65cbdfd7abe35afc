/* support/store_fuzz.h - one file of a store as a fuzzer's bytes, the others sound. */
#ifndef KEHU_TESTS_STORE_FUZZ_H
#define KEHU_TESTS_STORE_FUZZ_H
#include <stddef.h>
#include <stdint.h>

/* Put these bytes in place of one file (its name) of a small store in memory, with
 * checksums that would only say "damaged" made right, and read everything there is:
 * as a snapshot by path, and as the writer. */
void store_fuzz(const char *name, const uint8_t *bytes, size_t size);
#endif
