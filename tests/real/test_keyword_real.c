/* Keyword lists learned from public text sets, on their own test files. How many
 * candidates are weighed, which signs count and both costs were chosen on a tenth
 * of the training texts; the options here are the library's defaults.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. */
#include <kehu/hybrid.h>
#include <kehu/keyword.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/labelled.h"
#include "support/real_data.h"
#include "support/test.h"

static char folder[1024];

static void read_set(labelled *l, const char *set, const char *part, int64_t expected)
{
    assert_true(labelled_read(l, folder, set, part));
    assert_int_equal(l->texts.length, expected);
}

typedef struct result {
    double accuracy, macro_f1;
} result;

static result judge(const kehu_keyword *k, const labelled *test)
{
    const int32_t n_classes = kehu_keyword_class_count(k);
    int32_t *best = malloc((size_t)test->texts.length * sizeof *best);
    int64_t right[256] = {0}, given[256] = {0}, truth[256] = {0}, all = 0;
    result r = {0, 0};
    assert_true(best != NULL && n_classes <= 256);
    assert_int_equal(kehu_keyword_predict(k, &test->texts, NULL,
                                          &(kehu_keyword_answers){.best = best}, NULL),
                     KEHU_OK);
    for (int64_t i = 0; i < test->texts.length; i++) {
        const int32_t y = kehu_keyword_class_find(
            k, (const char *)test->labels.data + test->label_ends[i],
            test->label_ends[i + 1] - test->label_ends[i]);
        assert_true(y >= 0);
        truth[y]++;
        given[best[i]]++;
        right[y] += best[i] == y;
        all += best[i] == y;
    }
    for (int32_t c = 0; c < n_classes; c++)
        r.macro_f1 += 2.0 * (double)right[c] / (double)(truth[c] + given[c]) / n_classes;
    r.accuracy = (double)all / (double)test->texts.length;
    free(best);
    return r;
}

typedef struct floor_of {
    uint32_t mode, keywords;
    double percent;
    bool f1;
} floor_of;

static void check(const char *name, int64_t n_train, int64_t n_test,
                  const floor_of *floors, size_t n)
{
    labelled train, test;
    read_set(&train, name, "train", n_train);
    read_set(&test, name, "test", n_test);
    for (size_t i = 0; i < n; i++) {
        const kehu_keyword_options opt = {.size = sizeof opt,
                                          .keywords_per_class = floors[i].keywords,
                                          .mode = floors[i].mode,
                                          .n_threads = 2};
        kehu_keyword *k;
        kehu_error err;
        result r;
        double got;
        if (kehu_keyword_train(&k, &train.texts, &train.labels, &opt, &err) != KEHU_OK)
            fail_msg("%s", err.message);
        r = judge(k, &test);
        got = 100 * (floors[i].f1 ? r.macro_f1 : r.accuracy);
        printf("%s, %s, %u keywords a class: accuracy %.2f %%, macro-F1 %.2f %%\n", name,
               floors[i].mode == KEHU_KEYWORD_UNSIGNED ? "unsigned" : "signed",
               floors[i].keywords, 100 * r.accuracy, 100 * r.macro_f1);
        /* What is listed is what was asked for. */
        assert_true((uint32_t)kehu_keyword_word_count(k) <=
                    floors[i].keywords * (uint32_t)kehu_keyword_class_count(k));
        kehu_keyword_free(k);
        assert_true(got >= floors[i].percent);
    }
    labelled_free(&train);
    labelled_free(&test);
}

static void test_keyword_topics_of_titles(void **state)
{
    static const floor_of floors[] = {{KEHU_KEYWORD_SIGNED, 10, 67, false},
                                      {KEHU_KEYWORD_SIGNED, 50, 82, false},
                                      {KEHU_KEYWORD_SIGNED, 100, 85, false},
                                      {KEHU_KEYWORD_SIGNED, 200, 87.5, false},
                                      {KEHU_KEYWORD_UNSIGNED, 50, 70, false}};
    (void)state;
    check("thuc_title", 54942, 10000, floors, sizeof floors / sizeof *floors);
}

