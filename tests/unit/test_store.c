#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

static const kehu_store_options create = {.size = sizeof create,
                                          .mode = KEHU_STORE_CREATE};

static kehu_store *fresh(const char *folder)
{
    kehu_store *store = NULL;
    kehu_error err;
    store_remove(folder);
    if (kehu_store_open(&store, folder, &create, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return store;
}

static kehu_store *again(const char *folder)
{
    kehu_store *store = NULL;
    kehu_error err;
    if (kehu_store_open(&store, folder, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return store;
}

static void expect_text(kehu_store *store, kehu_store_part part, const char *expected)
{
    kehu_error err = {0};
    char *text = store_text_now(store, part, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static const store_event some[] = {
    {"b", 300, "buy", "web", 500, "第二单"},
    {"a", 200, "buy", NULL, 250, NULL},
    {"b", 100, "call", "phone", INT64_MIN, "网络很慢"},
    {"a", 200, "view", "app", 0, ""},
    {"中", 50, NULL, NULL, -70, "x"},
};
static const char some_text[] = "a|200|buy|~|~|250|~|~\n"
                                "a|200|view|app|~|0|~|\n"
                                "b|100|call|phone|~|~|~|网络很慢\n"
                                "b|300|buy|web|~|500|~|第二单\n"
                                "中|50|~|~|~|-70|~|x\n";

static void test_store_gives_events_by_customer_and_time(void **state)
{
    kehu_store *store = fresh("store_order");
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_sequence(store), 0);
    assert_int_equal(store_add(store, some, 5, &err), KEHU_OK);
    assert_int_equal(kehu_store_sequence(store), 1);
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    kehu_store_free(store);
    store = again("store_order");
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    assert_int_equal(kehu_store_sequence(store), 1);
    kehu_store_free(store);
}

static void test_store_merges_log_and_segments(void **state)
{
    kehu_store *store = fresh("store_merge");
    kehu_error err;
    (void)state;
    for (int i = 4; i >= 0; i--) {
        assert_int_equal(store_add(store, &some[i], 1, &err), KEHU_OK);
        if (i % 2 == 0)
            assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    }
    /* Equal times: the batch that came first is first. */
    expect_text(store, KEHU_STORE_EVENTS,
                "a|200|view|app|~|0|~|\n"
                "a|200|buy|~|~|250|~|~\n"
                "b|100|call|phone|~|~|~|网络很慢\n"
                "b|300|buy|web|~|500|~|第二单\n"
                "中|50|~|~|~|-70|~|x\n");
    kehu_store_free(store);
}

static void test_store_keeps_what_was_not_flushed(void **state)
{
    kehu_store *store = fresh("store_log");
    kehu_error err;
    struct stat st;
    (void)state;
    assert_int_equal(store_add(store, some, 5, &err), KEHU_OK);
    kehu_store_free(store);
    store = again("store_log");
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    kehu_store_free(store);
    assert_int_equal(stat("store_log/log-0000000001.kl", &st), 0);
#if !defined(_WIN32) /* there the folder's list says who may */
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat("store_log", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
#endif
}

static const kehu_store_field city = {
    .name = "city", .type = KEHU_UTF8, .layer = 1, .origin = "crm"};
static const kehu_store_field level = {.name = "level",
                                       .type = KEHU_UTF8,
                                       .layer = 4,
                                       .age_limit_days = 30,
                                       .inputs = "city,age"};

static long size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (long)st.st_size; /* Windows has two widths of off_t */
}

/* A small batch makes room for the next one, also where the writer did not get to cut
 * the room off; a copy of the files as they are is such a store. */
static void test_store_has_room_for_small_batches(void **state)
{
    static const char log[] = "store_room/log-0000000001.kl";
    kehu_store *store = fresh("store_room");
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, some, 2, &err), KEHU_OK);
    const long size = size_of(log);
    assert_int_equal(store_add(store, some + 2, 3, &err), KEHU_OK);
    assert_int_equal(size_of(log), size);
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    kehu_store_free(store);
    const long used = size_of(log);
    assert_true(used < size);
    assert_int_equal(truncate(log, size), 0); /* with zeros, as a crash leaves it */
    store = again("store_room");
    assert_int_equal(size_of(log), used);
    expect_text(store, KEHU_STORE_EVENTS, some_text);
    kehu_store_free(store);
}

static void test_store_keeps_the_latest_value_of_each_field(void **state)
{
    kehu_store *store = fresh("store_fields");
    const char *const ids[] = {"b", "a", "a"};
    const char *const cities[] = {"上海", "北京", "广州"};
    const char *const levels[] = {"high", NULL, NULL};
    const int64_t when[] = {10, 30, 20};
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(store_set(store, ids, "city", cities, when, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &level, &err), 0);
    assert_int_equal(store_set(store, ids, "level", levels, NULL, 3, &err), KEHU_OK);
    expect_text(store, KEHU_STORE_CUSTOMERS, "a|北京|~\nb|上海|high\n");
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    /* A later batch without a time does not outdo values with one. */
    assert_int_equal(store_set(store, ids, "city", levels, NULL, 1, &err), KEHU_OK);
    expect_text(store, KEHU_STORE_CUSTOMERS, "a|北京|~\nb|上海|high\n");
    kehu_store_free(store);
    store = again("store_fields");
    expect_text(store, KEHU_STORE_CUSTOMERS, "a|北京|~\nb|上海|high\n");
    kehu_store_free(store);
}

static void test_store_declares_a_field_once(void **state)
{
    kehu_store *store = fresh("store_declare");
    kehu_store_field other = city;
    const kehu_store_field *fields;
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &level, &err), 0);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(kehu_store_sequence(store), 2);
    other.layer = 2;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &other, &err),
                     KEHU_DUPLICATE);
    assert_string_equal(err.message, "another column has the name city");
    other.name = "customer";
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &other, &err),
                     KEHU_DUPLICATE);
    other.name = "x";
    other.layer = 6;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_EVENTS, &other, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "field x has layer 6, expected 1 to 5");
    kehu_store_free(store);
    assert_int_equal(kehu_snapshot_open_path(&snapshot, "store_declare", NULL, &err), 0);
    assert_int_equal(kehu_snapshot_fields(snapshot, KEHU_STORE_EVENTS, &fields), 0);
    assert_int_equal(kehu_snapshot_fields(snapshot, KEHU_STORE_CUSTOMERS, &fields), 2);
    assert_string_equal(fields[0].name, "level");
    assert_string_equal(fields[0].inputs, "city,age");
    assert_int_equal(fields[0].age_limit_days, 30);
    assert_int_equal(fields[0].layer, 4);
    assert_string_equal(fields[1].origin, "crm");
    kehu_snapshot_free(snapshot);
}

