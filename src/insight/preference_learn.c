/* Learning a preference with rules: who teaches the tree, from which columns, and
 * how much of each voice goes into the answer. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "insight/preference.h"
#include "insight/segment.h"
#include "learn/tree_levels.h"

enum { MAX_CLASSES = 255, LEAST_OBSERVED = 100 };

typedef struct learning {
    kehu_preference *p;
    const kehu_column *columns;
    uint32_t n_columns;
    const kehu_column *observed, *row_ids;
    const kehu_preference_options *options;
    kehu_tree_options how;
    size_t n;
    kehu__tree_levels levels;
    const char *classes[MAX_CLASSES];
    uint32_t n_classes;
    char *class_bytes; /* each class with its NUL */
    int32_t class_starts[MAX_CLASSES + 1];
    size_t class_size;
    kehu_column dictionary, target, weights;
    int32_t *labels;     /* [n] observed class or -1 */
    int32_t *teachers;   /* [n] class it teaches, 0 if none */
    uint8_t *weight;     /* [n] 1 = teaches */
    double *scores;      /* [n][n_classes] of the rules */
    bool sure;           /* some teach because the rules are sure */
    kehu_column *inputs; /* [n_columns] of the tree */
    uint32_t n_inputs;
} learning;

static int by_text(const void *a, const void *b, void *ctx)
{
    const kehu__tree_level_count *x = a, *y = b;
    const int64_t common = x->text.size < y->text.size ? x->text.size : y->text.size;
    const int order = memcmp(x->text.bytes, y->text.bytes, (size_t)common);
    (void)ctx;
    return order != 0 ? order
                      : (x->text.size > y->text.size) - (x->text.size < y->text.size);
}

static bool equal(kehu__text a, kehu__text b)
{
    return a.size == b.size && memcmp(a.bytes, b.bytes, (size_t)a.size) == 0;
}

/* The caller's classes, or those observed and those of the rules, sorted. */
static kehu_status collect_classes(learning *l, kehu_error *err)
{
    const kehu_segments *rules = l->p->rules;
    const kehu_column *given = l->how.classes;
    if (given != NULL) {
        KEHU_TRY(kehu__column_check_text(given, "tree.classes", err));
        return kehu__tree_levels_add_column(&l->levels, given, NULL, err);
    }
    if (l->observed != NULL)
        KEHU_TRY(kehu__tree_levels_add_column(&l->levels, l->observed, NULL, err));
    for (uint32_t r = 0; r < rules->n_rules; r++) {
        size_t size;
        const char *name = kehu__experience_class(rules, r, &size);
        KEHU_TRY(
            kehu__tree_levels_add(&l->levels, (kehu__text){name, (int64_t)size}, 1, err));
    }
    kehu__sort(l->levels.items, l->levels.n, sizeof *l->levels.items, by_text, NULL);
    return KEHU_OK;
}

/* Class names twice: each with a NUL, and end to end as a column. */
static kehu_status name_classes(learning *l, kehu_error *err)
{
    char *names, *texts;
    KEHU_TRY(collect_classes(l, err));
    if (l->levels.n > MAX_CLASSES)
        return kehu__fail(err, KEHU_LIMIT, -1, "there are more than %d classes",
                          MAX_CLASSES);
    for (size_t k = 0; k < l->levels.n; k++)
        l->class_size += 2 * (size_t)l->levels.items[k].text.size + 1;
    l->class_bytes = kehu__alloc(&l->p->alloc, l->class_size, 1);
    if (l->class_bytes == NULL || l->class_size > INT32_MAX)
        return kehu__no_memory(err, "class names");
    l->n_classes = (uint32_t)l->levels.n;
    names = l->class_bytes;
    texts = l->class_bytes + l->class_size;
    for (size_t k = 0; k < l->levels.n; k++)
        texts -= l->levels.items[k].text.size;
    l->dictionary = (kehu_column){.type = KEHU_UTF8,
                                  .length = l->n_classes,
                                  .data = texts,
                                  .offsets = l->class_starts};
    for (size_t k = 0; k < l->levels.n; k++) {
        const kehu__text t = l->levels.items[k].text;
        memcpy(names, t.bytes, (size_t)t.size);
        names[t.size] = '\0';
        l->classes[k] = names;
        names += t.size + 1;
        memcpy(texts + l->class_starts[k], t.bytes, (size_t)t.size);
        l->class_starts[k + 1] = l->class_starts[k] + (int32_t)t.size;
    }
    return KEHU_OK;
}

static kehu_status read_labels(learning *l, kehu_error *err)
{
    for (size_t i = 0; i < l->n; i++) {
        const kehu__text text = l->observed == NULL
                                    ? (kehu__text){"", 0}
                                    : kehu__column_text(l->observed, (int64_t)i);
        l->labels[i] = -1;
        for (uint32_t k = 0; k < l->n_classes && text.size > 0; k++)
            if (equal(text, l->levels.items[k].text))
                l->labels[i] = (int32_t)k;
        if (text.size > 0 && l->labels[i] < 0)
            return kehu__fail(err, KEHU_DATA, (int64_t)i,
                              "the class of row %zu is not in tree.classes", i);
    }
    return KEHU_OK;
}

