/* Totals from the sums that segments keep are those of the rows, whatever is hidden and
 * however the rows lie in segments; and check tells when they are not. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"
#include "store/snapshot.h"
#include "support/faulty.h"
#include "support/stores.h"
#include "support/test.h"

static char *totals_of(const kehu_snapshot *snapshot, const kehu_scan_options *options)
{
    kehu_error err = {0};
    char *text = store_totals_text(snapshot, options, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    return text;
}

/* All events are of one kind, and asking for it makes the rows be read. */
static void expect_same(kehu_store *store, kehu_scan_options options)
{
    kehu_snapshot *snapshot = store_see(store);
    char *sums = totals_of(snapshot, &options), *rows;
    options.kind = "buy";
    rows = totals_of(snapshot, &options);
    assert_string_equal(sums, rows);
    free(sums);
    free(rows);
    kehu_snapshot_free(snapshot);
}

static void expect_all_same(kehu_store *store)
{
    const kehu_scan_options cases[] = {
        {.size = sizeof *cases},
        {.size = sizeof *cases, .first_customer = "c2", .last_customer = "c5"},
        {.size = sizeof *cases, .first_customer = "c3x"},
        {.size = sizeof *cases, .from = 1, .from_us = 3},
        {.size = sizeof *cases, .until = 1, .until_us = 900},
        {.size = sizeof *cases, .require = "vip or not vip"},
        {.size = sizeof *cases, .require = "vip"},
        {.size = sizeof *cases, .share = 1, .n_shares = 3},
        {.size = sizeof *cases, .n_threads = 3},
        {.size = sizeof *cases,
         .pseudonym_key = "0123456789abcdef",
         .pseudonym_key_size = 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_same(store, cases[i]);
}

/* Some events of customers c0 to c<most - 1>. */
static void add_some(kehu_store *store, kehu__random *r, uint32_t most)
{
    enum { N = 60 };
    static char names[N][16];
    store_event e[N];
    kehu_error err;
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "c%u", (unsigned)kehu__random_below(r, most));
        e[i] = (store_event){names[i],
                             kehu__random_below(r, 1000),
                             "buy",
                             NULL,
                             (int64_t)kehu__random_below(r, 100) - 10,
                             NULL};
        if (i % 9 == 0)
            e[i].amount = INT64_MIN;
    }
    assert_int_equal(store_add(store, e, N, &err), KEHU_OK);
}

static void test_sums_say_what_the_rows_say(void **state)
{
    const kehu_store_field vip = {.name = "vip", .type = KEHU_BOOL};
    const uint8_t yes[] = {5};
    const int32_t offsets[] = {0, 2, 4, 6};
    const kehu_column tags[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 3,
         .data = "c1c2c7",
         .offsets = offsets},
        {.name = "vip", .type = KEHU_BOOL, .length = 3, .data = yes}};
    kehu__random r = kehu__random_seed(4);
    kehu_store *store = store_new("store_sums", 0);
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &vip, &err), 0);
    assert_int_equal(kehu_store_add_customers(store, tags, 2, NULL, &err), KEHU_OK);
    expect_all_same(store); /* no event at all */
    for (int round = 0; round < 12; round++) {
        add_some(store, &r, round % 4 == 3 ? 2000 : 9);
        if (round % 3 == 0)
            assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
        if (round % 5 == 4) /* and comes back in a later round */
            assert_int_equal(kehu_store_erase(store, round > 6 ? "c1" : "c4", &err), 0);
        expect_all_same(store);
        if (round == 7)
            assert_int_equal(kehu_store_compact(store, &err), KEHU_OK);
    }
    assert_int_equal(kehu_store_purge(store, NULL, &err), KEHU_OK);
    expect_all_same(store);
    kehu_store_free(store);
}

