/* A preference is a tree and the cuts of its levels. */
#include <kehu/preference.h>

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/number.h"
#include "data/column.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/preference.h"
#include "insight/segment.h"

static const char kind[] = "PRF1";

void kehu_preference_free(kehu_preference *preference)
{
    if (preference != NULL) {
        const kehu_allocator a = preference->alloc;
        kehu_tree_free(preference->tree);
        kehu_levels_free(preference->levels);
        kehu_segments_free(preference->rules);
        kehu__free(&a, preference->experiences, preference->n_experiences,
                   sizeof *preference->experiences);
        kehu__free(&a, preference->offsets, preference->n_offsets,
                   sizeof *preference->offsets);
        kehu__free(&a, preference, 1, sizeof *preference);
    }
}

static bool is_known(const kehu_column *observed, int64_t i)
{
    return kehu__column_valid(observed, i) && (!kehu__type_is_text(observed->type) ||
                                               kehu__column_text(observed, i).size > 0);
}

static kehu_status fit_levels(kehu_preference *p, const kehu_column *columns,
                              uint32_t n_columns, const kehu_preference_options *options,
                              uint32_t n_threads, kehu_error *err)
{
    kehu_levels_options how = {0};
    const kehu_tree_score_options score = {.size = sizeof score, .n_threads = n_threads};
    const uint32_t K = kehu_tree_class_count(p->tree);
    const size_t n = (size_t)columns[0].length;
    double *probabilities;
    kehu_status status;
    KEHU_TRY(kehu__options_read(&how, sizeof how, options->levels, err));
    how.size = sizeof how;
    how.alloc = &p->alloc;
    if (how.mode == KEHU_LEVEL_ABSOLUTE)
        return kehu_levels_fit(&p->levels, NULL, 0, K, &how, err);
    probabilities = kehu__alloc(&p->alloc, n, K * sizeof *probabilities);
    if (probabilities == NULL)
        return kehu__no_memory(err, "levels");
    status = kehu__preference_score(p, columns, n_columns, (int64_t)n, probabilities,
                                    &score, err);
    if (status == KEHU_OK)
        status = kehu_levels_fit(&p->levels, probabilities, (int64_t)n, K, &how, err);
    kehu__free(&p->alloc, probabilities, n, K * sizeof *probabilities);
    return status;
}

static kehu_status train(kehu_preference *p, const kehu_column *columns,
                         uint32_t n_columns, const kehu_column *observed,
                         const kehu_column *row_ids,
                         const kehu_preference_options *options, kehu_error *err)
{
    kehu_tree_options how = {0};
    const size_t n = observed == NULL ? 0 : (size_t)observed->length;
    uint8_t *known;
    int64_t n_known = 0;
    kehu_status status;
    KEHU_TRY(kehu__options_read(&how, sizeof how, options->tree, err));
    how.size = sizeof how;
    how.alloc = &p->alloc;
    if (options->rules != NULL) {
        KEHU_TRY(kehu__preference_learn(p, columns, n_columns, observed, row_ids, options,
                                        &how, err));
        return fit_levels(p, columns, n_columns, options, how.n_threads, err);
    }
    p->fusions[KEHU_PREFERENCE_SILENT].weights.probability = 1;
    known = kehu__alloc(&p->alloc, n, 1);
    if (known == NULL)
        return kehu__no_memory(err, "a preference");
    for (size_t i = 0; i < n; i++)
        n_known += known[i] = is_known(observed, (int64_t)i);
    if (n_known == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1, "no row has an observed class");
    else {
        const kehu_column weights = {
            .type = KEHU_UINT8, .length = observed->length, .data = known};
        status = kehu_tree_train(&p->tree, columns, n_columns, observed, row_ids,
                                 &weights, &how, err);
    }
    kehu__free(&p->alloc, known, n, 1);
    if (status == KEHU_OK)
        status = fit_levels(p, columns, n_columns, options, how.n_threads, err);
    return status;
}

