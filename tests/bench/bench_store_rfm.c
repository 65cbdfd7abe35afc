/* Figures of grades by recency, frequency and money from a whole store: 20,000,000 events
 * of some 1,000,000 customers, compacted; summed up, cut and graded.
 *
 *     bench_store_rfm FOLDER MAKE        draw the events into FOLDER/rfm.*, fill a store
 *     bench_store_rfm FOLDER THREADS     the figures
 *
 * rfm.customer.i64, rfm.time.i64, rfm.amount.i64 are left for the peer. checksum is the
 * sum over customers of 100 R + 10 F + M. */
#include <kehu/rfm.h>
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "bench/figure.h"

enum { ROWS = 20000000, CUSTOMERS = 1000000, BATCH = 100000 };
static const int64_t START_US = 1577836800000000, DAY_US = 86400000000;
enum { DAYS = 1096 };

static void draw(int64_t *customer, int64_t *when, int64_t *amount)
{
    kehu__random r = kehu__random_seed(22);
    for (int64_t i = 0; i < ROWS; i++) {
        const double u = kehu__random_unit(&r);
        customer[i] = 10000000000 + (int64_t)(u * u * CUSTOMERS) * 7919;
        when[i] = START_US + (int64_t)kehu__random_below(&r, DAYS * 86400u) * 1000000;
        amount[i] = (int64_t)kehu__random_below(&r, 20000) - 200;
    }
}

static void make(const char *folder, const char *path)
{
    int64_t *customer = get(ROWS, 8), *when = get(ROWS, 8), *amount = get(ROWS, 8);
    const kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_NEW};
    kehu_store *store;
    kehu_error err;
    draw(customer, when, amount);
    keep(folder, "rfm.customer.i64", customer, (size_t)ROWS * 8);
    keep(folder, "rfm.time.i64", when, (size_t)ROWS * 8);
    keep(folder, "rfm.amount.i64", amount, (size_t)ROWS * 8);
    must(kehu_store_open(&store, path, &options, &err), &err);
    for (int64_t at = 0; at < ROWS; at += BATCH) {
        const kehu_column columns[] = {
            {.name = "customer",
             .type = KEHU_INT64,
             .length = BATCH,
             .data = customer + at},
            {.name = "time", .type = KEHU_TIMESTAMP, .length = BATCH, .data = when + at},
            {.name = "amount", .type = KEHU_INT64, .length = BATCH, .data = amount + at}};
        must(kehu_store_add_events(store, columns, 3, NULL, &err), &err);
    }
    must(kehu_store_compact(store, &err), &err);
    kehu_store_free(store);
    free(customer);
    free(when);
    free(amount);
}

/* Grade every customer of the table; the time is added to *seconds. */
static int64_t grade(const kehu_table *totals, uint32_t n_threads)
{
    const int64_t n = kehu_table_row_count(totals);
    const int64_t *last = kehu_table_column(totals, 3)->data;
    const kehu_rfm_options options = {.size = sizeof options, .n_threads = n_threads};
    int64_t *days = get((size_t)n, 8), sum = 0;
    uint8_t *grades = get((size_t)n, 3);
    kehu_rfm *rfm;
    kehu_error err;
    const kehu_rfm_columns columns = {n, days, kehu_table_column(totals, 1)->data,
                                      kehu_table_column(totals, 4)->data};
    for (int64_t i = 0; i < n; i++)
        days[i] = DAYS - (last[i] - START_US) / DAY_US;
    must(kehu_rfm_fit(&rfm, &columns, &options, &err), &err);
    must(kehu_rfm_grade(rfm, &columns, grades, &err), &err);
    for (int64_t i = 0; i < n; i++)
        sum += 100 * grades[3 * i] + 10 * grades[3 * i + 1] + grades[3 * i + 2];
    kehu_rfm_free(rfm);
    free(days);
    free(grades);
    return sum;
}

static void measure(const kehu_snapshot *snapshot, uint32_t n_threads)
{
    const kehu_scan_options options = {.size = sizeof options, .n_threads = n_threads};
    kehu_error err;
    for (int round = 0; round < 2; round++) { /* the first one warms up */
        const double start = cpu_seconds();
        double totals_s;
        int64_t sum;
        kehu_table *totals;
        must(kehu_snapshot_totals(&totals, snapshot, &options, &err), &err);
        totals_s = cpu_seconds() - start;
        sum = grade(totals, n_threads);
        if (round == 1) {
            figure("totals_s", totals_s);
            figure("rfm_s", cpu_seconds() - start);
            figure("checksum", (double)sum);
            figure("customers", (double)kehu_table_row_count(totals));
        }
        kehu_table_free(totals);
    }
}

int main(int argc, char **argv)
{
    char path[1000];
    kehu_snapshot *snapshot;
    kehu_store_stats stats;
    kehu_error err;
    if (argc != 3)
        die("usage: bench_store_rfm FOLDER MAKE|THREADS");
    snprintf(path, sizeof path, "%s/rfm.kehu", argv[1]);
    if (strcmp(argv[2], "MAKE") == 0) {
        make(argv[1], path);
        return 0;
    }
    must(kehu_snapshot_open_path(&snapshot, path, NULL, &err), &err);
    must(kehu_snapshot_stats(snapshot, &stats, &err), &err);
    figure("bytes_a_row", (double)stats.segment_bytes[KEHU_STORE_EVENTS] / ROWS);
    measure(snapshot, (uint32_t)atoi(argv[2]));
    kehu_snapshot_free(snapshot);
    return 0;
}
