/* A log's life, and rows going in. */
#include <kehu/demand.h>

#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "insight/demand.h"

enum { BLOCK = 64 }; /* rows whose slots are asked for before they are looked at */

/* ---- Life ---- */

static kehu_status copy_machine(kehu_demands *d, const kehu_demand_machine *given,
                                kehu_error *err)
{
    const char *text = given != NULL ? given->source : kehu_demand_machine_builtin();
    const size_t size = given != NULL ? given->source_size : strlen(text);
    KEHU_TRY(kehu_demand_machine_read(&d->machine, text, size, &d->alloc, err));
    for (uint32_t i = 0; i < d->machine->n; i++) {
        const char *name = d->machine->names + d->machine->name_at[i];
        const kehu__key key = kehu__key_text((kehu__text){name, (int64_t)strlen(name)});
        if (kehu__keys_add(&d->statuses, &key) == KEHU__NO_KEY)
            return kehu__no_memory(err, "a log of demands");
    }
    return KEHU_OK;
}

kehu_status kehu_demands_new(kehu_demands **out, const kehu_demands_options *options,
                             kehu_error *err)
{
    kehu_demands_options opt = {0};
    kehu_demands *d;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.day_offset_minutes < -1440 || opt.day_offset_minutes > 1440)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "day_offset_minutes is %d, expected -1440 to 1440",
                          (int)opt.day_offset_minutes);
    if (opt.n_threads > 256)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_threads is %u, expected 0 to 256",
                          (unsigned)opt.n_threads);
    if (opt.reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "reserved is %u, expected 0",
                          (unsigned)opt.reserved);
    const kehu_allocator a = kehu__allocator(opt.alloc);
    d = kehu__alloc_zero(&a, 1, sizeof *d);
    if (d == NULL)
        return kehu__no_memory(err, "a log of demands");
    d->alloc = a;
    d->run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    d->offset_minutes = opt.day_offset_minutes;
    d->ids = d->customers = kehu__keys_new(&a, false);
    d->statuses = d->channels = d->classes = kehu__keys_new(&a, true);
    status = copy_machine(d, opt.machine, err);
    if (status == KEHU_OK)
        *out = d;
    else
        kehu_demands_free(d);
    return status;
}

void kehu_demands_free(kehu_demands *d)
{
    if (d == NULL)
        return;
    const kehu_allocator a = d->alloc;
    kehu__demands_unfinish(d);
    kehu_demand_machine_free(d->machine);
    kehu__keys_free(&d->statuses);
    kehu__keys_free(&d->ids);
    kehu__keys_free(&d->customers);
    kehu__keys_free(&d->channels);
    kehu__keys_free(&d->classes);
    kehu__free(&a, d->nobodys, d->nobodys_capacity, sizeof *d->nobodys);
    kehu__free(&a, d->intakes, d->intakes_capacity, sizeof *d->intakes);
    for (size_t p = 0; p < d->n_parts; p++)
        kehu__free(&a, d->parts[p].rows, d->parts[p].capacity, sizeof *d->parts->rows);
    kehu__free(&a, d->parts, d->parts_capacity, sizeof *d->parts);
    kehu__free(&a, d, 1, sizeof *d);
}

/* ---- Columns ---- */

static kehu_status check_id(const kehu_column *c, const char *name, bool set, bool text,
                            kehu_error *err)
{
    const bool is_text = kehu__type_is_text(c->type);
    KEHU_TRY(kehu__column_check(c, name, err));
    const kehu_type kind = kehu__column_kind(c);
    if (!is_text && (kind < KEHU_INT8 || kind > KEHU_UINT32))
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected integers or text",
                          name, kehu__type_name(c->type));
    if (set && is_text != text)
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, but was %s before", name,
                          kehu__type_name(c->type), text ? "text" : "integers");
    return KEHU_OK;
}

