/* Edits are a small dictionary of their own that goes before the shared one. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/utf8.h"
#include "data/column.h"
#include "text/tokenizer.h"

/* The frequency that makes a word cheaper than the best way through its parts. */
static uint32_t automatic(const kehu_tokenizer *t, const char *word, size_t size)
{
    const uint64_t total = t->lexicon->dictionary.total;
    const int32_t cost = kehu__tokenizer_cost(t, word, size);
    const double parts =
        (double)total * kehu__exp(-(double)cost / (double)KEHU__COST_ONE);
    uint64_t frequency = parts < 1                     ? 1
                         : parts < KEHU__FREQUENCY_MAX ? (uint64_t)parts
                                                       : KEHU__FREQUENCY_MAX;
    while (frequency < KEHU__FREQUENCY_MAX &&
           kehu__dictionary_cost_of(total, frequency) >= cost)
        frequency += frequency / 64 + 1;
    return frequency < KEHU__FREQUENCY_MAX ? (uint32_t)frequency : KEHU__FREQUENCY_MAX;
}

static kehu_status check_word(kehu__text word, int64_t row, kehu_error *err)
{
    const char *p = word.bytes, *const end = p + word.size;
    int n = 0;
    if (word.size == 0)
        return kehu__fail(err, KEHU_DATA, row, "words, row %lld is empty",
                          (long long)row);
    if (*p == ' ' || end[-1] == ' ')
        return kehu__fail(err, KEHU_DATA, row, "words, row %lld begins or ends blank",
                          (long long)row);
    while (p < end) {
        const uint32_t c = kehu__utf8_next(&p, end);
        if (c == KEHU__BAD_BYTE)
            return kehu__fail(err, KEHU_ENCODING, row, "words, row %lld is not UTF-8",
                              (long long)row);
        if (c == '\n' || c == '\r' || c == '\t')
            return kehu__fail(err, KEHU_DATA, row,
                              "words, row %lld holds a line end or a tab",
                              (long long)row);
        if (++n > KEHU__WORD_MAX)
            return kehu__fail(err, KEHU_LIMIT, row,
                              "words, row %lld is longer than %d characters",
                              (long long)row, KEHU__WORD_MAX);
    }
    return KEHU_OK;
}

static kehu_status add_rows(const kehu_tokenizer *t, kehu__dictionary_builder *b,
                            const kehu_column *words, const int64_t *frequencies,
                            kehu_error *err)
{
    for (int64_t i = 0; i < words->length; i++) {
        const kehu__text text = kehu__column_text(words, i);
        const int64_t f = frequencies == NULL ? KEHU_WORD_AUTOMATIC : frequencies[i];
        kehu__word word = {.bytes = text.bytes, .size = (size_t)text.size};
        KEHU_TRY(check_word(text, i, err));
        if (f < KEHU_WORD_REMOVED || f > KEHU__FREQUENCY_MAX)
            return kehu__fail(err, KEHU_RANGE, i,
                              "frequencies, row %lld is %lld, expected -2 to %d",
                              (long long)i, (long long)f, KEHU__FREQUENCY_MAX);
        word.hard = f == KEHU_WORD_WHOLE;
        if (f > 0)
            word.frequency = (uint32_t)f;
        else if (f != KEHU_WORD_REMOVED)
            word.frequency = automatic(t, word.bytes, word.size);
        KEHU_TRY(kehu__dictionary_builder_add(b, &word, err));
    }
    return KEHU_OK;
}

static kehu_status keep(void *ctx, const kehu__word *word, uint32_t id, kehu_error *err)
{
    (void)id;
    return kehu__dictionary_builder_add(ctx, word, err);
}

/* The edits so far and then the new ones, of which the last counts. */
static kehu_status build_edits(kehu__lexicon **out, const kehu_tokenizer *t,
                               const kehu_column *words, const int64_t *frequencies,
                               const kehu_allocator *alloc, kehu_error *err)
{
    kehu__dictionary_builder *b = kehu__dictionary_builder_new(alloc);
    kehu_status status = KEHU_OK;
    if (b == NULL)
        return kehu__no_memory(err, "the edits");
    kehu__dictionary_builder_repeated(b, KEHU__REPEATED_WORD);
    if (t->edits != NULL)
        status = kehu__dictionary_each(&t->edits->dictionary, alloc, keep, b, err);
    if (status == KEHU_OK)
        status = add_rows(t, b, words, frequencies, err);
    if (status == KEHU_OK)
        status = kehu__lexicon_build(out, b, alloc, err);
    kehu__dictionary_builder_free(b);
    return status;
}

kehu_status kehu_tokenizer_edit(kehu_tokenizer **out, const kehu_tokenizer *t,
                                const kehu_column *words, const int64_t *frequencies,
                                const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu__lexicon *edits = NULL;
    kehu_allocator alloc;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (t == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer is NULL");
    if (t->lexicon == NULL)
        return kehu__fail(err, KEHU_NOT_FOUND, -1, "the tokenizer has no dictionary");
    KEHU_TRY(kehu__tokenizer_options(&opt, options, t, err));
    KEHU_TRY(kehu__column_check_text(words, "words", err));
    alloc = kehu__allocator(opt.alloc);
    if (words->length > 0)
        KEHU_TRY(build_edits(&edits, t, words, frequencies, &alloc, err));
    else if ((edits = t->edits) != NULL)
        atomic_fetch_add(&edits->users, 1);
    atomic_fetch_add(&t->lexicon->users, 1);
    if (t->model != NULL)
        atomic_fetch_add(&t->model->users, 1);
    return kehu__tokenizer_new(out, t->lexicon, edits, t->model, &opt, err);
}
