/* The table for POSIX. */
#include "file/io.h"

#if !defined(_WIN32)
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int os_draw(void *ctx, void *bytes, size_t size)
{
    const int fd = os_open(ctx, "/dev/urandom", O_RDONLY, 0);
    int64_t n;
    if (fd < 0)
        return fd;
    n = os_pread(ctx, fd, bytes, size, 0);
    os_close(ctx, fd);
    return n < 0 ? (int)n : n == (int64_t)size ? 0 : -EIO;
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

int64_t kehu__process_number(void)
{
    return getpid();
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
    .draw = os_draw,
    .list = os_list,
    .lock = os_lock,
    .map = os_map,
    .unmap = os_unmap,
};
#endif
