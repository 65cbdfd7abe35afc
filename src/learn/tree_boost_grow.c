/* Best split first, histograms of fixed-point gradients, the larger child's by
 * subtraction. Categories are put in order by their slope (Fisher 1958), at most
 * MAX_CATEGORIES of them on one side. */
#include "learn/tree_boost_grow.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"

enum { MAX_CATEGORIES = 32 };
static const double CATEGORY_SMOOTHING = 10, CATEGORY_L2 = 10;

kehu_status kehu__boost_grower_init(kehu__boost_grower *g, const kehu__tree_rows *rows,
                                    uint32_t max_leaves, const kehu_allocator *alloc,
                                    kehu_error *err)
{
    *g = (kehu__boost_grower){.alloc = *alloc,
                              .n_rows = rows->n_rows,
                              .n_inputs = rows->n_inputs,
                              .max_leaves = max_leaves,
                              .n_cells = rows->n_cells};
    g->order = kehu__alloc(alloc, g->n_rows, sizeof *g->order);
    g->spill = kehu__alloc(alloc, g->n_rows, sizeof *g->spill);
    g->gathered = kehu__alloc(alloc, g->n_rows, sizeof *g->gathered);
    g->cells =
        kehu__alloc(alloc, max_leaves + 1, kehu__times(g->n_cells, sizeof *g->cells));
    g->leaves = kehu__alloc(alloc, max_leaves, sizeof *g->leaves);
    g->columns = kehu__alloc(alloc, g->n_inputs, sizeof *g->columns);
    if (g->order == NULL || g->spill == NULL || g->gathered == NULL || g->cells == NULL ||
        g->leaves == NULL || g->columns == NULL)
        return kehu__no_memory(err, "boosting");
    return KEHU_OK;
}

void kehu__boost_grower_free(kehu__boost_grower *g)
{
    const kehu_allocator a = g->alloc;
    kehu__free(&a, g->order, g->n_rows, sizeof *g->order);
    kehu__free(&a, g->spill, g->n_rows, sizeof *g->spill);
    kehu__free(&a, g->gathered, g->n_rows, sizeof *g->gathered);
    kehu__free(&a, g->cells, g->max_leaves + 1, g->n_cells * sizeof *g->cells);
    kehu__free(&a, g->leaves, g->max_leaves, sizeof *g->leaves);
    kehu__free(&a, g->columns, g->n_inputs, sizeof *g->columns);
    *g = (kehu__boost_grower){.alloc = a};
}

/* A leaf's search. */
typedef struct search {
    const kehu__boosting *how;
    double scale, parent; /* score of the whole leaf */
    kehu__boost_cell sum;
    const kehu__boost_cell *cells; /* of the input */
    const kehu__tree_input *input;
    double l2;
} search;

static double score_of(const search *s, kehu__boost_cell c)
{
    const double g = (double)c.g / s->scale, h = (double)c.h / s->scale;
    return g * g / (h + s->l2);
}

static kehu__boost_cell less(kehu__boost_cell a, kehu__boost_cell b)
{
    return (kehu__boost_cell){a.g - b.g, a.h - b.h};
}

static bool is_heavy(const search *s, kehu__boost_cell c)
{
    return (double)c.h / s->scale >= s->how->min_hessian;
}

static void set_code(uint64_t codes[4], uint32_t code)
{
    codes[code >> 6] |= (uint64_t)1 << (code & 63);
}

static void search_ordered(const search *s, kehu__boost_split *best)
{
    const uint32_t missing = s->input->n_codes - 1;
    const kehu__boost_cell none = s->cells[missing];
    for (uint32_t side = 0; side < (none.h > 0 ? 2u : 1u); side++) {
        kehu__boost_cell left = {0, 0};
        const uint32_t end = none.h > 0 && side == 0 ? missing : missing - 1;
        if (side == 1)
            left = none;
        for (uint32_t t = 0; t < end; t++) {
            kehu__boost_cell right;
            double gain;
            if (s->cells[t].h == 0)
                continue;
            left.g += s->cells[t].g;
            left.h += s->cells[t].h;
            right = less(s->sum, left);
            if (!is_heavy(s, left))
                continue;
            if (!is_heavy(s, right))
                break;
            gain = score_of(s, left) + score_of(s, right) - s->parent;
            if (gain > best->gain) {
                best->gain = gain;
                best->cut = t;
                best->flags = side == 1 ? KEHU__TREE_MISSING_LEFT : 0;
                if (none.h > 0)
                    best->flags |= KEHU__TREE_LEARNED;
                else if (2 * left.h > s->sum.h)
                    best->flags |= KEHU__TREE_MISSING_LEFT;
            }
        }
    }
}

