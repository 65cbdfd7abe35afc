/* Counting in how many texts each term is, and the vocabulary from the counts.
 * Each thread counts its own share of the texts; sums do not depend on who
 * counted what, and the order of the terms is fixed by a sort at the end. */
#include <string.h>

#include "base/maths.h"
#include "base/prefetch.h"
#include "base/sort.h"
#include "text/term_index.h"
#include "text/term_scan.h"

enum { FIRST_SLOTS = 1 << 12, ROUND_BYTES = 1 << 24, MAX_WORKERS = 64 };

typedef struct counter {
    uint64_t key; /* 0 = free */
    uint32_t df;
    uint32_t last; /* text + 1, modulo 2^32, that counted last */
} counter;

typedef struct counters {
    kehu_allocator alloc;
    counter *slots;
    uint32_t shift, n;
    bool failed, full;
} counters;

static size_t n_slots(const counters *c)
{
    return c->slots == NULL ? 0 : (size_t)1 << (64 - c->shift);
}

static counter *find(const counters *c, uint64_t key)
{
    const size_t mask = n_slots(c) - 1;
    size_t at = (size_t)(key >> c->shift);
    while (c->slots[at].key != 0 && c->slots[at].key != key)
        at = (at + 1) & mask;
    return &c->slots[at];
}

static bool grow(counters *c)
{
    counters bigger = *c;
    const size_t size = c->slots == NULL ? FIRST_SLOTS : n_slots(c) * 2;
    if (c->n >= KEHU__MAX_CANDIDATES) {
        c->full = true;
        return false;
    }
    bigger.slots = kehu__alloc_zero(&c->alloc, size, sizeof *c->slots);
    if (bigger.slots == NULL) {
        c->failed = true;
        return false;
    }
    bigger.shift = c->slots == NULL ? 64 - 12 : c->shift - 1;
    for (size_t k = 0; k < n_slots(c); k++)
        if (c->slots[k].key != 0)
            *find(&bigger, c->slots[k].key) = c->slots[k];
    kehu__free(&c->alloc, c->slots, n_slots(c), sizeof *c->slots);
    *c = bigger;
    return true;
}

/* The counter of a key, new ones with df 0; NULL when it cannot be had. */
static counter *take(counters *c, uint64_t key)
{
    counter *slot;
    if ((size_t)c->n * 2 >= n_slots(c) && !grow(c))
        return NULL;
    slot = find(c, key);
    if (slot->key == 0) {
        slot->key = key;
        c->n++;
    }
    return slot;
}

static void count_text(counters *c, const kehu__term_options *o, kehu__text text,
                       int64_t row)
{
    uint64_t keys[KEHU__SCAN_KEYS];
    kehu_span found[KEHU__SCAN_SPANS];
    kehu__term_scan scan = kehu__term_scan_new(o, text.bytes, text.size, found);
    const uint32_t stamp = (uint32_t)row + 1;
    uint32_t n;
    while ((n = kehu__term_scan_fill(&scan, keys, NULL)) > 0) {
        for (uint32_t k = 0; k < n && c->slots != NULL; k++)
            KEHU__PREFETCH(&c->slots[keys[k] >> c->shift]);
        for (uint32_t k = 0; k < n; k++) {
            counter *const slot = take(c, keys[k]);
            if (slot == NULL)
                return;
            if (slot->df == 0 || slot->last != stamp)
                slot->df++;
            slot->last = stamp;
        }
    }
}

typedef struct count_round {
    const kehu_column *texts;
    const kehu__term_options *options;
    int64_t first, last, n_workers;
    counters workers[MAX_WORKERS];
} count_round;

static void count_share(void *arg, int64_t number)
{
    count_round *const job = arg;
    counters *const c = &job->workers[number];
    for (int64_t i = job->first + number; i < job->last; i += job->n_workers) {
        if (c->failed || c->full)
            return;
        count_text(c, job->options, kehu__column_text(job->texts, i), i);
    }
}

static void merge(counters *into, counters *from)
{
    for (size_t k = 0; k < n_slots(from) && !into->failed && !into->full; k++) {
        counter *slot;
        if (from->slots[k].key == 0)
            continue;
        slot = take(into, from->slots[k].key);
        if (slot != NULL)
            slot->df += from->slots[k].df;
    }
    into->failed = into->failed || from->failed;
    into->full = into->full || from->full;
    kehu__free(&from->alloc, from->slots, n_slots(from), sizeof *from->slots);
    from->slots = NULL;
}

static kehu_status count_all(count_round *job, const kehu__run *run, kehu_error *err)
{
    while (job->last < job->texts->length) {
        int64_t bytes = 0;
        job->first = job->last;
        while (job->last < job->texts->length && bytes < ROUND_BYTES)
            bytes += 16 + kehu__column_text(job->texts, job->last++).size;
        kehu__parallel(run, job->n_workers, count_share, job);
        KEHU_TRY(kehu__progress(run, (double)job->last / (double)job->texts->length,
                                "vocabulary", err));
    }
    for (int64_t k = 1; k < job->n_workers; k++)
        merge(&job->workers[0], &job->workers[k]);
    if (job->workers[0].failed)
        return kehu__no_memory(err, "the vocabulary");
    if (job->workers[0].full)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "more than %d different terms; use shorter n-grams",
                          KEHU__MAX_CANDIDATES);
    return KEHU_OK;
}

/* The kept counters as arrays, by falling df and then by key. keys, df and the
 * scratch arrays have room for all. */