static kehu_status check_batch(const kehu_demands *d, const kehu_demand_batch *b,
                               kehu_error *err)
{
    if (b == NULL || b->demand == NULL || b->time == NULL || b->status == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "batch, demand, time or status is NULL");
    const kehu_column *all[] = {b->time, b->status, b->customer, b->channel, b->class_of};
    static const char *const names[] = {"time", "status", "customer", "channel",
                                        "class_of"};
    KEHU_TRY(check_id(b->demand, "demand", d->ids_set, d->ids.text, err));
    if (b->customer != NULL)
        KEHU_TRY(
            check_id(b->customer, "customer", d->customers_set, d->customers.text, err));
    KEHU_TRY(kehu__column_check(b->time, "time", err));
    if (b->time->type != KEHU_DATE32 && kehu__column_kind(b->time) != KEHU_TIMESTAMP)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "time is %s, expected DATE32 or TIMESTAMP",
                          kehu__type_name(b->time->type));
    KEHU_TRY(kehu__column_check_text(b->status, "status", err));
    if (b->channel != NULL)
        KEHU_TRY(kehu__column_check_text(b->channel, "channel", err));
    if (b->class_of != NULL)
        KEHU_TRY(kehu__column_check_text(b->class_of, "class_of", err));
    for (int k = 0; k < 5; k++)
        if (all[k] != NULL && all[k]->length != b->demand->length)
            return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has %lld rows, demand has %lld",
                              names[k], (long long)all[k]->length,
                              (long long)b->demand->length);
    if (b->demand->length > (int64_t)UINT32_MAX - 1 - d->n_rows)
        return kehu__fail(err, KEHU_LIMIT, -1, "the log would have more than 2^32 rows");
    return KEHU_OK;
}

/* ---- Names ---- */

/* A column of names on its way to numbers. Of a category each name is looked for once. */
typedef struct namer {
    const kehu_column *c; /* NULL: all names are empty */
    kehu__keys *keys;
    bool add; /* new names get a number */
    const char *what;
    uint32_t limit;
    int64_t *codes; /* [n_codes] of the category's names; UNSEEN before */
    size_t n_codes;
} namer;

enum { UNSEEN = -3, REFUSED = -2 }; /* beside KEHU__NO_KEY */

static bool namer_open(namer *n, const kehu_allocator *a)
{
    if (n->c == NULL || kehu__column_kind(n->c) != KEHU_CATEGORY ||
        n->c->dictionary->length == 0)
        return true;
    n->n_codes = (size_t)n->c->dictionary->length;
    n->codes = kehu__alloc(a, n->n_codes, sizeof *n->codes);
    for (size_t i = 0; n->codes != NULL && i < n->n_codes; i++)
        n->codes[i] = UNSEEN;
    return n->codes != NULL;
}

static int64_t name_number(namer *n, kehu__text name)
{
    const kehu__key key = kehu__key_text(name);
    const int64_t found = kehu__keys_find(n->keys, &key);
    if (found != KEHU__NO_KEY || !n->add)
        return found;
    if (n->keys->n == n->limit || name.size > KEHU__KEY_BYTES)
        return REFUSED;
    return kehu__keys_add(n->keys, &key);
}

/* Number of row i's name. Where names are added: REFUSED beyond a limit, KEHU__NO_KEY
 * without memory. */
static int64_t namer_get(namer *n, int64_t i)
{
    if (n->c == NULL)
        return name_number(n, (kehu__text){"", 0});
    if (n->codes == NULL || !kehu__column_valid(n->c, i))
        return name_number(n, kehu__column_text(n->c, i));
    int64_t *code = &n->codes[kehu__column_code(n->c, i)];
    if (*code == UNSEEN)
        *code = name_number(n, kehu__column_text(n->c, i));
    return *code;
}

static kehu_status namer_fail(const namer *n, int64_t result, int64_t row,
                              kehu_error *err)
{
    if (result == KEHU__NO_KEY)
        return kehu__no_memory(err, "more demands");
    return kehu__fail(err, KEHU_LIMIT, row,
                      "row %lld: more than %u %s, or a name above 1 MiB", (long long)row,
                      (unsigned)n->limit, n->what);
}

