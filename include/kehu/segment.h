/* kehu/segment.h - customer segments by an editable rule table.
 *
 * A table is UTF-8 text, one rule a line, the first rule that matches names the
 * segment. RFM grades, attributes and behaviour use the same language:
 *
 *     # name: condition
 *     Champions: R = 5 and FM >= 4
 *     High value: spend >= 500000 and not (orders = 1)
 *     Young north: age in 18..25 and region in (北京, 天津, "Inner Mongolia")
 *     Unknown: age is missing or region = ""
 *     Others: otherwise
 *
 *     condition   and | or | not | ( ) over comparisons; not binds tightest, or
 *                 weakest
 *     comparison  field = != < <= > >= value; field in low..high (both ends
 *                 included); field in (value, value, ...); field is missing
 *     otherwise   always true
 *     field       letters, digits, _ and whatever is beyond ASCII, not starting
 *                 with a digit; or "in quotes", a quote doubled inside them
 *     value       a number, a word or a text in quotes
 *
 * The name goes up to the first colon (: or ：); several rules may share a name.
 * Blank lines and lines that start with # are skipped. Words of the language are
 * lower case. A missing value (a text without bytes, NaN) makes every comparison
 * false but `is missing` and `= ""`.
 *
 *     kehu_segments *table = NULL;
 *     const char *text = kehu_segments_builtin("rfm_grid");
 *     if (kehu_segments_read(&table, text, strlen(text), NULL, &err) != KEHU_OK ||
 *         kehu_segments_assign_rfm(table, rfm, &customers, NULL, 0, codes, &err) !=
 *             KEHU_OK)
 *         report(err.message);
 *     puts(kehu_segments_get_name(table, codes[0]));
 *     kehu_segments_free(table);
 */
#ifndef KEHU_SEGMENT_H
#define KEHU_SEGMENT_H

#include <kehu/rfm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A parsed table. Immutable: every function taking `const kehu_segments *` may
 * be called from many threads at once without locks. */
typedef struct kehu_segments kehu_segments;

/* Text of a ready table, to use or to start from; NULL for another name.
 *
 *   "rfm_grid"       eleven segments on the grid of R and FM, grades 1 to 5:
 *
 *       R \ FM  1               2                    3                  4, 5
 *       5       New             Potential loyalist   Potential loyalist  Champions
 *       4       Promising       Potential loyalist   Potential loyalist  Loyal
 *       3       About to sleep  About to sleep       Needs attention    Loyal
 *       2       Hibernating     Hibernating          At risk            see below
 *       1       Lost            Lost                 At risk            see below
 *
 *                    with R of 1 or 2, an FM of 4 is At risk, of 5 Can't lose
 *   "rfm_intervals"  the overlapping intervals of R, F and M that most articles
 *                    print (as in the R package rfm), in their order, and Others
 *   "behaviour"      word of mouth, high value, discount seeker, loyal, first-time
 *                    and others, by orders, spend, discount_share and referrals
 *   "channel"        rules of kehu/preference.h: hall, agent, web_hall, sms_hall,
 *                    terminal, hotline or app, by the features of kehu/features.h
 *   "content"        the same: news, business, finance, sports, entertainment, life,
 *                    culture or games
 *   "occupation"     the same: student, business_person, migrant_worker,
 *                    young_white_collar, low_income or driver, with age and spend
 */
KEHU_API const char *kehu_segments_builtin(const char *name);

/* Parse a table: size bytes of text, or the file at path. A byte order mark is
 * skipped.
 * Fails with KEHU_FORMAT (a bad line: err->where is the line, 0-based, and the
 * message counts from 1), KEHU_ENCODING (not UTF-8: the same), KEHU_EMPTY (no
 * rule), KEHU_LIMIT (above 1 MiB, 64 fields, 4096 rules or 200 conditions in a
 * line), KEHU_NO_MEMORY, and when loading KEHU_NOT_FOUND, KEHU_IO. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_read(kehu_segments **out,
                                                        const void *bytes, size_t size,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_load(kehu_segments **out,
                                                        const char *path,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);

/* The text as it was read. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_save(const kehu_segments *table,
                                                        const char *path,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_write(const kehu_segments *table,
                                                         const kehu_writer *writer,
                                                         kehu_error *err);

/* Number of segments (different names), and the name of segment 0..count-1 in
 * the order of first appearance; NULL outside. Borrowed from the table. */
