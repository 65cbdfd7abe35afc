#include <kehu/redact.h>

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/builder.h"
#include "data/column.h"
#include "text/normalize.h"
#include "text/redact.h"

static const char *const kind_names[KEHU_REDACT_KINDS] = {
    "phone", "identity card", "bank card", "e-mail", "address"};
static const char *const instead[KEHU_REDACT_KINDS] = {
    "[phone]", "[identity card]", "[bank card]", "[e-mail]", "[address]"};

const char *kehu_redact_kind_name(kehu_redact_kind kind)
{
    return (unsigned)kind < KEHU_REDACT_KINDS ? kind_names[kind] : NULL;
}

/* ---- Characters ------------------------------------------------------------- */

uint32_t kehu__redact_at(const kehu__redacting *r, size_t at, size_t *next)
{
    const char *p = r->text + at;
    uint32_t c;
    if (at >= r->size) {
        *next = r->size;
        return 0;
    }
    c = kehu__utf8_next(&p, r->text + r->size);
    *next = (size_t)(p - r->text);
    return c < 0x4E00 ? c : kehu__simplify(c);
}

uint32_t kehu__redact_before(const kehu__redacting *r, size_t at, size_t *start)
{
    size_t next = 0;
    *start = at;
    if (at == 0)
        return 0;
    for (size_t back = 1; back <= 4 && back <= at; back++) {
        const uint32_t c = kehu__redact_at(r, at - back, &next);
        if (next == at && c != KEHU__BAD_BYTE) {
            *start = at - back;
            return c;
        }
    }
    *start = at - 1;
    return KEHU__BAD_BYTE;
}

int kehu__redact_digit(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (int)(c - '0');
    return c >= 0xFF10 && c <= 0xFF19 ? (int)(c - 0xFF10) : -1;
}

int kehu__redact_numeral(uint32_t c)
{
    static const uint32_t numerals[] = {0x96F6, 0x4E00, 0x4E8C, 0x4E09, 0x56DB,
                                        0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D};
    for (int i = 0; i < 10; i++)
        if (numerals[i] == c)
            return i;
    if (c == 0x5E7A) /* 幺 */
        return 1;
    return c == 0x3007 || c == 0x25CB ? 0 : -1; /* 〇 ○ */
}

bool kehu__redact_letter(uint32_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Whether the n bytes at a place are those of a word, traditional characters counting as
 * simplified ones. */
static bool same_word(const kehu__redacting *r, size_t at, const char *word, size_t n)
{
    const char *p = word;
    size_t next;
    if (memcmp(r->text + at, word, n) == 0)
        return true;
    for (const size_t end = at + n; at < end; at = next)
        if (kehu__redact_at(r, at, &next) != kehu__utf8_next(&p, word + n))
            return false;
    return true;
}

bool kehu__redact_has(const kehu__redacting *r, size_t at, const char *word)
{
    const size_t n = strlen(word);
    return n <= r->size - at && same_word(r, at, word, n);
}

bool kehu__redact_had(const kehu__redacting *r, size_t at, const char *word)
{
    const size_t n = strlen(word);
    return n <= at && same_word(r, at - n, word, n);
}

/* ---- E-mail ----------------------------------------------------------------- */

static bool in_local(uint32_t c)
{
    return (c >= '0' && c <= '9') || kehu__redact_letter(c) || c == '.' || c == '_' ||
           c == '%' || c == '+' || c == '-';
}

/* Where a domain that begins here ends; `at` when none does. */
static size_t domain_end(const kehu__redacting *r, size_t at)
{
    size_t end = at, next, label = 0;
    int dots = 0;
    bool letters = true;
    for (size_t p = at; p < r->size; p = next) {
        const uint32_t c = kehu__redact_at(r, p, &next);
        if (c == '.') {
            if (label == 0)
                break;
            dots++;
            label = 0;
            letters = true;
        } else if ((c >= '0' && c <= '9') || kehu__redact_letter(c) || c == '-') {
            label++;
            letters = letters && kehu__redact_letter(c);
        } else
            break;
        if (dots > 0 && letters && label >= 2)
            end = next;
    }
    return end;
}

/* An address of electronic mail whose local part begins here. */
static bool email(kehu__redacting *r, size_t at, kehu_redact_span *span)
{
    size_t p = at, next = at, end;
    uint32_t c = 0;
    while (p < r->size && in_local(c = kehu__redact_at(r, p, &next)))
        p = next;
    r->local = p;
    if (p == at || p >= r->size || (c != '@' && c != 0xFF20))
        return false;
    end = domain_end(r, next);
    *span = (kehu_redact_span){(int64_t)at, (int64_t)end, KEHU_REDACT_EMAIL};
    return end > next;
}

/* ---- The search ------------------------------------------------------------- */

static bool wanted(const kehu__redacting *r, kehu_redact_kind kind)
{
    return (r->kinds >> kind & 1) != 0;
}

/* The next span at or behind *at, which then is where to go on; false at the end. */
static bool next_span(kehu__redacting *r, size_t *at, kehu_redact_span *span)
{
    size_t next, end;
    while (*at < r->size) {
        const uint32_t c = kehu__redact_at(r, *at, &next);
        /* What is not wanted takes nothing from what is: digits of an address, say. */
        bool found = wanted(r, KEHU_REDACT_EMAIL) && *at >= r->local && in_local(c) &&
                     c != '.' && email(r, *at, span);
        end = next;
        if (!found && wanted(r, KEHU_REDACT_ADDRESS))
            found = kehu__redact_english(r, *at, span);
        if (!found && kehu__redact_digit(c) >= 0)
            found = kehu__redact_number(r, *at, span, &end);
        else if (!found && kehu__redact_numeral(c) >= 0)
            found = kehu__redact_numerals(r, *at, span, &end);
        if (!found && wanted(r, KEHU_REDACT_ADDRESS))
            found = kehu__redact_address(r, *at, next, c, span);
        if (found && wanted(r, span->kind)) {
            *at = r->from = (size_t)span->end;
            return true;
        }
        *at = found ? (size_t)span->end : end;
    }
    return false;
}

static kehu_status read_options(kehu_redact_options *opt, const kehu_redact_options *from,
                                kehu_error *err)
{
    const uint32_t all = (1u << KEHU_REDACT_KINDS) - 1;
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->kinds > all)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "kinds is %u, expected 0 to %u",
                          (unsigned)opt->kinds, (unsigned)all);
    if (opt->kinds == 0)
        opt->kinds = all;
    if (opt->instead == NULL)
        opt->instead = instead;
    for (int i = 0; i < KEHU_REDACT_KINDS; i++)
        if (opt->instead[i] == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, i, "instead[%d] is NULL", i);
    return KEHU_OK;
}

