/* Erasing a customer, withdrawing a source: a frame in the log or a manifest hides the
 * rows at once, purge then writes anew every file that holds them and removes the old
 * ones. */
#include <string.h>

#include "base/error.h"
#include "store/handle.h"
#include "store/merge.h"

kehu_status kehu_store_erase(kehu_store *store, const char *customer, kehu_error *err)
{
    const size_t size = customer == NULL ? 0 : strlen(customer);
    kehu__marks *erased;
    kehu__buffer frame;
    kehu_status status;
    uint64_t before;
    KEHU_TRY(kehu__store_check(store, err));
    if (size == 0 || size > KEHU__MAX_KEY)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "customer has %zu bytes, expected 1 to %d", size,
                          KEHU__MAX_KEY);
    /* The list has it first: once the frame is written nothing may fail. */
    erased = &store->state.manifest.gone.customers;
    before = kehu__marks_get(erased, customer, size);
    if (!kehu__marks_add(erased, customer, size, kehu_store_sequence(store) + 1))
        return kehu__no_memory(err, "an erasure");
    status = kehu__log_begin(&store->state.log, &frame, err);
    if (status == KEHU_OK) {
        kehu__buffer_add(&frame, customer, size);
        status = kehu__store_append(store, KEHU__FRAME_ERASE, 0, &frame, err);
    }
    if (status != KEHU_OK)
        kehu__marks_restore(erased, customer, size, before);
    return status;
}

/* A manifest says it, not the log: it is rare, and so no reader of logs need know. */
static kehu_status withdraw(kehu__change *c, const char *source, kehu_error *err)
{
    const uint64_t sequence = c->store->state.log.next_sequence;
    kehu_status status = kehu__change_flush(c, err);
    if (status == KEHU_OK &&
        !kehu__marks_add(&c->next.gone.sources, source, strlen(source), sequence))
        status = kehu__no_memory(err, "a withdrawal");
    return status == KEHU_OK ? kehu__change_restart_log(c, sequence + 1, err) : status;
}

kehu_status kehu_store_withdraw(kehu_store *store, const char *source, kehu_error *err)
{
    const size_t size = source == NULL ? 0 : strlen(source);
    kehu__change c;
    kehu_status status;
    int64_t n_removed;
    KEHU_TRY(kehu__store_check(store, err));
    if (size == 0 || size > KEHU__MAX_KEY)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "source has %zu bytes, expected 1 to %d", size, KEHU__MAX_KEY);
    for (int part = 0; part < KEHU__PARTS; part++)
        if (kehu__schema_find(&store->state.manifest.schema, (kehu_store_part)part,
                              "source") != KEHU__SOURCE)
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "this old store has a declared field named source");
    KEHU_TRY(kehu__change_begin(&c, store, err));
    status = withdraw(&c, source, err);
    if (status != KEHU_OK) {
        kehu__change_abandon(&c);
        return status;
    }
    KEHU_TRY(kehu__change_commit(&c, err));
    (void)kehu__store_clean(store, true, false, &n_removed, NULL);
    return KEHU_OK;
}

/* Rows of withdrawn sources that a segment still has. */
static kehu_status count_withdrawn(kehu__segment *const *one, const kehu__gone *gone,
                                   const kehu__schema *schema, int64_t *n,
                                   kehu_error *err)
{
    const uint32_t ids[] = {KEHU__SOURCE};
    const kehu__range all = {.from = INT64_MIN, .until = INT64_MAX};
    kehu__merge m;
    kehu__merge_rows r = {.n = 1};
    kehu_status status;
    if (gone->sources.n == 0)
        return KEHU_OK;
    KEHU_TRY(kehu__merge_open(&m, &schema->alloc, one, 1, schema, ids, 1, &all, err));
    for (status = KEHU_OK; status == KEHU_OK && r.n > 0;) {
        status = kehu__merge_next(&m, &r, err);
        for (uint32_t i = r.first; status == KEHU_OK && i < r.first + r.n; i++) {
            const kehu__vector *s = kehu__rows_get(r.rows, KEHU__SEQUENCE);
            *n += kehu__gone_source(gone, kehu__rows_get(r.rows, KEHU__SOURCE), i,
                                    (uint64_t)s->values.ints[i]);
        }
    }
    kehu__merge_close(&m);
    return status;
}

