#include <kehu/rfm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/random.h"
#include "support/kept.h"
#include "support/test.h"

/* What an out parameter holds before a call that must clear it. */
static char not_null;

enum { N = 9, AS_OF = 100 };

/* Nine transactions by hand:
 *   customer 7: orders 1 (days 90 and 91, 10 + 20), 2 (day 95, 5), return -4 on 99
 *   customer -3: order 1 (day 80, 100), order 3 (day 70, 1)
 *   customer 9: a return of -50 on day 98 only
 *   one row without customer, one of customer 7 on day 60 */
static const int64_t KEYS[N] = {7, -3, 7, 7, 9, 0, -3, 7, 7};
static const int32_t DAYS[N] = {90, 80, 91, 95, 98, 97, 70, 99, 60};
static const int64_t AMOUNTS[N] = {10, 100, 20, 5, -50, 1000, 1, -4, 7};
static const int32_t ORDERS[N] = {1, 1, 1, 2, 8, 9, 3, 4, 5};
static const uint8_t PRESENT[2] = {0xDF, 0xFF}; /* row 5 has no customer */

static const kehu_column customer = {
    .type = KEHU_INT64, .length = N, .data = KEYS, .validity = PRESENT};
static const kehu_column day = {.type = KEHU_DATE32, .length = N, .data = DAYS};
static const kehu_column amount = {.type = KEHU_INT64, .length = N, .data = AMOUNTS};
static const kehu_column order = {.type = KEHU_INT32, .length = N, .data = ORDERS};
static const kehu_rfm_batch NINE = {
    .customer = &customer, .time = &day, .amount = &amount, .order = &order};

static kehu_rfm_base *new_base(const kehu_rfm_base_options *opt)
{
    kehu_rfm_base *base = NULL;
    kehu_error err;
    if (kehu_rfm_base_new(&base, AS_OF, opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return base;
}

static void add(kehu_rfm_base *base, const kehu_rfm_batch *b)
{
    kehu_error err;
    if (kehu_rfm_base_add(base, b, &err) != KEHU_OK)
        fail_msg("%s", err.message);
}

static void check_customers(kehu_rfm_base *base, int64_t n, const int64_t *keys,
                            const int64_t *recency, const int64_t *orders,
                            const int64_t *spend)
{
    kehu_rfm_columns c;
    kehu_column k;
    assert_int_equal(kehu_rfm_base_finish(base, &c, &k, NULL), KEHU_OK);
    assert_int_equal(c.n, n);
    assert_int_equal(k.length, n);
    assert_int_equal(k.type, KEHU_INT64);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(((const int64_t *)k.data)[i], keys[i]);
        assert_int_equal(c.recency_days[i], recency[i]);
        assert_int_equal(c.orders[i], orders[i]);
        assert_int_equal(c.spend[i], spend[i]);
    }
}

/* ---- What counts ---- */

static void test_rfm_base_nets_returns_by_default(void **state)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .from_day = 61};
    kehu_rfm_base *base = new_base(&opt);
    kehu_rfm_base_counts counts;
    (void)state;
    add(base, &NINE);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 5}, (int64_t[]){2, 2},
                    (int64_t[]){101, 31});
    kehu_rfm_base_get_counts(base, &counts);
    assert_int_equal(counts.rows, N);
    assert_int_equal(counts.no_customer, 1);
    assert_int_equal(counts.before, 1);
    assert_int_equal(counts.after, 0);
    assert_int_equal(counts.returns, 2);
    assert_int_equal(counts.customers, 2);
    assert_int_equal(counts.only_returned, 1);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_counts_or_drops_returns(void **state)
{
    kehu_rfm_base_options opt = {
        .size = sizeof opt, .from_day = 61, .returns = KEHU_RFM_RETURNS_COUNT};
    kehu_rfm_base *base = new_base(&opt);
    (void)state;
    add(base, &NINE);
    check_customers(base, 3, (int64_t[]){-3, 7, 9}, (int64_t[]){20, 1, 2},
                    (int64_t[]){2, 3, 1}, (int64_t[]){101, 31, -50});
    kehu_rfm_base_free(base);
    opt.returns = KEHU_RFM_RETURNS_DROP;
    base = new_base(&opt);
    add(base, &NINE);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 5}, (int64_t[]){2, 2},
                    (int64_t[]){101, 35});
    kehu_rfm_base_free(base);
}

