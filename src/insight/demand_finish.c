/* Following every demand through the machine, part by part. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/prefetch.h"
#include "base/sort.h"
#include "insight/demand.h"

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

/* ---- A part ---- */

static bool is_before(const kehu__demand_row *a, const kehu__demand_row *b)
{
    return a->demand != b->demand ? a->demand < b->demand : a->time < b->time;
}

static int by_demand_and_time(const void *a, const void *b, void *ctx)
{
    const kehu__demand_row *x = ((const kehu__demand_step *)a)->row;
    const kehu__demand_row *y = ((const kehu__demand_step *)b)->row;
    (void)ctx;
    if (is_before(x, y) || is_before(y, x))
        return is_before(x, y) ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* Those of a bucket, given in the order in which they were added. */
static void sort_steps(kehu__demand_step *steps, size_t n)
{
    if (n > KEHU__DEMAND_FEW) {
        kehu__sort(steps, n, sizeof *steps, by_demand_and_time, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const kehu__demand_step moving = steps[i];
        size_t j = i;
        for (; j > 0 && is_before(moving.row, steps[j - 1].row); j--)
            steps[j] = steps[j - 1];
        steps[j] = moving;
    }
}

/* Rows of a part by buckets: a demand's are all in one. */
static void scatter_rows(kehu__demand_follower *f, size_t part)
{
    kehu__demand_at at = kehu__demand_begin(&f->d->rows[part]);
    const kehu__demand_row *r;
    uint32_t intake = 0;
    while ((r = kehu__demand_next(&at, sizeof *r)) != NULL)
        ++*kehu__demand_bucket(&f->buckets, r->demand);
    kehu__demand_buckets_sum(&f->buckets);
    at = kehu__demand_begin(&f->d->rows[part]);
    while ((r = kehu__demand_next(&at, sizeof *r)) != NULL) {
        f->steps[(*kehu__demand_bucket(&f->buckets, r->demand))++] =
            (kehu__demand_step){r, intake};
        intake += r->status == 0;
    }
}

/* Follow the demand of the first of n rows; gives how many are its. */
static size_t walk_demand(const kehu__demand_follower *f, const kehu__demand_step *steps,
                          size_t n, int64_t as_of, const kehu__demand_teller *teller)
{
    const int64_t id = steps[0].row->demand;
    kehu__demand_walk w = {KEHU__DEMAND_NONE, INT64_MIN, INT64_MIN, INT64_MIN};
    uint32_t intake = 0;
    size_t i = 0;
    for (; i < n && steps[i].row->demand == id; i++) {
        const uint8_t before = w.status;
        const kehu__demand_reason why = step(&w, f->d->machine, steps[i].row, as_of);
        if (before == KEHU__DEMAND_NONE)
            intake = steps[i].intake;
        if (teller->row != NULL && why != KEHU__DEMAND_FINE)
            teller->row(teller->ctx, steps[i].row, why, before);
    }
    if (teller->end != NULL && w.status != KEHU__DEMAND_NONE)
        teller->end(teller->ctx, id, &w, intake);
    return i;
}

enum { AHEAD = 24 }; /* rows that are prefetched */

static void prefetch_rows(const kehu__demand_step *steps, size_t from, size_t end,
                          size_t n)
{
    for (size_t i = from + AHEAD; i < end + AHEAD && i < n; i++)
        KEHU__PREFETCH(steps[i].row);
}

bool kehu__demand_follow(kehu__demand_follower *f, size_t part, int64_t as_of,
                         const kehu__demand_teller *teller)
{
    const kehu_allocator *a = &f->d->alloc;
    const size_t n = kehu__demand_list_count(&f->d->rows[part], sizeof(kehu__demand_row));
    if (n == 0)
        return true;
    if (!kehu__grow(a, &f->steps, &f->capacity, n, sizeof *f->steps) ||
        !kehu__demand_buckets_begin(&f->buckets, a, n))
        return false;
    scatter_rows(f, part);
    for (size_t k = 0, from = 0; k < f->buckets.n; k++) {
        const size_t end = f->buckets.ends[k];
        prefetch_rows(f->steps, from, end, n);
        sort_steps(f->steps + from, end - from);
        while (from < end)
            from += walk_demand(f, f->steps + from, end - from, as_of, teller);
    }
    return true;
}

void kehu__demand_follower_free(kehu__demand_follower *f)
{
    const kehu_allocator *a = &f->d->alloc;
    kehu__free(a, f->steps, f->capacity, sizeof *f->steps);
    kehu__free(a, f->buckets.ends, f->buckets.capacity, sizeof *f->buckets.ends);
}

/* ---- All of them ---- */

typedef struct finishing {
    kehu_demands *d;
    kehu__demand_part *part;
} finishing;

static void count_row(void *ctx, const kehu__demand_row *row, kehu__demand_reason reason,
                      uint8_t before)
{
    const finishing *f = ctx;
    (void)row;
    (void)before;
    if (reason == KEHU__DEMAND_LATER)
        f->part->counts.later++;
    else
        f->part->counts.refused++;
}

/* States stand in the order of the intakes, which is mostly that of the times: reports
 * read them nearly in the order in which they write. */
static void keep_state(void *ctx, int64_t demand, const kehu__demand_walk *w,
                       uint32_t intake)
{
    finishing *f = ctx;
    kehu__demand_state *s = &f->d->states[f->part->first_state + intake];
    s->demand = demand;
    s->taken_in = w->taken_in;
    s->reply = w->replied != INT64_MIN ? w->replied - w->taken_in : -1;
    s->solution = w->solved != INT64_MIN ? w->solved - w->taken_in : -1;
    s->status = w->status;
    s->open = (f->d->machine->marks[w->status] & KEHU_DEMAND_OPEN) != 0;
    f->part->counts.demands++;
    f->part->counts.open += s->open;
}

/* A state for each intake of a part, none of which is known to be a demand's first. */
static void begin_states(kehu_demands *d, size_t part)
{
    kehu__demand_at at = kehu__demand_begin(&d->intakes[part]);
    size_t i = d->parts[part].first_state;
    const kehu__demand_intake *in;
    while ((in = kehu__demand_next(&at, sizeof *in)) != NULL)
        d->states[i++] = (kehu__demand_state){.customer = in->customer,
                                              .channel = in->channel,
                                              .class_of = in->class_of,
                                              .status = KEHU__DEMAND_NONE,
                                              .has_customer = in->has_customer};
}

/* Parts that are a task, and tasks between two reports of progress. */
enum { TOGETHER = 8, AT_ONCE = 16 };

typedef struct stretch {
    kehu_demands *d;
    size_t first;
    kehu__demand_follower followers[AT_ONCE];
} stretch;

static void finish_part(kehu__demand_follower *f, kehu_demands *d, size_t part)
{
    kehu__demand_part *p = &d->parts[part];
    finishing to = {d, p};
    const kehu__demand_teller teller = {count_row, keep_state, &to};
    p->counts = (kehu_demand_counts){0};
    begin_states(d, part);
    p->refused_memory = !kehu__demand_follow(f, part, d->as_of, &teller);
}

static void finish_parts(void *arg, int64_t i)
{
    stretch *r = arg;
    const size_t first = r->first + (size_t)i * TOGETHER;
    for (size_t part = first; part < first + TOGETHER; part++)
        finish_part(&r->followers[i], r->d, part);
}

void kehu__demands_unfinish(kehu_demands *d)
{
    const kehu_allocator *a = &d->alloc;
    kehu__free(a, d->states, d->n_states, sizeof *d->states);
    kehu__free(a, d->by_class, d->n_by_class, sizeof *d->by_class);
    d->states = NULL;
    d->by_class = NULL;
    d->n_states = d->n_by_class = 0;
    d->finished = false;
}

/* A demand taken in has a row of the first status: so many there are at most. */
static bool make_states(kehu_demands *d)
{
    size_t n = 0;
    for (size_t p = 0; p < KEHU__DEMAND_PARTS; p++) {
        d->parts[p].first_state = n;
        d->parts[p].n_intakes =
            kehu__demand_list_count(&d->intakes[p], sizeof(kehu__demand_intake));
        n += d->parts[p].n_intakes;
    }
    d->states = kehu__alloc(&d->alloc, n, sizeof *d->states);
    d->n_states = d->states == NULL ? 0 : n;
    return n == 0 || d->states != NULL;
}

static kehu_status finish_all(kehu_demands *d, kehu_error *err)
{
    stretch r = {.d = d};
    kehu_status status = KEHU_OK;
    for (size_t i = 0; i < AT_ONCE; i++)
        r.followers[i].d = d;
    for (; r.first < KEHU__DEMAND_PARTS && status == KEHU_OK;
         r.first += AT_ONCE * TOGETHER) {
        status = kehu__progress(&d->run, (double)r.first / KEHU__DEMAND_PARTS,
                                "following", err);
        if (status == KEHU_OK)
            kehu__parallel(&d->run, AT_ONCE, finish_parts, &r);
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        kehu__demand_follower_free(&r.followers[i]);
    return status;
}

static kehu_status follow_all(kehu_demands *d, kehu_error *err)
{
    d->counts = (kehu_demand_counts){.rows = d->n_rows, .refused = (int64_t)d->n_nobodys};
    KEHU_TRY(finish_all(d, err));
    for (size_t p = 0; p < KEHU__DEMAND_PARTS; p++) {
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
    status =
        make_states(d) ? follow_all(d, err) : kehu__no_memory(err, "following demands");
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
        return kehu__demand_table_classes(out, d, err);
    case KEHU_DEMAND_CUSTOMERS:
        return kehu__demand_table_customers(out, d, err);
    case KEHU_DEMAND_REFUSED:
        return kehu__demand_table_refused(out, d, err);
    }
    return kehu__fail(err, KEHU_ARGUMENT, -1, "report is %d, expected 0 to %d",
                      (int)report, KEHU_DEMAND_REFUSED);
}
