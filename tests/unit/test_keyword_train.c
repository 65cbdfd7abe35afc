/* Learning keyword lists from small made-up texts whose truth is known. */
#include <kehu/keyword.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { MOST = 3000, ROOM = 1 << 18 };

/* Texts and labels in a form the library takes. */
typedef struct corpus {
    char text[ROOM], label[ROOM];
    int32_t text_at[MOST + 1], label_at[MOST + 1];
    kehu_column texts, labels;
} corpus;

static void corpus_begin(corpus *c)
{
    c->texts = (kehu_column){.type = KEHU_UTF8, .data = c->text, .offsets = c->text_at};
    c->labels =
        (kehu_column){.type = KEHU_UTF8, .data = c->label, .offsets = c->label_at};
    c->text_at[0] = c->label_at[0] = 0;
}

static void corpus_add(corpus *c, const char *label, const char *text)
{
    const int64_t i = c->texts.length;
    assert_true(i < MOST);
    memcpy(c->text + c->text_at[i], text, strlen(text));
    memcpy(c->label + c->label_at[i], label, strlen(label));
    c->text_at[i + 1] = c->text_at[i] + (int32_t)strlen(text);
    c->label_at[i + 1] = c->label_at[i] + (int32_t)strlen(label);
    c->texts.length = c->labels.length = i + 1;
}

static const char *const words[3][4] = {{"账单", "扣费", "余额", "bill"},
                                        {"网速", "断网", "wifi", "信号"},
                                        {"套餐", "办理", "流量包", "data plan"}};
static const char *const classes[3] = {"话费", "网络", "套餐业务"};
static const char *const filler[] = {"请问", "我的", "怎么", "今天", "，",
                                     "吗",   "客服", "？",   "一下", "hello"};

