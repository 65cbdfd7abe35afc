/* One writer, readers beside it: in other threads with snapshots of the writer's, and
 * by path as another process would. Meant for ThreadSanitizer too. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/stores.h"
#include "support/test.h"

enum { N_READERS = 4, N_BATCHES = 60, ROWS = 8 };

static const char folder[] = "store_threads";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kehu_snapshot *newest[N_READERS]; /* handed over, one a reader */
static atomic_int done, n_looks;
static char failure[300];

static void complain(const char *what, const kehu_error *err)
{
    pthread_mutex_lock(&lock);
    if (failure[0] == '\0')
        snprintf(failure, sizeof failure, "%s: %.200s", what, err->message);
    pthread_mutex_unlock(&lock);
}

/* Every batch adds 1 for each of ROWS customers, so all sums in a snapshot are equal,
 * except for the customer that is erased now and then. */
static void look(const kehu_snapshot *snapshot)
{
    const char *const names[] = {"customer", "amount"};
    const kehu_scan_options options = {
        .size = sizeof options, .columns = names, .n_columns = 2, .batch_rows = 50};
    int64_t sums[ROWS] = {0};
    kehu_scan *scan;
    kehu_scan_batch b = {.n_rows = 1};
    kehu_error err = {0};
    kehu_status status =
        kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err);
    while (status == KEHU_OK && b.n_rows > 0) {
        status = kehu_scan_next(scan, &b, &err);
        for (int64_t i = 0; i < b.n_rows; i++) {
            const char *ids = b.columns[0].data;
            const int32_t *offsets = b.columns[0].offsets;
            sums[ids[offsets[i]] - 'a'] += ((const int64_t *)b.columns[1].data)[i];
        }
    }
    kehu_scan_free(scan);
    if (status != KEHU_OK)
        complain("scan", &err);
    for (int i = 2; i < ROWS; i++)
        if (sums[i] != sums[1])
            complain("the sums differ", &err);
    atomic_fetch_add(&n_looks, 1);
}

static void *read_on(void *arg)
{
    const int me = *(const int *)arg;
    while (!atomic_load(&done)) {
        kehu_snapshot *snapshot;
        kehu_error err;
        pthread_mutex_lock(&lock);
        snapshot = newest[me];
        newest[me] = NULL;
        pthread_mutex_unlock(&lock);
        if (snapshot == NULL && me % 2 == 0 &&
            kehu_snapshot_open_path(&snapshot, folder, NULL, &err) != KEHU_OK)
            complain("open", &err);
        if (snapshot != NULL)
            look(snapshot);
        kehu_snapshot_free(snapshot);
    }
    return NULL;
}

static void hand_over(kehu_store *store)
{
    for (int i = 0; i < N_READERS; i++) {
        kehu_snapshot *snapshot, *unread;
        kehu_error err;
        if (kehu_snapshot_open(&snapshot, store, NULL, &err) != KEHU_OK) {
            complain("snapshot", &err);
            return;
        }
        pthread_mutex_lock(&lock);
        unread = newest[i];
        newest[i] = snapshot;
        pthread_mutex_unlock(&lock);
        kehu_snapshot_free(unread);
    }
}

static kehu_status write_batch(kehu_store *store, int i, kehu_error *err)
{
    static const char *const ids[ROWS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    store_event e[ROWS];
    for (int k = 0; k < ROWS; k++)
        e[k] = (store_event){ids[k], i, "buy", NULL, 1, NULL};
    if (i % 10 == 9)
        return kehu_store_compact(store, err);
    if (i % 15 == 7)
        return kehu_store_erase(store, "a", err);
    if (i % 20 == 11)
        return kehu_store_purge(store, NULL, err);
    if (i % 4 == 3)
        return kehu_store_flush(store, err);
    return store_add(store, e, ROWS, err);
}

static void test_readers_see_whole_batches_beside_the_writer(void **state)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .max_segments = 2};
    pthread_t readers[N_READERS];
    int numbers[N_READERS];
    kehu_store *store;
    kehu_error err;
    (void)state;
    store_remove(folder);
    assert_int_equal(kehu_store_open(&store, folder, &options, &err), KEHU_OK);
    for (int i = 0; i < N_READERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &numbers[i]), 0);
    }
    for (int i = 0; i < N_BATCHES; i++) {
        if (write_batch(store, i, &err) != KEHU_OK)
            complain("write", &err);
        hand_over(store);
    }
    atomic_store(&done, 1);
    for (int i = 0; i < N_READERS; i++)
        pthread_join(readers[i], NULL);
    for (int i = 0; i < N_READERS; i++)
        kehu_snapshot_free(newest[i]);
    kehu_store_free(store);
    if (failure[0] != '\0')
        fail_msg("%s", failure);
    printf("%d looks\n", atomic_load(&n_looks));
    assert_true(atomic_load(&n_looks) > 0);
}

/* Histories of a customer who has a row of each batch, and of one whom nobody knows. */
static void *look_up(void *arg)
{
    const kehu_snapshot *snapshot = arg;
    for (int i = 0; i < 300; i++) {
        kehu_scan *scan = NULL;
        kehu_scan_batch b = {0};
        kehu_error err = {0};
        if (kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, i % 3 ? "c" : "cc",
                               NULL, &err) != KEHU_OK ||
            kehu_scan_next(scan, &b, &err) != KEHU_OK)
            complain("history", &err);
        if (b.n_rows != (i % 3 ? 9 : 0))
            complain("a history has other rows", &err);
        kehu_scan_free(scan);
    }
    return NULL;
}

static void test_histories_are_read_beside_each_other(void **state)
{
    kehu_store *store = store_new(folder, 0);
    kehu_snapshot *snapshot;
    pthread_t readers[N_READERS];
    kehu_error err;
    (void)state;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(write_batch(store, 0, &err), KEHU_OK);
        if (i == 5)
            assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    }
    snapshot = store_see(store);
    for (int i = 0; i < N_READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look_up, snapshot), 0);
    for (int i = 0; i < N_READERS; i++)
        pthread_join(readers[i], NULL);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    if (failure[0] != '\0')
        fail_msg("%s", failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_see_whole_batches_beside_the_writer),
        cmocka_unit_test(test_histories_are_read_beside_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
