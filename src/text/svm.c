#include <kehu/svm.h>

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "text/svm_model.h"

enum { DEFAULT_FOLDS = 5, MAX_FOLDS = 20, DEFAULT_TERMS = 4194304 };
#define DEFAULT_GAP 1e-4

/* ---- options ---- */

static kehu_status check_integer(const char *name, uint32_t *value, uint32_t fallback,
                                 uint32_t low, uint32_t high, kehu_error *err)
{
    if (*value == 0)
        *value = fallback;
    if (*value < low || *value > high)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s is %u, expected %u to %u", name,
                          (unsigned)*value, (unsigned)low, (unsigned)high);
    return KEHU_OK;
}

static kehu_status read_options(kehu_svm_options *o, const kehu_svm_options *given,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(o, sizeof *o, given, err));
    if (o->start != NULL)
        kehu__svm_start_options(o);
    if (o->cost != 0 && !(o->cost >= 1e-6 && o->cost <= 1e6))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "cost is not 0 nor in 1e-6 to 1e6");
    if (o->loss < 0 || o->loss >= KEHU__N_LOSSES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "loss is %d, expected 0 to %d",
                          (int)o->loss, KEHU__N_LOSSES - 1);
    if (o->gap == 0)
        o->gap = DEFAULT_GAP;
    if (!(o->gap > 0 && o->gap < 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "gap is not in 0 to 1");
    if (!(o->abstain_below >= 0 && o->abstain_below <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "abstain_below is not in 0 to 1");
    if (!(o->precision >= 0 && o->precision <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "precision is not in 0 to 1");
    if (o->precision > 0 && o->abstain_below > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "both precision and abstain_below are given");
    if (o->balanced > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "balanced is %u, expected 0 or 1",
                          (unsigned)o->balanced);
    KEHU_TRY(check_integer("n_folds", &o->n_folds, DEFAULT_FOLDS, 2, MAX_FOLDS, err));
    if (o->fixed_terms > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "fixed_terms is %u, expected 0 or 1",
                          (unsigned)o->fixed_terms);
    if (o->class_aware > KEHU__SVM_NO)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "class_aware is %u, expected 0 to 2",
                          (unsigned)o->class_aware);
    if (o->hash_bits != 0)
        KEHU_TRY(check_integer("hash_bits", &o->hash_bits, 0, KEHU__LEAST_HASH_BITS,
                               KEHU__TERM_BITS, err));
    if (o->hash_bits != 0 && o->max_bytes != 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "both hash_bits and max_bytes are given");
    if (o->cost > 0)
        o->fixed_terms = 1;
    if (o->char_max > 0 || o->fixed_terms == 1)
        KEHU_TRY(check_integer("char_max", &o->char_max, 2, 1, KEHU__MAX_GRAM, err));
    KEHU_TRY(check_integer("latin_max", &o->latin_max, KEHU__MAX_GRAM,
                           o->char_max == 0 ? 2 : o->char_max, KEHU__MAX_GRAM, err));
    KEHU_TRY(check_integer("word_max", &o->word_max, 2, 1, KEHU__SVM_NO_WORDS, err));
    if (o->word_max == KEHU__SVM_NO_WORDS && o->tokenizer != NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "a tokenizer is given but word_max is 3, for no words");
    KEHU_TRY(check_integer("min_df", &o->min_df, 1, 1, UINT32_MAX, err));
    return check_integer("max_terms", &o->max_terms, DEFAULT_TERMS, 1,
                         KEHU__MAX_CANDIDATES, err);
}

static kehu_status check_inputs(const kehu_column *texts, const kehu_column *labels,
                                const kehu_column *weights, kehu_error *err)
{
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(kehu__column_check_text(labels, "labels", err));
    if (texts->length != labels->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%lld texts but %lld labels",
                          (long long)texts->length, (long long)labels->length);
    if (texts->length >= UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld texts, at most 4294967294",
                          (long long)texts->length);
    if (weights == NULL)
        return KEHU_OK;
    KEHU_TRY(kehu__column_check_number(weights, "weights", err));
    if (texts->length != weights->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%lld texts but %lld weights",
                          (long long)texts->length, (long long)weights->length);
    return KEHU_OK;
}

/* ---- arrays of one number a text or class ---- */

typedef struct scratch {
    size_t n, n_classes;
    int32_t *labels;
    float *weights;
    double *class_cost;
    uint64_t *hashes, *sorted, *key_scratch;
    uint32_t *order, *order_scratch;
} scratch;

static bool make_scratch(scratch *s, size_t n, bool weights, const kehu_allocator *alloc)
{
    *s = (scratch){.n = n};
    s->labels = kehu__alloc(alloc, n, sizeof *s->labels);
    s->hashes = kehu__alloc(alloc, n, sizeof *s->hashes);
    s->sorted = kehu__alloc(alloc, n, sizeof *s->sorted);
    s->key_scratch = kehu__alloc(alloc, n, sizeof *s->key_scratch);
    s->order = kehu__alloc(alloc, n, sizeof *s->order);
    s->order_scratch = kehu__alloc(alloc, n, sizeof *s->order_scratch);
    if (weights)
        s->weights = kehu__alloc(alloc, n, sizeof *s->weights);
    return s->labels != NULL && s->hashes != NULL && s->sorted != NULL &&
           s->key_scratch != NULL && s->order != NULL && s->order_scratch != NULL &&
           (!weights || s->weights != NULL);
}

static void free_sort_scratch(scratch *s, const kehu_allocator *alloc)
{
    kehu__free(alloc, s->sorted, s->n, sizeof *s->sorted);
    kehu__free(alloc, s->key_scratch, s->n, sizeof *s->key_scratch);
    kehu__free(alloc, s->order, s->n, sizeof *s->order);
    kehu__free(alloc, s->order_scratch, s->n, sizeof *s->order_scratch);
    s->sorted = s->key_scratch = NULL;
    s->order = s->order_scratch = NULL;
}

static void free_scratch(scratch *s, const kehu_allocator *alloc)
{
    free_sort_scratch(s, alloc);
    kehu__free(alloc, s->labels, s->n, sizeof *s->labels);
    kehu__free(alloc, s->hashes, s->n, sizeof *s->hashes);
    kehu__free(alloc, s->weights, s->n, sizeof *s->weights);
    kehu__free(alloc, s->class_cost, s->n_classes, sizeof *s->class_cost);
}

static kehu_status read_weights(float *out, const kehu_column *weights, kehu_error *err)
{
    for (int64_t i = 0; i < weights->length; i++) {
        const double w = kehu__column_number(weights, i);
        if (!(w >= 0 && w <= 1e9))
            return kehu__fail(err, KEHU_RANGE, i,
                              "the weight of row %lld is not in 0 to 1e9", (long long)i);
        out[i] = (float)w;
    }
    return KEHU_OK;
}

/* Texts that occur with two labels: equal hashes stand together when sorted. */
static int64_t count_conflicts(scratch *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->sorted[i] = s->hashes[i];
        s->order[i] = (uint32_t)i;
    }
    kehu__sort_pairs(s->sorted, s->order, s->key_scratch, s->order_scratch, s->n);
    for (size_t first = 0, last; first < s->n; first = last) {
        bool differ = false;
        for (last = first + 1; last < s->n && s->sorted[last] == s->sorted[first]; last++)
            differ = differ || s->labels[s->order[last]] != s->labels[s->order[first]];
        n += differ ? (int64_t)(last - first) : 0;
    }
    return n;
}

