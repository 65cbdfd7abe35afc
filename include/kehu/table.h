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
 * kehu_column_text() reads one cell of any column.
 *
 * Everything here may be called from many threads at once on one table. */
#ifndef KEHU_TABLE_H
#define KEHU_TABLE_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEHU_FIELD_REQUIRED = 1, /* a missing value rejects the row */
    KEHU_FIELD_OPTIONAL = 2, /* the file may lack the column: all values missing */
    KEHU_FIELD_LOOSE = 4,    /* numbers: thousands commas and full-width digits */
    KEHU_FIELD_COERCE = 8    /* a value that is not of the type becomes missing instead of
                                rejecting its row; kehu_csv_coerced lists it. Not together
                                with REQUIRED */
};

/* How to read one column. */
typedef struct kehu_field {
    const char *name;  /* in the header row; without one, only a name */
    kehu_type type;    /* 0 means KEHU_UTF8; not KEHU_LARGE_UTF8, KEHU_CATEGORY */
    uint32_t flags;    /* set of KEHU_FIELD_*; 0 = none */
    int32_t decimals;  /* KEHU_INT64 only, 0..18: money in minor units, "12.3" with
                          2 decimals is 1230; more decimals reject the row */
    uint32_t reserved; /* 0 */
} kehu_field;

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

/* The rows of several tables, one below the other: the batches of a file or of an
 * Arrow stream as one.
 *
 * tables  [n_tables] at least one; columns of the same names and types in the same
 *         order, where all text types and categories count as one. They stay the
 *         caller's
 *
 * Names are the first table's; text is UTF8 if the first has it so or as a category.
 * Fails with KEHU_ARGUMENT (no tables, one of them NULL), KEHU_COLUMN (columns
 * differ: the message names table and column), KEHU_LIMIT (a text column above
 * 2 GiB that is not KEHU_LARGE_UTF8), KEHU_NO_MEMORY. Time O(cells). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_table_concat(kehu_table **out,
                                                       const kehu_table *const *tables,
                                                       int64_t n_tables,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);

/* Counts; 0 for NULL. */
KEHU_API int64_t kehu_table_row_count(const kehu_table *table);
KEHU_API int64_t kehu_table_column_count(const kehu_table *table);

/* Column by number from 0, or by name (the first of that name): borrowed,
 * valid until the table is freed. NULL when there is none. */
KEHU_API const kehu_column *kehu_table_column(const kehu_table *table, int64_t i);
KEHU_API const kehu_column *kehu_table_find(const kehu_table *table, const char *name);

/* Give the table back. NULL is allowed. Arrow arrays exported from it live on. */
KEHU_API void kehu_table_free(kehu_table *table);

enum {
    KEHU_WRITE_BOM = 1,   /* CSV: start with a UTF-8 byte order mark, for Excel */
    KEHU_WRITE_CRLF = 2,  /* CSV: CR LF after each row, as RFC 4180 has it, not LF */
    KEHU_WRITE_GUARD = 4, /* CSV: put ' before text that a spreadsheet would take for
                             a formula (it starts with = + - @ or a control) */
    KEHU_WRITE_LINES = 8  /* JSON: one object a line (JSON Lines), no array */
};

/* How to write a table. Zero every field you do not care about. */
typedef struct kehu_write_options {
    uint32_t size;            /* sizeof(kehu_write_options) */
    uint32_t flags;           /* set of KEHU_WRITE_*; 0 = none */
    uint32_t delimiter;       /* CSV: an ASCII character, no quote, CR or LF; 0 = ',' */
    int32_t zone_minutes;     /* times are written as in this zone, minutes east of
                                 UTC, -1080..1080; 0 = UTC */
    const kehu_field *fields; /* [n_fields] money: an INT64 column of this name is
                                 written with the field's decimals; NULL = none */
    uint32_t n_fields;        /* 0..65536 */
    uint32_t reserved;        /* 0 */
} kehu_write_options;

/* Write a table with its header row as CSV (RFC 4180, UTF-8), or as a JSON array of
 * one object a row; to a writer or to a file. A file appears whole or not at all,
 * and replaces one of its name.
 *
 * Numbers are the shortest that read back the same, dates and times ISO 8601. In
 * CSV a missing value and NaN are empty, an empty text is "", so that reading gives
 * the table back (but in a table of one column a missing text is "" too). In JSON
 * missing, NaN and infinite are null; bytes that are no UTF-8 become U+FFFD.
 *
 * options  NULL for all defaults
 *
 * Fails with KEHU_ARGUMENT (table is NULL, an option), KEHU_IO (the writer or the
 * system refused), KEHU_NOT_FOUND (no such folder). Time O(bytes), constant memory. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_table_write_csv(const kehu_table *table, const kehu_writer *writer,
                     const kehu_write_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_table_write_json(const kehu_table *table, const kehu_writer *writer,
                      const kehu_write_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_table_save_csv(const kehu_table *table, const char *path,
                    const kehu_write_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_table_save_json(const kehu_table *table, const char *path,
                     const kehu_write_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TABLE_H */
