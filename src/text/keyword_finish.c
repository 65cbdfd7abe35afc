/* From weights to a finished list: probabilities, when to abstain, the lines. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/sort.h"
#include "text/keyword_learn.h"

enum { MOST_SCORES = 1 << 23 }; /* held-out scores kept for calibration */

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

/* Fit without each fold in turn and score its texts. Where the scores would take
 * too much memory, only every step-th text is tried. */
static kehu_status try_folds(const kehu__fitter *f, const kehu__weights *final, trial *t,
                             kehu_error *err)
{
    const kehu__learning *l = f->l;
    const size_t n_classes = (size_t)l->n_classes;
    const int64_t step = l->n_texts * l->n_classes / MOST_SCORES + 1;
    kehu__weights w = {.unit = final->unit};
    kehu_status status = KEHU_OK;
    if (!kehu__weights_new(&w, f, final->unit))
        status = kehu__no_memory(err, "the weights");
    for (int fold = 0; fold < KEHU__KEYWORD_FOLDS && status == KEHU_OK; fold++) {
        kehu__learning_step(l, 0.75 + 0.05 * fold, 0.8 + 0.05 * fold);
        status = kehu__fit_weights(f, fold, &w, err);
        if (status == KEHU_ONE_CLASS) {
            status = KEHU_OK; /* too few texts for this fold to tell anything */
            continue;
        }
        for (int64_t i = 0; i < l->n_texts && status == KEHU_OK; i += step) {
            if (l->fold[i] != fold)
                continue;
            if (!kehu__grow(&l->alloc, &t->texts, &t->capacity, t->n + 1,
                            sizeof *t->texts) ||
                !kehu__grow(&l->alloc, &t->scores, &t->score_capacity,
                            (t->n + 1) * n_classes, sizeof *t->scores)) {
                status = kehu__no_memory(err, "the scores");
                break;
            }
            score_text(f, &w, i, t->scores + t->n * n_classes);
            t->texts[t->n++] = (held_out){.text = i};
        }
    }
    kehu__weights_free(&w, f);
    return status;
}

/* The s that makes softmax(s x points) most likely: one number, a convex problem,
 * solved by Newton's method (temperature scaling, Guo et al. 2017). */
