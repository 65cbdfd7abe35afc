#include <kehu/evaluate.h>

#include <math.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/maths.h"
#include "base/mem.h"
#include "base/sort.h"
#include "learn/evaluate.h"

enum { N_BINS = 15 };
#define LEAST_PROBABILITY 1e-6

static double ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

/* ---- reliability ---- */

typedef struct bins {
    double probability[N_BINS], happened[N_BINS];
} bins;

static void add_to_bin(bins *b, double probability, bool happened)
{
    const int at = (int)(probability * N_BINS);
    const int bin = at < N_BINS ? at : N_BINS - 1;
    b->probability[bin] += probability;
    b->happened[bin] += happened;
}

static double expected_error(const bins *b, int64_t n)
{
    double sum = 0;
    for (int k = 0; k < N_BINS; k++)
        sum += fabs(b->probability[k] - b->happened[k]);
    return sum / (double)n;
}

static double loss_of(double probability)
{
    return -kehu__log(probability > LEAST_PROBABILITY ? probability : LEAST_PROBABILITY);
}

/* ---- classes ---- */

static kehu_status check_classes(const int32_t *classes, int64_t n, uint32_t n_classes,
                                 int32_t least, const char *name, kehu_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (classes[i] < least || classes[i] >= (int64_t)n_classes)
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "%s of row %lld is class %d, expected %d to %lld", name,
                              (long long)i, (int)classes[i], (int)least,
                              (long long)n_classes - 1);
    return KEHU_OK;
}

static kehu_status add_probabilities(kehu_evaluation *out, const int32_t *truth,
                                     int64_t n, uint32_t n_classes, const float *p,
                                     kehu_error *err)
{
    bins b = {0};
    double loss = 0;
    for (int64_t i = 0; i < n; i++, p += n_classes) {
        uint32_t best = 0;
        for (uint32_t k = 0; k < n_classes; k++) {
            if (!(p[k] >= 0 && p[k] <= 1))
                return kehu__fail(err, KEHU_RANGE, i,
                                  "probability %u of row %lld is not in 0 to 1",
                                  (unsigned)k, (long long)i);
            best = p[k] > p[best] ? k : best;
        }
        add_to_bin(&b, (double)p[best], (int32_t)best == truth[i]);
        loss += loss_of((double)p[truth[i]]);
    }
    out->log_loss = loss / (double)n;
    out->calibration_error = expected_error(&b, n);
    return KEHU_OK;
}

static void add_up(kehu_evaluation *out, kehu_class_evaluation *classes,
                   uint32_t n_classes)
{
    double f1 = 0;
    uint32_t n_occurring = 0;
    for (uint32_t k = 0; k < n_classes; k++) {
        kehu_class_evaluation *const c = &classes[k];
        c->precision = ratio((double)c->n_right, (double)c->n_answered);
        c->recall = ratio((double)c->n_right, (double)c->n_truth);
        c->f1 = ratio(2 * (double)c->n_right, (double)(c->n_truth + c->n_answered));
        out->n_right += c->n_right;
        out->n_answered += c->n_answered;
        if (c->n_truth + c->n_answered > 0) {
            f1 += c->f1;
            n_occurring++;
        }
    }
    out->accuracy = (double)out->n_right / (double)out->n;
    out->coverage = (double)out->n_answered / (double)out->n;
    out->precision = ratio((double)out->n_right, (double)out->n_answered);
    out->macro_f1 = f1 / n_occurring;
}

static void count(const int32_t *truth, const int32_t *answers, int64_t n,
                  uint32_t n_classes, kehu_class_evaluation *classes, int64_t *confusion)
{
    const size_t width = (size_t)n_classes + 1;
    for (uint32_t k = 0; k < n_classes; k++)
        classes[k] = (kehu_class_evaluation){0};
    for (size_t k = 0; confusion != NULL && k < n_classes * width; k++)
        confusion[k] = 0;
    for (int64_t i = 0; i < n; i++) {
        classes[truth[i]].n_truth++;
        if (answers[i] >= 0)
            classes[answers[i]].n_answered++;
        classes[truth[i]].n_right += answers[i] == truth[i];
        if (confusion != NULL)
            confusion[(size_t)truth[i] * width +
                      (answers[i] >= 0 ? (size_t)answers[i] : n_classes)]++;
    }
}

kehu_status kehu_evaluate(kehu_evaluation *out, const int32_t *truth,
                          const int32_t *answers, int64_t n, uint32_t n_classes,
                          const float *probabilities, kehu_class_evaluation *classes,
                          int64_t *confusion, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu_class_evaluation *own = NULL;
    kehu_evaluation e = {
        .n = n, .log_loss = (double)NAN, .calibration_error = (double)NAN};
    if (out == NULL || truth == NULL || answers == NULL || n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "out, truth or answers is NULL, or n is negative");
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    KEHU_TRY(check_classes(truth, n, n_classes, 0, "truth", err));
    KEHU_TRY(check_classes(answers, n, n_classes, -1, "answers", err));
    if (probabilities != NULL)
        KEHU_TRY(add_probabilities(&e, truth, n, n_classes, probabilities, err));
    if (classes == NULL) {
        classes = own = kehu__alloc(&alloc, n_classes, sizeof *own);
        if (own == NULL)
            return kehu__no_memory(err, "the classes");
    }
    count(truth, answers, n, n_classes, classes, confusion);
    add_up(&e, classes, n_classes);
    kehu__free(&alloc, own, n_classes, sizeof *own);
    *out = e;
    return KEHU_OK;
}

