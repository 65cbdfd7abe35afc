/* The default dictionary on the SIGHAN 2005 test texts: word F1.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. Scored by word spans, white space
 * removed. The floors are what jieba-rs reaches on the same files with jieba's
 * dictionary and without its hidden Markov model. Nothing was chosen on these
 * files. */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { LINE = 1 << 16 };

static char folder[1024];

/* Words end where the bits are set. */
typedef struct cuts {
    char text[LINE];
    unsigned char ends[LINE];
    size_t size;
} cuts;

static void read_gold(const char *line, cuts *gold)
{
    memset(gold->ends, 0, sizeof gold->ends);
    gold->size = 0;
    for (; *line != '\0' && *line != '\n' && *line != '\r'; line++) {
        if (*line != ' ')
            gold->text[gold->size++] = *line;
        else if (gold->size > 0)
            gold->ends[gold->size - 1] = 1;
    }
    if (gold->size > 0)
        gold->ends[gold->size - 1] = 1;
}

static double f1_of(const char *name)
{
    static char line[LINE], path[2048];
    static cuts gold;
    static kehu_span spans[LINE];
    kehu_tokenizer *t;
    long n_gold = 0, n_found = 0, n_right = 0;
    FILE *f;
    assert_int_equal(kehu_tokenizer_default(&t, NULL, NULL), KEHU_OK);
    snprintf(path, sizeof path, "%s/cws/%s", folder, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        int64_t n;
        size_t start = 0;
        read_gold(line, &gold);
        assert_int_equal(kehu_tokenizer_split(t, gold.text, (int64_t)gold.size, spans,
                                              LINE, &n, NULL, NULL),
                         KEHU_OK);
        n_found += n;
        for (size_t i = 0, k = 0; i < gold.size; i++) {
            if (!gold.ends[i])
                continue;
            while (k < (size_t)n && spans[k].start < start)
                k++;
            n_right += k < (size_t)n && spans[k].start == start &&
                       spans[k].size == i + 1 - start;
            n_gold++;
            start = i + 1;
        }
    }
    fclose(f);
    kehu_tokenizer_free(t);
    const double p = (double)n_right / (double)n_found,
                 r = (double)n_right / (double)n_gold;
    printf("%s: precision %.2f recall %.2f F1 %.2f\n", name, 100 * p, 100 * r,
           200 * p * r / (p + r));
    return 200 * p * r / (p + r);
}

static void test_dictionary_words_on_pku_and_msr(void **state)
{
    kehu_tokenizer *t;
    (void)state;
    if (kehu_tokenizer_default(&t, NULL, NULL) == KEHU_NOT_FOUND)
        skip();
    kehu_tokenizer_free(t);
    assert_true(f1_of("pku_test.txt") >= 83.6);
    assert_true(f1_of("msr_test.txt") >= 82.7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dictionary_words_on_pku_and_msr),
    };
    const char *data = getenv("KEHU_DATA"), *source = getenv("KEHU_SOURCE");
    char path[2048];
    FILE *f;
    if (data != NULL)
        snprintf(folder, sizeof folder, "%s", data);
    else
        snprintf(folder, sizeof folder, "%s/../shared/data",
                 source != NULL ? source : ".");
    snprintf(path, sizeof path, "%s/cws/pku_test.txt", folder);
    f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "skipped: no data at %s\n", folder);
        return 77;
    }
    fclose(f);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
