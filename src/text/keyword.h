/* text/keyword.h - the inside of a keyword list, shared by its files. */
#ifndef KEHU_SRC_TEXT_KEYWORD_H
#define KEHU_SRC_TEXT_KEYWORD_H

#include <kehu/keyword.h>

#include "base/buffer.h"
#include "text/automaton.h"

enum {
    KEHU__KEYWORD_WEIGHT = 100,    /* greatest |weight| */
    KEHU__KEYWORD_BIAS = 1000000,  /* greatest |bias| */
    KEHU__KEYWORD_SCALE = 50000,   /* of a list that says nothing */
    KEHU__KEYWORD_DEFAULT = 50,    /* weight of a line without one */
    KEHU__KEYWORD_CLASSES = 32767, /* most classes */
    KEHU__KEYWORD_NAME = 255,      /* longest class name, bytes */
    KEHU__KEYWORD_MILLION = 1000000,
    KEHU__KEYWORD_CERTAIN = 10000 /* of @abstain */
};

/* A list in the making: lines in any order. Texts lie in `strings`, each ended by
 * a NUL, and are named by their offsets. */
typedef struct kehu__draft_line {
    uint32_t class_at; /* KEHU__ALL_CLASSES for * */
    uint32_t keyword_at;
    uint32_t note_at; /* KEHU__NO_NOTE, or the notes above it */
    int32_t weight;
    uint8_t mark;    /* a kehu_keyword_mark */
    uint32_t number; /* 1-based line in the file, 0 = none */
} kehu__draft_line;

typedef struct kehu__draft_bias {
    uint32_t class_at;
    int32_t points;
    uint32_t number;
} kehu__draft_bias;

#define KEHU__ALL_CLASSES UINT32_MAX
#define KEHU__NO_NOTE     UINT32_MAX

typedef struct kehu__draft {
    kehu_allocator alloc;
    kehu__buffer strings;
    kehu__draft_line *lines;
    kehu__draft_bias *biases;
    size_t n_lines, line_capacity, n_biases, bias_capacity;
    uint32_t head_at, tail_at; /* notes of the whole file, or KEHU__NO_NOTE */
    int32_t scale, abstain;
    bool failed; /* an allocation was refused */
} kehu__draft;

kehu__draft kehu__draft_new(const kehu_allocator *alloc);
void kehu__draft_free(kehu__draft *d);

/* Add a text and return its offset; a refusal is remembered in d->failed. */
uint32_t kehu__draft_text(kehu__draft *d, const char *text, size_t size);
void kehu__draft_add(kehu__draft *d, kehu__draft_line line);
void kehu__draft_add_bias(kehu__draft *d, kehu__draft_bias bias);

/* Make the model. The draft stays the caller's. Keywords are normalised already,
 * weights and names within their limits. Fails with KEHU_DUPLICATE, KEHU_EMPTY,
 * KEHU_LIMIT, KEHU_NO_MEMORY. */
kehu_status kehu__keyword_build(kehu_keyword **out, kehu__draft *d, kehu_error *err);

typedef struct kehu__keyword_line {
    int32_t class_number, weight;
    uint32_t word;       /* UINT32_MAX: forbidden, so never looked for */
    uint32_t keyword_at; /* into strings */
    uint32_t note_at;
    uint8_t mark;
} kehu__keyword_line;

typedef struct kehu__keyword_cell {
    int32_t class_number, weight;
} kehu__keyword_cell;

struct kehu_keyword {
    kehu_allocator alloc;
    char *strings; /* names of classes and forbidden keywords, notes */
    size_t strings_size;
    int32_t n_classes;
    uint32_t *class_at;        /* [n_classes] into strings */
    int32_t *bias;             /* [n_classes] */
    bool biased;               /* some bias differs from another */
    kehu__keyword_line *lines; /* [n_lines] */
    size_t n_lines;
    char *word_bytes; /* the keywords, sorted, each ended by a NUL */
    size_t words_size;
    uint32_t n_words;
    uint32_t *word_at;         /* [n_words + 1] into word_bytes */
    uint8_t *word_symbols;     /* [n_words] */
    uint32_t *row;             /* [n_words + 1] into cells */
    kehu__keyword_cell *cells; /* weights that are not 0, by word and class */
    size_t n_cells;
    uint32_t head_at, tail_at;
    int32_t scale, abstain;
    kehu__automaton automaton;
    kehu_keyword_info training;
};

static inline const char *kehu__keyword_of(const kehu_keyword *k,
                                           const kehu__keyword_line *line)
{
    return line->word == UINT32_MAX ? k->strings + line->keyword_at
                                    : k->word_bytes + k->word_at[line->word];
}

/* The line of a class (-1: all classes) and keyword, or NULL. */
const kehu__keyword_line *kehu__keyword_line_find(const kehu_keyword *k,
                                                  int32_t class_number,
                                                  const char *keyword);

/* The number of a keyword looked for, or UINT32_MAX. */
uint32_t kehu__keyword_word_find(const kehu_keyword *k, const char *keyword);

/* Scratch for scoring texts one after the other. */
typedef struct kehu__keyword_work {
    uint32_t *seen;  /* [n_words] number of the last text with the word */
    uint32_t text;   /* number of this text, from 1 */
    uint32_t *found; /* [n_words] the different words of this text, as they came */
    uint32_t n_found;
    int32_t *scores; /* [n_classes] */
} kehu__keyword_work;

bool kehu__keyword_work_new(kehu__keyword_work *w, const kehu_keyword *k);
void kehu__keyword_work_free(kehu__keyword_work *w, const kehu_keyword *k);

/* Find the different words of a text: w->found, w->n_found. */
void kehu__keyword_find(const kehu_keyword *k, kehu__keyword_work *w, const char *text,
                        int64_t size);

/* Find the words and add up their weights. */
void kehu__keyword_score(const kehu_keyword *k, kehu__keyword_work *w, const char *text,
                         int64_t size);

/* Class with the most points, the lower one of equals. */
int32_t kehu__keyword_best(const int32_t *scores, int32_t n_classes);

/* Probability of the best class. */
double kehu__keyword_probability(const int32_t *scores, int32_t n_classes, int32_t best,
                                 int32_t scale);

#endif
