#include <kehu/column.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "data/column.h"
#include "data/date_text.h"
#include "data/decimal.h"

static const char *const type_names[] = {
    "an unknown type", "BOOL",         "INT8",         "INT16",      "INT32",
    "INT64",           "UINT8",        "UINT16",       "UINT32",     "UINT64",
    "FLOAT32",         "FLOAT64",      "DATE32",       "TIMESTAMP",  "UTF8",
    "LARGE_UTF8",      "CATEGORY",     "CATEGORY8",    "CATEGORY16", "UTF8_VIEW",
    "TIMESTAMP_S",     "TIMESTAMP_MS", "TIMESTAMP_NS", "DECIMAL32",  "DECIMAL64",
    "DECIMAL128",      "DECIMAL256",
};

static bool type_known(kehu_type type)
{
    return type >= KEHU_BOOL && type <= KEHU_DECIMAL256;
}

const char *kehu__type_name(kehu_type type)
{
    return type_names[type_known(type) ? type : 0];
}

bool kehu__type_is_text(kehu_type type)
{
    return type >= KEHU_UTF8 && type <= KEHU_UTF8_VIEW;
}

static bool is_decimal(const kehu_column *c)
{
    return c->type >= KEHU_DECIMAL32 && c->type <= KEHU_DECIMAL256;
}

/* By the order of kehu_type. */
kehu_type kehu__column_kind(const kehu_column *c)
{
    if (c->type <= KEHU_CATEGORY)
        return c->type;
    if (c->type <= KEHU_CATEGORY16)
        return KEHU_CATEGORY;
    if (c->type == KEHU_UTF8_VIEW)
        return KEHU_LARGE_UTF8;
    if (c->type <= KEHU_TIMESTAMP_NS)
        return KEHU_TIMESTAMP;
    return c->scale == 0 ? KEHU_INT64 : KEHU_FLOAT64;
}

/* ---- Layouts of others ---- */

static const void *decimal_at(const kehu_column *c, int64_t at, kehu__decimal *d)
{
    *d = (kehu__decimal){.scale = c->scale, .bits = 32 << (c->type - KEHU_DECIMAL32)};
    return (const char *)c->data + (size_t)at * (size_t)(d->bits / 8);
}

/* Microseconds in a unit, or units in a microsecond. */
typedef struct time_unit {
    int64_t multiply, divide;
} time_unit;

static time_unit unit_of(kehu_type type)
{
    return type == KEHU_TIMESTAMP_S    ? (time_unit){1000000, 1}
           : type == KEHU_TIMESTAMP_MS ? (time_unit){1000, 1}
           : type == KEHU_TIMESTAMP_NS ? (time_unit){1, 1000}
                                       : (time_unit){1, 1};
}

static int64_t microseconds(const kehu_column *c, int64_t at)
{
    const time_unit unit = unit_of(c->type);
    const int64_t v = ((const int64_t *)c->data)[at] * unit.multiply;
    return v / unit.divide - (v % unit.divide < 0);
}

/* The text of a view; NULL where it would lie outside its buffers. */
static const char *view_text(const kehu_column *c, int64_t at, int32_t *size)
{
    const char *place = (const char *)c->data + (size_t)at * sizeof(kehu_view);
    const kehu_view_bytes *bytes = c->offsets;
    kehu_view view;
    memcpy(&view, place, sizeof view);
    *size = view.size;
    if (view.size >= 0 && view.size <= 12)
        return place + offsetof(kehu_view, start);
    if (view.size < 0 || bytes == NULL || view.buffer < 0 || view.buffer >= bytes->n ||
        view.at < 0 || bytes->buffers[view.buffer] == NULL ||
        view.at + (int64_t)view.size > bytes->sizes[view.buffer])
        return NULL;
    return (const char *)bytes->buffers[view.buffer] + view.at;
}

/* ---- Checks ---- */

/* No row's number is beyond the memory's. */
static const int64_t MOST_ROWS = PTRDIFF_MAX - 1;

static int64_t text_offset(const kehu_column *c, int64_t at)
{
    return c->type == KEHU_UTF8 ? ((const int32_t *)c->offsets)[at]
                                : ((const int64_t *)c->offsets)[at];
}

