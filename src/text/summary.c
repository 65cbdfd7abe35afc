#include <kehu/summary.h>

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/maths.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "data/builder.h"
#include "text/duplicate.h"
#include "text/normalize.h"
#include "text/symbol.h"

enum { DEFAULT_SENTENCES = 3, MOST_SENTENCES = 1000, DEFAULT_CHARACTERS = 6, PAIR = 2 };

typedef struct sentence {
    int64_t row, start, end;
    double score;
    int64_t number; /* in the text's order */
} sentence;

typedef struct summing {
    kehu_allocator alloc;
    const kehu_column *texts;
    kehu_summary_options opt;
    sentence *sentences;
    size_t n, capacity;
    kehu__buffer bytes, ends; /* the sentences as a column, ends as int64_t in memory */
    kehu__shingles pairs;
    uint64_t *met, *scratch; /* the different pairs, rising */
    uint32_t *df;
    double *weights, *centre; /* [n_met] */
    size_t n_met, n_items;
} summing;

static kehu_status read_options(kehu_summary_options *opt,
                                const kehu_summary_options *from, kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->n_sentences == 0)
        opt->n_sentences = DEFAULT_SENTENCES;
    if (opt->n_sentences > MOST_SENTENCES)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_sentences is %u, expected 1 to %d",
                          (unsigned)opt->n_sentences, MOST_SENTENCES);
    if (opt->min_characters == 0)
        opt->min_characters = DEFAULT_CHARACTERS;
    if (opt->max_similarity == 0)
        opt->max_similarity = 0.4;
    if (!(opt->max_similarity > 0 && opt->max_similarity <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "max_similarity is %g, expected 0 to 1",
                          opt->max_similarity);
    return KEHU_OK;
}

/* ---- Sentences -------------------------------------------------------------- */

static bool ends_sentence(uint32_t c)
{
    return c == 0x3002 || c == '!' || c == '?' || c == ';' || c == 0x2026 || c == '\n' ||
           c == '\r';
}

static bool add_sentence(summing *s, int64_t row, const char *text, int64_t start,
                         int64_t end)
{
    int64_t at;
    if (start >= end)
        return true;
    if (!kehu__grow(&s->alloc, &s->sentences, &s->capacity, s->n + 1,
                    sizeof *s->sentences))
        return false;
    s->sentences[s->n] = (sentence){row, start, end, 0, (int64_t)s->n};
    s->n++;
    kehu__buffer_add(&s->bytes, text + start, (size_t)(end - start));
    at = (int64_t)s->bytes.size;
    kehu__buffer_add(&s->ends, &at, sizeof at);
    return !s->bytes.failed && !s->ends.failed;
}

/* A sentence takes all the signs that end it, and no blank at either end. */
static bool split_text(summing *s, int64_t row, kehu__text t)
{
    const char *p = t.bytes, *const end = p + t.size;
    int64_t start = 0, last = 0;
    bool ended = false, stop = false, begun = false;
    while (p < end) {
        const int64_t at = p - t.bytes;
        const uint32_t c = kehu__fold(kehu__utf8_next(&p, end));
        const bool blank = kehu__blank(c);
        ended = ended || (stop && blank);
        if (ended && !ends_sentence(c) && !blank) {
            if (!add_sentence(s, row, t.bytes, start, last))
                return false;
            begun = ended = false;
        }
        if (!begun && !blank) {
            begun = true;
            start = at;
        }
        if (!blank)
            last = p - t.bytes;
        ended = ended || ends_sentence(c);
        stop = c == '.';
    }
    return !begun || add_sentence(s, row, t.bytes, start, last);
}

static kehu_status split_texts(summing *s, kehu_error *err)
{
    const int64_t begin = 0;
    kehu__buffer_add(&s->ends, &begin, sizeof begin);
    for (int64_t i = 0; i < s->texts->length; i++)
        if (!split_text(s, i, kehu__column_text(s->texts, i)))
            return kehu__no_memory(err, "sentences");
    return s->ends.failed ? kehu__no_memory(err, "sentences") : KEHU_OK;
}

