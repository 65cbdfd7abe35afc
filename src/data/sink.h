/* data/sink.h - output gathered into pieces before a kehu_writer gets it. A
 * refused write is remembered, so one check at the end is enough. */
#ifndef KEHU_SRC_DATA_SINK_H
#define KEHU_SRC_DATA_SINK_H

#include <kehu/base.h>

#include <stdbool.h>

#include "file/io.h"

typedef struct kehu__sink {
    kehu_writer writer;
    size_t size; /* bytes waiting in buffer */
    bool failed; /* the writer refused; nothing more is given to it */
    char buffer[1 << 14];
} kehu__sink;

static inline void kehu__sink_init(kehu__sink *s, const kehu_writer *writer)
{
    s->writer = *writer;
    s->size = 0;
    s->failed = false;
}

void kehu__sink_add(kehu__sink *s, const void *bytes, size_t size);
void kehu__sink_text(kehu__sink *s, const char *text);

static inline void kehu__sink_char(kehu__sink *s, char c)
{
    if (s->size < sizeof s->buffer)
        s->buffer[s->size++] = c;
    else
        kehu__sink_add(s, &c, 1);
}

/* Give the writer what waits. Fails with KEHU_IO when it refused, now or before. */
kehu_status kehu__sink_flush(kehu__sink *s, kehu_error *err);

/* Write `path` by calling write(ctx, writer, err), whole or not at all. */
kehu_status kehu__sink_save(const char *path, const kehu__io *io,
                            kehu_status (*write)(const void *ctx,
                                                 const kehu_writer *writer,
                                                 kehu_error *err),
                            const void *ctx, kehu_error *err);

#endif
