/* Levels are cut values per class and five names; everything else is counting. */
#include <kehu/levels.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "insight/levels.h"

enum { N_CUTS = KEHU__LEVEL_CUTS, MAX_CLASSES = KEHU__LEVEL_CLASSES, MAX_NAMES = 4096 };

static const char *const default_names[KEHU_LEVEL_COUNT] = {
    "hardly", "occasional", "ordinary", "rather reliant", "reliant"};
static const double default_cuts[2][N_CUTS] = {{.2, .4, .6, .8}, {.5, 1, 2, 4}};

static kehu_status check_options(kehu_levels_options *o, kehu_error *err)
{
    const double *c = o->cuts;
    if ((unsigned)o->mode > KEHU_LEVEL_LIFT)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "mode is %d, expected 0 to %d",
                          (int)o->mode, KEHU_LEVEL_LIFT);
    if (c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0)
        memcpy(o->cuts, default_cuts[o->mode == KEHU_LEVEL_LIFT], sizeof o->cuts);
    for (uint32_t i = 0; i < N_CUTS; i++)
        if (!(c[i] > (i == 0 ? 0 : c[i - 1])) || isinf(c[i]) ||
            (o->mode != KEHU_LEVEL_LIFT && c[i] >= 1))
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "cuts[%u] is not above the one before it%s", (unsigned)i,
                              o->mode == KEHU_LEVEL_LIFT ? "" : " and below 1");
    for (uint32_t i = 0; i < KEHU_LEVEL_COUNT; i++) {
        if (o->names[i] == NULL)
            o->names[i] = default_names[i];
        if (o->names[i][0] == '\0')
            return kehu__fail(err, KEHU_ARGUMENT, -1, "names[%u] is empty", (unsigned)i);
    }
    return KEHU_OK;
}

