/* Random operations on a store, each compared with plain arrays.
 *
 *     test_store_model [OPERATIONS [SEED]]      default 100,000 and 1
 *
 * Disk syncs are left out here: what they promise is tested elsewhere. */
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "data/column.h"
#include "store/handle.h"
#include "support/stores.h"
#include "support/test.h"

enum {
    N_CUSTOMERS = 9,
    MAX_ROWS = 600,
    MAX_BATCH = 20,
    N_KINDS = 3,
    N_SOURCES = 2,
    N_HELD = 3
};

static const char *const ids[N_CUSTOMERS] = {"10", "9", "a",    "aa",  "ab",
                                             "b",  "z", "张三", "李四"};
static const char *const sources[N_SOURCES] = {"crm", "名单"};
static const char *const kinds[N_KINDS] = {"buy", "call", "投诉"};

typedef struct model_row {
    int customer, kind; /* kind < 0: missing */
    int64_t time, amount;
    uint64_t sequence;
    int place;  /* in its batch */
    int source; /* < 0: missing */
} model_row;

typedef struct model {
    model_row events[MAX_ROWS], updates[MAX_ROWS];
    int n_events, n_updates;
    uint64_t erased[N_CUSTOMERS], withdrawn[N_SOURCES], sequence;
} model;

typedef struct held {
    kehu_snapshot *snapshot;
    model as_was;
} held;

static long operations = 100000;
static uint64_t seed = 1;

static int no_sync(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return 0;
}

static int no_folder_sync(void *ctx, const char *path)
{
    (void)ctx;
    (void)path;
    return 0;
}

static int by_order(const void *a, const void *b)
{
    const model_row *x = a, *y = b;
    if (x->customer != y->customer)
        return x->customer < y->customer ? -1 : 1; /* ids are listed in byte order */
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return x->place - y->place;
}

static int visible(const model *m, const model_row *rows, int n, model_row *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (rows[i].sequence > m->erased[rows[i].customer] &&
            (rows[i].source < 0 || rows[i].sequence > m->withdrawn[rows[i].source]))
            out[kept++] = rows[i];
    qsort(out, (size_t)kept, sizeof *out, by_order);
    return kept;
}

static void fail_at(const char *what, kehu_error *err)
{
    fail_msg("%s: %s (seed %llu)", what, err->message, (unsigned long long)seed);
}

static void expect_id(const kehu_column *c, int64_t i, int customer)
{
    const kehu__text t = kehu__column_text(c, i);
    assert_int_equal(t.size, strlen(ids[customer]));
    assert_memory_equal(t.bytes, ids[customer], (size_t)t.size);
}

static void expect_event(const kehu_column *c, int64_t i, const model_row *r)
{
    expect_id(&c[0], i, r->customer);
    assert_int_equal(kehu__column_integer(&c[1], i), r->time);
    assert_int_equal(kehu__column_valid(&c[2], i), r->kind >= 0);
    if (r->kind >= 0) {
        const kehu__text t = kehu__column_text(&c[2], i);
        assert_int_equal(t.size, strlen(kinds[r->kind]));
        assert_memory_equal(t.bytes, kinds[r->kind], (size_t)t.size);
    }
    assert_int_equal(kehu__column_integer(&c[3], i), r->amount);
    assert_int_equal(kehu__column_integer(&c[4], i), r->sequence);
}

/* Events of one customer, or of all when customer is below 0. */
static void compare_events(const kehu_snapshot *snapshot, const model *m, int customer,
                           kehu__random *r)
{
    static const char *const names[] = {"customer", "time", "kind", "amount", "sequence"};
    const kehu_scan_options options = {.size = sizeof options,
                                       .columns = names,
                                       .n_columns = 5,
                                       .batch_rows = 1 + kehu__random_below(r, 700)};
    static model_row expected[MAX_ROWS];
    int n = visible(m, m->events, m->n_events, expected), at = 0;
    kehu_scan *scan;
    kehu_scan_batch b;
    kehu_error err;
    while (customer >= 0 && at < n && expected[at].customer != customer)
        at++;
    for (int i = at; customer >= 0 && i < n; i++)
        if (expected[i].customer != customer)
            n = i;
    if ((customer < 0 ? kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err)
                      : kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS,
                                           ids[customer], &options, &err)) != KEHU_OK)
        fail_at("scan", &err);
    do {
        if (kehu_scan_next(scan, &b, &err) != KEHU_OK)
            fail_at("next", &err);
        assert_true(b.n_rows <= n - at);
        for (int64_t i = 0; i < b.n_rows; i++)
            expect_event(b.columns, i, &expected[at++]);
    } while (b.n_rows > 0);
    assert_int_equal(at, n);
    kehu_scan_free(scan);
}

