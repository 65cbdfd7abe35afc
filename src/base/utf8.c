#include "base/utf8.h"

#include <string.h>

size_t kehu__utf8_valid(const char *text, size_t size)
{
    const char *p = text, *end = text + size;
    while (p < end) {
        uint64_t eight;
        const char *at = p;
        if (end - p >= 8) {
            memcpy(&eight, p, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                p += 8;
                continue;
            }
        }
        if (kehu__utf8_next(&p, end) == KEHU__BAD_BYTE)
            return (size_t)(at - text);
    }
    return size;
}
