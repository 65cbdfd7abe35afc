/* store/tail.h - new rows of one part, those of the log, brought into segment order. */
#ifndef KEHU_SRC_STORE_TAIL_H
#define KEHU_SRC_STORE_TAIL_H

#include "store/log.h"
#include "store/manifest.h"
#include "store/segment_pick.h"

typedef struct kehu__tail {
    kehu_allocator alloc;
    kehu__rows *batches; /* [n_batches] texts point into the frames */
    size_t n_batches, batch_capacity;
    kehu__place *order; /* [n] rows that are not erased, in order */
    size_t n, order_capacity;
} kehu__tail;

/* Memory: 8 bytes a value and 25 a row. Fails with KEHU_FORMAT (a frame that is
 * whole but cannot be), KEHU_NO_MEMORY. The frames must outlive the tail. */
kehu_status kehu__tail_sort(kehu__tail *t, const kehu__frame *frames, size_t n_frames,
                            kehu_store_part part, const kehu__schema *schema,
                            const kehu__marks *erased, kehu_error *err);
/* The same of rows that are at hand; the tail takes them over, in any case. */
kehu_status kehu__tail_sort_rows(kehu__tail *t, kehu__rows *batches, size_t n_batches,
                                 size_t capacity, const kehu__schema *schema,
                                 const kehu__marks *erased, kehu_error *err);
kehu_status kehu__tail_write(const kehu__tail *t, kehu__segment_writer *w,
                             kehu_error *err);
void kehu__tail_free(kehu__tail *t);

#endif
