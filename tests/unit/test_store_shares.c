/* A walk cut into shares, sums on several threads, and values too old to count. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/random.h"
#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

enum { CUSTOMERS = 400, ROWS = 9000, BATCHES = 9 };

/* Customers of very unlike numbers of events, in segments and in the log. */
static kehu_store *fill(void)
{
    static int64_t customers[ROWS], times[ROWS], amounts[ROWS];
    kehu_store *store = store_new("store_shares", 0);
    kehu__random r = kehu__random_seed(7);
    kehu_error err;
    for (int i = 0; i < ROWS; i++) {
        const uint32_t c = kehu__random_below(&r, CUSTOMERS);
        customers[i] = kehu__random_below(&r, c + 1) * 7;
        times[i] = kehu__random_below(&r, 1000);
        amounts[i] = (int64_t)kehu__random_below(&r, 100) - 20;
    }
    for (int b = 0; b < BATCHES; b++) {
        const int64_t n = ROWS / BATCHES;
        if (store_add_numbers(store, customers + b * n, times + b * n, amounts + b * n, n,
                              &err) != KEHU_OK ||
            (b % 3 == 1 && kehu_store_flush(store, &err) != KEHU_OK))
            fail_msg("%s", err.message);
    }
    return store;
}

static char *text_of(const kehu_snapshot *snapshot, const kehu_scan_options *options)
{
    kehu_error err = {0};
    char *text = store_text(snapshot, KEHU_STORE_EVENTS, options, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    return text;
}

/* The shares' rows one after the other are those of the whole; of whole customers each,
 * and where there are enough customers, all of about one size. */
static void expect_shares(const kehu_snapshot *snapshot, kehu_scan_options options,
                          uint32_t n_shares)
{
    char *whole = text_of(snapshot, &options), *at = whole;
    size_t least = strlen(whole), most = 0;
    options.n_shares = n_shares;
    for (options.share = 0; options.share < n_shares; options.share++) {
        char *share = text_of(snapshot, &options);
        const size_t n = strlen(share);
        assert_memory_equal(at, share, n);
        if (n > 0 && at > whole) { /* begins with another customer than the last one's */
            const char *line = at - 1;
            while (line > whole && line[-1] != '\n')
                line--;
            assert_true(strncmp(line, share, strcspn(share, "|") + 1) != 0);
        }
        least = n < least ? n : least;
        most = n > most ? n : most;
        at += n;
        free(share);
    }
    assert_int_equal(*at, '\0');
    if (n_shares == 4 && options.first_customer == NULL)
        assert_true(least > 0 && most < 3 * least);
    free(whole);
}

static void test_shares_make_up_the_whole(void **state)
{
    kehu_store *store = fill();
    kehu_snapshot *snapshot = store_see(store);
    const kehu_scan_options all = {.size = sizeof all}, some = {.size = sizeof some,
                                                                .first_customer = "1001",
                                                                .last_customer = "2002",
                                                                .from = 1,
                                                                .from_us = 500};
    (void)state;
    for (uint32_t n = 1; n <= 40; n += n < 5 ? 1 : 7) {
        expect_shares(snapshot, all, n);
        expect_shares(snapshot, some, n);
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    store = store_new("store_shares_none", 0);
    snapshot = store_see(store);
    expect_shares(snapshot, all, 3);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static char *totals_of(const kehu_snapshot *snapshot, const kehu_scan_options *options)
{
    kehu_error err = {0};
    char *text = store_totals_text(snapshot, options, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    return text;
}

/* Enough rows that several threads share them. */
static kehu_store *fill_many(void)
{
    enum { MANY = 120000 };
    kehu_store *store = store_new("store_shares_many", 0);
    int64_t *values = malloc(MANY * 2 * sizeof *values);
    kehu__random r = kehu__random_seed(3);
    kehu_error err;
    for (int64_t i = 0; i < MANY; i++) {
        values[i] = kehu__random_below(&r, 5000);
        values[MANY + i] = kehu__random_below(&r, 1 << 20);
    }
    if (store_add_numbers(store, values, values + MANY, values, MANY, &err) != KEHU_OK ||
        kehu_store_flush(store, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    free(values);
    return store;
}

/* Some rows are too early to count, so the sums that segments keep are of no use. */
static void test_totals_are_the_same_for_any_number_of_threads(void **state)
{
    kehu_store *store = fill_many();
    kehu_snapshot *snapshot = store_see(store);
    kehu_scan_options options = {
        .size = sizeof options, .n_threads = 1, .from = 1, .from_us = 100};
    char *one = totals_of(snapshot, &options);
    const int64_t huge[] = {INT64_MAX, INT64_MAX}, who[] = {99999, 99999},
                  when[] = {101, 102};
    kehu_table *table;
    kehu_error err, again;
    (void)state;
    for (options.n_threads = 2; options.n_threads < 5; options.n_threads++) {
        char *many = totals_of(snapshot, &options);
        assert_string_equal(one, many);
        free(many);
    }
    free(one);
    kehu_snapshot_free(snapshot);
    /* A failure is the same too, row and all. */
    assert_int_equal(store_add_numbers(store, who, when, huge, 2, &err), KEHU_OK);
    snapshot = store_see(store);
    options.n_threads = 1;
    assert_int_equal(kehu_snapshot_totals(&table, snapshot, &options, &err), KEHU_RANGE);
    options.n_threads = 3;
    assert_int_equal(kehu_snapshot_totals(&table, snapshot, &options, &again),
                     KEHU_RANGE);
    assert_string_equal(err.message, again.message);
    assert_int_equal(err.where, again.where);
    assert_int_equal(err.where, 5000); /* behind "0" to "4999" */
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* The counting allocator for one thread at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *resize_locked(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    const kehu_allocator *a = ctx;
    void *result;
    pthread_mutex_lock(&lock);
    result = a->resize(a->ctx, ptr, old_size, new_size);
    pthread_mutex_unlock(&lock);
    return result;
}

static void test_sums_on_threads_report_every_refused_allocation(void **state)
{
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    kehu_store_free(fill_many());
    for (long n = 0; status == KEHU_NO_MEMORY; n += n < 60 ? 1 : 17) {
        faulty f;
        kehu_allocator counting = *faulty_init(&f, n);
        const kehu_allocator locked = {resize_locked, &counting};
        const kehu_snapshot_options seen = {.size = sizeof seen, .alloc = &locked};
        const kehu_scan_options options = {
            .size = sizeof options, .n_threads = 2, .from = 1, .from_us = 100};
        kehu_snapshot *snapshot = NULL;
        kehu_table *table = NULL;
        status = kehu_snapshot_open_path(&snapshot, "store_shares_many", &seen, &err);
        if (status == KEHU_OK)
            status = kehu_snapshot_totals(&table, snapshot, &options, &err);
        kehu_table_free(table);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 40 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
}

static void test_stale_values_are_missing(void **state)
{
    kehu_store *store = store_new("store_fresh", 0);
    const kehu_store_field income = {
        .name = "income", .type = KEHU_UTF8, .age_limit_days = 365};
    const kehu_store_field mail = {
        .name = "mail", .type = KEHU_BOOL, .age_limit_days = 30};
    const kehu_store_field name = {.name = "name", .type = KEHU_UTF8};
    const kehu_store_field mood = {
        .name = "mood", .type = KEHU_INT64, .age_limit_days = 10};
    const char *const who[] = {"a", "b", "c"}, *const texts[] = {"high", "low", "mid"};
    const int64_t dates[] = {0, 400 * KEHU__DAY_US, 500 * KEHU__DAY_US};
    const int64_t moods[] = {1, 2, 3};
    const uint8_t yes[] = {7};
    const int32_t offsets[] = {0, 1, 2, 3};
    kehu_column c[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 3,
         .data = "abc",
         .offsets = offsets},
        {.name = "valid_from", .type = KEHU_TIMESTAMP, .length = 3, .data = dates},
        {.name = "mail", .type = KEHU_BOOL, .length = 3, .data = yes}};
    kehu_scan_options options = {
        .size = sizeof options, .fresh = 1, .fresh_us = 500 * KEHU__DAY_US};
    kehu_snapshot *snapshot;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &income, &err), 0);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &mail, &err), 0);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &name, &err), 0);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_EVENTS, &mood, &err), 0);
    assert_int_equal(store_set(store, who, "income", texts, dates, 3, &err), KEHU_OK);
    assert_int_equal(store_set(store, who, "name", texts, NULL, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_add_customers(store, c, 3, NULL, &err), KEHU_OK);
    c[1].name = "time";
    c[2] = (kehu_column){.name = "mood", .type = KEHU_INT64, .length = 3, .data = moods};
    assert_int_equal(kehu_store_add_events(store, c, 3, NULL, &err), KEHU_OK);
    snapshot = store_see(store);
    text = store_text(snapshot, KEHU_STORE_CUSTOMERS, &options, &err);
    assert_string_equal(text, "a|~|~|high\nb|low|~|low\nc|mid|1|mid\n");
    free(text);
    text = text_of(snapshot, &options);
    assert_string_equal(text, "a|0|~|~|~|~|~|~|~\nb|34560000000000|~|~|~|~|~|~|~\n"
                              "c|43200000000000|~|~|~|~|~|~|3\n");
    free(text);
    options.require = "mail"; /* a consent grows old too */
    text = store_text(snapshot, KEHU_STORE_CUSTOMERS, &options, &err);
    assert_string_equal(text, "c|mid|1|mid\n");
    free(text);
    options.fresh_us = 365 * KEHU__DAY_US; /* to the day */
    options.require = NULL;
    text = store_text(snapshot, KEHU_STORE_CUSTOMERS, &options, &err);
    assert_string_equal(text, "a|high|~|high\nb|low|1|low\nc|mid|1|mid\n");
    free(text);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_options_out_of_range_are_refused(void **state)
{
    kehu_store *store = store_new("store_fresh", 0);
    kehu_snapshot *snapshot = store_see(store);
    const kehu_scan_options bad[] = {
        {.size = sizeof bad[0], .share = 1},
        {.size = sizeof bad[0], .share = 3, .n_shares = 3},
        {.size = sizeof bad[0], .n_shares = 65537},
        {.size = sizeof bad[0], .fresh = 2},
        {.size = sizeof bad[0], .fresh = 1, .fresh_us = INT64_MAX}};
    kehu_scan *scan;
    kehu_table *table;
    kehu_error err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const kehu_status expected = i == 4 ? KEHU_RANGE : KEHU_ARGUMENT;
        assert_int_equal(
            kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &bad[i], &err), expected);
        assert_int_equal(kehu_snapshot_totals(&table, snapshot, &bad[i], &err), expected);
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_make_up_the_whole),
        cmocka_unit_test(test_totals_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_sums_on_threads_report_every_refused_allocation),
        cmocka_unit_test(test_stale_values_are_missing),
        cmocka_unit_test(test_options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
