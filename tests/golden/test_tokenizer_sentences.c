/* Difficult customer sentences against their wanted words and kinds, see
 * tokenizer_sentences.txt. Both parts can fail: what is right must stay so, and
 * what is still wrong must be moved up when it comes right. */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { LINE = 4096, LEAST = 300 };

static const char *const names[] = {
    "",    "",      "",      "latin", "foreign", "number", "mixed",   "date", "amount",
    "url", "email", "phone", "emoji", "",        "",       "control", "bad"};

/* The wanted line without its bars and braces. */
static void text_of(const char *line, char *text)
{
    for (; *line != '\0'; line++) {
        if (*line == '{')
            line = strchr(line, '}');
        else if (*line != '|')
            *text++ = *line;
    }
    *text = '\0';
}

static void split(const kehu_tokenizer *t, const char *text, char *line)
{
    static kehu_span spans[LINE];
    size_t used = 0;
    int64_t n;
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, LINE, &n, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++) {
        const char *kind = names[spans[i].kind];
        used +=
            (size_t)snprintf(line + used, 4 * LINE - used, "%s%.*s%s%s%s",
                             i == 0 ? "" : "|", (int)spans[i].size, text + spans[i].start,
                             *kind ? "{" : "", kind, *kind ? "}" : "");
    }
}

static void test_sentences_come_out_as_wanted(void **state)
{
    const char *source = getenv("KEHU_SOURCE");
    char path[1024], line[LINE], text[LINE], got[4 * LINE];
    int right = 0, wrong = 0, complaints = 0, still_wrong = 0;
    kehu_tokenizer *t;
    FILE *f;
    (void)state;
    if (kehu_tokenizer_default(&t, NULL, NULL) == KEHU_NOT_FOUND)
        skip();
    snprintf(path, sizeof path, "%s/tests/golden/tokenizer_sentences.txt",
             source == NULL ? "." : source);
    f = fopen(path, "rb");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (strcmp(line, "still wrong") == 0) {
            still_wrong = 1;
            continue;
        }
        text_of(line, text);
        split(t, text, got);
        if ((strcmp(line, got) == 0) == still_wrong) {
            fprintf(stderr, "%s\n  wanted %s\n  got    %s\n",
                    still_wrong ? "now right, move it up" : "wrong", line, got);
            complaints++;
        }
        right += !still_wrong;
        wrong += still_wrong;
    }
    fclose(f);
    kehu_tokenizer_free(t);
    printf("%d sentences as wanted, %d still wrong\n", right, wrong);
    assert_int_equal(complaints, 0);
    assert_true(right + wrong >= LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences_come_out_as_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
