/* Best-first growth. Each open leaf keeps its rows grouped by class, so that
 * counting a histogram is a plain increment per cell whatever the number of
 * classes; of each class only that child is counted which has fewer of its rows,
 * its sibling has the rest of their parent's histogram. */
#include "learn/tree_grow.h"

#include <string.h>

#include "base/error.h"

enum { NO_HISTOGRAM = -1, MAX_HISTOGRAMS = 512, ALL_CLASSES = KEHU__TREE_MAX_CLASSES };

/* Leaves of fewer rows are counted again rather than have their histogram kept:
 * subtracting costs as much as counting that many. */
static uint32_t least_kept_rows(const kehu__tree_rows *rows)
{
    const uint32_t cells = rows->n_cells / (rows->n_inputs > 0 ? rows->n_inputs : 1);
    return 64 + rows->n_classes * cells;
}

static uint32_t leaves_that_fit(const kehu__tree_rows *rows, uint32_t max_leaves)
{
    return max_leaves < rows->n_rows ? max_leaves : rows->n_rows;
}

kehu_status kehu__tree_grower_init(kehu__tree_grower *g, const kehu__tree_rows *rows,
                                   uint32_t max_leaves, const kehu__run *run,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    const uint32_t K = rows->n_classes;
    *g = (kehu__tree_grower){.alloc = *alloc,
                             .n_classes = K,
                             .n_rows = rows->n_rows,
                             .n_inputs = rows->n_inputs,
                             .max_leaves = leaves_that_fit(rows, max_leaves),
                             .run = run,
                             .cell_size = rows->weights == NULL ? sizeof(uint32_t)
                                                                : sizeof(uint64_t),
                             .histogram_size = kehu__times(K, rows->n_cells)};
    g->max_nodes = 2 * g->max_leaves - 1;
    g->n_histograms = rows->n_rows / least_kept_rows(rows) + 2;
    if (g->n_histograms > g->max_leaves + 2)
        g->n_histograms = g->max_leaves + 2;
    if (g->n_histograms > MAX_HISTOGRAMS)
        g->n_histograms = MAX_HISTOGRAMS;
    g->work_size = (size_t)K * 256;
    g->nodes = kehu__alloc(alloc, g->max_nodes, sizeof *g->nodes);
    g->counts = kehu__alloc(alloc, kehu__times(g->max_nodes, K), sizeof *g->counts);
    g->order = kehu__alloc(alloc, g->n_rows, sizeof *g->order);
    g->spill = kehu__alloc(alloc, g->n_rows, sizeof *g->spill);
    g->bounds =
        kehu__alloc(alloc, kehu__times(g->max_leaves, 2 * (size_t)K), sizeof *g->bounds);
    g->splits = kehu__alloc(alloc, g->max_leaves, sizeof *g->splits);
    g->leaf_nodes = kehu__alloc(alloc, g->max_leaves, sizeof *g->leaf_nodes);
    g->leaf_histogram = kehu__alloc(alloc, g->max_leaves, sizeof *g->leaf_histogram);
    g->histograms =
        kehu__alloc(alloc, g->n_histograms, kehu__times(g->histogram_size, g->cell_size));
    g->free_list = kehu__alloc(alloc, g->n_histograms, sizeof *g->free_list);
    g->work = kehu__alloc(alloc, g->work_size, sizeof *g->work);
    g->candidates = kehu__alloc(alloc, g->n_inputs, sizeof *g->candidates);
    if (g->nodes == NULL || g->counts == NULL || g->order == NULL || g->spill == NULL ||
        g->bounds == NULL || g->splits == NULL || g->leaf_nodes == NULL ||
        g->leaf_histogram == NULL || g->histograms == NULL || g->free_list == NULL ||
        g->work == NULL || g->candidates == NULL)
        return kehu__no_memory(err, "growing a tree");
    return KEHU_OK;
}

