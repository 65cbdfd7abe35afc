/* Demands made from a seed, as the rows of a log and as all reports on them, for
 * recount_demands.py to count once more.
 *
 *     recount_demands FOLDER DEMANDS
 *
 * Rows are shuffled and some of them wrong: no demand, no time, an unknown status, one
 * that the machine does not allow, one before the intake. They go in by three batches
 * whose text columns are UTF8, LARGE_UTF8 and CATEGORY, and once more cut elsewhere,
 * merged and with two threads, which must give the same bytes. */
#include <kehu/demand.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { BATCHES = 3, MAX_ROWS = 8, N_STATUSES = 7, N_CHANNELS = 13, N_REPORTS = 7 };

#define MINUTE INT64_C(60000000)
#define FIRST  INT64_C(1735660800000000) /* 2024-12-31 16:00 UTC */

static const char *const statuses[N_STATUSES] = {
    "new", "assigned", "answered", "solved", "closed", "reopened", "lost"};
static const char *const channels[] = {"web portal",
                                       "mobile portal",
                                       "voice platform",
                                       "hall",
                                       "questionnaire",
                                       "mystery shopping",
                                       "outbound call",
                                       "hotline",
                                       "e-mail",
                                       "board",
                                       "social",
                                       "热线-7",
                                       ""};
static const char *const classes[] = {"资费",      "网络", "coverage", "bill",
                                      "bill,paid", "套餐", ""};

typedef struct row {
    int64_t demand; /* INT64_MIN = missing, as for time and customer */
    int64_t time;
    int64_t customer;
    uint8_t status, channel, class_of;
} row;

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must(kehu_status status, const kehu_error *err)
{
    if (status != KEHU_OK)
        die(err->message);
}

/* ---- Rows ---- */

static size_t make_demand(row *rows, int64_t id, int64_t n_demands, kehu__random *r)
{
    const row base = {
        .demand = id * 7919 - 1000,
        .time = FIRST + (int64_t)kehu__random_below(r, 60 * 24 * 200) * MINUTE,
        .customer = kehu__random_below(r, 50) == 0
                        ? INT64_MIN
                        : kehu__random_below(r, (uint32_t)(n_demands / 3 + 2)),
        .channel = (uint8_t)kehu__random_below(r, N_CHANNELS),
        .class_of = (uint8_t)kehu__random_below(r, 7)};
    size_t n = 1 + kehu__random_below(r, 6);
    uint32_t at = 0;
    int64_t time = base.time;
    rows[0] = base;
    for (size_t i = 1; i < n; i++) {
        static const uint8_t usual[6][3] = {{1, 1, 2}, {2, 2, 3}, {3, 3, 1},
                                            {4, 4, 5}, {5, 4, 5}, {1, 3, 4}};
        rows[i] = base;
        at = kehu__random_below(r, 12) == 0 ? kehu__random_below(r, N_STATUSES)
                                            : usual[at % 6][kehu__random_below(r, 3)];
        rows[i].status = (uint8_t)at;
        /* Whole minutes, so that some moments have two rows. */
        time += (int64_t)kehu__random_below(r, i % 2 == 0 ? 3 : 5000) * MINUTE;
        rows[i].time = time;
        if (kehu__random_below(r, 60) == 0)
            rows[i].time = base.time - 5 * MINUTE;
        if (kehu__random_below(r, 200) == 0)
            rows[i].time = INT64_MIN;
        if (kehu__random_below(r, 200) == 0)
            rows[i].demand = INT64_MIN;
        rows[i].customer = 999999999; /* looked at in intake rows only */
    }
    return n;
}

static row *make_rows(int64_t n_demands, size_t *n)
{
    kehu__random r = kehu__random_seed(12);
    row *rows = calloc((size_t)n_demands, MAX_ROWS * sizeof *rows);
    if (rows == NULL)
        die("no memory");
    *n = 0;
    for (int64_t i = 0; i < n_demands; i++)
        *n += make_demand(rows + *n, i, n_demands, &r);
    for (size_t i = *n - 1; i > 0; i--) {
        const size_t j = kehu__random_below(&r, (uint32_t)i + 1);
        const row t = rows[i];
        rows[i] = rows[j];
        rows[j] = t;
    }
    return rows;
}

