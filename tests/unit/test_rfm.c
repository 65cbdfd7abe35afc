#include <kehu/rfm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/kept.h"
#include "support/test.h"

/* Ten customers, by hand. Sorted recency 1 2 2 5 8 13 21 34 55 89: the values at
 * ranks 2, 4, 6, 8 are 2, 5, 13, 34. Orders 1 1 1 1 1 2 2 3 5 8: 1 1 2 3. Spend
 * -5 0 10 10 20 30 30 30 70 100: 0 10 30 30. */
static const int64_t RECENCY[10] = {1, 2, 2, 5, 8, 13, 21, 34, 55, 89};
static const int64_t ORDERS[10] = {8, 5, 3, 2, 2, 1, 1, 1, 1, 1};
static const int64_t SPEND[10] = {100, 70, 30, 30, 30, 20, 10, 10, 0, -5};
static const kehu_rfm_columns TEN = {10, RECENCY, ORDERS, SPEND};

/* What an out parameter holds before a call that must clear it. */
static char not_null;

static kehu_rfm *fit(const kehu_rfm_columns *c, uint32_t levels, uint32_t rule)
{
    const kehu_rfm_options opt = {.size = sizeof opt,
                                  .rule = rule,
                                  .recency_levels = levels,
                                  .orders_levels = levels,
                                  .spend_levels = levels};
    kehu_rfm *rfm = NULL;
    kehu_error err = {0};
    if (kehu_rfm_fit(&rfm, c, &opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return rfm;
}

static kehu_rfm_cuts cuts_of(const kehu_rfm *rfm, kehu_rfm_column column)
{
    kehu_rfm_cuts cuts;
    assert_int_equal(kehu_rfm_get_cuts(rfm, column, &cuts, NULL), KEHU_OK);
    return cuts;
}

/* ---- Cut points ---- */

static void test_rfm_grades_by_nearest_rank(void **state)
{
    static const uint8_t expected[10][3] = {{5, 5, 5}, {5, 5, 5}, {5, 4, 3}, {4, 3, 3},
                                            {3, 3, 3}, {3, 1, 3}, {2, 1, 2}, {2, 1, 2},
                                            {1, 1, 1}, {1, 1, 1}};
    static const int64_t edges[3][4] = {{2, 5, 13, 34}, {1, 1, 2, 3}, {0, 10, 30, 30}};
    static const int64_t counts[3][5] = {
        {2, 2, 2, 1, 3}, {5, 0, 2, 1, 2}, {2, 2, 4, 0, 2}};
    kehu_rfm *rfm = fit(&TEN, 5, KEHU_RFM_NEAREST_RANK);
    uint8_t grades[30];
    (void)state;
    assert_int_equal(kehu_rfm_grade(rfm, &TEN, grades, NULL), KEHU_OK);
    assert_memory_equal(grades, expected, sizeof grades);
    for (int k = 0; k < 3; k++) {
        const kehu_rfm_cuts cuts = cuts_of(rfm, (kehu_rfm_column)k);
        assert_int_equal(cuts.levels, 5);
        assert_int_equal(cuts.n, 10);
        assert_int_equal(cuts.n_used, k == KEHU_RFM_RECENCY ? 5 : 4);
        for (int j = 0; j < 4; j++) {
            assert_int_equal(cuts.at_most[j], edges[k][j]);
            assert_true(cuts.edge[j] == (double)edges[k][j]);
        }
        for (int j = 0; j < 5; j++)
            assert_int_equal(cuts.count[j], counts[k][j]);
    }
    assert_int_equal(cuts_of(rfm, KEHU_RFM_SPEND).least, -5);
    assert_int_equal(cuts_of(rfm, KEHU_RFM_SPEND).most, 100);
    kehu_rfm_free(rfm);
}

static void test_rfm_interpolates_between_ranks(void **state)
{
    /* Type 7 of ten recencies at k/5: positions 1.8, 3.6, 5.4, 7.2. */
    static const double edges[4] = {2, 6.8, 16.2, 38.2};
    kehu_rfm *rfm = fit(&TEN, 5, KEHU_RFM_INTERPOLATED);
    kehu_rfm *plus = fit(&TEN, 5, KEHU_RFM_INTERPOLATED_PLUS_ONE);
    const kehu_rfm_cuts c = cuts_of(rfm, KEHU_RFM_RECENCY);
    const kehu_rfm_cuts p = cuts_of(plus, KEHU_RFM_RECENCY);
    static const int64_t below[4] = {2, 6, 16, 38}, below_plus[4] = {2, 7, 17, 39};
    (void)state;
    for (int j = 0; j < 4; j++) {
        assert_true(c.edge[j] > edges[j] - 1e-9 && c.edge[j] < edges[j] + 1e-9);
        assert_true(p.edge[j] > edges[j] + 1 - 1e-9 && p.edge[j] < edges[j] + 1 + 1e-9);
        assert_int_equal(c.at_most[j], below[j]);
        assert_int_equal(p.at_most[j], below_plus[j]);
    }
    kehu_rfm_free(plus);
    kehu_rfm_free(rfm);
}

static void test_rfm_cuts_equal_widths(void **state)
{
    /* Spend from -5 to 100 in three: 30 and 65. */
    kehu_rfm *rfm = fit(&TEN, 3, KEHU_RFM_EQUAL_WIDTH);
    const kehu_rfm_cuts c = cuts_of(rfm, KEHU_RFM_SPEND);
    (void)state;
    assert_int_equal(c.at_most[0], 30);
    assert_int_equal(c.at_most[1], 65);
    assert_int_equal(c.count[0], 8);
    assert_int_equal(c.count[1], 0);
    assert_int_equal(c.count[2], 2);
    kehu_rfm_free(rfm);
}

static void test_rfm_takes_the_widest_values(void **state)
{
    static const int64_t wide[3] = {INT64_MIN, 0, INT64_MAX};
    static const int64_t days[3] = {0, 1, INT64_MAX};
    const kehu_rfm_columns c = {3, days, days, wide};
    (void)state;
    for (uint32_t rule = 0; rule <= KEHU_RFM_EQUAL_WIDTH; rule++)
        for (uint32_t levels = 2; levels <= KEHU_RFM_MAX_LEVELS; levels++) {
            kehu_rfm *rfm = fit(&c, levels, rule);
            const kehu_rfm_cuts cuts = cuts_of(rfm, KEHU_RFM_SPEND);
            for (uint32_t j = 1; j + 1 < levels; j++) {
                assert_true(cuts.at_most[j] >= cuts.at_most[j - 1]);
                assert_true(cuts.edge[j] >= cuts.edge[j - 1]);
            }
            assert_int_equal(cuts.count[0] > 0, 1);
            kehu_rfm_free(rfm);
        }
}

static void test_rfm_takes_the_callers_edges(void **state)
{
    static const int64_t tiers[] = {0, 29};
    const kehu_rfm_edges edges = {.spend = tiers, .n_spend = 2};
    const kehu_rfm_options opt = {.size = sizeof opt, .edges = &edges};
    kehu_rfm *rfm = NULL;
    (void)state;
    assert_int_equal(kehu_rfm_fit(&rfm, &TEN, &opt, NULL), KEHU_OK);
    const kehu_rfm_cuts c = cuts_of(rfm, KEHU_RFM_SPEND);
    assert_int_equal(c.levels, 3);
    assert_int_equal(c.given, 1);
    assert_int_equal(c.count[0], 2);
    assert_int_equal(c.count[1], 3);
    assert_int_equal(c.count[2], 5);
    assert_int_equal(cuts_of(rfm, KEHU_RFM_ORDERS).given, 0);
    kehu_rfm_free(rfm);
}

static void test_rfm_needs_no_customers_when_all_edges_are_given(void **state)
{
    static const int64_t days[] = {30, 90}, orders[] = {1}, spend[] = {100};
    const kehu_rfm_edges edges = {days, orders, spend, 2, 1, 1};
    const kehu_rfm_options opt = {.size = sizeof opt, .edges = &edges};
    kehu_rfm *rfm = NULL;
    kehu_rfm_reason why;
    kehu_rfm_drift drift;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_rfm_fit(&rfm, NULL, &opt, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_explain(rfm, 30, 1, 101, &why, NULL), KEHU_OK);
    assert_int_equal(why.grade[0], 3);
    assert_int_equal(why.grade[1], 1);
    assert_int_equal(why.grade[2], 2);
    assert_int_equal(kehu_rfm_get_drift(rfm, &TEN, &drift, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "no customers in the fitted base");
    kehu_rfm_free(rfm);
}

static void test_rfm_tells_which_edge_falls(void **state)
{
    static const int64_t falling[] = {1, 6, 5};
    const kehu_rfm_edges edges = {.orders = falling, .n_orders = 3};
    const kehu_rfm_options opt = {.size = sizeof opt, .edges = &edges};
    kehu_rfm *rfm = (kehu_rfm *)(void *)&not_null;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_rfm_fit(&rfm, &TEN, &opt, &err), KEHU_ARGUMENT);
    assert_null(rfm);
    assert_int_equal(err.where, 2);
    assert_string_equal(err.message, "edge 2 of orders is 5, below edge 1 with 6");
}

static void test_rfm_bases_with_few_values_have_a_defined_answer(void **state)
{
    static const int64_t three[4] = {3, 3, 3, 3};
    const kehu_rfm_columns equal = {4, three, three, three},
                           one = {1, three, three, three};
    (void)state;
    for (uint32_t rule = 0; rule <= KEHU_RFM_EQUAL_WIDTH; rule++) {
        const kehu_rfm_columns *bases[] = {&equal, &one};
        for (int b = 0; b < 2; b++) {
            kehu_rfm *rfm = fit(bases[b], 5, rule);
            uint8_t g[12];
            assert_int_equal(kehu_rfm_grade(rfm, bases[b], g, NULL), KEHU_OK);
            for (int64_t i = 0; i < bases[b]->n; i++)
                assert_memory_equal(g + 3 * i, ((uint8_t[]){5, 1, 1}), 3);
            assert_int_equal(cuts_of(rfm, KEHU_RFM_ORDERS).n_used, 1);
            kehu_rfm_free(rfm);
        }
    }
}

/* ---- Failures ---- */

static void check_failure(const kehu_rfm_columns *c, const kehu_rfm_options *opt,
                          kehu_status status, int64_t where, const char *message)
{
    kehu_rfm *rfm = (kehu_rfm *)(void *)&not_null;
    kehu_error err = {0};
    assert_int_equal(kehu_rfm_fit(&rfm, c, opt, &err), status);
    assert_null(rfm);
    assert_int_equal(err.code, status);
    assert_int_equal(err.where, where);
    assert_string_equal(err.message, message);
}

static void test_rfm_fit_says_what_is_wrong(void **state)
{
    static const int64_t bad[3] = {1, 2, -1};
    const kehu_rfm_options rule = {.size = sizeof rule, .rule = 9},
                           levels = {.size = sizeof levels, .orders_levels = 11},
                           unset = {.rule = 1};
    const kehu_rfm_edges two = {.spend = bad, .n_spend = 2}, none = {.n_orders = 1};
    const kehu_rfm_options many = {.size = sizeof many, .spend_levels = 5, .edges = &two},
                           null = {.size = sizeof null, .edges = &none};
    (void)state;
    check_failure(NULL, NULL, KEHU_ARGUMENT, -1, "columns is NULL");
    check_failure(&(kehu_rfm_columns){-1, bad, bad, bad}, NULL, KEHU_ARGUMENT, -1,
                  "columns.n is -1");
    check_failure(&(kehu_rfm_columns){3, bad, NULL, bad}, NULL, KEHU_DATA, 2,
                  "recency_days of row 2 is -1");
    check_failure(&(kehu_rfm_columns){2, bad, NULL, bad}, NULL, KEHU_ARGUMENT, -1,
                  "columns.orders is NULL");
    check_failure(&(kehu_rfm_columns){3, RECENCY, bad, bad}, NULL, KEHU_DATA, 2,
                  "orders of row 2 is -1");
    check_failure(&(kehu_rfm_columns){0, NULL, NULL, NULL}, NULL, KEHU_EMPTY, -1,
                  "no customers to find cut points of");
    check_failure(&TEN, &rule, KEHU_ARGUMENT, -1, "rule is 9, expected 0 to 3");
    check_failure(&TEN, &levels, KEHU_ARGUMENT, -1,
                  "orders has 11 levels or edges + 1, expected 2 to 10");
    check_failure(&TEN, &many, KEHU_ARGUMENT, -1,
                  "spend has 2 edges for 5 levels, expected one less");
    check_failure(&TEN, &null, KEHU_ARGUMENT, -1, "edges.orders is NULL");
    check_failure(&TEN, &unset, KEHU_ARGUMENT, -1, "options.size is not set");
    assert_int_equal(kehu_rfm_fit(NULL, &TEN, NULL, NULL), KEHU_ARGUMENT);
}

static void test_rfm_options_older_and_newer(void **state)
{
    struct {
        kehu_rfm_options known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}};
    const kehu_rfm_options older = {.size = 8, .rule = 0, .recency_levels = 99};
    kehu_rfm *rfm = NULL;
    (void)state;
    assert_int_equal(kehu_rfm_fit(&rfm, &TEN, &older, NULL), KEHU_OK);
    assert_int_equal(cuts_of(rfm, KEHU_RFM_RECENCY).levels, 5);
    kehu_rfm_free(rfm);
    assert_int_equal(kehu_rfm_fit(&rfm, &TEN, &newer.known, NULL), KEHU_OK);
    kehu_rfm_free(rfm);
    newer.later = 1;
    assert_int_equal(kehu_rfm_fit(&rfm, &TEN, &newer.known, NULL), KEHU_VERSION);
    assert_null(rfm);
}

static void test_rfm_other_calls_check_their_arguments(void **state)
{
    kehu_rfm *rfm = fit(&TEN, 5, 0);
    kehu_rfm_cuts cuts;
    kehu_rfm_reason why;
    kehu_rfm_drift drift;
    kehu_error err;
    uint8_t g[30];
    (void)state;
    assert_int_equal(kehu_rfm_grade(NULL, &TEN, g, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_grade(rfm, &TEN, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "grades is NULL");
    assert_int_equal(kehu_rfm_get_cuts(rfm, (kehu_rfm_column)3, &cuts, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "column is 3, expected 0 to 2");
    assert_int_equal(kehu_rfm_get_cuts(rfm, KEHU_RFM_SPEND, NULL, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_explain(rfm, 1, 1, 1, NULL, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_explain(rfm, -1, 1, 1, &why, &err), KEHU_DATA);
    assert_int_equal(kehu_rfm_get_drift(rfm, &TEN, NULL, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_get_drift(rfm, &(kehu_rfm_columns){0}, &drift, &err),
                     KEHU_EMPTY);
    assert_string_equal(err.message, "no customers in the later base");
    kehu_rfm_free(rfm);
    kehu_rfm_free(NULL);
}

/* ---- Reasons ---- */

static void test_rfm_explains_a_grade_by_its_edges(void **state)
{
    kehu_rfm *rfm = fit(&TEN, 5, 0);
    kehu_rfm_reason why;
    (void)state;
    assert_int_equal(kehu_rfm_explain(rfm, 6, 9, -7, &why, NULL), KEHU_OK);
    assert_memory_equal(why.value, ((int64_t[]){6, 9, -7}), sizeof why.value);
    assert_memory_equal(why.grade, ((uint8_t[]){3, 5, 1}), sizeof why.grade);
    assert_memory_equal(why.above, ((int64_t[]){5, 3, INT64_MIN}), sizeof why.above);
    assert_memory_equal(why.at_most, ((int64_t[]){13, INT64_MAX, 0}), sizeof why.at_most);
    kehu_rfm_free(rfm);
}

static void test_rfm_measures_drift(void **state)
{
    kehu_rfm *rfm = fit(&TEN, 2, 0);
    static const int64_t late[4] = {500, 501, 502, 503}, one[4] = {1, 1, 1, 1};
    const kehu_rfm_columns later = {4, late, one, one};
    kehu_rfm_drift drift;
    (void)state;
    assert_int_equal(kehu_rfm_get_drift(rfm, &TEN, &drift, NULL), KEHU_OK);
    for (int k = 0; k < 3; k++)
        assert_true(drift.psi[k] == 0);
    assert_int_equal(kehu_rfm_get_drift(rfm, &later, &drift, NULL), KEHU_OK);
    assert_int_equal(drift.n, 4);
    assert_int_equal(drift.count[0][0], 4);
    assert_int_equal(drift.count[0][1], 0);
    /* Fitted 5 to 5, so p = 1/2; q = 4.5/5 and 0.5/5: 0.4 ln 1.8 - 0.4 ln 0.2. */
    assert_true(drift.psi[0] > 0.878889 && drift.psi[0] < 0.878891);
    kehu_rfm_free(rfm);
}

/* ---- Files ---- */

static kept written(const kehu_rfm *rfm)
{
    kept k = {0};
    const kehu_writer w = {keep, &k};
    assert_int_equal(kehu_rfm_write(rfm, &w, NULL), KEHU_OK);
    return k;
}

static void test_rfm_comes_back_from_memory_and_file(void **state)
{
    kehu_rfm *rfm = fit(&TEN, 7, KEHU_RFM_INTERPOLATED), *back = NULL, *again = NULL;
    char path[] = "rfm-XXXXXX";
    const kept a = written(rfm);
    kept b;
    uint8_t g[30], h[30];
    (void)state;
    assert_int_equal(kehu_rfm_read(&back, a.bytes, a.size, NULL, NULL), KEHU_OK);
    b = written(back);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(b.bytes);
    assert_int_equal(kehu_rfm_grade(rfm, &TEN, g, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_grade(back, &TEN, h, NULL), KEHU_OK);
    assert_memory_equal(g, h, sizeof g);
    for (int k = 0; k < 3; k++) {
        const kehu_rfm_cuts x = cuts_of(rfm, (kehu_rfm_column)k),
                            y = cuts_of(back, (kehu_rfm_column)k);
        assert_memory_equal(&x, &y, sizeof x);
    }
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(kehu_rfm_save(rfm, path, NULL), KEHU_OK);
    assert_int_equal(kehu_rfm_load(&again, path, NULL, NULL), KEHU_OK);
    b = written(again);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes);
    free(b.bytes);
    remove(path);
    kehu_rfm_free(again);
    kehu_rfm_free(back);
    kehu_rfm_free(rfm);
}

static void test_rfm_refuses_every_cut_and_every_flipped_bit(void **state)
{
    kehu_rfm *rfm = fit(&TEN, 3, 0), *back = NULL;
    const kept m = written(rfm);
    kehu_error err;
    (void)state;
    for (size_t n = 0; n < m.size; n++) {
        assert_int_not_equal(kehu_rfm_read(&back, m.bytes, n, NULL, NULL), KEHU_OK);
        assert_null(back);
    }
    for (size_t bit = 0; bit < 8 * m.size; bit++) {
        flip_bit(&m, bit);
        assert_int_not_equal(kehu_rfm_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
        flip_bit(&m, bit);
    }
    assert_int_equal(kehu_rfm_read(&back, NULL, 0, NULL, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_rfm_load(&back, "no-such-file", NULL, &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu_rfm_save(rfm, "no-such-folder/x", &err), KEHU_NOT_FOUND);
    free(m.bytes);
    kehu_rfm_free(rfm);
}

/* ---- Threads and memory ---- */

static void test_rfm_threads_give_the_same_bytes(void **state)
{
    kehu_rfm *one = fit(&TEN, 5, 0);
    const kept a = written(one);
    (void)state;
    for (uint32_t t = 2; t <= 7; t += 5) {
        const kehu_rfm_options opt = {.size = sizeof opt, .n_threads = t};
        kehu_rfm *many = NULL;
        assert_int_equal(kehu_rfm_fit(&many, &TEN, &opt, NULL), KEHU_OK);
        const kept b = written(many);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.bytes, b.bytes, a.size);
        free(b.bytes);
        kehu_rfm_free(many);
    }
    free(a.bytes);
    kehu_rfm_free(one);
}

static kehu_status whole_life(const kehu_allocator *alloc, const char *path)
{
    const kehu_rfm_options opt = {.size = sizeof opt, .alloc = alloc};
    kehu_rfm *rfm = (kehu_rfm *)(void *)&not_null, *back = (kehu_rfm *)(void *)&not_null;
    kept m = {.size = 0};
    const kehu_writer w = {keep, &m};
    uint8_t g[30];
    kehu_status status = kehu_rfm_fit(&rfm, &TEN, &opt, NULL);
    if (status != KEHU_OK) {
        assert_null(rfm);
        return status;
    }
    status = kehu_rfm_write(rfm, &w, NULL);
    free(m.bytes);
    if (status == KEHU_OK)
        status = kehu_rfm_save(rfm, path, NULL);
    if (status == KEHU_OK) {
        status = kehu_rfm_load(&back, path, alloc, NULL);
        if (status == KEHU_OK)
            status = kehu_rfm_grade(back, &TEN, g, NULL);
        else
            assert_null(back);
        kehu_rfm_free(back);
    }
    kehu_rfm_free(rfm);
    return status;
}

static void test_rfm_survives_every_refused_allocation(void **state)
{
    char path[] = "rfm-oom-XXXXXX";
    const int fd = mkstemp(path);
    long n = 0;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        status = whole_life(faulty_init(&f, n), path);
        assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 10);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_grades_by_nearest_rank),
        cmocka_unit_test(test_rfm_interpolates_between_ranks),
        cmocka_unit_test(test_rfm_cuts_equal_widths),
        cmocka_unit_test(test_rfm_takes_the_widest_values),
        cmocka_unit_test(test_rfm_takes_the_callers_edges),
        cmocka_unit_test(test_rfm_needs_no_customers_when_all_edges_are_given),
        cmocka_unit_test(test_rfm_tells_which_edge_falls),
        cmocka_unit_test(test_rfm_bases_with_few_values_have_a_defined_answer),
        cmocka_unit_test(test_rfm_fit_says_what_is_wrong),
        cmocka_unit_test(test_rfm_options_older_and_newer),
        cmocka_unit_test(test_rfm_other_calls_check_their_arguments),
        cmocka_unit_test(test_rfm_explains_a_grade_by_its_edges),
        cmocka_unit_test(test_rfm_measures_drift),
        cmocka_unit_test(test_rfm_comes_back_from_memory_and_file),
        cmocka_unit_test(test_rfm_refuses_every_cut_and_every_flipped_bit),
        cmocka_unit_test(test_rfm_threads_give_the_same_bytes),
        cmocka_unit_test(test_rfm_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
