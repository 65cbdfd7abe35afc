/* What a snapshot is made of, and whether every byte of it is sound. */
#include <string.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/thread.h"
#include "store/snapshot.h"

kehu_status kehu_snapshot_stats(const kehu_snapshot *snapshot, kehu_store_stats *stats,
                                kehu_error *err)
{
    kehu_store_stats s = {0};
    if (snapshot == NULL || stats == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot or stats is NULL");
    s.sequence = snapshot->sequence;
    s.erased_customers = snapshot->gone.customers.n;
    s.withdrawn_sources = snapshot->gone.sources.n;
    s.first_time = INT64_MAX;
    s.last_time = INT64_MIN;
    for (int part = 0; part < KEHU__PARTS; part++) {
        s.n_fields[part] = snapshot->schema.n_fields[part];
        for (uint32_t i = 0; i < snapshot->n_segments[part]; i++) {
            const kehu__segment *g = snapshot->segments[part][i];
            const bool on_disk = g->image == NULL;
            s.rows[part] += (int64_t)g->rows;
            s.log_rows[part] += on_disk ? 0 : (int64_t)g->rows;
            s.segments[part] += on_disk;
            s.segment_bytes[part] += on_disk ? (int64_t)g->size : 0;
            for (uint32_t b = 0; part == KEHU_STORE_EVENTS && b < g->n_blocks; b++) {
                if (g->blocks[b].min_time < s.first_time)
                    s.first_time = g->blocks[b].min_time;
                if (g->blocks[b].max_time > s.last_time)
                    s.last_time = g->blocks[b].max_time;
            }
        }
    }
    if (s.first_time > s.last_time)
        s.first_time = s.last_time = 0;
    *stats = s;
    return KEHU_OK;
}

/* How many of rows 1..n-1 come before the row before them? */
static inline uint64_t count_falls(const int64_t *t, const int64_t *s, uint32_t n)
{
    uint64_t falls = 0;
    for (uint32_t i = 1; i < n; i++)
        falls += (uint64_t)((t[i] < t[i - 1]) | ((t[i] == t[i - 1]) & (s[i] < s[i - 1])));
    return falls;
}

/* How many are outside least..least+room? */
static inline uint64_t count_outside(const int64_t *s, uint32_t n, uint64_t least,
                                     uint64_t room)
{
    uint64_t outside = 0;
    for (uint32_t i = 0; i < n; i++)
        outside += (uint64_t)s[i] - least > room;
    return outside;
}

#if defined(KEHU__AVX)
/* The same loops, four rows at a time. */
__attribute__((target("avx2"))) static uint64_t count_bad_avx2(const int64_t *t,
                                                               const int64_t *s,
                                                               uint32_t n, uint64_t least,
                                                               uint64_t room)
{
    return count_falls(t, s, n) + count_outside(s, n, least, room);
}
#endif

static uint64_t count_bad(const int64_t *t, const int64_t *s, uint32_t n, uint64_t least,
                          uint64_t room)
{
#if defined(KEHU__AVX)
    if ((kehu__cpu() & KEHU__CPU_AVX2) != 0)
        return count_bad_avx2(t, s, n, least, room);
#endif
    return count_falls(t, s, n) + count_outside(s, n, least, room);
}

/* Times rise within each run and, with the sequence, lie inside what the directory
 * says. */
static bool order_sound(const kehu__segment_block *b, const kehu__block_entry *e)
{
    const int64_t *t = kehu__rows_get(&b->rows, KEHU__TIME)->values.ints;
    const int64_t *s = kehu__rows_get(&b->rows, KEHU__SEQUENCE)->values.ints;
    uint64_t bad =
        count_bad(t, s, b->rows.n, e->min_sequence, e->max_sequence - e->min_sequence);
    if (e->min_sequence > e->max_sequence)
        return false;
    for (uint32_t run = 0; run < b->n_runs; run++) {
        const int64_t first = b->run_first[run], end = b->run_first[run + 1];
        if (t[first] < e->min_time || t[end - 1] > e->max_time)
            return false;
        if (first > 0 && (t[first] < t[first - 1] ||
                          (t[first] == t[first - 1] && s[first] < s[first - 1])))
            bad--; /* another customer's may */
    }
    return bad == 0;
}

/* Of the block before, if that was sound. */
typedef struct last_row {
    bool known;
    int64_t time, sequence;
} last_row;

/* A customer whose rows go on from the block before goes on in time too. */
static bool continues(const kehu__segment_block *b, bool goes_on, last_row *last)
{
    const int64_t *t = kehu__rows_get(&b->rows, KEHU__TIME)->values.ints;
    const int64_t *s = kehu__rows_get(&b->rows, KEHU__SEQUENCE)->values.ints;
    const bool sound = !last->known || !goes_on || t[0] > last->time ||
                       (t[0] == last->time && s[0] >= last->sequence);
    *last = (last_row){true, t[b->rows.n - 1], s[b->rows.n - 1]};
    return sound;
}

typedef struct checking {
    kehu_store_check report;
    kehu_error first; /* of the bad blocks */
    int64_t n_blocks; /* in all */
} checking;

/* A block was read: count it. Damage is counted, other failures are the answer. */
static kehu_status take_answer(checking *c, const kehu__block_entry *e, uint32_t rows,
                               kehu_status status, const kehu_error *bad, kehu_error *err)
{
    if (status != KEHU_OK && status != KEHU_FORMAT && status != KEHU_IO)
        return kehu__fail(err, status, -1, "%s", bad->message);
    c->report.blocks++;
    c->report.bytes += (int64_t)e->size;
    if (status == KEHU_OK)
        c->report.rows += rows;
    else {
        c->report.bad_rows += rows;
        if (c->report.bad_blocks++ == 0)
            c->first = *bad;
    }
    return KEHU_OK;
}

enum { FIRST, SEQUENCE, EVENTS, LATEST, AMOUNT, N_SUMS };
static const uint32_t sum_ids[N_SUMS] = {KEHU__TIME, KEHU__SEQUENCE, KEHU__EVENTS,
                                         KEHU__LATEST, KEHU__AMOUNT};

/* The rows are summed up a customer as they come, and compared with the next row of the
 * blocks of sums. */
typedef struct summing {
    kehu__segment_block b; /* of sums */
    const kehu__vector *columns[N_SUMS];
    kehu_status status; /* of its reading */
    kehu_error bad;     /* of that */
    uint32_t next, row; /* the block behind it; its row for the customer */
    bool possible;      /* no block of rows was bad, no sums were lacking */
    bool differs;       /* b from the rows */
    bool open;          /* a customer is being summed up: */
    int64_t events, first, latest, sequence;
    kehu__wide amount;
} summing;

static bool says(const summing *m, int which, int64_t number)
{
    const kehu__vector *v = m->columns[which];
    return v != NULL && !v->missing[m->row] && v->values.ints[m->row] == number;
}

/* Is the row of sums what the customer's rows sum up to? A sum beyond 64 bits is
 * missing; a block without any sum lacks the column. */
static bool same_sums(const summing *m)
{
    const kehu__vector *amount = m->columns[AMOUNT];
    return says(m, EVENTS, m->events) && says(m, FIRST, m->first) &&
           says(m, LATEST, m->latest) && says(m, SEQUENCE, m->sequence) &&
           (kehu__wide_fits(&m->amount) ? says(m, AMOUNT, (int64_t)m->amount.low)
                                        : amount == NULL || amount->missing[m->row]);
}

static void end_customer(summing *m)
{
    if (!m->open)
        return;
    m->open = false;
    if (m->status == KEHU_OK)
        m->differs |= !same_sums(m);
    m->row++;
}

/* The block of sums is over: count it. */
static kehu_status end_sums(const kehu__segment *g, summing *m, checking *c,
                            kehu_error *err)
{
    const kehu__block_entry *e = &g->sums->blocks[m->next - 1];
    if (m->status == KEHU_OK && m->possible && (m->differs || m->row < e->rows))
        m->status = kehu__fail(&m->bad, KEHU_FORMAT, (int64_t)e->offset,
                               "%s is damaged: the sums of the block at byte %llu",
                               g->name, (unsigned long long)e->offset);
    return take_answer(c, e, 0, m->status, &m->bad, err);
}

/* The next block of sums in place of the one before. */
static kehu_status next_sums(const kehu_snapshot *snapshot, const kehu__segment *g,
                             summing *m, checking *c, kehu_error *err)
{
    const kehu__block_wish wish = {sum_ids, N_SUMS, NULL, true};
    if (m->next > 0)
        KEHU_TRY(end_sums(g, m, c, err));
    m->row = 0;
    m->differs = false;
    m->status =
        kehu__block_read(&m->b, g->sums, m->next, &snapshot->schema, &wish, &m->bad);
    m->next++;
    for (int i = 0; i < N_SUMS; i++)
        m->columns[i] = kehu__rows_get(&m->b.rows, sum_ids[i]);
    return KEHU_OK;
}

static kehu_status begin_customer(const kehu_snapshot *snapshot, const kehu__segment *g,
                                  const char *key, uint32_t size, summing *m, checking *c,
                                  kehu_error *err)
{
    const char *other;
    uint32_t other_size;
    if (m->next == 0 || m->row == g->sums->blocks[m->next - 1].rows) {
        if (m->next == g->sums->n_blocks) {
            m->possible = false;
            kehu__fail(&m->bad, KEHU_FORMAT, -1, "%s is damaged: it lacks sums", g->name);
            return take_answer(c, &(kehu__block_entry){0}, 0, KEHU_FORMAT, &m->bad, err);
        }
        KEHU_TRY(next_sums(snapshot, g, m, c, err));
    }
    m->open = true;
    m->events = 0;
    m->sequence = 0;
    m->amount = (kehu__wide){0, 0};
    if (m->status != KEHU_OK)
        return KEHU_OK;
    other = kehu__vector_text(&m->b.keys, m->row, &other_size);
    m->differs |= size != other_size || memcmp(key, other, size) != 0;
    return KEHU_OK;
}

/* Sum up the rows of a sound block; its first customer may be the last one's before. */
static kehu_status sum_up(const kehu_snapshot *snapshot, const kehu__segment *g,
                          const kehu__segment_block *b, bool goes_on, summing *m,
                          checking *c, kehu_error *err)
{
    const int64_t *time = kehu__rows_get(&b->rows, KEHU__TIME)->values.ints;
    const int64_t *sequence = kehu__rows_get(&b->rows, KEHU__SEQUENCE)->values.ints;
    const kehu__vector *amount = kehu__rows_get(&b->rows, KEHU__AMOUNT);
    for (uint32_t run = 0; run < b->n_runs && m->possible; run++) {
        const int64_t first = b->run_first[run], end = b->run_first[run + 1];
        if (run > 0 || !goes_on) {
            uint32_t size;
            const char *key = kehu__vector_text(&b->keys, run, &size);
            end_customer(m);
            KEHU_TRY(begin_customer(snapshot, g, key, size, m, c, err));
            m->first = time[first];
        }
        m->events += end - first;
        m->latest = time[end - 1];
        kehu__sums_take(&m->amount, &m->sequence,
                        amount == NULL ? NULL : amount->values.ints + first,
                        sequence + first, (uint32_t)(end - first));
    }
    return KEHU_OK;
}

/* Does the first customer of a block have rows in the block before? */
static bool same_customer(const kehu__block_entry *e)
{
    return kehu__text_order(e[-1].last_key, e[-1].last_size, e->first_key,
                            e->first_size) == 0;
}

/* All blocks of rows, and on the way those of sums that they fill. */
static kehu_status check_rows(const kehu_snapshot *snapshot, const kehu__segment *g,
                              summing *m, checking *c, const kehu__run *run,
                              kehu_error *err)
{
    static const uint32_t ids[] = {KEHU__AMOUNT};
    const kehu__block_wish wish = {ids, g->part == KEHU_STORE_EVENTS, NULL, true};
    kehu__segment_block b = kehu__block_new(&snapshot->alloc);
    kehu_status status = KEHU_OK;
    last_row last = {.known = false};
    for (uint32_t i = 0; status == KEHU_OK && i < g->n_blocks; i++) {
        const kehu__block_entry *e = &g->blocks[i];
        const bool goes_on = i > 0 && same_customer(e);
        kehu_status answer;
        kehu_error bad;
        if (i % 256 == 0)
            status = kehu__progress(run, (double)c->report.blocks / (double)c->n_blocks,
                                    "check", err);
        if (status != KEHU_OK)
            break;
        answer = kehu__block_read(&b, g, i, &snapshot->schema, &wish, &bad);
        if (answer == KEHU_OK && (!order_sound(&b, e) || !continues(&b, goes_on, &last)))
            answer = kehu__fail(&bad, KEHU_FORMAT, (int64_t)e->offset,
                                "%s is damaged: the order of the block at byte %llu",
                                g->name, (unsigned long long)e->offset);
        status = take_answer(c, e, e->rows, answer, &bad, err);
        if (answer != KEHU_OK)
            last.known = m->possible = false;
        if (status == KEHU_OK && m->possible && g->sums != NULL)
            status = sum_up(snapshot, g, &b, goes_on, m, c, err);
    }
    kehu__block_free(&b);
    return status;
}

static kehu_status check_segment(const kehu_snapshot *snapshot, const kehu__segment *g,
                                 checking *c, const kehu__run *run, kehu_error *err)
{
    summing m = {.b = kehu__block_new(&snapshot->alloc), .possible = true};
    kehu_status status = check_rows(snapshot, g, &m, c, run, err);
    end_customer(&m);
    while (status == KEHU_OK && g->sums != NULL && m.next < g->sums->n_blocks)
        status = next_sums(snapshot, g, &m, c, err);
    if (status == KEHU_OK && m.next > 0)
        status = end_sums(g, &m, c, err);
    kehu__block_free(&m.b);
    return status;
}

static int64_t count_blocks(const kehu__segment *g)
{
    return (int64_t)g->n_blocks + (g->sums == NULL ? 0 : g->sums->n_blocks);
}

kehu_status kehu_snapshot_check(const kehu_snapshot *snapshot, kehu_store_check *report,
                                const kehu_progress *progress, kehu_error *err)
{
    const kehu__run run = {.progress = progress};
    checking c = {.report = {0}};
    kehu_status status = KEHU_OK;
    if (snapshot == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot is NULL");
    for (int part = 0; part < KEHU__PARTS; part++)
        for (uint32_t i = 0; i < snapshot->n_segments[part]; i++)
            c.n_blocks += count_blocks(snapshot->segments[part][i]);
    for (int part = 0; part < KEHU__PARTS; part++)
        for (uint32_t i = 0; status == KEHU_OK && i < snapshot->n_segments[part]; i++)
            status = check_segment(snapshot, snapshot->segments[part][i], &c, &run, err);
    if (status != KEHU_OK)
        return status;
    if (report != NULL)
        *report = c.report;
    return c.report.bad_blocks > 0
               ? kehu__fail(err, KEHU_FORMAT, c.first.where, "%s", c.first.message)
               : KEHU_OK;
}
