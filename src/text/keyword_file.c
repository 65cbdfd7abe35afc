/* A keyword list as text that people edit, and as a model file. */
#include <kehu/keyword.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "text/keyword.h"

#define KIND "KEY1"

static const char marks[] = {' ', '+', '!', '-'}; /* by kehu_keyword_mark */
enum { FORMAT = 1, MAX_FIELDS = 4 };

typedef struct parser {
    kehu__draft draft;
    const char *at, *end; /* what is left of the file */
    uint32_t number;      /* of this line, from 1 */
    kehu__buffer note;    /* notes read that wait for their line */
    kehu__buffer head;    /* notes of the whole file */
    bool begun;           /* a line that is no note and not empty has been seen */
    kehu__buffer field;   /* an unescaped field */
    kehu_error *err;
} parser;

typedef struct field {
    const char *bytes;
    size_t size;
} field;

static kehu_status bad_line(const parser *p, const char *reason)
{
    return kehu__fail(p->err, KEHU_FORMAT, (int64_t)p->number - 1, "line %u: %s",
                      p->number, reason);
}

/* Take away backslashes, and blanks at the ends that no backslash guards. The
 * result stays valid until the next call. */
static kehu_status unescape(parser *p, field f, field *out)
{
    size_t keep = 0;
    p->field.size = 0;
    while (f.size > 0 && *f.bytes == ' ') {
        f.bytes++;
        f.size--;
    }
    for (size_t i = 0; i < f.size; i++) {
        const bool escaped = f.bytes[i] == '\\';
        if (escaped && ++i == f.size)
            return bad_line(p, "nothing follows the backslash");
        if ((unsigned char)f.bytes[i] < 0x20 || f.bytes[i] == 0x7F)
            return bad_line(p, "a control character");
        kehu__buffer_u8(&p->field, (uint8_t)f.bytes[i]);
        if (escaped || f.bytes[i] != ' ')
            keep = p->field.size;
    }
    if (p->field.failed)
        return kehu__no_memory(p->err, "the keyword list");
    *out = (field){keep == 0 ? "" : p->field.bytes, keep};
    return KEHU_OK;
}

static kehu_status parse_class(parser *p, field f, uint32_t *at)
{
    field name;
    KEHU_TRY(unescape(p, f, &name));
    if (name.size == 0)
        return bad_line(p, "the class is empty");
    if (name.size > KEHU__KEYWORD_NAME)
        return bad_line(p, "the class has more than 255 bytes");
    *at = kehu__draft_text(&p->draft, name.bytes, name.size);
    return KEHU_OK;
}

static kehu_status parse_number(const parser *p, field f, int32_t least, int32_t most,
                                const char *name, int32_t *out)
{
    int64_t v = 0;
    bool minus = false;
    size_t i = 0;
    while (f.size > 0 && f.bytes[f.size - 1] == ' ')
        f.size--;
    while (i < f.size && f.bytes[i] == ' ')
        i++;
    if (i < f.size && (f.bytes[i] == '-' || f.bytes[i] == '+'))
        minus = f.bytes[i++] == '-';
    if (i == f.size || f.size - i > 12)
        v = INT64_MAX;
    for (; i < f.size && v != INT64_MAX; i++)
        v = f.bytes[i] >= '0' && f.bytes[i] <= '9' ? v * 10 + (f.bytes[i] - '0')
                                                   : INT64_MAX;
    v = minus && v != INT64_MAX ? -v : v;
    if (v < least || v > most)
        return kehu__fail(p->err, KEHU_FORMAT, (int64_t)p->number - 1,
                          "line %u: the %s is not a whole number from %d to %d",
                          p->number, name, least, most);
    *out = (int32_t)v;
    return KEHU_OK;
}

static bool is(field f, const char *word)
{
    return f.size == strlen(word) && memcmp(f.bytes, word, f.size) == 0;
}

