/* What turns points into probabilities, learned from texts held out. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/calibrate.h"
#include "text/keyword_learn.h"

enum {
    MOST_SCORES = 1 << 23, /* held-out scores kept */
    SMALL = 10000          /* fewer texts than this are all held out in turn */
};

static void score_text(const kehu__fitter *f, const kehu__weights *w, int64_t i,
                       int32_t *scores)
{
    const size_t n_classes = (size_t)f->l->n_classes;
    memcpy(scores, w->points + (size_t)f->list->n_words * n_classes,
           n_classes * sizeof *scores);
    for (int64_t j = f->starts[i]; j < f->starts[i + 1]; j++)
        for (size_t k = 0; k < n_classes; k++)
            scores[k] += w->points[f->words[j] * n_classes + k];
}

/* A text scored by weights that have not seen it. */
typedef struct held_out {
    int64_t text;
    double probability; /* of its best class */
    bool right;
} held_out;

typedef struct trial {
    held_out *texts; /* [n] */
    int32_t *scores; /* [n][n_classes] */
    size_t n, capacity, score_capacity;
} trial;

/* Texts tried of the whole: the scores must not take too much memory. */
static int64_t every(const kehu__learning *l)
{
    return l->n_texts * l->n_classes / MOST_SCORES + 1;
}

static kehu_status score_fold(const kehu__fitter *f, const kehu__weights *w, int fold,
                              trial *t, kehu_error *err)
{
    const kehu__learning *l = f->l;
    const size_t n_classes = (size_t)l->n_classes;
    for (int64_t i = 0; i < l->n_texts; i += every(l)) {
        if (l->fold[i] != fold)
            continue;
        if (!kehu__grow(&l->alloc, &t->texts, &t->capacity, t->n + 1, sizeof *t->texts) ||
            !kehu__grow(&l->alloc, &t->scores, &t->score_capacity, (t->n + 1) * n_classes,
                        sizeof *t->scores))
            return kehu__no_memory(err, "the scores");
        score_text(f, w, i, t->scores + t->n * n_classes);
        t->texts[t->n++] = (held_out){.text = i};
    }
    return KEHU_OK;
}

/* Learn a list without the fold's texts and score them. */
static kehu_status try_fold(const kehu__learning *whole,
                            const kehu__candidates *candidates, int fold, double unit,
                            trial *t, kehu_error *err)
{
    kehu__learning l = *whole;
    kehu_keyword *list = NULL;
    kehu__fitter f = {.l = &l};
    kehu__weights w = {.unit = unit};
    kehu_status status;
    kehu__learning_hold_out(&l, fold);
    status = kehu__keyword_list(&list, &l, candidates, err);
    if (status == KEHU_ONE_CLASS || status == KEHU_EMPTY)
        return KEHU_OK; /* too few texts for this fold to tell anything */
    if (status != KEHU_OK)
        return status;
    status = kehu__fitter_new(&f, list, &l, err);
    if (status == KEHU_OK) {
        status = kehu__weights_new(&w, &f, unit) ? kehu__fit_weights(&f, &w, err)
                                                 : kehu__no_memory(err, "the weights");
        if (status == KEHU_OK)
            status = score_fold(&f, &w, fold, t, err);
        kehu__weights_free(&w, &f);
        kehu__fitter_free(&f);
    }
    kehu_keyword_free(list);
    return status;
}

