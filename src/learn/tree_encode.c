/* A number's code is how many edges are at or below it. A grid over the range of
 * the edges says how many lie in the buckets before the number's; the few of its
 * own bucket are compared one by one. Where the edges crowd in a bucket a plain
 * binary search takes over. Rows go in blocks that stay in the cache while every
 * column is put in its place. */
#include "learn/tree_encode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

enum { BLOCK = 1024, GRID = 1024, MAX_COMPARES = 4, GROUP = 8 };

struct kehu__tree_coder {
    uint8_t *dictionary; /* codes of a CATEGORY column's entries */
    double low, scale;   /* bucket = (x - low) * scale */
    uint32_t n_compares; /* 0 = binary search */
    uint8_t first[GRID]; /* edges in the buckets before */
    /* Padded with NaN, which is at or below nothing. Of a column of floats as the least
     * floats that are not below them, which part floats alike. */
    double wide[256];
    float narrow[256];
};
typedef kehu__tree_coder coder;

/* Buckets rise with x; NaN has the first. Edges and values go through the same loop, so
 * that equal ones meet in a bucket however it is compiled. */
#define CODING(real, edges)                                                              \
    static void find_buckets_##real(const coder *k, const real *x, uint32_t n,           \
                                    int32_t *bucket)                                     \
    {                                                                                    \
        const real low = (real)k->low, scale = (real)k->scale, last = GRID - 1;          \
        for (uint32_t i = 0; i < n; i++) {                                               \
            real t = (x[i] - low) * scale;                                               \
            t = t > 0 ? t : 0;                                                           \
            bucket[i] = (int32_t)(t < last ? t : last);                                  \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void code_##real(const coder *k, const real *x, uint32_t n, uint8_t missing,  \
                            uint8_t *out)                                                \
    {                                                                                    \
        uint32_t n_missing = 0;                                                          \
        if (k->n_compares > 0) {                                                         \
            int32_t bucket[BLOCK];                                                       \
            find_buckets_##real(k, x, n, bucket);                                        \
            for (uint32_t i = 0; i < n; i++) {                                           \
                const uint8_t before = k->first[bucket[i]];                              \
                out[i] = (uint8_t)(before + (k->edges[before] <= x[i]));                 \
            }                                                                            \
            for (uint32_t c = 1; c < k->n_compares; c++)                                 \
                for (uint32_t i = 0; i < n; i++)                                         \
                    out[i] = (uint8_t)(out[i] + (k->edges[out[i]] <= x[i]));             \
        } else {                                                                         \
            for (uint32_t i = 0; i < n; i++) {                                           \
                uint32_t at = 0;                                                         \
                for (uint32_t half = 128; half > 0; half /= 2)                           \
                    at += k->edges[at + half - 1] <= x[i] ? half : 0;                    \
                out[i] = (uint8_t)at;                                                    \
            }                                                                            \
        }                                                                                \
        for (uint32_t i = 0; i < n; i++)                                                 \
            n_missing += isnan(x[i]) != 0;                                               \
        for (uint32_t i = 0; n_missing > 0 && i < n; i++)                                \
            out[i] = isnan(x[i]) ? missing : out[i];                                     \
    }
CODING(double, wide)
CODING(float, narrow)
#undef CODING

float kehu__tree_narrowed(double e)
{
    float f;
    if (e > (double)FLT_MAX)
        return INFINITY;
    if (e < -(double)FLT_MAX)
        return isinf(e) ? -INFINITY : -FLT_MAX;
    f = (float)e;
    return (double)f < e ? nextafterf(f, INFINITY) : f;
}

static void prepare_numbers(coder *k, const kehu__tree_feature *f, bool is_float)
{
    uint32_t in_bucket[GRID] = {0}, before = 0, most = 0;
    int32_t bucket[256];
    const uint32_t n = f->n_edges;
    for (uint32_t i = 0; i < 256; i++) {
        k->wide[i] = i < n ? f->edges[i] : (double)NAN;
        k->narrow[i] = is_float && i < n ? kehu__tree_narrowed(f->edges[i]) : NAN;
    }
    if (n == 0)
        return;
    k->low = is_float ? (double)k->narrow[0] : k->wide[0];
    k->scale = n < 2 ? 0 : (GRID - 1) / (k->wide[n - 1] - k->wide[0]);
    if (!isfinite(k->low) || !(k->scale >= 0) ||
        k->scale > (is_float ? (double)FLT_MAX : DBL_MAX))
        return;
    if (is_float)
        find_buckets_float(k, k->narrow, n, bucket);
    else
        find_buckets_double(k, k->wide, n, bucket);
    for (uint32_t i = 0; i < n; i++)
        in_bucket[bucket[i]]++;
    for (uint32_t b = 0; b < GRID; b++) {
        k->first[b] = (uint8_t)before;
        before += in_bucket[b];
        most = in_bucket[b] > most ? in_bucket[b] : most;
    }
    k->n_compares = most <= MAX_COMPARES ? most : 0;
}

static void code_some_numbers(const coder *k, const kehu_column *c, int64_t from,
                              uint32_t n, uint8_t missing, uint8_t *codes)
{
    const int64_t at = c->start + from;
    if (c->type == KEHU_FLOAT32 && c->validity == NULL)
        code_float(k, (const float *)c->data + at, n, missing, codes);
    else if (c->type == KEHU_FLOAT32) {
        float x[BLOCK];
        for (uint32_t i = 0; i < n; i++)
            x[i] =
                kehu__column_valid(c, from + i) ? ((const float *)c->data)[at + i] : NAN;
        code_float(k, x, n, missing, codes);
    } else {
        double x[BLOCK];
        kehu__column_numbers(c, from, n, x);
        code_double(k, x, n, missing, codes);
    }
}

/* By the codes of the dictionary's entries; what a missing row has as code may be none.
 */
static void code_categories(const coder *k, const kehu_column *c, int64_t from,
                            uint32_t n, uint8_t missing, uint8_t *codes)
{
    if (k->dictionary == NULL)
        memset(codes, missing, n);
    else if (c->type == KEHU_CATEGORY && c->validity == NULL) {
        const int32_t *given = (const int32_t *)c->data + c->start + from;
        for (uint32_t i = 0; i < n; i++)
            codes[i] = k->dictionary[given[i]];
    } else
        for (uint32_t i = 0; i < n; i++) {
            const int32_t there = -(int32_t)kehu__column_valid(c, from + i);
            const int32_t code = k->dictionary[kehu__column_code(c, from + i) & there];
            codes[i] = (uint8_t)((code & there) | (missing & ~there));
        }
}

typedef struct encoding {
    const kehu__tree_codes *codes;
    const kehu__tree_feature *features;
    uint32_t n_features;
    const kehu_column *columns;
    const uint8_t *use;
    const coder *coders;
    const uint32_t *starts; /* [blocks + 1] place of a block's first used row */
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
    const bool is_text = kehu__tree_is_text(&features[f]);
    if (is_text && kehu__column_kind(&columns[f]) == KEHU_CATEGORY)
        code_categories(&coders[f], &columns[f], from, n,
                        (uint8_t)kehu__tree_missing_code(&features[f]), codes);
    else if (is_text)
        for (uint32_t i = 0; i < n; i++)
            codes[i] = (uint8_t)kehu__tree_code_of_text(
                &features[f], kehu__column_text(&columns[f], from + i));
    else
        for (uint32_t at = 0; at < n; at += BLOCK)
            code_some_numbers(&coders[f], &columns[f], from + at,
                              n - at < BLOCK ? n - at : BLOCK, missing, codes + at);
}

/* codes[GROUP][BLOCK] of n rows as GROUP bytes of each row. */
static void put_rows(uint8_t codes[GROUP][BLOCK], uint32_t n, uint8_t *row, size_t stride)
{
    uint32_t i = 0;
    for (; i + GROUP <= n; i += GROUP) {
        uint64_t a[GROUP];
        for (uint32_t j = 0; j < GROUP; j++)
            a[j] = kehu__load64(codes[j] + i);
        /* Transposed by swapping quarters, of 4, 2 and 1 bytes. */
        for (uint32_t half = GROUP / 2; half > 0; half /= 2) {
            const uint64_t low = half == 4   ? UINT64_C(0x00000000ffffffff)
                                 : half == 2 ? UINT64_C(0x0000ffff0000ffff)
                                             : UINT64_C(0x00ff00ff00ff00ff);
            for (uint32_t j = 0; j < GROUP; j++)
                if (!(j & half)) {
                    const uint64_t t = (a[j] >> 8 * half ^ a[j + half]) & low;
                    a[j] ^= t << 8 * half;
                    a[j + half] ^= t;
                }
        }
        for (uint32_t j = 0; j < GROUP; j++, row += stride)
            kehu__store64(row, a[j]);
    }
    for (; i < n; i++, row += stride)
        for (uint32_t j = 0; j < GROUP; j++)
            row[j] = codes[j][i];
}

/* Leave the n codes of the rows with use[i] != 0. */
static void keep_used(uint8_t *codes, const uint8_t *use, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        codes[kept] = codes[i];
        kept += use[i] != 0;
    }
}

