/* text/sentiment_model.h - the inside of a kehu_sentiment. */
#ifndef KEHU_SRC_TEXT_SENTIMENT_MODEL_H
#define KEHU_SRC_TEXT_SENTIMENT_MODEL_H

#include <kehu/sentiment.h>
#include <kehu/svm.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"

/* What a word of the list does. */
typedef struct kehu__role {
    int16_t weight; /* as a cue; 0 = none */
    int16_t degree; /* percent; 0 = none */
    uint8_t negation;
} kehu__role;

struct kehu_sentiment {
    kehu_allocator alloc;
    kehu_keyword *words;
    kehu_svm *svm; /* NULL = none; class `positive` is for something */
    int32_t positive;
    kehu__role *roles; /* [n_roles] */
    int32_t n_roles, bias;
};

/* A model of this list, which is taken over, also on failure. */
kehu_status kehu__sentiment_new(kehu_sentiment **out, kehu_keyword *words,
                                const kehu_allocator *alloc, kehu_error *err);

/* A copy of a list. */
kehu_status kehu__sentiment_copy(kehu_keyword **out, const kehu_keyword *words,
                                 const kehu_allocator *alloc, kehu_error *err);

/* A cue with what is left of its weight: points = weight * factor. */
typedef struct kehu__cue {
    kehu_sentiment_cue cue;
    double factor;
} kehu__cue;

/* Scratch of one thread. */
typedef struct kehu__cueing {
    kehu_allocator alloc;
    kehu_keyword_match *matches;
    uint8_t *used; /* [matches] a word that changed a cue */
    size_t capacity, used_capacity;
    kehu__cue *cues;
    size_t n, cues_capacity;
} kehu__cueing;

kehu_status kehu__sentiment_find(kehu__cueing *c, const kehu_sentiment *s,
                                 const char *text, int64_t size, kehu_error *err);
void kehu__cueing_free(kehu__cueing *c);

#endif
