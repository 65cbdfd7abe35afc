/* RFM against plain loops over all rows: aggregates, edges, grades, rules.
 *
 *     test_rfm_property [SEED]     default 1, printed */
#include <kehu/rfm.h>
#include <kehu/segment.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { MAX_ROWS = 400, MAX_CUSTOMERS = 60, AS_OF = 500, TRIALS = 300 };

static uint64_t seed = 1;

static int64_t below(kehu__random *r, int n)
{
    return (int64_t)kehu__random_below(r, (uint32_t)n);
}

/* ---- Aggregates ---- */

typedef struct world {
    int n;
    int64_t key[MAX_ROWS], amount[MAX_ROWS], order[MAX_ROWS];
    int32_t day[MAX_ROWS];
    uint8_t key_bits[MAX_ROWS / 8 + 1], order_bits[MAX_ROWS / 8 + 1];
    int32_t from, to;
    uint32_t returns;
} world;

static bool bit(const uint8_t *bits, int i)
{
    return (bits[i / 8] >> i % 8 & 1) != 0;
}

static void make_world(world *w, kehu__random *r)
{
    const int n_customers = 1 + (int)below(r, MAX_CUSTOMERS);
    memset(w, 0, sizeof *w);
    w->n = (int)below(r, MAX_ROWS + 1);
    w->from = below(r, 2) == 0 ? 0 : 1 + (int32_t)below(r, 300);
    w->to = below(r, 2) == 0 ? 0 : 301 + (int32_t)below(r, 199);
    w->returns = (uint32_t)below(r, 3);
    for (int i = 0; i < w->n; i++) {
        w->key[i] = (below(r, n_customers) - 20) * INT64_C(0x100000001);
        w->amount[i] = below(r, 1000) - 200;
        w->order[i] = below(r, 9) - 4;
        w->day[i] = (int32_t)below(r, AS_OF + 1);
        w->key_bits[i / 8] |= (uint8_t)((below(r, 20) > 0) << i % 8);
        w->order_bits[i / 8] |= (uint8_t)((below(r, 10) > 0) << i % 8);
    }
}

/* Row i is in the window and has a customer. */
static bool used(const world *w, int i)
{
    return bit(w->key_bits, i) && (w->from == 0 || w->day[i] >= w->from) &&
           (w->to == 0 || w->day[i] <= w->to) &&
           !(w->returns == KEHU_RFM_RETURNS_DROP && w->amount[i] < 0);
}

static bool buys(const world *w, int i)
{
    return used(w, i) && (w->amount[i] >= 0 || w->returns == KEHU_RFM_RETURNS_COUNT);
}

/* Values of one customer by looking at every row. */
static bool look_up(const world *w, int64_t key, int64_t out[3])
{
    bool any = false;
    out[0] = out[1] = out[2] = 0;
    for (int i = 0; i < w->n; i++) {
        bool known = false;
        if (w->key[i] != key || !used(w, i))
            continue;
        out[2] += w->amount[i];
        if (!buys(w, i))
            continue;
        if (!any || AS_OF - w->day[i] < out[0])
            out[0] = AS_OF - w->day[i];
        any = true;
        for (int j = 0; j < i && bit(w->order_bits, i); j++)
            known = known || (w->key[j] == key && buys(w, j) && bit(w->order_bits, j) &&
                              w->order[j] == w->order[i]);
        out[1] += !known;
    }
    return any;
}

static kehu_rfm_base *fill(const world *w, kehu__random *r)
{
    const kehu_rfm_base_options opt = {.size = sizeof opt,
                                       .returns = w->returns,
                                       .from_day = w->from,
                                       .to_day = w->to,
                                       .n_threads = 1 + (uint32_t)below(r, 3)};
    kehu_rfm_base *base = NULL;
    assert_int_equal(kehu_rfm_base_new(&base, AS_OF, &opt, NULL), KEHU_OK);
    for (int from = 0, to; from < w->n; from = to) {
        to = from + 1 + (int)below(r, w->n - from);
        const kehu_column k = {.type = KEHU_INT64,
                               .length = to - from,
                               .data = w->key,
                               .start = from,
                               .validity = w->key_bits},
                          t = {.type = KEHU_DATE32,
                               .length = to - from,
                               .data = w->day,
                               .start = from},
                          m = {.type = KEHU_INT64,
                               .length = to - from,
                               .data = w->amount,
                               .start = from},
                          o = {.type = KEHU_INT64,
                               .length = to - from,
                               .data = w->order,
                               .start = from,
                               .validity = w->order_bits};
        const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &m, .order = &o};
        assert_int_equal(kehu_rfm_base_add(base, &b, NULL), KEHU_OK);
    }
    return base;
}

