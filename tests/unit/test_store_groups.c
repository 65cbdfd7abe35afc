/* Groups of customers counted, none of them so small that it points at anyone. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

/* Rows as "name customers events amount" lines, ~ for the one without a name. */
static char *lines_of(const kehu_table *t)
{
    const int64_t n = kehu_table_row_count(t);
    const kehu_column *name = kehu_table_find(t, "group");
    const int64_t *const offsets = name->offsets;
    char *out = calloc(1, (size_t)n * 100 + 1);
    size_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool named =
            name->validity == NULL || (name->validity[i / 8] >> (i & 7) & 1);
        at += (size_t)sprintf(out + at, "%.*s",
                              named ? (int)(offsets[i + 1] - offsets[i]) : 1,
                              named ? (const char *)name->data + offsets[i] : "~");
        for (int64_t k = 1; k < kehu_table_column_count(t); k++)
            at += (size_t)sprintf(
                out + at, " %lld",
                (long long)((const int64_t *)kehu_table_column(t, k)->data)[i]);
        out[at++] = '\n';
    }
    return out;
}

static void expect(const kehu_snapshot *snapshot, kehu_store_part part, const char *by,
                   uint32_t least, const kehu_scan_options *options, const char *expected)
{
    kehu_table *t;
    kehu_error err;
    char *lines;
    if (kehu_snapshot_groups(&t, snapshot, part, by, least, options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    lines = lines_of(t);
    kehu_table_free(t);
    assert_string_equal(lines, expected);
    free(lines);
}

static const store_event events[] = {
    {"a", 1, "buy", "web", 10, NULL}, {"a", 2, "buy", "web", 5, NULL},
    {"b", 1, "buy", "app", 7, NULL},  {"b", 9, "call", "app", INT64_MIN, NULL},
    {"c", 3, "buy", "web", 1, NULL},  {"c", 3, "return", NULL, -1, NULL},
    {"d", 4, "call", "app", 0, NULL}, {"e", 5, "fax", "post", 3, NULL},
};

static void test_small_groups_are_counted_together(void **state)
{
    kehu_store *store = store_new("store_groups", 0);
    const kehu_scan_options early = {.size = sizeof early, .until = 1, .until_us = 5};
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, events, 4, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, events + 4, 4, &err), KEHU_OK);
    snapshot = store_see(store);
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 1, NULL,
           "buy 3 4 23\ncall 2 2 0\nfax 1 1 3\nreturn 1 1 -1\n");
    /* Of c and e there are two together. */
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 2, NULL,
           "buy 3 4 23\ncall 2 2 0\n~ 2 2 2\n");
    /* b, c, d and e are four; buy stays. */
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 3, NULL, "buy 3 4 23\n~ 4 4 2\n");
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 4, NULL, "~ 5 8 25\n");
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 0, NULL, "~ 5 8 25\n");
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 6, NULL, "");
    /* A rest of one is not shown: the smallest of the others joins it. */
    expect(snapshot, KEHU_STORE_EVENTS, "kind", 2, &early, "buy 3 4 23\n~ 2 2 -1\n");
    /* Rows without a value are of the rest. */
    expect(snapshot, KEHU_STORE_EVENTS, "channel", 1, NULL,
           "app 2 3 7\npost 1 1 3\nweb 2 3 16\n~ 1 1 -1\n");
    expect(snapshot, KEHU_STORE_EVENTS, "channel", 2, NULL,
           "app 2 3 7\nweb 2 3 16\n~ 2 2 2\n");
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_customers_are_counted_by_a_field(void **state)
{
    static const char *const who[] = {"a", "b", "c", "d", "e"};
    static const char *const cities[] = {"北京", "上海", "北京", "北京", NULL};
    const kehu_store_field city = {.name = "city", .type = KEHU_UTF8},
                           mail = {.name = "mail", .type = KEHU_BOOL},
                           age = {.name = "age", .type = KEHU_INT64};
    const int32_t offsets[] = {0, 1, 2, 3};
    const uint8_t yes[] = {5};
    const kehu_column c[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 3,
         .data = "abc",
         .offsets = offsets},
        {.name = "mail", .type = KEHU_BOOL, .length = 3, .data = yes}};
    kehu_store *store = store_new("store_groups", 0);
    kehu_snapshot *snapshot;
    kehu_table *t;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err),
                     KEHU_OK);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &mail, &err),
                     KEHU_OK);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &age, &err),
                     KEHU_OK);
    assert_int_equal(store_set(store, who, "city", cities, NULL, 5, &err), KEHU_OK);
    assert_int_equal(kehu_store_add_customers(store, c, 2, NULL, &err), KEHU_OK);
    snapshot = store_see(store);
    expect(snapshot, KEHU_STORE_CUSTOMERS, "city", 1, NULL, "上海 1\n北京 3\n~ 1\n");
    expect(snapshot, KEHU_STORE_CUSTOMERS, "city", 2, NULL, "北京 3\n~ 2\n");
    expect(snapshot, KEHU_STORE_CUSTOMERS, "mail", 2, NULL, "true 2\n~ 3\n");
    expect(snapshot, KEHU_STORE_CUSTOMERS, "mail", 1, NULL, "false 1\ntrue 2\n~ 2\n");
    assert_int_equal(
        kehu_snapshot_groups(NULL, snapshot, KEHU_STORE_CUSTOMERS, "city", 0, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu_snapshot_groups(&t, NULL, KEHU_STORE_CUSTOMERS, "city", 0, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu_snapshot_groups(&t, snapshot, KEHU_STORE_CUSTOMERS, NULL, 0, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu_snapshot_groups(&t, snapshot, (kehu_store_part)7, "city", 0, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu_snapshot_groups(&t, snapshot, KEHU_STORE_CUSTOMERS, "age", 0, NULL, &err),
        KEHU_COLUMN);
    assert_int_equal(
        kehu_snapshot_groups(&t, snapshot, KEHU_STORE_CUSTOMERS, "none", 0, NULL, &err),
        KEHU_COLUMN);
    assert_int_equal(
        kehu_snapshot_groups(&t, snapshot, KEHU_STORE_EVENTS, "amount", 0, NULL, &err),
        KEHU_COLUMN);
    {
        static const char *const columns[] = {"city"};
        const kehu_scan_options bad = {
            .size = sizeof bad, .columns = columns, .n_columns = 1};
        assert_int_equal(kehu_snapshot_groups(&t, snapshot, KEHU_STORE_CUSTOMERS, "city",
                                              0, &bad, &err),
                         KEHU_ARGUMENT);
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_a_sum_too_large_is_no_sum(void **state)
{
    static const store_event huge[] = {{"a", 1, "x", NULL, INT64_MAX, NULL},
                                       {"b", 1, "x", NULL, 1, NULL}};
    static const store_event apart[] = {{"a", 1, "x", NULL, INT64_MIN + 1, NULL},
                                        {"b", 1, "y", NULL, -2, NULL}};
    kehu_table *t;
    kehu_error err;
    (void)state;
    for (int i = 0; i < 2; i++) {
        kehu_store *store = store_new("store_groups", 0);
        kehu_snapshot *snapshot;
        assert_int_equal(store_add(store, i == 0 ? huge : apart, 2, &err), KEHU_OK);
        snapshot = store_see(store);
        assert_int_equal(
            kehu_snapshot_groups(&t, snapshot, KEHU_STORE_EVENTS, "kind", 2, NULL, &err),
            KEHU_RANGE);
        assert_null(t);
        kehu_snapshot_free(snapshot);
        kehu_store_free(store);
    }
}

/* Random stores against counting by hand: what is shown holds the promise. */
static void test_no_group_is_ever_smaller_than_asked_for(void **state)
{
    enum { KINDS = 8, N = 90 };
    static const char *const kinds[KINDS] = {"k0", "k1", "k2", "k3",
                                             "k4", "k5", "k6", "k7"};
    static const char *const who[] = {"c0", "c1", "c2", "c3", "c4",
                                      "c5", "c6", "c7", "c8", "c9"};
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        kehu__random r = kehu__random_seed(seed);
        const uint32_t least = 1 + kehu__random_below(&r, 6);
        const int n = 1 + (int)kehu__random_below(&r, N);
        store_event e[N];
        kehu_store *store = store_new("store_groups", 0);
        kehu_snapshot *snapshot;
        kehu_table *t;
        kehu_error err;
        int64_t shown = 0;
        bool everyone[10] = {false};
        int n_everyone = 0;
        for (int i = 0; i < n; i++) {
            const uint32_t k = kehu__random_below(&r, KINDS + 1);
            const uint32_t c = kehu__random_below(&r, 10);
            e[i] = (store_event){
                who[c], i, k < KINDS ? kinds[kehu__random_below(&r, k + 1)] : NULL,
                NULL,   1, NULL};
            n_everyone += !everyone[c];
            everyone[c] = true;
        }
        assert_int_equal(store_add(store, e, n, &err), KEHU_OK);
        snapshot = store_see(store);
        assert_int_equal(kehu_snapshot_groups(&t, snapshot, KEHU_STORE_EVENTS, "kind",
                                              least, NULL, &err),
                         KEHU_OK);
        for (int64_t i = 0; i < kehu_table_row_count(t); i++) {
            const int64_t customers =
                ((const int64_t *)kehu_table_find(t, "customers")->data)[i];
            const int64_t sum = ((const int64_t *)kehu_table_find(t, "amount")->data)[i];
            assert_true(customers >= least);
            assert_int_equal(sum,
                             ((const int64_t *)kehu_table_find(t, "events")->data)[i]);
            shown += sum;
        }
        /* All events are in some row, unless there are too few customers for any. */
        assert_int_equal(shown, n_everyone < (int)least ? 0 : n);
        kehu_table_free(t);
        kehu_snapshot_free(snapshot);
        kehu_store_free(store);
    }
}

static void test_every_refused_allocation_is_reported(void **state)
{
    kehu_status status = KEHU_NO_MEMORY;
    kehu_store *store = store_new("store_groups", 0);
    kehu_error err = {0};
    (void)state;
    assert_int_equal(store_add(store, events, 8, &err), KEHU_OK);
    kehu_store_free(store);
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_snapshot_options options = {.size = sizeof options,
                                               .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        kehu_table *t = NULL;
        status = kehu_snapshot_open_path(&snapshot, "store_groups", &options, &err);
        if (status == KEHU_OK)
            status = kehu_snapshot_groups(&t, snapshot, KEHU_STORE_EVENTS, "kind", 2,
                                          NULL, &err);
        kehu_table_free(t);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 40 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_groups_are_counted_together),
        cmocka_unit_test(test_customers_are_counted_by_a_field),
        cmocka_unit_test(test_a_sum_too_large_is_no_sum),
        cmocka_unit_test(test_no_group_is_ever_smaller_than_asked_for),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
