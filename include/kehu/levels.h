/* kehu/levels.h - probabilities as five levels that people can act on, and the
 * share of customers in each.
 *
 *     kehu_levels *levels = NULL;
 *     kehu_level_row rows[KEHU_LEVEL_COUNT * 2];
 *     kehu_error err;
 *     if (kehu_levels_fit(&levels, probabilities, n, 2, NULL, &err) != KEHU_OK ||
 *         kehu_levels_report(levels, probabilities, n, NULL, rows, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_levels_free(levels);
 *
 * Three ways to cut, always named in the report:
 *   absolute  at .2 .4 .6 .8: what a level says does not depend on the others.
 *             For a rare event nearly everybody is in the lowest level
 *   quantile  at shares of the customers the levels were fitted on
 *   lift      at multiples of the class's mean probability there
 * A probability equal to a cut belongs to the level above it, so equal
 * probabilities always share a level. */
#ifndef KEHU_LEVELS_H
#define KEHU_LEVELS_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KEHU_LEVEL_COUNT = 5 };

/* Cut points of each class. Immutable: every function taking `const kehu_levels *`
 * may be called from many threads at once without locks. */
typedef struct kehu_levels kehu_levels;

typedef enum kehu_level_mode {
    KEHU_LEVEL_ABSOLUTE = 0,
    KEHU_LEVEL_QUANTILE,
    KEHU_LEVEL_LIFT
} kehu_level_mode;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_levels_options {
    uint32_t size;                       /* sizeof(kehu_levels_options) */
    kehu_level_mode mode;                /* 0 means ABSOLUTE */
    double cuts[KEHU_LEVEL_COUNT - 1];   /* rising; ABSOLUTE and QUANTILE inside 0..1,
                                            LIFT above 0. All 0 means .2 .4 .6 .8, for
                                            LIFT .5 1 2 4 */
    const char *names[KEHU_LEVEL_COUNT]; /* from the lowest level, not empty; NULL means
                                           hardly, occasional, ordinary, rather reliant,
                                           reliant */
    const kehu_allocator *alloc;         /* NULL means the C library */
} kehu_levels_options;

/* Find the cut points.
 *
 * out            receives a new handle, or NULL on failure; free with
 *                kehu_levels_free()
 * probabilities  [n_rows][n_classes] in 0..1; for ABSOLUTE may be NULL with
 *                n_rows 0
 * n_classes      1..65535
 * options        NULL for all defaults
 *
 * Fails with KEHU_ARGUMENT (option out of range), KEHU_RANGE (probability outside
 * 0..1 or NaN: err->where is the row), KEHU_EMPTY (QUANTILE or LIFT without rows),
 * KEHU_VERSION, KEHU_NO_MEMORY. Time O(n_rows n_classes), extra memory 16 n_rows
 * bytes for QUANTILE. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_fit(kehu_levels **out,
                                                     const double *probabilities,
                                                     int64_t n_rows, uint32_t n_classes,
                                                     const kehu_levels_options *options,
                                                     kehu_error *err);

/* grades[n_rows][n_classes]: the level of each probability, 0 (lowest) to 4.
 * Allocates nothing. Fails with KEHU_ARGUMENT or KEHU_RANGE (as above); grades is
 * then unspecified. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_grade(const kehu_levels *levels,
                                                       const double *probabilities,
                                                       int64_t n_rows, uint8_t *grades,
                                                       kehu_error *err);

/* One level of one class. */
typedef struct kehu_level_row {
    uint32_t class_number, level;
    kehu_level_mode mode;
    const char *name;        /* borrowed from the handle */
    double from, to;         /* probabilities from <= p < to; 0 at the lowest level, 1
                                (inclusive) at the highest, but for LIFT a cut may lie
                                above 1: no probability reaches that level */
    int64_t n_rows;          /* rows in the level */
    double share;            /* of all rows; the five sum to 1. 0 without rows */
    double mean_probability; /* of its rows; 0 without rows */
    int64_t n_known;         /* rows of the level whose class is known */
    double observed_rate;    /* share of the class among them; 0 if none are known */
    double low, high;        /* 95 % Wilson interval of the observed rate; 0..1 if none
                                are known (Wilson 1927) */
    double lift;             /* observed rate over that of all known rows; 0 if that is
                                0 or unknown */
} kehu_level_row;

/* Share, size and outcome of every level.
 *
 * observed  [n_rows] class of each row, -1 = unknown; NULL means all unknown
 * rows      [n_classes][KEHU_LEVEL_COUNT] receives the table
 *
 * Fails with KEHU_ARGUMENT, KEHU_RANGE (probability outside 0..1, observed not a
 * class: err->where is the row); rows is then unspecified. Allocates nothing. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_levels_report(const kehu_levels *levels, const double *probabilities, int64_t n_rows,
                   const int32_t *observed, kehu_level_row *rows, kehu_error *err);

/* The same apart for each segment of customers: a leaf of a tree, a region, a month.
 *
 * segments    [n_rows] 0 .. n_segments - 1, or -1: the row is not counted
 * n_segments  0..1000000
 * rows        [n_segments][n_classes][KEHU_LEVEL_COUNT]; shares and lifts are those
 *             within the segment
 *
 * Fails as kehu_levels_report, with KEHU_RANGE also for a segment. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_report_segments(
    const kehu_levels *levels, const double *probabilities, int64_t n_rows,
    const int32_t *observed, const int32_t *segments, uint32_t n_segments,
    kehu_level_row *rows, kehu_error *err);

/* A report as columns, ready for kehu_table_write_json and kehu_table_write_csv:
 * segment, class, level, name, mode, from, to, n_rows, share, mean_probability,
 * n_known, observed_rate, low, high, lift.
 *
 * rows           [n_segments][n_classes][KEHU_LEVEL_COUNT] of these levels
 * class_names    [n_classes]; NULL for their numbers
 * segment_names  [n_segments]; NULL for their numbers, and no such column where
 *                n_segments is 1
 * alloc          of the table; NULL means the C library
 *
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY, KEHU_LIMIT (names above 2 GiB). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_table(
    kehu_table **out, const kehu_levels *levels, const kehu_level_row *rows,
    uint32_t n_segments, const char *const *class_names, const char *const *segment_names,
    const kehu_allocator *alloc, kehu_error *err);

/* The parts. levels is not NULL, indices in range; names are borrowed. */
KEHU_API uint32_t kehu_levels_class_count(const kehu_levels *levels);
KEHU_API kehu_level_mode kehu_levels_mode(const kehu_levels *levels);
KEHU_API const char *kehu_levels_name(const kehu_levels *levels, uint32_t level);
KEHU_API double kehu_levels_cut(const kehu_levels *levels, uint32_t class_number,
                                uint32_t i);

/* "absolute", "quantile" or "lift"; "unknown" for another value. */
KEHU_API const char *kehu_level_mode_name(kehu_level_mode mode);

/* Keep the cuts and get them back, from a file or from bytes in memory, which are
 * not kept. Fail with KEHU_ARGUMENT, KEHU_IO, KEHU_NOT_FOUND, KEHU_NO_MEMORY, and
 * reading with KEHU_FORMAT, KEHU_KIND, KEHU_VERSION; *out is then NULL. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_save(const kehu_levels *levels,
                                                      const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_write(const kehu_levels *levels,
                                                       const kehu_writer *writer,
                                                       kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_load(kehu_levels **out, const char *path,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_levels_read(kehu_levels **out,
                                                      const void *bytes, size_t size,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_levels_free(kehu_levels *levels);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_LEVELS_H */
