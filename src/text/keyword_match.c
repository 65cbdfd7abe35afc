/* Keywords found in texts: answers and reasons. */
#include <kehu/keyword.h>

#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/sort.h"
#include "base/thread.h"
#include "data/column.h"
#include "text/keyword.h"

enum {
    TASK_TEXTS = 1024, /* texts of a task */
    WAVE_TASKS = 64    /* tasks between two reports of progress */
};

bool kehu__keyword_work_new(kehu__keyword_work *w, const kehu_keyword *k)
{
    const size_t n = (size_t)k->n_words + 1;
    w->seen = kehu__alloc_zero(&k->alloc, n, sizeof *w->seen);
    w->found = kehu__alloc(&k->alloc, n, sizeof *w->found);
    w->scores = kehu__alloc(&k->alloc, (size_t)k->n_classes, sizeof *w->scores);
    w->text = w->n_found = 0;
    if (w->seen != NULL && w->found != NULL && w->scores != NULL)
        return true;
    kehu__keyword_work_free(w, k);
    return false;
}

void kehu__keyword_work_free(kehu__keyword_work *w, const kehu_keyword *k)
{
    const size_t n = (size_t)k->n_words + 1;
    kehu__free(&k->alloc, w->seen, n, sizeof *w->seen);
    kehu__free(&k->alloc, w->found, n, sizeof *w->found);
    kehu__free(&k->alloc, w->scores, (size_t)k->n_classes, sizeof *w->scores);
}

void kehu__keyword_find(const kehu_keyword *k, kehu__keyword_work *w, const char *text,
                        int64_t size)
{
    const kehu__automaton *a = &k->automaton;
    kehu__scan scan;
    uint32_t n = 0;
    w->text++;
    kehu__scan_begin(&scan, a, text, size);
    while (kehu__scan_next(&scan))
        for (uint32_t i = 0; i < scan.n_hits; i++)
            for (uint32_t s = scan.hits[i].state; s != 0; s = a->ends[s].next) {
                const uint32_t word = a->ends[s].keyword;
                w->found[n] = word;
                n += w->seen[word] != w->text;
                w->seen[word] = w->text;
            }
    w->n_found = n;
}

void kehu__keyword_score(const kehu_keyword *k, kehu__keyword_work *w, const char *text,
                         int64_t size)
{
    kehu__keyword_find(k, w, text, size);
    memcpy(w->scores, k->bias, (size_t)k->n_classes * sizeof *w->scores);
    for (uint32_t i = 0; i < w->n_found; i++)
        for (uint32_t c = k->row[w->found[i]]; c < k->row[w->found[i] + 1]; c++)
            w->scores[k->cells[c].class_number] += k->cells[c].weight;
}

int32_t kehu__keyword_best(const int32_t *scores, int32_t n_classes)
{
    int32_t best = 0;
    for (int32_t c = 1; c < n_classes; c++)
        if (scores[c] > scores[best])
            best = c;
    return best;
}

double kehu__keyword_probability(const int32_t *scores, int32_t n_classes, int32_t best,
                                 int32_t scale)
{
    double sum = 0;
    for (int32_t c = 0; c < n_classes; c++)
        sum +=
            kehu__exp((double)(scores[c] - scores[best]) * scale / KEHU__KEYWORD_MILLION);
    return 1 / sum;
}

typedef struct prediction {
    const kehu_keyword *k;
    const kehu_column *texts;
    const kehu_keyword_answers *to;
    double min_probability;
    int64_t task_texts, first_task;
    uint8_t refused[WAVE_TASKS];
} prediction;

static void answer(const prediction *p, const kehu__keyword_work *w, int64_t i)
{
    const kehu_keyword *k = p->k;
    const kehu_keyword_answers *to = p->to;
    const int32_t best = kehu__keyword_best(w->scores, k->n_classes);
    const bool silent = w->n_found == 0 && !k->biased;
    double probability = 1;
    if (to->probabilities != NULL || (to->classes != NULL && p->min_probability > 0))
        probability = kehu__keyword_probability(w->scores, k->n_classes, best, k->scale);
    if (to->classes != NULL)
        to->classes[i] = silent || probability < p->min_probability ? -1 : best;
    if (to->best != NULL)
        to->best[i] = best;
    if (to->probabilities != NULL)
        to->probabilities[i] = probability;
    if (to->n_keywords != NULL)
        to->n_keywords[i] = (int32_t)w->n_found;
    if (to->scores != NULL)
        memcpy(to->scores + i * k->n_classes, w->scores,
               (size_t)k->n_classes * sizeof *w->scores);
    if (to->margins != NULL) {
        int32_t second = INT32_MIN;
        for (int32_t c = 0; c < k->n_classes; c++)
            if (c != best && w->scores[c] > second)
                second = w->scores[c];
        to->margins[i] = k->n_classes == 1 ? 0 : w->scores[best] - second;
    }
}

