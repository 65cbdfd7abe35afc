/* Counts by period, channel, class and status; lists of open demands and of refused
 * rows. */
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/prefetch.h"
#include "base/sort.h"
#include "insight/demand.h"

static void write_status(const kehu_demands *d, kehu__builder *b, size_t column,
                         uint8_t status)
{
    const char *name = kehu_demand_machine_get_name(d->machine, status);
    if (name == NULL)
        kehu__builder_missing(b, column);
    else
        kehu__builder_text(b, column, name, strlen(name));
}

/* ---- Counts ---- */

/* Cells are numbers that sort as the columns do: period, rank of the channel, rank of the
 * class, status. Few ones are counted where they stand; otherwise every demand's is
 * written down, and equal ones are counted when they are sorted. */
typedef struct cells {
    const kehu_demands *d;
    uint32_t *channel_order, *class_order; /* by name: rank -> number */
    uint32_t *channel_rank, *class_rank;   /* and back */
    int32_t first_day, last_day;           /* of all periods */
    uint64_t *keys, *scratch;              /* [d->n_states]; keys may hold counts */
    size_t n;
} cells;

static int32_t period_of(const kehu_demands *d, int64_t time)
{
    const int32_t day = kehu__day_of(time, d->offset_minutes);
    if (d->report.period == KEHU_DEMAND_WEEK) {
        const int32_t past = (day % 7 + 10) % 7; /* 1970-01-01 was a Thursday */
        return day - past;
    }
    if (d->report.period == KEHU_DEMAND_MONTH) {
        kehu__date date = kehu__date_from_days(day);
        date.day = 1;
        return kehu__days_from_date(date);
    }
    return day;
}

static bool rank_names(const kehu__keys *names, uint32_t **order, uint32_t **rank)
{
    *order = kehu__alloc(&names->alloc, names->n, sizeof **order);
    *rank = kehu__alloc(&names->alloc, names->n, sizeof **rank);
    if (names->n == 0)
        return true;
    if (*order == NULL || *rank == NULL || !kehu__keys_sort(names, *order))
        return false;
    for (uint32_t i = 0; i < names->n; i++)
        (*rank)[(*order)[i]] = i;
    return true;
}

static uint64_t cell_of(const cells *c, const kehu__demand_state *s, int32_t period)
{
    const kehu_demands *d = c->d;
    uint64_t key = (uint64_t)(period - c->first_day);
    key = key * d->channels.n + c->channel_rank[s->channel];
    key = key * d->classes.n + c->class_rank[s->class_of];
    return key * d->machine->n + s->status;
}

static void find_days(cells *c)
{
    const kehu_demands *d = c->d;
    int64_t earliest = INT64_MAX, latest = INT64_MIN;
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (!kehu__demand_taken(s))
            continue;
        earliest = s->taken_in < earliest ? s->taken_in : earliest;
        latest = s->taken_in > latest ? s->taken_in : latest;
    }
    c->first_day = period_of(d, earliest);
    c->last_day = period_of(d, latest);
}

/* Cells there can be: below 2^50. */
static uint64_t count_cells(const cells *c)
{
    return (uint64_t)(c->last_day - c->first_day + 1) * c->d->channels.n *
           c->d->classes.n * c->d->machine->n;
}

static void count_in_place(cells *c, size_t n_cells)
{
    const kehu_demands *d = c->d;
    memset(c->keys, 0, n_cells * sizeof *c->keys);
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (kehu__demand_taken(s))
            c->keys[cell_of(c, s, period_of(d, s->taken_in))]++;
    }
}

static void sort_cells(cells *c)
{
    const kehu_demands *d = c->d;
    for (size_t i = 0; i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (kehu__demand_taken(s))
            c->keys[c->n++] = cell_of(c, s, period_of(d, s->taken_in));
    }
    kehu__sort_u64(c->keys, c->scratch, c->n);
}

static void write_cell(const cells *c, kehu__builder *b, uint64_t key, size_t n)
{
    const kehu_demands *d = c->d;
    const uint64_t class_at = key / d->machine->n, channel_at = class_at / d->classes.n;
    const uint64_t days = channel_at / d->channels.n;
    kehu__builder_integer(b, 0, (int64_t)days + c->first_day);
    kehu__keys_write(&d->channels, c->channel_order[channel_at % d->channels.n], b, 1);
    kehu__keys_write(&d->classes, c->class_order[class_at % d->classes.n], b, 2);
    write_status(d, b, 3, (uint8_t)(key % d->machine->n));
    kehu__builder_integer(b, 4, (int64_t)n);
    kehu__builder_end_row(b);
}

static void write_sorted(const cells *c, kehu__builder *b)
{
    for (size_t from = 0, end; from < c->n; from = end) {
        for (end = from + 1; end < c->n && c->keys[end] == c->keys[from];)
            end++;
        write_cell(c, b, c->keys[from], end - from);
    }
}

