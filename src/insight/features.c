/* What each customer's events say, in the order of time, as a row of columns. */
#include <kehu/features.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "insight/features.h"

enum { PARTS_OF_DAY = 4, NAME_BYTES = 32 };
#define DAY_US  86400000000
#define PART_US (DAY_US / PARTS_OF_DAY)

typedef struct finding {
    kehu__events events;
    double *shares; /* [items] of all customers together */
    double *sums;   /* [items] of one customer */
    int64_t *counts;
    uint32_t *order; /* [items] by name */
    uint32_t *seen;  /* [places] 1 + the last customer that was there */
    kehu__builder b;
} finding;

/* ---- Columns ---- */

/* "<item><ending>", which no other column may be called. */
static kehu_status add_item(finding *f, uint32_t item, const char *ending, kehu_type type,
                            kehu_error *err)
{
    const kehu_allocator *a = &f->events.customers.alloc;
    const kehu__text name = kehu__keys_at(&f->events.items, item).text;
    const size_t size = (size_t)name.size, room = size + NAME_BYTES;
    char *whole = kehu__alloc(a, room, 1);
    kehu_status status = KEHU_OK;
    if (whole == NULL)
        return kehu__no_memory(err, "a column's name");
    memcpy(whole, name.bytes, size);
    snprintf(whole + size, NAME_BYTES, "%s", ending);
    if (memchr(whole, '\0', size) != NULL)
        status = kehu__fail(err, KEHU_DATA, -1, "an item has a NUL byte");
    for (size_t k = 0; k < f->b.n_columns && status == KEHU_OK; k++)
        if (strcmp(f->b.columns[k].name, whole) == 0)
            status =
                kehu__fail(err, KEHU_DUPLICATE, -1, "two columns are called %s", whole);
    if (status == KEHU_OK)
        kehu__builder_add(&f->b, whole, type);
    kehu__free(a, whole, room, 1);
    return status;
}

typedef struct named {
    const char *name;
    kehu_type type;
} named;

static const named behind[] = {{"weekend_share", KEHU_FLOAT64},
                               {"active_days", KEHU_INT64},
                               {"recency_days", KEHU_INT64},
                               {"trend", KEHU_FLOAT64}};
static const char *const parts_of_day[PARTS_OF_DAY] = {
    "night_share", "morning_share", "afternoon_share", "evening_share"};

/* What does not depend on the items, first: their columns may not have these names. */
static kehu_status add_columns(finding *f, kehu_error *err)
{
    kehu__builder *b = &f->b;
    kehu__builder_add(b, "customer", kehu__keys_type(&f->events.customers));
    kehu__builder_add(b, "events", KEHU_INT64);
    if (f->events.amount != NULL)
        kehu__builder_add(b, "amount", KEHU_FLOAT64);
    kehu__builder_add(b, "entropy", KEHU_FLOAT64);
    kehu__builder_add(b, "divergence", KEHU_FLOAT64);
    for (int k = 0; k < PARTS_OF_DAY && f->events.time->type != KEHU_DATE32; k++)
        kehu__builder_add(b, parts_of_day[k], KEHU_FLOAT64);
    for (size_t k = 0; k < sizeof behind / sizeof *behind; k++)
        kehu__builder_add(b, behind[k].name, behind[k].type);
    if (f->events.place != NULL) {
        kehu__builder_add(b, "places", KEHU_INT64);
        kehu__builder_add(b, "moves", KEHU_INT64);
    }
    for (uint32_t k = 0; k < f->events.items.n; k++) {
        KEHU_TRY(add_item(f, f->order[k], "_events", KEHU_INT64, err));
        KEHU_TRY(add_item(f, f->order[k], "_share", KEHU_FLOAT64, err));
    }
    return KEHU_OK;
}

/* The next cell of a row. */
typedef struct row {
    kehu__builder *b;
    size_t column;
} row;

static void put_integer(row *r, int64_t x)
{
    kehu__builder_integer(r->b, r->column++, x);
}

static void put_number(row *r, double x)
{
    if (isnan(x))
        kehu__builder_missing(r->b, r->column++);
    else
        kehu__builder_number(r->b, r->column++, x);
}

