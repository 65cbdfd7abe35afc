/* kehu/csv.h - reading CSV as it is found in the wild, in batches, in bounded
 * memory whatever the size of the file.
 *
 *     const kehu_field fields[] = {
 *         {.name = "customer", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
 *         {.name = "time", .type = KEHU_TIMESTAMP},
 *         {.name = "amount", .type = KEHU_INT64, .decimals = 2}};
 *     const kehu_csv_options options = {.size = sizeof options, .fields = fields,
 *                                       .n_fields = 3, .zone_minutes = 480};
 *     kehu_csv *csv = NULL;
 *     kehu_table *batch = NULL;
 *     kehu_error err;
 *     kehu_status status = kehu_csv_open(&csv, "events.csv", &options, &err);
 *     while (status == KEHU_OK &&
 *            (status = kehu_csv_next(&batch, csv, &err)) == KEHU_OK && batch != NULL) {
 *         use(kehu_table_find(batch, "amount"));
 *         kehu_table_free(batch);
 *     }
 *     if (status != KEHU_OK)
 *         report(err.message);
 *     else
 *         printf("%lld rows rejected\n", (long long)kehu_csv_reject_count(csv));
 *     kehu_csv_free(csv);
 *
 * A bad row never stops the file: it is left out and listed with its line, the
 * column, the reason and the value found. In a column with KEHU_FIELD_COERCE a
 * value that cannot be read is made missing and listed, and its row stays. What
 * stops the file: it is missing, empty, cannot be read, starts in a wrong encoding,
 * or its header does not fit.
 *
 * Form: RFC 4180 (quotes, doubled quotes, line ends inside quotes); a UTF-8 byte
 * order mark; LF, CR LF or CR; UTF-8 or GB18030 in, UTF-8 out. A quote inside an
 * unquoted value stands for itself. Empty lines are skipped. Blanks around
 * numbers, dates and column names are ignored, in text they are kept. */
#ifndef KEHU_CSV_H
#define KEHU_CSV_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file being read: one thread at a time. */
typedef struct kehu_csv kehu_csv;

enum {
    KEHU_CSV_NO_HEADER = 1,   /* the first row is data; columns are the fields in
                                 their order, further ones are named "1", "2", ... */
    KEHU_CSV_ONLY_FIELDS = 2, /* drop columns that no field names */
    KEHU_CSV_DETECT = 4,      /* delimiter: the most frequent of , ; | and tab in
                                 the first row */
    KEHU_CSV_JSON = 8         /* the file is JSON Lines, one object a line: its members
                                 are read as the fields say (at least one), others are
                                 passed over; a member that is not there or null is
                                 missing, of two of one name the last counts */
};

typedef enum kehu_encoding {
    KEHU_ENCODING_AUTO = 0, /* UTF-8 if the first non-ASCII text is valid UTF-8 */
    KEHU_ENCODING_UTF8 = 1,
    KEHU_ENCODING_GB18030 = 2 /* and so GBK and GB2312 */
} kehu_encoding;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_csv_options {
    uint32_t size;              /* sizeof(kehu_csv_options) */
    uint32_t flags;             /* set of KEHU_CSV_*; 0 = none */
    uint32_t delimiter;         /* an ASCII character, not a quote, CR or LF; 0 = ',' */
    uint32_t encoding;          /* a kehu_encoding; 0 = found out */
    const kehu_field *fields;   /* [n_fields], kept until free; NULL = none */
    uint32_t n_fields;          /* 0..65536 */
    uint32_t infer_rows;        /* columns without a field get the narrowest of INT64,
                                   FLOAT64, DATE32, TIMESTAMP, UTF8 that fits the first
                                   infer_rows rows of the first MiB; 0 = UTF8. A single
                                   value that does not fit makes all of the column
                                   UTF8: name the columns that must be numbers in
                                   fields, then it rejects its row alone, or with
                                   KEHU_FIELD_COERCE is missing */
    const char *const *missing; /* [n_missing] values that mean "none", beside the
                                   empty one; kept until free */
    uint32_t n_missing;         /* 0..1000 */
    int32_t zone_minutes;       /* zone of dates and times that name none, minutes
                                   east of UTC, -1080..1080; 0 = UTC */
    uint32_t max_row_bytes;     /* longer rows are rejected, 64..2^30; 0 = 2^20 */
    uint32_t batch_rows;        /* rows a batch, at most; 0 = 65536. A batch also
                                   ends after some 16 MiB of text */
    uint32_t max_rejects;       /* listed rejects, and coerced values; more are counted;
                                   0 = 100000 */
    uint32_t reserved;          /* 0 */
    const kehu_progress *progress; /* by bytes read; NULL = none */
    const kehu_allocator *alloc;   /* NULL = the C library */
} kehu_csv_options;

