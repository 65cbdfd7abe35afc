#include <kehu/words.h>

#include "base/sort.h"
#include "base/utf8.h"
#include "data/builder.h"
#include "text/words.h"

enum { DEFAULT_CHARACTERS = 5 };

static kehu_status read_number(double *option, double by_default, const char *name,
                               kehu_error *err)
{
    if (!(*option >= 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "%s is %g, expected 0 or more", name,
                          *option);
    if (*option == 0)
        *option = by_default;
    return KEHU_OK;
}

static kehu_status read_options(kehu_words_options *opt, const kehu_words_options *from,
                                kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->min_count == 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "min_count is 1, expected 2 or more");
    if (opt->max_characters == 0)
        opt->max_characters = DEFAULT_CHARACTERS;
    if (opt->max_characters < 2 || opt->max_characters > KEHU__NEW_WORD_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "max_characters is %u, expected 2 to %d",
                          (unsigned)opt->max_characters, KEHU__NEW_WORD_MAX);
    KEHU_TRY(read_number(&opt->min_cohesion, 4, "min_cohesion", err));
    KEHU_TRY(read_number(&opt->min_entropy, 1.5, "min_entropy", err));
    KEHU_TRY(read_number(&opt->phrase_cohesion, 7, "phrase_cohesion", err));
    return KEHU_OK;
}

static int by_score(const void *a, const void *b, void *ctx)
{
    const kehu__new_word *x = a, *y = b;
    const uint16_t *codes = ctx;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    for (uint32_t i = 0; i < x->length && i < y->length; i++) {
        const uint32_t c = kehu__word_character_of(codes[x->place + i]),
                       d = kehu__word_character_of(codes[y->place + i]);
        if (c != d)
            return c < d ? -1 : 1;
    }
    return (x->length > y->length) - (x->length < y->length);
}

static kehu_status make_table(kehu_table **out, const kehu__new_word *words, size_t n,
                              const kehu__word_index *index, kehu_error *err)
{
    static const char *const numbers[] = {"cohesion", "left_entropy", "right_entropy",
                                          "score"};
    kehu__builder b = kehu__builder_new(&index->alloc);
    kehu_status status;
    bool whole = true;
    kehu__builder_add(&b, "word", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "count", KEHU_INT64);
    for (int i = 0; i < 4; i++)
        kehu__builder_add(&b, numbers[i], KEHU_FLOAT64);
    for (size_t i = 0; i < n && whole; i++) {
        const kehu__new_word *const w = &words[i];
        char word[4 * KEHU__NEW_WORD_MAX];
        size_t size = 0;
        for (uint32_t k = 0; k < w->length; k++)
            size += (size_t)kehu__utf8_put(
                word + size, kehu__word_character_of(index->codes[w->place + k]));
        kehu__builder_text(&b, 0, word, size);
        kehu__builder_integer(&b, 1, w->count);
        kehu__builder_number(&b, 2, w->cohesion);
        kehu__builder_number(&b, 3, w->left);
        kehu__builder_number(&b, 4, w->right);
        kehu__builder_number(&b, 5, w->score);
        whole = kehu__builder_end_row(&b);
    }
    status = whole ? kehu__builder_finish(&b, out, err) : kehu__builder_fail(&b, err);
    kehu__builder_free(&b);
    return status;
}

/* The library's dictionary where the caller gave none; NULL when there is none. */
static kehu_status find_known(kehu_tokenizer **own, const kehu_words_options *opt,
                              kehu_error *err)
{
    const kehu_tokenizer_options o = {.size = sizeof o, .alloc = opt->alloc};
    kehu_status status;
    *own = NULL;
    if (opt->tokenizer != NULL)
        return KEHU_OK;
    status = kehu_tokenizer_default(own, &o, err);
    return status == KEHU_NOT_FOUND ? KEHU_OK : status;
}

static kehu_status find_words(kehu_table **out, const kehu_column *texts,
                              const kehu_words_options *opt, const kehu_tokenizer *known,
                              kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    const kehu__run run = {opt->n_threads, opt->executor, opt->progress};
    kehu__buffer found = kehu__buffer_new(&alloc);
    kehu__word_index index = {0};
    size_t n;
    kehu_status status = kehu__progress(&run, 0, "reading texts", err);
    if (status == KEHU_OK)
        status = kehu__word_index_build(&index, texts, opt->min_count,
                                        opt->max_characters, &run, &alloc, err);
    if (status == KEHU_OK)
        status = kehu__progress(&run, 0.6, "measuring strings", err);
    if (status == KEHU_OK)
        status = kehu__words_measure(&found, &index, opt, known, &run, err);
    if (status == KEHU_OK) {
        n = found.size / sizeof(kehu__new_word);
        kehu__sort(found.bytes, n, sizeof(kehu__new_word), by_score, index.codes);
        if (opt->max_words > 0 && n > opt->max_words)
            n = opt->max_words;
        status = make_table(out, (const kehu__new_word *)(const void *)found.bytes, n,
                            &index, err);
    }
    kehu__word_index_free(&index);
    kehu__buffer_free(&found);
    return status;
}

kehu_status kehu_words_find(kehu_table **out, const kehu_column *texts,
                            const kehu_words_options *options, kehu_error *err)
{
    kehu_words_options opt = {0};
    kehu_tokenizer *own;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    KEHU_TRY(find_known(&own, &opt, err));
    status = find_words(out, texts, &opt, own != NULL ? own : opt.tokenizer, err);
    kehu_tokenizer_free(own);
    return status;
}
