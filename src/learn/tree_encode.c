/* A number's code is how many edges are at or below it. A grid over the range of
 * the edges says how many lie in the buckets before the number's; the few of its
 * own bucket are compared one by one. Where the edges crowd in a bucket a plain
 * binary search takes over. Rows go in blocks that stay in the cache while every
 * column is put in its place. */
#include "learn/tree_encode.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

enum { BLOCK = 512, GRID = 1024, MAX_COMPARES = 4 };

struct kehu__tree_coder {
    uint8_t *dictionary; /* codes of a CATEGORY column's entries */
    double low, scale;   /* bucket = (x - low) * scale */
    uint32_t n_compares; /* 0 = binary search */
    uint8_t first[GRID]; /* edges in the buckets before */
    double edges[256];   /* padded with NaN, which is at or below nothing */
};
typedef kehu__tree_coder coder;

static uint32_t bucket_of(const coder *k, double x)
{
    double t = (x - k->low) * k->scale;
    t = t > 0 ? t : 0; /* NaN too */
    return (uint32_t)(t < GRID - 1 ? t : GRID - 1);
}

static void prepare_numbers(coder *k, const kehu__tree_feature *f)
{
    uint32_t in_bucket[GRID] = {0}, before = 0, most = 0;
    const uint32_t n = f->n_edges;
    for (uint32_t i = 0; i < 256; i++)
        k->edges[i] = i < n ? f->edges[i] : (double)NAN;
    if (n == 0)
        return;
    k->low = f->edges[0];
    k->scale = n < 2 ? 0 : (GRID - 1) / (f->edges[n - 1] - f->edges[0]);
    if (!isfinite(k->low) || !isfinite(k->scale) || k->scale < 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        in_bucket[bucket_of(k, f->edges[i])]++;
    for (uint32_t b = 0; b < GRID; b++) {
        k->first[b] = (uint8_t)before;
        before += in_bucket[b];
        most = in_bucket[b] > most ? in_bucket[b] : most;
    }
    k->n_compares = most <= MAX_COMPARES ? most : 0;
}

static void code_numbers(const coder *k, const double *x, uint32_t n, uint8_t missing,
                         uint8_t *out)
{
    if (k->n_compares > 0) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = k->first[bucket_of(k, x[i])];
        for (uint32_t c = 0; c < k->n_compares; c++)
            for (uint32_t i = 0; i < n; i++)
                out[i] = (uint8_t)(out[i] + (k->edges[out[i]] <= x[i]));
    } else {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t at = 0;
            for (uint32_t half = 128; half > 0; half /= 2)
                at += k->edges[at + half - 1] <= x[i] ? half : 0;
            out[i] = (uint8_t)at;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = isnan(x[i]) ? missing : out[i];
}

typedef struct encoding {
    const kehu__tree_codes *codes;
    const kehu__tree_feature *features;
    uint32_t n_features;
    const kehu_column *columns;
    const uint8_t *use;
    const coder *coders;
    const uint32_t *starts; /* [blocks] place of a block's first used row */
} encoding;

static uint32_t rows_in_block(const encoding *e, int64_t block)
{
    const int64_t left = e->columns[0].length - block * BLOCK;
    return left < BLOCK ? (uint32_t)left : BLOCK;
}

void kehu__tree_code_rows(const kehu__tree_coder *coders,
                          const kehu__tree_feature *features, const kehu_column *columns,
                          uint32_t f, int64_t from, uint32_t n, uint8_t missing,
                          uint8_t *codes)
{
    if (kehu__tree_is_text(&features[f])) {
        for (uint32_t i = 0; i < n; i++)
            codes[i] = (uint8_t)kehu__tree_code(&features[f], &columns[f],
                                                coders[f].dictionary, from + i);
        return;
    }
    while (n > 0) {
        const uint32_t m = n < BLOCK ? n : BLOCK;
        double x[BLOCK];
        kehu__column_numbers(&columns[f], from, m, x);
        code_numbers(&coders[f], x, m, missing, codes);
        from += m;
        codes += m;
        n -= m;
    }
}

static void encode_block(void *arg, int64_t block)
{
    const encoding *e = arg;
    const kehu__tree_codes *to = e->codes;
    const uint32_t n = rows_in_block(e, block), start = e->starts[block];
    const uint8_t *use = e->use + block * BLOCK;
    uint8_t code[BLOCK];
    for (uint32_t f = 0; f < e->n_features; f++) {
        const kehu__tree_feature *feature = &e->features[f];
        uint8_t *row = to->by_row + (size_t)start * to->stride + f;
        uint32_t kept = 0;
        kehu__tree_code_rows(e->coders, e->features, e->columns, f, block * BLOCK, n,
                             (uint8_t)kehu__tree_missing_code(feature), code);
        for (uint32_t i = 0; i < n; i++) {
            code[kept] = code[i];
            kept += use[i] != 0;
        }
        if (kept > 0)
            memcpy(to->by_column + (size_t)f * to->n_rows + start, code, kept);
        for (uint32_t i = 0; i < kept; i++, row += to->stride)
            *row = code[i];
    }
}

kehu_status kehu__tree_coders_open(kehu__tree_coder **out,
                                   const kehu__tree_feature *features,
                                   uint32_t n_features, const kehu_column *columns,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    coder *coders = *out = kehu__alloc_zero(alloc, n_features, sizeof *coders);
    if (coders == NULL)
        return kehu__no_memory(err, "the columns' codes");
    for (uint32_t f = 0; f < n_features; f++) {
        const kehu_column *c = &columns[f];
        if (!kehu__tree_is_text(&features[f]))
            prepare_numbers(&coders[f], &features[f]);
        else if (kehu__column_kind(c) == KEHU_CATEGORY && c->length > 0 &&
                 c->dictionary->length > 0) {
            coders[f].dictionary = kehu__alloc(alloc, (size_t)c->dictionary->length, 1);
            if (coders[f].dictionary == NULL)
                return kehu__no_memory(err, "a column's categories");
            kehu__tree_code_dictionary(&features[f], c, coders[f].dictionary);
        }
    }
    return KEHU_OK;
}

void kehu__tree_coders_close(kehu__tree_coder *coders, uint32_t n_features,
                             const kehu_column *columns, const kehu_allocator *alloc)
{
    for (uint32_t f = 0; coders != NULL && f < n_features; f++)
        if (coders[f].dictionary != NULL)
            kehu__free(alloc, coders[f].dictionary, (size_t)columns[f].dictionary->length,
                       1);
    kehu__free(alloc, coders, n_features, sizeof *coders);
}

kehu_status kehu__tree_encode(const kehu__tree_codes *codes,
                              const kehu__tree_feature *features, uint32_t n_features,
                              const kehu_column *columns, const uint8_t *use,
                              const kehu__run *run, const kehu_allocator *alloc,
                              kehu_error *err)
{
    const int64_t n = columns[0].length, n_blocks = (n + BLOCK - 1) / BLOCK;
    coder *coders = NULL;
    uint32_t *starts = kehu__alloc(alloc, (size_t)n_blocks, sizeof *starts), at = 0;
    kehu_status status =
        starts == NULL
            ? kehu__no_memory(err, "the binned columns")
            : kehu__tree_coders_open(&coders, features, n_features, columns, alloc, err);
    if (status == KEHU_OK) {
        encoding e = {codes, features, n_features, columns, use, coders, starts};
        for (int64_t i = 0; i < n; i++) {
            if (i % BLOCK == 0)
                starts[i / BLOCK] = at;
            at += use[i] != 0;
        }
        kehu__parallel(run, n_blocks, encode_block, &e);
    }
    kehu__tree_coders_close(coders, n_features, columns, alloc);
    kehu__free(alloc, starts, (size_t)n_blocks, sizeof *starts);
    return status;
}
