#include <math.h>

#include "base/maths.h"
#include "support/test.h"

static void check_close(double got, double want)
{
    const double size = fabs(want) > 1 ? fabs(want) : 1;
    if (!(fabs(got - want) <= 1e-14 * size))
        fail_msg("%.17g, expected %.17g", got, want);
}

/* Values by their closed forms, to 20 digits. */
static void test_lgamma_at_known_points(void **state)
{
    (void)state;
    check_close(kehu__lgamma(1), 0);
    check_close(kehu__lgamma(2), 0);
    check_close(kehu__lgamma(0.5), 0.57236494292470008707); /* ln sqrt(pi) */
    check_close(kehu__lgamma(10), 12.801827480081469611);   /* ln 9! */
    check_close(kehu__lgamma(101), 363.73937555556349014);  /* ln 100! */
    check_close(kehu__digamma(1), -0.57721566490153286061);
    check_close(kehu__digamma(0.5), -1.9635100260214234794);
    check_close(kehu__digamma(0.25), -4.2274535333762654081);
    check_close(kehu__digamma(10), 2.2517525890667211077);
}

static void test_lgamma_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (double x = 1e-6; x < 1e12; x *= 1.07) {
        double l, d;
        kehu__gamma_logs(x, &l, &d);
        check_close(l, lgamma(x));
        check_close(kehu__lgamma(x), l);
        check_close(kehu__digamma(x), d);
    }
}

/* The recurrences hold, where no table reaches. */
static void test_digamma_recurs(void **state)
{
    (void)state;
    for (double x = 0.01; x < 1e6; x *= 1.13) {
        check_close(kehu__digamma(x + 1) - 1 / x, kehu__digamma(x));
        check_close(kehu__lgamma(x + 1) - log(x), kehu__lgamma(x));
    }
}

static void test_expm1_is_accurate_near_zero(void **state)
{
    (void)state;
    for (double x = 1e-300; x < 700; x *= 1.9) {
        assert_true(fabs(kehu__expm1(x) / expm1(x) - 1) < 1e-15);
        assert_true(fabs(kehu__expm1(-x) / expm1(-x) - 1) < 1e-15);
    }
    assert_true(kehu__expm1(0) == 0);
    assert_true(kehu__expm1(-HUGE_VAL) == -1);
    assert_true(isnan(kehu__expm1((double)NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lgamma_at_known_points),
        cmocka_unit_test(test_lgamma_agrees_with_the_c_library),
        cmocka_unit_test(test_digamma_recurs),
        cmocka_unit_test(test_expm1_is_accurate_near_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
