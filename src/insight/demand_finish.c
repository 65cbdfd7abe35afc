/* Following every demand through the machine, part by part. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

enum { FEW = 24 }; /* rows that are sorted by insertion */

/* ---- One demand ---- */

static kehu__demand_reason step(kehu__demand_walk *w, const kehu_demand_machine *m,
                                const kehu__demand_row *r, int64_t as_of)
{
    uint32_t marks;
    if (r->status == KEHU__DEMAND_NO_TIME)
        return KEHU__DEMAND_WITHOUT_TIME;
    if (r->time > as_of)
        return KEHU__DEMAND_LATER;
    if (r->status == KEHU__DEMAND_UNKNOWN)
        return KEHU__DEMAND_WITHOUT_STATUS;
    if (w->status == KEHU__DEMAND_NONE) {
        if (r->status != 0)
            return KEHU__DEMAND_BEFORE_INTAKE;
        w->taken_in = r->time;
    } else if ((m->next[w->status] >> r->status & 1) == 0) {
        return KEHU__DEMAND_NOT_ALLOWED;
    }
    w->status = r->status;
    marks = m->marks[r->status];
    if ((marks & KEHU_DEMAND_REPLIED) != 0 && w->replied == INT64_MIN)
        w->replied = r->time;
    if ((marks & KEHU_DEMAND_OPEN) != 0)
        w->solved = INT64_MIN;
    else if ((marks & KEHU_DEMAND_SOLVED) != 0 && w->solved == INT64_MIN)
        w->solved = r->time;
    return KEHU__DEMAND_FINE;
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const kehu__demand_row *rows = ctx;
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (rows[i].time != rows[j].time)
        return rows[i].time < rows[j].time ? -1 : 1;
    return (i > j) - (i < j);
}

/* The rows of one demand, given in the order in which they were added. */
static void sort_rows(kehu__demand_row *rows, uint32_t *order, size_t n)
{
    if (n > FEW) {
        kehu__sort(order, n, sizeof *order, by_time, rows);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const uint32_t moving = order[i];
        size_t j = i;
        for (; j > 0 && rows[order[j - 1]].time > rows[moving].time; j--)
            order[j] = order[j - 1];
        order[j] = moving;
    }
}

/* ---- A part ---- */

bool kehu__demand_follow(const kehu_demands *d, size_t part, int64_t as_of,
                         const kehu__demand_teller *teller)
{
    const kehu__demand_part *p = &d->parts[part];
    const uint32_t first = (uint32_t)(part << KEHU__DEMAND_PART_BITS);
    const uint32_t left = d->ids.n - first;
    const uint32_t n = left < KEHU__DEMAND_PART ? left : KEHU__DEMAND_PART;
    size_t *start = kehu__alloc_zero(&d->alloc, (size_t)n + 1, sizeof *start);
    uint32_t *order = kehu__alloc(&d->alloc, p->n, sizeof *order);
    const bool done = start != NULL && (order != NULL || p->n == 0);
    for (size_t i = 0; done && i < p->n; i++)
        start[p->rows[i].demand + 1]++;
    for (uint32_t k = 0; done && k < n; k++)
        start[k + 1] += start[k];
    for (size_t i = 0; done && i < p->n; i++)
        order[start[p->rows[i].demand]++] = (uint32_t)i;
    /* start[k] is now where demand k ends. */
    for (uint32_t k = 0; done && k < n; k++) {
        const size_t from = k == 0 ? 0 : start[k - 1];
        kehu__demand_walk w = {KEHU__DEMAND_NONE, INT64_MIN, INT64_MIN, INT64_MIN};
        sort_rows(p->rows, order + from, start[k] - from);
        for (size_t i = from; i < start[k]; i++) {
            const kehu__demand_row *r = &p->rows[order[i]];
            const uint8_t before = w.status;
            const kehu__demand_reason why = step(&w, d->machine, r, as_of);
            if (teller->row != NULL && why != KEHU__DEMAND_FINE)
                teller->row(teller->ctx, first + k, r, why, before);
        }
        if (teller->end != NULL)
            teller->end(teller->ctx, first + k, &w);
    }
    kehu__free(&d->alloc, order, p->n, sizeof *order);
    kehu__free(&d->alloc, start, (size_t)n + 1, sizeof *start);
    return done;
}

