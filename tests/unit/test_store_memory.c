/* Import, flush and compaction stay within the memory that the header states, and within
 * 256 MB by default, however much there is. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

enum { BATCH = 8192, BUDGET = 256 << 20 };

/* Rows as "customer,time,kind,amount,text" lines, in no order of customers. */
static char *some_rows(int64_t n, size_t *size)
{
    static const char *const texts[] = {"order", "complaint fee", "宽带续费"};
    char *text = malloc((size_t)n * 80 + 100);
    size_t at = (size_t)sprintf(text, "customer,time,kind,amount,text\n");
    for (int64_t i = 0; i < n; i++)
        at += (size_t)sprintf(text + at,
                              "1%010lld,2024-%02d-%02d 10:%02d:%02d,kind %d,%d,%s %lld\n",
                              (long long)(i * 7919 % (n / 10)), (int)(i % 12) + 1,
                              (int)(i % 28) + 1, (int)(i % 60), (int)(i / 60 % 60),
                              (int)(i % 5), (int)(i % 20000), texts[i % 3], (long long)i);
    *size = at;
    return text;
}

static kehu_store *new_store(const char *folder, uint64_t flush_bytes, faulty *f)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_NEW,
                                        .durability = KEHU_STORE_NONE,
                                        .flush_bytes = flush_bytes,
                                        .alloc = faulty_init(f, -1)};
    kehu_store *store;
    kehu_error err;
    store_remove(folder);
    if (kehu_store_open(&store, folder, &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return store;
}

static void import(kehu_store *store, const char *text, size_t size, faulty *f)
{
    static const kehu_field fields[] = {{.name = "time", .type = KEHU_TIMESTAMP},
                                        {.name = "amount", .type = KEHU_INT64}};
    const kehu_csv_options options = {.size = sizeof options,
                                      .batch_rows = BATCH,
                                      .fields = fields,
                                      .n_fields = 2,
                                      .alloc = &f->as_allocator};
    kehu_csv *csv;
    kehu_error err;
    assert_int_equal(kehu_csv_open_memory(&csv, text, size, "rows.csv", &options, &err),
                     KEHU_OK);
    if (kehu_store_import(store, KEHU_STORE_EVENTS, csv, NULL, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    kehu_csv_free(csv);
}

/* The peak since the last call. */
static size_t peak_of(faulty *f)
{
    const size_t peak = f->peak_bytes;
    f->peak_bytes = f->live_bytes;
    return peak;
}

/* Rows of a size, with a log of which 1 MB is sorted at once; the peaks of import, flush
 * and compaction. */
static void measure(int64_t rows, size_t peaks[3])
{
    faulty f;
    kehu_store *store = new_store("store_memory", 1 << 20, &f);
    size_t size;
    char *text = some_rows(rows, &size);
    kehu_error err;
    import(store, text, size, &f);
    peaks[0] = peak_of(&f);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    peaks[1] = peak_of(&f);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    peaks[2] = peak_of(&f);
    free(text);
    kehu_store_free(store);
    assert_int_equal(f.live_bytes, 0);
}

static void test_memory_does_not_grow_with_the_store(void **state)
{
    size_t few[3], many[3];
    (void)state;
    measure(40000, few);
    measure(160000, many);
    printf("import %zu to %zu kB, flush %zu to %zu, compaction %zu to %zu\n",
           few[0] >> 10, many[0] >> 10, few[1] >> 10, many[1] >> 10, few[2] >> 10,
           many[2] >> 10);
    for (int i = 0; i < 3; i++)
        assert_true(many[i] <=
                    12 << 20); /* 10 times flush_bytes, a batch, 1 byte a row */
}

static void test_memory_is_within_the_budget_by_default(void **state)
{
    faulty f;
    kehu_store *store = new_store("store_memory", 0, &f);
    size_t size;
    char *text = some_rows(500000, &size);
    kehu_error err;
    (void)state;
    import(store, text, size, &f);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    printf("by default %zu MB for %zu MB\n", f.peak_bytes >> 20, size >> 20);
    assert_true(f.peak_bytes < BUDGET);
    free(text);
    kehu_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_does_not_grow_with_the_store),
        cmocka_unit_test(test_memory_is_within_the_budget_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