/* ---- Scores ----------------------------------------------------------------- */

/* Where a pair stands among the different ones. */
static size_t place_of(const summing *s, uint64_t pair)
{
    size_t low = 0, high = s->n_met - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->met[middle] < pair)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What each pair weighs; sentences then have the places of their pairs, rising as these.
 */
static kehu_status weigh_pairs(summing *s, kehu_error *err)
{
    kehu__free(&s->alloc, s->scratch, s->n_items, sizeof *s->scratch);
    s->scratch = NULL;
    s->weights = kehu__alloc(&s->alloc, s->n_met, sizeof *s->weights);
    if (s->weights == NULL)
        return kehu__no_memory(err, "sentences");
    for (size_t place = 0; place < s->n_met; place++)
        s->weights[place] = 1 + kehu__log((double)s->n / s->df[place]);
    for (size_t i = 0; i < s->n; i++)
        for (int64_t k = 0; k < s->pairs.sizes[i]; k++) {
            uint64_t *item = &s->pairs.items[s->pairs.starts[i] + k];
            *item = place_of(s, *item);
        }
    return KEHU_OK;
}

/* The different pairs of characters and how many sentences have each. */
static kehu_status count_pairs(summing *s, kehu_error *err)
{
    for (size_t i = 0; i < s->n; i++)
        s->n_items += (size_t)s->pairs.sizes[i];
    if (s->n_items == 0)
        return KEHU_OK;
    s->met = kehu__alloc(&s->alloc, s->n_items, sizeof *s->met);
    s->scratch = kehu__alloc(&s->alloc, s->n_items, sizeof *s->scratch);
    s->df = kehu__alloc_zero(&s->alloc, s->n_items, sizeof *s->df);
    s->centre = kehu__alloc_zero(&s->alloc, s->n_items, sizeof *s->centre);
    if (s->met == NULL || s->scratch == NULL || s->df == NULL || s->centre == NULL)
        return kehu__no_memory(err, "sentences");
    for (size_t i = 0, at = 0; i < s->n; at += (size_t)s->pairs.sizes[i++])
        memcpy(s->met + at, s->pairs.items + s->pairs.starts[i],
               (size_t)s->pairs.sizes[i] * sizeof *s->met);
    kehu__sort_u64(s->met, s->scratch, s->n_items);
    for (size_t i = 0; i < s->n_items; i++) {
        if (i == 0 || s->met[i] != s->met[s->n_met - 1])
            s->met[s->n_met++] = s->met[i];
        s->df[s->n_met - 1]++;
    }
    return weigh_pairs(s, err);
}

static double length_of(const summing *s, size_t i)
{
    const uint64_t *const items = s->pairs.items + s->pairs.starts[i];
    double squares = 0;
    for (int64_t k = 0; k < s->pairs.sizes[i]; k++) {
        const double w = s->weights[items[k]];
        squares += w * w;
    }
    return sqrt(squares);
}

static void score_sentences(summing *s)
{
    double squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double length = length_of(s, i);
        for (int64_t k = 0; k < s->pairs.sizes[i]; k++) {
            const uint64_t place = s->pairs.items[s->pairs.starts[i] + k];
            s->centre[place] += s->weights[place] / length;
        }
    }
    for (size_t place = 0; place < s->n_met; place++)
        squares += s->centre[place] * s->centre[place];
    for (size_t i = 0; i < s->n; i++) {
        double both = 0;
        for (int64_t k = 0; k < s->pairs.sizes[i]; k++) {
            const uint64_t place = s->pairs.items[s->pairs.starts[i] + k];
            both += s->weights[place] * s->centre[place];
        }
        s->sentences[i].score =
            s->pairs.sizes[i] == 0 ? 0 : both / (length_of(s, i) * sqrt(squares));
    }
}

