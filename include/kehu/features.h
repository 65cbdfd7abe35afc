/* kehu/features.h - what customers' events say of them, a row a customer: how much of
 * what, how varied, how unlike the others, at what times, with what trend, at how many
 * places. Input for preferences, trees, segments and rules.
 *
 *     kehu_table *features = NULL;
 *     kehu_error err;
 *     if (kehu_features_find(&features, &customer, &channel, &time, NULL, &cell, first,
 *                            last, NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(features);
 *
 * The item is what was used: a channel (hall, agent, app, ...), a content (news, sports,
 * games, ...), a kind of goods; kehu_segments_builtin() has ready rules for "channel",
 * "content" and "occupation". Columns, `<item>` being each item's own name:
 *
 *     customer         as it was given, ascending, each once
 *     events           INT64: events that count
 *     amount           FLOAT64: their amounts added up; only where amounts are given
 *     entropy          FLOAT64, bits: of the shares p of the items, -sum p log2 p
 *                      (Shannon 1948). 0 = one item; log2 of their number = all alike
 *     divergence       FLOAT64, bits: from the shares q of all customers together,
 *                      sum p log2(p / q) (Kullback and Leibler 1951). 0 = as all others
 *     night_share, morning_share, afternoon_share, evening_share
 *                      FLOAT64: events at 0-6, 6-12, 12-18, 18-24 o'clock; only where
 *                      times are TIMESTAMP
 *     weekend_share    FLOAT64: events on Saturdays and Sundays
 *     active_days      INT64: days with an event
 *     recency_days     INT64: whole days from the last event to the last day
 *     trend            FLOAT64, -1 to 1: (events in the later half of the days - in the
 *                      earlier one) / both; a middle day is in neither
 *     places           INT64: different places; only where places are given
 *     moves            INT64: how often an event was at another place than the one before
 *                      it in time (equal times: in the order given)
 *     <item>_events    INT64: those of this item
 *     <item>_share     FLOAT64, 0 to 1: its part of the amount, or of the events
 *
 * A share is missing where there is nothing to divide by, entropy and divergence then
 * too. */
#ifndef KEHU_FEATURES_H
#define KEHU_FEATURES_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_features_options {
    uint32_t size;               /* sizeof(kehu_features_options) */
    int32_t day_offset_minutes;  /* how far the day and its hours are before UTC: 480 for
                                    China; -1440..1440, default 0 */
    const kehu_column *items;    /* text: the items that have columns, in this order, also
                                    without an event; events of others do not count
                                    (none do where it is empty). So a later table has
                                    the same columns. NULL: all that come, by their
                                    bytes */
    const kehu_allocator *alloc; /* of the table too; NULL means the C library */
} kehu_features_options;

enum { KEHU_FEATURES_MAX_ITEMS = 1024 };

/* Find them.
 *
 * out       receives the table, the caller's to free
 * customer  text or whole numbers
 * item      text
 * time      DATE32 or TIMESTAMP
 * amount    0, or numbers from 1e-100 to 1e100, such as minutes or money; NULL: each
 *           event counts 1
 * place     text, such as a cell or a shop; a missing one is passed over; NULL: none
 * from_day  days since 1970-01-01: the first that counts
 * to_day    and the last
 *
 * Rows without customer, item, time or amount, or outside the days, do not count. No
 * customer, no row: the table may be empty.
 *
 * Fails with KEHU_ARGUMENT (an option out of range, columns of different length, to_day
 * before from_day), KEHU_COLUMN (a column of another type), KEHU_DATA (an amount that may
 * not be, one of items missing: err->where is the row; an item with a NUL byte),
 * KEHU_DUPLICATE (an item twice, or one whose columns would have the name of another
 * column), KEHU_LIMIT (above 1024 items, 2^32 rows, 2^31 places, or 2^31 customers times
 * items), KEHU_VERSION, KEHU_NO_MEMORY. Time O(n log n); memory some 100 bytes a row and
 * the table. The same bytes everywhere. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_features_find(
    kehu_table **out, const kehu_column *customer, const kehu_column *item,
    const kehu_column *time, const kehu_column *amount, const kehu_column *place,
    int32_t from_day, int32_t to_day, const kehu_features_options *options,
    kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_FEATURES_H */
