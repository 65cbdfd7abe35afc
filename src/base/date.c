/* Day counts by Hinnant's "chrono-compatible low-level date algorithms". */
#include "base/date.h"

bool kehu__date_valid(kehu__date d)
{
    static const int8_t length[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);
    if (d.year < 1 || d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    return d.day <= length[d.month - 1] && (d.month != 2 || d.day <= 28 + leap);
}

int32_t kehu__days_from_date(kehu__date d)
{
    const int32_t y = d.year - (d.month <= 2);
    const int32_t era = y / 400, year_of_era = y - era * 400;
    const int32_t day_of_year =
        (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    const int32_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

kehu__date kehu__date_from_days(int32_t days)
{
    const int64_t z = (int64_t)days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int32_t doe = (int32_t)(z - era * 146097);
    const int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int32_t m = (5 * doy + 2) / 153;
    kehu__date d;
    d.day = doy - (153 * m + 2) / 5 + 1;
    d.month = m < 10 ? m + 3 : m - 9;
    d.year = (int32_t)(yoe + era * 400) + (d.month <= 2);
    return d;
}
