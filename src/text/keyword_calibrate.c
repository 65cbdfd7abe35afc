/* What only texts held out can tell: the cost of the weights' SVM, probabilities, and
 * when to abstain. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/calibrate.h"
#include "text/keyword_learn.h"

enum {
    MOST_MARGINS = 1 << 22, /* held-out margins kept of a cost */
    SMALL = 10000,          /* fewer texts than this are all held out in turn */
    N_COSTS = 3,
    DEFAULT_COST = 1
};
/* C of the weights' SVM to choose from. */
static const double costs[N_COSTS] = {0.01, 0.05, 0.25};

/* A text scored by weights that have not seen it. */
typedef struct held_out {
    int64_t text;
    double probability; /* of its best class */
    bool right;
} held_out;

/* The held-out texts under one cost. */
typedef struct trial {
    held_out *texts; /* [n] */
    float *margins;  /* [n][n_classes] */
    size_t n, right, capacity, margin_capacity;
} trial;

static void score_text(const kehu__fitter *f, const kehu__weights *w, int64_t i,
                       float *margins)
{
    const size_t n_classes = (size_t)f->l->n_classes;
    memcpy(margins, w->exact + (size_t)f->list->n_words * n_classes,
           n_classes * sizeof *margins);
    for (int64_t j = f->starts[i]; j < f->starts[i + 1]; j++)
        for (size_t k = 0; k < n_classes; k++)
            margins[k] += w->exact[f->words[j] * n_classes + k];
}

static int32_t best_class(const float *margins, int32_t n_classes)
{
    int32_t best = 0;
    for (int32_t k = 1; k < n_classes; k++)
        if (margins[k] > margins[best])
            best = k;
    return best;
}

/* Every how many-th text is tried: the margins must not take too much memory. */
static int64_t every(const kehu__learning *l)
{
    return l->n_texts * l->n_classes / MOST_MARGINS + 1;
}

static kehu_status score_fold(const kehu__fitter *f, const kehu__weights *w, int fold,
                              trial *t, kehu_error *err)
{
    const kehu__learning *l = f->l;
    const size_t n_classes = (size_t)l->n_classes;
    for (int64_t i = 0; i < l->n_texts; i += every(l)) {
        held_out one = {.text = i};
        if (l->fold[i] != fold)
            continue;
        if (!kehu__grow(&l->alloc, &t->texts, &t->capacity, t->n + 1, sizeof *t->texts) ||
            !kehu__grow(&l->alloc, &t->margins, &t->margin_capacity,
                        kehu__times(t->n + 1, n_classes), sizeof *t->margins))
            return kehu__no_memory(err, "the scores");
        score_text(f, w, i, t->margins + t->n * n_classes);
        one.right =
            best_class(t->margins + t->n * n_classes, l->n_classes) == l->labels[i];
        t->right += one.right;
        t->texts[t->n++] = one;
    }
    return KEHU_OK;
}

/* Learn a list without the fold's texts and score them, for each cost. */
static kehu_status try_fold(const kehu__learning *l, const kehu__candidates *candidates,
                            int fold, trial *trials, kehu_error *err)
{
    kehu_keyword *list = NULL;
    kehu__fitter f;
    kehu__weights w = {.unit = 0};
    kehu_status status;
    kehu__learning_hold_out(l, fold);
    status = kehu__keyword_list(&list, l, candidates, err);
    if (status == KEHU_ONE_CLASS || status == KEHU_EMPTY)
        return KEHU_OK; /* too few texts for this fold to tell anything */
    if (status != KEHU_OK)
        return status;
    status = kehu__fitter_new(&f, list, l, err);
    if (status == KEHU_OK) {
        if (!kehu__weights_new(&w, &f))
            status = kehu__no_memory(err, "the weights");
        for (int c = 0; c < N_COSTS && status == KEHU_OK; c++) {
            status = kehu__fit_weights(&f, costs[c], &w, err);
            if (status == KEHU_OK)
                status = score_fold(&f, &w, fold, &trials[c], err);
        }
        kehu__weights_free(&w, &f);
        kehu__fitter_free(&f);
    }
    kehu_keyword_free(list);
    return status;
}

/* The power of the margins that makes the truth most likely. */
static kehu_status fit_temperature(const kehu__learning *l, const trial *t,
                                   double *temperature, kehu_error *err)
{
    int32_t *truth = kehu__alloc(&l->alloc, t->n, sizeof *truth);
    if (truth == NULL)
        return kehu__no_memory(err, "the scores");
    for (size_t i = 0; i < t->n; i++)
        truth[i] = l->labels[t->texts[i].text];
    *temperature =
        kehu__fit_temperature(t->margins, truth, (int64_t)t->n, (uint32_t)l->n_classes);
    kehu__free(&l->alloc, truth, t->n, sizeof *truth);
    return KEHU_OK;
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
static kehu_status judge(const kehu__learning *l, trial *t, double temperature,
                         kehu_keyword_info *training, int32_t *abstain, kehu_error *err)
{
    const size_t n_classes = (size_t)l->n_classes;
    size_t answered = 0, right = 0;
    float *p = kehu__alloc(&l->alloc, n_classes, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "the scores");
    for (size_t i = 0; i < t->n; i++) {
        const float *margins = t->margins + i * n_classes;
        kehu__softmax(margins, (uint32_t)n_classes, temperature, p);
        t->texts[i].probability = (double)p[best_class(margins, l->n_classes)];
    }
    kehu__free(&l->alloc, p, n_classes, sizeof *p);
    kehu__sort(t->texts, t->n, sizeof *t->texts, by_falling_probability, NULL);
    *abstain = find_abstain(t, l->opt.precision);
    for (size_t i = 0; i < t->n; i++)
        if (t->texts[i].probability >= (double)*abstain / KEHU__KEYWORD_CERTAIN) {
            answered++;
            right += t->texts[i].right;
        }
    training->accuracy = (double)t->right / (double)t->n;
    training->answered = (double)answered / (double)t->n;
    training->answered_right = answered == 0 ? 0 : (double)right / (double)answered;
    return KEHU_OK;
}

kehu_status kehu__keyword_calibrate(kehu__keyword_calibration *out,
                                    const kehu__candidates *candidates,
                                    const kehu__learning *l, kehu_keyword_info *training,
                                    kehu_error *err)
{
    const int n_folds = l->n_texts < SMALL ? KEHU__KEYWORD_FOLDS : 1;
    trial trials[N_COSTS] = {{.n = 0}};
    kehu_status status = KEHU_OK;
    int best = 0;
    *out = (kehu__keyword_calibration){.cost = costs[DEFAULT_COST], .temperature = 1};
    for (int fold = 0; fold < n_folds && status == KEHU_OK; fold++) {
        const double share = 0.4 / n_folds;
        kehu__learning_part(l, 0.3 + share * fold, 0.3 + share * (fold + 1));
        status = try_fold(l, candidates, fold, trials, err);
    }
    for (int c = 1; c < N_COSTS; c++)
        if (trials[c].right > trials[best].right)
            best = c;
    if (status == KEHU_OK && trials[best].n > 0) {
        out->cost = costs[best];
        status = fit_temperature(l, &trials[best], &out->temperature, err);
        if (status == KEHU_OK)
            status =
                judge(l, &trials[best], out->temperature, training, &out->abstain, err);
    }
    for (int c = 0; c < N_COSTS; c++) {
        kehu__free(&l->alloc, trials[c].texts, trials[c].capacity, sizeof(held_out));
        kehu__free(&l->alloc, trials[c].margins, trials[c].margin_capacity,
                   sizeof(float));
    }
    return status;
}