/* n texts of three classes; a tenth of them without a word of their class. */
static void make(corpus *c, int n, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    corpus_begin(c);
    for (int i = 0; i < n; i++) {
        const uint32_t k = kehu__random_below(&r, 3);
        char text[200] = "";
        for (int j = 0; j < 6; j++) {
            strcat(text, filler[kehu__random_below(&r, 10)]);
            if (j == 2 && kehu__random_below(&r, 10) > 0) {
                strcat(text, " ");
                strcat(text, words[k][kehu__random_below(&r, 4)]);
                strcat(text, " ");
            }
        }
        corpus_add(c, classes[k], text);
    }
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

static kehu_keyword *train(const corpus *c, const kehu_keyword_options *options)
{
    kehu_keyword *k = NULL;
    kehu_error err = {.message = ""};
    if (kehu_keyword_train(&k, &c->texts, &c->labels, options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return k;
}

/* Share of right answers. */
static double accuracy(const kehu_keyword *k, const corpus *c)
{
    static int32_t best[MOST];
    int right = 0;
    assert_int_equal(kehu_keyword_predict(k, &c->texts, NULL,
                                          &(kehu_keyword_answers){.best = best}, NULL),
                     KEHU_OK);
    for (int64_t i = 0; i < c->texts.length; i++)
        right += best[i] == kehu_keyword_class_find(k, c->label + c->label_at[i],
                                                    c->label_at[i + 1] - c->label_at[i]);
    return (double)right / (double)c->texts.length;
}

static bool find_line(const kehu_keyword *k, const char *class_name, const char *keyword,
                      kehu_keyword_line *line)
{
    for (int64_t i = 0; i < kehu_keyword_line_count(k); i++) {
        const char *name;
        assert_int_equal(kehu_keyword_get_line(k, i, line, NULL), KEHU_OK);
        name =
            line->class_number < 0 ? "*" : kehu_keyword_class_name(k, line->class_number);
        if (strcmp(name, class_name) == 0 && strcmp(line->keyword, keyword) == 0)
            return true;
    }
    return false;
}

static corpus learned, fresh;

static void test_keyword_training_finds_the_words_that_matter(void **state)
{
    kehu_keyword_options opt = {.size = sizeof opt, .keywords_per_class = 4};
    kehu_keyword_info t;
    kehu_keyword_line line;
    kehu_keyword *k;
    (void)state;
    make(&learned, 1500, 1);
    make(&fresh, 1000, 2);
    k = train(&learned, &opt);
    for (int c = 0; c < 3; c++)
        for (int w = 0; w < 4; w++) {
            /* Of a word's own characters, which always come together, one string
             * stays: the longest. */
            if (strcmp(words[c][w], "网速") == 0 || strcmp(words[c][w], "断网") == 0)
                continue;
            if (!find_line(k, classes[c], words[c][w], &line))
                fail_msg("%s is not listed", words[c][w]);
            assert_true(line.weight > 0 && line.mark == KEHU_KEYWORD_LEARNED);
        }
    /* 9 in 10 have a word, a third of the others are right by chance. */
    assert_true(accuracy(k, &fresh) > 0.91);
    kehu_keyword_get_info(k, &t);
    assert_int_equal(t.n_texts, 1500);
    assert_int_equal(t.n_empty, 0);
    assert_true(fabs(t.accuracy - accuracy(k, &fresh)) < 0.03);
    assert_true(t.coverage > 0.89 && t.coverage <= 1);
    assert_true(t.answered == 1 && t.answered_right == t.accuracy);
    kehu_keyword_free(k);
}

static void test_keyword_training_is_the_same_for_any_number_of_threads(void **state)
{
    static sink one, other;
    kehu_keyword_options opt = {.size = sizeof opt, .keywords_per_class = 20};
    kehu_keyword *k;
    (void)state;
    make(&learned, 1500, 3);
    k = train(&learned, &opt);
    write_to(&one, k);
    kehu_keyword_free(k);
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        opt.n_threads = threads;
        k = train(&learned, &opt);
        write_to(&other, k);
        assert_string_equal(one.bytes, other.bytes);
        kehu_keyword_free(k);
    }
}

static void test_keyword_text_and_model_file_answer_alike(void **state)
{
    static sink text, model;
    static int32_t scores[3][3 * MOST];
    kehu_keyword *k[3] = {NULL};
    (void)state;
    make(&learned, 1200, 4);
    make(&fresh, 800, 5);
    k[0] = train(&learned, NULL);
    write_to(&text, k[0]);
    model.size = 0;
    assert_int_equal(kehu_keyword_write(k[0], &(kehu_writer){take, &model}, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_keyword_read_text(&k[1], text.bytes, text.size, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_keyword_read(&k[2], model.bytes, model.size, NULL, NULL),
                     KEHU_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            kehu_keyword_predict(k[i], &fresh.texts, NULL,
                                 &(kehu_keyword_answers){.scores = scores[i]}, NULL),
            KEHU_OK);
        assert_memory_equal(scores[0], scores[i], 800 * 3 * sizeof(int32_t));
        kehu_keyword_free(k[i]);
    }
}

static void test_keyword_unsigned_lists_only_speak_for_their_class(void **state)
{
    kehu_keyword_options opt = {
        .size = sizeof opt, .keywords_per_class = 6, .mode = KEHU_KEYWORD_UNSIGNED};
    int32_t per_class[3] = {0};
    kehu_keyword_line line;
    kehu_keyword *k;
    (void)state;
    make(&learned, 1500, 6);
    make(&fresh, 1000, 7);
    k = train(&learned, &opt);
    for (int64_t i = 0; i < kehu_keyword_line_count(k); i++) {
        assert_int_equal(kehu_keyword_get_line(k, i, &line, NULL), KEHU_OK);
        assert_true(line.weight > 0);
        per_class[line.class_number]++;
    }
    for (int c = 0; c < 3; c++)
        assert_true(per_class[c] >= 3 && per_class[c] <= 6);
    assert_true(accuracy(k, &fresh) > 0.9);
    kehu_keyword_free(k);
}

static void test_keyword_relearning_respects_what_people_wrote(void **state)
{
    static const char edited[] = "# our list\n\n"
                                 "# never change this\n"
                                 "话费\t!余额\t77\n"
                                 "# found by hand\n"
                                 "话费\t+客服\t3\n"
                                 "话费\t+罕见词\t13\n"
                                 "话费\t-账单\n"
                                 "网络\t-断网\n"
                                 "*\t-套餐\n"
                                 "投诉\t!投诉\t90\n";
    static sink s;
    kehu_keyword_options opt = {.size = sizeof opt, .keywords_per_class = 5};
    kehu_keyword *base = NULL, *k;
    kehu_keyword_line line;
    (void)state;
    make(&learned, 1500, 8);
    assert_int_equal(kehu_keyword_read_text(&base, edited, sizeof edited - 1, NULL, NULL),
                     KEHU_OK);
    opt.base = base;
    k = train(&learned, &opt);
    assert_true(find_line(k, "话费", "余额", &line));
    assert_true(line.mark == KEHU_KEYWORD_FIXED && line.weight == 77);
    assert_true(find_line(k, "话费", "客服", &line));
    assert_true(line.mark == KEHU_KEYWORD_ADDED && abs(line.weight) < 30);
    assert_true(find_line(k, "话费", "罕见词", &line)); /* no text has it */
    assert_true(line.mark == KEHU_KEYWORD_ADDED && line.weight == 13);
    assert_true(find_line(k, "话费", "账单", &line));
    assert_true(line.mark == KEHU_KEYWORD_FORBIDDEN);
    assert_true(find_line(k, "*", "套餐", &line));
    for (int c = 0; c < 3; c++)
        assert_false(find_line(k, classes[c], "套餐", &line));
    assert_true(find_line(k, "网络", "断网", &line));
    assert_true(line.mark == KEHU_KEYWORD_FORBIDDEN);
    assert_true(find_line(k, "投诉", "投诉", &line)); /* a class without texts */
    assert_int_equal(line.weight, 90);
    write_to(&s, k);
    assert_true(strncmp(s.bytes, "# our list\n\n@format", 19) == 0);
    assert_non_null(strstr(s.bytes, "# never change this\n话费\t!余额\t77\n"));
    assert_non_null(strstr(s.bytes, "# found by hand\n话费\t+客服\t"));
    kehu_keyword_free(k);
    kehu_keyword_free(base);
}

static void test_keyword_abstain_level_reaches_the_precision_wanted(void **state)
{
    static int32_t given[MOST], best[MOST];
    kehu_keyword_options opt = {.size = sizeof opt, .precision = 0.99};
    kehu_keyword_info t;
    kehu_keyword *k;
    int answered = 0, right = 0;
    (void)state;
    make(&learned, 2500, 9);
    make(&fresh, 2500, 10);
    k = train(&learned, &opt);
    kehu_keyword_get_info(k, &t);
    assert_true(t.answered > 0.8 && t.answered < 0.95);
    assert_true(t.answered_right >= 0.99);
    assert_int_equal(kehu_keyword_predict(
                         k, &fresh.texts, NULL,
                         &(kehu_keyword_answers){.classes = given, .best = best}, NULL),
                     KEHU_OK);
    for (int i = 0; i < 2500; i++) {
        const int32_t truth =
            kehu_keyword_class_find(k, fresh.label + fresh.label_at[i],
                                    fresh.label_at[i + 1] - fresh.label_at[i]);
        assert_true(given[i] == -1 || given[i] == best[i]);
        answered += given[i] >= 0;
        right += given[i] == truth;
    }
    assert_true((double)right / answered > 0.975);
    assert_true(fabs((double)answered / 2500 - t.answered) < 0.04);
    kehu_keyword_free(k);
}

static void test_keyword_two_classes_each_get_their_own_words(void **state)
{
    kehu_keyword *k;
    kehu_keyword_line line;
    (void)state;
    corpus_begin(&learned);
    for (int i = 0; i < 200; i++) {
        corpus_add(&learned, "好", i % 3 == 0 ? "服务很满意" : "非常满意，推荐");
        corpus_add(&learned, "差", i % 3 == 0 ? "服务太差" : "太慢了，退订");
    }
    k = train(&learned, NULL);
    assert_true(accuracy(k, &learned) == 1);
    for (int64_t i = 0; i < kehu_keyword_line_count(k); i++) {
        assert_int_equal(kehu_keyword_get_line(k, i, &line, NULL), KEHU_OK);
        assert_true(line.weight > 0);
    }
    kehu_keyword_free(k);
}

static void test_keyword_training_refuses_what_it_cannot_learn_from(void **state)
{
    kehu_keyword *k = NULL;
    kehu_error err;
    kehu_keyword_options opt = {.size = sizeof opt};
    kehu_column short_labels;
    const uint8_t valid[] = {0xFB};
    (void)state;
    corpus_begin(&learned);
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_EMPTY);
    for (int i = 0; i < 8; i++)
        corpus_add(&learned, "a", "网速");
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_ONE_CLASS);
    learned.label[3] = 'b';
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_EMPTY);
    assert_string_equal(err.message, "no word or character tells the classes apart");
    memcpy(learned.text + learned.text_at[3], "断网", 6);
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_OK); /* a class with one text */
    assert_int_equal(kehu_keyword_class_count(k), 2);
    kehu_keyword_free(k);

    learned.labels.validity = valid;
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_DATA);
    assert_string_equal(
        err.message,
        "the label of row 2 is missing, the first of 1: train without such rows");
    assert_true(err.where == 2 && k == NULL);
    learned.labels.validity = NULL;
    learned.label[5] = '\x02';
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_DATA);
    assert_string_equal(err.message, "the label of row 5 has a control character");
    learned.label[5] = '\xFF';
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_DATA);
    assert_string_equal(err.message, "the label of row 5 is not UTF-8");
    learned.label[5] = 'a';
    short_labels = learned.labels;
    short_labels.length = 7;
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &short_labels, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "8 texts but 7 labels");
    assert_int_equal(
        kehu_keyword_train(NULL, &learned.texts, &learned.labels, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(kehu_keyword_train(&k, NULL, &learned.labels, NULL, &err),
                     KEHU_ARGUMENT);
    opt.min_df = 9;
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, &opt, &err),
                     KEHU_EMPTY);
    assert_string_equal(err.message, "no word or character is in 9 texts or more");

    corpus_begin(&learned);
    corpus_add(&learned, "a", "");
    corpus_add(&learned, "b", "  \n");
    corpus_add(&learned, "b", "\xFF\xFE");
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_EMPTY);
    assert_string_equal(err.message, "no word or character is in 3 texts or more");
    assert_null(k);
}

