#include <kehu/features.h>
#include <kehu/preference.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/faulty.h"
#include "support/test.h"

enum { MAX_ROWS = 64, TEXT = 16, FIRST = 19723, LAST = 19732 }; /* 2024-01-01 to 10 */

#define HOUR 3600000000
#define DAY  (24 * HOUR)

/* Events of at most 15 bytes a text; NULL is missing. */
typedef struct events {
    int64_t n, time[MAX_ROWS];
    char bytes[3][MAX_ROWS * TEXT]; /* customer, item, place */
    int32_t at[3][MAX_ROWS + 1];
    uint8_t valid[3][MAX_ROWS / 8];
    double amount[MAX_ROWS];
} events;

static void add_text(events *e, int k, const char *text)
{
    const int32_t from = e->at[k][e->n];
    const size_t size = text == NULL ? 0 : strlen(text);
    if (size > 0)
        memcpy(e->bytes[k] + from, text, size);
    e->at[k][e->n + 1] = from + (int32_t)size;
    if (text != NULL)
        e->valid[k][e->n / 8] |= (uint8_t)(1u << e->n % 8);
}

static void add(events *e, const char *customer, const char *item, int day, int hour,
                double amount, const char *place)
{
    add_text(e, 0, customer);
    add_text(e, 1, item);
    add_text(e, 2, place);
    e->time[e->n] = (FIRST + day) * DAY + hour * HOUR;
    e->amount[e->n++] = amount;
}

static kehu_column text_of(const events *e, int k)
{
    return (kehu_column){.type = KEHU_UTF8,
                         .length = e->n,
                         .data = e->bytes[k],
                         .offsets = e->at[k],
                         .validity = e->valid[k]};
}

static kehu_status find(kehu_table **t, const events *e, bool with_amount,
                        const kehu_features_options *opt, kehu_error *err)
{
    const kehu_column customer = text_of(e, 0), item = text_of(e, 1),
                      place = text_of(e, 2);
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = e->n, .data = e->time};
    const kehu_column amount = {.type = KEHU_FLOAT64, .length = e->n, .data = e->amount};
    return kehu_features_find(t, &customer, &item, &time, with_amount ? &amount : NULL,
                              &place, FIRST, LAST, opt, err);
}

static double number(const kehu_table *t, const char *name, int64_t row)
{
    const kehu_column *c = kehu_table_find(t, name);
    assert_non_null(c);
    if (c->validity != NULL && (c->validity[row / 8] >> row % 8 & 1) == 0)
        return NAN;
    return c->type == KEHU_INT64 ? (double)((const int64_t *)c->data)[row]
                                 : ((const double *)c->data)[row];
}

static void expect(const kehu_table *t, int64_t row, const char *name, double wanted)
{
    const double found = number(t, name, row);
    if (!(fabs(found - wanted) < 1e-12) && !(isnan(found) && isnan(wanted)))
        fail_msg("%s of row %d is %.17g, not %.17g", name, (int)row, found, wanted);
}

/* anna: app three times, hall once; bo: hall once, without amount. 2024-01-06 and 07
 * were a weekend. */
static void fill(events *e)
{
    add(e, "bo", "hall", 9, 20, 0, NULL);
    add(e, "anna", "app", 5, 13, 10, "c1");
    add(e, "anna", "hall", 0, 3, 30, "c1");
    add(e, "anna", "app", 6, 7, 10, "c2");
    add(e, "anna", "app", 6, 8, 10, NULL);
    add(e, "anna", "app", 8, 23, 20, "c1");
    add(e, "anna", "app", 10, 0, 99, "c9");  /* after the last day */
    add(e, "anna", "app", -1, 23, 99, "c9"); /* before the first */
    add(e, NULL, "app", 1, 0, 99, "c9");
    add(e, "anna", NULL, 1, 0, 99, "c9");
    add(e, "anna", "app", 1, 0, NAN, "c9");
}

