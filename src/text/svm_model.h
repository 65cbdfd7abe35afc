/* text/svm_model.h - what the files of the text classifier share. */
#ifndef KEHU_SRC_TEXT_SVM_MODEL_H
#define KEHU_SRC_TEXT_SVM_MODEL_H

#include <kehu/svm.h>

#include "learn/linear.h"
#include "text/classes.h"
#include "text/terms.h"

struct kehu_svm {
    kehu_allocator alloc;
    kehu__classes classes;
    kehu__terms *terms;
    kehu_tokenizer *tokenizer; /* the default one when a file wants it; else NULL */
    uint64_t fingerprint;      /* of the tokenizer of terms->words; 0 without */
    kehu__linear *linear;
    double abstain_below;
    kehu_svm_info info;
};

/* Everything training works on, after the options have been checked. */
typedef struct kehu__svm_training {
    kehu_svm_options options; /* defaults filled in */
    kehu__run run;
    const kehu_allocator *alloc;
    kehu__sparse rows;
    const int32_t *labels;
    const float *weights;     /* [n] or NULL */
    const double *class_cost; /* [n_classes] or NULL */
    const uint64_t *hashes;   /* [n] of the texts: equal ones share a fold */
    uint32_t n_classes;
} kehu__svm_training;

/* Train on all but one fold and judge that fold, for one C or the whole grid.
 * Sets cost, curve, accuracy, temperature and n_validated of info. */
kehu_status kehu__svm_validate(const kehu__svm_training *t, kehu_svm_info *info,
                               kehu_error *err);

#endif
