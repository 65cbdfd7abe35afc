/* Arbitrary bytes as a keyword list: refused with a line, or a list that is written
 * and read back to the same bytes, answers alike, and differs from itself nowhere. */
#include <kehu/keyword.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#undef malloc
#undef free

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer_add(ctx, bytes, size);
    return 0;
}

static void check(int right)
{
    if (!right)
        abort();
}

static int32_t answer(const kehu_keyword *k, const char *text, size_t size)
{
    const int64_t offsets[2] = {0, (int64_t)size};
    const kehu_column column = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = offsets};
    int32_t class_number = -2;
    check(kehu_keyword_predict(k, &column, NULL,
                               &(kehu_keyword_answers){.classes = &class_number},
                               NULL) == KEHU_OK);
    check(class_number >= -1 && class_number < kehu_keyword_class_count(k));
    return class_number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer one = kehu__buffer_new(&alloc), two = kehu__buffer_new(&alloc);
    kehu_keyword *k, *back;
    kehu_error err = {.code = 0};
    int64_t n;
    if (kehu_keyword_read_text(&k, text, size, NULL, &err) != KEHU_OK) {
        check(k == NULL && err.code < 0 && err.message[0] != '\0');
        return 0;
    }
    check(kehu_keyword_write_text(k, &(kehu_writer){take, &one}, NULL) == KEHU_OK);
    check(kehu_keyword_read_text(&back, one.bytes, one.size, NULL, NULL) == KEHU_OK);
    check(kehu_keyword_write_text(back, &(kehu_writer){take, &two}, NULL) == KEHU_OK);
    check(one.size == two.size && memcmp(one.bytes, two.bytes, one.size) == 0);
    check(kehu_keyword_diff(k, back, NULL, 0, &n, NULL) == KEHU_OK && n == 0);
    check(answer(k, text, size) == answer(back, text, size));
    kehu_keyword_free(k);
    kehu_keyword_free(back);
    kehu__buffer_free(&one);
    kehu__buffer_free(&two);
    return 0;
}
