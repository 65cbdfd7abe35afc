#include <kehu/topic.h>

#include <string.h>

#include "text/topic_model.h"

enum {
    DEFAULT_TOPICS = 10,
    DEFAULT_DF = 5,
    DEFAULT_TERMS = 20000,
    DEFAULT_PASSES = 200,
    TEXTS_A_TASK = 256
};

static kehu_status read_options(kehu_topic_options *opt, const kehu_topic_options *from,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->n_topics == 0)
        opt->n_topics = DEFAULT_TOPICS;
    if (opt->n_topics > KEHU__NMF_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_topics is %u, expected 1 to %d",
                          (unsigned)opt->n_topics, KEHU__NMF_MAX);
    if (opt->max_share == 0)
        opt->max_share = 0.5;
    if (!(opt->max_share > 0 && opt->max_share <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "max_share is %g, expected 0 to 1",
                          opt->max_share);
    opt->min_df = opt->min_df == 0 ? DEFAULT_DF : opt->min_df;
    opt->max_terms = opt->max_terms == 0 ? DEFAULT_TERMS : opt->max_terms;
    opt->passes = opt->passes == 0 ? DEFAULT_PASSES : opt->passes;
    return KEHU_OK;
}

bool kehu__topic_room(kehu_topic *t)
{
    const size_t n = t->n_terms, k = t->n_topics;
    for (t->n_slots = 16; t->n_slots < 2 * n;)
        t->n_slots *= 2;
    t->hashes = kehu__alloc(&t->alloc, n, sizeof *t->hashes);
    t->offsets = kehu__alloc(&t->alloc, n, sizeof *t->offsets);
    t->bytes = kehu__alloc(&t->alloc, t->n_bytes, 1);
    t->idf = kehu__alloc(&t->alloc, n, sizeof *t->idf);
    t->factors = kehu__alloc(&t->alloc, n, k * sizeof *t->factors);
    t->gram = kehu__alloc(&t->alloc, k, k * sizeof *t->gram);
    t->info = kehu__alloc(&t->alloc, k, sizeof *t->info);
    t->n_words = kehu__alloc_zero(&t->alloc, k, sizeof *t->n_words);
    t->words = kehu__alloc(&t->alloc, k, KEHU_TOPIC_WORDS * sizeof *t->words);
    t->slots = kehu__alloc_zero(&t->alloc, t->n_slots, sizeof *t->slots);
    return t->hashes != NULL && t->offsets != NULL && t->bytes != NULL &&
           t->idf != NULL && t->factors != NULL && t->gram != NULL && t->info != NULL &&
           t->n_words != NULL && t->words != NULL && t->slots != NULL;
}

bool kehu__topic_index(kehu_topic *t)
{
    for (uint32_t term = 0; term < t->n_terms; term++) {
        size_t at = (size_t)t->hashes[term] & (t->n_slots - 1);
        for (; t->slots[at] != 0; at = (at + 1) & (t->n_slots - 1))
            if (t->hashes[t->slots[at] - 1] == t->hashes[term])
                return false;
        t->slots[at] = term + 1;
    }
    return true;
}

void kehu_topic_free(kehu_topic *t)
{
    kehu_allocator a;
    if (t == NULL)
        return;
    a = t->alloc;
    kehu__free(&a, t->hashes, t->n_terms, sizeof *t->hashes);
    kehu__free(&a, t->offsets, t->n_terms, sizeof *t->offsets);
    kehu__free(&a, t->bytes, t->n_bytes, 1);
    kehu__free(&a, t->idf, t->n_terms, sizeof *t->idf);
    kehu__free(&a, t->factors, t->n_terms, t->n_topics * sizeof *t->factors);
    kehu__free(&a, t->gram, t->n_topics, t->n_topics * sizeof *t->gram);
    kehu__free(&a, t->info, t->n_topics, sizeof *t->info);
    kehu__free(&a, t->n_words, t->n_topics, sizeof *t->n_words);
    kehu__free(&a, t->words, t->n_topics, KEHU_TOPIC_WORDS * sizeof *t->words);
    kehu__free(&a, t->slots, t->n_slots, sizeof *t->slots);
    kehu_tokenizer_free(t->own);
    kehu__free(&a, t, 1, sizeof *t);
}

static kehu_status fit(kehu_topic *t, const kehu_column *texts,
                       const kehu_topic_options *opt, kehu_error *err)
{
    const kehu__run run = {opt->n_threads, opt->executor, opt->progress};
    const kehu_tokenizer_options o = {.size = sizeof o, .alloc = opt->alloc};
    kehu__topic_rows rows = {0};
    kehu_status status = KEHU_OK;
    t->n_topics = opt->n_topics;
    t->tokenizer = opt->tokenizer;
    if (t->tokenizer == NULL) {
        KEHU_TRY(kehu_tokenizer_default(&t->own, &o, err));
        t->tokenizer = t->own;
    }
    t->fingerprint = kehu_tokenizer_fingerprint(t->tokenizer);
    status = kehu__topic_terms(t, &rows, texts, opt, err);
    if (status == KEHU_OK) {
        const kehu__sparse sparse = {.n_rows = rows.n,
                                     .n_columns = t->n_terms,
                                     .starts = rows.starts,
                                     .columns = rows.columns,
                                     .values = rows.values};
        (void)kehu__topic_index(t); /* no word was met twice */
        status = kehu__nmf_fit(t->factors, &sparse, t->n_topics, opt->passes, &run,
                               &t->alloc, err);
    }
    if (status == KEHU_OK)
        status = kehu__topic_describe(t, &rows, &run, err);
    kehu__topic_rows_free(&rows, &t->alloc);
    return status;
}

