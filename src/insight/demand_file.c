/* A log as a container of kind "DMD1", whatever its parts and their order in memory:
 *
 *     INFO  day_offset_minutes i32; kind of demand ids and of customers u32 each: 0 not
 *           known yet, 1 integers, 2 texts
 *     MACH  text of the machine
 *     DEMD  ids of the demands, in the order of their first rows: i64, or size u32 and
 *     CUST  as many bytes; customers the same, in the order of their first demands
 *     CHAN  names of the channels: size u32 and bytes
 *     CLAS  names of the classes, the same
 *     TOOK  a demand: its customer u32 (all ones: none), channel u16, class u16; of one
 *           without intake the customer is none, the others are 0
 *     ROWS  a row, in the order in which they were added: demand u32 (all ones: none),
 *           time i64 (least: none), status u8 (254: no time, 255: unknown or no demand)
 */
#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "base/error.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/demand.h"

#define KIND "DMD1"

enum { INFO, MACH, DEMD, CUST, CHAN, CLAS, TOOK, ROWS, N_SECTIONS };
enum { UNKNOWN_KIND, INTEGERS, TEXTS };
enum { ROW_BYTES = 13 };

static const char *const tags[N_SECTIONS] = {"INFO", "MACH", "DEMD", "CUST",
                                             "CHAN", "CLAS", "TOOK", "ROWS"};

/* ---- Writing ---- */

static uint32_t kind_of(bool set, bool text)
{
    return !set ? UNKNOWN_KIND : text ? TEXTS : INTEGERS;
}

static void build_text(kehu__buffer *b, const kehu__keys *texts, uint32_t number)
{
    const kehu__key key = kehu__keys_at(texts, number);
    kehu__buffer_u32(b, (uint32_t)key.text.size);
    kehu__buffer_add(b, key.text.bytes, (size_t)key.text.size);
}

static void build_names(kehu__buffer *b, const kehu__keys *names)
{
    for (uint32_t i = 0; i < names->n && !b->failed; i++)
        build_text(b, names, i);
}

/* Ids in the order of their numbers in the file. */
static void build_ids(kehu__buffer *b, const kehu__keys *texts, const kehu__keys *ids)
{
    for (uint32_t i = 0; i < ids->n && !b->failed; i++) {
        if (texts->text)
            build_text(b, texts, (uint32_t)ids->integers[i]);
        else
            kehu__buffer_u64(b, (uint64_t)ids->integers[i]);
    }
}

/* A row where it lies; its intake is NULL if it has none, and it is NULL of nobody. */
typedef struct kept {
    const kehu__demand_row *row;
    const kehu__demand_intake *intake;
} kept;

/* What is written, by numbers that demands and customers have in the file alone. */
typedef struct writing {
    const kehu_demands *d;
    kept *rows;     /* [d->n_rows] */
    kehu__keys ids; /* integers */
    kehu__keys customers;
    kept *intakes; /* [ids.n] the earliest of a demand; row NULL: it has none */
    size_t capacity;
} writing;

static void find_rows(writing *w)
{
    for (size_t p = 0; p < KEHU__DEMAND_PARTS; p++) {
        kehu__demand_at at = kehu__demand_begin(&w->d->rows[p]);
        kehu__demand_at intakes = kehu__demand_begin(&w->d->intakes[p]);
        const kehu__demand_row *r;
        while ((r = kehu__demand_next(&at, sizeof *r)) != NULL)
            w->rows[r->number] =
                (kept){r, r->status != 0
                              ? NULL
                              : kehu__demand_next(&intakes, sizeof(kehu__demand_intake))};
    }
    for (size_t i = 0; i < w->d->n_nobodys; i++)
        w->rows[w->d->nobodys[i]] = (kept){NULL, NULL};
}

static void put_row(char *to, uint32_t demand, int64_t time, uint8_t status)
{
    kehu__store32(to, demand);
    kehu__store64(to + 4, (uint64_t)time);
    to[12] = (char)status;
}

