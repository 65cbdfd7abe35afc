/* Arbitrary bytes as weights: what parses keeps its promises and ranks. */
#include <kehu/priority.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double values[3] = {1, -1e300, 1};
    static const int32_t at[4] = {0, 1, 2, 3};
    const kehu_column groups = {
        .type = KEHU_UTF8, .length = 3, .data = "abc", .offsets = at};
    kehu_column columns[KEHU_PRIORITY_MAX_INPUTS];
    kehu_priority *p = NULL;
    kehu_table *t;
    double sum = 0;
    if (kehu_priority_read(&p, data, size, NULL, NULL) != KEHU_OK) {
        if (p != NULL)
            abort();
        return 0;
    }
    const int32_t n = kehu_priority_count(p);
    for (int32_t i = 0; i < n; i++) {
        sum += kehu_priority_get_weight(p, i);
        columns[i] = (kehu_column){.name = kehu_priority_get_name(p, i),
                                   .type = KEHU_FLOAT64,
                                   .length = 3,
                                   .data = values};
    }
    if (!(sum > 0) || kehu_priority_rank(&t, p, &groups, columns, n, NULL) != KEHU_OK ||
        ((const int64_t *)kehu_table_find(t, "rank")->data)[2] != 3)
        abort();
    kehu_table_free(t);
    kehu_priority_free(p);
    return 0;
}