static void finish_ordered(const kehu__tree_input *input, kehu__boost_split *best)
{
    memset(best->left_codes, 0, sizeof best->left_codes);
    for (uint32_t t = 0; t <= best->cut; t++)
        set_code(best->left_codes, t);
    if (best->flags & KEHU__TREE_MISSING_LEFT)
        set_code(best->left_codes, input->n_codes - 1);
}

static uint32_t order_codes(const search *s, uint32_t *order)
{
    double keys[256];
    uint32_t n = 0;
    for (uint32_t code = 0; code < s->input->n_codes; code++) {
        uint32_t at = n;
        double key;
        if (s->cells[code].h == 0)
            continue;
        key = (double)s->cells[code].g /
              ((double)s->cells[code].h + CATEGORY_SMOOTHING * s->scale);
        for (; at > 0 && keys[at - 1] > key; at--) {
            keys[at] = keys[at - 1];
            order[at] = order[at - 1];
        }
        keys[at] = key;
        order[at] = code;
        n++;
    }
    return n;
}

/* Categories this leaf did not see go to the heavier side. */
static void finish_categories(const search *s, const uint32_t *order, uint32_t n_left,
                              bool reversed, uint32_t n, kehu__boost_split *best)
{
    const uint32_t missing = s->input->n_codes - 1;
    kehu__boost_cell left = {0, 0};
    memset(best->left_codes, 0, sizeof best->left_codes);
    for (uint32_t i = 0; i < n_left; i++) {
        const uint32_t code = order[reversed ? n - 1 - i : i];
        left.h += s->cells[code].h;
        set_code(best->left_codes, code);
    }
    if (2 * left.h > s->sum.h)
        for (uint32_t code = 0; code <= missing; code++)
            if (s->cells[code].h == 0)
                set_code(best->left_codes, code);
    best->cut = 0;
    best->flags = s->cells[missing].h > 0 ? KEHU__TREE_LEARNED : 0;
    if (best->left_codes[missing >> 6] >> (missing & 63) & 1)
        best->flags |= KEHU__TREE_MISSING_LEFT;
}

static void search_categories(const search *s, kehu__boost_split *best)
{
    uint32_t order[256], n_left = 0;
    const uint32_t n = order_codes(s, order);
    bool reversed = false;
    for (int from = 0; from < 2; from++) {
        kehu__boost_cell left = {0, 0};
        for (uint32_t i = 0; i + 1 < n && i < MAX_CATEGORIES; i++) {
            const kehu__boost_cell cell = s->cells[order[from ? n - 1 - i : i]];
            kehu__boost_cell right;
            double gain;
            left.g += cell.g;
            left.h += cell.h;
            right = less(s->sum, left);
            if (!is_heavy(s, left))
                continue;
            if (!is_heavy(s, right))
                break;
            gain = score_of(s, left) + score_of(s, right) - s->parent;
            if (gain > best->gain) {
                best->gain = gain;
                n_left = i + 1;
                reversed = from != 0;
            }
        }
    }
    if (n_left > 0)
        finish_categories(s, order, n_left, reversed, n, best);
}

