#include "base/utf8.h"

#include <string.h>

#include "base/bytes.h"

/* Do four bytes begin with a character of three, as Chinese ones are? */
static inline bool is_three(uint32_t four)
{
    const uint32_t c = (four & 0x0F) << 12 | (four >> 2 & 0xFC0) | (four >> 16 & 0x3F);
    return (four & 0xC0C0F0) == 0x8080E0 && c >= 0x800 && (c < 0xD800 || c > 0xDFFF);
}

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
        if (end - p >= 4 && is_three(kehu__load32(p))) {
            p += 3;
            continue;
        }
        if (kehu__utf8_next(&p, end) == KEHU__BAD_BYTE)
            return (size_t)(at - text);
    }
    return size;
}