/* ---- Rows ---- */

typedef struct adding {
    kehu_demands *d;
    const kehu_demand_batch *batch;
    namer status, channel, class_of;
    int64_t unit, day_start; /* of the column of times, and what it may hold */
    int64_t first_time, last_time;
} adding;

/* The key of row i, its integer if it is one; false when it has none. */
static bool id_of(const kehu_column *c, int64_t i, int64_t integer, kehu__key *key)
{
    if (!kehu__column_valid(c, i))
        return false;
    if (!kehu__type_is_text(c->type)) {
        *key = kehu__key_integer(integer);
        return true;
    }
    const kehu__text t = kehu__column_text(c, i);
    if (t.size == 0)
        return false;
    *key = kehu__key_text(t);
    return true;
}

static kehu_status add_id(kehu__keys *keys, const kehu__key *key, int64_t guess,
                          const char *what, int64_t row, uint32_t *number,
                          kehu_error *err)
{
    int64_t found;
    if (guess != KEHU__NO_KEY && kehu__keys_is(keys, (uint32_t)guess, key)) {
        *number = (uint32_t)guess;
        return KEHU_OK;
    }
    if (key->text.size > KEHU__KEY_BYTES)
        return kehu__fail(err, KEHU_LIMIT, row, "row %lld: %s above 1 MiB",
                          (long long)row, what);
    found = kehu__keys_add(keys, key);
    if (found == KEHU__NO_KEY)
        return kehu__no_memory(err, "more demands");
    *number = (uint32_t)found;
    return KEHU_OK;
}

static void set_times(adding *a)
{
    const bool is_day = a->batch->time->type == KEHU_DATE32;
    a->unit = is_day ? KEHU__DAY_US : 1;
    a->day_start = is_day ? (int64_t)a->d->offset_minutes * -60000000 : 0;
    a->first_time = (KEHU__FIRST_TIME - a->day_start) / a->unit;
    a->last_time = (KEHU__LAST_TIME - a->day_start) / a->unit;
}

bool kehu__demands_have(kehu_demands *d, uint32_t number)
{
    const size_t part = number >> KEHU__DEMAND_PART_BITS;
    if (!kehu__grow(&d->alloc, &d->intakes, &d->intakes_capacity, (size_t)number + 1,
                    sizeof *d->intakes) ||
        !kehu__grow(&d->alloc, &d->parts, &d->parts_capacity, part + 1, sizeof *d->parts))
        return false;
    d->intakes[number] = (kehu__demand_intake){.row = KEHU__DEMAND_NO_ROW};
    if (part == d->n_parts)
        d->parts[d->n_parts++] = (kehu__demand_part){0};
    return true;
}

bool kehu__demands_keep_row(kehu_demands *d, uint32_t demand, int64_t time,
                            uint32_t number, uint8_t status)
{
    kehu__demand_part *p = &d->parts[demand >> KEHU__DEMAND_PART_BITS];
    if (p->n == p->capacity &&
        !kehu__grow(&d->alloc, &p->rows, &p->capacity, p->n + 1, sizeof *p->rows))
        return false;
    p->rows[p->n++] = (kehu__demand_row){
        time, number, (uint16_t)(demand & (KEHU__DEMAND_PART - 1)), status};
    return true;
}

/* A row on its way into the log. */
typedef struct pending {
    kehu__key id, customer;
    int64_t id_guess, customer_guess; /* numbers they probably have; KEHU__NO_KEY: none */
    uint8_t status;
    bool has_id, has_customer;
    int64_t time;
} pending;

/* What the columns of a row say. Its memory is asked for: first the slot of the
 * demand, then, as that has come, the demand and the slot of the customer. */
