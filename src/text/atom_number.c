/* Telephone numbers, dates and times, numbers and amounts as they stand in
 * Chinese texts. Full-width digits count as digits. */
#include "text/atom.h"

#include <string.h>

/* The digits at p, at most `most`: their end; *n counts them, *value is their
 * value while it fits. */
static const char *digits_end(const char *p, const char *end, int most, int *n,
                              uint64_t *value)
{
    const char *next;
    *n = 0;
    *value = 0;
    for (uint32_t c; *n < most && (c = kehu__look(p, end, &next), kehu__is_digit(c));
         p = next) {
        *value = *n < 18 ? 10 * *value + (c - '0') : *value;
        ++*n;
    }
    return p;
}

static bool no_digit_at(const char *p, const char *end)
{
    const char *next;
    return !kehu__is_digit(kehu__look(p, end, &next));
}

/* Step over c if it stands at *p. */
static bool step(const char **p, const char *end, uint32_t c)
{
    const char *next;
    if (kehu__look(*p, end, &next) != c)
        return false;
    *p = next;
    return true;
}

/* Step over a UTF-8 word if it stands at *p. */
static bool step_word(const char **p, const char *end, const char *word)
{
    size_t size;
    if (*p == end || **p != *word)
        return false;
    size = strlen(word);
    if ((size_t)(end - *p) < size || memcmp(*p, word, size) != 0)
        return false;
    *p += size;
    return true;
}

static bool any_word(const char **p, const char *end, const char *const *words)
{
    for (; *words != NULL; words++)
        if (step_word(p, end, *words))
            return true;
    return false;
}

static bool is_service_number(uint64_t v)
{
    return v == 10010 || v == 10086 || v == 10099 || v == 12306 || v == 12315 ||
           v == 12321 || (v >= 95500 && v <= 95599);
}

/* 138****5678: three digits, stars, four digits. */
static const char *masked_mobile(const char *p, const char *end)
{
    int n, stars = 0;
    uint64_t value;
    p = digits_end(p, end, 3, &n, &value);
    if (value < 130 || value > 199)
        return NULL;
    while (stars < 5 && (step(&p, end, '*') || step(&p, end, 'x')))
        stars++;
    p = digits_end(p, end, 4, &n, &value);
    return stars == 4 && n == 4 && no_digit_at(p, end) ? p : NULL;
}

/* `sizes` digits in each group, groups parted by '-' or all by a blank. */
static const char *grouped(const char *p, const char *end, const int *sizes,
                           uint64_t *first)
{
    uint32_t mark = 0;
    const char *next;
    for (int g = 0; sizes[g] != 0; g++) {
        int n;
        uint64_t value;
        if (g > 0) {
            const uint32_t c = kehu__look(p, end, &next);
            if ((c != '-' && c != ' ') || (mark != 0 && c != mark))
                return NULL;
            mark = c;
            p = next;
        }
        p = digits_end(p, end, sizes[g], &n, &value);
        if (n < sizes[g])
            return NULL;
        if (g == 0)
            *first = value;
    }
    return no_digit_at(p, end) ? p : NULL;
}

static const char *grouped_phone(const char *p, const char *end)
{
    static const int mobile[] = {3, 4, 4, 0}, toll_free[] = {3, 3, 4, 0},
                     toll_free_short[] = {3, 4, 3, 0}, city_3_8[] = {3, 8, 0},
                     city_3_7[] = {3, 7, 0}, city_4_8[] = {4, 8, 0},
                     city_4_7[] = {4, 7, 0};
    const char *match;
    uint64_t v = 0;
    if ((match = grouped(p, end, mobile, &v)) != NULL && v >= 130 && v <= 199)
        return match;
    if (((match = grouped(p, end, toll_free, &v)) != NULL ||
         (match = grouped(p, end, toll_free_short, &v)) != NULL) &&
        (v == 400 || v == 800))
        return match;
    if ((match = grouped(p, end, city_3_8, &v)) != NULL ||
        (match = grouped(p, end, city_3_7, &v)) != NULL ||
        (match = grouped(p, end, city_4_8, &v)) != NULL ||
        (match = grouped(p, end, city_4_7, &v)) != NULL) {
        int n;
        uint64_t zero;
        digits_end(p, end, 1, &n, &zero);
        return zero == 0 ? match : NULL;
    }
    return NULL;
}

