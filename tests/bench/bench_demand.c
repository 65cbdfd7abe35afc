/* Figures of demand tracking: histories of DEMANDS demands, integer ids, rows in the
 * order of time, from memory.
 *
 *     bench_demand FOLDER THREADS DEMANDS
 *
 * The rows are made from a seed and left in FOLDER for the peers: demand.i64, time.i64
 * (seconds), customer.i64, status.i32, channel.i32, class.i32. All are allowed by the
 * default machine, so that a peer needs no machine. */
#include <kehu/demand.h>

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/sort.h"
#include "bench/figure.h"

enum { CHANNELS = 11, CLASSES = 60, MOST = 6, FIRST = 1704067200, DAY = 86400 };

typedef struct rows {
    int64_t n;
    int64_t *demand, *time, *customer;
    int32_t *status, *channel, *class_of;
} rows;

enum { NEW, ASSIGNED, ANSWERED, SOLVED, CLOSED, REOPENED };

/* One history: 1 to 6 rows, each later than the one before. */
static int64_t draw(kehu__random *r, uint64_t *keys, int32_t *status, int64_t n_days)
{
    static const int32_t way[MOST] = {NEW, ASSIGNED, ANSWERED, SOLVED, REOPENED, SOLVED};
    const uint32_t u = kehu__random_below(r, 100);
    const int64_t n = u < 10 ? 1 : u < 25 ? 2 : u < 55 ? 3 : u < 93 ? 4 : u < 95 ? 5 : 6;
    int64_t time = FIRST + (int64_t)kehu__random_below(r, (uint32_t)(n_days * DAY));
    for (int64_t i = 0; i < n; i++) {
        keys[i] = (uint64_t)time;
        status[i] = i == 3 && kehu__random_below(r, 9) == 0 && n == 4 ? CLOSED : way[i];
        time += 1 + kehu__random_below(r, kehu__random_below(r, 3) == 0 ? 9 * DAY : DAY);
    }
    return n;
}

static void make_rows(rows *all, int64_t n_demands)
{
    const size_t most = (size_t)n_demands * 4;
    kehu__random r = kehu__random_seed(21);
    uint64_t *keys = get(most, sizeof *keys), *key_scratch = get(most, sizeof *keys);
    uint32_t *order = get(most, sizeof *order), *scratch = get(most, sizeof *order);
    int32_t *status = get(most, sizeof *status), *owner = get(most, sizeof *owner);
    int64_t n = 0;
    for (int64_t d = 0; d < n_demands; d++) {
        const int64_t from = n;
        n += draw(&r, keys + n, status + n, 730);
        for (int64_t i = from; i < n; i++)
            owner[i] = (int32_t)d;
        if ((size_t)n + MOST > most)
            die("too many rows");
    }
    for (int64_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    kehu__sort_pairs(keys, order, key_scratch, scratch, (size_t)n);
    *all = (rows){n,
                  get((size_t)n, 8),
                  get((size_t)n, 8),
                  get((size_t)n, 8),
                  get((size_t)n, 4),
                  get((size_t)n, 4),
                  get((size_t)n, 4)};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t h = kehu__mix64((uint64_t)owner[order[i]]);
        all->time[i] = (int64_t)keys[i];
        all->demand[i] = owner[order[i]] * INT64_C(7919) + 13;
        all->customer[i] = (int64_t)(h % (uint64_t)(n_demands / 4 + 1));
        all->status[i] = status[order[i]];
        all->channel[i] = (int32_t)(h >> 32) % CHANNELS;
        all->class_of[i] = (int32_t)(h >> 40 & 0xFFFF) % CLASSES;
        if (all->channel[i] < 0)
            all->channel[i] += CHANNELS;
    }
    free(keys);
    free(key_scratch);
    free(order);
    free(scratch);
    free(status);
    free(owner);
}

static void keep_rows(const char *folder, const rows *all)
{
    const size_t n = (size_t)all->n;
    keep(folder, "demand.i64", all->demand, n * 8);
    keep(folder, "time.i64", all->time, n * 8);
    keep(folder, "customer.i64", all->customer, n * 8);
    keep(folder, "status.i32", all->status, n * 4);
    keep(folder, "channel.i32", all->channel, n * 4);
    keep(folder, "class.i32", all->class_of, n * 4);
}

/* ---- Names "0", "1", ... as dictionaries ---- */

typedef struct names {
    char bytes[600];
    int32_t at[CLASSES + 1];
    kehu_column dictionary, column;
} names;

static void name_numbers(names *t, const int32_t *codes, int64_t n, int32_t count,
                         const char *const *given)
{
    for (int32_t k = 0; k < count; k++) {
        const char number[] = {(char)('0' + k / 10), (char)('0' + k % 10), '\0'};
        const char *name = given != NULL ? given[k] : number;
        memcpy(t->bytes + t->at[k], name, strlen(name));
        t->at[k + 1] = t->at[k] + (int32_t)strlen(name);
    }
    t->dictionary = (kehu_column){
        .type = KEHU_UTF8, .length = count, .data = t->bytes, .offsets = t->at};
    t->column = (kehu_column){
        .type = KEHU_CATEGORY, .length = n, .data = codes, .dictionary = &t->dictionary};
}

