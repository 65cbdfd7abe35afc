#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "base/sort.h"
#include "text/topic_model.h"

/* A word met in the texts. */
typedef struct met {
    uint64_t hash;
    size_t offset; /* in bytes */
    int64_t last;  /* the last text it was in */
    uint32_t df, size;
    uint32_t term; /* its number once it is chosen, or no_term */
} met;

enum { MOST_WORDS = 1 << 26 };
static const uint32_t no_term = UINT32_MAX;

typedef struct gathering {
    kehu_allocator alloc;
    met *words;
    size_t n, capacity;
    uint32_t *slots; /* word + 1, 0 = free */
    size_t n_slots;
    kehu__buffer bytes;
    uint32_t *tokens; /* words of all texts in a row */
    size_t n_tokens, tokens_capacity;
    int64_t *starts; /* [texts + 1] of each text's tokens */
} gathering;

static bool more_slots(gathering *g)
{
    const size_t n = g->n_slots == 0 ? 1024 : 2 * g->n_slots;
    uint32_t *const slots = kehu__alloc_zero(&g->alloc, n, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t w = 0; w < g->n; w++) {
        size_t at = (size_t)g->words[w].hash & (n - 1);
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = (uint32_t)w + 1;
    }
    kehu__free(&g->alloc, g->slots, g->n_slots, sizeof *g->slots);
    g->slots = slots;
    g->n_slots = n;
    return true;
}

/* The word's number, new where it was not met before; false when memory is refused. */
static bool find_word(gathering *g, const kehu__content *c, uint32_t *word)
{
    size_t at;
    if (2 * g->n >= g->n_slots && !more_slots(g))
        return false;
    for (at = (size_t)c->hash & (g->n_slots - 1); g->slots[at] != 0;
         at = (at + 1) & (g->n_slots - 1)) {
        *word = g->slots[at] - 1;
        if (g->words[*word].hash == c->hash)
            return true;
    }
    if (!kehu__grow(&g->alloc, &g->words, &g->capacity, g->n + 1, sizeof *g->words))
        return false;
    g->words[g->n] = (met){.hash = c->hash,
                           .offset = g->bytes.size,
                           .last = -1,
                           .size = (uint32_t)c->word_size,
                           .term = no_term};
    kehu__buffer_add(&g->bytes, c->word, c->word_size + 1);
    *word = (uint32_t)g->n++;
    g->slots[at] = *word + 1;
    return !g->bytes.failed;
}

static bool gather_text(gathering *g, const kehu_tokenizer *tokenizer, int64_t row,
                        kehu__text text)
{
    kehu__content c;
    kehu__content_begin(&c, tokenizer, text.bytes, text.size);
    while (kehu__content_next(&c)) {
        uint32_t word;
        if (!find_word(g, &c, &word) ||
            !kehu__grow(&g->alloc, &g->tokens, &g->tokens_capacity, g->n_tokens + 1,
                        sizeof *g->tokens))
            return false;
        g->tokens[g->n_tokens++] = word;
        g->words[word].df += g->words[word].last != row;
        g->words[word].last = row;
    }
    g->starts[row + 1] = (int64_t)g->n_tokens;
    return true;
}

static kehu_status gather(gathering *g, const kehu_tokenizer *tokenizer,
                          const kehu_column *texts, const kehu__run *run, kehu_error *err)
{
    g->bytes = kehu__buffer_new(&g->alloc);
    g->starts = kehu__alloc_zero(&g->alloc, (size_t)texts->length + 1, sizeof *g->starts);
    if (g->starts == NULL)
        return kehu__no_memory(err, "texts");
    for (int64_t i = 0; i < texts->length; i++) {
        if (i % 4096 == 0)
            KEHU_TRY(kehu__progress(run, 0, "reading texts", err));
        if (!gather_text(g, tokenizer, i, kehu__column_text(texts, i)))
            return kehu__no_memory(err, "terms");
        if (g->n > MOST_WORDS)
            return kehu__fail(err, KEHU_LIMIT, i, "texts have more than %d words",
                              MOST_WORDS);
    }
    return KEHU_OK;
}

