/* Events to series to tables. */
#include <kehu/trend.h>

#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/maths.h"
#include "insight/keys.h"
#include "insight/trend.h"

typedef struct finding {
    kehu_trend_report report;
    kehu_trend_options opt;
    int32_t from_day, n; /* n steps */
    kehu__keys groups;
    int64_t *counts; /* [groups.n][n] */
    size_t counts_capacity;
    kehu__builder b;
    /* Scratch of one series. */
    kehu__series s;
    double *e, *sum_y, *sum_e, *best, *expected;
    int32_t *from, *at;
} finding;

/* ---- Arguments ---- */

#define YEAR_DAYS 365.25

/* A step of a smaller probability is in a burst. */
static double alarm_level(const kehu_trend_options *opt)
{
    return opt->false_alarms_per_year * opt->step_days / YEAR_DAYS;
}

static kehu_status read_options(kehu_trend_options *opt, const kehu_trend_options *given,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, given, err));
    if (opt->day_offset_minutes < -1440 || opt->day_offset_minutes > 1440)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "day_offset_minutes is %d, expected -1440 to 1440",
                          (int)opt->day_offset_minutes);
    opt->step_days = opt->step_days == 0 ? 1 : opt->step_days;
    opt->shortest = opt->shortest == 0 ? 7 : opt->shortest;
    opt->base_steps = opt->base_steps == 0 ? 56 : opt->base_steps;
    opt->change_penalty = opt->change_penalty == 0 ? 15 : opt->change_penalty;
    if (opt->false_alarms_per_year == 0)
        opt->false_alarms_per_year = .1;
    if (opt->step_days > 366 || opt->shortest > KEHU__TREND_STEPS)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "step_days is %u, at most 366; shortest %u, at most %d",
                          (unsigned)opt->step_days, (unsigned)opt->shortest,
                          KEHU__TREND_STEPS);
    if (opt->base_steps < 8 || opt->base_steps > KEHU__TREND_STEPS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base_steps is %u, expected 8 to %d",
                          (unsigned)opt->base_steps, KEHU__TREND_STEPS);
    if (!(opt->change_penalty > 0 && opt->change_penalty < 1e9))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "change_penalty is not above 0");
    if (!(opt->false_alarms_per_year > 0 && opt->false_alarms_per_year <= 100))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "false_alarms_per_year is not within 0 to 100");
    if (alarm_level(opt) >= 1)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "false_alarms_per_year is %g, expected below %g in steps of %u days",
            opt->false_alarms_per_year, YEAR_DAYS / opt->step_days,
            (unsigned)opt->step_days);
    if (opt->reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "reserved is %u, expected 0",
                          (unsigned)opt->reserved);
    return KEHU_OK;
}

static kehu_status check_columns(const kehu_column *group, const kehu_column *time,
                                 kehu_error *err)
{
    if (time == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "time is NULL");
    KEHU_TRY(kehu__column_check(time, "time", err));
    if (time->type != KEHU_DATE32 && kehu__column_kind(time) != KEHU_TIMESTAMP)
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "time is %s, expected DATE32 or TIMESTAMP",
                          kehu__type_name(time->type));
    if (group == NULL)
        return KEHU_OK;
    KEHU_TRY(kehu__column_check_text(group, "group", err));
    if (group->length != time->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "group has %lld rows, time has %lld",
                          (long long)group->length, (long long)time->length);
    return KEHU_OK;
}

static kehu_status set_steps(finding *f, int32_t from_day, int32_t to_day,
                             kehu_error *err)
{
    const int64_t days = (int64_t)to_day - from_day + 1, n = days / f->opt.step_days;
    if (n < 2)
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "days %d to %d make fewer than two steps of %u", (int)from_day,
                          (int)to_day, (unsigned)f->opt.step_days);
    if (n > KEHU__TREND_STEPS)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld steps, at most %d", (long long)n,
                          KEHU__TREND_STEPS);
    f->from_day = from_day;
    f->n = (int32_t)n;
    return KEHU_OK;
}

/* ---- Counting ---- */

/* Number of a group, with room for its counts; KEHU__NO_KEY without memory. */
static int64_t group_of(finding *f, kehu__text name)
{
    const kehu__key key = kehu__key_text(name);
    const uint32_t known = f->groups.n;
    const int64_t number = kehu__keys_add(&f->groups, &key);
    const size_t n = (size_t)f->n;
    if (number == KEHU__NO_KEY || (uint32_t)number < known)
        return number;
    if (!kehu__grow(&f->groups.alloc, &f->counts, &f->counts_capacity,
                    kehu__times((size_t)known + 1, n), sizeof *f->counts))
        return KEHU__NO_KEY;
    memset(f->counts + known * n, 0, n * sizeof *f->counts);
    return number;
}

