/* Learning a keyword list: labels, candidates, choice, weights. */
#include <kehu/keyword.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "data/column.h"
#include "text/keyword_learn.h"

enum {
    DEFAULT_KEYWORDS = 50,
    MOST_KEYWORDS = 10000,
    DEFAULT_MIN_DF = 3,
    DEFAULT_SYMBOLS = 4
};
static const double DEFAULT_COST = 0.01;

static kehu_status fill_options(kehu_keyword_options *opt, kehu_error *err)
{
    if (opt->keywords_per_class == 0)
        opt->keywords_per_class = DEFAULT_KEYWORDS;
    if (opt->min_df == 0)
        opt->min_df = DEFAULT_MIN_DF;
    if (opt->max_symbols == 0)
        opt->max_symbols = DEFAULT_SYMBOLS;
    if (opt->cost == 0)
        opt->cost = DEFAULT_COST;
    if (opt->keywords_per_class > MOST_KEYWORDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "keywords_per_class is %u, expected 1 to %d",
                          opt->keywords_per_class, MOST_KEYWORDS);
    if (opt->mode > KEHU_KEYWORD_UNSIGNED)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "mode is %u, expected 0 or 1",
                          opt->mode);
    if (opt->max_symbols > KEHU__CANDIDATE_SYMBOLS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "max_symbols is %u, expected 1 to %d",
                          opt->max_symbols, KEHU__CANDIDATE_SYMBOLS);
    if (!(opt->cost > 0) || isinf(opt->cost))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "cost is not above 0 and finite");
    if (!(opt->precision >= 0 && opt->precision < 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "precision is not within 0 to 1");
    return KEHU_OK;
}

/* Names that can stand in the file. */
static kehu_status check_names(const kehu__learning *l, kehu_error *err)
{
    if (l->n_classes > KEHU__KEYWORD_CLASSES)
        return kehu__fail(err, KEHU_LIMIT, -1, "%d classes, at most %d are possible",
                          l->n_classes, KEHU__KEYWORD_CLASSES);
    for (int32_t k = 0; k < l->n_classes; k++) {
        const char *name = kehu__learning_name(l, k), *problem = NULL;
        const size_t size = strlen(name);
        if (size > KEHU__KEYWORD_NAME)
            problem = "has more than 255 bytes";
        else if (kehu__utf8_valid(name, size) != size)
            problem = "is not UTF-8";
        for (size_t i = 0; problem == NULL && i < size; i++)
            if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
                problem = "has a control character";
        for (int64_t i = 0; problem != NULL; i++)
            if (l->labels[i] == k)
                return kehu__fail(err, KEHU_DATA, i, "the label of row %lld %s",
                                  (long long)i, problem);
    }
    return KEHU_OK;
}

/* A text as a number: rows with the same text lie together when sorted. */
typedef struct hashed {
    uint64_t hash;
    int64_t row;
} hashed;