static void predict_task(void *arg, int64_t task)
{
    prediction *p = arg;
    kehu__keyword_work work;
    const int64_t from = (p->first_task + task) * p->task_texts;
    int64_t to = from + p->task_texts;
    if (to > p->texts->length)
        to = p->texts->length;
    p->refused[task] = !kehu__keyword_work_new(&work, p->k);
    if (p->refused[task])
        return;
    for (int64_t i = from; i < to; i++) {
        const kehu__text text = kehu__column_text(p->texts, i);
        kehu__keyword_score(p->k, &work, text.bytes, text.size);
        answer(p, &work, i);
    }
    kehu__keyword_work_free(&work, p->k);
}

kehu_status kehu_keyword_predict(const kehu_keyword *k, const kehu_column *texts,
                                 const kehu_keyword_predict_options *options,
                                 const kehu_keyword_answers *answers, kehu_error *err)
{
    kehu_keyword_predict_options opt = {0};
    prediction p = {.k = k, .texts = texts, .to = answers};
    kehu__run run;
    int64_t n_tasks;
    if (k == NULL || answers == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "k or answers is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (!(opt.min_probability >= 0 && opt.min_probability <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "min_probability is not within 0 to 1");
    p.min_probability = opt.min_probability > 0
                            ? opt.min_probability
                            : (double)k->abstain / KEHU__KEYWORD_CERTAIN;
    /* A task clears a word's worth of scratch for each keyword. */
    p.task_texts = k->n_words / 8 > TASK_TEXTS ? k->n_words / 8 : TASK_TEXTS;
    run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    n_tasks = (texts->length + p.task_texts - 1) / p.task_texts;
    for (; p.first_task < n_tasks; p.first_task += WAVE_TASKS) {
        const int64_t left = n_tasks - p.first_task,
                      wave = left < WAVE_TASKS ? left : WAVE_TASKS;
        KEHU_TRY(
            kehu__progress(&run, (double)p.first_task / (double)n_tasks, "predict", err));
        kehu__parallel(&run, wave, predict_task, &p);
        for (int64_t t = 0; t < wave; t++)
            if (p.refused[t])
                return kehu__no_memory(err, "the keywords of a text");
    }
    return KEHU_OK;
}

/* The weight of a word for a class. */
static int32_t weight_of(const kehu_keyword *k, uint32_t word, int32_t class_number)
{
    for (uint32_t c = k->row[word]; c < k->row[word + 1]; c++)
        if (k->cells[c].class_number == class_number)
            return k->cells[c].weight;
    return 0;
}

static kehu_status check_text(const kehu_keyword *k, const char *text, int64_t size,
                              int32_t class_number, const void *matches, int64_t capacity,
                              const int64_t *count, kehu_error *err)
{
    if (k == NULL || count == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "k or count is NULL");
    if (size < 0 || (text == NULL && size > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "text is NULL or size is negative");
    if (capacity < 0 || (matches == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "there is no room for matches, or capacity is negative");
    if (class_number < -1 || class_number >= k->n_classes)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "class_number is %d, expected -1 to %d",
                          class_number, k->n_classes - 1);
    return KEHU_OK;
}

/* The class asked about: the best one of this text for -1. */
static kehu_status choose_class(const kehu_keyword *k, const char *text, int64_t size,
                                int32_t *class_number, kehu_error *err)
{
    kehu__keyword_work work;
    if (*class_number >= 0)
        return KEHU_OK;
    if (!kehu__keyword_work_new(&work, k))
        return kehu__no_memory(err, "the keywords of a text");
    kehu__keyword_score(k, &work, text, size);
    *class_number = kehu__keyword_best(work.scores, k->n_classes);
    kehu__keyword_work_free(&work, k);
    return KEHU_OK;
}

/* Match of a state's keyword at hit i of a block. */
static kehu_keyword_match match_at(const kehu_keyword *k, const kehu__scan *scan,
                                   uint32_t i, uint32_t state, int32_t class_number)
{
    const uint32_t word = k->automaton.ends[state].keyword;
    return (kehu_keyword_match){kehu__scan_at(scan, i, k->word_symbols[word]),
                                kehu__scan_at(scan, i, 0), (int32_t)word,
                                weight_of(k, word, class_number)};
}

kehu_status kehu_keyword_match_text(const kehu_keyword *k, const char *text, int64_t size,
                                    int32_t class_number, kehu_keyword_match *matches,
                                    int64_t capacity, int64_t *count, kehu_error *err)
{
    const kehu__automaton *a;
    kehu__scan scan;
    int64_t n = 0;
    KEHU_TRY(check_text(k, text, size, class_number, matches, capacity, count, err));
    if (text == NULL)
        text = "";
    KEHU_TRY(choose_class(k, text, size, &class_number, err));
    a = &k->automaton;
    kehu__scan_begin(&scan, a, text, size);
    while (kehu__scan_next(&scan))
        for (uint32_t i = 0; i < scan.n_hits; i++)
            for (uint32_t s = scan.hits[i].state; s != 0; s = a->ends[s].next, n++)
                if (n < capacity)
                    matches[n] = match_at(k, &scan, i, s, class_number);
    *count = n;
    return KEHU_OK;
}

typedef struct reason_list {
    kehu_keyword_match *reasons;
    size_t n, capacity;
} reason_list;

/* Each word with a weight for the class, at its first place. False when refused. */
static bool list_reasons(reason_list *list, const kehu_keyword *k, const char *text,
                         int64_t size, int32_t class_number, uint8_t *seen)
{
    const kehu__automaton *a = &k->automaton;
    kehu__scan scan;
    kehu__scan_begin(&scan, a, text, size);
    while (kehu__scan_next(&scan))
        for (uint32_t i = 0; i < scan.n_hits; i++)
            for (uint32_t s = scan.hits[i].state; s != 0; s = a->ends[s].next) {
                const kehu_keyword_match m = match_at(k, &scan, i, s, class_number);
                if (seen[m.word])
                    continue;
                seen[m.word] = 1;
                if (m.weight == 0)
                    continue;
                if (!kehu__grow(&k->alloc, &list->reasons, &list->capacity, list->n + 1,
                                sizeof m))
                    return false;
                list->reasons[list->n++] = m;
            }
    return true;
}

static int by_weight(const void *a, const void *b, void *ctx)
{
    const kehu_keyword_match *x = a, *y = b;
    const int32_t p = x->weight < 0 ? -x->weight : x->weight,
                  q = y->weight < 0 ? -y->weight : y->weight;
    (void)ctx;
    if (p != q)
        return p > q ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->word > y->word) - (x->word < y->word);
}

kehu_status kehu_keyword_explain(const kehu_keyword *k, const char *text, int64_t size,
                                 int32_t class_number, kehu_keyword_match *reasons,
                                 int64_t capacity, int64_t *count, kehu_error *err)
{
    reason_list list = {.n = 0};
    uint8_t *seen;
    kehu_status status = KEHU_OK;
    KEHU_TRY(check_text(k, text, size, class_number, reasons, capacity, count, err));
    if (text == NULL)
        text = "";
    KEHU_TRY(choose_class(k, text, size, &class_number, err));
    seen = kehu__alloc_zero(&k->alloc, (size_t)k->n_words + 1, sizeof *seen);
    if (seen == NULL || !list_reasons(&list, k, text, size, class_number, seen))
        status = kehu__no_memory(err, "the reasons");
    if (status == KEHU_OK) {
        kehu__sort(list.reasons, list.n, sizeof *list.reasons, by_weight, NULL);
        for (size_t i = 0; i < list.n && (int64_t)i < capacity; i++)
            reasons[i] = list.reasons[i];
        *count = (int64_t)list.n;
    }
    kehu__free(&k->alloc, seen, (size_t)k->n_words + 1, sizeof *seen);
    kehu__free(&k->alloc, list.reasons, list.capacity, sizeof *list.reasons);
    return status;
}
