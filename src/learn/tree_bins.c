/* Columns as bytes, learnt once and used by every tree that follows. */
#include <kehu/bins.h>

#include <string.h>

#include "base/error.h"
#include "learn/tree_bins.h"

kehu_status kehu__bins_check_columns(const kehu_column *columns, uint32_t n_columns,
                                     int64_t length, const char *other, kehu_error *err)
{
    if (n_columns > KEHU__TREE_MAX_FEATURES)
        return kehu__fail(err, KEHU_LIMIT, -1, "%u columns, at most %d are possible",
                          (unsigned)n_columns, KEHU__TREE_MAX_FEATURES);
    for (uint32_t f = 0; f < n_columns; f++) {
        const kehu_column *c = &columns[f];
        if (c->name == NULL || c->name[0] == '\0')
            return kehu__fail(err, KEHU_COLUMN, f, "column %u has no name", (unsigned)f);
        for (uint32_t g = 0; g < f; g++)
            if (strcmp(columns[g].name, c->name) == 0)
                return kehu__fail(err, KEHU_DUPLICATE, f, "column %s is there twice",
                                  c->name);
        KEHU_TRY(kehu__column_check(c, c->name, err));
        if (c->length != length)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "column %s has %lld rows, %s has %lld", c->name,
                              (long long)c->length, other, (long long)length);
    }
    return KEHU_OK;
}

kehu_status kehu__bins_new(kehu_bins **out, uint32_t n_features, uint32_t n_rows,
                           const kehu_allocator *alloc, kehu_error *err)
{
    const size_t stride = ((size_t)n_features + 7) / 8 * 8;
    kehu_bins *bins = *out = kehu__alloc_zero(alloc, 1, sizeof *bins);
    if (bins == NULL)
        return kehu__no_memory(err, "the bins");
    bins->alloc = *alloc;
    bins->n_features = n_features;
    bins->codes.n_rows = n_rows;
    bins->codes.stride = stride;
    bins->features = kehu__alloc_zero(alloc, n_features, sizeof *bins->features);
    bins->codes.by_column = kehu__alloc(alloc, n_rows, n_features);
    bins->codes.by_row = kehu__alloc_zero(alloc, n_rows, stride);
    return bins->features == NULL || bins->codes.by_column == NULL ||
                   bins->codes.by_row == NULL
               ? kehu__no_memory(err, "the bins")
               : KEHU_OK;
}

void kehu_bins_free(kehu_bins *bins)
{
    if (bins != NULL) {
        const kehu_allocator a = bins->alloc;
        for (uint32_t f = 0; bins->features != NULL && f < bins->n_features; f++)
            kehu__tree_feature_free(&bins->features[f], &a);
        kehu__free(&a, bins->features, bins->n_features, sizeof *bins->features);
        kehu__free(&a, bins->codes.by_column, bins->codes.n_rows, bins->n_features);
        kehu__free(&a, bins->codes.by_row, bins->codes.n_rows, bins->codes.stride);
        kehu__free(&a, bins, 1, sizeof *bins);
    }
}

void kehu__bins_weigh(const kehu_bins *bins, uint32_t feature, const uint32_t *weights,
                      uint64_t *sums)
{
    const uint32_t n = bins->codes.n_rows;
    const uint8_t *codes = bins->codes.by_column + (size_t)feature * n;
    uint64_t apart[4][256] = {{0}}; /* so that equal codes in a row need not wait */
    for (uint32_t i = 0; i < n; i++)
        apart[i % 4][codes[i]] += weights == NULL ? 1 : weights[i];
    for (uint32_t code = 0; code < bins->features[feature].n_codes; code++)
        sums[code] = apart[0][code] + apart[1][code] + apart[2][code] + apart[3][code];
}

/* Rows of each code. */
static void count_codes(kehu_bins *bins)
{
    for (uint32_t f = 0; f < bins->n_features; f++) {
        kehu__tree_feature *feature = &bins->features[f];
        uint64_t sums[256];
        kehu__bins_weigh(bins, f, NULL, sums);
        for (uint32_t code = 0; code < feature->n_codes; code++)
            feature->code_weight[code] = (double)sums[code];
    }
}

typedef struct learning {
    kehu_bins *bins;
    const kehu_column *columns;
    const uint8_t *use;
    kehu_status *statuses; /* [n_features] */
    uint32_t n_tasks;
} learning;

static void learn_some(void *arg, int64_t task)
{
    learning *l = arg;
    kehu__tree_sample sample = {.alloc = l->bins->alloc};
    for (uint32_t f = (uint32_t)task; f < l->bins->n_features; f += l->n_tasks)
        l->statuses[f] = kehu__tree_feature_learn(&l->bins->features[f], &l->columns[f],
                                                  l->use, &sample, NULL);
    kehu__tree_sample_free(&sample);
}

