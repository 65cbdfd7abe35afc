#include <kehu/levels.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/test.h"

static bool near(double x, double expected, double error)
{
    return fabs(x - expected) <= error;
}

static const double five[] = {0.1, 0.2, 0.5, 0.79, 1.0};

static void test_levels_cut_at_fifths_by_default(void **state)
{
    kehu_levels *levels;
    uint8_t grades[5];
    (void)state;
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_levels_grade(levels, five, 5, grades, NULL), KEHU_OK);
    assert_int_equal(grades[0], 0);
    assert_int_equal(grades[1], 1); /* a cut belongs to the level above */
    assert_int_equal(grades[2], 2);
    assert_int_equal(grades[3], 3);
    assert_int_equal(grades[4], 4);
    assert_string_equal(kehu_levels_name(levels, 0), "hardly");
    assert_string_equal(kehu_levels_name(levels, 4), "reliant");
    assert_int_equal(kehu_levels_class_count(levels), 1);
    assert_string_equal(kehu_level_mode_name(kehu_levels_mode(levels)), "absolute");
    kehu_levels_free(levels);
}

static void test_levels_report_shares_rates_and_intervals(void **state)
{
    const double p[] = {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1, .9, .9};
    const int32_t seen[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1};
    double both[24], shares = 0;
    kehu_levels *levels;
    kehu_level_row rows[2][KEHU_LEVEL_COUNT];
    (void)state;
    for (int i = 0; i < 12; i++) {
        both[2 * i] = 1 - p[i];
        both[2 * i + 1] = p[i];
    }
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 2, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_levels_report(levels, both, 12, seen, rows[0], NULL), KEHU_OK);
    for (int l = 0; l < KEHU_LEVEL_COUNT; l++)
        shares += rows[1][l].share;
    assert_true(near(shares, 1, 1e-15));
    assert_int_equal(rows[1][0].n_rows, 10);
    assert_int_equal(rows[1][4].n_rows, 2);
    assert_int_equal(rows[1][4].n_known, 1);
    assert_true(near(rows[1][0].mean_probability, 0.1, 1e-15));
    assert_true(near(rows[1][0].observed_rate, 0.1, 1e-15));
    /* Wilson's interval of 1 in 10, as R's binom package (method "wilson") has it. */
    assert_true(near(rows[1][0].low, 0.01787621, 1e-8));
    assert_true(near(rows[1][0].high, 0.4041500, 1e-7));
    assert_true(near(rows[1][0].lift, 0.1 / (1.0 / 11), 1e-12));
    assert_int_equal(rows[1][2].n_rows, 0);
    assert_true(near(rows[1][2].high, 1, 0));
    kehu_levels_free(levels);
}

static void test_levels_by_quantile_and_lift(void **state)
{
    const kehu_levels_options quantile = {
        .size = sizeof quantile, .mode = KEHU_LEVEL_QUANTILE, .names = {[0] = "cold"}};
    const kehu_levels_options lift = {
        .size = sizeof lift, .mode = KEHU_LEVEL_LIFT, .cuts = {.5, 1, 1.5, 3}};
    kehu_levels *levels;
    uint8_t grades[5];
    (void)state;
    assert_int_equal(kehu_levels_fit(&levels, five, 5, 1, &quantile, NULL), KEHU_OK);
    assert_int_equal(kehu_levels_grade(levels, five, 5, grades, NULL), KEHU_OK);
    for (uint8_t i = 0; i < 5; i++)
        assert_int_equal(grades[i], i);
    assert_string_equal(kehu_levels_name(levels, 0), "cold");
    assert_string_equal(kehu_levels_name(levels, 1), "occasional");
    kehu_levels_free(levels);
    assert_int_equal(kehu_levels_fit(&levels, five, 5, 1, &lift, NULL), KEHU_OK);
    assert_true(near(kehu_levels_cut(levels, 0, 3), 3 * 2.59 / 5, 1e-15));
    assert_int_equal(kehu_levels_grade(levels, five, 5, grades, NULL), KEHU_OK);
    assert_int_equal(grades[4], 3);
    kehu_levels_free(levels);
}

