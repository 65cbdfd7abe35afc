#include "data/csv_row.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

const char *kehu__csv_special(const char *p, const char *end, char a)
{
#if defined(__SSE2__)
    const __m128i va = _mm_set1_epi8(a), quote = _mm_set1_epi8('"');
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (; end - p >= 16; p += 16) {
        __m128i v;
        unsigned found;
        memcpy(&v, p, sizeof v);
        found = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, quote)),
                         _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr))));
        if (found != 0)
            return p + __builtin_ctz(found);
    }
#endif
    while (p < end && *p != a && *p != '"' && *p != '\n' && *p != '\r')
        p++;
    return p;
}

static void add_cell(kehu__csv_row *row, const char *from, const char *to, bool quoted,
                     bool doubled)
{
    if (row->n_cells < row->capacity)
        row->cells[row->n_cells] =
            (kehu__csv_cell){from, (size_t)(to - from), quoted, doubled};
    row->n_cells++;
}

/* Step over CR, LF or CR LF at p; NULL when a LF might follow after the end. */
static const char *step_line_end(const char *p, const char *end, bool last)
{
    if (*p == '\n')
        return p + 1;
    if (p + 1 == end)
        return last ? p + 1 : NULL;
    return p[1] == '\n' ? p + 2 : p + 1;
}

/* The closing quote of a cell whose text starts at p, or NULL with *found set.
 * Counts the line ends inside. */
static const char *closing_quote(kehu__csv_row *row, const char *p, const char *end,
                                 bool last, bool *doubled, kehu__csv_found *found)
{
    for (;;) {
        p = kehu__csv_special(p, end, '"');
        if (p == end) {
            *found = last ? KEHU__CSV_UNCLOSED : KEHU__CSV_CUT;
            return NULL;
        }
        if (*p != '"') {
            p = step_line_end(p, end, last);
            row->n_lines++;
            if (p == NULL) {
                *found = KEHU__CSV_CUT;
                return NULL;
            }
        } else if (p + 1 == end && !last) {
            *found = KEHU__CSV_CUT;
            return NULL;
        } else if (p + 1 < end && p[1] == '"') {
            *doubled = true;
            p += 2;
        } else
            return p;
    }
}

/* Take the cell at *p and leave *p at what ended it; KEHU__CSV_ROW when fine. */
static kehu__csv_found take_cell(kehu__csv_row *row, const char **p, const char *end,
                                 char delimiter, bool last)
{
    const char *from = *p, *to = from;
    if (from < end && *from == '"') {
        kehu__csv_found found = KEHU__CSV_ROW;
        bool doubled = false;
        to = closing_quote(row, from + 1, end, last, &doubled, &found);
        add_cell(row, from + 1, to == NULL ? end : to, true, doubled);
        if (to == NULL)
            return found;
        *p = to + 1;
        return *p == end || **p == delimiter || **p == '\n' || **p == '\r'
                   ? KEHU__CSV_ROW
                   : KEHU__CSV_TRAILING;
    }
    while ((to = kehu__csv_special(to, end, delimiter)) < end && *to == '"')
        to++; /* inside an unquoted value a quote is a quote */
    if (to == end && !last)
        return KEHU__CSV_CUT;
    add_cell(row, from, to, false, false);
    *p = to;
    return KEHU__CSV_ROW;
}

/* Take unquoted cells as long as whole blocks are left, and return where the first
 * cell starts that needs the slow way; *line_end is the row's end when reached. */
static const char *take_plain_cells(kehu__csv_row *row, const char *p, const char *end,
                                    char delimiter, const char **line_end)
{
#if defined(__SSE2__)
    const __m128i va = _mm_set1_epi8(delimiter), quote = _mm_set1_epi8('"');
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    const char *from = p; /* of the cell */
    for (; end - p >= 16; p += 16) {
        __m128i v;
        unsigned found;
        memcpy(&v, p, sizeof v);
        found = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, quote)),
                         _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr))));
        for (; found != 0; found &= found - 1) {
            const char *at = p + __builtin_ctz(found);
            if (*at == '"') {
                if (at == from)
                    return from; /* a quoted cell */
                continue;        /* inside an unquoted value a quote is a quote */
            }
            add_cell(row, from, at, false, false);
            if (*at != delimiter) {
                *line_end = at;
                return at;
            }
            from = at + 1;
        }
    }
    return from;
#else
    (void)row;
    (void)end;
    (void)delimiter;
    (void)line_end;
    return p;
#endif
}

kehu__csv_found kehu__csv_scan(kehu__csv_row *row, const char *p, const char *end,
                               char delimiter, bool last)
{
    row->n_cells = 0;
    row->n_lines = 0;
    if (p == end)
        return last ? KEHU__CSV_NONE : KEHU__CSV_CUT;
    for (;; p++) {
        const char *line_end = NULL;
        kehu__csv_found found;
        p = take_plain_cells(row, p, end, delimiter, &line_end);
        if (line_end != NULL)
            break;
        found = take_cell(row, &p, end, delimiter, last);
        if (found != KEHU__CSV_ROW)
            return found;
        if (p == end) {
            row->next = end;
            return KEHU__CSV_ROW;
        }
        if (*p != delimiter)
            break;
    }
    row->next = step_line_end(p, end, last);
    row->n_lines++;
    return row->next == NULL ? KEHU__CSV_CUT : KEHU__CSV_ROW;
}

size_t kehu__csv_unquote(char *to, const kehu__csv_cell *cell)
{
    const char *p = cell->text, *end = p + cell->size;
    char *out = to;
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const size_t n = quote == NULL ? (size_t)(end - p) : (size_t)(quote + 1 - p);
        memmove(out, p, n);
        out += n;
        p += n + (quote != NULL);
    }
    return (size_t)(out - to);
}
