#include "data/csv_block.h"

/* ---- Rows with quotes or CR ---- */

typedef kehu__csv_cut cut;

/* Step from the quote that opens a cell to the mark behind the one that closes it. */
static cut pass_quotes(const kehu__csv_marks *m, const char *stretch, char delimiter,
                       size_t *mark)
{
    size_t close = *mark + 1;
    while (close < m->n && stretch[m->at[close]] == delimiter)
        close++;
    if (close + 1 >= m->n)
        return KEHU__CSV_SHORT;
    *mark = close + 1;
    return stretch[m->at[close]] == '"' && m->at[close + 1] == m->at[close] + 1 &&
                   stretch[m->at[close + 1]] != '"'
               ? KEHU__CSV_WHOLE_ROW
               : KEHU__CSV_UNUSUAL;
}

/* Step over the line end at *mark and its CR. */
static cut pass_line_end(const kehu__csv_marks *m, const char *stretch, size_t *mark)
{
    if (stretch[m->at[*mark]] == '\r') {
        if (++*mark == m->n)
            return KEHU__CSV_SHORT;
        if (m->at[*mark] != m->at[*mark - 1] + 1 || stretch[m->at[*mark]] != '\n')
            return KEHU__CSV_UNUSUAL;
    }
    ++*mark;
    return KEHU__CSV_WHOLE_ROW;
}

/* Cut the row that starts behind `before`; *mark goes behind it. */
static cut cut_row(const kehu_csv *csv, size_t before, kehu__csv_block *b, size_t *mark)
{
    const kehu__csv_marks *m = &b->marks;
    const char *stretch = csv->source.text + m->base, delimiter = csv->delimiter;
    const size_t n = csv->n_targets, at = b->n_rows * n;
    for (size_t i = 0; i < n; i++, ++*mark) {
        if (*mark >= m->n)
            return KEHU__CSV_SHORT;
        size_t end = m->at[*mark];
        if (stretch[end] == '"') {
            const cut how = end == (uint16_t)(before + 1)
                                ? pass_quotes(m, stretch, delimiter, mark)
                                : KEHU__CSV_UNUSUAL;
            if (how != KEHU__CSV_WHOLE_ROW)
                return how;
            before = end;
            end = m->at[*mark] - (size_t)1;
        }
        if ((stretch[m->at[*mark]] == delimiter) != (i + 1 < n))
            return KEHU__CSV_UNUSUAL; /* too few or too many cells */
        b->own_before[at + i] = (uint16_t)before;
        b->own_end[at + i] = (uint16_t)end;
        before = m->at[*mark];
    }
    --*mark;
    return pass_line_end(m, stretch, mark);
}

static cut cut_odd_rows(const kehu_csv *csv, kehu__csv_block *b, size_t most)
{
    const kehu__csv_marks *m = &b->marks;
    size_t mark = m->next;
    cut how = KEHU__CSV_WHOLE_ROW;
    b->before = b->own_before;
    b->end = b->own_end;
    while (b->n_rows < most && how == KEHU__CSV_WHOLE_ROW) {
        how = cut_row(csv, m->at[mark - 1], b, &mark);
        if (how == KEHU__CSV_WHOLE_ROW)
            b->mark[b->n_rows++] = (uint16_t)mark;
    }
    return how;
}

/* ---- Plain rows ---- */

/* Without quotes and CR every mark ends a cell. */
static cut cut_plain_rows(const kehu_csv *csv, kehu__csv_block *b, size_t most)
{
    const kehu__csv_marks *m = &b->marks;
    const char *stretch = csv->source.text + m->base, delimiter = csv->delimiter;
    const size_t n = csv->n_targets, whole = (m->n - m->next) / n;
    const size_t rows = whole < most ? whole : most;
    b->before = m->at + m->next - 1;
    b->end = m->at + m->next;
    for (const uint16_t *at = b->end; b->n_rows < rows; at += n) {
        bool good = stretch[at[n - 1]] == '\n';
        for (size_t i = 0; i + 1 < n; i++)
            good &= stretch[at[i]] == delimiter;
        if (!good)
            return KEHU__CSV_UNUSUAL;
        b->mark[b->n_rows++] = (uint16_t)(at + n - m->at);
    }
    return rows == most ? KEHU__CSV_WHOLE_ROW : KEHU__CSV_SHORT;
}

/* ---- Blocks ---- */

size_t kehu__csv_block_start(const kehu_csv *csv, const kehu__csv_block *b, size_t row)
{
    const kehu__csv_marks *m = &b->marks;
    return row == 0 ? csv->source.start
                    : m->base + m->at[b->mark[row - 1] - (size_t)1] + 1;
}

/* Leave off rows from the first one that is too long, or an empty line. */
static void leave_bad_sizes(const kehu_csv *csv, kehu__csv_block *b)
{
    const size_t most = csv->options.max_row_bytes;
    if (most >= KEHU__CSV_STRETCH && csv->n_targets > 1)
        return;
    for (size_t r = 0; r < b->n_rows; r++)
        if (kehu__csv_block_start(csv, b, r + 1) - kehu__csv_block_start(csv, b, r) >
                most ||
            (csv->n_targets == 1 && b->end[r] == (uint16_t)(b->before[r] + 1)))
            b->n_rows = r;
}

/* Leave off rows from the first one with bytes that are no text. */
static void leave_bad_text(const kehu_csv *csv, kehu__csv_block *b)
{
    const kehu__csv_source *s = &csv->source;
    const char *end = s->text + kehu__csv_block_start(csv, b, b->n_rows);
    bool nul;
    if (end <= s->text + s->plain)
        return;
    const char *bad = kehu__csv_bad_byte(s->text + s->start, end, &nul);
    while (bad < end && b->n_rows > 0 &&
           s->text + kehu__csv_block_start(csv, b, b->n_rows) > bad)
        b->n_rows--;
}

kehu__csv_cut kehu__csv_cut_block(const kehu_csv *csv, kehu__csv_block *b, size_t most)
{
    const kehu__csv_marks *m = &b->marks;
    cut how;
    b->n_rows = 0;
    if (m->next >= m->n)
        return KEHU__CSV_SHORT;
    how = m->odd ? cut_odd_rows(csv, b, most) : cut_plain_rows(csv, b, most);
    const size_t n_cut = b->n_rows;
    leave_bad_sizes(csv, b);
    leave_bad_text(csv, b);
    return b->n_rows < n_cut ? KEHU__CSV_UNUSUAL : how;
}