const char *kehu__match_phone(const char *p, const char *end)
{
    const char *start = p, *match, *next;
    int n;
    uint64_t value;
    const bool plus = step(&p, end, '+');
    if (plus) {
        match = digits_end(p, end, 2, &n, &value);
        if (n != 2 || value != 86)
            return NULL;
        p = match;
        if (!step(&p, end, '-'))
            step(&p, end, ' ');
    }
    match = digits_end(p, end, 19, &n, &value);
    const uint32_t after = kehu__look(match, end, &next);
    if (!kehu__is_alpha(after)) {
        if (n == 11 && value >= 13000000000 && value < 20000000000)
            return match;
        if (n == 13 && value / 100000000000 == 86 && !plus &&
            value % 100000000000 >= 13000000000)
            return match;
        if (n == 10 && (value / 10000000 == 400 || value / 10000000 == 800))
            return match;
        if (n == 5 && is_service_number(value) && p == start)
            return match;
    }
    if (n == 3 && (after == '*' || after == 'x'))
        return masked_mobile(p, end);
    return (n == 3 || n == 4) && (after == '-' || after == ' ') ? grouped_phone(p, end)
                                                                : NULL;
}

/* 2024-05-06, 2024/5/6, 2024.5.6 after its year. */
static const char *marked_date(const char *p, const char *end)
{
    const char *next;
    const uint32_t mark = kehu__look(p, end, &next);
    int n;
    uint64_t month, day;
    if (mark != '-' && mark != '/' && mark != '.')
        return NULL;
    p = digits_end(next, end, 2, &n, &month);
    if (n == 0 || month < 1 || month > 12 || !step(&p, end, mark))
        return NULL;
    p = digits_end(p, end, 2, &n, &day);
    if (n == 0 || day < 1 || day > 31 || !no_digit_at(p, end))
        return NULL;
    next = p;
    return step(&next, end, mark) && !no_digit_at(next, end) ? NULL : p;
}

/* 10:30 or 10:30:59 after its hour. */
static const char *clock_time(const char *p, const char *end)
{
    const char *next;
    int n;
    uint64_t value;
    if (!step(&p, end, ':'))
        return NULL;
    p = digits_end(p, end, 2, &n, &value);
    if (n != 2 || value > 59 || !no_digit_at(p, end))
        return NULL;
    next = p;
    if (step(&next, end, ':')) {
        next = digits_end(next, end, 2, &n, &value);
        return n == 2 && value <= 59 && no_digit_at(next, end) ? next : NULL;
    }
    return p;
}

/* 10点30分, 10点半, 10时30分 after its hour. */
static const char *spoken_time(const char *p, const char *end)
{
    static const char *const hours[] = {"点", "點", "时", "時", NULL};
    static const char *const exact[] = {"半", "整", "钟", "鐘", NULL};
    const char *minutes;
    int n;
    uint64_t value;
    if (!any_word(&p, end, hours))
        return NULL;
    minutes = digits_end(p, end, 2, &n, &value);
    if (n > 0 && value <= 59 && step_word(&minutes, end, "分"))
        return minutes;
    return any_word(&p, end, exact) ? p : NULL;
}

/* The day of a month, 6日 or 6号; NULL when there is none. */
static const char *day_of_month(const char *p, const char *end)
{
    static const char *const days[] = {"日", "号", "號", NULL};
    int n;
    uint64_t value;
    p = digits_end(p, end, 2, &n, &value);
    return n > 0 && value >= 1 && value <= 31 && any_word(&p, end, days) ? p : NULL;
}

/* 5月, 5月份, 5月6日. */
static const char *month_of_year(const char *p, const char *end, bool split_units)
{
    const char *day;
    int n;
    uint64_t value;
    p = digits_end(p, end, 2, &n, &value);
    if (n == 0 || value < 1 || value > 12 || !step_word(&p, end, "月"))
        return NULL;
    if (!split_units && (day = day_of_month(p, end)) != NULL)
        return day;
    if (!split_units)
        step_word(&p, end, "份");
    return p;
}

const char *kehu__match_date(const char *p, const char *end, bool split_units)
{
    const char *match, *after;
    int n;
    uint64_t value;
    after = digits_end(p, end, 5, &n, &value);
    if (n == 4 && value >= 1000 && (match = marked_date(after, end)) != NULL)
        return match;
    if (n == 4 || n == 2) {
        const char *year = after;
        if (step_word(&year, end, "年")) {
            match = month_of_year(year, end, false);
            if (match != NULL)
                return split_units ? year : match;
            if (n == 4 || value >= 50 || value == 0)
                return year;
        }
    }
    if (n > 2 || n == 0)
        return NULL;
    if ((match = month_of_year(p, end, split_units)) != NULL)
        return match;
    if (value <= 24 && ((match = clock_time(after, end)) != NULL ||
                        (match = spoken_time(after, end)) != NULL))
        return match;
    return value >= 1 && value <= 31 && step_word(&after, end, "日") ? after : NULL;
}

