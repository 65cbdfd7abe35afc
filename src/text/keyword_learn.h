/* text/keyword_learn.h - the steps of learning a keyword list. */
#ifndef KEHU_SRC_TEXT_KEYWORD_LEARN_H
#define KEHU_SRC_TEXT_KEYWORD_LEARN_H

#include <string.h>

#include "text/classes.h"
#include "text/keyword.h"
#include "text/keyword_candidates.h"

/* The share of the whole that a step is, for its progress. */
typedef struct kehu__keyword_step {
    const kehu_progress *to; /* the caller's */
    double from, share;
} kehu__keyword_step;

typedef struct kehu__learning {
    kehu_keyword_options opt; /* defaults filled in */
    kehu_allocator alloc;
    kehu__run run; /* reports through `step` */
    kehu__keyword_step *step;
    const kehu_column *texts;
    int64_t n_texts;
    int32_t *labels; /* [n_texts] */
    kehu__classes classes;
    int32_t n_classes;
    float *row_weight; /* [n_texts] 0 for a text held out, else 1 */
    uint8_t *fold;     /* [n_texts] 0 .. KEHU__KEYWORD_FOLDS - 1, by the text's hash */
} kehu__learning;

enum { KEHU__KEYWORD_FOLDS = 5 };

/* Rank the terms by a linear model and choose the best of each class: list has one
 * line (weight 1) for each class and keyword. Lines of the base list are respected:
 * forbidden keywords are not chosen, added and fixed ones always are. */
kehu_status kehu__keyword_choose(kehu__draft *list, const kehu__learning *l,
                                 const kehu__candidates *terms, kehu_error *err);

static inline const char *kehu__learning_name(const kehu__learning *l,
                                              int32_t class_number)
{
    return kehu__class_name(&l->classes, (uint32_t)class_number);
}

/* Leave a fold's texts out of what follows (-1: none). */
static inline void kehu__learning_hold_out(const kehu__learning *l, int fold)
{
    for (int64_t i = 0; i < l->n_texts; i++)
        l->row_weight[i] = l->fold[i] == fold ? 0.0f : 1.0f;
}

/* What follows is the part from .. to of the whole. */
static inline void kehu__learning_part(const kehu__learning *l, double from, double to)
{
    l->step->from = from;
    l->step->share = to - from;
}

/* Class of that name among the texts' labels, or -1. */
static inline int32_t kehu__learning_class(const kehu__learning *l, const char *name)
{
    return kehu__class_find(&l->classes, name, strlen(name));
}

/* The class of the base list with the name of class_number here; -2: none. */
int32_t kehu__keyword_base_class(const kehu__learning *l, int32_t class_number);

/* What the base list says: the keyword may not be used for the class; a person has
 * written a line for it. */
bool kehu__keyword_listed(const kehu__learning *l, int32_t class_number,
                          const char *word);
bool kehu__keyword_forbidden(const kehu__learning *l, int32_t class_number,
                             const char *word);

/* Whole-number weights of every word for every class. */
typedef struct kehu__weights {
    int32_t *points; /* [n_words + 1][n_classes], the last row is the bias */
    float *exact;    /* the same before rounding */
    double unit;     /* a point, in units of the linear model */
} kehu__weights;

typedef struct kehu__fitter {
    const kehu__learning *l;
    const kehu_keyword *list;
    int64_t *starts; /* [n_texts + 1] */
    uint32_t *words; /* the different words of each text, rising */
    float *ones;
    size_t n_entries, capacity;
    uint32_t *df;    /* [n_words + 1] texts with each word */
    size_t n_points; /* (n_words + 1) x n_classes */
    kehu__sparse rows;
    /* Unsigned mode only. */
    uint8_t *own;        /* [n_words][n_classes] whether the word is one of the class's */
    int64_t *own_starts; /* rows of one class's own words */
    uint32_t *own_words;
    int32_t *is_class; /* [n_texts] 0 or 1 */
} kehu__fitter;

kehu_status kehu__fitter_new(kehu__fitter *f, const kehu_keyword *list,
                             const kehu__learning *l, kehu_error *err);
void kehu__fitter_free(kehu__fitter *f);

/* Weights learned from the texts not held out, then rounded to points: the greatest
 * is 100. */
bool kehu__weights_new(kehu__weights *w, const kehu__fitter *f);
void kehu__weights_free(kehu__weights *w, const kehu__fitter *f);
kehu_status kehu__fit_weights(const kehu__fitter *f, double cost, kehu__weights *w,
                              kehu_error *err);

/* Keep the best keywords_per_class of each class of the list, now that all have
 * been weighed against each other. */
kehu_status kehu__keyword_prune(kehu__draft *to, const kehu_keyword *list,
                                const kehu__learning *l, kehu_error *err);

/* Choose and prune: the keywords of each class, with weight 1. Fails with KEHU_EMPTY
 * when nothing tells the classes apart. */
kehu_status kehu__keyword_list(kehu_keyword **out, const kehu__learning *l,
                               const kehu__candidates *candidates, kehu_error *err);

/* Learn lists without a part of the texts and try them on that part. */
typedef struct kehu__keyword_calibration {
    double cost;        /* C of the weights' SVM that does best */
    double temperature; /* of its margins */
    int32_t abstain;
} kehu__keyword_calibration;

kehu_status kehu__keyword_calibrate(kehu__keyword_calibration *out,
                                    const kehu__candidates *candidates,
                                    const kehu__learning *l, kehu_keyword_info *training,
                                    kehu_error *err);

/* Learn the weights of the keywords of `list` together; write the finished list into
 * `out`. */
kehu_status kehu__keyword_finish(kehu__draft *out, const kehu_keyword *list,
                                 const kehu__keyword_calibration *c,
                                 const kehu__learning *l, kehu_keyword_info *training,
                                 kehu_error *err);

#endif
