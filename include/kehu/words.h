/* kehu/words.h - find new words: strings of Chinese characters that the dictionary does
 * not have and that these texts use as words.
 *
 *     kehu_table *found = NULL;
 *     kehu_tokenizer *mine = NULL;
 *     kehu_error err;
 *     if (kehu_words_find(&found, &texts, NULL, &err) != KEHU_OK ||
 *         kehu_tokenizer_edit(&mine, tokenizer, kehu_table_find(found, "word"), NULL,
 *                             NULL, &err) != KEHU_OK)
 *         report(err.message);
 *
 * A string w of N characters in all is taken for a word when it occurs often enough, when
 * its parts belong together and when it stands free:
 *
 *   cohesion  the least over all ways to split w = ab of ln(n(w) N / (n(a) n(b))), the
 *             pointwise mutual information of the parts
 *   entropy   of the characters right before it and of those right after it, in nats; the
 *             end of a text, a sign, a digit or a letter count as a different one each
 *             time. The lesser of the two decides
 *
 * It is left out when it is a piece of the dictionary's words in most of its places.
 * Free phrases of known words ("very good") cohere too, but less than names do, so that
 * more is asked of strings with known words among their parts.
 *
 * Characters outside the Basic Multilingual Plane, letters, digits and signs part strings
 * and are in no new word. Traditional forms count as simplified ones. What was copied
 * (kehu/duplicate.h) counts as often as it stands there.
 *
 * Method: the starts of all strings sorted by what follows, as in a suffix array of
 * limited depth, so that every string's occurrences stand together (Yamamoto and Church,
 * Computational Linguistics 27, 2001). */
#ifndef KEHU_WORDS_H
#define KEHU_WORDS_H

#include <kehu/table.h>
#include <kehu/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_words_options {
    uint32_t size;           /* sizeof(kehu_words_options) */
    uint32_t min_count;      /* occurrences, at least 2; 0 means 10, and one more
                                for each 2,000,000 characters */
    uint32_t max_characters; /* of a word, 2..10; 0 means 5 */
    uint32_t max_words;      /* the best are kept; 0 means all */
    double min_cohesion;     /* above 0; 0 means 4 */
    double phrase_cohesion;  /* the same for strings with a part that the dictionary
                                knows as a word of two characters or more, or as
                                a frequent one; 0 means 7 */
    double min_entropy;      /* above 0; 0 means 1.5 */
    const kehu_tokenizer *tokenizer; /* words of its dictionary are not new; NULL means
                                        that of kehu_tokenizer_default(), if there is one.
                                        Needed for the call only */
    uint32_t n_threads;              /* 0 means 1; does not change the result */
    const kehu_executor *executor;   /* the host's threads instead; NULL for none */
    const kehu_progress *progress;   /* NULL for none */
    const kehu_allocator *alloc;     /* of the table too; NULL means the C library */
} kehu_words_options;

/* Find them.
 *
 * out    receives a table, the caller's to free, the best word first:
 *          word           LARGE_UTF8  in simplified characters
 *          count          INT64       how often it stands in the texts, parts of longer
 *                                     words included
 *          cohesion       FLOAT64     in nats
 *          left_entropy   FLOAT64     in nats
 *          right_entropy  FLOAT64     in nats
 *          score          FLOAT64     cohesion (of phrases: less what is asked of them
 *                                     more) + min(left_entropy, right_entropy); equal
 *                                     ones by the word's code points
 * texts  text column; a missing one is empty
 *
 * Fails with KEHU_ARGUMENT (an option out of range), KEHU_COLUMN (no text column),
 * KEHU_LIMIT (4,294,967,295 characters or more), KEHU_CANCELLED, KEHU_NO_MEMORY. Time
 * O(n log n) in characters; extra memory 6 bytes a Chinese character, which takes 3 in
 * the text, and 2 for a run of others; 1 MB a thread; 48 bytes a word found. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_words_find(kehu_table **out,
                                                     const kehu_column *texts,
                                                     const kehu_words_options *options,
                                                     kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_WORDS_H */
