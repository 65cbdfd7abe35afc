/* Arbitrary bytes as one text: sentences lie inside, do not overlap unless they are the
 * same, and scores fall. */
#include <kehu/summary.h>

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
    const kehu_summary_options o = {
        .size = sizeof o, .n_sentences = 20, .min_characters = 1, .max_similarity = 1};
    kehu_table *table;
    const int64_t *start, *end;
    const double *score;
    int64_t n;
    check(kehu_summary_find(&table, &texts, &o, NULL) == KEHU_OK);
    n = kehu_table_row_count(table);
    start = kehu_table_find(table, "start")->data;
    end = kehu_table_find(table, "end")->data;
    score = kehu_table_find(table, "score")->data;
    for (int64_t i = 0; i < n; i++) {
        check(start[i] >= 0 && start[i] < end[i] && end[i] <= (int64_t)size);
        check(score[i] > 0 && score[i] < 1 + 1e-9 &&
              (i == 0 || score[i] <= score[i - 1]));
        for (int64_t k = 0; k < i; k++)
            check(end[k] <= start[i] || end[i] <= start[k]);
    }
    kehu_table_free(table);
    return 0;
}
