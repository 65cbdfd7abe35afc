/* kehu/topic.h - topics of texts without labels: which words go together, how much each
 * topic takes up, typical texts, and what a new text is about.
 *
 *     kehu_topic *topics = NULL;
 *     kehu_error err;
 *     kehu_topic_options options = {.size = sizeof options, .n_topics = 20};
 *     kehu_topic_word words[10];
 *     uint32_t n;
 *     if (kehu_topic_fit(&topics, &texts, &options, &err) != KEHU_OK ||
 *         kehu_topic_words(topics, 0, words, 10, &n, &err) != KEHU_OK)
 *         report(err.message);      // words[0 .. n - 1] say what the largest topic is
 *     kehu_topic_free(topics);
 *
 * Terms are the words of a tokenizer that have two characters or more, folded, no
 * numbers, dates, links and the like; a row is tf (1 + ln((1 + N) / (1 + df))), made
 * length 1.
 *
 * Method: non-negative matrix factorization, rows X = weights W times topics H, least
 * squares, by hierarchical alternating least squares (Cichocki and Phan, IEICE
 * Transactions E92-A, 2009), started from a singular value decomposition (Boutsidis and
 * Gallopoulos, Pattern Recognition 41, 2008). The same texts and options give the same
 * model bytes for any number of threads. What was copied a thousand times makes a topic
 * of its own: fold it first (kehu/duplicate.h). */
#ifndef KEHU_TOPIC_H
#define KEHU_TOPIC_H

#include <kehu/column.h>
#include <kehu/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A fitted model. Immutable: every function taking `const kehu_topic *` may be called
 * from many threads at once. */
typedef struct kehu_topic kehu_topic;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_topic_options {
    uint32_t size;      /* sizeof(kehu_topic_options) */
    uint32_t n_topics;  /* 1..500; 0 means 10 */
    uint32_t min_df;    /* texts a term is in at least; 0 means 5 */
    uint32_t max_terms; /* the most frequent are kept; 0 means 20000 */
    double max_share;   /* of the texts that a term may be in, above 0 up to 1;
                           0 means 0.5 */
    uint32_t passes;    /* over all rows, at most; 0 means 200 */
    uint32_t n_threads; /* 0 means 1; does not change the result */
    const kehu_tokenizer *tokenizer; /* borrowed, outlives the model; NULL means that of
                                        kehu_tokenizer_default() */
    const kehu_executor *executor;   /* the host's threads instead; NULL for none */
    const kehu_progress *progress;   /* NULL for none */
    const kehu_allocator *alloc;     /* NULL means the C library */
} kehu_topic_options;

/* Fit topics.
 *
 * out    receives a new handle, or NULL on failure; free with kehu_topic_free()
 * texts  text column; a missing one is empty
 *
 * Topics are ordered by falling share. Fewer terms or texts than topics leave some topics
 * without words, share 0, at the end.
 * Fails with KEHU_ARGUMENT (an option out of range), KEHU_COLUMN (no text column),
 * KEHU_EMPTY (no term is left), KEHU_NOT_FOUND (there is no default tokenizer),
 * KEHU_LIMIT, KEHU_CANCELLED, KEHU_NO_MEMORY. Time for each pass O((terms of all texts +
 * topics a text has) x topics); extra memory 24 bytes a term of a text, 8 bytes a text
 * and topic, 24 bytes a term and topic, 256 bytes a pair of topics. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_fit(kehu_topic **out,
                                                    const kehu_column *texts,
                                                    const kehu_topic_options *options,
                                                    kehu_error *err);

/* How many topics, as fitted; their numbers are 0 to one less. */
KEHU_API uint32_t kehu_topic_count(const kehu_topic *topics);

enum { KEHU_TOPIC_EXAMPLES = 5 };

/* What is known of a topic from the texts it was fitted on. */
typedef struct kehu_topic_info {
    double share;     /* mean of its share over the texts that have terms; all add to 1 */
    double coherence; /* mean normalized pointwise mutual information of the pairs of its
                         10 first words by text, -1..1; NaN with fewer than 2 words
                         (Bouma, GSCL 2009) */
    int64_t n_texts;  /* texts it has the largest share of; of equal ones the first */
    int64_t examples[KEHU_TOPIC_EXAMPLES]; /* rows with the most of it, most first, -1
                                              behind the last */
} kehu_topic_info;

/* Fails with KEHU_ARGUMENT (no such topic). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_get_info(const kehu_topic *topics,
                                                         uint32_t topic,
                                                         kehu_topic_info *info,
                                                         kehu_error *err);

enum { KEHU_TOPIC_WORDS = 200 }; /* that are told of a topic, at most */

typedef struct kehu_topic_word {
    const char *word; /* folded, NUL-terminated, borrowed from the model */
    double weight; /* what the topic says with this word of all that it says with words,
                      0..1: of texts with the word, as much as they have of the topic */
} kehu_topic_word;

/* A topic's first words, KEHU_TOPIC_WORDS at most: by weight times the square root of the
 * share this topic has of the word (relevance with lambda 2/3: Sievert and Shirley, ACL
 * workshop on language learning, 2014), equal ones by their document frequency. The first
 * `capacity` are written and *n is how many there are. Fails with KEHU_ARGUMENT. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_words(const kehu_topic *topics,
                                                      uint32_t topic,
                                                      kehu_topic_word *words,
                                                      uint32_t capacity, uint32_t *n,
                                                      kehu_error *err);

typedef struct kehu_topic_weights_options {
    uint32_t size;                 /* sizeof(kehu_topic_weights_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
} kehu_topic_weights_options;

/* What texts are about, those it was fitted on or new ones.
 *
 * weights  [n][n_topics] share of each topic, rows add to 1; all 0 for a text in which
 *          there is no term of the topics
 *
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_CANCELLED, KEHU_NO_MEMORY; weights are then
 * unspecified. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_weights(
    const kehu_topic *topics, const kehu_column *texts,
    const kehu_topic_weights_options *options, float *weights, kehu_error *err);

/* Write a model file (kind "TOP1"): to a path, replaced as a whole or not at all, or to a
 * writer. Fails with KEHU_ARGUMENT, KEHU_IO, KEHU_LIMIT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_save(const kehu_topic *topics,
                                                     const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_write(const kehu_topic *topics,
                                                      const kehu_writer *writer,
                                                      kehu_error *err);

/* Read a model file, all of it checked. bytes are not kept. tokenizer is the one it was
 * fitted with (equal kehu_tokenizer_fingerprint()), borrowed; NULL means that of
 * kehu_tokenizer_default(). alloc NULL means the C library. Fails with KEHU_NOT_FOUND (no
 * file; or it needs another tokenizer than the default one), KEHU_ARGUMENT (the tokenizer
 * given is another), KEHU_IO, KEHU_FORMAT, KEHU_KIND, KEHU_VERSION, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_load(kehu_topic **out, const char *path,
                                                     const kehu_tokenizer *tokenizer,
                                                     const kehu_allocator *alloc,
                                                     kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_topic_read(kehu_topic **out, const void *bytes,
                                                     size_t size,
                                                     const kehu_tokenizer *tokenizer,
                                                     const kehu_allocator *alloc,
                                                     kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_topic_free(kehu_topic *topics);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TOPIC_H */
