/* Opening and making a store. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/handle.h"

enum { DEFAULT_FLUSH = 1 << 24, LEAST_FLUSH = 1 << 12, MOST_FLUSH = 1 << 30 };

static kehu_status read_options(kehu_store_options *opt, const kehu_store_options *from,
                                const char *path, kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (path == NULL || path[0] == '\0' || strlen(path) > KEHU__FOLDER_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL, empty or over %d bytes",
                          KEHU__FOLDER_MAX);
    if (opt->mode > KEHU_STORE_NEW)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "mode is %u, expected 0 to %d",
                          (unsigned)opt->mode, KEHU_STORE_NEW);
    if (opt->durability > KEHU_STORE_NONE)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "durability is %u, expected 0 to %d",
                          (unsigned)opt->durability, KEHU_STORE_NONE);
    if (opt->max_segments == 0)
        opt->max_segments = 8;
    if (opt->max_segments < 2 || opt->max_segments > 1000)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "max_segments is %u, expected 2 to 1000",
                          (unsigned)opt->max_segments);
    if (opt->flush_bytes == 0)
        opt->flush_bytes = DEFAULT_FLUSH;
    if (opt->flush_bytes < LEAST_FLUSH || opt->flush_bytes > MOST_FLUSH)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "flush_bytes is %llu, expected %d to %d",
                          (unsigned long long)opt->flush_bytes, LEAST_FLUSH, MOST_FLUSH);
    return KEHU_OK;
}

/* See what there is; a missing folder is made if the mode says so. */
static kehu_status look(kehu__folder *f, const kehu_store *store, kehu_error *err)
{
    const kehu__io *io = store->state.io;
    const char *folder = store->state.folder;
    kehu_status status = kehu__folder_look(f, io, folder, err);
    if (status == KEHU_NOT_FOUND && store->options.mode != KEHU_STORE_EXISTING) {
        const int result = io->make_folder(io->ctx, folder, 0700);
        if (result < 0 && result != -EEXIST)
            return kehu__io_fail(result, "make folder", folder, err);
        KEHU_TRY(kehu__io_sync_parent(io, folder, err));
        status = kehu__folder_look(f, io, folder, err);
    }
    KEHU_TRY(status);
    if (f->newest > 0)
        return store->options.mode == KEHU_STORE_NEW
                   ? kehu__fail(err, KEHU_DUPLICATE, -1, "%s is a store already", folder)
                   : KEHU_OK;
    if (f->n_foreign > 0)
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "folder %s is no store and holds other files, such as %.60s",
                          folder, f->foreign);
    if (f->n_segments > 0 || f->n_logs > 1)
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "folder %s has files of a store but no manifest", folder);
    return store->options.mode == KEHU_STORE_EXISTING
               ? kehu__fail(err, KEHU_NOT_FOUND, -1, "%s is not a kehu store", folder)
               : KEHU_OK;
}

kehu_status kehu__folder_lock(int *fd, const kehu__io *io, const char *folder,
                              kehu_error *err)
{
    char path[KEHU__PATH_MAX];
    int result;
    kehu__file_path(path, folder, "LOCK");
    *fd = io->open(io->ctx, path, O_RDWR | O_CREAT, 0600);
    if (*fd < 0)
        return kehu__io_fail(*fd, "open", path, err);
    result = io->lock(io->ctx, *fd);
    if (result == -EAGAIN)
        return kehu__fail(err, KEHU_BUSY, -1, "another writer has %s open", folder);
    return result < 0 ? kehu__io_fail(result, "lock", path, err) : KEHU_OK;
}

static kehu_status draw_id(const kehu_store *store, uint64_t *id, kehu_error *err)
{
    const kehu__io *io = store->state.io;
    unsigned char bytes[8] = {0};
    int result;
    *id = store->options.store_id;
    if (*id != 0)
        return KEHU_OK;
    result = io->draw(io->ctx, bytes, sizeof bytes);
    if (result < 0)
        return kehu__io_fail(result, "draw", "the store's number", err);
    *id = kehu__load64(bytes) | 1; /* 0 stands for none */
    return KEHU_OK;
}

/* A creation that was cut off leaves an empty log; more is not ours to write over. */
static kehu_status check_leftover(const kehu_store *store, kehu_error *err)
{
    const kehu__io *io = store->state.io;
    char name[32], path[KEHU__PATH_MAX];
    int64_t size;
    int fd;
    kehu__file_name(name, KEHU__FILE_LOG, 1);
    kehu__file_path(path, store->state.folder, name);
    fd = io->open(io->ctx, path, O_RDONLY, 0);
    if (fd == -ENOENT)
        return KEHU_OK;
    if (fd < 0)
        return kehu__io_fail(fd, "open", path, err);
    size = io->size(io->ctx, fd);
    io->close(io->ctx, fd);
    return size <= KEHU__FILE_HEADER
               ? KEHU_OK
               : kehu__fail(err, KEHU_FORMAT, -1,
                            "folder %s has files of a store but no manifest",
                            store->state.folder);
}

