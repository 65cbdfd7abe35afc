/* Arbitrary bytes as texts, one a line: the vocabularies of characters and of a
 * tokenizer's words built from them give rows of rising known columns and unit blocks,
 * and every place of a term lies inside its text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_ROWS = 256 };

static void place(void *ctx, uint32_t term, int64_t start, int64_t end)
{
    const int64_t size = *(const int64_t *)ctx;
    (void)term;
    if (start < 0 || start > end || end > size)
        abort();
}

static void check_rows(const kehu__terms *terms, const kehu__term_rows *rows,
                       const kehu_column *texts)
{
    for (int64_t i = 0; i < rows->n_rows; i++) {
        const kehu__text text = kehu__column_text(texts, i);
        int64_t length = text.size;
        double square = 0;
        for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++) {
            if (rows->columns[j] >= kehu__terms_count(terms) || !(rows->values[j] > 0) ||
                (j > rows->starts[i] && rows->columns[j] <= rows->columns[j - 1]))
                abort();
            square += (double)rows->values[j] * (double)rows->values[j];
        }
        /* Characters 1, words the share they cover, a tokenizer's words 1. */
        if (rows->starts[i + 1] > rows->starts[i] && !(square > 0.999 && square < 3.001))
            abort();
        kehu__terms_visit(terms, text.bytes, text.size, place, &length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {0};
    const kehu__term_options o = {
        .char_max = 2, .latin_max = 5, .word_max = 2, .min_df = 1, .max_terms = 1 << 20};
    static const char list[] = "话费\n话费账单\n账单\n中国\n国人\n中国人\nT恤\n";
    const kehu_tokenizer_options search = {.size = sizeof search,
                                           .mode = KEHU_TOKENIZER_SEARCH};
    kehu__term_options words = o;
    kehu_tokenizer *tokenizer;
    int32_t offsets[MAX_ROWS + 1] = {0};
    kehu_column texts = {.type = KEHU_UTF8, .data = data, .offsets = offsets};
    kehu__terms *terms;
    kehu__term_rows rows;
    for (size_t at = 0; at <= size && texts.length < MAX_ROWS; at++)
        if (at == size || data[at] == '\n')
            offsets[++texts.length] = (int32_t)at;
    if (kehu_tokenizer_read_words(&tokenizer, list, sizeof list - 1, &search, NULL) !=
        KEHU_OK)
        abort();
    words.tokenizer = tokenizer;
    if (kehu__terms_build(&terms, &texts, &o, &run, &alloc, NULL) != KEHU_OK) {
        kehu_tokenizer_free(tokenizer);
        return 0;
    }
    /* No words at all is no failure. */
    if (kehu__terms_build(&terms->words, &texts, &words, &run, &alloc, NULL) ==
        KEHU_NO_MEMORY)
        abort();
    if (kehu__terms_rows(&rows, terms, &texts, &run, &alloc, NULL) != KEHU_OK)
        abort();
    check_rows(terms, &rows, &texts);
    kehu__term_rows_free(&rows);
    kehu__terms_free(terms);
    kehu_tokenizer_free(tokenizer);
    return 0;
}
