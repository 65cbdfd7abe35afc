/* Phones, identity cards and bank cards: groups of digits with one blank, hyphen or the
 * like between them, and what may stand around. */
#include <string.h>

#include "text/redact.h"

enum { MOST_GROUPS = 12, MOST_DIGITS = 24 };

typedef struct group {
    size_t start, end;
    int n;                    /* digits, also beyond the room */
    char digits[MOST_DIGITS]; /* '0'..'9' */
    uint32_t gap;             /* the character before it, between two groups; else 0 */
} group;

typedef struct number {
    const kehu__redacting *r;
    group groups[MOST_GROUPS];
    int n;
    size_t start; /* of the span, with what belongs to it before the digits */
} number;

static bool is_gap(uint32_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == 0xFF0D || c == 0x3000 ||
           (c >= 0x2010 && c <= 0x2014) || c == ')' || c == 0xFF09;
}

static void read_groups(number *x, size_t at)
{
    const kehu__redacting *r = x->r;
    uint32_t gap = 0;
    x->n = 0;
    while (x->n < MOST_GROUPS) {
        group *g = &x->groups[x->n++];
        size_t next, behind;
        uint32_t c;
        int digit;
        *g = (group){.start = at, .gap = gap};
        while ((digit = kehu__redact_digit(c = kehu__redact_at(r, at, &next))) >= 0) {
            if (g->n < MOST_DIGITS)
                g->digits[g->n] = (char)('0' + digit);
            g->n++;
            at = next;
        }
        g->end = at;
        if ((c == ')' || c == 0xFF09) && kehu__redact_at(r, next, &behind) == ' ')
            next = behind; /* (021) 6233 4455 */
        if (!is_gap(c) || kehu__redact_digit(kehu__redact_at(r, next, &behind)) < 0)
            return;
        gap = c;
        at = next;
    }
}

/* The digits of groups first..last-1 as one; -1 when they are too many. */
static int join(const number *x, int first, int last, char digits[MOST_DIGITS])
{
    int n = 0;
    for (int i = first; i < last; i++) {
        if (x->groups[i].n > MOST_DIGITS - n)
            return -1;
        memcpy(digits + n, x->groups[i].digits, (size_t)x->groups[i].n);
        n += x->groups[i].n;
    }
    return n;
}

/* Whether the groups from i on have these sizes (0 ends), blanks and hyphens between. */
static bool has_sizes(const number *x, int i, const int *sizes)
{
    for (int k = 0; sizes[k] > 0; k++) {
        if (i + k >= x->n || x->groups[i + k].n != sizes[k])
            return false;
        if (k > 0 && (x->groups[i + k].gap == ')' || x->groups[i + k].gap == 0xFF09))
            return false;
    }
    return true;
}

/* ---- What may stand around -------------------------------------------------- */

/* Digits in a row that begin at a place, or end there; those of a whole number. */
enum { WHOLE = 11 };
static int digits_from(const kehu__redacting *r, size_t at, bool backwards)
{
    size_t next;
    int n = 0;
    while (n < WHOLE &&
           kehu__redact_digit(backwards ? kehu__redact_before(r, at, &next)
                                        : kehu__redact_at(r, at, &next)) >= 0) {
        at = next;
        n++;
    }
    return n;
}

/* Whether a sign beside the digits joins them to more of a code, as in 2024/138... or
 * AB-138...; another whole number may well stand behind it. */
static bool joins(const kehu__redacting *r, uint32_t sign, uint32_t beyond, size_t at,
                  bool backwards)
{
    if (sign != '.' && sign != '-' && sign != '/')
        return false;
    if (kehu__redact_letter(beyond))
        return true;
    return kehu__redact_digit(beyond) >= 0 &&
           (sign == '.' || digits_from(r, at, backwards) < WHOLE);
}

/* A Latin word right before the digits makes them a code, unless it says "phone". */
static bool left_free(const kehu__redacting *r, size_t start)
{
    static const char *const phones[] = {"tel",   "Tel",    "TEL",    "phone",
                                         "Phone", "mobile", "Mobile", "call"};
    size_t before, further;
    const uint32_t c = kehu__redact_before(r, start, &before);
    const uint32_t d = kehu__redact_before(r, before, &further);
    if (c == '_' || joins(r, c, d, before, true))
        return false;
    if (!kehu__redact_letter(c))
        return true;
    for (size_t i = 0; i < sizeof phones / sizeof *phones; i++)
        if (kehu__redact_had(r, start, phones[i]))
            return true;
    return false;
}