static kehu_status create(kehu_store *store, kehu_error *err)
{
    kehu__store_state *s = &store->state;
    kehu__store_log log = kehu__log_new(s->io, &store->alloc);
    kehu__manifest m = kehu__manifest_new(&store->alloc);
    kehu_status status;
    bool unsure;
    int result;
    KEHU_TRY(check_leftover(store, err));
    KEHU_TRY(draw_id(store, &m.store_id, err));
    m.number = m.log_number = m.log_first = 1;
    m.next_file = 2;
    KEHU_TRY(kehu__log_create(&log, s->folder, 1, m.store_id, 1, err));
    kehu__log_close(&log);
    result = s->io->sync_folder(s->io->ctx, s->folder);
    if (result < 0)
        return kehu__io_fail(result, "sync", s->folder, err);
    status = kehu__manifest_publish(&m, s->io, s->folder, &unsure, err);
    kehu__manifest_free(&m);
    return status;
}

/* The folder's full name: the program may change its working folder later. */
static kehu_status name_in_full(char full[KEHU__FOLDER_MAX + 1],
                                const kehu__store_state *s, kehu_error *err)
{
    const size_t size = strlen(s->folder) + 1;
    size_t n;
    int result;
    memcpy(full, s->folder, size);
    if (kehu__is_full_path(s->folder))
        return KEHU_OK;
    result = s->io->working_folder(s->io->ctx, full, KEHU__FOLDER_MAX + 1);
    if (result < 0 && result != -ERANGE)
        return kehu__io_fail(result, "find", "the working folder", err);
    n = result < 0 ? KEHU__FOLDER_MAX : strlen(full);
    if (n + size > KEHU__FOLDER_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "path is over %d bytes with the working folder before it",
                          KEHU__FOLDER_MAX);
    full[n++] = '/';
    memcpy(full + n, s->folder, size);
    return KEHU_OK;
}

static kehu_status open_locked(kehu_store *store, kehu_error *err)
{
    char full[KEHU__FOLDER_MAX + 1] = "";
    kehu__folder f;
    int64_t n_removed;
    int result;
    KEHU_TRY(name_in_full(full, &store->state, err));
    KEHU_TRY(look(&f, store, err));
    KEHU_TRY(
        kehu__folder_lock(&store->lock_fd, store->state.io, store->state.folder, err));
    /* Another writer may have made or changed it before the lock was ours. */
    KEHU_TRY(look(&f, store, err));
    if (f.newest == 0)
        KEHU_TRY(create(store, err));
    KEHU_TRY(kehu__state_open(&store->state, true, err));
    /* The names it found may be news to the disk, if the last writer was killed: they
     * go there before the files that they replace are removed. */
    result = store->state.io->sync_folder(store->state.io->ctx, store->state.folder);
    if (result < 0)
        return kehu__io_fail(result, "sync", store->state.folder, err);
    KEHU_TRY(kehu__store_clean(store, true, false, &n_removed, err));
    memcpy(store->state.folder, full, sizeof full);
    return KEHU_OK;
}

void kehu_store_free(kehu_store *store)
{
    kehu_allocator a;
    if (store == NULL)
        return;
    a = store->alloc;
    if (!store->poisoned && store->unsynced > 0)
        (void)kehu__log_sync(&store->state.log, NULL);
    if (store->process == kehu__process_number())
        kehu__log_cut(&store->state.log);
    kehu__state_close(&store->state);
    if (store->lock_fd >= 0)
        store->state.io->close(store->state.io->ctx, store->lock_fd);
    kehu__free(&a, store, 1, sizeof *store);
}

kehu_status kehu__store_open(kehu_store **out, const char *path,
                             const kehu_store_options *options, const kehu__io *io,
                             kehu_error *err)
{
    kehu_store_options opt = {0};
    kehu_allocator alloc;
    kehu_store *store;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, path, err));
    alloc = kehu__allocator(opt.alloc);
    store = kehu__alloc(&alloc, 1, sizeof *store);
    if (store == NULL)
        return kehu__no_memory(err, "a store");
    memset(store, 0, sizeof *store);
    store->alloc = alloc;
    store->state = kehu__state_new(io, &alloc);
    memcpy(store->state.folder, path, strlen(path) + 1);
    store->options = opt;
    store->options.alloc = NULL; /* the copy counts */
    store->lock_fd = -1;
    store->process = kehu__process_number();
    status = open_locked(store, err);
    if (status != KEHU_OK) {
        kehu_store_free(store);
        return status;
    }
    *out = store;
    return KEHU_OK;
}

kehu_status kehu_store_open(kehu_store **out, const char *path,
                            const kehu_store_options *options, kehu_error *err)
{
    return kehu__store_open(out, path, options, &kehu__io_system, err);
}
