/* Arbitrary bytes as a word list: a status, or a dictionary that finds each of
 * its words and comes out as a list that gives the same dictionary. */
#include <kehu/tokenizer.h>

#include <stdlib.h>
#include <string.h>

typedef struct text {
    char bytes[1 << 20];
    size_t size;
} text;

static int append(void *ctx, const void *bytes, size_t size)
{
    text *t = ctx;
    if (size > sizeof t->bytes - t->size)
        return 1;
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    return 0;
}

static void write_list(const kehu_tokenizer *t, text *out)
{
    const kehu_writer writer = {append, out};
    out->size = 0;
    if (kehu_tokenizer_write_words(t, &writer, NULL) != KEHU_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static text first, second;
    kehu_tokenizer *t = NULL, *u = NULL;
    if (size > 1 << 14 ||
        kehu_tokenizer_read_words(&t, (const char *)data, size, NULL, NULL) != KEHU_OK)
        return 0;
    write_list(t, &first);
    if (kehu_tokenizer_read_words(&u, first.bytes, first.size, NULL, NULL) != KEHU_OK)
        abort();
    write_list(u, &second);
    if (first.size != second.size || memcmp(first.bytes, second.bytes, first.size) != 0 ||
        kehu_tokenizer_count(t) != kehu_tokenizer_count(u) ||
        kehu_tokenizer_fingerprint(t) != kehu_tokenizer_fingerprint(u))
        abort();
    /* A mark before a list is none of its words'. */
    size_t at = first.size > 3 && memcmp(first.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < first.size) {
        const char *line = first.bytes + at;
        const size_t length =
            (size_t)((char *)memchr(line, '\n', first.size - at) - line);
        kehu_word_info info;
        size_t word = length;
        while (word > 0 && (line[word - 1] >= 'a' && line[word - 1] <= 'z'))
            word--; /* a tag; the frequency always stands before it */
        if (word == length || line[word - 1] != ' ')
            word = length + 1;
        for (word--; word > 0 && line[word - 1] >= '0' && line[word - 1] <= '9';)
            word--;
        if (word == 0 || kehu_tokenizer_find(t, line, word - 1, &info, NULL) != KEHU_OK)
            abort();
        at += length + 1;
    }
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
    return 0;
}
