#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/linear.h"
#include "text/keyword_learn.h"

/* A term that shares this part of its texts with a chosen longer or shorter one
 * says the same. */
static const double SAME = 0.9;

/* How many times too many are chosen, for the weights to decide which to keep. */
enum { WIDER = 2, WIDER_UNSIGNED = 3 };

typedef struct candidate {
    double use;
    uint32_t column;
} candidate;

typedef struct chooser {
    const kehu__learning *l;
    const kehu__candidates *terms;
    const kehu__linear *model;
    candidate *candidates; /* [n_columns] of one class */
    uint8_t *chosen;       /* [n_terms] for any class */
    uint32_t *longest_df;  /* [n_terms] greatest df of a chosen longer term */
    kehu__buffer text;
} chooser;

static int by_use(const void *a, const void *b, void *ctx)
{
    const candidate *x = a, *y = b;
    (void)ctx;
    if (x->use != y->use)
        return x->use > y->use ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* Calls on() for each proper part of a term, some more than once. */
static bool some_part(const chooser *c, uint32_t term,
                      bool (*on)(const chooser *c, uint32_t part, uint32_t df),
                      uint32_t df)
{
    const kehu__candidate_term *t = &c->terms->terms[term];
    return t->n_symbols > 1 &&
           (on(c, t->prefix, df) || on(c, t->suffix, df) ||
            some_part(c, t->prefix, on, df) || some_part(c, t->suffix, on, df));
}

static bool part_says_the_same(const chooser *c, uint32_t part, uint32_t df)
{
    return c->chosen[part] && df >= SAME * c->terms->terms[part].df;
}

static bool note_longer(const chooser *c, uint32_t part, uint32_t df)
{
    if (c->longest_df[part] < df)
        c->longest_df[part] = df;
    return false;
}

/* Does a chosen term, part of this one or this one part of it, say the same? */
static bool is_repeat(const chooser *c, uint32_t term)
{
    const uint32_t df = c->terms->terms[term].df;
    return c->longest_df[term] >= SAME * df || some_part(c, term, part_says_the_same, df);
}

int32_t kehu__keyword_base_class(const kehu__learning *l, int32_t class_number)
{
    const char *name = kehu__learning_name(l, class_number);
    int32_t c = -1;
    if (l->opt.base != NULL)
        c = kehu_keyword_class_find(l->opt.base, name, (int64_t)strlen(name));
    return c < 0 ? -2 : c;
}

bool kehu__keyword_forbidden(const kehu__learning *l, int32_t class_number,
                             const char *word)
{
    const kehu_keyword *base = l->opt.base;
    const kehu__keyword_line *line;
    if (base == NULL)
        return false;
    if (kehu__keyword_line_find(base, -1, word) != NULL)
        return true;
    line = kehu__keyword_line_find(base, kehu__keyword_base_class(l, class_number), word);
    return line != NULL && line->mark == KEHU_KEYWORD_FORBIDDEN;
}

bool kehu__keyword_listed(const kehu__learning *l, int32_t class_number, const char *word)
{
    const kehu__keyword_line *line;
    if (l->opt.base == NULL)
        return false;
    line = kehu__keyword_line_find(l->opt.base, kehu__keyword_base_class(l, class_number),
                                   word);
    return line != NULL && line->mark != KEHU_KEYWORD_LEARNED;
}

/* w sqrt(df (1 - df / n)): how much the term speaks for the class, and how often. */
static double usefulness(const chooser *c, int32_t class_number, uint32_t column)
{
    const kehu__linear *m = c->model;
    const double df = c->terms->terms[c->terms->order[column]].df;
    const float *w = m->weights + (size_t)m->stride * column;
    const double x = m->width > 1        ? (double)w[class_number]
                     : class_number == 1 ? (double)w[0]
                                         : (double)-w[0];
    return x * sqrt(df * (1 - df / (double)c->terms->n_texts));
}

static kehu_status choose_class(chooser *c, kehu__draft *list, int32_t class_number,
                                kehu_error *err)
{
    const kehu__learning *l = c->l;
    const char *name = kehu__learning_name(l, class_number);
    const uint32_t n = c->terms->rows.n_columns;
    const uint32_t wanted =
        l->opt.keywords_per_class *
        (l->opt.mode == KEHU_KEYWORD_UNSIGNED ? WIDER_UNSIGNED : WIDER);
    uint32_t class_at = kehu__draft_text(list, name, strlen(name)), taken = 0;
    for (uint32_t i = 0; i < n; i++)
        c->candidates[i] = (candidate){usefulness(c, class_number, i), i};
    kehu__sort(c->candidates, n, sizeof *c->candidates, by_use, NULL);
    for (uint32_t i = 0; i < n && taken < wanted; i++) {
        const uint32_t term = c->terms->order[c->candidates[i].column];
        if (!(c->candidates[i].use > 0))
            break;
        if (c->chosen[term] || is_repeat(c, term))
            continue;
        c->text.size = 0;
        kehu__candidates_text(c->terms, term, &c->text);
        if (c->text.failed)
            return kehu__no_memory(err, "the keywords");
        if (kehu__keyword_forbidden(l, class_number, c->text.bytes))
            continue;
        taken++;
        c->chosen[term] = 1;
        some_part(c, term, note_longer, c->terms->terms[term].df);
        if (!kehu__keyword_listed(l, class_number, c->text.bytes))
            kehu__draft_add(list,
                            (kehu__draft_line){.class_at = class_at,
                                               .keyword_at = kehu__draft_text(
                                                   list, c->text.bytes, c->text.size - 1),
                                               .note_at = KEHU__NO_NOTE,
                                               .weight = 1});
    }
    return list->failed ? kehu__no_memory(err, "the keywords") : KEHU_OK;
}

/* The keywords a person fixed or added are always among the list's. */
static kehu_status add_base(kehu__draft *list, const kehu__learning *l, kehu_error *err)
{
    const kehu_keyword *base = l->opt.base;
    for (size_t i = 0; base != NULL && i < base->n_lines; i++) {
        const kehu__keyword_line *line = &base->lines[i];
        const char *word = kehu__keyword_of(base, line);
        const char *name = kehu_keyword_class_name(base, line->class_number);
        if (line->mark == KEHU_KEYWORD_ADDED || line->mark == KEHU_KEYWORD_FIXED)
            kehu__draft_add(list,
                            (kehu__draft_line){
                                .class_at = kehu__draft_text(list, name, strlen(name)),
                                .keyword_at = kehu__draft_text(list, word, strlen(word)),
                                .note_at = KEHU__NO_NOTE,
                                .weight = 1});
    }
    return list->failed ? kehu__no_memory(err, "the keywords") : KEHU_OK;
}

kehu_status kehu__keyword_choose(kehu__draft *list, const kehu__learning *l,
                                 const kehu__candidates *terms, kehu_error *err)
{
    kehu__linear_problem *problem = NULL;
    kehu__linear *model = NULL;
    chooser c = {.l = l, .terms = terms, .text = kehu__buffer_new(&l->alloc)};
    const kehu__linear_options how = {
        .cost = l->opt.cost, .gap = 1e-3, .seed = l->opt.seed};
    const size_t n = terms->rows.n_columns;
    kehu_status status =
        kehu__linear_prepare(&problem, &terms->rows, l->labels, (uint32_t)l->n_classes,
                             l->row_weight, 1, &l->alloc, err);
    if (status == KEHU_OK)
        status = kehu__linear_solve(problem, &how, &l->run, NULL, err);
    if (status == KEHU_OK)
        status = kehu__linear_extract(&model, problem, err);
    kehu__linear_problem_free(problem);
    if (status != KEHU_OK)
        return status;
    c.model = model;
    c.candidates = kehu__alloc(&l->alloc, n, sizeof *c.candidates);
    c.chosen = kehu__alloc_zero(&l->alloc, terms->n_terms, sizeof *c.chosen);
    c.longest_df = kehu__alloc_zero(&l->alloc, terms->n_terms, sizeof *c.longest_df);
    if (c.candidates == NULL || c.chosen == NULL || c.longest_df == NULL)
        status = kehu__no_memory(err, "the keywords");
    for (int32_t k = 0; k < l->n_classes && status == KEHU_OK; k++)
        status = choose_class(&c, list, k, err);
    if (status == KEHU_OK)
        status = add_base(list, l, err);
    kehu__free(&l->alloc, c.candidates, n, sizeof *c.candidates);
    kehu__free(&l->alloc, c.chosen, terms->n_terms, sizeof *c.chosen);
    kehu__free(&l->alloc, c.longest_df, terms->n_terms, sizeof *c.longest_df);
    kehu__buffer_free(&c.text);
    kehu__linear_free(model);
    return status;
}
