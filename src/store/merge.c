#include "store/merge.h"

#include <string.h>

#include "base/error.h"
#include "store/page.h"

static const char *key_of(const kehu__cursor *c, uint32_t *size)
{
    return kehu__vector_text(&c->b.keys, c->run, size);
}

static void enter_run(kehu__cursor *c, uint32_t run)
{
    c->run = run;
    c->row = (uint32_t)c->b.run_first[run];
    c->run_end = (uint32_t)c->b.run_first[run + 1];
}

/* Is a customer behind the last wanted one? */
static bool is_behind(const kehu__merge *m, const char *key, size_t size)
{
    int order;
    if (m->last_key == NULL)
        return false;
    order = kehu__text_order(key, size, m->last_key, m->last_size);
    return order > 0 || (order == 0 && m->before_last);
}

/* Is anything of this block wanted? Sets ended behind the last wanted customer. */
static bool block_wanted(const kehu__merge *m, kehu__cursor *c)
{
    const kehu__block_entry *e = &c->s->blocks[c->next_block];
    if (is_behind(m, e->first_key, e->first_size)) {
        c->ended = true;
        return false;
    }
    return e->max_time >= m->from && e->min_time < m->until;
}

static kehu_status next_block(const kehu__merge *m, kehu__cursor *c, kehu_error *err)
{
    const kehu__one_key one = {m->last_key, m->last_size};
    const kehu__block_wish wish = {m->ids, m->n_ids, m->one_customer ? &one : NULL,
                                   false};
    kehu_error why;
    while (!c->ended && c->next_block < c->s->n_blocks) {
        if (block_wanted(m, c)) {
            const kehu_status status =
                kehu__block_read(&c->b, c->s, c->next_block, m->schema, &wish,
                                 m->losses == NULL ? err : &why);
            if (status == KEHU_OK && c->b.n_runs > 0) {
                c->next_block++;
                enter_run(c, 0);
                return KEHU_OK;
            }
            if (status != KEHU_OK && m->losses == NULL)
                return status;
            if (status != KEHU_OK && !kehu__is_loss(status))
                return kehu__fail(err, status, -1, "%s", why.message);
            if (status != KEHU_OK)
                kehu__losses_add_block(m->losses, c->s, &c->s->blocks[c->next_block],
                                       &why);
        }
        c->next_block++;
    }
    c->ended = true;
    return KEHU_OK;
}

/* Begin at the first run whose id is not below `first`. */
static kehu_status seek(const kehu__merge *m, kehu__cursor *c, const char *first,
                        kehu_error *err)
{
    const size_t size = first == NULL ? 0 : strlen(first);
    if (first != NULL)
        c->next_block = kehu__segment_seek(c->s, first, size);
    KEHU_TRY(next_block(m, c, err));
    while (!c->ended && first != NULL) {
        uint32_t run = c->run, key_size;
        for (; run < c->b.n_runs; run++) {
            const char *key = kehu__vector_text(&c->b.keys, run, &key_size);
            if (kehu__text_order(key, key_size, first, size) >= 0)
                break;
        }
        if (run < c->b.n_runs) {
            enter_run(c, run);
            break;
        }
        KEHU_TRY(next_block(m, c, err));
    }
    return KEHU_OK;
}

kehu_status kehu__merge_open(kehu__merge *m, const kehu_allocator *alloc,
                             kehu__segment *const *segments, uint32_t n_segments,
                             const kehu__schema *schema, const uint32_t *ids,
                             uint32_t n_ids, const kehu__range *range, kehu_error *err)
{
    const char *last = range->last;
    kehu_status status = KEHU_OK;
    *m = (kehu__merge){.alloc = *alloc,
                       .schema = schema,
                       .n_ids = n_ids,
                       .before_last = range->before_last,
                       .from = range->from,
                       .until = range->until,
                       .losses = range->losses,
                       .key = kehu__buffer_new(alloc)};
    m->cursors =
        n_segments == 0 ? NULL : kehu__alloc_zero(alloc, n_segments, sizeof *m->cursors);
    m->n_cursors = m->cursors == NULL ? 0 : n_segments;
    m->ids = n_ids == 0 ? NULL : kehu__alloc(alloc, n_ids, sizeof *m->ids);
    if (last != NULL) {
        m->last_size = strlen(last);
        m->last_room = m->last_size + 1;
        m->last_key = kehu__alloc(alloc, m->last_room, 1);
    }
    if (m->n_cursors < n_segments || (n_ids > 0 && m->ids == NULL) ||
        (last != NULL && m->last_key == NULL)) {
        m->n_ids = m->ids == NULL ? 0 : n_ids;
        kehu__merge_close(m);
        return kehu__no_memory(err, "a scan");
    }
    if (n_ids > 0)
        memcpy(m->ids, ids, n_ids * sizeof *ids);
    if (last != NULL)
        memcpy(m->last_key, last, m->last_size + 1);
    m->one_customer = range->first != NULL && last != NULL && !range->before_last &&
                      strcmp(range->first, last) == 0;
    for (uint32_t i = 0; i < n_segments; i++) {
        m->cursors[i].s = segments[i];
        m->cursors[i].b = kehu__block_new(alloc);
    }
    for (uint32_t i = 0; status == KEHU_OK && i < n_segments; i++)
        status = seek(m, &m->cursors[i], range->first, err);
    if (status != KEHU_OK)
        kehu__merge_close(m);
    return status;
}

