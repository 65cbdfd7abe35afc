/* Blocks that segments keep for the next look at a customer: they answer as the file
 * would, whoever asks, and damage is never kept. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "store/handle.h"
#include "store/page.h"
#include "store/snapshot.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

enum { CUSTOMERS = 300, ROWS = 6000 };

/* A compacted store of several blocks in memory. */
static memory_io *make_store(void)
{
    static char ids[ROWS][16];
    static store_event events[ROWS];
    const kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_NEW};
    memory_io *m = memory_io_new();
    kehu_store *store;
    for (int i = 0; i < ROWS; i++) {
        snprintf(ids[i], sizeof ids[i], "C%04d", i * 7 % CUSTOMERS * 3);
        events[i] = (store_event){ids[i], i, i % 3 == 0 ? "buy" : "call", NULL, i, NULL};
    }
    assert_int_equal(kehu__store_open(&store, "f", &options, memory_io_table(m), NULL),
                     KEHU_OK);
    assert_int_equal(store_add(store, events, ROWS, NULL), KEHU_OK);
    assert_int_equal(kehu_store_compact(store, NULL), KEHU_OK);
    kehu_store_free(store);
    return m;
}

static kehu_snapshot *see(memory_io *m)
{
    kehu_snapshot *snapshot;
    assert_int_equal(
        kehu__snapshot_open_path(&snapshot, "f", NULL, memory_io_table(m), NULL),
        KEHU_OK);
    return snapshot;
}

/* Sum of a customer's amounts, and how many rows; -1 where reading fails. */
static int64_t look_up(const kehu_snapshot *snapshot, int customer,
                       const kehu_scan_options *options, int64_t *n_rows)
{
    kehu_scan_batch b = {.n_rows = 1};
    kehu_status status;
    kehu_scan *scan;
    int64_t sum = 0;
    char id[16];
    snprintf(id, sizeof id, "C%04d", customer);
    *n_rows = 0;
    status = kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, id, options, NULL);
    while (status == KEHU_OK && b.n_rows > 0) {
        status = kehu_scan_next(scan, &b, NULL);
        for (int64_t c = 0; status == KEHU_OK && c < b.n_columns; c++)
            for (int64_t i = 0; strcmp(b.columns[c].name, "amount") == 0 && i < b.n_rows;
                 i++)
                sum += ((const int64_t *)b.columns[c].data)[i];
        *n_rows += b.n_rows;
    }
    kehu_scan_free(scan);
    return status == KEHU_OK ? sum : -1;
}

/* Customer 3 k has rows i with 7 i = k modulo their number; others have none. */
static bool answers_right(const kehu_snapshot *snapshot, int customer,
                          const kehu_scan_options *options)
{
    int64_t sum = 0, rows = 0, found;
    for (int i = 0; i < ROWS; i++)
        if (i * 7 % CUSTOMERS * 3 == customer) {
            sum += i;
            rows++;
        }
    return look_up(snapshot, customer, options, &found) == sum && found == rows;
}

static kehu__segment *segment_of(const kehu_snapshot *snapshot)
{
    assert_int_equal(snapshot->n_segments[KEHU_STORE_EVENTS], 1);
    return snapshot->segments[KEHU_STORE_EVENTS][0];
}

static void test_histories_are_right_from_kept_blocks(void **state)
{
    static const char *const amount[] = {"amount"};
    const kehu_scan_options one = {.size = sizeof one, .columns = amount, .n_columns = 1};
    (void)state;
    for (uint32_t kept = 1; kept < 20; kept += 6) { /* blocks share places, or do not */
        memory_io *m = make_store();
        kehu_snapshot *snapshot = see(m);
        kehu__segment *s = segment_of(snapshot);
        assert_true(s->n_blocks > 8 && s->pages->n == s->n_blocks);
        s->pages->n = kept < s->n_blocks ? kept : s->n_blocks;
        for (int i = 0; i < 4000; i++)
            assert_true(answers_right(snapshot, i * 37 % 1000, i % 3 == 0 ? &one : NULL));
        s->pages->n = s->n_blocks;
        kehu_snapshot_free(snapshot);
        memory_io_free(m);
    }
}

/* The segment's name, and where its first block's byte is. */
static const char *segment_name(const memory_io *m)
{
    for (size_t i = 0; memory_io_name(m, i) != NULL; i++)
        if (strncmp(memory_io_name(m, i), "seg-", 4) == 0)
            return memory_io_name(m, i);
    fail();
    return NULL;
}

/* Flip the last bit of a column of a block in the file. */
static void damage(memory_io *m, const kehu__block_entry *e, uint32_t column)
{
    const char *name = segment_name(m);
    size_t size, at = (size_t)e->offset;
    const unsigned char *bytes = memory_io_bytes(m, name, &size);
    unsigned char *copy = malloc(size);
    for (uint32_t i = 0; i <= column; i++)
        at += kehu__load32(e->columns + (size_t)i * KEHU__COLUMN_ENTRY + 4);
    memcpy(copy, bytes, size);
    copy[at - 1] ^= 1;
    memory_io_set(m, name, copy, size);
    free(copy);
}

