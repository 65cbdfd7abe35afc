#include "store/snapshot.h"

#include <string.h>

#include "base/error.h"

kehu_snapshot *kehu__snapshot_hold(const kehu_snapshot *snapshot)
{
    /* The count of holders is no part of the snapshot that callers see. */
    kehu_snapshot *s = (kehu_snapshot *)(uintptr_t)snapshot;
    atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
    return s;
}

void kehu_snapshot_free(kehu_snapshot *snapshot)
{
    kehu_allocator a;
    if (snapshot == NULL ||
        atomic_fetch_sub_explicit(&snapshot->holders, 1, memory_order_acq_rel) > 1)
        return;
    a = snapshot->alloc;
    for (int part = 0; part < KEHU__PARTS; part++) {
        kehu__scan_drop(atomic_load(&snapshot->spare[part]));
        for (uint32_t i = 0; i < snapshot->n_segments[part]; i++)
            kehu__segment_release(snapshot->segments[part][i]);
        kehu__free(&a, snapshot->segments[part], snapshot->capacity,
                   sizeof *snapshot->segments[part]);
    }
    kehu__schema_free(&snapshot->schema);
    kehu__gone_free(&snapshot->gone);
    kehu__marks_free(&snapshot->imports);
    kehu__free(&a, snapshot, 1, sizeof *snapshot);
}

static void hold(kehu_snapshot *snapshot, kehu__segment *s)
{
    if (s != NULL)
        snapshot->segments[s->part][snapshot->n_segments[s->part]++] =
            kehu__segment_hold(s);
}

static kehu_status fill(kehu_snapshot *snapshot, const kehu__store_state *s,
                        kehu_error *err)
{
    snapshot->capacity = s->manifest.n_segments + (uint32_t)s->n_images;
    for (int part = 0; part < KEHU__PARTS && snapshot->capacity > 0; part++) {
        snapshot->segments[part] = kehu__alloc(&snapshot->alloc, snapshot->capacity,
                                               sizeof *snapshot->segments[part]);
        if (snapshot->segments[part] == NULL)
            return kehu__no_memory(err, "a snapshot");
    }
    for (uint32_t i = 0; i < s->manifest.n_segments; i++)
        hold(snapshot, s->segments[i]);
    for (size_t i = 0; i < s->n_images; i++)
        for (int part = 0; part < KEHU__PARTS; part++)
            hold(snapshot, s->images[i].parts[part]);
    KEHU_TRY(kehu__schema_copy(&snapshot->schema, &s->manifest.schema, err));
    if (!kehu__gone_copy(&snapshot->gone, &s->manifest.gone) ||
        (snapshot->sequence == s->log.next_sequence - 1 && snapshot->until == INT64_MAX &&
         !kehu__marks_copy(&snapshot->imports, &s->manifest.imports)))
        return kehu__no_memory(err, "a snapshot");
    return KEHU_OK;
}

kehu_status kehu__snapshot_of(kehu_snapshot **out, kehu__store_state *s,
                              const kehu_snapshot_options *options, kehu_error *err)
{
    kehu_snapshot *snapshot;
    kehu_status status;
    KEHU_TRY(kehu__state_images(s, err));
    snapshot = kehu__alloc_zero(&s->alloc, 1, sizeof *snapshot);
    if (snapshot == NULL)
        return kehu__no_memory(err, "a snapshot");
    snapshot->alloc = s->alloc;
    atomic_init(&snapshot->holders, 1);
    for (int part = 0; part < KEHU__PARTS; part++)
        atomic_init(&snapshot->spare[part], NULL);
    snapshot->io = s->io;
    snapshot->store_id = s->manifest.store_id;
    snapshot->schema = kehu__schema_new(&s->alloc);
    snapshot->gone = kehu__gone_new(&s->alloc);
    snapshot->imports.alloc = s->alloc;
    snapshot->sequence = s->log.next_sequence - 1;
    if (options->as_of_sequence != 0 && options->as_of_sequence < snapshot->sequence)
        snapshot->sequence = options->as_of_sequence;
    snapshot->until = options->as_of ? options->as_of_us + 1 : INT64_MAX;
    status = fill(snapshot, s, err);
    if (status != KEHU_OK) {
        kehu_snapshot_free(snapshot);
        return status;
    }
    *out = snapshot;
    return KEHU_OK;
}

kehu_status kehu__snapshot_options_read(kehu_snapshot_options *into,
                                        const kehu_snapshot_options *from,
                                        kehu_error *err)
{
    KEHU_TRY(kehu__options_read(into, sizeof *into, from, err));
    if (into->as_of > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "as_of is %u, expected 0 or 1",
                          (unsigned)into->as_of);
    if (into->as_of &&
        (into->as_of_us < KEHU__FIRST_TIME || into->as_of_us > KEHU__LAST_TIME))
        return kehu__fail(err, KEHU_RANGE, -1, "as_of_us is outside years 1 to 9999");
    return KEHU_OK;
}

kehu_status kehu__snapshot_open_path(kehu_snapshot **out, const char *path,
                                     const kehu_snapshot_options *options,
                                     const kehu__io *io, kehu_error *err)
{
    kehu_snapshot_options opt = {0};
    kehu_allocator alloc;
    kehu__store_state *s;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__snapshot_options_read(&opt, options, err));
    if (path == NULL || path[0] == '\0' || strlen(path) > KEHU__FOLDER_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL, empty or over %d bytes",
                          KEHU__FOLDER_MAX);
    alloc = kehu__allocator(opt.alloc);
    s = kehu__alloc(&alloc, 1, sizeof *s);
    if (s == NULL)
        return kehu__no_memory(err, "a snapshot");
    *s = kehu__state_new(io, &alloc);
    memcpy(s->folder, path, strlen(path) + 1);
    status = kehu__state_open(s, false, err);
    if (status == KEHU_OK)
        status = kehu__snapshot_of(out, s, &opt, err);
    kehu__state_close(s);
    kehu__free(&alloc, s, 1, sizeof *s);
    return status;
}

kehu_status kehu_snapshot_open_path(kehu_snapshot **out, const char *path,
                                    const kehu_snapshot_options *options, kehu_error *err)
{
    return kehu__snapshot_open_path(out, path, options, &kehu__io_system, err);
}

uint64_t kehu_snapshot_sequence(const kehu_snapshot *snapshot)
{
    return snapshot->sequence;
}

int64_t kehu_snapshot_fields(const kehu_snapshot *snapshot, kehu_store_part part,
                             const kehu_store_field **fields)
{
    const int p = part == KEHU_STORE_EVENTS;
    *fields = snapshot->schema.fields[p];
    return snapshot->schema.n_fields[p];
}