static int32_t fit_scale(const kehu__learning *l, const trial *t, double unit)
{
    double s = fmin(unit * 2, 1);
    for (int round = 0; round < 40 && t->n > 0; round++) {
        double slope = 0, curve = 0, change;
        for (size_t i = 0; i < t->n; i++) {
            const int32_t *x = t->scores + i * (size_t)l->n_classes;
            const int32_t best = kehu__keyword_best(x, l->n_classes);
            double sum = 0, mean = 0, square = 0;
            for (int32_t k = 0; k < l->n_classes; k++) {
                const double d = x[k] - x[best], e = kehu__exp(s * d);
                sum += e;
                mean += e * d;
                square += e * d * d;
            }
            mean /= sum;
            slope += mean - (x[l->labels[t->texts[i].text]] - x[best]);
            curve += square / sum - mean * mean;
        }
        if (!(curve > 0))
            break;
        change = slope / curve;
        change = fmin(fmax(change, -s), s / 2);
        s = fmax(s - change, 1e-6);
        if (fabs(change) < 1e-7)
            break;
    }
    return (int32_t)fmin(fmax(floor(s * KEHU__KEYWORD_MILLION + 0.5), 1),
                         KEHU__KEYWORD_MILLION);
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

static uint32_t copy_text(kehu__draft *out, const char *text)
{
    return kehu__draft_text(out, text, strlen(text));
}

static uint32_t copy_note(kehu__draft *out, const kehu_keyword *from, uint32_t note_at)
{
    return note_at == KEHU__NO_NOTE ? note_at : copy_text(out, from->strings + note_at);
}

/* The learned lines of one class; what a person wrote is copied from the base. */
static void write_class(kehu__draft *out, const kehu__fitter *f, const kehu__weights *w,
                        int32_t k)
{
    const kehu__learning *l = f->l;
    const kehu_keyword *base = l->opt.base, *list = f->list;
    const size_t n_classes = (size_t)l->n_classes;
    const uint32_t class_at = copy_text(out, kehu__learning_name(l, k));
    const int32_t in_base = kehu__keyword_base_class(l, k);
    kehu__draft_add_bias(
        out, (kehu__draft_bias){class_at,
                                w->points[list->n_words * n_classes + (size_t)k], 0});
    for (uint32_t i = 0; i < list->n_words; i++) {
        const char *word = list->word_bytes + list->word_at[i];
        const kehu__keyword_line *old =
            base == NULL ? NULL : kehu__keyword_line_find(base, in_base, word);
        kehu__draft_line line = {.class_at = class_at,
                                 .note_at = KEHU__NO_NOTE,
                                 .weight = w->points[i * n_classes + (size_t)k]};
        if (line.weight == 0 || (old != NULL && old->mark != KEHU_KEYWORD_LEARNED) ||
            kehu__keyword_forbidden(l, k, word))
            continue;
        if (old != NULL)
            line.note_at = copy_note(out, base, old->note_at);
        line.keyword_at = copy_text(out, word);
        kehu__draft_add(out, line);
    }
}

/* What a person wrote: fixed and forbidden lines as they are, added ones with the
 * weight learned if a text has the keyword. */
static void copy_base(kehu__draft *out, const kehu__fitter *f, const kehu__weights *w)
{
    const kehu__learning *l = f->l;
    const kehu_keyword *base = l->opt.base;
    for (size_t i = 0; i < base->n_lines; i++) {
        const kehu__keyword_line *from = &base->lines[i];
        const char *word = kehu__keyword_of(base, from);
        const char *name = kehu_keyword_class_name(base, from->class_id);
        const int32_t k = name == NULL ? -1 : kehu__learning_class(l, name);
        kehu__draft_line line = {
            .class_at = KEHU__ALL_CLASSES, .weight = from->weight, .mark = from->mark};
        if (from->mark == KEHU_KEYWORD_LEARNED)
            continue;
        if (from->mark == KEHU_KEYWORD_ADDED && k >= 0) {
            const uint32_t at = kehu__keyword_word_find(f->list, word);
            if (f->df[at] > 0)
                line.weight = w->points[at * (size_t)l->n_classes + (size_t)k];
        }
        if (name != NULL)
            line.class_at = copy_text(out, name);
        line.keyword_at = copy_text(out, word);
        line.note_at = copy_note(out, base, from->note_at);
        kehu__draft_add(out, line);
    }
    for (int32_t c = 0; c < base->n_classes; c++)
        if (kehu__learning_class(l, kehu_keyword_class_name(base, c)) < 0)
            kehu__draft_add_bias(
                out, (kehu__draft_bias){copy_text(out, kehu_keyword_class_name(base, c)),
                                        base->bias[c], 0});
    out->head_at = copy_note(out, base, base->head_at);
    out->tail_at = copy_note(out, base, base->tail_at);
}

/* Share of the texts with a keyword. */
static double covered(const kehu__fitter *f)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->l->n_texts; i++)
        n += f->starts[i + 1] > f->starts[i];
    return (double)n / (double)f->l->n_texts;
}

static kehu_status finish(const kehu__fitter *f, kehu__draft *out,
                          kehu_keyword_training *training, kehu_error *err)
{
    const kehu__learning *l = f->l;
    kehu__weights w = {.unit = 0};
    trial t = {.n = 0};
    kehu_status status;
    kehu__learning_step(l, 0.7, 0.75);
    status = kehu__weights_new(&w, f, 0) ? kehu__fit_weights(f, -1, &w, err)
                                         : kehu__no_memory(err, "the weights");
    if (status == KEHU_OK)
        status = try_folds(f, &w, &t, err);
    if (status == KEHU_OK) {
        if (t.n > 0)
            out->scale = fit_scale(l, &t, w.unit);
        judge(l, &t, out->scale, training, &out->abstain);
        for (int32_t k = 0; k < l->n_classes; k++)
            write_class(out, f, &w, k);
        if (l->opt.base != NULL)
            copy_base(out, f, &w);
        if (out->failed)
            status = kehu__no_memory(err, "the keyword list");
    }
    kehu__free(&l->alloc, t.texts, t.capacity, sizeof *t.texts);
    kehu__free(&l->alloc, t.scores, t.score_capacity, sizeof *t.scores);
    kehu__weights_free(&w, f);
    return status;
}

kehu_status kehu__keyword_finish(kehu__draft *out, const kehu_keyword *list,
                                 const kehu__learning *l, kehu_keyword_training *training,
                                 kehu_error *err)
{
    kehu__fitter f;
    kehu_status status;
    KEHU_TRY(kehu__fitter_new(&f, list, l, err));
    training->coverage = covered(&f);
    status = finish(&f, out, training, err);
    kehu__fitter_free(&f);
    return status;
}
