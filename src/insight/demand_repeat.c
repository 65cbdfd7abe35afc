/* Who had to ask again: demands are scattered by a hash of the customer, so that those of
 * a part are put in the order of customer, class and time inside a core's cache. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

enum { PARTS = 512 };

typedef struct asked {
    int64_t customer, time;
    uint16_t class_of;
    uint8_t open;
} asked;

typedef struct customer {
    int64_t customer, demands, open, repeats;
} customer;

typedef struct counting {
    kehu_demands *d;
    asked *all;
    size_t end[PARTS];
    /* Of a part. */
    kehu__demand_buckets buckets;
    asked *sorted; /* [demands of the largest part] */
    size_t most;
    /* What is counted: by_class and customers are both optional. */
    kehu__demand_group *by_class;
    bool list_customers;
    customer *customers;
    size_t n_customers, customers_capacity;
    int64_t repeats;
} counting;

static int by_customer_class_and_time(const void *a, const void *b, void *ctx)
{
    const asked *x = a, *y = b;
    (void)ctx;
    if (x->customer != y->customer)
        return x->customer < y->customer ? -1 : 1;
    if (x->class_of != y->class_of)
        return x->class_of < y->class_of ? -1 : 1;
    return (x->time > y->time) - (x->time < y->time);
}

/* The demands of a bucket. */
static void sort_asked(asked *a, size_t n)
{
    if (n > KEHU__DEMAND_FEW) {
        kehu__sort(a, n, sizeof *a, by_customer_class_and_time, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const asked moving = a[i];
        size_t j = i;
        for (; j > 0 && by_customer_class_and_time(&a[j - 1], &moving, NULL) > 0; j--)
            a[j] = a[j - 1];
        a[j] = moving;
    }
}

/* The demands of one customer, sorted. */
static bool count_customer(counting *c, const asked *a, size_t n)
{
    const int64_t limit = c->d->report.repeat_within_days * KEHU__DAY_US;
    customer mine = {a->customer, (int64_t)n, 0, 0};
    for (size_t i = 0; i < n; i++) {
        const bool again = i > 0 && a[i - 1].class_of == a[i].class_of;
        const bool repeat = again && a[i].time - a[i - 1].time <= limit;
        mine.open += a[i].open;
        mine.repeats += repeat;
        if (c->by_class != NULL) {
            c->by_class[a[i].class_of].repeats += repeat;
            c->by_class[a[i].class_of].customers += !again;
        }
    }
    c->repeats += mine.repeats;
    c->n_customers++;
    if (!c->list_customers)
        return true;
    if (!kehu__grow(&c->d->alloc, &c->customers, &c->customers_capacity, c->n_customers,
                    sizeof *c->customers))
        return false;
    c->customers[c->n_customers - 1] = mine;
    return true;
}

static bool count_bucket(counting *c, asked *a, size_t n)
{
    bool done = true;
    sort_asked(a, n);
    for (size_t from = 0, end; from < n && done; from = end) {
        for (end = from + 1; end < n && a[end].customer == a[from].customer;)
            end++;
        done = count_customer(c, a + from, end - from);
    }
    return done;
}

static bool count_part(counting *c, const asked *a, size_t n)
{
    bool done = true;
    if (n == 0)
        return true;
    if (!kehu__demand_buckets_begin(&c->buckets, &c->d->alloc, n))
        return false;
    for (size_t i = 0; i < n; i++)
        ++*kehu__demand_bucket(&c->buckets, a[i].customer);
    kehu__demand_buckets_sum(&c->buckets);
    for (size_t i = 0; i < n; i++)
        c->sorted[(*kehu__demand_bucket(&c->buckets, a[i].customer))++] = a[i];
    for (size_t k = 0, from = 0; k < c->buckets.n && done; k++) {
        const size_t end = c->buckets.ends[k];
        done = count_bucket(c, c->sorted + from, end - from);
        from = end;
    }
    return done;
}

/* ---- All of them ---- */

static size_t part_of(int64_t id)
{
    return kehu__mix64((uint64_t)id) % PARTS;
}

/* end[p] is where part p's demands begin, then (after filling) where they end. */
static void scatter(counting *c)
{
    const kehu_demands *d = c->d;
    size_t start = 0;
    for (size_t i = 0; i < d->n_states; i++)
        c->end[part_of(d->states[i].customer)] +=
            kehu__demand_taken(&d->states[i]) && d->states[i].has_customer;
    for (size_t p = 0; p < PARTS; p++) {
        const size_t n = c->end[p];
        c->most = n > c->most ? n : c->most;
        c->end[p] = start;
        start += n;
    }
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (!kehu__demand_taken(s))
            continue;
        if (c->by_class != NULL) {
            c->by_class[s->class_of].demands++;
            c->by_class[s->class_of].open += s->open;
        }
        if (s->has_customer)
            c->all[c->end[part_of(s->customer)]++] =
                (asked){s->customer, s->taken_in, s->class_of, s->open};
    }
}