/* One row a customer; each of two fields has the value of its latest update. */
static void compare_customers(const kehu_snapshot *snapshot, const model *m)
{
    static model_row rows[MAX_ROWS];
    const int n = visible(m, m->updates, m->n_updates, rows);
    kehu_scan *scan;
    kehu_scan_batch b;
    kehu_error err;
    int64_t at = 0;
    if (kehu_scan_open(&scan, snapshot, KEHU_STORE_CUSTOMERS, NULL, &err) != KEHU_OK ||
        kehu_scan_next(scan, &b, &err) != KEHU_OK)
        fail_at("customers", &err);
    for (int i = 0; i < n; at++) {
        int64_t points = INT64_MIN;
        int group = -1, customer = rows[i].customer;
        for (; i < n && rows[i].customer == customer; i++) {
            points = rows[i].amount;
            group = rows[i].kind < 0 ? group : rows[i].kind;
        }
        assert_true(at < b.n_rows);
        expect_id(&b.columns[0], at, customer);
        assert_int_equal(kehu__column_integer(&b.columns[1], at), points);
        assert_int_equal(kehu__column_valid(&b.columns[2], at), group >= 0);
        if (group >= 0)
            assert_int_equal(kehu__column_integer(&b.columns[2], at), group);
    }
    assert_int_equal(b.n_rows, at);
    kehu_scan_free(scan);
}

/* Sums of one kind in a span of time, against a loop over the rows. */
static void compare_totals(const kehu_snapshot *snapshot, const model *m, kehu__random *r)
{
    static model_row rows[MAX_ROWS];
    const int n = visible(m, m->events, m->n_events, rows);
    const int kind = (int)kehu__random_below(r, N_KINDS);
    const kehu_scan_options options = {
        .size = sizeof options,
        .kind = kinds[kind],
        .from = 1,
        .until = 1,
        .from_us = (int64_t)kehu__random_below(r, 20) * 1000000,
        .until_us = (int64_t)kehu__random_below(r, 40) * 1000000};
    kehu_table *table;
    kehu_error err;
    int64_t at = 0;
    if (kehu_snapshot_totals(&table, snapshot, &options, &err) != KEHU_OK)
        fail_at("totals", &err);
    for (int i = 0; i < n;) {
        const int customer = rows[i].customer;
        int64_t events = 0, sum = 0, first = 0, last = 0;
        for (; i < n && rows[i].customer == customer; i++) {
            if (rows[i].kind != kind || rows[i].time < options.from_us ||
                rows[i].time >= options.until_us)
                continue;
            first = events++ == 0 ? rows[i].time : first;
            last = rows[i].time;
            sum += rows[i].amount;
        }
        if (events == 0)
            continue;
        assert_true(at < kehu_table_row_count(table));
        expect_id(kehu_table_column(table, 0), at, customer);
        assert_int_equal(kehu__column_integer(kehu_table_column(table, 1), at), events);
        assert_int_equal(kehu__column_integer(kehu_table_column(table, 2), at), first);
        assert_int_equal(kehu__column_integer(kehu_table_column(table, 3), at), last);
        assert_int_equal(kehu__column_integer(kehu_table_column(table, 4), at), sum);
        at++;
    }
    assert_int_equal(kehu_table_row_count(table), at);
    kehu_table_free(table);
}

static void compare(const kehu_snapshot *snapshot, const model *m, kehu__random *r)
{
    assert_int_equal(kehu_snapshot_sequence(snapshot), m->sequence);
    compare_events(snapshot, m, -1, r);
    compare_totals(snapshot, m, r);
    compare_customers(snapshot, m);
}