static void test_features_of_amounts(void **state)
{
    static events e;
    kehu_table *t;
    kehu_error err;
    const double app = 50. / 80, hall = 30. / 80;
    (void)state;
    e = (events){0};
    fill(&e);
    if (find(&t, &e, true, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_table_row_count(t), 2);
    const kehu_column *who = kehu_table_find(t, "customer");
    assert_memory_equal(who->data, "annabo", 6);
    expect(t, 0, "events", 5);
    expect(t, 0, "amount", 80);
    expect(t, 0, "app_events", 4);
    expect(t, 0, "app_share", app);
    expect(t, 0, "hall_events", 1);
    expect(t, 0, "hall_share", hall);
    expect(t, 0, "entropy", -(app * log2(app) + hall * log2(hall)));
    expect(t, 0, "divergence", 0);
    expect(t, 0, "night_share", .2);
    expect(t, 0, "morning_share", .4);
    expect(t, 0, "afternoon_share", .2);
    expect(t, 0, "evening_share", .2);
    expect(t, 0, "weekend_share", .6);
    expect(t, 0, "active_days", 4);
    expect(t, 0, "recency_days", 1);
    expect(t, 0, "trend", 3. / 5);
    expect(t, 0, "places", 2);
    expect(t, 0, "moves", 2);
    expect(t, 1, "events", 1);
    expect(t, 1, "amount", 0);
    expect(t, 1, "app_share", NAN);
    expect(t, 1, "entropy", NAN);
    expect(t, 1, "divergence", NAN);
    expect(t, 1, "recency_days", 0);
    expect(t, 1, "places", 0);
    kehu_table_free(t);
}

static void test_features_of_events_in_another_zone(void **state)
{
    static events e;
    const kehu_features_options opt = {.size = sizeof opt, .day_offset_minutes = 480};
    kehu_table *t;
    (void)state;
    e = (events){0};
    fill(&e);
    assert_int_equal(find(&t, &e, false, &opt, NULL), KEHU_OK);
    assert_null(kehu_table_find(t, "amount"));
    /* bo's event has left the days; the one without an amount, and anna's of the evening
     * before the first day, are among them. */
    assert_int_equal(kehu_table_row_count(t), 1);
    expect(t, 0, "events", 7);
    expect(t, 0, "app_share", 6. / 7);
    expect(t, 0, "divergence", 0);
    expect(t, 0, "morning_share", 4. / 7); /* 11:00, 7:00 twice, 8:00 */
    expect(t, 0, "afternoon_share", 2. / 7);
    kehu_table_free(t);
}

/* Against all others: q of app is 3/4. */
static void test_features_divergence(void **state)
{
    static events e;
    kehu_table *t;
    (void)state;
    e = (events){0};
    add(&e, "a", "app", 0, 0, 1, NULL);
    add(&e, "a", "hall", 0, 0, 1, NULL);
    add(&e, "b", "app", 0, 0, 1, NULL);
    add(&e, "b", "app", 0, 0, 1, NULL);
    assert_int_equal(find(&t, &e, false, NULL, NULL), KEHU_OK);
    expect(t, 0, "divergence", .5 * log2(.5 / .75) + .5 * log2(.5 / .25));
    expect(t, 1, "divergence", log2(1 / .75));
    expect(t, 0, "entropy", 1);
    expect(t, 1, "entropy", 0);
    assert_false(signbit(number(t, "entropy", 1)));
    kehu_table_free(t);
}

static void test_features_of_days_and_whole_numbers(void **state)
{
    const int64_t customers[] = {7, -3, 7};
    const int32_t ends[] = {0, 1, 2, 3}, days[] = {FIRST, FIRST + 1, LAST};
    const kehu_column customer = {.type = KEHU_INT64, .length = 3, .data = customers};
    const kehu_column item = {
        .type = KEHU_UTF8, .length = 3, .data = "xyx", .offsets = ends};
    const kehu_column time = {.type = KEHU_DATE32, .length = 3, .data = days};
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_features_find(&t, &customer, &item, &time, NULL, NULL, FIRST,
                                        LAST, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 2);
    assert_null(kehu_table_find(t, "night_share"));
    assert_null(kehu_table_find(t, "places"));
    expect(t, 0, "customer", -3);
    expect(t, 1, "x_events", 2);
    expect(t, 1, "trend", 0);
    expect(t, 0, "trend", -1);
    kehu_table_free(t);
    assert_int_equal(kehu_features_find(&t, &customer, &item, &time, NULL, NULL, LAST + 1,
                                        LAST + 1, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 0);
    kehu_table_free(t);
}

static void test_features_of_given_items(void **state)
{
    static events e;
    const int32_t ends[] = {0, 4, 7}, twice[] = {0, 3, 6};
    kehu_column items = {
        .type = KEHU_UTF8, .length = 2, .data = "shopapp", .offsets = ends};
    const kehu_features_options opt = {.size = sizeof opt, .items = &items};
    const uint8_t first_only = 1;
    kehu_table *t;
    kehu_error err;
    (void)state;
    e = (events){0};
    fill(&e);
    assert_int_equal(find(&t, &e, true, &opt, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1); /* bo was in the hall only */
    assert_int_equal(kehu_table_column_count(t), 19);
    assert_string_equal(kehu_table_column(t, 15)->name, "shop_events");
    assert_string_equal(kehu_table_column(t, 17)->name, "app_events");
    expect(t, 0, "events", 4);
    expect(t, 0, "shop_events", 0);
    expect(t, 0, "shop_share", 0);
    expect(t, 0, "app_share", 1);
    kehu_table_free(t);
    e = (events){0};
    add(&e, "bo", "hall", 9, 20, -1, NULL); /* of another item: not looked at */
    add(&e, "bo", "app", 10, 0, 1, NULL);   /* after the last day */
    assert_int_equal(find(&t, &e, true, &opt, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 0);
    assert_int_equal(kehu_table_column_count(t), 19);
    kehu_table_free(t);
    items.validity = &first_only;
    assert_int_equal(find(&t, &e, true, &opt, &err), KEHU_DATA);
    assert_int_equal(err.where, 1);
    items =
        (kehu_column){.type = KEHU_UTF8, .length = 2, .data = "appapp", .offsets = twice};
    assert_int_equal(find(&t, &e, true, &opt, &err), KEHU_DUPLICATE);
    assert_string_equal(err.message, "item 1 is item 0 again");
}

/* Customers who used one channel most of the time are found by the ready rules, which
 * are given the columns that they ask for. */
static void test_ready_rules_know_the_main_channel(void **state)
{
    enum { K = 7, EACH = 5, N = K * EACH, EVENTS = 6 };
    static const char names[] = "hallagentweb_hallsms_hallterminalhotlineapp";
    static const int32_t ends[K + 1] = {0, 4, 9, 17, 25, 33, 40, 43};
    static int32_t customers[N * EVENTS], codes[N * EVENTS], days[N * EVENTS];
    static double p[N * K];
    const kehu_column items = {
        .type = KEHU_UTF8, .length = K, .data = names, .offsets = ends};
    for (int i = 0; i < N * EVENTS; i++) {
        const int customer = i / EVENTS, main = customer % K;
        customers[i] = customer;
        codes[i] = i % EVENTS == 5 ? (main + 1 + customer / K) % K : main;
        days[i] = FIRST + i % 10;
    }
    const kehu_column customer = {
        .type = KEHU_INT32, .length = N * EVENTS, .data = customers};
    const kehu_column time = {.type = KEHU_DATE32, .length = N * EVENTS, .data = days};
    const kehu_column item = {
        .type = KEHU_CATEGORY, .length = N * EVENTS, .data = codes, .dictionary = &items};
    const kehu_features_options how = {.size = sizeof how, .items = &items};
    const char *text = kehu_segments_builtin("channel");
    kehu_segments *rules;
    kehu_preference *preference;
    kehu_table *t;
    kehu_error err = {.message = ""};
    (void)state;
    if (kehu_features_find(&t, &customer, &item, &time, NULL, NULL, FIRST, LAST, &how,
                           &err) != KEHU_OK ||
        kehu_segments_read(&rules, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    kehu_column columns[64];
    const uint32_t n = (uint32_t)kehu_table_column_count(t);
    for (uint32_t c = 0; c < n; c++)
        columns[c] = *kehu_table_column(t, c);
    const kehu_preference_options opt = {.size = sizeof opt, .rules = rules};
    /* Rules ask for the share of the night, which dates do not have. */
    assert_int_equal(
        kehu_preference_train(&preference, columns + 1, n - 1, NULL, NULL, &opt, &err),
        KEHU_COLUMN);
    columns[0] = columns[1];
    columns[0].name = "night_share";
    if (kehu_preference_train(&preference, columns, n, NULL, NULL, &opt, &err) !=
            KEHU_OK ||
        kehu_preference_score(preference, columns, n, p, NULL, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_preference_class_count(preference), K);
    for (int i = 0; i < N; i++) {
        uint32_t best = 0;
        for (uint32_t k = 1; k < K; k++)
            best = p[i * K + (int)k] > p[i * K + (int)best] ? k : best;
        const char *name = kehu_preference_class_name(preference, best);
        assert_memory_equal(name, names + ends[i % K], strlen(name));
    }
    kehu_preference_free(preference);
    kehu_segments_free(rules);
    kehu_table_free(t);
}

/* Each ready table names its classes, and only fields that there can be. */
static void test_ready_rules_name_their_classes(void **state)
{
    static const struct {
        const char *name;
        int fields;
    } ready[] = {{"channel", 16}, {"content", 17}, {"occupation", 7}};
    (void)state;
    for (size_t i = 0; i < sizeof ready / sizeof *ready; i++) {
        const char *text = kehu_segments_builtin(ready[i].name);
        kehu_segments *rules;
        kehu_error err = {.message = ""};
        if (kehu_segments_read(&rules, text, strlen(text), NULL, &err) != KEHU_OK)
            fail_msg("%s: %s", ready[i].name, err.message);
        assert_int_equal(kehu_segments_count_fields(rules), ready[i].fields);
        kehu_segments_free(rules);
    }
    assert_null(kehu_segments_builtin("channels"));
}

/* The largest amounts and the least leave finite numbers. */
static void test_features_of_extreme_amounts(void **state)
{
    static events e;
    kehu_table *t;
    (void)state;
    e = (events){0};
    add(&e, "a", "app", 0, 0, 1e-100, NULL);
    add(&e, "b", "hall", 0, 0, 1e100, NULL);
    add(&e, "b", "shop", 0, 0, 1e100, NULL);
    assert_int_equal(find(&t, &e, true, NULL, NULL), KEHU_OK);
    assert_true(number(t, "divergence", 0) > 660 && number(t, "divergence", 0) < 670);
    expect(t, 1, "divergence", 0);
    expect(t, 1, "entropy", 1);
    kehu_table_free(t);
}

static void refuse(const events *e, bool with_amount, const kehu_features_options *opt,
                   kehu_status wanted, int64_t where, const char *message)
{
    kehu_table *t;
    kehu_error err = {.message = ""};
    assert_int_equal(find(&t, e, with_amount, opt, &err), wanted);
    assert_null(t);
    assert_int_equal(err.where, where);
    assert_non_null(strstr(err.message, message));
}

static void test_features_bad_input(void **state)
{
    static events e;
    const kehu_features_options far = {.size = sizeof far, .day_offset_minutes = 1441};
    const int32_t day = FIRST;
    const kehu_column days = {.type = KEHU_DATE32, .length = 1, .data = &day};
    kehu_table *t;
    kehu_error err;
    (void)state;
    e = (events){0};
    add(&e, "a", "app", 0, 0, 1, NULL);
    add(&e, "a", "app", 0, 0, -2, NULL);
    refuse(&e, true, NULL, KEHU_DATA, 1, "amount of row 1 is -2");
    e.amount[1] = INFINITY;
    refuse(&e, true, NULL, KEHU_DATA, 1, "inf");
    e.amount[1] = 1e101;
    refuse(&e, true, NULL, KEHU_DATA, 1, "is 1e+101, expected 0 or 1e-100 to 1e+100");
    refuse(&e, false, &far, KEHU_ARGUMENT, -1, "day_offset_minutes is 1441");
    add(&e, "a", "weekend", 0, 0, 1, NULL);
    refuse(&e, false, NULL, KEHU_DUPLICATE, -1, "weekend_share");
    const kehu_column customer = text_of(&e, 0), item = text_of(&e, 1);
    assert_int_equal(kehu_features_find(&t, &customer, &item, &days, NULL, NULL, FIRST,
                                        LAST, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "time has 1 rows, customer has 3");
    assert_int_equal(
        kehu_features_find(&t, &days, &days, &days, NULL, NULL, FIRST, LAST, NULL, &err),
        KEHU_COLUMN);
    assert_int_equal(kehu_features_find(&t, &customer, &item, &item, NULL, NULL, FIRST,
                                        LAST, NULL, &err),
                     KEHU_COLUMN);
    assert_int_equal(kehu_features_find(&t, &customer, NULL, &item, NULL, NULL, FIRST,
                                        LAST, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_features_find(NULL, &customer, &item, &item, NULL, NULL, FIRST,
                                        LAST, NULL, &err),
                     KEHU_ARGUMENT);
}

static void test_features_too_many_items(void **state)
{
    enum { N = KEHU_FEATURES_MAX_ITEMS + 1 };
    static char bytes[4 * N + 1];
    static int32_t ends[N + 1], days[N];
    kehu_table *t;
    kehu_error err;
    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(bytes + 4 * i, 5, "%04d", i);
        ends[i + 1] = 4 * (i + 1);
        days[i] = FIRST;
    }
    const kehu_column item = {
        .type = KEHU_UTF8, .length = N, .data = bytes, .offsets = ends};
    const kehu_column time = {.type = KEHU_DATE32, .length = N, .data = days};
    assert_int_equal(
        kehu_features_find(&t, &item, &item, &time, NULL, NULL, FIRST, LAST, NULL, &err),
        KEHU_LIMIT);
    assert_int_equal(err.where, N - 1);
}

static void test_features_memory(void **state)
{
    static events e;
    kehu_status status = KEHU_NO_MEMORY;
    int at = 0;
    (void)state;
    e = (events){0};
    fill(&e);
    for (; status == KEHU_NO_MEMORY; at++) {
        faulty f;
        const kehu_features_options opt = {.size = sizeof opt,
                                           .alloc = faulty_init(&f, at)};
        kehu_table *t;
        status = find(&t, &e, true, &opt, NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
        kehu_table_free(t);
        assert_int_equal(f.live_blocks, 0);
    }
    assert_true(at > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_of_amounts),
        cmocka_unit_test(test_features_of_events_in_another_zone),
        cmocka_unit_test(test_features_divergence),
        cmocka_unit_test(test_features_of_days_and_whole_numbers),
        cmocka_unit_test(test_features_of_given_items),
        cmocka_unit_test(test_ready_rules_know_the_main_channel),
        cmocka_unit_test(test_ready_rules_name_their_classes),
        cmocka_unit_test(test_features_of_extreme_amounts),
        cmocka_unit_test(test_features_bad_input),
        cmocka_unit_test(test_features_too_many_items),
        cmocka_unit_test(test_features_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
