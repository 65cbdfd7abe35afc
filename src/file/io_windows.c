/* The table for Windows. A descriptor is a handle, of which 32 bits count. */
#include "file/io.h"

#if defined(_WIN32)
#ifndef _CRT_RAND_S
#define _CRT_RAND_S
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

enum { LARGEST_PIECE = 1 << 30 };

static int error_of(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
        return -ENOENT;
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_DIRECTORY:
        return -ENOTDIR;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
        return -EACCES;
    case ERROR_LOCK_VIOLATION:
    case ERROR_IO_PENDING:
        return -EAGAIN;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return -EEXIST;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return -ENOSPC;
    case ERROR_WRITE_PROTECT:
        return -EROFS;
    case ERROR_TOO_MANY_OPEN_FILES:
        return -EMFILE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

static int last_error(void)
{
    return error_of(GetLastError());
}

static HANDLE handle_of(int fd)
{
    return (HANDLE)(intptr_t)fd;
}

typedef WCHAR wide_path[KEHU__PATH_BYTES];

static bool widen(wide_path wide, const char *path)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide,
                               KEHU__PATH_BYTES) > 0;
}

/* A folder can be opened to read, as in POSIX: its size is refused. */
static int os_open(void *ctx, const char *path, int flags, int mode)
{
    const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
    const DWORD access = (flags & O_WRONLY) != 0 ? GENERIC_WRITE
                         : writes                ? GENERIC_READ | GENERIC_WRITE
                                                 : GENERIC_READ;
    const DWORD how = (flags & O_CREAT) == 0   ? OPEN_EXISTING
                      : (flags & O_TRUNC) != 0 ? CREATE_ALWAYS
                                               : OPEN_ALWAYS;
    wide_path wide;
    HANDLE handle;
    (void)ctx;
    (void)mode;
    if (!widen(wide, path))
        return -ENOENT;
    handle = CreateFileW(
        wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how,
        FILE_ATTRIBUTE_NORMAL | (writes ? 0 : FILE_FLAG_BACKUP_SEMANTICS), NULL);
    return handle == INVALID_HANDLE_VALUE ? last_error() : (int)(intptr_t)handle;
}

static int os_close(void *ctx, int fd)
{
    (void)ctx;
    return CloseHandle(handle_of(fd)) ? 0 : last_error();
}

