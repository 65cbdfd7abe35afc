/* Choosing the terms: characters 1-2; then with the words of a tokenizer; then with
 * strings of 3 characters; then weighted by what classes have them. Each step keeps what
 * the one before has chosen, and must set right more texts than chance would: the paired
 * difference is above its standard error (McNemar's statistic above 1). */
#include <string.h>

#include "text/svm_model.h"

enum { SHORT = 2, LONG = 3 };

/* One choice of terms, and what came of it. */
typedef struct choice {
    uint32_t char_max;
    const kehu_tokenizer *tokenizer;
    kehu__terms *terms;
    kehu__term_rows rows;
    kehu_svm_info info;      /* what validation fills in */
    uint8_t *right;          /* [n] 1 for the texts judged rightly */
    kehu__sigmoid *sigmoids; /* [n_classes] */
    double shift;
} choice;

typedef struct chooser {
    kehu_svm *svm;
    kehu__svm_training *t;
    const kehu_column *texts;
} chooser;

static void free_choice(const chooser *s, choice *c)
{
    kehu__terms_free(c->terms);
    if (c->rows.starts != NULL)
        kehu__term_rows_free(&c->rows);
    kehu__free(s->t->alloc, c->right, (size_t)s->texts->length, sizeof *c->right);
    kehu__free(s->t->alloc, c->sigmoids, s->t->n_classes, sizeof *c->sigmoids);
}

/* Texts that hold no word for the tokenizer get on without that vocabulary. */
static kehu_status build_terms(const chooser *s, choice *c, kehu_error *err)
{
    const kehu_svm_options *const o = &s->t->options;
    kehu__term_options terms = {.char_max = c->char_max,
                                .latin_max = o->latin_max,
                                .word_max =
                                    o->word_max == KEHU__SVM_NO_WORDS ? 0 : o->word_max,
                                .min_df = o->min_df,
                                .max_terms = o->max_terms,
                                .hash_bits = o->hash_bits};
    kehu_error failure;
    kehu_status status;
    KEHU_TRY(
        kehu__terms_build(&c->terms, s->texts, &terms, &s->t->run, s->t->alloc, err));
    if (c->tokenizer == NULL)
        return KEHU_OK;
    terms.tokenizer = c->tokenizer;
    status = kehu__terms_build(&c->terms->words, s->texts, &terms, &s->t->run,
                               s->t->alloc, &failure);
    if (status != KEHU_OK && status != KEHU_EMPTY && err != NULL)
        *err = failure;
    return status == KEHU_EMPTY ? KEHU_OK : status;
}

static void use_rows(const chooser *s, const choice *c)
{
    s->t->rows = (kehu__sparse){.n_rows = c->rows.n_rows,
                                .n_columns = kehu__terms_count(c->terms),
                                .starts = c->rows.starts,
                                .columns = c->rows.columns,
                                .values = c->rows.values};
    s->t->terms = c->terms;
}

static uint64_t count_known(const kehu__terms *t)
{
    uint64_t n = t->words == NULL ? 0 : count_known(t->words);
    for (uint32_t k = 0; k < t->n_terms; k++)
        n += t->idf[k] > 0;
    return n;
}

/* Terms that hardly differ from the last ones are not worth a trial: strings of 3 where
 * alphabetic scripts had them already. */
static bool adds_little(const choice *best, const choice *next)
{
    const uint64_t before = count_known(best->terms);
    return count_known(next->terms) < before + before / 50;
}

static kehu_status validate(const chooser *s, choice *c, double least_cost,
                            kehu_error *err)
{
    if (c->rows.starts == NULL)
        KEHU_TRY(
            kehu__terms_rows(&c->rows, c->terms, s->texts, &s->t->run, s->t->alloc, err));
    use_rows(s, c);
    c->sigmoids = kehu__alloc(s->t->alloc, s->t->n_classes, sizeof *c->sigmoids);
    if (c->sigmoids == NULL)
        return kehu__no_memory(err, "validation");
    if (s->t->options.fixed_terms == 0) {
        c->right = kehu__alloc_zero(s->t->alloc, (size_t)s->texts->length, 1);
        if (c->right == NULL)
            return kehu__no_memory(err, "validation");
    }
    c->info.char_max = c->char_max;
    c->info.words = c->terms->words != NULL;
    c->info.class_aware = s->t->options.class_aware == KEHU__SVM_YES;
    KEHU_TRY(kehu__svm_validate(s->t, least_cost, c->right, c->sigmoids, &c->info, err));
    c->shift = s->t->shift;
    return KEHU_OK;
}

static void keep_trial(const chooser *s, const kehu_svm_info *of)
{
    kehu_svm_info *const info = &s->svm->info;
    info->trial[info->n_trials++] = (kehu_svm_trial){.char_max = of->char_max,
                                                     .words = of->words,
                                                     .class_aware = of->class_aware,
                                                     .cost = of->cost,
                                                     .accuracy = of->accuracy};
}

static bool pays(const chooser *s, const choice *best, const choice *next)
{
    int64_t better = 0, worse = 0;
    for (int64_t i = 0; i < s->texts->length; i++) {
        better += next->right[i] > best->right[i];
        worse += next->right[i] < best->right[i];
    }
    return better > worse && (better - worse) * (better - worse) > better + worse;
}

/* Validate *next, and change places with *best where it pays. More terms or other weights
 * want no smaller C by far, so the grid begins two steps below the best so far. */