static void test_snapshot_does_not_change(void **state)
{
    kehu_store *store = fresh("store_snapshot");
    kehu_snapshot *before, *after;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(store_add(store, some, 2, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&before, store, NULL, &err), KEHU_OK);
    assert_int_equal(store_add(store, some + 2, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&after, store, NULL, &err), KEHU_OK);
    kehu_store_free(store);
    text = store_text(before, KEHU_STORE_EVENTS, NULL, &err);
    assert_string_equal(text, "a|200|buy|~|~|250|~|~\nb|300|buy|web|~|500|~|第二单\n");
    free(text);
    text = store_text(after, KEHU_STORE_EVENTS, NULL, &err);
    assert_string_equal(text, some_text);
    free(text);
    assert_int_equal(kehu_snapshot_sequence(before), 1);
    assert_int_equal(kehu_snapshot_sequence(after), 2);
    kehu_snapshot_free(before);
    kehu_snapshot_free(after);
}

static void expect_as_of(const char *folder, const kehu_snapshot_options *options,
                         kehu_store_part part, const char *expected)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    char *text;
    assert_int_equal(kehu_snapshot_open_path(&snapshot, folder, options, &err), KEHU_OK);
    text = store_text(snapshot, part, NULL, &err);
    assert_string_equal(text, expected);
    free(text);
    kehu_snapshot_free(snapshot);
}

static void test_snapshot_shows_the_past(void **state)
{
    kehu_store *store = fresh("store_as_of");
    const char *const id[] = {"a"}, *const cities[] = {"北京", "上海"};
    const int64_t when[] = {100, 200};
    kehu_snapshot_options options = {.size = sizeof options};
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_set(store, id, "city", cities + i, when + i, 1, &err), 0);
        assert_int_equal(store_add(store, some + i, 1, &err), KEHU_OK);
    }
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    kehu_store_free(store);
    options.as_of = 1;
    options.as_of_us = 199;
    expect_as_of("store_as_of", &options, KEHU_STORE_CUSTOMERS, "a|北京\n");
    expect_as_of("store_as_of", &options, KEHU_STORE_EVENTS, "");
    options.as_of_us = 200;
    expect_as_of("store_as_of", &options, KEHU_STORE_CUSTOMERS, "a|上海\n");
    expect_as_of("store_as_of", &options, KEHU_STORE_EVENTS, "a|200|buy|~|~|250|~|~\n");
    options.as_of = 0;
    options.as_of_sequence = 3;
    expect_as_of("store_as_of", &options, KEHU_STORE_CUSTOMERS, "a|北京\n");
    expect_as_of("store_as_of", &options, KEHU_STORE_EVENTS,
                 "b|300|buy|web|~|500|~|第二单\n");
}

