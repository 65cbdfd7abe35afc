/* insight/features.h - customers' events on their way to features: who did what, when,
 * where, by numbers. */
#ifndef KEHU_SRC_INSIGHT_FEATURES_H
#define KEHU_SRC_INSIGHT_FEATURES_H

#include <kehu/features.h>

#include "base/date.h"
#include "insight/keys.h"

enum { KEHU__NOWHERE = -1 };

/* An event that counts. */
typedef struct kehu__event {
    int64_t time; /* as its column has it */
    double amount;
    uint32_t customer, item, row;
    int32_t place; /* or KEHU__NOWHERE */
} kehu__event;

typedef struct kehu__events {
    const kehu_column *customer, *item, *time, *amount, *place;
    int32_t from_day, to_day, offset;
    kehu__keys customers, items, places;
    bool items_given; /* rows of others do not count */
    kehu__event *list;
    size_t n, capacity;
} kehu__events;

static inline int32_t kehu__event_day(const kehu__events *e, int64_t time)
{
    return e->time->type == KEHU_DATE32 ? (int32_t)time : kehu__day_of(time, e->offset);
}

/* The columns are as kehu_features_find() wants them. */
kehu_status kehu__events_check(const kehu__events *e, kehu_error *err);

/* The items that have columns, in their order. */
kehu_status kehu__events_give_items(kehu__events *e, const kehu_column *items,
                                    kehu_error *err);

/* Every row that counts into the list. */
kehu_status kehu__events_take(kehu__events *e, kehu_error *err);

/* By customer in the order of the keys, then by time, then by row; false when memory is
 * refused. */
bool kehu__events_sort(kehu__events *e);

void kehu__events_free(kehu__events *e);

#endif
