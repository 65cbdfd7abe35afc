/* Arbitrary bytes as one text and, line by line, as many: every word found stands in the
 * text (folded), measures are as wanted, and threads change nothing. */
#include <kehu/words.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t ends[2] = {0, (int64_t)size};
    const kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = data, .offsets = ends};
    kehu_words_options o = {.size = sizeof o,
                            .min_count = 2,
                            .min_cohesion = 0.01,
                            .phrase_cohesion = 0.01,
                            .min_entropy = 0.01};
    kehu_table *table, *other;
    const double *left, *cohesion;
    const int64_t *counts, *offsets;
    check(kehu_words_find(&table, &texts, &o, NULL) == KEHU_OK);
    o.n_threads = 2;
    check(kehu_words_find(&other, &texts, &o, NULL) == KEHU_OK);
    check(kehu_table_row_count(table) == kehu_table_row_count(other));
    left = kehu_table_find(table, "left_entropy")->data;
    cohesion = kehu_table_find(table, "cohesion")->data;
    counts = kehu_table_find(table, "count")->data;
    offsets = kehu_table_find(table, "word")->offsets;
    for (int64_t i = 0; i < kehu_table_row_count(table); i++) {
        check(left[i] >= 0.01 && cohesion[i] >= 0 && counts[i] >= 2);
        check(offsets[i + 1] - offsets[i] >= 6 && offsets[i + 1] - offsets[i] <= 15);
    }
    check(kehu_table_row_count(table) == 0 ||
          memcmp(kehu_table_find(other, "score")->data,
                 kehu_table_find(table, "score")->data,
                 (size_t)kehu_table_row_count(table) * sizeof *left) == 0);
    kehu_table_free(table);
    kehu_table_free(other);
    return 0;
}
