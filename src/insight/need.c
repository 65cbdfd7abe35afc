#include <kehu/need.h>

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/number.h"
#include "insight/keys.h"

enum { N_NEEDS = 3, NONE = 3, MAX_WORDS = 100, DEFAULT_WORDS = 5 };

/* From the most basic one on, which decides between equally frequent ones. */
static const char *const needs[N_NEEDS] = {"basic", "expected", "latent"};

typedef struct finding {
    kehu_allocator alloc;
    kehu_needs_options opt;
    const kehu_keyword *words;
    kehu_keyword *own; /* the library's list, when none is given */
    int32_t class_of[N_NEEDS];
    int32_t n_classes, n_words;
    const kehu_column *texts;
    int32_t *answers;            /* [n] class of the list, -1: none */
    int32_t *scores;             /* [n][n_classes], for a row a text */
    kehu_keyword_match *reasons; /* [n_words] */
    size_t n_texts, n_scores;
} finding;

/* The need of text i, or NONE. */
static int need_of(const finding *f, int64_t i)
{
    int k = 0;
    while (k < N_NEEDS && (f->answers[i] < 0 || f->answers[i] != f->class_of[k]))
        k++;
    return k;
}

static kehu_status explain(const finding *f, int64_t i, int need, int64_t *n,
                           kehu_error *err)
{
    const kehu__text t = kehu__column_text(f->texts, i);
    return kehu_keyword_explain(f->words, t.bytes, t.size, f->class_of[need], f->reasons,
                                f->n_words, n, err);
}

/* "word:number" behind what is there. */
static void add_word(kehu__buffer *b, const char *word, int64_t number)
{
    char digits[KEHU__NUMBER_BYTES];
    if (b->size > 0)
        kehu__buffer_text(b, ", ");
    kehu__buffer_text(b, word);
    kehu__buffer_text(b, ":");
    kehu__buffer_add(b, digits, (size_t)kehu__format_int64(digits, number));
}

/* ---- A row a text ---- */

static kehu_status write_text(const finding *f, kehu__builder *b, kehu__buffer *line,
                              int64_t i, kehu_error *err)
{
    const int need = need_of(f, i);
    int64_t n = 0;
    line->size = 0;
    for (size_t k = 0; k < N_NEEDS; k++)
        kehu__builder_integer(
            b, 1 + k,
            f->class_of[k] < 0 ? 0 : f->scores[i * f->n_classes + f->class_of[k]]);
    if (need == NONE) {
        kehu__builder_missing(b, 0);
        kehu__builder_missing(b, 4);
    } else {
        KEHU_TRY(explain(f, i, need, &n, err));
        uint32_t listed = 0;
        for (int64_t k = 0; k < n && listed < f->opt.n_words; k++)
            if (f->reasons[k].weight > 0) {
                add_word(line, kehu_keyword_word(f->words, f->reasons[k].word),
                         f->reasons[k].weight);
                listed++;
            }
        kehu__builder_text(b, 0, needs[need], strlen(needs[need]));
        kehu__builder_text(b, 4, line->size == 0 ? "" : line->bytes, line->size);
    }
    kehu__builder_end_row(b);
    return KEHU_OK;
}

static kehu_status list_texts(const finding *f, kehu_table **out, kehu_error *err)
{
    kehu__builder b = kehu__builder_new(&f->alloc);
    kehu__buffer line = kehu__buffer_new(&f->alloc);
    kehu_status status = KEHU_OK;
    kehu__builder_add(&b, "need", KEHU_UTF8);
    for (int k = 0; k < N_NEEDS; k++)
        kehu__builder_add(&b, needs[k], KEHU_INT64);
    kehu__builder_add(&b, "words", KEHU_LARGE_UTF8);
    for (int64_t i = 0; i < f->texts->length && status == KEHU_OK; i++)
        status = write_text(f, &b, &line, i, err);
    const bool whole = !line.failed;
    kehu__buffer_free(&line);
    if (status == KEHU_OK)
        return kehu__builder_end(&b, whole, out, err);
    kehu__builder_free(&b);
    return status;
}

/* ---- A row a class ---- */

typedef struct class_needs {
    int64_t texts, of[N_NEEDS + 1];
} class_needs;

typedef struct summing {
    const finding *f;
    kehu__keys names;
    uint32_t *number; /* [n_texts] class of each text */
    class_needs *counts;
    int64_t *words; /* [classes][needs][n_words] texts with the word */
    size_t n_counted, n_listed;
} summing;

static kehu_status count_words(summing *s, int64_t i, int need, kehu_error *err)
{
    const finding *f = s->f;
    int64_t *at =
        s->words + ((size_t)s->number[i] * N_NEEDS + (size_t)need) * (size_t)f->n_words;
    int64_t n = 0;
    KEHU_TRY(explain(f, i, need, &n, err));
    for (int64_t k = 0; k < n; k++)
        at[f->reasons[k].word] += f->reasons[k].weight > 0;
    return KEHU_OK;
}

