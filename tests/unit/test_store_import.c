/* CSV in, one person out, figures and checks. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/snapshot.h"
#include "support/stores.h"
#include "support/test.h"

static kehu_csv *reader(const char *text)
{
    static const kehu_field fields[] = {
        {.name = "when", .type = KEHU_TIMESTAMP},
        {.name = "amount", .type = KEHU_INT64, .decimals = 2}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 2};
    kehu_csv *csv = NULL;
    kehu_error err;
    if (kehu_csv_open_memory(&csv, text, strlen(text), "orders.csv", &options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return csv;
}

static const kehu_store_name names[] = {{"who", "customer"}, {"when", "time"}};
static const kehu_store_import_options by_names = {
    .size = sizeof by_names, .names = names, .n_names = 2};

static const char orders[] = "who,when,kind,amount,colour\n"
                             "b,1970-01-02,buy,1.50,red\n"
                             ",1970-01-02,buy,1.50,red\n"
                             "a,1970-01-01 00:00:01,call,,red\n"
                             "a,soon,call,,red\n"
                             "a,,call,,red\n"
                             "a,1970-01-03,buy,20,red\n";

static void test_import_takes_good_rows_and_lists_bad_ones(void **state)
{
    kehu_store *store = store_new("store_import", 0);
    kehu_csv *csv = reader(orders);
    const store_event before = {"z", 5, NULL, NULL, 1, NULL};
    kehu_table *rejects;
    kehu_error err;
    int64_t n_rows = 0;
    char *text;
    (void)state;
    assert_int_equal(store_add(store, &before, 1, &err), KEHU_OK);
    if (kehu_store_import(store, KEHU_STORE_EVENTS, csv, &by_names, &n_rows, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(n_rows, 3);
    assert_int_equal(kehu_csv_reject_count(csv), 3);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, &err), KEHU_OK);
    assert_int_equal(((const int64_t *)kehu_table_column(rejects, 0)->data)[0], 5);
    assert_int_equal(((const int64_t *)kehu_table_column(rejects, 0)->data)[1], 3);
    assert_int_equal(((const int64_t *)kehu_table_column(rejects, 0)->data)[2], 6);
    kehu_table_free(rejects);
    kehu_csv_free(csv);
    kehu_store_free(store);
    text = store_text_path("store_import", KEHU_STORE_EVENTS, &err);
    assert_string_equal(text, "a|1000000|call|~|~|~|~|~\n"
                              "a|172800000000|buy|~|~|2000|~|~\n"
                              "b|86400000000|buy|~|~|150|~|~\n"
                              "z|5|~|~|~|1|~|~\n");
    free(text);
}

static void test_import_is_all_or_nothing(void **state)
{
    kehu_store *store = store_new("store_import_none", 4096);
    kehu_store_import_options few = by_names;
    kehu_csv *csv;
    kehu_error err;
    char *text;
    (void)state;
    few.max_rejects = 2;
    csv = reader(orders);
    assert_int_equal(kehu_store_import(store, KEHU_STORE_EVENTS, csv, &few, NULL, &err),
                     KEHU_DATA);
    assert_string_equal(err.message, "3 rows are bad, at most 2 may be");
    kehu_csv_free(csv);
    csv = reader(orders);
    assert_int_equal(kehu_store_import(store, KEHU_STORE_EVENTS, csv, NULL, NULL, &err),
                     KEHU_COLUMN);
    assert_string_equal(err.message, "column customer is missing");
    kehu_csv_free(csv);
    text = store_text_now(store, KEHU_STORE_EVENTS, &err);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(kehu_store_sequence(store), 0);
    /* LOCK, the manifest, the log. */
    assert_int_equal(store_count_files("store_import_none"), 3);
    kehu_store_free(store);
}

