/* Random keyword lists and texts against the plainest search there is: every
 * keyword tried at every place of the text, symbol by symbol. */
#include <kehu/keyword.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "support/test.h"

/* Long texts go through several blocks of the search. */
enum {
    MAX_UNITS = 2800,
    KEYWORD_UNITS = 40,
    MAX_WORDS = 30,
    UNIT_BYTES = 12,
    MAX_FOUND = MAX_UNITS * MAX_WORDS
};

/* A text as a list of units: what one symbol looks like in it, and its plain form. */
typedef struct unit {
    const char *seen, *plain; /* plain NULL: matches nothing */
} unit;

static const unit han[] = {{"话", "话"}, {"费", "费"}, {"网", "网"}, {"𠮷", "𠮷"},
                           {"！", "!"},  {"!", "!"},   {"😀", "😀"},   {"ー", "ー"}};
static const unit words[] = {{"SIM", "sim"},     {"sim", "sim"}, {"ｓＩｍ", "sim"},
                             {"5g", "5g"},       {"g", "g"},     {"don\u2019t", "don't"},
                             {"DON'T", "don't"}, {"я", "я"},     {"Я", "я"}};
static const unit blanks[] = {{" ", " "}, {"\t\n", " "}, {"\u3000 ", " "}};
static const unit broken[] = {{"\xE8", NULL}, {"\xFF", NULL}, {"\xE8\xAF", NULL}};

#define PICK(r, list) (list)[kehu__random_below(r, sizeof(list) / sizeof *(list))]

/* Units whose symbols do not melt together: no word beside a word, no blank beside
 * a blank. */
static int random_units(kehu__random *r, unit *out, int n, bool clean)
{
    int last = 0;
    for (int i = 0; i < n; i++) {
        uint32_t kind = kehu__random_below(r, 10);
        if (kind >= 6 && kind < 8 && last != 1) {
            out[i] = PICK(r, words);
            last = 1;
        } else if (kind == 8 && last != 2 && !(clean && (i == 0 || i == n - 1))) {
            out[i] = PICK(r, blanks);
            last = 2;
        } else if (kind == 9 && !clean) {
            out[i] = PICK(r, broken);
            /* A cut character and what follows must not join: nothing here does. */
            last = 0;
        } else {
            out[i] = han[kehu__random_below(r, sizeof han / sizeof *han)];
            last = 0;
        }
    }
    return n;
}

static bool same_units(const unit *text, const unit *keyword, int n)
{
    for (int i = 0; i < n; i++)
        if (text[i].plain == NULL || strcmp(text[i].plain, keyword[i].plain) != 0)
            return false;
    return true;
}

typedef struct word {
    unit units[KEYWORD_UNITS];
    int n;
    int weights[3];
} word;

/* Random different keywords of three classes, as a file. */
static int random_list(kehu__random *r, word *list, char *file, size_t room)
{
    const int wanted = 1 + (int)kehu__random_below(r, MAX_WORDS);
    int n = 0;
    size_t at = 0;
    for (int tries = 0; n < wanted && tries < 1000; tries++) {
        word *w = &list[n];
        bool fresh = true;
        const uint32_t longest = kehu__random_below(r, 20) == 0 ? KEYWORD_UNITS : 4;
        w->n = random_units(r, w->units, 1 + (int)kehu__random_below(r, longest), true);
        for (int i = 0; i < n; i++)
            fresh = fresh &&
                    !(list[i].n == w->n && same_units(list[i].units, w->units, w->n));
        if (!fresh)
            continue;
        for (int c = 0; c < 3; c++) {
            char keyword[KEYWORD_UNITS * UNIT_BYTES] = "";
            w->weights[c] = (int)kehu__random_below(r, 7) - 3;
            for (int i = 0; i < w->n; i++)
                strcat(keyword,
                       strcmp(w->units[i].plain, " ") == 0 ? " " : w->units[i].seen);
            at += (size_t)snprintf(file + at, room - at, "%c\t%s%s\t%d\n", 'a' + c,
                                   *keyword == '!' ? "\\" : "", keyword, w->weights[c]);
        }
        n++;
    }
    return n;
}

