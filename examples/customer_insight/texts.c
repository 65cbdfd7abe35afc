/* Both classifiers side by side. Every figure is measured on texts the models have
 * not seen. */
#include "texts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const method_names[N_METHODS] = {"keyword", "svm"};

/* ---- Rows of a text column, picked ----------------------------------------- */

typedef struct picked {
    text_list text, label;
    int64_t *row; /* [n] where each was */
} picked;

static void picked_free(picked *p)
{
    text_list_free(&p->text);
    text_list_free(&p->label);
    free(p->row);
}

static kehu_status pick(picked *p, const kehu_column *text, const kehu_column *label,
                        int64_t row, kehu_error *err)
{
    size_t size;
    const char *bytes = text_at(text, row, &size);
    p->row[p->text.n] = row;
    TRY(text_list_add(&p->text, bytes, size, err));
    bytes = text_at(label, row, &size);
    return text_list_add(&p->label, bytes, size, err);
}

/* ---- Classes ---------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The labels that occur in either column, sorted. */
static kehu_status number_labels(texts *t, const kehu_column *label,
                                 const kehu_column *more, kehu_error *err)
{
    const int64_t n_rows = label->length + more->length;
    names *met = names_new();
    const char **list = NULL;
    size_t size;
    bool good = met != NULL;
    for (int64_t i = 0; i < n_rows && good; i++) {
        const char *name = i < label->length ? text_at(label, i, &size)
                                             : text_at(more, i - label->length, &size);
        good = size == 0 || names_add(met, name, size, NULL) >= 0;
    }
    const int64_t n = good ? names_count(met) : 0;
    list = malloc((size_t)(n + 1) * sizeof *list);
    t->classes = names_new();
    t->n_of = calloc((size_t)n + 1, sizeof *t->n_of);
    good = good && list != NULL && t->classes != NULL && t->n_of != NULL;
    for (int64_t i = 0; i < n && good; i++)
        list[i] = names_get(met, i);
    if (good && n > 0)
        qsort(list, (size_t)n, sizeof *list, by_bytes);
    for (int64_t i = 0; i < n && good; i++)
        good = names_add(t->classes, list[i], strlen(list[i]), NULL) >= 0;
    free(list);
    names_free(met);
    return good ? KEHU_OK : fail(err, KEHU_NO_MEMORY, "no memory for the classes");
}

static kehu_status make_room(texts *t, const kehu_column *label, kehu_error *err)
{
    const size_t n = (size_t)label->length + 1;
    bool good = (t->label = malloc(n * sizeof *t->label)) != NULL;
    for (int m = 0; m < N_METHODS; m++) {
        t->answer[m] = malloc(n * sizeof *t->answer[m]);
        t->probability[m] = malloc(n * sizeof *t->probability[m]);
        t->quality[m].f1 = calloc((size_t)names_count(t->classes) + 1, sizeof(double));
        good = good && t->answer[m] != NULL && t->probability[m] != NULL &&
               t->quality[m].f1 != NULL;
    }
    if (!good)
        return fail(err, KEHU_NO_MEMORY, "no memory for the answers");
    for (int64_t i = 0; i < label->length; i++) {
        size_t size;
        const char *name = text_at(label, i, &size);
        t->label[i] = size == 0 ? -1 : (int32_t)names_find(t->classes, name, size);
        if (t->label[i] >= 0) {
            t->n_of[t->label[i]]++;
            t->n_labelled++;
        }
    }
    return KEHU_OK;
}

/* ---- Training and answering -------------------------------------------------- */

