#include "data/cell.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "data/date_text.h"

enum { MAX_FIELDS = 65536 };

static kehu_status check_field(const kehu_field *f, uint32_t i, kehu_error *err)
{
    const uint32_t known =
        KEHU_FIELD_REQUIRED | KEHU_FIELD_OPTIONAL | KEHU_FIELD_LOOSE | KEHU_FIELD_COERCE;
    const uint32_t contrary = KEHU_FIELD_REQUIRED | KEHU_FIELD_COERCE;
    const kehu_type type = kehu__field_type(f);
    if (f->name == NULL || f->name[0] == '\0')
        return kehu__fail(err, KEHU_ARGUMENT, i, "fields[%u] has no name", (unsigned)i);
    if (type < KEHU_BOOL || type > KEHU_UTF8)
        return kehu__fail(err, KEHU_ARGUMENT, i,
                          "field %s has type %d, expected BOOL to UTF8", f->name,
                          (int)f->type);
    if ((f->flags & ~known) != 0 || f->reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, i, "field %s has unknown flags %u", f->name,
                          (unsigned)f->flags);
    if ((f->flags & contrary) == contrary)
        return kehu__fail(err, KEHU_ARGUMENT, i,
                          "field %s is to be both REQUIRED and COERCE: one rejects the "
                          "row without the value, the other keeps it",
                          f->name);
    if (f->decimals < 0 || f->decimals > 18 || (f->decimals > 0 && type != KEHU_INT64))
        return kehu__fail(err, KEHU_ARGUMENT, i,
                          "field %s has decimals %d, expected 0 to 18 and INT64", f->name,
                          (int)f->decimals);
    return KEHU_OK;
}

