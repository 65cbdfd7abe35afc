/* learn/linear_handle.h - what the files behind kehu/linear.h share. */
#ifndef KEHU_SRC_LEARN_LINEAR_HANDLE_H
#define KEHU_SRC_LEARN_LINEAR_HANDLE_H

#include <kehu/linear.h>

#include "learn/linear.h"

struct kehu_linear {
    kehu_allocator alloc;
    uint32_t n_labels;
    int32_t *labels; /* [n_labels] rising */
    kehu__linear *weights;
    int32_t loss;          /* a kehu_linear_loss: what the file says of the solver */
    kehu_linear_info info; /* of training; the counts are filled in when asked for */
};

kehu__sparse kehu__sparse_of(const kehu_sparse *rows);

#endif
