#include <math.h>
#include <string.h>

#include "base/prefetch.h"
#include "learn/linear_block.h"

enum { ALIGN = 64, AHEAD = 8 };

static size_t weight_bytes(const kehu__linear *m)
{
    return ((size_t)m->n_columns + 1) * m->stride * sizeof(float) + ALIGN;
}

kehu_status kehu__linear_new(kehu__linear **out, uint32_t n_columns, uint32_t n_classes,
                             float bias, const kehu_allocator *alloc, kehu_error *err)
{
    kehu__linear *const m = kehu__alloc_zero(alloc, 1, sizeof *m);
    *out = NULL;
    if (m == NULL)
        return kehu__no_memory(err, "a linear model");
    m->alloc = *alloc;
    m->n_columns = n_columns;
    m->n_classes = n_classes;
    m->width = kehu__linear_width(n_classes);
    m->stride = kehu__linear_stride(n_classes);
    m->bias = bias;
    m->memory = kehu__alloc_zero(alloc, weight_bytes(m), 1);
    if (m->memory == NULL) {
        kehu__free(alloc, m, 1, sizeof *m);
        return kehu__no_memory(err, "the weights of a linear model");
    }
    m->own = (float *)(((uintptr_t)m->memory + ALIGN - 1) / ALIGN * ALIGN);
    m->weights = m->own;
    m->bias_weights = m->weights + (size_t)n_columns * m->stride;
    *out = m;
    return KEHU_OK;
}

kehu_status kehu__linear_over(kehu__linear **out, const kehu__linear *shape,
                              const kehu_allocator *alloc, kehu_error *err)
{
    kehu__linear *const m = kehu__alloc_zero(alloc, 1, sizeof *m);
    *out = NULL;
    if (m == NULL)
        return kehu__no_memory(err, "a linear model");
    *m = *shape;
    m->alloc = *alloc;
    m->width = m->stride = kehu__linear_width(m->n_classes);
    m->own = NULL;
    m->memory = NULL;
    if (m->weights != NULL)
        m->bias_weights = m->weights + (size_t)m->n_columns * m->stride;
    *out = m;
    return KEHU_OK;
}

float kehu__linear_scale(uint32_t exponent)
{
    static const float roots[4] = {1, 1.18920712f, 1.41421356f, 1.68179283f};
    uint32_t bits;
    float scale;
    memcpy(&bits, &roots[exponent % 4], sizeof bits);
    bits += (exponent / 4 << 23) - (UINT32_C(40) << 23);
    memcpy(&scale, &bits, sizeof scale);
    return scale;
}

float kehu__linear_weight(const kehu__linear *m, uint32_t column, uint32_t k)
{
    if (column == m->n_columns)
        return m->bias_weights[k];
    if (m->weights != NULL)
        return m->weights[(size_t)column * m->stride + k];
    return (float)m->numbers[(size_t)column * m->width + k] *
           kehu__linear_scale(m->exponents[column]);
}

void kehu__linear_free(kehu__linear *m)
{
    if (m != NULL) {
        const kehu_allocator alloc = m->alloc;
        if (m->memory != NULL)
            kehu__free(&alloc, m->memory, weight_bytes(m), 1);
        kehu__free(&alloc, m, 1, sizeof *m);
    }
}

/* A feature of one row has the weight alpha y x of that row. */
static void restore_single(kehu__linear *m, const kehu__linear_problem *p,
                           const kehu__block *b, int64_t i, int64_t j)
{
    float *const w = m->own + (size_t)m->stride * p->rows->columns[j] + b->first_class;
    const float *const alpha = b->alpha + (size_t)i * p->lanes;
    const uint32_t label = (uint32_t)p->solver.labels[i];
    for (uint32_t k = 0; k < b->n_lanes; k++) {
        const bool positive = p->lanes == 1 ? label == 1 : label == b->first_class + k;
        const float a = fabsf(alpha[k]) * p->rows->values[j] * p->scale;
        w[k] = positive ? a : -a;
    }
}

static void put(kehu__linear *m, uint32_t column, const kehu__block *b,
                const float *weights, float scale)
{
    float *const to = m->own + (size_t)m->stride * column + b->first_class;
    for (uint32_t k = 0; k < b->n_lanes; k++)
        to[k] = weights[k] * scale;
}

static void restore_singles(kehu__linear *m, const kehu__linear_problem *p,
                            const kehu__block *b)
{
    const kehu__sparse *const rows = p->rows;
    for (int64_t i = 0; i < rows->n_rows; i++)
        for (int64_t j = p->new_column == NULL ? p->ends[i] : rows->starts[i];
             j < rows->starts[i + 1]; j++)
            if (p->new_column == NULL || p->new_column[rows->columns[j]] == KEHU__SINGLE)
                restore_single(m, p, b, i, j);
}

/* Blocks inmost: the weights are written from front to back, but for those of one row. */
static void extract_weights(kehu__linear *m, const kehu__linear_problem *p)
{
    const kehu__block *const end = p->blocks + p->n_blocks;
    for (uint32_t j = 0; j < p->rows->n_columns; j++) {
        const uint32_t from = p->new_column == NULL ? j : p->new_column[j];
        for (const kehu__block *b = p->blocks; from < p->solver.n_columns && b < end; b++)
            put(m, j, b, b->weights + (size_t)p->lanes * from, p->scale);
    }
    for (const kehu__block *b = p->blocks; b < end; b++) {
        put(m, p->rows->n_columns, b, b->bias_weights, p->scale);
        restore_singles(m, p, b);
    }
}

