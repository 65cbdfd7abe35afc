/* Adding transactions: all rows are checked before the first one counts; then,
 * some millions at a time, chunks of rows are dealt to parts by the hash of the
 * customer, and each part takes its rows chunk after chunk. Chunks and parts
 * are tasks; neither depends on the number of threads. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/hash.h"
#include "insight/rfm_base.h"

enum {
    CHUNK = 1 << 14,
    ROUND = 1 << 21,    /* rows dealt before the parts take them */
    FEW = 1 << 15,      /* rows not worth starting threads for */
    RETURNED = 1 << 30, /* flag beside the row number */
    AHEAD = 32          /* rows whose memory is asked for at once */
};

#if defined(__GNUC__)
#define KEHU__PREFETCH(address) __builtin_prefetch(address, 1)
#else
#define KEHU__PREFETCH(address) (void)(address)
#endif

typedef struct dealt_row {
    uint64_t key;
    int64_t amount;
    int32_t day;
    uint32_t at; /* row inside the round, maybe with RETURNED */
} dealt_row;

/* What is wrong with a row. */
typedef enum fault {
    FINE = 0,
    NO_TIME,
    NO_AMOUNT,
    FUTURE,
    OTHER_CURRENCY,
    LONG_ID
} fault;

typedef struct chunk {
    kehu_rfm_base_counts counts;
    int64_t bad_row; /* of the whole batch */
    fault bad;
    uint32_t start[KEHU__RFM_PARTS + 1]; /* each part's rows inside the chunk */
} chunk;

/* One call of add. */
typedef struct adding {
    kehu_rfm_base *base;
    const kehu_rfm_batch *batch;
    int64_t n;
    kehu__text currency; /* that every used row must have */
    bool text_keys, text_orders;
    bool plain;       /* int64 keys and amounts, DATE32 days, nothing missing or marked */
    int64_t from, to; /* rows of this round */
    chunk *chunks;
    dealt_row *rows; /* [to - from] */
} adding;

/* ---- Reading a row ---- */

static int64_t number(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    if (c->type == KEHU_INT64 || c->type == KEHU_TIMESTAMP)
        return ((const int64_t *)c->data)[at];
    if (c->type == KEHU_INT32 || c->type == KEHU_DATE32)
        return ((const int32_t *)c->data)[at];
    return kehu__column_integer(c, i);
}

static bool has_customer(const adding *a, int64_t i)
{
    const kehu_column *c = a->batch->customer;
    return kehu__column_valid(c, i) &&
           (!a->text_keys || kehu__column_text(c, i).size > 0);
}

static int32_t day_of_row(const adding *a, int64_t i)
{
    const kehu_column *c = a->batch->time;
    return c->type == KEHU_DATE32 ? (int32_t)number(c, i)
                                  : kehu__day_of(number(c, i), a->base->offset);
}

static bool is_return(const adding *a, int64_t i, int64_t amount)
{
    return amount < 0 ||
           (a->batch->returned != NULL && number(a->batch->returned, i) != 0 &&
            kehu__column_valid(a->batch->returned, i));
}

/* ---- Checking ---- */