static void write_cells(cells *c, kehu__builder *b)
{
    if (c->d->counts.demands == 0)
        return;
    find_days(c);
    const uint64_t n_cells = count_cells(c);
    if (n_cells > c->d->n_states) {
        sort_cells(c);
        write_sorted(c, b);
        return;
    }
    count_in_place(c, (size_t)n_cells);
    for (size_t k = 0; k < n_cells; k++)
        if (c->keys[k] > 0)
            write_cell(c, b, k, (size_t)c->keys[k]);
}

kehu_status kehu__demand_table_counts(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    cells c = {.d = d};
    c.keys = kehu__alloc(&d->alloc, d->n_states, sizeof *c.keys);
    c.scratch = kehu__alloc(&d->alloc, d->n_states, sizeof *c.scratch);
    kehu__builder_add(&b, "period", KEHU_DATE32);
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "demands", KEHU_INT64);
    const bool done = rank_names(&d->channels, &c.channel_order, &c.channel_rank) &&
                      rank_names(&d->classes, &c.class_order, &c.class_rank) &&
                      (d->n_states == 0 || (c.keys != NULL && c.scratch != NULL));
    if (done)
        write_cells(&c, &b);
    kehu__free(&d->alloc, c.channel_order, d->channels.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.channel_rank, d->channels.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.class_order, d->classes.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.class_rank, d->classes.n, sizeof(uint32_t));
    kehu__free(&d->alloc, c.keys, d->n_states, sizeof *c.keys);
    kehu__free(&d->alloc, c.scratch, d->n_states, sizeof *c.scratch);
    return kehu__builder_end(&b, done, out, err);
}

/* ---- Open demands ---- */

/* Microseconds beyond the service level, the larger of reply's and solution's; 0 or
 * less when in time. */
static int64_t lateness(const kehu_demands *d, const kehu__demand_state *s)
{
    const int64_t age = kehu__demand_age(d, s);
    const int64_t solve = age - d->report.solve_within_hours * KEHU__HOUR_US;
    const int64_t reply = age - d->report.reply_within_hours * KEHU__HOUR_US;
    return s->reply < 0 && reply > solve ? reply : solve;
}

typedef struct opening {
    const kehu_demands *d;
    bool late;
} opening;

/* The lower, the earlier in the list: the oldest or the latest come first. */
static uint64_t open_key(const opening *o, const kehu__demand_state *s)
{
    return o->late ? ~(uint64_t)lateness(o->d, s)
                   : (uint64_t)s->taken_in ^ (uint64_t)1 << 63;
}

static int by_key_and_id(const void *a, const void *b, void *ctx)
{
    const opening *o = ctx;
    const kehu__demand_state *x = &o->d->states[*(const uint32_t *)a];
    const kehu__demand_state *y = &o->d->states[*(const uint32_t *)b];
    const uint64_t p = open_key(o, x), q = open_key(o, y);
    return p != q ? (p < q ? -1 : 1)
                  : kehu__demand_compare_ids(&o->d->ids, x->demand, y->demand);
}

/* Demands whose leading bits are equal, which are together. */
static void sort_equals(const opening *o, const uint64_t *leading, uint32_t *demands,
                        size_t n)
{
    opening ctx = *o;
    for (size_t from = 0, end; from < n; from = end) {
        for (end = from + 1; end < n && leading[end] == leading[from];)
            end++;
        if (end - from > 1)
            kehu__sort(demands + from, end - from, sizeof *demands, by_key_and_id, &ctx);
    }
}

enum { LEADING_BITS = 33 }; /* three passes of sorting tell most apart */

/* Keys become their leading bits. */
static void shorten_keys(uint64_t *keys, size_t n)
{
    uint64_t least = UINT64_MAX, most = 0;
    int shift = 0;
    for (size_t i = 0; i < n; i++) {
        least = keys[i] < least ? keys[i] : least;
        most = keys[i] > most ? keys[i] : most;
    }
    while (n > 0 && (most - least) >> shift >> LEADING_BITS > 0)
        shift++;
    for (size_t i = 0; i < n; i++)
        keys[i] = (keys[i] - least) >> shift;
}

/* The open (and late) demands, *n of them: the oldest or latest first, equal ones by id.
 * There is room for all that are open. */
