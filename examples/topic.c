/* What a pile of demands is about, without anybody having labelled them.
 *
 *     topic              prints share, words and an example of each topic */
#include <kehu/topic.h>

#include <stdio.h>
#include <string.h>

static const char *const demands[] = {
    "宽带断网，网速很慢", "网速慢，宽带不稳定", "晚上宽带断网", "宽带网速",
    "话费账单多扣费",     "账单扣费不对",       "话费扣费",     "查话费账单",
    "套餐流量不够用",     "换个流量多的套餐",   "流量套餐",     "套餐的流量",
};
enum { N = sizeof demands / sizeof *demands };

int main(void)
{
    static const char list[] = "宽带\n断网\n网速\n话费\n账单\n扣费\n套餐\n流量\n";
    char bytes[1024];
    int32_t ends[N + 1] = {0};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = N, .data = bytes, .offsets = ends};
    kehu_topic_options options = {.size = sizeof options, .n_topics = 3, .min_df = 2};
    kehu_tokenizer *words = NULL;
    kehu_topic *topics = NULL;
    kehu_error err = {.message = ""};
    for (int i = 0; i < N; i++) {
        memcpy(bytes + ends[i], demands[i], strlen(demands[i]));
        ends[i + 1] = ends[i] + (int32_t)strlen(demands[i]);
    }
    /* A list of its own, so that the example needs no dictionary. */
    if (kehu_tokenizer_read_words(&words, list, sizeof list - 1, NULL, &err) != KEHU_OK)
        goto done;
    options.tokenizer = words;
    if (kehu_topic_fit(&topics, &texts, &options, &err) != KEHU_OK)
        goto done;
    for (uint32_t t = 0; t < kehu_topic_count(topics); t++) {
        kehu_topic_info info;
        kehu_topic_word top[3];
        uint32_t n;
        if (kehu_topic_get_info(topics, t, &info, &err) != KEHU_OK ||
            kehu_topic_words(topics, t, top, 3, &n, &err) != KEHU_OK)
            goto done;
        printf("%2.0f %%:", 100 * info.share);
        for (uint32_t i = 0; i < n && i < 3; i++)
            printf(" %s", top[i].word);
        printf("  \"%s\"\n", info.examples[0] < 0 ? "" : demands[info.examples[0]]);
    }
done:
    if (err.message[0] != '\0')
        fprintf(stderr, "%s\n", err.message);
    kehu_topic_free(topics);
    kehu_tokenizer_free(words);
    return err.message[0] != '\0';
}
