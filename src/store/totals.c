/* Events summed up a customer, straight from the decoded blocks: what recency,
 * frequency and monetary value are made of. */
#include <string.h>

#include "base/error.h"
#include "store/merge.h"
#include "store/pseudonym.h"
#include "store/require.h"
#include "store/share.h"

enum { SHARE_ROWS = 1 << 15, MAX_SHARES = 64 };

typedef struct totals {
    const kehu_snapshot *snapshot;
    const kehu_scan_options *opt;
    kehu__range range;
    size_t kind_size;
    kehu__require *require; /* NULL for none */
    uint64_t hidden_until;  /* of the current customer */
    kehu__hmac key;
    bool pseudonyms;
    kehu__vector customer, events, first, last, amount;
} totals;

/* One share of the customers, summed up by one thread. */
typedef struct task {
    totals t;
    kehu__share_keys keys;
    kehu_status status;
    kehu_error err;
} task;

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
        (p.size == 0 || memcmp(kind->bytes + p.at, t->opt->kind, p.size) == 0)) {
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
    const kehu__vector *source = kehu__rows_get(r->rows, KEHU__SOURCE);
    kind_memory memory = {.has_yes = false};
    for (uint32_t row = r->first; row < r->first + r->n; row++) {
        uint32_t at;
        if (time_of[row] < t->range.from || time_of[row] >= t->range.until ||
            (uint64_t)sequence[row] <= t->hidden_until ||
            (uint64_t)sequence[row] > t->snapshot->sequence ||
            (t->opt->kind != NULL && !is_kind(t, kind, row, &memory)) ||
            kehu__gone_source(&t->snapshot->gone, source, row, (uint64_t)sequence[row]))
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

static kehu_status add_all(totals *t, kehu_error *err)
{
    const kehu_snapshot *s = t->snapshot;
    uint32_t ids[3] = {KEHU__AMOUNT}, n_ids = 1;
    kehu__merge m;
    kehu__merge_rows r = {.n = 1};
    kehu_status status;
    bool begun = false;
    if (t->opt->kind != NULL)
        ids[n_ids++] = KEHU__KIND;
    if (s->gone.sources.n > 0)
        ids[n_ids++] = KEHU__SOURCE;
    KEHU_TRY(kehu__merge_open(&m, &s->alloc, s->segments[KEHU_STORE_EVENTS],
                              s->n_segments[KEHU_STORE_EVENTS], &s->schema, ids, n_ids,
                              &t->range, err));
    for (status = KEHU_OK; status == KEHU_OK && r.n > 0;) {
        status = kehu__merge_next(&m, &r, err);
        if (status != KEHU_OK || r.n == 0)
            break;
        if (r.new_customer) {
            bool holds;
            begun = false;
            status = kehu__require_holds(t->require, r.key, r.key_size, &holds, err);
            t->hidden_until =
                holds ? kehu__erased_until(&s->gone.customers, r.key, r.key_size)
                      : UINT64_MAX;
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

static totals new_totals(const kehu_snapshot *snapshot, const kehu_scan_options *opt)
{
    const kehu_allocator *a = &snapshot->alloc;
    return (totals){.snapshot = snapshot,
                    .opt = opt,
                    .kind_size = opt->kind == NULL ? 0 : strlen(opt->kind),
                    .customer = kehu__vector_new(a, KEHU__TEXTS),
                    .events = kehu__vector_new(a, KEHU__INTS),
                    .first = kehu__vector_new(a, KEHU__INTS),
                    .last = kehu__vector_new(a, KEHU__INTS),
                    .amount = kehu__vector_new(a, KEHU__INTS)};
}

static void free_totals(totals *t)
{
    kehu__require_free(t->require);
    kehu__vector_free(&t->customer);
    kehu__vector_free(&t->events);
    kehu__vector_free(&t->first);
    kehu__vector_free(&t->last);
    kehu__vector_free(&t->amount);
}

static kehu_status sum_up(totals *t, kehu_error *err)
{
    const kehu_scan_options *opt = t->opt;
    KEHU_TRY(kehu__pseudonym_key(&t->key, opt->pseudonym_key, opt->pseudonym_key_size,
                                 &t->pseudonyms, err));
    if (opt->require != NULL)
        KEHU_TRY(kehu__require_open(&t->require, t->snapshot, opt, &t->range, err));
    return add_all(t, err);
}

static void run_task(void *arg, int64_t i)
{
    task *k = (task *)arg + i;
    k->status = sum_up(&k->t, &k->err);
}

static bool append(totals *to, const totals *from)
{
    const uint32_t n = from->customer.n;
    return kehu__vector_append(&to->customer, &from->customer, 0, n) &&
           kehu__vector_append(&to->events, &from->events, 0, n) &&
           kehu__vector_append(&to->first, &from->first, 0, n) &&
           kehu__vector_append(&to->last, &from->last, 0, n) &&
           kehu__vector_append(&to->amount, &from->amount, 0, n);
}

/* The tasks' totals one after the other, or the first failure. */
static kehu_status gather(totals *all, const task *tasks, uint32_t n, kehu_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const task *k = &tasks[i];
        if (k->status != KEHU_OK) {
            if (err != NULL) {
                *err = k->err;
                err->where += k->err.where < 0 ? 0 : all->customer.n;
            }
            return k->status;
        }
        if (!append(all, &k->t))
            return kehu__no_memory(err, "totals");
    }
    return KEHU_OK;
}

/* In shares by size, the same for any number of threads. */
static kehu_status sum_up_in_shares(totals *all, uint32_t n, kehu_error *err)
{
    const kehu_snapshot *s = all->snapshot;
    const kehu__run run = {.n_threads = all->opt->n_threads};
    task *tasks = kehu__alloc_zero(&s->alloc, n, sizeof *tasks);
    kehu_status status = KEHU_OK;
    if (tasks == NULL)
        return kehu__no_memory(err, "totals");
    for (uint32_t i = 0; i < n; i++)
        tasks[i].t = new_totals(s, all->opt);
    for (uint32_t i = 0; status == KEHU_OK && i < n; i++) {
        tasks[i].t.range = all->range;
        status = kehu__share_cut(&tasks[i].t.range, &tasks[i].keys, s, KEHU_STORE_EVENTS,
                                 i, n, err);
    }
    if (status == KEHU_OK) {
        kehu__parallel(&run, n, run_task, tasks);
        status = gather(all, tasks, n, err);
    }
    for (uint32_t i = 0; i < n; i++)
        free_totals(&tasks[i].t);
    kehu__free(&s->alloc, tasks, n, sizeof *tasks);
    return status;
}

static uint32_t count_shares(const kehu_snapshot *s)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < s->n_segments[KEHU_STORE_EVENTS]; i++)
        rows += s->segments[KEHU_STORE_EVENTS][i]->rows;
    rows /= SHARE_ROWS;
    return rows < 1 ? 1 : rows > MAX_SHARES ? MAX_SHARES : (uint32_t)rows;
}

kehu_status kehu_snapshot_totals(kehu_table **out, const kehu_snapshot *snapshot,
                                 const kehu_scan_options *options, kehu_error *err)
{
    kehu_scan_options opt = {0};
    kehu__share_keys keys;
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
    KEHU_TRY(kehu__check_fresh(&opt, err));
    t = new_totals(snapshot, &opt);
    status = kehu__share_range(&t.range, &keys, snapshot, KEHU_STORE_EVENTS, &opt, err);
    if (status == KEHU_OK)
        status = opt.n_threads <= 1 || count_shares(snapshot) == 1
                     ? sum_up(&t, err)
                     : sum_up_in_shares(&t, count_shares(snapshot), err);
    if (status == KEHU_OK)
        status = make_table(out, &t, err);
    free_totals(&t);
    return status;
}
