/* A model that fits into so many bytes: of the terms, those that move margins most. A
 * row's length is taken over the terms that are known, so the rest is learned again
 * without the others, at the same C, and calibrated again. */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "base/sort.h"
#include "text/svm_model.h"

/* Header, entries, checksum, alignment and the sections INFO and TRYS, at most. */
enum { OVERHEAD = 2048 };

static float idf_of(const kehu__terms *t, uint32_t column)
{
    return column < t->n_terms ? t->idf[column] : t->words->idf[column - t->n_terms];
}

/* How much a term moves margins in all texts: |w| idf sqrt(df), squared. */
static double use_of(const kehu_svm *svm, uint32_t column)
{
    const kehu__linear *const m = svm->linear;
    const double idf = (double)idf_of(svm->terms, column);
    const double factor = svm->factors == NULL ? 1 : (double)svm->factors[column];
    const double df = (1 + (double)svm->info.n_texts) / kehu__exp(idf - 1) - 1;
    double square = 0;
    for (uint32_t k = 0; k < m->width; k++) {
        const double w = (double)kehu__linear_weight(m, column, k);
        square += w * w;
    }
    return square * idf * idf * factor * factor * df;
}

static uint64_t count_runs(const kehu__terms *t)
{
    uint64_t n = 0;
    for (uint32_t k = 0; k < t->n_terms; k++)
        n += k == 0 || t->idf[k] != t->idf[k - 1];
    return n;
}

/* How many terms there is room for. */
static kehu_status count_room(uint64_t *room, const kehu_svm *svm, uint64_t max_bytes,
                              kehu_error *err)
{
    const kehu__terms *const t = svm->terms;
    const uint32_t width = svm->linear->width;
    const uint64_t a_run = 8, least = sizeof(uint64_t) + 6 + 1 + width;
    /* A key, a third more than a place in the index, a scale and numbers; factors leave
     * no two weights alike. */
    const uint64_t a_term = svm->factors == NULL ? least : least + a_run;
    kehu__buffer names = kehu__buffer_new(&svm->alloc);
    uint64_t fixed;
    kehu__classes_write(&svm->classes, &names);
    fixed = OVERHEAD + names.size + width * sizeof(float) +
            svm->classes.n * sizeof(kehu__sigmoid) +
            a_run * (count_runs(t) + (t->words == NULL ? 0 : count_runs(t->words)));
    kehu__buffer_free(&names);
    if (names.failed)
        return kehu__no_memory(err, "the class names");
    /* Two terms: the best of all, and the best string if that is a word. */
    if (max_bytes < fixed + 2 * a_term)
        return kehu__fail(
            err, KEHU_LIMIT, -1, "max_bytes is %llu, at least %llu are needed",
            (unsigned long long)max_bytes, (unsigned long long)(fixed + 2 * a_term));
    *room = (max_bytes - fixed) / a_term;
    return KEHU_OK;
}

/* keep[n] becomes 1 for the `room` most useful terms, and for one string. */
static kehu_status choose(uint8_t *keep, const kehu_svm *svm, uint32_t n, uint64_t room,
                          kehu_error *err)
{
    const kehu_allocator *const alloc = &svm->alloc;
    uint64_t *const keys = kehu__alloc(alloc, n, 2 * sizeof *keys);
    uint32_t *const order = kehu__alloc(alloc, n, 2 * sizeof *order);
    const bool ok = keys != NULL && order != NULL;
    bool string = false;
    for (uint32_t j = 0; ok && j < n; j++) {
        keys[j] = UINT64_MAX - kehu__order_f64(use_of(svm, j));
        order[j] = j;
    }
    if (ok)
        kehu__sort_pairs(keys, order, keys + n, order + n, n);
    for (uint32_t k = 0; ok && k < n && k < room; k++) {
        /* The last place is a string's if there was none. */
        if (k + 1 == room && !string)
            while (k + 1 < n && order[k] >= svm->terms->n_terms)
                k++;
        keep[order[k]] = 1;
        string = string || order[k] < svm->terms->n_terms;
    }
    kehu__free(alloc, keys, n, 2 * sizeof *keys);
    kehu__free(alloc, order, n, 2 * sizeof *order);
    return ok ? KEHU_OK : kehu__no_memory(err, "the order of the terms");
}

static kehu_status drop_terms(kehu_svm *svm, const uint8_t *keep, kehu_error *err)
{
    kehu__terms *const t = svm->terms, *const words = t->words;
    const uint8_t *const of_words = keep + t->n_terms;
    KEHU_TRY(kehu__terms_keep(t, keep, err));
    if (words == NULL)
        return KEHU_OK;
    if (memchr(of_words, 1, words->n_terms) != NULL)
        return kehu__terms_keep(words, of_words, err);
    kehu__terms_free(words);
    t->words = NULL;
    svm->fingerprint = 0;
    svm->info.words = 0;
    return KEHU_OK;
}

/* Everything after the terms once more, at the C that was chosen. */
static kehu_status learn_again(kehu_svm *svm, kehu__term_rows *rows,
                               kehu__svm_training *t, const kehu_column *texts,
                               kehu_error *err)
{
    kehu__linear_free(svm->linear);
    svm->linear = NULL;
    kehu__svm_free_factors(svm, t);
    kehu__term_rows_free(rows);
    rows->starts = NULL;
    KEHU_TRY(kehu__terms_rows(rows, svm->terms, texts, &t->run, &svm->alloc, err));
    t->rows = (kehu__sparse){.n_rows = rows->n_rows,
                             .n_columns = kehu__terms_count(svm->terms),
                             .starts = rows->starts,
                             .columns = rows->columns,
                             .values = rows->values};
    t->terms = svm->terms;
    t->options.cost = svm->info.cost;
    KEHU_TRY(
        kehu__svm_validate(t, t->options.cost, NULL, svm->sigmoids, &svm->info, err));
    return kehu__svm_solve(svm, t, err);
}

kehu_status kehu__svm_shrink(kehu_svm *svm, kehu__term_rows *rows, kehu__svm_training *t,
                             const kehu_column *texts, kehu_error *err)
{
    const uint32_t n = kehu__terms_count(svm->terms);
    kehu_status status;
    uint64_t room = 0;
    svm->info.n_texts = texts->length;
    KEHU_TRY(count_room(&room, svm, t->options.max_bytes, err));
    if (room < n) {
        uint8_t *const keep = kehu__alloc_zero(&svm->alloc, n, sizeof *keep);
        if (keep == NULL)
            return kehu__no_memory(err, "the terms to keep");
        status = choose(keep, svm, n, room, err);
        if (status == KEHU_OK)
            status = drop_terms(svm, keep, err);
        kehu__free(&svm->alloc, keep, n, sizeof *keep);
        if (status == KEHU_OK)
            status = learn_again(svm, rows, t, texts, err);
        if (status != KEHU_OK)
            return status;
    }
    kehu__svm_pack(svm);
    return KEHU_OK;
}
