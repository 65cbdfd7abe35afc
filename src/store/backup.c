/* A snapshot as a store of its own. The manifest, which alone makes a folder a store, is
 * written last. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/merge.h"
#include "store/snapshot.h"

enum { LOG = 1, FIRST_SEGMENT = 2 };

typedef struct backup {
    const kehu_snapshot *snapshot;
    const char *folder;
    kehu__manifest manifest;
    kehu__copying copying;
} backup;

static kehu_status make_folder(const kehu__io *io, const char *path, kehu_error *err)
{
    int result;
    if (path == NULL || path[0] == '\0' || strlen(path) > KEHU__FOLDER_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL, empty or over %d bytes",
                          KEHU__FOLDER_MAX);
    result = io->make_folder(io->ctx, path, 0700);
    return result < 0 && result != -EEXIST
               ? kehu__io_fail(result, "make folder", path, err)
               : KEHU_OK;
}

/* Looked at under the lock: a backup of another process may be in the making. */
static kehu_status check_empty(const kehu__io *io, const char *path, kehu_error *err)
{
    kehu__folder f;
    KEHU_TRY(kehu__folder_look(&f, io, path, err));
    return f.newest > 0 || f.n_segments > 0 || f.n_logs > 0 || f.n_foreign > 0
               ? kehu__fail(err, KEHU_DUPLICATE, -1,
                            "folder %s is not empty: a backup is a new store", path)
               : KEHU_OK;
}

static kehu_status end_part(backup *b, kehu__segment_writer *w, kehu_error *err)
{
    if (w->rows == 0 && w->block.n == 0) {
        char path[KEHU__PATH_MAX];
        kehu__file_path(path, b->folder, w->name);
        b->snapshot->io->unlink(b->snapshot->io->ctx, path);
        return KEHU_OK;
    }
    KEHU_TRY(kehu__segment_end(w, err));
    return kehu__manifest_add(&b->manifest,
                              &(kehu__manifest_segment){w->number, w->written, w->rows,
                                                        w->directory_crc, w->part})
               ? KEHU_OK
               : kehu__no_memory(err, "a manifest");
}

static kehu_status copy_part(backup *b, kehu_store_part part, kehu_error *err)
{
    const kehu_snapshot *s = b->snapshot;
    kehu__segment_writer w;
    kehu_status status;
    KEHU_TRY(kehu__segment_begin(&w, s->io, b->folder, b->manifest.store_id,
                                 b->manifest.next_file++, part, &s->schema, err));
    status = kehu__copy_rows(&w, &s->schema, s->segments[part], s->n_segments[part],
                             &b->copying, err);
    if (status == KEHU_OK)
        status = end_part(b, &w, err);
    kehu__segment_writer_free(&w);
    return status;
}

static kehu_status write_files(backup *b, kehu_error *err)
{
    const kehu_snapshot *s = b->snapshot;
    kehu__store_log log = kehu__log_new(s->io, &s->alloc);
    kehu_status status;
    bool unsure;
    int result;
    for (int part = 0; part < KEHU__PARTS; part++)
        if (s->n_segments[part] > 0)
            KEHU_TRY(copy_part(b, (kehu_store_part)part, err));
    status = kehu__log_create(&log, b->folder, LOG, b->manifest.store_id, s->sequence + 1,
                              err);
    kehu__log_close(&log);
    KEHU_TRY(status);
    result = s->io->sync_folder(s->io->ctx, b->folder);
    if (result < 0)
        return kehu__io_fail(result, "sync", b->folder, err);
    KEHU_TRY(kehu__io_sync_parent(s->io, b->folder, err));
    return kehu__manifest_publish(&b->manifest, s->io, b->folder, &unsure, err);
}

static void remove_files(const backup *b)
{
    const kehu__io *io = b->snapshot->io;
    for (uint64_t n = 1; n < b->manifest.next_file; n++)
        for (kehu__file_kind k = KEHU__FILE_MANIFEST; k <= KEHU__FILE_SEGMENT; k++) {
            char name[32], path[KEHU__PATH_MAX];
            kehu__file_name(name, k, n);
            kehu__file_path(path, b->folder, name);
            io->unlink(io->ctx, path);
        }
}

static kehu_status back_up(const kehu_snapshot *snapshot, const char *path,
                           kehu__losses *losses, const kehu_progress *progress,
                           kehu_error *err)
{
    backup b = {.snapshot = snapshot, .folder = path};
    unsigned char id[24];
    kehu_status status;
    KEHU_TRY(check_empty(snapshot->io, path, err));
    b.copying = (kehu__copying){.gone = &snapshot->gone,
                                .sequence = snapshot->sequence,
                                .until = snapshot->until,
                                .losses = losses,
                                .run = {.progress = progress}};
    for (int part = 0; part < KEHU__PARTS; part++)
        for (uint32_t i = 0; i < snapshot->n_segments[part]; i++)
            b.copying.n_rows += (int64_t)snapshot->segments[part][i]->rows;
    b.manifest = kehu__manifest_new(&snapshot->alloc);
    b.manifest.number = b.manifest.log_number = LOG;
    b.manifest.log_first = snapshot->sequence + 1;
    b.manifest.next_file = FIRST_SEGMENT;
    /* Another store's number, so that files of both cannot be taken for one. */
    kehu__store64(id, snapshot->store_id);
    kehu__store64(id + 8, snapshot->sequence);
    kehu__store64(id + 16, (uint64_t)snapshot->until);
    b.manifest.store_id = kehu__hash(id, sizeof id, 0) | 1;
    status = kehu__schema_copy(&b.manifest.schema, &snapshot->schema, err);
    if (status == KEHU_OK && !kehu__marks_copy(&b.manifest.imports, &snapshot->imports))
        status = kehu__no_memory(err, "the backup");
    if (status == KEHU_OK)
        status = write_files(&b, err);
    if (status != KEHU_OK)
        remove_files(&b);
    kehu__manifest_free(&b.manifest);
    return status;
}

kehu_status kehu__snapshot_copy(const kehu_snapshot *snapshot, const char *path,
                                kehu__losses *losses, const kehu_progress *progress,
                                kehu_error *err)
{
    const kehu__io *io = snapshot->io;
    kehu_status status;
    int lock;
    KEHU_TRY(make_folder(io, path, err));
    status = kehu__folder_lock(&lock, io, path, err);
    if (status == KEHU_OK)
        status = back_up(snapshot, path, losses, progress, err);
    if (lock >= 0)
        io->close(io->ctx, lock);
    return status;
}

kehu_status kehu_snapshot_backup(const kehu_snapshot *snapshot, const char *path,
                                 const kehu_progress *progress, kehu_error *err)
{
    if (snapshot == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot is NULL");
    return kehu__snapshot_copy(snapshot, path, NULL, progress, err);
}