static void find_split(const kehu__boost_grower *g, const kehu__tree_rows *rows,
                       const kehu__boosting *how, double scale, kehu__boost_leaf *leaf,
                       const kehu__boost_cell *cells)
{
    search s = {.how = how, .scale = scale, .sum = leaf->sum};
    leaf->split = (kehu__boost_split){.feature = -1, .gain = 1e-9};
    for (uint32_t c = 0; c < g->n_columns; c++) {
        const uint32_t f = g->columns[c];
        kehu__boost_split best = {.feature = (int32_t)f, .gain = leaf->split.gain};
        s.input = &rows->inputs[f];
        s.cells = cells + rows->offsets[f];
        s.l2 = how->l2 + (s.input->ordered ? 0 : CATEGORY_L2);
        s.parent = score_of(&s, leaf->sum);
        if (s.input->ordered)
            search_ordered(&s, &best);
        else
            search_categories(&s, &best);
        if (best.gain > leaf->split.gain) {
            if (s.input->ordered)
                finish_ordered(s.input, &best);
            leaf->split = best;
        }
    }
}

static void count(const kehu__boost_grower *g, const kehu__tree_rows *rows,
                  const kehu__boost_row *gradients, const kehu__boost_leaf *leaf,
                  kehu__boost_cell *cells)
{
    const uint32_t n = leaf->last - leaf->first, *order = g->order + leaf->first;
    memset(cells, 0, g->n_cells * sizeof *cells);
    for (uint32_t i = 0; i < n; i++)
        g->gathered[i] = gradients[order[i]];
    for (uint32_t c = 0; c < g->n_columns; c++) {
        const uint32_t f = g->columns[c];
        const uint8_t *codes = rows->inputs[f].codes;
        kehu__boost_cell *at = cells + rows->offsets[f];
        for (uint32_t i = 0; i < n; i++) {
            kehu__boost_cell *cell = &at[codes[order[i]]];
            cell->g += g->gathered[i].g;
            cell->h += g->gathered[i].h;
        }
    }
}

static kehu__boost_cell sum_of(const kehu__boost_grower *g,
                               const kehu__boost_row *gradients,
                               const kehu__boost_leaf *leaf)
{
    kehu__boost_cell sum = {0, 0};
    for (uint32_t i = leaf->first; i < leaf->last; i++) {
        sum.g += gradients[g->order[i]].g;
        sum.h += gradients[g->order[i]].h;
    }
    return sum;
}

static void draw_columns(kehu__boost_grower *g, double share, uint64_t seed)
{
    kehu__random random = kehu__random_seed(seed);
    const uint32_t F = g->n_inputs;
    g->n_columns = (uint32_t)(share * F + 0.5);
    if (g->n_columns < 1)
        g->n_columns = 1;
    for (uint32_t f = 0; f < F; f++)
        g->columns[f] = f;
    for (uint32_t i = 0; i < g->n_columns; i++) {
        const uint32_t j = i + kehu__random_below(&random, F - i), f = g->columns[i];
        g->columns[i] = g->columns[j];
        g->columns[j] = f;
    }
}

static uint32_t part_rows(kehu__boost_grower *g, const kehu__tree_rows *rows,
                          const kehu__boost_leaf *leaf)
{
    const uint8_t *codes = rows->inputs[leaf->split.feature].codes;
    uint32_t at = leaf->first, n_right = 0;
    for (uint32_t i = leaf->first; i < leaf->last; i++) {
        const uint32_t row = g->order[i], code = codes[row];
        const bool left = leaf->split.left_codes[code >> 6] >> (code & 63) & 1;
        g->order[at] = row;
        g->spill[n_right] = row;
        at += left;
        n_right += !left;
    }
    if (n_right > 0)
        memcpy(g->order + at, g->spill, n_right * sizeof *g->order);
    return at;
}

static void set_value(kehu__boosted *b, const kehu__boosting *how, double scale,
                      const kehu__boost_leaf *leaf)
{
    b->values[leaf->node] =
        -how->rate * (double)leaf->sum.g / ((double)leaf->sum.h + how->l2 * scale);
}

