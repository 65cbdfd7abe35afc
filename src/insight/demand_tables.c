/* Counts by period, channel, class and status; lists of open demands and of refused
 * rows. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

static void write_status(const kehu_demands *d, kehu__builder *b, size_t column,
                         uint8_t status)
{
    const char *name = kehu_demand_machine_get_name(d->machine, status);
    if (name == NULL)
        kehu__builder_missing(b, column);
    else
        kehu__builder_text(b, column, name, strlen(name));
}

/* ---- Counts ---- */

/* A cell's key, so that cells sort as the columns do: period, rank of the channel, rank
 * of the class, status. */
enum { STATUS_BITS = 6, CLASS_BITS = 12, CHANNEL_BITS = 10 };

#define SIGN 0x80000000u /* so that periods before 1970 come first */

typedef struct cells {
    const kehu_demands *d;
    uint32_t *channel_order, *class_order; /* by name: rank -> number */
    uint32_t *channel_rank, *class_rank;   /* and back */
    kehu__keys keys;                       /* integers: cells */
    int64_t *counts;                       /* [keys.n] */
    size_t counts_capacity;
} cells;

static int32_t period_of(const kehu_demands *d, int64_t time)
{
    const int32_t day = kehu__day_of(time, d->offset_minutes);
    if (d->report.period == KEHU_DEMAND_WEEK) {
        const int32_t past = (day % 7 + 10) % 7; /* 1970-01-01 was a Thursday */
        return day - past;
    }
    if (d->report.period == KEHU_DEMAND_MONTH) {
        kehu__date date = kehu__date_from_days(day);
        date.day = 1;
        return kehu__days_from_date(date);
    }
    return day;
}

static bool rank_names(const kehu__keys *names, uint32_t **order, uint32_t **rank)
{
    *order = kehu__alloc(&names->alloc, names->n, sizeof **order);
    *rank = kehu__alloc(&names->alloc, names->n, sizeof **rank);
    if (names->n == 0)
        return true;
    if (*order == NULL || *rank == NULL || !kehu__keys_sort(names, *order))
        return false;
    for (uint32_t i = 0; i < names->n; i++)
        (*rank)[(*order)[i]] = i;
    return true;
}

static bool count_cells(cells *c)
{
    const kehu_demands *d = c->d;
    int64_t last_time = INT64_MIN;
    int32_t period = 0;
    for (uint32_t i = 0; i < d->n_states; i++) {
        const kehu__demand_intake *in = &d->intakes[i];
        if (!kehu__demand_taken(d, i))
            continue;
        if (in->time != last_time)
            period = period_of(d, in->time);
        last_time = in->time;
        const uint64_t rest = ((uint64_t)c->channel_rank[in->channel] << CLASS_BITS |
                               c->class_rank[in->class_of])
                                  << STATUS_BITS |
                              d->status[i];
        const kehu__key key =
            kehu__key_integer((int64_t)((uint64_t)((uint32_t)period ^ SIGN)
                                            << (CHANNEL_BITS + CLASS_BITS + STATUS_BITS) |
                                        rest));
        const uint32_t known = c->keys.n;
        const int64_t at = kehu__keys_add(&c->keys, &key);
        if (at == KEHU__NO_KEY || !kehu__grow(&d->alloc, &c->counts, &c->counts_capacity,
                                              (size_t)at + 1, sizeof *c->counts))
            return false;
        if ((uint32_t)at == known)
            c->counts[at] = 0;
        c->counts[at]++;
    }
    return true;
}

static bool write_cells(cells *c, kehu__builder *b)
{
    const kehu_demands *d = c->d;
    const uint32_t n = c->keys.n;
    uint32_t *order = kehu__alloc(&d->alloc, n, sizeof *order);
    const bool done = n == 0 || (order != NULL && kehu__keys_sort(&c->keys, order));
    for (uint32_t i = 0; done && i < n; i++) {
        const int64_t key = c->keys.integers[order[i]];
        const uint64_t rest = (uint64_t)key;
        const uint64_t channel =
            rest >> (CLASS_BITS + STATUS_BITS) & (KEHU__DEMAND_CHANNELS - 1);
        const uint64_t class_of = rest >> STATUS_BITS & (KEHU__DEMAND_CLASSES - 1);
        const uint64_t period = rest >> (CHANNEL_BITS + CLASS_BITS + STATUS_BITS);
        kehu__builder_integer(b, 0, (int32_t)((uint32_t)period ^ SIGN));
        kehu__keys_write(&d->channels, c->channel_order[channel], b, 1);
        kehu__keys_write(&d->classes, c->class_order[class_of], b, 2);
        write_status(d, b, 3, (uint8_t)(rest & ((1 << STATUS_BITS) - 1)));
        kehu__builder_integer(b, 4, c->counts[order[i]]);
        kehu__builder_end_row(b);
    }
    kehu__free(&d->alloc, order, n, sizeof *order);
    return done;
}

