/* Sort customers' demands by class and say why: learn from a dozen texts, classify
 * new ones, show the terms behind each answer. */
#include <kehu/svm.h>

#include <stdio.h>
#include <string.h>

static const char *const lines[][2] = {
    {"费用", "这个月话费怎么多了三十块"}, {"费用", "查一下上月账单"},
    {"费用", "充值五十元没有到账"},       {"费用", "为什么扣我十元服务费"},
    {"网络", "家里宽带断网两天了"},       {"网络", "网速太慢看不了视频"},
    {"网络", "地下室没有信号"},           {"网络", "光猫亮红灯上不了网"},
    {"套餐", "想换成便宜一点的套餐"},     {"套餐", "取消流量包"},
    {"套餐", "5G套餐怎么办理"},           {"套餐", "套餐里有多少流量"},
};
static const char *const asked[] = {"账单上多扣了十元", "网络没信号", "我要换套餐"};

enum { N = sizeof lines / sizeof *lines, N_ASKED = sizeof asked / sizeof *asked };

/* Strings as a column: bytes one after another and where each ends. */
static void append(char *bytes, int32_t *offsets, int i, const char *text)
{
    memcpy(bytes + offsets[i], text, strlen(text));
    offsets[i + 1] = offsets[i] + (int32_t)strlen(text);
}

int main(void)
{
    static char texts[4096], labels[4096];
    int32_t text_offsets[N + 1] = {0}, label_offsets[N + 1] = {0};
    kehu_column t = {
        .type = KEHU_UTF8, .length = N, .data = texts, .offsets = text_offsets};
    kehu_column l = {
        .type = KEHU_UTF8, .length = N, .data = labels, .offsets = label_offsets};
    kehu_svm *svm = NULL;
    kehu_error err;
    for (int i = 0; i < N; i++) {
        append(labels, label_offsets, i, lines[i][0]);
        append(texts, text_offsets, i, lines[i][1]);
    }
    if (kehu_svm_train(&svm, &t, &l, NULL, &err) != KEHU_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (int i = 0; i < N_ASKED; i++) {
        kehu_svm_reason reasons[3];
        uint32_t n;
        int32_t class_number, offsets[2] = {0, (int32_t)strlen(asked[i])};
        kehu_column one = {
            .type = KEHU_UTF8, .length = 1, .data = asked[i], .offsets = offsets};
        if (kehu_svm_predict(svm, &one, NULL, &class_number, NULL, NULL, &err) !=
                KEHU_OK ||
            kehu_svm_explain(svm, asked[i], offsets[1], class_number, reasons, 3, &n,
                             NULL, NULL, &err) != KEHU_OK)
            return 1;
        printf("%s -> %s:", asked[i], kehu_svm_class_name(svm, class_number));
        for (uint32_t k = 0; k < n && k < 3; k++)
            printf(" \"%.*s\" %+.2f", (int)(reasons[k].end - reasons[k].start),
                   asked[i] + reasons[k].start, reasons[k].contribution);
        printf("\n");
    }
    kehu_svm_free(svm);
    return 0;
}