static void expect_scan(const kehu_snapshot *snapshot, kehu_scan_options options,
                        const char *expected)
{
    kehu_error err = {0};
    char *text;
    options.size = sizeof options;
    text = store_text(snapshot, KEHU_STORE_EVENTS, &options, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static void test_scan_chooses_rows_and_columns(void **state)
{
    kehu_store *store = fresh("store_scan");
    const char *const names[] = {"sequence", "customer", "amount"};
    kehu_snapshot *snapshot;
    kehu_scan *scan;
    kehu_scan_batch batch;
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, some, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, some + 3, 2, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    for (uint32_t batch_rows = 0; batch_rows < 4; batch_rows++) {
        expect_scan(snapshot,
                    (kehu_scan_options){
                        .columns = names, .n_columns = 3, .batch_rows = batch_rows},
                    "1|a|250\n2|a|0\n1|b|~\n1|b|500\n2|中|-70\n");
        expect_scan(snapshot,
                    (kehu_scan_options){.columns = names + 2,
                                        .n_columns = 1,
                                        .kind = "buy",
                                        .batch_rows = batch_rows},
                    "250\n500\n");
        expect_scan(snapshot,
                    (kehu_scan_options){.columns = names + 2,
                                        .n_columns = 1,
                                        .from = 1,
                                        .from_us = 100,
                                        .until = 1,
                                        .until_us = 300,
                                        .batch_rows = batch_rows},
                    "250\n0\n~\n");
        expect_scan(snapshot,
                    (kehu_scan_options){.columns = names + 1,
                                        .n_columns = 2,
                                        .first_customer = "aa",
                                        .last_customer = "b",
                                        .batch_rows = batch_rows},
                    "b|~\nb|500\n");
    }
    assert_int_equal(
        kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, "b", NULL, &err), KEHU_OK);
    assert_int_equal(kehu_scan_next(scan, &batch, &err), KEHU_OK);
    assert_int_equal(batch.n_rows, 2);
    assert_int_equal(batch.n_columns, 8);
    assert_string_equal(batch.columns[7].name, "text");
    assert_int_equal(kehu_scan_next(scan, &batch, &err), KEHU_OK);
    assert_int_equal(batch.n_rows, 0);
    kehu_scan_free(scan);
    assert_int_equal(
        kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, "nobody", NULL, &err),
        KEHU_OK);
    assert_int_equal(kehu_scan_next(scan, &batch, &err), KEHU_OK);
    assert_int_equal(batch.n_rows, 0);
    kehu_scan_free(scan);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_store_outlives_a_change_of_the_working_folder(void **state)
{
    static const store_event event = {"张三", 5, "purchase", NULL, 100, NULL};
    const kehu_store_options make = {.size = sizeof make, .mode = KEHU_STORE_CREATE};
    kehu_error err;
    kehu_store *store = NULL;
    char *text;
    char here[4096];
    (void)state;
    store_remove("store_moves");
    assert_int_equal(kehu_store_open(&store, "store_moves", &make, &err), KEHU_OK);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(store_add(store, &event, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    kehu_store_free(store);
    assert_int_equal(chdir(here), 0);
    text = store_text_path("store_moves", KEHU_STORE_EVENTS, &err);
    assert_non_null(text);
    assert_non_null(strstr(text, "张三"));
    free(text);
}

static void test_store_is_for_one_writer(void **state)
{
    kehu_store *store = fresh("store_busy"), *second;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(kehu_store_open(&second, "store_busy", NULL, &err), KEHU_BUSY);
    assert_string_equal(err.message, "another writer has store_busy open");
    assert_null(second);
    assert_int_equal(store_add(store, some, 5, &err), KEHU_OK);
    text = store_text_path("store_busy", KEHU_STORE_EVENTS, &err);
    assert_string_equal(text, some_text);
    free(text);
    kehu_store_free(store);
}

/* The lines of a text that begin with an id. */
static char *lines_of(const char *text, const char *id)
{
    FILE *f = text_open();
    const size_t n = strlen(id);
    while (*text != '\0') {
        const size_t size = strcspn(text, "\n") + 1;
        if (strncmp(text, id, n) == 0 && text[n] == '|')
            fwrite(text, 1, size, f);
        text += size;
    }
    return text_close(f);
}

/* NULL when a call failed. The rows must come in one batch, so no more than 8192. */
static char *history_of(const kehu_snapshot *snapshot, const char *id, kehu_scan **open,
                        kehu_error *err)
{
    FILE *f = text_open();
    kehu_scan_batch b;
    char *text;
    kehu_status status =
        kehu_scan_customer(open, snapshot, KEHU_STORE_EVENTS, id, NULL, err);
    if (status == KEHU_OK)
        status = kehu_scan_next(*open, &b, err);
    if (status == KEHU_OK)
        store_print_rows(f, b.columns, b.n_columns, b.n_rows);
    text = text_close(f);
    if (status == KEHU_OK)
        return text;
    free(text);
    return NULL;
}

/* Customers of one event and of blocks full of them, in a file and in the log. */
static void fill_histories(kehu_store *store)
{
    enum { N = 2400 };
    static char ids[N][8];
    static store_event e[N];
    kehu_error err;
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "c%d", i % 2 == 0 ? 50 : i * 7 % 200);
        e[i] = (store_event){ids[i],
                             i * 31 % 997,
                             i % 3 == 0 ? NULL : "buy",
                             i % 5 == 0 ? "web" : ids[(i + 1) % N],
                             i % 7 == 0 ? INT64_MIN : i,
                             i % 4 == 0 ? NULL : ids[i]};
    }
    assert_int_equal(store_add(store, e, N - 9, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, e + N - 9, 9, &err), KEHU_OK);
}

static void test_histories_are_what_the_whole_walk_shows(void **state)
{
    static const char *const nobody[] = {"a", "c1x", "c50 ", "zz"};
    kehu_store *store = fresh("store_history");
    kehu_snapshot *snapshot;
    kehu_error err;
    char *whole;
    (void)state;
    fill_histories(store);
    snapshot = store_see(store);
    whole = store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err);
    for (int i = 0; i < 404; i++) {
        kehu_scan *scan = NULL, *other = NULL;
        char id[8], *expected, *found, *also;
        if (i < 400)
            snprintf(id, sizeof id, "c%d", i % 200);
        else
            snprintf(id, sizeof id, "%s", nobody[i - 400]);
        expected = lines_of(whole, id);
        found = history_of(snapshot, id, &scan, &err);
        also = history_of(snapshot, "c7", &other, &err); /* beside it */
        kehu_scan_free(scan);
        kehu_scan_free(other);
        assert_string_equal(found, expected);
        free(expected);
        expected = lines_of(whole, "c7");
        assert_string_equal(also, expected);
        free(also);
        free(expected);
        free(found);
    }
    free(whole);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_histories_report_every_refused_allocation(void **state)
{
    static const char *const wanted[] = {"c1", "c50", "a customer with a longer id"};
    kehu_store *store = fresh("store_history");
    bool whole = false;
    (void)state;
    fill_histories(store);
    kehu_store_free(store);
    for (long n = 0; !whole; n++) {
        faulty f;
        const kehu_snapshot_options seen = {.size = sizeof seen,
                                            .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        kehu_error err = {0};
        whole =
            kehu_snapshot_open_path(&snapshot, "store_history", &seen, &err) == KEHU_OK;
        for (int i = 0; whole && i < 3; i++) {
            kehu_scan *scan = NULL;
            char *text = history_of(snapshot, wanted[i], &scan, &err);
            whole = text != NULL;
            kehu_scan_free(scan);
            free(text);
        }
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_true(whole || err.code == KEHU_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_gives_events_by_customer_and_time),
        cmocka_unit_test(test_store_merges_log_and_segments),
        cmocka_unit_test(test_store_keeps_what_was_not_flushed),
        cmocka_unit_test(test_store_has_room_for_small_batches),
        cmocka_unit_test(test_store_keeps_the_latest_value_of_each_field),
        cmocka_unit_test(test_store_declares_a_field_once),
        cmocka_unit_test(test_snapshot_does_not_change),
        cmocka_unit_test(test_snapshot_shows_the_past),
        cmocka_unit_test(test_scan_chooses_rows_and_columns),
        cmocka_unit_test(test_store_outlives_a_change_of_the_working_folder),
        cmocka_unit_test(test_store_is_for_one_writer),
        cmocka_unit_test(test_histories_are_what_the_whole_walk_shows),
        cmocka_unit_test(test_histories_report_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
