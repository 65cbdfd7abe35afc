#include <kehu/sentiment.h>

#include <string.h>

#include "base/maths.h"
#include "base/thread.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "text/keyword.h"
#include "text/sentiment_model.h"

enum { TEXTS_A_TASK = 512, HALF = 100 };

/* ---- The list --------------------------------------------------------------- */

kehu_status kehu__sentiment_copy(kehu_keyword **out, const kehu_keyword *words,
                                 const kehu_allocator *alloc, kehu_error *err)
{
    kehu__buffer b = kehu__buffer_new(alloc);
    kehu_status status =
        kehu_keyword_write(words, &(kehu_writer){kehu__handle_collect, &b}, err);
    if (status == KEHU_OK && b.failed)
        status = kehu__no_memory(err, "the list");
    if (status == KEHU_OK)
        status = kehu_keyword_read(out, b.bytes, b.size, alloc, err);
    kehu__buffer_free(&b);
    return status;
}

/* The number of the word of a line; it is there. */
static int32_t find_word(const kehu_keyword *k, const char *word)
{
    int32_t low = 0, high = kehu_keyword_word_count(k) - 1;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (strcmp(kehu_keyword_word(k, middle), word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int16_t within(int32_t weight)
{
    return (int16_t)(weight < -HALF ? -HALF : weight > HALF ? HALF : weight);
}

static kehu_status read_roles(kehu_sentiment *s, kehu_error *err)
{
    const int32_t positive = kehu_keyword_class_find(s->words, "positive", 8),
                  negative = kehu_keyword_class_find(s->words, "negative", 8),
                  negation = kehu_keyword_class_find(s->words, "negation", 8),
                  degree = kehu_keyword_class_find(s->words, "degree", 6);
    if (positive < 0 && negative < 0)
        return kehu__fail(err, KEHU_NOT_FOUND, -1,
                          "words has neither a class positive nor a class negative");
    for (int64_t i = 0; i < kehu_keyword_line_count(s->words); i++) {
        kehu_keyword_line line;
        kehu__role *role;
        KEHU_TRY(kehu_keyword_get_line(s->words, i, &line, err));
        if (line.mark == KEHU_KEYWORD_FORBIDDEN || line.class_number < 0)
            continue;
        role = &s->roles[find_word(s->words, line.keyword)];
        if (line.class_number == positive)
            role->weight = within(role->weight + line.weight);
        else if (line.class_number == negative)
            role->weight = within(role->weight - line.weight);
        else if (line.class_number == negation)
            role->negation = 1;
        else if (line.class_number == degree)
            role->degree = within(line.weight);
    }
    s->bias = (positive < 0 ? 0 : kehu_keyword_bias(s->words, positive)) -
              (negative < 0 ? 0 : kehu_keyword_bias(s->words, negative));
    return KEHU_OK;
}

kehu_status kehu__sentiment_new(kehu_sentiment **out, kehu_keyword *words,
                                const kehu_allocator *alloc, kehu_error *err)
{
    kehu_sentiment *s = kehu__alloc_zero(alloc, 1, sizeof *s);
    const int32_t n = kehu_keyword_word_count(words);
    kehu_status status;
    if (s == NULL) {
        kehu_keyword_free(words);
        return kehu__no_memory(err, "a sentiment model");
    }
    s->alloc = *alloc;
    s->words = words;
    s->n_roles = n;
    s->roles = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *s->roles);
    status = s->roles == NULL ? kehu__no_memory(err, "words") : read_roles(s, err);
    if (status == KEHU_OK)
        *out = s;
    else
        kehu_sentiment_free(s);
    return status;
}

void kehu_sentiment_free(kehu_sentiment *s)
{
    if (s != NULL) {
        const kehu_allocator a = s->alloc;
        kehu_keyword_free(s->words);
        kehu_svm_free(s->svm);
        kehu__free(&a, s->roles, (size_t)s->n_roles + 1, sizeof *s->roles);
        kehu__free(&a, s, 1, sizeof *s);
    }
}

kehu_status kehu_sentiment_from_words(kehu_sentiment **out, const kehu_keyword *words,
                                      const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_keyword *copy = NULL;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (words == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "words is NULL");
    KEHU_TRY(kehu__sentiment_copy(&copy, words, &a, err));
    return kehu__sentiment_new(out, copy, &a, err);
}

const kehu_keyword *kehu_sentiment_words(const kehu_sentiment *s)
{
    return s->words;
}

/* ---- Scores ----------------------------------------------------------------- */

typedef struct scoring {
    const kehu_sentiment *s;
    const kehu_column *texts;
    kehu_sentiment_answers to;
    const float *by_svm; /* [n][2] or NULL */
    bool *failed;        /* [tasks] */
} scoring;

static void answer(const scoring *sc, int64_t i, int32_t points, int32_t n_cues)
{
    const kehu_sentiment *const s = sc->s;
    const double size = points < 0 ? -(double)points : points;
    double p = kehu__logistic((double)points * s->words->scale / 1e6);
    int8_t polarity = (int8_t)(n_cues == 0 && s->bias == 0 ? 0 : points < 0 ? -1 : 1);
    if (sc->by_svm != NULL) {
        p = (double)sc->by_svm[2 * i + s->positive];
        polarity = p < 0.5 ? -1 : 1;
    }
    if (sc->to.polarities != NULL)
        sc->to.polarities[i] = polarity;
    if (sc->to.probabilities != NULL)
        sc->to.probabilities[i] = p;
    if (sc->to.strengths != NULL)
        sc->to.strengths[i] = size / (size + HALF);
    if (sc->to.points != NULL)
        sc->to.points[i] = points;
    if (sc->to.n_cues != NULL)
        sc->to.n_cues[i] = n_cues;
}

static void score_task(void *arg, int64_t task)
{
    const scoring *sc = arg;
    const int64_t from = task * TEXTS_A_TASK, to = from + TEXTS_A_TASK;
    kehu__cueing c = {.alloc = sc->s->alloc};
    for (int64_t i = from; i < to && i < sc->texts->length; i++) {
        const kehu__text t = kehu__column_text(sc->texts, i);
        int64_t points = sc->s->bias;
        if (kehu__sentiment_find(&c, sc->s, t.bytes, t.size, NULL) != KEHU_OK) {
            sc->failed[task] = true;
            break;
        }
        for (size_t k = 0; k < c.n; k++)
            points += c.cues[k].cue.points;
        points = points > INT32_MAX    ? INT32_MAX
                 : points < -INT32_MAX ? -INT32_MAX
                                       : points;
        answer(sc, i, (int32_t)points, (int32_t)(c.n < INT32_MAX ? c.n : INT32_MAX));
    }
    kehu__cueing_free(&c);
}

static kehu_status score_all(scoring *sc, const kehu__run *run, kehu_error *err)
{
    const size_t n = (size_t)((sc->texts->length + TEXTS_A_TASK - 1) / TEXTS_A_TASK);
    bool failed = false;
    sc->failed = kehu__alloc_zero(&sc->s->alloc, n + 1, sizeof *sc->failed);
    if (sc->failed == NULL)
        return kehu__no_memory(err, "answers");
    kehu__parallel(run, (int64_t)n, score_task, sc);
    for (size_t i = 0; i < n; i++)
        failed = failed || sc->failed[i];
    kehu__free(&sc->s->alloc, sc->failed, n + 1, sizeof *sc->failed);
    return failed ? kehu__no_memory(err, "cues") : KEHU_OK;
}

kehu_status kehu_sentiment_score(const kehu_sentiment *s, const kehu_column *texts,
                                 const kehu_sentiment_score_options *options,
                                 const kehu_sentiment_answers *answers, kehu_error *err)
{
    kehu_sentiment_score_options opt = {0};
    kehu__run run;
    scoring sc = {.s = s, .texts = texts};
    float *by_svm = NULL;
    size_t n;
    kehu_status status = KEHU_OK;
    if (s == NULL || answers == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "s or answers is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    KEHU_TRY(kehu__progress(&run, 0, "scoring", err));
    n = (size_t)texts->length;
    sc.to = *answers;
    if (s->svm != NULL && !opt.words_only && n > 0) {
        const kehu_svm_predict_options o = {.size = sizeof o,
                                            .n_threads = opt.n_threads,
                                            .executor = opt.executor,
                                            .progress = opt.progress};
        by_svm = kehu__alloc(&s->alloc, n, 2 * sizeof *by_svm);
        if (by_svm == NULL)
            return kehu__no_memory(err, "probabilities");
        status = kehu_svm_predict(s->svm, texts, &o, NULL, by_svm, NULL, err);
    }
    sc.by_svm = by_svm;
    if (status == KEHU_OK)
        status = score_all(&sc, &run, err);
    kehu__free(&s->alloc, by_svm, n, 2 * sizeof *by_svm);
    return status;
}

kehu_status kehu_sentiment_cues(const kehu_sentiment *s, const char *text, int64_t size,
                                kehu_sentiment_cue *cues, int64_t capacity, int64_t *n,
                                kehu_error *err)
{
    kehu__cueing c;
    kehu_status status;
    if (s == NULL || (text == NULL && size > 0) || size < 0 ||
        (cues == NULL && capacity > 0) || capacity < 0 || n == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "s, text, cues or n is NULL, or a number is negative");
    c = (kehu__cueing){.alloc = s->alloc};
    status = kehu__sentiment_find(&c, s, text, size, err);
    if (status == KEHU_OK) {
        *n = (int64_t)c.n;
        for (int64_t i = 0; i < *n && i < capacity; i++)
            cues[i] = c.cues[i].cue;
    }
    kehu__cueing_free(&c);
    return status;
}

/* ---- Files: sections KEYW the list, SVMM the SVM if there is one, HEAD its class ----
 */

static const char kind[] = "SEN1";

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_sentiment *s = handle;
    kehu__buffer words = kehu__buffer_new(&s->alloc), svm = words, head = words;
    kehu_status status =
        kehu_keyword_write(s->words, &(kehu_writer){kehu__handle_collect, &words}, err);
    *out = kehu__buffer_new(&s->alloc);
    if (status == KEHU_OK && s->svm != NULL)
        status = kehu_svm_write(s->svm, &(kehu_writer){kehu__handle_collect, &svm}, err);
    kehu__buffer_u32(&head, (uint32_t)s->positive);
    if (status == KEHU_OK && (words.failed || svm.failed || head.failed))
        status = kehu__no_memory(err, "the model's bytes");
    if (status == KEHU_OK) {
        const kehu__section sections[] = {{"HEAD", head.bytes, head.size},
                                          {"KEYW", words.bytes, words.size},
                                          {"SVMM", svm.bytes, svm.size}};
        kehu__container_build(out, kind, sections, s->svm == NULL ? 2 : 3);
        if (out->failed)
            status = kehu__no_memory(err, "the model's bytes");
    }
    kehu__buffer_free(&words);
    kehu__buffer_free(&svm);
    kehu__buffer_free(&head);
    return status;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    const char *head, *words, *svm;
    size_t head_size, words_size, svm_size;
    kehu_keyword *list = NULL;
    kehu_sentiment *s = NULL;
    kehu_status status;
    kehu__reader r;
    uint32_t positive;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, from->name, err));
    if (!kehu__container_find(&c, "HEAD", &head, &head_size) ||
        !kehu__container_find(&c, "KEYW", &words, &words_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks its list", from->name);
    r = kehu__reader_new(head, head_size);
    positive = kehu__read_u32(&r);
    if (r.failed || r.at != r.end || positive > 1)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has a wrong class", from->name);
    KEHU_TRY(kehu_keyword_read(&list, words, words_size, &from->alloc, err));
    status = kehu__sentiment_new(&s, list, &from->alloc, err);
    if (status == KEHU_NOT_FOUND)
        status = kehu__fail(err, KEHU_FORMAT, -1, "%s has no cues", from->name);
    KEHU_TRY(status);
    s->positive = (int32_t)positive;
    if (kehu__container_find(&c, "SVMM", &svm, &svm_size)) {
        status = kehu_svm_read(&s->svm, svm, svm_size, &from->alloc, err);
        if (status == KEHU_OK && kehu_svm_class_count(s->svm) != 2)
            status = kehu__fail(err, KEHU_FORMAT, -1, "%s has an SVM of %u classes",
                                from->name, (unsigned)kehu_svm_class_count(s->svm));
    }
    if (status == KEHU_OK)
        *(kehu_sentiment **)out = s;
    else
        kehu_sentiment_free(s);
    return status;
}

static const kehu__handle_file file = {"s", build, make};

kehu_status kehu_sentiment_save(const kehu_sentiment *s, const char *path,
                                kehu_error *err)
{
    return kehu__handle_save(&file, s, path, err);
}

kehu_status kehu_sentiment_write(const kehu_sentiment *s, const kehu_writer *writer,
                                 kehu_error *err)
{
    return kehu__handle_write(&file, s, writer, err);
}

kehu_status kehu_sentiment_load(kehu_sentiment **out, const char *path,
                                const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_sentiment_read(kehu_sentiment **out, const void *bytes, size_t size,
                                const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
