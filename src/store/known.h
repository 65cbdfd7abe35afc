/* store/known.h - imported rows that are the same as others. */
#ifndef KEHU_SRC_STORE_KNOWN_H
#define KEHU_SRC_STORE_KNOWN_H

#include "store/merge.h"
#include "store/tail.h"

/* Take rows of events out of a sorted tail that are the same in every column but the
 * sequence as one in the segments that is not gone, or as one before them in the tail.
 * Memory: 17 bytes a row of the tail and a block a segment. */
kehu_status kehu__tail_drop_known(kehu__tail *t, kehu__segment *const *segments,
                                  uint32_t n_segments, const kehu__manifest *m,
                                  int64_t *n_dropped, kehu_error *err);

#endif
