/* Following every demand through the machine, part by part. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/sort.h"
#include "insight/demand.h"

/* ---- One demand ---- */

static kehu__demand_reason step(kehu__demand_walk *w, const kehu_demand_machine *m,
                                const kehu__demand_step *r, int64_t as_of)
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
    const kehu__demand_step *x = a, *y = b;
    (void)ctx;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The rows of one demand, given in the order in which they were added. */
static void sort_steps(kehu__demand_step *steps, size_t n)
{
    if (n > KEHU__DEMAND_FEW) {
        kehu__sort(steps, n, sizeof *steps, by_time, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const kehu__demand_step moving = steps[i];
        size_t j = i;
        for (; j > 0 && steps[j - 1].time > moving.time; j--)
            steps[j] = steps[j - 1];
        steps[j] = moving;
    }
}

/* ---- A part ---- */

struct kehu__demand_followed {
    size_t end; /* its rows; then, in order, where they end */
    int64_t taken_in;
    kehu__demand_intake intake; /* the earliest */
    bool has_intake;
};

static bool number_row(kehu__demand_follower *f, const kehu__demand_row *r, size_t i,
                       kehu__demand_at *intakes)
{
    const kehu__key key = kehu__key_integer(r->demand);
    const uint32_t known = f->ids.n;
    const int64_t found = kehu__keys_add(&f->ids, &key);
    if (found == KEHU__NO_KEY)
        return false;
    if ((size_t)found == f->capacity &&
        !kehu__grow(&f->ids.alloc, &f->demands, &f->capacity, (size_t)found + 1,
                    sizeof *f->demands))
        return false;
    kehu__demand_followed *d = &f->demands[found];
    if (found == known)
        *d = (kehu__demand_followed){0};
    f->of[i] = (uint32_t)found;
    d->end++;
    if (r->status != 0)
        return true;
    const kehu__demand_intake *in = kehu__demand_next(intakes, sizeof *in);
    if (!d->has_intake || r->time < d->taken_in) {
        d->has_intake = true;
        d->taken_in = r->time;
        d->intake = *in;
    }
    return true;
}

enum { AHEAD = 8 }; /* rows whose slots are prefetched */

static bool number_rows(kehu__demand_follower *f, size_t part)
{
    kehu__demand_at at = kehu__demand_begin(&f->d->rows[part]);
    kehu__demand_at intakes = kehu__demand_begin(&f->d->intakes[part]);
    const kehu__demand_row *r;
    for (size_t i = 0; (r = kehu__demand_next(&at, sizeof *r)) != NULL; i++) {
        if ((size_t)(at.end - at.at) > AHEAD * sizeof *r)
            kehu__keys_prefetch(&f->ids, kehu__mix64((uint64_t)r[AHEAD].demand));
        if (!number_row(f, r, i, &intakes))
            return false;
    }
    return true;
}

static void deal_rows(kehu__demand_follower *f, size_t part)
{
    kehu__demand_at at = kehu__demand_begin(&f->d->rows[part]);
    const kehu__demand_row *r;
    size_t start = 0;
    for (uint32_t k = 0; k < f->ids.n; k++) {
        const size_t n = f->demands[k].end;
        f->demands[k].end = start;
        start += n;
    }
    for (size_t i = 0; (r = kehu__demand_next(&at, sizeof *r)) != NULL; i++)
        f->steps[f->demands[f->of[i]].end++] =
            (kehu__demand_step){r->time, r->number, r->status};
}

static void walk_demand(const kehu__demand_follower *f, uint32_t k, int64_t as_of,
                        const kehu__demand_teller *teller)
{
    const kehu__demand_followed *of = &f->demands[k];
    const size_t from = k == 0 ? 0 : of[-1].end, n = of->end - from;
    const int64_t id = f->ids.integers[k];
    kehu__demand_step *steps = f->steps + from;
    kehu__demand_walk w = {KEHU__DEMAND_NONE, INT64_MIN, INT64_MIN, INT64_MIN};
    sort_steps(steps, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t before = w.status;
        const kehu__demand_reason why = step(&w, f->d->machine, &steps[i], as_of);
        if (teller->row != NULL && why != KEHU__DEMAND_FINE)
            teller->row(teller->ctx, id, &steps[i], why, before);
    }
    if (teller->end != NULL)
        teller->end(teller->ctx, id, &w, of->has_intake ? &of->intake : NULL);
}

bool kehu__demand_follow(kehu__demand_follower *f, size_t part, int64_t as_of,
                         const kehu__demand_teller *teller)
{
    const kehu_demands *d = f->d;
    const size_t n = kehu__demand_list_count(&d->rows[part], sizeof(kehu__demand_row));
    f->ids.alloc = d->alloc;
    kehu__keys_clear(&f->ids);
    if (!kehu__grow(&d->alloc, &f->of, &f->of_capacity, n, sizeof *f->of) ||
        !kehu__grow(&d->alloc, &f->steps, &f->steps_capacity, n, sizeof *f->steps) ||
        !number_rows(f, part))
        return false;
    deal_rows(f, part);
    for (uint32_t k = 0; k < f->ids.n; k++)
        walk_demand(f, k, as_of, teller);
    return true;
}

void kehu__demand_follower_free(kehu__demand_follower *f)
{
    const kehu_allocator *a = &f->d->alloc;
    kehu__free(a, f->steps, f->steps_capacity, sizeof *f->steps);
    kehu__free(a, f->of, f->of_capacity, sizeof *f->of);
    kehu__free(a, f->demands, f->capacity, sizeof *f->demands);
    kehu__keys_free(&f->ids);
}

/* ---- All of them ---- */

typedef struct finishing {
    kehu_demands *d;
    kehu__demand_part *part;
    size_t next; /* state, of the next demand */
} finishing;

static void count_row(void *ctx, int64_t demand, const kehu__demand_step *row,
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

static void keep_state(void *ctx, int64_t demand, const kehu__demand_walk *w,
                       const kehu__demand_intake *in)
{
    finishing *f = ctx;
    if (w->status == KEHU__DEMAND_NONE)
        return;
    const bool open = (f->d->machine->marks[w->status] & KEHU_DEMAND_OPEN) != 0;
    f->d->states[f->next++] = (kehu__demand_state){
        .demand = demand,
        .customer = in->customer,
        .taken_in = w->taken_in,
        .reply = w->replied != INT64_MIN ? w->replied - w->taken_in : -1,
        .solution = w->solved != INT64_MIN ? w->solved - w->taken_in : -1,
        .channel = in->channel,
        .class_of = in->class_of,
        .status = w->status,
        .has_customer = in->has_customer,
        .open = open};
    f->part->counts.demands++;
    f->part->counts.open += open;
}

/* Parts that are a task, and tasks between two reports of progress. */
enum { TOGETHER = 8, AT_ONCE = 16 };

typedef struct stretch {
    kehu_demands *d;
    size_t first;
} stretch;

static void finish_part(kehu__demand_follower *f, kehu_demands *d, size_t part)
{
    kehu__demand_part *p = &d->parts[part];
    finishing to = {d, p, p->first_state};
    const kehu__demand_teller teller = {count_row, keep_state, &to};
    p->counts = (kehu_demand_counts){0};
    p->refused_memory = !kehu__demand_follow(f, part, d->as_of, &teller);
    while (to.next < p->first_state + p->n_intakes)
        d->states[to.next++] = (kehu__demand_state){.status = KEHU__DEMAND_NONE};
}

static void finish_parts(void *arg, int64_t i)
{
    const stretch *r = arg;
    const size_t first = r->first + (size_t)i * TOGETHER;
    kehu__demand_follower f = {.d = r->d};
    for (size_t part = first; part < first + TOGETHER; part++)
        finish_part(&f, r->d, part);
    kehu__demand_follower_free(&f);
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

static kehu_status follow_all(kehu_demands *d, kehu_error *err)
{
    d->counts = (kehu_demand_counts){.rows = d->n_rows, .refused = (int64_t)d->n_nobodys};
    for (stretch r = {d, 0}; r.first < KEHU__DEMAND_PARTS;
         r.first += AT_ONCE * TOGETHER) {
        KEHU_TRY(kehu__progress(&d->run, (double)r.first / KEHU__DEMAND_PARTS,
                                "following", err));
        kehu__parallel(&d->run, AT_ONCE, finish_parts, &r);
    }
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
