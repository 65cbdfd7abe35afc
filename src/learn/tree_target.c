#include "learn/tree_target.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/tree_levels.h"

enum {
    MAX_NUMBER = 24, /* bytes of an int64 in decimal */
    BLOCK = 512      /* rows whose values are read at once */
};

static kehu_status too_many_classes(kehu_error *err)
{
    return kehu__fail(err, KEHU_LIMIT, -1, "the target has more than %d classes",
                      KEHU__TREE_MAX_CLASSES);
}

static int by_text(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return kehu__tree_compare_texts(((const kehu__tree_level_count *)a)->text,
                                    ((const kehu__tree_level_count *)b)->text);
}

static kehu_status store_names(kehu__tree_names *names, const kehu__text *texts,
                               uint32_t n, const kehu_allocator *alloc, kehu_error *err)
{
    size_t size = 0;
    uint32_t at = 0;
    for (uint32_t k = 0; k < n; k++)
        size += (size_t)texts[k].size + 1;
    if (n == 0)
        return KEHU_OK; /* every target is missing: the first row will say so */
    if (size > UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "class names exceed 4 GiB");
    KEHU_TRY(kehu__tree_names_alloc(names, n, size, alloc, err));
    for (uint32_t k = 0; k < n; k++) {
        names->starts[k] = at;
        memcpy(names->bytes + at, texts[k].bytes, (size_t)texts[k].size);
        names->bytes[at + texts[k].size] = '\0';
        at += (uint32_t)texts[k].size + 1;
    }
    return KEHU_OK;
}

static kehu_status names_from_list(kehu__tree_names *names, const kehu_column *classes,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    kehu__text texts[KEHU__TREE_MAX_CLASSES];
    if (classes->length > KEHU__TREE_MAX_CLASSES)
        return too_many_classes(err);
    for (int64_t k = 0; k < classes->length; k++) {
        texts[k] = kehu__column_text(classes, k);
        if (texts[k].size == 0 ||
            memchr(texts[k].bytes, '\0', (size_t)texts[k].size) != NULL)
            return kehu__fail(err, KEHU_ARGUMENT, k,
                              "options.classes has an empty name or one with a NUL");
        for (int64_t j = 0; j < k; j++)
            if (kehu__tree_compare_texts(texts[j], texts[k]) == 0)
                return kehu__fail(err, KEHU_DUPLICATE, k,
                                  "options.classes has class %.*s twice",
                                  (int)texts[k].size, texts[k].bytes);
    }
    return store_names(names, texts, (uint32_t)classes->length, alloc, err);
}

static kehu_status names_from_texts(kehu__tree_names *names, const kehu_column *target,
                                    const uint8_t *use, const kehu_allocator *alloc,
                                    kehu_error *err)
{
    kehu__tree_levels levels = {.alloc = *alloc};
    kehu__text texts[KEHU__TREE_MAX_CLASSES];
    kehu_status status = kehu__tree_levels_add_column(&levels, target, use, err);
    if (status == KEHU_OK && levels.n > KEHU__TREE_MAX_CLASSES)
        status = too_many_classes(err);
    if (status == KEHU_OK && levels.n > 0) {
        kehu__sort(levels.items, levels.n, sizeof *levels.items, by_text, NULL);
        for (size_t k = 0; k < levels.n && status == KEHU_OK; k++) {
            texts[k] = levels.items[k].text;
            if (memchr(texts[k].bytes, '\0', (size_t)texts[k].size) != NULL)
                status = kehu__fail(err, KEHU_DATA, -1,
                                    "a class name of the target has a NUL");
        }
    }
    if (status == KEHU_OK)
        status = store_names(names, texts, (uint32_t)levels.n, alloc, err);
    kehu__tree_levels_free(&levels);
    return status;
}

/* Put x among the ascending values if it is new; false when they are full. */
static bool insert_value(int64_t *values, uint32_t *n, int64_t x)
{
    uint32_t at = *n;
    while (at > 0 && values[at - 1] > x)
        at--;
    if (at > 0 && values[at - 1] == x)
        return true;
    if (*n == KEHU__TREE_MAX_CLASSES)
        return false;
    memmove(values + at + 1, values + at, (*n - at) * sizeof *values);
    values[at] = x;
    *n += 1;
    return true;
}

