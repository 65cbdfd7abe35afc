/* From labelled texts to cues with weights: words by kehu_keyword_train(), weights by a
 * linear SVM over what is left of each word after negation and degree. */
#include <math.h>
#include <string.h>

#include <kehu/linear.h>

#include "base/maths.h"
#include "base/number.h"
#include "base/sort.h"
#include "base/thread.h"
#include "file/handle_file.h"
#include "text/classes.h"
#include "text/keyword.h"
#include "text/sentiment_model.h"

enum { DEFAULT_WORDS = 200, MOST_WORDS = 20000, TEXTS_A_TASK = 512, ROUNDS = 40 };
static const double cost = 0.05, most_left = 3;

/* The words that change cues, until somebody edits them. */
static const char modifiers[] =
    "negation\t不\t100\nnegation\t没\t100\nnegation\t没有\t100\n"
    "negation\t无\t100\nnegation\t未\t100\n"
    "negation\t毫无\t100\nnegation\t并不\t100\n"
    "negation\t并非\t100\nnegation\t从不\t100\n"
    "negation\t不是\t100\nnegation\t不够\t100\n"
    "negation\t不太\t100\nnegation\t不会\t100\n"
    "degree\t很\t40\ndegree\t非常\t80\ndegree\t特别\t80\n"
    "degree\t太\t60\ndegree\t极\t100\ndegree\t十分\t60\n"
    "degree\t超级\t80\ndegree\t相当\t40\ndegree\t更\t30\n"
    "degree\t最\t80\ndegree\t真\t40\ndegree\t挺\t20\n"
    "degree\t比较\t-20\ndegree\t有点\t-40\n"
    "degree\t有些\t-40\ndegree\t稍\t-50\n"
    "degree\t稍微\t-50\ndegree\t略\t-50\n"
    "degree\t还\t-10\n";

typedef struct training {
    kehu_allocator alloc;
    const kehu_column *texts;
    const int32_t *labels; /* [n] class of each text */
    int32_t positive;      /* the class that is for something */
    kehu_sentiment_options opt;
    kehu__run run;
} training;

static bool is_plain(const char *word)
{
    return (unsigned char)word[0] >= 0x80 && strpbrk(word, "\t\n\\") == NULL;
}

static void add_setting(kehu__buffer *b, const char *name, int32_t value)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__buffer_text(b, name);
    kehu__buffer_text(b, "\t");
    kehu__buffer_add(b, digits, (size_t)kehu__format_int64(digits, value));
    kehu__buffer_text(b, "\n");
}

static void add_line(kehu__buffer *b, const char *name, const char *word, int32_t weight)
{
    kehu__buffer_text(b, name);
    kehu__buffer_text(b, "\t");
    add_setting(b, word, weight);
}

static kehu_status list_of(kehu_sentiment **out, const kehu__buffer *text,
                           const kehu_allocator *alloc, kehu_error *err)
{
    kehu_keyword *words = NULL;
    if (text->failed)
        return kehu__no_memory(err, "the list");
    KEHU_TRY(kehu_keyword_read_text(&words, text->bytes, text->size, alloc, err));
    return kehu__sentiment_new(out, words, alloc, err);
}

/* The words that tell the two classes apart, each as a cue of weight 1. */
static kehu_status choose_words(kehu_sentiment **out, const training *t,
                                const kehu_column *labels, kehu_error *err)
{
    const kehu_keyword_options o = {.size = sizeof o,
                                    .keywords_per_class = t->opt.n_words / 2,
                                    .mode = KEHU_KEYWORD_UNSIGNED,
                                    .n_threads = t->opt.n_threads,
                                    .executor = t->opt.executor,
                                    .progress = t->opt.progress,
                                    .alloc = t->opt.alloc};
    kehu__buffer text = kehu__buffer_new(&t->alloc);
    kehu_keyword *k = NULL;
    kehu_status status = kehu_keyword_train(&k, t->texts, labels, &o, err);
    const char *last = "";
    if (status == KEHU_OK) {
        kehu__buffer_text(&text, modifiers);
        for (int32_t w = 0; w < kehu_keyword_word_count(k); w++) {
            const char *const word = kehu_keyword_word(k, w);
            if (is_plain(word) && strcmp(word, last) != 0)
                add_line(&text, "positive", word, 1);
            last = word;
        }
        status = list_of(out, &text, &t->alloc, err);
    }
    kehu_keyword_free(k);
    kehu__buffer_free(&text);
    return status;
}

/* ---- Rows: what is left of each word in a text ------------------------------- */

typedef struct rows {
    const training *t;
    const kehu_sentiment *s;
    float *dense; /* [n_words] of one text */
    int32_t *met; /* [n_words] words of the text */
    size_t n, capacity, values_capacity;
    uint32_t *columns;
    float *values;
    int64_t *starts; /* [n_texts + 2]: the last row is empty */
} rows;

static int by_number(const void *a, const void *b, void *ctx)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

