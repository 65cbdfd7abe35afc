/* Classes of characters by Unicode block, and the atoms that need no pattern. */
#include "text/atom.h"

typedef struct range {
    uint32_t first, last;
    kehu__class class;
} range;

/* Ascending; what lies between them is a letter of some script. */
static const range ranges[] = {
    {0x00, 0x08, KEHU__CLASS_CONTROL},
    {0x09, 0x0D, KEHU__CLASS_SPACE},
    {0x0E, 0x1F, KEHU__CLASS_CONTROL},
    {0x20, 0x20, KEHU__CLASS_SPACE},
    {0x21, 0x2F, KEHU__CLASS_PUNCTUATION},
    {0x30, 0x39, KEHU__CLASS_DIGIT},
    {0x3A, 0x60, KEHU__CLASS_PUNCTUATION}, /* capitals are folded */
    {0x61, 0x7A, KEHU__CLASS_LATIN},
    {0x7B, 0x7E, KEHU__CLASS_PUNCTUATION},
    {0x7F, 0x84, KEHU__CLASS_CONTROL},
    {0x85, 0x85, KEHU__CLASS_SPACE},
    {0x86, 0x9F, KEHU__CLASS_CONTROL},
    {0xA0, 0xA0, KEHU__CLASS_SPACE},
    {0xA1, 0xA9, KEHU__CLASS_PUNCTUATION},
    {0xAA, 0xAA, KEHU__CLASS_LATIN},
    {0xAB, 0xAC, KEHU__CLASS_PUNCTUATION},
    {0xAD, 0xAD, KEHU__CLASS_CONTROL},
    {0xAE, 0xB4, KEHU__CLASS_PUNCTUATION},
    {0xB5, 0xB5, KEHU__CLASS_LATIN},
    {0xB6, 0xB9, KEHU__CLASS_PUNCTUATION},
    {0xBA, 0xBA, KEHU__CLASS_LATIN},
    {0xBB, 0xBF, KEHU__CLASS_PUNCTUATION},
    {0xC0, 0xD6, KEHU__CLASS_LATIN},
    {0xD7, 0xD7, KEHU__CLASS_PUNCTUATION},
    {0xD8, 0xF6, KEHU__CLASS_LATIN},
    {0xF7, 0xF7, KEHU__CLASS_PUNCTUATION},
    {0xF8, 0x2AF, KEHU__CLASS_LATIN},
    {0x300, 0x36F, KEHU__CLASS_MARK},
    {0x483, 0x489, KEHU__CLASS_MARK},
    {0x591, 0x5BD, KEHU__CLASS_MARK},
    {0x600, 0x605, KEHU__CLASS_CONTROL},
    {0x60C, 0x60C, KEHU__CLASS_PUNCTUATION},
    {0x61B, 0x61F, KEHU__CLASS_PUNCTUATION},
    {0x64B, 0x65F, KEHU__CLASS_MARK},
    {0x1100, 0x11FF, KEHU__CLASS_HANGUL},
    {0x1680, 0x1680, KEHU__CLASS_SPACE},
    {0x180B, 0x180F, KEHU__CLASS_CONTROL},
    {0x1AB0, 0x1AFF, KEHU__CLASS_MARK},
    {0x1DC0, 0x1DFF, KEHU__CLASS_MARK},
    {0x1E00, 0x1EFF, KEHU__CLASS_LATIN},
    {0x2000, 0x200A, KEHU__CLASS_SPACE},
    {0x200B, 0x200F, KEHU__CLASS_CONTROL},
    {0x2010, 0x2027, KEHU__CLASS_PUNCTUATION},
    {0x2028, 0x2029, KEHU__CLASS_SPACE},
    {0x202A, 0x202E, KEHU__CLASS_CONTROL},
    {0x202F, 0x202F, KEHU__CLASS_SPACE},
    {0x2030, 0x205E, KEHU__CLASS_PUNCTUATION},
    {0x205F, 0x205F, KEHU__CLASS_SPACE},
    {0x2060, 0x206F, KEHU__CLASS_CONTROL},
    {0x2070, 0x20CF, KEHU__CLASS_PUNCTUATION},
    {0x20D0, 0x20FF, KEHU__CLASS_MARK},
    {0x2100, 0x2319, KEHU__CLASS_PUNCTUATION},
    {0x231A, 0x231B, KEHU__CLASS_EMOJI},
    {0x231C, 0x23E8, KEHU__CLASS_PUNCTUATION},
    {0x23E9, 0x23FA, KEHU__CLASS_EMOJI},
    {0x23FB, 0x25FC, KEHU__CLASS_PUNCTUATION},
    {0x25FD, 0x25FE, KEHU__CLASS_EMOJI},
    {0x25FF, 0x25FF, KEHU__CLASS_PUNCTUATION},
    {0x2600, 0x27BF, KEHU__CLASS_EMOJI},
    {0x27C0, 0x2B04, KEHU__CLASS_PUNCTUATION},
    {0x2B05, 0x2B07, KEHU__CLASS_EMOJI},
    {0x2B08, 0x2B1A, KEHU__CLASS_PUNCTUATION},
    {0x2B1B, 0x2B1C, KEHU__CLASS_EMOJI},
    {0x2B1D, 0x2B4F, KEHU__CLASS_PUNCTUATION},
    {0x2B50, 0x2B50, KEHU__CLASS_EMOJI},
    {0x2B51, 0x2B54, KEHU__CLASS_PUNCTUATION},
    {0x2B55, 0x2B55, KEHU__CLASS_EMOJI},
    {0x2B56, 0x2BFF, KEHU__CLASS_PUNCTUATION},
    {0x2C60, 0x2C7F, KEHU__CLASS_LATIN},
    {0x2E00, 0x2E7F, KEHU__CLASS_PUNCTUATION},
    {0x2E80, 0x2FDF, KEHU__CLASS_HAN},
    {0x2FF0, 0x3004, KEHU__CLASS_PUNCTUATION},
    {0x3005, 0x3007, KEHU__CLASS_HAN},
    {0x3008, 0x3020, KEHU__CLASS_PUNCTUATION},
    {0x3021, 0x3029, KEHU__CLASS_HAN},
    {0x302A, 0x302F, KEHU__CLASS_MARK},
    {0x3030, 0x3040, KEHU__CLASS_PUNCTUATION},
    {0x3041, 0x30FA, KEHU__CLASS_KANA},
    {0x30FB, 0x30FB, KEHU__CLASS_PUNCTUATION},
    {0x30FC, 0x30FF, KEHU__CLASS_KANA},
    {0x3131, 0x318F, KEHU__CLASS_HANGUL},
    {0x3190, 0x319F, KEHU__CLASS_PUNCTUATION},
    {0x31C0, 0x31EF, KEHU__CLASS_PUNCTUATION},
    {0x31F0, 0x31FF, KEHU__CLASS_KANA},
    {0x3200, 0x33FF, KEHU__CLASS_PUNCTUATION},
    {0x3400, 0x4DBF, KEHU__CLASS_HAN},
    {0x4DC0, 0x4DFF, KEHU__CLASS_PUNCTUATION},
    {0x4E00, 0x9FFF, KEHU__CLASS_HAN},
    {0xA720, 0xA7FF, KEHU__CLASS_LATIN},
    {0xAB30, 0xAB6F, KEHU__CLASS_LATIN},
    {0xAC00, 0xD7FF, KEHU__CLASS_HANGUL},
    {0xE000, 0xF8FF, KEHU__CLASS_PUNCTUATION}, /* private use */
    {0xF900, 0xFAFF, KEHU__CLASS_HAN},
    {0xFE00, 0xFE0F, KEHU__CLASS_MARK},
    {0xFE10, 0xFE1F, KEHU__CLASS_PUNCTUATION},
    {0xFE20, 0xFE2F, KEHU__CLASS_MARK},
    {0xFE30, 0xFE6F, KEHU__CLASS_PUNCTUATION},
    {0xFEFF, 0xFEFF, KEHU__CLASS_CONTROL},
    {0xFF01, 0xFF65, KEHU__CLASS_PUNCTUATION},
    {0xFF66, 0xFF9F, KEHU__CLASS_KANA},
    {0xFFA0, 0xFFDF, KEHU__CLASS_HANGUL},
    {0xFFE0, 0xFFEF, KEHU__CLASS_PUNCTUATION},
    {0xFFF0, 0xFFFB, KEHU__CLASS_CONTROL},
    {0xFFFC, 0xFFFF, KEHU__CLASS_PUNCTUATION},
    {0x1B000, 0x1B16F, KEHU__CLASS_KANA},
    {0x1D000, 0x1D7FF, KEHU__CLASS_PUNCTUATION},
    {0x1F000, 0x1FAFF, KEHU__CLASS_EMOJI},
    {0x1FB00, 0x1FFFF, KEHU__CLASS_PUNCTUATION},
    {0x20000, 0x3FFFF, KEHU__CLASS_HAN},
    {0xE0000, 0xE0FFF, KEHU__CLASS_CONTROL},
    {0xF0000, 0x10FFFF, KEHU__CLASS_PUNCTUATION},
    {0x110000, 0xFFFFFFFF, KEHU__CLASS_BAD},
};

