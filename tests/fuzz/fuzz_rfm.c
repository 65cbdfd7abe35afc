/* Arbitrary bytes as cut points: read, then graded with and written again. */
#include <kehu/rfm.h>

#include <stdlib.h>
#include <string.h>

#include "file/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int same(void *ctx, const void *bytes, size_t size)
{
    const kehu__buffer *b = ctx;
    if (size != b->size || memcmp(bytes, b->bytes, size) != 0)
        abort();
    return 0;
}

/* The payload alone is mutated by a fuzzer that cannot guess checksums. */
static void use(const void *bytes, size_t size)
{
    static const int64_t x[4] = {0, 1, 1000, INT64_MAX};
    const kehu_rfm_columns c = {4, x, x, x};
    kehu_rfm *rfm = NULL;
    kehu_rfm_reason why;
    uint8_t g[12];
    if (kehu_rfm_read(&rfm, bytes, size, NULL, NULL) != KEHU_OK)
        return;
    if (kehu_rfm_grade(rfm, &c, g, NULL) != KEHU_OK ||
        kehu_rfm_explain(rfm, 1, 2, 3, &why, NULL) != KEHU_OK)
        abort();
    for (int i = 0; i < 12; i++)
        if (g[i] < 1 || g[i] > KEHU_RFM_MAX_LEVELS)
            abort();
    kehu_rfm_free(rfm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator a = kehu__allocator(NULL);
    const kehu__section section = {"CUTS", data, size};
    kehu__buffer b = kehu__buffer_new(&a);
    kehu_rfm *rfm = NULL;
    use(data, size);
    kehu__container_build(&b, "RFM1", &section, 1);
    use(b.bytes, b.size);
    if (kehu_rfm_read(&rfm, b.bytes, b.size, NULL, NULL) == KEHU_OK) {
        const kehu_writer w = {same, &b};
        if (kehu_rfm_write(rfm, &w, NULL) != KEHU_OK)
            abort();
        kehu_rfm_free(rfm);
    }
    kehu__buffer_free(&b);
    return 0;
}
