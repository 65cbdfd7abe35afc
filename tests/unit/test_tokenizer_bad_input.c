/* What no tokenizer should meet: it says so, with the line, or cuts it into spans that
 * give the text back.
 *
 *     test_tokenizer_bad_input [large]    large: the line of 100 MB, else the others */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { LARGE = 100 * 1000 * 1000, SOME_SPANS = 1 << 15, LONG = 10000, MOST = 1 << 15 };

static const char list[] = "中国 100\n人民 80\n的 1000\n宽带 9\n";

static const kehu_column *one_row(kehu_column *c, int32_t offsets[2], const char *text,
                                  size_t size)
{
    offsets[0] = 0;
    offsets[1] = (int32_t)size;
    *c = (kehu_column){.type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    return c;
}

static kehu_status train(kehu_tokenizer **t, const char *sentence, size_t size,
                         const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_tokenizer_train_options options = {
        .size = sizeof options, .epochs = 3, .alloc = alloc};
    kehu_column c;
    int32_t offsets[2];
    return kehu_tokenizer_train(t, NULL, one_row(&c, offsets, sentence, size), &options,
                                err);
}

enum { N_MODES = 4 };

/* All modes, 1 to 4. */
static void make_all(kehu_tokenizer *all[N_MODES], const kehu_allocator *alloc)
{
    static const char sentence[] = "中国 人民 的 宽带 。";
    for (uint32_t mode = 1; mode < N_MODES; mode++) {
        const kehu_tokenizer_options options = {
            .size = sizeof options, .mode = mode, .alloc = alloc};
        assert_int_equal(kehu_tokenizer_read_words(&all[mode - 1], list, sizeof list - 1,
                                                   &options, NULL),
                         KEHU_OK);
    }
    assert_int_equal(train(&all[N_MODES - 1], sentence, sizeof sentence - 1, alloc, NULL),
                     KEHU_OK);
}

static void free_all(kehu_tokenizer *all[N_MODES])
{
    for (int i = 0; i < N_MODES; i++)
        kehu_tokenizer_free(all[i]);
}

typedef struct bad_text {
    const char *bytes;
    size_t size;
    uint32_t kind; /* of every span that `unit` bytes of it become */
    uint32_t unit;
} bad_text;

#define BAD(text, kind, unit)                                                            \
    {                                                                                    \
        text, sizeof text - 1, kind, unit                                                \
    }

/* Every such unit is a span of its own, alone and between words. */
static void test_bad_bytes_are_spans_of_their_own_in_every_mode(void **state)
{
    static const bad_text bad[] = {
        BAD("\xFF\xFE\xC0\x80", KEHU_SPAN_BAD_BYTE, 1),         /* never in UTF-8 */
        BAD("\xED\xA0\x80\xED\xBF\xBF", KEHU_SPAN_BAD_BYTE, 1), /* lone surrogates */
        BAD("\xF4\x90\x80\x80", KEHU_SPAN_BAD_BYTE, 1),         /* above U+10FFFF */
        BAD("\xE4\xB8", KEHU_SPAN_BAD_BYTE, 1),                 /* cut off */
        BAD("\x80\xBF", KEHU_SPAN_BAD_BYTE, 1),                 /* begun nowhere */
        BAD("\0\0\0", KEHU_SPAN_CONTROL, 1),
        BAD("\x01\x1B\x7F", KEHU_SPAN_CONTROL, 1),
        BAD("\xE2\x80\x8B\xE2\x80\x8D\xEF\xBB\xBF", KEHU_SPAN_CONTROL, 3), /* no width */
        BAD("\xE2\x80\xAE\xE2\x81\xA0", KEHU_SPAN_CONTROL, 3), /* direction, joiner */
    };
    kehu_tokenizer *all[N_MODES];
    (void)state;
    make_all(all, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (int mode = 0; mode < N_MODES; mode++) {
            char text[64] = "中国";
            kehu_span spans[4 * sizeof text];
            int64_t n, at = 0, units = 0;
            memcpy(text + 6, bad[i].bytes, bad[i].size);
            memcpy(text + 6 + bad[i].size, "人民", 6);
            assert_int_equal(kehu_tokenizer_split(all[mode], text,
                                                  (int64_t)bad[i].size + 12, spans,
                                                  4 * sizeof text, &n, NULL, NULL),
                             KEHU_OK);
            for (int64_t k = 0; k < n; at += spans[k++].size) {
                assert_int_equal(spans[k].start, at);
                if (spans[k].kind != bad[i].kind)
                    continue;
                assert_int_equal(spans[k].size, bad[i].unit);
                units++;
            }
            assert_int_equal(at, bad[i].size + 12);
            assert_int_equal(units, bad[i].size / bad[i].unit);
        }
    free_all(all);
}

static void assert_edit_fails(const kehu_tokenizer *t, const char *word, size_t size,
                              const char *message)
{
    kehu_tokenizer *out;
    kehu_column c;
    int32_t offsets[2];
    kehu_error err;
    assert_int_equal(
        kehu_tokenizer_edit(&out, t, one_row(&c, offsets, word, size), NULL, NULL, &err),
        KEHU_LIMIT);
    assert_string_equal(err.message, message);
}

/* In a list, an edit, a corpus: refused with its place. In a text: one span. */
static void test_words_of_10000_characters(void **state)
{
    static char word[LONG + 1], han[3 * LONG + 1], corpus[3 * LONG + 16];
    static kehu_span spans[4 * LONG];
    kehu_tokenizer *all[N_MODES], *t;
    kehu_error err;
    int64_t n;
    (void)state;
    make_all(all, NULL);
    memset(word, 'x', LONG);
    for (int i = 0; i < LONG; i++)
        memcpy(han + 3 * i, "长", 3);
    assert_int_equal(kehu_tokenizer_read_words(&t, han, 3 * LONG, NULL, &err),
                     KEHU_LIMIT);
    assert_int_equal(err.where, 0);
    assert_edit_fails(all[0], han, 3 * LONG,
                      "words, row 0 is longer than 255 characters");
    assert_int_equal(train(&t, corpus,
                           (size_t)snprintf(corpus, sizeof corpus, "宽带 %s", han), NULL,
                           &err),
                     KEHU_LIMIT);
    assert_string_equal(err.message,
                        "sentences, row 0: the word is longer than 255 characters");
    assert_int_equal(err.where, 0);
    for (int mode = 0; mode < N_MODES; mode++) {
        assert_int_equal(
            kehu_tokenizer_split(all[mode], word, LONG, spans, 4 * LONG, &n, NULL, NULL),
            KEHU_OK);
        assert_int_equal(n, 1);
        assert_int_equal(spans[0].size, LONG);
        assert_int_equal(spans[0].kind, KEHU_SPAN_LATIN);
        assert_int_equal(kehu_tokenizer_split(all[mode], han, 3 * LONG, spans, 4 * LONG,
                                              &n, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(spans[n - 1].start + spans[n - 1].size, 3 * LONG);
    }
    free_all(all);
}

typedef struct bytes {
    char data[1 << 20];
    size_t size;
} bytes;

static int append(void *ctx, const void *data, size_t size)
{
    bytes *b = ctx;
    if (size > sizeof b->data - b->size)
        return 1;
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

/* Blanks at the ends, double ones, tabs, full width, line ends: as if they were one. */
static void test_unbalanced_blanks_of_a_corpus_do_no_harm(void **state)
{
    static const char clean[] = "我 要 办理 宽带 。";
    static const char *const untidy[] = {
        "  我 要  办理 宽带 。", "我\t要 办理\t\t宽带 。 ",
        "　我　要 办理　 宽带 。　\r\n", "\n我 要 \n办理 宽带 。\n"};
    static bytes wanted, got;
    const kehu_writer to_wanted = {append, &wanted}, to_got = {append, &got};
    kehu_tokenizer *t;
    (void)state;
    assert_int_equal(train(&t, clean, sizeof clean - 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_count(t), 5);
    assert_int_equal(kehu_tokenizer_write(t, &to_wanted, NULL), KEHU_OK);
    kehu_tokenizer_free(t);
    for (int i = 0; i < 4; i++) {
        got.size = 0;
        assert_int_equal(train(&t, untidy[i], strlen(untidy[i]), NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_tokenizer_write(t, &to_got, NULL), KEHU_OK);
        assert_int_equal(got.size, wanted.size);
        assert_memory_equal(got.data, wanted.data, wanted.size);
        kehu_tokenizer_free(t);
    }
}

/* Said with the line, in whichever it stands; half of a character is not taken for it. */
static void test_lists_in_gb18030_are_said_to_be(void **state)
{
    static const char gb18030[] = "a 1\n\xD6\xD0\xB9\xFA 3\n\x81\x39\xEE\x39 2\n",
                      broken[] = "a 1\n\xD6\xD0\xFF 3\n";
    kehu_tokenizer *t;
    kehu_error err;
    (void)state;
    assert_int_equal(
        kehu_tokenizer_read_words(&t, gb18030, sizeof gb18030 - 1, NULL, &err),
        KEHU_ENCODING);
    assert_string_equal(
        err.message, "the word list, line 2 is not UTF-8; the file looks like GB18030");
    assert_int_equal(err.where, 1);
    assert_int_equal(kehu_tokenizer_read_words(&t, broken, sizeof broken - 1, NULL, &err),
                     KEHU_ENCODING);
    assert_string_equal(err.message, "the word list, line 2: the word is not UTF-8");
}

/* By and by into the same spans: not one allocation, whatever the length. */
static void split_by_and_by(const kehu_tokenizer *t, const char *text)
{
    static kehu_span spans[SOME_SPANS];
    int64_t n, used;
    for (int64_t at = 0; at < LARGE; at += used) {
        int64_t covered = 0;
        assert_int_equal(kehu_tokenizer_split(t, text + at, LARGE - at, spans, SOME_SPANS,
                                              &n, &used, NULL),
                         KEHU_OK);
        assert_true(used > 0);
        for (int64_t i = 0; i < n; i++)
            covered += spans[i].part == 0 ? spans[i].size : 0;
        assert_int_equal(covered, used);
    }
}

static void test_one_line_of_100_mb_in_bounded_memory(void **state)
{
    static const char part[] = "中国人民的宽带wifi，100元\xFF";
    char *text = malloc(LARGE);
    kehu_tokenizer *all[N_MODES], *adapted;
    kehu_column c;
    int32_t offsets[2];
    faulty f;
    const kehu_allocator *alloc = faulty_init(&f, -1);
    const kehu_tokenizer_adapt_options options = {
        .size = sizeof options, .rounds = 1, .alloc = alloc};
    size_t peak;
    (void)state;
    assert_non_null(text);
    for (size_t at = 0; at < LARGE; at += sizeof part - 1)
        memcpy(text + at, part,
               LARGE - at < sizeof part - 1 ? LARGE - at : sizeof part - 1);
    make_all(all, alloc);
    const long requests = f.requests;
    split_by_and_by(all[0], text);
    split_by_and_by(all[N_MODES - 1], text); /* the other modes go the way of the first */
    assert_int_equal(f.requests, requests);
    peak = f.peak_bytes;
    one_row(&c, offsets, text, LARGE);
    assert_int_equal(kehu_tokenizer_adapt(&adapted, all[0], &c, &options, NULL), KEHU_OK);
    assert_true(f.peak_bytes < peak + (16 << 20));
    kehu_tokenizer_free(adapted);
    free_all(all);
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_bytes_are_spans_of_their_own_in_every_mode),
        cmocka_unit_test(test_words_of_10000_characters),
        cmocka_unit_test(test_unbalanced_blanks_of_a_corpus_do_no_harm),
        cmocka_unit_test(test_lists_in_gb18030_are_said_to_be),
    };
    const struct CMUnitTest large[] = {
        cmocka_unit_test(test_one_line_of_100_mb_in_bounded_memory)};
    if (argc > 1 && strcmp(argv[1], "large") == 0)
        return cmocka_run_group_tests(large, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
