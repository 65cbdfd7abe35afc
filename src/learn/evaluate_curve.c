/* Yes and no by groups: calibration curves, calibration over time, gains and lift. */
#include <kehu/evaluate.h>

#include <math.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/mem.h"
#include "base/sort.h"
#include "learn/evaluate.h"

enum { MAX_GROUPS = 1000000 };

static kehu_status check(const void *rows, uint32_t n_groups, const double *probabilities,
                         const uint8_t *happened, int64_t n, kehu_error *err)
{
    if (rows == NULL || n < 0 || (n > 0 && (probabilities == NULL || happened == NULL)))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "rows, probabilities or happened is NULL, or n is negative");
    if (n_groups < 1 || n_groups > MAX_GROUPS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_groups is %u, expected 1 to %d",
                          (unsigned)n_groups, MAX_GROUPS);
    for (int64_t i = 0; i < n; i++)
        KEHU_TRY(kehu__check_outcome(probabilities[i], happened[i], i, err));
    return KEHU_OK;
}

static int64_t bin_of(double p, uint32_t n_groups)
{
    const int64_t at = (int64_t)(p * n_groups);
    return at < n_groups ? at : (int64_t)n_groups - 1;
}

kehu_status kehu_calibration(kehu_calibration_row *rows, uint32_t n_groups,
                             const double *probabilities, const uint8_t *happened,
                             const int32_t *groups, int64_t n, kehu_error *err)
{
    KEHU_TRY(check(rows, n_groups, probabilities, happened, n, err));
    for (uint32_t g = 0; g < n_groups; g++)
        rows[g] = (kehu_calibration_row){0};
    for (int64_t i = 0; i < n; i++) {
        const int64_t g =
            groups == NULL ? bin_of(probabilities[i], n_groups) : (int64_t)groups[i];
        if (g < -1 || g >= n_groups)
            return kehu__fail(err, KEHU_RANGE, i,
                              "groups[%lld] is %lld, expected -1 to %u", (long long)i,
                              (long long)g, (unsigned)n_groups - 1);
        if (g < 0)
            continue;
        rows[g].n++;
        rows[g].n_positive += happened[i];
        rows[g].mean_probability += probabilities[i];
    }
    for (uint32_t g = 0; g < n_groups; g++) {
        kehu_calibration_row *row = &rows[g];
        const double count = (double)row->n;
        row->low = row->high = row->observed_rate = (double)NAN;
        row->mean_probability = row->n > 0 ? row->mean_probability / count : (double)NAN;
        if (row->n > 0) {
            row->observed_rate = (double)row->n_positive / count;
            kehu__wilson(row->observed_rate, count, &row->low, &row->high);
        }
    }
    return KEHU_OK;
}

/* Rows by rising probability, walked from the top, those of equal probability as one
 * block whose yes are spread evenly. */
static void walk_down(kehu_gain_row *rows, uint32_t n_groups, const uint64_t *keys,
                      const uint32_t *yes, size_t n)
{
    double found = 0;
    uint32_t g = 0;
    for (size_t end = n, first; end > 0; end = first) {
        double positive = 0;
        for (first = end; first > 0 && keys[first - 1] == keys[end - 1]; first--)
            positive += yes[first - 1];
        for (; g < n_groups; g++) {
            const size_t depth = (size_t)((uint64_t)n * (g + 1) / n_groups);
            if (depth > n - first)
                break;
            rows[g].n = (int64_t)depth;
            rows[g].n_positive =
                found + positive * (double)(depth - (n - end)) / (double)(end - first);
        }
        found += positive;
    }
    for (g = 0; g < n_groups; g++) {
        const double depth = (double)rows[g].n;
        rows[g].gain = found > 0 ? rows[g].n_positive / found : (double)NAN;
        rows[g].lift = found > 0 && depth > 0
                           ? rows[g].n_positive / depth / (found / (double)n)
                           : (double)NAN;
    }
}

kehu_status kehu_gains(kehu_gain_row *rows, uint32_t n_groups,
                       const double *probabilities, const uint8_t *happened, int64_t n,
                       kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const size_t size = (size_t)n;
    uint64_t *keys;
    uint32_t *yes;
    kehu_status status = KEHU_OK;
    KEHU_TRY(check(rows, n_groups, probabilities, happened, n, err));
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    keys = kehu__alloc(&alloc, size, 2 * sizeof *keys);
    yes = kehu__alloc(&alloc, size, 2 * sizeof *yes);
    if (keys == NULL || yes == NULL)
        status = kehu__no_memory(err, "the order of the probabilities");
    for (size_t i = 0; status == KEHU_OK && i < size; i++) {
        keys[i] = kehu__order_f64(probabilities[i] + 0.0); /* -0 and 0 are equal */
        yes[i] = happened[i];
    }
    if (status == KEHU_OK) {
        kehu__sort_pairs(keys, yes, keys + size, yes + size, size);
        walk_down(rows, n_groups, keys, yes, size);
    }
    kehu__free(&alloc, keys, size, 2 * sizeof *keys);
    kehu__free(&alloc, yes, size, 2 * sizeof *yes);
    return status;
}
