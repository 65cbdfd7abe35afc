/* The best split of a node, from its histograms. For ordered inputs every cut
 * with missing values on either side; for categories every cut of their order by
 * class share, which holds the best subset for two classes (Fisher 1958; Breiman
 * et al. 1984, section 4.2.2). */
#include "base/maths.h"
#include "learn/tree_grow.h"

#include <string.h>

/* Rows of the whole node added to a category's when the categories are put in
 * order, so that rare ones do not stand at the ends by chance. */
static const double ORDER_SMOOTHING = 10;

/* A node's search in one input. */
typedef struct search {
    const kehu__tree_rows *rows;
    kehu_tree_criterion measure; /* ENTROPY or GINI */
    double min_leaf_weight, cut_penalty;
    const double *counts; /* [n_classes] of the node */
    double total;         /* their sum */
    double impurity;      /* of the node */
    const double *cells;  /* [n_classes][n_codes] of the input */
    const uint32_t
        *plain[2]; /* [n_codes] instead of cells: of two classes that weigh 1 */
    uint32_t n_codes;
    int8_t monotone; /* of the input */
    double floor;    /* splits that gain less are of no use */
} search;

static double xlogx(const kehu__tree_rows *rows, double x)
{
    if (x < (double)rows->n_xlogx)
        return rows->xlogx[(uint32_t)x];
    return x > 0 ? x * kehu__log(x) : 0;
}

/* Entropy times weight is n log n - sum of c log c; Gini, n - sum of c^2 / n. */
double kehu__tree_impurity(const kehu__tree_rows *rows, kehu_tree_criterion criterion,
                           const double *counts)
{
    double n = 0, sum = 0;
    for (uint32_t k = 0; k < rows->n_classes; k++) {
        const double c = counts[k] * rows->units[k];
        n += c;
        sum += criterion == KEHU_TREE_GINI ? c * c : xlogx(rows, c);
    }
    if (n <= 0)
        return 0;
    return criterion == KEHU_TREE_GINI ? n - sum / n : xlogx(rows, n) - sum;
}

static double sum_of(const double *counts, uint32_t n)
{
    double sum = 0;
    for (uint32_t k = 0; k < n; k++)
        sum += counts[k];
    return sum;
}

static double code_total(const search *s, uint32_t code)
{
    double sum = 0;
    for (uint32_t k = 0; k < s->rows->n_classes; k++)
        sum += s->cells[k * s->n_codes + code];
    return sum;
}

static void add_code(const search *s, double *left, uint32_t code)
{
    for (uint32_t k = 0; k < s->rows->n_classes; k++)
        left[k] += s->cells[k * s->n_codes + code];
}

/* What the split into left and the rest gains. */
static double gain_of(const search *s, const double *left)
{
    double right[KEHU__TREE_MAX_CLASSES];
    for (uint32_t k = 0; k < s->rows->n_classes; k++)
        right[k] = s->counts[k] - left[k];
    return s->impurity - kehu__tree_impurity(s->rows, s->measure, left) -
           kehu__tree_impurity(s->rows, s->measure, right);
}

static double share_of(const search *s, const double *left)
{
    double part = 0, whole = 0;
    for (uint32_t k = 0; k < s->rows->n_classes; k++) {
        part += left[k] * s->rows->units[k];
        whole += s->counts[k] * s->rows->units[k];
    }
    return part / whole;
}

static void set_code(uint64_t codes[4], uint32_t code)
{
    codes[code >> 6] |= (uint64_t)1 << (code & 63);
}

/* The best of many cuts looks good by chance, and the more the better. */
static void charge(const search *s, kehu__tree_split *best, uint32_t n_cuts)
{
    if (s->cut_penalty > 0 && s->measure == KEHU_TREE_ENTROPY && n_cuts > 1)
        best->gain -= s->cut_penalty * kehu__log(n_cuts);
}

/* The second class's share falls where it must rise, or the other way round. */
static bool is_against(const search *s, const double *left)
{
    const double more_left = left[1] * (s->counts[0] - left[0]),
                 more_right = (s->counts[1] - left[1]) * left[0];
    return s->monotone > 0 ? more_left > more_right : more_left < more_right;
}

/* The cuts after codes 0 .. end - 1 with missing values on one side; returns how many
 * of them are possible. */
