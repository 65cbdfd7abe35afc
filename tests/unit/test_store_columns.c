/* Columns of every shape: what is refused, and that no refused allocation goes unsaid. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "store/codec.h"
#include "store/handle.h"
#include "store/rows.h"
#include "store/snapshot.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

enum { ROWS = 3, GROUPS = 90 };
static const int32_t offsets[ROWS + 1] = {0, 1, 2, 3};
static const int64_t numbers[ROWS] = {1, 2, 3};
static const uint8_t not_first = 6;

static const kehu_store_options make = {.size = sizeof make, .mode = KEHU_STORE_NEW};

static kehu_column ids(void)
{
    return (kehu_column){.name = "customer",
                         .type = KEHU_UTF8,
                         .length = ROWS,
                         .data = "abc",
                         .offsets = offsets};
}

static void expect_field(kehu_store *store, kehu_store_field f, kehu_status status,
                         const char *message)
{
    kehu_error err = {0};
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &f, &err), status);
    assert_string_equal(err.message, message);
}

static void test_a_field_must_be_sound(void **state)
{
    static const char *const names[] = {NULL, "", "\xFF", "a\xC3"};
    memory_io *m = memory_io_new();
    char *long_text = malloc(70000);
    kehu_store *store;
    (void)state;
    memset(long_text, 'x', 70000);
    long_text[69999] = '\0';
    assert_int_equal(kehu__store_open(&store, "f", &make, memory_io_table(m), NULL),
                     KEHU_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(
            kehu_store_declare(store, KEHU_STORE_CUSTOMERS,
                               &(kehu_store_field){.name = names[i], .type = KEHU_UTF8},
                               NULL),
            KEHU_ARGUMENT);
    assert_int_equal(kehu_store_declare(
                         store, KEHU_STORE_CUSTOMERS,
                         &(kehu_store_field){.name = long_text, .type = KEHU_UTF8}, NULL),
                     KEHU_ARGUMENT);
    assert_int_equal(
        kehu_store_declare(store, KEHU_STORE_CUSTOMERS,
                           &(kehu_store_field){.name = "x", .type = KEHU_INT32}, NULL),
        KEHU_ARGUMENT);
    for (int i = 0; i < 2; i++) {
        const kehu_store_field bad = {.name = "x",
                                      .type = KEHU_UTF8,
                                      .origin = i == 0 ? long_text : NULL,
                                      .inputs = i == 1 ? long_text : NULL};
        assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &bad, NULL),
                         KEHU_ARGUMENT);
    }
    expect_field(store, (kehu_store_field){.name = "x", .type = KEHU_UTF8}, KEHU_OK, "");
    for (int i = 0; i < 4; i++) {
        const kehu_store_field other = {.name = "x",
                                        .type = i == 0 ? KEHU_BOOL : KEHU_UTF8,
                                        .origin = i == 1 ? "crm" : NULL,
                                        .inputs = i == 2 ? "y" : NULL,
                                        .age_limit_days = i == 3 ? 9 : 0};
        assert_int_not_equal(
            kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &other, NULL), KEHU_OK);
    }
    kehu_store_free(store);
    memory_io_free(m);
    free(long_text);
}

static void test_a_batch_must_be_whole(void **state)
{
    const kehu_column none = {
        .name = "customer", .type = KEHU_UTF8, .data = "", .offsets = offsets};
    const kehu_column time = {
        .name = "time", .type = KEHU_TIMESTAMP, .length = ROWS, .data = numbers};
    kehu_column nameless = time;
    memory_io *m = memory_io_new();
    kehu_store *store;
    kehu_error err;
    (void)state;
    nameless.name = NULL;
    assert_int_equal(kehu__store_open(&store, "f", &make, memory_io_table(m), NULL),
                     KEHU_OK);
    {
        const kehu_column twice[] = {ids(), time, time};
        const kehu_column unnamed[] = {ids(), nameless};
        const kehu_column timeless[] = {ids()};
        kehu_column empty[] = {none, time};
        empty[1].length = 0;
        assert_int_equal(kehu_store_add_events(store, twice, 3, NULL, &err), KEHU_COLUMN);
        assert_string_equal(err.message, "column time is there twice");
        assert_int_equal(kehu_store_add_events(store, unnamed, 2, NULL, &err),
                         KEHU_COLUMN);
        assert_string_equal(err.message, "column 1 has no name");
        assert_int_equal(kehu_store_add_events(store, timeless, 1, NULL, &err),
                         KEHU_COLUMN);
        assert_string_equal(err.message, "column time is missing");
        assert_int_equal(kehu_store_add_events(store, empty, 2, NULL, &err), KEHU_EMPTY);
        assert_int_equal(kehu_store_add_events(store, twice, 0, NULL, &err),
                         KEHU_ARGUMENT);
    }
    assert_int_equal(kehu_store_sequence(store), 0);
    kehu_store_free(store);
    memory_io_free(m);
}

/* Fields of every type, whose first row has no value, in a store that is then asked
 * for everything. Which call failed first is the status. */
