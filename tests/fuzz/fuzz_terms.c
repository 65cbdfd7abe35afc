/* Arbitrary bytes as texts, one a line: a vocabulary built from them gives rows of
 * rising known columns and unit blocks, and every place of a term lies inside its
 * text. */
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
            if (rows->columns[j] >= terms->n_terms || !(rows->values[j] > 0) ||
                (j > rows->starts[i] && rows->columns[j] <= rows->columns[j - 1]))
                abort();
            square += (double)rows->values[j] * (double)rows->values[j];
        }
        /* Characters 1, words the share they cover. */
        if (rows->starts[i + 1] > rows->starts[i] && !(square > 0.999 && square < 2.001))
            abort();
        kehu__terms_visit(terms, text.bytes, text.size, place, &length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {0};
    const kehu__term_options o = {2, 5, 2, 1, 1 << 20};
    int32_t offsets[MAX_ROWS + 1] = {0};
    kehu_column texts = {.type = KEHU_UTF8, .data = data, .offsets = offsets};
    kehu__terms *terms;
    kehu__term_rows rows;
    for (size_t at = 0; at <= size && texts.length < MAX_ROWS; at++)
        if (at == size || data[at] == '\n')
            offsets[++texts.length] = (int32_t)at;
    if (kehu__terms_build(&terms, &texts, &o, &run, &alloc, NULL) != KEHU_OK)
        return 0;
    if (kehu__terms_rows(&rows, terms, &texts, &run, &alloc, NULL) != KEHU_OK)
        abort();
    check_rows(terms, &rows, &texts);
    kehu__term_rows_free(&rows);
    kehu__terms_free(terms);
    return 0;
}
