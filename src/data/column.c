#include <kehu/column.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "data/column.h"
#include "data/date_text.h"

static const char *const type_names[] = {
    "an unknown type", "BOOL",      "INT8",   "INT16",      "INT32",    "INT64",
    "UINT8",           "UINT16",    "UINT32", "UINT64",     "FLOAT32",  "FLOAT64",
    "DATE32",          "TIMESTAMP", "UTF8",   "LARGE_UTF8", "CATEGORY",
};

static bool type_known(kehu_type type)
{
    return type >= KEHU_BOOL && type <= KEHU_CATEGORY;
}

const char *kehu__type_name(kehu_type type)
{
    return type_names[type_known(type) ? type : 0];
}

bool kehu__type_is_text(kehu_type type)
{
    return type == KEHU_UTF8 || type == KEHU_LARGE_UTF8 || type == KEHU_CATEGORY;
}

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
    if (d == NULL || (d->type != KEHU_UTF8 && d->type != KEHU_LARGE_UTF8))
        return kehu__fail(err, KEHU_COLUMN, -1, "%s has no dictionary of UTF-8 text",
                          name);
    KEHU_TRY(kehu__column_check(d, name, err));
    for (int64_t i = 0; i < c->length; i++) {
        const int32_t code = ((const int32_t *)c->data)[c->start + i];
        if (kehu__column_valid(c, i) && (code < 0 || code >= d->length))
            return kehu__fail(err, KEHU_ARGUMENT, i, "%s has code %d, expected 0 to %lld",
                              name, code, (long long)d->length - 1);
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
    if (c->length < 0 || c->start < 0 || c->length > INT64_MAX - 1 - c->start)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has length %lld and start %lld",
                          name, (long long)c->length, (long long)c->start);
    if (c->length == 0)
        return KEHU_OK;
    if (c->type == KEHU_UTF8 || c->type == KEHU_LARGE_UTF8)
        return check_offsets(c, name, err);
    if (c->data == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has no data", name);
    return c->type == KEHU_CATEGORY ? check_codes(c, name, err) : KEHU_OK;
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

kehu__text kehu__column_text(const kehu_column *c, int64_t i)
{
    int64_t at = c->start + i, from;
    if (!kehu__column_valid(c, i))
        return (kehu__text){"", 0};
    if (c->type == KEHU_CATEGORY)
        return kehu__column_text(c->dictionary, ((const int32_t *)c->data)[at]);
    from = text_offset(c, at);
    if (text_offset(c, at + 1) == from)
        return (kehu__text){"", 0};
    return (kehu__text){(const char *)c->data + from, text_offset(c, at + 1) - from};
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
    case KEHU_CATEGORY:
        return ((const int32_t *)c->data)[at];
    case KEHU_INT64:
    case KEHU_TIMESTAMP:
        return ((const int64_t *)c->data)[at];
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
    return (double)kehu__column_integer(c, i);
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
    int64_t v;
    out[0] = '\0';
    if (!kehu__column_valid(c, i))
        return 0;
    if (c->type == KEHU_FLOAT64)
        return kehu__format_double(out, kehu__column_number(c, i));
    if (c->type == KEHU_FLOAT32)
        return kehu__format_float(out, (float)kehu__column_number(c, i));
    v = kehu__column_integer(c, i);
    switch (c->type) {
    case KEHU_BOOL:
        memcpy(out, v != 0 ? "true" : "false", v != 0 ? 5 : 6);
        return v != 0 ? 4 : 5;
    case KEHU_UINT64:
        return kehu__format_uint64(out, (uint64_t)v);
    case KEHU_DATE32:
        return kehu__format_date(out, (int32_t)v);
    case KEHU_TIMESTAMP:
        return kehu__format_timestamp(out, v, zone_minutes);
    case KEHU_INT8:
    case KEHU_INT16:
    case KEHU_INT32:
    case KEHU_INT64:
    case KEHU_UINT8:
    case KEHU_UINT16:
    case KEHU_UINT32:
    case KEHU_FLOAT32:
    case KEHU_FLOAT64:
    case KEHU_CATEGORY:
    case KEHU_UTF8:
    case KEHU_LARGE_UTF8:
        break;
    }
    return kehu__format_int64(out, v);
}
