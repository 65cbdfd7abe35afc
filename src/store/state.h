/* store/state.h - a store's files as opened: manifest, segments and log. What the
 * writer's handle and a reader's snapshot have in common. */
#ifndef KEHU_SRC_STORE_STATE_H
#define KEHU_SRC_STORE_STATE_H

#include "store/log.h"
#include "store/manifest.h"
#include "store/segment.h"

/* Frames first..end-1 of the log sorted into segments in memory. */
typedef struct kehu__image {
    size_t first, end;
    uint64_t rows;
    kehu__segment *parts[KEHU__PARTS]; /* NULL where no rows */
} kehu__image;

typedef struct kehu__store_state {
    kehu_allocator alloc;
    const kehu__io *io;
    char folder[KEHU__FOLDER_MAX + 1];
    kehu__manifest manifest;  /* as on the disk, but fields and erased customers are
                                 those of the log too */
    kehu__segment **segments; /* [manifest.n_segments], the same order */
    size_t segment_capacity;
    kehu__store_log log;
    kehu__image *images; /* of the log, geometric in size */
    size_t n_images, image_capacity;
} kehu__store_state;

/* What is in a folder. */
typedef struct kehu__folder {
    uint64_t newest; /* manifest number, 0 = none */
    int n_manifests, n_segments, n_logs, n_foreign;
    char foreign[256]; /* one foreign name */
} kehu__folder;
kehu_status kehu__folder_look(kehu__folder *f, const kehu__io *io, const char *folder,
                              kehu_error *err);

/* Take the lock of a store's folder; *fd, when it is not negative, is to be closed
 * whatever the status. Fails with KEHU_BUSY when another writer has it. */
kehu_status kehu__folder_lock(int *fd, const kehu__io *io, const char *folder,
                              kehu_error *err);

kehu__store_state kehu__state_new(const kehu__io *io, const kehu_allocator *alloc);

/* Read the store in s->folder. A reader tries again when a writer replaced the files
 * under its hands. */
kehu_status kehu__state_open(kehu__store_state *s, bool writer, kehu_error *err);
void kehu__state_close(kehu__store_state *s);

/* Take in a frame of type FIELD or ERASE. */
kehu_status kehu__state_apply(kehu__store_state *s, const kehu__frame *f,
                              kehu_error *err);

/* Bring s->images up to date with the log. */
kehu_status kehu__state_images(kehu__store_state *s, kehu_error *err);
void kehu__state_drop_images(kehu__store_state *s);

#endif
