#include "base/cpu.h"
#if defined(KEHU__AVX) /* first: it calls malloc, whose name is taken away below */
#include <immintrin.h>
#endif

#include "learn/tree_plain.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"
#include "learn/tree_encode.h"

enum { TOGETHER = 16, BLOCK_ROWS = KEHU__PLAIN_ROWS };

#if defined(KEHU__AVX)
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define PICK(table, place)                                                               \
    _mm512_permutex2var_epi32(_mm512_loadu_si512(table), (__m512i)(place),               \
                              _mm512_loadu_si512((const char *)(table) + 64))
#endif
#define REAL      float
#define BITS      int32_t
#define NAME(x)   float_##x
#define NARROW(x) kehu__tree_narrowed(x)
#define AFTER(x)  nextafterf(x, INFINITY)
#define FAR       0x1p100f
#define LEAST     0x1p-49f
#include "learn/tree_plain.inc.h"

#if defined(KEHU__AVX)
#undef PICK
#define PICK(table, place)                                                               \
    _mm512_permutex2var_epi64(_mm512_loadu_si512(table), (__m512i)(place),               \
                              _mm512_loadu_si512((const char *)(table) + 64))
#endif
#define REAL      double
#define BITS      int64_t
#define NAME(x)   double_##x
#define NARROW(x) (x)
#define AFTER(x)  nextafter(x, (double)INFINITY)
#define FAR       0x1p1000
#define LEAST     0x1p-74
#include "learn/tree_plain.inc.h"
#undef PICK
#undef AVX512

/* Of a column that a row in every line of floats asks, the next block is fetched; of
 * others one line, so that the page is known when a row does ask. */
typedef struct ahead {
    const char *values;
    double share; /* of the rows, asks it */
} ahead;

struct kehu__plain {
    bool is_double;
    size_t value_size;
    int64_t n_rows;
    uint32_t n_ahead;
    ahead *ahead; /* [n_features], n_ahead are filled */
    float_walker floats;
    double_walker doubles;
};

static kehu_type type_asked(const kehu_tree *tree, const kehu__tree_source *sources)
{
    return tree->nodes[0].feature < 0 ? KEHU_BOOL
                                      : sources[tree->nodes[0].feature].column->type;
}

static bool all_plain(const kehu_tree *tree, const kehu__tree_source *sources)
{
    const kehu_type type = type_asked(tree, sources);
    if (type != KEHU_FLOAT32 && type != KEHU_FLOAT64)
        return false;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const int32_t f = tree->nodes[i].feature;
        if (f >= 0 &&
            (sources[f].column->type != type || sources[f].column->validity != NULL))
            return false;
    }
    return true;
}

static void choose_ahead(kehu__plain *p, const kehu_tree *tree,
                         const kehu__tree_source *sources)
{
    const uint32_t K = tree->classes.n;
    double all = 0;
    for (uint32_t k = 0; k < K; k++)
        all += tree->weights[k];
    for (uint32_t i = 0; i < tree->n_nodes; i++)
        for (uint32_t k = 0; k < K && tree->nodes[i].feature >= 0; k++)
            p->ahead[tree->nodes[i].feature].share +=
                tree->weights[(size_t)i * K + k] / all;
    for (uint32_t f = 0; f < tree->n_features; f++) {
        const kehu_column *c = sources[f].column;
        const double share = p->ahead[f].share;
        if (share > 0)
            p->ahead[p->n_ahead++] =
                (ahead){(const char *)c->data + (size_t)c->start * p->value_size, share};
    }
}

kehu_status kehu__plain_open(kehu__plain **out, const kehu_tree *tree,
                             const kehu__tree_source *sources, int64_t n_rows,
                             kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    kehu__plain *p;
    *out = NULL;
    if (n_rows < TOGETHER || !all_plain(tree, sources))
        return KEHU_OK;
    *out = p = kehu__alloc_zero(a, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "scoring");
    p->is_double = type_asked(tree, sources) == KEHU_FLOAT64;
    p->value_size = p->is_double ? sizeof(double) : sizeof(float);
    p->n_rows = n_rows;
    p->ahead = kehu__alloc_zero(a, tree->n_features, sizeof *p->ahead);
    if (p->is_double)
        p->doubles.nodes = kehu__alloc(a, tree->n_nodes, sizeof *p->doubles.nodes);
    else
        p->floats.nodes = kehu__alloc(a, tree->n_nodes, sizeof *p->floats.nodes);
    if (p->ahead == NULL || (p->doubles.nodes == NULL && p->floats.nodes == NULL))
        return kehu__no_memory(err, "scoring");
    choose_ahead(p, tree, sources);
    if (p->is_double)
        double_fill(&p->doubles, tree, sources);
    else
        float_fill(&p->floats, tree, sources);
    return KEHU_OK;
}

void kehu__plain_close(kehu__plain *plain, const kehu_tree *tree)
{
    const kehu_allocator *a = &tree->alloc;
    if (plain == NULL)
        return;
    kehu__free(a, plain->floats.nodes, tree->n_nodes, sizeof *plain->floats.nodes);
    kehu__free(a, plain->doubles.nodes, tree->n_nodes, sizeof *plain->doubles.nodes);
    kehu__free(a, plain->ahead, tree->n_features, sizeof *plain->ahead);
    kehu__free(a, plain, 1, sizeof *plain);
}

void kehu__plain_walk(const kehu__plain *plain, int64_t from, uint32_t n, uint32_t *nodes)
{
    const int64_t next = from + BLOCK_ROWS, left = plain->n_rows - next;
    const size_t size =
        (size_t)(left < BLOCK_ROWS ? left : BLOCK_ROWS) * plain->value_size;
    for (uint32_t k = 0; k < plain->n_ahead && left > 0; k++) {
        const ahead *a = &plain->ahead[k];
        const char *values = a->values + (size_t)next * plain->value_size;
        for (size_t at = 0; at < (a->share > 1. / 16 ? size : 1); at += 64)
            KEHU__PREFETCH(values + at);
    }
    if (plain->is_double)
        double_walk(&plain->doubles, from, n, nodes);
    else
        float_walk(&plain->floats, from, n, nodes);
}