static void encode_block(void *arg, int64_t block)
{
    const encoding *e = arg;
    const kehu__tree_codes *to = e->codes;
    const uint32_t n = rows_in_block(e, block), start = e->starts[block],
                   kept = e->starts[block + 1] - start;
    uint8_t codes[GROUP][BLOCK];
    for (uint32_t first = 0; first < e->n_features; first += GROUP) {
        for (uint32_t j = 0; j < GROUP; j++) {
            const uint32_t f = first + j;
            if (f >= e->n_features) {
                memset(codes[j], 0, BLOCK);
                continue;
            }
            kehu__tree_code_rows(e->coders, e->features, e->columns, f, block * BLOCK, n,
                                 (uint8_t)kehu__tree_missing_code(&e->features[f]),
                                 codes[j]);
            if (kept < n)
                keep_used(codes[j], e->use + block * BLOCK, n);
            memcpy(to->by_column + (size_t)f * to->n_rows + start, codes[j], kept);
        }
        put_rows(codes, kept, to->by_row + (size_t)start * to->stride + first,
                 to->stride);
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
            prepare_numbers(&coders[f], &features[f], c->type == KEHU_FLOAT32);
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
    uint32_t *starts = kehu__alloc(alloc, (size_t)n_blocks + 1, sizeof *starts), at = 0;
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
        starts[n_blocks] = at;
        kehu__parallel(run, n_blocks, encode_block, &e);
    }
    kehu__tree_coders_close(coders, n_features, columns, alloc);
    kehu__free(alloc, starts, (size_t)n_blocks + 1, sizeof *starts);
    return status;
}
