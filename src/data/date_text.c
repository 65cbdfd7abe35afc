#include "data/date_text.h"

#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "base/number.h"

typedef struct cursor {
    const char *at, *end;
} cursor;

/* From `least` to `most` digits as a number; false when there are fewer. */
static bool take_digits(cursor *c, int least, int most, int32_t *value)
{
    int n = 0;
    int32_t v = 0;
    while (n < most && c->at < c->end && (unsigned)(unsigned char)*c->at - '0' < 10) {
        v = v * 10 + (*c->at++ - '0');
        n++;
    }
    *value = v;
    return n >= least;
}

static bool take(cursor *c, const char *text)
{
    const size_t n = strlen(text);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, text, n) != 0)
        return false;
    c->at += n;
    return true;
}

static bool take_blanks(cursor *c)
{
    const char *from = c->at;
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
    return c->at > from;
}

/* compact: eight digits in a row; chinese: ended by 日. */
static bool take_date(cursor *c, kehu__date *d, bool *compact, bool *chinese)
{
    *compact = *chinese = false;
    if (!take_digits(c, 4, 4, &d->year))
        return false;
    if (take(c, "年")) {
        *chinese = true;
        return take_digits(c, 1, 2, &d->month) && take(c, "月") &&
               take_digits(c, 1, 2, &d->day) && (take(c, "日") || take(c, "号")) &&
               kehu__date_valid(*d);
    }
    if (c->at < c->end && (*c->at == '-' || *c->at == '/' || *c->at == '.')) {
        const char separator[2] = {*c->at++, '\0'};
        return take_digits(c, 1, 2, &d->month) && take(c, separator) &&
               take_digits(c, 1, 2, &d->day) && kehu__date_valid(*d);
    }
    *compact = true;
    return take_digits(c, 2, 2, &d->month) && take_digits(c, 2, 2, &d->day) &&
           kehu__date_valid(*d);
}

/* Microseconds after a point or comma: at least one digit, six of which count. */
static bool take_fraction(cursor *c, int64_t *us)
{
    int64_t unit = 100000;
    int32_t digit;
    if (!take_digits(c, 1, 1, &digit))
        return false;
    do {
        *us += digit * unit;
        unit /= 10;
    } while (take_digits(c, 1, 1, &digit));
    return true;
}

static bool take_time(cursor *c, int64_t *us)
{
    int32_t hour, minute = 0, second = 0;
    bool good = take_digits(c, 1, 2, &hour);
    *us = 0;
    if (good && take(c, ":")) {
        good = take_digits(c, 1, 2, &minute);
        if (good && take(c, ":"))
            good =
                take_digits(c, 1, 2, &second) && (!take(c, ".") || take_fraction(c, us));
    } else if (good && (take(c, "时") || take(c, "点"))) {
        if (take_digits(c, 1, 2, &minute))
            good = take(c, "分") && (!take_digits(c, 1, 2, &second) || take(c, "秒"));
    } else if (good) /* 1230 or 123045 */
        good =
            take_digits(c, 2, 2, &minute) &&
            (!take_digits(c, 1, 1, &second) || (c->at--, take_digits(c, 2, 2, &second)));
    if (!good || hour > 23 || minute > 59 || second > 60)
        return false;
    *us += ((hour * 60 + minute) * INT64_C(60) + second) * 1000000;
    return true;
}

/* Z, +08, +0800, +08:00; false when something else stands there. */
static bool take_zone(cursor *c, int32_t *zone_minutes)
{
    int32_t hours, minutes = 0;
    bool west;
    if (take(c, "Z") || take(c, "z")) {
        *zone_minutes = 0;
        return true;
    }
    west = take(c, "-");
    if (!west && !take(c, "+"))
        return false;
    if (!take_digits(c, 2, 2, &hours))
        return false;
    if (c->at < c->end && (take(c, ":"), !take_digits(c, 2, 2, &minutes)))
        return false;
    if (hours > 18 || minutes > 59)
        return false;
    *zone_minutes = west ? -(hours * 60 + minutes) : hours * 60 + minutes;
    return true;
}

/* A day, the time of that day, and the zone both are in. */
static bool take_apart(const char *text, size_t size, int32_t *days, int64_t *us,
                       int32_t *zone_minutes)
{
    cursor c = {text, text + size};
    kehu__date date;
    bool compact, chinese, apart;
    *us = 0;
    if (!take_date(&c, &date, &compact, &chinese))
        return false;
    *days = kehu__days_from_date(date);
    if (c.at == c.end)
        return true;
    apart = take(&c, "T") || take(&c, "t") || take_blanks(&c);
    if ((!apart && !chinese) || !take_time(&c, us))
        return false;
    if (c.at == c.end)
        return true;
    take_blanks(&c);
    return take_zone(&c, zone_minutes) && c.at == c.end;
}

/* Taking the bytes of 0000-00- off its first eight
 * leaves nothing above 9, and nothing at all of the separators; adding the rest to
 * 128 tells by the highest bits. */
