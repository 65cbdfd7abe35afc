#include <kehu/kano.h>

#include <string.h>

#include "base/error.h"
#include "insight/keys.h"

enum { ANSWERS = 5, BETTER = 10, WORSE = 11 };

enum {
    M = KEHU_KANO_MUST_BE,
    O = KEHU_KANO_ONE_DIMENSIONAL,
    A = KEHU_KANO_ATTRACTIVE,
    I = KEHU_KANO_INDIFFERENT,
    R = KEHU_KANO_REVERSE,
    Q = KEHU_KANO_QUESTIONABLE
};

static const uint8_t kinds[ANSWERS][ANSWERS] = {
    {Q, A, A, A, O}, {R, I, I, I, M}, {R, I, I, I, M}, {R, I, I, I, M}, {R, R, R, R, Q}};

const char *kehu_kano_kind_name(kehu_kano_kind kind)
{
    static const char *const names[KEHU_KANO_KINDS] = {"must-be",    "one-dimensional",
                                                       "attractive", "indifferent",
                                                       "reverse",    "questionable"};
    return (uint32_t)kind < KEHU_KANO_KINDS ? names[kind] : NULL;
}

const char *kehu_kano_need_name(kehu_kano_kind kind)
{
    static const char *const names[] = {"basic", "expected", "latent"};
    return (uint32_t)kind <= KEHU_KANO_ATTRACTIVE ? names[kind] : NULL;
}

int32_t kehu_kano_classify(int32_t functional, int32_t dysfunctional)
{
    if (functional < 1 || functional > ANSWERS || dysfunctional < 1 ||
        dysfunctional > ANSWERS)
        return -1;
    return kinds[functional - 1][dysfunctional - 1];
}

typedef struct feature_counts {
    int64_t of[KEHU_KANO_KINDS];
} feature_counts;

typedef struct summing {
    kehu__keys names;
    feature_counts *counts; /* [names.n] */
    size_t capacity;
} summing;

static kehu_status check_columns(const kehu_column *const columns[3], kehu_error *err)
{
    static const char *const names[] = {"feature", "functional", "dysfunctional"};
    for (int k = 0; k < 3; k++) {
        const kehu_column *c = columns[k];
        if (c == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, -1, "%s is NULL", names[k]);
        KEHU_TRY(k == 0 ? kehu__column_check_text(c, names[k], err)
                        : kehu__column_check(c, names[k], err));
        if (k > 0 &&
            (kehu__column_kind(c) < KEHU_INT8 || kehu__column_kind(c) > KEHU_UINT64))
            return kehu__fail(err, KEHU_COLUMN, -1, "%s is %s, expected integers",
                              names[k], kehu__type_name(c->type));
        if (c->length != columns[0]->length)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "%s has %lld rows, feature has %lld", names[k],
                              (long long)c->length, (long long)columns[0]->length);
    }
    return KEHU_OK;
}

/* An answer outside 1..5 as 0, so that what does not fit an int32 is none either. */
static int32_t answer(const kehu_column *c, int64_t i)
{
    const int64_t a = kehu__column_integer(c, i);
    return a >= 1 && a <= ANSWERS ? (int32_t)a : 0;
}

static kehu_status count_row(summing *s, const kehu_column *const columns[3], int64_t i,
                             kehu_error *err)
{
    const kehu__key key = kehu__key_text(kehu__column_text(columns[0], i));
    const uint32_t known = s->names.n;
    const int64_t at = kehu__keys_add(&s->names, &key);
    int32_t kind;
    if (at == KEHU__NO_KEY || !kehu__grow(&s->names.alloc, &s->counts, &s->capacity,
                                          (size_t)at + 1, sizeof *s->counts))
        return kehu__no_memory(err, "answers");
    if ((uint32_t)at == known)
        s->counts[at] = (feature_counts){{0}};
    if (!kehu__column_valid(columns[1], i) || !kehu__column_valid(columns[2], i))
        return KEHU_OK;
    kind = kehu_kano_classify(answer(columns[1], i), answer(columns[2], i));
    if (kind < 0)
        return kehu__fail(err, KEHU_RANGE, i, "row %lld: an answer is not 1 to %d",
                          (long long)i, ANSWERS);
    s->counts[at].of[kind]++;
    return KEHU_OK;
}

/* ---- The table ---- */

static void write_name(kehu__builder *b, size_t column, const char *name)
{
    if (name == NULL)
        kehu__builder_missing(b, column);
    else
        kehu__builder_text(b, column, name, strlen(name));
}

static void write_ratio(kehu__builder *b, size_t column, int64_t part, int64_t whole)
{
    if (whole == 0)
        kehu__builder_missing(b, column);
    else
        kehu__builder_number(b, column, (double)part / (double)whole);
}

static void write_feature(const summing *s, uint32_t number, kehu__builder *b)
{
    const int64_t *n = s->counts[number].of;
    const int64_t whole = n[A] + n[O] + n[M] + n[I];
    int64_t answers = 0;
    int most = 0;
    for (int k = 0; k < KEHU_KANO_KINDS; k++) {
        answers += n[k];
        if (n[k] > n[most])
            most = k;
    }
    kehu__keys_write(&s->names, number, b, 0);
    kehu__builder_integer(b, 1, answers);
    for (int k = 0; k < KEHU_KANO_KINDS; k++)
        kehu__builder_integer(b, (size_t)k + 2, n[k]);
    write_name(b, 8, answers == 0 ? NULL : kehu_kano_kind_name((kehu_kano_kind)most));
    write_name(b, 9, answers == 0 ? NULL : kehu_kano_need_name((kehu_kano_kind)most));
    write_ratio(b, BETTER, n[A] + n[O], whole);
    write_ratio(b, WORSE, -(n[O] + n[M]), whole);
    kehu__builder_end_row(b);
}

static kehu_status write_table(const summing *s, kehu_table **out, kehu_error *err)
{
    static const char *const counts[] = {"answers",     "must_be",     "one_dimensional",
                                         "attractive",  "indifferent", "reverse",
                                         "questionable"};
    kehu__builder b = kehu__builder_new(&s->names.alloc);
    uint32_t *order = kehu__alloc(&s->names.alloc, s->names.n, sizeof *order);
    const bool done =
        s->names.n == 0 || (order != NULL && kehu__keys_sort(&s->names, order));
    kehu__builder_add(&b, "feature", KEHU_LARGE_UTF8);
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        kehu__builder_add(&b, counts[k], KEHU_INT64);
    kehu__builder_add(&b, "kind", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "need", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "better", KEHU_FLOAT64);
    kehu__builder_add(&b, "worse", KEHU_FLOAT64);
    for (uint32_t i = 0; done && i < s->names.n; i++)
        write_feature(s, order[i], &b);
    kehu__free(&s->names.alloc, order, s->names.n, sizeof *order);
    return kehu__builder_end(&b, done, out, err);
}

kehu_status kehu_kano_sum(kehu_table **out, const kehu_column *feature,
                          const kehu_column *functional, const kehu_column *dysfunctional,
                          const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_column *const columns[3] = {feature, functional, dysfunctional};
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_status status = KEHU_OK;
    summing s = {.names = kehu__keys_new(&a, true)};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(check_columns(columns, err));
    for (int64_t i = 0; i < feature->length && status == KEHU_OK; i++)
        status = count_row(&s, columns, i, err);
    if (status == KEHU_OK)
        status = write_table(&s, out, err);
    kehu__free(&a, s.counts, s.capacity, sizeof *s.counts);
    kehu__keys_free(&s.names);
    return status;
}
