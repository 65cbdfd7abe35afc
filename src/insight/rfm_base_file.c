/* A base as a container of kind "RFB1", customers and their orders ascending:
 *
 *     INFO  as_of, from, to i32; to_given u32; offset i32; returns, key kind,
 *           order kind u32; rows, no_customer, before, after, returns i64; has
 *           currency u32, its size u32, 32 bytes
 *     CUST  a customer: key i64 or bytes of its name u64; spend low u64, high i32;
 *           last i32; orders i64; noted orders u64
 *     NAME  text keys, end to end
 *     ORDR  a noted order: id i64 or bytes of its text u64
 *     ORDT  text order ids, end to end */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/rfm_base.h"

#define KIND "RFB1"

/* ---- Writing ---- */

/* The orders of one part by customer, each customer's ascending. */
typedef struct sorted_orders {
    uint32_t *numbers;  /* [part.n_orders] */
    size_t *first;      /* [part.n + 1] */
    size_t n_orders, n; /* as allocated */
} sorted_orders;

typedef struct ordering {
    const kehu__rfm_part *part;
    bool text;
} ordering;

static int by_customer_and_id(const void *x, const void *y, void *ctx)
{
    const ordering *o = ctx;
    const kehu__rfm_order *s = &o->part->orders[*(const uint32_t *)x];
    const kehu__rfm_order *t = &o->part->orders[*(const uint32_t *)y];
    if (s->customer != t->customer)
        return s->customer < t->customer ? -1 : 1;
    if (o->text) {
        const uint32_t shorter = s->size < t->size ? s->size : t->size;
        const int order = memcmp(o->part->text + s->at, o->part->text + t->at, shorter);
        return order != 0 ? order : (s->size > t->size) - (s->size < t->size);
    }
    return ((int64_t)s->id > (int64_t)t->id) - ((int64_t)s->id < (int64_t)t->id);
}

static bool sort_orders(sorted_orders *s, const kehu__rfm_part *p, bool text,
                        const kehu_allocator *a)
{
    ordering o = {p, text};
    *s = (sorted_orders){.n_orders = p->n_orders, .n = p->n + 1};
    s->numbers = kehu__alloc(a, s->n_orders, sizeof *s->numbers);
    s->first = kehu__alloc_zero(a, s->n, sizeof *s->first);
    if (s->first == NULL || (s->numbers == NULL && p->n_orders > 0))
        return false;
    for (uint32_t i = 0; i < p->n_orders; i++) {
        s->numbers[i] = i;
        s->first[p->orders[i].customer + 1]++;
    }
    for (size_t i = 1; i < s->n; i++)
        s->first[i] += s->first[i - 1];
    kehu__sort(s->numbers, p->n_orders, sizeof *s->numbers, by_customer_and_id, &o);
    return true;
}

static void build_info(kehu__buffer *b, const kehu_rfm_base *base)
{
    kehu__buffer_u32(b, (uint32_t)base->as_of);
    kehu__buffer_u32(b, (uint32_t)base->from);
    kehu__buffer_u32(b, (uint32_t)base->to);
    kehu__buffer_u32(b, base->to_given);
    kehu__buffer_u32(b, (uint32_t)base->offset);
    kehu__buffer_u32(b, base->returns);
    kehu__buffer_u32(b, base->key_kind);
    kehu__buffer_u32(b, base->order_kind);
    kehu__buffer_u64(b, (uint64_t)base->counts.rows);
    kehu__buffer_u64(b, (uint64_t)base->counts.no_customer);
    kehu__buffer_u64(b, (uint64_t)base->counts.before);
    kehu__buffer_u64(b, (uint64_t)base->counts.after);
    kehu__buffer_u64(b, (uint64_t)base->counts.returns);
    kehu__buffer_u32(b, base->has_currency);
    kehu__buffer_u32(b, base->currency_size);
    kehu__buffer_add(b, base->currency, sizeof base->currency);
}

