/* kehu/need.h - which level of need texts speak of, by the words that give it away.
 *
 *   basic     taken for granted, heard of when it fails: no signal, charged twice
 *   expected  the more the better: too slow, should be cheaper, quick and friendly
 *   latent    nobody counts on it: it would be nice if, why not, what a surprise
 *
 * (the same levels as those of Kano's questionnaire, kehu/kano.h, where people were
 * asked). The words are a keyword list (kehu/keyword.h) of the classes "basic",
 * "expected" and "latent": the library's own, one that people edit, or one learned by
 * kehu_keyword_train() from texts with these labels. What its other classes take, and
 * what it abstains from, speaks of no need.
 *
 *     kehu_table *classes = NULL;
 *     kehu_error err;
 *     if (kehu_needs_find(&classes, KEHU_NEEDS_CLASSES, &texts, &class_of, NULL, &err) !=
 *         KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(classes);
 *
 * Pure functions: call them from many threads. */
#ifndef KEHU_NEED_H
#define KEHU_NEED_H

#include <kehu/keyword.h>
#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library's list, for demands in Chinese and English on telephone, network, accounts
 * and service; to be edited: kehu_keyword_save_text() and kehu_keyword_load_text().
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_needs_words(kehu_keyword **out,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);

/* Reports. Names are text, counts and points INT64, shares FLOAT64.
 *
 *   TEXTS    need, basic, expected, latent (points), words: one row a text. need is
 *            missing where the text speaks of none, and words then too; else words are
 *            those that speak for the need, as "word:points" with ", " between, the
 *            weightiest first
 *   CLASSES  class, texts, basic, expected, latent, none (texts of each), basic_share,
 *            expected_share, latent_share (of the texts with a need; missing without
 *            one), need (the most frequent; of equal ones the more basic), basic_words,
 *            expected_words, latent_words (those in most of these texts, as "word:texts"
 *            with ", " between; of equal ones the first by its bytes): one row a class,
 *            in the order of the bytes of their names */
typedef enum kehu_needs_report {
    KEHU_NEEDS_TEXTS = 0,
    KEHU_NEEDS_CLASSES
} kehu_needs_report;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_needs_options {
    uint32_t size;             /* sizeof(kehu_needs_options) */
    uint32_t n_words;          /* words listed at most as reasons, 1..100; 0 means 5 */
    uint32_t n_threads;        /* 0 means 1; does not change the result */
    uint32_t reserved;         /* 0 */
    const kehu_keyword *words; /* the list; NULL means kehu_needs_words() */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* of the table too; NULL means the C library */
} kehu_needs_options;

/* Make a report.
 *
 * out       receives the table, the caller's to free
 * texts     text column; a missing one is empty
 * class_of  text of the same length; a missing one is the empty name. NULL: all texts are
 *           one class; not used for TEXTS
 *
 * Fails with KEHU_ARGUMENT (an option out of range, columns of different length),
 * KEHU_COLUMN (no text column), KEHU_NOT_FOUND (the list has none of the three classes),
 * KEHU_CANCELLED, KEHU_NO_MEMORY. Time O(bytes + words found); memory 28 bytes a text,
 * and 24 a class and word of the list. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_needs_find(
    kehu_table **out, kehu_needs_report report, const kehu_column *texts,
    const kehu_column *class_of, const kehu_needs_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_NEED_H */
