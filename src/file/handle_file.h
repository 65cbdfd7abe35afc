/* file/handle_file.h - what _save, _write, _load and _read of every handle do
 * alike: check the arguments, build or fetch the bytes, free them. A handle
 * brings one function that makes its bytes and one that makes it of bytes. */
#ifndef KEHU_SRC_FILE_HANDLE_FILE_H
#define KEHU_SRC_FILE_HANDLE_FILE_H

#include "base/buffer.h"

/* Bytes to make a handle of, borrowed for the call. */
typedef struct kehu__handle_source {
    const void *bytes;
    size_t size;
    const char *name; /* for messages: the path, or "the model" */
    const void *with; /* what _load or _read was given besides, or NULL */
    bool stays;       /* the bytes, on a multiple of eight, outlive the handle */
    kehu_allocator alloc;
} kehu__handle_source;

typedef struct kehu__handle_file {
    const char *handle; /* the argument's name in messages */
    /* Set out to a new buffer of the handle's allocator and fill it. It is freed
     * after success and failure; out->failed need not be looked at. */
    kehu_status (*build)(kehu__buffer *out, const void *handle, kehu_error *err);
    /* Set the handle pointer at `out`, which is NULL, unless it fails. */
    kehu_status (*make)(void *out, const kehu__handle_source *from, kehu_error *err);
} kehu__handle_file;

kehu_status kehu__handle_save(const kehu__handle_file *file, const void *handle,
                              const char *path, kehu_error *err);
kehu_status kehu__handle_write(const kehu__handle_file *file, const void *handle,
                               const kehu_writer *writer, kehu_error *err);

/* out is the address of the caller's handle pointer. */
kehu_status kehu__handle_load(const kehu__handle_file *file, void *out, const char *path,
                              const void *with, const kehu_allocator *alloc,
                              kehu_error *err);
/* The same for a text that people edit: a file above `most` bytes is not read. */
kehu_status kehu__handle_load_text(const kehu__handle_file *file, void *out,
                                   const char *path, size_t most,
                                   const kehu_allocator *alloc, kehu_error *err);
kehu_status kehu__handle_read(const kehu__handle_file *file, void *out, const void *bytes,
                              size_t size, const void *with, const kehu_allocator *alloc,
                              kehu_error *err);

/* The write function of a kehu_writer into a kehu__buffer, for handles inside
 * handles. It refuses nothing: look at the buffer's `failed`. */
int kehu__handle_collect(void *buffer, const void *bytes, size_t size);

#endif