kehu_status kehu_preference_train(kehu_preference **out, const kehu_column *columns,
                                  uint32_t n_columns, const kehu_column *observed,
                                  const kehu_column *row_ids,
                                  const kehu_preference_options *options, kehu_error *err)
{
    kehu_preference_options opt = {0};
    kehu_allocator alloc;
    kehu_preference *p;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (columns == NULL || n_columns == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "there are no columns to learn from");
    if (observed != NULL || opt.rules == NULL)
        KEHU_TRY(kehu__column_check(observed, "observed", err));
    if (columns[0].length == 0 || (observed != NULL && observed->length == 0))
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no rows to learn from");
    if (opt.n_folds == 1 || opt.n_folds > 20)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_folds is %u, expected 2 to 20",
                          (unsigned)opt.n_folds);
    if (!isfinite(opt.sure))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "sure is not finite");
    alloc = kehu__allocator(opt.alloc);
    p = kehu__alloc_zero(&alloc, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "a preference");
    p->alloc = alloc;
    status = train(p, columns, n_columns, observed, row_ids, &opt, err);
    if (status == KEHU_OK)
        *out = p;
    else
        kehu_preference_free(p);
    return status;
}

/* The columns' length; kehu_tree_score has checked that they are of one. */
static int64_t length_of(const kehu_preference *p, const kehu_column *columns,
                         uint32_t n_columns)
{
    const char *name = kehu_tree_feature_name(p->tree, 0);
    for (uint32_t i = 0; i < n_columns; i++)
        if (columns[i].name != NULL && strcmp(columns[i].name, name) == 0)
            return columns[i].length;
    return 0;
}

kehu_status kehu__preference_score(const kehu_preference *p, const kehu_column *columns,
                                   uint32_t n_columns, int64_t n, double *probabilities,
                                   const kehu_tree_score_options *options,
                                   kehu_error *err)
{
    const uint32_t K = kehu_tree_class_count(p->tree);
    double *scores;
    kehu_status status;
    KEHU_TRY(kehu_tree_score(p->tree, columns, n_columns, probabilities, options, err));
    if (p->rules == NULL || probabilities == NULL || n == 0)
        return KEHU_OK;
    scores = kehu__alloc(&p->alloc, (size_t)n, K * sizeof *scores);
    if (scores == NULL)
        return kehu__no_memory(err, "scoring");
    status = kehu__experience_scores(p, columns, n_columns, n, K, scores, err);
    if (status == KEHU_OK)
        kehu__preference_fuse(p, scores, probabilities, n, K);
    kehu__free(&p->alloc, scores, (size_t)n, K * sizeof *scores);
    return status;
}

kehu_status kehu_preference_score(const kehu_preference *preference,
                                  const kehu_column *columns, uint32_t n_columns,
                                  double *probabilities, uint8_t *levels,
                                  const kehu_tree_score_options *options, kehu_error *err)
{
    double *own = NULL;
    kehu_status status;
    int64_t n;
    uint32_t K;
    if (preference == NULL || (columns == NULL && n_columns > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "preference or columns is NULL");
    K = kehu_tree_class_count(preference->tree);
    n = length_of(preference, columns, n_columns);
    if (probabilities == NULL && levels != NULL && n > 0) {
        own = kehu__alloc(&preference->alloc, (size_t)n, K * sizeof *own);
        if (own == NULL)
            return kehu__no_memory(err, "scoring");
        probabilities = own;
    }
    status = kehu__preference_score(preference, columns, n_columns, n, probabilities,
                                    options, err);
    if (status == KEHU_OK && levels != NULL)
        status = kehu_levels_grade(preference->levels, probabilities, n, levels, err);
    kehu__free(&preference->alloc, own, (size_t)n, K * sizeof *own);
    return status;
}

static int32_t class_of(const kehu_tree *tree, const kehu_column *observed, int64_t i)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__text text = {digits, 0};
    if (!is_known(observed, i))
        return -1;
    if (kehu__type_is_text(observed->type))
        text = kehu__column_text(observed, i);
    else if (observed->type == KEHU_BOOL)
        text = kehu__column_integer(observed, i) ? (kehu__text){"true", 4}
                                                 : (kehu__text){"false", 5};
    else
        text.size = kehu__format_int64(digits, kehu__column_integer(observed, i));
    for (uint32_t k = 0; k < kehu_tree_class_count(tree); k++) {
        const char *name = kehu_tree_class_name(tree, k);
        if (strlen(name) == (size_t)text.size &&
            memcmp(name, text.bytes, (size_t)text.size) == 0)
            return (int32_t)k;
    }
    return -1;
}