static kehu__text integer_text(const kehu_column *target, int64_t x, char *digits)
{
    if (target->type == KEHU_BOOL)
        return x ? (kehu__text){"true", 4} : (kehu__text){"false", 5};
    return (kehu__text){digits, snprintf(digits, MAX_NUMBER, "%lld", (long long)x)};
}

/* Classes of values (integers, or a category's codes) met before, so that a class's text
 * is written and looked for once, not once a row. */
enum { MEMO = 256 };
typedef struct memo {
    int64_t values[MEMO];
    uint32_t classes[MEMO]; /* 1 more; 0 = nothing known */
} memo;

/* -1 = not known. */
static int64_t recall(const memo *m, int64_t value)
{
    const size_t at = (size_t)value % MEMO;
    return m->values[at] == value ? (int64_t)m->classes[at] - 1 : -1;
}

static void remember(memo *m, int64_t value, uint32_t k)
{
    const size_t at = (size_t)value % MEMO;
    m->values[at] = value;
    m->classes[at] = k + 1;
}

/* The target's values a block at a time: integers, or codes of categories. Of other texts
 * there is none. */
typedef struct values {
    const kehu_column *target;
    bool has_any;
    int64_t block[BLOCK];
} values;

static void values_open(values *v, const kehu_column *target)
{
    v->target = target;
    v->has_any =
        !kehu__type_is_text(target->type) || kehu__column_kind(target) == KEHU_CATEGORY;
}

/* Of row i; rows are gone through from the first, none is left out. */
static int64_t value_at(values *v, int64_t i)
{
    const int64_t left = v->target->length - i;
    if (v->has_any && i % BLOCK == 0)
        kehu__column_integers(v->target, i, left < BLOCK ? left : BLOCK, v->block);
    return v->has_any ? v->block[i % BLOCK] : 0;
}

static kehu_status names_from_integers(kehu__tree_names *names, const kehu_column *target,
                                       const uint8_t *use, const kehu_allocator *alloc,
                                       kehu_error *err)
{
    int64_t found[KEHU__TREE_MAX_CLASSES];
    kehu__text texts[KEHU__TREE_MAX_CLASSES];
    char digits[KEHU__TREE_MAX_CLASSES][MAX_NUMBER];
    uint32_t n = 0;
    memo seen = {0};
    values v;
    values_open(&v, target);
    for (int64_t i = 0; i < target->length; i++) {
        const int64_t x = value_at(&v, i);
        if (!use[i] || !kehu__column_valid(target, i) || recall(&seen, x) >= 0)
            continue;
        if (!insert_value(found, &n, x))
            return too_many_classes(err);
        remember(&seen, x, 0);
    }
    for (uint32_t k = 0; k < n; k++)
        texts[k] = integer_text(target, found[k], digits[k]);
    return store_names(names, texts, n, alloc, err);
}

enum { UNKNOWN = -1, MISSING = -2 };

static int64_t find_class(const kehu__tree_names *names, kehu__text text)
{
    for (uint32_t k = 0; k < names->n; k++) {
        const size_t size = names->starts[k + 1] - names->starts[k] - 1;
        if (size == (size_t)text.size &&
            memcmp(kehu__tree_name(names, k), text.bytes, size) == 0)
            return k;
    }
    return UNKNOWN;
}

/* Class of row i, whose value this is; a missing text is an empty one. */
static int64_t class_of(const kehu__tree_names *names, const values *v, int64_t i,
                        int64_t value, memo *seen)
{
    const bool is_text = kehu__type_is_text(v->target->type);
    char digits[MAX_NUMBER];
    kehu__text text;
    int64_t k;
    if (!kehu__column_valid(v->target, i))
        return MISSING;
    k = v->has_any ? recall(seen, value) : UNKNOWN;
    if (k >= 0)
        return k;
    text = is_text ? kehu__column_text(v->target, i)
                   : integer_text(v->target, value, digits);
    if (text.size == 0)
        return MISSING;
    k = find_class(names, text);
    if (k >= 0)
        remember(seen, value, (uint32_t)k);
    return k;
}