kehu_status kehu_redact_find(const char *text, int64_t size,
                             const kehu_redact_options *options, kehu_redact_span *spans,
                             int64_t room, int64_t *n, kehu_error *err)
{
    kehu_redact_options opt = {0};
    kehu__redacting r = {.text = text, .size = (size_t)size};
    kehu_redact_span span;
    size_t at = 0;
    KEHU_TRY(read_options(&opt, options, err));
    if ((text == NULL && size > 0) || size < 0 || (spans == NULL && room > 0) ||
        room < 0 || n == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "text, spans or n is NULL, or a number is negative");
    r.kinds = opt.kinds;
    for (*n = 0; next_span(&r, &at, &span); ++*n)
        if (*n < room)
            spans[*n] = span;
    return KEHU_OK;
}

/* ---- Columns ---------------------------------------------------------------- */

/* The text into `b` with what is found replaced; *counts of it. */
static void redact_row(kehu__buffer *b, kehu__text text, const kehu_redact_options *opt,
                       int64_t counts[KEHU_REDACT_KINDS])
{
    kehu__redacting r = {
        .text = text.bytes, .size = (size_t)text.size, .kinds = opt->kinds};
    kehu_redact_span span;
    size_t at = 0, copied = 0;
    b->size = 0;
    while (next_span(&r, &at, &span)) {
        kehu__buffer_add(b, text.bytes + copied, (size_t)span.start - copied);
        kehu__buffer_add(b, opt->instead[span.kind], strlen(opt->instead[span.kind]));
        copied = (size_t)span.end;
        counts[span.kind]++;
    }
    kehu__buffer_add(b, text.bytes + copied, r.size - copied);
}

static kehu_status redact_rows(kehu_table **out, const kehu_column *texts,
                               const kehu_redact_options *opt,
                               int64_t counts[KEHU_REDACT_KINDS], kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu__builder rows = kehu__builder_new(&alloc);
    kehu__buffer b = kehu__buffer_new(&alloc);
    kehu_status status;
    bool whole = true;
    kehu__builder_add(&rows, texts->name == NULL ? "text" : texts->name, KEHU_LARGE_UTF8);
    for (int64_t i = 0; i < texts->length && whole; i++) {
        if (kehu__column_valid(texts, i)) {
            redact_row(&b, kehu__column_text(texts, i), opt, counts);
            kehu__builder_text(&rows, 0, b.size == 0 ? "" : b.bytes, b.size);
        } else
            kehu__builder_missing(&rows, 0);
        whole = !b.failed && kehu__builder_end_row(&rows);
    }
    status = b.failed ? kehu__no_memory(err, "redacted texts")
             : whole  ? kehu__builder_finish(&rows, out, err)
                      : kehu__builder_fail(&rows, err);
    kehu__buffer_free(&b);
    kehu__builder_free(&rows);
    return status;
}

kehu_status kehu_redact_texts(kehu_table **out, const kehu_column *texts,
                              const kehu_redact_options *options, int64_t *counts,
                              kehu_error *err)
{
    kehu_redact_options opt = {0};
    int64_t found[KEHU_REDACT_KINDS] = {0};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(redact_rows(out, texts, &opt, found, err));
    if (counts != NULL)
        memcpy(counts, found, sizeof found);
    return KEHU_OK;
}
