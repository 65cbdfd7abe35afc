/* Purchases to one row a customer. The customers' numbers come from the tables
 * of an RFM base; the purchases are kept, sorted by customer and day, and folded. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/clv.h"
#include "insight/rfm_base.h"

/* A customer and a day as one key that orders by customer, then day. */
enum { DAY_BITS = 32 };

struct kehu_clv_base {
    kehu_allocator alloc;
    kehu_rfm_base *keys; /* its customers' numbers; no aggregates */
    int32_t end_day, offset;
    double period;
    bool poisoned;
    uint64_t *when; /* [n] customer and day */
    int64_t *amounts;
    size_t n, when_capacity, amounts_capacity;
    double *out; /* [4][n_out]: frequency, recency, age, spend */
    int64_t *out_keys;
    int64_t *out_offsets;
    char *out_text;
    size_t n_out, out_text_size;
};

kehu_status kehu_clv_base_new(kehu_clv_base **out, int32_t end_day,
                              const kehu_clv_base_options *options, kehu_error *err)
{
    kehu_clv_base_options opt = {0};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.period_days == 0)
        opt.period_days = 7;
    if (!(opt.period_days > 0 && opt.period_days <= 1e6))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "period_days is not above 0 and at most 1000000");
    const kehu_allocator a = kehu__allocator(opt.alloc);
    const kehu_rfm_base_options keys = {.size = sizeof keys,
                                        .day_offset_minutes = opt.day_offset_minutes,
                                        .alloc = opt.alloc};
    kehu_clv_base *base = kehu__alloc_zero(&a, 1, sizeof *base);
    if (base == NULL)
        return kehu__no_memory(err, "a customer base");
    base->alloc = a;
    base->end_day = end_day;
    base->offset = opt.day_offset_minutes;
    base->period = opt.period_days;
    status = kehu_rfm_base_new(&base->keys, end_day, &keys, err);
    if (status == KEHU_OK)
        *out = base;
    else
        kehu_clv_base_free(base);
    return status;
}

static void unfinish(kehu_clv_base *b)
{
    kehu__free(&b->alloc, b->out, b->n_out, 4 * sizeof *b->out);
    kehu__free(&b->alloc, b->out_keys, b->n_out, sizeof *b->out_keys);
    kehu__free(&b->alloc, b->out_offsets, b->n_out + 1, sizeof *b->out_offsets);
    kehu__free(&b->alloc, b->out_text, b->out_text_size, 1);
    b->out = NULL;
    b->out_keys = b->out_offsets = NULL;
    b->out_text = NULL;
    b->n_out = b->out_text_size = 0;
}

void kehu_clv_base_free(kehu_clv_base *base)
{
    if (base != NULL) {
        const kehu_allocator a = base->alloc;
        unfinish(base);
        kehu_rfm_base_free(base->keys);
        kehu__free(&a, base->when, base->when_capacity, sizeof *base->when);
        kehu__free(&a, base->amounts, base->amounts_capacity, sizeof *base->amounts);
        kehu__free(&a, base, 1, sizeof *base);
    }
}

/* ---- Adding ---- */

static int32_t day_of_row(const kehu_clv_base *b, const kehu_column *time, int64_t i)
{
    const int64_t t = kehu__column_integer(time, i);
    return time->type == KEHU_DATE32 ? (int32_t)t : kehu__day_of(t, b->offset);
}

static bool has_customer(const kehu_rfm_batch *t, bool text, int64_t i)
{
    return kehu__column_valid(t->customer, i) &&
           (!text || kehu__column_text(t->customer, i).size > 0);
}

static kehu_status check_rows(const kehu_rfm_batch *t, bool text, kehu_error *err)
{
    for (int64_t i = 0; i < t->customer->length; i++) {
        if (!has_customer(t, text, i))
            continue;
        if (!kehu__column_valid(t->time, i) || !kehu__column_valid(t->amount, i))
            return kehu__fail(err, KEHU_DATA, i, "row %lld has no %s", (long long)i,
                              kehu__column_valid(t->time, i) ? "amount" : "time");
        if (text && kehu__column_text(t->customer, i).size > KEHU__RFM_ID_BYTES)
            return kehu__fail(err, KEHU_LIMIT, i, "row %lld has an id above %d bytes",
                              (long long)i, KEHU__RFM_ID_BYTES);
    }
    return KEHU_OK;
}