kehu__class kehu__class_rare(uint32_t c)
{
    size_t low = 0, high = sizeof ranges / sizeof ranges[0];
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else if (c < ranges[middle].first)
            high = middle;
        else
            return ranges[middle].class;
    }
    return KEHU__CLASS_LETTER;
}

static const char *run_of(const char *p, const char *end, kehu__class class)
{
    for (const char *next; p < end; p = next) {
        const kehu__class found = kehu__class_of(kehu__look(p, end, &next));
        if (found != class && found != KEHU__CLASS_MARK)
            break;
    }
    return p;
}

static bool is_skin(uint32_t c)
{
    return c >= 0x1F3FB && c <= 0x1F3FF;
}

/* Marks, skin colours and tags after an emoji, and those joined to it. */
static const char *emoji_tail(const char *p, const char *end)
{
    enum { JOINER = 0x200D, FIRST_TAG = 0xE0020, LAST_TAG = 0xE007F };
    for (const char *next, *after; p < end; p = next) {
        const uint32_t c = kehu__look(p, end, &next);
        if (c == JOINER &&
            kehu__class_of(kehu__look(next, end, &after)) == KEHU__CLASS_EMOJI)
            next = after;
        else if (kehu__class_of(c) != KEHU__CLASS_MARK && !is_skin(c) &&
                 (c < FIRST_TAG || c > LAST_TAG))
            break;
    }
    return p;
}

