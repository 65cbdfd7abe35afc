/* base/date.h - proleptic Gregorian dates and times without libc's clock,
 * locale or time zone. */
#ifndef KEHU_SRC_BASE_DATE_H
#define KEHU_SRC_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define KEHU__DAY_US INT64_C(86400000000)

typedef struct kehu__date {
    int32_t year; /* 1..9999 */
    int32_t month, day;
} kehu__date;

/* Days since 1970-01-01, and back. The date must be valid. */
int32_t kehu__days_from_date(kehu__date d);
kehu__date kehu__date_from_days(int32_t days);
bool kehu__date_valid(kehu__date d);

/* The day that holds a moment, for a day that starts `offset_minutes` east of
 * UTC; rounds towards the past. */
static inline int32_t kehu__day_of(int64_t time_us, int32_t offset_minutes)
{
    const int64_t t = time_us / 1000000 + (time_us % 1000000 < 0 ? -1 : 0) +
                      (int64_t)offset_minutes * 60;
    return (int32_t)(t / 86400 - (t % 86400 < 0));
}

#endif
