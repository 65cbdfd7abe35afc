/* Fewer, larger segments. Rows of erased customers are left out on the way. Memory is
 * one block a merged segment and one being written, whatever the sizes. */
#include <string.h>

#include "base/error.h"
#include "store/handle.h"
#include "store/merge.h"

/* Is row i of the merge's to be copied? */
static bool is_kept(const kehu__copying *c, const kehu__merge_rows *r, uint64_t erased,
                    uint32_t i)
{
    const uint64_t sequence =
        (uint64_t)kehu__rows_get(r->rows, KEHU__SEQUENCE)->values.ints[i];
    return sequence > erased && sequence <= c->sequence &&
           kehu__rows_get(r->rows, KEHU__TIME)->values.ints[i] < c->until &&
           !kehu__gone_source(c->gone, kehu__rows_get(r->rows, KEHU__SOURCE), i,
                              sequence);
}

/* Append what is left of the rows: those not gone and not too late. */
static kehu_status keep_rows(kehu__segment_writer *w, kehu__copying *c,
                             const kehu__merge_rows *r, kehu__rows *scratch,
                             kehu_error *err)
{
    const uint64_t erased = kehu__marks_get(&c->gone->customers, r->key, r->key_size);
    uint32_t i = r->first;
    const uint32_t end = r->first + r->n;
    while (i < end) {
        uint32_t n = 0;
        while (i < end && !is_kept(c, r, erased, i)) {
            i++;
            c->n_dropped++;
        }
        while (i + n < end && is_kept(c, r, erased, i + n))
            n++;
        kehu__rows_clear(scratch);
        if (!kehu__rows_append(scratch, r->rows, i, n))
            return kehu__no_memory(err, "merging segments");
        KEHU_TRY(kehu__segment_add(w, r->key, r->key_size, scratch, 0, n, err));
        i += n;
    }
    return KEHU_OK;
}

static kehu_status copy_next(kehu__segment_writer *w, kehu__copying *c,
                             const kehu__merge_rows *r, kehu__rows *scratch,
                             kehu_error *err)
{
    const int64_t step = KEHU__BLOCK_ROWS * 64;
    if (c->n_done / step != (c->n_done + r->n) / step)
        KEHU_TRY(kehu__progress(&c->run, (double)c->n_done / (double)(c->n_rows + 1),
                                "copy", err));
    c->n_done += r->n;
    return keep_rows(w, c, r, scratch, err);
}

/* Every column but the id, which the merge gives apart. */
static kehu_status all_columns(kehu__rows *scratch, uint32_t **ids, uint32_t *n_ids,
                               const kehu__schema *schema, kehu_store_part part,
                               kehu_error *err)
{
    const uint32_t end = KEHU__FIRST_FIELD + schema->n_fields[part];
    *n_ids = 0;
    *ids = kehu__alloc(&schema->alloc, end, sizeof **ids);
    for (uint32_t id = KEHU__TIME; *ids != NULL && id < end; id++) {
        if (kehu__schema_name(schema, part, id) == NULL)
            continue;
        if (kehu__rows_add(scratch, id,
                           kehu__storage_of(kehu__schema_type(schema, part, id))) == NULL)
            return kehu__no_memory(err, "merging segments");
        (*ids)[(*n_ids)++] = id;
    }
    return *ids == NULL ? kehu__no_memory(err, "merging segments") : KEHU_OK;
}

kehu_status kehu__copy_rows(kehu__segment_writer *w, const kehu__schema *schema,
                            kehu__segment *const *segments, uint32_t n_segments,
                            kehu__copying *c, kehu_error *err)
{
    const uint32_t capacity = KEHU__FIRST_FIELD + schema->n_fields[w->part];
    kehu__rows scratch = kehu__rows_new(&schema->alloc);
    uint32_t *ids = NULL, n_ids = 0;
    const kehu__range all = {.from = INT64_MIN, .until = INT64_MAX, .losses = c->losses};
    kehu__merge m;
    kehu_status status = all_columns(&scratch, &ids, &n_ids, schema, w->part, err);
    if (status == KEHU_OK)
        status = kehu__merge_open(&m, &schema->alloc, segments, n_segments, schema, ids,
                                  n_ids, &all, err);
    if (status == KEHU_OK) {
        kehu__merge_rows r = {.n = 1};
        while (status == KEHU_OK && r.n > 0) {
            status = kehu__merge_next(&m, &r, err);
            if (status == KEHU_OK && r.n > 0)
                status = copy_next(w, c, &r, &scratch, err);
        }
        kehu__merge_close(&m);
    }
    kehu__free(&schema->alloc, ids, capacity, sizeof *ids);
    kehu__rows_free(&scratch);
    return status;
}

