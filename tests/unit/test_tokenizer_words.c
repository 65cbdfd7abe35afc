/* Dictionaries: lists, files, edits, search mode, batches. */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/repair.h"

#include "base/bytes.h"
#include "base/utf8.h"
#include "support/test.h"

enum { MOST = 4096 };

static const char list[] = "中国 100 ns\n"
                           "中国人 50 n\n"
                           "国人 20 n\n"
                           "人 300 n\n"
                           "人民 80 n\n"
                           "民 5\n"
                           "的 1000 uj\n"
                           "T恤 10 n\n"
                           "iPhone 15 7 nz\n"
                           "计算机 40 n\n"
                           "计算 60 v\n"
                           "算机 1\n";

static kehu_tokenizer *read_list(const char *text, kehu_tokenizer_mode mode)
{
    const kehu_tokenizer_options options = {.size = sizeof options, .mode = mode};
    kehu_tokenizer *t = NULL;
    kehu_error err = {.message = ""};
    if (kehu_tokenizer_read_words(&t, text, strlen(text), &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return t;
}

/* The spans joined by '|'; a part has a '+' before it. */
static const char *joined(const kehu_tokenizer *t, const char *text)
{
    static char got[4 * MOST];
    kehu_span spans[MOST];
    size_t used = 0;
    int64_t n;
    got[0] = '\0';
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, MOST, &n, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++)
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%s%.*s",
                                 i == 0 ? "" : "|", spans[i].part ? "+" : "",
                                 (int)spans[i].size, text + spans[i].start);
    return got;
}