static void gathering_free(gathering *g, int64_t n_texts)
{
    kehu__free(&g->alloc, g->words, g->capacity, sizeof *g->words);
    kehu__free(&g->alloc, g->slots, g->n_slots, sizeof *g->slots);
    kehu__free(&g->alloc, g->tokens, g->tokens_capacity, sizeof *g->tokens);
    kehu__free(&g->alloc, g->starts, (size_t)n_texts + 1, sizeof *g->starts);
    kehu__buffer_free(&g->bytes);
}

static int by_frequency(const void *a, const void *b, void *ctx)
{
    const gathering *g = ctx;
    const met *x = &g->words[*(const uint32_t *)a], *y = &g->words[*(const uint32_t *)b];
    if (x->df != y->df)
        return x->df < y->df ? 1 : -1;
    return strcmp(g->bytes.bytes + x->offset, g->bytes.bytes + y->offset);
}

/* The terms, most frequent first, into t. */
static kehu_status choose_terms(kehu_topic *t, gathering *g, int64_t n_texts,
                                const kehu_topic_options *opt, kehu_error *err)
{
    uint32_t *const order = kehu__alloc(&g->alloc, g->n + 1, sizeof *order);
    size_t n = 0, at = 0;
    kehu_status status = KEHU_OK;
    if (order == NULL)
        return kehu__no_memory(err, "terms");
    for (size_t w = 0; w < g->n; w++)
        if (g->words[w].df >= opt->min_df &&
            (double)g->words[w].df <= opt->max_share * (double)n_texts)
            order[n++] = (uint32_t)w;
    kehu__sort(order, n, sizeof *order, by_frequency, g);
    t->n_terms = (uint32_t)(n < opt->max_terms ? n : opt->max_terms);
    for (uint32_t k = 0; k < t->n_terms; k++)
        t->n_bytes += (size_t)g->words[order[k]].size + 1;
    if (t->n_terms == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1,
                            "no word is in %u texts or more and in at most a share %g of "
                            "them",
                            (unsigned)opt->min_df, opt->max_share);
    else if (!kehu__topic_room(t))
        status = kehu__no_memory(err, "topics");
    for (uint32_t k = 0; k < t->n_terms && status == KEHU_OK; k++) {
        met *const w = &g->words[order[k]];
        w->term = k;
        t->hashes[k] = w->hash;
        t->offsets[k] = at;
        memcpy(t->bytes + at, g->bytes.bytes + w->offset, w->size + 1);
        at += (size_t)w->size + 1;
        t->idf[k] = (float)(1 + kehu__log((double)(1 + n_texts) / (1.0 + w->df)));
    }
    kehu__free(&g->alloc, order, g->n + 1, sizeof *order);
    return status;
}

static int by_number(const void *a, const void *b, void *ctx)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

/* terms[n], in any order and with repeats, to tf-idf of length 1; returns how many. */
static size_t weigh(const kehu_topic *t, uint64_t *terms, size_t n, uint32_t *columns,
                    float *values)
{
    size_t kept = 0;
    double squares = 0;
    kehu__sort(terms, n, sizeof *terms, by_number, NULL);
    for (size_t i = 0, next; i < n; i = next) {
        next = i + 1;
        while (next < n && terms[next] == terms[i])
            next++;
        columns[kept] = (uint32_t)terms[i];
        values[kept] = (float)(next - i) * t->idf[terms[i]];
        squares += (double)values[kept] * (double)values[kept];
        kept++;
    }
    for (size_t i = 0; i < kept; i++)
        values[i] = (float)((double)values[i] / sqrt(squares));
    return kept;
}

