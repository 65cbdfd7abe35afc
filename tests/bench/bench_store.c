/* Figures of the store: 1,000,000 events of some 50,000 customers added durably in
 * batches of 10,000, histories looked up, everything summed up a customer; and some of
 * them added one a batch, beside as many bare appends to a file, each synced.
 *
 *     bench_store FOLDER
 *
 * The events are made from a seed and left in FOLDER for the peers: customer.i64,
 * time.i64, amount.i64, and kind, channel and text as numbers in codes.u8 (3 a row).
 * Ids are the decimal text of customer. */
#include <kehu/store.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "bench/figure.h"

enum { ROWS = 1000000, CUSTOMERS = 50000, BATCH = 10000, LOOKUPS = 20000, COMMITS = 500 };

static const char *const texts[8] = {"order",        "complaint fee", "流量套餐",
                                     "宽带续费",     "refund",        "query bill",
                                     "国际漫游开通", "topup"};

typedef struct events {
    int64_t *customer, *when, *amount, *wanted;
    uint8_t *codes;
} events;

static events draw(const char *folder)
{
    kehu__random r = kehu__random_seed(21);
    events e = {get(ROWS, 8), get(ROWS, 8), get(ROWS, 8), get(LOOKUPS, 8), get(ROWS, 3)};
    int64_t *ids = get(CUSTOMERS, 8);
    for (int i = 0; i < CUSTOMERS; i++)
        ids[i] = 10000000000 + (int64_t)(kehu__random_next(&r) % 1000000000000);
    for (int64_t i = 0; i < ROWS; i++) {
        const double u = kehu__random_unit(&r);
        e.customer[i] = ids[(int64_t)(u * u * u * CUSTOMERS)];
        e.when[i] = 1577836800000000 + i * 47000000;
        e.amount[i] = (int64_t)kehu__random_below(&r, 20000) - 200;
        e.codes[3 * i] = (uint8_t)kehu__random_below(&r, 6);
        e.codes[3 * i + 1] = (uint8_t)kehu__random_below(&r, 9);
        e.codes[3 * i + 2] = (uint8_t)kehu__random_below(&r, 8);
    }
    keep(folder, "customer.i64", e.customer, (size_t)ROWS * 8);
    keep(folder, "time.i64", e.when, (size_t)ROWS * 8);
    keep(folder, "amount.i64", e.amount, (size_t)ROWS * 8);
    keep(folder, "codes.u8", e.codes, (size_t)ROWS * 3);
    for (int64_t i = 0; i < LOOKUPS; i++)
        e.wanted[i] = ids[i * 7919 % CUSTOMERS];
    keep(folder, "wanted.i64", e.wanted, (size_t)LOOKUPS * 8);
    free(ids);
    return e;
}

/* A text column of one batch. */
typedef struct words {
    char bytes[BATCH * 24];
    int32_t offsets[BATCH + 1];
} words;

static void add_word(words *w, int64_t i, const char *text)
{
    const size_t n = strlen(text);
    memcpy(w->bytes + w->offsets[i], text, n);
    w->offsets[i + 1] = w->offsets[i] + (int32_t)n;
}

static kehu_column column_of(const char *name, const words *w)
{
    return (kehu_column){.name = name,
                         .type = KEHU_UTF8,
                         .length = BATCH,
                         .data = w->bytes,
                         .offsets = w->offsets};
}

/* CPU seconds of the adds; making the columns is not counted. */
static double add_all(kehu_store *store, const events *e)
{
    static words customer, kind, channel, text;
    double seconds = 0;
    kehu_error err;
    for (int64_t at = 0; at < ROWS; at += BATCH) {
        for (int64_t i = 0; i < BATCH; i++) {
            const uint8_t *codes = e->codes + 3 * (at + i);
            char id[24], letter[2] = {0};
            snprintf(id, sizeof id, "%lld", (long long)e->customer[at + i]);
            add_word(&customer, i, id);
            letter[0] = (char)('a' + codes[0]);
            add_word(&kind, i, letter);
            letter[0] = (char)('A' + codes[1]);
            add_word(&channel, i, letter);
            add_word(&text, i, texts[codes[2]]);
        }
        {
            const kehu_column columns[] = {column_of("customer", &customer),
                                           column_of("kind", &kind),
                                           column_of("channel", &channel),
                                           column_of("text", &text),
                                           {.name = "time",
                                            .type = KEHU_TIMESTAMP,
                                            .length = BATCH,
                                            .data = e->when + at},
                                           {.name = "amount",
                                            .type = KEHU_INT64,
                                            .length = BATCH,
                                            .data = e->amount + at}};
            const double start = cpu_seconds();
            must(kehu_store_add_events(store, columns, 6, NULL, &err), &err);
            seconds += cpu_seconds() - start;
        }
    }
    return seconds;
}

