/* insight/gate.h - the inside of kehu_gate. */
#ifndef KEHU_SRC_INSIGHT_GATE_H
#define KEHU_SRC_INSIGHT_GATE_H

#include <kehu/gate.h>

#include "base/mem.h"

struct kehu_gate {
    kehu_allocator alloc;
    kehu_svm *svm;
    int32_t spam; /* its class */
    kehu_gate_info info;
};

/* Scores of texts: the margin of spam above that of good. scores[length]. */
kehu_status kehu__gate_scores(const kehu_svm *svm, int32_t spam, const kehu_column *texts,
                              const kehu_svm_predict_options *options, double *scores,
                              const kehu_allocator *alloc, kehu_error *err);

#endif
