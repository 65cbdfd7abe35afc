/* The vocabulary in a model file: options and counts, then keys and weights; packed,
 * weights as runs of (weight, how many terms). */
#include <math.h>

#include "base/bytes.h"
#include "text/term_index.h"

static uint32_t run_of(const kehu__terms *t, uint32_t first)
{
    uint32_t last = first;
    while (last < t->n_terms && t->idf[last] == t->idf[first])
        last++;
    return last - first;
}

void kehu__terms_write(const kehu__terms *t, bool packed, kehu__buffer *to)
{
    kehu__buffer_u32(to, t->options.char_max);
    kehu__buffer_u32(to, t->options.latin_max);
    kehu__buffer_u32(to, t->options.word_max);
    kehu__buffer_u32(to, t->options.min_df);
    kehu__buffer_u32(to, t->options.max_terms);
    kehu__buffer_u32(to, t->n_terms);
    kehu__buffer_u64(to, (uint64_t)t->n_texts);
    for (uint32_t k = 0; t->keys != NULL && k < t->n_terms; k++)
        kehu__buffer_u64(to, t->keys[k]);
    for (uint32_t k = 0; k < t->n_terms;) {
        const uint32_t run = packed ? run_of(t, k) : 1;
        kehu__buffer_float(to, t->idf[k]);
        if (packed)
            kehu__buffer_u32(to, run);
        k += run;
    }
}

void kehu__terms_write_index(const kehu__terms *t, kehu__buffer *to)
{
    const uint32_t size = t->n_terms + t->n_terms / 3 + 1;
    if (t->keys == NULL)
        return;
    for (uint32_t k = 0; k < size; k++)
        kehu__buffer_u32(to, 0);
    for (uint32_t term = 0; term < t->n_terms && !to->failed; term++) {
        size_t at = kehu__index_place(t->keys[term], size);
        while (kehu__load32(to->bytes + at * sizeof size) != 0)
            at = at + 1 == size ? 0 : at + 1;
        kehu__store32(to->bytes + at * sizeof size,
                      kehu__index_tag(t->keys[term]) | (term + 1));
    }
}

static bool options_valid(const kehu__term_options *o)
{
    return o->char_max >= 1 && o->char_max <= o->latin_max &&
           o->latin_max <= KEHU__MAX_GRAM && o->word_max <= 2 && o->min_df >= 1 &&
           o->max_terms >= 1;
}

/* Weights of packed terms. */
static bool read_runs(kehu__terms *t, kehu__reader *r)
{
    for (uint32_t k = 0; k < t->n_terms;) {
        const float idf = kehu__read_float(r);
        const uint32_t run = kehu__read_u32(r);
        if (run == 0 || run > t->n_terms - k)
            return false;
        for (const uint32_t end = k + run; k < end; k++)
            t->own_idf[k] = idf;
    }
    return true;
}

/* Is there room for n keys and their weights, or for weights alone? */
static bool size_fits(uint64_t left, uint64_t n, const kehu__terms_source *from)
{
    const uint64_t keys = n * sizeof(uint64_t), least = sizeof(float) + sizeof(uint32_t);
    if (from->hashed)
        return left == n * sizeof(float);
    return from->packed ? left >= keys + least && left <= keys + n * least
                        : left == keys + n * sizeof(float);
}

/* The columns are a power of two; false when they are not. */
static bool hash_bits_of(kehu__terms *t)
{
    uint32_t bits = KEHU__LEAST_HASH_BITS;
    while (bits < KEHU__TERM_BITS && t->n_terms > UINT32_C(1) << bits)
        bits++;
    t->options.hash_bits = bits;
    return t->n_terms == UINT32_C(1) << bits;
}

static kehu_status read_counts(kehu__terms *t, kehu__reader *r,
                               const kehu__terms_source *from, kehu_error *err)
{
    t->options.char_max = kehu__read_u32(r);
    t->options.latin_max = kehu__read_u32(r);
    t->options.word_max = kehu__read_u32(r);
    t->options.min_df = kehu__read_u32(r);
    t->options.max_terms = kehu__read_u32(r);
    t->n_terms = kehu__read_u32(r);
    t->n_texts = (int64_t)kehu__read_u64(r);
    if (r->failed || !options_valid(&t->options) || t->n_terms == 0 ||
        (!from->hashed &&
         (t->n_terms > t->options.max_terms || t->n_terms > KEHU__MAX_TERMS)) ||
        (from->hashed && !hash_bits_of(t)) || t->n_texts < 1 ||
        !size_fits((uint64_t)(r->end - r->at), t->n_terms, from))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the vocabulary's counts are wrong",
                          from->name);
    return KEHU_OK;
}