/* Factors that make every class weigh n / n_classes. */
static bool balance(scratch *s, uint32_t n_classes, const kehu_allocator *alloc)
{
    double total = 0;
    s->n_classes = n_classes;
    s->class_cost = kehu__alloc_zero(alloc, n_classes, sizeof *s->class_cost);
    if (s->class_cost == NULL)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const double w = s->weights == NULL ? 1 : (double)s->weights[i];
        s->class_cost[s->labels[i]] += w;
        total += w;
    }
    for (uint32_t k = 0; k < n_classes; k++)
        s->class_cost[k] =
            s->class_cost[k] > 0 ? total / (s->class_cost[k] * (double)n_classes) : 1;
    return true;
}

static kehu_status fill_scratch(scratch *s, kehu_svm *svm, const kehu_column *texts,
                                const kehu_column *labels, const kehu_svm_options *o,
                                kehu_error *err)
{
    KEHU_TRY(kehu__classes_from(&svm->classes, s->labels, labels, &svm->alloc, err));
    if (o->weights != NULL)
        KEHU_TRY(read_weights(s->weights, o->weights, err));
    if (o->balanced && !balance(s, svm->classes.n, &svm->alloc))
        return kehu__no_memory(err, "the class weights");
    for (int64_t i = 0; i < texts->length; i++) {
        const kehu__text text = kehu__column_text(texts, i);
        s->hashes[i] = kehu__hash(text.bytes, (size_t)text.size, 0);
    }
    svm->info.n_conflicting = count_conflicts(s);
    free_sort_scratch(s, &svm->alloc);
    return KEHU_OK;
}