/* Open a file, or bytes that stay in place until kehu_csv_free; read the header.
 *
 * out      receives the reader, or NULL on failure
 * name     what messages call the bytes; NULL = "the CSV"
 * options  NULL for all defaults: every column is text
 *
 * Fails with KEHU_NOT_FOUND (no such file), KEHU_IO (cannot be read, is a
 * folder), KEHU_EMPTY (no bytes, or no header row), KEHU_ENCODING (UTF-16, or
 * the header is not valid in the encoding), KEHU_COLUMN (a field's column is not
 * in the header), KEHU_DUPLICATE (a column name twice), KEHU_LIMIT (the header
 * is longer than max_row_bytes), KEHU_FORMAT (the header's quotes are broken),
 * KEHU_ARGUMENT (an option), KEHU_NO_MEMORY. The message names file and column. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_open(kehu_csv **out, const char *path,
                                                   const kehu_csv_options *options,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_open_memory(kehu_csv **out,
                                                          const void *bytes, size_t size,
                                                          const char *name,
                                                          const kehu_csv_options *options,
                                                          kehu_error *err);

/* The next rows as a table, NULL at the end of the file; kehu_csv_rest gives all
 * remaining rows as one (perhaps empty) table. Columns: the fields in their
 * order, then the others in the file's. A missing value is a cleared validity
 * bit; a quoted empty text is present.
 * Fails with KEHU_IO, KEHU_CANCELLED, KEHU_NO_MEMORY, KEHU_LIMIT (rest: a text
 * column above 2 GiB). *out is then NULL; a further call goes on where the
 * failure was, no row is lost.
 * Time O(bytes); memory: one batch, max_row_bytes, the rejects listed. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_next(kehu_table **out, kehu_csv *csv,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_rest(kehu_table **out, kehu_csv *csv,
                                                   kehu_error *err);

/* The line, counted from 1, on which row `row` of the last table started; 0 when
 * there is no such row. */
KEHU_API int64_t kehu_csv_line(const kehu_csv *csv, int64_t row);

/* Add a row of the last table to the rejects, for what only the caller can see
 * (an unknown customer, a date in the future). The row stays in the table.
 * column and reason are copied; column and value may be NULL.
 * Fails with KEHU_ARGUMENT (no such row), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_reject(kehu_csv *csv, int64_t row,
                                                     const char *column,
                                                     const char *reason,
                                                     const char *value, kehu_error *err);

/* Rows read well and rows rejected so far. */
KEHU_API int64_t kehu_csv_row_count(const kehu_csv *csv);
KEHU_API int64_t kehu_csv_reject_count(const kehu_csv *csv);

/* The rejects so far as a table of line (INT64), column, reason and value (UTF8):
 * the row's first line, the name of the first column found wrong (missing when it
 * is the row as a whole), what was wrong, and the value cut to 40 bytes. The
 * table is the caller's to free. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_rejects(kehu_table **out,
                                                      const kehu_csv *csv,
                                                      kehu_error *err);

/* The values made missing so far because they could not be read (KEHU_FIELD_COERCE),
 * of rows read well: how many, and a table as of kehu_csv_rejects, of max_rejects
 * rows at most. Of a JSON object's members of one name each counts. */
KEHU_API int64_t kehu_csv_coerced_count(const kehu_csv *csv);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_csv_coerced(kehu_table **out,
                                                      const kehu_csv *csv,
                                                      kehu_error *err);

/* Close the file and release everything but the tables handed out. NULL is
 * allowed. */
KEHU_API void kehu_csv_free(kehu_csv *csv);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_CSV_H */