static kehu_status live(memory_io *m, const kehu_allocator *alloc, kehu_error *err)
{
    static const kehu_type types[] = {KEHU_UTF8, KEHU_BOOL, KEHU_INT64, KEHU_FLOAT64,
                                      KEHU_DATE32};
    static const char *const names[] = {"city", "vip", "age", "score", "born"};
    static const double scores[ROWS] = {0.5, 1, 2};
    static const int32_t days[ROWS] = {1, 2, 3};
    static const uint8_t bits = 5;
    const void *const data[] = {"xyz", &bits, numbers, scores, days};
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .alloc = alloc};
    kehu_column customers[7] = {ids()}, events[6] = {ids()};
    kehu_snapshot *snapshot = NULL;
    kehu_table *table = NULL;
    kehu_store *store;
    kehu_status status = kehu__store_open(&store, "f", &options, memory_io_table(m), err);
    for (int i = 0; i < 5; i++) {
        const kehu_store_field f = {.name = names[i], .type = types[i]};
        customers[i + 1] = (kehu_column){.name = names[i],
                                         .type = types[i],
                                         .length = ROWS,
                                         .data = data[i],
                                         .offsets = i == 0 ? offsets : NULL,
                                         .validity = &not_first};
        if (status == KEHU_OK)
            status = kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &f, err);
    }
    customers[6] = (kehu_column){.name = "valid_from",
                                 .type = KEHU_TIMESTAMP,
                                 .length = ROWS,
                                 .data = numbers,
                                 .validity = &not_first};
    if (status == KEHU_OK)
        status = kehu_store_add_customers(store, customers, 7, NULL, err);
    events[1] = (kehu_column){
        .name = "time", .type = KEHU_TIMESTAMP, .length = ROWS, .data = numbers};
    events[2] = (kehu_column){.name = "quantity",
                              .type = KEHU_FLOAT64,
                              .length = ROWS,
                              .data = scores,
                              .validity = &not_first};
    events[3] = (kehu_column){.name = "amount",
                              .type = KEHU_INT64,
                              .length = ROWS,
                              .data = numbers,
                              .validity = &not_first};
    events[4] = (kehu_column){.name = "kind",
                              .type = KEHU_UTF8,
                              .length = ROWS,
                              .data = "xyz",
                              .offsets = offsets,
                              .validity = &not_first};
    events[0] = (kehu_column){
        .name = "customer", .type = KEHU_INT64, .length = ROWS, .data = numbers};
    for (int i = 0; status == KEHU_OK && i < 2; i++)
        status = kehu_store_add_events(store, events, 5, NULL, err);
    if (status == KEHU_OK)
        status = kehu_store_flush(store, err);
    if (status == KEHU_OK)
        status = kehu_store_add_events(store, events, 5, NULL, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_open(&snapshot, store, NULL, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_groups(&table, snapshot, KEHU_STORE_CUSTOMERS, "city", 1,
                                      NULL, err);
    kehu_table_free(table);
    table = NULL;
    if (status == KEHU_OK)
        status = kehu_snapshot_totals(&table, snapshot, NULL, err);
    kehu_table_free(table);
    if (status == KEHU_OK)
        status = kehu_snapshot_check(snapshot, NULL, NULL, err);
    kehu_snapshot_free(snapshot);
    if (status == KEHU_OK)
        status = kehu_store_compact(store, err);
    kehu_store_free(store);
    return status;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    bool whole = false;
    (void)state;
    for (long n = 0; !whole; n++) {
        memory_io *m = memory_io_new();
        kehu_error err = {0};
        faulty f;
        const kehu_status status = live(m, faulty_init(&f, n), &err);
        whole = status == KEHU_OK;
        assert_true(whole || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        memory_io_free(m);
    }
}

/* Many groups, of one customer or two each, with every allocation refused once. */
static void test_many_groups_and_a_rest_are_counted_without_memory_too(void **state)
{
    static char who[2 * GROUPS][8], kinds[2 * GROUPS][8];
    static store_event events[2 * GROUPS];
    memory_io *m = memory_io_new();
    kehu_store *store;
    bool whole = false;
    (void)state;
    for (int i = 0; i < 2 * GROUPS; i++) {
        snprintf(who[i], sizeof who[i], "c%d", i);
        snprintf(kinds[i], sizeof kinds[i], "k%d", i == 0 ? 1 : i / 2);
        events[i] = (store_event){who[i], i, kinds[i], NULL, 1, NULL};
    }
    events[0].kind = "alone"; /* a rest of one, which the smallest other group joins */
    assert_int_equal(kehu__store_open(&store, "f", &make, memory_io_table(m), NULL),
                     KEHU_OK);
    assert_int_equal(store_add(store, events, 2 * GROUPS, NULL), KEHU_OK);
    kehu_store_free(store);
    for (long n = 0; !whole; n++) {
        faulty f;
        const kehu_snapshot_options seen = {.size = sizeof seen,
                                            .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        kehu_table *table = NULL;
        kehu_status status =
            kehu__snapshot_open_path(&snapshot, "f", &seen, memory_io_table(m), NULL);
        if (status == KEHU_OK)
            status = kehu_snapshot_groups(&table, snapshot, KEHU_STORE_EVENTS, "kind", 2,
                                          NULL, NULL);
        whole = status == KEHU_OK;
        assert_true(whole || status == KEHU_NO_MEMORY);
        /* "alone" and "k0" have one customer each: together they are two. */
        if (whole)
            assert_int_equal(kehu_table_row_count(table), GROUPS);
        kehu_table_free(table);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
    }
    memory_io_free(m);
}

/* A payload of columns, as the log has it, of two rows. */
static void put_column(kehu__buffer *table, kehu__buffer *chunks, uint32_t id,
                       const kehu__vector *v)
{
    const size_t before = chunks->size;
    kehu__vector_encode(v, chunks);
    kehu__buffer_u32(table, id);
    kehu__buffer_u32(table, (uint32_t)(chunks->size - before));
}

static kehu_status read_payload(const uint32_t *columns, uint32_t n, const char *key,
                                size_t extra)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer out = kehu__buffer_new(&a), chunks = kehu__buffer_new(&a);
    kehu__vector texts = kehu__vector_new(&a, KEHU__TEXTS);
    kehu__vector ints = kehu__vector_new(&a, KEHU__INTS);
    kehu__schema schema = kehu__schema_new(&a);
    kehu__rows rows;
    kehu_status status;
    assert_true(kehu__vector_add_text(&texts, "a", 1));
    assert_true(key == NULL ? kehu__vector_append(&texts, NULL, 0, 1)
                            : kehu__vector_add_text(&texts, key, strlen(key)));
    assert_true(kehu__vector_add_int(&ints, 1) && kehu__vector_add_int(&ints, 2));
    kehu__buffer_u32(&out, n);
    for (uint32_t i = 0; i < n; i++)
        put_column(&out, &chunks, columns[i],
                   columns[i] == KEHU__KEY || columns[i] == KEHU__KIND ? &texts : &ints);
    kehu__buffer_add(&out, chunks.bytes, chunks.size);
    for (size_t i = 0; i < extra; i++)
        kehu__buffer_u8(&out, 0);
    status =
        kehu__batch_read(&rows, &schema, KEHU_STORE_EVENTS, out.bytes, out.size, 2, 7);
    if (status == KEHU_OK)
        kehu__rows_free(&rows);
    kehu__schema_free(&schema);
    kehu__buffer_free(&out);
    kehu__buffer_free(&chunks);
    kehu__vector_free(&texts);
    kehu__vector_free(&ints);
    return status;
}

static void test_a_payload_of_the_log_must_be_sound(void **state)
{
    static const uint32_t sound[] = {KEHU__KEY, KEHU__TIME, KEHU__AMOUNT},
                          twice[] = {KEHU__KEY, KEHU__TIME, KEHU__TIME},
                          sequenced[] = {KEHU__KEY, KEHU__TIME, KEHU__SEQUENCE},
                          unknown[] = {KEHU__KEY, KEHU__TIME, KEHU__FIRST_FIELD},
                          keyless[] = {KEHU__TIME, KEHU__AMOUNT};
    char long_key[KEHU__MAX_KEY + 2];
    (void)state;
    memset(long_key, 'k', sizeof long_key);
    long_key[sizeof long_key - 1] = '\0';
    assert_int_equal(read_payload(sound, 3, "b", 0), KEHU_OK);
    assert_int_equal(read_payload(sound, 3, "b", 1), KEHU_FORMAT);
    assert_int_equal(read_payload(sound, 3, "", 0), KEHU_FORMAT);
    assert_int_equal(read_payload(sound, 3, NULL, 0), KEHU_FORMAT);
    assert_int_equal(read_payload(sound, 3, long_key, 0), KEHU_FORMAT);
    assert_int_equal(read_payload(sound, 1, "b", 0), KEHU_FORMAT); /* no time */
    assert_int_equal(read_payload(twice, 3, "b", 0), KEHU_FORMAT);
    assert_int_equal(read_payload(sequenced, 3, "b", 0), KEHU_FORMAT);
    assert_int_equal(read_payload(unknown, 3, "b", 0), KEHU_FORMAT);
    assert_int_equal(read_payload(keyless, 2, "b", 0), KEHU_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_field_must_be_sound),
        cmocka_unit_test(test_a_batch_must_be_whole),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
        cmocka_unit_test(test_many_groups_and_a_rest_are_counted_without_memory_too),
        cmocka_unit_test(test_a_payload_of_the_log_must_be_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