static fault check_row(const adding *a, int64_t i)
{
    const kehu_rfm_base *b = a->base;
    const kehu_rfm_batch *t = a->batch;
    int32_t day;
    if (!has_customer(a, i))
        return FINE;
    if (!kehu__column_valid(t->time, i))
        return NO_TIME;
    day = day_of_row(a, i);
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

/* Plain rows without a currency can only lie in the future. */
static bool all_in_time(const adding *a, int64_t from, int64_t to)
{
    const int32_t *days = (const int32_t *)a->batch->time->data + a->batch->time->start;
    int late = 0;
    for (int64_t i = from; i < to; i++)
        late |= days[i] > a->base->to;
    return late == 0;
}

static void check_chunk(void *arg, int64_t number_of_chunk)
{
    adding *a = arg;
    chunk *c = &a->chunks[number_of_chunk];
    const int64_t end =
        (number_of_chunk + 1) * CHUNK < a->n ? (number_of_chunk + 1) * CHUNK : a->n;
    c->bad = FINE;
    if (a->plain && a->batch->currency == NULL && !a->text_orders &&
        (a->base->to_given || all_in_time(a, number_of_chunk * CHUNK, end)))
        return;
    for (int64_t i = number_of_chunk * CHUNK; i < end && c->bad == FINE; i++) {
        c->bad = check_row(a, i);
        c->bad_row = i;
    }
}

static kehu_status report_fault(const adding *a, fault bad, int64_t i, kehu_error *err)
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
                          (long long)i, (int)day_of_row(a, i), (int)a->base->as_of);
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
static kehu_status find_currency(adding *a, kehu_error *err)
{
    const kehu_rfm_base *b = a->base;
    if (a->batch->currency == NULL)
        return KEHU_OK;
    a->currency = (kehu__text){b->currency, b->currency_size};
    for (int64_t i = 0; i < a->n && !b->has_currency; i++)
        if (has_customer(a, i) && kehu__column_valid(a->batch->time, i) &&
            day_of_row(a, i) >= b->from && day_of_row(a, i) <= b->to) {
            a->currency = kehu__column_text(a->batch->currency, i);
            break;
        }
    if (a->currency.size > KEHU__RFM_CURRENCY_BYTES)
        return kehu__fail(err, KEHU_LIMIT, -1, "a currency has %lld bytes, at most %d",
                          (long long)a->currency.size, KEHU__RFM_CURRENCY_BYTES);
    return KEHU_OK;
}

static kehu_status check_rows(adding *a, const kehu__run *run, kehu_error *err)
{
    const int64_t n_chunks = (a->n + CHUNK - 1) / CHUNK;
    KEHU_TRY(find_currency(a, err));
    kehu__parallel(run, n_chunks, check_chunk, a);
    for (int64_t k = 0; k < n_chunks; k++)
        if (a->chunks[k].bad != FINE)
            return report_fault(a, a->chunks[k].bad, a->chunks[k].bad_row, err);
    return KEHU_OK;
}

/* ---- Dealing ---- */

/* The part of a row, or NO_PART when it is skipped; counts it. */
static uint8_t part_of_row(const adding *a, int64_t i, kehu_rfm_base_counts *counts)
{
    const kehu_rfm_base *b = a->base;
    const kehu_column *customer = a->batch->customer;
    int32_t day;
    if (!has_customer(a, i)) {
        counts->no_customer++;
        return KEHU__RFM_NO_PART;
    }
    day = day_of_row(a, i);
    if (day < b->from || day > b->to) {
        counts->before += day < b->from;
        counts->after += day > b->to;
        return KEHU__RFM_NO_PART;
    }
    if (is_return(a, i, number(a->batch->amount, i))) {
        counts->returns++;
        if (b->returns == KEHU_RFM_RETURNS_DROP)
            return KEHU__RFM_NO_PART;
    }
    if (a->text_keys) {
        const kehu__text name = kehu__column_text(customer, i);
        return (uint8_t)kehu__rfm_part_of(kehu__rfm_hash(0, &name));
    }
    return (uint8_t)kehu__rfm_part_of(
        kehu__rfm_hash((uint64_t)number(customer, i), NULL));
}