static void test_rfm_base_counts_rows_without_an_order_column(void **state)
{
    kehu_rfm_batch b = NINE;
    kehu_rfm_base *base = new_base(NULL);
    (void)state;
    b.order = NULL;
    add(base, &b);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 5}, (int64_t[]){2, 4},
                    (int64_t[]){101, 38});
    kehu_rfm_base_free(base);
}

static void test_rfm_base_takes_a_missing_order_id_as_an_order(void **state)
{
    static const uint8_t some[2] = {0xFA, 0xFF}; /* rows 0 and 2 have no id */
    kehu_column ids = order;
    kehu_rfm_batch b = NINE;
    kehu_rfm_base *base = new_base(NULL);
    (void)state;
    ids.validity = some;
    b.order = &ids;
    add(base, &b);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 5}, (int64_t[]){2, 4},
                    (int64_t[]){101, 38});
    kehu_rfm_base_free(base);
}

static void test_rfm_base_takes_marked_rows_as_returns(void **state)
{
    static const uint8_t marks[2] = {1 << 3, 0}; /* row 3, an amount of +5 */
    const kehu_column returned = {.type = KEHU_BOOL, .length = N, .data = marks};
    const kehu_rfm_base_options opt = {.size = sizeof opt,
                                       .returns = KEHU_RFM_RETURNS_DROP};
    kehu_rfm_batch b = NINE;
    kehu_rfm_base *base = new_base(&opt);
    (void)state;
    b.returned = &returned;
    add(base, &b);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 9}, (int64_t[]){2, 2},
                    (int64_t[]){101, 37});
    kehu_rfm_base_free(base);
}

static void test_rfm_base_keeps_to_its_window(void **state)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .from_day = 70, .to_day = 90};
    kehu_rfm_base *base = new_base(&opt);
    kehu_rfm_base_counts counts;
    (void)state;
    add(base, &NINE);
    check_customers(base, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 10}, (int64_t[]){2, 1},
                    (int64_t[]){101, 10});
    kehu_rfm_base_get_counts(base, &counts);
    assert_int_equal(counts.before, 1);
    assert_int_equal(counts.after, 4);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_starts_its_days_where_told(void **state)
{
    /* 15:59:59 and 16:00:00 UTC are before and after midnight in China. */
    const int64_t day_99 = 99 * KEHU__DAY_US;
    const int64_t times[2] = {day_99 + INT64_C(57599999999),
                              day_99 - INT64_C(28800000000)};
    const int32_t keys[2] = {1, 2};
    const int8_t money[2] = {3, 4};
    const kehu_column k = {.type = KEHU_INT32, .length = 2, .data = keys},
                      t = {.type = KEHU_TIMESTAMP, .length = 2, .data = times},
                      m = {.type = KEHU_INT8, .length = 2, .data = money};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m};
    for (int offset = 0; offset <= 480; offset += 480) {
        const kehu_rfm_base_options opt = {.size = sizeof opt,
                                           .day_offset_minutes = offset};
        kehu_rfm_base *base = new_base(&opt);
        (void)state;
        add(base, &b);
        check_customers(base, 2, (int64_t[]){1, 2},
                        offset == 0 ? (int64_t[]){1, 2} : (int64_t[]){1, 1},
                        (int64_t[]){1, 1}, (int64_t[]){3, 4});
        kehu_rfm_base_free(base);
    }
}

