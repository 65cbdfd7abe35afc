/* Learning on from an earlier model: its options where none are given, and its weights
 * as those of the new model's terms and classes. */
#include "text/svm_model.h"

void kehu__svm_start_options(kehu_svm_options *o)
{
    const kehu_svm *const start = o->start;
    const kehu__term_options *const terms = &start->terms->options;
    const kehu__terms *const words = start->terms->words;
    o->cost = o->cost == 0 ? start->info.cost : o->cost;
    o->char_max = o->char_max == 0 ? terms->char_max : o->char_max;
    o->latin_max = o->latin_max == 0 ? terms->latin_max : o->latin_max;
    if (o->latin_max < o->char_max)
        o->latin_max = o->char_max;
    o->min_df = o->min_df == 0 ? terms->min_df : o->min_df;
    o->hash_bits = o->hash_bits == 0 ? terms->hash_bits : o->hash_bits;
    o->max_terms = o->max_terms == 0 ? terms->max_terms : o->max_terms;
    if (o->class_aware == 0)
        o->class_aware = start->info.class_aware == 1 ? KEHU__SVM_YES : KEHU__SVM_NO;
    if (o->word_max == 0)
        o->word_max = terms->word_max == 0 ? KEHU__SVM_NO_WORDS : terms->word_max;
    if (o->tokenizer == NULL && words != NULL && o->word_max != KEHU__SVM_NO_WORDS)
        o->tokenizer = words->options.tokenizer;
}

/* A column of one vocabulary in the other, both with their words. */
static uint32_t same_term(const kehu__terms *in, const kehu__terms *of, uint32_t column)
{
    uint32_t found;
    if (of->keys == NULL) /* no keys: the columns are the same or nothing is */
        return in->options.hash_bits == of->options.hash_bits &&
                       column < kehu__terms_count(in)
                   ? column
                   : UINT32_MAX;
    if (column < of->n_terms)
        return kehu__terms_find(in, of->keys[column]);
    if (in->words == NULL)
        return UINT32_MAX;
    found = kehu__terms_find(in->words, of->words->keys[column - of->n_terms]);
    return found == UINT32_MAX ? UINT32_MAX : in->n_terms + found;
}

/* Weight for a class of the earlier model; of two classes it has but one. */
static float weight_of(const kehu__linear *m, uint32_t column, uint32_t class_number)
{
    float w;
    if (m->width > 1)
        return kehu__linear_weight(m, column, class_number);
    w = kehu__linear_weight(m, column, 0);
    return class_number == 1 ? w : -w;
}

static void copy_weights(kehu__linear *to, const kehu_svm *svm, const kehu_svm *start,
                         const int32_t *classes)
{
    for (uint32_t j = 0; j <= to->n_columns; j++) {
        const uint32_t from = j == to->n_columns ? start->linear->n_columns
                                                 : same_term(start->terms, svm->terms, j);
        for (uint32_t k = 0; k < to->width && from != UINT32_MAX; k++) {
            const int32_t class_number = classes[to->width == 1 ? 1 : k];
            if (class_number >= 0)
                to->own[(size_t)j * to->stride + k] =
                    weight_of(start->linear, from, (uint32_t)class_number);
        }
    }
}

kehu_status kehu__svm_begin(kehu__linear_problem *p, const kehu__linear_options *options,
                            const kehu_svm *svm, const kehu__svm_training *t,
                            kehu_error *err)
{
    const kehu_svm *const start = t->options.start;
    const uint32_t n = t->n_classes;
    int32_t *const classes = kehu__alloc(&svm->alloc, n, sizeof *classes);
    uint8_t *const known = kehu__alloc(&svm->alloc, n, sizeof *known);
    kehu__linear *weights = NULL;
    kehu_status status = classes != NULL && known != NULL
                             ? kehu__linear_new(&weights, t->rows.n_columns, n,
                                                start->linear->bias, &svm->alloc, err)
                             : kehu__no_memory(err, "the classes of the start");
    if (status == KEHU_OK) {
        for (uint32_t k = 0; k < n; k++) {
            classes[k] = kehu_svm_class_find(start, kehu_svm_class_name(svm, (int32_t)k));
            known[k] = classes[k] >= 0;
        }
        copy_weights(weights, svm, start, classes);
        if (start->linear->width == 1) /* it has been moved by much the same */
            kehu__linear_shift(weights, -t->shift);
        status = kehu__linear_begin(p, options, weights, known, err);
    }
    kehu__linear_free(weights);
    kehu__free(&svm->alloc, classes, n, sizeof *classes);
    kehu__free(&svm->alloc, known, n, sizeof *known);
    return status;
}
