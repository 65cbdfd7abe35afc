/* Words, amounts, dates and model names of customer texts, with a user word. */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
    "",      "word", "character", "latin",   "foreign", "number",
    "mixed", "date", "amount",    "link",    "mail",    "phone",
    "emoji", "mark", "blank",     "control", "bad byte"};

int main(void)
{
    static const char *const texts[] = {
        "充了100元话费，5月6日到现在都没到账！",
        "iPhone15pro连不上家里的wifi，客服13800138000说明天上门😂",
        "想把冰激凌套餐换成随心选，多少钱？",
    };
    static const char words[] = "随心选冰激凌套餐";
    static const int32_t offsets[] = {0, 9, 24};
    const kehu_column column = {
        .type = KEHU_UTF8, .length = 2, .data = words, .offsets = offsets};
    kehu_tokenizer *base = NULL, *tokenizer = NULL;
    kehu_span spans[256];
    kehu_error err;
    int failed = 1;
    if (kehu_tokenizer_default(&base, NULL, &err) == KEHU_NOT_FOUND) {
        printf("%s\n", err.message);
        return 0;
    }
    if (base == NULL ||
        kehu_tokenizer_edit(&tokenizer, base, &column, NULL, NULL, &err) != KEHU_OK)
        goto done;
    printf("%lld words\n", (long long)kehu_tokenizer_count(tokenizer));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t n;
        if (kehu_tokenizer_split(tokenizer, texts[i], (int64_t)strlen(texts[i]), spans,
                                 256, &n, NULL, &err) != KEHU_OK)
            goto done;
        for (int64_t k = 0; k < n; k++)
            printf("%.*s/%s ", (int)spans[k].size, texts[i] + spans[k].start,
                   kinds[spans[k].kind]);
        printf("\n");
    }
    failed = 0;

done:
    if (failed)
        fprintf(stderr, "%s\n", err.message);
    kehu_tokenizer_free(tokenizer);
    kehu_tokenizer_free(base);
    return failed;
}
