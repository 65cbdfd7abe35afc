#include <kehu/store.h>

#include <string.h>

#include "base/error.h"
#include "store/handle.h"
#include "store/rows.h"
#include "store/snapshot.h"

enum { BATCH_SYNC_BYTES = 1 << 20, PATIENCE = 4 };

kehu_status kehu__store_check(const kehu_store *store, kehu_error *err)
{
    if (store == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "store is NULL");
    if (store->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1,
                          "an earlier write to %s failed; free the handle and open again",
                          store->state.folder);
    if (store->process != kehu__process_number())
        return kehu__fail(err, KEHU_BUSY, -1, "%s is open for writing in process %lld",
                          store->state.folder, (long long)store->process);
    return KEHU_OK;
}

static kehu_status sync_log(kehu_store *store, kehu_error *err)
{
    kehu_error cause;
    if (kehu__log_sync(&store->state.log, &cause) == KEHU_OK) {
        store->unsynced = 0;
        return KEHU_OK;
    }
    /* The system may have dropped the data and forgotten that it did: asking again
     * could succeed without any of it being on the disk. */
    store->poisoned = true;
    return kehu__fail(err, KEHU_POISONED, -1, "%.150s; free the handle and open again",
                      cause.message);
}

kehu_status kehu__store_append(kehu_store *store, kehu__frame_type type, uint32_t rows,
                               kehu__buffer *frame, kehu_error *err)
{
    const size_t size = frame->size;
    bool broken = false;
    kehu_status status =
        kehu__log_append(&store->state.log, type, rows, frame, &broken, err);
    kehu__buffer_free(frame);
    store->poisoned = store->poisoned || broken;
    KEHU_TRY(status);
    store->unsynced += size;
    if (store->options.durability == KEHU_STORE_SYNC ||
        (store->options.durability == KEHU_STORE_BATCH &&
         store->unsynced >= BATCH_SYNC_BYTES)) {
        status = sync_log(store, err);
        if (status != KEHU_OK)
            kehu__log_drop_last(&store->state.log);
    }
    return status;
}

/* Sort a log that has grown into segments. That this fails, for want of space say,
 * need not stop the next batch, until the log has grown too far. */
static kehu_status make_room(kehu_store *store, kehu_error *err)
{
    const uint64_t size = (uint64_t)store->state.log.end,
                   most = store->options.flush_bytes;
    kehu_status status;
    if (size < most)
        return KEHU_OK;
    status = kehu_store_flush(store, err);
    if (status == KEHU_OK) /* but merging on the side may have failed */
        return kehu__store_check(store, err);
    return store->poisoned || size / PATIENCE >= most ? status : KEHU_OK;
}

static kehu_status add(kehu_store *store, kehu_store_part part,
                       const kehu_column *columns, int64_t n_columns, uint64_t *sequence,
                       kehu_error *err)
{
    kehu__buffer frame;
    kehu_status status;
    uint32_t n_rows = 0;
    KEHU_TRY(kehu__store_check(store, err));
    KEHU_TRY(kehu__log_begin(&store->state.log, &frame, err));
    status = kehu__batch_write(&frame, &store->state.manifest.schema, part, columns,
                               n_columns, &n_rows, err);
    if (status == KEHU_OK)
        status = make_room(store, err);
    if (status != KEHU_OK) {
        kehu__buffer_free(&frame);
        return status;
    }
    KEHU_TRY(kehu__store_append(
        store, part == KEHU_STORE_EVENTS ? KEHU__FRAME_EVENTS : KEHU__FRAME_CUSTOMERS,
        n_rows, &frame, err));
    if (sequence != NULL)
        *sequence = kehu_store_sequence(store);
    return KEHU_OK;
}

kehu_status kehu_store_add_customers(kehu_store *store, const kehu_column *columns,
                                     int64_t n_columns, uint64_t *sequence,
                                     kehu_error *err)
{
    return add(store, KEHU_STORE_CUSTOMERS, columns, n_columns, sequence, err);
}

kehu_status kehu_store_add_events(kehu_store *store, const kehu_column *columns,
                                  int64_t n_columns, uint64_t *sequence, kehu_error *err)
{
    return add(store, KEHU_STORE_EVENTS, columns, n_columns, sequence, err);
}

kehu_status kehu_store_declare(kehu_store *store, kehu_store_part part,
                               const kehu_store_field *field, kehu_error *err)
{
    kehu__buffer frame;
    kehu__schema *schema;
    kehu_status status;
    bool added = false;
    KEHU_TRY(kehu__store_check(store, err));
    if ((unsigned)part >= KEHU__PARTS || field == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "field is NULL or part is %d",
                          (int)part);
    schema = &store->state.manifest.schema;
    KEHU_TRY(kehu__schema_add(schema, part, field, &added, err));
    if (!added)
        return KEHU_OK;
    status = kehu__log_begin(&store->state.log, &frame, err);
    if (status == KEHU_OK) {
        kehu__field_write(&frame, part, field);
        status = kehu__store_append(store, KEHU__FRAME_FIELD, 0, &frame, err);
    }
    if (status != KEHU_OK)
        kehu__schema_drop_last(schema, part);
    return status;
}

uint64_t kehu_store_sequence(const kehu_store *store)
{
    return store->state.log.next_sequence - 1;
}

kehu_status kehu_store_sync(kehu_store *store, kehu_error *err)
{
    KEHU_TRY(kehu__store_check(store, err));
    return store->unsynced == 0 ? KEHU_OK : sync_log(store, err);
}

kehu_status kehu_store_flush(kehu_store *store, kehu_error *err)
{
    kehu__change c;
    kehu_status status;
    int64_t n_removed;
    KEHU_TRY(kehu__store_check(store, err));
    if (store->state.log.n_frames == 0)
        return KEHU_OK;
    KEHU_TRY(kehu__change_begin(&c, store, err));
    status = kehu__change_flush(&c, err);
    if (status != KEHU_OK) {
        kehu__change_abandon(&c);
        return status;
    }
    KEHU_TRY(kehu__change_commit(&c, err));
    /* Files left behind or too many segments are no failure of the flush. */
    (void)kehu__store_merge_some(store, NULL);
    (void)kehu__store_clean(store, true, false, &n_removed, NULL);
    return KEHU_OK;
}

kehu_status kehu_snapshot_open(kehu_snapshot **out, kehu_store *store,
                               const kehu_snapshot_options *options, kehu_error *err)
{
    kehu_snapshot_options opt = {0};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (store == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "store is NULL");
    KEHU_TRY(kehu__snapshot_options_read(&opt, options, err));
    return kehu__snapshot_of(out, &store->state, &opt, err);
}
