/* Events summed up a customer, straight from the decoded blocks: what recency,
 * frequency and monetary value are made of. */
#include <string.h>

#include "base/error.h"
#include "store/merge.h"
#include "store/pseudonym.h"
#include "store/require.h"

typedef struct totals {
    const kehu_snapshot *snapshot;
    int64_t from, until;
    const char *kind;
    size_t kind_size;
    kehu__require *require; /* NULL for none */
    uint64_t hidden_until;  /* of the current customer */
    kehu__hmac key;
    bool pseudonyms;
    kehu__vector customer, events, first, last, amount;
} totals;

/* The same text has the same piece where texts repeat, so most are compared once. */
typedef struct kind_memory {
    kehu__vector_piece yes, no;
    bool has_yes, has_no;
} kind_memory;

static bool same_piece(kehu__vector_piece a, kehu__vector_piece b)
{
    return a.at == b.at && a.size == b.size;
}

static bool is_kind(const totals *t, const kehu__vector *kind, uint32_t row,
                    kind_memory *m)
{
    kehu__vector_piece p;
    if (kind == NULL || kind->missing[row])
        return false;
    p = kind->values.pieces[row];
    if (m->has_yes && same_piece(p, m->yes))
        return true;
    if (m->has_no && same_piece(p, m->no))
        return false;
    if (p.size == t->kind_size &&
        (p.size == 0 || memcmp(kind->bytes + p.at, t->kind, p.size) == 0)) {
        m->yes = p;
        m->has_yes = true;
        return true;
    }
    m->no = p;
    m->has_no = true;
    return false;
}

static bool add_to_sum(int64_t *sum, int64_t x)
{
    if (x > 0 ? *sum > INT64_MAX - x : *sum < INT64_MIN - x)
        return false;
    *sum += x;
    return true;
}

static bool add_key(totals *t, const kehu__merge_rows *r)
{
    char pseudonym[KEHU__PSEUDONYM];
    if (!t->pseudonyms)
        return kehu__vector_add_text(&t->customer, r->key, r->key_size);
    kehu__pseudonym_write(&t->key, r->key, r->key_size, pseudonym);
    return kehu__vector_add_text(&t->customer, pseudonym, sizeof pseudonym);
}

/* The last row is the current customer's if it has one; rows come in time order. */
static kehu_status add_rows(totals *t, const kehu__merge_rows *r, bool *begun,
                            kehu_error *err)
{
    const int64_t *time_of = kehu__rows_get(r->rows, KEHU__TIME)->values.ints;
    const int64_t *sequence = kehu__rows_get(r->rows, KEHU__SEQUENCE)->values.ints;
    const kehu__vector *amount = kehu__rows_get(r->rows, KEHU__AMOUNT);
    const kehu__vector *kind = kehu__rows_get(r->rows, KEHU__KIND);
    kind_memory memory = {.has_yes = false};
    for (uint32_t row = r->first; row < r->first + r->n; row++) {
        uint32_t at;
        if (time_of[row] < t->from || time_of[row] >= t->until ||
            (uint64_t)sequence[row] <= t->hidden_until ||
            (uint64_t)sequence[row] > t->snapshot->sequence ||
            (t->kind != NULL && !is_kind(t, kind, row, &memory)))
            continue;
        if (!*begun &&
            (!add_key(t, r) || !kehu__vector_add_int(&t->events, 0) ||
             !kehu__vector_add_int(&t->first, time_of[row]) ||
             !kehu__vector_add_int(&t->last, 0) || !kehu__vector_add_int(&t->amount, 0)))
            return kehu__no_memory(err, "totals");
        *begun = true;
        at = t->customer.n - 1;
        t->events.values.ints[at]++;
        t->last.values.ints[at] = time_of[row];
        if (amount != NULL &&
            !add_to_sum(&t->amount.values.ints[at], amount->values.ints[row]))
            return kehu__fail(err, KEHU_RANGE, at,
                              "the amounts of a customer sum up beyond 64 bits");
    }
    return KEHU_OK;
}

