/* text/topic_model.h - the inside of a kehu_topic. */
#ifndef KEHU_SRC_TEXT_TOPIC_MODEL_H
#define KEHU_SRC_TEXT_TOPIC_MODEL_H

#include <kehu/topic.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"
#include "data/column.h"
#include "learn/nmf.h"
#include "text/content.h"

/* A word of a topic, as a term. */
typedef struct kehu__topic_term {
    uint32_t term;
    float share;
} kehu__topic_term;

struct kehu_topic {
    kehu_allocator alloc;
    const kehu_tokenizer *tokenizer;
    kehu_tokenizer *own; /* the same, if it is ours to free */
    uint64_t fingerprint;
    uint32_t n_topics, n_terms;
    uint64_t *hashes; /* [n_terms] of the words, by falling document frequency */
    size_t *offsets;  /* [n_terms] of the words in bytes, each with its NUL */
    char *bytes;
    size_t n_bytes;
    float *idf;              /* [n_terms] */
    float *factors;          /* [n_terms][n_topics] */
    float *gram;             /* [n_topics][n_topics] */
    kehu_topic_info *info;   /* [n_topics] */
    uint32_t *n_words;       /* [n_topics] */
    kehu__topic_term *words; /* [n_topics][KEHU_TOPIC_WORDS] n_words of each topic */
    uint32_t *slots;         /* [n_slots] term + 1, 0 = free */
    size_t n_slots;          /* a power of two */
};

static inline const char *kehu__topic_word(const kehu_topic *t, uint32_t term)
{
    return t->bytes + t->offsets[term];
}

/* Room for all of it; n_topics, n_terms and n_bytes are set. False when refused. */
bool kehu__topic_room(kehu_topic *t);

/* Fill slots and gram from the rest. False when a word stands there twice. */
bool kehu__topic_index(kehu_topic *t);

/* A text's row, columns rising, length 1. */
typedef struct kehu__topic_row {
    kehu_allocator alloc;
    size_t n, capacity;
    uint64_t *terms; /* scratch */
    size_t terms_capacity;
    uint32_t *columns;
    float *values;
} kehu__topic_row;

bool kehu__topic_find_row(kehu__topic_row *row, const kehu_topic *t, const char *text,
                          int64_t size);
void kehu__topic_row_free(kehu__topic_row *row);

/* The terms of the texts and their rows; frees nothing of t on failure. */
typedef struct kehu__topic_rows {
    int64_t n;
    size_t capacity; /* of columns and values */
    int64_t *starts; /* [n + 1] */
    uint32_t *columns;
    float *values;
} kehu__topic_rows;
kehu_status kehu__topic_terms(kehu_topic *t, kehu__topic_rows *rows,
                              const kehu_column *texts, const kehu_topic_options *opt,
                              kehu_error *err);
void kehu__topic_rows_free(kehu__topic_rows *rows, const kehu_allocator *a);

/* Fill in words and n_words: weights[rows->n][n_topics] are those of the rows. */
bool kehu__topic_rank(kehu_topic *t, const kehu__topic_rows *rows, const float *weights);

/* Order the topics by share and fill in info and words. */
kehu_status kehu__topic_describe(kehu_topic *t, const kehu__topic_rows *rows,
                                 const kehu__run *run, kehu_error *err);

#endif