kehu_status kehu__change_merge(kehu__change *c, const uint32_t *places, uint32_t n,
                               int64_t *n_dropped, kehu_error *err)
{
    const kehu_store_part part = c->next.segments[places[0]].part;
    kehu__copying copying = {.gone = &c->store->state.manifest.gone,
                             .sequence = UINT64_MAX,
                             .until = INT64_MAX};
    kehu__segment **merged = kehu__alloc(&c->next.alloc, n, sizeof *merged);
    kehu__segment_writer w;
    kehu_status status;
    if (merged == NULL)
        return kehu__no_memory(err, "merging segments");
    for (uint32_t i = 0; i < n; i++)
        merged[i] = c->segments[places[i]];
    status = kehu__change_segment(c, &w, part, err);
    if (status == KEHU_OK) {
        status = kehu__copy_rows(&w, &c->next.schema, merged, n, &copying, err);
        *n_dropped += copying.n_dropped;
        if (status == KEHU_OK)
            status = kehu__change_add(c, &w, err);
        else
            kehu__segment_writer_free(&w);
    }
    for (uint32_t i = n; status == KEHU_OK && i-- > 0;)
        kehu__change_drop(c, places[i]);
    kehu__free(&c->next.alloc, merged, n, sizeof *merged);
    return status;
}

/* Places of a part's segments in order, those of at most `most` bytes. */
static uint32_t places_of(const kehu__manifest *m, kehu_store_part part, uint64_t most,
                          uint32_t *places)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_segments; i++)
        if (m->segments[i].part == part && m->segments[i].size <= most)
            places[n++] = i;
    return n;
}

/* The size below which the half of a part's segments lies that is merged. Merging
 * the small ones only keeps the bytes written a row to the logarithm of the size. */
static uint64_t size_to_merge(const kehu__manifest *m, kehu_store_part part, uint32_t n,
                              uint32_t wanted)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < m->n_segments; i++) {
        uint32_t smaller = 0;
        if (m->segments[i].part != part)
            continue;
        for (uint32_t k = 0; k < m->n_segments; k++)
            smaller +=
                m->segments[k].part == part && m->segments[k].size < m->segments[i].size;
        if (smaller < wanted && m->segments[i].size > size)
            size = m->segments[i].size;
    }
    return n <= wanted ? UINT64_MAX : size;
}

/* Merge some of a part's segments, all if there are not more than `wanted`. */
static kehu_status merge_part(kehu_store *store, kehu_store_part part, uint32_t most,
                              bool all, kehu_error *err)
{
    const kehu__manifest *m = &store->state.manifest;
    const size_t capacity = (size_t)m->n_segments + 1;
    uint32_t *places = kehu__alloc(&store->alloc, capacity, sizeof *places);
    kehu_status status = KEHU_OK;
    kehu__change c;
    int64_t n_dropped = 0;
    uint32_t n;
    if (places == NULL)
        return kehu__no_memory(err, "merging segments");
    n = places_of(m, part, UINT64_MAX, places);
    if (n > most) {
        if (!all)
            n = places_of(m, part, size_to_merge(m, part, n, n - most / 2), places);
        status = kehu__change_begin(&c, store, err);
        if (status == KEHU_OK) {
            status = kehu__change_merge(&c, places, n, &n_dropped, err);
            if (status == KEHU_OK)
                status = kehu__change_commit(&c, err);
            else
                kehu__change_abandon(&c);
        }
    }
    kehu__free(&store->alloc, places, capacity, sizeof *places);
    return status;
}

kehu_status kehu__store_merge_some(kehu_store *store, kehu_error *err)
{
    for (int part = 0; part < KEHU__PARTS; part++)
        KEHU_TRY(merge_part(store, (kehu_store_part)part, store->options.max_segments,
                            false, err));
    return KEHU_OK;
}

kehu_status kehu_store_compact(kehu_store *store, kehu_error *err)
{
    int64_t n_removed;
    KEHU_TRY(kehu_store_flush(store, err));
    for (int part = 0; part < KEHU__PARTS; part++)
        KEHU_TRY(merge_part(store, (kehu_store_part)part, 1, true, err));
    (void)kehu__store_clean(store, true, false, &n_removed, NULL);
    return KEHU_OK;
}
