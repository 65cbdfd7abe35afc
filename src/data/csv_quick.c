/* Rows that hold nothing unusual, which are the most, are taken a block at a time: cut
 * into cells at marks found beforehand, then read a column at a time. A row that
 * cannot be cut or read so is left to the general way. */
#include "base/digits.h"
#include "base/error.h"
#include "base/mem.h"
#include "data/csv.h"
#include "data/csv_block.h"

/* ---- Marks ---- */

/* Marks for the row at the window's start; false when there are no more than were. */
static bool find_marks(kehu_csv *csv)
{
    kehu__csv_marks *m = &csv->block->marks;
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
    kehu__csv_marks *m = &csv->block->marks;
    if (m->window != csv->source.moves || m->to < csv->source.start)
        m->n = m->next = m->to = 0;
    while (m->next < m->n && m->base + m->at[m->next] < csv->source.start)
        m->next++;
}

/* ---- Blocks ---- */

/* Rows that fit in the block, the builder and the batch. Text is only counted once a
 * row is read: near the most of it rows come one at a time. */
static size_t most_of_block(const kehu_csv *csv, int64_t most_rows, size_t most_bytes)
{
    const int64_t room = csv->builder.room < most_rows ? csv->builder.room : most_rows;
    const int64_t most = room - csv->builder.n_rows;
    const size_t fit = KEHU__CSV_STRETCH / csv->n_targets; /* more have no marks */
    if (most_bytes - csv->batch_bytes <= KEHU__CSV_STRETCH)
        return 1;
    const size_t block = fit < KEHU__CSV_BLOCK ? fit : KEHU__CSV_BLOCK;
    return most < (int64_t)block ? (size_t)most : block;
}

/* Count the block's rows and step behind them. */
static kehu_status end_block(kehu_csv *csv, const kehu__csv_block *b, kehu_error *err)
{
    kehu__builder *to = &csv->builder;
    const char *next = csv->source.text + kehu__csv_block_start(csv, b, b->n_rows);
    if (!kehu__grow(&csv->alloc, &csv->lines, &csv->lines_capacity,
                    csv->n_lines + b->n_rows, sizeof *csv->lines)) {
        kehu__builder_keep(to, to->n_rows);
        return kehu__no_memory(err, "a batch of rows");
    }
    for (size_t r = 0; r < b->n_rows; r++)
        csv->lines[csv->n_lines++] = csv->line + (int64_t)r;
    kehu__builder_keep(to, to->n_rows + (int64_t)b->n_rows);
    csv->batch_bytes += kehu__csv_block_text(csv, b);
    csv->n_rows += (int64_t)b->n_rows;
    if (b->n_rows > 0)
        csv->block->marks.next = b->mark[b->n_rows - 1];
    kehu__csv_consume(csv, next, (int64_t)b->n_rows);
    return KEHU_OK;
}

kehu_status kehu__csv_take_quick(kehu_csv *csv, int64_t most_rows, size_t most_bytes,
                                 kehu_error *err)
{
    kehu__csv_block *b = csv->block;
    catch_up(csv);
    while (csv->builder.n_rows < most_rows && csv->batch_bytes < most_bytes) {
        /* The first numbers of a window lack the bytes that are read before them. */
        if (csv->source.start < KEHU__DIGITS_BEFORE ||
            !kehu__builder_have_room(&csv->builder))
            return KEHU_OK;
        const kehu__csv_cut how =
            kehu__csv_cut_block(csv, b, most_of_block(csv, most_rows, most_bytes));
        const size_t n_cut = b->n_rows;
        if (n_cut == 0 && how == KEHU__CSV_SHORT && find_marks(csv))
            continue;
        if (n_cut == 0)
            return KEHU_OK;
        kehu__csv_read_block(csv, b);
        KEHU_TRY(end_block(csv, b, err));
        if (b->n_rows < n_cut || how == KEHU__CSV_UNUSUAL)
            return KEHU_OK;
    }
    return KEHU_OK;
}
