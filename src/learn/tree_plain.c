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

/* A block is a page of values. */
enum { TOGETHER = 16, BLOCK_BYTES = 4096, TURNED_ROWS = BLOCK_BYTES / sizeof(double) };

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

/* A column that the tree asks. Of one that a row in every line of floats asks, the next
 * block is fetched; of others one line, so that the page is known when a row does ask. */
typedef struct asked {
    const kehu_column *column;
    uint32_t feature;
    double share; /* of the rows, asks it */
} asked;

/* Columns of different types, or with validity bits, are turned to doubles block by
 * block, each task in its own room. */
struct kehu__plain {
    bool is_double;
    int64_t n_rows;
    uint32_t n_asked, n_rooms; /* 0 rooms: nothing is turned */
    asked *asked;              /* [n_features], n_asked are filled */
    const void **values;       /* [n_features] of the first room, or the columns' own */
    double *rooms;             /* [n_rooms][n_asked][TURNED_ROWS] */
    float_walker floats;
    double_walker doubles;
};

static size_t value_size(const kehu__plain *p)
{
    return p->is_double ? sizeof(double) : sizeof(float);
}

static uint32_t rows_in_block(const kehu__plain *p)
{
    return (uint32_t)(BLOCK_BYTES / value_size(p));
}

static size_t room_size(const kehu__plain *p)
{
    return (size_t)p->n_asked * TURNED_ROWS;
}

/* Fills asked; returns how many columns a row asks in the mean. */
static double find_asked(kehu__plain *p, const kehu_tree *tree,
                         const kehu__tree_source *sources)
{
    const uint32_t K = tree->classes.n;
    double all = 0, questions = 0;
    for (uint32_t k = 0; k < K; k++)
        all += tree->weights[k];
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const int32_t f = tree->nodes[i].feature;
        if (f < 0)
            continue;
        p->asked[f].column = sources[f].column;
        p->asked[f].feature = (uint32_t)f;
        for (uint32_t k = 0; k < K; k++)
            p->asked[f].share += tree->weights[(size_t)i * K + k] / all;
    }
    for (uint32_t f = 0; f < tree->n_features; f++)
        if (p->asked[f].column != NULL) {
            questions += p->asked[f].share;
            p->asked[p->n_asked++] = p->asked[f];
        }
    return questions;
}

typedef enum manner { AS_THEY_ARE, TURNED, NOT_AT_ALL } manner;

/* Turning a value costs less than a tenth of asking it where it lies. */
static manner manner_of(const kehu__plain *p, const kehu_tree *tree, double questions)
{
    bool alike = p->n_asked > 0;
    for (uint32_t k = 0; k < p->n_asked; k++) {
        const kehu_column *c = p->asked[k].column;
        if (kehu__tree_is_text(&tree->features[p->asked[k].feature]))
            return NOT_AT_ALL;
        alike &= (c->type == KEHU_FLOAT32 || c->type == KEHU_FLOAT64) &&
                 c->type == p->asked[0].column->type && c->validity == NULL;
    }
    if (alike)
        return AS_THEY_ARE;
    return p->n_asked > 0 && p->n_asked <= 8 * questions ? TURNED : NOT_AT_ALL;
}

static const void *values_of(const kehu__plain *p, uint32_t k)
{
    const kehu_column *c = p->asked[k].column;
    if (p->n_rooms > 0)
        return p->rooms + (size_t)k * TURNED_ROWS;
    return p->is_double ? (const void *)((const double *)c->data + c->start)
                        : (const void *)((const float *)c->data + c->start);
}

static bool make_room(kehu__plain *p, const kehu_tree *tree)
{
    const kehu_allocator *a = &tree->alloc;
    if (p->n_rooms > 0)
        p->rooms = kehu__alloc(a, p->n_rooms * room_size(p), sizeof *p->rooms);
    if (p->is_double)
        p->doubles.nodes = kehu__alloc(a, tree->n_nodes, sizeof *p->doubles.nodes);
    else
        p->floats.nodes = kehu__alloc(a, tree->n_nodes, sizeof *p->floats.nodes);
    return (p->n_rooms == 0 || p->rooms != NULL) &&
           (p->doubles.nodes != NULL || p->floats.nodes != NULL);
}