kehu_status kehu_topic_fit(kehu_topic **out, const kehu_column *texts,
                           const kehu_topic_options *options, kehu_error *err)
{
    kehu_topic_options opt = {0};
    kehu_allocator alloc;
    kehu_topic *t;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    alloc = kehu__allocator(opt.alloc);
    t = kehu__alloc_zero(&alloc, 1, sizeof *t);
    if (t == NULL)
        return kehu__no_memory(err, "topics");
    t->alloc = alloc;
    status = fit(t, texts, &opt, err);
    if (status == KEHU_OK)
        *out = t;
    else
        kehu_topic_free(t);
    return status;
}

uint32_t kehu_topic_count(const kehu_topic *topics)
{
    return topics->n_topics;
}

static kehu_status check_topic(const kehu_topic *topics, uint32_t topic, kehu_error *err)
{
    if (topics == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "topics is NULL");
    if (topic >= topics->n_topics)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "topic is %u, there are %u",
                          (unsigned)topic, (unsigned)topics->n_topics);
    return KEHU_OK;
}

kehu_status kehu_topic_get_info(const kehu_topic *topics, uint32_t topic,
                                kehu_topic_info *info, kehu_error *err)
{
    KEHU_TRY(check_topic(topics, topic, err));
    if (info == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "info is NULL");
    *info = topics->info[topic];
    return KEHU_OK;
}

kehu_status kehu_topic_words(const kehu_topic *topics, uint32_t topic,
                             kehu_topic_word *words, uint32_t capacity, uint32_t *n,
                             kehu_error *err)
{
    const kehu__topic_term *found;
    KEHU_TRY(check_topic(topics, topic, err));
    if (n == NULL || (words == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "words or n is NULL");
    found = topics->words + (size_t)topic * KEHU_TOPIC_WORDS;
    *n = topics->n_words[topic];
    for (uint32_t i = 0; i < *n && i < capacity; i++)
        words[i] = (kehu_topic_word){kehu__topic_word(topics, found[i].term),
                                     (double)found[i].share};
    return KEHU_OK;
}

/* ---- Weights of texts ------------------------------------------------------- */

typedef struct weighing {
    const kehu_topic *t;
    const kehu_column *texts;
    float *weights;
    bool *failed; /* [tasks] */
} weighing;

static void weigh_texts(void *arg, int64_t task)
{
    const weighing *w = arg;
    const uint32_t k = w->t->n_topics;
    const int64_t from = task * TEXTS_A_TASK, to = from + TEXTS_A_TASK;
    kehu__topic_row row = {.alloc = w->t->alloc};
    for (int64_t i = from; i < to && i < w->texts->length; i++) {
        const kehu__text text = kehu__column_text(w->texts, i);
        float *const u = w->weights + (size_t)i * k;
        double sum = 0;
        if (!kehu__topic_find_row(&row, w->t, text.bytes, text.size)) {
            w->failed[task] = true;
            break;
        }
        kehu__nmf_row(u, row.columns, row.values, (int64_t)row.n, w->t->factors,
                      w->t->gram, k);
        for (uint32_t t = 0; t < k; t++)
            sum += (double)u[t];
        for (uint32_t t = 0; t < k && sum > 0; t++)
            u[t] = (float)((double)u[t] / sum);
    }
    kehu__topic_row_free(&row);
}

kehu_status kehu_topic_weights(const kehu_topic *topics, const kehu_column *texts,
                               const kehu_topic_weights_options *options, float *weights,
                               kehu_error *err)
{
    kehu_topic_weights_options opt = {0};
    weighing w = {topics, texts, weights, NULL};
    kehu__run run;
    size_t n_tasks;
    bool failed = false;
    if (topics == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "topics is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (weights == NULL && texts->length > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "weights is NULL");
    run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    KEHU_TRY(kehu__progress(&run, 0, "weighing", err));
    n_tasks = (size_t)((texts->length + TEXTS_A_TASK - 1) / TEXTS_A_TASK);
    w.failed = kehu__alloc_zero(&topics->alloc, n_tasks + 1, sizeof *w.failed);
    if (w.failed == NULL)
        return kehu__no_memory(err, "weights");
    kehu__parallel(&run, (int64_t)n_tasks, weigh_texts, &w);
    for (size_t i = 0; i < n_tasks; i++)
        failed = failed || w.failed[i];
    kehu__free(&topics->alloc, w.failed, n_tasks + 1, sizeof *w.failed);
    return failed ? kehu__no_memory(err, "weights") : KEHU_OK;
}
