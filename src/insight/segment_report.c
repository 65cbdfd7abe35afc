#include <string.h>

#include "base/error.h"
#include "insight/segment.h"

static bool add(int64_t *sum, int64_t x)
{
    if (x > 0 ? *sum > INT64_MAX - x : *sum < INT64_MIN - x)
        return false;
    *sum += x;
    return true;
}

static kehu_status check_code(const kehu_segments *t, int32_t code, int64_t row,
                              kehu_error *err)
{
    if (code < 0 || (size_t)code >= t->n_names)
        return kehu__fail(err, KEHU_ARGUMENT, row,
                          "code of row %lld is %d, expected 0 to %d", (long long)row,
                          (int)code, (int)t->n_names - 1);
    return KEHU_OK;
}

kehu_status kehu_segments_get_totals(const kehu_segments *table, const int32_t *codes,
                                     const kehu_rfm_columns *customers,
                                     kehu_segment_total *totals, kehu_error *err)
{
    if (table == NULL || customers == NULL || totals == NULL ||
        (customers->n > 0 &&
         (codes == NULL || customers->orders == NULL || customers->spend == NULL)))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "table, codes, customers or totals is NULL");
    memset(totals, 0, table->n_names * sizeof *totals);
    for (int64_t i = 0; i < customers->n; i++) {
        KEHU_TRY(check_code(table, codes[i], i, err));
        kehu_segment_total *t = &totals[codes[i]];
        t->customers++;
        if (!add(&t->orders, customers->orders[i]) ||
            !add(&t->spend, customers->spend[i]))
            return kehu__fail(err, KEHU_RANGE, i,
                              "the sum of segment %d leaves 64 bits at row %lld",
                              (int)codes[i], (long long)i);
    }
    return KEHU_OK;
}

/* ---- Migration ---- */

/* One side: ascending keys with their segments. */
typedef struct side {
    const kehu_column *keys;
    const int32_t *codes;
    bool text;
} side;

/* -1, 0, 1 as key i of s is below, equal to or above key j of t. */
static int compare(const side *s, int64_t i, const side *t, int64_t j)
{
    if (s->text) {
        const kehu__text x = kehu__column_text(s->keys, i),
                         y = kehu__column_text(t->keys, j);
        const int64_t shorter = x.size < y.size ? x.size : y.size;
        const int order = memcmp(x.bytes, y.bytes, (size_t)shorter);
        return order != 0 ? (order > 0) - (order < 0)
                          : (x.size > y.size) - (x.size < y.size);
    }
    const int64_t x = kehu__column_integer(s->keys, i),
                  y = kehu__column_integer(t->keys, j);
    return (x > y) - (x < y);
}

static kehu_status check_side(const kehu_segments *t, const side *s, const char *name,
                              kehu_error *err)
{
    KEHU_TRY(kehu__column_check(s->keys, name, err));
    const kehu_type kind = kehu__column_kind(s->keys);
    if (kind == KEHU_UINT64 || kind == KEHU_FLOAT32 || kind == KEHU_FLOAT64)
        return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected integers or text",
                          name, kehu__type_name(s->keys->type));
    if (s->codes == NULL && s->keys->length > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "codes of %s is NULL", name);
    for (int64_t i = 0; i < s->keys->length; i++) {
        KEHU_TRY(check_code(t, s->codes[i], i, err));
        if (i > 0 && compare(s, i - 1, s, i) >= 0)
            return kehu__fail(err, KEHU_DATA, i, "%s do not rise at row %lld", name,
                              (long long)i);
    }
    return KEHU_OK;
}

kehu_status kehu_segments_get_migration(const kehu_segments *table,
                                        const kehu_column *keys_before,
                                        const int32_t *codes_before,
                                        const kehu_column *keys_after,
                                        const int32_t *codes_after, int64_t *matrix,
                                        kehu_error *err)
{
    if (table == NULL || keys_before == NULL || keys_after == NULL || matrix == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table, keys or matrix is NULL");
    const side a = {keys_before, codes_before, kehu__type_is_text(keys_before->type)};
    const side b = {keys_after, codes_after, kehu__type_is_text(keys_after->type)};
    const size_t absent = table->n_names, width = absent + 1;
    if (a.text != b.text)
        return kehu__fail(err, KEHU_COLUMN, -1, "keys are text at one date only");
    KEHU_TRY(check_side(table, &a, "keys_before", err));
    KEHU_TRY(check_side(table, &b, "keys_after", err));
    memset(matrix, 0, width * width * sizeof *matrix);
    for (int64_t i = 0, j = 0; i < a.keys->length || j < b.keys->length;) {
        const int order = i == a.keys->length   ? 1
                          : j == b.keys->length ? -1
                                                : compare(&a, i, &b, j);
        const size_t from = order <= 0 ? (size_t)a.codes[i++] : absent;
        const size_t to = order >= 0 ? (size_t)b.codes[j++] : absent;
        matrix[from * width + to]++;
    }
    return KEHU_OK;
}
