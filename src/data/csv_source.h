/* data/csv_source.h - the text of a file as a window of UTF-8 that moves on. */
#ifndef KEHU_SRC_DATA_CSV_SOURCE_H
#define KEHU_SRC_DATA_CSV_SOURCE_H

#include <stdbool.h>

#include "file/io.h"

typedef struct kehu__csv_source {
    kehu_allocator alloc;
    const kehu__io *io; /* NULL: memory */
    int fd;
    const char *memory;
    int64_t size, at; /* bytes of the file (when opened) and read so far */
    char *name;       /* for messages; owned, name_bytes */
    size_t name_bytes;
    uint32_t encoding; /* a kehu_encoding; AUTO until something but ASCII comes */
    char *raw;         /* [chunk]; read, not yet decoded are raw_size bytes */
    size_t raw_size, chunk;
    char *text; /* the window is text[start..end) */
    size_t capacity, start, end;
    uint64_t moves;  /* times that the window went to another place */
    size_t plain;    /* text[start..plain) is ASCII without NUL, if plain > start */
    bool mark_taken; /* the byte order mark, if any */
    bool ended;      /* no byte comes after the window */
} kehu__csv_source;

/* Open a path, or with io NULL take bytes; nothing is read. close also undoes a
 * failed open. Fails with KEHU_NOT_FOUND, KEHU_IO, KEHU_NO_MEMORY. */
kehu_status kehu__csv_source_open(kehu__csv_source *s, const kehu__io *io,
                                  const char *path, const void *bytes, size_t size,
                                  uint32_t encoding, const kehu_allocator *alloc,
                                  kehu_error *err);
void kehu__csv_source_close(kehu__csv_source *s);

/* Make the window longer, unless `ended`; its start may move in memory. Fails
 * with KEHU_IO, KEHU_NO_MEMORY (the window is as before), at the start of the
 * file KEHU_ENCODING. */
kehu_status kehu__csv_source_more(kehu__csv_source *s, kehu_error *err);

/* Why text of this encoding is bad. */
const char *kehu__csv_source_bad_text(const kehu__csv_source *s);

#endif