/* ---- training ---- */

/* Value of the constant feature. The smaller it is, the more its weight costs, which is
 * little where a class has many texts; but the solver needs fewer passes, as each dual
 * variable takes longer steps. Where C is chosen, accuracy goes first. */
static float bias_for(const kehu_svm_options *o, int64_t n_texts, uint32_t n_classes)
{
    enum { MANY = 1000 }; /* texts a class */
    return o->cost > 0 && n_texts / n_classes >= MANY ? 0.5f : 1;
}

/* The problem of all texts, made ready or gone on with. */
static kehu_status take_problem(kehu__linear_problem **out, kehu__svm_training *t,
                                const kehu__sparse *rows, kehu_error *err)
{
    *out = t->ready;
    t->ready = NULL;
    if (*out == NULL)
        return kehu__linear_prepare(out, rows, t->labels, t->n_classes, t->weights,
                                    t->bias, t->alloc, err);
    kehu__linear_admit(*out, t->weights);
    return KEHU_OK;
}

static kehu_status solve(kehu_svm *svm, kehu__svm_training *t, const kehu__sparse *rows,
                         kehu_error *err)
{
    const kehu__linear_options o = {.cost = svm->info.cost,
                                    .loss = (kehu__loss)t->options.loss,
                                    .gap = t->options.gap,
                                    .seed = t->options.seed,
                                    .class_cost = t->class_cost};
    kehu__linear_report report;
    kehu__linear_problem *p;
    kehu_status status;
    KEHU_TRY(take_problem(&p, t, rows, err));
    status = t->options.start == NULL ? KEHU_OK : kehu__svm_begin(p, &o, svm, t, err);
    if (status == KEHU_OK)
        status = kehu__linear_solve(p, &o, &t->run, &report, err);
    if (status == KEHU_OK)
        status = kehu__linear_extract(&svm->linear, p, err);
    kehu__linear_problem_free(p);
    if (status != KEHU_OK)
        return status;
    kehu__linear_shift(svm->linear, t->shift);
    svm->info.primal = report.primal;
    svm->info.dual = report.dual;
    svm->info.gap = report.gap;
    svm->info.passes = report.passes;
    svm->info.converged = report.converged;
    return KEHU_OK;
}

/* With terms weighted by what all texts say of them. */
static kehu_status solve_class_aware(kehu_svm *svm, kehu__svm_training *t,
                                     kehu_error *err)
{
    const size_t n_entries = (size_t)t->rows.starts[t->rows.n_rows] + 1;
    kehu__sparse rows = t->rows;
    float *const values = kehu__alloc(&svm->alloc, n_entries, sizeof *values);
    kehu_status status = KEHU_OK;
    rows.values = values;
    svm->factors = kehu__alloc(&svm->alloc, t->rows.n_columns, sizeof *svm->factors);
    if (values == NULL || svm->factors == NULL ||
        !kehu__svm_gravity(svm->factors, t, t->weights))
        status = kehu__no_memory(err, "the weights of the terms");
    if (status == KEHU_OK) {
        kehu__svm_scale_rows(values, t, svm->factors);
        status = solve(svm, t, &rows, err);
    }
    kehu__free(&svm->alloc, values, n_entries, sizeof *values);
    return status;
}

void kehu__svm_free_factors(kehu_svm *svm, const kehu__svm_training *t)
{
    kehu__free(&svm->alloc, svm->factors, t->rows.n_columns, sizeof *svm->factors);
    svm->factors = NULL;
}

kehu_status kehu__svm_solve(kehu_svm *svm, kehu__svm_training *t, kehu_error *err)
{
    return t->options.class_aware == KEHU__SVM_YES ? solve_class_aware(svm, t, err)
                                                   : solve(svm, t, &t->rows, err);
}

