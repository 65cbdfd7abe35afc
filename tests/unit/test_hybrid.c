/* Keywords and the machine together, on small made-up texts. */
#include <kehu/hybrid.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "support/test.h"

#undef malloc
#undef free

enum { MOST = 12000, ROOM = 1 << 20 };

typedef struct corpus {
    char text[ROOM], label[ROOM];
    int32_t text_at[MOST + 1], label_at[MOST + 1];
    kehu_column texts, labels;
} corpus;

static const char *const words[2][3] = {{"账单", "扣费", "余额"},
                                        {"网速", "断网", "信号"}};
/* Pairs that tell the class only together: the order of two characters. */
static const char *const hints[2][2] = {{"甲乙", "丙丁"}, {"乙甲", "丁丙"}};
static const char *const classes[2] = {"话费", "网络"};
static const char *const filler[] = {"请问", "我的", "怎么", "今天", "，", "吗"};

static void make(corpus *c, int n, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    c->texts = (kehu_column){
        .type = KEHU_UTF8, .length = n, .data = c->text, .offsets = c->text_at};
    c->labels = (kehu_column){
        .type = KEHU_UTF8, .length = n, .data = c->label, .offsets = c->label_at};
    c->text_at[0] = c->label_at[0] = 0;
    for (int i = 0; i < n; i++) {
        const uint32_t k = kehu__random_below(&r, 2);
        char text[100] = "";
        for (int j = 0; j < 4; j++)
            strcat(text, filler[kehu__random_below(&r, 6)]);
        strcat(text, kehu__random_below(&r, 4) > 0 ? words[k][kehu__random_below(&r, 3)]
                                                   : hints[k][kehu__random_below(&r, 2)]);
        memcpy(c->text + c->text_at[i], text, strlen(text));
        memcpy(c->label + c->label_at[i], classes[k], 6);
        c->text_at[i + 1] = c->text_at[i] + (int32_t)strlen(text);
        c->label_at[i + 1] = c->label_at[i] + 6;
    }
}

static corpus learned, fresh;

static int take(void *ctx, const void *bytes, size_t size)
{
    kehu__buffer *b = ctx;
    kehu__buffer_add(b, bytes, size);
    return b->failed;
}

static const kehu_keyword_options few = {.size = sizeof few, .keywords_per_class = 3};