kehu_status kehu__merge_restart(kehu__merge *m, const char *customer, kehu_error *err)
{
    const size_t size = strlen(customer);
    if (size + 1 > m->last_room) {
        char *grown = kehu__alloc(&m->alloc, size + 1, 1);
        if (grown == NULL)
            return kehu__no_memory(err, "a scan");
        kehu__free(&m->alloc, m->last_key, m->last_room, 1);
        m->last_key = grown;
        m->last_room = size + 1;
    }
    memcpy(m->last_key, customer, size + 1);
    m->last_size = size;
    m->key.size = 0;
    m->last = NULL;
    for (uint32_t i = 0; i < m->n_cursors; i++) {
        m->cursors[i].ended = m->cursors[i].active = false;
        KEHU_TRY(seek(m, &m->cursors[i], customer, err));
    }
    return KEHU_OK;
}

/* What others may want of it goes back to the segment. */
static void leave_block(kehu__cursor *c)
{
    if (c->b.page != NULL)
        kehu__page_give(c->s, c->b.page);
    c->b.page = NULL;
    kehu__block_free(&c->b);
}

void kehu__merge_close(kehu__merge *m)
{
    for (uint32_t i = 0; i < m->n_cursors; i++)
        if (m->cursors[i].s != NULL)
            leave_block(&m->cursors[i]);
    kehu__free(&m->alloc, m->cursors, m->n_cursors, sizeof *m->cursors);
    kehu__free(&m->alloc, m->ids, m->n_ids, sizeof *m->ids);
    kehu__free(&m->alloc, m->last_key, m->last_room, 1);
    kehu__buffer_free(&m->key);
    *m = (kehu__merge){.alloc = m->alloc, .key = kehu__buffer_new(&m->alloc)};
}

static bool last_is_behind(const kehu__merge *m, const kehu__cursor *c)
{
    const kehu__block_entry *e = &c->s->blocks[c->next_block - 1];
    return is_behind(m, e->last_key, e->last_size);
}

/* Step the cursor that gave out its rows on to where its next rows are. */
static kehu_status step(kehu__merge *m, kehu_error *err)
{
    kehu__cursor *c = m->last;
    if (c == NULL || c->row < c->run_end)
        return KEHU_OK;
    if (c->run + 1 < c->b.n_runs) {
        enter_run(c, c->run + 1);
        c->active = false; /* ids within a block differ */
        return KEHU_OK;
    }
    /* The block's last customer may tell, whose entry is at hand, unlike the next's. */
    if (last_is_behind(m, c))
        c->ended = true;
    KEHU_TRY(next_block(m, c, err));
    if (c->ended)
        c->active = false;
    else {
        uint32_t size;
        const char *key = key_of(c, &size);
        c->active = size == m->key.size && memcmp(key, m->key.bytes, size) == 0;
    }
    return KEHU_OK;
}

/* The least id of all cursors becomes the current one. False at the end. */
static bool next_customer(kehu__merge *m)
{
    const char *least = NULL;
    uint32_t least_size = 0;
    for (uint32_t i = 0; i < m->n_cursors; i++) {
        kehu__cursor *c = &m->cursors[i];
        uint32_t size;
        const char *key;
        int order = -1;
        if (c->ended)
            continue;
        key = key_of(c, &size);
        if (least != NULL)
            order = kehu__text_order(key, size, least, least_size);
        if (order < 0) {
            for (uint32_t k = 0; k < i; k++)
                m->cursors[k].active = false;
            least = key;
            least_size = size;
        }
        c->active = order <= 0;
    }
    if (least == NULL || is_behind(m, least, least_size))
        return false;
    m->key.size = 0;
    kehu__buffer_add(&m->key, least, least_size);
    return true;
}

