/* store/scan_batch.h - gathered rows in the layout of kehu_column. */
#ifndef KEHU_SRC_STORE_SCAN_BATCH_H
#define KEHU_SRC_STORE_SCAN_BATCH_H

#include "store/rows.h"

/* Buffers of one column that the rows' own memory cannot serve as. */
typedef struct kehu__scan_buffers {
    void *data; /* offsets, booleans or days */
    uint8_t *validity;
    size_t data_bytes, validity_bytes;
} kehu__scan_buffers;

typedef struct kehu__scan_columns {
    kehu_allocator alloc;
    kehu_column *columns;
    kehu__scan_buffers *buffers;
    uint32_t n;
} kehu__scan_columns;

/* Names and types of the columns of `rows`; the schema must outlive them. */
kehu_status kehu__scan_columns_begin(kehu__scan_columns *c, const kehu__rows *rows,
                                     const kehu__schema *schema, kehu_store_part part,
                                     kehu_error *err);

/* Point the columns at these rows. */
kehu_status kehu__scan_columns_fill(kehu__scan_columns *c, const kehu__rows *rows,
                                    kehu_error *err);
void kehu__scan_columns_free(kehu__scan_columns *c);

#endif
