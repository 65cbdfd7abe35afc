/* Arbitrary bytes as the log of a store: a status, never a crash. */
#include "support/store_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    store_fuzz("log-0000000004.kl", data, size);
    return 0;
}