static kehu_status learn_features(kehu_bins *bins, const kehu_column *columns,
                                  const uint8_t *use, const kehu__run *run,
                                  kehu_error *err)
{
    const uint32_t F = bins->n_features, n_threads = kehu__run_threads(run);
    learning l = {bins, columns, use, kehu__alloc(&bins->alloc, F, sizeof *l.statuses),
                  n_threads < F ? n_threads : F};
    kehu_status status = KEHU_OK;
    if (l.statuses == NULL)
        return kehu__no_memory(err, "the columns' bins");
    kehu__parallel(run, l.n_tasks, learn_some, &l);
    for (uint32_t f = 0; f < F && status == KEHU_OK; f++)
        if (l.statuses[f] != KEHU_OK) /* the first that failed, for its message */
            status = kehu__fail(err, l.statuses[f], -1, "column %s: %s", columns[f].name,
                                kehu_status_text(l.statuses[f]));
    kehu__free(&bins->alloc, l.statuses, F, sizeof *l.statuses);
    return status;
}

static kehu_status fit(kehu_bins *bins, const kehu_column *columns, const uint8_t *use,
                       const kehu__run *run, kehu_error *err)
{
    KEHU_TRY(learn_features(bins, columns, use, run, err));
    KEHU_TRY(kehu__tree_encode(&bins->codes, bins->features, bins->n_features, columns,
                               use, run, &bins->alloc, err));
    count_codes(bins);
    return KEHU_OK;
}

/* *out with KEHU_OK, else nothing. */
static kehu_status hand_over(kehu_bins **out, kehu_bins *bins, kehu_status status)
{
    *out = status == KEHU_OK ? bins : NULL;
    if (status != KEHU_OK)
        kehu_bins_free(bins);
    return status;
}

kehu_status kehu__bins_fit(kehu_bins **out, const kehu_column *columns,
                           uint32_t n_columns, const uint8_t *use, uint32_t n_rows,
                           const kehu__run *run, const kehu_allocator *alloc,
                           kehu_error *err)
{
    kehu_bins *bins;
    kehu_status status = kehu__bins_new(&bins, n_columns, n_rows, alloc, err);
    if (status == KEHU_OK)
        status = fit(bins, columns, use, run, err);
    return hand_over(out, bins, status);
}

static kehu_status take(kehu_bins *to, const kehu_bins *from, const uint8_t *use,
                        kehu_error *err)
{
    const kehu__tree_codes *a = &from->codes;
    uint32_t n = 0;
    for (uint32_t f = 0; f < from->n_features; f++)
        KEHU_TRY(kehu__tree_feature_copy(&to->features[f], &from->features[f], &to->alloc,
                                         err));
    for (uint32_t f = 0; f < from->n_features; f++) {
        const uint8_t *codes = a->by_column + (size_t)f * a->n_rows;
        uint8_t *kept = to->codes.by_column + (size_t)f * to->codes.n_rows;
        for (uint32_t i = 0; i < a->n_rows; i++)
            if (use[i])
                *kept++ = codes[i];
    }
    for (uint32_t i = 0; i < a->n_rows; i++)
        if (use[i])
            memcpy(to->codes.by_row + a->stride * n++, a->by_row + a->stride * i,
                   a->stride);
    count_codes(to);
    return KEHU_OK;
}

kehu_status kehu__bins_take(kehu_bins **out, const kehu_bins *bins, const uint8_t *use,
                            uint32_t n_rows, const kehu_allocator *alloc, kehu_error *err)
{
    kehu_bins *taken;
    kehu_status status = kehu__bins_new(&taken, bins->n_features, n_rows, alloc, err);
    if (status == KEHU_OK)
        status = take(taken, bins, use, err);
    return hand_over(out, taken, status);
}

kehu_status kehu_bins_fit(kehu_bins **out, const kehu_column *columns, uint32_t n_columns,
                          const kehu_bins_options *options, kehu_error *err)
{
    kehu_bins_options o = {0};
    kehu_allocator alloc;
    kehu__run run;
    kehu_status status;
    uint8_t *use;
    size_t n;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&o, sizeof o, options, err));
    if (columns == NULL || n_columns == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "there are no columns to make bins of");
    KEHU_TRY(kehu__bins_check_columns(columns, n_columns, columns->length,
                                      "the first column", err));
    if (columns->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "the columns have no rows");
    if (columns->length > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 2^31 - 1 are possible",
                          (long long)columns->length);
    alloc = kehu__allocator(o.alloc);
    run = (kehu__run){o.n_threads, o.executor, NULL};
    n = (size_t)columns->length;
    use = kehu__alloc(&alloc, n, 1);
    if (use == NULL)
        return kehu__no_memory(err, "the bins");
    memset(use, 1, n);
    status = kehu__bins_fit(out, columns, n_columns, use, (uint32_t)n, &run, &alloc, err);
    kehu__free(&alloc, use, n, 1);
    return status;
}

int64_t kehu_bins_row_count(const kehu_bins *bins)
{
    return bins->codes.n_rows;
}

uint32_t kehu_bins_feature_count(const kehu_bins *bins)
{
    return bins->n_features;
}

const char *kehu_bins_feature_name(const kehu_bins *bins, uint32_t i)
{
    return bins->features[i].name;
}