static kehu_status add_row(rows *r, const kehu__cueing *c, int64_t row, kehu_error *err)
{
    const kehu_allocator *const a = &r->t->alloc;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const int32_t w = c->cues[i].cue.word;
        if (r->dense[w] == 0)
            r->met[n++] = w;
        r->dense[w] += (float)c->cues[i].factor;
        if (r->dense[w] == 0)
            r->dense[w] = 1e-6f; /* met, and nothing is left of it */
    }
    kehu__sort(r->met, n, sizeof *r->met, by_number, NULL);
    if (!kehu__grow(a, &r->columns, &r->capacity, r->n + n, sizeof *r->columns) ||
        !kehu__grow(a, &r->values, &r->values_capacity, r->n + n, sizeof *r->values))
        return kehu__no_memory(err, "cues");
    for (size_t i = 0; i < n; i++) {
        const double left = r->dense[r->met[i]];
        r->columns[r->n] = (uint32_t)r->met[i];
        r->values[r->n++] = (float)(left > most_left    ? most_left
                                    : left < -most_left ? -most_left
                                                        : left);
        r->dense[r->met[i]] = 0;
    }
    r->starts[row + 1] = (int64_t)r->n;
    return KEHU_OK;
}

static kehu_status find_rows(rows *r, kehu_error *err)
{
    const kehu_column *const texts = r->t->texts;
    kehu__cueing c = {.alloc = r->t->alloc};
    kehu_status status = KEHU_OK;
    for (int64_t i = 0; i < texts->length && status == KEHU_OK; i++) {
        const kehu__text t = kehu__column_text(texts, i);
        if (i % 4096 == 0)
            status = kehu__progress(&r->t->run, 0.5, "weighing cues", err);
        if (status == KEHU_OK)
            status = kehu__sentiment_find(&c, r->s, t.bytes, t.size, err);
        if (status == KEHU_OK)
            status = add_row(r, &c, i, err);
    }
    r->starts[texts->length + 1] = (int64_t)r->n;
    kehu__cueing_free(&c);
    return status;
}

/* weights[n_words + 1], the last the bias, so that above 0 is positive. */
static kehu_status learn_weights(const rows *r, double *weights, kehu_error *err)
{
    const training *const t = r->t;
    const int32_t n = r->s->n_roles;
    const kehu_sparse all = {t->texts->length, (uint32_t)n, r->starts, r->columns,
                             r->values};
    const kehu_linear_options o = {.size = sizeof o,
                                   .cost = cost,
                                   .n_threads = t->opt.n_threads,
                                   .executor = t->opt.executor,
                                   .alloc = t->opt.alloc};
    kehu_linear *model = NULL;
    kehu_status status = kehu_linear_train(&model, &all, t->labels, &o, err);
    /* A row with one word says what it weighs beside the empty row. */
    for (int32_t w = n; w >= 0 && status == KEHU_OK; w--) {
        const int64_t starts[2] = {0, w < n};
        const uint32_t column = (uint32_t)w;
        const float one = 1;
        const kehu_sparse row = {1, (uint32_t)n, starts, &column, &one};
        float margins[2];
        status = kehu_linear_predict(model, &row, NULL, margins, err);
        if (status != KEHU_OK)
            break;
        weights[w] = (double)margins[t->positive] - (double)margins[1 - t->positive];
        if (w < n)
            weights[w] -= weights[n];
    }
    kehu_linear_free(model);
    return status;
}

/* How steep the logistic function of the margins is best, by likelihood: its slope rises
 * through 0 there. */