/* A letter, a fraction, a unit of money or of measure makes the digits something else. */
static bool right_free(const kehu__redacting *r, size_t end)
{
    static const char *const units[] = {"元", "块钱", "万", "亿", "个", "次", "%", "_"};
    size_t next, further;
    const uint32_t c = kehu__redact_at(r, end, &next);
    const uint32_t d = kehu__redact_at(r, next, &further);
    if (kehu__redact_letter(c))
        return false;
    if (joins(r, c, d, next, false))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (kehu__redact_has(r, end, units[i]))
            return false;
    return true;
}

/* ---- Identity cards ---------------------------------------------------------- */

static bool is_day(const char *d, int n_year)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int month = (d[n_year] - '0') * 10 + d[n_year + 1] - '0';
    const int day = (d[n_year + 2] - '0') * 10 + d[n_year + 3] - '0';
    if (n_year == 4 && memcmp(d, "19", 2) != 0 && memcmp(d, "20", 2) != 0)
        return false;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/* The first two digits of GB/T 2260, by tens: 11-15, 21-23, 31-37, 41-46, 50-54,
 * 61-65, 71, 81-82, 91. */
static bool is_province(const char *d)
{
    static const char least[] = " 111101111", most[] = " 537645121";
    const int tens = d[0] - '0';
    return tens > 0 && d[1] >= least[tens] && d[1] <= most[tens];
}

/* GB 11643: ISO 7064, MOD 11-2. */
static bool has_check(const char d[17], char check)
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (d[i] - '0') * weights[i];
    return "10X98765432"[sum % 11] == check;
}

/* Groups used; *end is behind an X. */
static int identity_card(const number *x, size_t *end)
{
    static const int parts[][4] = {{18}, {17}, {6, 8, 4}, {6, 8, 3}, {15}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char d[MOST_DIGITS];
        int used = 0, n;
        size_t next;
        uint32_t c;
        if (!has_sizes(x, 0, parts[k]))
            continue;
        while (used < 4 && parts[k][used] > 0)
            used++;
        n = join(x, 0, used, d);
        *end = x->groups[used - 1].end;
        c = kehu__redact_at(x->r, *end, &next);
        if (n == 17 && (c == 'x' || c == 'X' || c == 0xFF38 || c == 0xFF58)) {
            *end = next;
            d[17] = 'X';
            n = 18;
        }
        if (is_province(d) && ((n == 18 && is_day(d + 6, 4) && has_check(d, d[17])) ||
                               (n == 15 && is_day(d + 6, 2))))
            return used;
    }
    return 0;
}

/* ---- Phones ----------------------------------------------------------------- */

/* Eight zeros at the end are an amount. */
static bool is_mobile(const char *d, int n)
{
    return n == 11 && d[0] == '1' && d[1] >= '3' && memcmp(d + 3, "00000000", 8) != 0;
}