static kehu_status add_all(totals *t, const kehu_scan_options *opt, kehu_error *err)
{
    const kehu_snapshot *s = t->snapshot;
    const uint32_t ids[] = {KEHU__AMOUNT, KEHU__KIND};
    kehu__merge m;
    kehu__merge_rows r = {.n = 1};
    kehu_status status;
    bool begun = false;
    KEHU_TRY(kehu__merge_open(&m, &s->alloc, s->segments[KEHU_STORE_EVENTS],
                              s->n_segments[KEHU_STORE_EVENTS], &s->schema, ids,
                              t->kind == NULL ? 1 : 2, opt->first_customer,
                              opt->last_customer, t->from, t->until, err));
    for (status = KEHU_OK; status == KEHU_OK && r.n > 0;) {
        status = kehu__merge_next(&m, &r, err);
        if (status != KEHU_OK || r.n == 0)
            break;
        if (r.new_customer) {
            bool holds;
            begun = false;
            status = kehu__require_holds(t->require, r.key, r.key_size, &holds, err);
            t->hidden_until =
                holds ? kehu__erased_until(&s->erased, r.key, r.key_size) : UINT64_MAX;
        }
        if (status == KEHU_OK)
            status = add_rows(t, &r, &begun, err);
    }
    kehu__merge_close(&m);
    return status;
}

/* As a table of its own, which copies. */
static kehu_status make_table(kehu_table **out, const totals *t, kehu_error *err)
{
    const int64_t n = t->customer.n;
    const kehu_allocator *a = &t->snapshot->alloc;
    kehu_status status = KEHU_NO_MEMORY;
    int64_t *offsets = kehu__alloc(a, (size_t)n + 1, sizeof *offsets);
    if (offsets == NULL)
        return kehu__no_memory(err, "totals");
    for (int64_t i = 0; i < n; i++)
        offsets[i] = t->customer.values.pieces[i].at;
    offsets[n] = (int64_t)t->customer.own.size;
    {
        const kehu_column columns[] = {{.name = "customer",
                                        .type = KEHU_LARGE_UTF8,
                                        .length = n,
                                        .data = t->customer.own.bytes,
                                        .offsets = offsets},
                                       {.name = "events",
                                        .type = KEHU_INT64,
                                        .length = n,
                                        .data = t->events.values.ints},
                                       {.name = "first_time",
                                        .type = KEHU_TIMESTAMP,
                                        .length = n,
                                        .data = t->first.values.ints},
                                       {.name = "last_time",
                                        .type = KEHU_TIMESTAMP,
                                        .length = n,
                                        .data = t->last.values.ints},
                                       {.name = "amount",
                                        .type = KEHU_INT64,
                                        .length = n,
                                        .data = t->amount.values.ints}};
        status = kehu_table_copy(out, columns, 5, a, err);
    }
    kehu__free(a, offsets, (size_t)n + 1, sizeof *offsets);
    return status;
}

kehu_status kehu_snapshot_totals(kehu_table **out, const kehu_snapshot *snapshot,
                                 const kehu_scan_options *options, kehu_error *err)
{
    kehu_scan_options opt = {0};
    totals t;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (snapshot == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.n_columns != 0 || opt.batch_rows != 0 || opt.from > 1 || opt.until > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_columns and batch_rows are 0, from and until 0 or 1");
    t = (totals){.snapshot = snapshot,
                 .from = opt.from ? opt.from_us : INT64_MIN,
                 .until = opt.until && opt.until_us < snapshot->until ? opt.until_us
                                                                      : snapshot->until,
                 .kind = opt.kind,
                 .kind_size = opt.kind == NULL ? 0 : strlen(opt.kind),
                 .customer = kehu__vector_new(&snapshot->alloc, KEHU__TEXTS),
                 .events = kehu__vector_new(&snapshot->alloc, KEHU__INTS),
                 .first = kehu__vector_new(&snapshot->alloc, KEHU__INTS),
                 .last = kehu__vector_new(&snapshot->alloc, KEHU__INTS),
                 .amount = kehu__vector_new(&snapshot->alloc, KEHU__INTS)};
    status = kehu__pseudonym_key(&t.key, opt.pseudonym_key, opt.pseudonym_key_size,
                                 &t.pseudonyms, err);
    if (status == KEHU_OK && opt.require != NULL)
        status = kehu__require_open(&t.require, snapshot, &opt, err);
    if (status == KEHU_OK)
        status = add_all(&t, &opt, err);
    if (status == KEHU_OK)
        status = make_table(out, &t, err);
    kehu__require_free(t.require);
    kehu__vector_free(&t.customer);
    kehu__vector_free(&t.events);
    kehu__vector_free(&t.first);
    kehu__vector_free(&t.last);
    kehu__vector_free(&t.amount);
    return status;
}
