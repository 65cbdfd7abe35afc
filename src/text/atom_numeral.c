/* Numbers in Chinese characters: 三千五百, 二〇二四, 七八百; amounts and years in them.
 */
#include "text/atom.h"

static bool is_digit(uint8_t n)
{
    return n >= 1 && n <= KEHU__NUMERAL_TWO;
}

static bool is_unit(uint8_t n)
{
    return n >= KEHU__NUMERAL_TEN && n <= KEHU__NUMERAL_MYRIAD_MYRIADS;
}

/* Digits alone, as years and telephone numbers are read: four and more, or with
 * a zero among them. */
static bool is_digit_string(const uint8_t *s, uint32_t n)
{
    bool zero = false;
    for (uint32_t i = 0; i < n; i++) {
        if (s[i] > 9 && s[i] != KEHU__NUMERAL_ZERO)
            return false;
        zero |= s[i] == KEHU__NUMERAL_ZERO;
    }
    return n >= 4 || (zero && n >= 3);
}

/* Neighbours as in 七八百, 两三千. */
static bool is_pair(uint8_t a, uint8_t b)
{
    return (a < 9 && b == a + 1) || (a == KEHU__NUMERAL_TWO && b == 3);
}

/* Digits each followed by a unit, but for the last; zeros between; 百 before 十
 * and so on within each 万. */
static bool is_counted(const uint8_t *s, uint32_t n)
{
    uint8_t last_unit = UINT8_MAX;
    bool units = false;
    for (uint32_t i = 0; i < n; i++) {
        if (is_digit(s[i])) {
            if (i + 1 < n && is_digit(s[i + 1]) && is_pair(s[i], s[i + 1]))
                i++; /* about so many: a unit must follow */
            else if (i + 1 == n)
                return units;
            if (i + 1 == n || !is_unit(s[i + 1]))
                return false;
        } else if (s[i] == KEHU__NUMERAL_ZERO) {
            if (i == 0 || i + 1 == n || !is_digit(s[i + 1]))
                return false;
        } else {
            const bool ten_alone =
                s[i] == KEHU__NUMERAL_TEN && (i == 0 || is_unit(s[i - 1]));
            if (s[i] < KEHU__NUMERAL_MYRIAD) {
                if (s[i] >= last_unit || (!ten_alone && (i == 0 || !is_digit(s[i - 1]))))
                    return false;
                last_unit = s[i];
            } else {
                if (i == 0)
                    return false;
                last_unit = UINT8_MAX; /* counting begins anew below it */
            }
            units = true;
        }
    }
    return units;
}

uint32_t kehu__numeral_run(const uint8_t *s, uint32_t n, bool money, kehu_span_kind *kind)
{
    uint32_t run = 0, unit = 0;
    *kind = KEHU_SPAN_NUMBER;
    while (run < n && s[run] != KEHU__NUMERAL_NONE && s[run] < KEHU__NUMERAL_YUAN)
        run++;
    if (run == 0 || (!is_counted(s, run) && !is_digit_string(s, run)))
        return 0;
    if (run == 4 && run < n && s[run] == KEHU__NUMERAL_YEAR && is_digit(s[0]) &&
        is_digit_string(s, run)) {
        *kind = KEHU_SPAN_DATE;
        return run + 1;
    }
    if (money && run < n &&
        (s[run] == KEHU__NUMERAL_YUAN || s[run] == KEHU__NUMERAL_KUAI))
        unit = run + 1 < n && s[run + 1] == KEHU__NUMERAL_MONEY ? 2 : 1;
    if (unit > 0 && run >= 2) {
        *kind = KEHU_SPAN_AMOUNT;
        return run + unit;
    }
    return run >= 3 ? run : 0;
}
