/* Figures of RFM over 20,000,000 transactions of about 1,000,000 customers, in
 * memory, integer keys.
 *
 *     bench_rfm FOLDER THREADS
 *
 * The transactions are made from a seed and left in FOLDER for the peers:
 * customer.i64, day.i32, amount.i64. */
#include <kehu/rfm.h>

#include <stdlib.h>

#include "base/maths.h"
#include "base/random.h"
#include "bench/figure.h"

enum { ROWS = 20000000, CUSTOMERS = 1000000, FIRST_DAY = 18000, DAYS = 1096 };

/* Few customers buy much: squaring a uniform number skews the draw. Amounts are
 * log-normal with two in a hundred taken back. */
static void draw(int64_t *customer, int32_t *day, int64_t *amount)
{
    kehu__random r = kehu__random_seed(20);
    for (int64_t i = 0; i < ROWS; i++) {
        const double u = kehu__random_unit(&r), sum = kehu__random_unit(&r) +
                                                      kehu__random_unit(&r) +
                                                      kehu__random_unit(&r);
        customer[i] = (int64_t)(u * u * CUSTOMERS) * 7919 + 13;
        day[i] = FIRST_DAY + (int32_t)kehu__random_below(&r, DAYS);
        amount[i] = (int64_t)(2000 * kehu__exp(2 * (sum - 1.5)));
        if (kehu__random_below(&r, 50) == 0)
            amount[i] = -amount[i];
    }
}

static int64_t run(const kehu_rfm_batch *batch, uint32_t threads)
{
    const kehu_rfm_base_options options = {
        .size = sizeof options, .returns = KEHU_RFM_RETURNS_COUNT, .n_threads = threads};
    const kehu_rfm_options cut = {.size = sizeof cut, .n_threads = threads};
    kehu_rfm_base *base = NULL;
    kehu_rfm *rfm = NULL;
    kehu_rfm_columns c;
    kehu_error err;
    uint8_t *grades;
    int64_t checksum = 0;
    must(kehu_rfm_base_new(&base, FIRST_DAY + DAYS, &options, &err), &err);
    must(kehu_rfm_base_add(base, batch, &err), &err);
    must(kehu_rfm_base_finish(base, &c, NULL, &err), &err);
    must(kehu_rfm_fit(&rfm, &c, &cut, &err), &err);
    grades = get((size_t)c.n, 3);
    must(kehu_rfm_grade(rfm, &c, grades, &err), &err);
    for (int64_t i = 0; i < c.n; i++)
        checksum += 100 * grades[3 * i] + 10 * grades[3 * i + 1] + grades[3 * i + 2];
    free(grades);
    kehu_rfm_free(rfm);
    kehu_rfm_base_free(base);
    return checksum;
}

int main(int argc, char **argv)
{
    int64_t *customer = get(ROWS, sizeof *customer), checksum;
    int32_t *day = get(ROWS, sizeof *day);
    int64_t *amount = get(ROWS, sizeof *amount);
    const uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    double start;
    if (argc < 3)
        die("usage: bench_rfm FOLDER THREADS");
    draw(customer, day, amount);
    keep(argv[1], "customer.i64", customer, ROWS * sizeof *customer);
    keep(argv[1], "day.i32", day, ROWS * sizeof *day);
    keep(argv[1], "amount.i64", amount, ROWS * sizeof *amount);
    const kehu_column keys = {.type = KEHU_INT64, .length = ROWS, .data = customer};
    const kehu_column days = {.type = KEHU_DATE32, .length = ROWS, .data = day};
    const kehu_column money = {.type = KEHU_INT64, .length = ROWS, .data = amount};
    const kehu_rfm_batch batch = {.customer = &keys, .time = &days, .amount = &money};
    run(&batch, threads);
    start = cpu_seconds();
    checksum = run(&batch, threads);
    figure("rfm_s", cpu_seconds() - start);
    figure("checksum", (double)checksum);
    free(amount);
    free(day);
    free(customer);
    return 0;
}