static bool build_row(writing *w, const kept *k, char *to)
{
    if (k->row == NULL) {
        put_row(to, KEHU__DEMAND_NOBODY, INT64_MIN, KEHU__DEMAND_UNKNOWN);
        return true;
    }
    const kehu__key key = kehu__key_integer(k->row->demand);
    const uint32_t known = w->ids.n;
    const int64_t found = kehu__keys_add(&w->ids, &key);
    if (found == KEHU__NO_KEY || !kehu__grow(&w->d->alloc, &w->intakes, &w->capacity,
                                             (size_t)found + 1, sizeof *w->intakes))
        return false;
    kept *first = &w->intakes[found];
    if (found == known)
        *first = (kept){NULL, NULL};
    if (k->intake != NULL && (first->row == NULL || k->row->time < first->row->time))
        *first = *k;
    put_row(to, (uint32_t)found, k->row->time, k->row->status);
    return true;
}

static void build_rows(kehu__buffer *b, writing *w)
{
    char *to = kehu__buffer_room(b, (size_t)w->d->n_rows * ROW_BYTES);
    if (to == NULL)
        return;
    find_rows(w);
    for (uint32_t i = 0; i < w->d->n_rows && !b->failed; i++)
        b->failed = !build_row(w, &w->rows[i], to + (size_t)i * ROW_BYTES);
}

static void build_intakes(kehu__buffer *b, writing *w)
{
    static const kehu__demand_intake nothing = {0};
    for (uint32_t i = 0; i < w->ids.n && !b->failed; i++) {
        const bool is_in = w->intakes[i].row != NULL;
        const kehu__demand_intake *in = is_in ? w->intakes[i].intake : &nothing;
        const kehu__key key = kehu__key_integer(in->customer);
        int64_t customer = KEHU__DEMAND_NO_CUSTOMER;
        if (in->has_customer)
            customer = kehu__keys_add(&w->customers, &key);
        b->failed = b->failed || customer == KEHU__NO_KEY;
        kehu__buffer_u32(b, (uint32_t)customer);
        kehu__buffer_u16(b, in->channel);
        kehu__buffer_u16(b, in->class_of);
    }
}

/* The sections that go together, as rows give demands their numbers and these give
 * customers theirs. */
static void build_log(kehu__buffer b[N_SECTIONS], const kehu_demands *d)
{
    writing w = {.d = d,
                 .ids = kehu__keys_new(&d->alloc, false),
                 .customers = kehu__keys_new(&d->alloc, false)};
    if (d->n_rows > 0) {
        w.rows = kehu__alloc(&d->alloc, d->n_rows, sizeof *w.rows);
        b[ROWS].failed = w.rows == NULL;
        if (w.rows != NULL)
            build_rows(&b[ROWS], &w);
        if (!b[ROWS].failed)
            build_intakes(&b[TOOK], &w);
        build_ids(&b[DEMD], &d->ids, &w.ids);
        build_ids(&b[CUST], &d->customers, &w.customers);
    }
    kehu__free(&d->alloc, w.intakes, w.capacity, sizeof *w.intakes);
    kehu__free(&d->alloc, w.rows, d->n_rows, sizeof *w.rows);
    kehu__keys_free(&w.ids);
    kehu__keys_free(&w.customers);
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_demands *d = handle;
    kehu__buffer b[N_SECTIONS];
    kehu__section sections[N_SECTIONS];
    *out = kehu__buffer_new(&d->alloc);
    if (d->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    for (int k = 0; k < N_SECTIONS; k++)
        b[k] = kehu__buffer_new(&d->alloc);
    kehu__buffer_u32(&b[INFO], (uint32_t)d->offset_minutes);
    kehu__buffer_u32(&b[INFO], kind_of(d->ids_set, d->ids.text));
    kehu__buffer_u32(&b[INFO], kind_of(d->customers_set, d->customers.text));
    kehu__buffer_add(&b[MACH], d->machine->source, d->machine->source_size);
    build_names(&b[CHAN], &d->channels);
    build_names(&b[CLAS], &d->classes);
    build_log(b, d);
    for (int k = 0; k < N_SECTIONS; k++) {
        memcpy(sections[k].tag, tags[k], sizeof sections[k].tag);
        sections[k].bytes = b[k].bytes;
        sections[k].size = b[k].size;
        out->failed = out->failed || b[k].failed;
    }
    if (!out->failed)
        kehu__container_build(out, KIND, sections, N_SECTIONS);
    for (int k = 0; k < N_SECTIONS; k++)
        kehu__buffer_free(&b[k]);
    return KEHU_OK;
}

/* ---- Reading ---- */

/* What a step of reading found: go on, no memory, or an impossible log. */
typedef enum found { FINE, NO_MEMORY, BAD } found;

static found read_key(kehu__keys *keys, kehu__reader *r, bool may_be_empty)
{
    kehu__key key;
    if (keys->text) {
        const uint32_t size = kehu__read_u32(r);
        if (size > KEHU__KEY_BYTES || (size == 0 && !may_be_empty))
            return BAD;
        const char *bytes = kehu__read_bytes(r, size);
        if (bytes == NULL)
            return BAD;
        key = kehu__key_text((kehu__text){bytes, (int64_t)size});
    } else {
        key = kehu__key_integer((int64_t)kehu__read_u64(r));
    }
    if (r->failed)
        return BAD;
    const int64_t known = keys->n, number = kehu__keys_add(keys, &key);
    return number == KEHU__NO_KEY ? NO_MEMORY : number == known ? FINE : BAD;
}

static found read_keys(kehu__keys *keys, kehu__reader *r, bool may_be_empty, size_t limit)
{
    found f = FINE;
    while (f == FINE && r->at < r->end)
        f = keys->n < limit ? read_key(keys, r, may_be_empty) : BAD;
    return f;
}

/* What is known of a demand: its intake, and whether a row of it came, and one of the
 * first status. */
typedef struct taken {
    kehu__demand_intake intake;
    bool came, is_in;
} taken;

static int64_t id_at(const kehu__keys *keys, uint32_t number)
{
    return keys->text ? (int64_t)number : keys->integers[number];
}

static found read_intakes(const kehu_demands *d, kehu__reader *r, taken *all)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < d->ids.n; i++) {
        const uint32_t customer = kehu__read_u32(r);
        kehu__demand_intake *in = &all[i].intake;
        in->channel = kehu__read_u16(r);
        in->class_of = kehu__read_u16(r);
        in->has_customer = customer != KEHU__DEMAND_NO_CUSTOMER;
        if (!in->has_customer)
            continue;
        if (customer > seen || customer >= d->customers.n)
            return BAD;
        seen += customer == seen;
        in->customer = id_at(&d->customers, customer);
    }
    return r->failed || seen < d->customers.n ? BAD : FINE;
}

