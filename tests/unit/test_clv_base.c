#include <kehu/clv.h>

#include <stdbool.h>
#include <string.h>

#include "support/test.h"

/* What an out parameter holds before a call that must clear it. */
static char not_null;

enum { N = 10, END = 110 };

/* Customer 5: days 40 (3 + 4), 54 (10), 54 (20), 89 (-5 and 9), 96 (a return
 * alone); customer -2: day 103 once; customer 8: day 111, after the end; one
 * row without customer; customer 9: a return alone. */
static const int64_t KEYS[N] = {5, 5, -2, 5, 5, 5, 8, 0, 5, 9};
static const int32_t DAYS[N] = {40, 54, 103, 40, 54, 89, 111, 50, 96, 60};
static const int64_t CENTS[N] = {3, 10, 7, 4, 20, -5, 50, 1, -2, -4};
static const uint8_t PRESENT[2] = {0x7F, 0xFF};

static const kehu_column customer = {
    .type = KEHU_INT64, .length = N, .data = KEYS, .validity = PRESENT};
static const kehu_column day = {.type = KEHU_DATE32, .length = N, .data = DAYS};
static const kehu_column money = {.type = KEHU_INT64, .length = N, .data = CENTS};
static const kehu_rfm_batch TEN = {.customer = &customer, .time = &day, .amount = &money};

static kehu_clv_base *new_base(const kehu_clv_base_options *opt)
{
    kehu_clv_base *base = NULL;
    assert_int_equal(kehu_clv_base_new(&base, END, opt, NULL), KEHU_OK);
    return base;
}

static kehu_status add_one(kehu_clv_base *base, int64_t key, int32_t when, int64_t cents)
{
    const kehu_column k = {.type = KEHU_INT64, .length = 1, .data = &key},
                      t = {.type = KEHU_DATE32, .length = 1, .data = &when},
                      m = {.type = KEHU_INT64, .length = 1, .data = &cents};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m};
    return kehu_clv_base_add(base, &b, NULL);
}

static void test_clv_base_folds_days_into_a_row(void **state)
{
    kehu_clv_base *base = new_base(NULL);
    kehu_clv_columns c;
    kehu_column keys;
    (void)state;
    assert_int_equal(kehu_clv_base_add(base, &TEN, NULL), KEHU_OK);
    assert_int_equal(add_one(base, 5, 89, 9), KEHU_OK);
    assert_int_equal(kehu_clv_base_finish(base, &c, &keys, NULL), KEHU_OK);
    assert_int_equal(c.n, 2);
    assert_memory_equal(keys.data, ((int64_t[]){-2, 5}), 16);
    assert_true(c.frequency[0] == 0 && c.recency[0] == 0 && c.age[0] == 1 &&
                c.spend[0] == 0);
    /* Repeats on days 54 and 89: 30 and 4. */
    assert_true(c.frequency[1] == 2 && c.recency[1] == 7 && c.age[1] == 10 &&
                c.spend[1] == 17);
    assert_null(c.weight);
    /* More rows later; the end day itself counts. */
    assert_int_equal(add_one(base, -2, END, 100), KEHU_OK);
    assert_int_equal(kehu_clv_base_finish(base, &c, NULL, NULL), KEHU_OK);
    assert_true(c.frequency[0] == 1 && c.recency[0] == 1 && c.age[0] == 1 &&
                c.spend[0] == 100);
    kehu_clv_base_free(base);
}