/* ---- Text ---- */

static void test_rfm_base_takes_text_and_categories(void **state)
{
    static const char text[] = "李雷B12B1李雷";
    static const int32_t at[6] = {0, 6, 9, 9, 11, 17};
    static const char dictionary[] = "B1B12李雷";
    static const int32_t dictionary_at[5] = {0, 2, 5, 11, 11};
    static const int32_t codes[5] = {2, 1, 3, 0, 2};
    static const int32_t days[5] = {1, 2, 3, 4, 5};
    static const int64_t money[5] = {1, 2, 4, 8, 16};
    static const int32_t order_at[6] = {0, 3, 3, 3, 3, 6};
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 4, .data = dictionary, .offsets = dictionary_at};
    const kehu_column keys[2] = {
        {.type = KEHU_UTF8, .length = 5, .data = text, .offsets = at},
        {.type = KEHU_CATEGORY, .length = 5, .data = codes, .dictionary = &words}};
    const kehu_column t = {.type = KEHU_DATE32, .length = 5, .data = days},
                      m = {.type = KEHU_INT64, .length = 5, .data = money},
                      o = {.type = KEHU_UTF8,
                           .length = 5,
                           .data = "A-1A-1",
                           .offsets = order_at};
    (void)state;
    for (int k = 0; k < 2; k++) {
        const kehu_rfm_batch b = {
            .customer = &keys[k], .time = &t, .amount = &m, .order = &o};
        kehu_rfm_base *base = new_base(NULL);
        kehu_rfm_columns c;
        kehu_column out;
        add(base, &b);
        assert_int_equal(kehu_rfm_base_finish(base, &c, &out, NULL), KEHU_OK);
        assert_int_equal(c.n, 3);
        assert_int_equal(out.type, KEHU_LARGE_UTF8);
        assert_memory_equal(out.data, "B1B12李雷", 11);
        assert_memory_equal(out.offsets, ((int64_t[]){0, 2, 5, 11}), 4 * 8);
        assert_memory_equal(c.spend, ((int64_t[]){8, 2, 17}), 3 * 8);
        assert_memory_equal(c.orders, ((int64_t[]){1, 1, 1}), 3 * 8);
        assert_memory_equal(c.recency_days, ((int64_t[]){96, 98, 95}), 3 * 8);
        kehu_rfm_base_free(base);
    }
}

/* ---- Failures ---- */

static void check_new(const kehu_rfm_base_options *opt, kehu_status status,
                      const char *message)
{
    kehu_rfm_base *base = (kehu_rfm_base *)(void *)&not_null;
    kehu_error err = {0};
    assert_int_equal(kehu_rfm_base_new(&base, AS_OF, opt, &err), status);
    assert_null(base);
    assert_string_equal(err.message, message);
}

static void test_rfm_base_new_checks_its_options(void **state)
{
    (void)state;
    check_new(
        &(kehu_rfm_base_options){.size = sizeof(kehu_rfm_base_options), .returns = 3},
        KEHU_ARGUMENT, "returns is 3, expected 0 to 2");
    check_new(
        &(kehu_rfm_base_options){.size = sizeof(kehu_rfm_base_options), .to_day = 101},
        KEHU_ARGUMENT, "to_day 101 is after as_of_day 100");
    check_new(&(kehu_rfm_base_options){.size = sizeof(kehu_rfm_base_options),
                                       .from_day = 91,
                                       .to_day = 90},
              KEHU_ARGUMENT, "from_day 91 is after the window's end 90");
    check_new(&(kehu_rfm_base_options){.size = sizeof(kehu_rfm_base_options),
                                       .day_offset_minutes = 1441},
              KEHU_ARGUMENT, "day_offset_minutes is 1441, expected -1440 to 1440");
    check_new(&(kehu_rfm_base_options){.returns = 1}, KEHU_ARGUMENT,
              "options.size is not set");
    assert_int_equal(kehu_rfm_base_new(NULL, AS_OF, NULL, NULL), KEHU_ARGUMENT);
}