static void test_keyword_options_out_of_range_are_named(void **state)
{
    static const struct {
        kehu_keyword_options opt;
        const char *message;
    } bad[] = {
        {{.keywords_per_class = 10001},
         "keywords_per_class is 10001, expected 1 to 10000"},
        {{.mode = 2}, "mode is 2, expected 0 or 1"},
        {{.max_symbols = 9}, "max_symbols is 9, expected 1 to 8"},
        {{.cost = -1}, "cost is not above 0 and finite"},
        {{.cost = INFINITY}, "cost is not above 0 and finite"},
        {{.cost = NAN}, "cost is not above 0 and finite"},
        {{.precision = 1}, "precision is not within 0 to 1"},
        {{.precision = NAN}, "precision is not within 0 to 1"},
    };
    struct {
        kehu_keyword_options known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}};
    kehu_keyword *k = NULL;
    kehu_error err;
    (void)state;
    make(&learned, 300, 11);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kehu_keyword_options opt = bad[i].opt;
        opt.size = sizeof opt;
        assert_int_equal(
            kehu_keyword_train(&k, &learned.texts, &learned.labels, &opt, &err),
            KEHU_ARGUMENT);
        assert_string_equal(err.message, bad[i].message);
    }
    k = train(&learned, &newer.known);
    kehu_keyword_free(k);
    k = train(&learned, &(kehu_keyword_options){.size = 8, .keywords_per_class = 3});
    assert_true(kehu_keyword_word_count(k) <= 9);
    kehu_keyword_free(k);
    newer.later = 1;
    assert_int_equal(
        kehu_keyword_train(&k, &learned.texts, &learned.labels, &newer.known, &err),
        KEHU_VERSION);
}

