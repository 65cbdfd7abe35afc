/* From a caller's rows to the shape the solver works on: features by falling
 * document frequency, those of one row set apart. */
#include <math.h>

#include "learn/linear_block.h"

enum { ALIGN = 64 };

static float *aligned(void *memory)
{
    return (float *)(((uintptr_t)memory + ALIGN - 1) / ALIGN * ALIGN);
}

static size_t lane_bytes(const kehu__linear_problem *p, size_t count)
{
    return count * p->lanes * sizeof(float) + ALIGN;
}

static kehu_status check_labels(const kehu__sparse *rows, const int32_t *labels,
                                uint32_t n_classes, const float *weights, kehu_error *err)
{
    int32_t first = -1;
    bool two = false;
    if (rows->n_rows >= (int64_t)UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "%lld rows, at most 4294967294 are possible",
                          (long long)rows->n_rows);
    for (int64_t i = 0; i < rows->n_rows; i++) {
        if (labels[i] < 0 || (uint32_t)labels[i] >= n_classes)
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "row %lld has class number %d, expected 0 to %u",
                              (long long)i, (int)labels[i], (unsigned)n_classes - 1);
        if (weights != NULL && !(isfinite(weights[i]) && weights[i] >= 0))
            return kehu__fail(err, KEHU_RANGE, i,
                              "the weight of row %lld is negative or not finite",
                              (long long)i);
        if (weights != NULL && weights[i] == 0)
            continue;
        if (first < 0)
            first = labels[i];
        two = two || labels[i] != first;
    }
    if (!two)
        return kehu__fail(err, KEHU_ONE_CLASS, -1,
                          first < 0 ? "no row has a weight"
                                    : "all rows with a weight are of one class");
    return KEHU_OK;
}

/* Rows of each feature. */
static uint32_t *count_rows(const kehu__sparse *rows, const kehu_allocator *alloc)
{
    uint32_t *count = kehu__alloc_zero(alloc, (size_t)rows->n_columns + 1, sizeof *count);
    const int64_t n = rows->starts[rows->n_rows];
    if (count != NULL)
        for (int64_t j = 0; j < n; j++)
            count[rows->columns[j]]++;
    return count;
}

static bool is_falling(const uint32_t *count, uint32_t n)
{
    for (uint32_t j = 1; j < n; j++)
        if (count[j] > count[j - 1])
            return false;
    return true;
}

/* The rows stand as they are: the kept features come first in each row. */
static bool borrow_rows(kehu__linear_problem *p, const uint32_t *count)
{
    const kehu__sparse *const rows = p->rows;
    uint32_t kept = 0;
    while (kept < rows->n_columns && count[kept] > 1)
        kept++;
    p->ends = kehu__alloc(&p->alloc, (size_t)rows->n_rows, sizeof *p->ends);
    if (p->ends == NULL)
        return false;
    for (int64_t i = 0; i < rows->n_rows; i++) {
        int64_t end = rows->starts[i + 1];
        float own = 0;
        for (; end > rows->starts[i] && rows->columns[end - 1] >= kept; end--)
            own += rows->values[end - 1] * rows->values[end - 1];
        p->ends[i] = end;
        p->own[i] = own;
    }
    p->solver.n_columns = kept;
    p->solver.starts = rows->starts;
    p->solver.ends = p->ends;
    p->solver.columns = rows->columns;
    p->solver.values = rows->values;
    return true;
}

/* New numbers by falling count, ties in the old order: a counting sort. Turns
 * the counts into the numbers. */
static bool renumber(kehu__linear_problem *p, uint32_t *count)
{
    const uint32_t n = p->rows->n_columns;
    uint32_t highest = 0, kept = 0, *next;
    for (uint32_t j = 0; j < n; j++)
        highest = count[j] > highest ? count[j] : highest;
    next = kehu__alloc_zero(&p->alloc, (size_t)highest + 2, sizeof *next);
    if (next == NULL)
        return false;
    for (uint32_t j = 0; j < n; j++)
        next[highest - count[j] + 1]++;
    for (uint32_t c = 1; c <= highest; c++)
        next[c] += next[c - 1];
    for (uint32_t j = 0; j < n; j++) {
        kept += count[j] > 1;
        count[j] = count[j] > 1 ? next[highest - count[j]]++ : KEHU__SINGLE;
    }
    kehu__free(&p->alloc, next, (size_t)highest + 2, sizeof *next);
    p->solver.n_columns = kept;
    return true;
}

