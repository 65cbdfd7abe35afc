/* From one set of files to the next. New files are complete and on the disk before
 * the manifest names them, old ones go only after it no longer does, so a crash in
 * between leaves either set whole and at worst some files nobody names. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "store/handle.h"
#include "store/tail.h"

static void release_all(kehu__change *c)
{
    for (uint32_t i = 0; c->segments != NULL && i < c->next.n_segments; i++)
        kehu__segment_release(c->segments[i]);
    kehu__free(&c->next.alloc, c->segments, c->segment_capacity, sizeof *c->segments);
    c->segments = NULL;
    c->segment_capacity = 0;
    kehu__log_close(&c->log);
    kehu__manifest_free(&c->next);
}

kehu_status kehu__change_begin(kehu__change *c, kehu_store *store, kehu_error *err)
{
    const kehu__manifest *m = &store->state.manifest;
    bool copied = true;
    *c = (kehu__change){.store = store,
                        .next = kehu__manifest_new(&store->alloc),
                        .log = kehu__log_new(store->state.io, &store->alloc)};
    c->next.number = m->number + 1;
    c->next.store_id = m->store_id;
    c->next.next_file = m->next_file;
    c->next.log_number = m->log_number;
    c->next.log_first = m->log_first;
    copied = kehu__grow(&store->alloc, &c->segments, &c->segment_capacity,
                        (size_t)m->n_segments + 2, sizeof *c->segments);
    for (uint32_t i = 0; copied && i < m->n_segments; i++) {
        copied = kehu__manifest_add(&c->next, &m->segments[i]);
        if (copied)
            c->segments[i] = kehu__segment_hold(store->state.segments[i]);
    }
    copied = copied && kehu__schema_copy(&c->next.schema, &m->schema, err) == KEHU_OK &&
             kehu__gone_copy(&c->next.gone, &m->gone) &&
             kehu__marks_copy(&c->next.imports, &m->imports);
    if (copied)
        return KEHU_OK;
    release_all(c);
    return kehu__no_memory(err, "a manifest");
}

void kehu__change_drop(kehu__change *c, uint32_t at)
{
    const size_t after = c->next.n_segments - at - 1;
    kehu__segment_release(c->segments[at]);
    memmove(c->segments + at, c->segments + at + 1, after * sizeof *c->segments);
    memmove(c->next.segments + at, c->next.segments + at + 1,
            after * sizeof *c->next.segments);
    c->next.n_segments--;
}

kehu_status kehu__change_segment(kehu__change *c, kehu__segment_writer *w,
                                 kehu_store_part part, kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    return kehu__segment_begin(w, s->io, s->folder, c->next.store_id, c->next.next_file++,
                               part, &c->next.schema, err);
}

static kehu_status take_in(kehu__change *c, const kehu__segment_writer *w,
                           kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    const kehu__manifest_segment entry = {w->number, w->written, w->rows,
                                          w->directory_crc, w->part};
    kehu__segment *segment;
    if (!kehu__grow(&c->next.alloc, &c->segments, &c->segment_capacity,
                    (size_t)c->next.n_segments + 1, sizeof *c->segments))
        return kehu__no_memory(err, "a segment");
    KEHU_TRY(kehu__segment_open(&segment, s->io, s->folder, c->next.store_id, w->number,
                                w->part, w->written, w->directory_crc, &c->next.alloc,
                                err));
    if (!kehu__manifest_add(&c->next, &entry)) {
        kehu__segment_release(segment);
        return kehu__no_memory(err, "a segment");
    }
    c->segments[c->next.n_segments - 1] = segment;
    return KEHU_OK;
}

/* A writer without rows leaves a file nobody names, which is removed later. */
kehu_status kehu__change_add(kehu__change *c, kehu__segment_writer *w, kehu_error *err)
{
    kehu_status status = KEHU_OK;
    if (w->rows > 0 || w->block.n > 0) {
        status = kehu__segment_end(w, err);
        if (status == KEHU_OK)
            status = take_in(c, w, err);
    }
    kehu__segment_writer_free(w);
    return status;
}

static kehu_status flush_part(kehu__change *c, kehu_store_part part, kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    kehu__segment_writer w;
    kehu__tail tail;
    kehu_status status = KEHU_OK;
    KEHU_TRY(kehu__tail_sort(&tail, s->log.frames, s->log.n_frames, part,
                             &s->manifest.schema, &s->manifest.gone.customers, err));
    if (tail.n > 0) {
        status = kehu__change_segment(c, &w, part, err);
        if (status == KEHU_OK) {
            status = kehu__tail_write(&tail, &w, err);
            if (status == KEHU_OK)
                status = kehu__change_add(c, &w, err);
            else
                kehu__segment_writer_free(&w);
        }
    }
    kehu__tail_free(&tail);
    return status;
}

kehu_status kehu__change_flush(kehu__change *c, kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    for (int part = 0; part < KEHU__PARTS; part++)
        KEHU_TRY(flush_part(c, (kehu_store_part)part, err));
    return kehu__change_restart_log(c, s->log.next_sequence, err);
}

kehu_status kehu__change_restart_log(kehu__change *c, uint64_t first_sequence,
                                     kehu_error *err)
{
    const kehu__store_state *s = &c->store->state;
    kehu__log_close(&c->log);
    c->next.log_number = c->next.next_file++;
    c->next.log_first = first_sequence;
    return kehu__log_create(&c->log, s->folder, c->next.log_number, c->next.store_id,
                            first_sequence, err);
}

kehu_status kehu__change_commit(kehu__change *c, kehu_error *err)
{
    kehu_store *store = c->store;
    kehu__store_state *s = &store->state;
    kehu__store_state old = *s;
    kehu_status status;
    bool unsure;
    int result = s->io->sync_folder(s->io->ctx, s->folder);
    if (result < 0) {
        status = kehu__io_fail(result, "sync", s->folder, err);
        kehu__change_abandon(c);
        return status;
    }
    status = kehu__manifest_publish(&c->next, s->io, s->folder, &unsure, err);
    if (status != KEHU_OK) {
        store->poisoned = store->poisoned || unsure;
        if (unsure)
            release_all(c);
        else
            kehu__change_abandon(c);
        return status;
    }
    s->manifest = c->next;
    s->segments = c->segments;
    s->segment_capacity = c->segment_capacity;
    c->next = old.manifest; /* now the change has what is to be released */
    c->segments = old.segments;
    c->segment_capacity = old.segment_capacity;
    if (c->log.fd >= 0) {
        s->log = c->log;
        c->log = old.log;
        kehu__state_drop_images(s);
        store->unsynced = 0;
    }
    release_all(c);
    return KEHU_OK;
}

/* Remove the files made for it; what cannot be removed is at the next open. */
void kehu__change_abandon(kehu__change *c)
{
    const kehu__store_state *s = &c->store->state;
    for (uint64_t n = s->manifest.next_file; n < c->next.next_file; n++)
        for (kehu__file_kind k = KEHU__FILE_LOG; k <= KEHU__FILE_SEGMENT; k++) {
            char name[32], path[KEHU__PATH_MAX];
            kehu__file_name(name, k, n);
            kehu__file_path(path, s->folder, name);
            s->io->unlink(s->io->ctx, path);
        }
    release_all(c);
}