/* False when memory is refused. The customers are the caller's to free. */
static bool count_all(counting *c)
{
    kehu_demands *d = c->d;
    bool done;
    c->all = kehu__alloc(&d->alloc, d->n_states, sizeof *c->all);
    done = d->n_states == 0 || c->all != NULL;
    if (done)
        scatter(c);
    c->sorted = kehu__alloc(&d->alloc, c->most, sizeof *c->sorted);
    done = done && (c->most == 0 || c->sorted != NULL);
    for (size_t p = 0; done && p < PARTS && d->n_states > 0; p++) {
        const size_t from = p == 0 ? 0 : c->end[p - 1];
        done = count_part(c, c->all + from, c->end[p] - from);
    }
    kehu__free(&d->alloc, c->sorted, c->most, sizeof *c->sorted);
    kehu__free(&d->alloc, c->all, d->n_states, sizeof *c->all);
    kehu__free(&d->alloc, c->buckets.ends, c->buckets.capacity, sizeof *c->buckets.ends);
    return done;
}

kehu_status kehu__demand_find_repeats(kehu_demands *d, kehu_error *err)
{
    counting c = {.d = d};
    if (d->by_class != NULL)
        return KEHU_OK;
    d->n_by_class = (size_t)d->classes.n + 1; /* so that there is something in any case */
    d->by_class = kehu__alloc_zero(&d->alloc, d->n_by_class, sizeof *d->by_class);
    c.by_class = d->by_class;
    if (d->by_class == NULL || !count_all(&c)) {
        kehu__free(&d->alloc, d->by_class, d->n_by_class, sizeof *d->by_class);
        d->by_class = NULL;
        return kehu__no_memory(err, "counting repeats");
    }
    d->counts.customers = (int64_t)c.n_customers;
    d->counts.repeats = c.repeats;
    return KEHU_OK;
}

kehu_status kehu__demand_table_classes(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    static const char *const columns[] = {"demands", "open", "customers", "repeats"};
    const kehu__keys *names = &d->classes;
    kehu__builder b = kehu__builder_new(&d->alloc);
    uint32_t *order;
    bool done;
    KEHU_TRY(kehu__demand_find_repeats(d, err));
    order = kehu__alloc(&d->alloc, names->n, sizeof *order);
    done = names->n == 0 || (order != NULL && kehu__keys_sort(names, order));
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        kehu__builder_add(&b, columns[k], KEHU_INT64);
    for (uint32_t i = 0; done && i < names->n; i++) {
        const kehu__demand_group *g = &d->by_class[order[i]];
        if (g->demands == 0)
            continue;
        kehu__keys_write(names, order[i], &b, 0);
        kehu__builder_integer(&b, 1, g->demands);
        kehu__builder_integer(&b, 2, g->open);
        kehu__builder_integer(&b, 3, g->customers);
        kehu__builder_integer(&b, 4, g->repeats);
        kehu__builder_end_row(&b);
    }
    kehu__free(&d->alloc, order, names->n, sizeof *order);
    return kehu__builder_end(&b, done, out, err);
}

static int by_customer(const void *a, const void *b, void *ctx)
{
    const customer *x = a, *y = b;
    return kehu__demand_compare_ids(ctx, x->customer, y->customer);
}

kehu_status kehu__demand_table_customers(kehu_table **out, kehu_demands *d,
                                         kehu_error *err)
{
    static const char *const columns[] = {"demands", "open", "repeats"};
    kehu__builder b = kehu__builder_new(&d->alloc);
    counting c = {.d = d, .list_customers = true};
    const bool done = count_all(&c);
    if (done && c.n_customers > 1)
        kehu__sort(c.customers, c.n_customers, sizeof *c.customers, by_customer,
                   &d->customers);
    kehu__builder_add(&b, "customer", kehu__keys_type(&d->customers));
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        kehu__builder_add(&b, columns[k], KEHU_INT64);
    for (size_t i = 0; done && i < c.n_customers; i++) {
        const customer *who = &c.customers[i];
        kehu__demand_write_id(&d->customers, who->customer, &b, 0);
        kehu__builder_integer(&b, 1, who->demands);
        kehu__builder_integer(&b, 2, who->open);
        kehu__builder_integer(&b, 3, who->repeats);
        kehu__builder_end_row(&b);
    }
    kehu__free(&d->alloc, c.customers, c.customers_capacity, sizeof *c.customers);
    return kehu__builder_end(&b, done, out, err);
}
