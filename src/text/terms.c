#include "text/terms.h"

#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "base/prefetch.h"
#include "base/sort.h"
#include "text/term_index.h"
#include "text/term_scan.h"

enum { FIRST_TABLE = 256, SHORT = 128, TF_TABLE = 16 };

bool kehu__terms_make_table(kehu__terms *t)
{
    size_t size = 4, mask;
    t->shift = 62;
    while (size < (size_t)t->n_terms * 2) {
        size *= 2;
        t->shift--;
    }
    t->slots = kehu__alloc_zero(&t->alloc, size, sizeof *t->slots);
    if (t->slots == NULL)
        return false;
    mask = size - 1;
    for (uint32_t term = 0; term < t->n_terms; term++) {
        size_t at = (size_t)(t->keys[term] >> t->shift);
        while (t->slots[at].key != 0 && t->slots[at].key != t->keys[term])
            at = (at + 1) & mask;
        if (t->slots[at].key != 0 || t->keys[term] == 0)
            return false;
        t->slots[at] =
            (kehu__term_slot){.key = t->keys[term],
                              .term = term,
                              .idf = t->keys[term] & 1 ? -t->idf[term] : t->idf[term]};
    }
    return true;
}

static void free_arrays(kehu__terms *t)
{
    if (t->slots != NULL)
        kehu__free(&t->alloc, t->slots, (size_t)1 << (64 - t->shift), sizeof *t->slots);
    kehu__free(&t->alloc, t->own_keys, t->n_terms, sizeof *t->own_keys);
    kehu__free(&t->alloc, t->own_idf, t->n_terms, sizeof *t->own_idf);
}

void kehu__terms_free(kehu__terms *t)
{
    if (t != NULL) {
        const kehu_allocator alloc = t->alloc;
        kehu__terms_free(t->words);
        free_arrays(t);
        kehu__free(&alloc, t, 1, sizeof *t);
    }
}

kehu_status kehu__terms_keep(kehu__terms *t, const uint8_t *keep, kehu_error *err)
{
    kehu__terms kept = *t;
    uint32_t n = 0;
    kept.n_terms = 0;
    for (uint32_t k = 0; k < t->n_terms; k++)
        kept.n_terms += keep[k];
    kept.slots = NULL;
    kept.keys = kept.own_keys = kehu__alloc(&t->alloc, kept.n_terms, sizeof *kept.keys);
    kept.idf = kept.own_idf = kehu__alloc(&t->alloc, kept.n_terms, sizeof *kept.idf);
    for (uint32_t k = 0; kept.keys != NULL && kept.idf != NULL && k < t->n_terms; k++)
        if (keep[k]) {
            kept.own_keys[n] = t->keys[k];
            kept.own_idf[n++] = t->idf[k];
        }
    if (n == 0 || !kehu__terms_make_table(&kept)) {
        free_arrays(&kept);
        return kehu__no_memory(err, "the vocabulary");
    }
    free_arrays(t);
    *t = kept;
    return KEHU_OK;
}

void kehu__terms_scale(kehu__terms *t, const float *factors)
{
    for (uint32_t k = 0; k < t->n_terms; k++)
        t->own_idf[k] *= factors[k];
    for (size_t at = 0; t->slots != NULL && at < (size_t)1 << (64 - t->shift); at++)
        if (t->slots[at].key != 0)
            t->slots[at].idf *= factors[t->slots[at].term];
    if (t->words != NULL)
        kehu__terms_scale(t->words, factors + t->n_terms);
}

/* ---- one row ---- */

kehu__term_work kehu__term_work_new(const kehu_allocator *alloc)
{
    return (kehu__term_work){.alloc = *alloc};
}

void kehu__term_work_free(kehu__term_work *w)
{
    kehu__free(&w->alloc, w->entries, w->capacity, sizeof *w->entries);
    kehu__free(&w->alloc, w->columns, w->capacity, sizeof *w->columns);
    kehu__free(&w->alloc, w->places, w->capacity, sizeof *w->places);
    kehu__free(&w->alloc, w->values, w->capacity, sizeof *w->values);
    kehu__free(&w->alloc, w->table, w->table_size, sizeof *w->table);
    *w = kehu__term_work_new(&w->alloc);
}

