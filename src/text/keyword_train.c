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

/* A label that can stand in the file. */
static kehu_status check_label(const kehu_column *labels, int64_t i, kehu_error *err)
{
    const kehu__text text = kehu__column_text(labels, i);
    const char *problem = NULL;
    if (!kehu__column_valid(labels, i) || text.size == 0)
        problem = "is missing";
    else if (text.size > KEHU__KEYWORD_NAME)
        problem = "has more than 255 bytes";
    else if (kehu__utf8_valid(text.bytes, (size_t)text.size) != (size_t)text.size)
        problem = "is not UTF-8";
    for (int64_t b = 0; problem == NULL && b < text.size; b++)
        if ((unsigned char)text.bytes[b] < 0x20 || text.bytes[b] == 0x7F)
            problem = "has a control character";
    if (problem != NULL)
        return kehu__fail(err, KEHU_DATA, i, "the label of row %lld %s", (long long)i,
                          problem);
    return KEHU_OK;
}

static int compare_texts(kehu__text a, kehu__text b)
{
    const int64_t least = a.size < b.size ? a.size : b.size;
    const int order = least == 0 ? 0 : memcmp(a.bytes, b.bytes, (size_t)least);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where a label belongs among the first rows of the classes found, sorted by name. */
static int32_t find_class(const kehu_column *labels, const int64_t *rows, int32_t n,
                          kehu__text label, bool *found)
{
    int32_t low = 0, high = n;
    *found = false;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        const int order = compare_texts(label, kehu__column_text(labels, rows[middle]));
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Classes by the bytes of their names, and the class of each text. */
static kehu_status read_labels(kehu__learning *l, const kehu_column *labels,
                               kehu_error *err)
{
    int64_t *rows = NULL; /* a row of each class */
    size_t capacity = 0;
    int32_t n = 0;
    bool found;
    kehu_status status = KEHU_OK;
    for (int64_t i = 0; i < labels->length && status == KEHU_OK; i++) {
        status = check_label(labels, i, err);
        if (status == KEHU_OK) {
            const int32_t at =
                find_class(labels, rows, n, kehu__column_text(labels, i), &found);
            if (found)
                continue;
            if (n == KEHU__KEYWORD_CLASSES)
                status =
                    kehu__fail(err, KEHU_LIMIT, i, "more than %d classes up to row %lld",
                               KEHU__KEYWORD_CLASSES, (long long)i);
            else if (!kehu__grow(&l->alloc, &rows, &capacity, (size_t)n + 1,
                                 sizeof *rows))
                status = kehu__no_memory(err, "the classes");
            else {
                memmove(rows + at + 1, rows + at, (size_t)(n++ - at) * sizeof *rows);
                rows[at] = i;
            }
        }
    }
    if (status == KEHU_OK && n < 2)
        status = n == 0 ? kehu__fail(err, KEHU_EMPTY, -1, "there are no texts")
                        : kehu__fail(err, KEHU_ONE_CLASS, -1,
                                     "all %lld texts have the same label",
                                     (long long)labels->length);
    for (int64_t i = 0; i < labels->length && status == KEHU_OK; i++)
        l->labels[i] = find_class(labels, rows, n, kehu__column_text(labels, i), &found);
    if (status == KEHU_OK) {
        l->n_classes = n;
        l->name_at = kehu__alloc(&l->alloc, (size_t)n, sizeof *l->name_at);
        for (int32_t c = 0; c < n && l->name_at != NULL; c++) {
            const kehu__text name = kehu__column_text(labels, rows[c]);
            l->name_at[c] = (uint32_t)l->names.size;
            kehu__buffer_add(&l->names, name.bytes, (size_t)name.size);
            kehu__buffer_u8(&l->names, 0);
        }
        if (l->name_at == NULL || l->names.failed)
            status = kehu__no_memory(err, "the classes");
    }
    kehu__free(&l->alloc, rows, capacity, sizeof *rows);
    return status;
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
static kehu_status read_folds(kehu__learning *l, kehu_keyword_training *training,
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

/* Candidates, choice, weights. */
static kehu_status learn(kehu_keyword **out, kehu__learning *l,
                         kehu_keyword_training *training, kehu_error *err)
{
    kehu__draft wide = kehu__draft_new(&l->alloc), list = wide, finished = wide;
    kehu__candidates terms;
    kehu_keyword *candidates = NULL, *chosen = NULL;
    kehu_status status = kehu__candidates_count(
        &terms, l->texts, l->opt.min_df, l->opt.max_symbols, &l->run, &l->alloc, err);
    if (status != KEHU_OK)
        return status;
    training->n_texts = l->n_texts;
    training->n_empty = terms.n_empty;
    training->n_candidates = terms.rows.n_columns;
    if (terms.rows.n_columns == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1,
                            "no word or character is in %u texts or more", l->opt.min_df);
    if (status == KEHU_OK)
        status = kehu__keyword_choose(&wide, l, &terms, err);
    kehu__candidates_free(&terms);
    if (status == KEHU_OK)
        status = kehu__keyword_build(&candidates, &wide, err);
    if (status == KEHU_OK)
        status = kehu__keyword_prune(&list, candidates, l, err);
    if (status == KEHU_OK)
        status = kehu__keyword_build(&chosen, &list, err);
    if (status == KEHU_OK)
        status = kehu__keyword_finish(&finished, chosen, l, training, err);
    if (status == KEHU_OK)
        status = kehu__keyword_build(out, &finished, err);
    if (status == KEHU_OK)
        (*out)->training = *training;
    kehu_keyword_free(candidates);
    kehu_keyword_free(chosen);
    kehu__draft_free(&wide);
    kehu__draft_free(&list);
    kehu__draft_free(&finished);
    return status;
}

kehu_status kehu_keyword_train(kehu_keyword **out, const kehu_column *texts,
                               const kehu_column *labels,
                               const kehu_keyword_options *options, kehu_error *err)
{
    kehu__learning l = {.texts = texts};
    kehu_keyword_training training = {.n_texts = 0};
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
    l.run = (kehu__run){l.opt.n_threads, l.opt.executor, l.opt.progress};
    l.n_texts = texts->length;
    l.names = kehu__buffer_new(&l.alloc);
    l.labels = kehu__alloc(&l.alloc, (size_t)l.n_texts, sizeof *l.labels);
    l.fold = kehu__alloc(&l.alloc, (size_t)l.n_texts, sizeof *l.fold);
    if (l.labels == NULL || l.fold == NULL)
        status = kehu__no_memory(err, "the labels");
    else
        status = read_labels(&l, labels, err);
    if (status == KEHU_OK)
        status = read_folds(&l, &training, err);
    if (status == KEHU_OK)
        status = learn(out, &l, &training, err);
    kehu__free(&l.alloc, l.labels, (size_t)l.n_texts, sizeof *l.labels);
    kehu__free(&l.alloc, l.fold, (size_t)l.n_texts, sizeof *l.fold);
    kehu__free(&l.alloc, l.name_at, (size_t)l.n_classes, sizeof *l.name_at);
    kehu__buffer_free(&l.names);
    return status;
}
