#include <kehu/topic.h>

#include <math.h>
#define KEHU_ALLOW_LIBC_ALLOC

#include "base/buffer.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "learn/nmf.h"
#include "support/test.h"
#include "support/texts.h"

static const char *const sentences[] = {
    "宽带 断网 网速",
    "网速 宽带",
    "断网 WiFi 宽带",
    "扣费 话费 账单",
    "话费 账单",
    "扣费 话费",
    "账单 話費",
    "宽带 网速 信号",
    "信号 断网",
    "",
    NULL,
    "\xFF 什么",
    "ｗｉｆｉ 信号 宽带",
    "账单 扣费",
};
enum { N = sizeof sentences / sizeof *sentences };

static kehu_tokenizer *dictionary(void)
{
    static const char words[] = "宽带\n断网\n网速\n扣费\n话费\n账单\n信号\n";
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_read_words(&t, words, sizeof words - 1, NULL, NULL),
                     KEHU_OK);
    return t;
}

static kehu_topic *fit(const kehu_tokenizer *t, uint32_t n_topics, uint32_t n_threads)
{
    const kehu_topic_options o = {.size = sizeof o,
                                  .n_topics = n_topics,
                                  .min_df = 2,
                                  .n_threads = n_threads,
                                  .tokenizer = t};
    kehu_column texts = texts_column(sentences, N);
    kehu_topic *topics;
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, NULL), KEHU_OK);
    texts_free(&texts);
    return topics;
}

static kehu__buffer bytes_of(const kehu_topic *topics)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&alloc);
    const kehu_writer writer = {kehu__handle_collect, &b};
    assert_int_equal(kehu_topic_write(topics, &writer, NULL), KEHU_OK);
    return b;
}