static kehu_status make_rows(const kehu_topic *t, kehu__topic_rows *rows,
                             const gathering *g, int64_t n_texts, kehu_error *err)
{
    const kehu_allocator *const a = &g->alloc;
    size_t n = 0, longest = 0;
    uint64_t *terms;
    rows->n = n_texts;
    for (size_t i = 0; i < g->n_tokens; i++)
        n += g->words[g->tokens[i]].term != no_term;
    for (int64_t i = 0; i < n_texts; i++)
        if ((size_t)(g->starts[i + 1] - g->starts[i]) > longest)
            longest = (size_t)(g->starts[i + 1] - g->starts[i]);
    /* Room for a term each time it occurs, which is little more than once in a text. */
    rows->capacity = n + 1;
    rows->starts = kehu__alloc_zero(a, (size_t)n_texts + 1, sizeof *rows->starts);
    rows->columns = kehu__alloc(a, rows->capacity, sizeof *rows->columns);
    rows->values = kehu__alloc(a, rows->capacity, sizeof *rows->values);
    terms = kehu__alloc(a, longest + 1, sizeof *terms);
    if (rows->starts == NULL || rows->columns == NULL || rows->values == NULL ||
        terms == NULL) {
        kehu__free(a, terms, longest + 1, sizeof *terms);
        return kehu__no_memory(err, "rows");
    }
    for (int64_t i = 0; i < n_texts; i++) {
        size_t n_terms = 0;
        for (int64_t e = g->starts[i]; e < g->starts[i + 1]; e++)
            if (g->words[g->tokens[e]].term != no_term)
                terms[n_terms++] = g->words[g->tokens[e]].term;
        rows->starts[i + 1] =
            rows->starts[i] + (int64_t)weigh(t, terms, n_terms,
                                             rows->columns + rows->starts[i],
                                             rows->values + rows->starts[i]);
    }
    kehu__free(a, terms, longest + 1, sizeof *terms);
    return KEHU_OK;
}

void kehu__topic_rows_free(kehu__topic_rows *rows, const kehu_allocator *a)
{
    kehu__free(a, rows->columns, rows->capacity, sizeof *rows->columns);
    kehu__free(a, rows->values, rows->capacity, sizeof *rows->values);
    kehu__free(a, rows->starts, (size_t)rows->n + 1, sizeof *rows->starts);
}

kehu_status kehu__topic_terms(kehu_topic *t, kehu__topic_rows *rows,
                              const kehu_column *texts, const kehu_topic_options *opt,
                              kehu_error *err)
{
    const kehu__run run = {opt->n_threads, opt->executor, opt->progress};
    gathering g = {.alloc = t->alloc};
    kehu_status status = gather(&g, t->tokenizer, texts, &run, err);
    if (status == KEHU_OK)
        status = choose_terms(t, &g, texts->length, opt, err);
    if (status == KEHU_OK)
        status = make_rows(t, rows, &g, texts->length, err);
    gathering_free(&g, texts->length);
    return status;
}

/* ---- New texts -------------------------------------------------------------- */

bool kehu__topic_find_row(kehu__topic_row *row, const kehu_topic *t, const char *text,
                          int64_t size)
{
    kehu__content c;
    size_t n = 0;
    kehu__content_begin(&c, t->tokenizer, text, size);
    while (kehu__content_next(&c))
        for (size_t at = (size_t)c.hash & (t->n_slots - 1); t->slots[at] != 0;
             at = (at + 1) & (t->n_slots - 1))
            if (t->hashes[t->slots[at] - 1] == c.hash) {
                if (!kehu__grow(&row->alloc, &row->terms, &row->terms_capacity, n + 1,
                                sizeof *row->terms))
                    return false;
                row->terms[n++] = t->slots[at] - 1;
                break;
            }
    if (n > row->capacity) {
        kehu__free(&row->alloc, row->columns, row->capacity, sizeof *row->columns);
        kehu__free(&row->alloc, row->values, row->capacity, sizeof *row->values);
        row->columns = kehu__alloc(&row->alloc, 2 * n, sizeof *row->columns);
        row->values = kehu__alloc(&row->alloc, 2 * n, sizeof *row->values);
        row->capacity = 2 * n;
        if (row->columns == NULL || row->values == NULL)
            return false;
    }
    row->n = n == 0 ? 0 : weigh(t, row->terms, n, row->columns, row->values);
    return true;
}

void kehu__topic_row_free(kehu__topic_row *row)
{
    kehu__free(&row->alloc, row->terms, row->terms_capacity, sizeof *row->terms);
    kehu__free(&row->alloc, row->columns, row->capacity, sizeof *row->columns);
    kehu__free(&row->alloc, row->values, row->capacity, sizeof *row->values);
}
