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
    const size_t n = (size_t)label->length + 1, k = (size_t)names_count(t->classes);
    bool good = (t->label = malloc(n * sizeof *t->label)) != NULL;
    for (int m = 0; m < N_METHODS; m++) {
        t->answer[m] = malloc(n * sizeof *t->answer[m]);
        t->probability[m] = malloc(n * sizeof *t->probability[m]);
        t->quality[m].classes = calloc(k + 1, sizeof *t->quality[m].classes);
        t->quality[m].confusion =
            calloc(k + 1, (k + 1) * sizeof *t->quality[m].confusion);
        good = good && t->answer[m] != NULL && t->probability[m] != NULL &&
               t->quality[m].classes != NULL && t->quality[m].confusion != NULL;
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

/* One method, or both: a handle that is NULL is not wanted. */
static kehu_status train(kehu_keyword **keyword, kehu_svm **svm, const picked *p,
                         const flags *f, kehu_error *err)
{
    const kehu_keyword_options ko = {
        .size = sizeof ko, .n_threads = f->n_threads, .progress = &on_stderr};
    const kehu_svm_options so = {
        .size = sizeof so, .n_threads = f->n_threads, .progress = &on_stderr};
    const kehu_column text = text_list_column(&p->text, "text");
    const kehu_column label = text_list_column(&p->label, "label");
    if (keyword != NULL)
        TRY(kehu_keyword_train(keyword, &text, &label, &ko, err));
    return svm == NULL ? KEHU_OK : kehu_svm_train(svm, &text, &label, &so, err);
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

/* Compare with the labels, and both methods with each other; what has no label is left
 * out. */
static kehu_status judge(texts *t, int64_t n, kehu_error *err)
{
    const uint32_t n_classes = (uint32_t)names_count(t->classes);
    const size_t room = (size_t)(n + 1);
    int32_t *truth = malloc(room * (N_METHODS + 1) * sizeof *truth);
    int64_t k = 0;
    kehu_status status = KEHU_OK;
    if (truth == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the quality");
    for (int64_t i = 0; i < n; i++)
        if (t->label[i] >= 0) {
            truth[k] = t->label[i];
            for (size_t m = 0; m < N_METHODS; m++)
                truth[(m + 1) * room + (size_t)k] = t->answer[m][i];
            k++;
        }
    for (size_t m = 0; m < N_METHODS && status == KEHU_OK; m++) {
        quality *q = &t->quality[m];
        const int32_t *own = truth + (m + 1) * room;
        const int32_t *other = truth + (N_METHODS - m) * room;
        status = kehu_evaluate(&q->evaluation, truth, own, k, n_classes, NULL, q->classes,
                               q->confusion, err);
        if (status == KEHU_OK)
            status = kehu_compare(&q->comparison, truth, own, other, k, err);
    }
    free(truth);
    return status;
}

/* ---- Cross-validation --------------------------------------------------------- */

/* The labelled texts, or the others. */
static kehu_status select_texts(picked *p, const texts *t, const kehu_column *text,
                                const kehu_column *label, bool labelled, kehu_error *err)
{
    p->row = malloc((size_t)(text->length + 1) * sizeof *p->row);
    if (p->row == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the texts");
    for (int64_t i = 0; i < text->length; i++)
        if ((t->label[i] >= 0) == labelled)
            TRY(pick(p, text, label, i, err));
    return KEHU_OK;
}

/* One method as kehu_cross_validate() wants it; rows are those of `all`. */
typedef struct learner {
    texts *t;
    const picked *all;
    const flags *f;
    int method;
} learner;

static kehu_status pick_some(picked *p, const picked *all, const int64_t *which,
                             int64_t n, kehu_error *err)
{
    const kehu_column text = text_list_column(&all->text, "text");
    const kehu_column label = text_list_column(&all->label, "label");
    p->row = malloc((size_t)(n + 1) * sizeof *p->row);
    if (p->row == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the texts");
    for (int64_t k = 0; k < n; k++) {
        TRY(pick(p, &text, &label, which[k], err));
        p->row[k] = all->row[which[k]];
    }
    return KEHU_OK;
}

static kehu_status learn(void *ctx, const int64_t *known, int64_t n_known,
                         const int64_t *asked, int64_t n_asked, int32_t *answers,
                         float *probabilities, kehu_error *err)
{
    const learner *l = ctx;
    picked some = {0}, others = {0};
    kehu_keyword *keyword = NULL;
    kehu_svm *svm = NULL;
    double seconds;
    (void)probabilities;
    kehu_status status = pick_some(&some, l->all, known, n_known, err);
    if (status == KEHU_OK)
        status = pick_some(&others, l->all, asked, n_asked, err);
    if (status == KEHU_OK)
        status = train(l->method == KEYWORD ? &keyword : NULL,
                       l->method == SVM ? &svm : NULL, &some, l->f, err);
    if (status == KEHU_OK)
        status = l->method == KEYWORD
                     ? ask_keyword(l->t, keyword, &others, l->f, &seconds, err)
                     : ask_svm(l->t, svm, &others, l->f, &seconds, err);
    for (int64_t k = 0; k < n_asked && status == KEHU_OK; k++)
        answers[k] = l->t->answer[l->method][others.row[k]];
    kehu_keyword_free(keyword);
    kehu_svm_free(svm);
    picked_free(&some);
    picked_free(&others);
    return status;
}

static kehu_status cross_validate(texts *t, const picked *all, const kehu_column *id,
                                  const flags *f, kehu_error *err)
{
    const int64_t n = all->text.n;
    text_list ids = {0};
    int32_t *answers = malloc((size_t)(n + 1) * sizeof *answers);
    kehu_status status =
        answers == NULL ? fail(err, KEHU_NO_MEMORY, "no memory for the folds") : KEHU_OK;
    for (int64_t k = 0; k < n && status == KEHU_OK; k++) {
        size_t size;
        const char *bytes = text_at(id, all->row[k], &size);
        status = text_list_add(&ids, bytes, size, err);
    }
    for (int m = 0; m < N_METHODS && status == KEHU_OK; m++) {
        learner l = {t, all, f, m};
        const kehu_column id_column = text_list_column(&ids, "id");
        status = kehu_cross_validate(answers, NULL, &id_column, n,
                                     (uint32_t)names_count(t->classes), f->n_folds, 0,
                                     &(kehu_learner){&l, learn}, err);
    }
    text_list_free(&ids);
    free(answers);
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
    kehu_status status = select_texts(&known, t, text, label, true, err);
    if (status == KEHU_OK)
        status = select_texts(&rest, t, text, label, false, err);
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
    if (status == KEHU_OK)
        status = cross_validate(t, &known, id, f, err);
    if (status == KEHU_OK)
        status = judge(t, text->length, err);
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
    if (status == KEHU_OK)
        status = judge(t, test_text->length, err);
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
        free(t->quality[m].classes);
        free(t->quality[m].confusion);
        free(t->answer[m]);
        free(t->probability[m]);
    }
    free(t->label);
    free(t->n_of);
}