static kehu_status train(kehu_keyword **keyword, kehu_svm **svm, const picked *p,
                         const flags *f, kehu_error *err)
{
    const kehu_keyword_options ko = {
        .size = sizeof ko, .n_threads = f->n_threads, .progress = &on_stderr};
    const kehu_svm_options so = {
        .size = sizeof so, .n_threads = f->n_threads, .progress = &on_stderr};
    const kehu_column text = text_list_column(&p->text, "text");
    const kehu_column label = text_list_column(&p->label, "label");
    TRY(kehu_keyword_train(keyword, &text, &label, &ko, err));
    return kehu_svm_train(svm, &text, &label, &so, err);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Answers of the keyword model to the picked texts, written where these belong. */
static kehu_status ask_keyword(texts *t, const kehu_keyword *k, const picked *p,
                               const flags *f, double *seconds, kehu_error *err)
{
    const int64_t n = p->text.n;
    const kehu_column text = text_list_column(&p->text, "text");
    const kehu_keyword_predict_options o = {.size = sizeof o, .n_threads = f->n_threads};
    int32_t *classes = malloc((size_t)(n + 1) * sizeof *classes);
    double *probabilities = malloc((size_t)(n + 1) * sizeof *probabilities);
    kehu_status status = KEHU_OK;
    if (classes == NULL || probabilities == NULL)
        status = fail(err, KEHU_NO_MEMORY, "no memory for the answers");
    if (status == KEHU_OK) {
        const double start = now();
        const kehu_keyword_answers a = {.classes = classes,
                                        .probabilities = probabilities};
        status = kehu_keyword_predict(k, &text, &o, &a, err);
        *seconds = now() - start;
    }
    for (int64_t i = 0; i < n && status == KEHU_OK; i++) {
        const char *name = classes[i] < 0 ? "" : kehu_keyword_class_name(k, classes[i]);
        t->answer[KEYWORD][p->row[i]] =
            (int32_t)names_find(t->classes, name, strlen(name));
        t->probability[KEYWORD][p->row[i]] = (float)probabilities[i];
    }
    free(classes);
    free(probabilities);
    return status;
}

static kehu_status ask_svm(texts *t, const kehu_svm *svm, const picked *p, const flags *f,
                           double *seconds, kehu_error *err)
{
    const int64_t n = p->text.n;
    const int64_t n_classes = kehu_svm_class_count(svm);
    const kehu_column text = text_list_column(&p->text, "text");
    const kehu_svm_predict_options o = {.size = sizeof o, .n_threads = f->n_threads};
    int32_t *classes = malloc((size_t)(n + 1) * sizeof *classes);
    float *probabilities = malloc((size_t)(n * n_classes + 1) * sizeof *probabilities);
    kehu_status status = KEHU_OK;
    if (classes == NULL || probabilities == NULL)
        status = fail(err, KEHU_NO_MEMORY, "no memory for the answers");
    if (status == KEHU_OK) {
        const double start = now();
        status = kehu_svm_predict(svm, &text, &o, classes, probabilities, NULL, err);
        *seconds = now() - start;
    }
    for (int64_t i = 0; i < n && status == KEHU_OK; i++) {
        const int32_t c = classes[i];
        const char *name = c < 0 ? "" : kehu_svm_class_name(svm, c);
        t->answer[SVM][p->row[i]] = (int32_t)names_find(t->classes, name, strlen(name));
        t->probability[SVM][p->row[i]] = c < 0 ? 0 : probabilities[i * n_classes + c];
    }
    free(classes);
    free(probabilities);
    return status;
}

static int count_bytes(void *ctx, const void *bytes, size_t size)
{
    (void)bytes;
    *(int64_t *)ctx += (int64_t)size;
    return 0;
}

static kehu_status weigh(texts *t, kehu_error *err)
{
    for (int m = 0; m < N_METHODS; m++) {
        const kehu_writer scales = {count_bytes, &t->quality[m].model_bytes};
        TRY(m == KEYWORD ? kehu_keyword_write(t->keyword, &scales, err)
                         : kehu_svm_write(t->svm, &scales, err));
    }
    return KEHU_OK;
}

/* ---- Quality ----------------------------------------------------------------- */

/* Compare with the labels; what has none is left out. */
static kehu_status judge(texts *t, int method, int64_t n, kehu_error *err)
{
    const uint32_t n_classes = (uint32_t)names_count(t->classes);
    quality *q = &t->quality[method];
    kehu_evaluation e;
    kehu_class_evaluation *classes = calloc((size_t)n_classes + 1, sizeof *classes);
    int32_t *truth = malloc((size_t)(n + 1) * sizeof *truth), m = 0;
    int32_t *answers = malloc((size_t)(n + 1) * sizeof *answers);
    kehu_status status = KEHU_OK;
    if (classes == NULL || truth == NULL || answers == NULL)
        status = fail(err, KEHU_NO_MEMORY, "no memory for the quality");
    for (int64_t i = 0; i < n && status == KEHU_OK; i++)
        if (t->label[i] >= 0) {
            truth[m] = t->label[i];
            answers[m++] = t->answer[method][i];
        }
    if (status == KEHU_OK)
        status =
            kehu_evaluate(&e, truth, answers, m, n_classes, NULL, classes, NULL, err);
    if (status == KEHU_OK) {
        q->accuracy = e.accuracy;
        q->macro_f1 = e.macro_f1;
        q->coverage = e.coverage;
        for (uint32_t c = 0; c < n_classes; c++)
            q->f1[c] = classes[c].n_truth > 0 ? classes[c].f1 : 0;
    }
    free(classes);
    free(truth);
    free(answers);
    return status;
}

/* ---- Cross-validation --------------------------------------------------------- */

/* Which texts: the labelled ones of a fold, those of the other folds, all labelled
 * ones, or the others. */
typedef enum which { OF_FOLD, OF_OTHER_FOLDS, LABELLED, UNLABELLED } which;

static kehu_status select_texts(picked *p, const texts *t, const kehu_column *text,
                                const kehu_column *label, const kehu_column *id, which w,
                                uint32_t fold, uint32_t n_folds, kehu_error *err)
{
    p->row = malloc((size_t)(text->length + 1) * sizeof *p->row);
    if (p->row == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the texts");
    for (int64_t i = 0; i < text->length; i++) {
        const bool labelled = t->label[i] >= 0;
        size_t size;
        const char *bytes = text_at(id, i, &size);
        const bool in_fold = labelled && w <= OF_OTHER_FOLDS &&
                             kehu_fold_of(bytes, size, 0, n_folds) == fold;
        if (w == OF_FOLD ? in_fold : w == UNLABELLED ? !labelled : labelled && !in_fold)
            TRY(pick(p, text, label, i, err));
    }
    return KEHU_OK;
}

static kehu_status try_fold(texts *t, const kehu_column *text, const kehu_column *label,
                            const kehu_column *id, uint32_t fold, const flags *f,
                            kehu_error *err)
{
    picked known = {0}, held_out = {0};
    kehu_keyword *keyword = NULL;
    kehu_svm *svm = NULL;
    double seconds;
    kehu_status status =
        select_texts(&held_out, t, text, label, id, OF_FOLD, fold, f->n_folds, err);
    if (status == KEHU_OK)
        status = select_texts(&known, t, text, label, id, OF_OTHER_FOLDS, fold,
                              f->n_folds, err);
    if (status == KEHU_OK && held_out.text.n > 0) {
        status = train(&keyword, &svm, &known, f, err);
        if (status == KEHU_OK)
            status = ask_keyword(t, keyword, &held_out, f, &seconds, err);
        if (status == KEHU_OK)
            status = ask_svm(t, svm, &held_out, f, &seconds, err);
    }
    kehu_keyword_free(keyword);
    kehu_svm_free(svm);
    picked_free(&known);
    picked_free(&held_out);
    return status;
}

/* The final models answer the given texts; their speed is measured on these. */
static kehu_status answer_all(texts *t, const picked *p, const flags *f, kehu_error *err)
{
    double seconds[N_METHODS] = {0};
    TRY(ask_keyword(t, t->keyword, p, f, &seconds[KEYWORD], err));
    TRY(ask_svm(t, t->svm, p, f, &seconds[SVM], err));
    for (int m = 0; m < N_METHODS; m++)
        t->quality[m].texts_per_second =
            seconds[m] > 0 ? (double)p->text.n / seconds[m] : 0;
    return KEHU_OK;
}

kehu_status texts_classify(texts *t, const kehu_column *text, const kehu_column *label,
                           const kehu_column *id, const flags *f, kehu_error *err)
{
    picked known = {0}, rest = {0};
    const kehu_column none = {.length = 0};
    TRY(number_labels(t, label, &none, err));
    TRY(make_room(t, label, err));
    step("training the classifiers");
    kehu_status status = select_texts(&known, t, text, label, id, LABELLED, 0, 1, err);
    if (status == KEHU_OK)
        status = select_texts(&rest, t, text, label, id, UNLABELLED, 0, 1, err);
    if (status == KEHU_OK)
        status = train(&t->keyword, &t->svm, &known, f, err);
    if (status == KEHU_OK) /* for the speed; the folds' answers then replace these */
        status = answer_all(t, &known, f, err);
    double seconds;
    if (status == KEHU_OK)
        status = ask_keyword(t, t->keyword, &rest, f, &seconds, err);
    if (status == KEHU_OK)
        status = ask_svm(t, t->svm, &rest, f, &seconds, err);
    step("cross-validating");
    for (uint32_t fold = 0; fold < f->n_folds && status == KEHU_OK; fold++)
        status = try_fold(t, text, label, id, fold, f, err);
    for (int m = 0; m < N_METHODS && status == KEHU_OK; m++)
        status = judge(t, m, text->length, err);
    if (status == KEHU_OK)
        status = weigh(t, err);
    picked_free(&known);
    picked_free(&rest);
    return status;
}

kehu_status texts_try(texts *t, const kehu_column *text, const kehu_column *label,
                      const kehu_column *test_text, const kehu_column *test_label,
                      const flags *f, kehu_error *err)
{
    picked known = {0}, test = {0};
    TRY(number_labels(t, label, test_label, err));
    TRY(make_room(t, test_label, err));
    known.row = malloc((size_t)(text->length + 1) * sizeof *known.row);
    test.row = malloc((size_t)(test_text->length + 1) * sizeof *test.row);
    kehu_status status = known.row == NULL || test.row == NULL
                             ? fail(err, KEHU_NO_MEMORY, "no memory for the texts")
                             : KEHU_OK;
    for (int64_t i = 0; i < text->length && status == KEHU_OK; i++)
        status = pick(&known, text, label, i, err);
    for (int64_t i = 0; i < test_text->length && status == KEHU_OK; i++)
        status = pick(&test, test_text, test_label, i, err);
    step("training the classifiers");
    if (status == KEHU_OK)
        status = train(&t->keyword, &t->svm, &known, f, err);
    step("classifying");
    if (status == KEHU_OK)
        status = answer_all(t, &test, f, err);
    for (int m = 0; m < N_METHODS && status == KEHU_OK; m++)
        status = judge(t, m, test_text->length, err);
    if (status == KEHU_OK)
        status = weigh(t, err);
    picked_free(&known);
    picked_free(&test);
    return status;
}

void texts_free(texts *t)
{
    names_free(t->classes);
    kehu_keyword_free(t->keyword);
    kehu_svm_free(t->svm);
    for (int m = 0; m < N_METHODS; m++) {
        free(t->quality[m].f1);
        free(t->answer[m]);
        free(t->probability[m]);
    }
    free(t->label);
    free(t->n_of);
}
