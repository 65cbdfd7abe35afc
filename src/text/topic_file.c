/* Sections: HEAD fingerprint and counts, WORD the terms with their idf, FACT the factors,
 * INFO what is known of each topic, RANK its words: terms and shares. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "text/tokenizer.h"
#include "text/topic_model.h"

static const char kind[] = "TOP1";

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_topic *t = handle;
    kehu__buffer head = kehu__buffer_new(&t->alloc), word = head, fact = head,
                 info = head, rank = head;
    bool failed;
    *out = head;
    kehu__buffer_u64(&head, t->fingerprint);
    kehu__buffer_u32(&head, t->n_topics);
    kehu__buffer_u32(&head, t->n_terms);
    kehu__buffer_u64(&head, t->n_bytes);
    for (uint32_t j = 0; j < t->n_terms; j++)
        kehu__buffer_float(&word, t->idf[j]);
    kehu__buffer_add(&word, t->bytes, t->n_bytes);
    for (size_t i = 0; i < (size_t)t->n_terms * t->n_topics; i++)
        kehu__buffer_float(&fact, t->factors[i]);
    for (uint32_t k = 0; k < t->n_topics; k++) {
        kehu__buffer_double(&info, t->info[k].share);
        kehu__buffer_double(&info, t->info[k].coherence);
        kehu__buffer_u64(&info, (uint64_t)t->info[k].n_texts);
        for (int i = 0; i < KEHU_TOPIC_EXAMPLES; i++)
            kehu__buffer_u64(&info, (uint64_t)t->info[k].examples[i]);
        kehu__buffer_u32(&rank, t->n_words[k]);
        for (uint32_t i = 0; i < t->n_words[k]; i++) {
            kehu__buffer_u32(&rank, t->words[(size_t)k * KEHU_TOPIC_WORDS + i].term);
            kehu__buffer_float(&rank, t->words[(size_t)k * KEHU_TOPIC_WORDS + i].share);
        }
    }
    failed = head.failed || word.failed || fact.failed || info.failed || rank.failed;
    if (!failed) {
        const kehu__section sections[] = {{"HEAD", head.bytes, head.size},
                                          {"WORD", word.bytes, word.size},
                                          {"FACT", fact.bytes, fact.size},
                                          {"INFO", info.bytes, info.size},
                                          {"RANK", rank.bytes, rank.size}};
        kehu__container_build(out, kind, sections, 5);
        failed = out->failed;
    }
    kehu__buffer_free(&head);
    kehu__buffer_free(&word);
    kehu__buffer_free(&fact);
    kehu__buffer_free(&info);
    kehu__buffer_free(&rank);
    return failed ? kehu__no_memory(err, "the model's bytes") : KEHU_OK;
}

static kehu_status damaged(const char *name, const char *what, kehu_error *err)
{
    return kehu__fail(err, KEHU_FORMAT, -1, "%s: %s", name, what);
}

static kehu_status read_words(kehu_topic *t, const char *bytes, size_t size,
                              const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    size_t at = 0;
    if (size != t->n_terms * sizeof(float) + t->n_bytes)
        return damaged(name, "the terms are cut off", err);
    for (uint32_t j = 0; j < t->n_terms; j++) {
        t->idf[j] = kehu__read_float(&r);
        if (!(isfinite(t->idf[j]) && t->idf[j] > 0))
            return damaged(name, "an inverse document frequency is no number above 0",
                           err);
    }
    if (kehu__utf8_valid(r.at, t->n_bytes) != t->n_bytes)
        return damaged(name, "a term is not UTF-8", err);
    memcpy(t->bytes, r.at, t->n_bytes);
    for (uint32_t j = 0; j < t->n_terms; j++) {
        const char *const nul =
            at < t->n_bytes ? memchr(t->bytes + at, 0, t->n_bytes - at) : NULL;
        if (nul == NULL)
            return damaged(name, "there are fewer terms than stated", err);
        t->offsets[j] = at;
        t->hashes[j] = kehu__hash(t->bytes + at, (size_t)(nul - t->bytes) - at, 0);
        at = (size_t)(nul - t->bytes) + 1;
    }
    if (at != t->n_bytes)
        return damaged(name, "there are more terms than stated", err);
    if (!kehu__topic_index(t))
        return damaged(name, "a term stands there twice", err);
    return KEHU_OK;
}

static kehu_status read_factors(kehu_topic *t, const char *bytes, size_t size,
                                const char *name, kehu_error *err)
{
    const size_t n = (size_t)t->n_terms * t->n_topics;
    kehu__reader r = kehu__reader_new(bytes, size);
    if (size != n * sizeof(float))
        return damaged(name, "the factors do not agree with terms and topics", err);
    for (size_t i = 0; i < n; i++) {
        t->factors[i] = kehu__read_float(&r);
        if (!(t->factors[i] >= 0 && t->factors[i] <= 1.001f))
            return damaged(name, "a factor is outside 0 to 1", err);
    }
    kehu__nmf_gram(t->gram, t->factors, t->n_terms, t->n_topics);
    return KEHU_OK;
}

static kehu_status read_info(kehu_topic *t, const char *bytes, size_t size,
                             const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    for (uint32_t k = 0; k < t->n_topics; k++) {
        kehu_topic_info *const info = &t->info[k];
        info->share = kehu__read_double(&r);
        info->coherence = kehu__read_double(&r);
        info->n_texts = (int64_t)kehu__read_u64(&r);
        for (int i = 0; i < KEHU_TOPIC_EXAMPLES; i++)
            info->examples[i] = (int64_t)kehu__read_u64(&r);
        if (!(info->share >= 0 && info->share <= 1) || info->n_texts < 0)
            return damaged(name, "a topic's share or number of texts is wrong", err);
    }
    return r.failed || r.at != r.end ? damaged(name, "the topics are cut off", err)
                                     : KEHU_OK;
}

static kehu_status read_ranks(kehu_topic *t, const char *bytes, size_t size,
                              const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    for (uint32_t k = 0; k < t->n_topics; k++) {
        kehu__topic_term *const words = t->words + (size_t)k * KEHU_TOPIC_WORDS;
        t->n_words[k] = kehu__read_u32(&r);
        if (t->n_words[k] > KEHU_TOPIC_WORDS)
            return damaged(name, "a topic has too many words", err);
        for (uint32_t i = 0; i < t->n_words[k]; i++) {
            words[i].term = kehu__read_u32(&r);
            words[i].share = kehu__read_float(&r);
            if (words[i].term >= t->n_terms ||
                !(words[i].share >= 0 && words[i].share <= 1))
                return damaged(name, "a topic's word is none or its share wrong", err);
        }
    }
    return r.failed || r.at != r.end ? damaged(name, "the words are cut off", err)
                                     : KEHU_OK;
}

/* The tokenizer with the model's fingerprint. */
static kehu_status find_tokenizer(kehu_topic *t, const kehu_tokenizer *given,
                                  const char *name, kehu_error *err)
{
    return kehu__tokenizer_wanted(&t->tokenizer, &t->own, t->fingerprint, given,
                                  "kehu_topic_load() or kehu_topic_read()", name,
                                  &t->alloc, err);
}

