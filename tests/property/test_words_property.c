/* New words against a plain reference that counts every string, and planted words in
 * text that is made of the dictionary's words. */
#include <kehu/words.h>

#include <string.h>

#include "base/maths.h"
#include "base/random.h"
#include "base/utf8.h"
#include "support/test.h"
#include "support/texts.h"
#include "text/normalize.h"

enum { FIRST = 0x4E00 };

/* Characters one after the other as UTF-8; 0 is a sign. */
static int64_t write_text(char *to, const int *characters, int n)
{
    int64_t size = 0;
    for (int i = 0; i < n; i++)
        size += kehu__utf8_put(
            to + size, characters[i] == 0 ? ',' : (uint32_t)(FIRST + characters[i]));
    return size;
}

static int count_of(const int *text, int n, const int *word, int length)
{
    int count = 0;
    for (int i = 0; i + length <= n; i++)
        count += memcmp(text + i, word, (size_t)length * sizeof *word) == 0;
    return count;
}

static double entropy_of(const int *text, int n, const int *word, int length, int offset)
{
    int beside[64] = {0}, all = 0;
    double sum = 0;
    for (int i = 0; i + length <= n; i++)
        if (memcmp(text + i, word, (size_t)length * sizeof *word) == 0) {
            const int at = i + offset;
            all++;
            if (at >= 0 && at < n)
                beside[text[at]]++;
        }
    for (int c = 1; c < 64; c++)
        if (beside[c] > 0)
            sum -= beside[c] * kehu__log((double)beside[c] / all);
    for (int c = 1; c < 64; c++)
        all -= beside[c];
    /* What is left are breaks, each by itself. */
    return (sum + all * kehu__log(count_of(text, n, word, length))) /
           count_of(text, n, word, length);
}

static int characters_of(const int *text, int n)
{
    int characters = 0;
    for (int i = 0; i < n; i++)
        characters += text[i] != 0;
    return characters;
}

static double cohesion_of(const int *text, int n, const int *word, int length)
{
    double least = 0;
    for (int left = 1; left < length; left++) {
        const double bits =
            kehu__log((double)count_of(text, n, word, length) * characters_of(text, n) /
                      ((double)count_of(text, n, word, left) *
                       count_of(text, n, word + left, length - left)));
        if (left == 1 || bits < least)
            least = bits;
    }
    return least;
}

/* Row of a word in the table, -1 if it is not there. */
static int64_t row_of(const kehu_table *table, const int *word, int length)
{
    char bytes[64];
    bytes[write_text(bytes, word, length)] = '\0';
    for (int64_t i = 0; i < kehu_table_row_count(table); i++)
        if (texts_equal(kehu_table_column(table, 0), i, bytes))
            return i;
    return -1;
}

static double number(const kehu_table *table, const char *column, int64_t row)
{
    return ((const double *)kehu_table_find(table, column)->data)[row];
}

static int64_t check_strings(const kehu_table *table, const int *text, int n, int length,
                             const kehu_words_options *o)
{
    int64_t found = 0;
    for (int i = 0; i + length <= n; i++) {
        const int *const w = text + i;
        const int count = count_of(text, n, w, length);
        double cohesion, left, right, wanted;
        int64_t row;
        bool whole =
            count >= (int)o->min_count && count_of(text, i + length, w, length) < 2;
        for (int k = 0; k < length; k++)
            whole = whole && w[k] != 0;
        if (!whole)
            continue;
        cohesion = cohesion_of(text, n, w, length);
        left = entropy_of(text, n, w, length, -1);
        right = entropy_of(text, n, w, length, length);
        row = row_of(table, w, length);
        /* Nothing hangs on the last bits of a number. */
        wanted = 0.9 * kehu__log((double)characters_of(text, n) / count);
        wanted = wanted < o->min_cohesion ? wanted : o->min_cohesion;
        if (cohesion > wanted + 1e-9 && left > o->min_entropy + 1e-9 &&
            right > o->min_entropy + 1e-9)
            assert_true(row >= 0);
        if (row < 0)
            continue;
        found++;
        assert_true(cohesion > wanted - 1e-9 && left > o->min_entropy - 1e-9 &&
                    right > o->min_entropy - 1e-9);
        assert_int_equal(whole_number(table, "count", row), count);
        assert_true(number(table, "cohesion", row) - cohesion < 1e-9 &&
                    cohesion - number(table, "cohesion", row) < 1e-9);
        assert_true(number(table, "left_entropy", row) - left < 1e-9 &&
                    left - number(table, "left_entropy", row) < 1e-9);
        assert_true(number(table, "right_entropy", row) - right < 1e-9 &&
                    right - number(table, "right_entropy", row) < 1e-9);
    }
    return found;
}

