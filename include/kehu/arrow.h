/* kehu/arrow.h - tables to and from other programs without copying, by the Arrow
 * C data interface. No Arrow library is needed.
 *
 *     struct ArrowSchema schema;
 *     struct ArrowArray array;
 *     if (kehu_arrow_export(&schema, &array, table, &err) == KEHU_OK)
 *         give_to_the_other_side(&schema, &array);        it calls release
 *
 *     kehu_table *table = NULL;
 *     if (kehu_arrow_import(&table, &schema, &array, NULL, &err) == KEHU_OK)
 *         use(kehu_table_find(table, "spend"));
 *     kehu_table_free(table);                             releases the array
 *
 * Source: Apache Arrow, the Arrow C data interface and the C stream interface;
 * the three structs are those of the specification, under its guards. */
#ifndef KEHU_ARROW_H
#define KEHU_ARROW_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* Hand a table out as a struct array with one child a column. The table's memory
 * is shared, not copied, and lives until the handle and everything exported are
 * gone; release may be called from any thread, so the table's allocator must allow
 * that. schema or array may be NULL when not wanted; both are the caller's structs,
 * filled in only on success.
 * Fails with KEHU_ARGUMENT (table is NULL), KEHU_NO_MEMORY. Time O(columns), and
 * O(rows / 8) to count missing values. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_arrow_export(struct ArrowSchema *schema,
                                                       struct ArrowArray *array,
                                                       const kehu_table *table,
                                                       kehu_error *err);

/* The same as a stream, as many consumers ask for: an array for each of
 * tables[n_tables], 1 or more, which have columns of the same names and types. The
 * stream is for one thread at a time; arrays taken from it live on without it.
 * Fails with KEHU_ARGUMENT (no tables, one of them NULL), KEHU_COLUMN (columns differ;
 * err->where is the table), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_arrow_export_stream(struct ArrowArrayStream *stream, const kehu_table *const *tables,
                         int64_t n_tables, kehu_error *err);

/* Take over an array as a table. A struct array gives one column a child, any other
 * one column.
 *
 * out     receives the table; its memory is the producer's and is released with it
 * schema  described below; released on success, untouched on failure
 * array   moved into the table on success (its release becomes NULL), untouched on
 *         failure
 * alloc   for the table itself; NULL means the C library
 *
 * Without copying: bool, whole numbers of 8 to 64 bits, float32, float64, date32,
 * timestamps of every unit (any zone; none counts as UTC), decimals of 32 to 256 bits,
 * utf8, large utf8, utf8 view, and dictionaries of these texts with codes of 8 to 32
 * bits. By copying that column: codes of 64 bits, signed ones where the dictionary has
 * more words than they reach, date64 (DATE32); the type null (FLOAT64, all missing).
 *
 * Fails with KEHU_ARGUMENT (already released, buffers or lengths that cannot be),
 * KEHU_COLUMN (another type, missing structs), KEHU_RANGE (a time beyond the
 * microsecond's range, a whole decimal beyond 64 bits), KEHU_NO_MEMORY. The message names
 * the column. Time O(columns), O(rows) for text, categories, times in seconds and
 * milliseconds, decimals without digits behind the point, and what is copied. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_arrow_import(kehu_table **out,
                                                       struct ArrowSchema *schema,
                                                       struct ArrowArray *array,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);

/* Take the next array of a stream as a table, NULL at its end. The stream stays
 * the caller's. Fails as kehu_arrow_import, and with KEHU_IO when the stream
 * reports an error. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_arrow_next(kehu_table **out,
                                                     struct ArrowArrayStream *stream,
                                                     const kehu_allocator *alloc,
                                                     kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_ARROW_H */