static kehu_tokenizer *edit(const kehu_tokenizer *t, const char *word, int64_t frequency)
{
    const int32_t offsets[] = {0, (int32_t)strlen(word)};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 1, .data = word, .offsets = offsets};
    kehu_tokenizer *out = NULL;
    kehu_error err = {.message = ""};
    if (kehu_tokenizer_edit(&out, t, &c, &frequency, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return out;
}

static void test_words_give_the_cheapest_way(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    (void)state;
    assert_int_equal(kehu_tokenizer_count(t), 12);
    assert_string_equal(joined(t, "中国人民的T恤"), "中国|人民|的|T恤");
    assert_string_equal(joined(t, "中國人的Ｔ恤"), "中國人|的|Ｔ恤");
    assert_string_equal(joined(t, "买IPHONE 15了"), "买|IPHONE 15|了");
    assert_string_equal(joined(t, "买iPhone 15pro了"), "买|iPhone| |15pro|了");
    kehu_tokenizer_free(t);
}

static void test_words_are_found_with_what_the_list_says(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    kehu_word_info info;
    kehu_span span;
    int64_t n;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_find(t, "中國", 6, &info, NULL), KEHU_OK);
    assert_int_equal(info.frequency, 100);
    assert_int_equal(info.whole, 0);
    assert_string_equal(info.tag, "ns");
    assert_int_equal(kehu_tokenizer_split(t, "中国", 6, &span, 1, &n, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(span.word, info.word);
    assert_int_equal(kehu_tokenizer_find(t, "民", 3, &info, NULL), KEHU_OK);
    assert_string_equal(info.tag, "");
    assert_int_equal(kehu_tokenizer_find(t, "没有", 6, &info, &err), KEHU_NOT_FOUND);
    assert_string_equal(err.message, "the dictionary does not have the word");
    assert_int_equal(kehu_tokenizer_find(t, "", 0, &info, NULL), KEHU_NOT_FOUND);
    assert_int_equal(kehu_tokenizer_find(NULL, "x", 1, &info, NULL), KEHU_ARGUMENT);
    kehu_tokenizer_free(t);
}

static void test_search_adds_the_words_inside(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_SEARCH);
    (void)state;
    assert_string_equal(joined(t, "计算机的"), "计算机|+计算|+算机|的");
    assert_int_equal(kehu_tokenizer_bound(t, 9), 36);
    kehu_tokenizer_free(t);
}

static void test_spans_are_counted_in_code_points(void **state)
{
    static const char text[] = "计算机\xFF的😂a";
    static const uint32_t wanted[][2] = {{0, 3}, {0, 2}, {1, 2}, {3, 1},
                                         {4, 1}, {5, 1}, {6, 1}};
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_SEARCH);
    kehu_span spans[4 * sizeof text];
    uint32_t starts[8], sizes[8];
    int64_t n;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_split(t, text, sizeof text - 1, spans,
                                          4 * sizeof text, &n, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(n, 7);
    assert_int_equal(
        kehu_tokenizer_characters(text, sizeof text - 1, spans, n, starts, sizes, NULL),
        KEHU_OK);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(starts[i], wanted[i][0]);
        assert_int_equal(sizes[i], wanted[i][1]);
    }
    assert_int_equal(kehu_tokenizer_characters(NULL, 0, NULL, 0, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_tokenizer_characters(text, 9, spans, -1, starts, sizes, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_tokenizer_characters(text, 9, spans, n, starts, sizes, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(err.where, 3); /* ends behind the text */
    spans[6].start = 0;
    assert_int_equal(
        kehu_tokenizer_characters(text, sizeof text - 1, spans, n, starts, sizes, &err),
        KEHU_ARGUMENT);
    assert_int_equal(err.where, 6);
    assert_int_equal(kehu_tokenizer_characters(text, 9, NULL, 1, starts, sizes, NULL),
                     KEHU_ARGUMENT);
    kehu_tokenizer_free(t);
}

static void test_characters_stay_alone(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_CHARACTERS);
    (void)state;
    assert_string_equal(joined(t, "中国iPhone人"), "中|国|iPhone|人");
    kehu_tokenizer_free(t);
}

static void test_units_split_where_asked(void **state)
{
    const kehu_tokenizer_options options = {
        .size = sizeof options, .mode = KEHU_TOKENIZER_CHARACTERS, .split_units = 1};
    kehu_tokenizer *t;
    (void)state;
    assert_int_equal(kehu_tokenizer_default(&t, &options, NULL), KEHU_OK);
    assert_string_equal(joined(t, "2024年5月6日3.5万元"), "2024年|5月|6日|3.5万|元");
    kehu_tokenizer_free(t);
}

static void test_edits_add_change_and_remove(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS), *u, *v;
    (void)state;
    u = edit(t, "人民的", KEHU_WORD_AUTOMATIC);
    assert_string_equal(joined(t, "中国人民的"), "中国|人民|的");
    assert_string_equal(joined(u, "中国人民的"), "中国|人民的");
    assert_int_equal(kehu_tokenizer_count(u), 13);
    assert_int_not_equal(kehu_tokenizer_fingerprint(u), kehu_tokenizer_fingerprint(t));
    v = edit(u, "人民", KEHU_WORD_REMOVED);
    kehu_tokenizer_free(u);
    u = edit(v, "人民的", KEHU_WORD_REMOVED);
    kehu_tokenizer_free(v);
    assert_string_equal(joined(u, "人民的"), "人|民|的");
    assert_int_equal(kehu_tokenizer_count(u), 11);
    kehu_tokenizer_free(t); /* u lives on */
    v = edit(u, "国人民", KEHU_WORD_WHOLE);
    assert_string_equal(joined(v, "中国人民的"), "中|国人民|的");
    kehu_tokenizer_free(u);
    kehu_tokenizer_free(v);
}

static void test_edits_take_any_characters_and_keep_latin_words_whole(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    kehu_tokenizer *a = edit(t, "C# 入门！", KEHU_WORD_AUTOMATIC);
    kehu_tokenizer *b = edit(a, "phone", KEHU_WORD_WHOLE);
    kehu_tokenizer *c = edit(b, "15", KEHU_WORD_WHOLE);
    kehu_tokenizer *d = edit(c, "5G套餐", KEHU_WORD_AUTOMATIC);
    (void)state;
    assert_string_equal(joined(d, "学c# 入门！"), "学|c# 入门！");
    assert_string_equal(joined(d, "iphones phone iphone15"),
                        "iphones| |phone| |iphone15");
    assert_string_equal(joined(d, "办5G套餐和15G套餐"), "办|5G套餐|和|15G|套|餐");
    kehu_tokenizer_free(a);
    kehu_tokenizer_free(b);
    kehu_tokenizer_free(c);
    kehu_tokenizer_free(d);
    kehu_tokenizer_free(t);
}

static void assert_edit_fails(const kehu_tokenizer *t, const char *word,
                              int64_t frequency, kehu_status status, const char *message)
{
    const int32_t offsets[] = {0, (int32_t)strlen(word)};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 1, .data = word, .offsets = offsets};
    kehu_tokenizer *out = (kehu_tokenizer *)&out;
    kehu_error err;
    assert_int_equal(kehu_tokenizer_edit(&out, t, &c, &frequency, NULL, &err), status);
    assert_string_equal(err.message, message);
    assert_null(out);
}

static void test_edits_refuse_what_cannot_be_a_word(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    char long_word[1001];
    (void)state;
    memset(long_word, 'a', sizeof long_word);
    long_word[1000] = '\0';
    assert_edit_fails(t, "", 0, KEHU_DATA, "words, row 0 is empty");
    assert_edit_fails(t, " a", 0, KEHU_DATA, "words, row 0 begins or ends blank");
    assert_edit_fails(t, "a\nb", 0, KEHU_DATA, "words, row 0 holds a line end or a tab");
    assert_edit_fails(t, "a\xFF", 0, KEHU_ENCODING, "words, row 0 is not UTF-8");
    assert_edit_fails(t, long_word, 0, KEHU_LIMIT,
                      "words, row 0 is longer than 255 characters");
    assert_edit_fails(t, "a", -3, KEHU_RANGE,
                      "frequencies, row 0 is -3, expected -2 to 2147483647");
    kehu_tokenizer_free(t);
}

static void assert_list_fails(const char *text, size_t size, kehu_status status,
                              int64_t line, const char *message)
{
    kehu_tokenizer *t = (kehu_tokenizer *)&t;
    kehu_error err;
    assert_int_equal(kehu_tokenizer_read_words(&t, text, size, NULL, &err), status);
    assert_string_equal(err.message, message);
    assert_int_equal(err.where, line < 0 ? -1 : line - 1);
    assert_null(t);
}

static void test_lists_are_refused_with_their_line(void **state)
{
    static char long_word[3 * 10000 + 16] = "好 3\n";
    const size_t start = strlen(long_word);
    (void)state;
    for (size_t i = 0; i < 10000; i++)
        memcpy(long_word + start + 3 * i, "长", 3);
    assert_list_fails("", 0, KEHU_EMPTY, -1, "the dictionary has no word");
    assert_list_fails("\n \r\n", 4, KEHU_EMPTY, -1, "the dictionary has no word");
    assert_list_fails(
        "好 3\n坏 -5 a\n", 16, KEHU_RANGE, 2,
        "the word list, line 2: the frequency is not within 1 to 2147483647");
    assert_list_fails(
        "好 0\n", 6, KEHU_RANGE, 1,
        "the word list, line 1: the frequency is not within 1 to 2147483647");
    assert_list_fails(
        "好 99999999999\n", 16, KEHU_RANGE, 1,
        "the word list, line 1: the frequency is not within 1 to 2147483647");
    assert_list_fails("好 3\n坏 4\n好 5\n", 18, KEHU_DUPLICATE, 3,
                      "line 3: the word of line 1 again, with another frequency or tag");
    assert_list_fails(long_word, start + 30000, KEHU_LIMIT, 2,
                      "the word list, line 2: the word is longer than 255 characters");
    assert_list_fails("\xBA\xC3 3\n", 5, KEHU_ENCODING, 1,
                      "the word list, line 1 is not UTF-8; the file looks like GB18030");
    assert_list_fails("a 3\n\xFF\xFE 3\n", 9, KEHU_ENCODING, 2,
                      "the word list, line 2: the word is not UTF-8");
}

static void test_lists_allow_what_people_write(void **state)
{
    kehu_tokenizer *t = read_list("\xEF\xBB\xBF好 3 a\r\n\r\n好 3 a\r\n坏\r\n"
                                  "iPhone 15 Pro\r\n再见\tn",
                                  KEHU_TOKENIZER_WORDS);
    kehu_word_info info;
    (void)state;
    assert_int_equal(kehu_tokenizer_count(t), 4);
    assert_int_equal(kehu_tokenizer_find(t, "iphone 15 pro", 13, &info, NULL), KEHU_OK);
    assert_int_equal(info.frequency, 1);
    assert_int_equal(kehu_tokenizer_find(t, "再见", 6, &info, NULL), KEHU_OK);
    assert_string_equal(info.tag, "n");
    kehu_tokenizer_free(t);
    t = read_list("c# 3 nz\nC# 4 n\n", KEHU_TOKENIZER_WORDS);
    assert_int_equal(kehu_tokenizer_find(t, "C#", 2, &info, NULL), KEHU_OK);
    assert_int_equal(info.frequency, 7);
    assert_string_equal(info.tag, "n");
    kehu_tokenizer_free(t);
}

typedef struct bytes {
    char data[1 << 16];
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

static void test_lists_come_out_as_they_went_in(void **state)
{
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS), *u, *v;
    static bytes first, second;
    const kehu_writer to_first = {append, &first}, to_second = {append, &second};
    (void)state;
    u = edit(t, "旧金山", 12);
    kehu_tokenizer_free(t);
    t = edit(u, "算机", KEHU_WORD_REMOVED);
    first.size = second.size = 0;
    assert_int_equal(kehu_tokenizer_write_words(t, &to_first, NULL), KEHU_OK);
    first.data[first.size] = '\0';
    assert_string_equal(first.data, "T恤 10 n\n"
                                    "iPhone 15 7 nz\n"
                                    "中国 100 ns\n"
                                    "中国人 50 n\n"
                                    "人 300 n\n"
                                    "人民 80 n\n"
                                    "国人 20 n\n"
                                    "旧金山 12\n"
                                    "民 5\n"
                                    "的 1000 uj\n"
                                    "计算 60 v\n"
                                    "计算机 40 n\n");
    v = read_list(first.data, KEHU_TOKENIZER_WORDS);
    assert_int_equal(kehu_tokenizer_write_words(v, &to_second, NULL), KEHU_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
    kehu_tokenizer_free(v);
}

static void assert_same_words(const kehu_tokenizer *t, const kehu_tokenizer *u,
                              const char *text)
{
    kehu_span a[MOST], b[MOST];
    int64_t n, m;
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), a, MOST, &n, NULL, NULL),
        KEHU_OK);
    assert_int_equal(
        kehu_tokenizer_split(u, text, (int64_t)strlen(text), b, MOST, &m, NULL, NULL),
        KEHU_OK);
    assert_int_equal(n, m);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(a[i].start, b[i].start);
        assert_int_equal(a[i].kind, b[i].kind);
        assert_int_equal(a[i].word != 0, b[i].word != 0);
    }
}

