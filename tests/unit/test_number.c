#include "base/number.h"

#include <math.h>
#include <string.h>

#include "support/test.h"

static kehu__number parse(const char *text, double *out)
{
    return kehu__parse_double(text, strlen(text), out);
}

static void test_parse_double_takes_the_whole_text_or_nothing(void **state)
{
    static const char *const bad[] = {
        "",     "+",   "-",     ".",   "e5",   "1e",   "1e+",  "1 ",  " 1",   "1x",
        "0x10", "--1", "1.2.3", "1,5", "infi", "nane", "1e5.", "+-1", "1e5 ", "1_0"};
    double x = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i], &x), KEHU__NUMBER_BAD);
    assert_true(x == 7);
    assert_int_equal(kehu__parse_double("12\0"
                                        "3",
                                        4, &x),
                     KEHU__NUMBER_BAD);
    assert_int_equal(parse("1.", &x), KEHU__NUMBER_OK);
    assert_true(x == 1);
    assert_int_equal(parse("+.5E-1", &x), KEHU__NUMBER_OK);
    assert_true(x == 0.05);
}

static void test_parse_double_tells_what_is_not_finite(void **state)
{
    double x;
    (void)state;
    assert_int_equal(parse("NaN", &x), KEHU__NUMBER_RANGE);
    assert_true(isnan(x));
    assert_int_equal(parse("-Infinity", &x), KEHU__NUMBER_RANGE);
    assert_true(x == -INFINITY);
    assert_int_equal(parse("inf", &x), KEHU__NUMBER_RANGE);
    assert_int_equal(parse("1e309", &x), KEHU__NUMBER_RANGE);
    assert_true(x == INFINITY);
    assert_int_equal(parse("1e99999999999999999999", &x), KEHU__NUMBER_RANGE);
    assert_int_equal(parse("-1e-99999999999999999999", &x), KEHU__NUMBER_OK);
    assert_true(x == 0 && signbit(x));
}

/* The smallest numbers and the largest, and the middles beside them. */
static void test_parse_double_at_the_ends(void **state)
{
    double x;
    (void)state;
    assert_int_equal(parse("4.9e-324", &x), KEHU__NUMBER_OK);
    assert_true(x == 0x1p-1074);
    parse("2.4703282292062327e-324", &x);
    assert_true(x == 0);
    parse("2.4703282292062328e-324", &x);
    assert_true(x == 0x1p-1074);
    parse("2.2250738585072011e-308", &x); /* hung PHP and Java */
    assert_true(x == 0x0.fffffffffffffp-1022);
    parse("1.7976931348623157e308", &x);
    assert_true(x == 0x1.fffffffffffffp1023);
    assert_int_equal(parse("1.7976931348623158079e308", &x), KEHU__NUMBER_OK);
    assert_int_equal(parse("1.7976931348623159e308", &x), KEHU__NUMBER_RANGE);
    parse("9007199254740993", &x); /* ties go to even */
    assert_true(x == 9007199254740992.0);
    parse("9007199254740993.00000000000000000000000000000000001", &x);
    assert_true(x == 9007199254740994.0);
    parse("6.631236846766476e-316", &x);
    assert_true(x == 6.631236846766476e-316);
}

static void test_parse_double_with_very_many_digits(void **state)
{
    static char text[1 << 20];
    double x;
    (void)state;
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    memcpy(text + sizeof text - 9, "1e1048566", 9);
    assert_int_equal(kehu__parse_double(text, sizeof text, &x), KEHU__NUMBER_OK);
    assert_true(x == 1);
    memset(text, '9', sizeof text);
    assert_int_equal(kehu__parse_double(text, sizeof text, &x), KEHU__NUMBER_RANGE);
    text[1] = '.';
    assert_int_equal(kehu__parse_double(text, sizeof text, &x), KEHU__NUMBER_OK);
    assert_true(x == 10);
}

