/* A log's life, and rows going in. */
#include <kehu/demand.h>

#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "insight/demand.h"

enum { BLOCK = 64 }; /* rows whose ids and times are read together */

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
    d->rows = kehu__alloc_zero(&a, KEHU__DEMAND_PARTS, sizeof *d->rows);
    d->intakes = kehu__alloc_zero(&a, KEHU__DEMAND_PARTS, sizeof *d->intakes);
    d->ids = d->customers = kehu__keys_new(&a, false);
    d->statuses = d->channels = d->classes = kehu__keys_new(&a, true);
    status = d->rows == NULL || d->intakes == NULL
                 ? kehu__no_memory(err, "a log of demands")
                 : copy_machine(d, opt.machine, err);
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
    kehu__demands_free_rows(d);
    kehu_demand_machine_free(d->machine);
    kehu__keys_free(&d->statuses);
    kehu__keys_free(&d->ids);
    kehu__keys_free(&d->customers);
    kehu__keys_free(&d->channels);
    kehu__keys_free(&d->classes);
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
static int64_t find_name(namer *n, int64_t i)
{
    if (n->c == NULL)
        return name_number(n, (kehu__text){"", 0});
    if (n->codes == NULL || !kehu__column_valid(n->c, i))
        return name_number(n, kehu__column_text(n->c, i));
    int64_t *code = &n->codes[kehu__column_code(n->c, i)];
    *code = name_number(n, kehu__column_text(n->c, i));
    return *code;
}