static void check_add(kehu_rfm_base *base, const kehu_rfm_batch *b, kehu_status status,
                      int64_t where, const char *message)
{
    kehu_error err = {0};
    kehu_rfm_base_counts counts;
    assert_int_equal(kehu_rfm_base_add(base, b, &err), status);
    assert_int_equal(err.where, where);
    assert_string_equal(err.message, message);
    kehu_rfm_base_get_counts(base, &counts);
    assert_int_equal(counts.rows, 0); /* as before */
}

static void test_rfm_base_add_says_what_is_wrong(void **state)
{
    static const int32_t late[N] = {90, 80, 91, 101, 98, 102, 70, 99, 60};
    static const uint8_t no_row_2[2] = {0xFB, 0xFF};
    const double real[N] = {0};
    kehu_column later = day, no_time = day, no_amount = amount, floats = amount,
                date = amount, fewer = amount, huge = customer;
    kehu_rfm_batch b = NINE;
    kehu_rfm_base *base = new_base(NULL);
    (void)state;
    later.data = late;
    b.time = &later; /* row 5 has no customer, so row 3 is the one */
    check_add(base, &b, KEHU_RANGE, 3,
              "row 3 is of day 101, after as_of_day 100; set to_day to skip later rows");
    no_time.validity = no_amount.validity = no_row_2;
    b.time = &no_time;
    check_add(base, &b, KEHU_DATA, 2, "row 2 has no time");
    b.time = &amount;
    check_add(base, &b, KEHU_COLUMN, -1, "time is INT64, expected DATE32 or TIMESTAMP");
    b = NINE;
    b.amount = &no_amount;
    check_add(base, &b, KEHU_DATA, 2, "row 2 has no amount");
    floats.type = KEHU_FLOAT64;
    floats.data = real;
    b.amount = &floats;
    check_add(base, &b, KEHU_COLUMN, -1, "amount is FLOAT64, expected integers");
    date.type = KEHU_DATE32;
    b.amount = &date;
    check_add(base, &b, KEHU_COLUMN, -1, "amount is DATE32, expected integers");
    fewer.length = 8;
    b.amount = &fewer;
    check_add(base, &b, KEHU_ARGUMENT, -1, "amount has 8 rows, customer has 9");
    b.amount = NULL;
    check_add(base, &b, KEHU_ARGUMENT, -1, "batch, customer, time or amount is NULL");
    b = NINE;
    huge.type = KEHU_UINT64;
    b.customer = &huge;
    check_add(base, &b, KEHU_COLUMN, -1, "customer is UINT64, expected integers");
    b = NINE;
    b.returned = &floats;
    check_add(base, &b, KEHU_COLUMN, -1, "returned is FLOAT64, expected integers");
    b.returned = NULL;
    b.currency = &amount;
    check_add(base, &b, KEHU_COLUMN, -1, "currency is INT64, expected text");
    assert_int_equal(kehu_rfm_base_add(NULL, &NINE, NULL), KEHU_ARGUMENT);
    kehu_rfm_base_free(base);
    kehu_rfm_base_free(NULL);
}

static void test_rfm_base_keeps_the_kinds_of_its_columns(void **state)
{
    kehu_rfm_batch b = NINE;
    kehu_rfm_base *base = new_base(NULL);
    kehu_error err;
    (void)state;
    add(base, &NINE);
    b.order = NULL;
    assert_int_equal(kehu_rfm_base_add(base, &b, &err), KEHU_COLUMN);
    assert_string_equal(err.message,
                        "order must stay of one kind: integer, text or absent");
    kehu_rfm_base_free(base);
}

