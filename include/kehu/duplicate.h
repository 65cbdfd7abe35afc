/* kehu/duplicate.h - fold texts that are nearly the same: one complaint copied a
 * thousand times is one complaint with its volume.
 *
 *     kehu_table *groups = NULL;
 *     kehu_error err;
 *     if (kehu_duplicate_fold(&groups, group_of, &texts, NULL, &err) != KEHU_OK)
 *         report(err.message);      // int64_t group_of[n]: the group of each text
 *     kehu_table_save_csv(groups, "most_copied.csv", NULL, &err);
 *     kehu_table_free(groups);
 *
 * Two texts are nearly the same when their sets of shingles (so many characters in a
 * row; blanks, case, width and traditional forms apart) have at least the wanted
 * Jaccard similarity: shingles of both / shingles of either. Texts are in one group
 * when a chain of such pairs leads from one to the other.
 *
 * Method: sets that are equal are joined first. Candidate pairs come from minwise
 * hashing in bands (Broder, SEQUENCES 1997; Leskovec, Rajaraman and Ullman, Mining of
 * Massive Datasets, section 3.4), and the similarity of each is counted exactly before
 * it joins two groups. So no pair is joined wrongly, and one that is just similar
 * enough is missed with a chance below 1 in 1,000, more similar ones less often; only
 * among more than 32 different texts that agree in a band can more be missed. */
#ifndef KEHU_DUPLICATE_H
#define KEHU_DUPLICATE_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_duplicate_options {
    uint32_t size;                 /* sizeof(kehu_duplicate_options) */
    uint32_t shingle;              /* characters in a row, 1..16; 0 means 3. A shorter
                                      text is one shingle */
    double similarity;             /* Jaccard, 0.1..1; 0 means 0.8 */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* of the table too; NULL means the C library */
} kehu_duplicate_options;

/* Group texts.
 *
 * out      receives a table of one row a group, the caller's to free:
 *            text    LARGE_UTF8  what stands for the group: the text (as a set of
 *                                shingles) that is in it most often, of those the first
 *            row     INT64       where that text stands in `texts`
 *            volume  INT64       texts in the group
 *            forms   INT64       different sets of shingles among them
 *          by falling volume, equal ones by row
 * groups   [n] receives the row of the table for each text, -1 for a text without any
 *          character but blanks, which is in no group; may be NULL
 * texts    [n] text column; each broken byte stands for one U+FFFD
 *
 * Fails with KEHU_ARGUMENT (an option out of range), KEHU_COLUMN (no text column),
 * KEHU_LIMIT (4,294,967,295 texts or more, or more shingles than an address can reach),
 * KEHU_CANCELLED, KEHU_NO_MEMORY; groups is then unspecified. Time O(characters x 100)
 * and 64 comparisons at most for each text and band; extra memory 8 bytes a character and
 * 40 a text. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_duplicate_fold(kehu_table **out, int64_t *groups, const kehu_column *texts,
                    const kehu_duplicate_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_DUPLICATE_H */
