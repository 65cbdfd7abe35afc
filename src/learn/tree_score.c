/* Scoring: each row walks from the root to its leaf and reads only the cells
 * that its path asks for. */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "learn/tree_ensemble.h"
#include "learn/tree_plain.h"

enum { ROWS_PER_TASK = 8192, BLOCK_ROWS = KEHU__PLAIN_ROWS, TASKS_AT_ONCE = 32 };

typedef struct scoring {
    const kehu_tree *tree;
    const kehu__tree_source *sources;
    kehu__plain *plain;   /* NULL where rows walk alone */
    int64_t n_rows, from; /* where the first task begins */
    double *probabilities;
    const kehu_tree_score_options *options;
} scoring;

static void put_probabilities(const kehu_tree *tree, const uint32_t *nodes, uint32_t n,
                              double *to)
{
    const uint32_t K = tree->classes.n;
    if (K == 2) /* a size known beforehand makes the copy one move */
        for (uint32_t i = 0; i < n; i++)
            memcpy(to + 2 * (size_t)i, tree->probabilities + 2 * (size_t)nodes[i],
                   2 * sizeof *to);
    else
        for (uint32_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * K, tree->probabilities + (size_t)nodes[i] * K,
                   K * sizeof *to);
}

/* At most BLOCK_ROWS. */
static void score_block(const scoring *s, int64_t from, uint32_t n, uint32_t room)
{
    const kehu_tree *tree = s->tree;
    uint32_t nodes[BLOCK_ROWS];
    if (s->plain != NULL)
        kehu__plain_walk(s->plain, from, n, room, nodes);
    else
        for (uint32_t i = 0; i < n; i++)
            nodes[i] = kehu__tree_walk(tree, s->sources, from + i);
    if (s->probabilities != NULL)
        put_probabilities(tree, nodes, n,
                          s->probabilities + (size_t)from * tree->classes.n);
    for (uint32_t i = 0; s->options->leaves != NULL && i < n; i++)
        s->options->leaves[from + i] = tree->leaves[nodes[i]];
}

static void score_rows(void *arg, int64_t task)
{
    const scoring *s = arg;
    const int64_t from = s->from + task * ROWS_PER_TASK;
    const int64_t end =
        s->n_rows - from < ROWS_PER_TASK ? s->n_rows : from + ROWS_PER_TASK;
    for (int64_t i = from; i < end; i += BLOCK_ROWS)
        score_block(s, i, end - i < BLOCK_ROWS ? (uint32_t)(end - i) : BLOCK_ROWS,
                    (uint32_t)task);
}

/* Rows of a column that training gave no way for. */
static void count_surprises(void *arg, int64_t f)
{
    const scoring *s = arg;
    const kehu__tree_feature *feature = &s->tree->features[f];
    const uint32_t missing = kehu__tree_missing_code(feature),
                   unseen = kehu__tree_is_text(feature) ? feature->n_levels : missing;
    int64_t n_missing = 0, n_unseen = 0;
    for (int64_t i = 0; i < s->n_rows; i++) {
        const kehu__tree_source *source = &s->sources[f];
        const uint32_t code =
            kehu__tree_code(feature, source->column, source->dictionary_codes, i);
        n_missing += code == missing;
        n_unseen += code == unseen;
    }
    if (s->options->missing != NULL)
        s->options->missing[f] = feature->code_weight[missing] > 0 ? 0 : n_missing;
    if (s->options->unseen != NULL)
        s->options->unseen[f] =
            unseen == missing || feature->code_weight[unseen] > 0 ? 0 : n_unseen;
}

kehu_status kehu__tree_sources_open(kehu__tree_source **out, int64_t *n_rows,
                                    const kehu_tree *tree, const kehu_column *columns,
                                    uint32_t n_columns, kehu_error *err)
{
    const kehu_allocator *a = &tree->alloc;
    const kehu_column **given = kehu__alloc(a, tree->n_features, sizeof *given);
    kehu__tree_source *sources = kehu__alloc_zero(a, tree->n_features, sizeof *sources);
    kehu_status status = KEHU_OK;
    *out = NULL;
    if (given == NULL || sources == NULL)
        status = kehu__no_memory(err, "scoring");
    if (status == KEHU_OK)
        status = kehu__tree_match(tree, columns, n_columns, given, n_rows, err);
    for (uint32_t f = 0; f < tree->n_features && status == KEHU_OK; f++) {
        kehu__tree_source *s = &sources[f];
        s->column = given[f];
        if (!kehu__tree_is_text(&tree->features[f]) ||
            kehu__column_kind(s->column) != KEHU_CATEGORY || s->column->length == 0 ||
            s->column->dictionary->length == 0)
            continue;
        s->dictionary_codes = kehu__alloc(a, (size_t)s->column->dictionary->length, 1);
        if (s->dictionary_codes == NULL)
            status = kehu__no_memory(err, "a column's categories");
        else
            kehu__tree_code_dictionary(&tree->features[f], s->column,
                                       s->dictionary_codes);
    }
    kehu__free(a, given, tree->n_features, sizeof *given);
    if (status == KEHU_OK)
        *out = sources;
    else
        kehu__tree_sources_close(sources, tree);
    return status;
}