static void test_import_of_many_rows_equals_adding_them(void **state)
{
    enum { N = 20000 };
    kehu_store *store = store_new("store_import_many", 1 << 16);
    store_event *events = calloc(N, sizeof *events);
    char *ids = calloc(N, 8), *csv_text, *imported, *added;
    FILE *f = text_open();
    kehu_csv *csv;
    kehu_error err;
    int64_t n_rows;
    (void)state;
    fprintf(f, "customer,when,kind,amount\n");
    for (int i = 0; i < N; i++) {
        snprintf(ids + 8 * i, 8, "c%d", i * 7919 % 501);
        events[i] = (store_event){
            ids + 8 * i, (int64_t)(i % 1000) * 1000000, "buy", NULL, i * 100, NULL};
        fprintf(f, "c%d,1970-01-01 00:%02d:%02d,buy,%d\n", i * 7919 % 501, i % 1000 / 60,
                i % 1000 % 60, i);
    }
    csv_text = text_close(f);
    csv = reader(csv_text);
    if (kehu_store_import(store, KEHU_STORE_EVENTS, csv, &by_names, &n_rows, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(n_rows, N);
    imported = store_text_now(store, KEHU_STORE_EVENTS, &err);
    kehu_csv_free(csv);
    kehu_store_free(store);
    store = store_new("store_import_many", 1 << 20);
    assert_int_equal(store_add(store, events, N, &err), KEHU_OK);
    added = store_text_now(store, KEHU_STORE_EVENTS, &err);
    assert_string_equal(imported, added);
    free(imported);
    free(added);
    free(csv_text);
    free(ids);
    free(events);
    kehu_store_free(store);
}

static int keep(void *ctx, const void *bytes, size_t size)
{
    fwrite(bytes, 1, size, ctx);
    return 0;
}

static void test_export_has_all_about_one_person(void **state)
{
    kehu_store *store = store_new("store_export", 0);
    const kehu_store_field city = {
        .name = "city", .type = KEHU_UTF8, .layer = 1, .origin = "crm"};
    const char *const who[] = {"a", "a"}, *const cities[] = {"北京", "上\"海"};
    const int64_t when[] = {0, 86400000000};
    const store_event events[] = {{"a", 1500000, "call", NULL, -5, "喂"},
                                  {"b", 1, "buy", NULL, 9, NULL}};
    char *text;
    FILE *f = text_open();
    const kehu_writer writer = {keep, f};
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    assert_int_equal(store_set(store, who, "city", cities, when, 2, &err), KEHU_OK);
    assert_int_equal(store_add(store, events, 2, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_export(snapshot, "a", &writer, &err), KEHU_OK);
    text = text_close(f);
    assert_string_equal(
        text,
        "{\"customer\":\"a\",\"sequence\":3,\"fields\":[{\"name\":\"city\",\"layer\":1,"
        "\"origin\":\"crm\",\"age_limit_days\":0,\"inputs\":\"\"}],\"values\":["
        "{\"valid_from\":\"1970-01-01T00:00:00Z\",\"sequence\":2,\"city\":\"北京\"},"
        "{\"valid_from\":\"1970-01-02T00:00:00Z\",\"sequence\":2,\"city\":\"上\\\"海\"}],"
        "\"events\":[{\"time\":\"1970-01-01T00:00:01.5Z\",\"sequence\":3,"
        "\"kind\":\"call\",\"amount\":-5,\"text\":\"喂\"}]}\n");
    free(text);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* The name means something for customers only. */
static void test_export_takes_a_property_named_valid_from(void **state)
{
    kehu_store *store = store_new("store_valid_from", 0);
    const kehu_store_field property = {.name = "valid_from", .type = KEHU_TIMESTAMP};
    const int32_t offsets[] = {0, 1};
    const int64_t year_1 = INT64_C(-62135596800000000);
    const kehu_column columns[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 1,
         .data = "a",
         .offsets = offsets},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = 1, .data = &year_1},
        {.name = "valid_from", .type = KEHU_TIMESTAMP, .length = 1, .data = &year_1}};
    char *text;
    FILE *f = text_open();
    const kehu_writer writer = {keep, f};
    kehu_snapshot *snapshot;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_EVENTS, &property, &err), 0);
    assert_int_equal(kehu_store_add_events(store, columns, 3, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_export(snapshot, "a", &writer, &err), KEHU_OK);
    text = text_close(f);
    assert_string_equal(text, "{\"customer\":\"a\",\"sequence\":2,\"fields\":[],"
                              "\"values\":[],\"events\":[{\"time\":"
                              "\"0001-01-01T00:00:00Z\",\"sequence\":2,"
                              "\"valid_from\":\"0001-01-01T00:00:00Z\"}]}\n");
    free(text);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* Everything of this file on one allocator. */
static kehu_status all_of_it(const char *folder, const kehu_allocator *alloc,
                             kehu_error *err)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .alloc = alloc};
    FILE *f = text_open();
    const kehu_writer writer = {keep, f};
    kehu_csv *csv = reader(orders);
    kehu_store *store = NULL;
    kehu_snapshot *snapshot = NULL;
    kehu_table *totals = NULL;
    kehu_status status;
    store_remove(folder);
    status = kehu_store_open(&store, folder, &options, err);
    if (status == KEHU_OK)
        status = kehu_store_import(store, KEHU_STORE_EVENTS, csv, &by_names, NULL, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_open(&snapshot, store, NULL, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_export(snapshot, "a", &writer, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_check(snapshot, NULL, NULL, err);
    if (status == KEHU_OK)
        status = kehu_snapshot_totals(&totals, snapshot, NULL, err);
    if (status == KEHU_OK)
        assert_int_equal(kehu_table_row_count(totals), 2);
    else
        assert_null(totals);
    kehu_table_free(totals);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    kehu_csv_free(csv);
    free(text_close(f));
    return status;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        faulty f;
        kehu_error err = {0};
        const kehu_status status = all_of_it("store_refused", faulty_init(&f, n), &err);
        assert_int_equal(f.live_blocks, 0);
        if (f.requests <= n) {
            assert_int_equal(status, KEHU_OK);
            break;
        }
        assert_true(status == KEHU_NO_MEMORY || status == KEHU_OK);
    }
}

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    int c;
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 4, f);
    fclose(f);
}