/* Room is there. False when the tables have none. */
static bool add_row(kehu_clv_base *b, const kehu_rfm_batch *t, bool text, int64_t i)
{
    const int32_t day = day_of_row(b, t->time, i);
    uint64_t hash;
    kehu__text name = {"", 0};
    if (!has_customer(t, text, i) || day > b->end_day)
        return true;
    if (text)
        name = kehu__column_text(t->customer, i);
    hash = kehu__rfm_hash(text ? 0 : (uint64_t)kehu__column_integer(t->customer, i),
                          text ? &name : NULL);
    const uint32_t part = kehu__rfm_part_of(hash);
    const uint32_t number = kehu__rfm_part_customer(&b->keys->parts[part], &b->alloc,
                                                    hash, text ? &name : NULL);
    if (number == UINT32_MAX)
        return false;
    b->when[b->n] = ((uint64_t)kehu__rfm_place_of(part, number) << DAY_BITS) |
                    ((uint32_t)day ^ 0x80000000u);
    b->amounts[b->n++] = kehu__column_integer(t->amount, i);
    return true;
}

kehu_status kehu_clv_base_add(kehu_clv_base *base, const kehu_rfm_batch *batch,
                              kehu_error *err)
{
    kehu__rfm_kind kinds[2];
    if (base == NULL || batch == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base or batch is NULL");
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add failed");
    const kehu_rfm_batch t = {
        .customer = batch->customer, .time = batch->time, .amount = batch->amount};
    KEHU_TRY(kehu__rfm_check_batch(base->keys, &t, kinds, err));
    const bool text = kinds[0] == KEHU__RFM_TEXT;
    const int64_t n = t.customer->length;
    KEHU_TRY(check_rows(&t, text, err));
    if (base->n + (size_t)n > UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "more than %u purchases", UINT32_MAX);
    if (!kehu__grow(&base->alloc, &base->when, &base->when_capacity, base->n + (size_t)n,
                    sizeof *base->when) ||
        !kehu__grow(&base->alloc, &base->amounts, &base->amounts_capacity,
                    base->n + (size_t)n, sizeof *base->amounts))
        return kehu__no_memory(err, "purchases");
    unfinish(base);
    if (n > 0) {
        base->keys->key_kind = kinds[0];
        base->keys->order_kind = kinds[1];
    }
    for (int64_t i = 0; i < n; i++)
        if (!add_row(base, &t, text, i)) {
            base->poisoned = true;
            return kehu__no_memory(err, "more customers");
        }
    return KEHU_OK;
}

/* ---- Folding ---- */

/* Purchases sorted by customer and day. */
typedef struct sorted {
    uint64_t *when, *when_scratch;
    uint32_t *row, *row_scratch;
    size_t n;
    size_t *first; /* [customers + 1] by dense number */
    size_t offset[KEHU__RFM_PARTS + 1];
    kehu__rfm_place *places;
    size_t n_places;
} sorted;

static size_t dense(const sorted *s, kehu__rfm_place place)
{
    return s->offset[kehu__rfm_place_part(place)] + kehu__rfm_place_number(place);
}

static kehu_status sort_purchases(const kehu_clv_base *b, sorted *s, kehu_error *err)
{
    const kehu_allocator *a = &b->alloc;
    s->n = b->n;
    KEHU_TRY(kehu__rfm_base_sort(b->keys, &s->places, &s->n_places, err));
    s->when = kehu__alloc(a, s->n, sizeof *s->when);
    s->when_scratch = kehu__alloc(a, s->n, sizeof *s->when);
    s->row = kehu__alloc(a, s->n, sizeof *s->row);
    s->row_scratch = kehu__alloc(a, s->n, sizeof *s->row);
    s->first = kehu__alloc_zero(a, s->n_places + 1, sizeof *s->first);
    if (s->when == NULL || s->when_scratch == NULL || s->row == NULL ||
        s->row_scratch == NULL || s->first == NULL)
        return kehu__no_memory(err, "sorting purchases");
    for (int p = 0; p < KEHU__RFM_PARTS; p++)
        s->offset[p + 1] = s->offset[p] + b->keys->parts[p].n;
    memcpy(s->when, b->when, s->n * sizeof *s->when);
    for (size_t i = 0; i < s->n; i++) {
        s->row[i] = (uint32_t)i;
        s->first[dense(s, (kehu__rfm_place)(s->when[i] >> DAY_BITS)) + 1]++;
    }
    for (size_t k = 0; k < s->n_places; k++)
        s->first[k + 1] += s->first[k];
    kehu__sort_pairs(s->when, s->row, s->when_scratch, s->row_scratch, s->n);
    return KEHU_OK;
}

static void free_sorted(const kehu_clv_base *b, sorted *s)
{
    const kehu_allocator *a = &b->alloc;
    kehu__free(a, s->first, s->n_places + 1, sizeof *s->first);
    kehu__free(a, s->row_scratch, s->n, sizeof *s->row);
    kehu__free(a, s->row, s->n, sizeof *s->row);
    kehu__free(a, s->when_scratch, s->n, sizeof *s->when);
    kehu__free(a, s->when, s->n, sizeof *s->when);
    kehu__free(a, s->places, s->n_places, sizeof *s->places);
}

typedef struct history {
    int64_t days; /* with a purchase */
    int32_t first, last;
    double repeat; /* money of all days but the first; whole while below 2^53 */
} history;

/* Purchases from..to of one customer, day by day. */
static history fold(const kehu_clv_base *b, const sorted *s, size_t from, size_t to)
{
    history h = {0};
    for (size_t i = from, j; i < to; i = j) {
        double money = 0;
        bool bought = false;
        for (j = i; j < to && s->when[j] == s->when[i]; j++) {
            const int64_t amount = b->amounts[s->row[j]];
            money += (double)amount;
            bought = bought || amount >= 0;
        }
        if (!bought)
            continue;
        const int32_t day = (int32_t)((uint32_t)s->when[i] ^ 0x80000000u);
        if (h.days++ == 0)
            h.first = day;
        else
            h.repeat += money;
        h.last = day;
    }
    return h;
}

static history history_of(const kehu_clv_base *b, const sorted *s, kehu__rfm_place place)
{
    const size_t k = dense(s, place);
    return fold(b, s, s->first[k], s->first[k + 1]);
}

static bool allocate(kehu_clv_base *b, size_t n, size_t text_size)
{
    const bool text = b->keys->key_kind == KEHU__RFM_TEXT;
    b->n_out = n;
    b->out_text_size = text_size + 1;
    b->out = kehu__alloc(&b->alloc, n, 4 * sizeof *b->out);
    if (text) {
        b->out_offsets = kehu__alloc_zero(&b->alloc, n + 1, sizeof *b->out_offsets);
        b->out_text = kehu__alloc(&b->alloc, b->out_text_size, 1);
    } else {
        b->out_keys = kehu__alloc(&b->alloc, n, sizeof *b->out_keys);
    }
    return b->out != NULL &&
           (text ? b->out_offsets != NULL && b->out_text != NULL : b->out_keys != NULL);
}

static void put(kehu_clv_base *b, size_t at, const history *h, kehu__rfm_place place)
{
    const double x = (double)(h->days - 1);
    b->out[at] = x;
    b->out[b->n_out + at] = ((double)h->last - h->first) / b->period;
    b->out[2 * b->n_out + at] = ((double)b->end_day - h->first) / b->period;
    b->out[3 * b->n_out + at] = x > 0 ? h->repeat / x : 0;
    if (b->keys->key_kind == KEHU__RFM_TEXT) {
        const kehu__text t = kehu__rfm_name(b->keys, place);
        memcpy(b->out_text + b->out_offsets[at], t.bytes, (size_t)t.size);
        b->out_offsets[at + 1] = b->out_offsets[at] + t.size;
    } else {
        b->out_keys[at] = kehu__rfm_key(kehu__rfm_at(b->keys, place));
    }
}

static kehu_status build(kehu_clv_base *b, const sorted *s, kehu_error *err)
{
    size_t n = 0, text_size = 0, at = 0;
    for (size_t k = 0; k < s->n_places; k++)
        if (history_of(b, s, s->places[k]).days > 0) {
            n++;
            if (b->keys->key_kind == KEHU__RFM_TEXT)
                text_size += (size_t)kehu__rfm_name(b->keys, s->places[k]).size;
        }
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no purchase up to day %d",
                          (int)b->end_day);
    if (!allocate(b, n, text_size)) {
        unfinish(b);
        return kehu__no_memory(err, "the customers' columns");
    }
    for (size_t k = 0; k < s->n_places; k++) {
        const history h = history_of(b, s, s->places[k]);
        if (h.days > 0)
            put(b, at++, &h, s->places[k]);
    }
    return KEHU_OK;
}

kehu_status kehu_clv_base_finish(kehu_clv_base *base, kehu_clv_columns *columns,
                                 kehu_column *keys, kehu_error *err)
{
    if (base == NULL || columns == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base or columns is NULL");
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add failed");
    if (base->n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no purchase up to day %d",
                          (int)base->end_day);
    if (base->n_out == 0) {
        sorted s = {0};
        kehu_status status = sort_purchases(base, &s, err);
        if (status == KEHU_OK)
            status = build(base, &s, err);
        free_sorted(base, &s);
        if (status != KEHU_OK)
            return status;
    }
    const size_t n = base->n_out;
    *columns = (kehu_clv_columns){(int64_t)n,        base->out,         base->out + n,
                                  base->out + 2 * n, base->out + 3 * n, NULL};
    if (keys != NULL) {
        const bool text = base->keys->key_kind == KEHU__RFM_TEXT;
        *keys =
            (kehu_column){.name = "customer",
                          .type = text ? KEHU_LARGE_UTF8 : KEHU_INT64,
                          .length = (int64_t)n,
                          .data = text ? (const void *)base->out_text : base->out_keys,
                          .offsets = base->out_offsets};
    }
    return KEHU_OK;
}
