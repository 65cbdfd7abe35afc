/* Figures of RFM over 20,000,000 transactions of about 1,000,000 customers.
 *
 *     bench_rfm make FOLDER             the transactions, from a seed, into files
 *     bench_rfm WHAT FOLDER THREADS     WHAT: keys, names, keys_csv or names_csv
 *
 * keys and names start from arrays in memory (integer keys, and text keys of 19
 * bytes), the others from a CSV file. The peers read the same files: customer.i64,
 * day.i32, amount.i64, name.utf8 with name.i32 (offsets), keys.csv, names.csv. */
#include <kehu/csv.h>
#include <kehu/rfm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/maths.h"
#include "base/number.h"
#include "base/random.h"
#include "bench/figure.h"
#include "data/date_text.h"

enum { ROWS = 20000000, CUSTOMERS = 1000000, FIRST_DAY = 18000, DAYS = 1096 };
enum { NAME_BYTES = 19 };

/* ---- Making ---- */

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

static void write_name(char *to, int64_t customer)
{
    memcpy(to, "CUST-", 5);
    to[5] = (char)('A' + customer % 26);
    to[6] = (char)('A' + customer / 26 % 26);
    to[7] = '-';
    for (int k = NAME_BYTES; k-- > 8; customer /= 10)
        to[k] = (char)('0' + customer % 10);
}

static void write_csv(const char *folder, const char *file, bool names,
                      const int64_t *customer, const int32_t *day, const int64_t *amount)
{
    char path[4096], line[128];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    f = fopen(path, "wb");
    if (f == NULL)
        die(path);
    fputs("customer,day,amount\n", f);
    for (int64_t i = 0; i < ROWS; i++) {
        int n = NAME_BYTES;
        if (names)
            write_name(line, customer[i]);
        else
            n = kehu__format_int64(line, customer[i]);
        line[n++] = ',';
        n += kehu__format_date(line + n, day[i]);
        line[n++] = ',';
        n += kehu__format_money(line + n, amount[i], 2);
        line[n++] = '\n';
        fwrite(line, 1, (size_t)n, f);
    }
    if (ferror(f) || fclose(f) != 0)
        die(path);
}

static void make(const char *folder)
{
    int64_t *customer = get(ROWS, sizeof *customer);
    int32_t *day = get(ROWS, sizeof *day), *end = get(ROWS + 1, sizeof *end);
    int64_t *amount = get(ROWS, sizeof *amount);
    char *name = get(ROWS, NAME_BYTES);
    draw(customer, day, amount);
    for (int32_t i = 0; i < ROWS; i++) {
        write_name(name + (size_t)i * NAME_BYTES, customer[i]);
        end[i + 1] = (i + 1) * NAME_BYTES;
    }
    write_csv(folder, "keys.csv", false, customer, day, amount);
    write_csv(folder, "names.csv", true, customer, day, amount);
    keep(folder, "day.i32", day, ROWS * sizeof *day);
    keep(folder, "amount.i64", amount, ROWS * sizeof *amount);
    keep(folder, "name.utf8", name, (size_t)ROWS * NAME_BYTES);
    keep(folder, "name.i32", end, (ROWS + 1) * sizeof *end);
    keep(folder, "customer.i64", customer, ROWS * sizeof *customer);
    free(name);
    free(amount);
    free(end);
    free(day);
    free(customer);
}

/* ---- Measuring ---- */

static void add_csv(kehu_rfm_base *base, const char *path, bool names)
{
    const kehu_field fields[] = {
        {.name = "customer", .type = names ? KEHU_UTF8 : KEHU_INT64},
        {.name = "day", .type = KEHU_DATE32},
        {.name = "amount", .type = KEHU_INT64, .decimals = 2}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 3, .batch_rows = 1 << 19};
    kehu_csv *csv;
    kehu_table *t;
    kehu_error err;
    must(kehu_csv_open(&csv, path, &options, &err), &err);
    for (;;) {
        must(kehu_csv_next(&t, csv, &err), &err);
        if (t == NULL)
            break;
        const kehu_rfm_batch batch = {.customer = kehu_table_find(t, "customer"),
                                      .time = kehu_table_find(t, "day"),
                                      .amount = kehu_table_find(t, "amount")};
        must(kehu_rfm_base_add(base, &batch, &err), &err);
        kehu_table_free(t);
    }
    if (kehu_csv_reject_count(csv) != 0)
        die("rows were rejected");
    kehu_csv_free(csv);
}

/* batch NULL: from the file. */
static int64_t run(const kehu_rfm_batch *batch, const char *path, bool names,
                   uint32_t threads)
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
    if (batch != NULL)
        must(kehu_rfm_base_add(base, batch, &err), &err);
    else
        add_csv(base, path, names);
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

static char *file_of(const char *folder, const char *name)
{
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_whole(path, &size);
}

/* How fast this machine reads the three columns at all. */
static void read_through(const int64_t *customer, const int32_t *day,
                         const int64_t *amount)
{
    const double start = cpu_seconds();
    int64_t sum = 0;
    for (int64_t i = 0; i < ROWS; i++)
        sum += customer[i] ^ day[i] ^ amount[i];
    figure("read_s", cpu_seconds() - start + 1e-18 * (double)(sum & 1));
}

static void from_memory(const char *folder, bool names, uint32_t threads)
{
    char *customer = file_of(folder, names ? "name.utf8" : "customer.i64");
    char *end = names ? file_of(folder, "name.i32") : NULL;
    char *day = file_of(folder, "day.i32"), *amount = file_of(folder, "amount.i64");
    const kehu_column keys = {.type = names ? KEHU_UTF8 : KEHU_INT64,
                              .length = ROWS,
                              .data = customer,
                              .offsets = end};
    const kehu_column days = {.type = KEHU_DATE32, .length = ROWS, .data = day};
    const kehu_column money = {.type = KEHU_INT64, .length = ROWS, .data = amount};
    const kehu_rfm_batch batch = {.customer = &keys, .time = &days, .amount = &money};
    run(&batch, NULL, names, threads);
    const double start = cpu_seconds();
    const int64_t checksum = run(&batch, NULL, names, threads);
    figure("rfm_s", cpu_seconds() - start);
    figure("checksum", (double)checksum);
    if (!names)
        read_through((const int64_t *)(const void *)customer,
                     (const int32_t *)(const void *)day,
                     (const int64_t *)(const void *)amount);
    free(amount);
    free(day);
    free(end);
    free(customer);
}

static void from_csv(const char *folder, bool names, uint32_t threads)
{
    char path[4096];
    struct rusage used;
    snprintf(path, sizeof path, "%s/%s", folder, names ? "names.csv" : "keys.csv");
    run(NULL, path, names, threads);
    const double start = cpu_seconds();
    const int64_t checksum = run(NULL, path, names, threads);
    figure("rfm_s", cpu_seconds() - start);
    figure("checksum", (double)checksum);
    getrusage(RUSAGE_SELF, &used);
    figure("rss_mb", (double)used.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc == 3 && strcmp(what, "make") == 0) {
        make(argv[2]);
        return 0;
    }
    if (argc != 4)
        die("usage: bench_rfm make FOLDER, or bench_rfm WHAT FOLDER THREADS");
    const bool names = strncmp(what, "names", 5) == 0;
    const uint32_t threads = (uint32_t)atoi(argv[3]);
    if (strstr(what, "_csv") != NULL)
        from_csv(argv[2], names, threads);
    else
        from_memory(argv[2], names, threads);
    return 0;
}
