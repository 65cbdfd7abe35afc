/* What a batch must be before its first row counts: its columns, then each row. */
#include <string.h>

#include "base/error.h"
#include "insight/rfm_add.h"

enum { CHUNK = 1 << 16 };

/* ---- Columns ---- */

static kehu_status check_integers(const kehu_column *c, const char *name, kehu_error *err)
{
    KEHU_TRY(kehu__column_check_number(c, name, err));
    const kehu_type kind = kehu__column_kind(c);
    if (kind < KEHU_INT8 || kind > KEHU_UINT32)
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected integers", name,
                          kehu__type_name(c->type));
    return KEHU_OK;
}

/* An id column: its kind, the same as before. */
static kehu_status check_id(const kehu_column *c, const char *name, kehu__rfm_kind before,
                            kehu__rfm_kind *kind, kehu_error *err)
{
    *kind = KEHU__RFM_NONE;
    if (c != NULL) {
        KEHU_TRY(kehu__column_check(c, name, err));
        *kind = kehu__type_is_text(c->type) ? KEHU__RFM_TEXT : KEHU__RFM_INTEGER;
        if (*kind == KEHU__RFM_INTEGER)
            KEHU_TRY(check_integers(c, name, err));
    }
    if (before != KEHU__RFM_UNSET && before != *kind)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "%s must stay of one kind: integer, text or absent", name);
    return KEHU_OK;
}

kehu_status kehu__rfm_check_batch(const kehu_rfm_base *base, const kehu_rfm_batch *b,
                                  kehu__rfm_kind kinds[2], kehu_error *err)
{
    if (b == NULL || b->customer == NULL || b->time == NULL || b->amount == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "batch, customer, time or amount is NULL");
    const kehu_column *all[] = {b->time, b->amount, b->order, b->returned, b->currency};
    static const char *const names[] = {"time", "amount", "order", "returned",
                                        "currency"};
    KEHU_TRY(check_id(b->customer, "customer", base->key_kind, &kinds[0], err));
    KEHU_TRY(check_id(b->order, "order", base->order_kind, &kinds[1], err));
    KEHU_TRY(kehu__column_check(b->time, "time", err));
    if (b->time->type != KEHU_DATE32 && kehu__column_kind(b->time) != KEHU_TIMESTAMP)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "time is %s, expected DATE32 or TIMESTAMP",
                          kehu__type_name(b->time->type));
    KEHU_TRY(check_integers(b->amount, "amount", err));
    if (b->returned != NULL && b->returned->type != KEHU_BOOL)
        KEHU_TRY(check_integers(b->returned, "returned", err));
    if (b->returned != NULL)
        KEHU_TRY(kehu__column_check(b->returned, "returned", err));
    if (b->currency != NULL)
        KEHU_TRY(kehu__column_check_text(b->currency, "currency", err));
    for (int k = 0; k < 5; k++)
        if (all[k] != NULL && all[k]->length != b->customer->length)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "%s has %lld rows, customer has %lld", names[k],
                              (long long)all[k]->length, (long long)b->customer->length);
    return KEHU_OK;
}

/* ---- Rows ---- */

/* What is wrong with a row. */
typedef enum fault {
    FINE = 0,
    NO_TIME,
    NO_AMOUNT,
    FUTURE,
    OTHER_CURRENCY,
    LONG_ID
} fault;

typedef struct verdict {
    fault bad;
    int64_t row; /* the first bad one of a chunk */
} verdict;

typedef struct checking {
    const kehu__rfm_adding *adding;
    verdict *verdicts;
} checking;

static fault check_row(const kehu__rfm_adding *a, int64_t i)
{
    const kehu_rfm_base *b = a->base;
    const kehu_rfm_batch *t = a->batch;
    int32_t day;
    if (!kehu__rfm_has_customer(a, i))
        return FINE;
    if (!kehu__column_valid(t->time, i))
        return NO_TIME;
    day = kehu__rfm_day(a, i);
    if (day < b->from)
        return FINE;
    if (day > b->to)
        return b->to_given ? FINE : FUTURE;
    if (!kehu__column_valid(t->amount, i))
        return NO_AMOUNT;
    if (a->text_keys && kehu__column_text(t->customer, i).size > KEHU__RFM_ID_BYTES)
        return LONG_ID;
    if (a->text_orders && kehu__column_text(t->order, i).size > KEHU__RFM_ID_BYTES)
        return LONG_ID;
    if (t->currency != NULL) {
        const kehu__text c = kehu__column_text(t->currency, i);
        if (c.size != a->currency.size ||
            memcmp(c.bytes, a->currency.bytes, (size_t)c.size) != 0)
            return OTHER_CURRENCY;
    }
    return FINE;
}