/* More customers than a block of sums has, and one whose rows fill blocks. */
static void test_sums_of_many_blocks(void **state)
{
    enum { N = 9000 };
    static int64_t who[N], times[N], amounts[N];
    kehu_store *store = store_new("store_sums", 0);
    kehu_snapshot *snapshot;
    kehu_scan_options window = {.size = sizeof window, .until = 1, .until_us = N};
    kehu_error err;
    char *sums, *rows;
    (void)state;
    for (int i = 0; i < N; i++) {
        who[i] = i % 3 == 0 ? 777 : i * 7 % 3000;
        times[i] = N - i;
        amounts[i] = i;
    }
    assert_int_equal(store_add_numbers(store, who, times, amounts, N, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    snapshot = store_see(store);
    assert_int_equal(kehu_snapshot_check(snapshot, NULL, NULL, &err), KEHU_OK);
    sums = totals_of(snapshot, NULL);
    rows = totals_of(snapshot, &window); /* one row is later, so the rows are read */
    assert_true(strlen(sums) > 2000 * 8 && strstr(sums, "\n777|3000|") != NULL);
    assert_true(strstr(rows, "\n777|2999|") != NULL);
    free(sums);
    free(rows);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* Beyond 64 bits in one segment or on the way is no matter, in all it is. */
static void test_sums_beyond_64_bits(void **state)
{
    const store_event up[] = {{"a", 1, "buy", NULL, 5, NULL},
                              {"b", 1, "buy", NULL, INT64_MAX, NULL},
                              {"b", 2, "buy", NULL, INT64_MAX, NULL}},
                      down[] = {{"b", 3, "buy", NULL, -INT64_MAX, NULL},
                                {"c", 3, "buy", NULL, -INT64_MAX, NULL},
                                {"c", 3, "buy", NULL, -INT64_MAX, NULL}};
    kehu_store *store = store_new("store_sums", 0);
    kehu_scan_options only = {.size = sizeof only, .last_customer = "b"};
    kehu_snapshot *snapshot;
    kehu_table *table;
    kehu_error err;
    char *text;
    (void)state;
    assert_int_equal(store_add(store, up, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, down, 3, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    for (int rows = 0; rows < 2; rows++) {
        snapshot = store_see(store);
        only.kind = rows ? "buy" : NULL;
        text = totals_of(snapshot, &only);
        assert_string_equal(text, "a|1|1|1|5\nb|3|1|3|9223372036854775807\n");
        free(text);
        only.last_customer = NULL;
        assert_int_equal(kehu_snapshot_totals(&table, snapshot, &only, &err), KEHU_RANGE);
        assert_int_equal(err.where, 2);
        only.last_customer = "b";
        kehu_snapshot_free(snapshot);
    }
    kehu_store_free(store);
}

/* What is open of a store may not count: a batch later than the snapshot, a source. */
static void test_sums_are_not_used_for_earlier_snapshots(void **state)
{
    const store_event e[] = {{"a", 1, "buy", NULL, 5, NULL},
                             {"a", 9, "buy", NULL, 7, NULL}};
    kehu_store *store = store_new("store_sums", 0);
    const kehu_snapshot_options early = {.size = sizeof early, .as_of_sequence = 1},
                                past = {.size = sizeof past, .as_of = 1, .as_of_us = 8};
    const kehu_snapshot_options *cases[] = {&early, &past};
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, e, 1, &err), KEHU_OK);
    assert_int_equal(store_add(store, e + 1, 1, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    for (int i = 0; i < 2; i++) {
        kehu_snapshot *snapshot;
        char *text;
        assert_int_equal(kehu_snapshot_open(&snapshot, store, cases[i], &err), KEHU_OK);
        text = totals_of(snapshot, NULL);
        assert_string_equal(text, "a|1|1|1|5\n");
        free(text);
        kehu_snapshot_free(snapshot);
    }
    kehu_store_free(store);
}

/* What is wrong with the sums of a segment. */
typedef struct forgery {
    const char *too_many; /* whose sums have one more event, NULL for nobody */
    int64_t at;           /* when */
    int64_t events;       /* that it counts for, beside its own; 0 = 1 */
    bool missing;         /* so many are not said */
    uint32_t lacking;     /* column that is not there; 0 = none */
} forgery;

/* A column gets the number of one that a later version might have. */
static void rename_column(kehu__segment_writer *w, uint32_t from)
{
    char *bytes = w->out.bytes, *tail = bytes + w->out.size - KEHU__SEGMENT_TAIL;
    char *directory = bytes + kehu__load64(tail), *entry = tail - 12;
    const size_t size = (size_t)(tail - directory);
    while (kehu__load32(entry) != from)
        entry -= 12;
    kehu__store32(entry, KEHU__FIRST_FIELD + 500);
    w->directory_crc = kehu__crc32c(0, directory, size);
    kehu__store32(tail + 16, w->directory_crc);
    kehu__store32(tail + 44, kehu__crc32c(0, tail, 44));
}

/* A segment in memory of an event of each of two customers at 5. */
static kehu__segment *forged_segment(const forgery *f)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__schema schema = kehu__schema_new(&alloc);
    kehu__rows rows = kehu__rows_new(&alloc);
    kehu__segment_writer w;
    kehu__segment *segment;
    kehu_error err;
    for (uint32_t id = KEHU__KEY; id <= KEHU__SEQUENCE; id++) {
        kehu__vector *v =
            kehu__rows_add(&rows, id, id == KEHU__KEY ? KEHU__TEXTS : KEHU__INTS);
        for (int i = 0; i < 3; i++)
            assert_true(id == KEHU__KEY ? kehu__vector_add_text(v, i == 1 ? "a" : "b", 1)
                                        : kehu__vector_add_int(v, i == 0 ? f->at : 5));
    }
    rows.n = 3;
    assert_int_equal(kehu__segment_begin(&w, &kehu__io_system, NULL, 1, 1,
                                         KEHU_STORE_EVENTS, &schema, &err),
                     KEHU_OK);
    if (f->too_many != NULL) {
        kehu__vector *events = kehu__rows_find(&w.sums.rows, KEHU__EVENTS);
        assert_true(
            kehu__sums_add(&w.sums, f->too_many, strlen(f->too_many), &rows, 0, 1));
        events->values.ints[0] = f->events == 0 ? 1 : f->events;
        events->missing[0] = f->missing;
        events->n_missing = f->missing;
    }
    assert_int_equal(kehu__segment_add(&w, "a", 1, &rows, 1, 1, &err), KEHU_OK);
    assert_int_equal(kehu__segment_add(&w, "b", 1, &rows, 2, 1, &err), KEHU_OK);
    assert_int_equal(kehu__segment_end(&w, &err), KEHU_OK);
    if (f->lacking != 0)
        rename_column(&w, f->lacking);
    assert_int_equal(kehu__segment_of_writer(&segment, &w, &err), KEHU_OK);
    kehu__segment_writer_free(&w);
    kehu__rows_free(&rows);
    return segment;
}

static void test_check_compares_sums_with_rows(void **state)
{
    const struct {
        forgery f;
        bool sound;
    } cases[] = {{{.too_many = NULL}, true},
                 {{.too_many = "a", .at = 5}, false},
                 {{.too_many = "a", .at = 4}, false},
                 {{.too_many = "A", .at = 5}, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kehu_allocator alloc = kehu__allocator(NULL);
        kehu__segment *segment = forged_segment(&cases[i].f);
        const kehu_snapshot snapshot = {.alloc = alloc,
                                        .schema = kehu__schema_new(&alloc),
                                        .segments = {[KEHU_STORE_EVENTS] = &segment},
                                        .n_segments = {[KEHU_STORE_EVENTS] = 1}};
        kehu_store_check report;
        kehu_error err;
        const kehu_status status = kehu_snapshot_check(&snapshot, &report, NULL, &err);
        assert_int_equal(report.blocks, 2);
        assert_int_equal(report.rows, 2);
        assert_int_equal(report.bad_rows, 0);
        assert_int_equal(report.bad_blocks, !cases[i].sound);
        assert_int_equal(status, cases[i].sound ? KEHU_OK : KEHU_FORMAT);
        if (!cases[i].sound)
            assert_non_null(strstr(err.message, "the sums of the block at byte"));
        kehu__segment_release(segment);
    }
}

/* Whole by their checksums, and yet they cannot be: alone, or added to another's. */
static void test_sums_that_cannot_be_are_damage(void **state)
{
    static const forgery sound = {.at = 5},
                         forgeries[] = {
                             {.at = 5, .lacking = KEHU__EVENTS},
                             {.at = 5, .lacking = KEHU__LATEST},
                             {.too_many = "a", .at = 5, .missing = true},
                             {.too_many = "a", .at = 5, .events = INT64_MAX - 1},
                             {.too_many = "a", .at = 5, .events = -9},
                         };
    (void)state;
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++)
        for (uint32_t n = i < 3 ? 1 : 2; n <= 2; n++) {
            const kehu_allocator alloc = kehu__allocator(NULL);
            kehu__segment *segments[] = {forged_segment(&forgeries[i]),
                                         forged_segment(&sound)};
            const kehu_snapshot snapshot = {.alloc = alloc,
                                            .schema = kehu__schema_new(&alloc),
                                            .segments = {[KEHU_STORE_EVENTS] = segments},
                                            .n_segments = {[KEHU_STORE_EVENTS] = n},
                                            .sequence = 100,
                                            .until = INT64_MAX};
            kehu_table *totals;
            kehu_error err;
            assert_int_equal(kehu_snapshot_totals(&totals, &snapshot, NULL, &err),
                             KEHU_FORMAT);
            assert_null(totals);
            assert_non_null(strstr(err.message, "the sums of a segment"));
            kehu__segment_release(segments[0]);
            kehu__segment_release(segments[1]);
        }
}

static void test_sums_report_every_refused_allocation(void **state)
{
    kehu__random r = kehu__random_seed(4);
    kehu_store *store = store_new("store_sums", 0);
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    add_some(store, &r, 9);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    add_some(store, &r, 20);
    assert_int_equal(kehu_store_erase(store, "c4", &err), KEHU_OK);
    add_some(store, &r, 9);
    kehu_store_free(store);
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_snapshot_options seen = {.size = sizeof seen,
                                            .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        kehu_table *table = NULL;
        status = kehu_snapshot_open_path(&snapshot, "store_sums", &seen, &err);
        if (status == KEHU_OK)
            status = kehu_snapshot_check(snapshot, NULL, NULL, &err);
        if (status == KEHU_OK)
            status = kehu_snapshot_totals(&table, snapshot, NULL, &err);
        kehu_table_free(table);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 40 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_say_what_the_rows_say),
        cmocka_unit_test(test_sums_of_many_blocks),
        cmocka_unit_test(test_sums_beyond_64_bits),
        cmocka_unit_test(test_sums_are_not_used_for_earlier_snapshots),
        cmocka_unit_test(test_check_compares_sums_with_rows),
        cmocka_unit_test(test_sums_that_cannot_be_are_damage),
        cmocka_unit_test(test_sums_report_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
