/* store/merge.h - several segments of one part walked as one, in order. */
#ifndef KEHU_SRC_STORE_MERGE_H
#define KEHU_SRC_STORE_MERGE_H

#include "base/thread.h"
#include "store/gone.h"
#include "store/repair.h"
#include "store/segment.h"

typedef struct kehu__cursor {
    const kehu__segment *s;
    uint32_t next_block; /* to be read after this one */
    kehu__segment_block b;
    uint32_t run, row, run_end; /* where it stands in the block */
    bool ended, active;         /* active: its customer is the current one */
} kehu__cursor;

/* Which part of the segments is walked. */
typedef struct kehu__range {
    const char *first, *last; /* customers; NULL = no bound */
    int64_t from, until;      /* blocks wholly outside from..until-1 are passed over */
    bool before_last;         /* last itself is not in it */
    kehu__losses *losses;     /* blocks that cannot be read go there; NULL = they fail */
} kehu__range;

typedef struct kehu__merge {
    kehu_allocator alloc;
    const kehu__schema *schema;
    uint32_t *ids; /* columns wanted beside 0 to 2 */
    uint32_t n_ids;
    kehu__cursor *cursors;
    uint32_t n_cursors;
    kehu__cursor *last; /* whose rows were given out */
    kehu__buffer key;   /* the current customer's id */
    bool one_customer;  /* only the last key's rows are decoded */
    char *last_key;     /* walk ends after it; NULL = never */
    size_t last_size, last_room;
    bool before_last;    /* or even before it */
    int64_t from, until; /* of the range */
    kehu__losses *losses;
} kehu__merge;

/* Rows of one customer, in order, from one decoded block. */
typedef struct kehu__merge_rows {
    const kehu__rows *rows;
    uint32_t first, n; /* n = 0: no more */
    const char *key;   /* valid until the next call */
    uint32_t key_size;
    bool new_customer;
} kehu__merge_rows;

/* The segments must outlive the walk. */
kehu_status kehu__merge_open(kehu__merge *m, const kehu_allocator *alloc,
                             kehu__segment *const *segments, uint32_t n_segments,
                             const kehu__schema *schema, const uint32_t *ids,
                             uint32_t n_ids, const kehu__range *range, kehu_error *err);
/* Begin again with another range of one customer, after one of one customer. */
kehu_status kehu__merge_restart(kehu__merge *m, const char *customer, kehu_error *err);
kehu_status kehu__merge_next(kehu__merge *m, kehu__merge_rows *out, kehu_error *err);

/* Of segments in which a customer has one row: the next customers as long as one segment
 * alone has them, out->rows and keys as they lie there (row i is of keys[i]); out->key is
 * not set. n = 0: several have the next one, or there is none: kehu__merge_next tells. */
kehu_status kehu__merge_stretch(kehu__merge *m, kehu__merge_rows *out,
                                const kehu__vector **keys, kehu_error *err);
void kehu__merge_close(kehu__merge *m);

/* Which rows are copied: those not gone, of batches up to
 * `sequence`, before `until`; and how far it has come. */
typedef struct kehu__copying {
    const kehu__gone *gone;
    uint64_t sequence;
    int64_t until;
    kehu__losses *losses; /* of the range */
    kehu__run run;
    int64_t n_rows, n_done, n_dropped; /* in all, for the progress; so far */
} kehu__copying;

/* Walk segments of w's part and append the rows to be copied. Memory: a block a
 * segment and one being written. */
kehu_status kehu__copy_rows(kehu__segment_writer *w, const kehu__schema *schema,
                            kehu__segment *const *segments, uint32_t n_segments,
                            kehu__copying *c, kehu_error *err);

#endif