static void read_ids(const adding *a, int64_t from, int64_t n, pending *rows)
{
    int64_t integers[BLOCK] = {0};
    const kehu_column *c = a->batch->demand;
    if (!kehu__type_is_text(c->type))
        kehu__column_integers(c, from, n, integers);
    for (int64_t k = 0; k < n; k++) {
        rows[k].time = INT64_MIN;
        rows[k].status = KEHU__DEMAND_NO_TIME;
        rows[k].has_customer = false;
        rows[k].has_id = id_of(c, from + k, integers[k], &rows[k].id);
        if (rows[k].has_id)
            kehu__keys_ask_slot(&a->d->ids, rows[k].id.hash);
    }
}

static void read_rows(adding *a, int64_t from, int64_t n, pending *rows)
{
    int64_t times[BLOCK];
    const kehu_column *c = a->batch->time, *customer = a->batch->customer;
    const bool integers = customer != NULL && !kehu__type_is_text(customer->type);
    kehu__column_integers(c, from, n, times);
    for (int64_t k = 0; k < n; k++) {
        pending *p = &rows[k];
        if (!p->has_id)
            continue;
        p->id_guess = kehu__keys_ask_key(&a->d->ids, p->id.hash);
        if (times[k] >= a->first_time && times[k] <= a->last_time &&
            kehu__column_valid(c, from + k)) {
            const int64_t found = namer_get(&a->status, from + k);
            p->time = times[k] * a->unit + a->day_start;
            p->status = found == KEHU__NO_KEY ? KEHU__DEMAND_UNKNOWN : (uint8_t)found;
        }
        if (p->status != 0 || customer == NULL)
            continue;
        p->has_customer =
            id_of(customer, from + k,
                  integers ? kehu__column_integer(customer, from + k) : 0, &p->customer);
        if (p->has_customer)
            kehu__keys_ask_slot(&a->d->customers, p->customer.hash);
    }
}

static kehu_status take_in(adding *a, uint32_t demand, const pending *p, int64_t i,
                           kehu_error *err)
{
    kehu_demands *d = a->d;
    const int64_t channel = namer_get(&a->channel, i);
    const int64_t class_of = namer_get(&a->class_of, i);
    uint32_t customer = KEHU__DEMAND_NO_CUSTOMER;
    if (channel < 0)
        return namer_fail(&a->channel, channel, i, err);
    if (class_of < 0)
        return namer_fail(&a->class_of, class_of, i, err);
    if (p->has_customer)
        KEHU_TRY(add_id(&d->customers, &p->customer, p->customer_guess, "a customer", i,
                        &customer, err));
    d->intakes[demand] = (kehu__demand_intake){p->time, d->n_rows + (uint32_t)i, customer,
                                               (uint16_t)channel, (uint16_t)class_of};
    return KEHU_OK;
}

static kehu_status take_row(adding *a, int64_t i, const pending *p, kehu_error *err)
{
    kehu_demands *d = a->d;
    const uint32_t known = d->ids.n, number = d->n_rows + (uint32_t)i;
    uint32_t demand = 0;
    KEHU_TRY(add_id(&d->ids, &p->id, p->id_guess, "a demand", i, &demand, err));
    if ((demand == known && !kehu__demands_have(d, demand)) ||
        !kehu__demands_keep_row(d, demand, p->time, number, p->status))
        return kehu__no_memory(err, "more demands");
    if (p->status == 0 && kehu__demand_is_first(&d->intakes[demand], p->time))
        return take_in(a, demand, p, i, err);
    return KEHU_OK;
}

bool kehu__demands_keep_nobody(kehu_demands *d, uint32_t row)
{
    if (!kehu__grow(&d->alloc, &d->nobodys, &d->nobodys_capacity, d->n_nobodys + 1,
                    sizeof *d->nobodys))
        return false;
    d->nobodys[d->n_nobodys++] = row;
    return true;
}

static kehu_status take_nobodys(kehu_demands *d, uint32_t row, kehu_error *err)
{
    return kehu__demands_keep_nobody(d, row) ? KEHU_OK
                                             : kehu__no_memory(err, "more demands");
}

