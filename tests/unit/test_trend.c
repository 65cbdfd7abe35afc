#include <kehu/trend.h>

#include <math.h>
#include <string.h>

#include "support/test.h"

enum { MAX_ROWS = 4000 };

/* Events of groups A and B, a given number a day. */
typedef struct events {
    char names[MAX_ROWS];
    int32_t name_at[MAX_ROWS + 1], days[MAX_ROWS];
    int64_t n;
} events;

static void add(events *e, char group, int32_t day, int times)
{
    for (; times > 0; times--, e->n++) {
        e->names[e->n] = group;
        e->name_at[e->n + 1] = (int32_t)e->n + 1;
        e->days[e->n] = day;
    }
}

static kehu_status find(kehu_table **t, const events *e, kehu_trend_report report,
                        int32_t from, int32_t to, const kehu_trend_options *opt,
                        kehu_error *err)
{
    const kehu_column group = {
        .type = KEHU_UTF8, .length = e->n, .data = e->names, .offsets = e->name_at};
    const kehu_column time = {.type = KEHU_DATE32, .length = e->n, .data = e->days};
    return kehu_trends_find(t, report, &group, &time, from, to, opt, err);
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

static void expect(const events *e, kehu_trend_report report,
                   const kehu_trend_options *opt, const char *csv)
{
    char text[2000] = "";
    const kehu_writer writer = {to_bytes, text};
    kehu_table *t;
    kehu_error err;
    if (find(&t, e, report, 0, 99, opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_OK);
    assert_string_equal(text, csv);
    kehu_table_free(t);
}

/* A: 4 a day, 12 from day 60 on, 40 on day 90. B: one event in all. */
static void fill(events *e)
{
    add(e, 'B', 50, 1);
    for (int32_t day = 0; day < 100; day++)
        add(e, 'A', day, day == 90 ? 40 : day < 60 ? 4 : 12);
    add(e, 'A', 100, 7); /* outside */
    add(e, 'A', -1, 7);
}

static void test_trend_finds_change_and_burst_with_dates(void **state)
{
    static events e;
    (void)state;
    fill(&e);
    kehu_table *t;
    assert_int_equal(find(&t, &e, KEHU_TREND_CHANGES, 0, 99, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "day")->data)[0], 60);
    assert_true(fabs(((const double *)kehu_table_find(t, "before")->data)[0] - 4) < .05);
    assert_true(fabs(((const double *)kehu_table_find(t, "after")->data)[0] - 12.7) < .1);
    kehu_table_free(t);
    assert_int_equal(find(&t, &e, KEHU_TREND_BURSTS, 0, 99, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "first")->data)[0], 90);
    assert_int_equal(((const int64_t *)kehu_table_find(t, "events")->data)[0], 40);
    kehu_table_free(t);
}

static void test_trend_levels_and_growth(void **state)
{
    static events e;
    kehu_table *t;
    (void)state;
    for (int32_t day = 0; day < 100; day++)
        add(&e, 'A', day, day < 50 ? 10 : 20);
    add(&e, 'B', 3, 2);
    assert_int_equal(find(&t, &e, KEHU_TREND_LEVELS, 0, 99, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 2);
    const double *level = kehu_table_find(t, "level")->data;
    const double *growth = kehu_table_find(t, "growth")->data;
    const double *low = kehu_table_find(t, "growth_low")->data;
    assert_true(level[0] > 19.5 && level[0] < 20.5);
    /* Twice as many 50 days later is 52 % in 30 days; a line through a step is less. */
    assert_true(growth[0] > .25 && growth[0] < .52 && low[0] > 0 && low[0] < growth[0]);
    assert_int_equal(((const int64_t *)kehu_table_find(t, "events")->data)[1], 2);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "last_change")->data)[0], 50);
    kehu_table_free(t);
}

