/* kehu/column.h - a column of values in the Arrow memory layout, borrowed.
 *
 * Every batch that enters or leaves the library is made of these. The caller
 * owns all memory; it must stay unchanged for the duration of the call.
 *
 *     double spend[3] = {19.9, 5, 120};
 *     kehu_column c = {.name = "spend", .type = KEHU_FLOAT64, .length = 3, .data =
 * spend};
 *
 *     const char text[] = "查询话费" "信号不好";
 *     int32_t offsets[] = {0, 12, 24};
 *     kehu_column t = {.name = "text", .type = KEHU_UTF8, .length = 2,
 *                      .data = text, .offsets = offsets};
 *
 *     char first[100]; // of whatever column: kehu_table_find(table, "customer")
 *     if (kehu_column_text(&t, 0, first, sizeof first, NULL, &err) == KEHU_OK)
 *         puts(first);
 *
 * Source: Apache Arrow columnar format, version 1.5. */
#ifndef KEHU_COLUMN_H
#define KEHU_COLUMN_H

#include <kehu/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one value is. data holds, for each type: */
typedef enum kehu_type {
    KEHU_BOOL = 1,   /* one bit a value, least significant first */
    KEHU_INT8,       /* int8_t */
    KEHU_INT16,      /* int16_t */
    KEHU_INT32,      /* int32_t */
    KEHU_INT64,      /* int64_t */
    KEHU_UINT8,      /* uint8_t */
    KEHU_UINT16,     /* uint16_t */
    KEHU_UINT32,     /* uint32_t */
    KEHU_UINT64,     /* uint64_t */
    KEHU_FLOAT32,    /* float */
    KEHU_FLOAT64,    /* double */
    KEHU_DATE32,     /* int32_t days since 1970-01-01 */
    KEHU_TIMESTAMP,  /* int64_t microseconds since 1970-01-01 00:00 UTC */
    KEHU_UTF8,       /* bytes; offsets are int32_t[length + 1] */
    KEHU_LARGE_UTF8, /* bytes; offsets are int64_t[length + 1] */
    KEHU_CATEGORY,   /* int32_t codes into dictionary, a column of plain text. Taken
                        wherever text is: with row numbers as codes it is a choice of a
                        text column's rows, without a copy */
    /* As other programs keep them. Every function reads them where they lie, as the
     * type behind the colon; the library's own results never have them. */
    KEHU_CATEGORY8,    /* uint8_t codes: CATEGORY */
    KEHU_CATEGORY16,   /* uint16_t codes: CATEGORY */
    KEHU_UTF8_VIEW,    /* kehu_view; offsets are one kehu_view_bytes: LARGE_UTF8 */
    KEHU_TIMESTAMP_S,  /* int64_t seconds since 1970: TIMESTAMP */
    KEHU_TIMESTAMP_MS, /* int64_t milliseconds: TIMESTAMP */
    KEHU_TIMESTAMP_NS, /* int64_t nanoseconds, rounded towards the past: TIMESTAMP */
    /* Whole numbers of so many bits, in this machine's byte order, of which `scale`
     * digits are behind the point: INT64 with scale 0, else the nearest FLOAT64. */
    KEHU_DECIMAL32,
    KEHU_DECIMAL64,
    KEHU_DECIMAL128,
    KEHU_DECIMAL256
} kehu_type;

/* Text of up to 12 bytes, or four of it and where all of it lies. */
typedef struct kehu_view {
    int32_t size;   /* bytes */
    char start[4];  /* the first four */
    int32_t buffer; /* above 12 bytes: number in kehu_view_bytes; else bytes 5 to 8 */
    int32_t at;     /* above 12 bytes: offset in that buffer; else bytes 9 to 12 */
} kehu_view;

/* What the views of a column point into. */
typedef struct kehu_view_bytes {
    int64_t n;
    const void *const *buffers; /* [n] */
    const int64_t *sizes;       /* [n] bytes of each */
} kehu_view_bytes;

typedef struct kehu_column {
    const char *name; /* UTF-8, NUL-terminated; NULL where no name is needed */
    kehu_type type;
    int16_t precision, scale;             /* decimals only: digits in all, and behind
                                             the point; else 0 */
    int64_t length;                       /* number of values, >= 0 */
    const void *data;                     /* see kehu_type; NULL when length is 0 */
    const void *offsets;                  /* see kehu_type; text types only, else NULL */
    const uint8_t *validity;              /* bit 1 = value present; NULL = all are */
    int64_t start;                        /* the first value is number `start` of the
                                             buffers (Arrow's offset); usually 0 */
    const struct kehu_column *dictionary; /* categories only, else NULL */
} kehu_column;

/* One cell as text, whatever the layout of its column: text as it stands, else as
 * kehu_table_write_csv() has it: shortest numbers, "true", "2024-03-01",
 * "2024-03-01T12:30:00Z"; but NaN is "nan".
 *
 * row   from 0
 * text  [capacity] receives UTF-8 and a NUL, cut at a whole character; 48 bytes are
 *       enough for all that is not text. NULL when capacity is 0
 * size  receives the bytes of the whole text without the NUL, -1 when the cell is
 *       missing (text is then empty); may be NULL
 *
 * Fails with KEHU_ARGUMENT (no such row, the cell is not sound), KEHU_COLUMN (unknown
 * type, a category without texts), KEHU_RANGE (a time or decimal beyond 64 bits); text is
 * then untouched. Allocates nothing. Time O(size): other rows are not looked at. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_column_text(const kehu_column *column,
                                                      int64_t row, char *text,
                                                      size_t capacity, int64_t *size,
                                                      kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_COLUMN_H */
