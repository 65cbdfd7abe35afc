/* What a store refuses, with which status and which words. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/handle.h"
#include "store/snapshot.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/system.h"
#include "support/test.h"

static const kehu_store_options make = {.size = sizeof make, .mode = KEHU_STORE_CREATE};
static const store_event one = {"a", 1, "buy", NULL, 1, NULL};

static kehu_store *fresh(const char *folder)
{
    kehu_store *store = NULL;
    kehu_error err;
    store_remove(folder);
    if (kehu_store_open(&store, folder, &make, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return store;
}

static void expect_open(const char *folder, const kehu_store_options *options,
                        kehu_status status, const char *message)
{
    kehu_error err = {0};
    void *anything = &err;
    kehu_store *store = anything;
    assert_int_equal(kehu_store_open(&store, folder, options, &err), status);
    assert_string_equal(err.message, message);
    assert_null(store);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(bytes, 1, size, f);
    fclose(f);
}

static void test_open_says_what_is_wrong_with_the_folder(void **state)
{
    kehu_store_options options = {.size = sizeof options};
    (void)state;
    store_remove("store_none");
    expect_open("store_none", NULL, KEHU_NOT_FOUND,
                "cannot open folder store_none: no such file or folder (errno 2)");
    make_folder("store_none");
    expect_open("store_none", NULL, KEHU_NOT_FOUND, "store_none is not a kehu store");
    write_file("store_none/notes.txt", "x", 1);
    expect_open("store_none", &make, KEHU_FORMAT,
                "folder store_none is no store and holds other files, such as notes.txt");
    unlink("store_none/notes.txt");
    write_file("store_none/seg-0000000003.ks", "x", 1);
    expect_open("store_none", &make, KEHU_FORMAT,
                "folder store_none has files of a store but no manifest");
    store_remove("store_none");
    kehu_store_free(fresh("store_there"));
    options.mode = KEHU_STORE_NEW;
    expect_open("store_there", &options, KEHU_DUPLICATE,
                "store_there is a store already");
    options.mode = 3;
    expect_open("store_there", &options, KEHU_ARGUMENT, "mode is 3, expected 0 to 2");
    options.mode = 0;
    options.flush_bytes = 5;
    expect_open("store_there", &options, KEHU_ARGUMENT,
                "flush_bytes is 5, expected 4096 to 1073741824");
    expect_open("", NULL, KEHU_ARGUMENT, "path is NULL, empty or over 4000 bytes");
}

/* Change one byte and, where it belongs to a header, its checksum too. */
static void poke(const char *path, long at, unsigned char value, bool sum)
{
    unsigned char header[64];
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fread(header, 1, 64, f), 64);
    header[at] = value;
    if (sum)
        kehu__store32(header + 60, kehu__crc32c(0, header, 60));
    rewind(f);
    assert_int_equal(fwrite(header, 1, 64, f), 64);
    fclose(f);
}

static void test_open_tells_newer_from_damaged(void **state)
{
    kehu_store *store = fresh("store_versions");
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    kehu_store_free(store);
    poke("store_versions/MANIFEST-0000000001", 6, 2, true);
    expect_open("store_versions", NULL, KEHU_VERSION,
                "MANIFEST-0000000001 has store format 2, this kehu reads up to 1");
    poke("store_versions/MANIFEST-0000000001", 6, 1, true);
    poke("store_versions/MANIFEST-0000000001", 12, 128, true);
    expect_open("store_versions", NULL, KEHU_VERSION,
                "MANIFEST-0000000001 needs a feature this kehu does not know");
    poke("store_versions/MANIFEST-0000000001", 12, 0, true);
    poke("store_versions/MANIFEST-0000000001", 24, 1, false);
    expect_open("store_versions", NULL, KEHU_FORMAT,
                "the header of MANIFEST-0000000001 is damaged");
    poke("store_versions/MANIFEST-0000000001", 0, 'X', false);
    expect_open("store_versions", NULL, KEHU_FORMAT,
                "MANIFEST-0000000001 is not a file of a kehu store");
}

static void test_open_misses_files_and_notices_foreign_ones(void **state)
{
    kehu_store *store = fresh("store_files"), *other = fresh("store_other");
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    kehu_store_free(store);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_add(other, &one, 1, &err), KEHU_OK);
        assert_int_equal(kehu_store_flush(other, &err), KEHU_OK);
    }
    kehu_store_free(other);
    /* A file of another store that nobody names is left alone, and said. */
    assert_int_equal(
        copy_file("store_other/seg-0000000006.ks", "store_files/seg-0000000006.ks"), 0);
    expect_open("store_files", NULL, KEHU_FORMAT,
                "seg-0000000006.ks belongs to another store: two are mixed in this "
                "folder");
    assert_int_equal(access("store_files/seg-0000000006.ks", F_OK), 0);
    unlink("store_files/seg-0000000006.ks");
    rename("store_files/seg-0000000002.ks", "store_other/x");
    expect_open("store_files", NULL, KEHU_FORMAT,
                "a file that the manifest 2 names is missing");
    assert_int_equal(
        copy_file("store_other/seg-0000000002.ks", "store_files/seg-0000000002.ks"), 0);
    expect_open("store_files", NULL, KEHU_FORMAT,
                "seg-0000000002.ks belongs to another store");
    unlink("store_files/seg-0000000002.ks");
    rename("store_other/x", "store_files/seg-0000000002.ks");
    /* Files that are none of a store's do not matter. */
    write_file("store_files/notes.txt", "x", 1);
    write_file("store_files/MANIFEST-0000000009.tmp", "x", 1);
    assert_int_equal(kehu_store_open(&store, "store_files", NULL, &err), KEHU_OK);
    assert_int_equal(access("store_files/notes.txt", F_OK), 0);
    assert_int_not_equal(access("store_files/MANIFEST-0000000009.tmp", F_OK), 0);
    kehu_store_free(store);
}