static uint32_t scan_cuts(const search *s, uint32_t end, bool missing_left,
                          kehu__tree_split *best)
{
    const uint32_t missing = s->n_codes - 1;
    const double unit = s->rows->weight_unit;
    double left[KEHU__TREE_MAX_CLASSES] = {0}, n_left = 0;
    uint32_t n_cuts = 0;
    if (missing_left) {
        add_code(s, left, missing);
        n_left = code_total(s, missing);
    }
    for (uint32_t t = 0; t < end; t++) {
        const double here = code_total(s, t);
        double gain;
        if (here <= 0)
            continue;
        add_code(s, left, t);
        n_left += here;
        if (n_left * unit < s->min_leaf_weight)
            continue;
        if ((s->total - n_left) * unit < s->min_leaf_weight)
            break;
        if (s->monotone != 0 && t + 1 < missing && is_against(s, left))
            continue;
        gain = gain_of(s, left);
        n_cuts++;
        if (gain > best->gain) {
            best->gain = gain;
            best->share = share_of(s, left);
            best->cut = t;
            best->flags = missing_left ? KEHU__TREE_MISSING_LEFT : 0;
        }
    }
    return n_cuts;
}

static double count_logs(const kehu__tree_rows *rows, uint32_t n)
{
    return n < rows->n_xlogx ? rows->xlogx[n] : n * kehu__log(n);
}

/* kehu__tree_impurity() of two plain counts, in the same order of summing. */
static double entropy_of(const kehu__tree_rows *rows, uint32_t a, uint32_t b)
{
    return count_logs(rows, a + b) - (count_logs(rows, a) + count_logs(rows, b));
}

/* Counts of two classes left of every cut, as sums over the codes. */
typedef struct cuts {
    uint32_t n, first, end; /* of all the cuts those from first to end - 1 leave enough
                               rows on both sides */
    uint32_t a[256], b[256], after[256]; /* [n] of each class on the left; after which
                                            code */
    double bound[256];                   /* the cut gains no more */
    double highest;                      /* bound, and its cut */
    uint32_t likely;
} cuts;

static void list_cuts(const search *s, uint32_t end, bool missing_left, cuts *c)
{
    const uint32_t missing = s->n_codes - 1, *first = s->plain[0], *second = s->plain[1];
    uint32_t a = missing_left ? first[missing] : 0,
             b = missing_left ? second[missing] : 0, n = 0;
    for (uint32_t t = 0; t < end; t++) {
        a += first[t];
        b += second[t];
        c->a[n] = a;
        c->b[n] = b;
        c->after[n] = t;
        n += first[t] + second[t] > 0;
    }
    c->n = n;
    for (c->first = 0; c->first < n; c->first++)
        if ((double)(c->a[c->first] + c->b[c->first]) >= s->min_leaf_weight)
            break;
    for (c->end = n; c->end > c->first; c->end--)
        if (s->total - (double)(c->a[c->end - 1] + c->b[c->end - 1]) >=
            s->min_leaf_weight)
            break;
}

/* Entropy gains no more than chi squared of the cut's table of four counts: for the
 * divergence of Kullback and Leibler is at most that of Pearson (Gibbs and Su 2002,
 * theorem 5). */
static void bound_gains(const search *s, cuts *c)
{
    const double all_a = s->counts[0], all_b = s->counts[1], n = s->total;
    const double factor = n / (all_a * all_b) * (1 + 1e-9), rounding = 1e-9 * n;
    for (uint32_t i = c->first; i < c->end; i++) {
        const double a = c->a[i], b = c->b[i], d = a * all_b - b * all_a;
        c->bound[i] = d * d / ((a + b) * (n - (a + b))) * factor + rounding;
    }
    c->highest = 0;
    for (uint32_t i = c->first; i < c->end; i++)
        if (c->bound[i] > c->highest) {
            c->highest = c->bound[i];
            c->likely = i;
        }
}

static double plain_gain(const search *s, uint32_t a, uint32_t b)
{
    return s->impurity - entropy_of(s->rows, a, b) -
           entropy_of(s->rows, (uint32_t)s->counts[0] - a, (uint32_t)s->counts[1] - b);
}

/* scan_cuts() to the last bit for the entropy of two classes that weigh 1, the most
 * frequent case: logarithms are taken only of cuts that may be the best. */
