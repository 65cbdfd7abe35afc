/* RFM on two public transaction logs, against published figures to the digit.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. Figures: the edges of online_retail
 * were computed by three engines that agree; the segments of rfm_orders are
 * those of the introduction article of the R package rfm and of the example in
 * its manual. */
#include <kehu/rfm.h>
#include <kehu/segment.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"
#include "support/real_data.h"
#include "support/test.h"

enum { MAX_ROWS = 600000, MAX_LINE = 4096, MAX_FIELDS = 16 };

static char folder[1024];

/* A transaction log as columns; texts end to end. */
typedef struct log_table {
    int64_t n;
    int32_t *day;
    int64_t *amount;
    char *customers, *orders;
    int32_t *customer_at, *order_at;
} log_table;

static FILE *open_packed(const char *name)
{
    char command[2048];
    FILE *f;
    snprintf(command, sizeof command, "gzip -dc '%s/%s'", folder, name);
    f = popen(command, "r");
    assert_non_null(f);
    return f;
}

/* Fields of a line in place, quotes taken off. */
static int split(char *line, char *fields[MAX_FIELDS])
{
    int n = 0;
    char *p = line;
    line[strcspn(line, "\r\n")] = '\0';
    for (;;) {
        char *out = fields[n++] = p;
        int quoted = 0;
        for (; *p != '\0' && (quoted || *p != ','); p++)
            if (*p == '"')
                quoted = !quoted;
            else
                *out++ = *p;
        const int more = *p == ',';
        *out = '\0';
        if (!more || n == MAX_FIELDS)
            return n;
        p++;
    }
}

static int64_t money(const char *text, int decimals)
{
    int64_t x = 0;
    assert_int_equal(kehu__parse_money(text, strlen(text), decimals, 0, &x),
                     KEHU__NUMBER_OK);
    return x;
}

static int32_t parse_day(const char *text)
{
    kehu__date d = {0};
    assert_int_equal(sscanf(text, "%d-%d-%d", &d.year, &d.month, &d.day), 3);
    return kehu__days_from_date(d);
}

static log_table new_table(void)
{
    log_table t = {0};
    t.day = malloc(MAX_ROWS * sizeof *t.day);
    t.amount = malloc(MAX_ROWS * sizeof *t.amount);
    t.customers = malloc(MAX_ROWS * 16);
    t.orders = malloc(MAX_ROWS * 16);
    t.customer_at = calloc(MAX_ROWS + 1, sizeof *t.customer_at);
    t.order_at = calloc(MAX_ROWS + 1, sizeof *t.order_at);
    assert_true(t.day && t.amount && t.customers && t.orders && t.customer_at &&
                t.order_at);
    return t;
}

static void free_table(log_table *t)
{
    free(t->day);
    free(t->amount);
    free(t->customers);
    free(t->orders);
    free(t->customer_at);
    free(t->order_at);
}

static void add_row(log_table *t, const char *customer, const char *order, int32_t day,
                    int64_t amount)
{
    const int64_t i = t->n++;
    assert_true(i < MAX_ROWS && strlen(customer) < 16 && strlen(order) < 16);
    t->day[i] = day;
    t->amount[i] = amount;
    t->customer_at[i + 1] = t->customer_at[i] + (int32_t)strlen(customer);
    memcpy(t->customers + t->customer_at[i], customer, strlen(customer));
    t->order_at[i + 1] = t->order_at[i] + (int32_t)strlen(order);
    memcpy(t->orders + t->order_at[i], order, strlen(order));
}

/* Rows [from, to) of the log into a base. */
static void add_rows(kehu_rfm_base *base, const log_table *t, int64_t from, int64_t to)
{
    const kehu_column customer = {.type = KEHU_UTF8,
                                  .length = to - from,
                                  .data = t->customers,
                                  .offsets = t->customer_at,
                                  .start = from};
    const kehu_column order = {.type = KEHU_UTF8,
                               .length = to - from,
                               .data = t->orders,
                               .offsets = t->order_at,
                               .start = from};
    const kehu_column time = {
        .type = KEHU_DATE32, .length = to - from, .data = t->day, .start = from};
    const kehu_column amount = {
        .type = KEHU_INT64, .length = to - from, .data = t->amount, .start = from};
    const kehu_rfm_batch batch = {
        .customer = &customer, .time = &time, .amount = &amount, .order = &order};
    kehu_error err;
    if (kehu_rfm_base_add(base, &batch, &err) != KEHU_OK)
        fail_msg("%s", err.message);
}

