/* kehu/priority.h - what to do first: groups of demands ranked by several inputs, with
 * weights in a text that people edit, and the reasons of each rank.
 *
 *     # input: weight
 *     volume: 3
 *     growth: 2
 *     negative_share: 2
 *     customer_value: 1
 *
 * (this one is built in). An input is a column of that name; more of it is more urgent.
 * Blank lines and lines that start with # are skipped; the colon may be full-width.
 *
 *     kehu_priority *weights = NULL;
 *     kehu_table *ranked = NULL;
 *     const char *text = kehu_priority_builtin();
 *     if (kehu_priority_read(&weights, text, strlen(text), NULL, &err) != KEHU_OK ||
 *         kehu_priority_rank(&ranked, weights, &groups, inputs, 4, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(ranked);
 *     kehu_priority_free(weights);
 *
 * An input counts by its place among the groups: share = (groups that have less + half of
 * the others that have as much) / (other groups), so that no unit and no outlier decides;
 * points = share x weight / all weights; score = the sum of points, 0 to 1. Raising one
 * input of a group therefore never lowers its rank. */
#ifndef KEHU_PRIORITY_H
#define KEHU_PRIORITY_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parsed weights. Immutable: threads may share it. */
typedef struct kehu_priority kehu_priority;

enum { KEHU_PRIORITY_MAX_INPUTS = 64 };

/* Text of the built-in weights. */
KEHU_API const char *kehu_priority_builtin(void);

/* Parse weights: size bytes of text, or the file at path.
 * Fails with KEHU_FORMAT (a bad line, a weight that is no number: err->where is the line,
 * 0-based, and the message counts from 1), KEHU_RANGE (a weight not within 0 to 1e6: the
 * same), KEHU_DUPLICATE (an input twice, or one whose columns the ranked table has from
 * another, such as "score", or "x_share" beside "x": the same), KEHU_ENCODING, KEHU_EMPTY
 * (no weight above 0), KEHU_LIMIT (above 64 inputs or 1 MiB), KEHU_NO_MEMORY, and when
 * loading KEHU_NOT_FOUND, KEHU_IO. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_priority_read(kehu_priority **out,
                                                        const void *bytes, size_t size,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_priority_load(kehu_priority **out,
                                                        const char *path,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);

/* The text as it was read. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_priority_save(const kehu_priority *priority,
                                                        const char *path,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_priority_write(const kehu_priority *priority,
                                                         const kehu_writer *writer,
                                                         kehu_error *err);

/* Number of inputs, and of input 0..count-1 its name (NULL outside) and weight (0
 * outside). */
KEHU_API int32_t kehu_priority_count(const kehu_priority *priority);
KEHU_API const char *kehu_priority_get_name(const kehu_priority *priority, int32_t input);
KEHU_API double kehu_priority_get_weight(const kehu_priority *priority, int32_t input);

/* Rank groups, the most urgent first.
 *
 * out      receives a table, the caller's to free, one row a group: group (text), rank
 *          (INT64 from 1; groups of one score share it, in the order given), score, and
 *          for each input <name>, <name>_share and <name>_points (FLOAT64): the reasons
 * group    [n] text
 * columns  [n_columns] of numbers, [n] each, found by their names; others are ignored. A
 *          missing value is below all others
 *
 * Fails with KEHU_ARGUMENT (lengths differ), KEHU_COLUMN (an input without column, two of
 * its name, no numbers), KEHU_NO_MEMORY. Time O(n log n) an input. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_priority_rank(
    kehu_table **out, const kehu_priority *priority, const kehu_column *group,
    const kehu_column *columns, int64_t n_columns, kehu_error *err);

/* Release weights. NULL is allowed. */
KEHU_API void kehu_priority_free(kehu_priority *priority);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_PRIORITY_H */