static kehu_status count_events(finding *f, const kehu_column *group,
                                const kehu_column *time, kehu_error *err)
{
    const int64_t last = (int64_t)f->n * f->opt.step_days;
    for (int64_t i = 0; i < time->length; i++) {
        const int64_t t = kehu__column_integer(time, i);
        const int64_t day =
            (time->type == KEHU_DATE32 ? t : kehu__day_of(t, f->opt.day_offset_minutes)) -
            f->from_day;
        int64_t number;
        if (!kehu__column_valid(time, i) || day < 0 || day >= last)
            continue;
        number = group_of(f, group == NULL ? (kehu__text){"", 0}
                                           : kehu__column_text(group, i));
        if (number == KEHU__NO_KEY)
            return kehu__no_memory(err, "counts of events");
        if ((int64_t)f->groups.n * f->n > INT32_MAX)
            return kehu__fail(err, KEHU_LIMIT, i, "%u groups of %d steps are too many",
                              (unsigned)f->groups.n, (int)f->n);
        f->counts[number * f->n + day / f->opt.step_days]++;
    }
    return KEHU_OK;
}

/* ---- Reports ---- */

/* Where a step begins; behind the last one maybe no int32. */
static int64_t day_of(const finding *f, int32_t step)
{
    return f->from_day + (int64_t)step * f->opt.step_days;
}

static int32_t find_changes(finding *f)
{
    return kehu__series_changes(&f->s, (int32_t)f->opt.shortest, f->opt.change_penalty,
                                f->best, f->from, f->at);
}

static void write_level(finding *f, uint32_t group)
{
    const kehu__series *s = &f->s;
    kehu__builder *b = &f->b;
    const int32_t n = find_changes(f), last = n == 0 ? 0 : f->at[n - 1];
    const kehu__growth g = kehu__series_growth(s);
    const double steps = 30.0 / f->opt.step_days,
                 slopes[3] = {g.slope, g.slope - 1.96 * g.error,
                              g.slope + 1.96 * g.error};
    kehu__keys_write(&f->groups, group, b, 0);
    kehu__builder_integer(b, 1, (int64_t)s->sum_y[s->n]);
    kehu__builder_number(b, 2, kehu__series_rate(s, last, s->n));
    for (size_t k = 0; k < 3; k++)
        if (g.found)
            kehu__builder_number(b, 3 + k, kehu__expm1(slopes[k] * steps));
        else
            kehu__builder_missing(b, 3 + k);
    kehu__builder_number(b, 6, s->dispersion);
    kehu__builder_integer(b, 7, n);
    if (n > 0)
        kehu__builder_integer(b, 8, day_of(f, last));
    else
        kehu__builder_missing(b, 8);
    kehu__builder_end_row(b);
}

static void write_changes(finding *f, uint32_t group)
{
    const kehu__series *s = &f->s;
    kehu__builder *b = &f->b;
    const int32_t n = find_changes(f);
    for (int32_t i = 0; i < n; i++) {
        const int32_t at = f->at[i], from = i == 0 ? 0 : f->at[i - 1];
        const int32_t to = i + 1 < n ? f->at[i + 1] : s->n;
        kehu__keys_write(&f->groups, group, b, 0);
        kehu__builder_integer(b, 1, day_of(f, at));
        kehu__builder_number(b, 2, kehu__series_rate(s, from, at));
        kehu__builder_number(b, 3, kehu__series_rate(s, at, to));
        kehu__builder_number(b, 4,
                             kehu__series_cost(s, from, to) -
                                 kehu__series_cost(s, from, at) -
                                 kehu__series_cost(s, at, to));
        kehu__builder_end_row(b);
    }
}

static void write_bursts(finding *f, uint32_t group)
{
    const double level = alarm_level(&f->opt);
    const kehu__series *s = &f->s;
    double *p = f->best;
    kehu__builder *b = &f->b;
    kehu__series_bursts(s, (int32_t)f->opt.base_steps, level, f->at, p, f->expected);
    for (int32_t t = 0, end; t < s->n; t = end + 1) {
        double least = 1, expected = 0;
        int64_t events = 0;
        for (end = t; end < s->n && p[end] < level; end++) {
            least = p[end] < least ? p[end] : least;
            expected += f->expected[end];
            events += s->y[end];
        }
        if (end == t)
            continue;
        kehu__keys_write(&f->groups, group, b, 0);
        kehu__builder_integer(b, 1, day_of(f, t));
        kehu__builder_integer(b, 2, day_of(f, end) - 1);
        kehu__builder_integer(b, 3, events);
        kehu__builder_number(b, 4, expected);
        kehu__builder_number(b, 5, least);
        kehu__builder_end_row(b);
    }
}

