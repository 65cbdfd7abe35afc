/* Times to the first reply and to the solution, and the share in time: of all, by
 * channel, by class and by both. Demands are sorted by their time once; one sweep then
 * meets the quantiles of every group on its way. */
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

enum { REPLY, SOLUTION, N_TIMES, PAIR_BITS = 22 };

typedef struct measured {
    int64_t n, judged, within, seen, median, p90;
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
    uint64_t *keys, *scratch; /* [d->n_states] */
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

static int64_t time_of(const kehu_demands *d, uint32_t demand, int which)
{
    return which == REPLY ? d->states[demand].reply : d->states[demand].solution;
}

static void count_pairs(timing *t)
{
    const kehu_demands *d = t->d;
    const int64_t limits[N_TIMES] = {d->report.reply_within_hours * KEHU__HOUR_US,
                                     d->report.solve_within_hours * KEHU__HOUR_US};
    for (uint32_t i = 0; i < d->n_states; i++) {
        if (!kehu__demand_taken(d, i))
            continue;
        group *g = &t->groups[pair_at(t, d->intakes[i].channel, d->intakes[i].class_of)];
        g->demands++;
        g->open += kehu__demand_open(d, i);
        for (int k = 0; k < N_TIMES; k++) {
            const int64_t time = time_of(d, i, k);
            g->times[k].n += time >= 0;
            g->times[k].judged += time >= 0 || kehu__demand_age(d, i) > limits[k];
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

/* The sweep has come to the next smallest time of a group. */
static void meet(measured *m, int64_t seconds)
{
    m->seen++;
    if (m->seen == (m->n + 1) / 2)
        m->median = seconds;
    if (m->seen == (9 * m->n + 9) / 10)
        m->p90 = seconds;
}

static void find_quantiles(timing *t, int which)
{
    const kehu_demands *d = t->d;
    const uint64_t mask = ((uint64_t)1 << PAIR_BITS) - 1;
    size_t n = 0;
    for (uint32_t i = 0; i < d->n_states; i++)
        if (kehu__demand_taken(d, i) && time_of(d, i, which) >= 0)
            t->keys[n++] =
                (uint64_t)(time_of(d, i, which) / 1000000) << PAIR_BITS |
                ((uint64_t)d->intakes[i].channel * t->n_classes + d->intakes[i].class_of);
    if (n > 0)
        kehu__sort_u64(t->keys, t->scratch, n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t pair = (uint32_t)(t->keys[i] & mask);
        const uint32_t channel = pair / t->n_classes, class_of = pair % t->n_classes;
        const int64_t seconds = (int64_t)(t->keys[i] >> PAIR_BITS);
        meet(&t->groups[0].times[which], seconds);
        meet(&t->groups[channel_at(channel)].times[which], seconds);
        meet(&t->groups[class_at(t, class_of)].times[which], seconds);
        meet(&t->groups[pair_at(t, channel, class_of)].times[which], seconds);
    }
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
    t.keys = kehu__alloc(&d->alloc, d->n_states, sizeof *t.keys);
    t.scratch = kehu__alloc(&d->alloc, d->n_states, sizeof *t.scratch);
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        kehu__builder_add(&b, columns[k], KEHU_INT64);
    done =
        t.groups != NULL && (d->n_states == 0 || (t.keys != NULL && t.scratch != NULL));
    if (done) {
        count_pairs(&t);
        sum_pairs(&t);
        find_quantiles(&t, REPLY);
        find_quantiles(&t, SOLUTION);
        done = write_groups(&b, &t);
    }
    kehu__free(&d->alloc, t.groups, t.n_groups, sizeof *t.groups);
    kehu__free(&d->alloc, t.keys, d->n_states, sizeof *t.keys);
    kehu__free(&d->alloc, t.scratch, d->n_states, sizeof *t.scratch);
    return kehu__builder_end(&b, done, out, err);
}