/* A NUL cannot be a keyword: the file has no way to write it. */
static void test_keyword_control_characters_are_no_keywords(void **state)
{
    kehu_keyword *k;
    (void)state;
    corpus_begin(&learned);
    for (int i = 0; i < 20; i++) {
        corpus_add(&learned, "a", i % 2 == 0 ? "x网x" : "网x");
        corpus_add(&learned, "b", i % 2 == 0 ? "x费" : "费x费");
    }
    for (int i = 0; i < learned.text_at[40]; i++)
        if (learned.text[i] == 'x')
            learned.text[i] = i % 2 == 0 ? '\0' : '\x7F';
    k = train(&learned, NULL);
    assert_int_equal(kehu_keyword_word_count(k), 2);
    assert_true(accuracy(k, &learned) == 1);
    kehu_keyword_free(k);
}

static void test_keyword_conflicting_and_empty_texts_are_counted(void **state)
{
    kehu_keyword_info t;
    kehu_keyword *k;
    (void)state;
    make(&learned, 300, 12);
    corpus_add(&learned, "话费", "同一句话同一句话");
    corpus_add(&learned, "网络", "同一句话同一句话");
    corpus_add(&learned, "网络", "同一句话同一句话");
    corpus_add(&learned, "网络", "说一遍的话");
    corpus_add(&learned, "网络", "");
    corpus_add(&learned, "话费", "");
    corpus_add(&learned, "话费", "\xE8\xFF");
    k = train(&learned, NULL);
    kehu_keyword_get_info(k, &t);
    assert_int_equal(t.n_conflicts, 3);
    assert_int_equal(t.n_empty, 3);
    assert_int_equal(t.n_texts, 307);
    kehu_keyword_free(k);
}