static void test_keyword_products_of_reviews(void **state)
{
    static const floor_of floors[] = {{KEHU_KEYWORD_SIGNED, 10, 77, false},
                                      {KEHU_KEYWORD_SIGNED, 50, 86, false},
                                      {KEHU_KEYWORD_SIGNED, 100, 88, false},
                                      {KEHU_KEYWORD_SIGNED, 200, 88.5, false},
                                      {KEHU_KEYWORD_UNSIGNED, 50, 82, false}};
    (void)state;
    check("shop10_cat", 50141, 12536, floors, sizeof floors / sizeof *floors);
}

static void test_keyword_sentiment_of_hotel_reviews(void **state)
{
    static const floor_of floors[] = {{KEHU_KEYWORD_SIGNED, 10, 82, false},
                                      {KEHU_KEYWORD_SIGNED, 50, 86, false},
                                      {KEHU_KEYWORD_SIGNED, 100, 87, false},
                                      {KEHU_KEYWORD_SIGNED, 200, 86.5, false}};
    (void)state;
    check("hotel_senti", 6212, 1553, floors, sizeof floors / sizeof *floors);
}

static void test_keyword_spam_among_short_messages(void **state)
{
    static const floor_of floors[] = {{KEHU_KEYWORD_SIGNED, 10, 98, true},
                                      {KEHU_KEYWORD_SIGNED, 50, 99, true}};
    (void)state;
    check("sms_spam", 54786, 13696, floors, sizeof floors / sizeof *floors);
}

/* Both methods together: as good as the machine alone, and most texts are decided by
 * words that can be read. */
static void test_keyword_and_machine_together(void **state)
{
    labelled train, test;
    read_set(&train, "shop10_cat", "train", 50141);
    read_set(&test, "shop10_cat", "test", 12536);
    const kehu_svm_options svm = {.size = sizeof svm, .cost = 0.25};
    const kehu_hybrid_options opt = {.size = sizeof opt, .svm = &svm, .n_threads = 2};
    int32_t *together = malloc((size_t)test.texts.length * sizeof *together);
    int32_t *alone = malloc((size_t)test.texts.length * sizeof *alone);
    uint8_t *by = malloc((size_t)test.texts.length);
    int64_t right[2] = {0, 0}, read = 0;
    kehu_hybrid *h;
    kehu_error err;
    (void)state;
    assert_true(together != NULL && alone != NULL && by != NULL);
    if (kehu_hybrid_train(&h, &train.texts, &train.labels, &opt, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_hybrid_predict(h, &test.texts, NULL, together, by, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_svm_predict(kehu_hybrid_svm(h), &test.texts, NULL, alone, NULL, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < test.texts.length; i++) {
        const int32_t truth = kehu_keyword_class_find(
            kehu_hybrid_keyword(h), (const char *)test.labels.data + test.label_ends[i],
            test.label_ends[i + 1] - test.label_ends[i]);
        right[0] += together[i] == truth;
        right[1] += alone[i] == truth;
        read += by[i] == KEHU_HYBRID_KEYWORD;
    }
    printf("shop10_cat: together %.2f %%, machine alone %.2f %%, by keywords %.1f %%\n",
           100 * (double)right[0] / (double)test.texts.length,
           100 * (double)right[1] / (double)test.texts.length,
           100 * (double)read / (double)test.texts.length);
    assert_true(right[0] >= right[1]);
    assert_true((double)read >= 0.6 * (double)test.texts.length);
    kehu_hybrid_free(h);
    free(together);
    free(alone);
    free(by);
    labelled_free(&train);
    labelled_free(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyword_topics_of_titles),
        cmocka_unit_test(test_keyword_products_of_reviews),
        cmocka_unit_test(test_keyword_sentiment_of_hotel_reviews),
        cmocka_unit_test(test_keyword_spam_among_short_messages),
        cmocka_unit_test(test_keyword_and_machine_together),
    };
    if (!real_data_find(folder, sizeof folder, "text/thuc_title.train.tsv.xz"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