static int64_t number_at(const kehu_column *c, int64_t i)
{
    const int64_t *at = c->offsets;
    const char *s = (const char *)c->data + at[i];
    return (s[0] - '0') * 10 + s[1] - '0';
}

/* What the peers must find too: the cube's cells weighted by their place, and the sum of
 * all pairs' quantiles. */
static double check_counts(const kehu_table *t, const char *const *statuses)
{
    const kehu_column *channel = kehu_table_find(t, "channel");
    const kehu_column *class_of = kehu_table_find(t, "class");
    const kehu_column *status = kehu_table_find(t, "status");
    const int64_t *demands = kehu_table_find(t, "demands")->data, *at = status->offsets;
    const int32_t *period = kehu_table_find(t, "period")->data;
    int64_t sum = 0;
    for (int64_t i = 0; i < kehu_table_row_count(t); i++) {
        int64_t k = 0;
        while (strncmp(statuses[k], (const char *)status->data + at[i],
                       (size_t)(at[i + 1] - at[i])) != 0)
            k++;
        sum += demands[i] * (number_at(channel, i) + 1) * (number_at(class_of, i) + 7) *
               (k + 3) * (period[i] - 19000);
    }
    return (double)sum;
}

static double check_times(const kehu_table *t)
{
    static const char *const columns[] = {"reply_median_s", "reply_p90_s",
                                          "solve_median_s", "solve_p90_s"};
    const kehu_column *channel = kehu_table_find(t, "channel");
    const kehu_column *class_of = kehu_table_find(t, "class");
    int64_t sum = 0;
    for (int k = 0; k < 4; k++) {
        const int64_t *x = kehu_table_find(t, columns[k])->data;
        for (int64_t i = 0; i < kehu_table_row_count(t); i++)
            if ((channel->validity[i / 8] >> i % 8 & 1) != 0 &&
                (class_of->validity[i / 8] >> i % 8 & 1) != 0)
                sum += x[i];
    }
    return (double)sum;
}

static const char *const statuses[] = {"new",    "assigned", "answered",
                                       "solved", "closed",   "reopened"};

static double run(const rows *all, uint32_t threads)
{
    const kehu_demands_options options = {.size = sizeof options, .n_threads = threads};
    const kehu_demand_report_options weeks = {.size = sizeof weeks,
                                              .period = KEHU_DEMAND_WEEK};
    static const kehu_demand_table reports[] = {KEHU_DEMAND_COUNTS, KEHU_DEMAND_TIMES,
                                                KEHU_DEMAND_OVERDUE, KEHU_DEMAND_CLASSES};
    static names status, channel, class_of;
    int64_t *us = get((size_t)all->n, sizeof *us);
    kehu_demands *d = NULL;
    kehu_error err;
    double sum = 0, start;
    for (int64_t i = 0; i < all->n; i++)
        us[i] = all->time[i] * 1000000;
    const kehu_column id = {.type = KEHU_INT64, .length = all->n, .data = all->demand};
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = all->n, .data = us};
    const kehu_column who = {.type = KEHU_INT64, .length = all->n, .data = all->customer};
    name_numbers(&status, all->status, all->n, 6, statuses);
    name_numbers(&channel, all->channel, all->n, CHANNELS, NULL);
    name_numbers(&class_of, all->class_of, all->n, CLASSES, NULL);
    const kehu_demand_batch batch = {.demand = &id,
                                     .time = &time,
                                     .status = &status.column,
                                     .customer = &who,
                                     .channel = &channel.column,
                                     .class_of = &class_of.column};
    start = cpu_seconds();
    must(kehu_demands_new(&d, &options, &err), &err);
    must(kehu_demands_add(d, &batch, &err), &err);
    figure("add_s", cpu_seconds() - start);
    must(kehu_demands_finish(d, (FIRST + INT64_C(800) * DAY) * 1000000, &weeks, &err),
         &err);
    figure("add_and_finish_s", cpu_seconds() - start);
    for (size_t k = 0; k < sizeof reports / sizeof *reports; k++) {
        kehu_table *t = NULL;
        must(kehu_demands_get_table(&t, d, reports[k], &err), &err);
        if (reports[k] == KEHU_DEMAND_COUNTS)
            sum += check_counts(t, statuses);
        if (reports[k] == KEHU_DEMAND_TIMES)
            sum += check_times(t);
        kehu_table_free(t);
    }
    figure("demand_s", cpu_seconds() - start);
    kehu_demands_free(d);
    free(us);
    return sum;
}

int main(int argc, char **argv)
{
    rows all;
    if (argc < 4)
        die("usage: bench_demand FOLDER THREADS DEMANDS");
    make_rows(&all, atoll(argv[3]));
    keep_rows(argv[1], &all);
    figure("rows", (double)all.n);
    figure("checksum", run(&all, (uint32_t)atoi(argv[2])));
    free(all.demand);
    free(all.time);
    free(all.customer);
    free(all.status);
    free(all.channel);
    free(all.class_of);
    return 0;
}
