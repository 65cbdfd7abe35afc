/* Arbitrary bytes as a kept base: what is read can be merged, finished and
 * written, and writing gives the same bytes again. The first byte cuts the rest
 * into sections, so that a fuzzer need not guess checksums. */
#include <kehu/rfm.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int same(void *ctx, const void *bytes, size_t size)
{
    const kehu__buffer *b = ctx;
    if (size != b->size || memcmp(bytes, b->bytes, size) != 0)
        abort();
    return 0;
}

static void use(kehu_rfm_base *base)
{
    kehu_rfm_columns c;
    kehu_column keys;
    const kehu_status status = kehu_rfm_base_finish(base, &c, &keys, NULL);
    if (status == KEHU_OK)
        for (int64_t i = 0; i < c.n; i++)
            if (c.recency_days[i] < 0 || c.orders[i] < 1)
                abort();
    if (status != KEHU_OK && status != KEHU_EMPTY && status != KEHU_RANGE)
        abort();
}

/* Five sections: lengths as u16 before each, the last takes the rest. */
static void build(kehu__buffer *b, const uint8_t *data, size_t size)
{
    static const char *const tags[] = {"INFO", "CUST", "NAME", "ORDR", "ORDT"};
    kehu__section sections[5];
    for (int k = 0; k < 5; k++) {
        size_t n = size < 2 ? 0 : kehu__load16(data);
        data += size < 2 ? 0 : 2;
        size -= size < 2 ? 0 : 2;
        n = n > size || k == 4 ? size : n;
        memcpy(sections[k].tag, tags[k], 5);
        sections[k].bytes = data;
        sections[k].size = n;
        data += n;
        size -= n;
    }
    kehu__container_build(b, "RFB1", sections, 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&a);
    kehu_rfm_base *base = NULL, *other = NULL;
    if (kehu_rfm_base_read(&base, data, size, NULL, NULL) == KEHU_OK) {
        use(base);
        kehu_rfm_base_free(base);
    }
    build(&b, data, size);
    if (kehu_rfm_base_read(&base, b.bytes, b.size, NULL, NULL) == KEHU_OK) {
        const kehu_writer w = {same, &b};
        if (kehu_rfm_base_write(base, &w, NULL) != KEHU_OK ||
            kehu_rfm_base_read(&other, b.bytes, b.size, NULL, NULL) != KEHU_OK)
            abort();
        const kehu_status status = kehu_rfm_base_merge(other, base, NULL);
        if (status != KEHU_OK && status != KEHU_LIMIT) /* of rows */
            abort();
        use(base);
        use(other);
        kehu_rfm_base_free(other);
        kehu_rfm_base_free(base);
    }
    kehu__buffer_free(&b);
    return 0;
}
