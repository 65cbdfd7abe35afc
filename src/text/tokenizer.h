/* text/tokenizer.h - what the files of the tokenizer share. */
#ifndef KEHU_SRC_TEXT_TOKENIZER_H
#define KEHU_SRC_TEXT_TOKENIZER_H

#include <kehu/tokenizer.h>

#include <stdatomic.h>

#include "text/dictionary.h"

/* A dictionary with its bytes, shared by the handles made from it. */
typedef struct kehu__lexicon {
    kehu_allocator alloc;
    kehu__dictionary dictionary;
    char *owned; /* the bytes; NULL when they are somebody else's */
    size_t size;
    atomic_uint users; /* handles that hold it */
} kehu__lexicon;

struct kehu_tokenizer {
    kehu_allocator alloc;
    kehu_tokenizer_mode mode;
    bool split_units;
    kehu__lexicon *lexicon; /* NULL without a dictionary */
};

/* The container built from the word list when the library was built; size 0
 * where there was no list. */
extern const char *const kehu__default_words;
extern const size_t kehu__default_words_size;
#endif
