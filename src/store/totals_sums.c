/* Totals from the sums of all segments, merged by customer. Stretches of customers whom
 * one segment alone has are taken at once; whoever was erased once is summed up by rows.
 */
#include <string.h>

#include "base/error.h"
#include "store/totals.h"

bool kehu__totals_are_kept(const kehu_snapshot *snapshot, const kehu_scan_options *opt,
                           const kehu__range *range)
{
    if (opt->kind != NULL || snapshot->gone.sources.n > 0)
        return false;
    for (uint32_t i = 0; i < snapshot->n_segments[KEHU_STORE_EVENTS]; i++) {
        const kehu__segment *s = snapshot->segments[KEHU_STORE_EVENTS][i];
        if (s->sums == NULL || s->min_time < range->from || s->max_time >= range->until ||
            s->max_sequence > snapshot->sequence)
            return false;
    }
    return true;
}

/* One customer by its rows. */
static kehu_status add_by_rows(kehu__totals *t, const char *key, uint32_t size,
                               kehu_error *err)
{
    char id[KEHU__MAX_KEY + 1];
    kehu__range one = t->range;
    memcpy(id, key, size);
    id[size] = '\0';
    one.first = one.last = id;
    one.before_last = false;
    return kehu__totals_of_rows(t, &one, err);
}

/* Is the customer to be added here? Those who are not wanted are not, nor those who are
 * added by their rows. */
static kehu_status decide(kehu__totals *t, const char *key, uint32_t size, bool *wanted,
                          kehu_error *err)
{
    KEHU_TRY(kehu__require_holds(t->require, key, size, wanted, err));
    if (!*wanted || kehu__marks_get(&t->snapshot->gone.customers, key, size) == 0)
        return KEHU_OK;
    *wanted = false;
    return add_by_rows(t, key, size, err);
}

static void forget_customer(kehu__totals *t)
{
    t->customer.n--;
    t->customer.own.size = t->customer.values.pieces[t->customer.n].at;
    t->events.n--;
    t->first.n--;
    t->last.n--;
    t->amount.n--;
    t->begun = false;
}

static kehu_status fail_sums(kehu_error *err)
{
    return kehu__fail(
        err, KEHU_FORMAT, -1,
        "the sums of a segment are damaged: kehu_snapshot_check tells where");
}

/* A block whose checksums are right may yet lack columns. */
static bool are_sums(const kehu__rows *rows)
{
    const kehu__vector *events = kehu__rows_get(rows, KEHU__EVENTS);
    const kehu__vector *last = kehu__rows_get(rows, KEHU__LATEST);
    return events != NULL && events->n_missing == 0 && last != NULL &&
           last->n_missing == 0;
}

/* Add a row of sums to the current customer. */
static kehu_status add_row(kehu__totals *t, const char *key, uint32_t size,
                           const kehu__rows *rows, uint32_t row, bool *wanted,
                           kehu_error *err)
{
    const kehu__vector *amount = kehu__rows_get(rows, KEHU__AMOUNT);
    const int64_t first = kehu__rows_get(rows, KEHU__TIME)->values.ints[row];
    int64_t events, last;
    uint32_t at;
    if (!are_sums(rows))
        return fail_sums(err);
    events = kehu__rows_get(rows, KEHU__EVENTS)->values.ints[row];
    last = kehu__rows_get(rows, KEHU__LATEST)->values.ints[row];
    if (amount == NULL || amount->missing[row]) { /* beyond 64 bits in this segment */
        *wanted = false;
        if (t->begun)
            forget_customer(t);
        return add_by_rows(t, key, size, err);
    }
    if (!t->begun && !kehu__totals_begin(t, key, size, first))
        return kehu__no_memory(err, "totals");
    at = t->customer.n - 1;
    if (events < 1 || t->events.values.ints[at] > INT64_MAX - events)
        return fail_sums(err);
    t->events.values.ints[at] += events;
    if (first < t->first.values.ints[at])
        t->first.values.ints[at] = first;
    if (last > t->last.values.ints[at])
        t->last.values.ints[at] = last;
    kehu__wide_add(&t->sum, amount->values.ints[row]);
    return KEHU_OK;
}

static bool add_keys(kehu__totals *t, const kehu__vector *keys, uint32_t first,
                     uint32_t n)
{
    if (!t->pseudonyms)
        return kehu__vector_append(&t->customer, keys, first, n);
    for (uint32_t i = first; i < first + n; i++) {
        char pseudonym[KEHU__PSEUDONYM];
        uint32_t size;
        const char *key = kehu__vector_text(keys, i, &size);
        kehu__pseudonym_write(&t->key, key, size, pseudonym);
        if (!kehu__vector_add_text(&t->customer, pseudonym, sizeof pseudonym))
            return false;
    }
    return true;
}

static bool append_stretch(kehu__totals *t, const kehu__merge_rows *r,
                           const kehu__vector *keys)
{
    const uint32_t first = r->first, n = r->n;
    return add_keys(t, keys, first, n) &&
           kehu__vector_append(&t->events, kehu__rows_get(r->rows, KEHU__EVENTS), first,
                               n) &&
           kehu__vector_append(&t->first, kehu__rows_get(r->rows, KEHU__TIME), first,
                               n) &&
           kehu__vector_append(&t->last, kehu__rows_get(r->rows, KEHU__LATEST), first,
                               n) &&
           kehu__vector_append(&t->amount, kehu__rows_get(r->rows, KEHU__AMOUNT), first,
                               n);
}