void kehu__tree_grower_free(kehu__tree_grower *g)
{
    const kehu_allocator a = g->alloc;
    const uint32_t K = g->n_classes;
    kehu__free(&a, g->nodes, g->max_nodes, sizeof *g->nodes);
    kehu__free(&a, g->counts, (size_t)g->max_nodes * K, sizeof *g->counts);
    kehu__free(&a, g->order, g->n_rows, sizeof *g->order);
    kehu__free(&a, g->spill, g->n_rows, sizeof *g->spill);
    kehu__free(&a, g->bounds, (size_t)g->max_leaves * K * 2, sizeof *g->bounds);
    kehu__free(&a, g->splits, g->max_leaves, sizeof *g->splits);
    kehu__free(&a, g->leaf_nodes, g->max_leaves, sizeof *g->leaf_nodes);
    kehu__free(&a, g->leaf_histogram, g->max_leaves, sizeof *g->leaf_histogram);
    kehu__free(&a, g->histograms, g->n_histograms, g->histogram_size * g->cell_size);
    kehu__free(&a, g->free_list, g->n_histograms, sizeof *g->free_list);
    kehu__free(&a, g->work, g->work_size, sizeof *g->work);
    kehu__free(&a, g->candidates, g->n_inputs, sizeof *g->candidates);
    *g = (kehu__tree_grower){.alloc = a};
}

static kehu__tree_histogram histogram_at(kehu__tree_grower *g, int32_t i)
{
    const size_t at = (size_t)i * g->histogram_size;
    kehu__tree_histogram h;
    if (g->cell_size == sizeof *h.counts)
        h.counts = (uint32_t *)g->histograms + at;
    else
        h.sums = (uint64_t *)g->histograms + at;
    return h;
}

static void count_leaf(kehu__tree_grower *g, const kehu__tree_rows *rows, uint32_t leaf,
                       kehu__tree_histogram h)
{
    kehu__tree_count_leaves(g, rows, leaf, leaf, ALL_CLASSES, h);
}

/* All rows' histogram: of the largest class it is what the others leave of the totals. */
static void count_root(kehu__tree_grower *g, const kehu__tree_rows *rows,
                       kehu__tree_histogram h)
{
    const size_t n = rows->n_cells;
    const double *sizes = g->counts;
    uint32_t largest = 0;
    for (uint32_t k = 1; k < g->n_classes; k++)
        if (sizes[k] > sizes[largest])
            largest = k;
    kehu__tree_count_leaves(g, rows, 0, 0, largest, h);
    memcpy(h.counts + largest * n, rows->totals, n * sizeof *h.counts);
    for (uint32_t k = 0; k < g->n_classes; k++)
        for (size_t i = 0; k != largest && i < n; i++)
            h.counts[largest * n + i] -= h.counts[k * n + i];
}

static void count_classes(kehu__tree_grower *g, const kehu__tree_rows *rows,
                          uint32_t leaf)
{
    const uint32_t *b = kehu__tree_bounds(g, leaf);
    double *counts = g->counts + (size_t)g->leaf_nodes[leaf] * g->n_classes;
    for (uint32_t k = 0; k < g->n_classes; k++) {
        uint64_t sum = b[2 * k + 1] - b[2 * k];
        if (rows->weights != NULL) {
            sum = 0;
            for (uint32_t i = b[2 * k]; i < b[2 * k + 1]; i++)
                sum += rows->weights[g->order[i]];
        }
        counts[k] = (double)sum;
    }
}

static double node_weight(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                          uint32_t node)
{
    double sum = 0;
    for (uint32_t k = 0; k < g->n_classes; k++)
        sum += g->counts[(size_t)node * g->n_classes + k];
    return sum * rows->weight_unit;
}

/* Rows of two classes in their order: no row waits for a counter in memory. */
static void order_two(kehu__tree_grower *g, const kehu__tree_rows *rows,
                      const uint8_t *fold, uint8_t skip, uint32_t *b)
{
    uint32_t n[2] = {0, 0};
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        const uint32_t used = fold == NULL || fold[i] != skip, second = rows->labels[i];
        g->order[n[0]] = g->spill[n[1]] = i;
        n[0] += used & (second ^ 1);
        n[1] += used & second;
    }
    if (n[1] > 0)
        memcpy(g->order + n[0], g->spill, n[1] * sizeof *g->order);
    b[0] = 0;
    b[1] = b[2] = n[0];
    b[3] = n[0] + n[1];
}

static void order_many(kehu__tree_grower *g, const kehu__tree_rows *rows,
                       const uint8_t *fold, uint8_t skip, uint32_t *b)
{
    uint32_t at = 0;
    memset(b, 0, (size_t)g->n_classes * 2 * sizeof *b);
    for (uint32_t i = 0; i < rows->n_rows; i++)
        if (fold == NULL || fold[i] != skip)
            b[2 * rows->labels[i] + 1]++;
    for (uint32_t k = 0; k < g->n_classes; k++) {
        const uint32_t n = b[2 * k + 1];
        b[2 * k] = b[2 * k + 1] = at;
        at += n;
    }
    for (uint32_t i = 0; i < rows->n_rows; i++)
        if (fold == NULL || fold[i] != skip)
            g->order[b[2 * rows->labels[i] + 1]++] = i;
}

