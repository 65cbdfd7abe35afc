/* Costs from texts that nobody has parted: split, count, build the dictionary anew, and
 * again with that. Counts are whole numbers, so it does not matter who counted what. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"
#include "data/column.h"
#include "text/tokenizer.h"

enum {
    DEFAULT_ROUNDS = 2,
    MAX_ROUNDS = 20,
    MAX_COUNTERS = 16, /* each has a count for every word */
    DISCOUNT = 5,      /* this often a word is found by chance */
    SPANS = 1024,      /* of a text at a time; room for any sentence */
    ROWS_A_REPORT = 8192
};
static const double DEFAULT_PRIOR = 20000, LEAST_PRIOR = 1e-9;

/* Who counts which words: counter k has the rows first + k, + n_counters, ... */
typedef struct counting {
    kehu_tokenizer plain; /* the handle of this round, in WORDS mode */
    const kehu_column *texts;
    int64_t first, end; /* rows */
    uint32_t n_counters;
    size_t n_words;
    uint64_t *counts; /* [n_counters][n_words] by number of the word */
} counting;

static void count_text(const kehu_tokenizer *t, kehu__text text, uint64_t *counts)
{
    kehu_span spans[SPANS];
    int64_t n, used;
    for (int64_t at = 0; at < text.size; at += used) {
        /* Cannot fail: the text is checked, and what does not fit is left for later. */
        if (kehu_tokenizer_split(t, text.bytes + at, text.size - at, spans, SPANS, &n,
                                 &used, NULL) != KEHU_OK)
            return;
        for (int64_t i = 0; i < n; i++)
            counts[spans[i].word]++;
    }
}

static void count_rows(void *arg, int64_t task)
{
    const counting *c = arg;
    for (int64_t row = c->first + task; row < c->end; row += c->n_counters)
        count_text(&c->plain, kehu__column_text(c->texts, row),
                   c->counts + (size_t)task * c->n_words);
}

/* Count the words of all texts into the first counter. */
static kehu_status count_words(counting *c, const kehu__run *run, double done,
                               double share, kehu_error *err)
{
    const int64_t n = c->texts->length;
    for (c->first = 0; c->first < n; c->first = c->end) {
        c->end = n - c->first < ROWS_A_REPORT ? n : c->first + ROWS_A_REPORT;
        KEHU_TRY(kehu__progress(run, done + share * (double)c->first / (double)n, "adapt",
                                err));
        kehu__parallel(run, c->n_counters, count_rows, c);
    }
    for (uint32_t k = 1; k < c->n_counters; k++)
        for (size_t i = 0; i < c->n_words; i++)
            c->counts[i] += c->counts[k * c->n_words + i];
    return KEHU_OK;
}

/* The words of the first handle on their way to the next dictionary. */
typedef struct mixing {
    const counting *counting;
    double weight;  /* of a word found, in the old frequencies */
    double largest; /* frequency */
    kehu__dictionary_builder *builder;
} mixing;

/* How much more often than by chance the word was found. The number that a word has
 * differs from round to round, so it is looked up. */
static uint64_t evidence(const counting *c, const kehu__word *word)
{
    const kehu_tokenizer *t = &c->plain;
    uint32_t value, id = 0;
    if (t->edits != NULL)
        id =
            kehu__dictionary_find(&t->edits->dictionary, word->bytes, word->size, &value);
    id = id != 0 ? kehu__edit_id(t, id)
                 : kehu__dictionary_find(&t->lexicon->dictionary, word->bytes, word->size,
                                         &value);
    return id == 0 || c->counts[id] < DISCOUNT ? 0 : c->counts[id] - DISCOUNT;
}

static double mixed(const mixing *m, const kehu__word *word)
{
    return (double)word->frequency + m->weight * (double)evidence(m->counting, word);
}

static kehu_status find_largest(void *ctx, const kehu__word *word, uint32_t id,
                                kehu_error *err)
{
    mixing *m = ctx;
    const double frequency = mixed(m, word);
    (void)id;
    (void)err;
    m->largest = frequency > m->largest ? frequency : m->largest;
    return KEHU_OK;
}

static kehu_status add_mixed(void *ctx, const kehu__word *word, uint32_t id,
                             kehu_error *err)
{
    const mixing *m = ctx;
    const double scale =
        m->largest > KEHU__FREQUENCY_MAX ? KEHU__FREQUENCY_MAX / m->largest : 1;
    const double frequency = scale * mixed(m, word) + 0.5;
    kehu__word changed = *word;
    (void)id;
    changed.frequency = frequency < 1                      ? 1
                        : frequency >= KEHU__FREQUENCY_MAX ? KEHU__FREQUENCY_MAX
                                                           : (uint32_t)frequency;
    return kehu__dictionary_builder_add(m->builder, &changed, err);
}

