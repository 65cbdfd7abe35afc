#include <kehu/tokenizer.h>

#include <stdio.h>
#include <string.h>

#include "support/test.h"

enum { MOST = 4096 };

/* Words joined by blanks, '|' before each kind number: "充了/1 100元/8". */
static void assert_split(const kehu_tokenizer *t, const char *text, const char *wanted)
{
    kehu_span spans[MOST];
    char got[4 * MOST] = "";
    int64_t n, at = 0;
    size_t used = 0;
    kehu_error err;
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, MOST, &n, NULL, &err),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++) {
        if (spans[i].part == 0) {
            assert_int_equal(spans[i].start, at);
            at += spans[i].size;
        }
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%.*s/%d",
                                 i == 0 ? "" : " ", (int)spans[i].size,
                                 text + spans[i].start, spans[i].kind);
    }
    assert_int_equal(at, strlen(text));
    assert_string_equal(got, wanted);
}

static kehu_tokenizer *characters(void)
{
    const kehu_tokenizer_options options = {.size = sizeof options,
                                            .mode = KEHU_TOKENIZER_CHARACTERS};
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_default(&t, &options, NULL), KEHU_OK);
    return t;
}

static void test_tokenizer_rules_need_no_dictionary(void **state)
{
    kehu_tokenizer *t = characters();
    (void)state;
    assert_split(t, "", "");
    assert_split(t, "wifi Wi-Fi don't AT&T C++",
                 "wifi/3  /14 Wi-Fi/3  /14 don't/3  /14 AT&T/3  /14 C++/3");
    assert_split(t, "iPhone15pro,5G,3.5GHz", "iPhone15pro/6 ,/13 5G/6 ,/13 3.5GHz/6");
    assert_split(t, "50%|1,299.00|3.5万", "50%/5 |/13 1,299.00/5 |/13 3.5万/5");
    assert_split(t, "199元¥1,299.5 100块钱", "199元/8 ¥1,299.5/8  /14 100块钱/8");
    assert_split(t, "2024年5月6日|2024-05-06|10:30|5月",
                 "2024年5月6日/7 |/13 2024-05-06/7 |/13 10:30/7 |/13 5月/7");
    assert_split(t, "https://a.cn/b?c=1。a.com a.b@c.com",
                 "https://a.cn/b?c=1/9 。/13 a.com/9  /14 a.b@c.com/10");
    assert_split(t, "13812345678,138****5678,010-12345678,10086",
                 "13812345678/11 ,/13 138****5678/11 ,/13 010-12345678/11 ,/13 10086/11");
    assert_split(t, "……！！(( ", "……/13 ！！/13 (/13 (/13  /14");
    assert_split(t, "ひらがな한국어", "ひらがな/4 한국어/4");
    assert_split(t, "\x01\xE2\x80\x8B", "\x01/15 \xE2\x80\x8B/15");
    kehu_tokenizer_free(t);
}

static void test_tokenizer_keeps_emoji_whole(void **state)
{
    kehu_tokenizer *t = characters();
    (void)state;
    assert_split(
        t, "😂👨‍👩‍👧🇨🇳👍🏽1️⃣❤️",
        "😂/12 👨‍👩‍👧/12 🇨🇳/12 👍🏽/12 1️⃣/12 ❤️/12");
    kehu_tokenizer_free(t);
}

