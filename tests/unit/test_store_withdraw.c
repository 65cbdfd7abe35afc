/* Rows that came from a source, and what is left when it is withdrawn. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/schema.h"
#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

/* One letter each: customer, city (customers) or kind (events), source; ~ for none. */
static kehu_status add_rows(kehu_store *store, kehu_store_part part, const char *rows,
                            const int64_t *times, kehu_error *err)
{
    enum { MOST = 16 };
    char texts[3][MOST];
    int32_t offsets[3][MOST + 1] = {{0}};
    uint8_t valid[3][2] = {{0}};
    const int64_t n = (int64_t)strlen(rows) / 3;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) {
            const char c = rows[i * 3 + k];
            offsets[k][i + 1] = offsets[k][i] + (c != '~');
            texts[k][offsets[k][i]] = c;
            if (c != '~')
                valid[k][i / 8] = (uint8_t)(valid[k][i / 8] | 1u << (i & 7));
        }
    {
        const bool events = part == KEHU_STORE_EVENTS;
        const char *const names[] = {"customer", events ? "kind" : "city", "source"};
        kehu_column c[4];
        for (int k = 0; k < 3; k++)
            c[k] = (kehu_column){.name = names[k],
                                 .type = KEHU_UTF8,
                                 .length = n,
                                 .data = texts[k],
                                 .offsets = offsets[k],
                                 .validity = valid[k]};
        c[3] = (kehu_column){.name = events ? "time" : "valid_from",
                             .type = KEHU_TIMESTAMP,
                             .length = n,
                             .data = times};
        return events ? kehu_store_add_events(store, c, 4, NULL, err)
                      : kehu_store_add_customers(store, c, 4, NULL, err);
    }
}

static void expect(kehu_store *store, kehu_store_part part, const char *expected)
{
    static const char *const events[] = {"customer", "kind", "source"};
    static const char *const customers[] = {"customer", "city"};
    const kehu_scan_options options = {.size = sizeof options,
                                       .columns =
                                           part == KEHU_STORE_EVENTS ? events : customers,
                                       .n_columns = part == KEHU_STORE_EVENTS ? 3 : 2};
    kehu_snapshot *snapshot;
    kehu_error err = {0};
    char *text;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    text = store_text(snapshot, part, &options, &err);
    kehu_snapshot_free(snapshot);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static const kehu_store_field city = {.name = "city", .type = KEHU_UTF8};
static const int64_t times[] = {10, 20, 30, 40, 50, 60, 70, 80};

/* What a customer is known by from two sources, in segments and in the log. */
static kehu_status fill(kehu_store *store, kehu_error *err)
{
    kehu_status status = kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, err);
    if (status == KEHU_OK)
        status = add_rows(store, KEHU_STORE_CUSTOMERS, "aPxaQybRybT~", times, err);
    if (status == KEHU_OK)
        status = add_rows(store, KEHU_STORE_EVENTS, "amxan~aoyam~bmy", times, err);
    return status;
}

