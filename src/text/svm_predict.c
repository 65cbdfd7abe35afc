#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "learn/calibrate.h"
#include "text/svm_model.h"
#include "text/term_scan.h"

enum { CHUNK_BYTES = 1 << 18, CHUNKS_A_ROUND = 64 };

typedef struct prediction {
    const kehu_svm *svm;
    const kehu_column *texts;
    double abstain_below;
    bool independent;
    int32_t *classes;
    float *probabilities, *margins;
    int64_t firsts[CHUNKS_A_ROUND + 1];
    bool failed[CHUNKS_A_ROUND];
} prediction;

static void answer(const prediction *job, int64_t i, const float *margins, float *scratch)
{
    const kehu_svm *const svm = job->svm;
    const uint32_t n = svm->classes.n;
    float *const probabilities =
        job->probabilities == NULL ? scratch : job->probabilities + i * n;
    uint32_t best = 0;
    for (uint32_t k = 1; k < n; k++)
        if (margins[k] > margins[best])
            best = k;
    if (job->margins != NULL)
        memcpy(job->margins + i * n, margins, n * sizeof *margins);
    if (job->probabilities != NULL || job->abstain_below > 0)
        kehu__softmax(margins, n, svm->info.temperature, probabilities);
    if (job->classes != NULL)
        job->classes[i] =
            job->abstain_below >= 1 || (job->abstain_below > 0 &&
                                        (double)probabilities[best] < job->abstain_below)
                ? -1
                : (int32_t)best;
    if (job->probabilities != NULL && job->independent)
        for (uint32_t k = 0; k < n; k++)
            probabilities[k] = (float)kehu__logistic(
                svm->sigmoids[k].slope * (double)margins[k] + svm->sigmoids[k].offset);
}

/* What the texts under way need: each is begun while the one before it is counted, and
 * scored while the one after it is, so that memory has time to answer. */
typedef struct pipeline {
    kehu__term_ahead ahead[2];
    kehu__term_work work[2];
    float *scores, *margins;
} pipeline;

static void begin_text(const prediction *job, pipeline *p, int64_t i)
{
    const kehu__text text = kehu__column_text(job->texts, i);
    kehu__terms_begin(job->svm->terms, &p->ahead[i & 1], text.bytes, text.size, NULL);
}

static bool count_text(const prediction *job, pipeline *p, int64_t i)
{
    kehu__term_work *const work = &p->work[i & 1];
    if (!kehu__terms_finish(job->svm->terms, work, &p->ahead[i & 1]))
        return false;
    kehu__linear_prefetch(job->svm->linear, work->columns, (int64_t)work->n);
    return true;
}

static void score_text(const prediction *job, const pipeline *p, int64_t i)
{
    const kehu_svm *const svm = job->svm;
    const kehu__term_work *const work = &p->work[i & 1];
    kehu__linear_score(svm->linear, work->columns, work->values, (int64_t)work->n,
                       p->scores);
    kehu__linear_margins(svm->linear, p->scores, p->margins);
    answer(job, i, p->margins, p->margins + svm->classes.n);
}

static void predict_chunk(void *arg, int64_t number)
{
    prediction *const job = arg;
    const kehu_svm *const svm = job->svm;
    const int64_t first = job->firsts[number], last = job->firsts[number + 1];
    const size_t room = kehu__linear_room(svm->linear);
    const size_t n = room + 2 * (size_t)svm->classes.n;
    pipeline p = {.scores = kehu__alloc(&svm->alloc, n, sizeof *p.scores)};
    bool ok = p.scores != NULL;
    p.margins = ok ? p.scores + room : NULL;
    for (int k = 0; k < 2; k++)
        p.work[k] = kehu__term_work_new(&svm->alloc);
    if (ok)
        begin_text(job, &p, first);
    for (int64_t i = first; i < last && ok; i++) {
        if (i + 1 < last)
            begin_text(job, &p, i + 1);
        ok = count_text(job, &p, i);
        if (ok && i > first)
            score_text(job, &p, i - 1);
    }
    if (ok)
        score_text(job, &p, last - 1);
    job->failed[number] = !ok;
    kehu__free(&svm->alloc, p.scores, n, sizeof *p.scores);
    for (int k = 0; k < 2; k++)
        kehu__term_work_free(&p.work[k]);
}

/* Cut the texts from `first` on into chunks by size; returns how many. */
static int64_t plan(prediction *job, int64_t first)
{
    int64_t n = 0;
    job->firsts[0] = first;
    while (n < CHUNKS_A_ROUND && job->firsts[n] < job->texts->length) {
        int64_t next = job->firsts[n], bytes = 0;
        while (next < job->texts->length && bytes < CHUNK_BYTES)
            bytes += 16 + kehu__column_text(job->texts, next++).size;
        job->firsts[++n] = next;
    }
    return n;
}

kehu_status kehu_svm_predict(const kehu_svm *svm, const kehu_column *texts,
                             const kehu_svm_predict_options *options, int32_t *classes,
                             float *probabilities, float *margins, kehu_error *err)
{
    kehu_svm_predict_options o = {0};
    prediction job = {.svm = svm,
                      .texts = texts,
                      .classes = classes,
                      .probabilities = probabilities,
                      .margins = margins};
    kehu__run run;
    if (svm == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "svm is NULL");
    KEHU_TRY(kehu__options_read(&o, sizeof o, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (!(o.abstain_below >= 0 && o.abstain_below <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "abstain_below is not in 0 to 1");
    if (o.independent > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "independent is %u, expected 0 or 1",
                          (unsigned)o.independent);
    job.independent = o.independent == 1;
    job.abstain_below = o.abstain_below > 0 ? o.abstain_below : svm->info.abstain_below;
    run = (kehu__run){o.n_threads, o.executor, o.progress};
    for (int64_t next = 0; next < texts->length;) {
        const int64_t n = plan(&job, next);
        kehu__parallel(&run, n, predict_chunk, &job);
        for (int64_t k = 0; k < n; k++)
            if (job.failed[k])
                return kehu__no_memory(err, "the terms of a text");
        next = job.firsts[n];
        KEHU_TRY(kehu__progress(&run, (double)next / (double)texts->length, "predicting",
                                err));
    }
    return KEHU_OK;
}

kehu_status kehu_svm_top(const float *probabilities, int64_t n, uint32_t n_classes,
                         uint32_t k, int32_t *classes, kehu_error *err)
{
    if (n < 0 || (n > 0 && (probabilities == NULL || classes == NULL)))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "probabilities or classes is NULL, or n is negative");
    if (k < 1 || k > n_classes)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "k is %u, expected 1 to %u",
                          (unsigned)k, (unsigned)n_classes);
    for (int64_t i = 0; i < n; i++) {
        const float *const p = probabilities + i * n_classes;
        int32_t *const best = classes + i * k;
        uint32_t found = 0;
        for (uint32_t c = 0; c < n_classes; c++) {
            uint32_t at = found;
            if (found == k && !(p[c] > p[best[k - 1]]))
                continue;
            at = found < k ? found++ : k - 1;
            for (; at > 0 && p[c] > p[best[at - 1]]; at--)
                best[at] = best[at - 1];
            best[at] = (int32_t)c;
        }
    }
    return KEHU_OK;
}