/* Three rows of one customer, all in a currency given letter by letter. */
static kehu_status add_currencies(kehu_rfm_base *base, const char *letters,
                                  kehu_error *err)
{
    static const int32_t at[4] = {0, 1, 2, 3}, days[3] = {1, 2, 3};
    static const int64_t keys[3] = {5, 5, 5}, money[3] = {1, 1, 1};
    const kehu_column k = {.type = KEHU_INT64, .length = 3, .data = keys},
                      t = {.type = KEHU_DATE32, .length = 3, .data = days},
                      m = {.type = KEHU_INT64, .length = 3, .data = money},
                      c = {
                          .type = KEHU_UTF8, .length = 3, .data = letters, .offsets = at};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m, .currency = &c};
    return kehu_rfm_base_add(base, &b, err);
}

static void test_rfm_base_refuses_mixed_currencies(void **state)
{
    kehu_rfm_base *base = new_base(NULL), *other = new_base(NULL);
    kehu_error err;
    (void)state;
    assert_int_equal(add_currencies(base, "EEU", &err), KEHU_DATA);
    assert_int_equal(err.where, 2);
    assert_string_equal(err.message, "row 2 is in another currency than the rows before");
    assert_int_equal(add_currencies(base, "EEE", NULL), KEHU_OK);
    assert_int_equal(add_currencies(base, "UUU", &err), KEHU_DATA);
    assert_int_equal(err.where, 0);
    assert_int_equal(add_currencies(other, "UUU", NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_merge(base, other, &err), KEHU_DATA);
    assert_string_equal(err.message, "the bases differ in currency");
    check_customers(base, 1, (int64_t[]){5}, (int64_t[]){97}, (int64_t[]){3},
                    (int64_t[]){3});
    kehu_rfm_base_free(other);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_reports_an_empty_window(void **state)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .to_day = 50};
    kehu_rfm_base *base = new_base(&opt);
    kehu_rfm_columns c;
    kehu_error err;
    (void)state;
    add(base, &NINE);
    assert_int_equal(kehu_rfm_base_finish(base, &c, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "no purchase in the window: 9 rows, of them 0 "
                                     "before, 8 after, 1 without customer, 0 returns");
    assert_int_equal(kehu_rfm_base_finish(base, NULL, NULL, NULL), KEHU_ARGUMENT);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_overflows_only_at_the_end(void **state)
{
    static const int64_t keys[4] = {1, 1, 1, 1};
    static const int32_t days[4] = {1, 1, 1, 1};
    static const int64_t money[4] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
    kehu_column k = {.type = KEHU_INT64, .length = 2, .data = keys},
                t = {.type = KEHU_DATE32, .length = 2, .data = days},
                m = {.type = KEHU_INT64, .length = 2, .data = money};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m};
    kehu_rfm_base *base = new_base(NULL);
    kehu_rfm_columns c;
    kehu_error err;
    (void)state;
    add(base, &b);
    assert_int_equal(kehu_rfm_base_finish(base, &c, NULL, &err), KEHU_RANGE);
    assert_int_equal(err.where, 0);
    assert_string_equal(err.message, "spend of customer 0 does not fit 64 bits");
    m.start = 2;
    add(base, &b);
    check_customers(base, 1, (int64_t[]){1}, (int64_t[]){99}, (int64_t[]){2},
                    (int64_t[]){-2});
    kehu_rfm_base_free(base);
}

/* ---- Partitions, threads, files ---- */

static kept bytes_of(const kehu_rfm_base *base)
{
    kept m = {0};
    const kehu_writer w = {keep, &m};
    assert_int_equal(kehu_rfm_base_write(base, &w, NULL), KEHU_OK);
    return m;
}

enum { MANY = 100000, CUSTOMERS = 3000 };

/* Generated rows; the customer and order as number or as text. */
typedef struct rows {
    int64_t keys[MANY], money[MANY];
    int32_t days[MANY], orders[MANY];
    char key_text[MANY * 8], order_text[MANY * 8];
    int32_t key_at[MANY + 1], order_at[MANY + 1];
} rows;

static rows *make_rows(void)
{
    rows *r = calloc(1, sizeof *r);
    kehu__random random = kehu__random_seed(7);
    assert_non_null(r);
    for (int i = 0; i < MANY; i++) {
        const uint32_t c = kehu__random_below(&random, CUSTOMERS);
        r->keys[i] = (int64_t)c - 100;
        r->days[i] = (int32_t)kehu__random_below(&random, 100);
        r->money[i] = (int64_t)kehu__random_below(&random, 10000) - 500;
        r->orders[i] = (int32_t)kehu__random_below(&random, 20);
        r->key_at[i + 1] = r->key_at[i] + sprintf(r->key_text + r->key_at[i], "C%u", c);
        r->order_at[i + 1] =
            r->order_at[i] + sprintf(r->order_text + r->order_at[i], "%d", r->orders[i]);
    }
    return r;
}

static void add_rows(kehu_rfm_base *base, const rows *r, bool text, int64_t from,
                     int64_t to)
{
    const int64_t n = to - from;
    const kehu_column k = {.type = text ? KEHU_UTF8 : KEHU_INT64,
                           .length = n,
                           .data = text ? (const void *)r->key_text : r->keys,
                           .offsets = text ? r->key_at : NULL,
                           .start = from};
    const kehu_column o = {.type = text ? KEHU_UTF8 : KEHU_INT32,
                           .length = n,
                           .data = text ? (const void *)r->order_text : r->orders,
                           .offsets = text ? r->order_at : NULL,
                           .start = from};
    const kehu_column t = {
        .type = KEHU_DATE32, .length = n, .data = r->days, .start = from};
    const kehu_column m = {
        .type = KEHU_INT64, .length = n, .data = r->money, .start = from};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m, .order = &o};
    add(base, &b);
}