/* ---- One customer ---- */

static double bits(double p, double of)
{
    return p > 0 ? p * kehu__log(p / of) / kehu__log(2) : 0;
}

/* Counts and amounts by item, and the amount of all. */
static double add_up(finding *f, const kehu__event *e, size_t n)
{
    double sum = 0;
    memset(f->counts, 0, f->events.items.n * sizeof *f->counts);
    memset(f->sums, 0, f->events.items.n * sizeof *f->sums);
    for (size_t i = 0; i < n; i++) {
        f->counts[e[i].item]++;
        f->sums[e[i].item] += e[i].amount;
    }
    for (uint32_t k = 0; k < f->events.items.n; k++)
        sum += f->sums[f->order[k]];
    return sum;
}

static void put_variety(finding *f, row *r, double sum)
{
    double entropy = sum > 0 ? 0 : NAN, divergence = entropy;
    for (uint32_t k = 0; k < f->events.items.n && sum > 0; k++) {
        const double p = f->sums[f->order[k]] / sum;
        entropy -= bits(p, 1);
        divergence += bits(p, f->shares[f->order[k]]);
    }
    /* Rounding may leave a little below 0. */
    put_number(r, sum > 0 && entropy < 0 ? 0 : entropy);
    put_number(r, sum > 0 && divergence < 0 ? 0 : divergence);
}

static void put_hours(const finding *f, row *r, const kehu__event *e, size_t n)
{
    int64_t parts[PARTS_OF_DAY] = {0};
    for (size_t i = 0; i < n; i++) {
        const int64_t local = e[i].time % DAY_US + (int64_t)f->events.offset * 60000000;
        parts[((local % DAY_US + DAY_US) % DAY_US) / PART_US]++;
    }
    for (int k = 0; k < PARTS_OF_DAY; k++)
        put_number(r, (double)parts[k] / (double)n);
}

static void put_days(const finding *f, row *r, const kehu__event *e, size_t n)
{
    const int64_t days = (int64_t)f->events.to_day - f->events.from_day + 1;
    int64_t weekend = 0, active = 0, early = 0, late = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t day = kehu__event_day(&f->events, e[i].time),
                      at = day - f->events.from_day;
        const int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        weekend += weekday >= 5;
        active += i == 0 || day != kehu__event_day(&f->events, e[i - 1].time);
        early += 2 * at + 1 < days;
        late += 2 * at + 1 > days;
    }
    put_number(r, (double)weekend / (double)n);
    put_integer(r, active);
    put_integer(r,
                (int64_t)f->events.to_day - kehu__event_day(&f->events, e[n - 1].time));
    put_number(r, early + late > 0 ? (double)(late - early) / (double)(early + late) : 0);
}

static void put_places(finding *f, row *r, const kehu__event *e, size_t n)
{
    int64_t places = 0, moves = 0;
    int32_t last = KEHU__NOWHERE;
    for (size_t i = 0; i < n; i++) {
        if (e[i].place == KEHU__NOWHERE)
            continue;
        places += f->seen[e[i].place] != e[i].customer + 1;
        moves += last != KEHU__NOWHERE && last != e[i].place;
        f->seen[e[i].place] = e[i].customer + 1;
        last = e[i].place;
    }
    put_integer(r, places);
    put_integer(r, moves);
}

static void write_customer(finding *f, const kehu__event *e, size_t n)
{
    row r = {&f->b, 1};
    const double sum = add_up(f, e, n);
    kehu__keys_write(&f->events.customers, e->customer, &f->b, 0);
    put_integer(&r, (int64_t)n);
    if (f->events.amount != NULL)
        put_number(&r, sum);
    put_variety(f, &r, sum);
    if (f->events.time->type != KEHU_DATE32)
        put_hours(f, &r, e, n);
    put_days(f, &r, e, n);
    if (f->events.place != NULL)
        put_places(f, &r, e, n);
    for (uint32_t k = 0; k < f->events.items.n; k++) {
        put_integer(&r, f->counts[f->order[k]]);
        put_number(&r, sum > 0 ? f->sums[f->order[k]] / sum : NAN);
    }
    kehu__builder_end_row(&f->b);
}