/* The same for a run of plain rows. */
static void parts_of_plain(const adding *a, int64_t first, int n, uint8_t *parts,
                           kehu_rfm_base_counts *counts)
{
    const kehu_rfm_base *b = a->base;
    const kehu_rfm_batch *t = a->batch;
    const int64_t *keys = (const int64_t *)t->customer->data + t->customer->start + first;
    const int64_t *amounts = (const int64_t *)t->amount->data + t->amount->start + first;
    const int32_t *days = (const int32_t *)t->time->data + t->time->start + first;
    const bool drop = b->returns == KEHU_RFM_RETURNS_DROP;
    int64_t before = 0, after = 0, returns = 0;
    for (int i = 0; i < n; i++) {
        const bool early = days[i]<b->from, late = days[i]> b->to;
        const bool back = !early && !late && amounts[i] < 0;
        const uint32_t part = kehu__rfm_part_of(kehu__mix64((uint64_t)keys[i]));
        before += early;
        after += late;
        returns += back;
        parts[i] = (uint8_t)(early || late || (back && drop) ? KEHU__RFM_NO_PART : part);
    }
    counts->before += before;
    counts->after += after;
    counts->returns += returns;
}

static void deal_plain(const adding *a, int64_t first, int n, const uint8_t *parts,
                       uint32_t *next, dealt_row *rows)
{
    const kehu_rfm_batch *t = a->batch;
    const int64_t *keys = (const int64_t *)t->customer->data + t->customer->start + first;
    const int64_t *amounts = (const int64_t *)t->amount->data + t->amount->start + first;
    const int32_t *days = (const int32_t *)t->time->data + t->time->start + first;
    const uint32_t at = (uint32_t)(first - a->from);
    for (int i = 0; i < n; i++)
        if (parts[i] != KEHU__RFM_NO_PART)
            rows[next[parts[i]]++] = (dealt_row){
                (uint64_t)keys[i], amounts[i], days[i],
                (at + (uint32_t)i) | (amounts[i] < 0 ? (uint32_t)RETURNED : 0)};
}

static void deal_chunk(void *arg, int64_t number_of_chunk)
{
    adding *a = arg;
    chunk *c = &a->chunks[number_of_chunk];
    const int64_t first = a->from + number_of_chunk * CHUNK;
    const int n = (int)(a->to - first < CHUNK ? a->to - first : CHUNK);
    dealt_row *rows = a->rows + number_of_chunk * CHUNK;
    uint8_t parts[CHUNK];
    uint32_t next[KEHU__RFM_PARTS] = {0};
    c->counts = (kehu_rfm_base_counts){.rows = n};
    if (a->plain)
        parts_of_plain(a, first, n, parts, &c->counts);
    for (int i = 0; i < n; i++) {
        if (!a->plain)
            parts[i] = part_of_row(a, first + i, &c->counts);
        if (parts[i] != KEHU__RFM_NO_PART)
            next[parts[i]]++;
    }
    c->start[0] = 0;
    for (int p = 0; p < KEHU__RFM_PARTS; p++) {
        c->start[p + 1] = c->start[p] + next[p];
        next[p] = c->start[p];
    }
    if (a->plain) {
        deal_plain(a, first, n, parts, next, rows);
        return;
    }
    for (int i = 0; i < n; i++) {
        const int64_t row = first + i;
        dealt_row *d;
        if (parts[i] == KEHU__RFM_NO_PART)
            continue;
        d = &rows[next[parts[i]]++];
        d->key = a->text_keys ? 0 : (uint64_t)number(a->batch->customer, row);
        d->amount = number(a->batch->amount, row);
        d->day = day_of_row(a, row);
        d->at = (uint32_t)(row - a->from) | (is_return(a, row, d->amount) ? RETURNED : 0);
    }
}

/* ---- Taking ---- */

/* Count the order of a row: a new one, or one without an id. */
static bool new_order(const adding *a, kehu__rfm_part *p, uint32_t customer, int64_t row)
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
                                (uint64_t)number(order, row), NULL);
}