static model_row random_row(kehu__random *r, uint64_t sequence, int place)
{
    return (model_row){(int)kehu__random_below(r, N_CUSTOMERS),
                       (int)kehu__random_below(r, N_KINDS + 1) - 1,
                       (int64_t)kehu__random_below(r, 40) * 1000000,
                       (int64_t)kehu__random_below(r, 100000) - 500,
                       sequence,
                       place,
                       (int)kehu__random_below(r, N_SOURCES + 1) - 1};
}

static void append(kehu_store *store, model *m, bool customers, kehu__random *r)
{
    const int n = 1 + (int)kehu__random_below(r, MAX_BATCH);
    model_row *rows = customers ? m->updates + m->n_updates : m->events + m->n_events;
    int64_t times[MAX_BATCH], amounts[MAX_BATCH];
    int32_t offsets[MAX_BATCH + 1] = {0}, codes[MAX_BATCH], from[MAX_BATCH];
    char text[MAX_BATCH * 8];
    uint8_t has_kind[(MAX_BATCH + 7) / 8] = {0}, has_source[(MAX_BATCH + 7) / 8] = {0};
    const kehu_column known = {.type = KEHU_UTF8,
                               .length = N_SOURCES,
                               .data = "crm名单",
                               .offsets = (const int32_t[]){0, 3, 9}};
    kehu_column dictionary = {.type = KEHU_UTF8,
                              .length = N_KINDS,
                              .data = "buycall投诉",
                              .offsets = (const int32_t[]){0, 3, 7, 13}};
    kehu_column c[5] = {
        {.name = "customer", .type = KEHU_UTF8, .data = text, .offsets = offsets},
        {.name = customers ? "valid_from" : "time",
         .type = KEHU_TIMESTAMP,
         .data = times},
        {.name = customers ? "points" : "amount", .type = KEHU_INT64, .data = amounts},
        {.name = customers ? "group" : "kind",
         .type = customers ? KEHU_INT32 : KEHU_CATEGORY,
         .data = codes,
         .validity = has_kind,
         .dictionary = customers ? NULL : &dictionary},
        {.name = "source",
         .type = KEHU_CATEGORY,
         .data = from,
         .validity = has_source,
         .dictionary = &known}};
    kehu_error err;
    m->sequence++;
    for (int i = 0; i < n; i++) {
        rows[i] = random_row(r, m->sequence, i);
        times[i] = rows[i].time;
        amounts[i] = rows[i].amount;
        codes[i] = rows[i].kind;
        from[i] = rows[i].source < 0 ? 0 : rows[i].source;
        if (rows[i].source >= 0)
            has_source[i / 8] = (uint8_t)(has_source[i / 8] | 1u << (i & 7));
        if (rows[i].kind >= 0)
            has_kind[i / 8] = (uint8_t)(has_kind[i / 8] | 1u << (i & 7));
        memcpy(text + offsets[i], ids[rows[i].customer], strlen(ids[rows[i].customer]));
        offsets[i + 1] = offsets[i] + (int32_t)strlen(ids[rows[i].customer]);
    }
    for (int i = 0; i < 5; i++)
        c[i].length = n;
    if ((customers ? kehu_store_add_customers(store, c, 5, NULL, &err)
                   : kehu_store_add_events(store, c, 5, NULL, &err)) != KEHU_OK)
        fail_at("add", &err);
    *(customers ? &m->n_updates : &m->n_events) += n;
}

static kehu_store *open_store(const kehu__io *io, kehu__random *r)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .durability = kehu__random_below(r, 3),
                                        .max_segments = 2 + kehu__random_below(r, 4),
                                        .flush_bytes = UINT64_C(4096)
                                                       << kehu__random_below(r, 5)};
    const kehu_store_field points = {.name = "points", .type = KEHU_INT64};
    const kehu_store_field group = {.name = "group", .type = KEHU_INT64};
    kehu_store *store;
    kehu_error err;
    if (kehu__store_open(&store, "store_model", &options, io, &err) != KEHU_OK ||
        kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &points, &err) != KEHU_OK ||
        kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &group, &err) != KEHU_OK)
        fail_at("open", &err);
    return store;
}