static kehu_status take_rows(adding *a, kehu_error *err)
{
    const int64_t n = a->batch->demand->length;
    pending rows[BLOCK];
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t m = n - from < BLOCK ? n - from : BLOCK;
        read_ids(a, from, m, rows);
        read_rows(a, from, m, rows);
        for (int64_t k = 0; k < m; k++)
            if (rows[k].has_customer)
                rows[k].customer_guess =
                    kehu__keys_ask_key(&a->d->customers, rows[k].customer.hash);
        for (int64_t k = 0; k < m; k++)
            KEHU_TRY(rows[k].has_id
                         ? take_row(a, from + k, &rows[k], err)
                         : take_nobodys(a->d, a->d->n_rows + (uint32_t)(from + k), err));
    }
    return KEHU_OK;
}

static void set_kinds(kehu_demands *d, const kehu_demand_batch *b)
{
    d->ids.text = kehu__type_is_text(b->demand->type);
    d->ids_set = true;
    if (b->customer != NULL) {
        d->customers.text = kehu__type_is_text(b->customer->type);
        d->customers_set = true;
    }
}

kehu_status kehu_demands_add(kehu_demands *d, const kehu_demand_batch *batch,
                             kehu_error *err)
{
    kehu_status status;
    if (d == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "demands is NULL");
    if (d->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    KEHU_TRY(check_batch(d, batch, err));
    adding a = {.d = d,
                .batch = batch,
                .status = {.c = batch->status, .keys = &d->statuses},
                .channel = {.c = batch->channel,
                            .keys = &d->channels,
                            .add = true,
                            .what = "channels",
                            .limit = KEHU__DEMAND_CHANNELS},
                .class_of = {.c = batch->class_of,
                             .keys = &d->classes,
                             .add = true,
                             .what = "classes",
                             .limit = KEHU__DEMAND_CLASSES}};
    namer *namers[] = {&a.status, &a.channel, &a.class_of};
    status = KEHU_OK;
    for (int k = 0; k < 3 && status == KEHU_OK; k++)
        if (!namer_open(namers[k], &d->alloc))
            status = kehu__no_memory(err, "a batch of demands");
    if (status == KEHU_OK) {
        kehu__demands_unfinish(d);
        set_kinds(d, batch);
        set_times(&a);
        status = take_rows(&a, err);
        d->poisoned = status != KEHU_OK;
        d->n_rows += (uint32_t)batch->demand->length;
    }
    for (int k = 0; k < 3; k++)
        kehu__free(&d->alloc, namers[k]->codes, namers[k]->n_codes, sizeof(int64_t));
    return status;
}

/* ---- Merging ---- */

/* numbers[i] becomes the number that key i of `from` has in `into`. */
static bool merge_keys(kehu__keys *into, const kehu__keys *from, uint32_t *numbers)
{
    for (uint32_t i = 0; i < from->n; i++) {
        const kehu__key key = kehu__keys_at(from, i);
        const int64_t found = kehu__keys_add(into, &key);
        if (found == KEHU__NO_KEY)
            return false;
        numbers[i] = (uint32_t)found;
    }
    return true;
}

enum { IDS, CUSTOMERS, CHANNELS, CLASSES, N_KEYS };

static bool merge_demands(kehu_demands *d, const kehu_demands *other,
                          uint32_t *const numbers[N_KEYS])
{
    for (uint32_t i = 0; i < other->ids.n; i++) {
        const kehu__key key = kehu__keys_at(&other->ids, i);
        const uint32_t known = d->ids.n;
        const int64_t found = kehu__keys_add(&d->ids, &key);
        kehu__demand_intake in = other->intakes[i];
        if (found == KEHU__NO_KEY ||
            ((uint32_t)found == known && !kehu__demands_have(d, (uint32_t)found)))
            return false;
        numbers[IDS][i] = (uint32_t)found;
        if (in.row == KEHU__DEMAND_NO_ROW ||
            !kehu__demand_is_first(&d->intakes[found], in.time))
            continue;
        in.row += d->n_rows;
        in.channel = (uint16_t)numbers[CHANNELS][in.channel];
        in.class_of = (uint16_t)numbers[CLASSES][in.class_of];
        if (in.customer != KEHU__DEMAND_NO_CUSTOMER)
            in.customer = numbers[CUSTOMERS][in.customer];
        d->intakes[found] = in;
    }
    return true;
}

static bool merge_rows(kehu_demands *d, const kehu_demands *other, const uint32_t *ids)
{
    for (size_t p = 0; p < other->n_parts; p++)
        for (size_t i = 0; i < other->parts[p].n; i++) {
            const kehu__demand_row *r = &other->parts[p].rows[i];
            if (!kehu__demands_keep_row(d, ids[(p << KEHU__DEMAND_PART_BITS) + r->demand],
                                        r->time, d->n_rows + r->number, r->status))
                return false;
        }
    return true;
}

static kehu_status merge_all(kehu_demands *d, const kehu_demands *other, kehu_error *err)
{
    kehu__keys *const into[N_KEYS] = {&d->ids, &d->customers, &d->channels, &d->classes};
    const kehu__keys *const from[N_KEYS] = {&other->ids, &other->customers,
                                            &other->channels, &other->classes};
    uint32_t *numbers[N_KEYS];
    bool done = true;
    for (int k = 0; k < N_KEYS; k++) {
        numbers[k] = kehu__alloc(&d->alloc, from[k]->n, sizeof(uint32_t));
        done = done && (from[k]->n == 0 || numbers[k] != NULL);
    }
    for (int k = CUSTOMERS; k < N_KEYS && done; k++)
        done = merge_keys(into[k], from[k], numbers[k]);
    done = done && merge_demands(d, other, numbers) && merge_rows(d, other, numbers[IDS]);
    for (size_t i = 0; i < other->n_nobodys && done; i++)
        done = kehu__demands_keep_nobody(d, d->n_rows + other->nobodys[i]);
    for (int k = 0; k < N_KEYS; k++)
        kehu__free(&d->alloc, numbers[k], from[k]->n, sizeof(uint32_t));
    if (!done)
        return kehu__no_memory(err, "merging demands");
    if (d->channels.n > KEHU__DEMAND_CHANNELS || d->classes.n > KEHU__DEMAND_CLASSES)
        return kehu__fail(err, KEHU_LIMIT, -1, "more than %d channels or %d classes",
                          KEHU__DEMAND_CHANNELS, KEHU__DEMAND_CLASSES);
    return KEHU_OK;
}

static bool same_kind(bool set, bool text, bool other_set, bool other_text)
{
    return !set || !other_set || text == other_text;
}

kehu_status kehu_demands_merge(kehu_demands *d, const kehu_demands *other,
                               kehu_error *err)
{
    kehu_status status;
    if (d == NULL || other == NULL || d == other)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "demands and other are NULL or the same");
    if (d->poisoned || other->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    if (!kehu__demand_machine_same(d->machine, other->machine) ||
        d->offset_minutes != other->offset_minutes)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the logs differ in machine or day_offset_minutes");
    if (!same_kind(d->ids_set, d->ids.text, other->ids_set, other->ids.text) ||
        !same_kind(d->customers_set, d->customers.text, other->customers_set,
                   other->customers.text))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the logs differ in the kind of demand or customer");
    if (other->n_rows > UINT32_MAX - 1 - d->n_rows)
        return kehu__fail(err, KEHU_LIMIT, -1, "the log would have more than 2^32 rows");
    kehu__demands_unfinish(d);
    d->ids.text |= other->ids.text;
    d->customers.text |= other->customers.text;
    d->ids_set |= other->ids_set;
    d->customers_set |= other->customers_set;
    status = merge_all(d, other, err);
    d->n_rows += other->n_rows;
    d->poisoned = status != KEHU_OK;
    return status;
}