static void test_withdrawn_values_give_way_to_other_sources(void **state)
{
    (void)state;
    for (int flushed = 0; flushed < 3; flushed++) {
        kehu_store *store = store_new("store_withdraw", 0);
        kehu_snapshot *before;
        kehu_store_stats stats;
        kehu_store_proof proof;
        kehu_error err;
        char *text;
        assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
        assert_int_equal(
            add_rows(store, KEHU_STORE_CUSTOMERS, "aPxaQybRybT~cVy", times, &err), 0);
        if (flushed > 0)
            assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
        assert_int_equal(add_rows(store, KEHU_STORE_EVENTS, "amxan~aoybmy", times, &err),
                         0);
        if (flushed > 1)
            assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
        expect(store, KEHU_STORE_CUSTOMERS, "a|Q\nb|T\nc|V\n");
        assert_int_equal(kehu_snapshot_open(&before, store, NULL, &err), KEHU_OK);

        assert_int_equal(kehu_store_withdraw(store, "y", &err), KEHU_OK);
        assert_int_equal(kehu_store_sequence(store), 4);
        expect(store, KEHU_STORE_CUSTOMERS, "a|P\nb|T\n");
        expect(store, KEHU_STORE_EVENTS, "a|m|x\na|n|~\n");
        text = store_text(before, KEHU_STORE_CUSTOMERS, NULL, &err);
        assert_string_equal(text, "a|Q\nb|T\nc|V\n");
        free(text);
        kehu_snapshot_free(before);

        /* What comes later from that source counts again; a new handle knows it all. */
        assert_int_equal(add_rows(store, KEHU_STORE_CUSTOMERS, "aZy", times + 7, &err),
                         0);
        kehu_store_free(store);
        assert_int_equal(kehu_store_open(&store, "store_withdraw", NULL, &err), KEHU_OK);
        expect(store, KEHU_STORE_CUSTOMERS, "a|Z\nb|T\n");
        assert_int_equal(kehu_snapshot_open(&before, store, NULL, &err), KEHU_OK);
        assert_int_equal(kehu_snapshot_stats(before, &stats, &err), KEHU_OK);
        assert_int_equal(stats.withdrawn_sources, 1);
        kehu_snapshot_free(before);
        if (flushed == 1)
            assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);

        assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_OK);
        assert_int_equal(proof.sources, 1);
        assert_int_equal(proof.rows_left, 0);
        if (flushed != 1) { /* else merging has removed them already */
            assert_int_equal(proof.customer_rows, 3);
            assert_int_equal(proof.event_rows, 2);
        }
        expect(store, KEHU_STORE_CUSTOMERS, "a|Z\nb|T\n");
        expect(store, KEHU_STORE_EVENTS, "a|m|x\na|n|~\n");
        assert_int_equal(kehu_snapshot_open(&before, store, NULL, &err), KEHU_OK);
        assert_int_equal(kehu_snapshot_stats(before, &stats, &err), KEHU_OK);
        assert_int_equal(stats.withdrawn_sources, 0);
        assert_int_equal(stats.rows[KEHU_STORE_EVENTS], 2);
        kehu_snapshot_free(before);
        kehu_store_free(store);
    }
}

