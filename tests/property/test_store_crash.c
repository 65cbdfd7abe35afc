/* Power failures: a workload runs on a folder in memory that remembers what was
 * synced. After each of its changes the disk is imagined in many ways it might be in,
 * and the store opened on that must have every acknowledged batch, no half one, and
 * nothing that was never written.
 *
 *     test_store_crash [STATES [SEED]]      default 8,000 and 1 */
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

enum { N_STEPS = 60, MAX_SEQUENCE = 200 };

static long states = 8000;
static uint64_t seed = 1;

/* What the store shows once it has this sequence number. */
static char *shown[MAX_SEQUENCE + 1];

static kehu_status open_on(kehu_store **store, memory_io *m, uint32_t durability,
                           kehu_error *err)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .durability = durability,
                                        .max_segments = 2,
                                        .flush_bytes = 4096,
                                        .store_id = 77};
    return kehu__store_open(store, "folder", &options, memory_io_table(m), err);
}

static char *text_of(kehu_store *store)
{
    kehu_error err = {0};
    char *events = store_text_now(store, KEHU_STORE_EVENTS, &err);
    char *customers = store_text_now(store, KEHU_STORE_CUSTOMERS, &err), *both;
    if (events == NULL || customers == NULL)
        fail_msg("%s", err.message);
    both = malloc(strlen(events) + strlen(customers) + 1);
    strcpy(both, events);
    strcat(both, customers);
    free(events);
    free(customers);
    return both;
}

static kehu_status add_some(kehu_store *store, int n, kehu__random *r, kehu_error *err)
{
    static const char *const who[] = {"a", "b", "王五", "d"};
    static const char filler[] = "很长的一段话，让一个批次跨过扇区的边界。";
    store_event e[40];
    for (int i = 0; i < n; i++)
        e[i] = (store_event){who[kehu__random_below(r, 4)],
                             (int64_t)kehu__random_below(r, 1000),
                             "buy",
                             NULL,
                             (int64_t)(kehu__random_next(r) >> 1),
                             filler + 3 * kehu__random_below(r, 8)};
    return store_add(store, e, n, err);
}

static kehu_status step(kehu_store *store, int i, kehu__random *r, kehu_error *err)
{
    static const char *const who[] = {"a"}, *const city[] = {"北京"};
    const kehu_store_field field = {.name = "city", .type = KEHU_UTF8};
    const uint32_t what = kehu__random_below(r, 20);
    if (i == 3)
        return kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &field, err);
    if (what < 11 || i < 3)
        return add_some(store, 1 + (int)kehu__random_below(r, 40), r, err);
    if (what < 13)
        return store_set(store, who, "city", city, NULL, 1, err);
    if (what < 15)
        return kehu_store_flush(store, err);
    if (what < 16)
        return kehu_store_compact(store, err);
    if (what < 18)
        return kehu_store_erase(store, kehu__random_below(r, 2) ? "a" : "王五", err);
    if (what < 19)
        return kehu_store_purge(store, NULL, err);
    return kehu_store_sync(store, err);
}

/* Run the workload; marks in m tell what was acknowledged as durable. */
static void work(memory_io *m, uint32_t durability, kehu__random *r)
{
    kehu_store *store;
    kehu_error err;
    if (open_on(&store, m, durability, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    shown[0] = text_of(store);
    for (int i = 0; i < N_STEPS; i++) {
        const uint64_t before = kehu_store_sequence(store);
        uint64_t now;
        if (step(store, i, r, &err) != KEHU_OK ||
            (i % 16 == 15 && kehu_store_sync(store, &err) != KEHU_OK))
            fail_msg("%s", err.message);
        now = kehu_store_sequence(store);
        if (now > before)
            shown[now] = text_of(store);
        if (store->unsynced == 0)
            memory_io_mark(m, (long)now);
    }
    kehu_store_free(store);
}

static void expect_recovered(memory_io *after, long mark, size_t n, uint64_t most)
{
    kehu_store *store;
    kehu_error err;
    uint64_t sequence;
    char *text;
    if (open_on(&store, after, KEHU_STORE_SYNC, &err) != KEHU_OK)
        fail_msg("after %zu changes, seed %llu: %s", n, (unsigned long long)seed,
                 err.message);
    sequence = kehu_store_sequence(store);
    if (sequence < (uint64_t)mark || sequence > most || shown[sequence] == NULL)
        fail_msg("after %zu changes, seed %llu: has batch %llu of %ld acknowledged", n,
                 (unsigned long long)seed, (unsigned long long)sequence, mark);
    text = text_of(store);
    assert_string_equal(text, shown[sequence]);
    free(text);
    kehu_store_free(store);
}

static void crash_everywhere(uint32_t durability, long n_states, kehu__random *r)
{
    memory_io *m = memory_io_new();
    size_t n_changes;
    memset(shown, 0, sizeof shown);
    work(m, durability, r);
    n_changes = memory_io_changes(m);
    for (long i = 0; i < n_states; i++) {
        const size_t n = (size_t)i % (n_changes + 1);
        long mark;
        memory_io *after = memory_io_crash(m, n, r, &mark);
        expect_recovered(after, mark, n, MAX_SEQUENCE);
        memory_io_free(after);
    }
    printf("%zu changes, %ld states\n", n_changes, n_states);
    for (int i = 0; i <= MAX_SEQUENCE; i++)
        free(shown[i]);
    memory_io_free(m);
}

static void test_store_survives_power_failures(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    (void)state;
    for (int round = 0; round < 8; round++)
        crash_everywhere((uint32_t)round % 2, states / 8, &r);
}

static kehu_status open_through(kehu_store **store, const kehu__io *io, kehu_error *err)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .max_segments = 2,
                                        .store_id = 77};
    return kehu__store_open(store, "folder", &options, io, err);
}

