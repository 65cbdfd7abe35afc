/* Arbitrary bytes as the segment of a store: a status, never a crash. */
#include "support/store_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    store_fuzz("seg-0000000003.ks", data, size);
    return 0;
}
