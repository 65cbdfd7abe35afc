/* Arbitrary bytes as a model file: opening answers with a status, and what is
 * found lies inside the bytes. */
#include <stdlib.h>

#include "file/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu__container c;
    const char *bytes;
    size_t length;
    if (kehu__container_open(&c, data, size, "TEST", "the model", NULL) == KEHU_OK &&
        kehu__container_find(&c, "ABCD", &bytes, &length) &&
        (bytes < (const char *)data || length > size ||
         bytes + length > (const char *)data + size))
        abort();
    return 0;
}