/* Row i is the first without a target; how many are there? */
static kehu_status fail_missing(const kehu_column *target, const uint8_t *use, int64_t i,
                                kehu_error *err)
{
    const bool is_text = kehu__type_is_text(target->type);
    int64_t n = 0;
    for (int64_t row = i; row < target->length; row++)
        n += use[row] && (!kehu__column_valid(target, row) ||
                          (is_text && kehu__column_text(target, row).size == 0));
    return kehu__fail(err, KEHU_DATA, i,
                      "the target is missing in row %lld, the first of %lld: train "
                      "without such rows, or give them weight 0",
                      (long long)i, (long long)n);
}

static kehu_status read_labels(const kehu__tree_names *names, uint8_t *labels,
                               const kehu_column *target, const uint8_t *use,
                               kehu_error *err)
{
    memo seen = {0};
    values v;
    int64_t n = 0;
    values_open(&v, target);
    for (int64_t i = 0; i < target->length; i++) {
        const int64_t value = value_at(&v, i);
        int64_t k;
        if (!use[i])
            continue;
        k = class_of(names, &v, i, value, &seen);
        if (k == MISSING)
            return fail_missing(target, use, i, err);
        if (k == UNKNOWN)
            return kehu__fail(err, KEHU_DATA, i,
                              "the target of row %lld is not in options.classes",
                              (long long)i);
        labels[n++] = (uint8_t)k;
    }
    return KEHU_OK;
}

static kehu_status check_type(const kehu_column *target, kehu_error *err)
{
    const kehu_type kind = kehu__column_kind(target);
    if (!kehu__type_is_text(target->type) && kind != KEHU_BOOL &&
        (kind < KEHU_INT8 || kind > KEHU_UINT32))
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "the target is %s, expected text, BOOL or integers up to INT64",
                          kehu__type_name(target->type));
    return KEHU_OK;
}

kehu_status kehu__tree_outcomes_check(const kehu_column *target, int64_t n_rows,
                                      kehu_error *err)
{
    KEHU_TRY(kehu__column_check(target, "the target", err));
    if (target->length != n_rows)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the target has %lld rows, the columns have %lld",
                          (long long)target->length, (long long)n_rows);
    if (n_rows == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    if (n_rows > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 2^31 - 1 are possible",
                          (long long)n_rows);
    return KEHU_OK;
}

kehu_status kehu__tree_outcomes_read(int32_t *labels, const kehu__tree_names *classes,
                                     const kehu_column *target, kehu_error *err)
{
    memo seen = {0};
    values v;
    KEHU_TRY(check_type(target, err));
    values_open(&v, target);
    for (int64_t i = 0; i < target->length; i++) {
        const int64_t k = class_of(classes, &v, i, value_at(&v, i), &seen);
        labels[i] = k < 0 ? -1 : (int32_t)k;
        if (k == UNKNOWN)
            return kehu__fail(err, KEHU_DATA, i,
                              "the target of row %lld is not a class of the tree",
                              (long long)i);
    }
    return KEHU_OK;
}

kehu_status kehu__tree_target_read(kehu__tree_names *names, uint8_t *labels,
                                   const kehu_column *target, const kehu_column *classes,
                                   const uint8_t *use, const kehu_allocator *alloc,
                                   kehu_error *err)
{
    const bool is_text = kehu__type_is_text(target->type);
    KEHU_TRY(check_type(target, err));
    if (classes != NULL) {
        KEHU_TRY(kehu__column_check_text(classes, "options.classes", err));
        KEHU_TRY(names_from_list(names, classes, alloc, err));
    } else if (is_text)
        KEHU_TRY(names_from_texts(names, target, use, alloc, err));
    else
        KEHU_TRY(names_from_integers(names, target, use, alloc, err));
    return read_labels(names, labels, target, use, err);
}