/* Rows cut into parts, each read back from its file, merged from the last. */
static kept merged(const rows *r, bool text, int64_t parts)
{
    kehu_rfm_base *sum = new_base(NULL);
    kept m;
    for (int64_t p = parts - 1; p >= 0; p--) {
        kehu_rfm_base *part = new_base(NULL), *back = NULL;
        kehu_error err;
        add_rows(part, r, text, MANY * p / parts, MANY * (p + 1) / parts);
        m = bytes_of(part);
        if (kehu_rfm_base_read(&back, m.bytes, m.size, NULL, &err) != KEHU_OK ||
            kehu_rfm_base_merge(sum, back, &err) != KEHU_OK)
            fail_msg("%s", err.message);
        free(m.bytes);
        kehu_rfm_base_free(back);
        kehu_rfm_base_free(part);
    }
    m = bytes_of(sum);
    kehu_rfm_base_free(sum);
    return m;
}

static void test_rfm_base_partitions_and_threads_give_the_same_bytes(void **state)
{
    static const int64_t parts[] = {1, 2, 7, 64};
    static const uint32_t threads[] = {2, 7};
    rows *r = make_rows();
    (void)state;
    for (int text = 0; text < 2; text++) {
        kehu_rfm_base *base = new_base(NULL);
        add_rows(base, r, text, 0, MANY);
        kept all = bytes_of(base);
        kehu_rfm_base_free(base);
        for (int k = 0; k < 4; k++) {
            kept m = merged(r, text, parts[k]);
            assert_int_equal(m.size, all.size);
            assert_memory_equal(m.bytes, all.bytes, all.size);
            free(m.bytes);
        }
        for (int k = 0; k < 2; k++) {
            const kehu_rfm_base_options opt = {.size = sizeof opt,
                                               .n_threads = threads[k]};
            base = new_base(&opt);
            for (int64_t p = 0; p < 5; p++) /* and in batches */
                add_rows(base, r, text, MANY * p / 5, MANY * (p + 1) / 5);
            kept m = bytes_of(base);
            assert_int_equal(m.size, all.size);
            assert_memory_equal(m.bytes, all.bytes, all.size);
            free(m.bytes);
            kehu_rfm_base_free(base);
        }
        free(all.bytes);
    }
    free(r);
}