static void test_damage_is_found_again_and_again_and_never_kept(void **state)
{
    static const char *const times[] = {"time"};
    const kehu_scan_options one = {.size = sizeof one, .columns = times, .n_columns = 1};
    memory_io *m = make_store();
    kehu_snapshot *snapshot = see(m);
    const kehu__block_entry *e = &segment_of(snapshot)->blocks[0];
    int64_t rows;
    (void)state;
    damage(m, e, e->n_columns - 1); /* the amount, or whatever is last */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(look_up(snapshot, 0, &one, &rows), 0); /* does not need it */
        assert_int_equal(rows, ROWS / CUSTOMERS);
        assert_int_equal(look_up(snapshot, 0, NULL, &rows), -1);
    }
    damage(m, e, e->n_columns - 1); /* mends it */
    assert_true(answers_right(snapshot, 0, NULL));
    damage(m, e, 1);
    assert_true(answers_right(snapshot, 0, NULL)); /* what was read sound is kept */
    kehu_snapshot_free(snapshot);
    snapshot = see(m);
    assert_int_equal(look_up(snapshot, 0, NULL, &rows), -1);
    kehu_snapshot_free(snapshot);
    memory_io_free(m);
}

static void test_every_refused_allocation_is_reported(void **state)
{
    memory_io *m = make_store();
    bool whole = false;
    (void)state;
    for (long n = 0; !whole; n++) {
        faulty f;
        const kehu_snapshot_options seen = {.size = sizeof seen,
                                            .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        kehu_error err = {0};
        kehu_status status =
            kehu__snapshot_open_path(&snapshot, "f", &seen, memory_io_table(m), &err);
        for (int i = 0; status == KEHU_OK && i < 900; i += 300) {
            int64_t rows;
            if (look_up(snapshot, i, NULL, &rows) < 0)
                status = KEHU_NO_MEMORY;
        }
        whole = status == KEHU_OK;
        assert_true(whole || status == KEHU_NO_MEMORY);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    memory_io_free(m);
}

static void test_what_is_kept_has_a_bound(void **state)
{
    memory_io *m = make_store();
    faulty f;
    const kehu_snapshot_options seen = {.size = sizeof seen,
                                        .alloc = faulty_init(&f, -1)};
    kehu_snapshot *snapshot;
    size_t after_one, most = 0;
    (void)state;
    assert_int_equal(
        kehu__snapshot_open_path(&snapshot, "f", &seen, memory_io_table(m), NULL),
        KEHU_OK);
    segment_of(snapshot)->pages->n = 3;
    assert_true(answers_right(snapshot, 0, NULL));
    after_one = f.live_bytes;
    for (int i = 0; i < 3000; i++) {
        assert_true(answers_right(snapshot, i * 37 % 900 / 3 * 3, NULL));
        most = f.live_bytes > most ? f.live_bytes : most;
    }
    assert_true(most <= after_one + 3 * segment_of(snapshot)->pages->page_size + 4096);
    segment_of(snapshot)->pages->n = segment_of(snapshot)->n_blocks;
    kehu_snapshot_free(snapshot);
    memory_io_free(m);
}

typedef struct looker {
    const kehu_snapshot *snapshot;
    int first;
    atomic_int *wrong;
} looker;

static void *look_around(void *arg)
{
    const looker *l = arg;
    for (int i = 0; i < 1500; i++)
        if (!answers_right(l->snapshot, (l->first + i * 3) % 900, NULL))
            atomic_fetch_add(l->wrong, 1);
    return NULL;
}

static void test_threads_share_what_is_kept(void **state)
{
    enum { THREADS = 4 };
    memory_io *m = make_store();
    kehu_snapshot *snapshot = see(m);
    atomic_int wrong;
    pthread_t threads[THREADS];
    looker lookers[THREADS];
    (void)state;
    atomic_init(&wrong, 0);
    for (int i = 0; i < THREADS; i++) {
        lookers[i] = (looker){snapshot, i / 2 * 450, &wrong};
        assert_int_equal(pthread_create(&threads[i], NULL, look_around, &lookers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    kehu_snapshot_free(snapshot);
    memory_io_free(m);
}

/* One by one. */
static uint32_t seek_slowly(const kehu__segment *s, const char *key, size_t size)
{
    uint32_t i = 0;
    while (i < s->n_blocks &&
           kehu__text_order(s->blocks[i].last_key, s->blocks[i].last_size, key, size) < 0)
        i++;
    return i;
}

static void test_a_block_is_found_whatever_the_id(void **state)
{
    static const char *const ids[] = {
        "",      "A",         "C",     "C0", "C00", "C0\x80", "C0000", "C0897",    "C089",
        "C0898", "C08970000", "C\xff", "D",  "~",   "C1",     "C0450", "C0450\x01"};
    memory_io *m = make_store();
    kehu_snapshot *snapshot = see(m);
    const kehu__segment *s = segment_of(snapshot);
    (void)state;
    assert_true(s->n_alike > 0);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(kehu__segment_seek(s, ids[i], strlen(ids[i])),
                         seek_slowly(s, ids[i], strlen(ids[i])));
    for (uint32_t b = 0; b < s->n_blocks; b++)
        for (uint32_t cut = 0; cut < 2; cut++)
            assert_int_equal(
                kehu__segment_seek(s, s->blocks[b].last_key,
                                   s->blocks[b].last_size - cut),
                seek_slowly(s, s->blocks[b].last_key, s->blocks[b].last_size - cut));
    kehu_snapshot_free(snapshot);
    memory_io_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories_are_right_from_kept_blocks),
        cmocka_unit_test(test_damage_is_found_again_and_again_and_never_kept),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
        cmocka_unit_test(test_what_is_kept_has_a_bound),
        cmocka_unit_test(test_threads_share_what_is_kept),
        cmocka_unit_test(test_a_block_is_found_whatever_the_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