enum { INFO, CUST, NAME, ORDR, ORDT, N_SECTIONS };

static void add_customer(kehu__buffer b[N_SECTIONS], const kehu_rfm_base *base,
                         kehu__rfm_place place, const sorted_orders *orders)
{
    const kehu__rfm_part *p = &base->parts[kehu__rfm_place_part(place)];
    const kehu__rfm_customer *c = kehu__rfm_at(base, place);
    const uint32_t number = kehu__rfm_place_number(place);
    const size_t first = orders->first[number], end = orders->first[number + 1];
    if (base->key_kind == KEHU__RFM_TEXT) {
        const kehu__text name = kehu__rfm_name(base, place);
        kehu__buffer_u64(&b[CUST], (uint64_t)name.size);
        kehu__buffer_add(&b[NAME], name.bytes, (size_t)name.size);
    } else {
        kehu__buffer_u64(&b[CUST], (uint64_t)kehu__rfm_key(c));
    }
    kehu__buffer_u64(&b[CUST], c->spend_low);
    kehu__buffer_u32(&b[CUST], (uint32_t)c->spend_high);
    kehu__buffer_u32(&b[CUST], (uint32_t)c->last);
    kehu__buffer_u64(&b[CUST], (uint64_t)c->orders);
    kehu__buffer_u64(&b[CUST], end - first);
    for (size_t i = first; i < end; i++) {
        const kehu__rfm_order *o = &p->orders[orders->numbers[i]];
        kehu__buffer_u64(&b[ORDR], base->order_kind == KEHU__RFM_TEXT ? o->size : o->id);
        if (base->order_kind == KEHU__RFM_TEXT)
            kehu__buffer_add(&b[ORDT], p->text + o->at, o->size);
    }
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_rfm_base *base = handle;
    static const char *const tags[] = {"INFO", "CUST", "NAME", "ORDR", "ORDT"};
    const kehu_allocator *a = &base->alloc;
    sorted_orders orders[KEHU__RFM_PARTS] = {{0}};
    kehu__buffer b[N_SECTIONS];
    kehu__section sections[N_SECTIONS];
    kehu__rfm_place *places = NULL;
    size_t n = 0;
    kehu_status status;
    *out = kehu__buffer_new(a);
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    status = kehu__rfm_base_sort(base, &places, &n, err);
    for (int k = 0; k < N_SECTIONS; k++)
        b[k] = kehu__buffer_new(a);
    build_info(&b[INFO], base);
    for (int p = 0; p < KEHU__RFM_PARTS && status == KEHU_OK; p++)
        if (!sort_orders(&orders[p], &base->parts[p], base->order_kind == KEHU__RFM_TEXT,
                         a))
            status = kehu__no_memory(err, "sorting the orders");
    for (size_t i = 0; i < n && status == KEHU_OK; i++)
        add_customer(b, base, places[i], &orders[kehu__rfm_place_part(places[i])]);
    for (int k = 0; k < N_SECTIONS; k++) {
        memcpy(sections[k].tag, tags[k], sizeof sections[k].tag);
        sections[k].bytes = b[k].bytes;
        sections[k].size = b[k].size;
        out->failed = out->failed || b[k].failed;
    }
    if (status == KEHU_OK && !out->failed)
        kehu__container_build(out, KIND, sections, N_SECTIONS);
    for (int k = 0; k < N_SECTIONS; k++)
        kehu__buffer_free(&b[k]);
    for (int p = 0; p < KEHU__RFM_PARTS; p++) {
        kehu__free(a, orders[p].numbers, orders[p].n_orders, sizeof(uint32_t));
        kehu__free(a, orders[p].first, orders[p].n, sizeof(size_t));
    }
    kehu__free(a, places, n, sizeof *places);
    return status;
}

/* ---- Reading ---- */

/* One file being read: a walk through each section, and what came before. */
typedef struct reading {
    kehu_rfm_base *base;
    kehu__reader in[N_SECTIONS];
    bool first;
    int64_t rows_left; /* rows that no order stands for yet */
    int64_t last_key;
    kehu__text last_name;
    bool refused; /* no memory */
} reading;

