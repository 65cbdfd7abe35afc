/* texts.h - demand texts into classes, by both methods, and how good each is. */
#ifndef CUSTOMER_INSIGHT_TEXTS_H
#define CUSTOMER_INSIGHT_TEXTS_H

#include "insight.h"

enum { KEYWORD, SVM, N_METHODS };
extern const char *const method_names[N_METHODS];

/* How good one method is on texts it was not trained on. */
typedef struct quality {
    kehu_evaluation evaluation;
    kehu_class_evaluation *classes; /* [classes] */
    int64_t *confusion;             /* [classes][classes + 1] */
    kehu_mcnemar comparison;        /* with the other method */
    double texts_per_second;
    int64_t model_bytes;
} quality;

typedef struct texts {
    names *classes;     /* as labelled, sorted by their bytes */
    int64_t *n_of;      /* [classes] labelled texts */
    int64_t n_labelled; /* texts judged for the quality */
    kehu_keyword *keyword;
    kehu_svm *svm; /* both trained on all labelled texts */
    quality quality[N_METHODS];
    /* [n] each, class -1 for no answer. A labelled text is judged by models that were
     * trained without it, another by the models above. */
    int32_t *answer[N_METHODS];
    float *probability[N_METHODS];
    int32_t *label; /* -1: none */
} texts;

/* Cross-validate on the labelled texts - the fold of a text is a hash of its id -
 * and classify all. columns: texts, labels (missing: none), ids; of one length. */
kehu_status texts_classify(texts *t, const kehu_column *text, const kehu_column *label,
                           const kehu_column *id, const flags *f, kehu_error *err);

/* Train on one set of labelled texts and judge on another; answers are for the
 * second. */
kehu_status texts_try(texts *t, const kehu_column *text, const kehu_column *label,
                      const kehu_column *test_text, const kehu_column *test_label,
                      const flags *f, kehu_error *err);
void texts_free(texts *t);

/* methods.csv, and evaluation.json: a line a method, of kehu_evaluation_write(). */
kehu_status texts_write_methods(const texts *t, outputs *o, kehu_error *err);

/* The words of the keyword method, and the terms of the SVM, that speak most for a
 * class in a text, as "word:weight" with blanks between: a value of a CSV row. */
kehu_status texts_write_words(const texts *t, FILE *file, const char *text, size_t size,
                              int32_t class_number, kehu_error *err);
kehu_status texts_write_terms(const texts *t, FILE *file, const char *text, size_t size,
                              int32_t class_number, kehu_error *err);

/* --part classify: methods.csv and demands.csv of files "label<TAB>text". */
kehu_status run_classify(const flags *f, kehu_error *err);

#endif
