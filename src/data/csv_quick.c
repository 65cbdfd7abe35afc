/* Rows that hold nothing unusual, which are the most: cells are cut at marks found
 * beforehand, and whole numbers, amounts, dates and texts go straight into their
 * columns. A row that cannot be taken so is left to the general way. */
#include <string.h>

#include "base/digits.h"
#include "base/error.h"
#include "data/csv.h"
#include "data/date_text.h"

enum { NUMBER_BYTES = 16 }; /* before a number's end that are read */

void kehu__csv_quick_start(kehu_csv *csv)
{
    for (size_t i = 0; i < csv->n_targets; i++) {
        kehu__csv_target *t = &csv->targets[i];
        const kehu_type type = kehu__field_type(&t->field);
        t->form = t->column == KEHU__CSV_DROPPED ? KEHU__CSV_SKIP
                  : csv->rules.n_missing > 0     ? KEHU__CSV_ANY
                  : type == KEHU_UTF8            ? KEHU__CSV_TEXT
                  : type == KEHU_DATE32          ? KEHU__CSV_DATE
                  : type != KEHU_INT64           ? KEHU__CSV_ANY
                  : t->field.decimals == 0       ? KEHU__CSV_WHOLE
                  : t->field.decimals <= 8       ? KEHU__CSV_MONEY
                                                 : KEHU__CSV_ANY;
    }
}

/* ---- Cells ---- */