static void test_clv_base_takes_text_and_other_periods(void **state)
{
    static const int32_t at[5] = {0, 2, 3, 5, 6};
    static const int64_t times[4] = {INT64_C(8640000000000), INT64_C(8640000000000) - 1,
                                     INT64_C(8726400000000), INT64_C(9072000000000)};
    const kehu_column k = {.type = KEHU_UTF8,
                           .length = 4,
                           .data = "B2AB2A",
                           .offsets = at},
                      t = {.type = KEHU_TIMESTAMP, .length = 4, .data = times},
                      m = {.type = KEHU_INT64, .length = 4, .data = CENTS};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m};
    const kehu_clv_base_options opt = {.size = sizeof opt, .period_days = 0.5};
    kehu_clv_base *base = new_base(&opt);
    kehu_clv_columns c;
    kehu_column keys;
    (void)state;
    assert_int_equal(kehu_clv_base_add(base, &b, NULL), KEHU_OK);
    assert_int_equal(kehu_clv_base_finish(base, &c, &keys, NULL), KEHU_OK);
    assert_int_equal(keys.type, KEHU_LARGE_UTF8);
    assert_memory_equal(keys.data, "AB2", 3);
    assert_memory_equal(keys.offsets, ((int64_t[]){0, 1, 3}), 24);
    /* A: days 99 and 105; B2: days 100 and 101. */
    assert_true(c.recency[0] == 12 && c.age[0] == 22 && c.spend[0] == 4);
    assert_true(c.recency[1] == 2 && c.age[1] == 20 && c.spend[1] == 7);
    kehu_clv_base_free(base);
}

static void test_clv_base_says_what_is_wrong(void **state)
{
    const kehu_clv_base_options bad = {.size = sizeof bad, .period_days = -1},
                                late = {.size = sizeof late, .day_offset_minutes = 2000};
    kehu_clv_base *base = (kehu_clv_base *)(void *)&not_null;
    kehu_clv_columns c;
    kehu_column no_time = day;
    kehu_rfm_batch b = TEN;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_clv_base_new(&base, END, &bad, &err), KEHU_ARGUMENT);
    assert_null(base);
    assert_string_equal(err.message, "period_days is not above 0 and at most 1000000");
    assert_int_equal(kehu_clv_base_new(&base, END, &late, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "day_offset_minutes is 2000, expected -1440 to 1440");
    base = new_base(NULL);
    assert_int_equal(kehu_clv_base_finish(base, &c, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "no purchase up to day 110");
    no_time.validity = PRESENT;
    no_time.length = N;
    b.customer = &money; /* every row has one, row 7 has no time */
    b.time = &no_time;
    assert_int_equal(kehu_clv_base_add(base, &b, &err), KEHU_DATA);
    assert_int_equal(err.where, 7);
    assert_string_equal(err.message, "row 7 has no time");
    b = TEN;
    b.amount = NULL;
    assert_int_equal(kehu_clv_base_add(base, &b, &err), KEHU_ARGUMENT);
    assert_int_equal(add_one(base, 1, 60, -4), KEHU_OK);
    assert_int_equal(kehu_clv_base_finish(base, &c, NULL, &err), KEHU_EMPTY);
    assert_int_equal(kehu_clv_base_finish(base, NULL, NULL, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_clv_base_add(base, NULL, NULL), KEHU_ARGUMENT);
    kehu_clv_base_free(base);
    kehu_clv_base_free(NULL);
}

static kehu_status whole_life(const kehu_allocator *alloc)
{
    const kehu_clv_base_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_clv_base *base = (kehu_clv_base *)(void *)&not_null;
    kehu_clv_columns c;
    kehu_column keys;
    kehu_status status = kehu_clv_base_new(&base, END, &opt, NULL);
    if (status != KEHU_OK) {
        assert_null(base);
        return status;
    }
    status = kehu_clv_base_add(base, &TEN, NULL);
    if (status == KEHU_OK)
        status = kehu_clv_base_finish(base, &c, &keys, NULL);
    kehu_clv_base_free(base);
    return status;
}

static void test_clv_base_survives_every_refused_allocation(void **state)
{
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        status = whole_life(faulty_init(&f, n));
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clv_base_folds_days_into_a_row),
        cmocka_unit_test(test_clv_base_takes_text_and_other_periods),
        cmocka_unit_test(test_clv_base_says_what_is_wrong),
        cmocka_unit_test(test_clv_base_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