static void test_format_double_is_what_people_expect(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {0.3, "0.3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {100, "100"},
                 {123456789012345680.0, "123456789012345680"},
                 {1e20, "100000000000000000000"},
                 {1e21, "1e21"},
                 {1e23, "1e23"},
                 {1.5e300, "1.5e300"},
                 {0.000001, "0.000001"},
                 {0.0000015, "0.0000015"},
                 {1e-7, "1e-7"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {9007199254740993.0, "9007199254740992"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"}};
    char text[KEHU__NUMBER_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(kehu__format_double(text, cases[i].x), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
    kehu__format_double(text, NAN);
    assert_string_equal(text, "nan");
    kehu__format_float(text, 0.1f);
    assert_string_equal(text, "0.1");
    kehu__format_float(text, 3.4028235e38f);
    assert_string_equal(text, "3.4028235e38");
}

static void test_format_fixed_rounds_the_shortest_text(void **state)
{
    static const struct {
        double x;
        int decimals;
        const char *text;
    } cases[] = {
        {1.005, 2, "1.01"},       {0.5, 0, "1"},
        {-0.001, 2, "0.00"},      {99.995, 2, "100.00"},
        {12.5, 3, "12.500"},      {0, 1, "0.0"},
        {1e-9, 9, "0.000000001"}, {-2.25, 1, "-2.3"},
        {1e300, 2, "1e300"},      {99999999999999980.0, 9, "99999999999999980.000000000"},
        {0.04, 1, "0.0"},         {0.06, 1, "0.1"},
        {0.0049, 1, "0.0"}};
    char text[KEHU__NUMBER_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int n = kehu__format_fixed(text, cases[i].x, cases[i].decimals);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static void test_parse_int64_knows_its_ends(void **state)
{
    int64_t v = 1;
    uint64_t u;
    (void)state;
    assert_int_equal(kehu__parse_int64("9223372036854775807", 19, &v), KEHU__NUMBER_OK);
    assert_true(v == INT64_MAX);
    assert_int_equal(kehu__parse_int64("-9223372036854775808", 20, &v), KEHU__NUMBER_OK);
    assert_true(v == INT64_MIN);
    assert_int_equal(kehu__parse_int64("9223372036854775808", 19, &v),
                     KEHU__NUMBER_RANGE);
    assert_int_equal(kehu__parse_int64("-9223372036854775809", 20, &v),
                     KEHU__NUMBER_RANGE);
    assert_int_equal(kehu__parse_int64("+007", 4, &v), KEHU__NUMBER_OK);
    assert_true(v == 7);
    assert_int_equal(kehu__parse_int64("", 0, &v), KEHU__NUMBER_BAD);
    assert_int_equal(kehu__parse_int64("-", 1, &v), KEHU__NUMBER_BAD);
    assert_int_equal(kehu__parse_int64("-+1", 3, &v), KEHU__NUMBER_BAD);
    assert_int_equal(kehu__parse_int64("1.0", 3, &v), KEHU__NUMBER_BAD);
    assert_int_equal(kehu__parse_int64("99999999999999999999999", 23, &v),
                     KEHU__NUMBER_RANGE);
    assert_int_equal(kehu__parse_uint64("18446744073709551615", 20, &u), KEHU__NUMBER_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(kehu__parse_uint64("18446744073709551616", 20, &u),
                     KEHU__NUMBER_RANGE);
}

static kehu__number money(const char *text, unsigned accept, int64_t *out)
{
    return kehu__parse_money(text, strlen(text), 2, accept, out);
}

static void test_parse_money_is_exact_or_refuses(void **state)
{
    enum { BOTH = KEHU__NUMBER_GROUPS | KEHU__NUMBER_WIDE };
    static const char *const bad[] = {"",   "1,234", "12e2", ".", "1.2.3",
                                      "¥5", "1.-2",  "--1",  "-"};
    static const char *const bad_groups[] = {",123",   "1,23",    "1234,567", "1,234,",
                                             "1,,234", "1.234,5", "1,2345",   "-,123"};
    int64_t v = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(money(bad[i], 0, &v), KEHU__NUMBER_BAD);
    for (size_t i = 0; i < sizeof bad_groups / sizeof *bad_groups; i++)
        assert_int_equal(money(bad_groups[i], BOTH, &v), KEHU__NUMBER_BAD);
    assert_int_equal(money("0.125", 0, &v), KEHU__NUMBER_INEXACT);
    assert_int_equal(money("92233720368547758.08", 0, &v), KEHU__NUMBER_RANGE);
    assert_true(v == 42);
    assert_int_equal(money("-92233720368547758.08", 0, &v), KEHU__NUMBER_OK);
    assert_true(v == INT64_MIN);
    assert_int_equal(money("12.3", 0, &v), KEHU__NUMBER_OK);
    assert_true(v == 1230);
    assert_int_equal(money("12.34000", 0, &v), KEHU__NUMBER_OK);
    assert_true(v == 1234);
    assert_int_equal(money("-1,234,567.89", BOTH, &v), KEHU__NUMBER_OK);
    assert_true(v == -123456789);
    assert_int_equal(money("１，２３４．５０", BOTH, &v), KEHU__NUMBER_OK);
    assert_true(v == 123450);
    assert_int_equal(money("－５", BOTH, &v), KEHU__NUMBER_OK);
    assert_true(v == -500);
    assert_int_equal(money("999", BOTH, &v), KEHU__NUMBER_OK);
    assert_true(v == 99900);
    assert_int_equal(kehu__parse_money("12.0", 4, 0, 0, &v), KEHU__NUMBER_OK);
    assert_true(v == 12);
}

static void test_format_money_keeps_its_places(void **state)
{
    char text[KEHU__NUMBER_BYTES];
    (void)state;
    kehu__format_money(text, -123450, 2);
    assert_string_equal(text, "-1234.50");
    kehu__format_money(text, 5, 2);
    assert_string_equal(text, "0.05");
    kehu__format_money(text, -5, 0);
    assert_string_equal(text, "-5");
    kehu__format_money(text, INT64_MIN, 18);
    assert_string_equal(text, "-9.223372036854775808");
}

/* Digits are read eight at a time: whatever stands anywhere among them, alone. */
static void test_parse_uint64_looks_at_every_byte(void **state)
{
    static const char digits[] = "1234567890123456789";
    (void)state;
    for (size_t size = 1; size < sizeof digits; size++)
        for (size_t at = 0; at < size; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[sizeof digits];
                uint64_t got = 7, want = 0;
                memcpy(text, digits, size);
                text[at] = (char)byte;
                for (size_t i = 0; i < size; i++)
                    want = want * 10 +
                           (uint64_t)(i == at && byte == '+' ? 0 : text[i] - '0');
                if ((byte >= '0' && byte <= '9') ||
                    (byte == '+' && at == 0 && size > 1)) {
                    assert_int_equal(kehu__parse_uint64(text, size, &got),
                                     KEHU__NUMBER_OK);
                    assert_true(got == want);
                } else {
                    assert_int_equal(kehu__parse_uint64(text, size, &got),
                                     KEHU__NUMBER_BAD);
                    assert_true(got == 7);
                }
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_double_takes_the_whole_text_or_nothing),
        cmocka_unit_test(test_parse_double_tells_what_is_not_finite),
        cmocka_unit_test(test_parse_double_at_the_ends),
        cmocka_unit_test(test_parse_double_with_very_many_digits),
        cmocka_unit_test(test_format_double_is_what_people_expect),
        cmocka_unit_test(test_format_fixed_rounds_the_shortest_text),
        cmocka_unit_test(test_parse_int64_knows_its_ends),
        cmocka_unit_test(test_parse_uint64_looks_at_every_byte),
        cmocka_unit_test(test_parse_money_is_exact_or_refuses),
        cmocka_unit_test(test_format_money_keeps_its_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