/* The leaf becomes a split, its left child stays in its place. */
static void split_leaf(kehu__boost_grower *g, kehu__boosted *b,
                       const kehu__tree_rows *rows, const kehu__boosting *how,
                       const kehu__boost_row *gradients, double scale, uint32_t at)
{
    const uint32_t n_leaves = g->n_leaves++;
    kehu__boost_leaf *left = &g->leaves[at], *right = &g->leaves[n_leaves];
    const kehu__boost_leaf parent = *left;
    kehu__tree_node *node = &b->nodes[parent.node];
    const uint32_t middle = part_rows(g, rows, &parent), depth = node->depth + 1;
    kehu__boost_cell *cells = g->cells + (size_t)at * g->n_cells,
                     *other = g->cells + (size_t)n_leaves * g->n_cells,
                     *counted = g->cells + (size_t)g->max_leaves * g->n_cells;
    kehu__boost_leaf *small;
    node->feature = parent.split.feature;
    node->left = b->n_nodes;
    node->cut = parent.split.cut;
    node->flags = parent.split.flags;
    node->gain = parent.split.gain;
    memcpy(node->left_codes, parent.split.left_codes, sizeof node->left_codes);
    for (uint32_t i = 0; i < 2; i++)
        b->nodes[b->n_nodes + i] =
            (kehu__tree_node){.feature = -1, .parent = parent.node, .depth = depth};
    *left = (kehu__boost_leaf){.node = b->n_nodes, .first = parent.first, .last = middle};
    *right =
        (kehu__boost_leaf){.node = b->n_nodes + 1, .first = middle, .last = parent.last};
    b->n_nodes += 2;
    left->sum = sum_of(g, gradients, left);
    right->sum = less(parent.sum, left->sum);
    set_value(b, how, scale, left);
    set_value(b, how, scale, right);
    left->split.feature = right->split.feature = -1;
    if (depth >= how->max_depth || n_leaves + 1 >= how->max_leaves)
        return;
    small = left->last - left->first <= right->last - right->first ? left : right;
    count(g, rows, gradients, small, counted);
    for (size_t i = 0; i < g->n_cells; i++)
        cells[i] = less(cells[i], counted[i]);
    /* cells holds the larger child's now. */
    if (small == left) {
        memcpy(other, cells, g->n_cells * sizeof *cells);
        memcpy(cells, counted, g->n_cells * sizeof *cells);
    } else
        memcpy(other, counted, g->n_cells * sizeof *cells);
    find_split(g, rows, how, scale, left, cells);
    find_split(g, rows, how, scale, right, other);
}

void kehu__boost_grow(kehu__boost_grower *g, kehu__boosted *b,
                      const kehu__tree_rows *rows, const kehu__boosting *how,
                      const kehu__boost_row *gradients, double scale,
                      const uint32_t *drawn, uint32_t n_drawn, uint64_t seed)
{
    memcpy(g->order, drawn, n_drawn * sizeof *drawn);
    draw_columns(g, how->column_share, kehu__mix64(how->seed) ^ seed);
    b->roots[b->n_trees++] = b->n_nodes;
    b->nodes[b->n_nodes] = (kehu__tree_node){.feature = -1, .parent = b->n_nodes};
    g->leaves[0] = (kehu__boost_leaf){.node = b->n_nodes++, .last = n_drawn};
    g->leaves[0].sum = sum_of(g, gradients, &g->leaves[0]);
    set_value(b, how, scale, &g->leaves[0]);
    count(g, rows, gradients, &g->leaves[0], g->cells);
    find_split(g, rows, how, scale, &g->leaves[0], g->cells);
    g->n_leaves = 1;
    while (g->n_leaves < how->max_leaves) {
        int64_t best = -1;
        for (uint32_t i = 0; i < g->n_leaves; i++)
            if (g->leaves[i].split.feature >= 0 &&
                (best < 0 || g->leaves[i].split.gain > g->leaves[best].split.gain))
                best = i;
        if (best < 0)
            break;
        split_leaf(g, b, rows, how, gradients, scale, (uint32_t)best);
    }
}

void kehu__boost_add(const kehu__boost_grower *g, const kehu__boosted *b, double *margins)
{
    for (const kehu__boost_leaf *leaf = g->leaves; leaf < g->leaves + g->n_leaves; leaf++)
        for (uint32_t i = leaf->first; i < leaf->last; i++)
            margins[(size_t)g->order[i] * b->n_outputs] += b->values[leaf->node];
}