static void test_a_word_that_begins_with_a_mark_comes_back(void **state)
{
    kehu_tokenizer *t = read_list("  \xEF\xBB\xBF天 3 n\n", KEHU_TOKENIZER_WORDS), *u;
    static bytes written;
    const kehu_writer writer = {append, &written};
    kehu_word_info info;
    (void)state;
    written.size = 0;
    assert_int_equal(kehu_tokenizer_write_words(t, &writer, NULL), KEHU_OK);
    written.data[written.size] = '\0';
    u = read_list(written.data, KEHU_TOKENIZER_WORDS);
    assert_int_equal(kehu_tokenizer_find(u, "\xEF\xBB\xBF天", 6, &info, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_find(u, "天", 3, &info, NULL), KEHU_NOT_FOUND);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
}

static void test_files_give_the_same_words(void **state)
{
    static const char text[] = "中国人民的计算机和旧金山的T恤，iphone 15";
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    kehu_tokenizer *u = edit(t, "旧金山", KEHU_WORD_WHOLE), *v;
    static bytes file;
    const kehu_writer writer = {append, &file};
    kehu_word_info info;
    kehu_error err;
    (void)state;
    file.size = 0;
    assert_int_equal(kehu_tokenizer_write(t, &writer, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_read(&v, file.data, file.size, NULL, NULL), KEHU_OK);
    assert_same_words(t, v, text);
    assert_int_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(v));
    kehu_tokenizer_free(v);
    assert_int_equal(kehu_tokenizer_save(u, "tokenizer_test.kehu", NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_load(&v, "tokenizer_test.kehu", NULL, &err), KEHU_OK);
    assert_same_words(u, v, text);
    assert_int_equal(kehu_tokenizer_find(v, "旧金山", 9, &info, NULL), KEHU_OK);
    assert_int_equal(info.whole, 1);
    kehu_tokenizer_free(v);
    assert_int_equal(kehu_tokenizer_save_words(u, "tokenizer_test.txt", NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_load_words(&v, "tokenizer_test.txt", NULL, &err),
                     KEHU_OK);
    assert_int_equal(kehu_tokenizer_count(v), 13);
    kehu_tokenizer_free(v);
    assert_int_equal(kehu_tokenizer_load(&v, "tokenizer_test.txt", NULL, &err),
                     KEHU_FORMAT);
    assert_string_equal(err.message, "tokenizer_test.txt is not a kehu model file");
    assert_int_equal(kehu_tokenizer_load_words(&v, "no_such_file", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_null(v);
    remove("tokenizer_test.kehu");
    remove("tokenizer_test.txt");
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
}

static void test_files_are_refused_when_cut_or_changed(void **state)
{
    kehu_tokenizer *t = read_list("中国 3 n\n人 2\n", KEHU_TOKENIZER_WORDS), *u;
    static bytes file;
    const kehu_writer writer = {append, &file};
    (void)state;
    file.size = 0;
    assert_int_equal(kehu_tokenizer_write(t, &writer, NULL), KEHU_OK);
    for (size_t n = 0; n < file.size; n++) {
        assert_int_not_equal(kehu_tokenizer_view(&u, file.data, n, NULL, NULL), KEHU_OK);
        assert_null(u);
    }
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        file.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu_tokenizer_view(&u, file.data, file.size, NULL, NULL),
                             KEHU_OK);
        file.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    kehu_tokenizer_free(t);
}

/* In 32 bits twice and four times this many bytes are as many as before. */
static void test_sizes_that_wrap_are_refused(void **state)
{
    enum { HEADER = 32, ENTRY = 24, N_VALUES_AT = 4 };
    kehu_tokenizer *t = read_list("中国 3 n\n人 2\n", KEHU_TOKENIZER_WORDS), *u;
    static bytes file;
    const kehu_writer writer = {append, &file};
    char *head = NULL;
    uint8_t *repaired;
    kehu_error err;
    (void)state;
    file.size = 0;
    assert_int_equal(kehu_tokenizer_write(t, &writer, NULL), KEHU_OK);
    for (const char *entry = file.data + HEADER; head == NULL; entry += ENTRY)
        if (memcmp(entry, "HEAD", 4) == 0)
            head = file.data + kehu__load64(entry + 8);
    head[N_VALUES_AT + 3] = (char)(head[N_VALUES_AT + 3] | 0x80);
    repaired = repair_container((const uint8_t *)file.data, file.size);
    assert_int_equal(kehu_tokenizer_view(&u, repaired, file.size, NULL, &err),
                     KEHU_FORMAT);
    assert_non_null(strstr(err.message, "section of another size"));
    repair_free(repaired);
    kehu_tokenizer_free(t);
}

/* Far more characters than have a number of one step in the trie. */
static void test_rare_characters_are_found_like_others(void **state)
{
    enum { N_CHARACTERS = 3000, BYTES = 9 };
    static char text[N_CHARACTERS * BYTES + 1];
    static bytes first, second;
    const kehu_writer to_first = {append, &first}, to_second = {append, &second};
    kehu_tokenizer *t, *u;
    kehu_word_info info;
    char *p = text;
    (void)state;
    for (uint32_t i = 0; i < N_CHARACTERS; i++) { /* a pair: U+20000 + i, U+22FFF - i */
        p += kehu__utf8_put(p, 0x20000 + i);
        if (i % 3 > 0)
            p += kehu__utf8_put(p, 0x22FFF - i);
        *p++ = '\n';
    }
    *p = '\0';
    t = read_list(text, KEHU_TOKENIZER_WORDS);
    first.size = second.size = 0;
    assert_int_equal(kehu_tokenizer_write(t, &to_first, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_read(&u, first.data, first.size, NULL, NULL),
                     KEHU_OK);
    for (char *word = text, *end; *word != '\0'; word = end + 1) {
        end = strchr(word, '\n');
        assert_int_equal(kehu_tokenizer_find(u, word, (size_t)(end - word), &info, NULL),
                         KEHU_OK);
        assert_int_equal(
            kehu_tokenizer_find(u, word, (size_t)(end - word) + 5, &info, NULL),
            KEHU_NOT_FOUND);
    }
    first.size = 0;
    assert_int_equal(kehu_tokenizer_write_words(t, &to_first, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_write_words(u, &to_second, NULL), KEHU_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    assert_non_null(strstr(first.data, "\xF0\xA0\x80\x81\xF0\xA2\xBF\xBE 1\n"));
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
}

static void test_batches_equal_single_texts(void **state)
{
    enum { ROWS = 5000 };
    static const char *const some[] = {"中国人民的T恤", "", "iPhone 15计算机！！",
                                       "2024年5月6日，199元", "\xFF的"};
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_SEARCH);
    static char text[ROWS * 64];
    static int32_t offsets[ROWS + 1];
    static int64_t starts[ROWS + 1], again[ROWS + 1];
    kehu_span *a, *b;
    int64_t bound;
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        const char *s = some[(i * 7 + i / 11) % 5];
        memcpy(text + offsets[i], s, strlen(s));
        offsets[i + 1] = offsets[i] + (int32_t)strlen(s);
    }
    const kehu_column c = {
        .type = KEHU_UTF8, .length = ROWS, .data = text, .offsets = offsets};
    assert_int_equal(kehu_tokenizer_bound_column(t, &c, &bound, NULL), KEHU_OK);
    assert_int_equal(bound, 4 * offsets[ROWS]);
    a = malloc((size_t)bound * sizeof *a);
    b = malloc((size_t)bound * sizeof *b);
    assert_int_equal(kehu_tokenizer_split_column(t, &c, a, bound, starts, NULL, NULL),
                     KEHU_OK);
    for (int i = 0; i < ROWS; i++) {
        kehu_span one[256];
        int64_t n;
        assert_int_equal(kehu_tokenizer_split(t, text + offsets[i],
                                              offsets[i + 1] - offsets[i], one, 256, &n,
                                              NULL, NULL),
                         KEHU_OK);
        assert_int_equal(n, starts[i + 1] - starts[i]);
        assert_memory_equal(one, a + starts[i], (size_t)n * sizeof *one);
    }
    for (uint32_t n_threads = 2; n_threads <= 7; n_threads += 5) {
        const kehu_tokenizer_batch_options options = {.size = sizeof options,
                                                      .n_threads = n_threads};
        assert_int_equal(
            kehu_tokenizer_split_column(t, &c, b, bound, again, &options, NULL), KEHU_OK);
        assert_memory_equal(starts, again, sizeof starts);
        assert_memory_equal(a, b, (size_t)starts[ROWS] * sizeof *a);
    }
    free(a);
    free(b);
    kehu_tokenizer_free(t);
}

static int stop_at_once(void *ctx, double done, const char *stage)
{
    (void)ctx;
    (void)done;
    return stage != NULL;
}

static void test_batches_refuse_little_room_and_stop_when_told(void **state)
{
    const int32_t offsets[] = {0, 6};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 1, .data = "中国", .offsets = offsets};
    const kehu_progress progress = {stop_at_once, NULL};
    const kehu_tokenizer_batch_options options = {.size = sizeof options,
                                                  .progress = &progress};
    kehu_tokenizer *t = read_list(list, KEHU_TOKENIZER_WORDS);
    kehu_span spans[6];
    int64_t starts[2];
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_split_column(t, &c, spans, 5, starts, NULL, &err),
                     KEHU_LIMIT);
    assert_string_equal(err.message, "capacity is 5, these texts need up to 6");
    assert_int_equal(kehu_tokenizer_split_column(t, &c, spans, 6, starts, &options, &err),
                     KEHU_CANCELLED);
    kehu_tokenizer_free(t);
}

/* Everything a user does, with the n-th allocation refused. */
static kehu_status work(const kehu_allocator *alloc, bytes *file)
{
    static const int32_t offsets[] = {0, 9, 15};
    static const int64_t frequencies[] = {KEHU_WORD_AUTOMATIC, KEHU_WORD_REMOVED};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 2, .data = "旧金山中国", .offsets = offsets};
    const kehu_tokenizer_options options = {.size = sizeof options, .alloc = alloc};
    const kehu_tokenizer_batch_options batch = {.size = sizeof batch, .alloc = alloc};
    const kehu_writer writer = {append, file};
    kehu_tokenizer *t = NULL, *u = NULL, *v = NULL;
    kehu_span spans[15];
    int64_t starts[3];
    kehu_status status =
        kehu_tokenizer_read_words(&t, list, sizeof list - 1, &options, NULL);
    file->size = 0;
    if (status == KEHU_OK)
        status = kehu_tokenizer_edit(&u, t, &c, frequencies, NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tokenizer_write_words(u, &writer, NULL);
    file->size = 0;
    if (status == KEHU_OK)
        status = kehu_tokenizer_write(u, &writer, NULL);
    if (status == KEHU_OK)
        status = kehu_tokenizer_read(&v, file->data, file->size, &options, NULL);
    if (status != KEHU_OK)
        assert_null(v);
    if (status == KEHU_OK)
        status = kehu_tokenizer_split_column(v, &c, spans, 15, starts, &batch, NULL);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
    kehu_tokenizer_free(v);
    return status;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    static bytes file;
    faulty f;
    long n = 0;
    kehu_status status;
    (void)state;
    do {
        status = work(faulty_init(&f, n), &file);
        assert_true(status == KEHU_NO_MEMORY || status == KEHU_OK);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        n++;
    } while (status != KEHU_OK);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_give_the_cheapest_way),
        cmocka_unit_test(test_words_are_found_with_what_the_list_says),
        cmocka_unit_test(test_search_adds_the_words_inside),
        cmocka_unit_test(test_spans_are_counted_in_code_points),
        cmocka_unit_test(test_characters_stay_alone),
        cmocka_unit_test(test_units_split_where_asked),
        cmocka_unit_test(test_edits_add_change_and_remove),
        cmocka_unit_test(test_edits_take_any_characters_and_keep_latin_words_whole),
        cmocka_unit_test(test_edits_refuse_what_cannot_be_a_word),
        cmocka_unit_test(test_lists_are_refused_with_their_line),
        cmocka_unit_test(test_lists_allow_what_people_write),
        cmocka_unit_test(test_lists_come_out_as_they_went_in),
        cmocka_unit_test(test_a_word_that_begins_with_a_mark_comes_back),
        cmocka_unit_test(test_files_give_the_same_words),
        cmocka_unit_test(test_files_are_refused_when_cut_or_changed),
        cmocka_unit_test(test_sizes_that_wrap_are_refused),
        cmocka_unit_test(test_rare_characters_are_found_like_others),
        cmocka_unit_test(test_batches_equal_single_texts),
        cmocka_unit_test(test_batches_refuse_little_room_and_stop_when_told),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
