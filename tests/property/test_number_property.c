/* Reading and writing of doubles against the C library (in the "C" locale), on
 * random bits, random texts and the cases that are hard: close to the middle
 * between two doubles, subnormal, at the ends. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/random.h"
#include "support/test.h"

enum { SEED = 20240301 };

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void compare_with_strtod(const char *text, size_t size)
{
    const double want = strtod(text, NULL);
    double got = 17;
    const kehu__number result = kehu__parse_double(text, size, &got);
    if (to_bits(got) != to_bits(want))
        print_error("%.60s reads as %a, expected %a\n", text, got, want);
    assert_true(to_bits(got) == to_bits(want));
    assert_int_equal(result, isinf(want) ? KEHU__NUMBER_RANGE : KEHU__NUMBER_OK);
}

static void test_parse_agrees_on_random_texts(void **state)
{
    kehu__random r = kehu__random_seed(SEED);
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        char text[64];
        const uint64_t mantissa = kehu__random_next(&r) >> (kehu__random_below(&r, 64));
        const int n = snprintf(text, sizeof text, "%s%llu%s%llue%d", i & 1 ? "-" : "",
                               (unsigned long long)mantissa, i & 2 ? "." : "",
                               (unsigned long long)kehu__random_below(&r, 1000000),
                               (int)kehu__random_below(&r, 700) - 360);
        compare_with_strtod(text, (size_t)n);
    }
}

static void test_parse_agrees_on_printed_doubles(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 1);
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        char text[64];
        const double x = from_bits(kehu__random_next(&r));
        if (isfinite(x)) {
            const int n =
                snprintf(text, sizeof text, "%.*e", (int)kehu__random_below(&r, 22), x);
            compare_with_strtod(text, (size_t)n);
        }
    }
}

/* The exact middle between two doubles, cut at some digit, and a little above
 * and below it. */
static void test_parse_agrees_around_the_middle_of_two_doubles(void **state)
{
    static char text[1400];
    kehu__random r = kehu__random_seed(SEED + 2);
    (void)state;
    for (int i = 0; i < 30000; i++) {
        const uint64_t bits = i < 2000 ? (uint64_t)i : kehu__random_next(&r) >> 1;
        const double x = from_bits(bits), next = from_bits(bits + 1);
        long double middle;
        int n;
        if (!isfinite(x) || !isfinite(next))
            continue;
        middle = ((long double)x + (long double)next) / 2; /* 64 bits hold it */
        n = snprintf(text, sizeof text, "%.*Le",
                     i % 3 == 0 ? 780 : (int)kehu__random_below(&r, 800), middle);
        compare_with_strtod(text, (size_t)n);
        for (char *e = strchr(text, 'e'); e != NULL; e = NULL) {
            char *last = e - 1;
            if (*last == '.')
                continue;
            *last = (char)(*last == '9' ? '8' : *last + 1);
            compare_with_strtod(text, (size_t)n);
            memmove(e + 300, e, strlen(e) + 1); /* a 1 far beyond any tie */
            memset(e, '0', 299);
            e[299] = '1';
            compare_with_strtod(text, strlen(text));
        }
    }
}

static void test_format_reads_back_and_is_shortest(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 3);
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        char text[KEHU__NUMBER_BYTES], other[64];
        const uint64_t bits =
            i < 5000   ? (uint64_t)i
            : i < 9000 ? ((uint64_t)(i - 5000) << 52) + (uint64_t)(i & 1)
            : i < 300000
                ? to_bits((double)(kehu__random_next(&r) >> kehu__random_below(&r, 64)) /
                          1000)
                : kehu__random_next(&r);
        const double x = from_bits(bits);
        double back = 0;
        int n, digits = 0;
        if (!isfinite(x))
            continue;
        n = kehu__format_double(text, x);
        assert_int_equal(n, strlen(text));
        assert_int_equal(kehu__parse_double(text, (size_t)n, &back), KEHU__NUMBER_OK);
        if (to_bits(back) != bits)
            print_error("%a is written as %s\n", x, text);
        assert_true(to_bits(back) == bits);
        /* One digit less does not read back; as many digits of printf, if they
         * read back, are not nearer. */
        for (const char *p = text; *p != 'e' && *p != '\0'; p++)
            digits += *p >= '1' || (*p == '0' && digits > 0);
        for (const char *p = text + strcspn(text, "e"); p > text && p[-1] == '0'; p--)
            digits -= strchr(text, '.') == NULL;
        if (digits > 1 && i % 4 == 0) {
            snprintf(other, sizeof other, "%.*e", digits - 2, x);
            assert_true(to_bits(strtod(other, NULL)) != bits);
            snprintf(other, sizeof other, "%.*e", digits - 1, x);
            if (to_bits(strtod(other, NULL)) == bits) {
                snprintf(other, sizeof other, "%.*Le", digits - 1, (long double)x);
                assert_true(strtold(other, NULL) == strtold(text, NULL));
            }
        }
    }
}

static void test_format_float_reads_back(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 4);
    (void)state;
    for (int i = 0; i < 500000; i++) {
        char text[KEHU__NUMBER_BYTES];
        const uint32_t bits = i < 1000 ? (uint32_t)i : (uint32_t)kehu__random_next(&r);
        float x, back;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        kehu__format_float(text, x);
        back = strtof(text, NULL);
        assert_memory_equal(&back, &x, sizeof x);
        assert_true(strlen(text) <= 22);
    }
}

static void test_integers_and_money_read_back(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 5);
    (void)state;
    for (int i = 0; i < 500000; i++) {
        char text[KEHU__NUMBER_BYTES], want[64];
        const int64_t x = (int64_t)kehu__random_next(&r) >> kehu__random_below(&r, 64);
        const int decimals = i % 19;
        int64_t back = 0;
        int n = kehu__format_int64(text, x);
        snprintf(want, sizeof want, "%lld", (long long)x);
        assert_string_equal(text, want);
        assert_int_equal(kehu__parse_int64(text, (size_t)n, &back), KEHU__NUMBER_OK);
        assert_true(back == x);
        n = kehu__format_money(text, x, decimals);
        assert_int_equal(kehu__parse_money(text, (size_t)n, decimals, 0, &back),
                         KEHU__NUMBER_OK);
        assert_true(back == x);
        if (decimals == 2)
            assert_true(fabs(strtod(text, NULL) - (double)x / 100) <=
                        fabs((double)x) * 1e-17);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_agrees_on_random_texts),
        cmocka_unit_test(test_parse_agrees_on_printed_doubles),
        cmocka_unit_test(test_parse_agrees_around_the_middle_of_two_doubles),
        cmocka_unit_test(test_format_reads_back_and_is_shortest),
        cmocka_unit_test(test_format_float_reads_back),
        cmocka_unit_test(test_integers_and_money_read_back),
    };
    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
