#include <kehu/sentiment.h>

#include <math.h>
#include <stdio.h>
#define KEHU_ALLOW_LIBC_ALLOC

#include "base/buffer.h"
#include "file/handle_file.h"
#include "support/test.h"
#include "support/texts.h"

static const char list[] = "positive\t!好\t60\npositive\t!满意\t80\nnegative\t!差\t70\n"
                           "negative\t!不\t10\nnegation\t!不\t100\nnegation\t!没有\t100\n"
                           "degree\t!很\t50\ndegree\t!有点\t-40\ndegree\t!非常\t80\n";

static kehu_sentiment *by_list(void)
{
    kehu_keyword *words;
    kehu_sentiment *s;
    assert_int_equal(kehu_keyword_read_text(&words, list, sizeof list - 1, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_sentiment_from_words(&s, words, NULL, NULL), KEHU_OK);
    kehu_keyword_free(words);
    return s;
}

static int32_t points_of(const kehu_sentiment *s, const char *text)
{
    const kehu_column texts = texts_column(&text, 1);
    int32_t points, n_cues;
    kehu_sentiment_answers a = {.points = &points, .n_cues = &n_cues};
    kehu_column held = texts;
    assert_int_equal(kehu_sentiment_score(s, &texts, NULL, &a, NULL), KEHU_OK);
    texts_free(&held);
    return points;
}

static void test_sentiment_heeds_negation_and_degree(void **state)
{
    static const struct {
        const char *text;
        int32_t points;
    } cases[] = {
        {"好", 60},
        {"信号很好", 90},
        {"不好", -60},
        {"不很好", -90},
        {"很不好", -90},
        {"没有不好", 60},
        {"有点差", -42},
        {"非常非常满意", 259}, /* 80 * 1.8 * 1.8 */
        {"不是那么好", -60},
        {"不是说有那么好", 50}, /* too far: 不 counts as a cue */
        {"不，好", 50},
        {"不", -10},
        {"很", 0},
        {"好\xFF差", -10},
        {"", 0},
    };
    kehu_sentiment *s = by_list();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (points_of(s, cases[i].text) != cases[i].points) {
            print_message("%s: %d\n", cases[i].text, (int)points_of(s, cases[i].text));
            fail();
        }
    kehu_sentiment_free(s);
}

static void test_sentiment_tells_cues_and_places(void **state)
{
    static const char text[] = "信号很不好，差";
    kehu_sentiment *s = by_list();
    kehu_sentiment_cue cues[2];
    int64_t n;
    (void)state;
    assert_int_equal(kehu_sentiment_cues(s, text, sizeof text - 1, cues, 2, &n, NULL),
                     KEHU_OK);
    assert_int_equal(n, 2);
    assert_int_equal(cues[0].from, 6);
    assert_int_equal(cues[0].start, 12);
    assert_int_equal(cues[0].end, 15);
    assert_int_equal(cues[0].weight, 60);
    assert_int_equal(cues[0].points, -90);
    assert_int_equal(cues[0].negations, 1);
    assert_int_equal(cues[1].points, -70);
    assert_string_equal(kehu_keyword_word(kehu_sentiment_words(s), cues[1].word), "差");
    assert_int_equal(kehu_sentiment_cues(s, text, sizeof text - 1, cues, 1, &n, NULL),
                     KEHU_OK);
    assert_int_equal(n, 2);
    kehu_sentiment_free(s);
}

/* `n` times `modifier`, then `cue`. */
static void chain(char *text, const char *modifier, int n, const char *cue)
{
    *text = 0;
    for (int i = 0; i < n; i++)
        text = strcpy(text, modifier) + strlen(modifier);
    strcpy(text, cue);
}

static void test_sentiment_bounds_a_chain_of_modifiers(void **state)
{
    static const struct {
        const char *modifier;
        int n;
        int32_t points;
    } cases[] = {{"非常", 7, 3673}, /* 60 * 1.8^7 */
                 {"非常", 8, 6000}, /* 110 times would be */
                 {"非常", 60, 6000},     {"非常", 1300, 6000},
                 {"非常不", 401, -6000}, {"有点", 1500, 0}};
    static char text[16000];
    kehu_sentiment *s = by_list();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        chain(text, cases[i].modifier, cases[i].n, "好");
        assert_int_equal(points_of(s, text), cases[i].points);
    }
    kehu_sentiment_free(s);
}