/* A disk that takes nothing new. */
static const kehu__io *sound_disk;
static bool disk_is_full;

static int open_to_read(void *ctx, const char *path, int flags, int mode)
{
    return (flags & O_ACCMODE) == O_RDONLY ? sound_disk->open(ctx, path, flags, mode)
                                           : -EROFS;
}

static int64_t write_if_room(void *ctx, int fd, const void *bytes, size_t size,
                             int64_t at)
{
    return disk_is_full ? -ENOSPC : sound_disk->pwrite(ctx, fd, bytes, size, at);
}

static void expect_events(const kehu__io *io, int64_t n)
{
    kehu_snapshot *snapshot;
    kehu_store_stats stats;
    kehu_error err;
    assert_int_equal(kehu__snapshot_open_path(&snapshot, "f", NULL, io, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_stats(snapshot, &stats, &err), KEHU_OK);
    assert_int_equal(stats.rows[KEHU_STORE_EVENTS], n);
    kehu_snapshot_free(snapshot);
}

static void test_read_only_folder_is_for_readers(void **state)
{
    memory_io *m = memory_io_new();
    kehu__io io;
    kehu_store *store;
    kehu_error err;
    (void)state;
    sound_disk = memory_io_table(m);
    assert_int_equal(kehu__store_open(&store, "f", &make, sound_disk, &err), KEHU_OK);
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    kehu_store_free(store);
    io = *sound_disk;
    io.open = open_to_read;
    assert_int_equal(kehu__store_open(&store, "f", &make, &io, &err), KEHU_IO);
    err.message[strcspn(err.message, "(")] = '\0';
    assert_string_equal(err.message, "cannot open f/LOCK: read-only file system ");
    expect_events(&io, 1);
    memory_io_free(m);
}

static void test_full_disk_loses_nothing(void **state)
{
    memory_io *m = memory_io_new();
    kehu__io io = *memory_io_table(m);
    kehu_store *store;
    kehu_error err;
    (void)state;
    sound_disk = memory_io_table(m);
    io.pwrite = write_if_room;
    disk_is_full = false;
    assert_int_equal(kehu__store_open(&store, "f", &make, &io, &err), KEHU_OK);
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    disk_is_full = true;
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_IO);
    err.message[strcspn(err.message, "(")] = '\0';
    assert_string_equal(err.message, "cannot write log-0000000001.kl: the disk is full ");
    assert_int_equal(kehu_store_flush(store, &err), KEHU_IO);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_IO);
    expect_events(&io, 1);
    disk_is_full = false; /* the same handle goes on once there is room */
    assert_int_equal(store_add(store, &one, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    kehu_store_free(store);
    expect_events(&io, 2);
    memory_io_free(m);
}

enum { ROWS = 3 };
static const int32_t offsets[ROWS + 1] = {0, 1, 2, 3};
static const int64_t times[ROWS] = {1, 2, 3};

static void expect_add(kehu_store *store, const kehu_column *extra, kehu_status status,
                       int64_t where, const char *message)
{
    kehu_column columns[3] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = ROWS,
         .data = "abc",
         .offsets = offsets},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = ROWS, .data = times}};
    kehu_error err = {0};
    int n = 2;
    if (extra != NULL && strcmp(extra->name, "customer") == 0)
        columns[0] = *extra;
    else if (extra != NULL && strcmp(extra->name, "time") == 0)
        columns[1] = *extra;
    else if (extra != NULL)
        columns[n++] = *extra;
    assert_int_equal(kehu_store_add_events(store, columns, n, NULL, &err), status);
    assert_string_equal(err.message, message);
    assert_int_equal(err.where, where);
    assert_int_equal(kehu_store_sequence(store), 0);
}

