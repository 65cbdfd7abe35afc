/* Arbitrary text as a date or time: what is read, written and read again is the
 * same moment. */
#include <stdlib.h>

#include "base/date.h"
#include "data/date_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char out[KEHU__DATE_BYTES];
    for (int32_t zone = -720; zone <= 720; zone += 480) {
        int64_t us, back;
        int32_t days, day;
        if (!kehu__parse_timestamp(text, size, zone, &us))
            continue;
        if (!kehu__parse_date(text, size, zone, &days) || days != kehu__day_of(us, zone))
            abort();
        /* A zone may carry the first and last day out of the years 1 to 9999. */
        if (days < -719161 || days > 2932895)
            continue;
        if (!kehu__parse_timestamp(out, (size_t)kehu__format_timestamp(out, us, zone), 0,
                                   &back) ||
            back != us)
            abort();
        if (!kehu__parse_date(out, (size_t)kehu__format_date(out, days), 0, &day) ||
            day != days)
            abort();
    }
    return 0;
}
