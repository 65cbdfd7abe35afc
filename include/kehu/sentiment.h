/* kehu/sentiment.h - is a text for or against, how strongly, and which words say so.
 *
 *     kehu_sentiment *s = NULL;
 *     kehu_sentiment_answers a = {.polarities = polarities};  // int8_t polarities[n]
 *     kehu_error err;
 *     if (kehu_sentiment_train(&s, &texts, &labels, NULL, &err) != KEHU_OK ||
 *         kehu_sentiment_score(s, &more, NULL, &a, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_sentiment_free(s);
 *
 * A model is a list of cue words, and beside it a linear SVM (kehu/svm.h) for the
 * polarity. The list is a keyword list (kehu/keyword.h) that people read and edit, of the
 * classes
 *
 *     positive   negative   cue words, weight 1..100
 *     negation              words that turn the cue behind them round (不, 没有)
 *     degree                words that make it stronger or weaker, weight in percent
 *                           (非常 80: 1.8 times; 有点 -40: 0.6 times)
 *
 * Cues and words that change them are found from left to right, the longest at each
 * place, apart. Those that change stand before their cue, at most 3 characters from it or
 * from one another, with no sign or blank between. A negation that is a cue too counts as
 * one where nothing follows that it could turn round. A chain of words of degree makes a
 * cue at most 100 times as strong. A text's points are the sum of its cues' points and
 * the bias of the list.
 *
 * What a person edits: kehu_keyword_save_text(kehu_sentiment_words(s), ...), change it,
 * kehu_keyword_load_text(), and kehu_sentiment_from_words(), or train again with it as
 * `words`. */
#ifndef KEHU_SENTIMENT_H
#define KEHU_SENTIMENT_H

#include <kehu/column.h>
#include <kehu/keyword.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A model ready for use. Immutable: every function taking `const kehu_sentiment *` may be
 * called from many threads at once. */
typedef struct kehu_sentiment kehu_sentiment;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_sentiment_options {
    uint32_t size;             /* sizeof(kehu_sentiment_options) */
    uint32_t n_words;          /* cues to learn, 2..20000; 0 means 200 */
    uint32_t words_only;       /* 1: no SVM, the list decides */
    uint32_t n_threads;        /* 0 means 1; does not change the result */
    const char *positive;      /* label of the texts that are for something; NULL means
                                  "positive" */
    const kehu_keyword *words; /* this list instead of a learned one; NULL for none */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_sentiment_options;

/* Learn from texts with one of two labels.
 *
 * Cues are those of kehu_keyword_train(); their weights are learned anew by a linear SVM
 * over what is left of them after negation and degree. The words that change cues are a
 * list of the library's, to be edited afterwards. The SVM takes strings of up to 3
 * characters, class-aware (kehu/svm.h).
 * Fails as kehu_keyword_train() and kehu_svm_train() do, with KEHU_DATA (not two labels,
 * none of them the positive one) and KEHU_NOT_FOUND (`words` lacks a class). Time that
 * of the two. Deterministic for any n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_train(
    kehu_sentiment **out, const kehu_column *texts, const kehu_column *labels,
    const kehu_sentiment_options *options, kehu_error *err);

/* A model of a list alone; it is copied. A class may be missing but one of positive and
 * negative. Fails with KEHU_ARGUMENT, KEHU_NOT_FOUND (no cues), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_sentiment_from_words(kehu_sentiment **out, const kehu_keyword *words,
                          const kehu_allocator *alloc, kehu_error *err);

/* The list, borrowed. */
KEHU_API const kehu_keyword *kehu_sentiment_words(const kehu_sentiment *s);

/* Where the answers to n texts go; NULL for what is not wanted. */
typedef struct kehu_sentiment_answers {
    int8_t *polarities;    /* [n] 1 for, -1 against, 0 neither: no cue and no SVM */
    double *probabilities; /* [n] of being for something, 0..1: the SVM's, else by the
                              points */
    double *strengths;     /* [n] |points| / (|points| + 100), 0..1 */
    int32_t *points;       /* [n] of the list */
    int32_t *n_cues;       /* [n] cues found */
} kehu_sentiment_answers;

typedef struct kehu_sentiment_score_options {
    uint32_t size;                 /* sizeof(kehu_sentiment_score_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    uint32_t words_only;           /* 1: by the list, though there is an SVM */
    uint32_t reserved;             /* 0 */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
} kehu_sentiment_score_options;

/* Score a text column. Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_CANCELLED,
 * KEHU_NO_MEMORY; the answers are then unspecified. Time O(bytes + matches). */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_sentiment_score(const kehu_sentiment *s, const kehu_column *texts,
                     const kehu_sentiment_score_options *options,
                     const kehu_sentiment_answers *answers, kehu_error *err);

/* A cue: text[start .. end), counted in bytes. */
typedef struct kehu_sentiment_cue {
    int64_t start, end;
    int64_t from;      /* where the first word that changes it begins, else start */
    int32_t word;      /* its number in the list */
    int32_t weight;    /* below 0: against */
    int32_t points;    /* the weight after negation and degree */
    int32_t negations; /* words that turn it round */
} kehu_sentiment_cue;

/* The cues of one text of `size` bytes in order. The first `capacity` are written and *n
 * is how many there are; with the bias of the list their points add up to the text's.
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_cues(const kehu_sentiment *s,
                                                         const char *text, int64_t size,
                                                         kehu_sentiment_cue *cues,
                                                         int64_t capacity, int64_t *n,
                                                         kehu_error *err);

/* A model file (kind "SEN1"), to a path or a writer and back; all of it is checked when
 * it is read; bytes are not kept. Fail with KEHU_ARGUMENT, KEHU_IO, KEHU_LIMIT (writing
 * above 4 GiB), KEHU_NO_MEMORY; reading also with KEHU_NOT_FOUND (no file), KEHU_FORMAT,
 * KEHU_KIND, KEHU_VERSION. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_save(const kehu_sentiment *s,
                                                         const char *path,
                                                         kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_write(const kehu_sentiment *s,
                                                          const kehu_writer *writer,
                                                          kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_load(kehu_sentiment **out,
                                                         const char *path,
                                                         const kehu_allocator *alloc,
                                                         kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_sentiment_read(kehu_sentiment **out,
                                                         const void *bytes, size_t size,
                                                         const kehu_allocator *alloc,
                                                         kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_sentiment_free(kehu_sentiment *s);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_SENTIMENT_H */
