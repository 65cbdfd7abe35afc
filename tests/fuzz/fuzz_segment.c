/* Arbitrary bytes as a rule table: what parses can be run over numbers and over
 * text, and names what it needs. */
#include <kehu/segment.h>

#include <stdbool.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 5, MAX_FIELDS = 64 };

static void run(const kehu_segments *t, bool text)
{
    static const double numbers[ROWS] = {-1, 0, 1, 5, 1e300};
    static const int32_t at[ROWS + 1] = {0, 0, 1, 3, 9, 12};
    kehu_column columns[MAX_FIELDS];
    int32_t codes[ROWS];
    kehu_segment_reason why;
    const int32_t n = kehu_segments_count_fields(t);
    for (int32_t k = 0; k < n; k++) {
        columns[k] = (kehu_column){.name = kehu_segments_get_field(t, k),
                                   .type = text ? KEHU_UTF8 : KEHU_FLOAT64,
                                   .length = ROWS,
                                   .data = text ? (const void *)"5ab北京x=1" : numbers,
                                   .offsets = text ? at : NULL};
    }
    const kehu_status status = kehu_segments_assign(t, columns, (size_t)n, codes, NULL);
    if (status != KEHU_OK && status != KEHU_DATA && status != KEHU_COLUMN)
        abort();
    if (n > 0 && status == KEHU_OK)
        for (int i = 0; i < ROWS; i++)
            if (kehu_segments_get_name(t, codes[i]) == NULL ||
                kehu_segments_explain(t, columns, (size_t)n, i, &why, NULL) != KEHU_OK ||
                why.segment != codes[i])
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu_segments *t = NULL;
    if (kehu_segments_read(&t, data, size, NULL, NULL) == KEHU_OK) {
        run(t, false);
        run(t, true);
        kehu_segments_free(t);
    }
    return 0;
}
