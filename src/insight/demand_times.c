/* Times to the first reply and to the solution, and the share in time: of all, by
 * channel, by class and by both. Times are sorted for each pair of a channel and a class;
 * quantiles of more than a pair are found by bisection over the pairs. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

enum { REPLY, SOLUTION, N_TIMES };

typedef struct measured {
    int64_t n, judged, within, median, p90;
} measured;

typedef struct group {
    int64_t demands, open;
    measured times[N_TIMES];
} group;

/* Groups in one array: all, channels, classes, pairs. */
typedef struct timing {
    const kehu_demands *d;
    uint32_t n_channels, n_classes;
    size_t n_groups;
    group *groups;
    uint64_t *seconds, *scratch; /* [d->n_states], pair by pair */
    size_t *ends;                /* [pairs] of their seconds */
} timing;

static size_t channel_at(uint32_t channel)
{
    return 1 + (size_t)channel;
}

static size_t class_at(const timing *t, uint32_t class_of)
{
    return 1 + (size_t)t->n_channels + class_of;
}

static size_t pair_at(const timing *t, uint32_t channel, uint32_t class_of)
{
    return 1 + (size_t)t->n_channels + t->n_classes + (size_t)channel * t->n_classes +
           class_of;
}

static int64_t time_of(const kehu__demand_state *s, int which)
{
    return which == REPLY ? s->reply : s->solution;
}

static void count_pairs(timing *t)
{
    const kehu_demands *d = t->d;
    const int64_t limits[N_TIMES] = {d->report.reply_within_hours * KEHU__HOUR_US,
                                     d->report.solve_within_hours * KEHU__HOUR_US};
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (!kehu__demand_taken(s))
            continue;
        group *g = &t->groups[pair_at(t, s->channel, s->class_of)];
        g->demands++;
        g->open += s->open;
        for (int k = 0; k < N_TIMES; k++) {
            const int64_t time = time_of(s, k);
            g->times[k].n += time >= 0;
            g->times[k].judged += time >= 0 || kehu__demand_age(d, s) > limits[k];
            g->times[k].within += time >= 0 && time <= limits[k];
        }
    }
}

static void add_group(group *to, const group *from)
{
    to->demands += from->demands;
    to->open += from->open;
    for (int k = 0; k < N_TIMES; k++) {
        to->times[k].n += from->times[k].n;
        to->times[k].judged += from->times[k].judged;
        to->times[k].within += from->times[k].within;
    }
}

static void sum_pairs(timing *t)
{
    for (uint32_t c = 0; c < t->n_channels; c++)
        for (uint32_t k = 0; k < t->n_classes; k++) {
            const group *g = &t->groups[pair_at(t, c, k)];
            add_group(&t->groups[0], g);
            add_group(&t->groups[channel_at(c)], g);
            add_group(&t->groups[class_at(t, k)], g);
        }
}

/* ---- Quantiles ---- */

/* The seconds of every pair, sorted. */
static void sort_pairs(timing *t, int which)
{
    const kehu_demands *d = t->d;
    const size_t first = pair_at(t, 0, 0), n_pairs = t->n_groups - first;
    size_t start = 0;
    for (size_t k = 0; k < n_pairs; k++) {
        t->ends[k] = start;
        start += (size_t)t->groups[first + k].times[which].n;
    }
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (kehu__demand_taken(s) && time_of(s, which) >= 0)
            t->seconds[t->ends[pair_at(t, s->channel, s->class_of) - first]++] =
                (uint64_t)(time_of(s, which) / 1000000);
    }
    for (size_t k = 0; k < n_pairs; k++) {
        const size_t from = k == 0 ? 0 : t->ends[k - 1];
        if (t->ends[k] - from > 1)
            kehu__sort_u64(t->seconds + from, t->scratch, t->ends[k] - from);
    }
}

/* Some pairs: first, first + step, ..., n of them. */
typedef struct pairs {
    size_t first, step, n;
} pairs;