/* ---- All of them ---- */

typedef struct finishing {
    kehu_demands *d;
    kehu__demand_part *part;
} finishing;

static void count_row(void *ctx, uint32_t demand, const kehu__demand_row *row,
                      kehu__demand_reason reason, uint8_t before)
{
    const finishing *f = ctx;
    (void)demand;
    (void)row;
    (void)before;
    if (reason == KEHU__DEMAND_LATER)
        f->part->counts.later++;
    else
        f->part->counts.refused++;
}

static void keep_state(void *ctx, uint32_t demand, const kehu__demand_walk *w)
{
    const finishing *f = ctx;
    kehu_demands *d = f->d;
    d->status[demand] = w->status;
    d->states[demand] = (kehu__demand_state){-1, -1};
    if (w->status == KEHU__DEMAND_NONE)
        return;
    if (w->replied != INT64_MIN)
        d->states[demand].reply = w->replied - w->taken_in;
    if (w->solved != INT64_MIN)
        d->states[demand].solution = w->solved - w->taken_in;
    f->part->counts.demands++;
    f->part->counts.open += (d->machine->marks[w->status] & KEHU_DEMAND_OPEN) != 0;
}

/* Parts worked on between two reports of progress. */
enum { AT_ONCE = 64 };

typedef struct stretch {
    kehu_demands *d;
    size_t first;
} stretch;

static void finish_part(void *arg, int64_t i)
{
    const stretch *r = arg;
    const size_t part = r->first + (size_t)i;
    finishing f = {r->d, &r->d->parts[part]};
    const kehu__demand_teller teller = {count_row, keep_state, &f};
    f.part->counts = (kehu_demand_counts){0};
    f.part->refused_memory = !kehu__demand_follow(r->d, part, r->d->as_of, &teller);
}

void kehu__demands_unfinish(kehu_demands *d)
{
    const kehu_allocator *a = &d->alloc;
    kehu__free(a, d->status, d->n_states, sizeof *d->status);
    kehu__free(a, d->states, d->n_states, sizeof *d->states);
    kehu__free(a, d->by_class, d->n_by_class, sizeof *d->by_class);
    kehu__free(a, d->by_customer, d->n_by_customer, sizeof *d->by_customer);
    d->status = NULL;
    d->states = NULL;
    d->by_class = d->by_customer = NULL;
    d->n_by_class = d->n_by_customer = 0;
    d->n_states = 0;
    d->finished = false;
}

static kehu_status follow_all(kehu_demands *d, kehu_error *err)
{
    d->counts = (kehu_demand_counts){.rows = d->n_rows, .refused = (int64_t)d->n_nobodys};
    for (stretch r = {d, 0}; r.first < d->n_parts; r.first += AT_ONCE) {
        const size_t left = d->n_parts - r.first;
        KEHU_TRY(kehu__progress(&d->run, (double)r.first / (double)d->n_parts,
                                "following", err));
        kehu__parallel(&d->run, (int64_t)(left < AT_ONCE ? left : AT_ONCE), finish_part,
                       &r);
    }
    for (size_t p = 0; p < d->n_parts; p++) {
        const kehu_demand_counts *c = &d->parts[p].counts;
        if (d->parts[p].refused_memory)
            return kehu__no_memory(err, "following demands");
        d->counts.later += c->later;
        d->counts.refused += c->refused;
        d->counts.demands += c->demands;
        d->counts.open += c->open;
    }
    return KEHU_OK;
}