static void test_levels_refuse_bad_input(void **state)
{
    const double bad[] = {0.5, (double)NAN};
    const kehu_levels_options falling = {.size = sizeof falling,
                                         .cuts = {.2, .2, .6, .8}};
    const kehu_levels_options empty = {.size = sizeof empty, .names = {"", "b"}};
    const kehu_levels_options quantile = {.size = sizeof quantile,
                                          .mode = KEHU_LEVEL_QUANTILE};
    const int32_t seen[] = {1};
    kehu_level_row rows[KEHU_LEVEL_COUNT];
    kehu_levels *levels;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_levels_fit(&levels, bad, 2, 1, NULL, &err), KEHU_RANGE);
    assert_null(levels);
    assert_int_equal(err.where, 1);
    assert_string_equal(err.message, "probability 0 of row 1 is not inside 0 to 1");
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 1, &falling, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "cuts[1] is not above the one before it and below 1");
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 1, &empty, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "names[0] is empty");
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 1, &quantile, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "quantile levels need rows to be fitted on");
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 0, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 1, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_levels_report(levels, five, 1, seen, rows, &err), KEHU_RANGE);
    assert_string_equal(err.message, "observed[0] is 1, expected -1 to 0");
    kehu_levels_free(levels);
}

static void test_levels_survive_every_refused_allocation(void **state)
{
    const kehu_levels_options base = {.size = sizeof base, .mode = KEHU_LEVEL_QUANTILE};
    (void)state;
    for (long refuse = 0;; refuse++) {
        faulty f;
        kehu_levels_options options = base;
        kehu_levels *levels;
        kehu_status status;
        options.alloc = faulty_init(&f, refuse);
        status = kehu_levels_fit(&levels, five, 5, 1, &options, NULL);
        kehu_levels_free(levels);
        assert_int_equal(f.live_blocks, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
        assert_null(levels);
    }
}

/* Six customers, two classes, in segments 1, 0, 1, none, 1, 0. */
static const double six[] = {.9, .1, .5, .5, .3, .7, .2, .8, .85, .15, .5, .5};
static const int32_t six_seen[] = {0, 1, 1, 0, 0, -1},
                     six_segments[] = {1, 0, 1, -1, 1, 0};

/* Field by field: what lies between them is anyone's guess. */
static void same_row(const kehu_level_row *a, const kehu_level_row *b)
{
    assert_int_equal(a->class_number, b->class_number);
    assert_int_equal(a->level, b->level);
    assert_int_equal(a->mode, b->mode);
    assert_string_equal(a->name, b->name);
    assert_true(a->from == b->from && a->to == b->to);
    assert_int_equal(a->n_rows, b->n_rows);
    assert_true(a->share == b->share && a->mean_probability == b->mean_probability);
    assert_int_equal(a->n_known, b->n_known);
    assert_true(a->observed_rate == b->observed_rate && a->lift == b->lift);
    assert_true(a->low == b->low && a->high == b->high);
}

static void test_levels_report_each_segment_as_if_alone(void **state)
{
    static const int members[2][3] = {{1, 5, -1}, {0, 2, 4}};
    kehu_level_row rows[2][2][KEHU_LEVEL_COUNT], alone[2][KEHU_LEVEL_COUNT];
    kehu_levels *levels;
    kehu_error err;
    int32_t wrong[] = {1, 0, 1, -1, 2, 0};
    (void)state;
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 2, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_levels_report_segments(levels, six, 6, six_seen, six_segments,
                                                 2, rows[0][0], NULL),
                     KEHU_OK);
    for (int s = 0; s < 2; s++) {
        double p[6];
        int32_t seen[3];
        int n = 0;
        for (int i = 0; i < 3 && members[s][i] >= 0; i++, n++) {
            p[2 * n] = six[2 * members[s][i]];
            p[2 * n + 1] = six[2 * members[s][i] + 1];
            seen[n] = six_seen[members[s][i]];
        }
        assert_int_equal(kehu_levels_report(levels, p, n, seen, alone[0], NULL), KEHU_OK);
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < KEHU_LEVEL_COUNT; i++)
                same_row(&alone[k][i], &rows[s][k][i]);
    }
    assert_int_equal(
        kehu_levels_report_segments(levels, six, 6, six_seen, wrong, 2, rows[0][0], &err),
        KEHU_RANGE);
    assert_string_equal(err.message, "segments[4] is 2, expected -1 to 1");
    assert_int_equal(err.where, 4);
    assert_int_equal(
        kehu_levels_report_segments(levels, six, 6, six_seen, NULL, 2, rows[0][0], &err),
        KEHU_ARGUMENT);
    assert_int_equal(kehu_levels_report_segments(levels, six, 6, six_seen, wrong, 1000001,
                                                 rows[0][0], &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_segments is 1000001, expected 0 to 1000000");
    kehu_levels_free(levels);
}

typedef struct text {
    char bytes[8192];
    size_t size;
} text;

static int to_text(void *ctx, const void *bytes, size_t size)
{
    text *t = ctx;
    assert_true(t->size + size < sizeof t->bytes);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    t->bytes[t->size] = '\0';
    return 0;
}

static void test_levels_report_becomes_columns_and_json(void **state)
{
    static const char *const classes[] = {"hall", "app"}, *const segments[] = {"北",
                                                                               "南"};
    kehu_level_row rows[2][2][KEHU_LEVEL_COUNT];
    kehu_levels *levels;
    kehu_table *table;
    text json = {.size = 0};
    const kehu_writer writer = {to_text, &json};
    (void)state;
    assert_int_equal(kehu_levels_fit(&levels, NULL, 0, 2, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_levels_report_segments(levels, six, 6, six_seen, six_segments,
                                                 2, rows[0][0], NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_levels_table(&table, levels, rows[0][0], 2, classes, segments, NULL, NULL),
        KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 20);
    assert_int_equal(kehu_table_column_count(table), 15);
    const kehu_column *share = kehu_table_find(table, "share");
    for (int i = 0; i < 20; i++)
        assert_true(((const double *)share->data)[i] ==
                    rows[i / 10][i / 5 % 2][i % 5].share);
    assert_int_equal(kehu_table_write_json(table, &writer, NULL, NULL), KEHU_OK);
    assert_non_null(
        strstr(json.bytes,
               "{\"segment\":\"南\",\"class\":\"hall\",\"level\":4,\"name\":"
               "\"reliant\",\"mode\":\"absolute\",\"from\":0.8,\"to\":1,\"n_rows\":2,"));
    kehu_table_free(table);
    json.size = 0;
    assert_int_equal(
        kehu_levels_table(&table, levels, rows[0][0], 1, NULL, NULL, NULL, NULL),
        KEHU_OK);
    assert_int_equal(kehu_table_column_count(table), 14);
    assert_int_equal(kehu_table_write_json(table, &writer, NULL, NULL), KEHU_OK);
    assert_non_null(strstr(json.bytes, "{\"class\":\"1\",\"level\":0,"));
    kehu_table_free(table);
    for (long refuse_at = 0;; refuse_at++) {
        faulty f;
        const kehu_allocator *alloc = faulty_init(&f, refuse_at);
        const kehu_status status = kehu_levels_table(&table, levels, rows[0][0], 2,
                                                     classes, segments, alloc, NULL);
        kehu_table_free(table);
        assert_int_equal(f.live_blocks, 0);
        if (status == KEHU_OK) {
            assert_true(refuse_at > 15);
            break;
        }
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    kehu_levels_free(levels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_report_each_segment_as_if_alone),
        cmocka_unit_test(test_levels_report_becomes_columns_and_json),
        cmocka_unit_test(test_levels_cut_at_fifths_by_default),
        cmocka_unit_test(test_levels_report_shares_rates_and_intervals),
        cmocka_unit_test(test_levels_by_quantile_and_lift),
        cmocka_unit_test(test_levels_refuse_bad_input),
        cmocka_unit_test(test_levels_survive_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
