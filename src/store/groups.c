/* Customers and events counted by a column, with no group so small that it points at
 * anyone. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "data/builder.h"
#include "store/snapshot.h"

#define NO_GROUP UINT32_MAX
enum { REST, FIRST_NAMED, DEFAULT_MIN = 5 };
enum { CUSTOMER, BY, AMOUNT };

typedef struct group {
    char *name; /* NULL for the rest */
    size_t size;
    int64_t customers, events, amount;
    int64_t last; /* number of the last customer counted */
    bool small;   /* counts to the rest */
} group;

typedef struct grouping {
    kehu_allocator alloc;
    const kehu_snapshot *snapshot;
    kehu_store_part part;
    kehu_scan_options opt;
    group *groups; /* the first is the rest */
    size_t n, capacity;
    uint32_t *slots; /* number of a group, 0 = free */
    size_t n_slots;
} grouping;

static void free_groups(grouping *g)
{
    for (size_t i = 0; i < g->n; i++)
        kehu__free(&g->alloc, g->groups[i].name, g->groups[i].size + 1, 1);
    kehu__free(&g->alloc, g->groups, g->capacity, sizeof *g->groups);
    kehu__free(&g->alloc, g->slots, g->n_slots, sizeof *g->slots);
}

static void put_slot(grouping *g, uint32_t number)
{
    const group *one = &g->groups[number];
    size_t at = (size_t)kehu__hash(one->name, one->size, 0) & (g->n_slots - 1);
    while (g->slots[at] != 0)
        at = (at + 1) & (g->n_slots - 1);
    g->slots[at] = number;
}

static bool more_slots(grouping *g)
{
    const size_t wanted = g->n_slots == 0 ? 64 : g->n_slots * 2;
    uint32_t *slots = kehu__alloc_zero(&g->alloc, wanted, sizeof *slots);
    if (slots == NULL)
        return false;
    kehu__free(&g->alloc, g->slots, g->n_slots, sizeof *g->slots);
    g->slots = slots;
    g->n_slots = wanted;
    for (size_t i = FIRST_NAMED; i < g->n; i++)
        put_slot(g, (uint32_t)i);
    return true;
}

static bool add_group(grouping *g, const char *name, size_t size)
{
    group one = {.size = size, .last = -1};
    if (!kehu__grow(&g->alloc, &g->groups, &g->capacity, g->n + 1, sizeof one))
        return false;
    if (name != NULL) {
        one.name = kehu__alloc(&g->alloc, size + 1, 1);
        if (one.name == NULL)
            return false;
        memcpy(one.name, name, size);
        one.name[size] = '\0';
    }
    g->groups[g->n++] = one;
    return true;
}

/* The group of a name, made if it is new; NO_GROUP when memory is refused. */
static uint32_t group_of(grouping *g, const char *name, size_t size)
{
    size_t at;
    if (g->n * 2 > g->n_slots && !more_slots(g))
        return NO_GROUP;
    at = (size_t)kehu__hash(name, size, 0) & (g->n_slots - 1);
    for (; g->slots[at] != 0; at = (at + 1) & (g->n_slots - 1)) {
        const group *one = &g->groups[g->slots[at]];
        if (one->size == size && memcmp(one->name, name, size) == 0)
            return g->slots[at];
    }
    if (!add_group(g, name, size))
        return NO_GROUP;
    g->slots[at] = (uint32_t)g->n - 1;
    return (uint32_t)g->n - 1;
}

static bool has_value(const kehu_column *c, int64_t row)
{
    return c->validity == NULL || (c->validity[row / 8] >> (row & 7) & 1);
}

/* The row's value as text; REST without one. */
static uint32_t group_of_row(grouping *g, const kehu_column *c, int64_t row)
{
    if (!has_value(c, row))
        return REST;
    if (c->type == KEHU_BOOL) {
        const uint8_t *const bits = c->data;
        return bits[row / 8] >> (row & 7) & 1 ? group_of(g, "true", 4)
                                              : group_of(g, "false", 5);
    }
    {
        const int32_t *const offsets = c->offsets;
        return group_of(g, (const char *)c->data + offsets[row],
                        (size_t)(offsets[row + 1] - offsets[row]));
    }
}

