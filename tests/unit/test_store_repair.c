/* A damaged store repaired: what can still be read is there, what is lost is said, and
 * nothing is made up. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/snapshot.h"
#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

enum { CUSTOMERS = 40, ROWS = 1500, MOST = 1 << 20 };

static const char from[] = "store_repair", to[] = "store_repaired";
static char *before;      /* all events of the sound store */
static int64_t rows_left; /* of them, as one customer is erased */

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

static kehu__io quick(void)
{
    kehu__io io = kehu__io_system;
    io.sync = no_sync;
    io.sync_folder = no_folder_sync;
    return io;
}

/* Are the lines of `part` among those of `whole`, in order? Their number. */
static int64_t count_lines_of(const char *part, const char *whole)
{
    int64_t n = 0;
    for (; *part != '\0'; n++) {
        const size_t size = strcspn(part, "\n") + 1;
        while (*whole != '\0' && strncmp(whole, part, size) != 0)
            whole += strcspn(whole, "\n") + 1;
        assert_true(*whole != '\0');
        whole += size;
        part += size;
    }
    return n;
}

/* A segment of several blocks a part, one more, and batches and an erasure in the log. */
static void fill(void)
{
    static int64_t who[ROWS], times[ROWS], amounts[ROWS];
    const store_event late[] = {{"7", 1, "late", NULL, 1, "x"},
                                {"99", 2, "late", NULL, 2, "y"}};
    kehu_store *store = store_new(from, 0);
    kehu_error err;
    char *after;
    for (int i = 0; i < ROWS; i++) {
        who[i] = i * 7919 % CUSTOMERS;
        times[i] = i;
        amounts[i] = i * 31 % 977;
    }
    if (store_add_numbers(store, who, times, amounts, ROWS, &err) != KEHU_OK ||
        kehu_store_flush(store, &err) != KEHU_OK ||
        store_add(store, late, 1, &err) != KEHU_OK ||
        kehu_store_flush(store, &err) != KEHU_OK ||
        store_add(store, late, 2, &err) != KEHU_OK ||
        store_add(store, late, 2, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    free(before);
    before = store_text_now(store, KEHU_STORE_EVENTS, &err);
    if (kehu_store_erase(store, "3", &err) != KEHU_OK)
        fail_msg("%s", err.message);
    after = store_text_now(store, KEHU_STORE_EVENTS, &err);
    rows_left = count_lines_of(after, before);
    free(after);
    kehu_store_free(store);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(MOST);
    assert_non_null(f);
    *size = fread(bytes, 1, MOST, f);
    fclose(f);
    return bytes;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

/* Repair; -1 when it is refused, else the rows that are left, all checked. */
static int64_t repair(kehu_table **lost, kehu_error *err)
{
    const kehu__io io = quick();
    kehu_snapshot *snapshot;
    char *text;
    int64_t n;
    store_remove(to);
    if (kehu__store_repair(lost, from, to, &io, NULL, NULL, err) != KEHU_OK) {
        assert_null(*lost);
        return -1;
    }
    assert_int_equal(kehu_snapshot_open_path(&snapshot, to, NULL, err), KEHU_OK);
    assert_int_equal(kehu_snapshot_check(snapshot, NULL, NULL, err), KEHU_OK);
    text = store_text(snapshot, KEHU_STORE_EVENTS, NULL, err);
    assert_non_null(text);
    n = count_lines_of(text, before);
    free(text);
    kehu_snapshot_free(snapshot);
    return n;
}

static int64_t number_of(const kehu_table *t, const char *column, int64_t row)
{
    const kehu_column *c = kehu_table_find(t, column);
    return c->validity != NULL && !(c->validity[row / 8] >> (row & 7) & 1)
               ? -1
               : ((const int64_t *)c->data)[row];
}

static void test_a_sound_store_loses_nothing(void **state)
{
    kehu_table *lost;
    kehu_error err;
    (void)state;
    fill();
    assert_int_equal(repair(&lost, &err), rows_left);
    assert_int_equal(kehu_table_row_count(lost), 0);
    kehu_table_free(lost);
}

/* Each file damaged at places all over it: what is left are rows of before, and where
 * the report knows how many are lost, they add up (rows of erased customers aside). */
static void damage_all_over(const char *name, int64_t *n_repaired, int64_t *n_refused)
{
    char path[64];
    size_t size;
    char *bytes;
    sprintf(path, "%s/%s", from, name);
    bytes = read_file(path, &size);
    for (size_t at = 0; at < size; at += 1 + size / 90) {
        kehu_table *lost;
        kehu_error err;
        int64_t left;
        bytes[at] = (char)(bytes[at] ^ 0x20);
        write_file(path, bytes, size);
        bytes[at] = (char)(bytes[at] ^ 0x20);
        left = repair(&lost, &err);
        *(left < 0 ? n_refused : n_repaired) += 1;
        if (left < 0) {
            assert_true(err.message[0] != '\0');
            continue;
        }
        if (left < rows_left)
            assert_true(kehu_table_row_count(lost) > 0);
        for (int64_t i = 0; i < kehu_table_row_count(lost); i++) {
            const int64_t rows = number_of(lost, "rows", i);
            assert_true(rows == -1 || rows >= rows_left - left);
        }
        kehu_table_free(lost);
    }
    write_file(path, bytes, size);
    free(bytes);
}

static void test_what_can_be_read_is_kept_and_the_rest_is_listed(void **state)
{
    int64_t repaired = 0, refused = 0;
    (void)state;
    fill();
    damage_all_over("seg-0000000002.ks", &repaired, &refused);
    damage_all_over("seg-0000000004.ks", &repaired, &refused);
    damage_all_over("log-0000000005.kl", &repaired, &refused);
    assert_int_equal(refused, 0);
    assert_true(repaired > 200);
    damage_all_over("MANIFEST-0000000003", &repaired, &refused);
    printf("%lld repaired, %lld refused\n", (long long)repaired, (long long)refused);
}

static void test_a_bad_block_costs_its_rows_only(void **state)
{
    char path[64];
    kehu_table *lost;
    kehu_error err;
    size_t size;
    char *bytes;
    int64_t left;
    (void)state;
    fill();
    sprintf(path, "%s/seg-0000000002.ks", from);
    bytes = read_file(path, &size);
    bytes[70] = (char)(bytes[70] ^ 1); /* in the first block */
    write_file(path, bytes, size);
    free(bytes);
    left = repair(&lost, &err);
    assert_int_equal(kehu_table_row_count(lost), 1);
    assert_int_equal(number_of(lost, "rows", 0), 512);
    assert_int_equal(number_of(lost, "byte", 0), 64);
    assert_int_equal(number_of(lost, "first_sequence", 0), 1);
    assert_int_equal(number_of(lost, "last_sequence", 0), 1);
    assert_true(left < rows_left && left >= rows_left - 512);
    kehu_table_free(lost);
}

/* The erasure is the last frame of the log; the first one is damaged. */
static void test_who_was_erased_does_not_come_back(void **state)
{
    char path[64], *bytes, *text;
    kehu_table *lost;
    kehu_error err;
    size_t size;
    (void)state;
    fill();
    sprintf(path, "%s/log-0000000005.kl", from);
    bytes = read_file(path, &size);
    bytes[64 + 41] = (char)(bytes[64 + 41] ^ 1);
    write_file(path, bytes, size);
    free(bytes);
    assert_true(repair(&lost, &err) > 0);
    assert_int_equal(kehu_table_row_count(lost), 1);
    assert_int_equal(number_of(lost, "byte", 0), 64);
    kehu_table_free(lost);
    text = store_text_path(to, KEHU_STORE_EVENTS, &err);
    assert_non_null(strstr(text, "\n4|"));
    assert_null(strstr(text, "\n3|"));
    free(text);
}

/* The first frame of the log with a payload that means nothing and right checksums: what
 * was erased after it (checked by the number of rows) does not come back. */
static void test_forged_frame_ends_the_log(void **state)
{
    char path[64], *bytes, *frame;
    kehu_table *lost;
    kehu_error err;
    size_t size, n;
    (void)state;
    fill();
    sprintf(path, "%s/log-0000000005.kl", from);
    bytes = read_file(path, &size);
    frame = bytes + 64;
    n = kehu__load32(frame + 8);
    memset(frame + 40, 0xff, n);
    kehu__store32(frame + 32, kehu__crc32c(0, frame + 40, n));
    kehu__store32(frame + 36, kehu__crc32c(kehu__load32(bytes + 60), frame, 36));
    write_file(path, bytes, size);
    free(bytes);
    assert_int_equal(repair(&lost, &err), rows_left - 4);
    assert_int_equal(kehu_table_row_count(lost), 1);
    assert_int_equal(number_of(lost, "first_sequence", 0), 3);
    kehu_table_free(lost);
}

static void test_missing_files_are_said(void **state)
{
    kehu_table *lost;
    kehu_error err;
    (void)state;
    fill();
    assert_int_equal(remove("store_repair/seg-0000000004.ks"), 0);
    assert_int_equal(remove("store_repair/log-0000000005.kl"), 0);
    assert_true(repair(&lost, &err) > 0);
    assert_int_equal(kehu_table_row_count(lost), 2);
    assert_int_equal(number_of(lost, "rows", 0), 1);
    assert_int_equal(number_of(lost, "rows", 1), -1);
    assert_int_equal(number_of(lost, "first_sequence", 1), 3);
    kehu_table_free(lost);
    store_remove(from);
    assert_int_equal(repair(&lost, &err), -1);
    assert_int_equal(err.code, KEHU_NOT_FOUND);
}

static void test_bad_arguments_are_refused(void **state)
{
    kehu_table *lost;
    kehu_error err;
    (void)state;
    fill();
    assert_int_equal(kehu_store_repair(NULL, from, to, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_repair(&lost, NULL, to, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_repair(&lost, "", to, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_store_repair(&lost, from, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_store_repair(&lost, from, from, NULL, NULL, &err),
                     KEHU_DUPLICATE);
    assert_null(lost);
}

static void test_every_refused_allocation_is_reported(void **state)
{
    const kehu__io io = quick();
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    fill();
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_allocator *alloc = faulty_init(&f, n);
        kehu_table *lost;
        store_remove(to);
        status = kehu__store_repair(&lost, from, to, &io, NULL, alloc, &err);
        kehu_table_free(lost);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 60 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
    assert_int_equal(remove("store_repair/seg-0000000004.ks"),
                     0); /* with a loss to list */
    status = KEHU_NO_MEMORY;
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_allocator *alloc = faulty_init(&f, n);
        kehu_table *lost;
        store_remove(to);
        status = kehu__store_repair(&lost, from, to, &io, NULL, alloc, &err);
        kehu_table_free(lost);
        assert_int_equal(f.live_blocks, 0);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_store_loses_nothing),
        cmocka_unit_test(test_what_can_be_read_is_kept_and_the_rest_is_listed),
        cmocka_unit_test(test_a_bad_block_costs_its_rows_only),
        cmocka_unit_test(test_who_was_erased_does_not_come_back),
        cmocka_unit_test(test_forged_frame_ends_the_log),
        cmocka_unit_test(test_missing_files_are_said),
        cmocka_unit_test(test_bad_arguments_are_refused),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
