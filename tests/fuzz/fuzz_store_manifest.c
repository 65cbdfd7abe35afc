/* Arbitrary bytes as the manifest of a store: a status, never a crash. */
#include "support/store_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    store_fuzz("MANIFEST-0000000002", data, size);
    return 0;
}
