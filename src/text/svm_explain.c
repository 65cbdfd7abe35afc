#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "text/svm_model.h"

/* The terms of one text, sorted by number, and where each is first. */
typedef struct places {
    uint64_t *terms;          /* [n] term << 32 | position in the row */
    kehu_svm_reason *reasons; /* [n] */
    size_t n;
} places;

static void note_place(void *ctx, uint32_t term, int64_t start, int64_t end)
{
    const places *const p = ctx;
    size_t low = 0, high = p->n;
    kehu_svm_reason *reason;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (p->terms[middle] >> 32 <= term)
            low = middle;
        else
            high = middle;
    }
    reason = &p->reasons[(uint32_t)p->terms[low]];
    if (reason->count++ == 0) {
        reason->start = start;
        reason->end = end;
    }
}

static int by_contribution(const void *a, const void *b, void *ctx)
{
    const kehu_svm_reason *const x = a, *const y = b;
    const double p = fabs(x->contribution), q = fabs(y->contribution);
    (void)ctx;
    if (p != q)
        return p > q ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static double weight_of(const kehu__linear *m, uint32_t column, uint32_t k)
{
    const double w = (double)kehu__linear_weight(m, column, m->width == 1 ? 0 : k);
    return m->width == 1 && k == 0 ? -w : w;
}

static void fill(const kehu_svm *svm, const kehu__term_work *work, uint32_t k,
                 const char *text, int64_t size, places *p, uint64_t *scratch)
{
    double sum = 0;
    for (size_t j = 0; j < p->n; j++) {
        p->terms[j] = (uint64_t)work->columns[j] << 32 | j;
        p->reasons[j] = (kehu_svm_reason){
            .is_word = kehu__terms_is_word(svm->terms, work->columns[j]),
            .contribution =
                (double)work->values[j] * weight_of(svm->linear, work->columns[j], k)};
        sum += fabs(p->reasons[j].contribution);
    }
    for (size_t j = 0; j < p->n; j++)
        p->reasons[j].share = sum > 0 ? fabs(p->reasons[j].contribution) / sum : 0;
    kehu__sort_u64(p->terms, scratch, p->n);
    kehu__terms_visit(svm->terms, text, size, note_place, p);
    kehu__sort(p->reasons, p->n, sizeof *p->reasons, by_contribution, NULL);
}

static uint32_t largest(const float *margins, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < n; k++)
        if (margins[k] > margins[best])
            best = k;
    return best;
}

kehu_status kehu_svm_explain(const kehu_svm *svm, const char *text, int64_t size,
                             int32_t class_number, kehu_svm_reason *reasons,
                             uint32_t capacity, uint32_t *n, double *margin, double *bias,
                             kehu_error *err)
{
    kehu__term_work work;
    places p = {0};
    uint64_t *scratch = NULL;
    float *scores = NULL, *margins;
    size_t n_scores;
    kehu_status status = KEHU_OK;
    uint32_t k;

    if (svm == NULL || n == NULL || size < 0 || (text == NULL && size > 0) ||
        (reasons == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "svm, text, reasons or n is NULL, or size is negative");
    if (class_number < -1 || class_number >= (int32_t)svm->classes.n)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "class_number is %d, expected -1 to %u",
                          (int)class_number, (unsigned)svm->classes.n - 1);
    *n = 0;
    work = kehu__term_work_new(&svm->alloc);
    n_scores = kehu__linear_room(svm->linear) + (size_t)svm->classes.n;
    scores = kehu__alloc(&svm->alloc, n_scores, sizeof *scores);
    if (scores == NULL || !kehu__terms_row(svm->terms, &work, text, size)) {
        status = kehu__no_memory(err, "an explanation");
        goto done;
    }
    margins = scores + kehu__linear_room(svm->linear);
    kehu__linear_score(svm->linear, work.columns, work.values, (int64_t)work.n, scores);
    kehu__linear_margins(svm->linear, scores, margins);
    k = class_number >= 0 ? (uint32_t)class_number : largest(margins, svm->classes.n);
    p.n = work.n;
    if (p.n > 0) {
        p.terms = kehu__alloc(&svm->alloc, p.n, sizeof *p.terms);
        scratch = kehu__alloc(&svm->alloc, p.n, sizeof *scratch);
        p.reasons = kehu__alloc(&svm->alloc, p.n, sizeof *p.reasons);
        if (p.terms == NULL || scratch == NULL || p.reasons == NULL) {
            status = kehu__no_memory(err, "an explanation");
            goto done;
        }
        fill(svm, &work, k, text, size, &p, scratch);
        if (capacity > 0)
            memcpy(reasons, p.reasons,
                   (p.n < capacity ? p.n : capacity) * sizeof *reasons);
    }
    *n = (uint32_t)p.n;
    if (margin != NULL)
        *margin = (double)margins[k];
    if (bias != NULL)
        *bias =
            (double)svm->linear->bias * weight_of(svm->linear, svm->linear->n_columns, k);

done:
    kehu__free(&svm->alloc, p.terms, p.n, sizeof *p.terms);
    kehu__free(&svm->alloc, scratch, p.n, sizeof *scratch);
    kehu__free(&svm->alloc, p.reasons, p.n, sizeof *p.reasons);
    kehu__free(&svm->alloc, scores, n_scores, sizeof *scores);
    kehu__term_work_free(&work);
    return status;
}
