/* text/keyword_learn.h - the steps of learning a keyword list. */
#ifndef KEHU_SRC_TEXT_KEYWORD_LEARN_H
#define KEHU_SRC_TEXT_KEYWORD_LEARN_H

#include "text/keyword.h"
#include "text/keyword_candidates.h"

typedef struct kehu__learning {
    kehu_keyword_options opt; /* defaults filled in */
    kehu_allocator alloc;
    kehu__run run;
    const kehu_column *texts;
    int64_t n_texts;
    int32_t *labels; /* [n_texts] */
    kehu__buffer names;
    uint32_t *name_at; /* [n_classes] into names, sorted */
    int32_t n_classes;
    uint8_t *fold; /* [n_texts] 0 .. KEHU__KEYWORD_FOLDS - 1, by the text's hash */
} kehu__learning;

enum { KEHU__KEYWORD_FOLDS = 5 };

/* Rank the terms by a linear model and choose the best of each class: list has one
 * line (weight 1) for each class and keyword. Lines of the base list are respected:
 * forbidden keywords are not chosen, added and fixed ones always are. */
kehu_status kehu__keyword_choose(kehu__draft *list, const kehu__learning *l,
                                 const kehu__candidates *terms, kehu_error *err);

/* Class of that name among the texts' labels, or -1. */
int32_t kehu__learning_class(const kehu__learning *l, const char *name);

/* The class of the base list with the name of class_id here; -2: none. */
int32_t kehu__keyword_base_class(const kehu__learning *l, int32_t class_id);

/* May the keyword not be used for the class? Says the base list. */
bool kehu__keyword_forbidden(const kehu__learning *l, int32_t class_id, const char *word);

/* Learn the weights of the keywords of `list` together, and what makes them
 * probabilities; write the finished list into `out`. */
kehu_status kehu__keyword_fit(kehu__draft *out, const kehu_keyword *list,
                              const kehu__learning *l, kehu_keyword_training *training,
                              kehu_error *err);

#endif
