#include "data/date_text.h"

#include <string.h>

#include "support/test.h"

static bool time_of(const char *text, int32_t zone, int64_t *us)
{
    return kehu__parse_timestamp(text, strlen(text), zone, us);
}

static void test_dates_in_every_form_are_the_same_day(void **state)
{
    static const char *const forms[] = {
        "2024-03-01",   "2024/3/1",       "2024.3.01",        "20240301",
        "2024年3月1日", "2024年03月01号", "2024-03-01 12:30", "2024-3-1T1:2:3.5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int32_t days = 0;
        assert_true(kehu__parse_date(forms[i], strlen(forms[i]), 0, &days));
        assert_int_equal(days, 19783);
    }
}

static void test_times_in_every_form(void **state)
{
    static const int64_t midnight = INT64_C(1709251200000000);
    static const struct {
        const char *text;
        int32_t zone;
        int64_t us; /* after 2024-03-01 00:00 UTC */
    } cases[] = {
        {"2024-03-01", 0, 0},
        {"2024-03-01", 480, INT64_C(-28800000000)},
        {"2024-03-01 12:30", 0, INT64_C(45000000000)},
        {"2024-03-01  12:30:45", 0, INT64_C(45045000000)},
        {"2024-03-01T12:30:45.123456", 0, INT64_C(45045123456)},
        {"2024-03-01T12:30:45.1", 0, INT64_C(45045100000)},
        {"2024-03-01t12:30:45.123456789", 0, INT64_C(45045123456)},
        {"2024-03-01T12:30:45Z", 480, INT64_C(45045000000)},
        {"2024-03-01 12:30:45 +08:00", 0, INT64_C(16245000000)},
        {"2024-03-01 12:30:45+0800", 60, INT64_C(16245000000)},
        {"2024-03-01T12:30:45-08", 0, INT64_C(73845000000)},
        {"20240301T123045", 0, INT64_C(45045000000)},
        {"20240301 1230", 0, INT64_C(45000000000)},
        {"2024年3月1日12时30分45秒", 0, INT64_C(45045000000)},
        {"2024年3月1日 12点30分", 0, INT64_C(45000000000)},
        {"2024年3月1日12:30", 480, INT64_C(16200000000)},
        {"2024-03-01 23:59:60", 0, INT64_C(86400000000)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = 0;
        assert_true(time_of(cases[i].text, cases[i].zone, &us));
        assert_true(us - midnight == cases[i].us);
    }
}

static void test_what_is_no_date_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "2024",
                                      "2024-03",
                                      "2024-13-01",
                                      "2023-02-29",
                                      "0000-01-01",
                                      "2024-3/1",
                                      "24-03-01",
                                      "2024-03-01x",
                                      "2024-03-01 ",
                                      "2024-03-01T",
                                      "2024-03-01 24:00",
                                      "2024-03-01 12:60",
                                      "2024-03-01 12:30:61",
                                      "2024-03-01 12:30:",
                                      "2024-03-01 12:30:45.",
                                      "2024-03-01 12:30+19:00",
                                      "2024-03-01 12:30+8",
                                      "2024-03-01Z",
                                      "2024年3月",
                                      "2024年3月1",
                                      "202403011",
                                      "01/03/2024",
                                      "2024-03-0112:30"};
    int64_t us = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(time_of(bad[i], 0, &us));
    assert_true(us == 7);
}

/* A moment with a zone of its own falls on another day elsewhere. */
static void test_the_day_is_that_of_the_asked_zone(void **state)
{
    int32_t days;
    (void)state;
    assert_true(kehu__parse_date("2024-03-01T23:30:00Z", 20, 480, &days));
    assert_int_equal(days, 19784);
    assert_true(kehu__parse_date("2024-03-01T23:30:00Z", 20, 0, &days));
    assert_int_equal(days, 19783);
    assert_true(kehu__parse_date("2024-03-01 23:30", 16, 480, &days));
    assert_int_equal(days, 19783);
}

