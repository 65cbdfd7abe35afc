/* Making and releasing handles. A handle is small: the dictionary behind it is
 * shared with the handles made from it. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/tokenizer.h"

static kehu_status read_options(kehu_tokenizer_options *opt,
                                const kehu_tokenizer_options *options, kehu_error *err)
{
    memset(opt, 0, sizeof *opt);
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, options, err));
    if (opt->mode == 0)
        opt->mode = KEHU_TOKENIZER_WORDS;
    if (opt->mode > KEHU_TOKENIZER_CHARACTERS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "mode is %u, expected 1 to 3",
                          (unsigned)opt->mode);
    if (opt->split_units > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "split_units is %u, expected 0 or 1",
                          (unsigned)opt->split_units);
    return KEHU_OK;
}

static void release(kehu__lexicon *lexicon)
{
    if (lexicon != NULL && atomic_fetch_sub(&lexicon->users, 1) == 1) {
        const kehu_allocator alloc = lexicon->alloc;
        kehu__free(&alloc, lexicon->owned, lexicon->size, 1);
        kehu__free(&alloc, lexicon, 1, sizeof *lexicon);
    }
}

/* A handle on a dictionary, which it takes over, also on failure. */
static kehu_status new_handle(kehu_tokenizer **out, kehu__lexicon *lexicon,
                              const kehu_tokenizer_options *opt, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu_tokenizer *t = kehu__alloc(&alloc, 1, sizeof *t);
    if (t == NULL) {
        release(lexicon);
        return kehu__no_memory(err, "the tokenizer");
    }
    *t = (kehu_tokenizer){.alloc = alloc,
                          .mode = (kehu_tokenizer_mode)opt->mode,
                          .split_units = opt->split_units != 0,
                          .lexicon = lexicon};
    *out = t;
    return KEHU_OK;
}

kehu_status kehu_tokenizer_default(kehu_tokenizer **out,
                                   const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu__lexicon *lexicon = NULL;
    kehu_allocator alloc;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, err));
    if (kehu__default_words_size == 0 && opt.mode != KEHU_TOKENIZER_CHARACTERS)
        return kehu__fail(err, KEHU_NOT_FOUND, -1,
                          "this kehu was built without a word list; load a dictionary");
    alloc = kehu__allocator(opt.alloc);
    if (kehu__default_words_size > 0) {
        lexicon = kehu__alloc_zero(&alloc, 1, sizeof *lexicon);
        if (lexicon == NULL)
            return kehu__no_memory(err, "the tokenizer");
        lexicon->alloc = alloc;
        atomic_init(&lexicon->users, 1);
        const kehu_status status = kehu__dictionary_open(
            &lexicon->dictionary, kehu__default_words, kehu__default_words_size, true,
            &alloc, "the default dictionary", err);
        if (status != KEHU_OK) {
            release(lexicon);
            return status;
        }
    }
    return new_handle(out, lexicon, &opt, err);
}

void kehu_tokenizer_free(kehu_tokenizer *t)
{
    if (t != NULL) {
        const kehu_allocator alloc = t->alloc;
        release(t->lexicon);
        kehu__free(&alloc, t, 1, sizeof *t);
    }
}

int64_t kehu_tokenizer_count(const kehu_tokenizer *t)
{
    return t->lexicon == NULL ? 0 : t->lexicon->dictionary.n_words;
}

uint64_t kehu_tokenizer_fingerprint(const kehu_tokenizer *t)
{
    const uint64_t words = t->lexicon == NULL ? 0 : t->lexicon->dictionary.fingerprint;
    return kehu__mix64(words ^
                       kehu__mix64((uint64_t)t->mode << 1 | (uint64_t)t->split_units));
}

int64_t kehu_tokenizer_bound(const kehu_tokenizer *t, int64_t size)
{
    return t->mode == KEHU_TOKENIZER_SEARCH ? 4 * size : size;
}
