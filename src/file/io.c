#include "file/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

static int os_open(void *ctx, const char *path, int flags, int mode)
{
    const int fd = open(path, flags | O_CLOEXEC, mode);
    (void)ctx;
    return fd < 0 ? -errno : fd;
}

static int os_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd) < 0 ? -errno : 0;
}

static int64_t os_pread(void *ctx, int fd, void *bytes, size_t size, int64_t at)
{
    const ssize_t n = pread(fd, bytes, size, (off_t)at);
    (void)ctx;
    return n < 0 ? -errno : n;
}

static int64_t os_pwrite(void *ctx, int fd, const void *bytes, size_t size, int64_t at)
{
    const ssize_t n = pwrite(fd, bytes, size, (off_t)at);
    (void)ctx;
    return n < 0 ? -errno : n;
}

static int64_t os_size(void *ctx, int fd)
{
    struct stat st;
    (void)ctx;
    if (fstat(fd, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? -EISDIR : st.st_size;
}

static int os_truncate(void *ctx, int fd, int64_t size)
{
    (void)ctx;
    return ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}

static int os_sync(void *ctx, int fd)
{
    (void)ctx;
#if defined(__APPLE__)
    return fcntl(fd, F_FULLFSYNC) < 0 ? -errno : 0;
#else
    return fdatasync(fd) < 0 ? -errno : 0;
#endif
}

static int os_sync_folder(void *ctx, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result;
    (void)ctx;
    if (fd < 0)
        return -errno;
    result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int os_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to) < 0 ? -errno : 0;
}

static int os_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path) < 0 ? -errno : 0;
}

static int os_make_folder(void *ctx, const char *path, int mode)
{
    (void)ctx;
    return mkdir(path, (mode_t)mode) < 0 ? -errno : 0;
}

static int os_working_folder(void *ctx, char *path, size_t size)
{
    (void)ctx;
    return getcwd(path, size) == NULL ? -errno : 0;
}

static int os_list(void *ctx, const char *folder, int (*name)(void *arg, const char *n),
                   void *arg)
{
    DIR *dir = opendir(folder);
    int result = 0;
    (void)ctx;
    if (dir == NULL)
        return -errno;
    while (result >= 0) {
        const struct dirent *e;
        errno = 0;
        e = readdir(dir);
        if (e == NULL) {
            result = -errno;
            break;
        }
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            result = name(arg, e->d_name);
    }
    closedir(dir);
    return result < 0 ? result : 0;
}

/* A lock of the open file, not of the process: two handles in one process exclude
 * each other too, and closing an unrelated descriptor does not drop it. */
#if defined(__linux__)
enum { SET_LOCK = 37 }; /* F_OFD_SETLK, which POSIX 2024 took up from Linux */
#else
enum { SET_LOCK = F_SETLK };
#endif

static int os_lock(void *ctx, int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)ctx;
    if (fcntl(fd, SET_LOCK, &whole) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

static int os_map(void *ctx, int fd, size_t size, void **bytes)
{
    (void)ctx;
    *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    return *bytes == MAP_FAILED ? -errno : 0;
}

static int os_unmap(void *ctx, void *bytes, size_t size)
{
    (void)ctx;
    return munmap(bytes, size) < 0 ? -errno : 0;
}

const kehu__io kehu__io_system = {
    .open = os_open,
    .close = os_close,
    .pread = os_pread,
    .pwrite = os_pwrite,
    .size = os_size,
    .truncate = os_truncate,
    .sync = os_sync,
    .sync_folder = os_sync_folder,
    .rename = os_rename,
    .unlink = os_unlink,
    .make_folder = os_make_folder,
    .working_folder = os_working_folder,
    .list = os_list,
    .lock = os_lock,
    .map = os_map,
    .unmap = os_unmap,
};

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
    case EDQUOT:
        return "the disk quota is used up";
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