bool kehu__parse_plain_date(const char *text, int32_t *days)
{
    uint64_t x;
    uint32_t tens, ones;
    kehu__date d;
    x = kehu__load64(text) ^ UINT64_C(0x2D30302D30303030);
    tens = (unsigned char)text[8] - (uint32_t)'0';
    ones = (unsigned char)text[9] - (uint32_t)'0';
    if (((x | (x + UINT64_C(0x7F76767F76767676))) & UINT64_C(0x8080808080808080)) != 0 ||
        tens > 9 || ones > 9)
        return false;
    d.year = (int32_t)((x & 0xFF) * 1000 + (x >> 8 & 0xFF) * 100 + (x >> 16 & 0xFF) * 10 +
                       (x >> 24 & 0xFF));
    d.month = (int32_t)((x >> 40 & 0xFF) * 10 + (x >> 48 & 0xFF));
    d.day = (int32_t)(tens * 10 + ones);
    if (!kehu__date_valid(d))
        return false;
    *days = kehu__days_from_date(d);
    return true;
}

/* The bytes of 00:00:00 are taken off in the same way. */
bool kehu__parse_plain_timestamp(const char *text, int32_t zone_minutes, int64_t *us)
{
    const uint64_t x = kehu__load64(text + 11) ^ UINT64_C(0x30303A30303A3030);
    const int64_t hour = (int64_t)((x & 0xFF) * 10 + (x >> 8 & 0xFF));
    const int64_t minute = (int64_t)((x >> 24 & 0xFF) * 10 + (x >> 32 & 0xFF));
    const int64_t second = (int64_t)((x >> 48 & 0xFF) * 10 + (x >> 56));
    const char apart = text[10];
    int32_t days;
    if (((x | (x + UINT64_C(0x76767F76767F7676))) & UINT64_C(0x8080808080808080)) != 0 ||
        hour > 23 || minute > 59 || second > 60 ||
        (apart != ' ' && apart != 'T' && apart != 't' && apart != '\t') ||
        !kehu__parse_plain_date(text, &days))
        return false;
    *us = days * KEHU__DAY_US +
          ((hour * 60 + minute - zone_minutes) * 60 + second) * INT64_C(1000000);
    return true;
}

bool kehu__parse_timestamp(const char *text, size_t size, int32_t zone_minutes,
                           int64_t *us)
{
    int32_t days;
    int64_t of_day;
    if (size == 19 && kehu__parse_plain_timestamp(text, zone_minutes, us))
        return true;
    if (!take_apart(text, size, &days, &of_day, &zone_minutes))
        return false;
    *us = days * KEHU__DAY_US + of_day - zone_minutes * INT64_C(60000000);
    return true;
}

bool kehu__parse_date(const char *text, size_t size, int32_t zone_minutes, int32_t *days)
{
    int32_t day, zone = zone_minutes;
    int64_t of_day;
    if (size == 10 && kehu__parse_plain_date(text, days))
        return true;
    if (!take_apart(text, size, &day, &of_day, &zone))
        return false;
    *days = kehu__day_of(day * KEHU__DAY_US + of_day - zone * INT64_C(60000000),
                         zone_minutes);
    return true;
}

static char *put_two(char *p, int64_t v)
{
    *p++ = (char)('0' + v / 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

static char *put_date(char *p, int64_t days)
{
    const kehu__date d = kehu__date_from_days((int32_t)days);
    if (d.year >= 0 && d.year <= 9999)
        p = put_two(put_two(p, d.year / 100), d.year % 100);
    else
        p += kehu__format_int64(p, d.year);
    *p++ = '-';
    p = put_two(p, d.month);
    *p++ = '-';
    return put_two(p, d.day);
}

int kehu__format_date(char out[KEHU__DATE_BYTES], int32_t days)
{
    char *p = put_date(out, days);
    *p = '\0';
    return (int)(p - out);
}

int kehu__format_timestamp(char out[KEHU__DATE_BYTES], int64_t us, int32_t zone_minutes)
{
    /* Seconds first: microseconds plus a zone could overflow. */
    const int64_t fraction = us % 1000000 + (us % 1000000 < 0 ? 1000000 : 0);
    const int64_t s = us / 1000000 - (us % 1000000 < 0) + zone_minutes * INT64_C(60);
    const int64_t day = s / 86400 - (s % 86400 < 0), second = s - day * 86400;
    char *p = put_date(out, day);
    *p++ = 'T';
    p = put_two(p, second / 3600);
    *p++ = ':';
    p = put_two(p, second / 60 % 60);
    *p++ = ':';
    p = put_two(p, second % 60);
    if (fraction > 0) {
        *p++ = '.';
        for (int64_t unit = 100000, left = fraction; left > 0; left %= unit, unit /= 10)
            *p++ = (char)('0' + left / unit);
    }
    if (zone_minutes == 0)
        *p++ = 'Z';
    else {
        const int32_t size = zone_minutes < 0 ? -zone_minutes : zone_minutes;
        *p++ = zone_minutes < 0 ? '-' : '+';
        p = put_two(p, size / 60);
        *p++ = ':';
        p = put_two(p, size % 60);
    }
    *p = '\0';
    return (int)(p - out);
}
