#include <kehu/base.h>

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/date.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "support/test.h"

static void test_sizes_that_do_not_fit_are_never_asked_for(void **state)
{
    faulty f;
    const kehu_allocator *a = faulty_init(&f, -1);
    void *items = NULL;
    size_t capacity = 0;
    (void)state;
    assert_true(kehu__times(3, 5) == 15 && kehu__times(0, 5) == 0);
    assert_true(kehu__times(5, 0) == 0 && kehu__times(SIZE_MAX, 1) == SIZE_MAX);
    assert_true(kehu__times(SIZE_MAX / 2 + 1, 2) == SIZE_MAX);
    assert_null(kehu__alloc(a, kehu__times(SIZE_MAX / 2 + 2, 2), 1));
    assert_null(kehu__alloc(a, SIZE_MAX / 4 + 2, 4));
    assert_null(kehu__alloc_zero(a, PTRDIFF_MAX, 2));
    assert_false(kehu__grow(a, &items, &capacity, kehu__times(SIZE_MAX, 2), 1));
    assert_true(items == NULL && capacity == 0 && f.requests == 0);
}

static void test_crc32c_is_the_standard_one_on_every_path(void **state)
{
    char text[1000];
    uint32_t fast, plain;
    (void)state;
    assert_int_equal(kehu__crc32c(0, "123456789", 9), 0xE3069283);
    for (int i = 0; i < 1000; i++)
        text[i] = (char)(i * 7);
    for (size_t n = 0; n < 1000; n += 13) {
        fast = kehu__crc32c(0, text, n);
        kehu__cpu_limit(0);
        plain = kehu__crc32c(0, text, n);
        kehu__cpu_limit(UINT32_MAX);
        assert_int_equal(fast, plain);
    }
}

static void test_hash_is_frozen(void **state)
{
    unsigned char bytes[40];
    uint64_t all = 0;
    (void)state;
    /* Model files and folds depend on these values. */
    assert_true(kehu__hash("kehu", 4, 0) == 0xDC6E08286CBA8A9B);
    assert_true(kehu__hash("", 0, 1) == 0xBE986D3ACC1F7B4D);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(7 * i + 3);
    for (size_t size = 0; size <= sizeof bytes; size++)
        all = kehu__hash(bytes, size, all);
    assert_true(all == 0x2E2D4499FC1DC568);
}

/* Against the C library, which is accurate to about one unit in the last place. */
static void test_maths_is_accurate(void **state)
{
    kehu__random r = kehu__random_seed(1);
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double x = (kehu__random_unit(&r) - 0.5) * 1400;
        const double y = kehu__exp((kehu__random_unit(&r) - 0.5) * 1000);
        const double near = (kehu__random_unit(&r) - 0.5) * ldexp(1, -i % 60);
        assert_true(fabs(kehu__exp(x) - exp(x)) <= 4e-16 * exp(x) + 5e-324);
        assert_true(fabs(kehu__log(y) - log(y)) <= 4e-16 * fabs(log(y)));
        assert_true(fabs(kehu__log1p(near) - log1p(near)) <= 6e-16 * fabs(log1p(near)));
    }
    assert_true(isinf(kehu__exp(710)) && kehu__exp(-746) == 0 && kehu__exp(0) == 1);
    assert_true(isinf(kehu__log(0)) && isnan(kehu__log(-1)) && kehu__log(1) == 0);
    assert_true(isnan(kehu__exp(NAN)) && isnan(kehu__log(NAN)));
    assert_true(kehu__logistic(-800) >= 0 && kehu__logistic(800) == 1);
    assert_true(kehu__logistic(0) == 0.5);
}

static int by_value(const void *a, const void *b, void *ctx)
{
    const int x = *(const int *)a, y = *(const int *)b;
    ++*(long *)ctx;
    return (x > y) - (x < y);
}