static uint32_t place_of(const kehu__term_work *w, uint32_t term)
{
    return (uint32_t)((size_t)(term * 0x9E3779B1u >> 7) & (w->table_size - 1));
}

/* Twice the room. The arrays stay of one capacity: a refusal half-way leaves all
 * as small as before. Apart, so that counting a term needs few registers. */
__attribute__((noinline)) static bool grow_work(kehu__term_work *w)
{
    const size_t size = w->table_size == 0 ? FIRST_TABLE : w->table_size * 2;
    kehu__term_work bigger = kehu__term_work_new(&w->alloc);
    bigger.capacity = size / 2;
    bigger.table_size = size;
    bigger.entries = kehu__alloc(&w->alloc, size / 2, sizeof *w->entries);
    bigger.columns = kehu__alloc(&w->alloc, size / 2, sizeof *w->columns);
    bigger.places = kehu__alloc(&w->alloc, size / 2, sizeof *w->places);
    bigger.values = kehu__alloc(&w->alloc, size / 2, sizeof *w->values);
    bigger.table = kehu__alloc_zero(&w->alloc, size, sizeof *w->table);
    if (bigger.entries == NULL || bigger.columns == NULL || bigger.places == NULL ||
        bigger.values == NULL || bigger.table == NULL) {
        kehu__term_work_free(&bigger);
        return false;
    }
    for (; bigger.n < w->n; bigger.n++) {
        uint32_t at = place_of(&bigger, (uint32_t)(w->entries[bigger.n] >> 32));
        while (bigger.table[at] != 0)
            at = (at + 1) & (uint32_t)(size - 1);
        bigger.table[at] = (uint32_t)bigger.n + 1;
        bigger.places[bigger.n] = at;
        bigger.entries[bigger.n] = w->entries[bigger.n];
        bigger.values[bigger.n] = w->values[bigger.n];
    }
    kehu__term_work_free(w);
    *w = bigger;
    return true;
}

static inline bool count_term(kehu__term_work *w, uint32_t term, float idf)
{
    uint32_t at;
    if (__builtin_expect(w->n == w->capacity, 0) && !grow_work(w))
        return false;
    at = place_of(w, term);
    while (w->table[at] != 0) {
        uint64_t *const entry = &w->entries[w->table[at] - 1];
        if (*entry >> 32 == term) {
            *entry += (uint32_t)*entry != UINT32_MAX;
            return true;
        }
        at = (at + 1) & (uint32_t)(w->table_size - 1);
    }
    w->places[w->n] = at;
    w->values[w->n] = idf;
    w->entries[w->n++] = (uint64_t)term << 32 | 1;
    w->table[at] = (uint32_t)w->n;
    return true;
}

static inline bool count_by_table(const kehu__terms *t, kehu__term_work *w,
                                  uint32_t first, const uint64_t *keys, uint32_t n)
{
    bool ok = true;
    for (uint32_t k = 0; k < n && ok; k++) {
        const kehu__term_slot *const slot = kehu__slot_find(t, keys[k]);
        ok = slot == NULL || count_term(w, first + slot->term, slot->idf);
    }
    return ok;
}

static bool count_by_index(const kehu__terms *t, kehu__term_work *w, uint32_t first,
                           const uint64_t *keys, uint32_t n)
{
    bool ok = true;
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t near =
            t->index[kehu__index_place(keys[k], t->index_size)] & KEHU__MAX_TERMS;
        KEHU__PREFETCH(&t->keys[near]);
        KEHU__PREFETCH(&t->idf[near]);
    }
    for (uint32_t k = 0; k < n && ok; k++) {
        const uint32_t term = kehu__index_find(t, keys[k]);
        ok = term == KEHU__NO_TERM ||
             count_term(w, first + term, keys[k] & 1 ? -t->idf[term] : t->idf[term]);
    }
    return ok;
}

