/* Rows to numbered events, in the order of customers and time. */
#include "insight/features.h"

#include <math.h>

#include "base/error.h"
#include "base/sort.h"

/* No sum of 2^32 amounts overflows, and no share of them becomes 0. */
#define LEAST_AMOUNT 1e-100
#define MOST_AMOUNT  1e100

static kehu_status check_length(const kehu__events *e, const kehu_column *c,
                                const char *name, kehu_error *err)
{
    if (c->length != e->customer->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has %lld rows, customer has %lld",
                          name, (long long)c->length, (long long)e->customer->length);
    return KEHU_OK;
}

static kehu_status check_customer(const kehu_column *c, kehu_error *err)
{
    KEHU_TRY(kehu__column_check(c, "customer", err));
    const kehu_type kind = kehu__column_kind(c);
    if (kehu__type_is_text(kind) || (kind >= KEHU_INT8 && kind <= KEHU_UINT32))
        return KEHU_OK;
    return kehu__fail(err, KEHU_COLUMN, -1,
                      "customer is %s, expected text or whole numbers",
                      kehu__type_name(c->type));
}

kehu_status kehu__events_check(const kehu__events *e, kehu_error *err)
{
    if (e->customer == NULL || e->item == NULL || e->time == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "customer, item or time is NULL");
    KEHU_TRY(check_customer(e->customer, err));
    KEHU_TRY(kehu__column_check_text(e->item, "item", err));
    KEHU_TRY(kehu__column_check(e->time, "time", err));
    if (e->time->type != KEHU_DATE32 && kehu__column_kind(e->time) != KEHU_TIMESTAMP)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "time is %s, expected DATE32 or TIMESTAMP",
                          kehu__type_name(e->time->type));
    if (e->amount != NULL)
        KEHU_TRY(kehu__column_check_number(e->amount, "amount", err));
    if (e->place != NULL)
        KEHU_TRY(kehu__column_check_text(e->place, "place", err));
    KEHU_TRY(check_length(e, e->item, "item", err));
    KEHU_TRY(check_length(e, e->time, "time", err));
    if (e->amount != NULL)
        KEHU_TRY(check_length(e, e->amount, "amount", err));
    if (e->place != NULL)
        KEHU_TRY(check_length(e, e->place, "place", err));
    if (e->customer->length > UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 2^32 - 1",
                          (long long)e->customer->length);
    if (e->to_day < e->from_day)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "to_day is %d, from_day %d",
                          (int)e->to_day, (int)e->from_day);
    return KEHU_OK;
}

static kehu__key key_of(const kehu__keys *keys, const kehu_column *c, int64_t row)
{
    return keys->text ? kehu__key_text(kehu__column_text(c, row))
                      : kehu__key_integer(kehu__column_integer(c, row));
}

static int64_t number_of(kehu__keys *keys, const kehu_column *c, int64_t row)
{
    const kehu__key key = key_of(keys, c, row);
    return kehu__keys_add(keys, &key);
}

kehu_status kehu__events_give_items(kehu__events *e, const kehu_column *items,
                                    kehu_error *err)
{
    KEHU_TRY(kehu__column_check_text(items, "items", err));
    if (items->length > KEHU_FEATURES_MAX_ITEMS)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld items, at most %d",
                          (long long)items->length, KEHU_FEATURES_MAX_ITEMS);
    for (int64_t i = 0; i < items->length; i++) {
        if (!kehu__column_valid(items, i))
            return kehu__fail(err, KEHU_DATA, i, "item %lld is missing", (long long)i);
        const int64_t number = number_of(&e->items, items, i);
        if (number == KEHU__NO_KEY)
            return kehu__no_memory(err, "items");
        if (number != i)
            return kehu__fail(err, KEHU_DUPLICATE, i, "item %lld is item %lld again",
                              (long long)i, (long long)number);
    }
    e->items_given = true;
    return KEHU_OK;
}

static int64_t item_of(kehu__events *e, int64_t row)
{
    const kehu__key key = key_of(&e->items, e->item, row);
    return e->items_given ? kehu__keys_find(&e->items, &key)
                          : kehu__keys_add(&e->items, &key);
}

