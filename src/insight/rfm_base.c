/* A base's life outside of adding rows: options, merging, sorted output. */
#include <string.h>

#include "base/error.h"
#include "insight/rfm_base.h"

kehu_status kehu_rfm_base_new(kehu_rfm_base **out, int32_t as_of_day,
                              const kehu_rfm_base_options *options, kehu_error *err)
{
    kehu_rfm_base_options opt = {0};
    kehu_allocator alloc;
    kehu_rfm_base *base;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.returns > KEHU_RFM_RETURNS_DROP)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "returns is %u, expected 0 to %d",
                          (unsigned)opt.returns, KEHU_RFM_RETURNS_DROP);
    if (opt.day_offset_minutes < -1440 || opt.day_offset_minutes > 1440)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "day_offset_minutes is %d, expected -1440 to 1440",
                          (int)opt.day_offset_minutes);
    if (opt.to_day > as_of_day && opt.to_day != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "to_day %d is after as_of_day %d",
                          (int)opt.to_day, (int)as_of_day);
    const int32_t to = opt.to_day != 0 ? opt.to_day : as_of_day;
    if (opt.from_day != 0 && opt.from_day > to)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "from_day %d is after the window's end %d", (int)opt.from_day,
                          (int)to);
    alloc = kehu__allocator(opt.alloc);
    base = kehu__alloc_zero(&alloc, 1, sizeof *base);
    if (base == NULL)
        return kehu__no_memory(err, "a customer base");
    base->alloc = alloc;
    base->run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    base->as_of = as_of_day;
    base->from = opt.from_day != 0 ? opt.from_day : INT32_MIN + 1; /* MIN means none */
    base->to = to;
    base->to_given = opt.to_day != 0;
    base->offset = opt.day_offset_minutes;
    base->returns = opt.returns;
    *out = base;
    return KEHU_OK;
}

void kehu__rfm_base_unfinish(kehu_rfm_base *base)
{
    const kehu_allocator *a = &base->alloc;
    kehu__free(a, base->out_recency, base->n_out, sizeof(int64_t));
    kehu__free(a, base->out_orders, base->n_out, sizeof(int64_t));
    kehu__free(a, base->out_spend, base->n_out, sizeof(int64_t));
    kehu__free(a, base->out_keys, base->n_out, sizeof(int64_t));
    kehu__free(a, base->out_offsets, base->n_out + 1, sizeof(int64_t));
    kehu__free(a, base->out_text, base->out_text_size, 1);
    base->out_recency = base->out_orders = base->out_spend = base->out_keys = NULL;
    base->out_offsets = NULL;
    base->out_text = NULL;
    base->n_out = base->out_text_size = 0;
}

void kehu_rfm_base_free(kehu_rfm_base *base)
{
    if (base != NULL) {
        const kehu_allocator alloc = base->alloc;
        kehu__rfm_base_unfinish(base);
        for (int p = 0; p < KEHU__RFM_PARTS; p++)
            kehu__rfm_part_free(&base->parts[p], &alloc);
        kehu__free(&alloc, base, 1, sizeof *base);
    }
}

size_t kehu__rfm_base_size(const kehu_rfm_base *base)
{
    size_t n = 0;
    for (int p = 0; p < KEHU__RFM_PARTS; p++)
        n += base->parts[p].n;
    return n;
}

void kehu_rfm_base_get_counts(const kehu_rfm_base *base, kehu_rfm_base_counts *out)
{
    *out = base->counts;
    out->customers = out->only_returned = 0;
    for (int p = 0; p < KEHU__RFM_PARTS; p++)
        for (size_t i = 0; i < base->parts[p].n; i++) {
            const bool bought = kehu__rfm_bought(&base->parts[p].customers[i]);
            out->customers += bought;
            out->only_returned += !bought;
        }
}

/* ---- Merging ---- */

static bool same_settings(const kehu_rfm_base *a, const kehu_rfm_base *b)
{
    return a->as_of == b->as_of && a->from == b->from && a->to == b->to &&
           a->to_given == b->to_given && a->offset == b->offset &&
           a->returns == b->returns;
}

static bool same_kind(kehu__rfm_kind a, kehu__rfm_kind b)
{
    return a == b || a == KEHU__RFM_UNSET || b == KEHU__RFM_UNSET;
}

