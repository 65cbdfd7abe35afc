/* file/io.h - the operating system's file calls as a table, so that tests can
 * fail, tear or record each of them. Everything that touches a disk goes
 * through one of these; nothing else in src/ opens a file. */
#ifndef KEHU_SRC_FILE_IO_H
#define KEHU_SRC_FILE_IO_H

#include <kehu/base.h>
#include <stdbool.h>

enum { KEHU__PATH_BYTES = 4096 };

/* Each call returns 0 or more, or minus an errno value. */
typedef struct kehu__io {
    void *ctx;
    int (*open)(void *ctx, const char *path, int flags, int mode); /* a descriptor */
    int (*close)(void *ctx, int fd);
    int64_t (*pread)(void *ctx, int fd, void *bytes, size_t size, int64_t at);
    int64_t (*pwrite)(void *ctx, int fd, const void *bytes, size_t size, int64_t at);
    int64_t (*size)(void *ctx, int fd);
    int (*truncate)(void *ctx, int fd, int64_t size);
    int (*sync)(void *ctx, int fd);                  /* data and size on the disk */
    int (*sync_folder)(void *ctx, const char *path); /* names on the disk */
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    int (*make_folder)(void *ctx, const char *path, int mode);
    int (*working_folder)(void *ctx, char *path, size_t size); /* its full name */
    int (*draw)(void *ctx, void *bytes, size_t size);          /* unforeseeable bytes */
    /* Call name(arg, n) for each file in a folder but "." and "..", in the folder's
     * order; a result below 0 stops and is returned. */
    int (*list)(void *ctx, const char *folder, int (*name)(void *arg, const char *n),
                void *arg);
    /* Take the exclusive lock of an open file, held until it is closed or the
     * process ends; -EAGAIN when another open file has it. Never waits. */
    int (*lock)(void *ctx, int fd);
    /* The file's first `size` bytes, above 0, as memory to read, shared with whoever else
     * maps it; the descriptor may be closed. */
    int (*map)(void *ctx, int fd, size_t size, void **bytes);
    int (*unmap)(void *ctx, void *bytes, size_t size);
} kehu__io;

/* The real one: io_posix.c or io_windows.c. Paths are UTF-8 on both. */
extern const kehu__io kehu__io_system;

/* The number of this process: another in a child after a fork. */
int64_t kehu__process_number(void);

/* Read or write all of `size`, going on after short counts and EINTR. Fail with
 * KEHU_IO, or KEHU_FORMAT when the file ends early. name is for the message. */
kehu_status kehu__io_read(const kehu__io *io, int fd, void *bytes, size_t size,
                          int64_t at, const char *name, kehu_error *err);
kehu_status kehu__io_write(const kehu__io *io, int fd, const void *bytes, size_t size,
                           int64_t at, const char *name, kehu_error *err);

/* A failed call's errno (negative `result`) as a status: NOT_FOUND for a
 * missing file or folder, IO for the rest. The message says what was tried. */
kehu_status kehu__io_fail(int64_t result, const char *doing, const char *name,
                          kehu_error *err);

static inline bool kehu__is_separator(char c)
{
#if defined(_WIN32)
    return c == '/' || c == '\\';
#else
    return c == '/';
#endif
}

/* Does the path stay the same file when the working folder changes? */
static inline bool kehu__is_full_path(const char *path)
{
#if defined(_WIN32)
    if (path[0] != '\0' && path[1] == ':')
        return true;
#endif
    return kehu__is_separator(path[0]);
}

/* Sync the folder that a path, below KEHU__PATH_BYTES long, stands in. */
kehu_status kehu__io_sync_parent(const kehu__io *io, const char *path, kehu_error *err);

/* Whole file into memory: *bytes has *size bytes (NULL for an empty file) from
 * `alloc`. Fails with KEHU_LIMIT above max_size. */
kehu_status kehu__file_read(const kehu__io *io, const char *path, size_t max_size,
                            const kehu_allocator *alloc, char **bytes, size_t *size,
                            kehu_error *err);

/* A whole file as memory; bytes is NULL for an empty one. Fails as kehu__file_read. */
typedef struct kehu__mapping {
    const kehu__io *io;
    void *bytes;
    size_t size;
} kehu__mapping;
kehu_status kehu__file_map(kehu__mapping *out, const kehu__io *io, const char *path,
                           size_t max_size, kehu_error *err);
void kehu__file_unmap(kehu__mapping *mapping);

/* Replace path by these bytes, or leave it untouched: a temporary file beside
 * it is written, checked, synced and renamed over. */
kehu_status kehu__file_replace(const kehu__io *io, const char *path, const void *bytes,
                               size_t size, kehu_error *err);

#endif
