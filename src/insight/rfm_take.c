/* Parts take their rows in batches. Memory is asked for ahead: rows a block, slots
 * a batch; customers once a row's slots have told, without branches, where its
 * customer should stand. The few that stand elsewhere, or are new, are searched. */
#include "base/error.h"
#include "base/hash.h"
#include "insight/rfm_add.h"

enum { BATCH = 64 };

/* A block of rows, and where those are that come after it. */
typedef struct block {
    const kehu__rfm_row *rows, *next;
    size_t n;
} block;

static size_t home(const kehu__rfm_part *p, uint64_t hash)
{
    return hash & (p->by_key.n_slots - 1);
}

static void ask_for_slots(const kehu__rfm_part *p, const kehu__rfm_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        KEHU__RFM_ASK(&p->by_key.slots[home(p, rows[i].hash)]);
}

/* The customer each row's hash probably is, from its first two slots: some other
 * one where it stands elsewhere or is new. */
static void guess(const kehu__rfm_part *p, const kehu__rfm_row *rows, size_t n,
                  uint32_t *customers)
{
    const uint32_t *slots = p->by_key.slots;
    const size_t n_slots = p->by_key.n_slots;
    const uint32_t number = (uint32_t)(n_slots - 1);
    for (size_t i = 0; i < n; i++) {
        const size_t at = home(p, rows[i].hash);
        const uint32_t first = slots[at], second = slots[at + 1];
        const uint32_t other =
            (first ^ kehu__rfm_slot(rows[i].hash, n_slots, 0)) & ~number;
        const uint32_t slot = (other != 0 ? second : first) & number;
        customers[i] = slot - (slot > 0);
        KEHU__RFM_ASK(&p->customers[customers[i]]);
    }
}

/* Integer keys: equal hashes are equal keys. */
static bool take_lean(kehu__rfm_part *p, const kehu_allocator *a, const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_row *rows = b->rows;
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        const size_t left = b->n - from;
        m = left < BATCH ? left : BATCH;
        if (from == 0)
            ask_for_slots(p, rows, m);
        if (left > m)
            ask_for_slots(p, rows + m, left - m < BATCH ? left - m : BATCH);
        for (size_t i = 0; i < m; i += KEHU__RFM_LINE)
            KEHU__RFM_ASK(&b->next[from + i]);
        guess(p, rows, m, customers);
        for (size_t i = 0; i < m; i++) {
            kehu__rfm_customer *c = &p->customers[customers[i]];
            if (c->hash != rows[i].hash) {
                const uint32_t k = kehu__rfm_part_customer(p, a, rows[i].hash, NULL);
                if (k == UINT32_MAX)
                    return false;
                c = &p->customers[k];
            }
            kehu__rfm_spend(c, rows[i].what);
            c->last = rows[i].day > c->last ? rows[i].day : c->last;
            c->orders += rows[i].day != KEHU__RFM_NO_PURCHASE;
        }
    }
    return true;
}

/* Count the order of a row: a new one, or one without an id. */
static bool new_order(const kehu__rfm_adding *a, kehu__rfm_part *p, uint32_t customer,
                      int64_t row)
{
    const kehu_column *order = a->batch->order;
    if (order == NULL || !kehu__column_valid(order, row))
        return true;
    if (a->text_orders) {
        const kehu__text id = kehu__column_text(order, row);
        return id.size == 0 ||
               kehu__rfm_part_order(p, &a->base->alloc, customer,
                                    kehu__hash(id.bytes, (size_t)id.size, 0), &id);
    }
    return kehu__rfm_part_order(p, &a->base->alloc, customer,
                                (uint64_t)kehu__rfm_number(order, row), NULL);
}

/* Any rows: text keys, orders, amounts of 64 bits. */
static bool take_any(const kehu__rfm_adding *a, kehu__rfm_part *p, const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_row *rows = b->rows;
    kehu__text names[BATCH];
    int64_t amounts[BATCH];
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        m = b->n - from < BATCH ? b->n - from : BATCH;
        ask_for_slots(p, rows, m);
        for (size_t i = 0; i < m; i++) {
            const int64_t row = a->from + rows[i].what;
            amounts[i] = kehu__rfm_number(a->batch->amount, row);
            if (a->text_keys) {
                names[i] = kehu__column_text(a->batch->customer, row);
                KEHU__RFM_ASK(names[i].bytes);
            }
        }
        guess(p, rows, m, customers);
        for (size_t i = 0; i < m && p->names != NULL; i++)
            KEHU__RFM_ASK(&p->names[customers[i]]);
        for (size_t i = 0; i < m; i++) {
            const uint32_t k = kehu__rfm_part_customer(p, &a->base->alloc, rows[i].hash,
                                                       a->text_keys ? &names[i] : NULL);
            if (k == UINT32_MAX)
                return false;
            kehu__rfm_customer *c = &p->customers[k];
            kehu__rfm_spend(c, amounts[i]);
            if (rows[i].day != KEHU__RFM_NO_PURCHASE) {
                c->last = rows[i].day > c->last ? rows[i].day : c->last;
                c->orders += new_order(a, p, k, a->from + rows[i].what);
            }
        }
        if (p->refused)
            return false;
    }
    return true;
}

/* Deal by deal, block by block through the rows of one part. */
typedef struct walk {
    const kehu__rfm_adding *adding;
    int64_t part, deal, n_deals;
    uint32_t block;
} walk;

static const kehu__rfm_row *rows_of(const walk *w)
{
    const kehu__rfm_deal *d = &w->adding->deals[w->deal];
    return d->rows + (size_t)w->block * w->adding->block;
}

/* The block the walk stands at, which then moves on; false at the end. */
static bool next_block(walk *w, block *b, bool *lean)
{
    const kehu__rfm_deal *d = &w->adding->deals[w->deal];
    const bool last = w->deal < w->n_deals && w->block == d->last[w->part];
    if (w->deal == w->n_deals)
        return false;
    b->rows = b->next = rows_of(w);
    b->n = last ? (size_t)(d->next[w->part] - b->rows) : w->adding->block;
    *lean = d->lean;
    if (!last)
        w->block = d->after[w->block];
    else if (++w->deal < w->n_deals)
        w->block = d[1].first[w->part];
    if (w->deal < w->n_deals)
        b->next = rows_of(w);
    return true;
}

void kehu__rfm_take_rows(void *adding, int64_t number)
{
    const kehu__rfm_adding *a = adding;
    kehu__rfm_part *p = &a->base->parts[number];
    walk w = {.adding = a,
              .part = number,
              .n_deals = (a->to - a->from + KEHU__RFM_DEAL - 1) / KEHU__RFM_DEAL,
              .block = a->deals[0].first[number]};
    block b;
    bool lean;
    p->refused = !kehu__rfm_part_ready(p, (uint32_t)number, &a->base->alloc);
    while (!p->refused && next_block(&w, &b, &lean))
        p->refused = !(lean ? take_lean(p, &a->base->alloc, &b) : take_any(a, p, &b));
}
