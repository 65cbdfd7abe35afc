/* Trying a method on rows it did not learn from. */
#include <kehu/evaluate.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/sort.h"
#include "data/column.h"

enum { MAX_FOLDS = 1000 };

/* Rows and their folds; all arrays are as long as the rows. */
typedef struct
try {
    kehu_allocator alloc;
    size_t n;
    uint32_t n_classes, n_folds;
    const kehu_learner *learner;
    uint64_t *hashes, *order, *scratch;
    int64_t *known, *asked;
    int32_t *answers; /* of the rows asked */
    float *probabilities;
}
try;

static uint32_t fold_of(const try *t, size_t i)
{
    return (uint32_t)((t->hashes[i] >> 32) * t->n_folds >> 32);
}

static void free_try(try *t)
{
    kehu__free(&t->alloc, t->hashes, t->n, sizeof *t->hashes);
    kehu__free(&t->alloc, t->order, t->n, sizeof *t->order);
    kehu__free(&t->alloc, t->scratch, t->n, sizeof *t->scratch);
    kehu__free(&t->alloc, t->known, t->n, sizeof *t->known);
    kehu__free(&t->alloc, t->asked, t->n, sizeof *t->asked);
    kehu__free(&t->alloc, t->answers, t->n, sizeof *t->answers);
    kehu__free(&t->alloc, t->probabilities, t->n * t->n_classes,
               sizeof *t->probabilities);
}

static kehu_status check(const kehu_column *ids, int64_t n, uint32_t n_classes,
                         uint32_t n_folds, const kehu_learner *learner, kehu_error *err)
{
    if (learner == NULL || learner->learn == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "learner or its function is NULL");
    if (n < 2)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n is %lld, expected 2 or more",
                          (long long)n);
    if (n_classes == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_classes is 0");
    if (n_folds < 2 || n_folds > MAX_FOLDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_folds is %u, expected 2 to %d",
                          (unsigned)n_folds, MAX_FOLDS);
    if (ids == NULL)
        return KEHU_OK;
    KEHU_TRY(kehu__column_check_text(ids, "ids", err));
    return ids->length == n ? KEHU_OK
                            : kehu__fail(err, KEHU_ARGUMENT, -1, "%lld ids but %lld rows",
                                         (long long)ids->length, (long long)n);
}

static kehu_status make_try(try *t, const kehu_column *ids, uint64_t seed,
                            bool probabilities, kehu_error *err)
{
    t->hashes = kehu__alloc(&t->alloc, t->n, sizeof *t->hashes);
    t->order = kehu__alloc(&t->alloc, t->n, sizeof *t->order);
    t->scratch = kehu__alloc(&t->alloc, t->n, sizeof *t->scratch);
    t->known = kehu__alloc(&t->alloc, t->n, sizeof *t->known);
    t->asked = kehu__alloc(&t->alloc, t->n, sizeof *t->asked);
    t->answers = kehu__alloc(&t->alloc, t->n, sizeof *t->answers);
    if (probabilities)
        t->probabilities = kehu__alloc(&t->alloc, kehu__times(t->n, t->n_classes),
                                       sizeof *t->probabilities);
    if (t->hashes == NULL || t->order == NULL || t->scratch == NULL || t->known == NULL ||
        t->asked == NULL || t->answers == NULL ||
        (probabilities && t->probabilities == NULL))
        return kehu__no_memory(err, "the rows to try");
    for (size_t i = 0; i < t->n; i++) {
        const uint64_t number = i;
        const kehu__text id = ids == NULL
                                  ? (kehu__text){(const char *)&number, sizeof number}
                                  : kehu__column_text(ids, (int64_t)i);
        t->hashes[i] = kehu__hash(id.bytes, (size_t)id.size, seed);
    }
    return KEHU_OK;
}

/* Learn and answer; what the learner leaves unanswered stays so, with probabilities 0. */
static kehu_status ask(try *t, int64_t n_known, int64_t n_asked, kehu_error *err)
{
    for (int64_t k = 0; k < n_asked; k++)
        t->answers[k] = -1;
    if (t->probabilities != NULL)
        memset(t->probabilities, 0,
               (size_t)n_asked * t->n_classes * sizeof *t->probabilities);
    return t->learner->learn(t->learner->ctx, t->known, n_known, t->asked, n_asked,
                             t->answers, t->probabilities, err);
}

