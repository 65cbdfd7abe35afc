#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/sort.h"
#include "data/column.h"
#include "learn/linear.h"
#include "text/keyword_learn.h"

static const double PRUNING_COST = 0.1; /* C of the SVM that decides what stays */
enum { NOT_OWN, OWN, DROPPED };

static int by_number(const void *a, const void *b, void *ctx)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

/* Which words each text has, found as they will be found later. */
static kehu_status make_rows(kehu__fitter *f, kehu_error *err)
{
    const kehu__learning *l = f->l;
    kehu__keyword_work work;
    kehu_status status = KEHU_OK;
    f->starts = kehu__alloc(&l->alloc, (size_t)l->n_texts + 1, sizeof *f->starts);
    if (f->starts == NULL || !kehu__keyword_work_new(&work, f->list))
        return kehu__no_memory(err, "the keywords of the texts");
    f->starts[0] = 0;
    for (int64_t i = 0; i < l->n_texts; i++) {
        const kehu__text text = kehu__column_text(l->texts, i);
        kehu__keyword_find(f->list, &work, text.bytes, text.size);
        if (!kehu__grow(&l->alloc, &f->words, &f->capacity, f->n_entries + work.n_found,
                        sizeof *f->words)) {
            status = kehu__no_memory(err, "the keywords of the texts");
            break;
        }
        kehu__sort(work.found, work.n_found, sizeof *work.found, by_number, NULL);
        if (work.n_found > 0)
            memcpy(f->words + f->n_entries, work.found, work.n_found * sizeof *f->words);
        f->n_entries += work.n_found;
        f->starts[i + 1] = (int64_t)f->n_entries;
    }
    kehu__keyword_work_free(&work, f->list);
    if (status != KEHU_OK)
        return status;
    for (size_t j = 0; j < f->n_entries; j++)
        f->df[f->words[j]]++;
    f->ones = kehu__alloc(&l->alloc, f->n_entries + 1, sizeof *f->ones);
    if (f->ones == NULL)
        return kehu__no_memory(err, "the keywords of the texts");
    for (size_t i = 0; i < f->n_entries; i++)
        f->ones[i] = 1;
    f->rows = (kehu__sparse){l->n_texts, f->list->n_words, f->starts, f->words, f->ones};
    return KEHU_OK;
}

/* Weights of the linear models as points. */
static void round_weights(const kehu__fitter *f, kehu__weights *w)
{
    const size_t n_classes = (size_t)f->l->n_classes, n = f->list->n_words * n_classes;
    double most = 0;
    for (size_t i = 0; i < n; i++) { /* by fmax gcc 12 breaks off on 64-bit ARM */
        const double x = fabs((double)w->exact[i]);
        most = x > most ? x : most;
    }
    w->unit = most == 0 ? 1 : most / KEHU__KEYWORD_WEIGHT;
    for (size_t i = 0; i < n + n_classes; i++) {
        const double limit = i < n ? KEHU__KEYWORD_WEIGHT : KEHU__KEYWORD_BIAS;
        const double x = floor((double)w->exact[i] / w->unit + 0.5);
        w->points[i] = (int32_t)fmin(fmax(x, -limit), limit);
    }
}

static kehu_status solve(const kehu__fitter *f, double cost, const kehu__run *run,
                         const kehu__sparse *rows, const int32_t *labels,
                         uint32_t n_classes, kehu__linear **model, kehu_error *err)
{
    const kehu__learning *l = f->l;
    const kehu__linear_options how = {.cost = cost, .gap = 1e-4, .seed = l->opt.seed};
    kehu__linear_problem *problem = NULL;
    kehu_status status = kehu__linear_prepare(&problem, rows, labels, n_classes,
                                              l->row_weight, 1, &l->alloc, err);
    *model = NULL;
    if (status == KEHU_OK)
        status = kehu__linear_solve(problem, &how, run, NULL, err);
    if (status == KEHU_OK)
        status = kehu__linear_extract(model, problem, err);
    kehu__linear_problem_free(problem);
    return status;
}

/* All words speak for or against all classes. Of two classes each gets what speaks
 * for it. */
static kehu_status fit_signed(const kehu__fitter *f, double cost, kehu__weights *w,
                              kehu_error *err)
{
    const size_t n_classes = (size_t)f->l->n_classes, n = f->list->n_words;
    kehu__linear *m;
    KEHU_TRY(
        solve(f, cost, &f->l->run, &f->rows, f->l->labels, (uint32_t)n_classes, &m, err));
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k < n_classes; k++) {
            const float *from = m->weights + i * m->stride;
            float x = m->width == 1 ? from[0] : from[k];
            if (m->width == 1 && i < n)
                x = k == 1 ? fmaxf(x, 0) : fmaxf(-x, 0);
            else if (m->width == 1 && k == 0)
                x = 0;
            w->exact[i * n_classes + k] = x;
        }
    kehu__linear_free(m);
    return KEHU_OK;
}

