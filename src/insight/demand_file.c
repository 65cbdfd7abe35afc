/* A log as a container of kind "DMD1", whatever its parts and their order in memory:
 *
 *     INFO  day_offset_minutes i32; kind of demand ids and of customers u32 each: 0 not
 *           known yet, 1 integers, 2 texts
 *     MACH  text of the machine
 *     DEMD  ids of the demands, in the order of their first rows: i64, or size u32 and
 *     CUST  as many bytes; customers the same
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

static void build_keys(kehu__buffer *b, const kehu__keys *keys)
{
    for (uint32_t i = 0; i < keys->n && !b->failed; i++) {
        const kehu__key key = kehu__keys_at(keys, i);
        if (keys->text) {
            kehu__buffer_u32(b, (uint32_t)key.text.size);
            kehu__buffer_add(b, key.text.bytes, (size_t)key.text.size);
        } else {
            kehu__buffer_u64(b, (uint64_t)key.integer);
        }
    }
}

static void build_intakes(kehu__buffer *b, const kehu_demands *d)
{
    for (uint32_t i = 0; i < d->ids.n; i++) {
        const kehu__demand_intake *in = &d->intakes[i];
        const bool is_in = in->row != KEHU__DEMAND_NO_ROW;
        kehu__buffer_u32(b, is_in ? in->customer : KEHU__DEMAND_NO_CUSTOMER);
        kehu__buffer_u16(b, is_in ? in->channel : 0);
        kehu__buffer_u16(b, is_in ? in->class_of : 0);
    }
}

static void put_row(char *to, uint32_t demand, int64_t time, uint8_t status)
{
    kehu__store32(to, demand);
    kehu__store64(to + 4, (uint64_t)time);
    to[12] = (char)status;
}

static void build_rows(kehu__buffer *b, const kehu_demands *d)
{
    char *rows = kehu__buffer_room(b, (size_t)d->n_rows * ROW_BYTES);
    if (rows == NULL)
        return;
    for (size_t p = 0; p < d->n_parts; p++)
        for (size_t i = 0; i < d->parts[p].n; i++) {
            const kehu__demand_row *r = &d->parts[p].rows[i];
            put_row(rows + (size_t)r->number * ROW_BYTES,
                    (uint32_t)(p << KEHU__DEMAND_PART_BITS) + r->demand, r->time,
                    r->status);
        }
    for (size_t i = 0; i < d->n_nobodys; i++)
        put_row(rows + (size_t)d->nobodys[i] * ROW_BYTES, KEHU__DEMAND_NOBODY, INT64_MIN,
                KEHU__DEMAND_UNKNOWN);
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
    build_keys(&b[DEMD], &d->ids);
    build_keys(&b[CUST], &d->customers);
    build_keys(&b[CHAN], &d->channels);
    build_keys(&b[CLAS], &d->classes);
    build_intakes(&b[TOOK], d);
    if (d->n_rows > 0)
        build_rows(&b[ROWS], d);
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

/* Rows come in the order in which they were added, and demands are numbered by it: the
 * first of a demand's earliest intake rows is the one that counts. */
static found read_row(kehu_demands *d, kehu__reader *r, uint32_t *seen)
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
    if (demand > *seen || demand >= d->ids.n ||
        (status == KEHU__DEMAND_NO_TIME) != (time == INT64_MIN) ||
        (time != INT64_MIN && (time < KEHU__FIRST_TIME || time > KEHU__LAST_TIME)) ||
        (status < KEHU__DEMAND_NO_TIME && status >= d->machine->n))
        return BAD;
    if ((demand == *seen && !kehu__demands_have(d, (*seen)++)) ||
        !kehu__demands_keep_row(d, demand, time, number, status))
        return NO_MEMORY;
    if (status == 0 && kehu__demand_is_first(&d->intakes[demand], time)) {
        d->intakes[demand].time = time;
        d->intakes[demand].row = number;
    }
    return FINE;
}

static found read_rows(kehu_demands *d, kehu__reader *r)
{
    const size_t size = (size_t)(r->end - r->at);
    uint32_t seen = 0;
    found f = size % ROW_BYTES == 0 && size / ROW_BYTES < UINT32_MAX ? FINE : BAD;
    while (f == FINE && r->at < r->end)
        f = read_row(d, r, &seen);
    return f == FINE && seen < d->ids.n ? BAD : f;
}

static found read_intakes(kehu_demands *d, kehu__reader *r)
{
    for (uint32_t i = 0; i < d->ids.n; i++) {
        kehu__demand_intake *in = &d->intakes[i];
        in->customer = kehu__read_u32(r);
        in->channel = kehu__read_u16(r);
        in->class_of = kehu__read_u16(r);
        if (in->customer != KEHU__DEMAND_NO_CUSTOMER && in->customer >= d->customers.n)
            return BAD;
        if (in->row == KEHU__DEMAND_NO_ROW
                ? in->customer != KEHU__DEMAND_NO_CUSTOMER ||
                      in->channel + in->class_of > 0
                : in->channel >= d->channels.n || in->class_of >= d->classes.n)
            return BAD;
    }
    return r->failed ? BAD : FINE;
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
        f = read_rows(d, &in[ROWS]);
    if (f == FINE)
        f = read_intakes(d, &in[TOOK]);
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
