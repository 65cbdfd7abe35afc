/* data/json.h - writing JSON (RFC 8259) as a stream.
 *
 *     kehu__json j;
 *     kehu__json_init(&j, writer);
 *     kehu__json_object(&j);
 *     kehu__json_key(&j, "rows");
 *     kehu__json_array(&j);
 *     kehu__json_integer(&j, 1);
 *     kehu__json_number(&j, 0.5);
 *     kehu__json_end(&j);
 *     kehu__json_end(&j);
 *     status = kehu__json_finish(&j, err);              {"rows":[1,0.5]}
 *
 * Text is safe inside a <script> of an HTML page too: "</" and "<!" never occur,
 * nor U+2028 and U+2029. */
#ifndef KEHU_SRC_DATA_JSON_H
#define KEHU_SRC_DATA_JSON_H

#include <kehu/column.h>

#include "data/sink.h"

enum { KEHU__JSON_DEPTH = 64 };

typedef struct kehu__json {
    kehu__sink sink;
    int depth;                        /* open objects and arrays */
    bool is_object[KEHU__JSON_DEPTH]; /* each of them */
    bool wants_comma;                 /* a value came before, on this level */
} kehu__json;

void kehu__json_init(kehu__json *j, const kehu_writer *writer);

/* Open an object or an array; end closes the innermost. At most 64 deep. */
void kehu__json_object(kehu__json *j);
void kehu__json_array(kehu__json *j);
void kehu__json_end(kehu__json *j);

/* The next value's name, inside an object. */
void kehu__json_key(kehu__json *j, const char *name);

/* A value. Bytes that are no UTF-8 become U+FFFD. Numbers are the shortest that
 * read back the same; NaN and infinities become null. */
void kehu__json_text(kehu__json *j, const char *bytes, size_t size);
void kehu__json_string(kehu__json *j, const char *text); /* NULL gives null */
void kehu__json_number(kehu__json *j, double x);
void kehu__json_integer(kehu__json *j, int64_t x);
void kehu__json_bool(kehu__json *j, bool x);
void kehu__json_null(kehu__json *j);

/* Number with `decimals` places, as kehu__format_fixed writes it. */
void kehu__json_fixed(kehu__json *j, double x, int decimals);

/* Minor units as an amount: 1230 with 2 decimals is 12.30. */
void kehu__json_money(kehu__json *j, int64_t x, int decimals);

/* Row i of a checked column: missing is null, dates and times are ISO text in
 * the zone, categories their text. */
void kehu__json_cell(kehu__json *j, const kehu_column *c, int64_t i,
                     int32_t zone_minutes);

/* A line end after the outermost value: then another may follow (JSON Lines). */
void kehu__json_line(kehu__json *j);

/* Everything closed and given to the writer. Fails with KEHU_IO. */
kehu_status kehu__json_finish(kehu__json *j, kehu_error *err);

#endif
