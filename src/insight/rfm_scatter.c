#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "insight/rfm_add.h"

static bool is_return(const kehu__rfm_adding *a, int64_t i, int64_t amount)
{
    const kehu_column *c = a->batch->returned;
    return amount < 0 ||
           (c != NULL && kehu__rfm_number(c, i) != 0 && kehu__column_valid(c, i));
}

enum { LINE = 64 }; /* bytes of a cache line */

/* ---- Blocks ---- */

/* Room for the rows of one part; its first lines are prefetched. */
static char *start_block(const kehu__rfm_adding *a, kehu__rfm_chunk *out, uint32_t part)
{
    const uint32_t block = out->n_blocks++;
    char *rows = out->rows + block * a->block_bytes;
    out->last[part] = block;
    KEHU__PREFETCH_WRITE(rows);
    KEHU__PREFETCH_WRITE(rows + LINE);
    return rows;
}

/* Where the next row of each part goes, and where its block ends. A local variable
 * of the task, so that storing a row cannot change it. */
typedef struct ends {
    char *next[KEHU__RFM_PARTS], *stop[KEHU__RFM_PARTS];
} ends;

static void start_blocks(const kehu__rfm_adding *a, kehu__rfm_chunk *out, ends *e)
{
    out->n_blocks = 0;
    for (uint32_t p = 0; p < KEHU__RFM_PARTS; p++) {
        out->first[p] = p;
        e->next[p] = start_block(a, out, p);
        e->stop[p] = e->next[p] + a->block_bytes;
    }
}

/* Room for one row of a customer. There are more parts than the processor foresees
 * streams of: it has to be told which lines come next. */
static inline void *place(const kehu__rfm_adding *a, kehu__rfm_chunk *out, ends *e,
                          uint64_t hash, size_t row_bytes)
{
    const uint32_t part = kehu__rfm_part_of(hash);
    char *row = e->next[part], *next = row + row_bytes;
    KEHU__PREFETCH_WRITE(next + 2 * LINE);
    if (next == e->stop[part]) {
        out->after[out->last[part]] = out->n_blocks;
        next = start_block(a, out, part);
        e->stop[part] = next + a->block_bytes;
    }
    e->next[part] = next;
    return row;
}

static inline void put(const kehu__rfm_adding *a, kehu__rfm_chunk *out, ends *e,
                       kehu__rfm_row row)
{
    kehu__rfm_row *to = place(a, out, e, row.hash, sizeof row);
    *to = row;
}

/* ---- Rows ---- */

/* All amounts have 32 bits, and nothing else is asked for. */
static bool is_lean(const kehu__rfm_adding *a, int64_t from, int64_t to)
{
    const kehu_column *c = a->batch->amount;
    uint64_t wide = 0;
    if (a->text_keys || a->batch->order != NULL || c->type == KEHU_UINT32 ||
        c->type >= KEHU_DECIMAL32)
        return false;
    if (c->type != KEHU_INT64)
        return true;
    const int64_t *x = (const int64_t *)c->data + c->start;
    for (int64_t i = from; c->validity == NULL && i < to; i++)
        wide |= (uint64_t)(x[i] < 0 ? ~x[i] : x[i]) >> 31;
    for (int64_t i = from; c->validity != NULL && i < to; i++)
        wide |= kehu__column_valid(c, i) ? (uint64_t)(x[i] < 0 ? ~x[i] : x[i]) >> 31 : 0;
    return wide == 0;
}

/* The day of a row and its amount; false when it is skipped, and counted as such. */
static inline bool use_row(const kehu__rfm_adding *a, kehu_rfm_base_counts *counts,
                           int64_t i, int32_t *day, int64_t *amount)
{
    const kehu_rfm_base *b = a->base;
    if (!kehu__rfm_has_customer(a, i)) {
        counts->no_customer++;
        return false;
    }
    *day = kehu__rfm_day(a, i);
    if (*day < b->from || *day > b->to) {
        counts->before += *day < b->from;
        counts->after += *day > b->to;
        return false;
    }
    *amount = kehu__rfm_number(a->batch->amount, i);
    if (is_return(a, i, *amount)) {
        counts->returns++;
        if (b->returns == KEHU_RFM_RETURNS_DROP)
            return false;
        if (b->returns == KEHU_RFM_RETURNS_NET)
            *day = KEHU__RFM_NO_PURCHASE;
    }
    return true;
}

static void scatter_any(const kehu__rfm_adding *a, kehu__rfm_chunk *out, int64_t from,
                        int64_t to)
{
    ends e;
    kehu__rfm_row row;
    int64_t amount;
    out->counts = (kehu_rfm_base_counts){.rows = to - from};
    out->form = is_lean(a, from, to) ? KEHU__RFM_LEAN : KEHU__RFM_NUMBERED;
    start_blocks(a, out, &e);
    for (int64_t i = from; i < to; i++) {
        if (!use_row(a, &out->counts, i, &row.day, &amount))
            continue;
        if (a->text_keys) {
            const kehu__text name = kehu__rfm_text_at(a->batch->customer, i);
            row.hash = kehu__rfm_hash(0, &name);
        } else {
            row.hash =
                kehu__rfm_hash((uint64_t)kehu__rfm_number(a->batch->customer, i), NULL);
        }
        row.what = (int32_t)(out->form == KEHU__RFM_LEAN ? amount : i - a->from);
        put(a, out, &e, row);
    }
    memcpy(out->next, e.next, sizeof out->next);
}

