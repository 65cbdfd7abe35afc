/* The vocabulary in a model file: options and counts, then keys and weights; packed,
 * weights as runs of (weight, how many terms). */
#include <math.h>

#include "text/term_scan.h"

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
    for (uint32_t k = 0; k < t->n_terms; k++)
        kehu__buffer_u64(to, t->keys[k]);
    for (uint32_t k = 0; k < t->n_terms;) {
        const uint32_t run = packed ? run_of(t, k) : 1;
        kehu__buffer_float(to, t->idf[k]);
        if (packed)
            kehu__buffer_u32(to, run);
        k += run;
    }
}

static bool options_valid(const kehu__term_options *o)
{
    return o->char_max >= 1 && o->char_max <= o->latin_max &&
           o->latin_max <= KEHU__MAX_GRAM && o->word_max <= 2 && o->min_df >= 1 &&
           o->max_terms >= 1;
}

static bool read_arrays(kehu__terms *t, bool packed, kehu__reader *r)
{
    for (uint32_t k = 0; k < t->n_terms; k++)
        t->keys[k] = kehu__read_u64(r);
    for (uint32_t k = 0; k < t->n_terms;) {
        const float idf = kehu__read_float(r);
        const uint32_t run = packed ? kehu__read_u32(r) : 1;
        if (!isfinite(idf) || idf < 0 || run == 0 || run > t->n_terms - k)
            return false;
        for (const uint32_t end = k + run; k < end; k++)
            t->idf[k] = idf;
    }
    return !r->failed && r->at == r->end;
}

/* Is there room for n keys and their weights? */
static bool size_fits(uint64_t left, uint64_t n, bool packed)
{
    const uint64_t keys = n * sizeof(uint64_t), least = sizeof(float) + sizeof(uint32_t);
    return packed ? left >= keys + least && left <= keys + n * least
                  : left == keys + n * sizeof(float);
}

kehu_status kehu__terms_read(kehu__terms **out, const char *bytes, size_t size,
                             bool packed, const char *name, const kehu_allocator *alloc,
                             kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    kehu__terms *const t = kehu__alloc_zero(alloc, 1, sizeof *t);
    uint32_t n;
    *out = NULL;
    if (t == NULL)
        return kehu__no_memory(err, "the vocabulary");
    t->alloc = *alloc;
    t->options.char_max = kehu__read_u32(&r);
    t->options.latin_max = kehu__read_u32(&r);
    t->options.word_max = kehu__read_u32(&r);
    t->options.min_df = kehu__read_u32(&r);
    t->options.max_terms = kehu__read_u32(&r);
    n = kehu__read_u32(&r);
    t->n_texts = (int64_t)kehu__read_u64(&r);
    if (r.failed || !options_valid(&t->options) || n == 0 || n > t->options.max_terms ||
        t->n_texts < 1 || !size_fits((uint64_t)(r.end - r.at), n, packed)) {
        kehu__terms_free(t);
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the vocabulary's counts are wrong",
                          name);
    }
    t->n_terms = n;
    t->keys = kehu__alloc(alloc, n, sizeof *t->keys);
    t->idf = kehu__alloc(alloc, n, sizeof *t->idf);
    if (t->keys == NULL || t->idf == NULL) {
        kehu__terms_free(t);
        return kehu__no_memory(err, "the vocabulary");
    }
    if (!read_arrays(t, packed, &r)) {
        kehu__terms_free(t);
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a term's weight is wrong", name);
    }
    if (!kehu__terms_index(t)) {
        const bool refused = t->slots == NULL;
        kehu__terms_free(t);
        return refused
                   ? kehu__no_memory(err, "the vocabulary")
                   : kehu__fail(err, KEHU_FORMAT, -1, "%s: a term is there twice", name);
    }
    *out = t;
    return KEHU_OK;
}
