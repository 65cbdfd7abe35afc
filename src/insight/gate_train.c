/* One SVM of all texts, and one a fold that scores the texts it has not seen. */
#include <kehu/evaluate.h>

#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "base/thread.h"
#include "data/builder.h"
#include "data/column.h"
#include "insight/gate.h"

typedef struct training {
    const kehu_column *texts, *labels;
    kehu_gate_options opt;
    kehu_allocator alloc;
    size_t n;
    uint8_t *is_spam, *fold;          /* [n] */
    double *weights, *scores, *fresh; /* [n] */
    kehu_gate *gate;
} training;

static kehu_status read_options(kehu_gate_options *opt, const kehu_gate_options *given,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, given, err));
    opt->spam_weight = opt->spam_weight == 0 ? 1 : opt->spam_weight;
    opt->char_max = opt->char_max == 0 ? 3 : opt->char_max;
    opt->n_folds = opt->n_folds == 0 ? 5 : opt->n_folds;
    if (!(opt->recall >= 0 && opt->recall < 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "recall is not within 0 to 1");
    if (!(opt->spam_weight >= 1e-3 && opt->spam_weight <= 1e3))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "spam_weight is not within 0.001 to 1000");
    if (opt->n_folds < 2 || opt->n_folds > 20)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_folds is %u, expected 2 to 20",
                          (unsigned)opt->n_folds);
    return KEHU_OK;
}

static bool same_text(kehu__text a, kehu__text b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.bytes, b.bytes, (size_t)a.size) == 0);
}

/* Tell spam from good, and see that there are two labels. */
static kehu_status read_labels(training *t, const char *good, kehu_error *err)
{
    const kehu__text wanted = {good, (int64_t)strlen(good)};
    kehu__text spam = {NULL, 0};
    kehu_gate_info *info = &t->gate->info;
    for (size_t i = 0; i < t->n; i++) {
        const kehu__text label = kehu__column_text(t->labels, (int64_t)i);
        t->is_spam[i] = !same_text(label, wanted);
        info->n_spam += t->is_spam[i];
        info->n_good += !t->is_spam[i];
    }
    if (info->n_good == 0)
        return kehu__fail(err, KEHU_NOT_FOUND, -1, "no label is %.40s", good);
    for (size_t i = 0; i < t->n; i++) {
        const kehu__text label = kehu__column_text(t->labels, (int64_t)i);
        if (t->is_spam[i] && spam.bytes != NULL && !same_text(label, spam))
            return kehu__fail(err, KEHU_DATA, (int64_t)i,
                              "row %zu has a third label, a gate knows two", i);
        if (t->is_spam[i])
            spam = label;
    }
    if (info->n_spam == 0)
        return kehu__fail(err, KEHU_ONE_CLASS, -1, "all labels are %.40s", good);
    /* 10 x (1 - .9) is a little below 1 in doubles. */
    if (t->opt.recall > 0 && (double)info->n_good * (1 - t->opt.recall) < 1 - 1e-9)
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "%lld good messages cannot tell a recall of %g",
                          (long long)info->n_good, t->opt.recall);
    return KEHU_OK;
}

static kehu_svm_options svm_options(const training *t, double cost,
                                    const kehu_column *weights)
{
    return (kehu_svm_options){.size = sizeof(kehu_svm_options),
                              .n_threads = t->opt.n_threads,
                              .executor = t->opt.executor,
                              .progress = t->opt.progress,
                              .alloc = &t->alloc,
                              .seed = t->opt.seed,
                              .cost = cost,
                              .char_max = t->opt.char_max,
                              .fixed_terms = 1,
                              .class_aware = 1,
                              .weights = weights};
}

/* Train on all folds but one (-1: on all). The texts left out are copied away, not just
 * weighed 0, or the model would know their terms and score them as no new text. */
static kehu_status train_fold(training *t, int fold, double cost, kehu_svm **svm,
                              kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&t->alloc);
    kehu_table *rest = NULL;
    kehu_status status;
    kehu__builder_add(&b, "text", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "label", KEHU_LARGE_UTF8);
    for (size_t i = 0, m = 0; i < t->n; i++) {
        if (t->fold[i] == fold)
            continue;
        t->weights[m++] = t->is_spam[i] ? t->opt.spam_weight : 1;
        kehu__builder_copy(&b, 0, t->texts, (int64_t)i);
        kehu__builder_copy(&b, 1, t->labels, (int64_t)i);
        kehu__builder_end_row(&b);
    }
    KEHU_TRY(kehu__builder_end(&b, true, &rest, err));
    const kehu_column weights = {
        .type = KEHU_FLOAT64, .length = kehu_table_row_count(rest), .data = t->weights};
    const kehu_svm_options opt = svm_options(t, cost, &weights);
    status = kehu_svm_train(svm, kehu_table_column(rest, 0), kehu_table_column(rest, 1),
                            &opt, err);
    kehu_table_free(rest);
    return status;
}

/* Texts by their bytes, so that copies of one never stand on both sides. */
static kehu_status deal_folds(training *t, kehu_error *err)
{
    int64_t count[20][2] = {{0}};
    for (size_t i = 0; i < t->n; i++) {
        const kehu__text x = kehu__column_text(t->texts, (int64_t)i);
        t->fold[i] =
            (uint8_t)kehu_fold_of(x.bytes, (size_t)x.size, t->opt.seed, t->opt.n_folds);
        count[t->fold[i]][t->is_spam[i]]++;
    }
    for (uint32_t k = 0; k < t->opt.n_folds; k++)
        if (count[k][0] == 0 || count[k][1] == 0)
            return kehu__fail(err, KEHU_EMPTY, -1,
                              "too few texts for %u folds: one lacks a class",
                              (unsigned)t->opt.n_folds);
    return KEHU_OK;
}

