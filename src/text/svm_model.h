/* text/svm_model.h - what the files of the text classifier share. */
#ifndef KEHU_SRC_TEXT_SVM_MODEL_H
#define KEHU_SRC_TEXT_SVM_MODEL_H

#include <kehu/svm.h>

#include "base/buffer.h"
#include "file/io.h"
#include "learn/calibrate.h"
#include "learn/linear.h"
#include "text/classes.h"
#include "text/terms.h"

enum { KEHU__SVM_NO_WORDS = 3 };              /* the value of the option word_max */
enum { KEHU__SVM_YES = 1, KEHU__SVM_NO = 2 }; /* of class_aware */

struct kehu_svm {
    kehu_allocator alloc;
    kehu__classes classes;
    kehu__terms *terms;
    kehu_tokenizer *tokenizer; /* the default one when it is in use; else NULL */
    uint64_t fingerprint;      /* of the tokenizer of terms->words; 0 without */
    kehu__linear *linear;
    kehu_svm_info info;
    kehu__sigmoid *sigmoids; /* [classes.n] */
    float *factors;     /* of the terms' weights while a class_aware model is trained */
    kehu__mapping file; /* what terms and linear point into; empty for a copy */
};

/* Everything training works on, after the options have been checked. */
typedef struct kehu__svm_training {
    kehu_svm_options options; /* defaults filled in */
    kehu__run run;
    const kehu_allocator *alloc;
    kehu__sparse rows;
    const kehu__terms *terms; /* of the rows */
    const int32_t *labels;
    const float *weights;     /* [n] or NULL */
    const double *class_cost; /* [n_classes] or NULL */
    const uint64_t *hashes;   /* [n] of the texts: equal ones share a fold */
    uint32_t n_classes;
    float bias;                  /* value of the constant feature */
    double shift;                /* of two classes: for the margins of the second */
    kehu__linear_problem *ready; /* solved for all texts but a fold, or NULL */
} kehu__svm_training;

/* Train on all but one fold and judge that fold, for the C of the options or for a grid
 * from `least_cost` on. Sets cost, curve, accuracy, temperature and n_validated of info;
 * right, NULL or [n] zeros, gets 1 for the texts judged rightly; sigmoids[n_classes]
 * those of each class; t->shift is set. Where C is given t->ready may get a problem to go
 * on with. */
kehu_status kehu__svm_validate(kehu__svm_training *t, double least_cost, uint8_t *right,
                               kehu__sigmoid *sigmoids, kehu_svm_info *info,
                               kehu_error *err);
#define KEHU__SVM_LEAST_COST 0.0625

/* The terms and C of a model: as the options say, or by validation. Fills t->rows,
 * which point into *rows, svm->terms and what validation tells of svm->info. */
kehu_status kehu__svm_choose(kehu_svm *svm, kehu__term_rows *rows, kehu__svm_training *t,
                             const kehu_column *texts, kehu_error *err);

/* Solve for the chosen C: svm->linear, and how it went in svm->info. */
kehu_status kehu__svm_solve(kehu_svm *svm, kehu__svm_training *t, kehu_error *err);

/* With the option class_aware: a factor on the weight of each term, factors[n_columns],
 * from the texts whose weight is not 0; false when memory is refused. */
bool kehu__svm_gravity(float *factors, const kehu__svm_training *t, const float *weights);
/* The values of t->rows with such factors, each block as long as before. */
void kehu__svm_scale_rows(float *values, const kehu__svm_training *t,
                          const float *factors);

/* With the option start: the other options as it has them; and the problem's first dual
 * variables. */
void kehu__svm_start_options(kehu_svm_options *o);
kehu_status kehu__svm_begin(kehu__linear_problem *p, const kehu__linear_options *options,
                            const kehu_svm *svm, const kehu__svm_training *t,
                            kehu_error *err);

/* Drop what class_aware left in svm->factors. */
void kehu__svm_free_factors(kehu_svm *svm, const kehu__svm_training *t);

/* Bring a solved model down to t->options.max_bytes; *rows are its rows before and
 * after. */
kehu_status kehu__svm_shrink(kehu_svm *svm, kehu__term_rows *rows, kehu__svm_training *t,
                             const kehu_column *texts, kehu_error *err);

/* Weights of 8 bits with a scale for each term; pack rounds the model's to such. */
void kehu__svm_pack(kehu_svm *svm);
bool kehu__svm_write_packed(const kehu_svm *svm, kehu__buffer *to);
kehu_status kehu__svm_read_packed(kehu_svm *svm, const char *bytes, size_t size,
                                  bool in_place, const char *name, kehu_error *err);

/* A model over bytes that stay, on a multiple of eight, until it is freed. */
kehu_status kehu__svm_over(kehu_svm **out, const void *bytes, size_t size,
                           const kehu_tokenizer *tokenizer, const kehu_allocator *alloc,
                           kehu_error *err);

#endif