static bool count_by_hash(const kehu__terms *t, kehu__term_work *w, uint32_t first,
                          const uint64_t *keys, uint32_t n)
{
    bool ok = true;
    for (uint32_t k = 0; k < n && ok; k++) {
        const uint32_t column = kehu__hash_column(keys[k], t->options.hash_bits);
        const float idf = t->idf[column];
        ok = idf <= 0 || count_term(w, first + column, keys[k] & 1 ? -idf : idf);
    }
    return ok;
}

/* The next keys, whose terms are prefetched. */
static void fill(const kehu__terms *t, kehu__term_ahead *a)
{
    a->n = kehu__term_scan_fill(&a->scan, a->keys, NULL);
    for (uint32_t k = 0; k < a->n; k++)
        KEHU__PREFETCH(
            t->slots != NULL ? (const void *)&t->slots[a->keys[k] >> t->shift]
            : t->index != NULL
                ? (const void *)&t->index[kehu__index_place(a->keys[k], t->index_size)]
                : (const void *)&t
                      ->idf[kehu__hash_column(a->keys[k], t->options.hash_bits)]);
}

/* Count the terms of a begun text that one vocabulary has, the first of them as column
 * `first`; share is how much of the text words cover. */
static bool count_known(const kehu__terms *t, kehu__term_work *w, uint32_t first,
                        kehu__term_ahead *a, double *share)
{
    bool ok = true;
    for (; a->n > 0 && ok; fill(t, a))
        ok = t->slots != NULL   ? count_by_table(t, w, first, a->keys, a->n)
             : t->index != NULL ? count_by_index(t, w, first, a->keys, a->n)
                                : count_by_hash(t, w, first, a->keys, a->n);
    for (size_t k = 0; k < w->n; k++)
        w->table[w->places[k]] = 0;
    *share = a->scan.n_characters == 0
                 ? 0
                 : (double)a->scan.n_word_characters / (double)a->scan.n_characters;
    return ok;
}

static bool count_words(const kehu__terms *t, kehu__term_work *w, uint32_t first,
                        const char *text, int64_t size)
{
    kehu_span found[KEHU__SCAN_SPANS];
    kehu__term_ahead a = {.scan = kehu__term_scan_new(&t->options, text, size, found)};
    double unused;
    fill(t, &a);
    return count_known(t, w, first, &a, &unused);
}

/* A row of counts: its first n_plain terms are of t itself, the rest t->words'. */
typedef struct counts {
    size_t n_plain;
    double share; /* of the text that words cover, those of a tokenizer apart */
} counts;

static bool count_begun(const kehu__terms *t, kehu__term_work *w, kehu__term_ahead *a,
                        counts *c)
{
    const char *const text = a->scan.text;
    w->n = 0;
    if (!count_known(t, w, 0, a, &c->share))
        return false;
    c->n_plain = w->n;
    return t->words == NULL ||
           count_words(t->words, w, t->n_terms, text, a->scan.end - text);
}

static bool count_terms(const kehu__terms *t, kehu__term_work *w, const char *text,
                        int64_t size, counts *c)
{
    kehu_span found[KEHU__SCAN_SPANS];
    kehu__term_ahead a;
    kehu__terms_begin(t, &a, text, size, found);
    return count_begun(t, w, &a, c);
}

/* 1 + ln n, for the n that occur. */
static float damped(uint32_t n)
{
    static const float table[TF_TABLE] = {0,          1,          1.6931472f, 2.0986123f,
                                          2.3862944f, 2.6094379f, 2.7917595f, 2.9459101f,
                                          3.0794415f, 3.1972246f, 3.3025851f, 3.3978953f,
                                          3.4849066f, 3.5649494f, 3.6390573f, 3.7080502f};
    return n < TF_TABLE ? table[n] : (float)(1 + kehu__log((double)n));
}

static float scale_of(float length, float square)
{
    return square > 0 ? length / sqrtf(square) : 0;
}