static void test_totals_and_backups_leave_withdrawn_rows_out(void **state)
{
    kehu_store *store = store_new("store_withdraw", 0);
    kehu_snapshot *snapshot;
    kehu_table *totals;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(fill(store, &err), KEHU_OK);
    assert_int_equal(kehu_store_withdraw(store, "y", &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_totals(&totals, snapshot, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_table_row_count(totals), 1);
    assert_int_equal(((const int64_t *)kehu_table_find(totals, "events")->data)[0], 3);
    kehu_table_free(totals);
    store_remove("store_withdraw_backup");
    assert_int_equal(kehu_snapshot_backup(snapshot, "store_withdraw_backup", NULL, &err),
                     0);
    kehu_snapshot_free(snapshot);
    text = store_text_path("store_withdraw_backup", KEHU_STORE_CUSTOMERS, &err);
    assert_string_equal(text, "a|P\nb|T\n");
    free(text);
    kehu_store_free(store);
}

static void test_withdraw_refuses_what_is_no_source(void **state)
{
    kehu_store *store = store_new("store_withdraw", 0);
    char *long_name = calloc(1, 1026);
    kehu_error err;
    (void)state;
    memset(long_name, 'x', 1025);
    assert_int_equal(kehu_store_withdraw(NULL, "x", &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_withdraw(store, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_withdraw(store, "", &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_withdraw(store, long_name, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_withdraw(store, long_name + 1, &err), KEHU_OK);
    {
        const int64_t when = 1;
        const int32_t offsets[] = {0, 1}, long_offsets[] = {0, 1025};
        const kehu_store_field again = {.name = "source", .type = KEHU_UTF8};
        const kehu_column c[] = {
            {.name = "customer",
             .type = KEHU_UTF8,
             .length = 1,
             .data = "a",
             .offsets = offsets},
            {.name = "time", .type = KEHU_TIMESTAMP, .length = 1, .data = &when},
            {.name = "source",
             .type = KEHU_UTF8,
             .length = 1,
             .data = long_name,
             .offsets = long_offsets}};
        assert_int_equal(kehu_store_add_events(store, c, 3, NULL, &err), KEHU_DATA);
        assert_string_equal(err.message,
                            "source in row 0 has 1025 bytes, expected 0 to 1024");
        assert_int_equal(kehu_store_declare(store, KEHU_STORE_EVENTS, &again, &err),
                         KEHU_DUPLICATE);
    }
    free(long_name);
    kehu_store_free(store);
}

/* "source" was no built-in column in the first stores: one declared then stays what it
 * was. */
static void test_a_field_named_source_of_old_times_is_read(void **state)
{
    const kehu_store_field old = {.name = "source", .type = KEHU_INT64, .layer = 1};
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__schema schema = kehu__schema_new(&alloc);
    kehu__buffer bytes = kehu__buffer_new(&alloc);
    kehu__reader r;
    bool added;
    kehu_error err;
    (void)state;
    kehu__field_write(&bytes, KEHU_STORE_EVENTS, &old);
    for (int i = 0; i < 2; i++) { /* the manifest and then the log may say it */
        r = kehu__reader_new(bytes.bytes, bytes.size);
        assert_int_equal(kehu__field_read(&r, &schema, "old", &err), KEHU_OK);
    }
    kehu__buffer_free(&bytes);
    assert_int_equal(schema.n_fields[KEHU_STORE_EVENTS], 1);
    assert_int_equal(kehu__schema_find(&schema, KEHU_STORE_EVENTS, "source"), 16);
    assert_int_equal(kehu__schema_type(&schema, KEHU_STORE_EVENTS, 16), KEHU_INT64);
    assert_int_equal(kehu__schema_find(&schema, KEHU_STORE_CUSTOMERS, "source"),
                     KEHU__SOURCE);
    assert_int_equal(kehu__schema_add(&schema, KEHU_STORE_EVENTS, &old, &added, &err), 0);
    assert_false(added);
    assert_int_equal(kehu__schema_add(&schema, KEHU_STORE_CUSTOMERS, &old, &added, &err),
                     KEHU_DUPLICATE);
    kehu__schema_free(&schema);
}

/* Each allocation refused once: nothing is withdrawn, or all of it is. */
static void test_withdrawal_without_memory_changes_nothing(void **state)
{
    (void)state;
    for (long refused = 0;; refused++) {
        faulty f;
        const kehu_store_options options = {
            .size = sizeof options, .mode = KEHU_STORE_NEW, .alloc = faulty_init(&f, -1)};
        kehu_store *store;
        kehu_error err;
        kehu_status status;
        store_remove("store_withdraw");
        assert_int_equal(kehu_store_open(&store, "store_withdraw", &options, &err), 0);
        assert_int_equal(fill(store, &err), KEHU_OK);
        f.refuse_at = f.requests + refused;
        status = kehu_store_withdraw(store, "y", &err);
        f.refuse_at = -1;
        if (status != KEHU_OK)
            assert_int_equal(status, KEHU_NO_MEMORY);
        expect(store, KEHU_STORE_CUSTOMERS,
               status == KEHU_OK ? "a|P\nb|T\n" : "a|Q\nb|T\n");
        kehu_store_free(store);
        assert_int_equal(f.live_blocks, 0);
        if (status == KEHU_OK) {
            assert_true(refused > 20);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_withdrawn_values_give_way_to_other_sources),
        cmocka_unit_test(test_totals_and_backups_leave_withdrawn_rows_out),
        cmocka_unit_test(test_withdraw_refuses_what_is_no_source),
        cmocka_unit_test(test_a_field_named_source_of_old_times_is_read),
        cmocka_unit_test(test_withdrawal_without_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
