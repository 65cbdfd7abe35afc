/* Who had to ask again: demands laid out by customer, each customer's few put in the
 * order of class and time. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

typedef struct asked {
    int64_t time;
    uint32_t demand;
    uint16_t class_of;
    uint8_t open;
} asked;

static int by_class_and_time(const void *a, const void *b, void *ctx)
{
    const asked *x = a, *y = b;
    (void)ctx;
    if (x->class_of != y->class_of)
        return x->class_of < y->class_of ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->demand > y->demand) - (x->demand < y->demand);
}

/* The demands of one customer, sorted. */
static void count_customer(kehu_demands *d, uint32_t customer, const asked *a, size_t n)
{
    const int64_t limit = d->report.repeat_within_days * KEHU__DAY_US;
    kehu__demand_group *mine = &d->by_customer[customer];
    for (size_t i = 0; i < n; i++) {
        const bool again = i > 0 && a[i - 1].class_of == a[i].class_of;
        const bool repeat = again && a[i].time - a[i - 1].time <= limit;
        kehu__demand_group *of_class = &d->by_class[a[i].class_of];
        mine->demands++;
        mine->open += a[i].open;
        mine->repeats += repeat;
        of_class->repeats += repeat;
        of_class->customers += !again;
    }
    d->counts.customers += n > 0;
    d->counts.repeats += mine->repeats;
}

static bool has_customer(const kehu_demands *d, uint32_t demand)
{
    return kehu__demand_taken(d, demand) &&
           d->intakes[demand].customer != KEHU__DEMAND_NO_CUSTOMER;
}

/* start[c] is where customer c's demands begin, then (after filling) where they end. */
static void lay_out(kehu_demands *d, size_t *start, asked *all)
{
    for (uint32_t i = 0; i < d->n_states; i++)
        if (has_customer(d, i))
            start[d->intakes[i].customer + 1]++;
    for (uint32_t c = 0; c < d->customers.n; c++)
        start[c + 1] += start[c];
    for (uint32_t i = 0; i < d->n_states; i++) {
        const kehu__demand_intake *in = &d->intakes[i];
        const bool open = kehu__demand_open(d, i);
        if (kehu__demand_taken(d, i)) {
            d->by_class[in->class_of].demands++;
            d->by_class[in->class_of].open += open;
        }
        if (has_customer(d, i))
            all[start[in->customer]++] = (asked){in->time, i, in->class_of, open};
    }
}

static void count_all(kehu_demands *d, size_t *start, asked *all)
{
    lay_out(d, start, all);
    for (uint32_t c = 0; c < d->customers.n; c++) {
        const size_t from = c == 0 ? 0 : start[c - 1], n = start[c] - from;
        if (n > 1)
            kehu__sort(all + from, n, sizeof *all, by_class_and_time, NULL);
        count_customer(d, c, all + from, n);
    }
}

kehu_status kehu__demand_find_repeats(kehu_demands *d, kehu_error *err)
{
    const size_t n_classes = d->classes.n, n_customers = d->customers.n;
    size_t *start;
    asked *all;
    bool done;
    if (d->by_class != NULL)
        return KEHU_OK;
    d->n_by_class = n_classes + 1; /* so that there is something even without demands */
    d->n_by_customer = n_customers + 1;
    d->by_class = kehu__alloc_zero(&d->alloc, d->n_by_class, sizeof *d->by_class);
    d->by_customer =
        kehu__alloc_zero(&d->alloc, d->n_by_customer, sizeof *d->by_customer);
    start = kehu__alloc_zero(&d->alloc, n_customers + 1, sizeof *start);
    all = kehu__alloc(&d->alloc, d->n_states, sizeof *all);
    done = d->by_class != NULL && d->by_customer != NULL && start != NULL &&
           (all != NULL || d->n_states == 0);
    if (done) {
        count_all(d, start, all);
    } else {
        kehu__free(&d->alloc, d->by_class, d->n_by_class, sizeof *d->by_class);
        kehu__free(&d->alloc, d->by_customer, d->n_by_customer, sizeof *d->by_customer);
        d->by_class = d->by_customer = NULL;
    }
    kehu__free(&d->alloc, start, n_customers + 1, sizeof *start);
    kehu__free(&d->alloc, all, d->n_states, sizeof *all);
    return done ? KEHU_OK : kehu__no_memory(err, "counting repeats");
}

kehu_status kehu__demand_table_groups(kehu_table **out, kehu_demands *d, bool customers,
                                      kehu_error *err)
{
    const kehu__keys *keys = customers ? &d->customers : &d->classes;
    kehu__builder b = kehu__builder_new(&d->alloc);
    uint32_t *order;
    bool done;
    KEHU_TRY(kehu__demand_find_repeats(d, err));
    order = kehu__alloc(&d->alloc, keys->n, sizeof *order);
    done = keys->n == 0 || (order != NULL && kehu__keys_sort(keys, order));
    kehu__builder_add(&b, customers ? "customer" : "class", kehu__keys_type(keys));
    kehu__builder_add(&b, "demands", KEHU_INT64);
    kehu__builder_add(&b, "open", KEHU_INT64);
    if (!customers)
        kehu__builder_add(&b, "customers", KEHU_INT64);
    kehu__builder_add(&b, "repeats", KEHU_INT64);
    for (uint32_t i = 0; done && i < keys->n; i++) {
        const kehu__demand_group *g =
            customers ? &d->by_customer[order[i]] : &d->by_class[order[i]];
        size_t column = 3;
        if (g->demands == 0)
            continue;
        kehu__keys_write(keys, order[i], &b, 0);
        kehu__builder_integer(&b, 1, g->demands);
        kehu__builder_integer(&b, 2, g->open);
        if (!customers)
            kehu__builder_integer(&b, column++, g->customers);
        kehu__builder_integer(&b, column, g->repeats);
        kehu__builder_end_row(&b);
    }
    kehu__free(&d->alloc, order, keys->n, sizeof *order);
    return kehu__builder_end(&b, done, out, err);
}