/* The texts' words that are listed for class k and not dropped from it. */
static void own_rows(const kehu__fitter *f, int32_t k)
{
    const size_t n_classes = (size_t)f->l->n_classes;
    int64_t n = 0;
    for (int64_t i = 0; i < f->l->n_texts; i++) {
        for (int64_t j = f->starts[i]; j < f->starts[i + 1]; j++)
            if (f->own[f->words[j] * n_classes + (size_t)k] == OWN)
                f->own_words[n++] = f->words[j];
        f->own_starts[i + 1] = n;
        f->is_class[i] = f->l->labels[i] == k;
    }
}

/* Each class has its own words; those that turn out to speak against it, beside the
 * others, are dropped and the rest learned again. */
static kehu_status fit_unsigned(const kehu__fitter *f, double cost, kehu__weights *w,
                                kehu_error *err)
{
    const size_t n_classes = (size_t)f->l->n_classes, n = f->list->n_words;
    const kehu__sparse rows = {f->l->n_texts, f->list->n_words, f->own_starts,
                               f->own_words, f->ones};
    const kehu__run quiet = {f->l->run.n_threads, f->l->run.executor, NULL};
    memset(w->exact, 0, f->n_points * sizeof *w->exact);
    for (size_t i = 0; i < f->n_points; i++)
        f->own[i] = f->own[i] == DROPPED ? OWN : f->own[i];
    for (int32_t k = 0; k < f->l->n_classes; k++)
        for (bool again = true; again;) {
            kehu__linear *m;
            KEHU_TRY(kehu__progress(&f->l->run, (double)k / (double)n_classes, "solving",
                                    err));
            own_rows(f, k);
            KEHU_TRY(solve(f, cost, &quiet, &rows, f->is_class, 2, &m, err));
            again = false;
            for (size_t i = 0; i <= n; i++) {
                const size_t at = i * n_classes + (size_t)k;
                const bool own = i < n && f->own[at] == OWN;
                if (own && m->weights[i] < 0) {
                    f->own[at] = DROPPED;
                    again = true;
                }
                w->exact[at] = own || i == n ? m->weights[i] : 0;
            }
            kehu__linear_free(m);
        }
    return KEHU_OK;
}

kehu_status kehu__fit_weights(const kehu__fitter *f, double cost, kehu__weights *w,
                              kehu_error *err)
{
    KEHU_TRY(f->l->opt.mode == KEHU_KEYWORD_UNSIGNED ? fit_unsigned(f, cost, w, err)
                                                     : fit_signed(f, cost, w, err));
    round_weights(f, w);
    return KEHU_OK;
}

bool kehu__weights_new(kehu__weights *w, const kehu__fitter *f)
{
    const kehu_allocator *a = &f->l->alloc;
    w->points = kehu__alloc(a, f->n_points, sizeof *w->points);
    w->exact = kehu__alloc(a, f->n_points, sizeof *w->exact);
    return w->points != NULL && w->exact != NULL;
}

void kehu__weights_free(kehu__weights *w, const kehu__fitter *f)
{
    kehu__free(&f->l->alloc, w->points, f->n_points, sizeof *w->points);
    kehu__free(&f->l->alloc, w->exact, f->n_points, sizeof *w->exact);
}

/* Which words the list gives to which class. */
static kehu_status make_own(kehu__fitter *f, kehu_error *err)
{
    const kehu__learning *l = f->l;
    const kehu_keyword *list = f->list;
    f->own = kehu__alloc_zero(&l->alloc, f->n_points, sizeof *f->own);
    f->own_starts = kehu__alloc_zero(&l->alloc, (size_t)l->n_texts + 1, sizeof(int64_t));
    f->own_words = kehu__alloc(&l->alloc, f->n_entries + 1, sizeof *f->own_words);
    f->is_class = kehu__alloc(&l->alloc, (size_t)l->n_texts, sizeof *f->is_class);
    if (f->own == NULL || f->own_starts == NULL || f->own_words == NULL ||
        f->is_class == NULL)
        return kehu__no_memory(err, "the keywords of the texts");
    for (size_t i = 0; i < list->n_lines; i++) {
        const kehu__keyword_line *line = &list->lines[i];
        const int32_t k =
            kehu__learning_class(l, kehu_keyword_class_name(list, line->class_number));
        if (k >= 0)
            f->own[line->word * (size_t)l->n_classes + (size_t)k] = OWN;
    }
    return KEHU_OK;
}