static bool is_flag_letter(uint32_t c)
{
    return c >= 0x1F1E6 && c <= 0x1F1FF;
}

static const char *emoji_end(uint32_t c, const char *next, const char *end)
{
    const char *after;
    if (is_flag_letter(c) && is_flag_letter(kehu__look(next, end, &after)))
        return after;
    return emoji_tail(next, end);
}

/* A sign that becomes an emoji by what follows: 1️⃣ #️⃣ ©️. */
static const char *sign_emoji(const char *next, const char *end, bool keycap)
{
    const char *after;
    uint32_t c = kehu__look(next, end, &after);
    const bool presented = c == 0xFE0F;
    if (!keycap)
        return presented ? emoji_tail(after, end) : NULL;
    if (presented)
        c = kehu__look(after, end, &after);
    return c == 0x20E3 ? after : NULL;
}

/* Marks that are repeated for emphasis or drawn double: one span. */
static const char *punctuation_end(uint32_t c, const char *p, const char *end)
{
    static const char brackets[] = "()[]{}<>\"'";
    const char *next;
    if (c < 0x80)
        for (const char *b = brackets; *b != '\0'; b++)
            if (c == (uint32_t)*b)
                return p;
    if (c >= 0x3008 && c <= 0x301B)
        return p;
    while (kehu__look(p, end, &next) == c)
        p = next;
    return p;
}

/* Letters and digits, joined by marks that stand inside words. */
static kehu__atom latin_at(const char *p, const char *end)
{
    bool letters = false, digits = false;
    uint32_t last = 0;
    const char *next, *after;
    for (;; p = next) {
        uint32_t c = kehu__look(p, end, &next), d;
        kehu__class class = kehu__class_of(c);
        if (class == KEHU__CLASS_MARK && last != 0)
            continue;
        if (class != KEHU__CLASS_LATIN && class != KEHU__CLASS_DIGIT) {
            d = kehu__look(next, end, &after);
            const kehu__class follower = kehu__class_of(d);
            const bool last_letter = last != 0 && !kehu__is_digit(last);
            const bool letter = follower == KEHU__CLASS_LATIN;
            const bool digit = follower == KEHU__CLASS_DIGIT;
            if (!((c == '\'' || c == 0x2019 || c == '&') && last_letter && letter) &&
                !(c == '-' && ((last_letter && (letter || digit)) || letter)) &&
                !(c == '_' && (letter || digit)) &&
                !(c == '.' && kehu__is_digit(last) && digit))
                break;
            c = d;
            class = follower;
            next = after;
        }
        letters |= class == KEHU__CLASS_LATIN;
        digits |= class == KEHU__CLASS_DIGIT;
        last = c;
    }
    if (letters && kehu__look(p, end, &next) == '+') { /* Pro+, C++ */
        const char *plus = next;
        if (kehu__look(plus, end, &next) == '+')
            plus = next;
        const kehu__class class = kehu__class_of(kehu__look(plus, end, &next));
        if (class != KEHU__CLASS_LATIN && class != KEHU__CLASS_DIGIT)
            p = plus;
    }
    return (kehu__atom){p, !letters ? KEHU_SPAN_NUMBER
                           : digits ? KEHU_SPAN_MIXED
                                    : KEHU_SPAN_LATIN};
}