kehu_status kehu_cross_validate(int32_t *answers, float *probabilities,
                                const kehu_column *ids, int64_t n, uint32_t n_classes,
                                uint32_t n_folds, uint64_t seed,
                                const kehu_learner *learner, kehu_error *err)
{
    try t = {.alloc = kehu__allocator(NULL),
             .n_classes = n_classes,
             .n_folds = n_folds,
             .learner = learner};
    kehu_status status;
    if (answers == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "answers is NULL");
    KEHU_TRY(check(ids, n, n_classes, n_folds, learner, err));
    t.n = (size_t)n;
    status = make_try(&t, ids, seed, probabilities != NULL, err);
    for (uint32_t fold = 0; fold < n_folds && status == KEHU_OK; fold++) {
        int64_t n_known = 0, n_asked = 0;
        for (int64_t i = 0; i < n; i++)
            if (fold_of(&t, (size_t)i) == fold)
                t.asked[n_asked++] = i;
            else
                t.known[n_known++] = i;
        if (n_asked == 0)
            continue;
        status = n_known > 0
                     ? ask(&t, n_known, n_asked, err)
                     : kehu__fail(err, KEHU_EMPTY, -1, "all rows are of one fold");
        for (int64_t k = 0; k < n_asked && status == KEHU_OK; k++) {
            answers[t.asked[k]] = t.answers[k];
            if (probabilities != NULL)
                memcpy(probabilities + t.asked[k] * n_classes,
                       t.probabilities + k * n_classes,
                       n_classes * sizeof *probabilities);
        }
    }
    free_try(&t);
    return status;
}

/* The n_known rows of the other folds with the smallest low half of the hash, rising. The
 * hashes themselves are no longer needed and lend their room. */
static void take_known(try *t, int64_t n_known)
{
    for (int64_t k = 0; k < n_known; k++)
        t->hashes[k] = (uint32_t)t->order[k];
    kehu__sort_u64(t->hashes, t->scratch, (size_t)n_known);
    for (int64_t k = 0; k < n_known; k++)
        t->known[k] = (int64_t)t->hashes[k];
}

static kehu_status try_shares(try *t, kehu_learning_step *steps, const double *shares,
                              uint32_t n_shares, const int32_t *truth, kehu_error *err)
{
    int64_t n_asked = 0, n_others = 0;
    int32_t *true_of; /* the truth of the rows asked */
    kehu_status status = KEHU_OK;
    for (size_t i = 0; i < t->n; i++)
        if (fold_of(t, i) == 0)
            t->asked[n_asked++] = (int64_t)i;
        else
            t->order[n_others++] = t->hashes[i] << 32 | i;
    if (n_asked == 0 || n_others == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "%s",
                          n_asked == 0 ? "no row is of fold 0"
                                       : "all rows are of fold 0");
    kehu__sort_u64(t->order, t->scratch, (size_t)n_others);
    true_of = kehu__alloc(&t->alloc, (size_t)n_asked, sizeof *true_of);
    if (true_of == NULL)
        return kehu__no_memory(err, "the rows to try");
    for (int64_t k = 0; k < n_asked; k++)
        true_of[k] = truth[t->asked[k]];
    for (uint32_t s = 0; s < n_shares && status == KEHU_OK; s++) {
        const int64_t wanted = (int64_t)ceil(shares[s] * (double)n_others);
        steps[s].n_known = wanted < n_others ? wanted : n_others;
        take_known(t, steps[s].n_known);
        status = ask(t, steps[s].n_known, n_asked, err);
        if (status == KEHU_OK)
            status = kehu_evaluate(&steps[s].evaluation, true_of, t->answers, n_asked,
                                   t->n_classes, NULL, NULL, NULL, err);
    }
    kehu__free(&t->alloc, true_of, (size_t)n_asked, sizeof *true_of);
    return status;
}

kehu_status kehu_learning_curve(kehu_learning_step *steps, const double *shares,
                                uint32_t n_shares, const int32_t *truth,
                                const kehu_column *ids, int64_t n, uint32_t n_classes,
                                uint32_t n_folds, uint64_t seed,
                                const kehu_learner *learner, kehu_error *err)
{
    try t = {.alloc = kehu__allocator(NULL),
             .n_classes = n_classes,
             .n_folds = n_folds,
             .learner = learner};
    kehu_status status;
    if (steps == NULL || shares == NULL || truth == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "steps, shares or truth is NULL");
    KEHU_TRY(check(ids, n, n_classes, n_folds, learner, err));
    if (n > (int64_t)UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "%lld rows, at most 4294967295",
                          (long long)n);
    for (uint32_t s = 0; s < n_shares; s++)
        if (!(shares[s] > 0 && shares[s] <= 1))
            return kehu__fail(err, KEHU_ARGUMENT, s, "share %u is not above 0, at most 1",
                              (unsigned)s);
    t.n = (size_t)n;
    status = make_try(&t, ids, seed, false, err);
    if (status == KEHU_OK)
        status = try_shares(&t, steps, shares, n_shares, truth, err);
    free_try(&t);
    return status;
}