static void write_rows(const char *folder, const row *rows, size_t n)
{
    char path[4096];
    FILE *f;
    snprintf(path, sizeof path, "%s/rows.tsv", folder);
    f = fopen(path, "wb");
    if (f == NULL)
        die("the folder cannot be written");
    for (size_t i = 0; i < n; i++) {
        const row *r = &rows[i];
        const int64_t numbers[3] = {r->demand, r->time, r->customer};
        for (int k = 0; k < 3; k++) {
            if (numbers[k] != INT64_MIN)
                fprintf(f, "%lld", (long long)numbers[k]);
            putc('\t', f);
        }
        fprintf(f, "%s\t%s\t%s\n", statuses[r->status], channels[r->channel],
                classes[r->class_of]);
    }
    if (fclose(f) != 0)
        die("the folder cannot be written");
}

/* ---- Columns of rows from .. from + n - 1 ---- */

typedef struct numbers {
    int64_t *data;
    uint8_t *validity;
    kehu_column column;
} numbers;

static int64_t number_of(const row *r, int which)
{
    return which == 0 ? r->demand : which == 1 ? r->time : r->customer;
}

static void make_numbers(numbers *c, const row *rows, size_t n, int which)
{
    c->data = calloc(n + 1, sizeof *c->data);
    c->validity = calloc(n / 8 + 1, 1);
    if (c->data == NULL || c->validity == NULL)
        die("no memory");
    for (size_t i = 0; i < n; i++) {
        c->data[i] = number_of(&rows[i], which);
        c->validity[i / 8] |= (uint8_t)((c->data[i] != INT64_MIN) << i % 8);
    }
    c->column = (kehu_column){.type = which == 1 ? KEHU_TIMESTAMP : KEHU_INT64,
                              .length = (int64_t)n,
                              .data = c->data,
                              .validity = c->validity};
}

typedef struct names {
    void *data, *offsets;
    int32_t dictionary_offsets[N_CHANNELS + 1];
    char dictionary_bytes[16 * N_CHANNELS];
    kehu_column column, dictionary;
} names;

static uint8_t code_of(const row *r, int which)
{
    return which == 0 ? r->status : which == 1 ? r->channel : r->class_of;
}

static void make_category(names *c, const row *rows, size_t n, int which,
                          const char *const *texts, int n_texts)
{
    int32_t *codes = calloc(n + 1, sizeof *codes);
    if (codes == NULL)
        die("no memory");
    for (int k = 0; k < n_texts; k++) {
        const size_t size = strlen(texts[k]);
        memcpy(c->dictionary_bytes + c->dictionary_offsets[k], texts[k], size);
        c->dictionary_offsets[k + 1] = c->dictionary_offsets[k] + (int32_t)size;
    }
    for (size_t i = 0; i < n; i++)
        codes[i] = code_of(&rows[i], which);
    c->dictionary = (kehu_column){.type = KEHU_UTF8,
                                  .length = n_texts,
                                  .data = c->dictionary_bytes,
                                  .offsets = c->dictionary_offsets};
    c->data = codes;
    c->column = (kehu_column){.type = KEHU_CATEGORY,
                              .length = (int64_t)n,
                              .data = codes,
                              .dictionary = &c->dictionary};
}

static void make_texts(names *c, const row *rows, size_t n, int which,
                       const char *const *texts, bool large)
{
    char *bytes = malloc(16 * (n + 1));
    int64_t *wide = calloc(n + 1, sizeof *wide);
    int32_t *narrow = calloc(n + 1, sizeof *narrow);
    if (bytes == NULL || wide == NULL || narrow == NULL)
        die("no memory");
    for (size_t i = 0; i < n; i++) {
        const char *t = texts[code_of(&rows[i], which)];
        const size_t size = strlen(t);
        memcpy(bytes + wide[i], t, size);
        wide[i + 1] = wide[i] + (int64_t)size;
        narrow[i + 1] = (int32_t)wide[i + 1];
    }
    c->data = bytes;
    c->offsets = large ? (void *)wide : (void *)narrow;
    free(large ? (void *)narrow : (void *)wide);
    c->column = (kehu_column){.type = large ? KEHU_LARGE_UTF8 : KEHU_UTF8,
                              .length = (int64_t)n,
                              .data = bytes,
                              .offsets = c->offsets};
}