static kehu_status check_observed(const kehu_column *observed, int64_t n, kehu_error *err)
{
    KEHU_TRY(kehu__column_check(observed, "observed", err));
    if (!kehu__type_is_text(observed->type) && observed->type != KEHU_BOOL &&
        (kehu__column_kind(observed) < KEHU_INT8 ||
         kehu__column_kind(observed) > KEHU_UINT32))
        return kehu__fail(err, KEHU_COLUMN, -1,
                          "observed is %s, expected text, BOOL or integers up to INT64",
                          kehu__type_name(observed->type));
    if (observed->length != n)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "observed has %lld rows, the columns have %lld",
                          (long long)observed->length, (long long)n);
    return KEHU_OK;
}

kehu_status kehu_preference_report(const kehu_preference *preference,
                                   const kehu_column *columns, uint32_t n_columns,
                                   const kehu_column *observed,
                                   const kehu_tree_score_options *options,
                                   kehu_level_row *rows, kehu_error *err)
{
    const kehu_allocator *a;
    double *probabilities;
    int32_t *classes;
    kehu_status status;
    size_t room;
    int64_t n;
    uint32_t K;
    if (preference == NULL || rows == NULL || (columns == NULL && n_columns > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "preference, columns or rows is NULL");
    a = &preference->alloc;
    K = kehu_tree_class_count(preference->tree);
    n = length_of(preference, columns, n_columns);
    if (observed != NULL)
        KEHU_TRY(check_observed(observed, n, err));
    room = (size_t)n + 1; /* one more, so that no rows are not a refusal */
    probabilities = kehu__alloc(a, room, K * sizeof *probabilities);
    classes = kehu__alloc(a, room, sizeof *classes);
    status = probabilities == NULL || classes == NULL
                 ? kehu__no_memory(err, "a report")
                 : kehu__preference_score(preference, columns, n_columns, n,
                                          probabilities, options, err);
    for (int64_t i = 0; status == KEHU_OK && i < n; i++)
        classes[i] = observed == NULL ? -1 : class_of(preference->tree, observed, i);
    if (status == KEHU_OK)
        status =
            kehu_levels_report(preference->levels, probabilities, n, classes, rows, err);
    kehu__free(a, probabilities, room, K * sizeof *probabilities);
    kehu__free(a, classes, room, sizeof *classes);
    return status;
}

uint32_t kehu_preference_class_count(const kehu_preference *preference)
{
    return kehu_tree_class_count(preference->tree);
}

const char *kehu_preference_class_name(const kehu_preference *preference, uint32_t i)
{
    return kehu_tree_class_name(preference->tree, i);
}

const kehu_tree *kehu_preference_tree(const kehu_preference *preference)
{
    return preference->tree;
}

const kehu_levels *kehu_preference_levels(const kehu_preference *preference)
{
    return preference->levels;
}

void kehu_preference_fusion_get(const kehu_preference *preference, uint32_t group,
                                kehu_preference_fusion *fusion)
{
    const kehu__fusion *f = &preference->fusions[group];
    *fusion = (kehu_preference_fusion){.tree_weight = f->weights.probability,
                                       .rule_weight = f->weights.score,
                                       .n_rules = preference->n_experiences,
                                       .fitted = f->fitted};
}

double kehu_preference_offset(const kehu_preference *preference, uint32_t group,
                              uint32_t class_number)
{
    const uint32_t K = kehu_tree_class_count(preference->tree);
    return preference->offsets == NULL
               ? 0
               : preference->offsets[(size_t)group * K + class_number];
}

/* A container of two containers. */
static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_preference *p = handle;
    kehu__buffer tree = kehu__buffer_new(&p->alloc), levels = kehu__buffer_new(&p->alloc),
                 fusion = kehu__buffer_new(&p->alloc);
    const kehu_writer to_tree = {kehu__handle_collect, &tree},
                      to_levels = {kehu__handle_collect, &levels};
    kehu_status status = kehu_tree_write(p->tree, &to_tree, err);
    *out = kehu__buffer_new(&p->alloc);
    if (status == KEHU_OK)
        status = kehu_levels_write(p->levels, &to_levels, err);
    if (p->rules != NULL) {
        for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++) {
            kehu__buffer_u64(&fusion, (uint64_t)p->fusions[g].fitted);
            kehu__buffer_double(&fusion, p->fusions[g].weights.probability);
            kehu__buffer_double(&fusion, p->fusions[g].weights.score);
        }
        for (uint32_t i = 0; i < p->n_offsets; i++)
            kehu__buffer_double(&fusion, p->offsets[i]);
    }
    if (tree.failed || levels.failed || fusion.failed)
        out->failed = true;
    else if (status == KEHU_OK) {
        const kehu__section sections[] = {{"TREE", tree.bytes, tree.size},
                                          {"LEVL", levels.bytes, levels.size},
                                          {"FUSE", fusion.bytes, fusion.size},
                                          {"RULE",
                                           p->rules == NULL ? NULL : p->rules->source,
                                           p->rules == NULL ? 0 : p->rules->source_size}};
        kehu__container_build(out, kind, sections, p->rules == NULL ? 2 : 4);
    }
    kehu__buffer_free(&tree);
    kehu__buffer_free(&levels);
    kehu__buffer_free(&fusion);
    return status;
}

