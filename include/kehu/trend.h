/* kehu/trend.h - how events of each group go on: level, growth, change points, bursts.
 *
 * Events (demands of a class, a channel, ...) are counted per group and step of days,
 * from a first day to a last one.
 *
 *     const kehu_trend_options steps = {.size = sizeof steps, .step_days = 7};
 *     kehu_table *bursts = NULL;
 *     kehu_error err;
 *     if (kehu_trends_find(&bursts, KEHU_TREND_BURSTS, &class_of, &time, from_day,
 *                          to_day, &steps, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(bursts);
 *
 * Counts scatter around their expectation with `dispersion` times the variance of a
 * Poisson count, at least 1; it is found from differences of neighbours of which the
 * largest twentieth is cut off, so that a burst does not hide itself. In steps of one
 * day, four weeks or more, expectations follow the days of the week.
 *
 * Pure functions: call them from many threads. */
#ifndef KEHU_TREND_H
#define KEHU_TREND_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reports, a row a group or finding, groups in the order of the bytes of their names.
 * Counts are INT64, days DATE32, the rest FLOAT64.
 *
 *   LEVELS   group, events, level, growth, growth_low, growth_high, dispersion, changes,
 *            last_change: the level is the expected number of events a step after the
 *            last change point; growth is the relative change in 30 days of a log-linear
 *            regression over all steps, with its 95 % interval (missing where the events
 *            do not determine it); changes is the number of change points
 *   CHANGES  group, day (the first of the new level), before, after (expected events a
 *            step), score
 *   BURSTS   group, first, last (days), events, expected, p (the smallest of its steps)
 *
 * Change points split the steps so that the sum of -2 log likelihood / dispersion and
 * `change_penalty` per change point is least (Jackson et al. 2005, exact); score is what
 * one of them saves.
 *
 * A step is in a burst when that many events or more had, after the `base_steps` steps
 * before it, a probability below false_alarms_per_year * step_days / 365.25 (negative
 * binomial, with the dispersion and what the base leaves open). Steps of a burst do not
 * enter the base, but from its 15th on: then it is the new level. Neighbouring steps are
 * one burst. */
typedef enum kehu_trend_report {
    KEHU_TREND_LEVELS = 0,
    KEHU_TREND_CHANGES,
    KEHU_TREND_BURSTS
} kehu_trend_report;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_trend_options {
    uint32_t size;                /* sizeof(kehu_trend_options) */
    int32_t day_offset_minutes;   /* a day of a TIMESTAMP starts this much before 0:00
                                     UTC: 480 for China; -1440..1440, default 0 */
    uint32_t step_days;           /* days a step, 1..366; 0 means 1. Days at the end that
                                     make no whole step are left out */
    uint32_t shortest;            /* steps between change points, at least; 0 means 7 */
    uint32_t base_steps;          /* steps that say what to expect, 8..3660; 0 means 56.
                                     The first ones cannot be bursts */
    uint32_t reserved;            /* 0 */
    double change_penalty;        /* above 0; 0 means 15: of series of a year without any
                                     change less than 2 in 100 are given one */
    double false_alarms_per_year; /* bursts a year in a group that has none, 0 to 100 and
                                     below 365.25 / step_days; 0 means 0.1 */
    const kehu_allocator *alloc;  /* of the table too; NULL means the C library */
} kehu_trend_options;

/* Make a report.
 *
 * out       receives the table, the caller's to free
 * group     text, a missing one is the empty name; NULL: all events are one group
 * time      DATE32 or TIMESTAMP; rows with a missing one, or outside the days, are left
 *           out
 * from_day  days since 1970-01-01: the first that counts
 * to_day    and the last
 *
 * Fails with KEHU_ARGUMENT (an option out of range, columns of different length),
 * KEHU_COLUMN, KEHU_EMPTY (fewer than two steps), KEHU_LIMIT (above 3660 steps, or 2^31
 * cells), KEHU_VERSION, KEHU_NO_MEMORY. Time O(rows + groups x steps^2); memory 16 bytes
 * a cell. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_trends_find(kehu_table **out, kehu_trend_report report, const kehu_column *group,
                 const kehu_column *time, int32_t from_day, int32_t to_day,
                 const kehu_trend_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TREND_H */
