#include "text/symbol.h"

/* Blocks whose scripts put blanks between words; Thai, Lao, Burmese, Khmer and
 * Hangul are left out: their characters count one by one. */
bool kehu__word_rare(uint32_t c)
{
    if (c < 0x2000)
        return c == 0xAA || c == 0xB5 || c == 0xBA ||
               (c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2B0 && c < 0x300) &&
                !(c >= 0xE00 && c < 0xF00) && !(c >= 0x1000 && c < 0x10A0) &&
                !(c >= 0x1100 && c < 0x1200) && !(c >= 0x1780 && c < 0x1800));
    return (c >= 0xA640 && c < 0xA6A0) || (c >= 0xA720 && c < 0xA800) ||
           (c >= 0xAB30 && c < 0xABC0) || (c >= 0xFB00 && c < 0xFDD0) ||
           (c >= 0xFE70 && c < 0xFEFF);
}
