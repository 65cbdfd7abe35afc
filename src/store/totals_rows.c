/* Totals row by row, straight from the decoded blocks. */
#include <string.h>

#include "base/error.h"
#include "store/totals.h"

/* The same text has the same piece where texts repeat, so most are compared once. */
typedef struct kind_memory {
    kehu__vector_piece yes, no;
    bool has_yes, has_no;
} kind_memory;

static bool same_piece(kehu__vector_piece a, kehu__vector_piece b)
{
    return a.at == b.at && a.size == b.size;
}

static bool is_kind(const kehu__totals *t, const kehu__vector *kind, uint32_t row,
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

static bool add_key(kehu__totals *t, const char *key, uint32_t size)
{
    char pseudonym[KEHU__PSEUDONYM];
    if (!t->pseudonyms)
        return kehu__vector_add_text(&t->customer, key, size);
    kehu__pseudonym_write(&t->key, key, size, pseudonym);
    return kehu__vector_add_text(&t->customer, pseudonym, sizeof pseudonym);
}

bool kehu__totals_begin(kehu__totals *t, const char *key, uint32_t size, int64_t first)
{
    t->begun = true;
    t->sum = (kehu__wide){0, 0};
    return add_key(t, key, size) && kehu__vector_add_int(&t->events, 0) &&
           kehu__vector_add_int(&t->first, first) &&
           kehu__vector_add_int(&t->last, first) && kehu__vector_add_int(&t->amount, 0);
}

kehu_status kehu__totals_end(kehu__totals *t, kehu_error *err)
{
    const uint32_t at = t->customer.n - 1;
    if (!t->begun)
        return KEHU_OK;
    t->begun = false;
    if (!kehu__wide_fits(&t->sum))
        return kehu__fail(err, KEHU_RANGE, at,
                          "the amounts of a customer sum up beyond 64 bits");
    t->amount.values.ints[at] = (int64_t)t->sum.low;
    return KEHU_OK;
}

/* Rows of one customer, which come in time order. */
static kehu_status add_rows(kehu__totals *t, const kehu__merge_rows *r, kehu_error *err)
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
        if (!t->begun && !kehu__totals_begin(t, r->key, r->key_size, time_of[row]))
            return kehu__no_memory(err, "totals");
        at = t->customer.n - 1;
        t->events.values.ints[at]++;
        t->last.values.ints[at] = time_of[row];
        if (amount != NULL)
            kehu__wide_add(&t->sum, amount->values.ints[row]);
    }
    return KEHU_OK;
}

static kehu_status new_customer(kehu__totals *t, const kehu__merge_rows *r,
                                kehu_error *err)
{
    bool holds;
    KEHU_TRY(kehu__totals_end(t, err));
    KEHU_TRY(kehu__require_holds(t->require, r->key, r->key_size, &holds, err));
    t->hidden_until =
        holds ? kehu__marks_get(&t->snapshot->gone.customers, r->key, r->key_size)
              : UINT64_MAX;
    return KEHU_OK;
}

kehu_status kehu__totals_of_rows(kehu__totals *t, const kehu__range *range,
                                 kehu_error *err)
{
    const kehu_snapshot *s = t->snapshot;
    uint32_t ids[3] = {KEHU__AMOUNT}, n_ids = 1;
    kehu__merge m;
    kehu__merge_rows r = {.n = 1};
    kehu_status status;
    if (t->opt->kind != NULL)
        ids[n_ids++] = KEHU__KIND;
    if (s->gone.sources.n > 0)
        ids[n_ids++] = KEHU__SOURCE;
    KEHU_TRY(kehu__merge_open(&m, &s->alloc, s->segments[KEHU_STORE_EVENTS],
                              s->n_segments[KEHU_STORE_EVENTS], &s->schema, ids, n_ids,
                              range, err));
    for (status = KEHU_OK; status == KEHU_OK && r.n > 0;) {
        status = kehu__merge_next(&m, &r, err);
        if (status == KEHU_OK && r.new_customer)
            status = new_customer(t, &r, err);
        if (status == KEHU_OK && r.n > 0)
            status = add_rows(t, &r, err);
    }
    kehu__merge_close(&m);
    return status == KEHU_OK ? kehu__totals_end(t, err) : status;
}
