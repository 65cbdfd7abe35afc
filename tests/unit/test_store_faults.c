/* A day in a store's life with the n-th call of the system failing, or the n-th
 * allocation refused, for every n. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/snapshot.h"
#include "support/faulty_io.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

enum { N_STEPS = 25 };

typedef struct day {
    const kehu__io *io;
    const kehu_allocator *alloc;
    kehu_store *store;
    kehu_snapshot *held;
    uint64_t acknowledged;
} day;

static kehu_status open_store(day *d, kehu_error *err)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .max_segments = 2,
                                        .store_id = 9,
                                        .alloc = d->alloc};
    return kehu__store_open(&d->store, "f", &options, d->io, err);
}

/* A scan to the end, of a snapshot by path if `path`. */
static kehu_status read_all(day *d, bool path, kehu_error *err)
{
    const kehu_snapshot_options options = {.size = sizeof options, .alloc = d->alloc};
    kehu_snapshot *snapshot = NULL;
    kehu_scan *scan = NULL;
    kehu_scan_batch b = {.n_rows = 1};
    kehu_status status =
        path ? kehu__snapshot_open_path(&snapshot, "f", &options, d->io, err)
             : kehu_snapshot_open(&snapshot, d->store, NULL, err);
    for (int part = 0; status == KEHU_OK && part < 2; part++) {
        status = kehu_scan_open(&scan, snapshot, (kehu_store_part)part, NULL, err);
        while (status == KEHU_OK && b.n_rows > 0)
            status = kehu_scan_next(scan, &b, err);
        kehu_scan_free(scan);
        scan = NULL;
        b.n_rows = 1;
    }
    kehu_snapshot_free(snapshot);
    return status;
}

/* Two events, of which one is from a source. */
static kehu_status add_from(kehu_store *store, kehu_error *err)
{
    static const int64_t times[] = {7, 8};
    static const int32_t offsets[] = {0, 1, 2}, one[] = {0, 1, 1};
    static const uint8_t first[] = {1};
    const kehu_column c[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 2,
         .data = "aq",
         .offsets = offsets},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = 2, .data = times},
        {.name = "source",
         .type = KEHU_UTF8,
         .length = 2,
         .data = "s",
         .offsets = one,
         .validity = first}};
    return kehu_store_add_events(store, c, 3, NULL, err);
}

static kehu_status step(day *d, int i, kehu_error *err)
{
    static const kehu_store_field city = {.name = "city", .type = KEHU_UTF8};
    static const store_event e[] = {{"a", 3, "buy", "web", 1, "好"},
                                    {"b", 2, "buy", NULL, 2, NULL},
                                    {"a", 1, NULL, "app", INT64_MIN, "x"},
                                    {"c", 4, "call", NULL, 4, "secret"}};
    static const char *const who[] = {"a", "c"}, *const cities[] = {"北京", NULL};
    switch (i) {
    case 0:
    case 13:
        return open_store(d, err);
    case 1:
        return kehu_store_declare(d->store, KEHU_STORE_CUSTOMERS, &city, err);
    case 2:
    case 6:
    case 9:
        return store_add(d->store, e, 4, err);
    case 3:
        return store_set(d->store, who, "city", cities, NULL, 2, err);
    case 4:
        return kehu_snapshot_open(&d->held, d->store, NULL, err);
    case 5:
    case 7:
    case 10:
        return kehu_store_flush(d->store, err);
    case 8:
    case 11:
        return read_all(d, i == 8, err);
    case 12:
        kehu_store_free(d->store);
        d->store = NULL;
        return KEHU_OK;
    case 14:
        return store_add(d->store, e + 1, 2, err);
    case 15:
        return kehu_store_erase(d->store, "c", err);
    case 16:
        return kehu_store_purge(d->store, NULL, err);
    case 17:
        return store_add(d->store, e, 1, err);
    case 18:
        return kehu_store_compact(d->store, err);
    case 19:
        return kehu_store_erase(d->store, "b", err);
    case 20:
    case 23:
        return kehu_store_compact(d->store, err);
    case 21:
        return add_from(d->store, err);
    case 22:
        return kehu_store_withdraw(d->store, "s", err);
    default:
        return read_all(d, true, err);
    }
}