typedef struct watch {
    double last;
    int calls, stop_at;
} watch;

static int report(void *ctx, double done, const char *stage)
{
    watch *w = ctx;
    assert_true(done >= w->last - 1e-12 && done <= 1 && stage[0] != '\0');
    w->last = done;
    return w->calls++ == w->stop_at;
}

static void test_keyword_training_reports_progress_and_stops(void **state)
{
    watch w = {.stop_at = -1};
    const kehu_progress progress = {report, &w};
    kehu_keyword_options opt = {.size = sizeof opt, .progress = &progress};
    kehu_keyword *k;
    (void)state;
    make(&learned, 300, 13);
    k = train(&learned, &opt);
    kehu_keyword_free(k);
    assert_true(w.calls > 5);
    for (int stop = 0, n = w.calls; stop < n; stop++) {
        w = (watch){.stop_at = stop};
        assert_int_equal(
            kehu_keyword_train(&k, &learned.texts, &learned.labels, &opt, NULL),
            KEHU_CANCELLED);
        assert_null(k);
    }
}

static void test_keyword_training_gives_up_cleanly_without_memory(void **state)
{
    static sink s;
    kehu_keyword *base = NULL;
    static const char edited[] = "话费\t!余额\t77\n话费\t+客服\n*\t-套餐\n";
    long refused = 0;
    (void)state;
    make(&learned, 36, 14); /* small: it is trained some thousand times */
    assert_int_equal(kehu_keyword_read_text(&base, edited, sizeof edited - 1, NULL, NULL),
                     KEHU_OK);
    for (uint32_t mode = 0; mode <= 1; mode++)
        for (long refuse = 0;; refuse++) {
            faulty f;
            kehu_keyword *k = NULL;
            const kehu_keyword_options opt = {.size = sizeof opt,
                                              .keywords_per_class = 3,
                                              .mode = mode,
                                              .max_symbols = 2,
                                              .base = base,
                                              .alloc = faulty_init(&f, refuse)};
            kehu_error err = {.code = 1};
            kehu_status status =
                kehu_keyword_train(&k, &learned.texts, &learned.labels, &opt, &err);
            assert_true((status == KEHU_OK) == (k != NULL));
            s.size = 0;
            if (status == KEHU_OK)
                status = kehu_keyword_write_text(k, &(kehu_writer){take, &s}, &err);
            kehu_keyword_free(k);
            assert_int_equal(f.live_blocks, 0);
            assert_int_equal(f.live_bytes, 0);
            if (status == KEHU_OK)
                break;
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_int_equal(err.code, KEHU_NO_MEMORY);
            refused++;
        }
    assert_true(refused > 200);
    kehu_keyword_free(base);
}

/* What the header says of the memory: some 30 bytes a character at 4 symbols. */
static void test_keyword_training_memory_grows_with_the_texts(void **state)
{
    faulty f;
    kehu_keyword *k = NULL;
    const kehu_keyword_options opt = {.size = sizeof opt, .alloc = faulty_init(&f, -1)};
    (void)state;
    make(&learned, 3000, 15);
    assert_int_equal(kehu_keyword_train(&k, &learned.texts, &learned.labels, &opt, NULL),
                     KEHU_OK);
    kehu_keyword_free(k);
    assert_true(f.peak_bytes < (size_t)learned.text_at[3000] / 3 * 100 + (1 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyword_training_finds_the_words_that_matter),
        cmocka_unit_test(test_keyword_training_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_keyword_text_and_model_file_answer_alike),
        cmocka_unit_test(test_keyword_unsigned_lists_only_speak_for_their_class),
        cmocka_unit_test(test_keyword_relearning_respects_what_people_wrote),
        cmocka_unit_test(test_keyword_abstain_level_reaches_the_precision_wanted),
        cmocka_unit_test(test_keyword_two_classes_each_get_their_own_words),
        cmocka_unit_test(test_keyword_training_refuses_what_it_cannot_learn_from),
        cmocka_unit_test(test_keyword_options_out_of_range_are_named),
        cmocka_unit_test(test_keyword_control_characters_are_no_keywords),
        cmocka_unit_test(test_keyword_conflicting_and_empty_texts_are_counted),
        cmocka_unit_test(test_keyword_training_reports_progress_and_stops),
        cmocka_unit_test(test_keyword_training_gives_up_cleanly_without_memory),
        cmocka_unit_test(test_keyword_training_memory_grows_with_the_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