enum { MANY = 240 };

static void sample(kehu_column *texts, kehu_column *labels)
{
    static char bytes[MANY][64];
    static const char *const good[] = {"满意", "好用", "喜欢"}, *const bad[] = {"糟糕",
                                                                                "失望",
                                                                                "难用"};
    const char *lines[MANY], *names[MANY];
    for (int i = 0; i < MANY; i++) {
        const int is_good = i % 2, turned = i % 5 == 0;
        snprintf(bytes[i], sizeof bytes[i], "东西%s%s，第%d次买", turned ? "不" : "很",
                 (is_good != turned ? good : bad)[i % 3], i % 7);
        lines[i] = bytes[i];
        names[i] = is_good ? "positive" : "negative";
    }
    *texts = texts_column(lines, MANY);
    *labels = texts_column(names, MANY);
}

static kehu__buffer bytes_of(const kehu_sentiment *s)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&alloc);
    const kehu_writer writer = {kehu__handle_collect, &b};
    assert_int_equal(kehu_sentiment_write(s, &writer, NULL), KEHU_OK);
    return b;
}

static void check_answers(const kehu_sentiment *s, const kehu_column *texts,
                          uint32_t words_only)
{
    const kehu_sentiment_score_options o = {.size = sizeof o, .words_only = words_only};
    int8_t polarities[MANY];
    double probabilities[MANY], strengths[MANY];
    const kehu_sentiment_answers a = {
        .polarities = polarities, .probabilities = probabilities, .strengths = strengths};
    int wrong = 0;
    assert_int_equal(kehu_sentiment_score(s, texts, &o, &a, NULL), KEHU_OK);
    for (int i = 0; i < MANY; i++) {
        wrong += polarities[i] != (i % 2 ? 1 : -1);
        assert_true((probabilities[i] >= 0.5) == (polarities[i] >= 0));
        assert_true(strengths[i] >= 0 && strengths[i] < 1);
    }
    assert_true(wrong <= MANY / 50);
}

static void test_sentiment_learns_and_reads_back(void **state)
{
    kehu_column texts, labels;
    kehu_sentiment *one, *three, *again;
    kehu_sentiment_options o = {.size = sizeof o, .n_words = 80};
    kehu__buffer a, b;
    (void)state;
    sample(&texts, &labels);
    assert_int_equal(kehu_sentiment_train(&one, &texts, &labels, &o, NULL), KEHU_OK);
    o.n_threads = 3;
    assert_int_equal(kehu_sentiment_train(&three, &texts, &labels, &o, NULL), KEHU_OK);
    a = bytes_of(one);
    b = bytes_of(three);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    assert_int_equal(kehu_sentiment_read(&again, a.bytes, a.size, NULL, NULL), KEHU_OK);
    check_answers(again, &texts, 0);
    check_answers(again, &texts, 1);
    kehu_sentiment_free(again);
    /* The list again, without its SVM. */
    o.words = kehu_sentiment_words(one);
    o.words_only = 1;
    assert_int_equal(kehu_sentiment_train(&again, &texts, &labels, &o, NULL), KEHU_OK);
    check_answers(again, &texts, 0);
    kehu_sentiment_free(again);
    kehu__buffer_free(&a);
    kehu__buffer_free(&b);
    kehu_sentiment_free(one);
    kehu_sentiment_free(three);
    texts_free(&texts);
    texts_free(&labels);
}

/* One comment of nothing but modifiers, once as it is and once turned round, whose
 * factors would be infinite and cancel to no number. */
