/* data/table.h - the inside of a kehu_table, shared with what makes tables and
 * what hands them to others. */
#ifndef KEHU_SRC_DATA_TABLE_H
#define KEHU_SRC_DATA_TABLE_H

#include <kehu/table.h>

#include <stdatomic.h>
#include <stdbool.h>

/* The memory of one column; capacities as kehu__free wants them. */
typedef struct kehu__store {
    char *data;
    size_t data_capacity;
    char *offsets;
    size_t offsets_capacity;
    uint8_t *validity;
    size_t validity_capacity;
} kehu__store;

struct kehu_table {
    kehu_allocator alloc;
    atomic_int holders; /* the handle and every Arrow array made from it */
    int64_t n_rows, n_columns;
    kehu_column *columns; /* [n_columns], pointing into stores and names */
    kehu__store *stores;  /* [n_columns] */
    char *names;          /* [names_bytes], each with its NUL */
    size_t names_bytes;
    void (*let_go)(kehu_table *table); /* gives `foreign` back; NULL when there is none */
    void *foreign;                     /* what the columns of an import point into */
};

void kehu__store_free(const kehu_allocator *a, kehu__store *store);

/* A table of n columns with their names (names_bytes with the NULs) still to be
 * filled in; NULL when memory is refused. */
kehu_table *kehu__table_new(const kehu_allocator *a, size_t n_columns,
                            size_t names_bytes);

/* One more holder; kehu_table_free takes one away. */
kehu_table *kehu__table_hold(const kehu_table *table);

/* One table or more, with columns of the same names that fit those of the first. Fails
 * with KEHU_ARGUMENT or KEHU_COLUMN; err->where is the table. */
kehu_status kehu__tables_check(const kehu_table *const *tables, int64_t n_tables,
                               bool (*fits)(const kehu_column *c,
                                            const kehu_column *first),
                               kehu_error *err);

/* Bytes of one value of a fixed-width type; 0 for BOOL and text. */
size_t kehu__type_bytes(kehu_type type);

#endif
