/* A column's bins or categories to bytes and back. */
#include "learn/tree_feature_file.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

void kehu__tree_write_text(kehu__buffer *b, const char *bytes, size_t size)
{
    kehu__buffer_u32(b, (uint32_t)size);
    kehu__buffer_add(b, bytes, size);
}

void kehu__tree_write_feature(kehu__buffer *b, const kehu__tree_feature *f)
{
    kehu__buffer_u8(b, (uint8_t)f->kind);
    kehu__tree_write_text(b, f->name, f->name_size);
    if (kehu__tree_is_text(f)) {
        kehu__buffer_u32(b, f->n_levels);
        for (uint32_t i = 0; i < f->n_levels; i++) {
            const kehu__text t = kehu__tree_level(f, i);
            kehu__tree_write_text(b, t.bytes, (size_t)t.size);
        }
    } else {
        kehu__buffer_u32(b, f->n_edges);
        for (uint32_t i = 0; i < f->n_edges; i++)
            kehu__buffer_double(b, f->edges[i]);
    }
    for (uint32_t i = 0; i < f->n_codes; i++)
        kehu__buffer_double(b, f->code_weight[i]);
}

kehu_status kehu__tree_damaged(kehu_error *err, const char *name, const char *what)
{
    return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: %s", name, what);
}

kehu__reader kehu__tree_section(const kehu__container *c, const char *tag)
{
    const char *bytes;
    size_t size;
    kehu__reader r;
    if (kehu__container_find(c, tag, &bytes, &size))
        return kehu__reader_new(bytes, size);
    r = kehu__reader_new("", 0);
    r.failed = true;
    return r;
}

/* A size and so many bytes, none of them NUL; NULL otherwise. */
const char *kehu__tree_read_text(kehu__reader *r, size_t *size)
{
    const char *bytes;
    *size = kehu__read_u32(r);
    bytes = kehu__read_bytes(r, *size);
    if (*size == 0 || bytes == NULL || memchr(bytes, '\0', *size) != NULL)
        r->failed = true;
    return r->failed ? NULL : bytes;
}

static kehu_status read_edges(kehu__reader *r, kehu__tree_feature *f,
                              const kehu_allocator *alloc, const char *name,
                              kehu_error *err)
{
    const uint32_t n = kehu__read_u32(r);
    if (r->failed || n >= KEHU__TREE_MAX_BINS)
        return kehu__tree_damaged(err, name, "edges of a column");
    f->n_codes = n + 2;
    if (n == 0)
        return KEHU_OK;
    f->edges = kehu__alloc(alloc, n, sizeof *f->edges);
    if (f->edges == NULL)
        return kehu__no_memory(err, "the tree");
    f->n_edges = n;
    for (uint32_t i = 0; i < n; i++) {
        f->edges[i] = kehu__read_double(r);
        if (isnan(f->edges[i]) || (i > 0 && !(f->edges[i] > f->edges[i - 1])))
            return kehu__tree_damaged(err, name, "edges of a column");
    }
    return KEHU_OK;
}

static kehu_status read_levels(kehu__reader *r, kehu__tree_feature *f,
                               const kehu_allocator *alloc, const char *name,
                               kehu_error *err)
{
    const uint32_t n = kehu__read_u32(r);
    kehu__reader first = *r;
    size_t size, total = 0;
    if (r->failed || n > KEHU__TREE_MAX_LEVELS)
        return kehu__tree_damaged(err, name, "categories of a column");
    for (uint32_t i = 0; i < n; i++) {
        size = kehu__read_u32(&first);
        kehu__read_bytes(&first, size);
        total += size;
        if (first.failed || size == 0)
            return kehu__tree_damaged(err, name, "categories of a column");
    }
    f->level_starts = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *f->level_starts);
    if (f->level_starts == NULL)
        return kehu__no_memory(err, "the tree");
    f->n_codes = n + 2;
    f->n_levels = n;
    if (n == 0)
        return KEHU_OK;
    f->level_bytes = kehu__alloc(alloc, total, 1);
    if (f->level_bytes == NULL)
        return kehu__no_memory(err, "the tree");
    /* The last start is the size that freeing needs: set it first. */
    f->level_starts[n] = (uint32_t)total;
    for (uint32_t i = 0, at = 0; i < n; i++) {
        size = kehu__read_u32(r);
        memcpy(f->level_bytes + at, kehu__read_bytes(r, size), size);
        f->level_starts[i] = at;
        at += (uint32_t)size;
        f->level_starts[i + 1] = i + 1 == n ? (uint32_t)total : at;
        if (i > 0 && kehu__tree_compare_texts(kehu__tree_level(f, i - 1),
                                              kehu__tree_level(f, i)) >= 0) {
            f->level_starts[n] = (uint32_t)total;
            return kehu__tree_damaged(err, name, "categories of a column");
        }
    }
    return KEHU_OK;
}

kehu_status kehu__tree_read_feature(kehu__reader *r, kehu__tree_feature *f,
                                    const kehu_allocator *alloc, const char *name,
                                    kehu_error *err)
{
    const uint8_t of_kind = kehu__read_u8(r);
    size_t size;
    const char *bytes = kehu__tree_read_text(r, &size);
    if (bytes == NULL || of_kind > KEHU__TREE_TEXT)
        return kehu__tree_damaged(err, name, "a column's name or kind");
    f->kind = (kehu__tree_kind)of_kind;
    f->name = kehu__alloc(alloc, size + 1, 1);
    if (f->name == NULL)
        return kehu__no_memory(err, "the tree");
    f->name_size = size;
    memcpy(f->name, bytes, size);
    f->name[size] = '\0';
    KEHU_TRY(kehu__tree_is_text(f) ? read_levels(r, f, alloc, name, err)
                                   : read_edges(r, f, alloc, name, err));
    f->code_weight = kehu__alloc(alloc, f->n_codes, sizeof *f->code_weight);
    if (f->code_weight == NULL)
        return kehu__no_memory(err, "the tree");
    for (uint32_t i = 0; i < f->n_codes; i++) {
        f->code_weight[i] = kehu__read_double(r);
        if (!kehu__not_negative(f->code_weight[i]))
            return kehu__tree_damaged(err, name, "the weight of a column's values");
    }
    return KEHU_OK;
}
