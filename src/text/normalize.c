/* Case pairs by the layout of their Unicode blocks; width by the Halfwidth and
 * Fullwidth Forms block. Source: Unicode 15, UnicodeData.txt. */
#include "text/normalize.h"

/* Latin Extended-A: capitals stand before their small letters, on even places
 * in most of the block and on odd places in two stretches of it. */
static uint32_t fold_latin(uint32_t c)
{
    if (c == 0x130 || c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17F)
        return c;
    if (c == 0x178)
        return 0xFF;
    if ((c >= 0x139 && c <= 0x148) || c >= 0x179)
        return c + (c & 1);
    return c | 1;
}

uint32_t kehu__fold_rare(uint32_t c)
{
    static const uint16_t signs[] = {0xA2, 0xA3, 0xAC, 0xAF, 0xA6, 0xA5, 0x20A9};
    if (c >= 0xFF01 && c <= 0xFF5E) {
        const uint32_t narrow = c - 0xFEE0;
        return narrow >= 'A' && narrow <= 'Z' ? narrow + 32 : narrow;
    }
    if (c == 0x3000)
        return ' ';
    if (c >= 0xFFE0 && c <= 0xFFE6)
        return signs[c - 0xFFE0];
    if (c >= 0xC0 && c <= 0xDE)
        return c == 0xD7 ? c : c + 32;
    if (c >= 0x100 && c <= 0x17F)
        return fold_latin(c);
    if (c >= 0x391 && c <= 0x3A9)
        return c == 0x3A2 ? c : c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c >= 0x410 && c <= 0x42F)
        return c + 32;
    return c;
}
