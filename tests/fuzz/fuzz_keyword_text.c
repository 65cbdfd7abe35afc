/* Arbitrary bytes as texts: matched by a fixed list, and cut into lines learned
 * from. Places lie inside the text, reasons add up to the score. */
#include <kehu/keyword.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 256 };

static const char list[] =
    "@bias\tb\t3\na\t网\t5\na\t网速\t7\na\t网速慢\t-2\na\twifi\t9\na\tdata plan\t4\n"
    "a\tdon't\t2\nb\t费\t8\nb\t5g套餐\t6\nb\t\\!\t1\nb\t😀\t2\nb\tя\t3\nb\t。\t1\n";

static void check(int right)
{
    if (!right)
        abort();
}

static void match(const kehu_keyword *k, const char *text, int64_t size)
{
    static kehu_keyword_match all[MOST], reasons[MOST];
    const int64_t offsets[2] = {0, size};
    const kehu_column column = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = offsets};
    int32_t scores[2], n_keywords;
    int64_t n_all, n_reasons;
    check(kehu_keyword_predict(
              k, &column, NULL,
              &(kehu_keyword_answers){.scores = scores, .n_keywords = &n_keywords},
              NULL) == KEHU_OK);
    check(kehu_keyword_match_text(k, text, size, 0, all, MOST, &n_all, NULL) == KEHU_OK);
    for (int64_t i = 0; i < n_all && i < MOST; i++)
        check(all[i].start >= 0 && all[i].start < all[i].end && all[i].end <= size &&
              (i == 0 || all[i].end >= all[i - 1].end));
    check(n_all >= n_keywords);
    for (int32_t c = 0; c < 2; c++) {
        int32_t sum = kehu_keyword_bias(k, c);
        check(kehu_keyword_explain(k, text, size, c, reasons, MOST, &n_reasons, NULL) ==
              KEHU_OK);
        check(n_reasons <= n_keywords);
        for (int64_t i = 0; i < n_reasons; i++)
            sum += reasons[i].weight;
        check(sum == scores[c]);
    }
}

/* Each line a text; the first byte of a line is its class. */
static void learn(const char *text, size_t size)
{
    int64_t at[MOST + 1] = {0}, label_at[MOST + 1];
    char labels[MOST];
    kehu_column texts = {.type = KEHU_LARGE_UTF8, .data = text, .offsets = at};
    kehu_column classes = {.type = KEHU_LARGE_UTF8, .data = labels, .offsets = label_at};
    const kehu_keyword_options opt = {.size = sizeof opt,
                                      .keywords_per_class = 3,
                                      .min_df = 1,
                                      .mode = size & 1,
                                      .max_symbols = 1 + (uint32_t)(size >> 1 & 3)};
    kehu_keyword *k;
    int64_t n = 0;
    for (size_t i = 0; i < size && n < MOST; n++) {
        const char *end = memchr(text + i, '\n', size - i);
        labels[n] = (char)('a' + (text[i] & 1));
        i = end == NULL ? size : (size_t)(end - text) + 1;
        at[n + 1] = (int64_t)i;
    }
    for (int64_t i = 0; i <= n; i++)
        label_at[i] = i;
    texts.length = classes.length = n;
    if (kehu_keyword_train(&k, &texts, &classes, &opt, NULL) == KEHU_OK) {
        check(kehu_keyword_line_count(k) > 0);
        kehu_keyword_free(k);
    } else
        check(k == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kehu_keyword *k; /* made once, then only read */
    if (k == NULL)
        check(kehu_keyword_read_text(&k, list, sizeof list - 1, NULL, NULL) == KEHU_OK);
    match(k, (const char *)data, (int64_t)size);
    if (size < 1024)
        learn((const char *)data, size);
    return 0;
}
