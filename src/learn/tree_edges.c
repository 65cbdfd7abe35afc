/* Quantiles of many values do not need them all in order: values go into buckets by a
 * grid over their range, and only the buckets that quantiles lie in are sorted. */
#include "learn/tree_edges.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"

enum {
    MAX_SAMPLE = 100000, /* enough to place 254 quantiles well; more only cost time */
    GRID = 1 << 14,
    FEW = 32 /* are sorted fastest by inserting */
};

/* A number e with a < e <= b, half way where that can be said: infinities and
 * neighbouring doubles have no number between them. */
static double between(double a, double b)
{
    const double middle = 0.5 * a + 0.5 * b;
    return middle > a && middle <= b ? middle : b;
}

static uint32_t exact_edges(double *edges, const double *sorted, size_t n)
{
    uint32_t k = 0;
    for (size_t i = 1; i < n; i++)
        if (sorted[i] > sorted[i - 1])
            edges[k++] = between(sorted[i - 1], sorted[i]);
    return k;
}

/* Place of the q-th quantile's cut among n values, before its values' equals are looked
 * at. */
static size_t quantile_at(size_t q, size_t n)
{
    return q * n / KEHU__TREE_MAX_BINS;
}

/* Cut at the q/254 quantiles; a cut inside a run of equal values moves to the
 * run's end. */
static uint32_t quantile_edges(double *edges, const double *sorted, size_t n)
{
    uint32_t k = 0;
    for (size_t q = 1; q < KEHU__TREE_MAX_BINS; q++) {
        size_t at = quantile_at(q, n);
        double edge;
        if (at == 0)
            continue;
        while (at < n && !(sorted[at] > sorted[at - 1]))
            at++;
        if (at == n)
            break;
        edge = between(sorted[at - 1], sorted[at]);
        if (k == 0 || edge > edges[k - 1])
            edges[k++] = edge;
    }
    return k;
}

static void sort_some(double *values, double *scratch, size_t n)
{
    if (n > FEW) {
        kehu__sort_f64(values, scratch, n);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const double x = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > x; at--)
            values[at] = values[at - 1];
        values[at] = x;
    }
}

typedef struct grid {
    uint16_t *buckets; /* of the values */
    uint32_t *starts;  /* [GRID + 1] */
} grid;

/* Buckets rise with the values, so that equal ones share theirs. False where there is no
 * such grid. */
static bool find_buckets(grid *g, const double *values, size_t n)
{
    double low = INFINITY, high = -INFINITY, scale;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    scale = (GRID - 1) / (high - low);
    if (!(high - low > 0) || isinf(high - low) || isinf(scale))
        return false;
    for (size_t i = 0; i < n; i++)
        g->buckets[i] = (uint16_t)((values[i] - low) * scale);
    return true;
}

/* Count the values of each bucket into starts[bucket + 1]; returns how many have any. */
static uint32_t count_buckets(grid *g, size_t n)
{
    uint32_t n_used = 0;
    memset(g->starts, 0, (GRID + 1) * sizeof *g->starts);
    for (size_t i = 0; i < n; i++)
        g->starts[g->buckets[i] + 1]++;
    for (uint32_t b = 1; b <= GRID; b++)
        n_used += g->starts[b] > 0;
    return n_used;
}

/* Put counted values into their buckets, all in `sorted`. */
static void fill_buckets(grid *g, double *sorted, const double *values, size_t n)
{
    uint32_t before = 0;
    for (uint32_t b = 0; b < GRID; b++) {
        const uint32_t here = g->starts[b + 1];
        g->starts[b + 1] = before;
        before += here;
    }
    /* Each start moves on to its bucket's end, where the next one's is. */
    for (size_t i = 0; i < n; i++)
        sorted[g->starts[g->buckets[i] + 1]++] = values[i];
}

/* Sort the buckets that quantile_edges() looks into: those with the value before a cut,
 * and the next ones, to which a run of equal values may move it. */
static void sort_buckets(const grid *g, double *sorted, double *scratch, size_t n)
{
    uint32_t here = 0, next = 0, done = 0;
    for (size_t q = 1; q < KEHU__TREE_MAX_BINS; q++) {
        const size_t at = quantile_at(q, n);
        while (at > 0 && g->starts[here + 1] < at)
            here++;
        next = next > here ? next : here + 1;
        while (next < GRID && g->starts[next + 1] == g->starts[next])
            next++;
        for (uint32_t i = 0; at > 0 && i < 2; i++) {
            const uint32_t b = i == 0 ? here : next;
            if (b >= done && b < GRID) {
                const size_t from = g->starts[b];
                sort_some(sorted + from, scratch, g->starts[b + 1] - from);
                done = b + 1;
            }
        }
    }
}

/* values and scratch [n] are spoilt. */
static uint32_t find_edges(double *edges, grid *g, double *values, double *scratch,
                           size_t n)
{
    size_t n_different = 1;
    if (n > GRID && find_buckets(g, values, n) &&
        count_buckets(g, n) > KEHU__TREE_MAX_BINS) {
        fill_buckets(g, scratch, values, n);
        sort_buckets(g, scratch, values, n);
        return quantile_edges(edges, scratch, n);
    }
    kehu__sort_f64(values, scratch, n);
    for (size_t i = 1; i < n; i++)
        n_different += values[i] > values[i - 1];
    return n_different <= KEHU__TREE_MAX_BINS ? exact_edges(edges, values, n)
                                              : quantile_edges(edges, values, n);
}

/* Every step-th used value that is there; returns how many. */
static size_t take_sample(double *values, const kehu_column *c, const uint8_t *use,
                          int64_t step)
{
    const bool is_plain = c->type == KEHU_FLOAT32 && c->validity == NULL;
    size_t n = 0;
    for (int64_t i = 0; i < c->length; i += step) {
        const double x = is_plain ? (double)((const float *)c->data)[c->start + i]
                                  : kehu__column_number(c, i);
        values[n] = x + 0.0; /* -0 becomes 0 */
        n += (use == NULL || use[i]) && !isnan(x);
    }
    return n;
}

kehu_status kehu__tree_edges_learn(double edges[KEHU__TREE_MAX_BINS], uint32_t *n,
                                   const kehu_column *c, const uint8_t *use,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    const int64_t step = c->length > MAX_SAMPLE ? c->length / MAX_SAMPLE : 1;
    const size_t room = (size_t)(c->length / step) + 1;
    double *values = kehu__alloc(alloc, room, sizeof *values),
           *scratch = kehu__alloc(alloc, room, sizeof *scratch);
    grid g = {kehu__alloc(alloc, room, sizeof *g.buckets),
              kehu__alloc(alloc, GRID + 1, sizeof *g.starts)};
    kehu_status status = KEHU_OK;
    if (values == NULL || scratch == NULL || g.buckets == NULL || g.starts == NULL)
        status = kehu__no_memory(err, "a column's bins");
    else
        *n = find_edges(edges, &g, values, scratch, take_sample(values, c, use, step));
    kehu__free(alloc, values, room, sizeof *values);
    kehu__free(alloc, scratch, room, sizeof *scratch);
    kehu__free(alloc, g.buckets, room, sizeof *g.buckets);
    kehu__free(alloc, g.starts, GRID + 1, sizeof *g.starts);
    return status;
}