/* Every intake row of a demand is given what the earliest one said: the others say
 * nothing that counts. */
static found read_row(kehu_demands *d, kehu__reader *r, taken *all)
{
    const uint32_t demand = kehu__read_u32(r);
    const int64_t time = (int64_t)kehu__read_u64(r);
    const uint8_t status = kehu__read_u8(r);
    const uint32_t number = d->n_rows++;
    if (demand == KEHU__DEMAND_NOBODY) {
        if (time != INT64_MIN || status != KEHU__DEMAND_UNKNOWN)
            return BAD;
        return kehu__demands_keep_nobody(d, number) ? FINE : NO_MEMORY;
    }
    if (demand >= d->ids.n || (demand > 0 && !all[demand - 1].came) ||
        (status == KEHU__DEMAND_NO_TIME) != (time == INT64_MIN) ||
        (time != INT64_MIN && (time < KEHU__FIRST_TIME || time > KEHU__LAST_TIME)) ||
        (status < KEHU__DEMAND_NO_TIME && status >= d->machine->n))
        return BAD;
    const kehu__demand_row row = {id_at(&d->ids, demand), time, number, status};
    all[demand].came = true;
    all[demand].is_in |= status == 0;
    return kehu__demands_keep_row(d, &row, status == 0 ? &all[demand].intake : NULL)
               ? FINE
               : NO_MEMORY;
}

static found check_taken(const kehu_demands *d, const taken *all)
{
    for (uint32_t i = 0; i < d->ids.n; i++) {
        const kehu__demand_intake *in = &all[i].intake;
        if (!all[i].came ||
            (all[i].is_in ? in->channel >= d->channels.n || in->class_of >= d->classes.n
                          : in->has_customer || in->channel + in->class_of > 0))
            return BAD;
    }
    return FINE;
}

static found read_rows(kehu_demands *d, kehu__reader *took, kehu__reader *r)
{
    const size_t size = (size_t)(r->end - r->at);
    taken *all = kehu__alloc_zero(&d->alloc, d->ids.n, sizeof *all);
    found f = size % ROW_BYTES == 0 && size / ROW_BYTES < UINT32_MAX ? FINE : BAD;
    if (f == FINE)
        f = all == NULL && d->ids.n > 0 ? NO_MEMORY : read_intakes(d, took, all);
    while (f == FINE && r->at < r->end)
        f = read_row(d, r, all);
    if (f == FINE)
        f = check_taken(d, all);
    kehu__free(&d->alloc, all, d->ids.n, sizeof *all);
    return f;
}

