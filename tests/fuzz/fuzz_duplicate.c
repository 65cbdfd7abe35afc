/* Arbitrary lines as texts: groups are numbered, volumes add up, a text that is its own
 * copy shares its group, and threads change nothing. */
#include <kehu/duplicate.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

static void check(int right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ends[MOST + 1] = {0}, groups[MOST], again[MOST], volume = 0;
    kehu_duplicate_options o = {.size = sizeof o};
    kehu_column texts = {.type = KEHU_LARGE_UTF8, .data = data, .offsets = ends};
    kehu_table *table, *other;
    if (size > 0) {
        o.shingle = data[0] % 17;
        o.similarity = (data[0] >> 4) % 8 == 0 ? 0 : 0.1 + 0.1 * (data[0] >> 4 & 7);
    }
    for (size_t i = 0; i < size && texts.length < MOST; i++)
        if (data[i] == '\n' || i + 1 == size)
            ends[++texts.length] = (int64_t)i + 1;
    check(kehu_duplicate_fold(&table, groups, &texts, &o, NULL) == KEHU_OK);
    o.n_threads = 2;
    check(kehu_duplicate_fold(&other, again, &texts, &o, NULL) == KEHU_OK);
    check(memcmp(groups, again, (size_t)texts.length * sizeof *groups) == 0);
    for (int64_t i = 0; i < texts.length; i++) {
        check(groups[i] >= -1 && groups[i] < kehu_table_row_count(table));
        volume += groups[i] >= 0;
        for (int64_t j = 0; j < i; j++)
            if (ends[i + 1] - ends[i] == ends[j + 1] - ends[j] &&
                memcmp(data + ends[i], data + ends[j], (size_t)(ends[i + 1] - ends[i])) ==
                    0)
                check(groups[i] == groups[j]);
    }
    for (int64_t g = 0; g < kehu_table_row_count(table); g++)
        volume -= ((const int64_t *)kehu_table_find(table, "volume")->data)[g];
    check(volume == 0);
    kehu_table_free(table);
    kehu_table_free(other);
    return 0;
}