static double best_steepness(const rows *r, const double *weights)
{
    const int32_t n = r->s->n_roles;
    double low = 0.05, high = 20;
    for (int round = 0; round < ROUNDS; round++) {
        const double middle = (low + high) / 2;
        double slope = 0;
        for (int64_t i = 0; i < r->t->texts->length; i++) {
            const double y = r->t->labels[i] == r->t->positive;
            double m = weights[n];
            for (int64_t e = r->starts[i]; e < r->starts[i + 1]; e++)
                m += weights[r->columns[e]] * (double)r->values[e];
            slope += (y - kehu__logistic(middle * m)) * m;
        }
        if (slope > 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int32_t rounded(double x)
{
    return (int32_t)(x + (x < 0 ? -0.5 : 0.5));
}

/* The learned list: weights in whole numbers, the greatest 100. */
static kehu_status write_list(kehu_sentiment **out, const rows *r, const double *weights,
                              kehu_error *err)
{
    const kehu_sentiment *const s = r->s;
    const double steep = best_steepness(r, weights);
    kehu__buffer text = kehu__buffer_new(&r->t->alloc);
    double most = 1e-9, scale;
    kehu_status status;
    for (int32_t w = 0; w < s->n_roles; w++)
        if (s->roles[w].weight != 0 && fabs(weights[w]) > most)
            most = fabs(weights[w]);
    kehu__buffer_text(&text, modifiers);
    scale = steep * most / 100 * 1e6; /* probability = logistic(points n / 1,000,000) */
    add_line(&text, "@bias", "positive", rounded(100 * weights[s->n_roles] / most));
    add_setting(&text, "@scale", (int32_t)(scale < 1 ? 1 : scale > 1e6 ? 1e6 : scale));
    for (int32_t w = 0; w < s->n_roles; w++) {
        const int32_t weight = rounded(100 * weights[w] / most);
        if (s->roles[w].weight != 0 && weight != 0)
            add_line(&text, weight > 0 ? "positive" : "negative",
                     kehu_keyword_word(s->words, w), weight < 0 ? -weight : weight);
    }
    status = list_of(out, &text, &r->t->alloc, err);
    kehu__buffer_free(&text);
    return status;
}

static kehu_status learn_list(kehu_sentiment **out, const training *t,
                              const kehu_column *labels, kehu_error *err)
{
    rows r = {.t = t};
    kehu_sentiment *first = NULL;
    double *weights = NULL;
    size_t n_texts = (size_t)t->texts->length, n = 0;
    kehu_status status = choose_words(&first, t, labels, err);
    if (status != KEHU_OK)
        return status;
    n = (size_t)first->n_roles + 1;
    r.s = first;
    r.dense = kehu__alloc_zero(&t->alloc, n, sizeof *r.dense);
    r.met = kehu__alloc(&t->alloc, n, sizeof *r.met);
    r.starts = kehu__alloc_zero(&t->alloc, n_texts + 2, sizeof *r.starts);
    weights = kehu__alloc_zero(&t->alloc, n, sizeof *weights);
    if (r.dense == NULL || r.met == NULL || r.starts == NULL || weights == NULL)
        status = kehu__no_memory(err, "cues");
    if (status == KEHU_OK)
        status = find_rows(&r, err);
    if (status == KEHU_OK)
        status = learn_weights(&r, weights, err);
    if (status == KEHU_OK)
        status = write_list(out, &r, weights, err);
    kehu__free(&t->alloc, r.dense, n, sizeof *r.dense);
    kehu__free(&t->alloc, r.met, n, sizeof *r.met);
    kehu__free(&t->alloc, r.starts, n_texts + 2, sizeof *r.starts);
    kehu__free(&t->alloc, r.columns, r.capacity, sizeof *r.columns);
    kehu__free(&t->alloc, r.values, r.values_capacity, sizeof *r.values);
    kehu__free(&t->alloc, weights, n, sizeof *weights);
    kehu_sentiment_free(first);
    return status;
}

static kehu_status train(kehu_sentiment **out, const training *t,
                         const kehu_column *labels, kehu_error *err)
{
    const kehu_svm_options o = {.size = sizeof o,
                                .n_threads = t->opt.n_threads,
                                .fixed_terms = 1,
                                .char_max = 3,
                                .class_aware = 1,
                                .executor = t->opt.executor,
                                .progress = t->opt.progress,
                                .alloc = t->opt.alloc};
    kehu_sentiment *s = NULL;
    kehu_status status = t->opt.words != NULL
                             ? kehu_sentiment_from_words(&s, t->opt.words, &t->alloc, err)
                             : learn_list(&s, t, labels, err);
    if (status == KEHU_OK && !t->opt.words_only)
        status = kehu_svm_train(&s->svm, t->texts, labels, &o, err);
    if (status == KEHU_OK) {
        s->positive = t->positive;
        *out = s;
    } else
        kehu_sentiment_free(s);
    return status;
}

static kehu_status read_options(kehu_sentiment_options *opt,
                                const kehu_sentiment_options *from, kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->n_words == 0)
        opt->n_words = DEFAULT_WORDS;
    if (opt->n_words < 2 || opt->n_words > MOST_WORDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_words is %u, expected 2 to %d",
                          (unsigned)opt->n_words, MOST_WORDS);
    if (opt->positive == NULL)
        opt->positive = "positive";
    return KEHU_OK;
}

kehu_status kehu_sentiment_train(kehu_sentiment **out, const kehu_column *texts,
                                 const kehu_column *labels,
                                 const kehu_sentiment_options *options, kehu_error *err)
{
    training t = {.texts = texts};
    kehu__classes classes = {0};
    int32_t *numbers = NULL;
    size_t n;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&t.opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(kehu__column_check_text(labels, "labels", err));
    if (texts->length != labels->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "texts and labels differ in length");
    t.alloc = kehu__allocator(t.opt.alloc);
    t.run = (kehu__run){t.opt.n_threads, t.opt.executor, t.opt.progress};
    n = (size_t)labels->length;
    numbers = kehu__alloc(&t.alloc, n + 1, sizeof *numbers);
    if (numbers == NULL)
        return kehu__no_memory(err, "labels");
    status = kehu__classes_from(&classes, numbers, labels, &t.alloc, err);
    if (status == KEHU_OK) {
        t.labels = numbers;
        t.positive = kehu__class_find(&classes, t.opt.positive, strlen(t.opt.positive));
        status = classes.n != 2 || t.positive < 0
                     ? kehu__fail(err, KEHU_DATA, -1,
                                  "labels has %u classes, expected two, one of them the "
                                  "positive one",
                                  (unsigned)classes.n)
                     : train(out, &t, labels, err);
        kehu__classes_free(&classes);
    }
    kehu__free(&t.alloc, numbers, n + 1, sizeof *numbers);
    return status;
}
