/* data/date_text.h - dates and times as people write them. */
#ifndef KEHU_SRC_DATA_DATE_TEXT_H
#define KEHU_SRC_DATA_DATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the whole of text[size] as a moment (microseconds since 1970 UTC) or as
 * the day it falls on in the zone (days since 1970). Years 1 to 9999.
 *
 *     2024-03-01   2024/3/1   2024.3.1   20240301   2024年3月1日
 *
 * then perhaps, after "T" or blanks (none needed after 日),
 *
 *     12:30   12:30:45   12:30:45.123456   12时30分   12点30分45秒   123045
 *
 * then perhaps Z, +08, +0800 or +08:00. Text that names no zone is in the one
 * `zone_minutes` east of UTC. Second 60 is the next minute's first; digits after
 * the microsecond are dropped. False when the text has another form or names
 * no real date; *out is then untouched. */
bool kehu__parse_timestamp(const char *text, size_t size, int32_t zone_minutes,
                           int64_t *us);
bool kehu__parse_date(const char *text, size_t size, int32_t zone_minutes, int32_t *days);

/* The ten bytes of text as 2024-03-01, the usual date. */
bool kehu__parse_plain_date(const char *text, int32_t *days);

/* The nineteen bytes of text as 2024-03-01 12:30:45 or 2024-03-01T12:30:45. */
bool kehu__parse_plain_timestamp(const char *text, int32_t zone_minutes, int64_t *us);

/* Room for what either of these writes, with the closing NUL. */
enum { KEHU__DATE_BYTES = 48 };

/* "2024-03-01"; returns the length. Years outside 1..9999 are written too, but
 * do not read back. */
int kehu__format_date(char out[KEHU__DATE_BYTES], int32_t days);

/* "2024-03-01T12:30:45.5+08:00", as seen in a zone; "Z" for zone 0; whole seconds
 * without a fraction. */
int kehu__format_timestamp(char out[KEHU__DATE_BYTES], int64_t us, int32_t zone_minutes);

#endif
