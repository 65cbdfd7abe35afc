#include "text/content.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"

enum { STRETCH = 1 << 30 }; /* bytes given to the tokenizer at most */

void kehu__content_begin(kehu__content *c, const kehu_tokenizer *tokenizer,
                         const char *text, int64_t size)
{
    c->tokenizer = tokenizer;
    c->text = text;
    c->size = size;
    c->at = c->base = c->n = c->next = 0;
}

static bool find_more(kehu__content *c)
{
    const int64_t left = c->size - c->at;
    int64_t used = 0;
    c->n = c->next = 0;
    c->base = c->at;
    if (left == 0 || kehu_tokenizer_split(
                         c->tokenizer, c->text + c->at, left < STRETCH ? left : STRETCH,
                         c->spans, KEHU__CONTENT_SPANS, &c->n, &used, NULL) != KEHU_OK)
        return false;
    c->at += used;
    return c->n > 0;
}

/* Fold the span into word; false when it is one character alone, or too long. */
static bool take(kehu__content *c, const kehu_span *span)
{
    const char *p = c->text + c->base + span->start, *const end = p + span->size;
    int n = 0;
    c->word_size = 0;
    while (p < end) {
        const uint32_t character = kehu__utf8_next(&p, end);
        if (character == KEHU__BAD_BYTE || c->word_size + 5 > KEHU__CONTENT_BYTES)
            return false;
        c->word_size +=
            (size_t)kehu__utf8_put(c->word + c->word_size, kehu__fold_all(character));
        n++;
    }
    c->word[c->word_size] = '\0';
    c->hash = kehu__hash(c->word, c->word_size, 0);
    c->start = c->base + span->start;
    c->end = c->start + span->size;
    return n > 1;
}

bool kehu__content_next(kehu__content *c)
{
    while (c->next < c->n || find_more(c)) {
        const kehu_span *const span = &c->spans[c->next++];
        const bool word = span->kind == KEHU_SPAN_WORD || span->kind == KEHU_SPAN_LATIN ||
                          span->kind == KEHU_SPAN_MIXED ||
                          span->kind == KEHU_SPAN_FOREIGN;
        if (word && !span->part && take(c, span))
            return true;
    }
    return false;
}