/* The observed rows teach what they are; the sure ones what the rules say. */
static void choose_teachers(learning *l)
{
    const double sure = l->options->sure == 0 ? 2 : l->options->sure;
    const uint32_t K = l->n_classes;
    for (size_t i = 0; i < l->n; i++) {
        const double *s = l->scores + i * K;
        uint32_t best = 0;
        double second = -HUGE_VAL;
        for (uint32_t k = 1; k < K; k++)
            if (s[k] > s[best]) {
                second = s[best];
                best = k;
            } else if (s[k] > second)
                second = s[k];
        const bool by_rules = l->labels[i] < 0 && sure > 0 && s[best] - second >= sure;
        l->weight[i] = l->labels[i] >= 0 || by_rules;
        l->teachers[i] = l->labels[i] >= 0 ? l->labels[i] : (int32_t)best;
        l->sure |= by_rules;
    }
}

static bool is_field(const kehu_segments *rules, const char *name)
{
    for (int32_t f = 0; f < kehu_segments_count_fields(rules); f++)
        if (name != NULL && strcmp(kehu_segments_get_field(rules, f), name) == 0)
            return true;
    return false;
}

static kehu_status choose_inputs(learning *l, kehu_error *err)
{
    for (uint32_t i = 0; i < l->n_columns; i++)
        if (!l->sure || !is_field(l->p->rules, l->columns[i].name))
            l->inputs[l->n_inputs++] = l->columns[i];
    if (l->n_inputs == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "the rules use every column, none is left for the tree");
    return KEHU_OK;
}

static uint32_t fold_of(const learning *l, size_t i, uint32_t n_folds)
{
    const uint64_t seed = kehu__mix64(l->how.seed);
    uint64_t h = i;
    if (l->row_ids != NULL && kehu__type_is_text(l->row_ids->type)) {
        const kehu__text text = kehu__column_text(l->row_ids, (int64_t)i);
        h = kehu__hash(text.bytes, (size_t)text.size, seed);
    } else if (l->row_ids != NULL)
        h = (uint64_t)kehu__column_integer(l->row_ids, (int64_t)i);
    return (uint32_t)((kehu__mix64(h ^ seed) >> 32) % n_folds);
}

/* Score the rows of one fold by a tree that did not see them. */
static kehu_status score_fold(learning *l, uint32_t fold, uint32_t n_folds,
                              uint8_t *weight, double *all, double *held_out,
                              kehu_error *err)
{
    const uint32_t K = l->n_classes;
    kehu_tree_options how = l->how;
    kehu_column weights = l->weights;
    kehu_tree_info s;
    kehu_tree *tree;
    kehu_status status;
    kehu_tree_get_info(l->p->tree, &s);
    how.kind = s.kind;
    if (s.kind == KEHU_TREE_SINGLE) {
        how.n_folds = 1;
        how.criterion = s.criterion;
        how.max_leaves = s.n_leaves < 2 ? 2 : s.n_leaves;
        how.min_leaf_weight = s.min_leaf_weight;
        how.shrinkage = s.shrinkage > 0 ? s.shrinkage : -1;
    }
    for (size_t i = 0; i < l->n; i++)
        weight[i] = l->weight[i] && fold_of(l, i, n_folds) != fold;
    weights.data = weight;
    KEHU_TRY(kehu_tree_train(&tree, l->inputs, l->n_inputs, &l->target, NULL, &weights,
                             &how, err));
    status = kehu_tree_score(tree, l->inputs, l->n_inputs, all, NULL, err);
    for (size_t i = 0; status == KEHU_OK && i < l->n; i++)
        if (fold_of(l, i, n_folds) == fold)
            memcpy(held_out + i * K, all + i * K, K * sizeof *all);
    kehu_tree_free(tree);
    return status;
}

/* A fold may lack all but one class: then there is nothing to fit on. */
static bool is_too_little(kehu_status status)
{
    return status == KEHU_ONE_CLASS || status == KEHU_EMPTY || status == KEHU_DATA;
}