/* Make the values of terms first to last - 1 weights: until now they are the terms'
 * idf, negative for words. */
static void weigh_part(kehu__term_work *w, size_t first, size_t last, double share)
{
    float characters = 0, words = 0;
    for (size_t k = first; k < last; k++) {
        const float v = damped((uint32_t)w->entries[k]) * w->values[k];
        w->columns[k] = (uint32_t)(w->entries[k] >> 32);
        w->values[k] = v;
        characters += v < 0 ? 0 : v * v;
        words += v < 0 ? v * v : 0;
    }
    characters = scale_of(1, characters);
    words = scale_of((float)-sqrt(share), words);
    for (size_t k = first; k < last; k++)
        w->values[k] *= w->values[k] < 0 ? words : characters;
}

static void weigh(kehu__term_work *w, const counts *c)
{
    weigh_part(w, 0, c->n_plain, c->share);
    weigh_part(w, c->n_plain, w->n, 1);
}

void kehu__terms_begin(const kehu__terms *t, kehu__term_ahead *a, const char *text,
                       int64_t size, kehu_span *found)
{
    a->scan = kehu__term_scan_new(&t->options, text, size, found);
    fill(t, a);
}

bool kehu__terms_finish(const kehu__terms *t, kehu__term_work *w, kehu__term_ahead *a)
{
    counts c;
    if (!count_begun(t, w, a, &c))
        return false;
    weigh(w, &c);
    return true;
}

bool kehu__terms_row(const kehu__terms *t, kehu__term_work *w, const char *text,
                     int64_t size)
{
    counts c;
    if (!count_terms(t, w, text, size, &c))
        return false;
    weigh(w, &c);
    return true;
}

uint32_t kehu__terms_find(const kehu__terms *t, uint64_t key)
{
    const kehu__term_slot *slot;
    if (t->index != NULL)
        return kehu__index_find(t, key);
    if (t->keys == NULL) {
        const uint32_t column = kehu__hash_column(key, t->options.hash_bits);
        return t->idf[column] > 0 ? column : KEHU__NO_TERM;
    }
    slot = kehu__slot_find(t, key);
    return slot == NULL ? KEHU__NO_TERM : slot->term;
}

static void visit_known(
    const kehu__terms *t, uint32_t first, const char *text, int64_t size,
    void (*visit)(void *ctx, uint32_t term, int64_t start, int64_t end), void *ctx)
{
    uint64_t keys[KEHU__SCAN_KEYS];
    kehu__span spans[KEHU__SCAN_KEYS];
    kehu_span found[KEHU__SCAN_SPANS];
    kehu__term_scan scan = kehu__term_scan_new(&t->options, text, size, found);
    uint32_t n;
    while ((n = kehu__term_scan_fill(&scan, keys, spans)) > 0)
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t term = kehu__terms_find(t, keys[k]);
            if (term != KEHU__NO_TERM)
                visit(ctx, first + term, spans[k].start, spans[k].end);
        }
}

void kehu__terms_visit(const kehu__terms *t, const char *text, int64_t size,
                       void (*visit)(void *ctx, uint32_t term, int64_t start,
                                     int64_t end),
                       void *ctx)
{
    visit_known(t, 0, text, size, visit, ctx);
    if (t->words != NULL)
        visit_known(t->words, t->n_terms, text, size, visit, ctx);
}

/* ---- all rows ---- */

/* Texts of about 256 KB are one task, and some tasks are one round. */
enum { CHUNK_BYTES = 1 << 18, CHUNKS_A_ROUND = 64 };

typedef struct chunk {
    int64_t first, last; /* rows first to last - 1 */
    kehu__buffer columns, values, lengths;
    bool failed;
} chunk;

typedef struct rows_round {
    const kehu__terms *terms;
    const kehu_column *texts;
    const kehu_allocator *alloc;
    int64_t n_chunks; /* of a round */
    chunk chunks[CHUNKS_A_ROUND];
} rows_round;

/* Bring the terms of a short row into order: a term's place is how many lower ones there
 * are, n steps for each, but without a branch, and several at a time. */