kehu_status kehu__demand_table_counts(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    cells c = {.d = d, .keys = kehu__keys_new(&d->alloc, false)};
    kehu__builder_add(&b, "period", KEHU_DATE32);
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "demands", KEHU_INT64);
    const bool done = rank_names(&d->channels, &c.channel_order, &c.channel_rank) &&
                      rank_names(&d->classes, &c.class_order, &c.class_rank) &&
                      count_cells(&c) && write_cells(&c, &b);
    kehu__free(&d->alloc, c.channel_order, d->channels.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.channel_rank, d->channels.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.class_order, d->classes.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.class_rank, d->classes.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.counts, c.counts_capacity, sizeof *c.counts);
    kehu__keys_free(&c.keys);
    return kehu__builder_end(&b, done, out, err);
}

/* ---- Open demands ---- */

/* Microseconds beyond the service level, the larger of reply's and solution's; 0 or
 * less when in time. */
static int64_t lateness(const kehu_demands *d, uint32_t demand)
{
    const int64_t age = kehu__demand_age(d, demand);
    const int64_t solve = age - d->report.solve_within_hours * KEHU__HOUR_US;
    const int64_t reply = age - d->report.reply_within_hours * KEHU__HOUR_US;
    return d->states[demand].reply < 0 && reply > solve ? reply : solve;
}

/* Demands with equal keys, which are together, by their ids. */
static bool sort_equals(const kehu_demands *d, const uint64_t *keys, uint32_t *demands,
                        size_t n)
{
    for (size_t from = 0, end; from < n; from = end) {
        for (end = from + 1; end < n && keys[end] == keys[from];)
            end++;
        if (end - from > 1 && !kehu__keys_arrange(&d->ids, demands + from, end - from))
            return false;
    }
    return true;
}

/* The open (and late) demands, n of them: the oldest or latest first, equal ones by id.
 */
static bool sort_open(const kehu_demands *d, bool late, uint32_t *demands, size_t n)
{
    uint64_t *keys = kehu__alloc(&d->alloc, n, sizeof *keys);
    uint64_t *scratch = kehu__alloc(&d->alloc, n, sizeof *scratch);
    uint32_t *moved = kehu__alloc(&d->alloc, n, sizeof *moved);
    bool done = n == 0 || (keys != NULL && scratch != NULL && moved != NULL);
    size_t at = 0;
    for (uint32_t i = 0; done && i < d->n_states && at < n; i++)
        if (kehu__demand_open(d, i) && (!late || lateness(d, i) > 0)) {
            keys[at] = late ? ~(uint64_t)lateness(d, i)
                            : (uint64_t)d->intakes[i].time ^ (uint64_t)1 << 63;
            demands[at++] = i;
        }
    if (done && n > 0) {
        kehu__sort_pairs(keys, demands, scratch, moved, n);
        done = sort_equals(d, keys, demands, n);
    }
    kehu__free(&d->alloc, keys, n, sizeof *keys);
    kehu__free(&d->alloc, scratch, n, sizeof *scratch);
    kehu__free(&d->alloc, moved, n, sizeof *moved);
    return done;
}

static void write_open(const kehu_demands *d, kehu__builder *b, uint32_t demand,
                       bool late)
{
    const kehu__demand_intake *in = &d->intakes[demand];
    kehu__keys_write(&d->ids, demand, b, 0);
    if (in->customer == KEHU__DEMAND_NO_CUSTOMER)
        kehu__builder_missing(b, 1);
    else
        kehu__keys_write(&d->customers, in->customer, b, 1);
    kehu__keys_write(&d->channels, in->channel, b, 2);
    kehu__keys_write(&d->classes, in->class_of, b, 3);
    write_status(d, b, 4, d->status[demand]);
    kehu__builder_integer(b, 5, in->time);
    kehu__builder_integer(b, 6, kehu__demand_age(d, demand) / 1000000);
    if (late)
        kehu__builder_integer(b, 7, lateness(d, demand) / 1000000);
    kehu__builder_end_row(b);
}

/* Demands lie all over the memory: that of the next ones is asked for first. */
static void write_all_open(const kehu_demands *d, kehu__builder *b,
                           const uint32_t *demands, size_t n, bool late)
{
    enum { BLOCK = 32 };
    for (size_t from = 0; from < n; from += BLOCK) {
        const size_t end = n - from < BLOCK ? n : from + BLOCK;
        for (size_t i = from; i < end; i++) {
            KEHU__ASK(&d->intakes[demands[i]]);
            KEHU__ASK(&d->states[demands[i]]);
            KEHU__ASK(&d->status[demands[i]]);
            kehu__keys_ask_number(&d->ids, demands[i]);
        }
        for (size_t i = from; i < end; i++)
            if (d->intakes[demands[i]].customer != KEHU__DEMAND_NO_CUSTOMER)
                kehu__keys_ask_number(&d->customers, d->intakes[demands[i]].customer);
        for (size_t i = from; i < end; i++)
            write_open(d, b, demands[i], late);
    }
}