static kehu_status fit_fusion(learning *l, kehu_error *err)
{
    const kehu_allocator *a = &l->p->alloc;
    const uint32_t n_folds = l->options->n_folds == 0 ? 5 : l->options->n_folds;
    const size_t row = l->n_classes * sizeof(double);
    double *all, *held_out;
    uint8_t *weight;
    size_t n_observed = 0;
    kehu_status status = KEHU_OK;
    for (size_t i = 0; i < l->n; i++)
        n_observed += l->labels[i] >= 0;
    if (n_observed < LEAST_OBSERVED)
        return KEHU_OK;
    all = kehu__alloc(a, l->n, row);
    held_out = kehu__alloc(a, l->n, row);
    weight = kehu__alloc(a, l->n, 1);
    if (all == NULL || held_out == NULL || weight == NULL)
        status = kehu__no_memory(err, "the fusion");
    for (uint32_t f = 0; f < n_folds && status == KEHU_OK; f++)
        status = score_fold(l, f, n_folds, weight, all, held_out, err);
    if (status == KEHU_OK)
        kehu__fusion_fit(l->p, l->scores, held_out, l->labels, (int64_t)l->n,
                         l->n_classes, LEAST_OBSERVED);
    else if (is_too_little(status))
        status = KEHU_OK;
    kehu__free(a, all, l->n, row);
    kehu__free(a, held_out, l->n, row);
    kehu__free(a, weight, l->n, 1);
    return status;
}

static kehu_status check_input(const learning *l, kehu_error *err)
{
    if (l->observed != NULL) {
        KEHU_TRY(kehu__column_check_text(l->observed, "observed", err));
        if (l->observed->length != (int64_t)l->n)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "observed has %lld rows, the columns have %lld",
                              (long long)l->observed->length, (long long)l->n);
    }
    if (l->row_ids != NULL) {
        KEHU_TRY(kehu__column_check(l->row_ids, "row_ids", err));
        if (l->row_ids->length != (int64_t)l->n)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "row_ids has %lld rows, the columns have %lld",
                              (long long)l->row_ids->length, (long long)l->n);
    }
    return KEHU_OK;
}

static kehu_status allocate(learning *l, kehu_error *err)
{
    const kehu_allocator *a = &l->p->alloc;
    l->labels = kehu__alloc(a, l->n, sizeof *l->labels);
    l->teachers = kehu__alloc(a, l->n, sizeof *l->teachers);
    l->weight = kehu__alloc(a, l->n, 1);
    l->inputs = kehu__alloc(a, l->n_columns, sizeof *l->inputs);
    l->scores = kehu__alloc(a, l->n, l->n_classes * sizeof *l->scores);
    return l->labels == NULL || l->teachers == NULL || l->weight == NULL ||
                   l->inputs == NULL || l->scores == NULL
               ? kehu__no_memory(err, "a preference")
               : KEHU_OK;
}

static kehu_status learn(learning *l, kehu_error *err)
{
    kehu_preference *p = l->p;
    const kehu_segments *from = l->options->rules;
    KEHU_TRY(check_input(l, err));
    KEHU_TRY(
        kehu_segments_read(&p->rules, from->source, from->source_size, &p->alloc, err));
    KEHU_TRY(kehu__experience_check(p->rules, err));
    KEHU_TRY(name_classes(l, err));
    KEHU_TRY(kehu__experience_read(&p->experiences, &p->n_experiences, p->rules,
                                   l->classes, l->n_classes, &p->alloc, err));
    KEHU_TRY(allocate(l, err));
    KEHU_TRY(kehu__fusion_start(p, l->n_classes, err));
    KEHU_TRY(read_labels(l, err));
    KEHU_TRY(kehu__experience_scores(p, l->columns, l->n_columns, (int64_t)l->n,
                                     l->n_classes, l->scores, err));
    choose_teachers(l);
    KEHU_TRY(choose_inputs(l, err));
    l->target = (kehu_column){.type = KEHU_CATEGORY,
                              .length = (int64_t)l->n,
                              .data = l->teachers,
                              .dictionary = &l->dictionary};
    l->weights =
        (kehu_column){.type = KEHU_UINT8, .length = (int64_t)l->n, .data = l->weight};
    l->how.classes = &l->dictionary;
    KEHU_TRY(kehu_tree_train(&p->tree, l->inputs, l->n_inputs, &l->target, l->row_ids,
                             &l->weights, &l->how, err));
    return fit_fusion(l, err);
}

kehu_status kehu__preference_learn(kehu_preference *p, const kehu_column *columns,
                                   uint32_t n_columns, const kehu_column *observed,
                                   const kehu_column *row_ids,
                                   const kehu_preference_options *options,
                                   const kehu_tree_options *how, kehu_error *err)
{
    const kehu_allocator *a = &p->alloc;
    learning l = {.p = p,
                  .columns = columns,
                  .n_columns = n_columns,
                  .observed = observed,
                  .row_ids = row_ids,
                  .options = options,
                  .how = *how,
                  .n = (size_t)columns[0].length,
                  .levels = {.alloc = *a}};
    const kehu_status status = learn(&l, err);
    kehu__free(a, l.labels, l.n, sizeof *l.labels);
    kehu__free(a, l.teachers, l.n, sizeof *l.teachers);
    kehu__free(a, l.weight, l.n, 1);
    kehu__free(a, l.inputs, n_columns, sizeof *l.inputs);
    kehu__free(a, l.scores, l.n, l.n_classes * sizeof *l.scores);
    kehu__free(a, l.class_bytes, l.class_size, 1);
    kehu__tree_levels_free(&l.levels);
    return status;
}