/* Rows in class order as the root's leaf. */
static void start_root(kehu__tree_grower *g, const kehu__tree_rows *rows,
                       const uint8_t *fold, uint8_t skip)
{
    (g->n_classes == 2 ? order_two : order_many)(g, rows, fold, skip,
                                                 kehu__tree_bounds(g, 0));
    g->nodes[0] = (kehu__tree_node){.feature = -1};
    g->n_nodes = 1;
    g->leaf_nodes[0] = 0;
    g->leaf_histogram[0] = NO_HISTOGRAM;
    g->n_free = g->n_histograms;
    for (uint32_t i = 0; i < g->n_histograms; i++)
        g->free_list[i] = i;
    count_classes(g, rows, 0);
}

/* Stable partition of each class's rows; `leaf` keeps the left ones. */
static void part_rows(kehu__tree_grower *g, const kehu__tree_rows *rows,
                      const kehu__tree_split *split, uint32_t leaf, uint32_t new_leaf)
{
    uint32_t *b = kehu__tree_bounds(g, leaf), *nb = kehu__tree_bounds(g, new_leaf);
    const uint8_t *codes = rows->inputs[split->feature].codes;
    uint8_t left[256];
    for (uint32_t code = 0; code < 256; code++)
        left[code] = split->left_codes[code >> 6] >> (code & 63) & 1;
    for (uint32_t k = 0; k < g->n_classes; k++) {
        uint32_t *order = g->order, at = b[2 * k], n_right = 0;
        const uint32_t end = b[2 * k + 1];
        for (uint32_t i = at; i < end; i++) {
            const uint32_t row = order[i], goes = left[codes[row]];
            order[at] = row;
            g->spill[n_right] = row;
            at += goes;
            n_right += 1 - goes;
        }
        if (n_right > 0)
            memcpy(order + at, g->spill, n_right * sizeof *order);
        b[2 * k + 1] = nb[2 * k] = at;
        nb[2 * k + 1] = end;
    }
}

static void find_split(kehu__tree_grower *g, const kehu__tree_rows *rows,
                       const kehu__tree_growth *how, uint32_t leaf,
                       kehu__tree_histogram h)
{
    const uint32_t node = g->leaf_nodes[leaf];
    kehu__tree_best_split(rows, how, h, g->counts + (size_t)node * g->n_classes, g->work,
                          g->candidates, &g->splits[leaf]);
}

static void release_histogram(kehu__tree_grower *g, uint32_t leaf)
{
    if (g->leaf_histogram[leaf] != NO_HISTOGRAM)
        g->free_list[g->n_free++] = (uint32_t)g->leaf_histogram[leaf];
    g->leaf_histogram[leaf] = NO_HISTOGRAM;
}

/* Take a free histogram; there is always one: a leaf gives its own back, or
 * keeps none, when the last but one would be taken. */
static int32_t take_histogram(kehu__tree_grower *g)
{
    return (int32_t)g->free_list[--g->n_free];
}

static void keep_or_release(kehu__tree_grower *g, const kehu__tree_rows *rows,
                            uint32_t leaf)
{
    if (g->splits[leaf].feature < 0 ||
        kehu__tree_rows_of(g, leaf) < least_kept_rows(rows) || g->n_free < 1)
        release_histogram(g, leaf);
}

static bool may_split(const kehu__tree_grower *g, const kehu__tree_rows *rows,
                      const kehu__tree_growth *how, uint32_t leaf)
{
    const uint32_t node = g->leaf_nodes[leaf];
    return g->nodes[node].depth < how->max_depth &&
           node_weight(g, rows, node) >= 2 * how->min_leaf_weight;
}

/* Histograms and best splits of two fresh siblings. The parent's histogram, if
 * kept, is in leaf_histogram[a]. */
