/* Two-byte codes by a table, four-byte codes by runs: the standard (GB 18030)
 * numbers the characters of the BMP that have no shorter code in their order,
 * and all others linearly. */
#include "data/gb18030.h"

#include <string.h>

#include "base/utf8.h"

extern const uint16_t kehu__gb18030_pairs[], kehu__gb18030_runs[][2];
extern const int kehu__gb18030_n_runs;

enum { CUT_OFF = 0 }; /* a step of no bytes */

static uint32_t character_of_number(uint32_t n)
{
    int low = 0, high = kehu__gb18030_n_runs;
    if (n >= 189000) /* 0x90308130 */
        return n - 189000 <= 0x10FFFF - 0x10000 ? n - 189000 + 0x10000 : KEHU__BAD_BYTE;
    if (n >= 39420)
        return KEHU__BAD_BYTE;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (kehu__gb18030_runs[middle][0] <= n)
            low = middle;
        else
            high = middle;
    }
    if (kehu__gb18030_runs[low][1] == 0)
        return KEHU__BAD_BYTE;
    return kehu__gb18030_runs[low][1] + (n - kehu__gb18030_runs[low][0]);
}

/* The character at s, left > 0 bytes before the end; *step gets its bytes, 1
 * when bad, CUT_OFF when it may go on after the end. */
static uint32_t next(const unsigned char *s, size_t left, int *step)
{
    *step = 1;
    if (s[0] < 0x80)
        return s[0];
    if (s[0] == 0x80 || s[0] == 0xFF)
        return KEHU__BAD_BYTE;
    if (left < 2) {
        *step = CUT_OFF;
        return 0;
    }
    if (s[1] >= 0x40 && s[1] != 0x7F && s[1] != 0xFF) {
        const uint32_t c =
            kehu__gb18030_pairs[(s[0] - 0x81) * 190 + s[1] - 0x40 - (s[1] > 0x7F)];
        *step = c == 0 ? 1 : 2;
        return c == 0 ? KEHU__BAD_BYTE : c;
    }
    if (s[1] < 0x30 || s[1] > 0x39 || (left > 2 && (s[2] < 0x81 || s[2] == 0xFF)) ||
        (left > 3 && (s[3] < 0x30 || s[3] > 0x39)))
        return KEHU__BAD_BYTE;
    if (left < 4) {
        *step = CUT_OFF;
        return 0;
    }
    {
        const uint32_t number = (((uint32_t)s[0] - 0x81) * 10 + s[1] - 0x30) * 1260 +
                                (s[2] - 0x81u) * 10 + s[3] - 0x30;
        const uint32_t c = character_of_number(number);
        *step = c == KEHU__BAD_BYTE ? 1 : 4;
        return c;
    }
}

size_t kehu__gb18030_decode(char *to, size_t capacity, const char *from, size_t size,
                            bool last, size_t *used, size_t *n_bad)
{
    const unsigned char *s = (const unsigned char *)from, *end = s + size;
    char *p = to, *stop = to + capacity;
    while (s < end && stop - p >= 8) {
        uint64_t eight;
        uint32_t c;
        int step;
        if (end - s >= 8) {
            memcpy(&eight, s, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                memcpy(p, s, sizeof eight);
                p += 8;
                s += 8;
                continue;
            }
        }
        c = next(s, (size_t)(end - s), &step);
        if (step == CUT_OFF && !last)
            break;
        if (step == CUT_OFF || c == KEHU__BAD_BYTE) {
            *p++ = KEHU__BAD_MARK;
            s++;
            if (n_bad != NULL)
                ++*n_bad;
            continue;
        }
        p += kehu__utf8_put(p, c);
        s += step;
    }
    *used = (size_t)((const char *)s - from);
    return (size_t)(p - to);
}
