/* The sentences that stand for a day's complaints.
 *
 *     summary            prints score and sentence, the best first */
#include <kehu/summary.h>

#include <stdio.h>

int main(void)
{
    static const char text[] = "昨天小区宽带断网了。请尽快派人来修！\n"
                               "小区宽带又断网了；客服电话打不通\n"
                               "话费账单多扣了二十元，请退还。\n"
                               "客服电话一直打不通，宽带断网没人修\n";
    const int32_t ends[2] = {0, sizeof text - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = ends};
    kehu_table *found = NULL;
    kehu_error err;
    const kehu_column *sentences;
    const int64_t *at;
    if (kehu_summary_find(&found, &texts, NULL, &err) != KEHU_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    sentences = kehu_table_find(found, "sentence");
    at = sentences->offsets;
    for (int64_t i = 0; i < sentences->length; i++)
        printf("%.2f %.*s\n", ((const double *)kehu_table_find(found, "score")->data)[i],
               (int)(at[i + 1] - at[i]), (const char *)sentences->data + at[i]);
    kehu_table_free(found);
    return 0;
}
