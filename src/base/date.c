/* Day counts by Hinnant's "chrono-compatible low-level date algorithms". */
#include "base/date.h"

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