static void sort_short(kehu__term_work *w)
{
    uint64_t entries[SHORT];
    float values[SHORT];
    for (size_t i = 0; i < w->n; i++) {
        entries[i] = w->entries[i];
        values[i] = w->values[i];
        w->columns[i] = (uint32_t)(entries[i] >> 32);
    }
    for (size_t i = 0; i < w->n; i++) {
        const uint32_t term = w->columns[i];
        uint32_t lower = 0;
        for (size_t j = 0; j < w->n; j++)
            lower += w->columns[j] < term;
        w->entries[lower] = entries[i];
        w->values[lower] = values[i];
    }
}

/* And of a long one, whose terms' idf are then looked up again. */
static bool sort_long(const kehu__terms *t, kehu__term_work *w, const counts *c)
{
    uint64_t *const scratch = kehu__alloc(&w->alloc, w->n, sizeof *scratch);
    if (scratch == NULL)
        return false;
    kehu__sort_u64(w->entries, scratch, w->n);
    kehu__free(&w->alloc, scratch, w->n, sizeof *scratch);
    for (size_t k = 0; k < w->n; k++) {
        const uint32_t term = (uint32_t)(w->entries[k] >> 32);
        const float idf =
            k < c->n_plain ? t->idf[term] : t->words->idf[term - t->n_terms];
        w->values[k] = kehu__terms_is_word(t, term) ? -idf : idf;
    }
    return true;
}

static void cut_row(void *arg, int64_t number)
{
    rows_round *const job = arg;
    chunk *const c = &job->chunks[number];
    kehu__term_work work = kehu__term_work_new(job->alloc);
    for (int64_t i = c->first; i < c->last && !c->failed; i++) {
        const kehu__text text = kehu__column_text(job->texts, i);
        counts counted;
        c->failed = !count_terms(job->terms, &work, text.bytes, text.size, &counted);
        if (!c->failed && work.n <= SHORT)
            sort_short(&work);
        else if (!c->failed)
            c->failed = !sort_long(job->terms, &work, &counted);
        if (c->failed)
            break;
        weigh(&work, &counted);
        kehu__buffer_add(&c->columns, work.columns, work.n * sizeof *work.columns);
        kehu__buffer_add(&c->values, work.values, work.n * sizeof *work.values);
        kehu__buffer_add(&c->lengths, &work.n, sizeof work.n);
    }
    kehu__term_work_free(&work);
}

static bool append_chunk(kehu__term_rows *out, const chunk *c)
{
    const size_t n = c->columns.size / sizeof *out->columns;
    const size_t at = (size_t)out->starts[out->n_rows];
    if (c->failed || c->columns.failed || c->values.failed || c->lengths.failed)
        return false;
    if (at + n > out->capacity) {
        const size_t wanted = at + n + (at + n) / 2;
        uint32_t *const columns = kehu__alloc(&out->alloc, wanted, sizeof *out->columns);
        float *const values = kehu__alloc(&out->alloc, wanted, sizeof *out->values);
        if (columns == NULL || values == NULL) {
            kehu__free(&out->alloc, columns, wanted, sizeof *columns);
            kehu__free(&out->alloc, values, wanted, sizeof *values);
            return false;
        }
        if (at > 0) {
            memcpy(columns, out->columns, at * sizeof *columns);
            memcpy(values, out->values, at * sizeof *values);
        }
        kehu__free(&out->alloc, out->columns, out->capacity, sizeof *columns);
        kehu__free(&out->alloc, out->values, out->capacity, sizeof *values);
        out->columns = columns;
        out->values = values;
        out->capacity = wanted;
    }
    if (n > 0) {
        memcpy(out->columns + at, c->columns.bytes, c->columns.size);
        memcpy(out->values + at, c->values.bytes, c->values.size);
    }
    for (int64_t i = c->first; i < c->last; i++) {
        size_t length;
        memcpy(&length, c->lengths.bytes + (size_t)(i - c->first) * sizeof length,
               sizeof length);
        out->starts[i + 1] = out->starts[i] + (int64_t)length;
        out->n_rows++;
    }
    return true;
}