static void test_check_finds_the_bad_block(void **state)
{
    kehu_store *store = store_new("store_check", 0);
    const store_event e[] = {{"a", 100, "call", NULL, -5, "喂"},
                             {"b", 1, "buy", NULL, 9, NULL}};
    kehu_snapshot *snapshot;
    kehu_store_check report;
    kehu_store_stats stats;
    kehu_error err;
    (void)state;
    assert_int_equal(store_add(store, e, 2, &err), KEHU_OK);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    assert_int_equal(store_add(store, e, 1, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_check(snapshot, &report, NULL, &err), KEHU_OK);
    assert_int_equal(report.blocks, 4); /* of rows, and of their sums */
    assert_int_equal(report.rows, 3);
    assert_int_equal(report.bad_blocks, 0);
    assert_int_equal(kehu_snapshot_stats(snapshot, &stats, &err), KEHU_OK);
    assert_int_equal(stats.rows[KEHU_STORE_EVENTS], 3);
    assert_int_equal(stats.log_rows[KEHU_STORE_EVENTS], 1);
    assert_int_equal(stats.segments[KEHU_STORE_EVENTS], 1);
    assert_int_equal(stats.first_time, 1);
    assert_int_equal(stats.last_time, 100);
    assert_int_equal(stats.sequence, 2);
    flip("store_check/seg-0000000002.ks", 70);
    assert_int_equal(kehu_snapshot_check(snapshot, &report, NULL, &err), KEHU_FORMAT);
    assert_string_equal(err.message,
                        "seg-0000000002.ks is damaged in the block at byte 64, column 0");
    assert_int_equal(report.bad_blocks, 1);
    assert_int_equal(report.bad_rows, 2);
    assert_int_equal(report.rows, 1);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

/* A snapshot of one segment in memory: a customer's rows fill a block, then comes
 * another at `last_time`. */
static kehu_snapshot two_blocks(kehu__segment **segment, int64_t last_time)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__schema schema = kehu__schema_new(&alloc);
    kehu__rows rows = kehu__rows_new(&alloc);
    kehu__segment_writer w;
    kehu_snapshot snapshot = {.alloc = alloc, .schema = schema};
    kehu_error err;
    for (uint32_t id = KEHU__KEY; id <= KEHU__SEQUENCE; id++) {
        kehu__vector *v =
            kehu__rows_add(&rows, id, id == KEHU__KEY ? KEHU__TEXTS : KEHU__INTS);
        for (int i = 0; i <= KEHU__BLOCK_ROWS; i++)
            assert_true(id == KEHU__KEY ? kehu__vector_add_text(v, "a", 1)
                                        : kehu__vector_add_int(
                                              v, i < KEHU__BLOCK_ROWS ? 5 : last_time));
    }
    rows.n = KEHU__BLOCK_ROWS + 1;
    assert_int_equal(kehu__segment_begin(&w, &kehu__io_system, NULL, 1, 1,
                                         KEHU_STORE_EVENTS, &schema, &err),
                     KEHU_OK);
    assert_int_equal(kehu__segment_add(&w, "a", 1, &rows, 0, rows.n, &err), KEHU_OK);
    assert_int_equal(kehu__segment_end(&w, &err), KEHU_OK);
    assert_int_equal(kehu__segment_of_writer(segment, &w, &err), KEHU_OK);
    kehu__segment_writer_free(&w);
    kehu__rows_free(&rows);
    snapshot.segments[KEHU_STORE_EVENTS] = segment;
    snapshot.n_segments[KEHU_STORE_EVENTS] = 1;
    return snapshot;
}

static void test_check_looks_at_order_across_blocks(void **state)
{
    kehu__segment *segment;
    kehu_snapshot snapshot = two_blocks(&segment, 5);
    kehu_store_check report;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_snapshot_check(&snapshot, &report, NULL, &err), KEHU_OK);
    assert_int_equal(report.rows, KEHU__BLOCK_ROWS + 1);
    kehu__segment_release(segment);
    snapshot = two_blocks(&segment, 4);
    assert_int_equal(kehu_snapshot_check(&snapshot, &report, NULL, &err), KEHU_FORMAT);
    assert_non_null(strstr(err.message, "the order of the block at byte"));
    assert_int_equal(report.bad_blocks, 1);
    assert_int_equal(report.bad_rows, 1);
    kehu__segment_release(segment);
}

