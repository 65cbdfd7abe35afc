/* kehu/table.h - equally long named columns, owned and immutable: what reading
 * a file gives and how many results are handed out.
 *
 *     kehu_column columns[2] = {
 *         {.name = "customer", .type = KEHU_INT64, .length = n, .data = ids},
 *         {.name = "spend", .type = KEHU_FLOAT64, .length = n, .data = spend}};
 *     kehu_table *table = NULL;
 *     kehu_error err;
 *     if (kehu_table_copy(&table, columns, 2, NULL, &err) != KEHU_OK ||
 *         kehu_table_save_csv(table, "spend.csv", NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(table);
 *
 * Everything here may be called from many threads at once on one table. */
#ifndef KEHU_TABLE_H
#define KEHU_TABLE_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kehu_table kehu_table;

/* Copy the caller's columns into a table of their own.
 *
 * out      receives the table, or NULL on failure
 * columns  [n_columns] all of one length; any type, any start
 * alloc    NULL means the C library; must stay usable until the table is freed
 *
 * Fails with KEHU_ARGUMENT (a column is not sound), KEHU_COLUMN (lengths
 * differ, unknown type), KEHU_LIMIT (a text column above 2 GiB that is not
 * KEHU_LARGE_UTF8), KEHU_NO_MEMORY. Categories become text. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_table_copy(kehu_table **out,
                                                     const kehu_column *columns,
                                                     int64_t n_columns,
                                                     const kehu_allocator *alloc,
                                                     kehu_error *err);

/* Counts; 0 for NULL. */
KEHU_API int64_t kehu_table_n_rows(const kehu_table *table);
KEHU_API int64_t kehu_table_n_columns(const kehu_table *table);

/* Column by number from 0, or by name (the first of that name): borrowed,
 * valid until the table is freed. NULL when there is none. */
KEHU_API const kehu_column *kehu_table_column(const kehu_table *table, int64_t i);
KEHU_API const kehu_column *kehu_table_find(const kehu_table *table, const char *name);

/* Give the table back. NULL is allowed. Arrow arrays exported from it live on. */
KEHU_API void kehu_table_free(kehu_table *table);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TABLE_H */