kehu_status kehu__plain_open(kehu__plain **out, const kehu_tree *tree,
                             const kehu__tree_source *sources, int64_t n_rows,
                             uint32_t n_rooms, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    kehu__plain *p;
    manner how;
    *out = NULL;
    if (n_rows < TOGETHER)
        return KEHU_OK;
    *out = p = kehu__alloc_zero(a, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "scoring");
    p->asked = kehu__alloc_zero(a, tree->n_features, sizeof *p->asked);
    p->values = kehu__alloc_zero(a, tree->n_features, sizeof *p->values);
    if (p->asked == NULL || p->values == NULL)
        return kehu__no_memory(err, "scoring");
    how = manner_of(p, tree, find_asked(p, tree, sources));
    if (how == NOT_AT_ALL) {
        kehu__plain_close(p, tree);
        *out = NULL;
        return KEHU_OK;
    }
    p->n_rows = n_rows;
    p->n_rooms = how == TURNED ? n_rooms : 0;
    p->is_double = how == TURNED || p->asked[0].column->type == KEHU_FLOAT64;
    if (!make_room(p, tree))
        return kehu__no_memory(err, "scoring");
    for (uint32_t k = 0; k < p->n_asked; k++)
        p->values[p->asked[k].feature] = values_of(p, k);
    if (p->is_double)
        double_fill(&p->doubles, tree, p->values);
    else
        float_fill(&p->floats, tree, p->values);
    return KEHU_OK;
}

void kehu__plain_close(kehu__plain *plain, const kehu_tree *tree)
{
    const kehu_allocator *a = &tree->alloc;
    if (plain == NULL)
        return;
    kehu__free(a, plain->floats.nodes, tree->n_nodes, sizeof *plain->floats.nodes);
    kehu__free(a, plain->doubles.nodes, tree->n_nodes, sizeof *plain->doubles.nodes);
    kehu__free(a, plain->rooms, plain->n_rooms * room_size(plain), sizeof *plain->rooms);
    kehu__free(a, plain->asked, tree->n_features, sizeof *plain->asked);
    kehu__free(a, plain->values, tree->n_features, sizeof *plain->values);
    kehu__free(a, plain, 1, sizeof *plain);
}

static void fetch_next_block(const kehu__plain *p, int64_t from)
{
    const int64_t next = from + rows_in_block(p), left = p->n_rows - next;
    const size_t size =
        left < rows_in_block(p) ? (size_t)left * value_size(p) : BLOCK_BYTES;
    for (uint32_t k = 0; k < p->n_asked && left > 0; k++) {
        const char *values = p->values[p->asked[k].feature];
        values += (size_t)next * value_size(p);
        for (size_t at = 0; at < (p->asked[k].share > 1. / 16 ? size : 1); at += 64)
            KEHU__PREFETCH(values + at);
    }
}

static void walk_block(const kehu__plain *p, int64_t from, uint32_t n, uint32_t room,
                       uint32_t *nodes)
{
    if (p->n_rooms > 0) {
        const size_t at = room * room_size(p);
        for (uint32_t k = 0; k < p->n_asked; k++)
            kehu__column_numbers(p->asked[k].column, from, n,
                                 p->rooms + at + (size_t)k * TURNED_ROWS);
        double_walk(&p->doubles, (int64_t)at, n, nodes);
        return;
    }
    fetch_next_block(p, from);
    if (p->is_double)
        double_walk(&p->doubles, from, n, nodes);
    else
        float_walk(&p->floats, from, n, nodes);
}

void kehu__plain_walk(const kehu__plain *plain, int64_t from, uint32_t n, uint32_t room,
                      uint32_t *nodes)
{
    const uint32_t block = rows_in_block(plain);
    for (uint32_t i = 0; i < n; i += block)
        walk_block(plain, from + i, n - i < block ? n - i : block, room, nodes + i);
}