static kehu_status fill(kehu_topic *t, const kehu__handle_source *from, kehu_error *err)
{
    const char *const name = from->name;
    const char *head, *word, *fact, *info, *rank;
    size_t head_size, word_size, fact_size, info_size, rank_size;
    uint32_t n_topics, n_terms;
    uint64_t n_bytes;
    kehu__container c;
    kehu__reader r;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, name, err));
    if (!kehu__container_find(&c, "HEAD", &head, &head_size) ||
        !kehu__container_find(&c, "WORD", &word, &word_size) ||
        !kehu__container_find(&c, "FACT", &fact, &fact_size) ||
        !kehu__container_find(&c, "INFO", &info, &info_size) ||
        !kehu__container_find(&c, "RANK", &rank, &rank_size))
        return damaged(name, "a section is missing", err);
    r = kehu__reader_new(head, head_size);
    t->fingerprint = kehu__read_u64(&r);
    n_topics = kehu__read_u32(&r);
    n_terms = kehu__read_u32(&r);
    n_bytes = kehu__read_u64(&r);
    /* Each has its bytes in the file, so nothing is allocated in vain. */
    if (r.failed || r.at != r.end || n_topics < 1 || n_topics > KEHU__NMF_MAX ||
        n_terms < 1 || n_terms > fact_size / sizeof(float) / n_topics ||
        n_bytes < n_terms || n_bytes > word_size)
        return damaged(name, "the counts are wrong", err);
    t->n_topics = n_topics;
    t->n_terms = n_terms;
    t->n_bytes = (size_t)n_bytes;
    if (!kehu__topic_room(t))
        return kehu__no_memory(err, "topics");
    KEHU_TRY(read_words(t, word, word_size, name, err));
    KEHU_TRY(read_factors(t, fact, fact_size, name, err));
    KEHU_TRY(read_info(t, info, info_size, name, err));
    KEHU_TRY(read_ranks(t, rank, rank_size, name, err));
    return find_tokenizer(t, from->with, name, err);
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_topic *t = kehu__alloc_zero(&from->alloc, 1, sizeof *t);
    kehu_status status;
    if (t == NULL)
        return kehu__no_memory(err, "topics");
    t->alloc = from->alloc;
    status = fill(t, from, err);
    if (status == KEHU_OK)
        *(kehu_topic **)out = t;
    else
        kehu_topic_free(t);
    return status;
}

static const kehu__handle_file file = {"topics", build, make};

kehu_status kehu_topic_save(const kehu_topic *topics, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, topics, path, err);
}

kehu_status kehu_topic_write(const kehu_topic *topics, const kehu_writer *writer,
                             kehu_error *err)
{
    return kehu__handle_write(&file, topics, writer, err);
}

kehu_status kehu_topic_load(kehu_topic **out, const char *path,
                            const kehu_tokenizer *tokenizer, const kehu_allocator *alloc,
                            kehu_error *err)
{
    return kehu__handle_load(&file, out, path, tokenizer, alloc, err);
}

kehu_status kehu_topic_read(kehu_topic **out, const void *bytes, size_t size,
                            const kehu_tokenizer *tokenizer, const kehu_allocator *alloc,
                            kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, tokenizer, alloc, err);
}
