#include "text/dictionary_text.h"

#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

/* The whole text is one- to four-byte characters of GB18030. */
static bool looks_like_gb18030(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        if (s[i] < 0x80) {
            i++;
        } else if (s[i] == 0x80 || s[i] == 0xFF || i + 1 == size) {
            return false;
        } else if (s[i + 1] >= 0x40 && s[i + 1] != 0x7F && s[i + 1] != 0xFF) {
            i += 2;
        } else if (s[i + 1] >= 0x30 && s[i + 1] <= 0x39 && i + 3 < size) {
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The last field of word: [a-z]+ as a tag. */
static bool take_tag(kehu__word *word)
{
    size_t n = 0;
    const char *end = word->bytes + word->size;
    while (n < word->size && end[-1 - (ptrdiff_t)n] >= 'a' &&
           end[-1 - (ptrdiff_t)n] <= 'z')
        n++;
    if (n == 0 || n + 1 >= word->size || n > KEHU__TAG_MAX ||
        !is_blank(end[-1 - (ptrdiff_t)n]))
        return false;
    memset(word->tag, 0, sizeof word->tag);
    memcpy(word->tag, end - n, n);
    word->size -= n + 1;
    return true;
}

/* The last field of word: digits as a frequency. *fits is false when it is
 * negative, zero or too large. */
static bool take_frequency(kehu__word *word, bool *fits)
{
    const char *end = word->bytes + word->size, *digit;
    size_t n = 0;
    uint64_t value = 0;
    bool negative;
    while (n < word->size && end[-1 - (ptrdiff_t)n] >= '0' &&
           end[-1 - (ptrdiff_t)n] <= '9')
        n++;
    if (n == 0)
        return false;
    negative = n < word->size && end[-1 - (ptrdiff_t)n] == '-';
    if (n + negative + 1 >= word->size || !is_blank(end[-1 - (ptrdiff_t)(n + negative)]))
        return false;
    for (digit = end - n; digit < end; digit++)
        value =
            value > KEHU__FREQUENCY_MAX ? value : 10 * value + (uint64_t)(*digit - '0');
    *fits = !negative && value > 0 && value <= KEHU__FREQUENCY_MAX;
    word->frequency = *fits ? (uint32_t)value : 0;
    word->size -= n + negative + 1;
    return true;
}

static void trim(kehu__word *word)
{
    while (word->size > 0 && is_blank(word->bytes[word->size - 1]))
        word->size--;
    while (word->size > 0 && is_blank(*word->bytes)) {
        word->bytes++;
        word->size--;
    }
}

static kehu_status read_line(kehu__dictionary_builder *b, kehu__word *word,
                             const char *name, kehu_error *err)
{
    bool fits = true;
    kehu_status status;
    trim(word);
    if (word->size == 0)
        return KEHU_OK;
    take_tag(word);
    trim(word);
    if (!take_frequency(word, &fits))
        word->frequency = 1;
    if (!fits)
        return kehu__fail(err, KEHU_RANGE, word->line - 1,
                          "%s, line %lld: the frequency is not within 1 to %d", name,
                          (long long)word->line, KEHU__FREQUENCY_MAX);
    trim(word);
    status = kehu__dictionary_builder_add(b, word, err);
    if (status != KEHU_OK && status != KEHU_NO_MEMORY && err != NULL) {
        const kehu_error found = *err;
        return kehu__fail(err, status, found.where, "%s, line %lld: %s", name,
                          (long long)word->line, found.message);
    }
    return status;
}

kehu_status kehu__dictionary_read_text(kehu__dictionary_builder *b, const char *text,
                                       size_t size, const char *name, kehu_error *err)
{
    const char *p = text, *const end = text + size;
    int64_t line = 0;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    for (const char *next; p < end; p = next) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        kehu__word word = {.bytes = p, .line = ++line};
        next = stop == NULL ? end : stop + 1;
        word.size = (size_t)((stop == NULL ? end : stop) - p);
        if (word.size > 0 && word.bytes[word.size - 1] == '\r')
            word.size--;
        if (kehu__utf8_valid(word.bytes, word.size) != word.size &&
            looks_like_gb18030(text, size))
            return kehu__fail(err, KEHU_ENCODING, line - 1,
                              "%s, line %lld is not UTF-8; the file looks like GB18030",
                              name, (long long)line);
        KEHU_TRY(read_line(b, &word, name, err));
    }
    return KEHU_OK;
}

void kehu__dictionary_write_line(kehu__buffer *out, const kehu__word *word)
{
    char number[24];
    const int n = snprintf(number, sizeof number, "%u", (unsigned)word->frequency);
    kehu__buffer_add(out, word->bytes, word->size);
    kehu__buffer_u8(out, ' ');
    kehu__buffer_add(out, number, (size_t)n);
    if (word->tag[0] != '\0') {
        kehu__buffer_u8(out, ' ');
        kehu__buffer_text(out, word->tag);
    }
    kehu__buffer_u8(out, '\n');
}
