/* Arbitrary bytes as a topic model's file, its checksums put right first; what is then
 * accepted names words and weighs texts. */
#include <kehu/topic.h>

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const kehu_topic *topics)
{
    static const char text[] = "宽带断网了 wifi 话费\xff";
    const int32_t offsets[2] = {0, (int32_t)sizeof text - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    const uint32_t k = kehu_topic_count(topics);
    float *const weights = malloc(k * sizeof *weights);
    kehu_topic_word words[4];
    uint32_t n;
    if (weights == NULL ||
        kehu_topic_weights(topics, &texts, NULL, weights, NULL) != KEHU_OK)
        abort();
    for (uint32_t t = 0; t < k; t++)
        if (kehu_topic_words(topics, t, words, 4, &n, NULL) != KEHU_OK ||
            !(weights[t] >= 0 && weights[t] <= 1.001f))
            abort();
    free(weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char list[] = "宽带\n断网\n网速\n扣费\n话费\n账单\n";
    uint8_t *const repaired = repair_container(data, size);
    kehu_tokenizer *tokenizer;
    kehu_topic *topics;
    if (kehu_tokenizer_read_words(&tokenizer, list, sizeof list - 1, NULL, NULL) !=
        KEHU_OK)
        abort();
    if (repaired != NULL &&
        kehu_topic_read(&topics, repaired, size, tokenizer, NULL, NULL) == KEHU_OK) {
        use(topics);
        kehu_topic_free(topics);
    }
    kehu_tokenizer_free(tokenizer);
    free(repaired);
    return 0;
}