static kehu_status parse_setting(parser *p, const field *f, size_t n)
{
    const bool bias = is(f[0], "@bias");
    int32_t value;
    if (n != (bias ? 3u : 2u))
        return bad_line(p, bias ? "@bias takes a class and a number"
                                : "a setting takes one number");
    if (bias) {
        kehu__draft_bias b = {.number = p->number};
        KEHU_TRY(parse_class(p, f[1], &b.class_at));
        KEHU_TRY(parse_number(p, f[2], -KEHU__KEYWORD_BIAS, KEHU__KEYWORD_BIAS, "bias",
                              &b.points));
        kehu__draft_add_bias(&p->draft, b);
        return KEHU_OK;
    }
    if (is(f[0], "@scale"))
        return parse_number(p, f[1], 1, KEHU__KEYWORD_MILLION, "scale", &p->draft.scale);
    if (is(f[0], "@abstain"))
        return parse_number(p, f[1], 0, KEHU__KEYWORD_CERTAIN, "abstain level",
                            &p->draft.abstain);
    if (!is(f[0], "@format"))
        return bad_line(p, "no such setting; there are @format, @bias, @scale, @abstain");
    KEHU_TRY(parse_number(p, f[1], 1, KEHU__KEYWORD_MILLION, "format", &value));
    if (value > FORMAT)
        return kehu__fail(p->err, KEHU_VERSION, (int64_t)p->number - 1,
                          "line %u: format %d, this kehu reads up to %d", p->number,
                          value, FORMAT);
    return KEHU_OK;
}

/* Mark, then the keyword in its one form. */
static kehu_status parse_keyword(parser *p, field f, kehu__draft_line *line)
{
    field raw;
    char *form;
    size_t size;
    while (f.size > 0 && *f.bytes == ' ') {
        f.bytes++;
        f.size--;
    }
    for (int m = KEHU_KEYWORD_ADDED; f.size > 0 && m <= KEHU_KEYWORD_FORBIDDEN; m++)
        if (line->mark == KEHU_KEYWORD_LEARNED && *f.bytes == marks[m]) {
            line->mark = (uint8_t)m;
            f.bytes++;
            f.size--;
        }
    KEHU_TRY(unescape(p, f, &raw));
    line->keyword_at = (uint32_t)p->draft.strings.size;
    form = kehu__buffer_room(&p->draft.strings, raw.size + 1);
    if (form == NULL)
        return kehu__no_memory(p->err, "the keyword list");
    size = kehu__keyword_normalize(form, raw.bytes, raw.size);
    if (size == 0)
        return bad_line(p, "the keyword is empty");
    if (size == SIZE_MAX)
        return bad_line(p, "the keyword has more than 64 characters");
    p->draft.strings.size = line->keyword_at + size + 1;
    return KEHU_OK;
}

static kehu_status parse_entry(parser *p, const field *f, size_t n)
{
    kehu__draft_line line = {
        .class_at = KEHU__ALL_CLASSES, .note_at = KEHU__NO_NOTE, .number = p->number};
    if (n < 2 || n > 3)
        return bad_line(p, "expected class, keyword and weight, parted by tabs");
    if (!is(f[0], "*"))
        KEHU_TRY(parse_class(p, f[0], &line.class_at));
    KEHU_TRY(parse_keyword(p, f[1], &line));
    if (line.mark == KEHU_KEYWORD_FORBIDDEN) {
        if (n == 3)
            return bad_line(p, "a forbidden keyword has no weight");
    } else if (line.class_at == KEHU__ALL_CLASSES)
        return bad_line(p, "only a forbidden keyword can be for all classes");
    else if (n == 3)
        KEHU_TRY(parse_number(p, f[2], -KEHU__KEYWORD_WEIGHT, KEHU__KEYWORD_WEIGHT,
                              "weight", &line.weight));
    else {
        if (line.mark == KEHU_KEYWORD_FIXED)
            return bad_line(p, "a fixed keyword needs its weight");
        line.mark = KEHU_KEYWORD_ADDED;
        line.weight = KEHU__KEYWORD_DEFAULT;
    }
    if (p->note.size > 0)
        line.note_at = kehu__draft_text(&p->draft, p->note.bytes, p->note.size);
    p->note.size = 0;
    kehu__draft_add(&p->draft, line);
    return KEHU_OK;
}