static bool in_rows(const kehu_rfm_base *b, int64_t count)
{
    return count >= 0 && count <= b->counts.rows;
}

static bool read_info(kehu_rfm_base *b, kehu__reader *r)
{
    const char *currency;
    b->as_of = (int32_t)kehu__read_u32(r);
    b->from = (int32_t)kehu__read_u32(r);
    b->to = (int32_t)kehu__read_u32(r);
    const uint32_t to_given = kehu__read_u32(r);
    b->to_given = to_given == 1;
    b->offset = (int32_t)kehu__read_u32(r);
    b->returns = kehu__read_u32(r);
    b->key_kind = (kehu__rfm_kind)kehu__read_u32(r);
    b->order_kind = (kehu__rfm_kind)kehu__read_u32(r);
    b->counts.rows = (int64_t)kehu__read_u64(r);
    b->counts.no_customer = (int64_t)kehu__read_u64(r);
    b->counts.before = (int64_t)kehu__read_u64(r);
    b->counts.after = (int64_t)kehu__read_u64(r);
    b->counts.returns = (int64_t)kehu__read_u64(r);
    const uint32_t has_currency = kehu__read_u32(r);
    b->has_currency = has_currency == 1;
    b->currency_size = kehu__read_u32(r);
    currency = kehu__read_bytes(r, sizeof b->currency);
    if (currency == NULL || r->at != r->end)
        return false;
    memcpy(b->currency, currency, sizeof b->currency);
    return to_given <= 1 && has_currency <= 1 && b->from <= b->to && b->to <= b->as_of &&
           b->offset >= -1440 && b->offset <= 1440 &&
           b->returns <= KEHU_RFM_RETURNS_DROP && b->key_kind <= KEHU__RFM_TEXT &&
           b->key_kind != KEHU__RFM_NONE && b->order_kind <= KEHU__RFM_TEXT &&
           (b->key_kind == KEHU__RFM_UNSET) == (b->order_kind == KEHU__RFM_UNSET) &&
           b->counts.rows >= 0 && in_rows(b, b->counts.no_customer) &&
           in_rows(b, b->counts.before) && in_rows(b, b->counts.after) &&
           in_rows(b, b->counts.returns) && b->currency_size <= KEHU__RFM_CURRENCY_BYTES;
}

static bool ascending(kehu__text a, kehu__text b)
{
    const int64_t shorter = a.size < b.size ? a.size : b.size;
    const int order = memcmp(a.bytes, b.bytes, (size_t)shorter);
    return order < 0 || (order == 0 && a.size < b.size);
}

/* The next text of a section, its size being read already. */
static bool read_text(kehu__reader *r, uint64_t size, kehu__text *t)
{
    if (size == 0 || size > KEHU__RFM_ID_BYTES)
        return false;
    t->bytes = kehu__read_bytes(r, (size_t)size);
    t->size = (int64_t)size;
    return t->bytes != NULL;
}

static bool read_orders(reading *r, kehu__rfm_part *p, uint32_t customer, uint64_t n)
{
    const bool text = r->base->order_kind == KEHU__RFM_TEXT;
    int64_t last = 0;
    kehu__text t = {"", 0}, last_text = {"", 0};
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t id = kehu__read_u64(&r->in[ORDR]);
        if (r->in[ORDR].failed || (text && !read_text(&r->in[ORDT], id, &t)) ||
            (i > 0 && (text ? !ascending(last_text, t) : (int64_t)id <= last)))
            return false;
        last = (int64_t)id;
        last_text = t;
        kehu__rfm_part_order(p, &r->base->alloc, customer,
                             text ? kehu__hash(t.bytes, (size_t)t.size, 0) : id,
                             text ? &t : NULL);
        if (p->refused) {
            r->refused = true;
            return false;
        }
    }
    return true;
}

