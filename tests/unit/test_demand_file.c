/* A log on disk: it goes on where it stopped, and a damaged one is refused. */
#include <kehu/demand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "support/demands.h"
#include "support/test.h"

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)

/* Everything a log may hold: an earlier intake that comes later, rows without demand,
 * time, known status or intake. */
static const row ROWS[] = {
    {"A", 2 * HOUR, "登记", "Ann", "bill"}, {"A", 9 * HOUR, "答复", NULL, NULL},
    {NULL, HOUR, "登记", "Bob", "net"},     {"B", HOUR, "答复", NULL, NULL},
    {"A", HOUR, "登记", "Eve", ""},         {"C", INT64_MAX, "登记", "Bob", "net"},
    {"C", 3 * HOUR, "lost", "Bob", "net"},  {"D", 4 * HOUR, "登记", NULL, "net"},
};
enum { N_ROWS = sizeof ROWS / sizeof *ROWS };

static const char MACHINE[] = "登记: open -> 答复\n答复: replied, final\n";

static kehu_demands *new_log(void)
{
    kehu_demand_machine *m = NULL;
    kehu_demands *d = NULL;
    kehu_error err;
    if (kehu_demand_machine_read(&m, MACHINE, strlen(MACHINE), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    const kehu_demands_options opt = {
        .size = sizeof opt, .day_offset_minutes = 480, .machine = m};
    if (kehu_demands_new(&d, &opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    kehu_demand_machine_free(m);
    return d;
}

static void add(kehu_demands *d, const row *rows, int64_t n)
{
    kehu_error err;
    if (add_rows(d, rows, n, &err) != KEHU_OK)
        fail_msg("%s", err.message);
}

static kehu__buffer bytes_of(const kehu_demands *d)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&a);
    const kehu_writer w = {kehu__handle_collect, &b};
    kehu_error err;
    if (kehu_demands_write(d, &w, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return b;
}

/* All reports as text. */
static kehu__buffer reports_of(kehu_demands *d)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&a);
    const kehu_writer w = {kehu__handle_collect, &b};
    assert_int_equal(kehu_demands_finish(d, 30 * DAY, NULL, NULL), KEHU_OK);
    for (int k = 0; k <= KEHU_DEMAND_REFUSED; k++) {
        kehu_table *t = NULL;
        assert_int_equal(kehu_demands_get_table(&t, d, (kehu_demand_table)k, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_table_write_csv(t, &w, NULL, NULL), KEHU_OK);
        kehu_table_free(t);
    }
    return b;
}

static void same_bytes(kehu__buffer a, kehu__buffer b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    kehu__buffer_free(&a);
    kehu__buffer_free(&b);
}

static kehu_demands *read_log(kehu__buffer b)
{
    kehu_demands *d = NULL;
    kehu_error err;
    if (kehu_demands_read(&d, b.bytes, b.size, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    kehu__buffer_free(&b);
    return d;
}

/* Cut at any row, kept and got back, a log ends as one that was never kept. */
static void test_demand_log_goes_on_where_it_stopped(void **state)
{
    (void)state;
    for (int64_t cut = 0; cut <= N_ROWS; cut++) {
        kehu_demands *whole = new_log(), *first = new_log(), *again;
        if (cut > 0)
            add(first, ROWS, cut);
        again = read_log(bytes_of(first));
        same_bytes(bytes_of(first), bytes_of(again));
        if (cut < N_ROWS)
            add(again, ROWS + cut, N_ROWS - cut);
        add(whole, ROWS, N_ROWS);
        same_bytes(bytes_of(whole), bytes_of(again));
        same_bytes(reports_of(whole), reports_of(again));
        kehu_demands_free(whole);
        kehu_demands_free(first);
        kehu_demands_free(again);
    }
}

static void test_demand_log_comes_back_from_a_file(void **state)
{
    static const char path[] = "test_demand_file.log";
    const int64_t ids[2] = {INT64_MIN, 7};
    const int64_t times[2] = {0, HOUR};
    const int32_t ends[3] = {0, 3, 6};
    const kehu_column id = {.type = KEHU_INT64, .length = 2, .data = ids};
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = 2, .data = times};
    const kehu_column status = {
        .type = KEHU_UTF8, .length = 2, .data = "newnew", .offsets = ends};
    const kehu_demand_batch batch = {
        .demand = &id, .time = &time, .status = &status, .customer = &id};
    kehu_demands *d = NULL, *again = NULL;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_demands_new(&d, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_demands_add(d, &batch, &err), KEHU_OK);
    assert_int_equal(kehu_demands_save(d, path, &err), KEHU_OK);
    assert_int_equal(kehu_demands_load(&again, path, NULL, &err), KEHU_OK);
    same_bytes(reports_of(d), reports_of(again));
    assert_int_equal(kehu_demands_merge(again, d, &err), KEHU_OK);
    kehu_demands_free(again);
    kehu_demands_free(d);
    remove(path);
    assert_int_equal(kehu_demands_load(&again, path, NULL, &err), KEHU_NOT_FOUND);
    assert_null(again);
    assert_int_equal(kehu_demands_save(NULL, path, &err), KEHU_ARGUMENT);
}

/* A cut or changed file is refused; with the checksums made right again, its sections are
 * looked at themselves. */
static void test_demand_log_refuses_damage(void **state)
{
    kehu_demands *d = new_log(), *again = NULL;
    kehu_error err;
    (void)state;
    add(d, ROWS, N_ROWS);
    kehu__buffer b = bytes_of(d);
    for (size_t n = 0; n < b.size; n++) {
        assert_int_not_equal(kehu_demands_read(&again, b.bytes, n, NULL, &err), KEHU_OK);
        assert_null(again);
    }
    for (size_t i = 0; i < b.size; i++) {
        b.bytes[i] ^= 1 << i % 8;
        assert_int_not_equal(kehu_demands_read(&again, b.bytes, b.size, NULL, &err),
                             KEHU_OK);
        assert_null(again);
        b.bytes[i] ^= 1 << i % 8;
    }
    kehu__buffer_free(&b);
    kehu_demands_free(d);
}

enum { INFO, MACH, DEMD, CUST, CHAN, CLAS, TOOK, ROWS_AT, N_SECTIONS };

static kehu_status read_changed(const kehu__buffer *sound, int section, size_t at,
                                uint8_t value, kehu_error *err)
{
    static const char *const tags[N_SECTIONS] = {"INFO", "MACH", "DEMD", "CUST",
                                                 "CHAN", "CLAS", "TOOK", "ROWS"};
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer copy = kehu__buffer_new(&a), changed = kehu__buffer_new(&a);
    kehu__container c;
    kehu__section sections[N_SECTIONS];
    kehu_demands *d = NULL;
    kehu__buffer_add(&copy, sound->bytes, sound->size);
    assert_int_equal(kehu__container_open(&c, copy.bytes, copy.size, "DMD1", "it", err),
                     KEHU_OK);
    for (int k = 0; k < N_SECTIONS; k++) {
        const char *bytes = NULL;
        assert_true(kehu__container_find(&c, tags[k], &bytes, &sections[k].size));
        memcpy(sections[k].tag, tags[k], 5);
        sections[k].bytes = bytes;
        if (k == section) {
            assert_true(at < sections[k].size);
            copy.bytes[(size_t)(bytes - copy.bytes) + at] = (char)value;
        }
    }
    kehu__container_build(&changed, "DMD1", sections, N_SECTIONS);
    const kehu_status status =
        kehu_demands_read(&d, changed.bytes, changed.size, NULL, err);
    kehu_demands_free(d);
    kehu__buffer_free(&changed);
    kehu__buffer_free(&copy);
    return status;
}

static void test_demand_log_refuses_impossible_sections(void **state)
{
    static const struct {
        int section;
        size_t at;
        uint8_t value;
    } cases[] = {
        {INFO, 3, 1},        /* an offset of centuries */
        {INFO, 4, 3},        /* no such kind of ids */
        {INFO, 4, 0},        /* ids without a kind */
        {INFO, 8, 0},        /* customers without a kind */
        {MACH, 0, ':'},      /* no machine */
        {DEMD, 0, 0},        /* a demand without a name */
        {DEMD, 0, 200},      /* a name beyond the end */
        {DEMD, 4, 'B'},      /* a name twice */
        {TOOK, 0, 9},        /* no such customer */
        {TOOK, 4, 9},        /* no such channel */
        {TOOK, 6, 9},        /* no such class */
        {TOOK, 8, 0},        /* a customer of a demand without intake */
        {TOOK, 12, 1},       /* a channel of one */
        {ROWS_AT, 0, 1},     /* the second demand before the first */
        {ROWS_AT, 0, 9},     /* no such demand */
        {ROWS_AT, 11, 0x40}, /* a time beyond the year 9999 */
        {ROWS_AT, 12, 2},    /* no such status */
        {ROWS_AT, 12, 254},  /* no time, but there is one */
        {ROWS_AT, 2 * 13 + 12, 0},
    };
    kehu_demands *d = new_log();
    kehu_error err;
    (void)state;
    add(d, ROWS, N_ROWS);
    kehu__buffer b = bytes_of(d);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kehu_status status =
            read_changed(&b, cases[i].section, cases[i].at, cases[i].value, &err);
        if (status != KEHU_FORMAT)
            fail_msg("case %zu: status %d", i, (int)status);
        assert_string_equal(err.message, "the model holds impossible demands");
    }
    kehu__buffer_free(&b);
    kehu_demands_free(d);
}

/* Reading and writing once; the first status that is not OK. */
static kehu_status whole(const kehu__buffer *b, const kehu_allocator *alloc)
{
    static const char path[] = "test_demand_file.faulty";
    kehu_demands *d = NULL;
    kehu_status status = kehu_demands_read(&d, b->bytes, b->size, alloc, NULL);
    assert_true(status == KEHU_OK || d == NULL);
    if (status == KEHU_OK)
        status = kehu_demands_save(d, path, NULL);
    kehu_demands_free(d);
    remove(path);
    return status;
}

static void test_demand_log_survives_every_refused_request(void **state)
{
    kehu_demands *d = new_log();
    faulty f;
    long at = 0;
    (void)state;
    add(d, ROWS, N_ROWS);
    kehu__buffer b = bytes_of(d);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
        status = whole(&b, faulty_init(&f, at));
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(at > 30);
    kehu__buffer_free(&b);
    kehu_demands_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demand_log_goes_on_where_it_stopped),
        cmocka_unit_test(test_demand_log_comes_back_from_a_file),
        cmocka_unit_test(test_demand_log_refuses_damage),
        cmocka_unit_test(test_demand_log_refuses_impossible_sections),
        cmocka_unit_test(test_demand_log_survives_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