/* Rows that are gone but that a segment still has; some may count twice. */
static kehu_status count_gone(const kehu__segment *segment, const kehu__gone *gone,
                              const kehu__schema *schema, int64_t *n, kehu_error *err)
{
    const kehu__marks *erased = &gone->customers;
    kehu__segment *one[1];
    memcpy(one, &segment, sizeof one);
    *n = 0;
    for (uint32_t i = 0; i < erased->n; i++) {
        char key[KEHU__MAX_KEY + 1];
        const kehu__range range = {
            .first = key, .last = key, .from = INT64_MIN, .until = INT64_MAX};
        kehu__merge m;
        kehu__merge_rows r = {.n = 1};
        kehu_status status;
        memcpy(key, erased->items[i].key, erased->items[i].size);
        key[erased->items[i].size] = '\0';
        KEHU_TRY(
            kehu__merge_open(&m, &schema->alloc, one, 1, schema, NULL, 0, &range, err));
        for (status = KEHU_OK; status == KEHU_OK && r.n > 0;) {
            status = kehu__merge_next(&m, &r, err);
            for (uint32_t k = 0; status == KEHU_OK && k < r.n; k++) {
                const kehu__vector *s = kehu__rows_get(r.rows, KEHU__SEQUENCE);
                *n += (uint64_t)s->values.ints[r.first + k] <= erased->items[i].number;
            }
        }
        kehu__merge_close(&m);
        KEHU_TRY(status);
    }
    return count_withdrawn(one, gone, schema, n, err);
}

/* Rewrite each old segment that has such rows; the log is sorted without them. */
static kehu_status rewrite(kehu__change *c, kehu_store_proof *proof, kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    const kehu__gone *gone = &s->manifest.gone;
    for (size_t i = 0; i < s->log.n_frames; i++)
        if (s->log.frames[i].type == KEHU__FRAME_CUSTOMERS)
            proof->customer_rows += s->log.frames[i].rows;
        else if (s->log.frames[i].type == KEHU__FRAME_EVENTS)
            proof->event_rows += s->log.frames[i].rows;
    for (uint32_t i = s->manifest.n_segments; i-- > 0;) {
        int64_t n, dropped = 0;
        KEHU_TRY(count_gone(c->segments[i], gone, &s->manifest.schema, &n, err));
        if (n == 0)
            continue;
        KEHU_TRY(kehu__change_merge(c, &i, 1, &dropped, err));
        if (s->manifest.segments[i].part == KEHU_STORE_EVENTS)
            proof->event_rows += dropped;
        else
            proof->customer_rows += dropped;
        proof->files_rewritten++;
    }
    {
        const uint32_t before = c->next.n_segments;
        KEHU_TRY(kehu__change_flush(c, err));
        for (uint32_t i = before; i < c->next.n_segments; i++)
            if (c->next.segments[i].part == KEHU_STORE_EVENTS)
                proof->event_rows -= (int64_t)c->next.segments[i].rows;
            else
                proof->customer_rows -= (int64_t)c->next.segments[i].rows;
        proof->files_rewritten++;
    }
    return KEHU_OK;
}

static kehu_status verify(const kehu__change *c, const kehu__gone *gone,
                          kehu_store_proof *proof, kehu_error *err)
{
    for (uint32_t i = 0; i < c->next.n_segments; i++) {
        int64_t n;
        KEHU_TRY(count_gone(c->segments[i], gone, &c->next.schema, &n, err));
        proof->rows_left += n;
    }
    return proof->rows_left == 0 ? KEHU_OK
                                 : kehu__fail(err, KEHU_INTERNAL, -1,
                                              "%lld rows that are gone are still there",
                                              (long long)proof->rows_left);
}

kehu_status kehu_store_purge(kehu_store *store, kehu_store_proof *proof, kehu_error *err)
{
    kehu_store_proof p;
    kehu__change c;
    kehu_status status;
    int64_t n_removed;
    KEHU_TRY(kehu__store_check(store, err));
    p = store->owed;
    if (store->state.manifest.gone.customers.n > 0 ||
        store->state.manifest.gone.sources.n > 0) {
        KEHU_TRY(kehu__change_begin(&c, store, err));
        p.customers += store->state.manifest.gone.customers.n;
        p.sources += store->state.manifest.gone.sources.n;
        kehu__gone_free(&c.next.gone);
        status = rewrite(&c, &p, err);
        if (status == KEHU_OK)
            status = verify(&c, &store->state.manifest.gone, &p, err);
        if (status != KEHU_OK) {
            kehu__change_abandon(&c);
            return status;
        }
        KEHU_TRY(kehu__change_commit(&c, err));
    }
    status = kehu__store_clean(store, false, true, &n_removed, err);
    p.files_removed += n_removed;
    store->owed = status == KEHU_OK ? (kehu_store_proof){0} : p;
    if (status == KEHU_OK && proof != NULL)
        *proof = p;
    return status;
}
