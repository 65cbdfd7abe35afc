/* Terms without a vocabulary: in how many texts each column is, and the weights from
 * that. Memory does not grow with the texts. */
#include <string.h>

#include "base/maths.h"
#include "text/term_index.h"
#include "text/term_scan.h"

enum { ROUND_BYTES = 1 << 24, MAX_WORKERS = 16, FEW = 64 };

typedef struct column_count {
    uint32_t df, last; /* last: text + 1, modulo 2^32, that counted last */
} column_count;

typedef struct hash_round {
    const kehu_column *texts;
    const kehu__term_options *options;
    int64_t first, last, n_workers;
    column_count *workers[MAX_WORKERS];
} hash_round;

static void count_share(void *arg, int64_t number)
{
    const hash_round *const job = arg;
    const uint32_t bits = job->options->hash_bits;
    column_count *const counts = job->workers[number];
    for (int64_t i = job->first + number; i < job->last; i += job->n_workers) {
        const kehu__text text = kehu__column_text(job->texts, i);
        const uint32_t stamp = (uint32_t)i + 1;
        uint64_t keys[KEHU__SCAN_KEYS];
        kehu_span found[KEHU__SCAN_SPANS];
        kehu__term_scan scan =
            kehu__term_scan_new(job->options, text.bytes, text.size, found);
        uint32_t n;
        while ((n = kehu__term_scan_fill(&scan, keys, NULL)) > 0)
            for (uint32_t k = 0; k < n; k++) {
                column_count *const c = &counts[kehu__hash_column(keys[k], bits)];
                c->df += c->df == 0 || c->last != stamp;
                c->last = stamp;
            }
    }
}

static kehu_status count_all(hash_round *job, const kehu__run *run, kehu_error *err)
{
    while (job->last < job->texts->length) {
        int64_t bytes = 0;
        job->first = job->last;
        while (job->last < job->texts->length && bytes < ROUND_BYTES)
            bytes += 16 + kehu__column_text(job->texts, job->last++).size;
        kehu__parallel(run, job->n_workers, count_share, job);
        KEHU_TRY(kehu__progress(run, (double)job->last / (double)job->texts->length,
                                "vocabulary", err));
    }
    return KEHU_OK;
}

static float idf_of(const kehu__terms *t, uint64_t df)
{
    return (float)(1 + kehu__log((1 + (double)t->n_texts) / (1 + (double)df)));
}

/* Weights of the columns that enough texts have; how many those are. */
static uint32_t weigh_columns(kehu__terms *t, const hash_round *job)
{
    float of_few[FEW] = {0}; /* weights of small frequencies, which most columns have */
    uint32_t n = 0;
    for (uint32_t df = 1; df < FEW; df++)
        of_few[df] = idf_of(t, df);
    for (uint32_t k = 0; k < t->n_terms; k++) {
        uint64_t df = 0;
        for (int64_t w = 0; w < job->n_workers; w++)
            df += job->workers[w][k].df;
        t->own_idf[k] = 0;
        if (df == 0 || df < t->options.min_df)
            continue;
        t->own_idf[k] = df < FEW ? of_few[df] : idf_of(t, df);
        t->n_entries += df;
        n++;
    }
    return n;
}

static kehu_status fill(kehu__terms *t, hash_round *job, const kehu__run *run,
                        kehu_error *err)
{
    bool ok;
    t->idf = t->own_idf = kehu__alloc(&t->alloc, t->n_terms, sizeof *t->idf);
    ok = t->idf != NULL;
    for (int64_t w = 0; w < job->n_workers; w++) {
        job->workers[w] =
            kehu__alloc_zero(&t->alloc, t->n_terms, sizeof *job->workers[w]);
        ok = ok && job->workers[w] != NULL;
    }
    if (!ok)
        return kehu__no_memory(err, "the columns of terms");
    KEHU_TRY(count_all(job, run, err));
    if (weigh_columns(t, job) == 0)
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "no term is in at least %u texts: all are empty or differ",
                          (unsigned)t->options.min_df);
    return KEHU_OK;
}

kehu_status kehu__terms_build_hashed(kehu__terms **out, const kehu_column *texts,
                                     const kehu__term_options *options,
                                     const kehu__run *run, const kehu_allocator *alloc,
                                     kehu_error *err)
{
    hash_round job = {.texts = texts, .options = options};
    kehu__terms *const t = kehu__alloc_zero(alloc, 1, sizeof *t);
    kehu_status status;
    *out = NULL;
    if (t == NULL)
        return kehu__no_memory(err, "the columns of terms");
    job.n_workers = kehu__run_threads(run);
    job.n_workers = job.n_workers < MAX_WORKERS ? job.n_workers : MAX_WORKERS;
    t->alloc = *alloc;
    t->options = *options;
    t->n_texts = texts->length;
    t->n_terms = UINT32_C(1) << options->hash_bits;
    status = fill(t, &job, run, err);
    for (int64_t w = 0; w < job.n_workers; w++)
        kehu__free(alloc, job.workers[w], t->n_terms, sizeof *job.workers[w]);
    if (status == KEHU_OK)
        *out = t;
    else
        kehu__terms_free(t);
    return status;
}
