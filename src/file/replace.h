/* file/replace.h - a file written piece by piece that takes its name only when
 * it is whole and on the disk.
 *
 *     kehu__replace r;
 *     kehu_status status = kehu__replace_begin(&r, &kehu__io_system, path, err);
 *     if (status == KEHU_OK)
 *         status = kehu__replace_write(&r, bytes, size, err);
 *     status = kehu__replace_end(&r, status, err);
 */
#ifndef KEHU_SRC_FILE_REPLACE_H
#define KEHU_SRC_FILE_REPLACE_H

#include "file/io.h"

typedef struct kehu__replace {
    const kehu__io *io;
    int fd;
    int64_t at;
    const char *path; /* borrowed */
    char temporary[KEHU__PATH_BYTES];
} kehu__replace;

/* Open path.tmp. Fails with KEHU_ARGUMENT (path too long or empty),
 * KEHU_NOT_FOUND (no such folder), KEHU_IO. */
kehu_status kehu__replace_begin(kehu__replace *r, const kehu__io *io, const char *path,
                                kehu_error *err);

kehu_status kehu__replace_write(kehu__replace *r, const void *bytes, size_t size,
                                kehu_error *err);

/* With status KEHU_OK sync, close and rename; otherwise, or when that fails,
 * remove the temporary file. Returns status or the failure. Also after a failed
 * begin. */
kehu_status kehu__replace_end(kehu__replace *r, kehu_status status, kehu_error *err);

#endif
