/* kehu/kano.h - which wishes are taken for granted, which pay by degree, which delight:
 * Kano's questionnaire.
 *
 * Every respondent answers two questions about a feature: how is it if it is there
 * (functional), how is it if it is not (dysfunctional)? Answers are 1 I like it, 2 I
 * expect it, 3 neutral, 4 I can live with it, 5 I dislike it. The pair gives a kind:
 *
 *     functional \ dysfunctional    1   2   3   4   5
 *     1 like                        Q   A   A   A   O
 *     2 expect                      R   I   I   I   M
 *     3 neutral                     R   I   I   I   M
 *     4 live with                   R   I   I   I   M
 *     5 dislike                     R   R   R   R   Q
 *
 *     kehu_table *table = NULL;
 *     if (kehu_kano_sum(&table, &feature, &functional, &dysfunctional, NULL, &err) !=
 *         KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(table);
 *
 * Pure functions: call them from many threads.
 * Source: Kano et al. 1984; table and coefficients of Berger et al., "Kano's methods for
 * understanding customer-defined quality", Center for Quality of Management Journal
 * 2(4), 1993. */
#ifndef KEHU_KANO_H
#define KEHU_KANO_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the order that decides between equally frequent ones: M before O before A ... */
typedef enum kehu_kano_kind {
    KEHU_KANO_MUST_BE = 0,     /* M: a basic need */
    KEHU_KANO_ONE_DIMENSIONAL, /* O: an expected need, the more the better */
    KEHU_KANO_ATTRACTIVE,      /* A: a latent need */
    KEHU_KANO_INDIFFERENT,     /* I */
    KEHU_KANO_REVERSE,         /* R: unwanted */
    KEHU_KANO_QUESTIONABLE,    /* Q: the answers contradict each other */
    KEHU_KANO_KINDS            /* how many there are */
} kehu_kano_kind;

/* "must-be", "one-dimensional", ...; NULL for no kind. */
KEHU_API const char *kehu_kano_kind_name(kehu_kano_kind kind);

/* The need behind a kind: "basic", "expected", "latent"; NULL for the other kinds. */
KEHU_API const char *kehu_kano_need_name(kehu_kano_kind kind);

/* The kind of one pair of answers; -1 when one is not 1..5. */
KEHU_API int32_t kehu_kano_classify(int32_t functional, int32_t dysfunctional);

/* One row a feature (or class), in the order of the bytes of their names:
 *
 *   feature, answers, must_be, one_dimensional, attractive, indifferent, reverse,
 *   questionable (INT64), kind, need (text, missing where there is none), better, worse
 *   (FLOAT64)
 *
 * kind is the most frequent one. With M, O, A and I the counts, better = (A + O) / (A + O
 * + M + I), how much satisfaction the feature would bring, and worse = -(O + M) / (A + O
 * + M + I), how much its absence costs; both missing where no answer is of these kinds.
 *
 * out                        receives the table, the caller's to free
 * feature                    text; missing is the empty name
 * functional, dysfunctional  integers 1..5; a pair with a missing one is left out
 *
 * Fails with KEHU_ARGUMENT (a NULL, lengths differ), KEHU_COLUMN (wrong type), KEHU_RANGE
 * (another number: err->where is the row), KEHU_NO_MEMORY. Time O(rows). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_kano_sum(
    kehu_table **out, const kehu_column *feature, const kehu_column *functional,
    const kehu_column *dysfunctional, const kehu_allocator *alloc, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_KANO_H */
