/* Making, asking and releasing handles. A handle is small: the dictionary behind
 * it is shared with the handles made from it. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/tokenizer.h"

kehu_status kehu__tokenizer_options(kehu_tokenizer_options *opt,
                                    const kehu_tokenizer_options *options,
                                    const kehu_tokenizer *from, kehu_error *err)
{
    memset(opt, 0, sizeof *opt);
    if (options == NULL && from != NULL) {
        opt->mode = from->mode;
        opt->split_units = from->split_units;
        opt->alloc = &from->alloc;
        return KEHU_OK;
    }
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, options, err));
    if (opt->mode > KEHU_TOKENIZER_ACCURATE)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "mode is %u, expected 1 to 4",
                          (unsigned)opt->mode);
    if (opt->split_units > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "split_units is %u, expected 0 or 1",
                          (unsigned)opt->split_units);
    return KEHU_OK;
}

void kehu__held_release(kehu__held *held, const kehu_allocator *alloc)
{
    kehu__free(alloc, held->owned, held->owned_size, 1);
    kehu__file_unmap(&held->file);
}

kehu_status kehu__lexicon_new(kehu__lexicon **out, const kehu_allocator *alloc,
                              const kehu__held *held, kehu__trust trust, const char *name,
                              kehu_error *err)
{
    kehu__held taken = *held;
    kehu__lexicon *l = kehu__alloc_zero(alloc, 1, sizeof *l);
    kehu_status status = KEHU_OK;
    *out = NULL;
    if (l == NULL)
        status = kehu__no_memory(err, "the dictionary");
    else
        status = kehu__dictionary_open(&l->dictionary, taken.bytes, taken.size, trust,
                                       name, err);
    if (status != KEHU_OK) {
        kehu__held_release(&taken, alloc);
        kehu__free(alloc, l, 1, sizeof *l);
        return status;
    }
    l->alloc = *alloc;
    l->held = taken;
    atomic_init(&l->users, 1);
    *out = l;
    return KEHU_OK;
}

kehu_status kehu__lexicon_build(kehu__lexicon **out, kehu__dictionary_builder *b,
                                const kehu_allocator *alloc, kehu_error *err)
{
    kehu__buffer built = kehu__buffer_new(alloc);
    const kehu_status status = kehu__dictionary_build(b, &built, err);
    if (status != KEHU_OK) {
        kehu__buffer_free(&built);
        return status;
    }
    const kehu__held held = {.bytes = built.bytes,
                             .size = built.size,
                             .owned = built.bytes,
                             .owned_size = built.capacity};
    return kehu__lexicon_new(out, alloc, &held, KEHU__TRUST_ALL, "the dictionary", err);
}

void kehu__lexicon_release(kehu__lexicon *l)
{
    if (l != NULL && atomic_fetch_sub(&l->users, 1) == 1) {
        const kehu_allocator alloc = l->alloc;
        kehu__held_release(&l->held, &alloc);
        kehu__free(&alloc, l, 1, sizeof *l);
    }
}

/* Edits cost what the same frequency costs in the dictionary. */
static void set_edit_costs(kehu_tokenizer *t)
{
    const kehu__dictionary *d = &t->edits->dictionary;
    t->edit_costs[0] = KEHU__EDIT_REMOVED;
    for (uint32_t value = 1; value < d->n_values; value++) {
        kehu__word word;
        kehu__dictionary_value(d, value, &word);
        t->edit_costs[value] =
            word.hard ? KEHU__EDIT_WHOLE
            : word.frequency == 0
                ? KEHU__EDIT_REMOVED
                : kehu__dictionary_cost_of(t->lexicon->dictionary.total, word.frequency);
    }
}

/* Edits add a word, change it, or take it away. */
static kehu_status count_edit(void *ctx, const kehu__word *word, uint32_t id,
                              kehu_error *err)
{
    kehu_tokenizer *t = ctx;
    uint32_t value;
    const bool known = kehu__dictionary_find(&t->lexicon->dictionary, word->bytes,
                                             word->size, &value) != 0;
    const bool removed = word->frequency == 0 && !word->hard;
    (void)id;
    (void)err;
    t->n_words += (!known && !removed) - (known && removed);
    return KEHU_OK;
}

