/* Training both models, and the threshold between them. */
#include <kehu/hybrid.h>

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "base/thread.h"
#include "text/hybrid_model.h"

enum { FOLDS = 5, DEFAULT_KEYWORDS = 200 };

/* How the keywords alone do on a text, and how the machine does. */
typedef struct judged {
    double probability;
    int64_t row;
    bool keyword_right, svm_right;
} judged;

static int by_falling_probability(const void *a, const void *b, void *ctx)
{
    const judged *x = a, *y = b;
    (void)ctx;
    if (x->probability != y->probability)
        return x->probability > y->probability ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Take as many of the surest texts from the machine as can be without a loss. */
static void choose_threshold(kehu_hybrid *h, judged *texts, int64_t n)
{
    int64_t keyword_right = 0, svm_right = 0, right, best_right, best = 0;
    kehu__sort(texts, (size_t)n, sizeof *texts, by_falling_probability, NULL);
    for (int64_t i = 0; i < n; i++) {
        keyword_right += texts[i].keyword_right;
        svm_right += texts[i].svm_right;
    }
    right = best_right = svm_right;
    h->threshold = KEHU__HYBRID_MILLION + 1;
    for (int64_t i = 0; i < n; i++) {
        const double next = i + 1 < n ? texts[i + 1].probability : 0;
        right += (int64_t)texts[i].keyword_right - (int64_t)texts[i].svm_right;
        if (right < svm_right || next == texts[i].probability)
            continue;
        best = i + 1;
        best_right = right;
        /* Half way, as the final models' probabilities differ a little. */
        h->threshold =
            (int32_t)floor((texts[i].probability + next) / 2 * KEHU__HYBRID_MILLION);
    }
    h->info.n_held_out = n;
    h->info.by_keyword = (double)best / (double)n;
    h->info.accuracy = (double)best_right / (double)n;
    h->info.keyword_accuracy = (double)keyword_right / (double)n;
    h->info.svm_accuracy = (double)svm_right / (double)n;
}

typedef struct trainer {
    kehu_hybrid_options opt;
    kehu_keyword_options keyword;
    kehu_svm_options svm;
    kehu_allocator alloc;
    double from, share; /* what the running step is of the whole */
} trainer;

static int report_step(void *ctx, double done, const char *stage)
{
    const trainer *t = ctx;
    return t->opt.progress->report(t->opt.progress->ctx, t->from + t->share * done,
                                   stage);
}

static kehu_status train_both(kehu_hybrid *h, trainer *t, const kehu_column *texts,
                              const kehu_column *labels, kehu_error *err)
{
    const double from = t->from, share = t->share;
    t->share = share / 2;
    KEHU_TRY(kehu_keyword_train(&h->keyword, texts, labels, &t->keyword, err));
    t->from = from + share / 2;
    KEHU_TRY(kehu_svm_train(&h->svm, texts, labels, &t->svm, err));
    return kehu__hybrid_map(h, "the models", err);
}

/* Try both models on texts they have not seen. */
static kehu_status judge(kehu_hybrid *h, const trainer *t, const kehu_column *texts,
                         const kehu_column *labels, kehu_error *err)
{
    const size_t n = (size_t)texts->length;
    const kehu_keyword_predict_options keyword_opt = {.size = sizeof keyword_opt,
                                                      .n_threads = t->opt.n_threads,
                                                      .executor = t->opt.executor};
    const kehu_svm_predict_options svm_opt = {.size = sizeof svm_opt,
                                              .n_threads = t->opt.n_threads,
                                              .executor = t->opt.executor};
    int32_t *best = kehu__alloc(&t->alloc, n, sizeof *best);
    int32_t *classes = kehu__alloc(&t->alloc, n, sizeof *classes);
    double *probabilities = kehu__alloc(&t->alloc, n, sizeof *probabilities);
    judged *all = kehu__alloc(&t->alloc, n, sizeof *all);
    kehu_status status = KEHU_OK;
    if (best == NULL || classes == NULL || probabilities == NULL || all == NULL)
        status = kehu__no_memory(err, "the held-out texts");
    if (status == KEHU_OK)
        status = kehu_keyword_predict(
            h->keyword, texts, &keyword_opt,
            &(kehu_keyword_answers){.best = best, .probabilities = probabilities}, err);
    if (status == KEHU_OK)
        status = kehu_svm_predict(h->svm, texts, &svm_opt, classes, NULL, NULL, err);
    for (size_t i = 0; i < n && status == KEHU_OK; i++) {
        const kehu__text label = kehu__column_text(labels, (int64_t)i);
        const int32_t truth =
            kehu_keyword_class_find(h->keyword, label.bytes, label.size);
        all[i] = (judged){probabilities[i], (int64_t)i, best[i] == truth,
                          classes[i] >= 0 && h->class_of[classes[i]] == truth};
    }
    if (status == KEHU_OK)
        choose_threshold(h, all, (int64_t)n);
    kehu__free(&t->alloc, best, n, sizeof *best);
    kehu__free(&t->alloc, classes, n, sizeof *classes);
    kehu__free(&t->alloc, probabilities, n, sizeof *probabilities);
    kehu__free(&t->alloc, all, n, sizeof *all);
    return status;
}

/* Learn from four fifths, choose the threshold on the fifth. */
static kehu_status validate(kehu_hybrid *h, trainer *t, const kehu_column *texts,
                            const kehu_column *labels, kehu_error *err)
{
    const int64_t n = texts->length;
    uint8_t *held_out = kehu__alloc(&t->alloc, (size_t)n, 1);
    kehu__picked parts[4] = {{.n = 0}}; /* texts and labels learned from, then held out */
    kehu_status status = KEHU_OK;
    bool enough = held_out != NULL;
    /* Another cut than the models' own folds, which would lose one of theirs. */
    const uint64_t seed = kehu__mix64(t->opt.seed ^ 0x6879627269640A00u);
    for (int64_t i = 0; i < n && enough; i++) {
        const kehu__text text = kehu__column_text(texts, i);
        held_out[i] = kehu__hash(text.bytes, (size_t)text.size, seed) % FOLDS == 0;
    }
    for (int i = 0; i < 4 && enough; i++)
        enough = kehu__pick(&parts[i], i % 2 == 0 ? texts : labels, held_out,
                            (uint8_t)(i / 2), &t->alloc);
    if (!enough)
        status = kehu__no_memory(err, "the held-out texts");
    else if (parts[0].n == 0 || parts[2].n == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1,
                            "%lld texts are too few to hold out a fifth", (long long)n);
    if (status == KEHU_OK)
        status = train_both(h, t, &parts[0].column, &parts[1].column, err);
    if (status == KEHU_OK)
        status = judge(h, t, &parts[2].column, &parts[3].column, err);
    for (int i = 0; i < 4; i++)
        kehu__unpick(&parts[i], &t->alloc);
    kehu__free(&t->alloc, held_out, (size_t)n, 1);
    return status;
}

static kehu_status fill_options(trainer *t, const kehu_hybrid_options *options,
                                const kehu_progress *progress, kehu_error *err)
{
    KEHU_TRY(kehu__options_read(&t->opt, sizeof t->opt, options, err));
    KEHU_TRY(kehu__options_read(&t->keyword, sizeof t->keyword, t->opt.keyword, err));
    KEHU_TRY(kehu__options_read(&t->svm, sizeof t->svm, t->opt.svm, err));
    if (t->svm.weights != NULL)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "options.svm has weights of texts, which a hybrid cannot split");
    if (t->svm.tokenizer != NULL)
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "options.svm has a tokenizer, which a hybrid's file cannot hold");
    if (t->svm.start != NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "options.svm has a start, which may have learned the texts "
                          "that a hybrid leaves out");
    t->alloc = kehu__allocator(t->opt.alloc);
    t->keyword.size = sizeof t->keyword;
    t->svm.size = sizeof t->svm;
    if (t->keyword.keywords_per_class == 0)
        t->keyword.keywords_per_class = DEFAULT_KEYWORDS;
    t->keyword.n_threads = t->svm.n_threads = t->opt.n_threads;
    t->keyword.executor = t->svm.executor = t->opt.executor;
    t->keyword.alloc = t->svm.alloc = t->opt.alloc;
    t->keyword.progress = t->svm.progress =
        t->opt.progress != NULL && t->opt.progress->report != NULL ? progress : NULL;
    return KEHU_OK;
}

