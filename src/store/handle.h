/* store/handle.h - the writer's handle and how its set of files is changed. */
#ifndef KEHU_SRC_STORE_HANDLE_H
#define KEHU_SRC_STORE_HANDLE_H

#include "store/state.h"

struct kehu_store {
    kehu_allocator alloc;
    kehu__store_state state;
    kehu_store_options options; /* with defaults filled in */
    int64_t process;            /* it is open in: a forked child's copy may not write */
    int lock_fd;
    bool poisoned;
    uint64_t unsynced;     /* bytes appended since the last sync */
    kehu_store_proof owed; /* of purges that could not remove every old file */
};

/* kehu_store_open through an I/O table, which must outlive the handle. */
kehu_status kehu__store_open(kehu_store **out, const char *path,
                             const kehu_store_options *options, const kehu__io *io,
                             kehu_error *err);

/* KEHU_ARGUMENT for NULL; KEHU_POISONED or KEHU_BUSY for a handle that may not write. */
kehu_status kehu__store_check(const kehu_store *store, kehu_error *err);

/* Append a frame begun by kehu__log_begin and make it as durable as asked for. The
 * buffer is taken or freed. */
kehu_status kehu__store_append(kehu_store *store, kehu__frame_type type, uint32_t rows,
                               kehu__buffer *frame, kehu_error *err);

/* A new set of files in the making: nothing of it counts until it is committed. */
typedef struct kehu__change {
    kehu_store *store;
    kehu__manifest next;
    kehu__segment **segments; /* [next.n_segments] kept and new */
    size_t segment_capacity;
    kehu__store_log log; /* fd -1 = the old one stays */
} kehu__change;

/* Begin with everything as it is. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__change_begin(kehu__change *c, kehu_store *store, kehu_error *err);
/* Leave out the segment at a place of next.segments. */
void kehu__change_drop(kehu__change *c, uint32_t at);
/* Begin a new segment file, and end it and take it in; w is freed by add. */
kehu_status kehu__change_segment(kehu__change *c, kehu__segment_writer *w,
                                 kehu_store_part part, kehu_error *err);
kehu_status kehu__change_add(kehu__change *c, kehu__segment_writer *w, kehu_error *err);
/* Merge the segments at these places (ascending, of one part) into one without the
 * rows of erased customers; *n_dropped counts those. */
kehu_status kehu__change_merge(kehu__change *c, const uint32_t *places, uint32_t n,
                               int64_t *n_dropped, kehu_error *err);
/* Sort the log's rows into new segments and begin an empty log. */
kehu_status kehu__change_flush(kehu__change *c, kehu_error *err);
/* Begin the empty log again at a later sequence number. */
kehu_status kehu__change_restart_log(kehu__change *c, uint64_t first_sequence,
                                     kehu_error *err);
/* Make it so. On failure all is as before, unless the store is poisoned now. Frees
 * the change either way. */
kehu_status kehu__change_commit(kehu__change *c, kehu_error *err);
void kehu__change_abandon(kehu__change *c);

/* Remove what the store does not need: unfinished files, replaced ones, manifests but
 * the newest and (keep_previous) the one before. Refuses (KEHU_FORMAT) to touch files
 * of another store; strict makes a failed removal an error. Leaves a poisoned store
 * alone: the next open knows which files it needs. */
kehu_status kehu__store_clean(kehu_store *store, bool keep_previous, bool strict,
                              int64_t *n_removed, kehu_error *err);

/* Merge segments while a part has more than options.max_segments. */
kehu_status kehu__store_merge_some(kehu_store *store, kehu_error *err);

#endif