static void check_world(const world *w, kehu__random *r)
{
    kehu_rfm_base *base = fill(w, r);
    kehu_rfm_columns c = {0};
    kehu_column keys = {0};
    kehu_error err;
    int64_t n = 0, out[3];
    const kehu_status status = kehu_rfm_base_finish(base, &c, &keys, &err);
    for (int i = 0; i < w->n; i++) { /* each customer at its first purchase */
        bool first = buys(w, i);
        for (int j = 0; j < i && first; j++)
            first = !(w->key[j] == w->key[i] && buys(w, j));
        n += first;
    }
    assert_int_equal(status, n == 0 ? KEHU_EMPTY : KEHU_OK);
    assert_int_equal(c.n, n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t key = ((const int64_t *)keys.data)[i];
        assert_true(look_up(w, key, out));
        assert_true(i == 0 || key > ((const int64_t *)keys.data)[i - 1]);
        assert_int_equal(c.recency_days[i], out[0]);
        assert_int_equal(c.orders[i], out[1]);
        assert_int_equal(c.spend[i], out[2]);
    }
    kehu_rfm_base_free(base);
}

static void test_rfm_base_agrees_with_a_look_at_every_row(void **state)
{
    kehu__random r = kehu__random_seed(seed);
    static world w;
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        make_world(&w, &r);
        check_world(&w, &r);
    }
}

/* ---- Many rows ---- */

enum { MANY = 2300000, MANY_CUSTOMERS = 3000 };
enum { SHORT = 28, WIDEST = 41 }; /* bytes of names; the first rows have short ones */

typedef struct many {
    int64_t *key, *amount;
    int32_t *day;
} many;

/* Rows of many chunks. Where `wide`, one amount of the second half needs more than 32
 * bits. */
static many make_many(kehu__random *r, bool wide)
{
    many m = {malloc(MANY * sizeof *m.key), malloc(MANY * sizeof *m.amount),
              malloc(MANY * sizeof *m.day)};
    assert_non_null(m.key);
    assert_non_null(m.amount);
    assert_non_null(m.day);
    for (int i = 0; i < MANY; i++) {
        int64_t who = below(r, MANY_CUSTOMERS);
        while (i < MANY / 3 && who % WIDEST >= SHORT)
            who = below(r, MANY_CUSTOMERS);
        m.key[i] = who * INT64_C(-7000000019);
        m.amount[i] = below(r, 10) == 0 ? -below(r, 100) : below(r, INT32_MAX);
        m.day[i] = (int32_t)below(r, AS_OF + 1);
    }
    m.amount[MANY / 2] = wide ? INT64_C(1) << 40 : INT32_MAX;
    m.amount[MANY / 2 + 1] = wide ? -(INT64_C(1) << 40) : INT32_MIN;
    return m;
}

/* Names of 1 to `widest` bytes, some of which others start with. */
static size_t write_name(char *to, int64_t who, int widest)
{
    const int width = 1 + (int)(who % widest);
    return (size_t)sprintf(to, "%0*d", width, (int)who);
}

/* The same rows with names for keys give what the numbers gave, in the names' order;
 * large: with 64-bit offsets. */