static kehu_status compare(const chooser *s, choice *best, choice *next, kehu_error *err)
{
    const double cost = best->info.cost / 4;
    KEHU_TRY(validate(s, next, cost > KEHU__SVM_LEAST_COST ? cost : KEHU__SVM_LEAST_COST,
                      err));
    keep_trial(s, &next->info);
    if (pays(s, best, next)) {
        const choice last = *best;
        *best = *next;
        *next = last;
    }
    return KEHU_OK;
}

/* Larger terms in place of *best. */
static kehu_status try_next(const chooser *s, choice *best, choice next, kehu_error *err)
{
    kehu_error failure;
    kehu_status status = build_terms(s, &next, &failure);
    if (status == KEHU_OK && adds_little(best, &next)) {
        free_choice(s, &next);
        return KEHU_OK;
    }
    if (status == KEHU_OK)
        status = compare(s, best, &next, &failure);
    free_choice(s, &next);
    if (status == KEHU_LIMIT)
        return KEHU_OK; /* too many terms: not these */
    if (status != KEHU_OK && err != NULL)
        *err = failure;
    return status;
}

/* The same terms with weights that know the classes. */
static kehu_status try_class_aware(const chooser *s, choice *best, kehu_error *err)
{
    choice next = {.char_max = best->char_max,
                   .tokenizer = best->tokenizer,
                   .terms = best->terms,
                   .rows = best->rows};
    kehu_status status;
    s->t->options.class_aware = KEHU__SVM_YES;
    status = compare(s, best, &next, err);
    s->t->options.class_aware =
        best->info.class_aware == 1 ? KEHU__SVM_YES : KEHU__SVM_NO;
    next.terms = NULL; /* they are those of *best still */
    next.rows.starts = NULL;
    free_choice(s, &next);
    return status;
}

static kehu_status try_words(const chooser *s, choice *best, kehu_error *err)
{
    const kehu_tokenizer_options o = {.size = sizeof o, .alloc = s->t->alloc};
    kehu_error failure;
    kehu_status status = kehu_tokenizer_default(&s->svm->tokenizer, &o, &failure);
    if (status == KEHU_NOT_FOUND)
        return KEHU_OK; /* a library without the dictionary */
    if (status != KEHU_OK) {
        if (err != NULL)
            *err = failure;
        return status;
    }
    status = try_next(
        s, best, (choice){.char_max = best->char_max, .tokenizer = s->svm->tokenizer},
        err);
    if (best->tokenizer == NULL) {
        kehu_tokenizer_free(s->svm->tokenizer);
        s->svm->tokenizer = NULL;
    }
    return status;
}

/* The default tokenizer of the model to start from dies with it: one more of the same. */
static kehu_status take_over_tokenizer(const chooser *s, choice *c, kehu_error *err)
{
    const kehu_tokenizer_options o = {.size = sizeof o, .alloc = s->t->alloc};
    const kehu_svm *const start = s->t->options.start;
    if (start == NULL || c->tokenizer == NULL || c->tokenizer != start->tokenizer)
        return KEHU_OK;
    KEHU_TRY(kehu_tokenizer_default(&s->svm->tokenizer, &o, err));
    c->tokenizer = s->svm->tokenizer;
    return KEHU_OK;
}

static kehu_status try_all(const chooser *s, choice *best, kehu_error *err)
{
    const kehu_svm_options *const o = &s->t->options;
    KEHU_TRY(take_over_tokenizer(s, best, err));
    KEHU_TRY(build_terms(s, best, err));
    KEHU_TRY(validate(s, best, KEHU__SVM_LEAST_COST, err));
    if (o->fixed_terms == 1)
        return KEHU_OK;
    keep_trial(s, &best->info);
    if (o->tokenizer == NULL && o->word_max != KEHU__SVM_NO_WORDS)
        KEHU_TRY(try_words(s, best, err));
    if (o->char_max == 0 && o->latin_max >= LONG)
        KEHU_TRY(try_next(s, best,
                          (choice){.char_max = LONG, .tokenizer = best->tokenizer}, err));
    if (o->class_aware == 0)
        KEHU_TRY(try_class_aware(s, best, err));
    return KEHU_OK;
}

/* The model's own counts, and what validation said of the choice. */
static void take_info(kehu_svm *svm, const kehu_svm_info *of)
{
    kehu_svm_info *const info = &svm->info;
    info->n_validated = of->n_validated;
    info->cost = of->cost;
    info->temperature = of->temperature;
    info->accuracy = of->accuracy;
    info->abstain_below = of->abstain_below;
    info->n_curve = of->n_curve;
    memcpy(info->curve, of->curve, sizeof info->curve);
    info->char_max = of->char_max;
    info->words = of->words;
    info->class_aware = of->class_aware;
}

kehu_status kehu__svm_choose(kehu_svm *svm, kehu__term_rows *rows, kehu__svm_training *t,
                             const kehu_column *texts, kehu_error *err)
{
    const chooser s = {svm, t, texts};
    choice best = {.char_max = t->options.char_max == 0 ? SHORT : t->options.char_max,
                   .tokenizer = t->options.tokenizer};
    const kehu_status status = try_all(&s, &best, err);
    if (status == KEHU_OK) {
        take_info(svm, &best.info);
        svm->terms = best.terms;
        if (best.info.words == 1)
            svm->fingerprint = kehu_tokenizer_fingerprint(best.tokenizer);
        *rows = best.rows;
        use_rows(&s, &best);
        t->shift = best.shift;
        svm->sigmoids = best.sigmoids;
        best.terms = NULL;
        best.sigmoids = NULL;
        best.rows.starts = NULL;
    }
    free_choice(&s, &best);
    return status;
}
