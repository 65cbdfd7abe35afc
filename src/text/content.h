/* text/content.h - the words of a text that say what it is about: what a tokenizer finds
 * of two characters or more, but numbers, dates, links and the like. */
#ifndef KEHU_SRC_TEXT_CONTENT_H
#define KEHU_SRC_TEXT_CONTENT_H

#include <kehu/tokenizer.h>

#include <stdbool.h>

enum { KEHU__CONTENT_SPANS = 1024, KEHU__CONTENT_BYTES = 256 };

typedef struct kehu__content {
    const kehu_tokenizer *tokenizer;
    const char *text;
    int64_t size, at; /* of the text, and how much of it is split */
    int64_t base;     /* the spans count from here */
    int64_t n, next;
    kehu_span spans[KEHU__CONTENT_SPANS];
    /* The word found: folded, NUL-terminated, its bytes, a hash of them, its place. */
    char word[KEHU__CONTENT_BYTES];
    size_t word_size;
    uint64_t hash;
    int64_t start, end;
} kehu__content;

/* Begin with a text. */
void kehu__content_begin(kehu__content *c, const kehu_tokenizer *tokenizer,
                         const char *text, int64_t size);

/* The next word; false at the end. */
bool kehu__content_next(kehu__content *c);

#endif