kehu_status kehu_hybrid_train(kehu_hybrid **out, const kehu_column *texts,
                              const kehu_column *labels,
                              const kehu_hybrid_options *options, kehu_error *err)
{
    trainer t = {.share = 0.5};
    const kehu_progress progress = {report_step, &t};
    kehu_hybrid *h;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(fill_options(&t, options, &progress, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(kehu__column_check_text(labels, "labels", err));
    if (texts->length != labels->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%lld texts but %lld labels",
                          (long long)texts->length, (long long)labels->length);
    if (texts->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no texts");
    if (texts->length > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld texts, at most %d are possible",
                          (long long)texts->length, INT32_MAX);
    h = kehu__alloc_zero(&t.alloc, 1, sizeof *h);
    if (h == NULL)
        return kehu__no_memory(err, "a hybrid model");
    h->alloc = t.alloc;
    status = validate(h, &t, texts, labels, err);
    if (status == KEHU_OK) {
        kehu_svm_info info;
        kehu_svm_get_info(h->svm, &info);
        if (info.n_trials <= 1)
            t.svm.cost = info.cost; /* chosen already; but a cost would fix the terms */
        kehu__hybrid_clear(h);
        t.from = t.share = 0.5;
        status = train_both(h, &t, texts, labels, err);
    }
    if (status == KEHU_OK)
        *out = h;
    else
        kehu_hybrid_free(h);
    return status;
}
