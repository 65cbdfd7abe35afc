/* Arbitrary bytes as GB18030: in pieces or at once the same text, which but for the
 * marks is UTF-8. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/gb18030.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *from = (const char *)data;
    const size_t room = size * 3 + 16;
    char *whole = malloc(room), *parts = malloc(room);
    size_t used, n_bad = 0, n, m = 0, at = 0, marks = 0;
    if (whole == NULL || parts == NULL)
        abort();
    n = kehu__gb18030_decode(whole, room, from, size, true, &used, &n_bad);
    if (used != size)
        abort();
    while (at < size) {
        const size_t piece = size - at < 7 ? size - at : 7;
        m += kehu__gb18030_decode(parts + m, 16, from + at, piece, at + piece == size,
                                  &used, NULL);
        at += used;
    }
    if (m != n || memcmp(whole, parts, n) != 0)
        abort();
    for (size_t i = 0; i < n;) {
        i += kehu__utf8_valid(whole + i, n - i);
        if (i < n && whole[i++] != KEHU__BAD_MARK)
            abort();
        else if (i <= n)
            marks += whole[i - 1] == KEHU__BAD_MARK;
    }
    if (marks != n_bad)
        abort();
    free(whole);
    free(parts);
    return 0;
}