static kehu__atom alnum_at(uint32_t c, const char *p, const char *end, bool split_units)
{
    const kehu__atom latin = latin_at(p, end);
    kehu__atom number;
    const char *match;
    if (c >= 0x80)
        return latin;
    if ((match = kehu__match_url(p, end)) != NULL)
        return (kehu__atom){match, KEHU_SPAN_URL};
    if ((match = kehu__match_email(p, end)) != NULL)
        return (kehu__atom){match, KEHU_SPAN_EMAIL};
    if (kehu__is_digit(c)) {
        if ((match = kehu__match_phone(p, end)) != NULL)
            return (kehu__atom){match, KEHU_SPAN_PHONE};
        if ((match = kehu__match_date(p, end, split_units)) != NULL)
            return (kehu__atom){match, KEHU_SPAN_DATE};
        number = kehu__match_number(p, end, split_units);
        if (latin.kind == KEHU_SPAN_NUMBER || number.end > latin.end)
            return number;
    }
    return latin;
}

static kehu__atom sign_at(uint32_t c, const char *p, const char *next, const char *end,
                          bool split_units)
{
    const char *match = NULL;
    kehu__atom number;
    if (c == '#' || c == '*')
        match = sign_emoji(next, end, true);
    else if (c == 0xA9 || c == 0xAE || (c >= 0x203C && c < 0x3300))
        match = sign_emoji(next, end, false);
    if (match != NULL)
        return (kehu__atom){match, KEHU_SPAN_EMOJI};
    if (c == '+' && (match = kehu__match_phone(p, end)) != NULL)
        return (kehu__atom){match, KEHU_SPAN_PHONE};
    if ((c == 0xA5 || c == '$' || c == 0x20AC || c == 0xA3) && !split_units) {
        number = kehu__match_number(p, end, split_units);
        if (number.end > next)
            return number;
    }
    return (kehu__atom){punctuation_end(c, next, end), KEHU_SPAN_PUNCTUATION};
}

kehu__atom kehu__atom_at(const char *p, const char *end, bool split_units)
{
    const char *next, *match;
    const uint32_t c = kehu__look(p, end, &next);
    const kehu__class class = kehu__class_of(c);
    switch (class) {
    case KEHU__CLASS_DIGIT:
        if ((match = sign_emoji(next, end, true)) != NULL)
            return (kehu__atom){match, KEHU_SPAN_EMOJI};
        return alnum_at(c, p, end, split_units);
    case KEHU__CLASS_LATIN:
        return alnum_at(c, p, end, split_units);
    case KEHU__CLASS_KANA:
    case KEHU__CLASS_HANGUL:
    case KEHU__CLASS_LETTER:
        return (kehu__atom){run_of(next, end, class), KEHU_SPAN_FOREIGN};
    case KEHU__CLASS_EMOJI:
        return (kehu__atom){emoji_end(c, next, end), KEHU_SPAN_EMOJI};
    case KEHU__CLASS_PUNCTUATION:
        return sign_at(c, p, next, end, split_units);
    case KEHU__CLASS_SPACE:
        while (next < end && kehu__class_of(kehu__look(next, end, &match)) == class)
            next = match;
        return (kehu__atom){next, KEHU_SPAN_SPACE};
    case KEHU__CLASS_CONTROL:
        return (kehu__atom){next, KEHU_SPAN_CONTROL};
    case KEHU__CLASS_BAD:
        return (kehu__atom){next, KEHU_SPAN_BAD_BYTE};
    case KEHU__CLASS_MARK:
        return (kehu__atom){next, KEHU_SPAN_PUNCTUATION};
    case KEHU__CLASS_HAN:
        break;
    }
    return (kehu__atom){next, KEHU_SPAN_CHARACTER};
}
