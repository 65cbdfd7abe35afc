#include "file/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* strerror is neither thread-safe nor free of the locale. */
static const char *reason(int64_t code)
{
    switch (code) {
    case ENOENT:
        return "no such file or folder";
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOSPC:
        return "the disk is full";
#if defined(EDQUOT)
    case EDQUOT:
        return "the disk quota is used up";
#endif
    case EISDIR:
        return "it is a folder";
    case ENOTDIR:
        return "a part of the path is not a folder";
    case EROFS:
        return "read-only file system";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case EEXIST:
        return "it exists already";
    case EIO:
        return "input/output error";
    default:
        return "system error";
    }
}

kehu_status kehu__io_fail(int64_t result, const char *doing, const char *name,
                          kehu_error *err)
{
    const kehu_status status =
        result == -ENOENT || result == -ENOTDIR ? KEHU_NOT_FOUND : KEHU_IO;
    return kehu__fail(err, status, -1, "cannot %s %s: %s (errno %d)", doing, name,
                      reason(-result), (int)-result);
}

/* The end of the folder part, 0 if there is none; the separator belongs to it, since
 * "/" and "C:\\" are folders and "C:" is none. */
static size_t folder_part(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && kehu__is_separator(path[n - 1]))
        n--;
    while (n > 0 && !kehu__is_separator(path[n - 1]))
        n--;
    return n;
}

kehu_status kehu__io_sync_parent(const kehu__io *io, const char *path, kehu_error *err)
{
    char folder[KEHU__PATH_BYTES];
    const size_t n = folder_part(path);
    int result;
    memcpy(folder, n == 0 ? "." : path, n == 0 ? 1 : n);
    folder[n == 0 ? 1 : n] = '\0';
    result = io->sync_folder(io->ctx, folder);
    return result < 0 ? kehu__io_fail(result, "sync", folder, err) : KEHU_OK;
}

kehu_status kehu__io_read(const kehu__io *io, int fd, void *bytes, size_t size,
                          int64_t at, const char *name, kehu_error *err)
{
    char *p = bytes;
    while (size > 0) {
        const int64_t n = io->pread(io->ctx, fd, p, size, at);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return kehu__io_fail(n, "read", name, err);
        if (n == 0)
            return kehu__fail(err, KEHU_FORMAT, at, "%s ends early, at byte %lld", name,
                              (long long)at);
        p += n;
        at += n;
        size -= (size_t)n;
    }
    return KEHU_OK;
}

kehu_status kehu__io_write(const kehu__io *io, int fd, const void *bytes, size_t size,
                           int64_t at, const char *name, kehu_error *err)
{
    const char *p = bytes;
    while (size > 0) {
        const int64_t n = io->pwrite(io->ctx, fd, p, size, at);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return kehu__io_fail(n == 0 ? -EIO : n, "write", name, err);
        p += n;
        at += n;
        size -= (size_t)n;
    }
    return KEHU_OK;
}

static kehu_status too_large(const char *path, int64_t length, size_t max_size,
                             kehu_error *err)
{
    return kehu__fail(err, KEHU_LIMIT, -1, "%s has %lld bytes, at most %zu are read",
                      path, (long long)length, max_size);
}

kehu_status kehu__file_read(const kehu__io *io, const char *path, size_t max_size,
                            const kehu_allocator *alloc, char **bytes, size_t *size,
                            kehu_error *err)
{
    kehu_status status = KEHU_OK;
    int64_t length;
    const int fd = io->open(io->ctx, path, O_RDONLY, 0);
    *bytes = NULL;
    *size = 0;
    if (fd < 0)
        return kehu__io_fail(fd, "open", path, err);
    length = io->size(io->ctx, fd);
    if (length < 0)
        status = kehu__io_fail(length, "read", path, err);
    else if ((uint64_t)length > max_size)
        status = too_large(path, length, max_size, err);
    else if (length > 0) {
        *bytes = kehu__alloc(alloc, (size_t)length, 1);
        status = *bytes == NULL
                     ? kehu__no_memory(err, path)
                     : kehu__io_read(io, fd, *bytes, (size_t)length, 0, path, err);
    }
    io->close(io->ctx, fd);
    if (status != KEHU_OK) {
        kehu__free(alloc, *bytes, (size_t)length, 1);
        *bytes = NULL;
        return status;
    }
    *size = (size_t)length;
    return KEHU_OK;
}

kehu_status kehu__file_map(kehu__mapping *out, const kehu__io *io, const char *path,
                           size_t max_size, kehu_error *err)
{
    kehu_status status = KEHU_OK;
    const int fd = io->open(io->ctx, path, O_RDONLY, 0);
    int64_t length, result;
    *out = (kehu__mapping){.io = io};
    if (fd < 0)
        return kehu__io_fail(fd, "open", path, err);
    length = io->size(io->ctx, fd);
    if (length < 0)
        status = kehu__io_fail(length, "map", path, err);
    else if ((uint64_t)length > max_size)
        status = too_large(path, length, max_size, err);
    else if (length > 0) {
        result = io->map(io->ctx, fd, (size_t)length, &out->bytes);
        if (result < 0) {
            out->bytes = NULL;
            status = kehu__io_fail(result, "map", path, err);
        } else
            out->size = (size_t)length;
    }
    io->close(io->ctx, fd);
    return status;
}

void kehu__file_unmap(kehu__mapping *mapping)
{
    if (mapping->bytes != NULL)
        mapping->io->unmap(mapping->io->ctx, mapping->bytes, mapping->size);
    *mapping = (kehu__mapping){.io = mapping->io};
}