static uint32_t scan_plain(const search *s, uint32_t end, bool missing_left,
                           kehu__tree_split *best)
{
    cuts c;
    double least = s->floor > best->gain ? s->floor : best->gain;
    c.likely = 0;
    list_cuts(s, end, missing_left, &c);
    bound_gains(s, &c);
    if (c.highest > least) {
        const double gain = plain_gain(s, c.a[c.likely], c.b[c.likely]);
        least = gain > least ? gain : least;
    }
    for (uint32_t i = c.first; i < c.end; i++) {
        double gain;
        if (c.bound[i] < least)
            continue;
        gain = plain_gain(s, c.a[i], c.b[i]);
        if (gain > best->gain) {
            best->gain = gain;
            best->share = (double)(c.a[i] + c.b[i]) / s->total;
            best->cut = c.after[i];
            best->flags = missing_left ? KEHU__TREE_MISSING_LEFT : 0;
        }
    }
    return c.end - c.first;
}

static void search_ordered(const search *s, kehu__tree_split *best)
{
    const uint32_t missing = s->n_codes - 1;
    const double n_missing = s->plain[0] != NULL
                                 ? (double)(s->plain[0][missing] + s->plain[1][missing])
                                 : code_total(s, missing);
    uint32_t n_cuts = 0;
    for (uint32_t side = 0; side < (n_missing > 0 ? 2u : 1u); side++) {
        /* All present values against the missing ones is a split too. */
        const uint32_t end = n_missing > 0 && side == 0 ? missing : missing - 1;
        n_cuts += s->plain[0] != NULL ? scan_plain(s, end, side == 1, best)
                                      : scan_cuts(s, end, side == 1, best);
    }
    charge(s, best, n_cuts);
    if (n_missing > 0)
        best->flags |= KEHU__TREE_LEARNED;
    else if (best->share > 0.5)
        best->flags |= KEHU__TREE_MISSING_LEFT;
    memset(best->left_codes, 0, sizeof best->left_codes);
    for (uint32_t t = 0; t <= best->cut; t++)
        set_code(best->left_codes, t);
    if (best->flags & KEHU__TREE_MISSING_LEFT)
        set_code(best->left_codes, missing);
}

