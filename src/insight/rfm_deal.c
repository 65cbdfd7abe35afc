#include <string.h>

#include "base/hash.h"
#include "insight/rfm_add.h"

static bool is_return(const kehu__rfm_adding *a, int64_t i, int64_t amount)
{
    const kehu_column *c = a->batch->returned;
    return amount < 0 ||
           (c != NULL && kehu__rfm_number(c, i) != 0 && kehu__column_valid(c, i));
}

/* ---- Blocks ---- */

/* Room for the rows of one part; the first of its lines are asked for. */
static kehu__rfm_row *start_block(const kehu__rfm_adding *a, kehu__rfm_deal *d,
                                  uint32_t part)
{
    const uint32_t block = d->n_blocks++;
    kehu__rfm_row *rows = d->rows + (size_t)block * a->block;
    d->last[part] = block;
    KEHU__RFM_ASK(rows);
    KEHU__RFM_ASK(rows + KEHU__RFM_LINE);
    return rows;
}

/* Where the next row of each part goes, and where its block ends. A local variable
 * of who deals, so that storing a row cannot change it. */
typedef struct ends {
    kehu__rfm_row *next[KEHU__RFM_PARTS], *stop[KEHU__RFM_PARTS];
} ends;

static void start_blocks(const kehu__rfm_adding *a, kehu__rfm_deal *d, ends *e)
{
    d->n_blocks = 0;
    for (uint32_t p = 0; p < KEHU__RFM_PARTS; p++) {
        d->first[p] = p;
        e->next[p] = start_block(a, d, p);
        e->stop[p] = e->next[p] + a->block;
    }
}

/* There are more parts than the processor foresees streams of: it has to be told
 * which lines come next. */
static inline void put(const kehu__rfm_adding *a, kehu__rfm_deal *d, ends *e,
                       kehu__rfm_row row)
{
    const uint32_t part = kehu__rfm_part_of(row.hash);
    kehu__rfm_row *at = e->next[part];
    *at++ = row;
    KEHU__RFM_ASK(at + 2 * KEHU__RFM_LINE);
    if (at == e->stop[part]) {
        d->after[d->last[part]] = d->n_blocks;
        at = start_block(a, d, part);
        e->stop[part] = at + a->block;
    }
    e->next[part] = at;
}

/* ---- Rows ---- */

/* All amounts have 32 bits, and nothing else is asked for. */
static bool is_lean(const kehu__rfm_adding *a, int64_t from, int64_t to)
{
    const kehu_column *c = a->batch->amount;
    uint64_t wide = 0;
    if (a->text_keys || a->batch->order != NULL || c->type == KEHU_UINT32)
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

/* A row into its part's block, or past it and counted as skipped. */
static void deal_row(const kehu__rfm_adding *a, kehu__rfm_deal *d, ends *e, int64_t i)
{
    const kehu_rfm_base *b = a->base;
    kehu__rfm_row row;
    int64_t amount;
    if (!kehu__rfm_has_customer(a, i)) {
        d->counts.no_customer++;
        return;
    }
    row.day = kehu__rfm_day(a, i);
    if (row.day < b->from || row.day > b->to) {
        d->counts.before += row.day < b->from;
        d->counts.after += row.day > b->to;
        return;
    }
    amount = kehu__rfm_number(a->batch->amount, i);
    if (is_return(a, i, amount)) {
        d->counts.returns++;
        if (b->returns == KEHU_RFM_RETURNS_DROP)
            return;
        if (b->returns == KEHU_RFM_RETURNS_NET)
            row.day = KEHU__RFM_NO_PURCHASE;
    }
    if (a->text_keys) {
        const kehu__text name = kehu__column_text(a->batch->customer, i);
        row.hash = kehu__rfm_hash(0, &name);
    } else {
        row.hash =
            kehu__rfm_hash((uint64_t)kehu__rfm_number(a->batch->customer, i), NULL);
    }
    row.what = (int32_t)(d->lean ? amount : i - a->from);
    put(a, d, e, row);
}

static void deal_any(const kehu__rfm_adding *a, kehu__rfm_deal *d, int64_t from,
                     int64_t to)
{
    ends e;
    d->counts = (kehu_rfm_base_counts){.rows = to - from};
    d->lean = is_lean(a, from, to);
    start_blocks(a, d, &e);
    for (int64_t i = from; i < to; i++)
        deal_row(a, d, &e, i);
    memcpy(d->next, e.next, sizeof d->next);
}

/* The same for plain rows, which are the most; false when they prove not to be
 * lean. */
static bool deal_plain(const kehu__rfm_adding *a, kehu__rfm_deal *d, int64_t from,
                       int64_t to)
{
    const kehu_rfm_base *b = a->base;
    const kehu_rfm_batch *t = a->batch;
    const int64_t *keys = (const int64_t *)t->customer->data + t->customer->start;
    const int64_t *amounts = (const int64_t *)t->amount->data + t->amount->start;
    const int32_t *days = (const int32_t *)t->time->data + t->time->start;
    const bool net = b->returns == KEHU_RFM_RETURNS_NET;
    const bool drop = b->returns == KEHU_RFM_RETURNS_DROP;
    const int32_t first = b->from, last = b->to;
    int64_t before = 0, after = 0, returns = 0;
    uint64_t wide = 0;
    ends e;
    start_blocks(a, d, &e);
    for (int64_t i = from; i < to; i++) {
        const bool back = amounts[i] < 0;
        if (days[i] < first || days[i] > last) {
            before += days[i] < first;
            after += days[i] > last;
            continue;
        }
        returns += back;
        if (back && drop)
            continue;
        wide |= (uint64_t)(back ? ~amounts[i] : amounts[i]) >> 31;
        put(a, d, &e,
            (kehu__rfm_row){kehu__mix64((uint64_t)keys[i]), (int32_t)amounts[i],
                            back && net ? KEHU__RFM_NO_PURCHASE : days[i]});
    }
    memcpy(d->next, e.next, sizeof d->next);
    d->counts = (kehu_rfm_base_counts){
        .rows = to - from, .before = before, .after = after, .returns = returns};
    d->lean = true;
    return wide == 0;
}

void kehu__rfm_deal_rows(void *adding, int64_t number)
{
    const kehu__rfm_adding *a = adding;
    kehu__rfm_deal *d = &a->deals[number];
    const int64_t from = a->from + number * KEHU__RFM_DEAL;
    const int64_t to = a->to - from < KEHU__RFM_DEAL ? a->to : from + KEHU__RFM_DEAL;
    if (!a->plain || a->batch->order != NULL || !deal_plain(a, d, from, to))
        deal_any(a, d, from, to);
}