/* Integers were kept as keys while they were needed by number. */
static void drop_integers(kehu__keys *keys)
{
    if (!keys->text)
        kehu__keys_free(keys);
}

static bool read_kind(kehu__reader *r, bool *set, bool *text)
{
    const uint32_t kind = kehu__read_u32(r);
    *set = kind != UNKNOWN_KIND;
    *text = kind == TEXTS;
    return kind <= TEXTS;
}

/* All sections but the machine into the empty log. */
static found read_log(kehu_demands *d, kehu__reader in[N_SECTIONS])
{
    found f;
    in[INFO].at += 4; /* the offset, read already */
    if (!read_kind(&in[INFO], &d->ids_set, &d->ids.text) ||
        !read_kind(&in[INFO], &d->customers_set, &d->customers.text))
        return BAD;
    f = read_keys(&d->ids, &in[DEMD], false, d->ids_set ? UINT32_MAX - 1 : 0);
    if (f == FINE)
        f = read_keys(&d->customers, &in[CUST], false,
                      d->customers_set ? UINT32_MAX - 1 : 0);
    if (f == FINE)
        f = read_keys(&d->channels, &in[CHAN], true, KEHU__DEMAND_CHANNELS);
    if (f == FINE)
        f = read_keys(&d->classes, &in[CLAS], true, KEHU__DEMAND_CLASSES);
    if (f == FINE)
        f = read_rows(d, &in[TOOK], &in[ROWS]);
    drop_integers(&d->ids);
    drop_integers(&d->customers);
    for (int k = 0; k < N_SECTIONS && f == FINE; k++)
        if (k != MACH && in[k].at != in[k].end)
            f = BAD;
    return f;
}

static kehu_status make_empty(kehu_demands **out, const kehu__reader in[N_SECTIONS],
                              const kehu_allocator *alloc)
{
    kehu_demands_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_demand_machine *machine = NULL;
    kehu__reader info = in[INFO];
    kehu_status status;
    opt.day_offset_minutes = (int32_t)kehu__read_u32(&info);
    KEHU_TRY(kehu_demand_machine_read(&machine, in[MACH].at,
                                      (size_t)(in[MACH].end - in[MACH].at), alloc, NULL));
    opt.machine = machine;
    status = kehu_demands_new(out, &opt, NULL);
    kehu_demand_machine_free(machine);
    return status;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__reader in[N_SECTIONS];
    kehu__container c;
    kehu_demands *d = NULL;
    bool whole = true;
    found f = BAD;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, KIND, from->name, err));
    for (int k = 0; k < N_SECTIONS; k++) {
        const char *bytes = "";
        size_t size = 0;
        whole = kehu__container_find(&c, tags[k], &bytes, &size) && whole;
        in[k] = kehu__reader_new(size > 0 ? bytes : "", size);
    }
    if (whole && in[INFO].end - in[INFO].at == 12) {
        const kehu_status status = make_empty(&d, in, &from->alloc);
        f = status == KEHU_OK          ? read_log(d, in)
            : status == KEHU_NO_MEMORY ? NO_MEMORY
                                       : BAD;
    }
    if (f == FINE) {
        *(kehu_demands **)out = d;
        return KEHU_OK;
    }
    kehu_demands_free(d);
    if (f == NO_MEMORY)
        return kehu__no_memory(err, "the demands of a file");
    return kehu__fail(err, KEHU_FORMAT, -1, "%s holds impossible demands", from->name);
}

static const kehu__handle_file file = {"demands", build, make};

kehu_status kehu_demands_save(const kehu_demands *demands, const char *path,
                              kehu_error *err)
{
    return kehu__handle_save(&file, demands, path, err);
}

kehu_status kehu_demands_write(const kehu_demands *demands, const kehu_writer *writer,
                               kehu_error *err)
{
    return kehu__handle_write(&file, demands, writer, err);
}

kehu_status kehu_demands_load(kehu_demands **out, const char *path,
                              const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_demands_read(kehu_demands **out, const void *bytes, size_t size,
                              const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