static void test_keyword_finds_what_plain_search_finds(void **state)
{
    static char file[MAX_WORDS * 3 * KEYWORD_UNITS * UNIT_BYTES];
    static word list[MAX_WORDS];
    const uint64_t seed = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 10) : 7;
    kehu__random r = kehu__random_seed(seed);
    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 1500; round++) {
        const int n_words = random_list(&r, list, file, sizeof file);
        kehu_keyword *k = NULL;
        kehu_error err = {.message = ""};
        if (kehu_keyword_read_text(&k, file, strlen(file), NULL, &err) != KEHU_OK)
            fail_msg("%s\n%s", err.message, file);
        assert_int_equal(kehu_keyword_word_count(k), n_words);
        for (int t = 0; t < 4; t++) {
            static unit text[MAX_UNITS];
            static char bytes[MAX_UNITS * UNIT_BYTES];
            static int64_t starts[MAX_UNITS + 1];
            static kehu_keyword_match found[MAX_FOUND];
            const uint32_t most = round % 20 == 0 ? MAX_UNITS : 80;
            int64_t count, expected = 0;
            int32_t scores[3] = {0}, got[3], n_keywords;
            int distinct = 0;
            const int n =
                random_units(&r, text, (int)kehu__random_below(&r, most), false);
            int64_t size = 0;
            for (int i = 0; i < n; i++) {
                starts[i] = size;
                memcpy(bytes + size, text[i].seen, strlen(text[i].seen));
                size += (int64_t)strlen(text[i].seen);
            }
            starts[n] = size;
            assert_int_equal(kehu_keyword_match_text(k, bytes, size, 0, found, MAX_FOUND,
                                                     &count, NULL),
                             KEHU_OK);
            for (int end = 0; end <= n; end++)
                for (int length = end < KEYWORD_UNITS ? end : KEYWORD_UNITS; length > 0;
                     length--)
                    for (int w = 0; w < n_words; w++)
                        if (list[w].n == length &&
                            same_units(text + end - length, list[w].units, length)) {
                            assert_true(expected < count);
                            assert_true(found[expected].start == starts[end - length]);
                            assert_true(found[expected].end == starts[end]);
                            assert_int_equal(found[expected].weight, list[w].weights[0]);
                            expected++;
                        }
            assert_int_equal(count, expected);
            for (int w = 0; w < n_words; w++) {
                bool here = false;
                for (int i = 0; i + list[w].n <= n; i++)
                    here = here || same_units(text + i, list[w].units, list[w].n);
                distinct += here;
                for (int c = 0; c < 3; c++)
                    scores[c] += here ? list[w].weights[c] : 0;
            }
            const int32_t offsets[2] = {0, (int32_t)size};
            const kehu_column column = {
                .type = KEHU_UTF8, .length = 1, .data = bytes, .offsets = offsets};
            const kehu_keyword_answers answers = {.scores = got,
                                                  .n_keywords = &n_keywords};
            assert_int_equal(kehu_keyword_predict(k, &column, NULL, &answers, NULL),
                             KEHU_OK);
            assert_int_equal(n_keywords, distinct);
            for (int c = 0; c < 3; c++)
                assert_int_equal(got[c], scores[c]);
        }
        kehu_keyword_free(k);
    }
}

/* Far more characters than a byte tells apart, and beside the last character of a
 * keyword every other one before it. */
static void test_keyword_tells_many_characters_apart(void **state)
{
    enum { CHARACTERS = 700, KEYWORDS = 300, TEXT = 6000 };
    static char file[KEYWORDS * 16], bytes[TEXT * 3];
    static int keywords[KEYWORDS][3], text[TEXT];
    static kehu_keyword_match found[TEXT * 3];
    kehu__random r = kehu__random_seed(11);
    (void)state;
    for (int round = 0; round < 20; round++) {
        static bool taken[CHARACTERS][CHARACTERS];
        size_t at = 0;
        int64_t count, expected = 0;
        kehu_keyword *k = NULL;
        kehu_error err = {.message = ""};
        memset(taken, 0, sizeof taken);
        for (int i = 0; i < KEYWORDS;) { /* a third one only in half of them */
            int *w = keywords[i];
            for (int j = 0; j < 3; j++)
                w[j] = (int)kehu__random_below(&r, CHARACTERS);
            if (i % 2 == 0)
                w[2] = -1;
            if (taken[w[0]][w[1]])
                continue;
            taken[w[0]][w[1]] = true;
            memcpy(file + at, "a\t", 2);
            at += 2;
            for (int j = 0; j < 3 && w[j] >= 0; j++)
                at += (size_t)kehu__utf8_put(file + at, 0x4E00 + (uint32_t)w[j]);
            memcpy(file + at, "\t1\n", 3);
            at += 3;
            i++;
        }
        for (int i = 0; i < TEXT; i++) {
            const int *w = keywords[kehu__random_below(&r, KEYWORDS)];
            text[i] = (int)kehu__random_below(&r, CHARACTERS);
            if (i % 2 == 1)
                text[i] = w[1];
            else if (i % 10 == 0)
                text[i] = w[0];
            kehu__utf8_put(bytes + (size_t)i * 3, 0x4E00 + (uint32_t)text[i]);
        }
        if (kehu_keyword_read_text(&k, file, at, NULL, &err) != KEHU_OK)
            fail_msg("%s", err.message);
        assert_int_equal(
            kehu_keyword_match_text(k, bytes, TEXT * 3, 0, found, TEXT * 3, &count, NULL),
            KEHU_OK);
        for (int end = 2; end <= TEXT; end++)
            for (int n = end < 3 ? end : 3; n >= 2; n--)
                for (int i = n == 2 ? 0 : 1; i < KEYWORDS; i += 2)
                    if (memcmp(text + end - n, keywords[i], (size_t)n * sizeof *text) ==
                        0) {
                        assert_true(expected < count);
                        assert_int_equal(found[expected].start, (end - n) * 3);
                        assert_int_equal(found[expected].end, end * 3);
                        expected++;
                    }
        assert_int_equal(count, expected);
        assert_true(count > 0);
        kehu_keyword_free(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyword_finds_what_plain_search_finds),
        cmocka_unit_test(test_keyword_tells_many_characters_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