/* Customers of one part; numbers[i] becomes the number of customer i. */
static bool merge_customers(kehu__rfm_part *into, const kehu__rfm_part *from,
                            const kehu_allocator *a, uint32_t *numbers, bool text)
{
    for (size_t i = 0; i < from->n; i++) {
        const kehu__rfm_customer *c = &from->customers[i];
        kehu__text name = {"", 0};
        if (text)
            name = kehu__rfm_part_name(from, i);
        const uint32_t k = kehu__rfm_part_customer(into, a, c->hash, text ? &name : NULL);
        if (k == UINT32_MAX)
            return false;
        kehu__rfm_customer *mine = &into->customers[k];
        kehu__rfm_spend_sum(mine, c->spend_low, c->spend_high);
        mine->orders += c->orders;
        if (c->last > mine->last)
            mine->last = c->last;
        numbers[i] = k;
    }
    return true;
}

/* Orders that both have were added twice: take one back. */
static bool merge_orders(kehu__rfm_part *into, const kehu__rfm_part *from,
                         const kehu_allocator *a, const uint32_t *numbers, bool text)
{
    for (size_t i = 0; i < from->n_orders; i++) {
        const kehu__rfm_order *o = &from->orders[i];
        kehu__text id = {"", 0};
        if (text)
            id = (kehu__text){from->text + o->at, (int64_t)o->size};
        const uint32_t k = numbers[o->customer];
        if (!kehu__rfm_part_order(into, a, k, o->id, text ? &id : NULL)) {
            if (into->refused)
                return false;
            into->customers[k].orders--;
        }
    }
    return true;
}

static kehu_status merge_parts(kehu_rfm_base *base, const kehu_rfm_base *other)
{
    for (int p = 0; p < KEHU__RFM_PARTS; p++) {
        kehu__rfm_part *into = &base->parts[p];
        const kehu__rfm_part *from = &other->parts[p];
        uint32_t *numbers = kehu__alloc(&base->alloc, from->n, sizeof *numbers);
        const bool done =
            from->n == 0 || (numbers != NULL &&
                             merge_customers(into, from, &base->alloc, numbers,
                                             other->key_kind == KEHU__RFM_TEXT) &&
                             merge_orders(into, from, &base->alloc, numbers,
                                          other->order_kind == KEHU__RFM_TEXT));
        kehu__free(&base->alloc, numbers, from->n, sizeof *numbers);
        if (!done)
            return KEHU_NO_MEMORY;
    }
    return KEHU_OK;
}

static kehu_status check_merge(const kehu_rfm_base *base, const kehu_rfm_base *other,
                               kehu_error *err)
{
    if (base == NULL || other == NULL || base == other)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base and other are NULL or the same");
    if (base->poisoned || other->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    if (other->counts.rows > INT64_MAX - base->counts.rows)
        return kehu__fail(err, KEHU_LIMIT, -1, "the bases hold more than 2^63 rows");
    if (!same_settings(base, other))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the bases differ in days, window, offset or returns");
    if (!same_kind(base->key_kind, other->key_kind) ||
        !same_kind(base->order_kind, other->order_kind))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the bases differ in the kind of customer or order");
    if (base->has_currency && other->has_currency &&
        (base->currency_size != other->currency_size ||
         memcmp(base->currency, other->currency, base->currency_size) != 0))
        return kehu__fail(err, KEHU_DATA, -1, "the bases differ in currency");
    return KEHU_OK;
}

kehu_status kehu_rfm_base_merge(kehu_rfm_base *base, const kehu_rfm_base *other,
                                kehu_error *err)
{
    KEHU_TRY(check_merge(base, other, err));
    kehu__rfm_base_unfinish(base);
    if (merge_parts(base, other) != KEHU_OK) {
        base->poisoned = true;
        return kehu__no_memory(err, "merging customers");
    }
    if (other->key_kind != KEHU__RFM_UNSET) {
        base->key_kind = other->key_kind;
        base->order_kind = other->order_kind;
    }
    if (other->has_currency) {
        base->has_currency = true;
        base->currency_size = other->currency_size;
        memcpy(base->currency, other->currency, sizeof base->currency);
    }
    base->counts.rows += other->counts.rows;
    base->counts.no_customer += other->counts.no_customer;
    base->counts.before += other->counts.before;
    base->counts.after += other->counts.after;
    base->counts.returns += other->counts.returns;
    return KEHU_OK;
}
