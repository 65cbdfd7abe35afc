/* Arbitrary bytes as text, in every mode, with edits: the spans cover the text
 * exactly and in order, and splitting goes on anywhere with the same result. Each call
 * has more room than the one before: with the same little room throughout, long
 * texts would be looked at hundreds of times. */
#include <kehu/tokenizer.h>

#include <stdlib.h>
#include <string.h>

static const char list[] = "中国 100 ns\n中国人 50\n国人 20\n人民 80\n的 1000\n"
                           "T恤 10\niPhone 15 7\n10元店 5\n一二三 4\n5G套餐 9\n";

enum { MOST = 1 << 16 };

static kehu_tokenizer *make(uint32_t mode, uint32_t split_units)
{
    static const int32_t offsets[] = {0, 6, 12, 14, 24};
    static const int64_t frequencies[] = {KEHU_WORD_WHOLE, KEHU_WORD_REMOVED, 5,
                                          KEHU_WORD_AUTOMATIC};
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 4, .data = "国人中国15的 a/b，", .offsets = offsets};
    const kehu_tokenizer_options options = {
        .size = sizeof options, .mode = mode, .split_units = split_units};
    kehu_tokenizer *t, *edited;
    if (kehu_tokenizer_read_words(&t, list, sizeof list - 1, &options, NULL) != KEHU_OK ||
        kehu_tokenizer_edit(&edited, t, &words, frequencies, NULL, NULL) != KEHU_OK)
        abort();
    kehu_tokenizer_free(t);
    return edited;
}

static kehu_tokenizer *train(void)
{
    static const char corpus[] =
        "中国人 的 5G 套餐 10元 ， iPhone 15 不 好 ！ 一 二三 国人\n";
    static const int32_t offsets[] = {0, (int32_t)sizeof corpus - 1};
    const kehu_column sentences = {
        .type = KEHU_UTF8, .length = 1, .data = corpus, .offsets = offsets};
    kehu_tokenizer *t;
    if (kehu_tokenizer_train(&t, NULL, &sentences, NULL, NULL) != KEHU_OK)
        abort();
    return t;
}

static void check(const kehu_tokenizer *t, int trained, const char *text, int64_t size)
{
    static kehu_span spans[4 * MOST];
    static kehu_span few[4 * MOST];
    int64_t n, at = 0, k = 0, room = 5;
    if (kehu_tokenizer_bound(t, size) > 4 * MOST ||
        kehu_tokenizer_split(t, text, size, spans, kehu_tokenizer_bound(t, size), &n,
                             NULL, NULL) != KEHU_OK)
        abort();
    for (int64_t i = 0; i < n; i++) {
        if (spans[i].size == 0 || spans[i].kind < KEHU_SPAN_WORD ||
            spans[i].kind > KEHU_SPAN_BAD_BYTE)
            abort();
        if (spans[i].part == 0 && spans[i].start != at)
            abort();
        if (spans[i].part == 0)
            at += spans[i].size;
        if (spans[i].part != 0 && spans[i].start + spans[i].size > at)
            abort();
    }
    if (at != size)
        abort();
    for (at = 0; at < size; room += room / 2) {
        int64_t m, used;
        const kehu_status status =
            kehu_tokenizer_split(t, text + at, size - at, few, room, &m, &used, NULL);
        if (status == KEHU_LIMIT ? !trained : status != KEHU_OK)
            abort();
        if (status != KEHU_OK || used == 0) { /* a word with its parts needs more */
            if (room >= kehu_tokenizer_bound(t, size - at))
                abort();
            continue;
        }
        for (int64_t i = 0; i < m; i++, k++)
            if (few[i].start + at != spans[k].start || few[i].size != spans[k].size ||
                few[i].kind != spans[k].kind || few[i].word != spans[k].word)
                abort();
        at += used;
    }
    if (k != n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kehu_tokenizer *t[5];
    if (t[0] == NULL) {
        t[0] = make(KEHU_TOKENIZER_WORDS, 0);
        t[1] = make(KEHU_TOKENIZER_SEARCH, 0);
        t[2] = make(KEHU_TOKENIZER_CHARACTERS, 0);
        t[3] = make(KEHU_TOKENIZER_WORDS, 1);
        t[4] = train();
    }
    for (int i = 0; i < 5 && size <= MOST; i++)
        check(t[i], i == 4, (const char *)data, (int64_t)size);
    return 0;
}
