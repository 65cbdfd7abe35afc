#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/snapshot.h"
#include "support/faulty.h"
#include "support/faulty_io.h"
#include "support/stores.h"
#include "support/system.h"
#include "support/test.h"

static const char source[] = "store_backup_of", copy[] = "store_backup";

static const store_event events[] = {
    {"keeper-7101", 10, "buy", NULL, 1, "普通的话"},
    {"victim-8202", 20, "call", "phone-secret", 2, "我的秘密住址"},
    {"zeta-9303", 40, "buy", NULL, 4, NULL},
    {"keeper-7101", 50, "buy", "app", 5, "后来的话"},
};
static const char kept[] = "keeper-7101|10|buy|~|~|1|~|普通的话\n"
                           "keeper-7101|50|buy|app|~|5|~|后来的话\n"
                           "zeta-9303|40|buy|~|~|4|~|~\n";

/* Batches 1 to 6: a field, two batches sorted into segments, two in the log, an
 * erasure. */
static kehu_store *fill(void)
{
    const kehu_store_field city = {.name = "city", .type = KEHU_UTF8, .layer = 2};
    const char *const who[] = {"victim-8202", "zeta-9303"};
    const char *const cities[] = {"杭州", "成都"};
    kehu_store *store = store_new(source, 0);
    kehu_error err;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(store_add(store, events, 2, &err), KEHU_OK);
    assert_int_equal(store_set(store, who, "city", cities, NULL, 2, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, events + 2, 1, &err), KEHU_OK);
    assert_int_equal(store_add(store, events + 3, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_erase(store, "victim-8202", &err), KEHU_OK);
    assert_int_equal(kehu_store_sequence(store), 6);
    return store;
}

static void back_up(kehu_store *store, const kehu_snapshot_options *options,
                    const char *folder)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, options, &err), KEHU_OK);
    store_remove(folder);
    if (kehu_snapshot_backup(snapshot, folder, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    kehu_snapshot_free(snapshot);
}

static void expect_text(const char *folder, kehu_store_part part, const char *expected)
{
    kehu_error err = {0};
    char *text = store_text_path(folder, part, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static void expect_sound(const char *folder)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    assert_int_equal(kehu_snapshot_open_path(&snapshot, folder, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_check(snapshot, NULL, NULL, &err), KEHU_OK);
    kehu_snapshot_free(snapshot);
}

static void test_backup_is_a_store_of_what_is_seen(void **state)
{
    kehu_store *store = fill(), *again = NULL;
    kehu_error err;
    struct stat found;
    (void)state;
    back_up(store, NULL, copy);
    expect_sound(copy);
    expect_text(copy, KEHU_STORE_EVENTS, kept);
    expect_text(copy, KEHU_STORE_CUSTOMERS, "zeta-9303|成都\n");
    assert_false(store_has_bytes(copy, "victim-8202"));
    assert_false(store_has_bytes(copy, "秘密"));
    assert_int_equal(stat(copy, &found), 0);
#if !defined(_WIN32) /* which has other rights */
    assert_int_equal(found.st_mode & 0777, 0700);
#endif
    /* Numbers go on where they were; the first store goes on without it. */
    assert_int_equal(kehu_store_open(&again, copy, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_store_sequence(again), 6);
    assert_int_equal(store_add(again, events + 1, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_sequence(again), 7);
    kehu_store_free(again);
    assert_int_equal(store_add(store, events, 1, &err), KEHU_OK);
    kehu_store_free(store);
    expect_sound(copy);
    expect_sound(source);
}

static void test_backup_of_the_past(void **state)
{
    kehu_store *store = fill();
    kehu_snapshot_options options = {.size = sizeof options, .as_of_sequence = 4};
    (void)state;
    back_up(store, &options, copy);
    expect_text(copy, KEHU_STORE_EVENTS,
                "keeper-7101|10|buy|~|~|1|~|普通的话\n"
                "zeta-9303|40|buy|~|~|4|~|~\n");
    options = (kehu_snapshot_options){.size = sizeof options, .as_of = 1, .as_of_us = 39};
    back_up(store, &options, copy);
    expect_text(copy, KEHU_STORE_EVENTS, "keeper-7101|10|buy|~|~|1|~|普通的话\n");
    kehu_store_free(store);
}

static void test_backups_of_one_snapshot_are_the_same_bytes(void **state)
{
    kehu_store *store = fill();
    (void)state;
    back_up(store, NULL, copy);
    back_up(store, NULL, "store_backup_2");
    assert_true(store_same_files(copy, "store_backup_2"));
    kehu_store_free(store);
}

static void test_backup_of_an_empty_store(void **state)
{
    const kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_NEW};
    kehu_store *store = NULL;
    kehu_error err;
    (void)state;
    store_remove(source);
    assert_int_equal(kehu_store_open(&store, source, &options, &err), KEHU_OK);
    back_up(store, NULL, copy);
    expect_text(copy, KEHU_STORE_EVENTS, "");
    kehu_store_free(store);
}

static void test_backup_takes_an_empty_folder_only(void **state)
{
    kehu_store *store = fill();
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    back_up(store, NULL, copy);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_backup(snapshot, copy, NULL, &err), KEHU_DUPLICATE);
    assert_string_equal(err.message,
                        "folder store_backup is not empty: a backup is a new store");
    expect_text(copy, KEHU_STORE_EVENTS, kept);
    assert_int_equal(kehu_snapshot_backup(snapshot, source, NULL, &err), KEHU_BUSY);
    assert_string_equal(err.message, "another writer has store_backup_of open");
    assert_int_equal(kehu_snapshot_backup(snapshot, "", NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_snapshot_backup(NULL, copy, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_snapshot_backup(snapshot, "nowhere/copy", NULL, &err),
                     KEHU_NOT_FOUND);
    store_remove(copy);
    assert_int_equal(make_folder(copy), 0);
    assert_int_equal(kehu_snapshot_backup(snapshot, copy, NULL, &err), KEHU_OK);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* Each call fails once: the folder is then no store, the first store is as it was, and
 * no file stays open. */
static void fail_every_call(int how)
{
    kehu_store_free(fill());
    for (long n = 0;; n++) {
        faulty_io f;
        kehu_snapshot *snapshot;
        kehu_store *opened = NULL;
        kehu_error err;
        kehu_status status;
        const kehu__io *io = faulty_io_init(&f, -1, how, false);
        assert_int_equal(kehu__snapshot_open_path(&snapshot, source, NULL, io, &err), 0);
        store_remove(copy);
        f.fail_at = f.calls + n;
        status = kehu_snapshot_backup(snapshot, copy, NULL, &err);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.open_files, 0);
        if (status == KEHU_OK) {
            expect_text(copy, KEHU_STORE_EVENTS, kept);
            if (!f.failed)
                break;
            continue;
        }
        assert_true(err.message[0] != '\0');
        assert_true(kehu_store_open(&opened, copy, NULL, &err) != KEHU_OK);
    }
    expect_text(source, KEHU_STORE_EVENTS, kept);
}

static void test_failed_backup_is_no_store(void **state)
{
    (void)state;
    fail_every_call(EIO);
    fail_every_call(ENOSPC);
    fail_every_call(FAULTY_IO_SHORT);
}

static void test_backup_without_memory(void **state)
{
    (void)state;
    kehu_store_free(fill());
    for (long n = 0;; n++) {
        faulty f;
        kehu_snapshot_options options = {.size = sizeof options,
                                         .alloc = faulty_init(&f, -1)};
        kehu_snapshot *snapshot;
        kehu_error err;
        kehu_status status;
        assert_int_equal(kehu_snapshot_open_path(&snapshot, source, &options, &err), 0);
        store_remove(copy);
        f.refuse_at = f.requests + n;
        status = kehu_snapshot_backup(snapshot, copy, NULL, &err);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    expect_text(copy, KEHU_STORE_EVENTS, kept);
}

static int stop(void *ctx, double done, const char *stage)
{
    ++*(int *)ctx;
    return done >= 0 && strcmp(stage, "copy") == 0;
}

static void test_backup_can_be_stopped(void **state)
{
    enum { MANY = 40000 };
    store_event *many = calloc(MANY, sizeof *many);
    int calls = 0;
    const kehu_progress progress = {.ctx = &calls, .report = stop};
    kehu_store *store = fill(), *opened = NULL;
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    assert_non_null(many);
    for (int i = 0; i < MANY; i++)
        many[i] = (store_event){"keeper-7101", i, "buy", NULL, i, NULL};
    assert_int_equal(store_add(store, many, MANY, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    store_remove(copy);
    assert_int_equal(kehu_snapshot_backup(snapshot, copy, &progress, &err),
                     KEHU_CANCELLED);
    assert_int_equal(calls, 1);
    assert_true(kehu_store_open(&opened, copy, NULL, &err) != KEHU_OK);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backup_is_a_store_of_what_is_seen),
        cmocka_unit_test(test_backup_of_the_past),
        cmocka_unit_test(test_backups_of_one_snapshot_are_the_same_bytes),
        cmocka_unit_test(test_backup_of_an_empty_store),
        cmocka_unit_test(test_backup_takes_an_empty_folder_only),
        cmocka_unit_test(test_failed_backup_is_no_store),
        cmocka_unit_test(test_backup_without_memory),
        cmocka_unit_test(test_backup_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