/* ---- yes or no ---- */

/* Rows by rising probability; equal ones share their mean rank (Mann-Whitney). */
static kehu_status area(double *auc, const double *probabilities, const uint8_t *happened,
                        int64_t n, int64_t n_positive, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const size_t size = (size_t)n;
    uint64_t *const keys = kehu__alloc(&alloc, size, 2 * sizeof *keys);
    uint32_t *const order = kehu__alloc(&alloc, size, 2 * sizeof *order);
    const bool ok = keys != NULL && order != NULL;
    double ranks = 0; /* of the positives, from 1 */
    for (size_t i = 0; ok && i < size; i++) {
        /* -0 and 0 are equal. */
        keys[i] = kehu__order_f64(probabilities[i] + 0.0);
        order[i] = happened[i];
    }
    if (ok)
        kehu__sort_pairs(keys, order, keys + size, order + size, size);
    for (size_t first = 0, last; ok && first < size; first = last) {
        int64_t positive = 0;
        for (last = first; last < size && keys[last] == keys[first]; last++)
            positive += order[last];
        ranks += (double)positive * ((double)(first + last + 1) / 2);
    }
    kehu__free(&alloc, keys, size, 2 * sizeof *keys);
    kehu__free(&alloc, order, size, 2 * sizeof *order);
    if (!ok)
        return kehu__no_memory(err, "the order of the probabilities");
    *auc = ratio(ranks - (double)n_positive * ((double)n_positive + 1) / 2,
                 (double)n_positive * (double)(n - n_positive));
    return KEHU_OK;
}

kehu_status kehu__check_outcome(double p, int yes, int64_t row, kehu_error *err)
{
    if (!(p >= 0 && p <= 1))
        return kehu__fail(err, KEHU_RANGE, row,
                          "the probability of row %lld is not in 0 to 1", (long long)row);
    if (yes > 1)
        return kehu__fail(err, KEHU_RANGE, row,
                          "happened of row %lld is %d, expected 0 or 1", (long long)row,
                          yes);
    return KEHU_OK;
}

kehu_status kehu_evaluate_binary(kehu_binary_evaluation *out, const double *probabilities,
                                 const uint8_t *happened, int64_t n, kehu_error *err)
{
    kehu_binary_evaluation e = {.n = n};
    bins b = {0};
    if (out == NULL || probabilities == NULL || happened == NULL || n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "out, probabilities or happened is NULL, or n is negative");
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    for (int64_t i = 0; i < n; i++) {
        const double p = probabilities[i];
        const int yes = happened[i];
        KEHU_TRY(kehu__check_outcome(p, yes, i, err));
        add_to_bin(&b, p, yes);
        e.n_positive += yes;
        e.log_loss += loss_of(yes ? p : 1 - p);
        e.brier += (p - yes) * (p - yes);
    }
    e.log_loss /= (double)n;
    e.brier /= (double)n;
    e.calibration_error = expected_error(&b, n);
    KEHU_TRY(area(&e.auc, probabilities, happened, n, e.n_positive, err));
    *out = e;
    return KEHU_OK;
}

/* ---- two methods ---- */

/* Twice the chance of at most `few` heads in n throws of a fair coin, at most 1.
 * The largest term by its logarithm, the others by their ratio to it. */
static double two_sided(int64_t few, int64_t n)
{
    double logarithm = -(double)n * kehu__log(2), sum = 1, term = 1;
    if (2 * few >= n - 1)
        return 1;
    for (int64_t k = 1; k <= few; k++)
        logarithm += kehu__log((double)(n - few + k) / (double)k);
    for (int64_t k = few; k > 0 && term > 1e-18 * sum; k--) {
        term *= (double)k / (double)(n - k + 1);
        sum += term;
    }
    sum *= 2 * kehu__exp(logarithm);
    return sum < 1 ? sum : 1;
}

kehu_status kehu_compare(kehu_mcnemar *out, const int32_t *truth, const int32_t *a,
                         const int32_t *b, int64_t n, kehu_error *err)
{
    kehu_mcnemar m = {0};
    if (out == NULL || truth == NULL || a == NULL || b == NULL || n < 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "out, truth, a or b is NULL, or n is negative");
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows");
    for (int64_t i = 0; i < n; i++) {
        const bool a_right = a[i] == truth[i], b_right = b[i] == truth[i];
        m.both += a_right && b_right;
        m.neither += !a_right && !b_right;
        m.only_a += a_right && !b_right;
        m.only_b += !a_right && b_right;
    }
    m.p_value = two_sided(m.only_a < m.only_b ? m.only_a : m.only_b, m.only_a + m.only_b);
    *out = m;
    return KEHU_OK;
}

uint32_t kehu_fold_of(const void *id, size_t size, uint64_t seed, uint32_t n_folds)
{
    return (uint32_t)((kehu__hash(id, size, seed) >> 32) * n_folds >> 32);
}