kehu_status kehu__levels_check(const double *p, int64_t n_rows, uint32_t n_classes,
                               kehu_error *err)
{
    if (n_rows < 0 || (p == NULL && n_rows > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "probabilities is NULL or n_rows is negative");
    for (int64_t i = 0; i < n_rows; i++)
        for (uint32_t k = 0; k < n_classes; k++, p++)
            if (!(*p >= 0 && *p <= 1))
                return kehu__fail(err, KEHU_RANGE, i,
                                  "probability %u of row %lld is not inside 0 to 1",
                                  (unsigned)k, (long long)i);
    return KEHU_OK;
}

static double mean_of(const double *p, int64_t n_rows, uint32_t n_classes)
{
    double sum = 0;
    for (int64_t i = 0; i < n_rows; i++)
        sum += p[(size_t)i * n_classes];
    return sum / (double)n_rows;
}

static kehu_status find_quantiles(kehu_levels *levels, const double *shares,
                                  const double *p, int64_t n_rows, kehu_error *err)
{
    const kehu_allocator *a = &levels->alloc;
    const uint32_t K = levels->n_classes;
    kehu_status status = KEHU_OK;
    double *sorted = kehu__alloc(a, (size_t)n_rows, sizeof *sorted);
    double *scratch = kehu__alloc(a, (size_t)n_rows, sizeof *scratch);
    if (sorted == NULL || scratch == NULL)
        status = kehu__no_memory(err, "quantiles");
    for (uint32_t k = 0; k < K && status == KEHU_OK; k++) {
        for (int64_t i = 0; i < n_rows; i++)
            sorted[i] = p[(size_t)i * K + k];
        kehu__sort_f64(sorted, scratch, (size_t)n_rows);
        for (uint32_t c = 0; c < N_CUTS; c++) {
            const int64_t at = (int64_t)(shares[c] * (double)n_rows);
            levels->cuts[k * N_CUTS + c] = sorted[at < n_rows ? at : n_rows - 1];
        }
    }
    kehu__free(a, sorted, (size_t)n_rows, sizeof *sorted);
    kehu__free(a, scratch, (size_t)n_rows, sizeof *scratch);
    return status;
}

kehu_status kehu__levels_new(kehu_levels **out, kehu_level_mode mode, uint32_t n_classes,
                             const char *const *names, const kehu_allocator *alloc,
                             kehu_error *err)
{
    size_t size = 0;
    kehu_levels *levels = kehu__alloc_zero(alloc, 1, sizeof *levels);
    *out = levels;
    if (levels == NULL)
        return kehu__no_memory(err, "levels");
    levels->alloc = *alloc;
    levels->mode = mode;
    levels->n_classes = n_classes;
    for (uint32_t i = 0; i < KEHU_LEVEL_COUNT; i++)
        size += strlen(names[i]) + 1;
    if (size > MAX_NAMES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "names exceed %d bytes", MAX_NAMES);
    levels->cuts = kehu__alloc(alloc, (size_t)n_classes * N_CUTS, sizeof *levels->cuts);
    levels->names = kehu__alloc(alloc, size, 1);
    if (levels->names != NULL)
        for (uint32_t i = 0; i < KEHU_LEVEL_COUNT; i++) {
            const size_t n = strlen(names[i]) + 1;
            memcpy(levels->names + levels->starts[i], names[i], n);
            levels->starts[i + 1] = levels->starts[i] + (uint32_t)n;
        }
    return levels->cuts == NULL || levels->names == NULL ? kehu__no_memory(err, "levels")
                                                         : KEHU_OK;
}

static kehu_status find_cuts(kehu_levels *levels, const double *p, int64_t n_rows,
                             const kehu_levels_options *o, kehu_error *err)
{
    const uint32_t K = levels->n_classes;
    if (o->mode == KEHU_LEVEL_QUANTILE)
        return find_quantiles(levels, o->cuts, p, n_rows, err);
    for (uint32_t k = 0; k < K; k++) {
        const double by = o->mode == KEHU_LEVEL_LIFT ? mean_of(p + k, n_rows, K) : 1;
        for (uint32_t c = 0; c < N_CUTS; c++)
            levels->cuts[(size_t)k * N_CUTS + c] = o->cuts[c] * by;
    }
    return KEHU_OK;
}

kehu_status kehu_levels_fit(kehu_levels **out, const double *probabilities,
                            int64_t n_rows, uint32_t n_classes,
                            const kehu_levels_options *options, kehu_error *err)
{
    kehu_levels_options opt = {0};
    kehu_allocator alloc;
    kehu_levels *levels;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(check_options(&opt, err));
    if (n_classes < 1 || n_classes > MAX_CLASSES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_classes is %u, expected 1 to %d",
                          (unsigned)n_classes, MAX_CLASSES);
    KEHU_TRY(kehu__levels_check(probabilities, n_rows, n_classes, err));
    if (n_rows == 0 && opt.mode != KEHU_LEVEL_ABSOLUTE)
        return kehu__fail(err, KEHU_EMPTY, -1, "%s levels need rows to be fitted on",
                          kehu_level_mode_name(opt.mode));
    alloc = kehu__allocator(opt.alloc);
    status = kehu__levels_new(&levels, opt.mode, n_classes, opt.names, &alloc, err);
    if (status == KEHU_OK)
        status = find_cuts(levels, probabilities, n_rows, &opt, err);
    if (status == KEHU_OK)
        *out = levels;
    else
        kehu_levels_free(levels);
    return status;
}

kehu_status kehu_levels_grade(const kehu_levels *levels, const double *probabilities,
                              int64_t n_rows, uint8_t *grades, kehu_error *err)
{
    if (levels == NULL || (grades == NULL && n_rows > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "levels or grades is NULL");
    KEHU_TRY(kehu__levels_check(probabilities, n_rows, levels->n_classes, err));
    for (int64_t i = 0; i < n_rows; i++)
        for (uint32_t k = 0; k < levels->n_classes; k++) {
            const size_t at = (size_t)i * levels->n_classes + k;
            grades[at] = (uint8_t)kehu__level_of(levels, k, probabilities[at]);
        }
    return KEHU_OK;
}

uint32_t kehu_levels_class_count(const kehu_levels *levels)
{
    return levels->n_classes;
}

kehu_level_mode kehu_levels_mode(const kehu_levels *levels)
{
    return levels->mode;
}

const char *kehu_levels_name(const kehu_levels *levels, uint32_t level)
{
    return levels->names + levels->starts[level];
}

double kehu_levels_cut(const kehu_levels *levels, uint32_t class_number, uint32_t i)
{
    return levels->cuts[(size_t)class_number * N_CUTS + i];
}

const char *kehu_level_mode_name(kehu_level_mode mode)
{
    return mode == KEHU_LEVEL_ABSOLUTE   ? "absolute"
           : mode == KEHU_LEVEL_QUANTILE ? "quantile"
           : mode == KEHU_LEVEL_LIFT     ? "lift"
                                         : "unknown";
}

void kehu_levels_free(kehu_levels *levels)
{
    if (levels == NULL)
        return;
    const kehu_allocator a = levels->alloc;
    kehu__free(&a, levels->cuts, (size_t)levels->n_classes * N_CUTS,
               sizeof *levels->cuts);
    kehu__free(&a, levels->names, levels->starts[KEHU_LEVEL_COUNT], 1);
    kehu__free(&a, levels, 1, sizeof *levels);
}
