/* From weights to a finished list: the lines of each class. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "text/keyword_learn.h"

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
        const char *name = kehu_keyword_class_name(base, from->class_number);
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

static kehu_status finish(const kehu__fitter *f, const kehu__keyword_calibration *c,
                          kehu__draft *out, kehu_error *err)
{
    const kehu__learning *l = f->l;
    kehu__weights w = {.unit = 0};
    kehu_status status = kehu__weights_new(&w, f) ? kehu__fit_weights(f, c->cost, &w, err)
                                                  : kehu__no_memory(err, "the weights");
    if (status == KEHU_OK) {
        const double scale = w.unit / c->temperature * KEHU__KEYWORD_MILLION;
        out->scale = (int32_t)fmin(fmax(floor(scale + 0.5), 1), KEHU__KEYWORD_MILLION);
        out->abstain = c->abstain;
        for (int32_t k = 0; k < l->n_classes; k++)
            write_class(out, f, &w, k);
        if (l->opt.base != NULL)
            copy_base(out, f, &w);
        if (out->failed)
            status = kehu__no_memory(err, "the keyword list");
    }
    kehu__weights_free(&w, f);
    return status;
}

kehu_status kehu__keyword_finish(kehu__draft *out, const kehu_keyword *list,
                                 const kehu__keyword_calibration *c,
                                 const kehu__learning *l, kehu_keyword_info *training,
                                 kehu_error *err)
{
    kehu__fitter f;
    kehu_status status;
    KEHU_TRY(kehu__fitter_new(&f, list, l, err));
    training->coverage = covered(&f);
    status = finish(&f, c, out, err);
    kehu__fitter_free(&f);
    return status;
}