static bool weight_sound(double w)
{
    return w >= 0 && !isinf(w);
}

static bool read_fusion(kehu_preference *p, kehu__reader r)
{
    for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++) {
        kehu__fusion *f = &p->fusions[g];
        const uint64_t fitted = kehu__read_u64(&r);
        f->fitted = (int32_t)(fitted & 1);
        f->weights.probability = kehu__read_double(&r);
        f->weights.score = kehu__read_double(&r);
        if (fitted > 1 || !weight_sound(f->weights.probability) ||
            !weight_sound(f->weights.score))
            return false;
    }
    for (uint32_t i = 0; i < p->n_offsets; i++) {
        p->offsets[i] = kehu__read_double(&r);
        if (!isfinite(p->offsets[i]))
            return false;
    }
    return !r.failed && r.at == r.end;
}

static kehu_status read_rules(kehu_preference *p, const kehu__container *c,
                              const char *name, kehu_error *err)
{
    const char *fusion, *rules, *classes[255];
    size_t fusion_size, rules_size;
    const uint32_t K = kehu_tree_class_count(p->tree);
    if (!kehu__container_find(c, "FUSE", &fusion, &fusion_size)) {
        p->fusions[KEHU_PREFERENCE_SILENT].weights.probability = 1;
        return KEHU_OK;
    }
    KEHU_TRY(kehu__fusion_start(p, K, err));
    if (!kehu__container_find(c, "RULE", &rules, &rules_size) ||
        !read_fusion(p, kehu__reader_new(fusion, fusion_size)))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: its rules", name);
    for (uint32_t k = 0; k < K; k++)
        classes[k] = kehu_tree_class_name(p->tree, k);
    KEHU_TRY(kehu_segments_read(&p->rules, rules, rules_size, &p->alloc, err));
    return kehu__experience_read(&p->experiences, &p->n_experiences, p->rules, classes, K,
                                 &p->alloc, err);
}

static kehu_status read_parts(kehu_preference *p, const kehu__container *c,
                              const char *name, kehu_error *err)
{
    const char *tree, *levels;
    size_t tree_size, levels_size;
    if (!kehu__container_find(c, "TREE", &tree, &tree_size) ||
        !kehu__container_find(c, "LEVL", &levels, &levels_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: a part is missing", name);
    KEHU_TRY(kehu_tree_read(&p->tree, tree, tree_size, &p->alloc, err));
    KEHU_TRY(kehu_levels_read(&p->levels, levels, levels_size, &p->alloc, err));
    if (kehu_levels_class_count(p->levels) != kehu_tree_class_count(p->tree))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s is damaged: tree and levels differ in classes", name);
    return read_rules(p, c, name, err);
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    kehu_preference *p;
    kehu_status status;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, from->name, err));
    p = kehu__alloc_zero(&from->alloc, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "a preference");
    p->alloc = from->alloc;
    status = read_parts(p, &c, from->name, err);
    if (status == KEHU_OK)
        *(kehu_preference **)out = p;
    else
        kehu_preference_free(p);
    return status;
}

static const kehu__handle_file file = {"preference", build, make};

kehu_status kehu_preference_save(const kehu_preference *preference, const char *path,
                                 kehu_error *err)
{
    return kehu__handle_save(&file, preference, path, err);
}

kehu_status kehu_preference_write(const kehu_preference *preference,
                                  const kehu_writer *writer, kehu_error *err)
{
    return kehu__handle_write(&file, preference, writer, err);
}

kehu_status kehu_preference_load(kehu_preference **out, const char *path,
                                 const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_preference_read(kehu_preference **out, const void *bytes, size_t size,
                                 const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