void kehu__tree_sources_close(kehu__tree_source *sources, const kehu_tree *tree)
{
    for (uint32_t f = 0; sources != NULL && f < tree->n_features; f++)
        if (sources[f].dictionary_codes != NULL)
            kehu__free(&tree->alloc, sources[f].dictionary_codes,
                       (size_t)sources[f].column->dictionary->length, 1);
    kehu__free(&tree->alloc, sources, tree->n_features, sizeof *sources);
}

kehu_status kehu_tree_score(const kehu_tree *tree, const kehu_column *columns,
                            uint32_t n_columns, double *probabilities,
                            const kehu_tree_score_options *options, kehu_error *err)
{
    kehu_tree_score_options opt = {0};
    scoring s = {.tree = tree, .probabilities = probabilities, .options = &opt};
    kehu__tree_source *sources;
    kehu__run run;
    kehu_status status = KEHU_OK;
    if (tree == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tree is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.leaves != NULL)
        KEHU_TRY(kehu__tree_needs_single(tree, "leaves", err));
    KEHU_TRY(kehu__tree_sources_open(&sources, &s.n_rows, tree, columns, n_columns, err));
    s.sources = sources;
    run = (kehu__run){.n_threads = opt.n_threads, .executor = opt.executor};
    if (tree->ensemble != NULL && probabilities != NULL)
        status = kehu__ensemble_score_columns(tree, sources, s.n_rows, true,
                                              probabilities, &run, err);
    else if (probabilities != NULL || opt.leaves != NULL) {
        const int64_t n_tasks = (s.n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                      at_once = n_tasks < TASKS_AT_ONCE ? n_tasks : TASKS_AT_ONCE;
        status =
            kehu__plain_open(&s.plain, tree, sources, s.n_rows, (uint32_t)at_once, err);
        for (int64_t i = 0; i < n_tasks && status == KEHU_OK; i += at_once) {
            s.from = i * ROWS_PER_TASK;
            kehu__parallel(&run, n_tasks - i < at_once ? n_tasks - i : at_once,
                           score_rows, &s);
        }
        kehu__plain_close(s.plain, tree);
    }
    if (opt.missing != NULL || opt.unseen != NULL)
        kehu__parallel(&run, tree->n_features, count_surprises, &s);
    kehu__tree_sources_close(sources, tree);
    return status;
}

static uint32_t code_of_value(const kehu__tree_feature *f, double number,
                              const char *text)
{
    if (!kehu__tree_is_text(f))
        return kehu__tree_code_of_number(f, number);
    return kehu__tree_code_of_text(
        f, (kehu__text){text, text == NULL ? 0 : (int64_t)strlen(text)});
}

static void score_values(const kehu_tree *tree, const double *numbers,
                         const char *const *texts, double *probabilities)
{
    uint8_t codes[KEHU__TREE_MAX_FEATURES];
    for (uint32_t f = 0; f < tree->n_features; f++)
        codes[f] = (uint8_t)code_of_value(&tree->features[f], numbers[f],
                                          texts == NULL ? NULL : texts[f]);
    kehu__ensemble_score(tree, codes, tree->n_features, 1, true, probabilities);
}

kehu_status kehu_tree_score_row(const kehu_tree *tree, const double *numbers,
                                const char *const *texts, double *probabilities,
                                kehu_error *err)
{
    uint32_t at = 0;
    if (tree == NULL || numbers == NULL || probabilities == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "tree, numbers or probabilities is NULL");
    for (uint32_t f = 0; texts == NULL && f < tree->n_features; f++)
        if (kehu__tree_is_text(&tree->features[f]))
            return kehu__fail(err, KEHU_ARGUMENT, -1, "texts is NULL, column %s is text",
                              tree->features[f].name);
    if (tree->ensemble != NULL) {
        score_values(tree, numbers, texts, probabilities);
        return KEHU_OK;
    }
    while (tree->nodes[at].feature >= 0) {
        const int32_t f = tree->nodes[at].feature;
        const kehu__tree_feature *feature = &tree->features[f];
        at = kehu__tree_is_text(feature)
                 ? kehu__tree_step_code(tree, at, code_of_value(feature, 0, texts[f]))
                 : kehu__tree_step_number(tree, at, numbers[f]);
    }
    memcpy(probabilities, tree->probabilities + (size_t)at * tree->classes.n,
           tree->classes.n * sizeof *probabilities);
    return KEHU_OK;
}