kehu_status kehu__demand_table_open(kehu_table **out, kehu_demands *d, bool late,
                                    kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    size_t n = 0;
    for (uint32_t i = 0; i < d->n_states; i++)
        n += kehu__demand_open(d, i) && (!late || lateness(d, i) > 0);
    uint32_t *demands = kehu__alloc(&d->alloc, n, sizeof *demands);
    const bool done = n == 0 || (demands != NULL && sort_open(d, late, demands, n));
    kehu__builder_add(&b, "demand", kehu__keys_type(&d->ids));
    kehu__builder_add(&b, "customer", kehu__keys_type(&d->customers));
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "taken_in", KEHU_TIMESTAMP);
    kehu__builder_add(&b, "age_s", KEHU_INT64);
    if (late)
        kehu__builder_add(&b, "late_s", KEHU_INT64);
    if (done)
        write_all_open(d, &b, demands, n, late);
    kehu__free(&d->alloc, demands, n, sizeof *demands);
    return kehu__builder_end(&b, done, out, err);
}

/* ---- Refused rows ---- */

typedef struct refused_row {
    uint32_t row, demand;
    uint8_t status, before, reason;
} refused_row;

typedef struct refusing {
    const kehu_demands *d;
    refused_row *rows;
    size_t n, capacity;
    bool failed;
} refusing;

static void note(refusing *r, refused_row row)
{
    if (!kehu__grow(&r->d->alloc, &r->rows, &r->capacity, r->n + 1, sizeof *r->rows))
        r->failed = true;
    else
        r->rows[r->n++] = row;
}

static void note_row(void *ctx, uint32_t demand, const kehu__demand_row *row,
                     kehu__demand_reason reason, uint8_t before)
{
    if (reason != KEHU__DEMAND_LATER)
        note(ctx,
             (refused_row){row->number, demand, row->status, before, (uint8_t)reason});
}

static int by_row(const void *a, const void *b, void *ctx)
{
    const refused_row *x = a, *y = b;
    (void)ctx;
    return (x->row > y->row) - (x->row < y->row);
}

static void write_refused(const kehu_demands *d, kehu__builder *b, const refused_row *r)
{
    static const char *const reasons[] = {
        [KEHU__DEMAND_WITHOUT_TIME] = "no time",
        [KEHU__DEMAND_WITHOUT_STATUS] = "unknown status",
        [KEHU__DEMAND_BEFORE_INTAKE] = "before the intake",
        [KEHU__DEMAND_NOT_ALLOWED] = "not allowed",
        [KEHU__DEMAND_WITHOUT_ID] = "no demand"};
    kehu__builder_integer(b, 0, r->row);
    if (r->reason == KEHU__DEMAND_WITHOUT_ID)
        kehu__builder_missing(b, 1);
    else
        kehu__keys_write(&d->ids, r->demand, b, 1);
    write_status(d, b, 2, r->status);
    write_status(d, b, 3, r->before);
    kehu__builder_text(b, 4, reasons[r->reason], strlen(reasons[r->reason]));
    kehu__builder_end_row(b);
}

kehu_status kehu__demand_table_refused(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    refusing r = {.d = d};
    const kehu__demand_teller teller = {note_row, NULL, &r};
    for (size_t p = 0; p < d->n_parts && !r.failed; p++)
        r.failed |= !kehu__demand_follow(d, p, d->as_of, &teller);
    for (size_t i = 0; i < d->n_nobodys && !r.failed; i++)
        note(&r, (refused_row){d->nobodys[i], 0, KEHU__DEMAND_UNKNOWN, KEHU__DEMAND_NONE,
                               KEHU__DEMAND_WITHOUT_ID});
    if (r.n > 0)
        kehu__sort(r.rows, r.n, sizeof *r.rows, by_row, NULL);
    kehu__builder_add(&b, "row", KEHU_INT64);
    kehu__builder_add(&b, "demand", kehu__keys_type(&d->ids));
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "after", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "reason", KEHU_LARGE_UTF8);
    for (size_t i = 0; i < r.n && !r.failed; i++)
        write_refused(d, &b, &r.rows[i]);
    kehu__free(&d->alloc, r.rows, r.capacity, sizeof *r.rows);
    return kehu__builder_end(&b, !r.failed, out, err);
}