static kehu_hybrid *train(uint32_t n_threads)
{
    const kehu_hybrid_options opt = {
        .size = sizeof opt, .keyword = &few, .n_threads = n_threads};
    kehu_hybrid *h = NULL;
    kehu_error err = {.message = ""};
    if (kehu_hybrid_train(&h, &learned.texts, &learned.labels, &opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return h;
}

static double accuracy(const int32_t *given, const kehu_keyword *k)
{
    int64_t right = 0;
    for (int64_t i = 0; i < fresh.texts.length; i++)
        right += given[i] == kehu_keyword_class_find(k, fresh.label + 6 * i, 6);
    return (double)right / (double)fresh.texts.length;
}

static void test_hybrid_asks_the_machine_where_keywords_are_silent(void **state)
{
    static int32_t given[MOST], keyword[MOST], svm[MOST];
    static uint8_t by[MOST];
    static double p[MOST];
    kehu_hybrid *h;
    kehu_hybrid_info info;
    int64_t by_keyword = 0;
    (void)state;
    make(&learned, 1000, 1);
    make(&fresh, 1000, 2);
    h = train(1);
    kehu_hybrid_get_info(h, &info);
    assert_true(info.accuracy >= info.svm_accuracy);
    assert_true(info.svm_accuracy > info.keyword_accuracy);
    assert_true(info.by_keyword > 0.6 && info.by_keyword < 0.9);
    assert_true(info.n_held_out > 150 && info.n_held_out < 250);
    assert_true(info.threshold > 0.5 && info.threshold <= 1);
    assert_int_equal(kehu_hybrid_predict(h, &fresh.texts, NULL, given, by, p, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_keyword_predict(kehu_hybrid_keyword(h), &fresh.texts, NULL,
                                          &(kehu_keyword_answers){.best = keyword}, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_svm_predict(kehu_hybrid_svm(h), &fresh.texts, NULL, svm, NULL, NULL, NULL),
        KEHU_OK);
    for (int i = 0; i < 1000; i++) {
        assert_true(by[i] == KEHU_HYBRID_KEYWORD || by[i] == KEHU_HYBRID_SVM);
        assert_int_equal(given[i], by[i] == KEHU_HYBRID_KEYWORD ? keyword[i] : svm[i]);
        assert_true(p[i] >= 0.5 - 1e-6 && p[i] <= 1);
        assert_true(by[i] == KEHU_HYBRID_SVM || p[i] >= info.threshold - 1e-6);
        by_keyword += by[i] == KEHU_HYBRID_KEYWORD;
    }
    assert_true(by_keyword > 600);
    assert_true(accuracy(given, kehu_hybrid_keyword(h)) >
                accuracy(keyword, kehu_hybrid_keyword(h)) + 0.05);
    kehu_hybrid_free(h);
}

static void test_hybrid_is_the_same_for_any_number_of_threads_and_after_loading(
    void **state)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer files[3];
    static int32_t given[2][MOST];
    kehu_hybrid *h[3], *back = NULL;
    (void)state;
    make(&learned, 400, 3);
    make(&fresh, 500, 4);
    for (uint32_t i = 0; i < 3; i++) {
        files[i] = kehu__buffer_new(&alloc);
        h[i] = train(i == 2 ? 7 : i + 1);
        assert_int_equal(kehu_hybrid_write(h[i], &(kehu_writer){take, &files[i]}, NULL),
                         KEHU_OK);
        assert_int_equal(files[i].size, files[0].size);
        assert_memory_equal(files[i].bytes, files[0].bytes, files[0].size);
    }
    assert_int_equal(kehu_hybrid_read(&back, files[0].bytes, files[0].size, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_hybrid_predict(h[0], &fresh.texts, NULL, given[0], NULL, NULL, NULL),
        KEHU_OK);
    assert_int_equal(
        kehu_hybrid_predict(back, &fresh.texts, NULL, given[1], NULL, NULL, NULL),
        KEHU_OK);
    assert_memory_equal(given[0], given[1], 500 * sizeof(int32_t));
    kehu_hybrid_free(back);
    for (size_t cut = 0; cut < files[0].size; cut += 1 + cut / 20) {
        assert_int_equal(kehu_hybrid_read(&back, files[0].bytes, cut, NULL, NULL),
                         KEHU_FORMAT);
        assert_null(back);
    }
    for (int i = 0; i < 3; i++) {
        kehu__buffer_free(&files[i]);
        kehu_hybrid_free(h[i]);
    }
}

/* The threshold means the same to the final models as to those it was chosen with,
 * also where the keywords are calibrated on one fold only. */
static void test_hybrid_threshold_holds_for_the_final_models(void **state)
{
    static uint8_t by[MOST];
    kehu_hybrid *h;
    kehu_hybrid_info info;
    double share = 0;
    (void)state;
    make(&learned, MOST, 8);
    make(&fresh, MOST, 9);
    h = train(2);
    kehu_hybrid_get_info(h, &info);
    assert_int_equal(kehu_hybrid_predict(h, &fresh.texts, NULL, NULL, by, NULL, NULL),
                     KEHU_OK);
    for (int i = 0; i < MOST; i++)
        share += (by[i] == KEHU_HYBRID_KEYWORD) / (double)MOST;
    assert_true(share > info.by_keyword - 0.05 && share < info.by_keyword + 0.05);
    kehu_hybrid_free(h);
}

static void test_hybrid_takes_categories_and_missing_texts(void **state)
{
    static int32_t codes[] = {0, 1, 0, 2, 1}, given[5], expected[3];
    static const uint8_t valid[] = {0x17}; /* the fourth is missing */
    static const int32_t offsets[] = {0, 6, 12, 12};
    static const char bytes[] = "账单甲乙";
    const kehu_column dictionary = {
        .type = KEHU_UTF8, .length = 3, .data = bytes, .offsets = offsets};
    const kehu_column column = {.type = KEHU_CATEGORY,
                                .length = 5,
                                .data = codes,
                                .validity = valid,
                                .dictionary = &dictionary};
    kehu_hybrid *h;
    (void)state;
    make(&learned, 600, 5);
    h = train(1);
    assert_int_equal(kehu_hybrid_predict(h, &column, NULL, given, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_hybrid_predict(h, &dictionary, NULL, expected, NULL, NULL, NULL), KEHU_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(given[i], expected[codes[i]]);
    kehu_hybrid_free(h);
}

static void test_hybrid_refuses_what_it_cannot_learn_from(void **state)
{
    const kehu_column weights = {.type = KEHU_FLOAT64};
    const kehu_svm_options weighted = {.size = sizeof weighted, .weights = &weights};
    kehu_hybrid_options opt = {.size = sizeof opt};
    kehu_svm_options spoken = {.size = sizeof spoken};
    kehu_svm *start;
    kehu_tokenizer *list = NULL;
    kehu_hybrid *h = NULL;
    kehu_column none;
    kehu_error err;
    (void)state;
    make(&learned, 300, 6);
    none = learned.texts;
    none.length = 0;
    assert_int_equal(kehu_hybrid_train(&h, &none, &none, NULL, &err), KEHU_EMPTY);
    assert_int_equal(kehu_hybrid_train(&h, &learned.texts, &none, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "300 texts but 0 labels");
    none.length = 1;
    assert_int_equal(kehu_hybrid_train(&h, &none, &none, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "1 texts are too few to hold out a fifth");
    opt.svm = &weighted;
    assert_int_equal(kehu_hybrid_train(&h, &learned.texts, &learned.labels, &opt, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_tokenizer_read_words(&list, "话费\n", 7, NULL, &err), KEHU_OK);
    spoken.tokenizer = list;
    opt.svm = &spoken;
    assert_int_equal(kehu_hybrid_train(&h, &learned.texts, &learned.labels, &opt, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "options.svm has a tokenizer, which a hybrid's file cannot hold");
    kehu_tokenizer_free(list);
    spoken.tokenizer = NULL;
    assert_int_equal(
        kehu_svm_train(&start, &learned.texts, &learned.labels, &spoken, &err), KEHU_OK);
    spoken.start = start;
    assert_int_equal(kehu_hybrid_train(&h, &learned.texts, &learned.labels, &opt, &err),
                     KEHU_ARGUMENT);
    assert_non_null(strstr(err.message, "options.svm has a start"));
    kehu_svm_free(start);
    assert_int_equal(kehu_hybrid_train(NULL, &learned.texts, &learned.labels, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_hybrid_predict(NULL, &none, NULL, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_hybrid_load(&h, "no such file", NULL, &err), KEHU_NOT_FOUND);
    assert_int_equal(kehu_hybrid_read(&h, NULL, 3, NULL, &err), KEHU_ARGUMENT);
    assert_null(h);
    kehu_hybrid_free(NULL);
}

/* Refuse every request of the way from training to an answer, in growing steps: the
 * two models have sweeps of their own. */
static void test_hybrid_gives_up_cleanly_without_memory(void **state)
{
    static int32_t given[MOST];
    const kehu_svm_options svm = {.size = sizeof svm, .cost = 1, .n_folds = 2};
    long refused = 0;
    (void)state;
    make(&learned, 60, 7);
    for (long refuse = 0;; refuse += 1 + refuse / 40) {
        faulty f;
        kehu_hybrid *h = NULL, *back = NULL;
        const kehu_hybrid_options opt = {.size = sizeof opt,
                                         .keyword = &few,
                                         .svm = &svm,
                                         .alloc = faulty_init(&f, refuse)};
        kehu__buffer file = kehu__buffer_new(&f.as_allocator);
        kehu_status status =
            kehu_hybrid_train(&h, &learned.texts, &learned.labels, &opt, NULL);
        assert_true((status == KEHU_OK) == (h != NULL));
        if (status == KEHU_OK)
            status = kehu_hybrid_write(h, &(kehu_writer){take, &file}, NULL);
        if (status == KEHU_OK)
            status =
                kehu_hybrid_read(&back, file.bytes, file.size, &f.as_allocator, NULL);
        if (status == KEHU_OK)
            status =
                kehu_hybrid_predict(back, &learned.texts, NULL, given, NULL, NULL, NULL);
        kehu_hybrid_free(h);
        kehu_hybrid_free(back);
        kehu__buffer_free(&file);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_true(status == KEHU_NO_MEMORY || status == KEHU_IO);
        refused++;
    }
    assert_true(refused > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hybrid_asks_the_machine_where_keywords_are_silent),
        cmocka_unit_test(
            test_hybrid_is_the_same_for_any_number_of_threads_and_after_loading),
        cmocka_unit_test(test_hybrid_threshold_holds_for_the_final_models),
        cmocka_unit_test(test_hybrid_takes_categories_and_missing_texts),
        cmocka_unit_test(test_hybrid_refuses_what_it_cannot_learn_from),
        cmocka_unit_test(test_hybrid_gives_up_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