static void add_rows(kehu_demands *d, const row *rows, size_t n, int kind)
{
    static const char *const *const texts[3] = {statuses, channels, classes};
    static const int n_texts[3] = {N_STATUSES, N_CHANNELS, 7};
    numbers number[3];
    names name[3];
    kehu_error err;
    memset(name, 0, sizeof name);
    for (int k = 0; k < 3; k++) {
        make_numbers(&number[k], rows, n, k);
        if (kind == 2)
            make_category(&name[k], rows, n, k, texts[k], n_texts[k]);
        else
            make_texts(&name[k], rows, n, k, texts[k], kind == 1);
    }
    const kehu_demand_batch batch = {.demand = &number[0].column,
                                     .time = &number[1].column,
                                     .customer = &number[2].column,
                                     .status = &name[0].column,
                                     .channel = &name[1].column,
                                     .class_of = &name[2].column};
    must(kehu_demands_add(d, &batch, &err), &err);
    for (int k = 0; k < 3; k++) {
        free(number[k].data);
        free(number[k].validity);
        free(name[k].data);
        free(name[k].offsets);
    }
}

/* ---- Reports ---- */

static const char *const reports[N_REPORTS] = {
    "counts", "times", "ageing", "overdue", "classes", "customers", "refused"};

static void save_reports(kehu_demands *d, const char *folder, const char *suffix)
{
    const kehu_demand_report_options options = {.size = sizeof options,
                                                .period = KEHU_DEMAND_WEEK,
                                                .reply_within_hours = 48,
                                                .repeat_within_days = 20};
    kehu_error err;
    kehu_demand_counts c;
    must(kehu_demands_finish(d, FIRST + 150 * 24 * 60 * MINUTE, &options, &err), &err);
    for (int k = 0; k < N_REPORTS; k++) {
        char path[4096];
        kehu_table *t;
        must(kehu_demands_get_table(&t, d, (kehu_demand_table)k, &err), &err);
        snprintf(path, sizeof path, "%s/%s%s.csv", folder, reports[k], suffix);
        must(kehu_table_save_csv(t, path, NULL, &err), &err);
        kehu_table_free(t);
    }
    must(kehu_demands_get_counts(d, &c, &err), &err);
    printf("{\"rows\": %lld, \"later\": %lld, \"refused\": %lld, \"demands\": %lld, "
           "\"open\": %lld, \"customers\": %lld, \"repeats\": %lld}\n",
           (long long)c.rows, (long long)c.later, (long long)c.refused,
           (long long)c.demands, (long long)c.open, (long long)c.customers,
           (long long)c.repeats);
}

static kehu_demands *open_log(uint32_t n_threads)
{
    const kehu_demands_options options = {
        .size = sizeof options, .n_threads = n_threads, .day_offset_minutes = 480};
    kehu_demands *d;
    kehu_error err;
    must(kehu_demands_new(&d, &options, &err), &err);
    return d;
}

int main(int argc, char **argv)
{
    const int64_t n_demands = argc > 2 ? atoll(argv[2]) : 0;
    kehu_demands *d = open_log(1), *first = open_log(2), *second = open_log(1);
    kehu_error err;
    size_t n;
    row *rows;
    if (n_demands < 1)
        die("usage: recount_demands FOLDER DEMANDS");
    rows = make_rows(n_demands, &n);
    write_rows(argv[1], rows, n);
    for (size_t k = 0; k < BATCHES; k++)
        add_rows(d, rows + n * k / BATCHES, n * (k + 1) / BATCHES - n * k / BATCHES,
                 (int)k);
    save_reports(d, argv[1], "");
    add_rows(first, rows, n / 5, 2);
    add_rows(second, rows + n / 5, n / 2 - n / 5, 0);
    add_rows(second, rows + n / 2, n - n / 2, 1);
    must(kehu_demands_merge(first, second, &err), &err);
    save_reports(first, argv[1], "-merged");
    kehu_demands_free(d);
    kehu_demands_free(first);
    kehu_demands_free(second);
    free(rows);
    return 0;
}
