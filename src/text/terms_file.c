/* The vocabulary in a model file: options and counts, then keys and weights. */
#include <math.h>

#include "text/term_scan.h"

void kehu__terms_write(const kehu__terms *t, kehu__buffer *to)
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
    for (uint32_t k = 0; k < t->n_terms; k++)
        kehu__buffer_float(to, t->idf[k]);
}

static bool options_valid(const kehu__term_options *o)
{
    return o->char_max >= 1 && o->char_max <= o->latin_max &&
           o->latin_max <= KEHU__MAX_GRAM && o->word_max <= 2 && o->min_df >= 1 &&
           o->max_terms >= 1;
}

static bool read_arrays(kehu__terms *t, kehu__reader *r)
{
    for (uint32_t k = 0; k < t->n_terms; k++)
        t->keys[k] = kehu__read_u64(r);
    for (uint32_t k = 0; k < t->n_terms; k++) {
        t->idf[k] = kehu__read_float(r);
        if (!isfinite(t->idf[k]) || t->idf[k] < 0)
            return false;
    }
    return !r->failed && r->at == r->end;
}

kehu_status kehu__terms_read(kehu__terms **out, const char *bytes, size_t size,
                             const char *name, const kehu_allocator *alloc,
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
        t->n_texts < 1 ||
        (uint64_t)(r.end - r.at) != (uint64_t)n * (sizeof *t->keys + sizeof *t->idf)) {
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
    if (!read_arrays(t, &r)) {
        kehu__terms_free(t);
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a term's weight is not finite",
                          name);
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