static void search_siblings(kehu__tree_grower *g, const kehu__tree_rows *rows,
                            const kehu__tree_growth *how, uint32_t a, uint32_t b)
{
    const uint32_t small = kehu__tree_rows_of(g, a) <= kehu__tree_rows_of(g, b) ? a : b,
                   large = a + b - small;
    const int32_t parent = g->leaf_histogram[a];
    const bool small_may = may_split(g, rows, how, small),
               large_may = may_split(g, rows, how, large);
    int32_t counted;
    g->splits[a].feature = g->splits[b].feature = -1;
    g->leaf_histogram[a] = g->leaf_histogram[b] = NO_HISTOGRAM;
    if (parent == NO_HISTOGRAM) {
        for (uint32_t i = 0; i < 2; i++) {
            const uint32_t leaf = i == 0 ? small : large;
            if (!(i == 0 ? small_may : large_may))
                continue;
            g->leaf_histogram[leaf] = take_histogram(g);
            count_leaf(g, rows, leaf, histogram_at(g, g->leaf_histogram[leaf]));
            find_split(g, rows, how, leaf, histogram_at(g, g->leaf_histogram[leaf]));
            keep_or_release(g, rows, leaf);
        }
        return;
    }
    counted = take_histogram(g);
    g->leaf_histogram[small] = counted;
    g->leaf_histogram[large] = parent;
    if (small_may || large_may) {
        kehu__tree_count_leaves(g, rows, small, large, ALL_CLASSES,
                                histogram_at(g, counted));
        kehu__tree_part_histograms(g, rows, small, large, histogram_at(g, counted),
                                   histogram_at(g, parent));
    }
    if (large_may)
        find_split(g, rows, how, large, histogram_at(g, parent));
    if (small_may)
        find_split(g, rows, how, small, histogram_at(g, counted));
    keep_or_release(g, rows, small);
    keep_or_release(g, rows, large);
}

/* The open leaf whose split gains most; the earliest among equals. */
static int64_t best_leaf(const kehu__tree_grower *g, uint32_t n_leaves)
{
    int64_t best = -1;
    for (uint32_t i = 0; i < n_leaves; i++)
        if (g->splits[i].feature >= 0 &&
            (best < 0 || g->splits[i].gain > g->splits[best].gain))
            best = i;
    return best;
}

/* Turn an open leaf into a split; its left child takes its place, the right
 * child becomes leaf `new_leaf`. */
static void split_leaf(kehu__tree_grower *g, const kehu__tree_rows *rows, uint32_t leaf,
                       uint32_t new_leaf)
{
    const kehu__tree_split split = g->splits[leaf];
    const uint32_t node = g->leaf_nodes[leaf];
    kehu__tree_node *n = &g->nodes[node];
    n->feature = split.feature;
    n->left = g->n_nodes;
    n->cut = split.cut;
    n->flags = split.flags;
    n->gain = split.gain;
    memcpy(n->left_codes, split.left_codes, sizeof n->left_codes);
    for (uint32_t i = 0; i < 2; i++)
        g->nodes[g->n_nodes + i] =
            (kehu__tree_node){.feature = -1, .parent = node, .depth = n->depth + 1};
    g->leaf_nodes[leaf] = g->n_nodes;
    g->leaf_nodes[new_leaf] = g->n_nodes + 1;
    g->n_nodes += 2;
    part_rows(g, rows, &split, leaf, new_leaf);
    count_classes(g, rows, leaf);
    count_classes(g, rows, new_leaf);
}

void kehu__tree_grow(kehu__tree_grower *g, const kehu__tree_rows *rows,
                     const kehu__tree_growth *how, const uint8_t *fold, uint8_t skip)
{
    const uint32_t max_leaves =
        how->max_leaves < g->max_leaves ? how->max_leaves : g->max_leaves;
    uint32_t n_leaves = 1;
    start_root(g, rows, fold, skip);
    g->splits[0].feature = -1;
    if (may_split(g, rows, how, 0)) {
        g->leaf_histogram[0] = take_histogram(g);
        if (rows->totals != NULL && fold == NULL)
            count_root(g, rows, histogram_at(g, g->leaf_histogram[0]));
        else
            count_leaf(g, rows, 0, histogram_at(g, g->leaf_histogram[0]));
        find_split(g, rows, how, 0, histogram_at(g, g->leaf_histogram[0]));
        keep_or_release(g, rows, 0);
    }
    while (n_leaves < max_leaves) {
        const int64_t leaf = best_leaf(g, n_leaves);
        if (leaf < 0)
            break;
        split_leaf(g, rows, (uint32_t)leaf, n_leaves);
        if (n_leaves + 1 < max_leaves)
            search_siblings(g, rows, how, (uint32_t)leaf, n_leaves);
        n_leaves++;
    }
}