static void check_names(const many *m, const kehu_rfm_base_options *opt, bool large,
                        int widest, const int64_t *recency, const int64_t *orders,
                        const int64_t *spend)
{
    char *text = malloc((size_t)MANY * 42);
    int32_t *end = malloc((MANY + 1) * sizeof *end);
    int64_t *large_end = malloc((MANY + 1) * sizeof *large_end);
    kehu_rfm_base *base = NULL;
    kehu_rfm_columns c;
    kehu_column keys;
    size_t n = 0;
    assert_true(text != NULL && end != NULL && large_end != NULL);
    large_end[0] = end[0] = 0;
    for (int i = 0; i < MANY; i++) {
        n += write_name(text + n, m->key[i] / INT64_C(-7000000019), widest);
        large_end[i + 1] = end[i + 1] = (int32_t)n;
    }
    const kehu_column k = {.type = large ? KEHU_LARGE_UTF8 : KEHU_UTF8,
                           .length = MANY,
                           .data = text,
                           .offsets = large ? (const void *)large_end : end};
    const kehu_column t = {.type = KEHU_DATE32, .length = MANY, .data = m->day};
    const kehu_column a = {.type = KEHU_INT64, .length = MANY, .data = m->amount};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &a};
    assert_int_equal(kehu_rfm_base_new(&base, AS_OF, opt, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_add(base, &b, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_finish(base, &c, &keys, NULL), KEHU_OK);
    assert_int_equal(c.n, MANY_CUSTOMERS);
    for (int64_t i = 0; i < c.n; i++) {
        const int64_t *at = (const int64_t *)keys.offsets + i;
        const size_t size = (size_t)(at[1] - at[0]);
        char name[64] = "", want[64];
        memcpy(name, (const char *)keys.data + at[0], size);
        const int who = atoi(name);
        assert_int_equal(size, write_name(want, who, widest));
        assert_string_equal(name, want);
        assert_int_equal(c.recency_days[i], recency[who]);
        assert_int_equal(c.orders[i], orders[who]);
        assert_int_equal(c.spend[i], spend[who]);
        if (i > 0) { /* digits alone: strcmp orders as bytes do */
            char before[64] = "";
            memcpy(before, (const char *)keys.data + at[-1], (size_t)(at[0] - at[-1]));
            assert_true(strcmp(before, name) < 0);
        }
    }
    kehu_rfm_base_free(base);
    free(large_end);
    free(end);
    free(text);
}

static void check_many(const many *m, uint32_t returns)
{
    const kehu_rfm_base_options opt = {
        .size = sizeof opt, .returns = returns, .from_day = 10, .n_threads = 2};
    const kehu_column k = {.type = KEHU_INT64, .length = MANY, .data = m->key};
    const kehu_column t = {.type = KEHU_DATE32, .length = MANY, .data = m->day};
    const kehu_column a = {.type = KEHU_INT64, .length = MANY, .data = m->amount};
    const kehu_rfm_batch b = {.customer = &k, .time = &t, .amount = &a};
    static int64_t recency[MANY_CUSTOMERS], orders[MANY_CUSTOMERS], spend[MANY_CUSTOMERS];
    kehu_rfm_base *base = NULL;
    kehu_rfm_columns c;
    kehu_column keys;
    memset(orders, 0, sizeof orders);
    memset(spend, 0, sizeof spend);
    for (int i = 0; i < MANY_CUSTOMERS; i++)
        recency[i] = AS_OF + 1;
    for (int i = 0; i < MANY; i++) {
        const int64_t who = m->key[i] / INT64_C(-7000000019);
        const bool back = m->amount[i] < 0;
        if (m->day[i] < 10 || (back && returns == KEHU_RFM_RETURNS_DROP))
            continue;
        spend[who] += m->amount[i];
        if (back && returns == KEHU_RFM_RETURNS_NET)
            continue;
        orders[who]++;
        if (AS_OF - m->day[i] < recency[who])
            recency[who] = AS_OF - m->day[i];
    }
    assert_int_equal(kehu_rfm_base_new(&base, AS_OF, &opt, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_add(base, &b, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_base_finish(base, &c, &keys, NULL), KEHU_OK);
    assert_int_equal(c.n, MANY_CUSTOMERS);
    for (int i = 0; i < MANY_CUSTOMERS; i++) {
        const int who = MANY_CUSTOMERS - 1 - i; /* ascending by a key that is negative */
        assert_int_equal(((const int64_t *)keys.data)[i], who * INT64_C(-7000000019));
        assert_int_equal(c.recency_days[i], recency[who]);
        assert_int_equal(c.orders[i], orders[who]);
        assert_int_equal(c.spend[i], spend[who]);
    }
    kehu_rfm_base_free(base);
    const bool large = returns == KEHU_RFM_RETURNS_DROP;
    check_names(m, &opt, large, SHORT, recency, orders, spend);
    check_names(m, &opt, large, WIDEST, recency, orders, spend);
}

static void test_rfm_base_agrees_with_sums_of_many_rows(void **state)
{
    kehu__random r = kehu__random_seed(seed + 7);
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        const many m = make_many(&r, wide == 1);
        check_many(&m, wide == 1 ? KEHU_RFM_RETURNS_NET : KEHU_RFM_RETURNS_COUNT);
        check_many(&m, wide == 1 ? KEHU_RFM_RETURNS_DROP : KEHU_RFM_RETURNS_NET);
        free(m.day);
        free(m.amount);
        free(m.key);
    }
}

/* More rows than one round scatters, with text keys and with integer keys. */
static void test_rfm_base_agrees_over_rounds(void **state)
{
    enum { ROWS = 5800000, CUSTOMERS = 5000, NAME = 6 };
    kehu__random r = kehu__random_seed(seed + 8);
    int64_t *number = malloc(ROWS * sizeof *number);
    int32_t *day = malloc(ROWS * sizeof *day);
    int32_t *end = malloc((ROWS + 1) * sizeof *end);
    char *text = malloc((size_t)ROWS * NAME + 1);
    kehu_rfm_base *bases[2] = {NULL, NULL};
    kehu_rfm_columns c[2];
    int64_t n_orders[2] = {0, 0};
    (void)state;
    assert_true(number != NULL && day != NULL && end != NULL && text != NULL);
    for (int32_t i = 0; i < ROWS; i++) {
        number[i] = below(&r, CUSTOMERS);
        day[i] = (int32_t)below(&r, AS_OF + 1);
        end[i] = i * NAME;
        snprintf(text + end[i], NAME + 1, "c%05d", (int)number[i]);
    }
    end[ROWS] = ROWS * NAME;
    for (int k = 0; k < 2; k++) {
        const kehu_column keys = {.type = k == 0 ? KEHU_UTF8 : KEHU_INT64,
                                  .length = ROWS,
                                  .data = k == 0 ? (const void *)text : number,
                                  .offsets = k == 0 ? end : NULL};
        const kehu_column days = {.type = KEHU_DATE32, .length = ROWS, .data = day};
        const kehu_column amounts = {.type = KEHU_INT64, .length = ROWS, .data = number};
        const kehu_rfm_batch b = {.customer = &keys, .time = &days, .amount = &amounts};
        assert_int_equal(kehu_rfm_base_new(&bases[k], AS_OF, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_rfm_base_add(bases[k], &b, NULL), KEHU_OK);
        assert_int_equal(kehu_rfm_base_finish(bases[k], &c[k], NULL, NULL), KEHU_OK);
        assert_int_equal(c[k].n, CUSTOMERS);
        for (int64_t i = 0; i < CUSTOMERS; i++)
            n_orders[k] += c[k].orders[i];
        assert_int_equal(n_orders[k], ROWS);
    }
    assert_memory_equal(c[0].recency_days, c[1].recency_days, CUSTOMERS * 8);
    assert_memory_equal(c[0].orders, c[1].orders, CUSTOMERS * 8);
    assert_memory_equal(c[0].spend, c[1].spend, CUSTOMERS * 8);
    for (int k = 0; k < 2; k++)
        kehu_rfm_base_free(bases[k]);
    free(text);
    free(end);
    free(day);
    free(number);
}

/* ---- Edges and grades ---- */

enum { MAX_N = 200 };

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Edge times q, so that it is a whole number. */
static int64_t edge_times_q(uint32_t rule, const int64_t *x, int64_t n, int64_t k,
                            int64_t q)
{
    if (rule == KEHU_RFM_NEAREST_RANK)
        return q * x[(k * n + q - 1) / q - 1];
    if (rule == KEHU_RFM_EQUAL_WIDTH)
        return q * x[0] + k * (x[n - 1] - x[0]);
    const int64_t i = (n - 1) * k / q, part = (n - 1) * k % q;
    const int64_t next = part > 0 ? x[i + 1] : x[i];
    return q * x[i] + part * (next - x[i]) +
           (rule == KEHU_RFM_INTERPOLATED_PLUS_ONE ? q : 0);
}

static int64_t step_of(uint32_t rule, const int64_t *sorted, int64_t n, int64_t q,
                       int64_t x)
{
    int64_t step = 0;
    for (int64_t k = 1; k < q; k++) {
        const int64_t e = edge_times_q(rule, sorted, n, k, q);
        step += rule == KEHU_RFM_INTERPOLATED_PLUS_ONE ? q * x >= e : q * x > e;
    }
    return step;
}

static void test_rfm_grades_agree_with_fractions(void **state)
{
    kehu__random r = kehu__random_seed(seed + 1);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        static const int64_t units[] = {1, 7, 100003, INT64_C(1) << 40};
        int64_t x[3][MAX_N], sorted[3][MAX_N];
        uint8_t g[3 * MAX_N];
        const int64_t n = 1 + below(&r, MAX_N), range = 1 + below(&r, 300);
        const int64_t unit = units[below(&r, 4)];
        const uint32_t q = 2 + (uint32_t)below(&r, 9), rule = (uint32_t)below(&r, 4);
        const kehu_rfm_options opt = {.size = sizeof opt,
                                      .rule = rule,
                                      .recency_levels = q,
                                      .orders_levels = q,
                                      .spend_levels = q};
        const kehu_rfm_columns c = {n, x[0], x[1], x[2]};
        kehu_rfm *rfm = NULL;
        for (int k = 0; k < 3; k++) {
            for (int64_t i = 0; i < n; i++)
                sorted[k][i] = x[k][i] = unit * (below(&r, (int)range) -
                                                 (k == KEHU_RFM_SPEND ? range / 2 : 0));
            qsort(sorted[k], (size_t)n, sizeof sorted[k][0], by_value);
        }
        assert_int_equal(kehu_rfm_fit(&rfm, &c, &opt, NULL), KEHU_OK);
        assert_int_equal(kehu_rfm_grade(rfm, &c, g, NULL), KEHU_OK);
        for (int64_t i = 0; i < n; i++)
            for (int k = 0; k < 3; k++) {
                const int64_t step = step_of(rule, sorted[k], n, q, x[k][i]);
                assert_int_equal(g[3 * i + k],
                                 k == KEHU_RFM_RECENCY ? q - step : 1 + step);
            }
        kehu_rfm_free(rfm);
    }
}

/* ---- Rules ---- */

/* A random condition over x (0..9) as text, with its truth for each x. */
static void make_condition(kehu__random *r, char *text, bool truth[10], int depth)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    const int what = depth == 0 ? (int)below(r, 2) : (int)below(r, 5);
    if (what == 0) {
        const int k = (int)below(r, 6), v = (int)below(r, 10);
        sprintf(text, "x %s %d", signs[k], v);
        for (int x = 0; x < 10; x++)
            truth[x] = k == 0   ? x == v
                       : k == 1 ? x != v
                       : k == 2 ? x < v
                       : k == 3 ? x <= v
                       : k == 4 ? x > v
                                : x >= v;
    } else if (what == 1) {
        const int low = (int)below(r, 10), high = low + (int)below(r, 10);
        sprintf(text, "x in %d..%d", low, high);
        for (int x = 0; x < 10; x++)
            truth[x] = x >= low && x <= high;
    } else {
        char a[600], b[600];
        bool s[10], t[10];
        make_condition(r, a, s, depth - 1);
        make_condition(r, b, t, depth - 1);
        if (what == 2)
            sprintf(text, "not (%s)", a);
        else
            sprintf(text, "(%s) %s (%s)", a, what == 3 ? "and" : "or", b);
        for (int x = 0; x < 10; x++)
            truth[x] = what == 2 ? !s[x] : what == 3 ? s[x] && t[x] : s[x] || t[x];
    }
}

static void test_segments_agree_with_their_truth(void **state)
{
    static const uint8_t digits[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const kehu_column c = {.name = "x", .type = KEHU_UINT8, .length = 10, .data = digits};
    kehu__random r = kehu__random_seed(seed + 2);
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        char condition[1400], text[2900];
        bool first[10], second[10];
        int32_t codes[10];
        kehu_segments *t = NULL;
        size_t n;
        make_condition(&r, condition, first, 3);
        n = (size_t)sprintf(text, "a: %s\n", condition);
        make_condition(&r, condition, second, 3);
        sprintf(text + n, "b: %s\nc: otherwise\n", condition);
        assert_int_equal(kehu_segments_read(&t, text, strlen(text), NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_segments_assign(t, &c, 1, codes, NULL), KEHU_OK);
        for (int x = 0; x < 10; x++)
            assert_int_equal(codes[x], first[x] ? 0 : second[x] ? 1 : 2);
        kehu_segments_free(t);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_base_agrees_with_a_look_at_every_row),
        cmocka_unit_test(test_rfm_base_agrees_with_sums_of_many_rows),
        cmocka_unit_test(test_rfm_base_agrees_over_rounds),
        cmocka_unit_test(test_rfm_grades_agree_with_fractions),
        cmocka_unit_test(test_segments_agree_with_their_truth),
    };
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