static bool sort_open(const kehu_demands *d, bool late, uint32_t *demands, size_t *n)
{
    const opening o = {d, late};
    const size_t most = (size_t)d->counts.open;
    uint64_t *keys = kehu__alloc(&d->alloc, most, sizeof *keys);
    uint64_t *scratch = kehu__alloc(&d->alloc, most, sizeof *scratch);
    uint32_t *moved = kehu__alloc(&d->alloc, most, sizeof *moved);
    const bool done = keys != NULL && scratch != NULL && moved != NULL;
    for (uint32_t i = 0; done && i < d->n_states; i++) {
        const kehu__demand_state *s = &d->states[i];
        if (!s->open || (late && lateness(d, s) <= 0))
            continue;
        keys[*n] = open_key(&o, s);
        demands[(*n)++] = i;
    }
    if (done && *n > 0) {
        shorten_keys(keys, *n);
        kehu__sort_pairs(keys, demands, scratch, moved, *n);
        sort_equals(&o, keys, demands, *n);
    }
    kehu__free(&d->alloc, keys, most, sizeof *keys);
    kehu__free(&d->alloc, scratch, most, sizeof *scratch);
    kehu__free(&d->alloc, moved, most, sizeof *moved);
    return done;
}

/* Demands lie all over the memory: those of a block are prefetched before its rows are
 * written, a column at a time. */
enum { OPEN_BLOCK = 64 };

typedef struct open_rows {
    const kehu_demands *d;
    kehu__builder *to;
    int64_t first; /* row of the block */
    size_t n;
    const kehu__demand_state *states[OPEN_BLOCK];
} open_rows;

/* What a column that may be text, or missing, has for a demand. */
typedef void write_cell_of(const kehu_demands *d, kehu__builder *b, size_t column,
                           const kehu__demand_state *s);

static void write_demand(const kehu_demands *d, kehu__builder *b, size_t column,
                         const kehu__demand_state *s)
{
    kehu__demand_write_id(&d->ids, s->demand, b, column);
}

static void write_customer(const kehu_demands *d, kehu__builder *b, size_t column,
                           const kehu__demand_state *s)
{
    if (s->has_customer)
        kehu__demand_write_id(&d->customers, s->customer, b, column);
    else
        kehu__builder_missing(b, column);
}

static void write_channel(const kehu_demands *d, kehu__builder *b, size_t column,
                          const kehu__demand_state *s)
{
    kehu__keys_write(&d->channels, s->channel, b, column);
}

static void write_class(const kehu_demands *d, kehu__builder *b, size_t column,
                        const kehu__demand_state *s)
{
    kehu__keys_write(&d->classes, s->class_of, b, column);
}

static void write_status_of(const kehu_demands *d, kehu__builder *b, size_t column,
                            const kehu__demand_state *s)
{
    write_status(d, b, column, s->status);
}

static void write_cells_of(const open_rows *r, size_t column, write_cell_of *write)
{
    for (size_t k = 0; k < r->n; k++) {
        r->to->n_rows = r->first + (int64_t)k;
        write(r->d, r->to, column, r->states[k]);
        kehu__builder_end_cell(r->to, column);
    }
    r->to->n_rows = r->first;
}

static void write_times_of(const open_rows *r, bool late)
{
    char *taken_in = kehu__builder_put_rows(r->to, 5, (int64_t)r->n);
    char *age = kehu__builder_put_rows(r->to, 6, (int64_t)r->n);
    char *over = late ? kehu__builder_put_rows(r->to, 7, (int64_t)r->n) : NULL;
    for (size_t k = 0; k < r->n; k++) {
        const kehu__demand_state *s = r->states[k];
        const int64_t age_s = kehu__demand_age(r->d, s) / 1000000;
        const int64_t late_s = lateness(r->d, s) / 1000000;
        memcpy(taken_in + 8 * k, &s->taken_in, 8);
        memcpy(age + 8 * k, &age_s, 8);
        if (late)
            memcpy(over + 8 * k, &late_s, 8);
    }
}

static bool write_block(open_rows *r, const uint32_t *demands, size_t left, bool late)
{
    static write_cell_of *const columns[] = {write_demand, write_customer, write_channel,
                                             write_class, write_status_of};
    r->n = left < OPEN_BLOCK ? left : OPEN_BLOCK;
    r->first = r->to->n_rows;
    while (r->to->failed == KEHU_OK && r->first + (int64_t)r->n > r->to->room)
        kehu__builder_make_room(r->to);
    if (r->to->failed != KEHU_OK)
        return false;
    for (size_t k = 0; k < r->n; k++) {
        r->states[k] = &r->d->states[demands[k]];
        if (k + OPEN_BLOCK < left) {
            KEHU__PREFETCH(&r->d->states[demands[k + OPEN_BLOCK]].demand);
            KEHU__PREFETCH(&r->d->states[demands[k + OPEN_BLOCK]].open);
        }
    }
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        write_cells_of(r, c, columns[c]);
    if (r->to->failed != KEHU_OK)
        return false;
    write_times_of(r, late);
    kehu__builder_keep(r->to, r->first + (int64_t)r->n);
    return true;
}

