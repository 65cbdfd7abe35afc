#include "file/replace.h"

#include <fcntl.h>
#include <string.h>

#include "base/error.h"

kehu_status kehu__replace_begin(kehu__replace *r, const kehu__io *io, const char *path,
                                kehu_error *err)
{
    const size_t length = strlen(path);
    r->io = io;
    r->fd = -1;
    r->at = 0;
    r->path = path;
    if (length == 0 || length + 5 > sizeof r->temporary)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the path has %zu bytes, expected 1 to %zu", length,
                          sizeof r->temporary - 5);
    memcpy(r->temporary, path, length);
    memcpy(r->temporary + length, ".tmp", 5);
    r->fd = io->open(io->ctx, r->temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    return r->fd < 0 ? kehu__io_fail(r->fd, "create", r->temporary, err) : KEHU_OK;
}

kehu_status kehu__replace_write(kehu__replace *r, const void *bytes, size_t size,
                                kehu_error *err)
{
    const kehu_status status =
        kehu__io_write(r->io, r->fd, bytes, size, r->at, r->temporary, err);
    r->at += (int64_t)size;
    return status;
}

kehu_status kehu__replace_end(kehu__replace *r, kehu_status status, kehu_error *err)
{
    const kehu__io *io = r->io;
    int result;
    if (r->fd < 0)
        return status;
    if (status == KEHU_OK && (result = io->sync(io->ctx, r->fd)) < 0)
        status = kehu__io_fail(result, "sync", r->temporary, err);
    result = io->close(io->ctx, r->fd);
    r->fd = -1;
    if (status == KEHU_OK && result < 0)
        status = kehu__io_fail(result, "close", r->temporary, err);
    if (status == KEHU_OK && (result = io->rename(io->ctx, r->temporary, r->path)) < 0)
        status = kehu__io_fail(result, "rename to", r->path, err);
    if (status != KEHU_OK) {
        io->unlink(io->ctx, r->temporary);
        return status;
    }
    return kehu__io_sync_parent(io, r->path, err);
}

kehu_status kehu__file_replace(const kehu__io *io, const char *path, const void *bytes,
                               size_t size, kehu_error *err)
{
    kehu__replace r;
    kehu_status status = kehu__replace_begin(&r, io, path, err);
    if (status == KEHU_OK)
        status = kehu__replace_write(&r, bytes, size, err);
    return kehu__replace_end(&r, status, err);
}
