/* JSON Lines: one object a line (RFC 8259), its members read as the fields say. */
#include "data/jsonl.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_DEPTH = 64 };

static const char not_json[] = "not valid JSON";

/* Walks one line. */
typedef struct walker {
    kehu_csv *csv;
    const char *at, *end;
    const char *reason; /* why the row is rejected, NULL = fine so far */
    bool no_memory;
} walker;

static bool stop(walker *w, const char *reason)
{
    w->reason = reason;
    return false;
}

static void skip_blanks(walker *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\r'))
        w->at++;
}

static bool take(walker *w, char c)
{
    skip_blanks(w);
    if (w->at == w->end || *w->at != c)
        return stop(w, not_json);
    w->at++;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* The four hexadecimal digits after \u. */
static bool take_hex(walker *w, uint32_t *c)
{
    *c = 0;
    if (w->end - w->at < 4)
        return stop(w, not_json);
    for (int i = 0; i < 4; i++) {
        const int digit = hex_value(*w->at++);
        if (digit < 0)
            return stop(w, not_json);
        *c = *c << 4 | (uint32_t)digit;
    }
    return true;
}

/* \uXXXX, perhaps two of them for one character. */
static bool take_escaped_character(walker *w, char *to, size_t *n)
{
    uint32_t c, low;
    if (!take_hex(w, &c))
        return false;
    if (c >= 0xD800 && c < 0xDC00) {
        if (w->end - w->at < 6 || w->at[0] != '\\' || w->at[1] != 'u')
            return stop(w, not_json);
        w->at += 2;
        if (!take_hex(w, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return stop(w, not_json);
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c <= 0xDFFF)
        return stop(w, not_json);
    *n += (size_t)kehu__utf8_put(to + *n, c);
    return true;
}

/* The text of a string; with escapes it lies in the reader's scratch. */
static bool take_string(walker *w, kehu__text *text)
{
    static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    kehu_csv *csv = w->csv;
    const char *from;
    size_t n;
    if (!take(w, '"'))
        return false;
    from = w->at;
    while (w->at < w->end && *w->at != '"' && *w->at != '\\' &&
           (unsigned char)*w->at >= 0x20)
        w->at++;
    if (w->at < w->end && *w->at == '"') {
        *text = (kehu__text){from, w->at++ - from};
        return true;
    }
    if (!kehu__grow(&csv->alloc, &csv->unquoted, &csv->unquoted_capacity,
                    (size_t)(w->end - from) + 4, 1)) {
        w->no_memory = true;
        return false;
    }
    n = (size_t)(w->at - from);
    memcpy(csv->unquoted, from, n);
    while (w->at < w->end && *w->at != '"') {
        const char *letter;
        if ((unsigned char)*w->at < 0x20)
            return stop(w, not_json);
        if (*w->at != '\\') {
            csv->unquoted[n++] = *w->at++;
            continue;
        }
        if (++w->at == w->end)
            return stop(w, not_json);
        if (*w->at == 'u') {
            w->at++;
            if (!take_escaped_character(w, csv->unquoted, &n))
                return false;
            continue;
        }
        letter = *w->at == '\0' ? NULL : strchr(letters, *w->at);
        if (letter == NULL)
            return stop(w, not_json);
        csv->unquoted[n++] = means[letter - letters];
        w->at++;
    }
    *text = (kehu__text){csv->unquoted, (int64_t)n};
    return take(w, '"');
}

static bool take_digits(walker *w)
{
    const char *from = w->at;
    while (w->at < w->end && *w->at >= '0' && *w->at <= '9')
        w->at++;
    return w->at > from || stop(w, not_json);
}

/* A number as JSON has it: no leading zero, no bare point. */
static bool take_number(walker *w, kehu__text *text)
{
    const char *from = w->at;
    if (*w->at == '-')
        w->at++;
    if (w->at < w->end && *w->at == '0')
        w->at++;
    else if (!take_digits(w))
        return false;
    if (w->at < w->end && *w->at == '.') {
        w->at++;
        if (!take_digits(w))
            return false;
    }
    if (w->at < w->end && (*w->at | 0x20) == 'e') {
        w->at++;
        if (w->at < w->end && (*w->at == '+' || *w->at == '-'))
            w->at++;
        if (!take_digits(w))
            return false;
    }
    *text = (kehu__text){from, w->at - from};
    return true;
}

static bool take_word(walker *w, kehu__text *text)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if ((size_t)(w->end - w->at) >= n && memcmp(w->at, words[i], n) == 0) {
            *text = (kehu__text){w->at, (int64_t)n};
            w->at += n;
            return true;
        }
    }
    return stop(w, not_json);
}

typedef enum value_kind { STRING, NUMBER, WORD, NESTED } value_kind;

static bool skip_nested(walker *w, int depth);

/* Any value; an object or array is checked and passed over. */
static bool take_value(walker *w, int depth, value_kind *kind, kehu__text *text)
{
    skip_blanks(w);
    *text = (kehu__text){w->at, 0};
    if (w->at == w->end)
        return stop(w, not_json);
    if (*w->at == '"') {
        *kind = STRING;
        return take_string(w, text);
    }
    if (*w->at == '-' || (*w->at >= '0' && *w->at <= '9')) {
        *kind = NUMBER;
        return take_number(w, text);
    }
    if (*w->at == '{' || *w->at == '[') {
        const char *from = w->at;
        *kind = NESTED;
        if (!skip_nested(w, depth + 1))
            return false;
        *text = (kehu__text){from, w->at - from};
        return true;
    }
    *kind = WORD;
    return take_word(w, text);
}

static bool skip_nested(walker *w, int depth)
{
    const bool object = *w->at++ == '{';
    const char close = object ? '}' : ']';
    kehu__text text;
    value_kind kind;
    if (depth > MAX_DEPTH)
        return stop(w, "JSON nested too deeply");
    skip_blanks(w);
    if (w->at < w->end && *w->at == close) {
        w->at++;
        return true;
    }
    for (;;) {
        if (object && (!take_string(w, &text) || !take(w, ':')))
            return false;
        if (!take_value(w, depth, &kind, &text))
            return false;
        skip_blanks(w);
        if (w->at < w->end && *w->at == close) {
            w->at++;
            return true;
        }
        if (!take(w, ','))
            return false;
    }
}

static int64_t find_field(const kehu_csv *csv, kehu__text name)
{
    for (uint32_t i = 0; i < csv->options.n_fields; i++) {
        const char *field = csv->options.fields[i].name;
        if (strlen(field) == (size_t)name.size &&
            memcmp(field, name.bytes, (size_t)name.size) == 0)
            return i;
    }
    return -1;
}

/* One member: its value goes to the cell of its field, if there is one. */
static bool take_member(walker *w, const char **column, kehu__text *value)
{
    kehu_csv *csv = w->csv;
    kehu__text name;
    value_kind kind;
    int64_t i;
    if (!take_string(w, &name))
        return false;
    i = find_field(csv, name); /* before the scratch is used again */
    if (!take(w, ':') || !take_value(w, 1, &kind, value))
        return false;
    if (i < 0)
        return true;
    *column = csv->options.fields[i].name;
    csv->seen[i] = !(kind == WORD && value->bytes[0] == 'n');
    if (!csv->seen[i]) {
        kehu__builder_missing(&csv->builder, (size_t)i);
        return true;
    }
    w->reason = kind == NESTED
                    ? "an object or array, expected one value"
                    : kehu__cell_read(&csv->builder, (size_t)i, &csv->options.fields[i],
                                      &csv->rules, *value, kind == STRING);
    csv->text_bytes += (size_t)value->size;
    if (w->reason == NULL || (csv->options.fields[i].flags & KEHU_FIELD_COERCE) == 0)
        return w->reason == NULL;
    w->no_memory = !kehu__csv_coerce(csv, (size_t)i, *column, w->reason, *value);
    w->reason = NULL;
    return !w->no_memory;
}

static bool take_object(walker *w, const char **column, kehu__text *value)
{
    skip_blanks(w);
    if (w->at == w->end || *w->at != '{')
        return stop(w, "not a JSON object");
    w->at++;
    skip_blanks(w);
    if (w->at < w->end && *w->at == '}')
        w->at++;
    else
        for (;;) {
            if (!take_member(w, column, value))
                return false;
            skip_blanks(w);
            if (w->at < w->end && *w->at == '}') {
                w->at++;
                break;
            }
            if (!take(w, ','))
                return false;
        }
    skip_blanks(w);
    return w->at == w->end || stop(w, not_json);
}

static bool check_required(walker *w, const char **column, kehu__text *value)
{
    const kehu_csv_options *o = &w->csv->options;
    for (uint32_t i = 0; i < o->n_fields; i++)
        if (!w->csv->seen[i] && (o->fields[i].flags & KEHU_FIELD_REQUIRED) != 0) {
            *column = o->fields[i].name;
            *value = (kehu__text){"", 0};
            return stop(w, "value missing");
        }
    return true;
}

/* The line from..to, without its line end, as a row. */
static kehu_status take_line(kehu_csv *csv, const char *from, const char *to,
                             const char *next, kehu_error *err)
{
    const kehu__text line = {from, to - from};
    kehu__text value = line;
    const char *column = NULL;
    walker w = {.csv = csv, .at = from, .end = to};
    bool nul;
    if (kehu__csv_bad_byte(from, to, &nul) < to)
        w.reason = nul ? "NUL byte" : kehu__csv_source_bad_text(&csv->source);
    else {
        csv->text_bytes = 0;
        for (uint32_t i = 0; i < csv->options.n_fields; i++) {
            kehu__builder_missing(&csv->builder, i);
            csv->seen[i] = false;
        }
        if (take_object(&w, &column, &value))
            check_required(&w, &column, &value);
    }
    if (w.no_memory)
        return kehu__no_memory(err, "a batch of rows");
    if (w.reason == NULL)
        return kehu__csv_end_row(csv, next, 1, err);
    if (w.reason == not_json) {
        column = NULL;
        value = line;
    }
    return kehu__csv_reject_row(csv, column, w.reason, value, next, 1, err);
}

kehu_status kehu__jsonl_start(kehu_csv *csv, kehu_error *err)
{
    const kehu_csv_options *o = &csv->options;
    if (o->n_fields == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "JSON Lines are read by fields: name them");
    csv->seen = kehu__alloc_zero(&csv->alloc, o->n_fields, sizeof *csv->seen);
    if (csv->seen == NULL)
        return kehu__no_memory(err, "reading a file");
    for (uint32_t i = 0; i < o->n_fields; i++)
        kehu__builder_add(&csv->builder, o->fields[i].name,
                          kehu__field_type(&o->fields[i]));
    if (csv->builder.failed != KEHU_OK)
        return kehu__builder_fail(&csv->builder, err);
    KEHU_TRY(kehu__csv_source_more(&csv->source, err));
    if (csv->source.at == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "%s is empty", csv->source.name);
    return KEHU_OK;
}

kehu_status kehu__jsonl_read_row(kehu_csv *csv, bool *ended, kehu_error *err)
{
    kehu__csv_source *s = &csv->source;
    for (;;) {
        const char *from = s->text + s->start, *end = s->text + s->end;
        const size_t size = (size_t)(end - from);
        const char *line_end = memchr(from, '\n', size), *to;
        if (line_end == NULL && !s->ended && size <= csv->options.max_row_bytes) {
            KEHU_TRY(kehu__csv_source_more(s, err));
            continue;
        }
        *ended = size == 0;
        if (*ended)
            return KEHU_OK;
        to = line_end == NULL ? end : line_end;
        if (to - from > (ptrdiff_t)csv->options.max_row_bytes)
            return kehu__csv_reject_long(csv, err);
        while (from < to && (*from == ' ' || *from == '\t' || *from == '\r'))
            from++;
        if (from < to)
            return take_line(csv, from, to, line_end == NULL ? end : line_end + 1, err);
        kehu__csv_consume(csv, line_end == NULL ? end : line_end + 1, 1);
    }
}