KEHU_API int32_t kehu_segments_count(const kehu_segments *table);
KEHU_API const char *kehu_segments_get_name(const kehu_segments *table, int32_t segment);

/* The fields the rules use, 0..count-1, in the order of first appearance. */
KEHU_API int32_t kehu_segments_count_fields(const kehu_segments *table);
KEHU_API const char *kehu_segments_get_field(const kehu_segments *table, int32_t field);

/* Put every row into one segment.
 *
 * columns  n_columns columns of equal length, found by their names; numbers or
 *          text. Columns no rule uses are ignored
 * codes    [length] receives the segment numbers
 *
 * Fails with KEHU_COLUMN (a field without column, two columns of its name; < or
 * a number where the column is text, a word where it is numbers), KEHU_ARGUMENT
 * (lengths differ), KEHU_DATA (a row that no rule matches: err->where is the
 * row, and codes are unspecified). Cost O(rows x rules). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_assign(const kehu_segments *table,
                                                          const kehu_column *columns,
                                                          size_t n_columns,
                                                          int32_t *codes,
                                                          kehu_error *err);

/* The same for customers graded by rfm. Fields are R, F, M (grades), FM
 * (ceil((F + M) / 2)), recency_days, orders, spend, and those of `columns`
 * (n_columns, may be 0), one row a customer. A table of grades alone costs one
 * look-up a customer. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_assign_rfm(
    const kehu_segments *table, const kehu_rfm *rfm, const kehu_rfm_columns *customers,
    const kehu_column *columns, size_t n_columns, int32_t *codes, kehu_error *err);

/* Whether a table of R, F, M and FM alone has a segment for all grades that rfm
 * can give. Fails with KEHU_DATA (a gap: the message names one and counts them),
 * KEHU_COLUMN (the table uses another field). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_check_rfm(const kehu_segments *table,
                                                             const kehu_rfm *rfm,
                                                             kehu_error *err);

/* Which rule caught a row: its segment, its line in the text (from 1) and the
 * line itself, borrowed from the table. Fails as kehu_segments_assign, with
 * KEHU_ARGUMENT when there is no such row. */
typedef struct kehu_segment_reason {
    int32_t segment;
    int32_t line;
    const char *rule; /* NUL-terminated */
} kehu_segment_reason;
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_explain(const kehu_segments *table,
                                                           const kehu_column *columns,
                                                           size_t n_columns, int64_t row,
                                                           kehu_segment_reason *out,
                                                           kehu_error *err);

/* Size and value of each segment. */
typedef struct kehu_segment_total {
    int64_t customers;
    int64_t orders;
    int64_t spend; /* minor units */
} kehu_segment_total;

/* codes has one entry a customer, totals one a segment.
 * Fails with KEHU_ARGUMENT (a code outside), KEHU_RANGE (a sum beyond 64 bits). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_segments_get_totals(
    const kehu_segments *table, const int32_t *codes, const kehu_rfm_columns *customers,
    kehu_segment_total *totals, kehu_error *err);

/* Who moved from which segment to which between two dates.
 *
 * keys     of the customers at both dates, integers (not UINT64) or text,
 *          ascending and unique as kehu_rfm_base_finish() gives them
 * codes    their segments
 * matrix   [(count + 1) x (count + 1)] receives customers: row = segment before,
 *          column = segment after; the last row and column hold who was absent
 *          before or after
 *
 * Fails with KEHU_ARGUMENT (a code outside), KEHU_COLUMN (keys of different
 * kinds), KEHU_DATA (keys that do not rise: err->where is the row). */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_segments_get_migration(const kehu_segments *table, const kehu_column *keys_before,
                            const int32_t *codes_before, const kehu_column *keys_after,
                            const int32_t *codes_after, int64_t *matrix, kehu_error *err);

/* Release a table. NULL is allowed. */
KEHU_API void kehu_segments_free(kehu_segments *table);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_SEGMENT_H */