static void test_tokenizer_gives_each_bad_byte_its_own_span(void **state)
{
    static const char text[] = "a\xFF\xE4\xB8\xED\xA0\x80"
                               "中";
    kehu_tokenizer *t = characters();
    kehu_span spans[sizeof text];
    int64_t n;
    (void)state;
    assert_int_equal(kehu_tokenizer_split(t, text, sizeof text - 1, spans, sizeof text,
                                          &n, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(n, 8);
    for (int i = 1; i < 7; i++) {
        assert_int_equal(spans[i].kind, KEHU_SPAN_BAD_BYTE);
        assert_int_equal(spans[i].size, 1);
    }
    assert_int_equal(spans[7].size, 3);
    kehu_tokenizer_free(t);
}

static void test_tokenizer_goes_on_where_the_spans_were_full(void **state)
{
    static const char text[] = "充了100元话费，iPhone15pro还是没信号。2024年5月6日";
    kehu_tokenizer *t = characters();
    kehu_span whole[sizeof text], some[3];
    int64_t n_whole, n, used, at = 0, k = 0;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_split(t, text, sizeof text - 1, whole, sizeof text,
                                          &n_whole, NULL, NULL),
                     KEHU_OK);
    while (at < (int64_t)sizeof text - 1) {
        assert_int_equal(kehu_tokenizer_split(t, text + at, (int64_t)sizeof text - 1 - at,
                                              some, 3, &n, &used, NULL),
                         KEHU_OK);
        for (int64_t i = 0; i < n; i++, k++) {
            assert_int_equal(some[i].start + at, whole[k].start);
            assert_int_equal(some[i].size, whole[k].size);
        }
        at += used;
    }
    assert_int_equal(k, n_whole);
    assert_int_equal(
        kehu_tokenizer_split(t, text, sizeof text - 1, some, 3, &n, NULL, &err),
        KEHU_LIMIT);
    assert_string_equal(err.message,
                        "3 spans do not hold this text; kehu_tokenizer_bound() do");
    kehu_tokenizer_free(t);
}

static void test_tokenizer_default_dictionary_finds_words(void **state)
{
    kehu_tokenizer *t;
    kehu_error err;
    const kehu_status status = kehu_tokenizer_default(&t, NULL, &err);
    (void)state;
    if (status == KEHU_NOT_FOUND) {
        assert_string_equal(err.message,
                            "this kehu was built without a word list; load a dictionary");
        skip();
    }
    assert_int_equal(status, KEHU_OK);
    assert_true(kehu_tokenizer_count(t) > 340000);
    assert_split(t, "充了100元话费，5G网络还是没信号",
                 "充/1 了/1 100元/8 话费/1 ，/13 5G/6 网络/1 还是/1 没/1 信号/1");
    assert_split(t, "我愛天安門", "我/1 愛/1 天安門/1");
    assert_split(t, "卡拉OKT恤", "卡拉/1 OKT/3 恤/1");
    kehu_tokenizer_free(t);
}

/* One traditional character, two simplified ones: the words around it decide. */
static void test_tokenizer_simplifies_by_context(void **state)
{
    kehu_tokenizer *t;
    (void)state;
    if (kehu_tokenizer_default(&t, NULL, NULL) == KEHU_NOT_FOUND)
        skip();
    assert_split(t, "看著著名作家", "看著/1 著名作家/1");
    assert_split(t, "瞭解瞭望塔", "瞭解/1 瞭望塔/1");
    assert_split(t, "乾隆皇帝乾淨", "乾隆皇帝/1 乾淨/1");
    kehu_tokenizer_free(t);
}

static void test_tokenizer_refuses_wrong_arguments(void **state)
{
    kehu_tokenizer *t;
    kehu_tokenizer_options options = {.size = sizeof options, .mode = 5};
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_default(NULL, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "out is NULL");
    assert_int_equal(kehu_tokenizer_default(&t, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "mode is 5, expected 1 to 4");
    assert_null(t);
    options = (kehu_tokenizer_options){.size = sizeof options, .split_units = 2};
    assert_int_equal(kehu_tokenizer_default(&t, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "split_units is 2, expected 0 or 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer_rules_need_no_dictionary),
        cmocka_unit_test(test_tokenizer_keeps_emoji_whole),
        cmocka_unit_test(test_tokenizer_gives_each_bad_byte_its_own_span),
        cmocka_unit_test(test_tokenizer_goes_on_where_the_spans_were_full),
        cmocka_unit_test(test_tokenizer_default_dictionary_finds_words),
        cmocka_unit_test(test_tokenizer_simplifies_by_context),
        cmocka_unit_test(test_tokenizer_refuses_wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
