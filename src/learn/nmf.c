#include "learn/nmf.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCKS = 32, SWEEPS = 1, LAST_SWEEPS = 60 };
static const double enough = 2e-6;

/* One side of the factorization: its rows of X, what it solves for, what it takes as
 * fixed. The other side has the transpose. */
typedef struct side {
    int64_t n;
    int64_t *starts;
    uint32_t *columns;
    float *values;
    float *factors; /* [n][k] */
} side;

typedef struct factoring {
    kehu_allocator alloc;
    const kehu__run *run;
    uint32_t k;
    side rows, columns;
    double *partial;       /* [BLOCKS][k][k] */
    double common[BLOCKS]; /* <X', what was solved> of a block */
    float *gram;           /* [k][k] of the fixed side */
    /* What the tasks work on. */
    side *solved;
    const side *fixed;
} factoring;

static int64_t block_start(int64_t n, int64_t block)
{
    return n * block / BLOCKS;
}

static void add_scaled(float *to, float by, const float *from, uint32_t k)
{
    for (uint32_t t = 0; t < k; t++)
        to[t] += by * from[t];
}

/* Coordinate descent on |x - u H|^2, u >= 0, b = x H': one coordinate after the other to
 * its best value, until none changes or `sweeps` are done. */
static void solve_row(float *u, const float *b, const float *gram, uint32_t k, int sweeps)
{
    float g[KEHU__NMF_MAX];
    memcpy(g, b, k * sizeof *g);
    for (uint32_t t = 0; t < k; t++)
        if (u[t] != 0)
            add_scaled(g, -u[t], gram + (size_t)t * k, k);
    for (int sweep = 0; sweep < sweeps; sweep++) {
        float most = 0;
        for (uint32_t t = 0; t < k; t++) {
            const float own = gram[(size_t)t * k + t];
            float next, change;
            if (!(own > 0))
                continue;
            next = u[t] + g[t] / own;
            next = next > 0 ? next : 0;
            change = next - u[t];
            if (change == 0)
                continue;
            u[t] = next;
            add_scaled(g, -change, gram + (size_t)t * k, k);
            most = fabsf(change) > most ? fabsf(change) : most;
        }
        if (most < 1e-6f)
            return;
    }
}

static void multiply_row(float *b, const uint32_t *columns, const float *values,
                         int64_t n, const float *factors, uint32_t k)
{
    memset(b, 0, k * sizeof *b);
    for (int64_t e = 0; e < n; e++)
        add_scaled(b, values[e], factors + (size_t)columns[e] * k, k);
}

/* The fixed side's factors times themselves, block by block. */
static void gram_task(void *arg, int64_t block)
{
    const factoring *f = arg;
    const uint32_t k = f->k;
    double *const sum = f->partial + (size_t)block * k * k;
    memset(sum, 0, (size_t)k * k * sizeof *sum);
    for (int64_t i = block_start(f->fixed->n, block);
         i < block_start(f->fixed->n, block + 1); i++) {
        const float *const u = f->fixed->factors + (size_t)i * k;
        for (uint32_t s = 0; s < k; s++)
            if (u[s] != 0)
                for (uint32_t t = 0; t < k; t++)
                    sum[(size_t)s * k + t] += (double)u[s] * (double)u[t];
    }
}

static void solve_task(void *arg, int64_t block)
{
    factoring *f = arg;
    const side *const s = f->solved;
    const uint32_t k = f->k;
    float b[KEHU__NMF_MAX];
    double common = 0;
    for (int64_t i = block_start(s->n, block); i < block_start(s->n, block + 1); i++) {
        float *const u = s->factors + (size_t)i * k;
        multiply_row(b, s->columns + s->starts[i], s->values + s->starts[i],
                     s->starts[i + 1] - s->starts[i], f->fixed->factors, k);
        solve_row(u, b, f->gram, k, SWEEPS);
        for (uint32_t t = 0; t < k; t++)
            common += (double)b[t] * (double)u[t];
    }
    f->common[block] = common;
}

static void find_gram(factoring *f, const side *fixed)
{
    const size_t n = (size_t)f->k * f->k;
    f->fixed = fixed;
    kehu__parallel(f->run, BLOCKS, gram_task, f);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t block = 0; block < BLOCKS; block++)
            sum += f->partial[block * n + i];
        f->gram[i] = (float)sum;
    }
}

/* One side anew. */
static void solve_side(factoring *f, side *solved, const side *fixed)
{
    find_gram(f, fixed);
    f->solved = solved;
    kehu__parallel(f->run, BLOCKS, solve_task, f);
}

/* |X - W H|^2 - |X|^2 right after the columns' side was solved: <W'W, HH'> - 2 <X', H>;
 * the gram at hand is W'W. */
static double error_now(factoring *f)
{
    const uint32_t k = f->k;
    double both = 0, common = 0;
    for (uint32_t block = 0; block < BLOCKS; block++)
        common += f->common[block];
    for (int64_t j = 0; j < f->columns.n; j++) {
        const float *const u = f->columns.factors + (size_t)j * k;
        for (uint32_t s = 0; s < k; s++)
            if (u[s] != 0)
                for (uint32_t t = 0; t < k; t++)
                    both +=
                        (double)u[s] * (double)f->gram[(size_t)s * k + t] * (double)u[t];
    }
    return both - 2 * common;
}