static inline bool read_whole(const char *from, const char *to, int64_t *v)
{
    uint64_t size;
    const bool negative = *from == '-';
    if (!kehu__short_number(from + negative, (size_t)(to - from) - negative, &size))
        return false;
    *v = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

/* An amount with exactly as many decimals as its column. */
static inline bool read_amount(const char *from, const char *to, int decimals, int64_t *v)
{
    static const uint32_t power[9] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    const bool negative = *from == '-';
    const char *point = to - decimals - 1;
    const size_t n = (size_t)(point - (from + negative));
    bool good = true;
    if (point <= from || *point != '.' || n - 1 > 7)
        return false;
    const uint64_t before = kehu__last_digits(point, n, &good);
    const uint64_t size =
        before * power[decimals] + kehu__last_digits(to, (size_t)decimals, &good);
    *v = negative ? -(int64_t)size : (int64_t)size;
    return good;
}

/* A cell of its column's form into it; false when it is not of that form. */
static inline bool take_formed(kehu_csv *csv, const kehu__csv_target *t, const char *from,
                               const char *to)
{
    kehu__builder *b = &csv->builder;
    const size_t column = (size_t)t->column;
    int64_t whole;
    int32_t day;
    switch (t->form) {
    case KEHU__CSV_TEXT:
        kehu__builder_text(b, column, from, (size_t)(to - from));
        return true;
    case KEHU__CSV_WHOLE:
        if (!read_whole(from, to, &whole))
            return false;
        kehu__builder_put64(b, column, whole);
        return true;
    case KEHU__CSV_MONEY:
        if (!read_amount(from, to, t->field.decimals, &whole))
            return false;
        kehu__builder_put64(b, column, whole);
        return true;
    case KEHU__CSV_DATE:
        if (to - from != 10 || !kehu__parse_date(from, 10, csv->rules.zone_minutes, &day))
            return false;
        kehu__builder_put32(b, column, day);
        return true;
    case KEHU__CSV_SKIP:
    case KEHU__CSV_ANY:
        break;
    }
    return false;
}

/* Any cell; false when it is to be rejected. */
static inline bool take_cell(kehu_csv *csv, const kehu__csv_target *t, kehu__text cell,
                             bool quoted)
{
    const char *to = cell.bytes + cell.size;
    if (t->form == KEHU__CSV_SKIP)
        return true;
    csv->text_bytes += (size_t)cell.size;
    return (cell.size > 0 && take_formed(csv, t, cell.bytes, to)) ||
           kehu__cell_read(&csv->builder, (size_t)t->column, &t->field, &csv->rules, cell,
                           quoted) == NULL;
}

/* ---- Rows ---- */

typedef enum taken {
    TAKEN,
    SHORT,  /* the marks end before the row */
    UNUSUAL /* a matter of the general way */
} taken;

/* Step from the quote that opens a cell to the mark behind the one that closes it. */
static taken pass_quotes(const kehu__csv_marks *m, const char *stretch, char delimiter,
                         size_t *mark)
{
    size_t close = *mark + 1;
    while (close < m->n && stretch[m->at[close]] == delimiter)
        close++;
    if (close + 1 >= m->n)
        return SHORT;
    *mark = close + 1;
    return stretch[m->at[close]] == '"' && m->at[close + 1] == m->at[close] + 1 &&
                   stretch[m->at[close + 1]] != '"'
               ? TAKEN
               : UNUSUAL;
}

/* Step over the line end at *mark and its CR. */
static taken pass_line_end(const kehu__csv_marks *m, const char *stretch, size_t *mark)
{
    if (stretch[m->at[*mark]] == '\r') {
        if (++*mark == m->n)
            return SHORT;
        if (m->at[*mark] != m->at[*mark - 1] + 1 || stretch[m->at[*mark]] != '\n')
            return UNUSUAL;
    }
    ++*mark;
    return TAKEN;
}

/* Cut and read the row at the window's start; *mark goes behind it. */
static taken take_row(kehu_csv *csv, size_t *mark)
{
    const kehu__csv_marks *m = csv->marks;
    const char *stretch = csv->source.text + m->base, delimiter = csv->delimiter;
    const size_t start = csv->source.start - m->base, n = csv->n_targets;
    size_t from = start;
    csv->text_bytes = 0;
    for (size_t i = 0; i < n; i++, ++*mark) {
        bool quoted = false;
        if (*mark >= m->n)
            return SHORT;
        size_t to = m->at[*mark];
        if (stretch[to] == '"') {
            const taken how =
                to == from ? pass_quotes(m, stretch, delimiter, mark) : UNUSUAL;
            if (how != TAKEN)
                return how;
            quoted = true;
            from++;
            to = m->at[*mark] - (size_t)1;
        }
        if ((stretch[m->at[*mark]] == delimiter) != (i + 1 < n))
            return UNUSUAL; /* too few or too many cells */
        if (!take_cell(csv, &csv->targets[i],
                       (kehu__text){stretch + from, (int64_t)(to - from)}, quoted) ||
            (n == 1 && to == start)) /* an empty line */
            return UNUSUAL;
        from = m->at[*mark] + (size_t)1;
    }
    --*mark;
    for (size_t i = 0; i < csv->n_absent; i++)
        kehu__builder_missing(&csv->builder, csv->absent[i]);
    return pass_line_end(m, stretch, mark);
}

/* Marks for the row at the window's start; false when there are no more than were. */
static bool find_marks(kehu_csv *csv)
{
    kehu__csv_marks *m = csv->marks;
    const kehu__csv_source *s = &csv->source;
    const size_t left = s->end - s->start;
    const size_t to = left < KEHU__CSV_STRETCH ? s->end : s->start + KEHU__CSV_STRETCH;
    if (m->window == s->moves && m->to == to)
        return false;
    kehu__csv_mark(m, s->text, s->start, to, csv->delimiter);
    m->window = s->moves;
    return true;
}

/* Marks that the general way has passed are used up. */
static void catch_up(kehu_csv *csv)
{
    kehu__csv_marks *m = csv->marks;
    if (m->window != csv->source.moves || m->to < csv->source.start)
        m->n = m->next = m->to = 0;
    while (m->next < m->n && m->base + m->at[m->next] < csv->source.start)
        m->next++;
}

/* A row too long, or with bytes that are no text. */
static bool is_bad(const kehu_csv *csv, size_t next)
{
    const kehu__csv_source *s = &csv->source;
    const char *to = s->text + next;
    bool nul;
    return next - s->start > csv->options.max_row_bytes ||
           (next > s->plain && kehu__csv_bad_byte(s->text + s->start, to, &nul) < to);
}

kehu_status kehu__csv_take_quick(kehu_csv *csv, int64_t most_rows, size_t most_bytes,
                                 kehu_error *err)
{
    kehu__csv_source *s = &csv->source;
    kehu__csv_marks *m = csv->marks;
    catch_up(csv);
    while (csv->builder.n_rows < most_rows && csv->batch_bytes < most_bytes) {
        size_t mark = m->next;
        /* The first numbers of a window lack the bytes that are read before them. */
        if (s->start < NUMBER_BYTES || !kehu__builder_have_room(&csv->builder))
            return KEHU_OK;
        const taken how = m->n == 0 ? SHORT : take_row(csv, &mark);
        if (how == SHORT && find_marks(csv))
            continue;
        if (how != TAKEN)
            return KEHU_OK;
        const size_t next = m->base + m->at[mark - 1] + 1;
        if (is_bad(csv, next))
            return KEHU_OK;
        KEHU_TRY(kehu__csv_end_row(csv, s->text + next, 1, err));
        m->next = mark;
    }
    return KEHU_OK;
}
