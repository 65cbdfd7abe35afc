/* support/texts.h - C strings as a text column, and cells of tables as C strings. */
#ifndef KEHU_TESTS_TEXTS_H
#define KEHU_TESTS_TEXTS_H

#include <kehu/table.h>

#include <stdlib.h>
#include <string.h>

/* A column to be freed with texts_free; NULL texts are missing. */
static inline kehu_column texts_column(const char *const *texts, int64_t n)
{
    int64_t *const ends = calloc((size_t)n + 1, sizeof *ends);
    uint8_t *const validity = calloc((size_t)n / 8 + 1, 1);
    char *bytes;
    for (int64_t i = 0; i < n; i++)
        ends[i + 1] = ends[i] + (texts[i] == NULL ? 0 : (int64_t)strlen(texts[i]));
    bytes = malloc((size_t)ends[n] + 1);
    for (int64_t i = 0; i < n; i++) {
        if (texts[i] == NULL)
            continue;
        memcpy(bytes + ends[i], texts[i], strlen(texts[i]));
        validity[i / 8] = (uint8_t)(validity[i / 8] | 1u << i % 8);
    }
    return (kehu_column){.name = "text",
                         .type = KEHU_LARGE_UTF8,
                         .length = n,
                         .data = bytes,
                         .offsets = ends,
                         .validity = validity};
}

static inline void texts_free(kehu_column *c)
{
    free((void *)(uintptr_t)c->data);
    free((void *)(uintptr_t)c->offsets);
    free((void *)(uintptr_t)c->validity);
}

/* Whether cell `row` of a LARGE_UTF8 column is this text. */
static inline int texts_equal(const kehu_column *c, int64_t row, const char *text)
{
    const int64_t *ends = c->offsets;
    return ends[row + 1] - ends[row] == (int64_t)strlen(text) &&
           memcmp((const char *)c->data + ends[row], text, strlen(text)) == 0;
}

static inline int64_t whole_number(const kehu_table *table, const char *column,
                                   int64_t row)
{
    return ((const int64_t *)kehu_table_find(table, column)->data)[row];
}
#endif