static void test_add_names_column_and_row(void **state)
{
    kehu_store *store = fresh("store_add_errors");
    const int64_t late[ROWS] = {1, INT64_MAX, 3};
    const double bad[ROWS] = {1, 2, NAN};
    const uint8_t second_missing = 5;
    kehu_column c = {
        .name = "nonsense", .type = KEHU_INT64, .length = ROWS, .data = times};
    kehu_error err;
    (void)state;
    expect_add(store, &c, KEHU_COLUMN, -1, "column nonsense is not declared");
    c.name = "amount";
    c.length = 2;
    expect_add(store, &c, KEHU_COLUMN, -1, "column amount has 2 rows, customer has 3");
    c = (kehu_column){
        .name = "amount", .type = KEHU_FLOAT64, .length = ROWS, .data = bad};
    expect_add(store, &c, KEHU_COLUMN, -1,
               "column amount is FLOAT64, which does not fit INT64");
    c.name = "quantity";
    expect_add(store, &c, KEHU_RANGE, 2, "quantity in row 2 is not finite");
    c = (kehu_column){
        .name = "time", .type = KEHU_TIMESTAMP, .length = ROWS, .data = late};
    expect_add(store, &c, KEHU_RANGE, 1, "time in row 1 is out of range");
    c.data = times;
    c.validity = &second_missing;
    expect_add(store, &c, KEHU_DATA, 1, "time in row 1 is missing");
    c = (kehu_column){.name = "customer",
                      .type = KEHU_INT64,
                      .length = ROWS,
                      .data = times,
                      .validity = &second_missing};
    expect_add(store, &c, KEHU_DATA, 1, "customer in row 1 is missing");
    c = (kehu_column){.name = "customer",
                      .type = KEHU_UTF8,
                      .length = ROWS,
                      .data = "a\xFF\xFE",
                      .offsets = offsets};
    expect_add(store, &c, KEHU_ENCODING, 1, "customer in row 1 is not UTF-8");
    c.data = "a\0b";
    expect_add(store, &c, KEHU_DATA, 1, "customer in row 1 has a NUL byte");
    c.data = "ab";
    c.offsets = (const int32_t[]){0, 1, 2, 2};
    expect_add(store, &c, KEHU_DATA, 2,
               "customer in row 2 has 0 bytes, expected 1 to 1024");
    c.name = "text";
    c.length = ROWS;
    c.type = KEHU_INT64;
    c.data = times;
    expect_add(store, &c, KEHU_COLUMN, -1,
               "column text is INT64, which does not fit UTF8");
    assert_int_equal(kehu_store_add_events(store, &c, 1, NULL, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "column customer is missing");
    assert_int_equal(kehu_store_add_events(store, NULL, 1, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_add_events(NULL, &c, 1, NULL, &err), KEHU_ARGUMENT);
    kehu_store_free(store);
}

static void test_add_takes_integer_ids_and_days(void **state)
{
    kehu_store *store = fresh("store_numbers");
    const uint64_t numbers[2] = {UINT64_MAX, 42};
    const int32_t days[2] = {1, -1};
    const kehu_column columns[2] = {
        {.name = "customer", .type = KEHU_UINT64, .length = 2, .data = numbers},
        {.name = "time", .type = KEHU_DATE32, .length = 2, .data = days}};
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(kehu_store_add_events(store, columns, 2, NULL, &err), KEHU_OK);
    text = store_text_now(store, KEHU_STORE_EVENTS, &err);
    assert_string_equal(text, "18446744073709551615|86400000000|~|~|~|~|~|~\n"
                              "42|-86400000000|~|~|~|~|~|~\n");
    free(text);
    kehu_store_free(store);
}

static void test_scan_refuses_what_is_not_there(void **state)
{
    kehu_store *store = fresh("store_scan_errors");
    const char *const unknown[] = {"city"}, *const twice[] = {"time", "time"};
    kehu_scan_options options = {
        .size = sizeof options, .columns = unknown, .n_columns = 1};
    kehu_snapshot *snapshot;
    kehu_scan *scan;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(
        kehu_scan_open(&scan, snapshot, KEHU_STORE_CUSTOMERS, &options, &err),
        KEHU_COLUMN);
    assert_string_equal(err.message, "there is no column city");
    assert_null(scan);
    options.columns = twice;
    options.n_columns = 2;
    assert_int_equal(kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err),
                     KEHU_COLUMN);
    assert_string_equal(err.message, "column time is asked for twice");
    options.n_columns = 0;
    options.kind = "buy";
    assert_int_equal(
        kehu_scan_open(&scan, snapshot, KEHU_STORE_CUSTOMERS, &options, &err),
        KEHU_ARGUMENT);
    options.batch_rows = 1 << 21;
    assert_int_equal(kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_scan_open(&scan, snapshot, (kehu_store_part)7, NULL, &err),
                     KEHU_ARGUMENT);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_options_of_a_newer_library_are_refused(void **state)
{
    struct {
        kehu_store_options known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}, .later = 1};
    (void)state;
    kehu_store_free(fresh("store_newer"));
    expect_open("store_newer", &newer.known, KEHU_VERSION,
                "options use a field this library does not know");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_says_what_is_wrong_with_the_folder),
        cmocka_unit_test(test_open_tells_newer_from_damaged),
        cmocka_unit_test(test_open_misses_files_and_notices_foreign_ones),
        cmocka_unit_test(test_read_only_folder_is_for_readers),
        cmocka_unit_test(test_full_disk_loses_nothing),
        cmocka_unit_test(test_add_names_column_and_row),
        cmocka_unit_test(test_add_takes_integer_ids_and_days),
        cmocka_unit_test(test_scan_refuses_what_is_not_there),
        cmocka_unit_test(test_options_of_a_newer_library_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