/* Do all rows of a stretch count as they are? */
static bool is_plain(const kehu__totals *t, const kehu__merge_rows *r,
                     const kehu__vector *keys)
{
    const kehu__vector *amount = kehu__rows_get(r->rows, KEHU__AMOUNT);
    uint32_t size, last_size;
    const char *first = kehu__vector_text(keys, r->first, &size);
    const char *last = kehu__vector_text(keys, r->first + r->n - 1, &last_size);
    return t->require == NULL && amount != NULL && amount->n_missing == 0 &&
           !kehu__marks_between(&t->snapshot->gone.customers, first, size, last,
                                last_size);
}

/* Rows of customers that no other segment has: row i is of keys[i]. */
static kehu_status add_stretch(kehu__totals *t, const kehu__merge_rows *r,
                               const kehu__vector *keys, kehu_error *err)
{
    KEHU_TRY(kehu__totals_end(t, err));
    if (!are_sums(r->rows))
        return fail_sums(err);
    if (is_plain(t, r, keys))
        return append_stretch(t, r, keys) ? KEHU_OK : kehu__no_memory(err, "totals");
    for (uint32_t row = r->first; row < r->first + r->n; row++) {
        uint32_t size;
        const char *key = kehu__vector_text(keys, row, &size);
        bool wanted;
        KEHU_TRY(decide(t, key, size, &wanted, err));
        if (wanted)
            KEHU_TRY(add_row(t, key, size, r->rows, row, &wanted, err));
        KEHU_TRY(kehu__totals_end(t, err));
    }
    return KEHU_OK;
}

/* Bytes of the ids of a segment, as those say that its directory has. */
static uint64_t guess_key_bytes(const kehu__segment *s)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < s->n_blocks; i++)
        size += s->blocks[i].first_size + s->blocks[i].last_size;
    size = size * s->rows / (2 * (uint64_t)s->n_blocks);
    return size < s->size ? size : s->size;
}

/* Room for all customers of the segment at once where all are likely to be wanted. */
static bool make_room(kehu__totals *t, kehu__segment *const *sums, uint32_t n)
{
    kehu__buffer *keys = &t->customer.own;
    const uint64_t rows = sums[0]->rows + 1; /* what an end of offsets needs */
    if (t->range.first != NULL || t->range.last != NULL || t->require != NULL || n > 1)
        return true;
    return rows <= UINT32_MAX && kehu__vector_reserve(&t->customer, (size_t)rows) &&
           kehu__grow(&keys->alloc, &keys->bytes, &keys->capacity,
                      (size_t)guess_key_bytes(sums[0]), 1) &&
           kehu__vector_reserve(&t->events, (size_t)rows) &&
           kehu__vector_reserve(&t->first, (size_t)rows) &&
           kehu__vector_reserve(&t->last, (size_t)rows) &&
           kehu__vector_reserve(&t->amount, (size_t)rows);
}

static kehu_status walk(kehu__totals *t, kehu__merge *m, kehu_error *err)
{
    bool wanted = false;
    for (;;) {
        const kehu__vector *keys;
        kehu__merge_rows r;
        KEHU_TRY(kehu__merge_stretch(m, &r, &keys, err));
        if (r.n > 0) {
            KEHU_TRY(add_stretch(t, &r, keys, err));
            continue;
        }
        KEHU_TRY(kehu__merge_next(m, &r, err));
        if (r.new_customer || r.n == 0)
            KEHU_TRY(kehu__totals_end(t, err));
        if (r.n == 0)
            return KEHU_OK;
        if (r.new_customer)
            KEHU_TRY(decide(t, r.key, r.key_size, &wanted, err));
        for (uint32_t row = r.first; wanted && row < r.first + r.n; row++)
            KEHU_TRY(add_row(t, r.key, r.key_size, r.rows, row, &wanted, err));
    }
}

kehu_status kehu__totals_of_sums(kehu__totals *t, kehu_error *err)
{
    static const uint32_t ids[] = {KEHU__EVENTS, KEHU__LATEST, KEHU__AMOUNT};
    const kehu_snapshot *s = t->snapshot;
    const uint32_t n = s->n_segments[KEHU_STORE_EVENTS];
    kehu__merge m;
    kehu_status status;
    kehu__segment **sums;
    if (n == 0)
        return KEHU_OK;
    sums = kehu__alloc(&s->alloc, n, sizeof *sums);
    if (sums == NULL)
        return kehu__no_memory(err, "totals");
    for (uint32_t i = 0; i < n; i++)
        sums[i] = s->segments[KEHU_STORE_EVENTS][i]->sums;
    status = kehu__merge_open(&m, &s->alloc, sums, n, &s->schema, ids,
                              sizeof ids / sizeof *ids, &t->range, err);
    if (status == KEHU_OK) {
        status =
            make_room(t, sums, n) ? walk(t, &m, err) : kehu__no_memory(err, "totals");
        kehu__merge_close(&m);
    }
    kehu__free(&s->alloc, sums, n, sizeof *sums);
    return status;
}
