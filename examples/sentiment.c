/* Polarity by a list that a person wrote, with the cues that decided.
 *
 *     sentiment          prints points and cues of each text */
#include <kehu/sentiment.h>

#include <stdio.h>
#include <string.h>

static const char list[] = "positive\t!好\t60\n"
                           "positive\t!满意\t80\n"
                           "negative\t!慢\t50\n"
                           "negative\t!失望\t80\n"
                           "negation\t!不\t100\n"
                           "degree\t!非常\t80\n"
                           "degree\t!有点\t-40\n";
static const char *const texts[] = {"师傅态度好，非常满意", "网速有点慢",
                                    "信号不好，很失望"};

int main(void)
{
    kehu_keyword *words = NULL;
    kehu_sentiment *s = NULL;
    kehu_error err = {.message = ""};
    if (kehu_keyword_read_text(&words, list, sizeof list - 1, NULL, &err) != KEHU_OK ||
        kehu_sentiment_from_words(&s, words, NULL, &err) != KEHU_OK)
        goto done;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kehu_sentiment_cue cues[8];
        int64_t n;
        if (kehu_sentiment_cues(s, texts[i], (int64_t)strlen(texts[i]), cues, 8, &n,
                                &err) != KEHU_OK)
            goto done;
        printf("%s:", texts[i]);
        for (int64_t k = 0; k < n && k < 8; k++)
            printf("  %.*s %+d", (int)(cues[k].end - cues[k].from),
                   texts[i] + cues[k].from, (int)cues[k].points);
        printf("\n");
    }
done:
    if (err.message[0] != '\0')
        fprintf(stderr, "%s\n", err.message);
    kehu_sentiment_free(s);
    kehu_keyword_free(words);
    return err.message[0] != '\0';
}