kehu_status kehu__tokenizer_new(kehu_tokenizer **out, kehu__lexicon *lexicon,
                                kehu__lexicon *edits, kehu__model *model,
                                const kehu_tokenizer_options *opt, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu_tokenizer *t = kehu__alloc_zero(&alloc, 1, sizeof *t);
    kehu_status status = KEHU_OK;
    if (t == NULL) {
        kehu__lexicon_release(lexicon);
        kehu__lexicon_release(edits);
        kehu__model_release(model);
        return kehu__no_memory(err, "the tokenizer");
    }
    *t = (kehu_tokenizer){.alloc = alloc,
                          .mode = opt->mode != 0  ? (kehu_tokenizer_mode)opt->mode
                                  : model != NULL ? KEHU_TOKENIZER_ACCURATE
                                                  : KEHU_TOKENIZER_WORDS,
                          .split_units = opt->split_units != 0,
                          .lexicon = lexicon,
                          .edits = edits,
                          .model = model,
                          .n_words = lexicon == NULL ? 0 : lexicon->dictionary.n_words};
    t->split_units |= t->mode == KEHU_TOKENIZER_ACCURATE; /* as the corpus does */
    if (t->mode == KEHU_TOKENIZER_ACCURATE && (model == NULL || edits != NULL))
        status = kehu__fail(err, KEHU_ARGUMENT, -1,
                            model == NULL ? "mode ACCURATE needs a trained tokenizer"
                                          : "mode ACCURATE takes no edits");
    if (status == KEHU_OK && edits != NULL) {
        t->edit_costs =
            kehu__alloc(&alloc, edits->dictionary.n_values, sizeof *t->edit_costs);
        if (t->edit_costs == NULL)
            status = kehu__no_memory(err, "the tokenizer");
        else
            status =
                kehu__dictionary_each(&edits->dictionary, &alloc, count_edit, t, err);
    }
    if (status != KEHU_OK) {
        kehu_tokenizer_free(t);
        return status;
    }
    if (edits != NULL)
        set_edit_costs(t);
    *out = t;
    return KEHU_OK;
}

kehu_status kehu_tokenizer_default(kehu_tokenizer **out,
                                   const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    const kehu__held held = {.bytes = kehu__default_words,
                             .size = kehu__default_words_size};
    kehu__lexicon *lexicon = NULL;
    kehu_allocator alloc;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    if (kehu__default_words_size == 0 && opt.mode != KEHU_TOKENIZER_CHARACTERS)
        return kehu__fail(err, KEHU_NOT_FOUND, -1,
                          "this kehu was built without a word list; load a dictionary");
    alloc = kehu__allocator(opt.alloc);
    if (kehu__default_words_size > 0)
        KEHU_TRY(kehu__lexicon_new(&lexicon, &alloc, &held, KEHU__TRUST_ALL,
                                   "the default dictionary", err));
    return kehu__tokenizer_new(out, lexicon, NULL, NULL, &opt, err);
}

void kehu_tokenizer_free(kehu_tokenizer *t)
{
    if (t != NULL) {
        const kehu_allocator alloc = t->alloc;
        if (t->edits != NULL)
            kehu__free(&alloc, t->edit_costs, t->edits->dictionary.n_values,
                       sizeof *t->edit_costs);
        kehu__lexicon_release(t->edits);
        kehu__lexicon_release(t->lexicon);
        kehu__model_release(t->model);
        kehu__free(&alloc, t, 1, sizeof *t);
    }
}

int64_t kehu_tokenizer_count(const kehu_tokenizer *t)
{
    return t->n_words;
}

uint64_t kehu_tokenizer_fingerprint(const kehu_tokenizer *t)
{
    uint64_t h = (uint64_t)t->mode << 1 | (uint64_t)t->split_units;
    if (t->lexicon != NULL)
        h = kehu__mix64(h) ^ t->lexicon->dictionary.fingerprint;
    if (t->edits != NULL)
        h = kehu__mix64(h) ^ t->edits->dictionary.fingerprint;
    if (t->mode == KEHU_TOKENIZER_ACCURATE) /* the hash its file ends with */
        h = kehu__mix64(h) ^ kehu__load64(t->model->held.bytes + t->model->held.size - 8);
    return kehu__mix64(h);
}

int64_t kehu_tokenizer_bound(const kehu_tokenizer *t, int64_t size)
{
    return t->mode == KEHU_TOKENIZER_SEARCH ? 4 * size : size;
}

kehu_status kehu_tokenizer_find(const kehu_tokenizer *t, const char *word, size_t size,
                                kehu_word_info *info, kehu_error *err)
{
    kehu__word found;
    uint32_t id = 0, value = 0;
    if (t == NULL || info == NULL || (word == NULL && size > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer, word or info is NULL");
    memset(info, 0, sizeof *info);
    if (t->edits != NULL &&
        (id = kehu__dictionary_find(&t->edits->dictionary, word, size, &value)) != 0) {
        kehu__dictionary_value(&t->edits->dictionary, value, &found);
        id = t->edit_costs[value] == KEHU__EDIT_REMOVED ? 0 : kehu__edit_id(t, id);
    } else if (t->lexicon != NULL &&
               (id = kehu__dictionary_find(&t->lexicon->dictionary, word, size,
                                           &value)) != 0) {
        kehu__dictionary_value(&t->lexicon->dictionary, value, &found);
    }
    if (id == 0)
        return kehu__fail(err, KEHU_NOT_FOUND, -1,
                          "the dictionary does not have the word");
    info->word = id;
    info->whole = found.hard;
    info->frequency = found.frequency;
    memcpy(info->tag, found.tag, sizeof found.tag);
    return KEHU_OK;
}
