/* base/date.h - proleptic Gregorian dates and times without libc's clock,
 * locale or time zone. */
#ifndef KEHU_SRC_BASE_DATE_H
#define KEHU_SRC_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define KEHU__DAY_US     INT64_C(86400000000)
#define KEHU__FIRST_TIME (-INT64_C(62135596800000000)) /* year 1 */
#define KEHU__LAST_TIME  INT64_C(253402300799999999)   /* end of year 9999 */

typedef struct kehu__date {
    int32_t year; /* 1..9999 */
    int32_t month, day;
} kehu__date;

static inline bool kehu__date_valid(kehu__date d)
{
    static const int8_t length[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d.year < 1 || d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    if (d.day <= 28) /* most are, and need not be asked for more */
        return true;
    return d.day <= length[d.month - 1] &&
           (d.month != 2 ||
            (d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0)));
}

/* Days since 1970-01-01 of a valid date, or one of the December before or the January
 * after them: years start in March, so that a leap day is their last. */
static inline int32_t kehu__days_from_date(kehu__date d)
{
    static const int16_t before[12] = {306, 337, 0,   31,  61,  92,
                                       122, 153, 184, 214, 245, 275};
    const uint32_t y = (uint32_t)(d.year - (d.month <= 2)), century = y / 100;
    return (int32_t)(y * 365 + y / 4 - century + century / 4) + before[d.month - 1] +
           d.day - 719469;
}

kehu__date kehu__date_from_days(int32_t days);

/* The day that holds a moment, for a day that starts `offset_minutes` east of
 * UTC; rounds towards the past. */
static inline int32_t kehu__day_of(int64_t time_us, int32_t offset_minutes)
{
    const int64_t t = time_us / 1000000 + (time_us % 1000000 < 0 ? -1 : 0) +
                      (int64_t)offset_minutes * 60;
    return (int32_t)(t / 86400 - (t % 86400 < 0));
}

#endif
