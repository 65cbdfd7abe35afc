#include "file/handle_file.h"

#include <string.h>

#include "base/error.h"
#include "file/container.h"
#include "file/io.h"

kehu_status kehu__handle_save(const kehu__handle_file *file, const void *handle,
                              const char *path, kehu_error *err)
{
    kehu__buffer built = {.bytes = NULL};
    kehu_status status;
    if (handle == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s or path is NULL", file->handle);
    status = file->build(&built, handle, err);
    if (status == KEHU_OK)
        status = kehu__model_save(&built, path, err);
    kehu__buffer_free(&built);
    return status;
}

kehu_status kehu__handle_write(const kehu__handle_file *file, const void *handle,
                               const kehu_writer *writer, kehu_error *err)
{
    kehu__buffer built = {.bytes = NULL};
    kehu_status status;
    if (handle == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s or writer is NULL", file->handle);
    status = file->build(&built, handle, err);
    if (status == KEHU_OK)
        status = kehu__model_write(&built, writer, err);
    kehu__buffer_free(&built);
    return status;
}

/* A pointer of any type as none; all share the one form of a null pointer. */
static void clear(void *out)
{
    const void *none = NULL;
    memcpy(out, &none, sizeof none);
}

static kehu_status load(const kehu__handle_file *file, void *out, const char *path,
                        size_t most, const void *with, const kehu_allocator *alloc,
                        kehu_error *err)
{
    kehu__handle_source from = {
        .name = path, .with = with, .alloc = kehu__allocator(alloc)};
    char *bytes = NULL;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    clear(out);
    if (path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL");
    KEHU_TRY(kehu__file_read(&kehu__io_system, path, most, &from.alloc, &bytes,
                             &from.size, err));
    from.bytes = bytes == NULL ? "" : bytes;
    status = file->make(out, &from, err);
    kehu__free(&from.alloc, bytes, from.size, 1);
    return status;
}

kehu_status kehu__handle_load(const kehu__handle_file *file, void *out, const char *path,
                              const void *with, const kehu_allocator *alloc,
                              kehu_error *err)
{
    return load(file, out, path, UINT32_MAX, with, alloc, err);
}

kehu_status kehu__handle_load_text(const kehu__handle_file *file, void *out,
                                   const char *path, size_t most,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    return load(file, out, path, most, NULL, alloc, err);
}

kehu_status kehu__handle_read(const kehu__handle_file *file, void *out, const void *bytes,
                              size_t size, const void *with, const kehu_allocator *alloc,
                              kehu_error *err)
{
    const kehu__handle_source from = {.bytes = bytes,
                                      .size = size,
                                      .name = "the model",
                                      .with = with,
                                      .alloc = kehu__allocator(alloc)};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    clear(out);
    if (bytes == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL");
    return file->make(out, &from, err);
}

int kehu__handle_collect(void *buffer, const void *bytes, size_t size)
{
    kehu__buffer_add(buffer, bytes, size);
    return 0;
}