/* Points to the power that makes the truth most likely. */
static kehu_status fit_scale(const kehu__learning *l, const trial *t, double unit,
                             int32_t *scale, kehu_error *err)
{
    const size_t n_classes = (size_t)l->n_classes, n = t->n * n_classes;
    float *margins = kehu__alloc(&l->alloc, n, sizeof *margins);
    int32_t *truth = kehu__alloc(&l->alloc, t->n, sizeof *truth);
    kehu_status status = KEHU_OK;
    if (margins == NULL || truth == NULL)
        status = kehu__no_memory(err, "the scores");
    else {
        double x;
        for (size_t i = 0; i < n; i++)
            margins[i] = (float)(t->scores[i] * unit);
        for (size_t i = 0; i < t->n; i++)
            truth[i] = l->labels[t->texts[i].text];
        x = unit /
            kehu__fit_temperature(margins, truth, (int64_t)t->n, (uint32_t)n_classes);
        *scale = (int32_t)fmin(fmax(floor(x * KEHU__KEYWORD_MILLION + 0.5), 1),
                               KEHU__KEYWORD_MILLION);
    }
    kehu__free(&l->alloc, margins, n, sizeof *margins);
    kehu__free(&l->alloc, truth, t->n, sizeof *truth);
    return status;
}

static int by_falling_probability(const void *a, const void *b, void *ctx)
{
    const held_out *x = a, *y = b;
    (void)ctx;
    if (x->probability != y->probability)
        return x->probability > y->probability ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
}

/* The lowest level at which the answers given are right as often as wanted. */
static int32_t find_abstain(const trial *t, double precision)
{
    size_t right = 0;
    int32_t level = KEHU__KEYWORD_CERTAIN;
    if (precision <= 0)
        return 0;
    for (size_t i = 0; i < t->n; i++) {
        right += t->texts[i].right;
        if ((i + 1 == t->n || t->texts[i + 1].probability < t->texts[i].probability) &&
            (double)right >= precision * (double)(i + 1))
            level = (int32_t)floor(t->texts[i].probability * KEHU__KEYWORD_CERTAIN);
    }
    return level;
}

/* Probabilities and what they lead to: t->texts is sorted afterwards. */
static void judge(const kehu__learning *l, trial *t, int32_t scale,
                  kehu_keyword_training *training, int32_t *abstain)
{
    size_t right = 0, answered = 0, answered_right = 0;
    for (size_t i = 0; i < t->n; i++) {
        const int32_t *x = t->scores + i * (size_t)l->n_classes;
        const int32_t best = kehu__keyword_best(x, l->n_classes);
        t->texts[i].probability = kehu__keyword_probability(x, l->n_classes, best, scale);
        t->texts[i].right = best == l->labels[t->texts[i].text];
        right += t->texts[i].right;
    }
    kehu__sort(t->texts, t->n, sizeof *t->texts, by_falling_probability, NULL);
    *abstain = find_abstain(t, l->opt.precision);
    for (size_t i = 0; i < t->n; i++)
        if (t->texts[i].probability >= (double)*abstain / KEHU__KEYWORD_CERTAIN) {
            answered++;
            answered_right += t->texts[i].right;
        }
    if (t->n > 0) {
        training->accuracy = (double)right / (double)t->n;
        training->answered = (double)answered / (double)t->n;
    }
    if (answered > 0)
        training->answered_right = (double)answered_right / (double)answered;
}

kehu_status kehu__keyword_calibrate(kehu__draft *out, const kehu__candidates *candidates,
                                    const kehu__learning *l, double unit,
                                    kehu_keyword_training *training, kehu_error *err)
{
    const int n_folds = l->n_texts < SMALL ? KEHU__KEYWORD_FOLDS : 1;
    trial t = {.n = 0};
    kehu_status status = KEHU_OK;
    for (int fold = 0; fold < n_folds && status == KEHU_OK; fold++) {
        const double share = 0.4 / n_folds;
        kehu__learning_part(l, 0.6 + share * fold, 0.6 + share * (fold + 1));
        status = try_fold(l, candidates, fold, unit, &t, err);
    }
    if (status == KEHU_OK && t.n > 0)
        status = fit_scale(l, &t, unit, &out->scale, err);
    if (status == KEHU_OK)
        judge(l, &t, out->scale, training, &out->abstain);
    kehu__free(&l->alloc, t.texts, t.capacity, sizeof *t.texts);
    kehu__free(&l->alloc, t.scores, t.score_capacity, sizeof *t.scores);
    return status;
}