kehu_status kehu__linear_extract(kehu__linear **out, const kehu__linear_problem *p,
                                 kehu_error *err)
{
    KEHU_TRY(kehu__linear_new(out, p->rows->n_columns, p->n_classes, p->solver.bias,
                              &p->alloc, err));
    extract_weights(*out, p);
    return KEHU_OK;
}

void kehu__linear_outside_scores(const kehu__linear_problem *p, const uint32_t *columns,
                                 const float *values, int64_t n, float *scores)
{
    const kehu__solver_rows *const r = &p->solver;
    for (uint32_t k = 0; k < p->n_blocks; k++) {
        const kehu__block *const b = &p->blocks[k];
        const uint32_t lanes = p->lanes;
        float sums[KEHU__LANES];
        for (uint32_t lane = 0; lane < lanes; lane++)
            sums[lane] = r->bias * b->bias_weights[lane];
        for (int64_t j = 0; j < n; j++) {
            const uint32_t column =
                p->new_column == NULL ? columns[j] : p->new_column[columns[j]];
            const float *const w = b->weights + (size_t)lanes * column;
            if (column >= r->n_columns)
                continue;
            for (uint32_t lane = 0; lane < lanes; lane++)
                sums[lane] += values[j] * w[lane];
        }
        for (uint32_t lane = 0; lane < b->n_lanes; lane++)
            scores[b->first_class + lane] = sums[lane] * p->scale;
    }
}

/* A row of at most sixteen weights: the compiler keeps the sums in registers. Where the
 * stride is smaller, what is read beyond a row belongs to the next or to the bias, and
 * goes into sums that no class has. */
static inline void score_line(const kehu__linear *m, uint32_t stride,
                              const uint32_t *columns, const float *values, int64_t n,
                              float *scores)
{
    float sums[KEHU__LANES];
    memcpy(sums, scores, sizeof sums);
    for (int64_t j = 0; j < n; j++) {
        const float *const w = m->weights + (size_t)columns[j] * stride;
        if (j + AHEAD < n && columns[j + AHEAD] < m->n_columns)
            KEHU__PREFETCH(m->weights + (size_t)columns[j + AHEAD] * stride);
        if (columns[j] >= m->n_columns)
            continue;
        for (uint32_t k = 0; k < KEHU__LANES; k++)
            sums[k] += values[j] * w[k];
    }
    memcpy(scores, sums, sizeof sums);
}

static void score_numbers(const kehu__linear *m, const uint32_t *columns,
                          const float *values, int64_t n, float *scores)
{
    const size_t end = (size_t)m->n_columns * m->width;
    for (int64_t j = 0; j < n; j++) {
        const size_t at = (size_t)columns[j] * m->width;
        float scale;
        if (j + AHEAD < n && columns[j + AHEAD] < m->n_columns)
            KEHU__PREFETCH(m->numbers + (size_t)columns[j + AHEAD] * m->width);
        if (columns[j] >= m->n_columns)
            continue;
        scale = kehu__linear_scale(m->exponents[columns[j]]);
        for (uint32_t k = 0; k < m->width; k += KEHU__LANES) {
            int8_t w[KEHU__LANES] = {0};
            memcpy(w, m->numbers + at + k,
                   at + k + KEHU__LANES <= end ? KEHU__LANES : end - at - k);
            for (uint32_t lane = 0; lane < KEHU__LANES; lane++)
                scores[k + lane] += values[j] * ((float)w[lane] * scale);
        }
    }
}

/* Two classes. */
static float score_one(const kehu__linear *m, const uint32_t *columns,
                       const float *values, int64_t n)
{
    float score = m->bias * m->bias_weights[0];
    for (int64_t j = 0; j < n; j++)
        if (columns[j] < m->n_columns)
            score += values[j] * kehu__linear_weight(m, columns[j], 0);
    return score;
}

void kehu__linear_score(const kehu__linear *m, const uint32_t *columns,
                        const float *values, int64_t n, float *scores)
{
    if (m->width == 1) {
        scores[0] = score_one(m, columns, values, n);
        return;
    }
    memset(scores, 0, kehu__linear_room(m) * sizeof *scores);
    for (uint32_t k = 0; k < m->width; k++)
        scores[k] = m->bias * m->bias_weights[k];
    if (m->weights == NULL) {
        score_numbers(m, columns, values, n, scores);
        return;
    }
    if (m->stride == KEHU__LANES) {
        score_line(m, KEHU__LANES, columns, values, n, scores);
        return;
    }
    if (m->stride > KEHU__LANES / 2 && m->stride < KEHU__LANES) {
        score_line(m, m->stride, columns, values, n, scores);
        return;
    }
    for (int64_t j = 0; j < n; j++) {
        const float *const w = m->weights + (size_t)columns[j] * m->stride;
        if (columns[j] >= m->n_columns)
            continue;
        for (uint32_t k = 0; k < m->stride; k++)
            scores[k] += values[j] * w[k];
    }
}

void kehu__linear_margins(const kehu__linear *m, const float *scores, float *margins)
{
    if (m->width == 1) {
        const float score = scores[0];
        margins[0] = -score;
        margins[1] = score;
    } else
        memcpy(margins, scores, m->width * sizeof *margins);
}