static void test_words_are_those_of_counting_every_string(void **state)
{
    enum { N = 600 };
    kehu__random r = kehu__random_seed(1);
    kehu_tokenizer *known;
    int64_t all = 0;
    (void)state;
    assert_int_equal(kehu_tokenizer_read_words(&known, "甲", 3, NULL, NULL), KEHU_OK);
    for (int round = 0; round < 20; round++) {
        const kehu_words_options o = {.size = sizeof o,
                                      .min_count = 2 + (uint32_t)round % 3,
                                      .max_characters = 4,
                                      .min_cohesion = 0.3,
                                      .phrase_cohesion = 0.3,
                                      .min_entropy = 0.6,
                                      .tokenizer = known};
        const uint32_t alphabet = 4 + kehu__random_below(&r, 20);
        int text[N];
        char bytes[4 * N];
        int64_t ends[2] = {0, 0}, found = 0;
        kehu_column texts = {
            .type = KEHU_LARGE_UTF8, .length = 1, .data = bytes, .offsets = ends};
        kehu_table *table;
        for (int i = 0; i < N; i++) {
            const uint32_t c = kehu__random_below(&r, alphabet);
            text[i] = i > 2 && kehu__random_below(&r, 4) == 0 ? text[i - 3] : (int)c;
        }
        ends[1] = write_text(bytes, text, N);
        assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
        for (int length = 2; length <= 4; length++)
            found += check_strings(table, text, N, length, &o);
        assert_int_equal(found, kehu_table_row_count(table));
        all += found;
        kehu_table_free(table);
    }
    kehu_tokenizer_free(known);
    print_message("%lld words\n", (long long)all);
    assert_true(all > 100);
}

/* Text of words that are drawn alone, frequent ones often, with new ones among them:
 * the whole bar of 100 MB is a bench (topics), this is a part of it. */
static void test_words_finds_planted_words(void **state)
{
    enum { KNOWN = 5000, PLANTED = 200, CHARACTERS = 2000000, MOST = 4 };
    static int words[KNOWN + PLANTED][MOST], lengths[KNOWN + PLANTED];
    char *const list = malloc(KNOWN * 16), *const text = malloc(CHARACTERS * 3 + 64);
    int64_t ends[2] = {0, 0}, size = 0, found = 0;
    kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = ends};
    kehu__random r = kehu__random_seed(3);
    kehu_words_options o = {.size = sizeof o, .n_threads = 2};
    kehu_tokenizer *known;
    kehu_table *table;
    (void)state;
    for (int i = 0; i < KNOWN + PLANTED; i++) {
        lengths[i] = i < 500 ? 1 : 2 + (int)kehu__random_below(&r, 3);
        for (int k = 0; k < lengths[i]; k++)
            do
                words[i][k] = 1 + (int)kehu__random_below(&r, 6000);
            while (kehu__simplify((uint32_t)(FIRST + words[i][k])) !=
                   (uint32_t)(FIRST + words[i][k]));
        if (i < KNOWN) {
            size += write_text(list + size, words[i], lengths[i]);
            list[size++] = '\n';
        }
    }
    assert_int_equal(kehu_tokenizer_read_words(&known, list, (size_t)size, NULL, NULL),
                     KEHU_OK);
    o.tokenizer = known;
    while (ends[1] < 3 * (CHARACTERS - MOST)) {
        const double u = kehu__random_unit(&r);
        const int i = kehu__random_below(&r, 50) == 0
                          ? KNOWN + (int)kehu__random_below(&r, PLANTED)
                          : (int)(KNOWN * u * u * u);
        ends[1] += write_text(text + ends[1], words[i], lengths[i]);
    }
    assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
    for (int i = KNOWN; i < KNOWN + PLANTED; i++)
        found += row_of(table, words[i], lengths[i]) >= 0;
    print_message("planted words: recall %.3f, precision %.3f\n", (double)found / PLANTED,
                  (double)found / (double)kehu_table_row_count(table));
    assert_true((double)found >= 0.95 * PLANTED);
    assert_true((double)found >= 0.9 * (double)kehu_table_row_count(table));
    kehu_table_free(table);
    kehu_tokenizer_free(known);
    free(list);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_those_of_counting_every_string),
        cmocka_unit_test(test_words_finds_planted_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
