/* Arbitrary bytes as a log of demands on disk: what is read is reported on, merged and
 * written, and writing gives the same bytes again. The bytes are also taken as the
 * sections, so that a fuzzer need not guess checksums. */
#include <kehu/demand.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_SECTIONS = 8 };

static int same(void *ctx, const void *bytes, size_t size)
{
    const kehu__buffer *b = ctx;
    if (size != b->size || memcmp(bytes, b->bytes, size) != 0)
        abort();
    return 0;
}

static void use(kehu_demands *d)
{
    kehu_demand_counts c;
    if (kehu_demands_finish(d, 0, NULL, NULL) != KEHU_OK ||
        kehu_demands_get_counts(d, &c, NULL) != KEHU_OK || c.refused + c.later > c.rows ||
        c.open > c.demands || c.repeats > c.demands)
        abort();
    for (int k = 0; k <= KEHU_DEMAND_REFUSED; k++) {
        kehu_table *t = NULL;
        if (kehu_demands_get_table(&t, d, (kehu_demand_table)k, NULL) != KEHU_OK)
            abort();
        kehu_table_free(t);
    }
}

/* Lengths as u16 before each section, the last takes the rest. */
static void build(kehu__buffer *b, const uint8_t *data, size_t size)
{
    static const char *const tags[N_SECTIONS] = {"INFO", "MACH", "DEMD", "CUST",
                                                 "CHAN", "CLAS", "TOOK", "ROWS"};
    kehu__section sections[N_SECTIONS];
    for (int k = 0; k < N_SECTIONS; k++) {
        size_t n = size < 2 ? 0 : kehu__load16(data);
        data += size < 2 ? 0 : 2;
        size -= size < 2 ? 0 : 2;
        n = n > size || k == N_SECTIONS - 1 ? size : n;
        memcpy(sections[k].tag, tags[k], 5);
        sections[k].bytes = data;
        sections[k].size = n;
        data += n;
        size -= n;
    }
    kehu__container_build(b, "DMD1", sections, N_SECTIONS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&a);
    kehu_demands *d = NULL, *other = NULL;
    if (kehu_demands_read(&d, data, size, NULL, NULL) == KEHU_OK) {
        use(d);
        kehu_demands_free(d);
    }
    build(&b, data, size);
    if (kehu_demands_read(&d, b.bytes, b.size, NULL, NULL) == KEHU_OK) {
        const kehu_writer w = {same, &b};
        if (kehu_demands_write(d, &w, NULL) != KEHU_OK ||
            kehu_demands_read(&other, b.bytes, b.size, NULL, NULL) != KEHU_OK ||
            kehu_demands_merge(other, d, NULL) != KEHU_OK)
            abort();
        use(d);
        use(other);
        kehu_demands_free(other);
        kehu_demands_free(d);
    }
    kehu__buffer_free(&b);
    return 0;
}
