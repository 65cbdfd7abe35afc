/* Find words that the dictionary does not have, and split with them from then on.
 *
 *     words [FILE]       one text a line; without a file, some of its own */
#include <kehu/words.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20 };

/* Every way to put a beginning, the unknown word and an end together. */
static size_t own_texts(char *to)
{
    static const char *const before[] = {"我想办", "请问", "他的",
                                         "取消",   "换成", "什么是"};
    static const char *const after[] = {"套餐", "，多少钱", "怎么退",
                                        "太贵", "吗",       "好不好"};
    size_t size = 0;
    for (int i = 0; i < 36; i++)
        size += (size_t)sprintf(to + size, "%s畅飨%s\n", before[i / 6], after[i % 6]);
    return size;
}

int main(int argc, char **argv)
{
    char *const text = malloc(MOST);
    int64_t ends[2] = {0, 0};
    const kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = ends};
    kehu_table *found = NULL;
    kehu_error err = {.message = ""};
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (text == NULL || (argc > 1 && f == NULL))
        return 1;
    ends[1] = (int64_t)(f == NULL ? own_texts(text) : fread(text, 1, MOST, f));
    if (f != NULL)
        fclose(f);
    if (kehu_words_find(&found, &texts, NULL, &err) == KEHU_OK) {
        const kehu_column *const words = kehu_table_find(found, "word");
        const int64_t *const counts = kehu_table_find(found, "count")->data,
                             *const at = words->offsets;
        for (int64_t i = 0; i < words->length; i++)
            printf("%.*s %lld\n", (int)(at[i + 1] - at[i]),
                   (const char *)words->data + at[i], (long long)counts[i]);
    } else
        fprintf(stderr, "%s\n", err.message);
    kehu_table_free(found);
    free(text);
    return err.message[0] != '\0';
}
