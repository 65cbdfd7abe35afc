/* Figures of the store's work with whole files: 1,000,000 events of 50,000 customers from
 * CSV; a log read when a store is opened; every block of a segment checked; histories of
 * which nothing is in memory.
 *
 *     bench_store_files FOLDER MAKE      write FOLDER/events.csv
 *     bench_store_files FOLDER FIGURES   import it, and the rest */
#include <kehu/store.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "bench/figure.h"

enum { ROWS = 1000000, CUSTOMERS = 50000, BATCH = 10000, LOOKUPS = 1000 };
static const char *const kinds[] = {"buy", "call", "visit", "return"};
static const char *const texts[] = {"order", "complaint fee", "流量套餐", "宽带续费"};

static int64_t customer_of(kehu__random *r)
{
    const double u = kehu__random_unit(r);
    return 10000000000 + (int64_t)(u * u * u * CUSTOMERS) * 7919;
}

static void make(const char *csv)
{
    kehu__random r = kehu__random_seed(23);
    FILE *f = fopen(csv, "w");
    if (f == NULL)
        die(csv);
    fprintf(f, "customer,time,kind,amount,text\n");
    for (int i = 0; i < ROWS; i++) {
        const unsigned day = (unsigned)i * 28u / ROWS + 1;
        const unsigned second = kehu__random_below(&r, 86400);
        fprintf(f, "%lld,2024-%02u-%02u %02u:%02u:%02u,%s,%d,%s\n",
                (long long)customer_of(&r), 1 + kehu__random_below(&r, 12), day,
                second / 3600, second / 60 % 60, second % 60,
                kinds[kehu__random_below(&r, 4)],
                (int)kehu__random_below(&r, 20000) - 200,
                texts[kehu__random_below(&r, 4)]);
    }
    if (fclose(f) != 0)
        die(csv);
}

static void open_new(kehu_store **store, const char *path, uint64_t flush_bytes)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_NEW,
                                        .durability = KEHU_STORE_NONE,
                                        .flush_bytes = flush_bytes};
    kehu_error err;
    must(kehu_store_open(store, path, &options, &err), &err);
}

static void import_file(const char *csv_path, const char *path)
{
    static const kehu_field fields[] = {{.name = "time", .type = KEHU_TIMESTAMP},
                                        {.name = "amount", .type = KEHU_INT64}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 2};
    const double start = cpu_seconds();
    struct rusage used;
    kehu_store *store;
    kehu_csv *csv;
    kehu_error err;
    int64_t n_rows;
    open_new(&store, path, 0);
    must(kehu_csv_open(&csv, csv_path, &options, &err), &err);
    must(kehu_store_import(store, KEHU_STORE_EVENTS, csv, NULL, &n_rows, &err), &err);
    figure("import_s", cpu_seconds() - start);
    figure("rows", (double)n_rows);
    getrusage(RUSAGE_SELF, &used);
    figure("import_peak_mb", (double)used.ru_maxrss / 1024);
    must(kehu_store_compact(store, &err), &err);
    kehu_csv_free(csv);
    kehu_store_free(store);
}

static void check(const char *path)
{
    kehu_snapshot *snapshot;
    kehu_store_check report;
    kehu_error err;
    double start;
    must(kehu_snapshot_open_path(&snapshot, path, NULL, &err), &err);
    must(kehu_snapshot_check(snapshot, &report, NULL, &err), &err); /* warms up */
    start = cpu_seconds();
    must(kehu_snapshot_check(snapshot, &report, NULL, &err), &err);
    figure("check_gb_per_s", (double)report.bytes / 1e9 / (cpu_seconds() - start));
    kehu_snapshot_free(snapshot);
}

/* A log of numbers, as much as 1,000,000 rows make; opening reads and checks all of it.
 */
static void recover(const char *path)
{
    kehu__random r = kehu__random_seed(24);
    int64_t *customer = get(BATCH, 8), *when = get(BATCH, 8), *amount = get(BATCH, 8);
    const kehu_column columns[] = {
        {.name = "customer", .type = KEHU_INT64, .length = BATCH, .data = customer},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = BATCH, .data = when},
        {.name = "amount", .type = KEHU_INT64, .length = BATCH, .data = amount}};
    char log[1100];
    struct stat file;
    kehu_store *store;
    kehu_error err;
    open_new(&store, path, 1 << 30);
    for (int at = 0; at < 4 * ROWS; at += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            customer[i] = customer_of(&r);
            when[i] = 1704067200000000 + (int64_t)(kehu__random_next(&r) >> 18);
            amount[i] = (int64_t)kehu__random_below(&r, 20000);
        }
        must(kehu_store_add_events(store, columns, 3, NULL, &err), &err);
    }
    kehu_store_free(store);
    snprintf(log, sizeof log, "%s/log-0000000001.kl", path);
    if (stat(log, &file) != 0)
        die(log);
    {
        const double start = cpu_seconds();
        must(kehu_store_open(&store, path, NULL, &err), &err);
        figure("recovery_mb_per_s", (double)file.st_size / 1e6 / (cpu_seconds() - start));
    }
    kehu_store_free(store);
    free(customer);
    free(when);
    free(amount);
}

/* Out of the page cache, as far as the system does what it is asked. */
static void let_go(const char *path)
{
    for (int i = 1; i < 100; i++) {
        char name[1100];
        int fd;
        snprintf(name, sizeof name, "%s/seg-%010d.ks", path, i);
        fd = open(name, O_RDONLY);
        if (fd < 0)
            continue;
        (void)!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void look_up_cold(const char *path)
{
    kehu__random r = kehu__random_seed(25);
    double *us = get(LOOKUPS, sizeof *us);
    kehu_snapshot *snapshot;
    kehu_error err;
    must(kehu_snapshot_open_path(&snapshot, path, NULL, &err), &err);
    for (int i = 0; i < LOOKUPS; i++) {
        kehu_scan *scan;
        kehu_scan_batch b = {.n_rows = 1};
        char id[24];
        double start;
        snprintf(id, sizeof id, "%lld", (long long)customer_of(&r));
        let_go(path);
        start = wall_seconds();
        must(kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, id, NULL, &err),
             &err);
        while (b.n_rows > 0)
            must(kehu_scan_next(scan, &b, &err), &err);
        kehu_scan_free(scan);
        us[i] = (wall_seconds() - start) * 1e6;
    }
    qsort(us, LOOKUPS, sizeof *us, by_value);
    figure("history_cold_p50_us", us[LOOKUPS / 2]);
    figure("history_cold_p99_us", us[LOOKUPS * 99 / 100]);
    kehu_snapshot_free(snapshot);
    free(us);
}

int main(int argc, char **argv)
{
    char csv[1000], path[1000];
    if (argc != 3)
        die("usage: bench_store_files FOLDER MAKE|FIGURES");
    snprintf(csv, sizeof csv, "%s/events.csv", argv[1]);
    if (strcmp(argv[2], "MAKE") == 0) {
        make(csv);
        return 0;
    }
    snprintf(path, sizeof path, "%s/kehu-csv-%d", argv[1], (int)getpid());
    import_file(csv, path);
    check(path);
    look_up_cold(path);
    snprintf(path, sizeof path, "%s/kehu-log-%d", argv[1], (int)getpid());
    recover(path);
    return 0;
}
