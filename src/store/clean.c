#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "store/handle.h"

typedef struct found_file {
    kehu__file_kind kind;
    uint64_t number;
} found_file;

typedef struct found_files {
    kehu_allocator alloc;
    found_file *items;
    size_t n, capacity;
} found_files;

static int collect(void *arg, const char *name)
{
    found_files *f = arg;
    found_file one;
    one.kind = kehu__file_kind_of(name, &one.number);
    if (one.kind == KEHU__FILE_FOREIGN || one.kind == KEHU__FILE_LOCK)
        return 0;
    if (!kehu__grow(&f->alloc, &f->items, &f->capacity, f->n + 1, sizeof one))
        return -ENOMEM;
    f->items[f->n++] = one;
    return 0;
}

static bool is_needed(const kehu__manifest *m, const found_file *f, bool keep_previous)
{
    if (f->kind == KEHU__FILE_MANIFEST)
        return f->number == m->number || (keep_previous && f->number + 1 == m->number);
    if (f->kind == KEHU__FILE_LOG)
        return f->number == m->log_number;
    for (uint32_t i = 0; f->kind == KEHU__FILE_SEGMENT && i < m->n_segments; i++)
        if (m->segments[i].number == f->number)
            return true;
    return false;
}

/* A file nobody names whose header is whole and of another store is not ours. */
static kehu_status check_owner(const kehu_store *store, const found_file *f,
                               const char *name, const char *path, kehu_error *err)
{
    const kehu__io *io = store->state.io;
    unsigned char header[KEHU__FILE_HEADER];
    kehu__file_header h = {f->kind, 0, f->number, 0, 0};
    const int fd = io->open(io->ctx, path, O_RDONLY, 0);
    bool whole;
    if (fd < 0)
        return fd == -ENOENT ? KEHU_OK : kehu__io_fail(fd, "open", path, err);
    whole = kehu__io_read(io, fd, header, sizeof header, 0, name, NULL) == KEHU_OK;
    io->close(io->ctx, fd);
    if (!whole || kehu__file_header_read(header, &h, name, NULL) != KEHU_OK ||
        h.store_id == store->state.manifest.store_id)
        return KEHU_OK;
    return kehu__fail(err, KEHU_FORMAT, -1,
                      "%s belongs to another store: two are mixed in this folder", name);
}

static kehu_status handle_file(const kehu_store *store, const found_file *f, bool strict,
                               bool remove, int64_t *n_removed, kehu_error *err)
{
    const kehu__store_state *s = &store->state;
    char name[40], path[KEHU__PATH_MAX];
    int result;
    if (f->kind == KEHU__FILE_TEMPORARY) {
        kehu__file_name(name, KEHU__FILE_MANIFEST, f->number);
        memcpy(name + strlen(name), ".tmp", 5);
    } else
        kehu__file_name(name, f->kind, f->number);
    kehu__file_path(path, s->folder, name);
    if (!remove)
        return f->kind == KEHU__FILE_TEMPORARY ? KEHU_OK
                                               : check_owner(store, f, name, path, err);
    result = s->io->unlink(s->io->ctx, path);
    *n_removed += result >= 0;
    if (result < 0 && result != -ENOENT && strict)
        return kehu__io_fail(result, "remove", path, err);
    return KEHU_OK;
}

kehu_status kehu__store_clean(kehu_store *store, bool keep_previous, bool strict,
                              int64_t *n_removed, kehu_error *err)
{
    const kehu__store_state *s = &store->state;
    found_files f = {.alloc = store->alloc};
    kehu_status status = KEHU_OK;
    int result;
    *n_removed = 0;
    if (store->poisoned) /* by a manifest that may count, and names its own files */
        return KEHU_OK;
    result = s->io->list(s->io->ctx, s->folder, collect, &f);
    if (result == -ENOMEM)
        status = kehu__no_memory(err, "the list of files");
    else if (result < 0)
        status = kehu__io_fail(result, "open folder", s->folder, err);
    /* All are looked at before the first is removed. */
    for (int remove = 0; remove < 2; remove++)
        for (size_t i = 0; status == KEHU_OK && i < f.n; i++)
            if (!is_needed(&s->manifest, &f.items[i], keep_previous))
                status =
                    handle_file(store, &f.items[i], strict, remove != 0, n_removed, err);
    kehu__free(&store->alloc, f.items, f.capacity, sizeof *f.items);
    if (status == KEHU_OK && *n_removed > 0 && strict) {
        result = s->io->sync_folder(s->io->ctx, s->folder);
        if (result < 0)
            status = kehu__io_fail(result, "sync", s->folder, err);
    }
    return status;
}
