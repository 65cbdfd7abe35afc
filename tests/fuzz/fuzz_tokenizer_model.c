/* Arbitrary sections in a sound container: refused, or a dictionary that splits
 * texts and comes out again. The input is the sections one after another, each
 * after its length in four bytes. */
#include <kehu/tokenizer.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"

static int drop(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    (void)bytes;
    (void)size;
    return 0;
}

static void use(const void *bytes, size_t size)
{
    static const char text[] = "中国人民的T恤，iPhone 15，\xE4\xB8旧金山";
    const kehu_writer writer = {drop, NULL};
    kehu_tokenizer *t;
    kehu_span spans[sizeof text];
    int64_t n;
    if (kehu_tokenizer_view(&t, bytes, size, NULL, NULL) != KEHU_OK)
        return;
    if (kehu_tokenizer_split(t, text, sizeof text - 1, spans, sizeof text, &n, NULL,
                             NULL) != KEHU_OK)
        abort();
    (void)!kehu_tokenizer_write_words(t, &writer, NULL);
    kehu_tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char tags[10][5] = {"HEAD", "PAGE", "CHAR", "TRIE", "COST",
                                     "FREQ", "TAGI", "TAGS", "SPEL", "SPLT"};
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&alloc);
    kehu__section sections[10];
    size_t at = 0;
    use(data, size);
    for (int i = 0; i < 10; i++) {
        uint32_t length = size - at >= 4 ? kehu__load32(data + at) : 0;
        at += size - at >= 4 ? 4 : 0;
        if (length > size - at)
            length = (uint32_t)(size - at);
        memcpy(sections[i].tag, tags[i], sizeof tags[i]);
        sections[i].bytes = data + at;
        sections[i].size = length;
        at += length;
    }
    kehu__container_build(&b, "DIC2", sections, 10);
    if (!b.failed)
        use(b.bytes, b.size);
    kehu__buffer_free(&b);
    return 0;
}