static OVERLAPPED place(int64_t at)
{
    return (OVERLAPPED){.Offset = (DWORD)(uint64_t)at,
                        .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
}

static DWORD piece(size_t size)
{
    return size < LARGEST_PIECE ? (DWORD)size : LARGEST_PIECE;
}

static int64_t os_pread(void *ctx, int fd, void *bytes, size_t size, int64_t at)
{
    OVERLAPPED from = place(at);
    DWORD n = 0;
    (void)ctx;
    if (ReadFile(handle_of(fd), bytes, piece(size), &n, &from))
        return n;
    return GetLastError() == ERROR_HANDLE_EOF ? 0 : last_error();
}

static int64_t os_pwrite(void *ctx, int fd, const void *bytes, size_t size, int64_t at)
{
    OVERLAPPED to = place(at);
    DWORD n = 0;
    (void)ctx;
    return WriteFile(handle_of(fd), bytes, piece(size), &n, &to) ? (int64_t)n
                                                                 : last_error();
}

static int64_t os_size(void *ctx, int fd)
{
    BY_HANDLE_FILE_INFORMATION info;
    (void)ctx;
    if (!GetFileInformationByHandle(handle_of(fd), &info))
        return last_error();
    if (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
        return -EISDIR;
    return (int64_t)((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow);
}

static int os_truncate(void *ctx, int fd, int64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = size};
    (void)ctx;
    return SetFileInformationByHandle(handle_of(fd), FileEndOfFileInfo, &end, sizeof end)
               ? 0
               : last_error();
}

static int os_sync(void *ctx, int fd)
{
    (void)ctx;
    return FlushFileBuffers(handle_of(fd)) ? 0 : last_error();
}

/* Windows promises no sync of names: NTFS keeps them in the order of its journal, and
 * os_rename asks for more. So a file system that refuses this is no failure. */
static int os_sync_folder(void *ctx, const char *path)
{
    wide_path wide;
    HANDLE handle;
    DWORD attributes;
    (void)ctx;
    if (!widen(wide, path))
        return -ENOENT;
    attributes = GetFileAttributesW(wide);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return last_error();
    if (!(attributes & FILE_ATTRIBUTE_DIRECTORY))
        return -ENOTDIR;
    handle = CreateFileW(wide, GENERIC_WRITE,
                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                         OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return 0;
    FlushFileBuffers(handle);
    CloseHandle(handle);
    return 0;
}

static int os_rename(void *ctx, const char *from, const char *to)
{
    wide_path wide_from, wide_to;
    (void)ctx;
    if (!widen(wide_from, from) || !widen(wide_to, to))
        return -ENOENT;
    return MoveFileExW(wide_from, wide_to,
                       MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
               ? 0
               : last_error();
}

static int os_unlink(void *ctx, const char *path)
{
    wide_path wide;
    (void)ctx;
    if (!widen(wide, path))
        return -ENOENT;
    return DeleteFileW(wide) ? 0 : last_error();
}

static int os_make_folder(void *ctx, const char *path, int mode)
{
    wide_path wide;
    (void)ctx;
    (void)mode;
    if (!widen(wide, path))
        return -ENOENT;
    return CreateDirectoryW(wide, NULL) ? 0 : last_error();
}

static int os_working_folder(void *ctx, char *path, size_t size)
{
    wide_path wide;
    const DWORD n = GetCurrentDirectoryW(KEHU__PATH_BYTES, wide);
    (void)ctx;
    if (n == 0)
        return last_error();
    if (n >= KEHU__PATH_BYTES ||
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, (int)size, NULL, NULL) == 0)
        return -ERANGE;
    return 0;
}

static int os_draw(void *ctx, void *bytes, size_t size)
{
    unsigned char *p = bytes;
    (void)ctx;
    while (size > 0) {
        unsigned drawn;
        const size_t n = size < sizeof drawn ? size : sizeof drawn;
        if (rand_s(&drawn) != 0)
            return -EIO;
        memcpy(p, &drawn, n);
        p += n;
        size -= n;
    }
    return 0;
}

static int give_name(const WCHAR *wide, int (*name)(void *arg, const char *n), void *arg)
{
    char text[3 * MAX_PATH + 1]; /* a unit of UTF-16 becomes at most three bytes */
    if (wcscmp(wide, L".") == 0 || wcscmp(wide, L"..") == 0)
        return 0;
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL) == 0)
        return last_error();
    return name(arg, text);
}

static int os_list(void *ctx, const char *folder, int (*name)(void *arg, const char *n),
                   void *arg)
{
    char pattern[KEHU__PATH_BYTES];
    const size_t length = strlen(folder);
    wide_path wide;
    WIN32_FIND_DATAW found;
    HANDLE search;
    int result = 0;
    (void)ctx;
    if (length + 3 > sizeof pattern)
        return -ENOENT;
    memcpy(pattern, folder, length);
    memcpy(pattern + length, "/*", 3);
    if (!widen(wide, pattern))
        return -ENOENT;
    search = FindFirstFileW(wide, &found);
    if (search == INVALID_HANDLE_VALUE)
        return last_error();
    do
        result = give_name(found.cFileName, name, arg);
    while (result >= 0 && FindNextFileW(search, &found));
    if (result >= 0 && GetLastError() != ERROR_NO_MORE_FILES)
        result = last_error();
    FindClose(search);
    return result < 0 ? result : 0;
}

static int os_lock(void *ctx, int fd)
{
    OVERLAPPED first = place(0);
    (void)ctx;
    return LockFileEx(handle_of(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY,
                      0, 1, 0, &first)
               ? 0
               : last_error();
}

static int os_map(void *ctx, int fd, size_t size, void **bytes)
{
    const HANDLE file =
        CreateFileMappingW(handle_of(fd), NULL, PAGE_READONLY, 0, 0, NULL);
    int result;
    (void)ctx;
    if (file == NULL)
        return last_error();
    *bytes = MapViewOfFile(file, FILE_MAP_READ, 0, 0, size);
    result = *bytes == NULL ? last_error() : 0;
    CloseHandle(file); /* the view keeps it */
    return result;
}

static int os_unmap(void *ctx, void *bytes, size_t size)
{
    (void)ctx;
    (void)size;
    return UnmapViewOfFile(bytes) ? 0 : last_error();
}

int64_t kehu__process_number(void)
{
    return GetCurrentProcessId();
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
