/* Keyword lists: the text file, matching, answers, reasons, differences. */
#include <kehu/keyword.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "support/test.h"
#include "text/normalize.h"

static kehu_keyword *list_of(const char *text)
{
    kehu_keyword *k = NULL;
    kehu_error err = {.message = ""};
    if (kehu_keyword_read_text(&k, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return k;
}

typedef struct sink {
    char bytes[1 << 16];
    size_t size;
} sink;

static int take(void *ctx, const void *bytes, size_t size)
{
    sink *s = ctx;
    if (size > sizeof s->bytes - 1 - s->size)
        return 1;
    memcpy(s->bytes + s->size, bytes, size);
    s->size += size;
    s->bytes[s->size] = '\0';
    return 0;
}

static void write_to(sink *s, const kehu_keyword *k)
{
    s->size = 0;
    assert_int_equal(kehu_keyword_write_text(k, &(kehu_writer){take, s}, NULL), KEHU_OK);
}

typedef struct answer {
    int32_t class_number, best, margin, n_keywords, scores[8];
    double probability;
} answer;

static answer ask_at(const kehu_keyword *k, const char *text, double min_probability)
{
    answer a = {.class_number = -2};
    const int64_t offsets[2] = {0, (int64_t)strlen(text)};
    const kehu_column column = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = offsets};
    const kehu_keyword_answers to = {&a.class_number, &a.best,       &a.probability,
                                     &a.margin,       &a.n_keywords, a.scores};
    const kehu_keyword_predict_options opt = {.size = sizeof opt,
                                              .min_probability = min_probability};
    assert_int_equal(kehu_keyword_predict(k, &column, &opt, &to, NULL), KEHU_OK);
    return a;
}

static answer ask(const kehu_keyword *k, const char *text)
{
    return ask_at(k, text, 0);
}

static const char sample[] = "# Made by hand\n"
                             "\n"
                             "@bias\t话费\t5\n"
                             "@scale\t40000\n"
                             "# the bill\n"
                             "话费\t账单\t60\n"
                             "话费\t!扣费\t80\n"
                             "话费\t网速\t-20\n"
                             "话费\t-您好\n"
                             "网络\t网速\t70\n"
                             "网络\twifi\t50\n"
                             "网络\t+5G 套餐\t30\n"
                             "*\t-谢谢\n"
                             "# the end\n";

static void test_keyword_weights_add_up_class_by_class(void **state)
{
    kehu_keyword *k = list_of(sample);
    answer a = ask(k, "账单不对，网速慢，账单！");
    (void)state;
    assert_int_equal(kehu_keyword_class_count(k), 2);
    assert_int_equal(kehu_keyword_class_find(k, "网络", 6), 0);
    assert_string_equal(kehu_keyword_class_name(k, 1), "话费");
    assert_int_equal(a.scores[1], 5 + 60 - 20);
    assert_int_equal(a.scores[0], 70);
    assert_int_equal(a.class_number, 0);
    assert_int_equal(a.margin, 25);
    assert_int_equal(a.n_keywords, 2);
    /* softmax(25 x 0.04) = 1 / (1 + e^-1) */
    assert_true(a.probability > 0.73105857 && a.probability < 0.73105859);
    kehu_keyword_free(k);
}

static void test_keyword_matching_folds_and_keeps_latin_words_whole(void **state)
{
    kehu_keyword *k = list_of(sample);
    (void)state;
    assert_int_equal(ask(k, "ＷＩＦＩ").n_keywords, 1);
    assert_int_equal(ask(k, "办公室WiFi好慢").n_keywords, 1);
    assert_int_equal(ask(k, "mywifi").n_keywords, 0);
    assert_int_equal(ask(k, "wifi6").n_keywords, 0);
    assert_int_equal(ask(k, "5g \t\u3000套餐").n_keywords, 1);
    assert_int_equal(ask(k, "15g 套餐").n_keywords, 0);
    assert_int_equal(ask(k, "5g套餐").n_keywords, 0);
    assert_int_equal(ask(k, "网\xE9\x80速").n_keywords, 0);
    assert_int_equal(ask(k, "谢谢您好").n_keywords, 0);
    kehu_keyword_free(k);
}

static void test_keyword_matches_say_where_they_are(void **state)
{
    kehu_keyword *k = list_of("a\t网速\t3\na\t速\t1\na\t网速慢\t-2\nb\t慢\t9\n");
    const char text[] = "ｘ网速慢";
    kehu_keyword_match m[4];
    int64_t count;
    (void)state;
    assert_int_equal(
        kehu_keyword_match_text(k, text, (int64_t)strlen(text), 0, m, 4, &count, NULL),
        KEHU_OK);
    assert_int_equal(count, 4);
    assert_true(m[0].start == 3 && m[0].end == 9 && m[0].weight == 3);
    assert_true(m[1].start == 6 && m[1].end == 9 && m[1].weight == 1);
    assert_true(m[2].start == 3 && m[2].end == 12 && m[2].weight == -2);
    assert_true(m[3].start == 9 && m[3].end == 12 && m[3].weight == 0);
    assert_string_equal(kehu_keyword_word(k, m[2].word), "网速慢");
    /* Fewer places than matches: the first are written, all are counted. */
    m[1].weight = 77;
    assert_int_equal(kehu_keyword_match_text(k, text, 12, -1, m, 1, &count, NULL),
                     KEHU_OK);
    assert_int_equal(count, 4);
    assert_int_equal(m[0].weight, 0); /* class b is best */
    assert_int_equal(m[1].weight, 77);
    kehu_keyword_free(k);
}

static void test_keyword_reasons_add_up_to_the_score(void **state)
{
    kehu_keyword *k = list_of("@bias\ta\t7\na\t网速\t3\na\t速\t1\na\t慢\t-5\nb\t卡\t1\n");
    const char text[] = "速卡网速慢慢";
    kehu_keyword_match m[8];
    int64_t count;
    int32_t sum;
    (void)state;
    assert_int_equal(kehu_keyword_explain(k, text, 18, 0, m, 8, &count, NULL), KEHU_OK);
    assert_int_equal(count, 3);
    assert_true(m[0].weight == -5 && m[0].start == 12);
    assert_true(m[1].weight == 3 && m[1].start == 6);
    assert_true(m[2].weight == 1 && m[2].start == 0);
    sum = kehu_keyword_bias(k, 0);
    for (int64_t i = 0; i < count; i++)
        sum += m[i].weight;
    assert_int_equal(sum, ask(k, text).scores[0]);
    assert_int_equal(kehu_keyword_explain(k, NULL, 0, -1, NULL, 0, &count, NULL),
                     KEHU_OK);
    assert_int_equal(count, 0);
    kehu_keyword_free(k);
}

static void test_keyword_abstains_when_unsure_or_silent(void **state)
{
    kehu_keyword *k = list_of("@abstain\t7000\n@scale\t100000\na\t网\t10\nb\t费\t10\n");
    kehu_keyword *biased = list_of("@bias\tb\t1\na\t网\t10\nb\t费\t10\n");
    (void)state;
    assert_int_equal(ask(k, "网").class_number, 0); /* 1 / (1 + e^-1) = 0.731 */
    assert_int_equal(ask(k, "网费").class_number, -1);
    assert_int_equal(ask(k, "网费").best, 0); /* the lower class of equals */
    assert_int_equal(ask(k, "").class_number, -1);
    assert_int_equal(ask_at(k, "网", 0.75).class_number, -1);
    assert_int_equal(ask_at(k, "网费", 0.5).class_number, 0);
    assert_int_equal(ask_at(k, "喂", 0.5).class_number, -1); /* no keyword, no bias */
    assert_int_equal(ask(biased, "喂").class_number, 1);
    kehu_keyword_free(k);
    kehu_keyword_free(biased);
}

static void test_keyword_file_is_written_sorted_with_its_notes(void **state)
{
    static sink s, again;
    kehu_keyword *k = list_of(sample), *back;
    (void)state;
    write_to(&s, k);
    assert_string_equal(s.bytes, "# Made by hand\n"
                                 "\n"
                                 "@format\t1\n"
                                 "@scale\t40000\n"
                                 "@abstain\t0\n"
                                 "@bias\t网络\t0\n"
                                 "@bias\t话费\t5\n"
                                 "\n"
                                 "*\t-谢谢\n"
                                 "\n"
                                 "网络\t+5g 套餐\t30\n"
                                 "网络\twifi\t50\n"
                                 "网络\t网速\t70\n"
                                 "\n"
                                 "话费\t-您好\n"
                                 "话费\t!扣费\t80\n"
                                 "话费\t网速\t-20\n"
                                 "# the bill\n"
                                 "话费\t账单\t60\n"
                                 "\n"
                                 "# the end\n");
    back = list_of(s.bytes);
    write_to(&again, back);
    assert_string_equal(again.bytes, s.bytes);
    kehu_keyword_free(back);
    kehu_keyword_free(k);
}

static void test_keyword_file_keeps_names_with_special_characters(void **state)
{
    static sink s, again;
    const char text[] =
        "# a remark\r\r\r\n\\#5 路\t\\!\t1\n\\@x\t\\-5\t2\n\\*\t\\+\t3\na\\\\b\t#\t4\n"
        "  c d\\ \t\\\\\t5\r\n\xEF\xBB\xBF\t@\t6";
    kehu_keyword *k = list_of(text), *back;
    kehu_keyword_line line;
    (void)state;
    assert_int_equal(kehu_keyword_class_count(k), 6);
    assert_string_equal(kehu_keyword_class_name(k, 0), "#5 路");
    assert_string_equal(kehu_keyword_class_name(k, 1), "*");
    assert_string_equal(kehu_keyword_class_name(k, 3), "a\\b");
    assert_string_equal(kehu_keyword_class_name(k, 4), "c d ");
    assert_int_equal(kehu_keyword_get_line(k, 2, &line, NULL), KEHU_OK);
    assert_string_equal(line.keyword, "-5");
    assert_true(line.class_number == 2 && line.mark == KEHU_KEYWORD_LEARNED);
    write_to(&s, k);
    back = list_of(s.bytes);
    write_to(&again, back);
    assert_string_equal(again.bytes, s.bytes);
    assert_int_equal(kehu_keyword_class_count(back), 6);
    kehu_keyword_free(back);
    kehu_keyword_free(k);
}

static void test_keyword_lines_without_weight_are_added_ones(void **state)
{
    kehu_keyword *k = list_of("\xEF\xBB\xBF网络\t断网\n");
    kehu_keyword_line line;
    (void)state;
    assert_int_equal(kehu_keyword_line_count(k), 1);
    assert_int_equal(kehu_keyword_get_line(k, 0, &line, NULL), KEHU_OK);
    assert_true(line.mark == KEHU_KEYWORD_ADDED && line.weight == 50);
    assert_int_equal(kehu_keyword_get_line(k, 1, &line, NULL), KEHU_ARGUMENT);
    assert_null(kehu_keyword_class_name(k, 1));
    assert_null(kehu_keyword_word(k, -1));
    kehu_keyword_free(k);
}

static void test_keyword_forbidden_for_all_wins_over_learned_lines(void **state)
{
    kehu_keyword *k = list_of("a\t手机\t9\na\t网\t3\nb\t手机\t-4\n*\t-手机\n");
    (void)state;
    assert_int_equal(kehu_keyword_line_count(k), 2);
    assert_int_equal(ask(k, "手机网").n_keywords, 1);
    assert_int_equal(kehu_keyword_class_count(k), 1); /* b has nothing left */
    kehu_keyword_free(k);
}

static void test_keyword_file_errors_name_line_and_reason(void **state)
{
    static const struct {
        const char *text, *message;
        kehu_status status;
        int64_t where;
    } bad[] = {
        {"a\t网\t3\nb\n", "line 2: expected class, keyword and weight, parted by tabs",
         KEHU_FORMAT, 1},
        {"a\t网\t3\t4\n", "line 1: expected class, keyword and weight, parted by tabs",
         KEHU_FORMAT, 0},
        {"a\t网\t3\t4\t5\n", "line 1: too many fields", KEHU_FORMAT, 0},
        {"a\t网\t101\n", "line 1: the weight is not a whole number from -100 to 100",
         KEHU_FORMAT, 0},
        {"a\t网\t1.5\n", "line 1: the weight is not a whole number from -100 to 100",
         KEHU_FORMAT, 0},
        {"a\t网\t\n", "line 1: the weight is not a whole number from -100 to 100",
         KEHU_FORMAT, 0},
        {"a\t网\t99999999999999999999\n",
         "line 1: the weight is not a whole number from -100 to 100", KEHU_FORMAT, 0},
        {"\t网\t1\n", "line 1: the class is empty", KEHU_FORMAT, 0},
        {"a\t \t1\n", "line 1: the keyword is empty", KEHU_FORMAT, 0},
        {"a\t+\n", "line 1: the keyword is empty", KEHU_FORMAT, 0},
        {"a\t!网\n", "line 1: a fixed keyword needs its weight", KEHU_FORMAT, 0},
        {"a\t-网\t3\n", "line 1: a forbidden keyword has no weight", KEHU_FORMAT, 0},
        {"*\t网\t3\n", "line 1: only a forbidden keyword can be for all classes",
         KEHU_FORMAT, 0},
        {"a\t网\\\t3\n", "line 1: nothing follows the backslash", KEHU_FORMAT, 0},
        {"a\x01\t网\t3\n", "line 1: a control character", KEHU_FORMAT, 0},
        {"# x\n\na\t\xFF\t3\n", "line 3 is not UTF-8", KEHU_ENCODING, 2},
        {"@scale\t0\n", "line 1: the scale is not a whole number from 1 to 1000000",
         KEHU_FORMAT, 0},
        {"@scale\n", "line 1: a setting takes one number", KEHU_FORMAT, 0},
        {"@bias\ta\n", "line 1: @bias takes a class and a number", KEHU_FORMAT, 0},
        {"@abstain\t10001\n",
         "line 1: the abstain level is not a whole number from 0 to 10000", KEHU_FORMAT,
         0},
        {"@size\t3\n",
         "line 1: no such setting; there are @format, @bias, @scale, @abstain",
         KEHU_FORMAT, 0},
        {"@format\t2\n", "line 1: format 2, this kehu reads up to 1", KEHU_VERSION, 0},
        {"a\t网\t3\n\na\t 网\t4\n",
         "line 3: the keyword stands in this class already, on line 1", KEHU_DUPLICATE,
         2},
        {"a\t!网\t3\n*\t-网\n",
         "line 1: the keyword is forbidden for all classes, on line 2", KEHU_DUPLICATE,
         0},
        {"@bias\ta\t3\n@bias\ta\t3\n", "line 2: the class has a bias already, on line 1",
         KEHU_DUPLICATE, 1},
        {"", "the keyword list has no class", KEHU_EMPTY, -1},
        {"# only a note\n*\t-网\n", "the keyword list has no class", KEHU_EMPTY, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kehu_keyword *k = (kehu_keyword *)&k;
        kehu_error err = {.message = ""};
        const kehu_status status =
            kehu_keyword_read_text(&k, bad[i].text, strlen(bad[i].text), NULL, &err);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(status, bad[i].status);
        assert_int_equal(err.code, bad[i].status);
        assert_true(err.where == bad[i].where);
        assert_null(k);
    }
}

static void test_keyword_file_refuses_nul_long_names_and_long_keywords(void **state)
{
    char text[1024];
    kehu_keyword *k;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_keyword_read_text(&k, "a\t\0\t3\n", 6, NULL, &err),
                     KEHU_FORMAT);
    assert_string_equal(err.message, "line 1: a NUL byte");
    memset(text, 'x', 256);
    memcpy(text + 256, "\ta\t1", 5);
    assert_int_equal(kehu_keyword_read_text(&k, text, strlen(text), NULL, &err),
                     KEHU_FORMAT);
    assert_string_equal(err.message, "line 1: the class has more than 255 bytes");
    for (int n = 64; n <= 65; n++) {
        strcpy(text, "a\t");
        for (int i = 0; i < n; i++)
            strcat(text, "网");
        assert_int_equal(kehu_keyword_read_text(&k, text, strlen(text), NULL, &err),
                         n == 64 ? KEHU_OK : KEHU_FORMAT);
        if (n == 64)
            assert_int_equal(ask(k, text + 2).n_keywords, 1);
        kehu_keyword_free(k);
    }
    assert_string_equal(err.message, "line 1: the keyword has more than 64 characters");
}

static void test_keyword_calls_refuse_wrong_arguments(void **state)
{
    kehu_keyword *k = list_of(sample), *out = NULL;
    const kehu_column numbers = {.type = KEHU_INT32, .length = 1, .data = &(int32_t){1}};
    const kehu_column none = {.type = KEHU_UTF8};
    const kehu_keyword_answers nothing = {.classes = NULL};
    kehu_keyword_predict_options opt = {.size = sizeof opt, .min_probability = 1.5};
    kehu_keyword_match m[1];
    int64_t count;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_keyword_predict(NULL, &none, NULL, &nothing, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_predict(k, NULL, NULL, &nothing, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_predict(k, &numbers, NULL, &nothing, &err),
                     KEHU_COLUMN);
    assert_string_equal(err.message, "texts is INT32, expected text");
    assert_int_equal(kehu_keyword_predict(k, &none, &opt, &nothing, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "min_probability is not within 0 to 1");
    opt.size = 0;
    assert_int_equal(kehu_keyword_predict(k, &none, &opt, &nothing, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_predict(k, &none, NULL, &nothing, &err), KEHU_OK);
    assert_int_equal(kehu_keyword_match_text(k, "x", 1, 2, m, 1, &count, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "class_number is 2, expected -1 to 1");
    assert_int_equal(kehu_keyword_match_text(k, NULL, 1, 0, m, 1, &count, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_match_text(k, "x", 1, 0, NULL, 1, &count, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_explain(k, "x", 1, 0, m, -1, &count, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_explain(k, "x", 1, 0, m, 1, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_read_text(NULL, "", 0, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_load_text(&out, "no such file", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_int_equal(kehu_keyword_load(&out, "no such file", NULL, &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu_keyword_save(k, "no such folder/x", &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu_keyword_write(k, NULL, &err), KEHU_ARGUMENT);
    kehu_keyword_free(NULL);
    kehu_keyword_free(k);
}

static void test_keyword_diff_says_what_changed(void **state)
{
    kehu_keyword *a = list_of("@bias\tb\t2\na\t一\t1\na\t二\t2\nb\t三\t3\nc\t四\t4\n");
    kehu_keyword *b = list_of("@bias\tb\t5\na\t一\t1\na\t!二\t2\nb\t三\t-3\nb\t五\t5\n"
                              "d\t-六\n*\t-七\n");
    kehu_keyword_change c[16];
    int64_t n;
    static const struct {
        const char *class_name, *keyword;
        int old_mark, new_mark, old_weight, new_weight;
    } expected[] = {
        {"*", "七", -1, KEHU_KEYWORD_FORBIDDEN, 0, 0},
        {"a", "二", KEHU_KEYWORD_LEARNED, KEHU_KEYWORD_FIXED, 2, 2},
        {"b", NULL, KEHU_KEYWORD_LEARNED, KEHU_KEYWORD_LEARNED, 2, 5},
        {"b", "三", KEHU_KEYWORD_LEARNED, KEHU_KEYWORD_LEARNED, 3, -3},
        {"b", "五", -1, KEHU_KEYWORD_LEARNED, 0, 5},
        {"c", NULL, KEHU_KEYWORD_LEARNED, -1, 0, 0},
        {"c", "四", KEHU_KEYWORD_LEARNED, -1, 4, 0},
        {"d", NULL, -1, KEHU_KEYWORD_LEARNED, 0, 0},
        {"d", "六", -1, KEHU_KEYWORD_FORBIDDEN, 0, 0},
    };
    (void)state;
    assert_int_equal(kehu_keyword_diff(a, b, c, 16, &n, NULL), KEHU_OK);
    assert_int_equal(n, sizeof expected / sizeof *expected);
    for (int64_t i = 0; i < n; i++) {
        assert_string_equal(c[i].class_name, expected[i].class_name);
        if (expected[i].keyword == NULL)
            assert_null(c[i].keyword);
        else
            assert_string_equal(c[i].keyword, expected[i].keyword);
        assert_int_equal(c[i].old_mark, expected[i].old_mark);
        assert_int_equal(c[i].new_mark, expected[i].new_mark);
        assert_int_equal(c[i].old_weight, expected[i].old_weight);
        assert_int_equal(c[i].new_weight, expected[i].new_weight);
    }
    assert_int_equal(kehu_keyword_diff(a, a, NULL, 0, &n, NULL), KEHU_OK);
    assert_int_equal(n, 0);
    assert_int_equal(kehu_keyword_diff(a, NULL, c, 16, &n, NULL), KEHU_ARGUMENT);
    kehu_keyword_free(a);
    kehu_keyword_free(b);
}

static void test_keyword_model_file_is_the_same_list(void **state)
{
    static sink s, model, again;
    kehu_keyword *k = list_of(sample), *back = NULL;
    char path[] = "keyword_XXXXXX";
    const int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    write_to(&s, k);
    assert_int_equal(kehu_keyword_save(k, path, NULL), KEHU_OK);
    assert_int_equal(kehu_keyword_load(&back, path, NULL, NULL), KEHU_OK);
    write_to(&again, back);
    assert_string_equal(again.bytes, s.bytes);
    kehu_keyword_free(back);
    assert_int_equal(kehu_keyword_save_text(k, path, NULL), KEHU_OK);
    kehu_keyword_free(k);
    assert_int_equal(kehu_keyword_load_text(&back, path, NULL, NULL), KEHU_OK);
    write_to(&again, back);
    assert_string_equal(again.bytes, s.bytes);
    assert_int_equal(kehu_keyword_load(&k, path, NULL, NULL), KEHU_FORMAT);
    assert_null(k);
    unlink(path);

    model.size = 0;
    assert_int_equal(kehu_keyword_write(back, &(kehu_writer){take, &model}, NULL),
                     KEHU_OK);
    for (size_t n = 0; n < model.size; n++)
        assert_int_equal(kehu_keyword_read(&k, model.bytes, n, NULL, NULL), KEHU_FORMAT);
    for (size_t bit = 0; bit < 8 * model.size; bit++) {
        model.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu_keyword_read(&k, model.bytes, model.size, NULL, NULL),
                             KEHU_OK);
        assert_null(k);
        model.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    kehu_keyword_free(back);
}

static void test_keyword_file_gives_up_cleanly_without_memory(void **state)
{
    (void)state;
    for (long refuse = 0;; refuse++) {
        faulty f;
        kehu_keyword *k = NULL;
        kehu_keyword_match m[4];
        int32_t class_number;
        int64_t count;
        static sink model;
        const kehu_allocator *alloc = faulty_init(&f, refuse);
        const int32_t offsets[2] = {0, 6};
        const kehu_column text = {
            .type = KEHU_UTF8, .length = 1, .data = "网速", .offsets = offsets};
        const kehu_keyword_answers to = {.classes = &class_number};
        kehu_status status =
            kehu_keyword_read_text(&k, sample, sizeof sample - 1, alloc, NULL);
        model.size = 0;
        assert_true((status == KEHU_OK) == (k != NULL));
        if (status == KEHU_OK)
            status = kehu_keyword_write(k, &(kehu_writer){take, &model}, NULL);
        if (status == KEHU_OK) {
            kehu_keyword_free(k);
            status = kehu_keyword_read(&k, model.bytes, model.size, alloc, NULL);
        }
        if (status == KEHU_OK)
            status = kehu_keyword_predict(k, &text, NULL, &to, NULL);
        if (status == KEHU_OK)
            status = kehu_keyword_match_text(k, "网速", 6, -1, m, 4, &count, NULL);
        if (status == KEHU_OK)
            status = kehu_keyword_explain(k, "网速", 6, -1, m, 4, &count, NULL);
        kehu_keyword_free(k);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
}

static int stop(void *ctx, double done, const char *stage)
{
    assert_true(done >= 0 && done <= 1 && stage != NULL);
    ++*(int *)ctx;
    return 1;
}

static void test_keyword_predict_is_cut_by_size_and_can_be_stopped(void **state)
{
    enum { N = 5000 };
    static char data[N * 12];
    static int32_t offsets[N + 1], one[N], other[N];
    static double p[N], q[N];
    kehu_keyword *k = list_of(sample);
    static const char *const pieces[] = {"账单", "网速", "扣费", "wifi", "，"};
    int calls = 0;
    const kehu_progress progress = {stop, &calls};
    kehu_keyword_predict_options opt = {.size = sizeof opt, .n_threads = 1};
    kehu_column column = {.type = KEHU_UTF8, .length = N, .offsets = offsets};
    (void)state;
    for (int i = 0; i < N; i++) {
        char *at = data + offsets[i];
        strcpy(at, pieces[i % 5]);
        strcat(at, pieces[i / 5 % 5]);
        offsets[i + 1] = offsets[i] + (int32_t)strlen(at);
    }
    column.data = data;
    assert_int_equal(
        kehu_keyword_predict(k, &column, &opt,
                             &(kehu_keyword_answers){.classes = one, .probabilities = p},
                             NULL),
        KEHU_OK);
    for (uint32_t threads = 2; threads <= 7; threads += 5) {
        opt.n_threads = threads;
        memset(other, 9, sizeof other);
        assert_int_equal(kehu_keyword_predict(k, &column, &opt,
                                              &(kehu_keyword_answers){.classes = other,
                                                                      .probabilities = q},
                                              NULL),
                         KEHU_OK);
        assert_memory_equal(one, other, sizeof one);
        assert_memory_equal(p, q, sizeof p);
    }
    opt.progress = &progress;
    assert_int_equal(kehu_keyword_predict(k, &column, &opt,
                                          &(kehu_keyword_answers){.classes = other},
                                          NULL),
                     KEHU_CANCELLED);
    assert_int_equal(calls, 1);
    kehu_keyword_free(k);
}

/* The buffer for a keyword's one form is as long as the keyword. */
static void test_keyword_folding_never_makes_a_text_longer(void **state)
{
    char out[4];
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++)
        if (c < 0xD800 || c > 0xDFFF)
            assert_true(kehu__utf8_put(out, kehu__fold(c)) <= kehu__utf8_put(out, c));
}

/* Every character there is, as a keyword, in a text of all of them: what is found
 * does not depend on how its bytes are read. */
static void test_keyword_every_character_can_be_found(void **state)
{
    static char text[1 << 19];
    size_t size = 0;
    kehu_keyword *k = list_of("a\t一\t1\na\t가\t1\na\t\uE000\t1\na\tア\t1\na\t\\!\t1\n"
                              "a\tk\t1\na\tש\t1\na\t、\t1\na\tꙁ\t1\na\t~\t1\n");
    kehu_keyword_match m[64];
    int64_t count;
    (void)state;
    for (uint32_t c = 0x20; c <= 0xFFFF; c++)
        if (c < 0xD800 || c > 0xDFFF) {
            size += (size_t)kehu__utf8_put(text + size, c);
            text[size++] = ' ';
        }
    assert_int_equal(
        kehu_keyword_match_text(k, text, (int64_t)size, 0, m, 64, &count, NULL), KEHU_OK);
    /* ! and ~ also in full width, k in both widths and cases, Cyrillic in both cases. */
    assert_int_equal(count, 1 + 1 + 1 + 1 + 2 + 4 + 1 + 1 + 1 + 2);
    kehu_keyword_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyword_weights_add_up_class_by_class),
        cmocka_unit_test(test_keyword_matching_folds_and_keeps_latin_words_whole),
        cmocka_unit_test(test_keyword_matches_say_where_they_are),
        cmocka_unit_test(test_keyword_reasons_add_up_to_the_score),
        cmocka_unit_test(test_keyword_abstains_when_unsure_or_silent),
        cmocka_unit_test(test_keyword_file_is_written_sorted_with_its_notes),
        cmocka_unit_test(test_keyword_file_keeps_names_with_special_characters),
        cmocka_unit_test(test_keyword_lines_without_weight_are_added_ones),
        cmocka_unit_test(test_keyword_forbidden_for_all_wins_over_learned_lines),
        cmocka_unit_test(test_keyword_file_errors_name_line_and_reason),
        cmocka_unit_test(test_keyword_file_refuses_nul_long_names_and_long_keywords),
        cmocka_unit_test(test_keyword_calls_refuse_wrong_arguments),
        cmocka_unit_test(test_keyword_diff_says_what_changed),
        cmocka_unit_test(test_keyword_model_file_is_the_same_list),
        cmocka_unit_test(test_keyword_file_gives_up_cleanly_without_memory),
        cmocka_unit_test(test_keyword_predict_is_cut_by_size_and_can_be_stopped),
        cmocka_unit_test(test_keyword_every_character_can_be_found),
        cmocka_unit_test(test_keyword_folding_never_makes_a_text_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