static kehu_status count_classes(summing *s, const kehu_column *class_of, kehu_error *err)
{
    const finding *f = s->f;
    const int64_t n = f->texts->length;
    for (int64_t i = 0; i < n; i++) {
        const kehu__key key = kehu__key_text(
            class_of == NULL ? (kehu__text){"", 0} : kehu__column_text(class_of, i));
        const int64_t number = kehu__keys_add(&s->names, &key);
        if (number == KEHU__NO_KEY)
            return kehu__no_memory(err, "classes");
        s->number[i] = (uint32_t)number;
    }
    s->n_counted = s->names.n;
    s->n_listed = s->n_counted * N_NEEDS;
    s->counts = kehu__alloc_zero(&f->alloc, s->n_counted, sizeof *s->counts);
    if (s->n_listed > SIZE_MAX / sizeof *s->words / ((size_t)f->n_words + 1))
        return kehu__no_memory(err, "words of classes");
    s->n_listed *= (size_t)f->n_words;
    s->words = kehu__alloc_zero(&f->alloc, s->n_listed, sizeof *s->words);
    if (n > 0 && (s->counts == NULL || (s->words == NULL && s->n_listed > 0)))
        return kehu__no_memory(err, "words of classes");
    for (int64_t i = 0; i < n; i++) {
        const int need = need_of(f, i);
        s->counts[s->number[i]].texts++;
        s->counts[s->number[i]].of[need]++;
        if (need != NONE)
            KEHU_TRY(count_words(s, i, need, err));
    }
    return KEHU_OK;
}

/* The words of most texts, into line. */
static void list_words(const finding *f, const int64_t *texts_with, kehu__buffer *line)
{
    int32_t best[MAX_WORDS];
    uint32_t n = 0;
    line->size = 0;
    for (int32_t w = 0; w < f->n_words; w++) {
        if (texts_with[w] == 0 ||
            (n == f->opt.n_words && texts_with[w] <= texts_with[best[n - 1]]))
            continue;
        uint32_t at = n < f->opt.n_words ? n++ : n - 1;
        for (; at > 0 && texts_with[best[at - 1]] < texts_with[w]; at--)
            best[at] = best[at - 1];
        best[at] = w;
    }
    for (uint32_t k = 0; k < n; k++)
        add_word(line, kehu_keyword_word(f->words, best[k]), texts_with[best[k]]);
}

enum { SHARES = 6, NEED = 9, WORDS = 10 }; /* columns */

static void write_class(const summing *s, uint32_t number, kehu__builder *b,
                        kehu__buffer *line)
{
    const class_needs *c = &s->counts[number];
    const int64_t with_need = c->texts - c->of[NONE];
    int most = 0;
    kehu__keys_write(&s->names, number, b, 0);
    kehu__builder_integer(b, 1, c->texts);
    for (size_t k = 0; k <= N_NEEDS; k++)
        kehu__builder_integer(b, 2 + k, c->of[k]);
    for (size_t k = 0; k < N_NEEDS; k++) {
        if (with_need == 0)
            kehu__builder_missing(b, SHARES + k);
        else
            kehu__builder_number(b, SHARES + k, (double)c->of[k] / (double)with_need);
        if (c->of[k] > c->of[most])
            most = (int)k;
        list_words(s->f,
                   s->words + ((size_t)number * N_NEEDS + k) * (size_t)s->f->n_words,
                   line);
        kehu__builder_text(b, WORDS + k, line->size == 0 ? "" : line->bytes, line->size);
    }
    if (with_need == 0)
        kehu__builder_missing(b, NEED);
    else
        kehu__builder_text(b, NEED, needs[most], strlen(needs[most]));
    kehu__builder_end_row(b);
}

static kehu_status write_classes(const summing *s, kehu_table **out, kehu_error *err)
{
    static const char *const shares[] = {"basic_share", "expected_share", "latent_share"};
    static const char *const words[] = {"basic_words", "expected_words", "latent_words"};
    const kehu_allocator *a = &s->f->alloc;
    kehu__builder b = kehu__builder_new(a);
    kehu__buffer line = kehu__buffer_new(a);
    uint32_t *order = kehu__alloc(a, s->names.n, sizeof *order);
    bool done = s->names.n == 0 || (order != NULL && kehu__keys_sort(&s->names, order));
    kehu__builder_add(&b, "class", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "texts", KEHU_INT64);
    for (int k = 0; k < N_NEEDS; k++)
        kehu__builder_add(&b, needs[k], KEHU_INT64);
    kehu__builder_add(&b, "none", KEHU_INT64);
    for (int k = 0; k < N_NEEDS; k++)
        kehu__builder_add(&b, shares[k], KEHU_FLOAT64);
    kehu__builder_add(&b, "need", KEHU_UTF8);
    for (int k = 0; k < N_NEEDS; k++)
        kehu__builder_add(&b, words[k], KEHU_LARGE_UTF8);
    for (uint32_t i = 0; done && i < s->names.n; i++)
        write_class(s, order[i], &b, &line);
    done = done && !line.failed;
    kehu__free(a, order, s->names.n, sizeof *order);
    kehu__buffer_free(&line);
    return kehu__builder_end(&b, done, out, err);
}

