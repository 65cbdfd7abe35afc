/* Keywords first, the support vector machine for what they are not sure of. */
#include <kehu/hybrid.h>

#include <string.h>

#include "text/hybrid_model.h"

bool kehu__pick(kehu__picked *p, const kehu_column *from, const uint8_t *chosen,
                uint8_t what, const kehu_allocator *alloc)
{
    const bool category = kehu__column_kind(from) == KEHU_CATEGORY;
    p->n = 0;
    p->capacity = from->length + 8;
    p->codes = kehu__alloc(alloc, (size_t)p->capacity, sizeof *p->codes);
    p->validity = kehu__alloc_zero(alloc, (size_t)p->capacity / 8, 1);
    if (p->codes == NULL || p->validity == NULL)
        return false;
    for (int64_t i = 0; i < from->length; i++) {
        if (chosen[i] != what)
            continue;
        p->codes[p->n] = category ? (int32_t)kehu__column_integer(from, i) : (int32_t)i;
        if (kehu__column_valid(from, i))
            p->validity[p->n >> 3] |= (uint8_t)(1 << (p->n & 7));
        p->n++;
    }
    p->column = (kehu_column){.type = KEHU_CATEGORY,
                              .length = p->n,
                              .data = p->codes,
                              .validity = p->validity,
                              .dictionary = category ? from->dictionary : from};
    return true;
}

void kehu__unpick(kehu__picked *p, const kehu_allocator *alloc)
{
    kehu__free(alloc, p->codes, (size_t)p->capacity, sizeof *p->codes);
    kehu__free(alloc, p->validity, (size_t)p->capacity / 8, 1);
}

kehu_status kehu__hybrid_map(kehu_hybrid *h, const char *name, kehu_error *err)
{
    h->n_svm_classes = kehu_svm_class_count(h->svm);
    h->class_of = kehu__alloc(&h->alloc, h->n_svm_classes, sizeof *h->class_of);
    if (h->class_of == NULL)
        return kehu__no_memory(err, "the classes");
    for (uint32_t k = 0; k < h->n_svm_classes; k++) {
        const char *class_name = kehu_svm_class_name(h->svm, (int32_t)k);
        h->class_of[k] =
            kehu_keyword_class_find(h->keyword, class_name, (int64_t)strlen(class_name));
        if (h->class_of[k] < 0)
            return kehu__fail(
                err, KEHU_FORMAT, -1,
                "%s: the keyword list has no class number %u of the machine", name, k);
    }
    return KEHU_OK;
}

void kehu__hybrid_clear(kehu_hybrid *h)
{
    kehu_keyword_free(h->keyword);
    kehu_svm_free(h->svm);
    kehu__free(&h->alloc, h->class_of, h->n_svm_classes, sizeof *h->class_of);
    h->keyword = NULL;
    h->svm = NULL;
    h->class_of = NULL;
    h->n_svm_classes = 0;
}

/* Ask the machine about the texts that by[] leaves to it. */
static kehu_status ask_svm(const kehu_hybrid *h, const kehu_column *texts,
                           const kehu_svm_predict_options *opt, const uint8_t *by,
                           int32_t *classes, double *probabilities, kehu_error *err)
{
    const size_t n_classes = h->n_svm_classes;
    int32_t *given = NULL;
    float *all = NULL;
    kehu__picked p = {.n = 0};
    kehu_status status = KEHU_OK;
    size_t n = 0;
    if (!kehu__pick(&p, texts, by, KEHU_HYBRID_SVM, &h->alloc))
        status = kehu__no_memory(err, "the texts left to the machine");
    n = (size_t)p.n;
    if (status == KEHU_OK && n > 0) {
        given = kehu__alloc(&h->alloc, n, sizeof *given);
        all = kehu__alloc(&h->alloc, n, n_classes * sizeof *all);
        status = given == NULL || all == NULL
                     ? kehu__no_memory(err, "the texts left to the machine")
                     : kehu_svm_predict(h->svm, &p.column, opt, given, all, NULL, err);
    }
    for (size_t i = 0, row = 0; i < n && status == KEHU_OK; i++, row++) {
        int32_t best = 0;
        while (by[row] != KEHU_HYBRID_SVM)
            row++;
        for (size_t k = 1; k < n_classes; k++)
            if (all[i * n_classes + k] > all[i * n_classes + (size_t)best])
                best = (int32_t)k;
        if (classes != NULL)
            classes[row] = given[i] < 0 ? -1 : h->class_of[given[i]];
        if (probabilities != NULL)
            probabilities[row] = (double)all[i * n_classes + (size_t)best];
    }
    kehu__free(&h->alloc, given, n, sizeof *given);
    kehu__free(&h->alloc, all, n, n_classes * sizeof *all);
    kehu__unpick(&p, &h->alloc);
    return status;
}

kehu_status kehu_hybrid_predict(const kehu_hybrid *h, const kehu_column *texts,
                                const kehu_hybrid_predict_options *options,
                                int32_t *classes, uint8_t *by, double *probabilities,
                                kehu_error *err)
{
    kehu_hybrid_predict_options opt = {0};
    kehu_keyword_predict_options keyword_opt = {.size = sizeof keyword_opt};
    kehu_svm_predict_options svm_opt = {.size = sizeof svm_opt};
    uint8_t *who = NULL;
    double *sure = NULL;
    size_t n;
    kehu_status status;
    if (h == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "h is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (texts->length > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld texts, at most %d are possible",
                          (long long)texts->length, INT32_MAX);
    n = (size_t)texts->length;
    if (n == 0)
        return KEHU_OK;
    keyword_opt.n_threads = svm_opt.n_threads = opt.n_threads;
    keyword_opt.executor = svm_opt.executor = opt.executor;
    keyword_opt.progress = svm_opt.progress = opt.progress;
    who = kehu__alloc(&h->alloc, n, sizeof *who);
    sure = kehu__alloc(&h->alloc, n, sizeof *sure);
    status =
        who == NULL || sure == NULL
            ? kehu__no_memory(err, "the answers")
            : kehu_keyword_predict(
                  h->keyword, texts, &keyword_opt,
                  &(kehu_keyword_answers){.best = classes, .probabilities = sure}, err);
    if (status == KEHU_OK) {
        for (size_t i = 0; i < n; i++)
            who[i] = sure[i] * KEHU__HYBRID_MILLION >= (double)h->threshold
                         ? KEHU_HYBRID_KEYWORD
                         : KEHU_HYBRID_SVM;
        status = ask_svm(h, texts, &svm_opt, who, classes, sure, err);
    }
    if (status == KEHU_OK && by != NULL)
        memcpy(by, who, n);
    if (status == KEHU_OK && probabilities != NULL)
        memcpy(probabilities, sure, n * sizeof *sure);
    kehu__free(&h->alloc, who, n, sizeof *who);
    kehu__free(&h->alloc, sure, n, sizeof *sure);
    return status;
}

void kehu_hybrid_get_info(const kehu_hybrid *h, kehu_hybrid_info *info)
{
    *info = h->info;
    info->threshold = (double)h->threshold / KEHU__HYBRID_MILLION;
}

const kehu_keyword *kehu_hybrid_keyword(const kehu_hybrid *h)
{
    return h->keyword;
}

const kehu_svm *kehu_hybrid_svm(const kehu_hybrid *h)
{
    return h->svm;
}

void kehu_hybrid_free(kehu_hybrid *h)
{
    if (h != NULL) {
        const kehu_allocator alloc = h->alloc;
        kehu__hybrid_clear(h);
        kehu__free(&alloc, h, 1, sizeof *h);
    }
}