static void note_to_head(parser *p)
{
    kehu__buffer_add(&p->head, p->note.bytes, p->note.size);
    p->note.size = 0;
}

static kehu_status parse_line(parser *p, const char *line, size_t size)
{
    field f[MAX_FIELDS];
    size_t n = 0, from = 0;
    if (memchr(line, 0, size) != NULL)
        return bad_line(p, "a NUL byte");
    if (*line == '#') {
        kehu__buffer_add(&p->note, line, size);
        kehu__buffer_u8(&p->note, '\n');
        return KEHU_OK;
    }
    for (size_t i = 0; i <= size; i++)
        if (i == size || line[i] == '\t') {
            if (n == MAX_FIELDS)
                return bad_line(p, "too many fields");
            f[n++] = (field){line + from, i - from};
            from = i + 1;
        }
    p->begun = true;
    if (*line != '@')
        return parse_entry(p, f, n);
    note_to_head(p);
    return parse_setting(p, f, n);
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return false;
    return true;
}

static kehu_status parse(parser *p)
{
    while (p->at < p->end) {
        const char *line = p->at, *stop = memchr(line, '\n', (size_t)(p->end - line));
        size_t size = (size_t)((stop == NULL ? p->end : stop) - line);
        p->at = stop == NULL ? p->end : stop + 1;
        p->number++;
        while (size > 0 && line[size - 1] == '\r')
            size--;
        if (kehu__utf8_valid(line, size) != size)
            return kehu__fail(p->err, KEHU_ENCODING, (int64_t)p->number - 1,
                              "line %u is not UTF-8", p->number);
        if (!is_blank(line, size))
            KEHU_TRY(parse_line(p, line, size));
        else if (!p->begun)
            note_to_head(p);
    }
    if (p->head.size > 0)
        p->draft.head_at = kehu__draft_text(&p->draft, p->head.bytes, p->head.size);
    if (p->note.size > 0)
        p->draft.tail_at = kehu__draft_text(&p->draft, p->note.bytes, p->note.size);
    if (p->note.failed || p->head.failed || p->draft.failed)
        return kehu__no_memory(p->err, "the keyword list");
    return KEHU_OK;
}

kehu_status kehu_keyword_read_text(kehu_keyword **out, const char *text, size_t size,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    parser p = {.draft = kehu__draft_new(&a),
                .note = kehu__buffer_new(&a),
                .head = kehu__buffer_new(&a),
                .field = kehu__buffer_new(&a),
                .err = err};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (text == NULL && size > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "text is NULL");
    if (size > UINT32_MAX / 4)
        return kehu__fail(err, KEHU_LIMIT, -1, "%zu bytes, at most %u are possible", size,
                          UINT32_MAX / 4);
    p.at = text == NULL ? "" : text;
    p.end = p.at + size;
    if (size >= 3 && memcmp(p.at, "\xEF\xBB\xBF", 3) == 0)
        p.at += 3;
    status = parse(&p);
    if (status == KEHU_OK)
        status = kehu__keyword_build(out, &p.draft, err);
    kehu__draft_free(&p.draft);
    kehu__buffer_free(&p.note);
    kehu__buffer_free(&p.head);
    kehu__buffer_free(&p.field);
    return status;
}

/* A field so that reading it gives it back. */
static void write_field(kehu__buffer *b, const char *text, bool first)
{
    const size_t size = strlen(text);
    const bool star = first && strcmp(text, "*") == 0;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        const bool edge = i == 0 || i == size - 1;
        const bool mark = i == 0 && (first ? c == '#' || c == '@' || star
                                           : c == '+' || c == '!' || c == '-');
        if (c == '\\' || mark || (edge && c == ' '))
            kehu__buffer_u8(b, '\\');
        kehu__buffer_u8(b, (uint8_t)c);
    }
}

static void write_number(kehu__buffer *b, const char *before, int32_t v)
{
    char text[16];
    snprintf(text, sizeof text, "%d\n", v);
    kehu__buffer_text(b, before);
    kehu__buffer_text(b, text);
}

