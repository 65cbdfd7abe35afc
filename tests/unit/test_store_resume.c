/* An import that is cut off, at any change to the disk or call of the system, is taken up
 * without loss or doubling. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/snapshot.h"
#include "support/faulty.h"
#include "support/faulty_io.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

enum { ROWS = 1200, BATCH = 50, TRIES = 3 };

/* Every 100th row is bad, every second of these for the store alone. */
static char *some_rows(int n)
{
    FILE *f = text_open();
    fprintf(f, "customer,time,kind,amount\n");
    for (int i = 0; i < n; i++)
        fprintf(f, "%s,2024-01-%s,kind %d,%d\n",
                i % 200 == 100 ? ""
                : i % 3        ? "bo"
                               : "a",
                i % 200 == 0 ? "99" : "02", i, i);
    return text_close(f);
}

typedef struct taking {
    const kehu__io *io;
    const kehu_allocator *alloc;
    const char *folder; /* NULL means "f" */
    const char *text;
    const char *name; /* to resume by */
    uint32_t duplicates;
    int64_t max_rejects;
    int64_t n_rows, n_rejects;
} taking;

static kehu_status open_store(kehu_store **store, const taking *t, kehu_error *err)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE,
                                        .flush_bytes = 4096,
                                        .max_segments = 3,
                                        .store_id = 9,
                                        .alloc = t->alloc};
    return kehu__store_open(store, t->folder == NULL ? "f" : t->folder, &options, t->io,
                            err);
}

/* Import into the store that is there or made. */
static kehu_status take(taking *t, kehu_error *err)
{
    static const kehu_field fields[] = {{.name = "time", .type = KEHU_TIMESTAMP},
                                        {.name = "amount", .type = KEHU_INT64}};
    const kehu_csv_options csv_options = {
        .size = sizeof csv_options, .batch_rows = BATCH, .fields = fields, .n_fields = 2};
    const kehu_store_import_options options = {.size = sizeof options,
                                               .duplicates = t->duplicates,
                                               .resume = t->name,
                                               .max_rejects = t->max_rejects};
    kehu_store *store = NULL;
    kehu_csv *csv;
    kehu_status status;
    assert_int_equal(kehu_csv_open_memory(&csv, t->text, strlen(t->text), "rows.csv",
                                          &csv_options, NULL),
                     KEHU_OK);
    t->n_rows = 0;
    status = open_store(&store, t, err);
    if (status == KEHU_OK)
        status =
            kehu_store_import(store, KEHU_STORE_EVENTS, csv, &options, &t->n_rows, err);
    t->n_rejects = kehu_csv_reject_count(csv);
    kehu_csv_free(csv);
    kehu_store_free(store);
    return status;
}