/* 万, 亿 and, where no other word begins with them, 千 and 百. */
static const char *magnitude_end(const char *p, const char *end)
{
    static const char *const sure[] = {"万亿", "千万", "百万", "十万", "千亿", "百亿",
                                       "萬億", "千萬", "百萬", "十萬", "千億", "百億",
                                       "万",   "亿",   "萬",   "億",   NULL};
    static const char *const after_thousand[] = {"克", "米", "瓦", "卡",
                                                 "赫", "兆", NULL};
    static const char *const after_hundred[] = {"分", "科", "货", "合", NULL};
    const char *next = p;
    if (any_word(&p, end, sure))
        return p;
    if (step_word(&p, end, "千"))
        return any_word(&p, end, after_thousand) ? next : p;
    if (step_word(&p, end, "百"))
        return any_word(&p, end, after_hundred) ? next : p;
    return p;
}

/* The unit of money at p; NULL when there is none or a word begins with it. */
static const char *money_end(const char *p, const char *end)
{
    static const char *const sure[] = {
        "元钱",   "元錢",   "块钱", "塊錢", "毛钱", "毛錢", "角钱", "分钱", "分錢",
        "人民币", "人民幣", "美元", "美金", "欧元", "歐元", "日元", "英镑", "英鎊",
        "港元",   "港币",   "港幣", "台币", "韩元", "泰铢", "卢布", NULL};
    static const char *const no_yuan[] = {"旦", "宵", "素", "首", "帅", "件", "气",
                                          "神", "老", "勋", "凶", "月", "年", NULL};
    static const char *const no_piece[] = {"头", "状", "儿", "石", "玉", NULL};
    const char *next;
    if (any_word(&p, end, sure))
        return p;
    if (step_word(&p, end, "元") || step_word(&p, end, "圆")) {
        next = p;
        return any_word(&next, end, no_yuan) ? NULL : p;
    }
    if (step_word(&p, end, "块") || step_word(&p, end, "塊")) {
        next = p;
        return any_word(&next, end, no_piece) ? NULL : p;
    }
    return NULL;
}

/* 2块5 is two and a half, when nothing follows that the digit may count: 2块5个 is no
 * amount. The end of the digit, or p. */
static const char *tenths_end(const char *p, const char *end)
{
    static const char *const unlike_counted[] = {"的", "钱", "錢", NULL};
    const char *after, *next;
    int n;
    uint64_t value;
    after = digits_end(p, end, 2, &n, &value);
    if (n != 1)
        return p;
    next = after;
    const uint32_t c = kehu__look(after, end, &next);
    if (kehu__is_alpha(c) || c == '.' || c == '%' || c == ':')
        return p;
    if (c != KEHU__NO_CHAR && kehu__class_of(c) == KEHU__CLASS_HAN) {
        next = after;
        return any_word(&next, end, unlike_counted) ? after : p;
    }
    return after;
}

/* 1,299: groups of three after a comma, only unfolded commas. */
static const char *groups_end(const char *p, const char *end)
{
    while (p < end && *p == ',') {
        int n;
        uint64_t value;
        const char *next = digits_end(p + 1, end, 4, &n, &value);
        if (n != 3)
            break;
        p = next;
    }
    return p;
}

kehu__atom kehu__match_number(const char *p, const char *end, bool split_units)
{
    static const char *const pieces[] = {"块", "塊", NULL};
    const char *start = p, *next, *money;
    const uint32_t sign = kehu__look(p, end, &next);
    const bool has_sign = !kehu__is_digit(sign);
    int n;
    uint64_t value;
    if (has_sign) {
        p = next;
        step(&p, end, ' ');
    }
    p = digits_end(p, end, 1 << 30, &n, &value);
    if (n == 0)
        return (kehu__atom){start, KEHU_SPAN_NUMBER};
    if (n <= 3)
        p = groups_end(p, end);
    for (next = p; step(&next, end, '.') && !no_digit_at(next, end); p = next)
        next = digits_end(next, end, 1 << 30, &n, &value);
    if (!has_sign && (step(&p, end, '%') || step(&p, end, 0x2030)))
        return (kehu__atom){p, KEHU_SPAN_NUMBER};
    p = magnitude_end(p, end);
    money = split_units ? NULL : money_end(p, end);
    if (money != NULL) {
        next = money - strlen("块");
        if (any_word(&next, end, pieces))
            money = tenths_end(money, end);
        return (kehu__atom){money, KEHU_SPAN_AMOUNT};
    }
    return (kehu__atom){p, has_sign ? KEHU_SPAN_AMOUNT : KEHU_SPAN_NUMBER};
}
