#include <kehu/rfm.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

/* Ten customers, by hand. Sorted recency 1 2 2 5 8 13 21 34 55 89: the values at
 * ranks 2, 4, 6, 8 are 2, 5, 13, 34. Orders 1 1 1 1 1 2 2 3 5 8: 1 1 2 3. Spend
 * -5 0 10 10 20 30 30 30 70 100: 0 10 30 30. */
static const int64_t RECENCY[10] = {1, 2, 2, 5, 8, 13, 21, 34, 55, 89};
static const int64_t ORDERS[10] = {8, 5, 3, 2, 2, 1, 1, 1, 1, 1};
static const int64_t SPEND[10] = {100, 70, 30, 30, 30, 20, 10, 10, 0, -5};
static const kehu_rfm_columns TEN = {10, RECENCY, ORDERS, SPEND};

static kehu_rfm *fit(uint32_t levels, uint32_t rule)
{
    const kehu_rfm_options opt = {.size = sizeof opt,
                                  .rule = rule,
                                  .recency_levels = levels,
                                  .orders_levels = levels,
                                  .spend_levels = levels};
    kehu_rfm *rfm = NULL;
    kehu_error err = {0};
    if (kehu_rfm_fit(&rfm, &TEN, &opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return rfm;
}

static void test_rfm_grades_by_nearest_rank(void **state)
{
    static const uint8_t expected[10][3] = {{5, 5, 5}, {5, 5, 5}, {5, 4, 3}, {4, 3, 3},
                                            {3, 3, 3}, {3, 1, 3}, {2, 1, 2}, {2, 1, 2},
                                            {1, 1, 1}, {1, 1, 1}};
    static const int64_t edges[3][4] = {{2, 5, 13, 34}, {1, 1, 2, 3}, {0, 10, 30, 30}};
    kehu_rfm *rfm = fit(5, KEHU_RFM_NEAREST_RANK);
    uint8_t grades[30];
    (void)state;
    assert_int_equal(kehu_rfm_grade(rfm, &TEN, grades, NULL), KEHU_OK);
    assert_memory_equal(grades, expected, sizeof grades);
    for (int k = 0; k < 3; k++) {
        kehu_rfm_cuts cuts;
        assert_int_equal(kehu_rfm_get_cuts(rfm, (kehu_rfm_column)k, &cuts, NULL),
                         KEHU_OK);
        assert_int_equal(cuts.levels, 5);
        assert_int_equal(cuts.n, 10);
        for (int j = 0; j < 4; j++) {
            assert_int_equal(cuts.at_most[j], edges[k][j]);
            assert_true(cuts.edge[j] == (double)edges[k][j]);
        }
    }
    kehu_rfm_free(rfm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_grades_by_nearest_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
