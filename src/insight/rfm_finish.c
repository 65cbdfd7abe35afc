/* Customers in the order of their keys: integers by radix; text by the eight
 * bytes after what all keys share, then ties by comparison. */
#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"
#include "base/sort.h"
#include "insight/rfm_base.h"

enum { AHEAD = 16 }; /* customers whose memory is prefetched */

kehu__text kehu__rfm_name(const kehu_rfm_base *base, kehu__rfm_place place)
{
    return kehu__rfm_part_name(&base->parts[kehu__rfm_place_part(place)],
                               kehu__rfm_place_number(place));
}

/* Bytes that all names start with. */
static size_t shared_bytes(const kehu_rfm_base *b, const kehu__rfm_place *places,
                           size_t n)
{
    const kehu__text first = kehu__rfm_name(b, places[0]);
    size_t shared = (size_t)first.size;
    for (size_t i = 1; i < n; i++) {
        const kehu__text t = kehu__rfm_name(b, places[i]);
        size_t k = 0;
        while (k < shared && k < (size_t)t.size && t.bytes[k] == first.bytes[k])
            k++;
        shared = k;
    }
    return shared;
}

/* Eight bytes from `skip` on as a number that orders like them; short names are
 * filled with zeros. */
static uint64_t prefix(kehu__text t, size_t skip)
{
    uint64_t x = 0;
    for (size_t k = 0; k < 8; k++)
        x = x << 8 | (skip + k < (size_t)t.size ? (unsigned char)t.bytes[skip + k] : 0u);
    return x;
}

static int by_name(const void *x, const void *y, void *ctx)
{
    const kehu_rfm_base *b = ctx;
    const kehu__text s = kehu__rfm_name(b, *(const kehu__rfm_place *)x);
    const kehu__text t = kehu__rfm_name(b, *(const kehu__rfm_place *)y);
    const int64_t shorter = s.size < t.size ? s.size : t.size;
    const int order = memcmp(s.bytes, t.bytes, (size_t)shorter);
    return order != 0 ? order : (s.size > t.size) - (s.size < t.size);
}

static void list_places(const kehu_rfm_base *b, kehu__rfm_place *places)
{
    size_t at = 0;
    for (uint32_t p = 0; p < KEHU__RFM_PARTS; p++)
        for (uint32_t i = 0; i < b->parts[p].n; i++)
            places[at++] = kehu__rfm_place_of(p, i);
}

static void sort_places(const kehu_rfm_base *b, kehu__rfm_place *places, size_t n,
                        uint64_t *keys, uint64_t *key_scratch,
                        kehu__rfm_place *place_scratch)
{
    const bool text = b->key_kind == KEHU__RFM_TEXT;
    const size_t skip = text ? shared_bytes(b, places, n) : 0;
    for (size_t i = 0; i < n; i++) /* flipping the sign bit makes signed order unsigned */
        keys[i] = text ? prefix(kehu__rfm_name(b, places[i]), skip)
                       : (uint64_t)kehu__rfm_key(kehu__rfm_at(b, places[i])) ^ (uint64_t)1
                                                                                   << 63;
    kehu__sort_pairs(keys, places, key_scratch, place_scratch, n);
    for (size_t i = 0, j; text && i < n; i = j) {
        for (j = i + 1; j < n && keys[j] == keys[i]; j++)
            ;
        kehu__sort(places + i, j - i, sizeof *places, by_name, (void *)(uintptr_t)b);
    }
}

kehu_status kehu__rfm_base_sort(const kehu_rfm_base *base, kehu__rfm_place **places,
                                size_t *n, kehu_error *err)
{
    const kehu_allocator *a = &base->alloc;
    const size_t count = kehu__rfm_base_size(base);
    kehu_status status = KEHU_OK;
    *n = count;
    *places = NULL;
    if (count == 0)
        return KEHU_OK;
    kehu__rfm_place *sorted = kehu__alloc(a, count, sizeof *sorted);
    kehu__rfm_place *scratch = kehu__alloc(a, count, sizeof *scratch);
    uint64_t *keys = kehu__alloc(a, count, 2 * sizeof *keys);
    if (sorted == NULL || scratch == NULL || keys == NULL) {
        status = kehu__no_memory(err, "sorting the customers");
    } else {
        list_places(base, sorted);
        sort_places(base, sorted, count, keys, keys + count, scratch);
        *places = sorted;
        sorted = NULL;
    }
    kehu__free(a, keys, count, 2 * sizeof *keys);
    kehu__free(a, scratch, count, sizeof *scratch);
    kehu__free(a, sorted, count, sizeof *sorted);
    return status;
}