static kehu_status score_folds(training *t, kehu_error *err)
{
    const kehu_svm_predict_options with = {
        .size = sizeof with, .n_threads = t->opt.n_threads, .executor = t->opt.executor};
    for (uint32_t k = 0; k < t->opt.n_folds; k++) {
        kehu_svm *svm = NULL;
        kehu_status status = train_fold(t, (int)k, t->gate->info.cost, &svm, err);
        if (status == KEHU_OK)
            status = kehu__gate_scores(svm, t->gate->spam, t->texts, &with, t->fresh,
                                       &t->alloc, err);
        kehu_svm_free(svm);
        KEHU_TRY(status);
        for (size_t i = 0; i < t->n; i++)
            if (t->fold[i] == k)
                t->scores[i] = t->fresh[i];
    }
    return KEHU_OK;
}

/* ---- The threshold ---- */

typedef struct scored {
    double score;
    uint8_t is_spam;
} scored;

static int by_score(const void *a, const void *b, void *ctx)
{
    const scored *x = a, *y = b;
    (void)ctx;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (int)x->is_spam - (int)y->is_spam;
}

static double f1(int64_t hit, int64_t wrong, int64_t missed)
{
    return 2 * (double)hit / (double)(2 * hit + wrong + missed);
}

/* Walk up the scores: those up to a cut pass. Cuts lie between different scores. The
 * lowest that lets the wanted share pass, or the one of the best macro-F1. */
static void choose_cut(const scored *s, size_t n, kehu_gate_info *info)
{
    int64_t good = 0, spam = 0;
    double best = -1;
    for (size_t i = 0; i < n; i++) {
        good += !s[i].is_spam;
        spam += s[i].is_spam;
        if (i + 1 < n && s[i + 1].score == s[i].score)
            continue;
        const double macro = (f1(good, spam, info->n_good - good) +
                              f1(info->n_spam - spam, info->n_good - good, spam)) /
                             2;
        const double passed = (double)good / (double)info->n_good;
        if (info->recall > 0 ? passed < info->recall : macro <= best)
            continue;
        best = macro;
        info->threshold =
            i + 1 < n ? s[i].score + (s[i + 1].score - s[i].score) / 2 : s[i].score;
        info->passed = passed;
        info->caught = (double)(info->n_spam - spam) / (double)info->n_spam;
        info->macro_f1 = macro;
        if (info->recall > 0)
            return;
    }
}

static kehu_status find_threshold(training *t, kehu_error *err)
{
    scored *s = kehu__alloc(&t->alloc, t->n, sizeof *s);
    if (s == NULL)
        return kehu__no_memory(err, "a gate");
    for (size_t i = 0; i < t->n; i++)
        s[i] = (scored){t->scores[i], t->is_spam[i]};
    kehu__sort(s, t->n, sizeof *s, by_score, NULL);
    choose_cut(s, t->n, &t->gate->info);
    kehu__free(&t->alloc, s, t->n, sizeof *s);
    return KEHU_OK;
}

/* ---- All of it ---- */

static kehu_status train(training *t, const char *good, kehu_error *err)
{
    kehu_gate *g = t->gate;
    kehu_svm_info info;
    KEHU_TRY(read_labels(t, good, err));
    KEHU_TRY(deal_folds(t, err));
    KEHU_TRY(train_fold(t, -1, t->opt.cost, &g->svm, err));
    kehu_svm_get_info(g->svm, &info);
    g->info.cost = info.cost;
    g->info.recall = t->opt.recall;
    g->spam = 1 - kehu_svm_class_find(g->svm, good);
    KEHU_TRY(score_folds(t, err));
    return find_threshold(t, err);
}

static kehu_status train_with_room(training *t, const char *good, kehu_error *err)
{
    const kehu_allocator *a = &t->alloc;
    kehu_status status;
    t->gate = kehu__alloc_zero(a, 1, sizeof *t->gate);
    t->is_spam = kehu__alloc(a, t->n, 1);
    t->fold = kehu__alloc(a, t->n, 1);
    t->weights = kehu__alloc(a, t->n, sizeof(double));
    t->scores = kehu__alloc(a, t->n, sizeof(double));
    t->fresh = kehu__alloc(a, t->n, sizeof(double));
    if (t->gate != NULL)
        t->gate->alloc = *a;
    status = t->gate == NULL || t->is_spam == NULL || t->fold == NULL ||
                     t->weights == NULL || t->scores == NULL || t->fresh == NULL
                 ? kehu__no_memory(err, "a gate")
                 : train(t, good, err);
    kehu__free(a, t->is_spam, t->n, 1);
    kehu__free(a, t->fold, t->n, 1);
    kehu__free(a, t->weights, t->n, sizeof(double));
    kehu__free(a, t->scores, t->n, sizeof(double));
    kehu__free(a, t->fresh, t->n, sizeof(double));
    return status;
}

kehu_status kehu_gate_train(kehu_gate **out, const kehu_column *texts,
                            const kehu_column *labels, const char *good,
                            const kehu_gate_options *options, kehu_error *err)
{
    training t = {.texts = texts, .labels = labels};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (texts == NULL || labels == NULL || good == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "texts, labels or good is NULL");
    KEHU_TRY(read_options(&t.opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(kehu__column_check_text(labels, "labels", err));
    if (labels->length != texts->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "labels has %lld rows, texts has %lld",
                          (long long)labels->length, (long long)texts->length);
    if (texts->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no texts");
    t.alloc = kehu__allocator(t.opt.alloc);
    t.n = (size_t)texts->length;
    status = train_with_room(&t, good, err);
    if (status == KEHU_OK)
        *out = t.gate;
    else
        kehu_gate_free(t.gate);
    return status;
}