/* Groups a mobile number takes from i on. */
static int mobile_at(const number *x, int i)
{
    static const int parts[][MOST_GROUPS] = {{11},
                                             {3, 4, 4},
                                             {4, 3, 4},
                                             {3, 8},
                                             {7, 4},
                                             {3, 2, 2, 2, 2},
                                             {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char d[MOST_DIGITS];
        int used = 0;
        if (!has_sizes(x, i, parts[k]))
            continue;
        while (parts[k][used] > 0)
            used++;
        if (is_mobile(d, join(x, i, i + used, d)))
            return used;
    }
    return 0;
}

static int mobile(const number *x)
{
    const group *g = &x->groups[0];
    const bool country = (g->n == 2 && memcmp(g->digits, "86", 2) == 0) ||
                         (g->n == 4 && memcmp(g->digits, "0086", 4) == 0) ||
                         (g->n == 1 && g->digits[0] == '0');
    const int used = country ? mobile_at(x, 1) : mobile_at(x, 0);
    if (used > 0)
        return used + country;
    return (g->n == 12 && g->digits[0] == '0' && is_mobile(g->digits + 1, 11)) ||
           (g->n == 13 && memcmp(g->digits, "86", 2) == 0 &&
            is_mobile(g->digits + 2, 11)) ||
           (g->n == 15 && memcmp(g->digits, "0086", 4) == 0 &&
            is_mobile(g->digits + 4, 11));
}

/* Digits of the area code at the start: 010, 02x or 0xxx; 0 = none. */
static int area_code(const char *d, int n)
{
    if (n < 3 || d[0] != '0')
        return 0;
    if (d[1] == '1' && d[2] == '0')
        return 3;
    return d[1] == '2' ? 3 : d[1] >= '3' && n >= 4 ? 4 : 0;
}

static bool is_local(const char *d, int n, int area)
{
    return (n == 8 || (n == 7 && area != 3)) && d[0] >= '2';
}

/* +86 10 8520 1234: an area code without its 0 behind the country's. */
static int landline_abroad(const number *x)
{
    static const int halves[][3] = {{4, 4}, {3, 4}};
    const group *g = x->groups;
    char d[MOST_DIGITS];
    const bool country =
        (g->n == 2 && x->start < g->start && memcmp(g->digits, "86", 2) == 0) ||
        (g->n == 4 && memcmp(g->digits, "0086", 4) == 0);
    if (!country || x->n < 3 || g[1].n < 2 || g[1].n > 3)
        return 0;
    d[0] = '0';
    memcpy(d + 1, g[1].digits, (size_t)g[1].n);
    const int area = area_code(d, g[1].n + 1);
    if (area != g[1].n + 1)
        return 0;
    if (is_local(g[2].digits, g[2].n, area))
        return 3;
    for (size_t k = 0; k < 2; k++)
        if (has_sizes(x, 2, halves[k]) && is_local(d, join(x, 2, 4, d), area))
            return 4;
    return 0;
}

static int landline(const number *x)
{
    static const int halves[][3] = {{4, 4}, {3, 4}};
    const group *g = x->groups;
    const int area = area_code(g->digits, g->n);
    if (area == 0)
        return 0;
    if (g->n > area)
        return is_local(g->digits + area, g->n - area, area);
    if (x->n > 1 && is_local(g[1].digits, g[1].n, area))
        return 2;
    for (size_t k = 0; k < 2; k++) {
        char d[MOST_DIGITS];
        if (has_sizes(x, 1, halves[k]) && is_local(d, join(x, 1, 3, d), area))
            return 3;
    }
    return 0;
}

/* Bytes of the first of the words that stands right before a place; 0 = none. */
static size_t word_before(const kehu__redacting *r, size_t at, const char *const *words)
{
    for (; *words != NULL; words++)
        if (kehu__redact_had(r, at, *words))
            return strlen(*words);
    return 0;
}

/* 7 or 8 digits, or 4 and 4, are a phone's only where a word says so. */
static int short_landline(const number *x)
{
    static const char *const words[] = {"电话", "座机", "固话", "传真", "tel",  "Tel",
                                        "TEL",  "拨打", "致电", "回电", "回拨", NULL};
    static const char *const between[] = {"：", ":", "是", "为", "号码", "号", " ", NULL};
    static const int halves[] = {4, 4, 0};
    const bool whole = is_local(x->groups[0].digits, x->groups[0].n, 0);
    const char *d = x->groups[0].digits;
    size_t at = x->start, n;
    if (!whole && (!has_sizes(x, 0, halves) || !is_local(d, 8, 0) ||
                   (d[0] == '2' && d[1] == '0'))) /* 2023-1105 is more of a date */
        return 0;
    while ((n = word_before(x->r, at, between)) > 0)
        at -= n;
    return word_before(x->r, at, words) == 0 ? 0 : whole ? 1 : 2;
}

/* Behind "-123" or "转123". */
static size_t behind_extension(const number *x, int used)
{
    const size_t end = x->groups[used - 1].end;
    size_t at = end, next;
    int n = 0;
    if (used < x->n && x->groups[used].gap != ' ' && x->groups[used].gap != '.' &&
        x->groups[used].gap != 0x3000)
        return x->groups[used].n <= 5 ? x->groups[used].end : end;
    if (!kehu__redact_has(x->r, at, "转"))
        return end;
    at += strlen("转");
    while (kehu__redact_digit(kehu__redact_at(x->r, at, &next)) >= 0 && ++n <= 6)
        at = next;
    return n >= 1 && n <= 6 ? at : end;
}

/* ---- Bank cards -------------------------------------------------------------- */

/* ISO/IEC 7812-1, annex B. */
static bool has_luhn(const char *d, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        const int v = (d[n - 1 - i] - '0') << (i & 1);
        sum += v > 9 ? v - 9 : v;
    }
    return sum % 10 == 0;
}