static void look_up(const kehu_snapshot *snapshot, const events *e)
{
    kehu_error err;
    int64_t rows = 0;
    for (int round = 0; round < 2; round++) { /* the first one warms up */
        const double start = cpu_seconds();
        rows = 0;
        for (int64_t i = 0; i < LOOKUPS; i++) {
            kehu_scan *scan;
            kehu_scan_batch b = {.n_rows = 1};
            char id[24];
            snprintf(id, sizeof id, "%lld", (long long)e->wanted[i]);
            must(kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, id, NULL, &err),
                 &err);
            while (b.n_rows > 0) {
                must(kehu_scan_next(scan, &b, &err), &err);
                rows += b.n_rows;
            }
            kehu_scan_free(scan);
        }
        if (round == 1)
            figure("history_s", cpu_seconds() - start);
    }
    figure("history_rows", (double)rows);
}

/* The bytes of a row as the log has it, and a sync, COMMITS times. */
static void append_bare(const char *path)
{
    char row[200] = {0};
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    const double start = wall_seconds();
    for (int i = 0; i < COMMITS; i++)
        if (write(fd, row, sizeof row) != (ssize_t)sizeof row || fdatasync(fd) != 0)
            die(path);
    figure("bare_wall_s", wall_seconds() - start);
    close(fd);
}

static void add_one_by_one(const char *folder, const events *e)
{
    char path[1000];
    const kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_NEW};
    kehu_store *store;
    kehu_error err;
    double start;
    snprintf(path, sizeof path, "%s/kehu-one-%d", folder, (int)getpid());
    must(kehu_store_open(&store, path, &options, &err), &err);
    start = wall_seconds();
    for (int i = 0; i < COMMITS; i++) {
        const kehu_column columns[] = {
            {.name = "customer",
             .type = KEHU_INT64,
             .length = 1,
             .data = e->customer + i},
            {.name = "time", .type = KEHU_TIMESTAMP, .length = 1, .data = e->when + i},
            {.name = "amount", .type = KEHU_INT64, .length = 1, .data = e->amount + i}};
        must(kehu_store_add_events(store, columns, 3, NULL, &err), &err);
    }
    figure("commits_wall_s", wall_seconds() - start);
    kehu_store_free(store);
    snprintf(path, sizeof path, "%s/kehu-one-%d/bare", folder, (int)getpid());
    append_bare(path);
}

static void sum_up(const kehu_snapshot *snapshot)
{
    kehu_error err;
    for (int round = 0; round < 2; round++) {
        const double start = cpu_seconds();
        int64_t sum = 0;
        kehu_table *totals;
        must(kehu_snapshot_totals(&totals, snapshot, NULL, &err), &err);
        if (round == 1)
            figure("totals_s", cpu_seconds() - start);
        for (int64_t i = 0; round == 1 && i < kehu_table_row_count(totals); i++)
            sum += ((const int64_t *)kehu_table_column(totals, 4)->data)[i];
        if (round == 1)
            figure("totals_sum", (double)sum);
        kehu_table_free(totals);
    }
}

int main(int argc, char **argv)
{
    char path[1000];
    kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_NEW};
    kehu_store *store;
    kehu_snapshot *snapshot;
    kehu_store_stats stats;
    kehu_error err;
    double seconds, start;
    events e;
    if (argc != 2)
        die("usage: bench_store FOLDER");
    e = draw(argv[1]);
    snprintf(path, sizeof path, "%s/kehu-%d", argv[1], (int)getpid());
    must(kehu_store_open(&store, path, &options, &err), &err);
    seconds = add_all(store, &e);
    start = cpu_seconds();
    must(kehu_store_flush(store, &err), &err);
    figure("ingest_s", seconds + cpu_seconds() - start);
    must(kehu_store_compact(store, &err), &err);
    must(kehu_snapshot_open(&snapshot, store, NULL, &err), &err);
    must(kehu_snapshot_stats(snapshot, &stats, &err), &err);
    figure("bytes_a_row", (double)stats.segment_bytes[KEHU_STORE_EVENTS] / ROWS);
    look_up(snapshot, &e);
    sum_up(snapshot);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
    add_one_by_one(argv[1], &e);
    return 0;
}
