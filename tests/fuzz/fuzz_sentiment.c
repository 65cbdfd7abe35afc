/* Arbitrary bytes as a sentiment model's file, its checksums put right first, and as a
 * text: cues lie inside, in order, and their points add up. */
#include <kehu/sentiment.h>

#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 256 };

static void check(int right)
{
    if (!right)
        abort();
}

static void use(const kehu_sentiment *s, const char *text, size_t size)
{
    const int64_t ends[2] = {0, (int64_t)size};
    const kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = ends};
    const kehu_sentiment_score_options o = {.size = sizeof o, .words_only = 1};
    static kehu_sentiment_cue cues[ROOM];
    int32_t points, n_cues;
    const kehu_sentiment_answers a = {.points = &points, .n_cues = &n_cues};
    int64_t n, at = 0;
    check(kehu_sentiment_cues(s, text, (int64_t)size, cues, ROOM, &n, NULL) == KEHU_OK);
    check(kehu_sentiment_score(s, &texts, &o, &a, NULL) == KEHU_OK);
    check(n_cues == n);
    for (int64_t i = 0; i < n && i < ROOM; i++) {
        check(cues[i].start >= at && cues[i].from <= cues[i].start &&
              cues[i].start < cues[i].end && cues[i].weight != 0);
        at = cues[i].end;
    }
    check(at <= (int64_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char list[] = "positive\t好\t60\nnegative\t差\t70\nnegative\t不\t5\n"
                               "negation\t不\t100\ndegree\t很\t50\npositive\tok\t9\n";
    uint8_t *const repaired = repair_container(data, size);
    kehu_keyword *words;
    kehu_sentiment *s;
    if (repaired != NULL &&
        kehu_sentiment_read(&s, repaired, size, NULL, NULL) == KEHU_OK) {
        use(s, list, sizeof list - 1);
        kehu_sentiment_free(s);
    }
    check(kehu_keyword_read_text(&words, list, sizeof list - 1, NULL, NULL) == KEHU_OK);
    check(kehu_sentiment_from_words(&s, words, NULL, NULL) == KEHU_OK);
    use(s, (const char *)data, size);
    kehu_sentiment_free(s);
    kehu_keyword_free(words);
    free(repaired);
    return 0;
}