static void take_row(const adding *a, kehu__rfm_part *p, const dealt_row *d)
{
    const int64_t row = a->from + (d->at & (RETURNED - 1));
    const bool buys =
        (d->at & RETURNED) == 0 || a->base->returns == KEHU_RFM_RETURNS_COUNT;
    kehu__text name = {"", 0};
    uint64_t hash, key = d->key;
    uint32_t k;
    if (a->text_keys) {
        name = kehu__column_text(a->batch->customer, row);
        key = hash = kehu__rfm_hash(0, &name);
    } else {
        hash = kehu__rfm_hash(key, NULL);
    }
    k = kehu__rfm_part_customer(p, &a->base->alloc, hash, key,
                                a->text_keys ? &name : NULL);
    if (k == UINT32_MAX) {
        p->refused = true;
        return;
    }
    kehu__rfm_customer *c = &p->customers[k];
    kehu__rfm_spend(c, (uint64_t)d->amount, d->amount < 0 ? -1 : 0);
    if (buys) {
        if (d->day > c->last)
            c->last = d->day;
        c->orders += new_order(a, p, k, row);
    }
}

/* Integer keys without an order column, the common case: memory is asked for a
 * few rows before it is needed. */
static void take_integers(const adding *a, kehu__rfm_part *p, const dealt_row *rows,
                          size_t n)
{
    const bool all = a->base->returns == KEHU_RFM_RETURNS_COUNT;
    uint64_t hashes[AHEAD];
    for (size_t from = 0; from < n; from += AHEAD) {
        const size_t m = n - from < AHEAD ? n - from : AHEAD;
        const kehu__rfm_index index = p->by_key;
        for (size_t i = 0; i < m; i++) {
            hashes[i] = kehu__mix64(rows[from + i].key);
            if (index.n_slots > 0)
                KEHU__PREFETCH(&index.slots[hashes[i] & (index.n_slots - 1)]);
        }
        for (size_t i = 0; i < m && index.n_slots > 0; i++) {
            const uint32_t slot = index.slots[hashes[i] & (index.n_slots - 1)];
            KEHU__PREFETCH(&p->customers[slot > 0 ? slot - 1 : 0]);
        }
        for (size_t i = 0; i < m; i++) {
            const dealt_row *d = &rows[from + i];
            /* Mostly the first slot is the right one. */
            const uint32_t slot =
                p->by_key.n_slots == 0
                    ? 0
                    : p->by_key.slots[hashes[i] & (p->by_key.n_slots - 1)];
            const uint32_t k = slot > 0 && p->customers[slot - 1].key == d->key
                                   ? slot - 1
                                   : kehu__rfm_part_customer(p, &a->base->alloc,
                                                             hashes[i], d->key, NULL);
            if (k == UINT32_MAX) {
                p->refused = true;
                return;
            }
            kehu__rfm_customer *c = &p->customers[k];
            const bool buys = all || (d->at & RETURNED) == 0;
            kehu__rfm_spend(c, (uint64_t)d->amount, d->amount < 0 ? -1 : 0);
            c->last = buys && d->day > c->last ? d->day : c->last;
            c->orders += buys;
        }
    }
}

static void take_part(void *arg, int64_t number_of_part)
{
    adding *a = arg;
    kehu__rfm_part *p = &a->base->parts[number_of_part];
    const int64_t n_chunks = (a->to - a->from + CHUNK - 1) / CHUNK;
    for (int64_t k = 0; k < n_chunks && !p->refused; k++) {
        const chunk *c = &a->chunks[k];
        const dealt_row *rows = a->rows + k * CHUNK;
        if (!a->text_keys && a->batch->order == NULL) {
            take_integers(a, p, rows + c->start[number_of_part],
                          c->start[number_of_part + 1] - c->start[number_of_part]);
            continue;
        }
        for (uint32_t i = c->start[number_of_part];
             i < c->start[number_of_part + 1] && !p->refused; i++)
            take_row(a, p, &rows[i]);
    }
}

static void add_counts(kehu_rfm_base_counts *sum, const kehu_rfm_base_counts *c)
{
    sum->rows += c->rows;
    sum->no_customer += c->no_customer;
    sum->before += c->before;
    sum->after += c->after;
    sum->returns += c->returns;
}

