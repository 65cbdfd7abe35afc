#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "support/stores.h"
#include "support/test.h"

static void expect_text(kehu_store *store, const char *expected)
{
    kehu_error err = {0};
    char *text = store_text_now(store, KEHU_STORE_EVENTS, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static const store_event before[] = {
    {"keeper-7101", 10, "buy", NULL, 1, "普通的话"},
    {"victim-8202", 20, "call", "phone-secret", 2, "我的秘密住址"},
    {"victim-8202", 30, "buy", NULL, 3, NULL},
    {"zeta-9303", 40, "buy", NULL, 4, NULL},
};
static const char all[] = "keeper-7101|10|buy|~|~|1|~|普通的话\n"
                          "victim-8202|20|call|phone-secret|~|2|~|我的秘密住址\n"
                          "victim-8202|30|buy|~|~|3|~|~\n"
                          "zeta-9303|40|buy|~|~|4|~|~\n";
static const char without[] = "keeper-7101|10|buy|~|~|1|~|普通的话\n"
                              "zeta-9303|40|buy|~|~|4|~|~\n";

static void expect_no_trace(const char *folder)
{
    static const char *const traces[] = {"victim-8202", "phone-secret", "秘密", "杭州"};
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        if (store_has_bytes(folder, traces[i]))
            fail_msg("%s is still in a file of %s", traces[i], folder);
}

/* n_flushes says how much of it is in segments when the customer is erased. */
static void erase_and_purge(const char *folder, int n_flushes)
{
    kehu_store *store = store_new(folder, 0);
    const kehu_store_field city = {.name = "city", .type = KEHU_UTF8};
    const char *const who[] = {"victim-8202", "zeta-9303"};
    const char *const cities[] = {"杭州", "成都"};
    kehu_snapshot *earlier;
    kehu_store_proof proof;
    kehu_error err;
    char *text;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(store_add(store, before, 2, &err), KEHU_OK);
    if (n_flushes > 0)
        assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, before + 2, 2, &err), KEHU_OK);
    assert_int_equal(store_set(store, who, "city", cities, NULL, 2, &err), KEHU_OK);
    if (n_flushes > 1)
        assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    expect_text(store, all);
    assert_true(store_has_bytes(folder, "victim-8202"));
    assert_int_equal(kehu_snapshot_open(&earlier, store, NULL, &err), KEHU_OK);

    assert_int_equal(kehu_store_erase(store, "victim-8202", &err), KEHU_OK);
    expect_text(store, without);
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_OK);
    expect_text(store, without);
#if !defined(                                                                            \
    _WIN32) /* where open files may keep their names: the earlier snapshot's do */
    expect_no_trace(folder);
#endif
    assert_int_equal(proof.customers, 1);
    assert_int_equal(proof.event_rows, 2);
    assert_int_equal(proof.customer_rows, 1);
    assert_int_equal(proof.rows_left, 0);
    assert_true(proof.files_rewritten > 0 && proof.files_removed > 0);

    text = store_text(earlier, KEHU_STORE_EVENTS, NULL, &err);
    assert_string_equal(text, all);
    free(text);
    kehu_snapshot_free(earlier);
    expect_no_trace(folder);
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_OK);
    assert_int_equal(proof.customers, 0);
    assert_int_equal(proof.files_rewritten, 0);
    kehu_store_free(store);
    text = store_text_path(folder, KEHU_STORE_CUSTOMERS, &err);
    assert_string_equal(text, "zeta-9303|成都\n");
    free(text);
}

static void test_purge_leaves_no_trace_of_the_log(void **state)
{
    (void)state;
    erase_and_purge("store_erase_log", 0);
}

static void test_purge_leaves_no_trace_of_log_and_segment(void **state)
{
    (void)state;
    erase_and_purge("store_erase_both", 1);
}

static void test_purge_leaves_no_trace_of_segments(void **state)
{
    (void)state;
    erase_and_purge("store_erase_segments", 2);
}

static int remove_nothing(void *ctx, const char *path)
{
    (void)ctx;
    (void)path;
    return -EACCES;
}

/* What a purge did is told by the call that removes the last old file. */
static void test_failed_removal_keeps_the_proof(void **state)
{
    static const char folder[] = "store_erase_kept";
    kehu__io io = kehu__io_system;
    kehu_store *store = store_new(folder, 0);
    kehu_store_proof proof;
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, before, 4, &err), KEHU_OK);
    kehu_store_free(store);
    assert_int_equal(kehu__store_open(&store, folder, NULL, &io, &err), KEHU_OK);
    assert_int_equal(kehu_store_erase(store, "victim-8202", &err), KEHU_OK);
    io.unlink = remove_nothing;
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_IO);
    expect_text(store, without);
    assert_int_equal(kehu_store_erase(store, "zeta-9303", &err), KEHU_OK);
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_IO);
    io.unlink = kehu__io_system.unlink;
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_OK);
    expect_no_trace(folder);
    assert_false(store_has_bytes(folder, "zeta-9303"));
    assert_int_equal(proof.customers, 2);
    assert_int_equal(proof.event_rows, 3);
    assert_int_equal(proof.rows_left, 0);
    assert_true(proof.files_rewritten > 1 && proof.files_removed > 1);
    assert_int_equal(kehu_store_purge(store, &proof, &err), KEHU_OK);
    assert_int_equal(proof.customers, 0);
    assert_int_equal(proof.files_removed, 0);
    kehu_store_free(store);
}

static void test_erased_customer_may_come_back(void **state)
{
    kehu_store *store = store_new("store_erase_back", 0);
    const store_event back = {"victim-8202", 5, "buy", NULL, 9, NULL};
    kehu_snapshot_options past = {.size = sizeof past, .as_of_sequence = 1};
    kehu_snapshot *snapshot;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(store_add(store, before, 4, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(kehu_store_erase(store, "victim-8202", &err), KEHU_OK);
    assert_int_equal(store_add(store, &back, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    expect_text(store, "keeper-7101|10|buy|~|~|1|~|普通的话\n"
                       "victim-8202|5|buy|~|~|9|~|~\n"
                       "zeta-9303|40|buy|~|~|4|~|~\n");
    assert_int_equal(kehu_snapshot_open(&snapshot, store, &past, &err), KEHU_OK);
    text = store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err);
    assert_string_equal(text, without);
    free(text);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_compact_leaves_one_segment_a_part(void **state)
{
    kehu_store *store = store_new("store_compact", 0);
    kehu_error err;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(store_add(store, before + i, 1, &err), KEHU_OK);
        assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    }
    /* LOCK, two manifests, the log and four segments; then one segment. */
    assert_int_equal(store_count_files("store_compact"), 8);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    assert_int_equal(store_count_files("store_compact"), 5);
    expect_text(store, all);
    kehu_store_free(store);
}

static void test_flush_merges_when_segments_are_many(void **state)
{
    kehu_store *store = store_new("store_merge_some", 0);
    kehu_error err;
    (void)state;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(store_add(store, before + i % 4, 1, &err), KEHU_OK);
        assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
        assert_true(store_count_files("store_merge_some") <= 4 + 8);
    }
    kehu_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purge_leaves_no_trace_of_the_log),
        cmocka_unit_test(test_purge_leaves_no_trace_of_log_and_segment),
        cmocka_unit_test(test_purge_leaves_no_trace_of_segments),
        cmocka_unit_test(test_failed_removal_keeps_the_proof),
        cmocka_unit_test(test_erased_customer_may_come_back),
        cmocka_unit_test(test_compact_leaves_one_segment_a_part),
        cmocka_unit_test(test_flush_merges_when_segments_are_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