static kehu_status check_offsets(const kehu_column *c, const char *name, kehu_error *err)
{
    if (c->offsets == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has no offsets", name);
    if (text_offset(c, c->start) < 0)
        return kehu__fail(err, KEHU_ARGUMENT, 0, "%s has a negative offset", name);
    for (int64_t i = c->start; i < c->start + c->length; i++)
        if (text_offset(c, i + 1) < text_offset(c, i))
            return kehu__fail(err, KEHU_ARGUMENT, i - c->start, "offsets of %s fall",
                              name);
    if (c->data == NULL && text_offset(c, c->start + c->length) > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has no data", name);
    return KEHU_OK;
}

static kehu_status check_codes(const kehu_column *c, const char *name, kehu_error *err)
{
    const kehu_column *d = c->dictionary;
    if (d == NULL || !kehu__type_is_text(d->type) ||
        kehu__column_kind(d) == KEHU_CATEGORY)
        return kehu__fail(err, KEHU_COLUMN, -1, "%s has no dictionary of UTF-8 text",
                          name);
    KEHU_TRY(kehu__column_check(d, name, err));
    for (int64_t i = 0; i < c->length; i++) {
        const int32_t code = kehu__column_code(c, i);
        if (kehu__column_valid(c, i) && (code < 0 || code >= d->length))
            return kehu__fail(err, KEHU_ARGUMENT, i, "%s has code %d, expected 0 to %lld",
                              name, code, (long long)d->length - 1);
    }
    return KEHU_OK;
}

static kehu_status check_views(const kehu_column *c, const char *name, kehu_error *err)
{
    const kehu_view_bytes *bytes = c->offsets;
    int32_t size;
    if (bytes != NULL && bytes->n > 0 && (bytes->buffers == NULL || bytes->sizes == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has no buffers", name);
    for (int64_t i = 0; i < c->length; i++)
        if (kehu__column_valid(c, i) && view_text(c, c->start + i, &size) == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, i, "%s has an impossible view", name);
    return KEHU_OK;
}

static kehu_status check_times(const kehu_column *c, const char *name, kehu_error *err)
{
    const int64_t most = INT64_MAX / unit_of(c->type).multiply;
    for (int64_t i = 0; i < c->length; i++) {
        const int64_t t = ((const int64_t *)c->data)[c->start + i];
        if (kehu__column_valid(c, i) && (t > most || t < -most))
            return kehu__fail(err, KEHU_RANGE, i, "%s has a time out of range", name);
    }
    return KEHU_OK;
}

static kehu_status check_decimals(const kehu_column *c, const char *name, kehu_error *err)
{
    for (int64_t i = 0; c->scale == 0 && i < c->length; i++) {
        kehu__decimal d;
        const void *value = decimal_at(c, c->start + i, &d);
        int64_t whole;
        if (kehu__column_valid(c, i) && !kehu__decimal_integer(&d, value, &whole))
            return kehu__fail(err, KEHU_RANGE, i, "%s has a number beyond 64 bits", name);
    }
    return KEHU_OK;
}

kehu_status kehu__column_check(const kehu_column *c, const char *name, kehu_error *err)
{
    if (c == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s is NULL", name);
    if (!type_known(c->type))
        return kehu__fail(err, KEHU_COLUMN, -1, "%s has unknown type %d", name,
                          (int)c->type);
    if (c->length < 0 || c->start < 0 || c->length > MOST_ROWS - c->start)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has length %lld and start %lld",
                          name, (long long)c->length, (long long)c->start);
    if (c->length == 0)
        return KEHU_OK;
    if (c->type == KEHU_UTF8 || c->type == KEHU_LARGE_UTF8)
        return check_offsets(c, name, err);
    if (c->data == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has no data", name);
    if (c->type == KEHU_UTF8_VIEW)
        return check_views(c, name, err);
    if (c->type == KEHU_TIMESTAMP_S || c->type == KEHU_TIMESTAMP_MS)
        return check_times(c, name, err);
    if (is_decimal(c))
        return check_decimals(c, name, err);
    return kehu__type_is_text(c->type) ? check_codes(c, name, err) : KEHU_OK;
}

kehu_status kehu__column_check_text(const kehu_column *c, const char *name,
                                    kehu_error *err)
{
    KEHU_TRY(kehu__column_check(c, name, err));
    if (!kehu__type_is_text(c->type))
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected text", name,
                          kehu__type_name(c->type));
    return KEHU_OK;
}

kehu_status kehu__column_check_number(const kehu_column *c, const char *name,
                                      kehu_error *err)
{
    KEHU_TRY(kehu__column_check(c, name, err));
    if (kehu__type_is_text(c->type))
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected numbers", name,
                          kehu__type_name(c->type));
    return KEHU_OK;
}

/* ---- Values ---- */

kehu__text kehu__column_text(const kehu_column *c, int64_t i)
{
    int64_t at = c->start + i, from;
    if (!kehu__column_valid(c, i))
        return (kehu__text){"", 0};
    if (c->type == KEHU_UTF8_VIEW) {
        int32_t size;
        const char *text = view_text(c, at, &size);
        return (kehu__text){text, size};
    }
    if (c->type != KEHU_UTF8 && c->type != KEHU_LARGE_UTF8)
        return kehu__column_text(c->dictionary, kehu__column_code(c, i));
    from = text_offset(c, at);
    if (text_offset(c, at + 1) == from)
        return (kehu__text){"", 0};
    return (kehu__text){(const char *)c->data + from, text_offset(c, at + 1) - from};
}

static int64_t whole_decimal(const kehu_column *c, int64_t at)
{
    kehu__decimal d;
    const void *value = decimal_at(c, at, &d);
    int64_t whole = 0;
    if (d.scale != 0)
        return (int64_t)kehu__decimal_number(&d, value);
    kehu__decimal_integer(&d, value, &whole);
    return whole;
}

int64_t kehu__column_integer(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    if (!kehu__column_valid(c, i))
        return 0;
    switch (c->type) {
    case KEHU_BOOL:
        return ((const uint8_t *)c->data)[at >> 3] >> (at & 7) & 1;
    case KEHU_INT8:
        return ((const int8_t *)c->data)[at];
    case KEHU_INT16:
        return ((const int16_t *)c->data)[at];
    case KEHU_INT32:
    case KEHU_DATE32:
        return ((const int32_t *)c->data)[at];
    case KEHU_CATEGORY:
    case KEHU_CATEGORY8:
    case KEHU_CATEGORY16:
        return kehu__column_code(c, i);
    case KEHU_INT64:
    case KEHU_TIMESTAMP:
        return ((const int64_t *)c->data)[at];
    case KEHU_TIMESTAMP_S:
    case KEHU_TIMESTAMP_MS:
    case KEHU_TIMESTAMP_NS:
        return microseconds(c, at);
    case KEHU_DECIMAL32:
    case KEHU_DECIMAL64:
    case KEHU_DECIMAL128:
    case KEHU_DECIMAL256:
        return whole_decimal(c, at);
    case KEHU_UINT8:
        return ((const uint8_t *)c->data)[at];
    case KEHU_UINT16:
        return ((const uint16_t *)c->data)[at];
    case KEHU_UINT32:
        return ((const uint32_t *)c->data)[at];
    case KEHU_UINT64:
        return (int64_t)((const uint64_t *)c->data)[at];
    case KEHU_FLOAT32:
        return (int64_t)((const float *)c->data)[at];
    case KEHU_FLOAT64:
        return (int64_t)((const double *)c->data)[at];
    case KEHU_UTF8:
    case KEHU_LARGE_UTF8:
    case KEHU_UTF8_VIEW:
        break;
    }
    return 0;
}

double kehu__column_number(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    if (!kehu__column_valid(c, i))
        return (double)NAN;
    if (c->type == KEHU_FLOAT64)
        return ((const double *)c->data)[at];
    if (c->type == KEHU_FLOAT32)
        return (double)((const float *)c->data)[at];
    if (c->type == KEHU_UINT64)
        return (double)((const uint64_t *)c->data)[at];
    if (is_decimal(c)) {
        kehu__decimal d;
        const void *value = decimal_at(c, at, &d);
        return kehu__decimal_number(&d, value);
    }
    return (double)kehu__column_integer(c, i);
}

void kehu__column_integers(const kehu_column *c, int64_t from, int64_t n, int64_t *out)
{
    const int64_t at = c->start + from;
    const bool is_whole = c->validity == NULL;
    if ((c->type == KEHU_INT64 || c->type == KEHU_TIMESTAMP) && is_whole)
        memcpy(out, (const int64_t *)c->data + at, (size_t)n * sizeof *out);
    else if ((c->type == KEHU_INT32 || c->type == KEHU_CATEGORY) && is_whole)
        for (int64_t i = 0; i < n; i++)
            out[i] = ((const int32_t *)c->data)[at + i];
    else if ((c->type == KEHU_UINT8 || c->type == KEHU_CATEGORY8) && is_whole)
        for (int64_t i = 0; i < n; i++)
            out[i] = ((const uint8_t *)c->data)[at + i];
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = kehu__column_integer(c, from + i);
}

void kehu__column_numbers(const kehu_column *c, int64_t from, int64_t n, double *out)
{
    const int64_t at = c->start + from;
#define AS_DOUBLES(type)                                                                 \
    for (int64_t i = 0; i < n; i++)                                                      \
        out[i] = (double)((const type *)c->data)[at + i];                                \
    break
    switch (c->type) {
    case KEHU_INT8:
        AS_DOUBLES(int8_t);
    case KEHU_INT16:
        AS_DOUBLES(int16_t);
    case KEHU_INT32:
    case KEHU_DATE32:
    case KEHU_CATEGORY:
        AS_DOUBLES(int32_t);
    case KEHU_INT64:
    case KEHU_TIMESTAMP:
        AS_DOUBLES(int64_t);
    case KEHU_UINT8:
        AS_DOUBLES(uint8_t);
    case KEHU_UINT16:
        AS_DOUBLES(uint16_t);
    case KEHU_UINT32:
        AS_DOUBLES(uint32_t);
    case KEHU_UINT64:
        AS_DOUBLES(uint64_t);
    case KEHU_FLOAT32:
        AS_DOUBLES(float);
    case KEHU_FLOAT64:
        AS_DOUBLES(double);
    case KEHU_BOOL:
    case KEHU_UTF8:
    case KEHU_LARGE_UTF8:
    case KEHU_CATEGORY8:
    case KEHU_CATEGORY16:
    case KEHU_UTF8_VIEW:
    case KEHU_TIMESTAMP_S:
    case KEHU_TIMESTAMP_MS:
    case KEHU_TIMESTAMP_NS:
    case KEHU_DECIMAL32:
    case KEHU_DECIMAL64:
    case KEHU_DECIMAL128:
    case KEHU_DECIMAL256:
        for (int64_t i = 0; i < n; i++)
            out[i] = kehu__column_number(c, from + i);
        return;
    }
#undef AS_DOUBLES
    for (int64_t i = 0; c->validity != NULL && i < n; i++)
        if (!kehu__column_valid(c, from + i))
            out[i] = (double)NAN;
}

int kehu__column_format(char out[KEHU__CELL_BYTES], const kehu_column *c, int64_t i,
                        int32_t zone_minutes)
{
    const kehu_type kind = kehu__column_kind(c);
    int64_t v;
    out[0] = '\0';
    if (!kehu__column_valid(c, i))
        return 0;
    if (kind == KEHU_FLOAT64)
        return kehu__format_double(out, kehu__column_number(c, i));
    if (kind == KEHU_FLOAT32)
        return kehu__format_float(out, (float)kehu__column_number(c, i));
    v = kehu__column_integer(c, i);
    if (kind == KEHU_BOOL) {
        memcpy(out, v != 0 ? "true" : "false", v != 0 ? 5 : 6);
        return v != 0 ? 4 : 5;
    }
    if (kind == KEHU_UINT64)
        return kehu__format_uint64(out, (uint64_t)v);
    if (kind == KEHU_DATE32)
        return kehu__format_date(out, (int32_t)v);
    if (kind == KEHU_TIMESTAMP)
        return kehu__format_timestamp(out, v, zone_minutes);
    return kehu__format_int64(out, v);
}