static void test_moments_are_written_as_iso_8601(void **state)
{
    char out[KEHU__DATE_BYTES];
    (void)state;
    assert_int_equal(kehu__format_timestamp(out, INT64_C(1709296245120000), 0), 23);
    assert_string_equal(out, "2024-03-01T12:30:45.12Z");
    kehu__format_timestamp(out, INT64_C(1709296245000000), 480);
    assert_string_equal(out, "2024-03-01T20:30:45+08:00");
    kehu__format_timestamp(out, -1, -210);
    assert_string_equal(out, "1969-12-31T20:29:59.999999-03:30");
    kehu__format_timestamp(out, INT64_MIN, -1080);
    assert_true(strlen(out) < KEHU__DATE_BYTES);
    kehu__format_timestamp(out, INT64_MAX, 1080);
    assert_true(strlen(out) < KEHU__DATE_BYTES);
    assert_int_equal(kehu__format_date(out, -1), 10);
    assert_string_equal(out, "1969-12-31");
    kehu__format_date(out, INT32_MIN);
    assert_true(strlen(out) < KEHU__DATE_BYTES);
}

/* The usual form is read at once: whatever stands anywhere in it, the answer is that
 * of the same text with a time behind it, which is read piece by piece. */
static void test_the_usual_date_is_read_like_any_other(void **state)
{
    static const char *const dates[] = {"2024-02-29", "1999-12-31", "0001-01-01",
                                        "9999-10-10"};
    (void)state;
    for (size_t k = 0; k < sizeof dates / sizeof *dates; k++)
        for (size_t at = 0; at < 10; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[] = "....-..-.. 00:00";
                int32_t got = 7, want = 7;
                memcpy(text, dates[k], 10);
                text[at] = (char)byte;
                /* A time that starts before the tenth byte: no longer the same text. */
                if (byte == ' ' || byte == '\t' || byte == 'T' || byte == 't')
                    continue;
                assert_int_equal(kehu__parse_date(text, 10, 0, &got),
                                 kehu__parse_date(text, sizeof text - 1, 0, &want));
                assert_int_equal(got, want);
            }
}

/* A second blank makes a time be read piece by piece, and changes nothing. */
static void test_the_usual_time_is_read_like_any_other(void **state)
{
    static const char *const times[] = {"2024-02-29 12:30:45", "1999-12-31 23:59:60",
                                        "0001-01-01 00:00:00"};
    (void)state;
    for (size_t k = 0; k < sizeof times / sizeof *times; k++)
        for (size_t at = 0; at < 19; at++)
            for (int byte = 0; byte < 256; byte++) {
                char usual[19], other[20];
                int64_t got = 7, want = 7;
                if (at == 10)
                    continue;
                memcpy(usual, times[k], sizeof usual);
                usual[at] = (char)byte;
                memcpy(other, usual, 11);
                memcpy(other + 11, usual + 10, 9);
                assert_int_equal(kehu__parse_timestamp(usual, sizeof usual, -90, &got),
                                 kehu__parse_timestamp(other, sizeof other, -90, &want));
                assert_true(got == want);
            }
}

/* Between day and time stand a blank, a tabulator or a T. */
static void test_the_usual_time_stands_apart_from_its_day(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "2024-03-01 12:30:45";
        int64_t us = 7;
        text[10] = (char)byte;
        assert_int_equal(kehu__parse_timestamp(text, sizeof text - 1, 0, &us),
                         byte == ' ' || byte == '\t' || byte == 'T' || byte == 't');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_in_every_form_are_the_same_day),
        cmocka_unit_test(test_times_in_every_form),
        cmocka_unit_test(test_the_usual_date_is_read_like_any_other),
        cmocka_unit_test(test_the_usual_time_is_read_like_any_other),
        cmocka_unit_test(test_the_usual_time_stands_apart_from_its_day),
        cmocka_unit_test(test_what_is_no_date_is_refused),
        cmocka_unit_test(test_the_day_is_that_of_the_asked_zone),
        cmocka_unit_test(test_moments_are_written_as_iso_8601),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
