/* Texts at the edges go through every room that reads texts: one of 50 MB, all equal,
 * none with a character in it. What comes out is known beforehand.
 *
 *     test_text_bounds [large]    large: the one of 50 MB, else the others */
#include <kehu/kehu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { LONG = 50 * 1000 * 1000, MANY = 2000 };

static void check(kehu_status status, const kehu_error *err)
{
    if (status != KEHU_OK)
        fail_msg("%s", err->message);
}

static kehu_tokenizer *words_of_complaints(void)
{
    static const char list[] = "宽带 9\n没有 9\n信号 9\n客服 9\n";
    kehu_tokenizer *t = NULL;
    kehu_error err;
    check(kehu_tokenizer_read_words(&t, list, sizeof list - 1, NULL, &err), &err);
    return t;
}

static kehu_sentiment *tone_of_complaints(void)
{
    static const char list[] = "negative\t没有\t50\npositive\t好\t50\n";
    kehu_keyword *k = NULL;
    kehu_sentiment *s = NULL;
    kehu_error err;
    check(kehu_keyword_read_text(&k, list, sizeof list - 1, NULL, &err), &err);
    check(kehu_sentiment_from_words(&s, k, NULL, &err), &err);
    kehu_keyword_free(k);
    return s;
}

/* Holds back what offers gifts. */
static kehu_gate *gate_of_gifts(void)
{
    enum { ROWS = 60 };
    char texts[ROWS * 40], labels[ROWS * 4];
    int32_t text_at[ROWS + 1] = {0}, label_at[ROWS + 1] = {0};
    const kehu_gate_options o = {.size = sizeof o, .cost = 1, .n_folds = 2};
    kehu_gate *gate = NULL;
    kehu_error err;
    for (int i = 0; i < ROWS; i++) {
        text_at[i + 1] = text_at[i] + snprintf(texts + text_at[i], 40, "%s%d次",
                                               i % 2 ? "免费中奖" : "宽带没有信号", i);
        label_at[i + 1] = label_at[i] + (i % 2 ? 4 : 3);
        memcpy(labels + label_at[i], i % 2 ? "spam" : "ham", i % 2 ? 4 : 3);
    }
    const kehu_column x = {
        .type = KEHU_UTF8, .length = ROWS, .data = texts, .offsets = text_at};
    const kehu_column y = {
        .type = KEHU_UTF8, .length = ROWS, .data = labels, .offsets = label_at};
    check(kehu_gate_train(&gate, &x, &y, "ham", &o, &err), &err);
    return gate;
}

/* Rows of a column that the gate holds back. */
static int64_t held_back(const kehu_gate *gate, const kehu_column *texts)
{
    kehu_table *t = NULL;
    kehu_error err;
    check(kehu_gate_hold(&t, gate, texts, &err), &err);
    const int64_t n = kehu_table_row_count(t);
    kehu_table_free(t);
    return n;
}

static int64_t integer(const kehu_table *t, const char *column, int64_t row)
{
    return ((const int64_t *)kehu_table_find(t, column)->data)[row];
}