static void scatter_named(const kehu__rfm_adding *a, kehu__rfm_chunk *out, int64_t from,
                          int64_t to)
{
    ends e;
    kehu_rfm_base_counts counts = {.rows = to - from};
    kehu__rfm_named row;
    out->form = KEHU__RFM_NAMED;
    start_blocks(a, out, &e);
    for (int64_t i = from; i < to; i++) {
        if (!use_row(a, &counts, i, &row.day, &row.amount))
            continue;
        const kehu__text name = kehu__rfm_text_at(a->batch->customer, i);
        row.hash = kehu__rfm_hash(0, &name);
        row.name = name.bytes;
        row.size = (uint32_t)name.size;
        kehu__rfm_named *to_row = place(a, out, &e, row.hash, sizeof row);
        *to_row = row;
    }
    memcpy(out->next, e.next, sizeof out->next);
    out->counts = counts;
}

/* ---- Plain rows, which are the most ---- */

typedef struct plain {
    const int64_t *amounts;
    const int32_t *days;
    int32_t first, last;
    bool net, drop;
    uint64_t wide; /* not 0: an amount had more than 32 bits */
    kehu_rfm_base_counts counts;
} plain;

static plain plain_rows(const kehu__rfm_adding *a, int64_t n)
{
    const kehu_rfm_base *b = a->base;
    const kehu_column *amount = a->batch->amount, *time = a->batch->time;
    return (plain){.amounts = (const int64_t *)amount->data + amount->start,
                   .days = (const int32_t *)time->data + time->start,
                   .first = b->from,
                   .last = b->to,
                   .net = b->returns == KEHU_RFM_RETURNS_NET,
                   .drop = b->returns == KEHU_RFM_RETURNS_DROP,
                   .counts.rows = n};
}

/* As use_row, of a row that has a customer. */
static inline bool use_plain(plain *p, int64_t i, int32_t *day, int32_t *amount)
{
    const int64_t wanted = p->amounts[i];
    const bool back = wanted < 0;
    *day = p->days[i];
    if (*day < p->first || *day > p->last) {
        p->counts.before += *day < p->first;
        p->counts.after += *day > p->last;
        return false;
    }
    p->counts.returns += back;
    if (back && p->drop)
        return false;
    p->wide |= (uint64_t)(back ? ~wanted : wanted) >> 31;
    *amount = (int32_t)wanted;
    *day = back && p->net ? KEHU__RFM_NO_PURCHASE : *day;
    return true;
}

/* False when the rows prove not to be lean. */
static bool scatter_lean(const kehu__rfm_adding *a, kehu__rfm_chunk *out, int64_t from,
                         int64_t to)
{
    const kehu_column *customer = a->batch->customer;
    const int64_t *keys = (const int64_t *)customer->data + customer->start;
    plain p = plain_rows(a, to - from);
    ends e;
    start_blocks(a, out, &e);
    for (int64_t i = from; i < to; i++) {
        int32_t day, amount;
        if (use_plain(&p, i, &day, &amount))
            put(a, out, &e, (kehu__rfm_row){kehu__mix64((uint64_t)keys[i]), amount, day});
    }
    memcpy(out->next, e.next, sizeof out->next);
    out->counts = p.counts;
    out->form = KEHU__RFM_LEAN;
    return p.wide == 0;
}

/* The same of text keys; false also when one is not short. */
static bool scatter_brief(const kehu__rfm_adding *a, kehu__rfm_chunk *out, int64_t from,
                          int64_t to)
{
    const kehu_column *customer = a->batch->customer;
    plain p = plain_rows(a, to - from);
    ends e;
    start_blocks(a, out, &e);
    for (int64_t i = from; i < to; i++) {
        const kehu__text name = kehu__rfm_text_at(customer, i);
        const size_t size = (size_t)name.size;
        int32_t day, amount;
        if (size > KEHU__RFM_SHORT)
            return false;
        if (size == 0) {
            p.counts.no_customer++;
            continue;
        }
        if (!use_plain(&p, i, &day, &amount))
            continue;
        const uint64_t hash = kehu__rfm_hash(0, &name);
        kehu__rfm_short *row = place(a, out, &e, hash, sizeof *row);
        *row = (kehu__rfm_short){hash, amount, day, {.size = (uint32_t)size}};
        kehu__copy_short(row->name.bytes, name.bytes, size);
    }
    memcpy(out->next, e.next, sizeof out->next);
    out->counts = p.counts;
    out->form = KEHU__RFM_BRIEF;
    return p.wide == 0;
}

void kehu__rfm_scatter_rows(void *adding, int64_t number)
{
    const kehu__rfm_adding *a = adding;
    kehu__rfm_chunk *out = &a->chunks[number];
    const int64_t from = a->from + number * KEHU__RFM_CHUNK_ROWS;
    const int64_t to =
        a->to - from < KEHU__RFM_CHUNK_ROWS ? a->to : from + KEHU__RFM_CHUNK_ROWS;
    const bool lean = a->plain && a->batch->order == NULL;
    if (a->named) {
        if (!lean || !scatter_brief(a, out, from, to))
            scatter_named(a, out, from, to);
    } else if (!lean || !scatter_lean(a, out, from, to)) {
        scatter_any(a, out, from, to);
    }
}