/* Blocks that the system does not read are bad ones too, and err says what the call
 * returns. */
static void test_check_counts_blocks_that_are_not_read(void **state)
{
    kehu__segment *segment;
    const kehu_snapshot snapshot = two_blocks(&segment, 5);
    char *const image = segment->image;
    kehu_store_check report;
    kehu_error err;
    (void)state;
    segment->image = NULL; /* and there is no file */
    assert_int_equal(kehu_snapshot_check(&snapshot, &report, NULL, &err), KEHU_FORMAT);
    assert_int_equal(report.bad_blocks, 2);
    assert_int_equal(report.bad_rows, KEHU__BLOCK_ROWS + 1);
    assert_int_equal(err.code, KEHU_FORMAT);
    segment->image = image;
    kehu__segment_release(segment);
}

static int note_progress(void *ctx, double done, const char *stage)
{
    double *latest = ctx;
    (void)stage;
    assert_true(done >= *latest && done <= 1);
    *latest = done;
    return 0;
}

static void test_check_tells_progress_over_all_segments(void **state)
{
    kehu__segment *both[2];
    kehu_snapshot snapshot = two_blocks(&both[0], 5);
    double latest = -1;
    const kehu_progress progress = {note_progress, &latest};
    kehu_error err;
    (void)state;
    (void)two_blocks(&both[1], 6);
    snapshot.segments[KEHU_STORE_EVENTS] = both;
    snapshot.n_segments[KEHU_STORE_EVENTS] = 2;
    assert_int_equal(kehu_snapshot_check(&snapshot, NULL, &progress, &err), KEHU_OK);
    assert_true(latest == 0.5);
    kehu__segment_release(both[0]);
    kehu__segment_release(both[1]);
}