static void check_edges(const kehu_rfm_columns *c, const int64_t expected[3][4])
{
    kehu_rfm *rfm = NULL;
    assert_int_equal(kehu_rfm_fit(&rfm, c, NULL, NULL), KEHU_OK);
    for (int k = 0; k < 3; k++) {
        kehu_rfm_cuts cuts;
        assert_int_equal(kehu_rfm_get_cuts(rfm, (kehu_rfm_column)k, &cuts, NULL),
                         KEHU_OK);
        for (int j = 0; j < 4; j++)
            assert_int_equal(cuts.at_most[j], expected[k][j]);
    }
    kehu_rfm_free(rfm);
}

static log_table read_online_retail(void)
{
    FILE *f = open_packed("transactions/online_retail.csv.gz");
    log_table t = new_table();
    char line[MAX_LINE], *fields[MAX_FIELDS];
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        assert_int_equal(split(line, fields), 8);
        add_row(&t, fields[6], fields[0], parse_day(fields[4]),
                money(fields[5], 3) * money(fields[3], 0));
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(t.n, 541909);
    return t;
}

static void test_rfm_edges_of_online_retail(void **state)
{
    static const struct {
        uint32_t returns;
        int64_t n;
        int64_t edges[3][4];
    } cases[] = {{KEHU_RFM_RETURNS_DROP,
                  4339,
                  {{13, 33, 72, 180}, {1, 2, 3, 6}, {250040, 489600, 942260, 2059450}}},
                 {KEHU_RFM_RETURNS_COUNT,
                  4372,
                  {{12, 32, 72, 179}, {1, 2, 4, 7}, {234340, 465320, 909230, 2002400}}}};
    const int32_t as_of = parse_day("2011-12-10");
    log_table t = read_online_retail();
    (void)state;
    for (int k = 0; k < 2; k++)
        for (int64_t parts = 1; parts <= 7; parts += 6) {
            const kehu_rfm_base_options opt = {
                .size = sizeof opt, .returns = cases[k].returns, .n_threads = 2};
            kehu_rfm_base *base = NULL;
            kehu_rfm_base_counts counts;
            kehu_rfm_columns c;
            int64_t in_debt = 0;
            assert_int_equal(kehu_rfm_base_new(&base, as_of, &opt, NULL), KEHU_OK);
            for (int64_t p = 0; p < parts; p++)
                add_rows(base, &t, t.n * p / parts, t.n * (p + 1) / parts);
            assert_int_equal(kehu_rfm_base_finish(base, &c, NULL, NULL), KEHU_OK);
            kehu_rfm_base_get_counts(base, &counts);
            assert_int_equal(counts.no_customer, 135080);
            assert_int_equal(c.n, cases[k].n);
            check_edges(&c, cases[k].edges);
            for (int64_t i = 0; i < c.n; i++)
                in_debt += c.spend[i] <= 0;
            if (cases[k].returns == KEHU_RFM_RETURNS_COUNT)
                assert_int_equal(in_debt, 55);
            kehu_rfm_base_free(base);
        }
    free_table(&t);
}

static log_table read_rfm_orders(void)
{
    FILE *f = open_packed("canon/rfm_orders.csv.gz");
    log_table t = new_table();
    char line[MAX_LINE], *fields[MAX_FIELDS];
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        assert_int_equal(split(line, fields), 3);
        add_row(&t, fields[0], "", parse_day(fields[1]), money(fields[2], 0));
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(t.n, 4906);
    return t;
}