static kehu_status read_options(kehu_demand_report_options *opt,
                                const kehu_demand_report_options *options,
                                kehu_error *err)
{
    enum { MAX_HOURS = 1000000, MAX_DAYS = 36525 };
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, options, err));
    if (opt->period > KEHU_DEMAND_MONTH)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "period is %u, expected 0 to %d",
                          (unsigned)opt->period, KEHU_DEMAND_MONTH);
    if (opt->reply_within_hours > MAX_HOURS || opt->solve_within_hours > MAX_HOURS)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "reply_within_hours is %u, solve_within_hours %u, at most %d",
                          (unsigned)opt->reply_within_hours,
                          (unsigned)opt->solve_within_hours, MAX_HOURS);
    if (opt->repeat_within_days > MAX_DAYS)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "repeat_within_days is %u, expected 0 to %d",
                          (unsigned)opt->repeat_within_days, MAX_DAYS);
    if (opt->reply_within_hours == 0)
        opt->reply_within_hours = 24;
    if (opt->solve_within_hours == 0)
        opt->solve_within_hours = 72;
    if (opt->repeat_within_days == 0)
        opt->repeat_within_days = 30;
    return KEHU_OK;
}

kehu_status kehu_demands_finish(kehu_demands *d, int64_t as_of,
                                const kehu_demand_report_options *options,
                                kehu_error *err)
{
    kehu_demand_report_options opt = {0};
    kehu_status status;
    if (d == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "demands is NULL");
    if (d->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    KEHU_TRY(read_options(&opt, options, err));
    if (as_of < KEHU__FIRST_TIME || as_of > KEHU__LAST_TIME)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "as_of is %lld, not of the years 1 to 9999", (long long)as_of);
    kehu__demands_unfinish(d);
    d->as_of = as_of;
    d->report = opt;
    d->status = kehu__alloc(&d->alloc, d->ids.n, sizeof *d->status);
    d->states = kehu__alloc(&d->alloc, d->ids.n, sizeof *d->states);
    d->n_states = d->ids.n;
    status = d->ids.n > 0 && (d->status == NULL || d->states == NULL)
                 ? kehu__no_memory(err, "following demands")
                 : follow_all(d, err);
    d->finished = status == KEHU_OK;
    if (status != KEHU_OK)
        kehu__demands_unfinish(d);
    return status;
}

static kehu_status check_finished(const kehu_demands *d, kehu_error *err)
{
    if (d == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "demands is NULL");
    if (d->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    if (!d->finished)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "finish has not been called since the last add");
    return KEHU_OK;
}

kehu_status kehu_demands_get_counts(kehu_demands *d, kehu_demand_counts *out,
                                    kehu_error *err)
{
    KEHU_TRY(check_finished(d, err));
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    KEHU_TRY(kehu__demand_find_repeats(d, err));
    *out = d->counts;
    return KEHU_OK;
}

kehu_status kehu_demands_get_table(kehu_table **out, kehu_demands *d,
                                   kehu_demand_table report, kehu_error *err)
{
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(check_finished(d, err));
    switch (report) {
    case KEHU_DEMAND_COUNTS:
        return kehu__demand_table_counts(out, d, err);
    case KEHU_DEMAND_TIMES:
        return kehu__demand_table_times(out, d, err);
    case KEHU_DEMAND_AGEING:
    case KEHU_DEMAND_OVERDUE:
        return kehu__demand_table_open(out, d, report == KEHU_DEMAND_OVERDUE, err);
    case KEHU_DEMAND_CLASSES:
    case KEHU_DEMAND_CUSTOMERS:
        return kehu__demand_table_groups(out, d, report == KEHU_DEMAND_CUSTOMERS, err);
    case KEHU_DEMAND_REFUSED:
        return kehu__demand_table_refused(out, d, err);
    }
    return kehu__fail(err, KEHU_ARGUMENT, -1, "report is %d, expected 0 to %d",
                      (int)report, KEHU_DEMAND_REFUSED);
}