static void test_sentiment_learns_beside_a_chain_of_modifiers(void **state)
{
    static char chained[4000], text[8100];
    const char *lines[MANY], *names[MANY];
    kehu_column texts, labels, more;
    kehu_sentiment *s;
    const kehu_sentiment_options o = {.size = sizeof o, .n_words = 80};
    int8_t polarity;
    const kehu_sentiment_answers a = {.polarities = &polarity};
    (void)state;
    for (int i = 0; i < MANY; i++) {
        lines[i] = i % 2 ? "很满意，喜欢" : "很糟糕，失望";
        names[i] = i % 2 ? "positive" : "negative";
    }
    chain(chained, "极", 1100, "满意，不");
    strcpy(text, chained);
    chain(text + strlen(text), "极", 1100, "满意");
    lines[1] = text;
    texts = texts_column(lines, MANY);
    labels = texts_column(names, MANY);
    assert_int_equal(kehu_sentiment_train(&s, &texts, &labels, &o, NULL), KEHU_OK);
    chain(chained, "极", 25, "满意");
    lines[0] = chained;
    more = texts_column(lines, 1);
    assert_int_equal(kehu_sentiment_score(s, &more, NULL, &a, NULL), KEHU_OK);
    assert_int_equal(polarity, 1);
    kehu_sentiment_free(s);
    texts_free(&texts);
    texts_free(&labels);
    texts_free(&more);
}

static void test_sentiment_refuses_what_it_cannot_use(void **state)
{
    static const char no_cues[] = "bill\t话费\t50\n";
    kehu_column texts, labels;
    kehu_sentiment_options o = {.size = sizeof o, .positive = "good"};
    kehu_keyword *words;
    kehu_sentiment *s;
    kehu_error err;
    int64_t n;
    (void)state;
    sample(&texts, &labels);
    assert_int_equal(kehu_sentiment_train(&s, &texts, &labels, &o, &err), KEHU_DATA);
    assert_string_equal(err.message,
                        "labels has 2 classes, expected two, one of them the "
                        "positive one");
    assert_null(s);
    o = (kehu_sentiment_options){.size = sizeof o, .n_words = 1};
    assert_int_equal(kehu_sentiment_train(&s, &texts, &labels, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_words is 1, expected 2 to 20000");
    assert_int_equal(
        kehu_keyword_read_text(&words, no_cues, sizeof no_cues - 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_sentiment_from_words(&s, words, NULL, &err), KEHU_NOT_FOUND);
    assert_null(s);
    kehu_keyword_free(words);
    s = by_list();
    assert_int_equal(kehu_sentiment_cues(s, NULL, 1, NULL, 0, &n, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_sentiment_score(s, &texts, NULL, NULL, &err), KEHU_ARGUMENT);
    kehu_sentiment_free(s);
    texts_free(&texts);
    texts_free(&labels);
}

static void test_sentiment_without_memory(void **state)
{
    kehu_column texts, labels;
    long n = 0;
    (void)state;
    sample(&texts, &labels);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_sentiment_options o = {
            .size = sizeof o, .n_words = 8, .words_only = 1, .alloc = faulty_init(&f, n)};
        int8_t polarities[MANY];
        const kehu_sentiment_answers a = {.polarities = polarities};
        kehu_sentiment *s, *again = NULL;
        status = kehu_sentiment_train(&s, &texts, &labels, &o, NULL);
        if (status == KEHU_OK)
            status = kehu_sentiment_score(s, &texts, NULL, &a, NULL);
        if (status == KEHU_OK) {
            kehu__buffer b = kehu__buffer_new(o.alloc);
            status =
                kehu_sentiment_write(s, &(kehu_writer){kehu__handle_collect, &b}, NULL);
            if (status == KEHU_OK && b.failed)
                status = KEHU_NO_MEMORY;
            if (status == KEHU_OK)
                status = kehu_sentiment_read(&again, b.bytes, b.size, o.alloc, NULL);
            kehu__buffer_free(&b);
        }
        if (status != KEHU_OK)
            assert_int_equal(status, KEHU_NO_MEMORY);
        kehu_sentiment_free(s);
        kehu_sentiment_free(again);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 50);
    texts_free(&texts);
    texts_free(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentiment_heeds_negation_and_degree),
        cmocka_unit_test(test_sentiment_tells_cues_and_places),
        cmocka_unit_test(test_sentiment_bounds_a_chain_of_modifiers),
        cmocka_unit_test(test_sentiment_learns_and_reads_back),
        cmocka_unit_test(test_sentiment_learns_beside_a_chain_of_modifiers),
        cmocka_unit_test(test_sentiment_refuses_what_it_cannot_use),
        cmocka_unit_test(test_sentiment_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
