/* The bins' container, kind BIN1:
 *
 *   HEAD  columns, rows u32
 *   FEAT  the columns (learn/tree_feature_file.h); the weight of a code is its rows
 *   CODE  the codes u8, column after column */
#include <kehu/bins.h>

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "file/handle_file.h"
#include "learn/tree_bins.h"
#include "learn/tree_feature_file.h"

static const char bins_kind[] = "BIN1";

static kehu_status build_bins(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_bins *bins = handle;
    const uint64_t cells = (uint64_t)bins->codes.n_rows * bins->n_features;
    kehu__buffer head = kehu__buffer_new(&bins->alloc);
    kehu__buffer features = kehu__buffer_new(&bins->alloc);
    *out = kehu__buffer_new(&bins->alloc);
    if (cells >= UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "the bins exceed 4 GiB");
    kehu__buffer_u32(&head, bins->n_features);
    kehu__buffer_u32(&head, bins->codes.n_rows);
    for (uint32_t f = 0; f < bins->n_features; f++)
        kehu__tree_write_feature(&features, &bins->features[f]);
    if (head.failed || features.failed)
        out->failed = true;
    else {
        const kehu__section sections[] = {
            {"HEAD", head.bytes, head.size},
            {"FEAT", features.bytes, features.size},
            {"CODE", bins->codes.by_column, (size_t)cells},
        };
        kehu__container_build(out, bins_kind, sections, 3);
    }
    kehu__buffer_free(&head);
    kehu__buffer_free(&features);
    return KEHU_OK;
}

/* The codes of column f, which each must be one of the column's and be there as often as
 * its weight says. */
static bool read_codes(kehu_bins *bins, uint32_t f, const uint8_t *codes)
{
    const kehu__tree_codes *to = &bins->codes;
    const kehu__tree_feature *feature = &bins->features[f];
    uint8_t *row = to->by_row + f;
    uint64_t sums[256];
    memcpy(to->by_column + (size_t)f * to->n_rows, codes, to->n_rows);
    for (uint32_t i = 0; i < to->n_rows; i++, row += to->stride) {
        if (codes[i] >= feature->n_codes)
            return false;
        *row = codes[i];
    }
    kehu__bins_weigh(bins, f, NULL, sums);
    for (uint32_t code = 0; code < feature->n_codes; code++)
        if (feature->code_weight[code] != (double)sums[code])
            return false;
    return true;
}

static kehu_status read_bins(kehu_bins *bins, const kehu__container *c, const char *name,
                             kehu_error *err)
{
    kehu__reader features = kehu__tree_section(c, "FEAT");
    kehu__reader codes = kehu__tree_section(c, "CODE");
    for (uint32_t f = 0; f < bins->n_features; f++) {
        KEHU_TRY(kehu__tree_read_feature(&features, &bins->features[f], &bins->alloc,
                                         name, err));
        for (uint32_t g = 0; g < f; g++)
            if (strcmp(bins->features[g].name, bins->features[f].name) == 0)
                return kehu__tree_damaged(err, name, "a column is there twice");
    }
    if (!kehu__all_read(&features))
        return kehu__tree_damaged(err, name, "columns");
    for (uint32_t f = 0; f < bins->n_features; f++)
        if (!read_codes(bins, f,
                        (const uint8_t *)codes.at + (size_t)f * bins->codes.n_rows))
            return kehu__tree_damaged(err, name, "values of a column");
    return KEHU_OK;
}

static kehu_status make_bins(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    kehu__reader head, codes;
    uint32_t n_features, n_rows;
    kehu_bins *bins;
    kehu_status status;
    KEHU_TRY(
        kehu__container_open(&c, from->bytes, from->size, bins_kind, from->name, err));
    head = kehu__tree_section(&c, "HEAD");
    codes = kehu__tree_section(&c, "CODE");
    n_features = kehu__read_u32(&head);
    n_rows = kehu__read_u32(&head);
    if (!kehu__all_read(&head) || n_features < 1 ||
        n_features > KEHU__TREE_MAX_FEATURES || n_rows < 1 || n_rows > INT32_MAX ||
        (uint64_t)n_features * n_rows != (uint64_t)(codes.end - codes.at))
        return kehu__tree_damaged(err, from->name, "its head");
    status = kehu__bins_new(&bins, n_features, n_rows, &from->alloc, err);
    if (status == KEHU_OK)
        status = read_bins(bins, &c, from->name, err);
    if (status == KEHU_OK)
        *(kehu_bins **)out = bins;
    else
        kehu_bins_free(bins);
    return status;
}

static const kehu__handle_file bins_file = {"bins", build_bins, make_bins};

kehu_status kehu_bins_save(const kehu_bins *bins, const char *path, kehu_error *err)
{
    return kehu__handle_save(&bins_file, bins, path, err);
}

kehu_status kehu_bins_write(const kehu_bins *bins, const kehu_writer *writer,
                            kehu_error *err)
{
    return kehu__handle_write(&bins_file, bins, writer, err);
}

kehu_status kehu_bins_load(kehu_bins **out, const char *path, const kehu_allocator *alloc,
                           kehu_error *err)
{
    return kehu__handle_load(&bins_file, out, path, NULL, alloc, err);
}

kehu_status kehu_bins_read(kehu_bins **out, const void *bytes, size_t size,
                           const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&bins_file, out, bytes, size, NULL, alloc, err);
}
