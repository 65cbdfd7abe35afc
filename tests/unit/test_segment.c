#include <kehu/segment.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/kept.h"
#include "support/test.h"

/* What an out parameter holds before a call that must clear it. */
static char not_null;

static kehu_segments *parse(const char *text)
{
    kehu_segments *t = NULL;
    kehu_error err;
    if (kehu_segments_read(&t, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return t;
}

/* Four customers: age 20, 35, missing, 70; region 北京, "", Inner Mongolia, 天津;
 * orders 1, 5, 2, 9. */
static const double AGE[4] = {20, 35, NAN, 70};
static const char REGION[] = "北京Inner Mongolia天津";
static const int32_t REGION_AT[5] = {0, 6, 6, 20, 26};
static const int64_t ORDERS[4] = {1, 5, 2, 9};
static const kehu_column FOUR[3] = {
    {.name = "age", .type = KEHU_FLOAT64, .length = 4, .data = AGE},
    {.name = "region",
     .type = KEHU_UTF8,
     .length = 4,
     .data = REGION,
     .offsets = REGION_AT},
    {.name = "orders", .type = KEHU_INT64, .length = 4, .data = ORDERS}};

/* Which of the four rows a condition holds for, as letters. */
static void check_condition(const char *condition, const char *rows)
{
    char text[512];
    kehu_segments *t;
    kehu_error err;
    int32_t codes[4];
    char found[5] = "";
    size_t n = 0;
    snprintf(text, sizeof text, "yes: %s\nno: otherwise\n", condition);
    t = parse(text);
    if (kehu_segments_assign(t, FOUR, 3, codes, &err) != KEHU_OK)
        fail_msg("%s: %s", condition, err.message);
    for (int i = 0; i < 4; i++)
        if (codes[i] == 0)
            found[n++] = (char)('a' + i);
    found[n] = '\0';
    assert_string_equal(found, rows);
    kehu_segments_free(t);
}

static void test_segments_conditions_hold_where_they_should(void **state)
{
    (void)state;
    check_condition("age < 35", "a");
    check_condition("age <= 35", "ab");
    check_condition("age > 35", "d");
    check_condition("age >= 3.5e1", "bd");
    check_condition("age = 35", "b");
    check_condition("age != 35", "ad");
    check_condition("age in 20..35", "ab");
    check_condition("age in -1..+20", "a");
    check_condition("age in (70, 20)", "ad");
    check_condition("age is missing", "c");
    check_condition("not age < 35", "bcd");
    check_condition("region = 北京", "a");
    check_condition("region != 北京", "cd");
    check_condition("region in (天津, \"Inner Mongolia\")", "cd");
    check_condition("region in（天津、北京）", "ad");
    check_condition("region = \"\"", "b");
    check_condition("region is missing", "b");
    check_condition("orders > 1 and age > 30", "bd");
    check_condition("orders = 1 or orders = 2 and age is missing", "ac");
    check_condition("(orders = 1 or orders = 2) and age is missing", "c");
    check_condition("not (orders = 1 or orders = 2)", "bd");
    check_condition("not not orders=1", "a");
    check_condition("\"orders\">=9 or age<21", "ad");
    check_condition("otherwise", "abcd");
}

static void test_segments_first_match_wins(void **state)
{
    kehu_segments *t = parse("\xEF\xBB\xBF# a comment\r\n\r\n"
                             "young : age < 40\r\n"
                             "高频：orders >= 5\r\n"
                             "  young: orders = 2\r\n");
    int32_t codes[4];
    kehu_segment_reason why;
    (void)state;
    assert_int_equal(kehu_segments_count(t), 2);
    assert_string_equal(kehu_segments_get_name(t, 0), "young");
    assert_string_equal(kehu_segments_get_name(t, 1), "高频");
    assert_null(kehu_segments_get_name(t, 2));
    assert_null(kehu_segments_get_name(t, -1));
    assert_int_equal(kehu_segments_count_fields(t), 2);
    assert_string_equal(kehu_segments_get_field(t, 0), "age");
    assert_string_equal(kehu_segments_get_field(t, 1), "orders");
    assert_null(kehu_segments_get_field(t, 2));
    assert_int_equal(kehu_segments_assign(t, FOUR, 3, codes, NULL), KEHU_OK);
    assert_memory_equal(codes, ((int32_t[]){0, 0, 0, 1}), sizeof codes);
    assert_int_equal(kehu_segments_explain(t, FOUR, 3, 2, &why, NULL), KEHU_OK);
    assert_int_equal(why.segment, 0);
    assert_int_equal(why.line, 5);
    assert_string_equal(why.rule, "young: orders = 2");
    kehu_segments_free(t);
}

static void check_bad(const char *text, kehu_status status, int64_t line,
                      const char *message)
{
    kehu_segments *t = (kehu_segments *)(void *)&not_null;
    kehu_error err = {0};
    assert_int_equal(kehu_segments_read(&t, text, strlen(text), NULL, &err), status);
    assert_null(t);
    assert_int_equal(err.where, line);
    assert_string_equal(err.message, message);
}

static void test_segments_name_the_bad_line(void **state)
{
    (void)state;
    check_bad("", KEHU_EMPTY, -1, "the rule table has no rule");
    check_bad("# only\n", KEHU_EMPTY, -1, "the rule table has no rule");
    check_bad("a: x = 1\nno colon\n", KEHU_FORMAT, 1,
              "line 2: expected a name, a colon and a condition");
    check_bad(" : x = 1\n", KEHU_FORMAT, 0,
              "line 1: expected a name, a colon and a condition");
    check_bad("a:\n", KEHU_FORMAT, 0, "line 1: expected a field at its end");
    check_bad("a: 5 = x\n", KEHU_FORMAT, 0, "line 1: expected a field at '5'");
    check_bad("a: x\n", KEHU_FORMAT, 0,
              "line 1: expected =, !=, <, <=, >, >=, 'in' or 'is' at its end");
    check_bad("a: x ~ 1\n", KEHU_FORMAT, 0,
              "line 1: expected =, !=, <, <=, >, >=, 'in' or 'is' at '~'");
    check_bad("a: x =\n", KEHU_FORMAT, 0, "line 1: expected a value at its end");
    check_bad("a: x = 1e999\n", KEHU_FORMAT, 0, "line 1: expected a number at '1e999'");
    check_bad("a: x in 1\n", KEHU_FORMAT, 0,
              "line 1: expected '..' or a list in parentheses at its end");
    check_bad("a: x in 5..1\n", KEHU_FORMAT, 0, "line 1: '..' needs two rising numbers");
    check_bad("a: x in b..c\n", KEHU_FORMAT, 0, "line 1: '..' needs two rising numbers");
    check_bad("a: x in (1, )\n", KEHU_FORMAT, 0, "line 1: expected a value at ')'");
    check_bad("a: x in (1 2)\n", KEHU_FORMAT, 0, "line 1: expected ',' or ')' at '2'");
    check_bad("a: x is here\n", KEHU_FORMAT, 0, "line 1: expected 'missing' at 'here'");
    check_bad("a: (x = 1\n", KEHU_FORMAT, 0, "line 1: expected ')' at its end");
    check_bad("a: x = 1 y = 2\n", KEHU_FORMAT, 0,
              "line 1: expected 'and', 'or' or the end at 'y'");
    check_bad("a: x = \"1\n", KEHU_FORMAT, 0, "line 1: a quote is not closed");
    check_bad("a: x = 1\n\na: x = \xFF\n", KEHU_ENCODING, 2,
              "line 3 is not valid UTF-8 text");
}

static void test_segments_hold_to_their_limits(void **state)
{
    enum { SIZE = (1 << 20) + 1 };
    char *text = malloc(SIZE);
    size_t n = 0;
    kehu_segments *t = NULL;
    kehu_error err;
    (void)state;
    assert_non_null(text);
    memset(text, '#', SIZE);
    assert_int_equal(kehu_segments_read(&t, text, SIZE, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "the rule table has 1048577 bytes, at most 1048576");
    for (int i = 0; i < 65; i++)
        n += (size_t)sprintf(text + n, "a: field%d = 1\n", i);
    assert_int_equal(kehu_segments_read(&t, text, n, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "line 65: more than 64 fields");
    n = 0;
    for (int i = 0; i < 4097; i++)
        n += (size_t)sprintf(text + n, "a: x = 1\n");
    assert_int_equal(kehu_segments_read(&t, text, n, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "line 4097: more than 4096 rules");
    n = (size_t)sprintf(text, "a: x = 1");
    for (int i = 0; i < 100; i++)
        n += (size_t)sprintf(text + n, " and x = 1");
    assert_int_equal(kehu_segments_read(&t, text, n, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "line 1: more than 200 conditions");
    n = (size_t)sprintf(text, "a: ");
    for (int i = 0; i < 40; i++)
        n += (size_t)sprintf(text + n, "not ");
    assert_int_equal(kehu_segments_read(&t, text, n, NULL, &err), KEHU_LIMIT);
    assert_string_equal(err.message, "line 1: nested deeper than 32");
    assert_null(t);
    free(text);
}

static void check_assign(const char *text, const kehu_column *columns, size_t n,
                         kehu_status status, int64_t where, const char *message)
{
    kehu_segments *t = parse(text);
    kehu_error err = {0};
    int32_t codes[4];
    assert_int_equal(kehu_segments_assign(t, columns, n, codes, &err), status);
    assert_int_equal(err.where, where);
    assert_string_equal(err.message, message);
    kehu_segments_free(t);
}

static void test_segments_assign_says_what_is_wrong(void **state)
{
    kehu_column twice[2] = {FOUR[0], FOUR[0]}, shorter[2] = {FOUR[0], FOUR[2]};
    (void)state;
    shorter[1].length = 3;
    check_assign("a: city = x", FOUR, 3, KEHU_COLUMN, -1,
                 "no column city, which the rules use");
    check_assign("a: age = 1", twice, 2, KEHU_COLUMN, -1, "two columns are called age");
    check_assign("a: otherwise", shorter, 2, KEHU_ARGUMENT, -1,
                 "column 1 has 3 rows, the first has 4");
    check_assign("a: otherwise\nb: age = old", FOUR, 3, KEHU_COLUMN, -1,
                 "line 2: age is numbers, 'old' is not one");
    check_assign("a: region < 5", FOUR, 3, KEHU_COLUMN, -1,
                 "line 1: region is text and has no order");
    check_assign("a: age < 30\nb: age > 60", FOUR, 3, KEHU_DATA, 1,
                 "row 1 matches no rule; a last line 'name: otherwise' would");
    check_assign("a: otherwise", NULL, 1, KEHU_ARGUMENT, -1, "columns is NULL");
}

/* ---- RFM ---- */

static const int64_t NINE[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const int64_t BACK[9] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
static const kehu_rfm_columns CUSTOMERS = {9, NINE, BACK, BACK};

static kehu_rfm *fit(uint32_t levels)
{
    const kehu_rfm_options opt = {.size = sizeof opt,
                                  .recency_levels = levels,
                                  .orders_levels = levels,
                                  .spend_levels = levels};
    kehu_rfm *rfm = NULL;
    assert_int_equal(kehu_rfm_fit(&rfm, &CUSTOMERS, &opt, NULL), KEHU_OK);
    return rfm;
}

static void test_segments_ready_grid_covers_every_grade(void **state)
{
    /* The grid of kehu/segment.h, R from 5 down. */
    static const char *const grid[5][5] = {
        {"New", "Potential loyalist", "Potential loyalist", "Champions", "Champions"},
        {"Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"},
        {"About to sleep", "About to sleep", "Needs attention", "Loyal", "Loyal"},
        {"Hibernating", "Hibernating", "At risk", "At risk", "Can't lose"},
        {"Lost", "Lost", "At risk", "At risk", "Can't lose"}};
    kehu_segments *t = parse(kehu_segments_builtin("rfm_grid"));
    kehu_segments *all = parse(kehu_segments_builtin("rfm_intervals"));
    kehu_rfm *rfm = fit(5), *seven = fit(7);
    kehu_error err;
    (void)state;
    assert_null(kehu_segments_builtin("other"));
    assert_null(kehu_segments_builtin(NULL));
    assert_int_equal(kehu_segments_count(t), 11);
    assert_int_equal(kehu_segments_count(all), 12);
    assert_int_equal(kehu_segments_check_rfm(t, rfm, NULL), KEHU_OK);
    assert_int_equal(kehu_segments_check_rfm(all, seven, NULL), KEHU_OK);
    /* R 1..2: sums of F and M above 10, ten each; R 6..7: FM 1 and FM above 3. */
    assert_int_equal(kehu_segments_check_rfm(t, seven, &err), KEHU_DATA);
    assert_string_equal(err.message,
                        "no rule for R 1, F 4, M 7; 90 of 343 combinations have none");
    for (uint8_t r = 1; r <= 5; r++)
        for (uint8_t fm = 1; fm <= 5; fm++) {
            const kehu_column c[2] = {
                {.name = "R", .type = KEHU_UINT8, .length = 1, .data = &r},
                {.name = "FM", .type = KEHU_UINT8, .length = 1, .data = &fm}};
            int32_t code = -1;
            assert_int_equal(kehu_segments_assign(t, c, 2, &code, NULL), KEHU_OK);
            assert_string_equal(kehu_segments_get_name(t, code), grid[5 - r][fm - 1]);
        }
    kehu_rfm_free(seven);
    kehu_rfm_free(rfm);
    kehu_segments_free(all);
    kehu_segments_free(t);
}

/* Six customers, one for each line of the ready table. */
static void test_segments_ready_behaviour_table_takes_everyone(void **state)
{
    static const int64_t orders[6] = {1, 9, 4, 6, 1, 2};
    static const int64_t spend[6] = {100, 500000, 4000, 90000, 100, 3000};
    static const double share[6] = {0, 1, 0.5, 0.1, 1, (double)NAN};
    static const int32_t referrals[6] = {2, 0, 0, 1, 0, 0};
    const kehu_column c[4] = {
        {.name = "orders", .type = KEHU_INT64, .length = 6, .data = orders},
        {.name = "spend", .type = KEHU_INT64, .length = 6, .data = spend},
        {.name = "discount_share", .type = KEHU_FLOAT64, .length = 6, .data = share},
        {.name = "referrals", .type = KEHU_INT32, .length = 6, .data = referrals}};
    kehu_segments *t = parse(kehu_segments_builtin("behaviour"));
    int32_t codes[6];
    (void)state;
    assert_int_equal(kehu_segments_assign(t, c, 4, codes, NULL), KEHU_OK);
    assert_memory_equal(codes, ((int32_t[]){0, 1, 2, 3, 4, 5}), sizeof codes);
    assert_string_equal(kehu_segments_get_name(t, 2), "Discount seeker");
    kehu_segments_free(t);
}

/* Region, age and amount tiers side by side; a gap names the row. */
static void test_segments_cut_regions_ages_and_tiers(void **state)
{
    static const char region[] = "北京上海天津";
    static const int32_t ends[4] = {0, 6, 12, 18};
    static const double age[3] = {17, 30, 64};
    static const int64_t spend[3] = {999, 1000, 20000};
    const kehu_column c[3] = {
        {.name = "region",
         .type = KEHU_UTF8,
         .length = 3,
         .data = region,
         .offsets = ends},
        {.name = "age", .type = KEHU_FLOAT64, .length = 3, .data = age},
        {.name = "spend", .type = KEHU_INT64, .length = 3, .data = spend}};
    kehu_segments *t = parse("north, grown up: region in (北京, 天津) and age >= 18\n"
                             "upper tier: spend >= 10000\n"
                             "middle tier: spend in 1000..9999\n"
                             "lower tier: spend < 1000\n");
    int32_t codes[3];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_segments_assign(t, c, 3, codes, NULL), KEHU_OK);
    assert_memory_equal(codes, ((int32_t[]){3, 2, 0}), sizeof codes);
    kehu_segments_free(t);
    t = parse("upper tier: spend >= 10000\nmiddle tier: spend in 1000..9999\n");
    assert_int_equal(kehu_segments_assign(t, c, 3, codes, &err), KEHU_DATA);
    assert_int_equal(err.where, 0);
    kehu_segments_free(t);
}

static void test_segments_grades_and_fields_agree(void **state)
{
    /* The same rules by look-up and, with a harmless field, row by row. */
    static const char rules[] = "best: R >= 4 and FM >= 4 and M = 5\n"
                                "mid: R in 2..4 and not F = 1\nrest: otherwise\n";
    static const char longer[] = "never: spend < 0 or recency_days < 0 or orders < 0\n";
    char both[256];
    kehu_segments *t = parse(rules), *u;
    kehu_rfm *rfm = fit(5);
    int32_t a[9], b[9];
    (void)state;
    snprintf(both, sizeof both, "%s%s", longer, rules);
    u = parse(both);
    assert_int_equal(kehu_segments_assign_rfm(t, rfm, &CUSTOMERS, NULL, 0, a, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_segments_assign_rfm(u, rfm, &CUSTOMERS, NULL, 0, b, NULL),
                     KEHU_OK);
    for (int i = 0; i < 9; i++)
        assert_string_equal(kehu_segments_get_name(t, a[i]),
                            kehu_segments_get_name(u, b[i]));
    assert_string_equal(kehu_segments_get_name(t, a[0]), "best");
    assert_string_equal(kehu_segments_get_name(t, a[8]), "rest");
    kehu_rfm_free(rfm);
    kehu_segments_free(u);
    kehu_segments_free(t);
}

static void test_segments_take_the_callers_columns_beside_rfm(void **state)
{
    const uint8_t age[9] = {18, 30, 40, 18, 30, 40, 18, 30, 40};
    const kehu_column more = {
        .name = "age", .type = KEHU_UINT8, .length = 9, .data = age};
    kehu_segments *t = parse("young and good: age < 20 and R >= 3\n"
                             "big: spend >= 8\nothers: otherwise\n");
    kehu_rfm *rfm = fit(5);
    int32_t codes[9];
    kehu_segment_total totals[3];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_segments_assign_rfm(t, rfm, &CUSTOMERS, &more, 1, codes, NULL),
                     KEHU_OK);
    assert_memory_equal(codes, ((int32_t[]){0, 1, 2, 0, 2, 2, 2, 2, 2}), sizeof codes);
    assert_int_equal(kehu_segments_get_totals(t, codes, &CUSTOMERS, totals, NULL),
                     KEHU_OK);
    assert_int_equal(totals[0].customers, 2);
    assert_int_equal(totals[0].spend, 15);
    assert_int_equal(totals[1].orders, 8);
    assert_int_equal(totals[2].customers, 6);
    assert_int_equal(kehu_segments_assign_rfm(t, rfm, &CUSTOMERS, NULL, 0, codes, &err),
                     KEHU_COLUMN);
    assert_string_equal(err.message, "no column age, which the rules use");
    assert_int_equal(kehu_segments_check_rfm(t, rfm, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "the rules use age, which is no grade");
    kehu_rfm_free(rfm);
    kehu_segments_free(t);
}

static void test_segments_totals_check_codes_and_sums(void **state)
{
    static const int64_t most[2] = {INT64_MAX, 1};
    const kehu_rfm_columns c = {2, most, NINE, most};
    kehu_segments *t = parse("a: x = 1\n");
    kehu_segment_total totals[1];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_segments_get_totals(t, (int32_t[]){0, 1}, &c, totals, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "code of row 1 is 1, expected 0 to 0");
    assert_int_equal(kehu_segments_get_totals(t, (int32_t[]){0, 0}, &c, totals, &err),
                     KEHU_RANGE);
    assert_string_equal(err.message, "the sum of segment 0 leaves 64 bits at row 1");
    kehu_segments_free(t);
}

/* ---- Migration ---- */

static void test_segments_show_who_moved(void **state)
{
    static const int64_t before[4] = {-5, 1, 2, 9}, after[4] = {1, 2, 3, 9};
    const kehu_column x = {.type = KEHU_INT64, .length = 4, .data = before},
                      y = {.type = KEHU_INT64, .length = 4, .data = after};
    kehu_segments *t = parse("a: x = 1\nb: x = 2\n");
    int64_t matrix[9];
    (void)state;
    assert_int_equal(kehu_segments_get_migration(t, &x, (int32_t[]){0, 0, 1, 1}, &y,
                                                 (int32_t[]){1, 1, 0, 0}, matrix, NULL),
                     KEHU_OK);
    assert_memory_equal(matrix, ((int64_t[]){0, 1, 1, 1, 1, 0, 1, 0, 0}), sizeof matrix);
    kehu_segments_free(t);
}

static void test_segments_migration_takes_text_and_checks_order(void **state)
{
    static const int64_t falling[2] = {2, 1};
    const kehu_column x = {.type = KEHU_UTF8,
                           .length = 2,
                           .data = "abc",
                           .offsets = (int32_t[]){0, 1, 3}},
                      y = {.type = KEHU_LARGE_UTF8,
                           .length = 1,
                           .data = "bc",
                           .offsets = (int64_t[]){0, 2}},
                      down = {.type = KEHU_INT64, .length = 2, .data = falling};
    kehu_segments *t = parse("a: x = 1\n");
    int64_t matrix[4];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_segments_get_migration(t, &x, (int32_t[]){0, 0}, &y,
                                                 (int32_t[]){0}, matrix, NULL),
                     KEHU_OK);
    assert_memory_equal(matrix, ((int64_t[]){1, 1, 0, 0}), sizeof matrix);
    assert_int_equal(kehu_segments_get_migration(t, &down, (int32_t[]){0, 0}, &down,
                                                 (int32_t[]){0, 0}, matrix, &err),
                     KEHU_DATA);
    assert_int_equal(err.where, 1);
    assert_string_equal(err.message, "keys_before do not rise at row 1");
    assert_int_equal(kehu_segments_get_migration(t, &x, (int32_t[]){0, 0}, &down,
                                                 (int32_t[]){0, 0}, matrix, &err),
                     KEHU_COLUMN);
    assert_string_equal(err.message, "keys are text at one date only");
    kehu_segments_free(t);
}

/* ---- Files and memory ---- */

static int refuse(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    (void)bytes;
    (void)size;
    return 1;
}

static void test_segments_come_back_as_written(void **state)
{
    const char *text = kehu_segments_builtin("rfm_intervals");
    kehu_segments *t = parse(text), *back = NULL;
    char path[] = "segments-XXXXXX", message[64];
    kept m = {0};
    const kehu_writer w = {keep, &m}, closed = {refuse, NULL};
    kehu_error err;
    const int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(kehu_segments_save(t, path, NULL), KEHU_OK);
    assert_int_equal(kehu_segments_load(&back, path, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_segments_write(back, &w, NULL), KEHU_OK);
    assert_int_equal(m.size, strlen(text));
    assert_memory_equal(m.bytes, text, m.size);
    free(m.bytes);
    assert_int_equal(kehu_segments_write(back, &closed, &err), KEHU_IO);
    snprintf(message, sizeof message, "the writer refused %zu bytes", strlen(text));
    assert_string_equal(err.message, message);
    kehu_segments_free(back);
    assert_int_equal(kehu_segments_load(&back, "no-such-file", NULL, NULL),
                     KEHU_NOT_FOUND);
    assert_null(back);
    remove(path);
    kehu_segments_free(t);
    kehu_segments_free(NULL);
}

static kehu_status whole_life(const kehu_allocator *alloc, const kehu_rfm *rfm,
                              const char *path)
{
    static const char text[] = "a: R > 3 and orders in (1, 2, 3)\nb: not spend < 4 or "
                               "\"FM\" = 1\nc: otherwise\n";
    kehu_segments *t = NULL, *back = NULL;
    int32_t codes[9];
    kehu_status status = kehu_segments_read(&t, text, strlen(text), alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_segments_save(t, path, NULL);
    if (status == KEHU_OK)
        status = kehu_segments_load(&back, path, alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_segments_assign_rfm(back, rfm, &CUSTOMERS, NULL, 0, codes, NULL);
    kehu_segments_free(back);
    kehu_segments_free(t);
    return status;
}

static void test_segments_survive_every_refused_allocation(void **state)
{
    char path[] = "segments-oom-XXXXXX";
    kehu_rfm *rfm = fit(5);
    const int fd = mkstemp(path);
    long n = 0;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        status = whole_life(faulty_init(&f, n), rfm, path);
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 15);
    remove(path);
    kehu_rfm_free(rfm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_conditions_hold_where_they_should),
        cmocka_unit_test(test_segments_first_match_wins),
        cmocka_unit_test(test_segments_name_the_bad_line),
        cmocka_unit_test(test_segments_hold_to_their_limits),
        cmocka_unit_test(test_segments_assign_says_what_is_wrong),
        cmocka_unit_test(test_segments_ready_grid_covers_every_grade),
        cmocka_unit_test(test_segments_ready_behaviour_table_takes_everyone),
        cmocka_unit_test(test_segments_cut_regions_ages_and_tiers),
        cmocka_unit_test(test_segments_grades_and_fields_agree),
        cmocka_unit_test(test_segments_take_the_callers_columns_beside_rfm),
        cmocka_unit_test(test_segments_totals_check_codes_and_sums),
        cmocka_unit_test(test_segments_show_who_moved),
        cmocka_unit_test(test_segments_migration_takes_text_and_checks_order),
        cmocka_unit_test(test_segments_come_back_as_written),
        cmocka_unit_test(test_segments_survive_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