/* Whether row i counts. */
static bool is_counted(const kehu__events *e, int64_t i)
{
    if (!kehu__column_valid(e->customer, i) || !kehu__column_valid(e->item, i) ||
        !kehu__column_valid(e->time, i) ||
        (e->amount != NULL && isnan(kehu__column_number(e->amount, i))))
        return false;
    const int32_t day = kehu__event_day(e, kehu__column_integer(e->time, i));
    return day >= e->from_day && day <= e->to_day;
}

static kehu_status take_row(kehu__events *e, int64_t i, kehu_error *err)
{
    const double amount = e->amount == NULL ? 1 : kehu__column_number(e->amount, i);
    const bool is_placed = e->place != NULL && kehu__column_valid(e->place, i);
    const int64_t item = item_of(e, i);
    if (e->items_given && item == KEHU__NO_KEY)
        return KEHU_OK;
    if (amount != 0 && !(amount >= LEAST_AMOUNT && amount <= MOST_AMOUNT))
        return kehu__fail(err, KEHU_DATA, i,
                          "amount of row %lld is %g, expected 0 or %g to %g",
                          (long long)i, amount, LEAST_AMOUNT, MOST_AMOUNT);
    const int64_t customer = number_of(&e->customers, e->customer, i);
    const int64_t place = is_placed ? number_of(&e->places, e->place, i) : KEHU__NOWHERE;
    if (e->items.n > KEHU_FEATURES_MAX_ITEMS)
        return kehu__fail(err, KEHU_LIMIT, i, "row %lld brings item %u, at most %d are",
                          (long long)i, (unsigned)e->items.n, KEHU_FEATURES_MAX_ITEMS);
    if (customer == KEHU__NO_KEY || item == KEHU__NO_KEY ||
        (is_placed && place == KEHU__NO_KEY) ||
        !kehu__grow(&e->customers.alloc, &e->list, &e->capacity, e->n + 1,
                    sizeof *e->list))
        return kehu__no_memory(err, "events");
    e->list[e->n++] = (kehu__event){kehu__column_integer(e->time, i),
                                    amount,
                                    (uint32_t)customer,
                                    (uint32_t)item,
                                    (uint32_t)i,
                                    (int32_t)place};
    return KEHU_OK;
}

kehu_status kehu__events_take(kehu__events *e, kehu_error *err)
{
    for (int64_t i = 0; i < e->customer->length; i++)
        if (is_counted(e, i))
            KEHU_TRY(take_row(e, i, err));
    if (e->places.n > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%u places are too many",
                          (unsigned)e->places.n);
    if ((uint64_t)e->customers.n * e->items.n > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%u customers of %u items are too many",
                          (unsigned)e->customers.n, (unsigned)e->items.n);
    return KEHU_OK;
}

/* By customer in the order of `ctx`, then time, then row. */
static int by_customer_and_time(const void *x, const void *y, void *ctx)
{
    const uint32_t *rank = ctx;
    const kehu__event *a = x, *b = y;
    const uint32_t p = rank[a->customer], q = rank[b->customer];
    if (p != q)
        return p < q ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

bool kehu__events_sort(kehu__events *e)
{
    const kehu_allocator *a = &e->customers.alloc;
    const size_t n = e->customers.n;
    if (n == 0)
        return true;
    uint32_t *order = kehu__alloc(a, n, sizeof *order);
    uint32_t *rank = kehu__alloc(a, n, sizeof *rank);
    const bool done =
        order != NULL && rank != NULL && kehu__keys_sort(&e->customers, order);
    if (done) {
        for (uint32_t i = 0; i < n; i++)
            rank[order[i]] = i;
        kehu__sort(e->list, e->n, sizeof *e->list, by_customer_and_time, rank);
    }
    kehu__free(a, order, n, sizeof *order);
    kehu__free(a, rank, n, sizeof *rank);
    return done;
}

void kehu__events_free(kehu__events *e)
{
    kehu__free(&e->customers.alloc, e->list, e->capacity, sizeof *e->list);
    kehu__keys_free(&e->customers);
    kehu__keys_free(&e->items);
    kehu__keys_free(&e->places);
}