static int by_hash(const void *a, const void *b, void *ctx)
{
    const hashed *x = a, *y = b;
    (void)ctx;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Folds by the hash of the text, so that equal texts are held out together, and how
 * many texts stand there with different labels. */
static kehu_status read_folds(kehu__learning *l, kehu_keyword_info *training,
                              kehu_error *err)
{
    const size_t n = (size_t)l->n_texts;
    hashed *h = kehu__alloc(&l->alloc, n, sizeof *h);
    if (h == NULL)
        return kehu__no_memory(err, "the folds");
    for (size_t i = 0; i < n; i++) {
        const kehu__text t = kehu__column_text(l->texts, (int64_t)i);
        h[i] = (hashed){kehu__hash(t.bytes, (size_t)t.size, l->opt.seed), (int64_t)i};
        l->fold[i] = (uint8_t)(h[i].hash % KEHU__KEYWORD_FOLDS);
    }
    kehu__sort(h, n, sizeof *h, by_hash, NULL);
    for (size_t i = 0, end; i < n; i = end) {
        bool conflict = false;
        for (end = i; end < n && h[end].hash == h[i].hash; end++)
            conflict = conflict || l->labels[h[end].row] != l->labels[h[i].row];
        if (conflict && kehu__column_text(l->texts, h[i].row).size > 0)
            training->n_conflicts += (int64_t)(end - i);
    }
    kehu__free(&l->alloc, h, n, sizeof *h);
    return KEHU_OK;
}

static int report_step(void *ctx, double done, const char *stage)
{
    const kehu__keyword_step *step = ctx;
    return step->to->report(step->to->ctx, step->from + step->share * done, stage);
}

kehu_status kehu__keyword_list(kehu_keyword **out, const kehu__learning *l,
                               const kehu__candidates *candidates, kehu_error *err)
{
    const double from = l->step->from, share = l->step->share;
    kehu__draft wide = kehu__draft_new(&l->alloc), list = wide;
    kehu_keyword *chosen = NULL;
    kehu_status status;
    kehu__learning_part(l, from, from + share / 2);
    status = kehu__keyword_choose(&wide, l, candidates, err);
    if (status == KEHU_OK && wide.n_lines == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1,
                            "no word or character tells the classes apart");
    if (status == KEHU_OK)
        status = kehu__keyword_build(&chosen, &wide, err);
    kehu__learning_part(l, from + share / 2, from + share * 0.8);
    if (status == KEHU_OK)
        status = kehu__keyword_prune(&list, chosen, l, err);
    if (status == KEHU_OK)
        status = kehu__keyword_build(out, &list, err);
    kehu__learning_part(l, from + share * 0.8, from + share);
    kehu_keyword_free(chosen);
    kehu__draft_free(&wide);
    kehu__draft_free(&list);
    return status;
}

/* Candidates, choice, weights. */
static kehu_status learn(kehu_keyword **out, const kehu__learning *l,
                         kehu_keyword_info *training, kehu_error *err)
{
    kehu__draft finished = kehu__draft_new(&l->alloc);
    kehu__candidates candidates;
    kehu__keyword_calibration calibration;
    kehu_keyword *list = NULL;
    kehu_status status;
    kehu__learning_part(l, 0, 0.3);
    status = kehu__candidates_count(&candidates, l->texts, l->opt.min_df,
                                    l->opt.max_symbols, &l->run, &l->alloc, err);
    if (status != KEHU_OK)
        return status;
    training->n_texts = l->n_texts;
    training->n_empty = candidates.n_empty;
    training->n_candidates = candidates.rows.n_columns;
    if (candidates.rows.n_columns == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1,
                            "no word or character is in %u texts or more", l->opt.min_df);
    if (status == KEHU_OK)
        status = kehu__keyword_calibrate(&calibration, &candidates, l, training, err);
    kehu__learning_part(l, 0.7, 1);
    kehu__learning_hold_out(l, -1);
    if (status == KEHU_OK)
        status = kehu__keyword_list(&list, l, &candidates, err);
    if (status == KEHU_OK)
        status = kehu__keyword_finish(&finished, list, &calibration, l, training, err);
    if (status == KEHU_OK)
        status = kehu__keyword_build(out, &finished, err);
    if (status == KEHU_OK)
        (*out)->training = *training;
    kehu__candidates_free(&candidates);
    kehu_keyword_free(list);
    kehu__draft_free(&finished);
    return status;
}

kehu_status kehu_keyword_train(kehu_keyword **out, const kehu_column *texts,
                               const kehu_column *labels,
                               const kehu_keyword_options *options, kehu_error *err)
{
    kehu__keyword_step step = {.to = NULL};
    const kehu_progress progress = {report_step, &step};
    kehu__learning l = {.texts = texts, .step = &step};
    kehu_keyword_info training = {.n_texts = 0};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__options_read(&l.opt, sizeof l.opt, options, err));
    KEHU_TRY(fill_options(&l.opt, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(kehu__column_check_text(labels, "labels", err));
    if (texts->length != labels->length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%lld texts but %lld labels",
                          (long long)texts->length, (long long)labels->length);
    if (texts->length == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "there are no texts");
    l.alloc = kehu__allocator(l.opt.alloc);
    l.run = (kehu__run){l.opt.n_threads, l.opt.executor, NULL};
    if (l.opt.progress != NULL && l.opt.progress->report != NULL) {
        step.to = l.opt.progress;
        l.run.progress = &progress;
    }
    l.n_texts = texts->length;
    l.labels = kehu__alloc(&l.alloc, (size_t)l.n_texts, sizeof *l.labels);
    l.fold = kehu__alloc(&l.alloc, (size_t)l.n_texts, sizeof *l.fold);
    l.row_weight = kehu__alloc(&l.alloc, (size_t)l.n_texts, sizeof *l.row_weight);
    if (l.labels == NULL || l.fold == NULL || l.row_weight == NULL)
        status = kehu__no_memory(err, "the labels");
    else
        status = kehu__classes_from(&l.classes, l.labels, labels, &l.alloc, err);
    if (status == KEHU_OK) {
        l.n_classes = (int32_t)l.classes.n;
        status = check_names(&l, err);
    }
    if (status == KEHU_OK)
        status = read_folds(&l, &training, err);
    if (status == KEHU_OK)
        status = learn(out, &l, &training, err);
    kehu__free(&l.alloc, l.labels, (size_t)l.n_texts, sizeof *l.labels);
    kehu__free(&l.alloc, l.fold, (size_t)l.n_texts, sizeof *l.fold);
    kehu__free(&l.alloc, l.row_weight, (size_t)l.n_texts, sizeof *l.row_weight);
    kehu__classes_free(&l.classes);
    return status;
}
