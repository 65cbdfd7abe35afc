/* text/words.h - the parts of kehu/words.h: texts to an index of strings, and strings to
 * words. */
#ifndef KEHU_SRC_TEXT_WORDS_H
#define KEHU_SRC_TEXT_WORDS_H

#include <kehu/words.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/thread.h"
#include "data/column.h"

enum {
    KEHU__WORD_CODES = 27585, /* 0 for a break, then the characters */
    KEHU__WORD_TASKS = 64,
    KEHU__NEW_WORD_MAX = 10
};

/* All Chinese characters of the texts in a row and, sorted by what stands there, where
 * each is. Strings that occur min_count times are sorted by up to max_characters. */
typedef struct kehu__word_index {
    kehu_allocator alloc;
    uint32_t min_count, max_characters;
    size_t n_codes, n; /* codes; characters among them */
    uint16_t *codes; /* [n_codes + 1] starts with a 0; between texts and at the end too */
    uint32_t *places; /* [n] */
    size_t *first;    /* [KEHU__WORD_CODES + 1] where the places of a character begin */
    uint32_t task[KEHU__WORD_TASKS + 1]; /* the characters that a task looks after */
} kehu__word_index;

/* min_count 0 means 10 and one more for each 2,000,000 characters. */
kehu_status kehu__word_index_build(kehu__word_index *out, const kehu_column *texts,
                                   uint32_t min_count, uint32_t max_characters,
                                   const kehu__run *run, const kehu_allocator *alloc,
                                   kehu_error *err);
void kehu__word_index_free(kehu__word_index *index);

/* A code's character. */
uint32_t kehu__word_character_of(uint16_t code);

typedef struct kehu__new_word {
    uint32_t place; /* of one occurrence in codes */
    uint32_t length, count;
    double cohesion, left, right, score;
} kehu__new_word;

/* The words in `into`, an array of kehu__new_word, sorted by character. */
kehu_status kehu__words_measure(kehu__buffer *into, const kehu__word_index *index,
                                const kehu_words_options *wanted,
                                const kehu_tokenizer *known, const kehu__run *run,
                                kehu_error *err);

#endif