static void erase(kehu_store *store, model *m, kehu__random *r)
{
    const int customer = (int)kehu__random_below(r, N_CUSTOMERS);
    kehu_error err;
    if (kehu_store_erase(store, ids[customer], &err) != KEHU_OK)
        fail_at("erase", &err);
    m->erased[customer] = ++m->sequence;
}

static void withdraw(kehu_store *store, model *m, kehu__random *r)
{
    const int source = (int)kehu__random_below(r, N_SOURCES);
    kehu_error err;
    if (kehu_store_withdraw(store, sources[source], &err) != KEHU_OK)
        fail_at("withdraw", &err);
    m->withdrawn[source] = ++m->sequence;
}

static void purge(kehu_store *store, const model *m)
{
    kehu_store_proof proof;
    kehu_error err;
    if (kehu_store_purge(store, &proof, &err) != KEHU_OK)
        fail_at("purge", &err);
    assert_int_equal(proof.rows_left, 0);
    (void)m;
}

static void look(kehu_store *store, const model *m, int customer, kehu__random *r)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    if (kehu_snapshot_open(&snapshot, store, NULL, &err) != KEHU_OK)
        fail_at("snapshot", &err);
    if (customer >= 0)
        compare_events(snapshot, m, customer, r);
    else
        compare(snapshot, m, r);
    kehu_snapshot_free(snapshot);
}

static void hold(kehu_store *store, const model *m, held *h, kehu__random *r)
{
    kehu_error err;
    if (h->snapshot != NULL)
        compare(h->snapshot, &h->as_was, r);
    kehu_snapshot_free(h->snapshot);
    if (kehu_snapshot_open(&h->snapshot, store, NULL, &err) != KEHU_OK)
        fail_at("snapshot", &err);
    h->as_was = *m;
}

/* A fresh store until its arrays are full; returns the operations done. */
static long life(const kehu__io *io, kehu__random *r, long most)
{
    static model m;
    static held holds[N_HELD];
    kehu_store *store;
    kehu_error err;
    long done = 0;
    store_remove("store_model");
    memset(&m, 0, sizeof m);
    store = open_store(io, r);
    m.sequence = 2;
    for (; done < most && m.n_events + MAX_BATCH <= MAX_ROWS &&
           m.n_updates + MAX_BATCH <= MAX_ROWS;
         done++) {
        const uint32_t what = kehu__random_below(r, 1000);
        kehu_status status = KEHU_OK;
        if (what < 20)
            append(store, &m, false, r);
        else if (what < 40)
            append(store, &m, true, r);
        else if (what < 940)
            look(store, &m, (int)kehu__random_below(r, N_CUSTOMERS), r);
        else if (what < 960)
            look(store, &m, -1, r);
        else if (what < 970)
            hold(store, &m, &holds[kehu__random_below(r, N_HELD)], r);
        else if (what < 978)
            status = kehu_store_flush(store, &err);
        else if (what < 981)
            status = kehu_store_compact(store, &err);
        else if (what < 987)
            erase(store, &m, r);
        else if (what < 989)
            purge(store, &m);
        else if (what < 991)
            withdraw(store, &m, r);
        else {
            kehu_store_free(store);
            store = open_store(io, r);
        }
        if (status != KEHU_OK)
            fail_at("maintenance", &err);
        assert_int_equal(kehu_store_sequence(store), m.sequence);
    }
    look(store, &m, -1, r);
    kehu_store_free(store);
    for (int i = 0; i < N_HELD; i++) {
        if (holds[i].snapshot != NULL)
            compare(holds[i].snapshot, &holds[i].as_was, r);
        kehu_snapshot_free(holds[i].snapshot);
        holds[i].snapshot = NULL;
    }
    return done;
}

static void test_store_equals_plain_arrays(void **state)
{
    kehu__io io = kehu__io_system;
    kehu__random r = kehu__random_seed(seed);
    (void)state;
    io.sync = no_sync;
    io.sync_folder = no_folder_sync;
    for (long done = 0; done < operations;)
        done += life(&io, &r, operations - done);
    printf("%ld operations, seed %llu\n", operations, (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_equals_plain_arrays),
    };
    operations = argc > 1 ? atol(argv[1]) : operations;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