static bool read_customer(reading *r)
{
    kehu_rfm_base *b = r->base;
    kehu__reader *in = &r->in[CUST];
    const bool text = b->key_kind == KEHU__RFM_TEXT;
    kehu__rfm_customer c;
    kehu__text name = {"", 0};
    const uint64_t key = kehu__read_u64(in); /* or the size of the name */
    c.spend_low = kehu__read_u64(in);
    c.spend_high = (int32_t)kehu__read_u32(in);
    c.last = (int32_t)kehu__read_u32(in);
    c.orders = (int64_t)kehu__read_u64(in);
    const uint64_t noted = kehu__read_u64(in);
    if (in->failed || b->key_kind == KEHU__RFM_UNSET ||
        (text && !read_text(&r->in[NAME], key, &name)) ||
        (!r->first &&
         (text ? !ascending(r->last_name, name) : (int64_t)key <= r->last_key)))
        return false;
    if (c.orders < 0 || c.orders > r->rows_left || noted > (uint64_t)c.orders ||
        (noted > 0 && b->order_kind == KEHU__RFM_NONE) ||
        (c.orders > 0) != kehu__rfm_bought(&c) ||
        (kehu__rfm_bought(&c) && (c.last < b->from || c.last > b->to)))
        return false;
    r->first = false;
    r->rows_left -= c.orders;
    r->last_key = (int64_t)key;
    r->last_name = name;
    c.hash = kehu__rfm_hash(key, text ? &name : NULL);
    kehu__rfm_part *p = &b->parts[kehu__rfm_part_of(c.hash)];
    const uint32_t k = kehu__rfm_part_customer(p, &b->alloc, c.hash, text ? &name : NULL);
    if (k == UINT32_MAX) {
        r->refused = true;
        return false;
    }
    p->customers[k] = c;
    return read_orders(r, p, k, noted);
}

/* All sections into the empty base. */
static kehu_status read_sections(reading *r, const kehu__container *c, const char *name,
                                 kehu_error *err)
{
    static const char *const tags[] = {"INFO", "CUST", "NAME", "ORDR", "ORDT"};
    bool sound = true;
    for (int k = 0; k < N_SECTIONS; k++) {
        const char *bytes = "";
        size_t size = 0;
        sound = kehu__container_find(c, tags[k], &bytes, &size) && sound;
        r->in[k] = kehu__reader_new(size > 0 ? bytes : "", size);
    }
    sound = sound && read_info(r->base, &r->in[INFO]);
    r->rows_left = r->base->counts.rows;
    while (sound && r->in[CUST].at < r->in[CUST].end)
        sound = read_customer(r);
    for (int k = 0; k < N_SECTIONS; k++)
        sound = sound && r->in[k].at == r->in[k].end;
    if (r->refused)
        return kehu__no_memory(err, "the customers of a file");
    if (!sound)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds impossible customers", name);
    return KEHU_OK;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .alloc = &from->alloc};
    reading r = {.first = true};
    kehu__container c;
    kehu_status status;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, KIND, from->name, err));
    KEHU_TRY(kehu_rfm_base_new(&r.base, 0, &opt, err));
    status = read_sections(&r, &c, from->name, err);
    if (status == KEHU_OK)
        *(kehu_rfm_base **)out = r.base;
    else
        kehu_rfm_base_free(r.base);
    return status;
}

static const kehu__handle_file file = {"base", build, make};

kehu_status kehu_rfm_base_save(const kehu_rfm_base *base, const char *path,
                               kehu_error *err)
{
    return kehu__handle_save(&file, base, path, err);
}

kehu_status kehu_rfm_base_write(const kehu_rfm_base *base, const kehu_writer *writer,
                                kehu_error *err)
{
    return kehu__handle_write(&file, base, writer, err);
}

kehu_status kehu_rfm_base_load(kehu_rfm_base **out, const char *path,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_rfm_base_read(kehu_rfm_base **out, const void *bytes, size_t size,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
