#include <kehu/demand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/demands.h"
#include "support/test.h"

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)

/* ---- The machine ---- */

static kehu_status read_machine(kehu_demand_machine **m, const char *text,
                                kehu_error *err)
{
    return kehu_demand_machine_read(m, text, strlen(text), NULL, err);
}

static void test_demand_machine_default_is_as_printed(void **state)
{
    kehu_demand_machine *m;
    (void)state;
    assert_int_equal(read_machine(&m, kehu_demand_machine_builtin(), NULL), KEHU_OK);
    assert_int_equal(kehu_demand_machine_count(m), 6);
    assert_string_equal(kehu_demand_machine_get_name(m, 3), "solved");
    assert_null(kehu_demand_machine_get_name(m, 6));
    assert_int_equal(kehu_demand_machine_get_marks(m, 3),
                     KEHU_DEMAND_REPLIED | KEHU_DEMAND_SOLVED);
    assert_int_equal(kehu_demand_machine_get_marks(m, -1), 0);
    assert_true(kehu_demand_machine_allows(m, 4, 5));
    assert_false(kehu_demand_machine_allows(m, 4, 1));
    assert_false(kehu_demand_machine_allows(m, 4, 6));
    kehu_demand_machine_free(m);
}

static void test_demand_machine_reads_what_people_type(void **state)
{
    static const char text[] = "\xEF\xBB\xBF# 投诉\r\n 登记 ：open->办结，转 办\r\n\r\n"
                               "转 办: open, replied -> 办结\n办结: solved,final";
    kehu_demand_machine *m, *again;
    const char *path = "test_demand_machine.txt";
    (void)state;
    assert_int_equal(read_machine(&m, text, NULL), KEHU_OK);
    assert_string_equal(kehu_demand_machine_get_name(m, 1), "转 办");
    assert_true(kehu_demand_machine_allows(m, 0, 1));
    assert_true(kehu_demand_machine_allows(m, 0, 2));
    assert_int_equal(kehu_demand_machine_get_marks(m, 1),
                     KEHU_DEMAND_OPEN | KEHU_DEMAND_REPLIED);
    assert_int_equal(kehu_demand_machine_save(m, path, NULL), KEHU_OK);
    assert_int_equal(kehu_demand_machine_load(&again, path, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_demand_machine_count(again), 3);
    unlink(path);
    kehu_demand_machine_free(again);
    kehu_demand_machine_free(m);
}

static void test_demand_machine_refuses_bad_lines(void **state)
{
    static const struct {
        const char *text;
        kehu_status status;
        int64_t where;
        const char *message;
    } cases[] = {
        {"", KEHU_EMPTY, -1, "the machine has no status"},
        {"# a\n\n", KEHU_EMPTY, -1, "the machine has no status"},
        {"a final", KEHU_FORMAT, 0,
         "line 1: expected a status, a colon, marks and what may follow"},
        {"a: final\n: open", KEHU_FORMAT, 1,
         "line 2: expected a status, a colon, marks and what may follow"},
        {"a: final\na: open", KEHU_DUPLICATE, 1,
         "line 2: the status a stands there twice"},
        {"a: finale", KEHU_FORMAT, 0,
         "line 1: expected open, replied, solved or final at 'finale'"},
        {"a: open final", KEHU_FORMAT, 0,
         "line 1: expected open, replied, solved or final at 'open final'"},
        {"a: open, final", KEHU_FORMAT, 0,
         "line 1: a status that is open is neither solved nor final"},
        {"a: final ->", KEHU_FORMAT, 0, "line 1: expected a status after '->'"},
        {"a: final -> b", KEHU_FORMAT, 0, "line 1: there is no status 'b'"},
        {"a: final -> a,", KEHU_FORMAT, 0, "line 1: there is no status ''"},
        {"a: open -> b\nb: open -> a", KEHU_FORMAT, 0,
         "line 1: the status a is dead: it leads to no final one"},
        {"a: open -> b, c\nb: final\nc: open -> c", KEHU_FORMAT, 2,
         "line 3: the status c is dead: it leads to no final one"},
        {"a: final\n\nb: final", KEHU_FORMAT, 2,
         "line 3: the status b is never reached from the first"},
        {"a: final\n\xFF: open", KEHU_ENCODING, 1, "line 2 is not valid UTF-8 text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kehu_demand_machine *m = NULL;
        kehu_error err;
        assert_int_equal(read_machine(&m, cases[i].text, &err), cases[i].status);
        assert_int_equal(err.where, cases[i].where);
        assert_string_equal(err.message, cases[i].message);
        assert_null(m);
    }
}

static void test_demand_machine_holds_to_its_limits(void **state)
{
    static char text[2000];
    kehu_demand_machine *m;
    kehu_error err;
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 65; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "s%d: final -> s%d\n", i,
                              i < 64 ? i + 1 : 0);
    assert_int_equal(kehu_demand_machine_read(&m, text, n, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "line 65: more than 64 statuses");
    assert_int_equal(kehu_demand_machine_load(&m, "no such file", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_int_equal(kehu_demand_machine_read(&m, NULL, 1, NULL, &err), KEHU_ARGUMENT);
}

/* ---- Logs ---- */

static kehu_demands *filled(const row *rows, int64_t n, int64_t as_of)
{
    kehu_demands *d = NULL;
    kehu_error err = {0};
    if (kehu_demands_new(&d, NULL, &err) != KEHU_OK ||
        (n > 0 && add_rows(d, rows, n, &err) != KEHU_OK) ||
        kehu_demands_finish(d, as_of, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return d;
}

static int to_bytes(void *ctx, const void *bytes, size_t size)
{
    char *text = ctx;
    const size_t have = strlen(text);
    if (have + size + 1 > 2000)
        return 1;
    memcpy(text + have, bytes, size);
    text[have + size] = '\0';
    return 0;
}

static void expect(kehu_demands *d, kehu_demand_table report, const char *csv)
{
    char text[2000] = "";
    const kehu_writer writer = {to_bytes, text};
    kehu_table *t = NULL;
    kehu_error err;
    if (kehu_demands_get_table(&t, d, report, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_OK);
    assert_string_equal(text, csv);
    kehu_table_free(t);
}

/* A: replied after 2 h, solved after 5 h, opened again and solved after 3 days. B:
 * repeats A, only taken in. C: another class, closed without a reply. */
static const row DEMANDS[] = {
    {"B", 6 * DAY, "new", "Ann", "bill"},  {"A", 3 * DAY, "solved", "Ann", "bill"},
    {"A", 0, "new", "Ann", "bill"},        {"A", 2 * HOUR, "answered", NULL, NULL},
    {"A", 5 * HOUR, "solved", NULL, NULL}, {"A", 1 * DAY, "reopened", NULL, NULL},
    {"C", 5 * DAY, "new", "Bob", "net"},   {"C", 5 * DAY, "closed", NULL, NULL},
};
enum { N_DEMANDS = sizeof DEMANDS / sizeof *DEMANDS };

static void test_demands_are_followed(void **state)
{
    kehu_demands *d = filled(DEMANDS, N_DEMANDS, 9 * DAY + HOUR);
    kehu_demand_counts c;
    (void)state;
    assert_int_equal(kehu_demands_get_counts(d, &c, NULL), KEHU_OK);
    assert_int_equal(c.rows, 8);
    assert_int_equal(c.refused, 0);
    assert_int_equal(c.demands, 3);
    assert_int_equal(c.open, 1);
    assert_int_equal(c.customers, 2);
    assert_int_equal(c.repeats, 1);
    expect(d, KEHU_DEMAND_COUNTS,
           "period,channel,class,status,demands\n1970-01-01,\"\",bill,solved,1\n"
           "1970-01-06,\"\",net,closed,1\n1970-01-07,\"\",bill,new,1\n");
    expect(d, KEHU_DEMAND_TIMES,
           "channel,class,demands,open,replied,reply_median_s,reply_p90_s,reply_judged,"
           "reply_within,solved,solve_median_s,solve_p90_s,solve_judged,solve_within\n"
           ",,3,1,1,7200,7200,3,1,1,259200,259200,3,1\n"
           "\"\",,3,1,1,7200,7200,3,1,1,259200,259200,3,1\n"
           ",bill,2,1,1,7200,7200,2,1,1,259200,259200,2,1\n"
           ",net,1,0,0,,,1,0,0,,,1,0\n"
           "\"\",bill,2,1,1,7200,7200,2,1,1,259200,259200,2,1\n"
           "\"\",net,1,0,0,,,1,0,0,,,1,0\n");
    expect(d, KEHU_DEMAND_AGEING,
           "demand,customer,channel,class,status,taken_in,age_s\n"
           "B,Ann,\"\",bill,new,1970-01-07T00:00:00Z,262800\n");
    expect(d, KEHU_DEMAND_OVERDUE,
           "demand,customer,channel,class,status,taken_in,age_s,late_s\n"
           "B,Ann,\"\",bill,new,1970-01-07T00:00:00Z,262800,176400\n");
    expect(d, KEHU_DEMAND_CLASSES,
           "class,demands,open,customers,repeats\nbill,2,1,1,1\nnet,1,0,1,0\n");
    expect(d, KEHU_DEMAND_CUSTOMERS,
           "customer,demands,open,repeats\nAnn,2,1,1\nBob,1,0,0\n");
    expect(d, KEHU_DEMAND_REFUSED, "row,demand,status,after,reason\n");
    kehu_demands_free(d);
}

static void test_demands_as_of_an_earlier_moment(void **state)
{
    kehu_demands *d = filled(DEMANDS, N_DEMANDS, 2 * DAY);
    const kehu_demand_report_options soon = {
        .size = sizeof soon, .reply_within_hours = 1, .period = KEHU_DEMAND_MONTH};
    kehu_demand_counts c;
    (void)state;
    assert_int_equal(kehu_demands_finish(d, 2 * DAY, &soon, NULL), KEHU_OK);
    assert_int_equal(kehu_demands_get_counts(d, &c, NULL), KEHU_OK);
    assert_int_equal(c.later, 4);
    assert_int_equal(c.demands, 1);
    expect(d, KEHU_DEMAND_COUNTS,
           "period,channel,class,status,demands\n1970-01-01,\"\",bill,reopened,1\n");
    expect(d, KEHU_DEMAND_AGEING,
           "demand,customer,channel,class,status,taken_in,age_s\n"
           "A,Ann,\"\",bill,reopened,1970-01-01T00:00:00Z,172800\n");
    expect(d, KEHU_DEMAND_CUSTOMERS, "customer,demands,open,repeats\nAnn,1,1,0\n");
    assert_int_equal(kehu_demands_finish(d, -DAY, &soon, NULL), KEHU_OK);
    expect(d, KEHU_DEMAND_COUNTS, "period,channel,class,status,demands\n");
    kehu_demands_free(d);
}

static void test_demands_refuse_rows_with_the_reason(void **state)
{
    static const row rows[] = {
        {"A", 2, "answered", NULL, NULL}, /* before the intake */
        {"A", 3, "new", "Ann", "bill"},
        {NULL, 3, "new", "Ann", "bill"},
        {"", 3, "new", "Ann", "bill"},
        {"A", 4, "lost", NULL, NULL},
        {"A", 5, NULL, NULL, NULL},
        {"A", 6, "reopened", NULL, NULL}, /* not allowed after new */
        {"B", INT64_MAX, "new", "Ann", "bill"},
        {"B", 9, "closed", "Ann", "bill"}, /* never taken in */
        {"A", 6, "new", "Bob", "net"},     /* taken in again */
        {"A", 7, "closed", NULL, NULL},
    };
    kehu_demands *d = filled(rows, sizeof rows / sizeof *rows, 100);
    kehu_demand_counts c;
    (void)state;
    expect(d, KEHU_DEMAND_REFUSED,
           "row,demand,status,after,reason\n"
           "0,A,answered,,before the intake\n2,,,,no demand\n3,,,,no demand\n"
           "4,A,,new,unknown status\n5,A,,new,unknown status\n"
           "6,A,reopened,new,not allowed\n7,B,,,no time\n"
           "8,B,closed,,before the intake\n9,A,new,new,not allowed\n");
    expect(d, KEHU_DEMAND_CLASSES,
           "class,demands,open,customers,repeats\nbill,1,0,1,0\n");
    assert_int_equal(kehu_demands_get_counts(d, &c, NULL), KEHU_OK);
    assert_int_equal(c.rows, 11);
    assert_int_equal(c.refused, 9);
    assert_int_equal(c.demands, 1);
    kehu_demands_free(d);
}

static void test_demands_all_equal(void **state)
{
    row rows[MAX_ROWS];
    kehu_demands *d;
    (void)state;
    for (int i = 0; i < MAX_ROWS; i++)
        rows[i] = (row){"A", HOUR, "new", "Ann", "bill"};
    d = filled(rows, MAX_ROWS, DAY);
    expect(d, KEHU_DEMAND_COUNTS,
           "period,channel,class,status,demands\n1970-01-01,\"\",bill,new,1\n");
    kehu_demands_free(d);
}

static void test_demands_empty_log(void **state)
{
    kehu_demands *d = filled(NULL, 0, DAY);
    kehu_demand_counts c;
    (void)state;
    for (int k = KEHU_DEMAND_COUNTS; k <= KEHU_DEMAND_REFUSED; k++) {
        kehu_table *t;
        assert_int_equal(kehu_demands_get_table(&t, d, (kehu_demand_table)k, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_table_row_count(t), k == KEHU_DEMAND_TIMES);
        kehu_table_free(t);
    }
    assert_int_equal(kehu_demands_get_counts(d, &c, NULL), KEHU_OK);
    assert_int_equal(c.rows + c.demands + c.customers, 0);
    kehu_demands_free(d);
}

static void test_demands_days_start_where_asked(void **state)
{
    static const int64_t ids[2] = {7, -3};
    static const int32_t days[2] = {4, -1}; /* Monday 1970-01-05, Wednesday before */
    texts status = {0};
    const kehu_column id = {.type = KEHU_INT64, .length = 2, .data = ids};
    const kehu_column day = {.type = KEHU_DATE32, .length = 2, .data = days};
    const kehu_demand_batch batch = {
        .demand = &id, .time = &day, .status = &status.column};
    const kehu_demand_report_options weeks = {.size = sizeof weeks,
                                              .period = KEHU_DEMAND_WEEK};
    (void)state;
    add_text(&status, 0, "new");
    add_text(&status, 1, "new");
    for (int32_t offset = -480; offset <= 480; offset += 480) {
        const kehu_demands_options opt = {.size = sizeof opt,
                                          .day_offset_minutes = offset};
        kehu_demands *d;
        assert_int_equal(kehu_demands_new(&d, &opt, NULL), KEHU_OK);
        assert_int_equal(kehu_demands_add(d, &batch, NULL), KEHU_OK);
        assert_int_equal(kehu_demands_finish(d, 30 * DAY, &weeks, NULL), KEHU_OK);
        expect(d, KEHU_DEMAND_COUNTS,
               "period,channel,class,status,demands\n1969-12-29,\"\",\"\",new,1\n"
               "1970-01-05,\"\",\"\",new,1\n");
        kehu_demands_free(d);
    }
}

static void test_demands_refuse_bad_arguments(void **state)
{
    const kehu_demands_options far = {.size = sizeof far, .day_offset_minutes = 1441};
    const kehu_demands_options many = {.size = sizeof many, .n_threads = 257};
    const kehu_demands_options unknown = {.size = sizeof unknown, .reserved = 1};
    const kehu_demand_report_options never = {.size = sizeof never, .period = 3};
    texts status = {0};
    const int64_t id = 1;
    kehu_column ids = {.type = KEHU_INT64, .length = 1, .data = &id};
    kehu_column times = {.type = KEHU_INT64, .length = 1, .data = &id};
    kehu_demand_batch batch = {.demand = &ids, .time = &times, .status = &status.column};
    kehu_demands *d, *other;
    kehu_table *t;
    kehu_error err;
    (void)state;
    add_text(&status, 0, "new");
    assert_int_equal(kehu_demands_new(&d, &far, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_demands_new(&d, &many, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_threads is 257, expected 0 to 256");
    assert_int_equal(kehu_demands_new(&d, &unknown, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "reserved is 1, expected 0");
    d = filled(DEMANDS, N_DEMANDS, DAY);
    assert_int_equal(kehu_demands_add(d, &batch, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "demand is INT64, but was text before");
    assert_int_equal(kehu_demands_finish(d, DAY, &never, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "period is 3, expected 0 to 2");
    assert_int_equal(kehu_demands_finish(d, INT64_MAX, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_demands_get_table(&t, d, (kehu_demand_table)7, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_demands_new(&other, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_demands_get_table(&t, other, KEHU_DEMAND_COUNTS, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "finish has not been called since the last add");
    assert_int_equal(kehu_demands_add(other, &batch, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "time is INT64, expected DATE32 or TIMESTAMP");
    times.type = KEHU_TIMESTAMP;
    times.length = 0;
    assert_int_equal(kehu_demands_add(other, &batch, &err), KEHU_ARGUMENT);
    times.length = 1;
    assert_int_equal(kehu_demands_add(other, &batch, &err), KEHU_OK);
    ids.type = KEHU_DECIMAL64;
    ids.scale = 1;
    assert_int_equal(kehu_demands_add(other, &batch, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "demand is DECIMAL64, expected integers or text");
    ids.scale = 0;
    assert_int_equal(kehu_demands_add(other, &batch, &err), KEHU_OK);
    assert_int_equal(kehu_demands_merge(d, other, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_demands_merge(d, d, &err), KEHU_ARGUMENT);
    kehu_demands_free(other);
    kehu_demands_free(d);
}

/* Day 0 of years 1 and 10000. */
#define YEAR_1     (-719162 * DAY)
#define YEAR_10000 (2932897 * DAY)

static void test_demands_are_of_the_years_1_to_9999(void **state)
{
    static const row rows[] = {
        {"A", YEAR_1 - 1, "new", NULL, NULL},
        {"B", YEAR_1, "new", NULL, NULL},
        {"C", YEAR_10000 - 1, "new", NULL, NULL},
        {"D", YEAR_10000, "new", NULL, NULL},
    };
    const kehu_demand_report_options months = {.size = sizeof months,
                                               .period = KEHU_DEMAND_MONTH};
    kehu_demands *d = filled(rows, 4, YEAR_10000 - 1);
    kehu_error err;
    (void)state;
    expect(d, KEHU_DEMAND_REFUSED,
           "row,demand,status,after,reason\n0,A,,,no time\n3,D,,,no time\n");
    assert_int_equal(kehu_demands_finish(d, YEAR_10000 - 1, &months, NULL), KEHU_OK);
    expect(d, KEHU_DEMAND_COUNTS,
           "period,channel,class,status,demands\n0001-01-01,\"\",\"\",new,1\n"
           "9999-12-01,\"\",\"\",new,1\n");
    assert_int_equal(kehu_demands_finish(d, YEAR_1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_demands_finish(d, YEAR_10000, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_demands_finish(d, YEAR_1 - 1, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "as_of is -62135596800000001, not of the years 1 to 9999");
    kehu_demands_free(d);
}

/* At the edges an offset carries a day into the years 0 and 10000, and its start out of
 * the years 1 to 9999. */
static void test_demands_at_the_edge_of_years(void **state)
{
    static const int64_t ids[2] = {1, 2};
    static const int32_t days[2] = {-719162, 2932896};
    static const int64_t times[2] = {YEAR_1, YEAR_10000 - 1};
    static const int32_t offsets[2] = {-1440, 1440}, periods[2] = {-719193, 2932897};
    static const char *const refused[2] = {
        "row,demand,status,after,reason\n2,1,new,new,not allowed\n3,2,,,no time\n",
        "row,demand,status,after,reason\n1,2,new,new,not allowed\n2,1,,,no time\n"};
    texts status = {0};
    const kehu_column id = {.type = KEHU_INT64, .length = 2, .data = ids};
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = 2, .data = times};
    const kehu_column day = {.type = KEHU_DATE32, .length = 2, .data = days};
    kehu_demand_batch batch = {.demand = &id, .status = &status.column};
    const kehu_demand_report_options months = {.size = sizeof months,
                                               .period = KEHU_DEMAND_MONTH};
    (void)state;
    add_text(&status, 0, "new");
    add_text(&status, 1, "new");
    for (int k = 0; k < 2; k++) {
        const kehu_demands_options opt = {.size = sizeof opt,
                                          .day_offset_minutes = offsets[k]};
        kehu_demands *d;
        kehu_table *t;
        assert_int_equal(kehu_demands_new(&d, &opt, NULL), KEHU_OK);
        batch.time = &time;
        assert_int_equal(kehu_demands_add(d, &batch, NULL), KEHU_OK);
        assert_int_equal(kehu_demands_finish(d, YEAR_10000 - 1, &months, NULL), KEHU_OK);
        assert_int_equal(kehu_demands_get_table(&t, d, KEHU_DEMAND_COUNTS, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_table_row_count(t), 2);
        assert_int_equal(((const int32_t *)kehu_table_find(t, "period")->data)[k],
                         periods[k]);
        kehu_table_free(t);
        batch.time = &day;
        assert_int_equal(kehu_demands_add(d, &batch, NULL), KEHU_OK);
        assert_int_equal(kehu_demands_finish(d, YEAR_10000 - 1, NULL, NULL), KEHU_OK);
        expect(d, KEHU_DEMAND_REFUSED, refused[k]);
        kehu_demands_free(d);
    }
}

static void test_demands_of_one_moment_are_listed_by_id(void **state)
{
    static const row rows[] = {
        {"B", 0, "new", NULL, NULL},
        {"A", 0, "new", NULL, NULL},
        {"AB", 0, "new", NULL, NULL},
        {"C", -DAY, "new", NULL, NULL},
    };
    kehu_demands *d = filled(rows, 4, 4 * DAY);
    (void)state;
    expect(d, KEHU_DEMAND_AGEING,
           "demand,customer,channel,class,status,taken_in,age_s\n"
           "C,,\"\",\"\",new,1969-12-31T00:00:00Z,432000\n"
           "A,,\"\",\"\",new,1970-01-01T00:00:00Z,345600\n"
           "AB,,\"\",\"\",new,1970-01-01T00:00:00Z,345600\n"
           "B,,\"\",\"\",new,1970-01-01T00:00:00Z,345600\n");
    expect(d, KEHU_DEMAND_OVERDUE,
           "demand,customer,channel,class,status,taken_in,age_s,late_s\n"
           "C,,\"\",\"\",new,1969-12-31T00:00:00Z,432000,345600\n"
           "A,,\"\",\"\",new,1970-01-01T00:00:00Z,345600,259200\n"
           "AB,,\"\",\"\",new,1970-01-01T00:00:00Z,345600,259200\n"
           "B,,\"\",\"\",new,1970-01-01T00:00:00Z,345600,259200\n");
    kehu_demands_free(d);
}

/* One demand with thousands of rows in the worst order is no trap. */
static void test_demands_long_histories(void **state)
{
    enum { N = 200001 };
    int64_t *ids = calloc(N, sizeof *ids), *times = calloc(N, sizeof *times);
    int32_t *codes = calloc(N, sizeof *codes);
    static const int32_t at[] = {0, 3, 11};
    const kehu_column names = {
        .type = KEHU_UTF8, .length = 2, .data = "newassigned", .offsets = at};
    const kehu_column id = {.type = KEHU_INT64, .length = N, .data = ids};
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = N, .data = times};
    const kehu_column status = {
        .type = KEHU_CATEGORY, .length = N, .data = codes, .dictionary = &names};
    const kehu_demand_batch batch = {.demand = &id, .time = &time, .status = &status};
    kehu_demands *d;
    kehu_demand_counts c;
    (void)state;
    for (int i = 0; i < N; i++) {
        times[i] = N - i;
        codes[i] = i < N - 1;
    }
    assert_int_equal(kehu_demands_new(&d, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_demands_add(d, &batch, NULL), KEHU_OK);
    assert_int_equal(kehu_demands_finish(d, N, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_demands_get_counts(d, &c, NULL), KEHU_OK);
    assert_int_equal(c.demands, 1);
    assert_int_equal(c.refused, 0);
    kehu_demands_free(d);
    free(codes);
    free(times);
    free(ids);
}

/* Everything once; the first status that is not OK. */
static kehu_status whole(const kehu_allocator *alloc)
{
    const kehu_demands_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_demands *d = NULL, *other = NULL;
    kehu_table *t = NULL;
    kehu_status status = kehu_demands_new(&d, &opt, NULL);
    if (status == KEHU_OK)
        status = kehu_demands_new(&other, &opt, NULL);
    if (status == KEHU_OK)
        status = add_rows(d, DEMANDS, N_DEMANDS, NULL);
    if (status == KEHU_OK)
        status = add_rows(other, DEMANDS, 3, NULL);
    if (status == KEHU_OK)
        status = kehu_demands_merge(d, other, NULL);
    if (status == KEHU_OK)
        status = kehu_demands_finish(d, 9 * DAY, NULL, NULL);
    for (int k = 0; k <= KEHU_DEMAND_REFUSED && status == KEHU_OK; k++) {
        status = kehu_demands_get_table(&t, d, (kehu_demand_table)k, NULL);
        assert_true(status == KEHU_OK || t == NULL);
        kehu_table_free(t);
    }
    kehu_demands_free(other);
    kehu_demands_free(d);
    return status;
}

static void test_demands_survive_every_refused_request(void **state)
{
    faulty f;
    long at = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
        status = whole(faulty_init(&f, at));
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(at > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demand_machine_default_is_as_printed),
        cmocka_unit_test(test_demand_machine_reads_what_people_type),
        cmocka_unit_test(test_demand_machine_refuses_bad_lines),
        cmocka_unit_test(test_demand_machine_holds_to_its_limits),
        cmocka_unit_test(test_demands_are_followed),
        cmocka_unit_test(test_demands_as_of_an_earlier_moment),
        cmocka_unit_test(test_demands_refuse_rows_with_the_reason),
        cmocka_unit_test(test_demands_all_equal),
        cmocka_unit_test(test_demands_empty_log),
        cmocka_unit_test(test_demands_days_start_where_asked),
        cmocka_unit_test(test_demands_refuse_bad_arguments),
        cmocka_unit_test(test_demands_are_of_the_years_1_to_9999),
        cmocka_unit_test(test_demands_at_the_edge_of_years),
        cmocka_unit_test(test_demands_of_one_moment_are_listed_by_id),
        cmocka_unit_test(test_demands_long_histories),
        cmocka_unit_test(test_demands_survive_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
