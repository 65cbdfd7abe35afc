/* store/rows.h - rows of one part in memory: some columns, each a vector of n. */
#ifndef KEHU_SRC_STORE_ROWS_H
#define KEHU_SRC_STORE_ROWS_H

#include "store/schema.h"
#include "store/vector.h"

typedef struct kehu__rows_column {
    uint32_t id;
    kehu__vector v;
} kehu__rows_column;

typedef struct kehu__rows {
    kehu_allocator alloc;
    uint32_t n, n_columns;
    size_t capacity;
    kehu__rows_column *columns;
} kehu__rows;

static inline kehu__rows kehu__rows_new(const kehu_allocator *alloc)
{
    return (kehu__rows){.alloc = *alloc};
}
void kehu__rows_free(kehu__rows *rows);

/* Forget the rows, keep columns and memory. */
void kehu__rows_clear(kehu__rows *rows);

/* The vector of a column; find gives NULL where there is none, get also where it
 * is there but unused by these rows, add makes an empty one and gives NULL when
 * memory is refused. */
kehu__vector *kehu__rows_find(const kehu__rows *rows, uint32_t id);
const kehu__vector *kehu__rows_get(const kehu__rows *rows, uint32_t id);
kehu__vector *kehu__rows_add(kehu__rows *rows, uint32_t id, kehu__storage storage);

/* Append to `to` rows first..first+n-1; columns of `to` that `from` lacks get missing
 * values, others of `from` are left out. */
bool kehu__rows_append(kehu__rows *to, const kehu__rows *from, uint32_t first,
                       uint32_t n);

/* A caller's batch checked and turned into the payload of a log frame (appended to
 * out), see kehu_store_add_events for what may be wrong. */
kehu_status kehu__batch_write(kehu__buffer *out, const kehu__schema *schema,
                              kehu_store_part part, const kehu_column *columns,
                              int64_t n_columns, uint32_t *n_rows, kehu_error *err);

/* The same kept as rows, which have texts of their own, as kehu__batch_read gives them
 * back. */
kehu_status kehu__batch_take(kehu__rows *rows, const kehu__schema *schema,
                             kehu_store_part part, const kehu_column *columns,
                             int64_t n_columns, uint64_t sequence, kehu_error *err);

/* Fill in the sequence number and (customers without one) the time; false when memory is
 * refused. */
bool kehu__rows_number(kehu__rows *rows, kehu_store_part part, uint64_t sequence);

/* The payload of a frame as rows, with the sequence number and (customers without
 * one) the time filled in. Texts stay in the payload, which must outlive the rows.
 * Any bytes are safe. Fails with KEHU_FORMAT, KEHU_NO_MEMORY. */
kehu_status kehu__batch_read(kehu__rows *rows, const kehu__schema *schema,
                             kehu_store_part part, const char *payload, size_t size,
                             uint32_t n_rows, uint64_t sequence);

enum {
    KEHU__MAX_BATCH_ROWS = 1 << 24,
    KEHU__MAX_PAYLOAD = 1 << 30,
    KEHU__MAX_TEXT = 1 << 24
};

#endif