/* UnionPay 62, Discover 60 and 65, Visa 4, Mastercard 51-55, American Express 34 and 37,
 * JCB 35. */
static bool is_card(const char *d, int n)
{
    const bool scheme =
        d[0] == '6'   ? (d[1] == '2' || d[1] == '0' || d[1] == '5') && n >= 16
        : d[0] == '4' ? n == 13 || n == 16 || n == 19
        : d[0] == '5' ? d[1] >= '1' && d[1] <= '5' && n == 16
        : d[0] == '3'
            ? ((d[1] == '4' || d[1] == '7') && n == 15) || (d[1] == '5' && n == 16)
            : false;
    return scheme && n <= 19 && has_luhn(d, n);
}

static int bank_card(const number *x)
{
    char d[MOST_DIGITS];
    int used = 1;
    if (x->groups[0].n >= 13)
        return x->groups[0].n <= 19 && is_card(x->groups[0].digits, x->groups[0].n);
    while (used < x->n && used < 5 && x->groups[used].gap != ')' &&
           x->groups[used - 1].n == 4 && x->groups[used].n <= 4)
        used++;
    for (; used >= 4; used--)
        if (is_card(d, join(x, 0, used, d)))
            return used;
    used = x->n >= 2 && x->groups[0].n == 6 && x->groups[1].n >= 10 ? 2 : 0;
    return used > 0 && is_card(d, join(x, 0, used, d)) ? used : 0;
}

/* ---- The rule ---------------------------------------------------------------- */

/* The plus of a country code or the bracket of an area code belongs to it. */
static size_t start_of(const kehu__redacting *r, const number *x)
{
    size_t before;
    const uint32_t c = kehu__redact_before(r, x->groups[0].start, &before);
    const bool closed =
        x->n > 1 && (x->groups[1].gap == ')' || x->groups[1].gap == 0xFF09);
    const bool plus = c == '+' || c == 0xFF0B;
    const bool belongs = plus || (closed && (c == '(' || c == 0xFF08));
    size_t start = belongs && before >= r->from ? before : x->groups[0].start;
    if (plus && closed && start == before) { /* (+86) */
        const uint32_t b = kehu__redact_before(r, start, &before);
        if ((b == '(' || b == 0xFF08) && before >= r->from)
            start = before;
    }
    return start;
}

bool kehu__redact_number(const kehu__redacting *r, size_t at, kehu_redact_span *span,
                         size_t *end)
{
    number x = {.r = r};
    kehu_redact_kind kind = KEHU_REDACT_IDENTITY_CARD;
    size_t last = 0;
    int used;
    read_groups(&x, at);
    x.start = start_of(r, &x);
    *end = x.groups[0].end;
    used = identity_card(&x, &last);
    if (used == 0) {
        kind = KEHU_REDACT_PHONE;
        used = mobile(&x);
        used = used > 0 ? used : landline(&x);
        used = used > 0 ? used : landline_abroad(&x);
        used = used > 0 ? used : short_landline(&x);
        last = used > 0 ? behind_extension(&x, used) : 0;
    }
    if (used == 0) {
        kind = KEHU_REDACT_BANK_CARD;
        used = bank_card(&x);
        last = used > 0 ? x.groups[used - 1].end : 0;
    }
    if (used == 0 || !left_free(r, x.start) || !right_free(r, last))
        return false;
    *span = (kehu_redact_span){(int64_t)x.start, (int64_t)last, kind};
    return true;
}

bool kehu__redact_numerals(const kehu__redacting *r, size_t at, kehu_redact_span *span,
                           size_t *end)
{
    char d[MOST_DIGITS];
    size_t next, p = at;
    uint32_t c;
    int n = 0, digit;
    while ((digit = kehu__redact_numeral(c = kehu__redact_at(r, p, &next))) >= 0) {
        if (n < MOST_DIGITS)
            d[n] = (char)('0' + digit);
        n++;
        p = next;
    }
    *end = p;
    *span = (kehu_redact_span){(int64_t)at, (int64_t)p, KEHU_REDACT_PHONE};
    return n == 11 && is_mobile(d, n) && c != 0x5341 && c != 0x767E; /* 十, 百 */
}