static void add_columns(finding *f)
{
    static const struct {
        const char *name;
        kehu_type type;
    } columns[3][9] = {{{"events", KEHU_INT64},
                        {"level", KEHU_FLOAT64},
                        {"growth", KEHU_FLOAT64},
                        {"growth_low", KEHU_FLOAT64},
                        {"growth_high", KEHU_FLOAT64},
                        {"dispersion", KEHU_FLOAT64},
                        {"changes", KEHU_INT64},
                        {"last_change", KEHU_DATE32}},
                       {{"day", KEHU_DATE32},
                        {"before", KEHU_FLOAT64},
                        {"after", KEHU_FLOAT64},
                        {"score", KEHU_FLOAT64}},
                       {{"first", KEHU_DATE32},
                        {"last", KEHU_DATE32},
                        {"events", KEHU_INT64},
                        {"expected", KEHU_FLOAT64},
                        {"p", KEHU_FLOAT64}}};
    kehu__builder_add(&f->b, "group", KEHU_LARGE_UTF8);
    for (int k = 0; columns[f->report][k].name != NULL; k++)
        kehu__builder_add(&f->b, columns[f->report][k].name, columns[f->report][k].type);
}

/* All scratch, or false; kehu_trends_find frees what there is. */
static bool make_room(finding *f)
{
    const kehu_allocator *a = &f->groups.alloc;
    const size_t n = (size_t)f->n + 1;
    f->e = kehu__alloc(a, n, sizeof *f->e);
    f->sum_y = kehu__alloc(a, n, sizeof *f->sum_y);
    f->sum_e = kehu__alloc(a, n, sizeof *f->sum_e);
    f->best = kehu__alloc(a, n, sizeof *f->best);
    f->expected = kehu__alloc(a, n, sizeof *f->expected);
    f->from = kehu__alloc(a, n, sizeof *f->from);
    f->at = kehu__alloc(a, n, sizeof *f->at);
    return f->e != NULL && f->sum_y != NULL && f->sum_e != NULL && f->best != NULL &&
           f->expected != NULL && f->from != NULL && f->at != NULL;
}

static bool write_groups(finding *f)
{
    static void (*const write[])(finding *, uint32_t) = {write_level, write_changes,
                                                         write_bursts};
    const kehu_allocator *a = &f->groups.alloc;
    const uint32_t n = f->groups.n;
    /* 1970-01-01 was a Thursday; any day may be day 0 of the week. */
    const int32_t weekday = f->opt.step_days == 1 ? (f->from_day % 7 + 7) % 7 : -1;
    uint32_t *order = kehu__alloc(a, n, sizeof *order);
    const bool done = n == 0 || (order != NULL && kehu__keys_sort(&f->groups, order));
    for (uint32_t i = 0; done && i < n; i++) {
        f->s = (kehu__series){.y = f->counts + (size_t)order[i] * (size_t)f->n,
                              .e = f->e,
                              .sum_y = f->sum_y,
                              .sum_e = f->sum_e,
                              .n = f->n};
        kehu__series_prepare(&f->s, weekday, f->best);
        write[f->report](f, order[i]);
    }
    kehu__free(a, order, n, sizeof *order);
    return done;
}

static void free_finding(finding *f)
{
    const kehu_allocator *a = &f->groups.alloc;
    double *const numbers[] = {f->e, f->sum_y, f->sum_e, f->best, f->expected};
    const size_t n = (size_t)f->n + 1;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        kehu__free(a, numbers[k], n, sizeof(double));
    kehu__free(a, f->from, n, sizeof *f->from);
    kehu__free(a, f->at, n, sizeof *f->at);
    kehu__free(a, f->counts, f->counts_capacity, sizeof *f->counts);
    kehu__keys_free(&f->groups);
}

kehu_status kehu_trends_find(kehu_table **out, kehu_trend_report report,
                             const kehu_column *group, const kehu_column *time,
                             int32_t from_day, int32_t to_day,
                             const kehu_trend_options *options, kehu_error *err)
{
    finding f = {.report = report};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if ((uint32_t)report > KEHU_TREND_BURSTS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "report is %d, expected 0 to %d",
                          (int)report, KEHU_TREND_BURSTS);
    KEHU_TRY(read_options(&f.opt, options, err));
    KEHU_TRY(check_columns(group, time, err));
    KEHU_TRY(set_steps(&f, from_day, to_day, err));
    const kehu_allocator a = kehu__allocator(f.opt.alloc);
    f.groups = kehu__keys_new(&a, true);
    f.b = kehu__builder_new(&a);
    add_columns(&f);
    status = count_events(&f, group, time, err);
    if (status == KEHU_OK) {
        const bool done = make_room(&f) && write_groups(&f);
        status = kehu__builder_end(&f.b, done, out, err);
    } else {
        kehu__builder_free(&f.b);
    }
    free_finding(&f);
    return status;
}
