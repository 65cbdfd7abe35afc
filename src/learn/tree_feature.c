#include "learn/tree_feature.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "learn/tree_levels.h"

kehu__tree_kind kehu__tree_kind_of(kehu_type type)
{
    if (kehu__type_is_text(type))
        return KEHU__TREE_TEXT;
    return type == KEHU_BOOL        ? KEHU__TREE_BOOL
           : type == KEHU_DATE32    ? KEHU__TREE_DATE
           : type == KEHU_TIMESTAMP ? KEHU__TREE_TIMESTAMP
                                    : KEHU__TREE_NUMBER;
}

bool kehu__tree_kinds_agree(kehu__tree_kind trained, kehu__tree_kind given)
{
    const bool plain = trained == KEHU__TREE_NUMBER || trained == KEHU__TREE_BOOL;
    return plain ? given == KEHU__TREE_NUMBER || given == KEHU__TREE_BOOL
                 : trained == given;
}

int kehu__tree_compare_texts(kehu__text a, kehu__text b)
{
    const size_t common = (size_t)(a.size < b.size ? a.size : b.size);
    const int order = common == 0 ? 0 : memcmp(a.bytes, b.bytes, common);
    return order != 0 ? (order > 0) - (order < 0) : (a.size > b.size) - (a.size < b.size);
}

static kehu_status learn_edges(kehu__tree_feature *f, const kehu_column *c,
                               const uint8_t *use, kehu__tree_sample *sample,
                               kehu_error *err)
{
    double edges[KEHU__TREE_MAX_BINS];
    uint32_t n;
    KEHU_TRY(kehu__tree_edges_learn(edges, &n, c, use, sample, err));
    f->n_codes = n + 2;
    if (n == 0)
        return KEHU_OK;
    f->edges = kehu__alloc(&sample->alloc, n, sizeof *f->edges);
    if (f->edges == NULL)
        return kehu__no_memory(err, "a column's bins");
    f->n_edges = n;
    memcpy(f->edges, edges, n * sizeof *edges);
    return KEHU_OK;
}

static int by_text(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return kehu__tree_compare_texts(((const kehu__tree_level_count *)a)->text,
                                    ((const kehu__tree_level_count *)b)->text);
}

static int by_count(const void *a, const void *b, void *ctx)
{
    const kehu__tree_level_count *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : by_text(a, b, ctx);
}

static kehu_status store_levels(kehu__tree_feature *f, const kehu__tree_level_count *kept,
                                uint32_t n, const kehu_allocator *alloc, kehu_error *err)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < n; i++)
        size += (uint64_t)kept[i].text.size;
    if (size >= UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "categories of column %s exceed 4 GiB",
                          f->name);
    f->level_starts = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *f->level_starts);
    f->n_levels = f->level_starts == NULL ? 0 : n;
    f->level_bytes = size == 0 ? NULL : kehu__alloc(alloc, (size_t)size, 1);
    if (f->level_starts == NULL || (size > 0 && f->level_bytes == NULL)) {
        kehu__free(alloc, f->level_bytes, (size_t)size, 1);
        kehu__free(alloc, f->level_starts, (size_t)n + 1, sizeof *f->level_starts);
        f->level_bytes = NULL;
        f->level_starts = NULL;
        f->n_levels = 0;
        return kehu__no_memory(err, "a column's categories");
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = f->level_starts[i];
        memcpy(f->level_bytes + at, kept[i].text.bytes, (size_t)kept[i].text.size);
        f->level_starts[i + 1] = at + (uint32_t)kept[i].text.size;
    }
    f->n_codes = n + 2;
    return KEHU_OK;
}

static kehu_status learn_levels(kehu__tree_feature *f, const kehu_column *c,
                                const uint8_t *use, const kehu_allocator *alloc,
                                kehu_error *err)
{
    kehu__tree_levels levels = {.alloc = *alloc};
    kehu_status status = kehu__tree_levels_add_column(&levels, c, use, err);
    if (status == KEHU_OK) {
        const size_t kept =
            levels.n < KEHU__TREE_MAX_LEVELS ? levels.n : KEHU__TREE_MAX_LEVELS;
        if (levels.n > 0)
            kehu__sort(levels.items, levels.n, sizeof *levels.items, by_count, NULL);
        if (kept > 0)
            kehu__sort(levels.items, kept, sizeof *levels.items, by_text, NULL);
        status = store_levels(f, levels.items, (uint32_t)kept, alloc, err);
    }
    kehu__tree_levels_free(&levels);
    return status;
}