static int by_score(const void *a, const void *b, void *ctx)
{
    const sentence *x = a, *y = b;
    (void)ctx;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* ---- The choice ------------------------------------------------------------- */

static bool long_enough(const summing *s, const sentence *t)
{
    const char *p = kehu__column_text(s->texts, t->row).bytes + t->start, *const end =
                                                                              p +
                                                                              (t->end -
                                                                               t->start);
    uint32_t n = 0;
    while (p < end && n < s->opt.min_characters)
        n += !kehu__blank(kehu__fold(kehu__utf8_next(&p, end)));
    return n >= s->opt.min_characters;
}

static kehu_status choose(kehu_table **out, summing *s, kehu_error *err)
{
    int64_t chosen[MOST_SENTENCES];
    uint32_t n = 0;
    kehu__builder b = kehu__builder_new(&s->alloc);
    kehu_status status;
    bool whole = true;
    kehu__builder_add(&b, "sentence", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "row", KEHU_INT64);
    kehu__builder_add(&b, "start", KEHU_INT64);
    kehu__builder_add(&b, "end", KEHU_INT64);
    kehu__builder_add(&b, "score", KEHU_FLOAT64);
    for (size_t i = 0; i < s->n && n < s->opt.n_sentences && whole; i++) {
        const sentence *const t = &s->sentences[i];
        bool fresh = s->pairs.sizes[t->number] > 0 && long_enough(s, t);
        for (uint32_t k = 0; k < n && fresh; k++)
            fresh = kehu__shingles_jaccard(&s->pairs, chosen[k], t->number) <=
                    s->opt.max_similarity;
        if (!fresh)
            continue;
        chosen[n++] = t->number;
        kehu__builder_text(&b, 0, kehu__column_text(s->texts, t->row).bytes + t->start,
                           (size_t)(t->end - t->start));
        kehu__builder_integer(&b, 1, t->row);
        kehu__builder_integer(&b, 2, t->start);
        kehu__builder_integer(&b, 3, t->end);
        kehu__builder_number(&b, 4, t->score);
        whole = kehu__builder_end_row(&b);
    }
    status = whole ? kehu__builder_finish(&b, out, err) : kehu__builder_fail(&b, err);
    kehu__builder_free(&b);
    return status;
}

static kehu_status summarize(kehu_table **out, summing *s, kehu_error *err)
{
    const kehu__run run = {s->opt.n_threads, s->opt.executor, s->opt.progress};
    kehu_column column = {.type = KEHU_LARGE_UTF8};
    KEHU_TRY(kehu__progress(&run, 0, "reading sentences", err));
    KEHU_TRY(split_texts(s, err));
    column.length = (int64_t)s->n;
    column.data = s->bytes.bytes;
    column.offsets = s->ends.bytes;
    KEHU_TRY(kehu__shingles_build(&s->pairs, &column, PAIR, &run, &s->alloc, err));
    KEHU_TRY(kehu__progress(&run, 0.5, "scoring sentences", err));
    KEHU_TRY(count_pairs(s, err));
    if (s->n_met > 0)
        score_sentences(s);
    kehu__sort(s->sentences, s->n, sizeof *s->sentences, by_score, NULL);
    return choose(out, s, err);
}

kehu_status kehu_summary_find(kehu_table **out, const kehu_column *texts,
                              const kehu_summary_options *options, kehu_error *err)
{
    summing s = {.texts = texts};
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&s.opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    s.alloc = kehu__allocator(s.opt.alloc);
    s.bytes = s.ends = kehu__buffer_new(&s.alloc);
    status = summarize(out, &s, err);
    kehu__free(&s.alloc, s.met, s.n_items, sizeof *s.met);
    kehu__free(&s.alloc, s.scratch, s.n_items, sizeof *s.scratch);
    kehu__free(&s.alloc, s.df, s.n_items, sizeof *s.df);
    kehu__free(&s.alloc, s.centre, s.n_items, sizeof *s.centre);
    kehu__free(&s.alloc, s.weights, s.n_met, sizeof *s.weights);
    kehu__free(&s.alloc, s.sentences, s.capacity, sizeof *s.sentences);
    kehu__shingles_free(&s.pairs);
    kehu__buffer_free(&s.bytes);
    kehu__buffer_free(&s.ends);
    return status;
}
