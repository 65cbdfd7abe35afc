/* kehu/summary.h - a few sentences that stand for a group of texts: a topic's, a class's,
 * a day's complaints.
 *
 *     kehu_table *summary = NULL;
 *     kehu_error err;
 *     if (kehu_summary_find(&summary, &texts, NULL, &err) != KEHU_OK ||
 *         kehu_table_save_csv(summary, "summary.csv", NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(summary);
 *
 * Sentences are taken as they stand. Those that have most in common with all of them come
 * first, without near repetitions of one before.
 *
 * Method: a sentence is the set of its pairs of characters (blanks, case, width and
 * traditional forms apart), each weighing 1 + ln(sentences / sentences that have it),
 * made length 1; its score is the cosine with the sum of all (Radev and others,
 * Information Processing and Management 40, 2004). So what was copied speaks with its
 * volume. */
#ifndef KEHU_SUMMARY_H
#define KEHU_SUMMARY_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_summary_options {
    uint32_t size;           /* sizeof(kehu_summary_options) */
    uint32_t n_sentences;    /* at most so many, 1..1000; 0 means 3 */
    uint32_t min_characters; /* a sentence has at least; 0 means 6 */
    uint32_t n_threads;      /* 0 means 1; does not change the result */
    double max_similarity;   /* Jaccard of pairs of characters with a sentence before
                                it, above 0 up to 1; 0 means 0.4 */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* of the table too; NULL means the C library */
} kehu_summary_options;

/* Find them.
 *
 * out    receives a table, the caller's to free, the best sentence first:
 *          sentence  LARGE_UTF8  without blanks at its ends
 *          row       INT64       of the text it stands in
 *          start     INT64       byte of that text
 *          end       INT64
 *          score     FLOAT64     0..1; of equal ones the first
 *        with fewer rows, or none, where the texts have no more
 * texts  text column; a sentence ends with 。！？；… or ! ? ; or a line's end, or a full
 *        stop with a blank behind it
 *
 * Fails with KEHU_ARGUMENT (an option out of range), KEHU_COLUMN (no text column),
 * KEHU_LIMIT (more characters than an address can reach), KEHU_CANCELLED,
 * KEHU_NO_MEMORY. Time O(n log n) in characters and n_sentences^2 comparisons for each
 * sentence looked at; extra memory 25 bytes a character. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_summary_find(kehu_table **out, const kehu_column *texts,
                  const kehu_summary_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_SUMMARY_H */
