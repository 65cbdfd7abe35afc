/* support/svm.h - a text classifier's figures and its file's bytes, for tests. */
#ifndef KEHU_TESTS_SVM_H
#define KEHU_TESTS_SVM_H

#include <kehu/svm.h>

#include "base/buffer.h"
#include "support/test.h"

static inline kehu_svm_info info_of(const kehu_svm *svm)
{
    kehu_svm_info info;
    kehu_svm_get_info(svm, &info);
    return info;
}

/* A writer's function that appends to the buffer ctx. */
static inline int keep(void *ctx, const void *from, size_t size)
{
    kehu__buffer_add(ctx, from, size);
    return 0;
}

/* What kehu_svm_write gives, the caller's to free. */
static inline kehu__buffer written(const kehu_svm *svm)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&alloc);
    const kehu_writer writer = {.write = keep, .ctx = &b};
    assert_int_equal(kehu_svm_write(svm, &writer, NULL), KEHU_OK);
    assert_false(b.failed);
    return b;
}
#endif