static bool copy_rows(kehu__linear_problem *p, uint32_t *count)
{
    const kehu__sparse *const rows = p->rows;
    const int64_t n = rows->starts[rows->n_rows];
    int64_t at = 0, kept = 0;
    for (int64_t j = 0; j < n; j++)
        kept += count[rows->columns[j]] > 1;
    if (!renumber(p, count))
        return false;
    p->n_kept = kept + 1;
    p->starts = kehu__alloc(&p->alloc, (size_t)rows->n_rows + 1, sizeof *p->starts);
    p->columns = kehu__alloc(&p->alloc, (size_t)p->n_kept, sizeof *p->columns);
    p->values = kehu__alloc(&p->alloc, (size_t)p->n_kept, sizeof *p->values);
    if (p->starts == NULL || p->columns == NULL || p->values == NULL)
        return false;
    for (int64_t i = 0; i < rows->n_rows; i++) {
        float own = 0;
        p->starts[i] = at;
        for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++) {
            const uint32_t column = count[rows->columns[j]];
            const float value = rows->values[j];
            if (column == KEHU__SINGLE) {
                own += value * value;
                continue;
            }
            p->columns[at] = column;
            p->values[at++] = value;
        }
        p->own[i] = own;
    }
    p->starts[rows->n_rows] = at;
    p->solver.starts = p->starts;
    p->solver.ends = p->starts + 1;
    p->solver.columns = p->columns;
    p->solver.values = p->values;
    return true;
}

static void sum_squares(kehu__linear_problem *p)
{
    const kehu__solver_rows *const s = &p->solver;
    for (int64_t i = 0; i < s->n_rows; i++) {
        float square = s->bias * s->bias + p->own[i];
        for (int64_t j = s->starts[i]; j < s->ends[i]; j++)
            square += s->values[j] * s->values[j];
        p->squares[i] = square;
    }
}

void kehu__linear_admit(kehu__linear_problem *p, const float *weights)
{
    int64_t n = 0;
    p->row_weights = weights;
    for (int64_t i = 0; i < p->solver.n_rows; i++)
        if (weights == NULL || weights[i] > 0)
            p->used[n++] = (uint32_t)i;
    p->solver.n_used = n;
}

static bool make_blocks(kehu__linear_problem *p)
{
    const size_t n = p->n_blocks;
    p->blocks = kehu__alloc_zero(&p->alloc, n, sizeof *p->blocks);
    p->weight_memory = kehu__alloc_zero(&p->alloc, n, sizeof *p->weight_memory);
    p->alpha_memory = kehu__alloc_zero(&p->alloc, n, sizeof *p->alpha_memory);
    if (p->blocks == NULL || p->weight_memory == NULL || p->alpha_memory == NULL)
        return false;
    for (uint32_t b = 0; b < p->n_blocks; b++) {
        kehu__block *const block = &p->blocks[b];
        const uint32_t left = p->n_classes - b * KEHU__LANES;
        const size_t w = lane_bytes(p, p->solver.n_columns);
        const size_t a = lane_bytes(p, (size_t)p->solver.n_rows);
        block->rows = &p->solver;
        block->first_class = b * KEHU__LANES;
        block->n_lanes = p->lanes == 1 ? 1 : left < KEHU__LANES ? left : KEHU__LANES;
        p->weight_memory[b] = kehu__alloc_zero(&p->alloc, w, 1);
        p->alpha_memory[b] = kehu__alloc_zero(&p->alloc, a, 1);
        block->order =
            kehu__alloc(&p->alloc, (size_t)p->solver.n_rows, sizeof *block->order);
        if (p->weight_memory[b] == NULL || p->alpha_memory[b] == NULL ||
            block->order == NULL)
            return false;
        block->weights = aligned(p->weight_memory[b]);
        block->alpha = aligned(p->alpha_memory[b]);
    }
    return true;
}