static bool add_amount(int64_t *sum, int64_t x)
{
    if (x > 0 ? *sum > INT64_MAX - x : *sum < INT64_MIN - x)
        return false;
    *sum += x;
    return true;
}

/* Is this row's customer another than the row's before? Ids come in order; the batch
 * before ends with `last`. */
static bool new_customer(const kehu_column *c, int64_t row, kehu__buffer *last)
{
    const int32_t *const offsets = c->offsets;
    const char *const key = (const char *)c->data + offsets[row];
    const size_t size = (size_t)(offsets[row + 1] - offsets[row]);
    if (size == last->size && size > 0 && memcmp(key, last->bytes, size) == 0)
        return false;
    last->size = 0;
    kehu__buffer_add(last, key, size);
    return true;
}

/* One walk. The first counts everything; a later one only the customers of the rest. */
typedef struct walk {
    bool first;
    kehu__buffer last;
    int64_t customer; /* number of the current one */
} walk;

static kehu_status count_rows(grouping *g, walk *w, const kehu_scan_batch *b,
                              kehu_error *err)
{
    for (int64_t i = 0; i < b->n_rows; i++) {
        const uint32_t at = group_of_row(g, &b->columns[BY], i);
        group *one;
        w->customer += new_customer(&b->columns[CUSTOMER], i, &w->last);
        if (at == NO_GROUP || w->last.failed)
            return kehu__no_memory(err, "groups");
        one = &g->groups[!w->first && g->groups[at].small ? REST : at];
        if (!w->first && one != g->groups)
            continue;
        if (one->last != w->customer)
            one->customers++;
        one->last = w->customer;
        if (!w->first)
            continue;
        one->events++;
        if (g->part == KEHU_STORE_EVENTS && has_value(&b->columns[AMOUNT], i) &&
            !add_amount(&one->amount, ((const int64_t *)b->columns[AMOUNT].data)[i]))
            return kehu__fail(err, KEHU_RANGE, -1,
                              "the amounts of a group sum up beyond 64 bits");
    }
    return KEHU_OK;
}

static kehu_status walk_all(grouping *g, bool first, kehu_error *err)
{
    walk w = {.first = first, .last = kehu__buffer_new(&g->alloc), .customer = 0};
    kehu_scan_batch b = {.n_rows = 1};
    kehu_scan *scan;
    kehu_status status = kehu_scan_open(&scan, g->snapshot, g->part, &g->opt, err);
    if (status != KEHU_OK)
        return status;
    g->groups[REST].customers = 0;
    g->groups[REST].last = -1;
    while (status == KEHU_OK && b.n_rows > 0) {
        status = kehu_scan_next(scan, &b, err);
        if (status == KEHU_OK && b.columns[BY].type != KEHU_UTF8 &&
            b.columns[BY].type != KEHU_BOOL)
            status = kehu__fail(err, KEHU_COLUMN, -1,
                                "column %s is neither text nor BOOL", b.columns[BY].name);
        if (status == KEHU_OK)
            status = count_rows(g, &w, &b, err);
    }
    kehu_scan_free(scan);
    kehu__buffer_free(&w.last);
    return status;
}

/* Count a group to the rest. */
static bool put_to_rest(grouping *g, group *one)
{
    one->small = true;
    g->groups[REST].events += one->events;
    return add_amount(&g->groups[REST].amount, one->amount);
}

static int by_size(const group *a, const group *b)
{
    if (a->customers != b->customers)
        return a->customers < b->customers ? -1 : 1;
    return kehu__text_order(a->name, a->size, b->name, b->size);
}

/* The smallest group that is shown; NULL when none is. */
static group *smallest(grouping *g)
{
    group *least = NULL;
    for (size_t i = FIRST_NAMED; i < g->n; i++)
        if (!g->groups[i].small && (least == NULL || by_size(&g->groups[i], least) < 0))
            least = &g->groups[i];
    return least;
}

/* Small groups together must not be small either, else the rest and the whole tell: the
 * smallest of the others joins them. */