/* Customers of each named segment under a table. */
static void check_segments(const char *text, const kehu_rfm *rfm,
                           const kehu_rfm_columns *c, const char *const *names,
                           const int64_t *expected, int n)
{
    kehu_segments *table = NULL;
    kehu_segment_total totals[16];
    kehu_error err;
    int32_t *codes = malloc((size_t)c->n * sizeof *codes);
    int64_t listed = 0;
    if (kehu_segments_read(&table, text, strlen(text), NULL, &err) != KEHU_OK ||
        kehu_segments_assign_rfm(table, rfm, c, NULL, 0, codes, &err) != KEHU_OK ||
        kehu_segments_get_totals(table, codes, c, totals, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    for (int32_t s = 0; s < kehu_segments_count(table); s++)
        for (int k = 0; k < n; k++)
            if (strcmp(kehu_segments_get_name(table, s), names[k]) == 0) {
                assert_int_equal(totals[s].customers, expected[k]);
                listed += totals[s].customers;
            }
    assert_int_equal(listed, c->n); /* all others are empty */
    kehu_segments_free(table);
    free(codes);
}

/* The example of the package's manual, first match wins. */
static const char ten_intervals[] =
    "Champions: R = 5 and F = 5 and M = 5\n"
    "Potential Loyalist: R in 3..5 and F in 3..5 and M in 2..5\n"
    "Loyal Customers: R in 2..4 and F in 2..4 and M in 2..4\n"
    "Promising: R in 3..4 and F in 1..3 and M in 3..5\n"
    "New Customers: R in 4..5 and F in 1..3 and M in 1..5\n"
    "Can't Lose Them: R in 1..2 and F in 3..4 and M in 4..5\n"
    "At Risk: R in 1..2 and F in 2..5 and M in 4..5\n"
    "Need Attention: R in 1..3 and F in 3..5 and M in 3..5\n"
    "About To Sleep: R in 2..3 and F in 1..3 and M in 1..4\n"
    "Lost: R = 1 and F in 1..5 and M in 1..5\n";

static void test_rfm_segments_of_rfm_orders(void **state)
{
    static const double edges[3][4] = {
        {115, 181, 297.4, 482}, {4, 5, 6, 8}, {255.8, 382, 506.4, 666}};
    static const uint8_t first[5][3] = {
        {3, 4, 3}, {4, 1, 2}, {3, 2, 3}, {5, 4, 4}, {4, 3, 3}};
    static const char *const article[] = {
        "Loyal Customers", "Potential Loyalist", "Champions", "Hibernating",
        "At Risk",         "About To Sleep",     "Others",    "Needs Attention"};
    static const int64_t article_n[] = {278, 229, 158, 111, 86, 50, 48, 35};
    static const char *const manual[] = {
        "Potential Loyalist", "Loyal Customers", "Lost",      "New Customers",
        "About To Sleep",     "Can't Lose Them", "Champions", "At Risk",
        "Need Attention",     "Promising"};
    static const int64_t manual_n[] = {342, 170, 148, 104, 102, 47, 35, 28, 10, 9};
    const kehu_rfm_options opt = {.size = sizeof opt,
                                  .rule = KEHU_RFM_INTERPOLATED_PLUS_ONE};
    log_table t = read_rfm_orders();
    kehu_rfm_base *base = NULL;
    kehu_rfm *rfm = NULL;
    kehu_rfm_columns c;
    uint8_t grades[3 * 995];
    (void)state;
    assert_int_equal(kehu_rfm_base_new(&base, parse_day("2006-12-31"), NULL, NULL),
                     KEHU_OK);
    add_rows(base, &t, 0, t.n);
    assert_int_equal(kehu_rfm_base_finish(base, &c, NULL, NULL), KEHU_OK);
    assert_int_equal(c.n, 995);
    assert_int_equal(kehu_rfm_fit(&rfm, &c, &opt, NULL), KEHU_OK);
    for (int k = 0; k < 3; k++) {
        kehu_rfm_cuts cuts;
        assert_int_equal(kehu_rfm_get_cuts(rfm, (kehu_rfm_column)k, &cuts, NULL),
                         KEHU_OK);
        for (int j = 0; j < 4; j++)
            assert_true(cuts.edge[j] > edges[k][j] - 1e-9 &&
                        cuts.edge[j] < edges[k][j] + 1e-9);
    }
    assert_int_equal(kehu_rfm_grade(rfm, &c, grades, NULL), KEHU_OK);
    assert_memory_equal(grades, first, sizeof first);
    check_segments(kehu_segments_builtin("rfm_intervals"), rfm, &c, article, article_n,
                   8);
    check_segments(ten_intervals, rfm, &c, manual, manual_n, 10);
    kehu_rfm_free(rfm);
    kehu_rfm_base_free(base);
    free_table(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_edges_of_online_retail),
        cmocka_unit_test(test_rfm_segments_of_rfm_orders),
    };
    if (!real_data_find(folder, sizeof folder, "transactions/online_retail.csv.gz"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
