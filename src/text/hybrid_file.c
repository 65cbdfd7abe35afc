/* Sections: KEYW the keyword list's model file, SVMM the machine's, HEAD the
 * threshold. */
#include <kehu/hybrid.h>

#include "file/container.h"
#include "text/hybrid_model.h"

static const char kind[] = "HYB1";

static int take(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer *b = ctx;
    kehu__buffer_add(b, bytes, size);
    return b->failed;
}

static kehu_status build(kehu__buffer *out, const kehu_hybrid *h, kehu_error *err)
{
    kehu__buffer keyword = kehu__buffer_new(&h->alloc), svm = keyword, head = keyword;
    kehu_status status =
        kehu_keyword_write(h->keyword, &(kehu_writer){take, &keyword}, err);
    if (status == KEHU_OK)
        status = kehu_svm_write(h->svm, &(kehu_writer){take, &svm}, err);
    kehu__buffer_u32(&head, (uint32_t)h->threshold);
    if (keyword.failed || svm.failed || head.failed)
        status = kehu__no_memory(err, "the model file");
    if (status == KEHU_OK) {
        const kehu__section sections[] = {{"HEAD", head.bytes, head.size},
                                          {"KEYW", keyword.bytes, keyword.size},
                                          {"SVMM", svm.bytes, svm.size}};
        kehu__container_build(out, kind, sections, 3);
    }
    kehu__buffer_free(&keyword);
    kehu__buffer_free(&svm);
    kehu__buffer_free(&head);
    return status;
}

kehu_status kehu_hybrid_save(const kehu_hybrid *h, const char *path, kehu_error *err)
{
    kehu__buffer b;
    kehu_status status;
    if (h == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "h is NULL");
    b = kehu__buffer_new(&h->alloc);
    status = build(&b, h, err);
    if (status == KEHU_OK)
        status = kehu__model_save(&b, path, err);
    kehu__buffer_free(&b);
    return status;
}

kehu_status kehu_hybrid_write(const kehu_hybrid *h, const kehu_writer *writer,
                              kehu_error *err)
{
    kehu__buffer b;
    kehu_status status;
    if (h == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "h is NULL");
    b = kehu__buffer_new(&h->alloc);
    status = build(&b, h, err);
    if (status == KEHU_OK)
        status = kehu__model_write(&b, writer, err);
    kehu__buffer_free(&b);
    return status;
}

static kehu_status fill(kehu_hybrid *h, const void *bytes, size_t size, const char *name,
                        kehu_error *err)
{
    kehu__container c;
    const char *head, *keyword, *svm;
    size_t head_size, keyword_size, svm_size;
    kehu__reader r;
    uint32_t threshold;
    KEHU_TRY(kehu__container_open(&c, bytes, size, kind, name, err));
    if (!kehu__container_find(&c, "HEAD", &head, &head_size) ||
        !kehu__container_find(&c, "KEYW", &keyword, &keyword_size) ||
        !kehu__container_find(&c, "SVMM", &svm, &svm_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks one of its models", name);
    r = kehu__reader_new(head, head_size);
    threshold = kehu__read_u32(&r);
    if (r.failed || r.at != r.end || threshold > KEHU__HYBRID_MILLION + 1)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has a wrong threshold", name);
    h->threshold = (int32_t)threshold;
    KEHU_TRY(kehu_keyword_read(&h->keyword, keyword, keyword_size, &h->alloc, err));
    KEHU_TRY(kehu_svm_read(&h->svm, svm, svm_size, &h->alloc, err));
    return kehu__hybrid_map(h, name, err);
}

static kehu_status read_model(kehu_hybrid **out, const void *bytes, size_t size,
                              const char *name, const kehu_allocator *alloc,
                              kehu_error *err)
{
    kehu_hybrid *h = kehu__alloc_zero(alloc, 1, sizeof *h);
    kehu_status status;
    if (h == NULL)
        return kehu__no_memory(err, "a hybrid model");
    h->alloc = *alloc;
    status = fill(h, bytes, size, name, err);
    if (status == KEHU_OK)
        *out = h;
    else
        kehu_hybrid_free(h);
    return status;
}

kehu_status kehu_hybrid_read(kehu_hybrid **out, const void *bytes, size_t size,
                             const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (bytes == NULL && size > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL");
    return read_model(out, bytes, size, "the model", &a, err);
}

kehu_status kehu_hybrid_load(kehu_hybrid **out, const char *path,
                             const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    char *bytes;
    size_t size;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__model_bytes(path, &a, &bytes, &size, err));
    status = read_model(out, bytes, size, path, &a, err);
    kehu__free(&a, bytes, size, 1);
    return status;
}