static kehu_status hide_small(grouping *g, uint32_t least, kehu_error *err)
{
    bool sound = true, changed = false;
    for (size_t i = FIRST_NAMED; i < g->n; i++)
        if (g->groups[i].customers < least) {
            sound = sound && put_to_rest(g, &g->groups[i]);
            changed = true;
        }
    for (; sound; changed = true) {
        group *next;
        if (changed)
            KEHU_TRY(walk_all(g, false, err));
        if (g->groups[REST].customers == 0 || g->groups[REST].customers >= least)
            return KEHU_OK;
        next = smallest(g);
        if (next == NULL)
            return KEHU_OK;
        sound = put_to_rest(g, next);
    }
    return kehu__fail(err, KEHU_RANGE, -1,
                      "the amounts of a group sum up beyond 64 bits");
}

/* Named ones by name, the rest last. */
static int by_name(const void *a, const void *b, void *ctx)
{
    const group *const groups = ctx;
    const group *x = &groups[*(const uint32_t *)a], *y = &groups[*(const uint32_t *)b];
    if (x->name == NULL || y->name == NULL)
        return (x->name == NULL) - (y->name == NULL);
    return kehu__text_order(x->name, x->size, y->name, y->size);
}

static kehu_status make_table(kehu_table **out, grouping *g, uint32_t least,
                              kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&g->alloc);
    uint32_t *order = kehu__alloc(&g->alloc, g->n, sizeof *order);
    bool whole = order != NULL;
    kehu__builder_add(&b, "group", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "customers", KEHU_INT64);
    if (g->part == KEHU_STORE_EVENTS) {
        kehu__builder_add(&b, "events", KEHU_INT64);
        kehu__builder_add(&b, "amount", KEHU_INT64);
    }
    for (uint32_t i = 0; whole && i < g->n; i++)
        order[i] = i;
    if (whole)
        kehu__sort(order, g->n, sizeof *order, by_name, g->groups);
    for (size_t i = 0; whole && i < g->n; i++) {
        const group *one = &g->groups[order[i]];
        if (one->small || one->customers < least)
            continue;
        if (one->name == NULL)
            kehu__builder_missing(&b, 0);
        else
            kehu__builder_text(&b, 0, one->name, one->size);
        kehu__builder_integer(&b, 1, one->customers);
        if (g->part == KEHU_STORE_EVENTS) {
            kehu__builder_integer(&b, 2, one->events);
            kehu__builder_integer(&b, 3, one->amount);
        }
        whole = kehu__builder_end_row(&b);
    }
    kehu__free(&g->alloc, order, g->n, sizeof *order);
    return kehu__builder_end(&b, whole, out, err);
}

kehu_status kehu_snapshot_groups(kehu_table **out, const kehu_snapshot *snapshot,
                                 kehu_store_part part, const char *by,
                                 uint32_t min_customers, const kehu_scan_options *options,
                                 kehu_error *err)
{
    const char *const columns[] = {"customer", by, "amount"};
    const uint32_t least = min_customers == 0 ? DEFAULT_MIN : min_customers;
    grouping g = {.snapshot = snapshot, .part = part};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (snapshot == NULL || by == NULL || (unsigned)part >= KEHU__PARTS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot or by is NULL or part is %d",
                          (int)part);
    KEHU_TRY(kehu__options_read(&g.opt, sizeof g.opt, options, err));
    if (g.opt.n_columns != 0 || g.opt.pseudonym_key != NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_columns is not 0 or pseudonym_key is not NULL");
    g.opt.size = sizeof g.opt;
    g.opt.columns = columns;
    g.opt.n_columns = part == KEHU_STORE_EVENTS ? 3 : 2;
    g.alloc = snapshot->alloc;
    status =
        add_group(&g, NULL, 0) ? walk_all(&g, true, err) : kehu__no_memory(err, "groups");
    if (status == KEHU_OK)
        status = hide_small(&g, least, err);
    if (status == KEHU_OK)
        status = make_table(out, &g, least, err);
    free_groups(&g);
    return status;
}
