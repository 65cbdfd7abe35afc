#include "data/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "data/column.h"
#include "data/date_text.h"

void kehu__json_init(kehu__json *j, const kehu_writer *writer)
{
    kehu__sink_init(&j->sink, writer);
    j->depth = 0;
    j->wants_comma = false;
}

static void start_value(kehu__json *j)
{
    if (j->wants_comma)
        kehu__sink_char(&j->sink, ',');
    j->wants_comma = true;
}

static void start_level(kehu__json *j, bool is_object)
{
    start_value(j);
    assert(j->depth < KEHU__JSON_DEPTH);
    j->is_object[j->depth++] = is_object;
    j->wants_comma = false;
    kehu__sink_char(&j->sink, is_object ? '{' : '[');
}

void kehu__json_object(kehu__json *j)
{
    start_level(j, true);
}

void kehu__json_array(kehu__json *j)
{
    start_level(j, false);
}

void kehu__json_end(kehu__json *j)
{
    assert(j->depth > 0);
    j->depth--;
    kehu__sink_char(&j->sink, j->is_object[j->depth] ? '}' : ']');
    j->wants_comma = true;
}

/* \b \f \n \r \t, else \u00XX. */
static void put_escape(kehu__sink *s, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "btn?fr";
    char six[6] = {'\\', 'u', '0', '0', '0', '0'};
    if (c >= 8 && c <= 13 && c != 11) {
        six[1] = letters[c - 8];
        kehu__sink_add(s, six, 2);
        return;
    }
    for (int i = 0; i < 4; i++)
        six[5 - i] = hex[c >> 4 * i & 15];
    kehu__sink_add(s, six, sizeof six);
}

/* Bytes that can be copied: ASCII but controls, quote, backslash and '<'. */
static size_t plain_run(const char *p, const char *end)
{
    const char *from = p;
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 &&
           *p != '"' && *p != '\\' && *p != '<')
        p++;
    return (size_t)(p - from);
}

static void put_string(kehu__sink *s, const char *bytes, size_t size)
{
    const char *p = bytes, *end = bytes + size;
    kehu__sink_char(s, '"');
    while (p < end) {
        const size_t run = plain_run(p, end);
        const char *at = p + run;
        uint32_t c;
        kehu__sink_add(s, p, run);
        p = at;
        if (p == end)
            break;
        c = kehu__utf8_next(&p, end);
        if (c == KEHU__BAD_BYTE)
            kehu__sink_add(s, "\xEF\xBF\xBD", 3);
        else if (c == '"' || c == '\\') {
            kehu__sink_char(s, '\\');
            kehu__sink_char(s, (char)c);
        } else if (c == '<' && p < end && *p == '/') {
            kehu__sink_add(s, "<\\", 2);
        } else if (c < 0x20 || c == 0x2028 || c == 0x2029 ||
                   (c == '<' && p < end && *p == '!'))
            put_escape(s, c);
        else
            kehu__sink_add(s, at, (size_t)(p - at));
    }
    kehu__sink_char(s, '"');
}

void kehu__json_key(kehu__json *j, const char *name)
{
    assert(j->depth > 0 && j->is_object[j->depth - 1]);
    start_value(j);
    put_string(&j->sink, name, strlen(name));
    kehu__sink_char(&j->sink, ':');
    j->wants_comma = false;
}

void kehu__json_text(kehu__json *j, const char *bytes, size_t size)
{
    start_value(j);
    put_string(&j->sink, bytes, size);
}

void kehu__json_string(kehu__json *j, const char *text)
{
    if (text == NULL)
        kehu__json_null(j);
    else
        kehu__json_text(j, text, strlen(text));
}

static void put_word(kehu__json *j, const char *word)
{
    start_value(j);
    kehu__sink_text(&j->sink, word);
}

void kehu__json_number(kehu__json *j, double x)
{
    char text[KEHU__NUMBER_BYTES] = "null";
    if (isfinite(x))
        kehu__format_double(text, x);
    put_word(j, text);
}

void kehu__json_fixed(kehu__json *j, double x, int decimals)
{
    char text[KEHU__NUMBER_BYTES] = "null";
    if (isfinite(x))
        kehu__format_fixed(text, x, decimals);
    put_word(j, text);
}

void kehu__json_money(kehu__json *j, int64_t x, int decimals)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__format_money(text, x, decimals);
    put_word(j, text);
}

void kehu__json_integer(kehu__json *j, int64_t x)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__format_int64(text, x);
    put_word(j, text);
}

void kehu__json_bool(kehu__json *j, bool x)
{
    put_word(j, x ? "true" : "false");
}

void kehu__json_null(kehu__json *j)
{
    put_word(j, "null");
}

void kehu__json_cell(kehu__json *j, const kehu_column *c, int64_t i, int32_t zone_minutes)
{
    const kehu_type kind = kehu__column_kind(c);
    char text[KEHU__CELL_BYTES];
    if (!kehu__column_valid(c, i))
        kehu__json_null(j);
    else if (kehu__type_is_text(c->type)) {
        const kehu__text t = kehu__column_text(c, i);
        kehu__json_text(j, t.bytes, (size_t)t.size);
    } else if (kind == KEHU_FLOAT64 || kind == KEHU_FLOAT32) {
        if (isfinite(kehu__column_number(c, i))) {
            kehu__column_format(text, c, i, zone_minutes);
            put_word(j, text);
        } else
            kehu__json_null(j);
    } else if (kind == KEHU_DATE32 || kind == KEHU_TIMESTAMP)
        kehu__json_text(j, text, (size_t)kehu__column_format(text, c, i, zone_minutes));
    else {
        kehu__column_format(text, c, i, zone_minutes);
        put_word(j, text);
    }
}

void kehu__json_line(kehu__json *j)
{
    assert(j->depth == 0);
    kehu__sink_char(&j->sink, '\n');
    j->wants_comma = false;
}

kehu_status kehu__json_finish(kehu__json *j, kehu_error *err)
{
    assert(j->depth == 0);
    return kehu__sink_flush(&j->sink, err);
}