/* One text of 50 MB: sentences of a few words, each with characters drawn between. */
static char *long_text(void)
{
    static const char *const said[] = {"宽带没有信号", "客服没有人", "手机好", "没信号"};
    char *text = malloc(LONG), *to = text;
    kehu__random r = kehu__random_seed(5);
    assert_non_null(text);
    while (to + 100 < text + LONG) {
        const char *part = said[kehu__random_below(&r, 4)];
        memcpy(to, part, strlen(part));
        to += strlen(part);
        for (int i = 0; i < 4; i++) { /* U+4E00 and the 4,095 characters behind it */
            const uint32_t c = 0x4E00 + kehu__random_below(&r, 4096);
            *to++ = (char)(0xE0 | c >> 12);
            *to++ = (char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (char)(0x80 | (c & 0x3F));
        }
        memcpy(to, "。", 3);
        to += 3;
    }
    memset(to, ' ', (size_t)(text + LONG - to));
    return text;
}

static void test_one_text_of_50_mb(void **state)
{
    char *text = long_text();
    const int32_t at[2] = {0, LONG};
    const kehu_column one = {.type = KEHU_UTF8, .length = 1, .data = text, .offsets = at};
    kehu_tokenizer *tokenizer = words_of_complaints();
    kehu_sentiment *tone = tone_of_complaints();
    kehu_gate *gate = gate_of_gifts();
    const kehu_topic_options topics = {
        .size = sizeof topics, .min_df = 1, .max_share = 1, .tokenizer = tokenizer};
    const kehu_words_options words = {.size = sizeof words, .tokenizer = tokenizer};
    int8_t polarity = 0;
    const kehu_sentiment_answers answers = {.polarities = &polarity};
    kehu_topic *topic = NULL;
    kehu_table *t = NULL;
    kehu_error err;
    (void)state;
    check(kehu_duplicate_fold(&t, NULL, &one, NULL, &err), &err);
    assert_int_equal(integer(t, "volume", 0), 1);
    kehu_table_free(t);
    check(kehu_words_find(&t, &one, &words, &err), &err);
    kehu_table_free(t);
    check(kehu_summary_find(&t, &one, NULL, &err), &err);
    assert_int_equal(kehu_table_row_count(t), 3);
    kehu_table_free(t);
    check(kehu_needs_find(&t, KEHU_NEEDS_CLASSES, &one, NULL, NULL, &err), &err);
    assert_int_equal(integer(t, "basic", 0), 1);
    kehu_table_free(t);
    check(kehu_redact_texts(&t, &one, NULL, NULL, &err), &err);
    assert_int_equal(kehu_table_row_count(t), 1);
    kehu_table_free(t);
    check(kehu_topic_fit(&topic, &one, &topics, &err), &err);
    kehu_topic_free(topic);
    check(kehu_sentiment_score(tone, &one, NULL, &answers, &err), &err);
    assert_int_equal(polarity, -1);
    assert_int_equal(held_back(gate, &one), 0);
    kehu_gate_free(gate);
    kehu_sentiment_free(tone);
    kehu_tokenizer_free(tokenizer);
    free(text);
}

/* A gate holds back n of texts that are all alike; none can learn from them, as copies of
 * a text are never on both sides. */
static void expect_gate(const kehu_column *alike, int64_t n)
{
    static char labels[MANY];
    int32_t *at = calloc(MANY + 1, sizeof *at);
    kehu_gate *gate = gate_of_gifts(), *none = NULL;
    kehu_error err;
    assert_non_null(at);
    for (int i = 0; i < MANY; i++) {
        labels[i] = i % 2 ? 's' : 'h';
        at[i + 1] = i + 1;
    }
    const kehu_column of = {
        .type = KEHU_UTF8, .length = MANY, .data = labels, .offsets = at};
    assert_int_equal(held_back(gate, alike), n);
    assert_int_equal(kehu_gate_train(&none, alike, &of, "h", NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "too few texts for 5 folds: one lacks a class");
    kehu_gate_free(gate);
    free(at);
}

/* MANY texts, all `text`, or missing when it is NULL. */
static void expect_alike(const char *text)
{
    const int32_t size = text == NULL ? 0 : (int32_t)strlen(text);
    char *bytes = malloc((size_t)size * MANY + 1);
    int32_t *at = calloc(MANY + 1, sizeof *at);
    uint8_t *validity = calloc(MANY / 8, 1);
    int8_t *polarity = malloc(MANY);
    assert_true(bytes != NULL && at != NULL && validity != NULL && polarity != NULL);
    for (int i = 0; i < MANY; i++) {
        if (size > 0)
            memcpy(bytes + i * size, text, (size_t)size);
        at[i + 1] = (i + 1) * size;
    }
    const kehu_column all = {.type = KEHU_UTF8,
                             .length = MANY,
                             .data = bytes,
                             .offsets = at,
                             .validity = text == NULL ? validity : NULL};
    kehu_tokenizer *tokenizer = words_of_complaints();
    kehu_sentiment *tone = tone_of_complaints();
    const kehu_topic_options topics = {
        .size = sizeof topics, .max_share = 1, .tokenizer = tokenizer};
    const kehu_words_options words = {.size = sizeof words, .tokenizer = tokenizer};
    const kehu_sentiment_answers answers = {.polarities = polarity};
    kehu_topic *topic = NULL;
    kehu_table *t = NULL;
    kehu_error err;
    check(kehu_duplicate_fold(&t, NULL, &all, NULL, &err), &err);
    assert_int_equal(kehu_table_row_count(t), size > 0);
    if (size > 0)
        assert_int_equal(integer(t, "volume", 0), MANY);
    kehu_table_free(t);
    check(kehu_words_find(&t, &all, &words, &err), &err);
    kehu_table_free(t);
    check(kehu_summary_find(&t, &all, NULL, &err), &err);
    assert_int_equal(kehu_table_row_count(t), size > 0);
    kehu_table_free(t);
    check(kehu_needs_find(&t, KEHU_NEEDS_CLASSES, &all, NULL, NULL, &err), &err);
    assert_int_equal(integer(t, size > 0 ? "basic" : "none", 0), MANY);
    kehu_table_free(t);
    assert_int_equal(kehu_topic_fit(&topic, &all, &topics, &err),
                     size > 0 ? KEHU_OK : KEHU_EMPTY);
    kehu_topic_free(topic);
    check(kehu_sentiment_score(tone, &all, NULL, &answers, &err), &err);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(polarity[i], size > 0 ? -1 : 0);
    expect_gate(&all, 0);
    kehu_sentiment_free(tone);
    kehu_tokenizer_free(tokenizer);
    free(polarity);
    free(validity);
    free(at);
    free(bytes);
}

static void test_all_texts_equal(void **state)
{
    (void)state;
    expect_alike("宽带没有信号，客服打不通。");
}

static void test_all_texts_equal_and_spam(void **state)
{
    char bytes[12 * MANY + 1] = "";
    int32_t at[MANY + 1] = {0};
    (void)state;
    for (int i = 0; i < MANY; i++) {
        memcpy(bytes + at[i], "免费中奖", 12);
        at[i + 1] = at[i] + 12;
    }
    const kehu_column all = {
        .type = KEHU_UTF8, .length = MANY, .data = bytes, .offsets = at};
    expect_gate(&all, MANY);
}

static void test_no_text_at_all(void **state)
{
    (void)state;
    expect_alike(NULL);
}

/* Days without an event, and a log as of a moment before its first row. */
static void test_empty_period(void **state)
{
    const int64_t time = INT64_C(1700000000000000);
    const int32_t at[2] = {0, 3};
    const kehu_column times = {.type = KEHU_TIMESTAMP, .length = 1, .data = &time};
    const kehu_column status = {
        .type = KEHU_UTF8, .length = 1, .data = "new", .offsets = at};
    const kehu_column ids = {.type = KEHU_INT64, .length = 1, .data = &time};
    const kehu_demand_batch log = {.demand = &ids, .time = &times, .status = &status};
    kehu_demands *d = NULL;
    kehu_demand_counts c;
    kehu_table *t = NULL;
    kehu_error err;
    (void)state;
    for (int k = KEHU_TREND_LEVELS; k <= KEHU_TREND_BURSTS; k++) {
        check(kehu_trends_find(&t, (kehu_trend_report)k, &status, &times, 100, 400, NULL,
                               &err),
              &err);
        for (int64_t i = 0; i < kehu_table_row_count(t); i++)
            assert_int_equal(integer(t, "events", i), 0);
        kehu_table_free(t);
    }
    check(kehu_demands_new(&d, NULL, &err), &err);
    check(kehu_demands_add(d, &log, &err), &err);
    check(kehu_demands_finish(d, time - 1, NULL, &err), &err);
    check(kehu_demands_get_counts(d, &c, &err), &err);
    assert_int_equal(c.later, 1);
    assert_int_equal(c.demands + c.refused, 0);
    check(kehu_demands_get_table(&t, d, KEHU_DEMAND_COUNTS, &err), &err);
    assert_int_equal(kehu_table_row_count(t), 0);
    kehu_table_free(t);
    kehu_demands_free(d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest large[] = {
        cmocka_unit_test(test_one_text_of_50_mb),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_texts_equal),
        cmocka_unit_test(test_all_texts_equal_and_spam),
        cmocka_unit_test(test_no_text_at_all),
        cmocka_unit_test(test_empty_period),
    };
    if (argc == 2 && strcmp(argv[1], "large") == 0)
        return cmocka_run_group_tests(large, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