/* How many of a pair's seconds are at most x. */
static size_t count_up_to(const timing *t, size_t pair, uint64_t x)
{
    const size_t from = pair == 0 ? 0 : t->ends[pair - 1];
    size_t low = from, high = t->ends[pair];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (t->seconds[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low - from;
}

/* The least x that `rank` of the seconds are at most. */
static int64_t find_quantile(const timing *t, pairs of, int64_t rank)
{
    uint64_t low = 0, high = (uint64_t)(KEHU__LAST_TIME - KEHU__FIRST_TIME) / 1000000;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        size_t n = 0;
        for (size_t k = 0; k < of.n; k++)
            n += count_up_to(t, of.first + k * of.step, middle);
        if (n >= (size_t)rank)
            high = middle;
        else
            low = middle + 1;
    }
    return (int64_t)low;
}

static void find_two(const timing *t, size_t at, int which, pairs of)
{
    measured *m = &t->groups[at].times[which];
    if (m->n == 0)
        return;
    m->median = find_quantile(t, of, (m->n + 1) / 2);
    m->p90 = find_quantile(t, of, (9 * m->n + 9) / 10);
}

static void find_quantiles(timing *t, int which)
{
    const uint32_t channels = t->n_channels, classes = t->n_classes;
    const size_t n_pairs = (size_t)channels * classes;
    sort_pairs(t, which);
    find_two(t, 0, which, (pairs){0, 1, n_pairs});
    for (uint32_t c = 0; c < channels; c++)
        find_two(t, channel_at(c), which, (pairs){(size_t)c * classes, 1, classes});
    for (uint32_t k = 0; k < classes; k++)
        find_two(t, class_at(t, k), which, (pairs){k, classes, channels});
    for (size_t k = 0; k < n_pairs; k++)
        find_two(t, pair_at(t, 0, 0) + k, which, (pairs){k, 1, 1});
}

/* ---- The table ---- */

static void write_group(kehu__builder *b, const timing *t, size_t at, int64_t channel,
                        int64_t class_of)
{
    const group *g = &t->groups[at];
    size_t column = 2;
    if (g->demands == 0 && at > 0)
        return;
    if (channel < 0)
        kehu__builder_missing(b, 0);
    else
        kehu__keys_write(&t->d->channels, (uint32_t)channel, b, 0);
    if (class_of < 0)
        kehu__builder_missing(b, 1);
    else
        kehu__keys_write(&t->d->classes, (uint32_t)class_of, b, 1);
    kehu__builder_integer(b, column++, g->demands);
    kehu__builder_integer(b, column++, g->open);
    for (int k = 0; k < N_TIMES; k++) {
        const measured *m = &g->times[k];
        const int64_t quantiles[2] = {m->median, m->p90};
        kehu__builder_integer(b, column++, m->n);
        for (int q = 0; q < 2; q++, column++)
            if (m->n > 0)
                kehu__builder_integer(b, column, quantiles[q]);
            else
                kehu__builder_missing(b, column);
        kehu__builder_integer(b, column++, m->judged);
        kehu__builder_integer(b, column++, m->within);
    }
    kehu__builder_end_row(b);
}

static bool write_groups(kehu__builder *b, const timing *t)
{
    const kehu_demands *d = t->d;
    uint32_t *channels = kehu__alloc(&d->alloc, t->n_channels, sizeof *channels);
    uint32_t *classes = kehu__alloc(&d->alloc, t->n_classes, sizeof *classes);
    const bool done = (channels != NULL || t->n_channels == 0) &&
                      (classes != NULL || t->n_classes == 0) &&
                      kehu__keys_sort(&d->channels, channels) &&
                      kehu__keys_sort(&d->classes, classes);
    if (done) {
        write_group(b, t, 0, -1, -1);
        for (uint32_t c = 0; c < t->n_channels; c++)
            write_group(b, t, channel_at(channels[c]), channels[c], -1);
        for (uint32_t k = 0; k < t->n_classes; k++)
            write_group(b, t, class_at(t, classes[k]), -1, classes[k]);
        for (uint32_t c = 0; c < t->n_channels; c++)
            for (uint32_t k = 0; k < t->n_classes; k++)
                write_group(b, t, pair_at(t, channels[c], classes[k]), channels[c],
                            classes[k]);
    }
    kehu__free(&d->alloc, channels, t->n_channels, sizeof *channels);
    kehu__free(&d->alloc, classes, t->n_classes, sizeof *classes);
    return done;
}

kehu_status kehu__demand_table_times(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    static const char *const columns[] = {
        "demands",        "open",         "replied",      "reply_median_s",
        "reply_p90_s",    "reply_judged", "reply_within", "solved",
        "solve_median_s", "solve_p90_s",  "solve_judged", "solve_within"};
    kehu__builder b = kehu__builder_new(&d->alloc);
    timing t = {.d = d, .n_channels = d->channels.n, .n_classes = d->classes.n};
    bool done;
    t.n_groups =
        1 + (size_t)t.n_channels + t.n_classes + (size_t)t.n_channels * t.n_classes;
    t.groups = kehu__alloc_zero(&d->alloc, t.n_groups, sizeof *t.groups);
    const size_t n_pairs = (size_t)t.n_channels * t.n_classes;
    t.ends = kehu__alloc(&d->alloc, n_pairs, sizeof *t.ends);
    t.seconds = kehu__alloc(&d->alloc, d->n_states, sizeof *t.seconds);
    t.scratch = kehu__alloc(&d->alloc, d->n_states, sizeof *t.scratch);
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        kehu__builder_add(&b, columns[k], KEHU_INT64);
    done = t.groups != NULL && (n_pairs == 0 || t.ends != NULL) &&
           (d->n_states == 0 || (t.seconds != NULL && t.scratch != NULL));
    if (done) {
        count_pairs(&t);
        sum_pairs(&t);
        find_quantiles(&t, REPLY);
        find_quantiles(&t, SOLUTION);
        done = write_groups(&b, &t);
    }
    kehu__free(&d->alloc, t.groups, t.n_groups, sizeof *t.groups);
    kehu__free(&d->alloc, t.ends, n_pairs, sizeof *t.ends);
    kehu__free(&d->alloc, t.seconds, d->n_states, sizeof *t.seconds);
    kehu__free(&d->alloc, t.scratch, d->n_states, sizeof *t.scratch);
    return kehu__builder_end(&b, done, out, err);
}
