#include "support/faulty_io.h"

static bool fails(faulty_io *f)
{
    const long call = f->calls++;
    const bool now =
        f->fail_at >= 0 && (f->sticky ? call >= f->fail_at : call == f->fail_at);
    f->failed |= now;
    return now;
}

/* The result of a call that moves no bytes: 0 to go on, else what to return. */
static int refuse(faulty_io *f)
{
    return fails(f) && f->how != FAULTY_IO_SHORT ? -f->how : 0;
}

static int faulty_open(void *ctx, const char *path, int flags, int mode)
{
    faulty_io *f = ctx;
    int result = refuse(f);
    if (result == 0 && (result = f->base->open(f->base->ctx, path, flags, mode)) >= 0)
        f->open_files++;
    return result;
}

static int faulty_close(void *ctx, int fd)
{
    faulty_io *f = ctx;
    const int refused = refuse(f), result = f->base->close(f->base->ctx, fd);
    f->open_files--;
    return refused != 0 ? refused : result;
}

static int64_t faulty_pread(void *ctx, int fd, void *bytes, size_t size, int64_t at)
{
    faulty_io *f = ctx;
    const bool now = fails(f);
    if (now && f->how != FAULTY_IO_SHORT)
        return -f->how;
    return f->base->pread(f->base->ctx, fd, bytes, now ? (size + 1) / 2 : size, at);
}

static int64_t faulty_pwrite(void *ctx, int fd, const void *bytes, size_t size,
                             int64_t at)
{
    faulty_io *f = ctx;
    const bool now = fails(f);
    if (now && f->how != FAULTY_IO_SHORT)
        return -f->how;
    return f->base->pwrite(f->base->ctx, fd, bytes, now ? (size + 1) / 2 : size, at);
}

static int64_t faulty_size(void *ctx, int fd)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->size(f->base->ctx, fd);
}

static int faulty_truncate(void *ctx, int fd, int64_t size)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->truncate(f->base->ctx, fd, size);
}

static int faulty_sync(void *ctx, int fd)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->sync(f->base->ctx, fd);
}

static int faulty_sync_folder(void *ctx, const char *path)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->sync_folder(f->base->ctx, path);
}

static int faulty_rename(void *ctx, const char *from, const char *to)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->rename(f->base->ctx, from, to);
}

static int faulty_unlink(void *ctx, const char *path)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->unlink(f->base->ctx, path);
}

static int faulty_make_folder(void *ctx, const char *path, int mode)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->make_folder(f->base->ctx, path, mode);
}

static int faulty_working_folder(void *ctx, char *path, size_t size)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->working_folder(f->base->ctx, path, size);
}

static int faulty_draw(void *ctx, void *bytes, size_t size)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->draw(f->base->ctx, bytes, size);
}

static int faulty_list(void *ctx, const char *folder,
                       int (*name)(void *arg, const char *n), void *arg)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->list(f->base->ctx, folder, name, arg);
}

static int faulty_lock(void *ctx, int fd)
{
    faulty_io *f = ctx;
    const int refused = refuse(f);
    return refused != 0 ? refused : f->base->lock(f->base->ctx, fd);
}

const kehu__io *faulty_io_init(faulty_io *f, long fail_at, int how, bool sticky)
{
    *f = (faulty_io){
        .base = &kehu__io_system, .fail_at = fail_at, .how = how, .sticky = sticky};
    f->as_io = (kehu__io){.ctx = f,
                          .open = faulty_open,
                          .close = faulty_close,
                          .pread = faulty_pread,
                          .pwrite = faulty_pwrite,
                          .size = faulty_size,
                          .truncate = faulty_truncate,
                          .sync = faulty_sync,
                          .sync_folder = faulty_sync_folder,
                          .rename = faulty_rename,
                          .unlink = faulty_unlink,
                          .make_folder = faulty_make_folder,
                          .working_folder = faulty_working_folder,
                          .draw = faulty_draw,
                          .list = faulty_list,
                          .lock = faulty_lock};
    return &f->as_io;
}