static void end_day(day *d)
{
    kehu_store_free(d->store);
    kehu_snapshot_free(d->held);
    d->store = NULL;
    d->held = NULL;
}

/* What a healthy reader sees; *sequence receives the newest batch. */
static char *text_after(memory_io *m, uint64_t *sequence)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    char *text;
    if (kehu__snapshot_open_path(&snapshot, "f", NULL, memory_io_table(m), &err) !=
        KEHU_OK) {
        *sequence = 0;
        return err.code == KEHU_NOT_FOUND ? calloc(1, 1) : NULL;
    }
    *sequence = kehu_snapshot_sequence(snapshot);
    text = store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err);
    kehu_snapshot_free(snapshot);
    return text;
}

static char *shown[32]; /* events after each sequence number, without faults */

static void learn_states(void)
{
    memory_io *m = memory_io_new();
    day d = {.io = memory_io_table(m)};
    kehu_error err;
    shown[0] = calloc(1, 1);
    for (int i = 0; i < N_STEPS; i++) {
        uint64_t sequence;
        char *text;
        if (step(&d, i, &err) != KEHU_OK)
            fail_msg("step %d: %s", i, err.message);
        text = text_after(m, &sequence);
        free(shown[sequence]);
        shown[sequence] = text;
    }
    end_day(&d);
    memory_io_free(m);
}

static void expect_state(memory_io *m, const day *d, const char *what, long n)
{
    uint64_t sequence;
    char *text = text_after(m, &sequence);
    if (text == NULL || sequence < d->acknowledged || sequence > d->acknowledged + 1)
        fail_msg("%s, call %ld: batch %llu of %llu", what, n,
                 (unsigned long long)sequence, (unsigned long long)d->acknowledged);
    assert_string_equal(text, shown[sequence]);
    free(text);
}

/* A step that fails once may be tried again, unless the handle says otherwise. */
static void live_through(day *d, bool may_retry, kehu_status *status, kehu_error *err)
{
    *status = KEHU_OK;
    for (int i = 0; i < N_STEPS && *status == KEHU_OK; i++) {
        *status = step(d, i, err);
        if (*status != KEHU_OK) {
            assert_true(err->message[0] != '\0');
            if (!may_retry || *status == KEHU_POISONED ||
                (d->store != NULL && d->store->poisoned))
                return;
            *status = step(d, i, err);
            if (*status != KEHU_OK)
                fail_msg("step %d a second time: %s", i, err->message);
        }
        if (d->store != NULL)
            d->acknowledged = kehu_store_sequence(d->store);
    }
}

static long sweep(int how, bool sticky, const char *what)
{
    long n = 0;
    for (bool reached = true; reached; n++) {
        memory_io *m = memory_io_new();
        faulty_io f;
        day d = {.io = faulty_io_init(&f, n, how, sticky)};
        kehu_error err = {0};
        kehu_status status;
        f.base = memory_io_table(m);
        live_through(&d, !sticky, &status, &err);
        reached = f.failed;
        end_day(&d);
        assert_int_equal(f.open_files, 0);
        expect_state(m, &d, what, n);
        memory_io_free(m);
    }
    return n;
}

static void test_store_survives_every_failing_call(void **state)
{
    long n = 0;
    (void)state;
    n += sweep(EIO, false, "EIO once");
    n += sweep(EIO, true, "EIO from then on");
    n += sweep(ENOSPC, false, "ENOSPC once");
    n += sweep(ENOSPC, true, "ENOSPC from then on");
    n += sweep(EINTR, false, "EINTR once");
    n += sweep(FAULTY_IO_SHORT, false, "short once");
    n += sweep(FAULTY_IO_SHORT, true, "short from then on");
    printf("%ld faults\n", n);
}