static bool is_before(const kehu__cursor *a, uint32_t row, const kehu__cursor *b)
{
    const int64_t *at = kehu__rows_get(&a->b.rows, KEHU__TIME)->values.ints;
    const int64_t *bt = kehu__rows_get(&b->b.rows, KEHU__TIME)->values.ints;
    const int64_t *as = kehu__rows_get(&a->b.rows, KEHU__SEQUENCE)->values.ints;
    const int64_t *bs = kehu__rows_get(&b->b.rows, KEHU__SEQUENCE)->values.ints;
    if (at[row] != bt[b->row])
        return at[row] < bt[b->row];
    return as[row] < bs[b->row] || (as[row] == bs[b->row] && a < b);
}

kehu_status kehu__merge_next(kehu__merge *m, kehu__merge_rows *out, kehu_error *err)
{
    kehu__cursor *best = NULL, *second = NULL;
    uint32_t end;
    *out = (kehu__merge_rows){0};
    KEHU_TRY(step(m, err));
    while (best == NULL) {
        for (uint32_t i = 0; i < m->n_cursors; i++) {
            kehu__cursor *c = &m->cursors[i];
            if (!c->active)
                continue;
            if (best == NULL || is_before(c, c->row, best)) {
                second = best;
                best = c;
            } else if (second == NULL || is_before(c, c->row, second))
                second = c;
        }
        if (best == NULL) {
            if (!next_customer(m))
                return KEHU_OK;
            if (m->key.failed)
                return kehu__no_memory(err, "a scan");
            out->new_customer = true;
        }
    }
    end = best->run_end;
    if (second != NULL) {
        end = best->row + 1;
        while (end < best->run_end && is_before(best, end, second))
            end++;
    }
    out->rows = &best->b.rows;
    out->first = best->row;
    out->n = end - best->row;
    out->key = m->key.bytes;
    out->key_size = (uint32_t)m->key.size;
    best->row = end;
    m->last = best;
    return KEHU_OK;
}

static int key_order(const kehu__cursor *a, const kehu__cursor *b)
{
    uint32_t a_size, b_size;
    const char *x = key_of(a, &a_size), *y = key_of(b, &b_size);
    return kehu__text_order(x, a_size, y, b_size);
}

/* Runs of a block, from where the cursor is, before another cursor's customer and not
 * behind the last wanted one: gives the end. */
static uint32_t end_of_stretch(const kehu__merge *m, kehu__cursor *c,
                               const kehu__cursor *other)
{
    const uint32_t begin = c->run;
    uint32_t end, size;
    const char *key = kehu__vector_text(&c->b.keys, c->b.n_runs - 1, &size);
    if (other == NULL && !is_behind(m, key, size))
        return c->b.n_runs;
    for (; c->run < c->b.n_runs; c->run++) {
        key = key_of(c, &size);
        if ((other != NULL && key_order(c, other) >= 0) || is_behind(m, key, size))
            break;
    }
    end = c->run;
    c->run = begin;
    return end;
}

kehu_status kehu__merge_stretch(kehu__merge *m, kehu__merge_rows *out,
                                const kehu__vector **keys, kehu_error *err)
{
    kehu__cursor *best = NULL, *second = NULL;
    uint32_t end;
    *out = (kehu__merge_rows){0};
    *keys = NULL;
    KEHU_TRY(step(m, err));
    for (uint32_t i = 0; i < m->n_cursors; i++) {
        kehu__cursor *c = &m->cursors[i];
        if (c->active)
            return KEHU_OK;
        if (c->ended)
            continue;
        if (best == NULL || key_order(c, best) < 0) {
            second = best;
            best = c;
        } else if (second == NULL || key_order(c, second) < 0)
            second = c;
    }
    if (best == NULL || (end = end_of_stretch(m, best, second)) == best->run)
        return KEHU_OK;
    out->rows = &best->b.rows;
    out->first = best->row;
    out->n = (uint32_t)best->b.run_first[end] - best->row;
    *keys = &best->b.keys;
    enter_run(best, end - 1);
    best->row = best->run_end;
    m->key.size = 0; /* nobody's: no cursor goes on with it */
    m->last = best;
    return KEHU_OK;
}
