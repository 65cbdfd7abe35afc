/* Parts take their rows in batches: memory is asked for a batch ahead, and first
 * the rows are looked for where they should stand, without branches; the few that
 * stand elsewhere, or are new, come after. */
#include "base/error.h"
#include "base/hash.h"
#include "insight/rfm_add.h"

enum { BATCH = 64 };

static size_t home(const kehu__rfm_part *p, uint64_t hash)
{
    return hash & (p->by_key.n_slots - 1);
}

static void ask_for_slots(const kehu__rfm_part *p, const kehu__rfm_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        KEHU__RFM_ASK(&p->by_key.slots[home(p, rows[i].hash)]);
}

/* The customer each row's hash would have if it stood in its first slot. */
static void guess(const kehu__rfm_part *p, const kehu__rfm_row *rows, size_t n,
                  uint32_t *customers)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t slot = p->by_key.slots[home(p, rows[i].hash)];
        customers[i] = slot - (slot > 0);
        KEHU__RFM_ASK(&p->customers[customers[i]]);
    }
}

/* Integer keys: equal hashes are equal keys. False when memory is refused. */
static bool settle(kehu__rfm_part *p, const kehu_allocator *a, const kehu__rfm_row *rows,
                   size_t n, uint32_t *customers)
{
    uint32_t missed[BATCH];
    size_t n_missed = 0;
    for (size_t i = 0; i < n; i++) {
        missed[n_missed] = (uint32_t)i;
        n_missed += p->customers[customers[i]].hash != rows[i].hash;
    }
    for (size_t k = 0; k < n_missed; k++) {
        const uint32_t i = missed[k];
        customers[i] = kehu__rfm_part_customer(p, a, rows[i].hash, NULL);
        if (customers[i] == UINT32_MAX)
            return false;
    }
    return true;
}

static bool take_lean(kehu__rfm_part *p, const kehu_allocator *a,
                      const kehu__rfm_row *rows, size_t n)
{
    uint32_t customers[BATCH];
    for (size_t from = 0, m; from < n; from += m, rows += m) {
        m = n - from < BATCH ? n - from : BATCH;
        if (from == 0)
            ask_for_slots(p, rows, m);
        if (from + m < n)
            ask_for_slots(p, rows + m, n - from - m < BATCH ? n - from - m : BATCH);
        guess(p, rows, m, customers);
        if (!settle(p, a, rows, m, customers))
            return false;
        for (size_t i = 0; i < m; i++) {
            kehu__rfm_customer *c = &p->customers[customers[i]];
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
static bool take_any(const kehu__rfm_adding *a, kehu__rfm_part *p,
                     const kehu__rfm_row *rows, size_t n)
{
    uint32_t customers[BATCH];
    kehu__text names[BATCH];
    int64_t amounts[BATCH];
    for (size_t from = 0, m; from < n; from += m, rows += m) {
        m = n - from < BATCH ? n - from : BATCH;
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

void kehu__rfm_take_rows(void *adding, int64_t number)
{
    const kehu__rfm_adding *a = adding;
    kehu__rfm_part *p = &a->base->parts[number];
    const int64_t n_deals = (a->to - a->from + KEHU__RFM_DEAL - 1) / KEHU__RFM_DEAL;
    p->refused = !kehu__rfm_part_ready(p, (uint32_t)number, &a->base->alloc);
    for (int64_t k = 0; k < n_deals; k++) {
        const kehu__rfm_deal *d = &a->deals[k];
        for (uint32_t block = d->first[number]; !p->refused; block = d->after[block]) {
            const kehu__rfm_row *rows = d->rows + (size_t)block * a->block;
            const bool last = block == d->last[number];
            const size_t n = last ? (size_t)(d->next[number] - rows) : a->block;
            p->refused = !(d->lean ? take_lean(p, &a->base->alloc, rows, n)
                                   : take_any(a, p, rows, n));
            if (last)
                break;
        }
    }
}