static void expect_events(kehu_store *store, const char *expected)
{
    kehu_error err = {0};
    char *text = store_text_now(store, KEHU_STORE_EVENTS, &err);
    if (text == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
    free(text);
}

static void test_json_lines_are_imported_like_any_file(void **state)
{
    static const char lines[] =
        "{\"who\": \"乙\", \"when\": \"1970-01-02\", \"amount\": 1.5, \"kind\": "
        "\"buy\"}\n"
        "{\"who\": \"甲\", \"when\": \"soon\", \"amount\": 2}\n"
        "{\"when\": \"1970-01-02\", \"amount\": 2}\n"
        "{\"kind\": null, \"amount\": null, \"when\": \"1970-01-03\", \"who\": \"甲\"}\n";
    static const kehu_field fields[] = {
        {.name = "who", .type = KEHU_UTF8},
        {.name = "when", .type = KEHU_TIMESTAMP},
        {.name = "kind", .type = KEHU_UTF8},
        {.name = "amount", .type = KEHU_INT64, .decimals = 2}};
    const kehu_csv_options options = {
        .size = sizeof options, .flags = KEHU_CSV_JSON, .fields = fields, .n_fields = 4};
    kehu_store *store = store_new("store_import", 0);
    kehu_csv *csv;
    kehu_table *rejects;
    kehu_error err;
    int64_t n_rows = 0;
    (void)state;
    assert_int_equal(
        kehu_csv_open_memory(&csv, lines, sizeof lines - 1, "a.jsonl", &options, &err),
        KEHU_OK);
    assert_int_equal(
        kehu_store_import(store, KEHU_STORE_EVENTS, csv, &by_names, &n_rows, &err),
        KEHU_OK);
    assert_int_equal(n_rows, 2);
    assert_int_equal(kehu_csv_rejects(&rejects, csv, &err), KEHU_OK);
    assert_int_equal(kehu_table_row_count(rejects), 2);
    assert_int_equal(((const int64_t *)kehu_table_find(rejects, "line")->data)[0], 2);
    assert_int_equal(((const int64_t *)kehu_table_find(rejects, "line")->data)[1], 3);
    kehu_table_free(rejects);
    kehu_csv_free(csv);
    expect_events(store, "乙|86400000000|buy|~|~|150|~|~\n甲|172800000000|~|~|~|~|~|~\n");
    kehu_store_free(store);
}

/* The events of a store after importing text under a policy; *n receives the rows taken.
 */
static kehu_status import_again(kehu_store *store, const char *text, uint32_t duplicates,
                                int64_t *n, kehu_error *err)
{
    kehu_store_import_options options = by_names;
    kehu_csv *csv = reader(text);
    kehu_status status;
    options.duplicates = duplicates;
    status = kehu_store_import(store, KEHU_STORE_EVENTS, csv, &options, n, err);
    kehu_csv_free(csv);
    return status;
}

static void test_rows_that_are_there_already_are_skipped_or_refused(void **state)
{
    static const char first[] = "who,when,kind,amount\nb,1970-01-02,buy,1\n"
                                "a,1970-01-02,buy,2\na,1970-01-02,buy,2\n";
    static const char more[] = "who,when,kind,amount\nb,1970-01-02,buy,1\n"
                               "a,1970-01-02,buy,2\na,1970-01-02,,2\na,1970-01-02,buy,\n"
                               "a,1970-01-03,buy,2\nc,1970-01-02,buy,1\n"
                               "c,1970-01-02,buy,1\n";
    kehu_store *store = store_new("store_import", 0);
    kehu_error err;
    int64_t n;
    uint64_t sequence;
    (void)state;
    assert_int_equal(import_again(store, first, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 2);
    expect_events(store,
                  "a|86400000000|buy|~|~|200|~|~\nb|86400000000|buy|~|~|100|~|~\n");
    sequence = kehu_store_sequence(store);
    assert_int_equal(import_again(store, first, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 0);
    assert_int_equal(kehu_store_sequence(store), sequence);
    assert_int_equal(import_again(store, first, KEHU_STORE_REFUSE, &n, &err),
                     KEHU_DUPLICATE);
    assert_string_equal(err.message, "3 rows are in the store or before in the file");
    assert_int_equal(import_again(store, more, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 4);
    expect_events(store, "a|86400000000|buy|~|~|200|~|~\na|86400000000|~|~|~|200|~|~\n"
                         "a|86400000000|buy|~|~|~|~|~\na|172800000000|buy|~|~|200|~|~\n"
                         "b|86400000000|buy|~|~|100|~|~\n"
                         "c|86400000000|buy|~|~|100|~|~\n");
    /* What is erased is not there. */
    assert_int_equal(kehu_store_erase(store, "b", &err), KEHU_OK);
    assert_int_equal(import_again(store, first, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 1);
    assert_int_equal(import_again(store, first, KEHU_STORE_KEEP, &n, &err), KEHU_OK);
    assert_int_equal(n, 3);
    assert_int_equal(import_again(store, first, 3, &n, &err), KEHU_ARGUMENT);
    kehu_store_free(store);
}

/* A file of many rows, cut anywhere and imported again whole, gives each row once. */
static void test_an_import_goes_on_where_another_ended(void **state)
{
    enum { LINES = 4000 };
    char *text = malloc(LINES * 64), *whole;
    size_t at = 0, cut = 0;
    kehu_store *store = store_new("store_import_whole", 1 << 14);
    kehu_error err;
    int64_t n, again;
    (void)state;
    at += (size_t)sprintf(text, "who,when,kind,amount\n");
    for (int i = 0; i < LINES; i++) {
        at += (size_t)sprintf(text + at, "c%d,1970-01-%02d,k%d,%d.%02d\n", i * 17 % 61,
                              1 + i * 7 % 5, i % 3, i, i % 100);
        if (i == LINES / 3)
            cut = at;
    }
    assert_int_equal(import_again(store, text, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, LINES);
    whole = store_text_now(store, KEHU_STORE_EVENTS, &err);
    kehu_store_free(store);
    store = store_new("store_import", 1 << 14);
    {
        const char next = text[cut];
        text[cut] = '\0';
        assert_int_equal(import_again(store, text, KEHU_STORE_KEEP, &n, &err), KEHU_OK);
        text[cut] = next;
    }
    assert_int_equal(import_again(store, text, KEHU_STORE_SKIP, &again, &err), KEHU_OK);
    assert_int_equal(n + again, LINES);
    expect_events(store, whole);
    free(whole);
    free(text);
    kehu_store_free(store);
}

/* Each is compared with the few that differ, not with all that are the same. */
static void test_a_row_that_stands_in_a_file_very_often_is_taken_once(void **state)
{
    enum { LINES = 100000 };
    static const char *const rows[] = {"a,1970-01-02,buy,2\n", "a,1970-01-02,call,2\n"};
    char *text = malloc((LINES + 1) * 24);
    size_t at = (size_t)sprintf(text, "who,when,kind,amount\n");
    kehu_store *store = store_new("store_import", 0);
    kehu_error err;
    int64_t n;
    (void)state;
    for (int i = 0; i < LINES; i++)
        at += (size_t)sprintf(text + at, "%s", rows[i % 1000 == 7]);
    assert_int_equal(import_again(store, text, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 2);
    expect_events(store,
                  "a|86400000000|buy|~|~|200|~|~\na|86400000000|call|~|~|200|~|~\n");
    assert_int_equal(import_again(store, text, KEHU_STORE_KEEP, &n, &err), KEHU_OK);
    assert_int_equal(n, LINES);
    assert_int_equal(import_again(store, text, KEHU_STORE_SKIP, &n, &err), KEHU_OK);
    assert_int_equal(n, 0);
    free(text);
    kehu_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_lines_are_imported_like_any_file),
        cmocka_unit_test(test_rows_that_are_there_already_are_skipped_or_refused),
        cmocka_unit_test(test_an_import_goes_on_where_another_ended),
        cmocka_unit_test(test_a_row_that_stands_in_a_file_very_often_is_taken_once),
        cmocka_unit_test(test_import_takes_good_rows_and_lists_bad_ones),
        cmocka_unit_test(test_import_is_all_or_nothing),
        cmocka_unit_test(test_import_of_many_rows_equals_adding_them),
        cmocka_unit_test(test_export_has_all_about_one_person),
        cmocka_unit_test(test_export_takes_a_property_named_valid_from),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
        cmocka_unit_test(test_check_finds_the_bad_block),
        cmocka_unit_test(test_check_looks_at_order_across_blocks),
        cmocka_unit_test(test_check_counts_blocks_that_are_not_read),
        cmocka_unit_test(test_check_tells_progress_over_all_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