static char *contents(const kehu__io *io)
{
    kehu_snapshot *snapshot;
    kehu_error err;
    char *text;
    if (kehu__snapshot_open_path(&snapshot, "f", NULL, io, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    text = store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err);
    kehu_snapshot_free(snapshot);
    return text;
}

static int64_t count_lines(const char *text)
{
    int64_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* What an import that nothing disturbs leaves; *disk keeps its past, if wanted. */
static char *undisturbed(const char *text, memory_io **disk)
{
    memory_io *m = memory_io_new();
    taking t = {.io = memory_io_table(m), .text = text, .name = "rows.csv"};
    kehu_error err;
    char *all;
    if (take(&t, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(t.n_rows, ROWS - ROWS / 100);
    assert_int_equal(t.n_rejects, ROWS / 100);
    all = contents(t.io);
    assert_int_equal(count_lines(all), ROWS - ROWS / 100);
    if (disk != NULL)
        *disk = m;
    else
        memory_io_free(m);
    return all;
}

/* The import again, undisturbed: has the store all rows then, and each once? */
static int64_t take_up(memory_io *m, const char *text, const char *all)
{
    taking t = {.io = memory_io_table(m), .text = text, .name = "rows.csv"};
    kehu_error err;
    char *now;
    int64_t n_rows;
    if (take(&t, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(t.n_rejects, ROWS / 100);
    n_rows = t.n_rows;
    now = contents(t.io);
    assert_string_equal(now, all);
    free(now);
    if (take(&t, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(t.n_rows, 0);
    return n_rows;
}

static void test_resume_after_a_crash_at_any_change(void **state)
{
    char *text = some_rows(ROWS);
    memory_io *disk;
    char *all = undisturbed(text, &disk);
    kehu__random r = kehu__random_seed(20240101);
    int64_t least = ROWS;
    (void)state;
    for (size_t n = 0; n <= memory_io_changes(disk); n++)
        for (int i = 0; i < TRIES; i++) {
            long mark;
            memory_io *crashed = memory_io_crash(disk, n, &r, &mark);
            const int64_t rest = take_up(crashed, text, all);
            least = rest < least ? rest : least;
            memory_io_free(crashed);
        }
    assert_int_equal(least, 0);
    memory_io_free(disk);
    free(all);
    free(text);
}

static void test_resume_after_any_call_of_the_system_failed(void **state)
{
    static const int hows[] = {EIO, ENOSPC};
    char *text = some_rows(ROWS), *all = undisturbed(text, NULL);
    int n_partly = 0;
    (void)state;
    for (size_t how = 0; how < 2; how++) {
        bool failed = true;
        for (long at = 0; failed; at++) {
            memory_io *m = memory_io_new();
            faulty_io f;
            kehu_error err;
            taking t = {.text = text, .name = "rows.csv"};
            int64_t rest;
            t.io = faulty_io_init(&f, at, hows[how], true);
            f.base = memory_io_table(m);
            (void)!take(&t, &err);
            failed = f.failed;
            rest = take_up(m, text, all);
            n_partly += rest > 0 && rest < ROWS - ROWS / 100;
            memory_io_free(m);
        }
    }
    assert_true(n_partly > 0);
    free(all);
    free(text);
}

static void test_resume_after_any_allocation_was_refused(void **state)
{
    char *text = some_rows(ROWS), *all = undisturbed(text, NULL);
    kehu_status status = KEHU_NO_MEMORY;
    (void)state;
    for (long at = 0; status != KEHU_OK; at += 7) {
        memory_io *m = memory_io_new();
        faulty memory;
        kehu_error err;
        taking t = {.io = memory_io_table(m),
                    .alloc = faulty_init(&memory, at),
                    .text = text,
                    .name = "rows.csv"};
        status = take(&t, &err);
        if (status != KEHU_OK)
            assert_int_equal(status, KEHU_NO_MEMORY);
        assert_int_equal(memory.live_blocks, 0);
        take_up(m, text, all);
        memory_io_free(m);
    }
    free(all);
    free(text);
}

static void test_resume_takes_what_a_file_has_gained(void **state)
{
    char *text = some_rows(ROWS), *half = some_rows(ROWS / 2),
         *all = undisturbed(text, NULL);
    memory_io *m = memory_io_new();
    taking t = {.io = memory_io_table(m), .text = half, .name = "rows.csv"};
    kehu_error err;
    char *now;
    (void)state;
    assert_int_equal(take(&t, &err), KEHU_OK);
    assert_int_equal(t.n_rows, ROWS / 2 - ROWS / 200);
    assert_int_equal(take_up(m, text, all), ROWS / 2 - ROWS / 200);
    t.text = half; /* shorter than before */
    assert_int_equal(take(&t, &err), KEHU_DATA);
    assert_string_equal(err.message,
                        "the file has 597 rows to read, but 1194 were taken before");
    t.name = "another.csv"; /* the same rows once more */
    assert_int_equal(take(&t, &err), KEHU_OK);
    now = contents(t.io);
    assert_int_equal(count_lines(now), ROWS - ROWS / 100 + ROWS / 2 - ROWS / 200);
    memory_io_free(m);
    free(now);
    free(all);
    free(half);
    free(text);
}

static void test_resume_gives_up_where_too_many_rows_are_bad(void **state)
{
    char *text = some_rows(ROWS), *now;
    memory_io *m = memory_io_new();
    taking t = {
        .io = memory_io_table(m), .text = text, .name = "rows.csv", .max_rejects = 10};
    kehu_error err;
    (void)state;
    assert_int_equal(take(&t, &err), KEHU_DATA);
    assert_string_equal(err.message, "11 rows are bad, at most 10 may be");
    now = contents(t.io);
    assert_true(count_lines(now) > 0 && count_lines(now) < ROWS / 12 * 11);
    free(now);
    t.name = "";
    assert_int_equal(take(&t, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "resume is empty or over 1024 bytes");
    memory_io_free(m);
    free(text);
}

/* A backup as of a time or sequence number may lack rows that were taken: it has none of
 * them in its books. */
static void test_resume_goes_on_from_a_backup_of_the_newest_state(void **state)
{
    static const char *const folders[] = {"store_resume_now", "store_resume_then"};
    const kehu_snapshot_options then = {.size = sizeof then, .as_of_sequence = 1};
    const kehu_snapshot_options *const options[] = {NULL, &then};
    char *text = some_rows(ROWS), *half = some_rows(ROWS / 2);
    taking t = {.io = &kehu__io_system, .text = half, .name = "rows.csv"};
    kehu_error err;
    (void)state;
    store_remove("f");
    assert_int_equal(take(&t, &err), KEHU_OK);
    for (int i = 0; i < 2; i++) {
        taking more = {.io = t.io, .folder = folders[i], .text = text, .name = t.name};
        kehu_snapshot *snapshot;
        store_remove(folders[i]);
        assert_int_equal(kehu_snapshot_open_path(&snapshot, "f", options[i], &err),
                         KEHU_OK);
        assert_int_equal(kehu_snapshot_backup(snapshot, folders[i], NULL, &err), KEHU_OK);
        kehu_snapshot_free(snapshot);
        assert_int_equal(take(&more, &err), KEHU_OK);
        assert_int_equal(more.n_rows, (ROWS - ROWS / 100) / (i == 0 ? 2 : 1));
    }
    free(half);
    free(text);
}

/* Flip a byte of the first block of each segment in the folder. */
static void damage_segments(const char *folder)
{
    for (int i = 1; i < 200; i++) {
        char path[100];
        FILE *f;
        int c;
        snprintf(path, sizeof path, "%s/seg-%010d.ks", folder, i);
        f = fopen(path, "r+b");
        if (f == NULL)
            continue;
        assert_int_equal(fseek(f, 100, SEEK_SET), 0);
        c = fgetc(f);
        assert_int_equal(fseek(f, 100, SEEK_SET), 0);
        fputc(c ^ 1, f);
        fclose(f);
    }
}

/* Rows that a repair had to leave out stay taken: it is another import that brings them.
 */
static void test_resume_after_a_repair_does_not_bring_lost_rows_back(void **state)
{
    static const char repaired[] = "store_resume_repaired";
    char *text = some_rows(ROWS), *now;
    taking t = {.io = &kehu__io_system, .text = text, .name = "rows.csv"};
    kehu_store *store;
    kehu_table *lost;
    kehu_error err;
    int64_t n_left;
    (void)state;
    store_remove("f");
    store_remove(repaired);
    assert_int_equal(take(&t, &err), KEHU_OK);
    assert_int_equal(open_store(&store, &t, &err), KEHU_OK);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    kehu_store_free(store);
    damage_segments("f");
    assert_int_equal(kehu_store_repair(&lost, "f", repaired, NULL, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_table_row_count(lost), 1);
    kehu_table_free(lost);
    t.folder = repaired;
    assert_int_equal(take(&t, &err), KEHU_OK);
    assert_int_equal(t.n_rows, 0);
    now = store_text_path(repaired, KEHU_STORE_EVENTS, &err);
    n_left = count_lines(now);
    free(now);
    assert_true(n_left > 0 && n_left < ROWS - ROWS / 100);
    t.name = NULL;
    t.duplicates = KEHU_STORE_SKIP;
    assert_int_equal(take(&t, &err), KEHU_OK);
    assert_int_equal(t.n_rows, ROWS - ROWS / 100 - n_left);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_after_a_crash_at_any_change),
        cmocka_unit_test(test_resume_after_any_call_of_the_system_failed),
        cmocka_unit_test(test_resume_after_any_allocation_was_refused),
        cmocka_unit_test(test_resume_takes_what_a_file_has_gained),
        cmocka_unit_test(test_resume_gives_up_where_too_many_rows_are_bad),
        cmocka_unit_test(test_resume_goes_on_from_a_backup_of_the_newest_state),
        cmocka_unit_test(test_resume_after_a_repair_does_not_bring_lost_rows_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
