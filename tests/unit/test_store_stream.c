/* Scans as Arrow streams, read back by the library's own reader. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/stores.h"
#include "support/test.h"

enum { N = 10, MANY = 1500, BLOCK = 512 };

static kehu_store *fill(const char *folder, int n)
{
    static const store_event event = {"a", 1, "buy", NULL, 5, "好"};
    kehu_store *store = store_new(folder, 0);
    kehu_error err;
    for (int i = 0; i < n; i++) {
        store_event e = event;
        e.time = i;
        assert_int_equal(store_add(store, &e, 1, &err), KEHU_OK);
    }
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    return store;
}

/* Count the rows of a stream and the batches, to the end or the first failure. */
static kehu_status drain(struct ArrowArrayStream *stream, int64_t *n_rows, int *n_batches,
                         const kehu_allocator *alloc, kehu_error *err)
{
    *n_rows = *n_batches = 0;
    for (;;) {
        kehu_table *t = NULL;
        const kehu_status status = kehu_arrow_next(&t, stream, alloc, err);
        if (status != KEHU_OK || t == NULL)
            return status;
        *n_rows += kehu_table_row_count(t);
        ++*n_batches;
        kehu_table_free(t);
    }
}

static void test_a_stream_lives_on_without_its_snapshot(void **state)
{
    kehu_store *store = fill("store_stream", N);
    const kehu_scan_options options = {.size = sizeof options, .batch_rows = 4};
    kehu_snapshot *snapshot = NULL;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema[2];
    struct ArrowArray array;
    kehu_error err = {0};
    int64_t n_rows;
    int n_batches;
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(
        kehu_scan_stream(&stream, snapshot, KEHU_STORE_EVENTS, &options, &err), KEHU_OK);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    assert_int_equal(stream.get_schema(&stream, &schema[0]), 0);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, 4);
    assert_int_equal(stream.get_schema(&stream, &schema[1]), 0);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(schema[i].format, "+s");
        assert_int_equal(schema[i].n_children, 8);
        assert_string_equal(schema[i].children[0]->name, "customer");
        schema[i].release(&schema[i]);
    }
    assert_int_equal(drain(&stream, &n_rows, &n_batches, NULL, &err), KEHU_OK);
    assert_int_equal(n_rows, N - 4);
    assert_int_equal(n_batches, 2);
    assert_null(stream.get_last_error(&stream));
    stream.release(&stream);
    assert_null(stream.release);
    assert_int_equal(array.length, 4);
    array.release(&array);
}