static void write_line(kehu__buffer *b, const kehu_keyword *k,
                       const kehu__keyword_line *line)
{
    if (line->note_at != KEHU__NO_NOTE)
        kehu__buffer_text(b, k->strings + line->note_at);
    if (line->class_number < 0)
        kehu__buffer_text(b, "*");
    else
        write_field(b, k->strings + k->class_at[line->class_number], true);
    kehu__buffer_text(b, "\t");
    if (line->mark != KEHU_KEYWORD_LEARNED)
        kehu__buffer_u8(b, (uint8_t)marks[line->mark]);
    write_field(b, kehu__keyword_of(k, line), false);
    if (line->mark == KEHU_KEYWORD_FORBIDDEN)
        kehu__buffer_text(b, "\n");
    else
        write_number(b, "\t", line->weight);
}

static kehu_status build_text(kehu__buffer *b, const void *handle, kehu_error *err)
{
    const kehu_keyword *k = handle;
    int32_t last = -2;
    (void)err;
    *b = kehu__buffer_new(&k->alloc);
    if (k->head_at != KEHU__NO_NOTE)
        kehu__buffer_text(b, k->strings + k->head_at);
    if (k->head_at != KEHU__NO_NOTE)
        kehu__buffer_text(b, "\n");
    write_number(b, "@format\t", FORMAT);
    write_number(b, "@scale\t", k->scale);
    write_number(b, "@abstain\t", k->abstain);
    for (int32_t c = 0; c < k->n_classes; c++) {
        kehu__buffer_text(b, "@bias\t");
        write_field(b, k->strings + k->class_at[c], true);
        write_number(b, "\t", k->bias[c]);
    }
    for (size_t i = 0; i < k->n_lines; i++) {
        if (k->lines[i].class_number != last)
            kehu__buffer_text(b, "\n");
        last = k->lines[i].class_number;
        write_line(b, k, &k->lines[i]);
    }
    if (k->tail_at != KEHU__NO_NOTE) {
        kehu__buffer_text(b, "\n");
        kehu__buffer_text(b, k->strings + k->tail_at);
    }
    return KEHU_OK;
}

static kehu_status make_of_text(void *out, const kehu__handle_source *from,
                                kehu_error *err)
{
    return kehu_keyword_read_text(out, from->bytes, from->size, &from->alloc, err);
}

static const kehu__handle_file text_file = {"k", build_text, make_of_text};

kehu_status kehu_keyword_save_text(const kehu_keyword *k, const char *path,
                                   kehu_error *err)
{
    return kehu__handle_save(&text_file, k, path, err);
}

kehu_status kehu_keyword_write_text(const kehu_keyword *k, const kehu_writer *writer,
                                    kehu_error *err)
{
    return kehu__handle_write(&text_file, k, writer, err);
}

kehu_status kehu_keyword_load_text(kehu_keyword **out, const char *path,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&text_file, out, path, NULL, alloc, err);
}

/* The model file holds the list as text: one form to check, one to keep alive. */
static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    kehu__buffer text;
    const kehu_status status = build_text(&text, handle, err);
    const kehu__section section = {"LIST", text.bytes, text.size};
    *out = kehu__buffer_new(&text.alloc);
    if (text.failed)
        out->failed = true;
    else
        kehu__container_build(out, KIND, &section, 1);
    kehu__buffer_free(&text);
    return status;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    const char *list;
    size_t list_size;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, KIND, from->name, err));
    if (!kehu__container_find(&c, "LIST", &list, &list_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has no keyword list", from->name);
    return kehu_keyword_read_text(out, list, list_size, &from->alloc, err);
}

static const kehu__handle_file file = {"k", build, make};

kehu_status kehu_keyword_save(const kehu_keyword *k, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, k, path, err);
}

kehu_status kehu_keyword_write(const kehu_keyword *k, const kehu_writer *writer,
                               kehu_error *err)
{
    return kehu__handle_write(&file, k, writer, err);
}

kehu_status kehu_keyword_load(kehu_keyword **out, const char *path,
                              const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_keyword_read(kehu_keyword **out, const void *bytes, size_t size,
                              const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