kehu_status kehu__tree_feature_learn(kehu__tree_feature *f, const kehu_column *c,
                                     const uint8_t *use, kehu__tree_sample *sample,
                                     kehu_error *err)
{
    const kehu_allocator *alloc = &sample->alloc;
    *f = (kehu__tree_feature){.kind = kehu__tree_kind_of(kehu__column_kind(c)),
                              .n_codes = 2};
    f->name_size = strlen(c->name);
    f->name = kehu__alloc(alloc, f->name_size + 1, 1);
    if (f->name == NULL)
        return kehu__no_memory(err, "a column's name");
    memcpy(f->name, c->name, f->name_size + 1);
    KEHU_TRY(kehu__tree_is_text(f) ? learn_levels(f, c, use, alloc, err)
                                   : learn_edges(f, c, use, sample, err));
    f->code_weight = kehu__alloc_zero(alloc, f->n_codes, sizeof *f->code_weight);
    return f->code_weight == NULL ? kehu__no_memory(err, "a column's bins") : KEHU_OK;
}

/* n items from one array into a new one; nothing for none. */
static bool copy_array(void *to, const void *from, size_t n, size_t item_size,
                       const kehu_allocator *alloc)
{
    void *copy = kehu__alloc(alloc, n, item_size);
    memcpy(to, &copy, sizeof copy);
    if (copy != NULL)
        memcpy(copy, from, n * item_size);
    return copy != NULL || n == 0;
}

kehu_status kehu__tree_feature_copy(kehu__tree_feature *to,
                                    const kehu__tree_feature *from,
                                    const kehu_allocator *alloc, kehu_error *err)
{
    const size_t n_starts = from->level_starts == NULL ? 0 : (size_t)from->n_levels + 1;
    const size_t n_bytes = n_starts == 0 ? 0 : from->level_starts[from->n_levels];
    *to = *from;
    to->name = NULL;
    to->edges = to->code_weight = NULL;
    to->level_bytes = NULL;
    to->level_starts = NULL;
    if (copy_array(&to->level_starts, from->level_starts, n_starts,
                   sizeof *to->level_starts, alloc) &&
        copy_array(&to->level_bytes, from->level_bytes, n_bytes, 1, alloc) &&
        copy_array(&to->name, from->name, from->name_size + 1, 1, alloc) &&
        copy_array(&to->edges, from->edges, from->n_edges, sizeof *to->edges, alloc) &&
        copy_array(&to->code_weight, from->code_weight, from->n_codes,
                   sizeof *to->code_weight, alloc))
        return KEHU_OK;
    return kehu__no_memory(err, "a column's bins");
}

void kehu__tree_feature_free(kehu__tree_feature *f, const kehu_allocator *alloc)
{
    kehu__free(alloc, f->name, f->name_size + 1, 1);
    kehu__free(alloc, f->edges, f->n_edges, sizeof *f->edges);
    if (f->level_starts != NULL)
        kehu__free(alloc, f->level_bytes, f->level_starts[f->n_levels], 1);
    kehu__free(alloc, f->level_starts, (size_t)f->n_levels + 1, sizeof *f->level_starts);
    kehu__free(alloc, f->code_weight, f->n_codes, sizeof *f->code_weight);
    *f = (kehu__tree_feature){0};
}

uint32_t kehu__tree_code_of_number(const kehu__tree_feature *f, double x)
{
    uint32_t low = 0, n = f->n_edges;
    if (isnan(x))
        return kehu__tree_missing_code(f);
    while (n > 0) {
        const uint32_t half = n / 2;
        if (f->edges[low + half] <= x) {
            low += half + 1;
            n -= half + 1;
        } else
            n = half;
    }
    return low;
}

uint32_t kehu__tree_code_of_text(const kehu__tree_feature *f, kehu__text text)
{
    uint32_t low = 0, high = f->n_levels;
    if (text.size == 0)
        return kehu__tree_missing_code(f);
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = kehu__tree_compare_texts(kehu__tree_level(f, middle), text);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return f->n_levels;
}

void kehu__tree_code_dictionary(const kehu__tree_feature *f, const kehu_column *c,
                                uint8_t *codes)
{
    for (int64_t i = 0; i < c->dictionary->length; i++)
        codes[i] =
            (uint8_t)kehu__tree_code_of_text(f, kehu__column_text(c->dictionary, i));
}

uint32_t kehu__tree_code(const kehu__tree_feature *f, const kehu_column *c,
                         const uint8_t *dictionary_codes, int64_t i)
{
    if (!kehu__tree_is_text(f))
        return kehu__tree_code_of_number(f, kehu__column_number(c, i));
    if (kehu__column_kind(c) != KEHU_CATEGORY)
        return kehu__tree_code_of_text(f, kehu__column_text(c, i));
    return kehu__column_valid(c, i) ? dictionary_codes[kehu__column_code(c, i)]
                                    : kehu__tree_missing_code(f);
}