/* Codes present in the node by rising share of class `k`; returns how many. */
static uint32_t order_codes(const search *s, uint32_t k, uint32_t *order)
{
    double keys[256];
    uint32_t n = 0;
    const double rate = s->counts[k] / s->total,
                 smoothing = ORDER_SMOOTHING / s->rows->weight_unit;
    for (uint32_t code = 0; code < s->n_codes; code++) {
        const double here = code_total(s, code);
        double key;
        uint32_t at = n;
        if (here <= 0)
            continue;
        key = (s->cells[k * s->n_codes + code] + smoothing * rate) / (here + smoothing);
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

/* Every cut of one order; remembers the codes on the left of the best. */
static void search_order(const search *s, const uint32_t *order, uint32_t n,
                         kehu__tree_split *best)
{
    double left[KEHU__TREE_MAX_CLASSES] = {0}, n_left = 0;
    const double unit = s->rows->weight_unit;
    for (uint32_t i = 0; i + 1 < n; i++) {
        double gain;
        add_code(s, left, order[i]);
        n_left += code_total(s, order[i]);
        if (n_left * unit < s->min_leaf_weight)
            continue;
        if ((s->total - n_left) * unit < s->min_leaf_weight)
            break;
        gain = gain_of(s, left);
        if (gain > best->gain) {
            best->gain = gain;
            best->share = share_of(s, left);
            memset(best->left_codes, 0, sizeof best->left_codes);
            for (uint32_t j = 0; j <= i; j++)
                set_code(best->left_codes, order[j]);
        }
    }
}

static void search_categories(const search *s, kehu__tree_split *best)
{
    uint32_t order[256], k = 1, n;
    if (s->rows->n_classes > 2)
        for (uint32_t c = k = 0; c < s->rows->n_classes; c++)
            if (s->counts[c] > s->counts[k])
                k = c;
    n = order_codes(s, k, order);
    search_order(s, order, n, best);
    charge(s, best, n - 1);
    if (best->gain <= 0)
        return;
    /* Categories that the node did not see go where most rows go. */
    if (best->share > 0.5)
        for (uint32_t code = 0; code < s->n_codes; code++)
            if (code_total(s, code) <= 0)
                set_code(best->left_codes, code);
    if (code_total(s, s->n_codes - 1) > 0)
        best->flags |= KEHU__TREE_LEARNED;
    if (best->left_codes[(s->n_codes - 1) >> 6] >> ((s->n_codes - 1) & 63) & 1)
        best->flags |= KEHU__TREE_MISSING_LEFT;
}

/* x log x of both shares, the split's own entropy. */
static double split_information(double share)
{
    return -(share * kehu__log(share) + (1 - share) * kehu__log(1 - share));
}

static void best_gain_ratio(const kehu__tree_split *candidates, uint32_t n,
                            kehu__tree_split *best)
{
    double mean = 0, best_ratio = 0;
    uint32_t n_found = 0;
    for (uint32_t f = 0; f < n; f++)
        if (candidates[f].feature >= 0) {
            mean += candidates[f].gain;
            n_found++;
        }
    mean = n_found > 0 ? mean / n_found * 0.999 : 0;
    for (uint32_t f = 0; f < n; f++)
        if (candidates[f].feature >= 0 && candidates[f].gain >= mean) {
            const double ratio =
                candidates[f].gain / split_information(candidates[f].share);
            if (ratio > best_ratio) {
                best_ratio = ratio;
                *best = candidates[f];
            }
        }
}

void kehu__tree_best_split(const kehu__tree_rows *rows, const kehu__tree_growth *how,
                           kehu__tree_histogram histogram, const double *counts,
                           double *work, kehu__tree_split *candidates,
                           kehu__tree_split *best)
{
    search s = {.rows = rows,
                .measure =
                    how->criterion == KEHU_TREE_GINI ? KEHU_TREE_GINI : KEHU_TREE_ENTROPY,
                .min_leaf_weight = how->min_leaf_weight,
                .cut_penalty = how->cut_penalty,
                .counts = counts,
                .total = sum_of(counts, rows->n_classes),
                .cells = work};
    *best = (kehu__tree_split){.feature = -1};
    s.impurity = kehu__tree_impurity(rows, s.measure, counts);
    /* Rounding leaves a pure node a little more or less than nothing. */
    const double least = 1e-9 * s.total * rows->weight_unit;
    /* The table is there only where all classes weigh 1. */
    const bool plain = rows->xlogx != NULL && rows->weights == NULL &&
                       rows->weight_unit == 1 && rows->n_classes == 2 &&
                       s.measure == KEHU_TREE_ENTROPY;
    for (uint32_t f = 0; f < rows->n_inputs; f++) {
        const kehu__tree_input *input = &rows->inputs[f];
        kehu__tree_split *c = &candidates[f];
        *c = (kehu__tree_split){.feature = -1, .gain = least};
        s.n_codes = input->n_codes;
        s.monotone = input->monotone;
        s.floor =
            how->criterion != KEHU_TREE_GAIN_RATIO && best->feature >= 0 ? best->gain : 0;
        s.plain[0] = s.plain[1] = NULL;
        if (plain && input->ordered && input->monotone == 0)
            for (uint32_t k = 0; k < 2; k++)
                s.plain[k] =
                    histogram.counts + (size_t)k * rows->n_cells + rows->offsets[f];
        for (uint32_t k = 0; s.plain[0] == NULL && k < rows->n_classes; k++) {
            const size_t from = (size_t)k * rows->n_cells + rows->offsets[f];
            for (uint32_t code = 0; code < s.n_codes; code++)
                work[k * s.n_codes + code] = rows->weights == NULL
                                                 ? (double)histogram.counts[from + code]
                                                 : (double)histogram.sums[from + code];
        }
        if (input->ordered)
            search_ordered(&s, c);
        else
            search_categories(&s, c);
        if (c->gain > least)
            c->feature = (int32_t)f;
        if (how->criterion != KEHU_TREE_GAIN_RATIO && c->feature >= 0 &&
            (best->feature < 0 || c->gain > best->gain))
            *best = *c;
    }
    if (how->criterion == KEHU_TREE_GAIN_RATIO)
        best_gain_ratio(candidates, rows->n_inputs, best);
}
