#include "support/test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kehu/evaluate.h"

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

static void test_evaluate_counts_by_class(void **state)
{
    const int32_t truth[8] = {0, 0, 0, 1, 1, 2, 2, 2};
    const int32_t answers[8] = {0, 0, 1, 1, -1, 2, 0, 2};
    kehu_class_evaluation c[4];
    kehu_evaluation e;
    int64_t confusion[4 * 5];
    (void)state;
    assert_int_equal(kehu_evaluate(&e, truth, answers, 8, 4, NULL, c, confusion, NULL),
                     KEHU_OK);
    assert_int_equal(e.n, 8);
    assert_int_equal(e.n_answered, 7);
    assert_int_equal(e.n_right, 5);
    assert_true(close_to(e.accuracy, 5 / 8.0) && close_to(e.coverage, 7 / 8.0));
    assert_true(close_to(e.precision, 5 / 7.0));
    assert_true(close_to(c[0].precision, 2 / 3.0) && close_to(c[0].recall, 2 / 3.0));
    assert_true(close_to(c[1].precision, 1 / 2.0) && close_to(c[1].recall, 1 / 2.0));
    assert_true(close_to(c[2].f1, 4 / 5.0));
    assert_true(isnan(c[3].f1) && isnan(c[3].recall) && isnan(c[3].precision));
    assert_true(close_to(e.macro_f1, (2 / 3.0 + 1 / 2.0 + 4 / 5.0) / 3));
    assert_true(isnan(e.log_loss) && isnan(e.calibration_error));
    assert_int_equal(confusion[0 * 5 + 1], 1);
    assert_int_equal(confusion[1 * 5 + 4], 1);
    assert_int_equal(confusion[2 * 5 + 2], 2);
    assert_int_equal(confusion[3 * 5 + 3], 0);
    assert_int_equal(kehu_evaluate(&e, truth, answers, 8, 3, NULL, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(e.n_right, 5);
}

static void test_evaluate_probabilities(void **state)
{
    const int32_t truth[3] = {0, 1, 1};
    const float p[6] = {0.75f, 0.25f, 0.75f, 0.25f, 0, 1};
    kehu_evaluation e;
    (void)state;
    assert_int_equal(kehu_evaluate(&e, truth, truth, 3, 2, p, NULL, NULL, NULL), KEHU_OK);
    assert_true(close_to(e.log_loss, -(log(0.75) + log(0.25)) / 3));
    assert_true(close_to(e.calibration_error, (1.5 - 1) / 3));
}

/* By hand: of 9 pairs of a yes and a no, 6 stand in the right order and 2 are tied;
 * each of the four different probabilities has a bin of its own. */
static void test_evaluate_binary_agrees_with_known_values(void **state)
{
    const double p[6] = {0.1, 0.4, 0.4, 0.8, 0.8, 0.95};
    const uint8_t y[6] = {0, 0, 1, 0, 1, 1};
    kehu_binary_evaluation e;
    (void)state;
    assert_int_equal(kehu_evaluate_binary(&e, p, y, 6, NULL), KEHU_OK);
    assert_int_equal(e.n_positive, 3);
    assert_true(close_to(e.auc, 7.0 / 9));
    assert_true(close_to(
        e.log_loss, -(log(.9) + log(.6) + log(.4) + log(.2) + log(.8) + log(.95)) / 6));
    assert_true(close_to(e.brier, (.01 + .16 + .36 + .64 + .04 + .0025) / 6));
    assert_true(close_to(e.calibration_error, (.1 + .2 + .6 + .05) / 6));
    assert_int_equal(kehu_evaluate_binary(&e, p, (const uint8_t[1]){1}, 1, NULL),
                     KEHU_OK);
    assert_true(isnan(e.auc));
}

/* Sums of binomial coefficients over 2^n, in exact integers. */
static void test_compare_gives_the_exact_binomial(void **state)
{
    static const struct {
        int only_a, only_b;
        double p;
    } known[] = {{0, 0, 1},
                 {5, 5, 1},
                 {1, 9, 22.0 / 1024},
                 {0, 6, 2.0 / 64},
                 {40, 60, 0.056887933640980624},
                 {3, 4, 1}};
    int32_t truth[100], a[100], b[100];
    kehu_mcnemar m;
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        for (int i = 0; i < 100; i++) {
            truth[i] = 1;
            a[i] = i < known[k].only_a;
            b[i] = i >= known[k].only_a && i < known[k].only_a + known[k].only_b;
        }
        assert_int_equal(kehu_compare(&m, truth, a, b, 100, NULL), KEHU_OK);
        assert_int_equal(m.only_a, known[k].only_a);
        assert_int_equal(m.only_b, known[k].only_b);
        assert_int_equal(m.both, 0);
        assert_int_equal(m.neither, 100 - m.only_a - m.only_b);
        assert_true(close_to(m.p_value, known[k].p));
    }
}

static void test_fold_of_is_even_and_fixed(void **state)
{
    int64_t counts[7] = {0};
    (void)state;
    for (int32_t i = 0; i < 70000; i++)
        counts[kehu_fold_of(&i, sizeof i, 1, 7)]++;
    for (int k = 0; k < 7; k++)
        assert_true(counts[k] > 9600 && counts[k] < 10400);
    assert_int_equal(kehu_fold_of("", 0, 0, 0), 0);
    assert_int_equal(kehu_fold_of("C001", 4, 0, 5), kehu_fold_of("C001", 4, 0, 5));
}

static void test_evaluate_refuses_bad_input(void **state)
{
    int32_t truth[2] = {0, 1}, answers[2] = {0, 2};
    float p[4] = {1, 0, 1.5f, 0};
    double q[2] = {0.5, NAN};
    uint8_t y[2] = {0, 2};
    kehu_evaluation e;
    kehu_binary_evaluation b;
    kehu_mcnemar m;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_evaluate(&e, truth, answers, 2, 2, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "answers of row 1 is class 2, expected -1 to 1");
    answers[1] = 1;
    truth[1] = -1;
    assert_int_equal(kehu_evaluate(&e, truth, answers, 2, 2, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "truth of row 1 is class -1, expected 0 to 1");
    truth[1] = 1;
    assert_int_equal(kehu_evaluate(&e, truth, answers, 2, 2, p, NULL, NULL, &err),
                     KEHU_RANGE);
    assert_string_equal(err.message, "probability 0 of row 1 is not in 0 to 1");
    assert_int_equal(kehu_evaluate(&e, truth, answers, 0, 2, p, NULL, NULL, &err),
                     KEHU_EMPTY);
    assert_int_equal(kehu_evaluate(&e, NULL, answers, 2, 2, p, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_evaluate_binary(&b, q, y, 2, &err), KEHU_RANGE);
    assert_string_equal(err.message, "the probability of row 1 is not in 0 to 1");
    q[1] = 1;
    assert_int_equal(kehu_evaluate_binary(&b, q, y, 2, &err), KEHU_RANGE);
    assert_string_equal(err.message, "happened of row 1 is 2, expected 0 or 1");
    assert_int_equal(kehu_evaluate_binary(&b, q, y, 0, &err), KEHU_EMPTY);
    assert_int_equal(kehu_compare(&m, truth, answers, answers, 0, &err), KEHU_EMPTY);
    assert_int_equal(kehu_compare(&m, truth, answers, NULL, 2, &err), KEHU_ARGUMENT);
}

static const double said[] = {.05, .95, .5, .5, .1, .9, 1, 0};
static const uint8_t came[] = {0, 1, 1, 0, 0, 1, 1, 0};

static void test_calibration_by_bins_and_by_months(void **state)
{
    static const int32_t months[] = {0, 0, 2, 2, -1, 0, 2, 2};
    kehu_calibration_row rows[3];
    kehu_error err;
    int32_t wrong[8] = {0, 0, 0, 3};
    double p[] = {1.5};
    (void)state;
    assert_int_equal(kehu_calibration(rows, 2, said, came, NULL, 8, NULL), KEHU_OK);
    assert_int_equal(rows[0].n, 3); /* .5 and 1 are in the upper half */
    assert_int_equal(rows[1].n, 5);
    assert_int_equal(rows[1].n_positive, 4);
    assert_true(fabs(rows[1].mean_probability - 3.85 / 5) < 1e-12);
    assert_true(rows[0].observed_rate == 0 && rows[0].low == 0 && rows[0].high > 0.4);
    assert_int_equal(kehu_calibration(rows, 3, said, came, months, 8, NULL), KEHU_OK);
    assert_int_equal(rows[0].n, 3);
    assert_int_equal(rows[0].n_positive, 2);
    assert_int_equal(rows[1].n, 0);
    assert_true(isnan(rows[1].mean_probability) && isnan(rows[1].observed_rate) &&
                isnan(rows[1].low) && isnan(rows[1].high));
    assert_true(rows[2].observed_rate == 0.5 && rows[2].mean_probability == 0.5);
    assert_int_equal(kehu_calibration(rows, 3, said, came, wrong, 8, &err), KEHU_RANGE);
    assert_string_equal(err.message, "groups[3] is 3, expected -1 to 2");
    assert_int_equal(kehu_calibration(rows, 3, p, came, NULL, 1, &err), KEHU_RANGE);
    assert_int_equal(kehu_calibration(rows, 0, said, came, NULL, 8, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_groups is 0, expected 1 to 1000000");
    assert_int_equal(kehu_calibration(NULL, 3, said, came, NULL, 8, &err), KEHU_ARGUMENT);
}

static void test_gains_count_from_the_top_and_share_ties(void **state)
{
    kehu_gain_row rows[8], one[3];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_gains(rows, 8, said, came, 8, NULL), KEHU_OK);
    /* 1 yes, .95 yes, .9 yes, two of .5 of which one, then none */
    const double found[] = {1, 2, 3, 3.5, 4, 4, 4, 4};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(rows[i].n, i + 1);
        assert_true(rows[i].n_positive == found[i]);
        assert_true(rows[i].gain == found[i] / 4);
        assert_true(fabs(rows[i].lift - found[i] / (i + 1) * 2) < 1e-15);
    }
    assert_int_equal(kehu_gains(one, 3, said, came, 1, NULL), KEHU_OK);
    assert_int_equal(one[0].n, 0);
    assert_true(isnan(one[2].gain) && isnan(one[2].lift));
    assert_int_equal(kehu_gains(rows, 8, said, came, 0, &err), KEHU_EMPTY);
    assert_int_equal(kehu_gains(rows, 0, said, came, 8, &err), KEHU_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibration_by_bins_and_by_months),
        cmocka_unit_test(test_gains_count_from_the_top_and_share_ties),
        cmocka_unit_test(test_evaluate_counts_by_class),
        cmocka_unit_test(test_evaluate_probabilities),
        cmocka_unit_test(test_evaluate_binary_agrees_with_known_values),
        cmocka_unit_test(test_compare_gives_the_exact_binomial),
        cmocka_unit_test(test_fold_of_is_even_and_fixed),
        cmocka_unit_test(test_evaluate_refuses_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