static kehu_status fit(kehu_svm *svm, kehu__svm_training *t, const kehu_column *texts,
                       kehu_error *err)
{
    kehu__term_rows rows;
    kehu_status status = kehu__svm_choose(svm, &rows, t, texts, err);
    if (status != KEHU_OK)
        return status;
    svm->info.bits = t->options.max_bytes > 0 ? 8 : 32;
    status = kehu__svm_solve(svm, t, err);
    if (status == KEHU_OK && svm->info.bits == 8)
        status = kehu__svm_shrink(svm, &rows, t, texts, err);
    svm->info.abstain_below =
        t->options.precision > 0 ? svm->info.abstain_below : t->options.abstain_below;
    if (status == KEHU_OK && svm->factors != NULL)
        kehu__terms_scale(svm->terms, svm->factors);
    kehu__svm_free_factors(svm, t);
    svm->info.n_terms = t->rows.n_columns;
    svm->info.n_texts = texts->length;
    for (int64_t i = 0; i < texts->length && status == KEHU_OK; i++)
        svm->info.n_empty += rows.starts[i + 1] == rows.starts[i];
    if (rows.starts != NULL)
        kehu__term_rows_free(&rows);
    return status;
}

kehu_status kehu_svm_train(kehu_svm **out, const kehu_column *texts,
                           const kehu_column *labels, const kehu_svm_options *options,
                           kehu_error *err)
{
    kehu__svm_training t = {.n_classes = 0};
    kehu_allocator alloc;
    kehu_svm *svm = NULL;
    scratch s = {0};
    kehu_status status;

    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&t.options, options, err));
    KEHU_TRY(check_inputs(texts, labels, t.options.weights, err));
    if (texts->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no texts");
    alloc = kehu__allocator(t.options.alloc);
    svm = kehu__alloc_zero(&alloc, 1, sizeof *svm);
    if (svm != NULL)
        svm->alloc = alloc;
    if (svm == NULL ||
        !make_scratch(&s, (size_t)texts->length, t.options.weights != NULL, &alloc)) {
        status = kehu__no_memory(err, "training texts");
        goto done;
    }
    svm->classes.alloc = alloc;
    status = fill_scratch(&s, svm, texts, labels, &t.options, err);
    if (status != KEHU_OK)
        goto done;
    t.run = (kehu__run){t.options.n_threads, t.options.executor, t.options.progress};
    t.alloc = &alloc;
    t.labels = s.labels;
    t.weights = s.weights;
    t.class_cost = s.class_cost;
    t.hashes = s.hashes;
    t.n_classes = svm->info.n_classes = svm->classes.n;
    t.bias = bias_for(&t.options, texts->length, t.n_classes);
    status = fit(svm, &t, texts, err);
    if (status == KEHU_OK) {
        *out = svm;
        svm = NULL;
    }

done:
    kehu__linear_problem_free(t.ready);
    free_scratch(&s, &alloc);
    kehu_svm_free(svm);
    return status;
}

void kehu_svm_free(kehu_svm *svm)
{
    if (svm != NULL) {
        const kehu_allocator alloc = svm->alloc;
        kehu__free(&alloc, svm->sigmoids, svm->classes.n, sizeof *svm->sigmoids);
        if (svm->classes.bytes != NULL)
            kehu__classes_free(&svm->classes);
        kehu__terms_free(svm->terms);
        kehu_tokenizer_free(svm->tokenizer);
        kehu__linear_free(svm->linear);
        kehu__file_unmap(&svm->file);
        kehu__free(&alloc, svm, 1, sizeof *svm);
    }
}

void kehu_svm_get_info(const kehu_svm *svm, kehu_svm_info *info)
{
    *info = svm->info;
}

uint32_t kehu_svm_class_count(const kehu_svm *svm)
{
    return svm->classes.n;
}

const char *kehu_svm_class_name(const kehu_svm *svm, int32_t class_number)
{
    if (class_number < 0 || (uint32_t)class_number >= svm->classes.n)
        return NULL;
    return kehu__class_name(&svm->classes, (uint32_t)class_number);
}

int32_t kehu_svm_class_find(const kehu_svm *svm, const char *name)
{
    return kehu__class_find(&svm->classes, name, strlen(name));
}