static void test_rfm_base_merges_only_its_like(void **state)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .from_day = 1};
    kehu_rfm_base *base = new_base(NULL), *other = new_base(&opt), *text = new_base(NULL);
    rows *r = make_rows();
    kehu_error err;
    (void)state;
    add(base, &NINE);
    assert_int_equal(kehu_rfm_base_merge(base, other, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "the bases differ in days, window, offset or returns");
    add_rows(text, r, true, 0, 10);
    assert_int_equal(kehu_rfm_base_merge(base, text, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "the bases differ in the kind of customer or order");
    assert_int_equal(kehu_rfm_base_merge(base, base, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_base_merge(base, NULL, NULL), KEHU_ARGUMENT);
    free(r);
    kehu_rfm_base_free(text);
    kehu_rfm_base_free(other);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_refuses_every_cut_and_every_flipped_bit(void **state)
{
    kehu_rfm_base *base = new_base(NULL), *back = NULL;
    rows *r = make_rows();
    (void)state;
    add_rows(base, r, true, 0, 12);
    kept m = bytes_of(base);
    for (size_t n = 0; n < m.size; n++) {
        assert_int_not_equal(kehu_rfm_base_read(&back, m.bytes, n, NULL, NULL), KEHU_OK);
        assert_null(back);
    }
    for (size_t bit = 0; bit < 8 * m.size; bit++) {
        flip_bit(&m, bit);
        assert_int_not_equal(kehu_rfm_base_read(&back, m.bytes, m.size, NULL, NULL),
                             KEHU_OK);
        flip_bit(&m, bit);
    }
    free(m.bytes);
    free(r);
    kehu_rfm_base_free(base);
}

static void test_rfm_base_an_empty_one_can_be_kept(void **state)
{
    kehu_rfm_base *base = new_base(NULL), *back = NULL;
    kept m = bytes_of(base);
    (void)state;
    assert_int_equal(kehu_rfm_base_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_merge(back, base, NULL), KEHU_OK);
    add(back, &NINE);
    check_customers(back, 2, (int64_t[]){-3, 7}, (int64_t[]){20, 5}, (int64_t[]){2, 3},
                    (int64_t[]){101, 38});
    free(m.bytes);
    kehu_rfm_base_free(back);
    kehu_rfm_base_free(base);
}

/* ---- Cancelling and memory ---- */

static int stop(void *ctx, double done, const char *stage)
{
    (void)ctx;
    (void)done;
    (void)stage;
    return 1;
}

static void test_rfm_base_is_poisoned_by_a_cancelled_add(void **state)
{
    const kehu_progress progress = {stop, NULL};
    const kehu_rfm_base_options opt = {.size = sizeof opt, .progress = &progress};
    kehu_rfm_base *base = new_base(&opt), *other = new_base(NULL);
    kehu_rfm_columns c;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_rfm_base_add(base, &NINE, &err), KEHU_CANCELLED);
    assert_int_equal(kehu_rfm_base_add(base, &NINE, &err), KEHU_POISONED);
    assert_string_equal(err.message, "an earlier add or merge failed");
    assert_int_equal(kehu_rfm_base_finish(base, &c, NULL, NULL), KEHU_POISONED);
    assert_int_equal(kehu_rfm_base_merge(other, base, NULL), KEHU_POISONED);
    assert_int_equal(kehu_rfm_base_save(base, "never", NULL), KEHU_POISONED);
    kehu_rfm_base_free(other);
    kehu_rfm_base_free(base);
}

static kehu_status merge_and_finish(kehu_rfm_base *base, const char *path,
                                    const kehu_allocator *alloc)
{
    kehu_rfm_base *back = (kehu_rfm_base *)(void *)&not_null;
    kehu_rfm_columns c;
    kehu_column keys;
    kehu_status status = kehu_rfm_base_save(base, path, NULL);
    if (status != KEHU_OK)
        return status;
    status = kehu_rfm_base_load(&back, path, alloc, NULL);
    if (status != KEHU_OK) {
        assert_null(back);
        return status;
    }
    status = kehu_rfm_base_merge(back, base, NULL);
    if (status == KEHU_OK)
        status = kehu_rfm_base_finish(back, &c, &keys, NULL);
    if (status == KEHU_OK)
        assert_int_equal(c.n, 9); /* one of the ten rows is a return */
    kehu_rfm_base_free(back);
    return status;
}

static kehu_status whole_life(const rows *r, bool text, const kehu_allocator *alloc,
                              const char *path)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_rfm_base *base = NULL;
    const kehu_column k = {.type = text ? KEHU_UTF8 : KEHU_INT64,
                           .length = 10,
                           .data = text ? (const void *)r->key_text : r->keys,
                           .offsets = text ? r->key_at : NULL};
    const kehu_column t = {.type = KEHU_DATE32, .length = 10, .data = r->days};
    const kehu_column m = {.type = KEHU_INT64, .length = 10, .data = r->money};
    const kehu_column o = {
        .type = KEHU_UTF8, .length = 10, .data = r->order_text, .offsets = r->order_at};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m, .order = &o};
    kehu_status status = kehu_rfm_base_new(&base, AS_OF, &opt, NULL);
    if (status == KEHU_OK)
        status = kehu_rfm_base_add(base, &b, NULL);
    if (status == KEHU_OK)
        status = merge_and_finish(base, path, alloc);
    kehu_rfm_base_free(base);
    return status;
}