static void test_sort_orders_every_shape_in_n_log_n(void **state)
{
    enum { N = 5000 };
    static int items[N];
    kehu__random r = kehu__random_seed(2);
    (void)state;
    for (int shape = 0; shape < 6; shape++)
        for (size_t n = 0; n <= N; n = n * 2 + 1) {
            long compared = 0, sum = 0, after = 0;
            for (size_t i = 0; i < n; i++) {
                const int up = (int)i, down = (int)(n - i);
                const int drawn = (int)kehu__random_below(&r, 1000);
                items[i] = shape == 0   ? drawn
                           : shape == 1 ? up
                           : shape == 2 ? down
                           : shape == 3 ? 7
                           : shape == 4 ? up % 3
                                        : (i < n / 2 ? up : down);
                sum += items[i];
            }
            kehu__sort(items, n, sizeof *items, by_value, &compared);
            for (size_t i = 0; i < n; i++) {
                after += items[i];
                assert_true(i == 0 || items[i - 1] <= items[i]);
            }
            assert_int_equal(sum, after);
            assert_true((double)compared <= 4.0 * (double)n * (log2((double)n + 2) + 4));
        }
}

static void test_radix_sort_handles_signs_and_infinities(void **state)
{
    double x[] = {3, -1, 0.0, INFINITY, -INFINITY, -0.0, 1e-300, -2.5}, scratch[8];
    int64_t k[] = {5, -3, INT64_MIN, INT64_MAX, 0, -1}, s[6];
    (void)state;
    kehu__sort_f64(x, scratch, 8);
    for (int i = 1; i < 8; i++)
        assert_true(x[i - 1] <= x[i]);
    assert_true(isinf(x[0]) && isinf(x[7]) && signbit(x[3]) && !signbit(x[4]));
    kehu__sort_i64(k, s, 6);
    for (int i = 1; i < 6; i++)
        assert_true(k[i - 1] < k[i]);
}

static void test_mix64_can_be_undone(void **state)
{
    uint64_t x = 1;
    (void)state;
    assert_int_equal(kehu__unmix64(kehu__mix64(0)), 0);
    for (int i = 0; i < 1000; i++, x = kehu__mix64(x))
        assert_int_equal(kehu__unmix64(kehu__mix64(x)), x);
}

/* Narrow and wide digits, keys that share their high bits or all of them. */
static void test_radix_sort_handles_every_range(void **state)
{
    enum { MOST = 10000 };
    static const size_t counts[] = {0, 1, 2, 300, MOST};
    static uint64_t keys[MOST], scratch[MOST];
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int bits = 0; bits < 64; bits += 7) {
            const size_t n = counts[c];
            uint64_t sum = 0;
            for (size_t i = 0; i < n; i++) {
                keys[i] = UINT64_MAX - (bits == 0 ? 7 : kehu__mix64(i) >> (64 - bits));
                sum += keys[i];
            }
            kehu__sort_u64(keys, scratch, n);
            for (size_t i = 0; i < n; i++) {
                assert_true(i == 0 || keys[i - 1] <= keys[i]);
                sum -= keys[i];
            }
            assert_int_equal(sum, 0);
        }
}

static void test_sort_pairs_is_stable(void **state)
{
    uint64_t keys[1000], ks[1000];
    uint32_t values[1000], vs[1000];
    kehu__random r = kehu__random_seed(3);
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        keys[i] = kehu__random_below(&r, 10) * 0x100000001u;
        values[i] = i;
    }
    kehu__sort_pairs(keys, values, ks, vs, 1000);
    for (int i = 1; i < 1000; i++)
        assert_true(keys[i - 1] < keys[i] ||
                    (keys[i - 1] == keys[i] && values[i - 1] < values[i]));
}

static void test_dates_round_trip_and_know_leap_years(void **state)
{
    (void)state;
    assert_int_equal(kehu__days_from_date((kehu__date){1970, 1, 1}), 0);
    assert_int_equal(kehu__days_from_date((kehu__date){2000, 3, 1}), 11017);
    assert_false(kehu__date_valid((kehu__date){1900, 2, 29}));
    assert_true(kehu__date_valid((kehu__date){2000, 2, 29}));
    assert_false(kehu__date_valid((kehu__date){2023, 4, 31}));
    for (int32_t d = -700000; d < 2900000; d += 1) {
        const kehu__date date = kehu__date_from_days(d);
        assert_true(kehu__date_valid(date));
        assert_true(kehu__days_from_date(date) == d);
    }
    /* 23:30 UTC is already the next day in Shanghai. */
    assert_int_equal(kehu__day_of(INT64_C(84600000000), 0), 0);
    assert_int_equal(kehu__day_of(INT64_C(84600000000), 480), 1);
    assert_int_equal(kehu__day_of(-1, 0), -1);
}

