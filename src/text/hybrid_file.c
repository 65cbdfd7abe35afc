/* Sections: KEYW the keyword list's model file, SVMM the machine's, HEAD the
 * threshold. */
#include <kehu/hybrid.h>

#include "file/container.h"
#include "file/handle_file.h"
#include "text/hybrid_model.h"

static const char kind[] = "HYB1";

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_hybrid *h = handle;
    kehu__buffer keyword = kehu__buffer_new(&h->alloc), svm = keyword, head = keyword;
    kehu_status status = kehu_keyword_write(
        h->keyword, &(kehu_writer){kehu__handle_collect, &keyword}, err);
    if (status == KEHU_OK)
        status = kehu_svm_write(h->svm, &(kehu_writer){kehu__handle_collect, &svm}, err);
    *out = kehu__buffer_new(&h->alloc);
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

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_hybrid *h = kehu__alloc_zero(&from->alloc, 1, sizeof *h);
    kehu_status status;
    if (h == NULL)
        return kehu__no_memory(err, "a hybrid model");
    h->alloc = from->alloc;
    status = fill(h, from->bytes, from->size, from->name, err);
    if (status == KEHU_OK)
        *(kehu_hybrid **)out = h;
    else
        kehu_hybrid_free(h);
    return status;
}

static const kehu__handle_file file = {"h", build, make};

kehu_status kehu_hybrid_save(const kehu_hybrid *h, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, h, path, err);
}

kehu_status kehu_hybrid_write(const kehu_hybrid *h, const kehu_writer *writer,
                              kehu_error *err)
{
    return kehu__handle_write(&file, h, writer, err);
}

kehu_status kehu_hybrid_load(kehu_hybrid **out, const char *path,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_hybrid_read(kehu_hybrid **out, const void *bytes, size_t size,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