static void test_rfm_base_survives_every_refused_allocation(void **state)
{
    rows *r = make_rows();
    char path[] = "rfm-base-XXXXXX";
    const int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (int text = 0; text < 2; text++) {
        long n = 0;
        for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
            faulty f;
            status = whole_life(r, text, faulty_init(&f, n), path);
            assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
            assert_int_equal(f.live_blocks, 0);
            assert_int_equal(f.live_bytes, 0);
        }
        assert_true(n > 50);
    }
    remove(path);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_base_nets_returns_by_default),
        cmocka_unit_test(test_rfm_base_counts_or_drops_returns),
        cmocka_unit_test(test_rfm_base_counts_rows_without_an_order_column),
        cmocka_unit_test(test_rfm_base_takes_a_missing_order_id_as_an_order),
        cmocka_unit_test(test_rfm_base_takes_marked_rows_as_returns),
        cmocka_unit_test(test_rfm_base_keeps_to_its_window),
        cmocka_unit_test(test_rfm_base_starts_its_days_where_told),
        cmocka_unit_test(test_rfm_base_takes_text_and_categories),
        cmocka_unit_test(test_rfm_base_new_checks_its_options),
        cmocka_unit_test(test_rfm_base_add_says_what_is_wrong),
        cmocka_unit_test(test_rfm_base_keeps_the_kinds_of_its_columns),
        cmocka_unit_test(test_rfm_base_refuses_mixed_currencies),
        cmocka_unit_test(test_rfm_base_reports_an_empty_window),
        cmocka_unit_test(test_rfm_base_overflows_only_at_the_end),
        cmocka_unit_test(test_rfm_base_partitions_and_threads_give_the_same_bytes),
        cmocka_unit_test(test_rfm_base_merges_only_its_like),
        cmocka_unit_test(test_rfm_base_refuses_every_cut_and_every_flipped_bit),
        cmocka_unit_test(test_rfm_base_an_empty_one_can_be_kept),
        cmocka_unit_test(test_rfm_base_is_poisoned_by_a_cancelled_add),
        cmocka_unit_test(test_rfm_base_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