static bool fill_problem(kehu__linear_problem *p)
{
    const size_t n = (size_t)p->rows->n_rows;
    uint32_t *count = NULL;
    bool ok;
    p->used = kehu__alloc(&p->alloc, n, sizeof *p->used);
    p->own = kehu__alloc(&p->alloc, n, sizeof *p->own);
    p->squares = kehu__alloc(&p->alloc, n, sizeof *p->squares);
    p->steps = kehu__alloc(&p->alloc, n, sizeof *p->steps);
    count = count_rows(p->rows, &p->alloc);
    if (p->used == NULL || p->own == NULL || p->squares == NULL || p->steps == NULL ||
        count == NULL) {
        kehu__free(&p->alloc, count, (size_t)p->rows->n_columns + 1, sizeof *count);
        return false;
    }
    p->solver.own = p->own;
    p->solver.used = p->used;
    p->solver.steps = p->steps;
    if (is_falling(count, p->rows->n_columns)) {
        ok = borrow_rows(p, count);
        kehu__free(&p->alloc, count, (size_t)p->rows->n_columns + 1, sizeof *count);
    } else {
        p->new_column = count;
        ok = copy_rows(p, count);
    }
    if (!ok)
        return false;
    sum_squares(p);
    kehu__linear_admit(p, p->row_weights);
    return make_blocks(p);
}

kehu_status kehu__linear_prepare(kehu__linear_problem **out, const kehu__sparse *rows,
                                 const int32_t *labels, uint32_t n_classes,
                                 const float *weights, float bias,
                                 const kehu_allocator *alloc, kehu_error *err)
{
    kehu__linear_problem *p;
    *out = NULL;
    KEHU_TRY(kehu__sparse_check(rows, err));
    if (!isfinite(bias) || n_classes > INT32_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the bias is not finite or there are too many classes");
    KEHU_TRY(check_labels(rows, labels, n_classes, weights, err));
    p = kehu__alloc_zero(alloc, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "a linear problem");
    p->alloc = *alloc;
    p->rows = rows;
    p->row_weights = weights;
    p->n_classes = n_classes;
    p->scale = 1;
    p->lanes = n_classes == 2 ? 1 : KEHU__LANES;
    p->n_blocks = n_classes == 2 ? 1 : (n_classes + KEHU__LANES - 1) / KEHU__LANES;
    p->solver.n_rows = rows->n_rows;
    p->solver.labels = labels;
    p->solver.bias = bias;
    if (!fill_problem(p)) {
        kehu__linear_problem_free(p);
        return kehu__no_memory(err, "the rows of a linear problem");
    }
    for (int64_t i = 0; i < rows->n_rows; i++)
        if (!isfinite(p->squares[i])) {
            kehu__linear_problem_free(p);
            return kehu__fail(err, KEHU_RANGE, i,
                              "the values of row %lld are too large for single precision",
                              (long long)i);
        }
    *out = p;
    return KEHU_OK;
}

void kehu__linear_problem_free(kehu__linear_problem *p)
{
    size_t n;
    if (p == NULL)
        return;
    n = (size_t)p->rows->n_rows;
    for (uint32_t b = 0; p->blocks != NULL && b < p->n_blocks; b++) {
        if (p->weight_memory != NULL)
            kehu__free(&p->alloc, p->weight_memory[b], lane_bytes(p, p->solver.n_columns),
                       1);
        if (p->alpha_memory != NULL)
            kehu__free(&p->alloc, p->alpha_memory[b], lane_bytes(p, n), 1);
        kehu__free(&p->alloc, p->blocks[b].order, n, sizeof *p->blocks[b].order);
    }
    kehu__free(&p->alloc, p->blocks, p->n_blocks, sizeof *p->blocks);
    kehu__free(&p->alloc, p->weight_memory, p->n_blocks, sizeof *p->weight_memory);
    kehu__free(&p->alloc, p->alpha_memory, p->n_blocks, sizeof *p->alpha_memory);
    kehu__free(&p->alloc, p->new_column, (size_t)p->rows->n_columns + 1,
               sizeof *p->new_column);
    kehu__free(&p->alloc, p->starts, n + 1, sizeof *p->starts);
    kehu__free(&p->alloc, p->columns, (size_t)p->n_kept, sizeof *p->columns);
    kehu__free(&p->alloc, p->values, (size_t)p->n_kept, sizeof *p->values);
    kehu__free(&p->alloc, p->used, n, sizeof *p->used);
    kehu__free(&p->alloc, p->own, n, sizeof *p->own);
    kehu__free(&p->alloc, p->squares, n, sizeof *p->squares);
    kehu__free(&p->alloc, p->ends, n, sizeof *p->ends);
    kehu__free(&p->alloc, p->steps, n, sizeof *p->steps);
    kehu__free(&p->alloc, p, 1, sizeof *p);
}