kehu_status kehu__fitter_new(kehu__fitter *f, const kehu_keyword *list,
                             const kehu__learning *l, kehu_error *err)
{
    kehu_status status;
    *f = (kehu__fitter){.l = l,
                        .list = list,
                        .n_points = ((size_t)list->n_words + 1) * (size_t)l->n_classes};
    f->df = kehu__alloc_zero(&l->alloc, (size_t)list->n_words + 1, sizeof *f->df);
    status = f->df == NULL ? kehu__no_memory(err, "the keywords of the texts")
                           : make_rows(f, err);
    if (status == KEHU_OK && l->opt.mode == KEHU_KEYWORD_UNSIGNED)
        status = make_own(f, err);
    if (status != KEHU_OK)
        kehu__fitter_free(f);
    return status;
}

void kehu__fitter_free(kehu__fitter *f)
{
    const kehu_allocator *a = &f->l->alloc;
    const size_t n = (size_t)f->l->n_texts;
    kehu__free(a, f->df, (size_t)f->list->n_words + 1, sizeof *f->df);
    kehu__free(a, f->starts, n + 1, sizeof *f->starts);
    kehu__free(a, f->words, f->capacity, sizeof *f->words);
    kehu__free(a, f->ones, f->n_entries + 1, sizeof *f->ones);
    kehu__free(a, f->own, f->n_points, sizeof *f->own);
    kehu__free(a, f->own_starts, n + 1, sizeof *f->own_starts);
    kehu__free(a, f->own_words, f->n_entries + 1, sizeof *f->own_words);
    kehu__free(a, f->is_class, n, sizeof *f->is_class);
}

typedef struct ranked {
    double use;
    uint32_t line;
} ranked;

static int by_use(const void *a, const void *b, void *ctx)
{
    const ranked *x = a, *y = b;
    (void)ctx;
    if (x->use != y->use)
        return x->use > y->use ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* How much a listed word moves the scores, and how often: the length of its row of
 * weights, or in unsigned mode its one weight, times sqrt(df (1 - df / n)). */
static double usefulness(const kehu__fitter *f, const kehu__weights *w,
                         const kehu__keyword_line *line)
{
    const size_t n_classes = (size_t)f->l->n_classes;
    const float *row = w->exact + line->word * n_classes;
    const double df = f->df[line->word];
    double square = 0;
    for (size_t k = 0; k < n_classes; k++)
        square += (double)row[k] * (double)row[k];
    return sqrt(square * df * (1 - df / (double)f->l->n_texts));
}

/* Add the best lines from..to - 1, all of one class; those a person listed always. */
static void keep_best(kehu__draft *to, const kehu__fitter *f, const kehu__weights *w,
                      ranked *r, size_t from, size_t end)
{
    const kehu_keyword *list = f->list;
    const char *name = kehu_keyword_class_name(list, list->lines[from].class_number);
    const int32_t k = kehu__learning_class(f->l, name);
    const uint32_t class_at = kehu__draft_text(to, name, strlen(name));
    uint32_t taken = 0;
    for (size_t i = from; i < end; i++)
        r[i - from] = (ranked){usefulness(f, w, &list->lines[i]), (uint32_t)i};
    kehu__sort(r, end - from, sizeof *r, by_use, NULL);
    for (size_t i = 0; i < end - from; i++) {
        const char *word = kehu__keyword_of(list, &list->lines[r[i].line]);
        const bool asked = k < 0 || kehu__keyword_listed(f->l, k, word);
        if (!asked && (taken == f->l->opt.keywords_per_class || !(r[i].use > 0)))
            continue;
        taken += !asked;
        kehu__draft_add(
            to, (kehu__draft_line){.class_at = class_at,
                                   .keyword_at = kehu__draft_text(to, word, strlen(word)),
                                   .note_at = KEHU__NO_NOTE,
                                   .weight = 1});
    }
}

kehu_status kehu__keyword_prune(kehu__draft *to, const kehu_keyword *list,
                                const kehu__learning *l, kehu_error *err)
{
    kehu__fitter f;
    kehu__weights w = {.unit = 0};
    ranked *r = NULL;
    kehu_status status;
    KEHU_TRY(kehu__fitter_new(&f, list, l, err));
    r = kehu__alloc(&l->alloc, list->n_lines, sizeof *r);
    status = r != NULL && kehu__weights_new(&w, &f)
                 ? kehu__fit_weights(&f, PRUNING_COST, &w, err)
                 : kehu__no_memory(err, "the weights");
    if (status == KEHU_OK)
        for (size_t from = 0, end; from < list->n_lines; from = end) {
            for (end = from; end < list->n_lines && list->lines[end].class_number ==
                                                        list->lines[from].class_number;)
                end++;
            keep_best(to, &f, &w, r, from, end);
        }
    if (status == KEHU_OK && to->failed)
        status = kehu__no_memory(err, "the keywords");
    kehu__free(&l->alloc, r, list->n_lines, sizeof *r);
    kehu__weights_free(&w, &f);
    kehu__fitter_free(&f);
    return status;
}