static void write_all_open(const kehu_demands *d, kehu__builder *b,
                           const uint32_t *demands, size_t n, bool late)
{
    open_rows r = {.d = d, .to = b};
    b->last_rows = n; /* so that columns are made as long as they will be */
    for (size_t from = 0; from < n && write_block(&r, demands + from, n - from, late);)
        from += r.n;
}

kehu_status kehu__demand_table_open(kehu_table **out, kehu_demands *d, bool late,
                                    kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    const size_t most = (size_t)d->counts.open;
    uint32_t *demands = kehu__alloc(&d->alloc, most, sizeof *demands);
    size_t n = 0;
    const bool done = most == 0 || (demands != NULL && sort_open(d, late, demands, &n));
    kehu__builder_add(&b, "demand", kehu__keys_type(&d->ids));
    kehu__builder_add(&b, "customer", kehu__keys_type(&d->customers));
    kehu__builder_add(&b, "channel", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "taken_in", KEHU_TIMESTAMP);
    kehu__builder_add(&b, "age_s", KEHU_INT64);
    if (late)
        kehu__builder_add(&b, "late_s", KEHU_INT64);
    if (done)
        write_all_open(d, &b, demands, n, late);
    kehu__free(&d->alloc, demands, most, sizeof *demands);
    return kehu__builder_end(&b, done, out, err);
}

/* ---- Refused rows ---- */

typedef struct refused_row {
    int64_t demand;
    uint32_t row;
    uint8_t status, before, reason;
} refused_row;

typedef struct refusing {
    const kehu_demands *d;
    refused_row *rows;
    size_t n, capacity;
    bool failed;
} refusing;

static void note(refusing *r, refused_row row)
{
    if (!kehu__grow(&r->d->alloc, &r->rows, &r->capacity, r->n + 1, sizeof *r->rows))
        r->failed = true;
    else
        r->rows[r->n++] = row;
}

static void note_row(void *ctx, const kehu__demand_row *row, kehu__demand_reason reason,
                     uint8_t before)
{
    if (reason != KEHU__DEMAND_LATER)
        note(ctx, (refused_row){row->demand, row->number, row->status, before,
                                (uint8_t)reason});
}

static int by_row(const void *a, const void *b, void *ctx)
{
    const refused_row *x = a, *y = b;
    (void)ctx;
    return (x->row > y->row) - (x->row < y->row);
}

static void write_refused(const kehu_demands *d, kehu__builder *b, const refused_row *r)
{
    static const char *const reasons[] = {
        [KEHU__DEMAND_WITHOUT_TIME] = "no time",
        [KEHU__DEMAND_WITHOUT_STATUS] = "unknown status",
        [KEHU__DEMAND_BEFORE_INTAKE] = "before the intake",
        [KEHU__DEMAND_NOT_ALLOWED] = "not allowed",
        [KEHU__DEMAND_WITHOUT_ID] = "no demand"};
    kehu__builder_integer(b, 0, r->row);
    if (r->reason == KEHU__DEMAND_WITHOUT_ID)
        kehu__builder_missing(b, 1);
    else
        kehu__demand_write_id(&d->ids, r->demand, b, 1);
    write_status(d, b, 2, r->status);
    write_status(d, b, 3, r->before);
    kehu__builder_text(b, 4, reasons[r->reason], strlen(reasons[r->reason]));
    kehu__builder_end_row(b);
}

kehu_status kehu__demand_table_refused(kehu_table **out, kehu_demands *d, kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&d->alloc);
    refusing r = {.d = d};
    kehu__demand_follower f = {.d = d};
    const kehu__demand_teller teller = {note_row, NULL, &r};
    for (size_t p = 0; p < KEHU__DEMAND_PARTS && !r.failed; p++)
        r.failed |= !kehu__demand_follow(&f, p, d->as_of, &teller);
    kehu__demand_follower_free(&f);
    for (size_t i = 0; i < d->n_nobodys && !r.failed; i++)
        note(&r, (refused_row){0, d->nobodys[i], KEHU__DEMAND_UNKNOWN, KEHU__DEMAND_NONE,
                               KEHU__DEMAND_WITHOUT_ID});
    if (r.n > 0)
        kehu__sort(r.rows, r.n, sizeof *r.rows, by_row, NULL);
    kehu__builder_add(&b, "row", KEHU_INT64);
    kehu__builder_add(&b, "demand", kehu__keys_type(&d->ids));
    kehu__builder_add(&b, "status", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "after", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "reason", KEHU_LARGE_UTF8);
    for (size_t i = 0; i < r.n && !r.failed; i++)
        write_refused(d, &b, &r.rows[i]);
    kehu__free(&d->alloc, r.rows, r.capacity, sizeof *r.rows);
    return kehu__builder_end(&b, !r.failed, out, err);
}
