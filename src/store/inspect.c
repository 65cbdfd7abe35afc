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

static kehu_status check_segment(const kehu_snapshot *snapshot, const kehu__segment *g,
                                 const uint32_t *ids, uint32_t n_ids, checking *c,
                                 const kehu__run *run, kehu_error *err)
{
    kehu__segment_block b = kehu__block_new(&snapshot->alloc);
    kehu_status status = KEHU_OK;
    last_row last = {.known = false};
    for (uint32_t i = 0; status == KEHU_OK && i < g->n_blocks; i++) {
        kehu_error bad;
        if (i % 256 == 0)
            status = kehu__progress(run, (double)c->report.blocks / (double)c->n_blocks,
                                    "check", err);
        if (status != KEHU_OK)
            break;
        status = kehu__block_read(&b, g, i, &snapshot->schema, ids, n_ids, &bad);
        if (status == KEHU_OK &&
            (!order_sound(&b, &g->blocks[i]) || !goes_on(&b, &g->blocks[i], &last)))
            status = kehu__fail(&bad, KEHU_FORMAT, (int64_t)g->blocks[i].offset,
                                "%s is damaged: the order of the block at byte %llu",
                                g->name, (unsigned long long)g->blocks[i].offset);
        c->report.blocks++;
        c->report.bytes += (int64_t)g->blocks[i].size;
        if (status == KEHU_OK)
            c->report.rows += g->blocks[i].rows;
        else if (status == KEHU_FORMAT || status == KEHU_IO) {
            last.known = false;
            c->report.bad_rows += g->blocks[i].rows;
            if (c->report.bad_blocks++ == 0)
                c->first = bad;
            status = KEHU_OK;
        } else
            status = kehu__fail(err, status, -1, "%s", bad.message);
    }
    kehu__block_free(&b);
    return status;
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
            c.n_blocks += snapshot->segments[part][i]->n_blocks;
    for (int part = 0; status == KEHU_OK && part < KEHU__PARTS; part++) {
        const uint32_t n = KEHU__FIRST_FIELD + snapshot->schema.n_fields[part];
        uint32_t *ids = kehu__alloc(&snapshot->alloc, n, sizeof *ids);
        if (ids == NULL)
            return kehu__no_memory(err, "a check");
        for (uint32_t i = 0; i < n; i++)
            ids[i] = i;
        for (uint32_t i = 0; status == KEHU_OK && i < snapshot->n_segments[part]; i++)
            status = check_segment(snapshot, snapshot->segments[part][i], ids, n, &c,
                                   &run, err);
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