/* Total bytes of the names of those who bought, and how many these are. */
static size_t measure(const kehu_rfm_base *b, size_t *text_size)
{
    size_t n = 0;
    *text_size = 0;
    for (int p = 0; p < KEHU__RFM_PARTS; p++)
        for (size_t i = 0; i < b->parts[p].n; i++)
            if (kehu__rfm_bought(&b->parts[p].customers[i])) {
                n++;
                if (b->key_kind == KEHU__RFM_TEXT)
                    *text_size += (size_t)b->parts[p].names[i].size;
            }
    return n;
}

static bool allocate(kehu_rfm_base *b, size_t n, size_t text_size)
{
    const kehu_allocator *a = &b->alloc;
    const bool text = b->key_kind == KEHU__RFM_TEXT;
    b->n_out = n;
    b->out_text_size = text_size + 1;
    b->out_recency = kehu__alloc(a, n, sizeof(int64_t));
    b->out_orders = kehu__alloc(a, n, sizeof(int64_t));
    b->out_spend = kehu__alloc(a, n, sizeof(int64_t));
    if (text) {
        b->out_offsets = kehu__alloc(a, n + 1, sizeof(int64_t));
        b->out_text = kehu__alloc(a, b->out_text_size, 1);
    } else {
        b->out_keys = kehu__alloc(a, n, sizeof(int64_t));
    }
    return b->out_recency != NULL && b->out_orders != NULL && b->out_spend != NULL &&
           (text ? b->out_offsets != NULL && b->out_text != NULL : b->out_keys != NULL);
}

static kehu_status fill(kehu_rfm_base *b, const kehu__rfm_place *places, size_t n,
                        kehu_error *err)
{
    size_t at = 0, text_at = 0;
    for (size_t i = 0; i < n; i++) {
        const kehu__rfm_customer *c = kehu__rfm_at(b, places[i]);
        KEHU__PREFETCH_WRITE(kehu__rfm_at(b, places[i + AHEAD < n ? i + AHEAD : i]));
        if (!kehu__rfm_bought(c))
            continue;
        const int64_t spend = (int64_t)c->spend_low;
        if (c->spend_high != (spend < 0 ? -1 : 0))
            return kehu__fail(err, KEHU_RANGE, (int64_t)at,
                              "spend of customer %zu does not fit 64 bits", at);
        b->out_recency[at] = (int64_t)b->as_of - c->last;
        b->out_orders[at] = c->orders;
        b->out_spend[at] = spend;
        if (b->key_kind == KEHU__RFM_TEXT) {
            const kehu__text t = kehu__rfm_name(b, places[i]);
            memcpy(b->out_text + text_at, t.bytes, (size_t)t.size);
            b->out_offsets[at] = (int64_t)text_at;
            text_at += (size_t)t.size;
            b->out_offsets[at + 1] = (int64_t)text_at;
        } else {
            b->out_keys[at] = kehu__rfm_key(c);
        }
        at++;
    }
    return KEHU_OK;
}

static kehu_status build(kehu_rfm_base *base, kehu_error *err)
{
    const kehu_rfm_base_counts *k = &base->counts;
    kehu__rfm_place *places;
    kehu_status status;
    size_t n, text_size;
    const size_t bought = measure(base, &text_size);
    if (bought == 0)
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "no purchase in the window: %lld rows, of them %lld before, "
                          "%lld after, %lld without customer, %lld returns",
                          (long long)k->rows, (long long)k->before, (long long)k->after,
                          (long long)k->no_customer, (long long)k->returns);
    KEHU_TRY(kehu__rfm_base_sort(base, &places, &n, err));
    status = allocate(base, bought, text_size)
                 ? fill(base, places, n, err)
                 : kehu__no_memory(err, "the customers' columns");
    kehu__free(&base->alloc, places, n, sizeof *places);
    if (status != KEHU_OK)
        kehu__rfm_base_unfinish(base);
    return status;
}

kehu_status kehu_rfm_base_finish(kehu_rfm_base *base, kehu_rfm_columns *columns,
                                 kehu_column *keys, kehu_error *err)
{
    if (base == NULL || columns == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base or columns is NULL");
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    if (base->n_out == 0)
        KEHU_TRY(build(base, err));
    *columns = (kehu_rfm_columns){(int64_t)base->n_out, base->out_recency,
                                  base->out_orders, base->out_spend};
    if (keys != NULL) {
        *keys = (kehu_column){.name = "customer", .length = (int64_t)base->n_out};
        if (base->key_kind == KEHU__RFM_TEXT) {
            keys->type = KEHU_LARGE_UTF8;
            keys->data = base->out_text;
            keys->offsets = base->out_offsets;
        } else {
            keys->type = KEHU_INT64;
            keys->data = base->out_keys;
        }
    }
    return KEHU_OK;
}