/* The keys and weights, in place where the bytes stay. */
static kehu_status read_arrays(kehu__terms *t, kehu__reader *r,
                               const kehu__terms_source *from, kehu_error *err)
{
    const char *const bytes = r->at;
    const bool in_place = from->index != NULL;
    const size_t n_keys = from->hashed ? 0 : t->n_terms;
    if (from->hashed)
        t->keys = NULL;
    else if (in_place)
        t->keys = (const uint64_t *)(const void *)bytes;
    else
        t->keys = t->own_keys = kehu__alloc(&t->alloc, t->n_terms, sizeof *t->keys);
    if (in_place && !from->packed)
        t->idf = (const float *)(const void *)(bytes + n_keys * sizeof *t->keys);
    else
        t->idf = t->own_idf = kehu__alloc(&t->alloc, t->n_terms, sizeof *t->idf);
    if ((t->keys == NULL && !from->hashed) || t->idf == NULL)
        return kehu__no_memory(err, "the vocabulary");
    for (size_t k = 0; k < n_keys; k++) {
        const uint64_t key = kehu__read_u64(r);
        if (!in_place)
            t->own_keys[k] = key;
    }
    if (from->packed && !read_runs(t, r))
        r->failed = true;
    for (uint32_t k = 0; k < t->n_terms; k++) {
        const float idf = from->packed ? t->idf[k] : kehu__read_float(r);
        if (!isfinite(idf) || idf < 0)
            r->failed = true;
        else if (t->own_idf != NULL)
            t->own_idf[k] = idf;
    }
    if (r->failed || r->at != r->end)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a term's weight is wrong",
                          from->name);
    return KEHU_OK;
}

/* Every entry is a term's, a place is free, and every term is found. */
static bool index_sound(const kehu__terms *t)
{
    uint32_t used = 0;
    for (uint32_t k = 0; k < t->index_size; k++) {
        const uint32_t number = t->index[k] & KEHU__MAX_TERMS;
        if (t->index[k] != 0 && (number == 0 || number > t->n_terms))
            return false;
        used += t->index[k] != 0;
    }
    if (used != t->n_terms || used == t->index_size)
        return false;
    for (uint32_t k = 0; k < t->n_terms; k++)
        if (t->keys[k] == 0 || kehu__index_find(t, t->keys[k]) != k)
            return false;
    return true;
}

static kehu_status read_index(kehu__terms *t, const kehu__terms_source *from,
                              kehu_error *err)
{
    if (from->hashed)
        return KEHU_OK;
    if (from->index == NULL) {
        if (kehu__terms_make_table(t))
            return KEHU_OK;
        return t->slots == NULL ? kehu__no_memory(err, "the vocabulary")
                                : kehu__fail(err, KEHU_FORMAT, -1,
                                             "%s: a term is there twice", from->name);
    }
    t->index = (const uint32_t *)(const void *)from->index;
    t->index_size = (uint32_t)(from->index_size / sizeof *t->index);
    if (from->index_size % sizeof *t->index != 0 ||
        from->index_size / sizeof *t->index > UINT32_MAX || !index_sound(t))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the vocabulary's index is wrong",
                          from->name);
    return KEHU_OK;
}

kehu_status kehu__terms_read(kehu__terms **out, const kehu__terms_source *from,
                             const kehu_allocator *alloc, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(from->bytes, from->size);
    kehu__terms *const t = kehu__alloc_zero(alloc, 1, sizeof *t);
    kehu_status status;
    *out = NULL;
    if (t == NULL)
        return kehu__no_memory(err, "the vocabulary");
    t->alloc = *alloc;
    status = read_counts(t, &r, from, err);
    if (status == KEHU_OK)
        status = read_arrays(t, &r, from, err);
    if (status == KEHU_OK)
        status = read_index(t, from, err);
    if (status == KEHU_OK)
        *out = t;
    else
        kehu__terms_free(t);
    return status;
}