kehu_status kehu__fields_check(const kehu_field *fields, uint32_t n_fields,
                               kehu_error *err)
{
    if (n_fields > MAX_FIELDS || (fields == NULL && n_fields > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "fields is NULL or n_fields is %u, expected 0 to %d",
                          (unsigned)n_fields, MAX_FIELDS);
    for (uint32_t i = 0; i < n_fields; i++)
        KEHU_TRY(check_field(&fields[i], i, err));
    return KEHU_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_wide_blank(const char *p) /* U+3000 */
{
    return memcmp(p, "\xE3\x80\x80", 3) == 0;
}

/* Anything but the first bytes of blanks and the last of a wide one. */
static bool ends_plainly(kehu__text t)
{
    const unsigned char first = (unsigned char)t.bytes[0];
    const unsigned char last = (unsigned char)t.bytes[t.size - 1];
    return first > ' ' && first < 0x80 && last > ' ' && last < 0x80;
}

kehu__text kehu__trim(kehu__text t)
{
    if (t.size == 0 || ends_plainly(t))
        return t;
    for (;;) {
        const int64_t step = t.size > 0 && is_blank(t.bytes[0])     ? 1
                             : t.size > 2 && is_wide_blank(t.bytes) ? 3
                                                                    : 0;
        if (step == 0)
            break;
        t.bytes += step;
        t.size -= step;
    }
    for (;;) {
        const char *end = t.bytes + t.size;
        const int64_t step = t.size > 0 && is_blank(end[-1])        ? 1
                             : t.size > 2 && is_wide_blank(end - 3) ? 3
                                                                    : 0;
        if (step == 0)
            return t;
        t.size -= step;
    }
}

bool kehu__cell_is_missing(const kehu__cell_rules *rules, kehu__text t)
{
    if (t.size == 0)
        return true;
    for (uint32_t i = 0; i < rules->n_missing; i++)
        if (strlen(rules->missing[i]) == (size_t)t.size &&
            memcmp(rules->missing[i], t.bytes, (size_t)t.size) == 0)
            return true;
    return false;
}

static bool is_word(kehu__text t, const char *word) /* word in lower case */
{
    int64_t i = 0;
    while (i < t.size && word[i] != '\0' && (t.bytes[i] | 0x20) == word[i])
        i++;
    return i == t.size && word[i] == '\0';
}

static const char *read_bool(kehu__builder *b, size_t column, kehu__text t)
{
    static const char *const yes[] = {"true", "t", "yes", "y"}, *const no[] = {"false",
                                                                               "f", "no",
                                                                               "n"};
    for (int i = 0; i < 4; i++)
        if (is_word(t, yes[i]) || is_word(t, no[i])) {
            kehu__builder_integer(b, column, is_word(t, yes[i]));
            return NULL;
        }
    if (t.size == 1 && (t.bytes[0] == '0' || t.bytes[0] == '1')) {
        kehu__builder_integer(b, column, t.bytes[0] == '1');
        return NULL;
    }
    if (t.size == 3 && (memcmp(t.bytes, "是", 3) == 0 || memcmp(t.bytes, "否", 3) == 0)) {
        kehu__builder_integer(b, column, memcmp(t.bytes, "是", 3) == 0);
        return NULL;
    }
    return "not true or false";
}

static const char *number_reason(kehu__number result)
{
    return result == KEHU__NUMBER_RANGE     ? "number too large"
           : result == KEHU__NUMBER_INEXACT ? "more decimals than allowed"
                                            : "not a whole number";
}

/* Smallest and largest whole number of a type below 64 bits. */
static bool in_range(kehu_type type, int64_t v)
{
    static const struct {
        kehu_type type;
        int64_t least, most;
    } ranges[] = {{KEHU_INT8, INT8_MIN, INT8_MAX},    {KEHU_INT16, INT16_MIN, INT16_MAX},
                  {KEHU_INT32, INT32_MIN, INT32_MAX}, {KEHU_UINT8, 0, UINT8_MAX},
                  {KEHU_UINT16, 0, UINT16_MAX},       {KEHU_UINT32, 0, UINT32_MAX}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].type == type)
            return v >= ranges[i].least && v <= ranges[i].most;
    return true;
}

/* Whole numbers, "12.0" among them, and money. */
static const char *read_integer(kehu__builder *b, size_t column, const kehu_field *f,
                                unsigned accept, kehu__text t)
{
    const kehu_type type = kehu__field_type(f);
    int64_t v = 0;
    bool large = false; /* v holds an unsigned number */
    kehu__number result = KEHU__NUMBER_BAD;
    if (type == KEHU_UINT64) {
        uint64_t u = 0;
        result = kehu__parse_uint64(t.bytes, (size_t)t.size, &u);
        memcpy(&v, &u, sizeof v);
        large = result == KEHU__NUMBER_OK;
    } else if (f->decimals == 0)
        result = kehu__parse_int64(t.bytes, (size_t)t.size, &v);
    if (result == KEHU__NUMBER_BAD)
        result = kehu__parse_money(t.bytes, (size_t)t.size, f->decimals, accept, &v);
    if (result == KEHU__NUMBER_BAD)
        return f->decimals > 0 ? "not an amount" : "not a whole number";
    if (result == KEHU__NUMBER_INEXACT && f->decimals == 0)
        return "not a whole number";
    if (result != KEHU__NUMBER_OK)
        return number_reason(result);
    if (!in_range(type, v) || (type == KEHU_UINT64 && v < 0 && !large))
        return "number out of the column's range";
    kehu__builder_integer(b, column, v);
    return NULL;
}

static const char *read_number(kehu__builder *b, size_t column, kehu_type type,
                               unsigned accept, kehu__text t)
{
    double v = 0;
    char plain[512];
    size_t size = (size_t)t.size;
    const char *text = t.bytes;
    kehu__number result = kehu__parse_double(text, size, &v);
    if (result == KEHU__NUMBER_BAD && accept != 0 &&
        kehu__plain_number(text, size, accept, plain, sizeof plain, &size) ==
            KEHU__NUMBER_OK)
        result = kehu__parse_double(plain, size, &v);
    if (result == KEHU__NUMBER_BAD)
        return "not a number";
    if (result == KEHU__NUMBER_RANGE)
        return "number not finite or too large";
    /* Half a step above the largest float rounds to infinity. */
    if (type == KEHU_FLOAT32 && (v >= 0x1.ffffffp127 || v <= -0x1.ffffffp127))
        return "number out of the column's range";
    kehu__builder_number(b, column, v);
    return NULL;
}

static const char *read_moment(kehu__builder *b, size_t column, kehu_type type,
                               int32_t zone, kehu__text t)
{
    int64_t us;
    int32_t days;
    if (type == KEHU_DATE32) {
        if (!kehu__parse_date(t.bytes, (size_t)t.size, zone, &days))
            return "not a date";
        kehu__builder_integer(b, column, days);
        return NULL;
    }
    if (!kehu__parse_timestamp(t.bytes, (size_t)t.size, zone, &us))
        return "not a date and time";
    kehu__builder_integer(b, column, us);
    return NULL;
}

const char *kehu__cell_read(kehu__builder *b, size_t column, const kehu_field *field,
                            const kehu__cell_rules *rules, kehu__text t, bool quoted)
{
    const kehu_type type = kehu__field_type(field);
    const unsigned accept = (field->flags & KEHU_FIELD_LOOSE) != 0
                                ? KEHU__NUMBER_GROUPS | KEHU__NUMBER_WIDE
                                : 0;
    if (type != KEHU_UTF8)
        t = kehu__trim(t);
    if (kehu__cell_is_missing(rules, t) && !(quoted && type == KEHU_UTF8)) {
        if ((field->flags & KEHU_FIELD_REQUIRED) != 0)
            return "value missing";
        kehu__builder_missing(b, column);
        return NULL;
    }
    if (type == KEHU_UTF8) {
        if (t.size == 0 && (field->flags & KEHU_FIELD_REQUIRED) != 0)
            return "value missing";
        kehu__builder_text(b, column, t.bytes, (size_t)t.size);
        return NULL;
    }
    if (type == KEHU_BOOL)
        return read_bool(b, column, t);
    if (type == KEHU_FLOAT32 || type == KEHU_FLOAT64)
        return read_number(b, column, type, accept, t);
    if (type == KEHU_DATE32 || type == KEHU_TIMESTAMP)
        return read_moment(b, column, type, rules->zone_minutes, t);
    return read_integer(b, column, field, accept, t);
}

static bool names_something(kehu__text t) /* 007, +86... */
{
    const int64_t sign = t.size > 0 && t.bytes[0] == '-';
    return t.bytes[0] == '+' || (t.size > sign + 1 && t.bytes[sign] == '0' &&
                                 t.bytes[sign + 1] >= '0' && t.bytes[sign + 1] <= '9');
}

kehu_type kehu__cell_infer(kehu_type type, const kehu__cell_rules *rules, kehu__text t)
{
    const size_t size = (size_t)(t = kehu__trim(t)).size;
    int64_t whole;
    int32_t days;
    double number;
    if (kehu__cell_is_missing(rules, t) || type == KEHU_UTF8)
        return type;
    if (type == 0 || type == KEHU_INT64 || type == KEHU_FLOAT64) {
        if (!names_something(t)) {
            if (type != KEHU_FLOAT64 &&
                kehu__parse_int64(t.bytes, size, &whole) == KEHU__NUMBER_OK)
                return KEHU_INT64;
            if (kehu__parse_double(t.bytes, size, &number) == KEHU__NUMBER_OK)
                return KEHU_FLOAT64;
        }
        if (type != 0)
            return KEHU_UTF8;
    }
    if (type != KEHU_TIMESTAMP && size <= 17 &&
        kehu__parse_date(t.bytes, size, 0, &days) && memchr(t.bytes, ':', size) == NULL)
        return KEHU_DATE32;
    return kehu__parse_timestamp(t.bytes, size, 0, &whole) ? KEHU_TIMESTAMP : KEHU_UTF8;
}