static void test_topic_parts_what_goes_together(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic *topics = fit(t, 2, 1);
    kehu_column texts = texts_column(sentences, N);
    float weights[N][2];
    kehu_topic_word words[16];
    kehu_topic_info info[2];
    uint32_t n;
    (void)state;
    assert_int_equal(kehu_topic_count(topics), 2);
    assert_int_equal(kehu_topic_words(topics, 0, words, 16, &n, NULL), KEHU_OK);
    assert_in_range(n, 4, 8);
    assert_string_equal(words[0].word, "宽带");
    assert_int_equal(kehu_topic_words(topics, 1, words, 1, &n, NULL), KEHU_OK);
    assert_true(strcmp(words[0].word, "话费") == 0 || strcmp(words[0].word, "账单") == 0);
    assert_int_equal(kehu_topic_weights(topics, &texts, NULL, weights[0], NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        const double sum = (double)weights[i][0] + (double)weights[i][1];
        const int none = i >= 9 && i <= 11;
        assert_true(none ? sum == 0 : fabs(sum - 1) < 1e-6);
        if (!none)
            assert_int_equal(weights[i][1] > 0.5f, (i >= 3 && i <= 6) || i == 13);
    }
    for (uint32_t k = 0; k < 2; k++)
        assert_int_equal(kehu_topic_get_info(topics, k, &info[k], NULL), KEHU_OK);
    assert_true(fabs(info[0].share + info[1].share - 1) < 1e-9);
    assert_true(info[0].share > info[1].share);
    assert_int_equal(info[0].n_texts, 6);
    assert_int_equal(info[1].n_texts, 5);
    assert_true(info[1].examples[4] >= 3 && info[1].coherence > 0.2);
    texts_free(&texts);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

/* 网速 is rarer, but 宽带 is what the topic says in every text. */
static void test_topic_says_first_what_it_says_most_often(void **state)
{
    static const char *const eight[] = {"宽带 网速", "宽带 网速", "宽带 网速",
                                        "宽带 网速", "宽带 网速", "宽带 网速",
                                        "宽带 断网", "宽带 话费"};
    kehu_tokenizer *t = dictionary();
    const kehu_topic_options o = {
        .size = sizeof o, .n_topics = 1, .min_df = 1, .max_share = 1, .tokenizer = t};
    kehu_column texts = texts_column(eight, 8);
    kehu_topic *topics;
    kehu_topic_word words[4];
    uint32_t n;
    (void)state;
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_topic_words(topics, 0, words, 4, &n, NULL), KEHU_OK);
    assert_int_equal(n, 4);
    assert_string_equal(words[0].word, "宽带");
    assert_string_equal(words[1].word, "网速");
    assert_true(words[0].weight > words[1].weight && words[2].weight == words[3].weight);
    assert_true(fabs(words[0].weight + words[1].weight + 2 * words[2].weight - 1) < 1e-6);
    texts_free(&texts);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

static void test_topic_is_the_same_for_any_number_of_threads_and_after_reading(
    void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic *one = fit(t, 3, 1), *three = fit(t, 3, 3), *again;
    kehu__buffer a = bytes_of(one), b = bytes_of(three), c;
    (void)state;
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    assert_int_equal(kehu_topic_read(&again, a.bytes, a.size, t, NULL, NULL), KEHU_OK);
    c = bytes_of(again);
    assert_int_equal(a.size, c.size);
    assert_memory_equal(a.bytes, c.bytes, a.size);
    a.bytes[a.size / 2] ^= 1;
    kehu_topic_free(again);
    assert_int_equal(kehu_topic_read(&again, a.bytes, a.size, t, NULL, NULL),
                     KEHU_FORMAT);
    assert_null(again);
    kehu__buffer_free(&a);
    kehu__buffer_free(&b);
    kehu__buffer_free(&c);
    kehu_topic_free(one);
    kehu_topic_free(three);
    kehu_tokenizer_free(t);
}

/* More topics than texts or terms: those that are left over are empty and last. */
static void test_topic_takes_more_topics_than_there_are(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic *topics = fit(t, 30, 1);
    kehu_topic_info info, before = {.share = 1};
    double all = 0;
    uint32_t n;
    (void)state;
    for (uint32_t k = 0; k < 30; k++) {
        assert_int_equal(kehu_topic_get_info(topics, k, &info, NULL), KEHU_OK);
        assert_true(info.share <= before.share);
        all += info.share;
        before = info;
    }
    assert_true(fabs(all - 1) < 1e-9);
    assert_true(info.share == 0 && info.examples[0] == -1);
    assert_int_equal(kehu_topic_words(topics, 29, NULL, 0, &n, NULL), KEHU_OK);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

/* So many texts that the start looks at a part of them: every second one is `even`, the
 * others are the `n_odd` ones of `odd` by turns. */
enum { START_ROWS = 50000, MORE_ROWS = START_ROWS + 2 };

static void check_themes(const char *even, const char *const *odd, int n_odd,
                         uint32_t n_topics)
{
    static const char *lines[MORE_ROWS];
    kehu_tokenizer *t = dictionary();
    const kehu_topic_options o = {.size = sizeof o,
                                  .n_topics = n_topics,
                                  .max_share = 0.9,
                                  .passes = 20,
                                  .tokenizer = t};
    kehu_column texts;
    kehu_topic *topics;
    for (int i = 0; i < MORE_ROWS; i++)
        lines[i] = i % 2 ? odd[i / 2 % n_odd] : even;
    texts = texts_column(lines, MORE_ROWS);
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, NULL), KEHU_OK);
    for (uint32_t k = 0; k < n_topics; k++) {
        kehu_topic_info info;
        uint32_t n;
        assert_int_equal(kehu_topic_get_info(topics, k, &info, NULL), KEHU_OK);
        assert_true(info.share > 0.05);
        assert_int_equal(kehu_topic_words(topics, k, NULL, 0, &n, NULL), KEHU_OK);
        assert_true(n > 0);
    }
    texts_free(&texts);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

static void test_topic_starts_from_texts_that_say_something(void **state)
{
    static const char *const themes[] = {"宽带 断网", "扣费 话费"};
    (void)state;
    check_themes("", themes, 2, 2);
}

static void test_topic_starts_from_texts_of_every_kind(void **state)
{
    static const char *const themes[] = {"宽带 断网", "扣费 话费", "账单 网速"};
    (void)state;
    check_themes("信号 信号", themes, 3, 4);
}

static void test_topic_gram_is_the_product_of_the_factors(void **state)
{
    static const float factors[4][3] = {
        {0.25f, 0, 0.5f}, {0, 0, 0}, {0.1f, 0.7f, 0.2f}, {0.3f, 0.3f, 0}};
    float gram[3][3];
    (void)state;
    kehu__nmf_gram(gram[0], factors[0], 4, 3);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double sum = 0;
            for (int j = 0; j < 4; j++)
                sum += (double)factors[j][a] * (double)factors[j][b];
            assert_true(gram[a][b] == (float)sum);
        }
}

/* What reading says of the model with another section in place of its own. */
static void check_section(const kehu__buffer *model, const kehu_tokenizer *t,
                          const char *tag, const char *bytes, size_t size,
                          const char *message)
{
    static const char *const tags[] = {"HEAD", "WORD", "FACT", "INFO", "RANK"};
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__section sections[5];
    kehu__container c;
    kehu__buffer b = kehu__buffer_new(&alloc);
    kehu_topic *topics;
    kehu_error err;
    assert_int_equal(
        kehu__container_open(&c, model->bytes, model->size, "TOP1", "the model", &err),
        KEHU_OK);
    for (int i = 0; i < 5; i++) {
        const char *own;
        memcpy(sections[i].tag, tags[i], 5);
        assert_true(kehu__container_find(&c, tags[i], &own, &sections[i].size));
        sections[i].bytes = own;
        if (strcmp(tags[i], tag) == 0) {
            sections[i].bytes = bytes;
            sections[i].size = size;
        }
    }
    kehu__container_build(&b, "TOP1", sections, 5);
    assert_false(b.failed);
    assert_int_equal(kehu_topic_read(&topics, b.bytes, b.size, t, NULL, &err),
                     KEHU_FORMAT);
    assert_non_null(strstr(err.message, message));
    kehu__buffer_free(&b);
}

static void test_topic_refuses_counts_without_their_factors(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic *topics = fit(t, 2, 1);
    kehu__buffer model = bytes_of(topics), head = kehu__buffer_new(&model.alloc);
    (void)state;
    /* The factors' bytes are enough for the terms, but not times 500 topics. */
    kehu__buffer_u64(&head, 0);
    kehu__buffer_u32(&head, 500);
    kehu__buffer_u32(&head, 8);
    kehu__buffer_u64(&head, 8);
    check_section(&model, t, "HEAD", head.bytes, head.size, "the counts are wrong");
    kehu__buffer_free(&head);
    kehu__buffer_free(&model);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

static void test_topic_refuses_terms_that_are_not_utf8(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic *topics = fit(t, 2, 1);
    kehu__buffer model = bytes_of(topics), word = kehu__buffer_new(&model.alloc);
    kehu__container c;
    const char *bytes;
    size_t size;
    (void)state;
    assert_int_equal(
        kehu__container_open(&c, model.bytes, model.size, "TOP1", "the model", NULL),
        KEHU_OK);
    assert_true(kehu__container_find(&c, "WORD", &bytes, &size));
    kehu__buffer_add(&word, bytes, size);
    word.bytes[size - 2] = '\xFF';
    check_section(&model, t, "WORD", word.bytes, word.size, "is not UTF-8");
    kehu__buffer_free(&word);
    kehu__buffer_free(&model);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

static void test_topic_refuses_words_that_are_none(void **state)
{
    static const uint32_t wrong[][3] = {{201, 0, 0}, {1, 1000, 0}, {1, 0, 0x7FC00000}};
    static const char *const why[] = {"a topic has too many words",
                                      "a topic's word is none or its share wrong",
                                      "a topic's word is none or its share wrong"};
    kehu_tokenizer *t = dictionary();
    kehu_topic *topics = fit(t, 2, 1);
    kehu__buffer model = bytes_of(topics);
    (void)state;
    for (int i = 0; i < 3; i++) {
        kehu__buffer rank = kehu__buffer_new(&model.alloc);
        for (int j = 0; j < 3; j++)
            kehu__buffer_u32(&rank, wrong[i][j]);
        check_section(&model, t, "RANK", rank.bytes, rank.size, why[i]);
        kehu__buffer_free(&rank);
    }
    check_section(&model, t, "RANK", "\0\0\0\0", 4, "the words are cut off");
    kehu__buffer_free(&model);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

/* What both topics say stands behind what one says. */
static void test_topic_says_last_what_others_say_too(void **state)
{
    static const char *const both[] = {"宽带 网速 慢", "宽带 网速", "宽带 网速",
                                       "宽带 断网",    "话费 扣费", "话费 扣费",
                                       "话费 扣费",    "话费 断网"};
    kehu_tokenizer *t = dictionary();
    const kehu_topic_options o = {
        .size = sizeof o, .n_topics = 2, .min_df = 1, .max_share = 1, .tokenizer = t};
    kehu_column texts = texts_column(both, 8);
    kehu_topic *topics;
    kehu_topic_word words[8];
    uint32_t n;
    (void)state;
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, NULL), KEHU_OK);
    for (uint32_t k = 0; k < 2; k++) {
        assert_int_equal(kehu_topic_words(topics, k, words, 8, &n, NULL), KEHU_OK);
        assert_true(n >= 3);
        assert_string_equal(words[2].word, "断网");
    }
    texts_free(&texts);
    kehu_topic_free(topics);
    kehu_tokenizer_free(t);
}

static void test_topic_refuses_what_it_cannot_use(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_topic_options o = {.size = sizeof o, .tokenizer = t, .n_topics = 501};
    kehu_column texts = texts_column(sentences, N), none = texts_column(sentences, 0);
    kehu_topic *topics;
    kehu_topic_info info;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_topics is 501, expected 1 to 500");
    o = (kehu_topic_options){.size = sizeof o, .tokenizer = t, .max_share = 2};
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, &err), KEHU_ARGUMENT);
    o = (kehu_topic_options){.size = sizeof o, .tokenizer = t, .min_df = 100};
    assert_int_equal(kehu_topic_fit(&topics, &texts, &o, &err), KEHU_EMPTY);
    assert_int_equal(kehu_topic_fit(&topics, &none, &o, &err), KEHU_EMPTY);
    assert_null(topics);
    topics = fit(t, 2, 1);
    assert_int_equal(kehu_topic_get_info(topics, 2, &info, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "topic is 2, there are 2");
    kehu_topic_free(topics);
    texts_free(&texts);
    texts_free(&none);
    kehu_tokenizer_free(t);
}

static void test_topic_without_memory(void **state)
{
    kehu_tokenizer *t = dictionary();
    kehu_column texts = texts_column(sentences, N);
    kehu_topic *whole = fit(t, 2, 1);
    kehu__buffer bytes = bytes_of(whole);
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_topic_options o = {.size = sizeof o,
                                      .n_topics = 2,
                                      .min_df = 2,
                                      .tokenizer = t,
                                      .alloc = faulty_init(&f, n)};
        kehu_topic *topics, *again = NULL;
        float weights[N * 2];
        status = kehu_topic_fit(&topics, &texts, &o, NULL);
        if (status == KEHU_OK)
            status = kehu_topic_weights(topics, &texts, NULL, weights, NULL);
        if (status == KEHU_OK)
            status = kehu_topic_read(&again, bytes.bytes, bytes.size, t, o.alloc, NULL);
        if (status != KEHU_OK)
            assert_int_equal(status, KEHU_NO_MEMORY);
        kehu_topic_free(topics);
        kehu_topic_free(again);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 40);
    kehu__buffer_free(&bytes);
    kehu_topic_free(whole);
    texts_free(&texts);
    kehu_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topic_parts_what_goes_together),
        cmocka_unit_test(test_topic_says_first_what_it_says_most_often),
        cmocka_unit_test(
            test_topic_is_the_same_for_any_number_of_threads_and_after_reading),
        cmocka_unit_test(test_topic_takes_more_topics_than_there_are),
        cmocka_unit_test(test_topic_starts_from_texts_that_say_something),
        cmocka_unit_test(test_topic_starts_from_texts_of_every_kind),
        cmocka_unit_test(test_topic_gram_is_the_product_of_the_factors),
        cmocka_unit_test(test_topic_refuses_counts_without_their_factors),
        cmocka_unit_test(test_topic_refuses_terms_that_are_not_utf8),
        cmocka_unit_test(test_topic_refuses_words_that_are_none),
        cmocka_unit_test(test_topic_says_last_what_others_say_too),
        cmocka_unit_test(test_topic_refuses_what_it_cannot_use),
        cmocka_unit_test(test_topic_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
