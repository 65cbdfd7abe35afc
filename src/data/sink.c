#include "data/sink.h"

#include <string.h>

#include "base/error.h"
#include "file/replace.h"

static void empty(kehu__sink *s)
{
    if (!s->failed && s->size > 0 &&
        s->writer.write(s->writer.ctx, s->buffer, s->size) != 0)
        s->failed = true;
    s->size = 0;
}

void kehu__sink_add(kehu__sink *s, const void *bytes, size_t size)
{
    const char *p = bytes;
    while (size > 0) {
        size_t n = sizeof s->buffer - s->size;
        if (n > size)
            n = size;
        memcpy(s->buffer + s->size, p, n);
        s->size += n;
        p += n;
        size -= n;
        if (s->size == sizeof s->buffer)
            empty(s);
    }
}

void kehu__sink_text(kehu__sink *s, const char *text)
{
    kehu__sink_add(s, text, strlen(text));
}

kehu_status kehu__sink_flush(kehu__sink *s, kehu_error *err)
{
    empty(s);
    return s->failed ? kehu__fail(err, KEHU_IO, -1, "the writer refused the bytes")
                     : KEHU_OK;
}

typedef struct file_target {
    kehu__replace file;
    kehu_status status; /* of the first failed write, its message in err */
    kehu_error err;
} file_target;

static int write_file(void *ctx, const void *bytes, size_t size)
{
    file_target *t = ctx;
    t->status = kehu__replace_write(&t->file, bytes, size, &t->err);
    return t->status != KEHU_OK;
}

kehu_status kehu__sink_save(const char *path, const kehu__io *io,
                            kehu_status (*write)(const void *ctx,
                                                 const kehu_writer *writer,
                                                 kehu_error *err),
                            const void *ctx, kehu_error *err)
{
    file_target target = {.status = KEHU_OK};
    const kehu_writer writer = {write_file, &target};
    kehu_status status;
    if (path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL");
    status = kehu__replace_begin(&target.file, io, path, err);
    if (status == KEHU_OK)
        status = write(ctx, &writer, err);
    if (target.status != KEHU_OK && err != NULL)
        *err = target.err;
    return kehu__replace_end(&target.file, status, err);
}
