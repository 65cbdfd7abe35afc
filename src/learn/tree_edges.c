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

/* Buckets rise with the values, so that equal ones share theirs. False where there is no
 * such grid. */
static bool find_buckets(const kehu__tree_sample *s, size_t n)
{
    const double *values = s->values;
    double low = INFINITY, high = -INFINITY, scale;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    scale = (GRID - 1) / (high - low);
    if (!(high - low > 0) || isinf(high - low) || isinf(scale))
        return false;
    for (size_t i = 0; i < n; i++)
        s->buckets[i] = (uint16_t)((values[i] - low) * scale);
    return true;
}

/* Count the values of each bucket into starts[bucket + 1]; returns how many have any. */
static uint32_t count_buckets(const kehu__tree_sample *s, size_t n)
{
    uint32_t n_used = 0;
    memset(s->starts, 0, (GRID + 1) * sizeof *s->starts);
    for (size_t i = 0; i < n; i++)
        s->starts[s->buckets[i] + 1]++;
    for (uint32_t b = 1; b <= GRID; b++)
        n_used += s->starts[b] > 0;
    return n_used;
}

/* Put counted values into their buckets, all in the scratch. */
static void fill_buckets(const kehu__tree_sample *s, size_t n)
{
    uint32_t before = 0;
    for (uint32_t b = 0; b < GRID; b++) {
        const uint32_t here = s->starts[b + 1];
        s->starts[b + 1] = before;
        before += here;
    }
    /* Each start moves on to its bucket's end, where the next one's is. */
    for (size_t i = 0; i < n; i++)
        s->scratch[s->starts[s->buckets[i] + 1]++] = s->values[i];
}

/* Sort the buckets that quantile_edges() looks into: those with the value before a cut,
 * and the next ones, to which a run of equal values may move it. */
static void sort_buckets(const kehu__tree_sample *s, size_t n)
{
    uint32_t here = 0, next = 0, done = 0;
    for (size_t q = 1; q < KEHU__TREE_MAX_BINS; q++) {
        const size_t at = quantile_at(q, n);
        while (at > 0 && s->starts[here + 1] < at)
            here++;
        next = next > here ? next : here + 1;
        while (next < GRID && s->starts[next + 1] == s->starts[next])
            next++;
        for (uint32_t i = 0; at > 0 && i < 2; i++) {
            const uint32_t b = i == 0 ? here : next;
            if (b >= done && b < GRID) {
                const size_t from = s->starts[b];
                sort_some(s->scratch + from, s->values, s->starts[b + 1] - from);
                done = b + 1;
            }
        }
    }
}

/* Of the sample's first n values, which are spoilt. */
static uint32_t find_edges(double *edges, const kehu__tree_sample *s, size_t n)
{
    size_t n_different = 1;
    if (n > GRID && find_buckets(s, n) && count_buckets(s, n) > KEHU__TREE_MAX_BINS) {
        fill_buckets(s, n);
        sort_buckets(s, n);
        return quantile_edges(edges, s->scratch, n);
    }
    kehu__sort_f64(s->values, s->scratch, n);
    for (size_t i = 1; i < n; i++)
        n_different += s->values[i] > s->values[i - 1];
    return n_different <= KEHU__TREE_MAX_BINS ? exact_edges(edges, s->values, n)
                                              : quantile_edges(edges, s->values, n);
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

void kehu__tree_sample_free(kehu__tree_sample *s)
{
    kehu__free(&s->alloc, s->values, s->room, sizeof *s->values);
    kehu__free(&s->alloc, s->scratch, s->room, sizeof *s->scratch);
    kehu__free(&s->alloc, s->buckets, s->room, sizeof *s->buckets);
    kehu__free(&s->alloc, s->starts, GRID + 1, sizeof *s->starts);
    *s = (kehu__tree_sample){.alloc = s->alloc};
}

static bool make_room(kehu__tree_sample *s, size_t room)
{
    if (room <= s->room)
        return true;
    kehu__tree_sample_free(s);
    s->room = room;
    s->values = kehu__alloc(&s->alloc, room, sizeof *s->values);
    s->scratch = kehu__alloc(&s->alloc, room, sizeof *s->scratch);
    s->buckets = kehu__alloc(&s->alloc, room, sizeof *s->buckets);
    s->starts = kehu__alloc(&s->alloc, GRID + 1, sizeof *s->starts);
    if (s->values != NULL && s->scratch != NULL && s->buckets != NULL &&
        s->starts != NULL)
        return true;
    kehu__tree_sample_free(s);
    return false;
}

kehu_status kehu__tree_edges_learn(double edges[KEHU__TREE_MAX_BINS], uint32_t *n,
                                   const kehu_column *c, const uint8_t *use,
                                   kehu__tree_sample *s, kehu_error *err)
{
    const int64_t step = c->length > MAX_SAMPLE ? c->length / MAX_SAMPLE : 1;
    if (!make_room(s, (size_t)(c->length / step) + 1))
        return kehu__no_memory(err, "a column's bins");
    *n = find_edges(edges, s, take_sample(s->values, c, use, step));
    return KEHU_OK;
}