static kehu_status list_classes(const finding *f, const kehu_column *class_of,
                                kehu_table **out, kehu_error *err)
{
    summing s = {.f = f, .names = kehu__keys_new(&f->alloc, true)};
    kehu_status status;
    s.number = kehu__alloc(&f->alloc, f->n_texts, sizeof *s.number);
    status = s.number == NULL && f->n_texts > 0 ? kehu__no_memory(err, "classes")
                                                : count_classes(&s, class_of, err);
    if (status == KEHU_OK)
        status = write_classes(&s, out, err);
    kehu__free(&f->alloc, s.words, s.n_listed, sizeof *s.words);
    kehu__free(&f->alloc, s.counts, s.n_counted, sizeof *s.counts);
    kehu__free(&f->alloc, s.number, f->n_texts, sizeof *s.number);
    kehu__keys_free(&s.names);
    return status;
}

/* ---- All ---- */

static kehu_status check(finding *f, kehu_needs_report report, const kehu_column *texts,
                         const kehu_column *class_of, const kehu_needs_options *options,
                         kehu_error *err)
{
    KEHU_TRY(kehu__options_read(&f->opt, sizeof f->opt, options, err));
    if (f->opt.n_words == 0)
        f->opt.n_words = DEFAULT_WORDS;
    if (report != KEHU_NEEDS_TEXTS && report != KEHU_NEEDS_CLASSES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "report is %d, expected 0 or 1",
                          (int)report);
    if (f->opt.n_words > MAX_WORDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_words is %u, expected 1 to %d",
                          (unsigned)f->opt.n_words, MAX_WORDS);
    if (f->opt.reserved != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "reserved is %u, expected 0",
                          (unsigned)f->opt.reserved);
    if (texts == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "texts is NULL");
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (class_of == NULL)
        return KEHU_OK;
    KEHU_TRY(kehu__column_check_text(class_of, "class_of", err));
    if (class_of->length != texts->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "class_of has %lld rows, texts has %lld",
                          (long long)class_of->length, (long long)texts->length);
    return KEHU_OK;
}

static kehu_status take_words(finding *f, kehu_error *err)
{
    bool any = false;
    if (f->opt.words == NULL)
        KEHU_TRY(kehu_needs_words(&f->own, &f->alloc, err));
    f->words = f->opt.words != NULL ? f->opt.words : f->own;
    f->n_classes = kehu_keyword_class_count(f->words);
    f->n_words = kehu_keyword_word_count(f->words);
    for (int k = 0; k < N_NEEDS; k++) {
        f->class_of[k] =
            kehu_keyword_class_find(f->words, needs[k], (int64_t)strlen(needs[k]));
        any = any || f->class_of[k] >= 0;
    }
    return any ? KEHU_OK
               : kehu__fail(err, KEHU_NOT_FOUND, -1,
                            "words has none of the classes basic, expected and latent");
}

static kehu_status answer(finding *f, bool with_scores, kehu_error *err)
{
    const kehu_keyword_predict_options opt = {.size = sizeof opt,
                                              .n_threads = f->opt.n_threads,
                                              .executor = f->opt.executor,
                                              .progress = f->opt.progress};
    f->n_texts = (size_t)f->texts->length;
    f->n_scores = with_scores ? f->n_texts * (size_t)f->n_classes : 0;
    f->answers = kehu__alloc(&f->alloc, f->n_texts, sizeof *f->answers);
    f->scores = kehu__alloc(&f->alloc, f->n_scores, sizeof *f->scores);
    f->reasons = kehu__alloc(&f->alloc, (size_t)f->n_words, sizeof *f->reasons);
    if ((f->n_texts > 0 && f->answers == NULL) ||
        (f->n_scores > 0 && f->scores == NULL) || (f->n_words > 0 && f->reasons == NULL))
        return kehu__no_memory(err, "needs");
    const kehu_keyword_answers to = {.classes = f->answers, .scores = f->scores};
    return kehu_keyword_predict(f->words, f->texts, &opt, &to, err);
}

kehu_status kehu_needs_find(kehu_table **out, kehu_needs_report report,
                            const kehu_column *texts, const kehu_column *class_of,
                            const kehu_needs_options *options, kehu_error *err)
{
    finding f = {.texts = texts};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(check(&f, report, texts, class_of, options, err));
    f.alloc = kehu__allocator(f.opt.alloc);
    status = take_words(&f, err);
    if (status == KEHU_OK)
        status = answer(&f, report == KEHU_NEEDS_TEXTS, err);
    if (status == KEHU_OK)
        status = report == KEHU_NEEDS_TEXTS ? list_texts(&f, out, err)
                                            : list_classes(&f, class_of, out, err);
    kehu__free(&f.alloc, f.reasons, (size_t)f.n_words, sizeof *f.reasons);
    kehu__free(&f.alloc, f.scores, f.n_scores, sizeof *f.scores);
    kehu__free(&f.alloc, f.answers, f.n_texts, sizeof *f.answers);
    kehu_keyword_free(f.own);
    return status;
}