/* Batches and changes of files until a call fails; the sequence number reached. */
static uint64_t work_until_killed(const kehu__io *io, uint64_t random_seed)
{
    kehu__random r = kehu__random_seed(random_seed);
    kehu_store *store;
    kehu_error err;
    uint64_t sequence = 0;
    kehu_status status = open_through(&store, io, &err);
    for (int i = 0; status == KEHU_OK && i < 8; i++) {
        status = i % 2 == 0 ? add_some(store, 3, &r, &err)
                 : i < 7    ? kehu_store_flush(store, &err)
                            : kehu_store_compact(store, &err);
        sequence = kehu_store_sequence(store);
    }
    kehu_store_free(store);
    return sequence;
}

/* The next writer may find names that the killed one had not synced yet. Before it
 * removes the files those replace they must be on the disk. */
static void test_store_survives_a_kill_and_then_a_power_failure(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    bool killed = true;
    (void)state;
    for (long n = 0; killed; n++) {
        memory_io *m = memory_io_new();
        faulty_io f;
        kehu_store *store;
        kehu_error err;
        uint64_t before, opened;
        (void)faulty_io_init(&f, n, EIO, true);
        f.base = memory_io_table(m);
        before = work_until_killed(&f.as_io, seed);
        killed = f.failed;
        if (open_through(&store, memory_io_table(m), &err) != KEHU_OK)
            fail_msg("killed at call %ld: %s", n, err.message);
        opened = kehu_store_sequence(store);
        assert_true(opened >= before);
        kehu_store_free(store);
        for (int i = 0; i < 40; i++) {
            long mark;
            memory_io *after = memory_io_crash(m, memory_io_changes(m), &r, &mark);
            if (open_through(&store, memory_io_table(after), &err) != KEHU_OK)
                fail_msg("killed at call %ld, seed %llu: %s", n, (unsigned long long)seed,
                         err.message);
            assert_int_equal(kehu_store_sequence(store), opened);
            kehu_store_free(store);
            memory_io_free(after);
        }
        memory_io_free(m);
    }
}

/* One call fails, which may go unnoticed where files are merged on the side, and later
 * the power does. */
static void test_store_survives_a_fault_and_then_a_power_failure(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    bool failed = true;
    (void)state;
    for (long n = 0; failed; n++) {
        memory_io *m = memory_io_new();
        faulty_io f;
        uint64_t acknowledged;
        (void)faulty_io_init(&f, n, EIO, false);
        f.base = memory_io_table(m);
        acknowledged = work_until_killed(&f.as_io, seed);
        failed = f.failed;
        for (int i = 0; i < 60; i++) {
            long mark;
            memory_io *after = memory_io_crash(m, memory_io_changes(m), &r, &mark);
            kehu_store *store;
            kehu_error err;
            if (open_through(&store, memory_io_table(after), &err) != KEHU_OK)
                fail_msg("call %ld failed, seed %llu: %s", n, (unsigned long long)seed,
                         err.message);
            assert_true(kehu_store_sequence(store) >= acknowledged);
            kehu_store_free(store);
            memory_io_free(after);
        }
        memory_io_free(m);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_survives_power_failures),
        cmocka_unit_test(test_store_survives_a_kill_and_then_a_power_failure),
        cmocka_unit_test(test_store_survives_a_fault_and_then_a_power_failure),
    };
    states = argc > 1 ? atol(argv[1]) : states;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
