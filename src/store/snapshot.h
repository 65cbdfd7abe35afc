/* store/snapshot.h - what a snapshot holds. */
#ifndef KEHU_SRC_STORE_SNAPSHOT_H
#define KEHU_SRC_STORE_SNAPSHOT_H

#include <stdatomic.h>

#include "store/repair.h"
#include "store/state.h"

struct kehu_snapshot {
    kehu_allocator alloc;
    atomic_int holders; /* the handle and every scan of it */
    const kehu__io *io;
    uint64_t store_id;
    kehu__segment **segments[KEHU__PARTS]; /* held */
    uint32_t n_segments[KEHU__PARTS];
    uint32_t capacity;
    kehu__schema schema;
    kehu__gone gone;
    kehu__marks imports; /* none where rows taken by them may be hidden */
    _Atomic(kehu_scan *) spare[KEHU__PARTS]; /* done with one customer: the next need not
                                                be made */
    uint64_t sequence;                       /* later rows are hidden */
    int64_t until;                           /* so are rows of this time or later */
};

/* One more holder, to be given back by kehu_snapshot_free. */
kehu_snapshot *kehu__snapshot_hold(const kehu_snapshot *snapshot);

/* Release a spare scan, which holds nothing of the snapshot. NULL is allowed. */
void kehu__scan_drop(kehu_scan *scan);

/* Checked and with defaults. */
kehu_status kehu__snapshot_options_read(kehu_snapshot_options *into,
                                        const kehu_snapshot_options *from,
                                        kehu_error *err);

/* A reader's snapshot by path, through an I/O table. */
kehu_status kehu__snapshot_open_path(kehu_snapshot **out, const char *path,
                                     const kehu_snapshot_options *options,
                                     const kehu__io *io, kehu_error *err);

/* A backup that, with losses, leaves out and lists what cannot be read. */
kehu_status kehu__snapshot_copy(const kehu_snapshot *snapshot, const char *path,
                                kehu__losses *losses, const kehu_progress *progress,
                                kehu_error *err);

/* kehu_store_repair through an I/O table. */
kehu_status kehu__store_repair(kehu_table **lost, const char *from, const char *to,
                               const kehu__io *io, const kehu_progress *progress,
                               const kehu_allocator *alloc, kehu_error *err);

/* Of an opened state. */
kehu_status kehu__snapshot_of(kehu_snapshot **out, kehu__store_state *s,
                              const kehu_snapshot_options *options, kehu_error *err);

/* Are fresh and fresh_us sound? */
kehu_status kehu__check_fresh(const kehu_scan_options *options, kehu_error *err);

/* One customer's rows with all columns but the id; of the customers' part every update
 * for itself. */
kehu_status kehu__scan_everything(kehu_scan **out, const kehu_snapshot *snapshot,
                                  kehu_store_part part, const char *customer,
                                  kehu_error *err);

#endif