static uint32_t sort_terms(const counters *c, uint32_t min_df, uint64_t *keys,
                           uint32_t *df, uint64_t *key_scratch, uint32_t *df_scratch)
{
    uint32_t n = 0;
    for (size_t k = 0; k < n_slots(c); k++)
        if (c->slots[k].key != 0 && c->slots[k].df >= min_df) {
            keys[n] = c->slots[k].key;
            df[n++] = c->slots[k].df;
        }
    kehu__sort_pairs(keys, df, key_scratch, df_scratch, n);
    /* Now by falling df, stable: the roles of key and value change. */
    for (uint32_t k = 0; k < n; k++) {
        df_scratch[k] = k;
        key_scratch[k] = UINT32_MAX - df[k];
    }
    return n;
}

/* Arrays for a vocabulary of all the counters, given back whole. */
typedef struct arrays {
    size_t n;
    uint64_t *keys, *order, *scratch;
    uint32_t *df, *place, *scratch32;
} arrays;

static bool make_arrays(arrays *a, size_t n, const kehu_allocator *alloc)
{
    *a = (arrays){.n = n};
    a->keys = kehu__alloc(alloc, n, sizeof *a->keys);
    a->order = kehu__alloc(alloc, n, sizeof *a->order);
    a->scratch = kehu__alloc(alloc, n, sizeof *a->scratch);
    a->df = kehu__alloc(alloc, n, sizeof *a->df);
    a->place = kehu__alloc(alloc, n, sizeof *a->place);
    a->scratch32 = kehu__alloc(alloc, n, sizeof *a->scratch32);
    return a->keys != NULL && a->order != NULL && a->scratch != NULL && a->df != NULL &&
           a->place != NULL && a->scratch32 != NULL;
}

static void free_arrays(arrays *a, const kehu_allocator *alloc)
{
    kehu__free(alloc, a->keys, a->n, sizeof *a->keys);
    kehu__free(alloc, a->order, a->n, sizeof *a->order);
    kehu__free(alloc, a->scratch, a->n, sizeof *a->scratch);
    kehu__free(alloc, a->df, a->n, sizeof *a->df);
    kehu__free(alloc, a->place, a->n, sizeof *a->place);
    kehu__free(alloc, a->scratch32, a->n, sizeof *a->scratch32);
}

static kehu_status make_terms(kehu__terms *t, const counters *c, arrays *a,
                              kehu_error *err)
{
    uint32_t n = sort_terms(c, t->options.min_df, a->keys, a->df, a->order, a->place);
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1,
                          "no term is in at least %u texts: all are empty or differ",
                          (unsigned)t->options.min_df);
    kehu__sort_pairs(a->order, a->place, a->scratch, a->scratch32, n);
    n = n < t->options.max_terms ? n : t->options.max_terms;
    n = n < KEHU__MAX_TERMS ? n : KEHU__MAX_TERMS;
    t->n_terms = n;
    t->keys = t->own_keys = kehu__alloc(&t->alloc, n, sizeof *t->keys);
    t->idf = t->own_idf = kehu__alloc(&t->alloc, n, sizeof *t->idf);
    if (t->keys == NULL || t->idf == NULL)
        return kehu__no_memory(err, "the vocabulary");
    for (uint32_t k = 0; k < n; k++) {
        const double df = (double)a->df[a->place[k]];
        t->n_entries += a->df[a->place[k]];
        t->own_keys[k] = a->keys[a->place[k]];
        if (k > 0 && a->order[k] == a->order[k - 1])
            t->own_idf[k] = t->idf[k - 1];
        else
            t->own_idf[k] = (float)(1 + kehu__log((1 + (double)t->n_texts) / (1 + df)));
    }
    return kehu__terms_make_table(t) ? KEHU_OK : kehu__no_memory(err, "the vocabulary");
}

kehu_status kehu__terms_build(kehu__terms **out, const kehu_column *texts,
                              const kehu__term_options *options, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err)
{
    count_round job = {.texts = texts, .options = options};
    arrays a = {0};
    kehu__terms *t = NULL;
    kehu_status status;
    *out = NULL;
    if (options->hash_bits > 0)
        return kehu__terms_build_hashed(out, texts, options, run, alloc, err);
    job.n_workers = kehu__run_threads(run);
    job.n_workers = job.n_workers < MAX_WORKERS ? job.n_workers : MAX_WORKERS;
    for (int64_t k = 0; k < job.n_workers; k++)
        job.workers[k].alloc = *alloc;
    status = count_all(&job, run, err);
    if (status == KEHU_OK && job.workers[0].n == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1, "all texts are empty");
    if (status != KEHU_OK)
        goto done;
    t = kehu__alloc_zero(alloc, 1, sizeof *t);
    if (t != NULL)
        t->alloc = *alloc;
    if (t == NULL || !make_arrays(&a, job.workers[0].n, alloc)) {
        status = kehu__no_memory(err, "the vocabulary");
        goto done;
    }
    t->options = *options;
    t->n_texts = texts->length;
    status = make_terms(t, &job.workers[0], &a, err);
    if (status == KEHU_OK) {
        *out = t;
        t = NULL;
    }

done:
    free_arrays(&a, alloc);
    for (int64_t k = 0; k < job.n_workers; k++)
        kehu__free(alloc, job.workers[k].slots, n_slots(&job.workers[k]),
                   sizeof(counter));
    kehu__terms_free(t);
    return status;
}