static kehu_status descend(factoring *f, uint32_t passes, double squares, double *error,
                           kehu_error *err)
{
    for (uint32_t pass = 0; pass < passes; pass++) {
        const double before = *error;
        KEHU_TRY(kehu__progress(f->run, (double)pass / passes, "factoring", err));
        solve_side(f, &f->rows, &f->columns);
        solve_side(f, &f->columns, &f->rows);
        *error = error_now(f) + squares;
        if (pass > 0 && before - *error < enough * squares)
            break;
    }
    return KEHU_OK;
}

static kehu_status factor(factoring *f, uint32_t passes, kehu_error *err)
{
    double squares = 0, error = 0;
    for (int64_t e = 0; e < f->rows.starts[f->rows.n]; e++)
        squares += (double)f->rows.values[e] * (double)f->rows.values[e];
    memset(f->rows.factors, 0, (size_t)f->rows.n * f->k * sizeof(float));
    return descend(f, passes, squares, &error, err);
}

/* The columns' side of the rows: who has column j, and how much. */
static bool transpose(factoring *f, uint32_t n_columns)
{
    const side *const r = &f->rows;
    side *const c = &f->columns;
    const size_t n = (size_t)r->starts[r->n];
    c->n = n_columns;
    c->starts = kehu__alloc_zero(&f->alloc, (size_t)n_columns + 2, sizeof *c->starts);
    c->columns = kehu__alloc(&f->alloc, n + 1, sizeof *c->columns);
    c->values = kehu__alloc(&f->alloc, n + 1, sizeof *c->values);
    if (c->starts == NULL || c->columns == NULL || c->values == NULL)
        return false;
    for (size_t e = 0; e < n; e++)
        c->starts[r->columns[e] + 2]++;
    for (uint32_t j = 1; j < n_columns; j++)
        c->starts[j + 1] += c->starts[j];
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t e = r->starts[i]; e < r->starts[i + 1]; e++) {
            const int64_t at = c->starts[r->columns[e] + 1]++;
            c->columns[at] = (uint32_t)i;
            c->values[at] = r->values[e];
        }
    return true;
}

static void scale_topics(float *factors, uint32_t n_columns, uint32_t k)
{
    for (uint32_t t = 0; t < k; t++) {
        double squares = 0;
        for (uint32_t j = 0; j < n_columns; j++) {
            const double v = factors[(size_t)j * k + t];
            squares += v * v;
        }
        for (uint32_t j = 0; j < n_columns && squares > 0; j++)
            factors[(size_t)j * k + t] =
                (float)((double)factors[(size_t)j * k + t] / sqrt(squares));
    }
}

kehu_status kehu__nmf_fit(float *factors, const kehu__sparse *rows, uint32_t k,
                          uint32_t passes, const kehu__run *run,
                          const kehu_allocator *alloc, kehu_error *err)
{
    const size_t n = (size_t)rows->n_rows, m = rows->n_columns;
    const size_t n_values = n == 0 ? 0 : (size_t)rows->starts[n];
    factoring f = {.alloc = *alloc, .run = run, .k = k};
    kehu_status status;
    memset(factors, 0, m * k * sizeof *factors);
    if (n_values == 0)
        return KEHU_OK;
    /* Borrowed for reading only. */
    f.rows.n = rows->n_rows;
    f.rows.starts = (int64_t *)(uintptr_t)rows->starts;
    f.rows.columns = (uint32_t *)(uintptr_t)rows->columns;
    f.rows.values = (float *)(uintptr_t)rows->values;
    f.columns.factors = factors;
    f.rows.factors = kehu__alloc(alloc, n, k * sizeof(float));
    f.partial = kehu__alloc(alloc, (size_t)k * k, BLOCKS * sizeof(double));
    f.gram = kehu__alloc(alloc, (size_t)k * k, sizeof(float));
    if (!kehu__nmf_start(factors, rows, k, alloc) || !transpose(&f, rows->n_columns) ||
        f.rows.factors == NULL || f.partial == NULL || f.gram == NULL) {
        status = kehu__no_memory(err, "the factorization");
        goto done;
    }
    status = factor(&f, passes, err);
    scale_topics(factors, rows->n_columns, k);
done:
    kehu__free(alloc, f.rows.factors, n, k * sizeof(float));
    kehu__free(alloc, f.partial, (size_t)k * k, BLOCKS * sizeof(double));
    kehu__free(alloc, f.gram, (size_t)k * k, sizeof(float));
    kehu__free(alloc, f.columns.starts, m + 2, sizeof(int64_t));
    kehu__free(alloc, f.columns.columns, n_values + 1, sizeof(uint32_t));
    kehu__free(alloc, f.columns.values, n_values + 1, sizeof(float));
    return status;
}

void kehu__nmf_gram(float *gram, const float *factors, uint32_t n_columns, uint32_t k)
{
    double sum[KEHU__NMF_MAX];
    for (uint32_t s = 0; s < k; s++) {
        memset(sum, 0, k * sizeof *sum);
        for (uint32_t j = 0; j < n_columns; j++) {
            const float *const row = factors + (size_t)j * k;
            if (row[s] != 0)
                for (uint32_t t = s; t < k; t++)
                    sum[t] += (double)row[s] * (double)row[t];
        }
        for (uint32_t t = s; t < k; t++)
            gram[(size_t)s * k + t] = gram[(size_t)t * k + s] = (float)sum[t];
    }
}

void kehu__nmf_row(float *weights, const uint32_t *columns, const float *values,
                   int64_t n, const float *factors, const float *gram, uint32_t k)
{
    float b[KEHU__NMF_MAX];
    multiply_row(b, columns, values, n, factors, k);
    memset(weights, 0, k * sizeof *weights);
    solve_row(weights, b, gram, k, LAST_SWEEPS);
}