static void test_trend_equal_and_empty(void **state)
{
    static events equal, none;
    static const kehu_trend_options week = {
        .size = sizeof week, .step_days = 7, .base_steps = 8, .shortest = 2};
    (void)state;
    for (int32_t day = 0; day < 100; day++)
        add(&equal, 'A', day, 3);
    expect(&equal, KEHU_TREND_CHANGES, NULL, "group,day,before,after,score\n");
    expect(&equal, KEHU_TREND_BURSTS, NULL, "group,first,last,events,expected,p\n");
    expect(&none, KEHU_TREND_BURSTS, NULL, "group,first,last,events,expected,p\n");
    add(&equal, 'A', 72, 100);
    kehu_table *t;
    assert_int_equal(find(&t, &equal, KEHU_TREND_BURSTS, 0, 99, &week, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "first")->data)[0], 70);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "last")->data)[0], 76);
    assert_int_equal(((const int64_t *)kehu_table_find(t, "events")->data)[0], 121);
    kehu_table_free(t);
}

static void test_trend_last_day_of_all(void **state)
{
    static events e;
    kehu_table *t;
    (void)state;
    for (int32_t day = 0; day < 100; day++)
        add(&e, 'A', INT32_MAX - 99 + day, day == 99 ? 40 : 4);
    assert_int_equal(
        find(&t, &e, KEHU_TREND_BURSTS, INT32_MAX - 99, INT32_MAX, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_int_equal(((const int32_t *)kehu_table_find(t, "last")->data)[0], INT32_MAX);
    kehu_table_free(t);
}

static void test_trend_refuses_bad_arguments(void **state)
{
    static events e;
    static const struct {
        kehu_trend_options opt;
        const char *message;
    } cases[] = {
        {{.size = sizeof(kehu_trend_options), .step_days = 367},
         "step_days is 367, at most 366; shortest 7, at most 3660"},
        {{.size = sizeof(kehu_trend_options), .base_steps = 7},
         "base_steps is 7, expected 8 to 3660"},
        {{.size = sizeof(kehu_trend_options), .change_penalty = -1},
         "change_penalty is not above 0"},
        {{.size = sizeof(kehu_trend_options), .false_alarms_per_year = 101},
         "false_alarms_per_year is not within 0 to 100"},
        {{.size = sizeof(kehu_trend_options),
          .step_days = 7,
          .false_alarms_per_year = 100},
         "false_alarms_per_year is 100, expected below 52.1786 in steps of 7 days"},
        {{.size = sizeof(kehu_trend_options), .reserved = 1},
         "reserved is 1, expected 0"},
        {{.size = sizeof(kehu_trend_options), .day_offset_minutes = 1441},
         "day_offset_minutes is 1441, expected -1440 to 1440"},
    };
    kehu_table *t;
    kehu_error err;
    (void)state;
    add(&e, 'A', 1, 1);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_int_equal(find(&t, &e, KEHU_TREND_LEVELS, 0, 9, &cases[k].opt, &err),
                         KEHU_ARGUMENT);
        assert_string_equal(err.message, cases[k].message);
    }
    assert_int_equal(find(&t, &e, KEHU_TREND_LEVELS, 9, 9, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "days 9 to 9 make fewer than two steps of 1");
    assert_int_equal(find(&t, &e, KEHU_TREND_LEVELS, INT32_MIN, INT32_MAX, NULL, &err),
                     KEHU_LIMIT);
    assert_int_equal(find(&t, &e, (kehu_trend_report)3, 0, 9, NULL, &err), KEHU_ARGUMENT);
    assert_null(t);
}

static void test_trend_survives_every_refused_request(void **state)
{
    static events e;
    (void)state;
    fill(&e);
    for (int report = 0; report <= KEHU_TREND_BURSTS; report++) {
        long at = 0;
        for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
            faulty f;
            const kehu_trend_options opt = {.size = sizeof opt,
                                            .alloc = faulty_init(&f, at)};
            kehu_table *t;
            status = find(&t, &e, (kehu_trend_report)report, 0, 99, &opt, NULL);
            assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
            kehu_table_free(t);
            assert_int_equal(f.live_blocks, 0);
        }
        assert_true(at > 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend_finds_change_and_burst_with_dates),
        cmocka_unit_test(test_trend_levels_and_growth),
        cmocka_unit_test(test_trend_equal_and_empty),
        cmocka_unit_test(test_trend_last_day_of_all),
        cmocka_unit_test(test_trend_refuses_bad_arguments),
        cmocka_unit_test(test_trend_survives_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