static kehu_status take_rounds(adding *a, const kehu__run *run, kehu_error *err)
{
    kehu_rfm_base *base = a->base;
    for (a->from = 0; a->from < a->n; a->from = a->to) {
        const int64_t left = a->n - a->from;
        a->to = a->from + (left < ROUND ? left : ROUND);
        const int64_t n_chunks = (a->to - a->from + CHUNK - 1) / CHUNK;
        KEHU_TRY(kehu__progress(run, (double)a->from / (double)a->n, "counting", err));
        kehu__parallel(run, n_chunks, deal_chunk, a);
        kehu__parallel(run, KEHU__RFM_PARTS, take_part, a);
        for (int64_t k = 0; k < n_chunks; k++)
            add_counts(&base->counts, &a->chunks[k].counts);
        for (int p = 0; p < KEHU__RFM_PARTS; p++)
            if (base->parts[p].refused)
                return kehu__no_memory(err, "more customers");
    }
    return KEHU_OK;
}

/* ---- The call ---- */

static kehu_status check_integers(const kehu_column *c, const char *name, kehu_error *err)
{
    KEHU_TRY(kehu__column_check_number(c, name, err));
    if (c->type == KEHU_BOOL || c->type == KEHU_UINT64 || c->type == KEHU_FLOAT32 ||
        c->type == KEHU_FLOAT64 || c->type == KEHU_DATE32 || c->type == KEHU_TIMESTAMP)
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
    if (b->time->type != KEHU_DATE32 && b->time->type != KEHU_TIMESTAMP)
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

static bool is_plain(const kehu_rfm_batch *b)
{
    return b->customer->type == KEHU_INT64 && b->customer->validity == NULL &&
           b->time->type == KEHU_DATE32 && b->time->validity == NULL &&
           b->amount->type == KEHU_INT64 && b->amount->validity == NULL &&
           b->returned == NULL;
}

kehu_status kehu_rfm_base_add(kehu_rfm_base *base, const kehu_rfm_batch *batch,
                              kehu_error *err)
{
    kehu__rfm_kind kinds[2];
    kehu_status status;
    if (base == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base is NULL");
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    KEHU_TRY(kehu__rfm_check_batch(base, batch, kinds, err));
    adding a = {.base = base,
                .batch = batch,
                .n = batch->customer->length,
                .text_keys = kinds[0] == KEHU__RFM_TEXT,
                .text_orders = kinds[1] == KEHU__RFM_TEXT,
                .plain = is_plain(batch)};
    const kehu_allocator *alloc = &base->alloc;
    const kehu__run serial = {.progress = base->run.progress},
                    *run = a.n < FEW ? &serial : &base->run;
    const size_t n_chunks = (size_t)((a.n + CHUNK - 1) / CHUNK);
    const size_t n_rows = (size_t)(a.n < ROUND ? a.n : ROUND);
    if (a.n == 0)
        return KEHU_OK;
    a.chunks = kehu__alloc(alloc, n_chunks, sizeof *a.chunks);
    a.rows = kehu__alloc(alloc, n_rows, sizeof *a.rows);
    if (a.chunks == NULL || a.rows == NULL) {
        status = kehu__no_memory(err, "a batch of transactions");
        goto done;
    }
    status = check_rows(&a, run, err);
    if (status != KEHU_OK)
        goto done;
    kehu__rfm_base_unfinish(base);
    base->key_kind = kinds[0];
    base->order_kind = kinds[1];
    if (!base->has_currency && a.currency.size > 0) {
        base->has_currency = true;
        base->currency_size = (uint32_t)a.currency.size;
        memcpy(base->currency, a.currency.bytes, (size_t)a.currency.size);
    }
    status = take_rounds(&a, run, err);
    base->poisoned = status != KEHU_OK;
done:
    kehu__free(alloc, a.rows, n_rows, sizeof *a.rows);
    kehu__free(alloc, a.chunks, n_chunks, sizeof *a.chunks);
    return status;
}
