/* What a snapshot is made of, and whether every byte of it is sound. */
#include <string.h>

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

/* Times rise within each run and, with the sequence, lie inside what the directory
 * says. */
static bool order_sound(const kehu__segment_block *b, const kehu__block_entry *e)
{
    const int64_t *t = kehu__rows_get(&b->rows, KEHU__TIME)->values.ints;
    const int64_t *s = kehu__rows_get(&b->rows, KEHU__SEQUENCE)->values.ints;
    for (uint32_t run = 0; run < b->n_runs; run++)
        for (int64_t i = b->run_first[run]; i < b->run_first[run + 1]; i++) {
            if (t[i] < e->min_time || t[i] > e->max_time ||
                (uint64_t)s[i] < e->min_sequence || (uint64_t)s[i] > e->max_sequence)
                return false;
            if (i > b->run_first[run] &&
                (t[i] < t[i - 1] || (t[i] == t[i - 1] && s[i] < s[i - 1])))
                return false;
        }
    return true;
}

/* Of the block before, if that was sound. */
typedef struct last_row {
    bool known;
    int64_t time, sequence;
} last_row;

/* A customer whose rows go on from the block before goes on in time too. */
static bool goes_on(const kehu__segment_block *b, const kehu__block_entry *e,
                    last_row *last)
{
    const int64_t *t = kehu__rows_get(&b->rows, KEHU__TIME)->values.ints;
    const int64_t *s = kehu__rows_get(&b->rows, KEHU__SEQUENCE)->values.ints;
    const bool sound = !last->known ||
                       kehu__text_order(e[-1].last_key, e[-1].last_size, e->first_key,
                                        e->first_size) != 0 ||
                       t[0] > last->time ||
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

static bool same_numbers(const kehu__rows *a, const kehu__rows *b, uint32_t id)
{
    const kehu__vector *x = kehu__rows_get(a, id), *y = kehu__rows_get(b, id);
    if (x == NULL || y == NULL) /* a block without any value lacks the column */
        return x == NULL && y != NULL && y->n_missing == y->n;
    return memcmp(x->values.ints, y->values.ints, (size_t)x->n * 8) == 0 &&
           memcmp(x->missing, y->missing, x->n) == 0;
}

/* Is a block of sums what its customers' rows sum up to? */
static bool same_sums(const kehu__segment_block *b, const kehu__rows *found)
{
    static const uint32_t numbers[] = {KEHU__TIME, KEHU__SEQUENCE, KEHU__EVENTS,
                                       KEHU__LATEST, KEHU__AMOUNT};
    const kehu__vector *keys = kehu__rows_get(found, KEHU__KEY);
    if (b->rows.n != found->n)
        return false;
    for (uint32_t i = 0; i < found->n; i++) {
        uint32_t size, found_size;
        const char *key = kehu__vector_text(&b->keys, i, &size);
        const char *other = kehu__vector_text(keys, i, &found_size);
        if (kehu__text_order(key, size, other, found_size) != 0)
            return false;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!same_numbers(&b->rows, found, numbers[i]))
            return false;
    return true;
}

/* Sums of the rows that were read, until a block of them is full and compared. */
typedef struct summing {
    kehu__sums found;
    kehu__segment_block b;
    uint32_t next; /* block of sums */
    bool possible; /* no block of rows was bad */
} summing;

static kehu_status check_sums(const kehu_snapshot *snapshot, const kehu__segment *g,
                              summing *m, checking *c, kehu_error *err)
{
    static const uint32_t ids[] = {KEHU__EVENTS, KEHU__LATEST, KEHU__AMOUNT};
    kehu_error bad;
    kehu_status status;
    if (m->next == g->sums->n_blocks) {
        kehu__rows_clear(&m->found.rows);
        kehu__fail(&bad, KEHU_FORMAT, -1, "%s is damaged: it lacks sums", g->name);
        return take_answer(c, &(kehu__block_entry){0}, 0, KEHU_FORMAT, &bad, err);
    }
    status = kehu__block_read(&m->b, g->sums, m->next, &snapshot->schema, NULL, ids,
                              sizeof ids / sizeof *ids, &bad);
    if (status == KEHU_OK && m->possible && !same_sums(&m->b, &m->found.rows))
        status = kehu__fail(&bad, KEHU_FORMAT, (int64_t)g->sums->blocks[m->next].offset,
                            "%s is damaged: the sums of the block at byte %llu", g->name,
                            (unsigned long long)g->sums->blocks[m->next].offset);
    kehu__rows_clear(&m->found.rows);
    return take_answer(c, &g->sums->blocks[m->next++], 0, status, &bad, err);
}

/* Add the rows of a sound block. */
static kehu_status add_to_sums(const kehu_snapshot *snapshot, const kehu__segment *g,
                               const kehu__segment_block *b, summing *m, checking *c,
                               kehu_error *err)
{
    for (uint32_t run = 0; run < b->n_runs; run++) {
        uint32_t size;
        const char *key = kehu__vector_text(&b->keys, run, &size);
        if (m->found.rows.n == KEHU__BLOCK_ROWS &&
            !kehu__sums_goes_on(&m->found, key, size))
            KEHU_TRY(check_sums(snapshot, g, m, c, err));
        if (!kehu__sums_add(&m->found, key, size, &b->rows, (uint32_t)b->run_first[run],
                            (uint32_t)b->run_first[run + 1]))
            return kehu__no_memory(err, "a check");
    }
    return KEHU_OK;
}

typedef struct wanted {
    const uint32_t *ids;
    uint32_t n;
} wanted;

/* All blocks of rows, and on the way those of sums that they fill. */
static kehu_status check_rows(const kehu_snapshot *snapshot, const kehu__segment *g,
                              const wanted *columns, summing *m, checking *c,
                              const kehu__run *run, kehu_error *err)
{
    kehu__segment_block b = kehu__block_new(&snapshot->alloc);
    kehu_status status = KEHU_OK;
    last_row last = {.known = false};
    for (uint32_t i = 0; status == KEHU_OK && i < g->n_blocks; i++) {
        const kehu__block_entry *e = &g->blocks[i];
        kehu_status answer;
        kehu_error bad;
        if (i % 256 == 0)
            status = kehu__progress(run, (double)c->report.blocks / (double)c->n_blocks,
                                    "check", err);
        if (status != KEHU_OK)
            break;
        answer = kehu__block_read(&b, g, i, &snapshot->schema, NULL, columns->ids,
                                  columns->n, &bad);
        if (answer == KEHU_OK && (!order_sound(&b, e) || !goes_on(&b, e, &last)))
            answer = kehu__fail(&bad, KEHU_FORMAT, (int64_t)e->offset,
                                "%s is damaged: the order of the block at byte %llu",
                                g->name, (unsigned long long)e->offset);
        status = take_answer(c, e, e->rows, answer, &bad, err);
        if (answer != KEHU_OK)
            last.known = m->possible = false;
        if (status == KEHU_OK && m->possible && g->sums != NULL)
            status = add_to_sums(snapshot, g, &b, m, c, err);
    }
    kehu__block_free(&b);
    return status;
}

static kehu_status check_segment(const kehu_snapshot *snapshot, const kehu__segment *g,
                                 const wanted *columns, checking *c, const kehu__run *run,
                                 kehu_error *err)
{
    summing m = {.b = kehu__block_new(&snapshot->alloc), .possible = true};
    kehu_status status = kehu__sums_begin(&m.found, &snapshot->alloc)
                             ? check_rows(snapshot, g, columns, &m, c, run, err)
                             : kehu__no_memory(err, "a check");
    while (status == KEHU_OK && g->sums != NULL &&
           (m.next < g->sums->n_blocks || (m.possible && m.found.rows.n > 0)))
        status = check_sums(snapshot, g, &m, c, err);
    kehu__sums_free(&m.found);
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
    for (int part = 0; status == KEHU_OK && part < KEHU__PARTS; part++) {
        const uint32_t n = KEHU__FIRST_FIELD + snapshot->schema.n_fields[part];
        uint32_t *ids = kehu__alloc(&snapshot->alloc, n, sizeof *ids);
        if (ids == NULL)
            return kehu__no_memory(err, "a check");
        for (uint32_t i = 0; i < n; i++)
            ids[i] = i;
        for (uint32_t i = 0; status == KEHU_OK && i < snapshot->n_segments[part]; i++)
            status = check_segment(snapshot, snapshot->segments[part][i],
                                   &(wanted){ids, n}, &c, &run, err);
        kehu__free(&snapshot->alloc, ids, n, sizeof *ids);
    }
    if (status != KEHU_OK)
        return status;
    if (report != NULL)
        *report = c.report;
    if (c.report.bad_blocks > 0 && err != NULL)
        *err = c.first;
    return c.report.bad_blocks > 0 ? KEHU_FORMAT : KEHU_OK;
}