/* ---- All ---- */

/* As they were given, or by name. */
static bool order_items(finding *f)
{
    for (uint32_t k = 0; k < f->events.items.n && f->events.items_given; k++)
        f->order[k] = k;
    return f->events.items_given || kehu__keys_sort(&f->events.items, f->order);
}

static bool make_room(finding *f)
{
    const kehu_allocator *a = &f->events.customers.alloc;
    const size_t n = f->events.items.n;
    f->shares = kehu__alloc_zero(a, n, sizeof *f->shares);
    f->sums = kehu__alloc(a, n, sizeof *f->sums);
    f->counts = kehu__alloc(a, n, sizeof *f->counts);
    f->order = kehu__alloc(a, n, sizeof *f->order);
    f->seen = kehu__alloc_zero(a, f->events.places.n, sizeof *f->seen);
    return n == 0 || (f->shares != NULL && f->sums != NULL && f->counts != NULL &&
                      f->order != NULL && (f->events.places.n == 0 || f->seen != NULL) &&
                      order_items(f) && kehu__events_sort(&f->events));
}

static void share_all(finding *f)
{
    double sum = 0;
    for (size_t i = 0; i < f->events.n; i++) {
        f->shares[f->events.list[i].item] += f->events.list[i].amount;
        sum += f->events.list[i].amount;
    }
    for (uint32_t k = 0; k < f->events.items.n && sum > 0; k++)
        f->shares[k] /= sum;
}

static kehu_status find(finding *f, const kehu_column *items, kehu_error *err)
{
    if (items != NULL)
        KEHU_TRY(kehu__events_give_items(&f->events, items, err));
    KEHU_TRY(kehu__events_take(&f->events, err));
    if (!make_room(f))
        return kehu__no_memory(err, "features");
    KEHU_TRY(add_columns(f, err));
    share_all(f);
    for (size_t i = 0, n; i < f->events.n; i += n) {
        for (n = 1; i + n < f->events.n &&
                    f->events.list[i + n].customer == f->events.list[i].customer;)
            n++;
        write_customer(f, f->events.list + i, n);
    }
    return KEHU_OK;
}

static void free_finding(finding *f)
{
    const kehu_allocator *a = &f->events.customers.alloc;
    const size_t n = f->events.items.n;
    kehu__free(a, f->shares, n, sizeof *f->shares);
    kehu__free(a, f->sums, n, sizeof *f->sums);
    kehu__free(a, f->counts, n, sizeof *f->counts);
    kehu__free(a, f->order, n, sizeof *f->order);
    kehu__free(a, f->seen, f->events.places.n, sizeof *f->seen);
    kehu__events_free(&f->events);
}

kehu_status kehu_features_find(kehu_table **out, const kehu_column *customer,
                               const kehu_column *item, const kehu_column *time,
                               const kehu_column *amount, const kehu_column *place,
                               int32_t from_day, int32_t to_day,
                               const kehu_features_options *options, kehu_error *err)
{
    finding f = {.events = {.customer = customer,
                            .item = item,
                            .time = time,
                            .amount = amount,
                            .place = place,
                            .from_day = from_day,
                            .to_day = to_day}};
    kehu_features_options opt = {0};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.day_offset_minutes < -1440 || opt.day_offset_minutes > 1440)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "day_offset_minutes is %d, expected -1440 to 1440",
                          (int)opt.day_offset_minutes);
    f.events.offset = opt.day_offset_minutes;
    KEHU_TRY(kehu__events_check(&f.events, err));
    const kehu_allocator alloc = kehu__allocator(opt.alloc);
    f.events.customers =
        kehu__keys_new(&alloc, kehu__type_is_text(kehu__column_kind(customer)));
    f.events.items = kehu__keys_new(&alloc, true);
    f.events.places = kehu__keys_new(&alloc, true);
    f.b = kehu__builder_new(&alloc);
    status = find(&f, opt.items, err);
    if (status == KEHU_OK)
        status = kehu__builder_end(&f.b, true, out, err);
    else
        kehu__builder_free(&f.b);
    free_finding(&f);
    return status;
}