/* The words of `first` with what was counted. */
static kehu_status build_mixed(kehu__lexicon **out, const kehu_tokenizer *first,
                               const counting *c, double prior,
                               const kehu_allocator *alloc, kehu_error *err)
{
    mixing m = {.counting = c,
                .weight = (double)first->lexicon->dictionary.total / prior,
                .builder = kehu__dictionary_builder_new(alloc)};
    kehu_status status =
        m.builder == NULL ? kehu__no_memory(err, "the dictionary") : KEHU_OK;
    if (status == KEHU_OK)
        status = kehu__tokenizer_each(first, find_largest, &m, err);
    if (status == KEHU_OK)
        status = kehu__tokenizer_each(first, add_mixed, &m, err);
    if (status == KEHU_OK)
        status = kehu__lexicon_build(out, m.builder, alloc, err);
    kehu__dictionary_builder_free(m.builder);
    return status;
}

static kehu_status read_adapt_options(kehu_tokenizer_adapt_options *opt,
                                      const kehu_tokenizer_adapt_options *options,
                                      kehu_error *err)
{
    memset(opt, 0, sizeof *opt);
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, options, err));
    if (opt->rounds == 0)
        opt->rounds = DEFAULT_ROUNDS;
    if (opt->prior == 0) /* exactly: not set */
        opt->prior = DEFAULT_PRIOR;
    if (opt->rounds > MAX_ROUNDS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rounds is %u, expected 1 to %d",
                          (unsigned)opt->rounds, MAX_ROUNDS);
    if (!(opt->prior >= LEAST_PRIOR && opt->prior <= 1e15))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "prior is not in 1e-9 to 1e15");
    return KEHU_OK;
}

/* One round: what `now` finds, mixed with what `first` says. */
static kehu_status adapt_once(kehu__lexicon **out, const kehu_tokenizer *first,
                              const kehu_tokenizer *now, const kehu_column *texts,
                              const kehu_tokenizer_adapt_options *opt, double done,
                              const kehu_allocator *alloc, kehu_error *err)
{
    kehu__run run = {opt->n_threads, opt->executor, opt->progress};
    const uint32_t threads = kehu__run_threads(&run);
    counting c = {.plain = *now, .texts = texts};
    kehu_status status;
    size_t n;
    c.plain.mode = KEHU_TOKENIZER_WORDS;
    c.n_counters = threads < MAX_COUNTERS ? threads : MAX_COUNTERS;
    c.n_words = now->lexicon->dictionary.trie.n_slots +
                (now->edits == NULL ? 0 : (size_t)now->edits->dictionary.trie.n_slots);
    n = c.n_counters * c.n_words;
    c.counts = kehu__alloc_zero(alloc, n, sizeof *c.counts);
    if (c.counts == NULL)
        return kehu__no_memory(err, "counting words");
    status = count_words(&c, &run, done, 1.0 / opt->rounds, err);
    if (status == KEHU_OK)
        status = build_mixed(out, first, &c, opt->prior, alloc, err);
    kehu__free(alloc, c.counts, n, sizeof *c.counts);
    return status;
}

static kehu_status check_tokenizer(const kehu_tokenizer *t, kehu_error *err)
{
    if (t == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer is NULL");
    if (t->lexicon == NULL)
        return kehu__fail(err, KEHU_NOT_FOUND, -1, "the tokenizer has no dictionary");
    if (t->mode == KEHU_TOKENIZER_ACCURATE)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "mode ACCURATE goes by a model, not by the costs of words");
    return KEHU_OK;
}

kehu_status kehu_tokenizer_adapt(kehu_tokenizer **out, const kehu_tokenizer *t,
                                 const kehu_column *texts,
                                 const kehu_tokenizer_adapt_options *options,
                                 kehu_error *err)
{
    kehu_tokenizer_adapt_options opt;
    kehu_tokenizer *now = NULL;
    kehu_allocator alloc;
    kehu_status status = KEHU_OK;
    int64_t bound;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(check_tokenizer(t, err));
    KEHU_TRY(read_adapt_options(&opt, options, err));
    KEHU_TRY(kehu_tokenizer_bound_column(t, texts, &bound, err));
    alloc = kehu__allocator(opt.alloc);
    const kehu_tokenizer_options made = {
        .mode = t->mode, .split_units = t->split_units, .alloc = &alloc};
    for (uint32_t round = 0; round < opt.rounds && status == KEHU_OK; round++) {
        kehu__lexicon *lexicon = NULL;
        status = adapt_once(&lexicon, t, now == NULL ? t : now, texts, &opt,
                            (double)round / opt.rounds, &alloc, err);
        kehu_tokenizer_free(now);
        now = NULL;
        if (status == KEHU_OK)
            status = kehu__tokenizer_new(&now, lexicon, NULL, NULL, &made, err);
    }
    *out = now;
    return status;
}