static void test_an_empty_stream_has_columns_too(void **state)
{
    kehu_store *store = fill("store_stream_none", N);
    const char *const columns[] = {"amount"};
    const kehu_scan_options options = {
        .size = sizeof options, .columns = columns, .n_columns = 1, .kind = "sell"};
    kehu_snapshot *snapshot = NULL;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    kehu_error err = {0};
    int64_t n_rows;
    int n_batches;
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(
        kehu_scan_stream(&stream, snapshot, KEHU_STORE_EVENTS, &options, &err), KEHU_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(drain(&stream, &n_rows, &n_batches, NULL, &err), KEHU_OK);
        assert_int_equal(n_batches, 0);
        assert_int_equal(stream.get_schema(&stream, &schema), 0);
        assert_string_equal(schema.children[0]->name, "amount");
        schema.release(&schema);
    }
    stream.release(&stream);
    assert_int_equal(kehu_scan_stream(NULL, snapshot, KEHU_STORE_EVENTS, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(
        kehu_scan_stream(&stream, snapshot, KEHU_STORE_CUSTOMERS, &options, &err),
        KEHU_ARGUMENT);
    assert_null(stream.release);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* Flip a byte amid the rows. */
static void damage(const char *path)
{
    FILE *f = fopen(path, "r+b");
    long middle;
    int c;
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    middle = ftell(f) / 2;
    assert_int_equal(fseek(f, middle, SEEK_SET), 0);
    c = fgetc(f);
    assert_int_equal(fseek(f, middle, SEEK_SET), 0);
    fputc(c ^ 1, f);
    fclose(f);
}

static void test_damage_is_an_error_of_the_stream(void **state)
{
    kehu_store *store = fill("store_stream_bad", MANY);
    kehu_snapshot *snapshot = NULL;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    kehu_error err = {0};
    int64_t n_rows;
    int n_batches;
    (void)state;
    damage("store_stream_bad/seg-0000000002.ks");
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(
        kehu_scan_stream(
            &stream, snapshot, KEHU_STORE_EVENTS,
            &(kehu_scan_options){.size = sizeof(kehu_scan_options), .batch_rows = 100},
            &err),
        KEHU_OK);
    assert_int_equal(drain(&stream, &n_rows, &n_batches, NULL, &err), KEHU_IO);
    assert_in_range(n_rows, BLOCK - 100, MANY - BLOCK);
    assert_non_null(strstr(stream.get_last_error(&stream), "seg-0000000002.ks"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stream.get_next(&stream, &array), EIO);
        assert_null(array.release);
    }
    stream.release(&stream);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static kehu_status read_stream(const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_snapshot_options options = {.size = sizeof options, .alloc = alloc};
    const kehu_scan_options scan = {.size = sizeof scan, .batch_rows = 4};
    kehu_snapshot *snapshot = NULL;
    struct ArrowArrayStream stream;
    int64_t n_rows;
    int n_batches;
    kehu_status status =
        kehu_snapshot_open_path(&snapshot, "store_stream_memory", &options, err);
    if (status == KEHU_OK)
        status = kehu_scan_stream(&stream, snapshot, KEHU_STORE_EVENTS, &scan, err);
    kehu_snapshot_free(snapshot);
    if (status != KEHU_OK)
        return status;
    status = drain(&stream, &n_rows, &n_batches, alloc, err);
    assert_true(status != KEHU_OK || n_rows == N);
    /* The reader gives what a producer reports as a failure to read. */
    if (status == KEHU_IO && strstr(err->message, "memory") != NULL)
        status = KEHU_NO_MEMORY;
    stream.release(&stream);
    return status;
}

/* A batch that did not fit into memory is not passed over by the next call. */
static void test_no_batch_is_lost_without_memory(void **state)
{
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    kehu_store_free(fill("store_stream_memory", N));
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_snapshot_options options = {.size = sizeof options,
                                               .alloc = faulty_init(&f, -1)};
        const kehu_scan_options scan = {.size = sizeof scan, .batch_rows = 4};
        kehu_snapshot *snapshot = NULL;
        struct ArrowArrayStream stream;
        struct ArrowArray array = {.release = NULL};
        assert_int_equal(
            kehu_snapshot_open_path(&snapshot, "store_stream_memory", &options, &err),
            KEHU_OK);
        assert_int_equal(
            kehu_scan_stream(&stream, snapshot, KEHU_STORE_EVENTS, &scan, &err), KEHU_OK);
        f.refuse_at = f.requests + n;
        status = KEHU_OK;
        for (int64_t rows = 0; rows < N; rows += array.length) {
            const int code = stream.get_next(&stream, &array);
            if (code != 0) {
                assert_int_equal(code, ENOMEM);
                assert_int_equal(stream.get_next(&stream, &array), ENOMEM);
                assert_non_null(stream.get_last_error(&stream));
                status = KEHU_NO_MEMORY;
                break;
            }
            assert_non_null(array.release);
            array.release(&array);
        }
        stream.release(&stream);
        kehu_snapshot_free(snapshot);
    }
}

static void test_every_refused_allocation_is_reported(void **state)
{
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    kehu_store_free(fill("store_stream_memory", N));
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        status = read_stream(faulty_init(&f, n), &err);
        if (status != KEHU_OK && status != KEHU_NO_MEMORY)
            fail_msg("%s", err.message);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 40 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_lives_on_without_its_snapshot),
        cmocka_unit_test(test_an_empty_stream_has_columns_too),
        cmocka_unit_test(test_damage_is_an_error_of_the_stream),
        cmocka_unit_test(test_no_batch_is_lost_without_memory),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
