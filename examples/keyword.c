/* Learn a keyword list from a handful of labelled demands, let a person add a line
 * to it, and classify new demands with the words that decided.
 *
 *     keyword            prints the list, then an answer for each new demand */
#include <kehu/keyword.h>

#include <stdio.h>
#include <string.h>

static const char *const demands[][2] = {
    {"话费", "这个月账单多扣了二十元"}, {"话费", "账单不对，请退费"},
    {"话费", "为什么多扣费，要求退费"}, {"话费", "查一下账单和扣费"},
    {"网络", "家里网速太慢了"},         {"网络", "昨天断网一整天，网速也慢"},
    {"网络", "手机没有信号，经常断网"}, {"网络", "信号不好，网速慢"},
};
static const char *const fresh[] = {"账单又多扣了", "小区没信号", "WiFi 连不上", "你好"};

enum { N = sizeof demands / sizeof *demands, N_FRESH = sizeof fresh / sizeof *fresh };

/* Texts one after the other, as a column. */
static kehu_column column_of(const char *const *texts, int step, int n, char *bytes,
                             int32_t *offsets)
{
    offsets[0] = 0;
    for (int i = 0; i < n; i++) {
        const size_t size = strlen(texts[i * step]);
        memcpy(bytes + offsets[i], texts[i * step], size);
        offsets[i + 1] = offsets[i] + (int32_t)size;
    }
    return (kehu_column){
        .type = KEHU_UTF8, .length = n, .data = bytes, .offsets = offsets};
}

static int print(void *ctx, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, ctx) == size ? 0 : 1;
}

int main(void)
{
    static const char by_hand[] = "# asked for by the call centre\n网络\t!wifi\t60\n";
    char bytes[3][1024];
    int32_t offsets[3][N + 1], classes[N_FRESH];
    const kehu_column labels = column_of(&demands[0][0], 2, N, bytes[0], offsets[0]);
    const kehu_column texts = column_of(&demands[0][1], 2, N, bytes[1], offsets[1]);
    const kehu_column more = column_of(fresh, 1, N_FRESH, bytes[2], offsets[2]);
    kehu_keyword *base = NULL, *k = NULL;
    kehu_keyword_options options = {
        .size = sizeof options, .keywords_per_class = 4, .min_df = 2};
    const kehu_keyword_answers answers = {.classes = classes};
    kehu_error err = {.message = ""};
    int failed = 1;
    if (kehu_keyword_read_text(&base, by_hand, sizeof by_hand - 1, NULL, &err) != KEHU_OK)
        goto done;
    options.base = base;
    if (kehu_keyword_train(&k, &texts, &labels, &options, &err) != KEHU_OK ||
        kehu_keyword_write_text(k, &(kehu_writer){print, stdout}, &err) != KEHU_OK ||
        kehu_keyword_predict(k, &more, NULL, &answers, &err) != KEHU_OK)
        goto done;
    for (int i = 0; i < N_FRESH; i++) {
        kehu_keyword_match m[4];
        int64_t n;
        printf("%s: %s", fresh[i],
               classes[i] < 0 ? "?" : kehu_keyword_class_name(k, classes[i]));
        if (kehu_keyword_explain(k, fresh[i], (int64_t)strlen(fresh[i]), -1, m, 4, &n,
                                 &err) != KEHU_OK)
            goto done;
        for (int64_t j = 0; j < n && j < 4; j++)
            printf("  %s %+d", kehu_keyword_word(k, m[j].word), m[j].weight);
        printf("\n");
    }
    failed = 0;
done:
    if (failed)
        fprintf(stderr, "%s\n", err.message);
    kehu_keyword_free(k);
    kehu_keyword_free(base);
    return failed;
}