/* Take rows from *next on into the round's chunks; how many chunks. */
static int64_t plan_round(rows_round *job, int64_t *next)
{
    int64_t n = 0;
    while (n < job->n_chunks && *next < job->texts->length) {
        chunk *const c = &job->chunks[n++];
        int64_t bytes = 0;
        c->first = *next;
        c->columns.size = c->values.size = c->lengths.size = 0;
        while (*next < job->texts->length && bytes < CHUNK_BYTES)
            bytes += 16 + kehu__column_text(job->texts, (*next)++).size;
        c->last = *next;
    }
    return n;
}

/* No rows yet, with the room that those of the vocabulary's own texts take. */
static bool make_rows(kehu__term_rows *out, const kehu__terms *t, int64_t n_texts,
                      const kehu_allocator *alloc)
{
    const uint64_t n = t->n_entries + (t->words == NULL ? 0 : t->words->n_entries);
    *out = (kehu__term_rows){.alloc = *alloc, .capacity = n == 0 ? 16 : (size_t)n};
    out->starts = kehu__alloc_zero(alloc, (size_t)n_texts + 1, sizeof *out->starts);
    out->columns = kehu__alloc(alloc, out->capacity, sizeof *out->columns);
    out->values = kehu__alloc(alloc, out->capacity, sizeof *out->values);
    if (out->starts != NULL && out->columns != NULL && out->values != NULL)
        return true;
    kehu__free(alloc, out->starts, (size_t)n_texts + 1, sizeof *out->starts);
    out->starts = NULL;
    kehu__term_rows_free(out);
    return false;
}

kehu_status kehu__terms_rows(kehu__term_rows *out, const kehu__terms *terms,
                             const kehu_column *texts, const kehu__run *run,
                             const kehu_allocator *alloc, kehu_error *err)
{
    rows_round job = {.terms = terms, .texts = texts, .alloc = alloc};
    kehu_status status = KEHU_OK;
    int64_t next = 0;
    if (!make_rows(out, terms, texts->length, alloc))
        return kehu__no_memory(err, "the rows of terms");
    job.n_chunks = kehu__run_threads(run) > 1 ? CHUNKS_A_ROUND : 1;
    for (int64_t k = 0; k < job.n_chunks; k++)
        job.chunks[k].columns = job.chunks[k].values = job.chunks[k].lengths =
            kehu__buffer_new(alloc);
    while (next < texts->length && status == KEHU_OK) {
        const int64_t n = plan_round(&job, &next);
        bool ok = true;
        kehu__parallel(run, n, cut_row, &job);
        for (int64_t k = 0; k < n; k++)
            ok = ok && append_chunk(out, &job.chunks[k]);
        status =
            ok ? kehu__progress(run, (double)next / (double)texts->length, "terms", err)
               : kehu__no_memory(err, "the rows of terms");
    }
    for (int64_t k = 0; k < job.n_chunks; k++) {
        kehu__buffer_free(&job.chunks[k].columns);
        kehu__buffer_free(&job.chunks[k].values);
        kehu__buffer_free(&job.chunks[k].lengths);
    }
    if (status != KEHU_OK) {
        /* starts is as long as the texts, not as the rows so far. */
        kehu__free(alloc, out->starts, (size_t)texts->length + 1, sizeof *out->starts);
        out->starts = NULL;
        kehu__term_rows_free(out);
    }
    return status;
}

void kehu__term_rows_free(kehu__term_rows *rows)
{
    kehu__free(&rows->alloc, rows->starts, (size_t)rows->n_rows + 1,
               sizeof *rows->starts);
    kehu__free(&rows->alloc, rows->columns, rows->capacity, sizeof *rows->columns);
    kehu__free(&rows->alloc, rows->values, rows->capacity, sizeof *rows->values);
    *rows = (kehu__term_rows){.alloc = rows->alloc};
}
