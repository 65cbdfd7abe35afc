/* kill -9: a child writes and says what was acknowledged, the parent kills it at some
 * moment, opens the store and compares.
 *
 *     test_store_kill [CYCLES [SEED]]      default 200 and 1
 *
 * What a batch holds follows from its number, so what the store must show follows
 * from its newest batch. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "support/stores.h"
#include "support/test.h"

enum { ROWS = 10, CUSTOMERS = 5, ERASE_EVERY = 29, MAX_BATCHES = 1000, LIVES = 10 };

static long cycles = 200;
static uint64_t seed = 1;
static const char *const who[CUSTOMERS] = {"a", "b", "c", "丁", "戊"};
static const char folder[] = "store_kill";

/* Batches count from 1; every 29th is an erasure. */
static int erased_by(uint64_t batch)
{
    return batch % ERASE_EVERY == 0 ? (int)(batch / ERASE_EVERY % CUSTOMERS) : -1;
}

static void rows_of(uint64_t batch, store_event rows[ROWS])
{
    kehu__random r = kehu__random_seed(batch);
    for (int i = 0; i < ROWS; i++)
        rows[i] = (store_event){who[kehu__random_below(&r, CUSTOMERS)],
                                (int64_t)batch * 100 + i,
                                "buy",
                                NULL,
                                (int64_t)kehu__random_below(&r, 100000),
                                NULL};
}

/* Lines as the store should show them after this many batches. */
static char *expected_text(uint64_t batches)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int c = 0; c < CUSTOMERS; c++) {
        uint64_t first = 1;
        for (uint64_t b = 1; b <= batches; b++)
            first = erased_by(b) == c ? b + 1 : first;
        for (uint64_t b = first; b <= batches; b++) {
            store_event rows[ROWS];
            rows_of(b, rows);
            for (int i = 0; erased_by(b) < 0 && i < ROWS; i++)
                if (strcmp(rows[i].customer, who[c]) == 0)
                    fprintf(f, "%s|%lld|buy|~|~|%lld|~|~\n", who[c],
                            (long long)rows[i].time, (long long)rows[i].amount);
        }
    }
    fclose(f);
    return text;
}

static kehu_status open_store(kehu_store **store, kehu__random *r, kehu_error *err)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .durability = kehu__random_below(r, 4) == 0
                                                          ? KEHU_STORE_SYNC
                                                          : 1 + kehu__random_below(r, 2),
                                        .max_segments = 2,
                                        .flush_bytes = 4096};
    return kehu_store_open(store, folder, &options, err);
}

/* Never returns; acknowledges by writing the newest batch's number. */
static void write_until_killed(int out, uint64_t mood)
{
    kehu__random r = kehu__random_seed(mood);
    kehu_store *store;
    kehu_error err;
    if (open_store(&store, &r, &err) != KEHU_OK)
        _exit(1);
    for (;;) {
        const uint64_t batch = kehu_store_sequence(store) + 1;
        const uint32_t what = kehu__random_below(&r, 80);
        store_event rows[ROWS];
        kehu_status status;
        rows_of(batch, rows);
        status = erased_by(batch) >= 0
                     ? kehu_store_erase(store, who[erased_by(batch)], &err)
                     : store_add(store, rows, ROWS, &err);
        if (status != KEHU_OK || write(out, &batch, sizeof batch) != sizeof batch)
            _exit(2);
        if (what == 0)
            status = kehu_store_compact(store, &err);
        else if (what == 1)
            status = kehu_store_purge(store, NULL, &err);
        else if (what < 4)
            status = kehu_store_flush(store, &err);
        if (status != KEHU_OK || batch >= MAX_BATCHES)
            _exit(status != KEHU_OK ? 3 : 0);
    }
}

/* The number of the last of up to n batches said to be acknowledged, 0 for none. */
static uint64_t wait_for(int in, uint32_t n)
{
    uint64_t batch, newest = 0;
    for (; n > 0 && read(in, &batch, sizeof batch) == sizeof batch; n--)
        newest = batch;
    return newest;
}

static void expect_store(uint64_t acknowledged, kehu__random *r, uint64_t *batches)
{
    kehu_store *store;
    kehu_error err = {0};
    char *text, *expected;
    if (open_store(&store, r, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    *batches = kehu_store_sequence(store);
    if (*batches < acknowledged || *batches > acknowledged + 1)
        fail_msg("%llu batches, %llu acknowledged", (unsigned long long)*batches,
                 (unsigned long long)acknowledged);
    text = store_text_now(store, KEHU_STORE_EVENTS, &err);
    expected = expected_text(*batches);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    kehu_store_free(store);
}

static void test_store_survives_kill(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    uint64_t newest = 0, total = 0;
    (void)state;
    for (long i = 0; i < cycles; i++) {
        const struct timespec nap = {0, (long)kehu__random_below(&r, 3000) * 1000};
        int ends[2], how;
        pid_t child;
        uint64_t acknowledged, later, before;
        if (i % LIVES == 0 || newest + 200 > MAX_BATCHES) {
            store_remove(folder);
            newest = 0;
        }
        before = newest;
        assert_int_equal(pipe(ends), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(ends[1], seed * 1000003 + (uint64_t)i);
        }
        close(ends[1]);
        acknowledged = wait_for(ends[0], kehu__random_below(&r, 20));
        nanosleep(&nap, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &how, 0), child);
        if (WIFEXITED(how) && WEXITSTATUS(how) != 0)
            fail_msg("the writer failed at stage %d", WEXITSTATUS(how));
        later = wait_for(ends[0], UINT32_MAX);
        acknowledged = later > acknowledged ? later : acknowledged;
        close(ends[0]);
        expect_store(acknowledged > before ? acknowledged : before, &r, &newest);
        total += newest - before;
    }
    printf("%ld kills, %llu batches, seed %llu\n", cycles, (unsigned long long)total,
           (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_survives_kill),
    };
    cycles = argc > 1 ? atol(argv[1]) : cycles;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