/* The same; of a category it is mostly known. */
static inline int64_t namer_get(namer *n, int64_t i)
{
    if (n->codes != NULL && kehu__column_valid(n->c, i)) {
        const int64_t known = n->codes[kehu__column_code(n->c, i)];
        if (known != UNSEEN)
            return known;
    }
    return find_name(n, i);
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

/* A column of ids on its way to integers. */
typedef struct ids {
    const kehu_column *c; /* NULL: nobody has one */
    kehu__keys *keys;     /* of texts */
    const char *what;
} ids;

typedef struct adding {
    kehu_demands *d;
    const kehu_demand_batch *batch;
    ids demand, customer;
    namer status, channel, class_of;
    int64_t unit, day_start; /* of the column of times, and what it may hold */
    int64_t first_time, last_time;
} adding;

static void set_times(adding *a)
{
    const bool is_day = a->batch->time->type == KEHU_DATE32;
    a->unit = is_day ? KEHU__DAY_US : 1;
    a->day_start = is_day ? (int64_t)a->d->offset_minutes * -60000000 : 0;
    a->first_time = (KEHU__FIRST_TIME - a->day_start) / a->unit;
    a->last_time = (KEHU__LAST_TIME - a->day_start) / a->unit;
}

/* The number of row i's text; has says whether there is one. */
static kehu_status number_text(const ids *x, int64_t i, int64_t *number, bool *has,
                               kehu_error *err)
{
    const kehu__text t = kehu__column_text(x->c, i);
    kehu__key key;
    *has = t.size > 0;
    if (!*has)
        return KEHU_OK;
    if (t.size > KEHU__KEY_BYTES)
        return kehu__fail(err, KEHU_LIMIT, i, "row %lld: %s above 1 MiB", (long long)i,
                          x->what);
    key = kehu__key_text(t);
    *number = kehu__keys_add(x->keys, &key);
    return *number == KEHU__NO_KEY ? kehu__no_memory(err, "more demands") : KEHU_OK;
}

static kehu_status get_id(const ids *x, int64_t i, int64_t *id, bool *has,
                          kehu_error *err)
{
    *has = x->c != NULL && kehu__column_valid(x->c, i);
    if (*has && kehu__type_is_text(x->c->type))
        return number_text(x, i, id, has, err);
    if (*has)
        *id = kehu__column_integer(x->c, i);
    return KEHU_OK;
}

/* Prefetch the slots of some rows' texts. */
static void prefetch_texts(const ids *x, int64_t from, int64_t n)
{
    for (int64_t i = from; i < from + n; i++) {
        const kehu__key key = kehu__key_text(kehu__column_text(x->c, i));
        kehu__keys_prefetch(x->keys, key.hash);
    }
}

static kehu_status read_intake(adding *a, int64_t i, kehu__demand_intake *in,
                               kehu_error *err)
{
    const int64_t channel = namer_get(&a->channel, i);
    const int64_t class_of = namer_get(&a->class_of, i);
    if (channel < 0)
        return namer_fail(&a->channel, channel, i, err);
    if (class_of < 0)
        return namer_fail(&a->class_of, class_of, i, err);
    in->channel = (uint16_t)channel;
    in->class_of = (uint16_t)class_of;
    return get_id(&a->customer, i, &in->customer, &in->has_customer, err);
}

/* What a row entered, and when. */
static uint8_t read_status(adding *a, int64_t i, int64_t time, kehu__demand_row *row)
{
    int64_t found;
    if (time < a->first_time || time > a->last_time ||
        !kehu__column_valid(a->batch->time, i)) {
        row->time = INT64_MIN;
        return KEHU__DEMAND_NO_TIME;
    }
    row->time = time * a->unit + a->day_start;
    found = namer_get(&a->status, i);
    return found == KEHU__NO_KEY ? KEHU__DEMAND_UNKNOWN : (uint8_t)found;
}

static kehu_status take_row(adding *a, int64_t i, int64_t time, kehu__demand_row *row,
                            kehu_error *err)
{
    kehu__demand_intake in = {0};
    row->number = a->d->n_rows + (uint32_t)i;
    row->status = read_status(a, i, time, row);
    if (row->status == 0)
        KEHU_TRY(read_intake(a, i, &in, err));
    return kehu__demands_keep_row(a->d, row, row->status == 0 ? &in : NULL)
               ? KEHU_OK
               : kehu__no_memory(err, "more demands");
}

static kehu_status take_nobody(kehu_demands *d, int64_t i, kehu_error *err)
{
    return kehu__demands_keep_nobody(d, d->n_rows + (uint32_t)i)
               ? KEHU_OK
               : kehu__no_memory(err, "more demands");
}

static kehu_status take_rows(adding *a, kehu_error *err)
{
    const int64_t n = a->batch->demand->length;
    const bool text = kehu__type_is_text(a->demand.c->type);
    int64_t integers[BLOCK] = {0}, times[BLOCK];
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t m = n - from < BLOCK ? n - from : BLOCK;
        if (text)
            prefetch_texts(&a->demand, from, m);
        else
            kehu__column_integers(a->demand.c, from, m, integers);
        kehu__column_integers(a->batch->time, from, m, times);
        for (int64_t k = 0; k < m; k++) {
            kehu__demand_row row = {.demand = integers[k]};
            bool has = kehu__column_valid(a->demand.c, from + k);
            if (has && text)
                KEHU_TRY(number_text(&a->demand, from + k, &row.demand, &has, err));
            KEHU_TRY(has ? take_row(a, from + k, times[k], &row, err)
                         : take_nobody(a->d, from + k, err));
        }
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
                .demand = {batch->demand, &d->ids, "a demand"},
                .customer = {batch->customer, &d->customers, "a customer"},
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

/* The rows of a part, their texts and names by their new numbers. */
static bool merge_part(kehu_demands *d, const kehu_demands *other, size_t part,
                       uint32_t *const numbers[N_KEYS])
{
    kehu__demand_at at = kehu__demand_begin(&other->rows[part]);
    kehu__demand_at at_intake = kehu__demand_begin(&other->intakes[part]);
    const kehu__demand_row *from;
    while ((from = kehu__demand_next(&at, sizeof *from)) != NULL) {
        kehu__demand_row row = *from;
        kehu__demand_intake in = {0};
        row.number += d->n_rows;
        if (other->ids.text)
            row.demand = numbers[IDS][row.demand];
        if (row.status == 0) {
            in = *(const kehu__demand_intake *)kehu__demand_next(&at_intake, sizeof in);
            in.channel = (uint16_t)numbers[CHANNELS][in.channel];
            in.class_of = (uint16_t)numbers[CLASSES][in.class_of];
            if (in.has_customer && other->customers.text)
                in.customer = numbers[CUSTOMERS][in.customer];
        }
        if (!kehu__demands_keep_row(d, &row, row.status == 0 ? &in : NULL))
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
    for (int k = 0; k < N_KEYS && done; k++)
        done = merge_keys(into[k], from[k], numbers[k]);
    for (size_t p = 0; p < KEHU__DEMAND_PARTS && done; p++)
        done = merge_part(d, other, p, numbers);
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
