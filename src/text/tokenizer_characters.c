/* Spans in code points instead of bytes. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/utf8.h"

static uint32_t count(const char *p, const char *end)
{
    uint32_t n = 0;
    for (; p < end; n++)
        kehu__utf8_next(&p, end);
    return n;
}

kehu_status kehu_tokenizer_characters(const char *text, int64_t size,
                                      const kehu_span *spans, int64_t n, uint32_t *starts,
                                      uint32_t *sizes, kehu_error *err)
{
    uint32_t at = 0, before = 0; /* the last span that is no part: its place in both */
    if (n < 0 || size < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n or size is negative");
    if (n > 0 && (text == NULL || spans == NULL || starts == NULL || sizes == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "text, spans, starts or sizes is NULL");
    for (int64_t i = 0; i < n; i++) {
        const kehu_span *s = &spans[i];
        if (s->start < at || (int64_t)s->start + s->size > size)
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "spans, number %lld is not behind the one before it or "
                              "ends behind the text",
                              (long long)i);
        starts[i] = before + count(text + at, text + s->start);
        sizes[i] = count(text + s->start, text + s->start + s->size);
        if (s->part == 0) {
            at = s->start;
            before = starts[i];
        }
    }
    return KEHU_OK;
}