static void test_store_survives_every_refused_allocation(void **state)
{
    long n = 0;
    (void)state;
    for (bool reached = true; reached; n++) {
        memory_io *m = memory_io_new();
        faulty f;
        day d = {.io = memory_io_table(m), .alloc = faulty_init(&f, n)};
        kehu_error err = {0};
        kehu_status status;
        live_through(&d, true, &status, &err);
        assert_int_equal(status, KEHU_OK);
        reached = f.requests > n;
        end_day(&d);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        expect_state(m, &d, "refused allocation", n);
        memory_io_free(m);
    }
    printf("%ld refusals\n", n);
}

static void test_failed_sync_poisons_the_handle(void **state)
{
    memory_io *m = memory_io_new();
    faulty_io f;
    day d = {.io = faulty_io_init(&f, -1, EIO, false)};
    kehu_error err;
    (void)state;
    f.base = memory_io_table(m);
    for (int i = 0; i < 2; i++)
        assert_int_equal(step(&d, i, &err), KEHU_OK);
    f.fail_at = f.calls + 1; /* the write, and then the sync */
    assert_int_equal(step(&d, 2, &err), KEHU_POISONED);
    assert_string_equal(err.message,
                        "cannot sync log-0000000001.kl: input/output error (errno 5); "
                        "free the handle and open again");
    assert_int_equal(kehu_store_sequence(d.store), 1);
    assert_int_equal(step(&d, 2, &err), KEHU_POISONED);
    assert_string_equal(
        err.message,
        "an earlier write to /srv/crm/f failed; free the handle and open again");
    assert_int_equal(kehu_store_flush(d.store, &err), KEHU_POISONED);
    assert_int_equal(kehu_store_sync(d.store, &err), KEHU_POISONED);
    assert_int_equal(read_all(&d, false, &err), KEHU_OK);
    end_day(&d);
    assert_int_equal(step(&d, 0, &err), KEHU_OK);
    assert_int_equal(step(&d, 2, &err), KEHU_OK);
    end_day(&d);
    memory_io_free(m);
}

static int learn(void **state)
{
    (void)state;
    learn_states();
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        free(shown[i]);
    return 0;
}

static int *plain_size_calls;
static int64_t (*plain_size)(void *ctx, int fd);

/* The second file asked for, the log, was longer a moment ago. */
static int64_t size_before_a_cut(void *ctx, int fd)
{
    const int64_t size = plain_size(ctx, fd);
    return ++*plain_size_calls == 2 ? size + 100 : size;
}

/* A writer whose disk is full takes back half a batch. A reader that saw it finds the
 * log shorter than it was: no damage. */
static void test_a_reader_bears_with_a_log_being_cut(void **state)
{
    static const store_event e = {"a", 1, "buy", NULL, 1, NULL};
    memory_io *m = memory_io_new();
    kehu__io io = *memory_io_table(m);
    day d = {.io = memory_io_table(m)};
    int calls = 0;
    kehu_error err;
    (void)state;
    assert_int_equal(open_store(&d, &err), KEHU_OK);
    assert_int_equal(store_add(d.store, &e, 1, &err), KEHU_OK);
    plain_size_calls = &calls;
    plain_size = io.size;
    io.size = size_before_a_cut;
    d.io = &io;
    if (read_all(&d, true, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(calls, 3);
    kehu_store_free(d.store);
    memory_io_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_bears_with_a_log_being_cut),
        cmocka_unit_test(test_store_survives_every_failing_call),
        cmocka_unit_test(test_store_survives_every_refused_allocation),
        cmocka_unit_test(test_failed_sync_poisons_the_handle),
    };
    return cmocka_run_group_tests(tests, learn, forget);
}