/* Of named rows, a name may be too long. */
static bool all_names_short(const kehu__rfm_adding *a, int64_t from, int64_t to)
{
    int64_t longest = 0;
    for (int64_t i = from; i < to; i++) {
        const int64_t size = kehu__rfm_text_at(a->batch->customer, i).size;
        longest = size > longest ? size : longest;
    }
    return longest <= KEHU__RFM_ID_BYTES;
}

/* Plain rows without a currency can only lie in the future. */
static bool all_in_time(const kehu__rfm_adding *a, int64_t from, int64_t to)
{
    const int32_t *days = (const int32_t *)a->batch->time->data + a->batch->time->start;
    int late = 0;
    for (int64_t i = from; i < to; i++)
        late |= days[i] > a->base->to;
    return late == 0;
}

static void check_chunk(void *arg, int64_t number)
{
    const checking *k = arg;
    const kehu__rfm_adding *a = k->adding;
    verdict *v = &k->verdicts[number];
    const int64_t from = number * CHUNK, end = from + CHUNK < a->n ? from + CHUNK : a->n;
    v->bad = FINE;
    if (a->plain && a->batch->currency == NULL && !a->text_orders &&
        (a->base->to_given || all_in_time(a, from, end)) &&
        (!a->text_keys || all_names_short(a, from, end)))
        return;
    for (int64_t i = from; i < end && v->bad == FINE; i++) {
        v->bad = check_row(a, i);
        v->row = i;
    }
}

static kehu_status report_fault(const kehu__rfm_adding *a, fault bad, int64_t i,
                                kehu_error *err)
{
    switch (bad) {
    case NO_TIME:
        return kehu__fail(err, KEHU_DATA, i, "row %lld has no time", (long long)i);
    case NO_AMOUNT:
        return kehu__fail(err, KEHU_DATA, i, "row %lld has no amount", (long long)i);
    case FUTURE:
        return kehu__fail(err, KEHU_RANGE, i,
                          "row %lld is of day %d, after as_of_day %d; set to_day to "
                          "skip later rows",
                          (long long)i, (int)kehu__rfm_day(a, i), (int)a->base->as_of);
    case OTHER_CURRENCY:
        return kehu__fail(err, KEHU_DATA, i,
                          "row %lld is in another currency than the rows before",
                          (long long)i);
    case LONG_ID:
        return kehu__fail(err, KEHU_LIMIT, i, "row %lld has an id above %d bytes",
                          (long long)i, KEHU__RFM_ID_BYTES);
    case FINE:
        break;
    }
    return KEHU_OK;
}

/* The currency all used rows must share: the base's, or the first used row's. */
static kehu_status find_currency(kehu__rfm_adding *a, kehu_error *err)
{
    const kehu_rfm_base *b = a->base;
    if (a->batch->currency == NULL)
        return KEHU_OK;
    a->currency = (kehu__text){b->currency, b->currency_size};
    for (int64_t i = 0; i < a->n && !b->has_currency; i++)
        if (kehu__rfm_has_customer(a, i) && kehu__column_valid(a->batch->time, i) &&
            kehu__rfm_day(a, i) >= b->from && kehu__rfm_day(a, i) <= b->to) {
            a->currency = kehu__column_text(a->batch->currency, i);
            break;
        }
    if (a->currency.size > KEHU__RFM_CURRENCY_BYTES)
        return kehu__fail(err, KEHU_LIMIT, -1, "a currency has %lld bytes, at most %d",
                          (long long)a->currency.size, KEHU__RFM_CURRENCY_BYTES);
    return KEHU_OK;
}

kehu_status kehu__rfm_check_rows(kehu__rfm_adding *a, const kehu__run *run,
                                 kehu_error *err)
{
    const int64_t n_chunks = (a->n + CHUNK - 1) / CHUNK;
    checking k = {.adding = a};
    kehu_status status = KEHU_OK;
    KEHU_TRY(find_currency(a, err));
    k.verdicts = kehu__alloc(&a->base->alloc, (size_t)n_chunks, sizeof *k.verdicts);
    if (k.verdicts == NULL)
        return kehu__no_memory(err, "a batch of transactions");
    kehu__parallel(run, n_chunks, check_chunk, &k);
    for (int64_t i = 0; i < n_chunks && status == KEHU_OK; i++)
        status = report_fault(a, k.verdicts[i].bad, k.verdicts[i].row, err);
    kehu__free(&a->base->alloc, k.verdicts, (size_t)n_chunks, sizeof *k.verdicts);
    return status;
}
