/* Stores of every released format are read for ever, and the same calls write the
 * same bytes on every machine. tests/compat/store-1 is what make_store() wrote with
 * format 1.0 (its LOCK, which is empty, left out), store-2 what it writes since segments
 * of events have their sums. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

static void make_store(const kehu__io *io)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .store_id = 20260101};
    const kehu_store_field fields[] = {
        {.name = "city", .type = KEHU_UTF8, .layer = 1, .origin = "crm"},
        {.name = "vip",
         .type = KEHU_BOOL,
         .layer = 5,
         .age_limit_days = 90,
         .inputs = "city"},
        {.name = "born", .type = KEHU_DATE32},
        {.name = "score", .type = KEHU_FLOAT64, .layer = 3}};
    const int32_t ids[] = {0, 1, 7}, cities[] = {0, 0, 6}, days[] = {-3653, 20000};
    const double scores[] = {0.1, -4};
    const uint8_t vip = 2, second = 2;
    const kehu_column customers[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 2,
         .data = "a张三",
         .offsets = ids},
        {.name = "city",
         .type = KEHU_UTF8,
         .length = 2,
         .data = "北京",
         .offsets = cities,
         .validity = &second},
        {.name = "vip", .type = KEHU_BOOL, .length = 2, .data = &vip},
        {.name = "born", .type = KEHU_DATE32, .length = 2, .data = days},
        {.name = "score", .type = KEHU_FLOAT64, .length = 2, .data = scores}};
    const store_event events[] = {
        {"a", 1700000000000000, "buy", "web", 1990, NULL},
        {"张三", 1600000000000001, "投诉", "电话", INT64_MIN, "网络太慢，要求退款"},
        {"a", -5, "buy", NULL, INT64_MAX, ""},
        {"b", 0, NULL, NULL, -1, "x"}};
    kehu_store *store;
    kehu_error err;
    if (kehu__store_open(&store, "f", &options, io, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &fields[i], &err), KEHU_OK);
    assert_int_equal(kehu_store_add_customers(store, customers, 5, NULL, &err), KEHU_OK);
    assert_int_equal(store_add(store, events, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, events + 3, 1, &err), KEHU_OK);
    assert_int_equal(store_add(store, events + 1, 2, &err), KEHU_OK);
    assert_int_equal(kehu_store_erase(store, "b", &err), KEHU_OK);
    kehu_store_free(store);
}

static const char events_text[] =
    "a|-5|buy|~|~|9223372036854775807|~|\n"
    "a|-5|buy|~|~|9223372036854775807|~|\n"
    "a|1700000000000000|buy|web|~|1990|~|~\n"
    "张三|1600000000000001|投诉|电话|~|~|~|网络太慢，要求退款\n"
    "张三|1600000000000001|投诉|电话|~|~|~|网络太慢，要求退款\n";
static const char customers_text[] = "a|~|0|-3653|0.10000000000000001\n"
                                     "张三|北京|1|20000|-4\n";

static const char totals_text[] =
    "张三|2|1600000000000001|1600000000000001|0\n"; /* a has too much */

static const char *folder_of(int format, char path[1024])
{
    const char *source = getenv("KEHU_SOURCE");
    snprintf(path, 1024, "%s/tests/compat/store-%d", source == NULL ? "." : source,
             format);
    return path;
}

static void expect_text(char *text, const char *expected, const kehu_error *err)
{
    if (text == NULL)
        fail_msg("%s", err->message);
    assert_string_equal(text, expected);
    free(text);
}

static void test_store_of_every_format_is_read(void **state)
{
    const kehu_scan_options one = {.size = sizeof one, .first_customer = "b"};
    (void)state;
    for (int format = 1; format <= 2; format++) {
        kehu_snapshot *snapshot;
        kehu_error err = {0};
        char path[1024];
        if (kehu_snapshot_open_path(&snapshot, folder_of(format, path), NULL, &err) !=
            KEHU_OK)
            fail_msg("%s", err.message);
        expect_text(store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err), events_text,
                    &err);
        expect_text(store_text(snapshot, KEHU_STORE_CUSTOMERS, NULL, &err),
                    customers_text, &err);
        expect_text(store_totals_text(snapshot, &one, &err), totals_text, &err);
        assert_int_equal(kehu_snapshot_check(snapshot, NULL, NULL, &err), KEHU_OK);
        kehu_snapshot_free(snapshot);
    }
}

static void test_store_writes_the_same_bytes(void **state)
{
    memory_io *m = memory_io_new();
    char folder[1024], path[1200];
    (void)state;
    make_store(memory_io_table(m));
    for (size_t i = 0; memory_io_name(m, i) != NULL; i++) {
        const char *name = memory_io_name(m, i);
        size_t size, n;
        const unsigned char *bytes = memory_io_bytes(m, name, &size);
        unsigned char *kept = malloc(size + 1);
        FILE *f;
        snprintf(path, sizeof path, "%s/%s", folder_of(2, folder), name);
        f = fopen(path, "rb");
        if (f == NULL && size > 0)
            fail_msg("there is no %s", path);
        n = f == NULL ? 0 : fread(kept, 1, size + 1, f);
        assert_int_equal(n, size);
        if (size > 0)
            assert_memory_equal(bytes, kept, size);
        if (f != NULL)
            fclose(f);
        free(kept);
    }
    memory_io_free(m);
}

/* With a folder as argument, writes the files there instead: for a new format. */
static int save(const char *folder)
{
    memory_io *m = memory_io_new();
    make_store(memory_io_table(m));
    for (size_t i = 0; memory_io_name(m, i) != NULL; i++) {
        char path[1200];
        size_t size;
        const unsigned char *bytes = memory_io_bytes(m, memory_io_name(m, i), &size);
        FILE *f;
        snprintf(path, sizeof path, "%s/%s", folder, memory_io_name(m, i));
        f = size == 0 ? NULL : fopen(path, "wb");
        if (f != NULL) {
            fwrite(bytes, 1, size, f);
            fclose(f);
        }
    }
    memory_io_free(m);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_of_every_format_is_read),
        cmocka_unit_test(test_store_writes_the_same_bytes),
    };
    return argc > 1 ? save(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
