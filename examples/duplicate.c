/* Fold a day's complaints: what was copied counts once, with its volume.
 *
 *     duplicate          prints volume and text of each group */
#include <kehu/duplicate.h>

#include <stdio.h>
#include <string.h>

static const char *const complaints[] = {
    "小区昨天晚上又停了宽带，客服电话一直打不通，什么时候能修好？",
    "话费多扣了二十元，请退还",
    "小区昨天晚上又停了宽带，客服电话一直打不通，什么时候能修好",
    "【转】小区昨天晚上又停了宽带，客服电话一直打不通，什么时候能修好？？",
    "话费多扣了 20 元，请退还",
};
enum { N = sizeof complaints / sizeof *complaints };

int main(void)
{
    char bytes[1024];
    int32_t ends[N + 1] = {0};
    kehu_column texts = {.type = KEHU_UTF8, .length = N, .data = bytes, .offsets = ends};
    kehu_table *groups = NULL;
    kehu_error err = {.message = ""};
    const int64_t *rows, *volumes;
    for (int i = 0; i < N; i++) {
        memcpy(bytes + ends[i], complaints[i], strlen(complaints[i]));
        ends[i + 1] = ends[i] + (int32_t)strlen(complaints[i]);
    }
    if (kehu_duplicate_fold(&groups, NULL, &texts, NULL, &err) != KEHU_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    rows = kehu_table_find(groups, "row")->data;
    volumes = kehu_table_find(groups, "volume")->data;
    for (int64_t g = 0; g < kehu_table_row_count(groups); g++)
        printf("%lld x %s\n", (long long)volumes[g], complaints[rows[g]]);
    kehu_table_free(groups);
    return 0;
}