static void test_utf8_tells_valid_from_broken(void **state)
{
    const char good[] = "a\xC3\xA9\xE5\xAE\xA2\xF0\xA0\xAE\xB7";
    const char *bad[] = {"\x80",     "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                         "\xE5\xAE", "\xFF"};
    (void)state;
    assert_int_equal(kehu__utf8_valid(good, sizeof good - 1), sizeof good - 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(kehu__utf8_valid(bad[i], strlen(bad[i])), 0);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char out[4];
        const char *p = out;
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        const int n = kehu__utf8_put(out, c);
        assert_true(kehu__utf8_next(&p, out + n) == c);
        assert_true(p == out + n);
    }
}

static void add_one(void *arg, int64_t i)
{
    atomic_int *cells = arg;
    atomic_fetch_add(&cells[i], 1);
}

static void run_backwards(void *ctx, int64_t n, void (*task)(void *, int64_t), void *arg)
{
    ++*(int *)ctx;
    while (n > 0)
        task(arg, --n);
}

static void test_parallel_runs_each_task_once(void **state)
{
    static atomic_int cells[1000];
    int calls = 0;
    const kehu_executor host = {run_backwards, 3, &calls};
    (void)state;
    for (uint32_t threads = 0; threads < 5; threads++)
        kehu__parallel(&(kehu__run){.n_threads = threads}, 1000, add_one, cells);
    kehu__parallel(&(kehu__run){.executor = &host}, 1000, add_one, cells);
    assert_int_equal(calls, 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(atomic_load(&cells[i]), 6);
}

static void test_messages_are_cut_at_a_whole_character(void **state)
{
    kehu_error err;
    char text[400] = "";
    (void)state;
    for (int lead = 0; lead < 4; lead++) {
        memset(text, 'a', (size_t)lead);
        for (size_t i = (size_t)lead; i + 3 < 390; i += 3)
            memcpy(text + i, "\xE5\xAE\xA2", 4);
        kehu__fail(&err, KEHU_DATA, 7, "%s", text);
        assert_int_equal(kehu__utf8_valid(err.message, strlen(err.message)),
                         strlen(err.message));
        assert_true(strlen(err.message) >= 236);
    }
}

static void test_options_refuse_a_missing_size_and_unknown_fields(void **state)
{
    struct {
        uint32_t size, a;
    } opt = {0};
    struct {
        uint32_t size, a, b;
    } newer = {12, 5, 0};
    (void)state;
    assert_int_equal(kehu__options_read(&opt, sizeof opt, &(uint32_t){0}, NULL),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu__options_read(&opt, sizeof opt, &newer, NULL), KEHU_OK);
    assert_int_equal(opt.a, 5);
    newer.b = 1;
    assert_int_equal(kehu__options_read(&opt, sizeof opt, &newer, NULL), KEHU_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_that_do_not_fit_are_never_asked_for),
        cmocka_unit_test(test_crc32c_is_the_standard_one_on_every_path),
        cmocka_unit_test(test_hash_is_frozen),
        cmocka_unit_test(test_maths_is_accurate),
        cmocka_unit_test(test_sort_orders_every_shape_in_n_log_n),
        cmocka_unit_test(test_radix_sort_handles_signs_and_infinities),
        cmocka_unit_test(test_mix64_can_be_undone),
        cmocka_unit_test(test_radix_sort_handles_every_range),
        cmocka_unit_test(test_sort_pairs_is_stable),
        cmocka_unit_test(test_dates_round_trip_and_know_leap_years),
        cmocka_unit_test(test_utf8_tells_valid_from_broken),
        cmocka_unit_test(test_parallel_runs_each_task_once),
        cmocka_unit_test(test_messages_are_cut_at_a_whole_character),
        cmocka_unit_test(test_options_refuse_a_missing_size_and_unknown_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
